//! Route table: where the packets of some vSwitches of a VPC go, beside the table that every VPC comes with.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, NETWORK_TAGS};
use super::form;
use super::part::{Calls, Owner, PART, Part};
use super::resource_type::{Create, Delete, IdFilter, Read, ResourceType, Tagging};
use super::steps;
use crate::api::{Action, Codes, Pages, action};
use crate::step::Step;
use crate::value::{Attributes, Value};

pub(super) static ROUTE_TABLE: ResourceType = ResourceType {
    name: "route_table",
    doc: "Where the packets of some vSwitches of a VPC go.",
    id_prefix: "vtb-",
    id_param: "RouteTableId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_ROUTE_TABLE_LIST,
        list: "RouterTableList.RouterTableListType",
        id_field: "RouteTableId",
        pages: Pages::ByNumber { max: 50 },
        ids: IdFilter::One {
            param: "RouteTableId",
        },
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_ROUTE_TABLE,
        id_field: "RouteTableId",
        ready: Some(("Available", 300)),
    },
    delete: Delete {
        action: &action::DELETE_ROUTE_TABLE,
        gone: Some(300),
    },
    tagging: Some(Tagging {
        kind: "ROUTETABLE",
        ..NETWORK_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidRouteTableId.NotFound"],
        retry: &[
            "IncorrectRouteTableStatus",
            "IncorrectStatus",
            "IncorrectVSwitchStatus",
            "IncorrectVpcStatus",
            "InvalidStatus.VSwitch",
            "OperationConflict",
            "TaskConflict",
        ],
        in_use: &["DependencyViolation", "IncorrectRouteTableStatus.RouteEntryExist"],
    },
    parts: PARTS,
    normalise,
    ..BASE
};

static MODIFY: Update = Update::by(&action::MODIFY_ROUTE_TABLE_ATTRIBUTES, "change attributes");

/// The vSwitches that it serves, each bound by a call of its own.
static PARTS: &[Part] = &[Part {
    attribute: "vswitch_ids",
    key: &["id"],
    calls: Calls::Single {
        add: |owner, member| vec![bind(owner, member, "bind", &action::ASSOCIATE_ROUTE_TABLE)],
        modify: |_, _, _| Vec::new(),
        remove: |owner, member| vec![bind(owner, member, "unbind", &action::UNASSOCIATE_ROUTE_TABLE)],
    },
    out_first: true,
    noun: "vSwitch",
    ..PART
}];

fn bind(owner: &Owner<'_>, member: &Attributes, verb: &str, action: &'static Action) -> Step {
    let vswitch = member.get("id").cloned().unwrap_or_else(Value::unknown);
    let params = Attributes::from([
        ("RouteTableId".to_owned(), (owner.own)("id")),
        ("VSwitchId".to_owned(), vswitch),
    ]);
    Step::call(
        format!("{verb} vSwitch"),
        steps::call(action, owner.region, params),
    )
}

static ATTRIBUTES: &[Attribute] = &[
    attr("vpc_id", Kind::Id("vpc"))
        .required()
        .replaces()
        .always()
        .doc("The VPC it belongs to: \"${vpc.main.id}\"."),
    attr("name", Kind::Form(&form::SHORT_NAME))
        .updated_by(&MODIFY)
        .param("RouteTableName")
        .field("RouteTableName")
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::SHORT_NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
    attr("vswitch_ids", Kind::IdSet("vswitch"))
        .param("")
        .field("VSwitchIds.VSwitchId")
        .always()
        .doc("The vSwitches that it serves; all of them, when given: [\"${vswitch.private.id}\"]."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("RouteTableId")
        .doc("The id, e.g. \"vtb-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Available, or on its way there."),
];

/// A set has one order.
fn normalise(attributes: &mut Attributes) {
    if let Some(Value::List(items)) = attributes.get_mut("vswitch_ids") {
        items.sort_by_cached_key(|item| (item.is_known(), format!("{item:?}")));
        items.dedup();
    }
}
