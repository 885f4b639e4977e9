//! What the simulator covers, and which test of the project shows it.

use std::collections::BTreeMap;

use super::failure;
use crate::cli::SimCoverageArgs;
use crate::commands::failure::{Exit, Failure};
use crate::sim;
use crate::ui::Ui;

#[derive(serde::Deserialize)]
struct Coverage {
    /// By product and version, then by name.
    actions: BTreeMap<String, BTreeMap<String, Covered>>,
    /// Code to the test that provokes it.
    refusals: BTreeMap<String, String>,
}

#[derive(serde::Deserialize)]
struct Covered {
    tests: Vec<String>,
    parameters: BTreeMap<String, Option<String>>,
}

/// Prints the page as Markdown, or the data behind it as JSON.
pub(super) fn coverage(args: &SimCoverageArgs, ui: &Ui) -> Result<Exit, Failure> {
    if args.data {
        ui.result(sim::COVERAGE.trim_end());
        return Ok(Exit::Success);
    }
    let coverage: Coverage = serde_json::from_str(sim::COVERAGE)
        .map_err(|error| Failure::error(failure(format!("the page cannot be read: {error}"))))?;
    ui.result(page(&coverage).trim_end());
    Ok(Exit::Success)
}

fn page(coverage: &Coverage) -> String {
    let actions: usize = coverage.actions.values().map(BTreeMap::len).sum();
    let all = coverage.actions.values().flat_map(BTreeMap::values);
    let (mut parameters, mut shown) = (0, 0);
    for covered in all {
        parameters += covered.parameters.len();
        shown += covered.parameters.values().flatten().count();
    }
    let mut out = format!(
        "# What the simulator does\n\n{actions} actions of {} products; {shown} of their {parameters} parameters are \
         named by a test of theirs; {} error codes are provoked. Tests are named as `cargo test --test it` names \
         them.\n",
        coverage.actions.len(),
        coverage.refusals.len()
    );
    for (product, actions) in &coverage.actions {
        out.push_str(&format!("\n## {product}\n"));
        for (action, covered) in actions {
            out.push_str(&format!(
                "\n### {action}\n\nShown by {}.\n",
                covered.tests.join(", ")
            ));
            let (named, unnamed): (Vec<_>, Vec<_>) =
                covered.parameters.iter().partition(|(_, test)| test.is_some());
            for (name, test) in named {
                out.push_str(&format!("* {name}: {}\n", test.as_deref().unwrap_or("")));
            }
            if !unnamed.is_empty() {
                let names: Vec<&str> = unnamed.iter().map(|(name, _)| name.as_str()).collect();
                out.push_str(&format!("* not named by a test: {}\n", names.join(", ")));
            }
        }
    }
    out.push_str("\n## Refusals\n\n");
    for (code, test) in &coverage.refusals {
        out.push_str(&format!("* {code}: {test}\n"));
    }
    out
}
