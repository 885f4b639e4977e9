//! Crashes and disk faults at every operation of a run, and every disk that a loss of power may leave.
//!
//! A small apply with a cloud of its own stands in for the real one: intent, call, result, checkpoint, recovery.

use super::*;
use crate::env::faults::{Fault, FaultyFiles};

/// A cloud that merges calls with the same token and knows what exists.
#[derive(Clone, Default)]
struct TestCloud {
    /// What was made, by token: address, id and whether it still exists.
    made: BTreeMap<String, (Address, String, bool)>,
    sizes: BTreeMap<String, i64>,
    next: usize,
}

impl TestCloud {
    fn create(&mut self, token: &str, address: &Address) -> String {
        let next = self.next;
        let (_, id, _) = self.made.entry(token.to_owned()).or_insert_with(|| {
            self.next += 1;
            (address.clone(), format!("vpc-{next}"), true)
        });
        id.clone()
    }

    fn delete(&mut self, id: &str) {
        for (_, made, exists) in self.made.values_mut() {
            *exists &= made != id;
        }
    }

    fn by_token(&self, token: &str) -> Option<String> {
        self.made.get(token).map(|(_, id, _)| id.clone())
    }

    fn existing(&self) -> BTreeMap<Address, Vec<String>> {
        let mut all: BTreeMap<Address, Vec<String>> = BTreeMap::new();
        for (address, id, exists) in self.made.values() {
            if *exists {
                all.entry(address.clone()).or_default().push(id.clone());
            }
        }
        all
    }
}

/// What is wanted: sizes by address.
type Wanted = BTreeMap<Address, i64>;

/// A run of the small apply: its disk, its cloud, and what may go wrong.
struct Run<'a> {
    store: LocalStore,
    disk: MemoryDisk,
    cloud: &'a Mutex<TestCloud>,
    faults: Arc<Faults>,
    seen: &'a mut dyn FnMut(Moment),
    seed: u64,
}

/// What a run tells its test.
enum Moment {
    /// This will be kept once the write that follows is durable.
    Begins(Kept),
    /// The last thing that began is durable.
    Durable,
    /// The cloud changed.
    Called,
}

