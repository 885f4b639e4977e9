//! What joins resources to each other: relations (a disk's server) and parts (a group's rules). Decided when it is
//! known what becomes of everything else, since partners may come, go and be made anew.
//!
//! Does not know by which calls two are joined; the type's rows do.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::decide::{self, Decision, Place};
use super::dependencies::references;
use super::inherit::{Heirloom, heirlooms};
use crate::address::{Address, Object};
use crate::change::{AttributeChange, Fate};
use crate::config;
use crate::live::Observed;
use crate::live::{TAG_ADDRESS, TAG_OPERATION, TAG_PROJECT, TAG_STACK};
use crate::step::Step;
use crate::task::{Phase, Task};
use crate::types::ResourceType;
use crate::types::joining::{self, Members};
use crate::types::{APART, Heirs, Identity, Owner, Part, Partner, Relation, ToChange, ToMake};
use crate::value::{Attributes, Reference, Value};

/// A partner that goes away while something that was joined to it stays.
pub(super) struct Survival {
    pub(super) partner: Address,
    /// What is told of it at the partner.
    pub(super) words: String,
}

/// Adds what joins a resource of the configuration to others.
pub(super) fn wanted<'a>(
    context: &Context<'a>,
    resource: &config::Resource,
    decision: &mut Decision<'a>,
) -> Vec<Survival> {
    if decision.change.fate == Fate::Withheld {
        return Vec::new();
    }
    let Some(decided) = context.decided(&resource.address) else {
        return Vec::new();
    };
    let mut joiner = Joiner {
        context,
        resource,
        kept: decided.kept,
        // In the form in which values are compared, with what was decided later filled in.
        attributes: match decided.kept {
            Some(observed) => decide::Wanted::new(context, resource).if_it_stays(observed),
            None => decide::Wanted::new(context, resource),
        }
        .attributes,
        decision,
        survivals: Vec::new(),
    };
    for relation in resource.resource_type.relations {
        joiner.relation(relation);
    }
    for part in resource.resource_type.parts {
        joiner.part(part);
    }
    joiner.survivals
}

/// What this plan leaves in the cloud and manages no more, and the cloud would remove together with its partner.
pub(super) struct Along<'a> {
    type_name: &'a str,
    id: &'a str,
    keep: fn(&str, &str) -> Step,
}

/// All of these, by the id of the partner.
pub(super) fn along<'a>(context: &Context<'a>) -> BTreeMap<&'a str, Vec<Along<'a>>> {
    let live = context.inputs.live;
    let let_go = (live.resources.iter())
        .filter(|(address, _)| decide::let_go(context, address).is_some())
        .map(|(address, observed)| (address.type_name(), observed));
    // The state knows nothing of these, and no file wants them.
    let strays = (live.strays.iter())
        .filter(|stray| context.owner(&stray.observed.id).is_none())
        .map(|stray| (stray.type_name.as_str(), &stray.observed));
    let mut along: BTreeMap<&str, Vec<Along<'_>>> = BTreeMap::new();
    for (type_name, observed) in let_go.chain(strays) {
        let relations = context
            .inputs
            .types
            .get(type_name)
            .map_or(&[][..], |one| one.relations);
        for relation in relations {
            let goes = (relation.along.as_ref()).filter(|along| (along.goes)(&observed.attributes));
            if let Some((goes, partner)) = goes.zip(text(&observed.attributes, relation.attribute)) {
                along.entry(partner).or_default().push(Along {
                    type_name,
                    id: &observed.id,
                    keep: goes.keep,
                });
            }
        }
    }
    along
}

/// Tells of one that is let go of and goes all the same, since it is nothing without its parent.
pub(super) fn let_go(
    context: &Context<'_>,
    resource_type: &ResourceType,
    observed: &Observed,
    decision: &mut Decision<'_>,
) {
    if let Identity::Joined { parent, .. } = resource_type.identity
        && let Some(id) = text(&observed.attributes, parent).filter(|id| context.is_going(id))
    {
        let parent = context
            .owner(id)
            .map_or_else(|| id.to_owned(), ToString::to_string);
        let id = &observed.id;
        decision.change.reasons = vec![format!(
            "it is nothing without {parent}, which goes; [[removed]] cannot keep it"
        )];
        decision.change.lost.push(format!("{id} goes with {parent}"));
    }
}

