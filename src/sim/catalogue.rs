//! What the simulated cloud has on offer: regions, zones, images, instance types, disk categories and prices.
//! Plausible, as of 2026-11, and made up where it says "simulated": prices and stock are nobody's. Does not know
//! what anybody has bought.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    zones: &'static str,
    /// The letters that ids of this region begin with.
    pub(super) infix: &'static str,
    pub(super) ecs_endpoint: &'static str,
    pub(super) vpc_endpoint: &'static str,
}

const fn region(
    id: &'static str,
    name: &'static str,
    zones: &'static str,
    infix: &'static str,
    ecs_endpoint: &'static str,
    vpc_endpoint: &'static str,
) -> Region {
    Region {
        id,
        name,
        zones,
        infix,
        ecs_endpoint,
        vpc_endpoint,
    }
}

impl Region {
    /// The ids of its zones: regions of China write a hyphen before the letter.
    pub(super) fn zones(&self) -> impl Iterator<Item = String> + '_ {
        let joint = if self.id.starts_with("cn-") { "-" } else { "" };
        self.zones
            .chars()
            .map(move |letter| format!("{}{joint}{letter}", self.id))
    }

    pub(super) fn has_zone(&self, zone: &str) -> bool {
        self.zones().any(|own| own == zone)
    }
}

