//! Route entry: where the packets to one network go, as one line of a route table.
//!
//! It has no tags: it is known by its table and the network, of which there is one line.

use super::attribute::{Attribute, Changeable, Kind, Literal, Update, attr};
use super::base::BASE;
use super::form;
use super::resource_type::{
    Create, Delete, IdFilter, Identity, Read, ResourceType, Steps, ToChange, ToMake, ToRemove,
};
use super::steps;
use crate::api::{Codes, Pages, action};
use crate::step::{Shows, Step};
use crate::value::{Attributes, Value};

pub(super) static ROUTE_ENTRY: ResourceType = ResourceType {
    name: "route_entry",
    doc: "Where the packets to one network go: a line of a route table.",
    id_param: "RouteTableId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_ROUTE_ENTRY_LIST,
        list: "RouteEntrys.RouteEntry",
        pages: Pages::ByTokenOf { max: 100 },
        ids: IdFilter::Inside {
            param: "RouteTableId",
        },
        // Those that a table comes with are nobody's.
        params: &[("RouteEntryType", "Custom")],
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_ROUTE_ENTRY,
        ready: Some(("Available", TIMEOUT_S)),
        ..BASE.create
    },
    delete: Delete {
        action: &action::DELETE_ROUTE_ENTRY,
        gone: Some(TIMEOUT_S),
    },
    identity: Identity::Joined {
        parent: "route_table_id",
        place: &["destination_cidr_block"],
        lasting: "",
    },
    codes: Codes {
        there: &[
            "RouterEntryConflict.Duplicated",
            "InvalidCIDRBlock.Duplicate",
            "InvalidRouteEntry.Duplicate",
            "RouteConflict.AlreadyExist",
        ],
        absent: &[
            "InvalidRouteEntry.NotFound",
            "InvalidRouteEntryId.NotFound",
            "InvalidRouteTable.NotFound",
            "InvalidRouteTableId.NotFound",
        ],
        retry: &[
            "IncorrectRouteEntryStatus",
            "IncorrcetRouteEntryStatus",
            "IncorrectInstanceStatus",
            "IncorrectStatus",
            "IncorrectVpcStatus",
            "IncorrectVSwitchStatus",
            "OperationConflict",
            "OperationFailed.DistibuteLock",
            "TaskConflict",
        ],
        in_use: &[],
    },
    normalise,
    change_rule,
    // What a line leads to cannot go while the line is there: where it goes before its successor comes, so does the line.
    stays_with: Some("next_hop_id"),
    steps: Steps {
        create,
        update,
        delete,
    },
    ..BASE
};

/// How long any change may take, in seconds.
const TIMEOUT_S: u64 = 300;

static MODIFY: Update = Update::by(&action::MODIFY_ROUTE_ENTRY, "change attributes");

static ATTRIBUTES: &[Attribute] = &[
    attr("route_table_id", Kind::Id("route_table"))
        .required()
        .replaces()
        .always()
        .doc("The table: \"${route_table.private.id}\", or a VPC's own: \"${vpc.main.route_table_id}\"."),
    attr("destination_cidr_block", Kind::String)
        .required()
        .replaces()
        .always()
        .doc("The network that the packets are for, e.g. \"0.0.0.0/0\"."),
    attr(
        "next_hop_type",
        Kind::Enum(&[
            "Instance",
            "NatGateway",
            "NetworkInterface",
            "HaVip",
            "RouterInterface",
            "VpnGateway",
            "IPv6Gateway",
            "Attachment",
            "VpcPeer",
        ]),
    )
    .default(Literal::String("Instance"))
    .replaces()
    .field("NextHops.NextHop")
    .doc("What they are handed to; Instance if not given."),
    attr(
        "next_hop_id",
        Kind::IdOf(&["instance", "nat_gateway", "network_interface"]),
    )
    .required()
    .replaces()
    .field("NextHops.NextHop")
    .doc("Its id: \"${nat_gateway.main.id}\"."),
    attr("name", Kind::Form(&form::SHORT_NAME))
        .updated_by(&MODIFY)
        .param("RouteEntryName")
        .field("RouteEntryName")
        .doc("The name shown in the console, 1 to 128 characters."),
    attr("description", Kind::Form(&form::SHORT_NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 1 to 256 characters."),
    attr("id", Kind::String)
        .computed()
        .field("")
        .doc("Its table and its network: \"vtb-bp1.../10.8.0.0/16\"."),
    attr("route_entry_id", Kind::String)
        .computed()
        .doc("The vendor's id of it, e.g. \"rte-bp1...\"."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Available, or on its way there."),
];

/// The first of the hops of an answer; users write one.
fn normalise(attributes: &mut Attributes) {
    for (name, field) in [("next_hop_type", "NextHopType"), ("next_hop_id", "NextHopId")] {
        if let Some(Value::Map(hop)) = attributes.get(name) {
            match hop.get(field).cloned() {
                Some(value) => attributes.insert(name.to_owned(), value),
                None => attributes.remove(name),
            };
        }
    }
}

/// Only to a gateway or an interface a line can be turned where it stands.
fn change_rule(path: &str, _before: &Attributes, after: &Attributes) -> Option<Changeable> {
    let kind = after.get("next_hop_type").and_then(Value::as_str);
    let turns = matches!(kind, Some("NatGateway" | "NetworkInterface"));
    (turns && path.starts_with("next_hop_")).then_some(Changeable::Special)
}

/// The parameters that name a line.
fn named(attributes: &Attributes) -> Attributes {
    [
        ("RouteTableId", "route_table_id"),
        ("DestinationCidrBlock", "destination_cidr_block"),
    ]
    .into_iter()
    .filter_map(|(param, name)| Some((param.to_owned(), attributes.get(name)?.clone())))
    .collect()
}

/// That it is there, and leads where it should, shows that it was made.
fn create(wanted: &ToMake<'_>) -> Vec<Step> {
    let mut steps = steps::create(wanted);
    if let Some(first) = steps.first_mut() {
        let shown = ["next_hop_type", "next_hop_id"].into_iter();
        let shown = shown.filter_map(|name| Some((name.to_owned(), wanted.attributes.get(name)?.clone())));
        first.shows = Shows::Attributes(shown.collect());
    }
    steps
}

fn update(change: &ToChange<'_>) -> Vec<Step> {
    let wanted = change.wanted.attributes;
    let mut params = named(wanted);
    let mut shown = Attributes::new();
    let turns = change.changed.iter().any(|name| name.starts_with("next_hop_"));
    for (name, param) in [
        ("name", "RouteEntryName"),
        ("description", "Description"),
        ("next_hop_type", "NewNextHopType"),
        ("next_hop_id", "NewNextHopId"),
    ] {
        let is_sent = change.changed.contains(&name) || (turns && name.starts_with("next_hop_"));
        if let Some(value) = wanted.get(name).filter(|_| is_sent) {
            params.insert(param.to_owned(), value.clone());
            shown.insert(name.to_owned(), value.clone());
        }
    }
    if shown.is_empty() {
        return Vec::new();
    }
    let call = steps::call(MODIFY.action, change.wanted.region, params);
    vec![
        Step::call(MODIFY.label, call).shows(Shows::Attributes(shown)),
        Step::wait_status("wait until available", "Available", TIMEOUT_S),
    ]
}

fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let params = named(existing.attributes);
    let call = steps::call(&action::DELETE_ROUTE_ENTRY, existing.region, params);
    vec![
        Step::call("delete", call).shows(Shows::Gone),
        Step::wait_gone("wait until gone", TIMEOUT_S),
    ]
}
