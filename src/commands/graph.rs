//! What is in what, and what needs what, as the files have it.

use super::failure::{Exit, Failure};
use super::project;
use crate::address::Address;
use crate::cli::{Global, GraphArgs, GraphFormat};
use crate::config::Resource;
use crate::env::Env;
use crate::plan;
use crate::ui::Ui;
use crate::ui::graph_svg;
use crate::ui::graph_view::{self, Node, Nodes};
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

/// What is in what, and what needs what; nothing is asked of any cloud
pub(crate) fn graph(args: &GraphArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
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
            (_, Value::String(text)) => Some(text.clone()),
            ("size", Value::Integer(size)) => Some(format!("{size} GiB")),
            ("bandwidth", Value::Integer(bandwidth)) => Some(format!("{bandwidth} Mbit/s")),
            _ => None,
        })
        .collect()
}
