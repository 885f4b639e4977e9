//! Changes of an instance: attributes, type, bandwidth, charge type, renewal, public address.

use super::super::call::{Call, Entry, Search, done};
use super::super::head::Status;
use super::super::net::public_ip;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::disk_row::Disk;
use super::instance::{charge_type, eip_of};
use super::instance_options;
use super::instance_order::{check_groups, host_name, is_password, paid_until, user_data};
use super::instance_row::ABSENT;
use super::instance_row::{Instance, Network, Subscription};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "ModifyInstanceAttribute", modify_attribute),
    (ECS, "ModifyInstanceSpec", modify_spec),
    (ECS, "ModifyInstanceNetworkSpec", modify_network_spec),
    (ECS, "ModifyInstanceChargeType", modify_charge_type),
    (ECS, "ModifyInstanceAutoRenewAttribute", modify_auto_renew),
    (ECS, "DescribeInstanceAutoRenewAttribute", describe_auto_renew),
    (ECS, "AllocatePublicIpAddress", allocate_public_ip),
];

/// The vendor's pause between two changes of a kind.
const PAUSE_MS: i64 = 5 * 60 * 1000;

fn rested(call: &Call<'_>, row: &Instance, kind: &str) -> Result<(), Refusal> {
    match row.last_changes.get(kind) {
        Some(last) if !call.now.paused_enough(*last, PAUSE_MS) => Err(Refusal::new("Throttling")
            .with_status(400)
            .with_message("Request was denied due to request throttling, please try again after 5 minutes.")),
        _ => Ok(()),
    }
}

pub(super) fn steady(row: &Instance) -> Result<(), Refusal> {
    match row.status {
        Status::Running | Status::Stopped if !row.is_leaving() => Ok(()),
        _ => refuse("IncorrectInstanceStatus"),
    }
}

fn modify_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    let name = call.name("InstanceName", 2, &["InvalidInstanceName.Malformed"])?;
    let description = call.description(2, &["InvalidDescription.Malformed"])?;
    let host_name = host_name(call)?;
    if host_name.is_some() && matches!(row.status, Status::Pending | Status::Starting) {
        return refuse("IncorrectInstanceStatus");
    }
    let password = params.text("Password");
    if password.is_some_and(|password| !is_password(password)) {
        return refuse("InvalidPassword.Malformed");
    }
    if password.is_some() && row.status == Status::Starting {
        return refuse("IncorrectInstanceStatus");
    }
    let user_data = user_data(call)?;
    // Sources disagree on whether a running server takes it; it does, from its next start on.
    if user_data.is_some() && !matches!(row.status, Status::Stopped | Status::Running) {
        return refuse("IncorrectInstanceStatus");
    }
    let groups: Vec<String> = params
        .list("SecurityGroupIds")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if !groups.is_empty() {
        steady(row)?;
        check_groups(call, &groups, row.network.vpc_id())?;
    }
    let protection = params.bool("DeletionProtection");
    if protection == Some(true) && row.subscription.is_some() {
        return Err(call.code(&["ChargeTypeViolation", "InvalidChargeType.ValueNotSupported"]));
    }
    let credit = params.text("CreditSpecification").map(str::to_owned);
    if credit.is_some() && row.status != Status::Running {
        return refuse("InvalidInstanceStatus.NotRunning");
    }
    let options = instance_options::told(call)?;
    call.world.update::<Instance, _>(id, |row| {
        row.options.extend(options);
        set(&mut row.name, name);
        set(
            &mut row.description,
            description.or_else(|| params.given("Description").map(str::to_owned)),
        );
        set(&mut row.host_name, host_name);
        set(&mut row.user_data, user_data);
        set(&mut row.credit, credit);
        if password.is_some() {
            row.has_password = true;
        }
        if !groups.is_empty() {
            row.security_groups = groups;
        }
        row.deletion_protection = protection.unwrap_or(row.deletion_protection);
        row.jumbo_frame = params.bool("EnableJumboFrame").unwrap_or(row.jumbo_frame);
    });
    done()
}

fn set(field: &mut String, value: Option<String>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn modify_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    if row.subscription.is_some() {
        return refuse("ChargeTypeViolation");
    }
    let kind = match params.text("InstanceType") {
        None => None,
        Some(text) => Some(
            call.settings
                .catalogue
                .find_instance_type(text)
                .ok_or_else(|| Refusal::new("InvalidInstanceType.ValueNotSupported"))?,
        ),
    };
    let bandwidth = bandwidth(call)?;
    if kind.is_none() && bandwidth == (None, None) {
        return Err(Refusal::missing("InstanceType"));
    }
    if kind.is_some() && (row.status != Status::Stopped || row.is_leaving()) {
        return refuse("InvalidInstanceStatus.NotStopped");
    }
    if let Some(kind) = &kind {
        if !call.settings.is_stocked(&kind.id, &row.zone) {
            return refuse("OperationDenied.NoStock");
        }
        let fits = |category: &str| kind.family.takes(category);
        if !call
            .world
            .linked::<Disk>("instance", id)
            .all(|disk| fits(&disk.category))
        {
            return refuse("InvalidInstanceType.NotSupportDiskCategory");
        }
    }
    steady(row)?;
    rested(call, row, "spec")?;
    call.validated()?;
    let life = call.now.life;
    call.world.update::<Instance, _>(id, |row| {
        if let Some(kind) = kind {
            row.instance_type.clone_from(&kind.id);
        }
        set_bandwidth(row, bandwidth);
        row.last_changes.insert("spec".to_owned(), life);
    });
    done()
}

