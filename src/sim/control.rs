//! The control plane for tests and for looking: `/` and `/_sim/*`, unsigned, for this machine only. Does not know
//! the vendor's API.

use super::clock::{UnixMillis, http_date};
use super::cloud::Cloud;
use super::faults::FaultSpec;
use super::gates::is_loopback;
use super::options::{AccountLimits, SoldOut, duration};
use super::page;
use super::recording::What;
use super::snapshot::{self, SnapshotError};
use super::trouble::Trouble;
use super::wire::{RawAnswer, RawRequest};

/// Answers a request of the control plane; `None` when it is a request to the API.
pub(super) fn respond(cloud: &mut Cloud, request: &RawRequest, now: UnixMillis) -> Option<RawAnswer> {
    let path = request.path();
    let front_page = path == "/"
        && request.query().is_empty()
        && request.method == "GET"
        && request.header("x-acs-action").is_none();
    if !front_page && !path.starts_with("/_sim/") {
        return None;
    }
    let mut answer = refusal(request, front_page).unwrap_or_else(|| {
        record(cloud, request, now);
        route(cloud, request, now)
    });
    answer.headers.push(("Date".to_owned(), http_date(now)));
    Some(answer)
}

/// Why somebody may not ask here, if so.
fn refusal(request: &RawRequest, front_page: bool) -> Option<RawAnswer> {
    if !request.header("host").is_some_and(is_loopback) {
        Some(text(
            403,
            "The control plane answers to a loopback host name only.\n",
        ))
    } else if !front_page && is_cross_origin(request) {
        Some(text(
            403,
            "The control plane does not answer to pages of other origins.\n",
        ))
    } else {
        None
    }
}

/// Answers with the certificate of the authority that vouches for TLS, which only the server has; `None` when it is
/// another request.
pub(super) fn authority(
    request: &RawRequest,
    certificate: impl FnOnce() -> Option<String>,
) -> Option<RawAnswer> {
    if request.path() != "/_sim/ca" || request.method != "GET" {
        return None;
    }
    let given = || match certificate() {
        Some(pem) => answer(200, "application/x-pem-file", pem),
        None => text(500, "No certificate could be made.\n"),
    };
    Some(refusal(request, false).unwrap_or_else(given))
}

/// Orders belong to a recording; one that brings a whole cloud with it does not fit into one, see `load`.
fn record(cloud: &mut Cloud, request: &RawRequest, now: UnixMillis) {
    if request.method == "POST" && !matches!(request.path(), "/_sim/snapshot" | "/_sim/load") {
        let order = (
            request.path().to_owned(),
            String::from_utf8_lossy(&request.body).into_owned(),
        );
        cloud.record(now, What::Control(order));
    }
}

/// Whether a page of another origin sent this: any page that a browser shows can reach a loopback address.
fn is_cross_origin(request: &RawRequest) -> bool {
    let foreign_origin = request.header("origin").is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        !host.is_some_and(is_loopback)
    });
    foreign_origin
        || request
            .header("sec-fetch-site")
            .is_some_and(|site| site.eq_ignore_ascii_case("cross-site"))
}

fn route(cloud: &mut Cloud, request: &RawRequest, now: UnixMillis) -> RawAnswer {
    match (request.method.as_str(), request.path()) {
        ("GET", "/") => page(),
        ("GET", "/_sim/stats") => json(cloud.stats_json()),
        ("GET", "/_sim/env") => json(cloud.env_json()),
        ("GET", "/_sim/world") => json(cloud.world_json(now)),
        ("GET", "/_sim/requests") => requests(cloud, request.query()),
        ("GET", "/_sim/costs") => json(cloud.costs_json()),
        ("GET", "/_sim/faults") => json(serde_json::json!({ "faults": cloud.faults.shown() }).to_string()),
        ("POST", "/_sim/faults") => faults(cloud, &request.body),
        ("GET", "/_sim/settings") => json(cloud.settings.to_json()),
        ("GET", "/_sim/snapshot") => match snapshot::save(cloud, now) {
            Ok(body) => json(body),
            Err(error) => text(500, &format!("{error}\n")),
        },
        ("POST", "/_sim/snapshot") => load(cloud, &request.body, now),
        ("POST", "/_sim/load") => match std::str::from_utf8(&request.body) {
            Err(_) => text(400, "The body is not UTF-8.\n"),
            Ok(_) if cloud.is_recorded() => {
                text(409, "Nothing is loaded into a cloud that is being recorded.\n")
            }
            Ok(body) => match cloud.load(body, now) {
                Ok(count) => json(format!("{{\"loaded\":{count}}}")),
                Err(error) => text(400, &format!("The items cannot be loaded: {error}.\n")),
            },
        },
        ("POST", "/_sim/settings") => settings(cloud, &request.body),
        ("POST", "/_sim/reset") => match cloud.reset(now) {
            Ok(()) => json("{\"reset\":true}".to_owned()),
            Err(error) => text(500, &format!("{error}\n")),
        },
        (
            _,
            "/" | "/_sim/stats" | "/_sim/env" | "/_sim/world" | "/_sim/faults" | "/_sim/settings"
            | "/_sim/load" | "/_sim/snapshot" | "/_sim/reset" | "/_sim/requests" | "/_sim/costs",
        ) => text(405, "This address is not for that method.\n"),
        _ => text(404, "There is nothing at this address; see /.\n"),
    }
}

