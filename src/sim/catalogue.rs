//! What the simulated cloud has on offer: regions, zones, images, instance types, stock, disk categories and prices.
//! The offer is data, `catalogue/2026-11.json`: sizes follow the vendor's published tables as of that month; stock and
//! prices are simulated and nobody's. A file of the same form adds to it or replaces entries. Does not know what
//! anybody has bought.

mod regions;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

pub(super) use regions::{Region, find_region, regions};

/// The dated file.
const STANDARD: &str = include_str!("catalogue/2026-11.json");

/// A catalogue cannot be read, or says what cannot be.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is not JSON of the form of a catalogue.
    #[error("it is not a catalogue: {0}")]
    Form(#[from] serde_json::Error),
    /// An entry cannot be.
    #[error("`{id}` cannot be: {why}")]
    Entry {
        /// The entry's id.
        id: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Everything on offer.
#[derive(Debug, Clone)]
pub(super) struct Catalogue {
    families: Vec<Arc<Family>>,
    types: Vec<InstanceType>,
    type_places: HashMap<String, usize>,
    images: Vec<Image>,
    image_places: HashMap<String, usize>,
    stock: Vec<StockRule>,
    prices: Prices,
}

/// The form of a catalogue file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    #[serde(default, rename = "as_of")]
    _as_of: String,
    #[serde(default, rename = "note")]
    _note: String,
    #[serde(default)]
    families: Vec<FamilyFile>,
    #[serde(default)]
    images: Vec<Image>,
    #[serde(default)]
    stock: Vec<StockRule>,
    #[serde(default)]
    prices: Option<PricesFile>,
}

#[derive(Debug, Deserialize)]
struct FamilyFile {
    #[serde(flatten)]
    family: Family,
    types: Vec<TypeFile>,
}

/// A family of instance types.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Family {
    pub(super) id: String,
    #[serde(default = "newest_generation")]
    pub(super) generation: String,
    #[serde(default = "enterprise")]
    pub(super) level: String,
    #[serde(default = "general")]
    pub(super) category: String,
    #[serde(default = "x86")]
    pub(super) architecture: String,
    /// The first generations take the old disk categories and may do without I/O optimisation.
    #[serde(default, rename = "first_generations")]
    pub(super) old: bool,
    /// Its processor's model.
    #[serde(default)]
    pub(super) processor: String,
    /// Base and turbo frequency.
    #[serde(default = "frequencies")]
    pub(super) ghz: (f64, f64),
    disk_categories: Vec<String>,
    /// Simulated price of a vCPU for an hour, in thousandths of a yuan.
    price: i64,
}

fn newest_generation() -> String {
    "ecs-8".to_owned()
}
fn enterprise() -> String {
    "EnterpriseLevel".to_owned()
}
fn general() -> String {
    "General-purpose".to_owned()
}
fn x86() -> String {
    "X86".to_owned()
}
fn frequencies() -> (f64, f64) {
    (2.5, 3.2)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeFile {
    id: String,
    cpu: i64,
    /// GiB.
    memory: f64,
    #[serde(default = "two")]
    interfaces: i64,
    #[serde(default = "six")]
    addresses: i64,
    #[serde(default = "seventeen")]
    disks: i64,
    #[serde(default = "one")]
    gbits: f64,
    gpu: Option<Gpu>,
    local: Option<LocalDisks>,
}

fn two() -> i64 {
    2
}
fn six() -> i64 {
    6
}
fn seventeen() -> i64 {
    17
}
fn one() -> f64 {
    1.0
}

/// The GPUs of a type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gpu {
    pub(super) amount: i64,
    pub(super) spec: String,
    /// GiB of each.
    pub(super) memory: f64,
}

/// The disks inside the machine of a type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocalDisks {
    pub(super) amount: i64,
    /// GiB of each.
    pub(super) size: i64,
    pub(super) category: String,
}

