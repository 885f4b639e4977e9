//! Credentials in environment variables.

use std::collections::BTreeMap;

use super::{Credentials, Fixed, Found, IdentityError};

const ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

pub(super) fn find(
    vars: &BTreeMap<String, String>,
    looked: &mut Vec<String>,
) -> Result<Option<Found>, IdentityError> {
    let value = |name: &str| vars.get(name).filter(|value| !value.is_empty());
    let missing = |place: &str, missing: &str| IdentityError::Incomplete {
        place: format!("the environment sets {place} but"),
        missing: missing.to_owned(),
    };
    match (value(ID), value(SECRET)) {
        (None, None) => {
            looked.push(format!("environment: {ID} and {SECRET} are not set"));
            Ok(None)
        }
        (Some(_), None) => Err(missing(ID, SECRET)),
        (None, Some(_)) => Err(missing(SECRET, ID)),
        (Some(id), Some(secret)) => Ok(Some(Found {
            source: Box::new(Fixed {
                place: "environment variables".to_owned(),
                credentials: Credentials::new(id, secret, value(TOKEN).cloned()),
            }),
            region: None,
        })),
    }
}