impl<'a> Run<'a> {
    fn new(
        disk: &MemoryDisk,
        cloud: &'a Mutex<TestCloud>,
        faults: Arc<Faults>,
        seen: &'a mut dyn FnMut(Moment),
        seed: u64,
    ) -> Run<'a> {
        let files = FaultyFiles::new(Arc::new(disk.clone()), faults.clone());
        let mut store = store_on(Arc::new(files), &folder(), seed);
        store.files.journal_bytes = 3000;
        Run {
            store,
            disk: disk.clone(),
            cloud,
            faults,
            seen,
            seed,
        }
    }

    /// Makes the cloud as wanted, from whatever state an earlier run left.
    async fn converge(&mut self, wanted: &Wanted) -> Result<(), StateError> {
        let session = begin(&self.store)?;
        for intent in session.open_intents() {
            self.recover(&session, &intent).await?;
        }
        let known: Vec<(Address, Resource)> =
            session.with_state(|state| state.resources.clone().into_iter().collect());
        for (address, resource) in &known {
            if !wanted.contains_key(address) {
                self.delete(&session, address, &resource.id).await?;
            }
        }
        let known: BTreeMap<Address, Resource> = known.into_iter().collect();
        for (address, size) in wanted {
            match known.get(address) {
                None => self.create(&session, address, *size).await?,
                Some(resource)
                    if resource.attributes != attributes(*size) || !resource.unsettled.is_empty() =>
                {
                    self.resize(&session, address, &resource.id, *size).await?;
                }
                Some(_) => {}
            }
        }
        session.close().map(|_| ())
    }

    async fn recover(&mut self, session: &Session, intent: &Intent) -> Result<(), StateError> {
        let token = intent.token.clone().unwrap_or_default();
        let address = intent.object.address.clone();
        let (found, exists) = {
            let cloud = self.cloud.lock().unwrap();
            (cloud.by_token(&token), cloud.existing().contains_key(&address))
        };
        let known = session.with_state(|state| state.resources.get(&address).map(|entry| entry.id.clone()));
        let change = match (intent.action.as_str(), found) {
            ("CreateVpc", Some(id)) => Change::Done(intent.seq, vec![made(&address, &id)]),
            ("DeleteVpc", _) if !exists => {
                Change::Done(intent.seq, vec![remove(&address, &known.unwrap_or_default())])
            }
            _ => Change::Failed(intent.seq),
        };
        self.write(session, change).await
    }

    async fn create(&mut self, session: &Session, address: &Address, size: i64) -> Result<(), StateError> {
        let token = format!("{}-{}-{}", self.seed, address, self.faults.count());
        let seq = self
            .intent(session, draft(address, Operation::Create, &token))
            .await?;
        let id = self.call(&token, |cloud| cloud.create(&token, address))?;
        let settle = Effect::Merge {
            address: address.clone(),
            attributes: attributes(size),
        };
        let effects = vec![made(address, &id), settle];
        self.write(session, Change::Done(seq, effects)).await
    }

    async fn resize(
        &mut self,
        session: &Session,
        address: &Address,
        id: &str,
        size: i64,
    ) -> Result<(), StateError> {
        let token = format!("{}-{}-{}", self.seed, address, self.faults.count());
        let seq = self
            .intent(session, draft(address, Operation::Update, &token))
            .await?;
        self.call(&token, |cloud| cloud.sizes.insert(id.to_owned(), size))?;
        let effect = settle(address, size, &[], Lifecycle::default());
        self.write(session, Change::Done(seq, vec![effect])).await
    }

    async fn delete(&mut self, session: &Session, address: &Address, id: &str) -> Result<(), StateError> {
        let token = format!("{}-{}-{}", self.seed, address, self.faults.count());
        let seq = self
            .intent(session, draft(address, Operation::Delete, &token))
            .await?;
        self.call(&token, |cloud| cloud.delete(id))?;
        self.write(session, Change::Done(seq, vec![remove(address, id)]))
            .await
    }

    async fn intent(&mut self, session: &Session, draft: IntentDraft) -> Result<u64, StateError> {
        let mut after = Kept::of_session(session);
        let intent = Intent {
            seq: u64::MAX,
            draft: draft.clone(),
        };
        let mut state = session.with_state(Clone::clone);
        state.owe(&intent);
        after.resources = state.resources;
        after.open.push(intent);
        (self.seen)(Moment::Begins(after));
        let seq = session.intent(draft).await?;
        (self.seen)(Moment::Durable);
        Ok(seq)
    }

    async fn write(&mut self, session: &Session, change: Change) -> Result<(), StateError> {
        let mut after = Kept::of_session(session);
        let (Change::Done(seq, _) | Change::Failed(seq)) = &change;
        let index = after.open.iter().position(|intent| intent.seq == *seq).unwrap();
        let intent = after.open.remove(index);
        if let Change::Done(_, effects) = &change {
            let mut state = session.with_state(Clone::clone);
            for effect in effects {
                state.apply(effect, Some(&intent));
            }
            after.resources = state.resources;
        }
        (self.seen)(Moment::Begins(after));
        match change {
            Change::Done(seq, effects) => session.done(seq, effects).await?,
            Change::Failed(seq) => session.failed(seq, "NotMade", true).await?,
        }
        (self.seen)(Moment::Durable);
        Ok(())
    }

    /// A call: it takes effect only if the process is alive, and its intent must be on the disk.
    fn call<T>(&mut self, token: &str, change: impl FnOnce(&mut TestCloud) -> T) -> Result<T, StateError> {
        let on_disk = memory_store(&self.disk).load().unwrap();
        assert!(
            on_disk
                .open
                .iter()
                .any(|intent| intent.token.as_deref() == Some(token)),
            "a call was made whose intent is not written"
        );
        let mut result = None;
        let sent = self.faults.operation("call", || {
            result = Some(change(&mut self.cloud.lock().unwrap()));
            Ok(())
        });
        if result.is_some() {
            (self.seen)(Moment::Called);
        }
        match (sent, result) {
            (Ok(()), Some(result)) => Ok(result),
            // Lost or never sent: this small apply stops and leaves the intent open.
            _ => Err(StateError::io("send", "call", std::io::Error::other("lost"))),
        }
    }
}

/// A result that is about to be written.
enum Change {
    Done(u64, Vec<Effect>),
    Failed(u64),
}

/// The stages of a configuration: built, changed and shrunk, grown again, emptied.
fn stages() -> [Wanted; 4] {
    let size = |index: usize| if index.is_multiple_of(2) { 1 } else { 2 };
    [
        (0..14).map(|index| (copy(index), 1)).collect(),
        (4..16).map(|index| (copy(index), size(index))).collect(),
        (2..12).map(|index| (copy(index), 3)).collect(),
        Wanted::new(),
    ]
}

