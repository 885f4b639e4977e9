//! Mistakes that people make, as data: a few lines behind a project that is right, and what is said about them. One
//! mistake is one message, at the text at fault, with a way out.
//!
//! `mistakes.txt` holds them: `== title`, the lines (`@web` stands for the four lines that a server needs, `@file NAME`
//! begins another file, `@whole` leaves the right project out), and below `--` what is said: code, place, the marked
//! text, the message, the words at the caret, notes and help, and what `validate --fix` writes there. `INFRA_BLESS=1`
//! writes what is said now.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::harness::World;

const BASE: &str = r#"[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${vpc.main.id}"
cidr_block = "10.0.1.0/24"
zone_id = "cn-hangzhou-h"

[security_group.web]
vpc_id = "${vpc.main.id}"
"#;

const WEB: &str = r#"instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
"#;

/// What stands before the text that is sure to be right.
const FIX: &str = " ~ ";

/// One mistake as it stands in the table.
struct Mistake {
    title: String,
    lines: Vec<String>,
    said: String,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/commands/mistakes.txt")
}

fn read(text: &str) -> Vec<Mistake> {
    text.split("\n== ")
        .skip(1)
        .map(|part| {
            let (title, rest) = part.split_once('\n').unwrap_or((part, ""));
            let (lines, said) = rest.split_once("\n--\n").unwrap_or((rest, ""));
            Mistake {
                title: title.to_owned(),
                lines: lines.trim_end().lines().map(str::to_owned).collect(),
                said: said.trim_end().to_owned(),
            }
        })
        .collect()
}

/// The files of a mistake.
fn files(mistake: &Mistake) -> Vec<(String, String)> {
    let is_whole = mistake.lines.iter().any(|line| line == "@whole");
    let begin = if is_whole {
        String::new()
    } else {
        format!("{BASE}\n")
    };
    let mut files = vec![("infra.toml".to_owned(), begin)];
    for line in &mistake.lines {
        if let Some(name) = line.strip_prefix("@file ") {
            files.push((name.to_owned(), String::new()));
        } else if line == "@web" {
            files.last_mut().unwrap().1 += WEB;
        } else if line != "@whole" {
            writeln!(files.last_mut().unwrap().1, "{line}").unwrap();
        }
    }
    files
}

/// What is said about it, a line each.
fn says(mistake: &Mistake) -> Vec<String> {
    let world = World::offline();
    let files = files(mistake);
    for (name, text) in &files {
        world.write(name, text);
    }
    let output = world.run(&["validate", "--format", "json", "--all"]);
    output
        .stdout
        .lines()
        .map(|line| {
            let told: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
            let mut said = text("code");
            if let Some(file) = told["file"].as_str() {
                let (line, column) = (&told["line"], &told["column"]);
                write!(said, " {file}:{line}:{column}").unwrap();
                let content = files.iter().find(|(name, _)| name == file).map(|(_, text)| text);
                let number = |key: &str| usize::try_from(told[key].as_u64().unwrap()).unwrap();
                let here = content.and_then(|text| text.lines().nth(number("line") - 1));
                let end = if number("end_line") == number("line") {
                    number("end_column")
                } else {
                    usize::MAX
                };
                let marked: String = here
                    .unwrap_or_default()
                    .chars()
                    .take(end - 1)
                    .skip(number("column") - 1)
                    .collect();
                write!(said, " [{marked}]").unwrap();
            }
            write!(said, " {}", text("message")).unwrap();
            if told["label"].is_string() {
                write!(said, " ^ {}", text("label")).unwrap();
            }
            for other in told["related"].as_array().into_iter().flatten() {
                let word = other["label"].as_str().unwrap_or_default();
                write!(
                    said,
                    " & {}:{} {word}",
                    other["file"].as_str().unwrap(),
                    other["line"]
                )
                .unwrap();
            }
            for (key, sign) in [("notes", '='), ("help", '|')] {
                for line in told[key].as_array().into_iter().flatten() {
                    write!(said, " {sign} {}", line.as_str().unwrap()).unwrap();
                }
            }
            for fix in told["replacements"].as_array().into_iter().flatten() {
                write!(said, "{FIX}{}", fix["text"].as_str().unwrap()).unwrap();
            }
            said
        })
        .collect()
}

#[test]
fn every_mistake_is_one_message_at_its_place() {
    let text = std::fs::read_to_string(path()).unwrap();
    let mistakes = read(&text);
    assert!(mistakes.len() >= 120, "{}", mistakes.len());
    let head = text.split("\n== ").next().unwrap();
    let mut now = head.to_owned();
    let mut wrong = Vec::new();
    for mistake in &mistakes {
        let said = says(mistake);
        if said.len() != 1 {
            wrong.push(format!("{}: {} messages", mistake.title, said.len()));
        }
        let said = said.join("\n").trim_end().to_owned();
        if said != mistake.said {
            wrong.push(format!("== {}\n-{}\n+{said}", mistake.title, mistake.said));
        }
        let lines = mistake.lines.join("\n");
        write!(now, "\n== {}\n{lines}\n--\n{said}\n", mistake.title).unwrap();
    }
    if std::env::var_os("INFRA_BLESS").is_some() {
        std::fs::write(path(), now).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_is_sure_is_corrected_and_nothing_else_is_touched() {
    let text = std::fs::read_to_string(path()).unwrap();
    let mistakes = read(&text);
    let mut corrected = 0;
    let mut wrong = Vec::new();
    for mistake in &mistakes {
        let world = World::offline();
        let files = files(mistake);
        for (name, text) in &files {
            world.write(name, &format!("# 李雷's own words\r\n{text}"));
        }
        let fixed = world.run(&["validate", "--fix"]);
        let changed = files
            .iter()
            .filter(|(name, text)| world.read(name) != format!("# 李雷's own words\r\n{text}"))
            .count();
        let is_error = mistake.said.starts_with('E');
        if !mistake.said.contains(FIX) || !is_error {
            if changed > 0 {
                wrong.push(format!(
                    "{}: changed although nothing is sure: {}",
                    mistake.title, fixed.stdout
                ));
            }
            continue;
        }
        corrected += 1;
        let (_, written) = mistake.said.rsplit_once(FIX).unwrap();
        let is_told = fixed.stdout.contains("\n  - ") && fixed.stdout.contains(written);
        // The same mistake is not there any more; a block whose type is known now may have others.
        let code = mistake.said.split(' ').next().unwrap();
        let left = world.run(&["validate", "--format", "json"]).stdout;
        let is_gone = !left.contains(&format!("\"code\":\"{code}\""));
        if !is_gone || changed != 1 || !is_told {
            wrong.push(format!(
                "{}: exit {:?}, {changed} changed:\n{}{}",
                mistake.title, fixed.code, fixed.stdout, fixed.stderr
            ));
        }
        for (name, _) in &files {
            assert!(world.read(name).starts_with("# 李雷's own words\r\n"), "{name}");
        }
    }
    assert!(corrected >= 30, "{corrected}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
