//! Take over one resource that exists.

use super::failure::{Exit, Failure};
use super::{connect, data, project, report, secrets, whose};
use crate::address::Address;
use crate::cli::{Global, ImportArgs, OwnerArgs};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::Env;
use crate::live::TAG_PROJECT;
use crate::observe::read::read_by_id;
use crate::observe::{account, hidden};
use crate::plan::{self, Fingerprints};
use crate::state::{Effect, Intent, Lifecycle, Loaded, Resource, State};
use crate::types;
use crate::ui::Ui;
use crate::value::Attributes;

/// Take over one resource that exists: writes the state only, the cloud is not changed
pub(crate) async fn import(args: &ImportArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. Its block must be there, or the next plan would delete it.
    let mut project = project::load(global, env, ui)?;
    let mut connection = None;
    if !project.asked.is_empty() {
        // Which copies a block has may depend on what is there.
        let state = project.store(global, env)?.load()?.state;
        let progress = connect::progress(global, env, ui)?;
        let connected = connection.insert(connect::connect(global, env, &project, progress)?);
        project = data::complete(project, &state, connected, false, global, env, ui).await?;
    }
    let address = &args.address;
    let Some(wanted) = project.config.resources.get(address) else {
        let missing = Diagnostic::error(codes::NO_BLOCK, format!("the configuration has no {address}"));
        return Err(Failure::error(missing.help(format!(
            "write its block first:  [{}.{}]",
            address.type_name(),
            address.name()
        ))));
    };
    let Some(resource_type) = types::find(address.type_name()) else {
        return Err(Failure::error(Diagnostic::error(
            codes::UNKNOWN_TYPE,
            format!("unknown resource type \"{}\"", address.type_name()),
        )));
    };

    // 2. Neither the address nor the id may be in use. Looked at before the lock as well: a refusal leaves nothing
    // behind.
    let store = project.store(global, env)?;
    let loaded = store.load()?;
    let owner = OwnerArgs {
        take_over: args.take_over,
        ..OwnerArgs::default()
    };
    whose::check_project(&loaded.state, &project, owner)?;
    may_take_over(address, &args.id, &loaded.state, &loaded.open)?;

    // 3. It must exist.
    let connection = match connection {
        Some(connection) => connection,
        None => connect::connect(global, env, &project, connect::progress(global, env, ui)?)?,
    };
    let doing = format!("{} could not be read", args.id);
    let found = read_by_id(resource_type, &connection.cloud, std::slice::from_ref(&args.id))
        .await
        .map_err(|error| Failure::error(report::api_error(&doing, &error)))?;
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

    // 5. The state takes it over; what differs is the next plan's business.
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
    Ok(Exit::Done)
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
