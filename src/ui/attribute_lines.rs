//! The attributes of one change, in columns: sign, name, value, or the value before and after.
//!
//! Does not know what surrounds them.

use std::collections::BTreeMap;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::literal;
use super::text::{DIM, GREEN, PLAIN, RED, Run, Sheet, YELLOW, toml_key, toml_path, widest_of, width_of};
use super::text_diff::{self, TextDiff};
use crate::change::{AttributeChange, Fate};
use crate::value::{AttributeName, Attributes, Value};

/// The widest column of names.
const NAME_COLUMN_MAX: usize = 28;
/// Where values begin that have no room beside their name.
const DEEP: usize = 8;
/// What stands behind an attribute that makes a replacement necessary.
const FORCES: &str = "<- forces replacement";

/// What happens to one attribute, or to one item of a set.
pub(super) struct AttributeLine {
    sign: &'static str,
    name: String,
    content: Content,
    forces: bool,
    /// It is about one item of a set; such names are longer.
    is_item: bool,
}

enum Content {
    Value(Vec<Run>),
    Change(Vec<Run>, Vec<Run>),
    Text(TextDiff),
    /// Items that come and go, each with its sign.
    Items(Vec<(&'static str, Vec<Run>)>),
}

/// The lines of all differences of a change: those that force a replacement first, then in the order of the plan.
pub(super) fn lines_of(changes: &[AttributeChange], action: Fate, full: bool) -> Vec<AttributeLine> {
    let (first, then): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.forces_replacement);
    first
        .into_iter()
        .chain(then)
        .flat_map(|change| lines_of_one(change, action, full))
        .collect()
}

fn lines_of_one(change: &AttributeChange, action: Fate, full: bool) -> Vec<AttributeLine> {
    if let Some(lines) = table_set(change, action) {
        return lines;
    }
    vec![AttributeLine {
        sign: sign_of(change, action),
        name: toml_path(&change.path),
        content: content_of(change, action, full),
        forces: change.forces_replacement,
        is_item: false,
    }]
}

fn sign_of(change: &AttributeChange, action: Fate) -> &'static str {
    match action {
        Fate::Import => "&",
        Fate::Create => "+",
        Fate::Delete => "-",
        Fate::Forget | Fate::Note | Fate::Withheld | Fate::LeftOut | Fate::Keep => ".",
        Fate::Update | Fate::Move | Fate::Tag | Fate::Read | Fate::Replace { .. } => {
            match (&change.before, &change.after) {
                (None, Some(_)) => "+",
                (Some(_), None) => "-",
                _ => "~",
            }
        }
    }
}

fn style_of(sign: &str) -> Style {
    match sign {
        "+" => GREEN,
        "-" => RED,
        "~" => YELLOW,
        _ => PLAIN,
    }
}

fn content_of(change: &AttributeChange, action: Fate, full: bool) -> Content {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    if change.sensitive
        || [before, after]
            .iter()
            .any(|value| matches!(value, Some(Value::Secret(_))))
    {
        return Content::Value(sensitive(before, after));
    }
    if let (true, Some(content)) = (change.is_text, text(before, after, full)) {
        return content;
    }
    match (action, before, after) {
        (Fate::Import | Fate::Create, _, after) => Content::Value(literal::runs(after)),
        (
            Fate::Delete | Fate::Forget | Fate::Note | Fate::Withheld | Fate::LeftOut | Fate::Keep,
            before,
            _,
        ) => Content::Value(literal::runs(before)),
        (Fate::Update, Some(Value::List(old)), Some(Value::List(new))) => scalar_set(old, new),
        (Fate::Update | Fate::Move | Fate::Tag | Fate::Read | Fate::Replace { .. }, before, after) => {
            Content::Change(literal::runs(before), literal::runs(after))
        }
    }
}

fn sensitive(before: Option<&Value>, after: Option<&Value>) -> Vec<Run> {
    let words = match (before, after) {
        (Some(_), Some(_)) => "(sensitive, changed)",
        _ => literal::SENSITIVE,
    };
    let mut runs = vec![Run::new(DIM, words)];
    if let Some(Value::Secret(source)) = after.or(before) {
        runs.push(Run::new(DIM, format!("  ({source})")));
    }
    runs
}

/// A text of several lines; none if it reads better as a value.
fn text(before: Option<&Value>, after: Option<&Value>, full: bool) -> Option<Content> {
    let old = before.filter(|before| !literal::is_fingerprint(before));
    let diff = match (old.and_then(Value::as_str), after.and_then(Value::as_str)) {
        (Some(old), Some(new)) if old.contains('\n') || new.contains('\n') => {
            text_diff::compare(old, new, full)
        }
        (None, Some(new)) if new.contains('\n') && before.is_none_or(literal::is_fingerprint) => {
            let mut diff = text_diff::whole(new, '+', full);
            if before.is_some() {
                diff.headline = format!("changed to {}; the old text is not kept", diff.headline);
            }
            diff
        }
        (Some(old), None) if old.contains('\n') => text_diff::whole(old, '-', full),
        _ => return None,
    };
    Some(Content::Text(diff))
}

