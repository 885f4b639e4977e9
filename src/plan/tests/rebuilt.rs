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
