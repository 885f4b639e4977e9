//! The page of the configuration language, in Markdown: its tables, types and keys, from the same tables that files are
//! checked with and the schema is made from.
//!
//! Does not know where it is shown.

use std::fmt::Write as _;

use serde_json::Value;

use super::editor_schema::{Audience, common_keys, editor_schema};
use crate::data::KINDS;
use crate::types::{Attribute, Changeable, Kind, ResourceType, Types};

/// What no table says.
const BEGIN: &str = "\
# The language of infra

infra.toml is the root; every *.infra.toml beside it adds blocks. Files are TOML 1.0. env/NAME.toml gives values to
variables and makes an environment with a state of its own; -v NAME=VALUE and INFRA_VAR_NAME give one value.

A resource is a block `[TYPE.NAME]`; its address, `TYPE.NAME`, is its name everywhere. Keys are the API's parameters in
snake case, values are the API's values. A key that is not set is not managed. What a key changes in: in place, or by
making the resource anew.

## References

Any text may hold references. A text that is one reference and nothing else has the type of what it names. There are no
functions and no arithmetic.

| written | is |
|---|---|
| `${TYPE.NAME.KEY}` | an attribute of a resource: `${vpc.main.id}` |
| `${TYPE.NAME[0].KEY}`, `${TYPE.NAME[KEY].KEY}` | of one copy, by count or for_each |
| `${TYPE.NAME[*].KEY}` | of all copies, as a list |
| `${data.KIND.NAME.KEY}` | of something that is read and not owned |
| `${var.NAME}`, `${local.NAME}` | a variable, a local |
| `${count.index}`, `${each.key}`, `${each.value}` | of the copy itself, in a block with count or for_each |
| `${infra.name}`, `${infra.env}`, `${infra.region}` | of the project |
| `$${` | the two characters `${` |

A secret is named, never written: `{ env = \"NAME\" }` or `{ file = \"PATH\" }`.
";

/// The whole page.
pub(crate) fn language_page(types: &Types) -> String {
    let schema = editor_schema(types, Audience::Editor);
    let mut page = BEGIN.to_owned();
    page.push_str("\n## Tables\n");
    let tables = schema["properties"].as_object().into_iter().flatten();
    for (name, table) in tables.filter(|(name, _)| types.get(name).is_none() && !name.starts_with('$')) {
        let header = match (name.as_str(), table["type"].as_str()) {
            ("defaults", _) => "[defaults]`, `[defaults.TYPE]".to_owned(),
            ("data", _) => "[data.KIND.NAME]".to_owned(),
            ("var", _) => "[var.NAME]".to_owned(),
            (name, Some("array")) => format!("[[{name}]]"),
            (name, _) => format!("[{name}]"),
        };
        let _ = write!(page, "\n### `{header}`\n\n{}\n", said(table));
        let keys = [
            &table["properties"],
            &table["items"]["properties"],
            &table["additionalProperties"]["properties"],
        ];
        if !matches!(name.as_str(), "defaults" | "data") {
            keys.into_iter().for_each(|keys| list(keys, &mut page));
        }
    }
    page.push_str("\n## Keys of every resource\n");
    let common = common_keys()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    list(&Value::Object(common), &mut page);
    page.push_str("\n## Resource types\n");
    types.iter().for_each(|one| resource_type(one, &mut page));
    page.push_str("\n## Data\n");
    for kind in KINDS {
        let _ = write!(page, "\n### `[data.{}.NAME]`\n\n{}\n\n", kind.name, kind.doc);
        kind.keys.iter().for_each(|key| attribute(key, 0, &mut page));
    }
    page
}

