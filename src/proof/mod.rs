//! The proof: whole runs of the tool in a world that is made of memory, ended at every instant, disturbed in every
//! way, and each time held against what must always be true.
//!
//! Everything ambient comes through [`crate::env`], so a run here is the run that users get, minus the real disk,
//! network and clock. See `.github/CONTRIBUTING.md` for how to run more of it than `cargo test` does.

mod account;
mod ahead;
mod anew;
mod around;
mod attributes;
mod backwards;
mod budget;
mod combined;
mod cost;
mod crash;
mod damaged;
mod disk;
mod ends;
mod errors;
mod examples;
mod fate;
mod foreign;
mod handed;
mod handovers;
mod inside;
mod kept;
mod leaving;
mod lifecycles;
mod limits;
mod lives;
mod lost;
mod meddle;
mod net;
mod occupied;
mod oracle;
mod owed;
mod pace;
mod paid;
mod partners;
mod planned;
mod rehearsed;
mod remembered;
mod renamed;
mod repair;
mod scenarios;
mod schedules;
mod servers;
mod signals;
mod stacks;
mod tagless;
mod tamper;
mod vanish;
mod vanished;
mod wide;
mod world;
mod young;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use self::stacks::Drawn;
use crate::env::chance::Chance;

const KEY_ID: &str = "LTAI-proof";
const KEY_SECRET: &str = "proof-secret-Zq7";
/// The id and the secret of another account.
const STRANGER: (&str, &str) = ("LTAI-stranger", "stranger-secret");

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The fields of a form, decoded.
fn form(body: &[u8]) -> BTreeMap<String, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    let text = |encoded: &str| {
        let mut bytes = Vec::new();
        let mut rest = encoded.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => digit(rest.next().unwrap()) * 16 + digit(rest.next().unwrap()),
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    std::str::from_utf8(body)
        .unwrap()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}