/// New bandwidths in and out, as far as the request names them.
fn bandwidth(call: &Call<'_>) -> Result<(Option<i64>, Option<i64>), Refusal> {
    let out = call.params.int("InternetMaxBandwidthOut")?;
    if out.is_some_and(|out| !(0..=100).contains(&out)) {
        return Err(call.code(&[
            "InvalidInternetMaxBandwidthOut.ValueNotSupported",
            "InvalidParameter.Bandwidth",
        ]));
    }
    Ok((call.params.int("InternetMaxBandwidthIn")?, out))
}

fn set_bandwidth(row: &mut Instance, (inward, outward): (Option<i64>, Option<i64>)) {
    row.bandwidth_in = inward.unwrap_or(row.bandwidth_in);
    row.bandwidth_out = outward.unwrap_or(row.bandwidth_out);
    if row.bandwidth_out == 0 {
        // Without bandwidth the address goes back.
        row.public_ip = None;
        row.public_ip_works = false;
    }
}

fn modify_network_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    steady(row)?;
    let bandwidth = bandwidth(call)?;
    let charge = match params.text("NetworkChargeType") {
        None => None,
        Some(text @ ("PayByBandwidth" | "PayByTraffic")) => Some(text.to_owned()),
        Some(_) => return refuse("InvalidInternetChargeType.ValueNotSupported"),
    };
    if eip_of(call, row).is_some() && bandwidth.1.is_some_and(|out| out > 0) {
        return refuse("BandwidthUpgradeDenied.EipBoundInstance");
    }
    let wants_address = params.flag("AllocatePublicIp") && row.public_ip.is_none();
    if wants_address && bandwidth.1.unwrap_or(row.bandwidth_out) == 0 {
        return refuse("InvalidParam.AllocatePublicIp");
    }
    rested(call, row, "network")?;
    let prepaid = row.subscription.is_some();
    let (sequence, _) = call.world.make();
    let life = call.now.life;
    call.world.update::<Instance, _>(id, |row| {
        set_bandwidth(row, bandwidth);
        set(&mut row.internet_charge, charge);
        if wants_address {
            row.public_ip = Some(public_ip(sequence));
            row.public_ip_works = true;
        }
        row.last_changes.insert("network".to_owned(), life);
    });
    if prepaid {
        Ok(map! { "OrderId": format!("20{sequence:013}") })
    } else {
        done()
    }
}

fn modify_charge_type(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .json_list("InstanceIds", 20)
        .map_err(|_| call.code(&["InvalidParameter.InstanceIds", "InstancesIdQuotaExceed"]))?
        .unwrap_or_default();
    if ids.is_empty() {
        return refuse("InvalidParameter.InstanceIds");
    }
    let to_prepaid = match params.text_or("InstanceChargeType", "PrePaid") {
        "PrePaid" => true,
        "PostPaid" => false,
        _ => return refuse("InvalidInstanceChargeType.ValueNotSupported"),
    };
    for id in &ids {
        let row = call.find::<Instance>(id, ABSENT)?;
        if steady(row).is_err() {
            return refuse("InvalidStatus.ValueNotSupported");
        }
        if row.subscription.is_some() == to_prepaid {
            return refuse("InvalidInstanceChargeType.ValueNotSupported");
        }
        if to_prepaid && row.auto_release.is_some() {
            return refuse("ReleaseTimeHaveBeenSet");
        }
        rested(call, row, "charge")?;
    }
    let expires = if to_prepaid {
        Some(paid_until(call, call.now.real)?)
    } else {
        None
    };
    call.validated()?;
    let unit = params.text_or("PeriodUnit", "Month").to_owned();
    let life = call.now.life;
    for id in &ids {
        call.world.update::<Instance, _>(id, |row| {
            row.subscription = expires.map(|expires| Subscription {
                expires,
                auto_renew: false,
                not_renewed: false,
                renew_period: 1,
                renew_unit: unit.clone(),
            });
            row.last_changes.insert("charge".to_owned(), life);
        });
        let disks: Vec<String> = call
            .world
            .linked::<Disk>("instance", id)
            .filter(|disk| disk.system || params.flag("IncludeDataDisks"))
            .map(|disk| disk.id.clone())
            .collect();
        for disk in disks {
            call.world.update::<Disk, _>(&disk, |disk| disk.expires = expires);
        }
    }
    let mut answer = map! { "OrderId": format!("20{:013}", call.world.made()) };
    if params.flag("IsDetailFee") {
        let fees = ids
            .iter()
            .map(|id| map! { "InstanceId": id, "Fee": "0.00", "Currency": "CNY" });
        answer.push(
            "FeeOfInstances",
            map! { "FeeOfInstance": fees.collect::<Vec<_>>() },
        );
    }
    Ok(answer)
}

