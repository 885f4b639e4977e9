//! Orders of instances: everything that is checked before one is made, and the making.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::catalogue::{self, InstanceType};
use super::super::clock::add_months;
use super::super::node::{Node, map, texts};
use super::super::params::Params;
use super::super::refusal::{Refusal, refuse};
use super::super::table::Tag;
use super::super::world::{
    Disk, DiskStatus, Instance, InstanceStatus, KeyPair, Network, NetworkStatus, Next, Subscription, ip_text,
};
use super::{Call, ECS, Entry};

pub(super) const ACTIONS: &[Entry] = &[(ECS, "CreateInstance", create), (ECS, "RunInstances", run)];

/// Simulated: how long a new instance is Pending; the vendor says "a few seconds".
const PENDING_MS: i64 = 3_000;

const NAME: &[&str] = &["InvalidInstanceName.Malformed"];
const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed"];

/// A checked order of one or more equal instances.
struct Order {
    kind: InstanceType,
    zone: String,
    image: &'static catalogue::Image,
    vswitch: Option<(String, String)>,
    private_ip: Option<u32>,
    groups: Vec<String>,
    description: String,
    host_name: String,
    io_optimized: bool,
    internet_charge: String,
    bandwidth_in: i64,
    bandwidth_out: i64,
    subscription: Option<Subscription>,
    has_password: bool,
    key_pair: String,
    user_data: String,
    system_disk: DiskOrder,
    data_disks: Vec<DiskOrder>,
    auto_release: Option<i64>,
    tags: Vec<Tag>,
}

struct DiskOrder {
    category: String,
    size: i64,
    performance_level: String,
    name: String,
    description: String,
    device: String,
    snapshot_id: String,
    encrypted: bool,
    kms_key_id: String,
    delete_with_instance: bool,
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let groups = call
        .params
        .text("SecurityGroupId")
        .map(|id| vec![id.to_owned()])
        .unwrap_or_default();
    let vswitch = call.params.text("VSwitchId").map(str::to_owned);
    let order = order(call, groups, vswitch)?;
    let name = call.name("InstanceName", 2, NAME)?;
    call.validated()?;
    let path = vec![(PENDING_MS, Next::Status(InstanceStatus::Stopped))];
    let price = price(&order);
    let id = make(call, &order, name, path, false)?;
    let mut answer = map! { "InstanceId": id, "TradePrice": price };
    push_order(call, &mut answer, &order);
    Ok(answer)
}