/// Adds what lets a resource go before it is removed: it leaves its partners, and what in it names others that are
/// removed as well is taken out. `leftover` is the position of one that was moved aside.
pub(super) fn unwanted(
    context: &Context<'_>,
    address: &Address,
    leftover: Option<usize>,
    resource_type: &'static ResourceType,
    observed: &Observed,
    along: &[Along<'_>],
    decision: &mut Decision<'_>,
) {
    let own = Value::from(observed.id.as_str());
    let owner = Owner {
        region: context.inputs.region,
        address,
        tags: &[],
        own: &|name| own_value(observed, name),
    };
    let ours = [TAG_STACK, TAG_PROJECT, TAG_ADDRESS, TAG_OPERATION].map(|tag| (tag.to_owned(), Value::Token));
    let mut steps = Vec::new();
    // Where nothing has to pass first, the delete parts them.
    for relation in resource_type.relations.iter().filter(|one| one.status.is_some()) {
        if let Some(partner) = text(&observed.attributes, relation.attribute) {
            steps.extend(joining::leave(relation, &own, partner, context.inputs.region));
        }
    }
    for part in resource_type.parts {
        let members = part.members(&observed.attributes);
        let kept = of_successor(context, address, part);
        // What is apart from one that was moved aside may be its successor's.
        let is_left = |member: &Attributes| {
            let id = part.member_id.and_then(|(key, _)| member.get(key)?.as_str());
            leftover.is_none()
                && id.is_none_or(|id| context.owner(id).is_none())
                && !kept.iter().any(|one| one.before == *member)
        };
        // Its owner does not take along what somebody, or an interrupted run, has taken off it.
        let goes_alone =
            |member: &Attributes| (part.goes)(member) && member.contains_key(APART) && is_left(member);
        let others: Vec<&Attributes> = members
            .iter()
            .filter(|member| {
                let mut named = resource_type.ids_in(part, member).into_iter();
                part.out_first
                    || named.any(|id| id != observed.id && context.is_going(id))
                    || goes_alone(member)
            })
            .collect();
        let change = Members {
            removed: others,
            ..Members::default()
        };
        steps.extend(joining::change_members(resource_type, part, &owner, &change, 0));
        steps.extend(keep_for_successor(context, address, part, &kept));
        if let Some(heirs) = &part.heirs {
            let ours = Owner { tags: &ours, ..owner };
            let staying = members.iter().filter(|one| !(part.goes)(one) && is_left(one));
            steps.extend(staying.flat_map(|one| (heirs.let_go)(&ours, one)));
        }
    }
    for one in along {
        steps.push((one.keep)(one.id, context.inputs.region));
        let words = format!("{} {} stays, and is managed by nobody", one.type_name, one.id);
        decision.change.kept.push(words);
    }
    if steps.is_empty() {
        return;
    }
    let object = match leftover {
        None => Object::now(address.clone()),
        Some(_) => Object::old(address.clone(), observed.id.as_str()),
    };
    let phase = Phase::LetGo;
    let task = Task {
        steps,
        owes: BTreeMap::from([("id".to_owned(), "delete".to_owned())]),
        location: context.location(address),
        ..Task::new(object, Some(&observed.id), phase)
    };
    decision.tasks.insert(Place { phase, leftover }, task);
}

/// The one that is there and makes room for a new one.
fn predecessor<'a>(context: &Context<'a>, address: &Address) -> Option<&'a Observed> {
    context.replaced(address)?;
    context.inputs.live.resources.get(address)
}

/// The steps that let members stay which come to the one that is made in its place.
fn keep_for_successor(context: &Context<'_>, address: &Address, part: &Part, kept: &[Heirloom]) -> Vec<Step> {
    match (&part.heirs, context.wanted(address)) {
        (Some(heirs), Some(resource)) => keep_all(context, resource, heirs, kept),
        _ => Vec::new(),
    }
}

/// What comes to the one that is made in its place.
fn of_successor(context: &Context<'_>, address: &Address, part: &Part) -> Vec<Heirloom> {
    let Some((resource, old)) = context.wanted(address).zip(predecessor(context, address)) else {
        return Vec::new();
    };
    let attributes = decide::Wanted::new(context, resource).attributes;
    heirlooms(context, resource, &attributes, Some(old), part)
}

