//! Which attribute an error code of a create is about, and whether a code says anything against the create at all.
//!
//! Does not know what is made of it.

use crate::cloud::{ApiError, ErrorKind};
use crate::types::{Attribute, Kind, ResourceType};

/// Codes whose words do not name the parameter.
const SPECIAL: &[(&str, &str)] = &[
    ("OperationDenied.NoStock", "instance_type"),
    ("InvalidResourceType.NotSupported", "instance_type"),
    ("Zone.NotOnSale", "zone_id"),
    ("ImageNotSupportInstanceType", "image_id"),
    ("ImageNotSupportCloudInit", "image_id"),
    ("InvalidSecurityGroupId", "security_group_ids"),
    ("InvalidSecurityGroup", "security_group_ids"),
];

/// Room that the old one still takes: what these say may not hold any more when it is gone.
const FREED_BY_REMOVAL: &[&str] = &["QuotaExceeded.PrivateIpAddress", "InvalidVSwitchId.IpInvalid"];

/// What an API says that does not have the action or its dry run.
const UNKNOWN_TO_API: &[&str] = &[
    "InvalidAction",
    "InvalidApi",
    "InvalidProduct",
    "UnsupportedOperation",
];

/// The path of the attribute that a code is about: `InvalidSystemDiskCategory.ValueNotSupported` is about
/// `system_disk.category`.
pub(super) fn attribute(resource_type: &'static ResourceType, code: &str) -> Option<String> {
    let special = SPECIAL.iter().find(|(known, _)| is_of(code, known));
    if let Some((_, name)) = special
        && resource_type.attribute(name).is_some()
    {
        return Some((*name).to_owned());
    }
    let subject = code
        .split('.')
        .next()?
        .strip_prefix("Invalid")?
        .to_ascii_lowercase();
    let mut found = Vec::new();
    paths(resource_type.attributes, "", &mut found);
    found
        .into_iter()
        .find(|(param, _)| *param == subject)
        .map(|(_, path)| path)
}

/// Every attribute that a create takes: its parameter in small letters and without dots, and its path.
fn paths(table: &'static [Attribute], prefix: &str, found: &mut Vec<(String, String)>) {
    for attribute in table {
        let path = format!("{prefix}{}", attribute.name);
        if let Kind::Table(nested) = attribute.kind {
            paths(nested, &format!("{path}."), found);
        }
        if let Some(param) = attribute.param_path() {
            found.push((param.replace('.', "").to_ascii_lowercase(), path));
        }
    }
}

/// What an error of a dry run means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bearing {
    /// The create itself would be refused.
    Refused,
    /// It says nothing about the create; why, in a few words.
    Nothing(String),
}

/// What an error means that a dry run has met.
pub(super) fn verdict(
    resource_type: &'static ResourceType,
    error: &ApiError,
    is_successor: bool,
    is_incomplete: bool,
) -> Bearing {
    let code = error.code.as_str();
    let is_definite = matches!(error.kind, ErrorKind::Refused | ErrorKind::NotFound) && !code.is_empty();
    let passes = resource_type.codes.passes(code)
        || code.starts_with("Forbidden")
        || code.starts_with("Forbbiden")
        || UNKNOWN_TO_API.iter().any(|known| is_of(code, known))
        || (is_incomplete && code.starts_with("Missing"))
        || (is_successor && FREED_BY_REMOVAL.iter().any(|known| is_of(code, known)));
    if is_definite && !passes {
        return Bearing::Refused;
    }
    Bearing::Nothing(if code.is_empty() {
        error.message.clone()
    } else {
        code.to_owned()
    })
}

/// A code is of a family that is itself or stands before a dot of it.
fn is_of(code: &str, family: &str) -> bool {
    code.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
