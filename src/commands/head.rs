//! What stands above a plan, and how much of it is shown.

use std::time::Duration;

use super::connect::Connection;
use super::look::Seen;
use super::project::Project;
use crate::cli::{DetailArgs, Global};
use crate::env::Env;
use crate::ui::{Detail, Header};

/// The head of a plan.
pub(super) fn header(
    command: &'static str,
    env: &Env,
    global: &Global,
    project: &Project,
    connection: &Connection,
    seen: &Seen,
    elapsed: Duration,
) -> Header {
    let simulated = connection.is_simulated();
    let cloud = match (simulated, connection.cloud.endpoint_kind()) {
        (true, _) => "simulator",
        (false, "alibaba_cloud") => "Alibaba Cloud",
        (false, _) => "another endpoint",
    };
    let next = (command == "plan" && !global.no_input && !env.vars.contains_key("CI")).then(|| {
        let sim = if global.sim { " --sim" } else { "" };
        format!("infra apply{sim}")
    });
    Header {
        command,
        project: project.config.project.name.clone(),
        environment: project.environment().map(str::to_owned),
        region: connection.region.clone(),
        cloud: cloud.to_owned(),
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
    }
}

/// How much of a plan is shown.
pub(super) fn detail(args: DetailArgs) -> Detail {
    match (args.compact, args.full) {
        (true, _) => Detail::Compact,
        (false, true) => Detail::Full,
        (false, false) => Detail::Normal,
    }
}
