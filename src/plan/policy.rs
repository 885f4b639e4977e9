//! The rules of `[policy]`, held against a plan.
//!
//! What is there and stays is nobody's fault now: rules about a resource hold for what the plan makes or changes. Does not
//! know what follows from a broken rule.

use std::ops::RangeInclusive;

use super::Plan;
use crate::address::Address;
use crate::change::{Change, Fate};
use crate::config::{Config, Policy, PolicyRule, Resource};
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::value::{Attributes, Value};

/// Hundredths in a unit of a currency.
const CENTS: i64 = 100;

/// Where a plan would be carried out.
pub(crate) struct PolicyPlace<'a> {
    pub(crate) region: &'a str,
    /// None if the cloud did not say.
    pub(crate) account: Option<&'a str>,
}

/// Every broken rule, each with its place and that of what breaks it; unknown prices are a warning.
pub(crate) fn broken_policy(config: &Config, plan: &Plan, place: &PolicyPlace<'_>) -> Vec<Diagnostic> {
    let policy = &config.policy;
    let mut broken = Vec::new();
    if plan.is_empty() {
        return broken;
    }
    everywhere(policy, place, &mut broken);
    money(policy, plan, &mut broken);
    losses(policy, plan, &mut broken);
    let is_made = |change: &&Change| {
        matches!(
            change.fate,
            Fate::Create | Fate::Update | Fate::Import | Fate::Replace { .. }
        )
    };
    for change in plan.changes.iter().filter(is_made) {
        if let Some(resource) = config.resources.get(&change.address) {
            tags(policy, resource, &mut broken);
            instance_types(policy, resource, &mut broken);
            ports(policy, resource, &mut broken);
        }
    }
    broken
}

fn rule<T>(name: &str, of: &PolicyRule<T>, message: String) -> Diagnostic {
    Diagnostic::error(codes::POLICY, message).at(of.location.clone(), format!("[policy] {name}"))
}

/// The same about a resource, whose place is told too.
fn about<T>(
    name: &str,
    of: &PolicyRule<T>,
    message: String,
    resource: &Resource,
    at: &Location,
) -> Diagnostic {
    rule(name, of, message)
        .at(at.clone(), "")
        .about(&resource.address)
}

fn everywhere(policy: &Policy, place: &PolicyPlace<'_>, broken: &mut Vec<Diagnostic>) {
    let listed = |rules: &[PolicyRule<String>]| {
        let values: Vec<&str> = rules.iter().map(|rule| rule.value.as_str()).collect();
        values.join(", ")
    };
    if let Some(first) = policy.accounts.first()
        && !policy
            .accounts
            .iter()
            .any(|rule| Some(rule.value.as_str()) == place.account)
    {
        let account = place.account.unwrap_or("that is not known");
        let message = format!("account {account} is none of {}", listed(&policy.accounts));
        broken.push(rule("accounts", first, message));
    }
    if let Some(first) = policy.allowed_regions.first()
        && !policy
            .allowed_regions
            .iter()
            .any(|rule| rule.value == place.region)
    {
        let message = format!(
            "region {} is none of {}",
            place.region,
            listed(&policy.allowed_regions)
        );
        broken.push(rule("allowed_regions", first, message));
    }
}

fn money(policy: &Policy, plan: &Plan, broken: &mut Vec<Diagnostic>) {
    let Some(most) = &policy.max_monthly_cost else {
        return;
    };
    let Some(cost) = &plan.cost else {
        return;
    };
    let limit = i64::try_from(most.value)
        .unwrap_or(i64::MAX)
        .saturating_mul(CENTS);
    if cost.after > limit {
        let message = format!(
            "what this plan touches would cost {} {} a month, more than {}",
            crate::change::amount(cost.after),
            cost.currency,
            most.value
        );
        broken.push(rule("max_monthly_cost", most, message));
    } else if !cost.unknown.is_empty() {
        let unknown: Vec<String> = cost.unknown.iter().map(ToString::to_string).collect();
        let message = format!("the price of {} is not known", unknown.join(", "));
        let mut warning = rule("max_monthly_cost", most, message);
        warning.level = crate::diagnostic::Level::Warning;
        warning.code = codes::PRICE_UNKNOWN;
        broken.push(warning);
    }
}

fn losses(policy: &Policy, plan: &Plan, broken: &mut Vec<Diagnostic>) {
    let lost = plan.changes.iter().filter(|change| change.fate.is_loss()).count();
    if let Some(most) = &policy.max_destroy
        && u64::try_from(lost).unwrap_or(u64::MAX) > most.value
    {
        let message = format!("{lost} would be deleted or replaced, more than {}", most.value);
        broken.push(rule("max_destroy", most, message));
    }
    for no_replace in &policy.no_replace {
        let is_it = |address: &Address| *address == no_replace.value || address.block() == no_replace.value;
        let replaced = plan
            .changes
            .iter()
            .filter(|change| matches!(change.fate, Fate::Replace { .. }) && is_it(&change.address));
        broken.extend(replaced.map(|change| {
            let message = format!("{} would be replaced", change.address);
            rule("no_replace", no_replace, message).about(&change.address)
        }));
    }
}

