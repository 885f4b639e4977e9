//! What codes of the API mean to somebody who wrote a configuration, as a table: a sentence, a way out, and the keys of
//! which one is at fault.
//!
//! The codes are those of the vendor's API descriptions. Does not know how a failure is told.

/// What a code means.
pub(super) struct Meaning {
    /// Matches itself and everything below it: `QuotaExceed` matches `QuotaExceed.ElasticQuota`.
    pub(super) code: &'static str,
    /// Follows `instance.web could not be created: `.
    pub(super) sentence: &'static str,
    pub(super) help: &'static str,
    /// The keys at fault, the likeliest first; none where the block as a whole is, or nothing in the file.
    pub(super) keys: &'static [&'static str],
}

/// Codes that are about rights. Others that begin alike are about what is asked for.
const RIGHTS: [&str; 7] = [
    "Forbidden",
    "Forbidden.RAM",
    "Forbidden.SubUser",
    "Forbidden.NotSupportRAM",
    "Forbidden.NoPermission",
    "UserNotInTheWhiteList",
    "InvalidAction.Unauthorized",
];

macro_rules! meanings {
    ($($code:literal [$($key:literal)*] $sentence:literal: $help:literal;)*) => {
        /// The codes that people meet; any other is shown as the API words it.
        static MEANINGS: &[Meaning] = &[$(Meaning {
            code: $code,
            sentence: $sentence,
            help: $help,
            keys: &[$($key),*],
        }),*];
    };
}

