//! The Terraform provider for Alibaba Cloud (1.289.0), played: its requests in the encodings that it sends, call by
//! call in its order, and of each answer what its code reads. What is absent, null or of another type there crashes
//! it, or shows a difference on the next plan. `stack` is the whole life of seven resources and the place to begin;
//! `readers` is what a refresh asks and stores.

mod others;
mod readers;
mod sources;
mod stack;
mod updates;

use std::collections::BTreeMap;

use infra::sim::{Options, RawRequest, Speed};
use serde_json::Value;

use super::{ECS, Sim, VPC, options, signed_as, stamp, text};

/// The region goes with nearly every call.
const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");

/// The provider's three ways of sending; all sign by the older scheme, and all name the action in headers as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// POST. What belongs to the wire is in the query with a few parameters; the others are a form.
    Tea,
    /// POST with everything in the query and an empty form; `SignatureType` is there, empty and signed.
    Legacy,
    /// The same by GET. The provider insists on HTTPS for it, which `server.rs` tries with a certificate.
    Common,
}

/// One attribute after another as the provider stores them.
type State = BTreeMap<&'static str, Value>;

pub(super) struct Provider {
    sim: Sim,
    /// How many requests were sent.
    calls: u32,
}

impl Provider {
    /// A provider in front of a cloud where everything is done at once, as its first look after each wait finds it.
    pub(super) fn new() -> Self {
        Self {
            sim: Sim::with(Options {
                speed: Speed::Max,
                ..options()
            }),
            calls: 0,
        }
    }

    /// What it talks to.
    pub(super) fn sim(&mut self) -> &mut Sim {
        &mut self.sim
    }

    /// Lets time go by.
    pub(super) fn wait(&mut self, seconds: i64) {
        self.sim.wait(seconds);
    }

    /// What the simulator counted.
    pub(super) fn stats(&self) -> Value {
        serde_json::from_str(&self.sim.cloud.stats_json()).unwrap()
    }

    /// How many requests were sent since this was last asked.
    fn calls(&mut self) -> u32 {
        std::mem::take(&mut self.calls)
    }

    pub(super) fn send(
        &mut self,
        path: Path,
        (version, action): (&str, &str),
        query: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> (u16, Value) {
        self.calls += 1;
        let mut all = [query, form].concat();
        match path {
            Path::Tea => all.push(("Format", "json")),
            Path::Legacy | Path::Common => all.extend([("Format", "JSON"), ("SignatureType", "")]),
        }
        let method = if path == Path::Common { "GET" } else { "POST" };
        self.sim.nonce += 1;
        let (nonce, now) = (format!("tf-{}", self.sim.nonce), stamp(self.sim.now));
        let signed = signed_as(
            method,
            version,
            action,
            &all,
            &nonce,
            &now,
            "testid",
            "testsecret",
        );
        let mut request = match path {
            Path::Common => signed,
            Path::Legacy => split(signed, |_| true),
            Path::Tea => split(signed, |name| form.iter().all(|(own, _)| *own != name)),
        };
        let mut headers = vec![
            ("x-acs-version", version),
            ("x-acs-action", action),
            ("Accept-Encoding", "gzip"),
        ];
        if path != Path::Tea {
            headers.extend([
                ("x-sdk-client", "golang/1.0.0"),
                ("x-acs-credentials-provider", "static_ak"),
            ]);
        }
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        request.headers.extend(headers);
        let answer = self.sim.cloud.handle(&request, self.sim.now);
        assert!(self.sim.cloud.check().is_empty(), "after {action}");
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    #[track_caller]
    fn good(
        &mut self,
        path: Path,
        call: (&str, &str),
        query: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Value {
        let (status, body) = self.send(path, call, query, form);
        let action = call.1;
        assert_eq!(status, 200, "{action}: {body}");
        // An answer with one of these keys is a failure to the provider, also with status 200.
        assert!(
            body.get("Code").is_none() && body.get("StatusCode").is_none(),
            "{body}"
        );
        assert!(body["RequestId"].is_string(), "{body}");
        assert_no_null(&body, action);
        body
    }

    #[track_caller]
    fn tea(&mut self, version: &str, action: &str, query: &[(&str, &str)], form: &[(&str, &str)]) -> Value {
        self.good(Path::Tea, (version, action), query, form)
    }

    #[track_caller]
    fn legacy(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> Value {
        self.good(Path::Legacy, (version, action), params, &[])
    }

    #[track_caller]
    fn common(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> Value {
        self.good(Path::Common, (version, action), params, &[])
    }

    /// Asks for what is gone; to the provider that is status 404, whatever the code.
    #[track_caller]
    fn gone(&mut self, version: &str, action: &str, query: &[(&str, &str)], form: &[(&str, &str)]) {
        let (status, body) = self.send(Path::Tea, (version, action), query, form);
        assert_eq!(status, 404, "{action}: {body}");
    }
}

/// Moves the signed pairs of a form to where a path sends them; the signature does not mind.
fn split(request: RawRequest, in_query: impl Fn(&str) -> bool) -> RawRequest {
    let form = String::from_utf8(request.body).unwrap();
    // Percent-encoding does not change the letters, digits and dots that parameter names are made of.
    let (query, body): (Vec<&str>, Vec<&str>) = form
        .split('&')
        .partition(|pair| in_query(pair.split('=').next().unwrap()));
    RawRequest {
        target: format!("/?{}", query.join("&")),
        body: body.join("&").into(),
        ..request
    }
}

fn assert_no_null(value: &Value, path: &str) {
    match value {
        Value::Null => panic!("{path} is null"),
        Value::Array(items) => items.iter().for_each(|item| assert_no_null(item, path)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| assert_no_null(value, &format!("{path}.{key}"))),
        _ => {}
    }
}

/// Compares what the provider has stored with a configuration: any of these that differs is a planned change.
#[track_caller]
fn no_difference(state: &State, wanted: &[(&'static str, Value)]) {
    for (attribute, value) in wanted {
        assert_eq!(state.get(attribute), Some(value), "{attribute} in {state:?}");
    }
}

#[test]
fn the_start_up_call_of_the_provider_is_answered() {
    let mut provider = Provider::new();
    let params = [
        ("PageSize", "20"),
        ("PageNum", "1"),
        ("ProductCode", "vipcloudfw"),
        ("ProductType", "vipcloudfw"),
        ("SubscriptionType", "Subscription"),
    ];
    let (status, body) = provider.send(Path::Tea, ("2017-12-14", "QueryAvailableInstances"), &[], &params);
    assert_eq!((status, &body["Code"]), (200, &"Success".into()));
}

#[test]
fn products_without_an_endpoint_are_located_here_and_the_account_is_told() {
    let mut provider = Provider::new();
    for product in ["ecs", "vpc"] {
        let params = [
            ("Id", "cn-hangzhou"),
            ("ServiceCode", product),
            ("Type", "openAPI"),
        ];
        let found = provider.legacy("2015-06-12", "DescribeEndpoints", &params);
        let endpoint = &found["Endpoints"]["Endpoint"][0];
        assert_eq!(
            (&endpoint["Type"], &endpoint["Endpoint"]),
            (&"openAPI".into(), &"127.0.0.1:7070".into())
        );
    }
    let account = provider.tea("2015-04-01", "GetCallerIdentity", &[], &[]);
    assert_eq!(text(&account["AccountId"]).len(), 16);
}
