//! Network ACLs: what may come into a vSwitch and leave it.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::net::{Cidr, Cidr6};
use super::super::node::{Node, map};
use super::super::params::Params;
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::vpc::Vpc;
use super::vswitch::VSwitch;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NetworkAcl {
    #[serde(flatten)]
    pub(super) head: Head,
    vpc_id: String,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
}

/// One entry; the first that fits decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rule {
    id: String,
    name: String,
    description: String,
    accepts: bool,
    protocol: String,
    port: String,
    cidr: String,
}

row!(NetworkAcl, links: |row, link| link("vpc", &row.vpc_id));

impl Kind for NetworkAcl {
    const NAME: &'static str = "network_acl";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(VPC, "networkacl")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[("vpc", &["DependencyViolation.NetworkAcl"])];
    const LIMITS: &'static [(&'static str, usize, &'static [&'static str])] =
        &[("vpc", 200, &["QuotaExceed.NetworkAcl"])];

    fn faults(world: &World) -> Vec<String> {
        let lost = |vswitch: &&VSwitch| {
            let acl = world.get::<NetworkAcl>(&vswitch.network_acl_id);
            !vswitch.network_acl_id.is_empty() && acl.is_none_or(|acl| acl.vpc_id != vswitch.vpc_id)
        };
        let lost = world.all::<VSwitch>().iter().filter(lost);
        lost.map(|vswitch| format!("{} obeys an ACL that is not of its VPC", vswitch.id))
            .collect()
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateNetworkAcl", create),
    (VPC, "DescribeNetworkAcls", describe),
    (VPC, "DescribeNetworkAclAttributes", describe_one),
    (VPC, "ModifyNetworkAclAttributes", modify),
    (VPC, "UpdateNetworkAclEntries", update_rules),
    (VPC, "CopyNetworkAclEntries", copy_rules),
    (VPC, "AssociateNetworkAcl", associate),
    (VPC, "UnassociateNetworkAcl", unassociate),
    (VPC, "DeleteNetworkAcl", delete),
];

/// Simulated: how long a change takes, in milliseconds of life-cycle time.
const MODIFYING_MS: i64 = 1_000;
/// The vendor's limit of rules in a direction.
const RULES_MAX: usize = 20;

const ABSENT: &str = "InvalidNetworkAcl.NotFound";
const NAME: &[&str] = &["ParameterIllegal.Name"];
const DESCRIPTION: &[&str] = &["ParameterIllegal.Description"];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let vpc_id = call.params.required("VpcId")?;
    let vpc = call.find::<Vpc>(vpc_id, "InvalidVpcId.NotFound")?;
    if vpc.status != Status::Available {
        return refuse("InvalidVpcId.NotFound");
    }
    let resource_group = vpc.resource_group.clone();
    call.within_limit::<NetworkAcl>("vpc", vpc_id)?;
    let name = call.name("NetworkAclName", 1, NAME)?.unwrap_or_default();
    let description = call.description(1, DESCRIPTION)?.unwrap_or_default();
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, mut numbers) = call.head("nacl-");
    head.name = name;
    head.description = description;
    head.tags = tags;
    head.resource_group = resource_group;
    head.pass(Status::Modifying, MODIFYING_MS, Status::Available, call.now);
    let infix = call.region_facts().infix;
    // Everything is let through at first.
    let mut open = || Rule {
        id: format!("nae-{infix}{}", numbers.letters(17)),
        name: String::new(),
        description: String::new(),
        accepts: true,
        protocol: "all".to_owned(),
        port: "-1/-1".to_owned(),
        cidr: "0.0.0.0/0".to_owned(),
    };
    let acl = NetworkAcl {
        vpc_id: vpc_id.to_owned(),
        ingress: vec![open()],
        egress: vec![open()],
        head,
    };
    let shown = call.trimmed_to(&["NetworkAclAttribute"], node(call, &acl));
    let answer = map! { "NetworkAclId": &acl.id, "NetworkAclAttribute": shown };
    call.world.insert(acl);
    Ok(answer)
}

