//! What a plan reaches: its changes, and what stands one step from them; as text, and in the languages of other tools.
//!
//! Equal copies are one, and there are never more than a person can look over. Does not know how a picture is laid out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::copies::listed;
use super::graph_view::mermaid_text;
use super::palette::{LIGHT, colour};
use super::text::{BOLD, CYAN, DIM, GREEN, Look, PLAIN, RED, Sheet, YELLOW, count, escape};
use crate::address::{Address, Key};
use crate::change::Fate;

/// How many boxes a picture has at most.
const BOXES_MAX: usize = 30;

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lot {
    /// It changes itself.
    Changes(Fate),
    /// A step works on it although it stays what it is: a disk that is joined to the new server.
    Touched,
    /// It stays, beside something that changes.
    Stays,
}

/// One resource that is reached.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    pub(crate) lot: Lot,
    /// What it needs.
    pub(crate) needs: BTreeSet<Address>,
}

/// All that are reached, by address.
pub(crate) type Reach = BTreeMap<Address, Reached>;

/// A box: copies of one block of which the same becomes, or one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) lot: Lot,
    /// `instance.web[0..29] x30`
    pub(super) title: String,
    /// The first of them.
    pub(super) address: Address,
    /// Positions of what it needs.
    pub(super) needs: BTreeSet<usize>,
}

/// What is drawn, and how much is not.
pub(super) struct Drawn {
    pub(super) hits: Vec<Hit>,
    /// Boxes that there was no room for: of changes, and of neighbours.
    pub(super) left_out: (usize, usize),
}

impl Lot {
    /// `-/+`; of what stays nothing.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Lot::Changes(fate) => fate.symbol().trim(),
            Lot::Touched => "*",
            Lot::Stays => "",
        }
    }

    /// `replace`
    pub(super) fn word(self) -> &'static str {
        match self {
            Lot::Changes(fate) => fate.verb(),
            Lot::Touched => "touched",
            Lot::Stays => "stays",
        }
    }

    /// The names of its colours: of the text, and of what is behind it.
    pub(super) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Lot::Changes(Fate::Create | Fate::Import) => ("make", "behind-make"),
            Lot::Changes(Fate::Replace { .. } | Fate::Delete | Fate::Withheld) => ("loss", "alarm"),
            Lot::Changes(_) => ("turn", "behind-turn"),
            Lot::Touched => ("ink", "panel"),
            Lot::Stays => ("dim", "paper"),
        }
    }

    /// The worst first.
    fn rank(self) -> u8 {
        match self {
            Lot::Changes(Fate::Delete) => 0,
            Lot::Changes(Fate::Replace { .. }) => 1,
            Lot::Changes(Fate::Withheld) => 2,
            Lot::Changes(Fate::Update) => 3,
            Lot::Changes(Fate::Create) => 4,
            Lot::Changes(_) => 5,
            Lot::Touched => 6,
            Lot::Stays => 7,
        }
    }
}

/// The boxes, the worst first, as many as a picture may have.
pub(super) fn drawn(reach: &Reach) -> Drawn {
    let mut groups: BTreeMap<(u8, &'static str, Address), Vec<&Address>> = BTreeMap::new();
    for (address, reached) in reach {
        let key = (reached.lot.rank(), reached.lot.sign(), address.block());
        groups.entry(key).or_default().push(address);
    }
    let (shown, rest) = {
        let all: Vec<Vec<&Address>> = groups.into_values().collect();
        let mut shown = all;
        let rest = shown.split_off(shown.len().min(BOXES_MAX));
        (shown, rest)
    };
    let stays = |group: &&Vec<&Address>| group.first().is_some_and(|one| reach[*one].lot == Lot::Stays);
    let neighbours = rest.iter().filter(stays).count();
    let place: BTreeMap<&Address, usize> = shown
        .iter()
        .enumerate()
        .flat_map(|(place, group)| group.iter().map(move |one| (*one, place)))
        .collect();
    let hit = |(own, group): (usize, &Vec<&Address>)| {
        let first = group.first()?;
        let needs = group.iter().flat_map(|one| &reach[*one].needs);
        Some(Hit {
            lot: reach[*first].lot,
            title: title(group),
            address: (*first).clone(),
            needs: needs
                .filter_map(|needed| place.get(needed).copied())
                .filter(|needed| *needed != own)
                .collect(),
        })
    };
    Drawn {
        hits: shown.iter().enumerate().filter_map(hit).collect(),
        left_out: (rest.len() - neighbours, neighbours),
    }
}

fn title(group: &[&Address]) -> String {
    match group {
        [one] => one.to_string(),
        all => {
            let keys: Vec<&Key> = all.iter().filter_map(|one| one.key()).collect();
            format!("{}[{}] x{}", all[0].block(), listed(&keys), all.len())
        }
    }
}

/// Whether a picture would show more than a list does: that one of them needs another.
pub(super) fn has_lines(reach: &Reach) -> bool {
    let mut needs = reach.values().flat_map(|reached| &reached.needs);
    needs.any(|needed| reach.contains_key(needed))
}

/// What there was no room for, in words; none if all is there.
pub(super) fn left_out(drawn: &Drawn) -> Option<String> {
    let (changes, neighbours) = drawn.left_out;
    let words: Vec<String> = [(changes, "change"), (neighbours, "neighbour")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, &format!("more {noun}")))
        .collect();
    (!words.is_empty()).then(|| words.join(" and "))
}

