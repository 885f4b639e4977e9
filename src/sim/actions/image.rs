//! Images: those of the catalogue, and those that an account makes, copies, shares and deletes.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, done, ecs_tags};
use super::super::catalogue::{self, Image};
use super::super::clock::seconds;
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::disk_row::Disk;
use super::instance_row::Instance;
use super::key_pair::wildcard;
use super::snapshot::{self, Snapshot};
use super::task;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CustomImage {
    #[serde(flatten)]
    pub(super) head: Head,
    family: String,
    version: String,
    os_name: String,
    os_name_en: String,
    platform: String,
    os_type: String,
    architecture: String,
    boot_mode: String,
    /// GiB.
    size: i64,
    disks: Vec<Mapping>,
    /// The image and the region that it was copied from.
    copy_of: Option<(String, String)>,
    imported: bool,
    /// Accounts that may use it, each with the moment since when.
    shared: Vec<(String, i64)>,
    public: bool,
    license: String,
    imds: String,
    nvme: String,
    millis: i64,
}

/// A disk that a server made from an image gets.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mapping {
    device: String,
    snapshot_id: String,
    size: i64,
    system: bool,
    format: String,
    bucket: String,
    object: String,
}

row!(CustomImage, links: |row, link| {
    row.disks
        .iter()
        .filter(|disk| !disk.snapshot_id.is_empty())
        .for_each(|disk| link("snapshot", &disk.snapshot_id));
});

impl Kind for CustomImage {
    const NAME: &'static str = "image";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "image")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[("snapshot", &["SnapshotCreatedImage"])];
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeImages", describe),
    (ECS, "DescribeImageFromFamily", describe_from_family),
    (ECS, "DescribeImageSupportInstanceTypes", describe_types),
    (ECS, "CreateImage", create),
    (ECS, "ModifyImageAttribute", modify),
    (ECS, "CopyImage", copy),
    (ECS, "CancelCopyImage", cancel_copy),
    (ECS, "ImportImage", import),
    (ECS, "ExportImage", export),
    (ECS, "DeleteImage", delete),
    (ECS, "ModifyImageSharePermission", share),
    (ECS, "DescribeImageSharePermission", describe_share),
];

/// Simulated delays, in milliseconds of life-cycle time.
const CREATING_MS: i64 = 20_000;
const COPYING_MS: i64 = 30_000;
const IMPORTING_MS: i64 = 30_000;
const EXPORTING_MS: i64 = 30_000;

const ABSENT: &str = "InvalidImageId.NotFound";
const NAME: &[&str] = &["InvalidImageName.Malformed"];
const DESCRIPTION: &[&str] = &["InvalidDescription.Malformed"];
/// The vendor's limits of one call and of one image.
const SHARES_MAX: usize = 50;
const SHARES_AT_ONCE: usize = 10;

impl CustomImage {
    fn as_image(&self) -> Image {
        Image {
            id: self.head.id.clone(),
            name: self.head.name.clone(),
            family: self.family.clone(),
            owner: "self".to_owned(),
            os_name: self.os_name.clone(),
            os_name_en: self.os_name_en.clone(),
            platform: self.platform.clone(),
            os_type: self.os_type.clone(),
            size: self.size,
            architecture: self.architecture.clone(),
            boot_mode: self.boot_mode.clone(),
            created: seconds(self.head.created),
            product_code: String::new(),
        }
    }
}

/// An image of the catalogue or of the account.
pub(super) fn find(call: &Call<'_>, id: &str) -> Option<Image> {
    let public = call.settings.catalogue.find_image(id).cloned();
    public.or_else(|| call.world.get::<CustomImage>(id).map(CustomImage::as_image))
}

/// The same when servers can be made from it here.
pub(super) fn find_available(call: &Call<'_>, id: &str) -> Option<Image> {
    let public = call.settings.catalogue.find_image(id).cloned();
    let own = || {
        let own = call.world.get::<CustomImage>(id)?;
        let good = matches!(own.status, Status::Available | Status::Deprecated) && own.region == call.region;
        good.then(|| own.as_image())
    };
    public.or_else(own)
}

