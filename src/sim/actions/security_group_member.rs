//! Who is in a security group: servers by their primary interface, and other interfaces by themselves.

use super::super::call::{Call, Entry, done};
use super::super::head::Status;
use super::super::node::Node;
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::instance_row::Instance;
use super::network_interface::NetworkInterface;
use super::security_group::{ABSENT, PER_INSTANCE_MAX, SecurityGroup};

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "JoinSecurityGroup", join),
    (ECS, "LeaveSecurityGroup", leave),
];

/// What a request names: a server, or an interface that is no server's primary one.
enum Member {
    Server(String),
    Interface(String),
}

fn member(call: &Call<'_>) -> Result<Member, Refusal> {
    let params = call.params;
    match (params.text("InstanceId"), params.text("NetworkInterfaceId")) {
        (Some(_), Some(_)) => refuse("InvalidParam.EniIdAndInstanceId.Conflict"),
        (Some(id), None) => {
            let instance = call.find::<Instance>(id, "InvalidInstanceId.NotFound")?;
            // Members change while an instance is Running or Stopped.
            match instance.status {
                Status::Running | Status::Stopped => Ok(Member::Server(id.to_owned())),
                _ => refuse("IncorrectInstanceStatus"),
            }
        }
        (None, Some(id)) => {
            let row = call.find::<NetworkInterface>(id, "InvalidEniId.NotFound")?;
            if row.is_primary() {
                return refuse("InvalidOperation.InvalidEniType");
            }
            match row.status {
                Status::Available | Status::InUse => Ok(Member::Interface(id.to_owned())),
                _ => refuse("InvalidOperation.InvalidEniState"),
            }
        }
        (None, None) => Err(Refusal::missing("InstanceId")),
    }
}

/// The groups of a member and the VPC that it is in.
fn groups<'t>(call: &'t Call<'_>, member: &Member) -> (&'t [String], &'t str) {
    match member {
        Member::Server(id) => call
            .world
            .get::<Instance>(id)
            .map_or((&[], ""), |row| (&row.security_groups, row.network.vpc_id())),
        Member::Interface(id) => call
            .world
            .get::<NetworkInterface>(id)
            .map_or((&[], ""), |row| (&row.security_groups, &row.vpc_id)),
    }
}

fn change(call: &mut Call<'_>, member: &Member, change: impl FnOnce(&mut Vec<String>)) {
    match member {
        Member::Server(id) => {
            call.world
                .update::<Instance, _>(id, |row| change(&mut row.security_groups));
        }
        Member::Interface(id) => {
            call.world
                .update::<NetworkInterface, _>(id, |row| change(&mut row.security_groups));
        }
    }
}

fn join(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group_id = call.params.required("SecurityGroupId")?;
    let member = member(call)?;
    let group = call.find::<SecurityGroup>(group_id, ABSENT)?;
    let (own, vpc_id) = groups(call, &member);
    if own.iter().any(|own| own == group_id) {
        return refuse("InvalidInstanceId.AlreadyExists");
    }
    if vpc_id != group.vpc_id {
        return match member {
            Member::Server(_) => refuse("InvalidInstanceId.Mismatch"),
            Member::Interface(_) => refuse("InvalidOperation.VpcMismatch"),
        };
    }
    if own.len() >= PER_INSTANCE_MAX {
        return Err(call.code(&["InstanceSecurityGroupLimitExceeded"]));
    }
    change(call, &member, |own| own.push(group_id.to_owned()));
    done()
}

fn leave(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let group_id = call.params.required("SecurityGroupId")?;
    call.find::<SecurityGroup>(group_id, ABSENT)?;
    let member = member(call)?;
    let (own, _) = groups(call, &member);
    if !own.iter().any(|own| own == group_id) {
        return refuse("InvalidSecurityGroupAssociation.NotFound");
    }
    if own.len() == 1 {
        return refuse("InstanceLastSecurityGroup");
    }
    change(call, &member, |own| own.retain(|own| own != group_id));
    done()
}
