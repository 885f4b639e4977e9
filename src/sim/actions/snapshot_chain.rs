//! Snapshots by their disks, and all together: how many there are and how much they hold.

use super::super::call::{Call, Entry, list_page};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::Refusal;
use super::disk_row::Disk;
use super::instance_row::{ABSENT, Instance};
use super::snapshot::{Snapshot, link_id};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeSnapshotLinks", links),
    (ECS, "DescribeSnapshotsUsage", usage),
    (ECS, "DescribeSnapshotPackage", packages),
];

/// The snapshots of the region that lists show, oldest first.
fn shown<'t>(call: &'t Call<'_>) -> impl Iterator<Item = &'t Snapshot> {
    let all = call.world.all::<Snapshot>().iter();
    all.filter(|snapshot| snapshot.is_in(&call.region) && call.is_visible(snapshot.created))
}

/// Bytes of some snapshots; each counts as the whole disk, as its own list says.
fn bytes<'t>(snapshots: impl Iterator<Item = &'t Snapshot>) -> i64 {
    snapshots.map(|snapshot| snapshot.disk_size << 30).sum()
}

fn links(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let of = |name: &str, code: &str| {
        params.json_list(name, 100).map_err(|refusal| Refusal {
            code: code.to_owned(),
            ..refusal
        })
    };
    let disks = of("DiskIds", "InvalidDiskIds")?;
    let ids = of("SnapshotLinkIds", "InvalidSnapshotLinkIds")?;
    let server = match params.text("InstanceId") {
        None => None,
        Some(id) => Some(call.find::<Instance>(id, ABSENT)?.id.as_str()),
    };
    // The chain with the newest snapshot comes first.
    let mut chains: Vec<(String, Vec<&Snapshot>)> = Vec::new();
    for snapshot in shown(call).collect::<Vec<_>>().into_iter().rev() {
        let id = link_id(snapshot);
        match chains.iter_mut().find(|(own, _)| *own == id) {
            Some((_, own)) => own.push(snapshot),
            None => chains.push((id, vec![snapshot])),
        }
    }
    let disk_of = |own: &[&Snapshot]| own.first().and_then(|one| call.world.get::<Disk>(&one.disk_id));
    chains.retain(|(id, own)| {
        let disk = own.first().map_or("", |one| one.disk_id.as_str());
        ids.as_ref().is_none_or(|ids| ids.contains(id))
            && disks
                .as_ref()
                .is_none_or(|disks| disks.iter().any(|other| other == disk))
            && server.is_none_or(|server| disk_of(own).is_some_and(|disk| disk.instance_id == server))
    });
    let by_token = params.text("MaxResults").is_some() || params.text("NextToken").is_some();
    let (number, size) = call.number_and_size(100)?;
    let (page, next) = match by_token {
        true => list_page(call, &chains)?,
        false => {
            let from = usize::try_from(number - 1)
                .unwrap_or(usize::MAX)
                .saturating_mul(size);
            let from = from.min(chains.len());
            let until = from.saturating_add(size).min(chains.len());
            (&chains[from..until], String::new())
        }
    };
    let nodes = page.iter().map(|(id, own)| {
        let newest = own.first();
        let disk = disk_of(own);
        let server = disk.and_then(|disk| call.world.get::<Instance>(&disk.instance_id));
        map! {
            "SnapshotLinkId": id,
            "RegionId": call.region.as_str(),
            "InstanceId": server.map_or("", |row| &row.id),
            "InstanceName": server.map_or("", |row| &row.name),
            "SourceDiskId": newest.map_or("", |one| &one.disk_id),
            "SourceDiskName": disk.map_or("", |disk| &disk.name),
            "SourceDiskSize": newest.map_or(0, |one| one.disk_size),
            "SourceDiskType": if newest.is_some_and(|one| one.system) { "system" } else { "data" },
            "Category": newest.map_or("", |one| &one.category),
            "InstantAccess": own.iter().any(|one| one.instant_access),
            "TotalCount": own.len(),
            "TotalSize": bytes(own.iter().copied()),
        }
    });
    let mut answer = map! { "SnapshotLinks": map! { "SnapshotLink": nodes.collect::<Vec<_>>() } };
    call.paging(
        &mut answer,
        chains.len(),
        number,
        i64::try_from(size).unwrap_or(10),
        &next,
    );
    Ok(answer)
}

fn usage(call: &mut Call<'_>) -> Result<Node, Refusal> {
    Ok(map! { "SnapshotCount": shown(call).count(), "SnapshotSize": bytes(shown(call)) })
}

fn packages(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (number, size) = call.number_and_size(100)?;
    // Room for snapshots is bought on a page of its own and not by any action.
    let mut answer = map! { "SnapshotPackages": map! { "SnapshotPackage": Vec::new() } };
    call.paging(&mut answer, 0, number, i64::try_from(size).unwrap_or(10), "");
    Ok(answer)
}
