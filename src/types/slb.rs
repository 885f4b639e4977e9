//! Classic load balancer, with its listeners and the servers behind it as parts: the first type outside ECS and VPC.

use super::attribute::{Attribute, Kind, Literal, Update, attr};
use super::base::BASE;
use super::form;
use super::part::{Calls, Owner, PART, Part};
use super::resource_type::{
    Complaint, Create, Delete, IdFilter, Read, Replacement, ResourceType, TagShape, Tagging,
};
use super::steps;
use crate::api::{Action, Codes, Pages, action};
use crate::diagnostic::codes;
use crate::step::{Shows, Step};
use crate::value::{Attributes, Value};

pub(super) static SLB: ResourceType = ResourceType {
    name: "slb",
    doc: "A classic load balancer.",
    id_prefix: "lb-",
    id_param: "LoadBalancerId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_LOAD_BALANCERS,
        list: "LoadBalancers.LoadBalancer",
        id_field: "LoadBalancerId",
        pages: Pages::ByNumber { max: 100 },
        ids: IdFilter::Comma {
            param: "LoadBalancerId",
            max: 10,
        },
        tags: TagShape::Ecs,
        ..BASE.read
    },
    create: Create {
        action: &action::CREATE_LOAD_BALANCER,
        id_field: "LoadBalancerId",
        ready: Some(("active", TIMEOUT_S)),
    },
    delete: Delete {
        action: &action::DELETE_LOAD_BALANCER,
        gone: Some(TIMEOUT_S),
    },
    tagging: Some(Tagging {
        kind: "instance",
        tag: &action::TAG_RESOURCES_SLB,
        untag: &action::UNTAG_RESOURCES_SLB,
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidLoadBalancerId.NotFound"],
        retry: &[
            "BackendServerProcessing",
            "BackendServer.configuring",
            "ListenerProcessing",
            "OperationConflict",
            "OperationFailed.TokenIsProcessing",
            "ServiceIsConfiguring",
            "ServiceIsStopping",
            "SystemBusy",
            "TaskConflict",
            // It is there already, perhaps by an answer that was lost; a look tells.
            "InvalidParameter.ListenerPortConflict",
            "ListenerPortConflict",
            "ListenerAlreadyExists",
        ],
        in_use: &["RspoolVipExist"],
    },
    replacement: Replacement::CreateFirst,
    parts: PARTS,
    normalise,
    check,
    member_rule,
    losses,
    ..BASE
};

/// How long any change of status may take, in seconds.
const TIMEOUT_S: u64 = 300;

static RENAME: Update = Update::by(&action::SET_LOAD_BALANCER_NAME, "rename");
static MODIFY_SPEC: Update = Update::by(&action::MODIFY_LOAD_BALANCER_INSTANCE_SPEC, "change size");
static MODIFY_INTERNET: Update = Update::by(&action::MODIFY_LOAD_BALANCER_INTERNET_SPEC, "change bandwidth");

static PARTS: &[Part] = &[
    Part {
        attribute: "listeners",
        key: &["protocol", "port"],
        calls: Calls::Single {
            add: add_listener,
            modify: modify_listener,
            remove: remove_listener,
        },
        limit: 50,
        noun: "listener",
        ..PART
    },
    Part {
        attribute: "backends",
        key: &["server_id"],
        calls: Calls::Single {
            add: |owner, member| vec![backend(owner, member, "add", &action::ADD_BACKEND_SERVERS)],
            modify: |owner, _, member| vec![backend(owner, member, "change", &action::SET_BACKEND_SERVERS)],
            remove: |owner, member| vec![backend(owner, member, "remove", &action::REMOVE_BACKEND_SERVERS)],
        },
        limit: 200,
        noun: "backend",
        ..PART
    },
];

static LISTENERS: &[Attribute] = &[
    attr("protocol", Kind::Enum(&["http", "https", "tcp", "udp"]))
        .required()
        .field("ListenerProtocol")
        .doc("http, https, tcp or udp."),
    attr("port", Kind::Integer { min: 1, max: 65_535 })
        .required()
        .field("ListenerPort")
        .doc("The port on which it listens."),
    attr("backend_port", Kind::Integer { min: 1, max: 65_535 })
        .required()
        .field("BackendServerPort")
        .doc("The port of the servers behind it."),
    attr("bandwidth", Kind::Integer { min: -1, max: 5_120 })
        .default(Literal::Integer(-1))
        .doc("Mbit/s at most; -1, as if not given, for no limit of its own."),
    attr(
        "scheduler",
        Kind::Enum(&["wrr", "wlc", "rr", "sch", "tch", "qch"]),
    )
    .default(Literal::String("wrr"))
    .doc("How a server is chosen; wrr (by weight, in turn) if not given."),
    attr("health_check", Kind::Enum(&["on", "off"]))
        .default(Literal::String("on"))
        .field("HTTPListenerConfig.HealthCheck|HTTPSListenerConfig.HealthCheck|TCPListenerConfig.HealthCheck|UDPListenerConfig.HealthCheck")
        .doc("Whether servers that do not answer are left out; on if not given."),
    attr("server_certificate_id", Kind::String)
        .field("HTTPSListenerConfig.ServerCertificateId")
        .doc("The certificate that an https listener shows: \"1269..._166f8204689_...\"."),
    attr("description", Kind::Form(&form::BALANCER_TEXT)).doc("A note, 1 to 80 characters."),
];

