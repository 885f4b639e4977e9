//! The actions that we send: one row each.
//!
//! Time limits are the vendor SDK's own figures for the action. Does not know parameters.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::product::{BSS, ECS, Product, RESOURCE_MANAGER, SLB, STS, VPC};

/// How long an answer may take where the vendor gives no figure.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One action of an API.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Action {
    pub(crate) product: &'static Product,
    /// As the API spells it: `CreateVSwitch`.
    pub(crate) name: &'static str,
    pub(crate) repeat: Repeat,
    /// Whether it is sent with a `ClientToken`.
    pub(crate) token: bool,
    /// Whether it takes `RegionId`.
    pub(crate) region: bool,
    /// Whether it takes `regionId`: a family whose parameters begin with a small letter.
    pub(crate) small: bool,
    /// Whether it takes `DryRun`.
    pub(crate) dry_run: bool,
    /// In seconds; 0 where the vendor gives no figure.
    timeout_s: u64,
}

/// What may be done about a call whose answer was lost (reliability table: classes of actions).
///
/// The letters are those of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Repeat {
    /// Changes nothing: it is repeated freely, and never in the journal.
    #[serde(skip)]
    Read,
    /// Carries a ClientToken and the ownership tags: the same token inside its window gives the same result; later
    /// the tag `infra:op` finds it.
    #[serde(rename = "T")]
    Token,
    /// Makes something that has a name of its own (a name, a table and a network): looked up by that.
    #[serde(rename = "K")]
    Key,
    /// Makes something that nothing tells from another: never sent again without a look.
    #[serde(rename = "U")]
    Look,
    /// Sets an absolute state or is idempotent by nature: read again, then send again if it is still needed.
    #[serde(rename = "A")]
    Absolute,
    /// Counts each time (money, a number of addresses): the token is sent again inside its window only; behind it, what a
    /// look shows decides, or a person.
    #[serde(rename = "M")]
    Meter,
}

/// How an action that lists is asked for more than one page, and the largest page that it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pages {
    /// `MaxResults` and `NextToken`.
    ByToken { max: u32 },
    /// `MaxResult`, as one list spells it, and `NextToken`.
    ByTokenOf { max: u32 },
    /// One answer holds all.
    Whole,
    /// `PageSize` and `PageNumber`.
    ByNumber { max: u32 },
}

/// One static for each row, and the list of them all.
macro_rules! actions {
    ($($id:ident = $product:ident $name:literal $repeat:ident $timeout_s:literal $($flag:ident)*;)*) => {
        $(pub(crate) static $id: Action = Action {
            $($flag: true,)*
            ..Action::plain(&$product, $name, Repeat::$repeat, $timeout_s)
        };)*

        /// All actions, by product and name.
        pub(crate) static ALL: &[&Action] = &[$(&$id),*];
    };
}

