//! What stands around servers, drawn by chance: keys, snapshot policies, rules and routes of their own, a gateway with
//! its address, second cards and load balancers.
//!
//! Does not know the stack it stands in: what may be named is told by [`Places`].

use std::fmt::Write as _;

use super::Chance;
use super::scenarios::Piece;
use super::stacks::{maybe, next, tags};

/// What of the stack may be named; every one by its number.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) switches: Vec<usize>,
    pub(super) groups: Vec<usize>,
    /// Groups that have no rules of their own, so that single ones go together with them.
    pub(super) open_groups: Vec<usize>,
    /// Servers with an address of their own, and the switches that share a zone with each.
    pub(super) servers: Vec<(usize, Vec<usize>)>,
}

/// One of those that may be named, or none, as chance wants it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pick {
    wanted: Option<u64>,
    pub(super) now: Option<usize>,
}

impl Pick {
    /// Some one, `odds` to 1 against none.
    pub(super) fn some(chance: &mut Chance, odds: u64) -> Pick {
        let wanted = chance.next();
        Pick {
            wanted: (chance.below(odds + 1) > 0).then_some(wanted),
            now: None,
        }
    }

    pub(super) fn settle(&mut self, all: &[usize]) {
        let at = |wanted: u64| all.get(usize::try_from(wanted % all.len().max(1) as u64).unwrap());
        self.now = self.wanted.and_then(at).copied();
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    keys: Vec<Key>,
    policies: Vec<Policy>,
    rules: Vec<Rule>,
    gateway: Option<Gateway>,
    tables: Vec<Table>,
    entries: Vec<Entry>,
    cards: Vec<Card>,
    balancers: Vec<Balancer>,
}

#[derive(Debug, Clone)]
struct Key {
    name: usize,
    body: u64,
    /// Another key has another name too.
    renamed: bool,
    tags: u64,
}

#[derive(Debug, Clone)]
struct Policy {
    name: usize,
    title: Option<u64>,
    hour: u64,
    days: u64,
    tags: u64,
}

#[derive(Debug, Clone)]
struct Rule {
    name: usize,
    group: Pick,
    peer: Pick,
    port: u64,
    priority: Option<u64>,
}

#[derive(Debug, Clone)]
struct Gateway {
    switch: Pick,
    title: Option<u64>,
    /// Which switches it lets out, bit by bit; none without entries of its own.
    lets_out: Option<u64>,
    out: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Table {
    name: usize,
    title: Option<u64>,
    serves: u64,
    switches: Vec<usize>,
    tags: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    name: usize,
    /// The VPC's own table for none.
    table: Pick,
    server: Pick,
    card: Pick,
    title: Option<u64>,
}

#[derive(Debug, Clone)]
struct Card {
    name: usize,
    switch: Pick,
    group: Pick,
    server: Pick,
    title: Option<u64>,
    tags: u64,
}

#[derive(Debug, Clone)]
struct Balancer {
    name: usize,
    /// In it, or with a public address for none; it stays as it began.
    switch: Pick,
    size: u64,
    ports: Option<u64>,
    servers: Option<u64>,
    behind: Vec<usize>,
    weight: Option<u64>,
    tags: u64,
}

impl Around {
    pub(super) fn some(chance: &mut Chance) -> Around {
        let mut around = Around::default();
        for _ in 0..chance.below(10) {
            around.add(chance);
        }
        around
    }

    fn add(&mut self, chance: &mut Chance) {
        match chance.below(8) {
            0 => self
                .keys
                .push(Key::some(chance, next(&self.keys, |one| one.name))),
            1 => self
                .policies
                .push(Policy::some(chance, next(&self.policies, |one| one.name))),
            2 => self
                .rules
                .push(Rule::some(chance, next(&self.rules, |one| one.name))),
            3 => self.gateway = Some(Gateway::some(chance)),
            4 => self
                .tables
                .push(Table::some(chance, next(&self.tables, |one| one.name))),
            5 => self
                .entries
                .push(Entry::some(chance, next(&self.entries, |one| one.name))),
            6 => self
                .cards
                .push(Card::some(chance, next(&self.cards, |one| one.name))),
            _ => self
                .balancers
                .push(Balancer::some(chance, next(&self.balancers, |one| one.name))),
        }
    }

