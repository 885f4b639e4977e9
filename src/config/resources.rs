//! From a block to its resources: attributes checked and completed, one resource for each copy.
//!
//! Does not know how a reference is looked up or which values fit a kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Resource;
use super::conform::conform;
use super::defaults;
use super::evaluate::evaluate;
use super::files::Folder;
use super::index::Shape;
use super::keys::{Subject, add_defaults, check_keys, file_key};
use super::lifecycle;
use super::located::{Located, Thing};
use super::members::of_complaint;
use super::raw::{Entry, Node, NodeKind};
use super::report::Span;
use super::scope::{Copy, Place, Scope, Stage};
use super::sections::{Block, Sections};
use super::suggest;
use crate::address::{Address, Key};
use crate::diagnostic::{Diagnostic, Location, codes};
use crate::types::{Attribute, Kind};
use crate::value::{Attributes, Value};

/// Keys that every block may have.
const COMMON: &[&str] = &["count", "for_each", "depends_on", "lifecycle"];

/// Keys of the language that this version does not know.
const NOT_YET: &[(&str, &str)] = &[("region", "all resources are in the region of [infra]")];

/// What a key of a block gives.
struct Given<'a> {
    attribute: &'static Attribute,
    entry: &'a Entry,
    /// It is the key that names a file.
    from_file: bool,
    /// Tags that everything has, outer ones first; what the block says wins.
    beneath: Vec<&'a Entry>,
}

impl Given<'_> {
    /// Whether it differs from copy to copy.
    fn is_per_copy(&self) -> bool {
        let mut entries = self.beneath.iter().copied().chain([self.entry]);
        entries.any(|entry| entry.value.per_copy)
    }
}

/// Makes the resources of a block and adds them.
pub(super) fn build(
    block: &Block<'_>,
    sections: &Sections<'_>,
    folder: &mut Folder<'_>,
    scope: &mut Scope<'_>,
    resources: &mut BTreeMap<Address, Resource>,
) {
    let errors = scope.report.errors();
    let in_brackets = format!("[{}]", block.address);
    let subject = Subject {
        block: &in_brackets,
        type_name: block.resource_type.name,
        name: block.address.name(),
    };
    let shape = match scope
        .index
        .as_ref()
        .and_then(|index| index.get(block.resource_type.name, block.address.name()))
    {
        Some(known) => known.shape.clone(),
        None => Shape::Broken,
    };
    let given = keys_of(block, sections, subject, scope);
    let spans = places(&given);
    let locations: Arc<BTreeMap<String, Location>> = Arc::new(
        spans
            .iter()
            .map(|(path, span)| (path.clone(), scope.report.location(*span)))
            .collect(),
    );
    let (mut lifecycle, triggers) = lifecycle::read(block, scope);
    let mut depends_on = depends_on(block, scope);
    for (text, span) in triggers {
        add_dependency(&text, span, scope, &mut lifecycle.replace_on_resources);
    }
    depends_on.extend(lifecycle.replace_on_resources.iter().cloned());
    let lifecycle = Arc::new(lifecycle);
    let place = Place::new(Stage::Resource);
    let mut same: Attributes = Attributes::new();
    for given in given.iter().filter(|given| !given.is_per_copy()) {
        if let Some(value) = value_of(given, &place, subject, folder, scope) {
            same.insert(given.attribute.name.to_owned(), value);
        }
    }
    if matches!(shape, Shape::Broken) {
        return;
    }
    let cost = same.values().map(size).sum::<usize>() + depends_on.len() * 96 + 256;
    if !scope.spend(cost.saturating_mul(shape.len()), block.header) {
        return;
    }
    let location = scope.report.location(block.header);
    let make = |key: Option<Key>, copy: Copy<'_>, folder: &mut Folder<'_>, scope: &mut Scope<'_>| {
        let place = Place {
            copy,
            ..Place::new(Stage::Resource)
        };
        let mut attributes = same.clone();
        for given in given.iter().filter(|given| given.is_per_copy()) {
            if let Some(value) = value_of(given, &place, subject, folder, scope) {
                attributes.insert(given.attribute.name.to_owned(), value);
            }
        }
        add_defaults(block.resource_type.attributes, &mut attributes);
        let address = match key {
            Some(key) => block.address.with_key(key),
            None => block.address.clone(),
        };
        // A rule over several attributes means nothing when one of them is missing for being wrong.
        let is_read = attributes.values().all(is_read);
        if scope.report.errors() == errors && is_read {
            check_rules(block, &attributes, &spans, &address, scope);
        }
        Resource {
            address,
            resource_type: block.resource_type,
            attributes,
            depends_on: depends_on.clone(),
            lifecycle: lifecycle.clone(),
            location: location.clone(),
            locations: locations.clone(),
        }
    };
    let mut add = |resource: Resource| {
        resources.insert(resource.address.clone(), resource);
    };
    match &shape {
        Shape::Single => add(make(None, Copy::None, folder, scope)),
        Shape::Count(count) => {
            for index in 0..*count {
                add(make(Some(Key::Index(index)), Copy::Index(index), folder, scope));
            }
        }
        Shape::Each(keys) => {
            for (key, value) in keys.iter() {
                add(make(
                    Some(Key::Name(key.clone())),
                    Copy::Each(key, value),
                    folder,
                    scope,
                ));
            }
        }
        // How many there will be is not known yet; what is wrong in one of them is.
        Shape::Unread { each } => drop(make(None, Copy::Unread { each: *each }, folder, scope)),
        Shape::Broken => {}
    }
}

