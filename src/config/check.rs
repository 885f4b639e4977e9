//! What only two tables together can have wrong: a zone outside the region, a network outside its network or in
//! the way of another one, a resource and its partner that do not go together.
//!
//! Does not know resource types: it goes by the names and kinds of attributes.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::network::{self, overlap};
use super::regions;
use super::report::Report;
use super::{Config, Resource};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::types::{Identity, Kind};
use crate::value::Value;

const ZONE: &str = "zone_id";
const NETWORK: &str = "cidr_block";

/// Every zone is one of the region.
pub(super) fn zones(config: &Config, region: Option<&str>, report: &mut Report) {
    // A region that is none has been complained about.
    let Some(region) = region.filter(|region| regions::may_exist(region)) else {
        return;
    };
    for resource in config.resources.values() {
        let Some(zone) = resource.attributes.get(ZONE).and_then(Value::as_str) else {
            continue;
        };
        if regions::is_zone_of(zone, region) {
            continue;
        }
        let place = match &config.project.region_location {
            Some(location) => format!("{}:{}", location.file, location.line),
            None => "ALIBABA_CLOUD_REGION_ID".to_owned(),
        };
        let shown = super::words::shorten(zone);
        let diagnostic = Diagnostic::error(
            codes::ZONE,
            format!("zone {shown} is not in region {region} ({place})"),
        )
        .help(format!(
            "a zone there looks like this: {}",
            regions::example_of_zone(region)
        ));
        report.say_at(place_of(resource, ZONE), "", "", diagnostic);
    }
}

fn place_of<'a>(resource: &'a Resource, attribute: &str) -> &'a Location {
    resource.locations.get(attribute).unwrap_or(&resource.location)
}

/// Every resource goes together with what it is joined to.
pub(super) fn partners(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    for resource in resources.values() {
        for relation in resource.resource_type.relations {
            partner(resource, relation.attribute, resources, report);
        }
        if let Identity::Joined { parent, .. } = resource.resource_type.identity {
            partner(resource, parent, resources, report);
        }
    }
}

/// The rule about a resource and the one that an attribute names.
fn partner(
    resource: &Resource,
    attribute: &str,
    resources: &BTreeMap<Address, Resource>,
    report: &mut Report,
) {
    let Some(Value::Reference(to)) = resource.attributes.get(attribute) else {
        return;
    };
    let Some(partner) = resources.get(&to.address) else {
        return;
    };
    let rule = resource.resource_type.partner_rule;
    if let Some(complaint) = rule(&resource.attributes, &partner.attributes) {
        let mut diagnostic = Diagnostic::error(complaint.code, complaint.message)
            .help(complaint.help)
            .about(&resource.address);
        if matches!(resource.resource_type.identity, Identity::Joined { .. }) {
            diagnostic = diagnostic.at(partner.location.clone(), "");
        }
        report.say_at(place_of(resource, complaint.attribute), "", "partner", diagnostic);
    }
}

/// A network that lies in another one: a vSwitch in its VPC.
struct Inner<'a> {
    resource: &'a Resource,
    network: Ipv4Net,
}

/// Every network lies in the one that it belongs to, and no two of them overlap.
pub(super) fn networks(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    let mut by_outer: BTreeMap<&Address, Vec<Inner<'_>>> = BTreeMap::new();
    for resource in resources.values() {
        let Some(network) = network_of(resource) else {
            continue;
        };
        if let Some(outer) = outer_of(resource) {
            by_outer
                .entry(outer)
                .or_default()
                .push(Inner { resource, network });
        }
    }
    for (outer, mut inner) in by_outer {
        let Some(outer) = resources.get(outer) else {
            continue;
        };
        if let Some(network) = network_of(outer) {
            for one in inner.iter().filter(|one| !network.contains(&one.network)) {
                say_outside(one, outer, network, report);
            }
        }
        // In this order a network that lies in another one comes somewhere behind it, with nothing but others
        // that lie in it in between; so comparing with the last that stood free is enough.
        inner.sort_by_key(|one| (one.network.network(), one.network.prefix_len()));
        let mut free: Option<&Inner<'_>> = None;
        for one in &inner {
            match free {
                Some(before) if overlap(before.network, one.network) => say_overlap(before, one, report),
                _ => free = Some(one),
            }
        }
    }
}

fn network_of(resource: &Resource) -> Option<Ipv4Net> {
    if !matches!(resource.resource_type.attribute(NETWORK)?.kind, Kind::Cidr) {
        return None;
    }
    network::parse(resource.attributes.get(NETWORK)?.as_str()?).ok()
}

/// The resource that it belongs to: the one whose id it must have.
fn outer_of(resource: &Resource) -> Option<&Address> {
    let attribute = resource
        .resource_type
        .attributes
        .iter()
        .find(|attribute| attribute.required && matches!(attribute.kind, Kind::Id(_)))?;
    match resource.attributes.get(attribute.name)? {
        Value::Reference(reference) if reference.attribute == "id" => Some(&reference.address),
        _ => None,
    }
}

fn say_outside(one: &Inner<'_>, outer: &Resource, network: Ipv4Net, report: &mut Report) {
    let place = place_of(outer, NETWORK);
    let diagnostic = Diagnostic::error(
        codes::CIDR,
        format!(
            "{} lies outside {} ({network}, {}:{})",
            one.network, outer.address, place.file, place.line
        ),
    )
    .about(&one.resource.address);
    report.say_at(place_of(one.resource, NETWORK), "", "outside", diagnostic);
}

fn say_overlap(before: &Inner<'_>, one: &Inner<'_>, report: &mut Report) {
    // The later one in the files is the one at fault: the other was there first.
    let (first, second) = if place_of(before.resource, NETWORK) <= place_of(one.resource, NETWORK) {
        (before, one)
    } else {
        (one, before)
    };
    let (place, other) = (
        place_of(second.resource, NETWORK),
        place_of(first.resource, NETWORK),
    );
    let mut diagnostic = Diagnostic::error(
        codes::CIDR,
        format!(
            "{} of {} overlaps {} of {}",
            second.network, second.resource.address, first.network, first.resource.address
        ),
    )
    .about(&second.resource.address);
    if place == other {
        diagnostic = diagnostic.help("every copy needs a network of its own, for example by for_each");
    } else {
        diagnostic = diagnostic.at(other.clone(), "");
    }
    report.say_at(place, "", "overlap", diagnostic);
}
