//! Stacks by chance that are edited, reverted and written down as files: all that the types and the language have, with
//! what the cloud must hold for it.
//!
//! Does not know how a stack comes about, nor what happens meanwhile. A later resource type joins by a field of
//! [`Drawn`] and a piece in [`Drawn::stack`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Chance;
use super::around::{Around, Places};
use super::handovers::{Handovers, block, made_by_hand};
use super::lifecycles::Lifecycles;
use super::partners::{Disk, Eip};
use super::scenarios::{Piece, Stack};
use super::servers::Server;
use super::world::World;

/// The secrets that files name, as the environment has them.
pub(super) const PASSWORDS: [(&str, &str); 2] = [
    ("PROOF_PASSWORD_0", "Proof-Password-0"),
    ("PROOF_PASSWORD_1", "Proof-Password-1"),
];

pub(super) const ZONES: [&str; 2] = ["cn-hangzhou-h", "cn-hangzhou-i"];

/// A stack that can be edited.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    vpc: Vpc,
    switches: Vec<Switch>,
    groups: Vec<Group>,
    servers: Vec<Server>,
    disks: Vec<Disk>,
    eips: Vec<Eip>,
    /// What else stands around them, if that is drawn.
    around: Option<Around>,
    /// What the blocks say in `lifecycle`, if that is drawn.
    lifecycles: Option<Lifecycles>,
    pub(super) handovers: Handovers,
    /// Switches that are in another zone than in a file before, so that they go before others come.
    rezoned: BTreeSet<usize>,
    /// What has a new address in this file: from which to which.
    moves: BTreeMap<String, String>,
    /// Enterprise groups are not members of each other's rules, and no server is in groups of both kinds.
    enterprise: bool,
    outputs: u64,
}

#[derive(Debug, Clone)]
struct Vpc {
    title: u64,
    note: Option<u64>,
    tags: u64,
    /// It is never taken away, so it may be protected.
    protected: Option<bool>,
}

#[derive(Debug, Clone)]
struct Switch {
    name: usize,
    zone: usize,
    title: Option<u64>,
}

#[derive(Debug, Clone)]
struct Group {
    name: usize,
    title: Option<u64>,
    /// Ports, each from everywhere or from the members of a group.
    rules: Option<Vec<(u64, Option<usize>)>>,
    /// It is made after this subnet.
    after: Option<usize>,
}

/// A name that nothing of these has had.
pub(super) fn next<T>(all: &[T], name: impl Fn(&T) -> usize) -> usize {
    all.iter().map(|one| name(one) + 1).max().unwrap_or(0)
}

pub(super) fn maybe(chance: &mut Chance, odds: u64, of: u64) -> Option<u64> {
    (chance.below(odds) == 0).then(|| chance.below(of))
}

impl Drawn {
    /// A stack as chance wants it; now and then with more servers than a run has calls in flight.
    pub(super) fn some(chance: &mut Chance) -> Drawn {
        let mut drawn = Drawn {
            vpc: some_vpc(chance),
            switches: Vec::new(),
            groups: Vec::new(),
            servers: Vec::new(),
            disks: Vec::new(),
            eips: Vec::new(),
            around: None,
            lifecycles: None,
            handovers: Handovers::default(),
            rezoned: BTreeSet::new(),
            moves: BTreeMap::new(),
            enterprise: chance.below(4) == 0,
            outputs: chance.below(4),
        };
        for _ in 0..=chance.below(2) {
            drawn.add_switch(chance);
        }
        for _ in 0..=chance.below(2) {
            drawn.add_group(chance);
        }
        let servers = match chance.below(6) {
            0 => 5 + chance.below(4),
            _ => chance.below(4),
        };
        for _ in 0..servers {
            drawn.add_server(chance);
        }
        for _ in 0..chance.below(3) {
            drawn
                .disks
                .push(Disk::some(chance, next(&drawn.disks, |one| one.name)));
        }
        for _ in 0..chance.below(3) {
            drawn
                .eips
                .push(Eip::some(chance, next(&drawn.eips, |one| one.name)));
        }
        drawn.mend();
        drawn
    }

