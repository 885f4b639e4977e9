//! What a kind of data is, as one static struct.
//!
//! Does not know any particular kind.

use crate::api::{Action, Pages};
use crate::types::{self, Attribute, Kind, ResourceType, TagShape};
use crate::value::Attributes;

/// A kind of data: `[data.NAME.*]`.
pub(crate) struct DataKind {
    /// As in the TOML header: `image`.
    pub(crate) name: &'static str,
    /// One sentence for people.
    pub(crate) doc: &'static str,
    /// What may be asked for.
    pub(crate) keys: &'static [Attribute],
    /// What the keys mean; `many` and those that only decide which one is taken are not here.
    pub(crate) filters: &'static [(&'static str, Filter)],
    pub(crate) source: Source,
    pub(crate) pick: Pick,
    /// Whether a choice is kept in the state until somebody asks for a fresh one: what is on offer changes daily,
    /// servers do not.
    pub(crate) keeps: bool,
    /// The attribute that tells one from another for people, beside its id.
    pub(crate) title: &'static str,
}

/// What a key means for what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// It is the parameter of the list action, which then shows only what fits.
    Sent(&'static str),
    /// This attribute has the same value.
    Is(&'static str),
    /// This attribute matches the pattern.
    Matches(&'static str),
    /// This list holds the value.
    Holds(&'static str),
    /// It carries these tags.
    Tags,
    /// It is to be had in this zone, and not sold out.
    Stock,
}

/// Where it is read.
pub(crate) enum Source {
    /// As the resources of a type are.
    Type(&'static str),
    /// From a list of its own.
    Listing(Listing),
}

/// A list of an action.
pub(crate) struct Listing {
    pub(crate) action: &'static Action,
    /// Where the items stand in an answer: `Images.Image`; empty if the answer itself is the one item.
    pub(crate) list: &'static str,
    /// How it is paged; none if an answer is the whole list.
    pub(crate) pages: Option<Pages>,
    /// The field of an item that is its id.
    pub(crate) id_field: &'static str,
    /// What an item shows.
    pub(crate) attributes: &'static [Attribute],
    /// What is read only to compare it.
    pub(crate) compared: &'static [Attribute],
    pub(crate) tags: Option<TagShape>,
    /// Parameters of every request.
    pub(crate) params: &'static [(&'static str, &'static str)],
    /// Brings what was read into the form in which it is compared.
    pub(crate) normalise: fn(&mut Attributes),
}

/// Which one of several is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// None: exactly one must match.
    Only,
    /// With `most_recent`, the one that was made last.
    MostRecent,
    /// With `sort_by`, the first by price or by size.
    Cheapest,
    /// The region of the project, unless another one is asked for.
    Here,
}

impl DataKind {
    /// The resource type as whose resources it is read.
    pub(crate) fn resource_type(&self) -> Option<&'static ResourceType> {
        match self.source {
            Source::Type(name) => types::find(name),
            Source::Listing(_) => None,
        }
    }

    /// What one of it shows, for references.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'static Attribute> + use<> {
        let of_type = self.resource_type().map_or(&[][..], |found| found.attributes);
        let of_list = match &self.source {
            Source::Type(_) => &[][..],
            Source::Listing(listing) => listing.attributes,
        };
        of_type
            .iter()
            .filter(|attribute| attribute.name == "tags" || attribute.field_path().is_some())
            .chain(of_list)
    }

    /// The kind of an attribute that one of it shows; an id is one of its type.
    pub(crate) fn kind_of(&self, name: &str) -> Option<Kind> {
        let attribute = self.attribute(name)?;
        match self.source {
            Source::Type(of) if name == "id" => Some(Kind::Id(of)),
            _ => Some(attribute.kind),
        }
    }

    /// The attribute of this name that one of it shows.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }
}
