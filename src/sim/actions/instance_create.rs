//! Making instances from checked orders.

use super::super::call::{Call, Entry};
use super::super::head::{Next, Status};
use super::super::net::public_ip;
use super::super::node::{Node, map, texts};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::deployment_set;
use super::disk_row::Disk;
use super::instance_cards::{self, Cards};
use super::instance_options;
use super::instance_order::{DiskOrder, Order, order};
use super::instance_power::STARTING_MS;
use super::instance_row::{Instance, Network};
use super::launch_template;
use super::network_interface::{self, NetworkInterface};
use super::offer::{cores, is_far_below};
use super::price::hours;

pub(super) const ACTIONS: &[Entry] = &[(ECS, "CreateInstance", create), (ECS, "RunInstances", run)];

/// Simulated: how long a new instance is Pending; the vendor says "a few seconds".
const PENDING_MS: i64 = 3_000;

const NAME: &[&str] = &["InvalidInstanceName.Malformed"];

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let groups = call
        .params
        .text("SecurityGroupId")
        .map(|id| vec![id.to_owned()])
        .unwrap_or_default();
    let vswitch = call.params.text("VSwitchId").map(str::to_owned);
    let order = order(call, groups, vswitch, call.params.text("PrivateIpAddress"))?;
    let name = call.name("InstanceName", 2, NAME)?;
    let group = group(call, &order)?;
    afford(call, &order, 1)?;
    call.validated()?;
    let path = vec![(PENDING_MS, Next::Status(Status::Stopped))];
    let price = price(call, &order);
    let cards = instance_cards::cards(call, &order)?;
    let id = make(call, &order, cards.as_ref(), name, path, false)?;
    join_set(call, &id, group);
    let mut answer = map! { "InstanceId": id, "TradePrice": price };
    push_order(call, &mut answer, &order);
    Ok(answer)
}

fn run(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let Some(params) = launch_template::under(call)? else {
        return run_as_told(call);
    };
    let mut told = Call {
        world: &mut *call.world,
        params: &params,
        facts: call.facts,
        region: call.region.clone(),
        now: call.now,
        settings: call.settings,
        host: call.host,
        json: call.json,
    };
    run_as_told(&mut told)
}

fn run_as_told(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    // No image of the catalogue can, as DescribeImages says of each.
    if params.flag("ImageOptions.LoginAsNonRoot") {
        return refuse("LoginAsNonRoot.ImageNotSupport");
    }
    let cards = params.groups("NetworkInterface");
    let primary = instance_cards::primary(&cards);
    let vswitch = params
        .text("VSwitchId")
        .or_else(|| primary?.text("VSwitchId"))
        .map(str::to_owned);
    let mut groups: Vec<String> = params
        .list("SecurityGroupIds")
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(id) = params.text("SecurityGroupId") {
        if !groups.is_empty() {
            return refuse("InvalidSecurityGroupId.SingleIdAndMultiIdConflict");
        }
        groups.push(id.to_owned());
    }
    if groups.is_empty()
        && let Some(card) = primary
    {
        groups.extend(card.text("SecurityGroupId").map(str::to_owned));
        groups.extend(card.list("SecurityGroupIds").into_iter().map(str::to_owned));
    }
    let amount = params.int("Amount")?.unwrap_or(1);
    let min_amount = params.int("MinAmount")?.unwrap_or(amount);
    if !(1..=100).contains(&amount) {
        return Err(call.code(&["InvalidMaxAmount.Malformed", "InvalidParam.Amount"]));
    }
    if !(1..=amount).contains(&min_amount) {
        return refuse("InvalidMinAmount.Malformed");
    }
    let address = params
        .text("PrivateIpAddress")
        .or_else(|| primary?.text("PrimaryIpAddress"));
    let order = order(call, groups, vswitch, address)?;
    let name = call.name("InstanceName", 2, NAME)?;
    let cards = instance_cards::cards(call, &order)?;
    if amount > 1 && cards.as_ref().is_some_and(Cards::is_for_one) {
        return refuse("InvalidPrivateIpAddress.Duplicated");
    }
    let mut room = cards.as_ref().map_or(i64::MAX, |cards| cards.room(call));
    if room < min_amount {
        return refuse("InvalidVSwitchId.IpInvalid");
    }
    if let Some(set) = params.text("DeploymentSetId") {
        room = room.min(deployment_set::room(call, set, &order.zone)?);
        if room < min_amount {
            return refuse("QuotaExceed.DeploymentSetInstanceQuotaFull");
        }
    }
    group(call, &order)?;
    afford(call, &order, min_amount)?;
    call.validated()?;
    let count = amount.min(room);
    let mut ids = Vec::new();
    for index in 0..count {
        let path = vec![
            (PENDING_MS, Next::Status(Status::Starting)),
            (STARTING_MS, Next::Status(Status::Running)),
        ];
        let name = name
            .as_deref()
            .map(|name| nth_name(name, index, count, params.flag("UniqueSuffix")));
        let group = group(call, &order)?;
        let id = make(call, &order, cards.as_ref(), name, path, true)?;
        join_set(call, &id, group);
        let listed = params.list("HostNames");
        if let Some(host_name) = usize::try_from(index).ok().and_then(|index| listed.get(index)) {
            call.world
                .update::<Instance, _>(&id, |row| row.host_name = (*host_name).to_owned());
        } else if !order.host_name.is_empty() {
            // A host name may be a sequence as a name may.
            let host_name = nth_name(&order.host_name, index, count, params.flag("UniqueSuffix"));
            call.world
                .update::<Instance, _>(&id, |row| row.host_name = host_name);
        }
        ids.push(id);
    }
    let mut answer = map! { "InstanceIdSets": map! { "InstanceIdSet": texts(ids) }, "TradePrice": price(call, &order) * count as f64 };
    push_order(call, &mut answer, &order);
    Ok(answer)
}

