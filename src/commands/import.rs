//! Take over one resource that exists.

use super::failure::{Exit, Failure};
use super::{connect, project, report};
use crate::cli::{Global, ImportArgs};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::Env;
use crate::observe::read::read_by_id;
use crate::resources;
use crate::state::{Effect, Resource, State};
use crate::ui::Ui;

/// Take over one resource that exists: writes the state only, the cloud is not changed
pub(crate) async fn import(args: &ImportArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    // 1. Its block must be there, or the next plan would delete it.
    let project = project::load(global, env, ui)?;
    let address = &args.address;
    let Some(wanted) = project.config.resources.get(address) else {
        let missing = Diagnostic::error(codes::NO_BLOCK, format!("the configuration has no {address}"));
        return Err(Failure::error(missing.help(format!(
            "write its block first:  [{}.{}]",
            address.type_name(),
            address.name()
        ))));
    };
    let Some(resource_type) = resources::find(address.type_name()) else {
        return Err(Failure::error(Diagnostic::error(
            codes::UNKNOWN_TYPE,
            format!("unknown resource type \"{}\"", address.type_name()),
        )));
    };

    // 2. Neither the address nor the id may be in use; asked once without the lock, so that what is refused leaves no
    //    file behind.
    let is_free = |state: &State| {
        let taken = |message| Err(Failure::error(Diagnostic::error(codes::TAKEN, message)));
        if let Some(known) = state.resources.get(address).filter(|known| !known.id.is_empty()) {
            return taken(format!("{address} is {} already", known.id));
        }
        let other = state
            .resources
            .iter()
            .find(|(_, known)| known.id == args.id && known.type_name == address.type_name());
        other.map_or(Ok(()), |(other, _)| {
            taken(format!("{} is {other} already", args.id))
        })
    };
    let store = project.store(global, env)?;
    is_free(&store.load()?.state)?;

    // 3. It must exist.
    let connection = connect::connect(global, env, &project, connect::progress(global, env, ui)?)?;
    let doing = format!("{} could not be read", args.id);
    let found = read_by_id(resource_type, &connection.cloud, std::slice::from_ref(&args.id))
        .await
        .map_err(|error| Failure::error(report::api_error(&doing, &error)))?;
    let Some(observed) = found.into_iter().next() else {
        let missing = Diagnostic::error(
            codes::NO_SUCH_OBJECT,
            format!("there is no {} {}", address.type_name(), args.id),
        );
        return Err(Failure::error(missing.help(format!(
            "looked in {}; check the id and the region",
            connection.region
        ))));
    };

    // 4. The state takes it over; what differs is the next plan's business.
    let account = connect::account(&connection.cloud).await;
    let session = store.open(store.lock(project::lock_note(env, "import"))?)?;
    let known = session.with_state(|state| {
        is_free(state)?;
        connect::check_cloud(state, &connection, account.as_deref())
    })?;
    let attributes = observed
        .attributes
        .into_iter()
        .filter(|(name, _)| {
            let computed = wanted
                .schema
                .attribute(name)
                .is_some_and(|attribute| attribute.computed);
            *name != "id" && (computed || wanted.attributes.contains_key(name))
        })
        .collect();
    let resource = Resource {
        type_name: address.type_name().to_owned(),
        id: args.id.clone(),
        attributes,
        dependencies: crate::plan::dependencies(&project.config)
            .remove(address)
            .unwrap_or_default(),
        token: None,
        deposed: Vec::new(),
        prevent_destroy: wanted.prevent_destroy,
        ..Resource::default()
    };
    let put = Effect::Put {
        address: address.clone(),
        resource: Box::new(resource),
    };
    session.note(known.into_iter().chain([put]).collect()).await?;
    let serial = session.close()?;
    ui.result(&format!(
        "{address} is {} now (serial {serial}). Nothing was changed in the cloud.",
        args.id
    ));
    ui.advise(
        &Advice::from("Next: ")
            .run("plan")
            .then("   (shows what differs from the configuration)"),
    );
    Ok(Exit::Done)
}