    /// The same with all the other types around it.
    pub(crate) fn whole(chance: &mut Chance) -> Drawn {
        let mut drawn = Drawn::some(chance);
        drawn.around = Some(Around::some(chance));
        for server in &mut drawn.servers {
            server.some_more(chance);
        }
        drawn.disks.iter_mut().for_each(|disk| disk.some_policy(chance));
        drawn.mend();
        drawn
    }

    /// The same with all that the language has for them: `lifecycle`, `for_each`, `[[moved]]`, `[[removed]]` and data.
    pub(super) fn told_in_full(chance: &mut Chance) -> Drawn {
        let mut drawn = Drawn::whole(chance);
        drawn.lifecycles = Some(Lifecycles::some(chance));
        drawn.handovers = Handovers::some(chance);
        drawn.eips.iter_mut().for_each(|eip| eip.some_copies(chance));
        drawn.disks.iter_mut().for_each(|disk| disk.some_end(chance));
        drawn.mend();
        drawn
    }

    fn add_switch(&mut self, chance: &mut Chance) {
        let name = next(&self.switches, |one| one.name);
        self.switches.push(Switch {
            name,
            zone: usize::from(chance.below(3) == 0),
            title: maybe(chance, 2, 3),
        });
    }

    fn add_group(&mut self, chance: &mut Chance) {
        let name = next(&self.groups, |one| one.name);
        self.groups.push(Group {
            name,
            title: maybe(chance, 2, 3),
            rules: None,
            after: None,
        });
        self.change_group(chance, self.groups.len() - 1);
    }

    fn change_group(&mut self, chance: &mut Chance, at: usize) {
        let rules = (chance.below(4) > 0).then(|| {
            let mut rules: Vec<(u64, Option<usize>)> = (0..chance.below(4))
                .map(|_| {
                    let peer = (chance.below(2) == 0).then(|| chance.pick(&self.groups).name);
                    (80 + chance.below(4), peer)
                })
                .collect();
            rules.sort_unstable();
            rules.dedup();
            rules
        });
        let after = (chance.below(4) == 0).then(|| chance.pick(&self.switches).name);
        let group = &mut self.groups[at];
        group.title = maybe(chance, 2, 3);
        group.rules = rules;
        group.after = after;
    }

    fn add_server(&mut self, chance: &mut Chance) {
        let mut groups: Vec<usize> = (0..=chance.below(2))
            .map(|_| chance.pick(&self.groups).name)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        let earlier: Vec<usize> = self.servers.iter().map(|one| one.name).collect();
        let switch = chance.pick(&self.switches).name;
        let name = next(&self.servers, |one| one.name);
        self.servers
            .push(Server::some(chance, name, switch, groups, &earlier));
    }

    /// Changes something, or several things.
    pub(crate) fn edit(&mut self, chance: &mut Chance) {
        for _ in 0..=chance.below(3) {
            self.edit_once(chance);
            if let Some(around) = &mut self.around {
                around.edit(chance);
                if let Some(server) = self.servers.last_mut().filter(|_| chance.below(4) == 0) {
                    server.some_more(chance);
                }
                if let Some(disk) = self.disks.last_mut().filter(|_| chance.below(4) == 0) {
                    disk.some_policy(chance);
                }
            }
            if self.lifecycles.is_some() {
                self.edit_what_is_told(chance);
            }
        }
        self.mend();
    }

    fn edit_what_is_told(&mut self, chance: &mut Chance) {
        if self.disks.iter().any(|disk| disk.dies_with().is_some()) && chance.below(3) == 0 {
            self.let_go(chance);
        }
        match chance.below(9) {
            0 => self.lifecycles = Some(Lifecycles::some(chance)),
            1 => self.rename(chance),
            6 | 7 => self.let_go(chance),
            8 => self.handovers.edit(),
            2 => {
                if let Some(eip) = self.eips.last_mut() {
                    eip.some_copies(chance);
                }
            }
            _ => {}
        }
    }

