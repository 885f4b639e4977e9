//! Plans, steps and ends as events for programs.
//!
//! Does not know where events go. What is sensitive is `null` with `"sensitive": true`, always.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::events::{Line, seconds};
use super::header::Header;
use super::outcome::Finished;
use super::plan_summary::summary_of;
use super::table::Row;
use super::text::count;
use super::{diagnostic_forms, literal};
use crate::change::{AttributeChange, Change, Cost, Drift, Fate, OutputChange};
use crate::diagnostic::{Diagnostic, Sources};
use crate::event::Event;
use crate::plan::Plan;
use crate::value::Value;

/// A plan: what somebody else changed, every change, every output, and the sums.
pub(super) fn plan(plan: &Plan, header: &Header) -> Vec<Line> {
    let mut lines = Vec::with_capacity(plan.changes.len() + plan.drift.len() + plan.outputs.len() + 1);
    lines.extend(plan.drift.iter().map(drift));
    lines.extend(plan.shown().chain(plan.left_out()).map(change));
    lines.extend(plan.outputs.iter().map(output_change));
    let counts = plan.counts();
    lines.push(
        Line::new("change_summary", summary_of(plan, header))
            .with("operation", "plan")
            .with_some("cost", plan.cost.as_ref().map(cost))
            .with("create", counts.create)
            .with("update", counts.update)
            .with("tag", counts.tagged)
            .with("replace", counts.replace)
            .with("delete", counts.delete)
            .with("import", counts.import)
            .with("move", counts.moved)
            .with("forget", counts.forget)
            .with("read", counts.read)
            .with("withheld", counts.withheld)
            .with("left_out", counts.left_out)
            .with("unchanged", plan.unchanged())
            .with("drift", plan.drift.len()),
    );
    if let Some(saved) = &header.saved {
        lines.push(
            Line::new("plan_file", format!("plan {}, {}", saved.path, saved.digest))
                .with("path", saved.path.as_str())
                .with("digest", saved.digest.as_str()),
        );
    }
    lines
}

/// What it costs, in units of the currency; what is not known is named.
pub(super) fn cost(cost: &Cost) -> Json {
    let units = |hundredths: i64| {
        // Far below 2^53.
        #[allow(clippy::cast_precision_loss, reason = "prices are small")]
        let amount = hundredths as f64 / 100.0;
        amount
    };
    let orders = cost.orders.iter().filter(|(_, amount)| amount.is_none());
    let unknown: BTreeSet<_> = cost
        .unknown
        .iter()
        .chain(orders.map(|(address, _)| address))
        .collect();
    json!({
        "currency": cost.currency,
        "before": units(cost.before),
        "after": units(cost.after),
        "at_once": units(cost.charged()),
        "unknown": unknown,
    })
}

fn drift(drift: &Drift) -> Line {
    let what = if drift.path.is_empty() {
        "it no longer exists".to_owned()
    } else {
        format!("{} was changed outside infra", drift.path)
    };
    let (before, after) = (shown(drift.remembered.as_ref()), shown(drift.observed.as_ref()));
    Line::new("drift", format!("{}: {what}; {}", drift.address, drift.effect))
        .with("address", drift.address.to_string())
        .with("path", drift.path.as_str())
        .with("before", before)
        .with("after", after)
        .with("effect", &*drift.effect)
}

fn change(change: &Change) -> Line {
    let order = match change.fate {
        Fate::Replace { create_first: true } => Some("create_first"),
        Fate::Replace { create_first: false } => Some("delete_first"),
        _ => None,
    };
    let location = change.location.as_ref();
    let attributes: Vec<Json> = change.attributes.iter().map(attribute).collect();
    // As paths, for programs; people are told in sentences.
    let forcing = change.attributes.iter().filter(|one| one.forces_replacement);
    let reasons: Vec<Json> = forcing.map(|one| json!(one.path)).collect();
    Line::new(
        "planned_change",
        format!("{} {}", change.fate.verb(), change.address),
    )
    .with("address", change.address.to_string())
    .with("action", change.fate.verb())
    .with_some("order", order)
    .with_some("from", change.moved_from.as_ref().map(ToString::to_string))
    .with_some("id", change.id.as_deref())
    .with_some("file", location.map(|location| &*location.file))
    .with_some("line", location.map(|location| location.line))
    .with("reasons", reasons)
    .with("because", change.reasons.as_slice())
    .with("attributes", attributes)
    .with("unchanged", change.unchanged)
    .with("lost", change.lost.as_slice())
    .with("kept", change.kept.as_slice())
    .with("hints", change.hints.as_slice())
    .with("steps", change.steps.as_slice())
    .with_some("down", change.down.as_deref())
}

fn attribute(change: &AttributeChange) -> Json {
    let values = [change.before.as_ref(), change.after.as_ref()];
    let sensitive = change.sensitive || values.iter().flatten().any(|value| holds_secret(value));
    let mut fields = Map::new();
    fields.insert("path".to_owned(), json!(change.path));
    let [before, after] = values.map(|value| if sensitive { Json::Null } else { shown(value) });
    fields.insert("before".to_owned(), before);
    fields.insert("after".to_owned(), after);
    if change.after.as_ref().is_some_and(|after| !after.is_known()) {
        fields.insert("after_unknown".to_owned(), true.into());
    }
    if sensitive {
        fields.insert("sensitive".to_owned(), true.into());
    }
    if change.forces_replacement {
        fields.insert("forces_replacement".to_owned(), true.into());
    }
    fields.into()
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(holds_secret),
        Value::Map(map) => map.values().any(holds_secret),
        Value::Base64(inner) | Value::JsonText(inner) => holds_secret(inner),
        Value::Bool(_)
        | Value::Integer(_)
        | Value::String(_)
        | Value::Bytes(_)
        | Value::Reference(_)
        | Value::Template(_)
        | Value::Token => false,
    }
}

