//! Pairs of servers behind a classic load balancer: one of them works, the other stands by.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::call::{Call, Entry, done, ecs_tags, has_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::load_balancer::{Backend, LoadBalancer, changeable, find};
use super::slb_listener;
use super::slb_servers::server_ip;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MasterSlaveGroup {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) balancer_id: String,
    pub(super) servers: Vec<Backend>,
    /// The words for what each of them is: `Master` or `Slave`.
    roles: Vec<String>,
}

row!(MasterSlaveGroup, links: |row, link| {
    link(LoadBalancer::NAME, &row.balancer_id);
    row.servers.iter().for_each(|server| link("server", &server.id));
});

impl Kind for MasterSlaveGroup {
    const NAME: &'static str = "slb_master_slave_group";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(SLB, "masterslaveservergroup")];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        match kind {
            LoadBalancer::NAME => {
                for own in world.ids_linked::<MasterSlaveGroup>(kind, id) {
                    world.remove::<MasterSlaveGroup>(&own, now);
                }
            }
            "instance" | "network_interface" => {
                for own in world.ids_linked::<MasterSlaveGroup>("server", id) {
                    world.update::<MasterSlaveGroup, _>(&own, |row| row.lose(id));
                }
            }
            _ => {}
        }
    }
}

impl MasterSlaveGroup {
    fn lose(&mut self, id: &str) {
        let own = self.servers.drain(..).zip(self.roles.drain(..));
        let left: Vec<_> = own.filter(|(server, _)| server.id != id).collect();
        (self.servers, self.roles) = left.into_iter().unzip();
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "CreateMasterSlaveServerGroup", create),
    (SLB, "DescribeMasterSlaveServerGroups", describe),
    (SLB, "DescribeMasterSlaveServerGroupAttribute", describe_one),
    (SLB, "DeleteMasterSlaveServerGroup", delete),
];

/// The two servers that a request names, with the word for what each of them is.
fn pair(call: &Call<'_>, balancer: &LoadBalancer) -> Result<(Vec<Backend>, Vec<String>), Refusal> {
    const LIST: &str = "MasterSlaveBackendServers";
    let list: Vec<Value> = match call.params.text(LIST) {
        None => Vec::new(),
        Some(text) => serde_json::from_str(text).map_err(|_| Refusal::invalid(LIST))?,
    };
    if list.len() != 2 {
        return refuse("BACKEND_SERVERS_NUM_MUST_BE_TWO");
    }
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    };
    let (mut servers, mut roles): (Vec<Backend>, Vec<String>) = (Vec::new(), Vec::new());
    for item in &list {
        let text = |name: &str| item[name].as_str().unwrap_or("").to_owned();
        let id = text("ServerId");
        if id.is_empty() {
            return refuse("BACKEND_SERVER_ID_CAN_NOT_EMPTY");
        }
        let Some(port) = number(&item["Port"]) else {
            return refuse("BACKEND_SERVER_PORT_CAN_NOT_EMPTY");
        };
        if !(1..=65_535).contains(&port) {
            return refuse("RealServerPortNotSupport");
        }
        let role = text("ServerType");
        if !matches!(role.as_str(), "Master" | "Slave") {
            return refuse("INVALID_SERVER_TYPE");
        }
        let weight = number(&item["Weight"]).unwrap_or(100);
        if !(0..=100).contains(&weight) {
            return Err(Refusal::invalid(LIST));
        }
        let kind = item["Type"].as_str().unwrap_or("ecs").to_owned();
        let ip = server_ip(call, &id, &kind, balancer)?;
        if servers.iter().any(|own| own.id == id && own.port == port) {
            return refuse("BACKEND_SERVERS_HAVE_SAME_PORT_AND_SERVERID");
        }
        if roles.contains(&role) {
            return refuse("BACKEND_SERVERS_CAN_ONLY_CONTAIN_ONE_MASTER_AND_ONE_SLAVE");
        }
        servers.push(Backend {
            id,
            kind,
            weight,
            port,
            description: text("Description"),
            ip,
        });
        roles.push(role);
    }
    Ok((servers, roles))
}

fn nodes(group: &MasterSlaveGroup) -> Node {
    let nodes = group.servers.iter().zip(&group.roles).map(|(server, role)| {
        map! {
            "ServerId": &server.id,
            "Port": server.port,
            "Weight": server.weight,
            "Type": &server.kind,
            "ServerType": role,
            "Description": &server.description,
        }
    });
    map! { "MasterSlaveBackendServer": nodes.collect::<Vec<_>>() }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let balancer = changeable(call)?;
    let (balancer_id, region) = (balancer.id.clone(), balancer.region.clone());
    let (servers, roles) = pair(call, balancer)?;
    let name = call.name("MasterSlaveServerGroupName", 1, &["InvalidParameter"])?;
    let tags = call.tags()?;
    call.region = region;
    let (mut head, _) = call.head("rsp-");
    head.rename(name, None);
    head.tags = tags;
    let group = MasterSlaveGroup {
        head,
        balancer_id,
        servers,
        roles,
    };
    let answer = map! {
        "MasterSlaveServerGroupId": &group.id,
        "MasterSlaveBackendServers": nodes(&group),
    };
    call.world.insert(group);
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let balancer = find(call, params.required("LoadBalancerId")?)?;
    let groups = call
        .world
        .linked::<MasterSlaveGroup>(LoadBalancer::NAME, &balancer.id)
        .filter(|group| call.is("Description", &group.name) && has_tags(call, &group.tags))
        .map(|group| {
            let listeners = slb_listener::listed_for(call, MasterSlaveGroup::NAME, &group.id);
            map! {
                "MasterSlaveServerGroupId": &group.id,
                "MasterSlaveServerGroupName": &group.name,
                "CreateTime": seconds(group.created),
                "AssociatedObjects": map! { "Listeners": listeners },
                "Tags": ecs_tags(&group.tags),
            }
        });
    let groups = groups.collect::<Vec<_>>();
    Ok(map! { "MasterSlaveServerGroups": map! { "MasterSlaveServerGroup": groups } })
}

fn named<'t>(call: &'t Call<'_>) -> Result<&'t MasterSlaveGroup, Refusal> {
    let id = call.params.required("MasterSlaveServerGroupId")?;
    let found = call.find::<MasterSlaveGroup>(id, "InvalidParameter");
    found.map_err(|refusal| refusal.with_message("The specified MasterSlaveGroupId does not exist."))
}

fn describe_one(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group = named(call)?;
    Ok(map! {
        "MasterSlaveServerGroupId": &group.id,
        "MasterSlaveServerGroupName": &group.name,
        "LoadBalancerId": &group.balancer_id,
        "CreateTime": seconds(group.created),
        "MasterSlaveBackendServers": nodes(group),
        "Tags": ecs_tags(&group.tags),
    })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call)?.id.clone();
    call.unheld::<MasterSlaveGroup>(&id)?;
    call.remove::<MasterSlaveGroup>(&id);
    done()
}
