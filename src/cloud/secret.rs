//! Key pairs and what must never be shown. Does not know where a key pair comes from.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// What stands in a text in the place of a secret.
pub(crate) const HIDDEN: &str = "(hidden)";

/// Parameters whose values are never shown, whatever they hold.
const SECRET_PARAMS: &[&str] = &[
    "Password",
    "UserData",
    "SecurityToken",
    "PrivateKeyBody",
    "PublicKeyBody",
];

/// A key pair of an account, or of a role for a while. Wiped from memory when dropped; `Debug` shows none of it.
#[derive(Clone)]
pub(crate) struct Credentials {
    access_key_id: String,
    access_key_secret: SecretString,
    security_token: Option<SecretString>,
}

impl Credentials {
    /// A key pair; `security_token` belongs to temporary ones.
    pub(crate) fn new(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
        security_token: Option<String>,
    ) -> Credentials {
        Credentials {
            access_key_id: access_key_id.into(),
            access_key_secret: SecretString::from(access_key_secret.into()),
            security_token: security_token
                .filter(|token| !token.is_empty())
                .map(SecretString::from),
        }
    }

    pub(crate) fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    pub(crate) fn security_token(&self) -> Option<&str> {
        self.security_token.as_ref().map(|token| token.expose_secret())
    }

    /// The key of the signature: the secret and `&`.
    pub(super) fn signing_key(&self) -> Zeroizing<String> {
        let secret = self.access_key_secret.expose_secret();
        // The room is made first, so that no shorter copy is left behind by growing.
        let mut key = Zeroizing::new(String::with_capacity(secret.len() + 1));
        key.push_str(secret);
        key.push('&');
        key
    }

    /// The text without this key pair and without the values of secret parameters: a server's message may repeat
    /// what it was sent.
    pub(crate) fn scrub<'a>(
        &'a self,
        text: &str,
        params: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> String {
        let secret_params = params
            .into_iter()
            .filter(|(name, _)| is_secret_param(name))
            .map(|(_, value)| value.as_str());
        [
            self.access_key_secret.expose_secret(),
            self.security_token().unwrap_or_default(),
            self.access_key_id(),
        ]
        .into_iter()
        .chain(secret_params)
        // Shorter values would blank out ordinary words.
        .filter(|secret| secret.len() >= 4)
        .fold(text.to_owned(), |text, secret| {
            if text.contains(secret) {
                text.replace(secret, HIDDEN)
            } else {
                text
            }
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Whether a parameter's value must not be shown; the last part of a dotted name decides.
pub(crate) fn is_secret_param(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    SECRET_PARAMS
        .iter()
        .any(|secret| last.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_key_pair() {
        let credentials = Credentials::new("LTAIcanary", "canary-secret", Some("canary-token".into()));
        let shown = format!("{credentials:?}");
        assert_eq!(shown, "(hidden)");
    }

    #[test]
    fn a_message_that_repeats_secrets_loses_them() {
        let credentials = Credentials::new("LTAIcanary", "canary-secret", None);
        let params = BTreeMap::from([
            ("Password".to_owned(), "Canary#123".to_owned()),
            ("InstanceName".to_owned(), "web".to_owned()),
        ]);
        let message = "web: Canary#123 is no good for LTAIcanary, canary-secret";
        let scrubbed = credentials.scrub(message, &params);
        assert_eq!(scrubbed, "web: (hidden) is no good for (hidden), (hidden)");
    }
}
