//! Where things stand: in which zone, under which address, and what only one of them can have.
//!
//! Does not know resource types: it goes by the names of attributes, and by what a type says that excludes another.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::Resource;
use super::network;
use super::report::Report;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::value::{Attributes, Value};

const ZONE: &str = "zone_id";
const NETWORK: &str = "cidr_block";
const PRIVATE: &str = "private_ip";
/// Fixed addresses in a vSwitch: one of its own, that of a card, and more of a server's.
const ADDRESSES: [&str; 3] = [PRIVATE, "primary_ip_address", "secondary_private_ip_addresses"];

/// How many addresses of a vSwitch the cloud keeps at its end; the first is its own too.
const KEPT_AT_END: u32 = 3;

/// Everything that is joined stands in one zone.
pub(super) fn zones(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    for resource in resources.values() {
        let said = zone_of(resource, resources, false);
        let is_relation = |name: &str| {
            let mut relations = resource.resource_type.relations.iter();
            relations.any(|relation| relation.attribute == name)
        };
        // What is joined to another one stands where its own vSwitch is.
        let mut holders = partners(resource, resources).filter(|(name, _)| !is_relation(name));
        let held = holders.find_map(|(_, holder)| holder.attributes.get(ZONE)?.as_str());
        for (name, partner) in partners(resource, resources) {
            let own = said.or(held.filter(|_| is_relation(name)));
            let Some(own) = own else { continue };
            let Some(other) = zone_of(partner, resources, true).filter(|other| *other != own) else {
                continue;
            };
            let mut diagnostic = Diagnostic::error(
                codes::TWO_ZONES,
                format!("{} is in {own}, {} in {other}", resource.address, partner.address),
            )
            .help("what is joined stands in one zone")
            .about(&resource.address);
            let mut at = place_of(resource, name);
            if said.is_some() {
                diagnostic = diagnostic.at(at.clone(), "joined here");
                at = place_of(resource, ZONE);
            }
            report.say_at(at, "", "zones", diagnostic);
        }
    }
}

/// The zone that a resource says, or that of what it stands in.
fn zone_of<'a>(
    resource: &'a Resource,
    resources: &'a BTreeMap<Address, Resource>,
    through: bool,
) -> Option<&'a str> {
    let own = resource.attributes.get(ZONE).and_then(Value::as_str);
    if own.is_some() || !through {
        return own;
    }
    let mut zones =
        partners(resource, resources).filter_map(|(_, partner)| partner.attributes.get(ZONE)?.as_str());
    zones.next()
}

/// What the attributes of a resource name by its id.
fn partners<'a>(
    resource: &'a Resource,
    resources: &'a BTreeMap<Address, Resource>,
) -> impl Iterator<Item = (&'a str, &'a Resource)> {
    resource
        .attributes
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Reference(to) if to.attribute == "id" => {
                Some((name.as_str(), resources.get(&to.address)?))
            }
            _ => None,
        })
}

fn place_of<'a>(resource: &'a Resource, path: &str) -> &'a Location {
    let top = path.split('[').next().unwrap_or(path);
    let places = &resource.locations;
    places
        .get(path)
        .or_else(|| places.get(top))
        .unwrap_or(&resource.location)
}

/// Every fixed address lies in its vSwitch, and is not one that the cloud keeps.
pub(super) fn addresses(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    let fixed = resources.values().flat_map(|resource| {
        fixed(resource)
            .into_iter()
            .map(move |(path, address)| (resource, path, address))
    });
    for (resource, path, address) in fixed {
        for (_, vswitch) in partners(resource, resources) {
            // Whoever has both is a network in a network: a vSwitch.
            let is_vswitch = vswitch.attributes.contains_key(ZONE);
            let text = vswitch.attributes.get(NETWORK).and_then(Value::as_str);
            let Some(within) = text
                .filter(|_| is_vswitch)
                .and_then(|text| network::parse(text).ok())
            else {
                continue;
            };
            let at = place_of(vswitch, NETWORK);
            let message = if !within.contains(&address) {
                format!(
                    "{address} is not in {} ({within}, {}:{})",
                    vswitch.address, at.file, at.line
                )
            } else if network::is_edge(within, address, KEPT_AT_END) {
                format!(
                    "{address} is kept by the cloud: the first and the last three of {within} are its own"
                )
            } else {
                continue;
            };
            let diagnostic = Diagnostic::error(codes::CIDR, message).about(&resource.address);
            report.say_at(place_of(resource, &path), "", "address", diagnostic);
        }
    }
}

