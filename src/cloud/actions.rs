//! The actions that we send: their class, how to find out what a call with a lost answer did, and how long an
//! answer may take.
//!
//! Time limits are the vendor SDK's own figures for the action; where it has none, 20 s. Does not know parameters.

use std::time::Duration;

use super::Product;
use super::Product::{Ecs, Sts, Vpc};
use crate::step::Class;

/// How long an answer may take where the vendor gives no figure.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) product: Product,
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    timeout_s: u64,
}

/// What an action does to the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing; it is repeated freely.
    Read,
    /// A change.
    Change(Class, Find),
}

/// How to find out whether a change took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Find {
    /// The new resource carries the tag `infra:op` with the token of the intent.
    Tag,
    /// Read the resource by its id and compare: what was set, whether it is there.
    Id,
    /// Read the rules of the security group.
    Rules,
    /// Read the tags of the resource.
    Tags,
    /// Show the resource to a person; money may have moved.
    Person,
}

const fn read(product: Product, name: &'static str, timeout_s: u64) -> Action {
    Action {
        product,
        name,
        effect: Effect::Read,
        timeout_s,
    }
}

const fn change(product: Product, name: &'static str, class: Class, find: Find, timeout_s: u64) -> Action {
    Action {
        product,
        name,
        effect: Effect::Change(class, find),
        timeout_s,
    }
}

/// Sorted by product and name. A time of 0 means that the vendor gives none.
#[rustfmt::skip]
pub(crate) const ACTIONS: &[Action] = &[
    change(Ecs, "AllocatePublicIpAddress",       Class::A, Find::Id,     36),
    change(Ecs, "AuthorizeSecurityGroup",        Class::A, Find::Rules,  16),
    change(Ecs, "AuthorizeSecurityGroupEgress",  Class::A, Find::Rules,  16),
    change(Ecs, "CreateDisk",                    Class::T, Find::Tag,    36),
    change(Ecs, "CreateInstance",                Class::T, Find::Tag,    86),
    change(Ecs, "CreateSecurityGroup",           Class::T, Find::Tag,    86),
    change(Ecs, "DeleteDisk",                    Class::A, Find::Id,     16),
    change(Ecs, "DeleteInstance",                Class::A, Find::Id,     66),
    change(Ecs, "DeleteSecurityGroup",           Class::A, Find::Id,     87),
    read(  Ecs, "DescribeAvailableResource",                             10),
    read(  Ecs, "DescribeDisks",                                         19),
    read(  Ecs, "DescribeImages",                                        38),
    read(  Ecs, "DescribeInstanceAttribute",                             36),
    read(  Ecs, "DescribeInstanceStatus",                                26),
    read(  Ecs, "DescribeInstanceTypes",                                 17),
    read(  Ecs, "DescribeInstances",                                     10),
    read(  Ecs, "DescribeKeyPairs",                                      12),
    read(  Ecs, "DescribePrice",                                         16),
    read(  Ecs, "DescribeRegions",                                       19),
    read(  Ecs, "DescribeSecurityGroupAttribute",                       133),
    read(  Ecs, "DescribeSecurityGroups",                                25),
    read(  Ecs, "DescribeUserData",                                      10),
    read(  Ecs, "DescribeZones",                                        103),
    change(Ecs, "JoinSecurityGroup",             Class::A, Find::Id,     66),
    change(Ecs, "LeaveSecurityGroup",            Class::A, Find::Id,     66),
    read(  Ecs, "ListTagResources",                                       0),
    change(Ecs, "ModifyInstanceAttribute",       Class::A, Find::Id,     22),
    change(Ecs, "ModifyInstanceAutoRenewAttribute", Class::A, Find::Id,  16),
    change(Ecs, "ModifyInstanceChargeType",      Class::M, Find::Person, 22),
    change(Ecs, "ModifyInstanceNetworkSpec",     Class::A, Find::Id,     36),
    change(Ecs, "ModifyInstanceSpec",            Class::A, Find::Id,     62),
    change(Ecs, "ModifyPrepayInstanceSpec",      Class::M, Find::Person, 13),
    change(Ecs, "ModifySecurityGroupAttribute",  Class::A, Find::Id,     10),
    change(Ecs, "ModifySecurityGroupEgressRule", Class::A, Find::Rules,  10),
    change(Ecs, "ModifySecurityGroupPolicy",     Class::A, Find::Id,     10),
    change(Ecs, "ModifySecurityGroupRule",       Class::A, Find::Rules,  16),
    change(Ecs, "RebootInstance",                Class::A, Find::Id,     27),
    change(Ecs, "RenewInstance",                 Class::M, Find::Person, 19),
    change(Ecs, "RevokeSecurityGroup",           Class::A, Find::Rules,  16),
    change(Ecs, "RevokeSecurityGroupEgress",     Class::A, Find::Rules,  13),
    change(Ecs, "RunInstances",                  Class::T, Find::Tag,    86),
    change(Ecs, "StartInstance",                 Class::A, Find::Id,     46),
    change(Ecs, "StopInstance",                  Class::A, Find::Id,     27),
    change(Ecs, "TagResources",                  Class::A, Find::Tags,    0),
    change(Ecs, "UntagResources",                Class::A, Find::Tags,    0),
    read(  Sts, "GetCallerIdentity",                                      0),
    change(Vpc, "CreateVSwitch",                 Class::T, Find::Tag,     0),
    change(Vpc, "CreateVpc",                     Class::T, Find::Tag,     0),
    change(Vpc, "DeleteVSwitch",                 Class::A, Find::Id,      0),
    change(Vpc, "DeleteVpc",                     Class::A, Find::Id,      0),
    read(  Vpc, "DescribeVSwitchAttributes",                              0),
    read(  Vpc, "DescribeVSwitches",                                      0),
    read(  Vpc, "DescribeVpcAttribute",                                   0),
    read(  Vpc, "DescribeVpcs",                                           0),
    read(  Vpc, "ListTagResources",                                       0),
    change(Vpc, "ModifyVSwitchAttribute",        Class::A, Find::Id,      0),
    change(Vpc, "ModifyVpcAttribute",            Class::A, Find::Id,      0),
    change(Vpc, "TagResources",                  Class::A, Find::Tags,    0),
    change(Vpc, "UnTagResources",                Class::A, Find::Tags,    0),
];

