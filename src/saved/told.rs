//! What a plan tells people, in the form in which a plan file holds it: enough to show the plan again where there is
//! nothing but the file.
//!
//! Does not know how it is shown.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Seal;
use super::encoding::{decode, encode};
use crate::address::Address;
use crate::change::{AttributeChange, Change, Cost, Drift, Fate, Forbidden, OutputChange};
use crate::diagnostic::{Diagnostic, Location};
use crate::plan::{Plan, Vanished};
use crate::value::Value;

/// A plan without its tasks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Told {
    changes: Vec<ToldChange>,
    drift: Vec<ToldDrift>,
    outputs: Vec<ToldOutput>,
    findings: Vec<Diagnostic>,
    forbidden: Vec<Forbidden>,
    vanished: Vec<Vanished>,
    known: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ToldChange {
    address: Address,
    fate: Fate,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<ToldAttribute>,
    unchanged: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_from: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    would_lose: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ToldAttribute {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    forces_replacement: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_text: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ToldDrift {
    address: Address,
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remembered: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observed: Option<Json>,
    effect: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ToldOutput {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Json>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
}

/// What stands for a value that is not shown: that there is one.
const HIDDEN: &str = "(sensitive)";

/// A value to be shown; a hidden one is not held.
fn told(value: &Option<Value>, is_hidden: bool, is_text: bool, seal: Seal<'_>) -> Option<Json> {
    let value = value.as_ref()?;
    // The name of a secret is no secret.
    let is_name = matches!(value, Value::Secret(_));
    Some(if is_hidden && !is_name {
        HIDDEN.into()
    } else {
        encode(value, is_text, seal)
    })
}

impl Told {
    /// What this plan tells.
    pub(super) fn of(plan: &Plan, seal: Seal<'_>) -> Told {
        let Plan {
            changes,
            tasks: _,
            drift,
            outputs,
            findings,
            errors: _,
            forbidden,
            vanished,
            known,
            cost,
        } = plan;
        Told {
            changes: changes
                .iter()
                .map(|change| ToldChange::of(change, seal))
                .collect(),
            drift: drift
                .iter()
                .map(|one| ToldDrift {
                    address: one.address.clone(),
                    path: one.path.clone(),
                    remembered: told(&one.remembered, false, false, seal),
                    observed: told(&one.observed, false, false, seal),
                    effect: one.effect.to_string(),
                })
                .collect(),
            outputs: outputs
                .iter()
                .map(|one| ToldOutput {
                    name: one.name.clone(),
                    before: told(&one.before, one.sensitive, false, seal),
                    after: told(&one.after, one.sensitive, false, seal),
                    sensitive: one.sensitive,
                })
                .collect(),
            findings: findings.clone(),
            forbidden: forbidden.clone(),
            vanished: vanished.clone(),
            known: *known,
            cost: cost.clone(),
        }
    }

    /// A plan that can be shown, and not carried out. None if a value in it is none.
    pub(super) fn plan(&self) -> Option<Plan> {
        let value = |json: &Option<Json>| {
            json.as_ref()
                .map(decode)
                .map_or(Some(None), |value| value.map(Some))
        };
        let changes = self.changes.iter().map(ToldChange::change);
        let drift = self.drift.iter().map(|one| {
            Some(Drift {
                address: one.address.clone(),
                path: one.path.clone(),
                remembered: value(&one.remembered)?,
                observed: value(&one.observed)?,
                effect: Cow::from(one.effect.clone()),
            })
        });
        let outputs = self.outputs.iter().map(|one| {
            Some(OutputChange {
                name: one.name.clone(),
                before: value(&one.before)?,
                after: value(&one.after)?,
                sensitive: one.sensitive,
            })
        });
        Some(Plan {
            changes: changes.collect::<Option<_>>()?,
            tasks: Vec::new(),
            drift: drift.collect::<Option<_>>()?,
            outputs: outputs.collect::<Option<_>>()?,
            findings: self.findings.clone(),
            errors: Vec::new(),
            forbidden: self.forbidden.clone(),
            vanished: self.vanished.clone(),
            known: self.known,
            cost: self.cost.clone(),
        })
    }
}

impl ToldChange {
    fn of(change: &Change, seal: Seal<'_>) -> ToldChange {
        let Change {
            address,
            fate,
            location,
            reasons,
            attributes,
            unchanged,
            lost,
            kept,
            hints,
            steps,
            down,
            moved_from,
            id,
            would_lose,
        } = change.clone();
        let attribute = |one: AttributeChange| ToldAttribute {
            before: told(&one.before, one.sensitive, one.is_text, seal),
            after: told(&one.after, one.sensitive, one.is_text, seal),
            path: one.path,
            forces_replacement: one.forces_replacement,
            sensitive: one.sensitive,
            is_text: one.is_text,
        };
        ToldChange {
            address,
            fate,
            location,
            reasons,
            attributes: attributes.into_iter().map(attribute).collect(),
            unchanged,
            lost,
            kept,
            hints,
            steps,
            down,
            moved_from,
            id,
            would_lose,
        }
    }

    fn change(&self) -> Option<Change> {
        let ToldChange {
            address,
            fate,
            location,
            reasons,
            attributes,
            unchanged,
            lost,
            kept,
            hints,
            steps,
            down,
            moved_from,
            id,
            would_lose,
        } = self.clone();
        let value = |json: Option<Json>| match json {
            None => Some(None),
            Some(json) => decode(&json).map(Some),
        };
        let attribute = |one: ToldAttribute| {
            Some(AttributeChange {
                path: one.path,
                before: value(one.before)?,
                after: value(one.after)?,
                forces_replacement: one.forces_replacement,
                sensitive: one.sensitive,
                is_text: one.is_text,
            })
        };
        Some(Change {
            address,
            fate,
            location,
            reasons,
            attributes: attributes.into_iter().map(attribute).collect::<Option<_>>()?,
            unchanged,
            lost,
            kept,
            hints,
            steps,
            down,
            moved_from,
            id,
            would_lose,
        })
    }
}
