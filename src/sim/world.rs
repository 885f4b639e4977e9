//! Everything that exists in one account's cloud: a table for each kind of thing, time that passes over all of them,
//! and what follows when something ends. Does not know which kinds there are, nor requests, parameters or error codes.

use std::any::TypeId;
use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use super::clock::Now;
use super::faults::Later;
use super::head::{Head, Next, Status};
use super::seed::{Numbers, mix};
use super::table::{AnyTable, Row, Table, addresses_of};
use super::written::WrittenParts;

/// What a kind of thing tells the world of itself, besides its actions.
pub(super) trait Kind: Row {
    /// Its name in the log, in `/_sim/world` and in the links of what belongs to it.
    const NAME: &'static str;
    /// As what it takes tags and moves between resource groups: version and resource type, in lower case.
    const RESOURCE: &'static [(&'static str, &'static str)] = &[];
    /// Kinds of things that cannot be deleted while one of this kind belongs to them, with the codes for it.
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[];
    /// How many may belong to one thing: its kind, the vendor's limit, the codes of one too many.
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] = &[];
    /// Kept in the log and not shown.
    const HIDDEN: bool = false;

    /// Makes what is there from the beginning.
    fn begin(_world: &mut World) {}

    /// Has just come into another status by itself.
    fn arrived(_world: &mut World, _id: &str, _status: Status, _now: Now) {}

    /// Its deadline has passed.
    fn over(_world: &mut World, _id: &str, _now: Now) {}

    /// A thing of another kind, that some of this kind belong to, has just gone.
    fn bereft(_world: &mut World, _kind: &'static str, _id: &str, _now: Now) {}

    /// A thing of any kind was changed.
    fn touched(_world: &mut World, _kind: &'static str, _id: &str) {}

    /// What contradicts itself among the rows of this kind.
    fn faults(_world: &World) -> Vec<String> {
        Vec::new()
    }
}

/// A kind of thing as a row of the registry.
#[derive(Debug, Clone, Copy)]
pub(super) struct KindFacts {
    name: &'static str,
    resource: &'static [(&'static str, &'static str)],
    holds: &'static [(&'static str, &'static [&'static str])],
    hidden: bool,
    type_id: fn() -> TypeId,
    table: fn() -> Box<dyn AnyTable>,
    begin: fn(&mut World),
    arrived: fn(&mut World, &str, Status, Now),
    over: fn(&mut World, &str, Now),
    bereft: fn(&mut World, &'static str, &str, Now),
    touched: fn(&mut World, &'static str, &str),
    faults: fn(&World) -> Vec<String>,
}

impl KindFacts {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn of<K: Kind>() -> Self {
        Self {
            name: K::NAME,
            resource: K::RESOURCE,
            holds: K::HOLDS,
            hidden: K::HIDDEN,
            type_id: TypeId::of::<K>,
            table: || Box::new(Table::<K>::default()),
            begin: K::begin,
            arrived: K::arrived,
            over: K::over,
            bereft: K::bereft,
            touched: K::touched,
            faults: K::faults,
        }
    }
}

/// The cloud of one account.
#[derive(Debug)]
pub(super) struct World {
    pub(super) account_id: String,
    seed: u64,
    /// How many things were ever made; the source of ids and of the order of creation.
    made: u64,
    tables: Vec<(KindFacts, Box<dyn AnyTable>)>,
    places: HashMap<TypeId, usize>,
    /// Addresses in use, by vSwitch. Follows from the rows.
    addresses: HashMap<String, Addresses>,
    /// Parts of answers, while nothing changes.
    written: RefCell<Written>,
    /// Ids of what is made next, by their first letters: for things that come with an id of their own.
    expected: BTreeMap<String, String>,
}

/// Parts of answers as they were written for the world's present version.
#[derive(Debug, Default)]
struct Written {
    version: u64,
    /// By action.
    parts: HashMap<&'static str, WrittenParts>,
}

/// The addresses of a vSwitch that are in use.
#[derive(Debug, Default)]
struct Addresses {
    used: BTreeSet<u32>,
    /// No address below this one is free.
    full_below: Cell<u32>,
}

impl World {
    pub(super) fn new(kinds: impl Iterator<Item = KindFacts>, seed: u64, account_id: String) -> Self {
        let salt = account_id
            .bytes()
            .fold(seed, |salt, byte| mix(salt ^ u64::from(byte)));
        let mut world = Self::restored(kinds, salt, account_id);
        let begins: Vec<fn(&mut World)> = world.tables.iter().map(|(facts, _)| facts.begin).collect();
        begins.iter().for_each(|begin| begin(&mut world));
        world
    }

    /// A cloud in which nothing is, not even what every account begins with, to be filled with another one's rows: the
    /// ids that would have followed there follow here.
    pub(super) fn restored(kinds: impl Iterator<Item = KindFacts>, seed: u64, account_id: String) -> Self {
        let tables: Vec<_> = kinds.map(|facts| (facts, (facts.table)())).collect();
        let places = tables
            .iter()
            .enumerate()
            .map(|(place, (facts, _))| ((facts.type_id)(), place))
            .collect();
        Self {
            account_id,
            seed,
            made: 0,
            tables,
            places,
            addresses: HashMap::new(),
            written: RefCell::default(),
            expected: BTreeMap::new(),
        }
    }

    /// Numbers that follow from the seed and the account, the same for the same name.
    pub(super) fn numbers_of(&self, name: &str) -> Numbers {
        Numbers::new(
            name.bytes()
                .fold(self.seed, |mixed, byte| mix(mixed ^ u64::from(byte))),
        )
    }

    /// The next thing whose id begins so is to have this one.
    pub(super) fn expect_id(&mut self, prefix: &str, id: &str) {
        self.expected.insert(prefix.to_owned(), id.to_owned());
    }

    /// The id that was told for the next thing whose id begins so.
    pub(super) fn expected_id(&mut self, prefix: &str) -> Option<String> {
        self.expected.remove(prefix)
    }

    /// No thing that is made from now on comes with an id of its own.
    pub(super) fn expect_no_id(&mut self) {
        self.expected.clear();
    }

    /// What its ids follow from.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Remembers changes from now on, for the log on disk.
    pub(super) fn track(&mut self) {
        self.tables.iter_mut().for_each(|(_, table)| table.track());
    }

    /// The next place in the order of creation, with the numbers that its ids are made from.
    pub(super) fn make(&mut self) -> (u64, Numbers) {
        self.made += 1;
        (self.made, Numbers::new(mix(self.seed) ^ self.made))
    }

    /// How many things were ever made.
    pub(super) fn made(&self) -> u64 {
        self.made
    }
}

// ── rows by kind ─────────────────────────────────────────────────────────────────────────────────────────────────

impl World {
    fn place_of<K: Kind>(&self) -> usize {
        *self
            .places
            .get(&TypeId::of::<K>())
            .expect("every kind is in the registry")
    }

    /// All things of a kind.
    pub(super) fn all<K: Kind>(&self) -> &Table<K> {
        let table = self.tables[self.place_of::<K>()].1.as_any();
        table.downcast_ref().expect("a table is found under its own type")
    }

    fn all_mut<K: Kind>(&mut self) -> &mut Table<K> {
        let place = self.place_of::<K>();
        let table = self.tables[place].1.as_any_mut();
        table.downcast_mut().expect("a table is found under its own type")
    }

    pub(super) fn get<K: Kind>(&self, id: &str) -> Option<&K> {
        self.all::<K>().get(id)
    }

    /// The things of a kind that are linked to this value, oldest first.
    pub(super) fn linked<'t, K: Kind>(
        &'t self,
        kind: &'static str,
        value: &'t str,
    ) -> impl Iterator<Item = &'t K> {
        self.all::<K>().linked(kind, value)
    }

    /// The ids of the things of a kind that are linked to this value, to change them one after the other.
    pub(super) fn ids_linked<K: Kind>(&self, kind: &'static str, value: &str) -> Vec<String> {
        self.linked::<K>(kind, value)
            .map(|row| row.head().id.clone())
            .collect()
    }

    pub(super) fn insert<K: Kind>(&mut self, row: K) {
        self.note(addresses_of(&row));
        self.all_mut::<K>().insert(row);
    }

    /// Changes a thing in place; nothing happens when it does not exist.
    pub(super) fn update<K: Kind, R>(&mut self, id: &str, change: impl FnOnce(&mut K) -> R) -> Option<R> {
        let (result, before, after) = self.all_mut::<K>().update(id, |row| {
            let before = addresses_of(row);
            let result = change(row);
            (result, before, addresses_of(row))
        })?;
        if before != after {
            self.forget(&before);
            self.note(after);
        }
        for place in 0..self.tables.len() {
            let touched = self.tables[place].0.touched;
            touched(self, K::NAME, id);
        }
        Some(result)
    }

    /// Takes a thing out of the world, with what follows from that for others.
    pub(super) fn remove<K: Kind>(&mut self, id: &str, now: Now) {
        self.remove_at(self.place_of::<K>(), id, now);
    }

    fn remove_at(&mut self, place: usize, id: &str, now: Now) {
        let (facts, table) = &mut self.tables[place];
        let name = facts.name;
        let Some(addresses) = table.take_out(id) else {
            return;
        };
        self.forget(&addresses);
        for place in 0..self.tables.len() {
            let bereft = self.tables[place].0.bereft;
            bereft(self, name, id, now);
        }
    }

    /// The codes of the first kind that keeps a thing from being deleted because some of it belong there.
    pub(super) fn holder<K: Kind>(&self, id: &str) -> Option<&'static [&'static str]> {
        self.holder_besides::<K>(id, &[])
    }

    /// The same, as if there were nothing of these kinds.
    pub(super) fn holder_besides<K: Kind>(
        &self,
        id: &str,
        besides: &[&str],
    ) -> Option<&'static [&'static str]> {
        let others = self
            .tables
            .iter()
            .filter(|(facts, _)| !besides.contains(&facts.name));
        others.into_iter().find_map(|(facts, table)| {
            let (_, codes) = facts.holds.iter().find(|(kind, _)| *kind == K::NAME)?;
            // What belongs to itself, as a group that its own rules name, holds nothing.
            let held = table.heads_linked(K::NAME, id).any(|head| head.id != id);
            held.then_some(*codes)
        })
    }

    /// The table of a resource type, as the tag and resource group actions name it.
    pub(super) fn resource(&self, version: &str, kind: &str) -> Option<&dyn AnyTable> {
        let place = self.resource_place(version, kind)?;
        Some(self.tables[place].1.as_ref())
    }

    /// The same, to change it.
    pub(super) fn resource_mut(&mut self, version: &str, kind: &str) -> Option<&mut dyn AnyTable> {
        let place = self.resource_place(version, kind)?;
        Some(self.tables[place].1.as_mut())
    }

    /// Whether anything is in a resource group.
    pub(super) fn is_group_used(&self, group: &str) -> bool {
        self.tables
            .iter()
            .any(|(_, table)| table.heads_indexed(&[]).any(|head| head.resource_group == group))
    }

    /// All tables of resource types, each under every version and type that it is known by.
    pub(super) fn resources(&self) -> impl Iterator<Item = (&'static str, &'static str, &dyn AnyTable)> {
        self.tables.iter().flat_map(|(facts, table)| {
            let own = facts.resource.iter();
            own.map(move |(version, kind)| (*version, *kind, table.as_ref()))
        })
    }

    fn resource_place(&self, version: &str, kind: &str) -> Option<usize> {
        let named = |(own, name): &(&str, &str)| *own == version && name.eq_ignore_ascii_case(kind);
        self.tables
            .iter()
            .position(|(facts, _)| facts.resource.iter().any(named))
    }
}

// ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

impl World {
    /// Brings everything to its state at `now`. What happens, happens in the order of its moments and as of its
    /// moment, so that it does not matter how often this is called.
    pub(super) fn settle(&mut self, now: Now) {
        loop {
            let due = self.earliest(|table| table.next_due(now.life));
            let deadline = self.earliest(|table| table.next_deadline(now.real));
            match (due, deadline) {
                (Some((at, ..)), Some((end, place, id))) if end < now.at_life(at).real => {
                    (self.tables[place].0.over)(self, &id, now.at_real(end));
                }
                (Some((at, place, id)), _) => self.step(place, &id, now.at_life(at)),
                (None, Some((end, place, id))) => {
                    (self.tables[place].0.over)(self, &id, now.at_real(end));
                }
                (None, None) => break,
            }
        }
    }

    /// The earliest of all tables: its moment, the place of its table and its id.
    fn earliest<'t>(
        &'t self,
        next: impl Fn(&'t dyn AnyTable) -> Option<(i64, &'t str)>,
    ) -> Option<(i64, usize, String)> {
        self.tables
            .iter()
            .enumerate()
            .filter_map(|(place, (_, table))| {
                let (at, id) = next(table.as_ref())?;
                Some((at, place, id))
            })
            .min()
            .map(|(at, place, id)| (at, place, id.to_owned()))
    }

    fn step(&mut self, place: usize, id: &str, now: Now) {
        let (facts, table) = &mut self.tables[place];
        match table.step(id, now) {
            Some(Next::Gone) => self.remove_at(place, id, now),
            Some(Next::Status(status)) => (facts.arrived)(self, id, status, now),
            None => {}
        }
    }
}

// ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────

impl World {
    /// The version of everything, with that of what else answers follow from.
    pub(super) fn version(&self, also: u64) -> u64 {
        let own: u64 = self.tables.iter().map(|(_, table)| table.version()).sum();
        mix(own).wrapping_add(mix(also))
    }

    /// The parts of an action's answers that follow from the rows of this world alone, by their place: each is written
    /// once, and again when anything has changed, which `version` says.
    pub(super) fn written(&self, action: &'static str, version: u64) -> RefMut<'_, WrittenParts> {
        RefMut::map(self.written.borrow_mut(), |written| {
            if written.version != version {
                written.parts.clear();
                written.version = version;
            }
            written.parts.entry(action).or_default()
        })
    }
}

// ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────

impl World {
    /// Remembers from now on what begins something.
    pub(super) fn watch(&mut self) {
        self.tables.iter_mut().for_each(|(_, table)| table.watch());
    }

    /// What has begun since `watch` goes wrong in these ways.
    pub(super) fn go_wrong(&mut self, all: &[Later], now: Now) {
        for (facts, table) in &mut self.tables {
            for id in table.take_begun() {
                for later in all {
                    // Only servers are taken back by the cloud.
                    if facts.name == "instance" || !matches!(later, Later::Reclaim(_)) {
                        table.change_head(&id, &mut |head| {
                            head.go_wrong(later, now);
                            if matches!(later, Later::Fail(_)) {
                                head.fail_as(failed(facts.name));
                            }
                        });
                    }
                }
            }
        }
    }

