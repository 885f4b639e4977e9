//! Policies: those that every account is given, and those of its own with up to five versions. Does not know what they
//! are attached to.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done};
use super::super::clock::seconds;
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::RAM;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::ram_page::{has_tags, json_tags, marked, tag_nodes};

/// One text of a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    number: u32,
    document: String,
    created: i64,
}

/// A policy of the account; its id is its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Policy {
    #[serde(flatten)]
    pub(super) head: Head,
    versions: Vec<Version>,
    /// How many versions there ever were.
    numbered: u32,
    /// The number of the version that counts.
    chosen: u32,
    updated: i64,
}

row!(Policy);

impl Kind for Policy {
    const NAME: &'static str = "ram_policy";
}

pub(super) const ACTIONS: &[Entry] = &[
    (RAM, "CreatePolicy", create),
    (RAM, "GetPolicy", get),
    (RAM, "ListPolicies", list),
    (RAM, "DeletePolicy", delete),
    (RAM, "CreatePolicyVersion", create_version),
    (RAM, "GetPolicyVersion", get_version),
    (RAM, "ListPolicyVersions", list_versions),
    (RAM, "SetDefaultPolicyVersion", choose),
    (RAM, "DeletePolicyVersion", delete_version),
];

/// The policies that every account is given: name, what may be done, description.
const SYSTEM: &[(&str, &str, &str)] = &[
    (
        "AdministratorAccess",
        r#""*""#,
        "Provides full access to Alibaba Cloud services and resources.",
    ),
    (
        "ReadOnlyAccess",
        r#"["*:Describe*","*:List*","*:Get*"]"#,
        "Provides read-only access to Alibaba Cloud services and resources.",
    ),
    (
        "AliyunECSFullAccess",
        r#""ecs:*""#,
        "Provides full access to ECS.",
    ),
    (
        "AliyunECSReadOnlyAccess",
        r#""ecs:Describe*""#,
        "Provides read-only access to ECS.",
    ),
    (
        "AliyunVPCFullAccess",
        r#""vpc:*""#,
        "Provides full access to VPC.",
    ),
    (
        "AliyunVPCReadOnlyAccess",
        r#""vpc:Describe*""#,
        "Provides read-only access to VPC.",
    ),
    (
        "AliyunEIPFullAccess",
        r#""vpc:*Eip*""#,
        "Provides full access to EIP.",
    ),
    (
        "AliyunSLBFullAccess",
        r#""slb:*""#,
        "Provides full access to SLB.",
    ),
    (
        "AliyunSLBReadOnlyAccess",
        r#""slb:Describe*""#,
        "Provides read-only access to SLB.",
    ),
    (
        "AliyunOSSFullAccess",
        r#""oss:*""#,
        "Provides full access to OSS.",
    ),
    (
        "AliyunOSSReadOnlyAccess",
        r#"["oss:Get*","oss:List*"]"#,
        "Provides read-only access to OSS.",
    ),
    (
        "AliyunRDSReadOnlyAccess",
        r#""rds:Describe*""#,
        "Provides read-only access to RDS.",
    ),
    (
        "AliyunLogFullAccess",
        r#""log:*""#,
        "Provides full access to Log Service.",
    ),
    (
        "AliyunDNSFullAccess",
        r#""alidns:*""#,
        "Provides full access to DNS.",
    ),
    (
        "AliyunKMSFullAccess",
        r#""kms:*""#,
        "Provides full access to KMS.",
    ),
    (
        "AliyunRAMFullAccess",
        r#""ram:*""#,
        "Provides full access to RAM.",
    ),
    (
        "AliyunSTSAssumeRoleAccess",
        r#""sts:AssumeRole""#,
        "Provides access to AssumeRole of STS.",
    ),
    (
        "AliyunBSSReadOnlyAccess",
        r#"["bss:Describe*","bss:Get*","bss:Query*"]"#,
        "Provides read-only access to BSS.",
    ),
];

