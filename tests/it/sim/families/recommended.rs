//! Prices of spot servers, and which type to take.

use serde_json::{Value, json};

use super::super::catalogue::{Step, ecs};
use super::super::{Sim, options};
use infra::sim::Options;

pub(super) const OFFER_WALK: &[Step] = &[
    ecs(
        "DescribeSpotPriceHistory",
        &[("InstanceType", "ecs.n1.medium"), ("NetworkType", "vpc")],
    ),
    ecs("DescribeSpotAdvice", &[]),
    ecs("DescribeBandwidthLimitation", &[("InstanceType", "ecs.g7.large")]),
    ecs(
        "DescribeBandwidthLimitation",
        &[
            ("InstanceType", "ecs.g7.large"),
            ("OperationType", "Downgrade"),
            ("ResourceId", "$running"),
        ],
    ),
    ecs(
        "DescribeRecommendInstanceType",
        &[("NetworkType", "vpc"), ("InstanceType", "ecs.g7.large")],
    ),
    ecs(
        "DescribeRecommendInstanceType",
        &[
            ("NetworkType", "vpc"),
            ("Cores", "2"),
            ("Memory", "8"),
            ("SpotStrategy", "SpotWithPriceLimit"),
            ("ZoneId", "cn-hangzhou-h"),
        ],
    ),
];

#[test]
fn spot_prices_are_told_for_each_hour_and_zone() {
    let mut sim = Sim::new();
    let own = [("InstanceType", "ecs.g7.large"), ("NetworkType", "vpc")];
    let hours = [
        ("StartTime", "2026-11-24T00:00:00Z"),
        ("EndTime", "2026-11-24T05:30:00Z"),
        ("ZoneId", "cn-hangzhou-h"),
    ];
    let ask = |sim: &mut Sim, more: &[(&str, &str)]| {
        let params = [&own[..], &hours, more].concat();
        sim.ecs("DescribeSpotPriceHistory", &params)
    };
    let shown = ask(&mut sim, &[]).ok();
    let rows = shown["SpotPrices"]["SpotPriceType"].as_array().unwrap().clone();
    let times: Vec<&Value> = rows.iter().map(|row| &row["Timestamp"]).collect();
    assert_eq!(times.len(), 6);
    assert_eq!(
        (times[0], times[5]),
        (&json!("2026-11-24T05:00:00Z"), &json!("2026-11-24T00:00:00Z"))
    );
    for row in &rows {
        let (spot, whole) = (
            row["SpotPrice"].as_f64().unwrap(),
            row["OriginPrice"].as_f64().unwrap(),
        );
        assert!(0.0 < spot && spot < whole, "{row}");
    }
    // The past does not change.
    sim.wait(3600);
    assert_eq!(ask(&mut sim, &[]).ok()["SpotPrices"], shown["SpotPrices"]);
    let later = ask(&mut sim, &[("Offset", "4")]).ok();
    assert_eq!(later["SpotPrices"]["SpotPriceType"], json!(rows[4..]));
    assert_eq!(later["NextOffset"], 0);
    let free = ask(&mut sim, &[("SpotDuration", "0")]).ok();
    let free = free["SpotPrices"]["SpotPriceType"][0]["SpotPrice"]
        .as_f64()
        .unwrap();
    assert!(free < rows[0]["SpotPrice"].as_f64().unwrap());
    let mut refused = |name: &str, value: &str, status: u16, code: &str| {
        let mut params = [&own[..], &hours].concat();
        params.retain(|(own, _)| *own != name);
        params.push((name, value));
        sim.ecs("DescribeSpotPriceHistory", &params).refused(status, code);
    };
    for (name, value, status, code) in [
        (
            "InstanceType",
            "ecs.no",
            400,
            "InvalidInstanceType.ValueNotSupported",
        ),
        ("NetworkType", "classic", 400, "InvalidParams.NetworkType"),
        ("IoOptimized", "none", 400, "Abs.IoOptimized.ValueNotSupported"),
        ("IoOptimized", "some", 400, "InvalidParams.IoOptimized"),
        ("OSType", "plan9", 400, "InvalidParams.OSType"),
        ("ZoneId", "cn-hangzhou-zz", 404, "InvalidZoneId.NotFound"),
        ("SpotDuration", "7", 400, "InvalidSpotDuration"),
        (
            "StartTime",
            "2026-01-01T00:00:00Z",
            400,
            "InvalidParams.StartTime",
        ),
        ("EndTime", "2027-01-01T00:00:00Z", 400, "InvalidParams.EndTime"),
        ("Offset", "-1", 400, "InvalidParams.Offset"),
    ] {
        refused(name, value, status, code);
    }
}

