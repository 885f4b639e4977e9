//! Things in the shape of the vendor's answers, put into a cloud under their own ids: the body of `POST /_sim/load`.
//! Each is made by the action that makes such a thing, so it must pass every check of that action; what an order
//! cannot say is set afterwards. Everything is loaded or nothing. Does not know where the items come from.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::catalogue::DISK_CATEGORIES;
use super::super::clock::UnixMillis;
use super::super::cloud::Cloud;
use super::super::head::regional_id;
use super::super::net::{Cidr, Cidr6};
use super::super::products::{ECS, SLB, VPC};
use super::super::store::StoreError;
use super::disk_row::Disk;
use super::eip::Eip;
use super::instance_row::Instance;
use super::key_pair::KeyPair;
use super::load_item::{Loading, dress, needed, params, text, texts, time};
use super::security_group::SecurityGroup;
use super::vpc::Vpc;
use super::vswitch::VSwitch;
use super::{find, kinds};
use super::{load_network, load_routes};

/// Why items are not loaded; the cloud is as it was.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The body has another form.
    #[error("it is not of the form {{account, region, items: [{{product, version, action, item}}]}}: {0}")]
    Form(#[from] serde_json::Error),
    /// The account is none that is served, and there are several.
    #[error("no account `{0}` is served")]
    Account(String),
    /// An item cannot be held.
    #[error("item {place}, {action} {id}: {why}")]
    Item {
        /// Its place, counted from 0.
        place: usize,
        /// The action in whose answer it stood.
        action: String,
        /// Its id, as far as it has one.
        id: String,
        /// What is in the way.
        why: String,
    },
    /// The items contradict each other or what is there.
    #[error("they contradict each other: {0}")]
    Contradiction(String),
    /// The log on disk cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    /// The id of the account that the items are from; the one that is served becomes it.
    account: Option<String>,
    region: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(rename = "product")]
    _product: String,
    version: String,
    action: String,
    item: Value,
}

