//! Further domains of an HTTPS listener, each with a certificate of its own.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done};
use super::super::clock::Now;
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::load_balancer::changeable;
use super::slb_certificate::ServerCertificate;
use super::slb_listener::{Listener, named};

/// The domain is its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DomainExtension {
    #[serde(flatten)]
    pub(super) head: Head,
    listener_id: String,
    balancer_id: String,
    port: i64,
    certificate_id: String,
}

row!(DomainExtension, links: |row, link| {
    link(Listener::NAME, &row.listener_id);
    link(ServerCertificate::NAME, &row.certificate_id);
});

impl Kind for DomainExtension {
    const NAME: &'static str = "slb_domain_extension";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[(ServerCertificate::NAME, &["CertificateAndPrivateKeyIsRefered"])];
    /// The vendor's limit without a word with it.
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[(Listener::NAME, 3, &["DomainExtensionNumberOverLimit"])];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == Listener::NAME {
            for own in world.ids_linked::<DomainExtension>(kind, id) {
                world.remove::<DomainExtension>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "CreateDomainExtension", create),
    (SLB, "DescribeDomainExtensions", describe),
    (SLB, "DescribeDomainExtensionAttribute", describe_one),
    (SLB, "SetDomainExtensionAttribute", set),
    (SLB, "DeleteDomainExtension", delete),
];

/// The HTTPS listener at the port of a request.
fn listener<'t>(call: &'t Call<'_>) -> Result<&'t Listener, Refusal> {
    named(call, Some("https")).or_else(|refusal| match named(call, None) {
        Ok(_) => refuse("DomainExtensionNotSupport"),
        Err(_) => Err(refusal),
    })
}

/// Whether a text is a domain, or all domains below one.
fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.strip_prefix("*.").unwrap_or(text).split('.').collect();
    let plain = |label: &&str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 80 && labels.len() > 1 && labels.iter().all(plain)
}

fn certificate(call: &Call<'_>) -> Result<String, Refusal> {
    let Some(id) = call.params.text("ServerCertificateId") else {
        return refuse("MissingParameter.CertificateId");
    };
    call.find::<ServerCertificate>(id, "InvalidParameter.ServerCertificateId")?;
    Ok(id.to_owned())
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    changeable(call)?;
    let listener = listener(call)?;
    let (listener_id, balancer_id) = (listener.head.id.clone(), listener.balancer_id.clone());
    let (port, region) = (listener.port, listener.head.region.clone());
    let domain = call.params.required("Domain")?;
    let is_there = |domain: &str| {
        let mut own = call.world.linked::<DomainExtension>(Listener::NAME, &listener_id);
        own.any(|own| own.name == domain)
    };
    if !is_domain(domain) || is_there(domain) {
        return refuse("InvalidParameter.Domain");
    }
    call.within_limit::<DomainExtension>(Listener::NAME, &listener_id)?;
    let certificate_id = certificate(call)?;
    call.region = region;
    let (mut head, _) = call.head("de-");
    head.name = domain.to_owned();
    let answer = map! { "DomainExtensionId": &head.id, "ListenerPort": port };
    call.world.insert(DomainExtension {
        head,
        listener_id,
        balancer_id,
        port,
        certificate_id,
    });
    Ok(answer)
}

/// Those of a listener, as the answers about it show them.
pub(super) fn nodes(call: &Call<'_>, listener: &Listener) -> Node {
    let own = call
        .world
        .linked::<DomainExtension>(Listener::NAME, &listener.head.id);
    let nodes = own
        .filter(|own| call.is("DomainExtensionId", &own.id))
        .map(|own| {
            map! {
                "DomainExtensionId": &own.id,
                "Domain": &own.name,
                "ServerCertificateId": &own.certificate_id,
            }
        });
    map! { "DomainExtension": nodes.collect::<Vec<_>>() }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let listener = listener(call)?;
    Ok(map! { "DomainExtensions": nodes(call, listener) })
}

fn own<'t>(call: &'t Call<'_>) -> Result<&'t DomainExtension, Refusal> {
    let id = call.params.required("DomainExtensionId")?;
    call.find::<DomainExtension>(id, "InvalidParameter.DomainExtensionId")
}

fn describe_one(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let own = own(call)?;
    Ok(map! {
        "DomainExtensionId": &own.id,
        "Domain": &own.name,
        "ServerCertificateId": &own.certificate_id,
        "LoadBalancerId": &own.balancer_id,
        "ListenerPort": own.port,
    })
}

fn set(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = own(call)?.id.clone();
    let certificate_id = certificate(call)?;
    call.world
        .update::<DomainExtension, _>(&id, |own| own.certificate_id = certificate_id);
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let own = own(call)?;
    let id = own.id.clone();
    let listener = call.world.get::<Listener>(&own.listener_id);
    if listener.is_some_and(|listener| listener.rules.iter().any(|rule| rule.domain == own.name)) {
        return refuse("DomainExtensionRelatedRuleExist");
    }
    call.remove::<DomainExtension>(&id);
    done()
}
