//! What is typed out of habit from other tools, or by a slip of the finger, and what to type instead; and the screen for
//! somebody who has typed nothing.
//!
//! Nothing that deletes is suggested for a word that is not its name.

use clap::CommandFactory as _;

use super::Cli;
use crate::diagnostic::{Advice, Diagnostic, codes, run};

/// What `infra` alone shows; the whole list is in `infra --help`.
pub(crate) const OVERVIEW: &str = "\
infra: plan and apply for Alibaba Cloud ECS

Begin
  infra demo              try it: no account, nothing outside this folder
  infra init              write a first infra.toml
  infra doctor            are keys, clock, region and rights as they should be?

Every day
  infra plan              show what apply would do
  infra apply             do it, after asking
  infra status            what there is: ids, addresses, status, drift
  infra output            the outputs
  infra destroy           delete everything again, after asking

More: drift, graph, fmt, validate, import, state, explain, completions, man
  infra COMMAND --help    what a command does, and its flags
  infra --help            all commands and flags

Add --sim to plan, apply and the like to try them on a simulator.
";

/// Words of other tools, and the commands that do the same.
const HABITS: &[(&[&str], &str)] = &[
    (
        &[
            "up", "deploy", "create", "run", "launch", "start", "sync", "converge",
        ],
        "apply",
    ),
    (&["diff", "preview", "dry-run", "changes", "check"], "plan"),
    (
        &[
            "list",
            "ls",
            "ps",
            "get",
            "describe",
            "resources",
            "instances",
            "servers",
        ],
        "status",
    ),
    (&["refresh", "detect"], "drift"),
    (&["outputs", "ip"], "output"),
    (&["format"], "fmt"),
    (&["lint", "verify"], "validate"),
    (&["new", "bootstrap"], "init"),
    (&["tutorial", "try", "example", "quickstart"], "demo"),
    (&["adopt", "add"], "import"),
    (&["mv", "rename"], "state mv"),
    (&["completion", "autocomplete"], "completions"),
    (&["docs", "manual"], "man"),
    (&["simulator", "mock", "emulator"], "sim serve"),
    (&["force-unlock"], "unlock"),
    (&["login", "configure", "whoami", "auth"], "doctor"),
];

/// Words that ask for something that `infra` leaves to others, or that deletes.
const SENTENCES: &[(&[&str], &str)] = &[
    (
        &["ssh", "connect", "exec"],
        "infra opens no shell: ssh root@$(infra output -r NAME) does, with an output that holds the address",
    ),
    (
        &[
            "down",
            "delete",
            "remove",
            "rm",
            "teardown",
            "undeploy",
            "kill",
            "terminate",
        ],
        "take its block out of the file and look at the plan; what deletes everything is told by infra --help",
    ),
    (
        &["stop", "shutdown", "poweroff"],
        "write status = \"Stopped\" into the server's block, and look at the plan",
    ),
    (
        &["reboot", "restart"],
        "infra does not reboot on request; the console and the vendor's CLI do",
    ),
    (
        &["rollback", "undo", "revert"],
        "bring the older file back, and look at the plan",
    ),
    (
        &["workspace", "env", "environment", "stack"],
        "each file env/NAME.toml is an environment: -e NAME chooses it",
    ),
];

/// Commands that are never guessed.
const DESTRUCTIVE: &[&str] = &["destroy", "state", "apply"];

/// What is said of a word that is no command.
pub(crate) fn no_command(word: &str) -> Diagnostic {
    let found = Diagnostic::error(codes::NO_COMMAND, format!("infra has no command \"{word}\""));
    let lower = word.to_ascii_lowercase();
    let is_word = |words: &&[&str]| words.contains(&lower.as_str());
    let found = if let Some((_, command)) = HABITS.iter().find(|(words, _)| is_word(words)) {
        found.help(Advice::from("that is ").run(command))
    } else if let Some((_, sentence)) = SENTENCES.iter().find(|(words, _)| is_word(words)) {
        found.help(*sentence)
    } else if let Some(name) = alike(&lower) {
        found.help(format!("did you mean {name}?"))
    } else {
        found
    };
    found.help(run("help").then(" lists all commands"))
}

/// A command whose name is like the word, unless it could take something away.
fn alike(word: &str) -> Option<String> {
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    names
        .filter(|name| !DESTRUCTIVE.contains(name))
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_fits_a_screen_and_names_only_what_exists() {
        assert!(OVERVIEW.lines().count() <= 24);
        assert!(OVERVIEW.lines().all(|line| line.len() <= 79));
        let command = Cli::command();
        for line in OVERVIEW.lines() {
            if let Some(rest) = line.strip_prefix("  infra ") {
                let word = rest.split(' ').next().unwrap();
                assert!(
                    word.starts_with('-') || word == "COMMAND" || command.find_subcommand(word).is_some(),
                    "{word}"
                );
            }
        }
        let more = OVERVIEW.split("More: ").nth(1).unwrap().lines().next().unwrap();
        for word in more.split(", ") {
            assert!(command.find_subcommand(word).is_some(), "{word}");
        }
    }

    #[test]
    fn a_habit_is_no_command_and_its_command_exists() {
        let command = Cli::command();
        let mut seen = std::collections::BTreeSet::new();
        for (words, instead) in HABITS {
            let mut found = &command;
            for part in instead.split(' ') {
                found = found.find_subcommand(part).unwrap_or_else(|| panic!("{instead}"));
            }
            for word in *words {
                assert!(command.find_subcommand(word).is_none(), "{word} is a command");
                assert!(seen.insert(*word), "{word} twice");
            }
        }
        for (words, _) in SENTENCES {
            for word in *words {
                assert!(
                    command.find_subcommand(word).is_none() && seen.insert(*word),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn nothing_that_deletes_is_suggested_for_a_slip_of_the_finger() {
        let told = |word: &str| {
            let found = no_command(word);
            found
                .help
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        };
        for word in [
            "destry",
            "detsroy",
            "destroyy",
            "delete",
            "down",
            "rm",
            "aply",
            "stte",
            "terminate",
        ] {
            let told = told(word);
            assert!(
                !told.contains("destroy") && !told.contains("apply"),
                "{word}: {told}"
            );
        }
        assert!(told("plna").contains("did you mean plan?"));
        assert!(told("UP").contains("that is infra apply"));
        assert!(told("preview").contains("that is infra plan"));
        assert!(told("list").contains("that is infra status"));
        assert!(told("ssh").contains("infra output -r"));
    }
}
