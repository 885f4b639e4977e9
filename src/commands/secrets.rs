//! Secrets, read from where the configuration says at the moment they are needed.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret as _;

use super::project::Project;
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::plan::Plan;
use crate::state::State;
use crate::step::StepKind;
use crate::value::{Attributes, SecretSource, Value};

/// The largest file with a secret, in bytes.
const SECRET_MAX: u64 = 64 * 1024;

/// Reads a password from where the configuration says: one that the API takes. The text of the error never holds it.
pub(super) fn read(env: &Env, project: &Project, source: &SecretSource) -> Result<String, String> {
    let (place, secret) = match source {
        SecretSource::Env(name) => {
            let value = env.vars.get(name).filter(|value| !value.is_empty()).cloned();
            let value = value.ok_or_else(|| format!("the environment variable {name} is not set"))?;
            (format!("the environment variable {name}"), value)
        }
        SecretSource::File(name) => {
            let files = project.files(env);
            // Looked at once more: it may be another file than when the configuration was read.
            let path = files.named(name).map_err(|refusal| refusal.what)?;
            let bytes = files
                .fs
                .read(&path, SECRET_MAX)
                .map_err(|error| format!("the file {name} cannot be read: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|_| format!("the file {name} is not UTF-8 text"))?;
            let text = text
                .strip_suffix('\n')
                .map(|text| text.strip_suffix('\r').unwrap_or(text))
                .unwrap_or(&text)
                .to_owned();
            (format!("the file {name}"), text)
        }
        SecretSource::Variable(name) => {
            let value = project.sensitive.get(name);
            let value = value.ok_or_else(|| format!("the variable {name} has no value"))?;
            (format!("the variable {name}"), value.expose_secret().to_owned())
        }
    };
    if is_password(&secret) {
        Ok(secret)
    } else {
        Err(format!(
            "{place} does not hold one: 8 to 30 characters with three of upper case, lower case, digits and {SPECIAL}"
        ))
    }
}

/// The signs that a password may hold, from the description of CreateInstance.
const SPECIAL: &str = "()`~!@#$%^&*-_+=|{}[]:;'<>,.?/";

/// The API's rule. What breaks it is never sent: it may be anything but a password.
fn is_password(text: &str) -> bool {
    let kinds = [
        text.contains(|letter: char| letter.is_ascii_uppercase()),
        text.contains(|letter: char| letter.is_ascii_lowercase()),
        text.contains(|letter: char| letter.is_ascii_digit()),
        text.contains(|letter: char| SPECIAL.contains(letter)),
    ];
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || SPECIAL.contains(letter);
    (8..=30).contains(&text.len())
        && text.chars().all(is_allowed)
        && kinds.into_iter().filter(|kind| *kind).count() >= 3
}

/// The fingerprints of the secrets that can be read, and the sources that cannot, with the reason.
pub(super) fn fingerprints(
    env: &Env,
    project: &Project,
    state: &State,
) -> (BTreeMap<SecretSource, String>, BTreeMap<SecretSource, String>) {
    let (mut known, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for resource in project.config.resources.values() {
        for value in resource.attributes.values() {
            let Value::Secret(source) = value else { continue };
            if known.contains_key(source) || missing.contains_key(source) {
                continue;
            }
            match read(env, project, source) {
                Ok(text) => known.insert(source.clone(), state.hash_key.fingerprint(text.as_bytes())),
                Err(reason) => missing.insert(source.clone(), reason),
            };
        }
    }
    (known, missing)
}

/// Secrets that a step would send and that cannot be read.
pub(super) fn needed_but_missing(plan: &Plan, missing: &BTreeMap<SecretSource, String>) -> Vec<Diagnostic> {
    let mut needed: BTreeSet<(&SecretSource, String)> = BTreeSet::new();
    for task in &plan.tasks {
        for step in &task.steps {
            if let StepKind::Call(call) = &step.kind {
                let mut sources = Vec::new();
                secrets_in(&call.params, &mut sources);
                needed.extend(
                    sources
                        .into_iter()
                        .map(|source| (source, task.object.address.to_string())),
                );
            }
        }
    }
    needed
        .into_iter()
        .filter_map(|(source, address)| Some((missing.get(source)?, address)))
        .map(|(reason, address)| {
            Diagnostic::error(
                codes::NO_SECRET,
                format!("{address} needs a secret, and {reason}"),
            )
            .help("set it and run again")
        })
        .collect()
}

fn secrets_in<'a>(params: &'a Attributes, found: &mut Vec<&'a SecretSource>) {
    for value in params.values() {
        match value {
            Value::Secret(source) => found.push(source),
            Value::Map(inner) => secrets_in(inner, found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_password;

    #[test]
    fn a_password_is_what_the_api_takes() {
        for password in ["Abcdefg1", "abc-1234", "A1()`~!@#$%^&*-_+=|{}[]:;'<>,?"] {
            assert!(is_password(password), "{password}");
        }
        for other in [
            "",
            "Abcdef1",
            "abcdefgh1",
            "Abcdefg 1",
            "Abcdefg1\n",
            "Abcdefg1\u{e9}",
            "Abcdefghijklmnopqrstuvwxyz-1234",
        ] {
            assert!(!is_password(other), "{other}");
        }
    }
}
