//! From a plan to what it reaches: its changes, what its steps work on besides, and what stands one step from either.
//!
//! A plan file holds no configuration: what needs what is read from what was there, from the changes and from the tasks.
//! Does not know how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::blast::{Lot, Reach, Reached};
use super::document::Document;
use crate::address::Address;
use crate::change::Fate;
use crate::live::Observed;
use crate::plan::Plan;
use crate::types::{self, Attribute, Kind};
use crate::value::{Reference, Value};

/// Who needs whom.
type Needs = BTreeMap<Address, BTreeSet<Address>>;

/// What the plan reaches; empty if it changes nothing.
pub(crate) fn of_plan(document: &Document<'_>) -> Reach {
    let needs = needs(document.plan, document.before, document.tasks);
    let mut reach = Reach::new();
    // A tag of infra's own reaches nobody.
    let changes = document.plan.shown().filter(|change| change.fate != Fate::Tag);
    for change in changes {
        reach.insert(
            change.address.clone(),
            reached(Lot::Changes(change.fate), &needs, &change.address),
        );
    }
    for address in worked_on(document.tasks) {
        reach
            .entry(address.clone())
            .or_insert_with(|| reached(Lot::Touched, &needs, &address));
    }
    let is_there: BTreeSet<&Address> = document
        .plan
        .changes
        .iter()
        .map(|change| &change.address)
        .collect();
    let changing: BTreeSet<Address> = reach.keys().cloned().collect();
    for (address, needed) in &needs {
        let beside: Vec<&Address> = if changing.contains(address) {
            needed.iter().collect()
        } else if needed.iter().any(|one| changing.contains(one)) {
            vec![address]
        } else {
            Vec::new()
        };
        for one in beside.into_iter().filter(|one| is_there.contains(*one)) {
            reach
                .entry(one.clone())
                .or_insert_with(|| reached(Lot::Stays, &needs, one));
        }
    }
    reach
}

fn reached(lot: Lot, needs: &Needs, address: &Address) -> Reached {
    Reached {
        lot,
        needs: needs.get(address).cloned().unwrap_or_default(),
    }
}

/// What tasks do something to in the cloud.
fn worked_on(tasks: &Json) -> BTreeSet<Address> {
    let tasks = tasks.as_array().into_iter().flatten();
    tasks
        .filter(|task| task["steps"].as_array().is_some_and(|steps| !steps.is_empty()))
        .filter_map(address_of)
        .collect()
}

/// Whose task it is: `vpc.main`, `vpc.main (new)` or `vpc.main (old vpc-1)`.
fn address_of(task: &Json) -> Option<Address> {
    let object = task["object"].as_str()?;
    let bare = object.rsplit_once(" (").map_or(object, |(bare, _)| bare);
    object.parse().or_else(|_| bare.parse()).ok()
}

fn needs(plan: &Plan, before: &BTreeMap<Address, Observed>, tasks: &Json) -> Needs {
    let mut by_id: BTreeMap<(&str, &str), &Address> = BTreeMap::new();
    for (address, observed) in before {
        by_id.insert((address.type_name(), &observed.id), address);
    }
    let mut needs = Needs::new();
    let mut add = |from: &Address, to: &Address| {
        if from != to {
            needs.entry(from.clone()).or_default().insert(to.clone());
        }
    };
    for (address, observed) in before {
        for (name, value) in &observed.attributes {
            for partner in partners(address, name, value, &by_id) {
                add(address, partner);
            }
        }
    }
    for change in plan.changes.iter().filter(|change| change.fate != Fate::LeftOut) {
        for one in &change.attributes {
            let top = one.path.split('.').next().unwrap_or_default();
            for value in [&one.before, &one.after].into_iter().flatten() {
                for partner in partners(&change.address, top, value, &by_id) {
                    add(&change.address, partner);
                }
                let mut references: BTreeSet<&Reference> = BTreeSet::new();
                value.references(&mut references);
                for reference in references {
                    add(&change.address, &reference.address);
                }
            }
        }
    }
    for task in tasks.as_array().into_iter().flatten() {
        if let Some(address) = address_of(task) {
            named(task, &mut |needed| add(&address, &needed));
        }
    }
    needs
}

/// The resources whose ids stand in an attribute.
fn partners<'a>(
    address: &Address,
    name: &str,
    value: &Value,
    by_id: &BTreeMap<(&str, &str), &'a Address>,
) -> Vec<&'a Address> {
    let attribute = types::find(address.type_name()).and_then(|one| one.attribute(name));
    let mut found = Vec::new();
    if let Some(attribute) = attribute.filter(|attribute| !attribute.computed) {
        walk(attribute, value, &mut |type_name, id| {
            found.extend(by_id.get(&(type_name, id)).copied());
        });
    }
    found
}

