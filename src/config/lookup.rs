//! References to other resources: which block, which copy, which attribute.
//!
//! Does not know what the value is used for.

use super::blocks::Shape;
use super::located::{Located, Thing};
use super::reference::{Path, PathStep};
use super::report::Span;
use super::scope::{Place, Scope, join, there_are};
use super::suggest;
use crate::address::{Address, Key};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::types::ResourceType;
use crate::value::Reference;

impl Scope<'_> {
    pub(super) fn look_up_resource(
        &mut self,
        path: &Path,
        resource_type: &'static ResourceType,
        span: Span,
        place: &Place<'_>,
    ) -> Located {
        let type_name = resource_type.name;
        let Some((PathStep::Name(name), rest)) = path.steps.split_first() else {
            return self.needs_name(span, type_name, type_name);
        };
        let Some(index) = &self.index else {
            return Located {
                early: true,
                ..Located::broken(span)
            };
        };
        let Some(block) = index.get(type_name, name) else {
            if index.is_meant(type_name, name) {
                return Located::broken(span);
            }
            return self.no_such_block(type_name, name, path, span);
        };
        let address = block.address.clone();
        let shape = block.shape.clone();
        let header = block.header;
        let (key, rest) = match rest.split_first() {
            Some((PathStep::Name(_), _)) | None => (None, rest),
            Some((PathStep::Dynamic(path), rest)) => match self.dynamic_key(path, span, place) {
                Some(key) => (Some(key), rest),
                None => return Located::broken(span),
            },
            Some((key, rest)) => (Some(key.clone()), rest),
        };
        let attribute: Option<Vec<&str>> = rest
            .iter()
            .map(|step| match step {
                PathStep::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let Some(attribute) = attribute else {
            let diagnostic = Diagnostic::error(
                codes::MALFORMED_REFERENCE,
                "a single item of an attribute cannot be referred to yet",
            )
            .help(format!(
                "the copy of a block is chosen like this: ${{{type_name}.{name}[0].id}}"
            ));
            return self.wrong(span, "", diagnostic);
        };
        let attribute = attribute.join(".");
        if !self.is_attribute(resource_type, &address, &attribute, key.as_ref(), span) {
            return Located::broken(span);
        }
        let at = |address: Address| {
            Located::new(
                span,
                Thing::Reference(Reference {
                    address,
                    attribute: attribute.clone(),
                }),
            )
        };
        match (&shape, key) {
            (Shape::Broken, _) => Located::broken(span),
            (Shape::Single, None) => at(address),
            (Shape::Count(count), Some(PathStep::Index(index))) if index < *count => {
                at(address.with_key(Key::Index(index)))
            }
            (Shape::Each(keys), Some(PathStep::Key(key))) if keys.contains_key(key.as_str()) => {
                at(address.with_key(Key::Name(key.into())))
            }
            (Shape::Each(keys), Some(PathStep::Index(index)))
                if keys.contains_key(index.to_string().as_str()) =>
            {
                at(address.with_key(Key::Name(index.to_string().into())))
            }
            (Shape::Count(_) | Shape::Each(_), Some(PathStep::All)) => {
                if !self.spend(shape.len() * 160, span) {
                    return Located::broken(span);
                }
                let items = shape.keys().map(|key| at(address.with_key(key))).collect();
                Located::new(span, Thing::List(items))
            }
            (_, key) => self.which_copy(&address, &shape, key.as_ref(), &attribute, header, span),
        }
    }

    fn no_such_block(&mut self, type_name: &str, name: &str, path: &Path, span: Span) -> Located {
        let mut diagnostic =
            Diagnostic::error(codes::NO_SUCH_BLOCK, format!("no {type_name} named \"{name}\""));
        let mut label = String::new();
        if let Some(index) = &self.index {
            let names = index.names(type_name);
            match suggest::guess(name, names.iter().copied()) {
                Some(guess) => {
                    let mut meant = path.clone();
                    if let Some(PathStep::Name(first)) = meant.steps.first_mut() {
                        first.clone_from(&guess.name);
                    }
                    label = format!("did you mean ${{{meant}}}?");
                    if let Some(block) = index.get(type_name, &guess.name) {
                        diagnostic = diagnostic.note(format!(
                            "{} is at {}",
                            block.address,
                            self.report.place(block.header)
                        ));
                    }
                }
                None if names.is_empty() => {
                    diagnostic = diagnostic.help(format!(
                        "there is no {type_name} at all; begin one: [{type_name}.{name}]"
                    ));
                }
                None if names.len() <= 6 => {
                    diagnostic = diagnostic.help(there_are(names.iter().copied()));
                }
                None => {}
            }
        }
        self.wrong(span, &label, diagnostic)
    }

    /// Whether the resource type has this attribute and it may be referred to; says so if not.
    fn is_attribute(
        &mut self,
        resource_type: &'static ResourceType,
        address: &Address,
        attribute: &str,
        key: Option<&PathStep>,
        span: Span,
    ) -> bool {
        let type_name = resource_type.name;
        let key = match key {
            Some(PathStep::Index(index)) => format!("[{index}]"),
            Some(PathStep::Key(key)) => format!("[{key}]"),
            Some(PathStep::All) => "[*]".to_owned(),
            _ => String::new(),
        };
        if attribute.is_empty() {
            let diagnostic = Diagnostic::error(
                codes::WHOLE_BLOCK,
                format!(
                    "${{{address}{key}}} is a whole {type_name}; a reference names one of its attributes"
                ),
            )
            .help(format!("\"${{{address}{key}.id}}\""));
            self.report.say(span, "", diagnostic);
            return false;
        }
        match resource_type.attribute(attribute) {
            None if attribute == "id" => true,
            None => {
                let mut diagnostic = Diagnostic::error(
                    codes::NO_SUCH_ATTRIBUTE,
                    format!("a {type_name} has no attribute \"{attribute}\""),
                );
                let names = resource_type.attributes.iter().map(|attribute| attribute.name);
                let label = match suggest::guess(attribute, names) {
                    Some(guess) => format!("did you mean ${{{address}{key}.{}}}?", guess.name),
                    None => String::new(),
                };
                diagnostic = diagnostic.help(Advice::from("all attributes: ").run("schema").arg(type_name));
                self.report.say(span, label, diagnostic);
                false
            }
            Some(found) if found.is_sensitive() => {
                let diagnostic = Diagnostic::error(
                    codes::SENSITIVE,
                    format!("{address}.{attribute} is secret and cannot be referred to"),
                );
                self.report.say(span, "", diagnostic);
                false
            }
            Some(_) => true,
        }
    }

    fn which_copy(
        &mut self,
        address: &Address,
        shape: &Shape,
        key: Option<&PathStep>,
        attribute: &str,
        header: Span,
        span: Span,
    ) -> Located {
        let place = self.report.place(header);
        let example = |key: &str| format!("${{{address}{key}.{attribute}}}");
        let first = shape.keys().next().map(|key| format!("[{key}]"));
        let mut label = String::new();
        let (what, help) = match (shape, key) {
            (Shape::Single | Shape::Broken, _) => (
                format!("{address} has neither count nor for_each, so it has no copies ({place})"),
                example(""),
            ),
            (Shape::Count(0), _) => (
                format!("{address} has no copies at all: count = 0 ({place})"),
                example("[*]"),
            ),
            (Shape::Count(count), Some(PathStep::Index(index))) => (
                format!("{address}[{index}] is past count = {count} ({place})"),
                format!("the last one: {}", example(&format!("[{}]", count - 1))),
            ),
            (Shape::Each(keys), Some(PathStep::Key(key))) => {
                if let Some(guess) = suggest::guess(key, keys.keys().map(|key| &**key)) {
                    label = format!("did you mean {}?", example(&format!("[{}]", guess.name)));
                }
                let keys = join(keys.keys().take(8).map(|key| &**key));
                (
                    format!("{address} has no copy [{key}] ({place})"),
                    format!("its for_each has {keys}"),
                )
            }
            (Shape::Count(_) | Shape::Each(_), _) => {
                let by = if matches!(shape, Shape::Count(_)) {
                    "count"
                } else {
                    "for_each"
                };
                let one = first
                    .map(|key| format!("one: {}   ", example(&key)))
                    .unwrap_or_default();
                (
                    format!("{address} has {} ({by}, {place})", copies(shape.len())),
                    format!("{one}all: {}", example("[*]")),
                )
            }
        };
        let diagnostic = Diagnostic::error(codes::WHICH_COPY, what).help(help);
        self.wrong(span, &label, diagnostic)
    }
}

fn copies(number: usize) -> String {
    if number == 1 {
        "1 copy".to_owned()
    } else {
        format!("{number} copies")
    }
}
