//! A cloud that consists of what plans say: every task does what its type's table promises, and whatever would be
//! refused by a real one is an error.
//!
//! Knows no requests: what the API really does with them is the simulator's business and is proved elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;

use crate::address::{Address, Life, Object};
use crate::config::{self, Config};
use crate::diagnostic::Diagnostic;
use crate::env::FileSystem as _;
use crate::env::chance::Chance;
use crate::env::memory::MemoryDisk;
use crate::live::{Live, Observed, Stray, TAG_ADDRESS, TAG_OPERATION, TAG_PROJECT, TAG_STACK};
use crate::plan::{self, Fingerprints, Inputs, Plan, Selection, bytes_of};
use crate::state::{Effect, Intent, IntentDraft, Resource, State};
use crate::step::{Call, StepKind};
use crate::task::{Phase, Task};
use crate::types::{self, Kind, Relation, ResourceType, Types};
use crate::value::{AttributeName, Attributes, Reference, SecretSource, Tags, Value};

/// What exists, and what is remembered of it.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) state: State,
    /// What exists, by id.
    pub(super) objects: BTreeMap<String, Thing>,
    /// Strays are found by their tags, as a refresh does.
    made: usize,
    /// What a look ahead would find.
    pub(super) impossible: BTreeMap<Address, Diagnostic>,
    /// What was asked for.
    pub(super) selection: Selection,
    /// Whether it shows what a cloud computes or chooses for a new one: addresses, and the VPC of a server.
    pub(super) computes: bool,
    /// What `[[import]]` has been read as: ids of objects, by address.
    pub(super) imports: BTreeMap<Address, String>,
}

#[derive(Clone)]
pub(super) struct Thing {
    pub(super) type_name: String,
    pub(super) observed: Observed,
}

impl Model {
    pub(super) fn new() -> Model {
        Model {
            state: State::begin(&Zeros),
            objects: BTreeMap::new(),
            made: 0,
            impossible: BTreeMap::new(),
            selection: Selection::default(),
            computes: false,
            imports: BTreeMap::new(),
        }
    }

    /// A model in which this has been applied.
    pub(super) fn with(config: &str) -> Model {
        let mut model = Model::new();
        model.apply(config);
        model
    }

    pub(super) fn live(&self) -> Live {
        let mut live = Live::default();
        let mut strays: BTreeMap<&String, &Thing> = self.objects.iter().collect();
        for (address, known) in &self.state.resources {
            if let Some(thing) = strays.remove(&known.id) {
                live.resources.insert(address.clone(), thing.observed.clone());
            }
            let old: Vec<Observed> = known
                .deposed
                .iter()
                .filter_map(|old| strays.remove(&old.id))
                .map(|thing| thing.observed.clone())
                .collect();
            if !old.is_empty() {
                live.deposed.insert(address.clone(), old);
            }
        }
        live.strays = strays
            .into_values()
            .filter(|thing| thing.observed.tags.contains_key(TAG_STACK))
            .map(|thing| Stray {
                type_name: thing.type_name.clone(),
                address: thing
                    .observed
                    .tags
                    .get(TAG_ADDRESS)
                    .and_then(|address| address.parse().ok()),
                token: thing.observed.tags.get(TAG_OPERATION).cloned(),
                observed: thing.observed.clone(),
            })
            .collect();
        let there = self.imports.iter().filter_map(|(address, id)| {
            let is_new = self
                .state
                .resources
                .get(address)
                .is_none_or(|known| known.id.is_empty());
            let thing = self.objects.get(id).filter(|_| is_new)?;
            Some((address.clone(), thing.observed.clone()))
        });
        live.imports = there.collect();
        live
    }

    pub(super) fn plan(&self, config: &str) -> Plan {
        self.plan_of(&read(config), false, &[])
    }

    pub(super) fn plan_destroy(&self, config: &str) -> Plan {
        self.plan_of(&read(config), true, &[])
    }