// One line each, as a table.
#[rustfmt::skip]
const REGIONS: &[Region] = &[
    region("ap-northeast-1", "日本（东京）", "abc", "6we", "ecs.ap-northeast-1.aliyuncs.com", "vpc.ap-northeast-1.aliyuncs.com"),
    region("ap-northeast-2", "ap-northeast-2", "ab", "ekl", "ecs.ap-northeast-2.aliyuncs.com", "vpc.ap-northeast-2.aliyuncs.com"),
    region("ap-south-1", "ap-south-1", "ab", "bbn", "ecs.ap-south-1.aliyuncs.com", "vpc.ap-south-1.aliyuncs.com"),
    region("ap-southeast-1", "新加坡", "abc", "t4n", "ecs.ap-southeast-1.aliyuncs.com", "vpc.ap-southeast-1.aliyuncs.com"),
    region("ap-southeast-2", "ap-southeast-2", "ab", "crj", "ecs.ap-southeast-2.aliyuncs.com", "vpc.ap-southeast-2.aliyuncs.com"),
    region("ap-southeast-3", "ap-southeast-3", "ab", "ikx", "ecs.ap-southeast-3.aliyuncs.com", "vpc.ap-southeast-3.aliyuncs.com"),
    region("ap-southeast-5", "ap-southeast-5", "abc", "kex", "ecs.ap-southeast-5.aliyuncs.com", "vpc.ap-southeast-5.aliyuncs.com"),
    region("ap-southeast-6", "ap-southeast-6", "ab", "uks", "ecs.ap-southeast-6.aliyuncs.com", "vpc.ap-southeast-6.aliyuncs.com"),
    region("ap-southeast-7", "ap-southeast-7", "ab", "wxh", "ecs.ap-southeast-7.aliyuncs.com", "vpc.ap-southeast-7.aliyuncs.com"),
    region("ap-southeast-8", "ap-southeast-8", "a", "okx", "ecs.ap-southeast-8.aliyuncs.com", "vpc.ap-southeast-8.aliyuncs.com"),
    region("cn-beijing", "华北2（北京）", "abcdefghijkl", "2ze", "ecs.cn-beijing.aliyuncs.com", "vpc.cn-beijing.aliyuncs.com"),
    region("cn-beijing-finance-1", "cn-beijing-finance-1", "a", "xny", "ecs.cn-beijing-finance-1.aliyuncs.com", "vpc.cn-beijing-finance-1.aliyuncs.com"),
    region("cn-beijing-finance-1-pub", "cn-beijing-finance-1-pub", "a", "gss", "ecs.cn-beijing-finance-1-pub.aliyuncs.com", "vpc.cn-beijing-finance-1-pub.aliyuncs.com"),
    region("cn-chengdu", "西南1（成都）", "ab", "tyk", "ecs.cn-chengdu.aliyuncs.com", "vpc.cn-chengdu.aliyuncs.com"),
    region("cn-fuzhou", "cn-fuzhou", "a", "qcc", "ecs.cn-fuzhou.aliyuncs.com", "vpc.cn-fuzhou.aliyuncs.com"),
    region("cn-guangzhou", "华南3（广州）", "ab", "vqo", "ecs.cn-guangzhou.aliyuncs.com", "vpc.cn-guangzhou.aliyuncs.com"),
    region("cn-hangzhou", "华东1（杭州）", "befghijk", "bp1", "ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-hangzhou-finance", "cn-hangzhou-finance", "a", "etd", "ecs.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-heyuan", "华南2（河源）", "ab", "frf", "ecs.cn-heyuan.aliyuncs.com", "vpc.cn-heyuan.aliyuncs.com"),
    region("cn-heyuan-acdr-1", "cn-heyuan-acdr-1", "a", "bdr", "ecs.cn-heyuan-acdr-1.aliyuncs.com", "vpc.cn-heyuan-acdr-1.aliyuncs.com"),
    region("cn-hongkong", "中国香港", "bcd", "j6c", "ecs.cn-hongkong.aliyuncs.com", "vpc.cn-hongkong.aliyuncs.com"),
    region("cn-huhehaote", "华北5（呼和浩特）", "ab", "hp3", "ecs.cn-huhehaote.aliyuncs.com", "vpc.cn-huhehaote.aliyuncs.com"),
    region("cn-hzfinance", "cn-hzfinance", "a", "mlm", "ecs.cn-hzfinance.aliyuncs.com", "vpc.cn-hzfinance.aliyuncs.com"),
    region("cn-hzjbp", "cn-hzjbp", "a", "tqn", "ecs.cn-hzjbp.aliyuncs.com", "vpc.cn-hzjbp.aliyuncs.com"),
    region("cn-nanjing", "cn-nanjing", "a", "ajd", "ecs.cn-nanjing.aliyuncs.com", "vpc.cn-nanjing.aliyuncs.com"),
    region("cn-north-2-gov-1", "cn-north-2-gov-1", "abl", "cas", "ecs.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-qingdao", "华北1（青岛）", "bc", "m5e", "ecs.cn-qingdao.aliyuncs.com", "vpc.cn-qingdao.aliyuncs.com"),
    region("cn-shanghai", "华东2（上海）", "abefglmn", "uf6", "ecs.cn-shanghai.aliyuncs.com", "vpc.cn-shanghai.aliyuncs.com"),
    region("cn-shanghai-finance-1", "cn-shanghai-finance-1", "abfgkz", "jhz", "ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-shanghai-finance-1-pub", "cn-shanghai-finance-1-pub", "a", "xuz", "ecs.cn-shanghai-finance-1-pub.aliyuncs.com", "vpc.cn-shanghai-finance-1-pub.aliyuncs.com"),
    region("cn-shenzhen", "华南1（深圳）", "acdef", "wz9", "ecs.cn-shenzhen.aliyuncs.com", "vpc.cn-shenzhen.aliyuncs.com"),
    region("cn-shenzhen-finance", "cn-shenzhen-finance", "a", "mxq", "ecs.cn-shenzhen-finance.aliyuncs.com", "vpc.cn-shenzhen-finance.aliyuncs.com"),
    region("cn-shenzhen-finance-1", "cn-shenzhen-finance-1", "de", "bki", "ecs-cn-hangzhou.aliyuncs.com", "vpc.aliyuncs.com"),
    region("cn-szfinance", "cn-szfinance", "a", "ycp", "ecs.cn-szfinance.aliyuncs.com", "vpc.cn-szfinance.aliyuncs.com"),
    region("cn-wuhan-lr", "cn-wuhan-lr", "a", "oac", "ecs.cn-wuhan-lr.aliyuncs.com", "vpc.cn-wuhan-lr.aliyuncs.com"),
    region("cn-wulanchabu", "华北6（乌兰察布）", "abc", "pww", "ecs.cn-wulanchabu.aliyuncs.com", "vpc.cn-wulanchabu.aliyuncs.com"),
    region("cn-zhangjiakou", "华北3（张家口）", "abc", "8vb", "ecs.cn-zhangjiakou.aliyuncs.com", "vpc.cn-zhangjiakou.aliyuncs.com"),
    region("cn-zhengzhou-jva", "cn-zhengzhou-jva", "a", "zsq", "ecs.cn-zhengzhou-jva.aliyuncs.com", "vpc.cn-zhengzhou-jva.aliyuncs.com"),
    region("cn-zhongwei", "cn-zhongwei", "a", "ral", "ecs.cn-zhongwei.aliyuncs.com", "vpc.cn-zhongwei.aliyuncs.com"),
    region("eu-central-1", "德国（法兰克福）", "abc", "gw8", "ecs.eu-central-1.aliyuncs.com", "vpc.eu-central-1.aliyuncs.com"),
    region("eu-west-1", "英国（伦敦）", "ab", "hvm", "ecs.eu-west-1.aliyuncs.com", "vpc.eu-west-1.aliyuncs.com"),
    region("me-central-1", "me-central-1", "ab", "ggo", "ecs.me-central-1.aliyuncs.com", "vpc.me-central-1.aliyuncs.com"),
    region("me-east-1", "me-east-1", "a", "eed", "ecs.me-east-1.aliyuncs.com", "vpc.me-east-1.aliyuncs.com"),
    region("na-south-1", "na-south-1", "a", "kpz", "ecs.na-south-1.aliyuncs.com", "vpc.na-south-1.aliyuncs.com"),
    region("rus-west-1", "rus-west-1", "a", "jfy", "ecs.rus-west-1.aliyuncs.com", "vpc.rus-west-1.aliyuncs.com"),
    region("us-east-1", "美国（弗吉尼亚）", "ab", "0xi", "ecs.us-east-1.aliyuncs.com", "vpc.us-east-1.aliyuncs.com"),
    region("us-southeast-1", "us-southeast-1", "a", "xhc", "ecs.us-southeast-1.aliyuncs.com", "vpc.us-southeast-1.aliyuncs.com"),
    region("us-west-1", "美国（硅谷）", "ab", "rj9", "ecs.us-west-1.aliyuncs.com", "vpc.us-west-1.aliyuncs.com"),
];

