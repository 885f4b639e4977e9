//! What the vendor's published tables say about types of servers: which there are, and which disks they take. They are
//! those that the simulator's catalogue has, of a month that is told: what is new since then is no mistake.
//!
//! Does not know what is in stock where: the catalogue makes that up, and `plan` asks the account.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::report::Report;
use super::{Resource, suggest, words};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::value::Value;

const TYPE: &str = "instance_type";
const CATEGORY: &str = "category";
/// That of a disk that is no part of a server.
const CATEGORY_OF_ITS_OWN: &str = "disk_category";

/// What is read of the dated file; it is compiled in, and the simulator's tests hold it against the contract.
#[derive(Debug, Deserialize)]
struct Published {
    as_of: &'static str,
    families: Vec<Family>,
}

#[derive(Debug, Deserialize)]
struct Family {
    id: &'static str,
    disk_categories: Vec<&'static str>,
    types: Vec<Type>,
}

#[derive(Debug, Deserialize)]
struct Type {
    id: &'static str,
}

impl Published {
    fn types(&self) -> impl Iterator<Item = (&Family, &'static str)> {
        let families = self.families.iter();
        families.flat_map(|family| family.types.iter().map(move |one| (family, one.id)))
    }

    fn family_of(&self, instance_type: &str) -> Option<&Family> {
        let mut types = self.types();
        types
            .find(|(_, id)| *id == instance_type)
            .map(|(family, _)| family)
    }
}

static PUBLISHED: LazyLock<Option<Published>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../sim/catalogue/2026-11.json")).ok());

/// Every type is one of those that are published, and every disk of a server one that its type takes; else a warning.
pub(super) fn check(resources: &BTreeMap<Address, Resource>, report: &mut Report) {
    // Copies of a block have one type.
    let mut families: BTreeMap<&str, Option<&Family>> = BTreeMap::new();
    for resource in resources.values() {
        let wanted = resource.attributes.get(TYPE).and_then(Value::as_str);
        // What has another form has been complained about.
        let Some(wanted) = wanted.filter(|wanted| wanted.starts_with("ecs.")) else {
            continue;
        };
        let Some(published) = PUBLISHED.as_ref() else {
            return;
        };
        let family = families
            .entry(wanted)
            .or_insert_with(|| published.family_of(wanted));
        match *family {
            Some(family) => disks(resource, wanted, family, published, report),
            None => unknown(resource, wanted, published, report),
        }
    }
    for disk in resources.values() {
        joined(disk, resources, &families, report);
    }
}

/// A disk of its own is one that the type of its server takes.
fn joined(
    disk: &Resource,
    resources: &BTreeMap<Address, Resource>,
    families: &BTreeMap<&str, Option<&Family>>,
    report: &mut Report,
) {
    let Some(category) = disk.attributes.get(CATEGORY_OF_ITS_OWN).and_then(Value::as_str) else {
        return;
    };
    for relation in disk.resource_type.relations {
        let Some(Value::Reference(to)) = disk.attributes.get(relation.attribute) else {
            continue;
        };
        let server = resources.get(&to.address);
        let wanted = server.and_then(|server| server.attributes.get(TYPE)?.as_str());
        let family = wanted.and_then(|wanted| *families.get(wanted)?);
        if let (Some(wanted), Some(family), Some(published)) = (wanted, family, PUBLISHED.as_ref()) {
            taken(
                disk,
                CATEGORY_OF_ITS_OWN,
                category,
                (wanted, family),
                published,
                report,
            );
        }
    }
}

/// A disk is of a category that the type takes; else a warning.
fn taken(
    resource: &Resource,
    path: &str,
    category: &str,
    (wanted, family): (&str, &Family),
    published: &Published,
    report: &mut Report,
) {
    if family.disk_categories.contains(&category) {
        return;
    }
    let taken = words::join(family.disk_categories.iter().copied());
    let diagnostic = Diagnostic::warning(
        codes::DISK_NOT_TAKEN,
        format!("{wanted} takes no disk of category {category}"),
    )
    .note(format!("as of {}, {} takes {taken}", published.as_of, family.id))
    .about(&resource.address);
    report.say_at(place_of(resource, path), "", "disk", diagnostic);
}

fn place_of<'a>(resource: &'a Resource, path: &str) -> &'a Location {
    let top = path.split(['.', '[']).next().unwrap_or(path);
    let places = &resource.locations;
    places
        .get(path)
        .or_else(|| places.get(top))
        .unwrap_or(&resource.location)
}

fn unknown(resource: &Resource, wanted: &str, published: &Published, report: &mut Report) {
    let (shown, month) = (words::shorten(wanted), published.as_of);
    let at = place_of(resource, TYPE);
    let family = published
        .families
        .iter()
        .filter(|family| {
            wanted
                .strip_prefix(family.id)
                .is_some_and(|rest| rest.starts_with(['.', '-']))
        })
        .max_by_key(|family| family.id.len());
    let guess = match family {
        Some(family) => suggest::guess(wanted, family.types.iter().map(|one| one.id)),
        None => suggest::guess(wanted, published.types().map(|(_, id)| id)),
    };
    let mut diagnostic = Diagnostic::warning(
        codes::NEW_TYPE,
        format!("{shown} is not among the types of {month}"),
    )
    .note("if it is newer or one that only some accounts have, this is no mistake")
    .about(&resource.address);
    let mut label = String::new();
    if let Some(guess) = guess {
        label = format!("did you mean {}?", guess.name);
        if guess.is_sure() {
            diagnostic = diagnostic.fix(at.clone(), format!("\"{}\"", guess.name));
        }
    } else if let Some(family) = family {
        let all: Vec<&str> = family.types.iter().map(|one| one.id).collect();
        diagnostic = diagnostic.help(format!("of {} {}", family.id, words::there_are(all)));
    }
    report.say_at(at, label, "type", diagnostic);
}

fn disks(resource: &Resource, wanted: &str, family: &Family, published: &Published, report: &mut Report) {
    let category = |disk: &Value| disk.as_map()?.get(CATEGORY)?.as_str().map(str::to_owned);
    let mut found: Vec<(String, String)> = Vec::new();
    if let Some(category) = resource.attributes.get("system_disk").and_then(category) {
        found.push(("system_disk.category".to_owned(), category));
    }
    if let Some(Value::List(disks)) = resource.attributes.get("data_disks") {
        let disks = disks.iter().enumerate();
        found.extend(
            disks.filter_map(|(index, disk)| {
                Some((format!("data_disks[{index}].{CATEGORY}"), category(disk)?))
            }),
        );
    }
    for (path, category) in found {
        taken(resource, &path, &category, (wanted, family), published, report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_tables_can_be_read() {
        let published = PUBLISHED.as_ref().unwrap();
        assert!(published.types().count() > 700);
        let takes = |id: &str| published.family_of(id).map(|family| family.disk_categories.len());
        assert!(takes("ecs.g7.large") > Some(3));
        assert_eq!(takes("ecs.g7.larg"), None);
    }
}
