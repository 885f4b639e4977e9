//! What most types have in common.

use super::attribute::Changeable;
use super::resource_type::{
    Contention, Create, Delete, IdFilter, Identity, Read, Replacement, ResourceType, Steps, TagShape, Tagging,
};
use super::steps;
use crate::api::{Codes, Pages, action};

/// The tags of what belongs to the network; the kind is another's to fill in.
pub(crate) const NETWORK_TAGS: Tagging = Tagging {
    kind: "",
    tag: &action::TAG_RESOURCES_VPC,
    untag: &action::UNTAG_RESOURCES_VPC,
};

/// The same of what belongs to servers.
pub(crate) const SERVER_TAGS: Tagging = Tagging {
    kind: "",
    tag: &action::TAG_RESOURCES_ECS,
    untag: &action::UNTAG_RESOURCES_ECS,
};

/// A type to build others on: made and removed by one call each, changed as its table says, listed page by page, and
/// with nothing to lose. Its name, attributes, actions and fields are another's to fill in; those of the network stand
/// there.
pub(crate) const BASE: ResourceType = ResourceType {
    name: "",
    doc: "",
    id_prefix: "",
    id_param: "",
    attributes: &[],
    read: Read {
        action: &action::DESCRIBE_VPCS,
        list: "",
        id_field: "",
        pages: Pages::ByNumber { max: 50 },
        ids: IdFilter::One { param: "" },
        tags: TagShape::Vpc,
        params: &[],
    },
    create: Create {
        action: &action::CREATE_VPC,
        id_field: "",
        ready: None,
    },
    delete: Delete {
        action: &action::DELETE_VPC,
        gone: None,
    },
    tagging: None,
    identity: Identity::Given,
    codes: Codes {
        there: &[],
        absent: &[],
        retry: &[],
        in_use: &[],
    },
    replacement: Replacement::DeleteFirst,
    relations: &[],
    parts: &[],
    normalise: |_| {},
    check: |_| Vec::new(),
    partner_rule: |_, _| None,
    member_rule: |_, _| Vec::new(),
    change_rule: |_, _, _| None::<Changeable>,
    implied: |_, _| Vec::new(),
    undeletable: |_| None,
    steps: Steps {
        create: steps::create,
        update: steps::update,
        delete: steps::delete,
    },
    downtime: |_| None,
    losses: |_| Vec::new(),
    leaves: |_| Vec::new(),
    update_losses: |_| Vec::new(),
    update_hints: |_| Vec::new(),
    stays_with: None,
    given_there: &[],
    restore: |_| None,
    conditional: &[],
    contention: Contention {
        place: |_| None,
        excludes: |_, _| false,
    },
};
