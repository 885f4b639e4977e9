//! What is joined stands in one VPC: a server with its groups, a line of a table with what it leads to, an entry with the
//! vSwitch that it lets out.
//!
//! Does not know resource types: it goes by the kinds of attributes, in the order of their tables. Where the first of them
//! does not tell a VPC, nothing is held against it.

use std::collections::BTreeMap;
use std::fmt;

use super::Resource;
use super::report::Report;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::types::{Attribute, Kind};
use crate::value::{Attributes, Value};

/// The type that is a VPC.
const VPC: &str = "vpc";

/// How many steps lead from a thing to its VPC at most: an interface of a server in a vSwitch.
const DEPTH: usize = 4;

/// A VPC, as the configuration names it. A block may be any that is not one, so only two of a kind can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vpc<'a> {
    Block(&'a Address),
    Id(&'a str),
}

impl fmt::Display for Vpc<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Vpc::Block(address) => address.fmt(to),
            Vpc::Id(id) => id.fmt(to),
        }
    }
}

impl Vpc<'_> {
    fn is_another(self, other: Vpc<'_>) -> bool {
        match (self, other) {
            (Vpc::Block(one), Vpc::Block(other)) => one != other,
            (Vpc::Id(one), Vpc::Id(other)) => one != other,
            _ => false,
        }
    }
}

/// Everything that is joined stands in one VPC.
pub(super) fn check(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    for resource in resources.values() {
        let Some((own, first)) = of_resource(resource, resources, DEPTH) else {
            continue;
        };
        let mut named = Vec::new();
        ids(
            resource.resource_type.attributes,
            &resource.attributes,
            "",
            &mut named,
        );
        for (path, value) in named.iter().filter(|(path, _)| path != first) {
            let Some(other) = of_value(value, resources, DEPTH).filter(|other| own.is_another(*other)) else {
                continue;
            };
            let what = match value {
                Value::Reference(to) => to.address.to_string(),
                value => value.as_str().unwrap_or_default().to_owned(),
            };
            let before = place_of(resource, first);
            let diagnostic = Diagnostic::error(
                codes::TWO_NETWORKS,
                format!("{} is in {own}, {what} in {other}", resource.address),
            )
            .at(before.clone(), format!("in {own}"))
            .help("what is joined stands in one VPC")
            .about(&resource.address);
            report.say_at(place_of(resource, path), "", "vpcs", diagnostic);
        }
    }
}

/// The VPC of a resource, and the attribute that says it: the first that names one thing, not several.
fn of_resource<'a>(
    resource: &'a Resource,
    resources: &'a BTreeMap<Address, Resource>,
    depth: usize,
) -> Option<(Vpc<'a>, &'static str)> {
    let attributes = resource.resource_type.attributes.iter();
    let mut single = attributes.filter(|attribute| matches!(attribute.kind, Kind::Id(_) | Kind::IdOf(_)));
    single.find_map(|attribute| {
        let value = resource.attributes.get(attribute.name)?;
        let is_vpc = matches!(attribute.kind, Kind::Id(of) if of == VPC);
        let found = match value {
            Value::String(id) if is_vpc => Some(Vpc::Id(id)),
            value => of_value(value, resources, depth),
        };
        Some((found?, attribute.name))
    })
}

/// The VPC of what a value names.
fn of_value<'a>(
    value: &'a Value,
    resources: &'a BTreeMap<Address, Resource>,
    depth: usize,
) -> Option<Vpc<'a>> {
    let Value::Reference(to) = value else { return None };
    // What comes with a VPC, its own route table, is in it.
    if to.address.type_name() == VPC {
        return Some(Vpc::Block(&to.address));
    }
    let depth = depth.checked_sub(1)?;
    of_resource(resources.get(&to.address)?, resources, depth).map(|(vpc, _)| vpc)
}

/// All that is named by its id, with the path at which it stands.
fn ids<'a>(
    table: &'static [Attribute],
    attributes: &'a Attributes,
    within: &str,
    found: &mut Vec<(String, &'a Value)>,
) {
    for attribute in table {
        let Some(value) = attributes.get(attribute.name) else {
            continue;
        };
        let path = format!("{within}{}", attribute.name);
        match (&attribute.kind, value) {
            (Kind::Id(_) | Kind::IdOf(_), value) => found.push((path, value)),
            (Kind::IdSet(_), Value::List(items)) => {
                let items = items.iter().enumerate();
                found.extend(items.map(|(index, item)| (format!("{path}[{index}]"), item)));
            }
            (Kind::Table(nested), Value::Map(inside)) => ids(nested, inside, &format!("{path}."), found),
            (Kind::TableSet(nested), Value::List(members)) => {
                for (index, member) in members.iter().enumerate() {
                    if let Value::Map(member) = member {
                        ids(nested, member, &format!("{path}[{index}]."), found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The place of a path, or of what it stands in.
fn place_of<'a>(resource: &'a Resource, path: &str) -> &'a Location {
    let member = path.rsplit_once('.').map_or(path, |(member, _)| member);
    let top = path.split(['.', '[']).next().unwrap_or(path);
    let places = &resource.locations;
    let mut found = [path, member, top]
        .into_iter()
        .filter_map(|path| places.get(path));
    found.next().unwrap_or(&resource.location)
}
