//! Data blocks: what they ask for is read, and the configuration evaluated with it, until nothing is asked any more.
//!
//! Does not know how a list is read.

use std::collections::{BTreeMap, BTreeSet};

use super::connect::Connection;
use super::decide::Goal;
use super::failure::Failure;
use super::project::{self, Project};
use super::report;
use crate::address::Address;
use crate::cli::Global;
use crate::config::Asked;
use crate::data::{Miss, Question};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::observe::data;
use crate::state::{Effect, Session, State, StateError};
use crate::ui::Ui;
use crate::value::{Attributes, Value};

/// What the data blocks of a configuration have got.
#[derive(Debug, Default)]
pub(super) struct Data {
    /// What they show, by kind and name.
    pub(super) shown: BTreeMap<Address, Value>,
    /// What the state is to keep of it: the question with its answer.
    choices: BTreeMap<Address, Value>,
}

/// The configuration with what its data blocks show. A choice that the state has is kept, unless a fresh one is asked
/// for or the question is another one now.
pub(super) async fn complete(
    project: Project,
    state: &State,
    connection: &Connection,
    refresh: bool,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Project, Failure> {
    let mut project = project;
    let mut data = Data::default();
    // Each round answers at least one question, and no answer brings a new block.
    while !project.asked.is_empty() {
        let mut wanted: Vec<&Asked> = Vec::new();
        for asked in &project.asked {
            let question = &asked.question;
            match kept(question, state).filter(|_| !refresh) {
                Some(chosen) => data.keep(question, chosen),
                None => wanted.push(asked),
            }
        }
        let questions: Vec<&Question> = wanted.iter().map(|asked| &asked.question).collect();
        let answers = data::answer(&questions, &connection.cloud)
            .await
            .map_err(|error| Failure::error(report::api_error("data could not be read", &error)))?;
        let mut missed = Vec::new();
        for asked in wanted {
            match answers.get(&asked.question.address) {
                Some(Ok(value)) => data.keep(&asked.question, value.clone()),
                Some(Err(miss)) => missed.push(told(asked, miss, &connection.region)),
                None => {}
            }
        }
        if !missed.is_empty() {
            return Err(Failure::errors(missed));
        }
        project = project::load_with(data, global, env, ui)?;
        data = std::mem::take(&mut project.data);
    }
    project.data = data;
    Ok(project)
}

/// The configuration with what a saved plan says that its data blocks show; none if it asks for something else.
pub(super) fn as_saved(
    project: Project,
    shown: &BTreeMap<Address, Value>,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Option<Project>, Failure> {
    let mut project = project;
    let mut data = Data::default();
    // Nothing was read for what is to go.
    while !project.asked.is_empty() && !shown.is_empty() {
        for asked in &project.asked {
            match shown.get(&asked.question.address) {
                Some(value) => data.keep(&asked.question, value.clone()),
                None => return Ok(None),
            }
        }
        project = project::load_with(data, global, env, ui)?;
        data = std::mem::take(&mut project.data);
    }
    project.data = data;
    Ok(Some(project))
}

impl Data {
    fn keep(&mut self, question: &Question, value: Value) {
        let address = question.address.clone();
        if question.kind.keeps {
            let choice = Attributes::from([
                (ASKED.to_owned(), Value::Map(question.keys.clone())),
                (CHOSEN.to_owned(), value.clone()),
            ]);
            self.choices.insert(address.clone(), Value::Map(choice));
        }
        self.shown.insert(address, value);
    }
}

const ASKED: &str = "asked";
const CHOSEN: &str = "chosen";

/// What the state has chosen for this very question.
fn kept(question: &Question, state: &State) -> Option<Value> {
    let choice = state.data.get(&question.address)?;
    let is_same = question.kind.keeps && choice.at(ASKED)?.as_map() == Some(&question.keys);
    choice.at(CHOSEN).filter(|_| is_same).cloned()
}

/// Writes down what was chosen, so that the next plan is made with the same; what nobody asks for is forgotten.
pub(super) async fn note(goal: Goal, project: &Project, session: &Session) -> Result<(), StateError> {
    let nothing = BTreeMap::new();
    let choices = match goal {
        Goal::Configuration => &project.data.choices,
        Goal::Nothing => &nothing,
    };
    let effects: Vec<Effect> = session.with_state(|state| {
        let addresses: BTreeSet<&Address> = state.data.keys().chain(choices.keys()).collect();
        addresses
            .into_iter()
            .filter(|address| state.data.get(*address) != choices.get(*address))
            .map(|address| Effect::Data {
                address: address.clone(),
                value: choices.get(address).cloned(),
            })
            .collect()
    });
    if effects.is_empty() {
        return Ok(());
    }
    session.note(effects).await
}

/// A question that has no answer, with what there is.
fn told(asked: &Asked, miss: &Miss, region: &str) -> Diagnostic {
    let question = &asked.question;
    let (header, kind) = (question.header(), question.kind.name);
    let mut diagnostic = if miss.matching == 0 {
        Diagnostic::error(codes::NO_MATCH, format!("no {kind} in {region} matches {header}"))
    } else {
        let message = format!(
            "{} of the kind {kind} match {header}, which means exactly one",
            miss.matching
        );
        Diagnostic::error(codes::SEVERAL_MATCH, message)
    };
    if !miss.named.is_empty() {
        let more = match miss.more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = if miss.matching == 0 {
            "there are"
        } else {
            "they are"
        };
        diagnostic = diagnostic.note(format!("{what}: {}{more}", miss.named.join(", ")));
    }
    if miss.matching > 0 {
        let has = |key: &str| question.kind.keys.iter().any(|known| known.name == key);
        if has("most_recent") {
            diagnostic = diagnostic.help("most_recent = true takes the newest of them");
        }
        if has("sort_by") {
            diagnostic = diagnostic.help("sort_by = \"price\" takes the cheapest of them");
        }
        if has("many") {
            diagnostic = diagnostic.help("many = true gives all of them as a list");
        }
    }
    diagnostic.at(asked.location.clone(), "")
}
