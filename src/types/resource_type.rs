//! What a resource type is, as one static struct: its attributes, its actions, and what tables cannot say.
//!
//! It drives validation, reading, comparing, updating and the editor schema. Pure; does not know TOML, how a call is
//! sent, or any particular type.

use super::attribute::{Attribute, Changeable, Kind, find_attribute, find_kind};
use super::part::Part;
use super::relation::Relation;
use crate::address::Address;
use crate::api::{Action, Codes, Pages};
use crate::diagnostic::codes::Code;
use crate::step::{Restore, Step};
use crate::value::{Attributes, Value};

/// A resource type.
pub(crate) struct ResourceType {
    /// As in the TOML header: `vswitch`.
    pub(crate) name: &'static str,
    /// One sentence for people.
    pub(crate) doc: &'static str,
    /// How its ids begin: `vsw-`.
    pub(crate) id_prefix: &'static str,
    /// The parameter that names one resource of this type: `VSwitchId`.
    pub(crate) id_param: &'static str,
    /// The attributes, in the order in which a plan shows them.
    pub(crate) attributes: &'static [Attribute],
    pub(crate) read: Read,
    pub(crate) create: Create,
    pub(crate) delete: Delete,
    /// How it is tagged; none where the API has no tags for it.
    pub(crate) tagging: Option<Tagging>,
    pub(crate) identity: Identity,
    /// The error codes that mean something special for it.
    pub(crate) codes: Codes,
    /// Which part of a replacement comes first when nothing else decides.
    pub(crate) replacement: Replacement,
    /// What it can be joined to.
    pub(crate) relations: &'static [Relation],
    /// Its sets of parts.
    pub(crate) parts: &'static [Part],
    /// Brings known values into the one form in which they are compared; for configured and for observed ones.
    pub(crate) normalise: fn(&mut Attributes),
    /// Rules that concern more than one attribute, checked with the configuration.
    pub(crate) check: fn(&Attributes) -> Vec<Complaint>,
    /// A rule that concerns it and what a relation joins it to, checked with the configuration.
    pub(crate) partner_rule: fn(own: &Attributes, partner: &Attributes) -> Option<Complaint>,
    /// Rules that concern one member of a part in its normal form, checked with the configuration; a code of a warning
    /// only warns.
    pub(crate) member_rule: fn(part: &str, member: &Attributes) -> Vec<Complaint>,
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
    pub(crate) losses: fn(observed: &Attributes) -> Vec<String>,
    /// What of one stays when it is deleted or replaced, and is nobody's then; pure.
    pub(crate) leaves: fn(observed: &Attributes) -> Vec<String>,
    /// What is lost by an update; pure.
    pub(crate) update_losses: fn(&ToChange<'_>) -> Vec<String>,
    /// What follows from an update and is left to people; pure.
    pub(crate) update_hints: fn(&ToChange<'_>) -> Vec<String>,
    /// The attribute that names what it stands in: where that is in another place, or has to go first, it cannot move.
    /// Attributes of the same name on both sides tell the place.
    pub(crate) stays_with: Option<&'static str>,
    /// Attributes that the cloud gives anew when it moves there, unless the configuration says what they are.
    pub(crate) given_there: &'static [&'static str],
    /// What gives back a state that the steps of an update, or of making room for a successor, take away for a while; pure.
    pub(crate) restore: fn(&[Step]) -> Option<Restore>,
    /// Computed attributes that are there only where the configuration asks for them (see `implied`).
    pub(crate) conditional: &'static [&'static str],
    /// What only one of this type can have.
    pub(crate) contention: Contention,
}

/// How a type is listed.
pub(crate) struct Read {
    pub(crate) action: &'static Action,
    /// Where the items stand in an answer: `VSwitches.VSwitch`.
    pub(crate) list: &'static str,
    /// The field of an item that is its id.
    pub(crate) id_field: &'static str,
    pub(crate) pages: Pages,
    pub(crate) ids: IdFilter,
    pub(crate) tags: TagShape,
    /// Parameters that every listing carries: `DiskType` = `data`.
    pub(crate) params: &'static [(&'static str, &'static str)],
}

