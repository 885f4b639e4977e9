//! Parts: members of a set inside a resource, each added, changed and taken away by a call of its own.

use super::form;
use crate::address::Address;
use crate::api::Action;
use crate::step::Step;
use crate::value::{Attributes, Value};

/// A set of parts: the rules of one direction of a security group.
pub(crate) struct Part {
    /// The attribute, a set of tables.
    pub(crate) attribute: &'static str,
    /// The keys that make a member the same member; the others may change on it.
    pub(crate) key: &'static [&'static str],
    pub(crate) calls: Calls,
    /// Whether members are taken out before anything else happens to their owner and its partners: they hold them fast.
    pub(crate) out_first: bool,
    /// Whether the create makes them already, so that only a change needs calls of its own.
    pub(crate) with_create: bool,
    /// Whether their owner cannot move to another place while it has any.
    pub(crate) pins: bool,
    /// Why one cannot become the other, and what to do.
    pub(crate) refuse: fn(&Attributes, &Attributes) -> Option<&'static str>,
    /// What is lost when one is taken out.
    pub(crate) loss: fn(&Attributes) -> Option<String>,
    /// What follows from a change of one and is left to people.
    pub(crate) hint: fn(&Attributes, &Attributes) -> Option<String>,
    /// Whether one is deleted with its owner: by the cloud where it is joined to it, and by a call of its own where it is
    /// apart.
    pub(crate) goes: fn(&Attributes) -> bool,
    /// How members outlive their owner; none if they do not.
    pub(crate) heirs: Option<Heirs>,
    /// The key under which people know a member that has an id of its own: where it alone differs between one that goes and
    /// one that comes, that is a new name. Empty if there is none.
    pub(crate) name: &'static str,
    /// The attribute of the owner whose tags a new member gets; empty if there is none.
    pub(crate) tagged_by: &'static str,
    /// The key under which an observed member carries its own id, and the parameter of the modifying action that takes
    /// it. No attribute, so it is never compared.
    pub(crate) member_id: Option<(&'static str, &'static str)>,
    /// The attribute of the owner under which the state remembers the id of a member that is being made; empty if nothing
    /// tells it.
    pub(crate) made_as: &'static str,
    /// Members in one adding or removing call.
    pub(crate) per_call: usize,
    /// Members in all.
    pub(crate) limit: usize,
    /// One of them, for people: `ingress rule`.
    pub(crate) noun: &'static str,
}