    /// Adds something, takes something away or changes something.
    pub(super) fn edit(&mut self, chance: &mut Chance) {
        if chance.below(3) == 0 {
            return self.add(chance);
        }
        let (kind, takes, which) = (chance.below(8), chance.below(3) == 0, chance.next());
        match kind {
            0 => one(&mut self.keys, which, takes, |key| key.edit(chance)),
            1 => one(&mut self.policies, which, takes, |policy| policy.edit(chance)),
            2 => one(&mut self.rules, which, takes, |rule| rule.edit(chance)),
            3 => match &mut self.gateway {
                Some(gateway) if !takes => gateway.edit(chance),
                gateway => *gateway = None,
            },
            4 => one(&mut self.tables, which, takes, |table| table.edit(chance)),
            5 => one(&mut self.entries, which, takes, |entry| entry.edit(chance)),
            6 => one(&mut self.cards, which, takes, |card| card.edit(chance)),
            _ => one(&mut self.balancers, which, takes, |balancer| {
                balancer.edit(chance)
            }),
        }
    }

    pub(super) fn keys(&self) -> Vec<usize> {
        self.keys.iter().map(|one| one.name).collect()
    }

    pub(super) fn policies(&self) -> Vec<usize> {
        self.policies.iter().map(|one| one.name).collect()
    }

