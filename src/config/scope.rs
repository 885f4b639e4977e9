//! What `${...}` stands for: variables, locals, copies, the project, other resources.
//!
//! Does not know what a value is used for; whether it fits its key is checked in `conform`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::blocks::Index;
use super::locals::Local;
use super::located::{Located, Member, Thing};
use super::raw::{Node, NodeKind, TEXT_MAX};
use super::reference::{Hole, Path, PathStep, Piece, Text};
use super::report::{Report, Span};
use super::suggest;
use super::trust::Files;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{Kind, Types};
use crate::value::{Part, Reference};

/// Which copy of a block is being made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Copy<'p> {
    /// None: the block has no copies, or it is no block.
    None,
    Index(usize),
    Each(&'p str, &'p Located),
}

/// Where a value stands, as far as it decides what may be referred to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) stage: Stage,
    pub(super) copy: Copy<'p>,
    /// It may be a shell script.
    pub(super) script: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// `[infra]`: variables only.
    Project,
    Local,
    Resource,
    Output,
}

impl Place<'_> {
    pub(super) fn new(stage: Stage) -> Place<'static> {
        Place {
            stage,
            copy: Copy::None,
            script: false,
        }
    }
}

/// How much text and how many values the references of a configuration may produce, in bytes.
const EXPANSION_MAX: usize = 256 * 1024 * 1024;

/// Everything that can be referred to, and what has been found wrong so far.
pub(super) struct Scope<'a> {
    pub(super) report: Report,
    pub(super) types: &'a Types,
    /// What may be read beside the configuration itself.
    pub(super) files: Files<'a>,
    pub(super) project: Names,
    pub(super) variables: BTreeMap<String, Rc<Located>>,
    pub(super) locals: BTreeMap<&'a str, Local<'a>>,
    /// Missing until it is known how many copies each block has.
    pub(super) index: Option<Index>,
    spent: usize,
}

