//! What keeps a server in its place lets go of it before it moves, and comes to it again afterwards.

use expect_test::{Expect, expect};

use super::model::Model;
use super::{NET, text};

/// A network with two switches, a server on one of them with what it is given there, and what hangs on it.
fn file(switch: &str, server: &str, more: &str) -> String {
    format!(
        "{NET}[vswitch.b]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.2.0/24\"\n\
         [instance.web]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.{switch}.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n{server}\n{more}"
    )
}

fn check(before: &str, after: &str, expected: Expect) {
    let mut model = Model::with(before);
    let plan = model.plan(after);
    expected.assert_eq(&text(&plan));
    model.finish(&plan, after).unwrap();
}

const ROUTE: &str = "[route_table.own]\nvpc_id = \"${vpc.main.id}\"\n[route_entry.out]\nroute_table_id = \"${route_table.own.id}\"\n\
                     destination_cidr_block = \"192.168.0.0/24\"\nnext_hop_id = \"${instance.web.id}\"\n";

#[test]
fn a_route_that_leads_to_it_is_made_anew_around_the_move() {
    check(
        &file("a", "", ROUTE),
        &file("b", "", ROUTE),
        expect![[r#"
        update instance.web
        replace route_entry.out
            because instance.web moves, which it cannot while this leads to it
        0. remove route_entry.out: delete > wait until gone
        1. change instance.web: stop > wait until stopped > move > start > wait until running (after 0)
        2. make route_entry.out (new): create > wait until available (after 1, 0)
    "#]],
    );
}

#[test]
fn a_route_that_is_not_wanted_any_more_goes_before() {
    check(
        &file("a", "", ROUTE),
        &file("b", "", ""),
        expect![[r#"
        update instance.web
        delete route_entry.out
            because it is no longer in the configuration
        delete route_table.own
            because it is no longer in the configuration
        0. remove route_entry.out: delete > wait until gone
        1. change instance.web: stop > wait until stopped > move > start > wait until running (after 0)
        2. remove route_table.own: delete > wait until gone (after 0)
    "#]],
    );
}

#[test]
fn a_card_that_is_attached_to_it_is_detached_before() {
    let card = "[network_interface.more]\nvswitch_id = \"${vswitch.a.id}\"\n\
                security_group_ids = [\"${security_group.web.id}\"]\ninstance_id = \"${instance.web.id}\"\n";
    check(
        &file("a", "", card),
        &file("b", "", card),
        expect![[r#"
        update instance.web
        update network_interface.more
            because instance.web moves, which it cannot while the two are joined
        0. let go network_interface.more: detach > wait until available
        1. change instance.web: stop > wait until stopped > move > start > wait until running (after 0)
        2. join network_interface.more: attach > wait until in use (after 1, 0)
    "#]],
    );
}

#[test]
fn its_further_addresses_go_before_and_come_after() {
    let (old, new) = (
        "secondary_private_ip_addresses = [\"10.0.1.77\"]",
        "secondary_private_ip_addresses = [\"10.0.2.77\"]",
    );
    check(
        &file("a", old, ""),
        &file("b", new, ""),
        expect![[r#"
        update instance.web
        0. let go instance.web: unassign 1 address
        1. change instance.web: stop > wait until stopped > move > start > wait until running (after 0)
        2. join instance.web: assign 1 address (after 0, 1)
    "#]],
    );
}
