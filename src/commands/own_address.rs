//! The address that this machine has for others: only somebody outside can tell it, who is asked when somebody wants that.
//!
//! Does not know what it is good for.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::env::{Env, HttpRequest};

/// Who tells it: the answer is the address and nothing else.
const SERVICE: &str = "https://checkip.amazonaws.com/";
/// The variable that names another one.
const OTHER_SERVICE: &str = "INFRA_ADDRESS_SERVICE";
const TIMEOUT: Duration = Duration::from_secs(5);
/// An address and the end of its line, in bytes.
const ANSWER_MAX: usize = 32;

/// Who would be asked.
pub(super) fn service(env: &Env) -> &str {
    env.vars
        .get(OTHER_SERVICE)
        .filter(|other| !other.is_empty())
        .map_or(SERVICE, String::as_str)
}

/// Asks; why there is no answer, in words.
pub(super) async fn ask(env: &Env) -> Result<Ipv4Addr, String> {
    let request = HttpRequest {
        method: "GET",
        url: service(env).to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: TIMEOUT,
        body_limit: ANSWER_MAX,
    };
    let answer = env
        .transport
        .send(request)
        .await
        .map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    match text.parse() {
        Ok(address) if answer.status == 200 => Ok(address),
        _ => Err("the answer is no IPv4 address".to_owned()),
    }
}
