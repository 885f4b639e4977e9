//! What no plan reads and an import does: the user data of a server, and how its subscription is renewed.
//!
//! Does not know what else the state remembers because nobody tells it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::api::action;
use crate::cloud::{ApiError, Cloud, ErrorKind, Request};
use crate::live::Observed;
use crate::types::ResourceType;
use crate::value::{Attributes, Value};

const USER_DATA: &str = "user_data";
const RENEWALS: [&str; 2] = ["auto_renew", "auto_renew_period"];

/// Adds what is wanted of it to one that is to be taken over; a text as its `fingerprint`. Who may not read it learns
/// nothing.
pub(crate) async fn read(
    resource_type: &'static ResourceType,
    cloud: &Cloud,
    observed: &mut Observed,
    wanted: &Attributes,
    fingerprint: &(dyn Fn(&[u8]) -> String + Sync),
) -> Result<(), ApiError> {
    if resource_type.name != "instance" {
        return Ok(());
    }
    if wanted.contains_key(USER_DATA) {
        let request = Request::new(&action::DESCRIBE_USER_DATA)
            .param("RegionId", cloud.region())
            .param("InstanceId", observed.id.clone());
        if let Some(reply) = allowed(cloud.read(&request).await)?
            && let Some(text) = reply.body["UserData"].as_str()
            && let Ok(bytes) = STANDARD.decode(text)
        {
            observed
                .attributes
                .insert(USER_DATA.to_owned(), Value::from(fingerprint(&bytes)));
        }
    }
    let is_subscription = observed
        .attributes
        .get("instance_charge_type")
        .and_then(Value::as_str)
        == Some("PrePaid");
    if is_subscription && RENEWALS.iter().any(|name| wanted.contains_key(*name)) {
        let request = Request::new(&action::DESCRIBE_INSTANCE_AUTO_RENEW_ATTRIBUTE)
            .param("RegionId", cloud.region())
            .param("InstanceId", observed.id.clone());
        if let Some(reply) = allowed(cloud.read(&request).await)? {
            let told = &reply.body["InstanceRenewAttributes"]["InstanceRenewAttribute"][0];
            let renews = told["AutoRenewEnabled"].as_bool().map(Value::Bool);
            // Without a renewal there is no period of one.
            let period = told["Duration"]
                .as_i64()
                .filter(|period| *period > 0)
                .map(Value::Integer);
            for (name, value) in RENEWALS.into_iter().zip([renews, period]) {
                observed
                    .attributes
                    .extend(value.map(|value| (name.to_owned(), value)));
            }
        }
    }
    Ok(())
}

/// An answer; none where it was refused, for lack of a right say.
fn allowed<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == ErrorKind::Refused => Ok(None),
        Err(error) => Err(error),
    }
}