    /// The same once more, for reads that lag behind.
    pub(super) fn copy(&self, kinds: impl Iterator<Item = KindFacts>) -> Result<Self, serde_json::Error> {
        let mut copy = Self::restored(kinds, self.seed, self.account_id.clone());
        copy.replay(serde_json::from_str(&self.everything())?, self.made)?;
        copy.rebuild();
        Ok(copy)
    }
}

/// The word of a kind for what has failed.
fn failed(kind: &str) -> Status {
    match kind {
        "image" => Status::CreateFailed,
        "snapshot" => Status::SnapshotFailed,
        _ => Status::Failed,
    }
}

// ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────

impl World {
    fn note(&mut self, addresses: Vec<(String, u32)>) {
        for (vswitch, address) in addresses {
            self.addresses.entry(vswitch).or_default().used.insert(address);
        }
    }

    fn forget(&mut self, addresses: &[(String, u32)]) {
        for (vswitch, address) in addresses {
            if let Some(own) = self.addresses.get_mut(vswitch) {
                own.used.remove(address);
                own.full_below.set(own.full_below.get().min(*address));
                if own.used.is_empty() {
                    self.addresses.remove(vswitch);
                }
            }
        }
    }

    pub(super) fn address_is_used(&self, vswitch_id: &str, address: u32) -> bool {
        self.addresses
            .get(vswitch_id)
            .is_some_and(|own| own.used.contains(&address))
    }

    /// How many addresses of a vSwitch are in use.
    pub(super) fn used_addresses(&self, vswitch_id: &str) -> usize {
        self.addresses.get(vswitch_id).map_or(0, |own| own.used.len())
    }

    /// Some free addresses of a vSwitch with these usable ones, the lowest first; `None` when there are fewer.
    pub(super) fn free_addresses(
        &self,
        vswitch_id: &str,
        usable: RangeInclusive<u32>,
        taken: &[u32],
        count: usize,
    ) -> Option<Vec<u32>> {
        let own = self.addresses.get(vswitch_id);
        let first = own.map_or(0, |own| own.full_below.get()).max(*usable.start());
        let mut unused = (first..=*usable.end())
            .filter(|address| own.is_none_or(|own| !own.used.contains(address)))
            .peekable();
        if let (Some(own), Some(lowest)) = (own, unused.peek()) {
            own.full_below.set(*lowest);
        }
        let free = unused.filter(|address| !taken.contains(address)).take(count);
        let free: Vec<u32> = free.collect();
        (free.len() == count).then_some(free)
    }

