//! Client tokens: a request that is repeated with its token gets the first one's answer. Does not know actions.

use sha2::{Digest as _, Sha256};

use super::actions::{Call, Run};
use super::clock::UnixMillis;
use super::node::Node;
use super::params::Params;
use super::refusal::{Refusal, refuse};
use super::rows::Token;
use super::verify::hex;

/// Runs an action once for its client token: a repeated request gets the first one's answer.
pub(super) fn once(call: &mut Call<'_>, token: &str, run: Run) -> Result<Node, Refusal> {
    if token.len() > 64 || !token.is_ascii() {
        return refuse("InvalidClientToken.ValueNotSupported");
    }
    let id = format!("{} {token}", call.facts.name);
    let fingerprint = fingerprint(call.params);
    let now: UnixMillis = call.now.real;
    call.world
        .forget_tokens_before(now - call.settings.token_lifetime_ms);
    if let Some(earlier) = call.world.tokens.get(&id) {
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
    let (sequence, _) = call.world.make();
    let row = Token {
        id,
        fingerprint,
        answer: node.to_json(),
        created: now,
        in_flight_until: now + call.settings.latency_ms,
    };
    call.world.tokens.insert(sequence, row);
    Ok(node)
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