/// How an item is taken in: what stands on others comes later.
type Take = fn(&mut Loading<'_>, &Value) -> Result<(), String>;

const TAKES: &[(&str, &str, Take)] = &[
    (ECS, "DescribeImages", take_image),
    (ECS, "DescribeInstanceTypes", take_type),
    (VPC, "DescribeVpcs", take_vpc),
    (VPC, "DescribeVpcAttribute", take_vpc),
    (VPC, "DescribeVSwitches", take_vswitch),
    (VPC, "DescribeVSwitchAttributes", take_vswitch),
    (VPC, "DescribeRouteTableList", load_routes::take_table),
    (ECS, "DescribeSecurityGroups", take_group),
    (ECS, "DescribeSecurityGroupAttribute", take_rules),
    (ECS, "DescribeKeyPairs", take_key_pair),
    (ECS, "DescribeAutoSnapshotPolicyEx", load_network::take_policy),
    (ECS, "DescribeInstances", take_instance),
    (ECS, "DescribeUserData", take_user_data),
    (ECS, "DescribeInstanceAutoRenewAttribute", take_renewal),
    (ECS, "DescribeDisks", take_disk),
    (ECS, "DescribeSnapshots", load_network::take_snapshot),
    (ECS, "DescribeNetworkInterfaces", load_network::take_interface),
    (VPC, "DescribeNatGateways", load_network::take_nat),
    (VPC, "DescribeRouteEntryList", load_routes::take_entry),
    (SLB, "DescribeLoadBalancers", load_network::take_balancer),
    (SLB, "DescribeLoadBalancerAttribute", load_network::take_balancer),
    (SLB, "DescribeServerCertificates", load_network::take_certificate),
    (
        SLB,
        "DescribeVServerGroupAttribute",
        load_network::take_server_group,
    ),
    (
        SLB,
        "DescribeLoadBalancerListeners",
        load_network::take_listed_listener,
    ),
    (
        SLB,
        "DescribeLoadBalancerTCPListenerAttribute",
        |loading, item| load_network::take_listener(loading, item, "TCP"),
    ),
    (
        SLB,
        "DescribeLoadBalancerUDPListenerAttribute",
        |loading, item| load_network::take_listener(loading, item, "UDP"),
    ),
    (
        SLB,
        "DescribeLoadBalancerHTTPListenerAttribute",
        |loading, item| load_network::take_listener(loading, item, "HTTP"),
    ),
    (
        SLB,
        "DescribeLoadBalancerHTTPSListenerAttribute",
        |loading, item| load_network::take_listener(loading, item, "HTTPS"),
    ),
    (VPC, "DescribeEipAddresses", take_eip),
    (VPC, "DescribeSnatTableEntries", load_network::take_snat),
    (VPC, "DescribeForwardTableEntries", load_network::take_forward),
];

/// Loads all items; says how many there were.
pub(in crate::sim) fn load(cloud: &mut Cloud, body: &str, now: UnixMillis) -> Result<usize, LoadError> {
    let load: Load = serde_json::from_str(body)?;
    let times = cloud.clock.at(now);
    let wanted = load.account.clone().unwrap_or_default();
    let by_id = cloud
        .accounts
        .iter()
        .find(|(key, world)| **key == wanted || world.account_id == wanted)
        .map(|(key, _)| key.clone());
    let only = || (cloud.accounts.len() == 1).then(|| cloud.accounts.keys().next().cloned());
    let Some(key) = by_id.or_else(|| only().flatten()) else {
        return Err(LoadError::Account(wanted));
    };
    let world = &mut cloud.accounts.get_mut(&key).ok_or(LoadError::Account(wanted))?;
    world.settle(times);
    let mut loading = Loading {
        world: world.copy(kinds())?,
        settings: cloud.settings.for_loading(),
        region: load.region,
        now: times,
        find,
        system_disks: load
            .items
            .iter()
            .filter(|item| item.action == "DescribeDisks")
            .map(|item| &item.item)
            .filter(|disk| text(disk, "Type") == "system")
            .map(|disk| (text(disk, "InstanceId"), disk))
            .collect(),
    };
    if let Some(account) = load.account {
        loading.world.account_id = account;
    }
    for (place, item) in load.items.iter().enumerate() {
        if !TAKES
            .iter()
            .any(|(version, action, _)| *version == item.version && *action == item.action)
        {
            return Err(LoadError::Item {
                place,
                action: item.action.clone(),
                id: String::new(),
                why: "there is no place for such items".to_owned(),
            });
        }
    }
    for (version, action, take) in TAKES {
        let own = |item: &&Item| item.version == *version && item.action == *action;
        for (place, item) in load.items.iter().enumerate().filter(|(_, item)| own(item)) {
            take(&mut loading, &item.item).map_err(|why| LoadError::Item {
                place,
                action: (*action).to_owned(),
                id: any_id(&item.item),
                why,
            })?;
        }
    }
    if let Some(fault) = loading.world.check().into_iter().next() {
        return Err(LoadError::Contradiction(fault));
    }
    cloud.settings.catalogue = Arc::clone(&loading.settings.catalogue);
    cloud.settings.catalogues = loading.settings.catalogues;
    cloud.settings.offer_version += 1;
    cloud.replace_world(&key, loading.world, now)?;
    Ok(load.items.len())
}

fn any_id(item: &Value) -> String {
    let fields = item.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| name.ends_with("Id"))
        .find_map(|(_, value)| value.as_str().filter(|text| text.contains('-')))
        .unwrap_or("")
        .to_owned()
}

// ── one kind after the other ─────────────────────────────────────────────────────────────────────────────────────

fn take_image(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "ImageId")?;
    if loading.settings.catalogue.find_image(&id).is_some() {
        return Ok(());
    }
    let or = |name: &str, otherwise: &str| {
        let found = text(item, name);
        if found.is_empty() {
            otherwise.to_owned()
        } else {
            found
        }
    };
    let image = serde_json::json!({
        "id": id, "name": text(item, "ImageName"), "family": text(item, "ImageFamily"),
        "owner": or("ImageOwnerAlias", "system"), "os_name": text(item, "OSName"), "os_name_en": text(item, "OSNameEn"),
        "platform": text(item, "Platform"), "os_type": or("OSType", "linux"), "size": item["Size"].as_i64().unwrap_or(20),
        "architecture": or("Architecture", "x86_64"), "boot_mode": or("BootMode", "BIOS"),
        "created": or("CreationTime", "2026-01-01T00:00:00Z"), "product_code": text(item, "ProductCode"),
    });
    add(loading, &serde_json::json!({ "images": [image] }))
}

