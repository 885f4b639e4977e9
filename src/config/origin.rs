//! What a configuration was read from, as digests: whoever holds two of them against each other learns what differs, and
//! nobody learns what it said.
//!
//! Does not know what the digests are used for.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::Sources;
use super::located::Located;

/// Everything that was read for a configuration: each file, each file that a key names, and the value of each variable,
/// under the words by which a message names it.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    digests: BTreeMap<String, [u8; 32]>,
}

impl Origin {
    pub(super) fn of(
        sources: &Sources,
        variables: &BTreeMap<String, Rc<Located>>,
        named: &BTreeMap<String, Vec<u8>>,
    ) -> Origin {
        let mut origin = Origin::default();
        for source in sources.files() {
            origin.add(source.name().to_string(), source.text().as_bytes());
        }
        for (name, bytes) in named {
            origin.add(name.clone(), bytes);
        }
        for (name, value) in variables {
            let value = (**value).clone().into_value();
            let text = value.map(|value| value.to_json().to_string());
            origin.add(
                format!("the variable {name}"),
                text.unwrap_or_default().as_bytes(),
            );
        }
        origin
    }

    fn add(&mut self, what: String, bytes: &[u8]) {
        self.digests.insert(what, Sha256::digest(bytes).into());
    }

    /// Each thing that was read, in words, and the SHA-256 of what it said.
    pub(crate) fn digests(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.digests
            .iter()
            .map(|(what, digest)| (what.as_str(), digest.as_slice()))
    }
}

/// The names only: a short value could be found from its digest.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.digests.keys()).finish()
    }
}
