//! Seeded schedules: random stacks that are edited and reverted, under random weather, refusals, clocks and read lags,
//! with kills, requests to stop, processes that stand still, two at a time, somebody else who changes things, and runs
//! that see nothing or sign with the keys of another account. When the weather has calmed down, at most two runs make
//! everything right. A seed repeats exactly.
//!
//! `INFRA_PROOF_SEEDS=20000` runs that many, `INFRA_PROOF_SEED=17` that one with all that happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::backwards;
use super::disk::Leaves;
use super::fate::{Instant, Plan};
use super::handovers::block;
use super::net::{LATEST, Weather};
use super::oracle::{Oracle, serial, tag};
use super::scenarios::Stack;
use super::stacks::Drawn;
use super::world::{Ended, World};
use super::{Chance, lock};

/// How many seeds `cargo test` runs.
const SEEDS: u64 = 150;

/// What a schedule has come to.
struct Played {
    /// Of everything that happened, in order.
    hash: u64,
    words: Vec<String>,
    result: Result<(), String>,
    runs: u64,
    killed: u64,
    /// Simulated time.
    seconds: u64,
}

fn some_weather(chance: &mut Chance) -> Weather {
    let mut odds = |most: u64| match chance.below(3) {
        0 => chance.below(most + 1),
        _ => 0,
    };
    Weather {
        lost_request: odds(150),
        lost_answer: odds(150),
        error_before: odds(100),
        error_after: odds(100),
        throttled: odds(100),
        slow: odds(50),
        late: odds(30),
        twice: odds(100),
        cut: odds(50),
        foreign: odds(50),
        deaf: chance.below(2) == 0,
        dark: [0, chance.below(900_000)][usize::from(chance.below(8) == 0)],
        strict: false,
        lost_then_throttled: 0,
        silent_sts: chance.below(10) == 0,
        lacks: match chance.below(20) {
            0 => Some(*chance.pick(super::damaged::LACKING)),
            _ => None,
        },
        refused: match chance.below(8) {
            0 => Some(*chance.pick(REFUSED)),
            _ => None,
        },
        repeats: None,
        blind: None,
    }
}

/// Actions that the cloud refuses for good, and how.
const REFUSED: &[(&str, &str)] = &[
    ("CreateInstance", "OperationDenied.NoStock"),
    ("CreateInstance", "InvalidImageId.NotFound"),
    ("CreateSecurityGroup", "QuotaExceed.SecurityGroup"),
    ("CreateVSwitch", "InvalidCidrBlock.Overlapped"),
    ("ModifyInstanceSpec", "InvalidInstanceType.ValueNotSupported"),
    ("ModifyInstanceAttribute", "InvalidHostName.Malformed"),
    ("RebootInstance", "Forbidden.RAM"),
    ("StartInstance", "Forbidden.RAM"),
    ("StopInstance", "Forbidden.RAM"),
    ("AuthorizeSecurityGroup", "AuthorizationLimitExceed"),
    ("DeleteInstance", "OperationDenied"),
    ("DeleteSecurityGroup", "Forbidden.RAM"),
    ("CreateDisk", "InvalidDiskCategory.ValueNotSupported"),
    ("AttachDisk", "Forbidden.RAM"),
    ("DetachDisk", "Forbidden.RAM"),
    ("AllocateEipAddress", "QuotaExceeded.Eip"),
    ("AssociateEipAddress", "Forbidden.RAM"),
    ("UnassociateEipAddress", "Forbidden.RAM"),
];

fn some_kill(chance: &mut Chance) -> Option<Instant> {
    match chance.below(6) {
        0 => Some(Instant::BeforeFile(1 + chance.below(60))),
        1 => Some(Instant::AfterFile(1 + chance.below(60))),
        2 => Some(Instant::BeforeRequest(1 + chance.below(50))),
        3 => Some(Instant::AfterRequest(1 + chance.below(50))),
        _ => None,
    }
}

