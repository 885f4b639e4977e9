//! Tags that are planned, and what can have tags.

use serde_json::json;

use super::super::Sim;
use super::super::catalogue::Step;

const TAG: &str = "2018-08-28";

pub(super) const TAG_WALK: &[Step] = &[
    Step::of(
        TAG,
        "CreateTags",
        &[
            ("TagKeyValueParamList.1.Key", "stage"),
            ("TagKeyValueParamList.1.TagValueParamList.1.Value", "test"),
        ],
    ),
    Step::of(TAG, "ListTagKeys", &[("QueryType", "MetaTag")]),
    Step::of(
        TAG,
        "ListTagValues",
        &[("Key", "stage"), ("QueryType", "MetaTag")],
    ),
    Step::of(TAG, "DeleteTag", &[("Key", "stage"), ("Value", "test")]),
    Step::of(TAG, "DeleteTag", &[("Key", "stage")]),
    Step::of(TAG, "ListSupportResourceTypes", &[("ShowItems", "true")]),
];

const CENTER: (&str, &str) = ("RegionId", "cn-hangzhou");

#[test]
fn a_planned_key_goes_when_it_has_no_values() {
    let mut sim = Sim::new();
    let order = [
        CENTER,
        ("TagKeyValueParamList.1.Key", "stage"),
        ("TagKeyValueParamList.1.Description", "where it stands"),
        ("TagKeyValueParamList.1.TagValueParamList.1.Value", "test"),
        ("TagKeyValueParamList.1.TagValueParamList.2.Value", "live"),
        ("TagKeyValueParamList.2.Key", "owner"),
    ];
    sim.call(TAG, "CreateTags", &order).ok();
    let planned = ("QueryType", "MetaTag");
    let keys = sim.call(TAG, "ListTagKeys", &[CENTER, planned]).ok();
    assert_eq!(
        keys["Keys"]["Key"],
        json!([
            {"Category": "custom", "Description": "", "Key": "owner"},
            {"Category": "custom", "Description": "where it stands", "Key": "stage"},
        ])
    );
    let values = [CENTER, planned, ("Key", "stage")];
    let shown = sim.call(TAG, "ListTagValues", &values).ok();
    assert_eq!(shown["Values"]["Value"], json!(["live", "test"]));
    // No thing has it.
    let keys = sim.call(TAG, "ListTagKeys", &[CENTER]).ok();
    assert_eq!(keys["Keys"]["Key"], json!([]));
    // More values are added.
    let more = [
        CENTER,
        ("TagKeyValueParamList.1.Key", "stage"),
        ("TagKeyValueParamList.1.TagValueParamList.1.Value", "old"),
    ];
    sim.call(TAG, "CreateTags", &more).ok();
    let own = [CENTER, ("Key", "stage")];
    sim.call(TAG, "DeleteTag", &own)
        .refused(400, "MetaTagKeyHasValue");
    for value in ["live", "old", "test"] {
        sim.call(TAG, "DeleteTag", &[own[0], own[1], ("Value", value)])
            .ok();
    }
    sim.call(TAG, "DeleteTag", &[own[0], own[1], ("Value", "live")])
        .refused(403, "MetaTagKeyNotFound");
    sim.call(TAG, "DeleteTag", &own).ok();
    sim.call(TAG, "DeleteTag", &own)
        .refused(403, "MetaTagKeyNotFound");
    sim.call(TAG, "ListTagValues", &values)
        .refused(403, "MetaTagKeyNotFound");
}

#[test]
fn a_plan_is_made_in_the_centre_and_of_good_words() {
    let mut sim = Sim::new();
    let elsewhere = ("RegionId", "cn-beijing");
    let key = ("TagKeyValueParamList.1.Key", "stage");
    sim.call(TAG, "CreateTags", &[elsewhere, key])
        .refused(403, "WrongEndpoint");
    sim.call(TAG, "DeleteTag", &[elsewhere, ("Key", "stage")])
        .refused(403, "WrongEndpoint");
    for wrong in ["aliyun-own", "acs:own", "http://own"] {
        sim.call(
            TAG,
            "CreateTags",
            &[CENTER, ("TagKeyValueParamList.1.Key", wrong)],
        )
        .refused(403, "InvalidParameter.Key");
    }
    let value = ("TagKeyValueParamList.1.TagValueParamList.1.Value", "https://own");
    sim.call(TAG, "CreateTags", &[CENTER, key, value])
        .refused(403, "InvalidParameter.Value");
    let described = (
        "TagKeyValueParamList.1.TagValueParamList.1.Description",
        "of none",
    );
    sim.call(TAG, "CreateTags", &[CENTER, key, described])
        .refused(404, "MissingParameter.Value");
    sim.call(TAG, "CreateTags", &[CENTER])
        .refused(404, "MissingParameter.TagKeyValueParamList");
    let nameless = ("TagKeyValueParamList.1.Description", "of none");
    sim.call(TAG, "CreateTags", &[CENTER, nameless])
        .refused(404, "MissingParameter.Key");
    sim.call(TAG, "DeleteTag", &[CENTER])
        .refused(404, "MissingParameter.Key");
}

#[test]
fn what_can_have_tags_is_told_with_what_is_supported() {
    let mut sim = Sim::new();
    let all = sim
        .call(TAG, "ListSupportResourceTypes", &[("MaxResult", "1000")])
        .ok();
    let all = all["SupportResourceTypes"].as_array().unwrap().clone();
    let own = all
        .iter()
        .find(|one| one["ProductCode"] == "ecs" && one["ResourceType"] == "instance")
        .unwrap();
    assert_eq!(
        own["ArnTemplate"],
        "arn:acs:ecs:${Region}:${Account}:instance/${ResourceId}"
    );
    assert!(own.get("SupportItems").is_none());
    let mut count = |params: &[(&str, &str)]| {
        let shown = sim.call(TAG, "ListSupportResourceTypes", params).ok();
        shown["SupportResourceTypes"].as_array().unwrap().len()
    };
    assert_eq!(count(&[("ProductCode", "ecs"), ("ResourceTye", "disk")]), 1);
    assert_eq!(count(&[("SupportCode", "CREATED_BY_TAG_CONSOLE_SUPPORT")]), 0);
    assert_eq!(
        count(&[("SupportCode", "TAG_CONSOLE_SUPPORT"), ("MaxResult", "1000")]),
        all.len()
    );
    let items = [("ResourceTye", "vpc"), ("ShowItems", "true")];
    let shown = sim.call(TAG, "ListSupportResourceTypes", &items).ok();
    let items = &shown["SupportResourceTypes"][0]["SupportItems"];
    assert_eq!(
        items[0],
        json!({"SupportCode": "TAG_CONSOLE_SUPPORT", "Support": true})
    );
}
