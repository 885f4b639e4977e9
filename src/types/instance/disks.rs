//! The disks of a server, as steps: its system disk is changed where it is, or another one is put in its place.
//!
//! Pure. Does not know whether the server has to be stopped for it.

use super::super::disk::{self, grown};
use super::super::part::{APART, Calls, Heirs, Owner, PART, Part};
use super::super::resource_type::{Complaint, ToChange};
use super::super::steps;
use super::calls::text;
use super::table::{DATA_DISK, VOLUME_TAGS};
use crate::api::{Action, action};
use crate::diagnostic::codes;
use crate::step::{Call, Shows, Step, StepKind, Yield};
use crate::value::{Attributes, Reference, Value};

/// The data disks of a server. They are made with it; later ones are made, attached, changed and deleted by calls of their
/// own. What makes another disk out of one is part of its key: the old one goes, and is told as lost.
pub(super) const DATA_DISKS: Part = Part {
    attribute: "data_disks",
    key: &["name", "encrypted", "kms_key_id", "snapshot_id"],
    calls: Calls::Single {
        add: add_disk,
        modify: modify_disk,
        remove: remove_disk,
    },
    with_create: true,
    refuse: |before, member| {
        let size = |member: &Attributes| member.get("size")?.as_integer();
        (size(member)? < size(before)?)
            .then_some("a disk does not shrink: write the size that is there, or more")
    },
    loss: |member| {
        let size = member.get("size")?.as_integer()?;
        Some(format!("data disk {} ({size} GiB) is erased", of_id(member)))
    },
    hint: |before, member| {
        let size = |member: &Attributes| member.get("size")?.as_integer();
        (size(before)? < size(member)?).then(|| {
            grown(
                &format!("data disk {}", text(member, "name").unwrap_or("")),
                ON_SERVER,
            )
        })
    },
    goes,
    heirs: Some(Heirs {
        stays: |member| member.get("delete_with_instance") == Some(&Value::Bool(false)),
        place: "zone_id",
        type_name: "disk",
        member: of_alone,
        keep: keep_disk,
        let_go: let_go_of_disk,
        words: |member| {
            format!(
                "data disk {} is kept and attached to the new server",
                of_id(member)
            )
        },
    }),
    name: "name",
    tagged_by: VOLUME_TAGS,
    member_id: Some((ID, "DiskId")),
    made_as: MADE,
    limit: 16,
    noun: "data disk",
    ..PART
};

/// The key under which a disk that is there carries its id.
const ID: &str = "disk_id";
const MADE: &str = "data_disk_id";
/// How long a change of a disk may take, in seconds.
const TIMEOUT_S: u64 = 600;

const SYSTEM_DISK: &str = "system_disk";

/// A key of the system disk as it is and as it is wanted, where it is to be another one.
fn changed_key<'a>(change: &ToChange<'a>, key: &str) -> Option<(Option<&'a Value>, &'a Value)> {
    let wanted = change.wanted.attributes.get(SYSTEM_DISK)?.at(key)?;
    let before = change.before.get(SYSTEM_DISK).and_then(|disk| disk.at(key));
    (change.changed.contains(&SYSTEM_DISK) && before != Some(wanted)).then_some((before, wanted))
}

/// Whether another system disk is put in: with another image, or in another cipher.
pub(super) fn is_swapped(change: &ToChange<'_>) -> bool {
    change.changed.contains(&"image_id")
        || ["encrypted", "kms_key_id"]
            .iter()
            .any(|key| changed_key(change, key).is_some())
}

