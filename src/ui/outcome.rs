//! How a run ended: what was done, what exists now, what is left, and what to do next.
//!
//! Does not know how it came about.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::copies;
use super::table::{self, Row};
use super::text::{BOLD, DIM, GREEN, Look, PLAIN, RED, Sheet, YELLOW, short_time};
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::plan::Counts;
use crate::value::Value;

/// How many addresses a list names.
const NAMED_MAX: usize = 20;

/// Everything there is to say at the end.
pub(crate) struct Finished {
    /// `apply` or `destroy`.
    pub(crate) command: &'static str,
    /// The command that goes on, with its flags.
    pub(crate) again: String,
    /// Changes that are done, by kind.
    pub(crate) counts: Counts,
    pub(crate) failures: Vec<Diagnostic>,
    pub(crate) done: Vec<Address>,
    /// Address, and the id of what exists of it.
    pub(crate) failed: Vec<(Address, Option<String>)>,
    /// Address, step, id.
    pub(crate) half_made: Vec<(Address, String, Option<String>)>,
    /// Address, and what it waits for.
    pub(crate) not_begun: Vec<(Address, Option<Address>)>,
    pub(crate) interrupted: bool,
    pub(crate) rows: Vec<Row>,
    /// Value, and whether it is sensitive.
    pub(crate) outputs: BTreeMap<String, (Value, bool)>,
    /// The state's serial, if it could be saved.
    pub(crate) serial: Option<u64>,
    pub(crate) elapsed: Duration,
}

impl Finished {
    /// Whether everything that was planned is done.
    pub(super) fn is_complete(&self) -> bool {
        self.failures.is_empty() && !self.interrupted
    }
}

/// One sentence.
pub(super) fn headline(finished: &Finished) -> String {
    let time = short_time(finished.elapsed);
    let counts = counts_in_words(&finished.counts);
    match (finished.is_complete(), counts) {
        (true, Some(counts)) => format!("Done in {time}. {counts}."),
        (true, None) => format!("Done in {time}. Outputs recorded."),
        (false, counts) => {
            let word = if finished.interrupted { "Stopped" } else { "Failed" };
            let counts = counts.unwrap_or_else(|| "Nothing was finished".to_owned());
            format!("{word} after {time}. {counts}.")
        }
    }
}

