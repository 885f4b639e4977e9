//! The JSON Schema of the configuration, for editors and for other tools; made from the same tables that the
//! configuration is checked with.
//!
//! Draft 4, the dialect that TOML editors understand. The editor's variant says nothing about missing keys and
//! alternatives: while a table is being typed, editors would mark all of it. Does not know which editor reads it.

use serde_json::{Map, Value, json};

use super::copies::COPIES_MAX;
pub(crate) use super::editor_sections::Audience;
use super::editor_sections::{self as sections, KEY, NAME, REFERENCE, with_required};
use super::ids::ID_PREFIXES;
use super::keys::file_key;
use crate::data::KINDS;
use crate::types::{Attribute, Identity, Kind, ResourceType, Types};

/// What may be chosen freely: variables, locals, the value of a copy.
const FREE_REFERENCE: &str = r"\$\{(var|local|each)[.\[][^}]*\}";

/// Texts that are the same everywhere in the cloud look like this: zones as `cn-hangzhou-h` and `ap-southeast-1a`.
const SPELT: [(&str, &str); 2] = [
    (
        "zone_id",
        "[a-z]{2,3}(-[a-z0-9]+)+-[a-z]|[a-z]{2,3}(-[a-z0-9]+)*-[0-9]+[a-z]",
    ),
    ("instance_type", r"ecs\.[a-z0-9][a-z0-9.-]*"),
];

/// Pairs of keys of a type of which at least one must be given; the type's own check says so too, which a test asks.
const ONE_OF: &[(&str, [&str; 2])] = &[
    ("instance", ["vswitch_id", "instance_network_type"]),
    ("instance", ["image_id", "image_family"]),
];

/// Pairs of keys of a type of which at most one may be given.
const EXCLUSIVE: &[(&str, [&str; 2])] = &[("instance", ["image_id", "image_family"])];

/// The pairs of this type.
fn of_type<'a>(
    pairs: &'a [(&'a str, [&'a str; 2])],
    resource_type: &ResourceType,
) -> impl Iterator<Item = [&'a str; 2]> {
    let name = resource_type.name;
    pairs
        .iter()
        .filter(move |(of, _)| *of == name)
        .map(|(_, pair)| *pair)
}

/// The schema of `infra.toml` and `*.infra.toml`.
pub(crate) fn editor_schema(types: &Types, audience: Audience) -> Value {
    let writer = Writer { types, audience };
    let mut properties = Map::new();
    properties.insert(
        "$schema".to_owned(),
        json!({ "type": "string", "description": "The schema of this file, for editors." }),
    );
    properties.insert("infra".to_owned(), sections::infra(audience));
    properties.insert("var".to_owned(), sections::variables());
    properties.insert(
        "local".to_owned(),
        json!({
            "type": "object",
            "description": "Values with a name, for use as ${local.NAME}.",
            "additionalProperties": true,
            "x-tombi-additional-key-label": "NAME",
        }),
    );
    properties.insert("output".to_owned(), sections::outputs(audience));
    properties.insert("defaults".to_owned(), writer.defaults());
    properties.insert("data".to_owned(), writer.data());
    properties.extend(sections::transitions(audience));
    properties.insert("policy".to_owned(), sections::policy());
    for resource_type in types.iter() {
        properties.insert(resource_type.name.to_owned(), writer.resource_type(resource_type));
    }
    json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "infra",
        "description": "What infra makes and keeps in Alibaba Cloud.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "x-tombi-toml-version": "v1.0.0",
    })
}

struct Writer<'a> {
    types: &'a Types,
    audience: Audience,
}

