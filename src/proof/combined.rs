//! Several attributes of one resource at once: what [`super::attributes`] changes one by one is drawn together, changed
//! together, taken out and put in again, in whole runs against the simulator. After each apply that ends with 0 the state
//! says what the file says and the next plan is empty; nothing is made anew that its own change would not make anew; and
//! when all is forgotten, an import of it ends in an empty plan.
//!
//! `INFRA_COMBINED=N` draws as many stacks of each kind, `INFRA_COMBINED_SEED` one of them only.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use toml::Table;

use super::attributes::{self, Row, Section, is_settled};
use super::fate::Plan;
use super::world::{Ended, World};
use super::{Chance, remembered};

/// How many stacks of each kind plain `cargo test` draws.
const STACKS: u64 = 2;

/// How many times keys are drawn anew that do not go together.
const TRIES: usize = 12;

/// What came of all that was drawn.
#[derive(Default)]
struct Tally {
    applied: usize,
    refused: BTreeMap<String, usize>,
    drawn: BTreeSet<String>,
}

/// The rows whose keys count now, each with those before or those after its change.
type Draw<'a> = BTreeMap<usize, (&'a Row, bool)>;

fn is_drawn(row: &Row) -> bool {
    !row.outcome.starts_with("refused")
}

/// Puts the keys of one side of a row to the others; false if another row says something else about one of them.
fn put(into: &mut Table, row: &Row, after: bool) -> bool {
    let keys: Table = match row.keys(after).join("\n").parse() {
        Ok(keys) => keys,
        Err(error) => panic!("{error}"),
    };
    let mut whole = into.clone();
    let fits = keys
        .into_iter()
        .all(|(name, value)| match (whole.get_mut(&name), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(more)) => {
                more.into_iter().all(|(key, value)| {
                    let known = known.entry(key).or_insert_with(|| value.clone());
                    *known == value
                })
            }
            (Some(known), value) => *known == value,
            (None, value) => {
                whole.insert(name, value);
                true
            }
        });
    if fits {
        *into = whole;
    }
    fits
}

/// The keys that these rows say together, those of rows that do not fit left out; and which rows fit.
fn together<'a>(draw: &Draw<'a>) -> (Table, Draw<'a>) {
    let mut keys = Table::new();
    let fit = draw
        .iter()
        .filter(|(_, (row, after))| put(&mut keys, row, *after))
        .map(|(at, one)| (*at, *one))
        .collect();
    (keys, fit)
}

fn lines(keys: &Table) -> Vec<String> {
    keys.iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect()
}

/// Draws some of the rows anew: another side of it, none of it, or one that was not there.
fn edit<'a>(section: &'a Section, draw: &mut Draw<'a>, odds: u64, chance: &mut Chance) {
    for (at, row) in section.rows.iter().enumerate().filter(|(_, row)| is_drawn(row)) {
        if chance.below(odds) > 0 {
            continue;
        }
        if draw.contains_key(&at) && chance.below(3) == 0 {
            draw.remove(&at);
        } else {
            draw.insert(at, (row, chance.below(2) == 0));
        }
    }
}

