//! What is put up, changed and taken down in the enumerations. A later resource type joins by scenarios of its own, as
//! lines in [`SCENARIOS`].

use std::collections::BTreeSet;

use super::world::World;
use crate::sim;

/// One resource: its block, and what the cloud must have for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Piece {
    pub(super) address: String,
    pub(super) text: String,
    /// Fields of the simulator's row; `length` counts a list, and `${vpc.main.id}` is the id that the state knows.
    pub(super) fields: Vec<(&'static str, String)>,
    /// The sizes of its data disks.
    pub(super) volumes: Vec<u64>,
}

/// A configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    pub(super) pieces: Vec<Piece>,
    /// What follows them.
    pub(super) tail: String,
    /// The blocks that a `[[removed]]` lets go of.
    pub(super) let_go: BTreeSet<String>,
    /// What these were called before; their tags may still say so.
    pub(super) let_go_as: BTreeSet<String>,
    /// What a `[[moved]]` gives another address: from which to which.
    pub(super) moves: Vec<(String, String)>,
    /// What nothing is joined to, so that nobody misses it whatever becomes of it.
    pub(super) loose: Vec<String>,
}

impl Stack {
    /// The text of `infra.toml`.
    pub(super) fn text(&self) -> String {
        let mut text = "[infra]\nname = \"proof\"\nregion = \"cn-hangzhou\"\n".to_owned();
        self.pieces.iter().for_each(|piece| text.push_str(&piece.text));
        text.push_str(&self.tail);
        text
    }
}

/// The tables that hold pieces with tags.
pub(super) const TABLES: &[&str] = &[
    "vpc",
    "vswitch",
    "security_group",
    "instance",
    "disk",
    "eip",
    "key_pair",
    "snapshot_policy",
    "nat_gateway",
    "route_table",
    "network_interface",
    "load_balancer",
];

/// A second network.
fn other_vpc() -> Piece {
    Piece {
        address: "vpc.other".to_owned(),
        text: "[vpc.other]\nname = \"other\"\ncidr_block = \"10.1.0.0/16\"\n".to_owned(),
        fields: vec![("name", "other".to_owned())],
        ..Piece::default()
    }
}

/// A network.
pub(super) fn vpc(name: &str) -> Piece {
    Piece {
        address: "vpc.main".to_owned(),
        text: format!("[vpc.main]\nname = \"{name}\"\ncidr_block = \"10.0.0.0/16\"\n"),
        fields: vec![("name", name.to_owned())],
        ..Piece::default()
    }
}

/// A switch in it.
pub(super) fn vswitch(zone: &str) -> Piece {
    Piece {
        address: "vswitch.main".to_owned(),
        text: format!(
            "[vswitch.main]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"{zone}\"\ncidr_block = \"10.0.1.0/24\"\n"
        ),
        fields: vec![("zone", zone.to_owned())],
        ..Piece::default()
    }
}

/// A security group with one open port.
pub(super) fn group(port: u16) -> Piece {
    group_in("main", port)
}

fn group_in(vpc: &str, port: u16) -> Piece {
    Piece {
        address: "security_group.web".to_owned(),
        text: format!(
            "[security_group.web]\nvpc_id = \"${{vpc.{vpc}.id}}\"\n\
             ingress = [{{ port_range = \"{port}\", source_cidr_ip = \"0.0.0.0/0\" }}]\n"
        ),
        fields: vec![
            ("rules.0.key.ports", format!("{port}/{port}")),
            ("rules.1", "null".to_owned()),
        ],
        ..Piece::default()
    }
}

/// All that a server stands in.
pub(super) fn network() -> Vec<Piece> {
    vec![vpc("proof"), vswitch("cn-hangzhou-h"), group(80)]
}

