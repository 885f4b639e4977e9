//! What a change of each attribute does to one that exists, as the simulator saw it: every attribute of every type, in
//! whole runs. What can be changed keeps its id; the next plan is empty; and so is the plan of the same file when what is
//! there has been forgotten and is taken over.
//!
//! `attributes.txt` holds the changes: `== type`, what has to be there (`@server` and `@network` are those of the lives;
//! `NAME = PRODUCT ACTION.FIELD PARAM=VALUE ...` is a call of somebody else, whose result is `$NAME`), below `--` the keys
//! of the block `[TYPE.x]`, and below another `--` the changes: keys before `=>` and after, `;` for a new line, and
//! under it what came of it, with the reason where it was made anew (anew.rs). `INFRA_BLESS=1` writes what comes now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::fate::Plan;
use super::world::World;
use super::{anew, lives, lock, meddle};
use crate::types::{Identity, Kind, REGISTRY, find, settable};

/// One type, and the changes of one that stands in certain surroundings.
pub(super) struct Section {
    pub(super) type_name: String,
    around: Vec<String>,
    calls: Vec<String>,
    keys: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// One change.
pub(super) struct Row {
    before: Vec<String>,
    after: Vec<String>,
    pub(super) outcome: String,
}

impl Row {
    /// The keys of one of its sides.
    pub(super) fn keys(&self, after: bool) -> &[String] {
        if after { &self.after } else { &self.before }
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/proof/attributes.txt")
}

fn read(text: &str) -> Vec<Section> {
    text.split("\n== ").skip(1).map(section).collect()
}

fn section(text: &str) -> Section {
    let (type_name, rest) = text.split_once('\n').unwrap();
    let mut parts = rest.split("--\n");
    let mut lines = || -> Vec<String> { parts.next().unwrap().lines().map(str::to_owned).collect() };
    let (surroundings, keys) = (lines(), lines());
    let is_call = |line: &String| {
        let call = line.split(" = ").nth(1).unwrap_or_default();
        ["Ecs ", "Vpc ", "Slb ", "Kms ", "ResourceManager "]
            .iter()
            .any(|product| call.starts_with(product))
    };
    let (calls, around) = surroundings.into_iter().partition(is_call);
    let keys_of = |text: &str| -> Vec<String> {
        let keys = text.split(';').map(|key| key.trim().to_owned());
        keys.filter(|key| !key.is_empty()).collect()
    };
    let changes = lines();
    let mut rows: Vec<Row> = Vec::new();
    for line in changes.iter().filter(|line| !line.trim().is_empty()) {
        match line.split_once("=>") {
            Some((before, after)) => rows.push(Row {
                before: keys_of(before),
                after: keys_of(after),
                outcome: String::new(),
            }),
            None => rows.last_mut().unwrap().outcome = line.trim().to_owned(),
        }
    }
    Section {
        type_name: type_name.to_owned(),
        around,
        calls,
        keys,
        rows,
    }
}

/// The text of the file with other outcomes.
fn with_outcomes(text: &str, outcomes: &mut dyn Iterator<Item = String>) -> String {
    let mut written = String::new();
    let mut was_change = false;
    for line in text.lines() {
        let is_outcome = was_change && line.starts_with("    ");
        if !is_outcome {
            writeln!(written, "{line}").unwrap();
        }
        was_change = line.contains("=>");
        if was_change {
            writeln!(written, "    {}", outcomes.next().unwrap()).unwrap();
        }
    }
    written
}

impl Section {
    /// The file with these keys, of which later ones win.
    pub(super) fn file(&self, more: &[String], made: &BTreeMap<String, String>) -> String {
        let mut text = "[infra]\nname = \"attributes\"\nregion = \"cn-hangzhou\"\n".to_owned();
        for line in &self.around {
            match line.as_str() {
                "@server" => text += lives::SERVER,
                "@network" => text += lives::NET,
                line => writeln!(text, "{line}").unwrap(),
            }
        }
        writeln!(text, "[{}.x]", self.type_name).unwrap();
        let name = |line: &str| line.split(" = ").next().unwrap().to_owned();
        let own: Vec<String> = more.iter().map(|line| name(line)).collect();
        let kept = self.keys.iter().filter(|line| !own.contains(&name(line)));
        for line in kept.chain(more) {
            writeln!(text, "{line}").unwrap();
        }
        // The longest names first: one may begin another.
        for (name, id) in made.iter().rev() {
            text = text.replace(&format!("${name}"), id);
        }
        text
    }

