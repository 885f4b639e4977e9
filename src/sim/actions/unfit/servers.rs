//! Servers: what their types, images and networks can, and what state they have to be in.

use super::super::super::call::Call;
use super::super::super::catalogue::InstanceType;
use super::super::super::clock::parse_utc;
use super::super::disk_row::Disk;
use super::super::image;
use super::super::instance_row::Instance;
use super::super::network_interface::NetworkInterface;
use super::super::route_entry::RouteEntry;
use super::super::slb_servers::ServerGroup;
use super::super::vswitch::VSwitch;
use super::{Unfit, asks, server};

const RUN: &[&str] = &["RunInstances"];
const SPEC: &[&str] = &["ModifyInstanceSpec"];
const MOVE: &[&str] = &["ModifyInstanceVpcAttribute"];
const REPLACE: &[&str] = &["ReplaceSystemDisk"];
const ATTRIBUTE: &[&str] = &["ModifyInstanceAttribute"];
const NETWORK: &[&str] = &["ModifyInstanceNetworkSpec"];
const METADATA: &[&str] = &["ModifyInstanceMetadataOptions", "RunInstances"];

/// The most GiB of memory that are written to a disk when a server sleeps.
const HIBERNATED_GIB_MAX: i64 = 64;

pub(super) const TABLE: &[Unfit] = &[
    // What does not go together in an order.
    Unfit(
        &["ReplaceSystemDisk", "RunInstances"],
        "InvalidPasswordParam.Mismatch",
        |call| asks(call, "PasswordInherit") && asks(call, "Password"),
    ),
    Unfit(RUN, "InvalidHostname.SingleAndMultiConflict", |call| {
        asks(call, "HostName") && asks(call, "HostNames.1")
    }),
    Unfit(RUN, "InvalidHostname.SizeInvalid", |call| {
        let names = call
            .params
            .iter()
            .filter(|(name, _)| name.starts_with("HostNames."))
            .count();
        let amount = number(call, "Amount").unwrap_or(1);
        i64::try_from(names).is_ok_and(|names| names > amount)
    }),
    Unfit(RUN, "InvalidSpotPrepaid", |call| {
        is_spot(call) && call.params.peek("InstanceChargeType") == "PrePaid"
    }),
    Unfit(RUN, "InvalidSpotPriceLimit", |call| {
        let limit = call.params.peek("SpotPriceLimit");
        !limit.is_empty()
            && !limit
                .parse()
                .is_ok_and(|limit: f64| limit.is_finite() && limit >= 0.0)
    }),
    Unfit(RUN, "InvalidSpotParam.EmptyZoneID", |call| {
        is_spot(call) && !asks(call, "ZoneId") && is_classic(call)
    }),
    Unfit(
        RUN,
        "InvalidSpotInterruptionBehavior.ClassicNetworkNotSupport",
        |call| call.params.peek("SpotInterruptionBehavior") == "Stop" && is_classic(call),
    ),
    Unfit(
        RUN,
        "InvalidSpotInterruptionBehavior.LocalDiskNotSupport",
        |call| {
            call.params.peek("SpotInterruptionBehavior") == "Stop"
                && wanted(call).is_some_and(|kind| kind.local.is_some())
        },
    ),
    Unfit(
        &["ModifyInstanceNetworkSpec", "RunInstances"],
        "InvalidBandwidthOut.LessThanZero",
        |call| number(call, "InternetMaxBandwidthOut").is_some_and(|out| out < 0),
    ),
    Unfit(RUN, "InvalidInternetMaxBandwidthIn.Malformed", |call| {
        let given = call.params.peek("InternetMaxBandwidthIn");
        !given.is_empty() && !given.parse().is_ok_and(|given: i64| (1..=200).contains(&given))
    }),
    Unfit(RUN, "IoOptimized.NotSupported", |call| {
        call.params.peek("IoOptimized") == "none" && wanted(call).is_some_and(|kind| !kind.family.old)
    }),
    Unfit(RUN, "DependencyViolation.IoOptimized", |call| {
        call.params.peek("IoOptimized") == "none" && asks(call, "KeyPairName")
    }),
    Unfit(
        &["ReplaceSystemDisk", "RunInstances"],
        "DependencyViolation.WindowsInstance",
        |call| {
            asks(call, "KeyPairName")
                && image::find(call, call.params.peek("ImageId"))
                    .is_some_and(|image| image.os_type == "windows")
        },
    ),
    Unfit(RUN, "InvalidDevice.InUse", |call| {
        let disks = call.params.peek_groups("DataDisk");
        let names: Vec<&str> = disks
            .iter()
            .map(|disk| disk.peek("Device"))
            .filter(|name| !name.is_empty())
            .collect();
        names
            .iter()
            .enumerate()
            .any(|(place, name)| names[..place].contains(name))
    }),
    Unfit(RUN, "InvalidChargeType.ValueNotSupported", |call| {
        asks(call, "DeletionProtection") && call.params.peek("InstanceChargeType") == "PrePaid"
    }),
    Unfit(RUN, "InvalidUserData.NotSupported", |call| {
        asks(call, "UserData") && is_classic(call)
    }),
    // What hardware can.
    Unfit(RUN, "InvalidOperation.Ipv6NotSupport", |call| {
        (asks(call, "Ipv6AddressCount") || asks(call, "Ipv6Address.1"))
            && wanted(call).is_some_and(|kind| kind.family.old)
    }),
    Unfit(RUN, "InvalidParam.CpuOptionsCore", |call| {
        let cores = number(call, "CpuOptions.Core");
        matches!((cores, wanted(call)), (Some(cores), Some(kind)) if cores < 1 || cores > kind.cpu)
    }),
    Unfit(RUN, "InvalidParam.CpuOptionsNuma", |call| {
        !matches!(
            call.params.peek("CpuOptions.Numa"),
            "" | "1" | "2" | "4" | "8" | "16"
        )
    }),
    Unfit(
        &["ModifyInstanceAttribute", "RunInstances"],
        "InvalidParameter.CpuOptionsTopologyType",
        |call| {
            !matches!(
                call.params.peek("CpuOptions.TopologyType"),
                "" | "ContinuousCoreToHTMapping" | "DiscreteCoreToHTMapping"
            )
        },
    ),
    Unfit(
        &["ModifyInstanceAttribute", "RunInstances"],
        "InvalidParam.NotSupportJumboFrame",
        |call| {
            (asks(call, "EnableJumboFrame") || asks(call, "NetworkOptions.EnableJumboFrame"))
                && wanted(call).is_some_and(|kind| kind.family.old)
        },
    ),
    Unfit(
        &["ModifyInstanceAttribute", "RunInstances"],
        "InvalidParameter.InvalidEniQueueNumber",
        |call| queues(call).is_some_and(|queues| queues < 1),
    ),
    Unfit(
        &["ModifyInstanceAttribute", "RunInstances"],
        "InvalidOperation.ExceedInstanceTypeQueueNumber",
        |call| matches!((queues(call), wanted(call)), (Some(queues), Some(kind)) if queues > kind.cpu),
    ),
    Unfit(RUN, "InvalidParameter.NetworkCardIndexInvalid", |call| {
        !matches!(
            call.params.peek("NetworkInterface.1.NetworkCardIndex"),
            "" | "0" | "1"
        )
    }),
    Unfit(RUN, "InvalidParameter.EniQueueSize", |call| {
        ["NetworkInterface.1.RxQueueSize", "NetworkInterface.1.TxQueueSize"]
            .iter()
            .any(|name| number(call, name).is_some_and(|size| !(1..=16_384).contains(&size)))
    }),
    Unfit(RUN, "InvalidEniQueueSize.RegionOrUserNotSupported", |call| {
        asks(call, "NetworkInterface.1.RxQueueSize") || asks(call, "NetworkInterface.1.TxQueueSize")
    }),
    Unfit(RUN, "InvalidHpcClusterId.Unnecessary", |call| {
        asks(call, "HpcClusterId") && !call.params.peek("InstanceType").contains(".scc")
    }),
    Unfit(
        RUN,
        "InvalidOperation.ConfidentialComputingModeInInviteOnlyTesting",
        |call| asks(call, "SecurityOptions.ConfidentialComputingMode"),
    ),
    Unfit(RUN, "InvalidSecurityOptions.NotSupported", |call| {
        asks(call, "SecurityOptions.TrustedSystemMode")
    }),
    Unfit(RUN, "InvalidSchedulerOptions", |call| {
        asks(call, "SchedulerOptions.DedicatedHostClusterId")
    }),
    Unfit(RUN, "NoAvaliableDedicatedHost", |call| {
        call.params.peek("Tenancy") == "host" && !asks(call, "DedicatedHostId")
    }),
    Unfit(RUN, "Invalid.PrivatePoolOptions.MatchCriteria", |call| {
        !matches!(
            call.params.peek("PrivatePoolOptions.MatchCriteria"),
            "" | "None" | "Open" | "Target"
        )
    }),
    Unfit(RUN, "MissingParameter.PrivatePoolOptions.Id", |call| {
        call.params.peek("PrivatePoolOptions.MatchCriteria") == "Target"
            && !asks(call, "PrivatePoolOptions.Id")
    }),
    Unfit(RUN, "Invalid.PrivatePoolOptions.Id", |call| {
        asks(call, "PrivatePoolOptions.Id")
    }),
    Unfit(RUN, "HibernationConfigured.InstanceTypeNotSupport", |call| {
        asks(call, "HibernationOptions.Configured") && wanted(call).is_some_and(|kind| kind.family.old)
    }),
    Unfit(RUN, "HibernationConfigured.MemorySizeTooBig", |call| {
        asks(call, "HibernationOptions.Configured")
            && wanted(call).is_some_and(|kind| kind.memory > HIBERNATED_GIB_MAX * 1024)
    }),
    Unfit(RUN, "HibernationConfigured.ImageNotEncrypted", |call| {
        asks(call, "HibernationOptions.Configured") && !asks(call, "SystemDisk.Encrypted")
    }),
    Unfit(METADATA, "InvalidHttpTokens.NotSupported", |call| {
        !matches!(call.params.peek("HttpTokens"), "" | "optional" | "required")
    }),
    Unfit(METADATA, "InvalidHttpPutResponseHopLimit.NotSupported", |call| {
        number(call, "HttpPutResponseHopLimit").is_some_and(|hops| !(1..=64).contains(&hops))
    }),
    Unfit(RUN, "InvalidHttpEndpoint.NotSupported", |call| {
        !matches!(call.params.peek("HttpEndpoint"), "" | "enabled" | "disabled")
    }),
    Unfit(
        &["ModifyInstanceMetadataOptions"],
        "InvalidInstanceMetadataTags.NotSupported",
        |call| {
            !matches!(
                call.params.peek("InstanceMetadataTags"),
                "" | "enabled" | "disabled"
            )
        },
    ),
    // Changes.
    Unfit(ATTRIBUTE, "InvalidParameter.RecycleBin", |call| {
        asks(call, "Recyclable")
    }),
    Unfit(ATTRIBUTE, "InvalidRemoteConnectionOptions.Type", |call| {
        !matches!(call.params.peek("RemoteConnectionOptions.Type"), "" | "vnc")
    }),
    Unfit(ATTRIBUTE, "InvalidRemoteConnectionOptions.Password", |call| {
        let password = call.params.peek("RemoteConnectionOptions.Password");
        let fits = password.len() == 6 && password.bytes().all(|byte| byte.is_ascii_alphanumeric());
        !password.is_empty() && !fits
    }),
    Unfit(&["ModifyInstanceChargeType"], "InvalidSpotStrategy", |call| {
        let ids = call.params.peek("InstanceIds");
        let spot = |row: &Instance| row.spot_strategy != "NoSpot" && !row.spot_strategy.is_empty();
        ids.split(|symbol: char| "[]\"', ".contains(symbol))
            .filter_map(|id| call.world.get::<Instance>(id))
            .any(spot)
    }),
    Unfit(NETWORK, "InvalidStartTime.BeyondLifeCycle", |call| {
        past(call, "StartTime")
    }),
    Unfit(NETWORK, "InvalidEndTime.BeyondLifeCycle", |call| {
        past(call, "EndTime")
    }),
    Unfit(NETWORK, "InvalidIspType.ValueNotSupported", |call| {
        !matches!(
            call.params.peek("ISP"),
            "" | "BGP" | "ChinaMobile" | "ChinaTelecom" | "ChinaUnicom"
        )
    }),
    Unfit(NETWORK, "UnsupportedIspRegion", |call| {
        call.params.peek("ISP").starts_with("China")
    }),
    Unfit(SPEC, "MissingTemporary.StartTime", |call| {
        asks(call, "Temporary.InternetMaxBandwidthOut") && !asks(call, "Temporary.StartTime")
    }),
    Unfit(SPEC, "MissingTemporary.EndTime", |call| {
        asks(call, "Temporary.StartTime") && !asks(call, "Temporary.EndTime")
    }),
    Unfit(SPEC, "InvalidTemporary.StartTime", |call| {
        past(call, "Temporary.StartTime")
    }),
    Unfit(SPEC, "InvalidTemporary.EndTime", |call| {
        past(call, "Temporary.EndTime")
    }),
    Unfit(SPEC, "MissingParameter.DiskCategory", |call| {
        asks(call, "Disk.1.DiskId") && !asks(call, "Disk.1.Category")
    }),
    Unfit(SPEC, "InvalidParameter.DiskCategory", |call| {
        let category = call.params.peek("Disk.1.Category");
        !category.is_empty() && super::super::super::catalogue::disk_sizes(category).is_none()
    }),
    Unfit(SPEC, "InvalidPerformanceLevel.Malformed", |call| {
        !matches!(
            call.params.peek("Disk.1.PerformanceLevel"),
            "" | "PL0" | "PL1" | "PL2" | "PL3"
        )
    }),
    Unfit(SPEC, "BandwidthUpgradeDenied.EipBoundInstance", |call| {
        let id = call.params.peek("InstanceId");
        let bound = call
            .world
            .linked::<super::super::eip::Eip>("instance", id)
            .next()
            .is_some();
        bound && number(call, "InternetMaxBandwidthOut").is_some_and(|out| out > 0)
    }),
    Unfit(
        &["ModifyInstanceSpec", "ReplaceSystemDisk"],
        "ImageNotSupportInstanceType",
        |call| {
            let Some(row) = server(call) else { return false };
            let told = call.params.peek("ImageId");
            let image = image::find(call, if told.is_empty() { &row.image_id } else { told });
            let to = call.params.peek("InstanceType");
            let kind = call.settings.catalogue.find_instance_type(if to.is_empty() {
                &row.instance_type
            } else {
                to
            });
            matches!((image, kind), (Some(image), Some(kind)) if !image.runs_on(&kind.family.architecture))
        },
    ),
    Unfit(SPEC, "InvalidOperation.EniCountExceeded", |call| {
        let cards = call
            .world
            .linked::<NetworkInterface>("instance", call.params.peek("InstanceId"))
            .count();
        to(call).is_some_and(|kind| i64::try_from(cards).is_ok_and(|cards| cards > kind.interfaces))
    }),
    Unfit(SPEC, "InstanceTypeNotSupported.TooManyDisksAttached", |call| {
        let disks = call
            .world
            .linked::<Disk>("instance", call.params.peek("InstanceId"))
            .count();
        to(call).is_some_and(|kind| i64::try_from(disks).is_ok_and(|disks| disks > kind.disks))
    }),
    Unfit(SPEC, "InvalidOperation.Ipv4CountExceeded", |call| {
        let mut cards = call
            .world
            .linked::<NetworkInterface>("instance", call.params.peek("InstanceId"));
        to(call).is_some_and(|kind| {
            cards
                .any(|card| i64::try_from(card.secondary_ips.len()).is_ok_and(|own| own + 1 > kind.addresses))
        })
    }),
    Unfit(SPEC, "InvalidOperation.Ipv6NotSupport", |call| {
        let mut cards = call
            .world
            .linked::<NetworkInterface>("instance", call.params.peek("InstanceId"));
        to(call).is_some_and(|kind| kind.family.old) && cards.any(|card| !card.ipv6.is_empty())
    }),
    // Moves into another vSwitch or VPC.
    Unfit(MOVE, "InvalidVSwitch.NotBelongToVpc", |call| {
        let vpc = call.params.peek("VpcId");
        target(call).is_some_and(|vswitch| !vpc.is_empty() && vswitch.vpc_id != vpc)
    }),
    Unfit(
        MOVE,
        "InvalidOperation.VswAndEcsAvailabilityZoneMismatch",
        |call| matches!((target(call), server(call)), (Some(vswitch), Some(row)) if vswitch.zone != row.zone),
    ),
    Unfit(MOVE, "InvalidParameter.AlreadyInTargetVpc", |call| {
        let vpc = call.params.peek("VpcId");
        server(call).is_some_and(|row| !vpc.is_empty() && row.network.vpc_id() == vpc)
    }),
    Unfit(MOVE, "InvalidParameter.SecurityGroupId", |call| {
        asks(call, "VpcId") && !asks(call, "SecurityGroupId.1")
    }),
    Unfit(MOVE, "InvalidDependence.SLB", |call| {
        let id = call.params.peek("InstanceId");
        call.world.linked::<ServerGroup>("server", id).next().is_some()
    }),
    Unfit(MOVE, "InvalidDependence.NextHopOfCustomRouter", |call| {
        let id = call.params.peek("InstanceId");
        call.world.linked::<RouteEntry>("instance", id).next().is_some()
    }),
    Unfit(MOVE, "InvalidInstance.AttachedEni", |call| {
        let id = call.params.peek("InstanceId");
        let mut cards = call.world.linked::<NetworkInterface>("instance", id);
        cards.any(|card| !card.is_primary())
    }),
    Unfit(MOVE, "PrimaryEniHasSubIp", |call| {
        primary(call).is_some_and(|card| !card.secondary_ips.is_empty())
    }),
    Unfit(MOVE, "InvalidIp.Ipv6Assigned", |call| {
        primary(call).is_some_and(|card| !card.ipv6.is_empty())
    }),
    // Systems.
    Unfit(REPLACE, "InvalidArchitecture.Malformed", |call| {
        !matches!(call.params.peek("Architecture"), "" | "arm64" | "i386" | "x86_64")
    }),
    Unfit(REPLACE, "InvalidPlatform.Malformed", |call| {
        let known = [
            "",
            "Aliyun",
            "CentOS",
            "Debian",
            "Ubuntu",
            "SUSE",
            "OpenSUSE",
            "CoreOS",
            "Others Linux",
        ];
        let given = call.params.peek("Platform");
        !known.contains(&given) && !given.starts_with("Windows")
    }),
    Unfit(REPLACE, "InvalidParameter.Conflict", |call| {
        asks(call, "DiskId") && asks(call, "ImageId")
    }),
    Unfit(&["StopInstance"], "HibernationConfigured.NotEnabled", |call| {
        asks(call, "Hibernate")
    }),
];

