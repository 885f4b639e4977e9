//! What the error codes of a resource type say about a resource.

/// Error codes of one type; a code matches itself and everything below it (`DependencyViolation.VSwitch`).
pub(crate) struct Codes {
    /// On create: one with this place is there already, perhaps by an answer that was lost; a look tells.
    pub(crate) there: &'static [&'static str],
    /// It does not exist.
    pub(crate) absent: &'static [&'static str],
    /// Passes by itself.
    pub(crate) retry: &'static [&'static str],
    /// On delete: something still uses it, which passes when that is gone.
    pub(crate) in_use: &'static [&'static str],
}

impl Codes {
    pub(crate) fn is_absent(&self, code: &str) -> bool {
        closest(self.absent, code).is_some()
    }

    pub(crate) fn is_there(&self, code: &str) -> bool {
        closest(self.there, code).is_some()
    }

    pub(crate) fn passes(&self, code: &str) -> bool {
        closest(self.retry, code).is_some() || self.is_there(code)
    }

    /// Where it passes as well, the closer of the two is meant.
    pub(crate) fn is_in_use(&self, code: &str) -> bool {
        closest(self.in_use, code) > closest(self.retry, code)
    }
}

/// A code matches exactly or as a prefix that ends at a dot, and an empty code nothing: how much of it matches.
fn closest(codes: &[&str], code: &str) -> Option<usize> {
    let matches = codes.iter().filter(|known| {
        let rest = code.strip_prefix(**known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    matches
        .map(|known| known.len())
        .max()
        .filter(|_| !code.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_code_means_nothing() {
        assert_eq!(closest(&["InvalidVpcId.NotFound"], ""), None);
        assert_eq!(
            closest(&["DependencyViolation"], "DependencyViolation.VSwitch"),
            Some(19)
        );
        assert_eq!(closest(&["DependencyViolation"], "DependencyViolations"), None);
    }

    #[test]
    fn the_closer_of_two_codes_is_meant() {
        let codes = Codes {
            there: &[],
            absent: &[],
            retry: &["IncorrectStatus", "TaskConflict.Deleting"],
            in_use: &["IncorrectStatus.HasEntries", "TaskConflict"],
        };
        for (code, is_in_use) in [
            ("IncorrectStatus", false),
            ("IncorrectStatus.HasEntries", true),
            ("IncorrectStatus.HasEntries.Two", true),
            ("TaskConflict", true),
            ("TaskConflict.Deleting", false),
            ("", false),
        ] {
            assert_eq!(codes.is_in_use(code), is_in_use, "{code}");
        }
    }
}