    /// Takes out what names something that is not there.
    pub(super) fn settle(&mut self, places: &Places) {
        let servers: Vec<usize> = places.servers.iter().map(|(name, _)| *name).collect();
        self.rules.retain_mut(|rule| {
            rule.group.settle(&places.open_groups);
            rule.peer.settle(&places.open_groups);
            rule.group.now.is_some()
        });
        if let Some(gateway) = &mut self.gateway {
            gateway.switch.settle(&places.switches);
            gateway.out = chosen(&places.switches, gateway.lets_out.unwrap_or(0));
        }
        // A switch has one table.
        let mut left = places.switches.clone();
        for table in &mut self.tables {
            table.switches = chosen(&left, table.serves);
            left.retain(|switch| !table.switches.contains(switch));
        }
        // A server has one second card, and one card leads to one server.
        let mut free = places.servers.clone();
        self.cards.retain_mut(|card| {
            card.switch.settle(&places.switches);
            card.group.settle(&places.groups);
            let near = free
                .iter()
                .filter(|(_, near)| card.switch.now.is_some_and(|now| near.contains(&now)));
            let near: Vec<usize> = near.map(|(name, _)| *name).collect();
            card.server.settle(&near);
            free.retain(|(name, _)| Some(*name) != card.server.now);
            card.switch.now.is_some() && card.group.now.is_some()
        });
        let tables: Vec<usize> = self.tables.iter().map(|one| one.name).collect();
        let cards: Vec<usize> = self.cards.iter().map(|one| one.name).collect();
        self.entries.retain_mut(|entry| {
            entry.table.settle(&tables);
            entry.server.settle(&servers);
            entry.card.settle(&cards);
            entry.server.now.is_some() || entry.card.now.is_some()
        });
        for balancer in &mut self.balancers {
            balancer.switch.settle(&places.switches);
            balancer.behind = chosen(&servers, balancer.servers.unwrap_or(0));
        }
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = self.keys.iter().map(Key::piece).collect();
        pieces.extend(self.policies.iter().map(Policy::piece));
        pieces.extend(self.rules.iter().map(Rule::piece));
        pieces.extend(self.gateway.iter().flat_map(Gateway::pieces));
        pieces.extend(self.tables.iter().map(Table::piece));
        pieces.extend(self.cards.iter().map(Card::piece));
        pieces.extend(self.entries.iter().map(Entry::piece));
        pieces.extend(self.balancers.iter().map(Balancer::piece));
        pieces
    }
}

/// Takes one away, or changes it.
fn one<T>(all: &mut Vec<T>, which: u64, takes: bool, change: impl FnOnce(&mut T)) {
    if all.is_empty() {
        return;
    }
    let at = usize::try_from(which % all.len() as u64).unwrap();
    if takes {
        all.remove(at);
    } else {
        change(&mut all[at]);
    }
}

/// Those whose bits are set.
fn chosen(all: &[usize], bits: u64) -> Vec<usize> {
    let is_set = |name: &&usize| bits >> (**name % 64) & 1 == 1;
    all.iter().filter(is_set).copied().collect()
}

fn quoted(text: &mut String, key: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{key} = \"{value}\"");
}

fn piece(address: String, text: String, fields: Vec<(&'static str, String)>) -> Piece {
    Piece {
        address,
        text,
        fields,
        ..Piece::default()
    }
}

impl Key {
    fn some(chance: &mut Chance, name: usize) -> Key {
        Key {
            name,
            body: chance.below(3),
            renamed: chance.below(2) == 0,
            tags: chance.below(3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        match chance.below(2) {
            0 => self.body = chance.below(3),
            _ => self.tags = chance.below(3),
        }
    }

    fn piece(&self) -> Piece {
        let (name, body) = (self.name, self.body);
        let title = match self.renamed {
            true => format!("key-{name}-{body}"),
            false => format!("key-{name}"),
        };
        let body = format!(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{}",
            "AAAA".repeat(1 + body as usize)
        );
        let mut text = format!("[key_pair.k{name}]\n");
        quoted(&mut text, "name", &title);
        quoted(&mut text, "public_key_body", &body);
        tags(&mut text, self.tags);
        piece(
            format!("key_pair.k{name}"),
            text,
            vec![("name", title), ("public_key", body)],
        )
    }
}

impl Policy {
    fn some(chance: &mut Chance, name: usize) -> Policy {
        Policy {
            name,
            title: maybe(chance, 2, 3),
            hour: chance.below(24),
            days: 1 + chance.below(9),
            tags: chance.below(3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        *self = Policy::some(chance, self.name);
    }

    fn piece(&self) -> Piece {
        let (name, hour, days) = (self.name, self.hour, self.days);
        let mut text = format!(
            "[snapshot_policy.p{name}]\ntime_points = [{hour}]\nrepeat_weekdays = [1, 3]\nretention_days = {days}\n"
        );
        let mut fields = vec![("retention", days.to_string()), ("hours.0", hour.to_string())];
        if let Some(title) = self.title {
            quoted(&mut text, "name", format!("policy-{title}"));
            fields.push(("name", format!("policy-{title}")));
        }
        tags(&mut text, self.tags);
        piece(format!("snapshot_policy.p{name}"), text, fields)
    }
}

impl Rule {
    fn some(chance: &mut Chance, name: usize) -> Rule {
        Rule {
            name,
            group: Pick::some(chance, 20),
            peer: Pick::some(chance, 1),
            port: chance.below(2),
            priority: maybe(chance, 3, 3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        let name = self.name;
        match chance.below(3) {
            0 => self.port = chance.below(2),
            1 => self.priority = maybe(chance, 2, 3),
            _ => *self = Rule::some(chance, name),
        }
    }

    fn piece(&self) -> Piece {
        let (name, group) = (self.name, self.group.now.expect("it is settled"));
        let port = 9000 + 2 * name as u64 + self.port;
        let mut text = format!(
            "[security_group_rule.r{name}]\nsecurity_group_id = \"${{security_group.g{group}.id}}\"\n\
             port_range = \"{port}\"\n"
        );
        match self.peer.now {
            Some(peer) => quoted(
                &mut text,
                "source_group_id",
                format!("${{security_group.g{peer}.id}}"),
            ),
            None => quoted(&mut text, "source_cidr_ip", "10.9.0.0/16"),
        }
        let priority = self.priority.map_or(1, |priority| 10 + priority);
        if priority > 1 {
            let _ = writeln!(text, "priority = {priority}");
        }
        piece(
            format!("security_group_rule.r{name}"),
            text,
            vec![
                ("key.ports", format!("{port}/{port}")),
                ("priority", priority.to_string()),
            ],
        )
    }
}

impl Gateway {
    fn some(chance: &mut Chance) -> Gateway {
        Gateway {
            switch: Pick::some(chance, 20),
            title: maybe(chance, 2, 3),
            lets_out: Some(chance.next()),
            out: Vec::new(),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        let other = Gateway::some(chance);
        match chance.below(4) {
            0 => self.switch = other.switch,
            1 => self.title = other.title,
            _ => self.lets_out = other.lets_out,
        }
    }

    /// With the address that it lets out with.
    fn pieces(&self) -> Vec<Piece> {
        let Some(switch) = self.switch.now else {
            return Vec::new();
        };
        let switch_id = format!("${{vswitch.w{switch}.id}}");
        let mut text = "[nat_gateway.out]\nvpc_id = \"${vpc.main.id}\"\n".to_owned();
        quoted(&mut text, "vswitch_id", &switch_id);
        let mut fields = vec![("vswitch_id", switch_id)];
        if let Some(title) = self.title {
            quoted(&mut text, "name", format!("gateway-{title}"));
            fields.push(("name", format!("gateway-{title}")));
        }
        if self.lets_out.is_some() {
            text.push_str("snat = [\n");
            for switch in &self.out {
                let _ = writeln!(
                    text,
                    "  {{ source_vswitch_id = \"${{vswitch.w{switch}.id}}\", snat_ip = \"${{eip.out.ip_address}}\" }},"
                );
            }
            text.push_str("]\n");
        }
        let address = "[eip.out]\nbandwidth = 7\ninstance_id = \"${nat_gateway.out.id}\"\n".to_owned();
        let bound = vec![
            ("bandwidth", "7".to_owned()),
            ("instance_id", "${nat_gateway.out.id}".to_owned()),
        ];
        vec![
            piece("nat_gateway.out".to_owned(), text, fields),
            piece("eip.out".to_owned(), address, bound),
        ]
    }
}

impl Table {
    fn some(chance: &mut Chance, name: usize) -> Table {
        Table {
            name,
            title: maybe(chance, 2, 3),
            serves: chance.next(),
            switches: Vec::new(),
            tags: chance.below(3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        let other = Table::some(chance, self.name);
        match chance.below(3) {
            0 => self.title = other.title,
            1 => self.tags = other.tags,
            _ => self.serves = other.serves,
        }
    }

    fn piece(&self) -> Piece {
        let name = self.name;
        let mut text = format!("[route_table.t{name}]\nvpc_id = \"${{vpc.main.id}}\"\n");
        let switches: Vec<String> = self
            .switches
            .iter()
            .map(|switch| format!("\"${{vswitch.w{switch}.id}}\""))
            .collect();
        let _ = writeln!(text, "vswitch_ids = [{}]", switches.join(", "));
        let mut fields = vec![("vpc_id", "${vpc.main.id}".to_owned())];
        if let Some(title) = self.title {
            quoted(&mut text, "name", format!("table-{title}"));
            fields.push(("name", format!("table-{title}")));
        }
        tags(&mut text, self.tags);
        piece(format!("route_table.t{name}"), text, fields)
    }
}

impl Entry {
    fn some(chance: &mut Chance, name: usize) -> Entry {
        Entry {
            name,
            table: Pick::some(chance, 2),
            server: Pick::some(chance, 20),
            card: Pick::some(chance, 1),
            title: maybe(chance, 2, 3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        let other = Entry::some(chance, self.name);
        match chance.below(3) {
            0 => self.title = other.title,
            1 => (self.server, self.card) = (other.server, other.card),
            _ => self.table = other.table,
        }
    }

    fn piece(&self) -> Piece {
        let name = self.name;
        let table = match self.table.now {
            Some(table) => format!("${{route_table.t{table}.id}}"),
            None => "${vpc.main.route_table_id}".to_owned(),
        };
        let destination = format!("192.168.{name}.0/24");
        let (kind, hop) = match (self.card.now, self.server.now) {
            (Some(card), _) => ("NetworkInterface", format!("${{network_interface.c{card}.id}}")),
            (None, server) => (
                "Instance",
                format!("${{instance.s{}.id}}", server.expect("it is settled")),
            ),
        };
        let mut text = format!("[route_entry.r{name}]\n");
        quoted(&mut text, "route_table_id", table);
        quoted(&mut text, "destination_cidr_block", &destination);
        quoted(&mut text, "next_hop_type", kind);
        quoted(&mut text, "next_hop_id", &hop);
        let mut fields = vec![("destination", destination), ("hops.0.id", hop)];
        if let Some(title) = self.title {
            quoted(&mut text, "name", format!("entry-{title}"));
            fields.push(("name", format!("entry-{title}")));
        }
        piece(format!("route_entry.r{name}"), text, fields)
    }
}

impl Card {
    fn some(chance: &mut Chance, name: usize) -> Card {
        Card {
            name,
            switch: Pick::some(chance, 20),
            group: Pick::some(chance, 20),
            server: Pick::some(chance, 2),
            title: maybe(chance, 2, 3),
            tags: chance.below(3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        let other = Card::some(chance, self.name);
        match chance.below(5) {
            0 => self.switch = other.switch,
            1 => self.group = other.group,
            2 => (self.title, self.tags) = (other.title, other.tags),
            _ => self.server = other.server,
        }
    }

    fn piece(&self) -> Piece {
        let name = self.name;
        let id = |kind: &str, of: Option<usize>| format!("${{{kind}{}.id}}", of.expect("it is settled"));
        let (switch, group) = (
            id("vswitch.w", self.switch.now),
            id("security_group.g", self.group.now),
        );
        let mut text = format!("[network_interface.c{name}]\n");
        quoted(&mut text, "vswitch_id", &switch);
        let _ = writeln!(text, "security_group_ids = [\"{group}\"]");
        let mut fields = vec![("vswitch_id", switch), ("security_groups.0", group)];
        match self.server.now {
            Some(server) => {
                let server = format!("${{instance.s{server}.id}}");
                quoted(&mut text, "instance_id", &server);
                fields.push(("instance_id", server));
            }
            None => fields.push(("instance_id", String::new())),
        }
        if let Some(title) = self.title {
            quoted(&mut text, "name", format!("card-{title}"));
            fields.push(("name", format!("card-{title}")));
        }
        tags(&mut text, self.tags);
        piece(format!("network_interface.c{name}"), text, fields)
    }
}

impl Balancer {
    fn some(chance: &mut Chance, name: usize) -> Balancer {
        Balancer {
            name,
            switch: Pick::some(chance, 1),
            size: chance.below(2),
            // By its name: what is taken out of the file as a whole stays as it is.
            ports: maybe(chance, 1, 8).filter(|_| name % 3 != 1),
            servers: Some(chance.next()).filter(|_| name % 3 != 2),
            behind: Vec::new(),
            weight: maybe(chance, 2, 3),
            tags: chance.below(3),
        }
    }

    fn edit(&mut self, chance: &mut Chance) {
        let other = Balancer::some(chance, self.name);
        match chance.below(6) {
            0 => self.size = other.size,
            1 | 2 => self.ports = other.ports,
            3 => self.servers = other.servers,
            4 => (self.weight, self.tags) = (other.weight, other.tags),
            _ => self.switch = other.switch,
        }
    }

    fn piece(&self) -> Piece {
        let name = self.name;
        let size = ["slb.s1.small", "slb.s2.small"][usize::from(self.size == 1)];
        let mut text = format!("[slb.b{name}]\n");
        quoted(&mut text, "load_balancer_spec", size);
        let mut fields = vec![("spec", size.to_owned())];
        match self.switch.now {
            Some(switch) => {
                let switch = format!("${{vswitch.w{switch}.id}}");
                quoted(&mut text, "address_type", "intranet");
                quoted(&mut text, "vswitch_id", &switch);
                fields.push(("vswitch_id", switch));
            }
            None => quoted(&mut text, "address_type", "internet"),
        }
        if let Some(ports) = self.ports {
            text.push_str("listeners = [\n");
            for (bit, protocol) in ["http", "tcp", "udp"].into_iter().enumerate() {
                if ports >> bit & 1 == 1 {
                    let _ = writeln!(
                        text,
                        "  {{ protocol = \"{protocol}\", port = {}, backend_port = 8080 }},",
                        80 + bit
                    );
                }
            }
            text.push_str("]\n");
        }
        if self.servers.is_some() {
            text.push_str("backends = [\n");
            let weight = self.weight.map_or(100, |weight| 10 + weight);
            for server in &self.behind {
                let _ = writeln!(
                    text,
                    "  {{ server_id = \"${{instance.s{server}.id}}\", weight = {weight} }},"
                );
            }
            text.push_str("]\n");
            fields.push(("servers.length", self.behind.len().to_string()));
        }
        tags(&mut text, self.tags);
        piece(format!("slb.b{name}"), text, fields)
    }
}
