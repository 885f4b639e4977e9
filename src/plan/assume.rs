//! What the state remembers of one that is taken over, where the cloud does not tell it: what was read nevertheless, else
//! what the configuration says. Nothing is set again, and no server stopped, only because nobody can look.

use super::diff::{Fingerprints, bytes_of};
use crate::live::Observed;
use crate::types::{Kind, ResourceType};
use crate::value::{Attributes, Value};

/// The attributes of these that are only remembered, as the state would keep them.
pub(crate) fn assume(
    resource_type: &'static ResourceType,
    observed: &Observed,
    wanted: &Attributes,
    fingerprints: &Fingerprints<'_>,
) -> Attributes {
    let hidden = resource_type
        .attributes
        .iter()
        .filter(|attribute| attribute.remembered);
    hidden
        .filter_map(|attribute| {
            let name = attribute.name;
            let after = wanted.get(name)?;
            let value = match (observed.attributes.get(name), &attribute.kind, after) {
                (Some(read), _, _) => read.clone(),
                (None, _, Value::Secret(source)) => Value::from(fingerprints.secrets.get(source)?.as_str()),
                (None, Kind::Text, _) => Value::from((fingerprints.text)(bytes_of(after)?)),
                (None, _, _) => after.clone(),
            };
            value.is_known().then(|| (name.to_owned(), value))
        })
        .collect()
}
