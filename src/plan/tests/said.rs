//! What a file says of what exists: `lifecycle`, `[[moved]]`, `[[import]]` and `[[removed]]`.

use expect_test::{Expect, expect};

use super::model::Model;
use super::{NET, text};
use crate::address::Address;
use crate::change::Fate;
use crate::diagnostic::codes;
use crate::value::Value;

fn server(name: &str, more: &str) -> String {
    format!(
        "{NET}[instance.{name}]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${{vswitch.a.id}}\"\nsecurity_group_ids = [\"${{security_group.web.id}}\"]\n{more}\n"
    )
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn id(model: &Model, at: &str) -> String {
    model.state.resources[&address(at)].id.clone()
}

fn check(model: &Model, config: &str, expected: Expect) {
    expected.assert_eq(&text(&model.plan(config)));
}

fn set(model: &mut Model, at: &str, name: &str, value: impl Into<Value>) {
    let id = id(model, at);
    let thing = model.objects.get_mut(&id).unwrap();
    thing.observed.attributes.insert(name.to_owned(), value.into());
}

#[test]
fn what_is_ignored_is_left_as_it_is() {
    let ignoring = |more: &str| {
        server(
            "web",
            &format!(
                "name = \"ours\"\n{more}lifecycle = {{ ignore_changes = [\"name\", \"instance_type\", \"tags.owner\"] }}"
            ),
        )
    };
    let config = ignoring("tags = { owner = \"us\", app = \"shop\" }\n");
    let mut model = Model::with(&config);
    set(&mut model, "instance.web", "name", "theirs");
    set(&mut model, "instance.web", "instance_type", "ecs.g7.xlarge");
    let id = id(&model, "instance.web");
    let thing = model.objects.get_mut(&id).unwrap();
    thing.observed.tags.insert("owner".to_owned(), "them".to_owned());
    if let Some(Value::Map(tags)) = thing.observed.attributes.get_mut("tags") {
        tags.insert("owner".to_owned(), Value::from("them"));
    }
    let plan = model.plan(&config);
    assert!(plan.is_empty(), "{}", text(&plan));
    model.apply(&config);
    assert_eq!(text(&model.plan(&config)), "nothing\n");
    // A change in the file is as much a change.
    let edited = config.replace("\"ours\"", "\"other\"");
    assert!(model.plan(&edited).is_empty());
    // What is not ignored goes on.
    let plan = model.plan(&config.replace("app = \"shop\"", "app = \"web\""));
    let update = plan
        .changes
        .iter()
        .find(|change| change.fate == Fate::Update)
        .unwrap();
    let paths: Vec<&str> = update.attributes.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["tags.app"]);
}

#[test]
fn what_is_ignored_is_what_others_see() {
    let config = format!(
        "{}[output]\nname = \"${{instance.web.name}}\"\n",
        server(
            "web",
            "name = \"ours\"\nlifecycle = { ignore_changes = [\"name\"] }"
        )
    );
    let mut model = Model::with(&config);
    set(&mut model, "instance.web", "name", "theirs");
    let plan = model.plan(&config);
    assert_eq!(plan.outputs[0].after, Some(Value::from("theirs")));
}

#[test]
fn a_new_one_gets_what_the_file_says() {
    let config = server(
        "web",
        "name = \"ours\"\nlifecycle = { ignore_changes = [\"name\"] }",
    );
    let mut model = Model::with(&config);
    set(&mut model, "instance.web", "name", "theirs");
    model.selection.replaces.insert(address("instance.web"));
    model.apply(&config);
    let id = id(&model, "instance.web");
    assert_eq!(
        model.objects[&id].observed.attributes["name"],
        Value::from("ours")
    );
}