fn take_type(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "InstanceTypeId")?;
    if loading.settings.catalogue.find_instance_type(&id).is_some() {
        return Ok(());
    }
    let cpu = item["CpuCoreCount"].as_i64().unwrap_or(2);
    let memory = item["MemorySize"].as_f64().unwrap_or(4.0);
    let architecture = text(item, "CpuArchitecture");
    add_type(
        loading,
        &id,
        &text(item, "InstanceTypeFamily"),
        &architecture,
        cpu,
        memory,
    )
}

fn add_type(
    loading: &mut Loading<'_>,
    id: &str,
    family: &str,
    architecture: &str,
    cpu: i64,
    memory: f64,
) -> Result<(), String> {
    let family = if family.is_empty() {
        id.rsplit_once('.').map_or(id, |(family, _)| family)
    } else {
        family
    };
    let architecture = if architecture == "ARM" { "ARM" } else { "X86" };
    add(
        loading,
        &serde_json::json!({ "families": [{
            "id": family, "price": 200, "architecture": architecture, "disk_categories": DISK_CATEGORIES,
            "types": [{ "id": id, "cpu": cpu, "memory": memory, "interfaces": 8, "addresses": 30 }],
        }]}),
    )
}

fn add(loading: &mut Loading<'_>, catalogue: &Value) -> Result<(), String> {
    loading
        .settings
        .add_to_catalogue(&catalogue.to_string())
        .map_err(|error| error.to_string())
}

fn take_vpc(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "VpcId")?;
    if loading.world.get::<Vpc>(&id).is_some() {
        return Ok(());
    }
    let params = params(
        item,
        &[
            ("CidrBlock", "CidrBlock"),
            ("VpcName", "VpcName"),
            ("Description", "Description"),
            ("ResourceGroupId", "ResourceGroupId"),
        ],
    );
    loading.make(VPC, "CreateVpc", params, &[("vpc-", id.clone())])?;
    let ipv6 = ipv6_of(item)?;
    let mut secondary = Vec::new();
    for network in texts(item, "SecondaryCidrBlocks.SecondaryCidrBlock") {
        secondary.push(Cidr::parse(&network).ok_or_else(|| format!("{network} is no network"))?);
    }
    loading.world.update::<Vpc, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.is_default = text(item, "IsDefault") == "true";
        row.ipv6 = ipv6;
        row.secondary = secondary;
        row.user_cidr = texts(item, "UserCidrs.UserCidr").join(",");
        row.dns_host_names = text(item, "DnsHostnameStatus") == "ENABLED";
        row.classic_link = text(item, "ClassicLinkEnabled") == "true";
    });
    Ok(())
}

/// The IPv6 network of a VPC or vSwitch.
fn ipv6_of(item: &Value) -> Result<Option<Cidr6>, String> {
    match text(item, "Ipv6CidrBlock") {
        none if none.is_empty() => Ok(None),
        network => match Cidr6::parse(&network) {
            Some(network) => Ok(Some(network)),
            None => Err(format!("{network} is no network")),
        },
    }
}

fn take_vswitch(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "VSwitchId")?;
    if loading.world.get::<VSwitch>(&id).is_some() {
        return Ok(());
    }
    let params = params(
        item,
        &[
            ("VpcId", "VpcId"),
            ("ZoneId", "ZoneId"),
            ("CidrBlock", "CidrBlock"),
            ("VSwitchName", "VSwitchName"),
            ("Description", "Description"),
        ],
    );
    loading.make(VPC, "CreateVSwitch", params, &[("vsw-", id.clone())])?;
    let ipv6 = ipv6_of(item)?;
    loading.world.update::<VSwitch, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.ipv6 = ipv6;
        row.is_default = text(item, "IsDefault") == "true";
    });
    Ok(())
}

