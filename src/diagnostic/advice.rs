//! What to do next: words, and commands to type.
//!
//! A command stays a command until it is shown, because only then is it known how this run was started: what is
//! suggested acts on the same project, environment and cloud. Knows of a command only which of those flags it takes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Display};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sentence or a line, with the commands in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Advice {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Command(Suggestion),
    /// A command as it is to be typed.
    Typed(String),
}

/// A command of `infra`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Suggestion {
    /// The command, its own flags, and placeholders in capitals: `state mv FROM TO`.
    words: &'static str,
    /// What comes behind, each one word for the shell.
    arguments: Vec<String>,
}

/// Begins with a command: `run("state list")`.
pub(crate) fn run(words: &'static str) -> Advice {
    Advice::default().run(words)
}

impl Advice {
    /// Goes on with a command.
    #[must_use]
    pub(crate) fn run(mut self, words: &'static str) -> Advice {
        self.parts.push(Part::Command(Suggestion {
            words,
            arguments: Vec::new(),
        }));
        self
    }

    /// Gives an argument to the command that was begun last; a shell takes it for one word, whatever is in it.
    #[must_use]
    pub(crate) fn arg(mut self, argument: impl Display) -> Advice {
        if let Some(Part::Command(command)) = self.parts.last_mut() {
            command.arguments.push(argument.to_string());
        }
        self
    }

    /// Goes on with words.
    #[must_use]
    pub(crate) fn then(mut self, words: impl Into<String>) -> Advice {
        self.parts.push(Part::Words(words.into()));
        self
    }

    /// Changes its words, and the arguments of its commands.
    pub(super) fn change_words(&mut self, change: impl Fn(&mut String)) {
        for part in &mut self.parts {
            match part {
                Part::Words(words) | Part::Typed(words) => change(words),
                Part::Command(command) => command.arguments.iter_mut().for_each(&change),
            }
        }
    }

    /// Writes the commands as they are to be typed in the place of the command line that was.
    pub(crate) fn resolve(&mut self, typed: &Typed) {
        for part in &mut self.parts {
            if let Part::Command(command) = part {
                *part = Part::Typed(command.as_typed(typed));
            }
        }
    }

    /// The commands in it that have been written as they are to be typed.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Typed(command) => Some(command.as_str()),
            Part::Words(_) | Part::Command(_) => None,
        })
    }

    /// As it is to be typed in the place of the command line that was.
    pub(crate) fn as_typed(&self, typed: &Typed) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Words(words) | Part::Typed(words) => Cow::from(words),
                Part::Command(command) => Cow::from(command.as_typed(typed)),
            })
            .collect()
    }
}

#[cfg(test)]
impl Advice {
    /// Whether a text is in it.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.to_string().contains(text)
    }
}

impl Suggestion {
    fn as_typed(&self, typed: &Typed) -> String {
        let mut line = format!("infra {}", self.words);
        let mut add = |word: &str| {
            line.push(' ');
            line.push_str(&quote(word));
        };
        typed.flags_for(self.words).iter().for_each(|word| add(word));
        self.arguments.iter().for_each(|word| add(word));
        line
    }
}

/// As it would be typed in the configuration's own folder.
impl Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_typed(&Typed::default()))
    }
}

/// As words: commands in it are no longer commands when it is read back.
impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Advice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Advice, D::Error> {
        String::deserialize(deserializer).map(Advice::from)
    }
}

impl From<String> for Advice {
    fn from(words: String) -> Advice {
        Advice::default().then(words)
    }
}

impl From<&str> for Advice {
    fn from(words: &str) -> Advice {
        Advice::default().then(words)
    }
}

#[cfg(test)]
impl PartialEq<&str> for Advice {
    fn eq(&self, other: &&str) -> bool {
        let text = self.to_string();
        text == **other
    }
}

