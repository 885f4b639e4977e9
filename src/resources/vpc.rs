//! VPC: a private network of one region.

use super::steps;
use super::{Codes, IdFilter, Reading, ResourceType, TagShape};
use crate::cloud::{Product, Style};
use crate::schema::{
    Attribute, Create, Delete, Kind, Needs, Replacement, Schema, Steps, Tagging, Update, attr,
};
use crate::step::Class;

pub(super) struct Vpc;

static MODIFY: Update = Update {
    action: "ModifyVpcAttribute",
    label: "change attributes",
    class: Class::A,
    needs: Needs::Nothing,
    region: true,
    token: false,
};

static ATTRIBUTES: &[Attribute] = &[
    attr("cidr_block", Kind::Cidr)
        .required()
        .updated_by(&MODIFY)
        .doc("The IPv4 network, e.g. \"10.0.0.0/16\"; every vswitch lies inside it."),
    attr("name", Kind::String)
        .updated_by(&MODIFY)
        .param("VpcName")
        .field("VpcName")
        .doc("The name shown in the console, 1 to 128 characters."),
    attr("description", Kind::String)
        .updated_by(&MODIFY)
        .doc("A note, up to 256 characters."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 17: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("VpcId")
        .doc("The id, e.g. \"vpc-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .doc("Pending or Available."),
];

static SCHEMA: Schema = Schema {
    type_name: "vpc",
    doc: "A private network of one region.",
    product: "Vpc",
    attributes: ATTRIBUTES,
    id_param: "VpcId",
    create: Create {
        action: "CreateVpc",
        id_field: "VpcId",
        ready: Some(("Available", 300)),
    },
    delete: Delete {
        action: "DeleteVpc",
        region: true,
        gone: None,
    },
    tagging: Tagging {
        resource_type: "VPC",
        untag_action: "UnTagResources",
    },
    replacement: Replacement::DeleteFirst,
    normalise: steps::as_they_are,
    check: steps::no_complaints,
    change_rule: steps::table_decides,
    implied: steps::nothing_implied,
    undeletable: steps::always_deletable,
    steps: Steps {
        create: steps::create,
        update: steps::update,
        delete: steps::delete,
    },
    downtime: steps::no_downtime,
    losses: steps::no_losses,
};

static CODES: Codes = Codes {
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
};

static READING: Reading = Reading {
    product: Product::Vpc,
    action: "DescribeVpcs",
    list: "Vpcs.Vpc",
    id_field: "VpcId",
    page: Style::PageNumber { max: 50 },
    // A comma-separated list of at most 20 (facts of DescribeVpcs).
    ids: IdFilter::Comma {
        param: "VpcId",
        max: 20,
    },
    tags: TagShape::Vpc,
};

impl ResourceType for Vpc {
    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn codes(&self) -> &'static Codes {
        &CODES
    }

    fn reading(&self) -> &'static Reading {
        &READING
    }
}
