//! What a server is told at its making or later and shows again, without doing anything with it here.

use std::collections::BTreeMap;

use super::super::call::Call;
use super::super::node::{Node, map};
use super::super::refusal::{Refusal, refuse};

/// What is kept by its own name, with the values that it may have; any when there are none.
const KEPT: &[(&str, &[&str])] = &[
    ("SecurityEnhancementStrategy", &["Active", "Deactive"]),
    ("HibernationOptions.Configured", &["true", "false"]),
    ("CpuOptions.Core", &[]),
    ("CpuOptions.ThreadsPerCore", &["1", "2"]),
    ("CpuOptions.Numa", &[]),
    (
        "CpuOptions.TopologyType",
        &["ContinuousCoreToHTMapping", "DiscreteCoreToHTMapping"],
    ),
    ("ClockOptions.PtpStatus", &["enabled", "disabled"]),
    ("InstanceMetadataTags", &["enabled", "disabled"]),
    (
        "PrivateDnsNameOptions.HostnameType",
        &["Custom", "IpBased", "InstanceIdBased"],
    ),
    ("PrivateDnsNameOptions.EnableIpDnsARecord", &["true", "false"]),
    ("PrivateDnsNameOptions.EnableIpDnsPtrRecord", &["true", "false"]),
    (
        "PrivateDnsNameOptions.EnableInstanceIdDnsARecord",
        &["true", "false"],
    ),
    (
        "PrivateDnsNameOptions.EnableInstanceIdDnsAAAARecord",
        &["true", "false"],
    ),
];

/// What a request tells of these.
pub(super) fn told(call: &Call<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let mut told = BTreeMap::new();
    for (name, values) in KEPT {
        let Some(text) = call.params.text(name) else {
            continue;
        };
        if !values.is_empty() && !values.iter().any(|value| value.eq_ignore_ascii_case(text)) {
            if *name == "CpuOptions.TopologyType" {
                return Err(call.code(&["InvalidParameter.CpuOptionsTopologyType", "InvalidParameter"]));
            }
            return Err(Refusal::invalid(name));
        }
        if *name == "CpuOptions.Core" && text.parse::<u16>().is_err() {
            return refuse("InvalidParameter");
        }
        told.insert((*name).to_owned(), text.to_owned());
    }
    Ok(told)
}

/// The fields of a server's answer that show them; `cores` is what its type has.
pub(super) fn nodes(options: &BTreeMap<String, String>, cores: i64) -> Vec<(&'static str, Node)> {
    let text = |name: &str, otherwise: &str| -> String {
        options
            .get(name)
            .map_or_else(|| otherwise.to_owned(), Clone::clone)
    };
    let flag = |name: &str| {
        options
            .get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    let number = |name: &str, otherwise: i64| {
        options
            .get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    vec![
        (
            "CpuOptions",
            map! {
                "CoreCount": number("CpuOptions.Core", (cores / 2).max(1)),
                "ThreadsPerCore": number("CpuOptions.ThreadsPerCore", if cores > 1 { 2 } else { 1 }),
                "Numa": text("CpuOptions.Numa", ""),
                "TopologyType": text("CpuOptions.TopologyType", ""),
            },
        ),
        (
            "HibernationOptions",
            map! { "Configured": flag("HibernationOptions.Configured") },
        ),
        (
            "ClockOptions",
            map! { "PtpStatus": text("ClockOptions.PtpStatus", "disabled") },
        ),
        (
            "PrivateDnsNameOptions",
            map! {
                "HostnameType": text("PrivateDnsNameOptions.HostnameType", "Custom"),
                "EnableIpDnsARecord": flag("PrivateDnsNameOptions.EnableIpDnsARecord"),
                "EnableIpDnsPtrRecord": flag("PrivateDnsNameOptions.EnableIpDnsPtrRecord"),
                "EnableInstanceIdDnsARecord": flag("PrivateDnsNameOptions.EnableInstanceIdDnsARecord"),
                "EnableInstanceIdDnsAAAARecord": flag("PrivateDnsNameOptions.EnableInstanceIdDnsAAAARecord"),
            },
        ),
    ]
}