/// The newest available image of a family; one's own come first.
pub(super) fn newest_of_family(call: &Call<'_>, family: &str) -> Option<Image> {
    let own = call.world.all::<CustomImage>().iter().rev().find(|image| {
        image.family == family && image.region == call.region && image.status == Status::Available
    });
    own.map(CustomImage::as_image)
        .or_else(|| call.settings.catalogue.newest_of_family(family).cloned())
}

/// An image of one's own.
fn own<'t>(call: &'t Call<'_>, id: &str) -> Result<&'t CustomImage, Refusal> {
    call.find::<CustomImage>(id, ABSENT)
}

fn check_name(call: &Call<'_>, param: &str, except: &str) -> Result<Option<String>, Refusal> {
    let Some(name) = call.name(param, 2, NAME)? else {
        return Ok(None);
    };
    if name.starts_with("aliyun") || name.starts_with("acs:") {
        return refuse("InvalidImageName.Malformed");
    }
    let same = |image: &CustomImage| image.name == name && image.region == call.region && image.id != except;
    if call.world.all::<CustomImage>().iter().any(same) {
        return refuse("InvalidImageName.Duplicated");
    }
    Ok(Some(name))
}

fn check_family(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    match call.name("ImageFamily", 2, &["InvalidImageFamily.Malformed"])? {
        Some(family) if family.starts_with("aliyun") || family.starts_with("acs:") => {
            refuse("InvalidImageFamily.Malformed")
        }
        family => Ok(family),
    }
}

fn check_architecture(call: &Call<'_>) -> Result<String, Refusal> {
    match call.params.text_or("Architecture", "x86_64") {
        text @ ("i386" | "x86_64" | "arm64") => Ok(text.to_owned()),
        _ => refuse("InvalidArchitecture.Malformed"),
    }
}

fn check_boot_mode(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    match call.params.text("BootMode") {
        None => Ok(None),
        Some(text @ ("BIOS" | "UEFI" | "UEFI-Preferred")) => Ok(Some(text.to_owned())),
        Some(_) => Err(call.code(&["InvalidBootMode.NotSupport", "InvalidBootMode.Malformed"])),
    }
}

/// An image that is being made, with what is said of its system.
fn blank(head: Head, system: &Image, millis: i64) -> CustomImage {
    CustomImage {
        head,
        family: String::new(),
        version: String::new(),
        os_name: system.os_name.clone(),
        os_name_en: system.os_name_en.clone(),
        platform: system.platform.clone(),
        os_type: system.os_type.clone(),
        architecture: system.architecture.clone(),
        boot_mode: system.boot_mode.clone(),
        size: system.size,
        disks: Vec::new(),
        copy_of: None,
        imported: false,
        shared: Vec::new(),
        public: false,
        license: "Auto".to_owned(),
        imds: "v1".to_owned(),
        nvme: "unsupported".to_owned(),
        millis,
    }
}

/// A system of which nothing but a word is known.
fn system_of(platform: &str, os_type: &str, architecture: &str) -> Image {
    let name = if platform.is_empty() {
        "Customized Linux"
    } else {
        platform
    };
    Image {
        id: String::new(),
        name: String::new(),
        family: String::new(),
        owner: "self".to_owned(),
        os_name: name.to_owned(),
        os_name_en: name.to_owned(),
        platform: name.to_owned(),
        os_type: os_type.to_owned(),
        size: 20,
        architecture: architecture.to_owned(),
        boot_mode: "BIOS".to_owned(),
        created: String::new(),
        product_code: String::new(),
    }
}

