//! Tags of ours that are not as they should be.

use expect_test::expect;

use super::model::Model;
use super::text;

const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vpc.other]
cidr_block = "10.1.0.0/16"
"#;

/// Without the tag that a version before it did not know.
fn old() -> Model {
    let mut model = Model::with(NET);
    for thing in model.objects.values_mut() {
        thing.observed.tags.remove("infra:project");
    }
    model
}

#[test]
fn the_tag_that_an_older_version_did_not_set_is_no_update_of_its_own() {
    let mut model = old();
    let plan = model.plan(NET);
    expect![[r#"
        tag vpc.main
        tag vpc.other
        0. change vpc.main: set tags
        1. change vpc.other: set tags
    "#]]
    .assert_eq(&text(&plan));
    assert!(!plan.is_empty() && plan.drift.is_empty());
    model.apply(NET);
    assert_eq!(text(&model.plan(NET)), "nothing\n");
}

#[test]
fn who_changes_otherwise_or_lost_more_than_that_tag_is_shown() {
    let mut model = old();
    let named = NET.replace("[vpc.other]", "name = \"net\"\n[vpc.other]");
    expect![[r#"
        update vpc.main
        tag vpc.other
        0. change vpc.main: change attributes > set tags
        1. change vpc.other: set tags
    "#]]
    .assert_eq(&text(&model.plan(&named)));
    for thing in model.objects.values_mut() {
        thing.observed.tags.remove("infra:addr");
    }
    expect![[r#"
        update vpc.main
        update vpc.other
        0. change vpc.main: set tags
        1. change vpc.other: set tags
    "#]]
    .assert_eq(&text(&model.plan(NET)));
}
