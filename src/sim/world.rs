//! Everything that exists in one account's cloud, as plain rows. Does not know requests, parameters or error codes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::clock::Now;
use super::rows::{
    Disk, DiskStatus, Eip, EipStatus, Instance, InstanceStatus, KeyPair, Network, NetworkStatus, Next,
    STOPPING_MS, SecurityGroup, Token, VSwitch, Vpc,
};
use super::seed::{Numbers, mix};
use super::table::Table;

/// The cloud of one account.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) account_id: String,
    seed: u64,
    /// How many things were ever made; the source of ids and of the order of creation.
    made: u64,
    pub(super) vpcs: Table<Vpc>,
    pub(super) vswitches: Table<VSwitch>,
    pub(super) security_groups: Table<SecurityGroup>,
    pub(super) instances: Table<Instance>,
    pub(super) disks: Table<Disk>,
    pub(super) eips: Table<Eip>,
    pub(super) key_pairs: Table<KeyPair>,
    pub(super) tokens: Table<Token>,
    /// Addresses in use, by vSwitch. Follows from the instances.
    used_ips: HashMap<String, UsedAddresses>,
}

/// The addresses of a vSwitch that are in use.
#[derive(Debug, Default)]
struct UsedAddresses {
    all: BTreeSet<u32>,
    /// No address below this one is free.
    full_below: u32,
}

/// Does the same with every table of a world, under its name in the log.
macro_rules! each_table {
    ($world:expr, $name:ident, $table:ident => $body:expr) => {{
        let world = $world;
        {
            let ($name, $table) = ("vpc", &mut world.vpcs);
            $body;
        }
        {
            let ($name, $table) = ("vswitch", &mut world.vswitches);
            $body;
        }
        {
            let ($name, $table) = ("security_group", &mut world.security_groups);
            $body;
        }
        {
            let ($name, $table) = ("instance", &mut world.instances);
            $body;
        }
        {
            let ($name, $table) = ("disk", &mut world.disks);
            $body;
        }
        {
            let ($name, $table) = ("eip", &mut world.eips);
            $body;
        }
        {
            let ($name, $table) = ("key_pair", &mut world.key_pairs);
            $body;
        }
        {
            let ($name, $table) = ("token", &mut world.tokens);
            $body;
        }
    }};
}

impl World {
    pub(super) fn new(seed: u64, account_id: String) -> Self {
        let salt = account_id
            .bytes()
            .fold(seed, |salt, byte| mix(salt ^ u64::from(byte)));
        Self {
            account_id,
            seed: salt,
            ..Self::default()
        }
    }

