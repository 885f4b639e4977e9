//! Instance: a virtual server, the type with several steps.
//!
//! CreateInstance leaves it Stopped and without a public address, so the address is allocated and the instance
//! started by steps of their own; a change that needs it stopped stops it, changes it and starts it again.

use super::attribute::{Attribute, Changeable, Kind, Literal, Needs, Update, attr};
use super::base::{BASE, SERVER_TAGS};
use super::form;
use super::relation::{Partner, RELATION, Relation};
use super::resource_type::{
    Complaint, Contention, Create, Delete, IdFilter, Read, ResourceType, Steps, TagShape, Tagging, ToChange,
    ToMake, ToRemove,
};
use super::steps;
use crate::api::{Action, Codes, Pages, action};
use crate::diagnostic::codes;
use crate::step::{Call, Restore, Shows, Step, StepKind, Yield};
use crate::value::{Attributes, Value};

/// How long a change of status may take, in seconds (some images need more than eight minutes to start).
const STATUS_TIMEOUT_S: u64 = 600;
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
        absent: &["InvalidInstanceId.NotFound"],
        retry: &[
            "IncorrectInstanceStatus",
            "IncorrectVSwitchStatus",
            "OperationConflict",
            "InvalidOperation.Conflict",
            "LastOrderProcessing",
            "TaskConflict",
        ],
        in_use: &["DependencyViolation", "IncorrectInstanceStatus.Initializing"],
    },
    relations: &[KEY_PAIR],
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
    restore,
    conditional: &["public_ip"],
    contention: Contention {
        place: address,
        excludes: |_, _| true,
    },
    ..BASE
};

static MODIFY: Update = Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "change attributes");

static MODIFY_LOGIN: Update =
    Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "change login").needs(Needs::Reboot);

static MODIFY_USER_DATA: Update =
    Update::by(&action::MODIFY_INSTANCE_ATTRIBUTE, "set user data").needs(Needs::Stopped);

static MODIFY_TYPE: Update = Update::by(&action::MODIFY_INSTANCE_SPEC, "change type").needs(Needs::Stopped);

static MODIFY_NETWORK: Update = Update::by(&action::MODIFY_INSTANCE_NETWORK_SPEC, "change bandwidth");

static MODIFY_RENEWAL: Update = Update::by(&action::MODIFY_INSTANCE_AUTO_RENEW_ATTRIBUTE, "change renewal");

/// The key that may log in. A change is felt after a reboot through the API.
const KEY_PAIR: Relation = Relation {
    attribute: "key_pair_name",
    partners: &[Partner {
        type_name: "key_pair",
        id_prefix: "",
        params: &[],
    }],
    join: &action::ATTACH_KEY_PAIR,
    leave: &action::DETACH_KEY_PAIR,
    partner_param: "KeyPairName",
    own_param: "InstanceIds",
    own_list: true,
    with_create: true,
    told_in: "Results.Result",
    follow_up: reboot_if_running,
    join_name: "attach key pair",
    leave_name: "detach key pair",
    ..RELATION
};

/// The reboot after which a server feels a change, unless it is to be stopped.
fn reboot_if_running(wanted: &Attributes, id: &Value) -> Vec<Step> {
    if text(wanted, "status") == Some("Stopped") {
        return Vec::new();
    }
    vec![
        simple("reboot", &action::REBOOT_INSTANCE, id.clone()),
        wait("Running"),
    ]
}

