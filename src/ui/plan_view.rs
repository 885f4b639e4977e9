//! A plan as text: every difference, why, what it costs, and in which steps.
//!
//! Does not know how a plan is made, nor where the text goes.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::attribute_lines as attributes;
use super::copies::{self, Copies};
use super::text::{
    self, BOLD, CYAN, DIM, GREEN, Look, PLAIN, RED, Sheet, YELLOW, count, short_time, toml_key, toml_path,
};
use crate::address::Address;
use crate::change::{Change, Cost, Drift, Fate, OutputChange, amount};
use crate::diagnostic::{Diagnostic, Location};
use crate::plan::Plan;
use crate::state::Effect;
use crate::value::{Attributes, Value};

/// From how many changes on the end of the screen lists them all once more.
const INDEX_FROM: usize = 21;
/// Where an address begins, behind sign and verb.
const ADDRESS_COLUMN: usize = 13;

/// What stands above a plan.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// `plan`, `apply` or `destroy`.
    pub(crate) command: &'static str,
    pub(crate) project: String,
    pub(crate) environment: Option<String>,
    pub(crate) region: String,
    /// `Alibaba Cloud`, `simulator`, or an address of another endpoint.
    pub(crate) cloud: String,
    /// The account's number, if it is known; shown in part.
    pub(crate) account: Option<String>,
    /// Where the credentials come from, in words: `profile default`; empty if there is nothing to tell.
    pub(crate) credentials: String,
    /// The files that were read.
    pub(crate) files: Vec<String>,
    /// How many resources were looked at.
    pub(crate) checked: usize,
    pub(crate) elapsed: Duration,
    /// The command that comes next, with its flags; none where nobody can type it.
    pub(crate) next: Option<String>,
    /// The file in which the plan is kept, if it is.
    pub(crate) saved: Option<SavedAs>,
}

/// The file of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedAs {
    pub(crate) path: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub(crate) digest: String,
}

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Detail {
    /// One line for each change.
    Compact,
    #[default]
    Normal,
    /// Unchanged attributes and whole texts too.
    Full,
}

impl Header {
    /// `shop/prod`, or the project alone.
    pub(crate) fn target(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{}/{environment}", self.project),
            None => self.project.clone(),
        }
    }

    /// `account 1034...7781`, or the cloud alone.
    pub(crate) fn place(&self) -> String {
        match &self.account {
            Some(account) => format!("account {}", in_part(account)),
            None => self.cloud.clone(),
        }
    }
}

/// The beginning and the end of an account's number.
fn in_part(account: &str) -> String {
    match (
        account.get(..4),
        account.len().checked_sub(4).and_then(|at| account.get(at..)),
    ) {
        (Some(start), Some(end)) if account.len() > 11 => format!("{start}...{end}"),
        _ => account.to_owned(),
    }
}

/// The whole text of a plan.
pub(crate) fn render(plan: &Plan, header: &Header, detail: Detail, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    write_header(header, &mut sheet);
    write_drift(&plan.drift, &mut sheet);
    let changes = grouped(plan, detail);
    let changes: Vec<Copies<'_>> = match detail {
        Detail::Full => changes.into_iter().map(Copies::of_one).collect(),
        Detail::Compact | Detail::Normal => copies::together(changes),
    };
    let targets = targets(plan, detail);
    if detail == Detail::Compact && !changes.is_empty() {
        sheet.end_line();
    }
    for copies in &changes {
        if detail == Detail::Compact {
            write_title(copies, &mut sheet);
            write_lost(copies, &mut sheet);
        } else {
            sheet.end_line();
            let target = targets.get(&copies.first().address).copied();
            write_block(copies, target, detail, &mut sheet);
        }
    }
    write_down_at_once(plan, &mut sheet);
    write_tagged(plan, detail, &mut sheet);
    write_left_out(plan, detail, &mut sheet);
    write_outputs(&plan.outputs, &mut sheet);
    write_findings(&plan.findings, &mut sheet);
    if detail != Detail::Compact && changes.len() >= INDEX_FROM {
        sheet.end_line();
        sheet.put(BOLD, "All changes");
        sheet.end_line();
        changes.iter().for_each(|copies| write_title(copies, &mut sheet));
    }
    sheet.end_line();
    write_summary(plan, header, &mut sheet);
    sheet.finish()
}

