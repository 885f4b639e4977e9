//! Listeners of classic load balancers. A new one is stopped.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done, ecs_tags, has_tags, list_page};
use super::super::clock::Now;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map, texts};
use super::super::params::Params;
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::load_balancer::{LoadBalancer, changeable, find};
use super::slb_acl::AccessControlList;
use super::slb_ca_certificate::CaCertificate;
use super::slb_certificate::ServerCertificate;
use super::slb_domain_extension;
use super::slb_master_slave::MasterSlaveGroup;
use super::slb_servers::ServerGroup;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listener {
    /// Its name is `protocol_port`, its id that of the load balancer before it.
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) balancer_id: String,
    pub(super) protocol: String,
    pub(super) port: i64,
    /// What it was told, by the names of its answer.
    values: Vec<(String, String)>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

/// Which server group answers for a domain and a path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) url: String,
    pub(super) group: String,
    /// What else it was told, by the names of its answer.
    pub(super) values: Vec<(String, String)>,
}

row!(Listener, links: |row, link| {
    link(LoadBalancer::NAME, &row.balancer_id);
    if let Some(group) = row.value("VServerGroupId") {
        link(ServerGroup::NAME, group);
    }
    row.rules.iter().for_each(|rule| link(ServerGroup::NAME, &rule.group));
    let named = [
        (ServerCertificate::NAME, "ServerCertificateId"),
        (CaCertificate::NAME, "CACertificateId"),
        (AccessControlList::NAME, "AclId"),
        (MasterSlaveGroup::NAME, "MasterSlaveServerGroupId"),
    ];
    for (kind, name) in named {
        if let Some(id) = row.value(name) {
            link(kind, id);
        }
    }
});

impl Kind for Listener {
    const NAME: &'static str = "slb_listener";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(SLB, "listener")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (ServerGroup::NAME, &["RspoolVipExist"]),
        (MasterSlaveGroup::NAME, &["RspoolVipExist"]),
        (ServerCertificate::NAME, &["CertificateAndPrivateKeyIsRefered"]),
        (CaCertificate::NAME, &["CertificateAndPrivateKeyIsRefered"]),
        (AccessControlList::NAME, &["OperationFailed.AclBindedWithVip"]),
    ];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] = &[
        (LoadBalancer::NAME, 50, &["TooManyListeners"]),
        (AccessControlList::NAME, 50, &["AclListenerOverLimit"]),
    ];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == LoadBalancer::NAME {
            for own in world.ids_linked::<Listener>(kind, id) {
                world.remove::<Listener>(&own, now);
            }
        }
    }
}

impl Listener {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self
            .values
            .iter()
            .find(|(own, value)| own == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "CreateLoadBalancerTCPListener", |call| create(call, "tcp")),
    (SLB, "CreateLoadBalancerUDPListener", |call| create(call, "udp")),
    (SLB, "CreateLoadBalancerHTTPListener", |call| create(call, "http")),
    (SLB, "CreateLoadBalancerHTTPSListener", |call| {
        create(call, "https")
    }),
    (SLB, "SetLoadBalancerTCPListenerAttribute", |call| {
        set(call, "tcp")
    }),
    (SLB, "SetLoadBalancerUDPListenerAttribute", |call| {
        set(call, "udp")
    }),
    (SLB, "SetLoadBalancerHTTPListenerAttribute", |call| {
        set(call, "http")
    }),
    (SLB, "SetLoadBalancerHTTPSListenerAttribute", |call| {
        set(call, "https")
    }),
    (SLB, "DescribeLoadBalancerTCPListenerAttribute", |call| {
        describe(call, "tcp")
    }),
    (SLB, "DescribeLoadBalancerUDPListenerAttribute", |call| {
        describe(call, "udp")
    }),
    (SLB, "DescribeLoadBalancerHTTPListenerAttribute", |call| {
        describe(call, "http")
    }),
    (SLB, "DescribeLoadBalancerHTTPSListenerAttribute", |call| {
        describe(call, "https")
    }),
    (SLB, "DescribeLoadBalancerListeners", list),
    (SLB, "StartLoadBalancerListener", start),
    (SLB, "StopLoadBalancerListener", stop),
    (SLB, "DeleteLoadBalancerListener", delete),
    (SLB, "DescribeHealthStatus", describe_health),
];

