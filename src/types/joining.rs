//! What joins a resource to others, as steps: relations, by a call that joins and one that parts; parts, by calls that
//! add, change and take out members.
//!
//! Pure. Does not know when two are joined.

use super::attribute::{Attribute, Kind};
use super::part::{Calls, Owner, Part};
use super::relation::{Partner, Relation};
use super::resource_type::ResourceType;
use super::steps::call;
use crate::api::Action;
use crate::step::{Call, Shows, Step, Yield};
use crate::value::{Attributes, Value};

/// The steps that join one to its partner.
pub(crate) fn join(
    relation: &'static Relation,
    kind: &'static Partner,
    own: &Value,
    partner: &Value,
    attributes: &Attributes,
    region: &str,
) -> Vec<Step> {
    let mut params = params(relation, kind, own, partner);
    for name in relation.join_attributes {
        if let Some(value) = attributes.get(*name) {
            params.insert(super::attribute::pascal_case(name), value.clone());
        }
    }
    let mut step = Step::call(
        relation.join_name,
        relation_call(relation.join, relation.told_in[0], region, params),
    );
    step.shows = if relation.costly {
        Shows::Detail {
            attribute: relation.attribute,
            value: partner.clone(),
        }
    } else {
        Shows::Attributes(Attributes::from([(
            relation.attribute.to_owned(),
            partner.clone(),
        )]))
    };
    let wait = relation.status.map(|(joined, _)| {
        Step::wait_status(
            format!("wait until {}", words(joined)),
            joined,
            relation.timeout_s,
        )
    });
    std::iter::once(step).chain(wait).collect()
}

/// The steps that part one from its partner.
pub(crate) fn leave(relation: &'static Relation, own: &Value, partner: &str, region: &str) -> Vec<Step> {
    let kind = relation
        .partners
        .iter()
        .find(|kind| partner.starts_with(kind.id_prefix));
    let Some(kind) = kind else { return Vec::new() };
    let params = params(relation, kind, own, &Value::from(partner));
    let mut step = Step::call(
        relation.leave_name,
        relation_call(relation.leave, relation.told_in[1], region, params),
    );
    step.shows = if relation.costly {
        Shows::Detail {
            attribute: relation.attribute,
            value: Value::from(""),
        }
    } else {
        Shows::Without(relation.attribute)
    };
    let wait = relation
        .status
        .map(|(_, left)| Step::wait_status(format!("wait until {}", words(left)), left, relation.timeout_s));
    std::iter::once(step).chain(wait).collect()
}

fn relation_call(action: &'static Action, told_in: &'static str, region: &str, params: Attributes) -> Call {
    let call = call(action, region, params);
    match told_in {
        "" => call,
        list => Call {
            yields: Yield::Each { list },
            ..call
        },
    }
}

fn params(relation: &Relation, kind: &Partner, own: &Value, partner: &Value) -> Attributes {
    let own = if relation.own_list {
        Value::JsonText(Box::new(Value::List(vec![own.clone()])))
    } else {
        own.clone()
    };
    let own = (relation.own_param.to_owned(), own);
    let partner = (relation.partner_param.to_owned(), partner.clone());
    let more = kind
        .params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    [own, partner].into_iter().chain(more).collect()
}

/// A status for people: `In_use` is `in use`, `InUse` as well.
fn words(status: &str) -> String {
    let mut words = String::new();
    for (index, letter) in status.char_indices() {
        if letter == '_' {
            words.push(' ');
        } else {
            if letter.is_ascii_uppercase() && index > 0 && !words.ends_with(' ') {
                words.push(' ');
            }
            words.push(letter.to_ascii_lowercase());
        }
    }
    words
}

/// What changes in a set of parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members<'a> {
    pub(crate) added: Vec<&'a Attributes>,
    /// As it is, and as it is wanted.
    pub(crate) modified: Vec<(&'a Attributes, &'a Attributes)>,
    pub(crate) removed: Vec<&'a Attributes>,
    /// Whether more than one may have a new name.
    pub(crate) is_ambiguous: bool,
}