/// Each change with what needs it and what it needs.
pub(super) fn text(reach: &Reach, look: Look) -> String {
    let drawn = drawn(reach);
    let hits = &drawn.hits;
    let mut sheet = Sheet::new(look);
    for (own, hit) in hits.iter().enumerate() {
        if hit.lot == Lot::Stays {
            continue;
        }
        let style = match hit.lot.colours().0 {
            "make" => GREEN,
            "turn" => YELLOW,
            "loss" => RED,
            _ => CYAN,
        };
        let sign = hit.lot.sign();
        sheet.to(3_usize.saturating_sub(sign.len()));
        sheet.put(style, &format!("{sign} {}", hit.lot.word()));
        sheet.to(14);
        sheet.put(BOLD, &hit.title);
        sheet.end_line();
        let named = |place: usize| format!("{} ({})", hits[place].title, hits[place].lot.word());
        let needed_by: Vec<String> = (0..hits.len())
            .filter(|other| hits[*other].needs.contains(&own))
            .map(named)
            .collect();
        let needs: Vec<String> = hit.needs.iter().copied().map(named).collect();
        for (label, names) in [("needed by", needed_by), ("needs", needs)] {
            if !names.is_empty() {
                sheet.to(4);
                sheet.put(DIM, label);
                sheet.to(14);
                sheet.sentence(PLAIN, &names.join(", "), 14);
            }
        }
    }
    if let Some(words) = left_out(&drawn) {
        sheet.sentence(DIM, &format!("and {words}"), 4);
    }
    sheet.finish()
}

/// A Mermaid flowchart; an arrow leads from what is needed to what needs it, as harm would spread.
pub(crate) fn mermaid(reach: &Reach) -> String {
    let drawn = drawn(reach);
    let mut text = "flowchart LR\n".to_owned();
    let mut classes = BTreeMap::new();
    for (place, hit) in drawn.hits.iter().enumerate() {
        let class = class(hit.lot);
        classes.insert(class, hit.lot);
        let head = format!("{} {}", hit.lot.sign(), hit.lot.word());
        let (head, title) = (mermaid_text(head.trim()), mermaid_text(&hit.title));
        let _ = writeln!(text, "  n{place}[\"{head}<br/>{title}\"]:::{class}");
    }
    for (from, to) in edges(&drawn.hits) {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    if let Some(words) = left_out(&drawn) {
        let _ = writeln!(text, "  more[\"and {words}\"]:::stays");
        classes.insert(class(Lot::Stays), Lot::Stays);
    }
    for (class, lot) in classes {
        let (front, behind) = lot.colours();
        let dashes = if lot == Lot::Stays {
            ",stroke-dasharray:4 3"
        } else {
            ""
        };
        let (front, behind) = (colour(LIGHT, front), colour(LIGHT, behind));
        let _ = writeln!(
            text,
            "  classDef {class} fill:{behind},stroke:{front},color:{front}{dashes}"
        );
    }
    text
}

/// The class of a box in pictures: a word that is no keyword of any language.
pub(super) fn class(lot: Lot) -> &'static str {
    match lot.colours().0 {
        "make" => "made",
        "turn" => "changed",
        "loss" => "lost",
        "ink" => "touched",
        _ => "stays",
    }
}

/// A graph for Graphviz, with the same arrows.
pub(crate) fn dot(reach: &Reach) -> String {
    let drawn = drawn(reach);
    let mut text = "digraph infra {\n  rankdir=LR\n  node [shape=box]\n".to_owned();
    for (place, hit) in drawn.hits.iter().enumerate() {
        let (front, behind) = hit.lot.colours();
        let (front, behind) = (colour(LIGHT, front), colour(LIGHT, behind));
        let style = if hit.lot == Lot::Stays {
            "filled,dashed"
        } else {
            "filled"
        };
        let head = format!("{} {}", hit.lot.sign(), hit.lot.word());
        let title = hit.title.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(
            text,
            "  n{place} [label=\"{}\\n{title}\", style=\"{style}\", color=\"{front}\", fontcolor=\"{front}\", \
             fillcolor=\"{behind}\"]",
            head.trim()
        );
    }
    for (from, to) in edges(&drawn.hits) {
        let _ = writeln!(text, "  n{from} -> n{to}");
    }
    if let Some(words) = left_out(&drawn) {
        let _ = writeln!(text, "  more [label=\"and {words}\", style=\"dashed\"]");
    }
    text.push_str("}\n");
    text
}

/// From what is needed to what needs it.
pub(super) fn edges(hits: &[Hit]) -> impl Iterator<Item = (usize, usize)> {
    let pairs = hits.iter().enumerate();
    pairs.flat_map(|(own, hit)| hit.needs.iter().map(move |needed| (*needed, own)))
}

