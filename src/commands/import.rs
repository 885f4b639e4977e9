//! Take over one resource that exists.

use std::collections::BTreeMap;
use std::path::Path;

use super::connect::Connection;
use super::decide::{self, Goal};
use super::failure::{Exit, Failure};
use super::project::Project;
use super::{connect, data, look, project, report, secrets, whose, written_block};
use crate::address::Address;
use crate::cli::{Global, ImportArgs, OwnerArgs};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::{Env, put_file};
use crate::live::TAG_PROJECT;
use crate::observe::read::read_by_id;
use crate::observe::{account, details, hidden};
use crate::plan::{self, Fingerprints, Selection};
use crate::state::{Effect, Intent, Lifecycle, Loaded, LocalStore, Resource, State};
use crate::types;
use crate::ui::Ui;
use crate::value::Attributes;

/// The largest file that is read, in bytes; the same as for the configuration.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Take over one resource that exists: writes the state, and its block where there is none; the cloud is not changed
pub(crate) async fn import(args: &ImportArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. What is wanted.
    let mut project = project::load(global, env, ui)?;
    let mut connection = None;
    if !project.asked.is_empty() {
        // Which copies a block has may depend on what is there.
        let state = project.store(global, env)?.load()?.state;
        let progress = connect::progress(global, env, ui)?;
        let connected = connection.insert(connect::connect(global, env, ui, &project, progress)?);
        project = data::complete(project, &state, connected, false, global, env, ui).await?;
    }
    let address = &args.address;
    let Some(resource_type) = types::find(address.type_name()) else {
        return Err(Failure::error(Diagnostic::error(
            codes::UNKNOWN_TYPE,
            format!("unknown resource type \"{}\"", address.type_name()),
        )));
    };
    let has_block = project.config.resources.contains_key(address);
    let is_copy = address.key().is_some() || project.config.blocks.contains_key(&address.block());
    if !has_block && is_copy {
        let missing = Diagnostic::error(codes::NO_BLOCK, format!("the configuration has no {address}"));
        return Err(Failure::error(missing.help(format!(
            "let [{}.{}] have this copy first, with count or for_each",
            address.type_name(),
            address.name()
        ))));
    }

    // 2. Neither the address nor the id may be in use. Looked at before the lock as well: a refusal leaves nothing
    // behind.
    let store = project.store(global, env)?;
    let loaded = store.load()?;
    let owner = OwnerArgs {
        take_over: args.take_over,
        ..OwnerArgs::default()
    };
    whose::check_project(&loaded.state, &project, owner)?;
    if !args.print {
        may_take_over(address, &args.id, &loaded.state, &loaded.open)?;
    }

    // 3. It must exist.
    let connection = match connection {
        Some(connection) => connection,
        None => connect::connect(global, env, ui, &project, connect::progress(global, env, ui)?)?,
    };
    let doing = format!("{} could not be read", args.id);
    let unread = |error| Failure::error(report::api_error(&doing, &error));
    let mut found = read_by_id(resource_type, &connection.cloud, std::slice::from_ref(&args.id))
        .await
        .map_err(unread)?;
    if args.print || !has_block {
        details::complete(
            resource_type,
            &connection.cloud,
            &mut found,
            &written_block::details_of(resource_type),
        )
        .await
        .map_err(unread)?;
    }
    let Some(mut observed) = found.into_iter().next() else {
        let missing = Diagnostic::error(
            codes::NO_SUCH_OBJECT,
            format!("there is no {} {}", address.type_name(), args.id),
        );
        return Err(Failure::error(missing.help(format!(
            "looked in {}; check the id and the region",
            connection.region
        ))));
    };
    if args.print {
        let block = written_block::written(address, resource_type, &observed, &loaded.state);
        ui.raw(block.trim_end());
        return Ok(Exit::Success);
    }

    // 4. It must be nobody else's.
    let ours = loaded.exists.then_some(loaded.state.lineage.as_str());
    let is_own = ours.is_some() && observed.stack() == ours;
    if let Some(stack) = observed
        .stack()
        .filter(|stack| Some(*stack) != ours && !args.take_over)
    {
        let whose = observed
            .tags
            .get(TAG_PROJECT)
            .map_or("another stack", String::as_str);
        let message = format!("{} belongs to {whose} (infra:stack = {stack})", args.id);
        return Err(Failure::error(
            Diagnostic::error(codes::FOREIGN, message)
                .note("two stacks that know one object delete it for each other")
                .help(Advice::from("let that stack forget it first, there: ").run("state rm ADDRESS"))
                .help(
                    Advice::from("or take it over, which that stack's next plan will tell: ")
                        .run("import --take-over")
                        .arg(address)
                        .arg(&args.id),
                ),
        )
        .with(Exit::Forbidden));
    }

    // 5. It needs its block, or the next plan would delete it.
    if !has_block {
        let block = written_block::written(address, resource_type, &observed, &loaded.state);
        project = write(&block, &project.folder, global, env, ui)?;
        if !project.asked.is_empty() {
            project = data::complete(project, &loaded.state, &connection, false, global, env, ui).await?;
        }
        ui.say(&format!(
            "Wrote [{}.{}] to infra.toml.",
            address.type_name(),
            address.name()
        ));
    }
    let Some(wanted) = project.config.resources.get(address) else {
        let message = format!("the block that was written for {address} makes none");
        return Err(Failure::error(Diagnostic::error(codes::BUG, message)));
    };

    // 6. The state takes it over; what differs is the next plan's business.
    let account = account::of(&connection.cloud, &loaded.state).await;
    let known = |state: &State| {
        let known = connect::check_cloud(state, &connection, account.as_deref())?;
        connect::demand_account(state, &connection, account.as_deref()).map(|()| known)
    };
    known(&loaded.state)?;
    let session = store.open(store.lock(project::lock_note(env, "import"))?)?;
    let open = session.open_intents();
    let known = session.with_state(|state| {
        still_there(&loaded, state)?;
        may_take_over(address, &args.id, state, &open)?;
        known(state)
    })?;
    // What no plan reads is read now, and what nobody can read is taken to be as it is written.
    let kept = session.with_state(Clone::clone);
    let text = |bytes: &[u8]| kept.hash_key.fingerprint(bytes);
    hidden::read(
        resource_type,
        &connection.cloud,
        &mut observed,
        &wanted.attributes,
        &text,
    )
    .await
    .map_err(|error| Failure::error(report::api_error(&doing, &error)))?;
    let (secrets, _) = secrets::fingerprints(env, &project, &kept);
    let fingerprints = Fingerprints {
        secrets: &secrets,
        text: &text,
    };
    let assumed = plan::assume(resource_type, &observed, &wanted.attributes, &fingerprints);
    let mut attributes: Attributes = observed
        .attributes
        .into_iter()
        .filter(|(name, _)| {
            let computed = wanted
                .resource_type
                .attribute(name)
                .is_some_and(|attribute| attribute.computed);
            *name != "id" && (computed || wanted.attributes.contains_key(name))
        })
        .collect();
    attributes.extend(assumed);
    let resource = Resource {
        type_name: address.type_name().to_owned(),
        id: args.id.clone(),
        attributes,
        dependencies: crate::plan::dependencies(&project.config)
            .remove(address)
            .unwrap_or_default(),
        token: None,
        lifecycle: Lifecycle {
            prevent_destroy: wanted.lifecycle.prevent_destroy,
            ..Lifecycle::default()
        },
        // What this stack has made itself is no stranger's.
        imported: !is_own,
        ..Resource::default()
    };
    let put = Effect::Put {
        address: address.clone(),
        resource: Box::new(resource),
    };
    session.note(known.into_iter().chain([put]).collect()).await?;
    let serial = session.close()?;
    ui.say(&format!(
        "{address} is {} now (serial {serial}). Nothing was changed in the cloud.",
        args.id
    ));

    // 7. What was written here should leave nothing to do.
    let differs = if has_block {
        Vec::new()
    } else {
        differences(address, owner, &project, &store, &connection, env).await?
    };
    if !has_block && differs.is_empty() {
        ui.say("The plan for it is empty, but for the tags that tell whose it is.");
    } else if !differs.is_empty() {
        ui.say(&format!(
            "In the way of an empty plan: {}. The cloud shows it otherwise than the file can say it.",
            differs.join(", ")
        ));
    }
    ui.advise(
        &Advice::from("Next: ")
            .run("plan")
            .then("   (shows what differs from the configuration)"),
    );
    if args.take_over {
        ui.advise(
            &Advice::from("It has the other stack's tags until this puts this stack's on it: ")
                .run("apply")
                .arg("--take-over"),
        );
    }
    Ok(if differs.is_empty() {
        Exit::Done
    } else {
        Exit::Partial
    })
}

