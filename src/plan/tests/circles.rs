//! Changes that need each other: what cannot be turned where it stands is made anew.

use expect_test::{Expect, expect};

use super::model::Model;
use super::{NET, text};

fn server(switch: &str) -> String {
    format!(
        "[instance.web]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.{switch}.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n"
    )
}

fn check(model: &mut Model, config: &str, expected: Expect) {
    let plan = model.plan(config);
    expected.assert_eq(&text(&plan));
    model.finish(&plan, config).unwrap();
}

/// What leads from one that goes to one that comes only when that is gone cannot be turned: it is made anew.
#[test]
fn what_moves_in_a_circle_is_made_anew() {
    let line = |zone: &str, name: &str, hop: &str, kind: &str| {
        let net = NET.replace("-h\"", zone);
        format!(
            "{net}[route_table.t]\nvpc_id = \"${{vpc.main.id}}\"\n{hop}\n[route_entry.out]\n\
             route_table_id = \"${{route_table.t.id}}\"\ndestination_cidr_block = \"192.168.0.0/24\"\n\
             next_hop_type = \"{kind}\"\nnext_hop_id = \"${{{name}.id}}\"\n"
        )
    };
    let mut model = Model::with(&line("-h\"", "instance.web", &server("a"), "Instance"));
    let card = "[network_interface.hop]\nvswitch_id = \"${vswitch.a.id}\"\n\
                security_group_ids = [\"${security_group.web.id}\"]";
    check(
        &mut model,
        &line("-i\"", "network_interface.hop", card, "NetworkInterface"),
        expect![[r#"
            delete instance.web
                because it is no longer in the configuration
                LOST the system disk of i-5 is erased
            create network_interface.hop
            replace route_entry.out
                because next_hop_id cannot change on a live route_entry, and network_interface.hop is made anew
            replace vswitch.a
                because zone_id cannot change on a live vswitch
            0. remove route_entry.out: delete > wait until gone
            1. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
            2. remove vswitch.a: delete > wait until gone (after 1)
            3. make vswitch.a (new): create > wait until available (after 2)
            4. make network_interface.hop (new): create > wait until available (after 3)
            5. make route_entry.out (new): create > wait until available (after 4, 0)
        "#]],
    );
}

/// The network of the new switch is free only when the old one has gone, in which the server still stands.
#[test]
fn a_server_that_moves_in_a_circle_is_made_anew_with_its_loss() {
    let mut model = Model::with(&format!("{NET}{}", server("a")));
    check(
        &mut model,
        &format!("{NET}{}", server("b")).replace("vswitch.a]", "vswitch.b]"),
        expect![[r#"
            replace instance.web
                because vswitch_id cannot change on a live instance, and vswitch.b is made anew
                LOST the system disk of i-4 is erased
            delete vswitch.a
                because it is no longer in the configuration
            create vswitch.b
            W802 vswitch.b is new and vswitch.a is gone, and the two are alike
                if it only has a new name, say so before you apply, and it is kept:
                  infra state mv vswitch.a vswitch.b
            0. remove instance.web: stop > wait until stopped > delete > wait until gone
            1. remove vswitch.a: delete > wait until gone (after 0)
            2. make vswitch.b (new): create > wait until available (after 1)
            3. make instance.web (new): create > wait until stopped > start > wait until running (after 0, 2)
        "#]],
    );
}

/// That a group was to be made after a network does not keep the network from being made anew while somebody has yet to
/// leave the group.
#[test]
fn what_only_the_state_says_of_one_that_goes_closes_no_circle() {
    let server = |name: &str, switch: &str, group: &str, more: &str| {
        format!(
            "[instance.{name}]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
             vswitch_id = \"${{vswitch.{switch}.id}}\"\nsecurity_group_ids = [\"${{security_group.{group}.id}}\"]\n{more}\n"
        )
    };
    let file = |net: &str, last: &str, more: &str| {
        format!(
            "{NET}[vswitch.b]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"{net}\"\n{}{last}{more}",
            server("first", "b", "web", "")
        )
    };
    let old = "[security_group.old]\nvpc_id = \"${vpc.main.id}\"\ndepends_on = [\"vswitch.b\"]\n";
    let before = file("10.0.2.0/24", &server("last", "a", "old", ""), old);
    let behind = "description = \"behind ${instance.first.private_ip}\"";
    let after = file("10.0.3.0/24", &server("last", "a", "web", behind), "");
    let mut model = Model::new();
    model.computes = true;
    model.apply(&before);
    let plan = model.plan(&after);
    expect![[r#"
        replace instance.first
            because vswitch_id cannot change on a live instance, and vswitch.b is made anew
            LOST the system disk of i-5 is erased
            LOST private IP given-5 is released
        update instance.last
        delete security_group.old
            because it is no longer in the configuration
        replace vswitch.b
            because cidr_block cannot change on a live vswitch
        0. remove instance.first: stop > wait until stopped > delete > wait until gone
        1. remove vswitch.b: delete > wait until gone (after 0)
        2. make vswitch.b (new): create > wait until available (after 1)
        3. make instance.first (new): create > wait until stopped > start > wait until running (after 0, 2)
        4. change instance.last: change attributes (after 3)
        5. remove security_group.old: delete (after 4)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &after).unwrap();
}

/// One that stays changes only when what it names is made anew, and of one that goes nothing but an old `depends_on` of it
/// is known.
#[test]
fn what_only_the_state_says_of_one_that_stays_closes_no_circle() {
    let named = |name: &str, switch: &str, more: &str| {
        let server = server(switch).replace("instance.web", &format!("instance.{name}"));
        format!("{server}{more}\n")
    };
    let other = "[vswitch.b]\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.2.0/24\"\n";
    let behind = "description = \"behind ${instance.first.private_ip}\"";
    let before = format!(
        "{NET}{other}{}{}{}",
        named("first", "a", ""),
        named("second", "a", ""),
        named(
            "third",
            "b",
            &format!("{behind}\ndepends_on = [\"instance.second\"]")
        )
    );
    let net = NET.replacen("cn-hangzhou-h", "cn-hangzhou-i", 1);
    let after = format!(
        "{net}{other}{}{}",
        named("first", "a", ""),
        named("third", "b", behind)
    );
    let mut model = Model::new();
    model.computes = true;
    model.apply(&before);
    let plan = model.plan(&after);
    assert!(plan.errors.is_empty(), "{}", text(&plan));
    assert!(text(&plan).contains("change instance.third"), "{}", text(&plan));
    model.finish(&plan, &after).unwrap();
}
