//! Disks: what their categories can, what encryption needs, and what state they have to be in.

use super::super::super::call::Call;
use super::super::super::catalogue;
use super::super::super::head::Status;
use super::super::disk_row::Disk;
use super::super::instance_row::Instance;
use super::super::kms_key::Key;
use super::super::network_interface::NetworkInterface;
use super::super::snapshot::Snapshot;
use super::words::address_like;
use super::{Unfit, asks, disk, server};

/// The most operations a second that may be paid for.
const IOPS_MAX: i64 = 50_000;
/// Disks with a server at once that may be taken off together.
const DETACHING_MAX: usize = 16;

const CREATES: &[&str] = &["CreateDisk", "RunInstances"];
const ENCRYPTS: &[&str] = &["CreateDisk", "ReplaceSystemDisk", "RunInstances"];

pub(super) const TABLE: &[Unfit] = &[
    // What belongs to encryption, and the key.
    Unfit(ENCRYPTS, "InvalidEncrypted.NotMatchKmsKeyId", |call| {
        disks_of(call).any(|(get, _)| !get("KMSKeyId").is_empty() && !is_true(&get("Encrypted")))
    }),
    Unfit(ENCRYPTS, "InvalidEncrypted.NotMatchEncryptAlgorithm", |call| {
        disks_of(call).any(|(get, _)| !get("EncryptAlgorithm").is_empty() && !is_true(&get("Encrypted")))
    }),
    Unfit(ENCRYPTS, "InvalidRegionId.NotSupportEncryptAlgorithm", |call| {
        disks_of(call).any(|(get, _)| get("EncryptAlgorithm").eq_ignore_ascii_case("SM4-128"))
    }),
    Unfit(ENCRYPTS, "InvalidEncryptAlgorithm", |call| {
        disks_of(call).any(|(get, _)| {
            let algorithm = get("EncryptAlgorithm");
            !algorithm.is_empty() && !algorithm.eq_ignore_ascii_case("AES-256")
        })
    }),
    Unfit(ENCRYPTS, "InvalidKMSKeyId.NotSymmetric", |call| {
        keys(call).any(|key| !key.spec.is_empty() && key.spec.contains('_') && !key.spec.contains("AES"))
    }),
    Unfit(&[], "InvalidParameter.KMSKeyId.CMKNotEnabled", |call| {
        keys(call).any(|key| key.state() != "Enabled")
    }),
    Unfit(CREATES, "InvalidParameter.EncryptedNotSupported", |call| {
        disks_of(call).any(|(get, _)| is_true(&get("Encrypted")) && is_local(&get("Category")))
    }),
    Unfit(CREATES, "InvalidEncrypted.NotMatchSnapshot", |call| {
        disks_of(call).any(|(get, _)| {
            let snapshot = call.world.get::<Snapshot>(&get("SnapshotId"));
            snapshot.is_some_and(|snapshot| snapshot.encrypted)
                && get("Encrypted").eq_ignore_ascii_case("false")
        })
    }),
    // What categories can.
    Unfit(CREATES, "BurstingEnabledForMultiAttachDiskUnsupported", |call| {
        is_true(call.params.peek("BurstingEnabled")) && call.params.peek("MultiAttach") == "Enabled"
    }),
    Unfit(CREATES, "BurstingEnabledForDiskCategoryUnsupported", |call| {
        disks_of(call).any(|(get, _)| is_true(&get("BurstingEnabled")) && get("Category") != "cloud_auto")
    }),
    Unfit(CREATES, "ProvisionedIopsForDiskCategoryUnsupported", |call| {
        disks_of(call)
            .any(|(get, _)| !matches!(&*get("ProvisionedIops"), "" | "0") && get("Category") != "cloud_auto")
    }),
    Unfit(CREATES, "InvalidProvisionedIops.LimitExceed", |call| {
        disks_of(call).any(|(get, _)| {
            get("ProvisionedIops")
                .parse()
                .is_ok_and(|iops: i64| iops > IOPS_MAX)
        })
    }),
    Unfit(CREATES, "OperationDenied.PerformanceLevelNotMatch", |call| {
        disks_of(call).any(|(get, _)| !level_fits(&get("PerformanceLevel"), &get("Size")))
    }),
    Unfit(
        &["CreateDisk"],
        "InvalidPerformanceLevel.ValueNotSupported",
        |call| {
            disks_of(call)
                .any(|(get, _)| !matches!(&*get("PerformanceLevel"), "" | "PL0" | "PL1" | "PL2" | "PL3"))
        },
    ),
    Unfit(
        &["CreateDisk"],
        "InvalidParameter.MultiAttachAndInstanceIdConflict",
        |call| call.params.peek("MultiAttach") == "Enabled" && asks(call, "InstanceId"),
    ),
    Unfit(
        &["CreateDisk"],
        "InvalidParameter.DiskCategoryAndMultiAttachNotMatch",
        |call| {
            call.params.peek("MultiAttach") == "Enabled" && call.params.peek("DiskCategory") != "cloud_essd"
        },
    ),
    Unfit(&["CreateDisk"], "InvalidDataDiskCategory.NotSupported", |call| {
        is_local(call.params.peek("DiskCategory"))
    }),
    Unfit(
        &["CreateDisk", "RunInstances"],
        "InvalidDataDiskCategory.ValueNotSupported",
        |call| {
            ["DiskCategory", "DataDisk.1.Category"].iter().any(|name| {
                let category = call.params.peek(name);
                !category.is_empty() && catalogue::disk_sizes(category).is_none() && !is_local(category)
            })
        },
    ),
    Unfit(&["CreateDisk"], "InvalidDiskSize.NotSupported", |call| {
        call.params.peek("Size").parse().is_ok_and(|size: i64| size < 1)
    }),
    Unfit(&["RunInstances"], "InvalidDataDiskSnapshotId.NotFound", |call| {
        disks_of(call).any(|(get, _)| {
            let id = get("SnapshotId");
            !id.is_empty() && call.world.get::<Snapshot>(&id).is_none()
        })
    }),
    Unfit(&["RunInstances"], "InvalidDiskSize.TooSmall", |call| {
        disks_of(call).any(|(get, _)| {
            let snapshot = call.world.get::<Snapshot>(&get("SnapshotId"));
            let size = get("Size").parse::<i64>();
            matches!((snapshot, size), (Some(snapshot), Ok(size)) if size < snapshot.disk_size)
        })
    }),
    // What is there by its id only, and is not.
    Unfit(
        &["CreateDisk"],
        "InvalidStorageClusterId.ConflictWithInstanceId",
        |call| asks(call, "StorageClusterId") && asks(call, "InstanceId"),
    ),
    Unfit(
        &["CreateDisk"],
        "InvalidStorageClusterId.ConflictWithStorageSetId",
        |call| asks(call, "StorageClusterId") && asks(call, "StorageSetId"),
    ),
    Unfit(CREATES, "InvalidStorageClusterId.NotExist", |call| {
        [
            "StorageClusterId",
            "SystemDisk.StorageClusterId",
            "DataDisk.1.StorageClusterId",
        ]
        .iter()
        .any(|name| asks(call, name))
    }),
    Unfit(CREATES, "InvalidMaxPartitionNumber.Malformed", |call| {
        let number = call.params.peek("StorageSetPartitionNumber");
        !number.is_empty() && !number.parse().is_ok_and(|number: i64| number >= 1)
    }),
    Unfit(&["CreateDisk"], "InvalidParameter.StorageSetId", |call| {
        asks(call, "StorageSetId")
    }),
    Unfit(CREATES, "InvalidParameter.Arns", |call| {
        call.params
            .iter()
            .any(|(name, value)| name.starts_with("Arn.") && !value.is_empty())
    }),
    Unfit(&["CreateDisk"], "InvalidStatus.Upgrading", |call| {
        server(call).is_some_and(|row| row.status == Status::Pending)
    }),
    // Putting on and taking off.
    Unfit(&["AttachDisk"], "InvalidParameter.AllEmpty", |call| {
        !asks(call, "DiskId")
    }),
    Unfit(
        &["AttachDisk"],
        "InvalidOperation.CanNotAttachMultiAttachDiskAsSystemDisk",
        |call| asks(call, "Bootable") && disk(call).is_some_and(|disk| disk.multi_attach),
    ),
    Unfit(&["AttachDisk"], "InvalidDisk.DiskNotBootable", |call| {
        asks(call, "Bootable") && disk(call).is_some_and(|disk| disk.image_id.is_empty())
    }),
    Unfit(
        &["AttachDisk"],
        "InvalidParameterForce.MultiAttachDiskNotSupported",
        |call| asks(call, "Force") && disk(call).is_some_and(|disk| disk.multi_attach),
    ),
    Unfit(
        &["AttachDisk"],
        "InvalidParameterForce.PrepaidDiskNotSupported",
        |call| asks(call, "Force") && disk(call).is_some_and(|disk| disk.expires.is_some()),
    ),
    Unfit(
        &["AttachDisk"],
        "InvalidParameterForce.DiskCategoryNotSupported",
        |call| {
            let can = ["cloud_auto", "cloud_essd"];
            asks(call, "Force") && disk(call).is_some_and(|disk| !can.contains(&disk.category.as_str()))
        },
    ),
    Unfit(
        &["AttachDisk"],
        "InvalidInstanceType.NotSupportMultiAttachDisk",
        |call| {
            let kind =
                server(call).and_then(|row| call.settings.catalogue.find_instance_type(&row.instance_type));
            disk(call).is_some_and(|disk| disk.multi_attach)
                && kind.is_some_and(|kind| !kind.family.takes("cloud_essd"))
        },
    ),
    // A disk of several servers goes with none of them.
    Unfit(
        &["AttachDisk", "DetachDisk"],
        "DeleteWithInstance.Conflict",
        |call| asks(call, "DeleteWithInstance") && disk(call).is_some_and(|disk| disk.multi_attach),
    ),
    Unfit(&["DetachDisk"], "InvalidDisk.AlreadyDetached", |call| {
        server(call).is_some()
            && disk(call).is_some_and(|disk| disk.status == Status::Available && disk.detached.is_some())
    }),
    Unfit(&["DetachDisk"], "DisksDetachingOnEcsExceeded", |call| {
        let leaving = |disk: &&Disk| disk.status == Status::Detaching;
        let disks = call
            .world
            .linked::<Disk>("instance", call.params.peek("InstanceId"));
        disks.filter(leaving).count() >= DETACHING_MAX
    }),
    Unfit(
        &["DetachDisk"],
        "InvalidOperation.DiskCategoryUnsupported",
        |call| disk(call).is_some_and(|disk| is_local(&disk.category)),
    ),
    Unfit(&["DetachDisk"], "InvalidDiskId.OperationNotSupported", |call| {
        disk(call).is_some_and(|disk| disk.system)
            && server(call).is_some_and(|row| row.spot_strategy != "NoSpot")
    }),
    Unfit(&["DeleteDisk"], "DiskTypeViolation", |call| {
        disk(call).is_some_and(|disk| disk.system)
    }),
    Unfit(&["DeleteDisk"], "DiskNotPortable", |call| {
        disk(call).is_some_and(|disk| !disk.portable)
    }),
    Unfit(&[], "DiskCreatingSnapshot", |call| {
        let id = call.params.peek("DiskId");
        let begun = |snapshot: &&Snapshot| snapshot.status == Status::Progressing;
        !id.is_empty()
            && call
                .world
                .linked::<Snapshot>("disk", id)
                .any(|snapshot| begun(&snapshot))
    }),
    // Changes.
    Unfit(
        &["ModifyDiskAttribute"],
        "BurstingEnabledForMultiAttachDiskUnsupported",
        |call| asks(call, "BurstingEnabled") && disk(call).is_some_and(|disk| disk.multi_attach),
    ),
    Unfit(
        &["ModifyDiskAttribute"],
        "BurstingEnabledForDiskCategoryUnsupported",
        |call| asks(call, "BurstingEnabled") && disk(call).is_some_and(|disk| disk.category != "cloud_auto"),
    ),
    Unfit(&["ModifyDiskAttribute"], "DiskNotPortable", |call| {
        !call.params.peek("DeleteWithInstance").is_empty()
            && disk(call).is_some_and(|disk| !disk.portable && !disk.system)
    }),
    Unfit(&["ModifyDiskAttribute"], "NoAttributeToModify", |call| {
        call.params
            .iter()
            .all(|(name, _)| name == "RegionId" || name == "DiskId" || name.starts_with("DiskIds."))
    }),
    Unfit(&["ModifyDiskAttribute"], "InvalidDescription.Malformed", |call| {
        address_like(call.params.peek("Description"))
    }),
    Unfit(
        &["ModifyDiskSpec", "ReplaceSystemDisk"],
        "InvalidOperation.MultiAttachDisk",
        |call| {
            let own = |disk: &Disk| disk.multi_attach;
            disk(call).is_some_and(own)
                || call
                    .world
                    .linked::<Disk>("instance", call.params.peek("InstanceId"))
                    .any(own)
        },
    ),
    Unfit(
        &["ResizeDisk"],
        "InvalidOperation.MultiAttachDiskNotSupportResizeOnline",
        |call| call.params.peek("Type") == "online" && disk(call).is_some_and(|disk| disk.multi_attach),
    ),
    Unfit(
        &["ResizeDisk"],
        "InvalidDiskSize.NotSupportResizeOnline",
        |call| {
            call.params.peek("Type") == "online" && disk(call).is_some_and(|disk| disk.category == "cloud")
        },
    ),
    Unfit(
        &["ResizeDisk"],
        "InvalidOperation.InstanceTypeNotSupportOnlineResize",
        |call| {
            let row = disk(call).and_then(|disk| call.world.get::<Instance>(&disk.instance_id));
            call.params.peek("Type") == "online" && row.is_some_and(|row| !row.io_optimized)
        },
    ),
    Unfit(
        &["ResizeDisk"],
        "InvalidSystemDiskSize.ValueNotSupported",
        |call| {
            let size = call.params.peek("NewSize").parse::<i64>();
            disk(call).is_some_and(|disk| disk.system)
                && size.is_ok_and(|size| size > *catalogue::SYSTEM_DISK_SIZES.end())
        },
    ),
    Unfit(&["ResizeDisk"], "InvalidDiskSize", |call| {
        call.params
            .peek("NewSize")
            .parse()
            .is_ok_and(|size: i64| size < 1)
    }),
    Unfit(
        &["ModifyDiskSpec"],
        "InvalidPerformanceLevelParam.Mismatch",
        |call| {
            let category = call.params.peek("DiskCategory");
            let own = disk(call).map_or("", |disk| disk.category.as_str());
            let category = if category.is_empty() { own } else { category };
            asks(call, "PerformanceLevel") && category != "cloud_essd"
        },
    ),
    Unfit(&["ModifyDiskSpec"], "Downgrade.NotSupported", |call| {
        let wanted = call.params.peek("DiskCategory");
        disk(call).is_some_and(|disk| {
            rank(wanted).is_some_and(|to| rank(&disk.category).is_some_and(|own| to < own))
        })
    }),
    Unfit(&["ModifyDiskSpec"], "InvalidPerformanceLevel.TooLow", |call| {
        let wanted = call.params.peek("PerformanceLevel");
        disk(call).is_some_and(|disk| {
            disk.category == "cloud_essd"
                && call.params.peek("DiskCategory").is_empty()
                && wanted.starts_with("PL")
                && wanted < disk.performance_level.as_str()
                && disk.expires.is_some()
        })
    }),
    Unfit(
        &["ModifyDiskSpec"],
        "OperationDenied.PerformanceLevelNotMatch",
        |call| {
            disk(call)
                .is_some_and(|disk| !level_fits(call.params.peek("PerformanceLevel"), &disk.size.to_string()))
        },
    ),
    Unfit(
        &["ModifyDiskSpec"],
        "ProvisionedIopsForDiskCategoryUnsupported",
        |call| {
            let category = call.params.peek("DiskCategory");
            let own = disk(call).map_or("", |disk| disk.category.as_str());
            let category = if category.is_empty() { own } else { category };
            !matches!(call.params.peek("ProvisionedIops"), "" | "0")
                && category != "cloud_auto"
                && !category.is_empty()
        },
    ),
    Unfit(
        &["ModifyDiskSpec"],
        "InvalidProvisionedIops.LimitExceed",
        |call| {
            call.params
                .peek("ProvisionedIops")
                .parse()
                .is_ok_and(|iops: i64| iops > IOPS_MAX)
        },
    ),
    Unfit(
        &["ModifyDiskSpec"],
        "InvalidPerformanceParameter.DiskNotInDedicatedStorageCluster",
        |call| {
            asks(call, "PerformanceControlOptions.IOPS") || asks(call, "PerformanceControlOptions.Throughput")
        },
    ),
    Unfit(
        &["ModifyDiskSpec"],
        "InvalidPerformanceControlOptions.ModifyOperationUnsupported",
        |call| asks(call, "PerformanceControlOptions.Recover"),
    ),
    Unfit(
        &["ModifyDiskSpec"],
        "InvalidInstanceType.NotSupportDiskCategory",
        |call| {
            let wanted = call.params.peek("DiskCategory");
            let kind = disk(call)
                .and_then(|disk| call.world.get::<Instance>(&disk.instance_id))
                .and_then(|row| call.settings.catalogue.find_instance_type(&row.instance_type));
            catalogue::disk_sizes(wanted).is_some() && kind.is_some_and(|kind| !kind.family.takes(wanted))
        },
    ),
    Unfit(
        &["AttachKeyPair", "DetachKeyPair"],
        "DependencyViolation.WindowsInstance",
        |call| named(call).any(|row| row.is_windows(call)),
    ),
    Unfit(&["AttachKeyPair"], "DependencyViolation.IoOptimize", |call| {
        named(call).any(|row| !row.0.io_optimized)
    }),
    Unfit(
        &["AttachKeyPair", "DetachKeyPair"],
        "InstanceKeyPairLimitExceeded",
        |call| call.params.peek("InstanceIds").matches(',').count() >= 50,
    ),
    Unfit(&["DeleteKeyPairs"], "InstanceKeyPairLimitExceeded", |call| {
        call.params.peek("KeyPairNames").matches(',').count() >= 100
    }),
    Unfit(&["DeleteInstance"], "InvalidOperation.EniLinked", |call| {
        let cards = call
            .world
            .linked::<NetworkInterface>("instance", call.params.peek("InstanceId"));
        cards.into_iter().any(|card| card.status == Status::Attaching)
    }),
];