impl<'a> Members<'a> {
    /// What differs between two sets.
    pub(crate) fn between(part: &Part, before: &'a [Attributes], wanted: &'a [Attributes]) -> Members<'a> {
        let index = |members: &'a [Attributes]| -> std::collections::BTreeMap<String, &'a Attributes> {
            members
                .iter()
                .map(|member| (part.identity(member), member))
                .collect()
        };
        let (was, will) = (index(before), index(wanted));
        let mut change = Members::default();
        for (identity, member) in &will {
            match was.get(identity) {
                None => change.added.push(member),
                Some(old) if !part.is_equal(old, member) => change.modified.push((old, member)),
                Some(_) => {}
            }
        }
        change.removed = was
            .iter()
            .filter(|(identity, _)| !will.contains_key(*identity))
            .map(|(_, member)| *member)
            .collect();
        change.find_renamed(part);
        change
    }

    /// One that goes and one that comes and are alike are one that has a new name. Of several nobody knows which is which.
    fn find_renamed(&mut self, part: &Part) {
        let added = self.added.iter().enumerate();
        let pairs: Vec<(usize, usize)> = added
            .flat_map(|(to, new)| {
                let removed = self.removed.iter().enumerate();
                let alike = removed.filter(|(_, old)| part.is_renamed(old, new));
                alike.map(move |(from, _)| (from, to)).collect::<Vec<_>>()
            })
            .collect();
        match pairs[..] {
            [] => {}
            [(from, to)] => {
                let pair = (self.removed.remove(from), self.added.remove(to));
                self.modified.push(pair);
            }
            _ => self.is_ambiguous = true,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

/// The calls that bring a set of parts into line: new ones first, so that nobody is shut out for a moment; then what
/// changes; then what goes. Where all of them together would be more than there may be, some go before each batch that
/// comes. `count` is how many there are.
pub(crate) fn change_members(
    resource_type: &'static ResourceType,
    part: &'static Part,
    owner: &Owner<'_>,
    change: &Members<'_>,
    count: usize,
) -> Vec<Step> {
    match part.calls {
        Calls::Single { add, modify, remove } => {
            let removed = change.removed.iter().flat_map(|member| remove(owner, member));
            let modified = change.modified.iter();
            let modified = modified.flat_map(|(before, member)| modify(owner, before, member));
            let added = change.added.iter().flat_map(|member| add(owner, member));
            removed.chain(modified).chain(added).collect()
        }
        Calls::Many {
            add,
            remove,
            modify,
            list_param,
        } => {
            let parts = PartSteps {
                part,
                table: resource_type.members_table(part),
                region: owner.region,
                id_param: resource_type.id_param,
                id: (owner.own)("id"),
                add,
                remove,
                modify,
                list_param,
            };
            exchange(&parts, change, count)
        }
    }
}

/// New ones first, and before each batch of them as many out as there is no room for.
fn exchange(parts: &PartSteps<'_>, change: &Members<'_>, count: usize) -> Vec<Step> {
    let part = parts.part;
    let mut steps = Vec::new();
    let (mut added, mut removed) = (change.added.as_slice(), change.removed.as_slice());
    let mut there = count;
    while !added.is_empty() {
        let free = part.limit.saturating_sub(there);
        if free < added.len() && !removed.is_empty() {
            let (out, rest) = removed.split_at(removed.len().min(part.per_call));
            steps.extend(parts.remove(out));
            (removed, there) = (rest, there - out.len().min(there));
        }
        let room = part.limit.saturating_sub(there).clamp(1, part.per_call);
        let (batch, rest) = added.split_at(added.len().min(room));
        steps.extend(parts.add(batch));
        (added, there) = (rest, there + batch.len());
    }
    for (before, member) in &change.modified {
        steps.extend(parts.modify(before, member));
    }
    steps.extend(parts.remove(removed));
    steps
}

/// The calls about parts of one resource.
struct PartSteps<'a> {
    part: &'static Part,
    /// The keys of a member.
    table: &'static [Attribute],
    region: &'a str,
    id_param: &'static str,
    id: Value,
    add: &'static Action,
    remove: &'static Action,
    modify: Option<&'static Action>,
    list_param: &'static str,
}

impl PartSteps<'_> {
    fn add(&self, members: &[&Attributes]) -> Vec<Step> {
        self.list("add", self.add, members)
    }

    fn remove(&self, members: &[&Attributes]) -> Vec<Step> {
        self.list("remove", self.remove, members)
    }

    fn list(&self, verb: &str, action: &'static Action, members: &[&Attributes]) -> Vec<Step> {
        members
            .chunks(self.part.per_call)
            .map(|chunk| {
                let list = chunk.iter().map(|member| Value::Map(self.params(member)));
                let params = Attributes::from([
                    (self.id_param.to_owned(), self.id.clone()),
                    (self.list_param.to_owned(), Value::List(list.collect())),
                ]);
                let plural = if chunk.len() == 1 { "" } else { "s" };
                let name = format!("{verb} {} {}{plural}", chunk.len(), self.part.noun);
                Step::call(name, call(action, self.region, params))
            })
            .collect()
    }

    fn modify(&self, before: &Attributes, member: &Attributes) -> Option<Step> {
        let mut params = self.params(member);
        params.insert(self.id_param.to_owned(), self.id.clone());
        // An empty text takes a description away.
        let texts = self.table.iter().filter(|attribute| {
            matches!(attribute.kind, Kind::String | Kind::Form(_)) && !self.part.key.contains(&attribute.name)
        });
        for param in texts.filter_map(Attribute::param_path) {
            params.get_or_insert_with(param, || Value::from(""));
        }
        if let Some((key, param)) = self.part.member_id
            && let Some(id) = before.get(key)
        {
            params.insert(param.to_owned(), id.clone());
        }
        let modify = call(self.modify?, self.region, params);
        Some(Step::call(format!("change 1 {}", self.part.noun), modify))
    }

    fn params(&self, member: &Attributes) -> Attributes {
        self.table
            .iter()
            .filter_map(|attribute| Some((attribute.param_path()?, member.get(attribute.name)?.clone())))
            .collect()
    }
}