// Sorted by product and name.
actions! {
    QUERY_ACCOUNT_BALANCE                      = BSS "QueryAccountBalance"                   Read       0;
    ALLOCATE_PUBLIC_IP_ADDRESS                 = ECS "AllocatePublicIpAddress"               Absolute  36;
    APPLY_AUTO_SNAPSHOT_POLICY                 = ECS "ApplyAutoSnapshotPolicy"               Absolute  10 small;
    ASSIGN_IPV6_ADDRESSES                      = ECS "AssignIpv6Addresses"                   Meter     10 token region;
    ASSIGN_PRIVATE_IP_ADDRESSES                = ECS "AssignPrivateIpAddresses"              Absolute  10 token region;
    ATTACH_DISK                                = ECS "AttachDisk"                            Absolute  36;
    ATTACH_INSTANCE_RAM_ROLE                   = ECS "AttachInstanceRamRole"                 Absolute  11 region;
    ATTACH_KEY_PAIR                            = ECS "AttachKeyPair"                         Absolute  16 region;
    ATTACH_NETWORK_INTERFACE                   = ECS "AttachNetworkInterface"                Absolute  16 region;
    AUTHORIZE_SECURITY_GROUP                   = ECS "AuthorizeSecurityGroup"                Absolute  16 region;
    AUTHORIZE_SECURITY_GROUP_EGRESS            = ECS "AuthorizeSecurityGroupEgress"          Absolute  16 region;
    CANCEL_AUTO_SNAPSHOT_POLICY                = ECS "CancelAutoSnapshotPolicy"              Absolute  10 small;
    CREATE_AUTO_SNAPSHOT_POLICY                = ECS "CreateAutoSnapshotPolicy"              Look      10 small;
    CREATE_DISK                                = ECS "CreateDisk"                            Token     36 token region;
    CREATE_INSTANCE                            = ECS "CreateInstance"                        Token     86 token region dry_run;
    CREATE_NETWORK_INTERFACE                   = ECS "CreateNetworkInterface"                Token     16 token region;
    CREATE_SECURITY_GROUP                      = ECS "CreateSecurityGroup"                   Token     86 token region;
    DELETE_AUTO_SNAPSHOT_POLICY                = ECS "DeleteAutoSnapshotPolicy"              Absolute  10 small;
    DELETE_DISK                                = ECS "DeleteDisk"                            Absolute  16;
    DELETE_INSTANCE                            = ECS "DeleteInstance"                        Absolute  66 dry_run;
    DELETE_KEY_PAIRS                           = ECS "DeleteKeyPairs"                        Absolute  10 region;
    DELETE_NETWORK_INTERFACE                   = ECS "DeleteNetworkInterface"                Absolute  16 region;
    DELETE_SECURITY_GROUP                      = ECS "DeleteSecurityGroup"                   Absolute  87 region;
    DESCRIBE_ACCOUNT_ATTRIBUTES                = ECS "DescribeAccountAttributes"             Read      16 region;
    DESCRIBE_AUTO_SNAPSHOT_POLICY_EX           = ECS "DescribeAutoSnapshotPolicyEx"          Read      16 region;
    DESCRIBE_AVAILABLE_RESOURCE                = ECS "DescribeAvailableResource"             Read      10 region;
    DESCRIBE_DISKS                             = ECS "DescribeDisks"                         Read      19 region dry_run;
    DESCRIBE_IMAGES                            = ECS "DescribeImages"                        Read      38 region dry_run;
    DESCRIBE_INSTANCE_ATTRIBUTE                = ECS "DescribeInstanceAttribute"             Read      36;
    DESCRIBE_INSTANCE_AUTO_RENEW_ATTRIBUTE     = ECS "DescribeInstanceAutoRenewAttribute"    Read      17 region;
    DESCRIBE_INSTANCE_MODIFICATION_PRICE       = ECS "DescribeInstanceModificationPrice"     Read      16 region;
    DESCRIBE_INSTANCE_RAM_ROLE                 = ECS "DescribeInstanceRamRole"               Read      11 region;
    DESCRIBE_INSTANCE_STATUS                   = ECS "DescribeInstanceStatus"                Read      26 region;
    DESCRIBE_INSTANCE_TYPES                    = ECS "DescribeInstanceTypes"                 Read      17;
    DESCRIBE_INSTANCES                         = ECS "DescribeInstances"                     Read      10 region dry_run;
    DESCRIBE_KEY_PAIRS                         = ECS "DescribeKeyPairs"                      Read      12 region;
    DESCRIBE_NETWORK_INTERFACES                = ECS "DescribeNetworkInterfaces"             Read      13 region;
    DESCRIBE_PRICE                             = ECS "DescribePrice"                         Read      16 region;
    DESCRIBE_REGIONS                           = ECS "DescribeRegions"                       Read      19;
    DESCRIBE_RENEWAL_PRICE                     = ECS "DescribeRenewalPrice"                  Read      16 region;
    DESCRIBE_SECURITY_GROUP_ATTRIBUTE          = ECS "DescribeSecurityGroupAttribute"        Read     133 region;
    DESCRIBE_SECURITY_GROUP_REFERENCES         = ECS "DescribeSecurityGroupReferences"       Read       0 region;
    DESCRIBE_SECURITY_GROUPS                   = ECS "DescribeSecurityGroups"                Read      25 region dry_run;
    DESCRIBE_USER_DATA                         = ECS "DescribeUserData"                      Read      10 region;
    DESCRIBE_ZONES                             = ECS "DescribeZones"                         Read     103 region;
    DETACH_DISK                                = ECS "DetachDisk"                            Absolute  17;
    DETACH_INSTANCE_RAM_ROLE                   = ECS "DetachInstanceRamRole"                 Absolute  10 region;
    DETACH_KEY_PAIR                            = ECS "DetachKeyPair"                         Absolute  10 region;
    DETACH_NETWORK_INTERFACE                   = ECS "DetachNetworkInterface"                Absolute  16 region;
    IMPORT_KEY_PAIR                            = ECS "ImportKeyPair"                         Key       10 region;
    JOIN_RESOURCE_GROUP                        = ECS "JoinResourceGroup"                     Absolute  10 region;
    JOIN_SECURITY_GROUP                        = ECS "JoinSecurityGroup"                     Absolute  66 region;
    LEAVE_SECURITY_GROUP                       = ECS "LeaveSecurityGroup"                    Absolute  66 region;
    LIST_TAG_RESOURCES_ECS                     = ECS "ListTagResources"                      Read       0 region;
    MODIFY_AUTO_SNAPSHOT_POLICY_EX             = ECS "ModifyAutoSnapshotPolicyEx"            Absolute  10 small;
    MODIFY_DISK_ATTRIBUTE                      = ECS "ModifyDiskAttribute"                   Absolute  16 region;
    MODIFY_DISK_SPEC                           = ECS "ModifyDiskSpec"                        Absolute   0 dry_run;
    MODIFY_INSTANCE_ATTRIBUTE                  = ECS "ModifyInstanceAttribute"               Absolute  22;
    MODIFY_INSTANCE_AUTO_RELEASE_TIME          = ECS "ModifyInstanceAutoReleaseTime"         Absolute  15 region;
    MODIFY_INSTANCE_AUTO_RENEW_ATTRIBUTE       = ECS "ModifyInstanceAutoRenewAttribute"      Absolute  16 region;
    MODIFY_INSTANCE_CHARGE_TYPE                = ECS "ModifyInstanceChargeType"              Meter     22 token region dry_run;
    MODIFY_INSTANCE_DEPLOYMENT                 = ECS "ModifyInstanceDeployment"              Absolute  10 region;
    MODIFY_INSTANCE_METADATA_OPTIONS           = ECS "ModifyInstanceMetadataOptions"         Absolute   0 region;
    MODIFY_INSTANCE_NETWORK_SPEC               = ECS "ModifyInstanceNetworkSpec"             Absolute  36 token;
    MODIFY_INSTANCE_SPEC                       = ECS "ModifyInstanceSpec"                    Absolute  62 token dry_run;
    MODIFY_INSTANCE_VPC_ATTRIBUTE              = ECS "ModifyInstanceVpcAttribute"            Absolute  15;
    MODIFY_NETWORK_INTERFACE_ATTRIBUTE         = ECS "ModifyNetworkInterfaceAttribute"       Absolute  10 region;
    MODIFY_PREPAY_INSTANCE_SPEC                = ECS "ModifyPrepayInstanceSpec"              Meter     13 token region;
    MODIFY_SECURITY_GROUP_ATTRIBUTE            = ECS "ModifySecurityGroupAttribute"          Absolute  10 region;
    MODIFY_SECURITY_GROUP_EGRESS_RULE          = ECS "ModifySecurityGroupEgressRule"         Absolute  10 region;
    MODIFY_SECURITY_GROUP_POLICY               = ECS "ModifySecurityGroupPolicy"             Absolute  10 region;
    MODIFY_SECURITY_GROUP_RULE                 = ECS "ModifySecurityGroupRule"               Absolute  16 region;
    REBOOT_INSTANCE                            = ECS "RebootInstance"                        Absolute  27 dry_run;
    RENEW_INSTANCE                             = ECS "RenewInstance"                         Meter     19 token;
    REPLACE_SYSTEM_DISK                        = ECS "ReplaceSystemDisk"                     Absolute  36 token;
    RESIZE_DISK                                = ECS "ResizeDisk"                            Absolute  11 token;
    REVOKE_SECURITY_GROUP                      = ECS "RevokeSecurityGroup"                   Absolute  16 region;
    REVOKE_SECURITY_GROUP_EGRESS               = ECS "RevokeSecurityGroupEgress"             Absolute  13 region;
    RUN_INSTANCES                              = ECS "RunInstances"                          Token     86 token region dry_run;
    START_INSTANCE                             = ECS "StartInstance"                         Absolute  46 dry_run;
    STOP_INSTANCE                              = ECS "StopInstance"                          Absolute  27 dry_run;
    TAG_RESOURCES_ECS                          = ECS "TagResources"                          Absolute   0 region;
    UNASSIGN_IPV6_ADDRESSES                    = ECS "UnassignIpv6Addresses"                 Absolute  10 region;
    UNASSIGN_PRIVATE_IP_ADDRESSES              = ECS "UnassignPrivateIpAddresses"            Absolute  10 region;
    UNTAG_RESOURCES_ECS                        = ECS "UntagResources"                        Absolute   0 region;
    LIST_RESOURCE_GROUPS                       = RESOURCE_MANAGER "ListResourceGroups" Read 0;
    ADD_BACKEND_SERVERS                        = SLB "AddBackendServers"                     Absolute   0 region;
    CREATE_LOAD_BALANCER                       = SLB "CreateLoadBalancer"                    Token      0 token region;
    CREATE_LOAD_BALANCER_HTTP_LISTENER         = SLB "CreateLoadBalancerHTTPListener"        Absolute   0 region;
    CREATE_LOAD_BALANCER_HTTPS_LISTENER        = SLB "CreateLoadBalancerHTTPSListener"       Absolute   0 region;
    CREATE_LOAD_BALANCER_TCP_LISTENER          = SLB "CreateLoadBalancerTCPListener"         Absolute   0 region;
    CREATE_LOAD_BALANCER_UDP_LISTENER          = SLB "CreateLoadBalancerUDPListener"         Absolute   0 region;
    DELETE_LOAD_BALANCER                       = SLB "DeleteLoadBalancer"                    Absolute   0 region;
    DELETE_LOAD_BALANCER_LISTENER              = SLB "DeleteLoadBalancerListener"            Absolute   0 region;
    DESCRIBE_LOAD_BALANCER_ATTRIBUTE           = SLB "DescribeLoadBalancerAttribute"         Read       0 region;
    DESCRIBE_LOAD_BALANCER_LISTENERS           = SLB "DescribeLoadBalancerListeners"         Read       0 region;
    DESCRIBE_LOAD_BALANCERS                    = SLB "DescribeLoadBalancers"                 Read       0 region;
    DESCRIBE_SERVER_CERTIFICATES               = SLB "DescribeServerCertificates"            Read       0 region;
    MODIFY_LOAD_BALANCER_INSTANCE_SPEC         = SLB "ModifyLoadBalancerInstanceSpec"        Absolute   0 region;
    MODIFY_LOAD_BALANCER_INTERNET_SPEC         = SLB "ModifyLoadBalancerInternetSpec"        Absolute   0 region;
    REMOVE_BACKEND_SERVERS                     = SLB "RemoveBackendServers"                  Absolute   0 region;
    SET_BACKEND_SERVERS                        = SLB "SetBackendServers"                     Absolute   0 region;
    SET_LOAD_BALANCER_HTTP_LISTENER_ATTRIBUTE  = SLB "SetLoadBalancerHTTPListenerAttribute"  Absolute   0 region dry_run;
    SET_LOAD_BALANCER_HTTPS_LISTENER_ATTRIBUTE = SLB "SetLoadBalancerHTTPSListenerAttribute" Absolute   0 region dry_run;
    SET_LOAD_BALANCER_NAME                     = SLB "SetLoadBalancerName"                   Absolute   0 region;
    SET_LOAD_BALANCER_TCP_LISTENER_ATTRIBUTE   = SLB "SetLoadBalancerTCPListenerAttribute"   Absolute   0 region dry_run;
    SET_LOAD_BALANCER_UDP_LISTENER_ATTRIBUTE   = SLB "SetLoadBalancerUDPListenerAttribute"   Absolute   0 region dry_run;
    START_LOAD_BALANCER_LISTENER               = SLB "StartLoadBalancerListener"             Absolute   0 region;
    TAG_RESOURCES_SLB                          = SLB "TagResources"                          Absolute   0 region;
    UNTAG_RESOURCES_SLB                        = SLB "UntagResources"                        Absolute   0 region;
    GET_CALLER_IDENTITY                        = STS "GetCallerIdentity"                     Read       0;
    ALLOCATE_EIP_ADDRESS                       = VPC "AllocateEipAddress"                    Token      0 token region;
    ASSOCIATE_EIP_ADDRESS                      = VPC "AssociateEipAddress"                   Absolute   0 token region;
    ASSOCIATE_ROUTE_TABLE                      = VPC "AssociateRouteTable"                   Absolute   0 token region;
    CREATE_NAT_GATEWAY                         = VPC "CreateNatGateway"                      Token      0 token region;
    CREATE_ROUTE_ENTRY                         = VPC "CreateRouteEntry"                      Key        0 token region dry_run;
    CREATE_ROUTE_TABLE                         = VPC "CreateRouteTable"                      Token      0 token region;
    CREATE_SNAT_ENTRY                          = VPC "CreateSnatEntry"                       Absolute   0 token region dry_run;
    CREATE_VSWITCH                             = VPC "CreateVSwitch"                         Token      0 token region;
    CREATE_VPC                                 = VPC "CreateVpc"                             Token      0 token region dry_run;
    DELETE_NAT_GATEWAY                         = VPC "DeleteNatGateway"                      Absolute   0 region;
    DELETE_ROUTE_ENTRY                         = VPC "DeleteRouteEntry"                      Absolute   0 region dry_run;
    DELETE_ROUTE_TABLE                         = VPC "DeleteRouteTable"                      Absolute   0 region;
    DELETE_SNAT_ENTRY                          = VPC "DeleteSnatEntry"                       Absolute   0 token region;
    DELETE_VSWITCH                             = VPC "DeleteVSwitch"                         Absolute   0 region dry_run;
    DELETE_VPC                                 = VPC "DeleteVpc"                             Absolute   0 region dry_run;
    DESCRIBE_EIP_ADDRESSES                     = VPC "DescribeEipAddresses"                  Read       0 region dry_run;
    DESCRIBE_FORWARD_TABLE_ENTRIES             = VPC "DescribeForwardTableEntries"           Read       0 region;
    DESCRIBE_NAT_GATEWAYS                      = VPC "DescribeNatGateways"                   Read       0 region dry_run;
    DESCRIBE_NETWORK_ACLS                      = VPC "DescribeNetworkAcls"                   Read       0 region;
    DESCRIBE_ROUTE_ENTRY_LIST                  = VPC "DescribeRouteEntryList"                Read       0 region;
    DESCRIBE_ROUTE_TABLE_LIST                  = VPC "DescribeRouteTableList"                Read       0 region;
    DESCRIBE_SNAT_TABLE_ENTRIES                = VPC "DescribeSnatTableEntries"              Read       0 region;
    DESCRIBE_VSWITCH_ATTRIBUTES                = VPC "DescribeVSwitchAttributes"             Read       0 region dry_run;
    DESCRIBE_VSWITCHES                         = VPC "DescribeVSwitches"                     Read       0 region dry_run;
    DESCRIBE_VPC_ATTRIBUTE                     = VPC "DescribeVpcAttribute"                  Read       0 region dry_run;
    DESCRIBE_VPCS                              = VPC "DescribeVpcs"                          Read       0 region dry_run;
    LIST_TAG_RESOURCES_VPC                     = VPC "ListTagResources"                      Read       0 region;
    MODIFY_EIP_ADDRESS_ATTRIBUTE               = VPC "ModifyEipAddressAttribute"             Absolute   0 region;
    MODIFY_NAT_GATEWAY_ATTRIBUTE               = VPC "ModifyNatGatewayAttribute"             Absolute   0 region;
    MODIFY_ROUTE_ENTRY                         = VPC "ModifyRouteEntry"                      Absolute   0 region dry_run;
    MODIFY_ROUTE_TABLE_ATTRIBUTES              = VPC "ModifyRouteTableAttributes"            Absolute   0 region;
    MODIFY_SNAT_ENTRY                          = VPC "ModifySnatEntry"                       Absolute   0 token region dry_run;
    MODIFY_VSWITCH_ATTRIBUTE                   = VPC "ModifyVSwitchAttribute"                Absolute   0 region;
    MODIFY_VPC_ATTRIBUTE                       = VPC "ModifyVpcAttribute"                    Absolute   0 region;
    RELEASE_EIP_ADDRESS                        = VPC "ReleaseEipAddress"                     Absolute   0 region;
    TAG_RESOURCES_VPC                          = VPC "TagResources"                          Absolute   0 region;
    UNTAG_RESOURCES_VPC                        = VPC "UnTagResources"                        Absolute   0 region;
    UNASSOCIATE_EIP_ADDRESS                    = VPC "UnassociateEipAddress"                 Absolute   0 token region;
    UNASSOCIATE_ROUTE_TABLE                    = VPC "UnassociateRouteTable"                 Absolute   0 token region;
}

