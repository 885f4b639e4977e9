//! A plan as one HTML page: no script, nothing from the network, light and dark, and for paper.
//!
//! The order is that of a reviewer: what cannot be undone, then each change, the worst first. Does not know who reads it.

use std::fmt::Write as _;

use super::blast::has_lines;
use super::blast_svg;
use super::copies::Copies;
use super::document::{Document, attributes_of, digest, losses};
use super::palette::{DARK, LIGHT, variables};
use super::plan_order::worst_first;
use super::plan_summary::{cost_in_words, counts_in_words, down_at_once_in_words, tagged_in_words};
use super::reach::of_plan;
use super::text::escape;
use crate::change::Fate;
use crate::diagnostic::Diagnostic;

const STYLE: &str = include_str!("plan.css");

/// The whole page.
pub(crate) fn document(document: &Document<'_>) -> String {
    let Document {
        plan,
        header,
        made_at,
        ..
    } = *document;
    let title = format!(
        "infra {} {}: {}",
        header.command,
        header.target(),
        counts_in_words(plan)
    );
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    let _ = writeln!(page, "<title>{}</title>", html(&title));
    let _ = writeln!(
        page,
        "<style>\n:root{{{}}}\n@media(prefers-color-scheme:dark){{:root{{{}}}}}\n@media print{{:root{{{}}}}}\n{STYLE}</style>\n</head>\n<body>",
        variables(LIGHT),
        variables(DARK),
        variables(LIGHT)
    );
    let _ = writeln!(
        page,
        "<h1>infra {} {}</h1>",
        header.command,
        html(&header.target())
    );
    let _ = writeln!(
        page,
        "<p class=\"dim\">{}, {}{}</p>",
        html(&header.region),
        html(&header.place()),
        if made_at.is_empty() {
            String::new()
        } else {
            format!(", {}", html(made_at))
        }
    );
    let _ = writeln!(
        page,
        "<p class=\"counts\">{}. {} unchanged.</p>",
        html(&counts_in_words(plan)),
        plan.unchanged()
    );
    if let Some(cost) = &plan.cost {
        for (label, sentence) in cost_in_words(cost, header.cloud == "simulator") {
            let _ = writeln!(page, "<p>{label}: {}</p>", html(&sentence));
        }
    }
    for sentence in down_at_once_in_words(plan) {
        let _ = writeln!(page, "<p class=\"lost\">{}</p>", html(&sentence));
    }
    if let Some(sentence) = tagged_in_words(plan) {
        let _ = writeln!(page, "<p>{}</p>", html(&sentence));
    }
    let digest = digest(header);
    if !digest.is_empty() {
        let _ = writeln!(page, "<p class=\"digest\">{}</p>", html(digest));
    }
    let changes = worst_first(plan);
    let losses = losses(&changes);
    if !losses.is_empty() {
        page.push_str("<section class=\"alarm\"><h2>Cannot be undone</h2><ul>\n");
        for loss in losses {
            let _ = writeln!(
                page,
                "<li><a href=\"#{}\"><code>{}</code></a> {}</li>",
                anchor(&loss.first().to_string()),
                html(&loss.title()),
                html(&loss.sentence)
            );
        }
        page.push_str("</ul></section>\n");
    }
    if !changes.is_empty() {
        page.push_str("<h2>Changes</h2>\n");
        changes.iter().for_each(|copies| block(copies, &mut page));
    }
    if !plan.drift.is_empty() {
        page.push_str("<h2>Changed outside infra</h2>\n<ul>\n");
        for drift in &plan.drift {
            let _ = writeln!(
                page,
                "<li><code>{} {}</code> {}</li>",
                html(&drift.address.to_string()),
                html(&drift.path),
                html(&drift.effect)
            );
        }
        page.push_str("</ul>\n");
    }
    let reach = of_plan(document);
    if has_lines(&reach) {
        let picture = blast_svg::svg(
            &reach,
            Some(&|address| format!("#{}", anchor(&address.to_string()))),
        );
        // Inside a page it needs no name space of its own.
        let picture = picture.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
        let _ = writeln!(
            page,
            "<h2>What it reaches</h2>\n<div class=\"picture\">{picture}</div>"
        );
    }
    findings(&plan.findings, &mut page);
    page.push_str("</body>\n</html>\n");
    page
}

