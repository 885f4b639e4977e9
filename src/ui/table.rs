//! Tables and lists: resources with their ids and addresses, the state, outputs.
//!
//! Does not know where the rows come from.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr as _;

use super::attribute_lines as attributes;
use super::literal;
use super::text::{BOLD, DIM, Look, PLAIN, Run, Sheet, count, cut, escape, toml_key};
use crate::address::Address;
use crate::state::{Resource, State};
use crate::types::{Attribute, Kind};
use crate::value::Value;

/// One resource, as far as a table shows it; what is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) address: String,
    pub(crate) id: String,
    /// The cloud's own word: `Running`.
    pub(crate) status: String,
    pub(crate) private_ip: String,
    pub(crate) public_ip: String,
    pub(crate) zone: String,
    /// Whether somebody changed it outside; none where nobody looked.
    pub(crate) drifted: Option<bool>,
}

struct Column {
    title: &'static str,
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.width());
        cells.max().unwrap_or(0).max(self.title.len())
    }
}

/// The fewest columns to which an id is shortened.
const ID_MIN: usize = 12;
/// The fewest columns to which an address is shortened.
const ADDRESS_MIN: usize = 16;

/// A table of resources. A column without a cell is left out; when the table is too wide the zone goes first, then
/// the middle of the ids, then private addresses and the ids, which `--json` and `state show` have, then the middle of
/// the names.
pub(super) fn resources(rows: &[Row], look: Look) -> String {
    type Cell = fn(&Row) -> &str;
    const COLUMNS: [(&str, Cell); 7] = [
        ("ADDRESS", |row| &row.address),
        ("ID", |row| &row.id),
        ("STATUS", |row| &row.status),
        ("PRIVATE IP", |row| &row.private_ip),
        ("PUBLIC IP", |row| &row.public_ip),
        ("ZONE", |row| &row.zone),
        ("DRIFT", |row| match row.drifted {
            None => "",
            Some(true) => "yes",
            Some(false) => "no",
        }),
    ];
    let mut columns: Vec<Column> = COLUMNS
        .into_iter()
        .map(|(title, cell)| Column {
            title,
            cells: rows.iter().map(|row| escape(cell(row)).into_owned()).collect(),
        })
        .filter(|column| column.cells.iter().any(|cell| !cell.is_empty()))
        .collect();
    let total = |columns: &[Column]| columns.iter().map(|column| column.width() + 2).sum::<usize>();
    if total(&columns) > look.values + 2 {
        columns.retain(|column| column.title != "ZONE");
    }
    let narrowest = |columns: &[Column]| {
        let ids = columns
            .iter()
            .find(|column| column.title == "ID")
            .map(Column::width);
        total(columns) - ids.map_or(0, |width| width.saturating_sub(ID_MIN))
    };
    for title in ["PRIVATE IP", "ID"] {
        if narrowest(&columns) > look.values + 2 {
            columns.retain(|column| column.title != title);
        }
    }
    for (title, min) in [("ID", ID_MIN), ("ADDRESS", ADDRESS_MIN)] {
        let over = total(&columns).saturating_sub(look.values + 2);
        let column = columns.iter_mut().find(|column| column.title == title);
        if let (1.., Some(column)) = (over, column) {
            let room = column.width().saturating_sub(over).max(min);
            for cell in &mut column.cells {
                *cell = without_middle(cell, room);
            }
        }
    }
    draw(&columns, look)
}

/// `i-bp1h...q0r1s`: an id or an address in so many columns.
fn without_middle(id: &str, columns: usize) -> String {
    if id.width() <= columns {
        return id.to_owned();
    }
    let kept = columns - 3;
    let start = cut(id, kept.div_ceil(2));
    let reversed: String = id.chars().rev().collect();
    let end: String = cut(&reversed, kept / 2).chars().rev().collect();
    format!("{start}...{end}")
}

fn draw(columns: &[Column], look: Look) -> String {
    let mut sheet = Sheet::new(look);
    let widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let starts: Vec<usize> = widths
        .iter()
        .scan(0, |next, width| {
            let start = *next;
            *next += width + 2;
            Some(start)
        })
        .collect();
    for (column, start) in columns.iter().zip(&starts) {
        sheet.to(*start);
        sheet.put(BOLD, column.title);
    }
    sheet.end_line();
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for row in 0..rows {
        for (column, start) in columns.iter().zip(&starts) {
            sheet.to(*start);
            sheet.plain(&column.cells[row]);
        }
        sheet.end_line();
    }
    sheet.finish()
}

