//! Disks: free ones, system disks and data disks on instances.

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::catalogue;
use super::super::clock::{minutes, seconds};
use super::super::head::Status;
use super::super::head::regional_id;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::disk_row::Disk;
use super::disk_row::device;
use super::image;
use super::instance_options;
use super::instance_order::{is_password, performance_level};
use super::instance_row::ABSENT;
use super::instance_row::Instance;
use super::key_pair::KeyPair;
use super::key_pair::wildcard;
use super::snapshot::Snapshot;
use super::task;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateDisk", create),
    (ECS, "AttachDisk", attach),
    (ECS, "DetachDisk", detach),
    (ECS, "DeleteDisk", delete),
    (ECS, "ResizeDisk", resize),
    (ECS, "ModifyDiskAttribute", modify),
    (ECS, "ModifyDiskSpec", modify_spec),
    (ECS, "ModifyDiskChargeType", modify_charge_type),
    (ECS, "ReInitDisk", reinit),
    (ECS, "ReplaceSystemDisk", replace_system_disk),
    (ECS, "DescribeDisks", describe),
];

/// Simulated delays, in milliseconds of life-cycle time; the vendor says "about a minute" of detaching.
const CREATING_MS: i64 = 3_000;
const ATTACHING_MS: i64 = 3_000;
const DETACHING_MS: i64 = 60_000;
const REINIT_MS: i64 = 10_000;
const MODIFYING_MS: i64 = 5_000;

/// The vendor's limit of data disks on an instance.
const PER_INSTANCE_MAX: usize = 16;

/// How many ids one look may name.
const DISK_IDS_MAX: usize = 100;

const NO_DISK: &str = "InvalidDiskId.NotFound";

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let (zone, instance_id) = match (params.text("ZoneId"), params.text("InstanceId")) {
        (Some(_), Some(_)) => return refuse("InvalidParam.ZoneIdAndInstanceId.Conflict"),
        (None, None) => return Err(Refusal::missing("ZoneId")),
        (Some(zone), None) if !call.region_facts().has_zone(zone) => return refuse("InvalidZoneId.NotFound"),
        (Some(zone), None) => (zone.to_owned(), None),
        (None, Some(id)) => {
            let row = call.find::<Instance>(id, ABSENT)?;
            if row.subscription.is_none() {
                return refuse("InvalidInstanceChargeType.ValueNotSupported");
            }
            (row.zone.clone(), Some(id.to_owned()))
        }
    };
    let category = params.text_or("DiskCategory", "cloud_efficiency");
    let Some(sizes) = catalogue::disk_sizes(category) else {
        return refuse("InvalidDiskCategory.ValueNotSupported");
    };
    let source = match params.text("SnapshotId") {
        None => None,
        Some(id) => {
            let snapshot = call.find::<Snapshot>(id, "InvalidSnapshotId.NotFound")?;
            if snapshot.status != Status::Accomplished {
                return refuse("InvalidSnapshotId.NotReady");
            }
            Some(snapshot)
        }
    };
    let size = match (params.int("Size")?, source) {
        (Some(size), Some(source)) if size < source.disk_size => return refuse("InvalidDiskSize.TooSmall"),
        (Some(size), _) => size,
        (None, Some(source)) => source.disk_size.max(*sizes.start()),
        (None, None) => return Err(Refusal::missing("Size")),
    };
    if !sizes.contains(&size) {
        return refuse("InvalidDataDiskSize.ValueNotSupported");
    }
    let performance_level = performance_level(category, params.text("PerformanceLevel"))?;
    let name = call
        .name("DiskName", 2, &["InvalidDiskName.Malformed"])?
        .unwrap_or_default();
    let description = call
        .description(2, &["InvalidDescription.Malformed"])?
        .unwrap_or_default();
    let tags = call.tags()?;
    let multi_attach = match params.text_or("MultiAttach", "Disabled") {
        "Disabled" => false,
        // Only where the hardware can, and never with a server from the start.
        "Enabled" if category == "cloud_essd" && instance_id.is_none() => true,
        _ => return Err(call.code(&["InvalidParameter.MultiAttach", "InvalidParameter"])),
    };
    let from_encrypted = source.is_some_and(|source| source.encrypted);
    let (mut head, _) = call.head("d-");
    let id = head.id.clone();
    let expires = instance_id
        .as_deref()
        .and_then(|id| call.world.get::<Instance>(id)?.subscription.as_ref())
        .map(|paid| paid.expires);
    let letter = instance_id
        .as_deref()
        .map(|id| free_device(call, id))
        .unwrap_or_default();
    let then = if instance_id.is_some() {
        Status::Attached
    } else {
        Status::Available
    };
    head.name = name;
    head.description = description;
    head.tags = tags;
    head.pass(Status::Creating, CREATING_MS, then, call.now);
    let disk = Disk {
        head,
        zone,
        category: category.to_owned(),
        performance_level,
        size,
        system: false,
        portable: instance_id.is_none(),
        attached: instance_id.is_some().then_some(call.now.real),
        instance_id: instance_id.unwrap_or_default(),
        device: letter,
        image_id: String::new(),
        snapshot_id: params.text_or("SnapshotId", "").to_owned(),
        encrypted: params.flag("Encrypted") || from_encrypted,
        kms_key_id: params.text_or("KMSKeyId", "").to_owned(),
        bursting: params.flag("BurstingEnabled"),
        provisioned_iops: params.int("ProvisionedIops")?.unwrap_or(0),
        delete_with_instance: false,
        delete_auto_snapshot: false,
        enable_auto_snapshot: true,
        expires,
        detached: None,
        multi_attach,
        snapshot_policy: String::new(),
        source_disk: String::new(),
    };
    call.world.insert(disk);
    Ok(map! { "DiskId": id })
}

