//! The state is lost between a run that was killed and the next: nothing is doubled, and it is put together again from
//! what exists.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::foreign::Others;
use super::oracle::Oracle;
use super::scenarios::{Piece, SCENARIOS, Stack};
use super::stacks::Drawn;
use super::world::{Ended, World};
use super::{Chance, foreign};

/// How many random worlds plain `cargo test` draws.
const WORLDS: u64 = 60;

/// What became of a lost state.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    nothing_there: u64,
    waited: u64,
    /// Plans with the rebuilt state that were the very plan of the lost one.
    same: u64,
    /// What was still to do in these.
    changes: u64,
    /// What had no tags and no block any more, and was taken out by hand.
    by_hand: u64,
    /// Those with another environment of the same project beside, whose state is lost too.
    environments: u64,
    /// Those in which a replacement had left an old one when the state was lost.
    deposed: u64,
}

/// What a plan says that it does, line by line, without where it is written and by which ids.
fn doings(planned: &Ended) -> BTreeSet<String> {
    let verbs = [
        "create", "update", "replace", "delete", "forget", "move", "withheld",
    ];
    let lines = planned.out.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, verb, address, ..] if verbs.contains(&verb) && address.contains('.') => {
                Some(format!("{verb} {address}"))
            }
            _ => None,
        }
    });
    lines.collect()
}

/// Whether the state knows something that a replacement has moved aside.
fn has_deposed(world: &mut World) -> bool {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).unwrap_or_default();
    let mut resources = state["resources"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.values());
    resources.any(|one| one["deposed"].as_array().is_some_and(|old| !old.is_empty()))
}

/// Takes the state away, sees that nothing is made twice, rebuilds it, and lets two runs make everything right.
fn lose(world: &mut World, stack: &Stack, tally: &mut Tally) -> Result<(), String> {
    let kept = doings(&world.run(&["plan", "--no-input"], Plan::default()));
    tally.deposed += u64::from(has_deposed(world));
    world.disk.remove_folder(&World::path(".infra"));
    let refused = world.apply(Plan::default());
    let told = format!("{:?}\n{}\n{}", refused.code, refused.out, refused.err);
    let mut oracle = Oracle::new(world);
    if refused.code == Some(5) {
        tally.refused += 1;
        if refused.sent > 0 || !refused.err.contains("a state that is not here") {
            return Err(format!("a run without its state: {told}"));
        }
        let planned = world.run(&["plan", "--no-input"], Plan::default());
        if planned.code != Some(5) || planned.sent > 0 {
            return Err(format!(
                "a plan without its state: {:?}\n{}",
                planned.code, planned.err
            ));
        }
        let rebuilt = world.run(&["state", "rebuild"], Plan::default());
        if rebuilt.code != Some(0) || rebuilt.sent > 0 {
            return Err(format!(
                "no rebuild: {:?}\n{}\n{}",
                rebuilt.code, rebuilt.out, rebuilt.err
            ));
        }
        tally.waited += u64::from(rebuilt.err.contains("looks again"));
        let planned = world.run(&["plan", "--no-input"], Plan::default());
        if std::env::var("INFRA_WORLD").is_ok() {
            println!("{}{}\n{}{}", rebuilt.out, rebuilt.err, planned.out, planned.err);
        }
        let again = doings(&planned);
        tally.same += u64::from(kept == again);
        tally.changes += kept.len() as u64;
        if kept != again && std::env::var("INFRA_WORLD").is_ok() {
            println!("kept {kept:#?}\nagain {again:#?}");
        }
        tally.by_hand += foreign::takes_out_unclaimed(world, &rebuilt.err)?;
        tally.by_hand += foreign::deletes_orphans(world, stack)?;
        world.wait(Duration::from_secs(60));
        oracle = Oracle::new(world);
    } else {
        // There was nothing yet, or nothing any more.
        tally.nothing_there += 1;
        oracle
            .look(world, &refused)
            .map_err(|error| format!("{error}\n{told}"))?;
    }
    if std::env::var("INFRA_WORLD").is_ok() {
        let ended = world.apply(Plan::default());
        println!("{:?}\n{}\n{}", ended.code, ended.out, ended.err);
    }
    oracle.converges(world, stack)
}

