//! What a replacement has left over when its run ended, and what is given anew where something moves.

use expect_test::expect;

use super::model::Model;
use super::text;
use crate::task::Phase;

const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.a]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[vswitch.b]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.2.0/24"
"#;

fn group(name: &str, more: &str) -> String {
    format!("[security_group.{name}]\nvpc_id = \"${{vpc.main.id}}\"\n{more}\n")
}

fn server(switch: &str, group: &str, more: &str) -> String {
    format!(
        "[instance.web]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.{switch}.id}}\"\nsecurity_group_ids = [\"${{security_group.{group}.id}}\"]\n{more}\n"
    )
}

/// The model after a run from one file to the other that ended when the new ones were made.
fn cut_after_making(before: &str, after: &str) -> Model {
    let mut model = Model::with(before);
    let plan = model.plan(after);
    let made = plan.tasks.iter().take_while(|task| task.phase == Phase::Make);
    let made = made.count();
    assert!(made > 0, "{}", text(&plan));
    model.run(&plan, made).unwrap();
    model
}

#[test]
fn what_a_left_over_server_is_in_goes_after_it() {
    let first = "lifecycle = { create_before_destroy = true }";
    let before = format!(
        "{NET}{}{}{}",
        group("old", ""),
        group("web", ""),
        server("a", "old", first)
    );
    let after = format!(
        "{NET}{}{}",
        group("web", ""),
        server("a", "web", &format!("io_optimized = \"none\"\n{first}"))
    );
    let mut model = cut_after_making(&before, &after);
    let plan = model.plan(&after);
    expect![[r#"
        delete instance.web
            because an interrupted replacement left it; the new one has its place
            LOST the system disk of i-5 is erased
        delete security_group.old
            because it is no longer in the configuration
        0. remove instance.web (old i-5): stop > wait until stopped > delete > wait until gone
        1. remove security_group.old: delete (after 0)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
    assert_eq!(text(&model.plan(&after)), "nothing\n");
}

#[test]
fn a_left_over_group_goes_when_its_servers_are_in_the_new_one() {
    let file = |more: &str| format!("{NET}{}{}", group("web", more), server("a", "web", ""));
    let (before, after) = (file(""), file("security_group_type = \"enterprise\""));
    let mut model = cut_after_making(&before, &after);
    let plan = model.plan(&after);
    expect![[r#"
        update instance.web
        delete security_group.web
            because an interrupted replacement left it; the new one has its place
        0. change instance.web: change attributes
        1. remove security_group.web (old sg-2): delete (after 0)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
    assert_eq!(text(&model.plan(&after)), "nothing\n");
}

#[test]
fn an_address_that_is_given_anew_is_known_only_after_the_move() {
    let file = |switch: &str| {
        format!(
            "{NET}{}{}[output]\naddress = \"${{instance.web.private_ip}}\"\n",
            group("web", ""),
            server(switch, "web", "")
        )
    };
    let model = Model::with(&file("a"));
    expect![[r#"
        update instance.web
        output address: (later)
        0. change instance.web: stop > wait until stopped > move > start > wait until running
    "#]]
    .assert_eq(&text(&model.plan(&file("b"))));
}