fn modify_auto_renew(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids: Vec<String> = params
        .comma_list("InstanceId", 100)
        .map_err(|_| Refusal::new("InvalidParameter.ToManyInstanceIds"))?
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect();
    for id in &ids {
        let row = call.find::<Instance>(id, "InvalidParameter.InvalidInstanceId")?;
        if row.subscription.is_none() {
            return refuse("ChargeTypeViolation");
        }
    }
    let status = match (params.text("RenewalStatus"), params.bool("AutoRenew")) {
        (Some(status @ ("AutoRenewal" | "Normal" | "NotRenewal")), _) => status.to_owned(),
        (Some(_), _) => return refuse("InvalidParameter.RenewalStatus"),
        (None, Some(true)) => "AutoRenewal".to_owned(),
        (None, _) => "Normal".to_owned(),
    };
    let duration = params.int("Duration")?;
    let unit = params.text_or("PeriodUnit", "Month");
    let good = match unit {
        "Week" => [1, 2, 3].contains(&duration.unwrap_or(1)),
        "Month" => [1, 2, 3, 6, 12, 24, 36, 48, 60].contains(&duration.unwrap_or(1)),
        "Year" => (1..=5).contains(&duration.unwrap_or(1)),
        _ => return refuse("InvalidPeriodUnit.ValueNotSupported"),
    };
    if !good {
        return refuse("InvalidParameter.Duration");
    }
    for id in &ids {
        call.world.update::<Instance, _>(id, |row| {
            if let Some(paid) = &mut row.subscription {
                paid.auto_renew = status == "AutoRenewal";
                paid.not_renewed = status == "NotRenewal";
                paid.renew_period = duration.unwrap_or(paid.renew_period);
                paid.renew_unit = unit.to_owned();
            }
        });
    }
    done()
}

fn describe_auto_renew(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .comma_list("InstanceId", 100)
        .map_err(|_| Refusal::new("InvalidParameter.ToManyInstanceIds"))?;
    for id in ids.iter().flatten() {
        let row = call.find::<Instance>(id, "InvalidParameter.InvalidInstanceId")?;
        if charge_type(row) == "PostPaid" {
            return refuse("ChargeTypeViolation");
        }
    }
    let page = call.page::<Instance>(Search::ids(ids), |row| {
        row.subscription.as_ref().is_some_and(|paid| {
            params
                .text("RenewalStatus")
                .is_none_or(|status| status == renewal_status(paid))
        })
    })?;
    Ok(call.listed(
        &page,
        "InstanceRenewAttributes",
        "InstanceRenewAttribute",
        |row| {
            let mut node = map! { "InstanceId": &row.id };
            if let Some(paid) = &row.subscription {
                node.push("AutoRenewEnabled", paid.auto_renew);
                node.push("RenewalStatus", renewal_status(paid));
                node.push("Duration", if paid.auto_renew { paid.renew_period } else { 0 });
                node.push("PeriodUnit", paid.renew_unit.as_str());
            }
            node
        },
    ))
}

fn renewal_status(paid: &Subscription) -> &'static str {
    match (paid.auto_renew, paid.not_renewed) {
        (true, _) => "AutoRenewal",
        (false, true) => "NotRenewal",
        (false, false) => "Normal",
    }
}

fn allocate_public_ip(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    steady(row)?;
    if row.bandwidth_out == 0 {
        return refuse("AllocateIpInvalidInstanceBandwidth");
    }
    // The vendor's table and its newest remarks disagree on a second call; the table is taken at its word.
    if row.public_ip.is_some() || eip_of(call, row).is_some() {
        return refuse("AllocatedAlready");
    }
    let address = match call.params.text("IpAddress") {
        None => None,
        Some(text) if text.parse::<std::net::Ipv4Addr>().is_err() => {
            return refuse("InvalidIpAddress.Malformed");
        }
        Some(text) if call.world.linked::<Instance>("public ip", text).next().is_some() => {
            return refuse("IpInUse");
        }
        // Only the classic network lets one choose.
        Some(_) if matches!(row.network, Network::Vpc { .. }) => return refuse("InvalidIpAddress.NotFound"),
        Some(text) => Some(text.to_owned()),
    };
    let (sequence, _) = call.world.make();
    let address = address.unwrap_or_else(|| public_ip(sequence));
    call.world.update::<Instance, _>(id, |row| {
        row.public_ip = Some(address.clone());
        row.public_ip_works = false;
    });
    Ok(map! { "IpAddress": address })
}
