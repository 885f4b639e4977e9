//! `[local]`: values that stand for themselves and may stand on one another.
//!
//! Does not know what a reference to anything but a local means.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::evaluate::evaluate;
use super::located::Located;
use super::raw::{Entry, Node};
use super::reference::PathStep;
use super::report::Span;
use super::scope::{Place, Scope, Stage};
use crate::diagnostic::{Diagnostic, codes};

/// How many locals may stand behind one another.
const LOCALS_DEEP_MAX: usize = 64;

/// Gives every local its value: those that others stand on first.
pub(super) fn evaluate_all<'a>(entries: &BTreeMap<&'a str, &'a Entry>, scope: &mut Scope<'a>) -> InOrder<'a> {
    for (name, entry) in entries {
        scope.locals.insert(name, Rc::new(Located::broken(entry.key)));
    }
    let mut walk = Walk {
        entries,
        progress: BTreeMap::new(),
        order: Vec::new(),
    };
    for name in entries.keys() {
        walk.visit(name, &mut Vec::new(), scope);
    }
    walk.order
}

/// Once resources can be referred to, what needed one is evaluated again.
pub(super) fn evaluate_early<'a>(order: &InOrder<'a>, scope: &mut Scope<'a>) {
    for (name, entry) in order {
        if scope.locals.get(name).is_some_and(|value| value.early) {
            let value = evaluate(scope, &entry.value, &Place::new(Stage::Local));
            scope.locals.insert(name, Rc::new(value));
        }
    }
}

/// Locals, each behind all that it stands on.
pub(super) type InOrder<'a> = Vec<(&'a str, &'a Entry)>;

/// How far a local has got.
#[derive(Clone, Copy)]
enum Progress {
    Doing,
    /// How many locals stand behind it.
    Done(usize),
}

struct Walk<'w, 'a> {
    entries: &'w BTreeMap<&'a str, &'a Entry>,
    progress: BTreeMap<&'a str, Progress>,
    order: InOrder<'a>,
}

impl<'a> Walk<'_, 'a> {
    /// Evaluates a local behind those that it stands on; how many stand behind it, none if there is no such local.
    /// On a cycle, its name is at the end of the path again.
    fn visit(&mut self, name: &str, path: &mut Vec<String>, scope: &mut Scope<'a>) -> Option<usize> {
        let (name, entry) = self
            .entries
            .get_key_value(name)
            .map(|(name, entry)| (*name, *entry))?;
        match self.progress.get(name) {
            Some(Progress::Done(depth)) => return Some(*depth),
            Some(Progress::Doing) => {
                path.push(name.to_owned());
                return Some(0);
            }
            None => {
                self.progress.insert(name, Progress::Doing);
            }
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
            if let Some(other_depth) = self.visit(&other, path, scope) {
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
            self.say_cycle(&cycle, entry.key, scope);
            Located::broken(entry.key)
        } else if depth > LOCALS_DEEP_MAX + 1 {
            // The one behind it has been complained about.
            Located::broken(entry.key)
        } else if depth > LOCALS_DEEP_MAX {
            let what = format!("more than {LOCALS_DEEP_MAX} locals stand behind one another");
            scope.wrong(entry.key, "", Diagnostic::error(codes::CYCLE, what))
        } else {
            self.order.push((name, entry));
            evaluate(scope, &entry.value, &Place::new(Stage::Local))
        };
        scope.locals.insert(name, Rc::new(value));
        self.progress.insert(name, Progress::Done(depth));
        Some(depth)
    }

    fn say_cycle(&self, cycle: &[String], span: Span, scope: &mut Scope<'_>) {
        let mut diagnostic = Diagnostic::error(codes::CYCLE, "these need each other, so none can be first");
        for (position, name) in cycle.iter().enumerate() {
            let place = self
                .entries
                .get(name.as_str())
                .map(|entry| scope.report.place(entry.key))
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
        scope.report.say(span, "", diagnostic);
    }
}

/// The locals that a value refers to.
fn locals_in(node: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    node.paths(&mut |path| {
        if let ("local", Some(PathStep::Name(name))) = (path.head.as_str(), path.steps.first()) {
            found.insert(name.clone());
        }
    });
    found
}
