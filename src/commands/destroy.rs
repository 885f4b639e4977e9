//! Delete everything in this environment.

use super::failure::{Exit, Failure};
use super::{plan, project, run};
use crate::cli::{DestroyArgs, Global};
use crate::env::Env;
use crate::ui::Ui;

/// Delete everything in this environment, after asking
pub(crate) async fn destroy(
    args: &DestroyArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    // 1. What was wanted: rules such as prevent_destroy hold to the end.
    let started = env.clock.elapsed();
    let project = project::load(global, env, ui)?;

    // 2. What we remember, under the lock.
    let store = project.store(global, env);
    let session = store.open(store.lock(project::lock_note(env, "destroy"))?)?;

    // 3. What is really there, and what an interrupted run left open.
    let progress = project::progress(global, env, ui)?;
    let connection = project::connect(global, env, &project, progress.clone())?;
    let seen = project::look(env, &project, &project::loaded(&session), &connection).await?;
    project::adopt(&session, &connection, &seen).await?;

    // 4. The plan: everything goes, dependents first.
    let state = session.with_state(Clone::clone);
    let plan = plan::decide(env, &project, &state, &seen, &connection, true)?;
    let elapsed = env.clock.elapsed().saturating_sub(started);
    let header = project::header("destroy", env, global, &project, &connection, &seen, elapsed);
    ui.plan(&plan, &header, project::detail(args.detail));
    if plan.is_empty() {
        run::tell_outputs(&project, &session, &seen, ui);
        project::tell_totals(global, &connection, ui);
        session.close()?;
        return Ok(Exit::Success);
    }
    run::approve(&plan, &args.approval, global, env, ui, &header)?;

    // 5. Do exactly that; 6. say what happened, and give the lock back whatever it was.
    let run = run::Run {
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