static BACKENDS: &[Attribute] = &[
    attr("server_id", Kind::Id("instance"))
        .required()
        .field("ServerId")
        .doc("The server: \"${instance.web.id}\"."),
    attr("weight", Kind::Integer { min: 0, max: 100 })
        .default(Literal::Integer(100))
        .doc("How much of the work it gets, 0 to 100; 100 if not given."),
];

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::BALANCER_TEXT))
        .updated_by(&RENAME)
        .param("LoadBalancerName")
        .field("LoadBalancerName")
        .always()
        .doc("The name shown in the console, 1 to 80 characters."),
    attr("address_type", Kind::Enum(&["internet", "intranet"]))
        .replaces()
        .always()
        .doc("internet (a public address) or intranet (an address in a vSwitch)."),
    attr("load_balancer_spec", Kind::String)
        .required()
        .updated_by(&MODIFY_SPEC)
        .always()
        .doc("The size, e.g. \"slb.s1.small\"."),
    attr(
        "internet_charge_type",
        Kind::Enum(&["paybytraffic", "paybybandwidth"]),
    )
    .updated_by(&MODIFY_INTERNET)
    .always()
    .doc("How the bandwidth is paid for; paybytraffic if not given."),
    attr("bandwidth", Kind::Integer { min: 1, max: 5_000 })
        .updated_by(&MODIFY_INTERNET)
        .always()
        .doc("Mbit/s, where it is paid for by bandwidth."),
    attr("vswitch_id", Kind::Id("vswitch"))
        .replaces()
        .param("VSwitchId")
        .field("VSwitchId")
        .always()
        .doc("The vSwitch in which it has its address: \"${vswitch.main.id}\"."),
    attr("listeners", Kind::TableSet(LISTENERS))
        .param("")
        .field("")
        .doc("On which ports it listens; all of them, when given."),
    attr("backends", Kind::TableSet(BACKENDS))
        .param("")
        .field("")
        .doc("The servers behind it; all of them, when given."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 16: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("LoadBalancerId")
        .doc("The id, e.g. \"lb-bp1...\"."),
    attr("address", Kind::String)
        .computed()
        .always()
        .doc("Its address."),
    attr("status", Kind::String)
        .computed()
        .field("LoadBalancerStatus")
        .always()
        .doc("active, inactive or locked."),
];

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

/// One order for each set, numbers as numbers, and nothing without a text.
fn normalise(attributes: &mut Attributes) {
    if text(attributes, "vswitch_id") == Some("") {
        attributes.remove("vswitch_id");
    }
    for part in PARTS {
        let Some(Value::List(members)) = attributes.get_mut(part.attribute) else {
            continue;
        };
        for member in members.iter_mut() {
            let Value::Map(member) = member else { continue };
            member.retain(|_, value| value.as_str() != Some(""));
            for name in ["weight", "port", "backend_port", "bandwidth"] {
                if let Some(number) = text(member, name).and_then(|text| text.parse().ok()) {
                    member.insert(name.to_owned(), Value::Integer(number));
                }
            }
        }
        members.sort_by_cached_key(|member| member.as_map().map(|member| part.identity(member)));
    }
}

fn check(attributes: &Attributes) -> Vec<Complaint> {
    let has_vswitch = attributes.contains_key("vswitch_id");
    let complaint = |attribute, message: &str, help: &str| Complaint {
        code: codes::PAIR,
        attribute,
        message: message.to_owned(),
        help: help.to_owned(),
    };
    match text(attributes, "address_type") {
        Some("internet") if has_vswitch => vec![complaint(
            "vswitch_id",
            "a load balancer with a public address stands in no vSwitch",
            "address_type = \"intranet\", or take the key out",
        )],
        Some("intranet") if !has_vswitch => vec![complaint(
            "address_type",
            "a load balancer without a public address needs a vswitch_id",
            "vswitch_id = \"${vswitch.NAME.id}\"",
        )],
        _ => Vec::new(),
    }
}

/// A certificate is for https, and https is nothing without one.
fn member_rule(part: &str, member: &Attributes) -> Vec<Complaint> {
    let is_https = text(member, "protocol") == Some("https");
    let has_certificate = member.contains_key("server_certificate_id");
    if part != "listeners" || is_https == has_certificate {
        return Vec::new();
    }
    let (message, help) = if is_https {
        (
            "an https listener needs a certificate",
            "server_certificate_id = \"...\", the id of one that was uploaded",
        )
    } else {
        (
            "a certificate is for https listeners only",
            "protocol = \"https\", or take server_certificate_id out",
        )
    };
    vec![Complaint {
        code: codes::PAIR,
        attribute: "listeners",
        message: message.to_owned(),
        help: help.to_owned(),
    }]
}

