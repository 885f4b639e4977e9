//! Profiles of the vendor's command line tool, in `~/.aliyun/config.json`.

use serde_json::Value;

use super::external::External;
use super::{Credentials, Fixed, Found, IdentityError, home, read_text};
use crate::env::Env;

/// Finds the profile that is wanted by name, or else the file's current one.
pub(super) fn find(
    env: &Env,
    wanted: Option<&str>,
    looked: &mut Vec<String>,
    known: &mut Vec<String>,
) -> Result<Option<Found>, IdentityError> {
    const DISABLED: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
    if env
        .vars
        .get(DISABLED)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        looked.push(format!("~/.aliyun/config.json: not read, {DISABLED} is true"));
        return Ok(None);
    }
    let Some(path) = home(env).map(|home| home.join(".aliyun").join("config.json")) else {
        looked.push("~/.aliyun/config.json: there is no home folder".to_owned());
        return Ok(None);
    };
    let Some(text) = read_text(env, &path)? else {
        looked.push(format!("{}: no such file", path.display()));
        return Ok(None);
    };
    // Errors of a typed reading would quote values; the syntax error says only where.
    let file: Value = serde_json::from_str(&text).map_err(|error| IdentityError::Unreadable {
        path: path.display().to_string(),
        reason: format!(
            "it is not JSON (line {}, column {})",
            error.line(),
            error.column()
        ),
    })?;
    let profiles = file["profiles"].as_array().map(Vec::as_slice).unwrap_or_default();
    known.extend(
        profiles
            .iter()
            .map(|profile| field(profile, "name"))
            .filter(|name| !name.is_empty()),
    );
    let name = match wanted {
        Some(name) => name.to_owned(),
        None => Some(field(&file, "current"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "default".to_owned()),
    };
    let Some(profile) = profiles.iter().find(|profile| field(profile, "name") == name) else {
        looked.push(format!("{}: no profile \"{name}\"", path.display()));
        return Ok(None);
    };
    let place = format!("profile \"{name}\" of {}", path.display());
    // The tool makes an empty profile before anything is entered.
    let untouched = field(profile, "access_key_id").is_empty()
        && matches!(field(profile, "mode").to_ascii_lowercase().as_str(), "" | "ak");
    if untouched && wanted.is_none() {
        looked.push(format!("{place}: it is empty"));
        return Ok(None);
    }
    let region = Some(field(profile, "region_id")).filter(|region| !region.is_empty());
    let mode = field(profile, "mode");
    if mode.eq_ignore_ascii_case("External") {
        let command = required(profile, &place, "process_command")?;
        let source = Box::new(External::new(place, command));
        return Ok(Some(Found { source, region }));
    }
    let credentials = key_pair(profile, &place)?;
    let source = Box::new(Fixed { place, credentials });
    Ok(Some(Found { source, region }))
}

/// The key pair that a profile holds itself.
pub(super) fn key_pair(profile: &Value, place: &str) -> Result<Credentials, IdentityError> {
    let mode = field(profile, "mode");
    let token = match mode.to_ascii_lowercase().as_str() {
        "ak" => None,
        "ststoken" => Some(required(profile, place, "sts_token")?),
        "" => Some(field(profile, "sts_token")),
        _ => {
            return Err(IdentityError::Unsupported {
                place: place.to_owned(),
                mode,
            });
        }
    };
    let id = required(profile, place, "access_key_id")?;
    let secret = required(profile, place, "access_key_secret")?;
    Ok(Credentials::new(id, secret, token))
}

fn field(profile: &Value, name: &str) -> String {
    profile[name].as_str().unwrap_or_default().to_owned()
}

fn required(profile: &Value, place: &str, name: &str) -> Result<String, IdentityError> {
    Some(field(profile, name))
        .filter(|value| !value.is_empty())
        .ok_or_else(|| IdentityError::Incomplete {
            place: place.to_owned(),
            missing: name.to_owned(),
        })
}
