//! The configuration: what is wanted, read from TOML, with everything resolved that is known before a plan.
//!
//! A configuration with data blocks is read more than once: first it says what they ask for, then it is evaluated with what
//! they show. Does not know the state, the cloud, or any particular resource type: the schemas are passed in.

mod check;
mod conform;
mod copies;
mod data_blocks;
mod data_reference;
mod defaults;
mod evaluate;
mod files;
mod fit;
mod ids;
mod index;
mod keys;
pub(crate) mod language;
mod language_zh;
pub(crate) mod layout;
mod lifecycle;
mod locals;
mod located;
mod lookup;
mod masking;
mod members;
mod names;
mod network;
mod offer;
mod origin;
mod outputs;
mod places;
mod plain;
mod policy;
mod project;
mod raw;
mod reference;
mod regions;
mod report;
mod resources;
mod scope;
mod secrecy;
mod secret;
mod sections;
mod sets;
mod suggest;
mod syntax;
mod tags;
mod transitions;
mod variables;
mod vpcs;
mod words;
mod written_keys;

pub(crate) mod editor_schema;
mod editor_sections;
pub(crate) mod trust;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use ::secrecy::SecretString;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Location};
use crate::env::FileSystem;
use crate::types::{Kind, ResourceType, Types};
use crate::value::{Attributes, Value};

pub(crate) use crate::diagnostic::Sources;
pub(crate) use lifecycle::LifecycleRules;
pub(crate) use origin::Origin;
pub(crate) use policy::{Policy, PolicyRule};
pub(crate) use transitions::{ImportBlock, MovedBlock, RemovedBlock, Transitions};
pub(crate) use variables::Unset;

pub(crate) use data_blocks::Asked;

use files::{Folder, ROOT};
use index::Shape;
use located::Thing;
use report::Report;
use scope::Scope;
use sections::{Document, Sections};

/// What to read, and the values that come from outside.
pub(crate) struct LoadRequest<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    /// The folder with `infra.toml`.
    pub(crate) folder: &'a Path,
    /// The environment variables.
    pub(crate) vars: &'a BTreeMap<String, String>,
    /// `-v NAME=VALUE`, in the order given.
    pub(crate) set: &'a [(String, String)],
    /// `-e NAME`.
    pub(crate) environment: Option<&'a str>,
    /// What the configuration may read beside its own files.
    pub(crate) opened: trust::Opened<'a>,
    /// What data blocks show, by kind and name, as far as it has been read.
    pub(crate) data: &'a BTreeMap<Address, Value>,
    /// Why an endpoint may not be named by a file: asked of whoever would send requests there.
    pub(crate) check_endpoint: &'a dyn Fn(&str) -> Result<(), String>,
}

/// The configuration and what is to say about it.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Not to be used when there is an error among the diagnostics.
    pub(crate) config: Config,
    /// All of the run, by file and line.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub(crate) sources: Sources,
    /// What data blocks ask for and what has not been read. While there is any, nothing may be planned.
    pub(crate) asked: Vec<Asked>,
    /// The values of sensitive variables that are texts, by name.
    pub(crate) sensitive: BTreeMap<String, SecretString>,
    /// The variables whose values may be shown.
    pub(crate) plain_variables: BTreeSet<String>,
    /// The variables without a value, which is a mistake.
    pub(crate) unset: Vec<Unset>,
}

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) project: Project,
    pub(crate) resources: BTreeMap<Address, Resource>,
    pub(crate) outputs: BTreeMap<String, Output>,
    /// The files that were read, in the order in which they were.
    pub(crate) files: Vec<String>,
    /// How many copies each block has.
    pub(crate) blocks: BTreeMap<Address, BlockShape>,
    pub(crate) transitions: Transitions,
    pub(crate) policy: Policy,
    /// What all of it was read from.
    pub(crate) origin: Origin,
}

/// `[infra]`, and the environment that was chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) region: Option<String>,
    pub(crate) region_location: Option<Location>,
    pub(crate) profile: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) environment: Option<String>,
}