/// One instance type.
#[derive(Debug, Clone)]
pub(super) struct InstanceType {
    pub(super) id: String,
    pub(super) family: Arc<Family>,
    pub(super) cpu: i64,
    /// MiB.
    pub(super) memory: i64,
    /// Network interfaces, the primary one included.
    pub(super) interfaces: i64,
    /// Private addresses of an interface.
    pub(super) addresses: i64,
    /// Disks that can be attached, the system disk included.
    pub(super) disks: i64,
    /// Network bandwidth in kbit/s, each way.
    pub(super) bandwidth: i64,
    pub(super) gpu: Option<Gpu>,
    pub(super) local: Option<LocalDisks>,
}

/// One public image.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Image {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) family: String,
    /// `system`, `marketplace` or `others`.
    #[serde(default = "system")]
    pub(super) owner: String,
    pub(super) os_name: String,
    pub(super) os_name_en: String,
    pub(super) platform: String,
    #[serde(default = "linux")]
    pub(super) os_type: String,
    /// GiB.
    pub(super) size: i64,
    #[serde(default = "x86_64")]
    pub(super) architecture: String,
    #[serde(default = "bios")]
    pub(super) boot_mode: String,
    pub(super) created: String,
    /// Of an image of the marketplace.
    #[serde(default)]
    pub(super) product_code: String,
}

fn system() -> String {
    "system".to_owned()
}
fn linux() -> String {
    "linux".to_owned()
}
fn x86_64() -> String {
    "x86_64".to_owned()
}
fn bios() -> String {
    "BIOS".to_owned()
}

impl Image {
    /// Whether it starts on a processor of this architecture, as families name it.
    pub(super) fn runs_on(&self, architecture: &str) -> bool {
        (self.architecture == "arm64") == (architecture == "ARM")
    }
}

/// Where types are in stock: those of a rule only in its zones, all others everywhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StockRule {
    /// A type's id; a `*` at its end stands for any.
    types: String,
    /// The last letters of the zones.
    zones: String,
}

#[derive(Debug, Clone)]
struct Prices {
    memory_gib_hour: i64,
    bandwidth_mbit_hour: i64,
    disk_gib_hour: BTreeMap<String, i64>,
    modules: Vec<PricedModule>,
}

/// A part of a product that is paid for by itself, in the words of the billing API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PricedModule {
    pub(super) product: String,
    pub(super) code: String,
    pub(super) name: String,
    /// `Hour` or `Usage`.
    pub(super) price_type: String,
    /// The key of a configuration whose value counts the units; none for one unit.
    #[serde(default)]
    pub(super) per: String,
    /// Millionths of a yuan for a unit; without one it follows from the other prices.
    pub(super) price: Option<i64>,
    /// The keys that a configuration may have.
    pub(super) keys: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PricesFile {
    /// Thousandths of a yuan.
    memory_gib_hour: Option<i64>,
    /// Thousandths of a yuan.
    bandwidth_mbit_hour: Option<i64>,
    /// Millionths of a yuan, by category.
    disk_gib_hour: BTreeMap<String, i64>,
    /// What else is paid for; one of the same product and code is replaced.
    modules: Vec<PricedModule>,
}

static THE_STANDARD: LazyLock<Arc<Catalogue>> = LazyLock::new(|| {
    let mut catalogue = Catalogue {
        families: Vec::new(),
        types: Vec::new(),
        type_places: HashMap::new(),
        images: Vec::new(),
        image_places: HashMap::new(),
        stock: Vec::new(),
        prices: Prices {
            memory_gib_hour: 0,
            bandwidth_mbit_hour: 0,
            disk_gib_hour: BTreeMap::new(),
            modules: Vec::new(),
        },
    };
    catalogue
        .add(STANDARD)
        .expect("the catalogue is compiled in and tested");
    Arc::new(catalogue)
});

impl Catalogue {
    /// The catalogue of the dated file.
    pub(super) fn standard() -> Arc<Self> {
        Arc::clone(&THE_STANDARD)
    }

