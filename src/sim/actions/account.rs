//! What other products say about the account: the few calls that clients make before they begin.

use super::super::call::{Call, Entry};
use super::super::catalogue;
use super::super::node::{Node, map, texts};
use super::super::products::{BSS, LOCATION, STS};
use super::super::refusal::{Refusal, refuse};

pub(super) const ACTIONS: &[Entry] = &[
    (STS, "GetCallerIdentity", get_caller_identity),
    (LOCATION, "DescribeEndpoints", describe_endpoints),
    (BSS, "QueryAccountBalance", query_account_balance),
    (BSS, "QueryAvailableInstances", query_available_instances),
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

fn query_account_balance(_call: &mut Call<'_>) -> Result<Node, Refusal> {
    Ok(map! {
        "Code": "200",
        "Message": "Successful!",
        "Success": true,
        "Data": map! {
            "AvailableAmount": "10000.00",
            "AvailableCashAmount": "10000.00",
            "CreditAmount": "0.00",
            "MybankCreditAmount": "0.00",
            "QuotaLimit": "0.00",
            "Currency": "CNY",
        },
    })
}

fn query_available_instances(_call: &mut Call<'_>) -> Result<Node, Refusal> {
    Ok(map! {
        "Code": "Success",
        "Message": "Successful!",
        "Success": true,
        "Data": map! { "InstanceList": Vec::new(), "PageNum": 1, "PageSize": 20, "TotalCount": 0 },
    })
}