/// What happens to a run besides the weather.
fn some_plan(chance: &mut Chance) -> Plan {
    let mut seldom = |odds: u64, most: u64| {
        let (drawn, at) = (chance.below(odds), 1 + chance.below(50));
        (drawn == 0).then(|| (at, chance.below(most)))
    };
    let freeze = seldom(8, 7200);
    let (meddle, tamper) = (seldom(5, u64::MAX), seldom(5, u64::MAX));
    let (first, second) = (seldom(8, 1), seldom(20, 3));
    Plan {
        kill: some_kill(chance),
        freeze,
        meddle,
        tamper,
        signals: [first.map(|(at, _)| at), second.map(|(at, _)| at)],
        ..Plan::default()
    }
}

/// What every command line that changes something ends with.
const SURE: &[&str] = &[
    "--auto-approve",
    "--allow-destroy",
    "--allow-vanished",
    "--no-input",
];
/// Where a plan is kept.
const KEPT: &str = "p.plan";

/// What somebody runs: mostly `apply`, now and then for a part, around a part, for one anew, for the state alone, of a plan
/// that is kept, or the end of a part or of all.
fn some_command(world: &mut World, chance: &mut Chance, stack: &Stack, since: Option<u64>) -> Vec<String> {
    if let Some(since) = since.filter(|_| chance.below(3) == 0)
        && let Some(line) = backwards::some(world, chance, stack, since)
    {
        return line;
    }
    let address = chance.pick(&stack.pieces).address.clone();
    let line: &[&str] = match chance.below(36) {
        0 | 1 => &["apply", "--target", &address],
        2 => &["apply", "--exclude", &address],
        3 | 4 => &["apply", "--replace", &address],
        5 => &["apply", "--refresh-only"],
        6 => &["destroy", "--target", &address],
        7 => &["destroy"],
        9 if !stack.moves.is_empty() => {
            let (from, to) = chance.pick(&stack.moves).clone();
            return vec!["state".to_owned(), "mv".to_owned(), from, to];
        }
        10 if !stack.loose.is_empty() => {
            let address = chance.pick(&stack.loose).clone();
            world.let_go.insert(block(&address).to_owned());
            backwards::note_doubles(world, Some(&address));
            return vec!["state".to_owned(), "rm".to_owned(), address];
        }
        8 if world.run(&["plan", "-o", KEPT], Plan::default()).code == Some(0) => {
            // Somebody may be at work in between.
            world.wait(some_pause(chance));
            &["apply", KEPT]
        }
        _ => &["apply"],
    };
    // Then it goes like everything.
    if line[0] == "destroy" {
        world.stays.clear();
    }
    line.iter().chain(SURE).map(|&word| word.to_owned()).collect()
}

/// Runs it once, or twice at the same time. Where a serial is given, the state may go back as far as there.
fn disturb(world: &mut World, chance: &mut Chance, stack: &Stack, since: Option<u64>) -> Vec<Ended> {
    let mut runs = vec![(some_command(world, chance, stack, since), some_plan(chance))];
    if chance.below(6) == 0 {
        let delay = chance.below(3000);
        let second = Plan {
            delay,
            ..some_plan(chance)
        };
        runs.push((some_command(world, chance, stack, since), second));
    }
    for (line, _) in &runs {
        world.log(&line.join(" "));
    }
    let lines: Vec<Vec<&str>> = runs
        .iter()
        .map(|(line, _)| line.iter().map(String::as_str).collect())
        .collect();
    let runs: Vec<_> = lines
        .iter()
        .zip(&runs)
        .map(|(line, (_, plan))| (&line[..], *plan))
        .collect();
    world.run_together(&runs)
}

