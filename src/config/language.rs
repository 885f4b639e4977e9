//! The page of the configuration language, in Markdown: its tables, types and keys, from the same tables that files are
//! checked with and the schema is made from.
//!
//! Does not know where it is shown.

use std::fmt::Write as _;

use serde_json::Value;

use super::editor_schema::{Audience, common_keys, editor_schema};
use super::language_zh as zh;
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

/// In which language the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    English,
    Chinese,
}

impl Tongue {
    /// A sentence of a table. One that nobody has translated stays as it is.
    fn say(self, english: &str) -> &str {
        match self {
            Tongue::English => english,
            Tongue::Chinese => zh::sentence(english).unwrap_or(english),
        }
    }

    /// Words of the page itself.
    fn either<T>(self, english: T, chinese: T) -> T {
        match self {
            Tongue::English => english,
            Tongue::Chinese => chinese,
        }
    }

    /// A line about a key: `* `size` (number): How large.`
    fn line(self, depth: usize, name: &str, facts: &str, about: &str) -> String {
        let indent = "  ".repeat(depth);
        let (open, close, colon) = self.either((" (", ")", ": "), ("（", "）", "："));
        let facts = match facts {
            "" => String::new(),
            facts => format!("{open}{facts}{close}"),
        };
        format!("{indent}* `{name}`{facts}{colon}{}\n", self.say(about))
    }
}

/// The whole page.
pub(crate) fn language_page(types: &Types, tongue: Tongue) -> String {
    let schema = editor_schema(types, Audience::Editor);
    let mut page = tongue.either(BEGIN, zh::BEGIN).to_owned();
    let heading = |english, chinese| format!("\n## {}\n", tongue.either(english, chinese));
    page.push_str(&heading("Tables", "表"));
    let tables = schema["properties"].as_object().into_iter().flatten();
    for (name, table) in tables.filter(|(name, _)| types.get(name).is_none() && !name.starts_with('$')) {
        let header = match (name.as_str(), table["type"].as_str()) {
            ("defaults", _) => "[defaults]`, `[defaults.TYPE]".to_owned(),
            ("data", _) => "[data.KIND.NAME]".to_owned(),
            ("var", _) => "[var.NAME]".to_owned(),
            (name, Some("array")) => format!("[[{name}]]"),
            (name, _) => format!("[{name}]"),
        };
        let _ = write!(page, "\n### `{header}`\n\n{}\n", tongue.say(said(table)));
        let keys = [
            &table["properties"],
            &table["items"]["properties"],
            &table["additionalProperties"]["properties"],
        ];
        if !matches!(name.as_str(), "defaults" | "data") {
            keys.into_iter().for_each(|keys| list(keys, tongue, &mut page));
        }
    }
    page.push_str(&heading("Keys of every resource", "每种资源都有的键"));
    let common = common_keys()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    list(&Value::Object(common), tongue, &mut page);
    page.push_str(&heading("Resource types", "资源类型"));
    types.iter().for_each(|one| resource_type(one, tongue, &mut page));
    page.push_str(&heading("Data", "数据"));
    for kind in KINDS {
        let about = tongue.say(kind.doc);
        let _ = write!(page, "\n### `[data.{}.NAME]`\n\n{about}\n\n", kind.name);
        kind.keys
            .iter()
            .for_each(|key| attribute(key, 0, tongue, &mut page));
    }
    page
}

