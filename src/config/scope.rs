//! Everything that can be referred to, and what has been found wrong so far.
//!
//! Does not know how a reference is written, nor what a value is used for.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::index::{DataBlocks, Index};
use super::located::Located;
use super::report::{Report, Span};
use super::trust::Files;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::{Kind, Types};
use crate::value::Reference;

/// Which copy of a block is being made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Copy<'p> {
    /// None: the block has no copies, or it is no block.
    None,
    Index(usize),
    Each(&'p str, &'p Located),
    /// One of copies whose number or names a data block decides that has not been read yet.
    Unread {
        each: bool,
    },
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
    pub(super) locals: BTreeMap<&'a str, Rc<Located>>,
    pub(super) data: DataBlocks,
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
            data: DataBlocks::default(),
            index: None,
            spent: 0,
        }
    }

    /// The kind of what a reference to a resource names; ids may be missing in the tables.
    pub(super) fn kind_of(&self, reference: &Reference) -> Option<Kind> {
        self.types
            .get(reference.address.type_name())?
            .kind_at(&reference.attribute)
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
}