/// What lists each type.
const LISTS: &[(&str, &str)] = &[
    ("vpc", "DescribeVpcs"),
    ("vswitch", "DescribeVSwitches"),
    ("security_group", "DescribeSecurityGroups"),
    ("instance", "DescribeInstances"),
    ("disk", "DescribeDisks"),
    ("eip", "DescribeEipAddresses"),
    ("key_pair", "DescribeKeyPairs"),
    ("snapshot_policy", "DescribeAutoSnapshotPolicyEx"),
    ("nat_gateway", "DescribeNatGateways"),
    ("route_table", "DescribeRouteTableList"),
    ("network_interface", "DescribeNetworkInterfaces"),
    ("slb", "DescribeLoadBalancers"),
];

/// Somebody runs it who sees nothing of what is there, or nothing of a type, wanted or not, or with the keys of another
/// account: nothing is changed once the state knows what would be lost.
fn misled(world: &mut World, chance: &mut Chance, file: &str) -> Result<(), String> {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: serde_json::Value = serde_json::from_str(&pulled.out).unwrap_or_default();
    let entries = state["resources"].as_object().into_iter().flatten();
    // What a run of ours may have deleted is not missed.
    let known: Vec<&str> = entries
        .filter(|(_, entry)| entry["id"].is_string() && entry["unsettled"]["id"].is_null())
        .map(|(address, _)| address.as_str())
        .collect();
    if known.is_empty() || !state["cloud"]["account_id"].is_string() {
        return Ok(());
    }
    world.weather = Weather::default();
    let blind = match chance.below(4) {
        0 => Some("Describe"),
        1 => {
            let (type_name, list) = *chance.pick(LISTS);
            let is_let_go = |address: &str| world.let_go.contains(block(address));
            let is_of_type =
                |address: &&str| address.split('.').next() == Some(type_name) && !is_let_go(address);
            if !known.iter().any(is_of_type) {
                return Ok(());
            }
            Some(list)
        }
        _ => None,
    };
    if blind.is_some() {
        world.weather.blind = blind;
    } else {
        world.signer = super::STRANGER;
        world.weather.silent_sts = chance.below(2) == 0;
    }
    let command = ["apply", "--auto-approve", "--allow-destroy", "--no-input"];
    let ended = world.run(&command, Plan::default());
    world.signer = (super::KEY_ID, super::KEY_SECRET);
    world.weather.blind = None;
    world.log(&format!("blind {blind:?}: exit {:?}", ended.code));
    let expected = if blind.is_some() { 5 } else { 1 };
    // What is to be taken over is not seen either, nor what there is to choose from.
    let is_needed = ["[[import]]", "[data."].iter().any(|word| file.contains(word));
    let is_refused = ended.code == Some(1) && is_needed;
    if ended.code != Some(expected) && !is_refused || ended.sent > 0 {
        return Err(format!(
            "misled (blind {blind:?}): exit {:?}, {} sent\n{}\n{}",
            ended.code, ended.sent, ended.out, ended.err
        ));
    }
    Ok(())
}

fn some_pause(chance: &mut Chance) -> Duration {
    let most = [1, 60, 600, 1800][chance.below(4) as usize];
    Duration::from_secs(chance.below(most))
}

/// What the file says next: it is edited, reverted, or written anew.
fn another(chance: &mut Chance, drawn: &[Drawn]) -> Drawn {
    let last = &drawn[drawn.len() - 1];
    let mut next = match chance.below(5) {
        0 => some_stack(chance),
        1 => chance.pick(drawn).clone(),
        _ => {
            let mut edited = last.clone();
            edited.edit(chance);
            edited
        }
    };
    // A disk does not shrink, whatever the file says again.
    drawn.iter().for_each(|before| next.not_smaller_than(before));
    next
}

