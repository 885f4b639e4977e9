//! The tables of the files sorted by what they are, and how many copies each resource block has.
//!
//! Does not know what stands inside a block.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::located::{Located, Thing};
use super::raw::{Entry, Node, NodeKind, Table};
use super::report::{Report, Span};
use super::scope::{Copy, Place, Scope, Stage};
use super::suggest::{self, Why};
use crate::address::{ADDRESS_LENGTH_MAX, Address, Key, is_plain_name};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::types::{ResourceType, Types};

/// How many copies a block may have.
pub(super) const COPIES_MAX: i64 = 10_000;

/// One file of the configuration.
pub(super) struct Document {
    pub(super) file: u32,
    pub(super) is_root: bool,
    pub(super) table: Table,
}

/// The tables of all files by what they are.
#[derive(Default)]
pub(super) struct Sections<'a> {
    pub(super) infra: Option<&'a Entry>,
    pub(super) variables: BTreeMap<&'a str, &'a Entry>,
    pub(super) locals: BTreeMap<&'a str, &'a Entry>,
    pub(super) outputs: BTreeMap<&'a str, &'a Entry>,
    pub(super) blocks: BTreeMap<(&'a str, &'a str), Block<'a>>,
    pub(super) moved: Vec<&'a Entry>,
    pub(super) imports: Vec<&'a Entry>,
    pub(super) removed: Vec<&'a Entry>,
    pub(super) policies: Vec<&'a Entry>,
    /// Types that do not exist and names that cannot be used: said once, where they stand.
    unknown_types: BTreeSet<String>,
    meant: HashSet<(String, String)>,
}

/// A resource block as typed.
pub(super) struct Block<'a> {
    pub(super) resource_type: &'static ResourceType,
    pub(super) address: Address,
    pub(super) header: Span,
    pub(super) table: &'a Table,
}

/// What is known of all blocks when references are looked up.
#[derive(Default)]
pub(super) struct Index {
    blocks: BTreeMap<String, BTreeMap<String, Known>>,
    pub(super) unknown_types: BTreeSet<String>,
    meant: HashSet<(String, String)>,
}

/// A block in the index.
pub(super) struct Known {
    pub(super) address: Address,
    pub(super) header: Span,
    pub(super) shape: Shape,
}

/// How many copies a block has.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Single,
    Count(usize),
    Each(Rc<BTreeMap<Arc<str>, Located>>),
    /// There is a mistake in its count or for_each.
    Broken,
}

impl Shape {
    pub(super) fn len(&self) -> usize {
        match self {
            Shape::Single => 1,
            Shape::Count(count) => *count,
            Shape::Each(keys) => keys.len(),
            Shape::Broken => 0,
        }
    }

    /// The keys of the copies; nothing for a block without copies.
    pub(super) fn keys(&self) -> Box<dyn Iterator<Item = Key> + '_> {
        match self {
            Shape::Single | Shape::Broken => Box::new(std::iter::empty()),
            Shape::Count(count) => Box::new((0..*count).map(Key::Index)),
            Shape::Each(keys) => Box::new(keys.keys().map(|key| Key::Name(key.clone()))),
        }
    }
}

impl Index {
    pub(super) fn get(&self, type_name: &str, name: &str) -> Option<&Known> {
        self.blocks.get(type_name)?.get(name)
    }

    /// The names of the blocks of a type.
    pub(super) fn names(&self, type_name: &str) -> Vec<&str> {
        self.blocks
            .get(type_name)
            .into_iter()
            .flat_map(|blocks| blocks.keys().map(String::as_str))
            .collect()
    }

    /// Whether somebody wrote this block, though not rightly.
    pub(super) fn is_meant(&self, type_name: &str, name: &str) -> bool {
        self.meant.contains(&(type_name.to_owned(), name.to_owned()))
    }
}

/// Tables of the language that this version does not know.
const NOT_YET: &[&str] = &["defaults", "data"];