/// The steps that let these stay, as far as they are not apart already.
fn keep_all(
    context: &Context<'_>,
    resource: &config::Resource,
    heirs: &Heirs,
    kept: &[Heirloom],
) -> Vec<Step> {
    let attributes = decide::Wanted::new(context, resource).attributes;
    let mut tags = decide::tags_of_new(context, resource, &attributes);
    // It is made by no operation of this run.
    tags.retain(|(_, value)| *value != Value::Token);
    let owner = Owner {
        region: context.inputs.region,
        address: &resource.address,
        tags: &tags,
        own: &|_| Value::unknown(),
    };
    let there = kept.iter().filter(|one| !one.before.contains_key(APART));
    there.flat_map(|one| (heirs.keep)(&owner, &one.before)).collect()
}

struct Joiner<'d, 'a, 'c> {
    context: &'c Context<'a>,
    resource: &'c config::Resource,
    /// What stays; none if it is made.
    kept: Option<&'a Observed>,
    attributes: Attributes,
    decision: &'d mut Decision<'a>,
    survivals: Vec<Survival>,
}

impl Joiner<'_, '_, '_> {
    fn address(&self) -> &Address {
        &self.resource.address
    }

    /// Its id, as a step names it.
    fn own(&self) -> Value {
        match self.kept {
            Some(observed) => Value::from(observed.id.as_str()),
            None => Value::from(Reference {
                address: self.address().clone(),
                attribute: "id".to_owned(),
            }),
        }
    }

    /// The same for any attribute of its own.
    fn own_value(&self, name: &str) -> Value {
        match self.kept {
            Some(observed) => own_value(observed, name),
            None => Value::Reference(Box::new(Reference {
                address: self.address().clone(),
                attribute: name.to_owned(),
            })),
        }
    }

    /// A task of it to which steps are added.
    fn task(&mut self, phase: Phase) -> &mut Task {
        let object = match self.kept {
            Some(_) => Object::now(self.address().clone()),
            None => Object::next(self.address().clone()),
        };
        let id = self.kept.map(|observed| observed.id.as_str());
        let location = self.resource.location.clone();
        self.decision.tasks.entry(phase.into()).or_insert_with(|| Task {
            location: Some(location),
            ..Task::new(object, id, phase)
        })
    }

    fn relation(&mut self, relation: &'static Relation) {
        let context = self.context;
        let region = context.inputs.region;
        // The create has it.
        if self.kept.is_none() && relation.with_create {
            return;
        }
        let wanted = self.attributes.get(relation.attribute).cloned();
        let has = self
            .kept
            .and_then(|kept| text(&kept.attributes, relation.attribute));
        let partner_goes = has.is_some_and(|id| context.is_going(id));
        // A partner that is made now has no id yet, so it is another one than any that is there.
        let pinned = has
            .and_then(|id| context.owner(id))
            .filter(|partner| relation.pins && context.moves(partner));
        let is_there = has.is_some() && wanted.as_ref().and_then(Value::as_str) == has;
        if is_there && !partner_goes && pinned.is_none() {
            self.decision.change.unchanged += 1;
            self.change_joined(relation);
            return;
        }
        // What a run that was interrupted may have joined is ours to part.
        let was_managed = context.known(self.address()).is_some_and(|known| {
            known.attributes.contains_key(relation.attribute)
                || known.unsettled.contains_key(relation.attribute)
        }) || context.is_open(self.address(), relation.join.name);
        if wanted.is_none() && !partner_goes && !was_managed {
            return;
        }
        if has.is_none() && wanted.is_none() {
            return;
        }
        let own = self.own();
        if let Some(partner) = has {
            let mut steps = joining::leave(relation, &own, partner, region);
            if wanted.is_none() {
                steps.extend((relation.follow_up)(&self.attributes, &own));
            }
            self.task(Phase::LetGo).steps.extend(steps);
            if partner_goes
                && relation.survives
                && let Some(address) = context.owner(partner)
            {
                let words = self.survival(relation, wanted.is_some());
                self.survivals.push(Survival {
                    partner: address.clone(),
                    words,
                });
            }
        }
        if let Some(partner) = &wanted
            && let Some(kind) = partner_type(relation, partner)
        {
            let attributes = self.attributes.clone();
            let mut steps = joining::join(relation, kind, &own, partner, &attributes, region);
            if self.kept.is_some() {
                steps.extend((relation.follow_up)(&attributes, &own));
            }
            self.task(Phase::Join).steps.extend(steps);
        }
        if is_there && let Some(partner) = pinned {
            let reason = format!("{partner} moves, which it cannot while the two are joined");
            self.decision.change.reasons.push(reason);
        } else if self.kept.is_some() {
            let before = has.map(Value::from);
            let change = AttributeChange::plain(relation.attribute, before, wanted);
            self.decision.change.attributes.push(change);
        }
    }

    /// Two that stay joined: what would go with the joining call is changed by an action of its own.
    fn change_joined(&mut self, relation: &Relation) {
        let Some(kept) = self.kept else { return };
        let differs = |name: &&str| {
            let wanted = self.attributes.get(*name);
            wanted.is_some() && wanted != kept.attributes.get(*name)
        };
        let changed: Vec<&str> = relation.join_attributes.iter().copied().filter(differs).collect();
        if changed.is_empty() {
            return;
        }
        let resource_type = self.resource.resource_type;
        let steps = (resource_type.steps.update)(&ToChange {
            wanted: ToMake {
                resource_type,
                address: self.address(),
                region: self.context.inputs.region,
                attributes: &self.attributes,
                tags: &[],
            },
            id: &kept.id,
            before: &kept.attributes,
            changed: &changed,
            tags_set: &[],
            tags_removed: &[],
        });
        self.task(Phase::Change).steps.extend(steps);
    }

    /// What is told at a partner that goes while this one stays.
    fn survival(&self, relation: &Relation, is_joined_again: bool) -> String {
        let id = self.kept.map_or("", |kept| kept.id.as_str());
        let then = if is_joined_again {
            format!("{}, then {}", relation.leave_name, relation.join_name)
        } else {
            relation.leave_name.to_owned()
        };
        format!("{} ({id}): {then}", self.address())
    }

    /// Of members that nobody manages any more only those are taken out that stand in the way of a removal.
    fn let_go_of_what_goes(&mut self, part: &'static Part) {
        let context = self.context;
        let resource_type = self.resource.resource_type;
        let Some(kept) = self.kept else { return };
        let members = part.members(&kept.attributes);
        let leaving = if part.out_first && !members.is_empty() {
            self.values_of_what_leaves(kept)
        } else {
            BTreeSet::new()
        };
        let removed: Vec<&Attributes> = members
            .iter()
            .filter(|member| {
                let named = resource_type.ids_in(part, member);
                let mut texts = member.values().filter_map(Value::as_str);
                named.iter().any(|id| context.is_going(id)) || texts.any(|text| leaving.contains(text))
            })
            .collect();
        if removed.is_empty() {
            return;
        }
        let change = Members {
            removed,
            ..Members::default()
        };
        let owner = Owner {
            region: context.inputs.region,
            address: &self.resource.address,
            tags: &[],
            own: &|name| self.own_value(name),
        };
        let steps = joining::change_members(resource_type, part, &owner, &change, 0);
        self.task(Phase::LetGo).steps.extend(steps);
        let before = kept.attributes.get(part.attribute).cloned();
        let change = AttributeChange::plain(part.attribute, before, None);
        self.decision.change.attributes.push(change);
    }

    /// What the cloud tells of those that are joined to this one and leave it: addresses that are bound here now.
    fn values_of_what_leaves(&self, kept: &Observed) -> BTreeSet<&str> {
        let context = self.context;
        let mut values = BTreeSet::new();
        for (address, observed) in &context.inputs.live.resources {
            let Some(resource_type) = context.inputs.types.get(address.type_name()) else {
                continue;
            };
            let leaves = resource_type.relations.iter().any(|relation| {
                if text(&observed.attributes, relation.attribute) != Some(&kept.id) {
                    return false;
                }
                let decided = context.decided(address).map(|one| &one.attributes);
                let was_managed = || context.known(address)?.attributes.get(relation.attribute);
                context.is_going(&observed.id)
                    || match decided.and_then(|wanted| wanted.get(relation.attribute)) {
                        Some(partner) => context.resolve(partner).as_str() != Some(&kept.id),
                        None => was_managed().is_some(),
                    }
            });
            if leaves {
                let told = resource_type
                    .attributes
                    .iter()
                    .filter(|attribute| attribute.computed);
                values.extend(told.filter_map(|attribute| text(&observed.attributes, attribute.name)));
            }
        }
        values
    }

    /// What was another one's comes to the new one when that is there.
    fn inherit(&mut self, part: &'static Part) {
        let context = self.context;
        let old = predecessor(context, self.address());
        let kept = heirlooms(context, self.resource, &self.attributes, old, part);
        self.take_over(part, kept);
    }

    /// What an earlier run has left with one that it moved aside, among what would be made.
    fn of_moved_aside(&self, part: &Part, change: &Members<'_>) -> Vec<Heirloom> {
        let context = self.context;
        let Some(aside) = context.inputs.live.deposed.get(self.address()) else {
            return Vec::new();
        };
        let mut kept = heirlooms(context, self.resource, &self.attributes, aside, part);
        kept.retain(|one| change.added.iter().any(|member| **member == one.wanted));
        kept
    }

    /// It stays when its owner goes, and then comes to this one.
    fn take_over(&mut self, part: &'static Part, mut kept: Vec<Heirloom>) {
        let context = self.context;
        let refused = kept
            .iter()
            .find_map(|one| (part.refuse)(&one.before, &one.wanted));
        if let Some(words) = refused {
            let finding = decide::refusal(self.resource, part.attribute, words);
            self.decision.withhold(finding);
            return;
        }
        if kept.is_empty() {
            return;
        }
        if self.kept.is_some()
            && let Some(heirs) = &part.heirs
        {
            let steps: Vec<Step> = keep_all(context, self.resource, heirs, &kept);
            self.task(Phase::LetGo).steps.extend(steps);
            let words = kept.iter().map(|one| (heirs.words)(&one.before));
            self.decision.change.kept.extend(words);
        }
        for one in &mut kept {
            one.before.insert(APART.to_owned(), Value::Bool(true));
        }
        let change = Members {
            modified: kept.iter().map(|one| (&one.before, &one.wanted)).collect(),
            ..Members::default()
        };
        let owner = Owner {
            region: context.inputs.region,
            address: &self.resource.address,
            tags: &[],
            own: &|name| self.own_value(name),
        };
        let steps = joining::change_members(self.resource.resource_type, part, &owner, &change, 0);
        self.task(Phase::Join).steps.extend(steps);
    }

    fn part(&mut self, part: &'static Part) {
        // The create has them, but for those of a predecessor.
        if self.kept.is_none() && part.with_create {
            self.inherit(part);
            return;
        }
        if !self.attributes.contains_key(part.attribute) {
            self.let_go_of_what_goes(part);
            return;
        }
        let wanted = part.members(&self.attributes);
        let mut before = self
            .kept
            .map(|kept| part.members(&kept.attributes))
            .unwrap_or_default();
        // What has a block of its own, a disk that is imported say, is no member.
        before.retain(|member| {
            let id = part.member_id.and_then(|(key, _)| member.get(key)?.as_str());
            id.and_then(|id| self.context.owner(id)).is_none()
        });
        let mut change = Members::between(part, &before, &wanted);
        let kept = self.of_moved_aside(part, &change);
        change
            .added
            .retain(|member| !kept.iter().any(|one| one.wanted == **member));
        self.take_over(part, kept);
        // Its owner moves without them, and is given what is wanted when it is there.
        let is_bare =
            part.pins && self.kept.is_some() && self.context.moves(self.address()) && !before.is_empty();
        if is_bare {
            change.removed = before.iter().collect();
            change.added = wanted.iter().collect();
            change.modified.clear();
        }
        let context = self.context;
        let resource_type = self.resource.resource_type;
        let address = self.address().clone();
        // What names another that is made now waits for it; what names one that goes must be out before.
        let waits = |member: &Attributes| {
            member
                .values()
                .flat_map(references)
                .filter(|reference| reference.address != address)
                .any(|reference| {
                    context.is_made(&reference.address) || context.joins(&reference.address, &address)
                })
        };
        // What holds an address fast waits until the address is there, although its text is known.
        let is_held_up = part.out_first
            && self.resource.attributes.get(part.attribute).is_some_and(|value| {
                references(value)
                    .into_iter()
                    .any(|one| context.joins(&one.address, &address))
            });
        // What names something that comes only now holds what it names until then: it cannot become the other in between.
        if part.out_first {
            let is_parted = |(_, wanted): &(&Attributes, &Attributes)| is_held_up || waits(wanted);
            let (parted, modified) = change.modified.into_iter().partition(is_parted);
            let parted: Vec<_> = parted;
            change.removed.extend(parted.iter().map(|(before, _)| *before));
            change.added.extend(parted.iter().map(|(_, wanted)| *wanted));
            change.modified = modified;
        }
        if change.is_empty() {
            self.decision.change.unchanged += usize::from(self.kept.is_some());
            return;
        }
        let refused = change
            .modified
            .iter()
            .find_map(|(before, member)| (part.refuse)(before, member));
        let refused = refused.or_else(|| change.is_ambiguous.then_some(SEVERAL_NAMES));
        if let Some(words) = refused {
            let finding = decide::refusal(self.resource, part.attribute, words);
            self.decision.withhold(finding);
            return;
        }
        self.decision
            .change
            .lost
            .extend(change.removed.iter().filter_map(|member| (part.loss)(member)));
        let hints = change.modified.iter();
        let hints = hints.filter_map(|(before, member)| (part.hint)(before, member));
        self.decision.change.hints.extend(hints);
        let goes = |member: &&Attributes| {
            let mut named = resource_type.ids_in(part, member).into_iter();
            part.out_first || is_bare || named.any(|id| context.is_going(id))
        };
        let (late, added): (Vec<_>, Vec<_>) = change
            .added
            .iter()
            .copied()
            .partition(|member| is_held_up || is_bare || waits(member));
        let (early, removed): (Vec<_>, Vec<_>) = change.removed.iter().copied().partition(goes);
        let first = if self.kept.is_some() {
            Phase::Change
        } else {
            Phase::Make
        };
        let count = before.len();
        let batches = [
            (
                Phase::LetGo,
                Members {
                    removed: early,
                    ..Members::default()
                },
            ),
            (
                first,
                Members {
                    added,
                    modified: change.modified.clone(),
                    removed,
                    ..Members::default()
                },
            ),
            (
                Phase::Join,
                Members {
                    added: late,
                    ..Members::default()
                },
            ),
        ];
        let mut tags = decide::tags_of_new(context, self.resource, &self.attributes);
        let more = self.attributes.get(part.tagged_by).and_then(Value::as_map);
        let more = more.into_iter().flatten();
        tags.extend(more.map(|(key, value)| (key.as_str().to_owned(), value.clone())));
        let owner = Owner {
            region: context.inputs.region,
            address: &self.resource.address,
            tags: &tags,
            own: &|name| self.own_value(name),
        };
        let steps: Vec<(Phase, Vec<Step>)> = batches
            .into_iter()
            .filter(|(_, members)| !members.is_empty())
            .map(|(phase, members)| {
                (
                    phase,
                    joining::change_members(resource_type, part, &owner, &members, count),
                )
            })
            .collect();
        for (phase, steps) in steps {
            self.task(phase).steps.extend(steps);
        }
        if let Some(kept) = self.kept {
            let before = kept.attributes.get(part.attribute).cloned();
            let after = self.attributes.get(part.attribute).cloned();
            self.decision
                .change
                .attributes
                .push(AttributeChange::plain(part.attribute, before, after));
        }
    }
}

/// Why nothing is guessed where several members have new names.
const SEVERAL_NAMES: &str = "more than one that is there may have a new name, and what is on one would be lost for another: \
                             give them their names one apply after the other, or take out first what is to go";

/// An attribute of one that exists.
fn own_value(observed: &Observed, name: &str) -> Value {
    let found = observed.attributes.get(name).cloned();
    match name {
        "id" => Value::from(observed.id.as_str()),
        _ => found.unwrap_or_else(Value::unknown),
    }
}

fn text<'v>(attributes: &'v Attributes, name: &str) -> Option<&'v str> {
    attributes
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Which kind of partner a value names: by the type of the resource, or by how its id begins.
fn partner_type(relation: &'static Relation, partner: &Value) -> Option<&'static Partner> {
    let is_it = |kind: &&Partner| match partner {
        Value::Reference(reference) => reference.address.type_name() == kind.type_name,
        Value::String(id) => id.starts_with(kind.id_prefix),
        _ => false,
    };
    relation.partners.iter().find(is_it)
}