static SYSTEM_DISK: &[Attribute] = &[
    attr(
        "category",
        Kind::Enum(&[
            "cloud_essd",
            "cloud_auto",
            "cloud_essd_entry",
            "cloud_ssd",
            "cloud_efficiency",
            "cloud",
        ]),
    )
    .replaces()
    .param("SystemDisk.Category")
    .field("")
    .doc("The kind of disk, e.g. \"cloud_essd\"."),
    attr("size", Kind::Integer { min: 20, max: 2048 })
        .param("SystemDisk.Size")
        .field("")
        .doc("GiB, 20 to 2048 and at least the image's size."),
    attr("performance_level", Kind::Enum(&["PL0", "PL1", "PL2", "PL3"]))
        .refused(
            "this version cannot change the performance level of a disk; change it in the console and here",
        )
        .param("SystemDisk.PerformanceLevel")
        .field("")
        .doc("The performance level of a cloud_essd disk."),
];

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::NAME))
        .updated_by(&MODIFY)
        .param("InstanceName")
        .field("InstanceName")
        .always()
        .doc("The name shown in the console, 2 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE)).updated_by(&MODIFY).doc("A note, 2 to 256 characters."),
    attr("instance_type", Kind::Form(&form::INSTANCE_TYPE)).required().updated_by(&MODIFY_TYPE).always().doc("The size, e.g. \"ecs.g7.large\"."),
    attr("image_id", Kind::String).required().replaces().always().doc("What its disk starts with, e.g. \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"."),
    attr("zone_id", Kind::String).replaces().always().doc("The zone; given by the vswitch if it has one."),
    attr("vswitch_id", Kind::Id("vswitch"))
        .replaces()
        .param("VSwitchId")
        .field("VpcAttributes.VSwitchId")
        .always()
        .doc("The subnet: \"${vswitch.main.id}\"."),
    attr("private_ip", Kind::Form(&form::IPV4))
        .replaces()
        .param("PrivateIpAddress")
        .field("VpcAttributes.PrivateIpAddress.IpAddress|InnerIpAddress.IpAddress")
        .doc("The address inside its network; chosen by the cloud if not given."),
    attr("instance_network_type", Kind::Enum(&["vpc", "classic"]))
        .replaces()
        .param("")
        .doc("vpc, or classic for an old account's classic network."),
    attr("security_group_ids", Kind::IdSet("security_group"))
        .required()
        .updated_by(&MODIFY)
        .param("")
        .update_param("SecurityGroupIds")
        .field("SecurityGroupIds.SecurityGroupId")
        .always()
        .doc("Its security groups, at least one: [\"${security_group.web.id}\"]."),
    attr("host_name", Kind::Form(&form::HOST_NAME)).updated_by(&MODIFY_LOGIN).doc("The name inside the system, 2 to 64 characters."),
    attr("key_pair_name", Kind::Id("key_pair")).doc("The key pair whose key may log in: \"${key_pair.office.name}\"."),
    attr("password", Kind::Secret)
        .updated_by(&MODIFY_LOGIN)
        .remembered()
        .doc("{ env = \"NAME\" } or { file = \"path\" }: 8 to 30 characters of at least three kinds."),
    attr("user_data", Kind::Text).base64()
        .updated_by(&MODIFY_USER_DATA)
        .remembered()
        .doc("What cloud-init runs at the first start, up to 32 KB; user_data_file = \"path\" sends a file as it is."),
    attr("system_disk", Kind::Table(SYSTEM_DISK)).param("").field("").doc("The system disk: { category = \"cloud_essd\", size = 40 }."),
    attr("io_optimized", Kind::Enum(&["optimized", "none"])).replaces().doc("optimized or none; only old types have a choice."),
    attr("internet_max_bandwidth_out", Kind::Integer { min: 0, max: 200 })
        .updated_by(&MODIFY_NETWORK)
        .always()
        .doc("Mbit/s to the internet; more than 0 gives it a public IP."),
    attr("internet_charge_type", Kind::Enum(&["PayByTraffic", "PayByBandwidth"]))
        .updated_by(&MODIFY_NETWORK)
        .update_param("NetworkChargeType")
        .doc("How the bandwidth is paid for."),
    attr("instance_charge_type", Kind::Enum(&["PostPaid", "PrePaid"]))
        .refused("a change between pay-as-you-go and subscription moves money; do it in the console, then change it here")
        .always()
        .doc("PostPaid (pay as you go) or PrePaid (subscription)."),
    attr("period", Kind::Integer { min: 1, max: 60 })
        .refused("the period counts when the server is bought; a longer one is a renewal, which moves money: renew it in the console")
        .remembered()
        .doc("How long a subscription runs, in period_unit."),
    attr("period_unit", Kind::Enum(&["Week", "Month"]))
        .refused("the period counts when the server is bought; a longer one is a renewal, which moves money: renew it in the console")
        .remembered()
        .doc("Week or Month; Month if not given."),
    attr("auto_renew", Kind::Bool).updated_by(&MODIFY_RENEWAL).remembered().doc("Whether a subscription renews itself."),
    attr("deletion_protection", Kind::Bool).updated_by(&MODIFY).doc("Whether the API refuses to delete it."),
    attr("status", Kind::Enum(&["Running", "Stopped"]))
        .default(Literal::String("Running"))
        .param("")
        .always()
        .doc("Running or Stopped; Running if not given."),
    attr("tags", Kind::Tags).field("").doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String).computed().field("InstanceId").doc("The id, e.g. \"i-bp1...\"."),
    attr("public_ip", Kind::String)
        .computed()
        .field("PublicIpAddress.IpAddress|EipAddress.IpAddress")
        .doc("Its address on the internet."),
    attr("creation_time", Kind::String).computed().doc("When it was made, UTC, to the minute."),
    attr("expired_time", Kind::String).computed().doc("When its subscription ends, UTC, to the minute."),
];

