//! Pools of public addresses that one brings or is given. None of them gets any network here, so none has an address to
//! give; what is said of a pool is kept.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, plain_vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map, texts};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PublicIpAddressPool {
    #[serde(flatten)]
    pub(super) head: Head,
    isp: String,
    protections: Vec<String>,
}

row!(PublicIpAddressPool);

impl Kind for PublicIpAddressPool {
    const NAME: &'static str = "public_ip_address_pool";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "publicipaddresspool")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreatePublicIpAddressPool", create),
    (VPC, "ListPublicIpAddressPools", list),
    (VPC, "UpdatePublicIpAddressPoolAttribute", update),
    (VPC, "DeletePublicIpAddressPool", delete),
];

/// Simulated: how long a pool is being deleted, in milliseconds of life-cycle time.
const DELETING_MS: i64 = 2_000;

const ABSENT: &str = "ResourceNotFound.PublicIpAddressPool";

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let isp = match params.text_or("Isp", "BGP") {
        isp @ ("BGP" | "BGP_PRO") => isp.to_owned(),
        _ => return Err(Refusal::invalid("Isp")),
    };
    // Boxes in one's own house are not here.
    if params.text_or("BizType", "Default") != "Default" || !params.list("Zones").is_empty() {
        return Err(Refusal::invalid("BizType"));
    }
    let protections = params.list("SecurityProtectionTypes");
    if protections.iter().any(|name| *name != "AntiDDoS_Enhanced") {
        return Err(Refusal::invalid("SecurityProtectionTypes"));
    }
    let name = call.name("Name", 1, &["InvalidParameter"])?.unwrap_or_default();
    let description = call.description(1, &["InvalidParameter"])?.unwrap_or_default();
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, _) = call.head("pippool-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    head.status = Status::Created;
    // The field is spelled so.
    let answer = map! { "PulbicIpAddressPoolId": &head.id, "ResourceGroupId": &head.resource_group };
    call.world.insert(PublicIpAddressPool {
        head,
        isp,
        protections: protections.iter().map(|&name| name.to_owned()).collect(),
    });
    Ok(answer)
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.list("PublicIpAddressPoolIds");
    let ids = (!ids.is_empty()).then_some(ids);
    let page = call.page::<PublicIpAddressPool>(Search::ids(ids), |pool| {
        call.is("Name", &pool.name)
            && call.is("Isp", &pool.isp)
            && call.is("Status", pool.status.text())
            && call.is("ResourceGroupId", &pool.resource_group)
            && params
                .bool("SecurityProtectionEnabled")
                .is_none_or(|wanted| wanted != pool.protections.is_empty())
    })?;
    Ok(call.listed_plain(&page, "PublicIpAddressPoolList", |pool| node(call, pool)))
}

fn node(call: &Call<'_>, pool: &PublicIpAddressPool) -> Node {
    map! {
        "PublicIpAddressPoolId": &pool.id,
        "Name": &pool.name,
        "Description": &pool.description,
        "Isp": &pool.isp,
        "RegionId": &pool.region,
        "Status": pool.status.text(),
        "BusinessStatus": "Normal",
        "BizType": "Default",
        "UserType": "admin",
        "ShareType": "",
        "CreationTime": seconds(pool.created),
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "ResourceGroupId": &pool.resource_group,
        "TotalIpNum": 0,
        "UsedIpNum": 0,
        "IpAddressRemaining": false,
        "SecurityProtectionTypes": texts(&pool.protections),
        "Tags": plain_vpc_tags(&pool.tags),
    }
}

/// The pool that a request is about, when it may be changed.
fn settled(call: &Call<'_>) -> Result<String, Refusal> {
    let id = call.params.required("PublicIpAddressPoolId")?;
    let pool = call.find::<PublicIpAddressPool>(id, ABSENT)?;
    if pool.status != Status::Created {
        return refuse("IncorrectStatus.PublicIpAddressPool");
    }
    Ok(id.to_owned())
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = settled(call)?;
    let name = call.name("Name", 1, &["InvalidParameter"])?;
    let description = call.description(1, &["InvalidParameter"])?;
    call.validated()?;
    call.world
        .update::<PublicIpAddressPool, _>(&id, |pool| pool.rename(name, description));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = settled(call)?;
    call.validated()?;
    let now = call.now;
    call.world.update::<PublicIpAddressPool, _>(&id, |pool| {
        pool.leave(Status::Deleting, DELETING_MS, now);
    });
    done()
}
