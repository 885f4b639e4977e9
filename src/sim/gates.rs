//! The life of a request, as one visible pipeline. Does not know what an action does, and repairs nothing.

use super::actions;
use super::api::{ActionFacts, api};
use super::call::{Call, Run};
use super::check;
use super::clock::{Now, parse_stamp};
use super::cloud::Cloud;
use super::faults::{FaultKind, Later};
use super::lately::Outcome;
use super::node::Node;
use super::nonces::nonce_hash;
use super::params::{Params, pattern};
use super::products::{Product, product};
use super::recording::Told;
use super::refusal::{Refusal, known, refuse, sentence};
use super::tokens;
use super::unsimulated;
use super::verify;
use super::wire::{Delivery, RawAnswer, RawRequest, decode_form};

type Gate = fn(&mut Cloud, &mut Exchange<'_>) -> Result<(), Refusal>;

/// Every request passes these in this order; the first refusal is the answer.
const GATES: [(&str, Gate); 9] = [
    ("read the raw request", read),
    ("common parameters", common_parameters),
    ("authenticate", authenticate),
    ("nonce and clock window", nonce_and_clock),
    ("throttle and faults", throttle_and_faults),
    ("route by version and action", route),
    ("check parameters against schema/api", check_parameters),
    ("run the action", run),
    ("check the answer against schema/api", check_answer),
];
/// Where a request comes in whose sender is believed already.
const BELIEVED: usize = 4;
/// Where a request that is delivered twice comes in again.
const ROUTE: usize = 5;

/// How far a client's clock may be off, both ways.
const CLOCK_TOLERANCE_MS: i64 = 15 * 60 * 1000;

/// Parameters that belong to the wire or to every action.
const COMMON: &[&str] = &[
    "AccessKeyId",
    "Action",
    "BearerToken",
    "Format",
    "OwnerAccount",
    "OwnerId",
    "RegionId",
    "ResourceOwnerAccount",
    "ResourceOwnerId",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "TimeStamp",
    "Timestamp",
    "Version",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Xml,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Rpc,
    Acs3,
}

/// A request on its way, with what is known of it so far.
struct Exchange<'a> {
    request: &'a RawRequest,
    now: Now,
    request_id: String,
    host: String,
    query: Vec<(String, String)>,
    /// Query and form together.
    sent: Vec<(String, String)>,
    scheme: Scheme,
    format: Format,
    action: String,
    version: String,
    access_key_id: String,
    nonce: String,
    /// Set once the signature has proved true.
    account: Option<String>,
    /// Set once nothing of time and nonce speaks against it either.
    believed: bool,
    facts: Option<&'static ActionFacts>,
    run: Option<Run>,
    params: Params,
    answer: Option<Node>,
    delivery: Delivery,
    delay_ms: u64,
    duplicate: bool,
    /// What goes wrong with what it begins.
    later: Vec<Later>,
}

/// What came of a request.
pub(super) struct Passage {
    pub(super) answer: RawAnswer,
    /// The account whose cloud was touched.
    pub(super) account: Option<String>,
    /// Whether the action is one that may change something.
    pub(super) may_change: bool,
    /// What a recording keeps of it, when one is made and the sender was believed.
    pub(super) told: Option<Told>,
}

impl<'a> Exchange<'a> {
    fn new(cloud: &mut Cloud, request: &'a RawRequest, now: Now) -> Self {
        Self {
            request,
            now,
            request_id: cloud.next_request_id(now.real),
            host: request.header("host").unwrap_or("").to_owned(),
            query: Vec::new(),
            sent: Vec::new(),
            scheme: Scheme::Rpc,
            format: Format::Xml,
            action: String::new(),
            version: String::new(),
            access_key_id: String::new(),
            nonce: String::new(),
            account: None,
            believed: false,
            facts: None,
            run: None,
            params: Params::default(),
            answer: None,
            delivery: Delivery::Send,
            delay_ms: 0,
            duplicate: false,
            later: Vec::new(),
        }
    }

