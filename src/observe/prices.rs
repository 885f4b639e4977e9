//! What a plan costs: the list prices of what it makes, changes and takes away, before and after.
//!
//! What nobody can tell is not known, and never nothing. Does not know who is shown it.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};

use crate::address::Address;
use crate::api::{Action, action};
use crate::change::{Change, Cost, Fate};
use crate::cloud::{Cloud, Request};
use crate::live::Live;
use crate::value::{Attributes, Value};

/// A month, as everybody counts it who compares prices by the hour.
const HOURS: f64 = 730.0;

/// Types for which nothing is paid.
const FREE: &[&str] = &[
    "vpc",
    "vswitch",
    "security_group",
    "security_group_rule",
    "key_pair",
    "route_table",
    "route_entry",
    "snapshot_policy",
    "network_interface",
];

/// A question: who is asked, and the parameters without the region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    action: &'static Action,
    params: BTreeMap<String, String>,
}

/// What is ordered for one that is there: the question what it costs; none if nobody can be asked.
type Order<'a> = (&'a Address, Option<Question>);

/// What one thing costs.
#[derive(Debug, Clone, PartialEq)]
struct Price {
    currency: String,
    /// Hundredths for a month.
    month: i64,
    /// Hundredths that are charged when it is made.
    at_once: i64,
}

/// The cost of these changes; none where nothing is for money. `after` says what a resource will be.
pub(crate) async fn of(
    changes: &[Change],
    live: &Live,
    after: &(dyn Fn(&Address) -> Option<Attributes> + Sync),
    cloud: &Cloud,
) -> Option<Cost> {
    let nothing = || None;
    let mut sides: Vec<(&Address, Option<Side>, Option<Side>)> = Vec::new();
    let mut orders: Vec<Order<'_>> = Vec::new();
    for change in changes {
        let address = &change.address;
        let was = || {
            live.resources
                .get(address)
                .map(|observed| observed.attributes.clone())
        };
        let (before, after) = match change.fate {
            Fate::Create => (nothing(), after(address)),
            Fate::Update => (
                was(),
                was().zip(after(address)).map(|(was, will)| over(was, will)),
            ),
            Fate::Replace { .. } => (was(), after(address)),
            Fate::Delete => (was(), nothing()),
            _ => continue,
        };
        if FREE.contains(&address.type_name()) {
            continue;
        }
        if let (Fate::Update, Some(was), Some(will)) = (change.fate, &before, &after) {
            orders.extend(
                ordered(change, was, will)
                    .into_iter()
                    .map(|order| (address, order)),
            );
        }
        let side =
            |attributes: Option<Attributes>| attributes.map(|found| Side::of(address.type_name(), &found));
        let (before, after) = (side(before), side(after));
        // What makes no difference to the price is not asked about.
        if before.is_none() || before != after {
            sides.push((address, before, after));
        }
    }
    let mut questions: BTreeMap<Question, Option<Price>> = BTreeMap::new();
    for side in sides
        .iter()
        .flat_map(|(_, before, after)| [before, after])
        .flatten()
    {
        if let Side::Asked { question, .. } = side {
            questions.insert(question.clone(), None);
        }
    }
    let ordered = orders.iter().filter_map(|(_, order)| order.clone());
    questions.extend(ordered.map(|question| (question, None)));
    let asked: Vec<Question> = questions.keys().cloned().collect();
    let answers: Vec<(Question, Option<Price>)> = stream::iter(asked)
        .map(async |question| {
            let price = ask(&question, cloud).await;
            (question, price)
        })
        .buffered(cloud.parallelism())
        .collect()
        .await;
    questions.extend(answers);
    let mut cost = sum(&sides, &questions).or_else(|| (!orders.is_empty()).then(Cost::default))?;
    charge(&mut cost, &orders, &questions);
    Some(cost)
}