/// The attributes that the next plan would change.
async fn differences(
    address: &Address,
    owner: OwnerArgs,
    project: &Project,
    store: &LocalStore,
    connection: &Connection,
    env: &Env,
) -> Result<Vec<String>, Failure> {
    let loaded = store.load()?;
    let seen = look::look(env, project, &loaded, connection).await?;
    let asked = decide::Asked {
        goal: Goal::Configuration,
        selection: &Selection::default(),
        owner,
    };
    let (plan, _) = decide::draft(
        env,
        project,
        &loaded.state,
        &seen,
        connection,
        asked,
        &BTreeMap::new(),
    );
    let changes = plan.changes.iter().filter(|change| change.address == *address);
    let paths = changes.flat_map(|change| &change.attributes).map(|one| &one.path);
    Ok(paths
        .filter(|path| !path.starts_with("tags.infra:"))
        .cloned()
        .collect())
}

/// Adds a block to `infra.toml`; the project as it is then. A file that has mistakes with it stays as it was.
fn write(block: &str, folder: &Path, global: &Global, env: &Env, ui: &Ui) -> Result<Project, Failure> {
    let name = Path::new("infra.toml");
    let path = folder.join(name);
    let before = env.fs.read(&path, FILE_BYTES_MAX).map_err(|error| {
        let unread = Diagnostic::error(codes::UNREADABLE, "could not read infra.toml");
        Failure::error(unread.note(error.to_string()))
    })?;
    let put = |bytes: &[u8]| {
        put_file(folder, name, bytes).map_err(|error| {
            let message = format!("infra.toml cannot be written: {error}");
            Failure::error(Diagnostic::error(codes::NOT_WRITTEN, message))
        })
    };
    let gap = if before.ends_with(b"\n") { "\n" } else { "\n\n" };
    put(&[&before, gap.as_bytes(), block.as_bytes()].concat())?;
    project::load(global, env, ui).or_else(|mut failure| {
        put(&before)?;
        if let Some(first) = failure.diagnostics.first_mut() {
            let note = "of the block that would have been written; infra.toml is as it was";
            first.notes.push(note.to_owned());
            first
                .help
                .push(Advice::from("to write it by hand: ").run("import --print ADDRESS ID"));
        }
        Err(failure)
    })
}