pub(super) fn regions() -> &'static [Region] {
    REGIONS
}

pub(super) fn find_region(id: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.id == id)
}

/// One public image.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) family: &'static str,
    pub(super) os_name: &'static str,
    pub(super) os_name_en: &'static str,
    pub(super) platform: &'static str,
    pub(super) os_type: &'static str,
    /// GiB.
    pub(super) size: i64,
    pub(super) architecture: &'static str,
    pub(super) created: &'static str,
}

const fn image(
    id: &'static str,
    family: &'static str,
    os_name: &'static str,
    os_name_en: &'static str,
    platform: &'static str,
    size: i64,
    created: &'static str,
) -> Image {
    Image {
        id,
        name: id,
        family,
        os_name,
        os_name_en,
        platform,
        os_type: "linux",
        size,
        architecture: "x86_64",
        created,
    }
}

const IMAGES: &[Image] = &[
    image(
        "aliyun_3_x64_20G_alibase_20240819.vhd",
        "acs:alibaba_cloud_linux_3_2104_lts_x64",
        "Alibaba Cloud Linux 3.2104 LTS 64位",
        "Alibaba Cloud Linux 3.2104 LTS 64 bit",
        "Aliyun",
        20,
        "2024-08-20T02:15:35Z",
    ),
    image(
        "aliyun_2_1903_x64_20G_alibase_20240628.vhd",
        "acs:alibaba_cloud_linux_2_1903_x64",
        "Alibaba Cloud Linux 2.1903 LTS 64位",
        "Alibaba Cloud Linux 2.1903 LTS 64 bit",
        "Aliyun",
        20,
        "2024-07-01T03:10:21Z",
    ),
    image(
        "ubuntu_22_04_x64_20G_alibase_20240819.vhd",
        "acs:ubuntu_22_04_x64",
        "Ubuntu 22.04 64位",
        "Ubuntu 22.04 64 bit",
        "Ubuntu",
        20,
        "2024-08-20T03:25:13Z",
    ),
    image(
        "ubuntu_24_04_x64_20G_alibase_20240812.vhd",
        "acs:ubuntu_24_04_x64",
        "Ubuntu 24.04 64位",
        "Ubuntu 24.04 64 bit",
        "Ubuntu",
        20,
        "2024-08-13T03:20:06Z",
    ),
    image(
        "ubuntu_20_04_x64_20G_alibase_20240819.vhd",
        "acs:ubuntu_20_04_x64",
        "Ubuntu 20.04 64位",
        "Ubuntu 20.04 64 bit",
        "Ubuntu",
        20,
        "2024-08-20T03:22:41Z",
    ),
    image(
        "ubuntu1404_64_40G_cloudinit_20160727.raw",
        "acs:ubuntu_1404_64",
        "Ubuntu 14.04 64位",
        "Ubuntu 14.04 64 bit",
        "Ubuntu",
        40,
        "2016-07-28T06:02:46Z",
    ),
    image(
        "debian_12_6_x64_20G_alibase_20240711.vhd",
        "acs:debian_12_6_x64",
        "Debian 12.6 64位",
        "Debian 12.6 64 bit",
        "Debian",
        20,
        "2024-07-12T02:44:50Z",
    ),
    image(
        "centos_7_9_x64_20G_alibase_20240628.vhd",
        "acs:centos_7_9_x64",
        "CentOS 7.9 64位",
        "CentOS 7.9 64 bit",
        "CentOS",
        20,
        "2024-07-01T02:58:17Z",
    ),
    image(
        "rockylinux_9_4_x64_20G_alibase_20240618.vhd",
        "acs:rockylinux_9_4_x64",
        "Rocky Linux 9.4 64位",
        "Rocky Linux 9.4 64 bit",
        "Rocky Linux",
        20,
        "2024-06-19T02:39:12Z",
    ),
    Image {
        id: "win2022_21H2_x64_dtc_zh-cn_40G_alibase_20240716.vhd",
        name: "win2022_21H2_x64_dtc_zh-cn_40G_alibase_20240716.vhd",
        family: "acs:windows_server_2022_dtc_zh-cn_x64",
        os_name: "Windows Server 2022 数据中心版 64位中文版",
        os_name_en: "Windows Server 2022 Data Center Edition 64bit Chinese Edition",
        platform: "Windows Server 2022",
        os_type: "windows",
        size: 40,
        architecture: "x86_64",
        created: "2024-07-17T02:18:09Z",
    },
    Image {
        id: "aliyun_3_arm64_20G_alibase_20240819.vhd",
        name: "aliyun_3_arm64_20G_alibase_20240819.vhd",
        family: "acs:alibaba_cloud_linux_3_2104_lts_arm64",
        os_name: "Alibaba Cloud Linux 3.2104 LTS 64位 ARM版",
        os_name_en: "Alibaba Cloud Linux 3.2104 LTS 64 bit ARM Edition",
        platform: "Aliyun",
        os_type: "linux",
        size: 20,
        architecture: "arm64",
        created: "2024-08-20T02:18:02Z",
    },
];