#[test]
fn advice_is_about_what_is_in_stock() {
    let sold_out = ["ecs.g7.large@cn-hangzhou-h".parse().unwrap()];
    let mut sim = Sim::with(Options {
        sold_out: sold_out.to_vec(),
        ..options()
    });
    let mut zones = |params: &[(&str, &str)]| -> Vec<(Value, usize)> {
        let shown = sim.ecs("DescribeSpotAdvice", params).ok();
        let zones = shown["AvailableSpotZones"]["AvailableSpotZone"]
            .as_array()
            .unwrap();
        let count = |zone: &Value| {
            let own = &zone["AvailableSpotResources"]["AvailableSpotResource"];
            own.as_array().unwrap().len()
        };
        zones
            .iter()
            .map(|zone| (zone["ZoneId"].clone(), count(zone)))
            .collect()
    };
    let one = ("InstanceTypes.1", "ecs.g7.large");
    assert_eq!(
        zones(&[one, ("ZoneId", "cn-hangzhou-h")]),
        [(json!("cn-hangzhou-h"), 0)]
    );
    assert_eq!(
        zones(&[one, ("ZoneId", "cn-hangzhou-i")]),
        [(json!("cn-hangzhou-i"), 1)]
    );
    let family = [("InstanceTypeFamily", "ecs.g7"), ("ZoneId", "cn-hangzhou-i")];
    let whole = zones(&family)[0].1;
    let large = zones(&[family[0], family[1], ("MinCores", "32")])[0].1;
    assert!(0 < large && large < whole);
    assert_eq!(
        zones(&[family[0], family[1], ("Cores", "2"), ("Memory", "8")])[0].1,
        1
    );
    sim.ecs("DescribeSpotAdvice", &[one, ("Cores", "2")])
        .refused(403, "InvalidParam.TypeAndCpuMem.Conflict");
    sim.ecs("DescribeSpotAdvice", &[("Cores", "-2")])
        .refused(403, "InvalidParam.Cores");
}

