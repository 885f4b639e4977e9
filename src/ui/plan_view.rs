//! A plan as text: every difference, why, what it costs, and in which steps.
//!
//! Does not know how a plan is made, nor where the text goes.

use std::collections::BTreeMap;

use super::attribute_lines as attributes;
use super::header::{self, Header};
use super::plan_blocks::{self, Detail};
use super::text::{BOLD, CYAN, DIM, Look, PLAIN, Sheet, YELLOW, toml_key};
use super::{plan_drift, plan_order, plan_summary};
use crate::address::Address;
use crate::change::{Change, OutputChange};
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::state::Effect;
use crate::value::Attributes;

/// From how many changes on the end of the screen lists them all once more.
const INDEX_FROM: usize = 21;

/// The whole text of a plan.
pub(crate) fn render(plan: &Plan, header: &Header, detail: Detail, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    header::write(header, &mut sheet);
    plan_drift::write(&plan.drift, detail, &mut sheet);
    let changes = plan_order::told(plan, detail);
    let targets = targets(plan, detail);
    if detail == Detail::Compact && !changes.is_empty() {
        sheet.end_line();
    }
    for copies in &changes {
        if detail == Detail::Compact {
            plan_blocks::write_title(copies, &mut sheet);
            plan_blocks::write_lost(copies, &mut sheet);
        } else {
            sheet.end_line();
            let target = targets.get(&copies.first().address).copied();
            plan_blocks::write(copies, target, detail, &mut sheet);
        }
    }
    for sentence in plan_summary::down_at_once_in_words(plan) {
        sheet.end_line();
        sheet.sentence(YELLOW, &sentence, 2);
    }
    if let (Some(sentence), false) = (plan_summary::tagged_in_words(plan), detail == Detail::Full) {
        let which = if plan.counts().tagged == 1 { "it" } else { "them" };
        sheet.end_line();
        sheet.sentence(YELLOW, &format!("{sentence} (--full shows {which})"), 2);
    }
    write_left_out(plan, detail, &mut sheet);
    write_outputs(&plan.outputs, &mut sheet);
    write_findings(&plan.findings, &mut sheet);
    if detail != Detail::Compact && changes.len() >= INDEX_FROM {
        sheet.end_line();
        sheet.put(BOLD, "All changes");
        sheet.end_line();
        changes
            .iter()
            .for_each(|copies| plan_blocks::write_title(copies, &mut sheet));
    }
    sheet.end_line();
    plan_summary::write(plan, header, &mut sheet);
    sheet.finish()
}

/// All attributes of what is changed, to show those that stay.
fn targets(plan: &Plan, detail: Detail) -> BTreeMap<&Address, &Attributes> {
    if detail != Detail::Full {
        return BTreeMap::new();
    }
    plan.tasks
        .iter()
        .flat_map(|task| &task.then)
        .filter_map(|effect| match effect {
            Effect::Settle {
                address, attributes, ..
            } => Some((address, attributes)),
            _ => None,
        })
        .collect()
}

/// How many of what was left out are named unless all is shown.
const LEFT_OUT_MAX: usize = 10;

/// What was not asked for, and what waits for it.
fn write_left_out(plan: &Plan, detail: Detail, sheet: &mut Sheet) {
    let left_out: Vec<&Change> = plan.left_out().collect();
    if left_out.is_empty() {
        return;
    }
    sheet.end_line();
    sheet.put(BOLD, &format!("Left out ({})", left_out.len()));
    sheet.end_line();
    let named = if detail == Detail::Full {
        left_out.len()
    } else {
        LEFT_OUT_MAX
    };
    for change in left_out.iter().take(named) {
        sheet.to(2);
        let why = change
            .reasons
            .first()
            .map_or_else(String::new, |why| format!(": {why}"));
        sheet.sentence(DIM, &format!("{}{why}", change.address), 4);
    }
    if let Some(more @ 1..) = left_out.len().checked_sub(named) {
        sheet.to(2);
        sheet.sentence(DIM, &format!("and {more} more, --full shows them"), 4);
    }
}

fn write_outputs(outputs: &[OutputChange], sheet: &mut Sheet) {
    if outputs.is_empty() {
        return;
    }
    sheet.end_line();
    sheet.put(BOLD, "Outputs");
    sheet.end_line();
    let lines: Vec<attributes::AttributeLine> = outputs
        .iter()
        .map(|output| {
            let sign = match (&output.before, &output.after) {
                (None, _) => "+",
                (Some(_), None) => "-",
                (Some(_), Some(_)) => "~",
            };
            let name = toml_key(&output.name).into_owned();
            if output.sensitive {
                let words = if sign == "~" {
                    "(sensitive, changed)"
                } else {
                    "(sensitive)"
                };
                return attributes::words_line(sign, name, words);
            }
            attributes::change_line(sign, name, output.before.as_ref(), output.after.as_ref())
        })
        .collect();
    attributes::write(&lines, 2, sheet);
}

/// Warnings without the lines of the file: those were shown when the file was read, or there are none.
fn write_findings(diagnostics: &[Diagnostic], sheet: &mut Sheet) {
    for warning in diagnostics.iter().filter(|diagnostic| !diagnostic.is_error()) {
        sheet.end_line();
        let head = format!("warning[{}]:", warning.code);
        sheet.put(YELLOW, &head);
        sheet.plain(" ");
        sheet.sentence(PLAIN, &warning.message, 2);
        if let Some(label) = warning.labels.first() {
            sheet.plain("  --> ");
            sheet.plain(&plan_blocks::place_of(&label.location));
            sheet.end_line();
        }
        for note in &warning.notes {
            sheet.plain("  = ");
            sheet.sentence(PLAIN, note, 4);
        }
        for (index, help) in warning.help.iter().enumerate() {
            sheet.to(2);
            if index == 0 {
                sheet.put(CYAN, "help:");
            }
            sheet.to(8);
            sheet.sentence(PLAIN, &help.to_string(), 8);
        }
    }
}

#[cfg(test)]
mod tests;
