//! The kinds of data: a row each.
//!
//! Does not know how a list is read.

use super::kind::{DataKind, Filter, Listing, Pick, Source};
use crate::api::{Pages, action};
use crate::types::{Attribute, Kind, TagShape, attr, form};
use crate::value::{Attributes, Value};

/// All kinds, by name.
pub(crate) static KINDS: &[&DataKind] = &[
    &ACCOUNT,
    &DISK,
    &EIP,
    &IMAGE,
    &INSTANCE,
    &INSTANCE_TYPE,
    &KEY_PAIR,
    &REGION,
    &RESOURCE_GROUP,
    &SECURITY_GROUP,
    &VPC,
    &VSWITCH,
    &ZONE,
];

/// All that match, as a list.
const MANY: Attribute =
    attr("many", Kind::Bool).doc("true gives all that match as a list, which for_each and count can use.");

const TAGS: Attribute = attr("tags", Kind::Tags).doc("Tags that it carries, all of them.");

const NAME: Attribute = attr("name", Kind::String).doc("Its name, exactly.");

const ZONE_ID: Attribute = attr("zone_id", Kind::String).doc("The zone it is in.");

/// A resource that somebody else owns, or another stack.
const LOOK_UP: DataKind = DataKind {
    name: "",
    doc: "",
    keys: &[],
    filters: &[],
    source: Source::Type(""),
    pick: Pick::Only,
    keeps: false,
    title: "name",
};

const LISTING: Listing = Listing {
    action: &action::DESCRIBE_ZONES,
    list: "",
    pages: None,
    id_field: "",
    attributes: &[],
    compared: &[],
    tags: None,
    params: &[],
    normalise: |_| {},
};

