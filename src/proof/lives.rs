//! The lives of all types: each is made, left alone, changed where it stands, made anew, changed and deleted by somebody
//! else, taken over and deleted, as whole runs of the tool against the simulator. One list; eight tests for each type.
//!
//! A later resource type joins by a line in [`LIVES`].

use serde_json::Value;

use super::fate::Plan;
use super::lock;
use super::meddle;
use super::world::{Ended, World};
use crate::types::REGISTRY;

/// What one type goes through.
pub(super) struct Life {
    pub(super) type_name: &'static str,
    /// What it needs.
    pub(super) around: &'static str,
    /// What goes together with it, and would name it when it is gone.
    pub(super) beside: &'static str,
    /// Its block's keys; the block is `[TYPE.x]`.
    pub(super) keys: &'static str,
    /// Keys with other values that can be changed in place, and the steps that do it.
    pub(super) changed: &'static [(&'static str, &'static str)],
    /// A key with another value that only a new one can have; empty where everything can be changed.
    pub(super) anew: &'static str,
    /// How somebody else changes it: product, action and parameters, where `$id` is its id and `$NAME` an attribute that
    /// the state knows; then what the next plan says.
    pub(super) drift: (
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    ),
    /// How somebody else deletes it, in one call or several.
    pub(super) vanish: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

/// A network and a group in it.
pub(super) const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.main]
vpc_id = "${vpc.main.id}"
[vswitch.other]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.2.0/24"
[key_pair.main]
name = "main"
public_key_body = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 main"
[snapshot_policy.main]
time_points = [1]
repeat_weekdays = [1, 2, 3, 4, 5, 6, 7]
retention_days = 7
"#;

/// A second network.
const OTHER_NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vpc.other]
cidr_block = "10.1.0.0/16"
"#;

/// A server in the first, and what may hang on it.
pub(super) const SERVER: &str = r#"
[snapshot_policy.main]
time_points = [1]
repeat_weekdays = [1, 2, 3, 4, 5, 6, 7]
retention_days = 7
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.main]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.main]
vpc_id = "${vpc.main.id}"
[instance.main]
name = "main"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.main.id}"]
[instance.other]
name = "other"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.main.id}"]
"#;

