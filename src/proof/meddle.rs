//! Somebody else at work in the same account: what is ours is changed, stopped and deleted behind our back, through
//! the API like any change, with a client that is not ours.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha1::Sha1;

use super::Chance;
use super::net::Site;
use crate::sim;

/// Changes one thing, drawn from the second number. What the cloud refuses is refused.
pub(super) fn meddle(site: &mut Site, now: i64, what: u64) {
    let chance = &mut Chance::new(what);
    let inventory: Value = serde_json::from_str(&site.cloud.world_json(now)).unwrap();
    let kinds = [
        "instance",
        "instance",
        "security_group",
        "vswitch",
        "vpc",
        "disk",
        "eip",
    ];
    let kind = kinds[chance.below(kinds.len() as u64) as usize];
    let rows = inventory["accounts"][0][kind]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if rows.is_empty() {
        return;
    }
    let row = &rows[chance.below(rows.len() as u64) as usize];
    let id = row["id"].as_str().unwrap();
    let partner = row["instance_id"].as_str().unwrap_or_default();
    let (product, params): (&str, &[(&str, &str)]) = match (kind, chance.below(6)) {
        ("instance", 0 | 1) => (
            "Ecs",
            &[
                ("Action", "DeleteInstance"),
                ("InstanceId", id),
                ("Force", "true"),
            ],
        ),
        ("instance", 2) => (
            "Ecs",
            &[
                ("Action", "StopInstance"),
                ("InstanceId", id),
                ("ForceStop", "true"),
            ],
        ),
        ("instance", 3) => ("Ecs", &[("Action", "StartInstance"), ("InstanceId", id)]),
        ("instance", 4) => ("Ecs", &[("Action", "RebootInstance"), ("InstanceId", id)]),
        ("instance", _) => (
            "Ecs",
            &[
                ("Action", "ModifyInstanceAttribute"),
                ("InstanceId", id),
                ("InstanceName", "renamed-by-hand"),
            ],
        ),
        ("security_group", 0) => (
            "Ecs",
            &[("Action", "DeleteSecurityGroup"), ("SecurityGroupId", id)],
        ),
        ("security_group", _) => (
            "Ecs",
            &[
                ("Action", "AuthorizeSecurityGroup"),
                ("SecurityGroupId", id),
                ("IpProtocol", "tcp"),
                ("PortRange", "22/22"),
                ("SourceCidrIp", "10.0.0.0/8"),
            ],
        ),
        ("disk", 0) => ("Ecs", &[("Action", "DeleteDisk"), ("DiskId", id)]),
        ("disk", 1 | 2) => (
            "Ecs",
            &[("Action", "DetachDisk"), ("DiskId", id), ("InstanceId", partner)],
        ),
        ("disk", _) => (
            "Ecs",
            &[
                ("Action", "ModifyDiskAttribute"),
                ("DiskId", id),
                ("DiskName", "renamed-by-hand"),
            ],
        ),
        ("eip", 0) => ("Vpc", &[("Action", "ReleaseEipAddress"), ("AllocationId", id)]),
        ("eip", 1 | 2) => (
            "Vpc",
            &[
                ("Action", "UnassociateEipAddress"),
                ("AllocationId", id),
                ("InstanceId", partner),
            ],
        ),
        ("eip", _) => (
            "Vpc",
            &[
                ("Action", "ModifyEipAddressAttribute"),
                ("AllocationId", id),
                ("Bandwidth", "77"),
            ],
        ),
        ("vswitch", _) => ("Vpc", &[("Action", "DeleteVSwitch"), ("VSwitchId", id)]),
        (_, 0) => ("Vpc", &[("Action", "DeleteVpc"), ("VpcId", id)]),
        _ => (
            "Vpc",
            &[
                ("Action", "ModifyVpcAttribute"),
                ("VpcId", id),
                ("VpcName", "renamed-by-hand"),
            ],
        ),
    };
    let answer = site.cloud.handle(&request(product, params, now, what), now);
    site.is_thinned |= answer.status == 200 && is_end(params[0].1);
    if answer.status == 200 && params[0].1 == "DetachDisk" {
        site.taken_off.insert(id.to_owned());
    }
    site.log
        .note(&format!("{now} somebody else: {params:?}: {}", answer.status));
}

/// Whether something ends by this action.
pub(super) fn is_end(action: &str) -> bool {
    action.starts_with("Delete") || action.starts_with("Release")
}

/// One call of somebody else; the status and the body of the answer.
pub(super) fn call(site: &mut Site, now: i64, product: &str, params: &[(&str, &str)]) -> (u16, String) {
    let answer = site.cloud.handle(&request(product, params, now, 0), now);
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

fn request(product: &str, params: &[(&str, &str)], now: i64, nonce: u64) -> sim::RawRequest {
    let time = jiff::Timestamp::from_millisecond(now).unwrap();
    let time = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let said: Vec<&str> = params.iter().map(|(_, value)| *value).collect();
    let nonce = format!("somebody-else-{now}-{nonce}-{}", said.join("-"));
    let version = match product {
        "Vpc" => "2016-04-28",
        "Slb" => "2014-05-15",
        "Kms" => "2016-01-20",
        "ResourceManager" => "2020-03-31",
        _ => "2014-05-26",
    };
    let mut all: BTreeMap<&str, &str> = params.iter().copied().collect();
    all.extend([
        ("Version", version),
        ("RegionId", "cn-hangzhou"),
        ("Format", "JSON"),
        ("AccessKeyId", super::KEY_ID),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", &nonce),
        ("Timestamp", &time),
    ]);
    let query: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let query = query.join("&");
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", super::KEY_SECRET).as_bytes()).unwrap();
    mac.update(format!("GET&%2F&{}", encode(&query)).as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    sim::RawRequest {
        method: "GET".to_owned(),
        target: format!("/?{query}&Signature={}", encode(&signature)),
        headers: vec![("Host".to_owned(), "127.0.0.1:1".to_owned())],
        body: Vec::new(),
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
