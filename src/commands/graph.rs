//! What is in what, as the files have it; what a saved plan reaches, and what would be touched when one is made anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::failure::{Exit, Failure};
use super::{plan_file, project, show};
use crate::address::Address;
use crate::change::Fate;
use crate::cli::{Global, GraphArgs, GraphFormat};
use crate::config::Resource;
use crate::diagnostic::{Advice, Diagnostic, codes, run};
use crate::env::Env;
use crate::plan;
use crate::types::{self, Changeable, Replacement};
use crate::ui::blast::{self, Lot, Reach, Reached};
use crate::ui::document::Document;
use crate::ui::graph_view::{self, Node, Nodes};
use crate::ui::reach::of_plan;
use crate::ui::{Ui, blast_svg, graph_svg};
use crate::value::Value;

/// Attributes that say what a resource is in, the closest first.
const CONTAINERS: [&str; 6] = [
    "instance_id",
    "vswitch_id",
    "security_group_id",
    "route_table_id",
    "nat_gateway_id",
    "vpc_id",
];

/// Attributes that tell one resource from another at a glance.
const FACTS: [&str; 6] = [
    "cidr_block",
    "destination_cidr_block",
    "zone_id",
    "instance_type",
    "size",
    "bandwidth",
];

/// What is in what, and what a plan reaches; nothing is asked of any cloud
pub(crate) fn graph(args: &GraphArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(what) = &args.what {
        let reach = match what.parse::<Address>() {
            Ok(address) if !is_file(what, env) => {
                let reach = when_replaced(&address, global, env, ui)?;
                if args.format == GraphFormat::Tree && !global.json {
                    let exactly = Advice::from("As far as the files tell; exactly: ").run("plan");
                    ui.advise(&exactly.arg("--replace").arg(address));
                }
                reach
            }
            _ => of_file(what, global, env, ui)?,
        };
        show_reach(&reach, args, global, ui);
        return Ok(Exit::Success);
    }
    let project = project::load(global, env, ui)?;
    let mut needs = plan::dependencies(&project.config);
    let nodes: Nodes = project
        .config
        .resources
        .iter()
        .map(|(address, resource)| {
            let node = Node {
                parent: container(resource),
                facts: facts(resource),
                needs: needs.remove(address).unwrap_or_default(),
            };
            (address.clone(), node)
        })
        .collect();
    match args.format {
        _ if global.json => ui.document(&graph_view::json(&nodes)),
        GraphFormat::Json => ui.document(&graph_view::json(&nodes)),
        GraphFormat::Tree if nodes.is_empty() => ui.talk("The files have no resources."),
        GraphFormat::Tree => ui.tree(&nodes),
        GraphFormat::Mermaid => ui.raw(graph_view::mermaid(&nodes).trim_end()),
        GraphFormat::Svg => ui.raw(graph_svg::svg(&nodes).trim_end()),
        GraphFormat::Dot => ui.raw(graph_view::dot(&nodes).trim_end()),
    }
    Ok(Exit::Success)
}

fn is_file(what: &str, env: &Env) -> bool {
    matches!(env.fs.kind(&env.cwd.join(what)), Ok(Some(kind)) if kind.is_regular)
}

fn show_reach(reach: &Reach, args: &GraphArgs, global: &Global, ui: &Ui) {
    match args.format {
        _ if global.json => ui.document(&blast::json(reach)),
        GraphFormat::Json => ui.document(&blast::json(reach)),
        GraphFormat::Tree if reach.is_empty() => ui.talk("The plan changes nothing."),
        GraphFormat::Tree => ui.blast(reach),
        GraphFormat::Mermaid => ui.raw(blast::mermaid(reach).trim_end()),
        GraphFormat::Svg => ui.raw(blast_svg::svg(reach, None).trim_end()),
        GraphFormat::Dot => ui.raw(blast::dot(reach).trim_end()),
    }
}

/// What a saved plan reaches.
fn of_file(what: &str, global: &Global, env: &Env, ui: &Ui) -> Result<Reach, Failure> {
    let name = Path::new(what);
    let read = plan_file::read(&env.cwd.join(name), env)?;
    show::check_seal(name, &read, global, env, ui)?;
    let plan = show::plan_of(name, &read)?;
    Ok(of_plan(&Document {
        plan: &plan,
        header: &show::header(name, &read),
        before: &read.file.sight.live.resources,
        made_at: "",
        tasks: read.file.tasks(),
    }))
}

