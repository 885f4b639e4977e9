//! The table of a server: its attributes, and the actions that change them.
//!
//! Does not know in which order they are changed.

use super::super::attribute::{Attribute, Kind, Literal, Needs, Update, attr};
use super::super::form;
use super::super::relation::{Partner, RELATION, Relation};
use super::calls::reboot_if_running;
use crate::api::action;

pub(super) static MODIFY: Update = Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "change attributes");

pub(super) static MODIFY_LOGIN: Update =
    Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "change login").needs(Needs::Reboot);

pub(super) static MODIFY_USER_DATA: Update =
    Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "set user data").needs(Needs::Stopped);

pub(super) static MODIFY_TYPE: Update =
    Update::by(&action::MODIFY_INSTANCE_SPEC, "change type").needs(Needs::Stopped);

pub(super) static MODIFY_NETWORK: Update =
    Update::by(&action::MODIFY_INSTANCE_NETWORK_SPEC, "change bandwidth");

pub(super) static MODIFY_RENEWAL: Update =
    Update::by(&action::MODIFY_INSTANCE_AUTO_RENEW_ATTRIBUTE, "change renewal");

pub(super) static MOVE: Update =
    Update::by(&action::MODIFY_INSTANCE_VPC_ATTRIBUTE, "move").needs(Needs::Stopped);

static DEPLOY: Update =
    Update::by(&action::MODIFY_INSTANCE_DEPLOYMENT, "change deployment set").needs(Needs::Stopped);

static MODIFY_RELEASE: Update = Update::by(&action::MODIFY_INSTANCE_AUTO_RELEASE_TIME, "change release time");

/// Only a running server takes it.
pub(super) static MODIFY_CREDIT: Update = Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "change credit");

static JOIN_GROUP: Update = Update::by(&action::JOIN_RESOURCE_GROUP, "join resource group")
    .named("ResourceId", &[("ResourceType", "instance")]);

/// The key that may log in. A change is felt after a reboot through the API.
pub(super) const KEY_PAIR: Relation = Relation {
    attribute: "key_pair_name",
    partners: &[Partner {
        type_name: "key_pair",
        id_prefix: "",
        params: &[],
    }],
    join: &action::ATTACH_KEY_PAIR,
    leave: &action::DETACH_KEY_PAIR,
    partner_param: "KeyPairName",
    own_param: "InstanceIds",
    own_list: true,
    with_create: true,
    told_in: ["Results.Result", "Results.Result"],
    follow_up: reboot_if_running,
    join_name: "attach key pair",
    leave_name: "detach key pair",
    ..RELATION
};

/// The role by which programs on it may call the API. One has to be taken off before another one is put on.
pub(super) const ROLE: Relation = Relation {
    attribute: "ram_role_name",
    partners: &[Partner {
        type_name: "ram_role",
        id_prefix: "",
        params: &[],
    }],
    join: &action::ATTACH_INSTANCE_RAM_ROLE,
    leave: &action::DETACH_INSTANCE_RAM_ROLE,
    partner_param: "RamRoleName",
    own_param: "InstanceIds",
    own_list: true,
    with_create: true,
    told_in: [
        "AttachInstanceRamRoleResults.AttachInstanceRamRoleResult",
        "DetachInstanceRamRoleResults.DetachInstanceRamRoleResult",
    ],
    costly: true,
    join_name: "attach role",
    leave_name: "detach role",
    ..RELATION
};

