//! VSwitch: a subnet of one VPC in one zone.

use super::steps;
use super::{Codes, IdFilter, Reading, ResourceType, TagShape};
use crate::cloud::{Product, Style};
use crate::schema::{
    Attribute, Create, Delete, Kind, Needs, Replacement, Schema, Steps, Tagging, Update, attr,
};
use crate::step::Class;

pub(super) struct VSwitch;

static MODIFY: Update = Update {
    action: "ModifyVSwitchAttribute",
    label: "change attributes",
    class: Class::A,
    needs: Needs::Nothing,
    region: true,
    token: false,
};

static ATTRIBUTES: &[Attribute] = &[
    attr("vpc_id", Kind::Id("vpc"))
        .required()
        .replaces()
        .doc("The VPC that it divides: \"${vpc.main.id}\"."),
    attr("zone_id", Kind::String)
        .required()
        .replaces()
        .doc("The zone, e.g. \"cn-hangzhou-h\"."),
    attr("cidr_block", Kind::Cidr)
        .required()
        .replaces()
        .doc("The IPv4 network inside the VPC's, /16 to /29, e.g. \"10.0.1.0/24\"."),
    attr("name", Kind::String)
        .updated_by(&MODIFY)
        .param("VSwitchName")
        .field("VSwitchName")
        .doc("The name shown in the console, 1 to 128 characters."),
    attr("description", Kind::String)
        .updated_by(&MODIFY)
        .doc("A note, up to 256 characters."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 17: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("VSwitchId")
        .doc("The id, e.g. \"vsw-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .doc("Pending or Available."),
];

static SCHEMA: Schema = Schema {
    type_name: "vswitch",
    doc: "A subnet of one VPC in one zone.",
    product: "Vpc",
    attributes: ATTRIBUTES,
    id_param: "VSwitchId",
    create: Create {
        action: "CreateVSwitch",
        id_field: "VSwitchId",
        ready: Some(("Available", 300)),
    },
    delete: Delete {
        action: "DeleteVSwitch",
        region: true,
        gone: Some(600),
    },
    tagging: Tagging {
        resource_type: "VSWITCH",
        untag_action: "UnTagResources",
    },
    // The network of the old one is taken until it is gone.
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
    absent: &["InvalidVSwitchId.NotFound", "InvalidVswitchID.NotFound"],
    retry: &[
        "TaskConflict",
        "OperationConflict",
        "IncorrectVSwitchStatus",
        "IncorrectVpcStatus",
        "IncorrectStatus",
        "OperationDenied.OtherSubnetCreating",
        "OperationFailed.DistibuteLock",
        "InvalidStatus.RouteEntry",
    ],
    in_use: &["DependencyViolation", "IncorrectRouteEntryStatus"],
};

static READING: Reading = Reading {
    product: Product::Vpc,
    action: "DescribeVSwitches",
    list: "VSwitches.VSwitch",
    id_field: "VSwitchId",
    page: Style::PageNumber { max: 50 },
    ids: IdFilter::One { param: "VSwitchId" },
    tags: TagShape::Vpc,
};

impl ResourceType for VSwitch {
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
