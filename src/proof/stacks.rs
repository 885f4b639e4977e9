//! Stacks by chance that are edited, reverted and written down as files: all that the types and the language have, with
//! what the cloud must hold for it.
//!
//! Does not know how a stack comes about, nor what happens meanwhile. A later resource type joins by a field of
//! [`Drawn`] and a piece in [`Drawn::stack`].

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Chance;
use super::partners::{Disk, Eip};
use super::scenarios::{Piece, Stack};

/// The secrets that files name, as the environment has them.
pub(super) const PASSWORDS: [(&str, &str); 2] = [
    ("PROOF_PASSWORD_0", "Proof-Password-0"),
    ("PROOF_PASSWORD_1", "Proof-Password-1"),
];

pub(super) const ZONES: [&str; 2] = ["cn-hangzhou-h", "cn-hangzhou-i"];
const TYPES: [&str; 2] = ["ecs.g7.large", "ecs.g7.xlarge"];
const IMAGES: [&str; 2] = [
    "ubuntu_22_04_x64_20G_alibase_20240819.vhd",
    "aliyun_3_x64_20G_alibase_20240819.vhd",
];

/// A stack that can be edited.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    vpc: Vpc,
    switches: Vec<Switch>,
    groups: Vec<Group>,
    servers: Vec<Server>,
    disks: Vec<Disk>,
    eips: Vec<Eip>,
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

#[derive(Debug, Clone)]
struct Server {
    name: usize,
    switch: usize,
    groups: Vec<usize>,
    size: usize,
    image: usize,
    stopped: Option<bool>,
    bandwidth: Option<u64>,
    host: Option<u64>,
    password: Option<usize>,
    data: Option<u64>,
    address: Option<u64>,
    tags: u64,
    unprotected: bool,
    /// It is made after this server.
    after: Option<usize>,
    /// Its description names the address of this server, which the cloud computes.
    behind: Option<usize>,
    /// As many alike, by `count`.
    copies: Option<u64>,
    /// It never has a public address of its own, so it may have an elastic one.
    elastic: bool,
}

/// A name that nothing of these has had.
fn next<T>(all: &[T], name: impl Fn(&T) -> usize) -> usize {
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
        let name = next(&self.servers, |one| one.name);
        let mut other = |odds| {
            (!self.servers.is_empty() && chance.below(odds) == 0).then(|| chance.pick(&self.servers).name)
        };
        let (after, behind) = (other(4), other(4));
        self.servers.push(Server {
            name,
            switch: chance.pick(&self.switches).name,
            groups,
            size: usize::from(chance.below(3) == 0),
            image: usize::from(chance.below(3) == 0),
            stopped: maybe(chance, 2, 3).map(|stopped| stopped == 0),
            bandwidth: maybe(chance, 3, 3),
            host: maybe(chance, 3, 3),
            password: maybe(chance, 3, 2).map(|one| usize::from(one == 1)),
            data: maybe(chance, 3, 3),
            address: maybe(chance, 4, 3),
            tags: chance.below(3),
            unprotected: chance.below(6) == 0,
            after,
            behind,
            copies: maybe(chance, 6, 3).map(|more| 1 + more),
            elastic: chance.below(2) == 0,
        });
    }

    /// Changes something, or several things.
    pub(super) fn edit(&mut self, chance: &mut Chance) {
        for _ in 0..=chance.below(3) {
            self.edit_once(chance);
        }
        self.mend();
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
                match chance.below(12) {
                    10 => server.copies = other.copies,
                    0 => server.size = other.size,
                    1 => server.image = other.image,
                    2 => server.bandwidth = other.bandwidth,
                    3 => server.stopped = other.stopped,
                    4 => server.host = other.host,
                    5 => server.password = other.password,
                    6 => server.data = other.data,
                    7 => (server.tags, server.unprotected) = (other.tags, other.unprotected),
                    8 => server.groups = other.groups,
                    9 => (server.after, server.behind) = (other.after, other.behind),
                    _ => server.address = other.address,
                }
            }
            _ => {}
        }
    }

    /// Disks that another stack has as well are at least as large.
    pub(super) fn not_smaller_than(&mut self, other: &Drawn) {
        for disk in &mut self.disks {
            let before = other.disks.iter().find(|one| one.name == disk.name);
            disk.size = disk.size.max(before.map_or(0, |before| before.size));
        }
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
    }

    /// As blocks of a file.
    pub(super) fn stack(&self) -> Stack {
        let mut pieces = vec![self.vpc.piece()];
        pieces.extend(self.switches.iter().map(Switch::piece));
        pieces.extend(self.groups.iter().map(|group| group.piece(self.enterprise)));
        pieces.extend(self.servers.iter().flat_map(Server::pieces));
        pieces.extend(self.disks.iter().map(Disk::piece));
        pieces.extend(self.eips.iter().map(Eip::piece));
        let mut tail = String::new();
        if self.outputs > 0 {
            tail.push_str("[output]\nnetwork = \"${vpc.main.id}\"\n");
        }
        let single = self.servers.iter().filter(|one| one.copies.is_none());
        for server in single.take(self.outputs.saturating_sub(1) as usize) {
            let name = server.name;
            let _ = writeln!(tail, "public_{name} = \"${{instance.s{name}.public_ip}}\"");
            let _ = writeln!(tail, "private_{name} = \"at ${{instance.s{name}.private_ip}}\"");
        }
        Stack { pieces, tail }
    }
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
        }
    }
}

