//! Snapshots of several disks of a server at one moment.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, plain_vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::disk_row::Disk;
use super::instance_row::Instance;
use super::snapshot::{self, Snapshot, instant, may_begin};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SnapshotGroup {
    #[serde(flatten)]
    pub(super) head: Head,
    instance_id: String,
}

row!(SnapshotGroup, links: |row, link| link("instance of", &row.instance_id));

impl Kind for SnapshotGroup {
    const NAME: &'static str = "snapshot_group";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "snapshotgroup")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateSnapshotGroup", create),
    (ECS, "ModifySnapshotGroup", modify),
    (ECS, "DeleteSnapshotGroup", delete),
    (ECS, "DescribeSnapshotGroups", describe),
];

const ABSENT: &str = "InvalidSnapshotGroup.NotFound";
/// The vendor's limit of disks in a group.
const DISKS_MAX: usize = 16;

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let named = params.list("DiskId");
    let without = params.list("ExcludeDiskId");
    if !named.is_empty() && !without.is_empty() {
        return refuse("InvalidParam.ExcludeDiskIdsAndDiskIds.Conflict");
    }
    let disks: Vec<String> = match (params.text("InstanceId"), named.is_empty()) {
        (None, true) => return refuse("MissingParamter.InstanceId"),
        (Some(id), true) => {
            call.find::<Instance>(id, "InvalidInstanceId.NotFound")?;
            let own = call.world.ids_linked::<Disk>("instance", id);
            own.into_iter()
                .filter(|id| !without.contains(&id.as_str()))
                .collect()
        }
        (_, false) => named.into_iter().map(str::to_owned).collect(),
    };
    if disks.is_empty() {
        return refuse("InvalidInstance.NoDisk");
    }
    if disks.len() > DISKS_MAX {
        return refuse("NumberExceed.TooManyDisks");
    }
    let mut zones = std::collections::BTreeSet::new();
    let mut instant_access = (false, 0);
    for id in &disks {
        let disk = call.find::<Disk>(id, "InvalidDiskId.NotFound")?;
        if params
            .text("InstanceId")
            .is_some_and(|instance| instance != disk.instance_id)
        {
            return refuse("InvalidDiskId.NotFound");
        }
        may_begin(call, disk)?;
        instant_access = instant(call, &disk.category)?;
        zones.insert(disk.zone.clone());
    }
    if zones.len() > 1 {
        return refuse("InvalidDiskIds.NotInSameZone");
    }
    let name = call.name("Name", 2, snapshot::NAME)?.unwrap_or_default();
    let description = call.description(2, snapshot::DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    let (mut head, _) = call.head("ssg-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    let id = head.id.clone();
    call.world.insert(SnapshotGroup {
        head,
        instance_id: params.text_or("InstanceId", "").to_owned(),
    });
    for disk in &disks {
        let order = snapshot::Order {
            category: "standard".to_owned(),
            instant_access: instant_access.0,
            instant_days: instant_access.1,
            group: id.clone(),
            ..snapshot::Order::default()
        };
        snapshot::make(call, disk, order)?;
    }
    Ok(map! { "SnapshotGroupId": id })
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SnapshotGroupId")?;
    call.find::<SnapshotGroup>(id, ABSENT)?;
    let name = call.name("Name", 2, &["InvalidParameter.Name"])?;
    let description = call.description(2, &["InvalidParameter.Description"])?;
    call.world
        .update::<SnapshotGroup, _>(id, |group| group.rename(name, description));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("SnapshotGroupId")?;
    call.find::<SnapshotGroup>(id, ABSENT)?;
    let members = call.world.ids_linked::<Snapshot>(SnapshotGroup::NAME, id);
    for own in &members {
        call.unheld::<Snapshot>(own)?;
    }
    for own in &members {
        call.remove::<Snapshot>(own);
    }
    call.remove::<SnapshotGroup>(id);
    let progress: Vec<Node> = members
        .iter()
        .map(|own| {
            let item = map! { "Name": "SnapshotId", "Value": own };
            map! {
                "OperationStatus": "Success",
                "ErrorCode": "",
                "ErrorMsg": "",
                "RelatedItemSet": map! { "RelatedItem": vec![item] },
            }
        })
        .collect();
    Ok(map! { "OperationProgressSet": map! { "OperationProgress": progress } })
}

fn members<'t>(call: &'t Call<'_>, group: &'t SnapshotGroup) -> Vec<&'t Snapshot> {
    call.world.linked(SnapshotGroup::NAME, &group.id).collect()
}

/// A group is done when all of its snapshots are.
fn status(call: &Call<'_>, group: &SnapshotGroup) -> &'static str {
    let done = |own: &&Snapshot| own.status == Status::Accomplished;
    if members(call, group).iter().all(done) {
        "accomplished"
    } else {
        "progressing"
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("SnapshotGroupId");
    let wanted = params.list("Status");
    if wanted
        .iter()
        .any(|word| !["progressing", "accomplished", "failed"].contains(word))
    {
        return refuse("InvalidStatus.ValueNotSupported");
    }
    let ids = (!ids.is_empty()).then_some(ids);
    let page = call.page::<SnapshotGroup>(Search::ids(ids), |group| {
        call.is("InstanceId", &group.instance_id)
            && call.is("Name", &group.name)
            && call.is("ResourceGroupId", &group.resource_group)
            && (wanted.is_empty() || wanted.contains(&status(call, group)))
    })?;
    Ok(call.listed(&page, "SnapshotGroups", "SnapshotGroup", |group| {
        let own = members(call, group).into_iter().map(|own| {
            map! {
                "SnapshotId": &own.id,
                "SourceDiskId": &own.disk_id,
                "SourceDiskType": if own.system { "system" } else { "data" },
                "Progress": format!("{}%", snapshot::progress(call, own)),
                "Available": own.status == Status::Accomplished,
                "Tags": map! { "Tag": plain_vpc_tags(&own.tags) },
            }
        });
        map! {
            "SnapshotGroupId": &group.id,
            "Name": &group.name,
            "Description": &group.description,
            "InstanceId": &group.instance_id,
            "Status": status(call, group),
            "ProgressStatus": "",
            "CreationTime": seconds(group.created),
            "ResourceGroupId": &group.resource_group,
            "Snapshots": map! { "Snapshot": own.collect::<Vec<_>>() },
            "Tags": map! { "Tag": plain_vpc_tags(&group.tags) },
        }
    }))
}
