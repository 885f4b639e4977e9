//! Which test shows what: read from the text of the tests themselves, and kept in `src/sim/coverage.json`, which
//! `infra sim coverage` prints. `INFRA_BLESS=1 cargo test --test it sim::coverage` writes that file anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{schema_files, text};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sim/coverage.json");
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sim");

/// The functions, constants and statics of a file: name to text. Each ends at the first line that closes it.
fn items(text: &str) -> Vec<(String, bool, String)> {
    let mut items: Vec<(String, bool, String)> = Vec::new();
    let mut current: Option<(String, bool, String)> = None;
    let mut is_test = false;
    for line in text.lines() {
        if let Some((_, _, body)) = &mut current {
            body.push_str(line);
            body.push('\n');
        } else {
            is_test |= line == "#[test]";
            let plain = line
                .trim_start_matches("pub(super) ")
                .trim_start_matches("pub(in crate::sim) ");
            let rest = ["fn ", "const fn ", "const ", "static "]
                .iter()
                .find_map(|word| plain.strip_prefix(word));
            if let Some(rest) = rest {
                let end = rest
                    .find(|symbol: char| !symbol.is_ascii_alphanumeric() && symbol != '_')
                    .unwrap_or(rest.len());
                current = Some((rest[..end].to_owned(), is_test, format!("{line}\n")));
                is_test = false;
            }
        }
        let closes =
            line == "}" || line == "];" || line == "};" || (line.ends_with(';') && !line.starts_with(' '));
        if closes {
            items.extend(current.take());
        }
    }
    items.extend(current);
    items
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

/// The texts in quotes, with numbers as `N`.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('\u{22}')
        .skip(1)
        .step_by(2)
        .map(|part| {
            let parts: Vec<&str> = part
                .split('.')
                .map(|word| {
                    let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
                    if number { "N" } else { word }
                })
                .collect();
            parts.join(".")
        })
        .collect()
}

/// Each test with the text of everything in its file that it reaches.
fn tests() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    files(Path::new(TESTS), &mut paths);
    paths.sort();
    let mut tests = Vec::new();
    let by_file: Vec<Vec<(String, bool, String)>> = paths
        .iter()
        .map(|path| items(&std::fs::read_to_string(path).unwrap()))
        .collect();
    // What has its name alone among all files is reached from others as well.
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, items) in by_file.iter().enumerate() {
        for (name, ..) in items {
            holders.entry(name).or_default().push(place);
        }
    }
    for (place, path) in paths.iter().enumerate() {
        let inside = path.strip_prefix(TESTS).unwrap().with_extension("");
        let module: Vec<String> = inside
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .filter(|part| part != "mod")
            .collect();
        for (name, is_test, _) in &by_file[place] {
            if !is_test {
                continue;
            }
            let mut reached: BTreeSet<&str> = BTreeSet::new();
            let mut waiting = vec![name.as_str()];
            let mut all = String::new();
            while let Some(next) = waiting.pop() {
                if !reached.insert(next) {
                    continue;
                }
                let home = match &holders[next][..] {
                    [only] => *only,
                    _ => place,
                };
                for (_, _, body) in by_file[home].iter().filter(|(own, ..)| own == next) {
                    all.push_str(body);
                    let words: BTreeSet<&str> = body
                        .split(|symbol: char| !symbol.is_ascii_alphanumeric() && symbol != '_')
                        .collect();
                    let known = words.into_iter().filter_map(|word| holders.get_key_value(word));
                    waiting.extend(
                        known
                            .filter(|(_, homes)| homes.len() == 1 || homes.contains(&place))
                            .map(|(word, _)| *word),
                    );
                }
            }
            tests.push((format!("sim::{}::{name}", module.join("::")), all));
        }
    }
    tests.extend(flows());
    tests.sort();
    tests
}

