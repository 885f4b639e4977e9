//! Which of those that match is meant: exactly one, unless the question says how to take one of several, or wants all.
//!
//! Does not know how they were read.

use std::cmp::Ordering;

use super::Question;
use super::kind::Pick;
use crate::types::Kind;
use crate::value::{Attributes, Value};

/// How many of what there is are named.
const NAMED_MAX: usize = 10;

/// Why nothing was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Miss {
    /// How many match.
    pub(crate) matching: usize,
    /// Those that match, or what there is if none does; a few of them.
    pub(crate) named: Vec<String>,
    /// How many more there are than are named.
    pub(crate) more: usize,
}

/// What a question gets: the one that is meant, or all that match as a list. `listed` is what there is at all.
pub(crate) fn choose(
    question: &Question,
    mut matching: Vec<Attributes>,
    listed: &[Attributes],
) -> Result<Value, Miss> {
    sort(question, &mut matching);
    let shown = |one: Attributes| Value::Map(shown(question, one));
    if question.is_many() {
        return Ok(Value::List(matching.into_iter().map(shown).collect()));
    }
    let takes_first = match question.kind.pick {
        Pick::MostRecent => question.keys.get("most_recent") == Some(&true.into()),
        Pick::Cheapest => question.keys.contains_key("sort_by"),
        Pick::Only | Pick::Here => false,
    };
    match matching.len() {
        0 => Err(miss(question, 0, listed)),
        1 => Ok(shown(matching.swap_remove(0))),
        _ if takes_first => Ok(shown(matching.swap_remove(0))),
        count => Err(miss(question, count, &matching)),
    }
}

/// What references can name: all of it, a text that the cloud leaves out as an empty one.
fn shown(question: &Question, mut one: Attributes) -> Attributes {
    question
        .kind
        .attributes()
        .filter_map(|attribute| {
            let is_text = matches!(
                attribute.kind,
                Kind::String | Kind::Form(_) | Kind::Id(_) | Kind::Enum(_) | Kind::Cidr
            );
            let missing = || is_text.then(|| Value::from(""));
            let value = one.remove(attribute.name).or_else(missing)?;
            Some((attribute.name.to_owned(), value))
        })
        .collect()
}

/// One order, so that the same list gives the same choice: what was made last first, or by price or size, and then by
/// id.
fn sort(question: &Question, found: &mut [Attributes]) {
    let text = |one: &Attributes, name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |one: &Attributes, name: &str| one.get(name).and_then(Value::as_integer).unwrap_or(i64::MAX);
    let by_price = question.keys.get("sort_by").and_then(Value::as_str) == Some("price");
    let size = |one: &Attributes| (number(one, "cpu"), number(one, "memory"));
    found.sort_by(|left, right| {
        let order = match question.kind.pick {
            Pick::MostRecent => text(right, "creation_time").cmp(&text(left, "creation_time")),
            Pick::Cheapest if by_price => price(left)
                .total_cmp(&price(right))
                .then_with(|| size(left).cmp(&size(right))),
            Pick::Cheapest => size(left).cmp(&size(right)),
            Pick::Only | Pick::Here => Ordering::Equal,
        };
        order.then_with(|| text(left, "id").cmp(&text(right, "id")))
    });
}

/// The price of an hour; one that is not known comes last.
fn price(one: &Attributes) -> f64 {
    let price = one.get("price").and_then(Value::as_str);
    price.and_then(|text| text.parse().ok()).unwrap_or(f64::INFINITY)
}

fn miss(question: &Question, matching: usize, found: &[Attributes]) -> Miss {
    let mut names: Vec<String> = found.iter().map(|one| name_of(question, one)).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    Miss {
        matching,
        named: names,
        more,
    }
}

