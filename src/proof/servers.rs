//! Servers by chance.
//!
//! Does not know the stack around them: what may be named is told.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Chance;
use super::around::Pick;
use super::scenarios::Piece;
use super::stacks::{PASSWORDS, maybe, tags};

const TYPES: [&str; 2] = ["ecs.g7.large", "ecs.g7.xlarge"];
pub(super) const IMAGES: [&str; 2] = [
    "ubuntu_22_04_x64_20G_alibase_20240819.vhd",
    "aliyun_3_x64_20G_alibase_20240819.vhd",
];

#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) name: usize,
    pub(super) switch: usize,
    pub(super) groups: Vec<usize>,
    pub(super) size: usize,
    pub(super) image: usize,
    pub(super) stopped: Option<bool>,
    pub(super) bandwidth: Option<u64>,
    pub(super) host: Option<u64>,
    pub(super) password: Option<usize>,
    pub(super) data: Option<u64>,
    pub(super) address: Option<u64>,
    pub(super) tags: u64,
    pub(super) unprotected: bool,
    /// It is made after this server.
    pub(super) after: Option<usize>,
    /// Its description names the address of this server, which the cloud computes.
    pub(super) behind: Option<usize>,
    /// As many alike, by `count`.
    pub(super) copies: Option<u64>,
    /// It never has a public address of its own, so it may have an elastic one.
    pub(super) elastic: bool,
    pub(super) key: Pick,
    /// The size of a data disk.
    pub(super) volume: Option<u64>,
}

impl Server {
    pub(super) fn some(
        chance: &mut Chance,
        name: usize,
        switch: usize,
        groups: Vec<usize>,
        earlier: &[usize],
    ) -> Server {
        let mut other =
            |odds| (!earlier.is_empty() && chance.below(odds) == 0).then(|| *chance.pick(earlier));
        let (after, behind) = (other(4), other(4));
        Server {
            name,
            switch,
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
            // By its name: a server that once had an address of its own is never asked to take another.
            elastic: chance.below(2) == 2 || name % 2 == 1,
            key: Pick::default(),
            volume: None,
        }
    }

    /// Becomes like another in one respect.
    pub(super) fn takes_one_of(&mut self, other: Server, chance: &mut Chance) {
        match chance.below(12) {
            10 => self.copies = other.copies,
            0 => self.size = other.size,
            1 => self.image = other.image,
            2 => self.bandwidth = other.bandwidth,
            3 => self.stopped = other.stopped,
            4 => self.host = other.host,
            5 => self.password = other.password,
            6 => self.data = other.data,
            7 => (self.tags, self.unprotected) = (other.tags, other.unprotected),
            8 => self.groups = other.groups,
            9 => (self.after, self.behind) = (other.after, other.behind),
            _ => self.address = other.address,
        }
    }

    pub(super) fn some_more(&mut self, chance: &mut Chance) {
        self.key = Pick::some(chance, 2);
        self.volume = maybe(chance, 3, 2).map(|more| self.volume.unwrap_or(20).max(20 + 10 * more));
    }

    /// Whether its data disks are the file's, by its name: a key that is taken out leaves them as they are.
    fn has_volumes(&self) -> bool {
        self.name % 3 != 2
    }

    /// One for each copy; the first has the block.
    pub(super) fn pieces(&self) -> Vec<Piece> {
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
                volumes: whole.volumes.clone(),
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
        if let Some(key) = self.key.now {
            let _ = writeln!(text, "key_pair_name = \"${{key_pair.k{key}.name}}\"");
        }
        match self.volume.filter(|_| self.has_volumes()) {
            Some(size) => {
                let _ = writeln!(text, "data_disks = [{{ name = \"data\", size = {size} }}]");
            }
            None if self.has_volumes() => text.push_str("data_disks = []\n"),
            None => {}
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
            volumes: self.volume.filter(|_| self.has_volumes()).into_iter().collect(),
        }
    }
}