#[test]
fn a_state_that_is_lost_after_a_kill_anywhere_is_put_together_again() {
    let mut tally = Tally::default();
    for scenario in SCENARIOS {
        let stack = (scenario.after)();
        for at in 1.. {
            let place = format!("{} killed after request {at}, then its state lost", scenario.name);
            let mut world = scenario.world(at);
            let ended = world.apply(Plan {
                kill: Some(Instant::AfterRequest(at)),
                ..Plan::default()
            });
            world.crash(Leaves::Everything);
            world.wait(Duration::from_secs(
                [0, 30, 600][usize::try_from(at % 3).unwrap()],
            ));
            if let Err(error) = lose(&mut world, &stack, &mut tally) {
                panic!("{place}: {error}");
            }
            if ended.code.is_some() {
                break;
            }
        }
    }
    println!("figure: lost states, killed everywhere: {tally:?}");
    assert!(
        tally.refused > 100 && tally.waited > 20 && tally.nothing_there > 5,
        "{tally:?}"
    );
}

/// What is paid for by the month; it is never taken out, since nobody gives it back before its time.
fn paid() -> Vec<Piece> {
    let piece = |address: &str, keys: &str, fields: &[(&'static str, &str)]| Piece {
        address: address.to_owned(),
        text: format!("[{address}]\n{keys}\n"),
        fields: fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        ..Piece::default()
    };
    vec![
        piece("vpc.paid", "cidr_block = \"10.7.0.0/16\"", &[]),
        piece(
            "vswitch.paid",
            "vpc_id = \"${vpc.paid.id}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.7.1.0/24\"",
            &[],
        ),
        piece("security_group.paid", "vpc_id = \"${vpc.paid.id}\"", &[]),
        piece(
            "instance.paid",
            "instance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
             vswitch_id = \"${vswitch.paid.id}\"\nsecurity_group_ids = [\"${security_group.paid.id}\"]\n\
             instance_charge_type = \"PrePaid\"\nperiod = 1",
            &[("status", "Running")],
        ),
    ]
}

/// How the world of a seed ends; whether there was anything of somebody else's in what is ours.
fn play(seed: u64, tally: &mut Tally) -> Result<bool, String> {
    let chance = &mut Chance::new(seed + 90_000);
    let mut drawn = Drawn::told_in_full(chance);
    let is_paid = chance.below(4) == 0;
    let stack = |drawn: &Drawn| {
        let mut stack = drawn.stack();
        if is_paid {
            stack.pieces.extend(paid());
        }
        stack
    };
    let is_told = std::env::var("INFRA_WORLD").is_ok();
    let mut world = World::new(seed, "", |_| {});
    match chance.below(5) {
        0 => foreign::move_in(&mut world, Others::AnotherProject),
        1 => foreign::move_in(&mut world, Others::Nobody),
        2 => {
            foreign::move_in(&mut world, Others::AnotherEnvironment);
            tally.environments += 1;
        }
        _ => {}
    }
    world.put(&stack(&drawn));
    let mut all = Vec::new();
    for _ in 0..=chance.below(2) {
        let kill = (chance.below(2) == 0).then(|| Instant::AfterRequest(1 + chance.below(60)));
        let ended = world.apply(Plan {
            kill,
            ..Plan::default()
        });
        if is_told {
            println!(
                "{}\n{:?}\n{}\n{}",
                stack(&drawn).text(),
                ended.code,
                ended.out,
                ended.err
            );
        }
        world.crash(Leaves::Everything);
        world.wait(Duration::from_secs(chance.below(900)));
        let before = drawn.clone();
        if chance.below(4) > 0 {
            drawn.edit(chance);
        } else {
            drawn = Drawn::told_in_full(chance);
        }
        // A password that is changed before the new one was ever set cannot be told from one that was.
        all.push(before);
        for earlier in all.iter().rev() {
            drawn.not_smaller_than(earlier);
            drawn.hides_what(earlier);
        }
        world.put(&stack(&drawn));
    }
    let stack = stack(&drawn);
    if is_told {
        println!("{}", stack.text());
    }
    lose(&mut world, &stack, tally)?;
    if !shares(&mut world, &stack) {
        return Ok(false);
    }
    lose(&mut world, &stack, tally).map_err(|error| format!("with what somebody added: {error}"))?;
    Ok(true)
}

/// Somebody adds lines of their own to a table and a group of ours, if there are such.
fn shares(world: &mut World, stack: &Stack) -> bool {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).unwrap_or_default();
    let first = |what: &str, without: &str| {
        let mut of_type = stack
            .pieces
            .iter()
            .filter(|piece| piece.address.starts_with(what) && !piece.text.contains(without));
        let address = &of_type.next()?.address;
        state["resources"][address]["id"].as_str().map(str::to_owned)
    };
    let table = first("route_table.", "\0").and_then(|id| foreign::adds_a_route(world, &id));
    let group = first("security_group.", "ingress").and_then(|id| foreign::adds_a_rule(world, &id));
    let is_shared = table.is_some() || group.is_some();
    world.foreign.extend(table.into_iter().chain(group));
    is_shared
}