/// 2017-07-14T02:40:00Z: since when the given policies are there.
const LONG_AGO: i64 = 1_500_000_000_000;
const ABSENT: &str = "EntityNotExist.Policy";
const NO_VERSION: &str = "EntityNotExist.Policy.Version";
/// The vendor's limits.
const VERSIONS_MAX: usize = 5;
const DOCUMENT_MAX: usize = 6144;
const POLICIES_MAX: usize = 1500;

fn document_of(actions: &str) -> String {
    format!(
        "{{\"Statement\":[{{\"Action\":{actions},\"Effect\":\"Allow\",\"Resource\":\"*\"}}],\"Version\":\"1\"}}"
    )
}

/// As what roles are linked to a policy.
pub(super) fn link(kind: &str, name: &str) -> String {
    format!("{kind}/{name}")
}

/// What answers say of a policy, wherever it comes from.
pub(super) struct Told {
    kind: &'static str,
    name: String,
    description: String,
    version: u32,
    created: i64,
    updated: i64,
}

impl Told {
    fn of(policy: &Policy) -> Self {
        Self {
            kind: "Custom",
            name: policy.id.clone(),
            description: policy.description.clone(),
            version: policy.chosen,
            created: policy.created,
            updated: policy.updated,
        }
    }

    fn given(entry: &(&str, &str, &str)) -> Self {
        Self {
            kind: "System",
            name: entry.0.to_owned(),
            description: entry.2.to_owned(),
            version: 1,
            created: LONG_AGO,
            updated: LONG_AGO,
        }
    }

    /// Without the counts and times that only some answers have.
    pub(super) fn node(&self) -> Node {
        map! {
            "PolicyName": &self.name,
            "PolicyType": self.kind,
            "Description": &self.description,
            "DefaultVersion": format!("v{}", self.version),
        }
    }

    fn whole(&self, call: &Call<'_>) -> Node {
        let link = link(self.kind, &self.name);
        let attached = call.world.heads_linked("ram_role", Policy::NAME, &link).count();
        let mut node = self.node();
        node.push("AttachmentCount", attached);
        node.push("CreateDate", seconds(self.created));
        node.push("UpdateDate", seconds(self.updated));
        node
    }
}

/// A policy by type and name.
pub(super) fn find(call: &Call<'_>, kind: &str, name: &str) -> Result<Told, Refusal> {
    let found = match kind {
        "System" => SYSTEM.iter().find(|(own, ..)| *own == name).map(Told::given),
        "Custom" => call.world.get::<Policy>(name).map(Told::of),
        _ => return refuse("InvalidParameter.PolicyType"),
    };
    found.ok_or_else(|| Refusal::new(ABSENT).with_status(404))
}

fn own<'t>(call: &'t Call<'_>) -> Result<&'t Policy, Refusal> {
    let name = call.params.required("PolicyName")?;
    let own = call.world.get::<Policy>(name);
    own.ok_or_else(|| Refusal::new(ABSENT).with_status(404))
}

/// A policy's document, when it is one.
fn document(call: &Call<'_>) -> Result<String, Refusal> {
    let text = call.params.required("PolicyDocument")?;
    if text.len() > DOCUMENT_MAX {
        return refuse("InvalidParameter.PolicyDocument.Length");
    }
    if is_document(text, &["Effect", "Action"]) {
        Ok(text.to_owned())
    } else {
        refuse("MalformedPolicyDocument")
    }
}

/// Whether a text is a policy whose statements have these fields.
pub(super) fn is_document(text: &str, fields: &[&str]) -> bool {
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else {
        return false;
    };
    let statements = document["Statement"].as_array();
    document["Version"] == "1"
        && statements.is_some_and(|statements| {
            let sound = |statement: &serde_json::Value| {
                fields.iter().all(|field| {
                    statement.get(*field).is_some() || statement.get(format!("Not{field}")).is_some()
                }) && matches!(statement["Effect"].as_str(), Some("Allow" | "Deny"))
            };
            !statements.is_empty() && statements.iter().all(sound)
        })
}

