//! House rules that the compiler does not know: who may name whom, and what must not be forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each module may name, besides itself; the table of the architecture page.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("shared", &[]),
    ("address", &["shared"]),
    ("named", &["shared"]),
    ("env", &[]),
    ("graph", &[]),
    ("region", &[]),
    ("sim", &[]),
    ("value", &["address", "named"]),
    ("cli", &["address", "diagnostic"]),
    ("diagnostic", &["address"]),
    ("event", &["address", "diagnostic"]),
    ("live", &["address", "value"]),
    ("api", &[]),
    ("step", &["value", "api", "live"]),
    ("task", &["address", "diagnostic", "state", "step", "value"]),
    ("change", &["address", "diagnostic", "types", "value"]),
    ("types", &["address", "value", "api", "step", "diagnostic"]),
    ("data", &["address", "value", "api", "types"]),
    (
        "config",
        &["address", "value", "types", "data", "diagnostic", "env", "region"],
    ),
    ("cloud", &["env", "event", "diagnostic", "api", "region"]),
    ("state", &["address", "value", "diagnostic", "env", "api"]),
    (
        "observe",
        &[
            "address",
            "change",
            "value",
            "types",
            "data",
            "api",
            "step",
            "live",
            "task",
            "state",
            "cloud",
            "env",
            "event",
            "diagnostic",
        ],
    ),
    (
        "plan",
        &[
            "address",
            "value",
            "change",
            "task",
            "types",
            "api",
            "step",
            "live",
            "graph",
            "config",
            "state",
            "diagnostic",
        ],
    ),
    (
        "saved",
        &[
            "address",
            "value",
            "change",
            "task",
            "types",
            "step",
            "live",
            "plan",
            "state",
            "diagnostic",
        ],
    ),
    (
        "apply",
        &[
            "address",
            "value",
            "change",
            "task",
            "types",
            "api",
            "step",
            "live",
            "graph",
            "plan",
            "state",
            "observe",
            "cloud",
            "env",
            "event",
            "diagnostic",
        ],
    ),
    (
        "ui",
        &[
            "address",
            "value",
            "change",
            "task",
            "types",
            "api",
            "step",
            "live",
            "plan",
            "state",
            "event",
            "diagnostic",
            "env",
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code without comments, texts and the test modules at its end, so that only what is compiled into the library
/// counts.
fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            rest = raw.find("\"#").map_or("", |end| &raw[end + 2..]);
        } else if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|letter: char| {
                let ends = letter == '"' && !escaped;
                escaped = letter == '\\' && !escaped;
                ends
            });
            rest = end.map_or("", |end| &rest[end + 2..]);
            code.push_str("\"\"");
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest = &rest[rest[1..].find('\'').map_or(1, |end| end + 2)..];
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

/// The modules of the crate that a piece of code names: after `crate::`, alone or in a group, and by `super::`
/// chains that leave the module.
fn named_modules(code: &str, depth: usize) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut prefixes = vec!["crate::".to_owned()];
    prefixes.push("super::".repeat(depth));
    for prefix in prefixes.iter().filter(|prefix| !prefix.is_empty()) {
        for (index, _) in code.match_indices(prefix.as_str()) {
            if code[..index].ends_with("super::") || code[..index].ends_with("::") {
                continue;
            }
            let rest = &code[index + prefix.len()..];
            if let Some(group) = rest.strip_prefix('{') {
                named.extend(group_members(group));
            } else {
                named.extend(first_name(rest));
            }
        }
    }
    named
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

fn group_members(group: &str) -> Vec<String> {
    let mut members = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (index, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.extend(first_name(group[start..index].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.extend(first_name(group[start..index].trim_start()));
                start = index + 1;
            }
            _ => {}
        }
    }
    members
}