/// One resource of the state: address, id, attributes, what it needs.
pub(super) fn resource(address: &Address, resource: &Resource, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    write_resource(address, resource, &mut sheet);
    sheet.finish()
}

fn write_resource(address: &Address, resource: &Resource, sheet: &mut Sheet) {
    sheet.put(BOLD, &address.to_string());
    sheet.to(sheet.column() + 2);
    sheet.plain(&resource.id);
    sheet.end_line();
    let lines: Vec<attributes::AttributeLine> = resource
        .attributes
        .iter()
        .flat_map(|(name, value)| attributes::lines_of_value(name, value))
        .collect();
    attributes::write(&lines, 2, sheet);
    let mut line = |label: &str, text: String| {
        sheet.to(2);
        sheet.put(DIM, label);
        sheet.to(2 + label.len() + 1);
        sheet.sentence(PLAIN, &text, 4);
    };
    if !resource.dependencies.is_empty() {
        let needed: Vec<String> = resource.dependencies.iter().map(Address::to_string).collect();
        line("needs", needed.join(", "));
    }
    if !resource.deposed.is_empty() {
        let ids: Vec<&str> = resource.deposed.iter().map(|old| old.id.as_str()).collect();
        line("still to delete", ids.join(", "));
    }
    if !resource.unsettled.is_empty() {
        let owed: Vec<String> = resource
            .unsettled
            .iter()
            .map(|(attribute, step)| format!("{attribute} ({step})"))
            .collect();
        line("not finished", owed.join(", "));
    }
    if resource.is_protected() {
        line("prevent_destroy", "it may not be deleted".to_owned());
    }
}

/// The whole state.
pub(super) fn state(state: &State, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    let about = format!(
        "state {}, serial {}, {}",
        state.lineage,
        state.serial,
        count(state.resources.len(), "resource")
    );
    sheet.sentence(DIM, &about, 2);
    for (address, resource) in &state.resources {
        sheet.end_line();
        write_resource(address, resource, &mut sheet);
    }
    if !state.outputs.is_empty() {
        sheet.end_line();
        write_outputs(
            state
                .outputs
                .iter()
                .map(|(name, value)| (name.as_str(), Value::from_json(value), false)),
            &mut sheet,
        );
    }
    sheet.finish()
}

/// Outputs as `name = value`, a line each; sensitive ones without their value.
pub(super) fn outputs(outputs: &BTreeMap<String, (Value, bool)>, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    write_outputs(
        outputs
            .iter()
            .map(|(name, (value, sensitive))| (name.as_str(), Some(value.clone()), *sensitive)),
        &mut sheet,
    );
    sheet.finish()
}

fn write_outputs<'a>(outputs: impl Iterator<Item = (&'a str, Option<Value>, bool)>, sheet: &mut Sheet) {
    for (name, value, sensitive) in outputs {
        sheet.plain(&toml_key(name));
        sheet.plain(" = ");
        let runs = match (sensitive, &value) {
            (true, _) => vec![Run::new(DIM, literal::SENSITIVE)],
            (false, Some(value)) if !value.is_known() => vec![Run::new(DIM, "(not known yet)")],
            (false, value) => literal::runs(value.as_ref()),
        };
        sheet.runs(&runs, 4, sheet.look().values);
        sheet.end_line();
    }
}

/// The keys of a resource type, with what they mean.
pub(super) fn keys((name, doc): (&str, &str), set: &[&Attribute], read: &[&Attribute], look: Look) -> String {
    let mut sheet = Sheet::new(look);
    sheet.put(BOLD, name);
    sheet.to(sheet.column() + 2);
    sheet.sentence(PLAIN, doc, 2);
    for (title, attributes) in [("Keys", set), ("Made by the cloud, for references", read)] {
        if attributes.is_empty() {
            continue;
        }
        sheet.end_line();
        sheet.put(BOLD, title);
        sheet.end_line();
        for attribute in attributes {
            write_key(attribute, 2, &mut sheet);
        }
    }
    sheet.finish()
}

fn write_key(attribute: &Attribute, indent: usize, sheet: &mut Sheet) {
    sheet.to(indent);
    sheet.put(BOLD, attribute.name);
    sheet.to(sheet.column() + 2);
    let mut kind = kind_in_words(&attribute.kind);
    if attribute.required {
        kind.push_str(", required");
    }
    if let Some(default) = attribute.default {
        kind.push_str(&format!(", default {}", literal::text(Some(&default.value()))));
    }
    sheet.sentence(DIM, &kind, indent + 4);
    if !attribute.doc.is_empty() {
        sheet.to(indent + 4);
        sheet.sentence(PLAIN, attribute.doc, indent + 4);
    }
    if let Kind::Table(nested) | Kind::TableSet(nested) = &attribute.kind {
        for inner in *nested {
            write_key(inner, indent + 4, sheet);
        }
    }
}

