//! Troubles of an account and of its things that no request makes: arrears, a lock, a list that one is not on, a disk
//! that fails. Each is refused with the code that the action's own table has for it. Does not know what an action does.

use std::fmt;
use std::str::FromStr;

use super::api::ActionFacts;
use super::params::Params;
use super::refusal::Refusal;

/// What a trouble is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The account: every request meets it.
    Account,
    /// The account, where a request has one of these parameters.
    Use(&'static [&'static str]),
    /// One thing, by its id: a request that is about it meets it.
    Thing,
}

/// A kind of trouble: its name, what it is of, and the codes that the vendor's tables have for it, the plainest first.
struct Sort {
    name: &'static str,
    of: Of,
    codes: &'static [&'static str],
}

const fn account(name: &'static str, codes: &'static [&'static str]) -> Sort {
    Sort {
        name,
        of: Of::Account,
        codes,
    }
}

const fn using(name: &'static str, params: &'static [&'static str], codes: &'static [&'static str]) -> Sort {
    Sort {
        name,
        of: Of::Use(params),
        codes,
    }
}

const fn thing(name: &'static str, codes: &'static [&'static str]) -> Sort {
    Sort {
        name,
        of: Of::Thing,
        codes,
    }
}

/// All of them. A trouble more is a row here.
const SORTS: &[Sort] = &[
    // What an account owes, and what it may spend.
    account("arrears", &["Account.Arrearage"]),
    account(
        "no-balance",
        &["InvalidAccountStatus.NotEnoughBalance", "InsufficientBalance"],
    ),
    account(
        "no-credit-of-agent",
        &[
            "InsufficientBalance.AgentAccount",
            "InsufficientBalance.AgentCredit",
        ],
    ),
    account("coupon-used-up", &["InvalidAccountStatus.CouponAmountNotEnough"]),
    account("spending-limit", &["InvalidAccountStatus.PayAmountLimitExceeded"]),
    account(
        "no-payment-method",
        &["PaymentMethodNotFound", "InvalidPayMethod"],
    ),
    account("no-instant-payment", &["InvalidPayMethod.SyncPaymentNotSupport"]),
    account("no-price", &["Price.PricePlanResultNotFound"]),
    account("billing-down", &["Mayi.InternalError"]),
    // Who somebody is, and what somebody is let do.
    account("account-suspended", &["InvalidAccountStatus"]),
    account("not-verified", &["RealNameAuthenticationError"]),
    account(
        "purchases-forbidden",
        &["AccountForbidden.ProductCreationLimited"],
    ),
    account(
        "customer-of-reseller",
        &["AccountForbidden.AssociatedWithResellerPartner"],
    ),
    account("verification-needed", &["SecurityRisk.3DVerification"]),
    account("risk-control", &["Forbidden.RiskControl"]),
    account(
        "region-closed",
        &["RegionUnauthorized", "InvalidRegion.NotSupport"],
    ),
    account("region-hidden", &["Forbidden.RegionId"]),
    account(
        "not-invited",
        &["UserNotInTheWhiteList", "OperationDenied.NotInWhiteList"],
    ),
    account("no-price-permission", &["NoPermission.Price"]),
    account("no-refund-permission", &["NoPermission.Refund"]),
    account("no-tag-permission", &["NoPermission.Tag"]),
    account("resource-control", &["OperationDenied.ResourceControl"]),
    account("sub-user", &["Forbidden.SubUser"]),
    account("no-ram-support", &["Forbidden.NotSupportRAM"]),
    account("account-type", &["InvalidUserType.NotSupported"]),
    account("vpc-closed", &["VPCDisabled"]),
    account(
        "snapshots-closed",
        &["InvalidAccountStatus.SnapshotServiceUnavailable"],
    ),
    account(
        "groups-not-authorized",
        &["InvalidOperation.SecurityGroupNotAuthorized"],
    ),
    account(
        "vpc-advanced-network",
        &["InvalidOperation.VpcHasEnabledAdvancedNetworkFeature"],
    ),
    using("no-spot", &["SpotStrategy"], &["InvalidAccount.NotSupportSpot"]),
    using(
        "spot-not-authorized",
        &["SpotStrategy"],
        &["InvalidSpotAuthorized"],
    ),
    using(
        "no-pass-role",
        &["RamRoleName"],
        &["InvalidUser.PassRoleForbidden"],
    ),
    using(
        "no-system-tags",
        &["Tag.1.Key"],
        &["NoPermission.SystemTag", "NoPermissionKey.Scope"],
    ),
    using(
        "kms-closed",
        ENCRYPTION,
        &[
            "InvalidParameter.KmsNotEnabled",
            "InvalidParameter.Encrypted.KmsNotEnable",
        ],
    ),
    using(
        "kms-fails",
        ENCRYPTION,
        &["InvalidParameter.DataEncryptedKeyCreateFailed"],
    ),
    using(
        "no-default-encryption",
        ENCRYPTION,
        &["InvalidEncrypted.DefaultEncryptionUnsupported"],
    ),
    // What a region or a zone has left.
    account(
        "no-addresses",
        &["InvalidOperation.PublicIpAddressNoStock", "IpAllocationError"],
    ),
    account("nat-fails", &["NAT_PUBLIC_IP_BINDING_FAILED"]),
    account("no-servers-left", &["LackResource", "ResourceNotAvailable"]),
    account("no-disks-left", &["OperationDenied.NotEnoughCapacity"]),
    account("purchase-of-images", &["QuotaExceed.BuyImage"]),
    account("downgrades-used-up", &["InstanceDowngrade.QuotaExceed"]),
    account(
        "changes-of-category-used-up",
        &["ModifyingDiskCategoryLimitExceed"],
    ),
    account("snapshots-used-up", &["QuotaExceed.Snapshot"]),
    account("refunds-used-up", &["QuotaExceed.RufundVcpu"]),
    account(
        "prefix-lists-used-up",
        &["LimitExceed.PrefixListAssociationResource"],
    ),
    account("conversions-used-up", &["InstancesIdQuotaExceed"]),
    account("pay-as-you-go-sold-out", &["OperationDenied.PaygNotAvailable"]),
    account("subscriptions-sold-out", &["OperationDenied.PrepayNotAvailable"]),
    thing(
        "zone-closed",
        &["Zone.NotOnSale", "OperationDenied.ZoneNotAllowed"],
    ),
    thing("zone-not-open", &["Zone.NotOpen"]),
    // Servers.
    thing("locked", &["InstanceLockedForSecurity"]),
    thing("expired", &["InstanceExpiredOrInArrears", "ExpiredInstance"]),
    thing(
        "unpaid-order",
        &[
            "OperationDenied.UnpaidOrder",
            "InvalidInstance.UnPaidOrder",
            "InvalidInstance.UnpaidOrder",
            "LastOrderProcessing",
        ],
    ),
    thing(
        "order-in-work",
        &[
            "InstanceHasProcessingConvertOrder",
            "LastOrderProcessing",
            "INST_HAS_UNPAID_ORDER",
        ],
    ),
    thing(
        "request-in-work",
        &["LastRequestProcessing", "Operation.Conflict"],
    ),
    thing("managed", &["InvalidOperation.ResourceManagedByCloudProduct"]),
    thing("interface-managed", &["InvalidOperation.EniServiceManaged"]),
    thing(
        "hibernates",
        &["HibernationConfigured.InstanceOperationForbidden"],
    ),
    thing(
        "type-retired",
        &["InstanceType.Offline", "InvalidInstanceType.PhasedOut"],
    ),
    thing("type-not-authorized", &["InvalidInstanceType.ValueUnauthorized"]),
    thing("host-in-repair", &["OperationDenied.HostRepairing"]),
    thing("host-full", &["InvalidDedicatedHost.NotEnoughResource"]),
    thing(
        "not-ready",
        &[
            "InstanceNotReady",
            "InvalidInstanceStatus.NotNormal",
            "InvalidStatus.DiskNotReady",
        ],
    ),
    thing("in-migration", &["InvalidInstance.HasTransitionRecord"]),
    thing("starter-package", &["InvalidOperation.StarterPackage"]),
    thing(
        "upgraded-for-a-time",
        &[
            "InvalidAction.WithActiveElasticUpgrade",
            "InvalidInstance.TempBandwidthUpgrade",
        ],
    ),
    thing(
        "renewed-with-downgrade",
        &["InvalidOperation.InstanceRenewWithDowngradeInPlan"],
    ),
    thing("restart-due", &["InstanceSpecModification.NotEffective"]),
    thing("reboot-needed", &["InvalidOperation.RebootingRequired"]),
    thing(
        "being-created",
        &[
            "Forbidden.InstanceIsBeingCreated",
            "OperationDenied.InstanceCreating",
        ],
    ),
    thing("port-mapped", &["InvalidInstance.NatPortMapNotSupport"]),
    thing(
        "on-private-space",
        &["PeriodNotSupported.InstanceOnManagedPrivateSpace"],
    ),
    thing("app-server", &["InvalidDependence.BeenUsedAsAppServer"]),
    thing("bound-to-accelerator", &["InvalidDependence.BindGA"]),
    thing("granted", &["InvalidDependence.GrantAccess"]),
    thing("bound-to-havip", &["InvalidDependence.HaVip"]),
    thing("direct-addresses", &["InvalidDependence.MutliDirectlyEip"]),
    thing("mirrored-from", &["InvalidSource.TrafficMirrorSession"]),
    thing("mirrored-to", &["InvalidTarget.TrafficMirrorSession"]),
    thing("vpc-shared", &["InvalidVpcId.SharedVpc"]),
    thing(
        "in-configuration-of-balancer",
        &["DependencyViolation.SLBConfiguring"],
    ),
    // Disks, and what is on them.
    thing("disk-fails", &["DiskError"]),
    thing("disk-in-arrears", &["DiskInArrears"]),
    thing("replicating", &["IncorrectDiskStatus.InReplication"]),
    thing("replica-lost", &["IncorrectDiskStatus.ReplicationStatusNotFound"]),
    thing(
        "on-own-cluster",
        &[
            "OperationDenied.DiskInDedicatedBlockStorageCluster",
            "DISK_IN_DEDICATED_BLOCK_STORAGE_CLUSTER",
        ],
    ),
    thing(
        "growing",
        &[
            "OperationDenied.DiskExpansionUnfinished",
            "InvalidStatus.Upgrading",
        ],
    ),
    thing("cooling", &["DiskInCoolingPeriod"]),
    thing("flash-snapshot", &["DiskHasFlashSnapshot"]),
    thing(
        "throttled-on-purpose",
        &["InvalidStatus.DiskUnderPerformanceControl"],
    ),
    thing("delete-protected", &["InvalidDiskStatus.DeleteProtection"]),
    thing("moving", &["InvalidSystemDiskStatus.IsTransfering"]),
    thing(
        "key-not-authorized",
        &["InvalidParameter.KMSKeyId.CMKUnauthorized"],
    ),
    thing(
        "kms-not-authorized",
        &["InvalidParameter.KMSKeyId.KMSUnauthorized"],
    ),
    // Images.
    thing("not-subscribed", &["ImageNotSubscribed"]),
    thing("gone-from-market", &["ImageRemovedInMarket"]),
    thing("image-invalid", &["OperationDenied.ImageNotValid"]),
    thing("no-cloud-init", &["ImageNotSupportCloudInit"]),
    thing(
        "image-not-resizable",
        &["InvalidSystemDiskSize.ImageNotSupportResize"],
    ),
    thing("image-not-for-type", &["ImageNotSupportInstanceType"]),
    thing("image-charge-type", &["InvalidMarketImageChargeType.NotSupport"]),
    thing(
        "image-status",
        &["InvalidMarketImageStatus.NotSupported", "IncorrectImageStatus"],
    ),
];

/// The parameters that ask for encryption.
const ENCRYPTION: &[&str] = &["Encrypted", "SystemDisk.Encrypted", "DataDisk.1.Encrypted"];

/// A trouble in force, written `NAME` for the account and `NAME@ID` for a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong.
    pub name: String,
    /// With which thing; empty for the account.
    pub id: String,
}

/// The text given for a trouble names none.
#[derive(Debug, thiserror::Error)]
#[error("there is no trouble `{given}`; {known}")]
pub struct TroubleError {
    given: String,
    known: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        if self.id.is_empty() {
            return Ok(());
        }
        write!(out, "@{}", self.id)
    }
}

impl FromStr for Trouble {
    type Err = TroubleError;

    fn from_str(text: &str) -> Result<Self, TroubleError> {
        let (name, id) = text.split_once('@').unwrap_or((text, ""));
        let known = SORTS.iter().find(|sort| sort.name == name);
        let fits = known.is_some_and(|sort| (sort.of == Of::Thing) != id.is_empty());
        if fits {
            return Ok(Self {
                name: name.to_owned(),
                id: id.to_owned(),
            });
        }
        let names = |of_thing: bool| {
            let own = SORTS.iter().filter(|sort| (sort.of == Of::Thing) == of_thing);
            own.map(|sort| sort.name).collect::<Vec<_>>().join(", ")
        };
        Err(TroubleError {
            given: text.to_owned(),
            known: format!(
                "of the account there are {}; of a thing, written NAME@ID, {}",
                names(false),
                names(true)
            ),
        })
    }
}

/// What a request meets of the troubles in force. `concerns` says whether it is about the thing with an id.
pub(super) fn met(
    troubles: &[Trouble],
    facts: &ActionFacts,
    params: &Params,
    concerns: impl Fn(&str) -> bool,
) -> Option<Refusal> {
    troubles.iter().find_map(|trouble| {
        let sort = SORTS.iter().find(|sort| sort.name == trouble.name)?;
        let met = match sort.of {
            Of::Account => true,
            Of::Use(names) => names
                .iter()
                .any(|name| !matches!(params.peek(name), "" | "false" | "False")),
            Of::Thing => concerns(&trouble.id),
        };
        let codes: Vec<String> = sort.codes.iter().map(|code| (*code).to_owned()).collect();
        facts.known_code(&codes).filter(|_| met).map(Refusal::new)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_of_the_account_or_of_a_thing() {
        for text in ["arrears", "locked@i-1"] {
            assert_eq!(text.parse::<Trouble>().unwrap().to_string(), text);
        }
        for wrong in ["", "arrears@i-1", "locked", "locked@", "dancing"] {
            assert!(wrong.parse::<Trouble>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_name_stands_for_two_troubles_and_every_code_is_the_vendors() {
        let mut names: Vec<&str> = SORTS.iter().map(|sort| sort.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for code in SORTS.iter().flat_map(|sort| sort.codes) {
            let listed = super::super::api::api()
                .actions()
                .any(|facts| facts.known_code(&[(*code).to_owned()]).is_some());
            assert!(listed, "{code}");
        }
    }
}
