//! What is loaded of gateways, load balancers, network interfaces, snapshots and their policies.

use serde_json::Value;

use super::super::api::api;
use super::super::head::Status;
use super::super::products::{ECS, SLB, VPC};
use super::load_balancer::LoadBalancer;
use super::load_item::{Loading, dress, needed, params, text, texts, time};
use super::nat_forward::ForwardEntry;
use super::nat_gateway::NatGateway;
use super::nat_snat::SnatEntry;
use super::network_interface::NetworkInterface;
use super::slb_certificate::ServerCertificate;
use super::slb_listener::Listener;
use super::slb_servers::ServerGroup;
use super::snapshot::Snapshot;
use super::snapshot_policy::SnapshotPolicy;

pub(super) fn take_nat(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "NatGatewayId")?;
    if loading.world.get::<NatGateway>(&id).is_some() {
        return Ok(());
    }
    let mut params = params(
        item,
        &[
            ("VpcId", "VpcId"),
            ("VSwitchId", "NatGatewayPrivateInfo.VswitchId"),
            ("NatIp", "NatGatewayPrivateInfo.PrivateIpAddress"),
            ("NetworkType", "NetworkType"),
            ("Name", "Name"),
            ("Description", "Description"),
            ("InternetChargeType", "InternetChargeType"),
            ("InstanceChargeType", "InstanceChargeType"),
            ("EipBindMode", "EipBindMode"),
            ("IcmpReplyEnabled", "IcmpReplyEnabled"),
            ("Spec", "Spec"),
        ],
    );
    if text(item, "InstanceChargeType") == "PrePaid" {
        params.push(("Duration".to_owned(), "1".to_owned()));
    }
    loading.make(VPC, "CreateNatGateway", params, &[("ngw-", id.clone())])?;
    loading.world.update::<NatGateway, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        let own = |path: &str, field: &mut String| match text(item, path) {
            found if found.is_empty() => {}
            found => *field = found,
        };
        own("SnatTableIds.SnatTableId.0", &mut row.snat_table);
        own("ForwardTableIds.ForwardTableId.0", &mut row.forward_table);
        own("NatGatewayPrivateInfo.EniInstanceId", &mut row.interface_id);
        row.protected = text(item, "DeletionProtection") == "true";
    });
    Ok(())
}

pub(super) fn take_snat(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "SnatEntryId")?;
    if loading.world.get::<SnatEntry>(&id).is_some() {
        return Ok(());
    }
    let mut params = params(
        item,
        &[
            ("SnatTableId", "SnatTableId"),
            ("SnatIp", "SnatIp"),
            ("SnatEntryName", "SnatEntryName"),
            ("EipAffinity", "EipAffinity"),
        ],
    );
    // The network of a vSwitch stands beside its id in an answer.
    for source in ["SourceVSwitchId", "NetworkInterfaceId", "SourceCIDR"] {
        let value = text(item, source);
        if !value.is_empty() {
            params.push((source.to_owned(), value));
            break;
        }
    }
    loading.make(VPC, "CreateSnatEntry", params, &[("snat-", id.clone())])?;
    loading
        .world
        .update::<SnatEntry, _>(&id, |row| dress(row, item, &text(item, "Status")));
    Ok(())
}

pub(super) fn take_forward(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "ForwardEntryId")?;
    if loading.world.get::<ForwardEntry>(&id).is_some() {
        return Ok(());
    }
    let names = [
        "ForwardTableId",
        "ExternalIp",
        "ExternalPort",
        "InternalIp",
        "InternalPort",
        "IpProtocol",
        "ForwardEntryName",
    ];
    let params = params(item, &names.map(|name| (name, name)));
    loading.make(VPC, "CreateForwardEntry", params, &[("fwd-", id.clone())])?;
    loading
        .world
        .update::<ForwardEntry, _>(&id, |row| dress(row, item, &text(item, "Status")));
    Ok(())
}

/// The servers of an item as the parameter that adds them; empty when there are none.
fn backends(item: &Value) -> String {
    let servers = item
        .pointer("/BackendServers/BackendServer")
        .and_then(Value::as_array);
    match servers {
        Some(servers) if !servers.is_empty() => Value::from(servers.clone()).to_string(),
        _ => String::new(),
    }
}

