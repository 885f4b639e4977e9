//! Sets of ciphers of an account's own. None can be made here, so that there is none to show; those that the vendor has
//! for all are no part of this list.

use super::super::call::{Call, Entry, read_token};
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};

pub(super) const ACTIONS: &[Entry] = &[(SLB, "ListTLSCipherPolicies", list)];

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if params
        .int("MaxItems")?
        .is_some_and(|max| !(1..=100).contains(&max))
    {
        return Err(Refusal::invalid("MaxItems"));
    }
    if params
        .text("NextToken")
        .is_some_and(|token| read_token(token).is_none())
    {
        return refuse("QueryTokenInvalid");
    }
    Ok(map! {
        "TLSCipherPolicies": Vec::new(),
        "IsTruncated": false,
        "NextToken": "",
        "TotalCount": 0,
    })
}
