//! A plan as one JSON document, in the shape of Terraform's plan format 1.2, so that policies and tools that read that
//! read this; what Terraform has no word for has keys of its own.
//!
//! What is sensitive is `null`, always. Does not know where the document goes.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::document::{Document, digest, is_hidden, seconds};
use super::literal;
use crate::address::{Address, Key};
use crate::change::{AttributeChange, Change, Drift, Fate, OutputChange};
use crate::live::Observed;
use crate::value::Value;

/// The version of Terraform's format that this has the shape of.
const FORMAT: &str = "1.2";

/// The whole document; each resource in it is made when it is written.
pub(crate) fn document<'a>(document: &'a Document<'a>) -> impl Serialize + 'a {
    Whole(document)
}

struct Whole<'a>(&'a Document<'a>);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Document {
            plan,
            header,
            before,
            made_at,
            tasks,
        } = *self.0;
        let counts = plan.counts();
        let changes = Each(plan.changes.iter().map(|change| resource_change(change, before)));
        let drift = Each(plan.drift.iter().map(|drift| resource_drift(drift, before)));
        let planned = Each(planned_values(self.0));
        let prior = Each(prior_state(before));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("account", &header.account)?;
        map.serialize_entry("applyable", &(!plan.is_empty() && plan.forbidden.is_empty()))?;
        map.serialize_entry("cloud", &header.cloud)?;
        map.serialize_entry("complete", &!plan.withholds())?;
        map.serialize_entry("configuration", &json!({}))?;
        map.serialize_entry("cost", &plan.cost.as_ref().map(super::json::cost))?;
        map.serialize_entry("digest", &digest(header))?;
        map.serialize_entry("environment", &header.environment)?;
        map.serialize_entry("errored", &false)?;
        map.serialize_entry("findings", &json!(plan.findings))?;
        map.serialize_entry("forbidden", &json!(plan.forbidden))?;
        map.serialize_entry("format_version", FORMAT)?;
        map.serialize_entry("infra_version", env!("CARGO_PKG_VERSION"))?;
        map.serialize_entry("output_changes", &output_changes(&plan.outputs))?;
        map.serialize_entry("planned_values", &Resources(&planned))?;
        map.serialize_entry("prior_state", &Prior(&prior))?;
        map.serialize_entry("project", &header.project)?;
        map.serialize_entry("region", &header.region)?;
        map.serialize_entry("resource_changes", &changes)?;
        map.serialize_entry("resource_drift", &drift)?;
        let summary = json!({
            "create": counts.create,
            "update": counts.update,
            "replace": counts.replace,
            "delete": counts.delete,
            "import": counts.import,
            "forget": counts.forget,
            "move": counts.moved,
            "withheld": counts.withheld,
            "left_out": counts.left_out,
            "unchanged": plan.unchanged(),
        });
        map.serialize_entry("summary", &summary)?;
        map.serialize_entry("tasks", tasks)?;
        map.serialize_entry("terraform_version", "1.5.0")?;
        map.serialize_entry("timestamp", made_at)?;
        map.serialize_entry("vanished", &json!(plan.vanished))?;
        map.serialize_entry("variables", &json!({}))?;
        map.end()
    }
}

/// A list whose members are made one after the other.
struct Each<I>(I);

impl<I: Iterator<Item = Json> + Clone> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

/// `{"root_module": {"resources": [...]}}`
struct Resources<'a, T>(&'a T);

impl<T: Serialize> Serialize for Resources<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resources = BTreeMap::from([("resources", self.0)]);
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("root_module", &resources)?;
        map.end()
    }
}

/// `{"format_version": "1.0", "values": {"root_module": ...}}`
struct Prior<'a, T>(&'a T);

impl<T: Serialize> Serialize for Prior<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("format_version", "1.0")?;
        map.serialize_entry("values", &Resources(self.0))?;
        map.end()
    }
}

