//! Orders of instances: everything that is checked before one is made. Does not make any.

use super::super::call::Call;
use super::super::head::regional_id;
use super::super::head::{Status, Tag};
use super::disk_row::device;
use super::image;
use super::instance_row::{Spot, Subscription};
use super::key_pair::KeyPair;
use super::ram_role::takeable;
use super::security_group::SecurityGroup;
use super::vswitch::VSwitch;
use super::vswitch::free_addresses;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::catalogue::{self, Image, InstanceType};
use super::super::clock::add_months;
use super::super::params::Params;
use super::super::refusal::{Refusal, refuse};

const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed"];

/// A checked order of one or more equal instances.
pub(super) struct Order {
    pub(super) kind: InstanceType,
    pub(super) zone: String,
    pub(super) image: Image,
    pub(super) vswitch: Option<(String, String)>,
    pub(super) groups: Vec<String>,
    pub(super) description: String,
    pub(super) host_name: String,
    pub(super) io_optimized: bool,
    pub(super) internet_charge: String,
    pub(super) bandwidth_in: i64,
    pub(super) bandwidth_out: i64,
    pub(super) subscription: Option<Subscription>,
    pub(super) has_password: bool,
    pub(super) key_pair: String,
    pub(super) user_data: String,
    pub(super) system_disk: DiskOrder,
    pub(super) data_disks: Vec<DiskOrder>,
    pub(super) auto_release: Option<i64>,
    pub(super) tags: Vec<Tag>,
    pub(super) spot: Spot,
}

pub(super) struct DiskOrder {
    pub(super) category: String,
    pub(super) size: i64,
    pub(super) performance_level: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) device: String,
    pub(super) snapshot_id: String,
    pub(super) encrypted: bool,
    pub(super) kms_key_id: String,
    pub(super) delete_with_instance: bool,
    pub(super) snapshot_policy: String,
    pub(super) bursting: bool,
    pub(super) provisioned_iops: i64,
}

/// Checks what is ordered. Groups, vSwitch and private address are told: they may have been given with a network card.
pub(super) fn order(
    call: &Call<'_>,
    groups: Vec<String>,
    vswitch: Option<String>,
    address: Option<&str>,
) -> Result<Order, Refusal> {
    let params = call.params;
    let kind = call
        .settings
        .catalogue
        .find_instance_type(params.required("InstanceType")?)
        .ok_or_else(|| call.code(&["InvalidInstanceType.ValueNotSupported"]))?;
    let image = image(call)?;
    if !image.runs_on(&kind.family.architecture) {
        return refuse("ImageNotSupportInstanceType");
    }
    let (zone, vswitch) = place(call, vswitch)?;
    if !call.settings.is_stocked(&kind.id, &zone) {
        return refuse("OperationDenied.NoStock");
    }
    let vpc_id = vswitch.as_ref().map_or("", |(_, vpc_id)| vpc_id.as_str());
    check_groups(call, &groups, vpc_id)?;
    check_private_ip(call, vswitch.as_ref().map(|(id, _)| id.as_str()), address)?;
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
    if let Some(role) = params.text("RamRoleName") {
        if vswitch.is_none() {
            return refuse("InvalidNetworkType.MismatchRamRole");
        }
        takeable(call, role)?;
    }
    let key_pair = params.text_or("KeyPairName", "").to_owned();
    if !key_pair.is_empty()
        && call
            .world
            .get::<KeyPair>(&regional_id(&call.region, &key_pair))
            .is_none()
    {
        return refuse("InvalidKeyPairName.NotFound");
    }
    let has_password = match params.text("Password") {
        None if params.flag("PasswordInherit") => true,
        Some(password) if !is_password(password) => return refuse("InvalidPassword.Malformed"),
        password => password.is_some() && key_pair.is_empty(),
    };
    Ok(Order {
        system_disk: system_disk(call, kind, &image)?,
        data_disks: data_disks(call, kind)?,
        zone,
        image,
        vswitch,
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
        spot: spot(call)?,
        kind: kind.clone(),
    })
}

fn image(call: &Call<'_>) -> Result<Image, Refusal> {
    match (call.params.text("ImageId"), call.params.text("ImageFamily")) {
        (Some(_), Some(_)) => refuse("UnexpectedImageFamily.ImageIdSupplied"),
        (Some(id), None) => {
            image::find_available(call, id).ok_or_else(|| Refusal::new("InvalidImageId.NotFound"))
        }
        (None, Some(family)) => image::newest_of_family(call, family)
            .ok_or_else(|| Refusal::new("InvalidImageFamily.MissingAvailableImage")),
        (None, None) => Err(Refusal::missing("ImageId")),
    }
}

