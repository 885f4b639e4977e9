//! Disk: storage of its own, attached to one server at a time.
//!
//! It outlives the server that it is attached to unless `delete_with_instance` says otherwise, and grows in place.

use std::ops::RangeInclusive;

use super::attribute::{Attribute, Changeable, Kind, Update, attr};
use super::base::{BASE, SERVER_TAGS};
use super::form;
use super::relation::{Along, Partner, RELATION, Relation};
use super::resource_type::{
    Complaint, Create, Delete, IdFilter, Read, Replacement, ResourceType, Steps, TagShape, Tagging, ToChange,
};
use super::steps;
use crate::api::{Codes, Pages, action};
use crate::diagnostic::codes::{self, Code};
use crate::step::{Call, Step, StepKind, Unless};
use crate::value::{Attributes, Value};

pub(super) static DISK: ResourceType = ResourceType {
    name: "disk",
    doc: "A disk that can be attached to a server.",
    id_prefix: "d-",
    id_param: "DiskId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_DISKS,
        list: "Disks.Disk",
        id_field: "DiskId",
        pages: Pages::ByNumber { max: 100 },
        ids: IdFilter::Json {
            param: "DiskIds",
            max: 100,
        },
        tags: TagShape::Ecs,
        // A server's own disk may carry the server's tags.
        params: &[("DiskType", "data")],
    },
    create: Create {
        action: &action::CREATE_DISK,
        id_field: "DiskId",
        ready: Some((LEFT, TIMEOUT_S)),
    },
    delete: Delete {
        action: &action::DELETE_DISK,
        gone: Some(TIMEOUT_S),
    },
    tagging: Some(Tagging {
        kind: "disk",
        ..SERVER_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidDiskId.NotFound"],
        retry: &[
            "IncorrectDiskStatus",
            "IncorrectInstanceStatus",
            "InvalidOperation.Conflict",
            "OperationConflict",
            "Operation.Conflict",
            "DiskCreatingSnapshot",
            "DisksDetachingOnEcsExceeded",
            "LastOrderProcessing",
            // It is so already: a look shows it.
            "InvalidDisk.AlreadyDetached",
            "NoChangeInDiskCategoryAndPerformanceLevel",
        ],
        in_use: &["DependencyViolation", "DiskStillAttached"],
    },
    replacement: Replacement::CreateFirst,
    relations: &[
        Relation {
            attribute: "instance_id",
            partners: &[Partner {
                type_name: "instance",
                id_prefix: "i-",
                params: &[],
            }],
            own_param: "DiskId",
            join_attributes: &["delete_with_instance"],
            along: Some(Along {
                goes: |attributes| attributes.get("delete_with_instance") == Some(&Value::Bool(true)),
                keep,
            }),
            status: Some((JOINED, LEFT)),
            timeout_s: TIMEOUT_S,
            ..RELATION
        },
        Relation {
            attribute: "auto_snapshot_policy_id",
            partners: &[Partner {
                type_name: "snapshot_policy",
                id_prefix: "sp-",
                params: &[],
            }],
            join: &action::APPLY_AUTO_SNAPSHOT_POLICY,
            leave: &action::CANCEL_AUTO_SNAPSHOT_POLICY,
            partner_param: "autoSnapshotPolicyId",
            own_param: "diskIds",
            own_list: true,
            join_name: "apply snapshot policy",
            leave_name: "cancel snapshot policy",
            ..RELATION
        },
    ],
    normalise,
    check,
    partner_rule,
    change_rule,
    losses,
    update_hints: |change| {
        let size = |attributes: &Attributes| attributes.get("size")?.as_integer();
        let sizes = size(change.before).zip(size(change.wanted.attributes));
        let is_grown =
            change.changed.contains(&"size") && sizes.is_some_and(|(before, after)| before < after);
        let hint = is_grown.then(|| grown("it", "on the server that has it"));
        hint.into_iter().collect()
    },
    steps: Steps { update, ..BASE.steps },
    ..BASE
};

const JOINED: &str = "In_use";
const LEFT: &str = "Available";

/// How long any change of status may take, in seconds; detaching alone takes about a minute.
const TIMEOUT_S: u64 = 600;

static MODIFY: Update = Update::by(&action::MODIFY_DISK_ATTRIBUTE, "change attributes");

static MODIFY_SPEC: Update = Update::by(&action::MODIFY_DISK_SPEC, "change performance");

