//! Each kind of fault that was found in the first design, as the plan that is right.

use expect_test::{Expect, expect};

use super::model::Model;
use super::{NET, text};
use crate::address::{Address, Object};
use crate::state::Deposed;
use crate::task::Phase;
use crate::value::Value;

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
    check(
        &Model::new(),
        &format!("{NET}{}", server("web", "internet_max_bandwidth_out = 5")),
        expect![[r#"
        create instance.web
        create security_group.web
        create vpc.main
        create vswitch.a
        0. make vpc.main (new): create > wait until available
        1. make security_group.web (new): create (after 0)
        2. make vswitch.a (new): create > wait until available (after 0)
        3. make instance.web (new): create > wait until stopped > allocate public IP > start > wait until running (after 1, 2)
    "#]],
    );
}

/// What goes with attaching is a call of its own only where there is no attaching.
#[test]
fn what_goes_with_a_joining_call_is_changed_alone_only_where_nothing_is_joined() {
    let with = |server_name: &str, goes: bool| {
        format!(
            "{NET}{}{}[disk.data]\nzone_id = \"cn-hangzhou-h\"\nsize = 40\n\
             instance_id = \"${{instance.{server_name}.id}}\"\ndelete_with_instance = {goes}\n",
            server("web", ""),
            server("db", "")
        )
    };
    let model = Model::with(&with("web", false));
    check(
        &model,
        &with("web", true),
        expect![[r#"
        update disk.data
        0. change disk.data: change attributes
    "#]],
    );
    check(
        &model,
        &with("db", true),
        expect![[r#"
        update disk.data
        0. let go disk.data: detach > wait until available
        1. join disk.data: attach > wait until in use (after 0)
    "#]],
    );
}

/// Kind 4: what is remembered changes even if nothing else does.
#[test]
fn a_lifecycle_key_alone_is_a_note() {
    let model = Model::with(NET);
    check(
        &model,
        &NET.replace(
            "[vswitch.a]",
            "lifecycle = { prevent_destroy = true }\n[vswitch.a]",
        ),
        expect![[r#"
        note vpc.main
        0. note vpc.main
    "#]],
    );
}

/// Kind 4.
#[test]
fn a_removed_key_is_forgotten_by_the_state() {
    let with = NET.replace("[vswitch.a]", "description = \"mine\"\n[vswitch.a]");
    let mut model = Model::with(&with);
    check(
        &model,
        NET,
        expect![[r#"
        note vpc.main
        0. note vpc.main
    "#]],
    );
    model.apply(NET);
    assert!(
        !model.state.resources[&address("vpc.main")]
            .attributes
            .contains_key("description")
    );
}

/// Kind 4.
#[test]
fn a_dependency_alone_is_a_note_and_the_next_destroy_honours_it() {
    let servers = |more: &str| format!("{NET}{}{}", server("a", ""), server("b", more));
    let mut model = Model::with(&servers(""));
    let with = servers("depends_on = [\"instance.a\"]");
    check(
        &model,
        &with,
        expect![[r#"
        note instance.b
        0. note instance.b
    "#]],
    );
    model.apply(&with);
    expect![[r#"
        delete instance.a
            because everything is to be deleted
            LOST the system disk of i-4 is erased
        delete instance.b
            because everything is to be deleted
            LOST the system disk of i-5 is erased
        delete security_group.web
            because everything is to be deleted
        delete vpc.main
            because everything is to be deleted
        delete vswitch.a
            because everything is to be deleted
        0. remove instance.b: stop > wait until stopped > delete > wait until gone
        1. remove instance.a: stop > wait until stopped > delete > wait until gone (after 0)
        2. remove security_group.web: delete (after 1, 0)
        3. remove vswitch.a: delete > wait until gone (after 1, 0)
        4. remove vpc.main: delete (after 2, 3)
    "#]]
    .assert_eq(&text(&model.plan_destroy(&with)));
}

/// Kind 4.
#[test]
fn protection_outlives_its_block() {
    let with = NET.replace(
        "[vswitch.a]",
        "lifecycle = { prevent_destroy = true }\n[vswitch.a]",
    );
    let mut model = Model::with(NET);
    model.apply(&with);
    check(
        &model,
        "",
        expect![[r#"
        delete security_group.web
            because it is no longer in the configuration
        delete vpc.main
            because it is no longer in the configuration
        delete vswitch.a
            because it is no longer in the configuration
        forbidden vpc.main
        0. remove security_group.web: delete
        1. remove vswitch.a: delete > wait until gone
        2. remove vpc.main: delete (after 0, 1)
    "#]],
    );
    model.apply(NET);
    assert!(model.plan("").forbidden.is_empty());
}

/// Kind 4: what somebody changed outside and the file says now.
#[test]
fn accepted_drift_is_told_once() {
    let with = |name: &str| NET.replace("[vswitch.a]", &format!("name = \"{name}\"\n[vswitch.a]"));
    let mut model = Model::with(&with("old"));
    let vpc = model.state.resources[&address("vpc.main")].id.clone();
    model
        .objects
        .get_mut(&vpc)
        .unwrap()
        .observed
        .attributes
        .insert("name".to_owned(), Value::from("new"));
    check(
        &model,
        &with("new"),
        expect![[r#"
        note vpc.main
        drift vpc.main: name; the configuration says the same now
        0. note vpc.main
    "#]],
    );
    model.apply(&with("new"));
    check(&model, &with("new"), expect!["nothing\n"]);
}

/// Kind 5: the new one is there before the old one is given up.
#[test]
fn a_create_first_replacement_deposes_with_the_result_of_the_create() {
    let with = |kind: &str| format!("{NET}security_group_type = \"{kind}\"\n{}", server("web", ""));
    let mut model = Model::with(&with("normal"));
    let enterprise = with("enterprise");
    check(
        &model,
        &enterprise,
        expect![[r#"
        update instance.web
        replace security_group.web
            because security_group_type cannot change on a live security_group
        0. make security_group.web (new): create
        1. change instance.web: change attributes (after 0)
        2. remove security_group.web: delete (after 1, 0)
    "#]],
    );
    // Nothing but the first task: no more than a successor has been made.
    let plan = model.plan(&enterprise);
    let group = address("security_group.web");
    let old = model.state.resources[&group].id.clone();
    model.run(&plan, 1).unwrap();
    assert_eq!(model.state.resources[&group].deposed[0].id, old);
    // The file is reverted: the old one takes its place again.
    check(
        &model,
        &with("normal"),
        expect![[r#"
        replace security_group.web
            because sg-2 has not been deleted yet and is what the configuration wants again; sg-5 goes
        0. note security_group.web
        1. change security_group.web: set tags (after 0)
        2. remove security_group.web: delete (after 0, 1)
    "#]],
    );
}

/// Kind 6: a step whose effect nobody sees is owed until it is done.
#[test]
fn an_unfinished_change_is_told_as_ours_and_done_again() {
    let with = |host: &str| format!("{NET}{}", server("web", &format!("host_name = \"{host}\"")));
    let mut model = Model::with(&with("old"));
    let server = address("instance.web");
    let id = model.state.resources[&server].id.clone();
    // The host name was changed, the reboot refused.
    model
        .objects
        .get_mut(&id)
        .unwrap()
        .observed
        .attributes
        .insert("host_name".to_owned(), Value::from("new"));
    let entry = model.state.resources.get_mut(&server).unwrap();
    entry
        .unsettled
        .insert("host_name".to_owned(), "reboot".to_owned());
    check(
        &model,
        &with("new"),
        expect![[r#"
        update instance.web
        0. change instance.web: change login > reboot > wait until running
    "#]],
    );
}

/// Kind 8: a computed attribute that will not be there.
#[test]
fn a_reference_to_what_will_not_be_there_is_left_out_with_a_line() {
    let config = format!(
        "{NET}{}{}",
        server("a", ""),
        server("b", "name = \"x-${instance.a.public_ip}\"")
    );
    let plan = Model::new().plan(&config);
    expect![[r#"
        create instance.a
        withheld instance.b
            because instance.a.public_ip will not be there: instance.a has none
        create security_group.web
        create vpc.main
        create vswitch.a
        E0315 instance.a.public_ip will not be there: instance.a has none
            let instance.a have public_ip, or take the reference out
        0. make vpc.main (new): create > wait until available
        1. make security_group.web (new): create (after 0)
        2. make vswitch.a (new): create > wait until available (after 0)
        3. make instance.a (new): create > wait until stopped > start > wait until running (after 1, 2)
    "#]]
    .assert_eq(&text(&plan));
    assert_eq!(plan.findings[0].code, "E0315");
    assert!(plan.findings[0].labels[0].location.line > 0);
}

/// Being made after a network that is made anew is no reason to remove a group while servers are still in it.
#[test]
fn a_depends_on_does_not_keep_a_successor_from_coming_first() {
    let with = |kind: &str, zone: &str| {
        let net = NET.replace(
            "[security_group.web]",
            "[security_group.web]\ndepends_on = [\"vswitch.b\"]",
        );
        let other = NET
            .split("[vswitch.a]")
            .nth(1)
            .unwrap()
            .split('[')
            .next()
            .unwrap();
        let other = other.replace("10.0.1", "10.0.2").replace("cn-hangzhou-h", zone);
        format!(
            "{net}security_group_type = \"{kind}\"\n[vswitch.b]{other}{}",
            server("web", "")
        )
    };
    let model = Model::with(&with("normal", "cn-hangzhou-h"));
    check(
        &model,
        &with("enterprise", "cn-hangzhou-i"),
        expect![[r#"
        update instance.web
        replace security_group.web
            because security_group_type cannot change on a live security_group
        replace vswitch.b
            because zone_id cannot change on a live vswitch
        0. remove vswitch.b: delete > wait until gone
        1. make vswitch.b (new): create > wait until available (after 0)
        2. make security_group.web (new): create (after 1)
        3. change instance.web: change attributes (after 2)
        4. remove security_group.web: delete (after 3, 2)
    "#]],
    );
}

/// A run attached a disk and died before the state could say so; then the file names no server.
#[test]
fn what_an_interrupted_run_may_have_joined_is_parted() {
    let joined = format!("{NET}{}{}", server("web", ""), disk(ON_WEB));
    let mut model = Model::with(&joined);
    let entry = model.state.resources.get_mut(&address("disk.data")).unwrap();
    entry.attributes.remove("instance_id");
    let apart = format!("{NET}{}{}", server("web", ""), disk(""));
    // Somebody else's doing is left alone.
    assert!(model.plan(&apart).tasks.is_empty());
    let entry = model.state.resources.get_mut(&address("disk.data")).unwrap();
    entry
        .unsettled
        .insert("instance_id".to_owned(), "attach".to_owned());
    check(
        &model,
        &apart,
        expect![[r#"
        update disk.data
        0. let go disk.data: detach > wait until available
    "#]],
    );
}

/// A public address that a server has only by what is joined to it comes and goes with that; a disk brings none.
#[test]
fn an_output_follows_the_address_that_is_lent() {
    let output = "[output]\nip = \"${instance.web.public_ip}\"\n";
    let with = |more: &str| format!("{NET}{}{more}{output}", server("web", ""));
    let mut model = Model::with(&with(&disk(ON_WEB)));
    check(&model, &with(&disk(ON_WEB)), expect!["nothing\n"]);
    let bound = with(&format!("[eip.web]\n{ON_WEB}\n"));
    let plan = model.apply(&bound);
    assert!(
        plan.outputs[0]
            .after
            .as_ref()
            .is_some_and(|after| !after.is_known())
    );
    check(&model, &bound, expect!["nothing\n"]);
    let plan = model.apply(&with("[eip.web]\n"));
    assert_eq!(plan.outputs[0].after, None);
    check(&model, &with("[eip.web]\n"), expect!["nothing\n"]);
}

/// Kind 8: the same in an output is none.
#[test]
fn an_output_of_what_will_not_be_there_is_none() {
    let config = format!(
        "{NET}{}[output]\nip = \"${{instance.a.public_ip}}\"\n",
        server("a", "")
    );
    let mut model = Model::new();
    model.apply(&config);
    check(&model, &config, expect!["nothing\n"]);
}

/// Kind 8: a stray of this stack that has to be replaced.
#[test]
fn a_stray_that_has_to_be_replaced_is_adopted_and_replaced() {
    let mut model = Model::with(NET);
    model.state.resources.remove(&address("vswitch.a"));
    check(
        &model,
        &NET.replace("cn-hangzhou-h", "cn-hangzhou-i"),
        expect![[r#"
        replace vswitch.a
            because vsw-3 exists and carries the tags of this address
            because zone_id cannot change on a live vswitch
        0. note vswitch.a
        1. remove vswitch.a: delete > wait until gone (after 0)
        2. make vswitch.a (new): create > wait until available (after 0, 1)
    "#]],
    );
}

/// Kind 3: what nobody finds is a loss that needs leave.
#[test]
fn what_is_gone_is_told_as_vanished() {
    let mut model = Model::with(NET);
    let id = model.state.resources[&address("vswitch.a")].id.clone();
    model.objects.remove(&id);
    check(
        &model,
        NET,
        expect![[r#"
        create vswitch.a
            because it was deleted outside infra
        drift vswitch.a: gone; this plan makes it again
        vanished vswitch.a vsw-3
        0. note vswitch.a
        1. make vswitch.a (new): create > wait until available (after 0)
    "#]],
    );
}

/// Kind 9: our own unfinished delete is no loss.
#[test]
fn what_a_delete_of_ours_took_away_is_just_forgotten() {
    let mut model = Model::with(NET);
    let id = model.state.resources[&address("vswitch.a")].id.clone();
    model.objects.remove(&id);
    let entry = model.state.resources.get_mut(&address("vswitch.a")).unwrap();
    entry.unsettled.insert("id".to_owned(), "delete".to_owned());
    check(
        &model,
        &NET.replace("[vswitch.a]", "[vswitch.b]"),
        expect![[r#"
        forget vswitch.a
            because vsw-3 no longer exists, and nothing wants it
        create vswitch.b
        0. note vswitch.a
        1. make vswitch.b (new): create > wait until available
    "#]],
    );
}

/// Kind 11: one refusal holds up only what needs it.
#[test]
fn a_refused_change_is_left_out_and_the_rest_goes_on() {
    let disk = |size: u32| {
        format!(
            "{NET}{}",
            server("web", &format!("system_disk = {{ size = {size} }}"))
        )
    };
    let model = Model::with(&disk(40));
    let config = disk(20).replace("[vswitch.a]", "name = \"net\"\n[vswitch.a]");
    let plan = model.plan(&config);
    expect![[r#"
        withheld instance.web
            because system_disk.size of instance.web is not changed by infra
        update vpc.main
        E0601 system_disk.size of instance.web is not changed by infra
            a disk does not shrink: write the size that is there, or more
        0. change vpc.main: change attributes
    "#]]
    .assert_eq(&text(&plan));
    assert_eq!(plan.findings.len(), 1);
}

#[test]
fn an_entry_with_nothing_but_a_deposed_one_that_is_gone_is_cleaned_up() {
    let mut model = Model::with(NET);
    let entry = model
        .state
        .resources
        .get_mut(&address("security_group.web"))
        .unwrap();
    entry.deposed.push(Deposed {
        id: "sg-old".to_owned(),
        ..Deposed::default()
    });
    check(
        &model,
        NET,
        expect![[r#"
            note security_group.web
            drift security_group.web: gone; it was left over by a replacement; this plan forgets it
            vanished security_group.web sg-old
            0. note security_group.web
        "#]],
    );
}

/// What joins alone, and what is remembered changes too: that is still something to do, not a note.
#[test]
fn a_join_beside_a_note_is_an_update() {
    let with = |more: &str| {
        format!(
            "{NET}{}[disk.data]\nzone_id = \"cn-hangzhou-h\"\nsize = 40\n{more}\n",
            server("web", "")
        )
    };
    let mut model = Model::with(&with(""));
    let entry = model.state.resources.get_mut(&address("disk.data")).unwrap();
    entry.deposed.push(Deposed {
        id: "d-old".to_owned(),
        ..Deposed::default()
    });
    check(
        &model,
        &with(ON_WEB),
        expect![[r#"
            update disk.data
            drift disk.data: gone; it was left over by a replacement; this plan forgets it
            vanished disk.data d-old
            0. note disk.data
            1. join disk.data: attach > wait until in use (after 0)
        "#]],
    );
    let plan = model.plan(&with(ON_WEB));
    assert!(!plan.is_empty());
}

/// One that was moved aside may still be joined to a partner: it leaves that before it is deleted, and before its
/// successor is joined there.
#[test]
fn what_was_moved_aside_lets_go_before_it_is_deleted() {
    let with = |more: &str| {
        format!(
            "{NET}{}[disk.data]\nzone_id = \"cn-hangzhou-h\"\nsize = 40\n{more}",
            server("web", "")
        )
    };
    let attached = "instance_id = \"${instance.web.id}\"\n";
    let first = "lifecycle = { create_before_destroy = true }\n";
    let mut model = Model::with(&with(attached));
    let encrypted = with(&format!("encrypted = true\n{first}{attached}"));
    // The making of the successor alone: what else was to be done waits for it or was not reached.
    let mut plan = model.plan(&encrypted);
    plan.tasks.retain(|task| task.phase == Phase::Make);
    model.run(&plan, 1).unwrap();
    assert_eq!(model.state.resources[&address("disk.data")].deposed.len(), 1);
    check(
        &model,
        &encrypted,
        expect![[r#"
        update disk.data
        delete disk.data
            because an interrupted replacement left it; the new one has its place
            LOST the 40 GiB of d-1 are erased
        0. let go disk.data (old d-1): detach > wait until available
        1. join disk.data: attach > wait until in use (after 0)
        2. remove disk.data (old d-1): delete > wait until gone (after 0)
    "#]],
    );
    // Nobody wants it attached any more.
    let alone = with(&format!("encrypted = true\n{first}"));
    check(
        &model,
        &alone,
        expect![[r#"
        delete disk.data
            because an interrupted replacement left it; the new one has its place
            LOST the 40 GiB of d-1 are erased
        note disk.data
        0. note disk.data
        1. let go disk.data (old d-1): detach > wait until available (after 0)
        2. remove disk.data (old d-1): delete > wait until gone (after 0, 1)
    "#]],
    );
    let plan = model.plan(&alone);
    model.finish(&plan, &alone).unwrap();
    check(&model, &alone, expect!["nothing\n"]);
}

/// A server leaves a vSwitch that is deleted before its successor is made, and joins a group that comes after that one
/// by nothing but a `depends_on`.
#[test]
fn a_mere_depends_on_closes_no_circle() {
    let with = |zone: &str, kind: &str, place: &str| {
        format!(
            "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
             [vswitch.a]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"{zone}\"\ncidr_block = \"10.0.1.0/24\"\n\
             [vswitch.b]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.2.0/24\"\n\
             [security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\nsecurity_group_type = \"{kind}\"\n\
             depends_on = [\"vswitch.a\"]\n{}",
            server("web", "").replace("vswitch.a.id", &format!("vswitch.{place}.id"))
        )
    };
    let mut model = Model::with(&with("cn-hangzhou-h", "normal", "a"));
    let after = with("cn-hangzhou-i", "enterprise", "b");
    check(
        &model,
        &after,
        expect![[r#"
        update instance.web
        replace security_group.web
            because security_group_type cannot change on a live security_group
        replace vswitch.a
            because zone_id cannot change on a live vswitch
        0. make security_group.web (new): create
        1. change instance.web: change attributes > stop > wait until stopped > move > start > wait until running (after 0)
        2. remove security_group.web: delete (after 1, 0)
        3. remove vswitch.a: delete > wait until gone (after 1)
        4. make vswitch.a (new): create > wait until available (after 3)
    "#]],
    );
    model.apply(&after);
    check(&model, &after, expect!["nothing\n"]);
}

/// One call takes it there, with its new groups; the network may be one that the same plan makes.
#[test]
fn a_server_moves_to_another_network_of_its_zone_where_it_stands() {
    let network = |name: &str, zone: &str| {
        format!(
            "[vpc.{name}]\ncidr_block = \"10.0.0.0/16\"\n\
             [vswitch.{name}]\nvpc_id = \"${{vpc.{name}.id}}\"\nzone_id = \"{zone}\"\ncidr_block = \"10.0.1.0/24\"\n\
             [security_group.{name}]\nvpc_id = \"${{vpc.{name}.id}}\"\n"
        )
    };
    let with = |networks: &str, name: &str| {
        format!(
            "{networks}[instance.web]\nname = \"web-{name}\"\ninstance_type = \"ecs.g7.large\"\nimage_id = \"img\"\n\
             vswitch_id = \"${{vswitch.{name}.id}}\"\nsecurity_group_ids = [\"${{security_group.{name}.id}}\"]\n"
        )
    };
    let (old, new) = (network("a", "cn-hangzhou-h"), network("b", "cn-hangzhou-h"));
    let mut model = Model::new();
    model.computes = true;
    model.apply(&with(&old, "a"));
    let after = with(&new, "b");
    let plan = model.plan(&after);
    let change = plan
        .changes
        .iter()
        .find(|one| one.address.to_string() == "instance.web")
        .unwrap();
    assert_eq!(change.fate, crate::change::Fate::Update, "{}", super::text(&plan));
    let task = plan
        .tasks
        .iter()
        .find(|task| !task.steps.is_empty() && task.phase == crate::task::Phase::Change)
        .unwrap();
    let steps: Vec<String> = task
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            crate::step::StepKind::Call(call) => {
                let params: Vec<&str> = call.params.keys().map(|name| name.as_str()).collect();
                Some(format!("{} {}", call.action.name, params.join(" ")))
            }
            crate::step::StepKind::Wait(_) => None,
        })
        .collect();
    expect![[r#"
        ModifyInstanceAttribute InstanceId InstanceName
        StopInstance InstanceId
        ModifyInstanceVpcAttribute InstanceId SecurityGroupId VSwitchId VpcId
        StartInstance InstanceId"#]]
    .assert_eq(&steps.join("\n"));
    model.finish(&plan, &after).unwrap();
    check(&model, &after, expect!["nothing\n"]);
    // In another zone there is no such call.
    let far = with(&network("c", "cn-hangzhou-i"), "c");
    let plan = model.plan(&far);
    let change = plan
        .changes
        .iter()
        .find(|one| one.address.to_string() == "instance.web")
        .unwrap();
    assert!(
        matches!(change.fate, crate::change::Fate::Replace { .. }),
        "{}",
        super::text(&plan)
    );
}

/// A server in a vSwitch, made anew with that, and one that may be elsewhere, with more in its block.
fn leaving(zone: &str, place: &str, more: &str) -> String {
    let web = server("web", "lifecycle = { replace_on = [\"vswitch_id\"] }\n");
    let app = server("app", more).replace("vswitch.a.id", &format!("vswitch.{place}.id"));
    format!(
        "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
         [vswitch.a]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"{zone}\"\ncidr_block = \"10.0.1.0/24\"\n\
         [vswitch.b]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.2.0/24\"\n\
         [security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\n{web}{app}"
    )
}

/// One server leaves a vSwitch that is deleted before its successor is made, and names the address of one that is made
/// there: it goes first and is told last.
#[test]
fn a_change_that_leaves_a_place_and_names_what_is_made_there_is_parted() {
    let mut model = Model::with(&leaving("cn-hangzhou-h", "a", ""));
    let behind = "description = \"behind ${instance.web.id}\"\n";
    let after = leaving("cn-hangzhou-i", "b", behind);
    check(
        &model,
        &after,
        expect![[r#"
        update instance.app
        replace instance.web
            because vswitch_id changes, and lifecycle.replace_on names it
            LOST the system disk of i-5 is erased
        replace vswitch.a
            because zone_id cannot change on a live vswitch
        0. let go instance.app: stop > wait until stopped > move > start > wait until running
        1. remove instance.web: stop > wait until stopped > delete > wait until gone
        2. remove vswitch.a: delete > wait until gone (after 0, 1)
        3. make vswitch.a (new): create > wait until available (after 2)
        4. make instance.web (new): create > wait until stopped > start > wait until running (after 1, 3)
        5. change instance.app: change attributes (after 0, 4)
    "#]],
    );
    model.apply(&after);
    check(&model, &after, expect!["nothing\n"]);
}

/// The same where it has to let go of something in any case.
#[test]
fn a_change_that_is_parted_lets_go_of_what_it_has_to() {
    let before = leaving("cn-hangzhou-h", "a", "ram_role_name = \"app\"\n");
    let model = Model::with(&before);
    let more = "description = \"behind ${instance.web.id}\"\n";
    let after = leaving("cn-hangzhou-i", "b", more);
    check(
        &model,
        &after,
        expect![[r#"
            update instance.app
            replace instance.web
                because vswitch_id changes, and lifecycle.replace_on names it
                LOST the system disk of i-5 is erased
            replace vswitch.a
                because zone_id cannot change on a live vswitch
            0. let go instance.app: detach role > stop > wait until stopped > move > start > wait until running
            1. remove instance.web: stop > wait until stopped > delete > wait until gone
            2. remove vswitch.a: delete > wait until gone (after 0, 1)
            3. make vswitch.a (new): create > wait until available (after 2)
            4. make instance.web (new): create > wait until stopped > start > wait until running (after 1, 3)
            5. change instance.app: change attributes (after 0, 4)
        "#]],
    );
}

#[test]
fn groups_that_name_each_other_and_themselves_are_no_cycle() {
    let rule = |peer: &str| {
        format!(
            "ingress = [{{ port_range = \"443\", source_group_id = \"${{security_group.{peer}.id}}\" }}]\n"
        )
    };
    let config = format!(
        "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[security_group.a]\nvpc_id = \"${{vpc.main.id}}\"\n{}\
         [security_group.b]\nvpc_id = \"${{vpc.main.id}}\"\n{}[security_group.c]\nvpc_id = \"${{vpc.main.id}}\"\n{}",
        rule("b"),
        rule("a"),
        rule("c")
    );
    let mut model = Model::new();
    check(
        &model,
        &config,
        expect![[r#"
        create security_group.a
        create security_group.b
        create security_group.c
        create vpc.main
        0. make vpc.main (new): create > wait until available
        1. make security_group.a (new): create (after 0)
        2. make security_group.b (new): create (after 0)
        3. join security_group.a (new): add 1 ingress rule (after 1, 2)
        4. join security_group.b (new): add 1 ingress rule (after 1, 2)
        5. make security_group.c (new): create > add 1 ingress rule (after 0)
    "#]],
    );
    model.apply(&config);
    expect![[r#"
        delete security_group.a
            because everything is to be deleted
        delete security_group.b
            because everything is to be deleted
        delete security_group.c
            because everything is to be deleted
        delete vpc.main
            because everything is to be deleted
        0. let go security_group.a: remove 1 ingress rule
        1. let go security_group.b: remove 1 ingress rule
        2. remove security_group.a: delete (after 0, 1)
        3. remove security_group.b: delete (after 0, 1)
        4. remove security_group.c: delete
        5. remove vpc.main: delete (after 0, 2, 1, 3, 4)
    "#]]
    .assert_eq(&text(&model.plan_destroy(&config)));
}

/// Two rules that differ only in peers that are not made yet are two rules.
#[test]
fn rules_of_peers_that_are_not_made_yet_are_told_apart() {
    let peers = ["a", "b", "c"].map(|peer| {
        format!("{{ port_range = \"443\", source_group_id = \"${{security_group.{peer}.id}}\" }}")
    });
    let config = format!(
        "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[security_group.a]\nvpc_id = \"${{vpc.main.id}}\"\n\
         [security_group.b]\nvpc_id = \"${{vpc.main.id}}\"\n[security_group.c]\nvpc_id = \"${{vpc.main.id}}\"\n\
         ingress = [{}]\n",
        peers.join(", ")
    );
    check(
        &Model::new(),
        &config,
        expect![[r#"
        create security_group.a
        create security_group.b
        create security_group.c
        create vpc.main
        0. make vpc.main (new): create > wait until available
        1. make security_group.a (new): create (after 0)
        2. make security_group.b (new): create (after 0)
        3. make security_group.c (new): create > add 1 ingress rule (after 0)
        4. join security_group.c (new): add 2 ingress rules (after 1, 2, 3)
    "#]],
    );
}

#[test]
fn a_private_address_is_freed_before_it_is_taken() {
    let with = |name: &str| format!("{NET}{}", server(name, "private_ip = \"10.0.1.9\""));
    let model = Model::with(&with("a"));
    check(
        &model,
        &with("b"),
        expect![[r#"
            delete instance.a
                because it is no longer in the configuration
                LOST the system disk of i-4 is erased
                LOST private IP 10.0.1.9 is released
            create instance.b
            W802 instance.b is new and instance.a is gone, and the two are alike
                if it only has a new name, say so before you apply, and it is kept:
                  infra state mv instance.a instance.b
            0. remove instance.a: stop > wait until stopped > delete > wait until gone
            1. make instance.b (new): create > wait until stopped > start > wait until running (after 0)
        "#]],
    );
}

#[test]
fn an_overlapping_network_is_freed_before_it_is_taken() {
    let model = Model::with(NET);
    let other = NET
        .replace("[vswitch.a]", "[vswitch.b]")
        .replace("10.0.1.0/24", "10.0.0.0/20");
    check(
        &model,
        &other,
        expect![[r#"
        delete vswitch.a
            because it is no longer in the configuration
        create vswitch.b
        0. remove vswitch.a: delete > wait until gone
        1. make vswitch.b (new): create > wait until available (after 0)
    "#]],
    );
}

#[test]
fn what_is_impossible_is_left_out_with_what_it_would_have_emptied() {
    let mut model = Model::with(&format!("{NET}{}", server("web", "")));
    let finding =
        crate::diagnostic::Diagnostic::error(crate::diagnostic::codes::REFUSED, "a foreign server is in it");
    model.impossible.insert(address("vpc.main"), finding);
    expect![[r#"
        withheld instance.web
            because it waits for security_group.web, which is left out
            LOST the system disk of i-4 is erased
        withheld security_group.web
            because it waits for vpc.main, which is left out
        withheld vpc.main
            because a foreign server is in it
        withheld vswitch.a
            because it waits for vpc.main, which is left out
        E0604 a foreign server is in it
    "#]]
    .assert_eq(&text(&model.plan_destroy(&format!("{NET}{}", server("web", "")))));
}

fn disk(more: &str) -> String {
    format!("[disk.data]\nzone_id = \"cn-hangzhou-h\"\nsize = 40\n{more}\n")
}

const ON_WEB: &str = "instance_id = \"${instance.web.id}\"";

#[test]
fn a_disk_and_an_address_are_joined_when_their_server_is_there() {
    let config = format!("{NET}{}{}[eip.web]\n{ON_WEB}\n", server("web", ""), disk(ON_WEB));
    check(
        &Model::new(),
        &config,
        expect![[r#"
        create disk.data
        create eip.web
        create instance.web
        create security_group.web
        create vpc.main
        create vswitch.a
        0. make disk.data (new): create > wait until available
        1. make eip.web (new): create > wait until available
        2. make vpc.main (new): create > wait until available
        3. make security_group.web (new): create (after 2)
        4. make vswitch.a (new): create > wait until available (after 2)
        5. make instance.web (new): create > wait until stopped > start > wait until running (after 3, 4)
        6. join disk.data (new): attach > wait until in use (after 0, 5)
        7. join eip.web (new): bind > wait until in use (after 1, 5)
    "#]],
    );
}

#[test]
fn a_disk_and_an_address_survive_the_replacement_of_their_server() {
    let with = |io: &str| {
        let server = server("web", &format!("io_optimized = \"{io}\""));
        format!("{NET}{server}{}[eip.web]\n{ON_WEB}\n", disk(ON_WEB))
    };
    let mut model = Model::with(&with("optimized"));
    let new = with("none");
    check(
        &model,
        &new,
        expect![[r#"
        update disk.data
        update eip.web
        replace instance.web
            because io_optimized cannot change on a live instance
            LOST the system disk of i-6 is erased
            kept disk.data (d-1): detach, then attach
            kept eip.web (eip-2): unbind, then bind
        0. let go disk.data: detach > wait until available
        1. let go eip.web: unbind > wait until available
        2. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0, 1)
        3. make instance.web (new): create > wait until stopped > start > wait until running (after 2)
        4. join disk.data: attach > wait until in use (after 0, 3)
        5. join eip.web: bind > wait until in use (after 1, 3)
    "#]],
    );
    model.apply(&new);
    check(&model, &new, expect!["nothing\n"]);
}

/// Another image is another system disk of the same server: told as a loss, and nothing else lets go.
#[test]
fn another_image_is_a_swap_of_the_system_disk() {
    let with = |image: &str| {
        let server = server("web", "").replace("ubuntu_22_04_x64_20G_alibase_20240819.vhd", image);
        format!("{NET}{server}{}", disk(ON_WEB))
    };
    let mut model = Model::with(&with("ubuntu_22_04_x64_20G_alibase_20240819.vhd"));
    let new = with("aliyun_3_x64_20G_alibase_20240819.vhd");
    check(
        &model,
        &new,
        expect![[r#"
            update instance.web
                LOST the system disk of i-5 is erased; a new one takes its place, and cloud-init runs again
            0. change instance.web: stop > wait until stopped > swap system disk > start > wait until running
        "#]],
    );
    model.apply(&new);
    check(&model, &new, expect!["nothing\n"]);
}

#[test]
fn a_disk_that_changes_its_server_lets_go_and_is_joined_again() {
    let with = |name: &str| {
        let on = ON_WEB.replace("web", name);
        format!("{NET}{}{}{}", server("web", ""), server("db", ""), disk(&on))
    };
    let model = Model::with(&with("web"));
    check(
        &model,
        &with("db"),
        expect![[r#"
        update disk.data
        0. let go disk.data: detach > wait until available
        1. join disk.data: attach > wait until in use (after 0)
    "#]],
    );
}

#[test]
fn a_disk_whose_server_goes_is_let_go_of_and_kept() {
    let both = format!("{NET}{}{}", server("web", ""), disk(ON_WEB));
    let model = Model::with(&both);
    check(
        &model,
        &format!("{NET}{}", disk("")),
        expect![[r#"
        update disk.data
        delete instance.web
            because it is no longer in the configuration
            LOST the system disk of i-5 is erased
            kept disk.data (d-1): detach
        0. let go disk.data: detach > wait until available
        1. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
    "#]],
    );
    expect![[r#"
        delete disk.data
            because everything is to be deleted
            LOST the 40 GiB of d-1 are erased
        delete instance.web
            because everything is to be deleted
            LOST the system disk of i-5 is erased
        delete security_group.web
            because everything is to be deleted
        delete vpc.main
            because everything is to be deleted
        delete vswitch.a
            because everything is to be deleted
        0. let go disk.data: detach > wait until available
        1. remove disk.data: delete > wait until gone (after 0)
        2. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
        3. remove security_group.web: delete (after 2)
        4. remove vswitch.a: delete > wait until gone (after 2)
        5. remove vpc.main: delete (after 3, 4)
    "#]]
    .assert_eq(&text(&model.plan_destroy(&both)));
}

/// A create-first and a delete-first replacement that only an older `depends_on` would make wait for each other.
#[test]
fn a_dependency_that_only_the_state_remembers_is_no_cycle() {
    let with = |zone: &str, group: &str| {
        let net = NET.replace("cn-hangzhou-h", zone);
        format!("{net}{group}\n{}", server("web", ""))
    };
    let model = Model::with(&with("cn-hangzhou-h", "depends_on = [\"vswitch.a\"]"));
    let plan = model.plan(&with("cn-hangzhou-i", "security_group_type = \"enterprise\""));
    assert!(plan.errors.is_empty(), "{:?}", plan.errors);
    assert!(model.clone().run(&plan, usize::MAX).is_ok());
}

/// What this version does not know was not looked for, so it is not forgotten.
#[test]
fn an_entry_of_an_unknown_type_is_refused() {
    let mut model = Model::with(NET);
    let entry = model.state.resources[&address("vswitch.a")].clone();
    let unknown = crate::state::Resource {
        type_name: "teleporter".to_owned(),
        id: "tp-1".to_owned(),
        dependencies: std::collections::BTreeSet::new(),
        ..entry
    };
    model.state.resources.insert(address("teleporter.a"), unknown);
    assert_eq!(model.plan(NET).errors[0].code, "E0846");
}

#[test]
fn objects_of_two_lives_are_told_apart() {
    let object = Object::next(address("vpc.main"));
    assert_ne!(object, Object::now(address("vpc.main")));
    assert_eq!(object.to_string(), "vpc.main (new)");
}

/// An entry cannot be turned to a card that is only made when the old one has gone: it goes before, and comes after.
#[test]
fn a_route_goes_before_the_card_that_it_leads_to_and_comes_after_its_successor() {
    let file = |zone: &str| {
        format!(
            r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.a]
vpc_id = "${{vpc.main.id}}"
zone_id = "{zone}"
cidr_block = "10.0.1.0/24"
[security_group.own]
vpc_id = "${{vpc.main.id}}"
[route_table.own]
vpc_id = "${{vpc.main.id}}"
[network_interface.hop]
vswitch_id = "${{vswitch.a.id}}"
security_group_ids = ["${{security_group.own.id}}"]
[route_entry.out]
route_table_id = "${{route_table.own.id}}"
destination_cidr_block = "10.8.0.0/16"
next_hop_type = "NetworkInterface"
next_hop_id = "${{network_interface.hop.id}}"
"#
        )
    };
    let mut model = Model::with(&file("cn-hangzhou-h"));
    let plan = model.plan(&file("cn-hangzhou-i"));
    expect![[r#"
        replace network_interface.hop
            because vswitch_id cannot change on a live network_interface, and vswitch.a is made anew
            LOST private IP its address is released
        replace route_entry.out
            because next_hop_id cannot change on a live route_entry, and network_interface.hop is made anew
        replace vswitch.a
            because zone_id cannot change on a live vswitch
        0. remove route_entry.out: delete > wait until gone
        1. remove network_interface.hop: delete > wait until gone (after 0)
        2. remove vswitch.a: delete > wait until gone (after 1)
        3. make vswitch.a (new): create > wait until available (after 2)
        4. make network_interface.hop (new): create > wait until available (after 1, 3)
        5. make route_entry.out (new): create > wait until available (after 4, 0)
    "#]]
    .assert_eq(&text(&plan));
    model.finish(&plan, &file("cn-hangzhou-i")).unwrap();
}

/// What somebody has taken off a server is not found again: it is told that the new one is empty.
#[test]
fn a_data_disk_that_somebody_took_off_is_told_to_be_made_anew_and_empty() {
    let config = format!(
        "{NET}{}",
        server("web", "data_disks = [{ name = \"data\", size = 30 }]")
    );
    let mut model = Model::with(&config);
    let id = model.state.resources[&address("instance.web")].id.clone();
    let observed = &mut model.objects.get_mut(&id).unwrap().observed;
    observed
        .attributes
        .insert("data_disks".to_owned(), Value::List(Vec::new()));
    check(
        &model,
        &config,
        expect![[r#"
            update instance.web
            drift instance.web: data_disks; this plan makes what is missing anew, empty; what still exists is kept if it is attached again first
            0. change instance.web: create data disk > attach data disk > wait until it shows
        "#]],
    );
}
