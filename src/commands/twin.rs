//! The network of a rehearsal: a simulator that nobody else reaches, asked without leaving the process.
//!
//! Does not know what is asked.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cloud::Credentials;
use crate::env::{BoxFuture, Clock, HttpRequest, HttpResponse, Transport, TransportError};
use crate::sim;

/// Where a twin is said to be; nothing is sent there.
pub(super) const ENDPOINT: &str = "http://127.0.0.1:1";

/// A simulator, and the clock by which it lives.
pub(super) struct Twin {
    cloud: Mutex<sim::Cloud>,
    clock: Arc<dyn Clock>,
    keys: Credentials,
}

impl Twin {
    /// A cloud that holds these items, the body of a `POST /_sim/load`; everything that takes time there is over at
    /// once. The error says what it cannot hold.
    pub(super) fn holding(region: &str, items: &str, clock: Arc<dyn Clock>) -> Result<Twin, String> {
        let pair = sim::KeyPair::new("twin", "twin");
        let keys = Credentials::new(&pair.id, &pair.secret, None);
        let options = sim::Options {
            region: region.to_owned(),
            speed: sim::Speed::Max,
            // What is to be had there is asked elsewhere, of the cloud itself.
            boundless: true,
            key_pairs: vec![pair],
            ..sim::Options::default()
        };
        let mut cloud = sim::Cloud::new(&options).map_err(|error| error.to_string())?;
        cloud
            .load(items, clock.now().as_millisecond())
            .map_err(|error| error.to_string())?;
        Ok(Twin {
            cloud: Mutex::new(cloud),
            clock,
            keys,
        })
    }

    /// The keys that it knows.
    pub(super) fn keys(&self) -> Credentials {
        self.keys.clone()
    }
}

impl Transport for Twin {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let answer = self
            .cloud
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .handle(&raw(&request), self.clock.now().as_millisecond());
        let headers = answer.headers.into_iter();
        let response = HttpResponse {
            status: answer.status,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            body: answer.body,
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// A request as it would arrive.
pub(crate) fn raw(request: &HttpRequest) -> sim::RawRequest {
    let rest = request.url.split_once("://").map_or("", |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut headers = vec![("Host".to_owned(), host.to_owned())];
    let own = request.headers.iter();
    headers.extend(own.map(|(name, value)| ((*name).to_owned(), value.clone())));
    sim::RawRequest {
        method: request.method.to_owned(),
        target: format!("/{path}"),
        headers,
        body: request.body.clone(),
    }
}