    /// Adds the entries of a file; those of the same id are replaced, rules of stock come before the older ones.
    ///
    /// # Errors
    /// When the text is not a catalogue or holds an entry that cannot be; nothing is added then.
    pub(super) fn add(&mut self, text: &str) -> Result<(), CatalogueError> {
        if !text.trim_start().starts_with('{') {
            return Err(CatalogueError::Entry {
                id: "the catalogue".to_owned(),
                why: "it is no JSON object",
            });
        }
        let file: CatalogueFile = serde_json::from_str(text)?;
        let mut types = Vec::new();
        for FamilyFile { family, types: own } in file.families {
            let entry = |id: &str, why| CatalogueError::Entry {
                id: id.to_owned(),
                why,
            };
            let unknown = family
                .disk_categories
                .iter()
                .any(|category| disk_sizes(category).is_none());
            if unknown || family.disk_categories.is_empty() {
                return Err(entry(&family.id, "it takes disks of no category that there is"));
            }
            if !matches!(family.architecture.as_str(), "X86" | "ARM") {
                return Err(entry(&family.id, "its architecture is neither X86 nor ARM"));
            }
            let family = Arc::new(family);
            for kind in own {
                let prefix = kind.id.strip_prefix(&family.id);
                if !prefix.is_some_and(|rest| rest.starts_with(['.', '-'])) {
                    return Err(entry(&kind.id, "its id does not begin with its family's"));
                }
                let sound = (1..=1024).contains(&kind.cpu)
                    && (0.25..=65_536.0).contains(&kind.memory)
                    && (0.0..=10_000.0).contains(&kind.gbits);
                if !sound {
                    return Err(entry(
                        &kind.id,
                        "it has no such number of cores, memory or bandwidth",
                    ));
                }
                types.push(InstanceType {
                    id: kind.id,
                    family: Arc::clone(&family),
                    cpu: kind.cpu,
                    memory: (kind.memory * 1024.0) as i64,
                    interfaces: kind.interfaces,
                    addresses: kind.addresses,
                    disks: kind.disks,
                    bandwidth: (kind.gbits * 1_000_000.0) as i64,
                    gpu: kind.gpu,
                    local: kind.local,
                });
            }
            self.put_family(family);
        }
        for kind in types {
            self.put_type(kind);
        }
        for mut image in file.images {
            if image.name.is_empty() {
                image.name.clone_from(&image.id);
            }
            self.put_image(image);
        }
        self.stock.splice(0..0, file.stock);
        if let Some(prices) = file.prices {
            let own = &mut self.prices;
            own.memory_gib_hour = prices.memory_gib_hour.unwrap_or(own.memory_gib_hour);
            own.bandwidth_mbit_hour = prices.bandwidth_mbit_hour.unwrap_or(own.bandwidth_mbit_hour);
            own.disk_gib_hour.extend(prices.disk_gib_hour);
            for module in prices.modules {
                own.modules
                    .retain(|old| old.product != module.product || old.code != module.code);
                own.modules.push(module);
            }
        }
        Ok(())
    }

    fn put_family(&mut self, family: Arc<Family>) {
        match self.families.iter_mut().find(|own| own.id == family.id) {
            Some(own) => *own = Arc::clone(&family),
            None => self.families.push(Arc::clone(&family)),
        }
        for kind in &mut self.types {
            if kind.family.id == family.id {
                kind.family = Arc::clone(&family);
            }
        }
    }

    fn put_type(&mut self, kind: InstanceType) {
        match self.type_places.get(&kind.id) {
            Some(place) => self.types[*place] = kind,
            None => {
                self.type_places.insert(kind.id.clone(), self.types.len());
                self.types.push(kind);
            }
        }
    }

    fn put_image(&mut self, image: Image) {
        match self.image_places.get(&image.id) {
            Some(place) => self.images[*place] = image,
            None => {
                self.image_places.insert(image.id.clone(), self.images.len());
                self.images.push(image);
            }
        }
    }

