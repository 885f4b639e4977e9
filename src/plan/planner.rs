//! Makes the plan: decides for each resource what happens to it, then puts all halves of all changes in order.
//!
//! Pure: everything it knows arrives as an argument.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{self, Differences, Fingerprints};
use super::{
    Action, AttributeChange, Drift, Forbidden, Operation, OutputChange, Plan, ResourceChange, Target, Work,
};
use crate::address::{Address, Key};
use crate::config::{self, BlockShape, Config};
use crate::diagnostic::Diagnostic;
use crate::graph::Graph;
use crate::live::{Live, Observed, TAG_ADDRESS, TAG_OPERATION, TAG_STACK};
use crate::schema::{self, Changeable, Kind, Replacement, Schema, Schemas};
use crate::state::{Intent, State};
use crate::step::Step;
use crate::value::{Attributes, Reference, Value};

/// Everything a plan is made from.
pub(crate) struct Inputs<'a> {
    pub(crate) config: &'a Config,
    pub(crate) schemas: &'a Schemas,
    pub(crate) state: &'a State,
    /// Operations of an interrupted run that could not be settled by looking.
    pub(crate) open: &'a [Intent],
    pub(crate) live: &'a Live,
    pub(crate) region: &'a str,
    pub(crate) fingerprints: &'a Fingerprints<'a>,
    /// Plan to delete everything.
    pub(crate) destroy: bool,
}

/// What each resource of the configuration needs: by reference, or by `depends_on`.
pub(crate) fn dependencies(config: &Config) -> BTreeMap<Address, BTreeSet<Address>> {
    let mut all = BTreeMap::new();
    for (address, resource) in &config.resources {
        let mut references = BTreeSet::new();
        resource
            .attributes
            .values()
            .for_each(|value| value.references(&mut references));
        let mut needed: BTreeSet<Address> = references
            .into_iter()
            .map(|reference| reference.address.clone())
            .collect();
        needed.extend(resource.depends_on.iter().cloned());
        all.insert(address.clone(), needed);
    }
    all
}

/// The resources in an order in which each comes after all that it needs. The error shows a cycle as a path.
pub(crate) fn order(config: &Config) -> Result<Vec<Address>, Box<Diagnostic>> {
    let dependencies = dependencies(config);
    let edges = dependencies
        .iter()
        .flat_map(|(address, needed)| needed.iter().map(move |other| (address.clone(), other.clone())));
    Graph::new(config.resources.keys().cloned(), edges)
        .order()
        .map_err(|cycle| Box::new(cycle_error(config, &cycle)))
}

fn cycle_error(config: &Config, cycle: &[Address]) -> Diagnostic {
    let mut error = Diagnostic::error("E0306", "these need each other, so none can be first");
    for (index, address) in cycle.iter().enumerate() {
        let next = &cycle[(index + 1) % cycle.len()];
        let Some(resource) = config.resources.get(address) else {
            continue;
        };
        let guilty = resource.attributes.iter().find(|(_, value)| {
            let mut references = BTreeSet::new();
            value.references(&mut references);
            references.iter().any(|reference| reference.address == *next)
        });
        let location = guilty
            .and_then(|(name, _)| resource.locations.get(name))
            .unwrap_or(&resource.location)
            .clone();
        let key = guilty.map_or("depends_on", |(name, _)| name.as_str());
        let place = format!("{}:{}", location.file, location.line);
        error = error.note(format!("{address} needs {next} ({key}, {place})"));
        error = error.at(location, format!("{address} needs {next}"));
    }
    error.help("take one of these references out")
}

/// Makes the plan.
pub(crate) fn make(inputs: &Inputs<'_>) -> Plan {
    let mut planner = Planner::new(inputs);
    if !inputs.destroy {
        match order(inputs.config) {
            Ok(order) => order.iter().for_each(|address| planner.decide(address)),
            Err(error) => planner.plan.diagnostics.push(*error),
        }
    }
    planner.decide_removals();
    planner.arrange();
    planner.outputs();
    let mut plan = planner.plan;
    plan.changes
        .sort_by(|a, b| a.address.cmp(&b.address).then(a.action.cmp(&b.action)));
    plan.drift
        .sort_by(|a, b| a.address.cmp(&b.address).then_with(|| a.path.cmp(&b.path)));
    plan
}

/// One half of a change, before it has its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Half {
    /// Create or update: afterwards it is as wanted.
    Make,
    /// Delete of the current one, or of the one that was moved aside.
    Remove,
    /// Delete of one that an earlier run left behind; the number tells several apart.
    Leftover(usize),
}

