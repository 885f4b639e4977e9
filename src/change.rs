//! What a plan says about each resource: its fate, why, what differs, what is lost and what is kept.
//!
//! Planner and screen share it. Does not know by which tasks it comes about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::Location;
use crate::types::{Attribute, Kind};
use crate::value::Value;

/// What happens to one resource.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) address: Address,
    pub(crate) fate: Fate,
    /// Where its block is; none when it is no longer in the configuration.
    pub(crate) location: Option<Location>,
    /// Why, a line each; always given for a delete and a replacement.
    pub(crate) reasons: Vec<String>,
    /// What differs, in the order of the table.
    pub(crate) attributes: Vec<AttributeChange>,
    /// How many managed attributes stay.
    pub(crate) unchanged: usize,
    /// What cannot be got back, a line each.
    pub(crate) lost: Vec<String>,
    /// What survives although it looks endangered.
    pub(crate) kept: Vec<String>,
    /// What follows from it and is not done by `infra`.
    pub(crate) hints: Vec<String>,
    /// The names of the steps, in order; those of both halves for a replacement.
    pub(crate) steps: Vec<String>,
    /// How long it cannot be used, in words.
    pub(crate) down: Option<String>,
    /// The address that it had until now, if it gets another one.
    pub(crate) moved_from: Option<Address>,
    /// The id of what exists now.
    pub(crate) id: Option<String>,
    /// Of one that is left out: whether it would have taken something away.
    pub(crate) would_lose: bool,
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// Takes over something that exists and carries our tags.
    Import,
    /// Only its address changes, and the tag that tells it.
    Move,
    Create,
    Update,
    /// Gets the tag of its project, which an older version of `infra` did not set.
    Tag,
    Replace {
        create_first: bool,
    },
    Delete,
    /// Removes it from the state only: it no longer exists.
    Forget,
    /// Only what the state remembers of it changes.
    Note,
    /// The state learns how it is.
    Read,
    /// Left out, with all that needs it.
    Withheld,
    /// Left out because nobody asked for it, or somebody asked to leave it out.
    LeftOut,
    /// Stays as it is.
    Keep,
}

/// A difference in one attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AttributeChange {
    /// Its name, nested with dots.
    pub(crate) path: String,
    /// What it is now; none if it is not set.
    pub(crate) before: Option<Value>,
    /// What it will be; a value that is not known yet is shown as such.
    pub(crate) after: Option<Value>,
    /// It makes the resource be replaced.
    pub(crate) forces_replacement: bool,
    /// Neither value is shown.
    pub(crate) sensitive: bool,
    /// Text of several lines, shown as a line diff.
    pub(crate) is_text: bool,
}

/// A difference between what the state remembers and what exists.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drift {
    pub(crate) address: Address,
    /// Empty when the resource itself is gone.
    pub(crate) path: String,
    pub(crate) remembered: Option<Value>,
    pub(crate) observed: Option<Value>,
    /// What this plan does about it, in words.
    pub(crate) effect: Cow<'static, str>,
}

/// A difference in one output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutputChange {
    pub(crate) name: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) sensitive: bool,
}

/// What the changes of a plan cost: list prices, without traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// `CNY`; empty if no price is known.
    pub(crate) currency: String,
    /// Hundredths for a month of 730 hours, for what it touches, before and after.
    pub(crate) before: i64,
    pub(crate) after: i64,
    /// Hundredths that are charged when it is made.
    pub(crate) at_once: i64,
    /// What is ordered for what is there, and the hundredths that are charged for it; none if nobody tells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) orders: BTreeMap<Address, Option<i64>>,
    /// What is not in these figures, because nobody tells its price.
    pub(crate) unknown: Vec<Address>,
}

impl Cost {
    /// All that is charged at once, as far as it is known, in hundredths.
    pub(crate) fn charged(&self) -> i64 {
        self.at_once + self.orders.values().flatten().sum::<i64>()
    }
}

/// Hundredths in words: `1223.40`.
pub(crate) fn amount(hundredths: i64) -> String {
    let (sign, all) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
    format!("{sign}{}.{:02}", all / 100, all % 100)
}

/// A loss that a rule forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forbidden {
    pub(crate) address: Address,
    /// Which rule, and the way out, in words.
    pub(crate) rule: String,
}

impl Change {
    /// A change that says no more than what becomes of it.
    pub(crate) fn new(address: &Address, fate: Fate) -> Change {
        Change {
            address: address.clone(),
            fate,
            location: None,
            reasons: Vec::new(),
            attributes: Vec::new(),
            unchanged: 0,
            lost: Vec::new(),
            kept: Vec::new(),
            hints: Vec::new(),
            steps: Vec::new(),
            down: None,
            moved_from: None,
            id: None,
            would_lose: false,
        }
    }

    /// Whether something that exists, or something in it, goes away for good.
    pub(crate) fn is_loss(&self) -> bool {
        self.fate.is_loss() || (!matches!(self.fate, Fate::Withheld | Fate::LeftOut) && !self.lost.is_empty())
    }
}

impl Fate {
    /// The sign in front of a change.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Fate::Import => "&",
            Fate::Move => ">",
            Fate::Create => "+",
            Fate::Update | Fate::Tag => "~",
            Fate::Replace { create_first: false } => "-/+",
            Fate::Replace { create_first: true } => "+/-",
            Fate::Delete => "-",
            Fate::Forget | Fate::Note => ".",
            Fate::Read => "<=",
            Fate::Withheld => "!",
            Fate::LeftOut => " ",
            Fate::Keep => " ",
        }
    }

    /// The word for it.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Fate::Import => "import",
            Fate::Move => "move",
            Fate::Create => "create",
            Fate::Update => "update",
            Fate::Tag => "tag",
            Fate::Replace { .. } => "replace",
            Fate::Delete => "delete",
            Fate::Forget => "forget",
            Fate::Note => "note",
            Fate::Read => "read",
            Fate::Withheld => "withheld",
            Fate::LeftOut => "left out",
            Fate::Keep => "keep",
        }
    }

    /// Whether something that exists goes away.
    pub(crate) fn is_loss(self) -> bool {
        matches!(self, Fate::Replace { .. } | Fate::Delete)
    }

    /// Whether carrying it out needs somebody's agreement: more than the state's memory changes.
    pub(crate) fn needs_approval(self) -> bool {
        !matches!(self, Fate::Keep | Fate::Note | Fate::Withheld | Fate::LeftOut)
    }
}

impl AttributeChange {
    /// A change of something that is shown as it is.
    pub(crate) fn plain(
        path: impl Into<String>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> AttributeChange {
        AttributeChange {
            path: path.into(),
            before,
            after,
            forces_replacement: false,
            sensitive: false,
            is_text: false,
        }
    }

    /// A change of this attribute, shown as its table says.
    pub(crate) fn of(
        attribute: &Attribute,
        path: impl Into<String>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> AttributeChange {
        AttributeChange {
            sensitive: attribute.is_sensitive(),
            is_text: matches!(attribute.kind, Kind::Text),
            ..AttributeChange::plain(path, before, after)
        }
    }
}