fn block(copies: &Copies<'_>, page: &mut String) {
    let change = copies.first();
    let lost = copies.lost();
    let is_open = matches!(change.fate, Fate::Delete | Fate::Replace { .. }) || !lost.is_empty();
    let place = change.location.as_ref().map_or_else(String::new, |at| {
        format!(" <span class=\"dim\">{}:{}</span>", html(&at.file), at.line)
    });
    let _ = writeln!(
        page,
        "<details id=\"{}\"{}><summary><b class=\"{verb}\">{} {verb}</b> {}{place}</summary>",
        anchor(&change.address.to_string()),
        if is_open { " open" } else { "" },
        html(change.fate.symbol().trim()),
        html(&copies.title()),
        verb = change.fate.verb(),
    );
    // A loss of any copy leads here.
    for one in copies.members.iter().skip(1) {
        let _ = writeln!(page, "<a id=\"{}\"></a>", anchor(&one.address.to_string()));
    }
    for reason in &change.reasons {
        let _ = writeln!(page, "<p>because {}</p>", html(reason));
    }
    if !change.attributes.is_empty() {
        page.push_str("<table><thead><tr><th>attribute</th><th>now</th><th>after</th></tr></thead><tbody>\n");
        for told in attributes_of(copies) {
            let one = told.attribute;
            let forces = if one.forces_replacement {
                " <span class=\"lost\">forces replacement</span>"
            } else {
                ""
            };
            let _ = writeln!(
                page,
                "<tr><th>{}{forces}</th><td>{}</td><td>{}</td></tr>",
                html(&one.path),
                html(&told.before),
                html(&told.after)
            );
        }
        page.push_str("</tbody></table>\n");
    }
    page.push_str("<ul class=\"facts\">\n");
    for lost in lost {
        let _ = writeln!(page, "<li class=\"lost\">LOST {}</li>", html(&lost));
    }
    for kept in &change.kept {
        let _ = writeln!(page, "<li>kept: {}</li>", html(kept));
    }
    for hint in &change.hints {
        let _ = writeln!(page, "<li>note: {}</li>", html(hint));
    }
    if !change.steps.is_empty() {
        let _ = writeln!(page, "<li>steps: {}</li>", html(&change.steps.join(" > ")));
    }
    if let Some(down) = &change.down {
        let _ = writeln!(page, "<li>down: {}</li>", html(down));
    }
    if change.unchanged > 0 {
        let _ = writeln!(page, "<li class=\"dim\">{} unchanged</li>", change.unchanged);
    }
    page.push_str("</ul></details>\n");
}

fn findings(findings: &[Diagnostic], page: &mut String) {
    if findings.is_empty() {
        return;
    }
    page.push_str("<h2>Findings</h2>\n<ul>\n");
    for finding in findings {
        let _ = writeln!(
            page,
            "<li><code>{}</code> {}</li>",
            finding.code,
            html(&finding.message)
        );
    }
    page.push_str("</ul>\n");
}

/// A text: nothing in it is markup, in an element or in quotes.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in escape(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// The name of a place in the page.
fn anchor(address: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    address.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::testing;
    use super::*;
    use crate::change::Change;
    use crate::plan::Plan;

    fn page() -> String {
        page_of(&testing::plan())
    }

    fn page_of(plan: &Plan) -> String {
        document(&Document {
            plan,
            header: &testing::header(),
            before: &BTreeMap::new(),
            made_at: "2026-01-01T00:00:00Z",
            tasks: &serde_json::Value::Null,
        })
    }

    #[test]
    fn the_page_needs_nothing_but_itself() {
        let page = page();
        for forbidden in ["<script", "http://", "https://", "@import", "url(", "javascript:"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("no {part}"));
        assert!(at("Cannot be undone") < at("<h2>Changes</h2>"));
        assert!(page.contains("<title>infra plan ") && page.contains("prefers-color-scheme:dark"));
        // What is opened is closed.
        for tag in ["details", "table", "ul", "section", "li", "tr"] {
            let count = |part: &str| page.matches(part).count();
            let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
            assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
        }
    }

    #[test]
    fn equal_copies_are_one_block_and_every_loss_leads_to_it() {
        let copy = |index: usize| Change {
            lost: vec![
                if index == 3 {
                    "data disk d-3"
                } else {
                    "the system disk"
                }
                .to_owned(),
            ],
            ..testing::change(Fate::Delete, &format!("instance.web[{index}]"))
        };
        let page = page_of(&Plan {
            changes: (0..30).map(copy).collect(),
            ..Plan::default()
        });
        assert!(page.contains("</b> instance.web[0..29] x30</summary>"), "{page}");
        assert_eq!(page.matches("delete</b> instance.web").count(), 1, "{page}");
        let links: Vec<&str> = page
            .split("href=\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(
            links.contains(&"instance-web-0-") && links.contains(&"instance-web-3-"),
            "{links:?}"
        );
        for link in links {
            assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
        }
    }

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(
            html("<b onclick=\"x('&')\">"),
            "&lt;b onclick=&quot;x(&#39;&amp;&#39;)&quot;&gt;"
        );
        assert_eq!(anchor("instance.web[\"a b\"]"), "instance-web--a-b--");
    }
}