/// Puts the last file there. It takes over only what is there.
fn write(world: &mut World, drawn: &mut [Drawn], is_new: bool) {
    let Some(last) = drawn.last_mut() else { return };
    let inventory = world.inventory();
    let rows: BTreeMap<&str, &Value> = (["disk", "eip"].iter())
        .flat_map(|table| inventory[*table].as_array().into_iter().flatten())
        .filter_map(|row| Some((row["id"].as_str()?, row)))
        .collect();
    last.handovers.forget_what_is_gone(|id| rows.contains_key(id));
    let stack = last.stack();
    if is_new {
        // Of two of one address one was left over by a replacement, and goes.
        let addresses: Vec<&str> = rows.values().filter_map(|row| tag(row, "infra:addr")).collect();
        let is_single = |address: &str| addresses.iter().filter(|other| **other == address).count() == 1;
        let is_let_go = |row: &Value| {
            let address = tag(row, "infra:addr");
            address.is_some_and(|address| stack.let_go.contains(block(address)) && is_single(address))
        };
        // What is under way already comes in spite of the file, with its server as well.
        let doomed = lock(&world.site).doomed.clone();
        let is_doomed = |row: &Value| {
            let ids = [&row["id"], &row["instance_id"]];
            ids.iter()
                .any(|id| id.as_str().is_some_and(|id| doomed.contains(id)))
        };
        let stays = rows.iter().filter(|(_, row)| is_let_go(row) && !is_doomed(row));
        world.stays = stays.map(|(id, _)| (*id).to_owned()).collect();
    }
    world.put(&stack);
    world.log(&stack.text());
}

/// All types, and now and then all that the language has for them.
fn some_stack(chance: &mut Chance) -> Drawn {
    match chance.below(3) {
        0 => Drawn::told_in_full(chance),
        _ => Drawn::whole(chance),
    }
}

fn play(seed: u64, with_words: bool) -> Played {
    play_on(seed, with_words, None, false)
}

/// The same, with everything that the cloud is told and answers recorded, and with states that go back.
fn play_on(seed: u64, with_words: bool, tape: Option<&Tape>, goes_back: bool) -> Played {
    let chance = &mut Chance::new(seed);
    let lag = [0, 0, chance.below(60_000)][chance.below(3) as usize];
    let mut drawn = vec![some_stack(chance)];
    let mut world = World::new(seed, &drawn[0].stack().text(), |options| {
        options.read_lag = Duration::from_millis(lag);
        let (id, secret) = super::STRANGER;
        options.key_pairs.push(crate::sim::KeyPair::new(id, secret));
    });
    world.parallelism = *chance.pick(&[1, 2, 3, 4, 20]);
    world.skew = [0, 0, chance.below(7_200_000) as i64 - 3_600_000][chance.below(3) as usize];
    let strict = chance.below(6) == 0;
    lock(&world.site).log.words = with_words.then(Vec::new);
    if let Some(tape) = tape {
        let key = [seed as u8; 32];
        let cloud = &mut lock(&world.site).cloud;
        cloud.record_to(Box::new(tape.clone()), key).unwrap();
    }
    let mut oracle = Oracle::new(&world);
    let (mut runs, mut killed) = (0, 0);
    let mut disturbed = || -> Result<(), String> {
        let last = chance.below(3);
        for stage in 0..=last {
            if stage > 0 {
                let mut next = another(chance, &drawn);
                next.take_over(&mut world, chance);
                drawn.push(next);
                write(&mut world, &mut drawn, true);
            }
            let stack = drawn[drawn.len() - 1].stack();
            // What a later file does not want any more would be in its way, known to nobody.
            let since = (goes_back && stage == last).then(|| serial(&world).unwrap_or(0));
            for _ in 0..=chance.below(2) {
                world.weather = Weather {
                    strict,
                    ..some_weather(chance)
                };
                let ended = disturb(&mut world, chance, &stack, since);
                runs += ended.len() as u64;
                let dead = ended.iter().filter(|ended| ended.code.is_none()).count();
                killed += dead as u64;
                for one in &ended {
                    world.log(&format!(
                        "exit {:?}, {} changes of the disk",
                        one.code, one.changes
                    ));
                }
                // The machine goes down only with all of its processes.
                let leaves = match chance.below(3) {
                    1 if dead == ended.len() => Leaves::Nothing,
                    2 if dead == ended.len() => Leaves::Part(chance.next()),
                    _ => Leaves::Everything,
                };
                world.crash(leaves);
                for one in &ended {
                    oracle.look(&world, one)?;
                }
                world.wait(some_pause(chance));
                if chance.below(8) == 0 {
                    misled(&mut world, chance, &stack.text())?;
                }
            }
        }
        Ok(())
    };
    let result = disturbed().and_then(|()| {
        world.weather = Weather {
            strict,
            ..Weather::default()
        };
        world.wait(LATEST);
        write(&mut world, &mut drawn, false);
        oracle.converges(&mut world, &drawn[drawn.len() - 1].stack())
    });
    let log = &mut lock(&world.site).log;
    Played {
        hash: log.hash(),
        words: log.words.take().unwrap_or_default(),
        result,
        runs,
        killed,
        seconds: world.age().as_secs(),
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
    )
}

