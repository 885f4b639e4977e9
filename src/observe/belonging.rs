//! What belongs together: all objects of all types that carry a tag of ours, whichever state knows them.
//!
//! Does not know which of them are wanted, nor what is done about them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use super::details::{self, Wanted};
use super::read::{self, list_by_tag};
use crate::cloud::{ApiError, Cloud};
use crate::live::{Observed, Stray};
use crate::types::{REGISTRY, ResourceType};

/// Everything that carries this tag. `wanted` names, by type, the nested attributes that are worth reading.
pub(crate) async fn tagged(
    cloud: &Cloud,
    key: &str,
    value: &str,
    wanted: &BTreeMap<String, Wanted>,
) -> Result<Vec<Stray>, ApiError> {
    let types = REGISTRY.iter().map(|one| of_type(one, cloud, key, value, wanted));
    let mut found: Vec<Stray> = try_join_all(types).await?.into_iter().flatten().collect();
    found.sort_by(|a, b| a.address.cmp(&b.address).then(a.observed.id.cmp(&b.observed.id)));
    Ok(found)
}

/// The same for one type.
pub(crate) async fn of_type(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    key: &str,
    value: &str,
    wanted: &BTreeMap<String, Wanted>,
) -> Result<Vec<Stray>, ApiError> {
    let mut observed = list_by_tag(resource_type, cloud, key, value).await?;
    // A filter that the API ignored would show what others made.
    observed.retain(|one| one.tags.get(key).map(String::as_str) == Some(value));
    if let Some(wanted) = wanted.get(resource_type.name) {
        details::complete(resource_type, cloud, &mut observed, wanted).await?;
    }
    let stray = |observed| Stray::of(resource_type.name, observed);
    Ok(observed.into_iter().map(stray).collect())
}

/// Everything without tags that stands in these parents, which are given by the type of what stands in them.
pub(crate) async fn inside(
    cloud: &Cloud,
    parents: &BTreeMap<&'static str, BTreeSet<String>>,
) -> Result<Vec<(&'static ResourceType, Observed)>, ApiError> {
    let read = async |resource_type: &'static ResourceType| {
        let parents = parents.get(resource_type.name).into_iter().flatten();
        let found = read::inside(resource_type, cloud, &parents.map(String::as_str).collect()).await?;
        Ok(found
            .into_iter()
            .map(|one| (resource_type, one))
            .collect::<Vec<_>>())
    };
    let found = try_join_all(REGISTRY.iter().map(|one| read(one))).await?;
    Ok(found.into_iter().flatten().collect())
}
