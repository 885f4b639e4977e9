//! The one way in which files are written: spaces, empty lines and the lines of lists. Comments and order stay, and so does
//! all that a file says.
//!
//! Knows TOML, and nothing of what it means.

use toml_edit::visit_mut::{VisitMut, visit_array_mut, visit_inline_table_mut, visit_table_mut};
use toml_edit::{Array, Decor, DocumentMut, InlineTable, Item, RawString, Table};

/// What a level of a list over several lines is indented by.
const INDENT: &str = "  ";

/// The same text as it is to be written. The error is for a text that is not TOML.
pub(crate) fn lay_out(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let mut layout = Layout { first: true };
    layout.visit_document_mut(&mut document);
    let trailing = comments(document.trailing().as_str().unwrap_or_default(), "", true);
    document.set_trailing(trailing);
    let mut written = document.to_string().trim_matches('\n').to_owned();
    if !written.is_empty() {
        written.push('\n');
    }
    // A layout that changed what a file says would be worse than none.
    let same = |text: &str| text.parse::<toml::Table>().ok();
    if same(&written).is_some() && same(&written) == same(&text) {
        Ok(written)
    } else {
        Ok(text)
    }
}

struct Layout {
    /// Whether nothing has been written yet.
    first: bool,
}

impl VisitMut for Layout {
    fn visit_table_mut(&mut self, table: &mut Table) {
        if !table.is_implicit() && !table.is_dotted() && table.position().is_some() {
            let before = comments(&raw(table.decor().prefix()), "", false);
            let gap = if std::mem::replace(&mut self.first, false) {
                ""
            } else {
                "\n"
            };
            let behind = behind(&raw(table.decor().suffix()));
            table
                .decor_mut()
                .set_prefix(format!("{gap}{}", before.trim_start_matches('\n')));
            table.decor_mut().set_suffix(behind);
        }
        let mut own_first = true;
        for (mut key, item) in table.iter_mut() {
            let is_value = item.is_value();
            if is_value {
                let is_begin = std::mem::replace(&mut own_first, false);
                let decor = key.leaf_decor_mut();
                let mut before = comments(&raw(decor.prefix()), "", false);
                if is_begin {
                    before = before.trim_start_matches('\n').to_owned();
                }
                decor.set_prefix(before);
                decor.set_suffix(" ");
                self.first = false;
            }
            if let Item::Value(value) = item {
                let end = behind(&raw(value.decor().suffix()));
                value.decor_mut().set_prefix(" ");
                value.decor_mut().set_suffix(end);
            }
        }
        visit_table_mut(self, table);
    }

    fn visit_array_mut(&mut self, array: &mut Array) {
        visit_array_mut(self, array);
        if is_over_lines(array) {
            over_lines(array);
        } else {
            on_one_line(array);
        }
    }

    fn visit_inline_table_mut(&mut self, table: &mut InlineTable) {
        visit_inline_table_mut(self, table);
        let is_broken = |decor: &Decor| {
            let texts = [decor.prefix(), decor.suffix()];
            texts.into_iter().any(|text| raw(text).contains(['\n', '#']))
        };
        if table
            .iter_mut()
            .any(|(key, value)| is_broken(key.leaf_decor()) || is_broken(value.decor()))
        {
            return;
        }
        let last = table.len().saturating_sub(1);
        for (index, (mut key, value)) in table.iter_mut().enumerate() {
            key.leaf_decor_mut().set_prefix(" ");
            key.leaf_decor_mut().set_suffix(" ");
            value.decor_mut().set_prefix(" ");
            value.decor_mut().set_suffix(if index == last { " " } else { "" });
        }
    }
}

fn raw(text: Option<&RawString>) -> String {
    text.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Comments above something, each on its line; of several empty lines one is left. `ends` for those at the end of a file.
fn comments(text: &str, indent: &str, ends: bool) -> String {
    let mut kept = String::new();
    let mut empty = 0;
    let lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line break stands in front of what the comments are about.
    let count = if ends {
        lines.len()
    } else {
        lines.len().saturating_sub(1)
    };
    for line in &lines[..count] {
        let line = line.trim();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if empty > 0 {
            kept.push('\n');
        }
        empty = 0;
        kept.push_str(indent);
        kept.push_str(line);
        kept.push('\n');
    }
    if empty > 0 {
        kept.push('\n');
    }
    kept
}

/// A comment behind something on its line.
fn behind(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        comment => format!("  {comment}"),
    }
}