/// `INFRA_WORLDS=1000` draws so many, from `INFRA_WORLD_FROM` on, `INFRA_WORLD=17` that one.
#[test]
fn lost_states_of_random_stacks_are_put_together_again() {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let mut tally = Tally::default();
    if let Some(seed) = number("INFRA_WORLD") {
        let shared = play(seed, &mut tally).unwrap_or_else(|error| panic!("{error}"));
        println!("{tally:?}, shared: {shared}");
        return;
    }
    let worlds = number("INFRA_WORLDS").unwrap_or(WORLDS);
    let mut failed = Vec::new();
    let mut shared = 0;
    let first = number("INFRA_WORLD_FROM").unwrap_or(0);
    for seed in first..first + worlds {
        match play(seed, &mut tally) {
            Ok(is_shared) => shared += u64::from(is_shared),
            Err(error) => {
                println!("seed {seed}: {error}");
                failed.push(seed);
            }
        }
    }
    println!("figure: lost states, random stacks: {tally:?}, with lines of somebody else: {shared}");
    assert!(failed.is_empty(), "{failed:?}: repeat with INFRA_WORLD=SEED");
    assert!(
        tally.refused > worlds / 2 && shared > worlds / 10 && tally.environments > worlds / 12,
        "{tally:?}, {shared}"
    );
}

/// What nobody can read is taken on trust; a server's user data can be read, and is.
#[test]
fn user_data_of_a_lost_state_is_read_and_not_taken_on_trust() {
    let stack = |data: u8| {
        let mut web = super::scenarios::server("a", "ecs.g7.large", "Running");
        web.text.push_str(&format!("user_data = \"echo {data}\"\n"));
        let mut pieces = super::scenarios::network();
        pieces.push(web);
        Stack {
            pieces,
            ..Stack::default()
        }
    };
    let mut world = World::new(1, &stack(1).text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    for (data, is_other) in [(1, false), (2, true)] {
        world.configure(&stack(data).text());
        world.disk.remove_folder(&World::path(".infra"));
        let rebuilt = world.run(&["state", "rebuild"], Plan::default());
        assert_eq!(rebuilt.code, Some(0), "{}{}", rebuilt.out, rebuilt.err);
        assert!(!rebuilt.err.contains("user_data"), "{}", rebuilt.err);
        let planned = world.run(&["plan", "--no-input"], Plan::default());
        assert_eq!(planned.out.contains("user_data"), is_other, "{}", planned.out);
    }
}