fn ignore(_: Moment) {}

/// Disk and cloud before each stage, and how many operations it has when nothing goes wrong.
fn beginnings() -> Vec<(MemoryDisk, TestCloud, Wanted, u64)> {
    let disk = MemoryDisk::default();
    let cloud = Mutex::default();
    let mut beginnings = Vec::new();
    for wanted in stages() {
        let (before, cloud_before) = (disk.fork(), TestCloud::clone(&cloud.lock().unwrap()));
        let faults = Faults::none();
        let mut seen = ignore;
        run(Run::new(&disk, &cloud, faults.clone(), &mut seen, 1).converge(&wanted)).unwrap();
        agrees(&disk, &cloud, &wanted);
        beginnings.push((before, cloud_before, wanted, faults.count()));
    }
    beginnings
}

/// Runs a stage until it succeeds; the faults concern its attempts in their order.
fn converge((disk, cloud, wanted, _): &(MemoryDisk, TestCloud, Wanted, u64), faults: &[Arc<Faults>]) {
    let (disk, cloud) = (disk.fork(), Mutex::new(cloud.clone()));
    for attempt in 0_usize.. {
        let now = faults.get(attempt).cloned().unwrap_or_else(Faults::none);
        let mut seen = ignore;
        let before = serial(&disk);
        let seed = 100 + attempt as u64;
        let result = run(Run::new(&disk, &cloud, now.clone(), &mut seen, seed).converge(wanted));
        assert!(serial(&disk) >= before, "the serial fell");
        match result {
            Ok(()) => break,
            Err(error) => assert!(
                attempt < faults.len(),
                "fails without a fault (the last operation was {}): {error}",
                now.last()
            ),
        }
    }
    agrees(&disk, &cloud, wanted);
}

