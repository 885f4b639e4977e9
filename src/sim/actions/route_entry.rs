//! Routes: what a table says of a destination, and which vSwitches follow the table.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, read_token, write_token};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Next, Status, row};
use super::super::net::{Cidr, Cidr6};
use super::super::node::{Node, map, texts};
use super::super::params::Params;
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::route_table::{ABSENT, RouteTable, kind, system_of, vswitches};
use super::vswitch::VSwitch;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RouteEntry {
    #[serde(flatten)]
    pub(super) head: Head,
    table_id: String,
    pub(super) destination: String,
    hops: Vec<Hop>,
    /// Made by what it leads to, and gone with it.
    automatic: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hop {
    kind: String,
    id: String,
    weight: i64,
}

row!(RouteEntry, links: |row, link| {
    link(RouteTable::NAME, &row.table_id);
    for hop in &row.hops {
        match hop_kind(&hop.kind) {
            Some(kind) if row.automatic => link("automatic", &format!("{kind} {}", hop.id)),
            Some(kind) => link(kind, &hop.id),
            None => {}
        }
    }
});

impl Kind for RouteEntry {
    const NAME: &'static str = "route_entry";
    const HOLDS: &'static [(&'static str, &'static [&'static str])] = &[
        (RouteTable::NAME, &["IncorrectRouteTableStatus.RouteEntryExist"]),
        ("instance", &["DependencyViolation.RouteEntry"]),
        (
            "network_interface",
            &[
                "DependencyViolation.RouteEntry",
                "InvalidOperation.InvalidEniState",
            ],
        ),
        ("nat_gateway", &["DependencyViolation.RouterEntry"]),
        (
            "ipv4_gateway",
            &[
                "DependencyViolation.RouteEntry",
                "OperationDenied.RouteEntryExist",
            ],
        ),
    ];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[(RouteTable::NAME, 200, &["QuotaExceeded"])];

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        let own = match kind {
            "route_table" => world.ids_linked::<RouteEntry>(RouteTable::NAME, id),
            _ => world.ids_linked::<RouteEntry>("automatic", &format!("{kind} {id}")),
        };
        for entry in own {
            world.remove::<RouteEntry>(&entry, now);
        }
    }
}

/// The kind of thing behind a type of next hop, as far as there are such things.
fn hop_kind(kind: &str) -> Option<&'static str> {
    match kind {
        "Instance" => Some("instance"),
        "NetworkInterface" => Some("network_interface"),
        "NatGateway" => Some("nat_gateway"),
        "Ipv4Gateway" => Some("ipv4_gateway"),
        _ => None,
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateRouteEntry", create),
    (VPC, "CreateRouteEntries", create_batch),
    (VPC, "ModifyRouteEntry", modify),
    (VPC, "DeleteRouteEntry", delete),
    (VPC, "DeleteRouteEntries", delete_batch),
    (VPC, "DescribeRouteEntryList", list),
    (VPC, "DescribeRouteTables", describe_tables),
    (VPC, "AssociateRouteTable", associate),
    (VPC, "UnassociateRouteTable", unassociate),
];

/// Simulated delays, in milliseconds of life-cycle time.
const PENDING_MS: i64 = 1_000;
const DELETING_MS: i64 = 1_000;
const BINDING_MS: i64 = 1_000;

const NO_ENTRY: &str = "InvalidRouteEntry.NotFound";
const NAME: &[&str] = &["InvalidRouteEntryName.Malformed", "IllegalParam.RouteEntryName"];

/// What a request asks for.
struct Wanted {
    table_id: String,
    destination: String,
    hops: Vec<Hop>,
    name: String,
    description: String,
}