impl Server {
    /// One for each copy; the first has the block.
    fn pieces(&self) -> Vec<Piece> {
        let mut whole = self.piece();
        let Some(copies) = self.copies else {
            return vec![whole];
        };
        let _ = writeln!(whole.text, "count = {copies}");
        let address = whole.address.clone();
        (0..copies)
            .map(|index| Piece {
                address: format!("{address}[{index}]"),
                text: if index == 0 {
                    std::mem::take(&mut whole.text)
                } else {
                    String::new()
                },
                fields: whole.fields.clone(),
            })
            .collect()
    }

    fn piece(&self) -> Piece {
        let name = self.name;
        let (kind, image) = (TYPES[self.size], IMAGES[self.image]);
        let groups: Vec<String> = self
            .groups
            .iter()
            .map(|group| format!("\"${{security_group.g{group}.id}}\""))
            .collect();
        let mut text = format!(
            "[instance.s{name}]\ninstance_type = \"{kind}\"\nimage_id = \"{image}\"\n\
             vswitch_id = \"${{vswitch.w{}.id}}\"\nsecurity_group_ids = [{}]\n",
            self.switch,
            groups.join(", ")
        );
        let status = match self.stopped {
            Some(true) => "Stopped",
            _ => "Running",
        };
        let mut fields = vec![
            ("instance_type", kind.to_owned()),
            ("image_id", image.to_owned()),
            ("status", status.to_owned()),
            (
                "network.Vpc.vswitch_id",
                format!("${{vswitch.w{}.id}}", self.switch),
            ),
            ("security_groups.length", self.groups.len().to_string()),
        ];
        if let [only] = self.groups[..] {
            fields.push(("security_groups.0", format!("${{security_group.g{only}.id}}")));
        }
        if self.stopped.is_some() {
            let _ = writeln!(text, "status = \"{status}\"");
        }
        if let Some(bandwidth) = self.bandwidth {
            let _ = writeln!(text, "internet_max_bandwidth_out = {}", bandwidth * 5);
            fields.push(("bandwidth_out", (bandwidth * 5).to_string()));
        }
        if let Some(host) = self.host {
            let _ = writeln!(text, "host_name = \"host-{host}\"");
            fields.push(("host_name", format!("host-{host}")));
        }
        if let Some(password) = self.password {
            let _ = writeln!(text, "password = {{ env = \"{}\" }}", PASSWORDS[password].0);
            fields.push(("has_password", "true".to_owned()));
        }
        if let Some(data) = self.data {
            let _ = writeln!(text, "user_data = \"#!/bin/sh\\necho {data}\\n\"");
            let script = format!("#!/bin/sh\necho {data}\n");
            fields.push(("user_data", STANDARD.encode(script)));
        }
        if let Some(address) = self.address {
            // Nobody else's at any time: one that the file no longer names stays where it was.
            let address = 100 + 3 * (name as u64 % 50) + address;
            let _ = writeln!(text, "private_ip = \"10.0.{}.{address}\"", self.switch);
        }
        if let Some(after) = self.after {
            let _ = writeln!(text, "depends_on = [\"instance.s{after}\"]");
        }
        if let Some(behind) = self.behind {
            let _ = writeln!(
                text,
                "description = \"behind ${{instance.s{behind}.private_ip}}\""
            );
        }
        tags(&mut text, self.tags);
        if self.unprotected {
            text.push_str("lifecycle = { prevent_destroy = false }\n");
        }
        Piece {
            address: format!("instance.s{name}"),
            text,
            fields,
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
