//! Client tokens: a request that is repeated with its token gets the first one's answer. Does not know actions.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::call::{Call, Run};
use super::clock::UnixMillis;
use super::head::{Head, row};
use super::node::Node;
use super::params::Params;
use super::refusal::{Refusal, refuse};
use super::verify::hex;
use super::world::Kind;

/// The answer that a client token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(flatten)]
    head: Head,
    /// A hash of everything that must be the same in a repeated request.
    fingerprint: String,
    /// The answer's fields as JSON.
    answer: String,
    /// Until this moment of real time the first request counts as still in flight.
    in_flight_until: i64,
}

row!(Token);

impl Kind for Token {
    const NAME: &'static str = "token";
    const HIDDEN: bool = true;
}

fn row_id(call: &Call<'_>, token: &str) -> String {
    format!("{} {} {token}", call.facts.version, call.facts.name)
}

/// Whether an answer stands for a token.
pub(super) fn is_known(call: &Call<'_>, token: &str) -> bool {
    let oldest = call.now.real - call.settings.token_lifetime_ms;
    let row = call.world.get::<Token>(&row_id(call, token));
    row.is_some_and(|row| row.created >= oldest)
}

/// Runs an action once for its client token: a repeated request gets the first one's answer.
pub(super) fn once(call: &mut Call<'_>, token: &str, run: Run) -> Result<Node, Refusal> {
    if token.len() > 64 || !token.is_ascii() {
        return refuse("InvalidClientToken.ValueNotSupported");
    }
    let id = row_id(call, token);
    let fingerprint = fingerprint(call.params);
    let now: UnixMillis = call.now.real;
    forget_before(call, now - call.settings.token_lifetime_ms);
    if let Some(earlier) = call.world.get::<Token>(&id) {
        if earlier.fingerprint != fingerprint {
            let codes = [
                "IdempotenceParamNotMatch",
                "Idempotence.SignatureMismatch",
                "IdempotentParameterMismatch",
            ];
            let code = call.facts.known_code(&codes.map(str::to_owned));
            return refuse(code.unwrap_or_else(|| "IdempotentParameterMismatch".to_owned()));
        }
        if now < earlier.in_flight_until {
            let codes = [
                "LastTokenProcessing",
                "IdempotentProcessing",
                "OperationFailed.IdempotentTokenProcessing",
                "TOKEN_PROCESSING",
                "Idempotence.Processing",
            ];
            let code = call.facts.known_code(&codes.map(str::to_owned));
            return refuse(code.unwrap_or_else(|| "IdempotentProcessing".to_owned()));
        }
        return match serde_json::from_str::<serde_json::Value>(&earlier.answer) {
            Ok(answer) => Ok(Node::from(answer)),
            Err(_) => refuse("InternalError"),
        };
    }
    let node = run(call)?;
    let (place, _) = call.world.make();
    let row = Token {
        head: Head {
            id,
            place,
            created: now,
            ..Head::default()
        },
        fingerprint,
        answer: node.to_json(),
        in_flight_until: now + call.settings.latency_ms,
    };
    call.world.insert(row);
    Ok(node)
}

/// Forgets tokens that are older than a moment. Rows are in the order of their creation.
fn forget_before(call: &mut Call<'_>, moment: i64) {
    loop {
        let oldest = call.world.all::<Token>().iter().next();
        let Some(id) = oldest
            .filter(|token| token.created < moment)
            .map(|token| token.id.clone())
        else {
            break;
        };
        call.remove::<Token>(&id);
    }
}

/// A hash of the business parameters.
fn fingerprint(params: &Params) -> String {
    let mut hash = Sha256::new();
    for (name, value) in params.iter() {
        for part in [name, value] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    hex(&hash.finalize()[..16])
}
