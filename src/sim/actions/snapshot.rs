//! Snapshots: what a disk was at a moment.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::catalogue;
use super::super::clock::{Now, parse_utc, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::disk_row::Disk;
use super::instance_row::Instance;
use super::key_pair::wildcard;
use super::task;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) disk_id: String,
    /// GiB.
    pub(super) disk_size: i64,
    pub(super) system: bool,
    pub(super) storage: String,
    pub(super) encrypted: bool,
    kms_key_id: String,
    /// `user` or `auto`.
    made_by: String,
    pub(super) category: String,
    /// Days; 0 is for ever.
    retention: i64,
    pub(super) instant_access: bool,
    instant_days: i64,
    /// The snapshot that it is a copy of, and its region.
    copy_of: Option<(String, String)>,
    pub(super) group: String,
    modified: i64,
}

row!(Snapshot, links: |row, link| {
    link("disk", &row.disk_id);
    if !row.group.is_empty() {
        link("snapshot_group", &row.group);
    }
}, deadline: |row| (row.retention > 0).then(|| row.created + row.retention * 86_400_000));

impl Kind for Snapshot {
    const NAME: &'static str = "snapshot";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "snapshot")];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[("disk", 256, &["QuotaExceed.Snapshot"])];

    fn over(world: &mut World, id: &str, now: Now) {
        world.remove::<Snapshot>(id, now);
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateSnapshot", create),
    (ECS, "CopySnapshot", copy),
    (ECS, "ModifySnapshotAttribute", modify),
    (ECS, "ModifySnapshotCategory", modify_category),
    (ECS, "DeleteSnapshot", delete),
    (ECS, "DescribeSnapshots", describe),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 10_000;
const COPYING_MS: i64 = 20_000;
const ARCHIVING_MS: i64 = 10_000;
/// How old a snapshot must be to be archived.
const ARCHIVE_AGE_MS: i64 = 14 * 86_400_000;

pub(super) const ABSENT: &str = "InvalidSnapshotId.NotFound";
pub(super) const NAME: &[&str] = &["InvalidSnapshotName.Malformed", "InvalidParameter.Name"];
pub(super) const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed", "InvalidParameter.Description"];

/// What a snapshot is to be, besides what its disk says.
#[derive(Default)]
pub(super) struct Order {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: String,
    pub(super) retention: i64,
    pub(super) instant_access: bool,
    pub(super) instant_days: i64,
    pub(super) group: String,
    pub(super) tags: Vec<(String, String)>,
}

/// Whether a disk can be snapshot now.
pub(super) fn may_begin(call: &Call<'_>, disk: &Disk) -> Result<(), Refusal> {
    if !matches!(disk.status, Status::Available | Status::Attached) {
        return refuse("IncorrectDiskStatus");
    }
    if disk.attached.is_none() {
        return refuse("IncorrectDiskStatus.NeverAttached");
    }
    if let Some(row) = call.world.get::<Instance>(&disk.instance_id) {
        if !matches!(row.status, Status::Running | Status::Stopped) || row.is_leaving() {
            return refuse("IncorrectInstanceStatus");
        }
        if row.started.is_none() {
            return refuse("IncorrectDiskStatus.NeverUsed");
        }
    }
    let busy = |snapshot: &Snapshot| snapshot.status == Status::Progressing;
    if call.world.linked::<Snapshot>("disk", &disk.id).any(busy) {
        return refuse("IncorrectDiskStatus.CreatingSnapshot");
    }
    call.within_limit::<Snapshot>("disk", &disk.id)
}

/// Makes a snapshot of a disk and says its id.
pub(super) fn make(call: &mut Call<'_>, disk_id: &str, order: Order) -> Result<String, Refusal> {
    let disk = call.find::<Disk>(disk_id, "InvalidDiskId.NotFound")?.clone();
    call.region.clone_from(&disk.region);
    let (mut head, _) = call.head("s-");
    head.name = order.name;
    head.description = order.description;
    head.tags = order.tags;
    head.pass(Status::Progressing, CREATING_MS, Status::Accomplished, call.now);
    let id = head.id.clone();
    call.world.insert(Snapshot {
        head,
        disk_id: disk_id.to_owned(),
        disk_size: disk.size,
        system: disk.system,
        storage: disk.category.clone(),
        encrypted: disk.encrypted,
        kms_key_id: disk.kms_key_id.clone(),
        made_by: "user".to_owned(),
        category: order.category,
        retention: order.retention,
        instant_access: order.instant_access,
        instant_days: order.instant_days,
        copy_of: None,
        group: order.group,
        modified: call.now.real,
    });
    Ok(id)
}

fn retention(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    match call.params.int("RetentionDays")? {
        Some(days) if !(1..=65_536).contains(&days) => refuse("InvalidRetentionDays.Malformed"),
        days => Ok(days),
    }
}

/// Instant access and for how many days, as far as the category has it.
pub(super) fn instant(call: &Call<'_>, category: &str) -> Result<(bool, i64), Refusal> {
    let on = call.params.flag("InstantAccess");
    if on && !category.starts_with("cloud_essd") && category != "cloud_auto" {
        return refuse("InvalidCategoryAndInstantAccess.Malformed");
    }
    match call.params.int("InstantAccessRetentionDays")? {
        Some(_) if !on => refuse("InvalidInstantAccessRetentionDays.Malformed"),
        Some(days) if !(1..=65_535).contains(&days) => refuse("InvalidInstantAccessRetentionDays.Malformed"),
        days => Ok((on, days.unwrap_or(0))),
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let disk_id = params.required("DiskId")?;
    let disk = call.find::<Disk>(disk_id, "InvalidDiskId.NotFound")?;
    may_begin(call, disk)?;
    let category = match params.text_or("Category", "Standard") {
        category @ ("Standard" | "standard" | "Flash" | "flash") => category.to_ascii_lowercase(),
        _ => return refuse("InvalidSnapshotCategory.Malformed"),
    };
    let name = call.name("SnapshotName", 2, NAME)?.unwrap_or_default();
    // Names of the automatic ones begin so.
    if name.starts_with("auto") {
        return refuse("InvalidSnapshotName.Malformed");
    }
    let (instant_access, instant_days) = instant(call, &disk.category)?;
    let order = Order {
        name,
        description: call.description(2, DESCRIPTION)?.unwrap_or_default(),
        category,
        retention: retention(call)?.unwrap_or(0),
        instant_access,
        instant_days,
        group: String::new(),
        tags: call.tags()?,
    };
    let id = make(call, disk_id, order)?;
    Ok(map! { "SnapshotId": id })
}

fn copy(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let source = call
        .find::<Snapshot>(params.required("SnapshotId")?, ABSENT)?
        .clone();
    if source.status != Status::Accomplished {
        return refuse("InvalidSnapshotId.NotReady");
    }
    let target = params.required("DestinationRegionId")?;
    if catalogue::find_region(target).is_none() {
        return refuse("InvalidRegionId.NotExists");
    }
    if target == source.region && !params.flag("Encrypted") {
        return refuse("InvalidOperation.NotSupportCopyInSameRegion");
    }
    let name = call.name("DestinationSnapshotName", 2, NAME)?.unwrap_or_default();
    let description = call
        .name("DestinationSnapshotDescription", 2, DESCRIPTION)?
        .unwrap_or_default();
    let days = retention(call)?.unwrap_or(0);
    let key = params.text_or("KMSKeyId", "").to_owned();
    if !key.is_empty() && !params.flag("Encrypted") {
        return refuse("InvalidEncrypted.NotMatchKmsKeyId");
    }
    let tags = call.tags()?;
    call.region = target.to_owned();
    let (mut head, _) = call.head("s-");
    head.tags = tags;
    head.name = name;
    head.description = description;
    head.pass(Status::Progressing, COPYING_MS, Status::Accomplished, call.now);
    let id = head.id.clone();
    let copy_of = Some((source.id.clone(), source.region.clone()));
    call.world.insert(Snapshot {
        head,
        encrypted: source.encrypted || params.flag("Encrypted"),
        kms_key_id: key,
        retention: days,
        instant_access: false,
        instant_days: 0,
        copy_of,
        group: String::new(),
        modified: call.now.real,
        ..source
    });
    Ok(map! { "SnapshotId": id })
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("SnapshotId")?;
    let snapshot = call.find::<Snapshot>(id, ABSENT)?;
    let name = call.name("SnapshotName", 2, NAME)?;
    if name.as_ref().is_some_and(|name| name.starts_with("auto")) {
        return refuse("InvalidSnapshotName.Malformed");
    }
    let description = call.description(2, DESCRIPTION)?;
    let days = retention(call)?;
    if days.is_some_and(|days| days < snapshot.retention) {
        return refuse("InvalidOperation.DecreaseRetentionDaysUnsupported");
    }
    let off = params.flag("DisableInstantAccess");
    if off && !snapshot.instant_access {
        return refuse("InvalidSnapshotDisableInstantAccess.Malformed");
    }
    if name.is_none() && description.is_none() && days.is_none() && !off {
        return refuse("NoAttributeToModify");
    }
    let now = call.now.real;
    call.world.update::<Snapshot, _>(id, |snapshot| {
        snapshot.rename(name, description);
        snapshot.retention = days.unwrap_or(snapshot.retention);
        snapshot.instant_access &= !off;
        snapshot.modified = now;
    });
    done()
}

fn modify_category(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SnapshotId")?;
    let snapshot = call.find::<Snapshot>(id, ABSENT)?;
    if !call
        .params
        .text_or("Category", "Archive")
        .eq_ignore_ascii_case("archive")
    {
        return refuse("InvalidParameter.SnapshotCategory");
    }
    if snapshot.status != Status::Accomplished {
        return refuse("InvalidStatus.SnapshotUnfinished");
    }
    if snapshot.category == "archive" {
        return refuse("InvalidStatus.SnapshotInArchive");
    }
    if call.now.real - snapshot.created < ARCHIVE_AGE_MS {
        return refuse("InvalidStatus.SnapshotAgeLimit");
    }
    let days = retention(call)?;
    call.region.clone_from(
        &call
            .world
            .get::<Snapshot>(id)
            .map(|own| own.region.clone())
            .unwrap_or_default(),
    );
    call.world.update::<Snapshot, _>(id, |snapshot| {
        snapshot.category = "archive".to_owned();
        snapshot.retention = days.unwrap_or(snapshot.retention);
    });
    let task = task::make(call, "ArchiveSnapshot", id, ARCHIVING_MS);
    Ok(map! { "TaskId": task })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SnapshotId")?;
    let snapshot = call.find::<Snapshot>(id, ABSENT)?;
    if snapshot.status == Status::Progressing && snapshot.copy_of.is_some() {
        return refuse("InvalidOperation.RelatedSnapshotNotFinished");
    }
    if !call.params.flag("Force") {
        call.unheld::<Snapshot>(id)?;
    }
    call.remove::<Snapshot>(id);
    done()
}

fn usage(call: &Call<'_>, snapshot: &Snapshot) -> &'static str {
    let has = |kind: &str| {
        call.world
            .heads_linked(kind, Snapshot::NAME, &snapshot.id)
            .next()
            .is_some()
    };
    match (has("image"), has("disk")) {
        (true, true) => "image_disk",
        (true, false) => "image",
        (false, true) => "disk",
        (false, false) => "none",
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .json_list("SnapshotIds", 100)
        .map_err(|_| Refusal::new("InvalidSnapshotIds.Malformed"))?;
    let one_of = |name: &str, words: &[&str], code: &str| match params.text(name) {
        Some(word) if !words.iter().any(|known| known.eq_ignore_ascii_case(word)) => refuse(code),
        word => Ok(word.filter(|word| !word.eq_ignore_ascii_case("all"))),
    };
    let status = one_of(
        "Status",
        &["progressing", "accomplished", "failed", "all"],
        "InvalidStatus.NotFound",
    )?;
    let made_by = one_of(
        "SnapshotType",
        &["auto", "user", "all"],
        "InvalidSnapshotType.NotFound",
    )?;
    let source = one_of("SourceDiskType", &["system", "data"], "InvalidSourceDiskType")?;
    let wanted_usage = one_of("Usage", &["image", "disk", "image_disk", "none"], "InvalidUsage")?;
    let category = one_of(
        "Category",
        &["standard", "flash", "archive"],
        "InvalidSnapshotCategory.Malformed",
    )?;
    let mut times = Vec::new();
    for number in 1..=2 {
        let Some(key) = params.text(&format!("Filter.{number}.Key")) else {
            continue;
        };
        let after = match key {
            "CreationStartTime" => true,
            "CreationEndTime" => false,
            _ => return refuse("InvalidFilterKey.NotFound"),
        };
        let moment = parse_utc(params.text_or(&format!("Filter.{number}.Value"), ""), true);
        times.push((after, moment.ok_or_else(|| Refusal::new("InvalidFilterValue"))?));
    }
    let disks: Option<Vec<String>> = params
        .text("InstanceId")
        .map(|id| call.world.ids_linked::<Disk>("instance", id));
    let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(own));
    let search = Search::ids(ids).or_link("disk", params.text("DiskId"));
    let page = call.page::<Snapshot>(search.whole(), |snapshot| {
        call.is("DiskId", &snapshot.disk_id)
            && is(status, snapshot.status.text())
            && is(made_by, &snapshot.made_by)
            && is(category, &snapshot.category)
            && is(source, if snapshot.system { "system" } else { "data" })
            && is(wanted_usage, usage(call, snapshot))
            && params
                .text("SnapshotName")
                .is_none_or(|name| wildcard(name, &snapshot.name))
            && params
                .bool("Encrypted")
                .is_none_or(|wanted| wanted == snapshot.encrypted)
            && call.is("KMSKeyId", &snapshot.kms_key_id)
            && call.is("ResourceGroupId", &snapshot.resource_group)
            && call.is("SnapshotLinkId", &link_id(snapshot))
            && disks
                .as_ref()
                .is_none_or(|disks| disks.contains(&snapshot.disk_id))
            && times.iter().all(|(after, at)| {
                if *after {
                    snapshot.created >= *at
                } else {
                    snapshot.created <= *at
                }
            })
    })?;
    Ok(call.listed(&page, "Snapshots", "Snapshot", |snapshot| node(call, snapshot)))
}

/// All snapshots of a disk hang on one chain.
pub(super) fn link_id(snapshot: &Snapshot) -> String {
    format!("sl-{}", snapshot.disk_id.trim_start_matches("d-"))
}

/// How much of a snapshot is done.
pub(super) fn progress(call: &Call<'_>, snapshot: &Snapshot) -> i64 {
    let millis = if snapshot.copy_of.is_some() {
        COPYING_MS
    } else {
        CREATING_MS
    };
    snapshot.percent(millis, call.now)
}

fn node(call: &Call<'_>, snapshot: &Snapshot) -> Node {
    let copy_of = snapshot.copy_of.as_ref();
    map! {
        "SnapshotId": &snapshot.id,
        "SnapshotName": &snapshot.name,
        "Description": &snapshot.description,
        "RegionId": &snapshot.region,
        "Status": snapshot.status.text(),
        "Progress": format!("{}%", progress(call, snapshot)),
        "Available": snapshot.status == Status::Accomplished,
        "RemainTime": snapshot.due.map_or(0, |due| (due - call.now.life).max(0) / 1000),
        "SnapshotType": &snapshot.made_by,
        "Category": &snapshot.category,
        "SourceDiskId": &snapshot.disk_id,
        "SourceDiskSize": snapshot.disk_size.to_string(),
        "SourceDiskType": if snapshot.system { "system" } else { "data" },
        "SourceStorageType": "disk",
        "SourceSnapshotId": copy_of.map_or("", |(id, _)| id),
        "SourceRegionId": copy_of.map_or("", |(_, region)| region),
        "SnapshotLinkId": link_id(snapshot),
        "SnapshotSN": &snapshot.id,
        "Encrypted": snapshot.encrypted,
        "KMSKeyId": &snapshot.kms_key_id,
        "InstantAccess": snapshot.instant_access,
        "InstantAccessRetentionDays": snapshot.instant_days,
        "RetentionDays": snapshot.retention,
        "ProductCode": "",
        "Usage": usage(call, snapshot),
        "CreationTime": seconds(snapshot.created),
        "LastModifiedTime": seconds(snapshot.modified),
        "FullSnapshotSizeInBytes": snapshot.disk_size << 30,
        "ResourceGroupId": &snapshot.resource_group,
        "Tags": ecs_tags(&snapshot.tags),
    }
}
