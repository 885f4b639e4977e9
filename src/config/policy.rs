//! `[policy]`: what no plan may do, whoever agrees to it.
//!
//! Does not know plans.

use std::ops::RangeInclusive;

use super::evaluate::evaluate;
use super::located::Thing;
use super::plain::{PlainTable, address};
use super::raw::Entry;
use super::report::Span;
use super::scope::{Place, Scope, Stage};
use super::words::shorten;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location, codes};

const KEYS: &[&str] = &[
    "max_monthly_cost",
    "require_tags",
    "deny_public_ports",
    "allowed_regions",
    "allowed_instance_types",
    "max_destroy",
    "accounts",
    "no_replace",
];

/// A rule, with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyRule<T> {
    pub(crate) value: T,
    pub(crate) location: Location,
}

/// The rules of `[policy]`; one that the file does not have is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// In the currency of the account, for a month of 730 hours.
    pub(crate) max_monthly_cost: Option<PolicyRule<u64>>,
    /// Keys that every resource that can have tags must have.
    pub(crate) require_tags: Vec<PolicyRule<String>>,
    /// Ports that no rule may open to everybody.
    pub(crate) deny_public_ports: Vec<PolicyRule<RangeInclusive<u16>>>,
    pub(crate) allowed_regions: Vec<PolicyRule<String>>,
    /// Types; one that ends with `*` stands for all that begin so.
    pub(crate) allowed_instance_types: Vec<PolicyRule<String>>,
    /// How many things may be deleted or replaced at once.
    pub(crate) max_destroy: Option<PolicyRule<u64>>,
    /// The accounts for which it may be used.
    pub(crate) accounts: Vec<PolicyRule<String>>,
    /// Resources, or blocks with all their copies, that may not be replaced.
    pub(crate) no_replace: Vec<PolicyRule<Address>>,
}

/// Reads `[policy]`; of several, all rules hold.
pub(super) fn read(entries: &[&Entry], scope: &mut Scope<'_>) -> Policy {
    let mut policy = Policy::default();
    for entry in entries {
        let Some(table) = entry.value.as_table() else {
            let diagnostic = Diagnostic::error(codes::BLOCK_FORM, "policy is a table: [policy]");
            scope.report.say(entry.key, "", diagnostic);
            continue;
        };
        let table = PlainTable {
            table,
            words: "[policy]",
        };
        table.check_keys(KEYS, scope);
        if let Some((value, span)) = table.number("max_monthly_cost", scope) {
            policy.max_monthly_cost = Some(rule(value, span, scope));
        }
        if let Some((value, span)) = table.number("max_destroy", scope) {
            policy.max_destroy = Some(rule(value, span, scope));
        }
        for (key, rules) in [
            ("require_tags", &mut policy.require_tags),
            ("allowed_regions", &mut policy.allowed_regions),
            ("allowed_instance_types", &mut policy.allowed_instance_types),
            ("accounts", &mut policy.accounts),
        ] {
            let texts = table.texts(key, scope);
            rules.extend(texts.into_iter().map(|(text, span)| rule(text, span, scope)));
        }
        for (text, span) in table.texts("no_replace", scope) {
            if let Some(address) = address(&text, span, scope) {
                policy.no_replace.push(rule(address, span, scope));
            }
        }
        for node in table.items("deny_public_ports", scope) {
            let ports = match evaluate(scope, node, &Place::new(Stage::Resource)).thing {
                Thing::Integer(port) => u16::try_from(port).ok().map(|port| port..=port),
                Thing::Text(text) => range(&text),
                Thing::Broken => continue,
                _ => None,
            };
            match ports {
                Some(ports) => policy.deny_public_ports.push(rule(ports, node.span, scope)),
                None => {
                    let written = shorten(scope.report.text(node.span));
                    let diagnostic = Diagnostic::error(
                        codes::OUT_OF_RANGE,
                        format!("{written} is no port, and no range of ports"),
                    )
                    .help("deny_public_ports = [22, 3389, \"8000-8100\"]");
                    scope.report.say(node.span, "", diagnostic);
                }
            }
        }
    }
    policy
}

fn rule<T>(value: T, span: Span, scope: &Scope<'_>) -> PolicyRule<T> {
    PolicyRule {
        value,
        location: scope.report.location(span),
    }
}

/// `22` or `8000-8100`.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some(first..=last)
}