/// What names a resource, in Terraform's keys.
fn named(address: &Address) -> Map<String, Json> {
    let mut named = Map::new();
    named.insert("address".to_owned(), json!(address.to_string()));
    named.insert("mode".to_owned(), json!("managed"));
    named.insert("type".to_owned(), json!(address.type_name()));
    named.insert("name".to_owned(), json!(address.name()));
    named.insert("provider_name".to_owned(), json!("infra"));
    match address.key() {
        Some(Key::Index(index)) => {
            named.insert("index".to_owned(), json!(index));
        }
        Some(Key::Name(name)) => {
            named.insert("index".to_owned(), json!(name));
        }
        None => {}
    }
    named
}

/// What Terraform calls it.
fn actions(change: &Change) -> Json {
    match change.fate {
        Fate::Create => json!(["create"]),
        Fate::Update | Fate::Tag => json!(["update"]),
        Fate::Import if !change.attributes.is_empty() => json!(["update"]),
        Fate::Delete => json!(["delete"]),
        Fate::Replace { create_first: false } => json!(["delete", "create"]),
        Fate::Replace { create_first: true } => json!(["create", "delete"]),
        Fate::Forget => json!(["forget"]),
        _ => json!(["no-op"]),
    }
}

fn action_reason(change: &Change) -> Option<&'static str> {
    let says = |words: &str| change.reasons.iter().any(|reason| reason.contains(words));
    match change.fate {
        Fate::Replace { .. } if says("--replace") => Some("replace_by_request"),
        Fate::Replace { .. } if says("replace_on") => Some("replace_by_triggers"),
        Fate::Replace { .. } => Some("replace_because_cannot_update"),
        Fate::Delete if says("is past count") => Some("delete_because_count_index"),
        Fate::Delete if says("is not in for_each") => Some("delete_because_each_key"),
        Fate::Delete if says("another form") => Some("delete_because_wrong_repetition"),
        Fate::Delete => Some("delete_because_no_resource_config"),
        _ => None,
    }
}

fn resource_change(change: &Change, observed: &BTreeMap<Address, Observed>) -> Json {
    let was = change.moved_from.as_ref().unwrap_or(&change.address);
    let sides = Sides::of(change, observed.get(was));
    let forcing = change.attributes.iter().filter(|one| one.forces_replacement);
    let replace_paths: Vec<Json> = forcing.map(|one| json!(path(&one.path))).collect();
    let mut told = json!({
        "actions": actions(change),
        "before": sides.before,
        "after": sides.after,
        "after_unknown": sides.unknown,
        "before_sensitive": sides.before_sensitive,
        "after_sensitive": sides.after_sensitive,
    });
    if !replace_paths.is_empty() {
        told["replace_paths"] = replace_paths.into();
    }
    if change.fate == Fate::Import {
        told["importing"] = json!({ "id": change.id });
    }
    let mut fields = named(&change.address);
    let mut put = |name: &str, value: Json| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("change", told);
    put("action_reason", json!(action_reason(change)));
    put("previous_address", json!(change.moved_from));
    put("fate", json!(change.fate.verb()));
    put("id", json!(change.id));
    put("reasons", json!(change.reasons));
    put("steps", json!(change.steps));
    put("lost", json!(change.lost));
    put("kept", json!(change.kept));
    put("hints", json!(change.hints));
    put(
        "downtime_seconds",
        json!(change.down.as_deref().and_then(seconds)),
    );
    let source = change.location.as_ref();
    put(
        "source",
        source.map_or(Json::Null, |at| json!({ "file": &*at.file, "line": at.line })),
    );
    fields.into()
}

/// Both sides of a change as whole objects.
struct Sides {
    before: Json,
    after: Json,
    unknown: Json,
    before_sensitive: Json,
    after_sensitive: Json,
}

