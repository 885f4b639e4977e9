//! Make the cloud match the configuration.

use super::ahead::Looking;
use super::approve::{Place, approve};
use super::carry_out::{self, Run, note};
use super::decide::{self, Goal};
use super::failure::{Exit, Failure};
use super::rehearse::{self, rehearse};
use super::{apply_file, connect, data, head, imports, look, project, results, whose};
use crate::cli::{ApplyArgs, ChangeArgs, Global};
use crate::env::Env;
use crate::ui::Ui;

/// Do what plan shows, after asking
pub(crate) async fn apply(args: &ApplyArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match &args.file {
        Some(file) => apply_file::apply(file, args.change.detail, global, env, ui).await,
        None => reach(Goal::Configuration, &args.change, global, env, ui).await,
    }
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
    let store = project.store(global, env)?;
    let session = store.open(store.lock(project::lock_note(env, goal.command()))?)?;
    session.with_state(|state| whose::check_project(state, &project, args.owner))?;

    // 3. What is really there, and what an interrupted run left open (looked up and adopted, nothing sent yet).
    let progress = connect::progress(global, env, ui)?;
    let connection = connect::connect(global, env, ui, &project, progress.clone())?;
    let project = match goal {
        Goal::Configuration => {
            let state = session.with_state(Clone::clone);
            data::complete(
                project,
                &state,
                &connection,
                args.data.refresh_data,
                global,
                env,
                ui,
            )
            .await?
        }
        // Nothing is read for what is to go.
        Goal::Nothing => project,
    };
    let loaded = look::loaded(&session);
    let mut seen = look::look(env, &project, &loaded, &connection).await?;
    imports::read(&mut seen, &project, &loaded.state, &connection, args.owner).await?;
    whose::refuse_second_copy(&seen.others, &project, args.owner)?;
    look::adopt(&session, &project, &connection, &seen).await?;

    // 4. What must change, without what the cloud would refuse; checked by a second opinion and shown.
    let state = session.with_state(Clone::clone);
    let selection = decide::selection(&args.selection);
    let looking = Looking {
        env,
        project: &project,
        seen: &seen,
        connection: &connection,
        owner: args.owner,
        selection: &selection,
        preflight: !args.preflight.no_preflight,
        saved_for: None,
    };
    let mut plan = looking.decide(&state, goal).await?.plan;
    plan.findings = ui.fit_to_show(&plan.findings);
    let elapsed = env.clock.elapsed().saturating_sub(started);
    let header = head::header(goal.command(), None, &project, &connection, &seen, elapsed);
    ui.plan(&plan, &header, head::detail(args.detail));
    if plan.is_empty() {
        if goal == Goal::Configuration {
            results::tell_outputs(&project, &session, &seen, ui);
        }
        note(&plan, &session, env, &project).await?;
        data::note(goal, &project, &session).await?;
        connect::tell_totals(global, &connection, ui);
        session.close()?;
        return Ok(carry_out::exit_of(&plan, Exit::Success, false));
    }

    // 5. It works on a twin, if that was asked for.
    if args.preflight.rehearse {
        let rehearsed = rehearse(&plan, &state, goal, &looking).await?;
        if rehearse::show(&rehearsed, ui) {
            session.close()?;
            ui.talk("Nothing was changed.");
            return Ok(Exit::Error);
        }
    }

    // 6. Somebody agrees to it (exit 4), and the rules allow it (exit 5).
    let place = Place {
        project: &project,
        connection: &connection,
        account: seen.account.as_deref(),
    };
    if !approve(&plan, &args.approval, global, env, ui, &header, &place).await? {
        session.close()?;
        ui.talk("Nothing was changed.");
        return Ok(Exit::NotApproved);
    }

    // 7. The world is still the one that was shown, and what is destroyed can still have its successor.
    looking.just_before(&plan).await?;

    // 8. Do exactly that, say what happened, and give the lock back whatever it was.
    let run = Run {
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
    connect::tell_totals(global, &connection, ui);
    exit
}
