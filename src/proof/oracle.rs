//! What must be true when all is done, read from the cloud's own inventory and not through the tool's eyes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::disk::Leaves;
use super::fate::Plan;
use super::handovers::block;
use super::inside;
use super::lock;
use super::remembered;
use super::scenarios::{Piece, Stack, TABLES};
use super::stacks::PASSWORDS;
use super::world::{Ended, World};

/// Follows a world through its runs.
pub(super) struct Oracle {
    serial: u64,
}

impl Oracle {
    pub(super) fn new(world: &World) -> Oracle {
        Oracle {
            serial: serial(world).unwrap_or(0),
        }
    }

    /// What must hold after any run, however it ended. I3: the serial never decreases. I6 and I7: see `net`.
    pub(super) fn look(&mut self, world: &World, ended: &Ended) -> Result<(), String> {
        let told = || format!("exit {:?}\n{}\n{}", ended.code, ended.out, ended.err);
        if let Some(broken) = lock(&world.site).broken.first() {
            return Err(format!("{broken}\n{}", told()));
        }
        // What a plan has told to be left is nobody's from then on.
        for line in ended
            .out
            .lines()
            .filter(|line| line.contains("kept") && line.contains("stays"))
        {
            let mut words = line.split([' ', ',']);
            let id = words.find(|word| word.starts_with("d-"));
            lock(&world.site).taken_off.extend(id.map(str::to_owned));
        }
        let mut said = format!("{}{}", ended.out, ended.err).into_bytes();
        for extension in ["json", "journal"] {
            let path = world.state_file(extension);
            said.extend(world.disk.now(&path).unwrap_or_default());
        }
        let said = String::from_utf8_lossy(&said);
        if let Some((name, _)) = PASSWORDS.iter().find(|(_, secret)| said.contains(secret)) {
            return Err(format!("the value of {name} is told: {}", told()));
        }
        let is_expected = match ended.code {
            None | Some(0 | 1 | 3) => true,
            Some(130) => ended.asked_at.is_some(),
            // What cannot be made is left out before anything is given up for it.
            Some(5) => ended.sent == 0 || world.weather.refused.is_some(),
            // Somebody else was at work, now or since the plan was kept; then it changed nothing.
            Some(6 | 7) => ended.sent == 0,
            Some(_) => false,
        };
        if !is_expected {
            return Err(format!("a run ended in an unexpected way: {}", told()));
        }
        if matches!(ended.code, Some(1 | 3 | 5)) && !ended.err.contains("error") {
            return Err(format!("no word of what is wrong: {}", told()));
        }
        // Two processes could hold locks on two files of one name.
        if ended.code == Some(0) && world.disk.now(&world.state_file("lock")).is_none() {
            return Err(format!("the lock file was removed: {}", told()));
        }
        let serial = serial(world).unwrap_or(0);
        if serial < self.serial {
            return Err(format!("the serial went from {} back to {serial}", self.serial));
        }
        self.serial = serial;
        Ok(())
    }

    /// At most two undisturbed runs make everything right.
    pub(super) fn converges(&mut self, world: &mut World, stack: &Stack) -> Result<(), String> {
        for attempt in 1..=2 {
            let ended = world.apply(Plan::default());
            // A run that has ended by itself has made everything durable.
            let looked = self.look(world, &ended).and_then(|()| {
                world.crash(Leaves::Nothing);
                self.look(world, &ended)
            });
            looked.map_err(|error| format!("run {attempt} afterwards: {error}"))?;
            if ended.code == Some(0) {
                break;
            }
            if attempt == 2 {
                return Err(format!(
                    "two runs were not enough: exit {:?}\n{}\n{}",
                    ended.code, ended.out, ended.err
                ));
            }
        }
        check(world, stack)
    }
}

/// The serial in the state file; none without one.
pub(super) fn serial(world: &World) -> Option<u64> {
    let bytes = world.disk.now(&world.state_file("json"))?;
    serde_json::from_slice::<Value>(&bytes).ok()?["serial"].as_u64()
}