/// What `${infra.…}` stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) name: Option<String>,
    pub(super) environment: Option<String>,
    /// One was asked for or is needed, but it cannot be used: that has been said.
    pub(super) is_environment_wrong: bool,
    pub(super) region: Option<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(report: Report, types: &'a Types, files: Files<'a>) -> Scope<'a> {
        Scope {
            report,
            types,
            files,
            project: Names::default(),
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            index: None,
            spent: 0,
        }
    }

    /// From here on resources can be referred to; locals that need one are evaluated again.
    pub(super) fn know_blocks(&mut self, index: Index) {
        self.index = Some(index);
        for local in self.locals.values_mut() {
            local.forget_if_early();
        }
    }

    /// Says what is wrong with a value and gives a broken one.
    pub(super) fn wrong(&mut self, span: Span, label: &str, diagnostic: Diagnostic) -> Located {
        self.report.say(span, label, diagnostic);
        Located::broken(span)
    }

    /// Takes this much of what references may produce; when nothing is left, says so once.
    pub(super) fn spend(&mut self, bytes: usize, span: Span) -> bool {
        let before = self.spent;
        self.spent = self.spent.saturating_add(bytes);
        if self.spent <= EXPANSION_MAX {
            return true;
        }
        if before <= EXPANSION_MAX {
            let diagnostic = Diagnostic::error(
                codes::TOO_MUCH,
                format!(
                    "with this, references and copies come to more than {} MiB",
                    EXPANSION_MAX >> 20
                ),
            )
            .help("make fewer copies, or shorter texts and lists");
            self.report.say(span, "", diagnostic);
        }
        false
    }

    /// The value of what was typed.
    pub(super) fn evaluate(&mut self, node: &Node, place: &Place<'_>) -> Located {
        match &node.kind {
            NodeKind::Bool(truth) => Located::new(node.span, Thing::Bool(*truth)),
            NodeKind::Integer(number) => Located::new(node.span, Thing::Integer(*number)),
            NodeKind::Other(words) => Located::new(node.span, Thing::Other(words)),
            NodeKind::Text(Text::Plain(text)) => Located::new(node.span, Thing::Text(text.clone())),
            NodeKind::Text(Text::Mixed(pieces)) => self.evaluate_text(node, pieces, place),
            NodeKind::List(items) => {
                let items: Vec<Located> = items.iter().map(|item| self.evaluate(item, place)).collect();
                Located {
                    sensitive: items.iter().any(|item| item.sensitive),
                    early: items.iter().any(|item| item.early),
                    ..Located::new(node.span, Thing::List(items))
                }
            }
            NodeKind::Table(table) => {
                let members: BTreeMap<String, Member> = table
                    .entries
                    .iter()
                    .map(|(name, entry)| {
                        let member = Member {
                            key: entry.key,
                            value: self.evaluate(&entry.value, place),
                        };
                        (name.clone(), member)
                    })
                    .collect();
                Located {
                    sensitive: members.values().any(|member| member.value.sensitive),
                    early: members.values().any(|member| member.value.early),
                    ..Located::new(node.span, Thing::Map(members))
                }
            }
        }
    }

    fn evaluate_text(&mut self, node: &Node, pieces: &[Piece], place: &Place<'_>) -> Located {
        if let [Piece::Reference(hole)] = pieces {
            let span = self.span_of(node, hole);
            return self.look_up_hole(hole, span, place).at(node.span);
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut whole = Located::broken(node.span);
        let mut is_broken = false;
        let mut length = 0;
        for piece in pieces {
            let text = match piece {
                Piece::Text(text) => text.clone(),
                Piece::Reference(hole) => {
                    let span = self.span_of(node, hole);
                    let found = self.look_up_hole(hole, span, place);
                    whole.sensitive |= found.sensitive;
                    whole.early |= found.early;
                    match found.thing {
                        Thing::Text(text) => text,
                        Thing::Integer(number) => number.to_string(),
                        Thing::Bool(truth) => truth.to_string(),
                        Thing::Reference(reference) if self.is_text_like(&reference) => {
                            parts.push(Part::Reference(reference));
                            continue;
                        }
                        Thing::Template(inner) => {
                            parts.extend(inner);
                            continue;
                        }
                        Thing::Broken => {
                            is_broken = true;
                            continue;
                        }
                        Thing::List(_) | Thing::Map(_) | Thing::Reference(_) | Thing::Other(_) => {
                            let what = format!("${{{}}} is {} and cannot stand inside a text", hole.inner, {
                                match found.thing {
                                    Thing::Map(_) => "a table",
                                    _ => "a list",
                                }
                            });
                            let diagnostic = Diagnostic::error(codes::WRONG_TYPE, what);
                            self.report.say(span, "", diagnostic);
                            is_broken = true;
                            continue;
                        }
                    }
                }
            };
            length += text.len();
            match parts.last_mut() {
                Some(Part::Text(before)) => before.push_str(&text),
                _ => parts.push(Part::Text(text)),
            }
            if length > TEXT_MAX {
                let what = format!("with its references this text has more than {TEXT_MAX} bytes");
                let diagnostic = Diagnostic::error(codes::TOO_LARGE, what);
                return self.wrong(node.span, "", diagnostic);
            }
        }
        whole.derived = true;
        if is_broken {
            return whole;
        }
        // Adjacent texts are joined, so one text alone means that everything is known.
        whole.thing = match parts.as_mut_slice() {
            [] => Thing::Text(String::new()),
            [Part::Text(text)] => Thing::Text(std::mem::take(text)),
            _ => Thing::Template(parts),
        };
        if !self.spend(whole.size(), node.span) {
            whole.thing = Thing::Broken;
        }
        whole
    }

    /// Whether what a reference names can stand inside a text.
    fn is_text_like(&self, reference: &Reference) -> bool {
        let kind = self
            .types
            .get(reference.address.type_name())
            .and_then(|resource_type| resource_type.attribute(&reference.attribute))
            .map(|attribute| &attribute.kind);
        !matches!(
            kind,
            Some(Kind::IdSet(_) | Kind::Table(_) | Kind::TableSet(_) | Kind::Tags)
        )
    }

    /// Where a reference stands in the file. Inside a text with escapes the whole text is marked.
    fn span_of(&self, node: &Node, hole: &Hole) -> Span {
        let written = format!("${{{}", hole.inner);
        match self.report.text(node.span).find(&written) {
            Some(offset) => {
                let start = node.span.start as usize + offset;
                let closed = usize::from(hole.path != Err(super::reference::Malformed::NotClosed));
                Span::new(node.span.file, start..start + written.len() + closed)
            }
            None => node.span,
        }
    }

    fn look_up_hole(&mut self, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
        match &hole.path {
            Ok(path) => self.look_up(path, hole, span, place),
            Err(_) if looks_like_shell(&hole.inner, place) => self.shell(hole, span, place),
            Err(malformed) => {
                let what = format!("this reference cannot be read: {malformed}");
                let diagnostic = Diagnostic::error(codes::MALFORMED_REFERENCE, what)
                    .note("references have the form ${type.name.attribute}, ${var.name} or ${local.name}")
                    .help("for a plain ${ write $${");
                self.wrong(span, "", diagnostic)
            }
        }
    }

    fn shell(&mut self, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
        let shown: String = hole.inner.chars().take(40).collect();
        let diagnostic = Diagnostic::error(codes::SHELL, format!("${{{shown}}} is no infra name"));
        let diagnostic = if place.script {
            diagnostic
                .help(format!("for the shell write $${{{shown}}}"))
                .help("or move the script to a file of its own, which is sent as it is: user_data_file")
        } else {
            diagnostic
                .help(format!("for exactly this text write $${{{shown}}}"))
                .help("from the environment come variables: [var.x] is set by INFRA_VAR_x")
        };
        self.wrong(span, "looks like a shell variable", diagnostic)
    }

    fn look_up(&mut self, path: &Path, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
        match path.head.as_str() {
            "var" => self.look_up_variable(path, span, place),
            "infra" => self.look_up_infra(path, span),
            _ if place.stage == Stage::Project => {
                let diagnostic =
                    Diagnostic::error(codes::OUT_OF_PLACE, "[infra] can refer to variables only")
                        .help("${var.NAME} or ${infra.env}");
                self.wrong(span, "", diagnostic)
            }
            "local" => self.look_up_local(path, span, place),
            "count" => self.look_up_count(path, span, place),
            "each" => self.look_up_each(path, span, place),
            "data" => {
                let what = "this version of infra has no data sources yet";
                self.wrong(span, "", Diagnostic::error(codes::NOT_YET, what))
            }
            head => match self.types.get(head) {
                Some(resource_type) => self.look_up_resource(path, resource_type, span, place),
                None => self.unknown_head(path, hole, span, place),
            },
        }
    }

    fn unknown_head(&mut self, path: &Path, hole: &Hole, span: Span, place: &Place<'_>) -> Located {
        let head = path.head.as_str();
        if self
            .index
            .as_ref()
            .is_some_and(|index| index.unknown_types.contains(head))
        {
            return Located::broken(span);
        }
        if looks_like_shell(&hole.inner, place) {
            return self.shell(hole, span, place);
        }
        let heads = self
            .types
            .iter()
            .map(|resource_type| resource_type.name)
            .chain(["var", "local", "each", "count", "infra"]);
        let mut diagnostic = Diagnostic::error(
            codes::UNKNOWN_TYPE,
            format!("unknown resource type \"{head}\" in ${{{path}}}"),
        );
        let label = match suggest::guess(head, heads) {
            Some(guess) => {
                let meant = Path {
                    head: guess.name,
                    steps: path.steps.clone(),
                };
                format!("did you mean ${{{meant}}}?")
            }
            None => {
                diagnostic = diagnostic.help("for a plain ${ write $${");
                String::new()
            }
        };
        self.wrong(span, &label, diagnostic)
    }

    fn look_up_variable(&mut self, path: &Path, span: Span, place: &Place<'_>) -> Located {
        let Some((PathStep::Name(name), rest)) = path.steps.split_first() else {
            return self.needs_name(span, "var", "variable");
        };
        match self.variables.get(name) {
            Some(value) => {
                let value = value.clone();
                self.walk(&value, rest, &format!("var.{name}"), span, place)
            }
            None => {
                let mut diagnostic =
                    Diagnostic::error(codes::NO_SUCH_NAME, format!("no variable \"{name}\""));
                let label = match suggest::guess(name, self.variables.keys().map(String::as_str)) {
                    Some(guess) => format!("did you mean var.{}?", guess.name),
                    None => String::new(),
                };
                diagnostic = diagnostic.help(format!("to add it: [var.{name}]"));
                self.wrong(span, &label, diagnostic)
            }
        }
    }

    pub(super) fn needs_name(&mut self, span: Span, head: &str, what: &str) -> Located {
        let diagnostic = Diagnostic::error(
            codes::MALFORMED_REFERENCE,
            format!("this reference does not say which {what}"),
        )
        .help(format!("${{{head}.NAME}}"));
        self.wrong(span, "", diagnostic)
    }

    fn look_up_infra(&mut self, path: &Path, span: Span) -> Located {
        let names = path.names();
        let value = match names.as_deref() {
            Some(["name"]) => self.project.name.clone(),
            Some(["env"]) => self.project.environment.clone(),
            Some(["region"]) => self.project.region.clone(),
            _ => {
                let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("there is no ${{{path}}}"))
                    .help("there are ${infra.name}, ${infra.env} and ${infra.region}");
                return self.wrong(span, "", diagnostic);
            }
        };
        if let Some(value) = value {
            return Located::new(span, Thing::Text(value));
        }
        let diagnostic = match names.as_deref() {
            Some(["env"]) if !self.project.is_environment_wrong => Diagnostic::error(
                codes::NO_ENVIRONMENT,
                "there is no environment that ${infra.env} could name",
            )
            .help("choose one: -e NAME, or INFRA_ENV=NAME"),
            Some(["region"]) => {
                Diagnostic::error(codes::MISSING_KEY, "${infra.region} needs a region in [infra]")
                    .help("region = \"cn-hangzhou\"")
            }
            // A missing name and a wrong environment have been complained about.
            _ => return Located::broken(span),
        };
        self.wrong(span, "", diagnostic)
    }

    fn look_up_count(&mut self, path: &Path, span: Span, place: &Place<'_>) -> Located {
        if path.names().as_deref() != Some(&["index"]) {
            let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("there is no ${{{path}}}"))
                .help("there is ${count.index}, from 0");
            return self.wrong(span, "", diagnostic);
        }
        match place.copy {
            Copy::Index(index) => {
                Located::new(span, Thing::Integer(i64::try_from(index).unwrap_or(i64::MAX)))
            }
            _ => {
                let diagnostic = Diagnostic::error(
                    codes::OUT_OF_PLACE,
                    "${count.index} means something only in a block with count",
                );
                let diagnostic = match place.copy {
                    Copy::Each(..) => diagnostic.help("this block has for_each: ${each.key}, ${each.value}"),
                    _ => diagnostic,
                };
                self.wrong(span, "", diagnostic)
            }
        }
    }

    fn look_up_each(&mut self, path: &Path, span: Span, place: &Place<'_>) -> Located {
        let Copy::Each(key, value) = place.copy else {
            let diagnostic = Diagnostic::error(
                codes::OUT_OF_PLACE,
                format!("${{{path}}} means something only in a block with for_each"),
            );
            let diagnostic = match place.copy {
                Copy::Index(_) => diagnostic.help("this block has count: ${count.index}"),
                _ => diagnostic,
            };
            return self.wrong(span, "", diagnostic);
        };
        match path.steps.split_first() {
            Some((PathStep::Name(name), [])) if name == "key" => {
                Located::new(span, Thing::Text(key.to_owned()))
            }
            Some((PathStep::Name(name), rest)) if name == "value" => {
                self.walk(value, rest, &format!("each.value of [{key}]"), span, place)
            }
            _ => {
                let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("there is no ${{{path}}}"))
                    .help("there are ${each.key} and ${each.value}");
                self.wrong(span, "", diagnostic)
            }
        }
    }

    /// Goes into a known value: `.name`, `[key]`, `[0]`.
    pub(super) fn walk(
        &mut self,
        value: &Located,
        steps: &[PathStep],
        name: &str,
        span: Span,
        place: &Place<'_>,
    ) -> Located {
        let mut here = value;
        let mut sensitive = value.sensitive;
        for step in steps {
            let dynamic;
            let step = match step {
                PathStep::Dynamic(path) => match self.dynamic_key(path, span, place) {
                    Some(key) => {
                        if path.head == "count" && matches!(here.thing, Thing::List(_)) {
                            self.warn_of_index(name, span);
                        }
                        dynamic = key;
                        &dynamic
                    }
                    None => return Located::broken(span),
                },
                step => step,
            };
            let next = match (&here.thing, step) {
                (Thing::Broken, _) => {
                    return Located {
                        early: here.early,
                        ..Located::broken(span)
                    };
                }
                (Thing::Map(members), PathStep::Name(key) | PathStep::Key(key)) => {
                    members.get(key).map(|member| &member.value)
                }
                (Thing::Map(members), PathStep::Index(index)) => {
                    members.get(&index.to_string()).map(|member| &member.value)
                }
                (Thing::List(items), PathStep::Index(index)) => items.get(*index),
                (Thing::List(_), PathStep::All) => Some(here),
                _ => None,
            };
            let Some(next) = next else {
                return self.nothing_there(here, step, name, span);
            };
            here = next;
            sensitive |= here.sensitive;
        }
        if !self.spend(here.size(), span) {
            return Located::broken(span);
        }
        Located {
            sensitive,
            ..here.clone().at(span)
        }
    }

    fn warn_of_index(&mut self, name: &str, span: Span) {
        let diagnostic = Diagnostic::warning(
            codes::INDEXED_BY_COUNT,
            format!(
                "{name} is indexed by count.index: taking an item out of the middle changes all behind it"
            ),
        )
        .help(format!(
            "for_each = \"${{{name}}}\" and ${{each.key}} keep the others as they are"
        ));
        self.report.say(span, "", diagnostic);
    }

    fn nothing_there(&mut self, here: &Located, step: &PathStep, name: &str, span: Span) -> Located {
        let (step_text, mut diagnostic) = match step {
            PathStep::Name(key) | PathStep::Key(key) => (key.clone(), format!("{name} has no key \"{key}\"")),
            PathStep::Index(index) => (index.to_string(), format!("{name} has no item [{index}]")),
            PathStep::All | PathStep::Dynamic(_) => (String::new(), format!("{name} is no list")),
        };
        let mut label = String::new();
        let mut help = None;
        match &here.thing {
            Thing::Map(members) => {
                if let Some(guess) = suggest::guess(&step_text, members.keys().map(String::as_str)) {
                    label = format!("did you mean {}?", guess.name);
                } else if members.len() <= 12 && !here.sensitive {
                    help = Some(format!("it has {}", join(members.keys().map(String::as_str))));
                }
            }
            Thing::List(items) if matches!(step, PathStep::Index(_)) => {
                diagnostic = format!("{diagnostic}: it has {}", count(items.len(), "item"));
            }
            Thing::List(_) => diagnostic = format!("{name} is a list; its items are [0], [1], ..."),
            _ => diagnostic = format!("{name} is {} and has nothing inside", here.kind_in_words()),
        }
        let mut diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, diagnostic);
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        self.wrong(span, &label, diagnostic)
    }

    /// The key that a reference inside brackets stands for.
    pub(super) fn dynamic_key(&mut self, path: &Path, span: Span, place: &Place<'_>) -> Option<PathStep> {
        if !matches!(path.head.as_str(), "var" | "local" | "each" | "count" | "infra") {
            let diagnostic = Diagnostic::error(
                codes::MALFORMED_REFERENCE,
                format!("[{path}] is no key that is known when the configuration is read"),
            )
            .help(format!("for a key with dots use quotes: [\\\"{path}\\\"]"));
            self.report.say(span, "", diagnostic);
            return None;
        }
        let hole = Hole {
            inner: path.to_string(),
            start: 0,
            end: 0,
            path: Ok(path.clone()),
        };
        let found = self.look_up(path, &hole, span, place);
        match found.thing {
            Thing::Integer(index) if index >= 0 => Some(PathStep::Index(usize::try_from(index).ok()?)),
            Thing::Text(text) => Some(PathStep::Key(text)),
            Thing::Broken => None,
            _ => {
                let diagnostic = Diagnostic::error(
                    codes::WRONG_TYPE,
                    format!("[{path}] is {} and cannot be a key", found.kind_in_words()),
                );
                self.report.say(span, "", diagnostic);
                None
            }
        }
    }
}

/// `${HOME}`, `${1}`, `${x:-y}`: nothing of ours looks like that.
fn looks_like_shell(inner: &str, place: &Place<'_>) -> bool {
    let plain = inner
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_constant = plain && !inner.is_empty() && !inner.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_shell_operator = [":-", ":=", ":+", ":?", "##", "%%", "//"]
        .iter()
        .any(|operator| inner.contains(operator))
        || inner.starts_with(['#', '!']);
    let word = inner.split(['.', '[']).next().unwrap_or_default();
    let is_ours = matches!(word, "var" | "local" | "each" | "count" | "infra" | "data");
    is_constant || has_shell_operator || (place.script && !is_ours && !inner.contains('.'))
}

/// `a, b and c`
pub(super) fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `there is a`, `there are a and b`
pub(super) fn there_are<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    let verb = if words.len() == 1 { "is" } else { "are" };
    format!("there {verb} {}", join(words))
}

/// `1 item`, `3 items`
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