/// The tests that walk a flow, each with the words of its file in quotes, as a test in Rust has them.
fn flows() -> Vec<(String, String)> {
    let listed = std::fs::read_to_string(format!("{TESTS}/flows/mod.rs")).unwrap();
    let lines = listed.lines().skip_while(|line| *line != "flows! {").skip(1);
    let lines = lines.take_while(|line| *line != "}");
    lines
        .map(|line| {
            let (name, file) = line.trim().split_once(": ").unwrap();
            let file = file.trim_end_matches(';').trim_matches('\u{22}');
            let flow = std::fs::read_to_string(format!("{TESTS}/flows/{file}.flow")).unwrap();
            let mut text = String::new();
            for call in flow.lines().filter(|line| !line.starts_with(['#', ' '])) {
                let (call, code) = call.split_once(" ! ").unwrap_or((call, ""));
                for word in call.split(' ') {
                    let word = word.split('=').next().unwrap_or(word).trim_start_matches('?');
                    if word
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
                    {
                        text.push_str(&format!("\"{word}\" "));
                    }
                }
                if let Some((status, code)) = code.split_once(' ') {
                    text.push_str(&format!(".refused({status}, \"{code}\") "));
                }
            }
            (format!("sim::flows::{name}"), text)
        })
        .collect()
}

fn generated() -> String {
    let served: BTreeSet<(String, String, String)> = infra::sim::actions().into_iter().collect();
    let tests: Vec<(String, BTreeSet<String>, String)> = tests()
        .into_iter()
        .map(|(name, text)| (name, quoted(&text), text))
        .collect();
    let mut products: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for file in schema_files() {
        for (action, facts) in file["actions"].as_object().unwrap() {
            let own = |field: &str| {
                facts["facts"][field]
                    .as_str()
                    .or(file[field].as_str())
                    .unwrap()
                    .to_owned()
            };
            let (product, version) = (own("product"), own("version"));
            if !served.contains(&(product.clone(), version.clone(), action.clone())) {
                continue;
            }
            let named: Vec<&(String, BTreeSet<String>, String)> = tests
                .iter()
                .filter(|(_, words, _)| words.contains(action))
                .collect();
            let parameters: BTreeMap<&String, Option<&String>> = facts["params"]
                .as_object()
                .unwrap()
                .keys()
                .map(|param| {
                    let shown = named.iter().find(|(_, words, _)| words.contains(param));
                    (param, shown.map(|(name, ..)| name))
                })
                .collect();
            products.entry(format!("{product} {version}")).or_default().insert(
                action.clone(),
                json!({ "tests": named.iter().map(|(name, ..)| name).collect::<Vec<_>>(), "parameters": parameters }),
            );
        }
    }
    let codes = codes(&served, &tests);
    let mut refusals: BTreeMap<String, &String> = BTreeMap::new();
    for (name, _, text) in &tests {
        for part in text.split(".refused(").skip(1) {
            let call = part.split(')').next().unwrap_or("");
            if let Some(code) = call.split('\u{22}').nth(1) {
                refusals.entry(code.to_owned()).or_insert(name);
            }
        }
    }
    let mut page =
        serde_json::to_string_pretty(&json!({ "actions": products, "codes": codes, "refusals": refusals }))
            .unwrap();
    page.push('\n');
    page
}

/// A test with the words in its quotes, and its text.
type Read = (String, BTreeSet<String>, String);

/// For each action the codes that the vendor lists for it and that a test raises, with the test; and how many there are.
fn codes(served: &BTreeSet<(String, String, String)>, tests: &[Read]) -> Value {
    let walked = std::fs::read_to_string(format!("{TESTS}/raised.json")).unwrap();
    let walked: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(&walked).unwrap();
    let rows = super::codes::raised();
    let mut products: BTreeMap<String, Value> = BTreeMap::new();
    for file in schema_files() {
        let (product, version) = (text(&file["product"]), text(&file["version"]));
        let (mut listed, mut raised) = (0, 0);
        let mut actions: BTreeMap<&String, Value> = BTreeMap::new();
        for (action, facts) in file["actions"].as_object().unwrap() {
            if !served.contains(&(product.clone(), version.clone(), action.clone())) {
                continue;
            }
            let errors = facts["errors"].as_object().into_iter().flatten();
            let all: BTreeSet<String> = errors
                .flat_map(|(_, codes)| codes.as_array().unwrap())
                .map(text)
                .collect();
            let by_row = rows.get(action).filter(|_| version == super::ECS);
            let by_walk = walked.get(&format!("{version} {action}"));
            let own: BTreeMap<&String, &str> = all
                .iter()
                .filter_map(|code| {
                    let named = |(_, words, body): &&Read| {
                        words.contains(action) && words.contains(code) && body.contains(".refused(")
                    };
                    let test = tests.iter().find(named).map(|(name, ..)| name.as_str());
                    let walk = by_walk.is_some_and(|codes| codes.contains(code));
                    let row = by_row.is_some_and(|codes| codes.contains(code));
                    Some((code, row.then_some(ROWS).or(test).or(walk.then_some(WALK))?))
                })
                .collect();
            listed += all.len();
            raised += own.len();
            if !all.is_empty() {
                actions.insert(action, json!({ "listed": all.len(), "raised": own }));
            }
        }
        if listed > 0 {
            products.insert(
                format!("{product} {version}"),
                json!({ "listed": listed, "raised": raised, "actions": actions }),
            );
        }
    }
    json!(products)
}

