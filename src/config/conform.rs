//! Whether a value fits its key, and what it becomes: the kinds of the schema tables.
//!
//! Does not know where the tables come from, and looks nothing up but what a reference names.

use std::collections::BTreeMap;

use super::files;
use super::keys::add_defaults;
use super::located::{Located, Member, Thing};
use super::network::{Network, NotANetwork};
use super::report::Span;
use super::scope::{Scope, count, there_are};
use super::suggest;
use super::trust;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{Attribute, Kind, ResourceType};
use crate::value::{Attributes, Part, Reference, SecretSource, Value};

/// How many tags the user may set; the API allows 20, and four are ours.
const TAGS_MAX: usize = 16;

/// How long the key and the value of a tag may be, in characters.
const TAG_LENGTH_MAX: usize = 128;

/// The beginnings of ids, by type: only so much that an id of another type is noticed.
pub(super) const ID_PREFIXES: &[(&str, &str)] = &[
    ("vpc-", "vpc"),
    ("vsw-", "vswitch"),
    ("sg-", "security_group"),
    ("i-", "instance"),
    ("d-", "disk"),
    ("eip-", "eip"),
    ("eni-", "network_interface"),
    ("ngw-", "nat_gateway"),
    ("lb-", "slb"),
    ("sp-", "snapshot_policy"),
    ("vtb-", "route_table"),
];

/// The key that a value is for.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    /// `[instance.web]`
    pub(super) block: &'s str,
    /// `instance`
    pub(super) type_name: &'s str,
    /// `web`
    pub(super) name: &'s str,
}