/// Every id in a value, with the type that it may be of.
fn walk(attribute: &Attribute, value: &Value, found: &mut dyn FnMut(&str, &str)) {
    let texts = |value: &Value, types: &[&str], found: &mut dyn FnMut(&str, &str)| {
        for one in types {
            match value {
                Value::String(id) => found(one, id),
                Value::List(ids) => ids.iter().filter_map(Value::as_str).for_each(|id| found(one, id)),
                _ => {}
            }
        }
    };
    let table = |value: &Value, keys: &[Attribute], found: &mut dyn FnMut(&str, &str)| {
        for key in keys {
            if let Some(inner) = value.as_map().and_then(|map| map.get(key.name)) {
                walk(key, inner, found);
            }
        }
    };
    match attribute.kind {
        Kind::Id(one) | Kind::IdSet(one) => texts(value, &[one], found),
        Kind::IdOf(types) => texts(value, types, found),
        Kind::Table(keys) => table(value, keys, found),
        Kind::TableSet(keys) => match value {
            Value::List(members) => members.iter().for_each(|member| table(member, keys, found)),
            one => table(one, keys, found),
        },
        _ => {}
    }
}

/// The addresses that a told task names: by reference, and as what the resource depends on.
fn named(json: &Json, found: &mut dyn FnMut(Address)) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| named(item, found)),
        Json::Object(map) => {
            for (key, inner) in map {
                let texts: Vec<&Json> = match key.as_str() {
                    "$reference" => vec![&inner["address"]],
                    "dependencies" => inner.as_array().into_iter().flatten().collect(),
                    _ => Vec::new(),
                };
                for address in texts.into_iter().filter_map(|text| text.as_str()?.parse().ok()) {
                    found(address);
                }
                named(inner, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing;
    use super::*;
    use crate::value::Attributes;

    fn observed(id: &str, attributes: &[(&str, Value)]) -> Observed {
        Observed {
            id: id.to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect::<Attributes>(),
            ..Observed::default()
        }
    }

    fn reach(fates: &[(&str, Fate)], before: &[(&str, Observed)], tasks: &Json) -> Vec<String> {
        let plan = Plan {
            changes: fates
                .iter()
                .map(|(of, fate)| testing::change(*fate, of))
                .collect(),
            ..Plan::default()
        };
        let before = before
            .iter()
            .map(|(of, observed)| (testing::address(of), observed.clone()))
            .collect();
        let reach = of_plan(&Document {
            plan: &plan,
            header: &testing::header(),
            before: &before,
            made_at: "",
            tasks,
        });
        let told = |(address, reached): (&Address, &Reached)| {
            let needs: Vec<String> = reached.needs.iter().map(ToString::to_string).collect();
            format!("{address} {} [{}]", reached.lot.word(), needs.join(" "))
        };
        reach.iter().map(told).collect()
    }

    const REPLACE: Fate = Fate::Replace { create_first: false };

    #[test]
    fn one_step_from_a_change_and_no_further() {
        let before = [
            ("vpc.main", observed("vpc-1", &[])),
            ("vswitch.a", observed("vsw-1", &[("vpc_id", "vpc-1".into())])),
            (
                "security_group.web",
                observed("sg-1", &[("vpc_id", "vpc-1".into())]),
            ),
            (
                "instance.web",
                observed(
                    "i-1",
                    &[
                        ("vswitch_id", "vsw-1".into()),
                        ("security_group_ids", Value::List(vec!["sg-1".into()])),
                        // The name of something else is no need of it.
                        ("name", "vpc-1".into()),
                    ],
                ),
            ),
        ];
        let fates = [
            ("vpc.main", Fate::Keep),
            ("vswitch.a", Fate::Keep),
            ("security_group.web", Fate::Keep),
            ("instance.web", REPLACE),
        ];
        assert_eq!(
            reach(&fates, &before, &Json::Null),
            [
                "instance.web replace [security_group.web vswitch.a]",
                "security_group.web stays [vpc.main]",
                "vswitch.a stays [vpc.main]",
            ]
        );
        // From the other side it is what needs it.
        let fates = [("security_group.web", Fate::Update), ("instance.web", Fate::Keep)];
        assert_eq!(
            reach(&fates, &before, &Json::Null),
            [
                "instance.web stays [security_group.web vswitch.a]",
                "security_group.web update [vpc.main]",
            ]
        );
        assert!(reach(&[("vpc.main", Fate::Keep)], &before, &Json::Null).is_empty());
    }

    #[test]
    fn what_a_step_works_on_is_touched_and_what_is_new_has_needs() {
        let tasks = json!([
            { "object": "disk.data (old d-1)", "phase": "let_go", "steps": [{ "name": "detach" }] },
            { "object": "vpc.noted", "phase": "note" },
            {
                "object": "eip.front (new)",
                "phase": "make",
                "steps": [{ "does": { "params": { "x": { "$reference": { "address": "instance.web", "attribute": "id" } } } } }],
                "then": [{ "put": { "resource": { "dependencies": ["vpc.main"] } } }],
            },
        ]);
        let fates = [
            ("disk.data", Fate::Keep),
            ("eip.front", Fate::Create),
            ("instance.web", Fate::Keep),
            ("vpc.main", Fate::Keep),
            ("vpc.noted", Fate::Note),
        ];
        assert_eq!(
            reach(&fates, &[], &tasks),
            [
                "disk.data touched []",
                "eip.front create [instance.web vpc.main]",
                "instance.web stays []",
                "vpc.main stays []",
            ]
        );
    }
}
