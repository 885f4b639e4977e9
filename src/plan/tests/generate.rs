//! Stacks by chance: everything that the language and the types allow is drawn, so that a property is held against more
//! than its author thought of.

use std::fmt::Write as _;

use crate::env::chance::Chance;

/// A stack that can be edited and written as TOML.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    vpcs: Vec<Vpc>,
    vswitches: Vec<VSwitch>,
    groups: Vec<Group>,
    instances: Vec<Instance>,
    spares: Vec<Spare>,
    outputs: Vec<String>,
    /// The order in which the blocks are written.
    pub(super) shuffle: u64,
}

#[derive(Debug, Clone)]
struct Vpc {
    name: usize,
    title: Option<u64>,
    note: Option<u64>,
    tags: u64,
    protected: Option<bool>,
}

#[derive(Debug, Clone)]
struct VSwitch {
    name: usize,
    vpc: usize,
    zone: usize,
    title: Option<u64>,
    protected: Option<bool>,
}

#[derive(Debug, Clone)]
struct Group {
    name: usize,
    vpc: usize,
    enterprise: bool,
    title: Option<u64>,
    /// Ports, each from everywhere or from members of a group.
    rules: Option<Vec<(u64, Option<usize>)>>,
}

#[derive(Debug, Clone)]
struct Instance {
    name: usize,
    vswitch: usize,
    groups: Vec<usize>,
    size: usize,
    image: usize,
    bandwidth: Option<u64>,
    stopped: bool,
    host: Option<u64>,
    password: Option<u64>,
    data: Option<u64>,
    address: Option<u64>,
    count: Option<u64>,
    depends: Option<usize>,
    tags: u64,
    protected: Option<bool>,
}

/// What may be joined to a server, and outlives it: a disk or an elastic address.
#[derive(Debug, Clone)]
struct Spare {
    name: usize,
    is_disk: bool,
    title: Option<u64>,
    /// GB, or Mbit/s.
    size: u64,
    server: Option<usize>,
    dies: Option<bool>,
    tags: u64,
    protected: Option<bool>,
}

const TYPES: [&str; 3] = ["ecs.g7.large", "ecs.g7.xlarge", "ecs.r7.xlarge"];
const IMAGES: [&str; 2] = [
    "ubuntu_22_04_x64_20G_alibase_20240819.vhd",
    "aliyun_3_x64_20G_alibase_20240819.vhd",
];
const ZONES: [&str; 2] = ["cn-hangzhou-h", "cn-hangzhou-i"];

fn maybe(chance: &mut Chance, odds: u64, of: u64) -> Option<u64> {
    (chance.below(odds) == 0).then(|| chance.below(of))
}

fn protection(chance: &mut Chance, may_protect: bool) -> Option<bool> {
    match chance.below(12) {
        0 => Some(false),
        1 if may_protect => Some(true),
        _ => None,
    }
}

impl Stack {
    /// A stack as chance wants it; one that may protect its resources cannot always be taken down.
    pub(super) fn some(chance: &mut Chance, may_protect: bool) -> Stack {
        let mut stack = Stack {
            shuffle: chance.next(),
            ..Stack::default()
        };
        for _ in 0..=chance.below(2) {
            stack.add_vpc(chance, may_protect);
        }
        for _ in 0..chance.below(4) {
            stack.add_vswitch(chance, may_protect);
        }
        for _ in 0..chance.below(4) {
            stack.add_group(chance);
        }
        for _ in 0..chance.below(5) {
            stack.add_instance(chance, may_protect);
        }
        for _ in 0..chance.below(4) {
            stack.add_spare(chance, may_protect);
        }
        stack.mend();
        stack.some_outputs(chance);
        stack
    }

    fn add_vpc(&mut self, chance: &mut Chance, may_protect: bool) {
        let name = self.vpcs.len();
        self.vpcs.push(Vpc {
            name,
            title: maybe(chance, 2, 3),
            note: maybe(chance, 3, 3),
            tags: chance.below(3),
            protected: protection(chance, may_protect),
        });
    }

    fn add_vswitch(&mut self, chance: &mut Chance, may_protect: bool) {
        let name = self.vswitches.iter().map(|one| one.name + 1).max().unwrap_or(0);
        self.vswitches.push(VSwitch {
            name,
            vpc: chance.index(self.vpcs.len()),
            zone: chance.index(ZONES.len()),
            title: maybe(chance, 2, 3),
            protected: protection(chance, may_protect),
        });
    }