/// IoOptimized is a truth in answers and a word in requests.
fn normalise(attributes: &mut Attributes) {
    if let Some(value @ Value::Bool(_)) = attributes.get_mut("io_optimized") {
        *value = Value::from(if *value == Value::Bool(true) {
            "optimized"
        } else {
            "none"
        });
    }
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
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
    let prepaid = text(attributes, "instance_charge_type") == Some("PrePaid");
    if prepaid && !attributes.contains_key("period") {
        complain(
            codes::MISSING_KEY,
            "instance_charge_type",
            "a PrePaid instance needs a period",
            "period = 1   (months, unless period_unit says otherwise)",
        );
    }
    if !prepaid {
        for name in ["period", "period_unit", "auto_renew"] {
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
    complaints
}

/// A subscription's size and a disk's size depend on what is there.
fn change_rule(path: &str, before: &Attributes, after: &Attributes) -> Option<Changeable> {
    match path {
        "instance_type" if text(before, "instance_charge_type") == Some("PrePaid") => {
            Some(Changeable::Refused(
                "a new type for a subscription moves money; change it in the console, then here",
            ))
        }
        "system_disk.size" => {
            let size = |attributes: &Attributes| attributes.get("system_disk")?.at("size")?.as_integer();
            match (size(before), size(after)) {
                (Some(old), Some(new)) if new < old => Some(Changeable::Refused(
                    "a disk does not shrink: write the size that is there, or more",
                )),
                _ => Some(Changeable::Refused(
                    "this version cannot grow a system disk in place; grow it in the console, then change it here",
                )),
            }
        }
        _ => None,
    }
}

/// Bandwidth asks for a public address.
fn implied(wanted: &Attributes, observed: &Attributes) -> Vec<&'static str> {
    let bandwidth = wanted
        .get("internet_max_bandwidth_out")
        .and_then(Value::as_integer)
        .unwrap_or(0);
    if bandwidth > 0 && !observed.contains_key("public_ip") {
        vec!["public_ip"]
    } else {
        Vec::new()
    }
}

fn undeletable(observed: &Attributes) -> Option<String> {
    (observed.get("deletion_protection") == Some(&Value::Bool(true))).then(|| {
        "deletion_protection is on; set deletion_protection = false, apply that, and then delete".to_owned()
    })
}

/// A call about one instance that takes nothing but its id.
fn simple(name: &str, action: &'static Action, id: Value) -> Step {
    Step::call(name, simple_call(action, id))
}

fn simple_call(action: &'static Action, id: Value) -> Call {
    steps::call(action, "", Attributes::from([("InstanceId".to_owned(), id)]))
}

fn allocate(id: Value) -> Step {
    let call = Call {
        yields: Yield::Attribute {
            field: "IpAddress",
            attribute: "public_ip",
        },
        ..simple_call(&action::ALLOCATE_PUBLIC_IP_ADDRESS, id)
    };
    Step::call("allocate public IP", call).shows(Shows::With("public_ip"))
}

fn start(id: Value) -> Step {
    simple("start", &action::START_INSTANCE, id).shows(STARTED)
}

/// A stop that is not for good keeps what the server has: without KeepCharging a pay-as-you-go server in a VPC may lose
/// its public address, and its restart may find no stock.
fn stop(id: Value, is_for_good: bool) -> Step {
    let mut call = simple_call(&action::STOP_INSTANCE, id);
    if !is_for_good {
        call.params
            .insert("StoppedMode".to_owned(), Value::from("KeepCharging"));
    }
    Step::call("stop", call).shows(STOPPED)
}

const STARTED: Shows = Shows::Status(&["Starting", "Running"]);
const STOPPED: Shows = Shows::Status(&["Stopping", "Stopped"]);

/// A server that was stopped for a change is started again when the change is refused.
fn restore(steps: &[Step]) -> Option<Restore> {
    let behind = steps.iter().position(|step| step.shows == STOPPED)?;
    let before = steps.iter().rposition(|step| step.shows == STARTED)?;
    (behind < before).then(|| Restore {
        behind,
        before,
        steps: steps[before..].to_vec(),
    })
}

/// Its fixed private address, which only one can have.
fn address(attributes: &Attributes) -> Option<String> {
    let vswitch = text(attributes, "vswitch_id")?;
    Some(format!("{vswitch} {}", text(attributes, "private_ip")?))
}

fn wait(status: &'static str) -> Step {
    Step::wait_status(
        format!("wait until {}", status.to_lowercase()),
        status,
        STATUS_TIMEOUT_S,
    )
}

/// create > wait until stopped > (more groups) > (allocate public IP) > (start > wait until running)
fn create(wanted: &ToMake<'_>) -> Vec<Step> {
    let mut call = steps::create_call(wanted);
    let groups = wanted.attributes.get("security_group_ids");
    // CreateInstance takes one group; the others join by a call of their own.
    if let Some(first) = groups.and_then(Value::as_list).and_then(<[Value]>::first) {
        call.params.insert("SecurityGroupId".to_owned(), first.clone());
    }
    if wanted.attributes.get("auto_renew") == Some(&Value::Bool(true))
        && let Some(period) = wanted.attributes.get("period")
    {
        call.params.insert("AutoRenewPeriod".to_owned(), period.clone());
    }
    let mut steps = vec![Step::call("create", call), wait("Stopped")];
    if let Some(groups) = groups.filter(|groups| groups.as_list().is_some_and(|groups| groups.len() > 1)) {
        let params = Attributes::from([
            ("InstanceId".to_owned(), steps::own_id(wanted)),
            ("SecurityGroupIds".to_owned(), groups.clone()),
        ]);
        let call = steps::call(MODIFY.action, wanted.region, params);
        steps.push(Step::call("join security groups", call));
    }
    if !implied(wanted.attributes, &Attributes::new()).is_empty() {
        steps.push(allocate(steps::own_id(wanted)));
    }
    if text(wanted.attributes, "status") != Some("Stopped") {
        steps.push(start(steps::own_id(wanted)));
        steps.push(wait("Running"));
    }
    steps
}

/// Finishes what is under way, changes what can be changed live, stops for what cannot, and ends in the status
/// that is wanted.
fn update(change: &ToChange<'_>) -> Vec<Step> {
    let id = || Value::from(change.id);
    let mut steps = Vec::new();
    let mut status = match text(change.before, "status") {
        Some("Pending" | "Stopping") => {
            steps.push(wait("Stopped"));
            "Stopped"
        }
        Some("Starting") => {
            steps.push(wait("Running"));
            "Running"
        }
        Some("Running") => "Running",
        _ => "Stopped",
    };
    let groups = steps::changed_by_action(change);
    let (stopped, live): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|(update, _)| update.needs == Needs::Stopped);
    let mut reboot = false;
    for (update, attributes) in live {
        let mut step = steps::update_step(change, update, &attributes);
        if std::ptr::eq(update, &MODIFY_RENEWAL)
            && let Some(period) = change.wanted.attributes.get("period")
            && let StepKind::Call(call) = &mut step.kind
        {
            call.params.insert("Duration".to_owned(), period.clone());
        }
        steps.push(step);
        reboot |= update.needs == Needs::Reboot;
    }
    steps.extend(steps::tag_steps(change));
    let wants_stopped = text(change.wanted.attributes, "status") == Some("Stopped");
    if status == "Running" && (!stopped.is_empty() || wants_stopped) {
        // Only a pay-as-you-go server in a VPC has the choice.
        let has_choice = change.before.contains_key("vswitch_id")
            && text(change.before, "instance_charge_type") == Some("PostPaid");
        steps.push(stop(id(), wants_stopped || !has_choice));
        steps.push(wait("Stopped"));
        reboot = false;
        status = "Stopped";
    }
    for (update, attributes) in stopped {
        steps.push(steps::update_step(change, update, &attributes));
    }
    if change.changed.contains(&"public_ip") {
        steps.push(allocate(id()));
    }
    if status == "Stopped" && !wants_stopped {
        steps.push(start(id()));
        steps.push(wait("Running"));
    } else if reboot && status == "Running" {
        steps.push(simple("reboot", &action::REBOOT_INSTANCE, id()));
        steps.push(wait("Running"));
    }
    steps
}