fn take_group(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "SecurityGroupId")?;
    if loading.world.get::<SecurityGroup>(&id).is_some() {
        return Ok(());
    }
    let params = params(
        item,
        &[
            ("VpcId", "VpcId"),
            ("SecurityGroupName", "SecurityGroupName"),
            ("Description", "Description"),
            ("SecurityGroupType", "SecurityGroupType"),
            ("ResourceGroupId", "ResourceGroupId"),
        ],
    );
    loading.make(ECS, "CreateSecurityGroup", params, &[("sg-", id.clone())])?;
    let vpc_id = text(item, "VpcId");
    loading.world.update::<SecurityGroup, _>(&id, |row| {
        dress(row, item, "Available");
        row.vpc_id = vpc_id;
    });
    Ok(())
}

fn take_rules(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "SecurityGroupId")?;
    let group = loading
        .world
        .get::<SecurityGroup>(&id)
        .ok_or("its group is not among the items")?;
    if !group.rules.is_empty() {
        return Ok(());
    }
    if let access @ ("Accept" | "Drop") = text(item, "InnerAccessPolicy").as_str() {
        loading
            .world
            .update::<SecurityGroup, _>(&id, |row| row.inner_access = access.to_owned());
    }
    let rules = item.pointer("/Permissions/Permission").and_then(Value::as_array);
    // The newest comes first in an answer.
    for rule in rules.into_iter().flatten().rev() {
        let egress = text(rule, "Direction") == "egress";
        let mut params = params(
            rule,
            &[
                ("IpProtocol", "IpProtocol"),
                ("PortRange", "PortRange"),
                ("Policy", "Policy"),
                ("Priority", "Priority"),
                ("Description", "Description"),
                ("NicType", "NicType"),
                ("Ipv6SourceCidrIp", "Ipv6SourceCidrIp"),
                ("Ipv6DestCidrIp", "Ipv6DestCidrIp"),
            ],
        );
        let side: &[(&str, &str)] = if egress {
            &[
                ("DestCidrIp", "DestCidrIp"),
                ("DestGroupId", "DestGroupId"),
                ("DestPrefixListId", "DestPrefixListId"),
            ]
        } else {
            &[
                ("SourceCidrIp", "SourceCidrIp"),
                ("SourceGroupId", "SourceGroupId"),
                ("SourcePrefixListId", "SourcePrefixListId"),
            ]
        };
        params.extend(self::params(rule, side));
        params.push(("SecurityGroupId".to_owned(), id.clone()));
        let action = if egress {
            "AuthorizeSecurityGroupEgress"
        } else {
            "AuthorizeSecurityGroup"
        };
        let rule_id = text(rule, "SecurityGroupRuleId");
        loading.make(ECS, action, params, &[("sgr-", rule_id)])?;
        let created = time(rule, "CreateTime");
        loading.world.update::<SecurityGroup, _>(&id, |row| {
            if let (Some(created), Some(rule)) = (created, row.rules.last_mut()) {
                rule.created = created;
            }
        });
    }
    Ok(())
}

fn take_key_pair(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let name = needed(item, "KeyPairName")?;
    let id = regional_id(&loading.region, &name);
    if loading.world.get::<KeyPair>(&id).is_some() {
        return Ok(());
    }
    // The key itself is not in an answer; nothing asks for it.
    let key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAA".to_owned();
    let params = vec![
        ("KeyPairName".to_owned(), name),
        ("PublicKeyBody".to_owned(), key),
    ];
    loading.make(ECS, "ImportKeyPair", params, &[])?;
    loading.world.update::<KeyPair, _>(&id, |row| {
        dress(row, item, "Available");
        row.fingerprint = text(item, "KeyPairFingerPrint");
    });
    Ok(())
}

