//! Secrets: named, never written.
//!
//! Does not know other values.

use super::files;
use super::keys::Subject;
use super::located::{Located, Thing};
use super::report::Span;
use super::scope::Scope;
use super::trust;
use super::words::shorten;
use crate::diagnostic::{Diagnostic, codes};
use crate::value::{SecretSource, Value};

pub(super) fn secret(
    scope: &mut Scope<'_>,
    path: &str,
    value: Located,
    subject: Subject<'_>,
) -> Option<Value> {
    let span = value.span;
    let key = path.rsplit('.').next().unwrap_or(path);
    if let (Some(name), Thing::Text(_)) = (&value.variable, &value.thing) {
        return Some(Value::Secret(SecretSource::Variable(name.to_string())));
    }
    if matches!(value.thing, Thing::Text(_)) && value.derived && !scope.report.is_secret(span) {
        let diagnostic = Diagnostic::error(
            codes::SECRET_IN_FILE,
            format!("{key} is a secret, and this is shown"),
        )
        .help("sensitive = true in the table of the variable")
        .help(format!("or {key} = {{ env = \"NAME\" }}"));
        scope.report.say(span, "", diagnostic);
        return None;
    }
    let Thing::Map(members) = value.thing else {
        scope.report.hide(span);
        let variable = format!("{}_{key}", subject.name)
            .to_ascii_uppercase()
            .replace('-', "_");
        let diagnostic =
            Diagnostic::error(codes::SECRET_IN_FILE, format!("a {key} must not be written here"))
                .help(format!("{key} = {{ env = \"{variable}\" }}"))
                .help(format!("{key} = {{ file = \"path/to/file\" }}"));
        scope.report.say(span, "", diagnostic);
        return None;
    };
    let known = ["env", "file"];
    for (name, member) in &members {
        if !known.contains(&name.as_str()) {
            scope.report.hide(member.value.span);
            let diagnostic = Diagnostic::error(
                codes::UNKNOWN_KEY,
                format!("a {key} comes from env or file, not from \"{}\"", shorten(name)),
            )
            .help(format!("{key} = {{ env = \"NAME\" }}"));
            scope.report.say(member.key, "", diagnostic);
            return None;
        }
    }
    let mut sources = members.into_iter();
    match (sources.next(), sources.next()) {
        (Some((source, member)), None) => match member.value.thing {
            Thing::Text(text) if !text.is_empty() && !text.contains(['\0', '\n']) => {
                let source = match source.as_str() {
                    "env" => SecretSource::Env(text),
                    _ => SecretSource::File(text),
                };
                may_read(scope, &source, member.value.span).then_some(Value::Secret(source))
            }
            Thing::Broken => None,
            _ => {
                let what = format!("{key}.{source} is a name that is known when the configuration is read");
                scope
                    .report
                    .say(member.value.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
                None
            }
        },
        (Some(_), Some((_, second))) => {
            let what = format!("give env or file for {key}, not both");
            scope
                .report
                .say(second.key, "", Diagnostic::error(codes::PAIR, what));
            None
        }
        (None, _) => {
            let diagnostic = Diagnostic::error(codes::MISSING_KEY, format!("{key} needs env or file"))
                .help(format!("{key} = {{ env = \"NAME\" }}"));
            scope.report.say(span, "", diagnostic);
            None
        }
    }
}

/// Whether a configuration may have this secret read and sent; says so if not.
fn may_read(scope: &mut Scope<'_>, source: &SecretSource, span: Span) -> bool {
    let diagnostic = match source {
        SecretSource::Env(name) => {
            let Some(refusal) = trust::variable(name, scope.files.opened) else {
                return true;
            };
            let diagnostic = Diagnostic::error(codes::CREDENTIAL, refusal.what);
            if refusal.can_be_opened {
                diagnostic.help(format!("if it really is one: --allow-env {name}"))
            } else {
                diagnostic
            }
        }
        // Whoever runs the program has given it.
        SecretSource::Variable(_) => return true,
        SecretSource::File(path) => match scope.files.named(path) {
            Ok(_) => return true,
            Err(refusal) => files::refused(codes::FILE_PATH, refusal),
        },
    };
    scope.report.say(span, "", diagnostic);
    false
}