/// What does the same in this version.
fn instead_of(name: &str) -> Option<Advice> {
    Some(match name {
        "defaults" => "write the keys into each block, or use [local]".into(),
        "data" => "write the id, or use a variable".into(),
        _ => return None,
    })
}

/// Tables that are no resource types.
pub(super) const SECTIONS: &[&str] = &[
    "infra", "var", "local", "output", "moved", "import", "removed", "policy",
];

/// Sorts the tables of all files.
pub(super) fn sort<'a>(documents: &'a [Document], types: &Types, report: &mut Report) -> Sections<'a> {
    let mut sections = Sections::default();
    for document in documents {
        for (key, entry) in &document.table.entries {
            match key.as_str() {
                "$schema" => {}
                "infra" if document.is_root => sections.infra = Some(entry),
                "infra" => {
                    let diagnostic =
                        Diagnostic::error(codes::ROOT_ONLY, "[infra] may stand in infra.toml only");
                    report.say(header_of(entry, report), "", diagnostic);
                }
                "var" => named_tables(entry, "var", "variable", true, &mut sections.variables, report),
                "local" => named_tables(entry, "local", "local", false, &mut sections.locals, report),
                "output" => named_tables(entry, "output", "output", false, &mut sections.outputs, report),
                "moved" => sections.moved.push(entry),
                "import" => sections.imports.push(entry),
                "removed" => sections.removed.push(entry),
                "policy" => sections.policies.push(entry),
                key => match NOT_YET.iter().find(|name| **name == key) {
                    Some(name) => not_yet(entry, name, report),
                    None => blocks_of(key, entry, types, &mut sections, report),
                },
            }
        }
    }
    sections
}

/// Where a table begins: its header, or its key when it stands in braces.
pub(super) fn header_of(entry: &Entry, report: &Report) -> Span {
    if report.text(entry.value.span).starts_with('[') && entry.value.as_table().is_some() {
        entry.value.span
    } else {
        entry.key
    }
}

fn not_yet(entry: &Entry, name: &str, report: &mut Report) {
    let diagnostic = Diagnostic::error(
        codes::NOT_YET,
        format!("[{name}] is part of the language, but this version of infra does not know it yet"),
    );
    let diagnostic = match instead_of(name) {
        None => diagnostic,
        Some(help) => diagnostic.help(help),
    };
    report.say(entry.key, "", diagnostic);
}

/// Adds the entries of `[var]`, `[local]` or `[output]`.
fn named_tables<'a>(
    entry: &'a Entry,
    section: &str,
    what: &str,
    tables: bool,
    into: &mut BTreeMap<&'a str, &'a Entry>,
    report: &mut Report,
) {
    let Some(table) = entry.value.as_table() else {
        let diagnostic = Diagnostic::error(codes::BLOCK_FORM, format!("{section} is a table"));
        let diagnostic = match section {
            "var" => diagnostic.help("[var.NAME]"),
            _ => diagnostic.help(format!("[{section}]")).help("NAME = value"),
        };
        report.say(entry.key, "", diagnostic);
        return;
    };
    for (name, member) in &table.entries {
        if !is_plain_name(name) {
            bad_name(name, member.key, report);
            continue;
        }
        if tables && member.value.as_table().is_none() {
            let diagnostic = Diagnostic::error(codes::BLOCK_FORM, format!("{section}.{name} is a table"))
                .help(format!("[{section}.{name}]"))
                .help("default = ...");
            report.say(member.key, "", diagnostic);
            continue;
        }
        match into.get(name.as_str()) {
            Some(first) => twice(
                &format!("{what} {name}"),
                header_of(first, report),
                header_of(member, report),
                report,
            ),
            None => {
                into.insert(name, member);
            }
        }
    }
}

fn twice(what: &str, first: Span, again: Span, report: &mut Report) {
    let diagnostic = Diagnostic::error(codes::TWICE, format!("{what} is defined twice"))
        .at(report.location(first), "first here")
        .help("give one of them another name, or put them together");
    report.say(again, "again here", diagnostic);
}

