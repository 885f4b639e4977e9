//! Keys of the key service, and the names that stand for them. They encrypt nothing here.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Page, Search, done};
use super::super::catalogue;
use super::super::clock::{Now, seconds};
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::KMS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::ram_page::json_tags;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) spec: String,
    usage: String,
    origin: String,
    protection_level: String,
    /// Seconds between two rotations, when it rotates.
    rotation: Option<i64>,
    enabled: bool,
    /// The moment of its end, once that is scheduled.
    ends: Option<i64>,
    protected: bool,
    protected_because: String,
    version: String,
}

row!(Key, links: |_, _| {}, deadline: |row| row.ends);

impl Kind for Key {
    const NAME: &'static str = "kms_key";

    fn over(world: &mut World, id: &str, now: Now) {
        world.remove::<Key>(id, now);
    }
}

impl Key {
    pub(super) fn state(&self) -> &'static str {
        match (self.ends, self.enabled, self.origin.as_str()) {
            (Some(_), ..) => "PendingDeletion",
            // Its material would have to be brought first.
            (None, _, "EXTERNAL") => "PendingImport",
            (None, true, _) => "Enabled",
            (None, false, _) => "Disabled",
        }
    }
}

/// A name that stands for a key; its id is the region's name and its own, as it is unique in a region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alias {
    #[serde(flatten)]
    pub(super) head: Head,
    key_id: String,
}

row!(Alias, links: |row, link| link(Key::NAME, &row.key_id));

