//! A look around without a lock and without a change: what there is, and what a plan would say of it.
//!
//! Does not know what is shown of it.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Asked, Goal, draft};
use super::failure::Failure;
use super::look::{self, Seen};
use super::project;
use super::{connect, data, whose};
use crate::address::Address;
use crate::cli::{Global, OwnerArgs};
use crate::env::Env;
use crate::plan::{Plan, Selection};
use crate::state::State;
use crate::ui::Ui;

/// What there is.
pub(super) struct Survey {
    pub(super) state: State,
    /// Whether there has been a state at all.
    pub(super) exists: bool,
    pub(super) seen: Seen,
    /// What would be planned; it may be impossible, because nobody wants to carry it out.
    pub(super) plan: Plan,
}

impl Survey {
    /// The addresses at which somebody else changed something.
    pub(super) fn drifted(&self) -> BTreeSet<&Address> {
        let vanished = self.plan.vanished.iter().map(|one| &one.address);
        self.plan
            .drift
            .iter()
            .map(|one| &one.address)
            .chain(vanished)
            .collect()
    }
}

/// Looks around.
pub(super) async fn survey(global: &Global, env: &Env, ui: &Ui) -> Result<Survey, Failure> {
    // 1. What is wanted, and what we remember. Reading needs no lock.
    let project = project::load(global, env, ui)?;
    let loaded = project.store(global, env)?.load()?;
    let exists = loaded.exists;
    whose::check_project(&loaded.state, &project, OwnerArgs::default())?;

    // 2. What is really there.
    let connection = connect::connect(global, env, ui, &project, connect::progress(global, env, ui)?)?;
    let project = data::complete(project, &loaded.state, &connection, false, global, env, ui).await?;
    let seen = look::look(env, &project, &loaded, &connection).await?;
    whose::refuse_second_copy(&seen.others, &project, OwnerArgs::default())?;
    connect::check_cloud(&loaded.state, &connection, seen.account.as_deref())?;
    let state = look::with_recovery(&loaded.state, &seen.recovery).into_owned();

    // 3. What differs.
    let everything = Selection::default();
    let asked = Asked {
        goal: Goal::Configuration,
        selection: &everything,
        owner: OwnerArgs::default(),
    };
    let (plan, _) = draft(env, &project, &state, &seen, &connection, asked, &BTreeMap::new());
    connect::tell_totals(global, &connection, ui);
    Ok(Survey {
        state,
        exists,
        seen,
        plan,
    })
}
