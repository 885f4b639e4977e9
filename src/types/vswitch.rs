//! VSwitch: a subnet of one VPC in one zone.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, NETWORK_TAGS};
use super::form;
use super::resource_type::{
    Complaint, Contention, Create, Delete, IdFilter, Read, Replacement, ResourceType, Tagging,
};
use crate::api::{Codes, action};
use crate::diagnostic::codes;
use crate::value::{Attributes, Value};

static MODIFY: Update = Update::by(&action::MODIFY_VSWITCH_ATTRIBUTE, "change attributes");

pub(super) static VSWITCH: ResourceType = ResourceType {
    name: "vswitch",
    doc: "A subnet of one VPC in one zone.",
    id_prefix: "vsw-",
    id_param: "VSwitchId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_VSWITCHES,
        list: "VSwitches.VSwitch",
        id_field: "VSwitchId",
        ids: IdFilter::One { param: "VSwitchId" },
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_VSWITCH,
        id_field: "VSwitchId",
        ready: Some(("Available", 300)),
    },
    delete: Delete {
        action: &action::DELETE_VSWITCH,
        gone: Some(600),
    },
    tagging: Some(Tagging {
        kind: "VSWITCH",
        ..NETWORK_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidVSwitchId.NotFound", "InvalidVswitchID.NotFound"],
        retry: &[
            "TaskConflict",
            "OperationConflict",
            "IncorrectVSwitchStatus",
            "IncorrectVpcStatus",
            "IncorrectRouteEntryStatus",
            "IncorrectStatus",
            "OperationDenied.OtherSubnetCreating",
            "OperationDenied.OtherSubnetProcessing",
            "OperationFailed.DistibuteLock",
            "InvalidStatus.RouteEntry",
        ],
        in_use: &["DependencyViolation"],
    },
    check: size,
    // The network of the old one is taken until it is gone.
    replacement: Replacement::DeleteFirst,
    contention: Contention {
        place: |attributes| attributes.get("vpc_id")?.as_str().map(str::to_owned),
        excludes: overlap,
    },
    ..BASE
};

/// How large a vSwitch may be (facts of CreateVSwitch: InvalidCidrBlock.MaskLength).
fn size(attributes: &Attributes) -> Vec<Complaint> {
    let cidr = attributes
        .get("cidr_block")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let length = cidr
        .split_once('/')
        .and_then(|(_, length)| length.parse::<u32>().ok());
    let Some(length) = length.filter(|length| !(16..=29).contains(length)) else {
        return Vec::new();
    };
    vec![Complaint {
        code: codes::CIDR,
        attribute: "cidr_block",
        message: format!("a vswitch has a network of /16 to /29, this is /{length}"),
        help: "a /24 holds 252 servers".to_owned(),
    }]
}

/// Whether the networks of two in the same VPC overlap.
fn overlap(one: &Attributes, other: &Attributes) -> bool {
    let network = |attributes: &Attributes| -> Option<(u32, u32)> {
        let (address, length) = attributes.get("cidr_block")?.as_str()?.split_once('/')?;
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        Some((address.to_bits(), length))
    };
    let (Some((one, left)), Some((other, right))) = (network(one), network(other)) else {
        return false;
    };
    let shared = 32 - left.min(right);
    one.checked_shr(shared).unwrap_or(0) == other.checked_shr(shared).unwrap_or(0)
}

static ATTRIBUTES: &[Attribute] = &[
    attr("vpc_id", Kind::Id("vpc"))
        .required()
        .replaces()
        .always()
        .doc("The VPC that it divides: \"${vpc.main.id}\"."),
    attr("zone_id", Kind::String)
        .required()
        .replaces()
        .always()
        .doc("The zone, e.g. \"cn-hangzhou-h\"."),
    attr("cidr_block", Kind::Cidr)
        .required()
        .replaces()
        .always()
        .doc("The IPv4 network inside the VPC's, /16 to /29, e.g. \"10.0.1.0/24\"."),
    attr("name", Kind::Form(&form::SHORT_NAME))
        .updated_by(&MODIFY)
        .param("VSwitchName")
        .field("VSwitchName")
        .always()
        .doc("The name shown in the console, 1 to 128 characters."),
    attr("description", Kind::Form(&form::SHORT_NOTE))
        .updated_by(&MODIFY)
        .doc("A note, up to 256 characters."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("VSwitchId")
        .doc("The id, e.g. \"vsw-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Pending or Available."),
];
