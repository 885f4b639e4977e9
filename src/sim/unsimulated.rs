//! What is declared and not simulated. A parameter that would change something is refused and counted, never taken and
//! dropped; what it says when it only says what is so anyway is taken. Does not know what an action does.

use super::api::ActionFacts;
use super::refusal::Refusal;

/// An action, or `*` for all of them; a parameter, or what its name begins with when it ends in a dot; and the words
/// by which it asks for what is so anyway.
type Row = (&'static str, &'static str, &'static [&'static str]);

const NEVER: &[&str] = &[];

const REFUSED: &[Row] = &[
    // Roles that encrypt for somebody else's snapshot.
    ("*", "Arn.N.", NEVER),
    ("*", "CopyEncryptionConfiguration.Arn.N.", NEVER),
    ("*", "EncryptAlgorithm", &["AES-256", "aes-256"]),
    ("*", "SystemDisk.EncryptAlgorithm", &["AES-256", "aes-256"]),
    ("*", "DataDisk.N.EncryptAlgorithm", &["AES-256", "aes-256"]),
    // Dedicated hosts and block storage clusters, storage sets, HPC clusters, capacity reservations.
    ("*", "DedicatedHostId", NEVER),
    ("*", "SchedulerOptions.", NEVER),
    ("*", "Tenancy", &["default"]),
    ("*", "Affinity", &["default"]),
    ("*", "StorageClusterId", NEVER),
    ("*", "SystemDisk.StorageClusterId", NEVER),
    ("*", "DataDisk.N.StorageClusterId", NEVER),
    ("*", "StorageSetId", NEVER),
    ("*", "StorageSetPartitionNumber", NEVER),
    ("*", "StorageLocationArn", NEVER),
    ("*", "DestinationStorageLocationArn", NEVER),
    ("*", "HpcClusterId", NEVER),
    ("*", "PrivatePoolOptions.Id", NEVER),
    ("*", "PrivatePoolOptions.MatchCriteria", &["None", "Open"]),
    ("*", "AdvancedFeatures", NEVER),
    // The classic network's own things.
    ("*", "ClusterId", NEVER),
    ("*", "NodeControllerId", NEVER),
    ("*", "VlanId", NEVER),
    ("*", "InnerIpAddress", NEVER),
    ("*", "Isp", NEVER),
    ("*", "ISP", &["BGP", "BGP_PRO"]),
    // Hardware below an interface.
    ("*", "EnhancedNetwork.", NEVER),
    ("*", "RxQueueSize", NEVER),
    ("*", "TxQueueSize", NEVER),
    ("*", "NetworkInterfaceTrafficConfig.RxQueueSize", NEVER),
    ("*", "NetworkInterfaceTrafficConfig.TxQueueSize", NEVER),
    ("*", "NetworkInterface.N.RxQueueSize", NEVER),
    ("*", "NetworkInterface.N.TxQueueSize", NEVER),
    ("*", "NetworkInterface.N.NetworkCardIndex", &["0"]),
    ("*", "EnablePrimaryIPv6", &["false"]),
    ("*", "BusinessType", NEVER),
    ("*", "Visible", &["true"]),
    ("*", "TrunkNetworkInstanceId", NEVER),
    ("*", "NetworkInterfaceQueueNumber", NEVER),
    ("*", "NetworkOptions.BandwidthWeighting", &["Default"]),
    ("*", "NetworkOptions.EnableNetworkEncryption", &["false"]),
    ("*", "EnableNetworkEncryption", &["false"]),
    ("*", "SecurityOptions.", NEVER),
    ("*", "RemoteConnectionOptions.", NEVER),
    ("ModifyInstanceAttribute", "Recyclable", &["false"]),
    ("StopInstance", "Hibernate", &["false"]),
    // A system disk that is put back on.
    ("AttachDisk", "Bootable", &["false"]),
    ("AttachDisk", "KeyPairName", NEVER),
    ("AttachDisk", "Password", NEVER),
    ("ReplaceSystemDisk", "DiskId", NEVER),
    ("ReplaceSystemDisk", "Platform", NEVER),
    ("ReplaceSystemDisk", "Architecture", NEVER),
    // Changes of several things at once, for a time, or later.
    ("ModifyInstanceSpec", "AllowMigrateAcrossZone", &["false"]),
    ("ModifyInstanceSpec", "Disk.N.", NEVER),
    ("ModifyInstanceSpec", "SystemDisk.", NEVER),
    ("ModifyInstanceSpec", "Temporary.", NEVER),
    ("ModifyInstanceSpec", "ModifyMode", NEVER),
    ("ModifyPrepayInstanceSpec", "MigrateAcrossZone", &["false"]),
    ("ModifyPrepayInstanceSpec", "Disk.N.", NEVER),
    ("ModifyPrepayInstanceSpec", "SystemDisk.", NEVER),
    ("ModifyPrepayInstanceSpec", "EndTime", NEVER),
    ("ModifyPrepayInstanceSpec", "ModifyMode", NEVER),
    ("ModifyPrepayInstanceSpec", "RebootTime", NEVER),
    ("ModifyPrepayInstanceSpec", "RebootWhenFinished", &["false"]),
    ("ModifyInstanceNetworkSpec", "StartTime", NEVER),
    ("ModifyInstanceNetworkSpec", "EndTime", NEVER),
    ("ModifyDiskSpec", "DestinationZoneId", NEVER),
    ("ModifyDiskSpec", "PerformanceControlOptions.", NEVER),
    ("CloneDisks", "BurstingEnabled", &["false"]),
    ("CopyImage", "Encrypted", &["false"]),
    ("CreateImage", "SecureBootOptions.", NEVER),
    ("ImportImage", "Features.", NEVER),
    ("ModifyImageSharePermission", "LaunchPermission", NEVER),
    ("InvokeCommand", "Launcher", NEVER),
    ("*", "OssOutputDelivery", NEVER),
    ("AttachInstanceRamRole", "Policy", NEVER),
    ("AcceptInquiredSystemEvent", "Choice", NEVER),
    // Addresses that one has brought or reserved, and what protects them.
    ("AllocateEipAddress", "ActivityId", NEVER),
    ("AllocateEipAddress", "InstanceId", NEVER),
    ("AllocateEipAddress", "IpAddress", NEVER),
    ("AllocateEipAddress", "Netmode", &["public"]),
    ("AllocateEipAddress", "PublicIpAddressPoolId", NEVER),
    ("CreateNatGateway", "AvailabilityMode", NEVER),
    ("ModifyNatGatewayAttribute", "EnableSessionLog", &["false"]),
    // Prefixes of NAT gateways.
    ("CreateNatIp", "Ipv4Prefix", NEVER),
    ("CreateNatIp", "Ipv4PrefixCount", NEVER),
    ("DeleteNatIp", "Ipv4Prefix", NEVER),
    ("AllocateEipAddressPro", "Netmode", &["public"]),
    ("CreateVSwitchCidrReservation", "IpPrefixNumber", NEVER),
    // Prices of what is not here.
    ("DescribePrice", "AssuranceTimes", NEVER),
    ("DescribePrice", "Capacity", NEVER),
    ("DescribePrice", "DedicatedHostType", NEVER),
    ("DescribePrice", "InstanceCpuCoreCount", NEVER),
    ("DescribePrice", "InstanceTypeList.N", NEVER),
    ("DescribePrice", "OfferingType", NEVER),
    ("DescribePrice", "RecurrenceRules.N.", NEVER),
    ("DescribePrice", "SchedulerOptions.", NEVER),
    ("DescribePrice", "StartTime", NEVER),
    ("DescribePrice", "Isp", NEVER),
    ("DescribePrice", "DataDisk.N.ProvisionedIops", &["0"]),
    ("DescribeRenewalPrice", "ExpectedRenewDay", NEVER),
    ("DescribeInstanceModificationPrice", "SystemDisk.Category", NEVER),
    ("DescribeAvailableResource", "DedicatedHostId", NEVER),
    ("DescribeResourcesModification", "Conditions.N", NEVER),
    ("DescribeImageSupportInstanceTypes", "ActionType", &["CreateEcs"]),
    ("DescribeImageSupportInstanceTypes", "Filter.N.", NEVER),
    ("ListEnhanhcedNatGatewayAvailableZones", "Filter.N.", NEVER),
    ("GetSubscriptionPrice", "ModuleList.N.ModuleStatus", &["1"]),
    ("GetSubscriptionPrice", "ModuleList.N.Tag", NEVER),
    ("CreateLoadBalancer", "Duration", NEVER),
    ("CreateLoadBalancer", "PricingCycle", NEVER),
    ("CreateSecurityGroup", "ServiceManaged", &["false"]),
];