/// Where the disks of a new image come from.
enum Source {
    /// A server, with its disks.
    Server(Vec<String>, Box<Image>),
    /// Snapshots, each with device and size.
    Snapshots(Vec<Mapping>),
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let mappings = params.groups("DiskDeviceMapping");
    let given = [
        params.text("InstanceId").is_some(),
        params.text("SnapshotId").is_some(),
        !mappings.is_empty(),
    ];
    match given.iter().filter(|given| **given).count() {
        0 => return refuse("InvalidParameter.AllEmpty"),
        1 => {}
        _ => return refuse("InvalidParamter.Conflict"),
    }
    let architecture = check_architecture(call)?;
    let source = if let Some(id) = params.text("InstanceId") {
        server_source(call, id)?
    } else if let Some(id) = params.text("SnapshotId") {
        Source::Snapshots(vec![mapping(call, id, "/dev/xvda", None, true)?])
    } else {
        let mut disks = Vec::new();
        for (number, disk) in mappings.iter().enumerate() {
            let system = match disk.text_or("DiskType", if number == 0 { "system" } else { "data" }) {
                "system" => true,
                "data" => false,
                _ => return refuse("InvalidParameter.DiskType"),
            };
            let device = disk.text("Device").map_or_else(
                || {
                    if system {
                        "/dev/xvda".to_owned()
                    } else {
                        super::disk_row::device(number - 1)
                    }
                },
                str::to_owned,
            );
            if disks.iter().any(|other: &Mapping| other.device == device) {
                return refuse("InvalidDevice.InUse");
            }
            let id = disk.required("SnapshotId")?;
            disks.push(mapping(call, id, &device, disk.int("Size")?, system)?);
        }
        if disks.iter().filter(|disk| disk.system).count() != 1 {
            return refuse("InvalidSystemSnapshot.Missing");
        }
        Source::Snapshots(disks)
    };
    let name = check_name(call, "ImageName", "")?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let family = check_family(call)?.unwrap_or_default();
    let boot_mode = check_boot_mode(call)?;
    let version = call
        .name("ImageVersion", 1, &["InvalidImageVersion.Malformed"])?
        .unwrap_or_default();
    let imds = params.text("Features.ImdsSupport").map(str::to_owned);
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, _) = call.head("m-");
    head.name = if name.is_empty() { head.id.clone() } else { name };
    head.description = description;
    head.tags = tags;
    head.pass(Status::Creating, CREATING_MS, Status::Available, call.now);
    let id = head.id.clone();
    let mut image = match source {
        Source::Server(disks, system) => {
            let mut own = Vec::new();
            for disk_id in disks {
                let order = snapshot::Order {
                    name: format!("SnapshotForImage-{id}"),
                    category: "standard".to_owned(),
                    ..snapshot::Order::default()
                };
                let snapshot_id = snapshot::make(call, &disk_id, order)?;
                let disk = call.find::<Disk>(&disk_id, "InvalidDiskId.NotFound")?;
                own.push(Mapping {
                    device: disk.device.clone(),
                    snapshot_id,
                    size: disk.size,
                    system: disk.system,
                    format: String::new(),
                    bucket: String::new(),
                    object: String::new(),
                });
            }
            let mut image = blank(head, &system, CREATING_MS);
            image.disks = own;
            image
        }
        Source::Snapshots(disks) => {
            let platform = params.text_or("Platform", "");
            let os_type = if platform.starts_with("Windows") {
                "windows"
            } else {
                "linux"
            };
            let mut image = blank(head, &system_of(platform, os_type, &architecture), CREATING_MS);
            image.disks = disks;
            image
        }
    };
    let system = image.disks.iter().find(|disk| disk.system);
    image.size = system.map_or(image.size, |disk| disk.size);
    image.family = family;
    image.version = version;
    image.boot_mode = boot_mode.unwrap_or(image.boot_mode);
    image.imds = imds.unwrap_or(image.imds);
    call.world.insert(image);
    Ok(map! { "ImageId": id })
}

fn server_source(call: &Call<'_>, id: &str) -> Result<Source, Refusal> {
    let row = call.find::<Instance>(id, "InvalidInstanceId.NotFound")?;
    if !matches!(row.status, Status::Running | Status::Stopped) || row.is_leaving() {
        return refuse("IncorrectInstanceStatus");
    }
    if row.started.is_none() {
        return refuse("IncorrectDiskStatus.NeverAttached");
    }
    let mut disks: Vec<&Disk> = call.world.linked("instance", id).collect();
    disks.sort_by_key(|disk| !disk.system);
    for disk in &disks {
        snapshot::may_begin(call, disk)?;
    }
    let system = find(call, &row.image_id).unwrap_or_else(|| system_of("", "linux", "x86_64"));
    Ok(Source::Server(
        disks.iter().map(|disk| disk.id.clone()).collect(),
        Box::new(system),
    ))
}

