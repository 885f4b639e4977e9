//! Filters that cannot be, and how pages are asked for.

use super::super::super::call::{Call, read_token};
use super::super::super::clock::parse_utc;
use super::super::image;
use super::super::instance_row::{Instance, Network};
use super::super::snapshot::Snapshot;
use super::{Unfit, asks, server};

pub(super) const TABLE: &[Unfit] = &[
    Unfit(&["DescribeDisks"], "InvalidZoneId.NotFound", |call| {
        let zone = call.params.peek("ZoneId");
        !zone.is_empty() && !call.region_facts().has_zone(zone)
    }),
    Unfit(&["DescribeDisks"], "InvalidSnapshot.NotFound", |call| {
        let id = call.params.peek("SnapshotId");
        !id.is_empty() && call.world.get::<Snapshot>(id).is_none()
    }),
    Unfit(
        &["DescribeDisks"],
        "InvalidParameter.MultiAttachAndEnableSharedNotMatch",
        |call| {
            let (multi, shared) = (call.params.peek("MultiAttach"), call.params.peek("EnableShared"));
            !multi.is_empty()
                && !shared.is_empty()
                && (multi == "Enabled") != shared.eq_ignore_ascii_case("true")
        },
    ),
    Unfit(
        &["DescribeImages"],
        "InvalidInstanceType.ValueNotSupported",
        |call| {
            let kind = call.params.peek("InstanceType");
            !kind.is_empty() && call.settings.catalogue.find_instance_type(kind).is_none()
        },
    ),
    Unfit(&["DescribeImages"], "InvalidFilterValue", |call| {
        (1..=2).any(|number| {
            let value = call.params.peek(&format!("Filter.{number}.Value"));
            call.params
                .peek(&format!("Filter.{number}.Key"))
                .starts_with("Creation")
                && parse_utc(value, true).is_none()
        })
    }),
    Unfit(
        &[
            "DescribeInstanceAttachmentAttributes",
            "DescribeInstanceMaintenanceAttributes",
        ],
        "InvalidInstanceId.NotFound",
        |call| {
            let named = call
                .params
                .iter()
                .filter(|(name, _)| name.starts_with("InstanceId."));
            named
                .map(|(_, id)| id)
                .any(|id| call.world.get::<Instance>(id).is_none())
        },
    ),
    Unfit(
        &["DescribeInstanceRamRole"],
        "InvalidNetworkType.MismatchRamRole",
        |call| {
            let ids = call.params.peek("InstanceIds");
            call.world.all::<Instance>().iter().any(|row| {
                matches!(row.network, Network::Classic { .. }) && ids.contains(&format!("\"{}\"", row.id))
            })
        },
    ),
    Unfit(
        &["DescribeInstanceAutoRenewAttribute"],
        "InvalidParameter.PageNumber",
        |call| number(call, "PageNumber").is_some_and(|page| page < 1),
    ),
    Unfit(
        &["DescribeInstanceAutoRenewAttribute"],
        "InvalidParameter.PageSize",
        |call| number(call, "PageSize").is_some_and(|size| !(1..=100).contains(&size)),
    ),
    Unfit(
        &["DescribeInstanceAutoRenewAttribute"],
        "InvalidParameter.RenewalStatusInstanceId",
        |call| asks(call, "RenewalStatus") && asks(call, "InstanceId"),
    ),
    Unfit(
        &["DescribeInstanceAutoRenewAttribute"],
        "MissingParameter.InstanceId",
        |call| !asks(call, "RenewalStatus") && !asks(call, "InstanceId"),
    ),
    Unfit(&["DescribeInstances"], "InvalidHpcClusterId.NotFound", |call| {
        asks(call, "HpcClusterId")
    }),
    Unfit(
        &["DescribeNetworkInterfaces"],
        "InvalidOperation.InvalidEniPageNumber",
        |call| number(call, "PageNumber").is_some_and(|page| page < 1),
    ),
    Unfit(
        &["DescribeSecurityGroups"],
        "InValidParameter.NextToken",
        |call| {
            let token = call.params.peek("NextToken");
            !token.is_empty() && read_token(token).is_none()
        },
    ),
    Unfit(
        &["DescribeSecurityGroups"],
        "NotSupported.PageNumberAndPageSize",
        |call| {
            (asks(call, "MaxResults") || asks(call, "NextToken"))
                && (asks(call, "PageNumber") || asks(call, "PageSize"))
        },
    ),
    Unfit(
        &["DescribeAvailableResource"],
        "InvalidParam.TypeAndCpuMem.Conflict",
        |call| asks(call, "InstanceType") && (asks(call, "Cores") || asks(call, "Memory")),
    ),
    Unfit(&["ReplaceSystemDisk"], "MissingParameter.Architecture", |call| {
        asks(call, "DiskId") && asks(call, "Platform") && !asks(call, "Architecture")
    }),
    Unfit(&["ReplaceSystemDisk"], "MissingParameter.Platform", |call| {
        asks(call, "DiskId") && asks(call, "Architecture") && !asks(call, "Platform")
    }),
    Unfit(&["ListPluginStatus"], "InvalidParam.PageNumber", |call| {
        number(call, "PageNumber").is_some_and(|page| page < 1)
    }),
    Unfit(&["ListPluginStatus"], "InvalidParam.PageSize", |call| {
        number(call, "PageSize").is_some_and(|size| !(1..=50).contains(&size))
    }),
    Unfit(&["ListPluginStatus"], "InvalidParameter.MaxResults", |call| {
        number(call, "MaxResults").is_some_and(|size| !(1..=50).contains(&size))
    }),
    Unfit(&["ListPluginStatus"], "InvalidParameter.NextToken", |call| {
        let token = call.params.peek("NextToken");
        !token.is_empty() && read_token(token).is_none()
    }),
    Unfit(
        &["ModifyInstanceChargeType"],
        "InvalidImageType.NotSupported",
        |call| {
            let image = server(call).and_then(|row| image::find(call, &row.image_id));
            image.is_some_and(|image| image.owner == "others")
        },
    ),
];

fn number(call: &Call<'_>, name: &str) -> Option<i64> {
    call.params.peek(name).parse().ok()
}
