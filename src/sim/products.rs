//! The products that are served: one row each. Does not know what their actions do.

/// The version of the ECS API; actions are told apart by version and name.
pub(super) const ECS: &str = "2014-05-26";
/// The version of the VPC API.
pub(super) const VPC: &str = "2016-04-28";
/// The version of the STS API.
pub(super) const STS: &str = "2015-04-01";
/// The version of the endpoint location API.
pub(super) const LOCATION: &str = "2015-06-12";
/// The version of the billing API.
pub(super) const BSS: &str = "2017-12-14";

/// The version of the resource group API.
pub(super) const RESOURCE_MANAGER: &str = "2020-03-31";

/// The version of the classic load balancer API.
pub(super) const SLB: &str = "2014-05-15";

/// The version of the access control API.
pub(super) const RAM: &str = "2015-05-01";

/// The version of the key API.
pub(super) const KMS: &str = "2016-01-20";

/// The version of the tag API.
pub(super) const TAG: &str = "2018-08-28";

/// The version of the domain name API.
pub(super) const ALIDNS: &str = "2015-01-09";

/// One product of the vendor, all of them in the RPC style.
#[derive(Debug)]
pub(super) struct Product {
    /// As error answers and counters name it.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    /// What its host names begin with.
    pub(super) host: &'static str,
    /// The vendor's facts of its actions.
    pub(super) facts: &'static str,
}

macro_rules! facts {
    ($file:literal) => {
        include_str!(concat!("../../schema/api/", $file, ".json"))
    };
}

/// All products.
pub(super) const PRODUCTS: &[Product] = &[
    Product {
        name: "Ecs",
        version: ECS,
        host: "ecs",
        facts: facts!("ecs-2014-05-26"),
    },
    Product {
        name: "Vpc",
        version: VPC,
        host: "vpc",
        facts: facts!("vpc-2016-04-28"),
    },
    Product {
        name: "Sts",
        version: STS,
        host: "sts",
        facts: facts!("sts-2015-04-01"),
    },
    Product {
        name: "Location",
        version: LOCATION,
        host: "location",
        facts: facts!("location-2015-06-12"),
    },
    Product {
        name: "BssOpenApi",
        version: BSS,
        host: "business",
        facts: facts!("bssopenapi-2017-12-14"),
    },
    Product {
        name: "Slb",
        version: SLB,
        host: "slb",
        facts: facts!("slb-2014-05-15"),
    },
    Product {
        name: "ResourceManager",
        version: RESOURCE_MANAGER,
        host: "resourcemanager",
        facts: facts!("resourcemanager-2020-03-31"),
    },
    Product {
        name: "Ram",
        version: RAM,
        host: "ram",
        facts: facts!("ram-2015-05-01"),
    },
    Product {
        name: "Kms",
        version: KMS,
        host: "kms",
        facts: facts!("kms-2016-01-20"),
    },
    Product {
        name: "Tag",
        version: TAG,
        host: "tag",
        facts: facts!("tag-2018-08-28"),
    },
    Product {
        name: "Alidns",
        version: ALIDNS,
        host: "alidns",
        facts: facts!("alidns-2015-01-09"),
    },
];

/// The product of a version.
pub(super) fn product(version: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.version == version)
}