fn said(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// The keys of a table of the schema, with those inside.
fn list(keys: &Value, page: &mut String) {
    fn write(keys: &Value, depth: usize, page: &mut String) {
        for (key, value) in keys.as_object().into_iter().flatten() {
            let indent = "  ".repeat(depth);
            let _ = writeln!(page, "{indent}* `{key}`: {}", said(value));
            write(&value["properties"], depth + 1, page);
        }
    }
    if keys.as_object().is_some_and(|keys| !keys.is_empty()) {
        page.push('\n');
        write(keys, 0, page);
    }
}

fn resource_type(one: &ResourceType, page: &mut String) {
    let _ = write!(page, "\n### `[{}.NAME]`\n\n{}\n\n", one.name, one.doc);
    let (shown, set): (Vec<&Attribute>, Vec<&Attribute>) =
        one.attributes.iter().partition(|attribute| attribute.computed);
    set.into_iter().for_each(|key| attribute(key, 0, page));
    let names: Vec<String> = shown.iter().map(|one| format!("`{}`", one.name)).collect();
    if !names.is_empty() {
        let _ = writeln!(page, "\nFor references only: {}.", names.join(", "));
    }
}

fn attribute(one: &Attribute, depth: usize, page: &mut String) {
    let mut facts = vec![form(&one.kind)];
    if one.required {
        facts.push("required".to_owned());
    }
    if let Some(default) = one.default {
        facts.push(format!("default {}", default.value().to_json()));
    }
    match one.change {
        Changeable::Replaces => facts.push("a change makes it anew".to_owned()),
        Changeable::Refused(_) => facts.push("cannot be changed".to_owned()),
        Changeable::InPlace(_) | Changeable::Special => {}
    }
    let indent = "  ".repeat(depth);
    let _ = writeln!(
        page,
        "{indent}* `{}` ({}): {}",
        one.name,
        facts.join(", "),
        one.doc
    );
    if let Kind::Table(keys) | Kind::TableSet(keys) = one.kind {
        let settable = keys.iter().filter(|key| !key.computed);
        settable.for_each(|key| attribute(key, depth + 1, page));
    }
}

/// The form of a value, in words.
fn form(kind: &Kind) -> String {
    match kind {
        Kind::String | Kind::Form(_) | Kind::Text => "text".to_owned(),
        Kind::Integer { min, max } => match (*min, *max) {
            (min, i64::MAX) => format!("number from {min}"),
            (min, max) => format!("number from {min} to {max}"),
        },
        Kind::IntegerSet { min, max } => format!("list of numbers from {min} to {max}"),
        Kind::StringSet => "list of texts".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Enum(words) => words
            .iter()
            .map(|word| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(" or "),
        Kind::Cidr => "network".to_owned(),
        Kind::Id(of) => format!("id of a {of}"),
        Kind::IdOf(types) => format!("id of a {}", types.join(" or a ")),
        Kind::IdSet(of) => format!("list of ids of a {of}"),
        Kind::Table(_) => "table".to_owned(),
        Kind::TableSet(_) => "list of tables".to_owned(),
        Kind::Tags => "table of texts".to_owned(),
        Kind::Secret => "secret".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_table_and_every_key() {
        let types = Types::all();
        let page = language_page(&types);
        let schema = editor_schema(&types, Audience::Editor);
        for (name, table) in schema["properties"].as_object().unwrap() {
            if !name.starts_with('$') {
                assert!(
                    page.contains(&format!("[{name}")) && page.contains(said(table)),
                    "{name}"
                );
            }
        }
        for one in types.iter() {
            let begin = format!("### `[{}.NAME]`", one.name);
            let (_, own) = page.split_once(&begin).unwrap();
            let own = own.split("\n##").next().unwrap();
            for attribute in one.attributes {
                let is_told = own.contains(&format!("* `{}` (", attribute.name));
                let is_listed = own.contains(&format!("`{}`", attribute.name));
                assert!(
                    if attribute.computed { is_listed } else { is_told },
                    "{}.{}",
                    one.name,
                    attribute.name
                );
            }
        }
        for kind in KINDS {
            assert!(
                page.contains(&format!("`[data.{}.NAME]`", kind.name)),
                "{}",
                kind.name
            );
        }
        let unsaid: Vec<&str> = page
            .lines()
            .filter(|line| line.ends_with("): ") || line.ends_with("`: "))
            .collect();
        assert!(unsaid.is_empty(), "{unsaid:#?}");
    }
}
