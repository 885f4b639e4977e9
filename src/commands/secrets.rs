//! Secrets, read from where the configuration says at the moment they are needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::project::Project;
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::plan::Plan;
use crate::state::State;
use crate::step::StepKind;
use crate::value::{Attributes, SecretSource, Value};

/// Reads a secret from where the configuration says. The text of the error never holds the secret.
pub(super) fn read(env: &Env, folder: &Path, source: &SecretSource) -> Result<String, String> {
    const LIMIT: u64 = 64 * 1024;
    match source {
        SecretSource::Env(name) => env
            .vars
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
            .ok_or_else(|| format!("the environment variable {name} is not set")),
        SecretSource::File(path) => {
            let bytes = env
                .fs
                .read(&folder.join(path), LIMIT)
                .map_err(|error| format!("the file {path} cannot be read: {error}"))?;
            let text = String::from_utf8(bytes).map_err(|_| format!("the file {path} is not UTF-8 text"))?;
            Ok(text
                .strip_suffix('\n')
                .map(|text| text.strip_suffix('\r').unwrap_or(text))
                .unwrap_or(&text)
                .to_owned())
        }
    }
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
            match read(env, &project.folder, source) {
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
            Diagnostic::error("E0512", format!("{address} needs a secret, and {reason}"))
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