fn bad_name(name: &str, span: Span, report: &mut Report) {
    let diagnostic = Diagnostic::error(
        codes::NAME,
        format!("the name {name:?} may hold only letters a to z, digits, '_' and '-'"),
    );
    report.say(span, "", diagnostic);
}

fn blocks_of<'a>(
    type_name: &'a str,
    entry: &'a Entry,
    types: &Types,
    sections: &mut Sections<'a>,
    report: &mut Report,
) {
    let Some(resource_type) = types.get(type_name) else {
        unknown_type(type_name, entry, types, sections, report);
        return;
    };
    let Some(table) = entry.value.as_table() else {
        let diagnostic = Diagnostic::error(
            codes::BLOCK_FORM,
            format!("a {type_name} is a table with a name of your choice"),
        )
        .help(format!("[{type_name}.main]"));
        report.say(entry.key, "", diagnostic);
        return;
    };
    for (name, member) in &table.entries {
        let Some(block) = member.value.as_table() else {
            let is_list = matches!(&member.value.kind, NodeKind::List(items) if items.iter().any(|item| item.as_table().is_some_and(|table| table.listed)));
            let diagnostic = if is_list {
                sections.meant.insert((type_name.to_owned(), name.clone()));
                Diagnostic::error(
                    codes::BLOCK_FORM,
                    format!("a {type_name} is written in single brackets; for several of them there are count and for_each"),
                )
                .help(format!("[{type_name}.{name}]"))
            } else {
                Diagnostic::error(
                    codes::BLOCK_FORM,
                    format!("[{type_name}] lacks a name of your choice, then {name} stands inside it"),
                )
                .help(format!("[{type_name}.main]"))
            };
            let span = if is_list {
                member.key
            } else {
                header_of(entry, report)
            };
            report.say(span, "", diagnostic);
            continue;
        };
        let key = (type_name, name.as_str());
        if !is_plain_name(name) {
            bad_name(name, member.key, report);
            sections.meant.insert((type_name.to_owned(), name.clone()));
            continue;
        }
        let header = header_of(member, report);
        let address = Address::new(type_name, name);
        if !fits(&address, header, report) {
            sections.meant.insert((type_name.to_owned(), name.clone()));
            continue;
        }
        match sections.blocks.get(&key) {
            Some(first) => twice(&address.to_string(), first.header, header, report),
            None => {
                let block = Block {
                    resource_type,
                    address,
                    header,
                    table: block,
                };
                sections.blocks.insert(key, block);
            }
        }
    }
}

fn fits(address: &Address, span: Span, report: &mut Report) -> bool {
    let length = address.to_string().chars().count();
    if length <= ADDRESS_LENGTH_MAX {
        return true;
    }
    let diagnostic = Diagnostic::error(
        codes::NAME,
        format!("an address has at most {ADDRESS_LENGTH_MAX} characters, this one has {length}"),
    );
    report.say(span, "", diagnostic);
    false
}

fn unknown_type(
    type_name: &str,
    entry: &Entry,
    types: &Types,
    sections: &mut Sections<'_>,
    report: &mut Report,
) {
    sections.unknown_types.insert(type_name.to_owned());
    let table = entry.value.as_table();
    if table.is_none() && !matches!(entry.value.kind, NodeKind::List(_)) {
        let mut diagnostic = Diagnostic::error(
            codes::UNKNOWN_KEY,
            format!("unknown key \"{type_name}\" above all tables"),
        );
        if ["name", "region", "profile", "endpoint", "requires"].contains(&type_name) {
            diagnostic = diagnostic.help(format!("{type_name} belongs into [infra]"));
        }
        report.say(entry.key, "", diagnostic);
        return;
    }
    let known = types
        .iter()
        .map(|resource_type| resource_type.name)
        .chain(SECTIONS.iter().copied());
    let mut diagnostic = Diagnostic::error(
        codes::UNKNOWN_TYPE,
        format!("unknown resource type \"{type_name}\""),
    );
    let mut label = String::new();
    match suggest::guess(type_name, known) {
        Some(guess) => {
            let name = table.and_then(|table| table.entries.keys().next());
            label = match name {
                Some(name) if is_plain_name(name) => format!("did you mean [{}.{name}]?", guess.name),
                _ => format!("did you mean {}?", guess.name),
            };
            for name in table.into_iter().flat_map(|table| table.entries.keys()) {
                sections.meant.insert((guess.name.clone(), name.clone()));
            }
            if guess.why != Why::Habit {
                diagnostic = diagnostic.fix(report.location(entry.key), guess.name);
            }
        }
        None => {
            let types: Vec<&str> = types.iter().map(|resource_type| resource_type.name).collect();
            diagnostic = diagnostic.note(super::scope::there_are(types));
        }
    }
    report.say(entry.key, label, diagnostic);
}