/// What is touched when this is made anew, as far as the files tell: what names it by an attribute that cannot change is
/// made anew as well, and so on; what is joined to it is joined again.
fn when_replaced(address: &Address, global: &Global, env: &Env, ui: &Ui) -> Result<Reach, Failure> {
    let project = project::load(global, env, ui)?;
    let resources = &project.config.resources;
    let is_meant = |one: &&Address| *one == address || (address.key().is_none() && one.block() == *address);
    let mut open: Vec<&Address> = resources.keys().filter(is_meant).collect();
    if open.is_empty() {
        let message = format!("{address} is not in the configuration");
        return Err(Failure::error(
            Diagnostic::error(codes::NO_BLOCK, message).help(run("graph").then(" shows what is")),
        ));
    }
    let named: BTreeMap<&Address, BTreeMap<&Address, Lot>> = resources
        .iter()
        .map(|(own, resource)| (own, lots_when_gone(resource)))
        .collect();
    // Where what it stands in goes first, it goes first too.
    let anew = |own: &Address, may_create_first: bool| {
        let by_type = resources[own].resource_type.replacement == Replacement::CreateFirst;
        Lot::Changes(Fate::Replace {
            create_first: by_type && may_create_first,
        })
    };
    let mut lots: BTreeMap<&Address, Lot> = open.iter().map(|own| (*own, anew(own, true))).collect();
    while let Some(gone) = open.pop() {
        let creates_first = lots[gone] == Lot::Changes(Fate::Replace { create_first: true });
        for (own, lot) in named
            .iter()
            .filter_map(|(own, lots)| Some((*own, *lots.get(gone)?)))
        {
            let is_anew = |lot: &Lot| matches!(lot, Lot::Changes(Fate::Replace { .. }));
            let known = lots.get(own).copied();
            if is_anew(&lot) {
                let lot = anew(own, creates_first);
                let is_new = known.is_none_or(|known| !is_anew(&known));
                let goes_first = lot == Lot::Changes(Fate::Replace { create_first: false });
                if is_new || (goes_first && known != Some(lot)) {
                    lots.insert(own, lot);
                    open.push(own);
                }
            } else if known.is_none_or(|known| known == Lot::Stays) {
                lots.insert(own, lot);
            }
        }
    }
    let reached = |(own, lot): (&Address, Lot)| Reached {
        lot,
        needs: named[own].keys().map(|needed| (*needed).clone()).collect(),
    };
    Ok(lots
        .into_iter()
        .map(|(own, lot)| (own.clone(), reached((own, lot))))
        .collect())
}

/// What becomes of a resource when one that it names is made anew, by that one.
fn lots_when_gone(resource: &Resource) -> BTreeMap<&Address, Lot> {
    let mut lots: BTreeMap<&Address, Lot> = resource
        .depends_on
        .iter()
        .map(|needed| (needed, Lot::Stays))
        .collect();
    for (name, value) in &resource.attributes {
        let mut references = BTreeSet::new();
        value.references(&mut references);
        for reference in references {
            let lot = lot_of(resource, name, &reference.address);
            let known = lots.entry(&reference.address).or_insert(lot);
            let is_worse = matches!(lot, Lot::Changes(Fate::Replace { .. }))
                || matches!(known, Lot::Stays)
                || (*known == Lot::Touched && matches!(lot, Lot::Changes(_)));
            if is_worse && !matches!(known, Lot::Changes(Fate::Replace { .. })) {
                *known = lot;
            }
        }
    }
    lots
}

/// What a change of this attribute means, when what it names is made anew.
fn lot_of(resource: &Resource, name: &str, gone: &Address) -> Lot {
    // What one stands in cannot go before it.
    let goes_first =
        types::find(gone.type_name()).is_some_and(|one| one.replacement == Replacement::DeleteFirst);
    if goes_first && resource.resource_type.stays_with == Some(name) {
        return Lot::Changes(Fate::Replace { create_first: false });
    }
    if resource.resource_type.is_joined(name) {
        return Lot::Touched;
    }
    match resource
        .resource_type
        .attribute(name)
        .map(|attribute| attribute.change)
    {
        Some(Changeable::Replaces) => Lot::Changes(Fate::Replace { create_first: false }),
        Some(Changeable::Refused(_)) => Lot::Changes(Fate::Withheld),
        _ => Lot::Changes(Fate::Update),
    }
}

/// What a resource is in, if the files have that.
fn container(resource: &Resource) -> Option<Address> {
    CONTAINERS
        .into_iter()
        .find_map(|name| match resource.attributes.get(name) {
            Some(Value::Reference(reference)) if reference.address != resource.address => {
                Some(reference.address.clone())
            }
            _ => None,
        })
}

fn facts(resource: &Resource) -> Vec<String> {
    FACTS
        .into_iter()
        .filter_map(|name| match (name, resource.attributes.get(name)?) {
            (_, Value::String(text)) => Some(text.to_string()),
            ("size", Value::Integer(size)) => Some(format!("{size} GiB")),
            ("bandwidth", Value::Integer(bandwidth)) => Some(format!("{bandwidth} Mbit/s")),
            _ => None,
        })
        .collect()
}
