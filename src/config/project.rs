//! `[infra]` and the choice of the environment.
//!
//! Does not know resources.

use semver::{Version, VersionReq};

use super::evaluate::evaluate;
use super::files::{Folder, ROOT};
use super::located::Thing;
use super::raw::Table;
use super::regions;
use super::report::{Report, Span};
use super::scope::{Place, Scope, Stage};
use super::sections::{Sections, header_of};
use super::suggest;
use super::words::{shorten, there_are};
use super::{LoadRequest, Project};
use crate::address::is_plain_name;
use crate::diagnostic::{Diagnostic, codes};

const KEYS: &[&str] = &[
    "name",
    "region",
    "profile",
    "endpoint",
    "requires",
    "default_env",
    "state",
];

/// The longest name of a project: it is part of a tag.
const NAME_MAX: usize = 64;

/// The environment that was chosen: by the flag, `INFRA_ENV`, or `[infra] default_env`.
pub(super) fn environment(
    request: &LoadRequest<'_>,
    sections: &Sections<'_>,
    folder: &Folder<'_>,
    report: &mut Report,
) -> Option<String> {
    let default = sections
        .infra
        .and_then(|entry| entry.value.as_table())
        .and_then(|table| table.get("default_env"));
    let from_file = default.and_then(|entry| entry.value.as_plain());
    let from_vars = request
        .vars
        .get("INFRA_ENV")
        .map(String::as_str)
        .filter(|name| !name.is_empty());
    let chosen = request.environment.or(from_vars).or(from_file);
    let known = folder.environments();
    let Some(name) = chosen else {
        if let Some(names) = known
            && !names.is_empty()
        {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let diagnostic = Diagnostic::error(
                codes::NO_ENVIRONMENT,
                format!("which environment? {}", there_are(names.iter().copied())),
            )
            .help(format!("-e {}, or INFRA_ENV={}", names[0], names[0]))
            .help(format!(
                "or once and for all: [infra] default_env = \"{}\"",
                names[0]
            ));
            report.push(diagnostic);
        }
        return None;
    };
    let is_from_file = request.environment.is_none() && from_vars.is_none();
    let wrong = if !is_plain_name(name) || name.len() > NAME_MAX {
        Diagnostic::error(
            codes::NO_ENVIRONMENT,
            format!(
                "the environment {:?} may hold only letters a to z, digits, '_' and '-'",
                shorten(name)
            ),
        )
    } else {
        let known = known.unwrap_or_default();
        if known.iter().any(|known| known == name) {
            return Some(name.to_owned());
        }
        let names = || known.iter().map(String::as_str);
        let diagnostic = Diagnostic::error(
            codes::NO_ENVIRONMENT,
            format!("there is no environment \"{name}\": no env/{name}.toml"),
        );
        match suggest::guess(name, names()) {
            Some(guess) => diagnostic.help(format!("did you mean {}?", guess.name)),
            None if known.is_empty() => {
                diagnostic.help("an environment is a file with values of variables; it may be empty")
            }
            None => diagnostic.help(there_are(names())),
        }
    };
    match default {
        Some(entry) if is_from_file => {
            report.say(entry.value.span, "", wrong);
        }
        _ => report.push(wrong),
    }
    None
}

/// Reads `[infra]`; variables are known.
pub(super) fn read(
    request: &LoadRequest<'_>,
    sections: &Sections<'_>,
    root: Option<u32>,
    scope: &mut Scope<'_>,
) -> Project {
    let mut project = Project {
        environment: scope.project.environment.clone(),
        ..Project::default()
    };
    let Some(entry) = sections.infra else {
        if let Some(file) = root {
            let diagnostic = Diagnostic::error(codes::NO_INFRA, format!("{ROOT} has no [infra] table"))
                .help("[infra]")
                .help("name = \"shop\"")
                .help("region = \"cn-hangzhou\"");
            scope.report.say(Span::new(file, 0..0), "", diagnostic);
        }
        return project;
    };
    let Some(table) = entry.value.as_table() else {
        let diagnostic = Diagnostic::error(codes::BLOCK_FORM, "infra is a table: [infra]");
        scope.report.say(entry.key, "", diagnostic);
        return project;
    };
    let header = header_of(entry, &scope.report);
    let missed = check_keys(table, scope);
    project.name = match text("name", table, scope) {
        Some((name, span)) => {
            check_name(&name, span, scope);
            name
        }
        None => {
            if table.get("name").is_none() && !missed.iter().any(|name| name == "name") {
                let diagnostic = Diagnostic::error(codes::MISSING_KEY, "[infra] needs name")
                    .note("the name marks everything that this configuration makes")
                    .help("name = \"shop\"");
                scope.report.say(header, "", diagnostic);
            }
            String::new()
        }
    };
    if let Some((region, span)) = text("region", table, scope) {
        regions::check(&region, span, &mut scope.report);
        project.region_location = Some(scope.report.location(span));
        project.region = Some(region);
    }
    project.profile = text("profile", table, scope).map(|(profile, _)| profile);
    if let Some((endpoint, span)) = text("endpoint", table, scope) {
        check_endpoint(&endpoint, span, request, scope);
        project.endpoint = Some(endpoint);
    }
    if let Some((requires, span)) = text("requires", table, scope) {
        check_version(&requires, span, scope);
    }
    // It was read when the environment was chosen; here only its form is checked.
    if let Some(entry) = table.get("default_env")
        && entry.value.as_plain().is_none()
    {
        let diagnostic = Diagnostic::error(codes::WRONG_TYPE, "default_env is a text without references");
        scope.report.say(entry.value.span, "", diagnostic);
    }
    scope.project.name = Some(project.name.clone()).filter(|name| !name.is_empty());
    scope.project.region = project.region.clone().or_else(|| {
        let region = request.vars.get("ALIBABA_CLOUD_REGION_ID")?;
        (!region.is_empty()).then(|| region.clone())
    });
    project
}