/// The serial in the state file, without a look at the rest.
fn serial(disk: &MemoryDisk) -> u64 {
    let Ok(bytes) = disk.read(&folder().join("default.json"), u64::MAX) else {
        return 0;
    };
    let text = String::from_utf8(bytes).unwrap();
    let (_, rest) = text.rsplit_once("\n  \"serial\": ").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

/// State, cloud and what is wanted are the same, nothing is open, and a further run writes nothing.
fn agrees(disk: &MemoryDisk, cloud: &Mutex<TestCloud>, wanted: &Wanted) {
    let loaded = memory_store(disk).load().unwrap();
    let sizes: Wanted = loaded
        .state
        .resources
        .iter()
        .map(|(address, resource)| (address.clone(), resource.attributes["size"].as_integer().unwrap()))
        .collect();
    assert_eq!(&sizes, wanted);
    assert!(loaded.open.is_empty());
    let known: BTreeMap<Address, Vec<String>> = loaded
        .state
        .resources
        .iter()
        .map(|(address, resource)| (address.clone(), vec![resource.id.clone()]))
        .collect();
    assert_eq!(cloud.lock().unwrap().existing(), known, "cloud and state differ");
    let content = |disk: &MemoryDisk| {
        let mut files = disk.files();
        files.retain(|path, _| path.extension().is_none_or(|end| end != "lock"));
        files
    };
    let before = content(disk);
    let mut seen = ignore;
    run(Run::new(disk, cloud, Faults::none(), &mut seen, 99).converge(wanted)).unwrap();
    assert_eq!(content(disk), before, "a run without changes writes");
    let temps = disk
        .files()
        .into_keys()
        .filter(|path| path.extension().is_some_and(|end| end == "tmp"));
    assert_eq!(temps.count(), 0);
}

/// Tries every one of these faults at every operation of every stage.
fn try_everywhere(faults: &[Fault]) -> usize {
    let mut points = 0;
    for beginning in beginnings() {
        for n in 1..=beginning.3 {
            for fault in faults {
                converge(&beginning, &[Faults::at(n, *fault)]);
                points += 1;
            }
        }
    }
    points
}

#[test]
fn a_crash_at_any_operation_loses_and_doubles_nothing() {
    let points = try_everywhere(&[Fault::DiesBefore, Fault::DiesAfter]);
    println!("figure: state: {points} crash points, all recovered");
    assert!(points > 400, "only {points} crash points");
}

#[test]
fn a_second_crash_during_the_recovery_of_the_first_is_no_worse() {
    let random = TestRandom::new(11);
    let beginnings = beginnings();
    let runs = if std::env::var("INFRA_LONG").is_ok() {
        20_000
    } else {
        400
    };
    for _ in 0..runs {
        let beginning = &beginnings[random.below(beginnings.len())];
        let faults: Vec<Arc<Faults>> = (0..2 + random.below(2))
            .map(|_| {
                let fault = [Fault::DiesBefore, Fault::DiesAfter, Fault::Short][random.below(3)];
                Faults::at(1 + random.next() % beginning.3, fault)
            })
            .collect();
        converge(beginning, &faults);
    }
    println!("figure: state: {runs} runs with two or three crashes, all recovered");
}

#[test]
fn a_disk_fault_at_any_operation_loses_and_doubles_nothing() {
    let mut faults = vec![Fault::Fails(28), Fault::Short];
    if std::env::var("INFRA_LONG").is_ok() {
        // Input/output error, too many open files, interrupted, read-only.
        faults.extend([5, 24, 4, 30].map(Fault::Fails));
    }
    let points = try_everywhere(&faults);
    println!("figure: state: {points} disk faults, all recovered");
}

/// What must be true of a disk after some changes of it.
struct Promise {
    /// From how many recorded changes on.
    changes: usize,
    /// What is durable, and what may be there already.
    durable: Kept,
    begun: Kept,
    cloud: TestCloud,
}

#[test]
fn every_disk_that_a_loss_of_power_may_leave_keeps_what_was_durable() {
    let disk = MemoryDisk::default();
    let cloud = Mutex::new(TestCloud::default());
    let nothing = Kept {
        resources: BTreeMap::new(),
        outputs: BTreeMap::new(),
        open: Vec::new(),
    };
    let promises = std::cell::RefCell::new(vec![Promise {
        changes: 0,
        durable: nothing.clone(),
        begun: nothing,
        cloud: TestCloud::default(),
    }]);
    let stages = stages();
    for wanted in &stages {
        let mut seen = |moment: Moment| {
            let mut promises = promises.borrow_mut();
            let last = promises.last().unwrap();
            let (durable, begun) = match moment {
                Moment::Begins(begun) => (last.durable.clone(), begun),
                Moment::Durable => (last.begun.clone(), last.begun.clone()),
                Moment::Called => (last.durable.clone(), last.begun.clone()),
            };
            promises.push(Promise {
                changes: disk.changes(),
                durable,
                begun,
                cloud: cloud.lock().unwrap().clone(),
            });
        };
        run(Run::new(&disk, &cloud, Faults::none(), &mut seen, 1).converge(wanted)).unwrap();
    }
    let promises = promises.into_inner();
    let (mut images, mut seen) = (0, BTreeSet::new());
    for prefix in 0..=disk.changes() {
        let promise = promises
            .iter()
            .rfind(|promise| promise.changes <= prefix)
            .unwrap();
        let begun = promises
            .iter()
            .filter(|other| other.changes <= prefix)
            .map(|other| &other.begun)
            .next_back()
            .unwrap();
        for image in disk.images(prefix) {
            if !seen.insert((image.files(), promise.changes)) {
                continue;
            }
            images += 1;
            let loaded = memory_store(&image)
                .load()
                .unwrap_or_else(|error| panic!("after {prefix} changes an image cannot be read: {error}"));
            let kept = without_numbers(Kept::of_loaded(&loaded));
            assert!(
                kept == without_numbers(promise.durable.clone()) || kept == without_numbers(begun.clone()),
                "after {prefix} changes an image lost something: {kept:?}\ndurable was {:?}",
                promise.durable
            );
            // And the next run goes on from it; of every few alike, one is tried.
            if images % 4 != 0 && std::env::var("INFRA_LONG").is_err() {
                continue;
            }
            let cloud = Mutex::new(promise.cloud.clone());
            let mut ignored = ignore;
            let wanted = &stages[2];
            run(Run::new(&image, &cloud, Faults::none(), &mut ignored, 1000 + images).converge(wanted))
                .unwrap();
            agrees(&image, &cloud, wanted);
        }
    }
    println!(
        "figure: level C: {images} disk images after {} changes, all read and continued",
        disk.changes()
    );
    assert!(images >= 2_000, "only {images} images");
}

#[test]
fn a_loss_of_power_after_a_kill_keeps_what_the_next_run_rested_on() {
    let random = TestRandom::new(31);
    let wanted: Wanted = (0..3).map(|index| (copy(index), 1)).collect();
    let count = Faults::none();
    let mut seen = ignore;
    let clean = MemoryDisk::default();
    run(Run::new(&clean, &Mutex::default(), count.clone(), &mut seen, 1).converge(&wanted)).unwrap();
    let mut images = 0;
    for n in 1..=count.count() {
        for fault in [Fault::DiesBefore, Fault::DiesAfter, Fault::Short] {
            let (disk, cloud) = (MemoryDisk::default(), Mutex::new(TestCloud::default()));
            let mut seen = ignore;
            let killed = run(Run::new(&disk, &cloud, Faults::at(n, fault), &mut seen, 1).converge(&wanted));
            let from = disk.changes();
            // The second run is cut off by the power at any of these moments, each with the cloud of then.
            let moments = std::cell::RefCell::new(vec![(from, cloud.lock().unwrap().clone())]);
            let mut seen = |_: Moment| {
                let now = (disk.changes(), cloud.lock().unwrap().clone());
                moments.borrow_mut().push(now);
            };
            run(Run::new(&disk, &cloud, Faults::none(), &mut seen, 2).converge(&wanted)).unwrap();
            let moments = moments.into_inner();
            assert!(killed.is_err() || from == disk.changes() || n == count.count() || fault == Fault::Short);
            for _ in 0..6 {
                let prefix = from + random.below(disk.changes() - from + 1);
                let (_, then) = moments.iter().rfind(|(changes, _)| *changes <= prefix).unwrap();
                for image in disk.images(prefix) {
                    images += 1;
                    let cloud = Mutex::new(then.clone());
                    let mut seen = ignore;
                    run(Run::new(&image, &cloud, Faults::none(), &mut seen, 3).converge(&wanted)).unwrap();
                    agrees(&image, &cloud, &wanted);
                }
            }
        }
    }
    println!("figure: level C: {images} disk images after a kill and a loss of power, all continued");
}

#[test]
fn a_crash_while_restoring_leaves_a_state_that_can_be_restored() {
    // A damaged state, a damaged journal, a journal that continues an older state.
    let damage = |case: usize| {
        let disk = MemoryDisk::default();
        let store = memory_store(&disk);
        run(async {
            for index in 0..2 {
                let session = begin(&store).unwrap();
                create(&session, &copy(index), &format!("vpc-{index}"))
                    .await
                    .unwrap();
                session.close().unwrap();
            }
            let session = begin(&store).unwrap();
            create(&session, &copy(2), "vpc-2").await.unwrap();
            session
                .intent(draft(&copy(3), Operation::Create, "t"))
                .await
                .unwrap();
        });
        let path = |ending: &str| folder().join(format!("default.{ending}"));
        let files = disk.files();
        let change = |ending: &str, bytes: &[u8]| {
            disk.remove(&path(ending)).unwrap();
            disk.write_new(&path(ending), bytes).unwrap();
        };
        match case {
            0 => change("json", b""),
            1 => {
                let mut bytes = files[&path("journal")].clone();
                let middle = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 30;
                bytes[middle] ^= 1;
                change("journal", &bytes);
            }
            _ => change("json", &files[&path("1.bak")]),
        }
        disk.sync_folder(&folder()).unwrap();
        disk
    };
    let restore = |disk: &MemoryDisk, faults: &Arc<Faults>| {
        let files = FaultyFiles::new(Arc::new(disk.clone()), faults.clone());
        let store = store_on(Arc::new(files), &folder(), 8);
        store.restore(store.lock(note())?, None)
    };
    for case in 0..3 {
        let whole = damage(case);
        let count = Faults::none();
        restore(&whole, &count).unwrap();
        let wanted = Kept::of_loaded(&memory_store(&whole).load().unwrap());
        for n in 1..=count.count() {
            for fault in [Fault::DiesBefore, Fault::DiesAfter, Fault::Short] {
                let disk = damage(case);
                let _ = restore(&disk, &Faults::at(n, fault));
                restore(&disk, &Faults::none()).unwrap();
                let kept = Kept::of_loaded(&memory_store(&disk).load().unwrap());
                assert_eq!(kept, wanted, "case {case}, {fault:?} at {n}");
            }
        }
    }
}

/// Intents without their numbers, which a restarted journal may give anew.
fn without_numbers(mut kept: Kept) -> Kept {
    for intent in &mut kept.open {
        intent.seq = 0;
    }
    kept
}
