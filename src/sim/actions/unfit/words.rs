//! Parameters that are one of a few words, and the forms of ids and names.

use super::super::super::call::Call;
use super::super::super::check::{region_in_host, region_of_host};
use super::super::super::refusal::{Refusal, refuse};
use super::Unfit;

/// Actions, all when there is none; a parameter; its words; and the code of what is none of them.
type Words = (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    &'static str,
);

const DISK_CATEGORIES: &[&str] = &[
    "all",
    "cloud",
    "cloud_auto",
    "cloud_efficiency",
    "cloud_essd",
    "cloud_essd_entry",
    "cloud_regional_disk_auto",
    "cloud_ssd",
    "elastic_ephemeral_disk_premium",
    "elastic_ephemeral_disk_standard",
    "ephemeral",
    "ephemeral_hdd",
    "ephemeral_ssd",
    "local_hdd_pro",
    "local_ssd_pro",
];
const DISK_STATES: &[&str] = &[
    "All",
    "Attaching",
    "Available",
    "Creating",
    "Detaching",
    "In_use",
    "ReIniting",
    "all",
];
const INTERFACE_STATES: &[&str] = &[
    "Attaching",
    "Available",
    "CreateFailed",
    "Creating",
    "Deleting",
    "Detaching",
    "InUse",
    "Linked",
    "Linking",
    "Unlinking",
];
const LOCKS: &[&str] = &[
    "dedicatedhostfinancial",
    "financial",
    "recycling",
    "refunded",
    "security",
];
const CHARGES: &[&str] = &["PostPaid", "PrePaid"];

const WORDS: &[Words] = &[
    (
        &["DescribeDisks"],
        "Category",
        DISK_CATEGORIES,
        "InvalidCategory.ValueNotSupported",
    ),
    (
        &["DescribeDisks"],
        "DiskChargeType",
        CHARGES,
        "InvalidDiskChargeType.NotFound",
    ),
    (
        &["DescribeDisks"],
        "Status",
        DISK_STATES,
        "InvalidStatus.ValueNotSupported",
    ),
    (
        &["CreateDisk", "DescribeDisks"],
        "MultiAttach",
        &["Disabled", "Enabled", "LegacyShared"],
        "InvalidParameter.MultiAttach",
    ),
    (&[], "LockReason", LOCKS, "InvalidLockReason.NotFound"),
    (
        &["DescribeImages"],
        "Architecture",
        &["arm64", "i386", "x86_64"],
        "InvalidArchitecture",
    ),
    (
        &["DescribeImages"],
        "ImageOwnerAlias",
        &["marketplace", "others", "self", "system"],
        "InvalidImageOwnerAlias.ValueNotSupported",
    ),
    (
        &["DescribeImages"],
        "OSType",
        &["linux", "windows"],
        "InvalidOSType",
    ),
    (
        &["DescribeImages"],
        "Usage",
        &["instance", "none"],
        "InvalidUsage",
    ),
    (
        &["DescribeInstances", "DescribeZones"],
        "InstanceChargeType",
        CHARGES,
        "InvalidInstanceChargeType.NotFound",
    ),
    (
        &["DescribeInstances"],
        "InternetChargeType",
        &["PayByBandwidth", "PayByTraffic"],
        "InvalidInternetChargeType.ValueNotSupported",
    ),
    (
        &["DescribeInstances"],
        "InstanceNetworkType",
        &["classic", "vpc"],
        "InvalidNetworkType.NotFound",
    ),
    // The provider writes the text of nothing where none is told.
    (
        &[],
        "NicType",
        &["<nil>", "internet", "intranet"],
        "InvalidNicType.ValueNotSupported",
    ),
    (
        &["DescribeSecurityGroupAttribute"],
        "Direction",
        &["all", "egress", "ingress"],
        "InvalidParamter",
    ),
    (
        &["DescribeSecurityGroups"],
        "SecurityGroupType",
        &["enterprise", "normal"],
        "InvalidParameter.SecurityGroupType",
    ),
    (
        &["CreateSecurityGroup"],
        "SecurityGroupType",
        &["enterprise", "normal"],
        "InvalidParams.GroupType",
    ),
    (
        &["DescribeZones", "RunInstances"],
        "SpotStrategy",
        &["NoSpot", "SpotAsPriceGo", "SpotWithPriceLimit"],
        "InvalidSpotStrategy",
    ),
    (
        &["RunInstances"],
        "SpotInterruptionBehavior",
        &["Stop", "Terminate"],
        "InvalidSpotInterruptionBehavior",
    ),
    (
        &["DescribeNetworkInterfaces"],
        "Type",
        &["Member", "Primary", "Secondary", "Trunk"],
        "InvalidOperation.InvalidEniType",
    ),
    (
        &["DescribeNetworkInterfaces"],
        "Status",
        INTERFACE_STATES,
        "InvalidOperation.InvalidEniState",
    ),
    (
        &["DescribeInstanceAutoRenewAttribute"],
        "RenewalStatus",
        &["AutoRenewal", "Normal", "NotRenewal"],
        "InvalidParameter.RenewalStatus",
    ),
    (
        &["AuthorizeSecurityGroup"],
        "IpProtocol",
        &[
            "ALL", "GRE", "ICMP", "ICMPV6", "ICMPv6", "TCP", "UDP", "all", "gre", "icmp", "icmpv6", "tcp",
            "udp",
        ],
        "InvalidIpProtocol.Malformed",
    ),
    (
        &["ModifyInstanceAttribute", "RunInstances"],
        "CreditSpecification",
        &["Standard", "Unlimited"],
        "InvalidParameter.CreditSpecification",
    ),
    (
        &["ModifySecurityGroupPolicy"],
        "InnerAccessPolicy",
        &["Accept", "Drop", "accept", "drop"],
        "InvalidParameter.InnerAccessPolicy",
    ),
    (
        &["RunInstances"],
        "PeriodUnit",
        &["Month", "Week", "Year", "month", "week", "year"],
        "InvalidPeriodType.ValueNotSupported",
    ),
    (
        &["RunInstances"],
        "NetworkInterface.1.NetworkInterfaceTrafficMode",
        &["HighPerformance", "Standard"],
        "InvalidParameter.EniTrafficMode",
    ),
    (
        &["RunInstances"],
        "NetworkInterface.1.InstanceType",
        &["Primary", "Secondary"],
        "InvalidParameter.EniType",
    ),
    (
        &["StopInstance"],
        "StoppedMode",
        &["KeepCharging", "Not-applicable", "StopCharging"],
        "InstanceType.ParameterMismatch",
    ),
    (
        &["ResizeDisk"],
        "Type",
        &["offline", "online"],
        "InvalidParam.Type",
    ),
    (
        &["ModifyInstanceSpec"],
        "SystemDisk.Category",
        &[
            "cloud",
            "cloud_auto",
            "cloud_efficiency",
            "cloud_essd",
            "cloud_essd_entry",
            "cloud_ssd",
        ],
        "InvalidParam.SystemDiskCategory",
    ),
];