/// The snapshot policy that a disk is to follow.
fn snapshot_policy(call: &Call<'_>, id: Option<&str>) -> Result<String, Refusal> {
    match id {
        Some(id) if call.world.head("snapshot_policy", id).is_none() => {
            Err(call.code(&["InvalidAutoSnapshotPolicyId.NotFound"]))
        }
        id => Ok(id.unwrap_or_default().to_owned()),
    }
}

/// The zone, and the vSwitch with its VPC when there is one.
fn place(call: &Call<'_>, vswitch: Option<String>) -> Result<(String, Option<(String, String)>), Refusal> {
    // Clients of the first years let the cloud pick a zone by this word.
    let zone = call.params.text("ZoneId").filter(|zone| *zone != "random");
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
    let vswitch = call.find::<VSwitch>(&vswitch_id, "InvalidVSwitchId.NotFound")?;
    if vswitch.region != call.region {
        return refuse("InvalidVSwitchId.NotFound");
    }
    if vswitch.status != Status::Available {
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
        let group = call.find::<SecurityGroup>(id, "InvalidSecurityGroupId.NotFound")?;
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

/// The private address that is asked for can be had, or there is a free one.
fn check_private_ip(call: &Call<'_>, vswitch_id: Option<&str>, address: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = address else {
        if let Some(vswitch) = vswitch_id.and_then(|id| call.world.get::<VSwitch>(id))
            && free_addresses(call.world, vswitch) == 0
        {
            return Err(call.code(&["QuotaExceeded.PrivateIpAddress", "InvalidVSwitchId.IpInvalid"]));
        }
        return Ok(());
    };
    let Some(vswitch) = vswitch_id.and_then(|id| call.world.get::<VSwitch>(id)) else {
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
    Ok(())
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

/// What is agreed on for a spot server.
fn spot(call: &Call<'_>) -> Result<Spot, Refusal> {
    let params = call.params;
    let strategy = params.text_or("SpotStrategy", "NoSpot");
    let limit = match params.text("SpotPriceLimit") {
        None => 0.0,
        Some(text) => text
            .parse::<f64>()
            .ok()
            .filter(|limit| limit.is_finite() && *limit >= 0.0)
            .ok_or_else(|| call.code(&["InvalidSpotPriceLimit.ValueNotSupported", "InvalidParameter"]))?,
    };
    if strategy == "NoSpot" {
        return Ok(Spot::default());
    }
    if params.text("InstanceChargeType") == Some("PrePaid") {
        return Err(call.code(&[
            "InvalidSpotStrategy.ValueNotSupported",
            "InvalidParameter.Conflict",
        ]));
    }
    Ok(Spot {
        price_limit: if strategy == "SpotWithPriceLimit" {
            limit
        } else {
            0.0
        },
        duration: params.int("SpotDuration")?.unwrap_or(1),
        interruption: params.text_or("SpotInterruptionBehavior", "Terminate").to_owned(),
    })
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
            let renewals: &[i64] = &[1, 2, 3, 6, 12, 24, 36, 48, 60];
            if params
                .int("AutoRenewPeriod")?
                .is_some_and(|period| !renewals.contains(&period))
            {
                return Err(call.code(&["InvalidAutoRenewPeriod.ValueNotSupported"]));
            }
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

fn system_disk(call: &Call<'_>, kind: &InstanceType, image: &Image) -> Result<DiskOrder, Refusal> {
    let params = call.params;
    let category = params.text_or("SystemDisk.Category", "cloud_efficiency");
    if !catalogue::DISK_CATEGORIES.contains(&category) {
        return refuse("InvalidSystemDiskCategory.ValueNotSupported");
    }
    if !kind.family.takes(category) {
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
        snapshot_policy: snapshot_policy(call, params.text("SystemDisk.AutoSnapshotPolicyId"))?,
        bursting: params.flag("SystemDisk.BurstingEnabled"),
        provisioned_iops: iops(call, category, params.int("SystemDisk.ProvisionedIops")?)?,
    })
}

/// Only one category takes operations a second that are paid for.
fn iops(call: &Call<'_>, category: &str, given: Option<i64>) -> Result<i64, Refusal> {
    match given {
        None | Some(0) => Ok(0),
        Some(iops) if category == "cloud_auto" && iops > 0 => Ok(iops),
        Some(_) => Err(call.code(&["ProvisionedIopsForDiskCategoryUnsupported", "InvalidParameter"])),
    }
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
        if !kind.family.takes(category) {
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
            snapshot_policy: snapshot_policy(call, disk.text("AutoSnapshotPolicyId"))?,
            bursting: disk.flag("BurstingEnabled"),
            provisioned_iops: iops(call, category, disk.int("ProvisionedIops")?)?,
        });
    }
    Ok(disks)
}

#[cfg(test)]
mod tests {
    use super::*;

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
