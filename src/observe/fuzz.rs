//! Items of answers that have fields of any kind, or none.
//!
//! `INFRA_FUZZ_CASES` sets how many cases are tried.

use serde_json::{Value as Json, json};

use std::collections::BTreeSet;

use super::read::Observing;
use crate::cloud::Decode as _;
use crate::env::chance::{Chance, fuzz_cases};
use crate::types::Kind;
use crate::types::{Identity, REGISTRY, ResourceType};

/// A value of any kind in place of one that was expected.
fn strange(chance: &mut Chance) -> Json {
    match chance.below(10) {
        0 => Json::Null,
        1 => json!(true),
        2 => json!(chance.next()),
        3 => json!(-1),
        4 => json!(1e308),
        5 => json!(""),
        6 => json!("\u{1b}[31m\u{0}\u{202e}"),
        7 => json!([]),
        8 => json!({}),
        _ => json!([[{"a": null}], "x", 1]),
    }
}

/// Replaces, removes or doubles something somewhere below.
fn disturb(chance: &mut Chance, value: &mut Json) {
    if chance.below(5) == 0 {
        *value = strange(chance);
        return;
    }
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(chance.index(fields.len())).unwrap().clone();
            if chance.below(6) == 0 {
                fields.remove(&name);
            } else {
                disturb(chance, &mut fields[&name]);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            let at = chance.index(items.len());
            if chance.below(6) == 0 {
                let item = items[at].clone();
                items.push(item);
            } else {
                disturb(chance, &mut items[at]);
            }
        }
        _ => *value = strange(chance),
    }
}

/// An item with a value wherever the table looks for one.
fn item(resource_type: &'static ResourceType) -> Json {
    let reading = &resource_type.read;
    let mut item = json!({
        reading.id_field: "1",
        "Tags": {"Tag": [
            {"TagKey": "infra:addr", "TagValue": "x.y", "Key": "infra:addr", "Value": "x.y"},
            {"TagKey": "team", "TagValue": "a", "Key": "team", "Value": "a"},
        ]},
    });
    for attribute in resource_type.attributes {
        let paths = attribute.field_path().unwrap_or_default();
        for path in paths.split('|').filter(|path| !path.is_empty()) {
            let mut place = &mut item;
            for name in path.split('.') {
                if !place.is_object() {
                    *place = json!({});
                }
                place = &mut place[name];
            }
            *place = match attribute.kind {
                Kind::IdSet(_) => json!(["a", "b"]),
                _ => json!("1"),
            };
        }
    }
    item
}

#[test]
fn any_item_is_read_or_damaged() {
    let chance = &mut Chance::new(33);
    let cases = fuzz_cases(3_000);
    let whole: Vec<Json> = REGISTRY.iter().map(|one| item(one)).collect();
    let (mut read, mut damaged) = (0, 0);
    for case in 0..cases {
        let kind = chance.index(REGISTRY.len());
        let mut item = whole[kind].clone();
        for _ in 0..=chance.below(4) {
            disturb(chance, &mut item);
        }
        let id = match &item[REGISTRY[kind].read.id_field] {
            Json::String(text) => text.clone(),
            // A name may be any text, and what is no whole number is read as one.
            Json::Number(number) if number.as_i64().is_none() => number.to_string(),
            _ => String::new(),
        };
        let tells_id = !matches!(REGISTRY[kind].identity, Identity::Joined { .. });
        let asked = BTreeSet::from(["1"]);
        let text = item.to_string();
        let mut from = serde_json::Deserializer::from_str(&text);
        let observed = Observing::new(REGISTRY[kind], &asked).item(&mut from);
        // Something without an id must not be taken for a resource, and nothing is passed over in silence.
        if let Ok((read_id, one)) = &observed {
            let fits = if tells_id {
                *read_id == id
            } else {
                !read_id.is_empty()
            };
            assert!(fits && one.id == *read_id, "case {case}: {item}");
        }
        read += u64::from(observed.is_ok());
        damaged += u64::from(observed.is_err());
    }
    assert!(damaged > 0);
    assert!(read > cases / 10, "only {read} of {cases} were read");
    println!("figure: fuzz: items: {cases} cases, {read} read, {damaged} damaged");
}