fn mapping(
    call: &Call<'_>,
    id: &str,
    device: &str,
    size: Option<i64>,
    system: bool,
) -> Result<Mapping, Refusal> {
    let snapshot = call.find::<Snapshot>(id, "InvalidSnapshotId.NotFound")?;
    if snapshot.status != Status::Accomplished {
        return refuse("InvalidSnapshotId.NotReady");
    }
    if system != snapshot.system {
        return refuse("InvalidDiskType.ValueNotSupported");
    }
    let size = size.unwrap_or(snapshot.disk_size);
    if size < snapshot.disk_size {
        return refuse("InvalidSize.ValueNotSupported");
    }
    Ok(Mapping {
        device: device.to_owned(),
        snapshot_id: id.to_owned(),
        size,
        system,
        format: String::new(),
        bucket: String::new(),
        object: String::new(),
    })
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("ImageId")?;
    let image = own(call, id)?;
    let status = match params.text("Status") {
        None => None,
        Some("Deprecated") if image.status == Status::Available => Some(Status::Deprecated),
        Some("Deprecated") => return refuse("ImageStatus.NotAvailable"),
        Some("Available") if image.status == Status::Deprecated => Some(Status::Available),
        Some("Available") => return refuse("ImageStatus.NotDeprecated"),
        Some(_) => return Err(Refusal::invalid("Status")),
    };
    let name = check_name(call, "ImageName", id)?;
    let description = call.description(2, DESCRIPTION)?;
    let family = check_family(call)?;
    let boot_mode = check_boot_mode(call)?;
    let license = match params.text("LicenseType") {
        None => None,
        Some(text @ ("Auto" | "Aliyun" | "BYOL")) => Some(text.to_owned()),
        Some(_) => return refuse("InvalidLicenseType.NotSupported"),
    };
    call.validated()?;
    call.world.update::<CustomImage, _>(id, |image| {
        image.rename(
            name,
            description.or_else(|| params.given("Description").map(str::to_owned)),
        );
        if let Some(status) = status {
            image.status = status;
        }
        if let Some(family) = family.or_else(|| params.given("ImageFamily").map(str::to_owned)) {
            image.family = family;
        }
        if let Some(boot_mode) = boot_mode {
            image.boot_mode = boot_mode;
        }
        if let Some(license) = license {
            image.license = license;
        }
        if let Some(imds) = params.text("Features.ImdsSupport") {
            image.imds = imds.to_owned();
        }
        if let Some(nvme) = params.text("Features.NvmeSupport") {
            image.nvme = nvme.to_owned();
        }
    });
    done()
}

fn copy(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let source = own(call, params.required("ImageId")?)?.clone();
    if source.status != Status::Available {
        return refuse("IncorrectImageStatus");
    }
    let target = params.text_or("DestinationRegionId", &source.region).to_owned();
    if catalogue::find_region(&target).is_none() {
        return refuse("DestinationRegion.NotFound");
    }
    if target == source.region && !params.flag("Encrypted") {
        return refuse("IncorrectDestinationRegion");
    }
    if params.text("KMSKeyId").is_some() && !params.flag("Encrypted") {
        return refuse("InvalidEncrypted.NotMatchKmsKeyId");
    }
    call.region = target;
    let name = check_name(call, "DestinationImageName", "")?.unwrap_or_default();
    let description = call
        .name("DestinationDescription", 2, DESCRIPTION)?
        .unwrap_or_default();
    let tags = call.tags()?;
    call.validated()?;
    let (mut head, _) = call.head("m-");
    head.name = if name.is_empty() { head.id.clone() } else { name };
    head.description = description;
    head.tags = tags;
    head.pass(Status::Creating, COPYING_MS, Status::Available, call.now);
    let id = head.id.clone();
    // Its snapshots come with it, as copies that nobody else knows of.
    let disks = source.disks.iter().map(|disk| Mapping {
        snapshot_id: String::new(),
        ..disk.clone()
    });
    let copy = CustomImage {
        head,
        disks: disks.collect(),
        copy_of: Some((source.head.id.clone(), source.head.region.clone())),
        shared: Vec::new(),
        public: false,
        millis: COPYING_MS,
        ..source
    };
    call.world.insert(copy);
    Ok(map! { "ImageId": id })
}

