//! DHCP option sets: what the servers of a VPC are told when they ask for an address.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, plain_vpc_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::vpc::Vpc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DhcpOptionsSet {
    #[serde(flatten)]
    pub(super) head: Head,
    domain_name: String,
    name_servers: String,
    lease: String,
    lease_ipv6: String,
}

row!(DhcpOptionsSet);

impl Kind for DhcpOptionsSet {
    const NAME: &'static str = "dhcp_options";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "dhcpoptionsset")];

    fn bereft(world: &mut World, kind: &'static str, _id: &str, _now: Now) {
        if kind == Vpc::NAME {
            settle(world);
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateDhcpOptionsSet", create),
    (VPC, "GetDhcpOptionsSet", get),
    (VPC, "ListDhcpOptionsSets", list),
    (VPC, "UpdateDhcpOptionsSetAttribute", update),
    (VPC, "AttachDhcpOptionsSetToVpc", attach),
    (VPC, "DetachDhcpOptionsSetFromVpc", detach),
    (VPC, "ReplaceVpcDhcpOptionsSet", replace),
    (VPC, "DeleteDhcpOptionsSet", delete),
];

const ABSENT: &str = "InvalidDhcpOptionsSetId.NotFound";
const NO_VPC: &str = "InvalidVpcId.NotFound";
/// The vendor's limits.
const SERVERS_MAX: usize = 4;
const PER_REGION: usize = 10;

/// What a request says of a set, checked; `None` is not said.
struct Told {
    name: Option<String>,
    description: Option<String>,
    domain_name: Option<String>,
    name_servers: Option<String>,
    lease: Option<String>,
    lease_ipv6: Option<String>,
}

/// A lease as hours or days within the vendor's limits.
fn lease(call: &Call<'_>, name: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = call.params.text(name) else {
        return Ok(None);
    };
    let hours = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => hours.parse::<i64>().ok(),
        (_, Some(days)) => days.parse::<i64>().ok().and_then(|days| days.checked_mul(24)),
        _ => None,
    };
    match hours {
        Some(24..=1176 | 87_600) => Ok(Some(text.to_owned())),
        _ => Err(call.code(&["IllegalParam.LeaseTime", "OperationUnsupported.DhcpLeaseTime"])),
    }
}

fn told(call: &Call<'_>) -> Result<Told, Refusal> {
    let params = call.params;
    let length = |name: &str, code: &str| match params.given(name) {
        Some(text) if text.chars().count() > 256 || text.starts_with("http") => refuse(code),
        text => Ok(text.map(str::to_owned)),
    };
    let servers = params.text("DomainNameServers");
    if let Some(servers) = servers {
        let list: Vec<&str> = servers.split(',').map(str::trim).collect();
        if list.len() > SERVERS_MAX {
            return Err(call.code(&[
                "QuotaExceeded.DomainNameServers",
                "IllegalParam.DomainNameServers",
            ]));
        }
        if !list.iter().all(|one| one.parse::<std::net::IpAddr>().is_ok()) {
            return Err(call.code(&[
                "InvalidDomainNameServers.Malformed",
                "IllegalParam.DomainNameServers",
            ]));
        }
    }
    let domain_name = params.text("DomainName");
    if domain_name.is_some_and(|name| !super::dns_domain::is_name(name)) {
        return refuse("IllegalParam.DomainName");
    }
    Ok(Told {
        name: length("DhcpOptionsSetName", "IllegalParam.DhcpOptionsSetName")?,
        description: length(
            "DhcpOptionsSetDescription",
            "IllegalParam.DhcpOptionsSetDescription",
        )?,
        domain_name: params.given("DomainName").map(str::to_owned),
        name_servers: params.given("DomainNameServers").map(str::to_owned),
        lease: lease(call, "LeaseTime")?,
        lease_ipv6: lease(call, "Ipv6LeaseTime")?,
    })
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let told = told(call)?;
    let own = call.world.all::<DhcpOptionsSet>().iter();
    if own.filter(|set| set.region == call.region).count() >= PER_REGION {
        return refuse("QuotaExceeded.RegionDhcpOptionsSet");
    }
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, _) = call.head("dopt-");
    head.name = told.name.unwrap_or_default();
    head.description = told.description.unwrap_or_default();
    head.tags = tags;
    head.status = Status::Available;
    let answer = map! { "DhcpOptionsSetId": &head.id, "ResourceGroupId": &head.resource_group };
    call.world.insert(DhcpOptionsSet {
        head,
        domain_name: told.domain_name.unwrap_or_default(),
        name_servers: told.name_servers.unwrap_or_default(),
        lease: told.lease.unwrap_or_else(|| "87600h".to_owned()),
        lease_ipv6: told.lease_ipv6.unwrap_or_else(|| "24h".to_owned()),
    });
    Ok(answer)
}