pub(super) fn images() -> &'static [Image] {
    IMAGES
}

pub(super) fn find_image(id: &str) -> Option<&'static Image> {
    IMAGES.iter().find(|image| image.id == id)
}

/// The newest image of a family.
pub(super) fn newest_of_family(family: &str) -> Option<&'static Image> {
    IMAGES
        .iter()
        .filter(|image| image.family == family)
        .max_by_key(|image| image.created)
}

/// One instance type.
#[derive(Debug, Clone)]
pub(super) struct InstanceType {
    pub(super) id: String,
    pub(super) family: &'static Family,
    pub(super) cpu: i64,
    /// MiB.
    pub(super) memory: i64,
}

/// A family of instance types.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) id: &'static str,
    pub(super) generation: &'static str,
    pub(super) level: &'static str,
    pub(super) category: &'static str,
    pub(super) architecture: &'static str,
    /// The first generations take the old disk categories and may do without I/O optimisation.
    pub(super) old: bool,
    /// Simulated price of a vCPU for an hour, in thousandths of a yuan.
    price: i64,
    /// Size name, vCPUs, memory in MiB.
    sizes: &'static [(&'static str, i64, i64)],
}

const fn family(
    id: &'static str,
    generation: &'static str,
    category: &'static str,
    old: bool,
    price: i64,
    sizes: &'static [(&'static str, i64, i64)],
) -> Family {
    Family {
        id,
        generation,
        level: if old { "EntryLevel" } else { "EnterpriseLevel" },
        category,
        architecture: "X86",
        old,
        price,
        sizes,
    }
}