fn run(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    if ["LaunchTemplateId", "LaunchTemplateName"]
        .iter()
        .any(|name| params.text(name).is_some())
    {
        return refuse("InvalidLaunchTemplate.NotFound");
    }
    let cards = params.groups("NetworkInterface");
    let primary = cards
        .iter()
        .find(|card| card.text_or("InstanceType", "").eq_ignore_ascii_case("primary"))
        .or_else(|| cards.first());
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
    let order = order(call, groups, vswitch)?;
    let name = call.name("InstanceName", 2, NAME)?;
    if order.private_ip.is_some() && amount > 1 {
        return refuse("InvalidPrivateIpAddress.Duplicated");
    }
    let free = match &order.vswitch {
        Some((vswitch_id, _)) => call
            .world
            .vswitches
            .get(vswitch_id)
            .map_or(0, |vswitch| call.world.free_addresses(vswitch)),
        None => usize::MAX,
    };
    let free = i64::try_from(free).unwrap_or(i64::MAX);
    if free < min_amount {
        return refuse("InvalidVSwitchId.IpInvalid");
    }
    call.validated()?;
    let count = amount.min(free);
    let mut ids = Vec::new();
    for index in 0..count {
        let path = vec![
            (PENDING_MS, Next::Status(InstanceStatus::Starting)),
            (
                super::instance_power::STARTING_MS,
                Next::Status(InstanceStatus::Running),
            ),
        ];
        let name = name
            .as_deref()
            .map(|name| nth_name(name, index, count, params.flag("UniqueSuffix")));
        ids.push(make(call, &order, name, path, true)?);
    }
    let mut answer = map! { "InstanceIdSets": map! { "InstanceIdSet": texts(ids) }, "TradePrice": price(&order) * count as f64 };
    push_order(call, &mut answer, &order);
    Ok(answer)
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

fn order(call: &Call<'_>, groups: Vec<String>, vswitch: Option<String>) -> Result<Order, Refusal> {
    let params = call.params;
    let kind = catalogue::find_instance_type(params.required("InstanceType")?)
        .ok_or_else(|| call.code(&["InvalidInstanceType.ValueNotSupported"]))?;
    let image = image(call)?;
    let (zone, vswitch) = place(call, vswitch)?;
    if call
        .settings
        .sold_out
        .iter()
        .any(|sold_out| sold_out.covers(&kind.id, &zone))
    {
        return refuse("OperationDenied.NoStock");
    }
    let vpc_id = vswitch.as_ref().map_or("", |(_, vpc_id)| vpc_id.as_str());
    check_groups(call, &groups, vpc_id)?;
    let private_ip = private_ip(call, vswitch.as_ref().map(|(id, _)| id.as_str()))?;
    let io_optimized = match params.text("IoOptimized") {
        None => !kind.family.old || kind.family.id == "ecs.n1",
        Some(text) if text.eq_ignore_ascii_case("optimized") || text.eq_ignore_ascii_case("true") => true,
        Some(text) if text.eq_ignore_ascii_case("none") || text.eq_ignore_ascii_case("false") => false,
        Some(_) => {
            return Err(call.code(&[
                "InvalidIoOptimizedValue.ValueNotSupported",
                "InvalidIoOptimize.ValueNotSupported",
            ]));
        }
    };
    let internet_charge = params.text_or("InternetChargeType", "PayByTraffic");
    if !matches!(internet_charge, "PayByTraffic" | "PayByBandwidth") {
        return refuse("InvalidInternetChargeType.ValueNotSupported");
    }
    let bandwidth_out = params.int("InternetMaxBandwidthOut")?.unwrap_or(0);
    if !(0..=100).contains(&bandwidth_out) {
        return Err(call.code(&[
            "InvalidInternetMaxBandwidthOut.Malformed",
            "InvalidParameter.Bandwidth",
        ]));
    }
    let key_pair = params.text_or("KeyPairName", "").to_owned();
    if !key_pair.is_empty()
        && call
            .world
            .key_pairs
            .get(&KeyPair::id_of(&call.region, &key_pair))
            .is_none()
    {
        return refuse("InvalidKeyPairName.NotFound");
    }
    let has_password = match params.text("Password") {
        Some(password) if !is_password(password) => return refuse("InvalidPassword.Malformed"),
        password => password.is_some() && key_pair.is_empty(),
    };
    Ok(Order {
        system_disk: system_disk(call, &kind, image)?,
        data_disks: data_disks(call, &kind)?,
        zone,
        image,
        vswitch,
        private_ip,
        groups,
        description: call.description(2, DESCRIPTION)?.unwrap_or_default(),
        host_name: host_name(call)?.unwrap_or_default(),
        io_optimized,
        internet_charge: internet_charge.to_owned(),
        bandwidth_in: params
            .int("InternetMaxBandwidthIn")?
            .unwrap_or(if bandwidth_out > 10 { bandwidth_out } else { 10 }),
        bandwidth_out,
        subscription: subscription(call, params)?,
        has_password,
        key_pair,
        user_data: user_data(call)?.unwrap_or_default(),
        auto_release: auto_release(call)?,
        tags: call.tags()?,
        kind,
    })
}

fn image(call: &Call<'_>) -> Result<&'static catalogue::Image, Refusal> {
    match (call.params.text("ImageId"), call.params.text("ImageFamily")) {
        (Some(_), Some(_)) => refuse("UnexpectedImageFamily.ImageIdSupplied"),
        (Some(id), None) => catalogue::find_image(id).ok_or_else(|| Refusal::new("InvalidImageId.NotFound")),
        (None, Some(family)) => catalogue::newest_of_family(family)
            .ok_or_else(|| Refusal::new("InvalidImageFamily.MissingAvailableImage")),
        (None, None) => Err(Refusal::missing("ImageId")),
    }
}

/// The zone, and the vSwitch with its VPC when there is one.
fn place(call: &Call<'_>, vswitch: Option<String>) -> Result<(String, Option<(String, String)>), Refusal> {
    let zone = call.params.text("ZoneId");
    if zone.is_some_and(|zone| !call.region_facts().has_zone(zone)) {
        return refuse("InvalidZoneId.NotFound");
    }
    let Some(vswitch_id) = vswitch else {
        // On the classic network a zone is picked when none is named.
        let zone = zone
            .map(str::to_owned)
            .or_else(|| call.region_facts().zones().next());
        return Ok((zone.unwrap_or_default(), None));
    };
    let vswitch = call.find(&call.world.vswitches, &vswitch_id, "InvalidVSwitchId.NotFound")?;
    if vswitch.region != call.region {
        return refuse("InvalidVSwitchId.NotFound");
    }
    if vswitch.status != NetworkStatus::Available {
        return refuse("IncorrectVSwitchStatus");
    }
    if zone.is_some_and(|zone| zone != vswitch.zone) {
        return refuse("InvalidParameter.Mismatch");
    }
    Ok((vswitch.zone.clone(), Some((vswitch_id, vswitch.vpc_id.clone()))))
}

/// Groups must exist, be in the instance's network, and not be too many.
pub(super) fn check_groups(call: &Call<'_>, groups: &[String], vpc_id: &str) -> Result<(), Refusal> {
    if groups.is_empty() {
        return Err(Refusal::missing("SecurityGroupId"));
    }
    if groups.len() > super::security_group::PER_INSTANCE_MAX {
        return Err(call.code(&["JoinedGroupLimitExceed", "InvalidParameter"]));
    }
    for (index, id) in groups.iter().enumerate() {
        let group = call.find(&call.world.security_groups, id, "InvalidSecurityGroupId.NotFound")?;
        if group.vpc_id != vpc_id {
            return Err(call.code(&[
                "InvalidSecurityGroup.VpcMismatch",
                "InvalidNetworkType.Mismatch",
                "InvalidSecurityGroupVpc.NotBelongToOneVpc",
            ]));
        }
        if groups[..index].contains(id) {
            return Err(call.code(&["InvalidParameter.SecurityGroupIdRepeated"]));
        }
    }
    Ok(())
}

fn private_ip(call: &Call<'_>, vswitch_id: Option<&str>) -> Result<Option<u32>, Refusal> {
    let Some(text) = call.params.text("PrivateIpAddress") else {
        if let Some(vswitch) = vswitch_id.and_then(|id| call.world.vswitches.get(id))
            && call.world.free_addresses(vswitch) == 0
        {
            return Err(call.code(&["QuotaExceeded.PrivateIpAddress", "InvalidVSwitchId.IpInvalid"]));
        }
        return Ok(None);
    };
    let Some(vswitch) = vswitch_id.and_then(|id| call.world.vswitches.get(id)) else {
        return refuse("InvalidParameter.Mismatch");
    };
    let address = u32::from(
        text.parse::<std::net::Ipv4Addr>()
            .map_err(|_| Refusal::new("InvalidPrivateIpAddress.Malformed"))?,
    );
    if !vswitch.cidr_block.usable().contains(&address) {
        return Err(call.code(&["InvalidPrivateIpAddress.Malformed", "InvalidPrivateIpAddress"]));
    }
    if call.world.address_is_used(&vswitch.id, address) {
        return Err(call.code(&[
            "InvalidPrivateIpAddress.Duplicated",
            "InvalidIPAddress.AlreadyUsed",
        ]));
    }
    Ok(Some(address))
}

/// Eight to thirty characters of three of the four classes.
pub(super) fn is_password(text: &str) -> bool {
    let classes: [fn(&u8) -> bool; 4] = [
        u8::is_ascii_uppercase,
        u8::is_ascii_lowercase,
        u8::is_ascii_digit,
        u8::is_ascii_punctuation,
    ];
    let met = classes
        .iter()
        .filter(|class| text.bytes().any(|byte| class(&byte)))
        .count();
    (8..=30).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) && met >= 3
}

pub(super) fn host_name(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let Some(name) = call.params.text("HostName") else {
        return Ok(None);
    };
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-.[],".contains(&byte));
    let ends = ['-', '.'];
    if !(2..=64).contains(&name.len()) || !plain || name.starts_with(ends) || name.ends_with(ends) {
        return refuse("InvalidHostName.Malformed");
    }
    Ok(Some(name.to_owned()))
}

pub(super) fn user_data(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    const RAW_BYTES_MAX: usize = 32 * 1024;
    let Some(text) = call.params.given("UserData") else {
        return Ok(None);
    };
    let raw = STANDARD
        .decode(text)
        .map_err(|_| Refusal::new("InvalidUserData.Base64FormatInvalid"))?;
    if raw.len() > RAW_BYTES_MAX {
        return refuse("InvalidUserData.SizeExceeded");
    }
    Ok(Some(text.to_owned()))
}

pub(super) fn auto_release(call: &Call<'_>) -> Result<Option<i64>, Refusal> {
    const HALF_HOUR_MS: i64 = 30 * 60 * 1000;
    let Some(text) = call.params.text("AutoReleaseTime") else {
        return Ok(None);
    };
    let malformed = || call.code(&["InvalidAutoReleaseTime.Malformed", "InvalidParameter"]);
    let at = super::super::clock::parse_utc(text, true).ok_or_else(malformed)?;
    let real = call.now.real;
    if at < real + HALF_HOUR_MS || at > add_months(real, 36) {
        return Err(malformed());
    }
    // Seconds are cut off.
    Ok(Some(at - at.rem_euclid(60_000)))
}

/// The subscription that an order pays for; `None` for pay-as-you-go.
fn subscription(call: &Call<'_>, params: &Params) -> Result<Option<Subscription>, Refusal> {
    match params.text_or("InstanceChargeType", "PostPaid") {
        "PostPaid" => Ok(None),
        "PrePaid" => {
            let expires = paid_until(call, call.now.real)?;
            Ok(Some(Subscription {
                expires,
                auto_renew: params.flag("AutoRenew"),
                not_renewed: false,
                renew_period: params.int("AutoRenewPeriod")?.unwrap_or(1),
                renew_unit: params.text_or("PeriodUnit", "Month").to_owned(),
            }))
        }
        _ => refuse("InvalidInstanceChargeType.NotFound"),
    }
}

/// When a period that begins at `from` ends, by `Period` and `PeriodUnit`.
pub(super) fn paid_until(call: &Call<'_>, from: i64) -> Result<i64, Refusal> {
    let Some(period) = call.params.int("Period")? else {
        return Err(Refusal::missing("Period"));
    };
    let months: &[i64] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60];
    let end = match call
        .params
        .text_or("PeriodUnit", "Month")
        .to_ascii_lowercase()
        .as_str()
    {
        "week" if (1..=4).contains(&period) => from + period * 7 * 86_400_000,
        "month" if months.contains(&period) => add_months(from, period),
        "year" if (1..=5).contains(&period) => add_months(from, period * 12),
        "week" | "month" | "year" => return refuse("InvalidPeriod"),
        _ => {
            return Err(call.code(&[
                "InvalidPeriodUnit.ValueNotSupported",
                "InvalidPeriod.UnitMismatch",
            ]));
        }
    };
    // A paid period ends at the next midnight of China.
    const DAY: i64 = 86_400_000;
    const CHINA: i64 = 8 * 3_600_000;
    Ok((end + CHINA).div_euclid(DAY) * DAY + DAY - CHINA)
}