    /// What a recording keeps of it.
    fn told(&self) -> Told {
        Told {
            access_key_id: self.access_key_id.clone(),
            host: self.host.clone(),
            json: self.format == Format::Json,
            version: self.version.clone(),
            action: self.action.clone(),
            params: self.business_params().cloned().collect(),
            status: 0,
            body: String::new(),
        }
    }

    fn business_params(&self) -> impl Iterator<Item = &(String, String)> {
        self.sent
            .iter()
            .filter(|(name, _)| name == "RegionId" || !COMMON.contains(&name.as_str()))
    }
}

/// Takes a request through all gates.
pub(super) fn pass(cloud: &mut Cloud, request: &RawRequest, now: Now) -> Passage {
    let exchange = Exchange::new(cloud, request, now);
    finish(cloud, exchange, 0)
}

/// Takes a recorded request through the gates behind those that believe its sender.
pub(super) fn pass_again(cloud: &mut Cloud, told: &Told, now: Now) -> Passage {
    let request = RawRequest {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: vec![("Host".to_owned(), told.host.clone())],
        body: Vec::new(),
    };
    let exchange = Exchange {
        sent: told.params.clone(),
        format: if told.json { Format::Json } else { Format::Xml },
        action: told.action.clone(),
        version: told.version.clone(),
        access_key_id: told.access_key_id.clone(),
        account: Some(told.access_key_id.clone()),
        believed: true,
        ..Exchange::new(cloud, &request, now)
    };
    finish(cloud, exchange, BELIEVED)
}

fn finish(cloud: &mut Cloud, mut exchange: Exchange<'_>, from: usize) -> Passage {
    let mut outcome = through(cloud, &mut exchange, from);
    if exchange.duplicate && outcome.is_ok() {
        outcome = through(cloud, &mut exchange, ROUTE);
    }
    let facts = exchange.facts;
    match facts {
        Some(facts) => cloud.stats.request(&facts.product, &facts.name),
        None => cloud.stats.unrouted(),
    }
    let mut code = String::new();
    let answer = match (outcome, exchange.answer.take()) {
        (Ok(()), Some(node)) => answer(
            &exchange,
            200,
            node,
            exchange.facts.map_or("", |facts| &facts.name),
        ),
        (Ok(()), None) => error_answer(&exchange, &Refusal::new("InternalError")),
        (Err(refusal), _) => {
            cloud.stats.error(&refusal.code);
            code.clone_from(&refusal.code);
            error_answer(&exchange, &refusal)
        }
    };
    let outcome = Outcome {
        at: exchange.now.real,
        product: facts.map_or("", |facts| &facts.product),
        action: &exchange.action,
        status: answer.status,
        code: &code,
        dropped: answer.delivery == Delivery::Drop,
    };
    cloud.lately.note(&outcome, exchange.business_params());
    let told = (exchange.believed && cloud.is_recorded()).then(|| Told {
        status: answer.status,
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        ..exchange.told()
    });
    Passage {
        answer,
        account: exchange.account,
        may_change: facts.is_some_and(changes),
        told,
    }
}

fn through(cloud: &mut Cloud, exchange: &mut Exchange<'_>, from: usize) -> Result<(), Refusal> {
    GATES
        .iter()
        .skip(from)
        .try_for_each(|(_, gate)| gate(cloud, exchange))
}

fn changes(facts: &ActionFacts) -> bool {
    let reads = ["Describe", "Get", "List", "Query"];
    !reads.iter().any(|verb| facts.name.starts_with(verb))
}

fn answer(exchange: &Exchange<'_>, status: u16, mut node: Node, root: &str) -> RawAnswer {
    node.push("RequestId", exchange.request_id.as_str());
    raw_answer(
        exchange,
        status,
        &node,
        &if status == 200 {
            format!("{root}Response")
        } else {
            root.to_owned()
        },
    )
}