    pub(super) fn address(&self) -> String {
        format!("{}.x", self.type_name)
    }

    /// The attributes that differ, those inside a table with a dot.
    pub(super) fn changed(&self, row: &Row) -> BTreeSet<String> {
        let table = |keys: &[String]| -> toml::Table {
            let all = self.keys.iter().chain(keys);
            let mut table = toml::Table::new();
            for line in all.filter(|line| !line.is_empty()) {
                table.extend(line.parse::<toml::Table>().unwrap());
            }
            table
        };
        let resource_type = find(&self.type_name).unwrap();
        let (before, after) = (table(&row.before), table(&row.after));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut paths = BTreeSet::new();
        for name in names
            .into_iter()
            .filter(|name| before.get(*name) != after.get(*name))
        {
            let nested = resource_type.attribute(name).map(|attribute| &attribute.kind);
            if !matches!(nested, Some(Kind::Table(_))) {
                paths.insert(name.clone());
                continue;
            }
            let inside = |table: &toml::Table| table.get(name).and_then(toml::Value::as_table).cloned();
            let (old, new) = (
                inside(&before).unwrap_or_default(),
                inside(&after).unwrap_or_default(),
            );
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let differing = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
            paths.extend(differing.map(|key| format!("{name}.{key}")));
        }
        paths
    }

    /// The world with what has to be there, and the ids of what somebody else has made.
    pub(super) fn world(&self) -> (World, BTreeMap<String, String>) {
        let mut world = World::new(11, "", |_| {});
        let mut made: BTreeMap<String, String> = BTreeMap::new();
        for line in &self.calls {
            let (name, call) = line.split_once(" = ").unwrap();
            let mut words = call.split(' ');
            let (product, action) = (words.next().unwrap(), words.next().unwrap());
            let (action, field) = action.split_once('.').unwrap();
            let mut params = vec![("Action".to_owned(), action.to_owned())];
            for word in words {
                let (param, value) = word.split_once('=').unwrap();
                let value = value.strip_prefix('$').map_or(value, |name| made[name].as_str());
                params.push((param.to_owned(), value.to_owned()));
            }
            let params: Vec<(&str, &str)> = params
                .iter()
                .map(|(param, value)| (param.as_str(), value.as_str()))
                .collect();
            let (status, body) = meddle::call(&mut lock(&world.site), world.now, product, &params);
            assert_eq!(status, 200, "{line}: {body}");
            let answer: Value = serde_json::from_str(&body).unwrap();
            let id = answer.pointer(&format!("/{}", field.replace('.', "/"))).unwrap();
            // Of an IPv6 network what its addresses begin with.
            let id = id.as_str().unwrap().trim_end_matches("::/64");
            made.insert(name.to_owned(), id.to_owned());
            world.wait(Duration::from_secs(600));
        }
        (world, made)
    }

    /// Its id, and when it was made: a name that is the id is that of the new one too.
    pub(super) fn life(&self, world: &mut World) -> (String, Value) {
        let pulled = world.run(&["state", "pull"], Plan::default());
        let state: Value = serde_json::from_str(&pulled.out).unwrap();
        let entry = &state["resources"][self.address()];
        let id = entry["id"].as_str().unwrap().to_owned();
        (id, entry["created_at"].clone())
    }

    /// Whether the one is not the other. What is called by what it is has another name, and is the same.
    pub(super) fn is_another(&self, before: &(String, Value), after: &(String, Value)) -> bool {
        let is_lasting = matches!(
            find(&self.type_name).unwrap().identity,
            Identity::Joined { lasting, .. } if !lasting.is_empty()
        );
        before.1 != after.1 || (before.0 != after.0 && !is_lasting)
    }

    /// Its id, if the state knows it.
    pub(super) fn id(&self, world: &mut World) -> Option<String> {
        let pulled = world.run(&["state", "pull"], Plan::default());
        let state: Value = serde_json::from_str(&pulled.out).ok()?;
        Some(state["resources"][self.address()]["id"].as_str()?.to_owned())
    }

    /// The keys whose change makes it anew.
    pub(super) fn made_anew(&self) -> BTreeSet<String> {
        let rows = self.rows.iter().filter(|row| row.outcome.starts_with("replaced"));
        let paths = rows.flat_map(|row| self.changed(row));
        paths
            .map(|path| path.split('.').next().unwrap_or_default().to_owned())
            .collect()
    }

