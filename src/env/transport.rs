//! HTTP over the real network, by reqwest and rustls.
//!
//! Does not know signatures, endpoints or which addresses are allowed; it sends what it is given, follows no
//! redirect, keeps no cookie and unpacks nothing.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, redirect};

use super::{BoxFuture, HttpRequest, HttpResponse, Sent, Transport, TransportError};

/// How long a connection may take to be made, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than what load balancers usually allow, so that a connection is rarely closed under a request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The network of this machine. Clients are made when first needed: TLS loads the certificates of the platform,
/// which a run against loopback must not pay for.
#[derive(Default)]
pub(crate) struct SystemTransport {
    plain: Slot,
    tls: Slot,
    /// TLS to this machine itself never goes through a proxy.
    tls_loopback: Slot,
}

type Slot = OnceLock<Result<Client, String>>;

impl SystemTransport {
    /// A transport that has not connected to anything yet.
    pub(crate) fn new() -> SystemTransport {
        SystemTransport::default()
    }

    fn client(&self, url: &reqwest::Url) -> Result<Client, TransportError> {
        let made = match (url.scheme(), is_loopback(url)) {
            ("https", false) => self.tls.get_or_init(|| build(tls_builder())),
            ("https", true) => self.tls_loopback.get_or_init(|| build(tls_builder().no_proxy())),
            _ => self.plain.get_or_init(|| plain_builder().and_then(build)),
        };
        made.clone().map_err(not_sent)
    }
}

impl Transport for SystemTransport {
    /// Reads one byte more than `body_limit` at most, so that the caller can tell a body that is too large.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let url = reqwest::Url::parse(&request.url)
                .map_err(|error| not_sent(format!("the address cannot be used: {error}")))?;
            let method = reqwest::Method::from_bytes(request.method.as_bytes())
                .map_err(|error| not_sent(format!("the method cannot be used: {error}")))?;
            let client = self.client(&url)?;
            let mut builder = client
                .request(method, url)
                .timeout(request.timeout)
                .body(request.body);
            for (name, value) in request.headers {
                builder = builder.header(name, value);
            }
            let mut answer = builder.send().await.map_err(describe)?;
            let status = answer.status().as_u16();
            let headers = answer
                .headers()
                .iter()
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect();
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(describe)? {
                let room = (request.body_limit + 1).saturating_sub(body.len());
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if body.len() > request.body_limit {
                    break;
                }
            }
            Ok(HttpResponse {
                status,
                headers,
                body,
            })
        })
    }
}

fn build(builder: reqwest::ClientBuilder) -> Result<Client, String> {
    builder
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build()
        .map_err(|error| format!("the network cannot be used: {}", chain(&error)))
}

/// Certificates as the platform has them, so that a company's own authority and `SSL_CERT_FILE` work.
fn tls_builder() -> reqwest::ClientBuilder {
    // An error only says that a provider is installed already.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().tls_backend_rustls()
}

/// A client that trusts no certificate: it is used for plain http, and must not load any.
fn plain_builder() -> Result<reqwest::ClientBuilder, String> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(Client::builder().tls_backend_preconfigured(config).no_proxy())
}

fn is_loopback(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

fn not_sent(message: String) -> TransportError {
    TransportError {
        sent: Sent::No,
        message,
    }
}

fn describe(error: reqwest::Error) -> TransportError {
    // Making the connection, TLS included, comes before the first byte of the request.
    let sent = if error.is_connect() || error.is_builder() {
        Sent::No
    } else {
        Sent::Perhaps
    };
    let error = error.without_url();
    let message = match (error.is_timeout(), sent) {
        (true, Sent::No) => "no connection in time".to_owned(),
        (true, Sent::Perhaps) => "no answer in time".to_owned(),
        (false, _) if lacks_files(&error) => "too many files are open (ulimit -n)".to_owned(),
        (false, _) => chain(&error),
    };
    TransportError { sent, message }
}

/// Whether the process or the machine has no descriptor left for a connection.
fn lacks_files(error: &(dyn std::error::Error + 'static)) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    let mut next = Some(error);
    while let Some(current) = next {
        let code = current
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::raw_os_error);
        if cfg!(unix) && matches!(code, Some(ENFILE | EMFILE)) {
            return true;
        }
        next = current.source();
    }
    false
}

/// The innermost causes say what happened; the outer layers only repeat that something did.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(current) = next {
        let text = current.to_string();
        if !words.last().is_some_and(|last| last.contains(&text)) {
            words.push(text);
        }
        next = current.source();
    }
    words.join(": ")
}