    pub(super) fn images(&self) -> &[Image] {
        &self.images
    }

    pub(super) fn find_image(&self, id: &str) -> Option<&Image> {
        self.image_places.get(id).map(|place| &self.images[*place])
    }

    /// The newest image of a family.
    pub(super) fn newest_of_family(&self, family: &str) -> Option<&Image> {
        self.images
            .iter()
            .filter(|image| !family.is_empty() && image.family == family)
            .max_by(|one, other| one.created.cmp(&other.created))
    }

    pub(super) fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter().map(AsRef::as_ref)
    }

    pub(super) fn instance_types(&self) -> impl Iterator<Item = &InstanceType> {
        self.types.iter()
    }

    pub(super) fn find_instance_type(&self, id: &str) -> Option<&InstanceType> {
        self.type_places.get(id).map(|place| &self.types[*place])
    }

    /// Whether a type is sold in a zone.
    pub(super) fn is_stocked(&self, instance_type: &str, zone: &str) -> bool {
        let rule = self.stock.iter().find(|rule| {
            rule.types
                .strip_suffix('*')
                .map_or(rule.types == instance_type, |begin| {
                    instance_type.starts_with(begin)
                })
        });
        rule.is_none_or(|rule| rule.zones.chars().any(|letter| zone.ends_with(letter)))
    }

    /// Simulated price of an hour of a type in thousandths of a yuan.
    pub(super) fn price_per_hour(&self, kind: &InstanceType) -> i64 {
        kind.cpu * kind.family.price + kind.memory * self.prices.memory_gib_hour / 1024
    }

    /// Simulated price of a GiB of disk for an hour in millionths of a yuan.
    pub(super) fn disk_price_per_gib_hour(&self, category: &str) -> i64 {
        self.prices.disk_gib_hour.get(category).copied().unwrap_or(490)
    }

    /// What of a product is paid for by itself; of all products without one.
    pub(super) fn priced_modules(&self, product: Option<&str>) -> Vec<&PricedModule> {
        let own = |module: &&PricedModule| product.is_none_or(|product| product == module.product);
        self.prices.modules.iter().filter(own).collect()
    }

    /// Simulated price of a Mbit/s for an hour in thousandths of a yuan.
    pub(super) fn bandwidth_price_per_hour(&self) -> i64 {
        self.prices.bandwidth_mbit_hour
    }
}

impl Family {
    /// Disk categories that its instances take.
    pub(super) fn disk_categories(&self) -> impl Iterator<Item = &str> {
        self.disk_categories.iter().map(String::as_str)
    }