    /// Remembers changes from now on, for the log on disk.
    pub(super) fn track(&mut self) {
        each_table!(self, _name, table => table.track());
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

    /// Brings everything to its state at `now`. What happens, happens in the order of its moments and as of its
    /// moment, so that it does not matter how often this is called.
    pub(super) fn settle(&mut self, now: Now) {
        loop {
            let transition = self.next_transition(now);
            let deadline = self
                .instances
                .next_deadline(now.real)
                .map(|(at, id)| (at, id.to_owned()));
            match (transition, deadline) {
                (Some((at, ..)), Some((deadline, id))) if deadline < now.at_life(at).real => {
                    self.settle_deadline(&id, now.at_real(deadline));
                }
                (Some((at, kind, id)), _) => self.settle_transition(kind, &id, now.at_life(at)),
                (None, Some((deadline, id))) => self.settle_deadline(&id, now.at_real(deadline)),
                (None, None) => break,
            }
        }
    }

    /// The earliest transition that is due: its moment, the kind of thing and its id.
    fn next_transition(&self, now: Now) -> Option<(i64, u8, String)> {
        let own = |kind: u8, due: Option<(i64, &str)>| due.map(|(at, id)| (at, kind, id.to_owned()));
        let due = [
            own(0, self.vpcs.next_due(now.life)),
            own(1, self.vswitches.next_due(now.life)),
            own(2, self.disks.next_due(now.life)),
            own(3, self.instances.next_due(now.life)),
            own(4, self.eips.next_due(now.life)),
        ];
        due.into_iter().flatten().min()
    }

    /// Lets something happen that the calendar holds.
    fn settle_deadline(&mut self, id: &str, now: Now) {
        self.instances.update(id, |row| {
            if row.auto_release.is_some_and(|at| at <= now.real) {
                row.auto_release = None;
                row.release(now);
                return;
            }
            let Some(paid) = &mut row.subscription else { return };
            if row.lock_reason == "financial" {
                row.release(now);
            } else if paid.auto_renew {
                paid.renew();
            } else {
                row.lock_reason = "financial".to_owned();
                if row.status != InstanceStatus::Stopped {
                    row.status = InstanceStatus::Stopping;
                    row.set_out(vec![(STOPPING_MS, Next::Status(InstanceStatus::Stopped))], now);
                }
            }
        });
    }

    fn settle_transition(&mut self, kind: u8, id: &str, now: Now) {
        match kind {
            0 => self.vpcs.update(id, |vpc| {
                vpc.status = NetworkStatus::Available;
                vpc.due = None;
            }),
            1 if self.vswitches.get(id).is_some_and(|vswitch| vswitch.leaving) => {
                self.vswitches.remove(id);
                None
            }
            1 => self.vswitches.update(id, |vswitch| {
                vswitch.status = NetworkStatus::Available;
                vswitch.due = None;
            }),
            4 => {
                self.settle_eip(id);
                None
            }
            2 => self.disks.update(id, |disk| {
                disk.due = None;
                if disk.status == DiskStatus::Detaching {
                    disk.instance_id.clear();
                    disk.device.clear();
                    disk.detached = Some(now.real);
                }
                if let Some(status) = disk.next_status.take() {
                    disk.status = status;
                }
            }),
            _ => {
                self.settle_instance(id, now);
                None
            }
        };
    }

    fn settle_eip(&mut self, id: &str) {
        let gone = self.eips.update(id, |eip| {
            eip.due = None;
            match eip.status {
                EipStatus::Associating => eip.status = EipStatus::InUse,
                EipStatus::Unassociating => {
                    eip.status = EipStatus::Available;
                    eip.instance_id.clear();
                }
                EipStatus::Available | EipStatus::InUse => {}
                EipStatus::Releasing => return true,
            }
            false
        });
        if gone == Some(true) {
            self.eips.remove(id);
        }
    }

    fn settle_instance(&mut self, id: &str, now: Now) {
        let gone = self.instances.update(id, |instance| {
            let due = instance.due.take();
            let next = if instance.path.is_empty() {
                None
            } else {
                Some(instance.path.remove(0).1)
            };
            match next {
                Some(Next::Gone) => return true,
                Some(Next::Status(status)) => {
                    instance.status = status;
                    if status == InstanceStatus::Running {
                        instance.started = Some(now.real);
                        instance.public_ip_works = instance.public_ip.is_some();
                    }
                }
                None => {}
            }
            if let Some((millis, _)) = instance.path.first() {
                // At full speed the whole path is walked at once.
                instance.due = due.map(|due| {
                    if now.after(1) == now.life {
                        due
                    } else {
                        due + millis
                    }
                });
            }
            false
        });
        if gone == Some(true) {
            self.remove_instance(id, now);
        }
    }

    /// Releases an instance: its addresses come free; disks go with it or become free.
    fn remove_instance(&mut self, id: &str, now: Now) {
        let Some(instance) = self.instances.remove(id) else {
            return;
        };
        self.forget_address(&instance.network);
        let disks: Vec<(String, bool)> = self
            .disks
            .linked("instance", id)
            .map(|disk| (disk.id.clone(), disk.system || disk.delete_with_instance))
            .collect();
        let eips: Vec<String> = self
            .eips
            .linked("instance", id)
            .map(|eip| eip.id.clone())
            .collect();
        for eip_id in eips {
            self.eips.update(&eip_id, |eip| {
                eip.instance_id.clear();
                eip.status = EipStatus::Available;
                eip.due = None;
            });
        }
        for (disk_id, goes) in disks {
            if goes {
                self.disks.remove(&disk_id);
            } else {
                self.disks.update(&disk_id, |disk| {
                    disk.instance_id.clear();
                    disk.device.clear();
                    disk.status = DiskStatus::Available;
                    disk.next_status = None;
                    disk.due = None;
                    disk.expires = None;
                    disk.portable = true;
                    disk.detached = Some(now.real);
                });
            }
        }
    }

    pub(super) fn insert_instance(&mut self, sequence: u64, instance: Instance) {
        self.note_address(&instance.network);
        self.instances.insert(sequence, instance);
    }

    /// Puts an instance into another place of the network.
    pub(super) fn move_instance(&mut self, id: &str, network: Network) {
        let before = self
            .instances
            .update(id, |row| std::mem::replace(&mut row.network, network.clone()));
        if let Some(before) = before {
            self.forget_address(&before);
            self.note_address(&network);
        }
    }

    fn note_address(&mut self, network: &Network) {
        if let Network::Vpc {
            vswitch_id,
            private_ip,
            ..
        } = network
        {
            self.used_ips
                .entry(vswitch_id.clone())
                .or_default()
                .all
                .insert(*private_ip);
        }
    }

    fn forget_address(&mut self, network: &Network) {
        if let Network::Vpc {
            vswitch_id,
            private_ip,
            ..
        } = network
            && let Some(used) = self.used_ips.get_mut(vswitch_id)
        {
            used.all.remove(private_ip);
            used.full_below = used.full_below.min(*private_ip);
            if used.all.is_empty() {
                self.used_ips.remove(vswitch_id);
            }
        }
    }

    pub(super) fn address_is_used(&self, vswitch_id: &str, address: u32) -> bool {
        self.used_ips
            .get(vswitch_id)
            .is_some_and(|used| used.all.contains(&address))
    }

    /// How many addresses of a vSwitch are free.
    pub(super) fn free_addresses(&self, vswitch: &VSwitch) -> usize {
        let used = self.used_ips.get(&vswitch.id).map_or(0, |used| used.all.len());
        vswitch.cidr_block.usable().count().saturating_sub(used)
    }

    /// The lowest free address of a vSwitch.
    pub(super) fn free_address(&mut self, vswitch_id: &str) -> Option<u32> {
        let usable = self.vswitches.get(vswitch_id)?.cidr_block.usable();
        let used = self.used_ips.entry(vswitch_id.to_owned()).or_default();
        let first = used.full_below.max(*usable.start());
        let free = (first..=*usable.end()).find(|address| !used.all.contains(address));
        used.full_below = free.unwrap_or(u32::MAX);
        free
    }

    /// Forgets client tokens that are older than `moment`. Rows are in the order of their creation.
    pub(super) fn forget_tokens_before(&mut self, moment: i64) {
        loop {
            let oldest = self.tokens.iter().next().filter(|token| token.created < moment);
            let Some(id) = oldest.map(|token| token.id.clone()) else {
                break;
            };
            self.tokens.remove(&id);
        }
    }

    /// Changes since the last call as one JSON map from table to change; `None` when nothing changed.
    pub(super) fn take_changes(&mut self) -> Option<String> {
        let mut parts = Vec::new();
        each_table!(&mut *self, name, table => {
            if let Some(change) = table.take_changes() {
                parts.push(format!("\"{name}\":{change}"));
            }
        });
        (!parts.is_empty()).then(|| format!("{{{}}}", parts.join(",")))
    }

    /// Everything, in the same form.
    pub(super) fn all(&mut self) -> String {
        let mut parts = Vec::new();
        each_table!(&mut *self, name, table => {
            if let Some(change) = table.all() {
                parts.push(format!("\"{name}\":{change}"));
            }
        });
        format!("{{{}}}", parts.join(","))
    }

    /// Takes in what `take_changes` or `all` wrote, and the number of things made until then.
    pub(super) fn replay(
        &mut self,
        mut changes: BTreeMap<String, serde_json::Value>,
        made: u64,
    ) -> Result<(), serde_json::Error> {
        each_table!(&mut *self, name, table => {
            if let Some(change) = changes.remove(name) {
                table.replay(change)?;
            }
        });
        self.made = made;
        Ok(())
    }

    /// Rebuilds what follows from the rows, after the last `replay`.
    pub(super) fn rebuild(&mut self) {
        self.used_ips.clear();
        let networks: Vec<Network> = self.instances.iter().map(|row| row.network.clone()).collect();
        for network in &networks {
            self.note_address(network);
        }
    }

    /// What contradicts itself in this world; empty when all is well.
    pub(super) fn check(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        each_table!(&mut *self, name, table => {
            if let Some(fault) = table.misindexed() {
                faults.push(format!("{name}: {fault}"));
            }
        });
        for vswitch in self.vswitches.iter() {
            let fits = self
                .vpcs
                .get(&vswitch.vpc_id)
                .is_some_and(|vpc| vpc.cidr_block.covers(vswitch.cidr_block));
            if !fits {
                faults.push(format!("{} lies in no VPC", vswitch.id));
            }
        }
        let mut addresses = BTreeSet::new();
        for instance in self.instances.iter() {
            if instance.security_groups.is_empty() {
                faults.push(format!("{} is in no security group", instance.id));
            }
            for group in &instance.security_groups {
                if self.security_groups.get(group).is_none() {
                    faults.push(format!("{} is in {group}, which does not exist", instance.id));
                }
            }
            if let Network::Vpc {
                vswitch_id,
                private_ip,
                ..
            } = &instance.network
            {
                let inside = self
                    .vswitches
                    .get(vswitch_id)
                    .is_some_and(|vswitch| vswitch.cidr_block.usable().contains(private_ip));
                if !inside || !addresses.insert((vswitch_id.clone(), *private_ip)) {
                    faults.push(format!("{} has an address that it must not have", instance.id));
                }
                if !self.address_is_used(vswitch_id, *private_ip) {
                    faults.push(format!("the address of {} is not noted as used", instance.id));
                }
            }
            let systems = self
                .disks
                .linked("instance", &instance.id)
                .filter(|disk| disk.system)
                .count();
            if systems != 1 {
                faults.push(format!("{} has {systems} system disks", instance.id));
            }
        }
        for eip in self.eips.iter() {
            if !eip.instance_id.is_empty() && self.instances.get(&eip.instance_id).is_none() {
                faults.push(format!("{} is bound to an instance that does not exist", eip.id));
            }
        }
        for disk in self.disks.iter() {
            if !disk.instance_id.is_empty() && self.instances.get(&disk.instance_id).is_none() {
                faults.push(format!("{} hangs on an instance that does not exist", disk.id));
            }
        }
        faults
    }

    /// Everything that exists, for looking: names of tables with their rows as JSON.
    pub(super) fn picture(&mut self) -> String {
        let mut parts = vec![format!("\"account_id\":\"{}\"", self.account_id)];
        each_table!(&mut *self, name, table => {
            if name != "token" {
                let rows: Vec<_> = table.iter().collect();
                if let Ok(rows) = serde_json::to_string(&rows) {
                    parts.push(format!("\"{name}\":{rows}"));
                }
            }
        });
        format!("{{{}}}", parts.join(","))
    }
}