static RESIZE: Update = Update::by(&action::RESIZE_DISK, "grow");

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .param("DiskName")
        .field("DiskName")
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
    attr(
        "disk_category",
        Kind::Enum(&[
            "cloud_essd",
            "cloud_auto",
            "cloud_essd_entry",
            "cloud_ssd",
            "cloud_efficiency",
            "cloud",
        ]),
    )
    .updated_by(&MODIFY_SPEC)
    .field("Category")
    .always()
    .doc("The kind of disk, e.g. \"cloud_essd\"."),
    attr("size", Kind::Integer { min: 1, max: 65_536 })
        .updated_by(&RESIZE)
        .update_param("NewSize")
        .always()
        .doc("GiB; it can grow in place, and never shrinks."),
    attr("performance_level", Kind::Enum(&["PL0", "PL1", "PL2", "PL3"]))
        .updated_by(&MODIFY_SPEC)
        .doc("The performance level of a cloud_essd disk; PL1 if not given."),
    attr("zone_id", Kind::String)
        .required()
        .replaces()
        .always()
        .doc("The zone, that of its server: \"cn-hangzhou-h\"."),
    attr("snapshot_id", Kind::String)
        .replaces()
        .field("SourceSnapshotId")
        .doc("The snapshot that it starts with."),
    attr("encrypted", Kind::Bool)
        .replaces()
        .always()
        .doc("Whether its data is encrypted."),
    attr("kms_key_id", Kind::String)
        .replaces()
        .param("KMSKeyId")
        .field("KMSKeyId")
        .doc("The key that it is encrypted with."),
    attr("instance_id", Kind::Id("instance"))
        .param("")
        .field("InstanceId")
        .doc("The server that it is attached to: \"${instance.web.id}\"."),
    attr("delete_with_instance", Kind::Bool)
        .updated_by(&MODIFY)
        .param("")
        .update_param("DeleteWithInstance")
        .always()
        .doc("Whether it is deleted together with its server; false if not given."),
    attr("delete_auto_snapshot", Kind::Bool)
        .updated_by(&MODIFY)
        .param("")
        .update_param("DeleteAutoSnapshot")
        .always()
        .doc("Whether its automatic snapshots are deleted together with it."),
    attr("auto_snapshot_policy_id", Kind::Id("snapshot_policy"))
        .param("")
        .field("AutoSnapshotPolicyId")
        .doc("By which policy snapshots are made of it: \"${snapshot_policy.daily.id}\"."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 17: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("DiskId")
        .doc("The id, e.g. \"d-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Available, or In_use while it is attached."),
    attr("device", Kind::String)
        .computed()
        .doc("The device name on its server, e.g. \"/dev/xvdb\"."),
];

