//! The control plane for tests and for looking: `/` and `/_sim/*`, unsigned, for this machine only. Does not know
//! the vendor's API.

use super::clock::{UnixMillis, http_date};
use super::cloud::Cloud;
use super::faults::FaultSpec;
use super::gates::is_loopback;
use super::options::{SoldOut, duration};
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
    let mut answer = if !request.header("host").is_some_and(is_loopback) {
        text(403, "The control plane answers to a loopback host name only.\n")
    } else if !front_page && is_cross_origin(request) {
        text(
            403,
            "The control plane does not answer to pages of other origins.\n",
        )
    } else {
        route(cloud, request, now)
    };
    answer.headers.push(("Date".to_owned(), http_date(now)));
    Some(answer)
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
        ("GET", "/_sim/world") => json(cloud.world_json(now)),
        ("POST", "/_sim/faults") => faults(cloud, &request.body),
        ("GET", "/_sim/settings") => json(cloud.settings.to_json()),
        ("POST", "/_sim/settings") => settings(cloud, &request.body),
        ("POST", "/_sim/reset") => match cloud.reset(now) {
            Ok(()) => json("{\"reset\":true}".to_owned()),
            Err(error) => text(500, &format!("{error}\n")),
        },
        (_, "/" | "/_sim/stats" | "/_sim/world" | "/_sim/faults" | "/_sim/settings" | "/_sim/reset") => {
            text(405, "This address is not for that method.\n")
        }
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
    if let Some(catalogue) = order.catalogue {
        cloud.settings.add_to_catalogue(&catalogue.to_string())?;
    }
    let own = &mut cloud.settings;
    (own.latency_ms, own.read_lag_ms) = (latency_ms, read_lag_ms);
    own.token_lifetime_ms = token_lifetime_ms;
    if let Some(sold_out) = sold_out {
        own.sold_out = sold_out;
    }
    Ok(())
}

fn page() -> RawAnswer {
    let html = "<!doctype html><meta charset=utf-8><title>infra sim</title>\
        <style>body{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}\
        </style><h1>infra sim</h1><p>A simulated cloud that speaks the API of Alibaba Cloud ECS and VPC. Nothing here \
        is real and nothing costs money.</p><ul><li><a href=\"/_sim/world\">what exists</a>\
        <li><a href=\"/_sim/stats\">what was asked</a></ul>";
    answer(200, "text/html; charset=utf-8", html.to_owned())
}

fn json(body: String) -> RawAnswer {
    answer(200, "application/json; charset=utf-8", body)
}

fn text(status: u16, body: &str) -> RawAnswer {
    answer(status, "text/plain; charset=utf-8", body.to_owned())
}

fn answer(status: u16, kind: &str, body: String) -> RawAnswer {
    let headers = [
        ("Content-Type", kind),
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    RawAnswer {
        status,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body: body.into_bytes(),
        ..RawAnswer::default()
    }
}