/// Says which keys are unknown and gives what was probably meant by them.
fn check_keys(table: &Table, scope: &mut Scope<'_>) -> Vec<String> {
    let mut meant = Vec::new();
    for (key, entry) in &table.entries {
        if key == "state" {
            let diagnostic = Diagnostic::error(
                codes::NOT_YET,
                "[infra.state] is part of the language, but this version of infra does not know it yet",
            )
            .help("without it the state is kept in .infra/state/");
            scope.report.say(entry.key, "", diagnostic);
            continue;
        }
        if KEYS.contains(&key.as_str()) {
            continue;
        }
        if scope.report.looks_secret(key) || fold_has(key, "access_key") {
            scope.report.hide(entry.value.span);
        }
        let mut diagnostic = Diagnostic::error(
            codes::UNKNOWN_KEY,
            format!("unknown key \"{}\" in [infra]", shorten(key)),
        )
        .note(format!("all keys: {}", KEYS.join(", ")));
        if fold_has(key, "access_key") {
            diagnostic = diagnostic.help("keys come from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or from a profile");
        }
        let label = match suggest::guess(key, KEYS.iter().copied()) {
            Some(guess) => {
                let label = format!("did you mean {}?", guess.name);
                diagnostic = scope
                    .report
                    .corrected(diagnostic, &guess, entry.key, guess.name.as_str());
                meant.push(guess.name);
                label
            }
            None => String::new(),
        };
        scope.report.say(entry.key, label, diagnostic);
    }
    meant
}

fn fold_has(key: &str, part: &str) -> bool {
    suggest::fold(key).contains(part)
}

/// A text of `[infra]`.
fn text(key: &str, table: &Table, scope: &mut Scope<'_>) -> Option<(String, Span)> {
    let node = &table.get(key)?.value;
    let value = evaluate(scope, node, &Place::new(Stage::Project));
    match value.thing {
        Thing::Text(text) if !value.sensitive => Some((text, node.span)),
        Thing::Broken => None,
        Thing::Text(_) => {
            let what = format!("{key} shows in every plan, so it cannot be a sensitive variable");
            scope
                .report
                .say(node.span, "", Diagnostic::error(codes::SENSITIVE, what));
            None
        }
        _ => {
            let what = format!("{key} is a text, found {}", value.kind_in_words());
            scope
                .report
                .say(node.span, "", Diagnostic::error(codes::WRONG_TYPE, what));
            None
        }
    }
}

fn check_name(name: &str, span: Span, scope: &mut Scope<'_>) {
    if is_plain_name(name) && name.len() <= NAME_MAX {
        return;
    }
    let diagnostic = Diagnostic::error(
        codes::NAME,
        format!("the name of a project has 1 to {NAME_MAX} letters a to z, digits, '_' and '-'"),
    )
    .note("it is written into a tag of everything that infra makes");
    scope.report.say(span, "", diagnostic);
}

/// A file may name only hosts that infra itself would make: a cloned configuration is not trusted.
fn check_endpoint(endpoint: &str, span: Span, request: &LoadRequest<'_>, scope: &mut Scope<'_>) {
    if let Err(why) = (request.check_endpoint)(endpoint) {
        let diagnostic = Diagnostic::error(codes::ENDPOINT, "a file may not name this endpoint")
            .note(why)
            .help("any other: INFRA_ENDPOINT=URL in the environment");
        scope.report.say(span, "", diagnostic);
    }
}

/// `>=0.3`, `>=0.3, <0.5`, `0.3` (the same as `>=0.3, <0.4`).
fn check_version(requires: &str, span: Span, scope: &mut Scope<'_>) {
    let ours = env!("CARGO_PKG_VERSION");
    let diagnostic = match satisfies(ours, requires) {
        Some(true) => return,
        Some(false) => Diagnostic::error(
            codes::REQUIRES,
            format!(
                "this configuration asks for infra {}, this is {ours}",
                shorten(requires)
            ),
        ),
        None => Diagnostic::error(codes::REQUIRES, "requires is a version such as \">=0.3\"")
            .help("requires = \">=0.3\"")
            .help("requires = \">=0.3, <1.0\""),
    };
    scope.report.say(span, "", diagnostic);
}

/// Whether a version meets the conditions; none if they cannot be read.
fn satisfies(version: &str, conditions: &str) -> Option<bool> {
    let version = Version::parse(version).ok()?;
    Some(VersionReq::parse(conditions).ok()?.matches(&version))
}

#[cfg(test)]
mod tests {
    use super::satisfies;

    #[test]
    fn versions_are_compared_as_cargo_does() {
        for (conditions, expected) in [
            (">=0.3", Some(true)),
            (">=0.4", Some(false)),
            (">=0.3, <0.4", Some(true)),
            (">=0.1, <0.3", Some(false)),
            ("0.3", Some(true)),
            ("0.2", Some(false)),
            ("^0.3.2", Some(true)),
            ("^0.3.9", Some(false)),
            ("~0.3", Some(true)),
            ("=0.3.5", Some(true)),
            ("=0.3", Some(true)),
            ("0", Some(true)),
            ("> 0.3.5", Some(false)),
            ("", None),
            (">=", None),
            ("1.2.3.4", None),
            (">=v1", None),
            (",", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(satisfies("0.3.5", conditions), expected, "{conditions:?}");
        }
    }
}