/// `{"faults": ["ACTION:KIND[@N|%P]", ...], "clear": true}`, or one fault a line as plain text.
fn faults(cloud: &mut Cloud, body: &[u8]) -> RawAnswer {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[serde(default)]
        faults: Vec<String>,
        #[serde(default)]
        clear: bool,
    }
    let Ok(body) = std::str::from_utf8(body) else {
        return text(400, "The body is not UTF-8.\n");
    };
    let order = if body.trim_start().starts_with('{') {
        match serde_json::from_str(body) {
            Ok(order) => order,
            Err(error) => return text(400, &format!("{error}\n")),
        }
    } else {
        let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
        Order {
            faults: lines.map(str::to_owned).collect(),
            clear: false,
        }
    };
    let mut specs = Vec::new();
    for fault in &order.faults {
        match fault.parse::<FaultSpec>() {
            Ok(spec) => specs.push(spec),
            Err(error) => return text(400, &format!("{error}\n")),
        }
    }
    if order.clear {
        cloud.faults.clear();
    }
    let added = specs.len();
    specs.into_iter().for_each(|spec| cloud.faults.add(spec));
    json(format!("{{\"added\":{added}}}"))
}

/// What can be told at run time as by flags; what is not named stays.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsOrder {
    /// Replaces what was sold out before.
    sold_out: Option<Vec<String>>,
    /// Replaces what was wrong before.
    troubles: Option<Vec<String>>,
    /// Replaces what an account may have and pay; what is not named is as it is by itself.
    account: Option<AccountLimits>,
    latency: Option<String>,
    read_lag: Option<String>,
    token_life: Option<String>,
    /// Adds to what is on offer.
    catalogue: Option<serde_json::Value>,
}

fn settings(cloud: &mut Cloud, body: &[u8]) -> RawAnswer {
    match order_settings(cloud, body) {
        Ok(()) => json(cloud.settings.to_json()),
        Err(error) => text(400, &format!("{error}\n")),
    }
}

fn order_settings(cloud: &mut Cloud, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let order: SettingsOrder = serde_json::from_slice(body)?;
    let millis = |text: Option<String>, now: i64| match text {
        None => Ok(now),
        Some(text) => duration(&text).map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
    };
    let own = &cloud.settings;
    // All of it is read before any of it counts.
    let latency_ms = millis(order.latency, own.latency_ms)?;
    let read_lag_ms = millis(order.read_lag, own.read_lag_ms)?;
    let token_lifetime_ms = millis(order.token_life, own.token_lifetime_ms)?;
    let sold_out: Option<Vec<SoldOut>> = order
        .sold_out
        .map(|all| all.iter().map(|text| text.parse()).collect())
        .transpose()?;
    let troubles: Option<Vec<Trouble>> = order
        .troubles
        .map(|all| all.iter().map(|text| text.parse()).collect())
        .transpose()?;
    if let Some(catalogue) = order.catalogue {
        cloud.settings.add_to_catalogue(&catalogue.to_string())?;
    }
    let own = &mut cloud.settings;
    (own.latency_ms, own.read_lag_ms) = (latency_ms, read_lag_ms);
    own.token_lifetime_ms = token_lifetime_ms;
    if let Some(sold_out) = sold_out {
        own.sold_out = sold_out;
    }
    if let Some(troubles) = troubles {
        own.troubles = troubles;
        // What is shown of a thing tells of its locks.
        own.offer_version += 1;
    }
    own.account = order.account.unwrap_or(own.account);
    Ok(())
}

fn load(cloud: &mut Cloud, body: &[u8], now: UnixMillis) -> RawAnswer {
    let Ok(body) = std::str::from_utf8(body) else {
        return text(400, "The body is not UTF-8.\n");
    };
    if cloud.is_recorded() {
        return text(
            409,
            "No snapshot is loaded into a cloud that is being recorded.\n",
        );
    }
    match snapshot::load(cloud, body, now) {
        Ok(()) => json("{\"loaded\":true}".to_owned()),
        Err(SnapshotError::Store(error)) => text(500, &format!("{error}\n")),
        Err(error) => text(400, &format!("The snapshot cannot be loaded: {error}.\n")),
    }
}

/// The last requests behind the one with the number `after`.
fn requests(cloud: &Cloud, query: &str) -> RawAnswer {
    let after = match query.strip_prefix("after=") {
        Some(number) => number.parse().ok(),
        None => query.is_empty().then_some(0),
    };
    match after {
        Some(number) => json(cloud.lately.after(number)),
        None => text(400, "It is asked for with after=NUMBER or with nothing.\n"),
    }
}

fn page() -> RawAnswer {
    guarded(200, "text/html; charset=utf-8", page::html(), page::policy())
}

fn json(body: String) -> RawAnswer {
    answer(200, "application/json; charset=utf-8", body)
}

fn text(status: u16, body: &str) -> RawAnswer {
    answer(status, "text/plain; charset=utf-8", body.to_owned())
}

fn answer(status: u16, kind: &str, body: String) -> RawAnswer {
    let policy = "default-src 'none'; style-src 'unsafe-inline'".to_owned();
    guarded(status, kind, body, policy)
}

/// An answer with what a browser may do with it.
fn guarded(status: u16, kind: &str, body: String, policy: String) -> RawAnswer {
    RawAnswer {
        status,
        headers: vec![
            ("Content-Type".to_owned(), kind.to_owned()),
            ("Content-Security-Policy".to_owned(), policy),
            ("X-Content-Type-Options".to_owned(), "nosniff".to_owned()),
        ],
        body: body.into_bytes(),
        ..RawAnswer::default()
    }
}
