//! Each kind of fault that was found in the first design, as the plan that is right.

use expect_test::{Expect, expect};

use super::model::Model;
use super::text;
use crate::address::{Address, Object};
use crate::state::Deposed;
use crate::value::Value;

const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.a]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.web]
vpc_id = "${vpc.main.id}"
"#;

fn server(name: &str, more: &str) -> String {
    format!(
        "[instance.{name}]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.a.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n{more}\n"
    )
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn check(model: &Model, config: &str, expected: Expect) {
    expected.assert_eq(&text(&model.plan(config)));
}

#[test]
fn a_stack_is_made_in_the_order_of_its_needs() {
    check(&Model::new(), &format!("{NET}{}", server("web", "internet_max_bandwidth_out = 5")), expect![[r#""#]]);
}

/// Kind 4: what is remembered changes even if nothing else does.
#[test]
fn a_lifecycle_key_alone_is_a_note() {
    let model = Model::with(NET);
    check(&model, &NET.replace("[vswitch.a]", "lifecycle = { prevent_destroy = true }\n[vswitch.a]"), expect![[r#""#]]);
}

/// Kind 4.
#[test]
fn a_removed_key_is_forgotten_by_the_state() {
    let with = NET.replace("[vswitch.a]", "description = \"mine\"\n[vswitch.a]");
    let mut model = Model::with(&with);
    check(&model, NET, expect![[r#""#]]);
    model.apply(NET);
    assert!(!model.state.resources[&address("vpc.main")].attributes.contains_key("description"));
}

/// Kind 4.
#[test]
fn a_dependency_alone_is_a_note_and_the_next_destroy_honours_it() {
    let servers = |more: &str| format!("{NET}{}{}", server("a", ""), server("b", more));
    let mut model = Model::with(&servers(""));
    let with = servers("depends_on = [\"instance.a\"]");
    check(&model, &with, expect![[r#""#]]);
    model.apply(&with);
    expect![[r#""#]].assert_eq(&text(&model.plan_destroy(&with)));
}

/// Kind 4.
#[test]
fn protection_outlives_its_block() {
    let with = NET.replace("[vswitch.a]", "lifecycle = { prevent_destroy = true }\n[vswitch.a]");
    let mut model = Model::with(NET);
    model.apply(&with);
    check(&model, "", expect![[r#""#]]);
    model.apply(NET);
    assert!(model.plan("").forbidden.is_empty());
}

/// Kind 4: what somebody changed outside and the file says now.
#[test]
fn accepted_drift_is_told_once() {
    let with = |name: &str| NET.replace("[vswitch.a]", &format!("name = \"{name}\"\n[vswitch.a]"));
    let mut model = Model::with(&with("old"));
    let vpc = model.state.resources[&address("vpc.main")].id.clone();
    model.objects.get_mut(&vpc).unwrap().observed.attributes.insert("name".to_owned(), Value::from("new"));
    check(&model, &with("new"), expect![[r#""#]]);
    model.apply(&with("new"));
    check(&model, &with("new"), expect!["nothing\n"]);
}

/// Kind 5: the new one is there before the old one is given up.
#[test]
fn a_create_first_replacement_deposes_with_the_result_of_the_create() {
    let mut model = Model::with(&format!("{NET}{}", server("web", "")));
    let enterprise = format!("{}security_group_type = \"enterprise\"\n{}", NET, server("web", ""));
    check(&model, &enterprise, expect![[r#""#]]);
    // Nothing but the first task: no more than a successor has been made.
    let plan = model.plan(&enterprise);
    let group = address("security_group.web");
    let old = model.state.resources[&group].id.clone();
    model.run(&plan, 1).unwrap();
    assert_eq!(model.state.resources[&group].deposed[0].id, old);
    // The file is reverted: the old one takes its place again.
    check(&model, &format!("{NET}{}", server("web", "")), expect![[r#""#]]);
}

/// Kind 6: a step whose effect nobody sees is owed until it is done.
#[test]
fn an_unfinished_change_is_told_as_ours_and_done_again() {
    let with = |host: &str| format!("{NET}{}", server("web", &format!("host_name = \"{host}\"")));
    let mut model = Model::with(&with("old"));
    let server = address("instance.web");
    let id = model.state.resources[&server].id.clone();
    // The host name was changed, the reboot refused.
    model.objects.get_mut(&id).unwrap().observed.attributes.insert("host_name".to_owned(), Value::from("new"));
    let entry = model.state.resources.get_mut(&server).unwrap();
    entry.unsettled.insert("host_name".to_owned(), "reboot".to_owned());
    check(&model, &with("new"), expect![[r#""#]]);
}

/// Kind 8: a computed attribute that will not be there.
#[test]
fn a_reference_to_what_will_not_be_there_is_left_out_with_a_line() {
    let config = format!("{NET}{}{}", server("a", ""), server("b", "name = \"x-${instance.a.public_ip}\""));
    let plan = Model::new().plan(&config);
    expect![[r#""#]].assert_eq(&text(&plan));
    assert_eq!(plan.findings[0].code, "E0603");
    assert!(plan.findings[0].labels[0].location.line > 0);
}

/// Kind 8: the same in an output is none.
#[test]
fn an_output_of_what_will_not_be_there_is_none() {
    let config = format!("{NET}{}[output]\nip = \"${{instance.a.public_ip}}\"\n", server("a", ""));
    let mut model = Model::new();
    model.apply(&config);
    check(&model, &config, expect!["nothing\n"]);
}

/// Kind 8: a stray of this stack that has to be replaced.
#[test]
fn a_stray_that_has_to_be_replaced_is_adopted_and_replaced() {
    let mut model = Model::with(NET);
    model.state.resources.remove(&address("vswitch.a"));
    check(&model, &NET.replace("cn-hangzhou-h", "cn-hangzhou-i"), expect![[r#""#]]);
}

/// Kind 3: what nobody finds is a loss that needs leave.
#[test]
fn what_is_gone_is_told_as_vanished() {
    let mut model = Model::with(NET);
    let id = model.state.resources[&address("vswitch.a")].id.clone();
    model.objects.remove(&id);
    check(&model, NET, expect![[r#""#]]);
}

/// Kind 9: our own unfinished delete is no loss.
#[test]
fn what_a_delete_of_ours_took_away_is_just_forgotten() {
    let mut model = Model::with(NET);
    let id = model.state.resources[&address("vswitch.a")].id.clone();
    model.objects.remove(&id);
    let entry = model.state.resources.get_mut(&address("vswitch.a")).unwrap();
    entry.unsettled.insert("id".to_owned(), "delete".to_owned());
    check(&model, &NET.replace("[vswitch.a]", "[vswitch.b]"), expect![[r#""#]]);
}

/// Kind 11: one refusal holds up only what needs it.
#[test]
fn a_refused_change_is_left_out_and_the_rest_goes_on() {
    let disk = |size: u32| format!("{NET}{}", server("web", &format!("system_disk = {{ size = {size} }}")));
    let model = Model::with(&disk(40));
    let config = disk(20).replace("[vswitch.a]", "name = \"net\"\n[vswitch.a]");
    let plan = model.plan(&config);
    expect![[r#""#]].assert_eq(&text(&plan));
    assert_eq!(plan.findings.len(), 1);
}

#[test]
fn an_entry_with_nothing_but_a_deposed_one_that_is_gone_is_cleaned_up() {
    let mut model = Model::with(NET);
    let entry = model.state.resources.get_mut(&address("security_group.web")).unwrap();
    entry.deposed.push(Deposed { id: "sg-old".to_owned(), ..Deposed::default() });
    check(&model, NET, expect![[r#""#]]);
}

#[test]
fn groups_that_name_each_other_and_themselves_are_no_cycle() {
    let rule = |peer: &str| format!("ingress = [{{ port_range = \"443\", source_group_id = \"${{security_group.{peer}.id}}\" }}]\n");
    let config = format!(
        "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[security_group.a]\nvpc_id = \"${{vpc.main.id}}\"\n{}\
         [security_group.b]\nvpc_id = \"${{vpc.main.id}}\"\n{}[security_group.c]\nvpc_id = \"${{vpc.main.id}}\"\n{}",
        rule("b"), rule("a"), rule("c")
    );
    let mut model = Model::new();
    check(&model, &config, expect![[r#""#]]);
    model.apply(&config);
    expect![[r#""#]].assert_eq(&text(&model.plan_destroy(&config)));
}

#[test]
fn a_private_address_is_freed_before_it_is_taken() {
    let with = |name: &str| format!("{NET}{}", server(name, "private_ip = \"10.0.1.9\""));
    let model = Model::with(&with("a"));
    check(&model, &with("b"), expect![[r#""#]]);
}

#[test]
fn an_overlapping_network_is_freed_before_it_is_taken() {
    let model = Model::with(NET);
    let other = NET.replace("[vswitch.a]", "[vswitch.b]").replace("10.0.1.0/24", "10.0.0.0/20");
    check(&model, &other, expect![[r#""#]]);
}

#[test]
fn what_is_impossible_is_left_out_with_what_it_would_have_emptied() {
    let mut model = Model::with(&format!("{NET}{}", server("web", "")));
    let finding = crate::diagnostic::Diagnostic::error("E0609", "a foreign server is in it");
    model.impossible.insert(address("vpc.main"), finding);
    expect![[r#""#]].assert_eq(&text(&model.plan_destroy(&format!("{NET}{}", server("web", "")))));
}

#[test]
fn objects_of_two_lives_are_told_apart() {
    let object = Object::next(address("vpc.main"));
    assert_ne!(object, Object::now(address("vpc.main")));
    assert_eq!(object.to_string(), "vpc.main (new)");
}