static SYSTEM_DISK: &[Attribute] = &[
    attr("category", Kind::Enum(CATEGORIES))
        .param("SystemDisk.Category")
        .field("")
        .doc("The kind of disk, e.g. \"cloud_essd\"."),
    attr("size", Kind::Integer { min: 20, max: 2048 })
        .param("SystemDisk.Size")
        .field("")
        .doc("GiB, 20 to 2048 and at least the image's size; it grows in place, and the file system inside then by you."),
    attr("performance_level", Kind::Enum(&["PL0", "PL1", "PL2", "PL3"]))
        .param("SystemDisk.PerformanceLevel")
        .field("")
        .doc("The performance level of a cloud_essd disk."),
    attr("name", Kind::Form(&form::NAME))
        .param("SystemDisk.DiskName")
        .field("")
        .doc("The disk's name, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE))
        .param("SystemDisk.Description")
        .field("")
        .doc("A note, 2 to 256 characters."),
    attr("encrypted", Kind::Bool)
        .param("SystemDisk.Encrypted")
        .field("")
        .doc("Whether its data is encrypted; a change is a new disk."),
    attr("kms_key_id", Kind::String)
        .param("SystemDisk.KMSKeyId")
        .field("")
        .doc("The key that it is encrypted with."),
    attr("auto_snapshot_policy_id", Kind::Id("snapshot_policy"))
        .param("SystemDisk.AutoSnapshotPolicyId")
        .field("")
        .doc("By which policy snapshots are made of it: \"${snapshot_policy.daily.id}\"."),
];

/// The kinds of disk.
const CATEGORIES: &[&str] = &[
    "cloud_essd",
    "cloud_auto",
    "cloud_essd_entry",
    "cloud_ssd",
    "cloud_efficiency",
    "cloud",
];

pub(super) static DATA_DISK: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .required()
        .param("DiskName")
        .field("DiskName")
        .doc("The disk's name, 2 to 128 characters; no two of a server have the same."),
    attr("category", Kind::Enum(CATEGORIES))
        .field("Category")
        .doc("The kind of disk, e.g. \"cloud_essd\"."),
    attr("size", Kind::Integer { min: 1, max: 65_536 })
        .required()
        .field("Size")
        .doc("GiB; it grows in place, and the file system inside then by you."),
    attr("performance_level", Kind::Enum(&["PL0", "PL1", "PL2", "PL3"]))
        .field("PerformanceLevel")
        .doc("The performance level of a cloud_essd disk."),
    attr("encrypted", Kind::Bool)
        .field("Encrypted")
        .doc("Whether its data is encrypted; a change is a new disk."),
    attr("kms_key_id", Kind::String)
        .param("KMSKeyId")
        .field("KMSKeyId")
        .doc("The key that it is encrypted with; a change is a new disk."),
    attr("snapshot_id", Kind::String)
        .field("SourceSnapshotId")
        .doc("The snapshot that it starts with; a change is a new disk."),
    attr("description", Kind::Form(&form::NOTE))
        .field("Description")
        .doc("A note, 2 to 256 characters."),
    attr("delete_with_instance", Kind::Bool)
        .default(Literal::Bool(true))
        .field("DeleteWithInstance")
        .doc("Whether it is deleted together with the server; true if not given."),
];

static METADATA: &[Attribute] = &[
    attr("http_endpoint", Kind::Enum(&["enabled", "disabled"]))
        .param("HttpEndpoint")
        .field("")
        .doc("Whether there is one; enabled if not given."),
    attr("http_tokens", Kind::Enum(&["optional", "required"]))
        .param("HttpTokens")
        .field("")
        .doc("Whether it asks for a token; optional if not given."),
    attr("hop_limit", Kind::Integer { min: 1, max: 64 })
        .param("HttpPutResponseHopLimit")
        .field("")
        .doc("How many hops an answer may take."),
];

/// The tags of its disks.
pub(super) const VOLUME_TAGS: &str = "volume_tags";

/// When a subscription ends.
pub(super) const EXPIRED_TIME: &str = "expired_time";