    /// Whether its instances take disks of a category.
    pub(super) fn takes(&self, category: &str) -> bool {
        self.disk_categories().any(|own| own == category)
    }
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
            assert!(Catalogue::standard().find_image(id).is_some(), "{id}");
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
            let standard = Catalogue::standard();
            assert_eq!(
                standard.find_instance_type(id).map(|kind| kind.id.as_str()),
                Some(id)
            );
        }
        assert!(Catalogue::standard().find_instance_type("ecs.g7").is_none());
        assert!(find_region("cn-beijing").unwrap().has_zone("cn-beijing-h"));
        assert!(find_region("cn-hangzhou").unwrap().has_zone("cn-hangzhou-i"));
        assert!(find_region("ap-southeast-1").unwrap().has_zone("ap-southeast-1a"));
        assert_eq!(regions().len(), 48);
    }

    #[test]
    fn current_and_older_families_are_there() {
        let catalogue = Catalogue::standard();
        let mut wanted = Vec::new();
        for family in [
            "t5", "t6", "s6", "u1", "e", "n4", "xn4", "sn1", "sn1ne", "sn2ne", "hfc7", "hfg8i", "gn5",
            "gn6i", "gn7i", "gn8is", "ebmg7", "ebmc8i", "sccc7", "hpc8ae", "g7nex", "i4", "d3s", "re6",
        ] {
            wanted.push(format!("ecs.{family}"));
        }
        for generation in ["5", "6", "6e", "6a", "7", "7a", "8i", "8a", "8y"] {
            wanted.extend(["c", "g", "r"].map(|kind| format!("ecs.{kind}{generation}")));
        }
        for family in wanted {
            assert!(catalogue.families().any(|own| own.id == family), "{family}");
        }
        assert!(catalogue.find_instance_type("ecs.g7nex.32xlarge").is_some());
        let arm = catalogue.find_instance_type("ecs.g8y.large").unwrap();
        let image = catalogue
            .find_image("ubuntu_22_04_x64_20G_alibase_20240819.vhd")
            .unwrap();
        assert!(!image.runs_on(&arm.family.architecture));
        for begin in [
            "ubuntu_18",
            "ubuntu_16",
            "aliyun_3_x64_20G_scc",
            "anolisos",
            "win2019",
            "debian_12",
        ] {
            assert!(
                catalogue.images().iter().any(|image| image.id.starts_with(begin)),
                "{begin}"
            );
        }
        assert!(
            catalogue
                .images()
                .iter()
                .any(|image| image.owner == "marketplace")
        );
    }

    #[test]
    fn a_file_adds_entries_and_replaces_those_of_the_same_id() {
        let mut own = (*Catalogue::standard()).clone();
        let before = own.instance_types().count();
        own.add(
            r#"{"families": [{"id": "ecs.x1", "price": 1, "disk_categories": ["cloud_essd"],
                "types": [{"id": "ecs.x1.large", "cpu": 3, "memory": 5}]}],
                "images": [{"id": "own.vhd", "os_name": "Own", "os_name_en": "Own", "platform": "Own", "size": 33,
                "created": "2026-11-01T00:00:00Z"}],
                "stock": [{"types": "ecs.g7.*", "zones": "h"}]}"#,
        )
        .unwrap();
        assert_eq!(own.instance_types().count(), before + 1);
        let kind = own.find_instance_type("ecs.x1.large").unwrap();
        assert_eq!((kind.cpu, kind.memory, kind.interfaces), (3, 5120, 2));
        assert_eq!(own.find_image("own.vhd").map(|image| image.size), Some(33));
        assert!(own.is_stocked("ecs.g7.large", "cn-hangzhou-h"));
        assert!(!own.is_stocked("ecs.g7.large", "cn-hangzhou-i"));
        assert!(own.is_stocked("ecs.g6.large", "cn-hangzhou-i"));
        own.add(
            r#"{"families": [{"id": "ecs.x1", "price": 2, "disk_categories": ["cloud_auto"],
                "types": [{"id": "ecs.x1.large", "cpu": 4, "memory": 5}]}]}"#,
        )
        .unwrap();
        assert_eq!(own.instance_types().count(), before + 1);
        assert_eq!(
            own.find_instance_type("ecs.x1.large").map(|kind| kind.cpu),
            Some(4)
        );
    }

    #[test]
    fn a_file_that_says_what_cannot_be_is_refused() {
        let mut own = (*Catalogue::standard()).clone();
        for wrong in [
            "",
            "[]",
            r#"{"familys": []}"#,
            r#"{"families": [{"id": "ecs.x1", "price": 1, "disk_categories": ["floppy"], "types": []}]}"#,
            r#"{"families": [{"id": "ecs.x1", "price": 1, "disk_categories": ["cloud_essd"],
                "types": [{"id": "ecs.g7.large", "cpu": 1, "memory": 1}]}]}"#,
            r#"{"families": [{"id": "ecs.x1", "price": 1, "disk_categories": ["cloud_essd"],
                "types": [{"id": "ecs.x1.large", "cpu": 0, "memory": 1}]}]}"#,
        ] {
            assert!(own.add(wrong).is_err(), "{wrong}");
        }
    }
}