fn number(call: &Call<'_>, name: &str) -> Option<i64> {
    call.params.peek(name).parse().ok()
}

fn is_spot(call: &Call<'_>) -> bool {
    !matches!(call.params.peek("SpotStrategy"), "" | "NoSpot")
}

/// The order is for the classic network.
fn is_classic(call: &Call<'_>) -> bool {
    !call.params.iter().any(|(name, value)| {
        let of_vpc = name == "VSwitchId"
            || name.starts_with("NetworkInterface.")
            || name.starts_with("LaunchTemplate");
        of_vpc && !value.is_empty()
    })
}

/// The type that is ordered, or that the server has.
fn wanted<'t>(call: &'t Call<'_>) -> Option<&'t InstanceType> {
    let told = call.params.peek("InstanceType");
    let own = server(call).map_or("", |row| row.instance_type.as_str());
    call.settings
        .catalogue
        .find_instance_type(if told.is_empty() { own } else { told })
}

/// The type that a server is to become.
fn to<'t>(call: &'t Call<'_>) -> Option<&'t InstanceType> {
    call.settings
        .catalogue
        .find_instance_type(call.params.peek("InstanceType"))
}

fn queues(call: &Call<'_>) -> Option<i64> {
    number(call, "NetworkInterfaceQueueNumber").or_else(|| number(call, "NetworkInterface.1.QueueNumber"))
}

/// A moment that is none, or is over.
fn past(call: &Call<'_>, name: &str) -> bool {
    let given = call.params.peek(name);
    !given.is_empty() && parse_utc(given, true).is_none_or(|at| at < call.now.real)
}

fn target<'t>(call: &'t Call<'_>) -> Option<&'t VSwitch> {
    call.world.get(call.params.peek("VSwitchId"))
}

fn primary<'t>(call: &'t Call<'_>) -> Option<&'t NetworkInterface> {
    call.world
        .linked::<NetworkInterface>("instance", call.params.peek("InstanceId"))
        .find(|card| card.is_primary())
}
