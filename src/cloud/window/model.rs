//! A model checker for the send window: every order of sends, deliveries, losses, reads, kills and restarts
//! within bounds, around one create.
//!
//! The rule under test is the one that the client uses. Each weakened variant must be found to double the
//! resource, which shows that the checker can see it. It checks safety only. One tick is a minute, so S, F, L and
//! T are 5, 2, 1 and 10.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use jiff::Timestamp;

use super::{Decision, FLIGHT, LAG, LookUp, SEND, TOKEN_LIFE, Window, decide};

/// A time or a number of things; everything in the model is small.
type Small = u8;

const NONE: Small = Small::MAX;
const SENDS_MAX: usize = 3;

/// How the client decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The client's own function.
    Real,
    /// The same rule with other numbers.
    Numbers { send: Small, flight: Small, lag: Small },
    /// No journal: a restarted process knows nothing.
    TokenInMemory,
    /// The intent is written after the request was sent.
    JournalAfterSend,
    /// A restarted process takes a new token without looking.
    FreshTokenOnRecovery,
    /// The same token for ever, without looking.
    SameTokenForEver,
    /// Looks, and sends the same token again when it finds nothing, however late.
    LookThenSameToken,
    /// The window is kept, but a look that finds nothing is believed at once.
    BelievesAtOnce,
}

/// What the world really does, and how much of it is tried.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    rule: Rule,
    /// The longest time a signed request can still be executed.
    flight: Small,
    /// The longest read lag.
    lag: Small,
    /// How long the server remembers a token.
    token_life: Small,
    kills: Small,
    ticks: Small,
    /// Whether a second process may take over while the first is only paused.
    zombie: bool,
    /// Whether an append to the journal fails once another process has taken over.
    fenced: bool,
}

const REAL: Bounds = Bounds {
    rule: Rule::Real,
    flight: minutes(FLIGHT),
    lag: minutes(LAG),
    token_life: minutes(TOKEN_LIFE),
    kills: 2,
    ticks: 12,
    zombie: false,
    fenced: true,
};

const fn minutes(duration: jiff::SignedDuration) -> Small {
    (duration.as_secs() / 60) as Small
}

/// An intent in the journal; its token is its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Intent {
    opened: Small,
    is_closed: bool,
}

/// A request on its way. It can be executed until `nominal` + F.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Message {
    token: Small,
    nominal: Small,
    sender: Small,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    /// Not running.
    Absent,
    /// Has to decide what to do next.
    Deciding,
    /// Waits for an answer.
    Waiting,
    /// Has sent before it wrote its intent (only in a weakened variant).
    SentFirst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Process {
    phase: Phase,
    /// The token that it works with.
    token: Small,
    /// When its last look that found nothing began.
    looked: Small,
}

/// Everything that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    now: Small,
    tokens: Small,
    intents: [Option<Intent>; SENDS_MAX],
    /// The result is in the journal.
    is_done: bool,
    messages: [Option<Message>; SENDS_MAX],
    sends: Small,
    /// When which token made an object.
    objects: [Option<(Small, Small)>; SENDS_MAX],
    processes: [Process; 2],
    /// The second process has taken over: the first can write and start no more.
    is_taken: bool,
    kills: Small,
}

impl World {
    fn begin() -> World {
        let absent = Process {
            phase: Phase::Absent,
            token: NONE,
            looked: NONE,
        };
        World {
            now: 0,
            tokens: 0,
            intents: [None; SENDS_MAX],
            is_done: false,
            messages: [None; SENDS_MAX],
            sends: 0,
            objects: [None; SENDS_MAX],
            processes: [absent; 2],
            is_taken: false,
            kills: 0,
        }
    }

    fn object_count(&self) -> usize {
        self.objects.iter().flatten().count()
    }

    /// Worlds that can follow.
    fn next(&self, bounds: &Bounds, found: &mut Vec<World>) {
        if self.now < bounds.ticks {
            let mut world = *self;
            world.now += 1;
            for message in &mut world.messages {
                // What has expired can do nothing any more.
                message.take_if(|message| world.now > message.nominal + bounds.flight);
            }
            found.push(world);
        }
        for index in 0..SENDS_MAX {
            self.deliver(index, bounds, found);
        }
        for index in 0..2 {
            match self.processes[index].phase {
                Phase::Absent => self.start(index, bounds, found),
                phase => {
                    if self.kills < bounds.kills {
                        let mut world = *self;
                        world.kills += 1;
                        world.end(index);
                        found.push(world);
                    }
                    self.act(index, phase, bounds, found);
                }
            }
        }
    }