fn checked(call: &Call<'_>, wanted: &Wanted) -> Result<(), Refusal> {
    let table = call.find::<RouteTable>(&wanted.table_id, "InvalidRouteTable.NotFound");
    let table = table.map_err(|_| call.code(&["InvalidRouteTableId.NotFound", "InvalidVRouter.NotFound"]))?;
    if table.status != Status::Available {
        return Err(call.code(&["IncorrectStatus.RouteTableStatus", "IncorrectRouteEntryStatus"]));
    }
    call.within_limit::<RouteEntry>(RouteTable::NAME, &wanted.table_id)?;
    let cidr = Cidr::parse(&wanted.destination);
    if cidr.is_none() && Cidr6::parse(&wanted.destination).is_none() {
        return Err(call.code(&["InvalidCidrBlock.Malformed"]));
    }
    if let Some(cidr) = cidr {
        let mut local = call.world.linked::<VSwitch>("vpc", &table.vpc_id);
        let system = Cidr::parse("100.64.0.0/10").is_some_and(|system| system.covers(cidr));
        if system || local.any(|vswitch| vswitch.cidr_block == cidr) {
            return Err(call.code(&["InvalidCIDRBlock.Duplicate"]));
        }
    }
    if call
        .world
        .linked::<RouteEntry>(RouteTable::NAME, &wanted.table_id)
        .any(|other| other.destination == wanted.destination)
    {
        return Err(call.code(&["RouterEntryConflict.Duplicated", "InvalidCIDRBlock.Duplicate"]));
    }
    if wanted.hops.is_empty() {
        return Err(call.code(&["InvalidNexthopTypeAndList.BothNull"]));
    }
    for hop in &wanted.hops {
        check_hop(call, table, hop)?;
    }
    Ok(())
}

fn check_hop(call: &Call<'_>, table: &RouteTable, hop: &Hop) -> Result<(), Refusal> {
    let unknown = || call.code(&["InvalidNextHop.NotFound", "InvalidNextHop"]);
    let Some(kind) = hop_kind(&hop.kind) else {
        return Err(unknown());
    };
    let head = call
        .world
        .head(kind, &hop.id)
        .filter(|head| head.is_in(&call.region));
    let head = head.ok_or_else(unknown)?;
    let mut in_vpc = call.world.heads_linked(kind, "vpc", &table.vpc_id);
    if !in_vpc.any(|other| other.id == head.id) {
        return Err(unknown());
    }
    if head.is_leaving() {
        return Err(call.code(&["IncorrectInstanceStatus", "InvalidNextHop.NotFound"]));
    }
    Ok(())
}

fn insert(call: &mut Call<'_>, wanted: Wanted, automatic: bool) -> String {
    let (mut head, _) = call.head("rte-");
    head.name = wanted.name;
    head.description = wanted.description;
    head.pass(Status::Pending, PENDING_MS, Status::Available, call.now);
    let id = head.id.clone();
    call.world.insert(RouteEntry {
        head,
        table_id: wanted.table_id,
        destination: wanted.destination,
        hops: wanted.hops,
        automatic,
    });
    id
}

/// Whether a table says where everything goes that nothing else is said of.
pub(super) fn leads_everywhere(world: &World, table_id: &str) -> bool {
    world
        .linked::<RouteEntry>(RouteTable::NAME, table_id)
        .any(|entry| entry.destination == "0.0.0.0/0")
}

/// Says in a table that everything goes through something, of which nothing else is said.
pub(super) fn lead_everywhere(call: &mut Call<'_>, table_id: &str, kind: &str, id: &str) {
    let hop = Hop {
        kind: kind.to_owned(),
        id: id.to_owned(),
        weight: 0,
    };
    let wanted = Wanted {
        table_id: table_id.to_owned(),
        destination: "0.0.0.0/0".to_owned(),
        hops: vec![hop],
        name: String::new(),
        description: String::new(),
    };
    insert(call, wanted, false);
}

/// Lets everything that has no other way leave a VPC through something that is new in it.
pub(super) fn lead_out(call: &mut Call<'_>, vpc_id: &str, kind: &str, id: &str) {
    let Some(table_id) = system_of(call.world, vpc_id).map(|table| table.id.clone()) else {
        return;
    };
    if leads_everywhere(call.world, &table_id) {
        return;
    }
    let hop = Hop {
        kind: kind.to_owned(),
        id: id.to_owned(),
        weight: 0,
    };
    let wanted = Wanted {
        table_id,
        destination: "0.0.0.0/0".to_owned(),
        hops: vec![hop],
        name: String::new(),
        description: String::new(),
    };
    insert(call, wanted, true);
}