/// What is ordered by a change of a server: a subscription, its renewal, or another size of it.
fn ordered(change: &Change, was: &Attributes, will: &Attributes) -> Vec<Option<Question>> {
    let Some(id) = change
        .id
        .as_ref()
        .filter(|_| change.address.type_name() == "instance")
    else {
        return Vec::new();
    };
    let is_changed = |name: &str| change.attributes.iter().any(|one| one.path == name);
    let is_paid =
        |side: &Attributes| side.get("instance_charge_type").and_then(Value::as_str) == Some("PrePaid");
    match (is_paid(was), is_paid(will)) {
        (false, true) => {
            // Its data disks stay as they are paid for.
            let mut server = will.clone();
            server.remove("data_disks");
            vec![match Side::of("instance", &server) {
                Side::Asked { question, .. } => Some(question),
                Side::Unknown => None,
            }]
        }
        (true, true) => {
            let text = |name: &str| will.get(name).and_then(Value::to_text);
            let ask = |action: &'static Action, params: &[(&str, Option<String>)]| {
                let params = params.iter();
                let params = params.filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
                Some(Question {
                    action,
                    params: params.collect(),
                })
            };
            let (renews, resizes) = (
                is_changed("period") || is_changed("period_unit"),
                is_changed("instance_type"),
            );
            let mut orders = Vec::new();
            if resizes {
                let params = [
                    ("InstanceId", Some(id.clone())),
                    ("InstanceType", text("instance_type")),
                ];
                orders.push(ask(&action::DESCRIBE_INSTANCE_MODIFICATION_PRICE, &params));
            }
            if renews {
                let params = [
                    ("ResourceType", Some("instance".to_owned())),
                    ("ResourceId", Some(id.clone())),
                    ("Period", text("period")),
                    ("PriceUnit", text("period_unit")),
                ];
                // What a renewal of the other size costs, nobody tells.
                let order = ask(&action::DESCRIBE_RENEWAL_PRICE, &params);
                orders.push(order.filter(|_| !resizes));
            }
            orders
        }
        (_, false) => Vec::new(),
    }
}

/// Adds what is charged for the orders; of one that has several, all or nothing is known.
fn charge(cost: &mut Cost, orders: &[Order<'_>], prices: &BTreeMap<Question, Option<Price>>) {
    for (address, order) in orders {
        let price = order.as_ref().and_then(|question| prices.get(question)?.as_ref());
        if let Some(price) = price {
            cost.currency.clone_from(&price.currency);
        }
        let sum = cost.orders.entry((*address).clone()).or_insert(Some(0));
        *sum = sum.zip(price).map(|(sum, price)| sum + price.at_once);
    }
}

/// What is there, with what is changed of it.
fn over(mut was: Attributes, will: Attributes) -> Attributes {
    for (name, value) in will {
        match (was.get_mut(&name), value) {
            (Some(Value::Map(before)), Value::Map(after)) => before.extend(after),
            (_, value) => {
                was.insert(name, value);
            }
        }
    }
    was
}

/// One side of a change: what is asked about it, or that nobody can be asked.
#[derive(PartialEq)]
enum Side {
    Asked { question: Question, months: i64 },
    Unknown,
}

impl Side {
    fn of(type_name: &str, attributes: &Attributes) -> Side {
        let text = |path: &str| {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            let value = attributes.get(first)?;
            let value = if rest.is_empty() { value } else { value.at(rest)? };
            value.to_text()
        };
        let mut params = BTreeMap::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                params.insert(name.to_owned(), value);
            }
        };
        let mut months = 0;
        match type_name {
            "instance" => {
                let Some(kind) = text("instance_type") else {
                    return Side::Unknown;
                };
                put("ResourceType", Some("instance".to_owned()));
                put("InstanceType", Some(kind));
                put("SystemDisk.Category", text("system_disk.category"));
                put("SystemDisk.Size", text("system_disk.size"));
                put(
                    "SystemDisk.PerformanceLevel",
                    text("system_disk.performance_level"),
                );
                put("InternetChargeType", text("internet_charge_type"));
                put("InternetMaxBandwidthOut", text("internet_max_bandwidth_out"));
                let disks = attributes
                    .get("data_disks")
                    .and_then(Value::as_list)
                    .unwrap_or_default();
                for (index, disk) in disks.iter().enumerate() {
                    for (key, param) in [
                        ("category", "Category"),
                        ("size", "Size"),
                        ("performance_level", "PerformanceLevel"),
                    ] {
                        let value = disk.at(key).and_then(Value::to_text);
                        put(&format!("DataDisk.{}.{param}", index + 1), value);
                    }
                }
                let is_subscription = text("instance_charge_type").as_deref() == Some("PrePaid");
                if is_subscription {
                    let period: i64 = text("period").and_then(|period| period.parse().ok()).unwrap_or(1);
                    let unit = text("period_unit").unwrap_or_else(|| "Month".to_owned());
                    months = if unit == "Year" { period * 12 } else { period };
                    if unit == "Week" {
                        return Side::Unknown;
                    }
                    put("PriceUnit", Some(unit));
                    put("Period", Some(period.to_string()));
                } else {
                    put("PriceUnit", Some("Hour".to_owned()));
                }
            }
            "disk" => {
                let Some(category) = text("disk_category").or_else(|| text("category")) else {
                    return Side::Unknown;
                };
                put("ResourceType", Some("disk".to_owned()));
                put("DataDisk.1.Category", Some(category));
                put("DataDisk.1.Size", text("size"));
                put("DataDisk.1.PerformanceLevel", text("performance_level"));
                put("PriceUnit", Some("Hour".to_owned()));
            }
            _ => return Side::Unknown,
        }
        let action = &action::DESCRIBE_PRICE;
        let question = Question { action, params };
        Side::Asked { question, months }
    }
}