    fn end(&mut self, index: usize) {
        self.processes[index] = World::begin().processes[0];
    }

    /// A process starts: it reads the journal.
    fn start(&self, index: usize, bounds: &Bounds, found: &mut Vec<World>) {
        // The second one is there to take over from a first that is still running.
        let may = match index {
            0 => !self.is_taken,
            _ => self.is_taken || (bounds.zombie && self.processes[0].phase != Phase::Absent),
        };
        if !may || self.is_done {
            return;
        }
        let mut world = *self;
        let open = self
            .intents
            .iter()
            .position(|intent| intent.is_some_and(|intent| !intent.is_closed));
        world.is_taken = index == 1;
        world.processes[index] = Process {
            phase: Phase::Deciding,
            token: open.map_or(NONE, small),
            looked: NONE,
        };
        if bounds.rule == Rule::FreshTokenOnRecovery
            && let Some(open) = open
        {
            world.close(open);
            world.processes[index].token = NONE;
        }
        found.push(world);
    }

    fn close(&mut self, token: usize) {
        if let Some(intent) = &mut self.intents[token] {
            intent.is_closed = true;
        }
    }

    /// Whether the journal takes a record from this process.
    fn may_append(&self, index: usize, bounds: &Bounds) -> bool {
        index == 1 || !bounds.fenced || !self.is_taken
    }

    fn act(&self, index: usize, phase: Phase, bounds: &Bounds, found: &mut Vec<World>) {
        match phase {
            Phase::Absent => {}
            // The answer is given up.
            Phase::Waiting => {
                let mut world = *self;
                world.processes[index].phase = Phase::Deciding;
                found.push(world);
            }
            Phase::SentFirst => {
                let mut world = *self;
                world.intents[usize::from(self.processes[index].token)] = Some(Intent {
                    opened: self.now,
                    is_closed: false,
                });
                world.processes[index].phase = Phase::Waiting;
                found.push(world);
            }
            Phase::Deciding => self.decide(index, bounds, found),
        }
    }

    fn decide(&self, index: usize, bounds: &Bounds, found: &mut Vec<World>) {
        let process = self.processes[index];
        if process.token == NONE {
            self.open(index, bounds, found);
            return;
        }
        let opened = self.intents[usize::from(process.token)].map_or(self.now, |intent| intent.opened);
        match bounds.decision(self.now, opened, process.looked) {
            Decision::Resend => self.send(index, bounds, found),
            Decision::LookUp => self.look(index, bounds, found),
            Decision::LookUpAgainAt(time) => {
                if self.now >= tick(time) {
                    self.look(index, bounds, found);
                }
            }
            Decision::Renew => {
                let mut world = *self;
                if self.may_append(index, bounds) {
                    world.close(usize::from(process.token));
                    world.processes[index].token = NONE;
                } else {
                    world.end(index);
                }
                found.push(world);
            }
        }
    }

    /// Takes a new token and writes its intent.
    fn open(&self, index: usize, bounds: &Bounds, found: &mut Vec<World>) {
        if usize::from(self.tokens) == SENDS_MAX {
            return;
        }
        let mut world = *self;
        if !self.may_append(index, bounds) {
            world.end(index);
            found.push(world);
            return;
        }
        world.tokens += 1;
        world.processes[index].token = self.tokens;
        world.processes[index].looked = NONE;
        match bounds.rule {
            Rule::TokenInMemory => {}
            Rule::JournalAfterSend => {
                if let Some(mut sent) = world.sent(index, bounds) {
                    sent.processes[index].phase = Phase::SentFirst;
                    found.push(sent);
                }
                return;
            }
            _ => {
                world.intents[usize::from(self.tokens)] = Some(Intent {
                    opened: self.now,
                    is_closed: false,
                });
            }
        }
        found.push(world);
    }

    fn send(&self, index: usize, bounds: &Bounds, found: &mut Vec<World>) {
        if let Some(world) = self.sent(index, bounds) {
            found.push(world);
        }
    }