meanings! {
    // What is sold, and where.
    "OperationDenied.NoStock" ["instance_type"] "the type is sold out in this zone":
        "take another zone or another instance_type, or try again later";
    "OperationFailed.NormalInventoryNotEnough" [] "it is sold out in this zone":
        "take another zone, or try again later";
    "ResourceNotAvailable" ["instance_type"] "it is not on offer here":
        "take another zone or another instance_type";
    "Zone.NotOnSale" ["zone_id"] "the zone sells nothing new":
        "take another zone_id";
    "InvalidZoneId.NotFound" ["zone_id"] "there is no such zone in this region":
        "check zone_id; it begins with the region, as in cn-hangzhou-h";
    "InvalidInstanceType.NotSupported" ["instance_type"] "the instance type is not offered here":
        "take another instance_type, or another zone";
    "InvalidInstanceType.ValueNotSupported" ["instance_type"] "the instance type does not exist or is not offered here":
        "check instance_type; types look like ecs.g7.large";
    "InvalidInstanceType.ValueUnauthorized" ["instance_type"] "the account may not use this instance type":
        "take another instance_type, or ask the vendor to open it for the account";
    "InvalidInstanceType.NotSupportDiskCategory" ["system_disk.category" "instance_type"] "the instance type takes no disks of this category":
        "take another category, such as cloud_essd, or another instance_type";
    "InstanceType.Offline" ["instance_type"] "the instance type is no longer sold":
        "take a newer instance_type";
    "ImageNotSupportInstanceType" ["image_id" "image_family" "instance_type"] "the image does not start on this instance type":
        "take an image of the type's architecture, or another instance_type";
    "InvalidDiskCategory.NotSupported" ["disk_category" "system_disk.category"] "the category of the disk is not offered here":
        "take another category, such as cloud_essd, or another zone";
    "InvalidDiskCategory.ValueNotSupported" ["disk_category" "system_disk.category"] "there is no such category of disks here":
        "take another category, such as cloud_essd";
    "InvalidSystemDiskCategory.ValueNotSupported" ["system_disk.category"] "the category of the system disk is not offered here":
        "take another category, such as cloud_essd";
    "InvalidDataDiskCategory.ValueNotSupported" ["data_disks"] "the category of a data disk is not offered here":
        "take another category, such as cloud_essd";
    "InvalidPerformanceLevel.Malformed" ["performance_level" "system_disk.performance_level"] "the performance level is none of PL0 to PL3":
        "check performance_level";
    "OperationDenied.PerformanceLevelNotMatch" ["performance_level" "system_disk.performance_level"] "the disk is too small for its performance level":
        "take a larger size, or a lower performance_level";
    "IoOptimized.NotSupported" ["instance_type"] "the instance type does not go with this kind of disks":
        "take another instance_type";

    // Values.
    "InvalidSystemDiskSize" ["system_disk.size"] "the system disk is smaller than its image, or too large":
        "take another size; an image says how much it needs";
    "InvalidDataDiskSize" ["data_disks" "size"] "a data disk has a size that its category does not allow":
        "check size";
    "InvalidDiskSize" ["size"] "the size of the disk is not allowed":
        "a disk can grow and never shrinks; each category has its own limits";
    "InvalidHostName.Malformed" ["host_name"] "the host name is not allowed":
        "2 to 64 letters, digits, '-' and '.'; for Windows 15 without '.'";
    "InvalidHostname" ["host_name"] "the host name is not allowed for this image":
        "check host_name; for Windows it has at most 15 characters";
    "InvalidPassword.Malformed" ["password"] "the password is not strong enough":
        "8 to 30 characters with three of: upper case, lower case, digits, ()`~!@#$%^&*-+=|{}[]:;'<>,.?/";
    "InvalidUserData" ["user_data" "user_data_file"] "the user data is not taken":
        "it has at most 32 KB, and the instance type and the image must run it";
    "InvalidInternetMaxBandwidthOut" ["internet_max_bandwidth_out"] "the bandwidth is not allowed":
        "take 0 to 100 Mbit/s; other ways of paying allow more";
    "InvalidInternetChargeType.ValueNotSupported" ["internet_charge_type"] "the network cannot be paid for this way here":
        "take PayByTraffic";
    "InvalidSpotPriceLimit" ["spot_price_limit"] "the highest price is below what is asked":
        "take a higher spot_price_limit, or SpotAsPriceGo";
    "InvalidPeriod" ["period"] "it cannot be paid for this long":
        "check period and period_unit";
    "InvalidDescription.Malformed" ["description"] "the description is not allowed":
        "2 to 256 characters, and not http:// or https:// at the beginning";
    "InvalidTagKey.Malformed" ["tags"] "a tag's name is not allowed":
        "at most 128 characters, and not aliyun or acs: at the beginning";
    "InvalidTagValue.Malformed" ["tags"] "a tag's value is not allowed":
        "at most 128 characters, and not http:// or https://";
    "NumberExceed.Tags" ["tags"] "it has too many tags":
        "20 are allowed, of which infra needs three";
    "InvalidTagCount" ["tags"] "it has too many tags":
        "20 are allowed, of which infra needs three";

    // Networks and addresses.
    "InvalidCidrBlock.Overlapped" ["cidr_block"] "the network overlaps one that exists":
        "take another cidr_block";
    "InvalidCidrBlock.Malformed" ["cidr_block"] "the network is not one that can be made":
        "a VPC is part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, a vSwitch part of its VPC";
    "InvalidPrivateIpAddress.Duplicated" ["private_ip"] "the private address is taken":
        "take another private_ip, or leave it out";
    "InvalidPrivateIpAddress" ["private_ip"] "the private address is none of its vSwitch":
        "take one inside cidr_block; the first and the last three are the cloud's own";
    "InvalidVSwitchId.IpNotEnough" ["vswitch_id"] "its vSwitch has no free address left":
        "put it into another vSwitch, or take a larger cidr_block for a new one";
    "InvalidVSwitchId.NotFound" ["vswitch_id"] "there is no such vswitch":
        "check the id and the region";
    "InvalidVpcId.NotFound" ["vpc_id"] "there is no such VPC":
        "check the id and the region";
    "InvalidSecurityGroupId.NotFound" ["security_group_ids" "security_group_id"] "there is no such security group":
        "check the id and the region";
    "InvalidOperation.VpcMismatch" ["security_group_ids" "vswitch_id"] "it would be in two VPCs":
        "its vSwitch and its security groups must be of one VPC";
    "InvalidOperation.AvailabilityZoneMismatch" ["vswitch_id"] "it would be in two zones":
        "what is joined must be in one zone";
    "SecurityGroupInstanceLimitExceed" ["security_group_ids"] "the security group has as many members as it can have":
        "make another group";
    "AuthorizationLimitExceed" ["ingress" "egress"] "the security group has as many rules as it can have":
        "put some of them into another group, or name networks by a prefix list";
    "InvalidParam.PortRange" ["ingress" "egress" "port_range"] "a rule has ports that cannot be":
        "8000-8100, or one port, or all for protocols without ports";
    "InvalidParam.SourceIp" ["ingress" "source_cidr_ip"] "a rule comes from no network":
        "write it like 10.0.0.0/8";
    "InvalidRouteEntry.Duplicate" ["destination_cidr_block"] "the table has a route to there":
        "take another destination_cidr_block, or import the one that is there";
    "IncorrectEipStatus" [] "the elastic address is on its way from or to something":
        "run the same again; it goes on from what it finds";
    "Forbidden.InstanceBandwidthNotZero" ["instance_id"] "a server that has a public address of its own takes no elastic one":
        "bind it to a server that was made without internet_max_bandwidth_out";
    "ListenerPortConflict" ["listeners"] "two listeners have one port":
        "give each its own port";

    // What it is made from, or goes with.
    "InvalidImageId.NotFound" ["image_id"] "there is no such image in this region":
        "check image_id; images differ from region to region";
    "OperationDenied.ImageNotValid" ["image_id"] "the image is not one that servers can be made from now":
        "take another image_id";
    "InvalidSnapshotId.NotFound" ["snapshot_id"] "there is no such snapshot":
        "check the id and the region";
    "InvalidSnapshotId.NotReady" ["snapshot_id"] "the snapshot is not finished":
        "run the same again when it is";
    "InvalidKeyPairName.NotFound" ["key_pair_name"] "there is no such key pair":
        "check key_pair_name; key pairs belong to a region";
    "KeyPair.AlreadyExist" ["name"] "there is a key pair of this name":
        "take another name, or import it";
    "InvalidResourceGroup.NotFound" ["resource_group_id"] "there is no such resource group":
        "check resource_group_id";
    "InvalidParameter.KMSKeyId" ["kms_key_id" "system_disk.kms_key_id"] "the key for encryption cannot be used":
        "check that it exists in this region, is enabled, and that ECS may use it";
    "CertificateNotExist" ["listeners"] "there is no such certificate in this region":
        "check server_certificate_id";

    // The account.
    "QuotaExceeded" [] "a quota of the account is used up":
        "ask for a higher one in the console's Quota Center, or delete something";
    "QuotaExceed" ["instance_type"] "a quota of the account is used up":
        "take a smaller type, or ask for more in the console's Quota Center";
    "QuotaExceed.KeyPair" [] "the account has as many key pairs as it may have":
        "delete some, or ask for more in the console's Quota Center";
    "QuotaExceed.DiskCapacity" ["size"] "the account has as much room on disks as it may have":
        "take smaller disks, or ask for more in the console's Quota Center";
    "InvalidAccountStatus.NotEnoughBalance" [] "the account's balance is too low":
        "top it up, or pay as you go (instance_charge_type = \"PostPaid\"), which needs a positive balance";
    "InsufficientBalance" [] "the account's balance is too low":
        "top it up";
    "Account.Arrearage" [] "the account owes money":
        "settle what is due; until then nothing new is made";
    "InstanceExpiredOrInArrears" [] "the server has expired or is not paid for":
        "renew it, or settle what is due";
    "RealNameAuthenticationError" [] "the account's owner is not verified":
        "verify the account in the console; without that nothing is sold in mainland China";
    "Forbidden.RiskControl" [] "the vendor holds the account back":
        "see the notices in the console, or ask the vendor's support";
    "Forbidden.FinancialLocked" [] "it is locked because of money":
        "settle what is due";
    "Forbidden" [] "the account or user may not do this":
        "give the RAM user the right that the message names";
    "InvalidAccessKeyId.NotFound" [] "the access key does not exist":
        "check ALIBABA_CLOUD_ACCESS_KEY_ID";
    "InvalidAccessKeyId.Inactive" [] "the access key is disabled":
        "enable it in the console, or take another one";
    "SignatureDoesNotMatch" [] "the access key's secret is wrong":
        "check ALIBABA_CLOUD_ACCESS_KEY_SECRET";
    "InvalidSecurityToken" [] "the temporary credentials are not valid, or no longer":
        "fetch new ones";

    // How it is now.
    "DependencyViolation" [] "something still uses it":
        "delete what uses it first; it may have been made outside infra";
    "IncorrectInstanceStatus" [] "its status does not allow this now":
        "run the same again; it goes on from what it finds";
    "IncorrectDiskStatus" [] "the disk's status does not allow this now":
        "run the same again; it goes on from what it finds";
    "IncorrectVpcStatus" [] "the VPC's status does not allow this now":
        "run the same again; it goes on from what it finds";
    "IncorrectVSwitchStatus" [] "the vSwitch's status does not allow this now":
        "run the same again; it goes on from what it finds";
    "TaskConflict" [] "something else is being done to it":
        "run the same again when that is over";
    "InvalidOperation.DeletionProtection" [] "it is protected against being deleted":
        "switch deletion_protection off first, in an apply of its own";
    "InvalidOperation.ResourceManagedByCloudProduct" [] "another product of the vendor manages it":
        "change it there";
    "InstanceLockedForSecurity" [] "the instance is locked by the cloud for security":
        "see the notice in the console";
    "ChargeTypeViolation" ["instance_charge_type"] "the way it is paid for does not allow this":
        "see instance_charge_type";
    "InvalidSnapshot.TooOld" ["snapshot_id"] "the snapshot is too old for this":
        "make a new one";
    "Throttling" [] "the API kept asking to slow down":
        "try again later, or with a smaller --parallelism";
    "ServiceUnavailable" [] "the service does not answer at the moment":
        "run the same again later; nothing is made twice";
}