fn hops(call: &Call<'_>, params: &Params) -> Result<Vec<Hop>, Refusal> {
    let list = params.groups("NextHopList");
    if !list.is_empty() {
        if params.text("NextHopId").is_some() {
            return Err(call.code(&[
                "InvalidNexthopTypeAndList.BothNotNull",
                "ParamExclusive.NextHopIdAndList",
            ]));
        }
        if list.len() > 16 {
            return Err(call.code(&["InvalidNexthopListSize", "InvalidNextHopList.Size"]));
        }
        return list
            .iter()
            .map(|hop| {
                Ok(Hop {
                    kind: hop.text_or("NextHopType", "Instance").to_owned(),
                    id: hop.text_or("NextHopId", "").to_owned(),
                    weight: hop.int("Weight")?.unwrap_or(100),
                })
            })
            .collect();
    }
    let kind = match params.text_or("NextHopType", "Instance") {
        "Ecr" => "ECR",
        kind => kind,
    };
    Ok(params
        .text("NextHopId")
        .map(|id| Hop {
            kind: kind.to_owned(),
            id: id.to_owned(),
            weight: 0,
        })
        .into_iter()
        .collect())
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let wanted = Wanted {
        table_id: params.required("RouteTableId")?.to_owned(),
        destination: params.required("DestinationCidrBlock")?.to_owned(),
        hops: hops(call, params)?,
        name: call.name("RouteEntryName", 1, NAME)?.unwrap_or_default(),
        description: call.description(1, &["InvalidParam"])?.unwrap_or_default(),
    };
    checked(call, &wanted)?;
    call.validated()?;
    let id = insert(call, wanted, false);
    Ok(map! { "RouteEntryId": id })
}

fn create_batch(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut good = Vec::new();
    let mut failed = Vec::new();
    for entry in call.params.groups("RouteEntries") {
        let hop = Hop {
            kind: entry.text_or("NextHopType", "Instance").to_owned(),
            id: entry.required("NextHop")?.to_owned(),
            weight: 0,
        };
        let wanted = Wanted {
            table_id: entry.required("RouteTableId")?.to_owned(),
            destination: entry.required("DstCidrBlock")?.to_owned(),
            hops: vec![hop],
            name: entry.text_or("Name", "").to_owned(),
            description: entry.text_or("Description", "").to_owned(),
        };
        let version = match entry.int("IpVersion")? {
            None => Ok(()),
            Some(6) if wanted.destination.contains(':') => Ok(()),
            Some(4) if !wanted.destination.contains(':') => Ok(()),
            Some(_) => Err(call.code(&["IllegalParam.IpVersion", "InvalidParameter"])),
        };
        match version.and_then(|()| checked(call, &wanted)) {
            Ok(()) if call.params.flag("DryRun") => {}
            Ok(()) => good.push(insert(call, wanted, false)),
            Err(refusal) => failed.push(map! {
                "DstCidrBlock": wanted.destination,
                "NextHop": entry.text_or("NextHop", ""),
                "FailedCode": refusal.code,
                "FailedMessage": refusal.message.unwrap_or_default(),
            }),
        }
    }
    call.validated()?;
    Ok(map! {
        "RouteEntryIds": texts(&good),
        "SuccessCount": good.len(),
        "FailedCount": failed.len(),
        "FailedRouteEntries": failed,
    })
}

/// The entry that a request names by id, or by table, destination and next hop.
fn named(call: &Call<'_>, params: &Params, hop_name: &str) -> Result<String, Refusal> {
    if let Some(id) = params.text("RouteEntryId") {
        let absent = call.facts.code_among(&["InvalidRouteEntryId.NotFound", NO_ENTRY]);
        return Ok(call.find::<RouteEntry>(id, absent)?.id.clone());
    }
    let table_id = params.required("RouteTableId")?;
    call.find::<RouteTable>(table_id, "InvalidRouteTableId.NotFound")?;
    let destination = params
        .text("DestinationCidrBlock")
        .or_else(|| params.text("DstCidrBlock"));
    let destination = destination.ok_or_else(|| Refusal::missing("DestinationCidrBlock"))?;
    let hop = params.text(hop_name);
    let listed = params.groups("NextHopList");
    let mut entries = call.world.linked::<RouteEntry>(RouteTable::NAME, table_id);
    let entry = entries.find(|entry| {
        entry.destination == destination
            && hop.is_none_or(|id| entry.hops.iter().any(|own| own.id == id))
            && listed.iter().all(|wanted| {
                entry
                    .hops
                    .iter()
                    .any(|own| wanted.text("NextHopId") == Some(&own.id))
            })
    });
    Ok(entry
        .ok_or_else(|| call.code(&[NO_ENTRY, "InvalidRouteEntryId.NotFound"]))?
        .id
        .clone())
}

