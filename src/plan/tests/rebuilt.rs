//! A state that was lost and put together again: what uses what is read from what exists.

use expect_test::expect;

use super::model::Model;
use super::text;

const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.a]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
"#;

const GROUPS: &str = r#"
[security_group.a]
vpc_id = "${vpc.main.id}"
ingress = [{ port_range = "80", source_group_id = "${security_group.b.id}" }]
[security_group.b]
vpc_id = "${vpc.main.id}"
ingress = [{ port_range = "80", source_group_id = "${security_group.a.id}" }]
"#;

fn server(group: &str) -> String {
    format!(
        "[instance.web]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.a.id}}\"\nsecurity_group_ids = [\"${{security_group.{group}.id}}\"]\n"
    )
}

#[test]
fn groups_that_name_each_other_can_go_although_their_state_was_lost() {
    let mut model = Model::with(&format!("{NET}{GROUPS}"));
    model.rebuild(NET);
    let plan = model.plan(NET);
    expect![[r#"
        delete security_group.a
            because it is no longer in the configuration
        delete security_group.b
            because it is no longer in the configuration
        0. let go security_group.a: remove 1 ingress rule
        1. let go security_group.b: remove 1 ingress rule
        2. remove security_group.a: delete (after 0, 1)
        3. remove security_group.b: delete (after 0, 1)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, NET).unwrap();
}

#[test]
fn what_a_server_has_not_left_yet_stays_until_it_has() {
    let before = format!("{NET}{GROUPS}{}", server("a"));
    let after = format!(
        "{NET}[security_group.b]\nvpc_id = \"${{vpc.main.id}}\"\ningress = []\n{}",
        server("b")
    );
    let mut model = Model::with(&before);
    model.rebuild(&after);
    let plan = model.plan(&after);
    expect![[r#"
        update instance.web
        delete security_group.a
            because it is no longer in the configuration
        update security_group.b
        0. change instance.web: change attributes
        1. let go security_group.b: remove 1 ingress rule
        2. remove security_group.a: delete (after 0, 1)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
    assert_eq!(text(&model.plan(&after)), "nothing\n");
}

const TAGLESS: &str = r#"
[security_group.own]
vpc_id = "${vpc.main.id}"
[security_group_rule.http]
security_group_id = "${security_group.own.id}"
port_range = "80"
source_group_id = "${security_group.own.id}"
[route_table.own]
vpc_id = "${vpc.main.id}"
[network_interface.hop]
vswitch_id = "${vswitch.a.id}"
security_group_ids = ["${security_group.own.id}"]
[route_entry.out]
route_table_id = "${route_table.own.id}"
destination_cidr_block = "10.8.0.0/16"
next_hop_type = "NetworkInterface"
next_hop_id = "${network_interface.hop.id}"
"#;

#[test]
fn what_has_no_tags_is_found_in_what_has() {
    let all = format!("{NET}{TAGLESS}");
    let mut model = Model::with(&all);
    let before = model.state.resources.clone();
    let (_, tagless) = model.rebuild(&all);
    assert!(
        tagless.unclaimed.is_empty() && tagless.elsewhere.is_empty(),
        "{tagless:?}"
    );
    for address in ["security_group_rule.http", "route_entry.out"] {
        let address = address.parse().unwrap();
        assert_eq!(model.state.resources[&address].id, before[&address].id);
    }
    assert_eq!(text(&model.plan(&all)), "nothing\n");
}

#[test]
fn what_is_like_it_elsewhere_is_somebody_elses() {
    // Another stack has made the same in a group and a table of its own.
    let all = format!("{NET}{TAGLESS}");
    let mut model = Model::with(&all);
    let theirs: Vec<_> = model.objects.values().cloned().collect();
    for mut thing in theirs {
        let of = |id: &str| format!("{id}x");
        thing.observed.id = match thing.observed.id.split_once('/') {
            Some((parent, place)) => format!("{}/{place}", of(parent)),
            None => of(&thing.observed.id),
        };
        for value in thing.observed.attributes.values_mut() {
            if let Some(id) = value
                .as_str()
                .filter(|text| text.contains('-') && !text.contains('.'))
            {
                *value = of(id).into();
            }
        }
        thing.observed.tags.clear();
        model.objects.insert(thing.observed.id.clone(), thing);
    }
    let before = model.state.resources.clone();
    let (_, tagless) = model.rebuild(&all);
    assert!(
        tagless.unclaimed.is_empty() && tagless.elsewhere.is_empty(),
        "{tagless:?}"
    );
    let ids = |resources: &std::collections::BTreeMap<_, crate::state::Resource>| -> Vec<String> {
        resources.values().map(|known| known.id.clone()).collect()
    };
    assert_eq!(ids(&model.state.resources), ids(&before));
}

#[test]
fn what_no_block_names_is_told_and_left_alone() {
    let all = format!("{NET}{TAGLESS}");
    let without = all.replace("10.8.0.0/16", "10.9.0.0/16");
    let mut model = Model::with(&all);
    let (_, tagless) = model.rebuild(&without);
    let ids: Vec<&str> = tagless
        .unclaimed
        .iter()
        .map(|one| one.observed.id.as_str())
        .collect();
    assert!(matches!(ids[..], [id] if id.ends_with("/10.8.0.0/16")), "{ids:?}");
    expect![[r#"
        create route_entry.out
        0. make route_entry.out (new): create > wait until available
    "#]]
    .assert_eq(&text(&model.plan(&without)));
}

#[test]
fn the_rules_that_a_group_has_of_its_own_are_no_strangers() {
    let mut model = Model::with(&format!("{NET}{TAGLESS}"));
    let all = format!("{NET}{TAGLESS}");
    let (before, rest) = all.split_once("[security_group_rule.http]").unwrap();
    let (_, after) = rest.split_once("[route_table.own]").unwrap();
    let own = format!("{before}ingress = []\n[route_table.own]{after}");
    let (_, tagless) = model.rebuild(&own);
    assert!(tagless.unclaimed.is_empty(), "{tagless:?}");
}

#[test]
fn what_stands_in_a_table_that_is_not_ours_may_be_anybodys() {
    let all = format!(
        "{NET}{}",
        TAGLESS.replace("\"${route_table.own.id}\"", "\"vtb-shared\"")
    );
    let mut model = Model::new();
    let shared = super::model::Thing {
        type_name: "route_table".to_owned(),
        observed: crate::live::Observed {
            id: "vtb-shared".to_owned(),
            ..Default::default()
        },
    };
    model.objects.insert("vtb-shared".to_owned(), shared);
    model.apply(&all);
    let (rebuilt, tagless) = model.rebuild(&all);
    let address = "route_entry.out".parse().unwrap();
    assert_eq!(tagless.elsewhere[&address], "vtb-shared/10.8.0.0/16");
    assert!(!rebuilt.resources.contains_key(&address));
}

#[test]
fn what_stands_in_a_table_that_was_moved_aside_goes_with_it() {
    // An interface of somebody else, which may be in either network.
    let tagless = TAGLESS.replace("${network_interface.hop.id}", "eni-theirs");
    let all = format!("{NET}{tagless}[vpc.other]\ncidr_block = \"10.0.0.0/16\"\n");
    let (before, table) = all.split_once("[route_table.own]").unwrap();
    let elsewhere = format!(
        "{before}[route_table.own]\nlifecycle = {{ create_before_destroy = true }}{}",
        table.replacen("vpc.main", "vpc.other", 1)
    );
    let model = Model::with(&all);
    let plan = model.plan(&elsewhere);
    let told = text(&plan);
    for tasks in 0..=plan.tasks.len() {
        let mut model = model.clone();
        model.run(&plan, tasks).unwrap();
        let mut lost = model.clone();
        lost.rebuild(&elsewhere);
        let (kept, rebuilt) = (model.plan(&elsewhere), lost.plan(&elsewhere));
        let doing = |plan: &super::Plan| -> Vec<String> {
            plan.tasks
                .iter()
                .filter(|task| !task.is_note())
                .map(|task| format!("{:?} {}", task.phase, task.object))
                .collect()
        };
        assert_eq!(doing(&rebuilt), doing(&kept), "after {tasks} of\n{told}");
        lost.finish(&rebuilt, &elsewhere).unwrap();
        assert_eq!(text(&lost.plan(&elsewhere)), "nothing\n");
    }
}

/// A key that the file no longer gives to a server was given by us: it is taken off, and can go.
#[test]
fn what_was_joined_to_ours_is_parted_although_the_state_was_lost() {
    let server = server("a");
    let with_key = format!(
        "{NET}{GROUPS}[key_pair.office]\nname = \"office\"\npublic_key_body = \"ssh-ed25519 AAAA\"\n{server}\
         key_pair_name = \"${{key_pair.office.name}}\"\n"
    );
    let without = format!("{NET}{GROUPS}{server}");
    let mut model = Model::with(&with_key);
    model.rebuild(&without);
    let plan = model.plan(&without);
    expect![[r#"
        update instance.web
        delete key_pair.office
            because it is no longer in the configuration
            kept instance.web (i-6): detach key pair
        0. let go instance.web: detach key pair > reboot > wait until running
        1. remove key_pair.office: delete (after 0)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &without).unwrap();
    assert_eq!(text(&model.plan(&without)), "nothing\n");
}
