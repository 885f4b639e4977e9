//! The part of the command line that suggested commands repeat.

use crate::cli::{Cli, Global, PARALLELISM};
use crate::diagnostic::Typed;

/// The flags that say on what this command acts.
pub(crate) fn typed(cli: &Cli) -> Typed {
    let Global {
        directory,
        environment,
        variables,
        sim,
        allow_file,
        allow_env,
        parallelism,
        ..
    } = &cli.global;
    let mut place = Vec::new();
    if let Some(directory) = directory {
        place.extend(["-C".to_owned(), directory.display().to_string()]);
    }
    if let Some(environment) = environment {
        place.extend(["-e".to_owned(), environment.clone()]);
    }
    if *sim {
        place.push("--sim".to_owned());
    }
    for folder in allow_file {
        place.extend(["--allow-file".to_owned(), folder.display().to_string()]);
    }
    for name in allow_env {
        place.extend(["--allow-env".to_owned(), name.clone()]);
    }
    let mut cloud = Vec::new();
    if *parallelism != PARALLELISM {
        cloud.extend(["--parallelism".to_owned(), parallelism.to_string()]);
    }
    Typed {
        place,
        variables: variables.clone(),
        cloud,
        ..Typed::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use clap::CommandFactory as _;

    use crate::cli::Cli;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// The command and the flags of a suggestion; what is wrong with it.
    fn mistake(words: &str) -> Option<String> {
        let mut command = Cli::command();
        command.build();
        let mut command = &command;
        for word in words.split(' ') {
            if let Some(flag) = word.strip_prefix("--") {
                let is_known = command.get_arguments().any(|one| one.get_long() == Some(flag));
                if !is_known {
                    return Some(format!("{words}: no flag {word}"));
                }
            } else if word.starts_with(|first: char| first.is_ascii_lowercase()) {
                match command.find_subcommand(word) {
                    Some(found) => command = found,
                    None => return Some(format!("{words}: no command {word}")),
                }
            }
        }
        command
            .is_subcommand_required_set()
            .then(|| format!("{words}: it is not complete"))
    }

    #[test]
    fn every_suggested_command_and_flag_exists() {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let mut found = Vec::new();
        for path in files {
            let text = std::fs::read_to_string(path).unwrap();
            // Written so that this line is none of them.
            for part in text.split(concat!("run", "(\"")).skip(1) {
                let (words, rest) = part.split_once('"').unwrap_or_default();
                if rest.starts_with(')') {
                    found.push(words.to_owned());
                }
            }
        }
        assert!(found.len() > 20, "{found:?}");
        let mistakes: Vec<String> = found.iter().filter_map(|words| mistake(words)).collect();
        assert!(mistakes.is_empty(), "{mistakes:#?}");
        assert!(mistake("plan --no-such-flag").is_some() && mistake("state").is_some());
    }
}
