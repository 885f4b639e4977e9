//! The provider's data sources for zones, instance types and images.

use serde_json::json;

use super::others::IMAGE;
use super::{ECS, Provider, REGION};

#[test]
fn zones_types_and_images_are_found_by_the_data_sources() {
    let mut provider = Provider::new();
    let asked = [
        REGION,
        ("InstanceChargeType", "PostPaid"),
        ("IoOptimized", "optimized"),
        ("SpotStrategy", "NoSpot"),
    ];
    let with = |what| [&asked[..], &[("DestinationResource", what)]].concat();
    let zones = provider.legacy(ECS, "DescribeAvailableResource", &with("Zone"));
    let zones = zones["AvailableZones"]["AvailableZone"].as_array().unwrap();
    assert!(
        zones
            .iter()
            .any(|zone| zone["ZoneId"] == "cn-hangzhou-h" && zone["Status"] == "Available")
    );
    // A zone counts only when it lists types and disks.
    let shown = provider.legacy(ECS, "DescribeZones", &[asked[0], asked[1], asked[3]]);
    for zone in shown["Zones"]["Zone"].as_array().unwrap() {
        assert!(
            !zone["AvailableInstanceTypes"]["InstanceTypes"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert!(
            !zone["AvailableDiskCategories"]["DiskCategories"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert!(zone["AvailableResourceCreation"]["ResourceTypes"].is_array());
    }

    let types = provider.legacy(ECS, "DescribeAvailableResource", &with("InstanceType"));
    let types = &types["AvailableZones"]["AvailableZone"][0]["AvailableResources"]["AvailableResource"];
    let supported = types[0]["SupportedResources"]["SupportedResource"]
        .as_array()
        .unwrap();
    assert!(supported.iter().any(|item| item["Value"] == "ecs.g7.large"));
    // No region goes with this one; pages end with an empty token.
    let types = provider.tea(
        ECS,
        "DescribeInstanceTypes",
        &[],
        &[("InstanceTypeFamily", "ecs.g7")],
    );
    assert_eq!(types["NextToken"], "");
    let large = types["InstanceTypes"]["InstanceType"]
        .as_array()
        .unwrap()
        .iter()
        .find(|kind| kind["InstanceTypeId"] == "ecs.g7.large")
        .unwrap();
    assert_eq!(
        (&large["CpuCoreCount"], large["MemorySize"].as_f64()),
        (&json!(2), Some(8.0))
    );
    assert!(large["LocalStorageCapacity"].is_number() && large["EniQuantity"].is_number());

    let params = [
        REGION,
        ("ImageOwnerAlias", "system"),
        ("OSType", "linux"),
        ("PageNumber", "1"),
        ("PageSize", "100"),
        ("Status", "Available"),
    ];
    let images = provider.legacy(ECS, "DescribeImages", &params);
    let image = &images["Images"]["Image"][0];
    assert_eq!(
        (&image["ImageId"], &image["OSNameEn"]),
        (&json!(IMAGE), &json!("Alibaba Cloud Linux  3.2104 LTS 64 bit"))
    );
    for key in [
        "ImageName",
        "CreationTime",
        "Architecture",
        "Usage",
        "IsSelfShared",
    ] {
        assert!(image[key].is_string(), "{key}");
    }
}
