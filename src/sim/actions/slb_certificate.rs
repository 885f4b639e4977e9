//! Server certificates of load balancers. The private half is looked at and not kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha1::Digest as _;

use super::super::call::{Call, Entry, done, ecs_tags, has_tags};
use super::super::clock::seconds;
use super::super::der;
use super::super::head::{Head, row};
use super::super::node::{Node, map, texts};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServerCertificate {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) common_name: String,
    pub(super) names: Vec<String>,
    pub(super) expires: i64,
    pub(super) fingerprint: String,
}

row!(ServerCertificate);

impl Kind for ServerCertificate {
    const NAME: &'static str = "slb_certificate";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(SLB, "certificate")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "UploadServerCertificate", upload),
    (SLB, "DescribeServerCertificates", describe),
    (SLB, "SetServerCertificateName", rename),
    (SLB, "DeleteServerCertificate", delete),
];

const ABSENT: &str = "ServerCertificateId.NotFound";

/// What stands between the first lines of this kind in a PEM text.
pub(super) fn pem(text: &str, kind: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {kind}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

/// As the vendor shows it: the bytes of the SHA-1 sum in hexadecimal, with colons.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    let sum = sha1::Sha1::digest(bytes);
    let parts: Vec<String> = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}

fn upload(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    for name in [
        "AliCloudCertificateId",
        "AliCloudCertificateName",
        "AliCloudCertificateRegionId",
    ] {
        // The certificate service has none.
        if params.text(name).is_some() {
            return refuse("InvalidParameter.AliCloudCertificateId");
        }
    }
    let Some(bytes) = pem(params.required("ServerCertificate")?, "CERTIFICATE") else {
        return refuse("CertificateFormatInvalid");
    };
    let Some(certificate) = der::certificate(&bytes) else {
        return refuse("CertificateFormatInvalid");
    };
    let key = params.required("PrivateKey")?;
    let kinds = ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"];
    if !kinds.iter().any(|kind| pem(key, kind).is_some()) {
        return refuse("CertificateFormatInvalid");
    }
    let name = params.text_or("ServerCertificateName", "");
    if name.chars().count() > 80 {
        return Err(Refusal::invalid("ServerCertificateName"));
    }
    let tags = call.tags()?;
    let (mut head, mut numbers) = call.head("");
    head.id = format!("{}_{}", call.world.account_id, numbers.letters(12));
    head.name = match name {
        "" => certificate.common_name.clone(),
        name => name.to_owned(),
    };
    head.tags = tags;
    let row = ServerCertificate {
        head,
        common_name: certificate.common_name,
        names: certificate.names,
        expires: certificate.expires,
        fingerprint: fingerprint(&bytes),
    };
    let answer = node(&row);
    call.world.insert(row);
    Ok(answer)
}

fn node(row: &ServerCertificate) -> Node {
    map! {
        "ServerCertificateId": &row.id,
        "ServerCertificateName": &row.name,
        "CommonName": &row.common_name,
        "SubjectAlternativeNames": map! { "SubjectAlternativeName": texts(&row.names) },
        "Fingerprint": &row.fingerprint,
        "CreateTime": seconds(row.created),
        "CreateTimeStamp": row.created,
        "ExpireTime": seconds(row.expires),
        "ExpireTimeStamp": row.expires,
        "IsAliCloudCertificate": 0,
        "AliCloudCertificateId": "",
        "AliCloudCertificateName": "",
        "RegionId": &row.region,
        "ResourceGroupId": &row.resource_group,
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let all = call.world.all::<ServerCertificate>().iter();
    let found = all.filter(|row| {
        row.region == call.region
            && call.is("ServerCertificateId", &row.id)
            && call.is("ResourceGroupId", &row.resource_group)
            && has_tags(call, &row.tags)
    });
    let nodes = found.map(|row| {
        let mut node = node(row);
        node.push("Tags", ecs_tags(&row.tags));
        node
    });
    Ok(map! { "ServerCertificates": map! { "ServerCertificate": nodes.collect::<Vec<_>>() } })
}

fn named(call: &Call<'_>) -> Result<String, Refusal> {
    let id = call.params.required("ServerCertificateId")?;
    let row = call.find::<ServerCertificate>(id, ABSENT);
    Ok(row.map_err(|refusal| refusal.with_status(404))?.id.clone())
}

fn rename(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call)?;
    let name = call.params.required("ServerCertificateName")?;
    if name.chars().count() > 80 {
        return Err(Refusal::invalid("ServerCertificateName"));
    }
    call.world
        .update::<ServerCertificate, _>(&id, |row| name.clone_into(&mut row.name));
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call)?;
    call.unheld::<ServerCertificate>(&id)?;
    call.remove::<ServerCertificate>(&id);
    done()
}
