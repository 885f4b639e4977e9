//! The own network card of a server, as answers tell it, and the further addresses on it.
//!
//! Pure. Does not know the other cards.

use super::super::part::{Calls, Owner, PART, Part};
use super::super::resource_type::{ToChange, ToMake};
use super::super::steps;
use crate::api::{Action, action};
use crate::step::{Call, Shows, Step};
use crate::value::{Attributes, Reference, Value};

/// Further addresses of the card, each given and taken away by a call of its own.
pub(super) const ADDRESSES: Part = Part {
    attribute: "secondary_private_ip_addresses",
    key: &["id"],
    calls: Calls::Single {
        add: |owner, member| call(owner, member, &ASSIGN),
        modify: |_, _, _| Vec::new(),
        remove: |owner, member| call(owner, member, &UNASSIGN),
    },
    // ModifyInstanceVpcAttribute, PrimaryEniHasSubIp.
    pins: true,
    limit: 50,
    noun: "address",
    ..PART
};

/// The IPv6 addresses of the card, where they are named.
pub(super) const IPV6_ADDRESSES: Part = Part {
    attribute: "ipv6_addresses",
    key: &["id"],
    calls: Calls::Single {
        add: |owner, member| call(owner, member, &ASSIGN_IPV6),
        modify: |_, _, _| Vec::new(),
        remove: |owner, member| call(owner, member, &UNASSIGN_IPV6),
    },
    // ModifyInstanceVpcAttribute, InvalidIp.Ipv6Assigned.
    pins: true,
    limit: IPV6_MAX,
    noun: "IPv6 address",
    ..PART
};

/// The largest number of IPv6 addresses of a card.
const IPV6_MAX: usize = 10;

/// How many IPv6 addresses there are, where the cloud chooses them.
pub(super) const IPV6_COUNT: &str = "ipv6_address_count";

/// How an address comes or goes.
struct Way {
    name: &'static str,
    action: &'static Action,
    param: &'static str,
    part: &'static str,
    comes: bool,
}

static ASSIGN: Way = Way {
    name: "assign 1 address",
    action: &action::ASSIGN_PRIVATE_IP_ADDRESSES,
    param: "PrivateIpAddress",
    part: ADDRESSES.attribute,
    comes: true,
};

static UNASSIGN: Way = Way {
    name: "unassign 1 address",
    action: &action::UNASSIGN_PRIVATE_IP_ADDRESSES,
    comes: false,
    ..ASSIGN
};

static ASSIGN_IPV6: Way = Way {
    name: "assign 1 IPv6 address",
    action: &action::ASSIGN_IPV6_ADDRESSES,
    param: "Ipv6Address",
    part: IPV6_ADDRESSES.attribute,
    comes: true,
};

static UNASSIGN_IPV6: Way = Way {
    name: "unassign 1 IPv6 address",
    action: &action::UNASSIGN_IPV6_ADDRESSES,
    comes: false,
    ..ASSIGN_IPV6
};

fn call(owner: &Owner<'_>, member: &Attributes, way: &'static Way) -> Vec<Step> {
    let address = member.get("id").cloned().unwrap_or_else(Value::unknown);
    let params = [(way.param, Value::List(vec![address]))];
    let call = card_call(way.action, owner.region, (owner.own)(CARD), params);
    let (with, without) = if way.comes {
        (vec![member.clone()], Vec::new())
    } else {
        (Vec::new(), vec![member.clone()])
    };
    vec![Step::call(way.name, call).shows(Shows::Members {
        attribute: way.part,
        with,
        without,
    })]
}