    pub(super) fn plan_of(&self, config: &Config, destroy: bool, open: &[Intent]) -> Plan {
        let live = self.live();
        let secrets = secrets(config, &self.state);
        let text = |bytes: &[u8]| self.state.hash_key.fingerprint(bytes);
        let plan = plan::make(&Inputs {
            config,
            types: &Types::all(),
            state: &self.state,
            open,
            live: &live,
            region: "cn-hangzhou",
            fingerprints: &Fingerprints {
                secrets: &secrets,
                text: &text,
            },
            take_over: false,
            destroy,
            selection: &self.selection,
            impossible: &self.impossible,
        });
        if plan.errors.is_empty() {
            let broken = plan::check(&plan, &self.state);
            assert!(broken.is_empty(), "{broken:?}\n{}", super::text(&plan));
        }
        plan
    }

    /// Plans and does it.
    pub(super) fn apply(&mut self, config: &str) -> Plan {
        let plan = self.plan(config);
        assert!(plan.errors.is_empty(), "{:?}", plan.errors);
        self.run(&plan, usize::MAX).unwrap();
        self.note_outputs(config);
        plan
    }

    /// Does a whole plan of this configuration and writes down its outputs, as a command does.
    pub(super) fn finish(&mut self, plan: &Plan, config: &str) -> Result<(), String> {
        self.run(plan, usize::MAX)?;
        self.note_outputs(config);
        Ok(())
    }

    /// The state is lost, and put together again from what exists.
    pub(super) fn rebuild(&mut self, config: &str) -> (plan::Rebuilt, plan::Tagless) {
        let config = read(config);
        let lineage = std::mem::take(&mut self.state.lineage);
        self.state = State::begin(&Zeros);
        self.state.lineage = lineage;
        let ours = self
            .objects
            .values()
            .filter(|thing| thing.observed.tags.get(TAG_STACK) == Some(&self.state.lineage));
        let mut found: Vec<Stray> = ours
            .map(|thing| Stray::of(&thing.type_name, thing.observed.clone()))
            .collect();
        let parents = plan::parents(&found);
        let inside = self.objects.values().filter(|thing| {
            let parents = parents.get(thing.type_name.as_str());
            let parent = thing.observed.id.split_once('/').map(|(parent, _)| parent);
            parent.is_some_and(|parent| parents.is_some_and(|all| all.contains(parent)))
        });
        let inside = inside.map(|thing| (types::find(&thing.type_name).unwrap(), thing.observed.clone()));
        let tagless = plan::tagless(&found, inside.collect(), &config);
        found.extend(tagless.ours.iter().cloned());
        let secrets = secrets(&config, &self.state);
        let key = self.state.hash_key.clone();
        let text = move |bytes: &[u8]| key.fingerprint(bytes);
        let fingerprints = Fingerprints {
            secrets: &secrets,
            text: &text,
        };
        let rebuilt = plan::rebuild(found, &config, &fingerprints);
        self.state.resources.clone_from(&rebuilt.resources);
        self.state.outputs.clone_from(&rebuilt.outputs);
        (rebuilt, tagless)
    }

    fn note_outputs(&mut self, config: &str) {
        let live = self.live();
        let look_up = |reference: &Reference| {
            let observed = live.resources.get(&reference.address)?;
            if reference.attribute == "id" {
                return Some(Value::from(observed.id.as_str()));
            }
            reference.find_in(&observed.attributes).cloned()
        };
        let outputs = read(config).outputs;
        self.state.outputs = outputs
            .into_iter()
            .map(|(name, output)| (name, output.value.resolve(&look_up)))
            .filter(|(_, value)| value.is_known())
            .map(|(name, value)| (name, value.to_json()))
            .collect();
    }