/// The calls that change the system disk where it is.
pub(super) fn change_system_disk(change: &ToChange<'_>, is_running: bool) -> Vec<Step> {
    let id = change.before.get(SYSTEM_DISK).and_then(|disk| disk.at("id"));
    let Some(id) = id else { return Vec::new() };
    let is_changed = |key: &str| changed_key(change, key).is_some();
    let mut steps = of_disk(change, id, &is_changed);
    if let Some((_, size)) = changed_key(change, "size") {
        let params = [("NewSize", size.clone())];
        let mut step = call("grow system disk", &action::RESIZE_DISK, change, id, params);
        if let StepKind::Call(call) = &mut step.kind
            && is_running
        {
            disk::online(call);
        }
        steps.push(step.shows(shown([("size", size.clone())])));
    }
    steps
}

/// Another system disk with the image that is wanted, then what the new one does not have by itself.
pub(super) fn swap(change: &ToChange<'_>) -> Vec<Step> {
    let wanted = change.wanted.attributes;
    let of = |name: &str| wanted.get(name).or_else(|| change.before.get(name)).cloned();
    let disk = |key: &str| wanted.get(SYSTEM_DISK).and_then(|disk| disk.at(key)).cloned();
    let params = [
        ("InstanceId", Some(Value::from(change.id))),
        ("ImageId", of("image_id")),
        ("SystemDisk.Size", disk("size")),
        ("Encrypted", disk("encrypted")),
        ("KMSKeyId", disk("kms_key_id")),
        // Neither is taken over from the old disk.
        ("KeyPairName", of("key_pair_name")),
        ("Password", wanted.get("password").cloned()),
    ];
    let params = params
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .filter(|(_, value)| value.as_str() != Some(""));
    let replace = steps::call(
        &action::REPLACE_SYSTEM_DISK,
        change.wanted.region,
        params.collect(),
    );
    let mut attributes = Attributes::new();
    attributes.extend(
        wanted
            .get("image_id")
            .map(|image| ("image_id".to_owned(), image.clone())),
    );
    let shows = if change.changed.contains(&"image_id") {
        Shows::Attributes(attributes)
    } else {
        let keys = ["encrypted", "kms_key_id"].into_iter();
        let keys = keys.filter_map(|key| Some((key, disk(key)?)));
        shown(keys)
    };
    let mut swapped = vec![Step::call("swap system disk", replace).shows(shows)];
    let new = Value::Reference(Box::new(Reference {
        address: change.wanted.address.clone(),
        attribute: "system_disk.id".to_owned(),
    }));
    let has = |key: &str| disk(key).is_some();
    swapped.extend(of_disk(change, &new, &has));
    swapped
}