type Node = (Address, Half);

/// What has been decided about one resource of the configuration.
struct Decided<'a> {
    attributes: Attributes,
    /// What stays, with its values; none if it is made anew.
    kept: Option<&'a Observed>,
    /// Observed attributes that this plan makes obsolete.
    obsolete: BTreeSet<String>,
    replaced: bool,
}

struct Planner<'a> {
    inputs: &'a Inputs<'a>,
    dependencies: BTreeMap<Address, BTreeSet<Address>>,
    decided: BTreeMap<Address, Decided<'a>>,
    work: BTreeMap<Node, Work>,
    /// Replacements whose new half comes first.
    create_first: BTreeSet<Address>,
    /// The strays that have been adopted, by address.
    strays: BTreeMap<&'a Address, &'a Observed>,
    /// The actions of open intents, by address.
    open: BTreeMap<&'a Address, &'a str>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Planner<'a> {
        let mut planner = Planner {
            inputs,
            dependencies: dependencies(inputs.config),
            decided: BTreeMap::new(),
            work: BTreeMap::new(),
            create_first: BTreeSet::new(),
            strays: BTreeMap::new(),
            open: inputs
                .open
                .iter()
                .map(|intent| (&intent.address, intent.action.as_str()))
                .collect(),
            plan: Plan::default(),
        };
        planner.sort_out_strays();
        planner
    }

    /// A stray whose address is wanted and has nothing in the state is taken over; any other is named.
    fn sort_out_strays(&mut self) {
        for stray in &self.inputs.live.strays {
            let wanted = stray.address.as_ref().filter(|address| {
                !self.inputs.destroy
                    && self.inputs.config.resources.contains_key(*address)
                    && address.type_name() == stray.type_name
                    && self
                        .inputs
                        .state
                        .resources
                        .get(*address)
                        .is_none_or(|known| known.id.is_empty())
                    && !self.strays.contains_key(*address)
            });
            if let Some(address) = wanted {
                self.strays.insert(address, &stray.observed);
                continue;
            }
            let id = &stray.observed.id;
            let said = stray
                .address
                .as_ref()
                .map_or_else(|| "no address".to_owned(), |address| format!("{address}"));
            self.plan.diagnostics.push(
                Diagnostic::warning(
                    "W801",
                    format!(
                        "{} {id} carries the tags of this stack ({said}) but the state does not know it",
                        stray.type_name
                    ),
                )
                .help(format!("take it over:  infra import ADDRESS {id}"))
                .help("or delete it where it was made"),
            );
        }
    }

    /// The value that a reference has after this plan, if it is known now.
    fn look_up(&self, reference: &Reference) -> Option<Value> {
        let decided = self.decided.get(&reference.address)?;
        if reference.attribute == "id" {
            return decided.kept.map(|observed| Value::from(observed.id.as_str()));
        }
        let (name, rest) = reference
            .attribute
            .split_once('.')
            .map_or((reference.attribute.as_str(), None), |(name, rest)| {
                (name, Some(rest))
            });
        let inside = |attributes: &Attributes| match rest {
            None => attributes.get(name).cloned(),
            Some(rest) => attributes.get(name)?.at(rest).cloned(),
        };
        match inside(&decided.attributes) {
            Some(value) if value.is_known() => Some(value),
            Some(_) => None,
            None if decided.obsolete.contains(name) => None,
            None => decided.kept.and_then(|observed| inside(&observed.attributes)),
        }
    }

    fn decide(&mut self, address: &Address) {
        let inputs = self.inputs;
        let Some(resource) = inputs.config.resources.get(address) else {
            return;
        };
        let mut attributes: Attributes = resource
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), value.resolve(&|reference| self.look_up(reference))))
            .collect();
        (resource.schema.normalise)(&mut attributes);
        let remembered = inputs.state.resources.get(address);
        let adopted = self.strays.get(address).copied();
        match inputs.live.resources.get(address).or(adopted) {
            None => self.create(resource, attributes),
            Some(observed) => self.keep_or_change(resource, attributes, observed, adopted.is_some()),
        }
        if let (Some(remembered), Some(_)) = (remembered, inputs.live.resources.get(address)) {
            self.drift(address, resource, remembered);
        }
    }

    fn create(&mut self, resource: &'a config::Resource, attributes: Attributes) {
        let address = &resource.address;
        let open = self
            .open
            .get(address)
            .filter(|action| **action == resource.schema.create.action);
        let gone = self
            .inputs
            .state
            .resources
            .get(address)
            .is_some_and(|known| !known.id.is_empty());
        let reason = match (open, gone) {
            (Some(_), _) => Some("it resumes an interrupted create".to_owned()),
            (None, true) => {
                self.plan.drift.push(Drift {
                    address: address.clone(),
                    path: String::new(),
                    remembered: self
                        .inputs
                        .state
                        .resources
                        .get(address)
                        .map(|known| Value::from(known.id.as_str())),
                    observed: None,
                    effect: "this plan makes it again",
                });
                Some("it was deleted outside infra".to_owned())
            }
            (None, false) => None,
        };
        let work = self.create_work(resource, &attributes, false);
        self.plan.changes.push(ResourceChange {
            address: address.clone(),
            action: Action::Create,
            location: Some(resource.location.clone()),
            reasons: reason.into_iter().collect(),
            attributes: created_attributes(resource.schema, &attributes),
            unchanged: 0,
            lost: Vec::new(),
            kept: Vec::new(),
            steps: step_names(&work.steps),
            down: None,
            id: None,
        });
        self.work.insert((address.clone(), Half::Make), work);
        self.remember(address, attributes, None, BTreeSet::new(), false);
    }

    fn create_work(&self, resource: &config::Resource, attributes: &Attributes, depose: bool) -> Work {
        let mut tags = self.ownership_tags(&resource.address, Value::Token);
        tags.extend(user_tags(attributes));
        let steps = (resource.schema.steps.create)(&schema::Wanted {
            schema: resource.schema,
            address: &resource.address,
            region: self.inputs.region,
            attributes,
            tags: &tags,
        });
        Work {
            address: resource.address.clone(),
            operation: Operation::Create {
                target: Box::new(self.target(resource, attributes)),
                depose,
            },
            steps,
            after: Vec::new(),
            location: Some(resource.location.clone()),
        }
    }

    fn ownership_tags(&self, address: &Address, token: Value) -> Vec<(String, Value)> {
        vec![
            (
                TAG_STACK.to_owned(),
                Value::from(self.inputs.state.lineage.as_str()),
            ),
            (TAG_ADDRESS.to_owned(), Value::from(address.to_string())),
            (TAG_OPERATION.to_owned(), token),
        ]
    }

    fn target(&self, resource: &config::Resource, attributes: &Attributes) -> Target {
        Target {
            attributes: attributes.clone(),
            dependencies: self
                .dependencies
                .get(&resource.address)
                .cloned()
                .unwrap_or_default(),
            prevent_destroy: resource.prevent_destroy,
        }
    }

    fn keep_or_change(
        &mut self,
        resource: &'a config::Resource,
        attributes: Attributes,
        observed: &'a Observed,
        adopt: bool,
    ) {
        let nothing = Attributes::new();
        let remembered = self
            .inputs
            .state
            .resources
            .get(&resource.address)
            .map_or(&nothing, |known| &known.attributes);
        let differences = diff::compare(
            resource.schema,
            &observed.attributes,
            remembered,
            &attributes,
            self.inputs.fingerprints,
        );
        if differences
            .found
            .iter()
            .any(|difference| difference.change.forces_replacement)
        {
            self.replace(resource, attributes, observed, differences);
        } else {
            self.update_or_keep(resource, attributes, observed, differences, adopt);
        }
    }

    fn replace(
        &mut self,
        resource: &'a config::Resource,
        attributes: Attributes,
        observed: &'a Observed,
        differences: Differences,
    ) {
        let address = &resource.address;
        let create_first = resource.schema.replacement == Replacement::CreateFirst
            && !self
                .dependencies
                .get(address)
                .into_iter()
                .flatten()
                .any(|needed| {
                    self.decided.get(needed).is_some_and(|other| other.replaced)
                        && !self.create_first.contains(needed)
                });
        self.forbid(address, resource.prevent_destroy, resource.schema, observed);
        let removal = self.removal_work(address, resource.schema, observed, create_first);
        let creation = self.create_work(resource, &attributes, create_first);
        let steps = if create_first {
            [step_names(&creation.steps), old(step_names(&removal.steps))].concat()
        } else {
            [old(step_names(&removal.steps)), step_names(&creation.steps)].concat()
        };
        let reasons = differences
            .found
            .iter()
            .filter(|difference| difference.change.forces_replacement)
            .map(|difference| self.replace_reason(resource, &difference.change))
            .collect();
        let mut changes: Vec<AttributeChange> = differences
            .found
            .into_iter()
            .map(|difference| difference.change)
            .filter(|change| change.path != "status" && !is_computed(resource.schema, &change.path))
            .collect();
        changes.sort_by_key(|change| !change.forces_replacement);
        changes.push(unknown_after(
            "id",
            Some(Value::from(observed.id.as_str())),
            address,
        ));
        self.plan.changes.push(ResourceChange {
            address: address.clone(),
            action: Action::Replace { create_first },
            location: Some(resource.location.clone()),
            reasons,
            attributes: changes,
            unchanged: differences.equal,
            lost: (resource.schema.losses)(&with_id(observed)),
            kept: Vec::new(),
            down: (!create_first && resource.schema.type_name == "instance")
                .then(|| "about 4 min".to_owned()),
            steps,
            id: Some(observed.id.clone()),
        });
        self.work.insert((address.clone(), Half::Make), creation);
        self.work.insert((address.clone(), Half::Remove), removal);
        if create_first {
            self.create_first.insert(address.clone());
        }
        self.remember(address, attributes, None, BTreeSet::new(), true);
    }

    fn replace_reason(&self, resource: &config::Resource, change: &AttributeChange) -> String {
        let type_name = resource.schema.type_name;
        let mut references = BTreeSet::new();
        if let Some(value) = &change.after {
            value.references(&mut references);
        }
        let replaced = references.iter().find(|reference| {
            self.decided
                .get(&reference.address)
                .is_some_and(|decided| decided.kept.is_none())
        });
        match replaced {
            Some(reference) => {
                format!(
                    "{} cannot change on a live {type_name}, and {} is made anew",
                    change.path, reference.address
                )
            }
            None => format!("{} cannot change on a live {type_name}", change.path),
        }
    }

    fn update_or_keep(
        &mut self,
        resource: &'a config::Resource,
        attributes: Attributes,
        observed: &'a Observed,
        differences: Differences,
        adopt: bool,
    ) {
        let address = &resource.address;
        let (tags_set, tags_removed) = self.tag_changes(resource, &attributes, observed);
        let mut refused = false;
        for difference in &differences.found {
            if let Changeable::Refused(words) = difference.changeable {
                refused = true;
                self.refuse(resource, &difference.change, words);
            }
        }
        let changed: Vec<&str> = differences
            .found
            .iter()
            .map(|difference| difference.change.path.as_str())
            .collect();
        let obsolete: BTreeSet<String> = changed.iter().map(|path| (*path).to_owned()).collect();
        let nothing_to_do = changed.is_empty() && tags_set.is_empty() && tags_removed.is_empty();
        if refused || (nothing_to_do && !adopt) {
            self.plan.unchanged += usize::from(!refused);
            self.remember(address, attributes, Some(observed), BTreeSet::new(), false);
            return;
        }
        let top_level: Vec<&str> = changed
            .iter()
            .map(|path| path.split('.').next().unwrap_or(path))
            .collect();
        let steps = if nothing_to_do {
            Vec::new()
        } else {
            (resource.schema.steps.update)(&schema::Change {
                wanted: schema::Wanted {
                    schema: resource.schema,
                    address,
                    region: self.inputs.region,
                    attributes: &attributes,
                    tags: &[],
                },
                id: &observed.id,
                before: &observed.attributes,
                changed: &top_level,
                tags_set: &tags_set,
                tags_removed: &tags_removed,
            })
        };
        let down = (resource.schema.downtime)(&steps).map(str::to_owned);
        let mut shown: Vec<AttributeChange> = differences
            .found
            .into_iter()
            .map(|difference| difference.change)
            .collect();
        shown.extend(tag_attribute_changes(observed, &tags_set, &tags_removed));
        let reasons = if adopt {
            vec![format!(
                "{} exists and carries the tags of this address",
                observed.id
            )]
        } else {
            Vec::new()
        };
        self.plan.changes.push(ResourceChange {
            address: address.clone(),
            action: if adopt { Action::Import } else { Action::Update },
            location: Some(resource.location.clone()),
            reasons,
            attributes: shown,
            unchanged: differences.equal,
            lost: Vec::new(),
            kept: Vec::new(),
            steps: step_names(&steps),
            down,
            id: Some(observed.id.clone()),
        });
        let work = Work {
            address: address.clone(),
            operation: Operation::Update {
                id: observed.id.clone(),
                target: Box::new(self.target(resource, &attributes)),
                adopt,
            },
            steps,
            after: Vec::new(),
            location: Some(resource.location.clone()),
        };
        self.work.insert((address.clone(), Half::Make), work);
        self.remember(address, attributes, Some(observed), obsolete, false);
    }

    fn refuse(&mut self, resource: &config::Resource, change: &AttributeChange, words: &str) {
        let location = resource
            .locations
            .get(&change.path)
            .or_else(|| {
                resource
                    .locations
                    .get(change.path.split('.').next().unwrap_or_default())
            })
            .unwrap_or(&resource.location);
        self.plan.diagnostics.push(
            Diagnostic::error(
                "E0601",
                format!("{} of {} is not changed by infra", change.path, resource.address),
            )
            .at(location.clone(), "differs from what is there")
            .help(words)
            .about(&resource.address),
        );
    }

    /// The tags to set and to take away. Ours are put back when somebody removed them.
    fn tag_changes(
        &self,
        resource: &config::Resource,
        attributes: &Attributes,
        observed: &Observed,
    ) -> (Vec<(String, Value)>, Vec<String>) {
        let known = self.inputs.state.resources.get(&resource.address);
        let token = known.and_then(|known| known.token.as_deref());
        let mut wanted: Vec<(String, Value)> = vec![
            (
                TAG_STACK.to_owned(),
                Value::from(self.inputs.state.lineage.as_str()),
            ),
            (TAG_ADDRESS.to_owned(), Value::from(resource.address.to_string())),
        ];
        wanted.extend(token.map(|token| (TAG_OPERATION.to_owned(), Value::from(token))));
        wanted.extend(user_tags(attributes));
        let set = wanted
            .into_iter()
            .filter(|(key, value)| observed.tags.get(key).map(String::as_str) != value.as_str())
            .collect();
        let removed = match attributes.get("tags") {
            None => Vec::new(),
            Some(_) => {
                let user: BTreeSet<String> = user_tags(attributes).into_iter().map(|(key, _)| key).collect();
                let observed = observed.attributes.get("tags").and_then(Value::as_map);
                observed
                    .into_iter()
                    .flatten()
                    .map(|(key, _)| key.clone())
                    .filter(|key| !user.contains(key))
                    .collect()
            }
        };
        (set, removed)
    }

    fn remember(
        &mut self,
        address: &Address,
        attributes: Attributes,
        kept: Option<&'a Observed>,
        obsolete: BTreeSet<String>,
        replaced: bool,
    ) {
        self.decided.insert(
            address.clone(),
            Decided {
                attributes,
                kept,
                obsolete,
                replaced,
            },
        );
    }

    /// What differs between memory and observation in managed attributes, and what becomes of it.
    fn drift(&mut self, address: &Address, resource: &config::Resource, known: &crate::state::Resource) {
        let Some(observed) = self.inputs.live.resources.get(address) else {
            return;
        };
        let Some(decided) = self.decided.get(address) else {
            return;
        };
        for attribute in resource.schema.attributes {
            let skipped = attribute.remembered || attribute.computed || matches!(attribute.kind, Kind::Tags);
            let Some(wanted) = decided.attributes.get(attribute.name).filter(|_| !skipped) else {
                continue;
            };
            let Some(remembered) = known.attributes.get(attribute.name) else {
                continue;
            };
            let one = |value: &Value| Attributes::from([(attribute.name.to_owned(), value.clone())]);
            let same = |left: &Value, right: &Value| {
                let differences = diff::compare(
                    resource.schema,
                    &one(left),
                    &Attributes::new(),
                    &one(right),
                    self.inputs.fingerprints,
                );
                differences.found.iter().all(|difference| {
                    difference.change.path != attribute.name
                        && !difference
                            .change
                            .path
                            .starts_with(&format!("{}.", attribute.name))
                })
            };
            let seen = observed.attributes.get(attribute.name);
            if seen.is_some_and(|seen| same(seen, remembered))
                || (seen.is_none() && remembered.as_str() == Some(""))
            {
                continue;
            }
            let effect = match seen {
                Some(seen) if same(seen, wanted) => "the configuration says the same now",
                _ => "this plan changes it back",
            };
            self.plan.drift.push(Drift {
                address: address.clone(),
                path: attribute.name.to_owned(),
                remembered: Some(remembered.clone()),
                observed: seen.cloned(),
                effect,
            });
        }
    }

    /// Everything in the state that the configuration no longer has, and what interrupted replacements left.
    fn decide_removals(&mut self) {
        let inputs = self.inputs;
        for (address, known) in &inputs.state.resources {
            for (index, leftover) in inputs.live.deposed.get(address).into_iter().flatten().enumerate() {
                self.remove_leftover(address, index, leftover);
            }
            if known.id.is_empty() || (!inputs.destroy && inputs.config.resources.contains_key(address)) {
                continue;
            }
            match inputs.live.resources.get(address) {
                Some(observed) => self.remove(address, known, observed),
                None => self.forget(address, known),
            }
        }
    }

    fn remove(&mut self, address: &Address, known: &'a crate::state::Resource, observed: &'a Observed) {
        let Some(schema) = self.schema_of(address, &known.type_name) else {
            return;
        };
        let prevent = self
            .inputs
            .config
            .resources
            .get(address)
            .map_or(known.prevent_destroy, |wanted| wanted.prevent_destroy);
        self.forbid(address, prevent, schema, observed);
        let work = self.removal_work(address, schema, observed, false);
        let reason = self.removal_reason(address);
        self.plan.changes.push(ResourceChange {
            address: address.clone(),
            action: Action::Delete,
            location: self
                .inputs
                .config
                .resources
                .get(address)
                .map(|wanted| wanted.location.clone()),
            reasons: vec![reason],
            attributes: removed_attributes(schema, &known.attributes, observed),
            unchanged: 0,
            lost: (schema.losses)(&with_id(observed)),
            kept: Vec::new(),
            steps: step_names(&work.steps),
            down: None,
            id: Some(observed.id.clone()),
        });
        self.work.insert((address.clone(), Half::Remove), work);
    }

    fn schema_of(&mut self, address: &Address, type_name: &str) -> Option<&'static Schema> {
        let schema = self.inputs.schemas.get(type_name);
        if schema.is_none() {
            self.plan.diagnostics.push(
                Diagnostic::error(
                    "E0805",
                    format!("the state has {address} of type {type_name}, which this version does not know"),
                )
                .help("use the version of infra that made it"),
            );
        }
        schema
    }

    fn remove_leftover(&mut self, address: &Address, index: usize, leftover: &Observed) {
        let Some(schema) = self.schema_of(address, address.type_name()) else {
            return;
        };
        let work = self.removal_work(address, schema, leftover, true);
        self.plan.changes.push(ResourceChange {
            address: address.clone(),
            action: Action::Delete,
            location: None,
            reasons: vec!["an interrupted replacement left it; the new one has its place".to_owned()],
            attributes: Vec::new(),
            unchanged: 0,
            lost: (schema.losses)(&with_id(leftover)),
            kept: Vec::new(),
            steps: step_names(&work.steps),
            down: None,
            id: Some(leftover.id.clone()),
        });
        self.work.insert((address.clone(), Half::Leftover(index)), work);
    }

    fn removal_reason(&self, address: &Address) -> String {
        if self.inputs.destroy {
            return "everything is to be deleted".to_owned();
        }
        match (self.inputs.config.blocks.get(&address.block()), address.key()) {
            (Some(BlockShape::Count(count)), Some(Key::Index(index))) => {
                format!("index [{index}] is past count = {count}")
            }
            (Some(BlockShape::ForEach(_)), Some(key)) => format!("key {key} is not in for_each"),
            (Some(_), _) => "its block now has another form (count or for_each)".to_owned(),
            (None, _) => "it is no longer in the configuration".to_owned(),
        }
    }

    fn forget(&mut self, address: &Address, known: &crate::state::Resource) {
        self.plan.changes.push(ResourceChange {
            address: address.clone(),
            action: Action::Forget,
            location: None,
            reasons: vec![format!("{} no longer exists, and nothing wants it", known.id)],
            attributes: Vec::new(),
            unchanged: 0,
            lost: Vec::new(),
            kept: Vec::new(),
            steps: Vec::new(),
            down: None,
            id: Some(known.id.clone()),
        });
        self.work.insert(
            (address.clone(), Half::Remove),
            Work {
                address: address.clone(),
                operation: Operation::Forget,
                steps: Vec::new(),
                after: Vec::new(),
                location: None,
            },
        );
    }

    fn forbid(&mut self, address: &Address, prevent: bool, schema: &'static Schema, observed: &Observed) {
        if prevent {
            let rule = "lifecycle.prevent_destroy is set; take it out and apply that first".to_owned();
            self.plan.forbidden.push(Forbidden {
                address: address.clone(),
                rule,
            });
        }
        if let Some(rule) = (schema.undeletable)(&observed.attributes) {
            self.plan.forbidden.push(Forbidden {
                address: address.clone(),
                rule,
            });
        }
    }

    fn removal_work(
        &self,
        address: &Address,
        schema: &'static Schema,
        observed: &Observed,
        deposed: bool,
    ) -> Work {
        let steps = (schema.steps.delete)(&schema::Existing {
            schema,
            address,
            region: self.inputs.region,
            id: &observed.id,
            attributes: &observed.attributes,
        });
        Work {
            address: address.clone(),
            operation: Operation::Delete {
                id: observed.id.clone(),
                deposed,
            },
            steps,
            after: Vec::new(),
            location: self
                .inputs
                .config
                .resources
                .get(address)
                .map(|wanted| wanted.location.clone()),
        }
    }

    /// Puts the halves in order: what is needed is made first, what uses something is changed or deleted before it
    /// goes, and the halves of a replacement follow each other.
    fn arrange(&mut self) {
        let mut edges: Vec<(Node, Node)> = Vec::new();
        for address in self
            .work
            .keys()
            .filter(|(_, half)| *half == Half::Make)
            .map(|(address, _)| address)
        {
            for needed in self.dependencies.get(address).into_iter().flatten() {
                edges.push(((address.clone(), Half::Make), (needed.clone(), Half::Make)));
            }
            let pair = ((address.clone(), Half::Make), (address.clone(), Half::Remove));
            if self.create_first.contains(address) {
                edges.push((pair.1, pair.0));
            } else {
                edges.push(pair);
            }
        }
        for (dependent, known) in &self.inputs.state.resources {
            for needed in &known.dependencies {
                edges.push(((needed.clone(), Half::Remove), (dependent.clone(), Half::Remove)));
                // A dependent that stays lets go by its own change, unless it waits for the new one.
                let delete_first = self.work.contains_key(&(needed.clone(), Half::Make))
                    && !self.create_first.contains(needed);
                let stays = !self.work.contains_key(&(dependent.clone(), Half::Remove));
                if stays && !delete_first {
                    edges.push(((needed.clone(), Half::Remove), (dependent.clone(), Half::Make)));
                }
                for index in 0..self.inputs.live.deposed.get(needed).map_or(0, Vec::len) {
                    let leftover = (needed.clone(), Half::Leftover(index));
                    edges.push((leftover.clone(), (dependent.clone(), Half::Make)));
                    edges.push((leftover, (dependent.clone(), Half::Remove)));
                }
            }
        }
        // New dependents of a create-first replacement are moved to the new one before the old one goes.
        for address in &self.create_first {
            for (dependent, needed) in &self.dependencies {
                if needed.contains(address) && !self.work.contains_key(&(dependent.clone(), Half::Remove)) {
                    edges.push(((address.clone(), Half::Remove), (dependent.clone(), Half::Make)));
                }
            }
        }
        edges.retain(|(from, to)| self.work.contains_key(from) && self.work.contains_key(to));
        let graph = Graph::new(self.work.keys().cloned(), edges);
        let order = match graph.order() {
            Ok(order) => order,
            Err(cycle) => {
                let path: Vec<String> = cycle.iter().map(|(address, _)| address.to_string()).collect();
                self.plan.diagnostics.push(
                    Diagnostic::error("E0602", "these changes need each other, so none can be first")
                        .note(path.join(" -> "))
                        .help("make one of them in an apply of its own"),
                );
                return;
            }
        };
        let position: BTreeMap<&Node, usize> = order
            .iter()
            .enumerate()
            .map(|(index, node)| (node, index))
            .collect();
        for node in &order {
            let after = graph
                .needs(node)
                .into_iter()
                .filter_map(|needed| position.get(needed).copied())
                .collect();
            if let Some(mut work) = self.work.remove(node) {
                work.after = after;
                self.plan.work.push(work);
            }
        }
    }

    fn outputs(&mut self) {
        let known = &self.inputs.state.outputs;
        let nothing = BTreeMap::new();
        let wanted = if self.inputs.destroy {
            &nothing
        } else {
            &self.inputs.config.outputs
        };
        for (name, output) in wanted {
            let after = output.value.resolve(&|reference| self.look_up(reference));
            let before = known.get(name).and_then(Value::from_json);
            // The value of a sensitive output is stored nowhere, so it cannot be compared.
            let same = if output.sensitive {
                true
            } else {
                after.is_known() && known.get(name) == Some(&after.to_json())
            };
            if !same {
                self.plan.outputs.push(OutputChange {
                    name: name.clone(),
                    before,
                    after: Some(after),
                    sensitive: output.sensitive,
                });
            }
        }
        for (name, before) in known.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
            self.plan.outputs.push(OutputChange {
                name: name.clone(),
                before: Value::from_json(before),
                after: None,
                sensitive: false,
            });
        }
    }
}

