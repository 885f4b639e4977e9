//! A place in a file, for people and for programs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A place in a file of the user's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Location {
    /// The file as the user would name it, relative to the configuration folder.
    pub(crate) file: Arc<str>,
    /// First byte in the file, from 0.
    pub(crate) start: usize,
    /// Byte behind the last one.
    pub(crate) end: usize,
    /// Line of `start`, from 1.
    pub(crate) line: usize,
    /// Column of `start` in characters, from 1.
    pub(crate) column: usize,
}