/// What is set on a disk by calls of its own, for the keys that are asked for.
fn of_disk(change: &ToChange<'_>, id: &Value, is_set: &dyn Fn(&str) -> bool) -> Vec<Step> {
    let disk = change.wanted.attributes.get(SYSTEM_DISK);
    let of = |key: &str| {
        disk.and_then(|disk| disk.at(key))
            .filter(|_| is_set(key))
            .cloned()
    };
    let mut steps = Vec::new();
    for (name, action, keys) in [
        (
            "rename system disk",
            &action::MODIFY_DISK_ATTRIBUTE,
            [("name", "DiskName"), ("description", "Description")],
        ),
        (
            "change performance of system disk",
            &action::MODIFY_DISK_SPEC,
            [
                ("category", "DiskCategory"),
                ("performance_level", "PerformanceLevel"),
            ],
        ),
    ] {
        let given: Vec<(&str, &'static str, Value)> = keys
            .into_iter()
            .filter_map(|(key, param)| Some((key, param, of(key)?)))
            .collect();
        if !given.is_empty() {
            let params = given.iter().map(|(_, param, value)| (*param, value.clone()));
            let seen = given.iter().map(|(key, _, value)| (*key, value.clone()));
            let shows = shown(seen);
            let is_slow = action == &action::MODIFY_DISK_SPEC;
            let wait = is_slow.then(|| until_shown(&given[0].2, shows.clone()));
            steps.push(call(name, action, change, id, params).shows(shows));
            steps.extend(wait.flatten());
        }
    }
    if let Some(policy) = of("auto_snapshot_policy_id") {
        let ids = Value::JsonText(Box::new(Value::List(vec![id.clone()])));
        let params = Attributes::from([
            ("diskIds".to_owned(), ids),
            ("autoSnapshotPolicyId".to_owned(), policy.clone()),
        ]);
        let call = steps::call(&action::APPLY_AUTO_SNAPSHOT_POLICY, change.wanted.region, params);
        let shows = shown([("auto_snapshot_policy_id", policy)]);
        steps.push(Step::call("apply snapshot policy", call).shows(shows));
    }
    steps
}

fn call(
    name: &str,
    action: &'static Action,
    change: &ToChange<'_>,
    id: &Value,
    params: impl IntoIterator<Item = (&'static str, Value)>,
) -> Step {
    let id = ("DiskId".to_owned(), id.clone());
    let params = params.into_iter().map(|(name, value)| (name.to_owned(), value));
    let call: Call = steps::call(
        action,
        change.wanted.region,
        std::iter::once(id).chain(params).collect(),
    );
    Step::call(name, call)
}

/// The wait until a change of kind or performance shows, which takes its time.
fn until_shown(wanted: &Value, shows: Shows) -> Option<Step> {
    Some(Step::wait_shown(
        format!("wait until {}", wanted.as_str()?),
        shows,
        TIMEOUT_S,
    ))
}

/// These keys of the system disk.
fn shown<'k>(keys: impl IntoIterator<Item = (&'k str, Value)>) -> Shows {
    let keys = keys.into_iter().map(|(key, value)| (key.to_owned(), value));
    Shows::Detail {
        attribute: SYSTEM_DISK,
        value: Value::Map(keys.collect()),
    }
}

/// What is lost with an old system disk.
pub(super) fn losses(change: &ToChange<'_>) -> Vec<String> {
    if !is_swapped(change) {
        return Vec::new();
    }
    let old = change.before.get(SYSTEM_DISK);
    let id = old.and_then(|disk| disk.at("id")?.as_str());
    let size = old.and_then(|disk| disk.at("size")?.as_integer());
    let whose = text(change.before, "name").unwrap_or(change.id);
    let what = match (id, size) {
        (Some(id), Some(size)) => format!("system disk {id} of {whose} ({size} GiB)"),
        _ => format!("the system disk of {whose}"),
    };
    vec![format!(
        "{what} is erased; a new one takes its place, and cloud-init runs again"
    )]
}

/// Who grows the file system on it.
pub(super) fn hint(change: &ToChange<'_>) -> Option<String> {
    let (before, wanted) = changed_key(change, "size")?;
    let is_grown = !is_swapped(change) && before?.as_integer()? < wanted.as_integer()?;
    is_grown.then(|| grown("the system disk", ON_SERVER))
}

const ON_SERVER: &str = "inside the server";

// ── data disks ───────────────────────────────────────────────────────────────────────────────────────────────────

/// A disk for people: its name, and its id where it has one.
fn of_id(member: &Attributes) -> String {
    let name = text(member, "name").unwrap_or("without a name");
    match text(member, ID) {
        Some(id) => format!("{name}, {id},"),
        None => name.to_owned(),
    }
}

/// One order; and what makes another disk has one form, whether it is said or not.
pub(super) fn normalise(attributes: &mut Attributes) {
    let Some(Value::List(disks)) = attributes.get_mut(DATA_DISKS.attribute) else {
        return;
    };
    for disk in disks.iter_mut() {
        if let Value::Map(disk) = disk {
            disk.retain(|key, value| is_said(key, value));
        }
    }
    disks.sort_by_cached_key(|disk| disk.as_map().map(|disk| DATA_DISKS.identity(disk)));
}

/// Whether an answer or a file says something with it: a disk that is not encrypted is no other one for saying so.
fn is_said(key: &str, value: &Value) -> bool {
    value.as_str() != Some("") && !(key == "encrypted" && *value == Value::Bool(false))
}