fn counts_in_words(counts: &Counts) -> Option<String> {
    let parts: Vec<String> = [
        (counts.import, "imported"),
        (counts.moved, "moved"),
        (counts.create, "created"),
        (counts.update, "updated"),
        (counts.tagged, "tagged"),
        (counts.replace, "replaced"),
        (counts.delete, "deleted"),
        (counts.forget, "forgotten"),
        (counts.read, "recorded"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The result of a run: the sentence when all is done, what exists now, the outputs.
pub(super) fn result(finished: &Finished, look: Look) -> String {
    let mut parts = Vec::new();
    if finished.is_complete() {
        let mut sheet = Sheet::new(look);
        sheet.sentence(BOLD, &headline(finished), 2);
        parts.push(sheet.finish());
    }
    if !finished.rows.is_empty() {
        parts.push(table::resources(&finished.rows, look));
    }
    if !finished.outputs.is_empty() {
        parts.push(table::outputs(&finished.outputs, look));
    }
    parts.join("\n")
}

/// Failures that differ only in the resource they are about, as one that names them all.
pub(super) fn grouped(failures: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut groups: Vec<(Diagnostic, Vec<&Address>)> = Vec::new();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures: Vec<&Diagnostic> = failures.iter().collect();
    failures.sort_by_key(|failure| failure.address.as_ref());
    for failure in failures {
        let name = failure
            .address
            .as_ref()
            .map(Address::to_string)
            .unwrap_or_default();
        let reason = if name.is_empty() {
            failure.message.clone()
        } else {
            failure.message.replace(&name, "")
        };
        let key = format!("{} {reason}", failure.code);
        match (found.get(&key), &failure.address) {
            (Some(index), Some(address)) => groups[*index].1.push(address),
            (Some(_), None) => {}
            (None, _) => {
                found.insert(key, groups.len());
                groups.push((failure.clone(), Vec::new()));
            }
        }
    }
    let told = |(failure, others): (Diagnostic, Vec<&Address>)| {
        if others.is_empty() {
            return failure;
        }
        let titles = copies::alike(others, |address| address, |_| String::new());
        let titles: Vec<String> = titles.iter().map(|copies| copies::title(copies)).collect();
        failure.note(format!("the same with {}", named(&titles)))
    };
    groups.into_iter().map(told).collect()
}

fn named(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(NAMED_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// After a failure or a stop: what is done, half made and not begun, and how to go on.
pub(super) fn report(finished: &Finished, look: Look) -> String {
    let mut sheet = Sheet::new(look);
    if !finished.failures.is_empty() {
        sheet.end_line();
    }
    let unfinished: BTreeSet<&Address> = finished
        .failed
        .iter()
        .map(|(address, _)| address)
        .chain(finished.half_made.iter().map(|(address, _, _)| address))
        .chain(finished.not_begun.iter().map(|(address, _)| address))
        .collect();
    let mut done: Vec<&Address> = Vec::new();
    for address in finished.done.iter().filter(|done| !unfinished.contains(done)) {
        if done.last() != Some(&address) {
            done.push(address);
        }
    }
    let done: Vec<String> = copies::alike(done, |address| address, |_| String::new())
        .into_iter()
        .map(|copies| copies::title(&copies))
        .collect();
    if !done.is_empty() {
        write_label("done", GREEN, &mut sheet);
        sheet.sentence(PLAIN, &named(&done), LIST_COLUMN);
    }
    let half_made = finished.half_made.iter().map(|(address, step, id)| Item {
        address,
        alone: half_made_in_words(step, id.as_deref()),
        together: half_made_in_words(step, id.as_ref().map(|_| "each")),
    });
    write_list("half made", YELLOW, half_made.collect(), &mut sheet);
    let half_made: BTreeSet<&Address> = finished.half_made.iter().map(|(address, _, _)| address).collect();
    let failed = finished
        .failed
        .iter()
        .filter(|(address, _)| !half_made.contains(address))
        .map(|(address, id)| {
            let exists = |id: Option<&str>| id.map_or_else(String::new, |id| format!("{id} exists"));
            Item {
                address,
                alone: exists(id.as_deref()),
                together: exists(id.as_ref().map(|_| "each")),
            }
        });
    write_list("failed", RED, failed.collect(), &mut sheet);
    let not_begun = finished.not_begun.iter().map(|(address, needs)| {
        let needs = needs.as_ref().filter(|needs| *needs != address);
        let words = needs.map_or_else(String::new, |needs| format!("needs {needs}"));
        Item {
            address,
            alone: words.clone(),
            together: words,
        }
    });
    write_list("not begun", DIM, not_begun.collect(), &mut sheet);
    if sheet.has_lines() {
        sheet.end_line();
    }
    write_end(finished, &mut sheet);
    sheet.finish()
}

/// Where addresses begin, behind the labels.
const LIST_COLUMN: usize = 13;

fn write_label(label: &str, style: anstyle::Style, sheet: &mut Sheet) {
    sheet.to(2);
    sheet.put(style, label);
    sheet.to(LIST_COLUMN);
}

/// A resource and a few words about it.
struct Item<'a> {
    address: &'a Address,
    alone: String,
    /// The words where copies of one block share a line.
    together: String,
}

/// A line for each, or for copies of which the same is said, with a few words beside the address.
fn write_list(label: &str, style: anstyle::Style, mut items: Vec<Item<'_>>, sheet: &mut Sheet) {
    items.sort_by_key(|item| item.address);
    let lines = copies::alike(items, |item| item.address, |item| item.together.clone());
    let told = |copies: &Vec<Item<'_>>| match copies.as_slice() {
        [item] => (item.address.to_string(), item.alone.clone()),
        many => {
            let addresses: Vec<&Address> = many.iter().map(|item| item.address).collect();
            (copies::title(&addresses), many[0].together.clone())
        }
    };
    let shown: Vec<(String, String)> = lines.iter().take(NAMED_MAX).map(told).collect();
    let widest = shown
        .iter()
        .map(|(address, _)| address.width())
        .max()
        .unwrap_or(0);
    let column = LIST_COLUMN + widest.min(sheet.look().prose / 3) + 2;
    for (index, (address, words)) in shown.iter().enumerate() {
        write_label(if index == 0 { label } else { "" }, style, sheet);
        sheet.plain(address);
        if !words.is_empty() {
            sheet.to(column.max(sheet.column() + 2));
            sheet.flow(PLAIN, words, column);
        }
        sheet.end_line();
    }
    let more: usize = lines.iter().skip(NAMED_MAX).map(Vec::len).sum();
    if more > 0 {
        sheet.to(LIST_COLUMN);
        sheet.plain(&format!("and {more} more"));
        sheet.end_line();
    }
}

fn half_made_in_words(step: &str, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("{id} exists, step \"{step}\" did not finish"),
        None => format!("step \"{step}\" did not finish"),
    }
}

fn write_end(finished: &Finished, sheet: &mut Sheet) {
    sheet.sentence(BOLD, &headline(finished), 2);
    match finished.serial {
        Some(serial) => {
            let at = finished.half_made.first().map(|(address, step, _)| {
                format!("it goes on with {address} at step \"{step}\"; finished resources are not touched")
            });
            let how = at.unwrap_or_else(|| "finished resources are not touched".to_owned());
            let sentence = format!(
                "State saved (serial {serial}). To go on: {} ({how}).",
                finished.again
            );
            sheet.sentence(PLAIN, &sentence, 0);
        }
        None => {
            let sentence = "The state could not be saved. Keep these lines: all of this exists.";
            sheet.sentence(RED, sentence, 0);
            for row in &finished.rows {
                sheet.to(2);
                sheet.sentence(PLAIN, &format!("{} {}", row.address, row.id), 4);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::address;
    use super::*;
    use crate::diagnostic::codes;

    const LOOK: Look = Look {
        color: false,
        prose: 80,
        values: 80,
    };

    fn finished() -> Finished {
        Finished {
            command: "apply",
            again: "infra apply".to_owned(),
            counts: Counts::default(),
            failures: Vec::new(),
            done: Vec::new(),
            failed: Vec::new(),
            half_made: Vec::new(),
            not_begun: Vec::new(),
            interrupted: false,
            rows: Vec::new(),
            outputs: BTreeMap::new(),
            serial: Some(12),
            elapsed: Duration::from_secs(130),
        }
    }

    #[test]
    fn an_end_counts_shows_what_exists_and_prints_outputs() {
        let text = result(
            &Finished {
                counts: Counts {
                    create: 2,
                    update: 1,
                    ..Counts::default()
                },
                rows: vec![Row {
                    address: "instance.web".to_owned(),
                    id: "i-bp1aaa".to_owned(),
                    status: "Running".to_owned(),
                    ..Row::default()
                }],
                outputs: [("web_ip".to_owned(), (Value::from("47.98.1.1"), false))].into(),
                ..finished()
            },
            LOOK,
        );
        assert_eq!(
            text,
            "\
Done in 2:10. 2 created, 1 updated.

ADDRESS       ID        STATUS
instance.web  i-bp1aaa  Running

web_ip = \"47.98.1.1\"
"
        );
    }

    #[test]
    fn a_failure_says_what_is_done_and_what_is_not_and_how_to_go_on() {
        let of = |names: &[&str]| names.iter().map(|name| address(name)).collect::<Vec<_>>();
        let text = report(
            &Finished {
                counts: Counts {
                    create: 4,
                    ..Counts::default()
                },
                failures: vec![Diagnostic::error(codes::REFUSED, "x")],
                done: of(&["vpc.main", "vswitch.web", "security_group.web", "instance.web[0]"]),
                failed: vec![(address("instance.web[1]"), None)],
                half_made: vec![(
                    address("instance.web[2]"),
                    "start".to_owned(),
                    Some("i-bp1h3v9k2m4n6p8q0r1s".to_owned()),
                )],
                not_begun: vec![(address("eip.front"), Some(address("instance.web[1]")))],
                ..finished()
            },
            LOOK,
        );
        assert_eq!(
            text,
            "
  done       vpc.main, vswitch.web, security_group.web, instance.web[0]
  half made  instance.web[2]  i-bp1h3v9k2m4n6p8q0r1s exists, step \"start\" did
                              not finish
  failed     instance.web[1]
  not begun  eip.front  needs instance.web[1]

Failed after 2:10. 4 created.
State saved (serial 12). To go on: infra apply (it goes on with instance.web[2]
at step \"start\"; finished resources are not touched).
"
        );
    }

    #[test]
    fn half_of_a_replacement_is_not_done() {
        let text = report(
            &Finished {
                done: vec![address("instance.web")],
                failed: vec![(address("instance.web"), Some("i-1".to_owned()))],
                failures: vec![Diagnostic::error(codes::REFUSED, "x")],
                ..finished()
            },
            LOOK,
        );
        assert!(!text.contains("done       instance.web"), "{text}");
        assert!(text.contains("failed     instance.web  i-1 exists\n"), "{text}");
        assert!(text.contains("Nothing was finished."), "{text}");
    }

    #[test]
    fn a_state_that_cannot_be_saved_is_printed() {
        let text = report(
            &Finished {
                interrupted: true,
                serial: None,
                rows: vec![Row {
                    address: "vpc.main".to_owned(),
                    id: "vpc-1".to_owned(),
                    ..Row::default()
                }],
                ..finished()
            },
            LOOK,
        );
        assert!(
            text.ends_with("all of this exists.\n  vpc.main vpc-1\n"),
            "{text}"
        );
    }

    #[test]
    fn many_failures_for_one_reason_are_one_error() {
        let failures: Vec<Diagnostic> = (0..30)
            .map(|index| {
                let address = address(&format!("instance.web[{index}]"));
                Diagnostic::error(
                    codes::REFUSED,
                    format!("{address}: step \"create\" failed: sold out"),
                )
                .about(&address)
            })
            .chain([Diagnostic::error(codes::REFUSED, "another reason")])
            .collect();
        let grouped = grouped(&failures);
        assert_eq!(grouped.len(), 2);
        let [note] = &*grouped[1].notes else {
            panic!("{grouped:?}")
        };
        assert_eq!(note.as_str(), "the same with instance.web[1..29] x29");
    }

    #[test]
    fn copies_of_which_the_same_is_to_be_told_share_a_line() {
        let copies =
            |from: usize, to: usize| (from..to).map(|index| address(&format!("instance.web[{index}]")));
        let text = report(
            &Finished {
                interrupted: true,
                done: [address("vpc.main")].into_iter().chain(copies(0, 10)).collect(),
                half_made: copies(10, 20)
                    .map(|of| {
                        let step = if of == address("instance.web[13]") {
                            "start"
                        } else {
                            "create"
                        };
                        let id = format!("i-{of}");
                        (of, step.to_owned(), Some(id))
                    })
                    .collect(),
                failed: copies(20, 24).map(|of| (of, None)).collect(),
                not_begun: copies(24, 30).map(|of| (of, Some(address("eip.a")))).collect(),
                ..finished()
            },
            LOOK,
        );
        expect_test::expect![[r#"
              done       vpc.main, instance.web[0..9] x10
              half made  instance.web[10..12,14..19] x9  each exists, step "create" did not
                                                     finish
                         instance.web[13]            i-instance.web[13] exists, step "start"
                                                     did not finish
              failed     instance.web[20..23] x4
              not begun  instance.web[24..29] x6  needs eip.a

            Stopped after 2:10. Nothing was finished.
            State saved (serial 12). To go on: infra apply (it goes on with instance.web[10]
            at step "create"; finished resources are not touched).
        "#]]
        .assert_eq(&text);
    }
}