impl Kind for Alias {
    const NAME: &'static str = "kms_alias";

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == Key::NAME {
            for own in world.ids_linked::<Alias>(kind, id) {
                world.remove::<Alias>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (KMS, "CreateKey", create),
    (KMS, "DescribeKey", describe),
    (KMS, "ListKeys", list),
    (KMS, "EnableKey", |call| enable(call, true)),
    (KMS, "DisableKey", |call| enable(call, false)),
    (KMS, "UpdateKeyDescription", update),
    (KMS, "ScheduleKeyDeletion", schedule),
    (KMS, "CancelKeyDeletion", cancel),
    (KMS, "SetDeletionProtection", protect),
    (KMS, "CreateAlias", create_alias),
    (KMS, "DeleteAlias", delete_alias),
    (KMS, "ListAliases", list_aliases),
    (KMS, "ListAliasesByKeyId", list_aliases_of_key),
    (KMS, "TagResource", tag),
    (KMS, "UntagResource", untag),
    (KMS, "ListResourceTags", list_tags),
    (KMS, "DescribeRegions", describe_regions),
];

const NO_KEY: &str = "Forbidden.KeyNotFound";
const NO_ALIAS: &str = "Forbidden.AliasNotFound";
const DAY_MS: i64 = 86_400_000;
/// Key specifications, with whether one key encrypts and decrypts.
const SPECS: &[(&str, bool)] = &[
    ("Aliyun_AES_256", true),
    ("Aliyun_AES_192", true),
    ("Aliyun_AES_128", true),
    ("Aliyun_SM4", true),
    ("RSA_2048", false),
    ("RSA_3072", false),
    ("RSA_4096", false),
    ("EC_P256", false),
    ("EC_P256K", false),
    ("EC_SM2", false),
];

fn absent(code: &str) -> Refusal {
    Refusal::new(code).with_status(404)
}

/// The key that an id or an alias names.
fn key<'t>(call: &'t Call<'_>) -> Result<&'t Key, Refusal> {
    let name = call.params.required("KeyId")?;
    if !name.starts_with("alias/") {
        return key_by_id(call, name);
    }
    let alias = call.world.get::<Alias>(&alias_id(call, name));
    let alias = alias.ok_or_else(|| absent(NO_ALIAS))?;
    key_by_id(call, &alias.key_id)
}

fn key_by_id<'t>(call: &'t Call<'_>, id: &str) -> Result<&'t Key, Refusal> {
    // A key may be named by its whole resource name.
    let id = id.rsplit_once("key/").map_or(id, |(_, id)| id);
    let key = call.world.get::<Key>(id).filter(|key| key.region == call.region);
    key.ok_or_else(|| absent(NO_KEY))
}

/// The id of a key that can be changed.
fn changeable(call: &Call<'_>) -> Result<String, Refusal> {
    let key = key(call)?;
    if key.ends.is_some() {
        return Err(Refusal::new("Rejected.PendingDeletion")
            .with_status(409)
            .with_message("The request was rejected because the key state is PendingDeletion."));
    }
    Ok(key.id.clone())
}

fn arn(call: &Call<'_>, what: &str) -> String {
    format!("acs:kms:{}:{}:{what}", call.region, call.world.account_id)
}

fn date(at: Option<i64>) -> String {
    at.map(seconds).unwrap_or_default()
}

fn node(call: &Call<'_>, key: &Key) -> Node {
    let rotation = key.rotation;
    let next = rotation.map(|seconds| key.created + seconds * 1000);
    map! {
        "KeyId": &key.id,
        "Arn": arn(call, &format!("key/{}", key.id)),
        "Creator": &call.world.account_id,
        "CreationDate": seconds(key.created),
        "Description": &key.description,
        "KeyState": key.state(),
        "KeySpec": &key.spec,
        "KeyUsage": &key.usage,
        "Origin": &key.origin,
        "ProtectionLevel": &key.protection_level,
        "PrimaryKeyVersion": &key.version,
        "AutomaticRotation": if rotation.is_some() { "Enabled" } else { "Disabled" },
        "RotationInterval": rotation.map(|seconds| format!("{seconds}s")).unwrap_or_default(),
        "LastRotationDate": seconds(key.created),
        "NextRotationDate": date(next),
        "DeleteDate": date(key.ends),
        "MaterialExpireTime": "",
        "DKMSInstanceId": "",
        "DeletionProtection": if key.protected { "Enabled" } else { "Disabled" },
        "DeletionProtectionDescription": &key.protected_because,
    }
}

fn one(call: &Call<'_>, key: &Key) -> Node {
    map! { "KeyMetadata": call.trimmed_to(&["KeyMetadata"], node(call, key)) }
}

/// `7d` and its like in seconds: from a week to two years.
fn interval(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = number.checked_mul(match unit {
        'd' => 86_400,
        'h' => 3600,
        'm' => 60,
        's' => 1,
        _ => return None,
    })?;
    (7 * 86_400..=730 * 86_400).contains(&seconds).then_some(seconds)
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let spec = params.text_or("KeySpec", "Aliyun_AES_256");
    let Some((_, symmetric)) = SPECS.iter().find(|(own, _)| *own == spec) else {
        return Err(Refusal::invalid("KeySpec"));
    };
    let usage = match params.text_or("KeyUsage", "ENCRYPT/DECRYPT") {
        "SIGN/VERIFY" if *symmetric => return Err(Refusal::invalid("KeyUsage")),
        usage @ ("ENCRYPT/DECRYPT" | "SIGN/VERIFY") => usage.to_owned(),
        _ => return Err(Refusal::invalid("KeyUsage")),
    };
    let origin = match params.text_or("Origin", "Aliyun_KMS") {
        origin @ ("Aliyun_KMS" | "EXTERNAL") => origin.to_owned(),
        _ => return Err(Refusal::invalid("Origin")),
    };
    let protection_level = match params.text_or("ProtectionLevel", "SOFTWARE") {
        level @ ("SOFTWARE" | "HSM") => level.to_owned(),
        _ => return Err(Refusal::invalid("ProtectionLevel")),
    };
    if params.text("DKMSInstanceId").is_some() {
        return refuse("Forbidden.DKMSInstanceNotFound");
    }
    if params.text("Policy").is_some()
        || params.text_or("KeyStorageMechanism", "HsmInternal") != "HsmInternal"
    {
        return refuse("UnsupportedOperation");
    }
    let rotation = match (
        params.flag("EnableAutomaticRotation"),
        params.text("RotationInterval"),
    ) {
        (false, None) => None,
        (false, Some(_)) => return Err(Refusal::invalid("RotationInterval")),
        (true, _) if !*symmetric || origin == "EXTERNAL" => return refuse("UnsupportedOperation"),
        (true, text) => {
            let seconds = interval(text.unwrap_or("365d"));
            Some(seconds.ok_or_else(|| Refusal::invalid("RotationInterval"))?)
        }
    };
    let tags = json_tags(call, "Tags")?.unwrap_or_default();
    let description = params.text_or("Description", "");
    if description.chars().count() > 8192 {
        return Err(Refusal::invalid("Description"));
    }
    let (place, mut numbers) = call.world.make();
    let key = Key {
        head: Head {
            id: numbers.uuid().to_ascii_lowercase(),
            place,
            region: call.region.clone(),
            description: description.to_owned(),
            created: call.now.real,
            tags,
            ..Head::default()
        },
        spec: spec.to_owned(),
        usage,
        origin,
        protection_level,
        rotation,
        enabled: true,
        ends: None,
        protected: false,
        protected_because: String::new(),
        version: numbers.uuid().to_ascii_lowercase(),
    };
    let answer = one(call, &key);
    call.world.insert(key);
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let key = key(call)?;
    Ok(one(call, key))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Values")]
    values: Vec<String>,
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let filters: Vec<Filter> = match call.params.text("Filters") {
        None => Vec::new(),
        Some(text) => serde_json::from_str(text).map_err(|_| Refusal::invalid("Filters"))?,
    };
    let names = [
        "KeyState",
        "KeySpec",
        "KeyUsage",
        "ProtectionLevel",
        "CreatorType",
    ];
    if !filters.iter().all(|filter| names.contains(&filter.key.as_str())) {
        return Err(Refusal::invalid("Filters"));
    }
    let value = |key: &Key, name: &str| match name {
        "KeyState" => key.state().to_owned(),
        "KeySpec" => key.spec.clone(),
        "KeyUsage" => key.usage.clone(),
        "ProtectionLevel" => key.protection_level.clone(),
        _ => "User".to_owned(),
    };
    let page = numbered::<Key>(call, |key| {
        filters
            .iter()
            .all(|filter| filter.values.contains(&value(key, &filter.key)))
    })?;
    Ok(call.listed(
        &page,
        "Keys",
        "Key",
        |key| map! { "KeyId": &key.id, "KeyArn": arn(call, &format!("key/{}", key.id)) },
    ))
}

/// A page by its number.
fn numbered<'t, K: Kind>(call: &'t Call<'_>, keep: impl Fn(&K) -> bool) -> Result<Page<'t, K>, Refusal> {
    call.page::<K>(Search::default(), keep)
}

fn enable(call: &mut Call<'_>, on: bool) -> Result<Node, Refusal> {
    let id = changeable(call)?;
    call.world.update::<Key, _>(&id, |key| key.enabled = on);
    done()
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = changeable(call)?;
    let description = call.params.required("Description")?;
    if description.chars().count() > 8192 {
        return Err(Refusal::invalid("Description"));
    }
    call.world
        .update::<Key, _>(&id, |key| description.clone_into(&mut key.description));
    done()
}

fn schedule(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let days = call.params.int("PendingWindowInDays")?;
    let days = days.filter(|days| (7..=366).contains(days));
    let days = days.ok_or_else(|| Refusal::invalid("PendingWindowInDays"))?;
    let id = changeable(call)?;
    let key = key_by_id(call, &id)?;
    if key.protected {
        return Err(Refusal::new("Rejected.DeletionProtection").with_status(409));
    }
    let ends = call.now.real + days * DAY_MS;
    call.world.update::<Key, _>(&id, |key| key.ends = Some(ends));
    done()
}

fn cancel(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let key = key(call)?;
    if key.ends.is_none() {
        return Err(Refusal::new("Rejected.StateInvalid").with_status(409));
    }
    let id = key.id.clone();
    call.world.update::<Key, _>(&id, |key| {
        key.ends = None;
        key.enabled = true;
    });
    done()
}

fn protect(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if params.text("KmsInstanceId").is_some() {
        return refuse("Forbidden.DKMSInstanceNotFound");
    }
    let named = params.text("ProtectedResourceArn").or(params.text("KeyId"));
    let id = named.ok_or_else(|| Refusal::missing("ProtectedResourceArn"))?;
    let id = key_by_id(call, id)?.id.clone();
    let on = params.flag("EnableDeletionProtection");
    let because = params.text_or("DeletionProtectionDescription", "").to_owned();
    call.world.update::<Key, _>(&id, |key| {
        key.protected = on;
        key.protected_because = because;
    });
    done()
}

// ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn alias_id(call: &Call<'_>, name: &str) -> String {
    super::super::head::regional_id(&call.region, name)
}

fn alias_name(call: &Call<'_>) -> Result<String, Refusal> {
    let name = call.params.required("AliasName")?;
    let rest = name.strip_prefix("alias/").unwrap_or("");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/".contains(&byte);
    if rest.is_empty() || name.len() > 255 || !rest.bytes().all(plain) || rest.starts_with("acs/") {
        return Err(Refusal::invalid("AliasName"));
    }
    Ok(name.to_owned())
}

fn create_alias(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let name = alias_name(call)?;
    let key_id = changeable(call)?;
    let id = alias_id(call, &name);
    if call.world.get::<Alias>(&id).is_some() {
        return Err(Refusal::new("Rejected.AliasAlreadyExist").with_status(409));
    }
    let (place, _) = call.world.make();
    let head = Head {
        id,
        place,
        region: call.region.clone(),
        name,
        created: call.now.real,
        ..Head::default()
    };
    call.world.insert(Alias { head, key_id });
    done()
}

fn delete_alias(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = alias_id(call, &alias_name(call)?);
    if call.world.get::<Alias>(&id).is_none() {
        return Err(absent(NO_ALIAS));
    }
    call.remove::<Alias>(&id);
    done()
}

fn alias_node(call: &Call<'_>, alias: &Alias) -> Node {
    map! { "AliasName": &alias.name, "KeyId": &alias.key_id, "AliasArn": arn(call, &alias.name) }
}

fn list_aliases(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let page = numbered::<Alias>(call, |_| true)?;
    Ok(call.listed(&page, "Aliases", "Alias", |alias| alias_node(call, alias)))
}

fn list_aliases_of_key(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = key(call)?.id.clone();
    let page = numbered::<Alias>(call, |alias| alias.key_id == id)?;
    Ok(call.listed(&page, "Aliases", "Alias", |alias| alias_node(call, alias)))
}

// ── tags ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/// The key whose tags a request is about: secrets and certificates there are none.
fn tagged(call: &Call<'_>) -> Result<String, Refusal> {
    for other in ["SecretName", "CertificateId"] {
        if call.params.text(other).is_some() {
            return Err(absent("Forbidden.ResourceNotFound"));
        }
    }
    changeable(call)
}

fn tag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let tags = json_tags(call, "Tags")?.ok_or_else(|| Refusal::missing("Tags"))?;
    let id = tagged(call)?;
    let own = &key_by_id(call, &id)?.tags;
    let new = tags
        .iter()
        .filter(|(key, _)| own.iter().all(|(other, _)| other != key));
    if own.len() + new.count() > 20 {
        return refuse("Rejected.LimitExceeded");
    }
    call.world.update::<Key, _>(&id, |key| {
        for (name, value) in tags {
            key.tags.retain(|(own, _)| *own != name);
            key.tags.push((name, value));
        }
    });
    done()
}

fn untag(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let keys = call.params.json_list("TagKeys", 20)?.unwrap_or_default();
    if keys.is_empty() {
        return Err(Refusal::invalid("TagKeys"));
    }
    let id = tagged(call)?;
    call.world
        .update::<Key, _>(&id, |key| key.tags.retain(|(own, _)| !keys.contains(own)));
    done()
}

fn list_tags(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let key = key(call)?;
    let tags = key
        .tags
        .iter()
        .map(|(name, value)| map! { "KeyId": &key.id, "TagKey": name, "TagValue": value });
    Ok(map! { "Tags": map! { "Tag": tags.collect::<Vec<_>>() } })
}

fn describe_regions(_call: &mut Call<'_>) -> Result<Node, Refusal> {
    let regions = catalogue::regions()
        .iter()
        .map(|region| map! { "RegionId": region.id });
    Ok(map! { "Regions": map! { "Region": regions.collect::<Vec<_>>() } })
}