/// The first device name that no disk of an instance has.
fn free_device(call: &Call<'_>, instance_id: &str) -> String {
    let used: Vec<&str> = call
        .world
        .linked::<Disk>("instance", instance_id)
        .map(|disk| disk.device.as_str())
        .collect();
    (0..=PER_INSTANCE_MAX)
        .map(device)
        .find(|device| !used.contains(&device.as_str()))
        .unwrap_or_default()
}

fn attach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let instance_id = params.required("InstanceId")?;
    let id = params.required("DiskId")?;
    let row = call.find::<Instance>(instance_id, ABSENT)?;
    let disk = call.find::<Disk>(id, NO_DISK)?;
    if !matches!(row.status, Status::Running | Status::Stopped) || row.is_leaving() {
        return refuse("IncorrectInstanceStatus");
    }
    if disk.status != Status::Available {
        return refuse("IncorrectDiskStatus");
    }
    if disk.zone != row.zone {
        return refuse("ResourcesNotInSameZone");
    }
    if !disk.portable {
        return refuse("DiskNotPortable");
    }
    let fits = call
        .settings
        .catalogue
        .find_instance_type(&row.instance_type)
        .is_none_or(|kind| kind.family.takes(&disk.category));
    if !fits {
        return refuse("InvalidInstanceType.NotSupportDiskCategory");
    }
    if call
        .world
        .linked::<Disk>("instance", instance_id)
        .filter(|disk| !disk.system)
        .count()
        >= PER_INSTANCE_MAX
    {
        return refuse("InstanceDiskLimitExceeded");
    }
    let device = match params.text("Device") {
        None => free_device(call, instance_id),
        Some(device)
            if call
                .world
                .linked::<Disk>("instance", instance_id)
                .any(|disk| disk.device == device) =>
        {
            return refuse("InvalidDevice.InUse");
        }
        Some(device) => device.to_owned(),
    };
    let now = call.now;
    call.world.update::<Disk, _>(id, |disk| {
        disk.pass(Status::Attaching, ATTACHING_MS, Status::Attached, now);
        disk.instance_id = instance_id.to_owned();
        disk.device = device;
        disk.attached = Some(now.real);
        disk.delete_with_instance = params.flag("DeleteWithInstance");
    });
    done()
}