/// What a disk does not have is an empty text in an answer.
fn normalise(attributes: &mut Attributes) {
    for name in [
        "instance_id",
        "performance_level",
        "snapshot_id",
        "kms_key_id",
        "auto_snapshot_policy_id",
    ] {
        if text(attributes, name) == Some("") {
            attributes.remove(name);
        }
    }
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

fn check(attributes: &Attributes) -> Vec<Complaint> {
    let has = |name: &str| attributes.contains_key(name);
    let mut complaints = Vec::new();
    let mut complain = |code, attribute, message: &str, help: &str| {
        complaints.push(Complaint {
            code,
            attribute,
            message: message.to_owned(),
            help: help.to_owned(),
        });
    };
    if !has("size") && !has("snapshot_id") {
        complain(
            codes::MISSING_KEY,
            "",
            "a disk needs a size, or a snapshot_id to take it from",
            "size = 40",
        );
    }
    if has("delete_with_instance") && !has("instance_id") {
        complain(
            codes::PAIR,
            "delete_with_instance",
            "delete_with_instance is for a disk with an instance_id",
            "instance_id = \"${instance.NAME.id}\", or take the key out",
        );
    }
    complaints.extend(unfit(attributes, "disk_category", "").map(|unfit| Complaint {
        code: unfit.code,
        attribute: unfit.key,
        message: unfit.message,
        help: unfit.help,
    }));
    complaints
}

/// A key of a disk that does not fit its others.
pub(super) struct Unfit {
    pub(super) code: Code,
    pub(super) key: &'static str,
    pub(super) message: String,
    pub(super) help: String,
}

/// The sizes in GiB that the API gives for a category of data disks (CreateDisk, Size).
fn sizes(category: &str) -> Option<RangeInclusive<i64>> {
    match category {
        "cloud" => Some(5..=2000),
        "cloud_efficiency" | "cloud_ssd" => Some(20..=32_768),
        "cloud_essd_entry" => Some(10..=32_768),
        "cloud_essd" | "cloud_auto" => Some(1..=65_536),
        _ => None,
    }
}

/// What in a disk does not fit together. `place` is written before its keys: `system_disk.`.
pub(super) fn unfit(disk: &Attributes, category_key: &str, place: &str) -> impl Iterator<Item = Unfit> {
    let category = text(disk, category_key);
    // What only the run tells may fit.
    let is = |key: &str, wanted: &Value| {
        disk.get(key)
            .is_some_and(|value| value == wanted || !value.is_known())
    };
    let has_levels = is(category_key, &Value::from("cloud_essd"));
    let level = (disk.contains_key("performance_level") && !has_levels).then(|| Unfit {
        code: codes::PAIR,
        key: "performance_level",
        message: format!("{place}performance_level is for cloud_essd disks only"),
        help: format!("{category_key} = \"cloud_essd\", or take the key out"),
    });
    let is_encrypted = is("encrypted", &Value::Bool(true));
    let key = (disk.contains_key("kms_key_id") && !is_encrypted).then(|| Unfit {
        code: codes::PAIR,
        key: "kms_key_id",
        message: format!("{place}kms_key_id is for encrypted disks only"),
        help: "encrypted = true, or take the key out".to_owned(),
    });
    let bounds = category.and_then(|name| Some((name, sizes(name)?)));
    let size = disk.get("size").and_then(Value::as_integer);
    let size = size.zip(bounds).and_then(|(size, (category, bounds))| {
        let (least, most) = (bounds.start(), bounds.end());
        (!bounds.contains(&size)).then(|| Unfit {
            code: codes::OUT_OF_RANGE,
            key: "size",
            message: format!(
                "{place}size of a {category} disk is at least {least} and at most {most}, this is {size}"
            ),
            help: format!("size = {}, or another {category_key}", size.clamp(*least, *most)),
        })
    });
    let small = text(disk, "performance_level")
        .zip(disk.get("size").and_then(Value::as_integer))
        .and_then(|(level, size)| {
            let least = least_of_level(level);
            (size < least && has_levels).then(|| Unfit {
                code: codes::OUT_OF_RANGE,
                key: "size",
                message: format!(
                    "{place}size of a disk of level {level} is at least {least}, this is {size}"
                ),
                help: format!("size = {least}, or another performance_level"),
            })
        });
    // One word on a size is enough.
    let small = small.filter(|_| size.is_none());
    [level, key, size, small].into_iter().flatten()
}

/// The smallest disk that can have a performance level, in GiB (the vendor's page on ESSDs).
fn least_of_level(level: &str) -> i64 {
    match level {
        "PL2" => 461,
        "PL3" => 1261,
        _ => 0,
    }
}

/// A disk is attached inside its zone.
fn partner_rule(own: &Attributes, partner: &Attributes) -> Option<Complaint> {
    let (zone, other) = (text(own, "zone_id")?, text(partner, "zone_id")?);
    (zone != other).then(|| Complaint {
        code: codes::PAIR,
        attribute: "zone_id",
        message: format!("the disk is in {zone} and its server in {other}"),
        help: format!("zone_id = \"{other}\""),
    })
}

/// A disk does not shrink, and a smaller number is no reason to erase one.
fn change_rule(path: &str, before: &Attributes, after: &Attributes) -> Option<Changeable> {
    let size = |attributes: &Attributes| attributes.get("size")?.as_integer();
    (path == "size" && size(after)? < size(before)?).then_some(Changeable::Refused(
        "a disk does not shrink; make another one, copy what is needed, and take this one out",
    ))
}

/// What grows on a running server grows without a reboot; a disk on a stopped one is refused as "online", and grows all the
/// same without the word. A change of its kind takes its time.
fn update(change: &ToChange<'_>) -> Vec<Step> {
    let partner = |attributes: &Attributes| attributes.get("instance_id").cloned();
    let stays = partner(change.before) == partner(change.wanted.attributes);
    let is_attached = stays && text(change.before, "status") == Some(JOINED);
    let mut steps = Vec::new();
    for mut step in steps::update(change) {
        let mut wait = None;
        if let StepKind::Call(call) = &mut step.kind {
            if call.action == RESIZE.action && is_attached {
                online(call);
            }
            if call.action == MODIFY_SPEC.action {
                wait = until_changed(call);
            }
        }
        steps.push(step);
        steps.extend(wait);
    }
    steps
}

/// What growing leaves to people.
pub(super) fn grown(what: &str, place: &str) -> String {
    format!("the partition and the file system of {what} have to be grown {place}, by you")
}

/// Lets a disk grow under a running server, and all the same on a stopped one.
pub(super) fn online(call: &mut Call) {
    call.params.insert("Type".to_owned(), Value::from("online"));
    call.unless = Some(Unless {
        param: "Type",
        code: "InvalidInstanceStatus.NotRunning",
    });
}

/// The wait until a change of kind or performance shows.
fn until_changed(call: &Call) -> Option<Step> {
    let changed = [
        ("DiskCategory", "disk_category"),
        ("PerformanceLevel", "performance_level"),
    ];
    changed.into_iter().find_map(|(param, attribute)| {
        let wanted = call.params.get(param)?.as_str()?.to_owned();
        let name = format!("wait until {wanted}");
        Some(Step::wait_for(name, attribute, wanted, TIMEOUT_S))
    })
}

/// Without a wait: the server goes, and it is left.
fn keep(id: &str, region: &str) -> Step {
    let params = Attributes::from([
        ("DiskId".to_owned(), Value::from(id)),
        ("DeleteWithInstance".to_owned(), Value::Bool(false)),
    ]);
    Step::call(
        "keep disk",
        steps::call(&action::MODIFY_DISK_ATTRIBUTE, region, params),
    )
}

fn losses(observed: &Attributes) -> Vec<String> {
    let id = text(observed, "id").unwrap_or("it");
    let size = observed.get("size").and_then(Value::as_integer);
    vec![match size {
        Some(size) => format!("the {size} GiB of {id} are erased"),
        None => format!("the data of {id} is erased"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::resource_type::ToMake;

    fn attributes(entries: &[(&str, Value)]) -> Attributes {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    fn steps_of(status: &str, instance: &str, changed: &[&str]) -> Vec<Step> {
        let address = "disk.data".parse().unwrap();
        let before = attributes(&[
            ("status", Value::from(status)),
            ("size", Value::Integer(40)),
            ("instance_id", Value::from(instance)),
        ]);
        let after = attributes(&[
            ("size", Value::Integer(60)),
            ("instance_id", Value::from("i-2")),
            ("delete_with_instance", Value::Bool(true)),
        ]);
        update(&ToChange {
            wanted: ToMake {
                resource_type: &DISK,
                address: &address,
                region: "cn-hangzhou",
                attributes: &after,
                tags: &[],
            },
            id: "d-1",
            before: &before,
            changed,
            tags_set: &[],
            tags_removed: &[],
        })
    }

    #[test]
    fn an_attached_disk_grows_under_its_running_server() {
        let how = |status: &str, instance: &str| {
            let StepKind::Call(call) = &steps_of(status, instance, &["size"])[0].kind else {
                panic!("no call");
            };
            assert_eq!(call.params["NewSize"], Value::Integer(60));
            call.params.get("Type").cloned()
        };
        assert_eq!(how("In_use", "i-2"), Some(Value::from("online")));
        assert_eq!(how("In_use", "i-1"), None, "it moves to another server");
        assert_eq!(how("Available", "i-2"), None);
    }

    #[test]
    fn what_create_does_not_take_is_set_right_after() {
        let address = "disk.data".parse().unwrap();
        let make = |wanted: &Attributes| -> Vec<String> {
            let steps = (DISK.steps.create)(&ToMake {
                resource_type: &DISK,
                address: &address,
                region: "cn-hangzhou",
                attributes: wanted,
                tags: &[],
            });
            steps.into_iter().map(|step| step.name).collect()
        };
        let plain = attributes(&[("delete_with_instance", Value::Bool(true))]);
        assert_eq!(make(&plain), ["create", "wait until available"]);
        let more = attributes(&[("delete_auto_snapshot", Value::Bool(true))]);
        assert_eq!(
            make(&more),
            ["create", "wait until available", "change attributes"]
        );
    }

    #[test]
    fn keys_that_do_not_go_together_are_told() {
        let complaints = |entries: &[(&str, Value)]| -> Vec<&str> {
            check(&attributes(entries))
                .into_iter()
                .map(|one| one.attribute)
                .collect()
        };
        assert_eq!(complaints(&[]), [""], "a disk needs a size");
        let size = ("size", Value::Integer(40));
        assert!(complaints(std::slice::from_ref(&size)).is_empty());
        let wrong = [
            size,
            ("delete_with_instance", Value::Bool(true)),
            ("performance_level", Value::from("PL1")),
            ("kms_key_id", Value::from("k-1")),
        ];
        assert_eq!(
            complaints(&wrong),
            ["delete_with_instance", "performance_level", "kms_key_id"]
        );
    }
}