pub(super) fn take_balancer(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "LoadBalancerId")?;
    if loading.world.get::<LoadBalancer>(&id).is_none() {
        let mut params = params(
            item,
            &[
                ("LoadBalancerName", "LoadBalancerName"),
                ("LoadBalancerSpec", "LoadBalancerSpec"),
                ("AddressType", "AddressType"),
                ("VSwitchId", "VSwitchId"),
                ("MasterZoneId", "MasterZoneId"),
                ("SlaveZoneId", "SlaveZoneId"),
                ("InternetChargeType", "InternetChargeType"),
                ("InstanceChargeType", "InstanceChargeType"),
                ("Bandwidth", "Bandwidth"),
                ("DeleteProtection", "DeleteProtection"),
                ("ModificationProtectionStatus", "ModificationProtectionStatus"),
                ("ModificationProtectionReason", "ModificationProtectionReason"),
                ("ResourceGroupId", "ResourceGroupId"),
            ],
        );
        if !text(item, "VSwitchId").is_empty() {
            params.extend(self::params(item, &[("Address", "Address")]));
        }
        params.retain(|(name, value)| name != "Bandwidth" || value.parse::<i64>().is_ok_and(|own| own > 0));
        loading.make(SLB, "CreateLoadBalancer", params, &[("lb-", id.clone())])?;
        loading.world.update::<LoadBalancer, _>(&id, |row| {
            dress(row, item, &text(item, "LoadBalancerStatus"));
            row.address = text(item, "Address");
            row.created = time(item, "CreateTime").unwrap_or(row.created);
        });
    }
    let servers = backends(item);
    if !servers.is_empty() {
        let params = vec![
            ("LoadBalancerId".to_owned(), id),
            ("BackendServers".to_owned(), servers),
        ];
        loading.make(SLB, "AddBackendServers", params, &[])?;
    }
    Ok(())
}

pub(super) fn take_server_group(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "VServerGroupId")?;
    if loading.world.get::<ServerGroup>(&id).is_some() {
        return Ok(());
    }
    let mut params = params(
        item,
        &[
            ("LoadBalancerId", "LoadBalancerId"),
            ("VServerGroupName", "VServerGroupName"),
        ],
    );
    let servers = backends(item);
    if !servers.is_empty() {
        params.push(("BackendServers".to_owned(), servers));
    }
    loading.make(SLB, "CreateVServerGroup", params, &[("rsp-", id.clone())])?;
    loading.world.update::<ServerGroup, _>(&id, |row| {
        dress(&mut row.head, item, "");
        row.head.created = time(item, "CreateTime").unwrap_or(row.head.created);
    });
    Ok(())
}

pub(super) fn take_listener(loading: &mut Loading<'_>, item: &Value, protocol: &str) -> Result<(), String> {
    let (balancer, port) = (needed(item, "LoadBalancerId")?, needed(item, "ListenerPort")?);
    let id = format!("{balancer}_{}_{port}", protocol.to_ascii_lowercase());
    if loading.world.get::<Listener>(&id).is_some() {
        return Ok(());
    }
    let action = format!("CreateLoadBalancer{protocol}Listener");
    let facts = api().action(SLB, &action).ok_or("its action is not known")?;
    // Whatever of the answer the making takes under the same name; 0 and an empty text are nothing.
    let mut params: Vec<(String, String)> = facts
        .params
        .keys()
        .map(|name| (name.clone(), text(item, name)))
        .filter(|(name, value)| {
            !value.is_empty()
                && value != "0"
                && name != "RegionId"
                && !(name == "AclStatus" && value == "off")
        })
        .collect();
    // Only together does stickiness mean something.
    let sticky = text(item, "StickySession") == "on";
    params.retain(|(name, _)| {
        sticky || !["Cookie", "CookieTimeout", "StickySessionType"].contains(&name.as_str())
    });
    if protocol != "HTTP" {
        let interval = text(item, "HealthCheckInterval");
        if !interval.is_empty() && interval != "0" {
            params.push(("healthCheckInterval".to_owned(), interval));
        }
    }
    loading.make(SLB, &action, params, &[])?;
    loading.world.update::<Listener, _>(&id, |row| {
        let status = match text(item, "Status").as_str() {
            "running" => Status::ListenerRunning,
            _ => Status::ListenerStopped,
        };
        dress(&mut row.head, item, status.text());
    });
    Ok(())
}

/// A certificate without its private half, which nobody shows.
pub(super) fn take_certificate(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "ServerCertificateId")?;
    if loading.world.get::<ServerCertificate>(&id).is_some() {
        return Ok(());
    }
    let (mut head, _) = loading.call(SLB, "UploadServerCertificate", Vec::new(), |call| call.head(""))?;
    head.id = id;
    let mut row = ServerCertificate {
        head,
        common_name: text(item, "CommonName"),
        names: texts(item, "SubjectAlternativeNames.SubjectAlternativeName"),
        expires: item["ExpireTimeStamp"].as_i64().unwrap_or_default(),
        fingerprint: text(item, "Fingerprint"),
    };
    row.head.name = text(item, "ServerCertificateName");
    dress(&mut row.head, item, "");
    row.head.created = time(item, "CreateTime").unwrap_or(row.head.created);
    loading.world.insert(row);
    Ok(())
}