/// A subscription that runs becomes pay-as-you-go first: the API deletes no other. Then stop, if it runs, and
/// delete.
fn delete(existing: &ToRemove<'_>) -> Vec<Step> {
    let id = || Value::from(existing.id);
    let mut steps = Vec::new();
    if text(existing.attributes, "instance_charge_type") == Some("PrePaid") {
        let params = Attributes::from([
            (
                "InstanceIds".to_owned(),
                Value::JsonText(Box::new(Value::List(vec![id()]))),
            ),
            ("InstanceChargeType".to_owned(), Value::from("PostPaid")),
        ]);
        let call = steps::call(&action::MODIFY_INSTANCE_CHARGE_TYPE, existing.region, params);
        let shows = Attributes::from([("instance_charge_type".to_owned(), Value::from("PostPaid"))]);
        steps.push(Step::call("change to pay-as-you-go", call).shows(Shows::Attributes(shows)));
    }
    match text(existing.attributes, "status") {
        Some("Running") => {
            steps.push(stop(id(), true));
            steps.push(wait("Stopped"));
        }
        Some("Starting") => {
            steps.push(wait("Running"));
            steps.push(stop(id(), true));
            steps.push(wait("Stopped"));
        }
        Some("Pending" | "Stopping") => steps.push(wait("Stopped")),
        _ => {}
    }
    steps.extend(steps::delete(existing));
    steps
}

fn downtime(steps: &[Step]) -> Option<&'static str> {
    let has = |action: &Action| {
        steps
            .iter()
            .any(|step| matches!(&step.kind, StepKind::Call(call) if call.action == action))
    };
    if has(&action::DELETE_INSTANCE) {
        return Some("about 4 min");
    }
    match (
        has(&action::STOP_INSTANCE),
        has(&action::START_INSTANCE),
        has(&action::REBOOT_INSTANCE),
    ) {
        (true, true, _) => Some("about 2 min while it is stopped"),
        (_, _, true) => Some("about 1 min while it reboots"),
        (true, false, _) => Some("from now on: it stays stopped"),
        _ => None,
    }
}

fn losses(observed: &Attributes) -> Vec<String> {
    let mut lost = Vec::new();
    let id = text(observed, "id").unwrap_or("it");
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
    if text(observed, "instance_charge_type") == Some("PrePaid") {
        let until = text(observed, "expired_time").unwrap_or("its end");
        lost.push(format!(
            "the subscription, paid until {until}; it becomes pay-as-you-go first"
        ));
    }
    lost
}