pub(super) const LIVES: &[Life] = &[
    Life {
        type_name: "disk",
        around: SERVER,
        beside: "",
        keys: "name = \"before\"\nzone_id = \"cn-hangzhou-h\"\nsize = 40\ndisk_category = \"cloud_essd\"\n\
               instance_id = \"${instance.main.id}\"",
        changed: &[
            ("name = \"after\"", "change attributes"),
            ("size = 60", "grow"),
            ("delete_with_instance = true", "change attributes"),
            (
                "auto_snapshot_policy_id = \"${snapshot_policy.main.id}\"",
                "apply snapshot policy",
            ),
            (
                "disk_category = \"cloud_auto\"",
                "change performance > wait until cloud_auto",
            ),
        ],
        anew: "encrypted = true",
        drift: (
            "ModifyDiskAttribute",
            &[("DiskId", "$id"), ("DiskName", "by-hand")],
            "name",
        ),
        vanish: &[
            ("DetachDisk", &[("DiskId", "$id"), ("InstanceId", "$instance_id")]),
            ("DeleteDisk", &[("DiskId", "$id")]),
        ],
    },
    Life {
        type_name: "eip",
        around: SERVER,
        beside: "",
        keys: "name = \"before\"\nbandwidth = 5\ninstance_id = \"${instance.main.id}\"",
        changed: &[
            ("name = \"after\"", "change attributes"),
            ("bandwidth = 10", "change attributes"),
        ],
        anew: "internet_charge_type = \"PayByTraffic\"",
        drift: (
            "ModifyEipAddressAttribute",
            &[("AllocationId", "$id"), ("Bandwidth", "7")],
            "bandwidth",
        ),
        vanish: &[
            (
                "UnassociateEipAddress",
                &[("AllocationId", "$id"), ("InstanceId", "$instance_id")],
            ),
            ("ReleaseEipAddress", &[("AllocationId", "$id")]),
        ],
    },
    Life {
        type_name: "instance",
        around: NET,
        beside: "",
        keys: "name = \"before\"\ninstance_type = \"ecs.g7.large\"\n\
               image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${vswitch.main.id}\"\n\
               security_group_ids = [\"${security_group.main.id}\"]\n\
               system_disk = { category = \"cloud_essd\", size = 40, name = \"root\" }",
        changed: &[
            ("name = \"after\"", "change attributes"),
            (
                "image_id = \"aliyun_3_x64_20G_alibase_20240819.vhd\"",
                "swap system disk > rename system disk > change performance of system disk",
            ),
            (
                "vswitch_id = \"${vswitch.other.id}\"",
                "stop > wait until stopped > move > start",
            ),
            (
                "private_ip = \"10.0.1.88\"",
                "stop > wait until stopped > move > start",
            ),
            (
                "system_disk = { category = \"cloud_auto\", size = 60, name = \"disk\" }",
                "rename system disk > change performance of system disk > wait until cloud_auto > grow system disk",
            ),
            (
                "system_disk = { size = 40, auto_snapshot_policy_id = \"${snapshot_policy.main.id}\" }",
                "apply snapshot policy",
            ),
            (
                "system_disk = { size = 40, encrypted = true }",
                "swap system disk",
            ),
            (
                "data_disks = [{ name = \"data\", size = 40 }, { name = \"logs\", size = 20 }]",
                "create data disk > attach data disk > wait until it shows > create data disk > attach data disk > wait until it shows",
            ),
            (
                "secondary_private_ip_addresses = [\"10.0.1.101\", \"10.0.1.100\"]",
                "assign 1 address > assign 1 address",
            ),
            ("ram_role_name = \"RAMTestName\"", "attach role"),
            ("volume_tags = { team = \"a\" }", "tag disks"),
            (
                "instance_charge_type = \"PrePaid\"\nperiod = 1",
                "change to subscription > wait until PrePaid",
            ),
            (
                "metadata = { http_tokens = \"required\" }",
                "change metadata service",
            ),
            (
                "auto_release_time = \"2027-06-01T00:00:30Z\"",
                "change release time",
            ),
            ("stopped_mode = \"StopCharging\"\nstatus = \"Stopped\"", "stop"),
            ("instance_type = \"ecs.g7.xlarge\"", "change type"),
            ("status = \"Stopped\"", "stop"),
            (
                "key_pair_name = \"${key_pair.main.name}\"",
                "attach key pair > reboot > wait until running",
            ),
        ],
        anew: "io_optimized = \"none\"",
        drift: (
            "ModifyInstanceAttribute",
            &[("InstanceId", "$id"), ("InstanceName", "by-hand")],
            "name",
        ),
        vanish: &[("DeleteInstance", &[("InstanceId", "$id"), ("Force", "true")])],
    },
    Life {
        type_name: "instance",
        around: NET,
        beside: "",
        keys: "instance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
               vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n\
               spot_strategy = \"SpotWithPriceLimit\"\nspot_price_limit = \"0.50\"\nram_role_name = \"RAMTestName\"\n\
               metadata = { http_tokens = \"required\", hop_limit = 2 }\n\
               data_disks = [{ name = \"data\", size = 40, category = \"cloud_essd\", encrypted = true }]",
        changed: &[
            (
                "data_disks = [{ name = \"data\", size = 60, category = \"cloud_essd\", encrypted = true }]",
                "grow data disk",
            ),
            (
                "data_disks = [{ name = \"data\", size = 40, category = \"cloud_auto\", encrypted = true, \
                 description = \"mine\", delete_with_instance = false }]",
                "change data disk > change performance of data disk > wait until cloud_auto",
            ),
            (
                "data_disks = []",
                "mark data disk > detach data disk > delete data disk",
            ),
        ],
        anew: "spot_price_limit = \"0.75\"",
        drift: (
            "ModifyInstanceMetadataOptions",
            &[
                ("InstanceId", "$id"),
                ("HttpEndpoint", "enabled"),
                ("HttpTokens", "optional"),
            ],
            "metadata",
        ),
        vanish: &[("DeleteInstance", &[("InstanceId", "$id"), ("Force", "true")])],
    },
    Life {
        type_name: "key_pair",
        around: "",
        beside: "",
        keys: "name = \"before\"\npublic_key_body = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me\"",
        changed: &[("tags = { team = \"a\" }", "set tags")],
        anew: "public_key_body = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE6 me\"",
        drift: (
            "UntagResources",
            &[
                ("ResourceType", "keypair"),
                ("ResourceId.1", "$id"),
                ("All", "true"),
            ],
            "infra:stack",
        ),
        vanish: &[("DeleteKeyPairs", &[("KeyPairNames", "[\"$id\"]")])],
    },
    Life {
        type_name: "nat_gateway",
        around: NET,
        beside: "[eip.nat]\ninstance_id = \"${nat_gateway.x.id}\"",
        keys: "name = \"before\"\nvpc_id = \"${vpc.main.id}\"\nvswitch_id = \"${vswitch.main.id}\"\n\
               snat = [{ source_vswitch_id = \"${vswitch.main.id}\", snat_ip = \"${eip.nat.ip_address}\" }]",
        changed: &[
            ("name = \"after\"", "change attributes"),
            ("snat = []", "remove 1 SNAT entry"),
            (
                "snat = [{ source_cidr = \"10.0.2.0/24\", snat_ip = \"${eip.nat.ip_address}\" }]",
                "remove 1 SNAT entry > add 1 SNAT entry > wait until it shows",
            ),
        ],
        anew: "vswitch_id = \"${vswitch.other.id}\"",
        drift: (
            "Vpc ModifyNatGatewayAttribute",
            &[("NatGatewayId", "$id"), ("Name", "by-hand")],
            "name",
        ),
        vanish: &[(
            "Vpc DeleteNatGateway",
            &[("NatGatewayId", "$id"), ("Force", "true")],
        )],
    },
    Life {
        type_name: "network_interface",
        around: SERVER,
        beside: "",
        keys: "name = \"before\"\nvswitch_id = \"${vswitch.main.id}\"\n\
               security_group_ids = [\"${security_group.main.id}\"]\ninstance_id = \"${instance.main.id}\"",
        changed: &[
            ("name = \"after\"", "change attributes"),
            (
                "instance_id = \"${instance.other.id}\"",
                "detach > wait until available > attach",
            ),
        ],
        anew: "primary_ip_address = \"10.0.1.77\"",
        drift: (
            "ModifyNetworkInterfaceAttribute",
            &[("NetworkInterfaceId", "$id"), ("NetworkInterfaceName", "by-hand")],
            "name",
        ),
        vanish: &[
            (
                "DetachNetworkInterface",
                &[("NetworkInterfaceId", "$id"), ("InstanceId", "$instance_id")],
            ),
            ("DeleteNetworkInterface", &[("NetworkInterfaceId", "$id")]),
        ],
    },
    Life {
        type_name: "route_entry",
        around: SERVER,
        beside: "",
        keys: "name = \"before\"\nroute_table_id = \"${vpc.main.route_table_id}\"\n\
               destination_cidr_block = \"10.8.0.0/16\"\nnext_hop_id = \"${instance.main.id}\"",
        changed: &[("name = \"after\"", "change attributes")],
        anew: "destination_cidr_block = \"10.9.0.0/16\"",
        drift: (
            "Vpc ModifyRouteEntry",
            &[("RouteEntryId", "$route_entry_id"), ("RouteEntryName", "by-hand")],
            "name",
        ),
        vanish: &[("Vpc DeleteRouteEntry", &[("RouteEntryId", "$route_entry_id")])],
    },
    Life {
        type_name: "route_table",
        around: NET,
        beside: "[vpc.second]\ncidr_block = \"10.1.0.0/16\"",
        keys: "name = \"before\"\nvpc_id = \"${vpc.main.id}\"",
        changed: &[
            ("name = \"after\"", "change attributes"),
            (
                "vswitch_ids = [\"${vswitch.main.id}\", \"${vswitch.other.id}\"]",
                "bind vSwitch > bind vSwitch",
            ),
        ],
        anew: "vpc_id = \"${vpc.second.id}\"",
        drift: (
            "Vpc ModifyRouteTableAttributes",
            &[("RouteTableId", "$id"), ("RouteTableName", "by-hand")],
            "name",
        ),
        vanish: &[("Vpc DeleteRouteTable", &[("RouteTableId", "$id")])],
    },
    Life {
        type_name: "security_group_rule",
        around: NET,
        beside: "[security_group.second]\nvpc_id = \"${vpc.main.id}\"",
        keys: "security_group_id = \"${security_group.main.id}\"\nport_range = \"443\"\nsource_cidr_ip = \"10.0.0.0/8\"",
        changed: &[
            ("priority = 5", "change rule"),
            ("description = \"web\"", "change rule"),
        ],
        anew: "security_group_id = \"${security_group.second.id}\"",
        drift: (
            "ModifySecurityGroupRule",
            &[
                ("SecurityGroupId", "$security_group_id"),
                ("SecurityGroupRuleId", "$security_group_rule_id"),
                ("IpProtocol", "tcp"),
                ("PortRange", "443/443"),
                ("SourceCidrIp", "10.0.0.0/8"),
                ("Priority", "7"),
            ],
            "priority",
        ),
        vanish: &[(
            "RevokeSecurityGroup",
            &[
                ("SecurityGroupId", "$security_group_id"),
                ("IpProtocol", "tcp"),
                ("PortRange", "443/443"),
                ("SourceCidrIp", "10.0.0.0/8"),
            ],
        )],
    },
    Life {
        type_name: "slb",
        around: SERVER,
        beside: "",
        keys: "name = \"before\"\nload_balancer_spec = \"slb.s1.small\"\naddress_type = \"internet\"\n\
               listeners = [{ protocol = \"http\", port = 80, backend_port = 8080 }]\n\
               backends = [{ server_id = \"${instance.main.id}\" }]",
        changed: &[
            ("name = \"after\"", "rename"),
            ("load_balancer_spec = \"slb.s2.small\"", "change size"),
            (
                "backends = [{ server_id = \"${instance.main.id}\", weight = 50 }]",
                "change 1 backend",
            ),
            (
                "backends = [{ server_id = \"${instance.other.id}\" }]",
                "remove 1 backend > add 1 backend",
            ),
            (
                "listeners = [{ protocol = \"tcp\", port = 443, backend_port = 8443 }]",
                "remove 1 listener > add 1 listener > start listener > wait until it shows",
            ),
            (
                "listeners = [{ protocol = \"http\", port = 80, backend_port = 8081 }]",
                "change 1 listener",
            ),
        ],
        anew: "address_type = \"intranet\"\nvswitch_id = \"${vswitch.main.id}\"",
        drift: (
            "Slb SetLoadBalancerName",
            &[("LoadBalancerId", "$id"), ("LoadBalancerName", "by-hand")],
            "name",
        ),
        vanish: &[("Slb DeleteLoadBalancer", &[("LoadBalancerId", "$id")])],
    },
    Life {
        type_name: "security_group",
        around: OTHER_NET,
        beside: "",
        keys: "name = \"before\"\nvpc_id = \"${vpc.main.id}\"\n\
               ingress = [{ port_range = \"80\", source_cidr_ip = \"0.0.0.0/0\" }]",
        changed: &[
            ("name = \"after\"", "change attributes"),
            ("ingress = []", "remove 1 ingress rule"),
            ("inner_access_policy = \"Drop\"", "change inner access policy"),
        ],
        anew: "vpc_id = \"${vpc.other.id}\"",
        drift: (
            "AuthorizeSecurityGroup",
            &[
                ("SecurityGroupId", "$id"),
                ("IpProtocol", "tcp"),
                ("PortRange", "22/22"),
                ("SourceCidrIp", "10.0.0.0/8"),
            ],
            "ingress",
        ),
        vanish: &[("DeleteSecurityGroup", &[("SecurityGroupId", "$id")])],
    },
    Life {
        type_name: "snapshot_policy",
        around: "",
        beside: "",
        keys: "name = \"before\"\ntime_points = [13, 1]\nrepeat_weekdays = [1, 3]\nretention_days = 7",
        changed: &[
            ("name = \"after\"", "change attributes"),
            ("time_points = [2]\nretention_days = -1", "change attributes"),
        ],
        anew: "",
        drift: (
            "ModifyAutoSnapshotPolicyEx",
            &[
                ("regionId", "cn-hangzhou"),
                ("autoSnapshotPolicyId", "$id"),
                ("retentionDays", "3"),
            ],
            "retention_days",
        ),
        vanish: &[(
            "DeleteAutoSnapshotPolicy",
            &[("regionId", "cn-hangzhou"), ("autoSnapshotPolicyId", "$id")],
        )],
    },
    Life {
        type_name: "vpc",
        around: "",
        beside: "",
        keys: "name = \"before\"\ncidr_block = \"10.0.0.0/16\"",
        changed: &[("name = \"after\"", "change attributes")],
        anew: "",
        drift: (
            "Vpc ModifyVpcAttribute",
            &[("VpcId", "$id"), ("VpcName", "by-hand")],
            "name",
        ),
        vanish: &[("Vpc DeleteVpc", &[("VpcId", "$id")])],
    },
    Life {
        type_name: "vswitch",
        around: "[vpc.main]\ncidr_block = \"10.0.0.0/16\"",
        beside: "",
        keys: "name = \"before\"\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.1.0/24\"",
        changed: &[("name = \"after\"", "change attributes")],
        anew: "cidr_block = \"10.0.2.0/24\"",
        drift: (
            "Vpc ModifyVSwitchAttribute",
            &[("VSwitchId", "$id"), ("VSwitchName", "by-hand")],
            "name",
        ),
        vanish: &[("Vpc DeleteVSwitch", &[("VSwitchId", "$id")])],
    },
];