impl Writer<'_> {
    fn defaults(&self) -> Value {
        let mut properties: Map<String, Value> = self
            .types
            .iter()
            .map(|resource_type| {
                let mut table = self.table(resource_type.attributes, resource_type.doc);
                if let Some(table) = table.as_object_mut() {
                    table.remove("required");
                    table.remove("x-taplo");
                }
                (resource_type.name.to_owned(), table)
            })
            .collect();
        let mut tags = self.kind(&Kind::Tags);
        tags["description"] = json!("Tags of everything that can have tags; a block's own win.");
        properties.insert("tags".to_owned(), tags);
        json!({
            "type": "object",
            "description": "What blocks have unless they say otherwise: tags, and keys by type; in infra.toml only.",
            "properties": properties,
            "additionalProperties": false,
        })
    }

    fn data(&self) -> Value {
        let kinds: Map<String, Value> = KINDS
            .iter()
            .map(|kind| {
                let block = json!({
                    "type": "object",
                    "description": kind.doc,
                    "additionalProperties": self.table(kind.keys, kind.doc),
                    "x-tombi-additional-key-label": "NAME",
                });
                (kind.name.to_owned(), block)
            })
            .collect();
        json!({
            "type": "object",
            "description": "What is read and not owned, for use as ${data.KIND.NAME.id}.",
            "properties": kinds,
            "additionalProperties": false,
        })
    }

    fn resource_type(&self, resource_type: &ResourceType) -> Value {
        let mut block = self.table(resource_type.attributes, resource_type.doc);
        let attributes: Vec<String> = resource_type.attributes.iter().filter_map(file_key).collect();
        if let Some(Value::Object(properties)) = block.get_mut("properties") {
            for key in attributes {
                let text = key.trim_end_matches("_file").to_owned();
                properties.entry(key).or_insert_with(|| {
                    json!({
                        "type": "string",
                        "description": format!("A file below this folder whose bytes are the {text}."),
                    })
                });
            }
            for (key, value) in common_keys() {
                properties.insert(key.to_owned(), value);
            }
        }
        if self.audience == Audience::Strict {
            let files = resource_type
                .attributes
                .iter()
                .filter_map(|attribute| Some([attribute.name.to_owned(), file_key(attribute)?]));
            let pairs: Vec<Value> = std::iter::once(["count", "for_each"].map(str::to_owned))
                .chain(files)
                .chain(of_type(EXCLUSIVE, resource_type).map(|pair| pair.map(str::to_owned)))
                .map(|pair| json!({ "not": { "required": pair } }))
                .collect();
            let either = of_type(ONE_OF, resource_type)
                .map(|pair| json!({ "anyOf": pair.map(|key| json!({ "required": [key] })) }));
            block["allOf"] = pairs.into_iter().chain(either).collect();
        }
        json!({
            "type": "object",
            "description": resource_type.doc,
            "additionalProperties": block,
            "x-tombi-additional-key-label": "NAME",
        })
    }

    /// A table of attributes that may be set.
    fn table(&self, attributes: &[Attribute], doc: &str) -> Value {
        let settable = || attributes.iter().filter(|attribute| !attribute.computed);
        let properties: Map<String, Value> = settable()
            .map(|attribute| (attribute.name.to_owned(), self.attribute(attribute)))
            .collect();
        let required: Vec<&str> = settable()
            .filter(|attribute| attribute.required)
            .map(|attribute| attribute.name)
            .collect();
        let mut table = json!({
            "type": "object",
            "description": doc,
            "properties": properties,
            "additionalProperties": false,
        });
        if !required.is_empty() {
            table["x-taplo"] = json!({ "initKeys": required });
        }
        with_required(self.audience, table, &required)
    }

    /// Draft 4 forbids an empty `required`.
    fn attribute(&self, attribute: &Attribute) -> Value {
        let mut value = self.kind(&attribute.kind);
        let form = SPELT.iter().find(|(name, _)| *name == attribute.name);
        if let (Some((_, form)), Kind::String | Kind::Form(_)) = (form, &attribute.kind) {
            value["pattern"] = json!(format!("^({form}|.*{REFERENCE}.*)$"));
        }
        if !attribute.doc.is_empty() {
            value["description"] = json!(attribute.doc);
        }
        if let Some(default) = attribute.default {
            value["default"] = default.value().to_json();
        }
        value
    }

    fn kind(&self, kind: &Kind) -> Value {
        let reference = format!("^{REFERENCE}$");
        let free = format!("^({FREE_REFERENCE})$");
        match kind {
            Kind::String | Kind::Text => json!({ "type": "string" }),
            Kind::Form(form) => {
                let (min, max) = form.length;
                let pattern = format!(r"^([\s\S]{{{min},{max}}}|[\s\S]*{REFERENCE}[\s\S]*)$");
                json!({ "type": "string", "pattern": pattern })
            }
            Kind::Integer { min, max } => json!({
                "type": ["integer", "string"], "minimum": min, "maximum": max, "pattern": reference,
            }),
            Kind::IntegerSet { min, max } => json!({
                "type": ["array", "string"],
                "items": { "type": ["integer", "string"], "minimum": min, "maximum": max, "pattern": reference },
                "pattern": free,
            }),
            Kind::StringSet => json!({
                "type": ["array", "string"], "items": { "type": "string" }, "pattern": free,
            }),
            Kind::Bool => json!({ "type": ["boolean", "string"], "pattern": reference }),
            Kind::Enum(words) => match self.audience {
                // Editors complete from `enum` alone; that a reference is marked there is the smaller harm.
                Audience::Editor => json!({ "enum": words }),
                Audience::Strict => {
                    json!({ "type": "string", "pattern": format!("^({}|.*{REFERENCE}.*)$", words.join("|")) })
                }
            },
            Kind::Cidr => json!({
                "type": "string",
                "pattern": format!(r"^([0-9]{{1,3}}(\.[0-9]{{1,3}}){{3}}/[0-9]{{1,2}}|.*{REFERENCE}.*)$"),
            }),
            Kind::Id(of) => json!({ "type": "string", "pattern": format!("^({})$", self.id_pattern(of)) }),
            Kind::IdOf(types) => {
                let patterns: Vec<String> = types.iter().map(|of| self.id_pattern(of)).collect();
                json!({ "type": "string", "pattern": format!("^({})$", patterns.join("|")) })
            }
            Kind::IdSet(of) => json!({
                "type": ["array", "string"],
                "items": { "type": "string", "pattern": format!("^({})$", self.id_pattern(of)) },
                "pattern": format!("^({})$", self.id_set_pattern(of)),
            }),
            Kind::Table(attributes) => {
                let mut table = self.table(attributes, "");
                table["type"] = json!(["object", "string"]);
                table["pattern"] = json!(free);
                table
            }
            Kind::TableSet(attributes) => json!({
                "type": ["array", "string"],
                "items": self.table(attributes, ""),
                "pattern": free,
            }),
            Kind::Tags => json!({
                "type": ["object", "string"],
                "additionalProperties": { "type": "string" },
                "pattern": format!(r"^({FREE_REFERENCE}|\$\{{[^}}]+\.tags\}})$"),
                "x-tombi-additional-key-label": "KEY",
            }),
            Kind::Secret => {
                let mut source = json!({
                    "type": "object",
                    "properties": {
                        "env": { "type": "string", "description": "The environment variable that holds it." },
                        "file": { "type": "string", "description": "The file that holds it." },
                    },
                    "additionalProperties": false,
                });
                if self.audience == Audience::Strict {
                    source["minProperties"] = json!(1);
                    source["maxProperties"] = json!(1);
                }
                source
            }
        }
    }

    /// An id written out, the id of a resource of the type, or an attribute that holds such an id.
    fn id_pattern(&self, of: &str) -> String {
        let literal = match ID_PREFIXES.iter().find(|(_, type_name)| *type_name == of) {
            Some((prefix, _)) => format!("{prefix}[A-Za-z0-9-]+"),
            None => NAME.to_owned(),
        };
        // A name that was chosen is the id.
        let own = match self
            .types
            .iter()
            .find(|one| one.name == of)
            .map(|one| &one.identity)
        {
            Some(Identity::Chosen(name)) => format!("(id|{name})"),
            _ => "id".to_owned(),
        };
        let mut patterns = vec![
            literal,
            format!(r"\$\{{(data\.)?{of}\.{NAME}{KEY}\.{own}\}}"),
            FREE_REFERENCE.to_owned(),
        ];
        patterns.extend(self.attributes_of(|attribute| {
            attribute.name != "id" && matches!(attribute.kind, Kind::Id(other) if other == of)
        }));
        patterns.join("|")
    }

    /// A reference that is a list of ids: all copies, or an attribute that holds such a list.
    fn id_set_pattern(&self, of: &str) -> String {
        let mut patterns = vec![
            FREE_REFERENCE.to_owned(),
            format!(r"\$\{{(data\.)?{of}\.{NAME}\[\*\]\.id\}}"),
        ];
        patterns.extend(
            self.attributes_of(|attribute| matches!(attribute.kind, Kind::IdSet(other) if other == of)),
        );
        patterns.join("|")
    }

    /// References to the attributes for which this holds.
    fn attributes_of(&self, wanted: impl Fn(&Attribute) -> bool) -> Vec<String> {
        self.types
            .iter()
            .flat_map(|resource_type| {
                resource_type
                    .attributes
                    .iter()
                    .map(|attribute| (resource_type.name, attribute))
            })
            .filter(|(_, attribute)| wanted(attribute))
            .map(|(type_name, attribute)| format!(r"\$\{{{type_name}\.{NAME}{KEY}\.{}\}}", attribute.name))
            .collect()
    }
}