impl Action {
    const fn plain(product: &'static Product, name: &'static str, repeat: Repeat, timeout_s: u64) -> Action {
        Action {
            product,
            name,
            repeat,
            token: false,
            region: false,
            small: false,
            dry_run: false,
            timeout_s,
        }
    }

    /// The action of this name, if it is one that we send.
    pub(crate) fn named(product: &str, name: &str) -> Option<&'static Action> {
        ALL.binary_search_by(|action| (action.product.name, action.name).cmp(&(product, name)))
            .ok()
            .map(|index| ALL[index])
    }

    /// How long an answer may take.
    pub(crate) fn timeout(&self) -> Duration {
        match self.timeout_s {
            0 => TIMEOUT,
            seconds => Duration::from_secs(seconds),
        }
    }
}

/// `Vpc CreateVpc`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product.name, self.name)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As text: `Vpc CreateVpc`.
impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for &'static Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<&'static Action, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.split_once(' ')
            .and_then(|(product, name)| Action::named(product, name))
            .ok_or_else(|| de::Error::custom(format!("{text:?} is no action that infra sends")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_finds_every_row() {
        assert!(ALL.is_sorted());
        for action in ALL {
            assert_eq!(Action::named(action.product.name, action.name), Some(*action));
        }
        assert_eq!(
            Action::named("Vpc", "UntagResources"),
            None,
            "the two products spell it differently"
        );
    }

    #[test]
    fn an_action_is_written_by_its_name_and_read_back() {
        let text = serde_json::to_string(&CREATE_VPC).unwrap();
        assert_eq!(text, "\"Vpc CreateVpc\"");
        let read: &Action = serde_json::from_str::<&'static Action>(&text).unwrap();
        assert_eq!(read, &CREATE_VPC);
        assert!(serde_json::from_str::<&'static Action>("\"Vpc Nonsense\"").is_err());
    }

    #[test]
    fn what_is_repeated_by_its_token_carries_one() {
        for action in ALL {
            let needs_token = matches!(action.repeat, Repeat::Token | Repeat::Meter);
            assert!(action.token || !needs_token, "{action}");
            assert!(!action.token || action.repeat != Repeat::Read, "{action}");
        }
    }

    #[test]
    fn the_journal_keeps_its_letters() {
        for (repeat, letter) in [
            (Repeat::Token, "T"),
            (Repeat::Absolute, "A"),
            (Repeat::Meter, "M"),
        ] {
            assert_eq!(serde_json::to_value(repeat).unwrap(), letter);
        }
        assert!(serde_json::to_value(Repeat::Read).is_err());
    }
}
