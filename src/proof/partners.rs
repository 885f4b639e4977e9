//! What is joined to a server and outlives it, drawn by chance: disks and elastic addresses.
//!
//! Does not know the stack around it: which servers may be named is told.

use std::fmt::Write as _;

use super::Chance;
use super::around::Pick;
use super::scenarios::Piece;
use super::stacks::{ZONES, maybe, tags};

/// How many names of servers are drawn from.
const SERVERS: u64 = 4;

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) name: usize,
    pub(super) zone: usize,
    title: Option<u64>,
    pub(super) size: u64,
    level: Option<u64>,
    /// The server that is wanted, and whether it may be named now.
    server: Option<usize>,
    near: bool,
    dies: Option<bool>,
    pub(super) policy: Pick,
    tags: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Eip {
    pub(super) name: usize,
    title: Option<u64>,
    bandwidth: u64,
    server: Option<usize>,
    near: bool,
    /// It has had a server in some file.
    pub(super) joined: bool,
    /// As many alike as these are keys, by `for_each`; then it has no server.
    copies: Option<usize>,
    tags: u64,
}

/// The keys of copies.
const KEYS: [&str; 3] = ["a", "b", "c d"];

const LEVELS: [&str; 2] = ["PL0", "PL1"];

impl Disk {
    pub(super) fn some(chance: &mut Chance, name: usize) -> Disk {
        let mut disk = Disk {
            name,
            zone: usize::from(chance.below(3) == 0),
            title: None,
            size: 20,
            level: None,
            server: None,
            near: false,
            dies: None,
            policy: Pick::default(),
            tags: 0,
        };
        for _ in 0..4 {
            disk.edit(chance);
        }
        disk
    }

    pub(super) fn some_policy(&mut self, chance: &mut Chance) {
        self.policy = Pick::some(chance, 1);
    }

    /// A disk only grows; what would make it anew is its zone.
    pub(super) fn edit(&mut self, chance: &mut Chance) {
        match chance.below(8) {
            0 => self.title = maybe(chance, 2, 3),
            1 => self.size += 10 * chance.below(3),
            2 => self.level = maybe(chance, 2, 2),
            3..=5 => self.server = maybe(chance, 1, SERVERS).map(|server| server as usize),
            6 => self.server = None,
            _ => (self.dies, self.tags) = (maybe(chance, 2, 2).map(|dies| dies == 1), chance.below(3)),
        }
    }

    pub(super) fn some_end(&mut self, chance: &mut Chance) {
        if chance.below(2) == 0 {
            self.dies = Some(true);
        }
    }

    /// The server together with which the cloud deletes it.
    pub(super) fn dies_with(&self) -> Option<usize> {
        self.server.filter(|_| self.near && self.dies == Some(true))
    }

    /// These servers may be named.
    pub(super) fn settle(&mut self, near: &[usize]) {
        self.near = self.server.is_some_and(|server| near.contains(&server));
    }

    pub(super) fn piece(&self) -> Piece {
        let (name, zone, size) = (self.name, ZONES[self.zone], self.size);
        let mut text =
            format!("[disk.d{name}]\nzone_id = \"{zone}\"\ndisk_category = \"cloud_essd\"\nsize = {size}\n");
        let mut fields = vec![("zone", zone.to_owned()), ("size", size.to_string())];
        if let Some(title) = self.title {
            let _ = writeln!(text, "name = \"disk-{title}\"");
            fields.push(("name", format!("disk-{title}")));
        }
        if let Some(level) = self.level {
            let level = LEVELS[level as usize];
            let _ = writeln!(text, "performance_level = \"{level}\"");
            fields.push(("performance_level", level.to_owned()));
        }
        if let Some(dies) = self.dies.filter(|_| self.near) {
            let _ = writeln!(text, "delete_with_instance = {dies}");
        }
        if let Some(policy) = self.policy.now {
            let _ = writeln!(
                text,
                "auto_snapshot_policy_id = \"${{snapshot_policy.p{policy}.id}}\""
            );
        }
        fields.push(partner(&mut text, self.server.filter(|_| self.near)));
        tags(&mut text, self.tags);
        Piece {
            address: format!("disk.d{name}"),
            text,
            fields,
            ..Piece::default()
        }
    }
}