fn detach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let instance_id = params.required("InstanceId")?;
    let id = params.required("DiskId")?;
    let row = call.find::<Instance>(instance_id, ABSENT)?;
    let disk = call.find::<Disk>(id, NO_DISK)?;
    if !matches!(row.status, Status::Running | Status::Stopped) || row.is_leaving() {
        return refuse("IncorrectInstanceStatus");
    }
    if disk.instance_id != instance_id {
        return refuse("DependencyViolation");
    }
    if disk.status != Status::Attached {
        return refuse("IncorrectDiskStatus");
    }
    if disk.system {
        return refuse("DiskTypeViolation");
    }
    if !disk.portable {
        return refuse("DiskNotPortable");
    }
    let now = call.now;
    call.world.update::<Disk, _>(id, |disk| {
        disk.pass(Status::Detaching, DETACHING_MS, Status::Available, now);
        disk.delete_with_instance = params.flag("DeleteWithInstance");
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DiskId")?;
    let disk = call.find::<Disk>(id, NO_DISK)?;
    match disk.status {
        Status::Creating => return refuse("IncorrectDiskStatus.Initializing"),
        Status::Available => {}
        _ => return refuse("IncorrectDiskStatus"),
    }
    call.remove::<Disk>(id);
    done()
}

/// The disk is on an instance at rest, or free.
fn settled(disk: &Disk) -> Result<(), Refusal> {
    match disk.status {
        Status::Available | Status::Attached => Ok(()),
        _ => refuse("IncorrectDiskStatus"),
    }
}

fn resize(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("DiskId")?;
    let disk = call.find::<Disk>(id, NO_DISK)?;
    settled(disk)?;
    let Some(size) = params.int("NewSize")? else {
        return Err(Refusal::missing("NewSize"));
    };
    let online = match params.text_or("Type", "offline") {
        "offline" => false,
        "online" => true,
        _ => return refuse("InvalidParam.Type"),
    };
    if size < disk.size {
        return refuse("InvalidDiskSize.TooSmall");
    }
    let most = catalogue::disk_sizes(&disk.category).map_or(0, |sizes| *sizes.end());
    if size
        > if disk.system {
            *catalogue::SYSTEM_DISK_SIZES.end()
        } else {
            most
        }
    {
        return refuse("InvalidDiskSize.TooLarge");
    }
    if let Some(row) = call.world.get::<Instance>(&disk.instance_id) {
        if !matches!(row.status, Status::Running | Status::Stopped) {
            return refuse("IncorrectInstanceStatus");
        }
        if online && row.status != Status::Running {
            return refuse("InvalidInstanceStatus.NotRunning");
        }
    }
    let paid = disk.expires.is_some();
    call.world.update::<Disk, _>(id, |disk| disk.size = size);
    if paid {
        Ok(map! { "OrderId": format!("20{:013}", call.world.made()) })
    } else {
        done()
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let mut ids: Vec<String> = params.list("DiskIds").into_iter().map(str::to_owned).collect();
    match params.text("DiskId") {
        Some(_) if !ids.is_empty() => return refuse("ParameterConflict.DiskIdAndDiskIds"),
        Some(id) => ids.push(id.to_owned()),
        None if ids.is_empty() => return refuse("MissingParameter.DiskIdOrDiskIds"),
        None => {}
    }
    let name = call.name("DiskName", 2, &["InvalidDiskName.Malformed"])?;
    let description = call.description(2, &["InvalidDescription.Malformed"])?;
    for id in &ids {
        call.find::<Disk>(id, NO_DISK)?;
    }
    for id in &ids {
        call.world.update::<Disk, _>(id, |disk| {
            if let Some(name) = &name {
                disk.name.clone_from(name);
            }
            if let Some(description) = &description {
                disk.description.clone_from(description);
            }
            let flag = |name: &str, old: bool| params.bool(name).unwrap_or(old);
            disk.delete_with_instance = flag("DeleteWithInstance", disk.delete_with_instance);
            disk.delete_auto_snapshot = flag("DeleteAutoSnapshot", disk.delete_auto_snapshot);
            disk.enable_auto_snapshot = flag("EnableAutoSnapshot", disk.enable_auto_snapshot);
            disk.bursting = flag("BurstingEnabled", disk.bursting);
        });
    }
    done()
}

fn modify_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("DiskId")?;
    let disk = call.find::<Disk>(id, NO_DISK)?;
    settled(disk)?;
    let category = params.text_or("DiskCategory", &disk.category).to_owned();
    if catalogue::disk_sizes(&category).is_none() {
        return refuse("InvalidDiskCategory.ValueNotSupported");
    }
    let given = params.text("PerformanceLevel");
    let keeps = (category == disk.category).then_some(disk.performance_level.as_str());
    let level = performance_level(&category, given.or(keeps.filter(|level| !level.is_empty())))?;
    let iops = params.int("ProvisionedIops")?;
    if category == disk.category && level == disk.performance_level && iops.is_none() {
        return refuse("NoChangeInDiskCategoryAndPerformanceLevel");
    }
    call.validated()?;
    call.world.update::<Disk, _>(id, |disk| {
        disk.category = category;
        disk.performance_level = level;
        disk.provisioned_iops = iops.unwrap_or(disk.provisioned_iops);
    });
    let task = task::make(call, "ModifyDiskSpec", id, MODIFYING_MS);
    Ok(map! { "TaskId": task })
}

fn modify_charge_type(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let instance_id = params.required("InstanceId")?;
    let row = call.find::<Instance>(instance_id, "InvalidInstanceId.NotFound")?;
    let Some(paid) = &row.subscription else {
        return refuse("ChargeTypeViolation");
    };
    let expires = match params.text_or("DiskChargeType", "PrePaid") {
        "PrePaid" => Some(paid.expires),
        "PostPaid" => None,
        _ => return refuse("InvalidInstanceChargeType.NotFound"),
    };
    let ids = params.json_list("DiskIds", 16)?.unwrap_or_default();
    let own = |id: &String| {
        call.world
            .get::<Disk>(id)
            .is_some_and(|disk| disk.instance_id == instance_id)
    };
    if !ids.iter().all(own) {
        return refuse("InvalidDiskIds.NotFound");
    }
    for id in &ids {
        call.world.update::<Disk, _>(id, |disk| {
            disk.expires = expires;
            disk.portable = expires.is_none();
        });
    }
    Ok(map! { "OrderId": format!("20{:013}", call.world.made()) })
}

fn check_password(call: &Call<'_>) -> Result<(), Refusal> {
    match call.params.text("Password") {
        Some(password) if !is_password(password) => refuse("InvalidPassword.Malformed"),
        _ => Ok(()),
    }
}

fn check_key_pair(call: &Call<'_>, name: Option<&str>) -> Result<(), Refusal> {
    let id = |name: &str| regional_id(&call.region, name);
    match name {
        Some(name) if call.world.get::<KeyPair>(&id(name)).is_none() => refuse("InvalidKeyPairName.NotFound"),
        _ => Ok(()),
    }
}

fn stopped(row: &Instance) -> Result<(), Refusal> {
    if row.status == Status::Stopped && !row.is_leaving() {
        Ok(())
    } else {
        refuse("IncorrectInstanceStatus")
    }
}

fn reinit(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("DiskId")?;
    let disk = call.find::<Disk>(id, NO_DISK)?;
    if disk.status != Status::Attached {
        return refuse("IncorrectDiskStatus");
    }
    let Some(row) = call.world.get::<Instance>(&disk.instance_id) else {
        return refuse("IncorrectDiskStatus");
    };
    stopped(row)?;
    check_password(call)?;
    check_key_pair(call, params.text("KeyPairName"))?;
    let now = call.now;
    let (instance_id, system) = (disk.instance_id.clone(), disk.system);
    let options = instance_options::told(call)?;
    call.world.update::<Disk, _>(id, |disk| {
        disk.pass(Status::ReIniting, REINIT_MS, Status::Attached, now);
    });
    call.world.update::<Instance, _>(&instance_id, |row| {
        if system {
            row.options.extend(options);
            row.has_password |= params.text("Password").is_some();
            if let Some(name) = params.text("KeyPairName") {
                name.clone_into(&mut row.key_pair);
            }
        }
        if params.flag("AutoStartInstance") {
            row.pass(Status::Starting, REINIT_MS, Status::Running, now);
        }
    });
    done()
}

fn replace_system_disk(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let instance_id = params.required("InstanceId")?;
    let row = call.find::<Instance>(instance_id, ABSENT)?;
    stopped(row)?;
    let Some(image_id) = params.text("ImageId") else {
        return refuse("InvalidParameter.AllEmpty");
    };
    let image = image::find(call, image_id).ok_or_else(|| Refusal::new("InvalidImageId.NotFound"))?;
    let Some(old) = call
        .world
        .linked::<Disk>("instance", instance_id)
        .find(|disk| disk.system)
    else {
        return refuse("InvalidInstance.NotFoundSystemDisk");
    };
    let mut disk = old.clone();
    disk.size = match params.int("SystemDisk.Size")? {
        None => old.size.max(image.size),
        Some(size) if size < image.size => return refuse("InvalidSystemDiskSize.LessThanImageSize"),
        Some(size) if size < old.size.min(*catalogue::SYSTEM_DISK_SIZES.start()) => {
            return refuse("InvalidSystemDiskSize.LessThanMinSize");
        }
        Some(size) if size > *catalogue::SYSTEM_DISK_SIZES.end() => {
            return refuse("InvalidSystemDiskSize.MoreThanMaxSize");
        }
        Some(size) => size,
    };
    check_password(call)?;
    let key_pair = params.text("KeyPairName").map(str::to_owned);
    check_key_pair(call, key_pair.as_deref())?;
    let has_password = params.text("Password").is_some() || params.flag("PasswordInherit");
    let options = instance_options::told(call)?;
    let key = params.text_or("KMSKeyId", "").to_owned();
    if !key.is_empty() && !params.flag("Encrypted") {
        return refuse("InvalidParameter.EncryptedIllegal");
    }
    // Once encrypted, always encrypted.
    disk.encrypted |= params.flag("Encrypted");
    if !key.is_empty() {
        disk.kms_key_id = key;
    }
    let old_id = old.id.clone();
    let (place, id, _) = call.make("d-");
    disk.id.clone_from(&id);
    disk.place = place;
    disk.image_id = image.id.clone();
    disk.created = call.now.real;
    disk.attached = Some(call.now.real);
    // The old disk is gone with what was on it.
    call.remove::<Disk>(&old_id);
    call.world.insert(disk);
    call.world.update::<Instance, _>(instance_id, |row| {
        row.image_id = image.id.clone();
        row.has_password = has_password;
        row.options.extend(options);
        // A key pair that is not named again is no longer bound.
        row.key_pair = key_pair.unwrap_or_default();
    });
    Ok(map! { "DiskId": id })
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .json_list("DiskIds", usize::MAX)
        .map_err(|_| call.code(&["InvalidDiskIds.ValueNotSupported"]))?;
    if ids.as_ref().is_some_and(|ids| ids.len() > DISK_IDS_MAX) {
        return Err(Refusal::new("InvalidDiskIds.Malformed")
            .with_message("The amount of specified disk Ids exceeds the limit."));
    }
    let kind = params.text_or("DiskType", "all").to_ascii_lowercase();
    if !["all", "system", "data"].contains(&kind.as_str()) {
        return refuse("InvalidDiskType.ValueNotSupported");
    }
    let instance_id = params.text("InstanceId");
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let flag = |name: &str, value: bool| params.bool(name).is_none_or(|wanted| wanted == value);
    let times = created_within(call)?;
    let shared = |disk: &Disk| if disk.multi_attach { "Enabled" } else { "Disabled" };
    let page = call.page::<Disk>(
        Search::ids(ids).or_link("instance", instance_id).whole(),
        |disk| {
            (kind == "all" || (kind == "system") == disk.system)
                && is("InstanceId", &disk.instance_id)
                && is("ZoneId", &disk.zone)
                && (params.text("Category") == Some("all") || is("Category", &disk.category))
                && (params.text("Status") == Some("All") || is("Status", disk.status.text()))
                && is("SnapshotId", &disk.snapshot_id)
                && is("KMSKeyId", &disk.kms_key_id)
                && is("ResourceGroupId", &disk.resource_group)
                && is("DiskChargeType", disk_charge(disk))
                && params
                    .text("DiskName")
                    .is_none_or(|name| wildcard(name, &disk.name))
                && is("AutoSnapshotPolicyId", &disk.snapshot_policy)
                && flag("DeleteWithInstance", disk.delete_with_instance)
                && flag("DeleteAutoSnapshot", disk.delete_auto_snapshot)
                && flag("EnableAutoSnapshot", disk.enable_auto_snapshot)
                && flag("Encrypted", disk.encrypted)
                && flag("Portable", disk.portable)
                && flag("EnableAutomatedSnapshotPolicy", !disk.snapshot_policy.is_empty())
                && flag("EnableShared", disk.multi_attach)
                && is("MultiAttach", shared(disk))
                && params.text("LockReason").is_none()
                && times.iter().all(|(after, at)| {
                    if *after {
                        disk.created >= *at
                    } else {
                        disk.created <= *at
                    }
                })
        },
    )?;
    let with_speed = params.list("AdditionalAttributes").contains(&"IOPS");
    Ok(call.listed(&page, "Disks", "Disk", |disk| {
        let mut node = node(disk);
        if with_speed {
            for (name, value) in speed(disk) {
                node.push(name, value);
            }
        }
        node
    }))
}

/// The two old filters by the time of creation: whether it is from a moment on, and the moment.
fn created_within(call: &Call<'_>) -> Result<Vec<(bool, i64)>, Refusal> {
    let mut found = Vec::new();
    for number in 1..=2 {
        let Some(key) = call.params.text(&format!("Filter.{number}.Key")) else {
            continue;
        };
        let after = match key {
            "CreationStartTime" => true,
            "CreationEndTime" => false,
            _ => return Err(call.code(&["InvalidFilterKey.NotFound", "InvalidParameter"])),
        };
        let text = call
            .params
            .text_or(&format!("Filter.{number}.Value"), "")
            .to_owned();
        let at = super::super::clock::parse_utc(&text, true);
        found.push((
            after,
            at.ok_or_else(|| call.code(&["InvalidFilterValue", "InvalidParameter"]))?,
        ));
    }
    Ok(found)
}

fn disk_charge(disk: &Disk) -> &'static str {
    if disk.expires.is_some() {
        "PrePaid"
    } else {
        "PostPaid"
    }
}

