//! Network cards as they are seen: each VPC instance has its primary one, and there are no others yet.

use super::super::call::{Call, Entry, Search, ecs_tags};
use super::super::clock::seconds;
use super::super::net::ip_text;
use super::super::node::{Node, map, texts};
use super::super::products::ECS;
use super::super::refusal::Refusal;
use super::instance_row::{Instance, Network};

pub(super) const ACTIONS: &[Entry] = &[(ECS, "DescribeNetworkInterfaces", describe)];

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("NetworkInterfaceId");
    let private = params.list("PrivateIpAddress");
    let instances: Option<Vec<String>> = match (ids.is_empty(), params.text("InstanceId")) {
        (false, _) => {
            let owner = |id: &&str| {
                call.world
                    .linked::<Instance>("eni", id)
                    .next()
                    .map(|row| row.id.clone())
            };
            Some(ids.iter().filter_map(owner).collect())
        }
        (true, Some(id)) => Some(vec![id.to_owned()]),
        (true, None) => None,
    };
    let page = call.page::<Instance>(Search::ids(instances), |row| {
        let Network::Vpc {
            vpc_id,
            vswitch_id,
            private_ip,
            ..
        } = &row.network
        else {
            return false;
        };
        let address = ip_text(*private_ip);
        let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
        is("InstanceId", &row.id)
            && is("VpcId", vpc_id)
            && is("VSwitchId", vswitch_id)
            && is("PrimaryIpAddress", &address)
            && (private.is_empty() || private.contains(&address.as_str()))
            && is("Type", "Primary")
            && is("Status", "InUse")
            && is("ResourceGroupId", &row.resource_group)
            && params.text("NetworkInterfaceName").is_none()
            && params.bool("ServiceManaged") != Some(true)
            && params
                .text("SecurityGroupId")
                .is_none_or(|id| row.security_groups.iter().any(|own| own == id))
    })?;
    Ok(
        call.listed(&page, "NetworkInterfaceSets", "NetworkInterfaceSet", |row| {
            node(call, row)
        }),
    )
}

fn node(call: &Call<'_>, row: &Instance) -> Node {
    let Network::Vpc {
        vpc_id,
        vswitch_id,
        private_ip,
        eni_id,
        mac,
    } = &row.network
    else {
        return Node::Map(Vec::new());
    };
    let address = ip_text(*private_ip);
    let associated = map! { "PublicIpAddress": row.public_ip.as_deref().unwrap_or(""), "AllocationId": "" };
    let set =
        map! { "PrivateIpAddress": &address, "Primary": true, "AssociatedPublicIp": associated.clone() };
    map! {
        "NetworkInterfaceId": eni_id,
        "NetworkInterfaceName": "",
        "Description": "",
        "Type": "Primary",
        "Status": "InUse",
        "InstanceId": &row.id,
        "VpcId": vpc_id,
        "VSwitchId": vswitch_id,
        "ZoneId": &row.zone,
        "MacAddress": mac,
        "PrivateIpAddress": &address,
        "PrivateIpSets": map! { "PrivateIpSet": vec![set] },
        "Ipv6Sets": map! { "Ipv6Set": Vec::new() },
        "Ipv4PrefixSets": map! { "Ipv4PrefixSet": Vec::new() },
        "Ipv6PrefixSets": map! { "Ipv6PrefixSet": Vec::new() },
        "AssociatedPublicIp": associated,
        "Attachment": map! {
            "DeviceIndex": 0,
            "InstanceId": &row.id,
            "NetworkCardIndex": 0,
            "TrunkNetworkInterfaceId": "",
        },
        "SecurityGroupIds": map! { "SecurityGroupId": texts(&row.security_groups) },
        "NetworkInterfaceTrafficMode": "Standard",
        "QueueNumber": 1,
        "QueuePairNumber": 0,
        "SourceDestCheck": true,
        "DeleteOnRelease": true,
        "ServiceManaged": false,
        "OwnerId": &call.world.account_id,
        "CreationTime": seconds(row.created),
        "ResourceGroupId": &row.resource_group,
        "Tags": ecs_tags(&row.tags),
    }
}
