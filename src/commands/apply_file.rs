//! Do exactly what a saved plan says, or nothing.

use std::path::Path;
use std::time::Duration;

use super::ahead::Looking;
use super::approve;
use super::carry_out::{self, Run, note};
use super::decide::Goal;
use super::failure::{Exit, Failure};
use super::{connect, data, head, look, plan_file, project, results};
use crate::cli::{DetailArgs, Global};
use crate::env::Env;
use crate::observe::account;
use crate::ui::{SavedAs, Ui};

/// From a plan file to a cloud that fits it.
pub(super) async fn apply(
    file: &Path,
    detail: DetailArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    // 1. What was decided, bit by bit as it was written.
    let path = env.cwd.join(file);
    let read = plan_file::read(&path, env)?;
    let saved = &read.file;

    // 2. The state that it was made for, under its lock, whose key tells whether it is the one that was written.
    let project = project::load(global, env, ui)?;
    let store = project.store(global, env)?;
    let last = store.last_use();
    let session = store.open(store.lock(project::lock_note(env, "apply"))?)?;
    let loaded = look::loaded(&session);
    let seal = |bytes: &[u8]| loaded.state.hash_key.fingerprint(bytes);
    if saved.basis.lineage == loaded.state.lineage && !read.is_sealed_by(&seal) {
        return Err(plan_file::damaged(&format!(
            "{} is not as it was written",
            file.display()
        )));
    }

    // 3. Everything that it was made from is what it was.
    let project = data::as_saved(project, &saved.sight.data, global, env, ui)?;
    let Some(project) = project else {
        return Err(plan_file::stale(file, &["what data blocks ask for".to_owned()]));
    };
    let progress = connect::progress(global, env, ui)?;
    let connection = connect::connect(global, env, ui, &project, progress.clone())?;
    let account = account::of(&connection.cloud, &loaded.state).await;
    let now = plan_file::basis(env, &project, &connection, &loaded, account.as_deref())?;
    let differences = saved.basis.differences(&now, last.as_deref());
    if !differences.is_empty() {
        return Err(plan_file::stale(file, &differences));
    }

    // 4. The same decision, made again from the same: nothing that a file says is sent because the file says it.
    let goal = plan_file::goal(&saved.request);
    let seen = plan_file::seen(&saved.sight, account);
    let state = look::with_recovery(&loaded.state, &seen.recovery);
    let looking = Looking {
        env,
        project: &project,
        seen: &seen,
        connection: &connection,
        owner: plan_file::owner(&saved.request),
        selection: &saved.request.selection,
        preflight: !saved.request.no_preflight,
        saved_for: Some(&state),
    };
    let mut plan = looking.decide_without(&state, goal, &saved.sight.impossible)?;
    if let Some(what) = saved.differs(&plan, &seal) {
        let difference = format!("what would be done about {what} is something else now");
        return Err(plan_file::stale(file, &[difference]));
    }
    if let Some(shown) = saved.shown() {
        plan.findings = shown.findings;
        plan.cost = shown.cost;
    }
    let took = Duration::from_millis(saved.summary.took_ms);
    let mut header = head::header(goal.command(), None, &project, &connection, &seen, took);
    header.saved = Some(SavedAs {
        path: file.display().to_string(),
        digest: read.digest.clone(),
    });
    ui.plan(&plan, &header, head::detail(detail));

    // 5. It was agreed to when it was chosen; the rules still hold. The world is the one that was shown.
    let place = approve::Place {
        project: &project,
        connection: &connection,
        account: seen.account.as_deref(),
    };
    let broken = approve::rules(&plan, &place);
    if !broken.is_empty() {
        return Err(Failure::errors(broken).with(Exit::Forbidden));
    }
    looking.just_before(&plan).await?;

    // 6. Only now is anything written down.
    look::adopt(&session, &project, &connection, &seen).await?;
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