/// How the list action is asked for certain ids.
pub(crate) enum IdFilter {
    /// A JSON array in one text.
    Json { param: &'static str, max: usize },
    /// A comma-separated list.
    Comma { param: &'static str, max: usize },
    /// One id.
    One { param: &'static str },
    /// By its parent alone, whose id the parameter takes: all that stands in one is listed.
    Inside { param: &'static str },
}

/// What makes one of a type the same one.
pub(crate) enum Identity {
    /// An id that the cloud gives.
    Given,
    /// The text of this attribute, which the user has chosen; it is the id as well.
    Chosen(&'static str),
    /// Where it stands and what it is: its id is its parent's id and what tells it apart there, joined by a slash. It has
    /// no tags, so nobody finds it but through its parent.
    Joined {
        /// The attribute that holds the parent's id.
        parent: &'static str,
        /// The attributes that tell it apart in its parent; those that are set, in this order.
        place: &'static [&'static str],
        /// The computed attribute that stays as it is when the place is changed on it: what it was called before is found
        /// by that. Empty where its place cannot be changed.
        lasting: &'static str,
    },
}

/// How an answer writes a tag.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TagShape {
    /// `{"TagKey", "TagValue"}`
    Ecs,
    /// `{"Key", "Value"}`
    Vpc,
}

/// How one is made.
pub(crate) struct Create {
    pub(crate) action: &'static Action,
    /// The field of the answer that holds the new id.
    pub(crate) id_field: &'static str,
    /// The status to wait for after the create, and for how many seconds; none if the answer means ready.
    pub(crate) ready: Option<(&'static str, u64)>,
}

/// How one is removed.
pub(crate) struct Delete {
    pub(crate) action: &'static Action,
    /// How many seconds to wait until it is really gone; none if the answer means gone.
    pub(crate) gone: Option<u64>,
}

/// How its tags are changed after creation.
pub(crate) struct Tagging {
    /// `ResourceType` of TagResources: `VSWITCH`, `instance`.
    pub(crate) kind: &'static str,
    pub(crate) tag: &'static Action,
    pub(crate) untag: &'static Action,
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
    pub(crate) create: fn(&ToMake<'_>) -> Vec<Step>,
    pub(crate) update: fn(&ToChange<'_>) -> Vec<Step>,
    pub(crate) delete: fn(&ToRemove<'_>) -> Vec<Step>,
}

/// What a create starts from.
pub(crate) struct ToMake<'a> {
    pub(crate) resource_type: &'static ResourceType,
    pub(crate) address: &'a Address,
    pub(crate) region: &'a str,
    /// The configuration, with everything filled in that is known when the plan is made.
    pub(crate) attributes: &'a Attributes,
    /// The ownership tags and the user's own, in the order in which they are sent.
    pub(crate) tags: &'a [(String, Value)],
}

/// What an update starts from.
pub(crate) struct ToChange<'a> {
    pub(crate) wanted: ToMake<'a>,
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
pub(crate) struct ToRemove<'a> {
    pub(crate) resource_type: &'static ResourceType,
    pub(crate) region: &'a str,
    pub(crate) id: &'a str,
    /// What is there now.
    pub(crate) attributes: &'a Attributes,
}

/// Values that only one resource of a type can have.
pub(crate) struct Contention {
    /// Where two can be in each other's way, as text: only those with the same place are compared.
    pub(crate) place: fn(&Attributes) -> Option<String>,
    /// Whether two in the same place exclude each other.
    pub(crate) excludes: fn(&Attributes, &Attributes) -> bool,
}

/// A rule of a type that the configuration breaks.
pub(crate) struct Complaint {
    pub(crate) code: Code,
    /// The attribute at fault; empty for the block as a whole.
    pub(crate) attribute: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl ResourceType {
    /// The attribute of this name; `system_disk.size` finds the key of a nested table.
    pub(crate) fn attribute(&self, path: &str) -> Option<&'static Attribute> {
        find_attribute(self.attributes, path)
    }

    /// The kind of what stands at a path; see [`find_kind`].
    pub(crate) fn kind_at(&self, path: &str) -> Option<Kind> {
        find_kind(self.attributes, path)
    }

    /// Whether the attribute joins one to others, by a relation or by parts.
    pub(crate) fn is_joined(&self, name: &str) -> bool {
        self.relations.iter().any(|relation| relation.attribute == name)
            || self.parts.iter().any(|part| part.attribute == name)
    }

    /// Whether the attribute joins one to others by a call of its own, after the create.
    pub(crate) fn is_joined_later(&self, name: &str) -> bool {
        let mut relations = self.relations.iter();
        let mut parts = self.parts.iter();
        self.is_joined(name)
            && !relations.any(|relation| relation.attribute == name && relation.with_create)
            && !parts.any(|part| part.attribute == name && part.with_create)
    }

    /// Whether it is known by a name that somebody has chosen.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.identity, Identity::Chosen(_))
    }

    /// Whether the attribute is its identity.
    pub(crate) fn is_chosen(&self, name: &str) -> bool {
        matches!(self.identity, Identity::Chosen(chosen) if chosen == name)
    }

    /// The id that one with these attributes has by its identity alone; none if the cloud gives it or they do not tell.
    pub(crate) fn own_id(&self, attributes: &Attributes) -> Option<String> {
        let text = |name: &str| attributes.get(name).and_then(Value::as_str);
        match self.identity {
            Identity::Given => None,
            Identity::Chosen(name) => text(name).map(str::to_owned),
            Identity::Joined { parent, place, .. } => {
                let set = place.iter().filter_map(|name| attributes.get(*name));
                let texts = set.map(Value::to_text).collect::<Option<Vec<String>>>()?;
                Some(format!("{}/{}", text(parent)?, texts.join(",")))
            }
        }
    }

    /// What is still the same of one whose id follows from what it is, when that is changed on it.
    pub(crate) fn lasting_id<'a>(&self, attributes: &'a Attributes) -> Option<&'a str> {
        match self.identity {
            Identity::Joined { lasting, .. } if !lasting.is_empty() => attributes.get(lasting)?.as_str(),
            _ => None,
        }
    }

    /// Whether one with this id is called otherwise when it has these attributes; of what is not known yet that is
    /// supposed.
    pub(crate) fn is_called_otherwise(&self, id: &str, attributes: &Attributes) -> bool {
        let may_change = matches!(self.identity, Identity::Joined { lasting, .. } if !lasting.is_empty());
        may_change && self.own_id(attributes).as_deref() != Some(id)
    }

    /// The ids of others to which these attributes join one.
    pub(crate) fn joined_ids<'a>(&'static self, attributes: &'a Attributes) -> Vec<&'a str> {
        let text = |attributes: &'a Attributes, name: &str| {
            attributes
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let mut found: Vec<&'a str> = self
            .relations
            .iter()
            .filter_map(|relation| text(attributes, relation.attribute))
            .collect();
        for part in self.parts {
            let members = attributes.get(part.attribute).and_then(Value::as_list);
            for member in members.unwrap_or_default() {
                match member {
                    Value::Map(member) => found.extend(self.ids_in(part, member)),
                    member => found.extend(member.as_str().filter(|text| !text.is_empty())),
                }
            }
        }
        found
    }

    /// The keys of the members of a part.
    pub(crate) fn members_table(&self, part: &Part) -> &'static [Attribute] {
        match self.attribute(part.attribute).map(|found| &found.kind) {
            Some(Kind::TableSet(table)) => table,
            _ => &[],
        }
    }

    /// The ids of others that a member of a part names.
    pub(crate) fn ids_in<'a>(&self, part: &Part, member: &'a Attributes) -> Vec<&'a str> {
        let names = self
            .members_table(part)
            .iter()
            .filter(|attribute| matches!(attribute.kind, Kind::Id(_) | Kind::IdOf(_)))
            .map(|attribute| attribute.name);
        let is_plain = self.members_table(part).is_empty();
        names
            .chain(is_plain.then_some("id"))
            .filter_map(|name| member.get(name)?.as_str())
            .filter(|id| !id.is_empty())
            .collect()
    }
}