#[test]
fn random_schedules_end_well() {
    play_all(SEEDS, false);
}

/// The state is made to forget, and goes back, in the middle of it all.
#[test]
fn random_schedules_with_states_that_go_back_end_well() {
    play_all(SEEDS, true);
}

/// Plays so many seeds, or as many as the environment says.
fn play_all(seeds: u64, goes_back: bool) {
    let name = if goes_back {
        "random_schedules_with"
    } else {
        "random_schedules_end"
    };
    if let Some(seed) = number("INFRA_PROOF_SEED") {
        let played = play_on(seed, true, None, goes_back);
        println!("{}\nseed {seed}: {:?}", played.words.join("\n"), played.result);
        assert!(played.result.is_ok());
        return;
    }
    let seeds = number("INFRA_PROOF_SEEDS").unwrap_or(seeds);
    let first = number("INFRA_PROOF_FROM").unwrap_or(1);
    let (mut runs, mut killed, mut seconds) = (0, 0, 0);
    let mut failed = Vec::new();
    for seed in first..first + seeds {
        let played = play_on(seed, false, None, goes_back);
        (runs, killed, seconds) = (
            runs + played.runs,
            killed + played.killed,
            seconds + played.seconds,
        );
        if let Err(error) = played.result {
            println!(
                "seed {seed}: {error}\nrepeat with: INFRA_PROOF_SEED={seed} cargo test --lib \
                 proof::schedules::{name} -- --nocapture"
            );
            failed.push(seed);
            if failed.len() >= 5 {
                break;
            }
        }
    }
    let days = seconds / 86_400;
    println!(
        "figure: schedules{}: {seeds}, disturbed runs: {runs}, killed: {killed}, simulated days: {days}",
        if goes_back { " that go back" } else { "" }
    );
    assert!(failed.is_empty(), "seeds that broke a rule: {failed:?}");
    assert!(killed > seeds / 4, "only {killed} of {runs} runs were killed");
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `INFRA_PROOF_RECORDED=1000` runs that many.
#[test]
fn a_recorded_schedule_is_told_again_byte_for_byte() {
    let mut requests = 0;
    let seeds = number("INFRA_PROOF_RECORDED").unwrap_or(30);
    for seed in 1..=seeds {
        let tape = Tape::default();
        let _ = play_on(seed, false, Some(&tape), false);
        let recording = std::mem::take(&mut *lock(&tape.0));
        let told = crate::sim::replay(&recording[..]).unwrap();
        assert_eq!(told.differences, [], "seed {seed}");
        requests += told.requests;
    }
    println!("figure: recorded schedules: {seeds}, requests answered again: {requests}");
    assert!(requests > seeds * 10, "only {requests} requests");
}

#[test]
fn a_seed_repeats_exactly() {
    for seed in 1000..1020 {
        let (first, second) = (play(seed, true), play(seed, true));
        for (one, other) in first.words.iter().zip(&second.words) {
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(first.hash, second.hash, "seed {seed}");
    }
    assert_ne!(play(1, false).hash, play(2, false).hash);
}
