//! Credentials that a command prints, as the vendor's command line tool has it: the words of the command are
//! separated by blanks and no shell is asked; it prints a profile as JSON.

use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::Value;

use super::{IdentityError, Loaded, Source, cli_profile};
use crate::env::BoxFuture;

/// A command that prints a key pair.
pub(super) struct External {
    place: String,
    command: String,
}

impl External {
    pub(super) fn new(place: String, command: String) -> External {
        External { place, command }
    }
}

impl Source for External {
    fn describe(&self) -> String {
        self.place.clone()
    }

    fn load(&self) -> BoxFuture<'_, Result<Loaded, IdentityError>> {
        let (place, command) = (self.place.clone(), self.command.clone());
        Box::pin(async move {
            let failed = |reason: String| IdentityError::Command {
                place: place.clone(),
                reason,
            };
            // It may ask its user something, so it keeps the terminal and has no time limit.
            let printed = tokio::task::spawn_blocking(move || run(&command))
                .await
                .map_err(|_| failed("it could not be waited for".to_owned()))?
                .map_err(&failed)?;
            // What it prints is a secret even when it is no JSON, so it is never shown.
            let profile: Value =
                serde_json::from_slice(&printed).map_err(|_| failed("it printed no JSON".to_owned()))?;
            let credentials = cli_profile::key_pair(&profile, &format!("the command of {place}"))?;
            let expires = profile["sts_expiration"]
                .as_i64()
                .and_then(|second| Timestamp::from_second(second).ok());
            Ok(Loaded { credentials, expires })
        })
    }
}

fn run(command: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, String> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("it is empty")?;
    let output = Command::new(program)
        .args(words)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program} ended with {}", output.status));
    }
    Ok(zeroize::Zeroizing::new(output.stdout))
}
