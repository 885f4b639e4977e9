//! Roles, and the policies that are attached to them. Every account begins with one role that servers may take.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done};
use super::super::clock::seconds;
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::RAM;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::ram_page::{has_tags, json_tags, marked, tag_nodes};
use super::ram_policy::{self, Policy, check_name};

/// A policy that was attached.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Attached {
    kind: String,
    name: String,
    at: i64,
}

/// A role; its id in the table is its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Role {
    #[serde(flatten)]
    pub(super) head: Head,
    role_id: String,
    /// Who may take it.
    trusts: String,
    /// Seconds.
    session: i64,
    console: bool,
    attached: Vec<Attached>,
    updated: i64,
}

row!(Role, links: |row, link| {
    for policy in &row.attached {
        link(Policy::NAME, &ram_policy::link(&policy.kind, &policy.name));
    }
});

impl Kind for Role {
    const NAME: &'static str = "ram_role";

    fn begin(world: &mut World) {
        let mut numbers = world.numbers_of(Self::NAME);
        world.insert(Role {
            head: Head {
                id: GIVEN.to_owned(),
                name: GIVEN.to_owned(),
                description: "Lets servers read ECS resources.".to_owned(),
                created: LONG_AGO,
                ..Head::default()
            },
            role_id: role_id(numbers.next()),
            trusts: ECS_TRUST.to_owned(),
            session: 3600,
            console: false,
            attached: vec![Attached {
                kind: "System".to_owned(),
                name: "AliyunECSReadOnlyAccess".to_owned(),
                at: LONG_AGO,
            }],
            updated: LONG_AGO,
        });
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (RAM, "CreateRole", create),
    (RAM, "GetRole", get),
    (RAM, "ListRoles", list),
    (RAM, "UpdateRole", update),
    (RAM, "DeleteRole", delete),
    (RAM, "AttachPolicyToRole", attach),
    (RAM, "DetachPolicyFromRole", detach),
    (RAM, "ListPoliciesForRole", list_policies),
    (RAM, "ListEntitiesForPolicy", list_entities),
];

/// The role that every account begins with; the name stands in the vendor's examples.
const GIVEN: &str = "RAMTestName";
const ECS_TRUST: &str = "{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":\
                         {\"Service\":[\"ecs.aliyuncs.com\"]}}],\"Version\":\"1\"}";
/// 2017-07-14T02:40:00Z.
const LONG_AGO: i64 = 1_500_000_000_000;
const ABSENT: &str = "EntityNotExist.Role";
/// The vendor's limits.
const DOCUMENT_MAX: usize = 4096;
const ROLES_MAX: usize = 1000;

fn role_id(number: u64) -> String {
    format!("3{:017}", number % 100_000_000_000_000_000)
}

/// Refuses a role that no server can take.
pub(super) fn takeable(call: &Call<'_>, name: &str) -> Result<(), Refusal> {
    let Some(role) = call.world.get::<Role>(name) else {
        return refuse("InvalidRamRole.NotFound");
    };
    if role.trusts.contains("\"ecs.aliyuncs.com\"") {
        Ok(())
    } else {
        refuse("InvalidRamRole.NotEcsRole")
    }
}

fn arn(call: &Call<'_>, role: &Role) -> String {
    format!(
        "acs:ram::{}:role/{}",
        call.world.account_id,
        role.id.to_ascii_lowercase()
    )
}

fn node(call: &Call<'_>, role: &Role) -> Node {
    map! {
        "RoleId": &role.role_id,
        "RoleName": &role.id,
        "Arn": arn(call, role),
        "Description": &role.description,
        "CreateDate": seconds(role.created),
        "UpdateDate": seconds(role.updated),
        "MaxSessionDuration": role.session,
        "AllowConsoleLogin": role.console,
    }
}

fn whole(call: &Call<'_>, role: &Role) -> Node {
    let mut node = node(call, role);
    node.push("AssumeRolePolicyDocument", &role.trusts);
    call.trimmed_to(&["Role"], node)
}

fn named<'t>(call: &'t Call<'_>) -> Result<&'t Role, Refusal> {
    let name = check_name(
        call.params.required("RoleName")?,
        64,
        "InvalidParameter.RoleName.Length",
        "InvalidParameter.RoleName.InvalidChars",
    )?;
    let role = call.world.get::<Role>(name);
    role.ok_or_else(|| Refusal::new(ABSENT).with_status(404))
}

/// Who may take the role, when that is a policy.
fn trusts(call: &Call<'_>, param: &'static str) -> Result<Option<String>, Refusal> {
    let Some(text) = call.params.text(param) else {
        return Ok(None);
    };
    if text.len() > DOCUMENT_MAX {
        return refuse(format!("InvalidParameter.{param}.Length"));
    }
    if ram_policy::is_document(text, &["Effect", "Action", "Principal"]) {
        Ok(Some(text.to_owned()))
    } else {
        refuse("MalformedPolicyDocument")
    }
}

fn session(call: &Call<'_>, param: &'static str) -> Result<Option<i64>, Refusal> {
    match call.params.int(param)? {
        Some(seconds) if !(3600..=43_200).contains(&seconds) => Err(Refusal::invalid(param)),
        seconds => Ok(seconds),
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let name = check_name(
        params.required("RoleName")?,
        64,
        "InvalidParameter.RoleName.Length",
        "InvalidParameter.RoleName.InvalidChars",
    )?
    .to_owned();
    let trusts = trusts(call, "AssumeRolePolicyDocument")?;
    let trusts = trusts.ok_or_else(|| Refusal::missing("AssumeRolePolicyDocument"))?;
    let session = session(call, "MaxSessionDuration")?.unwrap_or(3600);
    let tags = json_tags(call, "Tag")?.unwrap_or_default();
    let table = call.world.all::<Role>();
    if table.iter().any(|role| role.id.eq_ignore_ascii_case(&name)) {
        return refuse("EntityAlreadyExists.Role");
    }
    if table.iter().count() >= ROLES_MAX {
        return refuse("LimitExceeded.Role");
    }
    let (place, mut numbers) = call.world.make();
    let role = Role {
        head: Head {
            id: name.clone(),
            place,
            name,
            description: params.text_or("Description", "").to_owned(),
            created: call.now.real,
            tags,
            ..Head::default()
        },
        role_id: role_id(numbers.next()),
        trusts,
        session,
        console: params.flag("AllowConsoleLogin"),
        attached: Vec::new(),
        updated: call.now.real,
    };
    let answer = map! { "Role": whole(call, &role) };
    call.world.insert(role);
    Ok(answer)
}

fn get(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let role = named(call)?;
    Ok(map! { "Role": whole(call, role) })
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let wanted = json_tags(call, "Tag")?;
    let all = call.world.all::<Role>().iter();
    let all = all
        .filter(|role| has_tags(&role.tags, wanted.as_deref()))
        .map(|role| {
            let mut node = node(call, role);
            node.push("Tags", tag_nodes(&role.tags));
            node
        })
        .collect();
    marked(call, all, "Roles", "Role")
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call)?.id.clone();
    let trusts = trusts(call, "NewAssumeRolePolicyDocument")?;
    let session = session(call, "NewMaxSessionDuration")?;
    let params = call.params;
    let now = call.now.real;
    call.world.update::<Role, _>(&id, |role| {
        if let Some(description) = params.given("NewDescription") {
            description.clone_into(&mut role.head.description);
        }
        if let Some(trusts) = trusts {
            role.trusts = trusts;
        }
        role.session = session.unwrap_or(role.session);
        role.console = params.bool("NewAllowConsoleLogin").unwrap_or(role.console);
        role.updated = now;
    });
    let role = named(call)?;
    Ok(map! { "Role": whole(call, role) })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let role = named(call)?;
    if !role.attached.is_empty() {
        return refuse("DeleteConflict.Role.Policy");
    }
    let id = role.id.clone();
    call.remove::<Role>(&id);
    done()
}

// ── what is attached ─────────────────────────────────────────────────────────────────────────────────────────────

/// The role and the policy that a request names, and whether one is attached to the other.
fn pair(call: &Call<'_>) -> Result<(String, String, String, bool), Refusal> {
    let (kind, name) = (
        call.params.required("PolicyType")?,
        call.params.required("PolicyName")?,
    );
    ram_policy::find(call, kind, name)?;
    let role = named(call)?;
    let attached = role
        .attached
        .iter()
        .any(|own| own.kind == kind && own.name == name);
    Ok((role.id.clone(), kind.to_owned(), name.to_owned(), attached))
}

/// A policy counts in the whole account here: one that counts in a resource group alone is not simulated.
fn in_the_account(call: &Call<'_>) -> Result<(), Refusal> {
    match call.params.text("ResourceGroupId") {
        None => Ok(()),
        Some(id) if id == call.world.account_id => Ok(()),
        Some(_) => Err(Refusal::invalid("ResourceGroupId")),
    }
}

fn attach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    in_the_account(call)?;
    let (role, kind, name, attached) = pair(call)?;
    if attached {
        return refuse("EntityAlreadyExists.Role.Policy");
    }
    let at = call.now.real;
    call.world
        .update::<Role, _>(&role, |role| role.attached.push(Attached { kind, name, at }));
    done()
}

fn detach(call: &mut Call<'_>) -> Result<Node, Refusal> {
    in_the_account(call)?;
    let (role, kind, name, attached) = pair(call)?;
    if !attached {
        return refuse("EntityNotExist.Role.Policy");
    }
    call.world.update::<Role, _>(&role, |role| {
        role.attached.retain(|own| own.kind != kind || own.name != name);
    });
    done()
}

fn list_policies(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let role = named(call)?;
    let nodes: Result<Vec<Node>, Refusal> = role
        .attached
        .iter()
        .map(|own| {
            let mut node = ram_policy::find(call, &own.kind, &own.name)?.node();
            node.push("AttachDate", seconds(own.at));
            Ok(node)
        })
        .collect();
    Ok(map! { "Policies": map! { "Policy": nodes? } })
}

fn list_entities(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (kind, name) = (
        call.params.required("PolicyType")?,
        call.params.required("PolicyName")?,
    );
    ram_policy::find(call, kind, name)?;
    let link = ram_policy::link(kind, name);
    let roles = call.world.linked::<Role>(Policy::NAME, &link).map(|role| {
        let own = role
            .attached
            .iter()
            .find(|own| own.kind == kind && own.name == name);
        map! {
            "RoleId": &role.role_id,
            "RoleName": &role.id,
            "Arn": arn(call, role),
            "Description": &role.description,
            "AttachDate": seconds(own.map_or(role.created, |own| own.at)),
        }
    });
    Ok(map! {
        "Roles": map! { "Role": roles.collect::<Vec<_>>() },
        "Users": map! { "User": Vec::new() },
        "Groups": map! { "Group": Vec::new() },
    })
}
