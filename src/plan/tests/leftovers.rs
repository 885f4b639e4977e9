//! What a replacement has left over when its run ended, and what is given anew where something moves.

use expect_test::expect;

use super::model::Model;
use super::text;
use crate::task::Phase;
use crate::value::{Attributes, Value};

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

/// The model of a cloud that gives addresses, with what a file says.
fn computing(config: &str) -> Model {
    let mut model = Model::new();
    model.computes = true;
    model.apply(config);
    model
}

/// The model after a run from one file to the other that ended when the new ones were made.
fn cut_after_making(before: &str, after: &str) -> Model {
    let mut model = computing(before);
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
            LOST private IP given-5 is released
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

/// A gateway with an address that its only entry uses.
fn gateway(address: &str) -> String {
    format!(
        "{NET}[nat_gateway.out]\nvpc_id = \"${{vpc.main.id}}\"\nvswitch_id = \"${{vswitch.a.id}}\"\n\
         snat = [{{ source_vswitch_id = \"${{vswitch.a.id}}\", snat_ip = \"${{eip.out.ip_address}}\" }}]\n\
         [eip.out]\nbandwidth = 5\ninstance_id = \"${{nat_gateway.out.id}}\"\n{address}\n"
    )
}

/// The cloud lets no address go that an entry uses, and takes no entry with an address that is not bound yet.
#[test]
fn an_entry_is_out_while_the_address_that_it_uses_is_made_anew() {
    let after = gateway("isp = \"BGP_PRO\"");
    let mut model = computing(&gateway(""));
    let plan = model.plan(&after);
    expect![[r#"
        replace eip.out
            because isp cannot change on a live eip
            LOST given-1 is released and cannot be asked for again
        update nat_gateway.out
        0. make eip.out (new): create > wait until available
        1. let go nat_gateway.out: remove 1 SNAT entry
        2. let go eip.out: unbind > wait until available (after 1)
        3. join eip.out (new): bind > wait until in use (after 2, 0)
        4. remove eip.out: delete > wait until gone (after 2, 0)
        5. join nat_gateway.out: add 1 SNAT entry > wait until it shows (after 0, 3, 1)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
}

#[test]
fn an_entry_is_out_while_a_left_over_address_that_it_uses_leaves() {
    let first = "lifecycle = { create_before_destroy = true }";
    let after = gateway(&format!("isp = \"BGP_PRO\"\n{first}"));
    let mut model = cut_after_making(&gateway(first), &after);
    let plan = model.plan(&after);
    expect![[r#"
        update eip.out
        delete eip.out
            because an interrupted replacement left it; the new one has its place
            LOST given-1 is released and cannot be asked for again
        update nat_gateway.out
        0. let go nat_gateway.out: remove 1 SNAT entry
        1. let go eip.out (old eip-1): unbind > wait until available (after 0)
        2. join eip.out: bind > wait until in use (after 1)
        3. remove eip.out (old eip-1): delete > wait until gone (after 1)
        4. join nat_gateway.out: add 1 SNAT entry > wait until it shows (after 2, 0)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
}

/// The model of a server that has a data disk, d-1, and the file without the server.
fn with_disk(goes: bool, change: impl FnOnce(&mut Attributes)) -> (Model, String) {
    let disks = format!("data_disks = [{{ name = \"data\", size = 30, delete_with_instance = {goes} }}]");
    let before = format!("{NET}{}{}", group("web", ""), server("a", "web", &disks));
    let mut model = Model::with(&before);
    let server = "instance.web".parse().unwrap();
    let id = model.state.resources[&server].id.clone();
    let observed = &mut model.objects.get_mut(&id).unwrap().observed;
    let Some(Value::List(members)) = observed.attributes.get_mut("data_disks") else {
        panic!("no disks")
    };
    let Some(Value::Map(member)) = members.first_mut() else {
        panic!("no disk")
    };
    member.insert("disk_id", Value::from("d-1"));
    change(member);
    (model, format!("{NET}{}", group("web", "")))
}

/// Its server does not take along what is not on it any more: nobody would know of it afterwards.
#[test]
fn a_data_disk_that_was_taken_off_goes_with_its_server() {
    let (mut model, after) = with_disk(true, |disk| {
        disk.insert("apart", Value::Bool(true));
    });
    let plan = model.plan(&after);
    expect![[r#"
        delete instance.web
            because it is no longer in the configuration
            LOST data disk data, d-1, (30 GiB) is erased
            LOST the system disk of i-4 is erased
        0. let go instance.web: delete data disk
        1. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
}

/// What stays when its server goes for good is nobody's: the next server of this address does not take it for its own.
#[test]
fn a_data_disk_that_stays_when_its_server_goes_loses_its_tags() {
    let (model, after) = with_disk(false, |_| {});
    let plan = model.plan(&after);
    expect![[r#"
        delete instance.web
            because it is no longer in the configuration
            LOST the system disk of i-4 is erased
            kept data disk data, d-1, (30 GiB) stays, detached, and is managed by nobody; a new server gets a new one
        0. let go instance.web: let go of data disk
        1. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
    "#]].assert_eq(&text(&plan));
}

/// What is taken back is one that stays: what its block ignores is left as it is, and remembered so.
#[test]
fn what_is_ignored_is_left_alone_on_one_that_is_taken_back() {
    let disk = |zone: &str, more: &str| {
        format!(
            "[disk.d]\nzone_id = \"cn-hangzhou-{zone}\"\ndisk_category = \"cloud_essd\"\nsize = 20\n{more}\n"
        )
    };
    let first = "lifecycle = { create_before_destroy = true }";
    let mut model = cut_after_making(&disk("i", first), &disk("h", first));
    let ignoring =
        "name = \"other\"\nlifecycle = { create_before_destroy = true, ignore_changes = [\"name\"] }";
    let after = disk("i", ignoring);
    let plan = model.plan(&after);
    expect![[r#"
        replace disk.d
            because d-1 has not been deleted yet and is what the configuration wants again; d-2 goes
            LOST the 20 GiB of d-2 are erased
        0. note disk.d
        1. change disk.d: set tags (after 0)
        2. remove disk.d: delete > wait until gone (after 0, 1)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
}
