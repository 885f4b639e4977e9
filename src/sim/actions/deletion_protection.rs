//! Protection from deletion, as the VPC API switches it for several kinds of things.

use super::super::call::{Call, Entry, done};
use super::super::node::Node;
use super::super::products::VPC;
use super::super::refusal::{Refusal, refuse};
use super::bandwidth_package::BandwidthPackage;
use super::eip::Eip;
use super::nat_gateway::NatGateway;

pub(super) const ACTIONS: &[Entry] = &[(VPC, "DeletionProtection", switch)];

fn switch(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InstanceId")?;
    let on = call.params.flag("ProtectionEnable");
    let world = &mut call.world;
    let found = match call.params.required("Type")? {
        "EIP" => {
            if world.get::<Eip>(id).is_some_and(|eip| eip.expires.is_some()) {
                return refuse("DeletionProtection.PrePaidNotSupport");
            }
            world.update::<Eip, _>(id, |eip| eip.protected = on)
        }
        "CBWP" => world.update::<BandwidthPackage, _>(id, |package| package.protected = on),
        "NATGW" => world.update::<NatGateway, _>(id, |gateway| gateway.protected = on),
        _ => return refuse("DeletionProtection.TypeNotSupport"),
    };
    match found {
        Some(()) => done(),
        None => refuse("DeletionProtection.ResourceNotExist"),
    }
}
