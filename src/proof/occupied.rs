//! What somebody else has put in, on or behind something of ours holds it up when it is to go: that is told before anything
//! is done; and so is what stands where something of ours is to be.

use std::time::Duration;

use serde_json::Value;

use super::fate::Plan;
use super::world::World;
use super::{lock, meddle};

const NETWORK: &str = "[infra]\nname = \"occupied\"\nregion = \"cn-hangzhou\"\n\
    [vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
    [vswitch.main]\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.1.0/24\"\n\
    [security_group.main]\nvpc_id = \"${vpc.main.id}\"\n";
const SERVER: &str = "[instance.main]\ninstance_type = \"ecs.g7.large\"\n\
    image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
    vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n";
const CARD: &str = "[network_interface.main]\nvswitch_id = \"${vswitch.main.id}\"\n\
    security_group_ids = [\"${security_group.main.id}\"]\ninstance_id = \"${instance.main.id}\"\n";
const GATEWAY: &str =
    "[nat_gateway.main]\nvpc_id = \"${vpc.main.id}\"\nvswitch_id = \"${vswitch.main.id}\"\n";
const KEY: &str = "[key_pair.main]\nname = \"occupied\"\n\
    public_key_body = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 office\"\n";
const TABLE: &str = "[route_table.main]\nvpc_id = \"${vpc.main.id}\"\n";