impl Project {
    /// The environment's name; `default` where there are none.
    pub(crate) fn environment_name(&self) -> &str {
        self.environment.as_deref().unwrap_or("default")
    }

    /// What stands in the tag `infra:project` of all that is made for it: `NAME/ENV`.
    pub(crate) fn tag(&self) -> String {
        format!("{}/{}", self.name, self.environment_name())
    }
}

/// A resource that is wanted.
#[derive(Clone)]
pub(crate) struct Resource {
    pub(crate) address: Address,
    pub(crate) resource_type: &'static ResourceType,
    /// With defaults. What other resources make stands there as a reference.
    pub(crate) attributes: Attributes,
    pub(crate) depends_on: BTreeSet<Address>,
    /// What the block says in `lifecycle`. Copies share it.
    pub(crate) lifecycle: Arc<LifecycleRules>,
    /// The header of the block.
    pub(crate) location: Location,
    /// Where each attribute stands, by path: `system_disk.size`, `ingress[0].port_range`. Copies share it.
    pub(crate) locations: Arc<BTreeMap<String, Location>>,
}

/// How many copies of a block there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlockShape {
    /// One, without a key.
    Single,
    /// `count = n`
    Count(usize),
    /// The keys of `for_each`.
    ForEach(BTreeSet<Arc<str>>),
}

/// An entry of `[output]`.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) value: Value,
    /// It is shown only when asked for by name, and not stored.
    pub(crate) sensitive: bool,
}

impl std::fmt::Debug for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resource")
            .field("address", &self.address)
            .field("attributes", &self.attributes)
            .field("depends_on", &self.depends_on)
            .field("lifecycle", &self.lifecycle)
            .finish_non_exhaustive()
    }
}

/// Reads a configuration. All mistakes are found in one run; if there is any error, the configuration is
/// incomplete and must not be used.
pub(crate) fn load(request: &LoadRequest<'_>, types: &Types) -> Loaded {
    let mut report = Report::new(secret_keys(types));
    let readable = trust::Files {
        fs: request.fs,
        folder: request.folder,
        opened: request.opened,
    };
    let mut folder = Folder::new(readable);

    // 1. The files, as typed.
    let files = folder.configuration(&mut report).unwrap_or_default();
    let texts: Vec<Typed> = files
        .iter()
        .filter_map(|name| read_text(name, &mut folder, &mut report))
        .collect();
    // What is sensitive is known before anything is said about any of them.
    let sensitive: BTreeSet<String> = texts
        .iter()
        .flat_map(|text| masking::hide_variables(text.file, &text.text, &mut report))
        .collect();
    let nothing = BTreeSet::new();
    let documents: Vec<Document> = texts
        .into_iter()
        .map(|text| read_document(text, &nothing, &mut report))
        .collect();
    let sections = sections::sort(&documents, types, &mut report);

    // 2. The environment, and the variables, on which all the rest may depend.
    let errors = report.errors();
    let environment = project::environment(request, &sections, &folder, &mut report);
    let is_environment_wrong = report.errors() > errors;
    let environment_file = environment
        .as_ref()
        .filter(|name| folder.environments().is_some_and(|names| names.contains(name)))
        .and_then(|name| {
            let path = format!("env/{name}.toml");
            let text = read_text(&path, &mut folder, &mut report)?;
            Some(read_document(text, &sensitive, &mut report))
        });
    let given = variables::Given {
        vars: request.vars,
        set: request.set,
        environment: environment.as_deref().zip(environment_file.as_ref()),
    };
    let mut scope = Scope::new(report, types, readable);
    scope.project.environment.clone_from(&environment);
    scope.project.is_environment_wrong = is_environment_wrong;
    let known = variables::read(&sections, &given, &mut scope);
    let root = documents.iter().find(|document| document.is_root);
    let project = project::read(request, &sections, root.map(|document| document.file), &mut scope);

    // 3. What is there: locals, data, and how many copies each block has.
    data_blocks::index(&sections, request.data, &mut scope);
    let order = locals::evaluate_all(&sections.locals, &mut scope);
    copies::count_copies(&sections, &mut scope);
    locals::evaluate_early(&order, &mut scope);
    let asked = data_blocks::ask(&sections, request.data, &mut scope);

    // 4. The resources and the outputs.
    let mut config = Config {
        project,
        files,
        ..Config::default()
    };
    defaults::check(&sections, &mut scope);
    for block in sections.blocks.values() {
        resources::build(block, &sections, &mut folder, &mut scope, &mut config.resources);
    }
    check::zones(&config, scope.project.region.as_deref(), &mut scope.report);
    check::networks(&config.resources, &mut scope.report);
    check::partners(&config.resources, &mut scope.report);
    members::check(&config.resources, &mut scope.report);
    places::zones(&config.resources, &mut scope.report);
    vpcs::check(&config.resources, &mut scope.report);
    places::addresses(&config.resources, &mut scope.report);
    places::contention(&config.resources, &mut scope.report);
    places::lent_once(&config.resources, &mut scope.report);
    offer::check(&config.resources, &mut scope.report);
    config.blocks = shapes(&sections, &scope);
    config.outputs = outputs::outputs(&sections, &mut scope);
    config.transitions = Transitions {
        moved: transitions::moved(&sections.moved, &mut scope),
        imports: transitions::imports(&sections.imports, &mut scope),
        removed: transitions::removed(&sections.removed, &mut scope),
    };
    config.policy = policy::read(&sections.policies, &mut scope);

    let sensitive = sensitive_texts(&scope);
    let Scope {
        mut report,
        variables,
        ..
    } = scope;
    report.silence_guesses();
    let (diagnostics, sources) = report.finish();
    config.origin = Origin::of(&sources, &variables, folder.named());
    Loaded {
        config,
        diagnostics,
        sources,
        asked,
        sensitive,
        plain_variables: known.plain,
        unset: known.unset,
    }
}

