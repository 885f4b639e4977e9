//! What changes in a text of several lines.
//!
//! Does not know what the text is for, nor where on the screen it goes.

use similar::{ChangeTag, TextDiff as Lines};

/// How many lines are shown unless all are asked for.
const SHOWN_MAX: usize = 12;

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// `+`, `-` or a space.
    pub(super) sign: char,
    /// Without its end, tabs as spaces.
    pub(super) text: String,
}

/// What differs between two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextDiff {
    /// `text, 1 line added, 0 removed`.
    pub(super) headline: String,
    pub(super) lines: Vec<Line>,
    /// How many lines are left out.
    pub(super) left: usize,
}

/// The difference of two texts, with one line of context.
pub(super) fn compare(before: &str, after: &str, full: bool) -> TextDiff {
    if is_white_space_only(before, after) {
        return TextDiff {
            headline: "text (only white space changed)".to_owned(),
            lines: Vec::new(),
            left: 0,
        };
    }
    let diff = Lines::from_lines(before, after);
    let (mut added, mut removed) = (0, 0);
    let mut shown = Shown::new(full);
    for (index, group) in diff.grouped_ops(1).iter().enumerate() {
        if index > 0 {
            shown.push(' ', "...");
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => {
                    removed += 1;
                    '-'
                }
                ChangeTag::Insert => {
                    added += 1;
                    '+'
                }
            };
            shown.push(sign, change.value());
        }
    }
    let noun = if added == 1 { "line" } else { "lines" };
    shown.finish(format!("text, {added} {noun} added, {removed} removed"))
}

/// A text that is new, or whose older form is not known: its size, and its lines if all is asked for.
pub(super) fn whole(text: &str, sign: char, full: bool) -> TextDiff {
    let lines = text.lines().count();
    let noun = if lines == 1 { "line" } else { "lines" };
    if full {
        let mut shown = Shown::new(true);
        text.lines().for_each(|line| shown.push(sign, line));
        return shown.finish(format!("text, {lines} {noun}"));
    }
    TextDiff {
        headline: format!("text, {lines} {noun} (--full shows them)"),
        lines: Vec::new(),
        left: 0,
    }
}

struct Shown {
    lines: Vec<Line>,
    left: usize,
    max: usize,
}

impl Shown {
    fn new(full: bool) -> Shown {
        Shown {
            lines: Vec::new(),
            left: 0,
            max: if full { usize::MAX } else { SHOWN_MAX },
        }
    }

    fn push(&mut self, sign: char, line: &str) {
        if self.lines.len() >= self.max {
            self.left += 1;
            return;
        }
        let text = line.trim_end_matches(['\n', '\r']).replace('\t', "    ");
        self.lines.push(Line { sign, text });
    }

    fn finish(self, headline: String) -> TextDiff {
        TextDiff {
            headline,
            lines: self.lines,
            left: self.left,
        }
    }
}

fn is_white_space_only(before: &str, after: &str) -> bool {
    let visible = |character: &char| !character.is_whitespace();
    before.chars().filter(visible).eq(after.chars().filter(visible))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(diff: &TextDiff) -> Vec<String> {
        diff.lines
            .iter()
            .map(|line| format!("{}{}", line.sign, line.text))
            .collect()
    }

    #[test]
    fn one_line_of_context_on_each_side() {
        let before = "#cloud-config\npackages:\n  - nginx\nruncmd:\n  - x\n";
        let after = "#cloud-config\npackages:\n  - nginx\n  - htop\nruncmd:\n  - x\n";
        let diff = compare(before, after, false);
        assert_eq!(diff.headline, "text, 1 line added, 0 removed");
        assert_eq!(shown(&diff), ["   - nginx", "+  - htop", " runcmd:"]);
    }

    #[test]
    fn places_far_apart_are_told_apart() {
        let lines: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let before = lines.join("\n");
        let after = before.replace("3\n", "drei\n").replace("\n15", "\nfuenfzehn");
        assert!(shown(&compare(&before, &after, false)).contains(&" ...".to_owned()));
    }

    #[test]
    fn twelve_lines_are_enough_unless_all_are_asked_for() {
        let after: String = (0..40).map(|number| format!("{number}\n")).collect();
        let diff = compare("", &after, false);
        assert_eq!((diff.lines.len(), diff.left), (12, 28));
        assert_eq!(compare("", &after, true).lines.len(), 40);
    }

    #[test]
    fn white_space_is_told_in_words() {
        let diff = compare("a\nb  c\n", "a\n\tb c", false);
        assert_eq!(diff.headline, "text (only white space changed)");
        assert!(diff.lines.is_empty());
    }
}