    /// Takes a disk or an address out of the file, and says that it goes on existing. An address that may be on a server
    /// keeps another one from it.
    fn let_go(&mut self, chance: &mut Chance) {
        let block = match chance.below(3) {
            0 | 1 => {
                let last = self.disks.len().checked_sub(1);
                let bound = self.disks.iter().position(|disk| disk.dies_with().is_some());
                bound.or(last).map(|at| {
                    let disk = self.disks.remove(at);
                    // What it would go with goes now, or stays for a while.
                    if let Some(server) = disk.dies_with().filter(|_| chance.below(2) == 0) {
                        self.servers.retain(|one| one.name != server);
                    }
                    format!("disk.d{}", disk.name)
                })
            }
            _ => {
                let free = self.eips.iter().rposition(|eip| !eip.joined);
                free.map(|at| format!("eip.e{}", self.eips.remove(at).name))
            }
        };
        if let Some(block) = block {
            self.handovers.lets_go(block);
        }
    }

    /// Takes over a disk or an address that somebody has made by hand.
    pub(super) fn take_over(&mut self, world: &mut World, chance: &mut Chance) {
        if self.lifecycles.is_none() || chance.below(3) > 0 {
            return;
        }
        // One that nothing has ever had.
        let name = 2_000_000 + usize::try_from(chance.below(1_000_000)).unwrap();
        let region = ("RegionId", "cn-hangzhou");
        if chance.below(2) == 0 {
            let disk = Disk::some(chance, name);
            let create = [
                ("Action", "CreateDisk"),
                region,
                ("ZoneId", ZONES[disk.zone]),
                ("DiskCategory", "cloud_essd"),
                ("Size", "20"),
            ];
            if let Some(id) = made_by_hand(world, &create, "DiskId") {
                self.handovers.takes(format!("disk.d{name}"), id);
                self.disks.push(disk);
            }
        } else {
            let create = [("Action", "AllocateEipAddress"), region];
            if let Some(id) = made_by_hand(world, &create, "AllocationId") {
                self.handovers.takes(format!("eip.e{name}"), id);
                self.eips.push(Eip::some(chance, name));
            }
        }
        self.mend();
    }

    /// Gives a disk or an address another address, and says so.
    fn rename(&mut self, chance: &mut Chance) {
        let name = match chance.below(2) {
            0 => self.disks.last_mut().map(|disk| ("disk.d", &mut disk.name)),
            _ => self.eips.last_mut().map(|eip| ("eip.e", &mut eip.name)),
        };
        let Some((kind, name)) = name else {
            return;
        };
        let from = format!("{kind}{name}");
        // One that nothing has ever had.
        *name = 1000 + usize::try_from(chance.below(1_000_000)).unwrap();
        let to = format!("{kind}{name}");
        // Who has not seen the file between finds the way as well.
        let earlier = self.moves.values_mut().filter(|earlier| **earlier == from);
        earlier.for_each(|earlier| earlier.clone_from(&to));
        self.handovers.renamed(&from, &to);
        self.moves.insert(from, to);
    }

    fn edit_once(&mut self, chance: &mut Chance) {
        let some = |chance: &mut Chance, length: usize| chance.below(length as u64) as usize;
        match chance.below(20) {
            14 => self
                .disks
                .push(Disk::some(chance, next(&self.disks, |one| one.name))),
            15 => self
                .eips
                .push(Eip::some(chance, next(&self.eips, |one| one.name))),
            16 if !self.disks.is_empty() => drop(self.disks.remove(some(chance, self.disks.len()))),
            17 if !self.eips.is_empty() => drop(self.eips.remove(some(chance, self.eips.len()))),
            18 if !self.disks.is_empty() => {
                let at = some(chance, self.disks.len());
                self.disks[at].edit(chance);
            }
            19 if !self.eips.is_empty() => {
                let at = some(chance, self.eips.len());
                self.eips[at].edit(chance);
            }
            0 => self.vpc = some_vpc(chance),
            1 => self.add_switch(chance),
            2 => self.add_group(chance),
            3 | 4 => self.add_server(chance),
            5 if self.switches.len() > 1 => drop(self.switches.remove(some(chance, self.switches.len()))),
            6 if self.groups.len() > 1 => drop(self.groups.remove(some(chance, self.groups.len()))),
            7 if !self.servers.is_empty() => drop(self.servers.remove(some(chance, self.servers.len()))),
            8 => self.enterprise = !self.enterprise,
            9 => {
                let at = some(chance, self.switches.len());
                let switch = &mut self.switches[at];
                switch.title = maybe(chance, 2, 3);
                switch.zone = usize::from(chance.below(2) == 0);
            }
            10 => {
                let at = some(chance, self.groups.len());
                self.change_group(chance, at);
            }
            11 => self.outputs = chance.below(4),
            _ if !self.servers.is_empty() => {
                let at = some(chance, self.servers.len());
                self.add_server(chance);
                let other = self.servers.pop().expect("it was just added");
                let server = &mut self.servers[at];
                server.takes_one_of(other, chance);
            }
            _ => {}
        }
    }

