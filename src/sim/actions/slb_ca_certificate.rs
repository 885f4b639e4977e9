//! Certificates of authorities, by which a listener of a classic load balancer knows its clients.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done, ecs_tags, has_tags};
use super::super::clock::seconds;
use super::super::der;
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::slb_certificate::{fingerprint, pem};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CaCertificate {
    #[serde(flatten)]
    pub(super) head: Head,
    common_name: String,
    expires: i64,
    fingerprint: String,
}

row!(CaCertificate);

impl Kind for CaCertificate {
    const NAME: &'static str = "slb_ca_certificate";
}

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "UploadCACertificate", upload),
    (SLB, "DescribeCACertificates", describe),
    (SLB, "DeleteCACertificate", delete),
];

fn upload(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let Some(bytes) = pem(params.required("CACertificate")?, "CERTIFICATE") else {
        return refuse("CertificateFormatInvalid");
    };
    let Some(certificate) = der::certificate(&bytes) else {
        return refuse("CertificateFormatInvalid");
    };
    let name = call.free_text("CACertificateName", 1, 80, &["InvalidParameter"])?;
    let tags = call.tags()?;
    let (mut head, mut numbers) = call.head("");
    head.id = format!("{}_{}", call.world.account_id, numbers.letters(12));
    head.name = name.unwrap_or_else(|| certificate.common_name.clone());
    head.tags = tags;
    let row = CaCertificate {
        head,
        common_name: certificate.common_name,
        expires: certificate.expires,
        fingerprint: fingerprint(&bytes),
    };
    let answer = call.trimmed(node(&row));
    call.world.insert(row);
    Ok(answer)
}

fn node(row: &CaCertificate) -> Node {
    map! {
        "CACertificateId": &row.id,
        "CACertificateName": &row.name,
        "CommonName": &row.common_name,
        "Fingerprint": &row.fingerprint,
        "CreateTime": seconds(row.created),
        "CreateTimeStamp": row.created,
        "ExpireTime": seconds(row.expires),
        "ExpireTimeStamp": row.expires,
        "RegionId": &row.region,
        "ResourceGroupId": &row.resource_group,
        "Tags": ecs_tags(&row.tags),
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let all = call.world.all::<CaCertificate>().iter();
    let found = all.filter(|row| {
        row.region == call.region
            && call.is("CACertificateId", &row.id)
            && call.is("ResourceGroupId", &row.resource_group)
            && has_tags(call, &row.tags)
    });
    Ok(map! { "CACertificates": map! { "CACertificate": found.map(node).collect::<Vec<_>>() } })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("CACertificateId")?;
    let row = call.find::<CaCertificate>(id, "CACertificateId.NotFound");
    row.map_err(|refusal| refusal.with_status(404))?;
    call.unheld::<CaCertificate>(id)?;
    call.remove::<CaCertificate>(id);
    done()
}
