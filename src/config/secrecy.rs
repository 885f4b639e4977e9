//! Which keys a secret may stand behind.
//!
//! Does not know what stands there.

use super::suggest;

/// Whether a key is spelt nearly like one of a secret, or sounds like one.
pub(super) fn looks_secret(key: &str, secret_keys: &[&str]) -> bool {
    sounds_secret(key)
        || secret_keys.iter().any(|secret| {
            key.len().abs_diff(secret.len()) <= 2
                && strsim::damerau_levenshtein(&suggest::fold(key), secret) <= 2
        })
}

/// Whether a key looks as if a secret stood behind it.
fn sounds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let is_short = key
        .split(['_', '-'])
        .any(|word| matches!(word, "pass" | "pwd" | "passcode"));
    let is_long = [
        "passw",
        "secret",
        "token",
        "passphrase",
        "private_key",
        "privatekey",
    ]
    .iter()
    .any(|word| key.contains(word));
    is_short || is_long
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn slips_of_the_finger_and_words_are_seen() {
        for key in [
            "password",
            "pasword",
            "passwrd",
            "Password",
            "pass_word",
            "passwords",
            "db_secret",
            "token",
            "pwd",
            "DB_PASS",
        ] {
            assert!(looks_secret(key, &["password"]), "{key}");
        }
        for key in ["name", "zone_id", "compass", "passage", "word"] {
            assert!(!looks_secret(key, &["password"]), "{key}");
        }
    }
}