    /// Disks that another stack has as well are at least as large, and what stands in a switch that is made anew is not
    /// made before it.
    pub(crate) fn not_smaller_than(&mut self, other: &Drawn) {
        for switch in &self.switches {
            let before = other.switches.iter().find(|one| one.name == switch.name);
            if before.is_some_and(|before| before.zone != switch.zone) {
                self.rezoned.insert(switch.name);
            }
        }
        for disk in &mut self.disks {
            let before = other.disks.iter().find(|one| one.name == disk.name);
            disk.size = disk.size.max(before.map_or(0, |before| before.size));
        }
        for eip in &mut self.eips {
            let before = other.eips.iter().find(|one| one.name == eip.name);
            eip.joined |= before.is_some_and(|before| before.joined);
        }
        for server in &mut self.servers {
            let before = other.servers.iter().find(|one| one.name == server.name);
            let least = before.and_then(|before| before.volume).unwrap_or(0);
            server.volume = server.volume.map(|size| size.max(least));
        }
        // A kind of groups that a file does not say any more stays as it is, and takes no rules with groups.
        self.enterprise |= other.enterprise;
        self.mend();
    }

    /// What nobody can read of servers that another stack has as well is the same.
    pub(super) fn hides_what(&mut self, other: &Drawn) {
        for server in &mut self.servers {
            if let Some(before) = other.servers.iter().find(|one| one.name == server.name) {
                server.password = before.password;
            }
        }
        self.mend();
    }

    /// Takes out what names something that is not there, or not yet.
    fn mend(&mut self) {
        let groups: Vec<usize> = self.groups.iter().map(|one| one.name).collect();
        let switches: Vec<usize> = self.switches.iter().map(|one| one.name).collect();
        for group in &mut self.groups {
            group.after = group.after.filter(|after| switches.contains(after));
            if let Some(rules) = &mut group.rules {
                rules.retain(|(_, peer)| peer.is_none_or(|peer| groups.contains(&peer) && !self.enterprise));
            }
        }
        // The places of those that others may name: a block with a count has no address of its own.
        let mut earlier: Vec<usize> = Vec::new();
        self.servers.retain_mut(|server| {
            server.groups.retain(|group| groups.contains(group));
            if server.groups.is_empty() || !switches.contains(&server.switch) {
                return false;
            }
            server.after = server.after.filter(|after| earlier.contains(after));
            server.behind = server.behind.filter(|behind| earlier.contains(behind));
            if server.copies.is_some() {
                server.address = None;
            } else {
                earlier.push(server.name);
            }
            if server.elastic {
                server.bandwidth = None;
            }
            true
        });
        let single = || self.servers.iter().filter(|one| one.copies.is_none());
        for disk in &mut self.disks {
            let zone = |server: &Server| {
                self.switches
                    .iter()
                    .find(|one| one.name == server.switch)
                    .map(|one| one.zone)
            };
            let near: Vec<usize> = single()
                .filter(|server| zone(server) == Some(disk.zone))
                .map(|server| server.name)
                .collect();
            disk.settle(&near);
        }
        let mut free: Vec<usize> = single().filter(|one| one.elastic).map(|one| one.name).collect();
        for eip in &mut self.eips {
            if let Some(taken) = eip.settle(&free) {
                free.retain(|name| *name != taken);
            }
        }
        let Some(around) = &mut self.around else {
            return;
        };
        around.settle(&Places {
            open_groups: (self.groups.iter())
                .filter(|one| one.rules.is_none() && !self.enterprise)
                .map(|one| one.name)
                .collect(),
            servers: (self.servers.iter())
                .filter(|one| one.copies.is_none())
                .map(|one| (one.name, same_zone(&self.switches, one.switch)))
                .collect(),
            switches,
            groups,
        });
        let (keys, policies) = (around.keys(), around.policies());
        // A key switches the password off.
        for server in &mut self.servers {
            let keys = if server.password.is_none() { &keys[..] } else { &[] };
            server.key.settle(keys);
        }
        self.disks.iter_mut().for_each(|one| one.policy.settle(&policies));
    }

