//! The own network card of a server, as answers tell it, and the further addresses on it.
//!
//! Pure. Does not know the other cards.

use super::super::part::{Calls, Owner, PART, Part};
use super::super::steps;
use crate::api::{Action, action};
use crate::step::{Shows, Step};
use crate::value::{Attributes, Value};

/// Further addresses of the card, each given and taken away by a call of its own.
pub(super) const ADDRESSES: Part = Part {
    attribute: "secondary_private_ip_addresses",
    key: &["id"],
    calls: Calls::Single {
        add: |owner, member| {
            vec![call(
                owner,
                member,
                "assign",
                &action::ASSIGN_PRIVATE_IP_ADDRESSES,
            )]
        },
        modify: |_, _, _| Vec::new(),
        remove: |owner, member| {
            vec![call(
                owner,
                member,
                "unassign",
                &action::UNASSIGN_PRIVATE_IP_ADDRESSES,
            )]
        },
    },
    limit: 50,
    noun: "address",
    ..PART
};

fn call(owner: &Owner<'_>, member: &Attributes, verb: &str, action: &'static Action) -> Step {
    let address = member.get("id").cloned().unwrap_or_else(Value::unknown);
    let params = Attributes::from([
        (
            "NetworkInterfaceId".to_owned(),
            (owner.own)("network_interface_id"),
        ),
        ("PrivateIpAddress".to_owned(), Value::List(vec![address])),
    ]);
    let (with, without) = match verb {
        "assign" => (vec![member.clone()], Vec::new()),
        _ => (Vec::new(), vec![member.clone()]),
    };
    let call = steps::call(action, owner.region, params);
    Step::call(format!("{verb} 1 address"), call).shows(Shows::Members {
        attribute: ADDRESSES.attribute,
        with,
        without,
    })
}

/// The first card of an answer is the server's own: its id, and its addresses but the first.
pub(super) fn normalise(attributes: &mut Attributes) {
    if let Some(card @ Value::Map(_)) = attributes.get("network_interface_id").cloned() {
        match card.at("NetworkInterfaceId").cloned() {
            Some(id) => attributes.insert("network_interface_id".to_owned(), id),
            None => attributes.remove("network_interface_id"),
        };
    }
    let Some(addresses) = attributes.get_mut(ADDRESSES.attribute) else {
        return;
    };
    let is_card = |value: &Value| {
        value
            .as_map()
            .is_some_and(|card| card.contains_key("NetworkInterfaceId"))
    };
    let card = match &*addresses {
        Value::List(cards) => cards.first().filter(|card| is_card(card)).cloned(),
        card => is_card(card).then(|| card.clone()),
    };
    if let Some(card) = card {
        let sets = card.at("PrivateIpSets.PrivateIpSet").and_then(Value::as_list);
        let others = sets.unwrap_or_default().iter();
        let others = others.filter(|set| set.at("Primary") != Some(&Value::Bool(true)));
        let texts = others.filter_map(|set| set.at("PrivateIpAddress").cloned());
        *addresses = Value::List(texts.collect());
    }
    if let Value::List(items) = addresses {
        items.sort_by_cached_key(|item| format!("{item:?}"));
        items.dedup();
    }
}