    /// What a change did, or what should not be.
    fn outcome(&self, row: &Row) -> Result<String, String> {
        let (mut world, made) = self.world();
        world.configure(&self.file(&row.before, &made));
        let ended = world.apply(Plan::default());
        if ended.code != Some(0) {
            return Err(format!("it is not made:\n{}\n{}", ended.out, ended.err));
        }
        world.wait(Duration::from_secs(3600));
        let before = self.life(&mut world);
        world.configure(&self.file(&row.after, &made));
        lock(&world.site).log.words = Some(Vec::new());
        let ended = world.apply(Plan::default());
        let actions = changes(&world);
        let told = format!("{actions:?}\n{}\n{}", ended.out, ended.err);
        if ended.code != Some(0) {
            let said = format!("{}{}", ended.out, ended.err);
            let code = said.split('[').skip(1).find(|code| code.starts_with('E'));
            let code = code.and_then(|code| code.split(']').next());
            let Some(code) = code.filter(|_| actions.is_empty()) else {
                return Err(format!("it is not changed: {told}"));
            };
            world.configure(&self.file(&row.before, &made));
            self.take_over(&mut world, &before.0)
                .map_err(|told| format!("as an import:\n{told}"))?;
            return Ok(format!("refused: {code}"));
        }
        is_settled(&mut world).map_err(|plan| format!("{told}\nand then\n{plan}"))?;
        let after = self.life(&mut world);
        let sent = |action: &str| actions.iter().any(|one| one == action);
        let how = if self.is_another(&before, &after) {
            "replaced"
        } else if sent("StopInstance") {
            "stopped"
        } else if sent("RebootInstance") {
            "reboot"
        } else {
            "live"
        };
        self.take_over(&mut world, &after.0)
            .map_err(|told| format!("as an import:\n{told}"))?;
        let why = match how {
            "replaced" => format!(" ({})", anew::reason(&self.type_name, &self.changed(row))),
            _ => String::new(),
        };
        Ok(format!("{how}: {}{why}", actions.join(" ")).trim_end().to_owned())
    }