fn take_instance(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "InstanceId")?;
    if loading.world.get::<Instance>(&id).is_some() {
        return Ok(());
    }
    let kind = needed(item, "InstanceType")?;
    if loading.settings.catalogue.find_instance_type(&kind).is_none() {
        let cpu = item["Cpu"].as_i64().unwrap_or(2);
        let memory = item["Memory"].as_f64().unwrap_or(4096.0) / 1024.0;
        add_type(
            loading,
            &kind,
            &text(item, "InstanceTypeFamily"),
            "X86",
            cpu,
            memory,
        )?;
    }
    let image = needed(item, "ImageId")?;
    if !image.starts_with("m-") || loading.settings.catalogue.find_image(&image).is_none() {
        take_image(loading, item)?;
    }
    let mut params = params(
        item,
        &[
            ("InstanceType", "InstanceType"),
            ("ImageId", "ImageId"),
            ("ZoneId", "ZoneId"),
            ("VSwitchId", "VpcAttributes.VSwitchId"),
            ("PrivateIpAddress", "VpcAttributes.PrivateIpAddress.IpAddress.0"),
            ("InstanceName", "InstanceName"),
            ("Description", "Description"),
            ("HostName", "HostName"),
            ("InternetChargeType", "InternetChargeType"),
            ("InternetMaxBandwidthOut", "InternetMaxBandwidthOut"),
            ("KeyPairName", "KeyPairName"),
            ("SpotStrategy", "SpotStrategy"),
            ("CreditSpecification", "CreditSpecification"),
            ("ResourceGroupId", "ResourceGroupId"),
            ("HttpEndpoint", "MetadataOptions.HttpEndpoint"),
            ("HttpTokens", "MetadataOptions.HttpTokens"),
            ("InstanceChargeType", "InstanceChargeType"),
        ],
    );
    let subscribed = text(item, "InstanceChargeType") == "PrePaid";
    if subscribed {
        params.push(("Period".to_owned(), "1".to_owned()));
    }
    if text(item, "IoOptimized") == "false" {
        params.push(("IoOptimized".to_owned(), "none".to_owned()));
    }
    for (place, group) in texts(item, "SecurityGroupIds.SecurityGroupId")
        .into_iter()
        .enumerate()
    {
        params.push((format!("SecurityGroupIds.{}", place + 1), group));
    }
    let system = loading.system_disks.get(&id).copied();
    let disk_id = system.map(|disk| text(disk, "DiskId")).unwrap_or_default();
    if let Some(disk) = system {
        params.extend(self::params(
            disk,
            &[
                ("SystemDisk.Category", "Category"),
                ("SystemDisk.Size", "Size"),
                ("SystemDisk.PerformanceLevel", "PerformanceLevel"),
            ],
        ));
    }
    let interface = text(item, "NetworkInterfaces.NetworkInterface.0.NetworkInterfaceId");
    let ids = [("i-", id.clone()), ("d-", disk_id), ("eni-", interface)];
    loading.make(ECS, "RunInstances", params, &ids)?;
    let public = texts(item, "PublicIpAddress.IpAddress").into_iter().next();
    let now = loading.now;
    loading.world.update::<Instance, _>(&id, |row| {
        let status = text(item, "Status");
        dress(row, item, &status);
        row.host_name = text(item, "HostName");
        row.public_ip_works = public.is_some();
        row.public_ip = public;
        row.deletion_protection = text(item, "DeletionProtection") == "true";
        row.bandwidth_in = item["InternetMaxBandwidthIn"]
            .as_i64()
            .unwrap_or(row.bandwidth_in);
        row.started = time(item, "StartTime");
        row.serial_number = text(item, "SerialNumber");
        row.auto_release = time(item, "AutoReleaseTime").filter(|at| *at > now.real);
        row.spot.price_limit = item["SpotPriceLimit"].as_f64().unwrap_or(0.0);
        row.spot.duration = item["SpotDuration"].as_i64().unwrap_or(0);
        row.spot.interruption = text(item, "SpotInterruptionBehavior");
        row.hop_limit = item
            .pointer("/MetadataOptions/HttpPutResponseHopLimit")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        row.stopped_mode = match text(item, "StoppedMode").as_str() {
            "Not-applicable" => String::new(),
            mode => mode.to_owned(),
        };
        if let (Some(paid), Some(end)) = (&mut row.subscription, time(item, "ExpiredTime")) {
            paid.expires = end;
        }
    });
    Ok(())
}

