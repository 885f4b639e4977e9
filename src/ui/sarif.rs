//! Diagnostics as SARIF 2.1.0, which code hosts read.
//!
//! Does not know where they come from.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::diagnostic::codes::{Code, Story};
use crate::diagnostic::{Advice, Diagnostic, Location, Sources};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with all of them; each code that occurs is a rule with its story.
pub(crate) fn document(diagnostics: &[Diagnostic], sources: &Sources) -> Json {
    let mut rules: BTreeMap<&str, Json> = BTreeMap::new();
    for diagnostic in diagnostics {
        let number = diagnostic.code.number();
        if let Some(story) = Code::find(number) {
            rules.entry(number).or_insert_with(|| rule(story));
        }
    }
    let results: Vec<Json> = diagnostics.iter().map(|one| result(one, sources)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "infra",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(story: &Story) -> Json {
    json!({
        "id": story.code,
        "shortDescription": { "text": story.title },
        "fullDescription": { "text": story.meaning },
        "help": { "text": story.way_out.join("\n") },
    })
}

fn result(diagnostic: &Diagnostic, sources: &Sources) -> Json {
    let mut lines = vec![diagnostic.message.clone()];
    lines.extend(diagnostic.notes.iter().cloned());
    lines.extend(diagnostic.help.iter().map(Advice::to_string));
    let place = |location: &Location| json!({ "physicalLocation": physical(location, sources) });
    let mut labels = diagnostic.labels.iter();
    let first: Vec<Json> = labels
        .next()
        .map(|label| place(&label.location))
        .into_iter()
        .collect();
    let others: Vec<Json> = labels.map(|label| place(&label.location)).collect();
    let mut told = json!({
        "ruleId": diagnostic.code,
        "level": if diagnostic.is_error() { "error" } else { "warning" },
        "message": { "text": lines.join("\n") },
        "locations": first,
    });
    if !others.is_empty() {
        told["relatedLocations"] = others.into();
    }
    told
}

fn physical(location: &Location, sources: &Sources) -> Json {
    let mut region = json!({ "startLine": location.line, "startColumn": location.column });
    if let Some(source) = sources.find(&location.file) {
        let end = source.location(location.end..location.end);
        region["endLine"] = end.line.into();
        region["endColumn"] = end.column.into();
    }
    json!({
        "artifactLocation": { "uri": uri(&location.file) },
        "region": region,
    })
}

/// A path as a relative reference: what means something in one is encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            b'\\' => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::codes;

    #[test]
    fn a_place_and_its_rule_are_told() {
        let mut sources = Sources::default();
        let file = sources.add(Arc::from("a b.toml"), Arc::from("x = 1\ny = 2\n"));
        let location = sources.source(file).location(6..11);
        let found = [
            Diagnostic::error(codes::SYNTAX, "no").at(location, "").help("do"),
            Diagnostic::warning(codes::NEW_REGION, "odd"),
        ];
        let told = document(&found, &sources);
        let run = &told["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(2));
        let first = &run["results"][0];
        assert_eq!(
            (&first["ruleId"], &first["level"]),
            (&json!("E0111"), &json!("error"))
        );
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], json!("a%20b.toml"));
        assert_eq!(
            place["region"],
            json!({ "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 6 })
        );
        assert_eq!(run["results"][1]["locations"], json!([]));
    }
}
