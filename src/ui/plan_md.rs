//! A plan as Markdown for a pull request: losses first, then a table, then every change; and less of it where a site
//! takes no more.
//!
//! Does not know who posts it.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::blast;
use super::copies::Copies;
use super::document::{Document, attributes_of, digest, losses};
use super::plan_order::worst_first;
use super::plan_summary::{cost_in_words, down_at_once_in_words, summary_of, tagged_in_words};
use super::reach::of_plan;
use super::text::escape;
use crate::change::Fate;

/// How many losses are listed.
const LOSSES_MAX: usize = 20;

/// Of how many resources a picture is drawn: fewer need none, and more nobody can look over.
const PICTURE: RangeInclusive<usize> = 3..=30;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Full,
    Table,
    Headline,
}

/// The most that stays below a number of characters.
pub(crate) fn document(document: &Document<'_>, budget: usize) -> String {
    let mut text = String::new();
    for depth in [Depth::Full, Depth::Table, Depth::Headline] {
        text = render(document, depth);
        if text.chars().count() <= budget {
            break;
        }
    }
    text
}

fn render(document: &Document<'_>, depth: Depth) -> String {
    let Document { plan, header, .. } = *document;
    let mut text = String::new();
    // By this line a workflow finds its own comment again.
    let _ = writeln!(
        text,
        "<!-- infra-plan {} -->",
        inline(&header.target()).replace("--", "- -")
    );
    let place = [header.region.as_str(), &header.place()].map(inline).join(", ");
    let _ = writeln!(
        text,
        "### infra {}: {} ({place})\n",
        header.command,
        inline(&header.target())
    );
    let _ = writeln!(
        text,
        "**{}**\n",
        summary_of(plan, header).trim_start_matches("Plan: ")
    );
    if let Some(cost) = &plan.cost {
        for (label, sentence) in cost_in_words(cost, header.cloud == "simulator") {
            let _ = writeln!(text, "{label}: {}\n", inline(&sentence));
        }
    }
    for sentence in down_at_once_in_words(plan) {
        let _ = writeln!(text, "**{}**\n", inline(&sentence));
    }
    if let Some(sentence) = tagged_in_words(plan) {
        let _ = writeln!(text, "{}\n", inline(&sentence));
    }
    let changes = worst_first(plan);
    let losses = losses(&changes);
    if !losses.is_empty() {
        let _ = writeln!(text, "> [!CAUTION]\n> **Cannot be undone:**");
        for loss in losses.iter().take(LOSSES_MAX) {
            let _ = writeln!(text, "> * `{}`: {}", code(&loss.title()), inline(&loss.sentence));
        }
        if let Some(more @ 1..) = losses.len().checked_sub(LOSSES_MAX) {
            let _ = writeln!(text, "> * and {more} more");
        }
        text.push('\n');
    }
    match depth {
        Depth::Headline => text.push_str(
            "_There are too many changes for a comment: they are in the job's summary and in the HTML report._\n\n",
        ),
        Depth::Full | Depth::Table if changes.is_empty() => {}
        Depth::Full | Depth::Table => {
            text.push_str("| | | resource | why |\n|---|---|---|---|\n");
            for copies in &changes {
                let _ = writeln!(text, "{}", row(copies));
            }
            text.push('\n');
        }
    }
    let reach = of_plan(document);
    if depth != Depth::Headline && PICTURE.contains(&reach.len()) && blast::has_lines(&reach) {
        let picture = escape_fence(&blast::mermaid(&reach));
        let _ = writeln!(text, "````mermaid\n{picture}\n````\n");
    }
    if depth == Depth::Full {
        changes.iter().for_each(|copies| details(copies, &mut text));
    } else if depth == Depth::Table {
        text.push_str("_Each change in full is in the job's summary and in the HTML report._\n\n");
    }
    for finding in &plan.findings {
        let _ = writeln!(text, "* **{}** {}", finding.code, inline(&finding.message));
    }
    if !plan.findings.is_empty() {
        text.push('\n');
    }
    let digest = digest(header);
    if !digest.is_empty() {
        let _ = writeln!(text, "`{digest}`");
    }
    text
}

