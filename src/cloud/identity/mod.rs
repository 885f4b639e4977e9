//! Which key pair signs: the chain of places where one may be, and keeping a temporary one fresh.
//!
//! One file per source. Does not know what the keys are used for.

mod cli_profile;
mod credentials_file;
mod environment;
mod external;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::secret::Credentials;
use crate::env::{BoxFuture, Clock, Env};

/// A temporary key pair is replaced this long before it runs out.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_secs(900);

/// No credentials file of anybody's is larger.
const FILE_LIMIT: u64 = 1 << 20;

/// One place that a key pair comes from.
pub(crate) trait Source: Send + Sync {
    /// The place, in words that follow "credentials from".
    fn describe(&self) -> String;
    /// Gets a key pair; asks anew each time.
    fn load(&self) -> BoxFuture<'_, Result<Loaded, IdentityError>>;
}

/// A key pair, and until when it is good.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) credentials: Credentials,
    pub(crate) expires: Option<Timestamp>,
}

/// Why there is no key pair. Never holds what a file or a command says, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    /// Nothing anywhere; the places that were looked at, with what was missing there.
    #[error("no credentials for Alibaba Cloud were found")]
    NotFound { looked: Vec<String> },
    /// A place is meant to be used, but lacks a part.
    #[error("{place} has no {missing}")]
    Incomplete { place: String, missing: String },
    /// A file is there but cannot be used.
    #[error("{path} cannot be read: {reason}")]
    Unreadable { path: String, reason: String },
    /// A profile was asked for by name and does not exist.
    #[error("there is no profile \"{name}\"")]
    NoProfile {
        name: String,
        looked: Vec<String>,
        known: Vec<String>,
    },
    /// A way to get credentials that `infra` does not know.
    #[error("{place} gets its credentials by \"{mode}\", which infra cannot do")]
    Unsupported { place: String, mode: String },
    /// A command that should print credentials does not.
    #[error("the command of {place} gave no credentials: {reason}")]
    Command { place: String, reason: String },
}

/// What the chain found.
pub(crate) struct Found {
    pub(crate) source: Box<dyn Source>,
    /// The region that belongs to it, if the place names one.
    pub(crate) region: Option<String>,
}

/// Goes through the places in order: variables, then the command line tool's profiles, then the SDK's file. The
/// first that has something decides, even if that something is broken.
pub(crate) fn find(env: &Env, profile: Option<&str>) -> Result<Found, IdentityError> {
    let mut looked = Vec::new();
    if let Some(found) = environment::find(&env.vars, &mut looked)? {
        return Ok(found);
    }
    let wanted = profile
        .or_else(|| env.vars.get("ALIBABA_CLOUD_PROFILE").map(String::as_str))
        .filter(|name| !name.is_empty());
    let mut known = Vec::new();
    if let Some(found) = cli_profile::find(env, wanted, &mut looked, &mut known)? {
        return Ok(found);
    }
    if let Some(found) = credentials_file::find(env, wanted, &mut looked, &mut known)? {
        return Ok(found);
    }
    Err(match wanted {
        Some(name) => IdentityError::NoProfile {
            name: name.to_owned(),
            looked,
            known,
        },
        None => IdentityError::NotFound { looked },
    })
}

/// A key pair that does not change.
struct Fixed {
    place: String,
    credentials: Credentials,
}

impl Source for Fixed {
    fn describe(&self) -> String {
        self.place.clone()
    }

    fn load(&self) -> BoxFuture<'_, Result<Loaded, IdentityError>> {
        let loaded = Loaded {
            credentials: self.credentials.clone(),
            expires: None,
        };
        Box::pin(async move { Ok(loaded) })
    }
}

/// The key pair in use.
pub(crate) struct Identity {
    source: Box<dyn Source>,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Loaded>>,
}

impl Identity {
    /// Uses this source; nothing is loaded before it is needed.
    pub(crate) fn new(source: Box<dyn Source>, clock: Arc<dyn Clock>) -> Identity {
        Identity {
            source,
            clock,
            held: Mutex::new(None),
        }
    }

    /// Uses this key pair.
    pub(crate) fn fixed(place: &str, credentials: Credentials, clock: Arc<dyn Clock>) -> Identity {
        let place = place.to_owned();
        Identity::new(Box::new(Fixed { place, credentials }), clock)
    }

    pub(crate) fn describe(&self) -> String {
        self.source.describe()
    }

    /// A key pair that is good for a while yet.
    pub(crate) async fn current(&self) -> Result<Credentials, IdentityError> {
        let mut held = self.held.lock().await;
        if let Some(loaded) = held.as_ref() {
            let now = self.clock.now();
            let fresh = loaded
                .expires
                .is_none_or(|expires| expires.duration_since(now) > RENEW_BEFORE);
            if fresh {
                return Ok(loaded.credentials.clone());
            }
        }
        let loaded = self.source.load().await?;
        let credentials = loaded.credentials.clone();
        *held = Some(loaded);
        Ok(credentials)
    }

    /// Forgets a key pair that the API says has run out, so that the next call asks the source again.
    pub(crate) async fn forget(&self, refused: &Credentials) {
        let mut held = self.held.lock().await;
        let same = held.as_ref().is_some_and(|loaded| {
            loaded.credentials.access_key_id() == refused.access_key_id()
                && loaded.credentials.security_token() == refused.security_token()
        });
        if same {
            *held = None;
        }
    }
}

/// The user's home folder.
fn home(env: &Env) -> Option<PathBuf> {
    ["HOME", "USERPROFILE"]
        .iter()
        .filter_map(|name| env.vars.get(*name))
        .find(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Reads a text file; none if it is not there.
fn read_text(env: &Env, path: &std::path::Path) -> Result<Option<String>, IdentityError> {
    let unreadable = |reason: String| IdentityError::Unreadable {
        path: path.display().to_string(),
        reason,
    };
    match env.fs.read(path, FILE_LIMIT) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| unreadable("it is not UTF-8 text".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error.to_string())),
    }
}