fn user_tags(attributes: &Attributes) -> Vec<(String, Value)> {
    let tags = attributes.get("tags").and_then(Value::as_map);
    tags.into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn tag_attribute_changes(
    observed: &Observed,
    set: &[(String, Value)],
    removed: &[String],
) -> Vec<AttributeChange> {
    let before = |key: &str| observed.tags.get(key).map(|value| Value::from(value.as_str()));
    let change = |key: &str, after: Option<Value>| AttributeChange {
        path: format!("tags.{key}"),
        before: before(key),
        after,
        forces_replacement: false,
        sensitive: false,
        is_text: false,
    };
    let set = set.iter().map(|(key, value)| change(key, Some(value.clone())));
    set.chain(removed.iter().map(|key| change(key, None))).collect()
}

fn created_attributes(schema: &'static Schema, attributes: &Attributes) -> Vec<AttributeChange> {
    let mut created: Vec<AttributeChange> = Vec::new();
    for attribute in schema.attributes {
        match (attributes.get(attribute.name), &attribute.kind) {
            (Some(Value::Map(inner)), _) => {
                created.extend(inner.iter().map(|(key, value)| AttributeChange {
                    path: format!("{}.{key}", attribute.name),
                    before: None,
                    after: Some(value.clone()),
                    forces_replacement: false,
                    sensitive: false,
                    is_text: false,
                }));
            }
            (Some(value), kind) => created.push(AttributeChange {
                path: attribute.name.to_owned(),
                before: None,
                after: Some(value.clone()),
                forces_replacement: false,
                sensitive: attribute.is_sensitive(),
                is_text: matches!(kind, Kind::Text),
            }),
            (None, _) => {}
        }
    }
    let unknown = |path: &str| AttributeChange {
        path: path.to_owned(),
        before: None,
        after: Some(Value::Template(Vec::new())),
        forces_replacement: false,
        sensitive: false,
        is_text: false,
    };
    created.push(unknown("id"));
    created.extend(
        (schema.implied)(attributes, &Attributes::new())
            .into_iter()
            .map(unknown),
    );
    created
}

fn removed_attributes(
    schema: &'static Schema,
    known: &Attributes,
    observed: &Observed,
) -> Vec<AttributeChange> {
    let shown = schema.attributes.iter().filter(|attribute| {
        let hidden =
            attribute.remembered || matches!(attribute.kind, Kind::Tags | Kind::Table(_) | Kind::TableSet(_));
        !hidden && (known.contains_key(attribute.name) || attribute.computed) && attribute.name != "id"
    });
    let mut removed = vec![AttributeChange {
        path: "id".to_owned(),
        before: Some(Value::from(observed.id.as_str())),
        after: None,
        forces_replacement: false,
        sensitive: false,
        is_text: false,
    }];
    removed.extend(shown.filter_map(|attribute| {
        Some(AttributeChange {
            path: attribute.name.to_owned(),
            before: Some(observed.attributes.get(attribute.name)?.clone()),
            after: None,
            forces_replacement: false,
            sensitive: attribute.is_sensitive(),
            is_text: false,
        })
    }));
    removed
}

fn unknown_after(path: &str, before: Option<Value>, address: &Address) -> AttributeChange {
    let after = Value::Reference(Reference {
        address: address.clone(),
        attribute: path.to_owned(),
    });
    AttributeChange {
        path: path.to_owned(),
        before,
        after: Some(after),
        forces_replacement: false,
        sensitive: false,
        is_text: false,
    }
}

fn is_computed(schema: &'static Schema, path: &str) -> bool {
    schema.attribute(path).is_some_and(|attribute| attribute.computed)
}

/// The observed attributes with the id among them, for sentences.
fn with_id(observed: &Observed) -> Attributes {
    let mut attributes = observed.attributes.clone();
    attributes.insert("id".to_owned(), Value::from(observed.id.as_str()));
    attributes
}

fn step_names(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.name.clone()).collect()
}

/// The steps of the old half, told apart from those of the new one.
fn old(names: Vec<String>) -> Vec<String> {
    names.into_iter().map(|name| format!("{name} (old)")).collect()
}