fn raw_answer(exchange: &Exchange<'_>, status: u16, node: &Node, root: &str) -> RawAnswer {
    let (kind, body) = match exchange.format {
        Format::Json => ("application/json;charset=utf-8", node.to_json()),
        Format::Xml => ("text/xml;charset=utf-8", node.to_xml(root)),
    };
    RawAnswer {
        status,
        headers: vec![
            ("Content-Type".to_owned(), kind.to_owned()),
            ("x-acs-request-id".to_owned(), exchange.request_id.clone()),
        ],
        body: body.into_bytes(),
        delivery: exchange.delivery,
        delay_ms: exchange.delay_ms,
    }
}

fn error_answer(exchange: &Exchange<'_>, refusal: &Refusal) -> RawAnswer {
    let product = exchange.facts.map_or("Ecs", |facts| facts.product.as_str());
    let (status, message) = describe(exchange.facts, refusal);
    let node = super::node::map! {
        "RequestId": exchange.request_id.as_str(),
        "HostId": exchange.host.as_str(),
        "Code": refusal.code.as_str(),
        "Message": message,
        "Recommend": format!(
            "https://api.aliyun.com/troubleshoot?q={}&product={product}&requestId={}",
            refusal.code, exchange.request_id
        ),
    };
    raw_answer(exchange, status, &node, "Error")
}

/// Status and message of a refusal: its own, then its action's table, then the common table, then by its form.
fn describe(facts: Option<&ActionFacts>, refusal: &Refusal) -> (u16, String) {
    let code = refusal.code.as_str();
    let by_form = if code.contains("NotFound") { 404 } else { 400 };
    let status = refusal
        .status
        .or_else(|| facts.and_then(|facts| facts.status_of(code)))
        .or_else(|| known(code).map(|(status, _)| status))
        .unwrap_or(by_form);
    let message = refusal
        .message
        .clone()
        .or_else(|| known(code).map(|(_, message)| message.to_owned()))
        .unwrap_or_else(|| sentence(code));
    (status, message)
}

/// An error answer outside of any exchange.
pub(super) fn plain_refusal(code: &str, request_id: &str) -> RawAnswer {
    let (status, message) = describe(None, &Refusal::new(code));
    let node = super::node::map! { "RequestId": request_id, "HostId": "", "Code": code, "Message": message };
    RawAnswer {
        status,
        headers: vec![(
            "Content-Type".to_owned(),
            "application/json;charset=utf-8".to_owned(),
        )],
        body: node.to_json().into_bytes(),
        ..RawAnswer::default()
    }
}

// ── the gates ────────────────────────────────────────────────────────────────────────────────────────────────────

fn read(cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let request = exchange.request;
    // The format is looked for first, so that every refusal is written in it.
    let wants_json = request
        .header("accept")
        .is_some_and(|accept| accept.contains("json"));
    // The older scheme's default is XML, also when a client repeats the action in a header.
    if wants_json || acs3_authorization(request).is_some() {
        exchange.format = Format::Json;
    }
    exchange.query = decode_form(request.query()).ok_or_else(|| Refusal::new("InvalidParameter"))?;
    exchange.sent = exchange.query.clone();
    let is_form = request
        .header("content-type")
        .is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    if is_form {
        let text = std::str::from_utf8(&request.body).map_err(|_| Refusal::new("InvalidParameter"))?;
        exchange
            .sent
            .extend(decode_form(text).ok_or_else(|| Refusal::new("InvalidParameter"))?);
    }
    match sent(exchange, "Format") {
        Some(format) if format.eq_ignore_ascii_case("json") => exchange.format = Format::Json,
        Some(format) if format.eq_ignore_ascii_case("xml") => exchange.format = Format::Xml,
        Some("") | None => {}
        Some(_) => return refuse("InvalidParameter.Format"),
    }
    if request.path() != "/" {
        return refuse("InvalidAction.NotFound");
    }
    if !matches!(request.method.as_str(), "GET" | "POST") {
        return refuse("UnsupportedHTTPMethod");
    }
    if !host_is_served(&exchange.host, cloud.settings.allow_remote) {
        return refuse("InvalidProduct.NotFound");
    }
    Ok(())
}