fn said(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// The keys of a table of the schema, with those inside.
fn list(keys: &Value, tongue: Tongue, page: &mut String) {
    fn write(keys: &Value, depth: usize, tongue: Tongue, page: &mut String) {
        for (key, value) in keys.as_object().into_iter().flatten() {
            page.push_str(&tongue.line(depth, key, "", said(value)));
            write(&value["properties"], depth + 1, tongue, page);
        }
    }
    if keys.as_object().is_some_and(|keys| !keys.is_empty()) {
        page.push('\n');
        write(keys, 0, tongue, page);
    }
}

fn resource_type(one: &ResourceType, tongue: Tongue, page: &mut String) {
    let _ = write!(page, "\n### `[{}.NAME]`\n\n{}\n\n", one.name, tongue.say(one.doc));
    let (shown, set): (Vec<&Attribute>, Vec<&Attribute>) =
        one.attributes.iter().partition(|attribute| attribute.computed);
    set.into_iter().for_each(|key| attribute(key, 0, tongue, page));
    let names: Vec<String> = shown.iter().map(|one| format!("`{}`", one.name)).collect();
    if !names.is_empty() {
        let (words, comma, stop) =
            tongue.either(("For references only: ", ", ", "."), ("只供引用：", "、", "。"));
        let _ = writeln!(page, "\n{words}{}{stop}", names.join(comma));
    }
}

fn attribute(one: &Attribute, depth: usize, tongue: Tongue, page: &mut String) {
    let mut facts = vec![form(&one.kind, tongue)];
    if one.required {
        facts.push(tongue.either("required", "必填").to_owned());
    }
    if let Some(default) = one.default {
        facts.push(format!(
            "{} {}",
            tongue.either("default", "默认"),
            default.value().to_json()
        ));
    }
    let changed = match one.change {
        Changeable::Replaces => Some(tongue.either("a change makes it anew", "改动会重建")),
        Changeable::Refused(_) => Some(tongue.either("cannot be changed", "不能改动")),
        Changeable::InPlace(_) | Changeable::Special => None,
    };
    facts.extend(changed.map(str::to_owned));
    let facts = facts.join(tongue.either(", ", "，"));
    page.push_str(&tongue.line(depth, one.name, &facts, one.doc));
    if let Kind::Table(keys) | Kind::TableSet(keys) = one.kind {
        let settable = keys.iter().filter(|key| !key.computed);
        settable.for_each(|key| attribute(key, depth + 1, tongue, page));
    }
}

/// The form of a value, in words.
fn form(kind: &Kind, tongue: Tongue) -> String {
    let either = |english: &str, chinese: &str| tongue.either(english, chinese).to_owned();
    let or = tongue.either(" or ", " 或 ");
    let id_of = |of: &str| tongue.either(format!("id of a {of}"), format!("{of} 的 id"));
    match kind {
        Kind::String | Kind::Form(_) | Kind::Text => either("text", "文本"),
        Kind::Integer { min, max } => match (*min, *max) {
            (min, i64::MAX) => tongue.either(format!("number from {min}"), format!("数字，从 {min} 起")),
            (min, max) => tongue.either(
                format!("number from {min} to {max}"),
                format!("数字，{min} 到 {max}"),
            ),
        },
        Kind::IntegerSet { min, max } => tongue.either(
            format!("list of numbers from {min} to {max}"),
            format!("数字的列表，{min} 到 {max}"),
        ),
        Kind::StringSet => either("list of texts", "文本的列表"),
        Kind::Bool => either("true or false", "true 或 false"),
        Kind::Enum(words) => words
            .iter()
            .map(|word| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(or),
        Kind::Cidr => either("network", "网段"),
        Kind::Id(of) => id_of(of),
        Kind::IdOf(types) => match tongue {
            Tongue::English => format!("id of a {}", types.join(" or a ")),
            Tongue::Chinese => format!("{} 的 id", types.join(or)),
        },
        Kind::IdSet(of) => tongue.either(format!("list of ids of a {of}"), format!("{of} 的 id 列表")),
        Kind::Table(_) => either("table", "表"),
        Kind::TableSet(_) => either("list of tables", "表的列表"),
        Kind::Tags => either("table of texts", "文本的表"),
        Kind::Secret => either("secret", "机密"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_table_and_every_key() {
        let types = Types::all();
        let page = language_page(&types, Tongue::English);
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

    /// The Chinese page has what the English one has, and no sentence of it is English.
    #[test]
    fn the_chinese_page_is_whole() {
        let types = Types::all();
        let pages = [Tongue::English, Tongue::Chinese].map(|tongue| language_page(&types, tongue));
        let shape = |page: &str| -> Vec<String> {
            let marks = page.lines().filter(|line| line.contains('`'));
            let name = |line: &str| line.split('`').nth(1).unwrap_or_default().to_owned();
            marks
                .filter(|line| line.starts_with('#') || line.trim_start().starts_with('*'))
                .map(name)
                .collect()
        };
        assert_eq!(shape(&pages[0]), shape(&pages[1]));
        let is_chinese = |line: &&str| {
            line.chars()
                .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
        };
        let is_prose = |line: &&str| {
            let is_mark = line.starts_with("###") || line.starts_with("|---") || line.starts_with("# ");
            !line.trim().is_empty() && !is_mark
        };
        let english: Vec<&str> = pages[1]
            .lines()
            .filter(is_prose)
            .filter(|line| !is_chinese(line))
            .collect();
        assert!(english.is_empty(), "{english:#?}");
        let untold: Vec<&str> = pages[0]
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("* `")?.split_once(": "))
            .map(|(_, about)| about)
            .filter(|about| zh::sentence(about).is_none())
            .collect();
        assert!(untold.is_empty(), "write them in language_zh.rs: {untold:#?}");
    }
}
