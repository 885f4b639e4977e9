//! The network interfaces that servers are ordered with. Does not make servers.

use std::collections::BTreeMap;

use super::super::call::Call;
use super::super::head::Status;
use super::super::params::Params;
use super::super::refusal::{Refusal, refuse};
use super::instance_order;
use super::network_interface::{self, NetworkInterface, interfaces_max};
use super::vswitch::{VSwitch, free_addresses};

/// The interfaces of one server, the primary one first.
#[derive(Clone)]
pub(super) struct Cards {
    pub(super) primary: network_interface::Order,
    others: Vec<Card>,
}

#[derive(Clone)]
enum Card {
    New(Box<network_interface::Order>),
    /// One that exists, by its id.
    Own(String),
}

/// The primary card of a request, if it describes one.
pub(super) fn primary(cards: &[Params]) -> Option<&Params> {
    cards
        .iter()
        .find(|card| card.text_or("InstanceType", "").eq_ignore_ascii_case("primary"))
        .or_else(|| cards.first().filter(|card| card.text("InstanceType").is_none()))
}

/// Checks the interfaces that are ordered with a server; `None` on the classic network.
pub(super) fn cards(call: &Call<'_>, order: &instance_order::Order) -> Result<Option<Cards>, Refusal> {
    let params = call.params;
    let given = params.groups("NetworkInterface");
    let Some((vswitch_id, _)) = &order.vswitch else {
        return if given.is_empty() {
            Ok(None)
        } else {
            Err(call.code(&[
                "InvalidParam.NetworkInterface",
                "InvalidParameter.NetworkInterface",
            ]))
        };
    };
    if given.len() > interfaces_max(call, &order.kind.id) {
        return Err(call.code(&["InvalidOperation.EniCountExceeded"]));
    }
    let first = primary(&given);
    let primaries = given
        .iter()
        .filter(|card| card.text_or("InstanceType", "").eq_ignore_ascii_case("primary"));
    if primaries.count() > 1 {
        return refuse("InvalidParameter.NetworkInterface");
    }
    // What the server says of itself is said of its primary interface.
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in params.kept(|name| name.starts_with("Ipv6Address")) {
        own.insert(name.to_owned(), value.to_owned());
    }
    for (name, value) in first.iter().flat_map(|card| card.iter()) {
        own.insert(name.to_owned(), value.to_owned());
    }
    if let Some(address) = params.text("PrivateIpAddress") {
        own.insert("PrimaryIpAddress".to_owned(), address.to_owned());
    }
    if let Some(queues) = params.text("NetworkInterfaceQueueNumber") {
        own.insert("QueueNumber".to_owned(), queues.to_owned());
    }
    let own: Params = own.into_iter().collect();
    if own.text("NetworkInterfaceId").is_some() {
        return refuse("InvalidOperation.RegionNotSupportNetworkInterfaceId");
    }
    let primary = network_interface::order(call, &own, vswitch_id, order.groups.clone())?;
    let mut others = Vec::new();
    for card in given
        .iter()
        .filter(|card| first.is_none_or(|first| !std::ptr::eq(first, *card)))
    {
        others.push(secondary(call, order, card)?);
    }
    Ok(Some(Cards { primary, others }))
}

fn secondary(call: &Call<'_>, order: &instance_order::Order, card: &Params) -> Result<Card, Refusal> {
    if let Some(id) = card.text("NetworkInterfaceId") {
        let row = call.find::<NetworkInterface>(id, "InvalidEniId.NotFound")?;
        if row.status != Status::Available || row.zone != order.zone {
            return refuse("InvalidOperation.InvalidNetworkInterfaceId");
        }
        return Ok(Card::Own(id.to_owned()));
    }
    if !card
        .text_or("InstanceType", "Secondary")
        .eq_ignore_ascii_case("secondary")
    {
        return refuse("InvalidParameter.EniType");
    }
    let (vswitch_id, vpc_id) = match (card.text("VSwitchId"), &order.vswitch) {
        (Some(id), Some((_, vpc_id))) => (id, vpc_id),
        (None, Some((id, vpc_id))) => (id.as_str(), vpc_id),
        (_, None) => return refuse("InvalidParam.NetworkInterface"),
    };
    let vswitch = call.find::<VSwitch>(vswitch_id, "InvalidVSwitchId.NotFound")?;
    if vswitch.zone != order.zone || vswitch.vpc_id != *vpc_id {
        return Err(call.code(&["ResourcesNotInSameZone", "InvalidParam.NetworkInterface"]));
    }
    let mut groups: Vec<String> = card
        .list("SecurityGroupIds")
        .into_iter()
        .map(str::to_owned)
        .collect();
    groups.extend(card.text("SecurityGroupId").map(str::to_owned));
    if groups.is_empty() {
        groups.clone_from(&order.groups);
    }
    let order = network_interface::order(call, card, vswitch_id, groups)?;
    Ok(Card::New(Box::new(order)))
}

impl Cards {
    /// How many servers with these interfaces there are addresses for.
    pub(super) fn room(&self, call: &Call<'_>) -> i64 {
        let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
        let new = self.others.iter().filter_map(|card| match card {
            Card::New(order) => Some(order.as_ref()),
            Card::Own(_) => None,
        });
        for order in std::iter::once(&self.primary).chain(new) {
            *wanted.entry(order.vswitch_id()).or_default() += order.addresses();
        }
        let room = wanted.into_iter().map(|(vswitch_id, each)| {
            let vswitch = call.world.get::<VSwitch>(vswitch_id);
            vswitch.map_or(0, |vswitch| free_addresses(call.world, vswitch) / each.max(1))
        });
        i64::try_from(room.min().unwrap_or(0)).unwrap_or(i64::MAX)
    }

    /// Whether a second server cannot have the same ones.
    pub(super) fn is_for_one(&self) -> bool {
        self.primary.names_addresses()
            || self.others.iter().any(|card| match card {
                Card::New(order) => order.names_addresses(),
                Card::Own(_) => true,
            })
    }

    /// Makes all but the primary one.
    pub(super) fn make_others(&self, call: &mut Call<'_>, instance_id: &str) -> Result<(), Refusal> {
        for card in &self.others {
            match card {
                Card::New(order) => {
                    network_interface::make(call, order, "Secondary", instance_id)?;
                }
                Card::Own(id) => {
                    call.world.update::<NetworkInterface, _>(id, |row| {
                        row.instance_id = instance_id.to_owned();
                        row.settle_as(Status::InUse);
                    });
                }
            }
        }
        Ok(())
    }
}
