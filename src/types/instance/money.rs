//! What moves money on a server that exists: a subscription begun, ended, renewed, or for another size.
//!
//! Each is an order that is placed once; how a look shows that it was is part of its step. Pure. Does not know what it
//! costs, nor whether the server has to be stopped for it.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::super::resource_type::ToChange;
use super::super::steps;
use super::calls::text;
use super::table::EXPIRED_TIME;
use crate::api::action;
use crate::step::{Call, Shows, Step, Unless};
use crate::value::{Attributes, Value};

/// How long an order may take until it shows, in seconds.
const ORDER_TIMEOUT_S: u64 = 600;

const CHARGE_TYPE: &str = "instance_charge_type";
const SUBSCRIPTION: &str = "PrePaid";
const PAY_AS_YOU_GO: &str = "PostPaid";

pub(super) fn is_subscription(attributes: &Attributes) -> bool {
    text(attributes, CHARGE_TYPE) == Some(SUBSCRIPTION)
}

fn turns(change: &ToChange<'_>, to: &str) -> bool {
    change.changed.contains(&CHARGE_TYPE) && text(change.wanted.attributes, CHARGE_TYPE) == Some(to)
}

/// Whether a subscription begins.
pub(super) fn begins(change: &ToChange<'_>) -> bool {
    turns(change, SUBSCRIPTION)
}

/// Whether it ends.
pub(super) fn ends(change: &ToChange<'_>) -> bool {
    turns(change, PAY_AS_YOU_GO)
}

/// From a subscription to pay-as-you-go; what is left of it is paid back.
pub(super) fn end(id: &str, region: &str) -> Vec<Step> {
    let params = Attributes::from([(CHARGE_PARAM.to_owned(), Value::from(PAY_AS_YOU_GO))]);
    order_charge_type("change to pay-as-you-go", PAY_AS_YOU_GO, id, region, params)
}

/// From pay-as-you-go to a subscription, which is paid at once. Its data disks stay as they are paid for: one that is
/// subscribed cannot be taken out any more.
pub(super) fn begin(change: &ToChange<'_>) -> Vec<Step> {
    let mut params = period(change);
    params.insert(CHARGE_PARAM.to_owned(), Value::from(SUBSCRIPTION));
    params.insert("AutoPay".to_owned(), Value::Bool(true));
    order_charge_type(
        "change to subscription",
        SUBSCRIPTION,
        change.id,
        change.wanted.region,
        params,
    )
}

const CHARGE_PARAM: &str = "InstanceChargeType";

fn order_charge_type(
    name: &str,
    charge_type: &'static str,
    id: &str,
    region: &str,
    mut params: Attributes,
) -> Vec<Step> {
    let ids = Value::List(vec![Value::from(id)]);
    params.insert("InstanceIds".to_owned(), Value::JsonText(Box::new(ids)));
    let call = steps::call(&action::MODIFY_INSTANCE_CHARGE_TYPE, region, params);
    let shows = Attributes::from([(CHARGE_TYPE.to_owned(), Value::from(charge_type))]);
    vec![
        Step::call(name, call).shows(Shows::Attributes(shows)),
        Step::wait_for(
            format!("wait until {charge_type}"),
            CHARGE_TYPE,
            charge_type,
            ORDER_TIMEOUT_S,
        ),
    ]
}

/// One renewal, of the length that is wanted; none where nothing asks for it. Whatever ends later than the subscription
/// ended before shows that it was made.
pub(super) fn renew(change: &ToChange<'_>) -> Option<Step> {
    let is_asked = ["period", "period_unit"]
        .iter()
        .any(|name| change.changed.contains(name));
    if !is_asked || begins(change) {
        return None;
    }
    let mut params = period(change);
    params.insert("InstanceId".to_owned(), Value::from(change.id));
    let call = steps::call(&action::RENEW_INSTANCE, change.wanted.region, params);
    let before = change.before.get(EXPIRED_TIME).and_then(Value::as_str);
    let shows = Shows::Later {
        attribute: EXPIRED_TIME,
        than: before.unwrap_or_default().to_owned(),
    };
    Some(Step::call(renewal_in_words(change, before), call).shows(shows))
}

fn period(change: &ToChange<'_>) -> Attributes {
    let wanted = change.wanted.attributes;
    [("Period", "period"), ("PeriodUnit", "period_unit")]
        .into_iter()
        .filter_map(|(param, name)| Some((param.to_owned(), wanted.get(name)?.clone())))
        .collect()
}

/// `renew for 3 months, until 2027-04-30`.
fn renewal_in_words(change: &ToChange<'_>, before: Option<&str>) -> String {
    let wanted = change.wanted.attributes;
    let Some(number) = wanted.get("period").and_then(Value::as_integer) else {
        return "renew".to_owned();
    };
    let is_weekly = text(wanted, "period_unit") == Some("Week");
    let noun = if is_weekly { "week" } else { "month" };
    let plural = if number == 1 { "" } else { "s" };
    let until = before.and_then(|before| later(before, number, is_weekly));
    let until = until.map(|day| format!(", until {day}")).unwrap_or_default();
    format!("renew for {number} {noun}{plural}{until}")
}

/// The day that is so many weeks or months later.
fn later(time: &str, number: i64, is_weekly: bool) -> Option<String> {
    let time: Timestamp = time.parse().ok()?;
    let span = if is_weekly {
        Span::new().try_weeks(number)
    } else {
        Span::new().try_months(number)
    };
    let then = time.to_zoned(TimeZone::UTC).checked_add(span.ok()?).ok()?;
    Some(then.date().to_string())
}

/// Another size of a subscription: more is paid for at once, and what is left of less is paid back. Nobody says
/// beforehand which of the two it is, and each has a word of its own; more is what is meant without one.
pub(super) fn change_type(change: &ToChange<'_>) -> Vec<Step> {
    const TYPE: &str = "instance_type";
    let Some(wanted) = change.wanted.attributes.get(TYPE) else {
        return Vec::new();
    };
    let params = Attributes::from([
        ("InstanceId".to_owned(), Value::from(change.id)),
        ("InstanceType".to_owned(), wanted.clone()),
        ("OperatorType".to_owned(), Value::from("downgrade")),
        ("AutoPay".to_owned(), Value::Bool(true)),
    ]);
    let call = Call {
        unless: Some(Unless {
            param: "OperatorType",
            code: "InvalidInstanceType.ValueNotSupported",
        }),
        ..steps::call(&action::MODIFY_PREPAY_INSTANCE_SPEC, change.wanted.region, params)
    };
    let shows = Attributes::from([(TYPE.to_owned(), wanted.clone())]);
    let mut steps = vec![Step::call("change type of subscription", call).shows(Shows::Attributes(shows))];
    steps.extend(wanted.as_str().map(|kind| {
        Step::wait_for(
            format!("wait until {kind}"),
            TYPE,
            kind.to_owned(),
            ORDER_TIMEOUT_S,
        )
    }));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_ends_on_the_same_day_or_the_last_of_a_shorter_month() {
        for (time, number, is_weekly, day) in [
            ("2027-01-31T16:00Z", 1, false, Some("2027-02-28")),
            ("2027-01-31T16:00Z", 12, false, Some("2028-01-31")),
            ("2027-01-31T16:00Z", 2, true, Some("2027-02-14")),
            ("2027-01-31", 1, false, None),
            ("soon", 1, false, None),
            ("2027-01-31T16:00Z", i64::MAX, false, None),
        ] {
            assert_eq!(
                later(time, number, is_weekly).as_deref(),
                day,
                "{time} + {number}"
            );
        }
    }
}
