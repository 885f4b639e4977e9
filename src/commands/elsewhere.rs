//! What states there are beside the one that was asked for, when that one has nothing to show.

use super::project::{self, DEFAULT};
use crate::cli::Global;
use crate::env::Env;
use crate::ui::Ui;

/// A line for each other state of the folder, with what to type for it.
pub(super) fn states(global: &Global, env: &Env, ui: &Ui) -> Vec<String> {
    let folder = project::folder(global, env);
    let chosen = project::read_as_it_is(global, env, ui).config.project.environment;
    let here = (global.sim, chosen.as_deref().unwrap_or(DEFAULT));
    [false, true]
        .into_iter()
        .flat_map(|sim| {
            // A folder that is not there holds none.
            let names = env
                .fs
                .list(&project::state_folder(&folder, sim))
                .unwrap_or_default();
            names.into_iter().map(move |name| (sim, name))
        })
        .filter_map(|(sim, file)| {
            let name = file.strip_suffix(".json")?;
            ((sim, name) != here).then(|| words(sim, name, here))
        })
        .collect()
}

fn words(sim: bool, name: &str, (sim_here, name_here): (bool, &str)) -> String {
    let (mut what, mut flags) = (Vec::new(), Vec::new());
    if sim != sim_here {
        let (of, flag) = if sim {
            ("of --sim", "add --sim")
        } else {
            ("of an account", "leave --sim out")
        };
        what.push(of.to_owned());
        flags.push(flag.to_owned());
    }
    if name != name_here {
        if name == DEFAULT {
            what.push("without an environment".to_owned());
            flags.push("it is of use only where there are no env/ files".to_owned());
        } else {
            what.push(format!("of the environment {name}"));
            flags.push(format!("-e {name}"));
        }
    }
    format!("there is a state {}: {}", what.join(" "), flags.join(", "))
}

/// Says it, a line each.
pub(super) fn tell(global: &Global, env: &Env, ui: &Ui) {
    for line in states(global, env, ui) {
        ui.talk(&line);
    }
}
