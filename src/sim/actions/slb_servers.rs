//! Servers behind classic load balancers: the default ones, and groups of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::call::{Call, Entry, done, ecs_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, row};
use super::super::net::ip_text;
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::instance_row::{Instance, Network};
use super::load_balancer::{Backend, LoadBalancer, changeable, find};
use super::network_interface::NetworkInterface;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServerGroup {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) balancer_id: String,
    pub(super) servers: Vec<Backend>,
}

row!(ServerGroup, links: |row, link| {
    link(LoadBalancer::NAME, &row.balancer_id);
    row.servers.iter().for_each(|server| link("server", &server.id));
});

impl Kind for ServerGroup {
    const NAME: &'static str = "slb_server_group";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(SLB, "vservergroup")];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        match kind {
            "load_balancer" => {
                for own in world.ids_linked::<ServerGroup>(kind, id) {
                    world.remove::<ServerGroup>(&own, now);
                }
            }
            "instance" | "network_interface" => {
                for own in world.ids_linked::<ServerGroup>("server", id) {
                    world.update::<ServerGroup, _>(&own, |row| row.servers.retain(|server| server.id != id));
                }
            }
            _ => {}
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "AddBackendServers", add),
    (SLB, "SetBackendServers", set),
    (SLB, "RemoveBackendServers", remove),
    (SLB, "CreateVServerGroup", create_group),
    (SLB, "SetVServerGroupAttribute", set_group),
    (SLB, "AddVServerGroupBackendServers", add_to_group),
    (SLB, "RemoveVServerGroupBackendServers", remove_from_group),
    (SLB, "ModifyVServerGroupBackendServers", modify_group),
    (SLB, "DeleteVServerGroup", delete_group),
    (SLB, "DescribeVServerGroupAttribute", describe_group),
];

/// The vendor's limit of servers in one call.
const AT_ONCE_MAX: usize = 20;

/// The servers that a JSON list names, each checked.
fn servers(
    call: &Call<'_>,
    param: &'static str,
    checked: bool,
    balancer: &LoadBalancer,
) -> Result<Vec<Backend>, Refusal> {
    let Some(text) = call.params.text(param) else {
        return Ok(Vec::new());
    };
    let list: Vec<Value> = serde_json::from_str(text).map_err(|_| Refusal::invalid(param))?;
    if list.len() > AT_ONCE_MAX {
        return Err(Refusal::invalid(param));
    }
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    };
    let mut found = Vec::new();
    for item in list {
        // Some calls list bare ids.
        let id = item
            .as_str()
            .or(item["ServerId"].as_str())
            .unwrap_or("")
            .to_owned();
        if id.is_empty() {
            return Err(Refusal::invalid(param));
        }
        let kind = item["Type"].as_str().unwrap_or("ecs").to_owned();
        let weight = number(&item["Weight"]).unwrap_or(100);
        if !(0..=100).contains(&weight) {
            return Err(Refusal::invalid(param));
        }
        let ip = if checked {
            server_ip(call, &id, &kind, balancer)?
        } else {
            String::new()
        };
        found.push(Backend {
            id,
            kind,
            weight,
            port: number(&item["Port"]).unwrap_or(0),
            description: item["Description"].as_str().unwrap_or("").to_owned(),
            ip,
        });
    }
    Ok(found)
}

/// The address of a server that can be put behind a load balancer.
pub(super) fn server_ip(
    call: &Call<'_>,
    id: &str,
    kind: &str,
    balancer: &LoadBalancer,
) -> Result<String, Refusal> {
    let absent = || {
        call.code(&["InvalidServerId.NotExist", "InvalidParameter"])
            .with_message("The specified ServerId does not exist.")
    };
    let (vpc_id, ip) = match kind {
        "ecs" => {
            let row = call
                .world
                .get::<Instance>(id)
                .filter(|row| row.region == balancer.region);
            let row = row.ok_or_else(absent)?;
            match &row.network {
                Network::Classic { inner_ip } => (String::new(), ip_text(*inner_ip)),
                Network::Vpc {
                    vpc_id, private_ip, ..
                } => (vpc_id.clone(), ip_text(*private_ip)),
            }
        }
        "eni" => {
            let row = call
                .world
                .get::<NetworkInterface>(id)
                .filter(|row| row.region == balancer.region);
            let row = row.ok_or_else(absent)?;
            (row.vpc_id.clone(), ip_text(row.private_ip))
        }
        _ => return Err(call.code(&["BackendServer.InvalidType", "InvalidParameter"])),
    };
    if !balancer.vpc_id.is_empty() && balancer.vpc_id != vpc_id {
        return Err(call.code(&["NetworkConflict", "InvalidParameter"]));
    }
    Ok(ip)
}

/// Weight is a text in some answers and a number in others; the tree says which.
fn nodes(call: &Call<'_>, servers: &[Backend]) -> Node {
    let texts = call.facts.response["BackendServers"]["BackendServer"][0]["Weight"] == "string";
    let nodes = servers.iter().map(|server| {
        let weight = if texts {
            Node::from(server.weight.to_string())
        } else {
            Node::from(server.weight)
        };
        let node = map! {
            "ServerId": &server.id,
            "ServerIp": &server.ip,
            "Type": &server.kind,
            "Weight": weight,
            "Port": server.port,
            "Description": &server.description,
        };
        call.trimmed_to(&["BackendServers", "BackendServer"], node)
    });
    map! { "BackendServer": nodes.collect::<Vec<_>>() }
}

fn put(into: &mut Vec<Backend>, servers: Vec<Backend>, by_port: bool) {
    for server in servers {
        into.retain(|own| own.id != server.id || (by_port && own.port != server.port));
        into.push(server);
    }
}