    fn add_group(&mut self, chance: &mut Chance) {
        let name = self.groups.iter().map(|one| one.name + 1).max().unwrap_or(0);
        self.groups.push(Group {
            name,
            vpc: chance.index(self.vpcs.len()),
            enterprise: false,
            title: maybe(chance, 2, 3),
            rules: None,
        });
        let last = self.groups.len() - 1;
        self.groups[last].rules = self.some_rules(chance, last);
    }

    fn some_rules(&self, chance: &mut Chance, group: usize) -> Option<Vec<(u64, Option<usize>)>> {
        if chance.below(4) == 0 {
            return None;
        }
        let vpc = self.groups[group].vpc;
        let peers: Vec<usize> = (0..self.groups.len())
            .filter(|peer| self.groups[*peer].vpc == vpc)
            .collect();
        let mut rules: Vec<(u64, Option<usize>)> = (0..chance.below(4))
            .map(|_| {
                let peer = (chance.below(2) == 0).then(|| self.groups[*chance.pick(&peers)].name);
                // A group of the enterprise kind names none.
                let peer = peer.filter(|_| !self.groups[group].enterprise);
                (80 + chance.below(4), peer)
            })
            .collect();
        rules.sort_unstable();
        rules.dedup();
        Some(rules)
    }

    fn add_instance(&mut self, chance: &mut Chance, may_protect: bool) {
        let places: Vec<usize> = (0..self.vswitches.len())
            .filter(|place| {
                let vpc = self.vswitches[*place].vpc;
                self.groups.iter().any(|group| group.vpc == vpc)
            })
            .collect();
        if places.is_empty() {
            return;
        }
        let vswitch = *chance.pick(&places);
        let vpc = self.vswitches[vswitch].vpc;
        let own: Vec<usize> = self
            .groups
            .iter()
            .filter(|group| group.vpc == vpc)
            .map(|group| group.name)
            .collect();
        let mut groups: Vec<usize> = (0..=chance.below(2)).map(|_| *chance.pick(&own)).collect();
        groups.sort_unstable();
        groups.dedup();
        let name = self.instances.iter().map(|one| one.name + 1).max().unwrap_or(0);
        let count = maybe(chance, 4, 4);
        let others: Vec<usize> = self
            .instances
            .iter()
            .filter(|one| one.count.is_none())
            .map(|one| one.name)
            .collect();
        self.instances.push(Instance {
            name,
            vswitch: self.vswitches[vswitch].name,
            groups,
            size: chance.index(TYPES.len()),
            image: chance.index(IMAGES.len()),
            bandwidth: maybe(chance, 2, 3),
            stopped: chance.below(5) == 0,
            host: maybe(chance, 3, 3),
            password: maybe(chance, 3, 2),
            data: maybe(chance, 3, 3),
            // Below 5 there is one for each of a few servers, so that they contend.
            address: if count.is_none() {
                maybe(chance, 4, 4)
            } else {
                None
            },
            count,
            depends: if !others.is_empty() && chance.below(4) == 0 {
                Some(*chance.pick(&others))
            } else {
                None
            },
            tags: chance.below(3),
            protected: protection(chance, may_protect),
        });
        self.unique_addresses();
    }

    fn add_spare(&mut self, chance: &mut Chance, may_protect: bool) {
        let name = self.spares.iter().map(|one| one.name + 1).max().unwrap_or(0);
        self.spares.push(Spare {
            name,
            is_disk: chance.below(2) == 0,
            title: maybe(chance, 2, 3),
            size: 20,
            server: None,
            dies: maybe(chance, 2, 2).map(|dies| dies == 1),
            tags: chance.below(3),
            protected: protection(chance, may_protect),
        });
        self.join_spare(chance, self.spares.len() - 1);
    }

    fn join_spare(&mut self, chance: &mut Chance, at: usize) {
        self.spares[at].server = if self.instances.is_empty() || chance.below(4) == 0 {
            None
        } else {
            Some(chance.pick(&self.instances).name)
        };
    }

