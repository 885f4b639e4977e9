//! The format number of state and journal, and what to do with another one.
//!
//! A number is raised only when an older version would misread a file. Fields that a version does not know inside
//! a format that it does are carried along unchanged, so adding a field needs no new number. Does not know files.

/// The format that this version writes.
pub(crate) const FORMAT: u64 = 1;

/// A format that a newer version made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newer {
    pub(crate) format: u64,
}

/// Brings a document of any older format to [`FORMAT`], one number at a time. Format 1 is the oldest, so there is
/// no step yet; number 0 was never written and is no document of ours.
pub(crate) fn check(format: u64) -> Result<(), Newer> {
    if format > FORMAT {
        return Err(Newer { format });
    }
    Ok(())
}