fn system_disk(call: &Call<'_>, kind: &InstanceType, image: &catalogue::Image) -> Result<DiskOrder, Refusal> {
    let params = call.params;
    let category = params.text_or("SystemDisk.Category", "cloud_efficiency");
    if !catalogue::DISK_CATEGORIES.contains(&category) {
        return refuse("InvalidSystemDiskCategory.ValueNotSupported");
    }
    if !kind.family.disk_categories().contains(&category) {
        return Err(call.code(&[
            "InvalidInstanceType.NotSupportDiskCategory",
            "InvalidDiskCategory.NotSupported",
        ]));
    }
    let size = match params.text("SystemDisk.Size") {
        None => image.size.max(40),
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| Refusal::invalid("SystemDisk.Size"))?,
    };
    if size < image.size {
        return refuse("InvalidSystemDiskSize.LessThanImageSize");
    }
    if size < *catalogue::SYSTEM_DISK_SIZES.start() {
        return refuse("InvalidSystemDiskSize.LessThanMinSize");
    }
    if size > *catalogue::SYSTEM_DISK_SIZES.end() {
        return refuse("InvalidSystemDiskSize.MoreThanMaxSize");
    }
    let level = performance_level(category, params.text("SystemDisk.PerformanceLevel"))?;
    Ok(DiskOrder {
        category: category.to_owned(),
        size,
        performance_level: level,
        name: call
            .name("SystemDisk.DiskName", 2, &["InvalidDiskName.Malformed"])?
            .unwrap_or_default(),
        description: params.text_or("SystemDisk.Description", "").to_owned(),
        device: "/dev/xvda".to_owned(),
        snapshot_id: String::new(),
        encrypted: params.flag("SystemDisk.Encrypted"),
        kms_key_id: params.text_or("SystemDisk.KMSKeyId", "").to_owned(),
        delete_with_instance: true,
    })
}