/// A name of letters, digits and a few signs.
pub(super) fn check_name<'t>(
    name: &'t str,
    max: usize,
    length: &str,
    symbols: &str,
) -> Result<&'t str, Refusal> {
    if name.len() > max {
        return refuse(length);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.bytes().all(plain) {
        Ok(name)
    } else {
        refuse(symbols)
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let name = check_name(
        params.required("PolicyName")?,
        128,
        "InvalidParameter.PolicyName.Length",
        "InvalidParameter.PolicyName.InvalidChars",
    )?
    .to_owned();
    let document = document(call)?;
    let description = params.text_or("Description", "");
    if description.chars().count() > 1024 {
        return refuse("InvalidParameter.Description.Length");
    }
    let tags = json_tags(call, "Tag")?.unwrap_or_default();
    let taken = SYSTEM.iter().any(|(own, ..)| *own == name) || call.world.get::<Policy>(&name).is_some();
    if taken {
        return refuse("EntityAlreadyExists.Policy");
    }
    if call.world.all::<Policy>().iter().count() >= POLICIES_MAX {
        return refuse("LimitExceeded.Policy");
    }
    let (place, _) = call.world.make();
    let now = call.now.real;
    let policy = Policy {
        head: Head {
            id: name.clone(),
            place,
            name,
            description: description.to_owned(),
            created: now,
            tags,
            ..Head::default()
        },
        versions: vec![Version {
            number: 1,
            document,
            created: now,
        }],
        numbered: 1,
        chosen: 1,
        updated: now,
    };
    let mut node = Told::of(&policy).node();
    node.push("CreateDate", seconds(now));
    call.world.insert(policy);
    Ok(map! { "Policy": node })
}

fn get(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (kind, name) = (
        call.params.required("PolicyType")?,
        call.params.required("PolicyName")?,
    );
    let told = find(call, kind, name)?;
    let version = version_node(call, kind, name, told.version)?;
    let mut policy = told.whole(call);
    if let Node::Map(fields) = &version
        && let Some((_, document)) = fields.iter().find(|(field, _)| field == "PolicyDocument")
    {
        policy.push("PolicyDocument", document.clone());
    }
    Ok(map! { "Policy": policy, "DefaultPolicyVersion": version })
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let kind = call.params.text("PolicyType");
    if kind.is_some_and(|kind| !matches!(kind, "System" | "Custom")) {
        return refuse("InvalidParameter.PolicyType");
    }
    let wanted = json_tags(call, "Tag")?;
    let given = SYSTEM.iter().map(|entry| (Told::given(entry), &[][..]));
    let own = call.world.all::<Policy>().iter();
    let own = own.map(|policy| (Told::of(policy), policy.tags.as_slice()));
    let all = given
        .chain(own)
        .filter(|(told, tags)| kind.is_none_or(|kind| kind == told.kind) && has_tags(tags, wanted.as_deref()))
        .map(|(told, tags)| {
            let mut node = told.whole(call);
            node.push("Tags", tag_nodes(tags));
            node
        })
        .collect();
    marked(call, all, "Policies", "Policy")
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let policy = own(call)?;
    let (name, more) = (policy.id.clone(), policy.versions.len() > 1);
    if call
        .world
        .heads_linked("ram_role", Policy::NAME, &link("Custom", &name))
        .next()
        .is_some()
    {
        return Err(Refusal::new("DeleteConflict.Role.Policy").with_status(409));
    }
    if more && !call.params.flag("CascadingDelete") {
        return refuse("DeleteConflict.Policy.Version");
    }
    call.remove::<Policy>(&name);
    done()
}

// ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────

fn number(call: &Call<'_>) -> Result<u32, Refusal> {
    let text = call.params.required("VersionId")?;
    let number = text.strip_prefix('v').and_then(|number| number.parse().ok());
    number.ok_or_else(|| Refusal::new("InvalidParameter.VersionId.Format"))
}

fn version_node(call: &Call<'_>, kind: &str, name: &str, number: u32) -> Result<Node, Refusal> {
    let absent = || Refusal::new(NO_VERSION).with_status(404);
    let (document, created, chosen) = if kind == "System" {
        let entry = SYSTEM.iter().find(|(own, ..)| *own == name);
        let (_, actions, _) = entry.filter(|_| number == 1).ok_or_else(absent)?;
        (document_of(actions), LONG_AGO, 1)
    } else {
        let policy = call.find::<Policy>(name, ABSENT)?;
        let version = policy.versions.iter().find(|version| version.number == number);
        let version = version.ok_or_else(absent)?;
        (version.document.clone(), version.created, policy.chosen)
    };
    Ok(map! {
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": chosen == number,
        "PolicyDocument": document,
        "CreateDate": seconds(created),
    })
}

fn create_version(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let document = document(call)?;
    let policy = own(call)?;
    let (name, number) = (policy.id.clone(), policy.numbered + 1);
    let full = policy.versions.len() >= VERSIONS_MAX;
    let chosen = policy.chosen;
    let makes_room = match call.params.text_or("RotateStrategy", "None") {
        "None" => false,
        "DeleteOldestNonDefaultVersionWhenLimitExceeded" => true,
        _ => return Err(Refusal::invalid("RotateStrategy")),
    };
    if full && !makes_room {
        return refuse("LimitExceeded.Policy.Version");
    }
    let choose = call.params.flag("SetAsDefault");
    let now = call.now.real;
    call.world.update::<Policy, _>(&name, |policy| {
        let oldest = policy
            .versions
            .iter()
            .position(|version| version.number != chosen);
        if let Some(oldest) = oldest.filter(|_| full) {
            policy.versions.remove(oldest);
        }
        policy.versions.push(Version {
            number,
            document,
            created: now,
        });
        policy.numbered = number;
        policy.updated = now;
        if choose {
            policy.chosen = number;
        }
    });
    Ok(map! { "PolicyVersion": version_node(call, "Custom", &name, number)? })
}

fn get_version(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (kind, name) = (
        call.params.required("PolicyType")?,
        call.params.required("PolicyName")?,
    );
    find(call, kind, name)?;
    Ok(map! { "PolicyVersion": version_node(call, kind, name, number(call)?)? })
}

fn list_versions(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (kind, name) = (
        call.params.required("PolicyType")?,
        call.params.required("PolicyName")?,
    );
    let told = find(call, kind, name)?;
    let numbers = match call.world.get::<Policy>(name).filter(|_| kind == "Custom") {
        Some(policy) => policy.versions.iter().map(|version| version.number).collect(),
        None => vec![told.version],
    };
    let nodes: Result<Vec<Node>, Refusal> = numbers
        .into_iter()
        .map(|number| version_node(call, kind, name, number))
        .collect();
    Ok(map! { "PolicyVersions": map! { "PolicyVersion": nodes? } })
}

fn choose(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let number = number(call)?;
    let policy = own(call)?;
    if policy.versions.iter().all(|version| version.number != number) {
        return Err(Refusal::new(NO_VERSION).with_status(404));
    }
    let (name, now) = (policy.id.clone(), call.now.real);
    call.world.update::<Policy, _>(&name, |policy| {
        policy.chosen = number;
        policy.updated = now;
    });
    done()
}

fn delete_version(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let number = number(call)?;
    let policy = own(call)?;
    if policy.chosen == number {
        return refuse("DeleteConflict.Policy.Version.Default");
    }
    if policy.versions.iter().all(|version| version.number != number) {
        return Err(Refusal::new(NO_VERSION).with_status(404));
    }
    let name = policy.id.clone();
    call.world.update::<Policy, _>(&name, |policy| {
        policy.versions.retain(|version| version.number != number);
    });
    done()
}