/// A value as JSON; of what is kept as a hash only there is none.
fn shown(value: Option<&Value>) -> Json {
    match value {
        Some(value) if !literal::is_fingerprint(value) => value.to_json(),
        _ => Json::Null,
    }
}

fn output_change(output: &OutputChange) -> Line {
    let [before, after] = [&output.before, &output.after].map(|value| {
        if output.sensitive {
            Json::Null
        } else {
            shown(value.as_ref())
        }
    });
    let unknown = output.after.as_ref().is_some_and(|after| !after.is_known());
    Line::new("planned_output", format!("output {} changes", output.name))
        .with("name", output.name.as_str())
        .with("before", before)
        .with("after", after)
        .with("after_unknown", unknown)
        .with("sensitive", output.sensitive)
}

/// What happens to a step; none for what only people are told.
pub(super) fn step(event: &Event) -> Option<Line> {
    Some(match event {
        Event::StepStarted {
            address,
            step,
            index,
            of,
        } => Line::new("step_start", format!("{address} {step}: start"))
            .with("address", address.to_string())
            .with("step", step.as_str())
            .with("index", *index)
            .with("of", *of),
        Event::StepStatus { address, status } => Line::new("step_status", format!("{address}: {status}"))
            .with("address", address.to_string())
            .with("status", status.as_str()),
        Event::StepDone {
            address,
            step,
            id,
            seconds: time,
            request_id,
        } => Line::new("step_done", format!("{address} {step}: ok"))
            .with("address", address.to_string())
            .with("step", step.as_str())
            .with("seconds", seconds(*time))
            .with_some("id", id.as_deref())
            .with_some("request_id", request_id.as_deref()),
        Event::StepFailed {
            address,
            step,
            code,
            message,
            told,
            http_status,
            request_id,
        } => Line::new("step_failed", format!("{address} {step}: failed, {message}"))
            .with("address", address.to_string())
            .with("step", step.as_str())
            .with_some("code", told.map(crate::diagnostic::codes::Code::number))
            .with("api_code", code.as_str())
            .with_some("http", *http_status)
            .with_some("request_id", request_id.as_deref()),
        Event::ResourceDone {
            address,
            id,
            seconds: time,
        } => Line::new("resource_done", format!("{address}: done"))
            .with("address", address.to_string())
            .with_some("id", id.as_deref())
            .with("seconds", seconds(*time)),
        Event::Throttled {
            product,
            action,
            pause,
        } => Line::new("throttled", format!("{product} {action} asked to slow down"))
            .with("product", *product)
            .with("action", *action)
            .with("seconds", seconds(pause.as_secs_f64())),
        Event::Notice(text) => Line::new("notice", text.as_str()),
        Event::ApiCall { .. } => return None,
    })
}

/// How a run ended. Failures are told as diagnostics beside it.
pub(super) fn finished(finished: &Finished) -> Vec<Line> {
    let counts = &finished.counts;
    let half_made: Vec<Json> = finished
        .half_made
        .iter()
        .map(|(address, step, id)| json!({ "address": address, "step": step, "id": id }))
        .collect();
    let failed: Vec<Json> = finished
        .failed
        .iter()
        .map(|(address, id)| json!({ "address": address, "id": id }))
        .collect();
    let not_begun: Vec<Json> = finished
        .not_begun
        .iter()
        .map(|(address, needs)| json!({ "address": address, "needs": needs }))
        .collect();
    vec![
        Line::new("change_summary", super::outcome::headline(finished))
            .with("operation", finished.command)
            .with("create", counts.create)
            .with("update", counts.update)
            .with("tag", counts.tagged)
            .with("replace", counts.replace)
            .with("delete", counts.delete)
            .with("import", counts.import)
            .with("move", counts.moved)
            .with("forget", counts.forget)
            .with("failed", failed)
            .with("half_made", half_made)
            .with("not_begun", not_begun)
            .with("interrupted", finished.interrupted)
            .with_some("serial", finished.serial)
            .with("seconds", seconds(finished.elapsed.as_secs_f64())),
        resources(&finished.rows),
        outputs(&finished.outputs),
    ]
}

/// What exists.
pub(super) fn resources(rows: &[Row]) -> Line {
    let resources: Vec<Json> = rows
        .iter()
        .map(|row| {
            json!({
                "address": row.address, "id": row.id, "status": row.status, "private_ip": row.private_ip,
                "public_ip": row.public_ip, "zone_id": row.zone, "drifted": row.drifted,
            })
        })
        .collect();
    Line::new("resources", count(rows.len(), "resource")).with("resources", resources)
}

/// Outputs with their values; none of a sensitive one.
pub(super) fn outputs(outputs: &BTreeMap<String, (Value, bool)>) -> Line {
    let values: Map<String, Json> = outputs
        .iter()
        .map(|(name, (value, sensitive))| {
            let sensitive = *sensitive || holds_secret(value);
            let shown = if sensitive { Json::Null } else { shown(Some(value)) };
            (name.clone(), json!({ "value": shown, "sensitive": sensitive }))
        })
        .collect();
    Line::new("outputs", count(outputs.len(), "output")).with("outputs", values)
}

/// Something that is wrong or worth knowing.
pub(super) fn diagnostic(diagnostic: &Diagnostic, sources: &Sources) -> Line {
    let mut line = Line::new("diagnostic", diagnostic.message.as_str());
    if let Json::Object(fields) = diagnostic_forms::to_json(diagnostic, sources) {
        line.fields = fields;
    }
    line.fields.remove("type");
    line.fields.remove("message");
    line
}