fn tags(policy: &Policy, resource: &Resource, broken: &mut Vec<Diagnostic>) {
    let mut attributes = resource.resource_type.attributes.iter();
    let Some(attribute) = attributes.find(|attribute| attribute.is_own_tags()) else {
        return;
    };
    let tags = resource.attributes.get(attribute.name).and_then(Value::as_map);
    for required in &policy.require_tags {
        if !tags.is_some_and(|tags| tags.contains_key(&required.value)) {
            let message = format!("{} has no tag {}", resource.address, required.value);
            broken.push(about(
                "require_tags",
                required,
                message,
                resource,
                &resource.location,
            ));
        }
    }
}

fn instance_types(policy: &Policy, resource: &Resource, broken: &mut Vec<Diagnostic>) {
    let Some(first) = policy.allowed_instance_types.first() else {
        return;
    };
    let Some(kind) = resource.attributes.get("instance_type").and_then(Value::as_str) else {
        return;
    };
    let allows = |rule: &PolicyRule<String>| match rule.value.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == rule.value,
    };
    if !policy.allowed_instance_types.iter().any(allows) {
        let at = resource
            .locations
            .get("instance_type")
            .unwrap_or(&resource.location);
        let message = format!("{} is of type {kind}, which is not allowed", resource.address);
        broken.push(about("allowed_instance_types", first, message, resource, at));
    }
}

fn ports(policy: &Policy, resource: &Resource, broken: &mut Vec<Diagnostic>) {
    if policy.deny_public_ports.is_empty() {
        return;
    }
    let listed = resource
        .attributes
        .get("ingress")
        .and_then(Value::as_list)
        .unwrap_or_default();
    let mut rules: Vec<(&Attributes, String)> = listed
        .iter()
        .enumerate()
        .filter_map(|(index, one)| Some((one.as_map()?, format!("ingress[{index}]"))))
        .collect();
    let is_ingress = resource.attributes.get("direction").and_then(Value::as_str) == Some("ingress");
    if is_ingress {
        rules.push((&resource.attributes, "port_range".to_owned()));
    }
    for (opened, path) in rules {
        let Some(range) = public_ports(opened) else {
            continue;
        };
        for denied in &policy.deny_public_ports {
            let overlaps = denied.value.start() <= range.end() && range.start() <= denied.value.end();
            if overlaps {
                let at = resource.locations.get(&path).unwrap_or(&resource.location);
                let ports = words(&denied.value);
                let message = format!("{} opens port {ports} to everybody", resource.address);
                broken.push(about("deny_public_ports", denied, message, resource, at));
            }
        }
    }
}

fn words(range: &RangeInclusive<u16>) -> String {
    if range.start() == range.end() {
        range.start().to_string()
    } else {
        format!("{}-{}", range.start(), range.end())
    }
}

/// The ports that a rule opens to everybody; none if it opens none, or not to everybody.
fn public_ports(rule: &Attributes) -> Option<RangeInclusive<u16>> {
    let text = |name: &str| rule.get(name).and_then(Value::as_str);
    let sources = ["source_cidr_ip", "ipv6_source_cidr_ip"];
    let is_public = sources
        .iter()
        .any(|name| matches!(text(name), Some("0.0.0.0/0" | "::/0")));
    let drops = text("policy").is_some_and(|policy| policy.eq_ignore_ascii_case("drop"));
    let has_ports = text("ip_protocol").is_none_or(|protocol| {
        !["ICMP", "ICMPV6", "GRE"]
            .iter()
            .any(|other| protocol.eq_ignore_ascii_case(other))
    });
    if !is_public || drops || !has_ports {
        return None;
    }
    let all = 0..=u16::MAX;
    let range = match text("port_range") {
        None => return Some(all),
        Some(range) if range.eq_ignore_ascii_case("all") || range.starts_with("-1") => return Some(all),
        Some(range) => range,
    };
    let (first, last) = range.split_once(['/', '-']).unwrap_or((range, range));
    // What cannot be read may be anything.
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) => Some(first..=last),
        _ => Some(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pairs: &[(&str, &str)]) -> Attributes {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect()
    }

    #[test]
    fn what_is_open_to_everybody_is_seen_in_every_form() {
        let open = |more: &[(&str, &str)]| {
            let mut pairs = vec![("source_cidr_ip", "0.0.0.0/0")];
            pairs.extend_from_slice(more);
            public_ports(&rule(&pairs))
        };
        assert_eq!(open(&[("port_range", "22")]), Some(22..=22));
        assert_eq!(open(&[("port_range", "22/22")]), Some(22..=22));
        assert_eq!(open(&[("port_range", "20-30")]), Some(20..=30));
        for all in ["all", "-1/-1", "nonsense"] {
            assert_eq!(open(&[("port_range", all)]), Some(0..=u16::MAX), "{all}");
        }
        assert_eq!(open(&[]), Some(0..=u16::MAX));
        assert_eq!(open(&[("policy", "Drop")]), None);
        assert_eq!(open(&[("ip_protocol", "ICMP")]), None);
        assert_eq!(public_ports(&rule(&[("source_cidr_ip", "10.0.0.0/8")])), None);
        assert_eq!(
            public_ports(&rule(&[("ipv6_source_cidr_ip", "::/0"), ("port_range", "443")])),
            Some(443..=443)
        );
    }
}