/// How members of a part outlive their owner and come to its successor.
pub(crate) struct Heirs {
    /// Whether one that is wanted like this does.
    pub(crate) stays: fn(&Attributes) -> bool,
    /// The attribute of the owner, and of a member that stands alone, that tells the place both are in.
    pub(crate) place: &'static str,
    /// The type that a member that stands alone is listed as.
    pub(crate) type_name: &'static str,
    /// Such a one as a member; pure.
    pub(crate) member: fn(id: &str, alone: &Attributes) -> Attributes,
    /// The steps that let one stay when its owner goes, and be found by the address of its owner; pure.
    pub(crate) keep: fn(&Owner<'_>, &Attributes) -> Vec<Step>,
    /// The steps after which one that stays when its owner goes for good is nobody's: the next one at the address of its
    /// owner would be taken for what it was made for. The tags of the owner are those to take off; pure.
    pub(crate) let_go: fn(&Owner<'_>, &Attributes) -> Vec<Step>,
    /// What is told of it; pure.
    pub(crate) words: fn(&Attributes) -> String,
}

/// By which calls members come and go.
pub(crate) enum Calls {
    /// Each call is about many, which the parameter lists: `Permissions`.
    Many {
        add: &'static Action,
        remove: &'static Action,
        modify: Option<&'static Action>,
        list_param: &'static str,
    },
    /// Each member has steps of its own; pure.
    Single {
        add: fn(&Owner<'_>, &Attributes) -> Vec<Step>,
        modify: fn(&Owner<'_>, &Attributes, &Attributes) -> Vec<Step>,
        remove: fn(&Owner<'_>, &Attributes) -> Vec<Step>,
    },
}

/// A set of parts to build others on. Its attribute, key and calls are another's to fill in.
pub(crate) const PART: Part = Part {
    attribute: "",
    key: &[],
    calls: Calls::Single {
        add: |_, _| Vec::new(),
        modify: |_, _, _| Vec::new(),
        remove: |_, _| Vec::new(),
    },
    out_first: false,
    with_create: false,
    pins: false,
    refuse: |_, _| None,
    loss: |_| None,
    hint: |_, _| None,
    goes: |_| false,
    heirs: None,
    name: "",
    tagged_by: "",
    member_id: None,
    made_as: "",
    per_call: 1,
    limit: usize::MAX,
    noun: "",
};

/// The key under which an observed member says that it is there, but not yet where it belongs.
pub(crate) const APART: &str = "apart";

/// The resource that has the members, as steps name it.
pub(crate) struct Owner<'a> {
    pub(crate) region: &'a str,
    pub(crate) address: &'a Address,
    /// The tags by which what is made for it is known.
    pub(crate) tags: &'a [(String, Value)],
    /// The value of an attribute of its own, `id` among them; a reference while it is not made.
    pub(crate) own: &'a dyn Fn(&str) -> Value,
}

impl Part {
    /// The members among the attributes of a resource. In a set of plain ids a member has the key `id` alone.
    pub(crate) fn members(&self, attributes: &Attributes) -> Vec<Attributes> {
        let members = attributes
            .get(self.attribute)
            .and_then(Value::as_list)
            .unwrap_or_default();
        let member = |value: &Value| match value {
            Value::Map(member) => member.clone(),
            id => Attributes::from([("id".to_owned(), id.clone())]),
        };
        members.iter().map(member).collect()
    }

    /// What makes a member the same member, as text.
    pub(crate) fn identity(&self, member: &Attributes) -> String {
        self.key
            .iter()
            .map(|key| {
                member
                    .get(*key)
                    .map(|value| {
                        // Two peers that are not made yet are two peers.
                        if value.is_known() {
                            canonical(value).to_json().to_string()
                        } else {
                            format!("{value:?}")
                        }
                    })
                    .unwrap_or_default()
                    + "|"
            })
            .collect()
    }

    /// Whether a member that is there is as it is wanted but for its name.
    pub(crate) fn is_renamed(&self, there: &Attributes, wanted: &Attributes) -> bool {
        let with_name = |member: &Attributes| {
            let mut member = member.clone();
            member.extend(
                wanted
                    .get(self.name)
                    .map(|name| (self.name.to_owned(), name.clone())),
            );
            member
        };
        let there = with_name(there);
        !self.name.is_empty()
            && self.identity(&there) == self.identity(wanted)
            && self.is_equal(&there, wanted)
    }

    /// Whether a member that is there is as it is wanted. Where each has calls of its own, what nobody asks for is the
    /// cloud's.
    pub(crate) fn is_equal(&self, there: &Attributes, wanted: &Attributes) -> bool {
        if matches!(self.calls, Calls::Single { .. }) {
            let mut keys = wanted.iter();
            return !there.contains_key(APART) && keys.all(|(key, value)| there.get(key) == Some(value));
        }
        let is_compared = |key: &str| self.member_id.is_none_or(|(id, _)| key != id);
        let bare = |member: &Attributes| -> Attributes {
            member
                .iter()
                .filter(|(key, _)| is_compared(key))
                .map(|(key, value)| (key.clone(), canonical(value)))
                .collect()
        };
        bare(there) == bare(wanted)
    }
}

/// A network in the one form in which it is compared: an address is one of its own, without host bits, IPv6 as short as
/// it can be. What was written, and what the cloud tells, is left as it is: by that it is found again.
fn canonical(value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    match form::net(text) {
        Ok(net) | Err(Some(net)) => Value::from(net.to_string()),
        Err(None) => value.clone(),
    }
}
