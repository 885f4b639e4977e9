//! Which account the key pair belongs to.
//!
//! Does not know what follows if nobody can tell.

use std::collections::BTreeMap;

use crate::api::{Action, action};
use crate::cloud::{Cloud, Request};
use crate::state::State;

/// How the networks that a state knows are asked for, and where their owner stands.
static NETWORKS: [(&str, &Action, &str, [&str; 2]); 2] = [
    ("vpc", &action::DESCRIBE_VPCS, "VpcId", ["Vpcs", "Vpc"]),
    (
        "vswitch",
        &action::DESCRIBE_VSWITCHES,
        "VSwitchId",
        ["VSwitches", "VSwitch"],
    ),
];

/// The account's id: GetCallerIdentity says it, or else the owner of a network that the state knows. None if neither
/// answers.
pub(crate) async fn of(cloud: &Cloud, state: &State) -> Option<String> {
    if let Ok(identity) = cloud.caller_identity().await
        && !identity.account_id.is_empty()
    {
        return Some(identity.account_id);
    }
    for network in NETWORKS {
        let known = state
            .resources
            .values()
            .find(|resource| resource.type_name == network.0 && !resource.id.is_empty());
        if let Some(known) = known
            && let Some(owner) = owner(cloud, network, &known.id).await
        {
            return Some(owner);
        }
    }
    None
}

/// The owner of one network, if it is there to be seen.
async fn owner(
    cloud: &Cloud,
    (_, action, id_field, [outer, inner]): (&str, &'static Action, &str, [&str; 2]),
    id: &str,
) -> Option<String> {
    let request = Request {
        action,
        params: BTreeMap::from([
            ("RegionId".to_owned(), cloud.region().to_owned()),
            (id_field.to_owned(), id.to_owned()),
        ]),
    };
    let reply = cloud.once().read(&request).await.ok()?;
    let items = reply.body[outer][inner].as_array()?;
    let owner = &items.iter().find(|item| item[id_field].as_str() == Some(id))?["OwnerId"];
    let text = owner.as_str().map_or_else(|| owner.to_string(), str::to_owned);
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text)
        .filter(|text| !text.is_empty() && text != "0")
}