fn losses(observed: &Attributes) -> Vec<String> {
    let address = text(observed, "address").unwrap_or("its address");
    vec![format!("{address} is released and cannot be asked for again")]
}

/// The parameters that say what a listener does. Two protocols have another name for the health check.
fn listener_params(owner: &Owner<'_>, member: &Attributes) -> Attributes {
    let health = match text(member, "protocol") {
        Some("http" | "https") => "HealthCheck",
        _ => "HealthCheckSwitch",
    };
    let names = [
        ("port", "ListenerPort"),
        ("backend_port", "BackendServerPort"),
        ("bandwidth", "Bandwidth"),
        ("scheduler", "Scheduler"),
        ("health_check", health),
        ("server_certificate_id", "ServerCertificateId"),
        ("description", "Description"),
    ];
    let mut params: Attributes = names
        .into_iter()
        .filter_map(|(name, param)| Some((param.to_owned(), member.get(name)?.clone())))
        .collect();
    params.insert("LoadBalancerId".to_owned(), (owner.own)("id"));
    params
}

/// The parameters that name a listener.
fn listener_named(owner: &Owner<'_>, member: &Attributes) -> Attributes {
    let mut params = Attributes::from([("LoadBalancerId".to_owned(), (owner.own)("id"))]);
    for (name, param) in [("port", "ListenerPort"), ("protocol", "ListenerProtocol")] {
        params.extend(member.get(name).map(|value| (param.to_owned(), value.clone())));
    }
    params
}

fn shows(attribute: &'static str, member: &Attributes) -> Shows {
    Shows::Members {
        attribute,
        with: vec![member.clone()],
        without: Vec::new(),
    }
}

fn shows_none(attribute: &'static str, member: &Attributes) -> Shows {
    Shows::Members {
        attribute,
        with: Vec::new(),
        without: vec![member.clone()],
    }
}

/// A new listener does not listen before it is started.
fn add_listener(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let action: &'static Action = match text(member, "protocol") {
        Some("tcp") => &action::CREATE_LOAD_BALANCER_TCP_LISTENER,
        Some("udp") => &action::CREATE_LOAD_BALANCER_UDP_LISTENER,
        Some("https") => &action::CREATE_LOAD_BALANCER_HTTPS_LISTENER,
        _ => &action::CREATE_LOAD_BALANCER_HTTP_LISTENER,
    };
    let mut params = listener_params(owner, member);
    if text(member, "protocol") == Some("https") {
        // Required of this protocol alone.
        params.insert("StickySession".to_owned(), Value::from("off"));
    }
    let create = steps::call(action, owner.region, params);
    let start = steps::call(
        &action::START_LOAD_BALANCER_LISTENER,
        owner.region,
        listener_named(owner, member),
    );
    vec![
        Step::call("add 1 listener", create).shows(shows("listeners", member)),
        Step::call("start listener", start),
        Step::wait_shown("wait until it shows", shows("listeners", member), TIMEOUT_S),
    ]
}

fn modify_listener(owner: &Owner<'_>, _before: &Attributes, member: &Attributes) -> Vec<Step> {
    let action: &'static Action = match text(member, "protocol") {
        Some("tcp") => &action::SET_LOAD_BALANCER_TCP_LISTENER_ATTRIBUTE,
        Some("udp") => &action::SET_LOAD_BALANCER_UDP_LISTENER_ATTRIBUTE,
        Some("https") => &action::SET_LOAD_BALANCER_HTTPS_LISTENER_ATTRIBUTE,
        _ => &action::SET_LOAD_BALANCER_HTTP_LISTENER_ATTRIBUTE,
    };
    let call = steps::call(action, owner.region, listener_params(owner, member));
    vec![Step::call("change 1 listener", call).shows(shows("listeners", member))]
}

fn remove_listener(owner: &Owner<'_>, member: &Attributes) -> Vec<Step> {
    let call = steps::call(
        &action::DELETE_LOAD_BALANCER_LISTENER,
        owner.region,
        listener_named(owner, member),
    );
    vec![Step::call("remove 1 listener", call).shows(shows_none("listeners", member))]
}

/// A call about one server behind it; the API takes a JSON array.
fn backend(owner: &Owner<'_>, member: &Attributes, verb: &str, action: &'static Action) -> Step {
    let mut server = Attributes::new();
    for (name, field) in [("server_id", "ServerId"), ("weight", "Weight")] {
        if let Some(value) = member.get(name) {
            let value = value
                .as_integer()
                .map_or(value.clone(), |weight| Value::from(weight.to_string()));
            server.insert(field.to_owned(), value);
        }
    }
    let list = Value::List(vec![Value::Map(server)]);
    let params = Attributes::from([
        ("LoadBalancerId".to_owned(), (owner.own)("id")),
        ("BackendServers".to_owned(), Value::JsonText(Box::new(list))),
    ]);
    let shows = match verb {
        "remove" => shows_none("backends", member),
        _ => shows("backends", member),
    };
    Step::call(
        format!("{verb} 1 backend"),
        steps::call(action, owner.region, params),
    )
    .shows(shows)
}