fn changed(call: &mut Call<'_>, id: &str, change: impl FnOnce(&mut Vec<Backend>)) -> Result<Node, Refusal> {
    call.world
        .update::<LoadBalancer, _>(id, |row| change(&mut row.servers));
    let row = find(call, id)?;
    Ok(map! { "LoadBalancerId": id, "BackendServers": nodes(call, &row.servers) })
}

fn add(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let balancer = changeable(call)?;
    let id = balancer.id.clone();
    let servers = servers(call, "BackendServers", true, balancer)?;
    changed(call, &id, |own| put(own, servers, false))
}

fn set(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let balancer = changeable(call)?;
    let id = balancer.id.clone();
    let servers = servers(call, "BackendServers", true, balancer)?;
    if servers
        .iter()
        .any(|server| balancer.servers.iter().all(|own| own.id != server.id))
    {
        return Err(call
            .code(&["InvalidParameter"])
            .with_message("The specified ServerId does not exist."));
    }
    changed(call, &id, |own| put(own, servers, false))
}

fn remove(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let balancer = changeable(call)?;
    let id = balancer.id.clone();
    let servers = servers(call, "BackendServers", false, balancer)?;
    changed(call, &id, |own| {
        own.retain(|own| servers.iter().all(|gone| gone.id != own.id))
    })
}

/// A group by id.
fn group<'t>(call: &'t Call<'_>) -> Result<&'t ServerGroup, Refusal> {
    let found = call.find::<ServerGroup>(call.params.required("VServerGroupId")?, "InvalidParameter");
    found.map_err(|refusal| refusal.with_message("The specified VServerGroupId does not exist."))
}

/// The load balancer of a group.
fn balancer_of<'t>(call: &'t Call<'_>, group: &ServerGroup) -> Result<&'t LoadBalancer, Refusal> {
    find(call, &group.balancer_id)
}

fn create_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let balancer = changeable(call)?;
    let (balancer_id, region) = (balancer.id.clone(), balancer.region.clone());
    let servers = servers(call, "BackendServers", true, balancer)?;
    let name = call
        .name("VServerGroupName", 1, &["InvalidParameter"])?
        .unwrap_or_default();
    let tags = call.tags()?;
    call.region = region;
    let (mut head, _) = call.head("rsp-");
    head.name = name;
    head.tags = tags;
    let id = head.id.clone();
    let shown = nodes(call, &servers);
    call.world.insert(ServerGroup {
        head,
        balancer_id,
        servers,
    });
    Ok(map! { "VServerGroupId": id, "BackendServers": shown })
}

fn changed_group(
    call: &mut Call<'_>,
    id: &str,
    change: impl FnOnce(&mut ServerGroup),
) -> Result<Node, Refusal> {
    call.world.update::<ServerGroup, _>(id, change);
    let row = group(call)?;
    Ok(map! { "VServerGroupId": id, "BackendServers": nodes(call, &row.servers) })
}

fn set_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = group(call)?;
    let id = row.head.id.clone();
    let changes = servers(call, "BackendServers", false, balancer_of(call, row)?)?;
    let known = |change: &Backend| row.servers.iter().any(|own| own.id == change.id);
    if !changes.iter().all(known) {
        return Err(Refusal::invalid("BackendServers"));
    }
    let name = call.name("VServerGroupName", 1, &["InvalidParameter"])?;
    let mut answer = changed_group(call, &id, |group| {
        group.head.rename(name, None);
        for change in changes {
            let same =
                |own: &&mut Backend| own.id == change.id && (change.port == 0 || own.port == change.port);
            if let Some(own) = group.servers.iter_mut().find(same) {
                own.weight = change.weight;
                own.description.clone_from(&change.description);
            }
        }
    })?;
    answer.push("VServerGroupName", group(call)?.head.name.as_str());
    Ok(answer)
}

fn add_to_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = group(call)?;
    let id = row.head.id.clone();
    let servers = servers(call, "BackendServers", true, balancer_of(call, row)?)?;
    changed_group(call, &id, |group| put(&mut group.servers, servers, true))
}

fn remove_from_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = group(call)?;
    let id = row.head.id.clone();
    let gone = servers(call, "BackendServers", false, balancer_of(call, row)?)?;
    changed_group(call, &id, |group| {
        group
            .servers
            .retain(|own| !gone.iter().any(|gone| gone.id == own.id && gone.port == own.port));
    })
}

fn modify_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let row = group(call)?;
    let id = row.head.id.clone();
    let balancer = balancer_of(call, row)?;
    let gone = servers(call, "OldBackendServers", false, balancer)?;
    let new = servers(call, "NewBackendServers", true, balancer)?;
    if gone.iter().any(|gone| {
        !row.servers
            .iter()
            .any(|own| own.id == gone.id && own.port == gone.port)
    }) {
        return refuse("InvalidParameter");
    }
    changed_group(call, &id, |group| {
        group
            .servers
            .retain(|own| !gone.iter().any(|gone| gone.id == own.id && gone.port == own.port));
        put(&mut group.servers, new, true);
    })
}

fn delete_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = group(call)?.head.id.clone();
    call.unheld::<ServerGroup>(&id)?;
    call.remove::<ServerGroup>(&id);
    done()
}

fn describe_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group = group(call)?;
    Ok(map! {
        "VServerGroupId": &group.head.id,
        "VServerGroupName": &group.head.name,
        "LoadBalancerId": &group.balancer_id,
        "CreateTime": seconds(group.head.created),
        "BackendServers": nodes(call, &group.servers),
        "Tags": ecs_tags(&group.head.tags),
    })
}