/// All nodes and edges as data, uncollapsed; an edge leads from what needs to what it needs.
pub(crate) fn json(reach: &Reach) -> serde_json::Value {
    let node = |(address, reached): (&Address, &Reached)| {
        let mut node = serde_json::json!({
            "address": address,
            "type": address.type_name(),
            "becomes": reached.lot.word().replace(' ', "_"),
        });
        if let Lot::Changes(Fate::Replace { create_first }) = reached.lot {
            node["order"] = if create_first {
                "create_first"
            } else {
                "delete_first"
            }
            .into();
        }
        node
    };
    let edge = |(address, reached): (&Address, &Reached)| -> Vec<serde_json::Value> {
        let needs = reached.needs.iter().filter(|needed| reach.contains_key(*needed));
        needs
            .map(|needed| serde_json::json!({ "from": address, "to": needed }))
            .collect()
    };
    serde_json::json!({
        "nodes": reach.iter().map(node).collect::<Vec<_>>(),
        "edges": reach.iter().flat_map(edge).collect::<Vec<_>>(),
    })
}

/// A title as it may stand in a picture.
pub(super) fn shown(hit: &Hit) -> [String; 2] {
    let head = format!("{} {}", hit.lot.sign(), hit.lot.word());
    [head.trim().to_owned(), escape(&hit.title).into_owned()]
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const REPLACE: Lot = Lot::Changes(Fate::Replace { create_first: false });

    fn reach() -> Reach {
        let one = |own: &str, lot: Lot, needs: &[&str]| {
            let needs = needs.iter().map(|text| text.parse().unwrap()).collect();
            (own.parse().unwrap(), Reached { lot, needs })
        };
        let mut all = vec![
            one("vpc.main", Lot::Stays, &[]),
            one("vswitch.a", REPLACE, &["vpc.main"]),
            one("disk.data", Lot::Touched, &["instance.web[3]"]),
        ];
        all.extend((0..5).map(|number| {
            let lot = if number == 3 {
                Lot::Changes(Fate::Update)
            } else {
                REPLACE
            };
            one(
                &format!("instance.web[{number}]"),
                lot,
                &["vswitch.a", "vpc.main"],
            )
        }));
        all.into_iter().collect()
    }

    #[test]
    fn copies_of_which_the_same_becomes_are_one() {
        expect![[r#"
            -/+ replace   instance.web[0..2,4] x4
                needs     vswitch.a (replace), vpc.main (stays)
            -/+ replace   vswitch.a
                needed by instance.web[0..2,4] x4 (replace), instance.web[3] (update)
                needs     vpc.main (stays)
              ~ update    instance.web[3]
                needed by disk.data (touched)
                needs     vswitch.a (replace), vpc.main (stays)
              * touched   disk.data
                needs     instance.web[3] (update)
        "#]]
        .assert_eq(&text(&reach(), Look::new(false, Some(80))));
    }

    #[test]
    fn the_languages_of_other_tools_say_the_same() {
        expect![[r#"
            flowchart LR
              n0["-/+ replace<br/>instance.web[0..2,4] x4"]:::lost
              n1["-/+ replace<br/>vswitch.a"]:::lost
              n2["~ update<br/>instance.web[3]"]:::changed
              n3["* touched<br/>disk.data"]:::touched
              n4["stays<br/>vpc.main"]:::stays
              n1 --> n0
              n4 --> n0
              n4 --> n1
              n1 --> n2
              n4 --> n2
              n2 --> n3
              classDef changed fill:#fdf3d8,stroke:#7a4d00,color:#7a4d00
              classDef lost fill:#fdecec,stroke:#b3141c,color:#b3141c
              classDef stays fill:#ffffff,stroke:#515a66,color:#515a66,stroke-dasharray:4 3
              classDef touched fill:#f4f5f7,stroke:#1b1f24,color:#1b1f24
        "#]]
        .assert_eq(&mermaid(&reach()));
        expect![[r##"
            digraph infra {
              rankdir=LR
              node [shape=box]
              n0 [label="-/+ replace\ninstance.web[0..2,4] x4", style="filled", color="#b3141c", fontcolor="#b3141c", fillcolor="#fdecec"]
              n1 [label="-/+ replace\nvswitch.a", style="filled", color="#b3141c", fontcolor="#b3141c", fillcolor="#fdecec"]
              n2 [label="~ update\ninstance.web[3]", style="filled", color="#7a4d00", fontcolor="#7a4d00", fillcolor="#fdf3d8"]
              n3 [label="* touched\ndisk.data", style="filled", color="#1b1f24", fontcolor="#1b1f24", fillcolor="#f4f5f7"]
              n4 [label="stays\nvpc.main", style="filled,dashed", color="#515a66", fontcolor="#515a66", fillcolor="#ffffff"]
              n1 -> n0
              n4 -> n0
              n4 -> n1
              n1 -> n2
              n4 -> n2
              n2 -> n3
            }
        "##]].assert_eq(&dot(&reach()));
        let json = json(&reach());
        let count = |name: &str| json[name].as_array().map(Vec::len);
        assert_eq!((count("nodes"), count("edges")), (Some(8), Some(12)));
    }
}
