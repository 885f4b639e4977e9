//! Attributes of a resource type, as data: the form of a value, its place in calls and answers, and what a change of it
//! means.
//!
//! Does not know TOML, nor how a call is sent.

use std::fmt;

use super::form::Form;
use crate::api::Action;
use crate::value::Value;

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
    /// Whether every item of a Describe answer carries it, if only as an empty text: one without it is a damaged
    /// answer. Set where a plan compares it, for leaving it out would look like a difference.
    pub(crate) always: bool,
    /// The cloud does not tell it: it is compared with what the state remembers.
    pub(crate) remembered: bool,
    /// Whether it takes a request of its own to read it: that is made where somebody manages it.
    pub(crate) costly: bool,
    /// The computed attribute that a change of it moves.
    pub(crate) moves: Option<&'static str>,
    /// Whether a change of it is an order, which is placed once: what it moves is later then.
    pub(crate) ordered: bool,
    /// Whether the key `NAME_file` gives it as the content of a file.
    pub(crate) file: bool,
    /// How a call writes it.
    pub(crate) wire: Wire,
    /// One sentence for people: meaning, unit, example.
    pub(crate) doc: &'static str,
}

/// The form of a value.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    String,
    /// A text of a certain form.
    Form(&'static Form),
    /// Text of several lines, or a file's bytes; kept in the state as a keyed hash only.
    Text,
    /// A number within these bounds, both included.
    Integer {
        min: i64,
        max: i64,
    },
    /// A set of numbers within these bounds.
    IntegerSet {
        min: i64,
        max: i64,
    },
    /// A set of texts.
    StringSet,
    Bool,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// An IPv4 network, `10.0.0.0/16`.
    Cidr,
    /// The id of a resource of this type.
    Id(&'static str),
    /// The id of a resource of one of these types.
    IdOf(&'static [&'static str]),
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

/// Its tables would be long.
impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kind")
    }
}

/// How a value stands in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// As it is.
    Plain,
    /// As base64 text.
    Base64,
    /// As a JSON array of texts, inside one text.
    JsonTexts,
}

/// A default, as a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal {
    Bool(bool),
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
    pub(crate) action: &'static Action,
    /// The step's name: `change type`.
    pub(crate) label: &'static str,
    pub(crate) needs: Needs,
    /// The parameter that names the resource, if it is not the type's own; else empty.
    pub(crate) id_param: &'static str,
    /// Parameters that go with it whatever changes: `ResourceType` = `keypair`.
    pub(crate) params: &'static [(&'static str, &'static str)],
}

impl Update {
    /// A change by this action, live, that names the resource as every action of its type does.
    pub(crate) const fn by(action: &'static Action, label: &'static str) -> Update {
        Update {
            action,
            label,
            needs: Needs::Nothing,
            id_param: "",
            params: &[],
        }
    }

    pub(crate) const fn needs(self, needs: Needs) -> Update {
        Update { needs, ..self }
    }

    /// The same that names the resource by another parameter, beside fixed ones.
    pub(crate) const fn named(
        self,
        id_param: &'static str,
        params: &'static [(&'static str, &'static str)],
    ) -> Update {
        Update {
            id_param,
            params,
            ..self
        }
    }
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
        always: false,
        remembered: false,
        costly: false,
        moves: None,
        ordered: false,
        file: false,
        wire: Wire::Plain,
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

    pub(crate) const fn always(mut self) -> Attribute {
        self.always = true;
        self
    }

    pub(crate) const fn remembered(mut self) -> Attribute {
        self.remembered = true;
        self.field = Some("");
        self
    }

    pub(crate) const fn costly(mut self) -> Attribute {
        self.costly = true;
        self.field = Some("");
        self
    }

    pub(crate) const fn moves(mut self, computed: &'static str) -> Attribute {
        self.moves = Some(computed);
        self
    }

    /// A change of it is an order that makes a computed attribute later, and is never placed twice.
    pub(crate) const fn orders(mut self, computed: &'static str) -> Attribute {
        self.ordered = true;
        self.moves(computed)
    }

    pub(crate) const fn or_file(mut self) -> Attribute {
        self.file = true;
        self
    }

    pub(crate) const fn base64(mut self) -> Attribute {
        self.wire = Wire::Base64;
        self
    }

    pub(crate) const fn json_texts(mut self) -> Attribute {
        self.wire = Wire::JsonTexts;
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

    /// Whether it is the tags of the resource itself, which its type's tagging actions change; those of what hangs on it are
    /// an attribute like others.
    pub(crate) fn is_own_tags(&self) -> bool {
        matches!(self.kind, Kind::Tags) && !self.costly
    }

    /// Whether its value may be shown and stored in the clear.
    pub(crate) fn is_sensitive(&self) -> bool {
        matches!(self.kind, Kind::Secret)
    }
}

/// The attribute at a path; `system_disk.size` finds the key of a nested table.
pub(super) fn find_attribute(attributes: &'static [Attribute], path: &str) -> Option<&'static Attribute> {
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

/// The kind of what stands at a path, items of a list of ids and single tags included: `security_group_ids.0`,
/// `tags.team`.
pub(super) fn find_kind(attributes: &'static [Attribute], path: &str) -> Option<Kind> {
    if let Some(found) = find_attribute(attributes, path) {
        return Some(found.kind);
    }
    let (outer, inner) = path.rsplit_once('.')?;
    let is_position = inner.bytes().all(|byte| byte.is_ascii_digit());
    match find_attribute(attributes, outer)?.kind {
        Kind::IdSet(of) if is_position => Some(Kind::Id(of)),
        Kind::StringSet if is_position => Some(Kind::String),
        Kind::IntegerSet { min, max } if is_position => Some(Kind::Integer { min, max }),
        Kind::Tags => Some(Kind::String),
        _ => None,
    }
}

impl Literal {
    /// The default as a value.
    pub(crate) fn value(self) -> Value {
        match self {
            Literal::Bool(truth) => Value::Bool(truth),
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
