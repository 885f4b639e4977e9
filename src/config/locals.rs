//! `[local]`: values that stand for themselves and may stand on one another.
//!
//! Does not know what a reference to anything but a local means.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::located::Located;
use super::raw::{Entry, Node, NodeKind};
use super::reference::{Hole, Path, PathStep, Piece, Text};
use super::report::Span;
use super::scope::{Place, Scope, Stage};
use super::suggest;
use crate::diagnostic::{Diagnostic, codes};

/// How many locals may stand behind one another.
const LOCALS_DEEP_MAX: usize = 64;

/// One entry of `[local]`.
pub(super) struct Local<'a> {
    pub(super) entry: &'a Entry,
    state: LocalState,
}

enum LocalState {
    Todo,
    Doing,
    Done { value: Rc<Located>, depth: usize },
}

impl<'a> Local<'a> {
    pub(super) fn new(entry: &'a Entry) -> Local<'a> {
        Local {
            entry,
            state: LocalState::Todo,
        }
    }

    /// What needed a resource before resources were known is evaluated again.
    pub(super) fn forget_if_early(&mut self) {
        if matches!(&self.state, LocalState::Done { value, .. } if value.early) {
            self.state = LocalState::Todo;
        }
    }
}

impl Scope<'_> {
    pub(super) fn look_up_local(&mut self, path: &Path, span: Span, place: &Place<'_>) -> Located {
        let Some((PathStep::Name(name), rest)) = path.steps.split_first() else {
            return self.needs_name(span, "local", "local");
        };
        match self.local(name, &mut Vec::new()) {
            Some((value, _)) => self.walk(&value, rest, &format!("local.{name}"), span, place),
            None => {
                let diagnostic = Diagnostic::error(codes::NO_SUCH_NAME, format!("no local \"{name}\""))
                    .help(format!("to add it: {name} = ... in [local]"));
                let label = match suggest::guess(name, self.locals.keys().copied()) {
                    Some(guess) => format!("did you mean local.{}?", guess.name),
                    None => String::new(),
                };
                self.wrong(span, &label, diagnostic)
            }
        }
    }

    /// The value of a local and how many locals stand behind it; none if there is no such local.
    pub(super) fn local(&mut self, name: &str, path: &mut Vec<String>) -> Option<(Rc<Located>, usize)> {
        let local = self.locals.get_mut(name)?;
        let entry = local.entry;
        match &local.state {
            LocalState::Done { value, depth } => return Some((value.clone(), *depth)),
            LocalState::Doing => {
                path.push(name.to_owned());
                return Some((Rc::new(Located::broken(entry.key)), 0));
            }
            LocalState::Todo => local.state = LocalState::Doing,
        }
        path.push(name.to_owned());
        let mut depth = 0;
        let mut cycle: Option<Vec<String>> = None;
        for other in locals_in(&entry.value) {
            let behind = path.len();
            if behind > LOCALS_DEEP_MAX {
                depth = behind;
                break;
            }
            if let Some((_, other_depth)) = self.local(&other, path) {
                depth = depth.max(other_depth + 1);
            }
            if path.len() > behind {
                let first = path.iter().position(|step| *step == other).unwrap_or(0);
                cycle.get_or_insert_with(|| path[first..].to_vec());
                path.truncate(behind);
            }
        }
        path.pop();
        let value = if let Some(cycle) = cycle {
            self.say_cycle(&cycle, entry.key);
            Located::broken(entry.key)
        } else if depth > LOCALS_DEEP_MAX + 1 {
            // The one behind it has been complained about.
            Located::broken(entry.key)
        } else if depth > LOCALS_DEEP_MAX {
            let what = format!("more than {LOCALS_DEEP_MAX} locals stand behind one another");
            self.wrong(entry.key, "", Diagnostic::error(codes::CYCLE, what))
        } else {
            self.evaluate(&entry.value, &Place::new(Stage::Local))
        };
        let value = Rc::new(value);
        if let Some(local) = self.locals.get_mut(name) {
            local.state = LocalState::Done {
                value: value.clone(),
                depth,
            };
        }
        Some((value, depth))
    }

    fn say_cycle(&mut self, cycle: &[String], span: Span) {
        let mut diagnostic = Diagnostic::error(codes::CYCLE, "these need each other, so none can be first");
        for (position, name) in cycle.iter().enumerate() {
            let place = self
                .locals
                .get(name.as_str())
                .map(|local| self.report.place(local.entry.key))
                .filter(|_| position + 1 < cycle.len() || cycle.len() == 1)
                .map(|place| format!("  ({place})"))
                .unwrap_or_default();
            let arrow = if position == 0 { "" } else { "-> " };
            diagnostic = diagnostic.note(format!(
                "{}{arrow}local.{name}{place}",
                "  ".repeat(position.saturating_sub(1).min(8))
            ));
        }
        diagnostic = diagnostic.help("take one of these references out");
        self.report.say(span, "", diagnostic);
    }
}

/// The locals that a value refers to.
fn locals_in(node: &Node) -> BTreeSet<String> {
    fn of_path(path: &Path, found: &mut BTreeSet<String>) {
        if let ("local", Some(PathStep::Name(name))) = (path.head.as_str(), path.steps.first()) {
            found.insert(name.clone());
        }
        for step in &path.steps {
            if let PathStep::Dynamic(path) = step {
                of_path(path, found);
            }
        }
    }
    fn of_node(node: &Node, found: &mut BTreeSet<String>) {
        match &node.kind {
            NodeKind::Text(Text::Mixed(pieces)) => {
                for piece in pieces {
                    if let Piece::Reference(Hole { path: Ok(path), .. }) = piece {
                        of_path(path, found);
                    }
                }
            }
            NodeKind::List(items) => items.iter().for_each(|item| of_node(item, found)),
            NodeKind::Table(table) => table
                .entries
                .values()
                .for_each(|entry| of_node(&entry.value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    of_node(node, &mut found);
    found
}
