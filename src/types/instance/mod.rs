//! Instance: a virtual server, the type with several steps.
//!
//! CreateInstance leaves it Stopped and without a public address, so the address is allocated and the instance
//! started by steps of their own; a change that needs it stopped stops it, changes it and starts it again.

mod calls;
mod card;
mod disks;
mod money;
mod steps;
mod table;
mod volumes;

use compact_str::format_compact;

use self::calls::{STATUS_TIMEOUT_S, text};
use self::steps::{create, delete, downtime, implied, restore, update};
use self::table::{ATTRIBUTES, KEY_PAIR, ROLE};
use super::attribute::Changeable;
use super::base::{BASE, SERVER_TAGS};
use super::resource_type::{
    Complaint, Contention, Create, Delete, IdFilter, Read, ResourceType, Steps, TagShape, Tagging, ToChange,
};
use crate::api::{Codes, Pages, action};
use crate::diagnostic::codes;
use crate::value::{Attributes, Value};

/// How long a delete may take until the instance is gone, in seconds.
const GONE_TIMEOUT_S: u64 = 1200;

pub(super) static INSTANCE: ResourceType = ResourceType {
    name: "instance",
    doc: "A virtual server.",
    id_prefix: "i-",
    id_param: "InstanceId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_INSTANCES,
        list: "Instances.Instance",
        id_field: "InstanceId",
        pages: Pages::ByNumber { max: 100 },
        ids: IdFilter::Json {
            param: "InstanceIds",
            max: 100,
        },
        tags: TagShape::Ecs,
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_INSTANCE,
        id_field: "InstanceId",
        ready: Some(("Stopped", STATUS_TIMEOUT_S)),
    },
    delete: Delete {
        action: &action::DELETE_INSTANCE,
        gone: Some(GONE_TIMEOUT_S),
    },
    tagging: Some(Tagging {
        kind: "instance",
        ..SERVER_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidInstanceId.NotFound"],
        retry: &[
            "IncorrectInstanceStatus",
            "IncorrectVSwitchStatus",
            "OperationConflict",
            "InvalidOperation.Conflict",
            "LastOrderProcessing",
            "TaskConflict",
            "IncorrectDiskStatus",
            "DiskCreatingSnapshot",
            "InvalidPrivateIp.Changing",
            // It is so already; a look tells.
            "NoChangeInDiskCategoryAndPerformanceLevel",
            "InvalidOperation.RamRoleExists",
        ],
        in_use: &["DependencyViolation"],
    },
    relations: &[KEY_PAIR, ROLE],
    parts: &[disks::DATA_DISKS, card::ADDRESSES, card::IPV6_ADDRESSES],
    normalise,
    check,
    change_rule,
    implied,
    undeletable,
    steps: Steps {
        create,
        update,
        delete,
    },
    downtime,
    losses,
    leaves: disks::left_by_server,
    update_losses: disks::losses,
    update_hints: hints,
    restore,
    conditional: &["public_ip"],
    stays_with: Some("vswitch_id"),
    given_there: &["private_ip"],
    contention: Contention {
        place: address,
        excludes: |_, _| true,
    },
    ..BASE
};

/// IoOptimized is a truth in answers and a word in requests; times are told to the minute, and prices as numbers.
fn normalise(attributes: &mut Attributes) {
    if let Some(value @ Value::Bool(_)) = attributes.get_mut("io_optimized") {
        *value = Value::from(if *value == Value::Bool(true) {
            "optimized"
        } else {
            "none"
        });
    }
    if let Some(Value::String(time)) = attributes.get_mut("auto_release_time")
        && let Some(minute) = time.get(..16).filter(|_| time.ends_with('Z'))
    {
        *time = format_compact!("{minute}:00Z");
    }
    if let Some(value) = attributes.get_mut("spot_price_limit")
        && let Some(price) = value.to_text().and_then(|text| text.parse::<f64>().ok())
    {
        *value = Value::from(price.to_string());
    }
    // What is said by leaving it out is remembered, so that another unit is another period.
    if attributes.contains_key("period") && !attributes.contains_key("period_unit") {
        attributes.insert("period_unit".to_owned(), Value::from("Month"));
    }
    card::normalise(attributes);
    disks::normalise(attributes);
    if let Some(Value::Map(options)) = attributes.get_mut("metadata") {
        for (field, key) in [
            ("HttpEndpoint", "http_endpoint"),
            ("HttpTokens", "http_tokens"),
            ("HttpPutResponseHopLimit", "hop_limit"),
        ] {
            if let Some(value) = options.remove(field) {
                options.insert(key.to_owned(), value);
            }
        }
    }
}