/// Only ESSDs have a level.
pub(super) fn performance_level(category: &str, given: Option<&str>) -> Result<String, Refusal> {
    match (category, given) {
        ("cloud_essd", level) => match level.unwrap_or("PL1") {
            level @ ("PL0" | "PL1" | "PL2" | "PL3") => Ok(level.to_owned()),
            _ => refuse("InvalidPerformanceLevel.Malformed"),
        },
        (_, Some(_)) => refuse("InvalidPerformanceLevel.ValueNotSupported"),
        (_, None) => Ok(String::new()),
    }
}

fn data_disks(call: &Call<'_>, kind: &InstanceType) -> Result<Vec<DiskOrder>, Refusal> {
    let mut disks = Vec::new();
    for (index, disk) in call.params.groups("DataDisk").iter().enumerate() {
        let category = disk.text_or("Category", "cloud_efficiency");
        let Some(sizes) = catalogue::disk_sizes(category) else {
            return refuse("InvalidDataDiskCategory.ValueNotSupported");
        };
        if !kind.family.disk_categories().contains(&category) {
            return Err(call.code(&[
                "InvalidInstanceType.NotSupportDiskCategory",
                "InvalidDiskCategory.NotSupported",
            ]));
        }
        let size = disk.int("Size")?.unwrap_or(*sizes.start());
        if !sizes.contains(&size) {
            return refuse("InvalidDataDiskSize.ValueNotSupported");
        }
        disks.push(DiskOrder {
            category: category.to_owned(),
            size,
            performance_level: performance_level(category, disk.text("PerformanceLevel"))?,
            name: disk.text_or("DiskName", "").to_owned(),
            description: disk.text_or("Description", "").to_owned(),
            device: disk.text("Device").map_or_else(|| device(index), str::to_owned),
            snapshot_id: disk.text_or("SnapshotId", "").to_owned(),
            encrypted: disk.flag("Encrypted"),
            kms_key_id: disk.text_or("KMSKeyId", "").to_owned(),
            delete_with_instance: disk.bool("DeleteWithInstance").unwrap_or(true),
        });
    }
    Ok(disks)
}