fn card_call(
    action: &'static Action,
    region: &str,
    card: Value,
    params: impl IntoIterator<Item = (&'static str, Value)>,
) -> Call {
    let all = std::iter::once(("NetworkInterfaceId", card)).chain(params);
    let all = all.map(|(name, value)| (name.to_owned(), value));
    steps::call(action, region, all.collect())
}

/// The first addresses of a new server, chosen by the cloud.
pub(super) fn first_ipv6(wanted: &ToMake<'_>) -> Option<Step> {
    let count = wanted.attributes.get(IPV6_COUNT)?.as_integer()?;
    let card = Reference {
        address: wanted.address.clone(),
        attribute: CARD.to_owned(),
    };
    (count > 0).then(|| more_ipv6(wanted, Value::from(card), count, count))
}

/// Before a move all of them go: it is refused while there are any.
pub(super) fn leave_ipv6(change: &ToChange<'_>) -> Option<Step> {
    change.wanted.attributes.get(IPV6_COUNT)?;
    let there = change.before.get(IPV6_ADDRESSES.attribute)?.as_list()?;
    (!there.is_empty()).then(|| fewer_ipv6(change, there, 0))
}

fn fewer_ipv6(change: &ToChange<'_>, surplus: &[Value], count: i64) -> Step {
    let card = change.before.get(CARD).cloned().unwrap_or_else(Value::unknown);
    let params = [(UNASSIGN_IPV6.param, Value::List(surplus.to_vec()))];
    let call = card_call(UNASSIGN_IPV6.action, change.wanted.region, card, params);
    let number = i64::try_from(surplus.len()).unwrap_or(i64::MAX);
    Step::call(format!("unassign {}", many(number)), call).shows(counted(count))
}

/// More of them, or fewer: those that are told last go. Nothing of another subnet's stays.
pub(super) fn change_ipv6(change: &ToChange<'_>) -> Vec<Step> {
    let moves = change.changed.contains(&"vswitch_id");
    let Some(count) = change
        .wanted
        .attributes
        .get(IPV6_COUNT)
        .and_then(Value::as_integer)
    else {
        return Vec::new();
    };
    if !moves && !change.changed.contains(&IPV6_COUNT) {
        return Vec::new();
    }
    let there = change
        .before
        .get(IPV6_ADDRESSES.attribute)
        .and_then(Value::as_list);
    let there = there.filter(|_| !moves).unwrap_or_default();
    let surplus = there
        .get(usize::try_from(count).unwrap_or(0)..)
        .unwrap_or_default();
    if surplus.is_empty() {
        let more = count - i64::try_from(there.len()).unwrap_or(0);
        let card = change.before.get(CARD).cloned().unwrap_or_else(Value::unknown);
        return if more > 0 {
            vec![more_ipv6(&change.wanted, card, more, count)]
        } else {
            Vec::new()
        };
    }
    vec![fewer_ipv6(change, surplus, count)]
}

fn more_ipv6(wanted: &ToMake<'_>, card: Value, more: i64, count: i64) -> Step {
    let params = [("Ipv6AddressCount", Value::Integer(more))];
    let call = card_call(&action::ASSIGN_IPV6_ADDRESSES, wanted.region, card, params);
    Step::call(format!("assign {}", many(more)), call).shows(counted(count))
}

fn many(number: i64) -> String {
    let plural = if number == 1 { "" } else { "es" };
    format!("{number} IPv6 address{plural}")
}

fn counted(count: i64) -> Shows {
    Shows::Attributes(Attributes::from([(IPV6_COUNT.to_owned(), Value::Integer(count))]))
}

const CARD: &str = "network_interface_id";

/// The first card of an answer is the server's own: its id, its addresses but the first, and its IPv6 addresses.
pub(super) fn normalise(attributes: &mut Attributes) {
    // An answer tells of the card as a whole, once.
    if let Some(card) = attributes.get(CARD).and_then(own_card) {
        let sets = card.at("PrivateIpSets.PrivateIpSet").and_then(Value::as_list);
        let others = sets.unwrap_or_default().iter();
        let others = others.filter(|set| set.at("Primary") != Some(&Value::Bool(true)));
        let texts: Vec<Value> = others
            .filter_map(|set| set.at("PrivateIpAddress").cloned())
            .collect();
        let ipv6 = ipv6_of(card);
        let id = card.at("NetworkInterfaceId").cloned();
        let count = i64::try_from(ipv6.len()).unwrap_or(i64::MAX);
        attributes.insert(IPV6_COUNT.to_owned(), Value::Integer(count));
        attributes.insert(ADDRESSES.attribute.to_owned(), Value::List(texts));
        attributes.insert(IPV6_ADDRESSES.attribute.to_owned(), Value::List(ipv6));
        match id {
            Some(id) => attributes.insert(CARD.to_owned(), id),
            None => attributes.remove(CARD),
        };
    }
    if let Some(addresses) = attributes.get_mut(ADDRESSES.attribute) {
        sort(addresses);
    }
    if let Some(addresses) = attributes.get_mut(IPV6_ADDRESSES.attribute) {
        if let Value::List(items) = addresses {
            items.iter_mut().for_each(shorten);
        }
        sort(addresses);
    }
}

/// The own card in what an answer tells of the cards.
fn own_card(value: &Value) -> Option<&Value> {
    let card = match value {
        Value::List(cards) => cards.first()?,
        card => card,
    };
    card.as_map().map(|_| card)
}

fn ipv6_of(card: &Value) -> Vec<Value> {
    let sets = card.at("Ipv6Sets.Ipv6Set").and_then(Value::as_list);
    let sets = sets.unwrap_or_default().iter();
    sets.filter_map(|set| set.at("Ipv6Address").cloned()).collect()
}

/// An IPv6 address has many spellings.
fn shorten(address: &mut Value) {
    if let Some(Ok(parsed)) = address.as_str().map(str::parse::<std::net::Ipv6Addr>) {
        *address = Value::from(parsed.to_string());
    }
}

fn sort(addresses: &mut Value) {
    if let Value::List(items) = addresses {
        items.sort_by_cached_key(|item| format!("{item:?}"));
        items.dedup();
    }
}