fn check(attributes: &Attributes) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |code, attribute, message: &str, help: &str| {
        complaints.push(Complaint {
            code,
            attribute,
            message: message.to_owned(),
            help: help.to_owned(),
        });
    };
    let classic = text(attributes, "instance_network_type") == Some("classic");
    let has_vswitch = attributes.contains_key("vswitch_id");
    if !classic && !has_vswitch {
        complain(
            codes::NO_NETWORK,
            "",
            "no vswitch_id: new instances need a VPC",
            "vswitch_id = \"${vswitch.NAME.id}\"; for an old account's classic network: instance_network_type = \"classic\"",
        );
    }
    if classic && has_vswitch {
        complain(
            codes::PAIR,
            "vswitch_id",
            "an instance of the classic network has no vswitch",
            "take out vswitch_id, or instance_network_type",
        );
    }
    let has = |name: &str| attributes.contains_key(name);
    match (has("image_id"), has("image_family")) {
        (false, false) => complain(
            codes::MISSING_KEY,
            "",
            "an instance needs an image_id, or an image_family to take the newest of",
            "image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"",
        ),
        (true, true) => complain(
            codes::PAIR,
            "image_family",
            "give image_id or image_family, not both",
            "take one of them out",
        ),
        _ => {}
    }
    if has(card::IPV6_COUNT) && has(card::IPV6_ADDRESSES.attribute) {
        complain(
            codes::PAIR,
            card::IPV6_COUNT,
            "give ipv6_addresses or their number, not both",
            "take one of them out",
        );
    }
    let is_spot = text(attributes, "spot_strategy").is_some_and(|word| word != "NoSpot");
    for name in ["spot_price_limit", "spot_duration"] {
        if has(name) && !is_spot {
            let message = format!("{name} is for spot servers only");
            complain(
                codes::PAIR,
                name,
                &message,
                "spot_strategy = \"SpotWithPriceLimit\", or take the key out",
            );
        }
    }
    let prepaid = money::is_subscription(attributes);
    if prepaid && (is_spot || has("auto_release_time")) {
        let name = if is_spot {
            "spot_strategy"
        } else {
            "auto_release_time"
        };
        let message = format!("{name} is for pay-as-you-go instances only");
        complain(
            codes::PAIR,
            name,
            &message,
            "take the key out, or instance_charge_type",
        );
    }
    if prepaid && !attributes.contains_key("period") {
        complain(
            codes::MISSING_KEY,
            "instance_charge_type",
            "a PrePaid instance needs a period",
            "period = 1   (months, unless period_unit says otherwise)",
        );
    }
    if !prepaid {
        for name in ["period", "period_unit", "auto_renew", "auto_renew_period"] {
            if attributes.contains_key(name) {
                let message = format!("{name} is for PrePaid instances only");
                complain(
                    codes::PAIR,
                    name,
                    &message,
                    "instance_charge_type = \"PrePaid\", or take the key out",
                );
            }
        }
    }
    if attributes
        .get("security_group_ids")
        .and_then(Value::as_list)
        .is_some_and(<[Value]>::is_empty)
    {
        complain(
            codes::WRONG_TYPE,
            "security_group_ids",
            "an instance is in at least one security group",
            "security_group_ids = [\"${security_group.NAME.id}\"]",
        );
    }
    complaints.extend(disks::check(attributes));
    complaints
}

/// A disk's size depends on what is there.
fn change_rule(path: &str, before: &Attributes, after: &Attributes) -> Option<Changeable> {
    match path {
        "system_disk.size" => {
            let size = |attributes: &Attributes| attributes.get("system_disk")?.at("size")?.as_integer();
            match (size(before), size(after)) {
                (Some(old), Some(new)) if new < old => Some(Changeable::Refused(
                    "a disk does not shrink: write the size that is there, or more",
                )),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What cloud-init does not see, and what has to be done inside.
fn hints(change: &ToChange<'_>) -> Vec<String> {
    let mut hints = Vec::new();
    if change.changed.contains(&"user_data") && !disks::is_swapped(change) {
        let hint = "cloud-init has run and does not run again: the new user data counts for a new server or system disk";
        hints.push(hint.to_owned());
    }
    hints.extend(disks::hint(change));
    hints
}

fn undeletable(observed: &Attributes) -> Option<String> {
    (observed.get("deletion_protection") == Some(&Value::Bool(true))).then(|| {
        "deletion_protection is on; set deletion_protection = false, apply that, and then delete".to_owned()
    })
}

/// Its fixed private address, which only one can have.
fn address(attributes: &Attributes) -> Option<String> {
    let vswitch = text(attributes, "vswitch_id")?;
    Some(format!("{vswitch} {}", text(attributes, "private_ip")?))
}

fn losses(observed: &Attributes) -> Vec<String> {
    let mut lost = Vec::new();
    let id = text(observed, "id").unwrap_or("it");
    lost.extend(disks::lost_with_server(observed));
    match observed
        .get("system_disk")
        .and_then(|disk| disk.at("size"))
        .and_then(Value::as_integer)
    {
        Some(size) => lost.push(format!("the {size} GiB system disk of {id} is erased")),
        None => lost.push(format!("the system disk of {id} is erased")),
    }
    if let Some(address) = text(observed, "private_ip") {
        lost.push(format!("private IP {address} is released"));
    }
    // Without bandwidth of its own the address is an elastic one, which stays.
    let bandwidth = observed
        .get("internet_max_bandwidth_out")
        .and_then(Value::as_integer);
    if bandwidth != Some(0)
        && let Some(address) = text(observed, "public_ip")
    {
        lost.push(format!(
            "public IP {address} goes back to the pool and cannot be asked for again"
        ));
    }
    if money::is_subscription(observed) {
        let until = text(observed, "expired_time").unwrap_or("its end");
        lost.push(format!(
            "the subscription, paid until {until}; it becomes pay-as-you-go first"
        ));
    }
    lost
}
