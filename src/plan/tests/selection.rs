//! Only this, all but that, this anew, and nothing but a look.

use expect_test::{Expect, expect};

use super::model::Model;
use super::text;
use crate::address::Address;
use crate::change::Fate;
use crate::plan::{Plan, Selection};
use crate::value::Value;

const STACK: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vpc.other]
cidr_block = "10.1.0.0/16"
[vswitch.a]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.web]
count = 2
vpc_id = "${vpc.main.id}"
[instance.web]
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.a.id}"
security_group_ids = ["${security_group.web[0].id}"]
[output]
other = "${vpc.other.id}"
"#;

fn addresses(names: &[&str]) -> std::collections::BTreeSet<Address> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn targets(names: &[&str]) -> Selection {
    Selection {
        targets: addresses(names),
        ..Selection::default()
    }
}

fn excludes(names: &[&str]) -> Selection {
    Selection {
        excludes: addresses(names),
        ..Selection::default()
    }
}

fn left_out(plan: &Plan) -> Vec<String> {
    plan.left_out().map(|change| change.address.to_string()).collect()
}

fn check(model: &Model, config: &str, expected: Expect) {
    expected.assert_eq(&text(&model.plan(config)));
}

#[test]
fn a_target_takes_along_what_it_waits_for_and_nothing_else() {
    let mut model = Model::new();
    model.selection = targets(&["vswitch.a"]);
    check(
        &model,
        STACK,
        expect![[r#"
        left out instance.web
        left out security_group.web[0]
        left out security_group.web[1]
        create vpc.main
        left out vpc.other
        create vswitch.a
        0. make vpc.main (new): create > wait until available
        1. make vswitch.a (new): create > wait until available (after 0)
    "#]],
    );
    model.apply(STACK);
    assert_eq!(model.objects.len(), 2);
    // The rest is a plan of its own.
    model.selection = Selection::default();
    let plan = model.apply(STACK);
    assert!(plan.left_out().next().is_none());
    assert_eq!(text(&model.plan(STACK)), "nothing\n");
}

#[test]
fn what_is_excluded_takes_along_what_waits_for_it() {
    let mut model = Model::new();
    model.selection = excludes(&["vswitch.a"]);
    let plan = model.plan(STACK);
    assert_eq!(left_out(&plan), ["instance.web", "vswitch.a"]);
    let waits = plan.left_out().next().unwrap();
    assert_eq!(waits.reasons, ["it waits for vswitch.a"]);
    model.selection = excludes(&["vpc.other"]);
    let plan = model.apply(STACK);
    assert_eq!(left_out(&plan), ["vpc.other"]);
    assert!(
        plan.outputs.is_empty(),
        "its output has not the value that it would have"
    );
}

#[test]
fn a_block_means_all_its_copies_and_a_copy_only_itself() {
    let mut model = Model::new();
    model.selection = excludes(&["security_group.web"]);
    assert_eq!(
        left_out(&model.plan(STACK)),
        ["instance.web", "security_group.web[0]", "security_group.web[1]"]
    );
    model.selection = excludes(&["security_group.web[1]"]);
    assert_eq!(left_out(&model.plan(STACK)), ["security_group.web[1]"]);
}

#[test]
fn a_destroy_of_one_takes_along_what_stands_in_it() {
    let mut model = Model::with(STACK);
    model.selection = targets(&["vswitch.a"]);
    let plan = model.plan_destroy(STACK);
    let deleted: Vec<String> = plan
        .changes
        .iter()
        .filter(|change| change.fate == Fate::Delete)
        .map(|change| change.address.to_string())
        .collect();
    assert_eq!(deleted, ["instance.web", "vswitch.a"]);
    model.finish(&plan, STACK).unwrap();
    assert_eq!(model.objects.len(), 4);
}

#[test]
fn what_is_left_out_stops_nobody_and_is_forgotten_by_nobody() {
    let mut model = Model::with(STACK);
    let gone = model.state.resources[&"vpc.other".parse().unwrap()].id.clone();
    model.objects.remove(&gone);
    model.selection = targets(&["vpc.main"]);
    let plan = model.plan(STACK);
    assert!(plan.vanished.is_empty() && plan.is_empty(), "{}", text(&plan));
    assert_eq!(left_out(&plan), ["vpc.other"]);
}

#[test]
fn what_is_asked_for_is_made_anew() {
    let mut model = Model::with(STACK);
    model.selection.replaces = addresses(&["instance.web"]);
    check(
        &model,
        STACK,
        expect![[r#"
        replace instance.web
            because it was asked for (--replace)
            LOST the system disk of i-6 is erased
        0. remove instance.web: stop > wait until stopped > delete > wait until gone
        1. make instance.web (new): create > wait until stopped > start > wait until running (after 0)
    "#]],
    );
    let before = model.state.resources[&"instance.web".parse().unwrap()].id.clone();
    model.apply(STACK);
    assert_ne!(model.state.resources[&"instance.web".parse().unwrap()].id, before);
    model.selection = Selection::default();
    assert_eq!(text(&model.plan(STACK)), "nothing\n");
}

#[test]
fn an_address_that_names_nothing_is_a_mistake() {
    let mut model = Model::with(STACK);
    for selection in [targets(&["vpc.mian"]), excludes(&["security_group.web[7]"])] {
        model.selection = selection;
        let plan = model.plan(STACK);
        assert_eq!(plan.errors.len(), 1);
        assert!(plan.tasks.is_empty() && plan.changes.is_empty());
    }
}

#[test]
fn a_look_records_what_was_changed_outside_and_changes_nothing() {
    let mut model = Model::with(STACK);
    let id = model.state.resources[&"vpc.main".parse().unwrap()].id.clone();
    let seen = |model: &mut Model, name: &str| {
        let thing = model.objects.get_mut(&id).unwrap();
        thing
            .observed
            .attributes
            .insert("name".to_owned(), Value::from(name));
    };
    let named = STACK.replace("[vpc.other]", "name = \"ours\"\n[vpc.other]");
    model.apply(&named);
    seen(&mut model, "theirs");
    let gone = model.state.resources[&"vpc.other".parse().unwrap()].id.clone();
    model.objects.remove(&gone);
    model.selection.refresh_only = true;
    check(
        &model,
        &named,
        expect![[r#"
        read vpc.main
        forget vpc.other
            because vpc-4 no longer exists
        drift vpc.main: name; this plan records it
        vanished vpc.other vpc-4
        0. note vpc.main
        1. note vpc.other
    "#]],
    );
    let objects = model.objects.len();
    model.apply(&named);
    assert_eq!(model.objects.len(), objects);
    assert_eq!(text(&model.plan(&named)), "nothing\n", "it is recorded");
    // What the file says is another matter.
    model.selection = Selection::default();
    let plan = model.plan(&named);
    assert!(plan.drift.is_empty(), "{}", text(&plan));
    assert!(plan.changes.iter().any(|change| change.fate == Fate::Update));
}
