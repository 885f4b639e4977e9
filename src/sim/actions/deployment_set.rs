//! Deployment sets: how far from each other their servers stand.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map, texts};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::instance_row::{self, Instance};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeploymentSet {
    #[serde(flatten)]
    pub(super) head: Head,
    strategy: String,
    granularity: String,
    kind: String,
    groups: i64,
    affinity: i64,
    on_failed_redeploy: String,
}

row!(DeploymentSet);

impl Kind for DeploymentSet {
    const NAME: &'static str = "deployment_set";
}

impl DeploymentSet {
    /// How many servers it takes in a zone.
    fn capacity(&self) -> usize {
        match self.strategy.as_str() {
            "AvailabilityGroup" => PER_ZONE * usize::try_from(self.groups).unwrap_or(1),
            _ => PER_ZONE,
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateDeploymentSet", create),
    (ECS, "DescribeDeploymentSets", describe),
    (ECS, "ModifyDeploymentSetAttribute", modify),
    (ECS, "DeleteDeploymentSet", delete),
    (ECS, "ModifyInstanceDeployment", modify_instance),
    (
        ECS,
        "DescribeDeploymentSetSupportedInstanceTypeFamily",
        describe_families,
    ),
];

/// The vendor's limits.
const PER_ZONE: usize = 20;
const PER_REGION: usize = 100;
/// Simulated: how long a server needs to move, in milliseconds of life-cycle time.
const MOVING_MS: i64 = 5_000;

const ABSENT: &str = "InvalidDeploymentSetId.NotFound";
const NAME: &[&str] = &["InvalidDeploymentSetName.Malformed"];
const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed"];

fn affinity(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    match call.params.int("Affinity")? {
        Some(affinity) if !(1..=10).contains(&affinity) => Err(Refusal::invalid("Affinity")),
        affinity => Ok(affinity),
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let strategy = match params.text_or("Strategy", "Availability") {
        strategy @ ("Availability" | "AvailabilityGroup" | "LowLatency") => strategy.to_owned(),
        _ => return refuse("InvalidParameter.Strategy"),
    };
    if !params
        .text_or("Domain", "Default")
        .eq_ignore_ascii_case("default")
    {
        return refuse("InvalidParameter.Domain");
    }
    let granularity = match params
        .text_or("Granularity", "Host")
        .to_ascii_lowercase()
        .as_str()
    {
        "host" => "Host",
        "rack" => "Rack",
        "switch" => "Switch",
        _ => return refuse("InvalidParameter.granularity"),
    };
    let kind = match params.text_or("Type", "host") {
        kind @ ("host" | "sw" | "rack") => kind.to_owned(),
        _ => return Err(Refusal::invalid("Type")),
    };
    let groups = match params.int("GroupCount")? {
        Some(_) if strategy != "AvailabilityGroup" => return refuse("InvalidParameter.GroupCount"),
        Some(groups) if !(1..=7).contains(&groups) => return refuse("InvalidParameter.GroupCount"),
        Some(groups) => groups,
        None => 3,
    };
    let affinity = affinity(call)?.unwrap_or(1);
    let on_failed_redeploy =
        match params.text_or("OnUnableToRedeployFailedInstance", "CancelMembershipAndStart") {
            word @ ("CancelMembershipAndStart" | "KeepStopped") => word.to_owned(),
            _ => return Err(Refusal::invalid("OnUnableToRedeployFailedInstance")),
        };
    let name = call.name("DeploymentSetName", 2, NAME)?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let own = call.world.all::<DeploymentSet>().iter();
    if own.filter(|set| set.region == call.region).count() >= PER_REGION {
        return refuse("QuotaExceed.DeploymentSet");
    }
    let (mut head, _) = call.head("ds-");
    head.name = name;
    head.description = description;
    let answer = map! { "DeploymentSetId": &head.id };
    call.world.insert(DeploymentSet {
        head,
        strategy,
        granularity: granularity.to_owned(),
        kind,
        groups,
        affinity,
        on_failed_redeploy,
    });
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .json_list("DeploymentSetIds", 100)
        .map_err(|_| Refusal::new("InvalidDeploymentSetIds.TooManyInput"))?;
    let page = call.page::<DeploymentSet>(Search::ids(ids), |set| {
        call.is("DeploymentSetName", &set.name)
            && call.is("Strategy", &set.strategy)
            && call.is("Type", &set.kind)
            && params
                .text("Granularity")
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&set.granularity))
            && params
                .text("Domain")
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case("default"))
            && params
                .text("NetworkType")
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case("vpc"))
    })?;
    Ok(call.listed(&page, "DeploymentSets", "DeploymentSet", |set| {
        let servers: Vec<&Instance> = call
            .world
            .linked::<Instance>(DeploymentSet::NAME, &set.id)
            .collect();
        let capacities = call.region_facts().zones().map(|zone| {
            let used = servers.iter().filter(|row| row.zone == zone).count();
            map! { "ZoneId": zone, "UsedAmount": used, "AvailableAmount": set.capacity().saturating_sub(used) }
        });
        let mut node = map! {
            "DeploymentSetId": &set.id,
            "DeploymentSetName": &set.name,
            "DeploymentSetDescription": &set.description,
            "Strategy": &set.strategy,
            "DeploymentStrategy": &set.strategy,
            "Domain": "default",
            "Granularity": &set.granularity,
            "Type": &set.kind,
            "Affinity": set.affinity,
            "CreationTime": seconds(set.created),
            "AccountId": call.world.account_id.parse::<i64>().unwrap_or(0),
            "InstanceAmount": servers.len(),
            "InstanceIds": map! { "InstanceId": texts(servers.iter().map(|row| &row.id)) },
            "Capacities": map! { "Capacity": capacities.collect::<Vec<_>>() },
        };
        if set.strategy == "AvailabilityGroup" {
            node.push("GroupCount", set.groups);
        }
        node
    }))
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DeploymentSetId")?;
    call.find::<DeploymentSet>(id, ABSENT)?;
    let name = call.name("DeploymentSetName", 2, NAME)?;
    let description = call.description(2, DESCRIPTION)?;
    let affinity = affinity(call)?;
    call.world.update::<DeploymentSet, _>(id, |set| {
        set.rename(name, description);
        set.affinity = affinity.unwrap_or(set.affinity);
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("DeploymentSetId")?;
    call.find::<DeploymentSet>(id, ABSENT)?;
    call.unheld::<DeploymentSet>(id)?;
    call.remove::<DeploymentSet>(id);
    done()
}

fn describe_families(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let low_latency = match call.params.text_or("Strategy", "Availability") {
        "Availability" | "AvailabilityGroup" => false,
        "LowLatency" => true,
        _ => return refuse("InvalidParameter.Strategy"),
    };
    let families = call.settings.catalogue.families().filter(|family| {
        // Only the newer families can be packed closely.
        !family.old && (!low_latency || matches!(family.generation.as_str(), "ecs-7" | "ecs-8"))
    });
    let families: Vec<&str> = families.map(|family| family.id.as_str()).collect();
    Ok(map! { "InstanceTypeFamilies": families.join(",") })
}

/// How many more servers of a zone a set takes.
pub(super) fn room(call: &Call<'_>, set_id: &str, zone: &str) -> Result<i64, Refusal> {
    let set = call.find::<DeploymentSet>(set_id, ABSENT)?;
    let servers = call.world.linked::<Instance>(DeploymentSet::NAME, set_id);
    let used = servers.filter(|row| row.zone == zone).count();
    Ok(i64::try_from(set.capacity().saturating_sub(used)).unwrap_or(i64::MAX))
}

/// Where in a set a new server in a zone would stand: the group's number, 0 without groups. Refuses when there is no
/// such set, or no room.
pub(super) fn place(call: &Call<'_>, set_id: &str, zone: &str, group: Option<i64>) -> Result<i64, Refusal> {
    let set = call.find::<DeploymentSet>(set_id, ABSENT)?;
    let servers = call
        .world
        .linked::<Instance>(DeploymentSet::NAME, set_id)
        .filter(|row| row.zone == zone);
    let numbers: Vec<i64> = servers.map(|row| row.deployment_group).collect();
    if numbers.len() >= set.capacity() {
        return Err(call.code(&[
            "QuotaExceed.DeploymentSetInstanceQuotaFull",
            "InvalidDeploymentSetId.NoAvailableResources",
        ]));
    }
    match group {
        Some(group) if set.strategy != "AvailabilityGroup" || !(1..=set.groups).contains(&group) => {
            refuse("InvalidParameter.DeploymentSetGroupNo")
        }
        Some(group) => Ok(group),
        None if set.strategy == "AvailabilityGroup" => {
            let used = |group: &i64| numbers.iter().filter(|own| *own == group).count();
            // The emptiest group comes first.
            Ok((1..=set.groups).min_by_key(used).unwrap_or(1))
        }
        None => Ok(0),
    }
}

fn modify_instance(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let row = call.find::<Instance>(id, instance_row::ABSENT)?;
    // There are no dedicated hosts.
    for (name, code) in [
        ("DedicatedHostId", "InvalidDedicatedHostId.NotFound"),
        ("DedicatedHostClusterId", "InvalidDedicatedHostClusterId.NotFound"),
        ("Tenancy", "InvalidParam.Tenancy"),
        ("Affinity", "InvalidParameter.Affinity"),
        ("InstanceType", "InvalidInstanceType.NotSupport"),
    ] {
        if params.text(name).is_some() {
            return refuse(code);
        }
    }
    match params.text_or("MigrationType", "reboot") {
        "reboot" => {}
        "live" => return refuse("OperationDenied.CannotPerform"),
        _ => return Err(Refusal::invalid("MigrationType")),
    }
    let removes = params.flag("RemoveFromDeploymentSet");
    match row.status {
        Status::Stopped => {}
        // To leave a set is no move.
        Status::Running if removes || params.flag("Force") => {}
        Status::Running => return refuse("OperationDenied.UnstoppedInstance"),
        _ => return refuse("IncorrectInstanceStatus"),
    }
    let moves = row.status == Status::Running && !removes;
    let (zone, own) = (row.zone.clone(), row.deployment_set.clone());
    let (set, group) = match params.text("DeploymentSetId") {
        _ if removes && own.is_empty() => return refuse("InvalidOperation.NotSupport"),
        Some(set) if removes && set != own => return refuse("InvalidParameter.Param"),
        _ if removes => (String::new(), 0),
        None => return Err(Refusal::missing("DeploymentSetId")),
        Some(set) => {
            let group = place(call, set, &zone, params.int("DeploymentSetGroupNo")?)?;
            (set.to_owned(), group)
        }
    };
    let now = call.now;
    call.world.update::<Instance, _>(id, |row| {
        row.deployment_set = set;
        row.deployment_group = group;
        if moves {
            row.pass(Status::Starting, MOVING_MS, Status::Running, now);
        }
    });
    done()
}