    /// Does the first tasks of a plan. The error is what a cloud would have refused.
    pub(super) fn run(&mut self, plan: &Plan, tasks: usize) -> Result<(), String> {
        let mut learnt: BTreeMap<Object, Attributes> = BTreeMap::new();
        let makes: BTreeSet<&Address> = plan
            .tasks
            .iter()
            .filter(|task| task.phase == Phase::Make)
            .map(|task| &task.object.address)
            .collect();
        let find = |learnt: &BTreeMap<Object, Attributes>, reference: &Reference| {
            let object = if makes.contains(&reference.address) {
                Object::next(reference.address.clone())
            } else {
                Object::now(reference.address.clone())
            };
            reference.find_in(learnt.get(&object)?).cloned()
        };
        let going: BTreeSet<&str> = plan
            .tasks
            .iter()
            .filter(|task| task.phase == Phase::Remove)
            .filter_map(|task| task.id.as_deref())
            .collect();
        // What each is to be when all is done.
        let mut ends: BTreeMap<&Address, &Attributes> = BTreeMap::new();
        for effect in plan.tasks.iter().flat_map(|task| &task.then) {
            if let Effect::Settle {
                address, attributes, ..
            } = effect
            {
                ends.insert(address, attributes);
            }
        }
        for task in plan.tasks.iter().take(tasks) {
            let look_up = |reference: &Reference| find(&learnt, reference);
            for step in &task.steps {
                if let StepKind::Call(call) = &step.kind {
                    for (name, value) in &call.params {
                        let value = value.resolve(&look_up);
                        let mut missing = BTreeSet::new();
                        value.references(&mut missing);
                        if let Some(missing) = missing.iter().find(|one| !task.learns(one)) {
                            return Err(format!(
                                "{} {}: {name} needs {missing}, which nobody has made",
                                task.object, step.name
                            ));
                        }
                    }
                }
            }
            let word = last_word(task, &look_up);
            let end = ends.get(&task.object.address).copied();
            let existing = self.exist(task, &word, (&going, end), &look_up)?;
            self.lend();
            self.entries_hold()?;
            if let Some(observed) = existing {
                let mut attributes = observed.attributes.clone();
                attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
                learnt.insert(task.object.clone(), attributes);
            }
            self.remember(task, &|reference| find(&learnt, reference), &learnt);
        }
        Ok(())
    }

    /// What a resource has only while another one is joined to it.
    fn lend(&mut self) {
        let mut lent: BTreeSet<(String, &str)> = BTreeSet::new();
        for thing in self.objects.values() {
            for relation in types::find(&thing.type_name).unwrap().relations {
                let partner = thing.observed.attributes.get(relation.attribute);
                if let Some(partner) = partner.and_then(Value::as_str) {
                    lent.extend(relation.lends.iter().map(|name| (partner.to_owned(), *name)));
                }
            }
        }
        for (id, thing) in &mut self.objects {
            let attributes = &mut thing.observed.attributes;
            attributes.retain(|name, value| {
                value.as_str() != Some(LENT) || lent.contains(&(id.clone(), name.as_str()))
            });
            for (_, name) in lent.iter().filter(|(partner, _)| partner == id) {
                attributes.get_or_insert_with(*name, || Value::from(LENT));
            }
        }
    }

    /// An address that an entry of a gateway uses is bound to the gateway, before the entry is there and until it is gone.
    fn entries_hold(&self) -> Result<(), String> {
        let bound = |address: &str, gateway: &str| {
            self.objects.values().any(|thing| {
                let has = |name: &str, value: &str| {
                    thing.observed.attributes.get(name).and_then(Value::as_str) == Some(value)
                };
                has("ip_address", address) && has("instance_id", gateway)
            })
        };
        for (id, gateway) in &self.objects {
            let entries = gateway.observed.attributes.get("snat").and_then(Value::as_list);
            for entry in entries.into_iter().flatten().filter_map(Value::as_map) {
                let used = entry.get("snat_ip").and_then(Value::as_str).unwrap_or_default();
                if used.starts_with("given-") && !bound(used, id) {
                    return Err(format!("{id} has an entry with {used}, which is not bound to it"));
                }
            }
        }
        Ok(())
    }