fn row(copies: &Copies<'_>) -> String {
    let change = copies.first();
    let why = change.reasons.first().map_or("", String::as_str);
    format!(
        "| `{}` | {} | `{}` | {} |",
        change.fate.symbol().trim(),
        change.fate.verb(),
        code(&copies.title()),
        inline(why)
    )
}

fn details(copies: &Copies<'_>, text: &mut String) {
    let change = copies.first();
    let is_open = matches!(change.fate, Fate::Delete | Fate::Replace { .. });
    let open = if is_open { " open" } else { "" };
    let place = change.location.as_ref().map_or_else(String::new, |at| {
        format!(" <sub>{}:{}</sub>", inline(&at.file), at.line)
    });
    let _ = writeln!(
        text,
        "<details{open}><summary><code>{}</code> {} <code>{}</code>{place}</summary>\n",
        change.fate.symbol().trim(),
        change.fate.verb(),
        inline(&copies.title())
    );
    for reason in &change.reasons {
        let _ = writeln!(text, "because {}\n", inline(reason));
    }
    // GitHub colours a line by the sign in its first column.
    let fence = "````";
    let _ = writeln!(text, "{fence}diff");
    for told in attributes_of(copies) {
        let (one, before, after) = (told.attribute, told.before, told.after);
        let forces = if one.forces_replacement {
            "   # forces replacement"
        } else {
            ""
        };
        let path = &one.path;
        let lines = match (change.fate, &one.before, &one.after) {
            (Fate::Create | Fate::Import, _, _) => format!("+ {path} = {after}{forces}"),
            (Fate::Delete | Fate::Forget, _, _) => format!("- {path} = {before}"),
            (_, None, _) => format!("+ {path} = {after}{forces}"),
            (_, _, None) => format!("- {path} = {before}{forces}"),
            _ => format!("- {path} = {before}\n+ {path} = {after}{forces}"),
        };
        let _ = writeln!(text, "{}", escape_fence(&lines));
    }
    if change.unchanged > 0 {
        let _ = writeln!(text, "  ({} unchanged)", change.unchanged);
    }
    let _ = writeln!(text, "{fence}\n");
    for lost in copies.lost() {
        let _ = writeln!(text, "* **LOST** {}", inline(&lost));
    }
    for kept in &change.kept {
        let _ = writeln!(text, "* kept: {}", inline(kept));
    }
    for hint in &change.hints {
        let _ = writeln!(text, "* note: {}", inline(hint));
    }
    if !change.steps.is_empty() {
        let _ = writeln!(text, "* steps: {}", inline(&change.steps.join(" > ")));
    }
    if let Some(down) = &change.down {
        let _ = writeln!(text, "* down: {}", inline(down));
    }
    text.push_str("\n</details>\n\n");
}