    /// It is forgotten, and taken over with nothing but tags.
    pub(super) fn take_over(&self, world: &mut World, id: &str) -> Result<(), String> {
        let address = self.address();
        for arguments in [&["state", "rm", &address][..], &["import", &address, id]] {
            let ended = world.run(arguments, Plan::default());
            if ended.code != Some(0) {
                return Err(format!("{}\n{}", ended.out, ended.err));
            }
        }
        lock(&world.site).log.words = Some(Vec::new());
        let ended = world.apply(Plan::default());
        let actions = changes(world);
        if ended.code != Some(0) || actions.iter().any(|action| action != "TagResources") {
            return Err(format!("{actions:?}\n{}\n{}", ended.out, ended.err));
        }
        is_settled(world)
    }
}

/// Nothing is left to do; else the plan.
pub(super) fn is_settled(world: &mut World) -> Result<(), String> {
    let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    match plan.code {
        Some(0) => Ok(()),
        _ => Err(format!("{}\n{}", plan.out, plan.err)),
    }
}

/// The actions of the changes that the simulator has seen since its words are kept; tries of one call are one.
fn changes(world: &World) -> Vec<String> {
    let words = lock(&world.site).log.words.take().unwrap();
    let is_read = |action: &str| {
        ["Describe", "Get", "List", "Query"]
            .iter()
            .any(|read| action.starts_with(read))
    };
    let mut actions: Vec<String> = words
        .iter()
        .filter(|line| !line.contains("\"DryRun\": \"true\""))
        .filter_map(|line| line.split(' ').nth(2))
        .filter(|action| !is_read(action))
        .map(str::to_owned)
        .collect();
    actions.dedup();
    actions
}

/// The sections of the types that begin with one of these letters.
pub(super) fn sections(letters: std::ops::RangeInclusive<char>) -> Vec<Section> {
    let text = std::fs::read_to_string(path()).unwrap();
    let mut sections = read(&text);
    sections.retain(|section| letters.contains(&section.type_name.chars().next().unwrap()));
    sections
}

/// Several tests side by side, since each change is a world of its own.
fn holds(letters: std::ops::RangeInclusive<char>) {
    if is_blessing() {
        return;
    }
    let mut wrong = Vec::new();
    for section in sections(letters) {
        for row in &section.rows {
            let outcome = section.outcome(row);
            if outcome.as_ref() != Ok(&row.outcome) {
                let what = outcome.unwrap_or_else(|wrong| wrong);
                let (before, after) = (row.before.join(" ; "), row.after.join(" ; "));
                wrong.push(format!("{}: {before} => {after}\n    {what}", section.type_name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_blessing() -> bool {
    std::env::var_os("INFRA_BLESS").is_some()
}

#[test]
fn each_attribute_of_the_first_types_is_changed_as_the_table_says() {
    holds('a'..='h');
}

#[test]
fn each_attribute_of_a_server_is_changed_as_the_table_says() {
    holds('i'..='i');
}

#[test]
fn each_attribute_of_the_next_types_is_changed_as_the_table_says() {
    holds('j'..='r');
}

#[test]
fn each_attribute_of_the_last_types_is_changed_as_the_table_says() {
    holds('s'..='z');
}

/// No attribute that may be set is left out, and none is made anew for what the API can change.
#[test]
fn every_attribute_is_in_the_table() {
    let text = std::fs::read_to_string(path()).unwrap();
    if is_blessing() {
        let all = read(&text);
        let rows = all
            .iter()
            .flat_map(|section| section.rows.iter().map(move |row| (section, row)));
        let written = with_outcomes(
            &text,
            &mut rows.map(|(section, row)| section.outcome(row).unwrap_or_else(|wrong| panic!("{wrong}"))),
        );
        std::fs::write(path(), written).unwrap();
        return;
    }
    let mut covered: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for section in read(&text) {
        for row in &section.rows {
            let changed = section.changed(row);
            covered
                .entry(section.type_name.clone())
                .or_default()
                .extend(changed);
        }
    }
    let settable = REGISTRY.iter().map(|one| (one.name.to_owned(), settable(one)));
    let missing: Vec<String> = settable
        .flat_map(|(name, paths)| {
            let covered = covered.get(&name).cloned().unwrap_or_default();
            paths
                .into_iter()
                .filter(move |path| !covered.contains(path))
                .map(move |path| format!("{name}.{path}"))
        })
        .collect();
    assert!(missing.is_empty(), "in no change of attributes.txt: {missing:?}");
}

/// Each row says why.
#[test]
fn what_is_made_anew_has_its_reason() {
    for section in sections('a'..='z') {
        for row in section
            .rows
            .iter()
            .filter(|row| row.outcome.starts_with("replaced"))
        {
            let why = anew::reason(&section.type_name, &section.changed(row));
            assert!(
                !why.is_empty(),
                "{}: no reason for {:?}",
                section.type_name,
                section.changed(row)
            );
            assert!(
                row.outcome.ends_with(&format!("({why})")),
                "{}: {why}",
                row.outcome
            );
        }
    }
}

#[test]
fn what_is_made_anew_no_action_of_the_api_changes() {
    let (mut anew, mut in_place) = (BTreeSet::new(), BTreeSet::new());
    for section in sections('a'..='z') {
        for row in &section.rows {
            let changed = section
                .changed(row)
                .into_iter()
                .map(|path| (section.type_name.clone(), path));
            match row.outcome.split(':').next().unwrap() {
                "replaced" => anew.extend(changed),
                "refused" => {}
                _ => in_place.extend(changed),
            }
        }
    }
    let anew: BTreeSet<(String, String)> = anew.difference(&in_place).cloned().collect();
    let named = anew::ANEW.iter().flat_map(|(type_name, attributes, ..)| {
        let attributes = attributes.iter();
        attributes.map(|attribute| ((*type_name).to_owned(), (*attribute).to_owned()))
    });
    assert_eq!(anew, named.collect(), "each has its reason, and no other");
    let updates = anew::updates();
    assert!(updates.len() > 100, "{}", updates.len());
    for (type_name, attributes, besides, why) in anew::ANEW {
        let resource_type = find(type_name).unwrap();
        for attribute in *attributes {
            let attribute = resource_type.attribute(attribute).unwrap();
            let own = [attribute.param_path(), Some(attribute.update_param_name())];
            let takes = |params: &BTreeSet<String>| {
                params.contains(resource_type.id_param)
                    && own
                        .iter()
                        .flatten()
                        .any(|param| param != resource_type.id_param && params.contains(param))
            };
            let could = updates
                .iter()
                .filter(|(name, params)| takes(params) && !besides.contains(&name.as_str()));
            let could: Vec<&String> = could.map(|(name, _)| name).collect();
            assert!(
                could.is_empty(),
                "{type_name}.{} ({why}): {could:?}",
                attribute.name
            );
        }
    }
}