    /// The blocks and what follows them, without the head of a file.
    pub(crate) fn blocks(&self) -> String {
        let stack = self.stack();
        let pieces = stack.pieces.iter().map(|piece| piece.text.as_str());
        pieces.chain([stack.tail.as_str()]).collect()
    }

    /// Whether a block may be made before the old one goes: nothing that it names has to go first, and it has nothing
    /// that only one can have.
    fn may_be_first(&self, block: &str, text: &str) -> bool {
        let is_in = |switch: &usize| text.contains(&format!("${{vswitch.w{switch}.id}}"));
        if self.rezoned.iter().any(is_in) {
            return false;
        }
        !block.starts_with("instance.")
            || !["${key_pair.", "${instance.", "depends_on", "private_ip ="]
                .iter()
                .any(|word| text.contains(word))
    }

    /// As blocks of a file.
    pub(super) fn stack(&self) -> Stack {
        let mut pieces = vec![self.vpc.piece()];
        pieces.extend(self.switches.iter().map(Switch::piece));
        pieces.extend(self.groups.iter().map(|group| group.piece(self.enterprise)));
        pieces.extend(self.servers.iter().flat_map(Server::pieces));
        pieces.extend(self.disks.iter().map(Disk::piece));
        pieces.extend(self.eips.iter().flat_map(Eip::pieces));
        pieces.extend(self.around.iter().flat_map(Around::pieces));
        self.handovers.allow(&mut pieces);
        if let Some(lifecycles) = self.lifecycles {
            let texts: BTreeMap<String, String> = (pieces.iter())
                .map(|piece| (piece.address.clone(), piece.text.clone()))
                .collect();
            lifecycles.write(&mut pieces, |block| {
                let text = texts.get(block).or_else(|| texts.get(&format!("{block}[0]")));
                text.is_some_and(|text| self.may_be_first(block, text))
            });
        }
        let mut tail = String::new();
        let mut moves = Vec::new();
        for (from, to) in &self.moves {
            let is_there = |address: &str| {
                let of_block = |piece: &Piece| piece.address.split('[').next() == Some(address);
                pieces.iter().any(of_block)
            };
            if !is_there(from) && is_there(to) {
                let _ = writeln!(tail, "[[moved]]\nfrom = \"{from}\"\nto = \"{to}\"");
                moves.push((from.clone(), to.clone()));
            }
        }
        if self.outputs > 0 {
            tail.push_str("[output]\nnetwork = \"${vpc.main.id}\"\n");
        }
        let single = self.servers.iter().filter(|one| one.copies.is_none());
        for server in single.take(self.outputs.saturating_sub(1) as usize) {
            let name = server.name;
            let _ = writeln!(tail, "public_{name} = \"${{instance.s{name}.public_ip}}\"");
            let _ = writeln!(tail, "private_{name} = \"at ${{instance.s{name}.private_ip}}\"");
        }
        let free = self
            .eips
            .iter()
            .filter(|eip| !eip.joined)
            .map(|eip| format!("eip.e{}", eip.name));
        let loose: BTreeSet<String> = (self.disks.iter().map(|disk| format!("disk.d{}", disk.name)))
            .chain(free)
            .collect();
        let loose = pieces
            .iter()
            .map(|piece| piece.address.clone())
            .filter(|address| loose.contains(block(address)));
        let mut stack = Stack {
            loose: loose.collect(),
            pieces,
            tail,
            moves,
            ..Stack::default()
        };
        self.handovers.write(&mut stack);
        let earlier = self.moves.iter().filter(|(_, to)| stack.let_go.contains(*to));
        stack.let_go_as = earlier.map(|(from, _)| from.clone()).collect();
        stack
    }
}