/// Whether a disk goes with its server.
fn goes(member: &Attributes) -> bool {
    member.get("delete_with_instance") == Some(&Value::Bool(true))
}

/// Two disks of a server have two names, and each fits together.
pub(super) fn check(attributes: &Attributes) -> Vec<Complaint> {
    let disks = DATA_DISKS.members(attributes);
    let name = |disk: &Attributes| text(disk, "name").map(str::to_owned);
    // What is alike in all that makes a disk is told of every set of parts.
    let twice = disks.iter().enumerate().find_map(|(index, disk)| {
        let mut others = disks[index + 1..].iter();
        let is_other = |other: &&Attributes| {
            name(other) == name(disk) && DATA_DISKS.identity(other) != DATA_DISKS.identity(disk)
        };
        others.find(is_other).and(name(disk))
    });
    let complaint = twice.map(|name| Complaint {
        code: codes::TWICE,
        attribute: DATA_DISKS.attribute,
        message: format!("two data disks of the server are named {name:?}"),
        help: "give each a name of its own; disks are known by it".to_owned(),
    });
    let system = attributes.get(SYSTEM_DISK).and_then(Value::as_map);
    let system = system.map(|disk| (SYSTEM_DISK, "system_disk.", disk));
    let data = disks
        .iter()
        .map(|disk| (DATA_DISKS.attribute, "data_disks.", disk));
    let unfit = system
        .into_iter()
        .chain(data)
        .flat_map(|(attribute, place, disk)| {
            disk::unfit(disk, "category", place).map(move |unfit| Complaint {
                code: unfit.code,
                attribute,
                message: unfit.message,
                help: unfit.help,
            })
        });
    complaint.into_iter().chain(unfit).collect()
}

/// What goes with the server.
pub(super) fn lost_with_server(observed: &Attributes) -> Vec<String> {
    let disks = DATA_DISKS.members(observed);
    let going = disks.iter().filter(|disk| goes(disk));
    going.filter_map(|disk| (DATA_DISKS.loss)(disk)).collect()
}

/// What does not go with it.
pub(super) fn left_by_server(observed: &Attributes) -> Vec<String> {
    let disks = DATA_DISKS.members(observed);
    let staying = disks.iter().filter(|disk| !goes(disk));
    staying
        .map(|disk| {
            let size = disk.get("size").and_then(Value::as_integer).unwrap_or_default();
            format!(
                "data disk {} ({size} GiB) stays, detached, and is managed by nobody; a new server gets a new one",
                of_id(disk)
            )
        })
        .collect()
}

/// The parameters of a disk, as the create of a server or of a disk takes them.
fn disk_params(member: &Attributes) -> Attributes {
    DATA_DISK
        .iter()
        .filter_map(|attribute| Some((attribute.param_path()?, member.get(attribute.name)?.clone())))
        .collect()
}

/// The data disks that are made with a server; without a word they go with it.
pub(super) fn put_data_disks(call: &mut Call, wanted: &Attributes) {
    let disks = DATA_DISKS.members(wanted);
    if disks.is_empty() {
        call.params.remove("DataDisk");
        return;
    }
    let list = disks.iter().map(|disk| Value::Map(disk_params(disk)));
    call.params
        .insert("DataDisk".to_owned(), Value::List(list.collect()));
}

