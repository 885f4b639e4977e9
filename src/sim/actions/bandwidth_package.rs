//! Bandwidth packages: what several elastic addresses share.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, vpc_tags};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map, texts};
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::eip::Eip;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BandwidthPackage {
    #[serde(flatten)]
    pub(super) head: Head,
    /// Mbit/s.
    bandwidth: i64,
    internet_charge: String,
    isp: String,
    ratio: i64,
    zone: String,
    protections: Vec<String>,
    pub(super) protected: bool,
}

row!(BandwidthPackage);

impl Kind for BandwidthPackage {
    const NAME: &'static str = "bandwidth_package";
    const RESOURCE: &'static [(&'static str, &'static str)] =
        &[(VPC, "commonbandwidthpackage"), (VPC, "bandwidthpackage")];
}

pub(super) const ACTIONS: &[Entry] = &[
    (VPC, "CreateCommonBandwidthPackage", create),
    (VPC, "DescribeCommonBandwidthPackages", describe),
    (VPC, "ModifyCommonBandwidthPackageAttribute", modify),
    (VPC, "ModifyCommonBandwidthPackageSpec", modify_spec),
    (VPC, "AddCommonBandwidthPackageIp", add),
    (VPC, "AddCommonBandwidthPackageIps", add_several),
    (VPC, "RemoveCommonBandwidthPackageIp", remove),
    (VPC, "ModifyCommonBandwidthPackageIpBandwidth", limit),
    (VPC, "CancelCommonBandwidthPackageIpBandwidth", cancel_limit),
    (VPC, "DeleteCommonBandwidthPackage", delete),
];

/// Simulated: how long a change of the bandwidth takes, in milliseconds of life-cycle time.
const MODIFYING_MS: i64 = 2_000;

const ABSENT: &str = "InvalidBandwidthPackageId.NotFound";
const NAME: &[&str] = &["InvalidParameter.Name.Malformed"];
const DESCRIPTION: &[&str] = &["InvalidParameter.Description.Malformed"];

fn bandwidth(text: &str) -> Result<i64, Refusal> {
    match text.parse() {
        Ok(bandwidth) if (1..=5000).contains(&bandwidth) => Ok(bandwidth),
        _ => refuse("InvalidParameter.Bandwidth"),
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let bandwidth = bandwidth(params.required("Bandwidth")?)?;
    let internet_charge = match params.text_or("InternetChargeType", "PayByBandwidth") {
        charge @ ("PayByBandwidth" | "PayBy95" | "PayByDominantTraffic" | "PayByTraffic") => charge,
        _ => return refuse("InvalidParameter.InvalidChargeType"),
    };
    let ratio = match params.int("Ratio")? {
        Some(_) if internet_charge != "PayBy95" => return refuse("IllegalParam.Ratio"),
        Some(20) => 20,
        Some(_) => return refuse("IllegalParam.Ratio"),
        None => 100,
    };
    if let Some(zone) = params.text("Zone")
        && !call.region_facts().has_zone(zone)
    {
        return refuse("InvalidZoneId.NotFound");
    }
    let name = call.name("Name", 1, NAME)?.unwrap_or_default();
    let description = call.description(1, DESCRIPTION)?.unwrap_or_default();
    let isp = match params.text_or("ISP", "BGP") {
        isp @ ("BGP" | "BGP_PRO" | "ChinaTelecom" | "ChinaUnicom" | "ChinaMobile") => isp,
        _ => return Err(Refusal::invalid("ISP")),
    };
    let protections = params.list("SecurityProtectionTypes");
    let protections = protections.into_iter().map(str::to_owned).collect();
    let tags = call.tags()?;
    let (mut head, _) = call.head("cbwp-");
    head.tags = tags;
    head.name = name;
    head.description = description;
    let answer = map! { "BandwidthPackageId": &head.id, "ResourceGroupId": &head.resource_group };
    call.world.insert(BandwidthPackage {
        head,
        bandwidth,
        internet_charge: internet_charge.to_owned(),
        isp: isp.to_owned(),
        ratio,
        zone: params.text_or("Zone", "").to_owned(),
        protections,
        protected: false,
    });
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("BandwidthPackageId").map(|id| vec![id]);
    let page = call.page::<BandwidthPackage>(Search::ids(ids), |package| {
        call.is("Name", &package.name)
            && call.is("ResourceGroupId", &package.resource_group)
            && params
                .bool("SecurityProtectionEnabled")
                .is_none_or(|wanted| wanted != package.protections.is_empty())
    })?;
    Ok(call.listed(
        &page,
        "CommonBandwidthPackages",
        "CommonBandwidthPackage",
        |package| node(call, package),
    ))
}

fn node(call: &Call<'_>, package: &BandwidthPackage) -> Node {
    let addresses = call
        .world
        .linked::<Eip>(BandwidthPackage::NAME, &package.id)
        .map(|eip| {
            map! {
                "AllocationId": &eip.id,
                "IpAddress": &eip.address,
                "BandwidthPackageIpRelationStatus": "BINDED",
            }
        });
    map! {
        "BandwidthPackageId": &package.id,
        "Name": &package.name,
        "Description": &package.description,
        "RegionId": &package.region,
        "Zone": &package.zone,
        "Status": package.status.text(),
        "BusinessStatus": "Normal",
        "Bandwidth": package.bandwidth.to_string(),
        "InstanceChargeType": "PostPaid",
        "InternetChargeType": &package.internet_charge,
        "ISP": &package.isp,
        "Ratio": package.ratio,
        "CreationTime": seconds(package.created),
        "ExpiredTime": "",
        "DeletionProtection": package.protected,
        "HasReservationData": "false",
        "ServiceManaged": 0,
        "ResourceGroupId": &package.resource_group,
        "PublicIpAddresses": map! { "PublicIpAddresse": addresses.collect::<Vec<_>>() },
        "SecurityProtectionTypes": map! { "SecurityProtectionType": texts(&package.protections) },
        "Tags": vpc_tags(&package.tags),
    }
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("BandwidthPackageId")?;
    call.find::<BandwidthPackage>(id, ABSENT)?;
    let name = call.name("Name", 1, NAME)?;
    let description = call.description(1, DESCRIPTION)?;
    let description = description.or_else(|| call.params.given("Description").map(str::to_owned));
    call.world
        .update::<BandwidthPackage, _>(id, |package| package.rename(name, description));
    done()
}

fn modify_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("BandwidthPackageId")?;
    let package = call.find::<BandwidthPackage>(id, ABSENT)?;
    if package.status != Status::Available {
        return refuse("IncorrectStatus.CbwpModifying");
    }
    let bandwidth = bandwidth(call.params.required("Bandwidth")?)?;
    let now = call.now;
    call.world.update::<BandwidthPackage, _>(id, |package| {
        package.bandwidth = bandwidth;
        package.pass(Status::Modifying, MODIFYING_MS, Status::Available, now);
    });
    for own in call.world.ids_linked::<Eip>(BandwidthPackage::NAME, id) {
        let package = Some((id.to_owned(), bandwidth));
        call.world.update::<Eip, _>(&own, |eip| {
            eip.package = package;
            // None may take more than there is.
            eip.package_limit = eip.package_limit.map(|limit| limit.min(bandwidth));
        });
    }
    done()
}

