//! What a code is about, what it says, and which creates follow a removal.

use std::time::Duration;

use super::fault::{self, Bearing};
use super::finding::Dependent;
use super::successors;
use crate::address::{Address, Object};
use crate::api::action;
use crate::cloud::{ApiError, ErrorKind};
use crate::task::{Phase, Task};
use crate::types;

fn error(kind: ErrorKind, code: &str) -> ApiError {
    ApiError {
        kind,
        action: &action::CREATE_INSTANCE,
        code: code.to_owned(),
        message: "words".to_owned(),
        request_id: None,
        http_status: None,
        recommend: None,
        tries: 1,
        elapsed: Duration::ZERO,
    }
}

#[test]
fn a_code_leads_to_the_attribute_at_fault() {
    for (type_name, code, attribute) in [
        ("instance", "InvalidImageId.NotFound", Some("image_id")),
        (
            "instance",
            "InvalidInstanceType.ValueNotSupported",
            Some("instance_type"),
        ),
        ("instance", "OperationDenied.NoStock", Some("instance_type")),
        ("instance", "Zone.NotOnSale", Some("zone_id")),
        ("instance", "InvalidVSwitchId.NotFound", Some("vswitch_id")),
        (
            "instance",
            "InvalidSecurityGroupId.NotFound",
            Some("security_group_ids"),
        ),
        (
            "instance",
            "InvalidSystemDiskCategory.ValueNotSupported",
            Some("system_disk.category"),
        ),
        ("instance", "InvalidKeyPairName.NotFound", Some("key_pair_name")),
        ("instance", "QuotaExceeded", None),
        ("instance", "", None),
        ("vpc", "InvalidCidrBlock.Malformed", Some("cidr_block")),
        ("vpc", "OperationDenied.NoStock", None),
    ] {
        let found = fault::attribute(types::find(type_name).unwrap(), code);
        assert_eq!(found.as_deref(), attribute, "{type_name} {code}");
    }
}

#[test]
fn only_a_definite_refusal_of_the_create_counts() {
    let instance = types::find("instance").unwrap();
    let is_refused = |kind, code: &str, is_successor, is_incomplete| {
        fault::verdict(instance, &error(kind, code), is_successor, is_incomplete) == Bearing::Refused
    };
    use ErrorKind::{
        Ambiguous, Credentials, Malformed, NotFound, Refused, Throttled, Unreachable, WrongState,
    };
    for (kind, code) in [
        (NotFound, "InvalidImageId.NotFound"),
        (Refused, "OperationDenied.NoStock"),
        (Refused, "QuotaExceeded"),
        (Refused, "MissingParameter"),
        (Refused, "QuotaExceeded.PrivateIpAddress"),
    ] {
        assert!(is_refused(kind, code, false, false), "{code}");
    }
    for (kind, code) in [
        (Refused, "Forbidden.RAM"),
        (Refused, "Forbidden"),
        (Refused, "InvalidAction.NotFound"),
        (Refused, ""),
        (WrongState, "IncorrectVSwitchStatus"),
        (Refused, "LastOrderProcessing"),
        (Throttled, "Throttling.User"),
        (Ambiguous, "ServiceUnavailable"),
        (Credentials, "InvalidAccessKeyId.NotFound"),
        (Malformed, ""),
        (Unreachable, ""),
    ] {
        assert!(!is_refused(kind, code, false, false), "{code}");
    }
    // The room that the old one takes is free when it is gone.
    assert!(!is_refused(
        Refused,
        "QuotaExceeded.PrivateIpAddress",
        true,
        false
    ));
    // What was left out because it is not known is not missing later.
    assert!(!is_refused(Refused, "MissingParameter", false, true));
}

#[test]
fn a_successor_is_made_behind_a_removal_or_in_the_place_of_one() {
    let address = |text: &str| -> Address { text.parse().unwrap() };
    let task = |text: &str, phase, after: &[usize]| Task {
        after: after.to_vec(),
        ..Task::new(Object::now(address(text)), Some("id"), phase)
    };
    let tasks = [
        task("instance.web", Phase::Remove, &[]),
        task("vswitch.main", Phase::Remove, &[0]),
        task("vswitch.main", Phase::Make, &[1]),
        task("instance.web", Phase::Make, &[2]),
        task("vpc.new", Phase::Make, &[]),
        // Create first: what it takes the place of goes later.
        task("security_group.web", Phase::Make, &[]),
        task("security_group.web", Phase::Remove, &[5]),
        task("instance.other", Phase::Change, &[5]),
    ];
    assert_eq!(successors(&tasks).into_iter().collect::<Vec<_>>(), [2, 3, 5]);
}

#[test]
fn a_name_of_somebody_else_cannot_move_the_cursor() {
    let dependent = Dependent {
        kind: "network_interface",
        id: "eni-1".to_owned(),
        name: "a\u{1b}[2Jb\n".to_owned(),
    };
    assert_eq!(dependent.to_string(), "network interface eni-1 (a[2Jb)");
}