/// What sensitive variables hold, for where it is sent.
fn sensitive_texts(scope: &Scope<'_>) -> BTreeMap<String, SecretString> {
    scope
        .variables
        .iter()
        .filter_map(|(name, value)| match &value.thing {
            Thing::Text(text) if value.sensitive => Some((name.clone(), SecretString::from(text.as_str()))),
            _ => None,
        })
        .collect()
}

/// A file as typed.
struct Typed {
    name: String,
    file: u32,
    text: String,
}

fn read_text(name: &str, folder: &mut Folder<'_>, report: &mut Report) -> Option<Typed> {
    let text = folder.read_text(name, report)?;
    let file = report.add_file(name, &text);
    Some(Typed {
        name: name.to_owned(),
        file,
        text,
    })
}

/// Reads a text; values of these keys are not shown.
fn read_document(typed: Typed, sensitive: &BTreeSet<String>, report: &mut Report) -> Document {
    let Typed { name, file, text } = typed;
    masking::hide(file, &text, sensitive, report);
    written_keys::find(file, &text, report);
    let table = syntax::parse(file, &text, report);
    syntax::warn_of_newer_toml(file, &text, report);
    Document {
        file,
        is_root: name == ROOT,
        table,
    }
}

/// The keys behind which a secret may stand.
fn secret_keys(types: &Types) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = types
        .iter()
        .flat_map(|resource_type| resource_type.attributes)
        .filter(|attribute| matches!(attribute.kind, Kind::Secret))
        .map(|attribute| attribute.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn shapes(sections: &Sections<'_>, scope: &Scope<'_>) -> BTreeMap<Address, BlockShape> {
    sections
        .blocks
        .iter()
        .filter_map(|((type_name, name), block)| {
            let known = scope.index.as_ref()?.get(type_name, name)?;
            let shape = match &known.shape {
                Shape::Single => BlockShape::Single,
                Shape::Count(count) => BlockShape::Count(*count),
                Shape::Each(keys) => BlockShape::ForEach(keys.keys().cloned().collect()),
                Shape::Unread { .. } | Shape::Broken => return None,
            };
            Some((block.address.clone(), shape))
        })
        .collect()
}