    /// What a task does to what exists.
    fn exist(
        &mut self,
        task: &Task,
        word: &Attributes,
        (going, end): (&BTreeSet<&str>, Option<&Attributes>),
        look_up: &dyn Fn(&Reference) -> Option<Value>,
    ) -> Result<Option<Observed>, String> {
        let object = &task.object;
        let Some(resource_type) = types::find(object.address.type_name()) else {
            return Ok(None);
        };
        let id = || {
            task.id.clone().or_else(|| {
                // A new one that another task of this plan has made.
                let tagged = self.objects.iter().filter(|(_, thing)| {
                    thing.observed.tags.get(TAG_ADDRESS) == Some(&object.address.to_string())
                        && object.life == Life::Next
                });
                // The youngest: ids end in numbers that grow.
                let youngest = tagged.max_by_key(|(id, _)| (id.len(), *id));
                youngest.map(|(id, _)| id.clone())
            })
        };
        match task.phase {
            Phase::Note => Ok(None),
            Phase::Make => {
                self.made += 1;
                let id = resource_type
                    .own_id(word)
                    .unwrap_or_else(|| format!("{}{}", resource_type.id_prefix, self.made));
                let own = |reference: &Reference| {
                    (reference.address == object.address).then(|| Value::from(id.as_str()))
                };
                let word: &Attributes = &word
                    .iter()
                    .map(|(name, value)| (name.clone(), value.resolve(&own)))
                    .collect();
                let mut observed = Observed {
                    id: id.clone(),
                    attributes: seen(resource_type, word),
                    tags: self.tags(object, resource_type),
                    created: Some(
                        Timestamp::from_second(1_800_000_000 + i64::try_from(self.made).unwrap()).unwrap(),
                    ),
                };
                put_tags(&mut observed, word);
                self.give(&mut observed, resource_type);
                self.place(&mut observed);
                self.demand(&observed, word, resource_type)?;
                let thing = Thing {
                    type_name: resource_type.name.to_owned(),
                    observed: observed.clone(),
                };
                self.objects.insert(id, thing);
                Ok(Some(observed))
            }
            Phase::Change | Phase::Join => {
                let id = id().ok_or("nothing to change")?;
                let ours = self.tags(object, resource_type);
                let thing = self.objects.get_mut(&id).ok_or(format!("{id} is gone"))?;
                for (name, value) in seen(resource_type, word) {
                    if word.contains_key(&name) || !thing.observed.attributes.contains_key(&name) {
                        thing.observed.attributes.insert(name, value);
                    }
                }
                let operation = thing.observed.tags.remove(TAG_OPERATION);
                thing.observed.tags.extend(ours);
                if let Some(operation) = operation {
                    thing.observed.tags.insert(TAG_OPERATION.to_owned(), operation);
                }
                put_tags(&mut thing.observed, word);
                let mut observed = thing.observed.clone();
                self.place(&mut observed);
                if let Some(thing) = self.objects.get_mut(&id) {
                    thing.observed.clone_from(&observed);
                }
                self.demand(&observed, word, resource_type)?;
                if resource_type.is_called_otherwise(&id, &observed.attributes)
                    && let Some(own) = resource_type.own_id(&observed.attributes)
                {
                    if self.objects.contains_key(&own) {
                        return Err(format!("{id} cannot become {own}, which is there"));
                    }
                    observed.id.clone_from(&own);
                    let thing = self.objects.remove(&id).map(|thing| Thing {
                        observed: observed.clone(),
                        ..thing
                    });
                    self.objects.extend(thing.map(|thing| (own, thing)));
                }
                Ok(Some(observed))
            }
            Phase::LetGo => {
                let id = id().ok_or("nothing lets go")?;
                let thing = self.objects.get_mut(&id).ok_or(format!("{id} is gone"))?;
                let calls = task.steps.iter().filter_map(|step| match &step.kind {
                    StepKind::Call(call) => Some(call),
                    StepKind::Wait(_) => None,
                });
                let calls: Vec<&Call> = calls.collect();
                // A change that was parted leaves its place by what it says in its calls.
                for attribute in resource_type.attributes {
                    let said = calls
                        .iter()
                        .find_map(|call| call.params.get(&attribute.param_path()?));
                    if let Some(said) = said {
                        let said = said.resolve(look_up);
                        thing.observed.attributes.insert(attribute.name.to_owned(), said);
                    }
                }
                let leaves =
                    |relation: &&Relation| calls.iter().any(|call| call.action.name == relation.leave.name);
                for relation in resource_type.relations.iter().filter(leaves) {
                    thing.observed.attributes.remove(relation.attribute);
                }
                for part in resource_type.parts {
                    let Some(Value::List(members)) = thing.observed.attributes.get_mut(part.attribute) else {
                        continue;
                    };
                    // The members that name what goes, and those that are not wanted any more and hold fast what is
                    // joined to it, or are to be somebody else's.
                    members.retain(|member| !names(member, going));
                    let ends = end.is_none() || task.id.as_deref().is_some_and(|id| going.contains(id));
                    if part.out_first && ends && !calls.is_empty() {
                        members.clear();
                    }
                    if let Some(end) = end.filter(|_| !calls.is_empty()) {
                        let wanted = part.members(end);
                        members.retain(|member| {
                            let alone =
                                Attributes::from([(part.attribute, Value::List(vec![member.clone()]))]);
                            part.members(&alone).iter().all(|one| {
                                // What is held fast is held by what a member says, not only by which it is.
                                let stays = |to: &Attributes| {
                                    !part.out_first
                                        || to.iter().all(|(key, value)| one.get(key) == Some(value))
                                };
                                wanted
                                    .iter()
                                    .any(|to| part.identity(to) == part.identity(one) && stays(to))
                            })
                        });
                    }
                }
                Ok(None)
            }
            Phase::Remove => {
                let id = task.id.clone().ok_or("nothing to remove")?;
                if let Some((user, _)) = self
                    .objects
                    .iter()
                    .find(|(other, thing)| **other != id && uses(thing, &id))
                {
                    return Err(format!("DependencyViolation: {id} of {object} is used by {user}"));
                }
                self.objects.remove(&id).ok_or(format!("{id} is gone already"))?;
                Ok(None)
            }
        }
    }

