//! How a run ended: what was done, what exists now, what is left, and what to do next.
//!
//! Does not know how it came about.

use std::collections::BTreeMap;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::Ui;
use super::text::{clock as time, escape};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::plan::Counts;
use crate::value::Value;

/// A row of the table of what exists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) address: String,
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) private_ip: String,
    pub(crate) public_ip: String,
    pub(crate) zone: String,
}

/// Everything there is to say at the end.
pub(crate) struct Finished {
    /// Changes that are done, by kind.
    pub(crate) counts: Counts,
    pub(crate) failures: Vec<Diagnostic>,
    pub(crate) done: Vec<Address>,
    /// Address, step, id.
    pub(crate) half_made: Vec<(Address, String, Option<String>)>,
    /// Address, and what it waits for.
    pub(crate) not_begun: Vec<(Address, Option<Address>)>,
    pub(crate) interrupted: bool,
    pub(crate) rows: Vec<Row>,
    /// Value, and whether it is sensitive.
    pub(crate) outputs: BTreeMap<String, (Value, bool)>,
    /// The state's serial, if it could be saved.
    pub(crate) serial: Option<u64>,
    pub(crate) elapsed: Duration,
}

/// Says how it ended.
pub(crate) fn tell(finished: &Finished, ui: &Ui) {
    if finished.failures.is_empty() && !finished.interrupted {
        ui.result("");
        ui.result(&format!(
            "Done in {}. {}.",
            time(finished.elapsed),
            sentence(&finished.counts)
        ));
    } else {
        ui.diagnostics(&finished.failures, false);
        left(finished, ui);
    }
    if !finished.rows.is_empty() {
        ui.result("");
        table(&finished.rows, ui.out_look().values)
            .iter()
            .for_each(|line| ui.result(line));
    }
    outputs(&finished.outputs, ui);
}

/// The outputs, one on a line.
pub(crate) fn outputs(outputs: &BTreeMap<String, (Value, bool)>, ui: &Ui) {
    if !outputs.is_empty() {
        ui.result("");
    }
    for (name, (value, sensitive)) in outputs {
        let value = match (sensitive, value.is_known()) {
            (true, _) => "(sensitive)".to_owned(),
            (false, true) => value.to_json().to_string(),
            (false, false) => "(not known)".to_owned(),
        };
        ui.result(&format!("{name} = {value}"));
    }
}

fn sentence(counts: &Counts) -> String {
    let parts: Vec<String> = [
        (counts.import, "imported"),
        (counts.create, "created"),
        (counts.update, "updated"),
        (counts.replace, "replaced"),
        (counts.delete, "deleted"),
        (counts.forget, "forgotten"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    if parts.is_empty() {
        "Outputs recorded".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What is done, half made and not begun after a failure, and how to go on.
fn left(finished: &Finished, ui: &Ui) {
    ui.talk("");
    if !finished.done.is_empty() {
        let done: Vec<String> = finished.done.iter().map(Address::to_string).collect();
        ui.talk(&format!("  done       {}", shortened(&done)));
    }
    for (address, step, id) in &finished.half_made {
        let id = id
            .as_deref()
            .map_or_else(String::new, |id| format!("  {} exists,", escape(id)));
        ui.talk(&format!(
            "  half made  {address}{id} step \"{step}\" did not finish"
        ));
    }
    let waiting: Vec<String> = finished
        .not_begun
        .iter()
        .map(|(address, cause)| match cause {
            Some(cause) if cause != address => format!("{address} (needs {cause})"),
            _ => address.to_string(),
        })
        .collect();
    if !waiting.is_empty() {
        ui.talk(&format!("  not begun  {}", shortened(&waiting)));
    }
    ui.talk("");
    match finished.serial {
        Some(serial) => ui.talk(&format!(
            "State saved (serial {serial}). To go on: infra apply (finished resources are not touched)."
        )),
        None => {
            ui.talk("The state could not be saved. Keep this block; everything in it exists:");
            finished
                .rows
                .iter()
                .for_each(|row| ui.talk(&format!("  {} {}", row.address, row.id)));
        }
    }
}

fn shortened(items: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = items.len().saturating_sub(SHOWN);
    let shown = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}

/// The table; columns that are empty everywhere are left out, and the zone goes first when the screen is narrow.
fn table(rows: &[Row], width: usize) -> Vec<String> {
    type Column = (&'static str, fn(&Row) -> &str);
    const COLUMNS: [Column; 6] = [
        ("ADDRESS", |row| &row.address),
        ("ID", |row| &row.id),
        ("STATUS", |row| &row.status),
        ("PRIVATE IP", |row| &row.private_ip),
        ("PUBLIC IP", |row| &row.public_ip),
        ("ZONE", |row| &row.zone),
    ];
    let mut columns: Vec<(Column, usize)> = COLUMNS
        .iter()
        .map(|column| {
            (
                *column,
                rows.iter()
                    .map(|row| escape(column.1(row)).width())
                    .max()
                    .unwrap_or(0),
            )
        })
        .filter(|(_, widest)| *widest > 0)
        .map(|(column, widest)| (column, widest.max(column.0.width())))
        .collect();
    let total = |columns: &[(Column, usize)]| {
        columns
            .iter()
            .map(|(_, wide)| wide + 2)
            .sum::<usize>()
            .saturating_sub(2)
    };
    if total(&columns) > width {
        columns.retain(|(column, _)| column.0 != "ZONE");
    }
    let line = |cell: &dyn Fn(&Column) -> String| {
        let mut line = String::new();
        for (column, wide) in &columns {
            let text = cell(column);
            let gap = (wide + 2).saturating_sub(text.width());
            line.push_str(&text);
            line.push_str(&" ".repeat(gap));
        }
        line.trim_end().to_owned()
    };
    let mut lines = vec![line(&|column| column.0.to_owned())];
    lines.extend(
        rows.iter()
            .map(|row| line(&|column| escape(column.1(row)).into_owned())),
    );
    lines
}
