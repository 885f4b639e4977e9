//! From what the user set to a client that is ready: region, addresses, key pair. Sends nothing.

use std::sync::Arc;

use super::client::Cloud;
use super::endpoint::{BadEndpoint, Endpoint, Endpoints, Trust};
use super::identity::{self, Identity, IdentityError};
use super::secret::Credentials;
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::event::Listener;

/// What decides where requests go and who signs them.
#[derive(Debug, Clone)]
pub(crate) struct CloudOptions {
    /// The configuration's region; else `ALIBABA_CLOUD_REGION_ID`, else the profile's own.
    pub(crate) region: Option<String>,
    /// `[infra] endpoint` of the configuration.
    pub(crate) endpoint_file: Option<String>,
    /// The embedded simulator, which is used instead of everything else.
    pub(crate) sim_endpoint: Option<(String, Credentials)>,
    /// `[infra] profile` of the configuration.
    pub(crate) profile: Option<String>,
    /// Calls in flight at the same time, at least one.
    pub(crate) parallelism: usize,
    /// Send nothing but reads.
    pub(crate) read_only: bool,
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CloudError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("no region is set")]
    NoRegion,
    #[error("\"{region}\" cannot be a region")]
    BadRegion { region: String },
    #[error("{} = \"{}\" cannot be used: {}", .0.place, shown(&.0.value), .0.error)]
    Endpoint(BadEndpoint),
}

impl Cloud {
    /// Makes the client; reads variables and credential files, sends nothing.
    pub(crate) fn connect(
        env: &Env,
        options: CloudOptions,
        listener: Arc<dyn Listener>,
    ) -> Result<Cloud, CloudError> {
        let clock = Arc::clone(&env.clock);
        let named = options
            .region
            .or_else(|| env.vars.get("ALIBABA_CLOUD_REGION_ID").cloned())
            .filter(|region| !region.is_empty());
        let (region, endpoints, identity) = match options.sim_endpoint {
            Some((url, credentials)) => {
                let endpoint = Endpoint::parse(&url, Trust::Environment).map_err(|error| {
                    CloudError::Endpoint(BadEndpoint {
                        place: "the simulator's address".to_owned(),
                        value: url.clone(),
                        error,
                    })
                })?;
                let region = check_region(named)?;
                let identity = Identity::fixed("the simulator", credentials, clock);
                (region, Endpoints::everywhere(&endpoint), identity)
            }
            None => {
                let found = identity::find(env, options.profile.as_deref())?;
                let region = check_region(named.or(found.region))?;
                let endpoints = Endpoints::resolve(&region, &env.vars, options.endpoint_file.as_deref())
                    .map_err(CloudError::Endpoint)?;
                (region, endpoints, Identity::new(found.source, clock))
            }
        };
        Ok(Cloud::new(
            env,
            region,
            endpoints,
            identity,
            options.parallelism,
            options.read_only,
            listener,
        ))
    }
}

/// A region becomes part of a host name, so it may hold nothing that would make it another host.
fn check_region(region: Option<String>) -> Result<String, CloudError> {
    let region = region.ok_or(CloudError::NoRegion)?;
    let clean = region.len() <= 40
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if clean {
        Ok(region)
    } else {
        Err(CloudError::BadRegion { region })
    }
}

/// An address without what may be a password in it.
fn shown(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => address.to_owned(),
    }
}

impl From<&CloudError> for Diagnostic {
    fn from(error: &CloudError) -> Diagnostic {
        match error {
            CloudError::Identity(identity) => Diagnostic::from(identity),
            CloudError::NoRegion => Diagnostic::error(codes::NO_REGION, error.to_string())
                .help("in infra.toml: [infra] region = \"cn-beijing\"")
                .help("or: export ALIBABA_CLOUD_REGION_ID=cn-beijing"),
            CloudError::BadRegion { .. } => Diagnostic::error(codes::BAD_REGION, error.to_string())
                .help("a region is written like cn-beijing or ap-southeast-1"),
            CloudError::Endpoint(bad) => {
                let diagnostic = Diagnostic::error(codes::BAD_ENDPOINT, error.to_string());
                match bad.error {
                    super::endpoint::EndpointError::NotTrusted => {
                        diagnostic.help("to use this host all the same: export INFRA_ENDPOINT=https://HOST")
                    }
                    super::endpoint::EndpointError::PlainHttp => {
                        diagnostic.help("write https://, or http:// with 127.0.0.1, [::1] or localhost")
                    }
                    _ => diagnostic.help("an address is written like https://ecs.cn-beijing.aliyuncs.com"),
                }
            }
        }
    }
}

impl From<&IdentityError> for Diagnostic {
    fn from(error: &IdentityError) -> Diagnostic {
        let code = match error {
            IdentityError::NotFound { .. } => codes::NO_CREDENTIALS,
            IdentityError::NoProfile { .. } => codes::NO_PROFILE,
            _ => codes::BAD_CREDENTIALS,
        };
        let diagnostic = Diagnostic::error(code, error.to_string());
        match error {
            IdentityError::NotFound { looked } => looked
                .iter()
                .fold(diagnostic, |diagnostic, place| diagnostic.note(place.clone()))
                .help("export ALIBABA_CLOUD_ACCESS_KEY_ID=... ALIBABA_CLOUD_ACCESS_KEY_SECRET=...")
                .help("or: aliyun configure")
                .help("to try it out without an account: add --sim"),
            IdentityError::NoProfile { looked, known, .. } => {
                let diagnostic = looked
                    .iter()
                    .fold(diagnostic, |diagnostic, place| diagnostic.note(place.clone()));
                if known.is_empty() {
                    diagnostic.help("aliyun configure --profile NAME")
                } else {
                    diagnostic.help(format!("profiles there: {}", known.join(", ")))
                }
            }
            IdentityError::Incomplete { .. } | IdentityError::Unreadable { .. } => diagnostic,
            IdentityError::Unsupported { .. } => {
                diagnostic.help("infra can use the modes AK, StsToken and External, and variables")
            }
            IdentityError::Command { .. } => {
                diagnostic.help("it must print JSON with mode, access_key_id and access_key_secret")
            }
        }
    }
}
