//! The part of the command line that suggested commands repeat.

use crate::cli::{Cli, Command, Global, OwnerArgs, PARALLELISM, SelectionArgs};
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
    let owner = match &cli.command {
        Command::Plan(args) => args.owner,
        Command::Apply(args) => args.change.owner,
        Command::Destroy(args) => args.owner,
        _ => OwnerArgs::default(),
    };
    let selection = match &cli.command {
        Command::Plan(args) => args.selection.clone(),
        Command::Apply(args) => args.change.selection.clone(),
        Command::Destroy(args) => args.selection.clone(),
        _ => SelectionArgs::default(),
    };
    let mut planning: Vec<String> = [
        (owner.new_stack, "--new-stack"),
        (owner.take_over, "--take-over"),
        (selection.refresh_only, "--refresh-only"),
    ]
    .into_iter()
    .filter(|(is_set, _)| *is_set)
    .map(|(_, flag)| flag.to_owned())
    .collect();
    for (flag, addresses) in [
        ("--target", &selection.target),
        ("--exclude", &selection.exclude),
        ("--replace", &selection.replace),
    ] {
        for address in addresses {
            planning.extend([flag.to_owned(), address.to_string()]);
        }
    }
    Typed {
        place,
        planning,
        variables: variables.clone(),
        cloud,
        ..Typed::default()
    }
}

/// The flags for a command in another folder.
pub(super) fn typed_in(folder: &str, sim: bool) -> Typed {
    let mut place = vec!["-C".to_owned(), folder.to_owned()];
    if sim {
        place.push("--sim".to_owned());
    }
    Typed {
        place,
        ..Typed::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
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

    /// All long flags of a command and of those below it.
    fn flags(command: &clap::Command, found: &mut BTreeSet<String>) {
        let own = command
            .get_arguments()
            .filter_map(|one| one.get_long_and_visible_aliases());
        found.extend(own.flatten().map(str::to_owned));
        command.get_subcommands().for_each(|below| flags(below, found));
    }

    #[test]
    fn every_flag_in_a_message_exists() {
        let mut command = Cli::command();
        command.build();
        let mut known = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
        flags(&command, &mut known);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        let is_exempt = |path: &&PathBuf| {
            let name = path.strip_prefix(&root).unwrap();
            name.starts_with("sim")
                || name.starts_with("proof")
                || name.components().any(|part| part.as_os_str() == "tests")
        };
        let mut seen = 0;
        for path in files.iter().filter(|path| !is_exempt(path)) {
            let text = std::fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            // Other people's commands have flags of their own.
            let is_ours = |line: &&str| {
                !line.trim_start().starts_with("//") && !line.contains("aliyun ") && !line.contains("cargo ")
            };
            for line in code.lines().filter(is_ours) {
                for part in line.split("--").skip(1) {
                    let is_name = |letter: &char| letter.is_ascii_lowercase() || *letter == '-';
                    let flag: String = part.chars().take_while(is_name).collect();
                    if flag.len() > 1 && flag.starts_with(|first: char| first.is_ascii_lowercase()) {
                        seen += 1;
                        assert!(
                            known.contains(&flag),
                            "{}: no flag --{flag}: {line}",
                            path.display()
                        );
                    }
                }
            }
        }
        assert!(seen > 30, "{seen}");
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