/// Whether the state is the one that was looked at: one that disappeared meanwhile is begun anew, and would know nothing else.
fn still_there(loaded: &Loaded, state: &State) -> Result<(), Failure> {
    if !loaded.exists || state.lineage == loaded.state.lineage {
        return Ok(());
    }
    let gone = Diagnostic::error(
        codes::FOLDER_GONE,
        "the state disappeared while this looked at what exists",
    );
    Err(Failure::error(
        gone.note("nothing was written")
            .help("bring it back where it was")
            .help(Advice::from("or put it together again from what exists: ").run("state rebuild")),
    ))
}

/// Whether the state has room for an id at an address.
fn may_take_over(address: &Address, id: &str, state: &State, open: &[Intent]) -> Result<(), Failure> {
    let taken = |message| Err(Failure::error(Diagnostic::error(codes::TWICE, message)));
    if let Some(known) = state.resources.get(address).filter(|known| !known.id.is_empty()) {
        return taken(format!("{address} is {} already", known.id));
    }
    // What an open create has made would be found at an address that is taken.
    super::state::nothing_under_way(&[address], open)?;
    let other = state
        .resources
        .iter()
        .find(|(_, known)| known.type_name == address.type_name() && known.ids().any(|known| known == id));
    other.map_or(Ok(()), |(other, known)| {
        if known.id == id {
            taken(format!("{id} is {other} already"))
        } else {
            taken(format!(
                "{id} was {other} and is about to be deleted by the next apply"
            ))
        }
    })
}
