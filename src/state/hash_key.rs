//! The key of a state's fingerprints: equal secrets are seen to be equal, and nothing more can be learnt.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;

/// 32 random bytes that never leave the state file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HashKey([u8; 32]);

impl HashKey {
    pub(crate) fn new(bytes: [u8; 32]) -> HashKey {
        HashKey(bytes)
    }

    /// HMAC-SHA256 of these bytes, as `hmac-sha256:` and 64 hexadecimal digits.
    pub(crate) fn fingerprint(&self, bytes: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("an HMAC takes a key of any length");
        mac.update(bytes);
        let digest = mac.finalize().into_bytes();
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("hmac-sha256:{digits}")
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(..)")
    }
}

impl Serialize for HashKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        STANDARD.encode(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HashKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HashKey, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(HashKey)
            .ok_or_else(|| serde::de::Error::custom("the hash key is not 32 bytes in base64"))
    }
}
