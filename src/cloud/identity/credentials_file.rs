//! Credentials in the SDK's file, `~/.alibabacloud/credentials` or `credentials.ini`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Credentials, Fixed, Found, IdentityError, home, read_text};
use crate::env::Env;

const PATH: &str = "ALIBABA_CLOUD_CREDENTIALS_FILE";

/// Finds the section that is wanted by name, or else `default`.
pub(super) fn find(
    env: &Env,
    wanted: Option<&str>,
    looked: &mut Vec<String>,
    known: &mut Vec<String>,
) -> Result<Option<Found>, IdentityError> {
    let named = env.vars.get(PATH).filter(|path| !path.is_empty());
    let candidates: Vec<PathBuf> = match (named, home(env)) {
        (Some(path), _) => vec![env.cwd.join(path)],
        // Some of the vendor's SDKs look for one name, some for the other.
        (None, Some(home)) => ["credentials", "credentials.ini"]
            .iter()
            .map(|name| home.join(".alibabacloud").join(name))
            .collect(),
        (None, None) => Vec::new(),
    };
    for path in candidates {
        let Some(text) = read_text(env, &path)? else {
            looked.push(format!("{}: no such file", path.display()));
            continue;
        };
        let sections = parse(&text).map_err(|line| IdentityError::Unreadable {
            path: path.display().to_string(),
            reason: format!("line {line} is neither a section, a comment nor key = value"),
        })?;
        known.extend(sections.keys().cloned());
        let name = wanted.unwrap_or("default");
        let Some(section) = sections.get(name) else {
            looked.push(format!("{}: no section [{name}]", path.display()));
            continue;
        };
        let place = format!("section [{name}] of {}", path.display());
        let credentials = key_pair(section, &place)?;
        let region = section
            .get("region_id")
            .filter(|region| !region.is_empty())
            .cloned();
        let source = Box::new(Fixed { place, credentials });
        return Ok(Some(Found { source, region }));
    }
    Ok(None)
}

type Section = BTreeMap<String, String>;

fn key_pair(section: &Section, place: &str) -> Result<Credentials, IdentityError> {
    let required = |name: &str| {
        section
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
            .ok_or_else(|| IdentityError::Incomplete {
                place: place.to_owned(),
                missing: name.to_owned(),
            })
    };
    let token = match section.get("type").map(String::as_str) {
        None | Some("access_key") => section.get("security_token").cloned(),
        Some("sts") => Some(required("security_token")?),
        Some(mode) => {
            return Err(IdentityError::Unsupported {
                place: place.to_owned(),
                mode: mode.to_owned(),
            });
        }
    };
    Ok(Credentials::new(
        required("access_key_id")?,
        required("access_key_secret")?,
        token,
    ))
}

/// Sections by name; the number of the line that cannot be read, otherwise.
fn parse(text: &str) -> Result<BTreeMap<String, Section>, usize> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim().to_owned();
            sections.entry(name.clone()).or_default();
            current = Some(name);
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(index + 1)?;
        let section = current.as_ref().and_then(|name| sections.get_mut(name));
        let section = section.ok_or(index + 1)?;
        section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    Ok(sections)
}