/// The device name of the n-th data disk.
pub(super) fn device(index: usize) -> String {
    let letter = u8::try_from(index).map_or('z', |index| char::from((b'b' + index).min(b'z')));
    format!("/dev/xvd{letter}")
}

/// Simulated price of an hour in yuan.
fn price(order: &Order) -> f64 {
    let disks: i64 = std::iter::once(&order.system_disk)
        .chain(&order.data_disks)
        .map(|disk| disk.size * catalogue::disk_price_per_gib_hour(&disk.category) / 1000)
        .sum();
    let bandwidth = order.bandwidth_out * catalogue::BANDWIDTH_PRICE_PER_HOUR;
    (order.kind.price_per_hour() + disks + bandwidth) as f64 / 1000.0
}

fn make(
    call: &mut Call<'_>,
    order: &Order,
    name: Option<String>,
    path: Vec<(i64, Next)>,
    public: bool,
) -> Result<String, Refusal> {
    let (sequence, id, mut numbers) = call.make("i-");
    let infix = call.region_facts().infix;
    let network = match &order.vswitch {
        None => Network::Classic {
            inner_ip: 0x0A50_0000 + (sequence as u32 & 0x000F_FFFF),
        },
        Some((vswitch_id, vpc_id)) => {
            let free = call
                .world
                .vswitches
                .get(vswitch_id)
                .and_then(|vswitch| call.world.free_address(vswitch));
            let Some(private_ip) = order.private_ip.or(free) else {
                return refuse("InvalidVSwitchId.IpInvalid");
            };
            Network::Vpc {
                vpc_id: vpc_id.clone(),
                vswitch_id: vswitch_id.clone(),
                private_ip,
                eni_id: format!("eni-{infix}{}", numbers.letters(17)),
                mac: format!(
                    "00:16:3e:{:02x}:{:02x}:{:02x}",
                    sequence >> 16 & 255,
                    sequence >> 8 & 255,
                    sequence & 255
                ),
            }
        }
    };
    let host_name = match order.host_name.as_str() {
        "" => format!("iZ{}Z", &id[2..]),
        given => given.to_owned(),
    };
    let params = call.params;
    let life = call.now;
    let instance = Instance {
        region: call.region.clone(),
        zone: order.zone.clone(),
        name: name.unwrap_or_else(|| id.clone()),
        description: order.description.clone(),
        host_name,
        image_id: order.image.id.to_owned(),
        instance_type: order.kind.id.clone(),
        status: InstanceStatus::Pending,
        due: path.first().map(|(millis, _)| life.after(*millis)),
        path,
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
        created: call.now.real,
        started: None,
        auto_release: order.auto_release,
        stopped_mode: String::new(),
        key_pair: order.key_pair.clone(),
        has_password: order.has_password,
        user_data: order.user_data.clone(),
        ram_role: params.text_or("RamRoleName", "").to_owned(),
        credit: params.text_or("CreditSpecification", "").to_owned(),
        spot_strategy: params.text_or("SpotStrategy", "NoSpot").to_owned(),
        http_endpoint: params.text_or("HttpEndpoint", "enabled").to_owned(),
        http_tokens: params.text_or("HttpTokens", "optional").to_owned(),
        maintenance_action: String::new(),
        maintenance_window: None,
        maintenance_notify: false,
        jumbo_frame: false,
        serial_number: numbers.uuid().to_ascii_lowercase(),
        resource_group: params.text_or("ResourceGroupId", "").to_owned(),
        last_changes: std::collections::BTreeMap::new(),
        lock_reason: String::new(),
        tags: order.tags.clone(),
        id: id.clone(),
    };
    call.world.insert_instance(sequence, instance);
    for (disk, system) in
        std::iter::once((&order.system_disk, true)).chain(order.data_disks.iter().map(|disk| (disk, false)))
    {
        make_disk(call, order, disk, system, &id);
    }
    Ok(id)
}