fn cancel_copy(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("ImageId")?;
    let image = own(call, id)?;
    if image.copy_of.is_none() {
        return refuse("ImageCreatedNotFromCopy");
    }
    if image.status != Status::Creating {
        return refuse("IncorrectImageStatus");
    }
    call.remove::<CustomImage>(id);
    done()
}

fn import(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let architecture = check_architecture(call)?;
    let os_type = match params.text_or("OSType", "linux") {
        text @ ("linux" | "windows") => text,
        _ => return refuse("InvalidOSType.Malformed"),
    };
    let name = check_name(call, "ImageName", "")?.unwrap_or_default();
    let description = call.description(2, DESCRIPTION)?.unwrap_or_default();
    let boot_mode = check_boot_mode(call)?;
    let mappings = params.groups("DiskDeviceMapping");
    if mappings.is_empty() {
        return Err(Refusal::missing("DiskDeviceMapping"));
    }
    let mut disks = Vec::new();
    for (number, disk) in mappings.iter().enumerate() {
        let bucket = disk
            .text("OSSBucket")
            .ok_or_else(|| Refusal::new("InvalidOSSBucket.Malformed"))?;
        let object = disk
            .text("OSSObject")
            .ok_or_else(|| Refusal::new("InvalidOSSObject.Malformed"))?;
        let format = disk
            .text_or("Format", object.rsplit('.').next().unwrap_or(""))
            .to_ascii_uppercase();
        if !["RAW", "VHD", "QCOW2", "VMDK"].contains(&format.as_str()) {
            return refuse("InvalidImageFormat.Malformed");
        }
        let size = disk
            .int("DiskImageSize")?
            .or(disk.int("DiskImSize")?)
            .unwrap_or(5);
        if !(1..=2000).contains(&size) {
            return Err(call.code(&["InvalidImageSize", "InvalidDataDiskSize"]));
        }
        disks.push(Mapping {
            device: disk.text_or("Device", "").to_owned(),
            snapshot_id: String::new(),
            size,
            system: number == 0,
            format,
            bucket: bucket.to_owned(),
            object: object.to_owned(),
        });
    }
    let license = match params.text_or("LicenseType", "Auto") {
        text @ ("Auto" | "Aliyun" | "BYOL") => text.to_owned(),
        _ => return refuse("InvalidLicenseType.NotSupported"),
    };
    let tags = call.tags()?;
    call.validated()?;
    let system = system_of(params.text_or("Platform", ""), os_type, &architecture);
    let (mut head, _) = call.head("m-");
    head.name = if name.is_empty() { head.id.clone() } else { name };
    head.description = description;
    head.tags = tags;
    head.pass(Status::Waiting, IMPORTING_MS, Status::Available, call.now);
    let id = head.id.clone();
    let mut image = blank(head, &system, IMPORTING_MS);
    image.size = disks.first().map_or(20, |disk: &Mapping| disk.size);
    image.disks = disks;
    image.imported = true;
    image.license = license;
    image.boot_mode = boot_mode.unwrap_or(image.boot_mode);
    image.imds = params.text_or("Features.ImdsSupport", "v1").to_owned();
    image.nvme = params.text_or("Features.NvmeSupport", "unsupported").to_owned();
    call.world.insert(image);
    let task = task::make(call, "ImportImage", &id, IMPORTING_MS);
    Ok(map! { "ImageId": id, "TaskId": task, "RegionId": call.region.as_str() })
}

