//! Key pairs. The private half is shown once and kept nowhere; it is no real key.

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::head::Status;
use super::super::head::regional_id;
use super::super::head::{Head, row};
use super::super::products::ECS;
use super::super::world::Kind;
use super::instance_row::Instance;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::clock::seconds;
use super::super::node::{Node, map};
use super::super::refusal::{Refusal, refuse};
use super::super::verify::hex;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeyPair {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) fingerprint: String,
    pub(super) public_key: String,
}

row!(KeyPair);

impl Kind for KeyPair {
    const NAME: &'static str = "key_pair";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "keypair")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateKeyPair", create),
    (ECS, "ImportKeyPair", import),
    (ECS, "DescribeKeyPairs", describe),
    (ECS, "DeleteKeyPairs", delete),
    (ECS, "AttachKeyPair", attach),
    (ECS, "DetachKeyPair", detach),
];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (name, tags) = checked(call)?;
    let (head, mut numbers) = call.head("ssh-");
    let id = head.id.clone();
    let mut bytes = |count: usize| -> Vec<u8> {
        (0..count / 8)
            .flat_map(|_| numbers.next().to_le_bytes())
            .collect()
    };
    let body = STANDARD.encode(bytes(1184));
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    let private = format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
        lines.join("\n")
    );
    let public = format!(
        "ssh-rsa {}",
        STANDARD.encode([b"\0\0\0\x07ssh-rsa".as_slice(), &bytes(264)].concat())
    );
    let pair = insert(call, head, name, public, tags);
    Ok(map! {
        "KeyPairId": id,
        "KeyPairName": pair.0,
        "KeyPairFingerPrint": pair.1,
        "PrivateKeyBody": private,
    })
}

fn import(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (name, tags) = checked(call)?;
    let public = call.params.required("PublicKeyBody")?.trim().to_owned();
    if !is_public_key(&public) {
        return refuse("InvalidPublicKeyBody.Malformed");
    }
    let (head, _) = call.head("ssh-");
    let pair = insert(call, head, name, public, tags);
    Ok(map! { "KeyPairName": pair.0, "KeyPairFingerPrint": pair.1 })
}

/// Whether a text has the form of a public key. The service looks at the form alone, not at the key.
fn is_public_key(text: &str) -> bool {
    let mut parts = text.split_whitespace();
    let known = parts
        .next()
        .is_some_and(|kind| kind.starts_with("ssh-") || kind.starts_with("ecdsa-"));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    known
        && parts
            .next()
            .is_some_and(|body| body.starts_with("AAAA") && body.bytes().all(letter))
}

/// A free name, and the tags.
fn checked(call: &Call<'_>) -> Result<(String, Vec<(String, String)>), Refusal> {
    let Some(name) = call.name("KeyPairName", 2, &["InvalidKeyPairName.Malformed"])? else {
        return Err(Refusal::missing("KeyPairName"));
    };
    if call
        .world
        .get::<KeyPair>(&regional_id(&call.region, &name))
        .is_some()
    {
        return refuse("KeyPair.AlreadyExist");
    }
    Ok((name, call.tags()?))
}

fn insert(
    call: &mut Call<'_>,
    head: Head,
    name: String,
    public_key: String,
    tags: Vec<(String, String)>,
) -> (String, String) {
    let fingerprint = hex(&Sha256::digest(public_key.as_bytes())[..16]);
    let pair = KeyPair {
        head: Head {
            id: regional_id(&call.region, &name),
            name: name.clone(),
            tags,
            ..head
        },
        fingerprint: fingerprint.clone(),
        public_key,
    };
    call.world.insert(pair);
    (name, fingerprint)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let page = call.page::<KeyPair>(Search::default(), |pair| {
        params
            .text("KeyPairName")
            .is_none_or(|name| wildcard(name, &pair.name))
            && params
                .text("KeyPairFingerPrint")
                .is_none_or(|print| print == pair.fingerprint)
            && params
                .text("ResourceGroupId")
                .is_none_or(|group| group == pair.resource_group)
    })?;
    Ok(call.listed(&page, "KeyPairs", "KeyPair", |pair| {
        let mut node = map! {
            "KeyPairName": &pair.name,
            "KeyPairFingerPrint": &pair.fingerprint,
            "CreationTime": seconds(pair.created),
            "ResourceGroupId": &pair.resource_group,
            "Tags": ecs_tags(&pair.tags),
        };
        if params.flag("IncludePublicKey") {
            node.push("PublicKey", &pair.public_key);
        }
        node
    }))
}

/// Whether a name fits a filter in which `*` stands for anything.
pub(super) fn wildcard(filter: &str, name: &str) -> bool {
    let mut parts = filter.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or("")) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let names = call
        .params
        .json_list("KeyPairNames", 100)
        .map_err(|_| Refusal::new("InvalidKeyPairNames.ValueNotSupported"))?;
    let ids: Vec<String> = names
        .unwrap_or_default()
        .iter()
        .map(|name| regional_id(&call.region, name))
        .collect();
    for id in &ids {
        call.unheld::<KeyPair>(id)?;
    }
    for id in &ids {
        call.remove::<KeyPair>(id);
    }
    done()
}

fn attach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let name = call.params.required("KeyPairName")?.to_owned();
    each_instance(call, &name, true)
}

fn detach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let name = call.params.required("KeyPairName")?.to_owned();
    each_instance(call, &name, false)
}

/// Binds or unbinds a pair; the answer is a success that tells of each instance on its own.
fn each_instance(call: &mut Call<'_>, name: &str, bind: bool) -> Result<Node, Refusal> {
    if call
        .world
        .get::<KeyPair>(&regional_id(&call.region, name))
        .is_none()
    {
        return refuse("InvalidKeyPairName.NotFound");
    }
    let ids = call
        .params
        .json_list("InstanceIds", 50)
        .map_err(|_| Refusal::new("InvalidInstanceIds.ValueNotSupported"))?
        .unwrap_or_default();
    let mut results = Vec::new();
    let mut failed = 0;
    for id in &ids {
        let outcome = match call.find::<Instance>(id, "InvalidInstanceId.NotFound") {
            Err(refusal) => Err(refusal.code),
            Ok(instance) => match instance.status {
                Status::Running | Status::Stopped if bind || instance.key_pair == name => Ok(()),
                Status::Running | Status::Stopped => Err("InvalidInstanceId.NotFound".to_owned()),
                _ => Err("IncorrectInstanceStatus".to_owned()),
            },
        };
        let (code, good) = match outcome {
            Ok(()) => {
                call.world.update::<Instance, _>(id, |instance| {
                    instance.key_pair = if bind { name.to_owned() } else { String::new() };
                    // A login by key switches the one by password off.
                    instance.has_password &= !bind;
                });
                ("200".to_owned(), true)
            }
            Err(code) => (code, false),
        };
        failed += usize::from(!good);
        results.push(map! {
            "InstanceId": id,
            "Code": code,
            "Message": if good { "successful" } else { "failed" },
            "Success": if good { "true" } else { "false" },
        });
    }
    Ok(map! {
        "KeyPairName": name,
        "TotalCount": ids.len().to_string(),
        "FailCount": failed.to_string(),
        "Results": map! { "Result": results },
    })
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn a_star_stands_for_anything() {
        for (filter, name, fits) in [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web1", true),
            ("*b*", "abc", true),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a*b*a", "aba", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(wildcard(filter, name), fits, "{filter} {name}");
        }
    }
}
