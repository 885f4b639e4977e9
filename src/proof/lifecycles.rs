//! What blocks say in `lifecycle`, drawn by chance: which half of a replacement comes first, what is left as it is, and
//! what makes one anew that could be changed.
//!
//! Does not know the stack around a block: whether it may be made before the old one goes is told.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Chance;
use super::fate::Plan;
use super::scenarios::{Piece, Stack};
use super::world::World;

/// What a type may say.
struct Kind {
    type_name: &'static str,
    /// Which halves may come first.
    orders: &'static [bool],
    /// Attributes that may be left as they are, each with the field of the cloud that it is; empty for one that is not
    /// looked at.
    ignorable: &'static [(&'static str, &'static str)],
    /// Attributes that may make it anew.
    triggers: &'static [&'static str],
}

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    Kind { type_name: "vpc", orders: &[], ignorable: &[("name", "name"), ("description", "")], triggers: &[] },
    Kind { type_name: "vswitch", orders: &[false], ignorable: &[("name", "name")], triggers: &[] },
    Kind { type_name: "security_group", orders: &[true], ignorable: &[("name", "name")], triggers: &["name"] },
    Kind {
        type_name: "instance",
        orders: &[true, true, false],
        ignorable: &[
            ("instance_type", "instance_type"), ("image_id", "image_id"), ("user_data", "user_data"), ("tags", ""),
            ("tags.team", ""), ("internet_max_bandwidth_out", "bandwidth_out"),
        ],
        triggers: &["host_name", "user_data"],
    },
    Kind { type_name: "disk", orders: &[true, false], ignorable: &[("name", "name"), ("tags", "")], triggers: &["name"] },
    Kind { type_name: "eip", orders: &[true, false], ignorable: &[("bandwidth", "bandwidth")], triggers: &["name"] },
    Kind { type_name: "key_pair", orders: &[false], ignorable: &[("tags", "")], triggers: &[] },
    Kind {
        type_name: "snapshot_policy",
        orders: &[true, false],
        ignorable: &[("retention_days", "retention"), ("name", "name")],
        triggers: &["time_points"],
    },
    Kind { type_name: "nat_gateway", orders: &[true, false], ignorable: &[("name", "name")], triggers: &["name"] },
    Kind { type_name: "route_table", orders: &[false], ignorable: &[("name", "name"), ("tags", "")], triggers: &[] },
    Kind { type_name: "network_interface", orders: &[true, false], ignorable: &[("name", "name")], triggers: &["name"] },
    Kind { type_name: "slb", orders: &[true, false], ignorable: &[("tags", ""), ("load_balancer_spec", "spec")], triggers: &[] },
    Kind { type_name: "security_group_rule", orders: &[false], ignorable: &[], triggers: &[] },
    Kind { type_name: "route_entry", orders: &[false], ignorable: &[("name", "name")], triggers: &[] },
];

/// What all blocks of a stack say, by a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifecycles(u64);

/// What one says.
#[derive(Debug, Default)]
struct Lifecycle {
    create_first: Option<bool>,
    ignored: BTreeSet<(&'static str, &'static str)>,
    triggers: BTreeSet<&'static str>,
}

impl Lifecycles {
    pub(super) fn some(chance: &mut Chance) -> Lifecycles {
        Lifecycles(chance.next())
    }

    /// The same for the same block each time.
    fn of(self, block: &str) -> Lifecycle {
        let mut says = Lifecycle::default();
        let type_name = block.split('.').next().unwrap_or_default();
        let Some(kind) = KINDS.iter().find(|kind| kind.type_name == type_name) else {
            return says;
        };
        let spread = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let chance = &mut Chance::new(block.bytes().fold(self.0, spread));
        if !kind.orders.is_empty() && chance.below(3) == 0 {
            says.create_first = Some(*chance.pick(kind.orders));
        }
        if !kind.ignorable.is_empty() && chance.below(4) == 0 {
            says.ignored.insert(*chance.pick(kind.ignorable));
        }
        if !kind.triggers.is_empty() && chance.below(5) == 0 {
            says.triggers.insert(*chance.pick(kind.triggers));
        }
        // Whatever changes of the network makes it anew.
        if !kind.triggers.is_empty() && chance.below(6) == 0 {
            says.triggers.insert("vpc.main");
        }
        says
    }

    /// Writes into blocks what they say, and takes out of what the cloud must have what they leave alone.
    pub(super) fn write(self, pieces: &mut [Piece], may_be_first: impl Fn(&str) -> bool) {
        for piece in pieces {
            let block = piece.address.split('[').next().unwrap_or_default().to_owned();
            let mut says = self.of(&block);
            if !may_be_first(&block) {
                says.create_first = says.create_first.filter(|first| !first);
            }
            piece
                .fields
                .retain(|(field, _)| !says.ignored.iter().any(|(_, ignored)| ignored == field));
            // Of copies only the first has the block.
            if !piece.text.is_empty() {
                says.add_to(&mut piece.text);
            }
        }
    }
}

impl Lifecycle {
    fn add_to(&self, text: &mut String) {
        const OPEN: &str = "lifecycle = { ";
        let mut keys: Vec<String> = Vec::new();
        if let Some(at) = text.find(OPEN) {
            let line: String = text.drain(at..).collect();
            let (own, rest) = line.split_once('\n').unwrap_or((&line, ""));
            text.push_str(rest);
            let own = own.trim_start_matches(OPEN).trim_end_matches(" }");
            keys.push(own.to_owned());
        }
        if let Some(first) = self.create_first {
            keys.push(format!("create_before_destroy = {first}"));
        }
        let paths: Vec<&str> = self.ignored.iter().map(|(path, _)| *path).collect();
        for (key, paths) in [
            ("ignore_changes", paths),
            ("replace_on", self.triggers.iter().copied().collect()),
        ] {
            if !paths.is_empty() {
                keys.push(format!("{key} = [\"{}\"]", paths.join("\", \"")));
            }
        }
        if !keys.is_empty() {
            let _ = writeln!(text, "lifecycle = {{ {} }}", keys.join(", "));
        }
    }
}

/// What was sent once and is left alone from then on is not noted again, and nothing is to be done about it.
#[test]
fn what_is_left_alone_and_cannot_be_seen_changes_no_state() {
    let stack = |data: u8| {
        let mut web = super::scenarios::server("a", "ecs.g7.large", "Running");
        web.text.push_str(&format!(
            "user_data = \"echo {data}\"\nlifecycle = {{ ignore_changes = [\"user_data\"] }}\n"
        ));
        let mut pieces = super::scenarios::network();
        pieces.push(web);
        Stack {
            pieces,
            ..Stack::default()
        }
    };
    let mut world = World::new(1, &stack(1).text(), |_| {});
    let ended = world.apply(Plan::default());
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    for data in [1, 2] {
        world.configure(&stack(data).text());
        super::oracle::check(&mut world, &stack(data)).unwrap();
    }
}
