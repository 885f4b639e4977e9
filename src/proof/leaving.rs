//! A key that leaves the file together with what it names: what holds that fast is let go of first, although nobody says
//! any more that it is managed.

use std::time::Duration;

use super::fate::Plan;
use super::lives::{NET, SERVER};
use super::world::World;

/// What is around, what stays, what goes with its block, and the key that goes with it.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        NET,
        "[security_group.own]\nvpc_id = \"${vpc.main.id}\"\n",
        "[security_group.goes]\nvpc_id = \"${vpc.main.id}\"\n",
        "ingress = [{ port_range = \"80\", source_group_id = \"${security_group.goes.id}\" }]\n",
    ),
    (
        NET,
        "[security_group.own]\nvpc_id = \"${vpc.main.id}\"\n",
        "[security_group.goes]\nvpc_id = \"${vpc.main.id}\"\n",
        "egress = [{ port_range = \"80\", dest_group_id = \"${security_group.goes.id}\" }]\n",
    ),
    (
        SERVER,
        "[slb.own]\nload_balancer_spec = \"slb.s1.small\"\n",
        "[instance.goes]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "backends = [{ server_id = \"${instance.goes.id}\" }]\n",
    ),
    (
        NET,
        "[route_table.own]\nvpc_id = \"${vpc.main.id}\"\n",
        "[vswitch.goes]\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.7.0/24\"\n",
        "vswitch_ids = [\"${vswitch.goes.id}\"]\n",
    ),
    (
        NET,
        "[nat_gateway.own]\nvpc_id = \"${vpc.main.id}\"\nvswitch_id = \"${vswitch.main.id}\"\n",
        "[eip.goes]\ninstance_id = \"${nat_gateway.own.id}\"\n",
        "snat = [{ source_cidr = \"10.0.1.0/24\", snat_ip = \"${eip.goes.ip_address}\" }]\n",
    ),
    (
        SERVER,
        "[disk.own]\nzone_id = \"cn-hangzhou-h\"\nsize = 20\n",
        "[snapshot_policy.goes]\ntime_points = [1]\nrepeat_weekdays = [1]\nretention_days = 7\n",
        "auto_snapshot_policy_id = \"${snapshot_policy.goes.id}\"\n",
    ),
    (
        NET,
        "[instance.own]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "[snapshot_policy.goes]\ntime_points = [1]\nrepeat_weekdays = [1]\nretention_days = 7\n",
        "system_disk = { size = 40, auto_snapshot_policy_id = \"${snapshot_policy.goes.id}\" }\n",
    ),
    (
        NET,
        "[instance.own]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "[key_pair.goes]\nname = \"goes\"\npublic_key_body = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 goes\"\n",
        "key_pair_name = \"${key_pair.goes.name}\"\n",
    ),
    (
        SERVER,
        "[disk.own]\nzone_id = \"cn-hangzhou-h\"\nsize = 20\n",
        "[instance.goes]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "instance_id = \"${instance.goes.id}\"\n",
    ),
    (
        SERVER,
        "[network_interface.own]\nvswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "[instance.goes]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "instance_id = \"${instance.goes.id}\"\n",
    ),
    (
        SERVER,
        "[eip.own]\n",
        "[instance.goes]\ninstance_type = \"ecs.g7.large\"\nimage_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n\
         vswitch_id = \"${vswitch.main.id}\"\nsecurity_group_ids = [\"${security_group.main.id}\"]\n",
        "instance_id = \"${instance.goes.id}\"\n",
    ),
];

/// An address that only leaves its gateway is held by an entry just as one that is released.
#[test]
fn an_address_leaves_a_gateway_whose_entries_nobody_manages_any_more() {
    let file = |gateway: &str, address: &str| {
        format!(
            "[infra]\nname = \"leaving\"\nregion = \"cn-hangzhou\"\n{NET}[nat_gateway.own]\nvpc_id = \"${{vpc.main.id}}\"\n\
             vswitch_id = \"${{vswitch.main.id}}\"\n{gateway}[eip.stays]\n{address}"
        )
    };
    let snat = "snat = [{ source_cidr = \"10.0.1.0/24\", snat_ip = \"${eip.stays.ip_address}\" }]\n";
    let bound = "instance_id = \"${nat_gateway.own.id}\"\n";
    let mut world = World::new(3, &file(snat, bound), |_| {});
    let made = world.apply(Plan::default());
    assert_eq!(made.code, Some(0), "{}\n{}", made.out, made.err);
    // Nobody manages the entry, and it is nobody's business while the address stays.
    world.configure(&file("", bound));
    let stays = world.apply(Plan::default());
    assert_eq!(
        (stays.code, stays.sent),
        (Some(0), 0),
        "{}\n{}",
        stays.out,
        stays.err
    );
    world.configure(&file("", ""));
    let leaves = world.apply(Plan::default());
    assert_eq!(leaves.code, Some(0), "{}\n{}", leaves.out, leaves.err);
}

#[test]
fn what_is_held_by_a_key_that_leaves_too_is_let_go_of() {
    let mut wrong = Vec::new();
    for (around, stays, goes, key) in CASES {
        let file =
            |blocks: &str| format!("[infra]\nname = \"leaving\"\nregion = \"cn-hangzhou\"\n{around}{blocks}");
        let mut world = World::new(3, &file(&format!("{goes}{stays}{key}")), |_| {});
        let made = world.apply(Plan::default());
        assert_eq!(made.code, Some(0), "{stays}{key}{}\n{}", made.out, made.err);
        world.wait(Duration::from_secs(3600));
        world.configure(&file(stays));
        let ended = world.apply(Plan::default());
        let plan = world.run(&["plan", "--detailed-exitcode"], Plan::default());
        if ended.code != Some(0) || plan.code != Some(0) {
            wrong.push(format!(
                "{stays}{key}: {}\n{}\n{}",
                ended.out, ended.err, plan.out
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
