//! Elastic address: an address of its own, bound to one partner at a time.
//!
//! It outlives what it is bound to: a server that is made anew gets the same address again.

use super::attribute::{Attribute, Kind, Update, attr};
use super::base::{BASE, NETWORK_TAGS};
use super::form;
use super::relation::{Partner, RELATION, Relation};
use super::resource_type::{Complaint, Create, Delete, IdFilter, Read, Replacement, ResourceType, Tagging};
use crate::api::{Codes, Pages, action};
use crate::diagnostic::codes;
use crate::value::{Attributes, Value};

pub(super) static EIP: ResourceType = ResourceType {
    name: "eip",
    doc: "An elastic IP address.",
    id_prefix: "eip-",
    id_param: "AllocationId",
    attributes: ATTRIBUTES,
    read: Read {
        action: &action::DESCRIBE_EIP_ADDRESSES,
        list: "EipAddresses.EipAddress",
        id_field: "AllocationId",
        pages: Pages::ByNumber { max: 100 },
        // A comma-separated list of at most 50 (facts of DescribeEipAddresses).
        ids: IdFilter::Comma {
            param: "AllocationId",
            max: 50,
        },
        ..BASE.read
    },
    create: Create {
        action: &action::ALLOCATE_EIP_ADDRESS,
        id_field: "AllocationId",
        ready: Some((LEFT, TIMEOUT_S)),
    },
    delete: Delete {
        action: &action::RELEASE_EIP_ADDRESS,
        gone: Some(TIMEOUT_S),
    },
    tagging: Some(Tagging {
        kind: "EIP",
        ..NETWORK_TAGS
    }),
    codes: Codes {
        there: &[],
        absent: &["InvalidAllocationId.NotFound"],
        retry: &[
            "IncorrectEipStatus",
            "IncorrectStatus",
            "IncorrectInstanceStatus",
            "InvalidBindingStatus",
            "InvalidStatus.EcsStatusNotSupport",
            "InvalidStatus.EniStatusNotSupport",
            "OperationFailed.EcsMigrating",
            "OperationConflict",
            "TaskConflict",
            "VPC_TASK_CONFLICT",
            "FrequentPurchase.EIP",
        ],
        in_use: &[
            "DependencyViolation",
            "InvalidIpStatus.HasBeenUsedBySnatTable",
            "InvalidIpStatus.HasBeenUsedByForwardEntry",
            "InvalidStatus.SnatOrDnat",
        ],
    },
    replacement: Replacement::CreateFirst,
    relations: &[Relation {
        attribute: "instance_id",
        partners: PARTNERS,
        join: &action::ASSOCIATE_EIP_ADDRESS,
        leave: &action::UNASSOCIATE_EIP_ADDRESS,
        own_param: "AllocationId",
        status: Some((JOINED, LEFT)),
        timeout_s: TIMEOUT_S,
        lends: &["public_ip"],
        join_name: "bind",
        leave_name: "unbind",
        ..RELATION
    }],
    normalise,
    check,
    partner_rule,
    undeletable,
    losses,
    ..BASE
};

const JOINED: &str = "InUse";
const LEFT: &str = "Available";

/// How long any change of status may take, in seconds.
const TIMEOUT_S: u64 = 300;

static PARTNERS: &[Partner] = &[
    Partner {
        type_name: "instance",
        id_prefix: "i-",
        params: &[("InstanceType", "EcsInstance")],
    },
    Partner {
        type_name: "network_interface",
        id_prefix: "eni-",
        params: &[("InstanceType", "NetworkInterface")],
    },
    Partner {
        type_name: "nat_gateway",
        id_prefix: "ngw-",
        params: &[("InstanceType", "Nat")],
    },
    Partner {
        type_name: "slb",
        id_prefix: "lb-",
        params: &[("InstanceType", "SlbInstance")],
    },
];

/// The types of all partners.
const PARTNER_TYPES: &[&str] = &["instance", "network_interface", "nat_gateway", "slb"];

static MODIFY: Update = Update::by(&action::MODIFY_EIP_ADDRESS_ATTRIBUTE, "change attributes");