/// The keys of a block that are attributes; what is wrong with the others is said.
fn keys_of<'a>(
    block: &Block<'a>,
    sections: &Sections<'a>,
    subject: Subject<'_>,
    scope: &mut Scope<'_>,
) -> Vec<Given<'a>> {
    let attributes = block.resource_type.attributes;
    let file_keys: Vec<(String, &'static Attribute)> = attributes
        .iter()
        .filter_map(|attribute| Some((file_key(attribute)?, attribute)))
        .filter(|(key, _)| !attributes.iter().any(|attribute| attribute.name == key))
        .collect();
    let mut given = Vec::new();
    let mut keys = Vec::new();
    for (name, entry) in &block.table.entries {
        let is_attribute = attributes.iter().any(|attribute| attribute.name == name);
        if let Some((_, help)) = NOT_YET
            .iter()
            .find(|(key, _)| key == name)
            .filter(|_| !is_attribute)
        {
            let diagnostic = Diagnostic::error(
                codes::NOT_YET,
                format!("{name} in a resource is part of the language, but this version of infra does not know it yet"),
            )
            .help(*help);
            scope.report.say(entry.key, "", diagnostic);
            continue;
        }
        keys.push((name.as_str(), entry.key, entry.value.span));
        let found = attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| (attribute, false))
            .or_else(|| {
                let (_, attribute) = file_keys.iter().find(|(key, _)| key == name)?;
                Some((*attribute, true))
            });
        match found {
            Some((attribute, from_file)) if !attribute.computed => given.push(Given {
                attribute,
                entry,
                from_file,
                beneath: Vec::new(),
            }),
            _ => {}
        }
    }
    add_defaults_of(block, sections, &file_keys, &mut given);
    // What defaults say is not missing.
    let own: Vec<&str> = keys.iter().map(|(name, _, _)| *name).collect();
    for one in given.iter().filter(|one| !own.contains(&one.attribute.name)) {
        if !one.from_file {
            keys.push((one.attribute.name, block.header, block.header));
        }
    }
    let extra: Vec<&str> = COMMON
        .iter()
        .copied()
        .chain(file_keys.iter().map(|(key, _)| key.as_str()))
        .collect();
    check_keys(
        scope,
        attributes,
        &extra,
        &keys,
        subject.block,
        block.header,
        subject,
    );
    for (key, attribute) in &file_keys {
        let name = attribute.name;
        if let (Some(text), Some(file)) = (block.table.get(name), block.table.get(key)) {
            let diagnostic = Diagnostic::error(codes::PAIR, format!("give {name} or {key}, not both"))
                .at(scope.report.location(text.key), "");
            scope.report.say(file.key, "", diagnostic);
        }
    }
    given
}

