//! What a resource type is, as data: its attributes, how each one may change and by which action of the API.
//!
//! One table drives validation, reading, comparing, updating and the editor schema. Does not know TOML, how a
//! call is sent, or any particular resource type; the tables themselves are in `resources`.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::step::{Class, Step};
use crate::value::{Attributes, Value};

/// A resource type.
pub(crate) struct Schema {
    /// As in the TOML header: `vswitch`.
    pub(crate) type_name: &'static str,
    /// One sentence for people.
    pub(crate) doc: &'static str,
    /// `Ecs` or `Vpc`.
    pub(crate) product: &'static str,
    /// The attributes, in the order in which a plan shows them.
    pub(crate) attributes: &'static [Attribute],
    /// The parameter that names one resource of this type: `VSwitchId`.
    pub(crate) id_param: &'static str,
    pub(crate) create: Create,
    pub(crate) delete: Delete,
    pub(crate) tagging: Tagging,
    /// Which part of a replacement comes first when nothing else decides.
    pub(crate) replacement: Replacement,
    /// Brings known values into the one form in which they are compared; for configured and for observed ones.
    pub(crate) normalise: fn(&mut Attributes),
    /// Rules that concern more than one attribute, checked with the configuration.
    pub(crate) check: fn(&Attributes) -> Vec<Complaint>,
    /// What a change of the attribute at this path means, where the table alone cannot say.
    pub(crate) change_rule: fn(path: &str, before: &Attributes, after: &Attributes) -> Option<Changeable>,
    /// Computed attributes that are missing although the configuration asks for them (a public address).
    pub(crate) implied: fn(wanted: &Attributes, observed: &Attributes) -> Vec<&'static str>,
    /// Why one may not be deleted as it is, in words (deletion protection).
    pub(crate) undeletable: fn(observed: &Attributes) -> Option<String>,
    /// The steps that make, change and remove one; pure.
    pub(crate) steps: Steps,
    /// How long it is out of use, in words: the steps of an update, or those that delete it before a new one is made;
    /// pure.
    pub(crate) downtime: fn(&[Step]) -> Option<&'static str>,
    /// What is lost when one is deleted or replaced; pure.
    pub(crate) losses: fn(&Attributes) -> Vec<String>,
}

/// How one is made.
pub(crate) struct Create {
    /// The action: `CreateVSwitch`.
    pub(crate) action: &'static str,
    /// The field of the answer that holds the new id.
    pub(crate) id_field: &'static str,
    /// The status to wait for after the create, and for how many seconds; none if the answer means ready.
    pub(crate) ready: Option<(&'static str, u64)>,
}

/// How one is removed.
pub(crate) struct Delete {
    /// The action: `DeleteVSwitch`.
    pub(crate) action: &'static str,
    /// Whether the action wants `RegionId`.
    pub(crate) region: bool,
    /// How many seconds to wait until it is really gone; none if the answer means gone.
    pub(crate) gone: Option<u64>,
}

/// How its tags are changed after creation.
pub(crate) struct Tagging {
    /// `ResourceType` of TagResources: `VSWITCH`, `instance`.
    pub(crate) resource_type: &'static str,
    /// The action that takes tags away; the two products spell it differently.
    pub(crate) untag_action: &'static str,
}

/// The order of the two halves of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replacement {
    /// Delete the old one, then make the new one (`-/+`).
    DeleteFirst,
    /// Make the new one, move what uses it, then delete the old one (`+/-`).
    CreateFirst,
}

/// The functions that turn tables into steps.
pub(crate) struct Steps {
    pub(crate) create: fn(&Wanted<'_>) -> Vec<Step>,
    pub(crate) update: fn(&Change<'_>) -> Vec<Step>,
    pub(crate) delete: fn(&Existing<'_>) -> Vec<Step>,
}

/// What a create starts from.
pub(crate) struct Wanted<'a> {
    pub(crate) schema: &'static Schema,
    pub(crate) address: &'a Address,
    pub(crate) region: &'a str,
    /// The configuration, with everything filled in that is known when the plan is made.
    pub(crate) attributes: &'a Attributes,
    /// The ownership tags and the user's own, in the order in which they are sent.
    pub(crate) tags: &'a [(String, Value)],
}

/// What an update starts from.
pub(crate) struct Change<'a> {
    pub(crate) wanted: Wanted<'a>,
    pub(crate) id: &'a str,
    /// What is there now, as far as it is managed.
    pub(crate) before: &'a Attributes,
    /// Names of the attributes that differ, in table order; nested ones as `system_disk.size`.
    pub(crate) changed: &'a [&'a str],
    /// Tags to set and tag keys to take away, ownership tags included.
    pub(crate) tags_set: &'a [(String, Value)],
    pub(crate) tags_removed: &'a [String],
}