/// The fields of both answers, without those that only one has.
fn node(call: &Call<'_>, set: &DhcpOptionsSet) -> Node {
    map! {
        "DhcpOptionsSetId": &set.id,
        "DhcpOptionsSetName": &set.name,
        "DhcpOptionsSetDescription": &set.description,
        "DhcpOptions": map! {
            "DomainName": &set.domain_name,
            "DomainNameServers": &set.name_servers,
            "LeaseTime": &set.lease,
            "Ipv6LeaseTime": &set.lease_ipv6,
        },
        "Status": set.status.text(),
        "CreationTime": seconds(set.created),
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "ResourceGroupId": &set.resource_group,
        "Tags": plain_vpc_tags(&set.tags),
    }
}

fn get(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DhcpOptionsSetId")?;
    let set = call.find_visible::<DhcpOptionsSet>(id, ABSENT)?;
    let vpcs = call
        .world
        .heads_linked(Vpc::NAME, DhcpOptionsSet::NAME, id)
        .map(|head| map! { "VpcId": &head.id, "AssociateStatus": "InUse" });
    let mut node = node(call, set);
    node.push("AssociateVpcs", vpcs.collect::<Vec<_>>());
    Ok(node)
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.list("DhcpOptionsSetId");
    let ids = (!ids.is_empty()).then_some(ids);
    let page = call.page::<DhcpOptionsSet>(Search::ids(ids), |set| {
        call.is("DhcpOptionsSetName", &set.name)
            && call.is("DomainName", &set.domain_name)
            && call.is("ResourceGroupId", &set.resource_group)
    })?;
    let nodes = page.rows.iter().map(|set| {
        let mut node = node(call, set);
        let vpcs = call.world.heads_linked(Vpc::NAME, DhcpOptionsSet::NAME, &set.id);
        node.push("AssociateVpcCount", vpcs.count());
        node
    });
    Ok(map! {
        "DhcpOptionsSets": nodes.collect::<Vec<_>>(),
        "TotalCount": page.total.to_string(),
        "NextToken": &page.next_token,
    })
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DhcpOptionsSetId")?;
    call.find::<DhcpOptionsSet>(id, ABSENT)?;
    let told = told(call)?;
    call.validated()?;
    call.world.update::<DhcpOptionsSet, _>(id, |set| {
        set.rename(told.name, told.description);
        if let Some(name) = told.domain_name {
            set.domain_name = name;
        }
        if let Some(servers) = told.name_servers {
            set.name_servers = servers;
        }
        if let Some(lease) = told.lease {
            set.lease = lease;
        }
        if let Some(lease) = told.lease_ipv6 {
            set.lease_ipv6 = lease;
        }
    });
    done()
}

/// A set is in use as long as a VPC has it.
fn settle(world: &mut World) {
    let sets: Vec<String> = world
        .all::<DhcpOptionsSet>()
        .iter()
        .map(|set| set.id.clone())
        .collect();
    for id in sets {
        let used = world
            .heads_linked(Vpc::NAME, DhcpOptionsSet::NAME, &id)
            .next()
            .is_some();
        let status = if used { Status::InUse } else { Status::Available };
        if world
            .get::<DhcpOptionsSet>(&id)
            .is_some_and(|set| set.status != status)
        {
            world.update::<DhcpOptionsSet, _>(&id, |set| set.status = status);
        }
    }
}

/// The set that a request names and the one that its VPC has.
fn pair(call: &Call<'_>) -> Result<(String, String, String), Refusal> {
    let id = call.params.required("DhcpOptionsSetId")?;
    call.find::<DhcpOptionsSet>(id, ABSENT)?;
    let vpc_id = call.params.required("VpcId")?;
    let vpc = call.find::<Vpc>(vpc_id, NO_VPC)?;
    Ok((id.to_owned(), vpc_id.to_owned(), vpc.dhcp_options.clone()))
}

fn put(call: &mut Call<'_>, vpc_id: &str, id: &str) -> Result<Node, Refusal> {
    call.validated()?;
    call.world
        .update::<Vpc, _>(vpc_id, |vpc| id.clone_into(&mut vpc.dhcp_options));
    settle(call.world);
    done()
}

fn attach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (id, vpc_id, own) = pair(call)?;
    if !own.is_empty() {
        return refuse("OperationFailed.AttachmentExist");
    }
    put(call, &vpc_id, &id)
}

fn detach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (id, vpc_id, own) = pair(call)?;
    if own.is_empty() {
        return refuse("OperationFailed.AttachmentNotExist");
    }
    if own != id {
        return refuse("AttrMismatching.VpcDhcpOptionsSetId");
    }
    put(call, &vpc_id, "")
}

fn replace(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (id, vpc_id, own) = pair(call)?;
    if own.is_empty() {
        return refuse("OperationFailed.AttachmentNotExist");
    }
    put(call, &vpc_id, &id)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DhcpOptionsSetId")?;
    call.find::<DhcpOptionsSet>(id, ABSENT)?;
    let mut vpcs = call.world.heads_linked(Vpc::NAME, DhcpOptionsSet::NAME, id);
    if vpcs.next().is_some() {
        return refuse("DependencyViolation.VpcAttachment");
    }
    drop(vpcs);
    call.validated()?;
    call.remove::<DhcpOptionsSet>(id);
    done()
}
