//! Resource groups. Every account has one from the beginning, and what is made without a group is in that one.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, GROUP, Search, default_group, done};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::{RESOURCE_MANAGER, VPC};
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::route_table::RouteTable;
use super::vpc::Vpc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ResourceGroup {
    #[serde(flatten)]
    pub(super) head: Head,
    display_name: String,
}

row!(ResourceGroup);

impl Kind for ResourceGroup {
    const NAME: &'static str = GROUP;

    fn begin(world: &mut World) {
        let head = Head {
            id: default_group(world),
            name: "default".to_owned(),
            status: Status::Ok,
            created: LONG_AGO,
            ..Head::default()
        };
        let display_name = "default resource group".to_owned();
        world.insert(ResourceGroup { head, display_name });
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (RESOURCE_MANAGER, "ListResourceGroups", list),
    (RESOURCE_MANAGER, "GetResourceGroup", get),
    (RESOURCE_MANAGER, "CreateResourceGroup", create),
    (RESOURCE_MANAGER, "UpdateResourceGroup", update),
    (RESOURCE_MANAGER, "DeleteResourceGroup", delete),
    (VPC, "MoveResourceGroup", move_resource),
];

/// 2017-07-14T02:40:00Z: accounts are older than what is in them.
const LONG_AGO: i64 = 1_500_000_000_000;
/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 2_000;
const DELETING_MS: i64 = 2_000;

const ABSENT: &str = "EntityNotExists.ResourceGroup";

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let mut ids = params.list("ResourceGroupIds");
    ids.extend(params.text("ResourceGroupId"));
    let ids = (!ids.is_empty()).then_some(ids);
    let page = call.page::<ResourceGroup>(Search::ids(ids), |group| {
        call.is("Name", &group.name)
            && call.is("DisplayName", &group.display_name)
            && call.is("Status", group.status.text())
    })?;
    let with_tags = params.flag("IncludeTags");
    Ok(call.listed(&page, "ResourceGroups", "ResourceGroup", |group| {
        let mut node = node(call, group);
        node.push("Status", group.status.text());
        if with_tags {
            node.push("Tags", super::super::call::ecs_tags(&group.tags));
        }
        node
    }))
}

fn node(call: &Call<'_>, group: &ResourceGroup) -> Node {
    map! {
        "Id": &group.id,
        "Name": &group.name,
        "DisplayName": &group.display_name,
        "AccountId": &call.world.account_id,
        "CreateDate": seconds(group.created),
    }
}

/// The whole group, with its state in each region.
fn whole(call: &Call<'_>, group: &ResourceGroup) -> Node {
    let status = group.status.text();
    let regions = super::super::catalogue::regions();
    let regions = regions
        .iter()
        .map(|region| map! { "RegionId": region.id, "Status": status });
    let mut node = node(call, group);
    node.push("Status", status);
    node.push(
        "RegionStatuses",
        map! { "RegionStatus": regions.collect::<Vec<_>>() },
    );
    node
}

fn get(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("ResourceGroupId")?;
    let group = call.find_visible::<ResourceGroup>(id, ABSENT)?;
    let mut node = whole(call, group);
    if call.params.flag("IncludeTags") {
        node.push("Tags", super::super::call::ecs_tags(&group.tags));
    }
    Ok(map! { "ResourceGroup": node })
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let name = call.params.required("Name")?;
    let display_name = display_name(call, "DisplayName")?;
    if !(2..=50).contains(&name.len()) {
        return refuse("InvalidParameter.Name.Length");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.bytes().all(plain) || !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return refuse("InvalidParameter.Name.InvalidChars");
    }
    if call
        .world
        .all::<ResourceGroup>()
        .iter()
        .any(|group| group.name == name)
    {
        return Err(Refusal::new("EntityAlreadyExists.ResourceGroup").with_status(409));
    }
    let tags = call.tags()?;
    let (place, mut numbers) = call.world.make();
    let mut head = Head {
        id: format!("rg-aek2{}", numbers.letters(11)),
        place,
        name: name.to_owned(),
        created: call.now.real,
        tags,
        ..Head::default()
    };
    head.pass(Status::Creating, CREATING_MS, Status::Ok, call.now);
    let group = ResourceGroup { head, display_name };
    let answer = map! { "ResourceGroup": whole(call, &group) };
    call.world.insert(group);
    Ok(answer)
}

fn display_name(call: &Call<'_>, param: &'static str) -> Result<String, Refusal> {
    let name = call.params.required(param)?;
    if name.chars().count() > 50 {
        return refuse("InvalidParameter.DisplayName.Length");
    }
    Ok(name.to_owned())
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("ResourceGroupId")?;
    call.find::<ResourceGroup>(id, ABSENT)?;
    let name = display_name(call, "NewDisplayName")?;
    call.world
        .update::<ResourceGroup, _>(id, |group| group.display_name = name);
    let group = call.find::<ResourceGroup>(id, ABSENT)?;
    Ok(map! { "ResourceGroup": node(call, group) })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("ResourceGroupId")?;
    let group = call.find::<ResourceGroup>(id, ABSENT)?;
    if group.status != Status::Ok || id == default_group(call.world) {
        return refuse("InvalidParameter.ResourceGroupId");
    }
    if call.world.is_group_used(id) {
        return refuse("DeleteConflict.ResourceGroup.Resource");
    }
    let now = call.now;
    call.world
        .update::<ResourceGroup, _>(id, |group| group.leave(Status::PendingDelete, DELETING_MS, now));
    let group = call.find::<ResourceGroup>(id, ABSENT)?;
    Ok(map! { "ResourceGroup": whole(call, group) })
}

fn move_resource(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let group = params.required("NewResourceGroupId")?;
    let (kind, id) = (params.required("ResourceType")?, params.required("ResourceId")?);
    call.check_group(group)?;
    let version = call.facts.version.as_str();
    let Some(table) = call.world.resource(version, kind) else {
        return refuse("IllegalParam.ResourceType");
    };
    if table.head(id).is_none_or(|head| head.region != call.region) {
        return refuse("InvalidResourceId.NotFound");
    }
    put(call.world, version, kind, id, group);
    done()
}

/// Puts a thing of a resource type into a group, with what goes with it.
pub(super) fn put(world: &mut World, version: &str, kind: &str, id: &str, group: &str) {
    if let Some(table) = world.resource_mut(version, kind) {
        table.change_head(id, &mut |head| head.resource_group = group.to_owned());
    }
    // A VPC's own route table goes with it.
    for table in world.ids_linked::<RouteTable>(Vpc::NAME, id) {
        world.update::<RouteTable, _>(&table, |table| {
            if table.system {
                group.clone_into(&mut table.resource_group);
            }
        });
    }
}