/// A server.
pub(super) fn server(name: &str, kind: &str, status: &str) -> Piece {
    Piece {
        address: format!("instance.{name}"),
        text: format!(
            "[instance.{name}]\nname = \"proof-{name}\"\ninstance_type = \"{kind}\"\n\
             image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${{vswitch.main.id}}\"\n\
             security_group_ids = [\"${{security_group.web.id}}\"]\nstatus = \"{status}\"\n"
        ),
        fields: vec![
            ("name", format!("proof-{name}")),
            ("instance_type", kind.to_owned()),
            ("status", status.to_owned()),
        ],
        ..Piece::default()
    }
}

/// So many servers in one network.
pub(super) fn servers(number: usize) -> Stack {
    let mut switch = vswitch("cn-hangzhou-h");
    switch.text = switch.text.replace("/24", "/20").replace("10.0.1.0", "10.0.0.0");
    let mut pieces = vec![vpc("proof"), switch, group(80)];
    let name = |index: usize| format!("s{index:05}");
    pieces.extend((0..number).map(|index| server(&name(index), "ecs.g7.large", "Running")));
    stack(pieces)
}

/// A change from one stack to another.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// What is there before.
    pub(super) before: fn() -> Stack,
    pub(super) after: fn() -> Stack,
}

/// The scenarios of the enumerations.
pub(super) const SCENARIOS: &[Scenario] = &[CREATE, UPDATE, REPLACE, SUCCEED, DESTROY];

pub(super) const CREATE: Scenario = Scenario {
    name: "create",
    before: Stack::default,
    after: three_servers,
};

pub(super) const UPDATE: Scenario = Scenario {
    name: "update",
    before: three_servers,
    after: || {
        stack(vec![
            vpc("renamed"),
            vswitch("cn-hangzhou-h"),
            group(443),
            server("a", "ecs.g7.xlarge", "Running"),
            server("b", "ecs.g7.large", "Stopped"),
            server("d", "ecs.g7.large", "Running"),
        ])
    },
};

pub(super) const REPLACE: Scenario = Scenario {
    name: "replace",
    before: || {
        stack(vec![
            vpc("proof"),
            vswitch("cn-hangzhou-h"),
            group(80),
            server("a", "ecs.g7.large", "Running"),
        ])
    },
    after: || {
        stack(vec![
            vpc("proof"),
            vswitch("cn-hangzhou-i"),
            group(80),
            server("a", "ecs.g7.large", "Running"),
        ])
    },
};

/// The new group is made before the old one goes.
pub(super) const SUCCEED: Scenario = Scenario {
    name: "succeed",
    before: || stack(vec![vpc("proof"), other_vpc(), group_in("main", 80)]),
    after: || stack(vec![vpc("proof"), other_vpc(), group_in("other", 80)]),
};

pub(super) const DESTROY: Scenario = Scenario {
    name: "destroy",
    before: three_servers,
    after: Stack::default,
};

fn three_servers() -> Stack {
    stack(vec![
        vpc("proof"),
        vswitch("cn-hangzhou-h"),
        group(80),
        server("a", "ecs.g7.large", "Running"),
        server("b", "ecs.g7.large", "Running"),
        server("c", "ecs.g7.large", "Stopped"),
    ])
}

fn stack(pieces: Vec<Piece>) -> Stack {
    Stack {
        pieces,
        ..Stack::default()
    }
}

impl Scenario {
    /// A world in which the stack before is there, and the one after is asked for.
    pub(super) fn world(&self, seed: u64) -> World {
        self.world_with(seed, |_| {})
    }

    /// The same in another cloud.
    pub(super) fn world_with(&self, seed: u64, change: impl FnOnce(&mut sim::Options)) -> World {
        let before = (self.before)();
        let mut world = World::new(seed, &before.text(), change);
        if !before.pieces.is_empty() {
            let ended = world.apply(super::fate::Plan::default());
            assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
            world.wait(std::time::Duration::from_secs(3600));
        }
        world.configure(&(self.after)().text());
        world
    }
}
