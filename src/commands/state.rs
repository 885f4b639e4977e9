//! Look into the state, or repair it.

use std::path::Path;

use super::failure::{Exit, Failure};
use super::project::{self, store};
use super::{connect, elsewhere};
use crate::address::Address;
use crate::cli::Global;
use crate::diagnostic::{Advice, Diagnostic, codes, run};
use crate::env::Env;
use crate::state::{Effect, Intent, State};
use crate::ui::Ui;

/// The largest document that is pushed, in bytes; 10,000 instances are about 10 MB.
const DOCUMENT_BYTES_MAX: u64 = 1 << 30;

fn unknown(address: &Address, state: &State) -> Failure {
    let alike = state
        .resources
        .keys()
        .find(|known| known.name() == address.name() || known.block() == address.block());
    let mut missing = Diagnostic::error(codes::NOT_IN_STATE, format!("the state has no {address}"));
    if let Some(alike) = alike {
        missing = missing.help(format!("did you mean {alike}?"));
    }
    Failure::error(missing.help(Advice::from("all of them: ").run("state list")))
}

/// List the resources of the state
pub(crate) fn list(global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = store(global, env, ui)?.load()?;
    connect::set_console_of(&loaded.state, ui);
    if global.json {
        let listed = loaded.state.resources.iter().map(|(address, resource)| {
            serde_json::json!({ "address": address, "type": resource.type_name, "id": resource.id })
        });
        ui.document(&listed.collect());
        return Ok(Exit::Success);
    }
    if !loaded.exists {
        ui.talk("There is no state yet; the first apply makes one.");
    }
    if loaded.state.resources.is_empty() {
        elsewhere::tell(global, env, ui);
    }
    let width = loaded
        .state
        .resources
        .keys()
        .map(|address| address.to_string().len())
        .max()
        .unwrap_or(0);
    for (address, resource) in &loaded.state.resources {
        ui.say(&format!("{address:<width$}  {}", resource.id));
    }
    Ok(Exit::Success)
}

/// Show one resource of the state
pub(crate) fn show(address: &Address, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = store(global, env, ui)?.load()?;
    let resource = loaded
        .state
        .resources
        .get(address)
        .ok_or_else(|| unknown(address, &loaded.state))?;
    connect::set_console_of(&loaded.state, ui);
    if global.json {
        ui.document(&serde_json::json!(resource));
    } else {
        ui.resource(address, resource);
    }
    Ok(Exit::Success)
}

/// Give a resource another address; its tag follows with the next apply
pub(crate) async fn mv(
    from: &Address,
    to: &Address,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let store = store(global, env, ui)?;
    // Looked at before the lock as well: a refusal leaves nothing behind.
    let loaded = store.load()?;
    may_move(from, to, &loaded.state, &loaded.open)?;
    let session = store.open(store.lock(project::lock_note(env, "state mv"))?)?;
    let open = session.open_intents();
    session.with_state(|state| may_move(from, to, state, &open))?;
    session
        .note(vec![Effect::Move {
            from: from.clone(),
            to: to.clone(),
        }])
        .await?;
    let serial = session.close()?;
    ui.say(&format!("{from} is now {to} (serial {serial})."));
    Ok(Exit::Done)
}

fn may_move(from: &Address, to: &Address, state: &State, open: &[Intent]) -> Result<(), Failure> {
    if !state.resources.contains_key(from) {
        return Err(unknown(from, state));
    }
    if from.type_name() != to.type_name() {
        let wrong = Diagnostic::error(
            codes::OTHER_TYPE,
            format!("{from} cannot become a {}", to.type_name()),
        );
        return Err(Failure::error(wrong.help("a resource keeps its type")));
    }
    if state.resources.contains_key(to) {
        let taken = Diagnostic::error(codes::TAKEN, format!("the state has a {to} already"));
        return Err(Failure::error(taken.help("move or remove that one first")));
    }
    nothing_under_way(&[from, to], open)
}