/// An interface of its own; the first one of a server comes with that.
pub(super) fn take_interface(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "NetworkInterfaceId")?;
    if loading.world.get::<NetworkInterface>(&id).is_some() || text(item, "Type") == "Primary" {
        return Ok(());
    }
    let mut params = params(
        item,
        &[
            ("VSwitchId", "VSwitchId"),
            ("PrimaryIpAddress", "PrivateIpAddress"),
            ("NetworkInterfaceName", "NetworkInterfaceName"),
            ("Description", "Description"),
            ("InstanceType", "Type"),
            ("ResourceGroupId", "ResourceGroupId"),
            ("NetworkInterfaceTrafficMode", "NetworkInterfaceTrafficMode"),
        ],
    );
    let mut listed = |param: &str, values: Vec<String>| {
        let numbered = values.into_iter().enumerate();
        params.extend(numbered.map(|(place, value)| (format!("{param}.{}", place + 1), value)));
    };
    listed(
        "SecurityGroupIds",
        texts(item, "SecurityGroupIds.SecurityGroupId"),
    );
    let of = |list: &str, field: &str| -> Vec<String> {
        let pointer = format!("/{}", list.replace('.', "/"));
        let members = item.pointer(&pointer).and_then(Value::as_array);
        let members = members.into_iter().flatten();
        members
            .filter(|one| one["Primary"].as_bool() != Some(true))
            .map(|one| text(one, field))
            .collect()
    };
    listed(
        "PrivateIpAddress",
        of("PrivateIpSets.PrivateIpSet", "PrivateIpAddress"),
    );
    listed("Ipv6Address", of("Ipv6Sets.Ipv6Set", "Ipv6Address"));
    listed("Ipv4Prefix", of("Ipv4PrefixSets.Ipv4PrefixSet", "Ipv4Prefix"));
    loading.make(ECS, "CreateNetworkInterface", params, &[("eni-", id.clone())])?;
    loading.world.update::<NetworkInterface, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.mac = text(item, "MacAddress");
        row.instance_id = text(item, "InstanceId");
        row.delete_on_release = text(item, "DeleteOnRelease") == "true";
        row.source_dest_check = text(item, "SourceDestCheck") == "true";
    });
    Ok(())
}

pub(super) fn take_policy(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "AutoSnapshotPolicyId")?;
    if loading.world.get::<SnapshotPolicy>(&id).is_some() {
        return Ok(());
    }
    let mut params = params(
        item,
        &[
            ("autoSnapshotPolicyName", "AutoSnapshotPolicyName"),
            ("timePoints", "TimePoints"),
            ("repeatWeekdays", "RepeatWeekdays"),
            ("retentionDays", "RetentionDays"),
            ("EnableCrossRegionCopy", "EnableCrossRegionCopy"),
            ("TargetCopyRegions", "TargetCopyRegions"),
            ("CopiedSnapshotsRetentionDays", "CopiedSnapshotsRetentionDays"),
            (
                "CopyEncryptionConfiguration.Encrypted",
                "CopyEncryptionConfiguration.Encrypted",
            ),
            (
                "CopyEncryptionConfiguration.KMSKeyId",
                "CopyEncryptionConfiguration.KMSKeyId",
            ),
            ("AssociationType", "AssociationType"),
            ("ResourceGroupId", "ResourceGroupId"),
        ],
    );
    let targets = item.pointer("/TargetTags/TargetTag").and_then(Value::as_array);
    for (place, tag) in targets.into_iter().flatten().enumerate() {
        for part in ["Key", "Value"] {
            let value = text(tag, &format!("Tag{part}"));
            params.push((format!("TargetTags.{}.{part}", place + 1), value));
        }
    }
    loading.make(ECS, "CreateAutoSnapshotPolicy", params, &[("sp-", id.clone())])?;
    loading
        .world
        .update::<SnapshotPolicy, _>(&id, |row| dress(row, item, ""));
    Ok(())
}

/// A listener as the list of all shows it: what belongs to its protocol stands in a part of its own.
pub(super) fn take_listed_listener(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let protocol = needed(item, "ListenerProtocol")?.to_ascii_uppercase();
    let mut flat = item.clone();
    if let Some(Value::Object(own)) = item.get(format!("{protocol}ListenerConfig"))
        && let Some(fields) = flat.as_object_mut()
    {
        fields.extend(own.clone());
    }
    take_listener(loading, &flat, &protocol)
}

pub(super) fn take_snapshot(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "SnapshotId")?;
    if loading.world.get::<Snapshot>(&id).is_some() {
        return Ok(());
    }
    let mut params = params(
        item,
        &[
            ("DiskId", "SourceDiskId"),
            ("SnapshotName", "SnapshotName"),
            ("Description", "Description"),
            ("Category", "Category"),
            ("ResourceGroupId", "ResourceGroupId"),
        ],
    );
    let days = text(item, "RetentionDays");
    if !days.is_empty() && days != "0" {
        params.push(("RetentionDays".to_owned(), days));
    }
    loading.make(ECS, "CreateSnapshot", params, &[("s-", id.clone())])?;
    loading
        .world
        .update::<Snapshot, _>(&id, |row| dress(row, item, &text(item, "Status")));
    Ok(())
}