/// What somebody changed outside, alone.
pub(super) fn render_drift(drift: &[Drift], look: Look) -> String {
    let mut sheet = Sheet::new(look);
    write_drift(drift, &mut sheet);
    sheet.finish().trim_start_matches('\n').to_owned()
}

/// The changes by kind, and by address inside. Those that only get a tag of ours are told as one, unless all is told.
fn grouped(plan: &Plan, detail: Detail) -> Vec<&Change> {
    let is_told = |change: &&Change| change.fate != Fate::Tag || detail == Detail::Full;
    let mut changes: Vec<&Change> = plan.shown().filter(is_told).collect();
    changes.sort_by_key(|change| match change.fate {
        Fate::Import => 0,
        Fate::Move => 1,
        Fate::Create => 2,
        Fate::Update | Fate::Tag => 3,
        Fate::Replace { .. } => 4,
        Fate::Delete => 5,
        Fate::Forget => 6,
        Fate::Withheld => 7,
        Fate::Read => 8,
        Fate::Note | Fate::Keep | Fate::LeftOut => 9,
    });
    changes
}

/// How many get the tag that an older version did not set.
fn write_tagged(plan: &Plan, detail: Detail, sheet: &mut Sheet) {
    let tagged = plan.counts().tagged;
    if tagged == 0 || detail == Detail::Full {
        return;
    }
    sheet.end_line();
    let verb = if tagged == 1 { "gets" } else { "get" };
    let sentence = format!(
        "{} {verb} the tag infra:project, which an older version of infra did not set (--full shows {})",
        count(tagged, "resource"),
        if tagged == 1 { "it" } else { "them" },
    );
    sheet.sentence(YELLOW, &sentence, 2);
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

fn write_header(header: &Header, sheet: &mut Sheet) {
    let title = format!("infra {}", header.command);
    let mut place = header.cloud.clone();
    if let Some(account) = &header.account {
        place.push_str(&format!(" account {}", in_part(account)));
    }
    sheet.put(BOLD, &title);
    for part in [&header.target(), &header.region, &place] {
        if part.is_empty() {
            continue;
        }
        let part = text::escape(part);
        if sheet.column() + 2 + part.width() > sheet.look().prose {
            sheet.end_line();
            sheet.to(title.len());
        }
        sheet.to(sheet.column() + 2);
        sheet.plain(&part);
    }
    sheet.end_line();
    let keys = if header.credentials.is_empty() {
        String::new()
    } else {
        format!("; keys from {}", header.credentials)
    };
    let files = match header.files.len() {
        0..=6 => header.files.join(", "),
        many => format!("{many} files"),
    };
    let read = format!(
        "read {files}; checked {} in {}{keys}",
        count(header.checked, "resource"),
        short_time(header.elapsed),
    );
    sheet.sentence(DIM, &read, 2);
    if let Some(saved) = &header.saved {
        sheet.sentence(DIM, &format!("plan {}", saved.path), 2);
        sheet.sentence(DIM, &saved.digest, 2);
    }
}

fn write_drift(drift: &[Drift], sheet: &mut Sheet) {
    if drift.is_empty() {
        return;
    }
    sheet.end_line();
    let title = format!("Changed outside infra since the last apply ({})", drift.len());
    sheet.put(CYAN, &title);
    sheet.end_line();
    for group in drift.chunk_by(|one, next| one.address == next.address) {
        sheet.to(2);
        sheet.put(CYAN, "!");
        sheet.to(4);
        sheet.put(BOLD, &group[0].address.to_string());
        if let [gone] = group
            && gone.path.is_empty()
        {
            sheet.to(sheet.column() + 2);
            let indent = 6;
            sheet.sentence(PLAIN, &format!("no longer exists; {}", gone.effect), indent);
            continue;
        }
        sheet.end_line();
        let lines: Vec<attributes::AttributeLine> = group
            .iter()
            .map(|one| {
                let name = if one.path.is_empty() {
                    "id".to_owned()
                } else {
                    toml_path(&one.path)
                };
                attributes::change_line("", name, one.remembered.as_ref(), one.observed.as_ref())
            })
            .collect();
        let column = attributes::value_column(&lines, 6, false, sheet);
        for (line, one) in lines.iter().zip(group) {
            attributes::write_line(line, 6, column, sheet);
            if sheet.column() + 2 + one.effect.width() <= sheet.look().prose {
                sheet.to(sheet.column() + 2);
            } else {
                sheet.end_line();
                sheet.to(column);
            }
            sheet.sentence(CYAN, &one.effect, column);
        }
    }
}

fn style_of(action: Fate) -> Style {
    match action {
        Fate::Import | Fate::Move | Fate::Read => CYAN,
        Fate::Create => GREEN,
        Fate::Update | Fate::Tag => YELLOW,
        Fate::Replace { .. } | Fate::Delete => RED,
        Fate::Forget | Fate::Note | Fate::Keep | Fate::LeftOut => DIM,
        Fate::Withheld => RED,
    }
}

/// Sign, verb, address, and the place of its block at the right edge.
fn write_title(copies: &Copies<'_>, sheet: &mut Sheet) {
    let change = copies.first();
    let style = style_of(change.fate);
    sheet.put(PLAIN, &" ".repeat(3 - change.fate.symbol().len()));
    sheet.put(style, change.fate.symbol());
    sheet.to(4);
    sheet.put(style, change.fate.verb());
    sheet.to(ADDRESS_COLUMN);
    sheet.put(BOLD, &copies.title());
    if let Some(location) = &change.location {
        let place = place_of(location);
        let column = sheet.look().prose.saturating_sub(place.width());
        if sheet.column() + 2 > column {
            sheet.end_line();
        }
        sheet.to(column);
        sheet.put(DIM, &place);
    }
    sheet.end_line();
}

/// `infra.toml:24`.
fn place_of(location: &Location) -> String {
    format!("{}:{}", text::escape(&location.file), location.line)
}

fn write_block(copies: &Copies<'_>, target: Option<&Attributes>, detail: Detail, sheet: &mut Sheet) {
    let change = copies.first();
    write_title(copies, sheet);
    for reason in &change.reasons {
        write_labelled("because", PLAIN, reason, PLAIN, sheet);
    }
    let mut lines = if copies.own.is_empty() {
        attributes::lines_of(&change.attributes, change.fate, detail == Detail::Full)
    } else {
        lines_of_copies(copies)
    };
    let names_id = change.attributes.iter().any(|attribute| attribute.path == "id");
    let is_about_an_id = matches!(change.fate, Fate::Import | Fate::Delete | Fate::Forget);
    if let (Some(id), true, false) = (&change.id, is_about_an_id, names_id) {
        let sign = change.fate.symbol();
        let ids: Vec<Value> = match copies.members.as_slice() {
            [_] => vec![Value::from(id.as_str())],
            many => many
                .iter()
                .filter_map(|one| one.id.as_deref().map(Value::from))
                .collect(),
        };
        lines.push(attributes::values_line(sign, "id".to_owned(), &ids));
    }
    match target {
        Some(target) if detail == Detail::Full && change.unchanged > 0 => {
            lines.extend(attributes::kept_lines(target, &change.attributes));
            attributes::write(&lines, 4, sheet);
        }
        _ => {
            attributes::write(&lines, 4, sheet);
            if change.unchanged > 0 {
                sheet.to(6);
                sheet.put(
                    DIM,
                    &format!("({} unchanged, --full shows them)", change.unchanged),
                );
                sheet.end_line();
            }
        }
    }
    write_lost(copies, sheet);
    for kept in &change.kept {
        write_labelled("kept", PLAIN, kept, PLAIN, sheet);
    }
    for hint in &change.hints {
        write_labelled("note", PLAIN, hint, PLAIN, sheet);
    }
    if !change.steps.is_empty() {
        write_labelled("steps", DIM, &change.steps.join(" > "), DIM, sheet);
    }
    if let Some(down) = &change.down {
        write_labelled("down", YELLOW, down, PLAIN, sheet);
    }
}

/// What is lost is shown however little else is.
fn write_lost(copies: &Copies<'_>, sheet: &mut Sheet) {
    for lost in copies.lost() {
        write_labelled("LOST", RED, &lost, RED, sheet);
    }
}

/// The differences of copies that are told as one: those that all share, then those of which each has its own.
fn lines_of_copies(copies: &Copies<'_>) -> Vec<attributes::AttributeLine> {
    let (change, is_own) = (copies.first(), |place: &usize| copies.own.contains(place));
    let shared: Vec<_> = (0..change.attributes.len())
        .filter(|place| !is_own(place))
        .map(|place| change.attributes[place].clone())
        .collect();
    let mut lines = attributes::lines_of(&shared, change.fate, false);
    for place in &copies.own {
        let each: Vec<_> = copies.members.iter().map(|one| &one.attributes[*place]).collect();
        lines.push(attributes::own_line(&each, change.fate));
    }
    lines
}

/// Nobody should find out by a page that is gone that all servers behind it restart together.
fn write_down_at_once(plan: &Plan, sheet: &mut Sheet) {
    for (block, all) in copies::down_at_once(&plan.changes) {
        sheet.end_line();
        let sentence = format!("all {all} of {block} are down at once");
        sheet.sentence(YELLOW, &sentence, 2);
    }
}

/// A word and a sentence beside it.
fn write_labelled(label: &str, label_style: Style, sentence: &str, style: Style, sheet: &mut Sheet) {
    let column = 4 + label.len().max(5) + 1;
    sheet.to(4);
    sheet.put(label_style, label);
    sheet.to(column);
    sheet.sentence(style, sentence, column);
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
            sheet.plain(&place_of(&label.location));
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

/// `2 to create, 1 to update, 1 to replace, 1 to delete`.
pub(super) fn counts_in_words(plan: &Plan) -> String {
    let counts = plan.counts();
    let mut parts = Vec::new();
    if counts.import > 0 {
        parts.push(format!("{} to import", counts.import));
    }
    if counts.moved > 0 {
        parts.push(format!("{} to move", counts.moved));
    }
    parts.push(format!("{} to create", counts.create));
    parts.push(format!("{} to update", counts.update));
    if counts.tagged > 0 {
        parts.push(format!("{} to tag", counts.tagged));
    }
    parts.push(format!("{} to replace", counts.replace));
    parts.push(format!("{} to delete", counts.delete));
    if counts.forget > 0 {
        parts.push(format!("{} to forget", counts.forget));
    }
    if counts.read > 0 {
        parts.push(format!("{} to record", counts.read));
    }
    if counts.left_out > 0 {
        parts.push(format!("{} left out", counts.left_out));
    }
    parts.join(", ")
}

/// The last line of a plan, as a sentence.
pub(super) fn summary_of(plan: &Plan, header: &Header) -> String {
    if !plan.is_empty() {
        return format!("Plan: {}. {} unchanged.", counts_in_words(plan), plan.unchanged());
    }
    let files = match header.files.as_slice() {
        [file] => file.as_str(),
        _ => "the configuration",
    };
    match plan.counts().withheld {
        0 => {}
        1 => return "Nothing to do but what is left out: 1 change is withheld.".to_owned(),
        many => return format!("Nothing to do but what is left out: {many} changes are withheld."),
    }
    match (plan.drift.len(), plan.unchanged()) {
        (0, _) if header.command == "destroy" => "No changes. There is nothing to delete.".to_owned(),
        (0, 0) => format!("No changes. There are no resources in {files}."),
        (0, 1) => format!("No changes. 1 resource matches {files}."),
        (0, many) => format!("No changes. {many} resources match {files}."),
        (1, _) => "No changes to make. 1 attribute was changed outside infra.".to_owned(),
        (many, _) => format!("No changes to make. {many} attributes were changed outside infra."),
    }
}

/// What a plan costs, a sentence each with its label. What is not known is said, and never counted as nothing.
pub(super) fn cost_in_words(cost: &Cost, is_simulated: bool) -> Vec<(&'static str, String)> {
    const NAMED_MAX: usize = 5;
    let mut words = Vec::new();
    let unknown: Vec<String> = cost
        .unknown
        .iter()
        .take(NAMED_MAX)
        .map(ToString::to_string)
        .collect();
    let more = match cost.unknown.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let without = format!("{}{more} (price not known)", unknown.join(", "));
    let unpriced: Vec<String> = cost
        .orders
        .iter()
        .filter(|(_, amount)| amount.is_none())
        .map(|(address, _)| address.to_string())
        .collect();
    if cost.currency.is_empty() {
        if !unknown.is_empty() {
            words.push(("Cost", without));
        }
        if !unpriced.is_empty() {
            let sentence = format!("{} (amount not known)", unpriced.join(", "));
            words.push(("Charged at once", sentence));
        }
        return words;
    }
    let prices = if is_simulated {
        "simulated prices"
    } else {
        "list price"
    };
    let difference = cost.after - cost.before;
    let sign = if difference < 0 { "" } else { "+" };
    let mut sentence = format!(
        "{} -> {} {} a month for these ({sign}{}); {prices}, traffic not included",
        amount(cost.before),
        amount(cost.after),
        cost.currency,
        amount(difference)
    );
    if !unknown.is_empty() {
        sentence.push_str(&format!("; without {without}"));
    }
    words.push(("Cost", sentence));
    if cost.charged() > 0 || !unpriced.is_empty() {
        let mut sentence = format!("{} {} for subscriptions", amount(cost.charged()), cost.currency);
        if !unpriced.is_empty() {
            sentence.push_str(&format!("; without {} (amount not known)", unpriced.join(", ")));
        }
        words.push(("Charged at once", sentence));
    }
    words
}

fn write_summary(plan: &Plan, header: &Header, sheet: &mut Sheet) {
    let summary = summary_of(plan, header);
    match summary.split_once(' ') {
        Some((word, rest)) if !plan.is_empty() => {
            sheet.put(BOLD, word);
            sheet.plain(" ");
            sheet.sentence(PLAIN, rest, 2);
        }
        _ => sheet.sentence(BOLD, &summary, 2),
    }
    if let Some(cost) = &plan.cost
        && !plan.is_empty()
    {
        let is_simulated = header.cloud == "simulator";
        for (label, sentence) in cost_in_words(cost, is_simulated) {
            sheet.plain(&format!("{label}: "));
            sheet.sentence(PLAIN, &sentence, 2);
        }
    }
    if let (Some(next), false) = (&header.next, plan.is_empty()) {
        sheet.plain("Next: ");
        sheet.sentence(PLAIN, next, 2);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{self, address, at, attribute, change, header, set};
    use super::*;
    use crate::value::SecretSource;

    fn text(plan: &Plan, columns: usize) -> String {
        render(plan, &header(), Detail::Normal, Look::new(false, Some(columns)))
    }

    fn only(change: Change) -> Plan {
        Plan {
            changes: vec![change],
            ..Plan::default()
        }
    }

    #[test]
    fn a_plan_at_eighty_columns() {
        let shown = text(&testing::plan(), 80);
        assert_eq!(shown, include_str!("testing/plan_80.txt"), "{shown}");
    }

    #[test]
    fn no_line_is_wider_than_the_screen_but_for_a_value_alone_on_it() {
        for columns in [60, 80, 100, 120, 140, 200] {
            let look = Look::new(false, Some(columns));
            for line in text(&testing::plan(), columns).lines() {
                let alone = line.trim_start().trim_start_matches("-> ");
                let is_value_alone = alone.starts_with('"') && alone.ends_with('"');
                assert!(
                    line.width() <= look.values || is_value_alone,
                    "{} of {columns} columns: {line}",
                    line.width()
                );
                assert_eq!(line, line.trim_end(), "a line ends with spaces");
            }
        }
    }

    #[test]
    fn colour_changes_no_character() {
        for columns in [60, 80, 120] {
            for detail in [Detail::Compact, Detail::Normal, Detail::Full] {
                let shown = |color| {
                    render(
                        &testing::plan(),
                        &header(),
                        detail,
                        Look::new(color, Some(columns)),
                    )
                };
                assert_ne!(shown(true), shown(false));
                assert_eq!(console::strip_ansi_codes(&shown(true)), shown(false));
            }
        }
    }

    #[test]
    fn compact_is_a_line_for_each_change() {
        let look = Look::new(false, Some(80));
        let shown = render(&testing::plan(), &header(), Detail::Compact, look);
        assert!(shown.contains("\n-/+ replace  instance.db "), "{shown}");
        assert!(!shown.contains("steps") && !shown.contains("zone_id"), "{shown}");
        let lost = |detail| {
            render(&testing::plan(), &header(), detail, look)
                .matches("LOST")
                .count()
        };
        assert!(lost(Detail::Normal) > 0);
        assert_eq!(lost(Detail::Compact), lost(Detail::Normal));
    }

    #[test]
    fn what_only_gets_a_tag_is_one_counted_line() {
        let of = |count: usize| Plan {
            changes: (0..count)
                .map(|index| change(Fate::Tag, &format!("vpc.net{index}")))
                .collect(),
            ..Plan::default()
        };
        let shown = text(&of(1), 80);
        assert!(
            shown.contains("\n1 resource gets the tag infra:project, "),
            "{shown}"
        );
        let shown = text(&of(30), 80);
        assert!(
            shown.contains("\n30 resources get the tag infra:project, "),
            "{shown}"
        );
        assert!(shown.contains(" 30 to tag, "), "{shown}");
        assert!(!shown.contains("vpc.net"), "{shown}");
        let full = render(&of(30), &header(), Detail::Full, Look::new(false, Some(80)));
        assert!(full.contains("vpc.net29"), "{full}");
    }

    #[test]
    fn full_shows_what_stays() {
        let mut plan = testing::plan();
        let mut task = testing::task("instance.db", &[]);
        task.then.push(Effect::Settle {
            address: task.object.address.clone(),
            attributes: Attributes::from([
                ("zone_id".to_owned(), Value::from("cn-hangzhou-i")),
                ("instance_type".to_owned(), Value::from("ecs.g7.large")),
            ]),
            dependencies: std::collections::BTreeSet::new(),
            lifecycle: crate::state::Lifecycle::default(),
            imported: None,
            unsettled: BTreeMap::new(),
        });
        plan.tasks.push(task);
        let shown = render(&plan, &header(), Detail::Full, Look::new(false, Some(80)));
        assert!(
            shown.contains("\n      instance_type  \"ecs.g7.large\"\n"),
            "{shown}"
        );
        assert!(!shown.contains("(14 unchanged"), "{shown}");
    }

    #[test]
    fn the_end_of_a_long_plan_lists_all_changes_once_more() {
        let plan = |count: usize| Plan {
            changes: (0..count)
                .map(|index| change(Fate::Create, &format!("instance.web{index}")))
                .collect(),
            ..Plan::default()
        };
        assert!(!text(&plan(20), 80).contains("All changes"));
        let long = text(&plan(21), 80);
        let (_, index) = long.split_once("All changes\n").unwrap();
        assert_eq!(index.matches("  + create   instance.web").count(), 21);
        assert!(index.ends_with("\n\nPlan: 21 to create, 0 to update, 0 to replace, 0 to delete. 0 unchanged.\nNext: infra apply\n"));
    }

    /// Thirty servers of one block, each with a name of its own; one is of another type.
    fn thirty(fate: Fate) -> Plan {
        let one = |index: usize| {
            let own = format!("web-{index}");
            let instance_type = if index == 17 {
                "ecs.g7.xlarge"
            } else {
                "ecs.g7.large"
            };
            Change {
                attributes: vec![
                    set("name", own.as_str()),
                    set("instance_type", instance_type),
                    set("zone_id", "cn-hangzhou-h"),
                ],
                location: Some(at("infra.toml", 12)),
                id: (fate != Fate::Create).then(|| format!("i-{index}")),
                lost: match fate {
                    Fate::Delete if index == 3 => vec!["data disk d-3, 40 GB".to_owned()],
                    Fate::Delete => vec!["the system disk".to_owned()],
                    _ => Vec::new(),
                },
                ..change(fate, &format!("instance.web[{index}]"))
            }
        };
        Plan {
            changes: (0..30).map(one).collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn equal_copies_are_told_as_one_and_the_one_that_differs_is_seen() {
        let shown = text(&thirty(Fate::Create), 80);
        expect_test::expect![[r#"
            infra plan  shop/prod  cn-hangzhou  Alibaba Cloud account 1034...7781
            read infra.toml, network.infra.toml; checked 9 resources in 1.4 s; keys from
              profile default

              + create   instance.web[0..16,18..29] x29                        infra.toml:12
                + instance_type  "ecs.g7.large"
                + zone_id        "cn-hangzhou-h"
                + name           "web-0" .. "web-29"

              + create   instance.web[17]                                      infra.toml:12
                + name           "web-17"
                + instance_type  "ecs.g7.xlarge"
                + zone_id        "cn-hangzhou-h"

            Plan: 30 to create, 0 to update, 0 to replace, 0 to delete. 0 unchanged.
            Next: infra apply
        "#]]
        .assert_eq(&shown);
        assert!(shown.lines().count() <= 25);
        let compact = render(
            &thirty(Fate::Create),
            &header(),
            Detail::Compact,
            Look::new(false, Some(80)),
        );
        assert_eq!(compact.matches("  + create").count(), 2, "{compact}");
        let full = render(
            &thirty(Fate::Create),
            &header(),
            Detail::Full,
            Look::new(false, Some(80)),
        );
        assert_eq!(
            full.matches("  + create   instance.web[").count(),
            30 * 2,
            "{full}"
        );
    }

    #[test]
    fn no_loss_is_hidden_where_copies_are_told_as_one() {
        for detail in [Detail::Compact, Detail::Normal] {
            let shown = render(
                &thirty(Fate::Delete),
                &header(),
                detail,
                Look::new(false, Some(80)),
            );
            assert!(shown.contains("LOST  the system disk (x28)\n"), "{shown}");
            assert!(shown.contains("LOST  data disk d-3, 40 GB\n"), "{shown}");
            assert_eq!(shown.matches("LOST").count(), 3, "{shown}");
        }
    }

    #[test]
    fn that_all_copies_are_down_at_once_is_said() {
        let plan = |running: Fate| Plan {
            changes: (0..3)
                .map(|index| Change {
                    id: Some(format!("i-{index}")),
                    down: (index < 2 || running == Fate::Update).then(|| "about 40 s".to_owned()),
                    ..change(
                        if index < 2 { Fate::Update } else { running },
                        &format!("instance.web[{index}]"),
                    )
                })
                .collect(),
            ..Plan::default()
        };
        let all = text(&plan(Fate::Update), 80);
        assert!(
            all.contains("\nall 3 of instance.web are down at once\n"),
            "{all}"
        );
        assert!(!text(&plan(Fate::Keep), 80).contains("at once"));
    }

    #[test]
    fn nothing_to_do_is_said_in_one_sentence() {
        let end = |plan: &Plan, header: &Header| {
            let shown = render(plan, header, Detail::Normal, Look::new(false, Some(80)));
            shown.lines().last().unwrap().to_owned()
        };
        let one_file = Header {
            files: vec!["infra.toml".to_owned()],
            ..header()
        };
        let mut plan = Plan {
            changes: testing::kept(7).collect(),
            ..Plan::default()
        };
        assert_eq!(end(&plan, &one_file), "No changes. 7 resources match infra.toml.");
        assert_eq!(
            end(&plan, &header()),
            "No changes. 7 resources match the configuration."
        );
        plan.drift = testing::plan().drift;
        assert_eq!(
            end(&plan, &one_file),
            "No changes to make. 2 attributes were changed outside infra."
        );
        let destroy = Header {
            command: "destroy",
            ..header()
        };
        assert_eq!(
            end(&Plan::default(), &destroy),
            "No changes. There is nothing to delete."
        );
    }

    #[test]
    fn a_resource_that_is_gone_takes_one_line() {
        let plan = Plan {
            drift: vec![Drift {
                address: address("instance.web"),
                path: String::new(),
                remembered: testing::text("i-1"),
                observed: None,
                effect: "this plan makes it again".into(),
            }],
            ..Plan::default()
        };
        let shown = text(&plan, 80);
        assert!(
            shown.contains("\n  ! instance.web  no longer exists; this plan makes it again\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_secret_shows_its_source_and_whether_it_changed() {
        let mut password = attribute(
            "password",
            testing::text("hmac-sha256:00"),
            Some(Value::Secret(SecretSource::Env("WEB_PASSWORD".to_owned()))),
        );
        password.sensitive = true;
        let shown = text(
            &only(Change {
                attributes: vec![password],
                ..change(Fate::Update, "instance.web")
            }),
            80,
        );
        assert!(
            shown.contains("~ password  (sensitive, changed)  (env WEB_PASSWORD)\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_text_of_which_only_the_hash_is_kept_is_not_compared() {
        let mut user_data = attribute(
            "user_data",
            testing::text("hmac-sha256:00"),
            testing::text("a\nb\n"),
        );
        user_data.is_text = true;
        let plan = only(Change {
            attributes: vec![user_data],
            ..change(Fate::Update, "instance.web")
        });
        let shown = text(&plan, 100);
        assert!(
            shown.contains(
                "~ user_data  changed to text, 2 lines (--full shows them); the old text is not kept\n"
            ),
            "{shown}"
        );
        let full = render(&plan, &header(), Detail::Full, Look::new(false, Some(80)));
        assert!(full.contains("\n          + a\n          + b\n"), "{full}");
    }

    #[test]
    fn a_long_place_goes_on_a_line_of_its_own() {
        let shown = text(
            &only(Change {
                location: Some(at("network/of/the/shop/in/hangzhou.infra.toml", 24)),
                ..change(Fate::Create, "security_group.for_all_of_the_web_tier")
            }),
            60,
        );
        assert!(shown.lines().all(|line| line.width() <= 60), "{shown}");
    }

    proptest! {
        /// Whatever comes from files or the API: no character of it can move the cursor, and no line ends but ours.
        #[test]
        fn nothing_from_outside_controls_the_screen(strings in prop::collection::vec(any::<String>(), 12), columns in 60..160_usize) {
            let mut strings = strings.into_iter().map(|text| text + "\u{1b}[2J\u{9b}\u{202e}\u{7f}\r\n");
            let mut next = || strings.next().unwrap_or_default();
            let mut user_data = attribute("user_data", Some(Value::from(next())), Some(Value::from(next() + "\u{7}")));
            user_data.is_text = true;
            let mut plan = only(Change {
                reasons: vec![next()],
                lost: vec![next()],
                steps: vec![next()],
                id: Some(next()),
                attributes: vec![set("name", Value::from(next())), set(&format!("tags.{}", next()), 1), user_data],
                location: Some(at(&next(), 1)),
                ..change(Fate::Update, "instance.web")
            });
            plan.findings = vec![Diagnostic::warning(crate::diagnostic::codes::NEW_REGION, next()).help(next())];
            let shown = text(&plan, columns);
            let dangerous = |character: &char| character.is_control() && *character != '\n' || *character == '\u{202e}';
            prop_assert_eq!(shown.chars().find(dangerous), None);
        }
    }
}