/// Simulated: how long starting and stopping take, in milliseconds of life-cycle time.
const SWITCHING_MS: i64 = 1_000;

/// What a listener is before it is told anything else.
const STANDARD: &[(&str, &str)] = &[
    ("Scheduler", "wrr"),
    ("HealthCheck", "on"),
    ("HealthCheckInterval", "2"),
    ("HealthyThreshold", "3"),
    ("UnhealthyThreshold", "3"),
    ("Bandwidth", "-1"),
    ("AclStatus", "off"),
    ("PersistenceTimeout", "0"),
    ("EstablishedTimeout", "900"),
    ("ConnectionDrain", "off"),
    ("Gzip", "on"),
    ("IdleTimeout", "15"),
    ("RequestTimeout", "60"),
    ("StickySession", "off"),
    ("ListenerForward", "off"),
    ("XForwardedFor", "on"),
    ("XForwardedFor_proto", "off"),
    ("XForwardedFor_SLBIP", "off"),
    ("XForwardedFor_SLBID", "off"),
    ("XForwardedFor_SLBPORT", "off"),
    ("XForwardedFor_ClientSrcPort", "off"),
    ("HealthCheckHttpCode", "http_2xx"),
];

/// The same for what HTTPS has besides.
const STANDARD_HTTPS: &[(&str, &str)] = &[
    ("EnableHttp2", "on"),
    ("TLSCipherPolicy", "tls_cipher_policy_1_0"),
];

/// The sets of ciphers that there are.
const CIPHER_POLICIES: &[&str] = &[
    "tls_cipher_policy_1_0",
    "tls_cipher_policy_1_1",
    "tls_cipher_policy_1_2",
    "tls_cipher_policy_1_2_strict",
    "tls_cipher_policy_1_2_strict_with_1_3",
];

/// The name in an answer of what a request calls so.
fn shown_name(name: &str) -> String {
    match name {
        "healthCheckInterval" => "HealthCheckInterval".to_owned(),
        "HealthCheckSwitch" => "HealthCheck".to_owned(),
        name => name.to_owned(),
    }
}

/// What a request tells a listener.
fn told(call: &Call<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let params = call.params;
    for flag in [
        "HealthCheck",
        "HealthCheckSwitch",
        "StickySession",
        "Gzip",
        "ConnectionDrain",
        "AclStatus",
        "ListenerForward",
        "EnableHttp2",
        "XForwardedFor",
        "XForwardedFor_proto",
        "XForwardedFor_SLBIP",
        "XForwardedFor_SLBID",
        "XForwardedFor_SLBPORT",
        "XForwardedFor_ClientSrcPort",
    ] {
        if !matches!(params.text(flag), None | Some("on" | "off")) {
            return Err(Refusal::invalid(flag));
        }
    }
    if !matches!(
        params.text("Scheduler"),
        None | Some("wrr" | "rr" | "sch" | "tch" | "qch" | "wlc")
    ) {
        return Err(Refusal::invalid("Scheduler"));
    }
    for port in ["BackendServerPort", "HealthCheckConnectPort", "ForwardPort"] {
        if params
            .int(port)?
            .is_some_and(|port| !(1..=65_535).contains(&port) && port != -520)
        {
            return Err(Refusal::invalid(port));
        }
    }
    if params.text("StickySession") == Some("on") {
        match params.text("StickySessionType") {
            Some("insert") if params.text("CookieTimeout").is_some() => {}
            Some("server") if params.text("Cookie").is_some() => {}
            _ => return Err(Refusal::missing("StickySessionType")),
        }
    }
    if !matches!(params.text("AclType"), None | Some("white" | "black")) {
        return Err(Refusal::invalid("AclType"));
    }
    check_named(call)?;
    if params
        .text("TLSCipherPolicy")
        .is_some_and(|policy| !CIPHER_POLICIES.contains(&policy))
    {
        return refuse("InvalidTLSPolicyId.NotExist");
    }
    let about = [
        "LoadBalancerId",
        "ListenerPort",
        "RegionId",
        "Description",
        "ClientToken",
        "DryRun",
    ];
    let values = params.kept(|name| !about.contains(&name) && !name.starts_with("Tag."));
    Ok(values
        .map(|(name, value)| (shown_name(name), value.to_owned()))
        .collect())
}

