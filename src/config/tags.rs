//! Tags: names and texts of the user's choice, within what the API allows.
//!
//! Does not know other values.

use super::fit::{text, wrong_type};
use super::located::{Located, Thing};
use super::report::Span;
use super::scope::Scope;
use super::words::counted;
use crate::diagnostic::{Diagnostic, codes};
use crate::types::Kind;
use crate::value::{Attributes, Value};

/// How many tags the user may set; the API allows 20, and four are ours.
const TAGS_MAX: usize = 16;

/// How long the key and the value of a tag may be, in characters.
const TAG_LENGTH_MAX: usize = 128;

pub(super) fn tags(scope: &mut Scope<'_>, kind: &'static Kind, path: &str, value: Located) -> Option<Value> {
    let span = value.span;
    let members = match value.thing {
        Thing::Map(members) => members,
        Thing::Reference(ref reference) if matches!(scope.kind_of(reference), Some(Kind::Tags)) => {
            return Some(Value::from(reference.clone()));
        }
        _ => return wrong_type(scope, kind, path, &value),
    };
    let mut fits = true;
    if members.len() > TAGS_MAX {
        let what = format!(
            "{path} has {}, at most {TAGS_MAX} are allowed: the API allows 20 and infra sets 4",
            counted(members.len(), "tag")
        );
        scope.report.say(span, "", Diagnostic::error(codes::TAGS, what));
        fits = false;
    }
    let mut tags = Attributes::new();
    for (key, member) in members {
        fits &= is_tag_key(scope, &key, member.key);
        let value_span = member.value.span;
        let item_path = format!("{path}.{key}");
        match member.value.thing {
            Thing::Broken => {
                fits = false;
                continue;
            }
            Thing::Unread(_) => {
                tags.insert(key, Value::unknown());
                continue;
            }
            _ => {}
        }
        match text(scope, &Kind::String, &item_path, member.value) {
            Some(Value::String(text)) if text.chars().count() > TAG_LENGTH_MAX => {
                let what = format!("the value of a tag has at most {TAG_LENGTH_MAX} characters");
                scope
                    .report
                    .say(value_span, "", Diagnostic::error(codes::TAGS, what));
                fits = false;
            }
            Some(value) => {
                tags.insert(key, value);
            }
            None => fits = false,
        }
    }
    fits.then_some(Value::Map(tags))
}

fn is_tag_key(scope: &mut Scope<'_>, key: &str, span: Span) -> bool {
    let lower = key.to_ascii_lowercase();
    let reserved = ["infra:", "acs:", "aliyun", "http://", "https://"]
        .into_iter()
        .find(|prefix| lower.starts_with(prefix));
    let what = if key.is_empty() || key.chars().count() > TAG_LENGTH_MAX {
        format!("the key of a tag has 1 to {TAG_LENGTH_MAX} characters")
    } else if reserved == Some("infra:") {
        "tags that begin with \"infra:\" are infra's own".to_owned()
    } else if let Some(prefix) = reserved {
        format!("the cloud allows no tag that begins with \"{prefix}\"")
    } else {
        return true;
    };
    scope.report.say(span, "", Diagnostic::error(codes::TAGS, what));
    false
}