/// The switches in the zone of one.
fn same_zone(switches: &[Switch], of: usize) -> Vec<usize> {
    let zone = switches.iter().find(|one| one.name == of).map(|one| one.zone);
    let near = switches.iter().filter(|one| Some(one.zone) == zone);
    near.map(|one| one.name).collect()
}

fn some_vpc(chance: &mut Chance) -> Vpc {
    Vpc {
        title: chance.below(3),
        note: maybe(chance, 3, 3),
        tags: chance.below(3),
        protected: maybe(chance, 3, 2).map(|one| one == 1),
    }
}

impl Vpc {
    fn piece(&self) -> Piece {
        let name = format!("proof-{}", self.title);
        let mut text = format!("[vpc.main]\nname = \"{name}\"\ncidr_block = \"10.0.0.0/16\"\n");
        if let Some(note) = self.note {
            let _ = writeln!(text, "description = \"note {note}\"");
        }
        tags(&mut text, self.tags);
        if let Some(protected) = self.protected {
            let _ = writeln!(text, "lifecycle = {{ prevent_destroy = {protected} }}");
        }
        Piece {
            address: "vpc.main".to_owned(),
            text,
            fields: vec![("name", name)],
            ..Piece::default()
        }
    }
}

impl Switch {
    fn piece(&self) -> Piece {
        let (name, zone) = (self.name, ZONES[self.zone]);
        let mut text = format!(
            "[vswitch.w{name}]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"{zone}\"\n\
             cidr_block = \"10.0.{name}.0/24\"\n"
        );
        let mut fields = vec![("zone", zone.to_owned()), ("vpc_id", "${vpc.main.id}".to_owned())];
        if let Some(title) = self.title {
            let _ = writeln!(text, "name = \"switch-{title}\"");
            fields.push(("name", format!("switch-{title}")));
        }
        Piece {
            address: format!("vswitch.w{name}"),
            text,
            fields,
            ..Piece::default()
        }
    }
}

impl Group {
    fn piece(&self, enterprise: bool) -> Piece {
        let name = self.name;
        let mut text = format!("[security_group.g{name}]\nvpc_id = \"${{vpc.main.id}}\"\n");
        let mut fields = vec![("vpc_id", "${vpc.main.id}".to_owned())];
        if enterprise {
            text.push_str("security_group_type = \"enterprise\"\n");
            fields.push(("kind", "enterprise".to_owned()));
        }
        if let Some(title) = self.title {
            let _ = writeln!(text, "name = \"group-{title}\"");
            fields.push(("name", format!("group-{title}")));
        }
        if let Some(after) = self.after {
            let _ = writeln!(text, "depends_on = [\"vswitch.w{after}\"]");
        }
        if let Some(rules) = &self.rules {
            text.push_str("ingress = [\n");
            for (port, peer) in rules {
                let from = match peer {
                    Some(peer) => format!("source_group_id = \"${{security_group.g{peer}.id}}\""),
                    None => "source_cidr_ip = \"0.0.0.0/0\"".to_owned(),
                };
                let _ = writeln!(text, "  {{ port_range = \"{port}\", {from} }},");
            }
            text.push_str("]\n");
            fields.push(("rules.length", rules.len().to_string()));
        }
        Piece {
            address: format!("security_group.g{name}"),
            text,
            fields,
            ..Piece::default()
        }
    }
}

pub(super) fn tags(text: &mut String, tags: u64) {
    match tags {
        0 => {}
        1 => text.push_str("tags = { team = \"a\" }\n"),
        _ => text.push_str("tags = { team = \"b\", tier = \"web\" }\n"),
    }
}