#[test]
fn the_new_one_may_come_first() {
    let config = server("web", "lifecycle = { create_before_destroy = true }");
    let mut model = Model::with(&config);
    model.selection.replaces.insert(address("instance.web"));
    check(
        &model,
        &config,
        expect![[r#"
        replace instance.web
            because it was asked for (--replace)
            LOST the system disk of i-4 is erased
        0. make instance.web (new): create > wait until stopped > start > wait until running
        1. remove instance.web: stop > wait until stopped > delete > wait until gone (after 0)
    "#]],
    );
    model.apply(&config);
    // And a type that makes the new one first may be told not to.
    let mut model = Model::with(NET);
    model.selection.replaces.insert(address("security_group.web"));
    let fate = |model: &Model, config: &str| {
        let plan = model.plan(config);
        plan.changes
            .iter()
            .find(|change| change.address == address("security_group.web"))
            .unwrap()
            .fate
    };
    assert_eq!(fate(&model, NET), Fate::Replace { create_first: true });
    let told = format!("{NET}lifecycle = {{ create_before_destroy = false }}\n");
    assert_eq!(fate(&model, &told), Fate::Replace { create_first: false });
}

#[test]
fn two_that_cannot_be_side_by_side_are_left_out_and_it_is_said_why() {
    let fixed = server(
        "web",
        "private_ip = \"10.0.1.9\"\nlifecycle = { create_before_destroy = true }",
    );
    let mut model = Model::with(&fixed);
    model.selection.replaces.insert(address("instance.web"));
    let plan = model.plan(&fixed);
    let [finding] = &plan.findings[..] else {
        panic!("{}", text(&plan))
    };
    assert_eq!(finding.code, codes::NOT_SIDE_BY_SIDE);
    assert!(finding.message.contains("10.0.1.9"), "{}", finding.message);
    assert!(plan.withholds() && plan.tasks.iter().all(|task| task.is_note()));
    // Nor while what it needs goes first.
    let held = server("web", "lifecycle = { create_before_destroy = true }");
    let mut model = Model::with(&held);
    let moved = held.replace("10.0.1.0/24", "10.0.2.0/24");
    let plan = model.plan(&moved.replace("cn-hangzhou-h", "cn-hangzhou-i"));
    let told: Vec<&str> = plan
        .findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    let is_held = |text: &&str| text.contains("vswitch.a, which it needs");
    assert!(told.iter().any(is_held) || !plan.withholds(), "{}", text(&plan));
    model.selection = Default::default();
}

#[test]
fn what_is_named_makes_it_anew() {
    let config = server(
        "web",
        "name = \"web-a\"\nlifecycle = { replace_on = [\"name\", \"security_group.web\"] }",
    );
    let mut model = Model::with(&config);
    check(
        &model,
        &config.replace("web-a", "web-b"),
        expect![[r#"
        replace instance.web
            because name changes, and lifecycle.replace_on names it
            LOST the system disk of i-4 is erased
        0. remove instance.web: stop > wait until stopped > delete > wait until gone
        1. make instance.web (new): create > wait until stopped > start > wait until running (after 0)
    "#]],
    );
    let described = config.replace(
        "[security_group.web]\n",
        "[security_group.web]\ndescription = \"mine\"\n",
    );
    let plan = model.apply(&described);
    let change = plan
        .changes
        .iter()
        .find(|change| change.address == address("instance.web"))
        .unwrap();
    assert_eq!(
        change.reasons,
        ["security_group.web changes, and lifecycle.replace_on names it"]
    );
    assert!(matches!(change.fate, Fate::Replace { .. }));
    assert_eq!(text(&model.plan(&described)), "nothing\n");
}

#[test]
fn what_has_moved_keeps_its_object() {
    let mut model = Model::with(&server("web", "count = 2"));
    let before = [id(&model, "instance.web[0]"), id(&model, "instance.web[1]")];
    let moved = format!(
        "{}[[moved]]\nfrom = \"instance.web\"\nto = \"instance.app\"\n",
        server("app", "count = 2")
    );
    check(
        &model,
        &moved,
        expect![[r#"
        move instance.app[0]
            because it was instance.web[0], says [[moved]] in infra.toml:19
        move instance.app[1]
            because it was instance.web[1], says [[moved]] in infra.toml:19
        0. note instance.app[0]
        1. change instance.app[0]: set tags (after 0)
        2. note instance.app[1]
        3. change instance.app[1]: set tags (after 2)
    "#]],
    );
    model.apply(&moved);
    assert_eq!(
        [id(&model, "instance.app[0]"), id(&model, "instance.app[1]")],
        before
    );
    assert_eq!(text(&model.plan(&moved)), "nothing\n");
    // From one address over another to a third, and into a block with copies.
    let mut model = Model::with(&server("web", ""));
    let before = id(&model, "instance.web");
    let chain = format!(
        "{}[[moved]]\nfrom = \"instance.web\"\nto = \"instance.main[blue]\"\n",
        server("main", "for_each = [\"blue\", \"green\"]")
    );
    model.apply(&chain);
    assert_eq!(id(&model, "instance.main[blue]"), before);
}

#[test]
fn what_cannot_move_is_told_and_nothing_is_done() {
    let two = format!("{}{}", server("web", ""), server("app", "").replace(NET, ""));
    let model = Model::with(&two);
    let moved = format!(
        "{}[[moved]]\nfrom = \"instance.web\"\nto = \"instance.app\"\n",
        server("app", "")
    );
    let plan = model.plan(&moved);
    assert_eq!(plan.errors.len(), 1);
    assert_eq!(plan.errors[0].code, codes::TAKEN);
}

#[test]
fn what_is_imported_is_taken_over_and_protected() {
    let mut model = Model::with(&format!("{NET}[vpc.theirs]\ncidr_block = \"10.9.0.0/16\"\n"));
    let id = id(&model, "vpc.theirs");
    model.state.resources.remove(&address("vpc.theirs"));
    let thing = model.objects.get_mut(&id).unwrap();
    thing.observed.tags.clear();
    let config = format!(
        "{NET}[vpc.old]\ncidr_block = \"10.9.0.0/16\"\n[[import]]\nto = \"vpc.old\"\nid = \"{id}\"\n"
    );
    model.imports.insert(address("vpc.old"), id.clone());
    let plan = model.plan(&config);
    let import = plan
        .changes
        .iter()
        .find(|change| change.fate == Fate::Import)
        .unwrap();
    assert_eq!(import.id.as_deref(), Some(id.as_str()));
    assert!(
        import.reasons[0].contains("[[import]] in "),
        "{:?}",
        import.reasons
    );
    model.apply(&config);
    let known = &model.state.resources[&address("vpc.old")];
    assert!(known.imported && known.is_protected());
    assert_eq!(text(&model.plan(&config)), "nothing\n");
    // Until its block says otherwise it may not go.
    assert_eq!(model.plan(NET).forbidden.len(), 1);
}

#[test]
fn what_is_removed_may_go_on_existing() {
    let mut model = Model::with(&server("web", "count = 2"));
    let objects = model.objects.len();
    let removed = format!("{NET}[[removed]]\nfrom = \"instance.web\"\ndestroy = false\n");
    check(
        &model,
        &removed,
        expect![[r#"
        forget instance.web[0]
            because [[removed]] in infra.toml:13 says so; i-4 goes on existing
        forget instance.web[1]
            because [[removed]] in infra.toml:13 says so; i-5 goes on existing
        0. note instance.web[0]
        1. note instance.web[1]
    "#]],
    );
    model.apply(&removed);
    assert_eq!(model.objects.len(), objects);
    assert_eq!(
        text(&model.plan(&removed)),
        "nothing\n",
        "and nobody asks about it again"
    );
    let mut model = Model::with(&server("web", ""));
    let deleted = format!("{NET}[[removed]]\nfrom = \"instance.web\"\n");
    model.apply(&deleted);
    assert_eq!(model.objects.len(), objects - 2);
}
