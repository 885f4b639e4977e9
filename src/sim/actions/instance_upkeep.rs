//! The rarer changes of an instance: renewal, release by the calendar, network move, metadata, maintenance, roles.

use super::super::call::{Call, Entry, Search, done};
use super::super::head::Status;
use super::super::head::regional_id;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::disk_row::Disk;
use super::instance_change::steady;
use super::instance_options;
use super::instance_order::{auto_release, check_groups, paid_until};
use super::instance_row::ABSENT;
use super::instance_row::{Instance, Network};
use super::instance_tuning::POOL;
use super::ram_role::takeable;
use super::vswitch::VSwitch;
use super::vswitch::free_address;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "RenewInstance", renew),
    (ECS, "ReActivateInstances", reactivate),
    (ECS, "ModifyPrepayInstanceSpec", modify_prepay_spec),
    (ECS, "ModifyInstanceAutoReleaseTime", modify_auto_release),
    (ECS, "ModifyInstanceVpcAttribute", modify_vpc_attribute),
    (ECS, "ModifyInstanceMetadataOptions", modify_metadata),
    (ECS, "ModifyInstanceMaintenanceAttributes", modify_maintenance),
    (ECS, "DescribeInstanceMaintenanceAttributes", describe_maintenance),
    (ECS, "DescribeInstanceAttachmentAttributes", describe_attachment),
    (ECS, "ReleasePublicIpAddress", release_public_ip),
    (ECS, "AttachInstanceRamRole", attach_role),
    (ECS, "DetachInstanceRamRole", detach_role),
    (ECS, "DescribeInstanceRamRole", describe_role),
    (ECS, "JoinResourceGroup", join_resource_group),
];

fn renew(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    let Some(paid) = &row.subscription else {
        return refuse("ChargeTypeViolation");
    };
    let expires = match (params.text("Period"), params.int("ExpectedRenewDay")?) {
        (Some(_), Some(_)) => return refuse("InvalidExpectedRenewDay.Conflict"),
        (None, None) => return refuse("InvalidPeriod.NotFound"),
        (None, Some(day)) if !(1..=28).contains(&day) => {
            return refuse("InvalidExpectedRenewDay.ValueNotSupported");
        }
        (None, Some(_)) => super::super::clock::add_months(paid.expires, 1),
        (Some(_), None) => paid_until(call, paid.expires - 1)?,
    };
    call.world.update::<Instance, _>(id, |row| {
        if let Some(paid) = &mut row.subscription {
            paid.expires = expires;
        }
        // What had run out comes back as it was.
        if row.lock_reason == "financial" && !row.is_leaving() {
            row.lock_reason.clear();
        }
    });
    let disks: Vec<String> = call
        .world
        .linked::<Disk>("instance", id)
        .filter(|disk| disk.expires.is_some())
        .map(|disk| disk.id.clone())
        .collect();
    for disk in disks {
        call.world
            .update::<Disk, _>(&disk, |disk| disk.expires = Some(expires));
    }
    Ok(map! { "OrderId": format!("20{:013}", call.world.made()) })
}

fn reactivate(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    if row.subscription.is_some() {
        return refuse("InvalidPayType.NotSupport");
    }
    // Only what was stopped for lack of money is reactivated, and pay-as-you-go never lacks it here.
    refuse("ReopenInstance.InstanceStatusNotValid")
}

fn modify_prepay_spec(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    if row.subscription.is_none() {
        return refuse("InvalidInstanceChargeType.ValueNotSupported");
    }
    let kind = call
        .settings
        .catalogue
        .find_instance_type(params.required("InstanceType")?)
        .ok_or_else(|| Refusal::new("InvalidInstanceType.ValueNotSupported"))?;
    let catalogue = &call.settings.catalogue;
    let price = |id: &str| {
        catalogue
            .find_instance_type(id)
            .map_or(0, |kind| catalogue.price_per_hour(kind))
    };
    let downgrade = match params.text_or("OperatorType", "upgrade") {
        "upgrade" => false,
        "downgrade" => true,
        _ => return Err(Refusal::invalid("OperatorType")),
    };
    if downgrade == (catalogue.price_per_hour(kind) > price(&row.instance_type)) {
        return refuse("InvalidInstanceType.ValueNotSupported");
    }
    if downgrade && row.status != Status::Stopped {
        return refuse("InvalidStatus.NotStopped");
    }
    steady(row)?;
    if !call.settings.is_stocked(&kind.id, &row.zone) {
        return refuse("OperationDenied.NoStock");
    }
    call.world
        .update::<Instance, _>(id, |row| row.instance_type.clone_from(&kind.id));
    Ok(map! { "OrderId": format!("20{:013}", call.world.made()) })
}