/// Whether an address can share a package.
fn may_join(call: &Call<'_>, package: &BandwidthPackage, eip_id: &str) -> Result<(), Refusal> {
    let eip = call.find::<Eip>(eip_id, call.facts.code_among(&["InvalidIpInstanceId.NotFound"]))?;
    if eip.package.is_some() {
        return refuse("IpInstanceId.AlreadyInBandwidthPackage");
    }
    if eip.expires.is_some() {
        return refuse("IpInstanceId.ChargeType.NotSupport");
    }
    if eip.isp != package.isp || eip.region != package.region {
        return refuse("OperationUnsupported.IpType");
    }
    if !matches!(eip.status, Status::Available | Status::InUse) {
        return refuse("IncorrectStatus.Eip");
    }
    Ok(())
}

fn join(call: &mut Call<'_>, ids: &[&str]) -> Result<Node, Refusal> {
    let id = call.params.required("BandwidthPackageId")?;
    let package = call.find::<BandwidthPackage>(id, ABSENT)?;
    if call.params.text_or("IpType", "EIP") != "EIP" {
        return refuse("OperationUnsupported.IpType");
    }
    for eip_id in ids {
        may_join(call, package, eip_id)?;
    }
    let share = (id.to_owned(), package.bandwidth);
    call.validated()?;
    for eip_id in ids {
        call.world
            .update::<Eip, _>(eip_id, |eip| eip.package = Some(share.clone()));
    }
    done()
}

fn add(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let eip_id = call.params.required("IpInstanceId")?;
    join(call, &[eip_id])
}

fn add_several(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.list("IpInstanceIds");
    join(call, &ids)
}

fn remove(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("BandwidthPackageId")?;
    let eip_id = call.params.required("IpInstanceId")?;
    call.find::<BandwidthPackage>(id, ABSENT)?;
    let eip = call.find::<Eip>(eip_id, "InvalidInstanceId.NotFound")?;
    if eip.package.as_ref().is_none_or(|(own, _)| own != id) {
        return refuse("OperationUnsupported.IpNotInCbwp");
    }
    call.validated()?;
    call.world.update::<Eip, _>(eip_id, Eip::leave_package);
    done()
}

/// The address that a request is about, which shares the package that it names.
fn sharer(call: &Call<'_>) -> Result<(String, i64), Refusal> {
    let id = call.params.required("BandwidthPackageId")?;
    let eip_id = call.params.required("EipId")?;
    let package = call.find::<BandwidthPackage>(id, ABSENT)?;
    let eip = call.find::<Eip>(eip_id, "InvalidInstanceId.NotFound")?;
    if eip.package.as_ref().is_none_or(|(own, _)| own != id) {
        return refuse("OperationUnsupported.IpNotInCbwp");
    }
    if package.status != Status::Available {
        return refuse("BandwidthPackageOperation.conflict");
    }
    Ok((eip_id.to_owned(), package.bandwidth))
}

fn limit(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let limit = bandwidth(call.params.required("Bandwidth")?)?;
    let (eip_id, whole) = sharer(call)?;
    if limit > whole {
        return refuse("InvalidParameter.Bandwidth");
    }
    call.world
        .update::<Eip, _>(&eip_id, |eip| eip.package_limit = Some(limit));
    done()
}

fn cancel_limit(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (eip_id, _) = sharer(call)?;
    call.world
        .update::<Eip, _>(&eip_id, |eip| eip.package_limit = None);
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("BandwidthPackageId")?;
    let package = call.find::<BandwidthPackage>(id, ABSENT)?;
    if package.protected {
        return refuse("InvalidOperation.DeletionProtection");
    }
    // By force, the addresses go their own way.
    if !call.params.flag("Force") {
        call.unheld::<BandwidthPackage>(id)?;
    }
    call.remove::<BandwidthPackage>(id);
    done()
}
