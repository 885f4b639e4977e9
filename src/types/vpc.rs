//! VPC: a private network of one region.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, NETWORK_TAGS};
use super::form;
use super::resource_type::{Create, Delete, IdFilter, Read, ResourceType, Tagging};
use crate::api::{Codes, action};

static MODIFY: Update = Update::by(&action::MODIFY_VPC_ATTRIBUTE, "change attributes");

pub(super) static VPC: ResourceType = ResourceType {
    name: "vpc",
    doc: "A private network of one region.",
    id_prefix: "vpc-",
    id_param: "VpcId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_VPCS,
        list: "Vpcs.Vpc",
        id_field: "VpcId",
        // A comma-separated list of at most 20 (facts of DescribeVpcs).
        ids: IdFilter::Comma {
            param: "VpcId",
            max: 20,
        },
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_VPC,
        id_field: "VpcId",
        ready: Some(("Available", 300)),
    },
    delete: Delete {
        action: &action::DELETE_VPC,
        gone: None,
    },
    tagging: Some(Tagging {
        kind: "VPC",
        ..NETWORK_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &[
            "InvalidVpcID.NotFound",
            "InvalidVpcId.NotFound",
            "Forbidden.VpcNotFound",
        ],
        retry: &[
            "IncorrectVpcStatus",
            "TaskConflict",
            "OperationConflict",
            "OperationFailed.DistibuteLock",
            "IncorrectStatus",
        ],
        in_use: &["DependencyViolation"],
    },
    ..BASE
};

static ATTRIBUTES: &[Attribute] = &[
    attr("cidr_block", Kind::Cidr)
        .required()
        .updated_by(&MODIFY)
        .always()
        .doc("The IPv4 network, e.g. \"10.0.0.0/16\"; every vswitch lies inside it."),
    attr("name", Kind::Form(&form::SHORT_NAME))
        .updated_by(&MODIFY)
        .param("VpcName")
        .field("VpcName")
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
        .field("VpcId")
        .doc("The id, e.g. \"vpc-bp1...\"."),
    attr("route_table_id", Kind::Id("route_table"))
        .computed()
        .field("RouterTableIds.RouterTableIds")
        .doc("The id of the route table that it comes with."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Pending or Available."),
];
