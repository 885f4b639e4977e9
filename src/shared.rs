//! Texts that come again and again, the names of attributes say, each kept once.

use std::cell::RefCell;
use std::sync::Arc;

/// How many texts are remembered for sharing.
const SHARED: usize = 512;

thread_local! {
    /// Texts that were asked for lately, each at a place that follows from it.
    static LATELY: RefCell<[Option<Arc<str>>; SHARED]> = const { RefCell::new([const { None }; SHARED]) };
}

/// The text, shared with others that were asked for lately: it takes memory once, and is compared at a glance.
pub(crate) fn shared(text: &str) -> Arc<str> {
    let bytes = text.bytes();
    let place = bytes.fold(text.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    }) % SHARED;
    LATELY.with_borrow_mut(|lately| match &lately[place] {
        Some(known) if **known == *text => known.clone(),
        _ => lately[place].insert(text.into()).clone(),
    })
}