/// The flags that were typed and that say on what a command acts.
#[derive(Clone, Default)]
pub(crate) struct Typed {
    /// `-C DIR`, `-e NAME`, `--sim`.
    pub(crate) place: Vec<String>,
    /// `-v NAME=VALUE`, as name and value.
    pub(crate) variables: Vec<(String, String)>,
    /// Variables whose values may be shown; of any other it is not known that it is no secret.
    pub(crate) shown: BTreeSet<String>,
    /// What a command that plans may do beyond: `--take-over`.
    pub(crate) planning: Vec<String>,
    /// What else a command that talks to the cloud takes: `--parallelism N`.
    pub(crate) cloud: Vec<String>,
}

/// Without the variables: a value may be a secret.
impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.place.iter().chain(&self.cloud))
            .finish()
    }
}

impl Typed {
    /// What leads from the current folder to the one of `-C`: `deploy/`, or nothing.
    pub(crate) fn folder_prefix(&self) -> String {
        let mut words = self.place.iter().skip_while(|word| *word != "-C").skip(1);
        let folder = words.next();
        folder.map_or_else(String::new, |folder| format!("{}/", folder.trim_end_matches('/')))
    }

    fn flags_for(&self, command: &str) -> Vec<String> {
        let verb = command.split(' ').next().unwrap_or_default();
        let (has_place, has_variables, has_cloud) = match verb {
            "state" if LOOKING.iter().any(|words| command.starts_with(words)) => (true, true, true),
            "schema" | "explain" | "version" | "sim" | "help" | "completions" | "man" => {
                (false, false, false)
            }
            "plan" | "apply" | "destroy" | "import" | "status" | "drift" | "doctor" => (true, true, true),
            "validate" | "graph" => (true, true, false),
            _ => (true, false, false),
        };
        let mut flags = Vec::new();
        if has_place {
            flags.extend(self.place.iter().cloned());
        }
        if has_variables {
            for (name, value) in &self.variables {
                let value = if self.shown.contains(name) { value } else { "..." };
                flags.extend(["-v".to_owned(), format!("{name}={value}")]);
            }
        }
        if has_cloud {
            flags.extend(self.cloud.iter().cloned());
        }
        if matches!(verb, "plan" | "apply" | "destroy") {
            let own: Vec<&str> = command.split(' ').collect();
            let others = self.planning.iter().filter(|flag| !own.contains(&flag.as_str()));
            flags.extend(others.cloned());
        }
        flags
    }
}

/// Commands of the state that read the files and look at the cloud.
const LOOKING: [&str; 2] = ["state rebuild", "state forget-stray"];

/// One word for a shell; what a shell would expand or cut is put in quotes.
fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        Cow::from(word)
    } else {
        Cow::from(format!("'{}'", word.replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            place: ["-C", "my stack", "-e", "prod", "--sim"]
                .map(str::to_owned)
                .into(),
            variables: vec![
                ("size".to_owned(), "a b".to_owned()),
                ("pass".to_owned(), "hunter2".to_owned()),
            ],
            planning: vec!["--take-over".to_owned()],
            shown: ["size".to_owned()].into(),
            cloud: ["--parallelism", "2"].map(str::to_owned).into(),
        }
    }

    #[test]
    fn a_command_carries_the_flags_that_it_takes() {
        let check = |advice: Advice, expected: &str| assert_eq!(advice.as_typed(&typed()), expected);
        check(
            run("apply").arg("--auto-approve"),
            "infra apply -C 'my stack' -e prod --sim -v 'size=a b' -v pass=... --parallelism 2 --take-over --auto-approve",
        );
        check(
            Advice::from("first: ").run("state list").then(", then look"),
            "first: infra state list -C 'my stack' -e prod --sim, then look",
        );
        check(run("schema").arg("vpc"), "infra schema vpc");
    }

    #[test]
    fn what_a_shell_would_expand_is_quoted() {
        let check = |word: &str, expected: &str| assert_eq!(quote(word), expected);
        check("instance.web[0]", "'instance.web[0]'");
        check("--allow-destroy=a.b,c.d", "--allow-destroy=a.b,c.d");
        check("it's $HOME", "'it'\\''s $HOME'");
        check("", "''");
    }
}
