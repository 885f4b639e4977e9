//! Blocks that gain or lose `count` and `for_each`, and those that have a new name.

use expect_test::{Expect, expect};

use super::model::{Model, read};
use super::{NET, text};
use crate::address::{Address, Object};
use crate::diagnostic::codes;
use crate::plan::Plan;
use crate::state::{Deposed, Intent, IntentDraft, Resource};
use crate::task::Phase;

fn server(name: &str, more: &str) -> String {
    format!(
        "{NET}[instance.{name}]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.a.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n{more}\n"
    )
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn check(model: &Model, config: &str, expected: Expect) -> Plan {
    let plan = model.plan(config);
    expected.assert_eq(&text(&plan));
    plan
}

/// The plan is carried out, the object that was at the one address is at the other, and the next plan is empty.
fn keeps(before: &str, after: &str, from: &str, to: &str) {
    let mut model = Model::with(before);
    let id = model.state.resources[&address(from)].id.clone();
    model.apply(after);
    assert_eq!(model.state.resources[&address(to)].id, id);
    assert!(!model.state.resources.contains_key(&address(from)));
    let tag = &model.objects[&id].observed.tags["infra:addr"];
    assert_eq!(*tag, address(to).to_string());
    assert_eq!(text(&model.plan(after)), "nothing\n");
}

#[test]
fn a_block_that_gains_count_keeps_its_object() {
    check(
        &Model::with(&server("web", "")),
        &server("web", "count = 2"),
        expect![[r#"
            move instance.web[0]
                because it was instance.web; its block has count now
            create instance.web[1]
            0. note instance.web[0]
            1. change instance.web[0]: set tags (after 0)
            2. make instance.web[1] (new): create > wait until stopped > start > wait until running
        "#]],
    );
    keeps(
        &server("web", ""),
        &server("web", "count = 1"),
        "instance.web",
        "instance.web[0]",
    );
    keeps(
        &server("web", ""),
        &server("web", "count = 3"),
        "instance.web",
        "instance.web[0]",
    );
}

#[test]
fn a_block_that_loses_count_keeps_its_first_copy() {
    check(
        &Model::with(&server("web", "count = 2")),
        &server("web", ""),
        expect![[r#"
            move instance.web
                because it was instance.web[0]; its block has no copies any more
            delete instance.web[1]
                because its block now has another form (count or for_each)
                LOST the system disk of i-5 is erased
            0. note instance.web
            1. change instance.web: set tags (after 0)
            2. remove instance.web[1]: stop > wait until stopped > delete > wait until gone
        "#]],
    );
    keeps(
        &server("web", "count = 2"),
        &server("web", ""),
        "instance.web[0]",
        "instance.web",
    );
}

#[test]
fn the_only_key_stands_for_a_block_without_keys() {
    let one = "for_each = [\"blue\"]";
    keeps(
        &server("web", ""),
        &server("web", one),
        "instance.web",
        "instance.web[blue]",
    );
    keeps(
        &server("web", one),
        &server("web", ""),
        "instance.web[blue]",
        "instance.web",
    );
}

/// Which of several keys it is, nobody can know.
#[test]
fn several_keys_are_a_hint_and_no_move() {
    check(
        &Model::with(&server("web", "")),
        &server("web", "for_each = [\"blue\", \"green\"]"),
        expect![[r#"
            delete instance.web
                because its block now has another form (count or for_each)
                LOST the system disk of i-4 is erased
            create instance.web[blue]
            create instance.web[green]
            W802 instance.web[blue] is new and instance.web is gone, and the two are alike
                if it only has a new name, say so before you apply, and it is kept:
                  infra state mv instance.web 'instance.web[blue]'
            0. remove instance.web: stop > wait until stopped > delete > wait until gone
            1. make instance.web[blue] (new): create > wait until stopped > start > wait until running
            2. make instance.web[green] (new): create > wait until stopped > start > wait until running
        "#]],
    );
    check(
        &Model::with(&server("web", "for_each = [\"blue\", \"green\"]")),
        &server("web", ""),
        expect![[r#"
            create instance.web
            delete instance.web[blue]
                because its block now has another form (count or for_each)
                LOST the system disk of i-4 is erased
            delete instance.web[green]
                because its block now has another form (count or for_each)
                LOST the system disk of i-5 is erased
            W802 instance.web is new and instance.web[blue] is gone, and the two are alike
                if it only has a new name, say so before you apply, and it is kept:
                  infra state mv 'instance.web[blue]' instance.web
            0. make instance.web (new): create > wait until stopped > start > wait until running
            1. remove instance.web[blue]: stop > wait until stopped > delete > wait until gone
            2. remove instance.web[green]: stop > wait until stopped > delete > wait until gone
        "#]],
    );
}

#[test]
fn what_moves_may_be_changed_or_replaced_as_well() {
    let model = Model::with(&server("web", ""));
    check(
        &model,
        &server("web", "count = 1\nname = \"web\""),
        expect![[r#"
        update instance.web[0]
            because it was instance.web; its block has count now
        0. note instance.web[0]
        1. change instance.web[0]: change attributes > set tags (after 0)
    "#]],
    );
    let other_zone = server("web", "count = 1").replace("cn-hangzhou-h", "cn-hangzhou-i");
    check(
        &model,
        &other_zone,
        expect![[r#"
        replace instance.web[0]
            because it was instance.web; its block has count now
            because vswitch_id cannot change on a live instance, and vswitch.a is made anew
            LOST the system disk of i-4 is erased
        replace vswitch.a
            because zone_id cannot change on a live vswitch
        0. note instance.web[0]
        1. remove instance.web[0]: stop > wait until stopped > delete > wait until gone (after 0)
        2. remove vswitch.a: delete > wait until gone (after 1)
        3. make vswitch.a (new): create > wait until available (after 2)
        4. make instance.web[0] (new): create > wait until stopped > start > wait until running (after 0, 1, 3)
    "#]],
    );
    model.clone().apply(&other_zone);
}

/// All that needs it knows it by its new address, whether it has moved or not.
#[test]
fn dependents_of_what_moves_stay_as_they_are() {
    let before = server("web", "");
    let after = before
        .replace("[vpc.main]", "[vpc.main]\ncount = 1")
        .replace("${vpc.main.id}", "${vpc.main[0].id}")
        .replace("[vswitch.a]", "[vswitch.a]\nfor_each = [\"x\"]")
        .replace("${vswitch.a.id}", "${vswitch.a[x].id}");
    let mut model = Model::with(&before);
    check(
        &model,
        &after,
        expect![[r#"
        move vpc.main[0]
            because it was vpc.main; its block has count now
        move vswitch.a[x]
            because it was vswitch.a; its block has for_each now
        0. note vpc.main[0]
        1. change vpc.main[0]: set tags (after 0)
        2. note vswitch.a[x]
        3. change vswitch.a[x]: set tags (after 1, 2)
    "#]],
    );
    model.apply(&after);
    assert_eq!(text(&model.plan(&after)), "nothing\n");
    model.apply(&before);
    assert_eq!(text(&model.plan(&before)), "nothing\n");
    let destroy = model.plan_destroy(&after);
    model.run(&destroy, usize::MAX).unwrap();
    assert!(model.objects.is_empty());
}

/// A run that ends between the state's word and the tag is continued by the next.
#[test]
fn a_move_that_is_cut_anywhere_is_finished_by_the_next_run() {
    let (before, after) = (server("web", ""), server("web", "count = 2"));
    let whole = Model::with(&before).plan(&after).tasks.len();
    for tasks in 0..whole {
        let mut model = Model::with(&before);
        let id = model.state.resources[&address("instance.web")].id.clone();
        model.run(&model.plan(&after), tasks).unwrap();
        model.apply(&after);
        assert_eq!(model.state.resources[&address("instance.web[0]")].id, id);
        assert_eq!(text(&model.plan(&after)), "nothing\n", "cut after {tasks}");
    }
}

/// That instance.web does not become another one while a call is open is all that is wrong.
#[track_caller]
fn is_not_yet(plan: &Plan, to: &str, of: &str, action: &str) {
    let errors = plan.errors.iter();
    let told: Vec<_> = errors.map(|error| (error.code, &*error.message)).collect();
    let message = format!(
        "instance.web cannot become {to} yet: an interrupted run left a call open for {of}: {action}"
    );
    assert_eq!(told, [(codes::UNDER_WAY, &*message)]);
}

#[test]
fn nothing_moves_of_which_more_is_known() {
    let model = Model::with(&server("web", ""));
    let after = server("web", "count = 1");
    let moves = |plan: &Plan| plan.changes.iter().any(|change| change.moved_from.is_some());
    assert!(moves(&model.plan(&after)));

    let mut deposed = model.clone();
    let entry = deposed.state.resources.get_mut(&address("instance.web")).unwrap();
    entry.deposed.push(Deposed {
        id: "i-old".to_owned(),
        ..Deposed::default()
    });
    assert!(!moves(&deposed.plan(&after)));

    for name in ["instance.web", "instance.web[0]"] {
        let open = Intent {
            seq: 1,
            draft: IntentDraft {
                action: "RebootInstance".to_owned(),
                ..super::model::draft(&Object::now(address(name)))
            },
        };
        let plan = model.plan_of(&read(&after), false, &[open]);
        assert!(!moves(&plan), "{name}");
        is_not_yet(&plan, "instance.web[0]", name, "RebootInstance");
    }
    assert!(!moves(&model.plan_destroy(&after)));
    assert!(!moves(&model.plan(&server("web", "count = 0"))));
}

/// It would be made a second time under the new address, and the first would be found later.
#[test]
fn what_is_only_being_made_is_waited_for_before_it_moves() {
    let mut model = Model::with(NET);
    let made = Resource {
        type_name: "instance".to_owned(),
        ..Resource::default()
    };
    let open = Intent {
        seq: 1,
        draft: IntentDraft {
            action: "CreateInstance".to_owned(),
            resource: Some(Box::new(made)),
            ..super::model::draft(&Object::now(address("instance.web")))
        },
    };
    let said = "[[moved]]\nfrom = \"instance.web\"\nto = \"instance.app\"\n";
    for (after, to) in [
        (format!("{}{said}", server("app", "")), "instance.app"),
        (server("web", "count = 2"), "instance.web[0]"),
        (server("web", "for_each = [\"blue\"]"), "instance.web[blue]"),
    ] {
        let plan = model.plan_of(&read(&after), false, std::slice::from_ref(&open));
        is_not_yet(&plan, to, "instance.web", "CreateInstance");
        // Once it is settled as not done, nothing is in the way.
        assert_eq!(model.plan(&after).errors, []);
    }
    // What was made by then moves.
    model.apply(&server("web", ""));
    let id = model.state.resources[&address("instance.web")].id.clone();
    model.apply(&server("web", "count = 1"));
    assert_eq!(model.state.resources[&address("instance.web[0]")].id, id);
}

#[test]
fn a_block_with_a_new_name_is_noticed() {
    let model = Model::with(&server("web", ""));
    check(
        &model,
        &server("app", ""),
        expect![[r#"
        create instance.app
        delete instance.web
            because it is no longer in the configuration
            LOST the system disk of i-4 is erased
        W802 instance.app is new and instance.web is gone, and the two are alike
            if it only has a new name, say so before you apply, and it is kept:
              infra state mv instance.web instance.app
        0. make instance.app (new): create > wait until stopped > start > wait until running
        1. remove instance.web: stop > wait until stopped > delete > wait until gone
    "#]],
    );
    // What needs what has a new name is alike too.
    let renamed = server("web", "")
        .replace("[vpc.main]", "[vpc.net]")
        .replace("vpc.main.id", "vpc.net.id")
        .replace("[vswitch.a]", "[vswitch.b]")
        .replace("vswitch.a.id", "vswitch.b.id");
    let plan = model.plan(&renamed);
    let told: Vec<String> = plan
        .findings
        .iter()
        .flat_map(|one| &one.help)
        .map(ToString::to_string)
        .collect();
    expect![[r#"
        if it only has a new name, say so before you apply, and it is kept:
          infra state mv vpc.main vpc.net
          infra state mv vswitch.a vswitch.b"#]]
    .assert_eq(&told.join("\n"));
    // Another size is another server.
    let other = server("app", "").replace("ecs.g7.large", "ecs.g7.xlarge");
    assert!(model.plan(&other).findings.is_empty());
    assert!(model.plan_destroy(&server("app", "")).findings.is_empty());
}

#[test]
fn a_note_about_a_move_comes_before_all_else_at_both_addresses() {
    let plan = Model::with(&server("web", "")).plan(&server("web", "count = 2"));
    let note = plan
        .tasks
        .iter()
        .position(|task| task.phase == Phase::Note)
        .unwrap();
    for task in plan
        .tasks
        .iter()
        .filter(|task| task.object.address == address("instance.web[0]"))
    {
        assert!(task.phase == Phase::Note || task.after.contains(&note));
    }
}