fn modify_auto_release(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let row = call.find::<Instance>(id, "NoSuchResource")?;
    if row.subscription.is_some() {
        return refuse("ChargeTypeViolation");
    }
    // Nothing or an empty text cancels it.
    let at = auto_release(call)?;
    call.world.update::<Instance, _>(id, |row| row.auto_release = at);
    done()
}

fn modify_vpc_attribute(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    let vswitch_id = params.required("VSwitchId")?;
    let row = call.find::<Instance>(id, ABSENT)?;
    let vswitch = call.find::<VSwitch>(vswitch_id, "InvalidVSwitchId.NotFound")?;
    let Network::Vpc {
        vpc_id, eni_id, mac, ..
    } = &row.network
    else {
        return refuse("OperationDenied");
    };
    if row.status != Status::Stopped || row.is_leaving() {
        return Err(Refusal::new("IncorrectInstanceStatus")
            .with_status(400)
            .with_message("The current status of instance does not support this operation."));
    }
    if vswitch.zone != row.zone {
        return refuse("InvalidOperation.VswAndEcsAvailabilityZoneMismatch");
    }
    let target_vpc = params.text_or("VpcId", vpc_id);
    if vswitch.vpc_id != target_vpc {
        return Err(call.code(&["VSwitchIdNotMatch", "InvalidVSwitch.NotBelongToVpc"]));
    }
    let groups: Vec<String> = params
        .list("SecurityGroupId")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if target_vpc != vpc_id {
        if groups.is_empty() {
            return refuse("InvalidParameter.SecurityGroupId");
        }
        check_groups(call, &groups, target_vpc)?;
    } else if !groups.is_empty() {
        return refuse("InvalidParameter.MustBeEmpty");
    }
    let own = |address: u32| {
        matches!(&row.network, Network::Vpc { vswitch_id: own, private_ip, .. }
            if own == vswitch_id && *private_ip == address)
    };
    let asked = match params.text("PrivateIpAddress") {
        None => None,
        Some(text) => {
            let address = text.parse::<std::net::Ipv4Addr>().map(u32::from);
            let address = address.map_err(|_| Refusal::new("InvalidPrivateIpAddress.Malformed"))?;
            if !vswitch.cidr_block.usable().contains(&address) {
                return refuse("InvalidPrivateIpAddress.Mismatch");
            }
            if call.world.address_is_used(vswitch_id, address) && !own(address) {
                return refuse("InvalidPrivateIpAddress.Duplicated");
            }
            Some(address)
        }
    };
    let (vpc_id, eni_id, mac) = (target_vpc.to_owned(), eni_id.clone(), mac.clone());
    let Some(private_ip) = asked.or_else(|| free_address(call.world, vswitch_id)) else {
        return refuse("InvalidParameter.NotEnoughIpInVSwitch");
    };
    let vswitch_id = vswitch_id.to_owned();
    call.world.update::<Instance, _>(id, |row| {
        row.network = Network::Vpc {
            vpc_id,
            vswitch_id,
            private_ip,
            eni_id,
            mac,
        };
    });
    if !groups.is_empty() {
        call.world
            .update::<Instance, _>(id, |row| row.security_groups = groups);
    }
    done()
}