    /// No two servers of one stack have the same address in the same network.
    fn unique_addresses(&mut self) {
        let mut taken = Vec::new();
        for instance in &mut self.instances {
            if let Some(address) = instance.address {
                if taken.contains(&(instance.vswitch, address)) {
                    instance.address = None;
                } else {
                    taken.push((instance.vswitch, address));
                }
            }
        }
    }

    fn some_outputs(&mut self, chance: &mut Chance) {
        self.outputs.clear();
        for vpc in &self.vpcs {
            if chance.below(2) == 0 {
                self.outputs.push(format!("${{vpc.v{}.id}}", vpc.name));
            }
        }
        for instance in self.instances.iter().filter(|one| one.count.is_none()) {
            if chance.below(2) == 0 {
                let attribute = *chance.pick(&["id", "public_ip", "private_ip", "status"]);
                self.outputs
                    .push(format!("x ${{instance.i{}.{attribute}}}", instance.name));
            }
        }
    }

    /// Changes something, or several things.
    pub(super) fn edit(&mut self, chance: &mut Chance, may_protect: bool) {
        for _ in 0..=chance.below(3) {
            self.edit_once(chance, may_protect);
        }
        self.mend();
        if chance.below(3) == 0 {
            self.some_outputs(chance);
        } else {
            let outputs = std::mem::take(&mut self.outputs);
            let text = self.text();
            self.outputs = outputs
                .into_iter()
                .filter(|output| {
                    let named = output
                        .split("${")
                        .nth(1)
                        .and_then(|rest| rest.rsplit_once('.'))
                        .map(|(address, _)| address.to_owned());
                    named.is_none_or(|address| {
                        text.contains(&format!("[{address}]"))
                            && !self.instances.iter().any(|one| {
                                one.count.is_some() && address == format!("instance.i{}", one.name)
                            })
                    })
                })
                .collect();
        }
        self.shuffle = chance.next();
    }

