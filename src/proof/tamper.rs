//! Somebody else at work with what stands around servers: keys, policies, gateways, tables, cards, balancers, rules and
//! routes are changed, taken off and deleted behind our back.
//!
//! Does not know whose they are.

use serde_json::Value;

use super::Chance;
use super::meddle;
use super::net::Site;

/// A call with the parameters behind the first one.
type Call = (&'static str, &'static str, Vec<(&'static str, String)>);

/// Changes one thing, drawn from the number; whether the cloud let it happen.
pub(super) fn tamper(site: &mut Site, now: i64, what: u64) -> bool {
    let chance = &mut Chance::new(what);
    let inventory: Value = serde_json::from_str(&site.cloud.world_json(now)).unwrap();
    let tables = [
        "key_pair",
        "snapshot_policy",
        "nat_gateway",
        "route_table",
        "network_interface",
        "load_balancer",
        "route_entry",
        "snat_entry",
        "slb_listener",
        "security_group",
    ];
    let mut all: Vec<(&str, &Value)> = Vec::new();
    for table in tables {
        let rows = inventory["accounts"][0][table].as_array().into_iter().flatten();
        all.extend(rows.map(|row| (table, row)));
    }
    if all.is_empty() {
        return false;
    }
    let (table, row) = all[chance.below(all.len() as u64) as usize];
    let Some((product, action, params)) = call(table, row, chance) else {
        return false;
    };
    let mut whole = vec![("Action", action)];
    whole.extend(params.iter().map(|(name, value)| (*name, value.as_str())));
    let (status, _) = meddle::call(site, now, product, &whole);
    site.log
        .note(&format!("{now} somebody else: {whole:?}: {status}"));
    site.is_thinned |= status == 200 && meddle::is_end(action);
    status == 200
}

fn call(table: &str, row: &Value, chance: &mut Chance) -> Option<Call> {
    let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let id = || text("id");
    let deletes = chance.below(3) > 0;
    Some(match (table, deletes) {
        ("key_pair", _) => (
            "Ecs",
            "DeleteKeyPairs",
            vec![("KeyPairNames", format!("[{:?}]", text("name")))],
        ),
        ("snapshot_policy", _) => (
            "Ecs",
            "DeleteAutoSnapshotPolicy",
            vec![("autoSnapshotPolicyId", id())],
        ),
        ("nat_gateway", true) => (
            "Vpc",
            "DeleteNatGateway",
            vec![("NatGatewayId", id()), ("Force", "true".to_owned())],
        ),
        ("nat_gateway", false) => (
            "Vpc",
            "ModifyNatGatewayAttribute",
            vec![("NatGatewayId", id()), ("Name", "renamed-by-hand".to_owned())],
        ),
        ("route_table", true) => ("Vpc", "DeleteRouteTable", vec![("RouteTableId", id())]),
        ("route_table", false) => (
            "Vpc",
            "ModifyRouteTableAttributes",
            vec![
                ("RouteTableId", id()),
                ("RouteTableName", "renamed-by-hand".to_owned()),
            ],
        ),
        // The first card goes with its server.
        ("network_interface", _) if text("kind") == "Primary" => return None,
        ("network_interface", true) if text("instance_id").is_empty() => (
            "Ecs",
            "DeleteNetworkInterface",
            vec![("NetworkInterfaceId", id())],
        ),
        ("network_interface", true) => (
            "Ecs",
            "DetachNetworkInterface",
            vec![("NetworkInterfaceId", id()), ("InstanceId", text("instance_id"))],
        ),
        ("network_interface", false) => (
            "Ecs",
            "ModifyNetworkInterfaceAttribute",
            vec![
                ("NetworkInterfaceId", id()),
                ("NetworkInterfaceName", "renamed-by-hand".to_owned()),
            ],
        ),
        ("load_balancer", true) => ("Slb", "DeleteLoadBalancer", vec![("LoadBalancerId", id())]),
        ("load_balancer", false) => (
            "Slb",
            "SetLoadBalancerName",
            vec![
                ("LoadBalancerId", id()),
                ("LoadBalancerName", "renamed-by-hand".to_owned()),
            ],
        ),
        ("route_entry", _) => ("Vpc", "DeleteRouteEntry", vec![("RouteEntryId", id())]),
        ("snat_entry", _) => (
            "Vpc",
            "DeleteSnatEntry",
            vec![("SnatTableId", text("table_id")), ("SnatEntryId", id())],
        ),
        ("slb_listener", _) => (
            "Slb",
            "DeleteLoadBalancerListener",
            vec![
                ("LoadBalancerId", text("balancer_id")),
                ("ListenerPort", row["port"].to_string()),
                ("ListenerProtocol", text("protocol")),
            ],
        ),
        _ => {
            let rules = row["rules"].as_array()?;
            let rule = rules.get(chance.below(rules.len().max(1) as u64) as usize)?;
            (
                "Ecs",
                "RevokeSecurityGroup",
                vec![
                    ("SecurityGroupId", id()),
                    (
                        "SecurityGroupRuleId.1",
                        rule["id"].as_str().unwrap_or_default().to_owned(),
                    ),
                ],
            )
        }
    })
}