impl Scope<'_> {
    /// The value for an attribute, with its defaults; none if it does not fit, which has then been said.
    pub(super) fn conform(
        &mut self,
        kind: &'static Kind,
        path: &str,
        value: Located,
        subject: Subject<'_>,
    ) -> Option<Value> {
        let span = value.span;
        if value.sensitive {
            let diagnostic = Diagnostic::error(
                codes::SENSITIVE,
                format!("{path} would show a sensitive variable in the plan and in the state"),
            )
            .help("sensitive variables can be used in outputs so far; for passwords: { env = \"NAME\" }");
            self.report.say(span, "", diagnostic);
            return None;
        }
        if matches!(value.thing, Thing::Broken) {
            return None;
        }
        if !matches!(kind, Kind::Secret) && self.report.is_secret(span) && !holds_tables(kind) {
            let diagnostic = Diagnostic::error(
                codes::SECRET_IN_FILE,
                format!("{path} looks as if a secret stood in it"),
            );
            self.report.say(span, "", diagnostic);
            return None;
        }
        match kind {
            Kind::Secret => self.secret(path, value, subject),
            Kind::Table(attributes) => match value.thing {
                Thing::Map(members) => self.table(attributes, path, members, span, subject),
                _ => self.wrong_type(kind, path, &value),
            },
            Kind::TableSet(attributes) => self.table_set(kind, attributes, path, value, subject),
            Kind::Tags => self.tags(kind, path, value),
            Kind::IdSet(of) => self.id_set(kind, of, path, value),
            Kind::Id(of) => self.id(kind, of, path, value),
            Kind::IdOf(types) => self.id_of_one(kind, types, path, value),
            Kind::IntegerSet { .. } | Kind::StringSet => self.plain_set(kind, path, value),
            Kind::Integer { min, max } => match value.thing {
                Thing::Integer(number) if (*min..=*max).contains(&number) => Some(Value::Integer(number)),
                Thing::Integer(number) => {
                    let what = format!("{path} is at least {min} and at most {max}, this is {number}");
                    self.report
                        .say(span, "", Diagnostic::error(codes::OUT_OF_RANGE, what));
                    None
                }
                Thing::Reference(ref reference)
                    if matches!(self.kind_of(reference), Some(Kind::Integer { .. })) =>
                {
                    Some(Value::from(reference.clone()))
                }
                _ => self.wrong_type(kind, path, &value),
            },
            Kind::Bool => match value.thing {
                Thing::Bool(truth) => Some(Value::Bool(truth)),
                Thing::Reference(ref reference) if matches!(self.kind_of(reference), Some(Kind::Bool)) => {
                    Some(Value::from(reference.clone()))
                }
                _ => self.wrong_type(kind, path, &value),
            },
            Kind::String | Kind::Text => self.text(kind, path, value),
            Kind::Enum(words) => match self.text(kind, path, value)? {
                Value::String(word) if !words.contains(&word.as_str()) => {
                    self.not_one_of(&word, words, path, span);
                    None
                }
                value => Some(value),
            },
            Kind::Cidr => match self.text(kind, path, value)? {
                Value::String(text) => self.network(&text, path, span),
                value => Some(value),
            },
        }
    }

    /// The kind of what a reference names; ids may be missing in the tables.
    fn kind_of(&self, reference: &Reference) -> Option<&'static Kind> {
        self.types
            .get(reference.address.type_name())?
            .attribute(&reference.attribute)
            .map(|attribute| &attribute.kind)
    }

    fn wrong_type(&mut self, kind: &Kind, path: &str, value: &Located) -> Option<Value> {
        let found = found_in_words(value);
        let diagnostic = Diagnostic::error(
            codes::WRONG_TYPE,
            format!("{path} is {}, found {found}", expected_in_words(kind)),
        );
        let key = path.rsplit('.').next().unwrap_or(path);
        let key = key.split('[').next().unwrap_or(key);
        // What to write instead, when it can be seen from what is there.
        let better = match (kind, &value.thing) {
            (Kind::Integer { .. }, Thing::Text(text)) if text.parse::<i64>().is_ok() => Some(text.clone()),
            (Kind::Bool, Thing::Text(text)) if text == "true" || text == "false" => Some(text.clone()),
            (
                Kind::String | Kind::Text | Kind::Enum(_) | Kind::Cidr | Kind::Id(_) | Kind::IdOf(_),
                Thing::Integer(number),
            ) => Some(format!("\"{number}\"")),
            (Kind::String | Kind::Text | Kind::Enum(_), Thing::Bool(truth)) => Some(format!("\"{truth}\"")),
            (Kind::IdSet(_), Thing::Text(_) | Thing::Reference(_) | Thing::Template(_))
            | (Kind::TableSet(_), Thing::Map(_)) => {
                let written = self.report.text(value.span);
                // A table with a header of its own cannot simply be put into brackets.
                (!written.starts_with('[') && !written.contains('\n')).then(|| format!("[{written}]"))
            }
            _ => None,
        };
        let diagnostic = match better {
            Some(better) if value.derived && !matches!(kind, Kind::IdSet(_)) => {
                let wanted = match kind {
                    Kind::Integer { .. } => "integer",
                    Kind::Bool => "boolean",
                    _ => "string",
                };
                let _ = better;
                diagnostic.help(format!("if it is a variable: type = \"{wanted}\" in its table"))
            }
            Some(better) => diagnostic
                .help(format!("{key} = {better}"))
                .fix(self.report.location(value.span), better),
            None => match (kind, &value.thing) {
                (Kind::TableSet(_), Thing::Map(_)) => {
                    diagnostic.help("write it with double brackets: [[...]]")
                }
                _ => diagnostic,
            },
        };
        self.report.say(value.span, "", diagnostic);
        None
    }

    /// A text, known or not; numbers and truths that come from a reference are written out.
    fn text(&mut self, kind: &Kind, path: &str, value: Located) -> Option<Value> {
        match value.thing {
            Thing::Text(text) => Some(Value::String(text)),
            Thing::Template(parts) => Some(Value::Template(parts)),
            Thing::Integer(number) if value.derived => Some(Value::String(number.to_string())),
            Thing::Bool(truth) if value.derived => Some(Value::String(truth.to_string())),
            Thing::Reference(ref reference) => match self.kind_of(reference) {
                Some(Kind::Integer { .. } | Kind::Bool) => {
                    Some(Value::Template(vec![Part::Reference(reference.clone())]))
                }
                Some(Kind::IdSet(_) | Kind::Table(_) | Kind::TableSet(_) | Kind::Tags | Kind::Secret) => {
                    self.wrong_type(kind, path, &value)
                }
                _ => Some(Value::from(reference.clone())),
            },
            _ => self.wrong_type(kind, path, &value),
        }
    }

    fn not_one_of(&mut self, word: &str, words: &[&str], path: &str, span: Span) {
        let shown = shorten(word);
        let same = words.iter().find(|known| known.eq_ignore_ascii_case(word));
        let guess = same
            .map(|known| (*known).to_owned())
            .or_else(|| suggest::guess(word, words.iter().copied()).map(|guess| guess.name));
        let mut diagnostic = Diagnostic::error(codes::NOT_ONE_OF, format!("{path} cannot be \"{shown}\""))
            .note(format!("one of {}", words.join(", ")));
        let label = match guess {
            Some(guess) => {
                diagnostic = diagnostic.fix(self.report.location(span), format!("\"{guess}\""));
                format!("did you mean \"{guess}\"?")
            }
            None => String::new(),
        };
        self.report.say(span, label, diagnostic);
    }

    fn network(&mut self, text: &str, path: &str, span: Span) -> Option<Value> {
        let shown = shorten(text);
        let mut better = None;
        let what = match Network::parse(text) {
            Ok(_) => return Some(Value::from(text)),
            Err(NotANetwork::HostBits(meant)) => {
                better = Some(meant.to_string());
                format!("{path} \"{shown}\" is an address inside a network, not the network")
            }
            Err(NotANetwork::NoLength(address)) => {
                // A last number of 0 means a network, and its length is anybody's guess.
                if address.octets()[3] != 0 {
                    better = Some(format!("{address}/32"));
                }
                format!("{path} is a network, \"{shown}\" lacks its length")
            }
            Err(NotANetwork::Ipv6) => format!("{path} is an IPv4 network, \"{shown}\" is IPv6"),
            Err(NotANetwork::Form) => format!("{path} \"{shown}\" is no IPv4 network"),
        };
        let diagnostic = Diagnostic::error(codes::CIDR, what);
        let (label, diagnostic) = match better {
            Some(better) => {
                let fix = format!("\"{better}\"");
                (
                    format!("did you mean {better}?"),
                    diagnostic.fix(self.report.location(span), fix),
                )
            }
            None => (
                String::new(),
                diagnostic.help("a network looks like this: 10.0.0.0/16"),
            ),
        };
        self.report.say(span, label, diagnostic);
        None
    }

    /// An id of one of several types: of that which the value speaks of, else of the first.
    fn id_of_one(
        &mut self,
        kind: &Kind,
        types: &[&'static str],
        path: &str,
        value: Located,
    ) -> Option<Value> {
        let spoken_of = match &value.thing {
            Thing::Reference(reference) => {
                let name = reference.address.type_name();
                types.iter().find(|one| **one == name)
            }
            Thing::Text(text) => {
                let begins = ID_PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix));
                types.iter().find(|one| begins.is_some_and(|(_, of)| of == *one))
            }
            _ => None,
        };
        let of = spoken_of.or(types.first())?;
        self.id(kind, of, path, value)
    }

    fn id(&mut self, kind: &Kind, of: &str, path: &str, value: Located) -> Option<Value> {
        let span = value.span;
        match value.thing {
            Thing::Reference(reference) => {
                let is_chosen = self
                    .types
                    .get(of)
                    .is_some_and(|one| one.is_chosen(&reference.attribute));
                let is_its_own = reference.attribute == "id" || is_chosen;
                let fits = (is_its_own && reference.address.type_name() == of)
                    || matches!(self.kind_of(&reference), Some(Kind::Id(other)) if *other == of)
                    || matches!(self.kind_of(&reference), Some(Kind::IdOf(others)) if others.contains(&of));
                if fits {
                    return Some(Value::from(reference));
                }
                let this = match reference.attribute.as_str() {
                    "id" => format!("this is a {}", reference.address.type_name()),
                    attribute => format!("this is the {attribute} of {}", reference.address),
                };
                let diagnostic = Diagnostic::error(
                    codes::WRONG_KIND,
                    format!("{path} wants the id of a {of}, {this}"),
                );
                let help = if reference.address.type_name() == of {
                    Some(format!("\"${{{}.id}}\"", reference.address))
                } else {
                    self.example_of_id(of).map(|(reference, _)| reference)
                };
                let diagnostic = match help {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                };
                self.report.say(span, "", diagnostic);
                None
            }
            // What is known by a name that somebody has chosen may have any.
            Thing::Text(text)
                if self.types.get(of).is_some_and(ResourceType::is_named) && !text.is_empty() =>
            {
                Some(Value::String(text))
            }
            Thing::Text(text) => self.literal_id(of, path, text, span),
            Thing::Template(parts) => Some(Value::Template(parts)),
            _ => self.wrong_type(kind, path, &value),
        }
    }

    fn literal_id(&mut self, of: &str, path: &str, text: String, span: Span) -> Option<Value> {
        let other = ID_PREFIXES
            .iter()
            .find(|(prefix, _)| text.starts_with(prefix))
            .map(|(_, type_name)| *type_name);
        let knows_type = ID_PREFIXES.iter().any(|(_, type_name)| *type_name == of);
        let has_form = !text.is_empty()
            && text.len() <= 128
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let shown = shorten(&text);
        // `vswitch.main` and `vswitch.main.id` without the braces, or the bare name.
        let path_like = text
            .strip_prefix(of)
            .and_then(|rest| rest.strip_prefix('.'))
            .map(|rest| rest.trim_end_matches(".id"));
        let what = match other {
            Some(other) if knows_type && other != of => {
                format!("{path} wants the id of a {of}, \"{shown}\" is the id of a {other}")
            }
            _ if path_like.is_some() => {
                format!("{path} wants the id of a {of}, \"{shown}\" is a reference without ${{}}")
            }
            _ if !has_form => format!("{path} wants the id of a {of}, \"{shown}\" is none"),
            _ => match self.names_a_block(of, &text) {
                true => format!("{path} wants the id of a {of}, \"{shown}\" is the name of one"),
                false => return Some(Value::String(text)),
            },
        };
        let diagnostic = Diagnostic::error(codes::WRONG_KIND, what);
        let named = path_like.unwrap_or(&text);
        let diagnostic = if self.names_a_block(of, named) {
            let better = format!("\"${{{of}.{named}.id}}\"");
            diagnostic
                .help(better.clone())
                .fix(self.report.location(span), better)
        } else {
            match self.example_of_id(of) {
                Some((reference, note)) => diagnostic.help(format!("{reference}{note}")),
                None => diagnostic,
            }
        };
        self.report.say(span, "", diagnostic);
        None
    }

    fn names_a_block(&self, type_name: &str, name: &str) -> bool {
        self.index
            .as_ref()
            .is_some_and(|index| index.get(type_name, name).is_some())
    }

    /// A reference to a resource of the type, and why this one, if there are few.
    pub(super) fn example_of_id(&self, type_name: &str) -> Option<(String, String)> {
        let index = self.index.as_ref()?;
        let names = index.names(type_name);
        let first = index.get(type_name, names.first()?)?;
        let address = match first.shape.keys().next() {
            Some(key) => first.address.with_key(key),
            None => first.address.clone(),
        };
        let note = if names.len() == 1 {
            format!("   (the only {type_name} here)")
        } else {
            format!("   ({})", there_are(names.iter().copied().take(6)))
        };
        Some((format!("\"${{{address}.id}}\""), note))
    }

    /// A set of numbers or texts.
    fn plain_set(&mut self, kind: &'static Kind, path: &str, value: Located) -> Option<Value> {
        let items = match value.thing {
            Thing::List(items) => items,
            Thing::Reference(ref reference)
                if self.kind_of(reference).is_some_and(|of| is_same_set(of, kind)) =>
            {
                return Some(Value::Reference(Box::new(reference.clone())));
            }
            _ => return self.wrong_type(kind, path, &value),
        };
        let mut set = Vec::with_capacity(items.len());
        let mut fits = true;
        for (position, item) in items.into_iter().enumerate() {
            let path = format!("{path}[{position}]");
            let one = match (kind, item.thing) {
                (_, Thing::Broken) => None,
                (_, Thing::Reference(reference)) => Some(Value::Reference(Box::new(reference))),
                (Kind::IntegerSet { min, max }, Thing::Integer(number))
                    if (*min..=*max).contains(&number) =>
                {
                    Some(Value::Integer(number))
                }
                (Kind::IntegerSet { min, max }, thing) => {
                    let found = found_in_words(&Located::new(item.span, thing));
                    let what = format!("{path} is a number from {min} to {max}, found {found}");
                    self.report
                        .say(item.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                    None
                }
                (_, Thing::Text(text)) => Some(Value::String(text)),
                (_, Thing::Template(parts)) => Some(Value::Template(parts)),
                (_, thing) => {
                    let found = found_in_words(&Located::new(item.span, thing));
                    let what = format!("{path} is a text, found {found}");
                    self.report
                        .say(item.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                    None
                }
            };
            match one {
                Some(one) => set.push(one),
                None => fits = false,
            }
        }
        fits.then_some(Value::List(set))
    }

    fn id_set(&mut self, kind: &'static Kind, of: &'static str, path: &str, value: Located) -> Option<Value> {
        match value.thing {
            Thing::List(items) => {
                let mut ids = Vec::with_capacity(items.len());
                let mut fits = true;
                for (position, item) in items.into_iter().enumerate() {
                    // `"${security_group.web[*].id}"` inside a list adds all of them.
                    if matches!(item.thing, Thing::List(_)) && item.derived {
                        match self.id_set(kind, of, path, item) {
                            Some(Value::List(inner)) => ids.extend(inner),
                            _ => fits = false,
                        }
                        continue;
                    }
                    if matches!(item.thing, Thing::Broken) {
                        fits = false;
                        continue;
                    }
                    let item_path = format!("{path}[{position}]");
                    match self.id(&Kind::Id(of), of, &item_path, item) {
                        Some(id) => ids.push(id),
                        None => fits = false,
                    }
                }
                fits.then_some(Value::List(ids))
            }
            Thing::Reference(ref reference) if matches!(self.kind_of(reference), Some(Kind::IdSet(other)) if *other == of) => {
                Some(Value::from(reference.clone()))
            }
            _ => self.wrong_type(kind, path, &value),
        }
    }

    fn table_set(
        &mut self,
        kind: &'static Kind,
        attributes: &'static [Attribute],
        path: &str,
        value: Located,
        subject: Subject<'_>,
    ) -> Option<Value> {
        let Thing::List(items) = value.thing else {
            return self.wrong_type(kind, path, &value);
        };
        let mut tables = Vec::with_capacity(items.len());
        let mut fits = true;
        for (position, item) in items.into_iter().enumerate() {
            let item_path = format!("{path}[{position}]");
            let span = item.span;
            let table = match item.thing {
                Thing::Map(members) => self.table(attributes, &item_path, members, span, subject),
                Thing::Broken => None,
                _ => {
                    let what = format!("{item_path} is a table, found {}", found_in_words(&item));
                    self.report
                        .say(span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                    None
                }
            };
            match table {
                Some(table) => tables.push(table),
                None => fits = false,
            }
        }
        fits.then_some(Value::List(tables))
    }

    fn table(
        &mut self,
        attributes: &'static [Attribute],
        path: &str,
        members: BTreeMap<String, Member>,
        span: Span,
        subject: Subject<'_>,
    ) -> Option<Value> {
        let keys: Vec<(&str, Span, Span)> = members
            .iter()
            .map(|(name, member)| (name.as_str(), member.key, member.value.span))
            .collect();
        let place = format!("{path} of {}", subject.block);
        let mut fits = self.check_keys(attributes, &[], &keys, &place, span, subject);
        let mut values = Attributes::new();
        for (name, member) in members {
            let Some(attribute) = attributes.iter().find(|attribute| attribute.name == name) else {
                continue;
            };
            if attribute.computed {
                continue;
            }
            let member_path = format!("{path}.{name}");
            match self.conform(&attribute.kind, &member_path, member.value, subject) {
                Some(value) => {
                    values.insert(name, value);
                }
                None => fits = false,
            }
        }
        add_defaults(attributes, &mut values);
        fits.then_some(Value::Map(values))
    }

    fn tags(&mut self, kind: &'static Kind, path: &str, value: Located) -> Option<Value> {
        let span = value.span;
        let members = match value.thing {
            Thing::Map(members) => members,
            Thing::Reference(ref reference) if matches!(self.kind_of(reference), Some(Kind::Tags)) => {
                return Some(Value::from(reference.clone()));
            }
            _ => return self.wrong_type(kind, path, &value),
        };
        let mut fits = true;
        if members.len() > TAGS_MAX {
            let what = format!(
                "{path} has {}, at most {TAGS_MAX} are allowed: the API allows 20 and infra sets 4",
                count(members.len(), "tag")
            );
            self.report.say(span, "", Diagnostic::error(codes::TAGS, what));
            fits = false;
        }
        let mut tags = Attributes::new();
        for (key, member) in members {
            fits &= self.is_tag_key(&key, member.key);
            let value_span = member.value.span;
            let item_path = format!("{path}.{key}");
            if matches!(member.value.thing, Thing::Broken) {
                fits = false;
                continue;
            }
            match self.text(&Kind::String, &item_path, member.value) {
                Some(Value::String(text)) if text.chars().count() > TAG_LENGTH_MAX => {
                    let what = format!("the value of a tag has at most {TAG_LENGTH_MAX} characters");
                    self.report
                        .say(value_span, "", Diagnostic::error(codes::TAGS, what));
                    fits = false;
                }
                Some(value) => {
                    tags.insert(key, value);
                }
                None => fits = false,
            }
        }
        fits.then_some(Value::Map(tags))
    }

    fn is_tag_key(&mut self, key: &str, span: Span) -> bool {
        let lower = key.to_ascii_lowercase();
        let reserved = ["infra:", "acs:", "aliyun", "http://", "https://"]
            .into_iter()
            .find(|prefix| lower.starts_with(prefix));
        let what = if key.is_empty() || key.chars().count() > TAG_LENGTH_MAX {
            format!("the key of a tag has 1 to {TAG_LENGTH_MAX} characters")
        } else if reserved == Some("infra:") {
            "tags that begin with \"infra:\" are infra's own".to_owned()
        } else if let Some(prefix) = reserved {
            format!("the cloud allows no tag that begins with \"{prefix}\"")
        } else {
            return true;
        };
        self.report.say(span, "", Diagnostic::error(codes::TAGS, what));
        false
    }

    /// Whether a configuration may have this secret read and sent; says so if not.
    fn may_read(&mut self, source: &SecretSource, span: Span) -> bool {
        let diagnostic = match source {
            SecretSource::Env(name) => {
                let Some(refusal) = trust::variable(name, self.files.opened) else {
                    return true;
                };
                let diagnostic = Diagnostic::error(codes::CREDENTIAL, refusal.what);
                if refusal.can_be_opened {
                    diagnostic.help(format!("if it really is one: --allow-env {name}"))
                } else {
                    diagnostic
                }
            }
            SecretSource::File(path) => match self.files.named(path) {
                Ok(_) => return true,
                Err(refusal) => files::refused(codes::FILE_PATH, refusal),
            },
        };
        self.report.say(span, "", diagnostic);
        false
    }

    fn secret(&mut self, path: &str, value: Located, subject: Subject<'_>) -> Option<Value> {
        let span = value.span;
        let key = path.rsplit('.').next().unwrap_or(path);
        let Thing::Map(members) = value.thing else {
            self.report.hide(span);
            let variable = format!("{}_{key}", subject.name)
                .to_ascii_uppercase()
                .replace('-', "_");
            let diagnostic =
                Diagnostic::error(codes::SECRET_IN_FILE, format!("a {key} must not be written here"))
                    .help(format!("{key} = {{ env = \"{variable}\" }}"))
                    .help(format!("{key} = {{ file = \"path/to/file\" }}"));
            self.report.say(span, "", diagnostic);
            return None;
        };
        let known = ["env", "file"];
        for (name, member) in &members {
            if !known.contains(&name.as_str()) {
                self.report.hide(member.value.span);
                let diagnostic = Diagnostic::error(
                    codes::UNKNOWN_KEY,
                    format!("a {key} comes from env or file, not from \"{}\"", shorten(name)),
                )
                .help(format!("{key} = {{ env = \"NAME\" }}"));
                self.report.say(member.key, "", diagnostic);
                return None;
            }
        }
        let mut sources = members.into_iter();
        match (sources.next(), sources.next()) {
            (Some((source, member)), None) => match member.value.thing {
                Thing::Text(text) if !text.is_empty() && !text.contains(['\0', '\n']) => {
                    let source = match source.as_str() {
                        "env" => SecretSource::Env(text),
                        _ => SecretSource::File(text),
                    };
                    self.may_read(&source, member.value.span)
                        .then_some(Value::Secret(source))
                }
                Thing::Broken => None,
                _ => {
                    let what =
                        format!("{key}.{source} is a name that is known when the configuration is read");
                    self.report
                        .say(member.value.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                    None
                }
            },
            (Some(_), Some((_, second))) => {
                let what = format!("give env or file for {key}, not both");
                self.report
                    .say(second.key, "", Diagnostic::error(codes::PAIR, what));
                None
            }
            (None, _) => {
                let diagnostic = Diagnostic::error(codes::MISSING_KEY, format!("{key} needs env or file"))
                    .help(format!("{key} = {{ env = \"NAME\" }}"));
                self.report.say(span, "", diagnostic);
                None
            }
        }
    }
}

fn is_same_set(one: &Kind, other: &Kind) -> bool {
    matches!(
        (one, other),
        (Kind::StringSet, Kind::StringSet) | (Kind::IntegerSet { .. }, Kind::IntegerSet { .. })
    )
}

fn holds_tables(kind: &Kind) -> bool {
    matches!(kind, Kind::Table(_) | Kind::TableSet(_) | Kind::Tags)
}

fn expected_in_words(kind: &Kind) -> String {
    match kind {
        Kind::String | Kind::Text | Kind::Enum(_) => "a text".to_owned(),
        Kind::Integer { .. } => "a whole number".to_owned(),
        Kind::IntegerSet { min, max } => format!("a list of numbers from {min} to {max}"),
        Kind::StringSet => "a list of texts".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Cidr => "a network such as \"10.0.0.0/16\"".to_owned(),
        Kind::Id(of) => format!("the id of a {of}"),
        Kind::IdOf(types) => format!("the id of a {}", types.join(" or ")),
        Kind::IdSet(of) => format!("a list of {of} ids"),
        Kind::Table(_) => "a table".to_owned(),
        Kind::TableSet(_) => "a list of tables".to_owned(),
        Kind::Tags => "a table of texts".to_owned(),
        Kind::Secret => "{ env = \"NAME\" } or { file = \"path\" }".to_owned(),
    }
}

fn found_in_words(value: &Located) -> String {
    match &value.thing {
        Thing::Text(text) => format!("the text \"{}\"", shorten(text)),
        Thing::Integer(number) => format!("the number {number}"),
        Thing::Bool(truth) => truth.to_string(),
        Thing::Reference(reference) => format!("${{{reference}}}"),
        _ => value.kind_in_words().to_owned(),
    }
}

/// A text as it stands inside a sentence.
pub(super) fn shorten(text: &str) -> String {
    let line: String = text.chars().take_while(|character| *character != '\n').collect();
    if line.chars().count() > 40 || line.len() < text.len() {
        let start: String = line.chars().take(40).collect();
        format!("{start}...")
    } else {
        line
    }
}