fn may_change(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    match call.world.get::<RouteEntry>(id).map(|entry| entry.status) {
        Some(Status::Available) => Ok(()),
        _ => Err(call.code(&["IncorrectRouteEntryStatus", "IncorrectStatus.VpcRouteEntry"])),
    }
}

fn take_out(call: &mut Call<'_>, id: &str) {
    let now = call.now;
    call.world
        .update::<RouteEntry, _>(id, |entry| entry.leave(Status::Deleting, DELETING_MS, now));
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = named(call, call.params, "NextHopId")?;
    may_change(call, &id)?;
    call.validated()?;
    take_out(call, &id);
    done()
}

fn delete_batch(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut good = 0;
    let mut failed = Vec::new();
    for entry in call.params.groups("RouteEntries") {
        match named(call, &entry, "NextHop").and_then(|id| may_change(call, &id).map(|()| id)) {
            Ok(id) => {
                good += 1;
                if !call.params.flag("DryRun") {
                    take_out(call, &id);
                }
            }
            Err(refusal) => failed.push(map! {
                "RouteEntryId": entry.text_or("RouteEntryId", ""),
                "DstCidrBlock": entry.text_or("DstCidrBlock", ""),
                "NextHop": entry.text_or("NextHop", ""),
                "FailedCode": refusal.code,
                "FailedMessage": refusal.message.unwrap_or_default(),
            }),
        }
    }
    call.validated()?;
    Ok(map! { "SuccessCount": good, "FailedCount": failed.len(), "FailedRouteEntries": failed })
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if params.text("RouteEntryId").is_none() && params.text("RouteTableId").is_none() {
        return refuse("MissingParam.RouteEntryId");
    }
    let id = named(call, params, "NextHopId")?;
    may_change(call, &id)?;
    let name = call.name("RouteEntryName", 1, NAME)?;
    let description = call.description(1, &["InvalidParam"])?;
    let hop = match (params.text("NewNextHopType"), params.text("NewNextHopId")) {
        (None, None) => None,
        (Some(_), None) => return refuse("MissingParam.NewNextHopId"),
        (None, Some(_)) => return refuse("MissingParam.NewNextHopType"),
        (Some(kind @ ("NetworkInterface" | "NatGateway")), Some(hop)) => Some(Hop {
            kind: kind.to_owned(),
            id: hop.to_owned(),
            weight: 0,
        }),
        (Some(_), Some(_)) => return refuse("IllegealParam.NextHopType"),
    };
    if let (Some(hop), Some(entry)) = (&hop, call.world.get::<RouteEntry>(&id)) {
        let table = call.find::<RouteTable>(&entry.table_id, "InvalidRouteTable.NotFound")?;
        check_hop(call, table, hop)?;
    }
    call.validated()?;
    let now = call.now;
    call.world.update::<RouteEntry, _>(&id, |entry| {
        entry.rename(
            name,
            description.or_else(|| params.given("Description").map(str::to_owned)),
        );
        if let Some(hop) = hop {
            entry.hops = vec![hop];
            entry.automatic = false;
            entry.pass(Status::Modifying, PENDING_MS, Status::Available, now);
        }
    });
    done()
}

/// One line of a table, with what follows from the VPC itself.
struct Line<'t> {
    entry: Option<&'t RouteEntry>,
    id: String,
    destination: String,
}

