//! Addresses that were given back: who had one may ask for it again, as long as nobody else has got it.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry};
use super::super::clock::Now;
use super::super::head::{Head, row};
use super::super::node::Node;
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::eip::{self, Eip};
use super::public_ip_address_pool::PublicIpAddressPool;

/// The id is that of the elastic address that it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Released {
    #[serde(flatten)]
    head: Head,
    address: String,
    isp: String,
}

row!(Released, links: |row, link| link("address", &row.address),
    deadline: |row| Some(row.created + KEPT_MS));

impl Kind for Released {
    const NAME: &'static str = "released_eip";
    const HIDDEN: bool = true;

    fn over(world: &mut World, id: &str, now: Now) {
        world.remove::<Released>(id, now);
    }
}

pub(super) const ACTIONS: &[Entry] = &[(VPC, "AllocateEipAddressPro", allocate)];

/// How long an address is kept for who had it: the vendor's seven days, in milliseconds.
const KEPT_MS: i64 = 7 * 86_400_000;

impl Released {
    /// What is left of an address that is given back.
    pub(super) fn of(eip: &Eip, now: Now) -> Self {
        Self {
            head: Head {
                id: eip.id.clone(),
                place: eip.place,
                region: eip.region.clone(),
                created: now.real,
                ..Head::default()
            },
            address: eip.address.clone(),
            isp: eip.isp.clone(),
        }
    }
}

fn allocate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if let Some(pool) = params.text("PublicIpAddressPoolId") {
        call.find::<PublicIpAddressPool>(pool, "ResourceNotFound.PublicIpAddressPool")?;
        // No pool has been given any network.
        return refuse("ResourceNotEnough.PublicIpAddressPool");
    }
    let (id, address) = (params.text("InstanceId"), params.text("IpAddress"));
    if address.is_some_and(|address| address.parse::<std::net::Ipv4Addr>().is_err()) {
        return refuse("IllegalParam.IpAddress");
    }
    let is_had = |address: &str| call.world.linked::<Eip>("address", address).next().is_some();
    if address.is_some_and(is_had) || id.is_some_and(|id| call.world.get::<Eip>(id).is_some()) {
        return refuse("Ip.Allocated");
    }
    let found = match (id, address) {
        (None, None) => return eip::make(call, None),
        (Some(id), None) => call.find::<Released>(id, "OperationFailed.InstanceNotExist")?,
        (id, Some(address)) => {
            let mut all = call.world.linked::<Released>("address", address);
            let own = all.find(|own| own.is_in(&call.region));
            let own = own.ok_or_else(|| Refusal::new("OperationFailed.AllocateUnfamiliarIp"))?;
            if id.is_some_and(|id| id != own.id) {
                return refuse("Invalid.Reserve.Ip");
            }
            own
        }
    };
    if params.text("ISP").is_some_and(|isp| isp != found.isp) {
        return refuse("Mismatch.IpAndIsp");
    }
    // By its id, an address that somebody has by now is gone as well.
    if is_had(&found.address) {
        return refuse("Ip.Allocated");
    }
    let (address, isp) = (found.address.clone(), found.isp.clone());
    let answer = eip::make(call, Some((address.clone(), isp)))?;
    for own in call.world.ids_linked::<Released>("address", &address) {
        call.remove::<Released>(&own);
    }
    Ok(answer)
}
