//! The members of a resource's sets, rule by rule: each by itself, and all of them together.
//!
//! Does not know resource types: what a member may be is said by the tables.

use std::collections::BTreeMap;

use super::Resource;
use super::report::Report;
use super::words::join;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::types::{Complaint, Part};
use crate::value::{AttributeName, Attributes, Value};

/// Every member may be there, none is there twice, and there are no more than there may be.
pub(super) fn check(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    for resource in resources.values() {
        let mut totals: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for part in resource.resource_type.parts {
            let Some(Value::List(listed)) = resource.attributes.get(part.attribute) else {
                continue;
            };
            let members: Vec<Attributes> = listed
                .iter()
                .map(|member| in_normal_form(resource, part, member))
                .collect();
            for (position, member) in members.iter().enumerate() {
                alone(resource, part, position, member, report);
            }
            twice(resource, part, &members, report);
            // Rules of both directions count together.
            let what = part.noun.rsplit(' ').next().unwrap_or_default();
            let total = totals.entry((part.limit, what)).or_default();
            *total += members.len();
            too_many(resource, part, members.len(), *total, report);
        }
    }
}

/// As it is compared with what there is, by itself.
fn in_normal_form(resource: &Resource, part: &Part, member: &Value) -> Attributes {
    let mut alone = Attributes::from([(part.attribute.to_owned(), Value::List(vec![member.clone()]))]);
    (resource.resource_type.normalise)(&mut alone);
    part.members(&alone)
        .first()
        .map_or_else(Attributes::new, |member| (*member).clone())
}

/// Where a member stands, or one of its keys.
fn place<'a>(resource: &'a Resource, part: &Part, position: usize, key: &str) -> &'a Location {
    let member = format!("{}[{position}]", part.attribute);
    let keyed = (!key.is_empty()).then(|| resource.locations.get(&format!("{member}.{key}")));
    keyed
        .flatten()
        .or_else(|| resource.locations.get(&member))
        .or_else(|| resource.locations.get(part.attribute))
        .unwrap_or(&resource.location)
}

fn alone(resource: &Resource, part: &Part, position: usize, member: &Attributes, report: &mut Report) {
    for complaint in (resource.resource_type.member_rule)(part.attribute, member) {
        let place = place(resource, part, position, complaint.attribute);
        let diagnostic = of_complaint(complaint).about(&resource.address);
        report.say_at(place, "", "member", diagnostic);
    }
}

/// A complaint as it is told.
pub(super) fn of_complaint(complaint: Complaint) -> Diagnostic {
    let mut diagnostic = if complaint.code.is_warning() {
        Diagnostic::warning(complaint.code, complaint.message)
    } else {
        Diagnostic::error(complaint.code, complaint.message)
    };
    for line in complaint.help.lines() {
        diagnostic = diagnostic.help(line);
    }
    diagnostic
}

fn twice(resource: &Resource, part: &Part, members: &[Attributes], report: &mut Report) {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (position, member) in members.iter().enumerate() {
        let before = *first.entry(part.identity(member)).or_insert(position);
        if before == position {
            continue;
        }
        let noun = part.noun;
        let other = &members[before];
        let differing: Vec<&str> = member
            .keys()
            .chain(other.keys())
            .map(AttributeName::as_str)
            .filter(|key| member.get(*key) != other.get(*key) && !part.key.contains(key))
            .collect();
        let mut differing = differing;
        differing.sort_unstable();
        differing.dedup();
        let message = if differing.is_empty() {
            format!("this {noun} stands here twice")
        } else {
            format!(
                "these are one {noun} for the API: they differ in {} only",
                join(differing.iter().copied())
            )
        };
        let diagnostic = Diagnostic::error(codes::TWICE, message)
            .at(place(resource, part, before, "").clone(), "first here")
            .help("take one of them out")
            .about(&resource.address);
        report.say_at(
            place(resource, part, position, ""),
            "again here",
            "twice",
            diagnostic,
        );
    }
}

/// The limit of a set is one of all sets of the resource that have the same.
fn too_many(resource: &Resource, part: &Part, count: usize, total: usize, report: &mut Report) {
    let (limit, noun) = (part.limit, part.noun);
    if count.max(total) <= limit {
        return;
    }
    let what = if count > limit {
        format!(
            "there may be {limit} of {noun} in a {}, these are {count}",
            resource.resource_type.name
        )
    } else {
        format!(
            "a {} may have {limit} rules in both directions together, these are {total}",
            resource.resource_type.name
        )
    };
    let diagnostic = Diagnostic::error(codes::OUT_OF_RANGE, what)
        .help("put some of them into another group, or several ports into one range")
        .about(&resource.address);
    let position = limit.saturating_sub(total - count).min(count.saturating_sub(1));
    report.say_at(place(resource, part, position, ""), "", "limit", diagnostic);
}