/// The fixed addresses of a resource, each with where it stands in the block.
fn fixed(resource: &Resource) -> Vec<(String, Ipv4Addr)> {
    let mut found = Vec::new();
    for name in ADDRESSES {
        match resource.attributes.get(name) {
            Some(Value::List(items)) => {
                let items = items.iter().enumerate();
                found.extend(items.map(|(index, item)| (format!("{name}[{index}]"), item)));
            }
            Some(value) => found.push((name.to_owned(), value)),
            None => {}
        }
    }
    let address = |value: &Value| value.as_str()?.parse().ok();
    let found = found.into_iter();
    found
        .filter_map(|(path, value)| Some((path, address(value)?)))
        .collect()
}

/// What only one of a type can have is given to one.
pub(super) fn contention(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    let mut taken: BTreeMap<(&str, String), Vec<(&Resource, Attributes)>> = BTreeMap::new();
    for resource in resources.values() {
        // That networks overlap is seen elsewhere.
        if resource.attributes.contains_key(NETWORK) {
            continue;
        }
        let attributes: Attributes = resource
            .attributes
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    value.resolve(&|to| Some(Value::from(to.to_string()))),
                )
            })
            .collect();
        let contention = &resource.resource_type.contention;
        let Some(place) = (contention.place)(&attributes) else {
            continue;
        };
        let others = taken.entry((resource.resource_type.name, place)).or_default();
        match others
            .iter()
            .find(|(_, other)| (contention.excludes)(&attributes, other))
        {
            Some((first, other)) => exclude(first, other, resource, &attributes, report),
            None => others.push((resource, attributes)),
        }
    }
}

fn exclude(first: &Resource, other: &Attributes, again: &Resource, own: &Attributes, report: &mut Report) {
    // The later one in the files is the one at fault.
    let same = |name: &&String| own.get(*name) == other.get(*name);
    let names = [PRIVATE, "name", "key_pair_name"].map(str::to_owned);
    let attribute = names
        .iter()
        .find(|name| own.contains_key(*name) && same(name))
        .map_or("", String::as_str);
    let what = match own.get(attribute).and_then(Value::as_str) {
        Some(text) => format!("{attribute} \"{text}\""),
        None => "the same place".to_owned(),
    };
    let (at, before) = (place_of(again, attribute), place_of(first, attribute));
    let mut diagnostic = Diagnostic::error(
        codes::CONTESTED,
        format!("{} and {} cannot both have {what}", first.address, again.address),
    )
    .about(&again.address);
    if at == before {
        diagnostic = diagnostic.help("every copy needs its own, for example by for_each");
    } else {
        diagnostic = diagnostic.at(before.clone(), "taken here");
    }
    report.say_at(at, "", "taken", diagnostic);
}

/// What lends something to a partner is alone in that: a server has one elastic address.
pub(super) fn lent_once(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    let mut lenders: BTreeMap<(&str, &Address), &Resource> = BTreeMap::new();
    for resource in resources.values() {
        for relation in resource.resource_type.relations {
            let Some(Value::Reference(to)) = resource.attributes.get(relation.attribute) else {
                continue;
            };
            if relation.lends.is_empty() {
                continue;
            }
            let key = (resource.resource_type.name, &to.address);
            let Some(first) = lenders.get(&key) else {
                lenders.insert(key, resource);
                continue;
            };
            let (at, before) = (
                place_of(resource, relation.attribute),
                place_of(first, relation.attribute),
            );
            let mut diagnostic = Diagnostic::warning(
                codes::TWO_LENDERS,
                format!(
                    "{} and {} both want to be the {} of {}",
                    first.address,
                    resource.address,
                    relation.lends.join(" and "),
                    to.address
                ),
            )
            .help("one of them would be refused: bind it to something else")
            .about(&resource.address);
            if at != before {
                diagnostic = diagnostic.at(before.clone(), "the other one");
            }
            report.say_at(at, "", "lenders", diagnostic);
        }
    }
}