/// Finds out how many copies each block has; from then on resources can be referred to.
pub(super) fn count_copies(sections: &Sections<'_>, scope: &mut Scope<'_>) {
    let mut index = Index {
        blocks: BTreeMap::new(),
        unknown_types: sections.unknown_types.clone(),
        meant: sections.meant.clone(),
    };
    for ((type_name, name), block) in &sections.blocks {
        let known = Known {
            address: block.address.clone(),
            header: block.header,
            shape: shape_of(block, scope),
        };
        index
            .blocks
            .entry((*type_name).to_owned())
            .or_default()
            .insert((*name).to_owned(), known);
    }
    scope.know_blocks(index);
}

fn shape_of(block: &Block<'_>, scope: &mut Scope<'_>) -> Shape {
    match (block.table.get("count"), block.table.get("for_each")) {
        (None, None) => Shape::Single,
        (Some(count), Some(for_each)) => {
            let diagnostic = Diagnostic::error(codes::PAIR, "give count or for_each, not both")
                .at(scope.report.location(count.key), "");
            scope.report.say(for_each.key, "", diagnostic);
            Shape::Broken
        }
        (Some(count), None) => shape_of_count(&count.value, block, scope),
        (None, Some(for_each)) => shape_of_each(&for_each.value, block, scope),
    }
}

/// The value of `count` or `for_each`: known before anything is made, and not secret.
fn early_value(node: &Node, key: &str, scope: &mut Scope<'_>) -> Option<Located> {
    let place = Place {
        copy: Copy::None,
        ..Place::new(Stage::Resource)
    };
    let value = scope.evaluate(node, &place);
    let diagnostic = if value.early {
        Diagnostic::error(
            codes::TOO_EARLY,
            format!("{key} decides what there is, so it cannot wait for a resource to be made"),
        )
        .help("use a variable, or write the number or the names")
    } else if value.sensitive {
        Diagnostic::error(
            codes::SENSITIVE,
            format!("{key} shows in every address, so it cannot be sensitive"),
        )
    } else if value.is_broken() {
        return None;
    } else {
        return Some(value);
    };
    scope.report.say(node.span, "", diagnostic);
    None
}

fn shape_of_count(node: &Node, block: &Block<'_>, scope: &mut Scope<'_>) -> Shape {
    let Some(value) = early_value(node, "count", scope) else {
        return Shape::Broken;
    };
    let diagnostic = match &value.thing {
        Thing::Integer(count) if (0..=COPIES_MAX).contains(count) => {
            let count = usize::try_from(*count).unwrap_or(0);
            let last = block.address.with_key(Key::Index(count.saturating_sub(1)));
            return if fits(&last, block.header, &mut scope.report) {
                Shape::Count(count)
            } else {
                Shape::Broken
            };
        }
        Thing::Integer(count) => Diagnostic::error(
            codes::COPIES,
            format!("count is at least 0 and at most {COPIES_MAX}, this is {count}"),
        ),
        _ => {
            let found = value.kind_in_words();
            let diagnostic = Diagnostic::error(
                codes::WRONG_TYPE,
                format!("count is a whole number, found {found}"),
            );
            match (&value.thing, value.derived) {
                (Thing::Text(text), false) if text.parse::<u32>().is_ok() => diagnostic
                    .help(format!("count = {text}"))
                    .fix(scope.report.location(node.span), text.clone()),
                (Thing::Text(_), true) => {
                    diagnostic.help("if it is a variable: type = \"integer\" in its table")
                }
                (Thing::List(_) | Thing::Map(_), _) => diagnostic.help("for names there is for_each"),
                _ => diagnostic,
            }
        }
    };
    scope.report.say(node.span, "", diagnostic);
    Shape::Broken
}