/// A server with what is known of its system.
struct Named<'t>(&'t Instance);

impl Named<'_> {
    fn is_windows(&self, call: &Call<'_>) -> bool {
        super::super::image::find(call, &self.0.image_id).is_some_and(|image| image.os_type == "windows")
    }
}

/// The servers of a list of ids.
fn named<'t>(call: &'t Call<'_>) -> impl Iterator<Item = Named<'t>> {
    let parts = call
        .params
        .peek("InstanceIds")
        .split(|symbol: char| "[]\"', ".contains(symbol));
    parts.filter_map(|id| call.world.get::<Instance>(id)).map(Named)
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

fn is_local(category: &str) -> bool {
    category.starts_with("ephemeral") || category.starts_with("local_")
}

/// Whether a disk of a size in GiB can have a performance level; what is not told fits.
fn level_fits(level: &str, size: &str) -> bool {
    let least = match level {
        "PL2" => 461,
        "PL3" => 1261,
        _ => 0,
    };
    size.parse().map_or(true, |size: i64| size >= least)
}

/// The order of the categories that are bettered and never worsened.
fn rank(category: &str) -> Option<usize> {
    let order = ["cloud_efficiency", "cloud_ssd", "cloud_essd"];
    order.iter().position(|own| *own == category)
}

/// The disks that a request orders: how to ask one for what is told of it, and whether it is a system disk.
fn disks_of<'t>(call: &'t Call<'_>) -> impl Iterator<Item = (impl Fn(&str) -> String + 't, bool)> {
    let plain = call.facts.name != "RunInstances";
    let prefixes: Vec<(String, bool)> = if plain {
        vec![(String::new(), call.facts.name == "ReplaceSystemDisk")]
    } else {
        let data = call.params.peek_groups("DataDisk").len();
        let data = (1..=data).map(|number| (format!("DataDisk.{number}."), false));
        std::iter::once(("SystemDisk.".to_owned(), true))
            .chain(data)
            .collect()
    };
    prefixes.into_iter().map(move |(prefix, system)| {
        let get = move |name: &str| {
            let name = match name {
                "Category" if plain => "DiskCategory",
                name => name,
            };
            call.params.peek(&format!("{prefix}{name}")).to_owned()
        };
        (get, system)
    })
}

/// The keys of the disks that a request is about.
fn keys<'t>(call: &'t Call<'_>) -> impl Iterator<Item = &'t Key> {
    let own = disk(call).into_iter();
    let of_server = server(call)
        .into_iter()
        .filter(|_| disk(call).is_none())
        .flat_map(|row| call.world.linked::<Disk>("instance", &row.id));
    let stored = own.chain(of_server).map(|disk| disk.kms_key_id.clone());
    let told: Vec<String> = disks_of(call).map(|(get, _)| get("KMSKeyId")).collect();
    stored.chain(told).filter_map(|id| call.world.get::<Key>(&id))
}