fn node(disk: &Disk) -> Node {
    let attached = disk
        .attached
        .filter(|_| !disk.instance_id.is_empty())
        .map(seconds)
        .unwrap_or_default();
    let attachments = if disk.instance_id.is_empty() {
        Vec::new()
    } else {
        vec![map! { "InstanceId": &disk.instance_id, "Device": &disk.device, "AttachedTime": &attached }]
    };
    map! {
        "DiskId": &disk.id,
        "DiskName": &disk.name,
        "Description": &disk.description,
        "RegionId": &disk.region,
        "ZoneId": &disk.zone,
        "Type": if disk.system { "system" } else { "data" },
        "Category": &disk.category,
        "PerformanceLevel": &disk.performance_level,
        "Size": disk.size,
        "Status": disk.status.text(),
        "InstanceId": &disk.instance_id,
        "Device": &disk.device,
        "ImageId": &disk.image_id,
        "SourceSnapshotId": &disk.snapshot_id,
        "SourceDiskId": &disk.source_disk,
        "ProductCode": "",
        "Portable": disk.portable,
        "Encrypted": disk.encrypted,
        "KMSKeyId": &disk.kms_key_id,
        "DeleteWithInstance": disk.delete_with_instance,
        "DeleteAutoSnapshot": disk.delete_auto_snapshot,
        "EnableAutoSnapshot": disk.enable_auto_snapshot,
        "EnableAutomatedSnapshotPolicy": !disk.snapshot_policy.is_empty(),
        "AutoSnapshotPolicyId": &disk.snapshot_policy,
        "BurstingEnabled": disk.bursting,
        "ProvisionedIops": disk.provisioned_iops,
        "MultiAttach": if disk.multi_attach { "Enabled" } else { "Disabled" },
        "MountInstanceNum": attachments.len(),
        "MountInstances": map! { "MountInstance": attachments.clone() },
        "Attachments": map! { "Attachment": attachments },
        "DiskChargeType": disk_charge(disk),
        "CreationTime": seconds(disk.created),
        "AttachedTime": attached,
        "DetachedTime": disk.detached.map(seconds).unwrap_or_default(),
        "ExpiredTime": disk.expires.map_or_else(|| "2999-09-08T16:00Z".to_owned(), minutes),
        "SerialNumber": disk.id.trim_start_matches("d-"),
        "ResourceGroupId": &disk.resource_group,
        "StorageSetId": "",
        "StorageClusterId": "",
        "StorageSetPartitionNumber": 0,
        "OperationLocks": map! { "OperationLock": Vec::new() },
        "Tags": ecs_tags(&disk.tags),
    }
}