pub(super) static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .param("InstanceName")
        .field("InstanceName")
        .always()
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE)).updated_by(&MODIFY).doc("A note, 2 to 256 characters."),
    attr("instance_type", Kind::Form(&form::INSTANCE_TYPE)).required().updated_by(&MODIFY_TYPE).always().doc("The size, e.g. \"ecs.g7.large\"."),
    attr("image_id", Kind::String).always().doc("What its disk starts with, e.g. \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"; another one is put in by a new system disk."),
    attr("image_family", Kind::String)
        .refused("the newest image of a family counts when the server is made; write the image_id that it is to have")
        .remembered()
        .doc("A family of images, whose newest one its disk starts with; instead of image_id."),
    attr("zone_id", Kind::String).replaces().always().doc("The zone; given by the vswitch if it has one."),
    attr("vswitch_id", Kind::Id("vswitch"))
        .updated_by(&MOVE)
        .param("VSwitchId")
        .field("VpcAttributes.VSwitchId")
        .always()
        .doc("The subnet: \"${vswitch.main.id}\"."),
    attr("private_ip", Kind::Form(&form::IPV4))
        .updated_by(&MOVE)
        .param("PrivateIpAddress")
        .field("VpcAttributes.PrivateIpAddress.IpAddress|InnerIpAddress.IpAddress")
        .doc("The address inside its network; chosen by the cloud if not given."),
    attr("secondary_private_ip_addresses", Kind::StringSet)
        .param("")
        .field("")
        .doc("More addresses of its card, inside its subnet; all of them, when given."),
    attr("ipv6_addresses", Kind::StringSet)
        .param("")
        .field("")
        .doc("The IPv6 addresses of its card, inside its subnet; all of them, when given."),
    attr("ipv6_address_count", Kind::Integer { min: 0, max: 10 })
        .param("")
        .field("")
        .doc("How many IPv6 addresses its card has, chosen by the cloud out of those of its subnet; instead of ipv6_addresses."),
    attr("instance_network_type", Kind::Enum(&["vpc", "classic"]))
        .replaces()
        .param("")
        .doc("vpc, or classic for an old account's classic network."),
    attr("security_group_ids", Kind::IdSet("security_group"))
        .required()
        .updated_by(&MODIFY)
        .param("")
        .update_param("SecurityGroupIds")
        .field("SecurityGroupIds.SecurityGroupId")
        .always()
        .doc("Its security groups, at least one: [\"${security_group.web.id}\"]."),
    attr("host_name", Kind::Form(&form::HOST_NAME)).updated_by(&MODIFY_LOGIN).doc("The name inside the system, 2 to 64 characters."),
    attr("key_pair_name", Kind::Id("key_pair")).doc("The key pair whose key may log in: \"${key_pair.office.name}\"."),
    attr("password", Kind::Secret)
        .updated_by(&MODIFY_LOGIN)
        .remembered()
        .doc("{ env = \"NAME\" } or { file = \"path\" }: 8 to 30 characters of at least three kinds."),
    attr("user_data", Kind::Text).base64()
        .updated_by(&MODIFY_USER_DATA)
        .remembered()
        .doc("What cloud-init runs at the first start, up to 32 KB; user_data_file = \"path\" sends a file as it is."),
    attr("system_disk", Kind::Table(SYSTEM_DISK)).param("").field("").doc("The system disk: { category = \"cloud_essd\", size = 40 }."),
    attr("data_disks", Kind::TableSet(DATA_DISK))
        .param("DataDisk")
        .field("")
        .doc("Its data disks, known by their names; all of them, when given: [{ name = \"data\", size = 40 }]."),
    attr("io_optimized", Kind::Enum(&["optimized", "none"])).replaces().doc("optimized or none; only old types have a choice."),
    attr("internet_max_bandwidth_out", Kind::Integer { min: 0, max: 100 })
        .updated_by(&MODIFY_NETWORK)
        .always()
        .doc("Mbit/s to the internet; more than 0 gives it a public IP."),
    attr("internet_charge_type", Kind::Enum(&["PayByTraffic", "PayByBandwidth"]))
        .updated_by(&MODIFY_NETWORK)
        .update_param("NetworkChargeType")
        .doc("How the bandwidth is paid for."),
    attr("instance_charge_type", Kind::Enum(&["PostPaid", "PrePaid"]))
        .moves(EXPIRED_TIME)
        .always()
        .doc("PostPaid (pay as you go) or PrePaid (subscription); a change is an order, and PrePaid is paid at once."),
    attr("period", Kind::Integer { min: 1, max: 60 })
        .orders(EXPIRED_TIME)
        .remembered()
        .doc("How long a subscription runs, in period_unit; another length is one renewal for so long, paid at once."),
    attr("period_unit", Kind::Enum(&["Week", "Month"]))
        .orders(EXPIRED_TIME)
        .remembered()
        .doc("Week or Month; Month if not given. Another one is one renewal."),
    attr("auto_renew", Kind::Bool).updated_by(&MODIFY_RENEWAL).remembered().doc("Whether a subscription renews itself."),
    attr("auto_renew_period", Kind::Integer { min: 1, max: 60 })
        .updated_by(&MODIFY_RENEWAL)
        .update_param("Duration")
        .remembered()
        .doc("For how long a subscription renews itself, in period_unit; as long as period if not given."),
    attr("ram_role_name", Kind::String)
        .costly()
        .doc("The role by which programs on it may call the API; it is taken off where the key is taken out."),
    attr("deployment_set_id", Kind::String)
        .updated_by(&DEPLOY)
        .doc("The deployment set, whose servers stand on machines apart: \"ds-bp1...\"."),
    attr("resource_group_id", Kind::String).updated_by(&JOIN_GROUP).doc("The resource group it belongs to."),
    attr("security_enhancement_strategy", Kind::Enum(&["Active", "Deactive"]))
        .refused("the security agent is put on when the server is made; install or remove it on the server")
        .remembered()
        .doc("Whether the vendor's security agent is put on; Active if not given."),
    attr("auto_release_time", Kind::Form(&form::TIME))
        .updated_by(&MODIFY_RELEASE)
        .doc("When it is deleted by itself, UTC: \"2027-01-31T04:00:00Z\"; half an hour from now at least."),
    attr("stopped_mode", Kind::Enum(&["KeepCharging", "StopCharging"]))
        .param("")
        .remembered()
        .doc("What becomes of it while status = \"Stopped\": kept and paid for, or given back; as the account has it if not given."),
    attr("spot_strategy", Kind::Enum(&["NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"]))
        .replaces()
        .always()
        .doc("Whether it is a spot server, which the cloud may take back; NoSpot if not given."),
    attr("spot_price_limit", Kind::String)
        .replaces()
        .doc("The most that is paid for an hour, in yuan, for SpotWithPriceLimit: \"0.25\"."),
    attr("spot_duration", Kind::Integer { min: 0, max: 6 })
        .replaces()
        .doc("For how many hours a spot server is not taken back."),
    attr("credit_specification", Kind::Enum(&["Standard", "Unlimited"]))
        .updated_by(&MODIFY_CREDIT)
        .doc("How a burstable server may spend: Standard or Unlimited."),
    attr("metadata", Kind::Table(METADATA))
        .param("")
        .field("MetadataOptions")
        .doc("Its metadata service: { http_tokens = \"required\" }."),
    attr("deletion_protection", Kind::Bool).updated_by(&MODIFY).doc("Whether the API refuses to delete it."),
    attr("status", Kind::Enum(&["Running", "Stopped"]))
        .default(Literal::String("Running"))
        .param("")
        .always()
        .doc("Running or Stopped; Running if not given."),
    attr("tags", Kind::Tags).field("").doc("Tags, up to 16: { team = \"web\" }."),
    attr(VOLUME_TAGS, Kind::Tags)
        .costly()
        .param("")
        .doc("Tags of its disks, but for those with a block of their own; all of them, when given: { team = \"web\" }."),
    attr("id", Kind::String).computed().field("InstanceId").doc("The id, e.g. \"i-bp1...\"."),
    attr("public_ip", Kind::String)
        .computed()
        .field("PublicIpAddress.IpAddress|EipAddress.IpAddress")
        .doc("Its address on the internet."),
    attr("network_interface_id", Kind::Id("network_interface"))
        .computed()
        .field("NetworkInterfaces.NetworkInterface")
        .doc("The id of its own network card."),
    attr("vpc_id", Kind::Id("vpc"))
        .updated_by(&MOVE)
        .computed()
        .field("VpcAttributes.VpcId")
        .doc("The VPC it is in."),
    attr("creation_time", Kind::String).computed().doc("When it was made, UTC, to the minute."),
    attr(EXPIRED_TIME, Kind::String).computed().doc("When its subscription ends, UTC, to the minute."),
];