/// A list of ids or names, which the API takes as a set.
fn scalar_set(old: &[Value], new: &[Value]) -> Content {
    let gone = old
        .iter()
        .filter(|item| !new.contains(item))
        .map(|item| ("-", item));
    let come = new
        .iter()
        .filter(|item| !old.contains(item))
        .map(|item| ("+", item));
    Content::Items(
        come.chain(gone)
            .map(|(sign, item)| (sign, literal::runs(Some(item))))
            .collect(),
    )
}

/// A set of tables, such as the rules of a security group, a line for each that differs; none if it is no such set.
fn table_set(change: &AttributeChange, action: Fate) -> Option<Vec<AttributeLine>> {
    let tables = |value: &Option<Value>| -> Option<Vec<Attributes>> {
        match value {
            None => Some(Vec::new()),
            Some(value) => value
                .as_list()?
                .iter()
                .map(|item| item.as_map().cloned())
                .collect(),
        }
    };
    let (before, after) = (tables(&change.before)?, tables(&change.after)?);
    if before.is_empty() && after.is_empty() || change.sensitive {
        return None;
    }
    let mut old: BTreeMap<String, Attributes> = before
        .into_iter()
        .map(|table| (title_of(&table), table))
        .collect();
    let mut lines = Vec::new();
    let name = toml_path(&change.path);
    let mut line = |sign, title: &str, content| {
        lines.push(AttributeLine {
            sign,
            name: format!("{name}[{title}]"),
            content,
            forces: change.forces_replacement,
            is_item: true,
        });
    };
    for table in after {
        let title = title_of(&table);
        match old.remove(&title) {
            None => {
                let sign = if action == Fate::Import { "&" } else { "+" };
                line(sign, &title, Content::Value(rest_of(&table)));
            }
            Some(old) => {
                let changed = changed_keys(&old, &table);
                if !changed.is_empty() {
                    line("~", &title, Content::Value(changed));
                }
            }
        }
    }
    for (title, table) in &old {
        line("-", title, Content::Value(rest_of(table)));
    }
    (!lines.is_empty()).then_some(lines)
}

/// The keys that tell one rule from another, in the order in which its title names them.
const TITLE_KEYS: [&str; 11] = [
    "policy",
    "port_range",
    "ip_protocol",
    "source_cidr_ip",
    "dest_cidr_ip",
    "ipv6_source_cidr_ip",
    "ipv6_dest_cidr_ip",
    "source_group_id",
    "dest_group_id",
    "source_prefix_list_id",
    "dest_prefix_list_id",
];

/// `443 tcp 0.0.0.0/0`: what tells one rule from another.
fn title_of(table: &Attributes) -> String {
    let words: Vec<String> = TITLE_KEYS
        .iter()
        .filter_map(|key| Some((*key, table.get(*key)?)))
        .filter_map(|(key, value)| title_word(key, value))
        .collect();
    if words.is_empty() {
        let pairs = table
            .iter()
            .map(|(key, value)| format!("{} = {}", toml_key(key), literal::text(Some(value))));
        return pairs.collect::<Vec<_>>().join(", ");
    }
    words.join(" ")
}

fn title_word(key: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::Reference(reference) => return Some(reference.to_string()),
        value => value.to_text().unwrap_or_else(|| literal::text(Some(value))),
    };
    match key {
        "policy" if text.eq_ignore_ascii_case("accept") => None,
        "port_range" => Some(match text.split_once('/') {
            Some(("-1", "-1")) => "all".to_owned(),
            Some((first, last)) if first == last => first.to_owned(),
            Some((first, last)) => format!("{first}-{last}"),
            None => text,
        }),
        "ip_protocol" | "policy" => Some(text.to_ascii_lowercase()),
        _ => Some(text),
    }
}

/// Whether a key of a table is shown beside its title. The cloud's own id of a rule is not the user's business.
fn is_shown(key: &str) -> bool {
    !TITLE_KEYS.contains(&key) && key != "security_group_rule_id"
}

fn pairs(pairs: Vec<(String, Vec<Run>)>) -> Vec<Run> {
    let last = pairs.len().saturating_sub(1);
    let mut runs = Vec::new();
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        runs.push(Run::new(PLAIN, format!("{} = ", toml_key(&key))));
        runs.extend(value);
        if index < last {
            let mut comma = Run::new(PLAIN, ", ");
            comma.may_break = true;
            runs.push(comma);
        }
    }
    runs
}