    /// Gives a new one what it has without having asked for it.
    fn give(&self, observed: &mut Observed, resource_type: &ResourceType) {
        let own = |(of, _): &&(&str, &str)| self.computes && *of == resource_type.name;
        for (_, name) in GIVEN.iter().filter(own) {
            let given = || Value::from(format!("given-{}", self.made));
            observed.attributes.get_or_insert_with(*name, given);
        }
    }

    /// A server is in the VPC and the zone of its vSwitch.
    fn place(&self, observed: &mut Observed) {
        if !self.computes {
            return;
        }
        let vswitch = observed.attributes.get("vswitch_id").and_then(Value::as_str);
        let vswitch = vswitch.and_then(|id| self.objects.get(id));
        for name in ["vpc_id", "zone_id"] {
            let value = vswitch.and_then(|vswitch| vswitch.observed.attributes.get(name));
            if let Some(value) = value.filter(|_| observed.id.starts_with("i-")) {
                observed.attributes.insert(name, value.clone());
            }
        }
    }

    /// The tags of infra for what is made or changed now.
    fn tags(&self, object: &Object, resource_type: &ResourceType) -> Tags {
        if resource_type.tagging.is_none() {
            return Tags::new();
        }
        Tags::from([
            (TAG_STACK.to_owned(), self.state.lineage.clone()),
            (TAG_PROJECT.to_owned(), "shop/default".to_owned()),
            (TAG_ADDRESS.to_owned(), object.address.to_string()),
            (TAG_OPERATION.to_owned(), format!("infra-{}", self.made)),
        ])
    }

    /// Whatever it names must exist, and what only one can have must be free.
    fn demand(
        &self,
        observed: &Observed,
        word: &Attributes,
        resource_type: &ResourceType,
    ) -> Result<(), String> {
        let mut named = BTreeSet::new();
        for (name, value) in word {
            if resource_type
                .attribute(name)
                .is_some_and(|found| matches!(found.kind, Kind::Id(_) | Kind::IdSet(_) | Kind::TableSet(_)))
            {
                ids(value, &mut named);
            }
        }
        for id in named {
            if id != observed.id && !self.objects.contains_key(&id) {
                return Err(format!("{} names {id}, which does not exist", observed.id));
            }
        }
        for (id, other) in &self.objects {
            let same = *id != observed.id
                && other.type_name == resource_type.name
                && excludes(resource_type, &observed.attributes, &other.observed.attributes);
            if same {
                return Err(format!("{} takes what {id} has", observed.id));
            }
        }
        Ok(())
    }