/// The group of its deployment set that a new server would be in.
fn group(call: &Call<'_>, order: &Order) -> Result<i64, Refusal> {
    match (
        call.params.text("DeploymentSetId"),
        call.params.int("DeploymentSetGroupNo")?,
    ) {
        (Some(set), group) => deployment_set::place(call, set, &order.zone, group),
        (None, Some(_)) => Err(call.code(&["InvalidParameter.DeploymentSetGroupNo", "InvalidParameter"])),
        (None, None) => Ok(0),
    }
}

fn join_set(call: &mut Call<'_>, id: &str, group: i64) {
    if let Some(set) = call.params.text("DeploymentSetId") {
        call.world.update::<Instance, _>(id, |row| {
            set.clone_into(&mut row.deployment_set);
            row.deployment_group = group;
        });
    }
}

/// A subscription has an order; its number follows from what was made.
fn push_order(call: &Call<'_>, answer: &mut Node, order: &Order) {
    if order.subscription.is_some() {
        answer.push("OrderId", format!("20{:013}", call.world.made()));
    }
}

/// The name of the n-th of several: `name[begin,digits]suffix`, or the name with a number behind it.
fn nth_name(name: &str, index: i64, count: i64, unique_suffix: bool) -> String {
    let sequence = || {
        let (prefix, rest) = name.split_once('[')?;
        let (range, suffix) = rest.split_once(']')?;
        let (begin, digits) = range.split_once(',')?;
        let begin: i64 = if begin.trim().is_empty() {
            0
        } else {
            begin.trim().parse().ok()?
        };
        let digits: usize = if digits.trim().is_empty() {
            3
        } else {
            digits.trim().parse().ok()?
        };
        if !(0..=999_999).contains(&begin) || !(1..=6).contains(&digits) {
            return None;
        }
        let number = begin + index;
        Some(format!("{prefix}{number:0digits$}{suffix}"))
    };
    sequence().unwrap_or_else(|| {
        if unique_suffix && count > 1 {
            format!("{name}{:03}", index + 1)
        } else {
            name.to_owned()
        }
    })
}

/// Refuses what the account may not have, or cannot pay at once.
fn afford(call: &Call<'_>, order: &Order, count: i64) -> Result<(), Refusal> {
    let Some(limits) = call.settings.limits() else {
        return Ok(());
    };
    if order.subscription.is_some() {
        let unit = match call
            .params
            .text_or("PeriodUnit", "")
            .to_ascii_lowercase()
            .as_str()
        {
            "week" => "Week",
            "year" => "Year",
            _ => "Month",
        };
        let hours = hours(call.params, unit)?;
        let amount = price(call, order) * (hours * count) as f64;
        return if amount > limits.balance as f64 {
            refuse("InvalidAccountStatus.NotEnoughBalance")
        } else {
            Ok(())
        };
    }
    let is_spot = call.params.text_or("SpotStrategy", "NoSpot") != "NoSpot";
    let most = if is_spot { limits.spot_vcpus } else { limits.vcpus };
    let more = order.kind.cpu * count;
    if !is_far_below(call, more, most) && cores(call, is_spot) + more > most {
        return Err(call.code(&["QuotaExceed.ElasticQuota", "QuotaExceed.PostPaidInstanceQuota"]));
    }
    Ok(())
}

/// Simulated price of an hour in yuan.
fn price(call: &Call<'_>, order: &Order) -> f64 {
    let catalogue = &call.settings.catalogue;
    let disks: i64 = std::iter::once(&order.system_disk)
        .chain(&order.data_disks)
        .map(|disk| disk.size * catalogue.disk_price_per_gib_hour(&disk.category) / 1000)
        .sum();
    let bandwidth = order.bandwidth_out * catalogue.bandwidth_price_per_hour();
    (catalogue.price_per_hour(&order.kind) + disks + bandwidth) as f64 / 1000.0
}