fn rest_of(table: &Attributes) -> Vec<Run> {
    pairs(
        table
            .iter()
            .filter(|(key, _)| is_shown(key))
            .map(|(key, value)| (key.to_string(), literal::runs(Some(value))))
            .collect(),
    )
}

fn changed_keys(before: &Attributes, after: &Attributes) -> Vec<Run> {
    let keys: std::collections::BTreeSet<&AttributeName> = before.keys().chain(after.keys()).collect();
    pairs(
        keys.into_iter()
            .filter(|key| is_shown(key) && before.get(*key) != after.get(*key))
            .map(|key| {
                let mut runs = literal::runs(before.get(key));
                runs.push(Run::new(PLAIN, " -> "));
                runs.extend(literal::runs(after.get(key)));
                (key.to_string(), runs)
            })
            .collect(),
    )
}

/// Attributes that stay, for `--full`.
pub(super) fn kept_lines(attributes: &Attributes, changed: &[AttributeChange]) -> Vec<AttributeLine> {
    let mut flat = Vec::new();
    for (name, value) in attributes {
        match value {
            Value::Map(map) => flat.extend(map.iter().map(|(key, value)| (format!("{name}.{key}"), value))),
            value => flat.push((name.to_string(), value)),
        }
    }
    flat.into_iter()
        .filter(|(path, _)| changed.iter().all(|change| change.path != *path))
        .map(|(path, value)| value_line(" ", toml_path(&path), value))
        .collect()
}

/// A line with a name and a value, such as an attribute of a resource in the state.
pub(super) fn value_line(sign: &'static str, name: String, value: &Value) -> AttributeLine {
    AttributeLine {
        sign,
        name,
        content: Content::Value(literal::runs(Some(value))),
        forces: false,
        is_item: false,
    }
}

/// The lines of an attribute as it is: nested keys and items of sets stand for themselves.
pub(super) fn lines_of_value(name: &str, value: &Value) -> Vec<AttributeLine> {
    match value {
        Value::Map(map) if !map.is_empty() => map
            .iter()
            .map(|(key, value)| value_line("", toml_path(&format!("{name}.{key}")), value))
            .collect(),
        Value::List(items) if !items.is_empty() && items.iter().all(|item| item.as_map().is_some()) => items
            .iter()
            .filter_map(Value::as_map)
            .map(|table| AttributeLine {
                sign: "",
                name: format!("{}[{}]", toml_path(name), title_of(table)),
                content: Content::Value(rest_of(table)),
                forces: false,
                is_item: true,
            })
            .collect(),
        value => vec![value_line("", toml_path(name), value)],
    }
}

/// A line with a value before and after, such as one of an output or of drift.
pub(super) fn change_line(
    sign: &'static str,
    name: String,
    before: Option<&Value>,
    after: Option<&Value>,
) -> AttributeLine {
    let content = match sign {
        "+" => Content::Value(literal::runs(after)),
        "-" => Content::Value(literal::runs(before)),
        _ => Content::Change(literal::runs(before), literal::runs(after)),
    };
    AttributeLine {
        sign,
        name,
        content,
        forces: false,
        is_item: false,
    }
}

/// A line whose value is laid out already.
pub(super) fn runs_line(sign: &'static str, name: String, runs: Vec<Run>) -> AttributeLine {
    AttributeLine {
        sign,
        name,
        content: Content::Value(runs),
        forces: false,
        is_item: false,
    }
}

/// One attribute of several changes, with the values of all of them in place of its own.
pub(super) fn common_line(
    one: &AttributeChange,
    action: Fate,
    before: Vec<Run>,
    after: Vec<Run>,
) -> AttributeLine {
    let content = match content_of(one, action, false) {
        Content::Change(..) => Content::Change(before, after),
        _ if one.after.is_none() => Content::Value(before),
        _ => Content::Value(after),
    };
    AttributeLine {
        content,
        forces: one.forces_replacement,
        ..runs_line(sign_of(one, action), toml_path(&one.path), Vec::new())
    }
}

/// A line whose value is words.
pub(super) fn words_line(sign: &'static str, name: String, words: &str) -> AttributeLine {
    runs_line(sign, name, vec![Run::new(DIM, words)])
}

/// The column of values for lines that begin at `indent`. Items of sets have longer names and a column of their own.
pub(super) fn value_column(lines: &[AttributeLine], indent: usize, items: bool, sheet: &Sheet) -> usize {
    let third = sheet.look().values / 3;
    let max = if items {
        sheet.look().values / 2
    } else {
        NAME_COLUMN_MAX.min(third)
    };
    let has_signs = lines.iter().any(|line| !line.sign.is_empty());
    let sign = if has_signs { 2 } else { 0 };
    let names = lines.iter().filter(|line| line.is_item == items);
    let widths = names.map(|line| line.name.width()).filter(|width| *width <= max);
    indent + sign + widths.max().unwrap_or(0) + 2
}