fn shape_of_each(node: &Node, block: &Block<'_>, scope: &mut Scope<'_>) -> Shape {
    let Some(value) = early_value(node, "for_each", scope) else {
        return Shape::Broken;
    };
    let span = value.span;
    let pairs: Vec<(String, Span, Located)> = match value.thing {
        Thing::Map(members) => members
            .into_iter()
            .map(|(key, member)| (key, member.key, member.value))
            .collect(),
        Thing::List(items) => {
            let mut pairs = Vec::with_capacity(items.len());
            for item in items {
                let Thing::Text(key) = &item.thing else {
                    let found = item.kind_in_words();
                    let diagnostic = Diagnostic::error(
                        codes::COPIES,
                        format!("for_each is a list of names or a table, found {found} in the list"),
                    )
                    .help("for_each = [\"blue\", \"green\"]")
                    .help("for_each = { blue = { size = 1 }, green = { size = 2 } }");
                    scope.report.say(item.span, "", diagnostic);
                    return Shape::Broken;
                };
                pairs.push((key.clone(), item.span, item));
            }
            pairs
        }
        _ => {
            let found = value.kind_in_words();
            let diagnostic = Diagnostic::error(
                codes::COPIES,
                format!("for_each is a table or a list of names, found {found}"),
            );
            let diagnostic = match value.thing {
                Thing::Integer(_) => diagnostic.help("for a number of equal copies there is count"),
                _ => diagnostic.help("for_each = [\"blue\", \"green\"]"),
            };
            scope.report.say(span, "", diagnostic);
            return Shape::Broken;
        }
    };
    if pairs.len() > usize::try_from(COPIES_MAX).unwrap_or(usize::MAX) {
        let what = format!(
            "for_each has {} keys, at most {COPIES_MAX} are allowed",
            pairs.len()
        );
        scope.report.say(span, "", Diagnostic::error(codes::COPIES, what));
        return Shape::Broken;
    }
    let mut keys: BTreeMap<Arc<str>, Located> = BTreeMap::new();
    let mut is_broken = false;
    for (key, span, value) in pairs {
        is_broken |= !is_usable_key(&key, span, block, scope);
        let key: Arc<str> = key.into();
        match keys.get(&key) {
            Some(first) => {
                let diagnostic = Diagnostic::error(codes::TWICE, format!("for_each names {key:?} twice"))
                    .at(scope.report.location(first.span), "first here");
                scope.report.say(span, "again here", diagnostic);
                is_broken = true;
            }
            None => {
                keys.insert(key, value);
            }
        }
    }
    if is_broken {
        Shape::Broken
    } else {
        Shape::Each(Rc::new(keys))
    }
}

/// Whether a key can stand in an address and be found in it again.
fn is_usable_key(key: &str, span: Span, block: &Block<'_>, scope: &mut Scope<'_>) -> bool {
    let address = block.address.with_key(Key::Name(key.into()));
    if !fits(&address, span, &mut scope.report) {
        return false;
    }
    let text = address.to_string();
    let is_usable = !key.is_empty()
        && !key.contains(['"', '\\', '[', ']', '*'])
        && text.parse::<Address>().as_ref() == Ok(&address);
    if !is_usable {
        let diagnostic = Diagnostic::error(codes::NAME, format!("{key:?} cannot be the key of a copy"))
            .help("letters, digits, '_' and '-' need no quotes anywhere");
        scope.report.say(span, "", diagnostic);
    }
    is_usable
}