    /// The lowest free address of a vSwitch with these usable ones.
    pub(super) fn free_address(&mut self, vswitch_id: &str, usable: RangeInclusive<u32>) -> Option<u32> {
        let own = self.addresses.entry(vswitch_id.to_owned()).or_default();
        let first = own.full_below.get().max(*usable.start());
        let free = (first..=*usable.end()).find(|address| !own.used.contains(address));
        own.full_below.set(free.unwrap_or(u32::MAX));
        free
    }
}

// ── the log, and looking ─────────────────────────────────────────────────────────────────────────────────────────

impl World {
    /// Changes since the last call as one JSON map from table to change; `None` when nothing changed.
    pub(super) fn take_changes(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        for (facts, table) in &mut self.tables {
            if let Some(change) = table.take_changes() {
                parts.push(format!("\"{}\":{change}", facts.name));
            }
        }
        (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(",")))
    }

    /// Everything, in the same form.
    pub(super) fn everything(&self) -> String {
        let parts: Vec<String> = self
            .tables
            .iter()
            .filter_map(|(facts, table)| Some(format!("\"{}\":{}", facts.name, table.all()?)))
            .collect();
        format!("{{{}}}", parts.join(","))
    }

    /// Takes in what `take_changes` or `everything` wrote, and the number of things made until then.
    pub(super) fn replay(
        &mut self,
        mut changes: BTreeMap<String, serde_json::Value>,
        made: u64,
    ) -> Result<(), serde_json::Error> {
        for (facts, table) in &mut self.tables {
            if let Some(change) = changes.remove(facts.name) {
                table.replay(change)?;
            }
        }
        self.made = made;
        Ok(())
    }

    /// Rebuilds what follows from the rows, after the last `replay`.
    pub(super) fn rebuild(&mut self) {
        self.addresses.clear();
        let mut found = Vec::new();
        for (_, table) in &self.tables {
            table.addresses(&mut |vswitch, address| found.push((vswitch.to_owned(), address)));
        }
        self.note(found);
    }

    /// What contradicts itself in this world; empty when all is well.
    pub(super) fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut found: HashMap<String, BTreeSet<u32>> = HashMap::new();
        for (facts, table) in &self.tables {
            if let Some(fault) = table.misindexed() {
                faults.push(format!("{}: {fault}", facts.name));
            }
            faults.extend((facts.faults)(self));
            table.addresses(&mut |vswitch, address| {
                if !found.entry(vswitch.to_owned()).or_default().insert(address) {
                    faults.push(format!("an address of {vswitch} is taken twice"));
                }
            });
        }
        let noted = self.addresses.iter().filter(|(_, own)| !own.used.is_empty());
        if noted.clone().count() != found.len()
            || !noted.clone().all(|(id, own)| found.get(id) == Some(&own.used))
        {
            faults.push("the addresses in use are not those of the rows".to_owned());
        }
        faults
    }

    /// Everything that exists, for looking: names of tables with their rows as JSON.
    pub(super) fn picture(&self) -> String {
        let mut parts = vec![format!("\"account_id\":\"{}\"", self.account_id)];
        for (facts, table) in self.tables.iter().filter(|(facts, _)| !facts.hidden) {
            if let Some(rows) = table.picture() {
                parts.push(format!("\"{}\":{rows}", facts.name));
            }
        }
        format!("{{{}}}", parts.join(","))
    }

    /// The head of a thing of any kind, by the name of the kind.
    pub(super) fn head(&self, kind: &str, id: &str) -> Option<&Head> {
        let (_, table) = self.tables.iter().find(|(facts, _)| facts.name == kind)?;
        table.head(id)
    }

    /// The heads of the things of a kind, by the kind's name, that are linked to a value, oldest first.
    pub(super) fn heads_linked<'t>(
        &'t self,
        name: &str,
        kind: &'static str,
        value: &'t str,
    ) -> impl Iterator<Item = &'t Head> {
        let table = self.tables.iter().find(|(facts, _)| facts.name == name);
        table
            .into_iter()
            .flat_map(move |(_, table)| table.heads_linked(kind, value))
    }
}