/// One of several, for people: its id and what tells it from others.
fn name_of(question: &Question, one: &Attributes) -> String {
    let text = |name: &str| one.get(name).and_then(Value::to_text).unwrap_or_default();
    let (id, title) = (text("id"), text(question.kind.title));
    if title.is_empty() || title == id {
        id
    } else {
        format!("{id} ({title})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::data::{find, keep};

    fn one(pairs: &[(&str, &str)]) -> Attributes {
        pairs
            .iter()
            .map(|(name, text)| {
                let value = text
                    .parse::<i64>()
                    .map_or_else(|_| Value::from(*text), Value::Integer);
                ((*name).to_owned(), value)
            })
            .collect()
    }

    fn ask(kind: &str, keys: Attributes) -> Question {
        Question {
            address: Address::new(kind, "x"),
            kind: find(kind).unwrap(),
            keys,
        }
    }

    fn answer(question: &Question, listed: &[Attributes]) -> String {
        let matching = listed
            .iter()
            .filter(|one| keep(question.kind, &question.keys, one))
            .cloned()
            .collect();
        let id = |value: &Value| {
            value
                .at("id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match choose(question, matching, listed) {
            Ok(Value::List(all)) => all.iter().map(id).collect::<Vec<_>>().join(" "),
            Ok(one) => id(&one),
            Err(miss) => format!("{} of {:?} and {}", miss.matching, miss.named, miss.more),
        }
    }

    #[test]
    fn exactly_one_is_meant_unless_the_block_says_which() {
        let images = [
            one(&[
                ("id", "b"),
                ("name", "ubuntu_24"),
                ("creation_time", "2026-01-02T00:00:00Z"),
            ]),
            one(&[
                ("id", "a"),
                ("name", "ubuntu_22"),
                ("creation_time", "2026-03-04T00:00:00Z"),
            ]),
            one(&[
                ("id", "c"),
                ("name", "debian_12"),
                ("creation_time", "2026-05-06T00:00:00Z"),
            ]),
        ];
        let mut keys = one(&[("name_regex", "^debian")]);
        assert_eq!(answer(&ask("image", keys.clone()), &images), "c");
        keys.insert("name_regex".to_owned(), "^ubuntu_2[24]$".into());
        let two = "2 of [\"a (ubuntu_22)\", \"b (ubuntu_24)\"] and 0";
        assert_eq!(answer(&ask("image", keys.clone()), &images), two);
        keys.insert("most_recent".to_owned(), false.into());
        assert_eq!(answer(&ask("image", keys.clone()), &images), two);
        keys.insert("most_recent".to_owned(), true.into());
        assert_eq!(answer(&ask("image", keys.clone()), &images), "a");
        keys.insert("many".to_owned(), true.into());
        assert_eq!(answer(&ask("image", keys.clone()), &images), "a b");
        keys.insert("name_regex".to_owned(), "^centos".into());
        assert_eq!(answer(&ask("image", keys.clone()), &images), "");
        keys.remove("many");
        let none = "0 of [\"a (ubuntu_22)\", \"b (ubuntu_24)\", \"c (debian_12)\"] and 0";
        assert_eq!(answer(&ask("image", keys), &images), none);
    }

    #[test]
    fn a_choice_by_price_or_size_does_not_depend_on_the_order_of_the_list() {
        let kind =
            |id, cpu, memory, price| one(&[("id", id), ("cpu", cpu), ("memory", memory), ("price", price)]);
        let mut types = vec![
            kind("ecs.b", "2", "8", "0.30"),
            kind("ecs.a", "2", "8", "0.30"),
            kind("ecs.c", "1", "8", "1.50"),
            kind("ecs.d", "16", "2", "0.295"),
            one(&[("id", "ecs.e"), ("cpu", "1"), ("memory", "1")]),
        ];
        for _ in 0..types.len() {
            types.rotate_left(1);
            let ask = |by: &str, extra: &[(&str, &str)]| {
                let mut keys = one(extra);
                keys.insert("sort_by".to_owned(), by.into());
                answer(&ask("instance_type", keys), &types)
            };
            assert_eq!(ask("price", &[]), "ecs.d");
            assert_eq!(ask("price", &[("cpu", "2")]), "ecs.a");
            assert_eq!(ask("size", &[]), "ecs.e");
            assert_eq!(ask("size", &[("memory", "8")]), "ecs.c");
        }
    }

    #[test]
    fn what_there_is_is_named_in_part_when_it_is_much() {
        let zones: Vec<Attributes> = (10..40)
            .map(|number| one(&[("id", &format!("z-{number}"))]))
            .collect();
        let found = answer(&ask("zone", one(&[("id", "z-1x")])), &zones);
        assert!(
            found.starts_with("0 of [\"z-10\", \"z-11\"") && found.ends_with("and 20"),
            "{found}"
        );
    }

    #[test]
    fn tags_must_all_be_there() {
        let tagged = |id: &str, tags: &[(&str, &str)]| {
            let mut found = one(&[("id", id)]);
            found.insert("tags".to_owned(), Value::Map(one(tags)));
            found
        };
        let listed = [
            tagged("vpc-1", &[("team", "a"), ("env", "prod")]),
            tagged("vpc-2", &[("team", "a")]),
            tagged("vpc-3", &[]),
        ];
        let keys = Attributes::from([(
            "tags".to_owned(),
            Value::Map(one(&[("team", "a"), ("env", "prod")])),
        )]);
        assert_eq!(answer(&ask("vpc", keys), &listed), "vpc-1");
    }
}
