//! Let go of something that carries this stack's tags and that the state does not know.

use std::sync::Arc;

use super::connect::{self, Connection};
use super::failure::{Exit, Failure};
use super::look::{self, Seen};
use super::project::{self, Project};
use super::{report, whose};
use crate::apply::{self, Context, Outcome, Stop};
use crate::cli::{ForgetStrayArgs, Global, OwnerArgs};
use crate::diagnostic::{Advice, Diagnostic, codes, run};
use crate::env::Env;
use crate::live::Stray;
use crate::plan;
use crate::state::{Session, State};
use crate::types;
use crate::ui::progress::Progress;
use crate::ui::{Ui, ask, prompt};
use crate::value::SecretSource;

/// Take infra's tags off something that the state does not know; it goes on existing
pub(crate) async fn forget_stray(
    args: &ForgetStrayArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    // 1. What we remember: what the state knows is no stray.
    let project = project::load(global, env, ui)?;
    let store = project.store(global, env)?;
    let loaded = store.load()?;
    whose::check_project(&loaded.state, &project, OwnerArgs::default())?;
    is_unknown(&args.id, &loaded.state)?;

    // 2. What is there.
    let progress = connect::progress(global, env, ui)?;
    let connection = connect::connect(global, env, ui, &project, progress.clone())?;
    let seen = look::look(env, &project, &loaded, &connection).await?;
    find(&args.id, &seen, &connection)?;

    // 3. Somebody agrees.
    if !args.auto_approve {
        if let Some(why) = ask::nobody(global.no_input || global.json, env) {
            return Err(Failure::error(refusal(&args.id, why)).with(Exit::NotApproved));
        }
        let sentence = format!("Take the tags of infra off {}?", args.id);
        if !prompt::confirm_sentence(&sentence, env, ui).await {
            ui.talk("Nothing was changed.");
            return Ok(Exit::NotApproved);
        }
    }

    // 4. Under the lock, and only if it is still so.
    let session = store.open(store.lock(project::lock_note(env, "state forget-stray"))?)?;
    session.with_state(|state| is_unknown(&args.id, state))?;
    let seen = look::look(env, &project, &look::loaded(&session), &connection).await?;
    look::adopt(&session, &project, &connection, &seen).await?;
    let stray = find(&args.id, &seen, &connection)?;
    let outcome = carry_out(stray, &seen, &session, &connection, &project, env, progress).await?;
    session.close()?;
    end(&outcome, stray, ui)
}

/// Refuses what the state knows.
fn is_unknown(id: &str, state: &State) -> Result<(), Failure> {
    let known = state
        .resources
        .iter()
        .find(|(_, known)| known.ids().any(|one| one == id));
    known.map_or(Ok(()), |(address, _)| {
        let known = Diagnostic::error(
            codes::TWICE,
            format!("{id} is no stray: the state knows it as {address}"),
        );
        Err(Failure::error(known.help(
            Advice::from("to forget it: ").run("state rm").arg(address),
        )))
    })
}

/// The stray with this id, unless a call that may still be under way has made it.
fn find<'a>(id: &str, seen: &'a Seen, connection: &Connection) -> Result<&'a Stray, Failure> {
    let stray = seen.live.strays.iter().find(|stray| stray.observed.id == id);
    let Some(stray) = stray else {
        let adopted = seen
            .recovery
            .found
            .iter()
            .any(|(_, effect)| effect.id() == Some(id));
        if adopted {
            return Err(Failure::error(
                Diagnostic::error(
                    codes::UNDER_WAY,
                    format!("{id} was made by a run that was interrupted"),
                )
                .help(run("apply").then(" takes it over; then it can be forgotten or deleted")),
            ));
        }
        let missing = format!("nothing with the id {id} carries the tags of this stack");
        return Err(Failure::error(
            Diagnostic::error(codes::NO_SUCH_OBJECT, missing)
                .help(format!(
                    "looked in {}; check the id and the region",
                    connection.region
                ))
                .help(run("plan").then(" names all that the state does not know")),
        ));
    };
    if let Some(address) = &stray.address {
        super::state::nothing_under_way(&[address], &seen.recovery.open)?;
    }
    Ok(stray)
}

fn refusal(id: &str, why: &str) -> Diagnostic {
    let message = format!("state forget-stray needs an answer {why}");
    Diagnostic::error(codes::NOBODY_TO_ASK, message)
        .note("nothing was changed")
        .help(
            Advice::from("accept without being asked: ")
                .run("state forget-stray --auto-approve")
                .arg(id),
        )
}

async fn carry_out(
    stray: &Stray,
    seen: &Seen,
    session: &Session,
    connection: &Connection,
    project: &Project,
    env: &Env,
    progress: Arc<Progress>,
) -> Result<Outcome, Failure> {
    let resource_type = types::find(&stray.type_name).ok_or_else(|| {
        let message = format!("unknown resource type \"{}\"", stray.type_name);
        Failure::error(Diagnostic::error(codes::UNKNOWN_TYPE, message))
    })?;
    let plan = plan::disown(stray, resource_type, &connection.region);
    let secrets = |source: &SecretSource| super::secrets::read(env, project, source);
    let context = Context {
        cloud: &connection.cloud,
        session,
        clock: env.clock.clone(),
        random: env.random.clone(),
        secrets: &secrets,
        listener: &*progress,
        stop: &Stop::default(),
        open: &seen.recovery.open,
    };
    Ok(apply::execute(&plan, &context).await)
}

fn end(outcome: &Outcome, stray: &Stray, ui: &Ui) -> Result<Exit, Failure> {
    if !outcome.failed.is_empty() {
        let told = outcome.failed.iter().map(report::failure).collect();
        let exit = if outcome.changed {
            Exit::Partial
        } else {
            Exit::Error
        };
        return Err(Failure::errors(told).with(exit));
    }
    ui.say(&format!(
        "{} carries no tags of infra any more. It goes on existing, and costs what it costs.",
        stray.observed.id
    ));
    Ok(Exit::Done)
}