    fn edit_once(&mut self, chance: &mut Chance, may_protect: bool) {
        match chance.below(18) {
            14 => self.add_spare(chance, may_protect),
            15 if !self.spares.is_empty() => {
                let at = chance.index(self.spares.len());
                self.spares.remove(at);
            }
            16 if !self.spares.is_empty() => {
                let at = chance.index(self.spares.len());
                self.join_spare(chance, at);
            }
            17 if !self.spares.is_empty() => {
                let at = chance.index(self.spares.len());
                let spare = &mut self.spares[at];
                spare.title = maybe(chance, 2, 3);
                spare.size += 10 * chance.below(2);
                spare.dies = maybe(chance, 2, 2).map(|dies| dies == 1);
                spare.tags = chance.below(3);
                spare.protected = protection(chance, may_protect);
            }
            0 => self.add_vswitch(chance, may_protect),
            1 => self.add_group(chance),
            2 | 3 => self.add_instance(chance, may_protect),
            4 if !self.instances.is_empty() => {
                let at = chance.index(self.instances.len());
                self.instances.remove(at);
            }
            5 if !self.groups.is_empty() => {
                let at = chance.index(self.groups.len());
                self.groups.remove(at);
            }
            6 if !self.vswitches.is_empty() => {
                let at = chance.index(self.vswitches.len());
                self.vswitches.remove(at);
            }
            7 => {
                let vpc = chance.index(self.vpcs.len());
                let vpc = &mut self.vpcs[vpc];
                vpc.title = maybe(chance, 2, 3);
                vpc.note = maybe(chance, 2, 3);
                vpc.tags = chance.below(3);
                vpc.protected = protection(chance, may_protect);
            }
            8 if !self.vswitches.is_empty() => {
                let at = chance.index(self.vswitches.len());
                let vswitch = &mut self.vswitches[at];
                vswitch.zone = chance.index(ZONES.len());
                vswitch.title = maybe(chance, 2, 3);
            }
            9 | 10 if !self.groups.is_empty() => {
                let at = chance.index(self.groups.len());
                self.groups[at].enterprise = chance.below(3) == 0;
                self.groups[at].title = maybe(chance, 2, 3);
                self.groups[at].rules = self.some_rules(chance, at);
            }
            _ if !self.instances.is_empty() => {
                let at = chance.index(self.instances.len());
                let instance = &mut self.instances[at];
                match chance.below(9) {
                    0 => instance.size = chance.index(TYPES.len()),
                    1 => instance.image = chance.index(IMAGES.len()),
                    2 => instance.bandwidth = maybe(chance, 2, 3),
                    3 => instance.stopped = !instance.stopped,
                    4 => instance.host = maybe(chance, 2, 3),
                    5 => instance.password = maybe(chance, 2, 2),
                    6 => instance.data = maybe(chance, 2, 3),
                    7 => instance.tags = chance.below(3),
                    _ => {
                        instance.count = maybe(chance, 2, 4);
                        instance.protected = protection(chance, may_protect);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes out what names something that is not there any more.
    fn mend(&mut self) {
        let groups: Vec<usize> = self.groups.iter().map(|group| group.name).collect();
        let all: Vec<(usize, usize)> = self.groups.iter().map(|one| (one.name, one.vpc)).collect();
        for group in &mut self.groups {
            for rules in group.rules.iter_mut() {
                rules.retain(|(_, peer)| peer.is_none_or(|peer| groups.contains(&peer)));
            }
        }
        for instance in &mut self.instances {
            let place = self.vswitches.iter().find(|one| one.name == instance.vswitch);
            let is_near = |group: &usize| {
                let vpc = all.iter().find(|one| one.0 == *group).map(|one| one.1);
                vpc.is_some() && vpc == place.map(|place| place.vpc)
            };
            instance.groups.retain(is_near);
        }
        let places: Vec<usize> = self.vswitches.iter().map(|place| place.name).collect();
        self.instances
            .retain(|one| !one.groups.is_empty() && places.contains(&one.vswitch));
        let single: Vec<usize> = self
            .instances
            .iter()
            .filter(|one| one.count.is_none())
            .map(|one| one.name)
            .collect();
        for instance in &mut self.instances {
            let own = instance.name;
            instance.depends = instance
                .depends
                .filter(|other| *other < own && single.contains(other));
            if instance.count.is_some() {
                instance.address = None;
            }
        }
        self.unique_addresses();
        // A server has one elastic address at most, and none beside one of its own.
        let mut free: Vec<usize> = self
            .instances
            .iter()
            .filter(|one| one.count.is_none() && one.bandwidth.unwrap_or(0) == 0)
            .map(|one| one.name)
            .collect();
        // A disk is where its server is.
        let near: Vec<usize> = self
            .instances
            .iter()
            .filter(|one| {
                let place = self.vswitches.iter().find(|place| place.name == one.vswitch);
                single.contains(&one.name) && place.is_some_and(|place| place.zone == 0)
            })
            .map(|one| one.name)
            .collect();
        for spare in &mut self.spares {
            let may_have = if spare.is_disk { &near } else { &free };
            spare.server = spare.server.filter(|server| may_have.contains(server));
            if !spare.is_disk {
                free.retain(|name| Some(*name) != spare.server);
            }
        }
    }

    /// As TOML, without `[infra]`.
    pub(super) fn text(&self) -> String {
        let mut blocks: Vec<String> = Vec::new();
        for vpc in &self.vpcs {
            let mut text = format!("[vpc.v{}]\ncidr_block = \"10.{}.0.0/16\"\n", vpc.name, vpc.name);
            words(&mut text, vpc.title, vpc.note);
            tags(&mut text, vpc.tags);
            protect(&mut text, vpc.protected);
            blocks.push(text);
        }
        for vswitch in &self.vswitches {
            let (name, vpc) = (vswitch.name, vswitch.vpc);
            let mut text = format!(
                "[vswitch.s{name}]\nvpc_id = \"${{vpc.v{vpc}.id}}\"\nzone_id = \"{}\"\ncidr_block = \"10.{vpc}.{name}.0/24\"\n",
                ZONES[vswitch.zone]
            );
            words(&mut text, vswitch.title, None);
            protect(&mut text, vswitch.protected);
            blocks.push(text);
        }
        for group in &self.groups {
            let mut text = format!(
                "[security_group.g{}]\nvpc_id = \"${{vpc.v{}.id}}\"\n",
                group.name, group.vpc
            );
            if group.enterprise {
                text.push_str("security_group_type = \"enterprise\"\n");
            }
            words(&mut text, group.title, None);
            if let Some(rules) = &group.rules {
                text.push_str("ingress = [\n");
                for (port, peer) in rules {
                    let from = match peer {
                        Some(peer) => format!("source_group_id = \"${{security_group.g{peer}.id}}\""),
                        None => "source_cidr_ip = \"10.0.0.0/8\"".to_owned(),
                    };
                    let _ = writeln!(text, "  {{ port_range = \"{port}\", {from} }},");
                }
                text.push_str("]\n");
            }
            blocks.push(text);
        }
        for instance in &self.instances {
            blocks.push(instance.text(self));
        }
        blocks.extend(self.spares.iter().map(Spare::text));
        let mut chance = Chance::new(self.shuffle);
        let mut text = String::new();
        while !blocks.is_empty() {
            let at = chance.index(blocks.len());
            text.push_str(&blocks.swap_remove(at));
        }
        if !self.outputs.is_empty() {
            text.push_str("[output]\n");
            for (index, output) in self.outputs.iter().enumerate() {
                let _ = writeln!(text, "o{index} = \"{output}\"");
            }
        }
        text
    }
}

impl Instance {
    fn text(&self, stack: &Stack) -> String {
        let groups: Vec<String> = self
            .groups
            .iter()
            .map(|group| format!("\"${{security_group.g{group}.id}}\""))
            .collect();
        let place = stack.vswitches.iter().find(|place| place.name == self.vswitch);
        let vpc = place.map_or(0, |place| place.vpc);
        let mut text = format!(
            "[instance.i{}]\ninstance_type = \"{}\"\nimage_id = \"{}\"\nvswitch_id = \"${{vswitch.s{}.id}}\"\nsecurity_group_ids = [{}]\n",
            self.name,
            TYPES[self.size],
            IMAGES[self.image],
            self.vswitch,
            groups.join(", ")
        );
        if let Some(bandwidth) = self.bandwidth {
            let _ = writeln!(text, "internet_max_bandwidth_out = {}", bandwidth * 5);
        }
        if self.stopped {
            text.push_str("status = \"Stopped\"\n");
        }
        if let Some(host) = self.host {
            let _ = writeln!(text, "host_name = \"host-{host}\"");
        }
        if let Some(password) = self.password {
            let _ = writeln!(text, "password = {{ env = \"PASSWORD_{password}\" }}");
        }
        if let Some(data) = self.data {
            let _ = writeln!(text, "user_data = \"#!/bin/sh\\necho {data}\\n\"");
        }
        if let Some(address) = self.address {
            let _ = writeln!(
                text,
                "private_ip = \"10.{vpc}.{}.{}\"",
                self.vswitch,
                address + 10
            );
        }
        if let Some(count) = self.count {
            let _ = writeln!(text, "count = {count}");
        }
        if let Some(depends) = self.depends {
            let _ = writeln!(text, "depends_on = [\"instance.i{depends}\"]");
        }
        tags(&mut text, self.tags);
        protect(&mut text, self.protected);
        text
    }
}

impl Spare {
    fn text(&self) -> String {
        let (name, size) = (self.name, self.size);
        let mut text = if self.is_disk {
            format!("[disk.d{name}]\nzone_id = \"{}\"\nsize = {size}\n", ZONES[0])
        } else {
            format!("[eip.e{name}]\nbandwidth = {size}\n")
        };
        words(&mut text, self.title, None);
        if let Some(server) = self.server {
            let _ = writeln!(text, "instance_id = \"${{instance.i{server}.id}}\"");
            if let Some(dies) = self.dies.filter(|_| self.is_disk) {
                let _ = writeln!(text, "delete_with_instance = {dies}");
            }
        }
        tags(&mut text, self.tags);
        protect(&mut text, self.protected);
        text
    }
}

fn words(text: &mut String, title: Option<u64>, note: Option<u64>) {
    if let Some(title) = title {
        let _ = writeln!(text, "name = \"name-{title}\"");
    }
    if let Some(note) = note {
        let _ = writeln!(text, "description = \"note {note}\"");
    }
}

fn tags(text: &mut String, tags: u64) {
    match tags {
        0 => {}
        1 => text.push_str("tags = { team = \"a\" }\n"),
        _ => text.push_str("tags = { team = \"b\", tier = \"web\" }\n"),
    }
}

fn protect(text: &mut String, protected: Option<bool>) {
    if let Some(protected) = protected {
        let _ = writeln!(text, "lifecycle = {{ prevent_destroy = {protected} }}");
    }
}
