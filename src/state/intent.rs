//! Intents: the calls that are about to be made, and those whose results are not known.
//!
//! Does not know when one is written, nor what becomes of it.

use std::collections::BTreeMap;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Resource;
use crate::address::{Address, Object};
use crate::api::Repeat;

/// A call that is about to be made, written before its first byte leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct IntentDraft {
    /// Which one it acts on; of a batch, the first.
    pub(crate) object: Object,
    /// The step's name, as it stands in the plan.
    pub(crate) step: String,
    pub(crate) product: String,
    pub(crate) action: String,
    pub(crate) class: Repeat,
    /// The ClientToken; all members of a batch share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// `i`: server time when the intent was made.
    pub(crate) created_at: Timestamp,
    /// Whether its requests are not back-dated, and so live longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) plain: bool,
    /// The exact parameters, flat; secrets and long text as fingerprints.
    pub(crate) sealed_params: BTreeMap<String, String>,
    /// Attributes that are unsettled from here on, each with the step that is owed. A create owes nothing here: the
    /// entry that it holds says what is owed after it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) owes: BTreeMap<String, String>,
    /// For a create: the entry as it will be, without id, so that recovery can adopt what was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<Box<Resource>>,
    /// The other members of a batch of equal copies (one call, one token), in the order in which they get ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<Member>,
}

/// A further member of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) address: Address,
    pub(crate) resource: Box<Resource>,
}

/// An intent in the journal; open as long as its result is not there too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// Its number in the journal, from 1.
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) draft: IntentDraft,
}

impl Intent {
    /// The entry of what this intent has made at an address; none if it makes nothing there.
    pub(crate) fn made(
        &self,
        address: &Address,
        id: &str,
        created_at: Option<Timestamp>,
    ) -> Option<Box<Resource>> {
        let mut resource = if self.object.address == *address {
            self.resource.clone()?
        } else {
            let mut members = self.members.iter();
            let member = members.find(|member| member.address == *address)?;
            member.resource.clone()
        };
        id.clone_into(&mut resource.id);
        resource.token.clone_from(&self.token);
        resource.created_at = created_at.or(resource.created_at);
        Some(resource)
    }
}

impl Deref for Intent {
    type Target = IntentDraft;

    fn deref(&self) -> &IntentDraft {
        &self.draft
    }
}