/// What a code means; none for one that few people meet. The longest that matches counts.
pub(super) fn meaning(code: &str) -> Option<&'static Meaning> {
    let is_right = RIGHTS.contains(&code);
    let matches = |meaning: &&Meaning| {
        if meaning.code == RIGHTS[0] {
            return is_right;
        }
        code.strip_prefix(meaning.code)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let all = MEANINGS.iter().filter(matches);
    all.max_by_key(|meaning| meaning.code.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::types::{Kind, Types};

    #[test]
    fn each_code_is_there_once_with_words_of_one_sentence() {
        let codes: BTreeSet<&str> = MEANINGS.iter().map(|meaning| meaning.code).collect();
        assert_eq!(codes.len(), MEANINGS.len());
        assert!(codes.len() >= 60, "{}", codes.len());
        for Meaning {
            code, sentence, help, ..
        } in MEANINGS
        {
            for words in [sentence, help] {
                assert!(!words.is_empty() && !words.ends_with('.'), "{code}: {words}");
            }
            assert_eq!(meaning(code).map(|found| found.code), Some(*code));
        }
    }

    #[test]
    fn every_key_at_fault_is_one_that_a_block_can_have() {
        let mut known: BTreeSet<String> = BTreeSet::new();
        for resource_type in Types::all().iter() {
            for attribute in resource_type.attributes {
                known.insert(attribute.name.to_owned());
                if let Kind::Table(nested) | Kind::TableSet(nested) = attribute.kind {
                    let paths = nested
                        .iter()
                        .map(|inner| format!("{}.{}", attribute.name, inner.name));
                    known.extend(paths);
                }
                if matches!(attribute.kind, Kind::Text) {
                    known.insert(format!("{}_file", attribute.name));
                }
            }
        }
        for meaning in MEANINGS {
            for key in meaning.keys {
                assert!(known.contains(*key), "{}: {key}", meaning.code);
            }
        }
    }

    #[test]
    fn only_what_is_about_rights_is_told_so() {
        let is_right = |code: &str| meaning(code).is_some_and(|found| found.sentence.contains("may not do"));
        assert!(is_right("Forbidden.RAM") && is_right("Forbidden") && is_right("UserNotInTheWhiteList"));
        for code in [
            "Forbidden.InstanceBandwidthNotZero",
            "Forbidden.RiskControl",
            "Forbidden.RegionId",
        ] {
            assert!(!is_right(code), "{code}");
        }
    }

    #[test]
    fn the_more_exact_of_two_codes_counts() {
        let code = |code: &str| meaning(code).map(|found| found.code);
        assert_eq!(code("QuotaExceed.KeyPair"), Some("QuotaExceed.KeyPair"));
        assert_eq!(code("QuotaExceed.ElasticQuota"), Some("QuotaExceed"));
        assert_eq!(code("QuotaExceeded.PrivateIpAddress"), Some("QuotaExceeded"));
        assert_eq!(code("QuotaExceedences"), None);
    }
}
