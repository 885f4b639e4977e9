//! What joins one resource to another while both live on: an address bound to a server, a disk attached to one.

use crate::api::{Action, action};
use crate::step::Step;
use crate::value::{Attributes, Value};

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
    /// Whether that parameter takes a JSON array of several: `InstanceIds`.
    pub(crate) own_list: bool,
    /// Whether the create joins them already, so that only a change needs a call of its own.
    pub(crate) with_create: bool,
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
    /// Where an answer is a success that tells of each resource on its own: the lists that tell, of the joining call and of
    /// the parting one. Else empty.
    pub(crate) told_in: [&'static str; 2],
    /// Whether the partner cannot move to another place while the two are joined.
    pub(crate) pins: bool,
    /// Whether it takes a request of its own to read it.
    pub(crate) costly: bool,
    /// What has to follow for a change of the relation to be felt, by the attributes as they are wanted; pure.
    pub(crate) follow_up: fn(&Attributes, &Value) -> Vec<Step>,
    /// How it may go with its partner; none if it never does.
    pub(crate) along: Option<Along>,
    /// The steps' names: `attach`, `detach`.
    pub(crate) join_name: &'static str,
    pub(crate) leave_name: &'static str,
}

/// A relation to build others on. Its attribute, actions and parameters are another's to fill in.
pub(crate) const RELATION: Relation = Relation {
    attribute: "",
    partners: &[],
    join: &action::ATTACH_DISK,
    leave: &action::DETACH_DISK,
    partner_param: "InstanceId",
    own_param: "",
    own_list: false,
    with_create: false,
    join_attributes: &[],
    status: None,
    timeout_s: 600,
    lends: &[],
    survives: true,
    told_in: ["", ""],
    pins: false,
    costly: false,
    follow_up: |_, _| Vec::new(),
    along: None,
    join_name: "attach",
    leave_name: "detach",
};

/// What the cloud removes together with its partner.
pub(crate) struct Along {
    /// Whether it goes, by its attributes; pure.
    pub(crate) goes: fn(&Attributes) -> bool,
    /// The step that lets it stay, by its id and region; pure.
    pub(crate) keep: fn(&str, &str) -> Step,
}

/// A type that may be the partner.
pub(crate) struct Partner {
    pub(crate) type_name: &'static str,
    /// How its ids begin: `i-`.
    pub(crate) id_prefix: &'static str,
    /// Parameters that both actions need for this partner: `InstanceType` = `EcsInstance`.
    pub(crate) params: &'static [(&'static str, &'static str)],
}
