//! Diagnostics for programs: objects of the event stream, and workflow commands of GitHub.

use std::fmt::Write as _;

use serde_json::json;

use super::text::escape_lines;
use crate::diagnostic::{Advice, Diagnostic, Level, Location, Sources};

/// One diagnostic for programs, as an object of the event stream.
pub(crate) fn to_json(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let mut object = json!({
        "type": "diagnostic",
        "level": level_word(diagnostic),
        "code": diagnostic.code,
        "message": diagnostic.message,
    });
    if let Some(label) = diagnostic.labels.first() {
        place_to_json(&mut object, &label.location, sources);
        if !label.text.is_empty() {
            object["label"] = json!(label.text);
        }
    }
    let others: Vec<serde_json::Value> = diagnostic
        .labels
        .iter()
        .skip(1)
        .map(|label| {
            let mut other = json!({ "label": label.text });
            place_to_json(&mut other, &label.location, sources);
            other
        })
        .collect();
    if !others.is_empty() {
        object["related"] = json!(others);
    }
    if !diagnostic.notes.is_empty() {
        object["notes"] = json!(diagnostic.notes);
    }
    if !diagnostic.help.is_empty() {
        let help: Vec<String> = diagnostic.help.iter().map(Advice::to_string).collect();
        object["help"] = json!(help);
        let commands: Vec<&str> = diagnostic.help.iter().flat_map(Advice::commands).collect();
        if !commands.is_empty() {
            object["commands"] = json!(commands);
        }
    }
    if let Some(address) = &diagnostic.address {
        object["address"] = json!(address);
    }
    if let Some(fix) = &diagnostic.fix {
        object["replacements"] = json!([{
            "file": &*fix.location.file,
            "start": fix.location.start,
            "end": fix.location.end,
            "text": fix.replacement,
        }]);
    }
    object
}

fn place_to_json(object: &mut serde_json::Value, location: &Location, sources: &Sources) {
    let end = end_of(location, sources);
    object["file"] = json!(&*location.file);
    object["line"] = json!(location.line);
    object["column"] = json!(location.column);
    object["end_line"] = json!(end.0);
    object["end_column"] = json!(end.1);
}

/// Line and column behind a place.
fn end_of(location: &Location, sources: &Sources) -> (usize, usize) {
    match sources.find(&location.file) {
        Some(source) => {
            let end = source.location(location.end..location.end);
            (end.line, end.column)
        }
        None => (location.line, location.column),
    }
}

/// Workflow commands that GitHub shows on the changed lines; `prefix` leads from the repository's root to the
/// configuration folder (`deploy/`, or nothing).
pub(crate) fn to_github(diagnostics: &[Diagnostic], sources: &Sources, prefix: &str) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let mut properties = String::new();
        if let Some(label) = diagnostic.labels.first() {
            let location = &label.location;
            let (end_line, end_column) = end_of(location, sources);
            let file = escape_property(&format!("{prefix}{}", location.file));
            let _ = write!(
                properties,
                "file={file},line={},col={}",
                location.line, location.column
            );
            // Columns of a mark over several lines would be taken for those of its first line.
            if end_line == location.line && end_column > location.column {
                let _ = write!(properties, ",endColumn={}", end_column - 1);
            }
            properties.push(',');
        }
        let mut message = diagnostic.message.clone();
        let help: Vec<String> = diagnostic.help.iter().map(Advice::to_string).collect();
        let label = diagnostic.labels.first().map(|label| label.text.as_str());
        for line in label
            .into_iter()
            .filter(|label| !label.is_empty())
            .chain(diagnostic.notes.iter().map(String::as_str))
            .chain(help.iter().map(String::as_str))
        {
            message.push('\n');
            message.push_str(line);
        }
        let _ = writeln!(
            text,
            "::{} {properties}title={}::{}",
            level_word(diagnostic),
            diagnostic.code,
            escape_message(&message)
        );
    }
    text
}

fn level_word(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn escape_message(text: &str) -> String {
    escape_lines(text).replace('%', "%25").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    const TEXT: &str = "[instance.web]
instance_tpye = \"李雷 ecs\" # 名
tags = { 负责人 = \"李雷\", role = web }
";

    #[test]
    fn programs_get_places_and_replacements() {
        let mut sources = Sources::default();
        sources.add("infra.toml".into(), TEXT.into());
        let at = |needle: &str| {
            let start = TEXT.find(needle).unwrap();
            sources.source(0).location(start..start + needle.len())
        };
        let diagnostic = Diagnostic::error(codes::SYNTAX, "text, in 100%")
            .at(at("web }"), "here")
            .at(at("[instance.web]"), "first")
            .help("line")
            .fix(at("web }"), "\"web\" }");
        let start = TEXT.find("web }").unwrap();
        assert_eq!(
            to_json(&diagnostic, &sources),
            json!({
                "type": "diagnostic", "level": "error", "code": codes::SYNTAX, "message": "text, in 100%",
                "file": "infra.toml", "line": 3, "column": 29, "end_line": 3, "end_column": 34, "label": "here",
                "related": [{
                    "file": "infra.toml", "line": 1, "column": 1, "end_line": 1, "end_column": 15, "label": "first",
                }],
                "help": ["line"],
                "replacements": [{
                    "file": "infra.toml", "start": start, "end": start + 5, "text": "\"web\" }",
                }],
            })
        );
        assert_eq!(
            to_github(&[diagnostic], &sources, "a,b/"),
            "::error file=a%2Cb/infra.toml,line=3,col=29,endColumn=33,title=E0111::text, in 100%25%0Ahere%0Aline\n"
        );
    }
}