/// What a delete starts from.
pub(crate) struct Existing<'a> {
    pub(crate) schema: &'static Schema,
    pub(crate) region: &'a str,
    pub(crate) id: &'a str,
    /// What is there now.
    pub(crate) attributes: &'a Attributes,
}

/// One attribute, or one key of a nested table.
pub(crate) struct Attribute {
    /// The API's parameter name in snake case.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// Made by the cloud; may be referred to, may not be set.
    pub(crate) computed: bool,
    pub(crate) default: Option<Literal>,
    pub(crate) change: Changeable,
    /// The create parameter, if it is not the name in Pascal case; nested with dots. Empty: not sent by create.
    pub(crate) param: Option<&'static str>,
    /// The parameter of the action that changes it, if it is not the create parameter.
    pub(crate) update_param: Option<&'static str>,
    /// Where the value stands in one item of a Describe answer, if not at the name in Pascal case; nested with
    /// dots. Empty: not readable there.
    pub(crate) field: Option<&'static str>,
    /// The cloud does not tell it: it is compared with what the state remembers.
    pub(crate) remembered: bool,
    /// One sentence for people: meaning, unit, example.
    pub(crate) doc: &'static str,
}

/// The form of a value.
pub(crate) enum Kind {
    String,
    /// Text of several lines, or a file's bytes; kept in the state as a keyed hash only.
    Text,
    /// A number within these bounds, both included.
    Integer {
        min: i64,
        max: i64,
    },
    Bool,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// An IPv4 network, `10.0.0.0/16`.
    Cidr,
    /// The id of a resource of this type.
    Id(&'static str),
    /// A set of ids of resources of this type.
    IdSet(&'static str),
    /// A table with these keys.
    Table(&'static [Attribute]),
    /// A set of tables with these keys.
    TableSet(&'static [Attribute]),
    /// Names and texts of the user's choice.
    Tags,
    /// A secret that is named, never written: `{ env = "NAME" }` or `{ file = "path" }`.
    Secret,
}

/// A default, as a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal {
    Integer(i64),
    String(&'static str),
}

/// What a change of an attribute means for a resource that exists.
#[derive(Clone, Copy)]
pub(crate) enum Changeable {
    /// It can be changed in place by this action.
    InPlace(&'static Update),
    /// It cannot be changed: the resource is made anew.
    Replaces,
    /// `infra` refuses to change it; the words say why and what to do.
    Refused(&'static str),
    /// The type's own update function takes care of it.
    Special,
}

/// An action that changes attributes in place; attributes that share one are changed by one call.
pub(crate) struct Update {
    pub(crate) action: &'static str,
    /// The step's name: `change type`.
    pub(crate) label: &'static str,
    pub(crate) class: Class,
    pub(crate) needs: Needs,
    /// Whether the action wants `RegionId`.
    pub(crate) region: bool,
    /// Whether the action takes a `ClientToken`.
    pub(crate) token: bool,
}

/// What an in-place change asks of the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    Nothing,
    /// Works at once, but is seen only after a reboot through the API.
    Reboot,
    /// Works only while it is stopped.
    Stopped,
}

/// A rule of a type that the configuration breaks.
pub(crate) struct Complaint {
    pub(crate) code: &'static str,
    /// The attribute at fault; empty for the block as a whole.
    pub(crate) attribute: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// The resource types by name.
#[derive(Clone)]
pub(crate) struct Schemas(BTreeMap<&'static str, &'static Schema>);

impl Schemas {
    /// A set of types.
    pub(crate) fn new(schemas: impl IntoIterator<Item = &'static Schema>) -> Schemas {
        Schemas(
            schemas
                .into_iter()
                .map(|schema| (schema.type_name, schema))
                .collect(),
        )
    }

    /// The type of this name.
    pub(crate) fn get(&self, type_name: &str) -> Option<&'static Schema> {
        self.0.get(type_name).copied()
    }

    /// All types, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Schema> + '_ {
        self.0.values().copied()
    }
}

/// An attribute that may be set, changes in nothing and is read back under its own name; refined by the methods.
pub(crate) const fn attr(name: &'static str, kind: Kind) -> Attribute {
    Attribute {
        name,
        kind,
        required: false,
        computed: false,
        default: None,
        change: Changeable::Special,
        param: None,
        update_param: None,
        field: None,
        remembered: false,
        doc: "",
    }
}

impl Attribute {
    pub(crate) const fn required(mut self) -> Attribute {
        self.required = true;
        self
    }

    pub(crate) const fn computed(mut self) -> Attribute {
        self.computed = true;
        self.param = Some("");
        self
    }

    pub(crate) const fn default(mut self, default: Literal) -> Attribute {
        self.default = Some(default);
        self
    }

    pub(crate) const fn updated_by(mut self, update: &'static Update) -> Attribute {
        self.change = Changeable::InPlace(update);
        self
    }

    pub(crate) const fn replaces(mut self) -> Attribute {
        self.change = Changeable::Replaces;
        self
    }

    pub(crate) const fn refused(mut self, words: &'static str) -> Attribute {
        self.change = Changeable::Refused(words);
        self
    }

    pub(crate) const fn param(mut self, param: &'static str) -> Attribute {
        self.param = Some(param);
        self
    }

    pub(crate) const fn update_param(mut self, param: &'static str) -> Attribute {
        self.update_param = Some(param);
        self
    }

    pub(crate) const fn field(mut self, field: &'static str) -> Attribute {
        self.field = Some(field);
        self
    }

    pub(crate) const fn remembered(mut self) -> Attribute {
        self.remembered = true;
        self.field = Some("");
        self
    }

    pub(crate) const fn doc(mut self, doc: &'static str) -> Attribute {
        self.doc = doc;
        self
    }

    /// The create parameter, dotted; none if create does not take it.
    pub(crate) fn param_path(&self) -> Option<String> {
        match self.param {
            Some("") => None,
            Some(param) => Some(param.to_owned()),
            None => Some(pascal_case(self.name)),
        }
    }

    /// The parameter of the action that changes it.
    pub(crate) fn update_param_name(&self) -> String {
        self.update_param
            .map(str::to_owned)
            .or_else(|| self.param_path())
            .unwrap_or_else(|| pascal_case(self.name))
    }

    /// Where a Describe answer holds it, dotted, alternatives separated by `|`; none if it does not.
    pub(crate) fn field_path(&self) -> Option<String> {
        match self.field {
            Some("") => None,
            Some(field) => Some(field.to_owned()),
            None => Some(pascal_case(self.name)),
        }
    }

    /// Whether its value may be shown and stored in the clear.
    pub(crate) fn is_sensitive(&self) -> bool {
        matches!(self.kind, Kind::Secret)
    }
}

impl Schema {
    /// The attribute of this name; `system_disk.size` finds the key of a nested table.
    pub(crate) fn attribute(&self, path: &str) -> Option<&'static Attribute> {
        find_attribute(self.attributes, path)
    }
}

fn find_attribute(attributes: &'static [Attribute], path: &str) -> Option<&'static Attribute> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let found = attributes.iter().find(|attribute| attribute.name == name)?;
    match (rest, &found.kind) {
        (None, _) => Some(found),
        (Some(rest), Kind::Table(nested)) => find_attribute(nested, rest),
        (Some(_), _) => None,
    }
}

impl Literal {
    /// The default as a value.
    pub(crate) fn value(self) -> Value {
        match self {
            Literal::Integer(number) => Value::Integer(number),
            Literal::String(text) => Value::from(text),
        }
    }
}

/// `cidr_block` becomes `CidrBlock`.
pub(crate) fn pascal_case(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_the_apis_spelling() {
        assert_eq!(
            pascal_case("internet_max_bandwidth_out"),
            "InternetMaxBandwidthOut"
        );
        assert_eq!(pascal_case("name"), "Name");
    }
}
