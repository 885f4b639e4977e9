//! Key pair: a public key under a name, for servers to log in with.
//!
//! Only ever imported: a key that the cloud makes would be shown once, and the private half belongs to nobody but its
//! owner. Its name is its identity.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, SERVER_TAGS};
use super::form;
use super::resource_type::{
    Complaint, Create, Delete, IdFilter, Identity, Read, Replacement, ResourceType, Steps, TagShape, Tagging,
    ToRemove,
};
use super::steps;
use crate::api::{Codes, Pages, action};
use crate::diagnostic::codes;
use crate::step::{Shows, Step};
use crate::value::{Attributes, Value};

pub(super) static KEY_PAIR: ResourceType = ResourceType {
    name: "key_pair",
    doc: "A public key, under a name, for servers to log in with.",
    id_param: "KeyPairName",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_KEY_PAIRS,
        list: "KeyPairs.KeyPair",
        id_field: "KeyPairName",
        pages: Pages::ByNumber { max: 50 },
        ids: IdFilter::One { param: "KeyPairName" },
        tags: TagShape::Ecs,
        params: &[("IncludePublicKey", "true")],
    },
    create: Create {
        action: &action::IMPORT_KEY_PAIR,
        id_field: "KeyPairName",
        ready: None,
    },
    delete: Delete {
        action: &action::DELETE_KEY_PAIRS,
        gone: None,
    },
    tagging: Some(Tagging {
        kind: "keypair",
        ..SERVER_TAGS
    }),
    identity: Identity::Chosen("name"),
    codes: Codes {
        there: &[],
        absent: &["InvalidKeyPairName.NotFound"],
        retry: &["InternalError"],
        in_use: &["InvalidParameter.KeypairAlreadyAttachedInstance"],
    },
    // Servers are moved to the new one, where the new one has another name.
    replacement: Replacement::CreateFirst,
    normalise,
    check,
    steps: Steps { delete, ..BASE.steps },
    ..BASE
};

static JOIN_GROUP: Update = Update::by(&action::JOIN_RESOURCE_GROUP, "join resource group")
    .named("ResourceId", &[("ResourceType", "keypair")]);

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .required()
        .replaces()
        .param("KeyPairName")
        .field("KeyPairName")
        .doc("The name, 2 to 128 characters; servers name it."),
    attr("public_key_body", Kind::String)
        .replaces()
        .or_file()
        .field("PublicKey")
        .always()
        .doc("The public key, as in ~/.ssh/id_ed25519.pub; or public_key_body_file."),
    attr("resource_group_id", Kind::String)
        .updated_by(&JOIN_GROUP)
        .doc("The resource group it belongs to."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("KeyPairName")
        .doc("The id, which is its name."),
    attr("fingerprint", Kind::String)
        .computed()
        .field("KeyPairFingerPrint")
        .doc("The fingerprint of the key."),
];

/// The kind and the key itself: what follows is a remark, and a file ends in a line break.
fn normalise(attributes: &mut Attributes) {
    if let Some(Value::String(key)) = attributes.get_mut("public_key_body") {
        let words: Vec<&str> = key.split_whitespace().take(2).collect();
        *key = words.join(" ").into();
    }
}

fn check(attributes: &Attributes) -> Vec<Complaint> {
    if attributes.contains_key("public_key_body") {
        return Vec::new();
    }
    vec![Complaint {
        code: codes::MISSING_KEY,
        attribute: "",
        message: "a key pair needs the public key".to_owned(),
        help: "public_key_body_file = \"~/.ssh/id_ed25519.pub\"".to_owned(),
    }]
}

/// The delete takes names, as a JSON array.
fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let names = Value::List(vec![Value::from(existing.id)]);
    let params = Attributes::from([("KeyPairNames".to_owned(), Value::JsonText(Box::new(names)))]);
    let call = steps::call(&action::DELETE_KEY_PAIRS, existing.region, params);
    vec![Step::call("delete", call).shows(Shows::Gone)]
}