const GIB: i64 = 1024;
const COMPUTE: &[(&str, i64, i64)] = &[
    ("large", 2, 4 * GIB),
    ("xlarge", 4, 8 * GIB),
    ("2xlarge", 8, 16 * GIB),
    ("4xlarge", 16, 32 * GIB),
    ("8xlarge", 32, 64 * GIB),
];
const GENERAL: &[(&str, i64, i64)] = &[
    ("large", 2, 8 * GIB),
    ("xlarge", 4, 16 * GIB),
    ("2xlarge", 8, 32 * GIB),
    ("4xlarge", 16, 64 * GIB),
    ("8xlarge", 32, 128 * GIB),
];
const MEMORY: &[(&str, i64, i64)] = &[
    ("large", 2, 16 * GIB),
    ("xlarge", 4, 32 * GIB),
    ("2xlarge", 8, 64 * GIB),
    ("4xlarge", 16, 128 * GIB),
];
const SHARED: &[(&str, i64, i64)] = &[
    ("small", 1, 2 * GIB),
    ("large", 2, 4 * GIB),
    ("xlarge", 4, 8 * GIB),
    ("2xlarge", 8, 16 * GIB),
];

const FAMILIES: &[Family] = &[
    family("ecs.t1", "ecs-1", "Shared", true, 90, &[("small", 1, GIB)]),
    family(
        "ecs.s1",
        "ecs-1",
        "Shared",
        true,
        110,
        &[("small", 1, 2 * GIB), ("medium", 1, 4 * GIB)],
    ),
    family(
        "ecs.s2",
        "ecs-1",
        "Shared",
        true,
        110,
        &[
            ("small", 2, 2 * GIB),
            ("large", 2, 4 * GIB),
            ("xlarge", 2, 8 * GIB),
            ("2xlarge", 2, 16 * GIB),
        ],
    ),
    family(
        "ecs.n1",
        "ecs-2",
        "Shared",
        true,
        130,
        &[
            ("tiny", 1, GIB),
            ("small", 1, 2 * GIB),
            ("medium", 2, 4 * GIB),
            ("large", 4, 8 * GIB),
            ("xlarge", 8, 16 * GIB),
        ],
    ),
    family("ecs.n4", "ecs-3", "Shared", false, 150, SHARED),
    family(
        "ecs.t6",
        "ecs-4",
        "Shared",
        false,
        100,
        &[
            ("c2m1.large", 2, GIB),
            ("c1m1.large", 2, 2 * GIB),
            ("c1m2.large", 2, 4 * GIB),
            ("c1m4.large", 2, 8 * GIB),
        ],
    ),
    family(
        "ecs.e",
        "ecs-4",
        "Shared",
        false,
        95,
        &[
            ("c1m1.large", 2, 2 * GIB),
            ("c1m2.large", 2, 4 * GIB),
            ("c1m4.large", 2, 8 * GIB),
            ("c1m2.xlarge", 4, 8 * GIB),
        ],
    ),
    family("ecs.c5", "ecs-4", "Compute-optimized", false, 240, COMPUTE),
    family("ecs.g5", "ecs-4", "General-purpose", false, 290, GENERAL),
    family("ecs.r5", "ecs-4", "Memory-optimized", false, 370, MEMORY),
    family("ecs.c6", "ecs-5", "Compute-optimized", false, 230, COMPUTE),
    family("ecs.g6", "ecs-5", "General-purpose", false, 280, GENERAL),
    family("ecs.r6", "ecs-5", "Memory-optimized", false, 360, MEMORY),
    family("ecs.c7", "ecs-6", "Compute-optimized", false, 240, COMPUTE),
    family("ecs.g7", "ecs-6", "General-purpose", false, 290, GENERAL),
    family("ecs.r7", "ecs-6", "Memory-optimized", false, 370, MEMORY),
    family("ecs.g8i", "ecs-7", "General-purpose", false, 310, GENERAL),
];

