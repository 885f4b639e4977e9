//! What apply would do.

use super::ahead::{Decided, Looking};
use super::decide::{self, Goal};
use super::failure::{Exit, Failure};
use super::rehearse::{self, rehearse};
use super::{approve, connect, data, head, imports, look, plan_file, project, whose};
use crate::cli::{FailOn, Global, PlanArgs};
use crate::diagnostic::{Diagnostic, run};
use crate::env::Env;
use crate::saved::{PlanFile, PlanRequest, Summary};
use crate::ui::{SavedAs, Ui};

/// Show what apply would do; changes nothing in the cloud, and on the disk nothing but the file of `-o`
pub(crate) async fn plan(args: &PlanArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. What is wanted.
    let goal = if args.destroy {
        Goal::Nothing
    } else {
        Goal::Configuration
    };
    let started = env.clock.elapsed();
    let project = project::load(global, env, ui)?;

    // 2. What we remember. Reading needs no lock; a plan that is kept must know that nobody else is at work, and its state
    //    must exist, so that it cannot be carried out twice.
    let store = project.store(global, env)?;
    let session = match &args.out {
        Some(_) => Some(store.open(store.lock(project::lock_note(env, "plan"))?)?),
        None => None,
    };
    let loaded = session
        .as_ref()
        .map_or_else(|| store.load(), |session| Ok(look::loaded(session)))?;
    whose::check_project(&loaded.state, &project, args.owner)?;

    // 3. What is really there, and what an interrupted run really did; in memory only.
    let connection = connect::connect(global, env, ui, &project, connect::progress(global, env, ui)?)?;
    let refresh = args.data.refresh_data;
    let project = match goal {
        Goal::Configuration => {
            data::complete(project, &loaded.state, &connection, refresh, global, env, ui).await?
        }
        // Nothing is read for what is to go.
        Goal::Nothing => project,
    };
    let mut seen = look::look(env, &project, &loaded, &connection).await?;
    imports::read(&mut seen, &project, &loaded.state, &connection, args.owner).await?;
    whose::refuse_second_copy(&seen.others, &project, args.owner)?;
    connect::check_cloud(&loaded.state, &connection, seen.account.as_deref())?;
    let state = look::with_recovery(&loaded.state, &seen.recovery);

    // 4. What must change. Pure: same inputs, same bytes; and again without what the cloud would refuse.
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
    let Decided { mut plan, impossible } = looking.decide(&state, goal).await?;
    let place = approve::Place {
        project: &project,
        connection: &connection,
        account: seen.account.as_deref(),
    };
    let (broken, doubtful): (Vec<_>, Vec<_>) = approve::own_rules(&plan, &place)
        .into_iter()
        .partition(Diagnostic::is_error);
    plan.findings.extend(doubtful);
    plan.findings = ui.fit_to_show(&plan.findings);
    let elapsed = env.clock.elapsed().saturating_sub(started);
    let next = head::next(goal, global, env, ui);
    let mut header = head::header("plan", next, &project, &connection, &seen, elapsed);

    // 5. Kept, if that was asked for and no rule stands against it, and shown.
    if let Some(out) = args.out.as_ref().filter(|_| broken.is_empty()) {
        let seal = |bytes: &[u8]| state.hash_key.fingerprint(bytes);
        let basis = plan_file::basis(env, &project, &connection, &loaded, seen.account.as_deref())?;
        let request = PlanRequest {
            destroy: args.destroy,
            new_stack: args.owner.new_stack,
            take_over: args.owner.take_over,
            no_preflight: args.preflight.no_preflight,
            selection: selection.clone(),
        };
        let shown = |(address, finding): (&_, &_)| {
            let mut shown = ui.fit_to_show(std::slice::from_ref(finding));
            Some((Clone::clone(address), shown.pop()?))
        };
        let impossible = impossible.iter().filter_map(shown).collect();
        let summary = Summary {
            cloud: header.cloud.clone(),
            files: header.files.clone(),
            checked: header.checked,
            took_ms: plan_file::milliseconds(elapsed),
        };
        let sight = plan_file::sight(&seen, &impossible, &project);
        let file = PlanFile::new(&plan, basis, request, sight, summary, &seal);
        let digest = plan_file::write(&file, &env.cwd.join(out), env, &seal)?;
        let command = run("apply").arg(out.display()).as_typed(&ui.typed());
        header.next = header.next.map(|_| format!("{command}   (exactly this plan)"));
        header.saved = Some(SavedAs {
            path: out.display().to_string(),
            digest,
        });
    }
    ui.plan(&plan, &header, head::detail(args.detail));
    let rehearsed = if args.preflight.rehearse && !plan.is_empty() && broken.is_empty() {
        Some(rehearse(&plan, &state, goal, &looking).await?)
    } else {
        None
    };
    let is_refused = rehearsed.is_some_and(|rehearsed| rehearse::show(&rehearsed, ui));
    connect::tell_totals(global, &connection, ui);
    // Nothing was written, so there is nothing to be brought to a close: that would begin a new generation.
    drop(session);

    if !broken.is_empty() {
        return Err(Failure::errors(broken).with(Exit::Forbidden));
    }
    if is_refused {
        return Ok(Exit::Error);
    }
    if args.fail_on == Some(FailOn::Warning) && (ui.has_warned() || !plan.findings.is_empty()) {
        return Ok(Exit::Error);
    }
    let changes = args.detailed_exitcode && (!plan.is_empty() || plan.withholds());
    Ok(if changes { Exit::Changes } else { Exit::Success })
}
