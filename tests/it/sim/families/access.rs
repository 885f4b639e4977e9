//! Roles, policies and keys.

use super::super::catalogue::Step;
use super::super::{Answer, Sim, instance_params, text};

const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";

const fn ram(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(RAM, action, params)
}

const fn kms(action: &'static str, params: &'static [(&'static str, &'static str)]) -> Step {
    Step::of(KMS, action, params)
}

const TRUST: &str = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}],"Version":"1"}"#;
const DOCUMENT: &str =
    r#"{"Statement":[{"Action":"oss:Get*","Effect":"Allow","Resource":"*"}],"Version":"1"}"#;
const CUSTOM: &[(&str, &str)] = &[("PolicyName", "reading"), ("PolicyType", "Custom")];
const PAIR: &[(&str, &str)] = &[
    ("RoleName", "web"),
    ("PolicyName", "reading"),
    ("PolicyType", "Custom"),
];
const WEB: &[(&str, &str)] = &[("RoleName", "web")];
const KEY: &[(&str, &str)] = &[("KeyId", "$key")];

pub(super) const ACCESS_WALK: &[Step] = &[
    ram(
        "CreateRole",
        &[
            ("RoleName", "web"),
            ("AssumeRolePolicyDocument", TRUST),
            ("Tag", r#"[{"Key":"team","Value":"web"}]"#),
        ],
    ),
    ram("GetRole", WEB),
    ram("ListRoles", &[("MaxItems", "1")]),
    ram("UpdateRole", &[("RoleName", "web"), ("NewDescription", "d")]),
    ram(
        "CreatePolicy",
        &[("PolicyName", "reading"), ("PolicyDocument", DOCUMENT)],
    ),
    ram("GetPolicy", CUSTOM),
    ram("ListPolicies", &[("PolicyType", "System")]),
    ram(
        "CreatePolicyVersion",
        &[("PolicyName", "reading"), ("PolicyDocument", DOCUMENT)],
    ),
    ram(
        "GetPolicyVersion",
        &[
            ("PolicyName", "reading"),
            ("PolicyType", "Custom"),
            ("VersionId", "v2"),
        ],
    ),
    ram("ListPolicyVersions", CUSTOM),
    ram(
        "SetDefaultPolicyVersion",
        &[("PolicyName", "reading"), ("VersionId", "v2")],
    ),
    ram(
        "DeletePolicyVersion",
        &[("PolicyName", "reading"), ("VersionId", "v1")],
    ),
    ram("AttachPolicyToRole", PAIR),
    ram("ListPoliciesForRole", WEB),
    ram("ListEntitiesForPolicy", CUSTOM),
    ram("DetachPolicyFromRole", PAIR),
    ram("DeletePolicy", &[("PolicyName", "reading")]),
    ram("DeleteRole", WEB),
    kms(
        "CreateKey",
        &[
            ("Description", "disks"),
            ("Tags", r#"[{"TagKey":"team","TagValue":"web"}]"#),
        ],
    )
    .keep("key", "/KeyMetadata/KeyId"),
    kms("DescribeKey", KEY),
    kms("ListKeys", &[]),
    kms("DescribeRegions", &[]),
    kms("DisableKey", KEY),
    kms("EnableKey", KEY),
    kms("UpdateKeyDescription", &[("KeyId", "$key"), ("Description", "d")]),
    kms(
        "TagResource",
        &[("KeyId", "$key"), ("Tags", r#"[{"TagKey":"a","TagValue":"b"}]"#)],
    ),
    kms("ListResourceTags", KEY),
    kms("UntagResource", &[("KeyId", "$key"), ("TagKeys", r#"["a"]"#)]),
    kms("CreateAlias", &[("KeyId", "$key"), ("AliasName", "alias/disks")]),
    kms("ListAliases", &[]),
    kms("ListAliasesByKeyId", KEY),
    kms("DeleteAlias", &[("AliasName", "alias/disks")]),
    kms(
        "SetDeletionProtection",
        &[("KeyId", "$key"), ("EnableDeletionProtection", "false")],
    ),
    kms(
        "ScheduleKeyDeletion",
        &[("KeyId", "$key"), ("PendingWindowInDays", "7")],
    ),
    kms("CancelKeyDeletion", KEY),
];

fn call(sim: &mut Sim, action: &str, params: &[(&str, &str)]) -> Answer {
    sim.call(RAM, action, params)
}

#[test]
fn a_server_takes_a_role_that_exists_and_trusts_servers() {
    let mut sim = Sim::new();
    let net = sim.network();
    let role = |name| {
        instance_params(&net, &[("RamRoleName", name)])
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect::<Vec<_>>()
    };
    let create = |sim: &mut Sim, name: &'static str| {
        let params = role(name);
        let params: Vec<(&str, &str)> = params.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        sim.ecs("CreateInstance", &params)
    };
    create(&mut sim, "web").refused(404, "InvalidRamRole.NotFound");
    let other = TRUST.replace("ecs.aliyuncs.com", "fc.aliyuncs.com");
    let made = [("RoleName", "web"), ("AssumeRolePolicyDocument", other.as_str())];
    call(&mut sim, "CreateRole", &made).ok();
    create(&mut sim, "web").refused(401, "InvalidRamRole.NotEcsRole");
    let more = [("RoleName", "web"), ("NewAssumeRolePolicyDocument", TRUST)];
    call(&mut sim, "UpdateRole", &more).ok();
    let id = text(&create(&mut sim, "web").ok()["InstanceId"]);
    let ids = format!("[\"{id}\"]");
    let shown = sim.ecs("DescribeInstanceRamRole", &[("InstanceIds", &ids)]).ok();
    assert_eq!(
        shown["InstanceRamRoleSets"]["InstanceRamRoleSet"][0]["RamRoleName"],
        "web"
    );
    // What every account begins with can be taken at once.
    let _ = create(&mut sim, "RAMTestName").ok();
    sim.ecs(
        "AttachInstanceRamRole",
        &[("RamRoleName", "nobody"), ("InstanceIds", &ids)],
    )
    .refused(404, "InvalidRamRole.NotFound");
}

#[test]
fn a_role_keeps_its_policies_and_is_kept_by_them() {
    let mut sim = Sim::new();
    call(&mut sim, "GetRole", WEB).refused(404, "EntityNotExist.Role");
    for (document, code) in [
        ("{}", "MalformedPolicyDocument"),
        (DOCUMENT, "MalformedPolicyDocument"),
    ] {
        let params = [("RoleName", "web"), ("AssumeRolePolicyDocument", document)];
        call(&mut sim, "CreateRole", &params).refused(400, code);
    }
    let role = [("RoleName", "web"), ("AssumeRolePolicyDocument", TRUST)];
    let made = call(&mut sim, "CreateRole", &role).ok();
    assert_eq!(
        call(&mut sim, "GetRole", WEB).ok()["Role"]["RoleId"],
        made["Role"]["RoleId"]
    );
    call(&mut sim, "CreateRole", &role).refused(409, "EntityAlreadyExists.Role");
    call(&mut sim, "AttachPolicyToRole", PAIR).refused(404, "EntityNotExist.Policy");
    let policy = [("PolicyName", "reading"), ("PolicyDocument", DOCUMENT)];
    call(&mut sim, "CreatePolicy", &policy).ok();
    call(&mut sim, "CreatePolicy", &policy).refused(409, "EntityAlreadyExists.Policy");
    call(&mut sim, "AttachPolicyToRole", PAIR).ok();
    call(&mut sim, "AttachPolicyToRole", PAIR).refused(409, "EntityAlreadyExists.Role.Policy");
    assert_eq!(
        call(&mut sim, "GetPolicy", CUSTOM).ok()["Policy"]["AttachmentCount"],
        1
    );
    call(&mut sim, "DeleteRole", WEB).refused(409, "DeleteConflict.Role.Policy");
    call(&mut sim, "DeletePolicy", &[("PolicyName", "reading")]).refused(409, "DeleteConflict.Role.Policy");
    call(&mut sim, "DetachPolicyFromRole", PAIR).ok();
    call(&mut sim, "DetachPolicyFromRole", PAIR).refused(404, "EntityNotExist.Role.Policy");
    // Five versions and no more, and none that counts is deleted.
    for _ in 0..4 {
        call(&mut sim, "CreatePolicyVersion", &policy).ok();
    }
    call(&mut sim, "CreatePolicyVersion", &policy).refused(409, "LimitExceeded.Policy.Version");
    let version = |number| [("PolicyName", "reading"), ("VersionId", number)];
    call(&mut sim, "DeletePolicyVersion", &version("v1"))
        .refused(409, "DeleteConflict.Policy.Version.Default");
    call(&mut sim, "SetDefaultPolicyVersion", &version("v9")).refused(404, "EntityNotExist.Policy.Version");
    call(&mut sim, "DeletePolicy", &[("PolicyName", "reading")])
        .refused(409, "DeleteConflict.Policy.Version");
    let whole = [("PolicyName", "reading"), ("CascadingDelete", "true")];
    call(&mut sim, "DeletePolicy", &whole).ok();
    call(&mut sim, "DeleteRole", WEB).ok();
    // Lists go on where the marker says.
    let first = call(&mut sim, "ListPolicies", &[("MaxItems", "3")]).ok();
    assert_eq!(first["IsTruncated"], true);
    let marker = text(&first["Marker"]);
    let second = call(
        &mut sim,
        "ListPolicies",
        &[("MaxItems", "1000"), ("Marker", &marker)],
    )
    .ok();
    assert_eq!(second["IsTruncated"], false);
    let whole = call(&mut sim, "ListPolicies", &[]).ok();
    let count = |answer: &serde_json::Value| answer["Policies"]["Policy"].as_array().unwrap().len();
    assert_eq!(count(&first) + count(&second), count(&whole));
}

#[test]
fn a_key_is_seen_until_its_last_day_and_goes_by_its_alias() {
    let mut sim = Sim::new();
    let key = sim
        .call(KMS, "CreateKey", &[("EnableAutomaticRotation", "true")])
        .ok();
    let id = text(&key["KeyMetadata"]["KeyId"]);
    assert_eq!(
        (
            &key["KeyMetadata"]["KeyState"],
            &key["KeyMetadata"]["RotationInterval"]
        ),
        (&"Enabled".into(), &"31536000s".into())
    );
    let own = [("KeyId", id.as_str())];
    let named = [("KeyId", "alias/disks")];
    sim.call(KMS, "DescribeKey", &named)
        .refused(404, "Forbidden.AliasNotFound");
    let alias = [("KeyId", id.as_str()), ("AliasName", "alias/disks")];
    sim.call(KMS, "CreateAlias", &alias).ok();
    sim.call(KMS, "CreateAlias", &alias)
        .refused(409, "Rejected.AliasAlreadyExist");
    sim.call(KMS, "DisableKey", &own).ok();
    let state = |sim: &mut Sim| sim.call(KMS, "DescribeKey", &named).ok()["KeyMetadata"]["KeyState"].clone();
    assert_eq!(state(&mut sim), "Disabled");
    let filter = [("Filters", r#"[{"Key":"KeyState","Values":["Enabled"]}]"#)];
    assert_eq!(sim.call(KMS, "ListKeys", &filter).ok()["TotalCount"], 0);
    let end = [("KeyId", id.as_str()), ("PendingWindowInDays", "7")];
    let protect = [("KeyId", id.as_str()), ("EnableDeletionProtection", "true")];
    sim.call(KMS, "SetDeletionProtection", &protect).ok();
    sim.call(KMS, "ScheduleKeyDeletion", &end)
        .refused(409, "Rejected.DeletionProtection");
    let free = [("KeyId", id.as_str()), ("EnableDeletionProtection", "false")];
    sim.call(KMS, "SetDeletionProtection", &free).ok();
    sim.call(KMS, "ScheduleKeyDeletion", &end).ok();
    assert_eq!(state(&mut sim), "PendingDeletion");
    sim.call(KMS, "EnableKey", &own)
        .refused(409, "Rejected.PendingDeletion");
    sim.wait(6 * 86_400);
    assert_eq!(state(&mut sim), "PendingDeletion");
    sim.wait(86_400);
    sim.call(KMS, "DescribeKey", &own)
        .refused(404, "Forbidden.KeyNotFound");
    assert_eq!(sim.call(KMS, "ListAliases", &[]).ok()["TotalCount"], 0);
    for (name, value) in [
        ("KeySpec", "ROT13"),
        ("PendingWindowInDays", "6"),
        ("RotationInterval", "3d"),
        ("Tags", "team=web"),
    ] {
        let action = if name == "PendingWindowInDays" {
            "ScheduleKeyDeletion"
        } else {
            "CreateKey"
        };
        let params = [
            ("KeyId", id.as_str()),
            (name, value),
            ("EnableAutomaticRotation", "true"),
        ];
        let params = if action == "CreateKey" {
            &params[1..]
        } else {
            &params[..2]
        };
        sim.call(KMS, action, params).refused(400, "InvalidParameter");
    }
}
