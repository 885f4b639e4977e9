//! What apply would do.

use super::ahead::Looking;
use super::decide::Goal;
use super::failure::{Exit, Failure};
use super::{connect, data, head, look, project, whose};
use crate::cli::{Global, PlanArgs};
use crate::env::Env;
use crate::ui::Ui;

/// Show what apply would do; changes nothing, neither in the cloud nor on the disk
pub(crate) async fn plan(args: &PlanArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. What is wanted.
    let goal = if args.destroy {
        Goal::Nothing
    } else {
        Goal::Configuration
    };
    let started = env.clock.elapsed();
    let project = project::load(global, env, ui)?;

    // 2. What we remember. Reading needs no lock.
    let loaded = project.store(global, env)?.load()?;
    whose::check_project(&loaded.state, &project, args.owner)?;

    // 3. What is really there, and what an interrupted run really did; in memory only.
    let connection = connect::connect(global, env, &project, connect::progress(global, env, ui)?)?;
    let refresh = args.data.refresh_data;
    let project = match goal {
        Goal::Configuration => {
            data::complete(project, &loaded.state, &connection, refresh, global, env, ui).await?
        }
        // Nothing is read for what is to go.
        Goal::Nothing => project,
    };
    let seen = look::look(env, &project, &loaded, &connection).await?;
    whose::refuse_second_copy(&seen.others, &project, args.owner)?;
    connect::check_cloud(&loaded.state, &connection, seen.account.as_deref())?;
    let state = look::with_recovery(loaded.state, &seen.recovery);

    // 4. What must change. Pure: same inputs, same bytes; and again without what the cloud would refuse.
    let looking = Looking {
        env,
        project: &project,
        seen: &seen,
        connection: &connection,
        owner: args.owner,
        preflight: !args.preflight.no_preflight,
    };
    let mut plan = looking.decide(&state, goal).await?;
    plan.findings = ui.fit_to_show(&plan.findings);
    let elapsed = env.clock.elapsed().saturating_sub(started);
    let header = head::header(
        "plan",
        head::next(goal, global, env, ui),
        &project,
        &connection,
        &seen,
        elapsed,
    );
    ui.plan(&plan, &header, head::detail(args.detail));
    connect::tell_totals(global, &connection, ui);

    let changes = args.detailed_exitcode && (!plan.is_empty() || plan.withholds());
    Ok(if changes { Exit::Changes } else { Exit::Success })
}