/// Refuses a word that is none of a parameter's.
pub(super) fn check(call: &Call<'_>) -> Result<(), Refusal> {
    for (actions, param, words, code) in WORDS {
        let about = actions.is_empty() || actions.contains(&call.facts.name.as_str());
        let value = call.params.peek(param);
        if about && !value.is_empty() && !words.contains(&value) && call.facts.lists(code) {
            return refuse(*code);
        }
    }
    Ok(())
}

pub(super) const TABLE: &[Unfit] = &[
    Unfit(&[], "MissingParameter.RegionId", without_region),
    Unfit(&[], "MissingParamter.RegionId", without_region),
    Unfit(&[], "InvalidSecurityGroupId.Malformed", |call| {
        malformed(call, "SecurityGroupId", "sg-")
    }),
    Unfit(
        &["JoinSecurityGroup", "LeaveSecurityGroup"],
        "InvalidInstanceId.Malformed",
        |call| malformed(call, "InstanceId", "i-"),
    ),
    Unfit(
        &["DescribeNetworkInterfaces"],
        "InvalidInstanceID.Malformed",
        |call| malformed(call, "InstanceId", "i-"),
    ),
    Unfit(&["AttachDisk"], "InvalidDevice.Malformed", |call| {
        let device = call.params.peek("Device");
        !device.is_empty() && !device.starts_with("/dev/")
    }),
    Unfit(&["RunInstances"], "InvalidDataDevice.Malformed", |call| {
        let device = call.params.peek("DataDisk.1.Device");
        !device.is_empty() && !device.starts_with("/dev/")
    }),
    Unfit(&["RunInstances"], "InvalidSnapshotId.Malformed", |call| {
        malformed(call, "DataDisk.1.SnapshotId", "s-")
    }),
    Unfit(&[], "InvalidClientToken.ValueNotSupported", |call| {
        let token = call.params.peek("ClientToken");
        token.len() > 64 || !token.is_ascii()
    }),
    Unfit(&["RunInstances"], "InvalidDiskDescription.Malformed", |call| {
        ["SystemDisk.Description", "DataDisk.1.Description"]
            .iter()
            .any(|name| address_like(call.params.peek(name)))
    }),
    Unfit(
        &["ModifyInstanceAttribute"],
        "InvalidDescription.Malformed",
        |call| address_like(call.params.peek("Description")),
    ),
    Unfit(
        &["AuthorizeSecurityGroup", "RevokeSecurityGroup"],
        "InvalidSecurityGroupDiscription.Malformed",
        |call| address_like(call.params.peek("Description")),
    ),
];

/// Neither the request nor the host that it came to says which region it is about. The loopback names of this machine
/// stand for all hosts, also for those of a region.
fn without_region(call: &Call<'_>) -> bool {
    let silent = call.params.peek("RegionId").is_empty();
    silent
        && call.host.contains(".aliyuncs.com")
        && region_of_host(call.host).is_none()
        && region_in_host(call.host).is_none()
}

/// A text that is no id: it does not begin like one.
fn malformed(call: &Call<'_>, name: &str, begin: &str) -> bool {
    let value = call.params.peek(name);
    !value.is_empty() && !value.starts_with(begin)
}

pub(super) fn address_like(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}