    /// What the state learns with a task, in the way in which the executor tells it.
    fn remember(
        &mut self,
        task: &Task,
        look_up: &dyn Fn(&Reference) -> Option<Value>,
        learnt: &BTreeMap<Object, Attributes>,
    ) {
        let address = &task.object.address;
        let resource_type = types::find(address.type_name());
        let key = self.state.hash_key.clone();
        let seal = |attributes: &Attributes| {
            sealed(resource_type, attributes, look_up, &|bytes| {
                key.fingerprint(bytes)
            })
        };
        if task.phase == Phase::Make {
            let id = learnt[&task.object]["id"].as_str().unwrap().to_owned();
            let entry = task.then.iter().find_map(|effect| match effect {
                Effect::Settle {
                    attributes,
                    dependencies,
                    lifecycle,
                    ..
                } => Some(Resource {
                    type_name: address.type_name().to_owned(),
                    attributes: seal(attributes),
                    dependencies: dependencies.clone(),
                    lifecycle: lifecycle.clone(),
                    ..Resource::default()
                }),
                _ => None,
            });
            let intent = Intent {
                seq: 1,
                draft: IntentDraft {
                    resource: entry.map(Box::new),
                    token: self.objects[&id].observed.tags.get(TAG_OPERATION).cloned(),
                    ..draft(&task.object)
                },
            };
            let made = Effect::Made {
                address: address.clone(),
                id,
                created_at: None,
            };
            self.state.apply(&made, Some(&intent));
        }
        for effect in &task.then {
            let mut effect = effect.clone();
            if let Effect::Settle { attributes, .. } = &mut effect {
                *attributes = seal(attributes);
            }
            self.state.apply(&effect, None);
        }
        let known = self.state.resources.get(address);
        if let Some((known, resource_type)) = known.zip(resource_type)
            && resource_type.is_called_otherwise(&known.id, &known.attributes)
            && let Some(id) = resource_type.own_id(&known.attributes)
        {
            let address = address.clone();
            self.state.apply(&Effect::Called { address, id }, None);
        }
    }
}

pub(super) fn draft(object: &Object) -> IntentDraft {
    IntentDraft {
        object: object.clone(),
        step: "create".to_owned(),
        product: "Ecs".to_owned(),
        action: "Create".to_owned(),
        class: crate::api::Repeat::Token,
        token: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        plain: false,
        sealed_params: BTreeMap::new(),
        owes: BTreeMap::new(),
        resource: None,
        members: Vec::new(),
    }
}

/// The attributes that the state gets at the end of a task, filled in.
fn last_word(task: &Task, look_up: &dyn Fn(&Reference) -> Option<Value>) -> Attributes {
    task.then
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Settle { attributes, .. } => Some(
                attributes
                    .iter()
                    .map(|(name, value)| (name.clone(), value.resolve(look_up)))
                    .collect(),
            ),
            _ => None,
        })
        .unwrap_or_default()
}

/// The value of an attribute that another resource lends.
const LENT: &str = "198.51.100.1";

/// What the cloud computes or chooses for a new one.
const GIVEN: &[(&str, &str)] = &[
    ("eip", "ip_address"),
    ("instance", "private_ip"),
    ("nat_gateway", "snat_table_id"),
    ("slb", "address"),
    ("vpc", "route_table_id"),
];

