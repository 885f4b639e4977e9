//! The tree of an answer, written as JSON or XML. Does not know which action it answers.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::written::Written;

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Cow<'static, str>, Node)>),
    /// Elements of a list that are written as JSON already; there is no XML of them.
    Written(Written),
}

/// A map with its fields in the order written.
macro_rules! map {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::sim::node::Node::Map(vec![$((std::borrow::Cow::Borrowed($key), $crate::sim::node::Node::from($value))),*])
    };
}
pub(super) use map;

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<i32> for Node {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}
impl From<usize> for Node {
    fn from(value: usize) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl From<f64> for Node {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
impl From<&str> for Node {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<&String> for Node {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}
impl From<String> for Node {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<Vec<Node>> for Node {
    fn from(value: Vec<Node>) -> Self {
        Self::List(value)
    }
}

impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Text(String::new()),
            Value::Bool(value) => Self::Bool(value),
            Value::Number(value) => match value.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(value.as_f64().unwrap_or(0.0)),
            },
            Value::String(value) => Self::Text(value),
            Value::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Value::Object(fields) => Self::Map(
                fields
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key), Self::from(value)))
                    .collect(),
            ),
        }
    }
}

/// A list of texts.
pub(super) fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Node {
    Node::List(
        values
            .into_iter()
            .map(|value| Node::from(value.as_ref()))
            .collect(),
    )
}

impl Node {
    /// Adds a field to a map; anything else stays as it is.
    pub(super) fn push(&mut self, key: &'static str, value: impl Into<Node>) {
        if let Self::Map(fields) = self {
            fields.push((Cow::Borrowed(key), value.into()));
        }
    }

    pub(super) fn to_json(&self) -> String {
        let mut out = String::with_capacity(256 + self.written_bytes());
        self.write_json(&mut out);
        out
    }

    /// How many bytes of it are written already.
    fn written_bytes(&self) -> usize {
        match self {
            Self::Written(part) => part.as_str().len() + 1,
            Self::List(items) => items.iter().map(Self::written_bytes).sum(),
            Self::Map(fields) => fields.iter().map(|(_, value)| value.written_bytes()).sum(),
            _ => 0,
        }
    }

    pub(super) fn write_json(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => write_display(out, value),
            Self::Float(value) => write_display(out, value),
            Self::Text(value) => write_json_text(out, value),
            Self::Written(part) => out.push_str(part.as_str()),
            Self::List(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write_json(out);
                }
                out.push(']');
            }
            Self::Map(fields) => {
                out.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_json_text(out, key);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// The XML form: the root element is `root`; an item of a list repeats the list's own element.
    pub(super) fn to_xml(&self, root: &str) -> String {
        let mut out = String::from("<?xml version='1.0' encoding='UTF-8'?>");
        self.write_xml(root, &mut out);
        out
    }

    fn write_xml(&self, name: &str, out: &mut String) {
        match self {
            Self::List(values) => {
                for value in values {
                    value.write_xml(name, out);
                }
            }
            other => {
                write_display(out, &format_args!("<{name}>"));
                match other {
                    Self::Bool(value) => write_display(out, value),
                    Self::Int(value) => write_display(out, value),
                    Self::Float(value) => write_display(out, value),
                    Self::Text(value) => write_xml_text(out, value),
                    Self::Map(fields) => {
                        for (key, value) in fields {
                            value.write_xml(key, out);
                        }
                    }
                    Self::List(_) | Self::Written(_) => {}
                }
                write_display(out, &format_args!("</{name}>"));
            }
        }
    }
}

fn write_display(out: &mut String, value: &dyn std::fmt::Display) {
    // Writing into a String does not fail.
    let _ = write!(out, "{value}");
}

/// Writes `text` as a JSON string.
pub(super) fn write_json_text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain_from..index]);
        plain_from = index + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => write_display(out, &format_args!("\\u{control:04x}")),
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

fn write_xml_text(out: &mut String, text: &str) {
    for symbol in text.chars() {
        match symbol {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no way to write other control characters.
            symbol if symbol < ' ' && !"\t\n\r".contains(symbol) => out.push('\u{fffd}'),
            symbol => out.push(symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_written_as_json_that_reads_back() {
        let tree = map! { "A": "x\"\\\n\u{1}中", "B": map! { "C": vec![Node::from(1), Node::from(true)] }, "D": 0.5 };
        let read: serde_json::Value = serde_json::from_str(&tree.to_json()).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"A": "x\"\\\n\u{1}中", "B": {"C": [1, true]}, "D": 0.5})
        );
    }

    #[test]
    fn a_list_in_xml_repeats_its_element() {
        let tree = map! { "Ids": map! { "Id": texts(["a", "b&c"]) } };
        let want = "<?xml version='1.0' encoding='UTF-8'?><R><Ids><Id>a</Id><Id>b&amp;c</Id></Ids></R>";
        assert_eq!(tree.to_xml("R"), want);
    }
}
