//! What stands above a plan, and how much of it is shown.

use std::time::Duration;

use super::connect::{self, Connection};
use super::decide::Goal;
use super::look::Seen;
use super::project::Project;
use crate::api::product;
use crate::cli::{DetailArgs, Global};
use crate::diagnostic::run;
use crate::env::Env;
use crate::ui::{Detail, Header, Ui};

/// What people call the cloud where it is Alibaba Cloud itself.
pub(super) const VENDOR: &str = "Alibaba Cloud";

/// The head of a plan.
pub(super) fn header(
    command: &'static str,
    next: Option<String>,
    project: &Project,
    connection: &Connection,
    seen: &Seen,
    elapsed: Duration,
) -> Header {
    let simulated = connection.is_simulated();
    let cloud = match (simulated, connection.cloud.endpoint_kind()) {
        (true, _) => "simulator".to_owned(),
        (false, connect::VENDOR) => VENDOR.to_owned(),
        (false, _) => connection.cloud.address(&product::ECS),
    };
    Header {
        command,
        project: project.config.project.name.clone(),
        environment: project.environment().map(str::to_owned),
        region: connection.region.clone(),
        cloud,
        account: seen.account.clone().filter(|_| !simulated),
        credentials: if simulated {
            String::new()
        } else {
            connection.cloud.credential_source()
        },
        files: project.config.files.clone(),
        checked: seen.live.resources.len(),
        elapsed,
        next,
        saved: None,
    }
}

/// The command that carries out what a plan shows; none where nobody can type it.
pub(super) fn next(goal: Goal, global: &Global, env: &Env, ui: &Ui) -> Option<String> {
    let somebody_types = !global.no_input && !env.vars.contains_key("CI");
    somebody_types.then(|| run(goal.command()).as_typed(&ui.typed()))
}

/// How much of a plan is shown.
pub(super) fn detail(args: DetailArgs) -> Detail {
    match (args.compact, args.full) {
        (true, _) => Detail::Compact,
        (false, true) => Detail::Full,
        (false, false) => Detail::Normal,
    }
}