/// The test that meets codes by walking all parameters.
const WALK: &str = "sim::walked::every_parameter_of_every_change_has_an_effect_or_is_refused";

/// The test that meets codes row by row.
const ROWS: &str = "sim::codes::every_row_is_refused_with_its_code";

/// At least half of the codes that the vendor lists for the ECS actions that its provider uses are raised by a test.
#[test]
fn codes_of_the_actions_of_the_provider_are_raised() {
    let file: Value = serde_json::from_str(&generated()).unwrap();
    let mut provider = String::new();
    let mut paths = Vec::new();
    files(&Path::new(TESTS).join("provider"), &mut paths);
    for path in paths {
        provider.push_str(&std::fs::read_to_string(path).unwrap());
    }
    let words = quoted(&provider);
    let (mut listed, mut raised) = (0, 0);
    for (action, codes) in file["codes"]["Ecs 2014-05-26"]["actions"].as_object().unwrap() {
        if words.contains(action) {
            listed += codes["listed"].as_u64().unwrap();
            raised += codes["raised"].as_object().unwrap().len();
        }
    }
    assert!(raised as u64 * 2 >= listed, "{raised} of {listed} are raised");
}

/// What `one` says and `all` does not.
fn untrue(one: &Value, all: &Value, path: &str, into: &mut Vec<String>) {
    match (one, all) {
        (Value::Object(fields), Value::Object(known)) => {
            for (name, value) in fields {
                untrue(
                    value,
                    known.get(name).unwrap_or(&Value::Null),
                    &format!("{path}/{name}"),
                    into,
                );
            }
        }
        (Value::Array(items), Value::Array(known)) => {
            let unknown = items.iter().filter(|item| !known.contains(item));
            into.extend(unknown.map(|item| format!("{path}: {item}")));
        }
        // Another test may come first since.
        (Value::String(_), Value::String(_)) | (Value::Null, _) => {}
        // Figures may have grown since.
        (Value::Number(one), Value::Number(all)) if one.as_u64() <= all.as_u64() => {}
        _ => into.push(format!("{path}: {one}")),
    }
}

#[test]
fn what_the_page_says_is_true() {
    let generated = generated();
    if std::env::var_os("INFRA_BLESS").is_some() {
        std::fs::write(FILE, &generated).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let mut faults = Vec::new();
    untrue(&kept, &serde_json::from_str(&generated).unwrap(), "", &mut faults);
    assert!(
        faults.is_empty(),
        "src/sim/coverage.json says what is not so: INFRA_BLESS=1 cargo test --test it sim::coverage\n{faults:#?}"
    );
}

#[test]
fn every_action_that_is_served_is_named_by_a_test() {
    let file: Value = serde_json::from_str(&generated()).unwrap();
    let mut alone = Vec::new();
    for (product, actions) in file["actions"].as_object().unwrap() {
        for (action, covered) in actions.as_object().unwrap() {
            if covered["tests"].as_array().unwrap().is_empty() {
                alone.push(format!("{product} {action}"));
            }
        }
    }
    assert!(alone.is_empty(), "{alone:?}");
}