/// Refuses what a request names for its listener and is not there.
fn check_named(call: &Call<'_>) -> Result<(), Refusal> {
    let params = call.params;
    let no_certificate = || call.code(&["CertificateNotExist", "ResourceNotFound.Certificate"]);
    if let Some(id) = params.text("ServerCertificateId") {
        let own = call.world.get::<ServerCertificate>(id);
        own.filter(|own| own.head.is_in(&call.region))
            .ok_or_else(no_certificate)?;
    }
    if let Some(id) = params.text("CACertificateId") {
        let own = call.world.get::<CaCertificate>(id);
        own.filter(|own| own.head.is_in(&call.region))
            .ok_or_else(no_certificate)?;
    }
    let balancer = params.required("LoadBalancerId")?;
    if let Some(id) = params.text("VServerGroupId") {
        let group = call.world.get::<ServerGroup>(id);
        if group.is_none_or(|group| group.balancer_id != balancer) {
            return Err(call.code(&["InvalidParam.VServerGroupId", "InvalidParameter.VServerGroupId"]));
        }
    }
    if let Some(id) = params.text("MasterSlaveServerGroupId") {
        let group = call.world.get::<MasterSlaveGroup>(id);
        if group.is_none_or(|group| group.balancer_id != balancer) {
            return Err(Refusal::invalid("MasterSlaveServerGroupId")
                .with_message("The specified MasterSlaveGroupId does not exist."));
        }
        if params.text("VServerGroupId").is_some() {
            return refuse("Abs.VServerGroupIdAndMasterSlaveServerGroupId.MissMatch");
        }
    }
    if let Some(id) = params.text("AclId") {
        let acl = call.world.get::<AccessControlList>(id);
        let acl = acl.filter(|acl| acl.is_in(&call.region));
        let acl = acl.ok_or_else(|| call.code(&["AclNotExist"]))?;
        // All load balancers have IPv4.
        if acl.ip_version != "ipv4" {
            return refuse("IpVersionConflict");
        }
    }
    Ok(())
}