impl Sides {
    fn of(change: &Change, observed: Option<&Observed>) -> Sides {
        let is_new = matches!(change.fate, Fate::Create);
        let was_there = !is_new && (observed.is_some() || change.id.is_some());
        let will_be = !matches!(change.fate, Fate::Delete | Fate::Forget);
        let mut before = Map::new();
        if let Some(observed) = observed.filter(|_| was_there) {
            before.extend(
                observed
                    .attributes
                    .iter()
                    .map(|(name, value)| (name.to_string(), shown(value))),
            );
            before.insert("id".to_owned(), json!(observed.id));
        }
        let mut sides = Sides {
            after: before.clone().into(),
            before: before.into(),
            unknown: json!({}),
            before_sensitive: json!({}),
            after_sensitive: json!({}),
        };
        for one in &change.attributes {
            sides.add(one, is_new);
        }
        if matches!(change.fate, Fate::Replace { .. }) {
            remove(&mut sides.after, &["id"]);
            set(&mut sides.unknown, &["id"], true.into());
        }
        if !was_there {
            sides.before = Json::Null;
            sides.before_sensitive = false.into();
        }
        if !will_be {
            sides.after = Json::Null;
            sides.unknown = json!({});
            sides.after_sensitive = false.into();
        }
        sides
    }

    fn add(&mut self, change: &AttributeChange, is_new: bool) {
        let path = path(&change.path);
        let is_secret = is_hidden(change);
        let value = |value: &Value| if is_secret { Json::Null } else { shown(value) };
        match &change.before {
            Some(before) if !is_new => {
                set(&mut self.before, &path, value(before));
                if is_secret {
                    set(&mut self.before_sensitive, &path, true.into());
                }
            }
            _ => {}
        }
        match &change.after {
            None => remove(&mut self.after, &path),
            Some(after) if !after.is_known() => {
                remove(&mut self.after, &path);
                set(&mut self.unknown, &path, true.into());
            }
            Some(after) => set(&mut self.after, &path, value(after)),
        }
        if is_secret && change.after.is_some() {
            set(&mut self.after_sensitive, &path, true.into());
        }
    }
}

/// A dotted path in its parts; what stands behind `tags.` is one key.
fn path(path: &str) -> Vec<&str> {
    match path.split_once('.') {
        Some(("tags", key)) => vec!["tags", key],
        Some(_) => path.split('.').collect(),
        None => vec![path],
    }
}