fn lines<'t>(call: &'t Call<'_>, table: &'t RouteTable) -> Vec<Line<'t>> {
    let own = call
        .world
        .linked::<RouteEntry>(RouteTable::NAME, &table.id)
        .map(|entry| Line {
            entry: Some(entry),
            id: entry.id.clone(),
            destination: entry.destination.clone(),
        });
    // Routes of the system have ids that follow from what they are for.
    let system = |destination: String| Line {
        entry: None,
        id: format!(
            "rte-{}{:x}",
            &table.id[4..],
            super::super::table::tag_name_key(&destination) & 0xffff_ffff
        ),
        destination,
    };
    let local = call
        .world
        .linked::<VSwitch>("vpc", &table.vpc_id)
        .flat_map(|vswitch| {
            let ipv6 = vswitch.ipv6.map(|block| block.to_string());
            std::iter::once(vswitch.cidr_block.to_string()).chain(ipv6)
        });
    let mut lines: Vec<Line<'_>> = own.collect();
    lines.extend(local.chain(["100.64.0.0/10".to_owned()]).map(system));
    lines
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let table_id = params.required("RouteTableId")?;
    let table = call.find::<RouteTable>(table_id, "InvalidRouteTable.NotFound")?;
    let listed = params.list("DestCidrBlockList");
    let version = |line: &Line<'_>| {
        if line.destination.contains(':') {
            "IPv6"
        } else {
            "IPv4"
        }
    };
    let found: Vec<Line<'_>> = lines(call, table)
        .into_iter()
        .filter(|line| {
            let hops = line.entry.map_or(&[][..], |entry| &entry.hops);
            call.is("DestinationCidrBlock", &line.destination)
                && (listed.is_empty() || listed.contains(&line.destination.as_str()))
                && call.is("RouteEntryId", &line.id)
                && call.is("RouteEntryName", line.entry.map_or("", |entry| &entry.name))
                && call.is(
                    "RouteEntryType",
                    if line.entry.is_some() { "Custom" } else { "System" },
                )
                && params.text("ServiceType").is_none()
                && params
                    .text("IpVersion")
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(version(line)))
                && params
                    .text("NextHopId")
                    .is_none_or(|id| hops.iter().any(|hop| hop.id == id))
                && params
                    .text("NextHopType")
                    .is_none_or(|kind| hops.iter().any(|hop| hop.kind == kind))
        })
        .collect();
    let size = usize::try_from(params.int("MaxResult")?.unwrap_or(100)).unwrap_or(100);
    let from = match params.text("NextToken") {
        None => 0,
        Some(token) => read_token(token).ok_or_else(|| Refusal::new("IllegalParam.NextToken"))?,
    };
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let next = from.saturating_add(size);
    let shown: Vec<Node> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|line| {
            let hops = line.entry.map_or_else(Vec::new, |entry| {
                entry.hops.iter().map(|hop| hop_node(call, hop)).collect()
            });
            let local = || map! { "NextHopType": "local", "NextHopId": "", "Enabled": 1, "Weight": 0 };
            map! {
                "RouteEntryId": &line.id,
                "RouteEntryName": line.entry.map_or("", |entry| &entry.name),
                "Description": line.entry.map_or("", |entry| &entry.description),
                "RouteTableId": &table.id,
                "DestinationCidrBlock": &line.destination,
                "IpVersion": version(line),
                "Type": if line.entry.is_some() { "Custom" } else { "System" },
                "Status": line.entry.map_or("Available", |entry| entry.status.text()),
                "GmtModified": seconds(line.entry.map_or(table.created, |entry| entry.created)),
                "NextHops": map! { "NextHop": if hops.is_empty() { vec![local()] } else { hops } },
            }
        })
        .collect();
    Ok(map! {
        "RouteEntrys": map! { "RouteEntry": shown },
        "TotalCount": found.len(),
        "NextToken": if next < found.len() { write_token(next as u64) } else { String::new() },
    })
}

fn hop_node(call: &Call<'_>, hop: &Hop) -> Node {
    map! {
        "NextHopType": &hop.kind,
        "NextHopId": &hop.id,
        "NextHopRegionId": call.region.as_str(),
        "Enabled": 1,
        "Weight": hop.weight,
    }
}

