//! What a block says in `lifecycle` about one that exists: what is left as it is, what makes it anew, and which of two
//! comes first.
//!
//! Does not know whether anything differs.

use std::collections::BTreeSet;

use super::super::context::Context;
use super::super::diff::Differences;
use super::Wanted;
use crate::config;
use crate::diagnostic::{Diagnostic, codes};
use crate::live::Observed;
use crate::types::{Kind, Replacement};
use crate::value::{Attributes, Value};

impl Wanted<'_> {
    /// The same for one that is there and stays: what the block ignores is as it is.
    pub(in crate::plan) fn if_it_stays(mut self, observed: &Observed) -> Self {
        for path in &self.resource.lifecycle.ignore_changes {
            leave_alone(self.resource, &mut self.attributes, observed, path);
        }
        self
    }
}

fn leave_alone(resource: &config::Resource, attributes: &mut Attributes, observed: &Observed, path: &str) {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let Some(attribute) = resource.resource_type.attribute(name) else {
        return;
    };
    // What nobody manages is left alone anyway; what only the state remembers cannot be seen.
    if !attributes.contains_key(name) || attribute.remembered {
        attributes.remove(name);
        return;
    }
    let seen = observed.attributes.get(name);
    match (rest, attributes.get_mut(name)) {
        (Some(key), Some(Value::Map(wanted))) if matches!(attribute.kind, Kind::Tags | Kind::Table(_)) => {
            match seen.and_then(|seen| seen.as_map()?.get(key)) {
                Some(seen) => wanted.insert(key.to_owned(), seen.clone()),
                None => wanted.remove(key),
            };
        }
        _ => match seen {
            Some(seen) => {
                attributes.insert(name.to_owned(), seen.clone());
            }
            None => {
                attributes.remove(name);
            }
        },
    }
}

/// Why it is made anew although nothing forces that, a line each; what differs and is named there is marked.
pub(super) fn triggers(
    context: &Context<'_>,
    resource: &config::Resource,
    differences: &mut Differences,
) -> Vec<String> {
    let rules = &resource.lifecycle;
    let mut reasons = Vec::new();
    for difference in &mut differences.found {
        let path = &difference.change.path;
        let top = path.split('.').next().unwrap_or(path);
        if rules.replace_on.contains(path) || rules.replace_on.contains(top) {
            difference.change.forces_replacement = true;
            reasons.push(format!("{path} changes, and lifecycle.replace_on names it"));
        }
    }
    for address in &rules.replace_on_resources {
        if context.is_changed(address) {
            reasons.push(format!("{address} changes, and lifecycle.replace_on names it"));
        }
    }
    if context.inputs.selection.replaces(&resource.address) {
        reasons.push("it was asked for (--replace)".to_owned());
    }
    reasons
}

/// Which half comes first; an error says what is in the way of what the block wants.
pub(super) fn order(
    context: &Context<'_>,
    resource: &config::Resource,
    wanted: &Attributes,
    observed: &Observed,
) -> Result<Replacement, Box<Diagnostic>> {
    // That it is only to be made after the other does not keep the old one from staying until then.
    let mut named = BTreeSet::new();
    let values = resource.attributes.values();
    values.for_each(|value| value.references(&mut named));
    let held_up = context.needs(&resource.address).find(|needed| {
        context.replaced(needed) == Some(Replacement::DeleteFirst)
            && (named.iter().any(|reference| reference.address == **needed)
                || context.holds(&resource.address, needed))
    });
    // What has the same name is in the way of its successor.
    let is_same = resource.resource_type.own_id(wanted).as_deref() == Some(observed.id.as_str());
    let in_the_way = match resource.lifecycle.create_before_destroy {
        None if held_up.is_some() || is_same => return Ok(Replacement::DeleteFirst),
        None => return Ok(resource.resource_type.replacement),
        Some(false) => return Ok(Replacement::DeleteFirst),
        Some(true) => match held_up {
            Some(needed) => Some((
                format!("{needed}, which it needs, is deleted before it is made anew"),
                format!("let {needed} have create_before_destroy as well"),
            )),
            None if is_same => Some((
                format!("its name is {}, and so is that of the old one", observed.id),
                "give the new one another name, or leave create_before_destroy out".to_owned(),
            )),
            None => taken(resource, wanted, observed).map(|what| {
                let way_out = "give the new one another one, or leave create_before_destroy out".to_owned();
                (what, way_out)
            }),
        },
    };
    let Some((what, way_out)) = in_the_way else {
        return Ok(Replacement::CreateFirst);
    };
    let message = format!(
        "{} cannot be made before the old one is deleted: {what}",
        resource.address
    );
    Err(Box::new(
        Diagnostic::error(codes::NOT_SIDE_BY_SIDE, message)
            .at(resource.location.clone(), "it has create_before_destroy")
            .help(way_out)
            .about(&resource.address),
    ))
}

/// What the old one has that only one can have, in words.
fn taken(resource: &config::Resource, wanted: &Attributes, observed: &Observed) -> Option<String> {
    let contention = &resource.resource_type.contention;
    let place = |attributes| (contention.place)(attributes);
    let (new, old) = (place(wanted)?, place(&observed.attributes)?);
    if new != old || !(contention.excludes)(wanted, &observed.attributes) {
        return None;
    }
    let same: Vec<String> = ["private_ip", "cidr_block", "name"]
        .into_iter()
        .filter_map(|name| Some(format!("{name} {}", wanted.get(name)?.as_str()?)))
        .take(1)
        .collect();
    Some(match same.first() {
        Some(same) => format!("{same} is taken by {}", observed.id),
        None => format!("{} has what only one can have", observed.id),
    })
}