fn rules(rules: &[Rule], cidr_name: &'static str) -> Vec<Node> {
    rules
        .iter()
        .map(|rule| {
            let mut node = map! {
                "NetworkAclEntryId": &rule.id,
                "NetworkAclEntryName": &rule.name,
                "Description": &rule.description,
                "Policy": if rule.accepts { "accept" } else { "drop" },
                "Protocol": &rule.protocol,
                "Port": &rule.port,
                "EntryType": "custom",
                "IpVersion": if rule.cidr.contains(':') { "IPv6" } else { "IPv4" },
            };
            node.push(cidr_name, &rule.cidr);
            node
        })
        .collect()
}

fn node(call: &Call<'_>, acl: &NetworkAcl) -> Node {
    let bound = call.world.heads_linked("vswitch", NetworkAcl::NAME, &acl.id);
    let bound =
        bound.map(|head| map! { "ResourceId": &head.id, "ResourceType": "VSwitch", "Status": "BINDED" });
    map! {
        "NetworkAclId": &acl.id,
        "NetworkAclName": &acl.name,
        "Description": &acl.description,
        "VpcId": &acl.vpc_id,
        "RegionId": &acl.region,
        "Status": acl.status.text(),
        "CreationTime": seconds(acl.created),
        "OwnerId": call.world.account_id.parse::<i64>().unwrap_or(0),
        "IngressAclEntries": map! { "IngressAclEntry": rules(&acl.ingress, "SourceCidrIp") },
        "EgressAclEntries": map! { "EgressAclEntry": rules(&acl.egress, "DestinationCidrIp") },
        "Resources": map! { "Resource": bound.collect::<Vec<_>>() },
        "Tags": vpc_tags(&acl.tags),
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if params.text("ResourceId").is_some() != params.text("ResourceType").is_some() {
        return Err(Refusal::invalid("ResourceType"));
    }
    let of_vswitch = params
        .text_or("ResourceType", "VSwitch")
        .eq_ignore_ascii_case("vswitch");
    let ids = params.text("NetworkAclId").map(|id| vec![id]);
    let page = call.page::<NetworkAcl>(Search::ids(ids).or_link("vpc", params.text("VpcId")), |acl| {
        call.is("VpcId", &acl.vpc_id)
            && call.is("NetworkAclName", &acl.name)
            && params.text("ResourceId").is_none_or(|id| {
                let own = call.world.get::<VSwitch>(id);
                of_vswitch && own.is_some_and(|own| own.network_acl_id == acl.id)
            })
    })?;
    let nodes = page.rows.iter().map(|acl| node(call, acl));
    // The counts of this list are texts.
    Ok(map! {
        "NetworkAcls": map! { "NetworkAcl": nodes.collect::<Vec<_>>() },
        "TotalCount": page.total.to_string(),
        "PageNumber": page.number.to_string(),
        "PageSize": page.size.to_string(),
    })
}

fn describe_one(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("NetworkAclId")?;
    let acl = call.find_visible::<NetworkAcl>(id, ABSENT)?;
    Ok(map! { "NetworkAclAttribute": node(call, acl) })
}

/// The id of an ACL that nothing else is done to.
fn settled<'t>(call: &'t Call<'_>) -> Result<&'t NetworkAcl, Refusal> {
    let acl = call.find::<NetworkAcl>(call.params.required("NetworkAclId")?, ABSENT)?;
    if acl.status == Status::Available {
        Ok(acl)
    } else {
        Err(call.code(&["NetworkStatus.Modifying"]))
    }
}

fn change(call: &mut Call<'_>, id: &str, change: impl FnOnce(&mut NetworkAcl)) -> Result<Node, Refusal> {
    let now = call.now;
    call.world.update::<NetworkAcl, _>(id, |acl| {
        change(acl);
        acl.pass(Status::Modifying, MODIFYING_MS, Status::Available, now);
    });
    done()
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = settled(call)?.id.clone();
    let name = call.name("NetworkAclName", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    let description = description.or_else(|| call.params.given("Description").map(str::to_owned));
    call.validated()?;
    change(call, &id, |acl| acl.rename(name, description))
}

/// The rules that a request gives a direction; those without an id get one.
fn told(
    call: &Call<'_>,
    list: &str,
    cidr_name: &'static str,
    known: &[Rule],
    mut new_id: impl FnMut() -> String,
) -> Result<Vec<Rule>, Refusal> {
    let groups = call.params.groups(list);
    if groups.len() > RULES_MAX {
        return refuse("QuotaExceed.NetworkAclEntry");
    }
    groups
        .iter()
        .map(|group| {
            let id = match group.text("NetworkAclEntryId") {
                None => new_id(),
                Some(id) if known.iter().any(|rule| rule.id == id) => id.to_owned(),
                Some(_) if list.starts_with('I') => return refuse("IllegalParam.IngressAclEntryId"),
                Some(_) => return refuse("IllegalParam.EgressAclEntryId"),
            };
            rule(group, cidr_name, id)
        })
        .collect()
}

fn rule(group: &Params, cidr_name: &'static str, id: String) -> Result<Rule, Refusal> {
    if !matches!(group.text_or("EntryType", "custom"), "custom") {
        return Err(Refusal::invalid("EntryType"));
    }
    let accepts = match group.text("Policy") {
        Some("accept") => true,
        Some("drop") => false,
        Some(_) => return refuse("ParameterIllegal.Policy"),
        None => return refuse("ParameterMissing.Policy"),
    };
    let protocol = match group.text("Protocol").map(str::to_ascii_lowercase) {
        Some(word) if ["all", "tcp", "udp", "gre", "icmp", "icmpv6"].contains(&word.as_str()) => word,
        Some(_) => return refuse("ParameterIllegal.Protocol"),
        None => return refuse("ParameterMissing.Protocol"),
    };
    let Some(port) = group.text("Port") else {
        return refuse("ParameterMissing.Port");
    };
    let with_ports = matches!(protocol.as_str(), "tcp" | "udp");
    let bounds = port
        .split_once('/')
        .and_then(|(from, to)| Some((from.parse::<i64>().ok()?, to.parse::<i64>().ok()?)));
    let sound = match bounds {
        Some((-1, -1)) => !with_ports,
        Some((from, to)) => with_ports && from <= to && from >= 1 && to <= 65_535,
        None => false,
    };
    if !sound {
        return refuse("ParameterIllegal.Port");
    }
    let Some(cidr) = group.text(cidr_name) else {
        return refuse(format!("ParameterMissing.{cidr_name}"));
    };
    let version = if Cidr::parse(cidr).is_some() {
        "IPv4"
    } else if Cidr6::parse(cidr).is_some() {
        "IPv6"
    } else {
        return refuse(format!("ParameterIllegal.{cidr_name}"));
    };
    if !group.text_or("IpVersion", version).eq_ignore_ascii_case(version) {
        return refuse("IllegalParam.IpVersion");
    }
    Ok(Rule {
        id,
        name: group.text_or("NetworkAclEntryName", "").to_owned(),
        description: group.text_or("Description", "").to_owned(),
        accepts,
        protocol,
        port: port.to_owned(),
        cidr: cidr.to_owned(),
    })
}

fn update_rules(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let acl = settled(call)?.clone();
    let (_, mut numbers) = call.world.make();
    let infix = call.region_facts().infix;
    let mut new_id = || format!("nae-{infix}{}", numbers.letters(17));
    let mut ingress = None;
    let mut egress = None;
    // Rules of a direction that is not to be changed are looked at and left.
    let told_in = told(
        call,
        "IngressAclEntries",
        "SourceCidrIp",
        &acl.ingress,
        &mut new_id,
    )?;
    let told_out = told(
        call,
        "EgressAclEntries",
        "DestinationCidrIp",
        &acl.egress,
        &mut new_id,
    )?;
    if params.flag("UpdateIngressAclEntries") {
        ingress = Some(told_in);
    }
    if params.flag("UpdateEgressAclEntries") {
        egress = Some(told_out);
    }
    let six = |rules: &Option<Vec<Rule>>| rules.iter().flatten().any(|rule| rule.cidr.contains(':'));
    let vpc = call.find::<Vpc>(&acl.vpc_id, "InvalidVpcId.NotFound")?;
    if vpc.ipv6.is_none() && (six(&ingress) || six(&egress)) {
        return refuse("OperationDenied.VpcIpv6NotEnabled");
    }
    call.validated()?;
    change(call, &acl.head.id, |acl| {
        if let Some(rules) = ingress {
            acl.ingress = rules;
        }
        if let Some(rules) = egress {
            acl.egress = rules;
        }
    })
}

fn copy_rules(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let source = call.params.required("SourceNetworkAclId")?;
    let source = call.find::<NetworkAcl>(source, "InvalidSourceNetworkAcl.NotFound")?;
    let (ingress, egress) = (source.ingress.clone(), source.egress.clone());
    let id = settled(call)?.id.clone();
    call.validated()?;
    change(call, &id, |acl| {
        acl.ingress = ingress;
        acl.egress = egress;
    })
}

/// The vSwitches that a request names.
fn vswitches(call: &Call<'_>, acl: &NetworkAcl) -> Result<Vec<String>, Refusal> {
    let groups = call.params.groups("Resource");
    if groups.is_empty() {
        return refuse("ParameterMissing.Resources");
    }
    groups
        .iter()
        .map(|group| {
            if !group.text_or("ResourceType", "").eq_ignore_ascii_case("vswitch") {
                return Err(call.code(&["ParameterIllegal.ResourceType", "InvalidResource.NotFound"]));
            }
            let id = group.text_or("ResourceId", "");
            let vswitch = call.find::<VSwitch>(id, "InvalidResource.NotFound")?;
            if vswitch.vpc_id != acl.vpc_id {
                return refuse("InvalidResource.VpcError");
            }
            if vswitch.status != Status::Available {
                return refuse("ResourceStatus.Error");
            }
            Ok(id.to_owned())
        })
        .collect()
}

fn bind(call: &mut Call<'_>, vswitches: &[String], acl_id: &str) {
    for vswitch in vswitches {
        call.world
            .update::<VSwitch, _>(vswitch, |vswitch| acl_id.clone_into(&mut vswitch.network_acl_id));
    }
}

fn associate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let acl = settled(call)?;
    let id = acl.id.clone();
    let vswitches = vswitches(call, acl)?;
    let bound = |vswitch: &String| {
        let own = call.world.get::<VSwitch>(vswitch);
        own.is_some_and(|own| !own.network_acl_id.is_empty())
    };
    if vswitches.iter().any(bound) {
        return refuse("InvalidResource.BindingExist");
    }
    call.validated()?;
    bind(call, &vswitches, &id);
    change(call, &id, |_| {})
}

fn unassociate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let acl = settled(call)?;
    let id = acl.id.clone();
    let vswitches = vswitches(call, acl)?;
    let bound = |vswitch: &String| {
        let own = call.world.get::<VSwitch>(vswitch);
        own.is_some_and(|own| own.network_acl_id == id)
    };
    if !vswitches.iter().all(bound) {
        return refuse("InvalidResource.NotBinding");
    }
    call.validated()?;
    bind(call, &vswitches, "");
    change(call, &id, |_| {})
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = settled(call)?.id.clone();
    call.unheld::<NetworkAcl>(&id)?;
    call.validated()?;
    call.remove::<NetworkAcl>(&id);
    done()
}