impl Life {
    /// The file with these keys, of which later ones win.
    pub(super) fn file(&self, more: &str) -> String {
        let name = |line: &str| line.split(" = ").next().unwrap_or_default().to_owned();
        let changed: Vec<String> = more.lines().map(name).collect();
        let mut text = format!(
            "[infra]\nname = \"lives\"\nregion = \"cn-hangzhou\"\n{}\n{}\n[{}.x]\n",
            self.around, self.beside, self.type_name
        );
        let kept = self.keys.lines().filter(|line| !changed.contains(&name(line)));
        for line in kept.chain(more.lines()) {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The same without the block.
    fn file_without(&self) -> String {
        format!(
            "[infra]\nname = \"lives\"\nregion = \"cn-hangzhou\"\n{}\n",
            self.around
        )
    }

    fn address(&self) -> String {
        format!("{}.x", self.type_name)
    }

    /// A world in which it stands.
    fn made(&self) -> World {
        let mut world = World::new(7, &self.file(""), |_| {});
        self.succeeds(&mut world, "create");
        // The vendor lets some changes rest for five minutes.
        world.wait(std::time::Duration::from_secs(3600));
        world
    }

    fn succeeds(&self, world: &mut World, what: &str) -> Ended {
        let ended = world.apply(Plan::default());
        assert_eq!(
            ended.code,
            Some(0),
            "{}: {what}:\n{}\n{}",
            self.type_name,
            ended.out,
            ended.err
        );
        ended
    }

    /// The plan, which must have something to say, or nothing.
    fn plans(&self, world: &mut World, is_empty: bool, what: &str) -> Ended {
        let ended = world.run(&["plan", "--detailed-exitcode"], Plan::default());
        let code = if is_empty { 0 } else { 2 };
        assert!(
            !(is_empty && ended.out.contains("outside infra")),
            "{}: the plan {what}:\n{}",
            self.type_name,
            ended.out
        );
        assert_eq!(
            ended.code,
            Some(code),
            "{}: the plan {what}:\n{}\n{}",
            self.type_name,
            ended.out,
            ended.err
        );
        ended
    }

    fn state(&self, world: &mut World) -> Value {
        let pulled = world.run(&["state", "pull"], Plan::default());
        serde_json::from_str(&pulled.out).unwrap()
    }

    fn id(&self, world: &mut World) -> Option<String> {
        let state = self.state(world);
        let id = state["resources"][self.address()]["id"].as_str();
        id.map(str::to_owned)
    }

    /// Somebody else calls.
    fn somebody(&self, world: &mut World, call: &str, params: &[(&str, &str)]) {
        let (product, action) = call.split_once(' ').unwrap_or(("Ecs", call));
        let state = self.state(world);
        let entry = &state["resources"][self.address()];
        let filled: Vec<(&str, String)> = params
            .iter()
            .map(|(name, text)| {
                let Some((before, rest)) = text.split_once('$') else {
                    return (*name, (*text).to_owned());
                };
                let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
                let (wanted, after) = rest.split_at(end.unwrap_or(rest.len()));
                let value = match wanted {
                    "id" => &entry["id"],
                    other => &entry["attributes"][other],
                };
                (
                    *name,
                    format!("{before}{}{after}", value.as_str().unwrap_or_default()),
                )
            })
            .collect();
        // What is on its way passes meanwhile.
        for _ in 0..20 {
            let mut params: Vec<(&str, &str)> = vec![("Action", action)];
            params.extend(filled.iter().map(|(name, text)| (*name, text.as_str())));
            let answer = meddle::call(&mut lock(&world.site), world.now, product, &params);
            world.wait(std::time::Duration::from_secs(3600));
            if answer.0 == 200 {
                return;
            }
            let passes = answer.1.contains("ncorrect") || answer.1.contains("TaskConflict");
            assert!(passes, "{}: {call}: {}", self.type_name, answer.1);
        }
        panic!("{}: {call} does not come to an end", self.type_name);
    }
}

fn each(test: impl Fn(&Life)) {
    LIVES.iter().for_each(test);
}

#[test]
fn every_type_has_its_life() {
    let mut named: Vec<&str> = LIVES.iter().map(|life| life.type_name).collect();
    named.sort_unstable();
    // A type may have more than one.
    named.dedup();
    let all: Vec<&str> = REGISTRY.iter().map(|one| one.name).collect();
    assert_eq!(named, all);
}

#[test]
fn it_is_made_and_the_next_plan_is_empty() {
    each(|life| {
        let mut world = life.made();
        assert!(life.id(&mut world).is_some(), "{}", life.type_name);
        life.plans(&mut world, true, "after the create");
        let again = life.succeeds(&mut world, "no-op");
        assert_eq!(again.sent, 0, "{}: a no-op sends something", life.type_name);
        let unknown = lock(&world.site).cloud.stats_json();
        let unknown: Value = serde_json::from_str(&unknown).unwrap();
        assert_eq!(
            unknown["unknown_parameters"]["total"], 0,
            "{}: {unknown}",
            life.type_name
        );
    });
}

#[test]
fn it_is_changed_where_it_stands() {
    each(|life| {
        for (change, steps) in life.changed {
            let mut world = life.made();
            let id = life.id(&mut world);
            world.configure(&life.file(change));
            let plan = life.plans(&mut world, false, change);
            let is_loss = steps.contains("swap") || steps.contains("delete data disk");
            // Long lines are broken.
            let words: Vec<&str> = plan.out.split_whitespace().collect();
            assert!(
                words.join(" ").contains(steps) && (is_loss == plan.out.contains("LOST")),
                "{}: {change} is no {steps}:\n{}",
                life.type_name,
                plan.out
            );
            life.succeeds(&mut world, change);
            assert_eq!(life.id(&mut world), id, "{}: {change}", life.type_name);
            life.plans(&mut world, true, "after the change");
        }
    });
}

#[test]
fn it_is_made_anew_where_it_must_be() {
    each(|life| {
        if life.anew.is_empty() {
            return;
        }
        let mut world = life.made();
        world.configure(&life.file(life.anew));
        let plan = life.plans(&mut world, false, life.anew);
        assert!(plan.out.contains("replace"), "{}: {}", life.type_name, plan.out);
        life.succeeds(&mut world, life.anew);
        life.plans(&mut world, true, "after the replacement");
    });
}

#[test]
fn what_somebody_changed_is_told_and_put_right() {
    each(|life| {
        let mut world = life.made();
        let (call, params, told) = life.drift;
        life.somebody(&mut world, call, params);
        let plan = life.plans(&mut world, false, "after somebody's change");
        assert!(plan.out.contains(told), "{}: {}", life.type_name, plan.out);
        let id = life.id(&mut world);
        life.succeeds(&mut world, "drift");
        assert_eq!(life.id(&mut world), id, "{}", life.type_name);
        life.plans(&mut world, true, "after the drift");
    });
}

#[test]
fn what_somebody_deleted_is_made_again() {
    each(|life| {
        let mut world = life.made();
        for (call, params) in life.vanish {
            life.somebody(&mut world, call, params);
        }
        let plan = life.plans(&mut world, false, "after it is gone");
        assert!(
            plan.out.contains("deleted outside"),
            "{}: {}",
            life.type_name,
            plan.out
        );
        life.succeeds(&mut world, "vanished");
        life.plans(&mut world, true, "after it is there again");
    });
}

#[test]
fn it_is_taken_over() {
    each(|life| {
        let mut world = life.made();
        let (address, id) = (life.address(), life.id(&mut world).unwrap());
        let forgotten = world.run(&["state", "rm", &address], Plan::default());
        assert_eq!(forgotten.code, Some(0), "{}: {}", life.type_name, forgotten.err);
        let imported = world.run(&["import", &address, &id], Plan::default());
        assert_eq!(imported.code, Some(0), "{}: {}", life.type_name, imported.err);
        let plan = world.run(&["plan"], Plan::default());
        assert!(
            !plan.out.contains("replace") && !plan.out.contains("stop"),
            "{}: {}",
            life.type_name,
            plan.out
        );
        life.succeeds(&mut world, "import");
        assert_eq!(life.id(&mut world), Some(id), "{}", life.type_name);
        life.plans(&mut world, true, "after the import");
    });
}

#[test]
fn it_is_deleted() {
    each(|life| {
        let mut world = life.made();
        world.configure(&life.file_without());
        let plan = life.plans(&mut world, false, "without the block");
        assert!(plan.out.contains("delete"), "{}: {}", life.type_name, plan.out);
        life.succeeds(&mut world, "delete");
        assert_eq!(life.id(&mut world), None, "{}", life.type_name);
        life.plans(&mut world, true, "after the delete");
        world.configure("[infra]\nname = \"lives\"\nregion = \"cn-hangzhou\"\n");
        life.succeeds(&mut world, "everything is deleted");
    });
}
