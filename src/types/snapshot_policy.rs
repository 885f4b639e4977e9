//! Snapshot policy: when snapshots of a disk are made by themselves, and how long they are kept.
//!
//! Its actions know no token, and nothing but its tags tells one from another: a create whose answer was lost is looked
//! for before there is another. Most of its parameters begin with a small letter.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, SERVER_TAGS};
use super::form;
use super::resource_type::{
    Complaint, Create, Delete, IdFilter, Read, Replacement, ResourceType, TagShape, Tagging,
};
use crate::api::{Codes, Pages, action};
use crate::diagnostic::codes;
use crate::value::{Attributes, Value};

pub(super) static SNAPSHOT_POLICY: ResourceType = ResourceType {
    name: "snapshot_policy",
    doc: "When snapshots of a disk are made by themselves, and how long they are kept.",
    id_prefix: "sp-",
    id_param: "autoSnapshotPolicyId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_AUTO_SNAPSHOT_POLICY_EX,
        list: "AutoSnapshotPolicies.AutoSnapshotPolicy",
        id_field: "AutoSnapshotPolicyId",
        pages: Pages::ByNumber { max: 100 },
        ids: IdFilter::One {
            param: "AutoSnapshotPolicyId",
        },
        tags: TagShape::Ecs,
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_AUTO_SNAPSHOT_POLICY,
        id_field: "AutoSnapshotPolicyId",
        ready: None,
    },
    delete: Delete {
        action: &action::DELETE_AUTO_SNAPSHOT_POLICY,
        gone: None,
    },
    tagging: Some(Tagging {
        kind: "snapshotpolicy",
        ..SERVER_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidAutoSnapshotPolicyId.NotFound"],
        retry: &[],
        in_use: &[],
    },
    replacement: Replacement::CreateFirst,
    normalise,
    check,
    ..BASE
};

static MODIFY: Update = Update::by(&action::MODIFY_AUTO_SNAPSHOT_POLICY_EX, "change attributes");

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .param("autoSnapshotPolicyName")
        .field("AutoSnapshotPolicyName")
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("time_points", Kind::IntegerSet { min: 0, max: 23 })
        .required()
        .updated_by(&MODIFY)
        .param("timePoints")
        .json_texts()
        .field("TimePoints")
        .always()
        .doc("The hours of the day (UTC+8) in which a snapshot is made: [1, 13]."),
    attr("repeat_weekdays", Kind::IntegerSet { min: 1, max: 7 })
        .required()
        .updated_by(&MODIFY)
        .param("repeatWeekdays")
        .json_texts()
        .field("RepeatWeekdays")
        .always()
        .doc("The days of the week, 1 for Monday to 7 for Sunday: [1, 2, 3, 4, 5]."),
    attr("retention_days", Kind::Integer { min: -1, max: 65_535 })
        .required()
        .updated_by(&MODIFY)
        .param("retentionDays")
        .field("RetentionDays")
        .always()
        .doc("How many days a snapshot is kept; -1 for ever."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("AutoSnapshotPolicyId")
        .doc("The id, e.g. \"sp-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .doc("Normal, or Expire where the account owes money."),
];

/// No days are no time.
fn check(attributes: &Attributes) -> Vec<Complaint> {
    let is_none = attributes.get("retention_days") == Some(&Value::Integer(0));
    let complaint = is_none.then(|| Complaint {
        code: codes::OUT_OF_RANGE,
        attribute: "retention_days",
        message: "retention_days is a number of days, or -1 for ever; this is 0".to_owned(),
        help: "retention_days = 7".to_owned(),
    });
    complaint.into_iter().collect()
}

/// Answers write a list as a JSON array of texts inside one text; a set has one order.
fn normalise(attributes: &mut Attributes) {
    for name in ["time_points", "repeat_weekdays"] {
        let Some(value) = attributes.get_mut(name) else {
            continue;
        };
        if let Value::String(text) = value
            && let Ok(list) = serde_json::from_str::<Vec<String>>(text)
        {
            let numbers = list.iter().filter_map(|text| text.parse().ok());
            *value = Value::List(numbers.map(Value::Integer).collect());
        }
        if let Value::List(items) = value {
            items.sort_by_key(Value::as_integer);
            items.dedup();
        }
    }
}