fn modify_metadata(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InstanceId")?;
    call.find::<Instance>(id, ABSENT)?;
    let endpoint = params.required("HttpEndpoint")?;
    if !matches!(endpoint, "enabled" | "disabled") {
        return refuse("InvalidHttpEndpoint.NotSupported");
    }
    let tokens = params.text("HttpTokens");
    if tokens.is_some_and(|tokens| !matches!(tokens, "optional" | "required")) {
        return refuse("InvalidHttpTokens.NotSupported");
    }
    let hop_limit = params.int("HttpPutResponseHopLimit")?;
    let options = instance_options::told(call)?;
    call.world.update::<Instance, _>(id, |row| {
        row.options.extend(options);
        row.http_endpoint = endpoint.to_owned();
        row.hop_limit = hop_limit.unwrap_or(row.hop_limit);
        if let Some(tokens) = tokens {
            row.http_tokens = tokens.to_owned();
        }
    });
    done()
}

fn modify_maintenance(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids: Vec<String> = params.list("InstanceId").into_iter().map(str::to_owned).collect();
    let action = params.text("ActionOnMaintenance");
    if action.is_some_and(|action| !matches!(action, "Stop" | "AutoRecover" | "AutoRedeploy")) {
        return Err(Refusal::invalid("ActionOnMaintenance"));
    }
    let windows = params.groups("MaintenanceWindow");
    let window = windows.first().map(|window| {
        (
            window.text_or("StartTime", "").to_owned(),
            window.text_or("EndTime", "").to_owned(),
        )
    });
    for id in &ids {
        call.find::<Instance>(id, ABSENT)?;
    }
    for id in &ids {
        call.world.update::<Instance, _>(id, |row| {
            if let Some(action) = action {
                row.maintenance_action = action.to_owned();
            }
            if window.is_some() {
                row.maintenance_window.clone_from(&window);
            }
            row.maintenance_notify = params
                .bool("NotifyOnMaintenance")
                .unwrap_or(row.maintenance_notify);
        });
    }
    done()
}

fn describe_maintenance(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.list("InstanceId");
    let ids = (!ids.is_empty()).then_some(ids);
    let page = call.page::<Instance>(Search::ids(ids), |_| true)?;
    Ok(call.listed(&page, "MaintenanceAttributes", "MaintenanceAttribute", |row| {
        let windows = row
            .maintenance_window
            .iter()
            .map(|(start, end)| map! { "StartTime": start, "EndTime": end })
            .collect::<Vec<_>>();
        let action = if row.maintenance_action.is_empty() { "AutoRecover" } else { &row.maintenance_action };
        map! {
            "InstanceId": &row.id,
            "MaintenanceWindows": map! { "MaintenanceWindow": windows },
            "ActionOnMaintenance": map! {
                "Value": action,
                "DefaultValue": "AutoRecover",
                "SupportedValues": map! { "SupportedValue": super::super::node::texts(["Stop", "AutoRecover", "AutoRedeploy"]) },
            },
            "NotifyOnMaintenance": row.maintenance_notify,
        }
    }))
}

fn describe_attachment(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut ids = call.params.json_list("InstanceIds", 100)?;
    let listed = call.params.list("InstanceId");
    if !listed.is_empty() {
        ids.get_or_insert_default()
            .extend(listed.into_iter().map(str::to_owned));
    }
    let page = call.page::<Instance>(Search::ids(ids), |_| true)?;
    Ok(call.listed(&page, "Instances", "Instance", |row| {
        let criteria = row.options.get(POOL).map_or("", String::as_str);
        map! { "InstanceId": &row.id, "PrivatePoolOptionsId": "", "PrivatePoolOptionsMatchCriteria": criteria }
    }))
}

fn release_public_ip(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let address = call.params.required("PublicIpAddress")?;
    let row = match call.params.text("InstanceId") {
        Some(id) => call.find::<Instance>(id, ABSENT)?,
        None => call
            .world
            .linked::<Instance>("public ip", address)
            .next()
            .ok_or_else(|| Refusal::new("InvalidIpAddress.NeedInstanceId"))?,
    };
    steady(row)?;
    if row.public_ip.as_deref() != Some(address) {
        return refuse("InvalidIpAddress.NotFound");
    }
    if call.params.flag("DryRun") {
        return Err(
            Refusal::new("DryRunOperation").with_message("This is a dryrun request with successful result.")
        );
    }
    let id = row.id.clone();
    call.world.update::<Instance, _>(&id, |row| {
        row.public_ip = None;
        row.public_ip_works = false;
        row.bandwidth_out = 0;
    });
    Ok(map! { "RemainTimes": "4" })
}

// ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────

fn attach_role(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let role = call.params.required("RamRoleName")?.to_owned();
    takeable(call, &role)?;
    let (total, failed, results) = each_role(call, &role, true)?;
    Ok(map! {
        "RamRoleName": role,
        "TotalCount": total,
        "FailCount": failed,
        "AttachInstanceRamRoleResults": map! { "AttachInstanceRamRoleResult": results },
    })
}

fn detach_role(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let role = call.params.text_or("RamRoleName", "").to_owned();
    let (total, failed, results) = each_role(call, &role, false)?;
    Ok(map! {
        "RamRoleName": role,
        "TotalCount": total,
        "FailCount": failed,
        "DetachInstanceRamRoleResults": map! { "DetachInstanceRamRoleResult": results },
    })
}

fn each_role(call: &mut Call<'_>, role: &str, bind: bool) -> Result<(usize, usize, Vec<Node>), Refusal> {
    let ids = call
        .params
        .json_list("InstanceIds", 100)
        .map_err(|_| Refusal::new("InvalidInstanceIds.Malformed"))?
        .unwrap_or_default();
    let mut results = Vec::new();
    let mut failed = 0;
    for id in &ids {
        let outcome = match call.find::<Instance>(id, ABSENT) {
            Err(refusal) => Err(refusal.code),
            Ok(row) if matches!(row.network, Network::Classic { .. }) => {
                Err("InvalidNetworkType.MismatchRamRole".to_owned())
            }
            Ok(row) if bind && !row.ram_role.is_empty() => Err("InvalidOperation.RamRoleExists".to_owned()),
            Ok(row) if !bind && (row.ram_role.is_empty() || (!role.is_empty() && row.ram_role != role)) => {
                Err("InvalidRamRole.NotFound".to_owned())
            }
            Ok(_) => Ok(()),
        };
        let code = match outcome {
            Ok(()) => {
                call.world.update::<Instance, _>(id, |row| {
                    row.ram_role = if bind { role.to_owned() } else { String::new() };
                });
                "200".to_owned()
            }
            Err(code) => code,
        };
        let good = code == "200";
        failed += usize::from(!good);
        results.push(map! {
            "InstanceId": id,
            "Code": code,
            "Message": if good { "Success" } else { "failed" },
            "Success": good,
        });
    }
    Ok((ids.len(), failed, results))
}

fn describe_role(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params
        .json_list("InstanceIds", 100)
        .map_err(|_| Refusal::new("InvalidInstanceIds.Malformed"))?;
    if ids.is_none() && params.text("RamRoleName").is_none() {
        return refuse("InvalidParameter.AllEmpty");
    }
    let page = call.page::<Instance>(Search::ids(ids), |row| {
        !row.ram_role.is_empty() && params.text("RamRoleName").is_none_or(|role| role == row.ram_role)
    })?;
    Ok(
        call.listed(&page, "InstanceRamRoleSets", "InstanceRamRoleSet", |row| {
            map! { "InstanceId": &row.id, "RamRoleName": &row.ram_role }
        }),
    )
}

fn join_resource_group(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let group = params.required("ResourceGroupId")?;
    let kind = params.text_or("ResourceType", "instance").to_ascii_lowercase();
    let id = match (params.required("ResourceId")?, kind.as_str()) {
        (name, "keypair") => regional_id(&call.region, name),
        (id, _) => id.to_owned(),
    };
    let Some(table) = call.world.resource_mut(ECS, &kind) else {
        return refuse("InvalidResourceType.NotFound");
    };
    if table.head(&id).is_none() {
        return refuse("InvalidResourceId.NotFound");
    }
    table.change_head(&id, &mut |head| head.resource_group = group.to_owned());
    done()
}