/// Whether a Host header is a loopback name or one of the vendor's.
fn host_is_served(host: &str, allow_remote: bool) -> bool {
    allow_remote || is_loopback(host) || without_port(host).ends_with(".aliyuncs.com")
}

/// Whether a Host header names this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    name.eq_ignore_ascii_case("localhost")
        || name
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The `Authorization` header of the newer scheme.
fn acs3_authorization(request: &RawRequest) -> Option<&str> {
    request
        .header("authorization")
        .filter(|header| header.starts_with("ACS3-HMAC-SHA256"))
}

fn sent<'a>(exchange: &'a Exchange<'_>, name: &str) -> Option<&'a str> {
    exchange
        .sent
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Refuses a missing common parameter in the gateway's own form.
fn common<'a>(exchange: &'a Exchange<'_>, name: &str) -> Result<&'a str, Refusal> {
    sent(exchange, name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| missing_common(name))
}

pub(super) fn missing_common(name: &str) -> Refusal {
    Refusal::new(format!("Missing{name}"))
        .with_message(format!("{name} is mandatory for this action."))
        .with_status(400)
}

/// The time of an RPC request. The documentation of 2014 spells its name with a capital in the middle, and clients of
/// that time still do.
fn timestamp<'a>(exchange: &'a Exchange<'_>) -> Result<&'a str, Refusal> {
    common(exchange, "Timestamp").or_else(|missing| common(exchange, "TimeStamp").map_err(|_| missing))
}

fn common_parameters(_cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let request = exchange.request;
    if let Some(header) = acs3_authorization(request) {
        exchange.scheme = Scheme::Acs3;
        let header_or = |name: &str, shown: &str| {
            request
                .header(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| missing_common(shown))
        };
        exchange.action = header_or("x-acs-action", "Action")?.to_owned();
        exchange.version = header_or("x-acs-version", "Version")?.to_owned();
        let authorization =
            verify::authorization(header).ok_or_else(|| Refusal::new("IncompleteSignature"))?;
        exchange.access_key_id = authorization.access_key_id.to_owned();
        exchange.nonce = header_or("x-acs-signature-nonce", "SignatureNonce")?.to_owned();
        header_or("x-acs-date", "Timestamp")?;
    } else {
        exchange.action = common(exchange, "Action")?.to_owned();
        exchange.version = common(exchange, "Version")?.to_owned();
        exchange.access_key_id = common(exchange, "AccessKeyId")?.to_owned();
        for name in ["Signature", "SignatureMethod", "SignatureVersion"] {
            common(exchange, name)?;
        }
        timestamp(exchange)?;
        exchange.nonce = common(exchange, "SignatureNonce")?.to_owned();
        if common(exchange, "SignatureMethod")? != "HMAC-SHA1"
            || common(exchange, "SignatureVersion")? != "1.0"
        {
            return refuse("InvalidSignatureMethod");
        }
    }
    Ok(())
}

fn authenticate(cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let request = exchange.request;
    // A key may be served with a token and without; the request's token picks.
    let token = match exchange.scheme {
        Scheme::Acs3 => request.header("x-acs-security-token"),
        Scheme::Rpc => sent(exchange, "SecurityToken"),
    }
    .filter(|token| !token.is_empty());
    let mut keys = cloud
        .keys
        .iter()
        .filter(|key| key.id == exchange.access_key_id)
        .peekable();
    if keys.peek().is_none() {
        return refuse("InvalidAccessKeyId.NotFound");
    }
    let candidates: Vec<_> = keys.collect();
    let Some(key) = candidates
        .iter()
        .find(|key| key.security_token.as_deref() == token)
    else {
        return match (token, candidates.iter().any(|key| key.security_token.is_some())) {
            (None, _) => Err(missing_common("SecurityToken")),
            (Some(_), true) => refuse("InvalidSecurityToken.MismatchWithAccessKey"),
            (Some(_), false) => refuse("InvalidSecurityToken.Malformed"),
        };
    };
    if key.expires.is_some_and(|end| end <= exchange.now.real) {
        return refuse("InvalidSecurityToken.Expired");
    }
    if !key.active {
        return refuse("InvalidAccessKeyId.Inactive");
    }
    match exchange.scheme {
        Scheme::Rpc => verify::rpc(&request.method, &exchange.sent, &key.secret)?,
        Scheme::Acs3 => {
            let authorization = request
                .header("authorization")
                .and_then(verify::authorization)
                .ok_or_else(|| Refusal::new("IncompleteSignature"))?;
            verify::acs3(request, &exchange.query, &authorization, &key.secret)?;
        }
    }
    exchange.account = Some(key.id.clone());
    Ok(())
}

fn nonce_and_clock(cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let stamp = match exchange.scheme {
        Scheme::Acs3 => exchange.request.header("x-acs-date").unwrap_or(""),
        Scheme::Rpc => timestamp(exchange)?,
    };
    let at = parse_stamp(stamp).ok_or_else(|| Refusal::new("InvalidTimeStamp.Format"))?;
    if (exchange.now.real - at).abs() > CLOCK_TOLERANCE_MS {
        return refuse("InvalidTimeStamp.Expired");
    }
    let nonce = nonce_hash(&exchange.access_key_id, &exchange.nonce);
    if cloud.nonces.is_used(nonce) {
        return refuse("SignatureNonceUsed");
    }
    cloud.nonces.note(nonce, exchange.now.real);
    exchange.believed = true;
    Ok(())
}

fn throttle_and_faults(cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let account = exchange.account.clone().unwrap_or_default();
    let region = sent(exchange, "RegionId")
        .unwrap_or(&cloud.settings.region)
        .to_owned();
    let facts = api().action(&exchange.version, &exchange.action);
    if facts.is_some()
        && !cloud
            .quotas
            .admit(&account, &region, &exchange.action, exchange.now.real)
    {
        let codes = ["Throttling.Resource".to_owned()];
        let code = facts.and_then(|facts| facts.known_code(&codes));
        return refuse(code.unwrap_or_else(|| "Throttling".to_owned()));
    }
    let mut refusal = Ok(());
    let now = exchange.now.real;
    for fault in cloud.faults.meet(&exchange.action, &exchange.sent, now) {
        match fault {
            FaultKind::Refuse { code, status } => {
                refusal = Err(Refusal {
                    status,
                    ..Refusal::new(code)
                })
            }
            FaultKind::DropRequest => {
                exchange.delivery = Delivery::Drop;
                refusal = refuse("ServiceUnavailable");
            }
            FaultKind::DropAnswer => exchange.delivery = Delivery::Drop,
            FaultKind::Delay(millis) => exchange.delay_ms += millis,
            FaultKind::Duplicate => exchange.duplicate = true,
            FaultKind::Later(later) => exchange.later.push(later),
        }
    }
    refusal
}

fn route(_cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    // Every product has hosts of its own; this machine's stand for all of them.
    let host = without_port(&exchange.host);
    let here = |product: &Product| !host.ends_with(".aliyuncs.com") || host.starts_with(product.host);
    if !product(&exchange.version).is_some_and(here) {
        return refuse("InvalidVersion");
    }
    let facts = api().action(&exchange.version, &exchange.action);
    let run = actions::find(&exchange.version, &exchange.action);
    let (Some(facts), Some(run)) = (facts, run) else {
        return refuse("InvalidAction.NotFound");
    };
    exchange.facts = Some(facts);
    exchange.run = Some(run);
    exchange.params = exchange.business_params().cloned().collect();
    Ok(())
}

fn check_parameters(cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let Some(facts) = exchange.facts else {
        return refuse("InternalError");
    };
    let unknown = check::parameters(facts, &exchange.params, &exchange.host)?;
    for name in unknown {
        // The real gateway ignores what it does not know; tests of clients want to hear of it.
        cloud.stats.unknown_param(&facts.name, &name);
    }
    Ok(())
}

fn run(cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    let (Some(facts), Some(run), Some(account)) = (exchange.facts, exchange.run, &exchange.account) else {
        return refuse("InternalError");
    };
    let now = exchange.now;
    let Cloud {
        accounts,
        stale,
        settings,
        stats,
        ..
    } = cloud;
    let Some(world) = accounts.get_mut(account) else {
        return refuse("InternalError");
    };
    world.settle(now);
    if !exchange.later.is_empty() && changes(facts) {
        stale.keep(account, world, &exchange.later, now.real);
        world.watch();
    }
    // A read that lags behind sees the world of then.
    let world = if changes(facts) {
        world
    } else {
        stale.seen(account, now).unwrap_or(world)
    };
    let region = exchange
        .params
        .text("RegionId")
        .or_else(|| check::region_of_host(&exchange.host))
        .or_else(|| check::region_in_host(&exchange.host))
        .unwrap_or(&settings.region)
        .to_owned();
    let mut call = Call {
        world,
        params: &exchange.params,
        facts,
        region,
        now,
        settings,
        host: &exchange.host,
        json: exchange.format == Format::Json,
    };
    // There is nothing to do twice in a read, though some take a token.
    let token = exchange
        .params
        .text("ClientToken")
        .filter(|_| facts.client_token && changes(facts));
    // What was done already is answered again, whatever speaks against it by now.
    if !token.is_some_and(|token| tokens::is_known(&call, token)) {
        actions::check(&call)?;
    }
    for (name, value) in exchange.params.iter() {
        let pattern = pattern(name);
        if let Some(refusal) = unsimulated::refusal(facts, changes(facts), &pattern, value) {
            stats.not_simulated(&facts.name, &pattern);
            return Err(refusal);
        }
    }
    if let Some(group) = exchange.params.text("ResourceGroupId")
        && changes(facts)
        && facts.product != "ResourceManager"
    {
        call.check_group(group)?;
    }
    let outcome = match token {
        Some(token) => tokens::once(&mut call, token, run),
        None => run(&mut call),
    };
    call.world.go_wrong(&exchange.later, now);
    let node = outcome?;
    if facts.dry_run && !changes(facts) && exchange.params.flag("DryRun") {
        return refuse("DryRunOperation");
    }
    if changes(facts) {
        // Whatever else nothing has asked for had no effect.
        let known = |name: &&str| *name != "RegionId" && check::knows(facts, name);
        for name in exchange.params.unread().filter(known) {
            let pattern = pattern(name);
            if !unsimulated::is_idle(facts, &pattern) && !says_nothing(facts, &exchange.params, name) {
                stats.not_simulated(&facts.name, &pattern);
            }
        }
    }
    exchange.answer = Some(node);
    Ok(())
}

/// Whether a parameter says only what is so without it.
fn says_nothing(facts: &ActionFacts, params: &Params, name: &str) -> bool {
    let value = params.given(name).unwrap_or("");
    let own = facts
        .params
        .get(name)
        .or_else(|| facts.params.get(&pattern(name)));
    own.is_some_and(|own| {
        own.default.as_deref() == Some(value)
            || (own.kind == "Boolean" && value.eq_ignore_ascii_case("false"))
    })
}

fn check_answer(_cloud: &mut Cloud, exchange: &mut Exchange<'_>) -> Result<(), Refusal> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    let (Some(facts), Some(answer)) = (exchange.facts, &exchange.answer) else {
        return Ok(());
    };
    match facts.misfit(answer) {
        None => Ok(()),
        Some(misfit) => {
            Err(Refusal::new("InternalError").with_message(format!("The answer does not fit: {misfit}.")))
        }
    }
}