impl Family {
    fn types(&'static self) -> impl Iterator<Item = InstanceType> {
        self.sizes.iter().map(move |(size, cpu, memory)| {
            // Credit-based families join their size with a hyphen: ecs.t6-c1m1.large.
            let joint = if size.contains('.') { "-" } else { "." };
            InstanceType {
                id: format!("{}{joint}{size}", self.id),
                family: self,
                cpu: *cpu,
                memory: *memory,
            }
        })
    }

    /// Disk categories that its instances take.
    pub(super) fn disk_categories(&self) -> &'static [&'static str] {
        if self.old {
            &DISK_CATEGORIES[..3]
        } else {
            &DISK_CATEGORIES[1..]
        }
    }
}

pub(super) fn families() -> &'static [Family] {
    FAMILIES
}

static TYPES: LazyLock<Vec<InstanceType>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(Family::types).collect());

static TYPES_BY_ID: LazyLock<HashMap<&'static str, &'static InstanceType>> =
    LazyLock::new(|| TYPES.iter().map(|kind| (kind.id.as_str(), kind)).collect());

pub(super) fn instance_types() -> impl Iterator<Item = &'static InstanceType> {
    TYPES.iter()
}

pub(super) fn find_instance_type(id: &str) -> Option<&'static InstanceType> {
    TYPES_BY_ID.get(id).copied()
}

/// Disk categories, the oldest first.
pub(super) const DISK_CATEGORIES: &[&str] = &[
    "cloud",
    "cloud_efficiency",
    "cloud_ssd",
    "cloud_essd",
    "cloud_auto",
    "cloud_essd_entry",
];

/// The sizes in GiB that a data disk of a category may have; `None` when there is no such category.
pub(super) fn disk_sizes(category: &str) -> Option<std::ops::RangeInclusive<i64>> {
    match category {
        "cloud" => Some(5..=2000),
        "cloud_efficiency" | "cloud_ssd" => Some(20..=32_768),
        "cloud_essd" | "cloud_auto" => Some(1..=65_536),
        "cloud_essd_entry" => Some(10..=32_768),
        _ => None,
    }
}

/// The sizes in GiB that a system disk may have.
pub(super) const SYSTEM_DISK_SIZES: std::ops::RangeInclusive<i64> = 20..=2048;

impl InstanceType {
    /// Simulated price of an hour in thousandths of a yuan.
    pub(super) fn price_per_hour(&self) -> i64 {
        self.cpu * self.family.price + self.memory / GIB * 15
    }
}

/// Simulated price of a GiB of disk for an hour in millionths of a yuan.
pub(super) fn disk_price_per_gib_hour(category: &str) -> i64 {
    match category {
        "cloud" => 420,
        "cloud_ssd" => 1400,
        "cloud_essd" | "cloud_auto" => 2100,
        _ => 490,
    }
}

/// Simulated price of a Mbit/s for an hour in thousandths of a yuan.
pub(super) const BANDWIDTH_PRICE_PER_HOUR: i64 = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_holds_what_the_contract_names() {
        for id in [
            "ubuntu_22_04_x64_20G_alibase_20240819.vhd",
            "aliyun_3_x64_20G_alibase_20240819.vhd",
            "ubuntu1404_64_40G_cloudinit_20160727.raw",
        ] {
            assert!(find_image(id).is_some(), "{id}");
        }
        for id in [
            "ecs.t6-c1m1.large",
            "ecs.n1.small",
            "ecs.s2.large",
            "ecs.g6.large",
            "ecs.g6.xlarge",
            "ecs.g7.large",
            "ecs.g7.xlarge",
            "ecs.r7.xlarge",
        ] {
            assert_eq!(find_instance_type(id).map(|kind| kind.id.as_str()), Some(id));
        }
        assert!(find_instance_type("ecs.g7").is_none());
        assert!(find_region("cn-beijing").unwrap().has_zone("cn-beijing-h"));
        assert!(find_region("cn-hangzhou").unwrap().has_zone("cn-hangzhou-i"));
        assert!(find_region("ap-southeast-1").unwrap().has_zone("ap-southeast-1a"));
        assert_eq!(regions().len(), 48);
    }
}