/// I1 to I5: the cloud has exactly what is wanted, once, the state knows exactly that, and nothing is left to do.
pub(super) fn check(world: &mut World, stack: &Stack) -> Result<(), String> {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).map_err(|error| {
        format!(
            "I3: the state cannot be read: {error}\n{}{}",
            pulled.out, pulled.err
        )
    })?;
    let lineage = state["lineage"].as_str().unwrap_or_default().to_owned();
    let known: BTreeMap<String, String> = state["resources"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(address, resource)| {
            let id = resource["id"].as_str().unwrap_or_default().to_owned();
            (address.clone(), id)
        })
        .collect();
    let inventory = world.inventory();
    let contradictions = lock(&world.site).cloud.check();
    if let Some(contradiction) = contradictions.first() {
        return Err(format!("the simulator contradicts itself: {contradiction}"));
    }
    let is_there = |id: &str| {
        let mut rows =
            (["disk", "eip"].iter()).flat_map(|table| inventory[*table].as_array().into_iter().flatten());
        rows.any(|row| row["id"] == id)
    };
    if let Some(gone) = world.stays.iter().find(|id| !is_there(id))
        && !lock(&world.site).is_thinned
    {
        return Err(format!("I9: {gone} was let go of and is gone"));
    }
    let mut wanted: BTreeSet<&str> = stack.pieces.iter().map(|piece| piece.address.as_str()).collect();
    let all_wanted = wanted.clone();
    let mut told: Vec<&str> = Vec::new();
    for table in TABLES {
        for row in inventory[table].as_array().into_iter().flatten() {
            let id = row["id"].as_str().unwrap_or_default();
            let is_foreign = world.foreign.contains_key(&((*table).to_owned(), id.to_owned()));
            if is_foreign || inside::is_made_with_another(table, row) {
                continue;
            }
            // A key's id is its name.
            let id = match *table {
                "key_pair" => row["name"].as_str().unwrap_or_default(),
                _ => id,
            };
            // Without tags nobody can know it again: what somebody has taken off, or a plan has told to stay, is in their
            // hands.
            if tag(row, "infra:addr").is_none() && lock(&world.site).taken_off.contains(id) {
                continue;
            }
            let Some((stack_tag, address)) = tag(row, "infra:stack").zip(tag(row, "infra:addr")) else {
                return Err(format!("I1: {table} {id} carries no tags of ours: {row}"));
            };
            // A data disk whose server somebody else has deleted, and that nobody wants any more.
            if *table == "disk" && address.starts_with("instance.") && !all_wanted.contains(address) {
                told.push(id);
                continue;
            }
            // What was let go of keeps its tags; without a word of the file it is told.
            if world.let_go.contains(block(address)) && !all_wanted.contains(address) {
                if !stack.let_go.contains(block(address)) {
                    told.push(id);
                }
                continue;
            }
            let has_another = known.get(address).is_some_and(|other| other != id);
            if stack_tag == lineage && has_another && world.orphans.contains(id) {
                told.push(id);
                continue;
            }
            if stack_tag != lineage || known.get(address).map(String::as_str) != Some(id) {
                return Err(format!(
                    "I1: {table} {id} of {address} is not in the state: {known:?}"
                ));
            }
            let piece = stack.pieces.iter().find(|piece| piece.address == address);
            let Some(piece) = piece.filter(|_| wanted.remove(address)) else {
                return Err(format!(
                    "I2: {table} {id} of {address} is not wanted, or is there twice"
                ));
            };
            has_all(piece, row, &known)?;
        }
    }
    inside::check(&inventory, stack, &known, &world.foreign, &mut wanted)?;
    for ((table, id), before) in &world.foreign {
        let now = match table.as_str() {
            "rule" => inside::rules(&inventory).find(|rule| rule["id"] == **id),
            table => {
                let mut rows = inventory[table].as_array().into_iter().flatten();
                rows.find(|row| row["id"] == **id)
            }
        };
        if now != Some(before) {
            return Err(format!(
                "somebody else's {table} {id} was {before} and is {now:?}"
            ));
        }
    }
    if let Some(missing) = wanted.first() {
        return Err(format!("I5: {missing} does not exist"));
    }
    if known.len() != stack.pieces.len() {
        return Err(format!("I1: the state knows more than exists: {known:?}"));
    }
    remembered::agrees(&state, &stack.text()).map_err(|error| format!("I8: {error}\n{}", pulled.out))?;
    let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
    if plan.code != Some(0) || plan.sent > 0 || plan.out.contains("outside infra") {
        return Err(format!(
            "I4: the second plan is not empty:\n{}\n{}",
            plan.out, plan.err
        ));
    }
    if let Some(id) = told.iter().find(|id| !plan.out.contains(**id)) {
        return Err(format!(
            "I1: {id} is nobody's and is not told:\n{}\n{}",
            plan.out, plan.err
        ));
    }
    // Nor is there anything that only the state would learn.
    let again = world.apply(Plan::default());
    let noted = world.run(&["state", "pull"], Plan::default());
    let noted: Value = serde_json::from_str(&noted.out).map_err(|error| error.to_string())?;
    let is_same = ["resources", "outputs"]
        .iter()
        .all(|part| noted[part] == state[part]);
    if again.code != Some(0) || again.sent > 0 || !is_same {
        return Err(format!(
            "I4: the second apply changes something: exit {:?}\n{}\n{}\n{}\n{noted:#}",
            again.code, again.out, again.err, pulled.out
        ));
    }
    Ok(())
}

/// Whether a row has what a piece says.
pub(super) fn has_all(piece: &Piece, row: &Value, known: &BTreeMap<String, String>) -> Result<(), String> {
    for (field, value) in &piece.fields {
        let found = found(row, field);
        let id = value
            .strip_prefix("${")
            .and_then(|text| known.get(text.strip_suffix(".id}")?));
        let value = id.unwrap_or(value);
        if found != *value {
            return Err(format!(
                "I5: {} has {field} {found} and should have {value}",
                piece.address
            ));
        }
    }
    Ok(())
}

/// A field of a row, nested with dots; `length` counts a list.
fn found(row: &Value, field: &str) -> String {
    let found = field
        .split('.')
        .try_fold(row, |row, part| match part.parse::<usize>() {
            Ok(index) => Ok(&row[index]),
            Err(_) if part == "length" => Err(row.as_array().map_or(0, Vec::len)),
            Err(_) => Ok(&row[part]),
        });
    match found {
        Ok(found) => found.as_str().map_or_else(|| found.to_string(), str::to_owned),
        Err(length) => length.to_string(),
    }
}

pub(super) fn tag<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    let tags = row["tags"].as_array()?;
    tags.iter().find(|tag| tag[0] == key)?[1].as_str()
}