/// What a disk can do, by the vendor's formulas: operations in a second and MB/s.
fn speed(disk: &Disk) -> [(&'static str, i64); 6] {
    let size = disk.size;
    let (iops, throughput) = match (disk.category.as_str(), disk.performance_level.as_str()) {
        ("cloud_essd", "PL0") => ((1_800 + 12 * size).min(10_000), (100 + size / 4).min(180)),
        ("cloud_essd", "PL2") => ((1_800 + 50 * size).min(100_000), (120 + size / 2).min(750)),
        ("cloud_essd", "PL3") => ((1_800 + 50 * size).min(1_000_000), (120 + size / 2).min(4_000)),
        ("cloud_essd" | "cloud_auto", _) => ((1_800 + 50 * size).min(50_000), (120 + size / 2).min(350)),
        ("cloud_ssd", _) => ((1_800 + 30 * size).min(25_000), (120 + size / 2).min(300)),
        ("cloud_efficiency", _) => ((1_800 + 8 * size).min(5_000), (100 + size * 3 / 20).min(140)),
        _ => (300, 40),
    };
    let iops = iops + disk.provisioned_iops;
    [
        ("IOPS", iops),
        ("IOPSRead", iops),
        ("IOPSWrite", iops),
        ("Throughput", throughput),
        ("ThroughputRead", throughput),
        ("ThroughputWrite", throughput),
    ]
}