/// A text inside a sentence: nothing in it is markup.
fn inline(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in escape(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// A text between backticks, in a table or not.
fn code(text: &str) -> String {
    escape(text).replace('`', "'").replace('|', "\\|")
}

/// A text in a fence: it cannot end it.
fn escape_fence(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| escape(line).into_owned()).collect();
    lines.join("\n").replace("````", "'```")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::testing;
    use super::*;
    use crate::change::Change;
    use crate::plan::Plan;

    fn text(plan: &Plan, budget: usize) -> String {
        let header = testing::header();
        document(
            &Document {
                plan,
                header: &header,
                before: &BTreeMap::new(),
                made_at: "",
                tasks: &serde_json::Value::Null,
            },
            budget,
        )
    }

    const BUDGET: usize = 60_000;

    /// A plan with so many changes, each of which loses something.
    fn many(count: usize) -> Plan {
        let mut change = testing::plan()
            .changes
            .into_iter()
            .find(|change| !change.lost.is_empty())
            .unwrap();
        let changes = (0..count).map(|index| {
            change.address = format!("instance.web{index}").parse().unwrap();
            change.clone()
        });
        Plan {
            changes: changes.collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn losses_come_first_and_deletes_are_open() {
        let text = text(&testing::plan(), BUDGET);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
        assert!(text.starts_with("<!-- infra-plan "), "{text}");
        assert!(
            at("Cannot be undone") < at("| `") && at("| `") < at("<details"),
            "{text}"
        );
        assert!(
            text.contains("<details open>") && text.contains("\n- zone_id = "),
            "{text}"
        );
    }

    #[test]
    fn equal_copies_are_one_row_one_loss_and_one_block() {
        let copy = |index: usize| Change {
            attributes: vec![
                testing::attribute("instance_type", testing::text("ecs.g7.large"), None),
                testing::attribute("name", Some(format!("web-{index}").as_str().into()), None),
            ],
            lost: vec![
                if index == 3 {
                    "data disk d-3"
                } else {
                    "the system disk"
                }
                .to_owned(),
            ],
            id: Some(format!("i-{index}")),
            down: Some("for good".to_owned()),
            ..testing::change(Fate::Delete, &format!("instance.web[{index}]"))
        };
        let plan = Plan {
            changes: (0..30).map(copy).collect(),
            ..Plan::default()
        };
        expect_test::expect![[r#"
            <!-- infra-plan shop/prod -->
            ### infra plan: shop/prod (cn-hangzhou, account 1034...7781)

            **0 to create, 0 to update, 0 to replace, 30 to delete. 0 unchanged.**

            > [!CAUTION]
            > **Cannot be undone:**
            > * `instance.web[0..2,4..29] x29`: the system disk
            > * `instance.web[3]`: data disk d-3

            | | | resource | why |
            |---|---|---|---|
            | `-` | delete | `instance.web[0..29] x30` |  |

            <details open><summary><code>-</code> delete <code>instance.web\[0..29\] x30</code></summary>

            ````diff
            - instance_type = "ecs.g7.large"
            - name = "web-0" .. "web-29"
            ````

            * **LOST** the system disk (x29)
            * **LOST** data disk d-3
            * down: for good

            </details>

        "#]]
        .assert_eq(&text(&plan, BUDGET));
    }

    #[test]
    fn what_is_down_at_once_and_what_is_tagged_is_said() {
        let plan = Plan {
            changes: (0..3)
                .map(|index| Change {
                    id: Some(format!("i-{index}")),
                    down: Some("about 2 min".to_owned()),
                    ..testing::change(Fate::Update, &format!("instance.web[{index}]"))
                })
                .chain([testing::change(Fate::Tag, "vpc.main")])
                .collect(),
            ..Plan::default()
        };
        let text = text(&plan, BUDGET);
        assert!(
            text.contains("\n**all 3 of instance.web are down at once**\n"),
            "{text}"
        );
        assert!(
            text.contains("\n1 resource gets the tag infra:project, "),
            "{text}"
        );
        assert!(!text.contains("| `vpc.main` |"), "{text}");
    }

    #[test]
    fn nothing_is_cut_without_a_word() {
        for (count, says) in [
            (5, "````diff"),
            (400, "Each change in full"),
            (2000, "too many changes"),
        ] {
            let text = text(&many(count), BUDGET);
            assert!(text.chars().count() <= BUDGET, "{count}: {}", text.len());
            assert!(text.contains(says), "{count}: {}", &text[..400]);
        }
        assert!(
            text(&many(2000), BUDGET).contains("and 19"),
            "the losses are capped"
        );
    }

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(inline("a`b*c <script> @x |"), "a\\`b\\*c &lt;script&gt; \\@x \\|");
        assert_eq!(escape_fence("x\n````\ny"), "x\n'```\ny");
    }
}
