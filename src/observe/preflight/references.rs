//! Groups whose rules let in the members of other groups, which cannot be deleted meanwhile.
//!
//! Does not know whose they are.

use super::finding::Dependent;
use crate::api::action;
use crate::cloud::{ApiError, Cloud, Request};

/// How many groups one question names (facts of DescribeSecurityGroupReferences).
const GROUPS_MAX: usize = 10;

/// Who names these groups: the id of the one that is named, and the one that names it.
pub(super) async fn naming(ids: &[&str], cloud: &Cloud) -> Result<Vec<(String, Dependent)>, ApiError> {
    let mut found = Vec::new();
    for some in ids.chunks(GROUPS_MAX) {
        let request =
            Request::new(&action::DESCRIBE_SECURITY_GROUP_REFERENCES).param("RegionId", cloud.region());
        let request = some.iter().enumerate().fold(request, |request, (at, id)| {
            request.param(format!("SecurityGroupId.{}", at + 1), *id)
        });
        let reply = cloud.read(&request).await?;
        let named = &reply.body["SecurityGroupReferences"]["SecurityGroupReference"];
        for one in named.as_array().into_iter().flatten() {
            let id = one["SecurityGroupId"].as_str().unwrap_or_default();
            let by = &one["ReferencingSecurityGroups"]["ReferencingSecurityGroup"];
            let by = by.as_array().into_iter().flatten();
            found.extend(by.filter_map(|by| {
                let dependent = Dependent {
                    kind: "security_group",
                    id: by["SecurityGroupId"].as_str()?.to_owned(),
                    name: String::new(),
                };
                Some((id.to_owned(), dependent))
            }));
        }
    }
    Ok(found)
}