/// Sets what a path names, and makes the tables on the way.
fn set(into: &mut Json, path: &[&str], value: Json) {
    let Some((first, rest)) = path.split_first() else {
        *into = value;
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    if let Some(map) = into.as_object_mut() {
        set(map.entry((*first).to_owned()).or_insert(Json::Null), rest, value);
    }
}

fn remove(from: &mut Json, path: &[&str]) {
    match path {
        [] => {}
        [last] => {
            if let Some(map) = from.as_object_mut() {
                map.remove(*last);
            }
        }
        [first, rest @ ..] => {
            if let Some(inner) = from.get_mut(*first) {
                remove(inner, rest);
            }
        }
    }
}

/// A value; of what is kept as a hash only there is none.
fn shown(value: &Value) -> Json {
    if literal::is_fingerprint(value) {
        Json::Null
    } else {
        value.to_json()
    }
}

fn resource_drift(drift: &Drift, observed: &BTreeMap<Address, Observed>) -> Json {
    let mut fields = named(&drift.address);
    let mut before = json!({});
    let mut after = json!({});
    let is_gone = drift.path.is_empty();
    if let Some(observed) = observed.get(&drift.address) {
        set(&mut before, &["id"], json!(observed.id));
        set(&mut after, &["id"], json!(observed.id));
    }
    if !is_gone {
        let path = path(&drift.path);
        if let Some(remembered) = &drift.remembered {
            set(&mut before, &path, shown(remembered));
        }
        if let Some(observed) = &drift.observed {
            set(&mut after, &path, shown(observed));
        }
    }
    let actions = if is_gone {
        json!(["delete"])
    } else {
        json!(["update"])
    };
    fields.insert(
        "change".to_owned(),
        json!({ "actions": actions, "before": before, "after": if is_gone { Json::Null } else { after } }),
    );
    fields.insert("effect".to_owned(), json!(drift.effect));
    fields.into()
}

fn output_changes(outputs: &[OutputChange]) -> Json {
    let told = |one: &OutputChange| {
        let value = |value: &Option<Value>| match value {
            Some(value) if !one.sensitive => shown(value),
            _ => Json::Null,
        };
        let actions = match (&one.before, &one.after) {
            (None, _) => "create",
            (Some(_), None) => "delete",
            (Some(_), Some(_)) => "update",
        };
        let is_unknown = one.after.as_ref().is_some_and(|after| !after.is_known());
        json!({
            "actions": [actions],
            "before": value(&one.before),
            "after": value(&one.after),
            "after_unknown": is_unknown,
            "before_sensitive": one.sensitive,
            "after_sensitive": one.sensitive,
        })
    };
    let all: Map<String, Json> = outputs.iter().map(|one| (one.name.clone(), told(one))).collect();
    all.into()
}

fn prior_state(before: &BTreeMap<Address, Observed>) -> impl Iterator<Item = Json> + Clone {
    before.iter().map(|(address, observed)| {
        let mut fields = named(address);
        let mut values: Map<String, Json> = observed
            .attributes
            .iter()
            .map(|(name, value)| (name.to_string(), shown(value)))
            .collect();
        values.insert("id".to_owned(), json!(observed.id));
        fields.insert("values".to_owned(), values.into());
        fields.into()
    })
}

fn planned_values<'a>(document: &'a Document<'a>) -> impl Iterator<Item = Json> + Clone + 'a {
    let stays = |change: &&Change| !matches!(change.fate, Fate::Delete | Fate::Forget);
    let value = |change: &Change| {
        let was = change.moved_from.as_ref().unwrap_or(&change.address);
        let sides = Sides::of(change, document.before.get(was));
        let mut fields = named(&change.address);
        fields.insert("values".to_owned(), sides.after);
        fields.insert("sensitive_values".to_owned(), sides.after_sensitive);
        Json::from(fields)
    };
    document.plan.changes.iter().filter(stays).map(value)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn a_policy_finds_what_it_looks_for() {
        let plan = testing::plan();
        let header = testing::header();
        let before = BTreeMap::new();
        let told = serde_json::to_value(document(&Document {
            plan: &plan,
            header: &header,
            before: &before,
            made_at: "2026-01-01T00:00:00Z",
            tasks: &Json::Null,
        }))
        .unwrap();
        let changes = told["resource_changes"].as_array().unwrap();
        let find = |address: &str| changes.iter().find(|one| one["address"] == address).unwrap();
        let replaced = find("instance.db");
        assert_eq!(replaced["change"]["actions"], json!(["delete", "create"]));
        assert_eq!(replaced["change"]["replace_paths"], json!([["zone_id"]]));
        assert_eq!(replaced["change"]["after_unknown"]["id"], json!(true));
        assert_eq!(replaced["action_reason"], json!("replace_because_cannot_update"));
        assert!(replaced["source"]["line"].is_u64() && !replaced["lost"].as_array().unwrap().is_empty());
        let created = changes
            .iter()
            .find(|one| one["change"]["actions"] == json!(["create"]))
            .unwrap();
        assert_eq!(created["change"]["before"], Json::Null);
        // What is sensitive is nothing, and marked.
        let text = told.to_string();
        assert!(!text.contains("hmac-sha256"), "{text}");
    }

    #[test]
    fn a_path_is_set_and_removed_where_it_points() {
        let mut value = json!({ "system_disk": { "size": 40, "category": "x" }, "tags": { "a.b": "c" } });
        set(&mut value, &path("system_disk.size"), 80.into());
        remove(&mut value, &path("tags.a.b"));
        remove(&mut value, &path("none.at.all"));
        set(&mut value, &path("new.one"), true.into());
        let expected = json!({
            "system_disk": { "size": 80, "category": "x" }, "tags": {}, "new": { "one": true },
        });
        assert_eq!(value, expected);
    }
}