/// What is taken and has nothing to do here, with the reason.
const IDLE: &[(&str, &str, &str)] = &[
    ("*", "AutoPay", "orders are paid at once"),
    ("*", "Lang", "it is the language of texts that are not here"),
    ("*", "NicType", "a group in a VPC has one kind of card"),
    ("*", "UserClientIp", "it is who asks for somebody else"),
    ("*", "ForceStop", "how hard a server is stopped is not to be seen"),
    (
        "*",
        "ForceReboot",
        "how hard a server is stopped is not to be seen",
    ),
    ("StopInstance", "ConfirmStop", "it was given up long ago"),
    ("*", "BatchOptimization", "what can be done to one is done to it"),
    ("AttachDisk", "Force", "nothing is on a disk that could be broken"),
    ("StartInstance", "InitLocalDisk", "local disks keep nothing"),
    (
        "ResizeDisk",
        "Type",
        "the size is the cloud's; the server's file system is not here",
    ),
    ("*", "UseAdditionalService", "it was given up long ago"),
    (
        "*",
        "WaitForNetworkConfigurationReady",
        "the guest's configuration is not here",
    ),
    (
        "ModifyInstanceSpec",
        "Async",
        "a change is seen when it is done, however it is done",
    ),
    (
        "ModifyPrepayInstanceSpec",
        "OperatorType",
        "it follows from the types",
    ),
    ("*", "DetectionStrategy", "what is imported is not looked into"),
    ("*", "RoleName", "the bucket is not here"),
    ("ExportImage", "OSSPrefix", "the bucket is not here"),
    ("ExportImage", "ImageFormat", "the bucket is not here"),
    ("*", "Timed", "it was given up long ago"),
    ("SendFile", "Timeout", "no server is slow to take a file"),
];

