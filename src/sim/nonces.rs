//! Nonces: a request is believed once. Does not know what was asked.

use std::collections::{HashSet, VecDeque};

use sha2::{Digest as _, Sha256};

use super::clock::UnixMillis;

/// Nonces that were used, so that none is used twice. Only a hash of each is kept: there are as many as requests.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    used: HashSet<u128>,
    order: VecDeque<(UnixMillis, u128)>,
    /// How many of the newest are not in the log yet. Those of reads wait for the next change: a read that comes again
    /// after a crash harms nobody.
    unwritten: usize,
}

/// The hash of a key's nonce.
pub(super) fn nonce_hash(access_key_id: &str, nonce: &str) -> u128 {
    let digest = Sha256::new()
        .chain_update(access_key_id)
        .chain_update([0])
        .chain_update(nonce)
        .finalize();
    digest
        .iter()
        .take(16)
        .fold(0, |hash, byte| hash << 8 | u128::from(*byte))
}

impl Nonces {
    pub(super) fn is_used(&self, nonce: u128) -> bool {
        self.used.contains(&nonce)
    }

    pub(super) fn note(&mut self, nonce: u128, at: UnixMillis) {
        if self.used.insert(nonce) {
            self.order.push_back((at, nonce));
            self.unwritten += 1;
        }
    }

    /// Those that are not in the log yet; they count as written from now on.
    pub(super) fn take_unwritten(&mut self) -> Vec<(UnixMillis, String)> {
        let count = std::mem::take(&mut self.unwritten);
        let written = self.order.len() - count;
        self.order.range(written..).map(shown).collect()
    }

    /// All of them are in the log now.
    pub(super) fn all_are_written(&mut self) {
        self.unwritten = 0;
    }

    pub(super) fn forget_before(&mut self, moment: UnixMillis) {
        while let Some((at, nonce)) = self.order.front()
            && *at < moment
        {
            self.used.remove(nonce);
            self.order.pop_front();
        }
        self.unwritten = self.unwritten.min(self.order.len());
    }

    pub(super) fn all(&self) -> Vec<(UnixMillis, String)> {
        self.order.iter().map(shown).collect()
    }
}

fn shown((at, nonce): &(UnixMillis, u128)) -> (UnixMillis, String) {
    (*at, format!("{nonce:032x}"))
}
