//! The registry: what kinds of things there are and what can be done, each declared in the file that does it. A kind
//! more is a file and a row here; an action more is a line in its file.

mod account;
mod assistant;
mod assistant_plugin;
mod bandwidth_package;
mod bss;
mod command;
mod command_file;
mod concerned;
mod deletion_protection;
mod deployment_set;
mod dhcp_options;
mod disk;
mod disk_restore;
mod disk_row;
mod disk_status;
mod dns_domain;
mod dns_record;
mod ecs_copies;
mod eip;
mod eip_released;
mod image;
mod instance;
mod instance_cards;
mod instance_change;
mod instance_console;
mod instance_create;
mod instance_options;
mod instance_order;
mod instance_power;
mod instance_row;
mod instance_tuning;
mod instance_upkeep;
mod invocation_change;
mod ipv4_gateway;
mod ipv6_gateway;
mod key_pair;
mod kms_key;
mod launch_template;
pub(super) mod load;
mod load_balancer;
mod load_item;
mod load_network;
mod load_routes;
mod monitor;
mod nat_forward;
mod nat_gateway;
mod nat_ip;
mod nat_ip_cidr;
mod nat_snat;
mod network_acl;
mod network_interface;
mod offer;
mod port_range_list;
mod prefix_list;
pub(super) mod price;
mod public_ip_address_pool;
mod ram_page;
mod ram_policy;
mod ram_role;
mod recommend;
mod resource_group;
mod resource_list;
mod route_entry;
mod route_table;
mod security_group;
mod security_group_member;
mod security_group_rule;
mod slb_acl;
mod slb_ca_certificate;
mod slb_certificate;
mod slb_domain_extension;
mod slb_listener;
mod slb_master_slave;
mod slb_rule;
mod slb_servers;
mod slb_tls_policy;
mod snapshot;
mod snapshot_chain;
mod snapshot_group;
mod snapshot_policy;
mod spot;
mod system_event;
mod system_event_list;
mod tag;
mod tag_central;
mod tag_meta;
mod tag_old;
mod task;
mod unfit;
mod vpc;
mod vpc_change;
mod vpc_default;
mod vpc_ipv6_cidr;
mod vswitch;
mod vswitch_reservation;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::call::{Call, Entry, Run};
use super::refusal::Refusal;
use super::tokens::Token;
use super::trouble;
use super::world::KindFacts;