static ATTRIBUTES: &[Attribute] = &[
    attr("name", Kind::Form(&form::SHORT_NAME))
        .updated_by(&MODIFY)
        .doc("The name shown in the console, 1 to 128 characters."),
    attr("description", Kind::Form(&form::NOTE))
        .updated_by(&MODIFY)
        .doc("A note, 2 to 256 characters."),
    attr("bandwidth", Kind::Integer { min: 1, max: 1000 })
        .updated_by(&MODIFY)
        .always()
        .doc("Mbit/s; 5 if not given."),
    attr("internet_charge_type", Kind::Enum(&["PayByBandwidth", "PayByTraffic"]))
        .replaces()
        .always()
        .doc("How the bandwidth is paid for; PayByBandwidth if not given."),
    attr("instance_charge_type", Kind::Enum(&["PostPaid", "PrePaid"]))
        .refused("a change between pay-as-you-go and subscription moves money; do it in the console, then change it here")
        .field("ChargeType")
        .always()
        .doc("PostPaid (pay as you go) or PrePaid (subscription)."),
    attr("period", Kind::Integer { min: 1, max: 9 })
        .refused("the period counts when the address is bought; a longer one is a renewal, which moves money: renew it in the console")
        .remembered()
        .doc("How many months a subscription runs."),
    attr("isp", Kind::Enum(&["BGP", "BGP_PRO"]))
        .replaces()
        .param("ISP")
        .field("ISP")
        .doc("The line: BGP, or BGP_PRO to the mainland; BGP if not given."),
    attr("instance_id", Kind::IdOf(PARTNER_TYPES))
        .param("")
        .field("InstanceId")
        .doc("What it is bound to: \"${instance.web.id}\", or the id of a network interface, NAT gateway or load balancer."),
    attr("tags", Kind::Tags)
        .field("")
        .doc("Tags, up to 17: { team = \"web\" }."),
    attr("id", Kind::String)
        .computed()
        .field("AllocationId")
        .doc("The id, e.g. \"eip-bp1...\"."),
    attr("ip_address", Kind::String)
        .computed()
        .always()
        .doc("The address itself."),
    attr("status", Kind::String)
        .computed()
        .always()
        .doc("Available, or InUse while it is bound."),
];

/// Answers write the bandwidth as text, and an unbound one as bound to nothing.
fn normalise(attributes: &mut Attributes) {
    if let Some(value @ Value::String(_)) = attributes.get_mut("bandwidth")
        && let Some(number) = value.as_str().and_then(|text| text.parse().ok())
    {
        *value = Value::Integer(number);
    }
    if attributes.get("instance_id").and_then(Value::as_str) == Some("") {
        attributes.remove("instance_id");
    }
}

fn is_subscription(attributes: &Attributes) -> bool {
    attributes.get("instance_charge_type").and_then(Value::as_str) == Some("PrePaid")
}

fn check(attributes: &Attributes) -> Vec<Complaint> {
    match (is_subscription(attributes), attributes.contains_key("period")) {
        (true, false) => vec![Complaint {
            code: codes::MISSING_KEY,
            attribute: "instance_charge_type",
            message: "a PrePaid address needs a period".to_owned(),
            help: "period = 1   (months)".to_owned(),
        }],
        (false, true) => vec![Complaint {
            code: codes::PAIR,
            attribute: "period",
            message: "period is for PrePaid addresses only".to_owned(),
            help: "instance_charge_type = \"PrePaid\", or take the key out".to_owned(),
        }],
        _ => Vec::new(),
    }
}

/// A server has one address on the internet.
fn partner_rule(_own: &Attributes, partner: &Attributes) -> Option<Complaint> {
    let bandwidth = partner.get("internet_max_bandwidth_out")?.as_integer()?;
    (bandwidth > 0).then(|| Complaint {
        code: codes::PAIR,
        attribute: "instance_id",
        message: format!("the server has a public IP of its own (internet_max_bandwidth_out = {bandwidth})"),
        help: "take internet_max_bandwidth_out out of the server; the address brings its own bandwidth"
            .to_owned(),
    })
}

fn undeletable(observed: &Attributes) -> Option<String> {
    is_subscription(observed).then(|| "a subscription cannot be released before it ends".to_owned())
}

fn losses(observed: &Attributes) -> Vec<String> {
    let address = observed
        .get("ip_address")
        .and_then(Value::as_str)
        .unwrap_or("its address");
    vec![format!("{address} is released and cannot be asked for again")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(entries: &[(&str, Value)]) -> Attributes {
        entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    #[test]
    fn what_answers_write_as_text_is_a_number_here() {
        let mut read = attributes(&[
            ("bandwidth", Value::from("5")),
            ("instance_id", Value::from("")),
            ("description", Value::from("")),
        ]);
        normalise(&mut read);
        let expected = attributes(&[("bandwidth", Value::Integer(5)), ("description", Value::from(""))]);
        assert_eq!(read, expected);
    }

    #[test]
    fn a_server_with_an_address_of_its_own_takes_no_other() {
        let server = |bandwidth| attributes(&[("internet_max_bandwidth_out", Value::Integer(bandwidth))]);
        assert!(partner_rule(&Attributes::new(), &server(5)).is_some());
        assert!(partner_rule(&Attributes::new(), &server(0)).is_none());
        assert!(partner_rule(&Attributes::new(), &Attributes::new()).is_none());
    }

    #[test]
    fn a_subscription_has_a_period_and_is_not_released() {
        let paid = attributes(&[("instance_charge_type", Value::from("PrePaid"))]);
        assert!(undeletable(&paid).is_some());
        assert_eq!(check(&paid)[0].attribute, "instance_charge_type");
        let period = attributes(&[("period", Value::Integer(1))]);
        assert_eq!(check(&period)[0].attribute, "period");
        assert!(undeletable(&period).is_none() && check(&Attributes::new()).is_empty());
    }
}