fn describe_tables(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("RouteTableId").map(|id| vec![id]);
    let router = params.text("VRouterId").or_else(|| params.text("RouterId"));
    let page = call.page::<RouteTable>(Search::ids(ids).or_link("router", router), |table| {
        call.is("VRouterId", &table.router_id)
            && call.is("RouterId", &table.router_id)
            && call.is("RouteTableName", &table.name)
            && call.is("RouterType", "VRouter")
            && call.is("Type", kind(table))
            && call.is("ResourceGroupId", &table.resource_group)
    })?;
    Ok(call.listed(&page, "RouteTables", "RouteTable", |table| {
        let entries: Vec<Node> = lines(call, table)
            .iter()
            .map(|line| {
                let hop = line.entry.and_then(|entry| entry.hops.first());
                map! {
                    "RouteEntryId": &line.id,
                    "RouteEntryName": line.entry.map_or("", |entry| &entry.name),
                    "Description": line.entry.map_or("", |entry| &entry.description),
                    "RouteTableId": &table.id,
                    "DestinationCidrBlock": &line.destination,
                    "InstanceId": hop.map_or("", |hop| &hop.id),
                    "NextHopType": hop.map_or("local", |hop| &hop.kind),
                    "NextHops": map! { "NextHop": Vec::new() },
                    "Status": line.entry.map_or("Available", |entry| entry.status.text()),
                    "Type": if line.entry.is_some() { "Custom" } else { "System" },
                }
            })
            .collect();
        let node = map! {
            "RouteTableId": &table.id,
            "RouteTableType": kind(table),
            "VRouterId": &table.router_id,
            "VSwitchIds": map! { "VSwitchId": texts(vswitches(call.world, table)) },
            "Status": table.status.text(),
            "CreationTime": seconds(table.created),
            "ResourceGroupId": &table.resource_group,
            "RouteEntrys": map! { "RouteEntry": entries },
        };
        call.trimmed_to(&["RouteTables", "RouteTable"], node)
    }))
}

fn bind(call: &mut Call<'_>, vswitch_id: &str, table_id: String) {
    let now = call.now;
    call.world.update::<VSwitch, _>(vswitch_id, |vswitch| {
        vswitch.route_table_id = table_id;
        vswitch.status = Status::Pending;
        vswitch.set_out(vec![(BINDING_MS, Next::Status(Status::Available))], now);
    });
}

fn bindable<'t>(call: &'t Call<'_>, vswitch_id: &str) -> Result<&'t VSwitch, Refusal> {
    let vswitch = call.find::<VSwitch>(vswitch_id, "InvalidVSwitchId.NotFound")?;
    if vswitch.status == Status::Available {
        Ok(vswitch)
    } else {
        refuse("IncorrectVSwitchStatus")
    }
}

fn associate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (table_id, vswitch_id) = (
        call.params.required("RouteTableId")?,
        call.params.required("VSwitchId")?,
    );
    let table = call.find::<RouteTable>(table_id, ABSENT)?;
    let vswitch = bindable(call, vswitch_id)?;
    if table.status != Status::Available {
        return refuse("IncorrectStatus.RouteTable");
    }
    if table.system {
        return refuse("OperationDenied.SwitchToSystemRouteTable");
    }
    if table.vpc_id != vswitch.vpc_id {
        return refuse("InvalidRouteTableId.NotFound");
    }
    if vswitch.route_table_id == table_id {
        return refuse("ResourceAlreadyAssociated.RouteTable");
    }
    bind(call, vswitch_id, table_id.to_owned());
    done()
}

fn unassociate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (table_id, vswitch_id) = (
        call.params.required("RouteTableId")?,
        call.params.required("VSwitchId")?,
    );
    let table = call.find::<RouteTable>(table_id, ABSENT)?;
    let vswitch = bindable(call, vswitch_id)?;
    if table.system {
        return refuse("OperationUnsupported.SystemRouteTable");
    }
    if vswitch.route_table_id != table_id {
        return refuse("OperationFailed.VSwitchNotAssociate");
    }
    bind(call, vswitch_id, String::new());
    done()
}