/// A call of somebody's, with what they need; `{vpc.main}` is an id of ours, and `{}` the id of what the call before made.
type Call = (&'static str, &'static [&'static str]);

const DESTROY: &[&str] = &["destroy", "--auto-approve", "--allow-destroy", "--no-input"];

struct Case {
    what: &'static str,
    more: &'static [&'static str],
    calls: &'static [Call],
}

const SERVER_OF_SOMEBODY: Call = (
    "Ecs",
    &[
        "Action=CreateInstance",
        "InstanceType=ecs.g7.large",
        "ImageId=ubuntu_22_04_x64_20G_alibase_20240819.vhd",
        "VSwitchId={vswitch.main}",
        "SecurityGroupId={security_group.main}",
    ],
);

const CASES: &[Case] = &[
    Case {
        what: "server",
        more: &[],
        calls: &[SERVER_OF_SOMEBODY],
    },
    Case {
        what: "nat",
        more: &[],
        calls: &[(
            "Vpc",
            &[
                "Action=CreateNatGateway",
                "VpcId={vpc.main}",
                "VSwitchId={vswitch.main}",
                "NatType=Enhanced",
            ],
        )],
    },
    Case {
        what: "slb",
        more: &[],
        calls: &[(
            "Slb",
            &[
                "Action=CreateLoadBalancer",
                "VpcId={vpc.main}",
                "VSwitchId={vswitch.main}",
                "AddressType=intranet",
                "LoadBalancerSpec=slb.s1.small",
            ],
        )],
    },
    Case {
        what: "table",
        more: &[],
        calls: &[("Vpc", &["Action=CreateRouteTable", "VpcId={vpc.main}"])],
    },
    Case {
        what: "route in table to server",
        more: &[SERVER, TABLE],
        calls: &[(
            "Vpc",
            &[
                "Action=CreateRouteEntry",
                "RouteTableId={route_table.main}",
                "DestinationCidrBlock=172.16.0.0/16",
                "NextHopType=Instance",
                "NextHopId={instance.main}",
            ],
        )],
    },
    Case {
        what: "route in own table to server",
        more: &[SERVER],
        calls: &[(
            "Vpc",
            &[
                "Action=CreateRouteEntry",
                "RouteTableId={vpc.table}",
                "DestinationCidrBlock=172.16.0.0/16",
                "NextHopType=Instance",
                "NextHopId={instance.main}",
            ],
        )],
    },
    Case {
        what: "route to card",
        more: &[SERVER, CARD],
        calls: &[(
            "Vpc",
            &[
                "Action=CreateRouteEntry",
                "RouteTableId={vpc.table}",
                "DestinationCidrBlock=172.16.0.0/16",
                "NextHopType=NetworkInterface",
                "NextHopId={network_interface.main}",
            ],
        )],
    },
    Case {
        what: "route to nat",
        more: &[GATEWAY],
        calls: &[(
            "Vpc",
            &[
                "Action=CreateRouteEntry",
                "RouteTableId={vpc.table}",
                "DestinationCidrBlock=172.16.0.0/16",
                "NextHopType=NatGateway",
                "NextHopId={nat_gateway.main}",
            ],
        )],
    },
    Case {
        what: "dnat",
        more: &[
            GATEWAY,
            "[eip.main]\nbandwidth = 5\ninstance_id = \"${nat_gateway.main.id}\"\n",
        ],
        calls: &[(
            "Vpc",
            &[
                "Action=CreateForwardEntry",
                "ForwardTableId={nat.forward}",
                "ExternalIp={eip.ip}",
                "ExternalPort=80",
                "InternalIp=10.0.1.9",
                "InternalPort=80",
                "IpProtocol=tcp",
            ],
        )],
    },
    Case {
        what: "group",
        more: &[],
        calls: &[
            ("Ecs", &["Action=CreateSecurityGroup", "VpcId={vpc.main}"]),
            (
                "Ecs",
                &[
                    "Action=AuthorizeSecurityGroup",
                    "SecurityGroupId={}",
                    "SourceGroupId={security_group.main}",
                    "IpProtocol=tcp",
                    "PortRange=80/80",
                ],
            ),
        ],
    },
    Case {
        what: "card",
        more: &[],
        calls: &[(
            "Ecs",
            &[
                "Action=CreateNetworkInterface",
                "VSwitchId={vswitch.main}",
                "SecurityGroupId={security_group.main}",
            ],
        )],
    },
    Case {
        what: "key",
        more: &[KEY],
        calls: &[
            SERVER_OF_SOMEBODY,
            (
                "Ecs",
                &[
                    "Action=AttachKeyPair",
                    "InstanceIds=[\"{}\"]",
                    "KeyPairName=occupied",
                ],
            ),
        ],
    },
    Case {
        what: "acl",
        more: &[],
        calls: &[("Vpc", &["Action=CreateNetworkAcl", "VpcId={vpc.main}"])],
    },
];

/// Makes what a case needs, and what somebody puts there.
fn occupied(case: &Case) -> (World, String) {
    let mut world = made(case);
    let held_by = occupy(&mut world, case);
    (world, held_by)
}

/// Ours alone.
fn made(case: &Case) -> World {
    let config = format!("{NETWORK}{}", case.more.concat());
    let mut world = World::new(1, &config, |_| {});
    let ended = world.run(&["apply", "--auto-approve", "--no-input"], Plan::default());
    assert_eq!(ended.code, Some(0), "{}: {}{}", case.what, ended.out, ended.err);
    world
}

/// Somebody comes; a word by which a message names them.
fn occupy(world: &mut World, case: &Case) -> String {
    let pulled = world.run(&["state", "pull"], Plan::default());
    let state: Value = serde_json::from_str(&pulled.out).unwrap();
    let inventory = world.inventory();
    let of = |address: &str, name: &str| {
        let resource = &state["resources"][address];
        if address.is_empty() {
            return inventory["nat_gateway"][0][name]
                .as_str()
                .unwrap_or_default()
                .to_owned();
        }
        let value = if name == "id" {
            &resource["id"]
        } else {
            &resource["attributes"][name]
        };
        value.as_str().unwrap_or_default().to_owned()
    };
    let mut last = String::new();
    for (product, params) in case.calls {
        let params: Vec<(String, String)> = params
            .iter()
            .map(|param| {
                let (name, value) = param.split_once('=').unwrap();
                let mut value = value.replace("{}", &last);
                for (word, address, attribute) in [
                    ("{vpc.main}", "vpc.main", "id"),
                    ("{vpc.table}", "vpc.main", "route_table_id"),
                    ("{vswitch.main}", "vswitch.main", "id"),
                    ("{security_group.main}", "security_group.main", "id"),
                    ("{instance.main}", "instance.main", "id"),
                    ("{network_interface.main}", "network_interface.main", "id"),
                    ("{route_table.main}", "route_table.main", "id"),
                    ("{nat_gateway.main}", "nat_gateway.main", "id"),
                    ("{nat.forward}", "", "forward_table"),
                    ("{eip.ip}", "eip.main", "ip_address"),
                ] {
                    if value.contains(word) {
                        value = value.replace(word, &of(address, attribute));
                    }
                }
                (name.to_owned(), value)
            })
            .chain([("RegionId".to_owned(), "cn-hangzhou".to_owned())])
            .collect();
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (status, body) = meddle::call(&mut lock(&world.site), world.now, product, &params);
        assert_eq!(status, 200, "{}: {body}", case.what);
        let answer: Value = serde_json::from_str(&body).unwrap();
        let action = params[0].1;
        if let Some(made) = action.strip_prefix("Create") {
            last = answer[format!("{made}Id")].as_str().unwrap().to_owned();
        }
        world.wait(Duration::from_secs(20));
    }
    // A route is called by its table and where it leads; a server with our key is in our network as well.
    match case.what {
        "key" => "key_pair.main c".to_owned(),
        what if what.starts_with("route") => "/172.16.0.0/16".to_owned(),
        _ => last,
    }
}

/// It is told at once, by its name, and nothing is done.
#[test]
fn what_holds_something_up_is_told_before_anything_is_done() {
    for case in CASES {
        let (mut world, held_by) = occupied(case);
        let before = world.inventory();
        let ended = world.run(DESTROY, Plan::default());
        let told = format!("{}: {}{}", case.what, ended.out, ended.err);
        assert_eq!((ended.code, ended.sent), (Some(5), 0), "{told}");
        assert!(
            ended.err.contains("error[E0531]") && ended.err.replace("\n", " ").contains(&held_by),
            "{told}"
        );
        assert!(ended.elapsed < Duration::from_secs(5), "{told}");
        assert_eq!(before, world.inventory(), "{told}");
    }
}

/// What comes after a plan was kept is found before its first change.
#[test]
fn what_comes_between_a_plan_and_its_run_is_told_as_well() {
    for case in CASES {
        let mut world = made(case);
        let kept = world.run(&["plan", "--destroy", "-o", "p.plan"], Plan::default());
        assert_eq!(kept.code, Some(0), "{}: {}{}", case.what, kept.out, kept.err);
        let held_by = occupy(&mut world, case);
        let before = world.inventory();
        let apply = [
            "apply",
            "p.plan",
            "--auto-approve",
            "--allow-destroy",
            "--no-input",
        ];
        let ended = world.run(&apply, Plan::default());
        let told = format!("{}: {:?} {}{}", case.what, ended.code, ended.out, ended.err);
        assert!(matches!(ended.code, Some(1 | 3 | 5 | 7)), "{told}");
        assert!(ended.err.replace('\n', " ").contains(&held_by), "{told}");
        assert_eq!(ended.sent, 0, "{told}");
        assert_eq!(before, world.inventory(), "{told}");
    }
}

/// Where nobody has looked ahead, or it came afterwards, the first refusal tells as much.
#[test]
fn what_holds_something_up_is_told_by_the_first_refusal() {
    // What the cloud says of an interface may pass as well, and of an address it says why itself.
    for case in CASES
        .iter()
        .filter(|case| !["route to card", "dnat"].contains(&case.what))
    {
        let (mut world, held_by) = occupied(case);
        let ended = world.run(&[DESTROY, &["--no-preflight"]].concat(), Plan::default());
        let told = format!("{}: {}{}", case.what, ended.out, ended.err);
        assert_eq!(ended.code, Some(3), "{told}");
        assert!(ended.err.contains(&held_by), "{told}");
        assert!(
            ended.elapsed < Duration::from_secs(70),
            "{:?} {told}",
            ended.elapsed
        );
    }
}

/// A server to which somebody's route leads is not stopped for a successor that cannot come.
#[test]
fn a_server_that_is_held_up_is_not_replaced() {
    for case in CASES.iter().filter(|case| case.what.ends_with("to server")) {
        let (mut world, held_by) = occupied(case);
        let replace = [
            "apply",
            "--replace",
            "instance.main",
            "--auto-approve",
            "--allow-destroy",
            "--no-input",
        ];
        for preflight in [&[][..], &["--no-preflight"]] {
            let ended = world.run(&[&replace, preflight].concat(), Plan::default());
            let told = format!("{}: {}{}", case.what, ended.out, ended.err);
            assert_ne!(ended.code, Some(0), "{told}");
            assert!(ended.err.contains(&held_by), "{told}");
            assert_eq!(world.inventory()["instance"][0]["status"], "Running", "{told}");
        }
    }
}

/// Where their network stays, groups are asked for who names them.
#[test]
fn a_group_that_another_names_is_kept_while_its_network_stays() {
    let case = CASES.iter().find(|case| case.what == "group").unwrap();
    for preflight in [&[][..], &["--no-preflight"]] {
        let (mut world, named_by) = occupied(case);
        let (network, _) = NETWORK.split_once("[security_group.main]").unwrap();
        world.configure(network);
        let apply = ["apply", "--auto-approve", "--allow-destroy", "--no-input"];
        let ended = world.run(&[&apply, preflight].concat(), Plan::default());
        let told = format!("{}{}", ended.out, ended.err);
        assert_ne!(ended.code, Some(0), "{told}");
        assert!(ended.err.contains(&named_by), "{told}");
        assert!(ended.elapsed < Duration::from_secs(10), "{told}");
        assert_eq!(ended.sent > 0, !preflight.is_empty(), "{told}");
    }
}

/// A line of a table that leads elsewhere than the one that is wanted there, and that the state does not know: it is told,
/// and what the message says ends it.
#[test]
fn a_place_that_is_taken_is_told_at_once() {
    let case = CASES
        .iter()
        .find(|case| case.what == "route in table to server")
        .unwrap();
    for preflight in [&[][..], &["--no-preflight"]] {
        let (mut world, _) = occupied(case);
        let more = "[network_interface.other]\nvswitch_id = \"${vswitch.main.id}\"\n\
            security_group_ids = [\"${security_group.main.id}\"]\n";
        let config = format!("{NETWORK}{}{more}", case.more.concat());
        let apply = ["apply", "--auto-approve", "--allow-destroy", "--no-input"];
        world.configure(&config);
        let ended = world.run(&apply, Plan::default());
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        world.configure(&format!(
            "{config}[route_entry.main]\nroute_table_id = \"${{route_table.main.id}}\"\n\
             destination_cidr_block = \"172.16.0.0/16\"\nnext_hop_type = \"NetworkInterface\"\n\
             next_hop_id = \"${{network_interface.other.id}}\"\n"
        ));
        let ended = world.run(&[&apply, preflight].concat(), Plan::default());
        let told = format!("{}{}", ended.out, ended.err);
        assert!(matches!(ended.code, Some(1 | 3)), "{:?} {told}", ended.code);
        let said: Vec<&str> = ended.err.split_whitespace().collect();
        assert!(
            said.join(" ")
                .contains("is there already, and is not as it is wanted"),
            "{told}"
        );
        assert!(ended.elapsed < Duration::from_secs(10), "{told}");
        let hint = ended.err.split(" import ").nth(1).unwrap();
        let mut words = hint.split_whitespace();
        let (address, id) = (words.next().unwrap(), words.next().unwrap());
        assert_eq!(address, "route_entry.main");
        for line in [&["import", address, id][..], &apply] {
            let ended = world.run(line, Plan::default());
            assert_eq!(ended.code, Some(0), "{line:?} {}{}", ended.out, ended.err);
        }
        let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
        assert_eq!(plan.code, Some(0), "{}{}", plan.out, plan.err);
    }
}