static VPC: DataKind = DataKind {
    name: "vpc",
    doc: "A VPC that exists.",
    keys: &[
        attr("id", Kind::Id("vpc")).doc("Its id."),
        NAME,
        TAGS,
        attr("cidr_block", Kind::Cidr).doc("Its IPv4 network."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("tags", Filter::Tags),
        ("cidr_block", Filter::Is("cidr_block")),
    ],
    source: Source::Type("vpc"),
    ..LOOK_UP
};

static VSWITCH: DataKind = DataKind {
    name: "vswitch",
    doc: "A vSwitch that exists.",
    keys: &[
        attr("id", Kind::Id("vswitch")).doc("Its id."),
        NAME,
        TAGS,
        attr("vpc_id", Kind::Id("vpc")).doc("The VPC it divides."),
        ZONE_ID,
        attr("cidr_block", Kind::Cidr).doc("Its IPv4 network."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("tags", Filter::Tags),
        ("vpc_id", Filter::Is("vpc_id")),
        ("zone_id", Filter::Is("zone_id")),
        ("cidr_block", Filter::Is("cidr_block")),
    ],
    source: Source::Type("vswitch"),
    ..LOOK_UP
};

static SECURITY_GROUP: DataKind = DataKind {
    name: "security_group",
    doc: "A security group that exists.",
    keys: &[
        attr("id", Kind::Id("security_group")).doc("Its id."),
        NAME,
        TAGS,
        attr("vpc_id", Kind::Id("vpc")).doc("The VPC of its members."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("tags", Filter::Tags),
        ("vpc_id", Filter::Is("vpc_id")),
    ],
    source: Source::Type("security_group"),
    ..LOOK_UP
};

static INSTANCE: DataKind = DataKind {
    name: "instance",
    doc: "A server that exists.",
    keys: &[
        attr("id", Kind::Id("instance")).doc("Its id."),
        NAME,
        TAGS,
        attr("vswitch_id", Kind::Id("vswitch")).doc("The vSwitch it stands in."),
        ZONE_ID,
        attr("private_ip", Kind::String).doc("Its address inside the network."),
        attr("public_ip", Kind::String).doc("Its address on the internet."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("tags", Filter::Tags),
        ("vswitch_id", Filter::Is("vswitch_id")),
        ("zone_id", Filter::Is("zone_id")),
        ("private_ip", Filter::Is("private_ip")),
        ("public_ip", Filter::Is("public_ip")),
    ],
    source: Source::Type("instance"),
    ..LOOK_UP
};

static EIP: DataKind = DataKind {
    name: "eip",
    doc: "An elastic IP address that exists.",
    keys: &[
        attr("id", Kind::Id("eip")).doc("Its id."),
        NAME,
        TAGS,
        attr("ip_address", Kind::String).doc("The address itself."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("tags", Filter::Tags),
        ("ip_address", Filter::Is("ip_address")),
    ],
    source: Source::Type("eip"),
    ..LOOK_UP
};

static DISK: DataKind = DataKind {
    name: "disk",
    doc: "A data disk that exists.",
    keys: &[
        attr("id", Kind::Id("disk")).doc("Its id."),
        NAME,
        TAGS,
        ZONE_ID,
        attr("instance_id", Kind::Id("instance")).doc("The server it is attached to."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("tags", Filter::Tags),
        ("zone_id", Filter::Is("zone_id")),
        ("instance_id", Filter::Is("instance_id")),
    ],
    source: Source::Type("disk"),
    ..LOOK_UP
};

static KEY_PAIR: DataKind = DataKind {
    name: "key_pair",
    doc: "A key pair that exists.",
    keys: &[
        NAME,
        attr("finger_print", Kind::String).doc("The fingerprint of its key."),
        TAGS,
        MANY,
    ],
    filters: &[
        ("name", Filter::Is("name")),
        ("finger_print", Filter::Is("finger_print")),
        ("tags", Filter::Tags),
    ],
    source: Source::Listing(Listing {
        action: &action::DESCRIBE_KEY_PAIRS,
        list: "KeyPairs.KeyPair",
        pages: Some(Pages::ByNumber { max: 50 }),
        id_field: "KeyPairName",
        attributes: &[
            attr("id", Kind::String)
                .field("KeyPairName")
                .doc("Its name, which is its identity."),
            attr("name", Kind::String).field("KeyPairName").doc("Its name."),
            attr("finger_print", Kind::String)
                .field("KeyPairFingerPrint")
                .doc("The fingerprint of its key."),
            attr("creation_time", Kind::String).doc("When it was made, UTC."),
        ],
        tags: Some(TagShape::Ecs),
        ..LISTING
    }),
    title: "finger_print",
    ..LOOK_UP
};

static IMAGE: DataKind = DataKind {
    name: "image",
    doc: "An image that servers can be made from.",
    keys: &[
        attr("id", Kind::String).doc("Its id."),
        attr("name", Kind::String).doc("Its name, exactly."),
        attr("name_regex", Kind::Form(&form::PATTERN))
            .doc("A pattern for its name, e.g. \"^ubuntu_22_04_x64\"."),
        attr("owner", Kind::Enum(&["system", "self", "others", "marketplace"]))
            .doc("Whose it is: system, self, others or marketplace."),
        attr("os_type", Kind::Enum(&["linux", "windows"])).doc("linux or windows."),
        attr("architecture", Kind::Enum(&["x86_64", "arm64", "i386"])).doc("x86_64, arm64 or i386."),
        attr("family", Kind::String).doc("Its image family, e.g. \"acs:ubuntu_22_04_x64\"."),
        attr("instance_type", Kind::String).doc("A type that it can run on, e.g. \"ecs.g7.large\"."),
        TAGS,
        attr("most_recent", Kind::Bool).doc("true takes the newest of those that match."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("name", Filter::Is("name")),
        ("name_regex", Filter::Matches("name")),
        ("owner", Filter::Sent("ImageOwnerAlias")),
        ("os_type", Filter::Is("os_type")),
        ("architecture", Filter::Is("architecture")),
        ("family", Filter::Is("family")),
        ("instance_type", Filter::Sent("InstanceType")),
        ("tags", Filter::Tags),
    ],
    source: Source::Listing(Listing {
        action: &action::DESCRIBE_IMAGES,
        list: "Images.Image",
        pages: Some(Pages::ByNumber { max: 100 }),
        id_field: "ImageId",
        attributes: &[
            attr("id", Kind::String).field("ImageId").doc("Its id."),
            attr("name", Kind::String).field("ImageName").doc("Its name."),
            attr("family", Kind::String)
                .field("ImageFamily")
                .doc("Its image family."),
            attr("owner", Kind::String)
                .field("ImageOwnerAlias")
                .doc("Whose it is."),
            attr("os_type", Kind::String)
                .field("OSType")
                .doc("linux or windows."),
            attr("os_name", Kind::String)
                .field("OSNameEn|OSName")
                .doc("Its system, in words."),
            attr("architecture", Kind::String).doc("x86_64, arm64 or i386."),
            attr(
                "size",
                Kind::Integer {
                    min: 0,
                    max: i64::MAX,
                },
            )
            .doc("How large it is, in GiB."),
            attr("creation_time", Kind::String).doc("When it was made, UTC."),
        ],
        tags: Some(TagShape::Ecs),
        ..LISTING
    }),
    pick: Pick::MostRecent,
    keeps: true,
    ..LOOK_UP
};

static ZONE: DataKind = DataKind {
    name: "zone",
    doc: "A zone of the region.",
    keys: &[
        attr("id", Kind::String).doc("Its id, e.g. \"cn-hangzhou-h\"."),
        attr("instance_type", Kind::String).doc("A type that is to be had there, e.g. \"ecs.g7.large\"."),
        attr("disk_category", Kind::String)
            .doc("A kind of disk that is to be had there, e.g. \"cloud_essd\"."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("instance_type", Filter::Holds("instance_types")),
        ("disk_category", Filter::Holds("disk_categories")),
    ],
    source: Source::Listing(Listing {
        action: &action::DESCRIBE_ZONES,
        list: "Zones.Zone",
        id_field: "ZoneId",
        attributes: &[
            attr("id", Kind::String)
                .field("ZoneId")
                .doc("Its id, e.g. \"cn-hangzhou-h\"."),
            attr("local_name", Kind::String).doc("Its name for people."),
        ],
        compared: &[
            attr("instance_types", Kind::StringSet).field("AvailableInstanceTypes.InstanceTypes"),
            attr("disk_categories", Kind::StringSet).field("AvailableDiskCategories.DiskCategories"),
        ],
        params: &[("AcceptLanguage", "en-US")],
        ..LISTING
    }),
    keeps: true,
    title: "id",
    ..LOOK_UP
};

static INSTANCE_TYPE: DataKind = DataKind {
    name: "instance_type",
    doc: "A type of server.",
    keys: &[
        attr("id", Kind::String).doc("Its name, e.g. \"ecs.g7.large\"."),
        attr("cpu", Kind::Integer { min: 1, max: 1024 }).doc("How many virtual CPUs it has."),
        attr("memory", Kind::Integer { min: 1, max: 24_576 }).doc("How much memory it has, in GiB."),
        attr("family", Kind::String).doc("Its family, e.g. \"ecs.g7\"."),
        attr("architecture", Kind::Enum(&["X86", "ARM"])).doc("X86 or ARM."),
        attr("zone", Kind::String).doc("The zone in which it is to be had, e.g. \"cn-hangzhou-h\"."),
        attr("in_stock", Kind::Bool).doc("true leaves out what is sold out; so does a zone."),
        attr("sort_by", Kind::Enum(&["price", "size"]))
            .doc("price takes the cheapest of those that match, size the one with the fewest CPUs and the least memory."),
        MANY,
    ],
    filters: &[
        ("id", Filter::Is("id")),
        ("cpu", Filter::Is("cpu")),
        ("memory", Filter::Is("memory")),
        ("family", Filter::Is("family")),
        ("architecture", Filter::Is("architecture")),
        ("zone", Filter::Stock),
        ("in_stock", Filter::Stock),
    ],
    source: Source::Listing(Listing {
        action: &action::DESCRIBE_INSTANCE_TYPES,
        list: "InstanceTypes.InstanceType",
        // The API's own default, and its largest page.
        pages: Some(Pages::ByToken { max: 1600 }),
        id_field: "InstanceTypeId",
        attributes: &[
            attr("id", Kind::String)
                .field("InstanceTypeId")
                .doc("Its name, e.g. \"ecs.g7.large\"."),
            attr("family", Kind::String)
                .field("InstanceTypeFamily")
                .doc("Its family."),
            attr("architecture", Kind::String)
                .field("CpuArchitecture")
                .doc("X86 or ARM."),
            attr("cpu", Kind::Integer { min: 0, max: i64::MAX })
                .field("CpuCoreCount")
                .doc("How many virtual CPUs it has."),
            attr("memory", Kind::Integer { min: 0, max: i64::MAX })
                .field("MemorySize")
                .doc("How much memory it has, in GiB."),
            attr("price", Kind::String)
                .field("")
                .doc("What an hour costs, when sort_by asked for it; in the account's currency."),
        ],
        normalise: whole_memory,
        ..LISTING
    }),
    pick: Pick::Cheapest,
    keeps: true,
    title: "family",
};

static ACCOUNT: DataKind = DataKind {
    name: "account",
    doc: "The account that the credentials belong to.",
    source: Source::Listing(Listing {
        action: &action::GET_CALLER_IDENTITY,
        id_field: "AccountId",
        attributes: &[
            attr("id", Kind::String)
                .field("AccountId")
                .doc("The account's number."),
            attr("arn", Kind::String).doc("Who asks, as a resource name: \"acs:ram::1234:user/deploy\"."),
            attr("type", Kind::String).doc("What asks: Account, RAMUser or AssumedRoleUser."),
        ],
        ..LISTING
    }),
    title: "id",
    ..LOOK_UP
};

static REGION: DataKind = DataKind {
    name: "region",
    doc: "A region; the project's own if nothing is asked for.",
    keys: &[
        attr("id", Kind::String).doc("Its id, e.g. \"cn-hangzhou\"."),
        MANY,
    ],
    filters: &[("id", Filter::Is("id"))],
    source: Source::Listing(Listing {
        action: &action::DESCRIBE_REGIONS,
        list: "Regions.Region",
        id_field: "RegionId",
        attributes: &[
            attr("id", Kind::String)
                .field("RegionId")
                .doc("Its id, e.g. \"cn-hangzhou\"."),
            attr("local_name", Kind::String).doc("Its name for people."),
            attr("endpoint", Kind::String)
                .field("RegionEndpoint")
                .doc("The host of its ECS API."),
        ],
        params: &[("AcceptLanguage", "en-US")],
        ..LISTING
    }),
    pick: Pick::Here,
    title: "local_name",
    ..LOOK_UP
};

static RESOURCE_GROUP: DataKind = DataKind {
    name: "resource_group",
    doc: "A resource group of the account.",
    keys: &[attr("id", Kind::String).doc("Its id."), NAME, MANY],
    filters: &[("id", Filter::Is("id")), ("name", Filter::Is("name"))],
    source: Source::Listing(Listing {
        action: &action::LIST_RESOURCE_GROUPS,
        list: "ResourceGroups.ResourceGroup",
        pages: Some(Pages::ByNumber { max: 100 }),
        id_field: "Id",
        attributes: &[
            attr("id", Kind::String).doc("Its id, e.g. \"rg-acfm...\"."),
            attr("name", Kind::String).doc("Its name."),
            attr("display_name", Kind::String).doc("Its name for people."),
            attr("status", Kind::String).doc("OK, Creating, PendingDelete or Deleted."),
        ],
        ..LISTING
    }),
    ..LOOK_UP
};

/// Memory comes as a fraction, which for nearly all types is a whole number.
fn whole_memory(attributes: &mut Attributes) {
    if let Some(Value::String(text)) = attributes.get("memory")
        && let Some(whole) = text.strip_suffix(".0").and_then(|whole| whole.parse().ok())
    {
        attributes.insert("memory".to_owned(), Value::Integer(whole));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_kinds_are_sorted_and_every_key_has_a_meaning() {
        assert!(KINDS.is_sorted_by_key(|kind| kind.name));
        for kind in KINDS {
            let shown: BTreeSet<&str> = kind.attributes().map(|attribute| attribute.name).collect();
            assert!(shown.contains("id"), "{}", kind.name);
            let compared: BTreeSet<&str> = match &kind.source {
                Source::Type(name) => {
                    assert!(crate::types::find(name).is_some(), "{name}");
                    BTreeSet::new()
                }
                Source::Listing(listing) => listing.compared.iter().map(|one| one.name).collect(),
            };
            for key in kind.keys {
                let filter = kind.filters.iter().find(|(name, _)| *name == key.name);
                match filter.map(|(_, filter)| *filter) {
                    None => assert!(
                        ["many", "most_recent", "sort_by"].contains(&key.name),
                        "{}.{}",
                        kind.name,
                        key.name
                    ),
                    Some(Filter::Is(name) | Filter::Matches(name)) => {
                        assert!(shown.contains(name), "{}: {name}", kind.name);
                    }
                    Some(Filter::Holds(name)) => assert!(compared.contains(name), "{}: {name}", kind.name),
                    Some(Filter::Sent(_) | Filter::Tags | Filter::Stock) => {}
                }
                assert!(!key.doc.is_empty() && !key.computed, "{}.{}", kind.name, key.name);
            }
            for (name, _) in kind.filters {
                assert!(
                    kind.keys.iter().any(|key| key.name == *name),
                    "{}: {name}",
                    kind.name
                );
            }
        }
    }
}