/// Adds the keys of `[defaults]` that the block does not say itself; tags are added to its own.
fn add_defaults_of<'a>(
    block: &Block<'a>,
    sections: &Sections<'a>,
    file_keys: &[(String, &'static Attribute)],
    given: &mut Vec<Given<'a>>,
) {
    let attributes = block.resource_type.attributes;
    let is_given = |given: &[Given<'_>], name: &str| given.iter().any(|one| one.attribute.name == name);
    let keys = defaults::of_type(sections, block.resource_type);
    for (name, entry) in keys.into_iter().flat_map(|table| &table.entries) {
        let plain = attributes.iter().find(|attribute| attribute.name == name);
        let of_file = file_keys.iter().find(|(key, _)| key == name);
        let found = match (plain, of_file) {
            (Some(attribute), _) => Some((attribute, false)),
            (None, Some((_, attribute))) => Some((*attribute, true)),
            (None, None) => None,
        };
        let Some((attribute, from_file)) = found else {
            continue;
        };
        if attribute.computed || name == defaults::TAGS || is_given(given, attribute.name) {
            continue;
        }
        given.push(Given {
            attribute,
            entry,
            from_file,
            beneath: Vec::new(),
        });
    }
    let mut tags = defaults::tags(sections, block.resource_type);
    let Some(attribute) = attributes
        .iter()
        .find(|attribute| attribute.name == defaults::TAGS && matches!(attribute.kind, Kind::Tags))
    else {
        return;
    };
    match given.iter_mut().find(|one| one.attribute.name == defaults::TAGS) {
        Some(own) => own.beneath = tags,
        None => {
            if let Some(entry) = tags.pop() {
                given.push(Given {
                    attribute,
                    entry,
                    from_file: false,
                    beneath: tags,
                });
            }
        }
    }
}

/// Where each attribute stands, nested ones too: `system_disk.size`, `ingress[0].port_range`.
fn places(given: &[Given<'_>]) -> BTreeMap<String, Span> {
    fn add(node: &Node, path: String, into: &mut BTreeMap<String, Span>) {
        match &node.kind {
            NodeKind::Table(table) => {
                for (name, entry) in &table.entries {
                    add(&entry.value, format!("{path}.{name}"), into);
                }
            }
            NodeKind::List(items) if items.iter().any(|item| item.as_table().is_some()) => {
                for (position, item) in items.iter().enumerate() {
                    add(item, format!("{path}[{position}]"), into);
                }
            }
            _ => {}
        }
        into.insert(path, node.span);
    }
    let mut spans = BTreeMap::new();
    for given in given {
        add(&given.entry.value, given.attribute.name.to_owned(), &mut spans);
    }
    spans
}

fn value_of(
    given: &Given<'_>,
    place: &Place<'_>,
    subject: Subject<'_>,
    folder: &mut Folder<'_>,
    scope: &mut Scope<'_>,
) -> Option<Value> {
    let name = given.attribute.name;
    if given.from_file {
        return file_of(given, place, folder, scope);
    }
    let place = Place {
        script: matches!(given.attribute.kind, Kind::Text),
        ..*place
    };
    let mut value = evaluate(scope, &given.entry.value, &place);
    for beneath in given.beneath.iter().rev() {
        let under = evaluate(scope, &beneath.value, &place);
        value = over(under, value);
    }
    conform(scope, &given.attribute.kind, name, value, subject)
}

/// Tags on tags: what lies above wins.
fn over(under: Located, above: Located) -> Located {
    match (under.thing, above.thing) {
        (Thing::Map(mut members), Thing::Map(upper)) => {
            members.extend(upper);
            Located {
                span: above.span,
                thing: Thing::Map(members),
                derived: under.derived || above.derived,
                sensitive: under.sensitive || above.sensitive,
                variable: None,
                early: under.early || above.early,
            }
        }
        // What is no table is complained about.
        (Thing::Map(_), thing) => Located { thing, ..above },
        (thing, _) => Located {
            span: under.span,
            thing,
            derived: under.derived,
            sensitive: under.sensitive,
            variable: under.variable,
            early: under.early,
        },
    }
}

/// The content of a file, byte for byte.
fn file_of(
    given: &Given<'_>,
    place: &Place<'_>,
    folder: &mut Folder<'_>,
    scope: &mut Scope<'_>,
) -> Option<Value> {
    let node = &given.entry.value;
    let value = evaluate(scope, node, place);
    let path = match value.thing {
        Thing::Unread(_) if !value.sensitive => return Some(Value::unknown()),
        Thing::Text(path) if !value.sensitive => path,
        Thing::Broken => return None,
        _ => {
            let what = format!(
                "{}_file is the path of a file and known when the configuration is read",
                given.attribute.name
            );
            scope
                .report
                .say(node.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
            return None;
        }
    };
    let bytes = folder.read_named(&path, node.span, &mut scope.report)?;
    if place_is_copy(place) && !scope.spend(bytes.len(), node.span) {
        return None;
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if first.starts_with(b"#!") && first.ends_with(b"\r") {
        let diagnostic = Diagnostic::warning(
            codes::SCRIPT_ENDS,
            format!("the first line of {path} ends with a carriage return, so the system will not find its interpreter"),
        )
        .help("save it with LF at the ends of lines; it is sent byte for byte");
        scope.report.say(node.span, "", diagnostic);
    }
    Some(match String::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(error) => Value::Bytes(error.into_bytes()),
    })
}

fn place_is_copy(place: &Place<'_>) -> bool {
    !matches!(place.copy, Copy::None)
}

/// Whether nothing in a value waits for a data block to be read.
fn is_read(value: &Value) -> bool {
    match value {
        Value::Template(parts) => !parts.is_empty(),
        Value::List(items) => items.iter().all(is_read),
        Value::Map(members) => members.values().all(is_read),
        _ => true,
    }
}

fn check_rules(
    block: &Block<'_>,
    attributes: &Attributes,
    spans: &BTreeMap<String, Span>,
    address: &Address,
    scope: &mut Scope<'_>,
) {
    for complaint in (block.resource_type.check)(attributes) {
        let span = spans.get(complaint.attribute).copied().unwrap_or(block.header);
        let attribute = complaint.attribute;
        let diagnostic = of_complaint(complaint).about(address);
        scope.report.say_about(span, attribute, diagnostic);
    }
}

fn depends_on(block: &Block<'_>, scope: &mut Scope<'_>) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    let Some(entry) = block.table.get("depends_on") else {
        return found;
    };
    let NodeKind::List(items) = &entry.value.kind else {
        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, "depends_on is a list of addresses")
            .help("depends_on = [\"vpc.main\"]");
        scope.report.say(entry.value.span, "", diagnostic);
        return found;
    };
    for item in items {
        let Some(text) = item.as_plain() else {
            let written = scope.report.text(item.span).to_owned();
            let diagnostic =
                Diagnostic::error(codes::DEPENDS_ON, "depends_on holds addresses as plain texts");
            let address = written
                .strip_prefix("\"${")
                .and_then(|rest| rest.strip_suffix("}\""))
                .map(|inner| inner.strip_suffix(".id").unwrap_or(inner));
            let diagnostic = match address {
                Some(address) => diagnostic.help(format!("\"{address}\"")),
                None => diagnostic.help("depends_on = [\"vpc.main\"]"),
            };
            scope.report.say(item.span, "", diagnostic);
            continue;
        };
        add_dependency(text, item.span, scope, &mut found);
    }
    found
}

fn add_dependency(text: &str, span: Span, scope: &mut Scope<'_>, found: &mut BTreeSet<Address>) {
    let Ok(address) = text.parse::<Address>() else {
        let diagnostic = Diagnostic::error(
            codes::DEPENDS_ON,
            format!("\"{}\" is no address", super::words::shorten(text)),
        )
        .help("an address looks like this: \"vpc.main\", \"instance.web[0]\"");
        scope.report.say(span, "", diagnostic);
        return;
    };
    let Some(index) = &scope.index else {
        return;
    };
    let Some(known) = index.get(address.type_name(), address.name()) else {
        if index.is_meant(address.type_name(), address.name())
            || index.unknown_types.contains(address.type_name())
        {
            return;
        }
        let guess = suggest::guess(address.name(), index.names(address.type_name()));
        let label = match guess {
            Some(guess) => format!("did you mean \"{}.{}\"?", address.type_name(), guess.name),
            None => String::new(),
        };
        let diagnostic = Diagnostic::error(codes::DEPENDS_ON, format!("there is no {}", address.block()));
        scope.report.say(span, label, diagnostic);
        return;
    };
    let shape = known.shape.clone();
    let wanted: Vec<Address> = match (&shape, address.key()) {
        (Shape::Broken | Shape::Unread { .. }, _) => return,
        (Shape::Single, None) => vec![address],
        // A block without a key means all its copies.
        (_, None) => {
            if !scope.spend(shape.len() * 96, span) {
                return;
            }
            shape.keys().map(|key| address.with_key(key)).collect()
        }
        (Shape::Count(count), Some(Key::Index(index))) if index < count => vec![address],
        (Shape::Each(keys), Some(Key::Name(key))) if keys.contains_key(key) => vec![address],
        // A for_each key of digits is written without quotes in the configuration.
        (Shape::Each(keys), Some(Key::Index(index))) if keys.contains_key(index.to_string().as_str()) => {
            vec![address.with_key(Key::Name(index.to_string().into()))]
        }
        _ => {
            let diagnostic = Diagnostic::error(codes::DEPENDS_ON, format!("there is no {address}"));
            let diagnostic = match shape {
                Shape::Single => diagnostic.help(format!("it has no copies: \"{}\"", address.block())),
                _ if shape.len() == 0 => diagnostic,
                _ => diagnostic.help(format!("all its copies: \"{}\"", address.block())),
            };
            scope.report.say(span, "", diagnostic);
            return;
        }
    };
    found.extend(wanted);
}

/// Roughly what a value takes in memory.
fn size(value: &Value) -> usize {
    64 + match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(map) => map.iter().map(|(name, item)| 32 + name.len() + size(item)).sum(),
        Value::Template(parts) => parts.len() * 96,
        _ => 96,
    }
}
