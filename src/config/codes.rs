//! The codes of everything that can be wrong with a configuration, in one place. The meaning of a code never
//! changes, and a number is never used again.
//!
//! Does not know when a code applies.

/// A code and what it means.
#[cfg(test)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal;)*) => {
        $(#[doc = $title] pub(crate) const $name: &str = $code;)*

        /// All of them, by number.
        #[cfg(test)]
        pub(crate) const ALL: &[Code] = &[$(Code { code: $code, title: $title }),*];
    };
}

codes! {
    // Files and the project as a whole.
    NO_PROJECT = "E0101", "there is no configuration in this folder";
    UNREADABLE = "E0102", "a file cannot be read";
    TOO_LARGE = "E0103", "a file, a text or the whole configuration is too large";
    REQUIRES = "E0104", "the configuration asks for another version of infra";
    ROOT_ONLY = "E0105", "a table may stand in infra.toml only";
    NO_INFRA = "E0106", "infra.toml has no [infra] table";
    TOO_MUCH = "E0107", "the copies of the blocks come to more than infra can hold";
    SYNTAX = "E0111", "a file is not TOML";

    // Tables and keys.
    UNKNOWN_KEY = "E0201", "a key that does not exist";
    UNKNOWN_TYPE = "E0202", "a resource type that does not exist";
    WRONG_TYPE = "E0203", "a value of the wrong type";
    MISSING_KEY = "E0204", "a key that must be there is not";
    PAIR = "E0205", "two keys that exclude each other";
    TWICE = "E0206", "a name that is defined twice";
    BLOCK_FORM = "E0207", "a table that is not of the form [type.name]";
    COPIES = "E0208", "count or for_each cannot be used like this";
    NOT_YET = "E0209", "part of the language, but not of this version";
    NAME = "E0210", "a name that cannot be used";
    COMPUTED = "E0211", "a key whose value the cloud makes";

    // References.
    NO_SUCH_BLOCK = "E0301", "a reference to a resource that does not exist";
    WHOLE_BLOCK = "E0302", "a reference that names a resource but no attribute";
    WRONG_KIND = "E0303", "an id of the wrong resource type";
    WHICH_COPY = "E0304", "a reference that does not say which copy";
    NO_SUCH_NAME = "E0305", "a variable, local or key that does not exist";
    CYCLE = "E0306", "values that need each other";
    MALFORMED_REFERENCE = "E0307", "a ${...} that cannot be read";
    TOO_EARLY = "E0308", "a value that must be known before anything is made";
    SHELL = "E0309", "a ${...} that looks like a shell variable";
    OUT_OF_PLACE = "E0310", "a reference that means nothing here";
    NO_SUCH_ATTRIBUTE = "E0311", "a reference to an attribute that does not exist";
    NO_SUCH_VARIABLE_SET = "E0312", "a value for a variable that does not exist";
    SENSITIVE = "E0313", "a secret where it would be shown or stored";
    DEPENDS_ON = "E0314", "an entry of depends_on that names no resource";

    // Values.
    NOT_ONE_OF = "E0401", "a word that is not one of those allowed";
    REGION = "E0402", "a region that does not exist";
    ZONE = "E0403", "a zone that is not in the region";
    CIDR = "E0405", "a network that is not right";
    OUT_OF_RANGE = "E0407", "a number out of range";
    TAGS = "E0408", "a tag that cannot be set";
    FILE_PATH = "E0409", "a file that a key names and that cannot be used";
    SECRET_IN_FILE = "E0411", "a secret that is written in the configuration";
    CREDENTIAL = "E0412", "a variable with credentials as the source of a password";
    ENDPOINT = "E0414", "an endpoint that a file may not name";

    // Environments and variables.
    NO_ENVIRONMENT = "E0501", "the environment is not chosen or does not exist";
    ENVIRONMENT_FILE = "E0502", "an environment file that sets more than variables";
    NO_VALUE = "E0503", "a variable without a value";
    VARIABLE_VALUE = "E0504", "a value that does not fit its variable";

    // Warnings.
    NEWER_TOML = "W001", "TOML 1.1 that older editors and parsers refuse";
    INDEXED_BY_COUNT = "W012", "a list indexed by count.index";
    NEW_REGION = "W041", "a region that infra does not know";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn no_code_is_used_twice() {
        for (index, one) in ALL.iter().enumerate() {
            assert!(!one.title.is_empty() && !one.title.ends_with('.'), "{}", one.code);
            assert!(
                ALL[..index].iter().all(|other| other.code != one.code),
                "{} has two meanings",
                one.code
            );
        }
    }
}
