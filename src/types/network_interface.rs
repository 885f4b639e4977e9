//! Network interface: a second card for a server, with addresses and groups of its own.
//!
//! It outlives the server that it is attached to. The first card of a server belongs to the server and is none of these.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, SERVER_TAGS};
use super::form;
use super::relation::{Along, Partner, RELATION, Relation};
use super::resource_type::{Contention, Create, Delete, IdFilter, Read, ResourceType, TagShape, Tagging};
use super::steps;
use crate::api::{Codes, Pages, action};
use crate::step::Step;
use crate::value::{Attributes, Value};

pub(super) static NETWORK_INTERFACE: ResourceType = ResourceType {
    name: "network_interface",
    doc: "A second network card that can be attached to a server.",
    id_prefix: "eni-",
    id_param: "NetworkInterfaceId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_NETWORK_INTERFACES,
        list: "NetworkInterfaceSets.NetworkInterfaceSet",
        id_field: "NetworkInterfaceId",
        pages: Pages::ByNumber { max: 100 },
        ids: IdFilter::One {
            param: "NetworkInterfaceId.1",
        },
        tags: TagShape::Ecs,
        // A server's own card carries the server's tags.
        params: &[("Type", "Secondary")],
    },
    create: Create {
        action: &action::CREATE_NETWORK_INTERFACE,
        id_field: "NetworkInterfaceId",
        ready: Some((LEFT, TIMEOUT_S)),
    },
    delete: Delete {
        action: &action::DELETE_NETWORK_INTERFACE,
        gone: Some(TIMEOUT_S),
    },
    tagging: Some(Tagging {
        kind: "eni",
        ..SERVER_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidEniId.NotFound"],
        retry: &[
            "InvalidOperation.InvalidEniState",
            "InvalidOperation.InvalidEcsState",
            "InvalidOperation.EniStateNotSupport",
            "IncorrectVSwitchStatus",
            "OperationConflict",
            "Operation.Conflict",
        ],
        in_use: &["InvalidOperation.HasSlaveEniBonded"],
    },
    relations: &[Relation {
        attribute: "instance_id",
        partners: &[Partner {
            type_name: "instance",
            id_prefix: "i-",
            params: &[],
        }],
        join: &action::ATTACH_NETWORK_INTERFACE,
        leave: &action::DETACH_NETWORK_INTERFACE,
        own_param: "NetworkInterfaceId",
        status: Some((JOINED, LEFT)),
        // ModifyInstanceVpcAttribute, InvalidInstance.AttachedEni.
        pins: true,
        // Unless DeleteOnRelease says otherwise, which nobody has to read for it.
        along: Some(Along { goes: |_| true, keep }),
        timeout_s: TIMEOUT_S,
        ..RELATION
    }],
    normalise,
    losses,
    contention: Contention {
        place: address,
        excludes: |_, _| true,
    },
    ..BASE
};

const JOINED: &str = "InUse";
const LEFT: &str = "Available";

/// How long any change of status may take, in seconds.
const TIMEOUT_S: u64 = 300;

static MODIFY: Update = Update::by(&action::MODIFY_NETWORK_INTERFACE_ATTRIBUTE, "change attributes");

fn keep(id: &str, region: &str) -> Step {
    let params = Attributes::from([
        ("NetworkInterfaceId".to_owned(), Value::from(id)),
        ("DeleteOnRelease".to_owned(), Value::Bool(false)),
    ]);
    let call = steps::call(&action::MODIFY_NETWORK_INTERFACE_ATTRIBUTE, region, params);
    Step::call("keep network interface", call)
}

static JOIN_GROUP: Update = Update::by(&action::JOIN_RESOURCE_GROUP, "join resource group")
    .named("ResourceId", &[("ResourceType", "eni")]);

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .param("NetworkInterfaceName")
        .field("NetworkInterfaceName")
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
    attr("vswitch_id", Kind::Id("vswitch"))
        .required()
        .replaces()
        .param("VSwitchId")
        .field("VSwitchId")
        .always()
        .doc("The subnet: \"${vswitch.main.id}\"."),
    attr("primary_ip_address", Kind::Form(&form::IPV4))
        .replaces()
        .field("PrivateIpAddress")
        .always()
        .doc("Its address inside the subnet; chosen by the cloud if not given."),
    attr("security_group_ids", Kind::IdSet("security_group"))
        .required()
        .updated_by(&MODIFY)
        .update_param("SecurityGroupId")
        .field("SecurityGroupIds.SecurityGroupId")
        .always()
        .doc("Its security groups, at least one: [\"${security_group.web.id}\"]."),
    attr("instance_id", Kind::Id("instance"))
        .param("")
        .field("InstanceId")
        .doc("The server that it is attached to: \"${instance.web.id}\"."),
    attr("resource_group_id", Kind::String)
        .updated_by(&JOIN_GROUP)
        .doc("The resource group it belongs to."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("NetworkInterfaceId")
        .doc("The id, e.g. \"eni-bp1...\"."),
    attr("mac_address", Kind::String)
        .computed()
        .doc("Its hardware address."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Available, or InUse while it is attached."),
];

/// One that is attached to nothing has an empty text.
fn normalise(attributes: &mut Attributes) {
    if attributes.get("instance_id").and_then(Value::as_str) == Some("") {
        attributes.remove("instance_id");
    }
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

/// Its fixed address, which only one can have.
fn address(attributes: &Attributes) -> Option<String> {
    let vswitch = text(attributes, "vswitch_id")?;
    Some(format!("{vswitch} {}", text(attributes, "primary_ip_address")?))
}

fn losses(observed: &Attributes) -> Vec<String> {
    let address = text(observed, "primary_ip_address").unwrap_or("its address");
    vec![format!("private IP {address} is released")]
}