/// The module that a file belongs to, and how many `super::` lead out of it to the crate's root.
fn module_of(file: &Path) -> (String, usize) {
    let source = root().join("src");
    let parts: Vec<String> = file
        .strip_prefix(source)
        .unwrap()
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let depth = if parts.last().is_some_and(|last| last == "mod") {
        parts.len() - 1
    } else {
        parts.len()
    };
    (parts[0].clone(), depth)
}

/// Files that only tests compile.
fn is_test_code(file: &Path) -> bool {
    file.iter()
        .any(|part| ["tests", "tests.rs", "testing.rs"].contains(&part.to_str().unwrap_or_default()))
}

#[test]
fn modules_name_only_what_the_table_allows() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = DIRECTIONS
        .iter()
        .map(|(module, names)| (*module, names.iter().copied().collect()))
        .collect();
    let modules: BTreeSet<String> = rust_files(&root().join("src"))
        .iter()
        .map(|file| module_of(file).0)
        .collect();
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let (module, depth) = module_of(&file);
        if ["main", "lib", "commands", "proof"].contains(&module.as_str()) || is_test_code(&file) {
            continue;
        }
        let Some(allowed) = allowed.get(module.as_str()) else {
            wrong.push(format!("{module} has no row in the direction table"));
            continue;
        };
        for named in named_modules(&code_only(&fs::read_to_string(&file).unwrap()), depth) {
            if named != module && modules.contains(&named) && !allowed.contains(named.as_str()) {
                wrong.push(format!("{}: {module} may not name {named}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_direction_table_has_no_cycle() {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < DIRECTIONS.len() {
        let next: Vec<&str> = DIRECTIONS
            .iter()
            .filter(|(module, names)| !done.contains(module) && names.iter().all(|name| done.contains(name)))
            .map(|(module, _)| *module)
            .collect();
        assert!(
            !next.is_empty(),
            "a cycle among the modules that are not in {done:?}"
        );
        done.extend(next);
    }
}

#[test]
fn the_check_sees_what_is_named() {
    let code =
        code_only("use crate::{a, b::{c, d}};\n// crate::e\nlet x = \"crate::f\"; super::super::g::h();");
    let named: Vec<String> = named_modules(&code, 2).into_iter().collect();
    assert_eq!(named, ["a", "b", "g"]);
}

#[test]
fn every_resource_type_has_an_example() {
    const NO_TYPES: [&str; 11] = [
        "attribute",
        "base",
        "form",
        "joining",
        "mod",
        "part",
        "relation",
        "resource_type",
        "rule",
        "steps",
        "tests",
    ];
    let types: Vec<String> = fs::read_dir(root().join("src/types"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| !NO_TYPES.contains(&name.as_str()))
        .collect();
    let registry = fs::read_to_string(root().join("src/types/mod.rs")).unwrap();
    let examples: String = fs::read_dir(root().join("examples"))
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("infra.toml")).ok())
        .collect();
    for name in types {
        assert!(
            registry.contains(&format!("&{name}::")),
            "{name} is not in the registry"
        );
        assert!(examples.contains(&format!("[{name}.")), "no example has a {name}");
    }
}

#[test]
fn every_test_file_is_compiled() {
    let tests = root().join("tests/it");
    for file in rust_files(&tests) {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        if stem == "main" {
            continue;
        }
        let (folder, name) = if stem == "mod" {
            (
                file.parent().unwrap().parent().unwrap(),
                file.parent().unwrap().file_name().unwrap().to_str().unwrap(),
            )
        } else {
            (file.parent().unwrap(), stem)
        };
        let parent = if folder == tests {
            tests.join("main.rs")
        } else {
            folder.join("mod.rs")
        };
        let text = fs::read_to_string(&parent).unwrap_or_default();
        assert!(
            text.contains(&format!("mod {name};")),
            "{} is not compiled",
            file.display()
        );
    }
}

#[test]
fn the_changelog_has_a_place_for_what_comes() {
    assert!(
        fs::read_to_string(root().join("CHANGELOG.md"))
            .unwrap()
            .contains("## Unreleased")
    );
}

/// What a text of the program suggests carries the flags that were typed, so it is never a literal.
#[test]
fn no_command_is_suggested_as_a_literal() {
    const COMMANDS: &[&str] = &[
        "plan", "apply", "destroy", "show", "output", "state", "import", "unlock", "validate", "schema",
        "explain", "init", "status", "drift", "graph", "fmt", "doctor", "demo",
    ];
    // The manual, the words of the schema for editors, and tests.
    let is_exempt = |path: &Path| {
        let name = path.strip_prefix(root().join("src")).unwrap();
        [
            "cli.rs",
            "cli/habits.rs",
            "config/editor_schema.rs",
            "config/editor_sections.rs",
            "config/language_zh.rs",
        ]
        .iter()
        .any(|exempt| name == Path::new(exempt))
            || name.starts_with("sim")
            || name.starts_with("cli")
            || is_test_code(name)
    };
    let mut found = Vec::new();
    for path in rust_files(&root().join("src"))
        .iter()
        .filter(|path| !is_exempt(path))
    {
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            let suggests = |command: &&str| line.contains(&format!("infra {command}"));
            if COMMANDS.iter().any(suggests) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "write run(\"...\"):\n{}", found.join("\n"));
}

/// A code is a name of `diagnostic::codes`, so that it means one thing.
#[test]
fn no_code_is_a_literal() {
    let mut found = Vec::new();
    for path in rust_files(&root().join("src")) {
        let name = path.strip_prefix(root().join("src")).unwrap();
        let is_exempt = name == Path::new("diagnostic/codes.rs")
            || name.starts_with("sim")
            || name.starts_with("proof")
            || name.ends_with("tests.rs")
            || name.components().any(|part| part.as_os_str() == "tests");
        if is_exempt {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let is_code = |part: &str| {
                let digits = part.strip_prefix(['E', 'W']).unwrap_or_default();
                (3..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
            };
            if !line.trim_start().starts_with("//") && line.split('"').any(is_code) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "write codes::...:\n{}", found.join("\n"));
}

/// The files of one module name each other in one direction only.
#[test]
fn the_files_of_a_module_are_no_circle() {
    for module in [
        "api", "apply", "cloud", "config", "data", "observe", "plan", "state", "types", "ui",
    ] {
        let folder = root().join("src").join(module);
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let files: Vec<PathBuf> = rust_files(&folder)
            .into_iter()
            .filter(|file| file.parent() == Some(&folder))
            .filter(|file| !file.ends_with("mod.rs"))
            .collect();
        let stems: BTreeSet<String> = files
            .iter()
            .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        for file in &files {
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            if stem.starts_with("test") || stem == "fuzz" {
                continue;
            }
            let code = code_only(&fs::read_to_string(file).unwrap());
            let used = stems.iter().filter(|other| {
                **other != stem
                    && (code.contains(&format!("super::{other}::"))
                        || code.contains(&format!("super::{{{other}")))
            });
            let used: BTreeSet<String> = used.cloned().collect();
            names.insert(stem, used);
        }
        if let Some(circle) = circle_of(&names) {
            panic!(
                "src/{module}: these files name each other in a circle: {}",
                circle.join(" -> ")
            );
        }
    }
}

/// A circle among names, if there is one.
fn circle_of(names: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        at: &str,
        names: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = path.iter().position(|name| name == at) {
            return Some(path[start..].to_vec());
        }
        if done.contains(at) {
            return None;
        }
        path.push(at.to_owned());
        for next in names.get(at).into_iter().flatten() {
            if let Some(circle) = walk(next, names, path, done) {
                return Some(circle);
            }
        }
        path.pop();
        done.insert(at.to_owned());
        None
    }
    let mut done = BTreeSet::new();
    names
        .keys()
        .find_map(|name| walk(name, names, &mut Vec::new(), &mut done))
}
