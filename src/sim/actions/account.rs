//! What other products say about the account: the few calls that clients make before they begin.

use super::super::call::{Call, Entry};
use super::super::catalogue;
use super::super::node::{Node, map, texts};
use super::super::products::{LOCATION, STS};
use super::super::refusal::{Refusal, refuse};

pub(super) const ACTIONS: &[Entry] = &[
    (STS, "GetCallerIdentity", get_caller_identity),
    (LOCATION, "DescribeEndpoints", describe_endpoints),
];

fn get_caller_identity(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let account = &call.world.account_id;
    Ok(map! {
        "IdentityType": "Account",
        "AccountId": account,
        "PrincipalId": account,
        "UserId": account,
        "Arn": format!("acs:ram::{account}:root"),
    })
}

fn describe_endpoints(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let region = call.params.required("Id")?;
    let service = call.params.required("ServiceCode")?;
    let Some(region) = catalogue::find_region(region) else {
        return refuse("InvalidRegionId.NotFound");
    };
    // The simulator's own address serves every product.
    let endpoint = map! {
        "Endpoint": call.host,
        "Id": region.id,
        "Namespace": "26842",
        "Protocols": map! { "Protocols": texts(["HTTP", "HTTPS"]) },
        "SerivceCode": service,
        "Type": call.params.text_or("Type", "openAPI"),
    };
    Ok(map! { "Endpoints": map! { "Endpoint": vec![endpoint] }, "Success": true })
}
