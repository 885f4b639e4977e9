//! What was corrected in a file: its lines as they were and as they are, without what is secret.

use similar::{ChangeTag, TextDiff};

use super::excerpts::mask;
use super::text::{BOLD, GREEN, Look, RED, Sheet};
use crate::diagnostic::Source;

/// Where the text of a line begins.
const INDENT: usize = 4;

/// The lines that differ, each group below the place where it stands now.
pub(super) fn render(before: &Source, after: &Source, look: Look) -> String {
    let shown = |source: &Source| mask(source, 0..source.text().len()).text;
    let (before_text, after_text) = (shown(before), shown(after));
    let diff = TextDiff::from_lines(before_text.as_str(), after_text.as_str());
    let mut sheet = Sheet::new(look);
    for group in diff.grouped_ops(0) {
        let line = group.first().map_or(0, |operation| operation.new_range().start) + 1;
        sheet.put(BOLD, &format!("{}:{line}", after.name()));
        sheet.end_line();
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Equal => continue,
                ChangeTag::Delete => ("-", RED),
                ChangeTag::Insert => ("+", GREEN),
            };
            let text = change
                .value()
                .trim_end_matches(['\n', '\r'])
                .replace('\t', "    ");
            sheet.to(2);
            sheet.put(style, sign);
            sheet.to(INDENT);
            sheet.sentence(style, &text, INDENT);
        }
    }
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sources;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add("infra.toml".into(), text.into());
        sources
    }

    #[test]
    fn lines_are_shown_as_they_were_and_as_they_are_without_secrets() {
        let text = "[infra]\nname = 7\n\n[instance.web]\nPassword = \"hunter2\"\n";
        let (mut before, mut after) = (
            sources(text),
            sources(&text.replace("= 7", "= \"7\"").replace("Password", "password")),
        );
        for sources in [&mut before, &mut after] {
            let start = sources.source(0).text().find("\"hunter2").unwrap();
            sources.hide(0, start..start + 9);
        }
        let shown = |color| render(before.source(0), after.source(0), Look::new(color, Some(80)));
        assert_eq!(
            shown(false),
            "infra.toml:2\n  - name = 7\n  + name = \"7\"\ninfra.toml:5\n  - Password = ***\n  + password = ***\n"
        );
        assert_ne!(shown(true), shown(false));
        assert_eq!(console::strip_ansi_codes(&shown(true)), shown(false));
    }
}
