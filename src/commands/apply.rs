//! Make the cloud match the configuration.

use super::failure::{Exit, Failure};
use super::{plan, project, run};
use crate::cli::{ChangeArgs, Global};
use crate::env::Env;
use crate::ui::Ui;

/// What should be there in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// What the configuration says.
    Configuration,
    /// Nothing at all.
    Nothing,
}

impl Goal {
    fn command(self) -> &'static str {
        match self {
            Goal::Configuration => "apply",
            Goal::Nothing => "destroy",
        }
    }
}

/// Do what plan shows, after asking
pub(crate) async fn apply(args: &ChangeArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    reach(Goal::Configuration, args, global, env, ui).await
}

/// From the files to a cloud that fits the goal.
pub(super) async fn reach(
    goal: Goal,
    args: &ChangeArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    // 1. What is wanted; if it is nothing, rules such as prevent_destroy still hold to the end.
    let started = env.clock.elapsed();
    let project = project::load(global, env, ui)?;

    // 2. What we remember. The lock comes first: a plan made from unlocked state may already be stale.
    let store = project.store(global, env);
    let session = store.open(store.lock(project::lock_note(env, goal.command()))?)?;

    // 3. What is really there, and what an interrupted run left open (looked up and adopted, nothing sent yet).
    let progress = project::progress(global, env, ui)?;
    let connection = project::connect(global, env, &project, progress.clone())?;
    let seen = project::look(env, &project, &project::loaded(&session), &connection).await?;
    project::adopt(&session, &connection, &seen).await?;

    // 4. What must change, checked by a second opinion, shown, and agreed to.
    let state = session.with_state(Clone::clone);
    let plan = plan::decide(env, &project, &state, &seen, &connection, goal == Goal::Nothing)?;
    let elapsed = env.clock.elapsed().saturating_sub(started);
    let header = project::header(goal.command(), env, global, &project, &connection, &seen, elapsed);
    ui.plan(&plan, &header, project::detail(args.detail));
    if plan.is_empty() {
        if goal == Goal::Configuration {
            run::tell_outputs(&project, &session, &seen, ui);
        }
        project::tell_totals(global, &connection, ui);
        session.close()?;
        return Ok(Exit::Success);
    }
    run::approve(&plan, &args.approval, global, env, ui, &header)?;

    // 5. Do exactly that; 6. say what happened, and give the lock back whatever it was.
    let run = run::Run {
        goal,
        plan: &plan,
        header: &header,
        seen: &seen,
        connection: &connection,
        project: &project,
        env,
        ui,
        progress,
    };
    let exit = run.execute(session).await;
    project::tell_totals(global, &connection, ui);
    exit
}