/// One stack of a section, through several edits. The error is what should not be.
fn goes_well(section: &Section, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let chance = &mut Chance::new(seed);
    let (mut world, made) = section.world();
    let address = section.address();
    // What is there now: its keys, its id and when it was made.
    let mut now: Option<(Table, (String, Value))> = None;
    let mut draw = Draw::new();
    for round in 0..4 {
        let Some((next, keys, file)) = valid(section, &draw, &made, &mut world, chance) else {
            continue;
        };
        let ended = world.apply(Plan::default());
        let before = now.as_ref().map(|(keys, _)| lines(keys).join(" ; "));
        let told = |what: &str, ended: &Ended| {
            format!(
                "{} seed {seed} round {round}: {what}\nbefore: {before:?}\n{file}\n{:?}\n{}\n{}",
                section.type_name, ended.code, ended.out, ended.err
            )
        };
        if ended.code != Some(0) {
            let said = format!("{}{}", ended.out, ended.err);
            if said.contains("E0699") || said.contains("E0600") {
                return Err(told("a fault of infra", &ended));
            }
            let code = said.split("code: ").nth(1).and_then(|code| code.lines().next());
            let code = code.or_else(|| said.split("error[").nth(1)?.split(']').next());
            *tally.refused.entry(code.unwrap_or("?").to_owned()).or_default() += 1;
            // What was drawn before is put back, which must go well; it may have been given up meanwhile.
            let Some((keys, life)) = &mut now else {
                return Ok(());
            };
            world.configure(&section.file(&lines(keys), &made));
            let back = world.apply(Plan::default());
            if back.code != Some(0) || section.id(&mut world).is_none() {
                let back = format!("{}\n{}", back.out, back.err);
                return Err(told(&format!("no way back:\n{back}"), &ended));
            }
            *life = section.life(&mut world);
            continue;
        }
        world.wait(Duration::from_secs(3600));
        is_settled(&mut world)
            .map_err(|plan| told(&format!("the next plan is not empty:\n{plan}"), &ended))?;
        let pulled = world.run(&["state", "pull"], Plan::default());
        let state: Value = serde_json::from_str(&pulled.out).unwrap();
        remembered::agrees(&state, &file)
            .map_err(|why| told(&format!("the state does not agree: {why}"), &ended))?;
        let entry = &state["resources"][&address];
        let life = (
            entry["id"].as_str().unwrap().to_owned(),
            entry["created_at"].clone(),
        );
        if let Some((before, old)) = &now {
            let changed = changed(before, &keys);
            let anew: BTreeSet<String> = section.made_anew();
            if section.is_another(old, &life) && changed.is_disjoint(&anew) {
                return Err(told(&format!("it is made anew for {changed:?}"), &ended));
            }
        }
        tally.applied += 1;
        tally
            .drawn
            .extend(keys.keys().map(|key| format!("{}.{key}", section.type_name)));
        draw = next;
        now = Some((keys, life));
    }
    let Some((keys, (id, _))) = now else {
        return Ok(());
    };
    let shown = lines(&keys).join(" ; ");
    let told = |what: &str, told: &str| format!("{} seed {seed}: {what}: {shown}\n{told}", section.type_name);
    world.configure(&section.file(&lines(&keys), &made));
    section
        .take_over(&mut world, &id)
        .map_err(|why| told("as an import", &why))?;
    // What was taken over is protected until somebody says otherwise.
    let mut keys = lines(&keys);
    keys.push("lifecycle = { prevent_destroy = false }".to_owned());
    world.configure(&section.file(&keys, &made));
    let free = world.apply(Plan::default());
    if free.code != Some(0) {
        return Err(told("it stays protected", &format!("{}\n{}", free.out, free.err)));
    }
    let gone = world.run(&["destroy", "--auto-approve", "--allow-destroy"], Plan::default());
    match gone.code {
        Some(0) => Ok(()),
        // Somebody protects it, and says so.
        Some(_) if gone.err.contains("deletion_protection") => Ok(()),
        _ => Err(told(
            "it is not destroyed",
            &format!("{}\n{}", gone.out, gone.err),
        )),
    }
}

/// The names of the keys that differ.
fn changed(before: &Table, after: &Table) -> BTreeSet<String> {
    let names = before.keys().chain(after.keys());
    names
        .filter(|name| before.get(*name) != after.get(*name))
        .cloned()
        .collect()
}

/// The next keys that go together, after an edit; they are the file of the world then.
fn valid<'a>(
    section: &'a Section,
    draw: &Draw<'a>,
    made: &BTreeMap<String, String>,
    world: &mut World,
    chance: &mut Chance,
) -> Option<(Draw<'a>, Table, String)> {
    for _ in 0..TRIES {
        let mut next = draw.clone();
        edit(section, &mut next, 4, chance);
        let (keys, next) = together(&next);
        let file = section.file(&lines(&keys), made);
        world.configure(&file);
        if world.run(&["validate"], Plan::default()).code == Some(0) {
            return Some((next, keys, file));
        }
    }
    None
}

fn holds(letters: std::ops::RangeInclusive<char>, least: usize) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("INFRA_COMBINED_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("INFRA_COMBINED").unwrap_or(STACKS),
    };
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    for section in attributes::sections(letters.clone()) {
        for seed in seeds.clone() {
            wrong.extend(goes_well(&section, seed, &mut tally).err());
        }
    }
    println!(
        "figure: attributes together {letters:?}: {} applied with {} attributes, refused {:?}",
        tally.applied,
        tally.drawn.len(),
        tally.refused
    );
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(tally.drawn.len() >= least, "too few are drawn: {:?}", tally.drawn);
}

#[test]
fn attributes_of_the_first_types_are_changed_together() {
    holds('a'..='h', 10);
}

#[test]
fn attributes_of_a_server_are_changed_together() {
    holds('i'..='i', 12);
}

#[test]
fn attributes_of_the_next_types_are_changed_together() {
    holds('j'..='r', 12);
}

#[test]
fn attributes_of_the_last_types_are_changed_together() {
    holds('s'..='z', 12);
}