/// A row of the registry: the kind of thing that a file is about, if it is about one, and its actions.
type Row = (Option<KindFacts>, &'static [Entry]);

// What comes first settles first when two things happen at one moment.
const ROWS: &[Row] = &[
    (Some(KindFacts::of::<vpc::Vpc>()), vpc::ACTIONS),
    (Some(KindFacts::of::<vswitch::VSwitch>()), vswitch::ACTIONS),
    (
        Some(KindFacts::of::<security_group::SecurityGroup>()),
        security_group::ACTIONS,
    ),
    (Some(KindFacts::of::<disk_row::Disk>()), disk::ACTIONS),
    (Some(KindFacts::of::<instance_row::Instance>()), instance::ACTIONS),
    (
        Some(KindFacts::of::<network_interface::NetworkInterface>()),
        network_interface::ACTIONS,
    ),
    (Some(KindFacts::of::<eip::Eip>()), eip::ACTIONS),
    (Some(KindFacts::of::<key_pair::KeyPair>()), key_pair::ACTIONS),
    (
        Some(KindFacts::of::<route_table::RouteTable>()),
        route_table::ACTIONS,
    ),
    (
        Some(KindFacts::of::<route_entry::RouteEntry>()),
        route_entry::ACTIONS,
    ),
    (
        Some(KindFacts::of::<nat_gateway::NatGateway>()),
        nat_gateway::ACTIONS,
    ),
    (Some(KindFacts::of::<nat_snat::SnatEntry>()), nat_snat::ACTIONS),
    (
        Some(KindFacts::of::<nat_forward::ForwardEntry>()),
        nat_forward::ACTIONS,
    ),
    (
        Some(KindFacts::of::<bandwidth_package::BandwidthPackage>()),
        bandwidth_package::ACTIONS,
    ),
    (Some(KindFacts::of::<task::Task>()), task::ACTIONS),
    (Some(KindFacts::of::<snapshot::Snapshot>()), snapshot::ACTIONS),
    (
        Some(KindFacts::of::<snapshot_group::SnapshotGroup>()),
        snapshot_group::ACTIONS,
    ),
    (
        Some(KindFacts::of::<snapshot_policy::SnapshotPolicy>()),
        snapshot_policy::ACTIONS,
    ),
    (Some(KindFacts::of::<image::CustomImage>()), image::ACTIONS),
    (
        Some(KindFacts::of::<launch_template::LaunchTemplate>()),
        launch_template::ACTIONS,
    ),
    (
        Some(KindFacts::of::<prefix_list::PrefixList>()),
        prefix_list::ACTIONS,
    ),
    (
        Some(KindFacts::of::<port_range_list::PortRangeList>()),
        port_range_list::ACTIONS,
    ),
    (Some(KindFacts::of::<command::Command>()), command::ACTIONS),
    (Some(KindFacts::of::<command::Invocation>()), &[]),
    (
        Some(KindFacts::of::<command_file::SentFile>()),
        command_file::ACTIONS,
    ),
    (Some(KindFacts::of::<assistant::Setting>()), assistant::ACTIONS),
    (
        Some(KindFacts::of::<load_balancer::LoadBalancer>()),
        load_balancer::ACTIONS,
    ),
    (
        Some(KindFacts::of::<slb_servers::ServerGroup>()),
        slb_servers::ACTIONS,
    ),
    (
        Some(KindFacts::of::<slb_listener::Listener>()),
        slb_listener::ACTIONS,
    ),
    (
        Some(KindFacts::of::<resource_group::ResourceGroup>()),
        resource_group::ACTIONS,
    ),
    (
        Some(KindFacts::of::<vswitch_reservation::Reservation>()),
        vswitch_reservation::ACTIONS,
    ),
    (Some(KindFacts::of::<ram_policy::Policy>()), ram_policy::ACTIONS),
    (Some(KindFacts::of::<ram_role::Role>()), ram_role::ACTIONS),
    (Some(KindFacts::of::<kms_key::Key>()), kms_key::ACTIONS),
    (Some(KindFacts::of::<kms_key::Alias>()), &[]),
    (Some(KindFacts::of::<dns_domain::Domain>()), dns_domain::ACTIONS),
    (Some(KindFacts::of::<dns_record::Record>()), dns_record::ACTIONS),
    (
        Some(KindFacts::of::<deployment_set::DeploymentSet>()),
        deployment_set::ACTIONS,
    ),
    (
        Some(KindFacts::of::<network_acl::NetworkAcl>()),
        network_acl::ACTIONS,
    ),
    (
        Some(KindFacts::of::<dhcp_options::DhcpOptionsSet>()),
        dhcp_options::ACTIONS,
    ),
    (
        Some(KindFacts::of::<ipv4_gateway::Ipv4Gateway>()),
        ipv4_gateway::ACTIONS,
    ),
    (
        Some(KindFacts::of::<ipv6_gateway::Ipv6Gateway>()),
        ipv6_gateway::ACTIONS,
    ),
    (Some(KindFacts::of::<ipv6_gateway::Ipv6Bandwidth>()), &[]),
    (
        Some(KindFacts::of::<slb_certificate::ServerCertificate>()),
        slb_certificate::ACTIONS,
    ),
    (
        Some(KindFacts::of::<public_ip_address_pool::PublicIpAddressPool>()),
        public_ip_address_pool::ACTIONS,
    ),
    (
        Some(KindFacts::of::<system_event::SystemEvent>()),
        system_event::ACTIONS,
    ),
    (Some(KindFacts::of::<tag_meta::MetaTag>()), tag_meta::ACTIONS),
    (
        Some(KindFacts::of::<eip_released::Released>()),
        eip_released::ACTIONS,
    ),
    (
        Some(KindFacts::of::<nat_ip_cidr::NatIpCidr>()),
        nat_ip_cidr::ACTIONS,
    ),
    (Some(KindFacts::of::<nat_ip::NatIp>()), nat_ip::ACTIONS),
    (
        Some(KindFacts::of::<vpc_ipv6_cidr::ReservedIpv6Cidr>()),
        vpc_ipv6_cidr::ACTIONS,
    ),
    (
        Some(KindFacts::of::<slb_acl::AccessControlList>()),
        slb_acl::ACTIONS,
    ),
    (
        Some(KindFacts::of::<slb_ca_certificate::CaCertificate>()),
        slb_ca_certificate::ACTIONS,
    ),
    (
        Some(KindFacts::of::<slb_master_slave::MasterSlaveGroup>()),
        slb_master_slave::ACTIONS,
    ),
    (
        Some(KindFacts::of::<slb_domain_extension::DomainExtension>()),
        slb_domain_extension::ACTIONS,
    ),
    (Some(KindFacts::of::<Token>()), &[]),
    (None, account::ACTIONS),
    (None, bss::ACTIONS),
    (None, tag_central::ACTIONS),
    (None, instance_change::ACTIONS),
    (None, instance_create::ACTIONS),
    (None, instance_power::ACTIONS),
    (None, instance_upkeep::ACTIONS),
    (None, offer::ACTIONS),
    (None, price::ACTIONS),
    (None, security_group_member::ACTIONS),
    (None, security_group_rule::ACTIONS),
    (None, deletion_protection::ACTIONS),
    (None, disk_restore::ACTIONS),
    (None, monitor::ACTIONS),
    (None, ecs_copies::ACTIONS),
    (None, tag_old::ACTIONS),
    (None, tag::ACTIONS),
    (None, vpc_change::ACTIONS),
    (None, vpc_default::ACTIONS),
    (None, slb_rule::ACTIONS),
    (None, system_event_list::ACTIONS),
    (None, disk_status::ACTIONS),
    (None, instance_console::ACTIONS),
    (None, instance_tuning::ACTIONS),
    (None, snapshot_chain::ACTIONS),
    (None, assistant_plugin::ACTIONS),
    (None, invocation_change::ACTIONS),
    (None, spot::ACTIONS),
    (None, recommend::ACTIONS),
    (None, resource_list::ACTIONS),
    (None, slb_tls_policy::ACTIONS),
];

static ACTIONS: LazyLock<HashMap<(&str, &str), Run>> = LazyLock::new(|| {
    ROWS.iter()
        .flat_map(|(_, actions)| *actions)
        .map(|(version, name, run)| ((*version, *name), *run))
        .collect()
});

/// The function of an action.
pub(super) fn find(version: &str, name: &str) -> Option<Run> {
    ACTIONS.get(&(version, name)).copied()
}

/// Refuses what speaks against a call that many actions have in common: a trouble, or a row of `unfit`.
pub(super) fn check(call: &Call<'_>) -> Result<(), Refusal> {
    if !call.settings.troubles.is_empty() {
        let named = concerned::things(call);
        let concerns = |id: &str| named.contains(id);
        if let Some(refusal) = trouble::met(&call.settings.troubles, call.facts, call.params, concerns) {
            return Err(refusal);
        }
    }
    unfit::check(call)
}

/// All kinds of things.
pub(super) fn kinds() -> impl Iterator<Item = KindFacts> {
    ROWS.iter().filter_map(|(kind, _)| *kind)
}