fn fits((action, param): (&str, &str), name: &str, pattern: &str) -> bool {
    (action == "*" || action == name)
        && match param.strip_suffix('.') {
            Some(_) => pattern.starts_with(param),
            None => pattern == param,
        }
}

/// Why a parameter is refused that the action has; `None` when it is simulated, or asks for nothing.
pub(super) fn refusal(facts: &ActionFacts, changes: bool, pattern: &str, value: &str) -> Option<Refusal> {
    // What an action does know by the same name is its own affair.
    let (_, _, usual) = REFUSED
        .iter()
        // A read is spoken of by its name: what it filters by may well be nowhere.
        .filter(|(action, ..)| changes || *action != "*")
        .find(|(action, param, _)| fits((action, param), &facts.name, pattern))
        .filter(|_| !SIMULATED.contains(&(facts.name.as_str(), pattern)))?;
    let facts_of = facts.params.get(pattern);
    let is_boolean = facts_of.is_some_and(|own| own.kind == "Boolean");
    let as_it_is = usual.iter().any(|word| word.eq_ignore_ascii_case(value))
        || facts_of.is_some_and(|own| own.default.as_deref() == Some(value))
        || (usual.is_empty() && is_boolean && value.eq_ignore_ascii_case("false"));
    if value.is_empty() || as_it_is {
        return None;
    }
    let plain = pattern.rsplit('.').find(|part| *part != "N").unwrap_or(pattern);
    let codes = [
        format!("Invalid{plain}.NotFound"),
        format!("Invalid{plain}.ValueNotSupported"),
        format!("InvalidParameter.{plain}"),
        format!("InvalidParam.{plain}"),
        "UnsupportedOperation".to_owned(),
        "UnsupportedParameter".to_owned(),
        "InvalidOperation.NotSupport".to_owned(),
    ];
    let refusal = Refusal::invalid(pattern);
    Some(match facts.known_code(&codes) {
        Some(code) => Refusal { code, ..refusal },
        None => refusal,
    })
}

/// What is refused elsewhere and done by these actions.
const SIMULATED: &[(&str, &str)] = &[
    ("AllocateEipAddress", "ISP"),
    ("CreateCommonBandwidthPackage", "ISP"),
    ("CreatePublicIpAddressPool", "Isp"),
    (
        "ModifyInstanceAttachmentAttributes",
        "PrivatePoolOptions.MatchCriteria",
    ),
    ("ModifyInstanceAttachmentAttributes", "PrivatePoolOptions.Id"),
];

/// Whether a parameter is taken and has nothing to do here.
pub(super) fn is_idle(facts: &ActionFacts, pattern: &str) -> bool {
    IDLE.iter()
        .any(|(action, param, _)| fits((action, param), &facts.name, pattern))
}
