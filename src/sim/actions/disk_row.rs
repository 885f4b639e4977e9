//! What is known of a disk, and what time does to it. Does not know requests.

use serde::{Deserialize, Serialize};

use super::super::clock::Now;
use super::super::head::{Head, Status, row};
use super::super::products::ECS;
use super::super::world::{Kind, World};
use super::instance_row::Instance;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Disk {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) zone: String,
    pub(super) category: String,
    pub(super) performance_level: String,
    pub(super) size: i64,
    pub(super) system: bool,
    pub(super) instance_id: String,
    pub(super) device: String,
    pub(super) image_id: String,
    pub(super) snapshot_id: String,
    pub(super) encrypted: bool,
    pub(super) kms_key_id: String,
    pub(super) bursting: bool,
    pub(super) provisioned_iops: i64,
    pub(super) delete_with_instance: bool,
    pub(super) delete_auto_snapshot: bool,
    pub(super) enable_auto_snapshot: bool,
    pub(super) portable: bool,
    /// The end of a subscription; `None` is pay-as-you-go.
    pub(super) expires: Option<i64>,
    pub(super) attached: Option<i64>,
    pub(super) detached: Option<i64>,
    /// Whether it may be on several servers.
    #[serde(default)]
    pub(super) multi_attach: bool,
    /// By which snapshots are made of it by themselves.
    #[serde(default)]
    pub(super) snapshot_policy: String,
    /// The disk that it is a clone of.
    #[serde(default)]
    pub(super) source_disk: String,
}

row!(Disk, links: |row, link| {
    if !row.instance_id.is_empty() {
        link("instance", &row.instance_id);
    }
    if !row.snapshot_id.is_empty() {
        link("snapshot", &row.snapshot_id);
    }
    if !row.snapshot_policy.is_empty() {
        link("snapshot_policy", &row.snapshot_policy);
    }
});

impl Kind for Disk {
    const NAME: &'static str = "disk";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "disk")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[("snapshot", &["SnapshotCreatedDisk"])];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        // Sixteen data disks and the system disk.
        &[("instance", 17, &["InstanceDiskLimitExceeded"])];

    fn arrived(world: &mut World, id: &str, status: Status, now: Now) {
        if status == Status::Available {
            world.update::<Disk, _>(id, |disk| {
                if !disk.instance_id.is_empty() {
                    disk.detached = Some(now.real);
                }
                disk.instance_id.clear();
                disk.device.clear();
            });
        }
    }

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == "snapshot_policy" {
            for own in world.ids_linked::<Disk>(kind, id) {
                world.update::<Disk, _>(&own, |disk| disk.snapshot_policy.clear());
            }
        }
        if kind != "instance" {
            return;
        }
        for disk_id in world.ids_linked::<Disk>("instance", id) {
            let goes = world
                .get::<Disk>(&disk_id)
                .is_some_and(|disk| disk.system || disk.delete_with_instance);
            if goes {
                world.remove::<Disk>(&disk_id, now);
                continue;
            }
            world.update::<Disk, _>(&disk_id, |disk| {
                disk.instance_id.clear();
                disk.device.clear();
                disk.settle_as(Status::Available);
                disk.expires = None;
                disk.portable = true;
                disk.detached = Some(now.real);
            });
        }
    }

    fn faults(world: &World) -> Vec<String> {
        let lost =
            |disk: &&Disk| !disk.instance_id.is_empty() && world.get::<Instance>(&disk.instance_id).is_none();
        let lost = world.all::<Disk>().iter().filter(lost);
        let lost = lost.map(|disk| format!("{} hangs on an instance that does not exist", disk.id));
        let systems = world.all::<Instance>().iter().filter_map(|row| {
            let disks = world.linked::<Disk>("instance", &row.id);
            let systems = disks.filter(|disk| disk.system).count();
            (systems != 1).then(|| format!("{} has {systems} system disks", row.id))
        });
        lost.chain(systems).collect()
    }
}

/// The device name of the n-th data disk.
pub(super) fn device(index: usize) -> String {
    let letter = u8::try_from(index).map_or('z', |index| char::from((b'b' + index).min(b'z')));
    format!("/dev/xvd{letter}")
}
