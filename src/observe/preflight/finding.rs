//! What a look ahead finds.
//!
//! Does not know how it was found, nor where in the files the place at fault is.

use std::fmt;

use crate::address::Address;

/// What a look ahead has found.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) losses: Vec<Loss>,
    pub(crate) unchecked: Vec<Unchecked>,
}

/// Something that the cloud would refuse.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) address: Address,
    /// The path of the attribute at fault, where the code tells it.
    pub(crate) attribute: Option<String>,
    /// The API's code: the one that it gave, or the one that the change itself would meet.
    pub(crate) code: String,
    pub(crate) why: Objection,
    /// Facts, a line each.
    pub(crate) notes: Vec<String>,
}

/// Objection something would be refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// It cannot be made; the API's or our words.
    Create(String),
    /// Its place is taken by one that is not as it is wanted.
    There { id: String },
    /// It cannot be removed while these stand in it.
    Occupied(Vec<Dependent>),
}

/// Something that goes with what is removed, and of which the plan itself does not know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// What is removed.
    pub(crate) address: Address,
    /// A sentence for the plan.
    pub(crate) words: String,
}

/// Something in the cloud that stands in something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dependent {
    /// `instance`
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    /// Its name in the cloud; may be empty.
    pub(crate) name: String,
}

/// Something that could not be checked beforehand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unchecked {
    pub(crate) address: Address,
    /// Objection, in a few words.
    pub(crate) why: String,
}

/// `instance i-bp1... (legacy-db)`
impl fmt::Display for Dependent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dependent { kind, id, name } = self;
        // A name in the cloud is anybody's; it must not move the cursor.
        let name: String = name
            .chars()
            .filter(|letter| !letter.is_control())
            .take(64)
            .collect();
        write!(f, "{} {id}", kind.replace('_', " "))?;
        if name.is_empty() || name == *id {
            Ok(())
        } else {
            write!(f, " ({name})")
        }
    }
}

impl Ahead {
    /// Both findings.
    pub(super) fn join(mut self, other: Ahead) -> Ahead {
        self.refusals.extend(other.refusals);
        self.losses.extend(other.losses);
        self.unchecked.extend(other.unchecked);
        self
    }

    /// One more that could not be checked.
    pub(super) fn unchecked(&mut self, address: &Address, why: impl Into<String>) {
        self.unchecked.push(Unchecked {
            address: address.clone(),
            why: why.into(),
        });
    }
}