/// What an open call makes or changes would be written to an address that has changed its meaning.
pub(super) fn nothing_under_way(addresses: &[&Address], open: &[Intent]) -> Result<(), Failure> {
    let under_way = open.iter().find(|intent| {
        let members = intent.members.iter().map(|member| &member.address);
        members
            .chain([&intent.object.address])
            .any(|address| addresses.contains(&address))
    });
    under_way.map_or(Ok(()), |intent| {
        let message = format!(
            "an interrupted run left a call open for {}: {}",
            intent.object.address, intent.action
        );
        Err(Failure::error(Diagnostic::error(codes::UNDER_WAY, message).help(
            run("apply").then(" finds out what became of it; then do this again"),
        )))
    })
}

/// Forget a resource; it goes on existing
pub(crate) async fn rm(address: &Address, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let store = store(global, env, ui)?;
    let may_forget = |state: &State, open: &[Intent]| {
        let known = state
            .resources
            .get(address)
            .ok_or_else(|| unknown(address, state))?;
        nothing_under_way(&[address], open)?;
        Ok::<_, Failure>(known.ids().map(str::to_owned).collect::<Vec<_>>())
    };
    // Looked at before the lock as well: a refusal leaves nothing behind.
    let loaded = store.load()?;
    may_forget(&loaded.state, &loaded.open)?;
    let session = store.open(store.lock(project::lock_note(env, "state rm"))?)?;
    let open = session.open_intents();
    let ids = session.with_state(|state| may_forget(state, &open))?;
    let forget = ids.iter().map(|id| Effect::Forget {
        address: address.clone(),
        id: id.clone(),
    });
    session.note(forget.collect()).await?;
    let serial = session.close()?;
    ui.say(&format!(
        "{address} is forgotten (serial {serial}). {} {} on existing.",
        ids.join(", "),
        if ids.len() == 1 { "goes" } else { "go" }
    ));
    ui.talk("It still carries the tags of this stack, so the next plan names it, or takes it back if its address is wanted.");
    for id in &ids {
        ui.advise(
            &Advice::from("To let go of it for good: ")
                .run("state forget-stray")
                .arg(id),
        );
    }
    Ok(Exit::Done)
}

/// Print the state as JSON
pub(crate) fn pull(global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let text = store(global, env, ui)?.pull()?;
    ui.raw(text.trim_end());
    Ok(Exit::Success)
}

/// Replace the state by a document that was pulled from it and edited
pub(crate) fn push(file: &Path, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let path = env.cwd.join(file);
    let document = env.fs.read(&path, DOCUMENT_BYTES_MAX).map_err(|error| {
        let unread = Diagnostic::error(codes::UNREADABLE, format!("could not read {}", path.display()));
        Failure::error(unread.note(error.to_string()))
    })?;
    let store = store(global, env, ui)?;
    store.can_push(&document)?;
    let lock = store.lock(project::lock_note(env, "state push"))?;
    let serial = store.push(lock, &document)?;
    ui.say(&format!("The state is this document now (serial {serial})."));
    Ok(Exit::Done)
}

/// List the generations that are kept
pub(crate) fn generations(global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    for generation in store(global, env, ui)?.generations()? {
        ui.say(&match generation.content {
            Some(content) => format!(
                "{:>6}  {:.0}  {} resources",
                generation.serial, content.written_at, content.resources
            ),
            None => format!("{:>6}  damaged", generation.serial),
        });
    }
    Ok(Exit::Success)
}

/// Go back to an earlier generation
pub(crate) fn restore(serial: Option<u64>, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let store = store(global, env, ui)?;
    store.can_restore(serial)?;
    let lock = store.lock(project::lock_note(env, "state restore"))?;
    let restored = store.restore(lock, serial)?;
    ui.say(&restored.to_string());
    Ok(Exit::Done)
}