impl Eip {
    pub(super) fn some(chance: &mut Chance, name: usize) -> Eip {
        let mut eip = Eip {
            name,
            title: None,
            bandwidth: 5,
            server: None,
            near: false,
            joined: false,
            copies: None,
            tags: 0,
        };
        for _ in 0..4 {
            eip.edit(chance);
        }
        eip
    }

    pub(super) fn edit(&mut self, chance: &mut Chance) {
        match chance.below(6) {
            0 => self.title = maybe(chance, 2, 3),
            1 => self.bandwidth = 1 + chance.below(10),
            2 | 3 => self.server = maybe(chance, 1, SERVERS).map(|server| server as usize),
            4 => self.server = None,
            _ => self.tags = chance.below(3),
        }
    }

    pub(super) fn some_copies(&mut self, chance: &mut Chance) {
        let copies = maybe(chance, 3, KEYS.len() as u64);
        self.copies = copies.map(|more| 1 + usize::try_from(more).unwrap());
    }

    /// These servers may be named; the one that it has then.
    pub(super) fn settle(&mut self, free: &[usize]) -> Option<usize> {
        self.near = self.copies.is_none() && self.server.is_some_and(|server| free.contains(&server));
        self.joined |= self.near;
        self.server.filter(|_| self.near)
    }

    /// One for each copy; the first has the block.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut whole = self.piece();
        let Some(copies) = self.copies else {
            return vec![whole];
        };
        let keys = KEYS[..copies].join("\", \"");
        let _ = writeln!(whole.text, "for_each = [\"{keys}\"]");
        let address = whole.address.clone();
        (KEYS[..copies].iter())
            .map(|key| Piece {
                address: format!("{address}[{}]", shown(key)),
                text: std::mem::take(&mut whole.text),
                fields: whole.fields.clone(),
                ..Piece::default()
            })
            .collect()
    }

    fn piece(&self) -> Piece {
        let (name, bandwidth) = (self.name, self.bandwidth);
        let mut text = format!("[eip.e{name}]\nbandwidth = {bandwidth}\n");
        let mut fields = vec![("bandwidth", bandwidth.to_string())];
        if let Some(title) = self.title {
            let _ = writeln!(text, "name = \"eip-{title}\"");
            fields.push(("name", format!("eip-{title}")));
        }
        fields.push(partner(&mut text, self.server.filter(|_| self.near)));
        tags(&mut text, self.tags);
        Piece {
            address: format!("eip.e{name}"),
            text,
            fields,
            ..Piece::default()
        }
    }
}

/// A key as an address has it: one that is no plain name stands in quotes.
pub(super) fn shown(key: &str) -> String {
    if key.contains(' ') {
        return format!("\"{key}\"");
    }
    key.to_owned()
}

/// The server that it is joined to, in the file and in the cloud; empty for none.
fn partner(text: &mut String, server: Option<usize>) -> (&'static str, String) {
    let id = match server {
        None => String::new(),
        Some(server) => {
            let id = format!("${{instance.s{server}.id}}");
            let _ = writeln!(text, "instance_id = \"{id}\"");
            id
        }
    };
    ("instance_id", id)
}

/// The address that a server has by what is bound to it is in the outputs of that very run, and gone from them when it
/// is taken away, though nothing is done to the server itself.
#[test]
fn an_output_follows_what_is_bound_to_a_server() {
    let stack = |bound: bool| {
        let mut eip = Eip {
            name: 0,
            title: None,
            bandwidth: 5,
            server: None,
            near: true,
            joined: true,
            copies: None,
            tags: 0,
        }
        .piece();
        if bound {
            eip.text.push_str("instance_id = \"${instance.a.id}\"\n");
            eip.fields.retain(|(name, _)| *name != "instance_id");
        }
        let mut pieces = super::scenarios::network();
        pieces.push(super::scenarios::server("a", "ecs.g7.large", "Running"));
        pieces.push(eip);
        super::scenarios::Stack {
            pieces,
            tail: "[output]\npublic = \"${instance.a.public_ip}\"\n".to_owned(),
            ..Default::default()
        }
    };
    let mut world = super::world::World::new(1, &stack(false).text(), |_| {});
    for bound in [false, true, false] {
        let stack = stack(bound);
        world.configure(&stack.text());
        let ended = world.apply(super::fate::Plan::default());
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        assert_eq!(ended.out.contains("public = \"47."), bound, "{}", ended.out);
        super::oracle::check(&mut world, &stack).unwrap();
    }
}