/// The action of this name, if it is one that we send.
pub(crate) fn find(product: Product, name: &str) -> Option<&'static Action> {
    ACTIONS
        .binary_search_by(|action| (action.product, action.name).cmp(&(product, name)))
        .ok()
        .map(|index| &ACTIONS[index])
}

impl Action {
    /// How long an answer may take.
    pub(crate) fn timeout(&self) -> Duration {
        match self.timeout_s {
            0 => TIMEOUT,
            seconds => Duration::from_secs(seconds),
        }
    }
}

/// How long an answer to this action may take.
pub(crate) fn timeout(product: Product, name: &str) -> Duration {
    find(product, name).map_or(TIMEOUT, Action::timeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::window::FLIGHT;

    #[test]
    fn the_table_is_sorted_and_finds_every_row() {
        assert!(ACTIONS.is_sorted_by_key(|action| (action.product, action.name)));
        for action in ACTIONS {
            assert_eq!(find(action.product, action.name), Some(action));
        }
        assert_eq!(
            find(Vpc, "UntagResources"),
            None,
            "the two products spell it differently"
        );
    }

    #[test]
    fn no_change_outlives_its_signed_request() {
        for action in ACTIONS {
            if action.effect != Effect::Read {
                assert!(action.timeout().as_secs() <= FLIGHT.as_secs().unsigned_abs());
            }
        }
    }

    #[test]
    fn a_create_carries_its_token_into_a_tag() {
        for action in ACTIONS {
            if let Effect::Change(class, find) = action.effect {
                assert_eq!(class == Class::T, find == Find::Tag, "{}", action.name);
                assert_eq!(class == Class::M, find == Find::Person, "{}", action.name);
            }
        }
    }
}
