//! What is let go of by `[[removed]]`, or was at some time, while that goes to which it is joined.

use expect_test::expect;

use super::model::Model;
use super::{NET, text};

const REMOVED: &str = "[[removed]]\nfrom = \"disk.data\"\ndestroy = false\n";

fn server(more: &str) -> String {
    format!(
        "[instance.web]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.a.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n{more}"
    )
}

fn disk(goes: bool) -> String {
    format!(
        "[disk.data]\nzone_id = \"cn-hangzhou-h\"\ndisk_category = \"cloud_essd\"\nsize = 20\n\
         instance_id = \"${{instance.web.id}}\"\ndelete_with_instance = {goes}\n"
    )
}

/// A server with a disk that goes with it, or does not.
fn with_disk(goes: bool) -> Model {
    Model::with(&format!("{NET}{}{}", server(""), disk(goes)))
}

#[test]
fn what_is_let_go_of_does_not_go_with_its_server() {
    let model = with_disk(true);
    let after = format!("{NET}{REMOVED}");
    let plan = model.plan(&after);
    expect![[r#"
        forget disk.data
            because [[removed]] in infra.toml:13 says so; d-1 goes on existing
        delete instance.web
            because it is no longer in the configuration
            LOST the system disk of i-5 is erased
            kept disk d-1 stays, and is managed by nobody
        0. note disk.data
        1. let go instance.web: keep disk
        2. remove instance.web: stop > wait until stopped > delete > wait until gone (after 1)
    "#]]
    .assert_eq(&text(&plan));
}

#[test]
fn what_would_stay_anyway_needs_no_call() {
    let plan = with_disk(false).plan(&format!("{NET}{REMOVED}"));
    expect![[r#"
        forget disk.data
            because [[removed]] in infra.toml:13 says so; d-1 goes on existing
        delete instance.web
            because it is no longer in the configuration
            LOST the system disk of i-5 is erased
        0. note disk.data
        1. remove instance.web: stop > wait until stopped > delete > wait until gone
    "#]]
    .assert_eq(&text(&plan));
}

#[test]
fn nor_does_it_go_with_one_that_is_made_anew() {
    let model = with_disk(true);
    let after = format!("{NET}{}{REMOVED}", server("io_optimized = \"none\"\n"));
    expect![[r#"
        forget disk.data
            because [[removed]] in infra.toml:19 says so; d-1 goes on existing
        replace instance.web
            because io_optimized cannot change on a live instance
            LOST the system disk of i-5 is erased
            kept disk d-1 stays, and is managed by nobody
        0. note disk.data
        1. let go instance.web: keep disk
        2. remove instance.web: stop > wait until stopped > delete > wait until gone (after 1)
        3. make instance.web (new): create > wait until stopped > start > wait until running (after 2)
    "#]]
    .assert_eq(&text(&model.plan(&after)));
}

#[test]
fn what_was_let_go_of_before_stays_as_well() {
    let mut model = with_disk(true);
    model.apply(&format!("{NET}{}{REMOVED}", server("")));
    expect![[r#"
        delete instance.web
            because it is no longer in the configuration
            LOST the system disk of i-5 is erased
            kept disk d-1 stays, and is managed by nobody
        W801 disk d-1 carries the tags of this stack (disk.data) but the state does not know it
            take it over:  infra import ADDRESS d-1
            or let it go:  infra state forget-stray d-1
            or delete it where it was made; ADDRESS has a block and is free
        0. let go instance.web: keep disk
        1. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
    "#]]
    .assert_eq(&text(&model.plan(NET)));
    let everything = text(&model.plan_destroy(NET));
    assert!(
        everything.contains("let go instance.web: keep disk"),
        "{everything}"
    );
}

#[test]
fn a_rule_goes_with_its_group_and_that_is_told() {
    let rule = "[security_group_rule.ssh]\nsecurity_group_id = \"${security_group.web.id}\"\nport_range = \"22\"\n\
                source_cidr_ip = \"10.0.0.0/8\"\n";
    let model = Model::with(&format!("{NET}{rule}"));
    let removed = "[[removed]]\nfrom = \"security_group_rule.ssh\"\ndestroy = false\n";
    let net = NET.split("[security_group").next().unwrap();
    expect![[r#"
        delete security_group.web
            because it is no longer in the configuration
        forget security_group_rule.ssh
            because it is nothing without security_group.web, which goes; [[removed]] cannot keep it
            LOST sg-2/ingress,accept,TCP,22/22,10.0.0.0/8 goes with security_group.web
        0. remove security_group.web: delete
        1. note security_group_rule.ssh
    "#]]
    .assert_eq(&text(&model.plan(&format!("{net}{removed}"))));
}
