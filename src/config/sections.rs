//! The tables of the files sorted by what they are.
//!
//! Does not know what stands inside a block.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::raw::{Entry, NodeKind, Table};
use super::report::{Report, Span};
use super::suggest;
use super::words::{shorten, there_are};
use crate::address::{ADDRESS_LENGTH_MAX, Address, is_plain_name};
use crate::data::{self, DataKind, KINDS};
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{ResourceType, Types};

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
    pub(super) defaults: Option<&'a Entry>,
    pub(super) variables: BTreeMap<&'a str, &'a Entry>,
    pub(super) locals: BTreeMap<&'a str, &'a Entry>,
    pub(super) outputs: BTreeMap<&'a str, &'a Entry>,
    pub(super) blocks: BTreeMap<(&'a str, &'a str), Block<'a>>,
    pub(super) data: BTreeMap<(&'a str, &'a str), DataBlock<'a>>,
    /// Kinds of data that do not exist: said once, where they stand.
    pub(super) unknown_data: BTreeSet<String>,
    pub(super) moved: Vec<&'a Entry>,
    pub(super) imports: Vec<&'a Entry>,
    pub(super) removed: Vec<&'a Entry>,
    pub(super) policies: Vec<&'a Entry>,
    /// Types that do not exist and names that cannot be used: said once, where they stand.
    pub(super) unknown_types: BTreeSet<String>,
    pub(super) meant: HashSet<(String, String)>,
}

/// A resource block as typed.
pub(super) struct Block<'a> {
    pub(super) resource_type: &'static ResourceType,
    pub(super) address: Address,
    pub(super) header: Span,
    pub(super) table: &'a Table,
}

/// A data block as typed.
pub(super) struct DataBlock<'a> {
    pub(super) kind: &'static DataKind,
    /// Kind and name.
    pub(super) address: Address,
    pub(super) header: Span,
    pub(super) table: &'a Table,
}

/// Tables that are no resource types.
pub(super) const SECTIONS: &[&str] = &[
    "infra", "defaults", "var", "local", "output", "moved", "import", "removed", "policy",
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
                "defaults" if document.is_root => sections.defaults = Some(entry),
                "defaults" => {
                    let diagnostic =
                        Diagnostic::error(codes::ROOT_ONLY, "[defaults] may stand in infra.toml only")
                            .help("it speaks for every block of every file");
                    report.say(header_of(entry, report), "", diagnostic);
                }
                "data" => data_of(entry, &mut sections, report),
                "moved" => sections.moved.push(entry),
                "import" => sections.imports.push(entry),
                "removed" => sections.removed.push(entry),
                "policy" => sections.policies.push(entry),
                key => blocks_of(key, entry, types, &mut sections, report),
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

pub(super) fn fits(address: &Address, span: Span, report: &mut Report) -> bool {
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

/// Adds the blocks of `[data.KIND.NAME]`.
fn data_of<'a>(entry: &'a Entry, sections: &mut Sections<'a>, report: &mut Report) {
    const FORM: &str = "a data block has a kind and a name of your choice";
    let form = |span: Span, example: String, report: &mut Report| {
        let diagnostic = Diagnostic::error(codes::BLOCK_FORM, FORM).help(example);
        report.say(span, "", diagnostic);
    };
    let Some(kinds) = entry.value.as_table() else {
        return form(entry.key, "[data.image.ubuntu]".to_owned(), report);
    };
    for (kind_name, entry) in &kinds.entries {
        let Some(kind) = data::find(kind_name) else {
            sections.unknown_data.insert(kind_name.clone());
            let diagnostic = Diagnostic::error(
                codes::UNKNOWN_TYPE,
                format!("there is no data of the kind \"{}\"", shorten(kind_name)),
            );
            let names = || KINDS.iter().map(|kind| kind.name);
            let guess = suggest::guess(kind_name, names()).or_else(|| {
                let singular = kind_name.strip_suffix('s')?;
                suggest::guess(&format!("{singular}_"), names())
            });
            let (label, diagnostic) = match guess {
                Some(guess) => {
                    let label = format!("did you mean [data.{}...]?", guess.name);
                    let corrected = report.corrected(diagnostic, &guess, entry.key, guess.name.as_str());
                    (label, corrected)
                }
                None => (String::new(), diagnostic.note(there_are(names()))),
            };
            report.say(entry.key, label, diagnostic);
            continue;
        };
        let example = || format!("[data.{kind_name}.NAME]");
        let Some(blocks) = entry.value.as_table() else {
            form(entry.key, example(), report);
            continue;
        };
        for (name, member) in &blocks.entries {
            let Some(table) = member.value.as_table() else {
                form(header_of(entry, report), example(), report);
                sections.unknown_data.insert(kind_name.clone());
                break;
            };
            if !is_plain_name(name) {
                bad_name(name, member.key, report);
                continue;
            }
            let header = header_of(member, report);
            let address = Address::new(kind_name, name);
            if !fits(&address, header, report) {
                continue;
            }
            match sections.data.get(&(kind_name.as_str(), name.as_str())) {
                Some(first) => twice(&format!("data.{address}"), first.header, header, report),
                None => {
                    let block = DataBlock {
                        kind,
                        address,
                        header,
                        table,
                    };
                    sections.data.insert((kind_name, name), block);
                }
            }
        }
    }
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
            diagnostic = report.corrected(diagnostic, &guess, entry.key, guess.name.as_str());
        }
        None => {
            let types: Vec<&str> = types.iter().map(|resource_type| resource_type.name).collect();
            diagnostic = diagnostic.note(there_are(types));
        }
    }
    report.say(entry.key, label, diagnostic);
}