fn export(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("ImageId")?;
    let image = own(call, id)?;
    if image.status != Status::Available {
        return refuse("IncorrectImageStatus");
    }
    if task::is_busy(call.world, "ExportImage", id) {
        return refuse("ImageIsExporting");
    }
    let format = params.text_or("ImageFormat", "raw").to_ascii_lowercase();
    if !["raw", "vhd", "qcow2", "vmdk", "vdi"].contains(&format.as_str()) {
        return refuse("InvalidImageFormat.Malformed");
    }
    params.required("OSSBucket")?;
    if params.text("OSSPrefix").is_some_and(|prefix| prefix.len() > 30) {
        return refuse("InvalidOSSPrefix.Malformed");
    }
    call.validated()?;
    let task = task::make(call, "ExportImage", id, EXPORTING_MS);
    Ok(map! { "TaskId": task, "RegionId": call.region.as_str() })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("ImageId")?;
    if call.settings.catalogue.find_image(id).is_some() {
        return refuse(ABSENT);
    }
    let image = own(call, id)?;
    if image.public {
        return refuse("ImageIsPublic");
    }
    if task::is_busy(call.world, "ExportImage", id) {
        return refuse("ImageIsExporting");
    }
    if !call.params.flag("Force") {
        if image.status == Status::Waiting {
            return refuse("ImageIsImporting");
        }
        if image.status == Status::Creating && image.copy_of.is_some() {
            return refuse("OperationDenied.ImageCopying");
        }
        if !image.shared.is_empty() {
            return refuse("ImageUseShared");
        }
        call.unheld::<CustomImage>(id)?;
    }
    call.validated()?;
    call.remove::<CustomImage>(id);
    done()
}

fn share(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("ImageId")?;
    let image = own(call, id)?;
    if image.status != Status::Available {
        return refuse("OperationDenied.InvalidImageStatus");
    }
    let accounts = |name: &str| -> Vec<String> {
        params
            .list(name)
            .into_iter()
            .take(SHARES_AT_ONCE)
            .map(str::to_owned)
            .collect()
    };
    let (add, remove) = (accounts("AddAccount"), accounts("RemoveAccount"));
    let digits = |account: &String| account.bytes().all(|byte| byte.is_ascii_digit());
    if !add.iter().all(digits) {
        return Err(Refusal::invalid("AddAccount"));
    }
    let public = params.bool("IsPublic");
    if public == Some(false) && !image.public && add.is_empty() && remove.is_empty() {
        return refuse("Image.NotPublic");
    }
    if public == Some(true) && image.public {
        return refuse("Image.Public");
    }
    let new = add
        .iter()
        .filter(|account| image.shared.iter().all(|(own, _)| own != *account))
        .count();
    if image.shared.len() + new > SHARES_MAX {
        return refuse("QuotaExceed.ShareImageUser");
    }
    call.validated()?;
    let now = call.now.real;
    call.world.update::<CustomImage, _>(id, |image| {
        image.shared.retain(|(own, _)| !remove.contains(own));
        for account in add {
            if image.shared.iter().all(|(own, _)| *own != account) {
                image.shared.push((account, now));
            }
        }
        image.public = public.unwrap_or(image.public);
    });
    done()
}

fn describe_share(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("ImageId")?;
    let image = own(call, id)?;
    let (number, size) = call.number_and_size(100)?;
    let from = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let accounts = image
        .shared
        .iter()
        .skip(from)
        .take(size)
        .map(|(account, since)| map! { "AliyunId": account, "SharedTime": seconds(*since) });
    let groups = if image.public {
        vec![map! { "Group": "all" }]
    } else {
        Vec::new()
    };
    let mut answer = map! {
        "ImageId": id,
        "Accounts": map! { "Account": accounts.collect::<Vec<_>>() },
        "ShareGroups": map! { "ShareGroup": groups },
    };
    call.paging(
        &mut answer,
        image.shared.len(),
        number,
        i64::try_from(size).unwrap_or(100),
        "",
    );
    Ok(answer)
}