/// An address that nobody else has: it follows from a place in the order of creation.
pub(super) fn public_ip(sequence: u64) -> String {
    ip_text(0x2F60_0000 + (sequence as u32 & 0x001F_FFFF))
}

fn make_disk(call: &mut Call<'_>, order: &Order, disk: &DiskOrder, system: bool, instance_id: &str) {
    let (sequence, id, _) = call.make("d-");
    let row = Disk {
        region: call.region.clone(),
        zone: order.zone.clone(),
        name: disk.name.clone(),
        description: disk.description.clone(),
        category: disk.category.clone(),
        performance_level: disk.performance_level.clone(),
        size: disk.size,
        system,
        status: DiskStatus::InUse,
        next_status: None,
        due: None,
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
        bursting: false,
        provisioned_iops: 0,
        delete_with_instance: disk.delete_with_instance,
        delete_auto_snapshot: true,
        enable_auto_snapshot: true,
        portable: !system,
        expires: order
            .subscription
            .as_ref()
            .map(|subscription| subscription.expires),
        created: call.now.real,
        attached: Some(call.now.real),
        detached: None,
        resource_group: call.params.text_or("ResourceGroupId", "").to_owned(),
        tags: Vec::new(),
        id,
    };
    call.world.disks.insert(sequence, row);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_equal_instances_count_up() {
        assert_eq!(nth_name("web[99,4]x", 1, 3, false), "web0100x");
        assert_eq!(nth_name("web[,]", 2, 3, false), "web002");
        assert_eq!(nth_name("web", 1, 3, true), "web002");
        assert_eq!(nth_name("web", 1, 3, false), "web");
        assert_eq!(nth_name("web[x]", 1, 3, false), "web[x]");
    }

    #[test]
    fn a_password_has_three_of_four_classes() {
        for (text, good) in [
            ("Abcdefg1", true),
            ("abcdefg1", false),
            ("Ab1!", false),
            ("abcdef1!", true),
            ("Abcdefg1 ", false),
        ] {
            assert_eq!(is_password(text), good, "{text}");
        }
    }
}