    fn sent(&self, index: usize, _bounds: &Bounds) -> Option<World> {
        if usize::from(self.sends) == SENDS_MAX {
            return None;
        }
        let mut world = *self;
        world.messages[usize::from(self.sends)] = Some(Message {
            token: self.processes[index].token,
            nominal: self.now,
            sender: small(index),
        });
        world.sends += 1;
        world.processes[index].phase = Phase::Waiting;
        world.processes[index].looked = NONE;
        Some(world)
    }

    /// Looks for what the token made: what is old enough is seen, what is young may or may not be.
    fn look(&self, index: usize, bounds: &Bounds, found: &mut Vec<World>) {
        let process = self.processes[index];
        let made: Vec<Small> = self
            .objects
            .iter()
            .flatten()
            .filter(|(token, _)| *token == process.token)
            .map(|(_, made)| *made)
            .collect();
        if !made.is_empty() {
            found.push(self.done(index, bounds));
        }
        if made.iter().all(|made| self.now < made + bounds.lag) {
            let mut world = *self;
            world.processes[index].looked = self.now;
            if world != *self {
                found.push(world);
            }
        }
    }

    /// The process writes the result and ends.
    fn done(&self, index: usize, bounds: &Bounds) -> World {
        let mut world = *self;
        if self.may_append(index, bounds) {
            world.is_done = true;
            world.close(usize::from(self.processes[index].token));
        }
        world.end(index);
        world
    }

    /// A request arrives, or is lost. The answer arrives, or is lost.
    fn deliver(&self, index: usize, bounds: &Bounds, found: &mut Vec<World>) {
        let Some(message) = self.messages[index] else {
            return;
        };
        let mut world = *self;
        world.messages[index] = None;
        found.push(world);
        let is_known = |(token, made): &(Small, Small)| {
            *token == message.token && self.now < made.saturating_add(bounds.token_life)
        };
        if !self.objects.iter().flatten().any(is_known) {
            let Some(free) = world.objects.iter_mut().find(|object| object.is_none()) else {
                return;
            };
            *free = Some((message.token, self.now));
        }
        found.push(world);
        let sender = usize::from(message.sender);
        let process = world.processes[sender];
        if process.phase == Phase::Waiting && process.token == message.token {
            found.push(world.done(sender, bounds));
        }
    }
}

impl Bounds {
    /// What the client decides at `now` about an intent of `opened`.
    fn decision(&self, now: Small, opened: Small, looked: Small) -> Decision {
        let look_up = match looked {
            NONE => LookUp::NotYet,
            at => LookUp::NotFound { at: time(at) },
        };
        let window = Window::of(time(opened), false);
        match self.rule {
            Rule::Numbers { send, flight, lag } => {
                let believed = opened + send + flight + lag;
                match looked {
                    at if at != NONE && at >= believed => Decision::Renew,
                    _ if now <= opened + send => Decision::Resend,
                    at if at == NONE || now >= believed => Decision::LookUp,
                    _ => Decision::LookUpAgainAt(time(believed)),
                }
            }
            Rule::SameTokenForEver => Decision::Resend,
            Rule::LookThenSameToken if looked == NONE => Decision::LookUp,
            Rule::LookThenSameToken => Decision::Resend,
            Rule::BelievesAtOnce if looked != NONE => Decision::Renew,
            Rule::Real
            | Rule::TokenInMemory
            | Rule::JournalAfterSend
            | Rule::FreshTokenOnRecovery
            | Rule::BelievesAtOnce => decide(time(now), window, look_up),
        }
    }
}

fn small(number: usize) -> Small {
    Small::try_from(number).unwrap()
}

fn time(tick: Small) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::from(tick) * 60).unwrap()
}

fn tick(time: Timestamp) -> Small {
    Small::try_from((time.as_second() - 1_800_000_000) / 60).unwrap()
}

/// What the checker saw.
#[derive(Debug, Default)]
struct Seen {
    states: usize,
    /// States with two objects for one address.
    doubled: usize,
    /// States in which the work is done, with exactly one object.
    finished: usize,
    /// States in which the work is done although nothing was made.
    empty: usize,
}

/// A quick hash for many small states.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95);
    }
}

