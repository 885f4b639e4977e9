//! What an account may have: how many of a kind, and how much of it.

use super::super::super::call::Call;
use super::super::super::options::AccountLimits;
use super::super::disk_row::Disk;
use super::super::instance_row::Instance;
use super::super::key_pair::KeyPair;
use super::super::security_group::SecurityGroup;
use super::{Unfit, disk};

const GROWS: &[&str] = &["CreateDisk", "ResizeDisk", "RunInstances"];

pub(super) const TABLE: &[Unfit] = &[
    Unfit(
        &["CreateKeyPair", "ImportKeyPair"],
        "QuotaExceed.KeyPair",
        |call| {
            over(
                call,
                |limits| limits.key_pairs,
                1,
                |call| call.world.all::<KeyPair>().iter().count(),
            )
        },
    ),
    Unfit(&["CreateSecurityGroup"], "QuotaExceed.SecurityGroup", |call| {
        over(
            call,
            |limits| limits.security_groups,
            1,
            |call| call.world.all::<SecurityGroup>().iter().count(),
        )
    }),
    Unfit(
        &["CreateDisk", "RunInstances"],
        "QuotaExceed.PostPaidDisk",
        |call| over(call, |limits| limits.disks, 1, |call| by_use(call).count()),
    ),
    Unfit(
        &["RunInstances", "ModifyInstanceChargeType"],
        "QuotaExceed.AfterpayInstance",
        |call| {
            let by_use = |call: &Call<'_>| {
                let rows = call.world.all::<Instance>();
                rows.iter().filter(|row| row.subscription.is_none()).count()
            };
            let back = call.facts.name == "ModifyInstanceChargeType"
                && call.params.peek("InstanceChargeType") != "PostPaid";
            !back && over(call, |limits| limits.instances, 1, by_use)
        },
    ),
    Unfit(GROWS, "QuotaExceed.DiskCapacity", |call| {
        let asked = ["Size", "SystemDisk.Size", "DataDisk.1.Size"]
            .iter()
            .filter_map(|name| call.params.peek(name).parse::<i64>().ok())
            .sum::<i64>();
        let grown = call.params.peek("NewSize").parse().unwrap_or(0) - disk(call).map_or(0, |disk| disk.size);
        let more = if call.facts.name == "ResizeDisk" {
            grown
        } else {
            asked
        };
        over(
            call,
            |limits| limits.disk_gib,
            more,
            |call| usize::try_from(by_use(call).map(|disk| disk.size).sum::<i64>()).unwrap_or(0),
        )
    }),
];

/// The disks that are paid by use.
fn by_use<'t>(call: &'t Call<'_>) -> impl Iterator<Item = &'t Disk> {
    call.world
        .all::<Disk>()
        .iter()
        .filter(|disk| disk.expires.is_none())
}

/// Whether so many more would be more than the account may have. Nothing is counted where no limit was told.
fn over(
    call: &Call<'_>,
    limit: fn(&AccountLimits) -> i64,
    more: i64,
    count: impl Fn(&Call<'_>) -> usize,
) -> bool {
    let Some(limits) = call.settings.limits() else {
        return false;
    };
    let most = limit(&limits);
    most != limit(&AccountLimits::default()) && i64::try_from(count(call)).is_ok_and(|own| own + more > most)
}
