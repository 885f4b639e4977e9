//! What other tools need to reach the simulator, as lines for a shell.

use super::{address, ask, failure};
use crate::cli::SimEnvArgs;
use crate::commands::failure::{Exit, Failure};
use crate::env::Env;
use crate::ui::Ui;

/// What `GET /_sim/env` tells.
#[derive(serde::Deserialize)]
struct Told {
    region: String,
    access_key_id: Option<String>,
    /// Only of a key pair that the simulator made up itself.
    access_key_secret: Option<String>,
}

/// Variables that the vendor's SDKs and command line, Terraform and `infra` read.
pub(super) async fn env(args: &SimEnvArgs, environment: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let url = address(args.endpoint.as_deref(), environment);
    let told = ask(environment, "GET", format!("{url}/_sim/env"), Vec::new()).await?;
    let told: Told = serde_json::from_slice(&told).map_err(|error| {
        Failure::error(failure(format!("{url} is no simulator of this version: {error}")))
    })?;
    let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
    let mut lines = vec![
        format!("# The simulator at {url}; to use it: eval \"$(infra sim env)\""),
        export("INFRA_ENDPOINT", &url),
    ];
    for name in ["ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION"] {
        lines.push(export(name, &told.region));
    }
    match (&told.access_key_id, &told.access_key_secret) {
        (Some(id), Some(secret)) => {
            for name in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"] {
                lines.push(export(name, id));
            }
            for name in ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"] {
                lines.push(export(name, secret));
            }
        }
        // A key pair that somebody gave is theirs, and may be good elsewhere.
        _ => lines.push(
            "# Its key pair was given to it: export ALIBABA_CLOUD_ACCESS_KEY_ID and \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET as it was told them."
                .to_owned(),
        ),
    }
    lines.push("# Terraform (with `protocol = \"HTTP\"` in the provider's block):".to_owned());
    for name in [
        "ECS_ENDPOINT",
        "VPC_ENDPOINT",
        "STS_ENDPOINT",
        "RESOURCE_MANAGER_ENDPOINT",
    ] {
        lines.push(export(name, host));
    }
    lines.push(format!(
        "# The vendor's command line: aliyun --endpoint {host} --insecure"
    ));
    if let Some(file) = &args.ca_out {
        let authority = ask(environment, "GET", format!("{url}/_sim/ca"), Vec::new()).await?;
        let path = environment.cwd.join(file);
        environment
            .fs
            .write_new(&path, &authority)
            .map_err(|error| Failure::error(failure(format!("cannot write {}: {error}", path.display()))))?;
        lines.push("# For clients that insist on TLS, which the same port speaks:".to_owned());
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
            lines.push(export(name, &path.display().to_string()));
        }
    }
    ui.result(&lines.join("\n"));
    Ok(Exit::Success)
}

/// A line that any POSIX shell takes.
fn export(name: &str, value: &str) -> String {
    format!("export {name}='{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_nothing_in_a_shell() {
        assert_eq!(export("A", "it's $(x)"), r"export A='it'\''s $(x)'");
    }
}