/// Visits every state; with `first_only`, stops at the first that has two objects.
fn check(bounds: &Bounds, first_only: bool) -> Seen {
    let mut known: HashSet<World, BuildHasherDefault<Quick>> = HashSet::default();
    let mut queue = VecDeque::from([World::begin()]);
    known.insert(World::begin());
    let mut seen = Seen::default();
    let mut next = Vec::new();
    while let Some(world) = queue.pop_front() {
        seen.states += 1;
        let count = world.object_count();
        seen.doubled += usize::from(count > 1);
        seen.finished += usize::from(world.is_done && count == 1);
        seen.empty += usize::from(world.is_done && count == 0);
        if count > 1 {
            if first_only {
                break;
            }
            continue;
        }
        next.clear();
        world.next(bounds, &mut next);
        for mut world in next.drain(..) {
            // The order in which requests were sent does not matter.
            world
                .messages
                .sort_unstable_by_key(|message| (message.is_none(), *message));
            if known.insert(world) {
                queue.push_back(world);
            }
        }
    }
    seen
}

fn holds(name: &str, bounds: &Bounds) {
    let seen = check(bounds, false);
    println!(
        "figure: model: {name}: {} states, {} doubled",
        seen.states, seen.doubled
    );
    assert_eq!(seen.doubled, 0, "{name} doubles");
    assert_eq!(seen.empty, 0, "{name} believes in what was never made");
    assert!(seen.finished > 0, "{name} never gets anywhere");
}

fn doubles(name: &str, bounds: &Bounds) {
    let seen = check(bounds, true);
    println!("figure: model: {name}: doubled after {} states", seen.states);
    assert!(seen.doubled > 0, "{name} was expected to double");
}

#[test]
fn the_real_rule_never_doubles() {
    holds("send window, 2 kills", &REAL);
    holds("send window, 3 kills", &Bounds { kills: 3, ..REAL });
    let token_life = NONE;
    holds(
        "send window, tokens live for ever",
        &Bounds { token_life, ..REAL },
    );
}

#[test]
fn the_real_rule_never_doubles_beside_a_paused_process() {
    let zombie = Bounds {
        zombie: true,
        kills: if std::env::var("INFRA_LONG").is_ok() { 3 } else { 1 },
        ..REAL
    };
    holds("send window, paused predecessor, fenced journal", &zombie);
}

#[test]
fn the_rule_never_doubles_with_other_numbers_that_fit() {
    let rule = Rule::Numbers {
        send: 0,
        flight: 1,
        lag: 2,
    };
    let tight = Bounds {
        rule,
        flight: 1,
        lag: 2,
        token_life: 2,
        ..REAL
    };
    holds("S=0 F=1 L=2 T=2", &tight);
}

#[test]
fn every_weakened_rule_doubles() {
    for rule in [
        Rule::TokenInMemory,
        Rule::JournalAfterSend,
        Rule::FreshTokenOnRecovery,
        Rule::SameTokenForEver,
        Rule::LookThenSameToken,
        Rule::BelievesAtOnce,
    ] {
        doubles(&format!("{rule:?}"), &Bounds { rule, ..REAL });
    }
    let zombie = Bounds {
        zombie: true,
        fenced: false,
        ..REAL
    };
    doubles("paused predecessor, journal not fenced", &zombie);
}

#[test]
fn a_world_outside_the_assumptions_doubles() {
    let short = minutes(SEND) + minutes(FLIGHT);
    doubles(
        "S + F >= T",
        &Bounds {
            token_life: short,
            ..REAL
        },
    );
    doubles("read lag 4, assumed 1", &Bounds { lag: 4, ..REAL });
    doubles("in flight 5, assumed 2", &Bounds { flight: 5, ..REAL });
}

#[test]
fn the_model_of_other_numbers_is_the_real_rule_with_its_own() {
    let numbers = Bounds {
        rule: Rule::Numbers {
            send: minutes(SEND),
            flight: minutes(FLIGHT),
            lag: minutes(LAG),
        },
        ..REAL
    };
    let mut decisions = BTreeSet::new();
    for opened in 0..4 {
        for now in opened..20 {
            for looked in (opened..=now).chain([NONE]) {
                let real = REAL.decision(now, opened, looked);
                assert_eq!(
                    numbers.decision(now, opened, looked),
                    real,
                    "{now} {opened} {looked}"
                );
                decisions.insert(format!("{real:?}"));
            }
        }
    }
    assert!(decisions.len() > 3, "only {decisions:?}");
}
