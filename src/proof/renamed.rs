//! What is called by what it is, and becomes something else where it stands: a rule of a group. Whatever happens in
//! between, there are the rules that the file has, each once, and they are those that were there.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::world::{Ended, World};
use super::{lives, lock, meddle};

/// A group with these rules: the name of each and its port.
fn file(rules: &[(&str, u16)]) -> String {
    let rule = |(name, port): &(&str, u16)| {
        format!(
            "[security_group_rule.{name}]\nsecurity_group_id = \"${{security_group.main.id}}\"\n\
             port_range = \"{port}\"\nsource_cidr_ip = \"10.0.0.0/8\"\n"
        )
    };
    let rules: Vec<String> = rules.iter().map(rule).collect();
    format!(
        "[infra]\nname = \"renamed\"\nregion = \"cn-hangzhou\"\n{}{}",
        lives::NET,
        rules.concat()
    )
}

/// The vendor's id of each rule, by its ports.
fn there(world: &World) -> BTreeMap<String, String> {
    let inventory = world.inventory();
    let rules = inventory["security_group"][0]["rules"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rules
        .map(|rule| (text(&rule["key"]["ports"]), text(&rule["id"])))
        .collect()
}

fn ports(rules: &[(&str, u16)]) -> Vec<String> {
    let mut ports: Vec<String> = rules.iter().map(|(_, port)| format!("{port}/{port}")).collect();
    ports.sort();
    ports
}

#[track_caller]
pub(super) fn goes_well(world: &mut World, what: &str) -> Ended {
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{what}: {}{}", ended.out, ended.err);
    ended
}

/// The file is what is there, and nothing is left to do.
#[track_caller]
fn is_right(world: &mut World, rules: &[(&str, u16)], what: &str) {
    let now = there(world);
    let now: Vec<&String> = now.keys().collect();
    assert_eq!(now, ports(rules).iter().collect::<Vec<_>>(), "{what}");
    let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    assert_eq!(plan.code, Some(0), "{what}: {}{}", plan.out, plan.err);
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).unwrap();
    for (name, port) in rules {
        let id = &state["resources"][format!("security_group_rule.{name}")]["id"];
        let id = id.as_str().unwrap();
        assert!(
            id.contains(&format!(",{port}/{port},")),
            "{what}: {name} is called {id}"
        );
    }
}

fn made(seed: u64, rules: &[(&str, u16)]) -> World {
    let mut world = World::new(seed, &file(rules), |_| {});
    goes_well(&mut world, "the first");
    world.wait(Duration::from_secs(3600));
    world
}

/// From the one to the other, undisturbed; then killed at each instant, and with all answers lost.
fn passes(before: &[(&str, u16)], after: &[(&str, u16)], stay: bool) {
    let mut world = made(1, before);
    let old = there(&world);
    world.configure(&file(after));
    goes_well(&mut world, "undisturbed");
    is_right(&mut world, after, "undisturbed");
    let same = there(&world).values().all(|id| old.values().any(|one| one == id));
    assert_eq!(same, stay, "{old:?} {:?}", there(&world));
    let mut killed_runs = 0;
    for kind in Instant::KINDS {
        for at in 1.. {
            let instant = kind(at);
            let mut world = made(at, before);
            world.configure(&file(after));
            let killed = world.apply(Plan {
                kill: Some(instant),
                ..Plan::default()
            });
            if killed.code.is_some() {
                break;
            }
            killed_runs += 1;
            let leaves = [Leaves::Everything, Leaves::Nothing, Leaves::Part(at)];
            world.crash(leaves[usize::try_from(at % 3).unwrap()]);
            world.wait(Duration::from_secs(
                [0, 30, 600][usize::try_from(at % 3).unwrap()],
            ));
            let place = format!("{before:?} to {after:?}, {instant:?}");
            goes_well(&mut world, &place);
            is_right(&mut world, after, &place);
        }
    }
    assert!(killed_runs > 20, "{killed_runs}");
    let mut world = made(2, before);
    world.configure(&file(after));
    world.weather.lost_answer = 400;
    for _ in 0..10 {
        if world.apply(Plan::default()).code == Some(0) {
            break;
        }
    }
    world.weather.lost_answer = 0;
    goes_well(&mut world, "after lost answers");
    is_right(&mut world, after, "after lost answers");
}

#[test]
fn a_rule_is_changed_where_it_stands() {
    passes(&[("one", 80)], &[("one", 81)], true);
}

/// The place that one leaves is taken by another, old or new, and only then.
#[test]
fn rules_follow_each_other() {
    passes(&[("one", 80), ("two", 81)], &[("one", 81), ("two", 82)], true);
    passes(&[("one", 80)], &[("one", 81), ("two", 80)], false);
    passes(&[("one", 80), ("two", 81)], &[("one", 81)], true);
}

/// Neither can be first, so both are made anew.
#[test]
fn rules_change_places() {
    passes(&[("one", 80), ("two", 81)], &[("one", 81), ("two", 80)], false);
}

/// A block with another name and the same rule: the old one goes before the new one comes, not after it.
#[test]
fn a_rule_of_another_name_stays() {
    passes(&[("one", 80)], &[("other", 80)], false);
}

/// What somebody else has made of it is changed back on it, or remembered where the file says so.
#[test]
fn what_somebody_makes_of_a_rule_is_seen() {
    let call = |world: &mut World, rule: &str, port: u16| {
        let group = world.inventory()["security_group"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let ports = format!("{port}/{port}");
        let params = [
            ("Action", "ModifySecurityGroupRule"),
            ("RegionId", "cn-hangzhou"),
            ("SecurityGroupId", group.as_str()),
            ("SecurityGroupRuleId", rule),
            ("PortRange", ports.as_str()),
        ];
        let answer = meddle::call(&mut lock(&world.site), world.now, "Ecs", &params);
        assert_eq!(answer.0, 200, "{}", answer.1);
        world.wait(Duration::from_secs(60));
    };
    let mut world = made(3, &[("one", 80)]);
    // What it is called lastingly is known from its first change on.
    world.configure(&file(&[("one", 81)]));
    goes_well(&mut world, "a change");
    let rule = there(&world)["81/81"].clone();
    call(&mut world, &rule, 90);
    let plan = world.run(&["plan"], Plan::default());
    assert!(
        plan.out.contains("90/90") && plan.out.contains("update"),
        "{}{}",
        plan.out,
        plan.err
    );
    goes_well(&mut world, "changed back");
    is_right(&mut world, &[("one", 81)], "changed back");
    assert_eq!(there(&world)["81/81"], rule);
    call(&mut world, &rule, 90);
    let refreshed = world.run(&["apply", "--refresh-only", "--auto-approve"], Plan::default());
    assert_eq!(refreshed.code, Some(0), "{}{}", refreshed.out, refreshed.err);
    world.configure(&file(&[("one", 90)]));
    goes_well(&mut world, "remembered");
    is_right(&mut world, &[("one", 90)], "remembered");
    call(&mut world, &rule, 91);
    let gone = world.run(&["destroy", "--auto-approve", "--allow-destroy"], Plan::default());
    assert_eq!(gone.code, Some(0), "{}{}", gone.out, gone.err);
    let left = world.inventory();
    let left = left["security_group"].as_array();
    assert!(left.is_none_or(Vec::is_empty), "{left:?}");
}