fn take_user_data(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "InstanceId")?;
    let told = loading
        .world
        .update::<Instance, _>(&id, |row| row.user_data = text(item, "UserData"));
    told.ok_or_else(|| "its server is not among the items".to_owned())
}

fn take_renewal(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "InstanceId")?;
    let told = loading.world.update::<Instance, _>(&id, |row| {
        if let Some(paid) = &mut row.subscription {
            paid.auto_renew = text(item, "RenewalStatus") == "AutoRenewal";
            paid.not_renewed = text(item, "RenewalStatus") == "NotRenewal";
            if let Some(length) = item["Duration"].as_i64().filter(|length| *length > 0) {
                paid.renew_period = length;
                paid.renew_unit = text(item, "PeriodUnit");
            }
        }
    });
    told.ok_or_else(|| "its server is not among the items".to_owned())
}

fn take_disk(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "DiskId")?;
    let system = text(item, "Type") == "system";
    if loading.world.get::<Disk>(&id).is_none() {
        if system {
            return Err("it is the system disk of a server that is not among the items".to_owned());
        }
        let params = params(
            item,
            &[
                ("ZoneId", "ZoneId"),
                ("DiskCategory", "Category"),
                ("Size", "Size"),
                ("PerformanceLevel", "PerformanceLevel"),
                ("DiskName", "DiskName"),
                ("Description", "Description"),
                ("ResourceGroupId", "ResourceGroupId"),
            ],
        );
        loading.make(ECS, "CreateDisk", params, &[("d-", id.clone())])?;
    }
    let is = |name: &str| text(item, name) == "true";
    loading.world.update::<Disk, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.name = text(item, "DiskName");
        row.description = text(item, "Description");
        row.instance_id = text(item, "InstanceId");
        row.device = text(item, "Device");
        row.encrypted = is("Encrypted");
        row.kms_key_id = text(item, "KMSKeyId");
        row.bursting = is("BurstingEnabled");
        row.provisioned_iops = item["ProvisionedIops"].as_i64().unwrap_or(0);
        row.delete_with_instance = is("DeleteWithInstance");
        row.delete_auto_snapshot = is("DeleteAutoSnapshot");
        row.enable_auto_snapshot = is("EnableAutoSnapshot");
        row.portable = is("Portable");
        row.multi_attach = text(item, "MultiAttach") == "Enabled";
        row.snapshot_id = text(item, "SourceSnapshotId");
        row.snapshot_policy = text(item, "AutoSnapshotPolicyId");
        row.attached = time(item, "AttachedTime");
        row.detached = time(item, "DetachedTime");
    });
    Ok(())
}

fn take_eip(loading: &mut Loading<'_>, item: &Value) -> Result<(), String> {
    let id = needed(item, "AllocationId")?;
    if loading.world.get::<Eip>(&id).is_some() {
        return Ok(());
    }
    let params = params(
        item,
        &[
            ("Bandwidth", "Bandwidth"),
            ("InternetChargeType", "InternetChargeType"),
            ("Name", "Name"),
            ("Description", "Description"),
            ("ISP", "ISP"),
            ("Zone", "Zone"),
            ("ResourceGroupId", "ResourceGroupId"),
        ],
    );
    loading.make(VPC, "AllocateEipAddress", params, &[("eip-", id.clone())])?;
    let bound = text(item, "InstanceId");
    loading.world.update::<Eip, _>(&id, |row| {
        dress(row, item, &text(item, "Status"));
        row.created = time(item, "AllocationTime").unwrap_or(row.created);
        row.address = text(item, "IpAddress");
        row.instance_type = text(item, "InstanceType");
        row.instance_id = bound;
        row.private_ip = text(item, "PrivateIpAddress");
        row.mode = text(item, "Mode");
        row.protected = text(item, "DeletionProtection") == "true";
        row.protections = texts(item, "SecurityProtectionTypes.SecurityProtectionType");
    });
    Ok(())
}