/// Writes lines that begin at `indent`, values in one column.
pub(super) fn write(lines: &[AttributeLine], indent: usize, sheet: &mut Sheet) {
    let column = value_column(lines, indent, false, sheet);
    let item_column = value_column(lines, indent, true, sheet);
    for line in lines {
        let column = if line.is_item { item_column } else { column };
        write_line(line, indent, column, sheet);
        sheet.end_line();
    }
}

/// Writes one line without its end, values at `column`.
pub(super) fn write_line(line: &AttributeLine, indent: usize, column: usize, sheet: &mut Sheet) {
    sheet.to(indent);
    if !line.sign.is_empty() {
        sheet.put(style_of(line.sign), line.sign);
        sheet.to(indent + 2);
    }
    sheet.plain(&line.name);
    let place = Place {
        column: column.max(sheet.column() + 2),
        limit: sheet.look().values,
    };
    match &line.content {
        Content::Value(runs) => {
            let indent = place.indent(width_of(runs), widest_of(runs));
            place.begin(indent, runs, sheet);
        }
        Content::Change(before, after) => write_change(before, after, line.forces, &place, sheet),
        Content::Text(diff) => {
            sheet.to(place.column);
            sheet.flow(PLAIN, &diff.headline, place.column);
            write_diff(diff, indent, sheet);
        }
        Content::Items(items) => {
            for (index, (sign, runs)) in items.iter().enumerate() {
                if index > 0 {
                    sheet.end_line();
                }
                let widest = widest_of(runs) + 2;
                let at = place.indent(widest, widest);
                if at < place.column && index == 0 {
                    sheet.end_line();
                }
                sheet.to(at);
                sheet.put(style_of(sign), sign);
                sheet.to(at + 2);
                sheet.runs(runs, at + 2, place.limit);
            }
        }
    }
    if line.forces && !matches!(line.content, Content::Change(..)) {
        write_forces(place.column, sheet);
    }
}

/// Where the values of a line go.
struct Place {
    column: usize,
    limit: usize,
}

impl Place {
    /// The value column, or a place of its own for what has no room there.
    fn indent(&self, width: usize, widest: usize) -> usize {
        let fits = self.column + width <= self.limit || self.column + widest <= self.limit;
        if fits { self.column } else { DEEP.min(self.column) }
    }

    /// Writes runs that begin at `indent`, on a line of their own if that is not the value column.
    fn begin(&self, indent: usize, runs: &[Run], sheet: &mut Sheet) {
        if indent < self.column {
            sheet.end_line();
        }
        sheet.to(indent);
        sheet.runs(runs, indent, self.limit);
    }
}

fn write_change(before: &[Run], after: &[Run], forces: bool, place: &Place, sheet: &mut Sheet) {
    let note = if forces { FORCES.len() + 2 } else { 0 };
    let width = width_of(before) + 4 + width_of(after);
    if place.column + width + note <= place.limit {
        sheet.to(place.column);
        sheet.runs(before, place.column, place.limit);
        sheet.plain(" -> ");
        sheet.runs(after, place.column, place.limit);
    } else {
        let widest = widest_of(before).max(widest_of(after) + 3);
        let indent = place.indent(widest, widest);
        place.begin(indent, before, sheet);
        sheet.end_line();
        sheet.to(indent);
        sheet.plain("-> ");
        sheet.runs(after, indent + 3, place.limit);
    }
    if forces {
        write_forces(place.column, sheet);
    }
}

fn write_forces(column: usize, sheet: &mut Sheet) {
    if sheet.column() + 2 + FORCES.len() > sheet.look().values {
        sheet.end_line();
        sheet.to(column.min(sheet.look().values - FORCES.len()));
    } else {
        sheet.to(sheet.column() + 2);
    }
    sheet.put(RED, FORCES);
}

fn write_diff(diff: &TextDiff, indent: usize, sheet: &mut Sheet) {
    let sign_column = indent + 6;
    let text_column = sign_column + 2;
    for line in &diff.lines {
        sheet.end_line();
        let style = match line.sign {
            '+' => GREEN,
            '-' => RED,
            _ => DIM,
        };
        sheet.to(sign_column);
        if line.sign != ' ' {
            sheet.put(style, &line.sign.to_string());
        }
        let escaped = super::text::escape(&line.text);
        let mut rest: &str = &escaped;
        while !rest.is_empty() {
            let room = sheet.look().values.saturating_sub(text_column).max(8);
            let part = super::text::cut(rest, room);
            sheet.to(text_column);
            sheet.put(style, part);
            rest = &rest[part.len()..];
            if !rest.is_empty() {
                sheet.end_line();
            }
        }
    }
    if diff.left > 0 {
        sheet.end_line();
        sheet.to(sign_column);
        sheet.put(DIM, &format!("(+{} more, --full)", diff.left));
    }
}
