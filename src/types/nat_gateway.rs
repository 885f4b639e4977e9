//! NAT gateway: the way out for servers without an address of their own, with its SNAT entries as parts.
//!
//! An entry wants its address bound to the gateway, and holds it there: entries come after the address is bound, and are
//! out before it leaves.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, NETWORK_TAGS};
use super::form;
use super::part::{Calls, Owner, PART, Part};
use super::resource_type::{Create, Delete, IdFilter, Read, ResourceType, Steps, TagShape, Tagging, ToMake};
use super::steps;
use crate::api::{Codes, Pages, action};
use crate::step::{Shows, Step, StepKind};
use crate::value::{Attributes, Value};

pub(super) static NAT_GATEWAY: ResourceType = ResourceType {
    name: "nat_gateway",
    doc: "The way out for servers without an address of their own.",
    id_prefix: "ngw-",
    id_param: "NatGatewayId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_NAT_GATEWAYS,
        list: "NatGateways.NatGateway",
        id_field: "NatGatewayId",
        pages: Pages::ByNumber { max: 50 },
        ids: IdFilter::One {
            param: "NatGatewayId",
        },
        tags: TagShape::Ecs,
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_NAT_GATEWAY,
        id_field: "NatGatewayId",
        ready: Some(("Available", TIMEOUT_S)),
    },
    delete: Delete {
        action: &action::DELETE_NAT_GATEWAY,
        gone: Some(TIMEOUT_S),
    },
    tagging: Some(Tagging {
        kind: "NATGATEWAY",
        ..NETWORK_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &[
            "InvalidNatGatewayId.NotFound",
            "ResourceNotFound.NatGateway",
            "INSTANCE_NOT_EXISTS",
        ],
        retry: &[
            "IncorrectStatus",
            "IncorretSnatEntryStatus",
            "InvalidVPCStatus",
            "VpcStatusError",
            "VswitchStatusError",
            "OperationConflict",
            "OperationUnsupported.EipInBinding",
            "TaskConflict",
            // It is there already, perhaps by an answer that was lost; a look tells.
            "OperationUnsupported.CidrConflict",
            "Forbidden.SourceVSwitchId.Duplicated",
            "InvalidSnatEntryId.NotFound",
            "ResourceNotFound.SnatEntry",
        ],
        in_use: &["DependencyViolation"],
    },
    parts: PARTS,
    normalise,
    steps: Steps { create, ..BASE.steps },
    ..BASE
};

/// How long any change of status may take, in seconds.
const TIMEOUT_S: u64 = 600;

static MODIFY: Update = Update::by(&action::MODIFY_NAT_GATEWAY_ATTRIBUTE, "change attributes");

static PARTS: &[Part] = &[Part {
    attribute: "snat",
    key: &["source_cidr", "source_vswitch_id"],
    calls: Calls::Single { add, modify, remove },
    out_first: true,
    member_id: Some(("snat_entry_id", "SnatEntryId")),
    noun: "SNAT entry",
    ..PART
}];

static SNAT: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .param("SnatEntryName")
        .field("SnatEntryName")
        .doc("Its name, 2 to 128 characters."),
    attr("source_cidr", Kind::Cidr)
        .param("SourceCIDR")
        .field("SourceCIDR")
        .doc("Whose packets it lets out: a network of the VPC."),
    attr("source_vswitch_id", Kind::Id("vswitch"))
        .param("SourceVSwitchId")
        .field("SourceVSwitchId")
        .doc("Whose packets it lets out: a vSwitch of the VPC, \"${vswitch.private.id}\"."),
    attr("snat_ip", Kind::String)
        .required()
        .doc("The address that they get: \"${eip.nat.ip_address}\", of an address that is bound to the gateway; several with commas."),
];

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .field("Name")
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
    attr("vpc_id", Kind::Id("vpc"))
        .required()
        .replaces()
        .always()
        .doc("The VPC whose servers it lets out: \"${vpc.main.id}\"."),
    attr("vswitch_id", Kind::Id("vswitch"))
        .required()
        .replaces()
        .param("VSwitchId")
        .field("NatGatewayPrivateInfo.VswitchId")
        .always()
        .doc("The vSwitch in which it stands: \"${vswitch.main.id}\"."),
    attr("snat", Kind::TableSet(SNAT))
        .param("")
        .field("")
        .doc("Who gets out with which address; all of them, when given."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("NatGatewayId")
        .doc("The id, e.g. \"ngw-bp1...\"."),
    attr("snat_table_id", Kind::String)
        .computed()
        .field("SnatTableIds.SnatTableId")
        .always()
        .doc("The id of its SNAT entries' table."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Available, or on its way there."),
];

/// An answer tells the network of a vSwitch beside the vSwitch; only one of the two makes the entry.
fn normalise(attributes: &mut Attributes) {
    let Some(Value::List(entries)) = attributes.get_mut("snat") else {
        return;
    };
    for entry in entries.iter_mut() {
        if let Value::Map(entry) = entry {
            entry.retain(|_, value| value.as_str() != Some(""));
            if entry.contains_key("source_vswitch_id") {
                entry.remove("source_cidr");
            }
        }
    }
    entries.sort_by_cached_key(|entry| entry.as_map().map(|entry| PARTS[0].identity(entry)));
}

/// The kind that is sold today; the older one is not.
fn create(wanted: &ToMake<'_>) -> Vec<Step> {
    let mut steps = steps::create(wanted);
    if let Some(Step {
        kind: StepKind::Call(call),
        ..
    }) = steps.first_mut()
    {
        call.params.insert("NatType".to_owned(), Value::from("Enhanced"));
    }
    steps
}

/// The parameters of an entry.
fn params(owner: &Owner<'_>, member: &Attributes) -> Attributes {
    let mut params: Attributes = SNAT
        .iter()
        .filter_map(|attribute| Some((attribute.param_path()?, member.get(attribute.name)?.clone())))
        .collect();
    params.insert("SnatTableId".to_owned(), (owner.own)("snat_table_id"));
    params
}

fn with(member: &Attributes) -> Shows {
    Shows::Members {
        attribute: "snat",
        with: vec![member.clone()],
        without: Vec::new(),
    }
}

fn add(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let call = steps::call(&action::CREATE_SNAT_ENTRY, owner.region, params(owner, member));
    vec![
        Step::call("add 1 SNAT entry", call).shows(with(member)),
        Step::wait_shown("wait until it shows", with(member), TIMEOUT_S),
    ]
}

fn modify(owner: &Owner<'_>, before: &Attributes, member: &Attributes) -> Vec<Step> {
    let mut params = params(owner, member);
    params.remove("SourceCIDR");
    params.remove("SourceVSwitchId");
    if let Some(id) = before.get("snat_entry_id") {
        params.insert("SnatEntryId".to_owned(), id.clone());
    }
    let call = steps::call(&action::MODIFY_SNAT_ENTRY, owner.region, params);
    vec![Step::call("change 1 SNAT entry", call).shows(with(member))]
}

fn remove(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let mut params = Attributes::from([("SnatTableId".to_owned(), (owner.own)("snat_table_id"))]);
    if let Some(id) = member.get("snat_entry_id") {
        params.insert("SnatEntryId".to_owned(), id.clone());
    }
    let call = steps::call(&action::DELETE_SNAT_ENTRY, owner.region, params);
    vec![Step::call("remove 1 SNAT entry", call).shows(Shows::Members {
        attribute: "snat",
        with: Vec::new(),
        without: vec![member.clone()],
    })]
}