/// A call about one disk that there is.
fn data_call(
    name: &str,
    owner: &Owner<'_>,
    action: &'static Action,
    id: &Value,
    params: impl IntoIterator<Item = (&'static str, Value)>,
) -> Step {
    let id = ("DiskId".to_owned(), id.clone());
    let params = params.into_iter().map(|(name, value)| (name.to_owned(), value));
    Step::call(
        name,
        steps::call(action, owner.region, std::iter::once(id).chain(params).collect()),
    )
}

/// It may show only some time later, and until then it would be taken for missing.
fn attach(owner: &Owner<'_>, id: &Value, member: &Attributes) -> [Step; 2] {
    let params = [
        ("InstanceId", (owner.own)("id")),
        ("DeleteWithInstance", Value::Bool(goes(member))),
    ];
    // What else is wanted of it may only be changed afterwards.
    let there = Attributes::from([(ID, id.clone())]);
    [
        data_call("attach data disk", owner, &action::ATTACH_DISK, id, params).shows(shown_disk(member)),
        Step::wait_shown("wait until it shows", shown_disk(&there), TIMEOUT_S),
    ]
}

fn shown_disk(member: &Attributes) -> Shows {
    Shows::Members {
        attribute: DATA_DISKS.attribute,
        with: vec![member.clone()],
        without: Vec::new(),
    }
}

/// A later one is made by itself, with the tags by which it is found if nobody hears of it, and attached.
fn add_disk(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let mut params = disk_params(member);
    params.remove("DeleteWithInstance");
    if let Some(category) = params.remove("Category") {
        params.insert("DiskCategory".to_owned(), category);
    }
    params.insert("ZoneId".to_owned(), (owner.own)("zone_id"));
    params.insert("Tag".to_owned(), steps::tag_list(owner.tags));
    let create = Call {
        yields: Yield::Attribute {
            field: "DiskId",
            attribute: MADE,
        },
        ..steps::call(&action::CREATE_DISK, owner.region, params)
    };
    let made = Value::Reference(Box::new(Reference {
        address: owner.address.clone(),
        attribute: MADE.to_owned(),
    }));
    let mut steps = vec![Step::call("create data disk", create)];
    steps.extend(attach(owner, &made, member));
    steps
}

fn modify_disk(owner: &Owner<'_>, before: &Attributes, member: &Attributes) -> Vec<Step> {
    let Some(id) = before.get(ID) else {
        return Vec::new();
    };
    let is_new = |key: &str| member.contains_key(key) && member.get(key) != before.get(key);
    let of = |key: &str| member.get(key).filter(|_| is_new(key)).cloned();
    let mut steps = Vec::new();
    if before.contains_key(APART) {
        steps.extend(attach(owner, id, member));
    }
    let mut attributes: Vec<(&'static str, Value)> = Vec::new();
    attributes.extend(of("name").map(|text| ("DiskName", text)));
    attributes.extend(of("description").map(|text| ("Description", text)));
    if goes(member) != goes(before) {
        attributes.push(("DeleteWithInstance", Value::Bool(goes(member))));
    }
    if !attributes.is_empty() {
        let action = &action::MODIFY_DISK_ATTRIBUTE;
        steps.push(data_call("change data disk", owner, action, id, attributes).shows(shown_disk(member)));
    }
    let performance = [
        ("category", "DiskCategory"),
        ("performance_level", "PerformanceLevel"),
    ];
    let performance: Vec<(&'static str, Value)> = performance
        .into_iter()
        .filter_map(|(key, param)| Some((param, of(key)?)))
        .collect();
    if let Some((_, wanted)) = performance.first().cloned() {
        let action = &action::MODIFY_DISK_SPEC;
        let keys = ["category", "performance_level"].into_iter();
        let keys = keys.filter_map(|key| Some((key.to_owned(), of(key)?)));
        let with = keys.chain([(ID.to_owned(), id.clone())]).collect();
        let shows = Shows::Members {
            attribute: DATA_DISKS.attribute,
            with: vec![with],
            without: Vec::new(),
        };
        let step = data_call("change performance of data disk", owner, action, id, performance);
        steps.push(step.shows(shows.clone()));
        steps.extend(until_shown(&wanted, shows));
    }
    if let Some(size) = of("size") {
        let params = [("NewSize", size)];
        let mut step = data_call("grow data disk", owner, &action::RESIZE_DISK, id, params);
        if let StepKind::Call(call) = &mut step.kind {
            disk::online(call);
        }
        steps.push(step);
    }
    steps
}

/// A disk that stands alone, as a data disk of a server.
fn of_alone(id: &str, alone: &Attributes) -> Attributes {
    let keys = DATA_DISK.iter().filter_map(|attribute| {
        let name = match attribute.name {
            "category" => "disk_category",
            name => name,
        };
        Some((attribute.name.to_owned(), alone.get(name)?.clone()))
    });
    let mut member: Attributes = keys.filter(|(key, value)| is_said(key, value)).collect();
    member.insert(ID.to_owned(), Value::from(id));
    member
}

/// It is found by its server's address when that is gone, and does not go with it.
fn keep_disk(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let Some(id) = member.get(ID) else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    if goes(member) {
        let action = &action::MODIFY_DISK_ATTRIBUTE;
        let params = [("DeleteWithInstance", Value::Bool(false))];
        let kept = [
            ("delete_with_instance".to_owned(), Value::Bool(false)),
            (ID.to_owned(), id.clone()),
        ];
        steps.push(data_call("keep data disk", owner, action, id, params).shows(shown_disk(&kept.into())));
    }
    let params = Attributes::from([
        ("ResourceType".to_owned(), Value::from("disk")),
        ("ResourceId".to_owned(), Value::List(vec![id.clone()])),
        ("Tag".to_owned(), steps::tag_list(owner.tags)),
    ]);
    let call = steps::call(&action::TAG_RESOURCES_ECS, owner.region, params);
    steps.push(Step::call("tag data disk", call));
    steps
}

/// Without our tags nobody takes it for a disk of the next server of this address.
fn let_go_of_disk(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let Some(id) = member.get(ID) else {
        return Vec::new();
    };
    let ours = owner.tags.iter().map(|(key, _)| Value::from(key.as_str()));
    let params = Attributes::from([
        ("ResourceType".to_owned(), Value::from("disk")),
        ("ResourceId".to_owned(), Value::List(vec![id.clone()])),
        ("TagKey".to_owned(), Value::List(ours.collect())),
    ]);
    let call = steps::call(&action::UNTAG_RESOURCES_ECS, owner.region, params);
    vec![Step::call("let go of data disk", call)]
}

/// Detached first; deleting waits until it is. Once it is on no server it is known by its tags alone: without them nobody
/// would see whether it has gone, nor find it if the run ended in between.
fn remove_disk(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let Some(id) = member.get(ID) else {
        return Vec::new();
    };
    let shows = |with: &[(&str, Value)], is_there: bool| {
        let known = std::iter::once((ID, id.clone())).chain(with.iter().cloned());
        let disk: Attributes = known.map(|(key, value)| (key.to_owned(), value)).collect();
        let (with, without) = if is_there {
            (vec![disk], vec![])
        } else {
            (vec![], vec![disk])
        };
        Shows::Members {
            attribute: DATA_DISKS.attribute,
            with,
            without,
        }
    };
    let mut steps = Vec::new();
    if !member.contains_key(APART) {
        // Nothing is made here of which there could be two.
        let tags = owner.tags.iter().filter(|(_, value)| *value != Value::Token);
        let tags: Vec<(String, Value)> = tags.cloned().collect();
        let params = [
            ("ResourceType", Value::from("disk")),
            ("ResourceId", Value::List(vec![id.clone()])),
            ("Tag", steps::tag_list(&tags)),
        ];
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value));
        let mark = steps::call(&action::TAG_RESOURCES_ECS, owner.region, params.collect());
        steps.push(Step::call("mark data disk", mark));
        let params = [("InstanceId", (owner.own)("id"))];
        let detach = data_call("detach data disk", owner, &action::DETACH_DISK, id, params);
        steps.push(detach.shows(shows(&[(APART, Value::Bool(true))], true)));
    }
    let delete = data_call("delete data disk", owner, &action::DELETE_DISK, id, []);
    steps.push(delete.shows(shows(&[], false)));
    steps
}
