//! Plugins of the cloud assistant: what `acs-plugin-manager` was told to run on servers.

use super::super::call::{Call, Entry, Search};
use super::super::clock::seconds;
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::assistant::checked;
use super::command::Invocation;
use super::instance_row::Instance;

pub(super) const ACTIONS: &[Entry] = &[(ECS, "ListPluginStatus", list)];

/// A plugin on a server.
struct Plugin<'t> {
    name: &'t str,
    /// Real time of its first and of its last run.
    first: i64,
    last: i64,
}

/// The plugin that a script has the manager run, as in `acs-plugin-manager --exec --plugin NAME`.
fn executed(script: &str) -> impl Iterator<Item = &str> {
    script.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.find(|word| word.ends_with("acs-plugin-manager"))?;
        let words: Vec<&str> = words.collect();
        let runs = words.iter().any(|word| matches!(*word, "--exec" | "-e"));
        let place = words.iter().position(|word| matches!(*word, "--plugin" | "-P"))?;
        words.get(place + 1).copied().filter(|_| runs)
    })
}

/// The plugins of a server, the oldest first.
fn plugins<'t>(call: &'t Call<'_>, server: &'t str) -> Vec<Plugin<'t>> {
    let mut found: Vec<Plugin<'t>> = Vec::new();
    for row in call.world.linked::<Invocation>("instance of", server) {
        if row.head.status != Status::Finished || !row.has_run_on(server) {
            continue;
        }
        for name in executed(&row.command.content) {
            match found.iter_mut().find(|own| own.name == name) {
                Some(own) => own.last = row.head.created,
                None => found.push(Plugin {
                    name,
                    first: row.head.created,
                    last: row.head.created,
                }),
            }
        }
    }
    found
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = checked(call)?;
    let name = params.text("Name");
    if params.given("Name").is_some_and(str::is_empty) {
        return refuse("PluginName.MissingValue");
    }
    let wanted = |plugin: &Plugin<'_>| name.is_none_or(|name| name == plugin.name);
    let page = call.page::<Instance>(Search::ids((!ids.is_empty()).then_some(ids)), |row| {
        name.is_none() || plugins(call, &row.id).iter().any(wanted)
    })?;
    Ok(
        call.listed(&page, "InstancePluginStatusSet", "InstancePluginStatus", |row| {
            let own = plugins(call, &row.id);
            let own = own.iter().filter(|plugin| wanted(plugin)).map(|plugin| {
                map! {
                    "PluginName": plugin.name,
                    "PluginVersion": "1.0",
                    // It runs when it is told to, and does not stay.
                    "PluginStatus": "ONCE_INSTALLED",
                    "FirstHeartbeatTime": seconds(plugin.first),
                    "LastHeartbeatTime": seconds(plugin.last),
                }
            });
            map! {
                "InstanceId": &row.id,
                "PluginStatusSet": map! { "PluginStatus": own.collect::<Vec<_>>() },
            }
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_is_what_the_manager_is_told_to_run() {
        let script = "#!/bin/sh\nsudo acs-plugin-manager --exec --plugin one --params a\nacs-plugin-manager --list\n\
                      acs-plugin-manager -e -P two";
        assert_eq!(executed(script).collect::<Vec<_>>(), ["one", "two"]);
    }
}
