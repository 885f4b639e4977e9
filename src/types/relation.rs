//! What joins one resource to another while both live on: an address bound to a server, a disk attached to one.

use crate::api::Action;

/// A relation of a type: an attribute that names the partner, and how the two are joined and parted.
pub(crate) struct Relation {
    /// The attribute that holds the partner's id: `instance_id`.
    pub(crate) attribute: &'static str,
    pub(crate) partners: &'static [Partner],
    pub(crate) join: &'static Action,
    pub(crate) leave: &'static Action,
    /// The parameter of both actions that names the partner: `InstanceId`.
    pub(crate) partner_param: &'static str,
    /// The parameter of both actions that names the resource itself: `DiskId`, `AllocationId`.
    pub(crate) own_param: &'static str,
    /// Attributes of its own that go with the joining call: `delete_with_instance`.
    pub(crate) join_attributes: &'static [&'static str],
    /// The `status` in which it is when joined, and when left; none if nothing shows it.
    pub(crate) status: Option<(&'static str, &'static str)>,
    /// How long either may take, in seconds.
    pub(crate) timeout_s: u64,
    /// Attributes that the partner has only while it is joined: an address bound to a server is its `public_ip`.
    pub(crate) lends: &'static [&'static str],
    /// Whether it lives on when its partner is replaced.
    pub(crate) survives: bool,
    /// The steps' names: `attach`, `detach`.
    pub(crate) join_name: &'static str,
    pub(crate) leave_name: &'static str,
}

/// A type that may be the partner.
pub(crate) struct Partner {
    pub(crate) type_name: &'static str,
    /// How its ids begin: `i-`.
    pub(crate) id_prefix: &'static str,
    /// Parameters that both actions need for this partner: `InstanceType` = `EcsInstance`.
    pub(crate) params: &'static [(&'static str, &'static str)],
}