fn kind_in_words(kind: &Kind) -> String {
    match kind {
        Kind::String => "text".to_owned(),
        Kind::Text => "text of several lines, or NAME_file".to_owned(),
        Kind::Form(form) => form.noun.to_owned(),
        Kind::Integer { min, max } => format!("number, {min} to {max}"),
        Kind::IntegerSet { min, max } => format!("list of numbers, {min} to {max}, in any order"),
        Kind::StringSet => "list of texts, in any order".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Enum(words) => {
            let words: Vec<String> = words.iter().map(|word| super::text::quoted(word)).collect();
            words.join(" or ")
        }
        Kind::Cidr => "network, such as \"10.0.0.0/16\"".to_owned(),
        Kind::Id(type_name) => format!("id of a {type_name}"),
        Kind::IdOf(types) => format!("id of a {}", types.join(" or ")),
        Kind::IdSet(type_name) => format!("ids of {type_name}s"),
        Kind::Table(_) => "table".to_owned(),
        Kind::TableSet(_) => "list of tables, in any order".to_owned(),
        Kind::Tags => "table of your own names and texts".to_owned(),
        Kind::Secret => "{ env = \"NAME\" } or { file = \"path\" }".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(address: &str, id: &str) -> Row {
        Row {
            address: address.to_owned(),
            id: id.to_owned(),
            status: "Running".to_owned(),
            private_ip: "10.20.1.10".to_owned(),
            public_ip: "47.98.1.1".to_owned(),
            zone: "cn-hangzhou-h".to_owned(),
            drifted: None,
        }
    }

    #[test]
    fn a_table_has_its_columns_under_their_titles() {
        let rows = [
            row("instance.web[0]", "i-bp1aaa"),
            row("instance.web[10]", "i-bp1h3v9k2m4n6p8q0r1s"),
        ];
        let table = resources(&rows, Look::new(false, Some(100)));
        assert_eq!(
            table,
            "\
ADDRESS           ID                      STATUS   PRIVATE IP  PUBLIC IP  ZONE
instance.web[0]   i-bp1aaa                Running  10.20.1.10  47.98.1.1  cn-hangzhou-h
instance.web[10]  i-bp1h3v9k2m4n6p8q0r1s  Running  10.20.1.10  47.98.1.1  cn-hangzhou-h
"
        );
    }

    #[test]
    fn the_zone_goes_first_then_the_middle_of_the_ids() {
        let rows = [row("instance.web[10]", "i-bp1h3v9k2m4n6p8q0r1s")];
        let narrow = resources(&rows, Look::new(false, Some(78)));
        assert!(
            !narrow.contains("ZONE") && narrow.contains("i-bp1h3v9k2m4n6p8q0r1s"),
            "{narrow}"
        );
        let narrower = resources(&rows, Look::new(false, Some(65)));
        assert!(
            narrower.contains("...") && narrower.contains("47.98.1.1"),
            "{narrower}"
        );
        assert!(narrower.lines().all(|line| line.width() <= 65), "{narrower}");
    }

    /// What is drifted and where it can be reached is seen on the narrowest screen.
    #[test]
    fn a_narrow_table_still_tells_addresses_and_drift() {
        for width in [60, 70, 80] {
            let rows = [Row {
                drifted: Some(true),
                ..row("security_group.web", "sg-bp1h3v9k2m4n6p8q0r1s")
            }];
            let table = resources(&rows, Look::new(false, Some(width)));
            assert!(
                table.lines().all(|line| line.width() <= width),
                "{width}:\n{table}"
            );
            assert!(
                table.contains("47.98.1.1") && table.contains("yes"),
                "{width}:\n{table}"
            );
        }
    }

    #[test]
    fn columns_without_a_cell_are_left_out() {
        let rows = [Row {
            address: "vpc.main".to_owned(),
            id: "vpc-1".to_owned(),
            ..Row::default()
        }];
        assert_eq!(
            resources(&rows, Look::new(false, None)),
            "ADDRESS   ID\nvpc.main  vpc-1\n"
        );
    }

    #[test]
    fn sensitive_outputs_keep_their_value_to_themselves() {
        let shown = outputs(
            &[
                ("key".to_owned(), (Value::from("hunter2"), true)),
                ("ip".to_owned(), (Value::from("47.98.1.1"), false)),
            ]
            .into(),
            Look::new(false, None),
        );
        assert_eq!(shown, "ip = \"47.98.1.1\"\nkey = (sensitive)\n");
    }
}