#[test]
fn another_type_is_recommended_by_what_counts() {
    let mut sim = Sim::new();
    let sized = [("NetworkType", "vpc"), ("Cores", "2"), ("Memory", "8")];
    let ask = |sim: &mut Sim, more: &[(&str, &str)]| {
        sim.ecs("DescribeRecommendInstanceType", &[&sized[..], more].concat())
    };
    let of = |shown: &Value, field: &str| -> Vec<Value> {
        let rows = shown["Data"]["RecommendInstanceType"].as_array().unwrap();
        rows.iter()
            .map(|row| row["InstanceType"][field].clone())
            .collect()
    };
    let shown = ask(&mut sim, &[("PriorityStrategy", "NewProductFirst")]).ok();
    let generations: Vec<String> = of(&shown, "Generation").iter().map(super::super::text).collect();
    let mut sorted = generations.clone();
    sorted.sort_by(|one, other| other.cmp(one));
    assert_eq!(generations, sorted);
    assert!(of(&shown, "Cores").iter().all(|cores| *cores == 2));
    assert!(of(&shown, "Memory").iter().all(|memory| *memory == 8192));
    assert_eq!(shown["Data"]["RecommendInstanceType"][0]["Priority"], 1);
    let family = [("InstanceTypeFamily.1", "ecs.g7")];
    assert_eq!(of(&ask(&mut sim, &family).ok(), "InstanceType"), ["ecs.g7.large"]);
    // What stands in for a type is not the type.
    let instead = [("NetworkType", "vpc"), ("InstanceType", "ecs.g7.large")];
    let shown = sim.ecs("DescribeRecommendInstanceType", &instead).ok();
    let kinds = of(&shown, "InstanceType");
    assert!(!kinds.is_empty() && !kinds.contains(&json!("ecs.g7.large")));
    let larger = sim
        .ecs(
            "DescribeRecommendInstanceType",
            &[instead[0], instead[1], ("Scene", "UPGRADE")],
        )
        .ok();
    assert!(of(&larger, "Cores").iter().all(|cores| cores.as_i64() >= Some(2)));
    let spot = ("SpotStrategy", "SpotWithPriceLimit");
    for (more, status, code) in [
        (
            &[("InstanceType", "ecs.g7.large")][..],
            400,
            "InvalidParam.TypeAndCpuMem.Conflict",
        ),
        (&[("MaxPrice", "1")], 400, "InvalidMaxPrice.NotSupported"),
        (
            &[spot, ("MaxPrice", "0.001")],
            400,
            "RecommendEmpty.PriceNotSatisfied",
        ),
        (
            &[spot, ("InstanceChargeType", "PrePaid")],
            400,
            "InvalidSpotStrategy.ValueNotSupported",
        ),
        (&[("ZoneId", "cn-no")], 400, "InvalidZoneId.ValueNotSupported"),
        (
            &[("SystemDiskCategory", "cloud_no")],
            404,
            "InvalidDiskCategory.NotFound",
        ),
        (
            &[("InstanceTypeFamily.1", "ecs.no")],
            404,
            "InvalidInstanceTypeFamily.NotFound",
        ),
        (&[("Scene", "MOVE")], 400, "InvalidScene.ValueNotSupported"),
        (
            &[("InstanceTypeFamily.1", "ecs.g7"), ("IoOptimized", "none")],
            400,
            "RecommendEmpty.NetworkTypeNotSupported",
        ),
    ] {
        ask(&mut sim, more).refused(status, code);
    }
    let odd = [("NetworkType", "vpc"), ("Cores", "3"), ("Memory", "7")];
    sim.ecs("DescribeRecommendInstanceType", &odd)
        .refused(400, "RecommendEmpty.InstanceTypeNotMatched");
    sim.ecs("DescribeRecommendInstanceType", &odd[..2])
        .refused(400, "InvalidCoreAndMemory.ValueNotSupported");
    sim.ecs("DescribeRecommendInstanceType", &odd[..1])
        .refused(400, "InvalidParam.TypeAndCpuMem.Conflict");
    let mut sim = Sim::with(Options {
        sold_out: vec!["*@cn-hangzhou-h".parse().unwrap()],
        ..options()
    });
    let strict = [("ZoneId", "cn-hangzhou-h"), ("ZoneMatchMode", "Strict")];
    ask(&mut sim, &strict).refused(400, "RecommendEmpty.InstanceTypeSoldOut");
    let _ = ask(&mut sim, &strict[..1]).ok();
}

#[test]
fn bandwidth_is_bounded_by_what_there_is() {
    let mut sim = Sim::new();
    let net = sim.network();
    let server = sim.instance(&net, &[("InternetMaxBandwidthOut", "5")]);
    let kind = ("InstanceType", "ecs.g7.large");
    let of = |sim: &mut Sim, more: &[(&str, &str)]| -> (Value, Value) {
        let shown = sim
            .ecs("DescribeBandwidthLimitation", &[&[kind], more].concat())
            .ok();
        let row = &shown["Bandwidths"]["Bandwidth"][0];
        (row["Min"].clone(), row["Max"].clone())
    };
    assert_eq!(of(&mut sim, &[]), (json!(0), json!(100)));
    let own = ("ResourceId", server.as_str());
    assert_eq!(
        of(&mut sim, &[own, ("OperationType", "Upgrade")]),
        (json!(5), json!(100))
    );
    assert_eq!(
        of(&mut sim, &[own, ("OperationType", "Downgrade")]),
        (json!(0), json!(5))
    );
    for (more, status, code) in [
        (&[("OperationType", "Upgrade")][..], 404, "Invalid.ResourceId"),
        (&[("OperationType", "Sidegrade")], 404, "Invalid.OperationType"),
        (
            &[("OperationType", "Upgrade"), ("ResourceId", "i-no")],
            404,
            "InvalidInstanceId.NotFound",
        ),
        (
            &[("InstanceChargeType", "Free")],
            400,
            "Invalid.InstanceChargeType",
        ),
        (
            &[
                ("InstanceChargeType", "PrePaid"),
                ("SpotStrategy", "SpotAsPriceGo"),
            ],
            404,
            "Invalid.SpotStrategy",
        ),
    ] {
        sim.ecs("DescribeBandwidthLimitation", &[&[kind], more].concat())
            .refused(status, code);
    }
    sim.ecs("DescribeBandwidthLimitation", &[("InstanceType", "ecs.no")])
        .refused(400, "InvalidInstanceType.ValueNotSupported");
}
