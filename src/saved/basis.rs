//! What a plan was made from, so far as it can be said in a line each, and what of it is another thing now.
//!
//! Does not know where any of it is read.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How old a plan may be.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far two clocks may be apart.
const CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(5);

/// What a plan was made from. What might be secret stands there as a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Basis {
    /// The version of infra.
    pub(crate) tool: String,
    pub(crate) project: String,
    pub(crate) environment: String,
    /// None if the cloud did not say.
    pub(crate) account: Option<String>,
    pub(crate) region: String,
    /// `simulator`, or the address of the API.
    pub(crate) endpoint: String,
    pub(crate) lineage: String,
    pub(crate) serial: u64,
    /// The keyed hash of all that the state says, open calls included.
    pub(crate) state: String,
    /// The keyed hash of each file and each variable, by its words.
    pub(crate) read: BTreeMap<String, String>,
    /// The keyed hash of each secret that could be read, by where it comes from.
    pub(crate) secrets: BTreeMap<String, String>,
    /// When it was made, by the clock of the machine.
    pub(crate) made_at: Timestamp,
}

impl Basis {
    /// What is not as it was, a line each; nothing if the plan still fits. `last` says who used the state last.
    pub(crate) fn differences(&self, now: &Basis, last: Option<&str>) -> Vec<String> {
        let mut told = Vec::new();
        let mut differ = |what: &str, then: &str, now: &str| {
            if then != now {
                told.push(format!("it was made for {what} {then}, and this is {now}"));
            }
        };
        differ("infra", &self.tool, &now.tool);
        differ("the project", &self.project, &now.project);
        differ("the environment", &self.environment, &now.environment);
        let unknown = "(not known)";
        let account = |basis: &Basis| basis.account.clone().unwrap_or_else(|| unknown.to_owned());
        differ("account", &account(self), &account(now));
        differ("region", &self.region, &now.region);
        differ("the endpoint", &self.endpoint, &now.endpoint);
        differ("the state of lineage", &self.lineage, &now.lineage);
        if self.lineage == now.lineage {
            let by = last.map(|last| format!(" ({last})")).unwrap_or_default();
            if self.serial != now.serial {
                told.push(format!(
                    "it was made at serial {}, the state is at {}: it was used in between{by}",
                    self.serial, now.serial
                ));
            } else if self.state != now.state {
                told.push(format!("the state says something else than it did{by}"));
            }
            // Without the same key nothing else can be compared.
            between(&self.read, &now.read, &mut told);
            let named = |secrets: &BTreeMap<String, String>| -> BTreeMap<String, String> {
                let name =
                    |(name, hash): (&String, &String)| (format!("the secret from {name}"), hash.clone());
                secrets.iter().map(name).collect()
            };
            between(&named(&self.secrets), &named(&now.secrets), &mut told);
        }
        let age = now.made_at.duration_since(self.made_at);
        if age > AGE_MAX {
            told.push(format!(
                "it is {} hours old, and at most {} are allowed",
                age.as_hours(),
                AGE_MAX.as_hours()
            ));
        } else if age < -CLOCK_ERROR {
            told.push("it was made in the future: one of the clocks is wrong".to_owned());
        }
        told
    }
}

fn between(then: &BTreeMap<String, String>, now: &BTreeMap<String, String>, told: &mut Vec<String>) {
    for (what, hash) in then {
        match now.get(what) {
            Some(other) if other == hash => {}
            Some(_) => told.push(format!("{what} has changed")),
            None => told.push(format!("{what} is not there any more")),
        }
    }
    let fresh = now.keys().filter(|what| !then.contains_key(*what));
    told.extend(fresh.map(|what| format!("{what} was not there")));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis() -> Basis {
        let hashes = |names: &[&str]| {
            names
                .iter()
                .map(|name| ((*name).to_owned(), "h".to_owned()))
                .collect()
        };
        Basis {
            tool: "0.1.0".to_owned(),
            project: "shop".to_owned(),
            environment: "prod".to_owned(),
            account: Some("1".to_owned()),
            region: "cn-hangzhou".to_owned(),
            endpoint: "https://ecs.aliyuncs.com".to_owned(),
            lineage: "l".to_owned(),
            serial: 3,
            state: "s".to_owned(),
            read: hashes(&["infra.toml", "init.sh", "the variable size"]),
            secrets: hashes(&["env PASSWORD"]),
            made_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    /// The words about a basis of which something is another thing.
    fn told(change: impl FnOnce(&mut Basis)) -> Vec<String> {
        let mut now = basis();
        change(&mut now);
        basis().differences(&now, Some("li@office, apply, 09:14"))
    }

    #[test]
    fn the_same_is_no_difference_for_a_day() {
        assert!(told(|_| {}).is_empty());
        assert!(told(|now| now.made_at = "2026-01-02T00:00:00Z".parse().unwrap()).is_empty());
        assert!(told(|now| now.made_at = "2025-12-31T23:56:00Z".parse().unwrap()).is_empty());
    }

    #[test]
    fn whatever_differs_is_named() {
        type Edit = fn(&mut Basis);
        let other = || "other".to_owned();
        let table: [(Edit, &str); 16] = [
            (
                |now| now.tool = "0.2.0".to_owned(),
                "infra 0.1.0, and this is 0.2.0",
            ),
            (|now| now.project = "x".to_owned(), "project shop"),
            (|now| now.environment = "x".to_owned(), "environment prod"),
            (
                |now| now.account = Some("2".to_owned()),
                "account 1, and this is 2",
            ),
            (|now| now.account = None, "account 1, and this is (not known)"),
            (|now| now.region = "x".to_owned(), "region cn-hangzhou"),
            (
                |now| now.endpoint = "x".to_owned(),
                "endpoint https://ecs.aliyuncs.com",
            ),
            (|now| now.lineage = "x".to_owned(), "lineage l"),
            (
                |now| now.serial = 4,
                "serial 3, the state is at 4: it was used in between (li@office, apply, 09:14)",
            ),
            (|now| now.state = "x".to_owned(), "the state says something else"),
            (
                |now| drop(now.read.insert("infra.toml".to_owned(), "x".to_owned())),
                "infra.toml has changed",
            ),
            (
                |now| drop(now.read.remove("init.sh")),
                "init.sh is not there any more",
            ),
            (
                |now| drop(now.read.insert("b.infra.toml".to_owned(), "x".to_owned())),
                "b.infra.toml was not there",
            ),
            (
                |now| drop(now.secrets.insert("env PASSWORD".to_owned(), "x".to_owned())),
                "the secret from env PASSWORD has changed",
            ),
            (
                |now| now.made_at = "2026-01-02T01:00:00Z".parse().unwrap(),
                "25 hours old",
            ),
            (
                |now| now.made_at = "2025-12-31T00:00:00Z".parse().unwrap(),
                "in the future",
            ),
        ];
        for (edit, words) in table {
            let told = told(edit);
            assert!(told.len() == 1 && told[0].contains(words), "{words}: {told:?}");
        }
        let all = told(|now| {
            now.region = other();
            now.serial = 4;
        });
        assert_eq!(all.len(), 2, "{all:?}");
    }
}