async fn ask(question: &Question, cloud: &Cloud) -> Option<Price> {
    let mut request = Request::new(question.action).param("RegionId", cloud.region());
    request.params.extend(question.params.clone());
    let reply = cloud.read(&request).await.ok()?;
    let price = &reply.body["PriceInfo"]["Price"];
    // Some regions write numbers as texts.
    let amount = price["TradePrice"]
        .as_f64()
        .or_else(|| price["TradePrice"].as_str()?.parse().ok())
        .filter(|amount| amount.is_finite() && (0.0..1e12).contains(amount))?;
    Some(Price {
        currency: price["Currency"].as_str().unwrap_or("CNY").to_owned(),
        month: cents(amount * HOURS),
        at_once: cents(amount),
    })
}

/// Whole hundredths.
#[allow(clippy::cast_possible_truncation, reason = "it is bounded where it is read")]
fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

fn sum(
    sides: &[(&Address, Option<Side>, Option<Side>)],
    prices: &BTreeMap<Question, Option<Price>>,
) -> Option<Cost> {
    let mut cost = Cost::default();
    for (address, before, after) in sides {
        let (mut is_unknown, mut monthly) = (false, [0, 0]);
        for (index, side) in [before, after].into_iter().enumerate() {
            match side {
                None => {}
                Some(Side::Unknown) => is_unknown = true,
                Some(Side::Asked { question, months }) => match prices.get(question) {
                    Some(Some(price)) => {
                        cost.currency.clone_from(&price.currency);
                        // A subscription is paid for all its months at once.
                        let month = if *months > 0 {
                            price.at_once / months
                        } else {
                            price.month
                        };
                        monthly[index] = month;
                        if *months > 0 && index == 1 && before.is_none() {
                            cost.at_once += price.at_once;
                        }
                    }
                    _ => is_unknown = true,
                },
            }
        }
        if is_unknown {
            cost.unknown.push((*address).clone());
        } else {
            cost.before += monthly[0];
            cost.after += monthly[1];
        }
    }
    (!sides.is_empty()).then_some(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(kind: &str, more: &[(&str, Value)]) -> Attributes {
        let mut attributes = Attributes::from([("instance_type".to_owned(), Value::from(kind))]);
        attributes.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        attributes
    }

    fn price(cents_an_hour: f64) -> Option<Price> {
        Some(Price {
            currency: "CNY".to_owned(),
            month: cents(cents_an_hour / 100.0 * HOURS),
            at_once: cents(cents_an_hour / 100.0),
        })
    }

    #[test]
    fn what_is_not_known_is_named_and_counts_on_neither_side() {
        let (web, eip): (Address, Address) = ("instance.web".parse().unwrap(), "eip.front".parse().unwrap());
        let small = Side::of("instance", &server("s", &[]));
        let large = Side::of("instance", &server("l", &[]));
        let key = |side: &Side| match side {
            Side::Asked { question, .. } => question.clone(),
            Side::Unknown => panic!("it is asked about"),
        };
        let prices = BTreeMap::from([(key(&small), price(50.0)), (key(&large), price(100.0))]);
        let sides = [
            (&web, Some(small), Some(large)),
            (&eip, None, Some(Side::of("eip", &Attributes::new()))),
        ];
        let cost = sum(&sides, &prices).unwrap();
        assert_eq!((cost.before, cost.after), (36_500, 73_000));
        assert_eq!(cost.unknown, [eip]);
        assert_eq!(sum(&[], &prices), None);
    }

    #[test]
    fn a_subscription_is_paid_at_once_and_counted_by_the_month() {
        let web: Address = "instance.web".parse().unwrap();
        let attributes = server(
            "s",
            &[
                ("instance_charge_type", Value::from("PrePaid")),
                ("period", Value::Integer(3)),
            ],
        );
        let side = Side::of("instance", &attributes);
        let Side::Asked { question, months } = &side else {
            panic!("it is asked about")
        };
        assert_eq!((*months, question.params["PriceUnit"].as_str()), (3, "Month"));
        let prices = BTreeMap::from([(question.clone(), price(30_000.0))]);
        let cost = sum(&[(&web, None, Some(side))], &prices).unwrap();
        assert_eq!((cost.at_once, cost.after), (30_000, 10_000));
    }
}
