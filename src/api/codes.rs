//! What the error codes of a resource type say about a resource.

/// Error codes of one type; a code matches itself and everything below it (`DependencyViolation.VSwitch`).
pub(crate) struct Codes {
    /// It does not exist.
    pub(crate) absent: &'static [&'static str],
    /// Passes by itself.
    pub(crate) retry: &'static [&'static str],
    /// On delete: something still uses it, which passes when that is gone.
    pub(crate) in_use: &'static [&'static str],
}

impl Codes {
    pub(crate) fn is_absent(&self, code: &str) -> bool {
        matches_any(self.absent, code)
    }

    pub(crate) fn passes(&self, code: &str) -> bool {
        matches_any(self.retry, code)
    }

    pub(crate) fn is_in_use(&self, code: &str) -> bool {
        matches_any(self.in_use, code)
    }
}

/// A code matches exactly or as a prefix that ends at a dot; an empty code matches nothing.
fn matches_any(codes: &[&str], code: &str) -> bool {
    !code.is_empty()
        && codes.iter().any(|known| {
            code.strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_code_means_nothing() {
        assert!(!matches_any(&["InvalidVpcId.NotFound"], ""));
        assert!(matches_any(
            &["DependencyViolation"],
            "DependencyViolation.VSwitch"
        ));
        assert!(!matches_any(&["DependencyViolation"], "DependencyViolations"));
    }
}
