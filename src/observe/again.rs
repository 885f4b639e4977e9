//! One more look at everything that is about to be changed or removed, just before the first change: whether it is
//! still what the plan was made from.
//!
//! Does not know what is done about a difference.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use super::details::{self, Wanted};
use super::read::read_known;
use crate::address::Address;
use crate::cloud::{ApiError, Cloud};
use crate::live::{Live, Observed, TAG_ADDRESS, TAG_STACK};
use crate::task::{Phase, Task};
use crate::types::{Kind, REGISTRY, ResourceType};
use crate::value::Value;

/// Something that is not any more what the plan was made from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) address: Address,
    pub(crate) id: String,
    /// In which way, in words that follow its name: `is gone`.
    pub(crate) how: String,
}

/// What a plan touches, as it was seen.
struct Touched<'a> {
    address: &'a Address,
    seen: &'a Observed,
    /// Whether it is more than removed.
    is_changed: bool,
}

/// Reads what these tasks change or remove once more, by id and type. `managed` names the attributes of a resource that
/// somebody manages; `wanted`, by type, the nested ones among them. That something is gone which was to be removed is no
/// difference, it is what was wanted, unless `gone_is_told`.
pub(crate) async fn look(
    tasks: &[Task],
    live: &Live,
    managed: &dyn Fn(&Address) -> BTreeSet<String>,
    wanted: &BTreeMap<String, Wanted>,
    gone_is_told: bool,
    cloud: &Cloud,
) -> Result<Vec<Moved>, ApiError> {
    let touched = touched(tasks, live);
    let of_type = async |resource_type: &'static ResourceType| {
        let own: BTreeMap<&str, &Touched<'_>> = touched
            .iter()
            .filter(|(_, one)| one.address.type_name() == resource_type.name)
            .map(|(id, one)| (*id, one))
            .collect();
        let question = Question {
            managed,
            wanted: wanted.get(resource_type.name),
            gone_is_told,
        };
        read_type(resource_type, &own, &question, cloud).await
    };
    let moved = try_join_all(REGISTRY.iter().map(|one| of_type(one))).await?;
    Ok(moved.into_iter().flatten().collect())
}

/// What is asked about the objects of a type.
struct Question<'a> {
    managed: &'a dyn Fn(&Address) -> BTreeSet<String>,
    wanted: Option<&'a Wanted>,
    gone_is_told: bool,
}

/// Everything that exists and that a task is about, by id.
fn touched<'a>(tasks: &'a [Task], live: &'a Live) -> BTreeMap<&'a str, Touched<'a>> {
    let strays = live.strays.iter().map(|stray| &stray.observed);
    let seen: BTreeMap<&str, &Observed> = live
        .resources
        .values()
        .chain(live.deposed.values().flatten())
        .chain(strays)
        .map(|observed| (observed.id.as_str(), observed))
        .collect();
    let mut touched: BTreeMap<&str, Touched<'_>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| !task.is_note()) {
        let Some((id, seen)) = task.id.as_deref().and_then(|id| seen.get_key_value(id)) else {
            continue;
        };
        let is_changed = !matches!(task.phase, Phase::Remove | Phase::LetGo);
        let one = touched.entry(id).or_insert(Touched {
            address: &task.object.address,
            seen,
            is_changed,
        });
        one.is_changed |= is_changed;
    }
    touched
}

async fn read_type(
    resource_type: &'static ResourceType,
    touched: &BTreeMap<&str, &Touched<'_>>,
    question: &Question<'_>,
    cloud: &Cloud,
) -> Result<Vec<Moved>, ApiError> {
    let mut now: BTreeMap<String, Observed> = BTreeMap::new();
    // That a list does not show one proves nothing; twice by id does.
    for _ in 0..2 {
        let missing = touched.iter().filter(|(id, _)| !now.contains_key(**id));
        let missing: BTreeMap<&str, Option<&str>> = missing
            .map(|(id, one)| (*id, resource_type.lasting_id(&one.seen.attributes)))
            .collect();
        if missing.is_empty() {
            break;
        }
        let more = read_known(resource_type, cloud, &missing).await?;
        now.extend(more.into_iter().map(|one| (one.id.clone(), one)));
    }
    let (mut changed, others): (Vec<Observed>, Vec<Observed>) = now
        .into_values()
        .partition(|one| touched.get(one.id.as_str()).is_some_and(|one| one.is_changed));
    if let Some(wanted) = question.wanted
        && !changed.is_empty()
    {
        details::complete(resource_type, cloud, &mut changed, wanted).await?;
    }
    let now: BTreeMap<&str, &Observed> = changed
        .iter()
        .chain(&others)
        .map(|one| (one.id.as_str(), one))
        .collect();
    let told = |(id, one): (&&str, &&Touched<'_>)| {
        let how = match now.get(id) {
            Some(now) => difference(resource_type, one, now, &(question.managed)(one.address))?,
            None if one.is_changed || question.gone_is_told => "is gone".to_owned(),
            None => return None,
        };
        Some(Moved {
            address: one.address.clone(),
            id: (*id).to_owned(),
            how,
        })
    };
    Ok(touched.iter().filter_map(told).collect())
}

/// What differs between two looks at the same thing, among what is managed; the first difference tells.
fn difference(
    resource_type: &'static ResourceType,
    touched: &Touched<'_>,
    now: &Observed,
    managed: &BTreeSet<String>,
) -> Option<String> {
    let seen = touched.seen;
    if [TAG_STACK, TAG_ADDRESS]
        .iter()
        .any(|tag| seen.tags.get(*tag) != now.tags.get(*tag))
    {
        return Some("has other tags of infra".to_owned());
    }
    let compared = resource_type.attributes.iter().filter(|attribute| {
        let is_nested = matches!(attribute.kind, Kind::Table(_) | Kind::TableSet(_));
        let is_read = !attribute.computed && !attribute.remembered && attribute.field_path().is_some();
        managed.contains(attribute.name)
            && (is_read || is_nested || attribute.is_own_tags())
            // What costs a request of its own is read for what changes.
            && (!is_nested || touched.is_changed)
    });
    for attribute in compared {
        let (before, after) = (
            seen.attributes.get(attribute.name),
            now.attributes.get(attribute.name),
        );
        if before == after || (attribute.name == "status" && is_on_its_way(before)) {
            continue;
        }
        let name = attribute.name;
        return Some(match (before, after) {
            (Some(Value::String(before)), Some(Value::String(after))) => {
                format!("has {name} = {after:?}, and the plan saw {before:?}")
            }
            _ => format!("has another {name} than the plan saw"),
        });
    }
    None
}

/// Whether a status passes by itself into another one.
fn is_on_its_way(status: Option<&Value>) -> bool {
    let status = status.and_then(Value::as_str);
    status.is_some_and(|status| ["Pending", "Starting", "Stopping", "Creating"].contains(&status))
}
