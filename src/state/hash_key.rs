//! The key with which secrets become fingerprints. Does not know which values are secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The random key of a state, with which secrets become fingerprints. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HashKey([u8; 32]);

impl HashKey {
    /// A key of these bytes, which must be random.
    pub(crate) fn new(bytes: [u8; 32]) -> HashKey {
        HashKey(bytes)
    }

    /// What stands for a secret in state, journal and plan: `hmac-sha256:` and 64 hexadecimal digits.
    pub(crate) fn fingerprint(&self, secret: &[u8]) -> String {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(secret);
        format!("hmac-sha256:{}", hex(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(hidden)")
    }
}

impl Serialize for HashKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for HashKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HashKey, D::Error> {
        // The text is not repeated in the error: it may be most of a key.
        let wrong = || serde::de::Error::custom("hash_key is not 32 bytes in base64");
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(|_| wrong())?;
        bytes.try_into().map(HashKey).map_err(|_| wrong())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