/// One line of the list: an image, and the row behind it when it is one's own.
struct Line<'t> {
    image: Image,
    row: Option<&'t CustomImage>,
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.comma_list("ImageId", 100)?;
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let status = params.text_or("Status", "Available");
    let kind = params
        .text("InstanceType")
        .and_then(|id| call.settings.catalogue.find_instance_type(id));
    let tags = params.groups("Tag");
    let filters = params.groups("Filter");
    let known = ["CreationStartTime", "CreationEndTime"];
    if !filters
        .iter()
        .all(|filter| known.contains(&filter.text_or("Key", "")))
    {
        return Err(call.code(&["InvalidFilterKey.NotFound", "InvalidParameter"]));
    }
    let own = call
        .world
        .all::<CustomImage>()
        .iter()
        .rev()
        .filter(|row| row.region == call.region && call.is_visible(row.created))
        .map(|row| Line {
            image: row.as_image(),
            row: Some(row),
        });
    let public = call.settings.catalogue.images().iter().map(|image| Line {
        image: image.clone(),
        row: None,
    });
    let has = |line: &Line<'_>, key: &str, value: Option<&str>| {
        line.row.is_some_and(|row| {
            row.tags
                .iter()
                .any(|(own, own_value)| own == key && value.is_none_or(|value| value == own_value))
        })
    };
    let keep = |line: &Line<'_>| {
        let image = &line.image;
        let own_status = line.row.map_or("Available", |row| row.status.text());
        let used = call
            .world
            .all::<Instance>()
            .count_linked(CustomImage::NAME, &image.id)
            > 0;
        ids.as_ref().is_none_or(|ids| ids.contains(&image.id.as_str()))
            && params
                .text("ImageName")
                .is_none_or(|name| wildcard(name, &image.name))
            && is("ImageFamily", &image.family)
            && is("ImageOwnerAlias", &image.owner)
            && is("OSType", &image.os_type)
            && is("Architecture", &image.architecture)
            && status.split(',').any(|status| status.trim() == own_status)
            && tags.iter().all(|tag| {
                let key = tag.text("Key").or_else(|| tag.text("key")).unwrap_or("");
                has(line, key, tag.text("Value").or_else(|| tag.text("value")))
            })
            && params.text("SnapshotId").is_none_or(|id| {
                line.row
                    .is_some_and(|row| row.disks.iter().any(|disk| disk.snapshot_id == id))
            })
            && params
                .bool("IsPublic")
                .is_none_or(|public| public == is_public(line))
            && params
                .text("ImageOwnerId")
                .is_none_or(|id| line.row.is_some() && id == call.world.account_id)
            && params
                .text("ResourceGroupId")
                .is_none_or(|group| line.row.is_some_and(|row| row.resource_group == group))
            && is("Usage", if used { "instance" } else { "none" })
            && params.bool("IsSupportCloudinit") != Some(false)
            && params.bool("IsSupportIoOptimized") != Some(false)
            && filters.iter().all(|filter| {
                let value = filter.text_or("Value", "");
                match filter.text_or("Key", "") {
                    "CreationStartTime" => image.created.as_str() >= value,
                    "CreationEndTime" => image.created.as_str() <= value,
                    _ => true,
                }
            })
            && kind.is_none_or(|kind| image.runs_on(&kind.family.architecture))
    };
    let found: Vec<Line<'_>> = own.chain(public).filter(keep).collect();
    let (number, size) = call.number_and_size(100)?;
    let from = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let nodes: Vec<Node> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|line| node(call, line))
        .collect();
    let mut answer = map! { "Images": map! { "Image": nodes } };
    call.paging(
        &mut answer,
        found.len(),
        number,
        i64::try_from(size).unwrap_or(100),
        "",
    );
    Ok(answer)
}

fn is_public(line: &Line<'_>) -> bool {
    line.row.map_or(line.image.owner == "system", |row| row.public)
}