fn make(
    call: &mut Call<'_>,
    order: &Order,
    cards: Option<&Cards>,
    name: Option<String>,
    path: Vec<(i64, Next)>,
    public: bool,
) -> Result<String, Refusal> {
    let (mut head, mut numbers) = call.head("i-");
    let (sequence, id) = (head.place, head.id.clone());
    let network = match cards {
        None => Network::Classic {
            inner_ip: 0x0A50_0000 + (sequence as u32 & 0x000F_FFFF),
        },
        Some(cards) => {
            let eni_id = network_interface::make(call, &cards.primary, "Primary", &id)?;
            let own = call.find::<NetworkInterface>(&eni_id, "InvalidEniId.NotFound")?;
            Network::Vpc {
                vpc_id: own.vpc_id.clone(),
                vswitch_id: own.vswitch_id.clone(),
                private_ip: own.private_ip,
                mac: own.mac.clone(),
                eni_id,
            }
        }
    };
    if let Some(cards) = cards {
        cards.make_others(call, &id)?;
    }
    let host_name = match order.host_name.as_str() {
        "" => format!("iZ{}Z", &id[2..]),
        given => given.to_owned(),
    };
    let params = call.params;
    head.name = name.unwrap_or_else(|| id.clone());
    head.description.clone_from(&order.description);
    head.tags.clone_from(&order.tags);
    head.status = Status::Pending;
    head.set_out(path, call.now);
    let instance = Instance {
        head,
        zone: order.zone.clone(),
        host_name,
        image_id: order.image.id.to_owned(),
        instance_type: order.kind.id.clone(),
        network,
        security_groups: order.groups.clone(),
        bandwidth_in: order.bandwidth_in,
        bandwidth_out: order.bandwidth_out,
        internet_charge: order.internet_charge.clone(),
        public_ip: (public && order.bandwidth_out > 0).then(|| public_ip(sequence)),
        public_ip_works: false,
        subscription: order.subscription.clone(),
        deletion_protection: params.flag("DeletionProtection"),
        io_optimized: order.io_optimized,
        started: None,
        auto_release: order.auto_release,
        stopped_mode: String::new(),
        key_pair: order.key_pair.clone(),
        has_password: order.has_password,
        has_vnc_password: false,
        user_data: order.user_data.clone(),
        ram_role: params.text_or("RamRoleName", "").to_owned(),
        credit: params.text_or("CreditSpecification", "").to_owned(),
        spot_strategy: params.text_or("SpotStrategy", "NoSpot").to_owned(),
        spot: order.spot.clone(),
        hop_limit: params.int("HttpPutResponseHopLimit")?.unwrap_or(0),
        http_endpoint: params.text_or("HttpEndpoint", "enabled").to_owned(),
        http_tokens: params.text_or("HttpTokens", "optional").to_owned(),
        maintenance_action: String::new(),
        maintenance_window: None,
        maintenance_notify: false,
        jumbo_frame: params.flag("NetworkOptions.EnableJumboFrame"),
        serial_number: numbers.uuid().to_ascii_lowercase(),
        last_changes: std::collections::BTreeMap::new(),
        lock_reason: String::new(),
        deployment_set: String::new(),
        deployment_group: 0,
        options: instance_options::told(call)?,
    };
    call.world.insert(instance);
    for (disk, system) in
        std::iter::once((&order.system_disk, true)).chain(order.data_disks.iter().map(|disk| (disk, false)))
    {
        make_disk(call, order, disk, system, &id);
    }
    Ok(id)
}

fn make_disk(call: &mut Call<'_>, order: &Order, disk: &DiskOrder, system: bool, instance_id: &str) {
    let (mut head, _) = call.head("d-");
    head.name.clone_from(&disk.name);
    head.description.clone_from(&disk.description);
    head.status = Status::Attached;
    let row = Disk {
        head,
        zone: order.zone.clone(),
        category: disk.category.clone(),
        performance_level: disk.performance_level.clone(),
        size: disk.size,
        system,
        instance_id: instance_id.to_owned(),
        device: disk.device.clone(),
        image_id: if system {
            order.image.id.to_owned()
        } else {
            String::new()
        },
        snapshot_id: disk.snapshot_id.clone(),
        encrypted: disk.encrypted,
        kms_key_id: disk.kms_key_id.clone(),
        bursting: disk.bursting,
        provisioned_iops: disk.provisioned_iops,
        delete_with_instance: disk.delete_with_instance,
        delete_auto_snapshot: false,
        enable_auto_snapshot: true,
        portable: !system,
        expires: order
            .subscription
            .as_ref()
            .map(|subscription| subscription.expires),
        attached: Some(call.now.real),
        detached: None,
        multi_attach: false,
        snapshot_policy: disk.snapshot_policy.clone(),
        source_disk: String::new(),
    };
    call.world.insert(row);
}

#[cfg(test)]
mod tests {
    use super::nth_name;

    #[test]
    fn the_names_of_equal_instances_count_up() {
        assert_eq!(nth_name("web[99,4]x", 1, 3, false), "web0100x");
        assert_eq!(nth_name("web[,]", 2, 3, false), "web002");
        assert_eq!(nth_name("web", 1, 3, true), "web002");
        assert_eq!(nth_name("web", 1, 3, false), "web");
        assert_eq!(nth_name("web[x]", 1, 3, false), "web[x]");
    }
}