/// Whether a list stands on several lines: somebody has broken it, or a comment is in it.
fn is_over_lines(array: &Array) -> bool {
    let is_broken = |text: &str| text.contains(['\n', '#']);
    let decor = |decor: &Decor| is_broken(&raw(decor.prefix())) || is_broken(&raw(decor.suffix()));
    is_broken(array.trailing().as_str().unwrap_or_default()) || array.iter().any(|value| decor(value.decor()))
}

fn on_one_line(array: &mut Array) {
    for (index, value) in array.iter_mut().enumerate() {
        value.decor_mut().set_prefix(if index == 0 { "" } else { " " });
        value.decor_mut().set_suffix("");
    }
    array.set_trailing("");
    array.set_trailing_comma(false);
}

/// An entry a line. Comments stay where they are: above an entry, or behind one.
fn over_lines(array: &mut Array) {
    // A comment between a value and its comma cannot be moved without moving it behind the comma.
    if array
        .iter()
        .any(|value| raw(value.decor().suffix()).contains('#'))
    {
        return;
    }
    for value in array.iter_mut() {
        let before = entry(&raw(value.decor().prefix()));
        value.decor_mut().set_prefix(before);
        value.decor_mut().set_suffix("");
    }
    let trailing = raw(Some(array.trailing()));
    let mut end = entry(&trailing);
    end.truncate(end.trim_end_matches(' ').len());
    array.set_trailing(end);
    let has_entries = !array.is_empty();
    array.set_trailing_comma(has_entries);
}

/// What stands between two entries: the rest of the line of the one before, comments, and the indentation.
fn entry(text: &str) -> String {
    let (rest, below) = text.split_once('\n').unwrap_or((text, ""));
    let mut kept = behind(rest);
    kept.push('\n');
    kept.push_str(
        comments(&format!("{below}\n"), INDENT, false)
            .trim_start_matches('\n')
            .trim_end_matches("\n\n"),
    );
    if !kept.ends_with('\n') {
        kept.push('\n');
    }
    kept.push_str(INDENT);
    kept
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let once = lay_out(text).unwrap();
        expected.assert_eq(&once);
        assert_eq!(
            lay_out(&once).unwrap(),
            once,
            "the second time it is another text"
        );
    }

    #[test]
    fn spaces_and_empty_lines() {
        check(
            "\n\n# A comment\n[infra]\nname=\"x\"\n   region   =  \"cn-hangzhou\"   # here\n\n\n\n[vpc.main]\n\ncidr_block = \"10.0.0.0/16\"\n\n\nname = 'a'\n# the end\n\n",
            expect![[r##"
                # A comment
                [infra]
                name = "x"
                region = "cn-hangzhou"  # here

                [vpc.main]
                cidr_block = "10.0.0.0/16"

                name = 'a'
                # the end
            "##]],
        );
    }

    #[test]
    fn lists_and_tables_in_braces() {
        check(
            "[security_group.web]\nids=[ \"a\",\"b\" , ]\ntags={a=\"b\",c = \"d\"}\ningress = [\n{port_range=\"22\"},   # ssh\n      # the web\n  { port_range = \"80\" }\n]\nnone = [ ]\n",
            expect![[r#"
                [security_group.web]
                ids = ["a", "b"]
                tags = { a = "b", c = "d" }
                ingress = [
                  { port_range = "22" },  # ssh
                  # the web
                  { port_range = "80" },
                ]
                none = []
            "#]],
        );
    }

    #[test]
    fn what_is_not_toml_is_an_error() {
        assert!(lay_out("[infra\n").is_err());
    }

    #[test]
    fn the_examples_are_written_so() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        for example in std::fs::read_dir(folder).unwrap() {
            let path = example.unwrap().path().join("infra.toml");
            // What shows how to use it elsewhere is no project.
            if !path.exists() {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(lay_out(&text).unwrap(), text, "{}", path.display());
        }
    }
}