fn node(call: &Call<'_>, line: &Line<'_>) -> Node {
    let (image, row) = (&line.image, line.row);
    let used = call
        .world
        .all::<Instance>()
        .count_linked(CustomImage::NAME, &image.id)
        > 0;
    let progress = row.map_or(100, |row| row.percent(row.millis, call.now));
    let disks = row.map_or(&[][..], |row| &row.disks).iter().map(|disk| {
        map! {
            "Device": &disk.device,
            "SnapshotId": &disk.snapshot_id,
            "Size": disk.size.to_string(),
            "Type": if disk.system { "system" } else { "data" },
            "Format": &disk.format,
            "ImportOSSBucket": &disk.bucket,
            "ImportOSSObject": &disk.object,
            "Progress": format!("{progress}%"),
            "Encrypted": false,
        }
    });
    let mut node = map! {
        "ImageId": &image.id,
        "ImageName": &image.name,
        "ImageFamily": &image.family,
        "ImageOwnerAlias": &image.owner,
        "ImageVersion": row.map_or("", |row| &row.version),
        "OSName": &image.os_name,
        "OSNameEn": &image.os_name_en,
        "OSType": &image.os_type,
        "Platform": &image.platform,
        "Architecture": &image.architecture,
        "Size": image.size,
        "Status": row.map_or("Available", |row| row.status.text()),
        "Progress": format!("{progress}%"),
        "Description": row.map_or("", |row| &row.head.description),
        "CreationTime": &image.created,
        "IsSupportCloudinit": true,
        "IsSupportIoOptimized": true,
        "IsPublic": is_public(line),
        "IsCopied": row.is_some_and(|row| row.copy_of.is_some()),
        "IsSubscribed": false,
        "IsSelfShared": if row.is_some_and(|row| !row.shared.is_empty()) { "True" } else { "" },
        "ProductCode": &image.product_code,
        "Usage": if used { "instance" } else { "none" },
        "Usable": true,
        "ResourceGroupId": row.map_or("", |row| &row.head.resource_group),
        "BootMode": &image.boot_mode,
        "LoginAsNonRootSupported": false,
        "LicenseType": row.map_or("Aliyun", |row| &row.license),
        "Features": map! {
            "NvmeSupport": row.map_or("supported", |row| &row.nvme),
            "ImdsSupport": row.map_or("v2", |row| &row.imds),
        },
        "DiskDeviceMappings": map! { "DiskDeviceMapping": disks.collect::<Vec<_>>() },
        "Tags": ecs_tags(row.map_or(&[][..], |row| &row.head.tags)),
    };
    if row.is_some() {
        node.push("ImageOwnerId", call.world.account_id.parse::<i64>().unwrap_or(0));
    }
    node
}

fn describe_from_family(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let family = call.params.required("ImageFamily")?;
    let Some(image) = newest_of_family(call, family) else {
        return Ok(Node::Map(Vec::new()));
    };
    let row = call.world.get::<CustomImage>(&image.id);
    // Its answer knows fewer fields than the list's.
    let node = node(call, &Line { image, row });
    Ok(map! { "Image": call.trimmed_to(&["Image"], node) })
}

fn describe_types(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let by_filter = params.groups("Filter").into_iter().find_map(|filter| {
        (filter.text("Key") == Some("imageId")).then(|| filter.text_or("Value", "").to_owned())
    });
    let id = params.text("ImageId").map(str::to_owned).or(by_filter);
    let id = id.ok_or_else(|| Refusal::missing("ImageId"))?;
    let image = find(call, &id).ok_or_else(|| Refusal::new(ABSENT))?;
    if !matches!(
        params.text_or("ActionType", "CreateEcs"),
        "CreateEcs" | "ChangeOS" | "ModifySpec"
    ) {
        return refuse("InvalidUsage");
    }
    let types = call
        .settings
        .catalogue
        .instance_types()
        .filter(|kind| image.runs_on(&kind.family.architecture))
        .map(|kind| {
            map! {
                "InstanceTypeId": &kind.id,
                "InstanceTypeFamily": &kind.family.id,
                "CpuCoreCount": kind.cpu,
                "MemorySize": kind.memory as f64 / 1024.0,
            }
        });
    Ok(map! {
        "ImageId": &id,
        "RegionId": call.region.as_str(),
        "InstanceTypes": map! { "InstanceType": types.collect::<Vec<_>>() },
    })
}
