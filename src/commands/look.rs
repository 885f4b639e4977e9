//! A look at the cloud: what really exists, and what an interrupted run left open.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::connect::{Connection, check_cloud, demand_account};
use super::failure::Failure;
use super::project::Project;
use super::{report, whose};
use crate::config::Config;
use crate::env::Env;
use crate::live::{Live, Stray};
use crate::observe::Wanted;
use crate::observe::recover::{self, Recovery};
use crate::observe::{account, refresh};
use crate::state::{Loaded, Session, State};
use crate::types::{self, Kind};

/// What a look at the cloud has shown.
pub(super) struct Seen {
    pub(super) live: Live,
    pub(super) recovery: Recovery,
    pub(super) account: Option<String>,
    /// What belongs to other states of this project, by lineage; only a state that was never saved looks for it.
    pub(super) others: BTreeMap<String, Vec<Stray>>,
}

/// Reads everything once, and settles what an interrupted run left as far as looking can.
pub(super) async fn look(
    env: &Env,
    project: &Project,
    loaded: &Loaded,
    connection: &Connection,
) -> Result<Seen, Failure> {
    let mut wanted = costly_parts(&project.config);
    remembered_joins(&loaded.state, &mut wanted);
    let started = env.clock.elapsed();
    let (live, account, others) = tokio::join!(
        refresh::read(&loaded.state, &wanted, &connection.cloud, &*env.clock),
        account::of(&connection.cloud, &loaded.state),
        whose::others(&loaded.state, project, connection)
    );
    let mut live =
        live.map_err(|error| Failure::error(report::api_error("the cloud could not be read", &error)))?;
    let took = env.clock.elapsed().saturating_sub(started);
    let looked_at = connection
        .cloud
        .server_time()
        .and_then(|now| now.checked_sub(took).ok());
    let known = loaded
        .state
        .resources
        .values()
        .filter(|known| !known.id.is_empty());
    let known = known.map(|known| known.type_name.as_str()).collect();
    let mut open = loaded.open.clone();
    let made = recover::made_without_tags(&mut open, &mut live, &connection.cloud).await;
    let made =
        made.map_err(|error| Failure::error(report::api_error("the cloud could not be read", &error)))?;
    let mut recovery = recover::settle(open, &mut live, looked_at, &known);
    recovery.found.extend(made);
    Ok(Seen {
        live,
        recovery,
        account,
        others: others?,
    })
}

/// Nested attributes that some resource of a type manages, and which does; only then are they worth a request of their own.
pub(super) fn costly_parts(config: &Config) -> BTreeMap<String, Wanted> {
    let mut parts: BTreeMap<String, Wanted> = BTreeMap::new();
    for resource in config.resources.values() {
        let nested = resource.resource_type.attributes.iter().filter(|attribute| {
            (attribute.costly || matches!(attribute.kind, Kind::Table(_) | Kind::TableSet(_)))
                && resource.attributes.contains_key(attribute.name)
        });
        let names: BTreeSet<String> = nested.map(|attribute| attribute.name.to_owned()).collect();
        let wanted = parts.entry(resource.resource_type.name.to_owned()).or_default();
        wanted.nested.extend(names.iter().cloned());
        wanted.by.insert(resource.address.clone(), names);
    }
    parts
}

/// What the state remembers to be joined is parted where the configuration says no more of it, and members that name what
/// goes are taken out: so both are looked at.
fn remembered_joins(state: &State, parts: &mut BTreeMap<String, Wanted>) {
    for (address, known) in &state.resources {
        let Some(resource_type) = types::find(&known.type_name) else {
            continue;
        };
        let costly = resource_type.relations.iter().filter(|relation| relation.costly);
        let relations = costly.map(|relation| relation.attribute);
        let members = resource_type.parts.iter().map(|part| part.attribute);
        for name in relations.chain(members) {
            if known.attributes.contains_key(name) || known.unsettled.contains_key(name) {
                let wanted = parts.entry(known.type_name.clone()).or_default();
                wanted.nested.insert(name.to_owned());
                if let Some(own) = wanted.by.get_mut(address) {
                    own.insert(name.to_owned());
                }
            }
        }
    }
}

/// The state with what recovery found, in memory; not copied if it found nothing.
pub(super) fn with_recovery<'a>(state: &'a State, recovery: &Recovery) -> Cow<'a, State> {
    let mut state = Cow::Borrowed(state);
    for (intent, effect) in &recovery.found {
        state.to_mut().apply(effect, Some(intent));
    }
    state
}

/// The state of an open session, as a look needs it.
pub(super) fn loaded(session: &Session) -> Loaded {
    Loaded {
        state: session.with_state(Clone::clone),
        open: session.open_intents(),
        exists: true,
    }
}

/// Writes down what looking has settled, and which cloud this state belongs to.
pub(super) async fn adopt(
    session: &Session,
    project: &Project,
    connection: &Connection,
    seen: &Seen,
) -> Result<(), Failure> {
    let account = seen.account.as_deref();
    let cloud = session.with_state(|state| {
        let cloud = check_cloud(state, connection, account)?;
        demand_account(state, connection, account).map(|()| cloud)
    })?;
    for (intent, effect) in &seen.recovery.found {
        session.done(intent.seq, vec![effect.clone()]).await?;
    }
    for seq in &seen.recovery.moot {
        session.failed(*seq, "SettledByReading", false).await?;
    }
    let project = session.with_state(|state| whose::belongs(state, project, connection));
    session.note(cloud.into_iter().chain(project).collect()).await?;
    whose::leave_alone(session, &seen.others).await
}