/// The keys that every block may have.
pub(super) fn common_keys() -> [(&'static str, Value); 4] {
    let reference = format!("^{REFERENCE}$");
    [
        (
            "count",
            json!({
                "type": ["integer", "string"],
                "minimum": 0,
                "maximum": COPIES_MAX,
                "pattern": reference,
                "description": "How many equal copies; ${count.index} counts from 0.",
            }),
        ),
        (
            "for_each",
            json!({
                "type": ["object", "array", "string"],
                "pattern": reference,
                "description": "A copy for each name of a list or key of a table: ${each.key}, ${each.value}.",
                "additionalProperties": true,
            }),
        ),
        (
            "depends_on",
            json!({
                "type": "array",
                "items": { "type": "string", "pattern": format!(r"^[a-z_]+\.{NAME}{KEY}$") },
                "description": "What must be there first, e.g. [\"vpc.main\"]; references do that by themselves.",
            }),
        ),
        (
            "lifecycle",
            json!({
                "type": "object",
                "properties": {
                    "prevent_destroy": {
                        "type": ["boolean", "string"],
                        "pattern": reference,
                        "description": "Refuse every plan that deletes or replaces it.",
                    },
                    "create_before_destroy": {
                        "type": ["boolean", "string"],
                        "pattern": reference,
                        "description": "When it is replaced, make the new one before the old one goes.",
                    },
                    "ignore_changes": {
                        "type": "array",
                        "items": { "type": "string" },
                        "description": "Attributes that are left as they are once it exists, e.g. [\"tags.owner\", \"image_id\"].",
                    },
                    "replace_on": {
                        "type": "array",
                        "items": { "type": "string" },
                        "description": "What makes it anew when it changes: its own attributes, or other resources.",
                    },
                },
                "additionalProperties": false,
                "description": "How it may be changed.",
            }),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::tests::support::types;

    fn keys(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    found.push(key.clone());
                    // The names below are the user's, not the schema's.
                    if key == "properties" {
                        let nested = value.as_object().into_iter().flat_map(Map::values);
                        nested.for_each(|value| keys(value, found));
                    } else {
                        keys(value, found);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }

    /// The pairs stand in a table here and in code there: both must say the same.
    #[test]
    fn the_pairs_are_those_of_the_types_own_check() {
        let complaints = |of: &str, keys: &[&str]| -> BTreeSet<String> {
            let value = |key: &&str| {
                let text = if *key == "instance_network_type" {
                    "classic"
                } else {
                    "x"
                };
                ((*key).to_owned(), text.into())
            };
            let found = (Types::all().get(of).unwrap().check)(&keys.iter().map(value).collect());
            found.into_iter().map(|one| one.message).collect()
        };
        for (of, [one, other]) in ONE_OF {
            let (with_one, with_other) = (complaints(of, &[one]), complaints(of, &[other]));
            let both_ways = complaints(of, &[])
                .into_iter()
                .find(|message| !with_one.contains(message) && !with_other.contains(message));
            assert!(
                both_ways.is_some(),
                "{of}: neither {one} nor {other} is no mistake"
            );
        }
        for (of, [one, other]) in EXCLUSIVE {
            let (with_one, with_other) = (complaints(of, &[one]), complaints(of, &[other]));
            let of_both = complaints(of, &[one, other])
                .into_iter()
                .find(|message| !with_one.contains(message) && !with_other.contains(message));
            assert!(of_both.is_some(), "{of}: {one} and {other} are no mistake");
        }
    }

    #[test]
    fn the_editors_variant_does_not_mark_what_is_being_typed() {
        let mut found = Vec::new();
        keys(&editor_schema(&types(), Audience::Editor), &mut found);
        for key in ["required", "anyOf", "oneOf", "$ref"] {
            assert!(!found.iter().any(|found| found == key), "{key}");
        }
    }

    #[test]
    fn the_strict_variant_knows_what_must_be_there() {
        let schema = editor_schema(&types(), Audience::Strict);
        let block = &schema["properties"]["vswitch"]["additionalProperties"];
        assert_eq!(block["required"], json!(["vpc_id", "zone_id", "cidr_block"]));
        // An empty list is no Draft 4.
        assert_eq!(schema["properties"]["local"]["required"], Value::Null);
    }

    #[test]
    fn what_the_cloud_makes_cannot_be_set() {
        let schema = editor_schema(&types(), Audience::Editor);
        let keys = schema["properties"]["instance"]["additionalProperties"]["properties"]
            .as_object()
            .unwrap();
        assert!(keys.contains_key("user_data_file") && keys.contains_key("for_each"));
        assert!(!keys.contains_key("public_ip") && !keys.contains_key("id"));
    }
}