/// Refuses values that a listener cannot have together, and one list too many for its listeners.
fn check_together(
    call: &Call<'_>,
    values: &[(String, String)],
    old: Option<&Listener>,
) -> Result<(), Refusal> {
    let value = |name: &str| {
        let found = values.iter().rev().find(|(own, _)| own == name);
        let found = found.filter(|(_, value)| !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    if value("AclStatus") == Some("on") {
        for name in ["AclId", "AclType"] {
            value(name).ok_or_else(|| Refusal::missing(name))?;
        }
    }
    if let Some(acl) = value("AclId").filter(|acl| old.and_then(|old| old.value("AclId")) != Some(acl)) {
        call.within_limit::<Listener>(AccessControlList::NAME, acl)?;
    }
    if value("MasterSlaveServerGroupId").is_some() {
        if value("VServerGroupId").is_some() {
            return refuse("MasterSlaveServerConflict");
        }
        if value("HealthCheck") == Some("off") {
            return refuse("OperationDenied.HealthCheckClosedForMasterSlaveMode");
        }
    }
    Ok(())
}

fn port(call: &Call<'_>) -> Result<i64, Refusal> {
    match call.params.int("ListenerPort")? {
        Some(port) if (1..=65_535).contains(&port) => Ok(port),
        Some(_) => Err(call.code(&["InvalidParam.ListenerPort", "InvalidParameter"])),
        None => Err(Refusal::missing("ListenerPort")),
    }
}

fn listener_id(balancer_id: &str, protocol: &str, port: i64) -> String {
    format!("{balancer_id}_{protocol}_{port}")
}

fn create(call: &mut Call<'_>, protocol: &str) -> Result<Node, Refusal> {
    let params = call.params;
    let balancer = changeable(call)?;
    let (balancer_id, region) = (balancer.id.clone(), balancer.region.clone());
    let port = port(call)?;
    if call
        .world
        .linked::<Listener>(LoadBalancer::NAME, &balancer_id)
        .any(|own| own.port == port && (own.protocol == "udp") == (protocol == "udp"))
    {
        return Err(call.code(&["InvalidParameter.ListenerPortConflict", "ListenerPortConflict"]));
    }
    let values = told(call)?;
    let told = |name: &str| values.iter().any(|(own, _)| own == name);
    let forwards = params.text("ListenerForward") == Some("on");
    if forwards && params.text("ForwardPort").is_none() {
        return Err(Refusal::missing("ForwardPort"));
    }
    let to = ["BackendServerPort", "VServerGroupId", "MasterSlaveServerGroupId"];
    if !to.iter().any(|name| told(name)) && !forwards {
        return Err(Refusal::missing("BackendServerPort"));
    }
    if protocol == "https" && !told("ServerCertificateId") {
        return Err(Refusal::missing("ServerCertificateId"));
    }
    check_together(call, &values, None)?;
    call.within_limit::<Listener>(LoadBalancer::NAME, &balancer_id)?;
    let description = call.description(1, &["InvalidParameter"])?.unwrap_or_default();
    let tags = call.tags()?;
    let mut all = values.clone();
    let more = if protocol == "https" { STANDARD_HTTPS } else { &[] };
    for (name, value) in STANDARD.iter().chain(more) {
        if !told(name) {
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    call.region = region;
    let (mut head, _) = call.head("lis-");
    head.id = listener_id(&balancer_id, protocol, port);
    head.name = format!("{protocol}_{port}");
    head.description = description;
    head.tags = tags;
    head.status = Status::ListenerStopped;
    call.world.insert(Listener {
        head,
        balancer_id,
        protocol: protocol.to_owned(),
        port,
        values: all,
        rules: Vec::new(),
    });
    done()
}

/// The listener that a request names. Without a protocol the port alone may be enough.
/// The listeners that use a group of servers, as lists of groups show them where IncludeListener asks for it.
pub(super) fn listed_for(call: &Call<'_>, kind: &'static str, group_id: &str) -> Node {
    let listeners = call
        .world
        .heads_linked(Listener::NAME, kind, group_id)
        .filter(|_| call.params.flag("IncludeListener"))
        .filter_map(|head| {
            // Its name is `protocol_port`.
            let (protocol, port) = head.name.split_once('_')?;
            let port: i64 = port.parse().ok()?;
            Some(map! { "Protocol": protocol, "Port": port })
        });
    map! { "Listener": listeners.collect::<Vec<_>>() }
}

pub(super) fn named<'t>(call: &'t Call<'_>, protocol: Option<&str>) -> Result<&'t Listener, Refusal> {
    let balancer = find(call, call.params.required("LoadBalancerId")?)?;
    let port = port(call)?;
    let own: Vec<&Listener> = call
        .world
        .linked::<Listener>(LoadBalancer::NAME, &balancer.id)
        .filter(|own| own.port == port && protocol.is_none_or(|protocol| protocol == own.protocol))
        .collect();
    match own[..] {
        [one] => Ok(one),
        [] => Err(call
            .code(&["ResourceNotFound.Listener", "InvalidParameter"])
            .with_status(404)
            .with_message("The specified resource does not exist.")),
        _ => refuse("TooManyListeners"),
    }
}

pub(super) fn by_request<'t>(call: &'t Call<'_>) -> Result<&'t Listener, Refusal> {
    let protocol = call.params.text("ListenerProtocol").map(str::to_ascii_lowercase);
    named(call, protocol.as_deref())
}

fn set(call: &mut Call<'_>, protocol: &str) -> Result<Node, Refusal> {
    let params = call.params;
    changeable(call)?;
    let listener = named(call, Some(protocol))?;
    let id = listener.head.id.clone();
    let mut values = told(call)?;
    // `off` lets go of the group.
    for (flag, group) in [
        ("VServerGroup", "VServerGroupId"),
        ("MasterSlaveServerGroup", "MasterSlaveServerGroupId"),
    ] {
        match params.text(flag) {
            Some("off") => values.push((group.to_owned(), String::new())),
            Some("on") if params.text(group).is_none() => return Err(Refusal::missing(group)),
            None | Some("on") => {}
            Some(_) => return Err(Refusal::invalid(flag)),
        }
        values.retain(|(name, _)| name != flag);
    }
    // And of the list.
    if params.text("AclStatus") == Some("off") {
        for name in ["AclId", "AclType"] {
            if params.text(name).is_none() {
                values.push((name.to_owned(), String::new()));
            }
        }
    }
    let all = [listener.values.clone(), values.clone()].concat();
    check_together(call, &all, Some(listener))?;
    let description = params.given("Description").map(str::to_owned);
    call.validated()?;
    call.world.update::<Listener, _>(&id, |listener| {
        listener.head.rename(None, description);
        for (name, value) in values {
            listener.values.retain(|(own, _)| *own != name);
            listener.values.push((name, value));
        }
    });
    done()
}

/// The plain fields of a tree that a listener has a value for, each in its type.
pub(super) fn fields(tree: &serde_json::Value, values: &Params) -> Node {
    let mut fields = Vec::new();
    for (name, kind) in tree.as_object().into_iter().flatten() {
        let text = values.text_or(name, "");
        let value = match kind.as_str() {
            Some("string") => Node::from(text),
            Some("integer") => Node::from(text.parse::<i64>().unwrap_or(0)),
            Some("boolean") => Node::from(text.eq_ignore_ascii_case("true")),
            _ => continue,
        };
        if name != "RequestId" {
            fields.push((name.clone().into(), value));
        }
    }
    Node::Map(fields)
}

fn values(listener: &Listener) -> Params {
    let own = [
        ("LoadBalancerId", listener.balancer_id.clone()),
        ("ListenerPort", listener.port.to_string()),
        ("ListenerProtocol", listener.protocol.clone()),
        ("Status", listener.head.status.text().to_owned()),
        ("Description", listener.head.description.clone()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    listener.values.iter().cloned().chain(own).collect()
}

fn describe(call: &mut Call<'_>, protocol: &str) -> Result<Node, Refusal> {
    let listener = named(call, Some(protocol))?;
    let mut node = fields(&call.facts.response, &values(listener));
    node.push("Tags", ecs_tags(&listener.head.tags));
    node.push("AclIds", map! { "AclId": texts(listener.value("AclId")) });
    if call.facts.response.get("Rules").is_some() {
        let rules = listener.rules.iter().map(|rule| {
            map! {
                "RuleId": &rule.id,
                "RuleName": &rule.name,
                "Domain": &rule.domain,
                "Url": &rule.url,
                "VServerGroupId": &rule.group,
            }
        });
        node.push("Rules", map! { "Rule": rules.collect::<Vec<_>>() });
    }
    if protocol == "https" {
        node.push("DomainExtensions", slb_domain_extension::nodes(call, listener));
    }
    Ok(node)
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let balancers = params.list("LoadBalancerId");
    let port = params.int("ListenerPort")?;
    let all: Vec<&Listener> = call
        .world
        .all::<Listener>()
        .iter()
        .filter(|own| {
            own.head.region == call.region
                && (balancers.is_empty() || balancers.contains(&own.balancer_id.as_str()))
                && port.is_none_or(|port| port == own.port)
                && call.is("ListenerProtocol", &own.protocol)
                && call.is("Description", &own.head.description)
                && has_tags(call, &own.head.tags)
        })
        .collect();
    let (shown, next) = list_page(call, &all)?;
    let tree = &call.facts.response["Listeners"][0];
    let nodes = shown.iter().map(|listener| {
        let values = values(listener);
        let mut node = fields(tree, &values);
        let config = match listener.protocol.as_str() {
            "tcp" => "TCPListenerConfig",
            "udp" => "UDPListenerConfig",
            "https" => "HTTPSListenerConfig",
            _ => "HTTPListenerConfig",
        };
        node.push(config, fields(&tree[config], &values));
        node.push("AclIds", texts(listener.value("AclId")));
        node
    });
    let mut answer = map! { "Listeners": nodes.collect::<Vec<_>>() };
    call.paging(
        &mut answer,
        all.len(),
        1,
        params.int("MaxResults")?.unwrap_or(20),
        &next,
    );
    Ok(answer)
}

fn switch(call: &mut Call<'_>, from: Status, during: Status, to: Status) -> Result<Node, Refusal> {
    changeable(call)?;
    let listener = by_request(call)?;
    let id = listener.head.id.clone();
    // What is so already stays so.
    if listener.head.status == from {
        let now = call.now;
        call.world
            .update::<Listener, _>(&id, |listener| listener.head.pass(during, SWITCHING_MS, to, now));
    } else if listener.head.status != to {
        return refuse("Operation.NotAllowed");
    }
    done()
}

fn start(call: &mut Call<'_>) -> Result<Node, Refusal> {
    switch(
        call,
        Status::ListenerStopped,
        Status::ListenerStarting,
        Status::ListenerRunning,
    )
}

fn stop(call: &mut Call<'_>) -> Result<Node, Refusal> {
    switch(
        call,
        Status::ListenerRunning,
        Status::ListenerStopping,
        Status::ListenerStopped,
    )
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    changeable(call)?;
    let id = by_request(call)?.head.id.clone();
    call.remove::<Listener>(&id);
    done()
}

fn describe_health(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let balancer = find(call, params.required("LoadBalancerId")?)?;
    let port = params.int("ListenerPort")?;
    let mut nodes = Vec::new();
    for listener in call.world.linked::<Listener>(LoadBalancer::NAME, &balancer.id) {
        if port.is_some_and(|port| port != listener.port) || !call.is("ListenerProtocol", &listener.protocol)
        {
            continue;
        }
        let group = listener
            .value("VServerGroupId")
            .and_then(|id| call.world.get::<ServerGroup>(id));
        let pair = listener
            .value("MasterSlaveServerGroupId")
            .and_then(|id| call.world.get::<MasterSlaveGroup>(id));
        let servers = group.map(|group| &group.servers);
        let servers = servers.or(pair.map(|pair| &pair.servers));
        for server in servers.unwrap_or(&balancer.servers) {
            let runs = call
                .world
                .head("instance", &server.id)
                .is_some_and(|head| head.status == Status::Running);
            let listens = listener.head.status == Status::ListenerRunning;
            let health = match (listens && listener.value("HealthCheck") != Some("off"), runs) {
                (false, _) => "unavailable",
                (true, true) => "normal",
                (true, false) => "abnormal",
            };
            let own_port = listener
                .value("BackendServerPort")
                .and_then(|port| port.parse().ok());
            nodes.push(map! {
                "ServerId": &server.id,
                "ServerIp": &server.ip,
                "Port": if server.port > 0 { server.port } else { own_port.unwrap_or(0) },
                "ListenerPort": listener.port,
                "Protocol": &listener.protocol,
                "ServerHealthStatus": health,
            });
        }
    }
    Ok(map! { "BackendServers": map! { "BackendServer": nodes } })
}