/// What a look shows of these attributes, with what the cloud adds.
fn seen(resource_type: &'static ResourceType, attributes: &Attributes) -> Attributes {
    let mut seen: Attributes = attributes
        .iter()
        .filter(|(name, _)| {
            resource_type
                .attribute(name)
                .is_some_and(|attribute| !attribute.remembered && attribute.name != "tags")
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    seen.get_or_insert_with("status", || Value::from("Available"));
    if resource_type.attribute("internet_max_bandwidth_out").is_some() {
        seen.get_or_insert_with("internet_max_bandwidth_out", || Value::Integer(0));
    }
    for part in resource_type.parts {
        seen.get_or_insert_with(part.attribute, || Value::List(Vec::new()));
    }
    for name in (resource_type.implied)(attributes, &Attributes::new()) {
        seen.insert(name.to_owned(), Value::from("203.0.113.7"));
    }
    (resource_type.normalise)(&mut seen);
    seen
}

fn put_tags(observed: &mut Observed, word: &Attributes) {
    if let Some(tags) = word.get("tags").and_then(Value::as_map) {
        observed.tags.retain(|key, _| key.starts_with("infra:"));
        for (key, value) in tags {
            let text = value.as_str().unwrap_or_default().to_owned();
            observed.tags.insert(key.to_string(), text);
        }
        observed
            .attributes
            .insert("tags".to_owned(), Value::Map(tags.clone()));
    }
}

fn sealed(
    resource_type: Option<&'static ResourceType>,
    attributes: &Attributes,
    look_up: &dyn Fn(&Reference) -> Option<Value>,
    fingerprint: &dyn Fn(&[u8]) -> String,
) -> Attributes {
    let seal = |name: &AttributeName, value: &Value| {
        let value = value.resolve(look_up);
        let kind = resource_type
            .and_then(|one| one.attribute(name))
            .map(|one| &one.kind);
        let value = match (kind, &value) {
            (Some(Kind::Text), _) => Value::from(fingerprint(bytes_of(&value)?)),
            (_, Value::Secret(source)) => Value::from(fingerprint(secret(source).as_bytes())),
            _ => value,
        };
        value.is_known().then(|| (name.clone(), value))
    };
    let mut sealed: Attributes = attributes
        .iter()
        .filter_map(|(name, value)| seal(name, value))
        .collect();
    if let Some(resource_type) = resource_type {
        (resource_type.normalise)(&mut sealed);
    }
    sealed
}

fn excludes(resource_type: &ResourceType, one: &Attributes, other: &Attributes) -> bool {
    let place = resource_type.contention.place;
    place(one).is_some_and(|here| place(other) == Some(here))
        && (resource_type.contention.excludes)(one, other)
}

/// The ids in a value.
fn ids(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let is_id = types::REGISTRY.iter().any(|one| {
                !one.id_prefix.is_empty()
                    && text.starts_with(one.id_prefix)
                    && text.len() > one.id_prefix.len()
            });
            if is_id {
                found.insert(text.to_string());
            }
        }
        Value::List(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Map(map) => map.values().for_each(|item| ids(item, found)),
        _ => {}
    }
}

fn names(value: &Value, going: &BTreeSet<&str>) -> bool {
    let mut found = BTreeSet::new();
    ids(value, &mut found);
    found.iter().any(|id| going.contains(id.as_str()))
}

fn uses(thing: &Thing, id: &str) -> bool {
    let mut found = BTreeSet::new();
    let joined = thing.observed.attributes.iter();
    joined
        .filter(|(name, _)| *name != "name" && *name != "description" && *name != "tags")
        .for_each(|(_, value)| ids(value, &mut found));
    found.contains(id)
}

/// Every secret is its own name.
fn secret(source: &SecretSource) -> String {
    source.to_string()
}

fn secrets(config: &Config, state: &State) -> BTreeMap<SecretSource, String> {
    let values = config
        .resources
        .values()
        .flat_map(|resource| resource.attributes.values());
    values
        .filter_map(|value| match value {
            Value::Secret(source) => Some((
                source.clone(),
                state.hash_key.fingerprint(secret(source).as_bytes()),
            )),
            _ => None,
        })
        .collect()
}

/// The configuration of this text.
pub(super) fn read(text: &str) -> Config {
    let loaded = load(text);
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    loaded.config
}

pub(super) fn load(text: &str) -> config::Loaded {
    let disk = MemoryDisk::default();
    let folder = Path::new("/project");
    let whole = format!("[infra]\nname = \"shop\"\nregion = \"cn-hangzhou\"\n{text}");
    disk.create_folder(folder).unwrap();
    disk.write_new(&folder.join("infra.toml"), whole.as_bytes())
        .unwrap();
    let request = config::LoadRequest {
        fs: &disk,
        folder,
        vars: &BTreeMap::new(),
        set: &[],
        environment: None,
        opened: config::trust::Opened::default(),
        data: &BTreeMap::new(),
        check_endpoint: &|_| Ok(()),
    };
    config::load(&request, &Types::all())
}

/// Chance without chance: the same lineage and key every time.
struct Zeros;

impl crate::env::Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A number from a seed, for generators.
pub(super) fn chance(seed: u64) -> Chance {
    Chance::new(seed)
}
