//! Corrections that are sure, written into the files: each is tried first, and one after which there is not one mistake
//! less is none.
//!
//! Does not know what a mistake is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::failure::Failure;
use super::project;
use crate::cli::Global;
use crate::config::Loaded;
use crate::diagnostic::codes::Code;
use crate::diagnostic::{Diagnostic, Fix, codes};
use crate::env::{EditedFiles, Env, put_file};
use crate::ui::Ui;

/// How often what was corrected is looked at anew: a file that cannot be read hides its other mistakes.
const ROUNDS_MAX: usize = 12;
/// How many corrections are tried one by one.
const TRIES_MAX: usize = 200;

/// Texts of files, by their names.
type Texts = BTreeMap<Arc<str>, String>;

/// Corrects what is sure, shows it, and tells how many mistakes there are less. `is_result` says where it is shown.
pub(super) fn correct(global: &Global, env: &Env, ui: &Ui, is_result: bool) -> Result<usize, Failure> {
    // 1. What it would be, step by step, in memory.
    let first = project::read_as_it_is(global, env, ui);
    let mut texts = Texts::new();
    let mut refused = BTreeSet::new();
    let mut now = read(&texts, global, env, ui);
    let mut corrected = 0;
    for _ in 0..ROUNDS_MAX {
        let fixes: Vec<Fix> = sure(&now, ui)
            .into_iter()
            .filter(|fix| !refused.contains(&key(fix)))
            .collect();
        let taken = apart(&fixes);
        if taken.is_empty() {
            break;
        }
        let together = with(&texts, &now, &taken);
        let then = read(&together, global, env, ui);
        if is_better(&now, &then, &taken) {
            corrected += taken.len();
            (texts, now) = (together, then);
            continue;
        }
        for fix in taken.into_iter().take(TRIES_MAX) {
            let alone = with(&texts, &now, &[fix]);
            let then = read(&alone, global, env, ui);
            if is_better(&now, &then, &[fix]) {
                corrected += 1;
                (texts, now) = (alone, then);
                // Behind it in the same file everything has moved.
                break;
            }
            refused.insert(key(fix));
        }
    }

    // 2. The files, each whole or not at all, and only what is still as it was read.
    let folder = project::folder(global, env);
    for (name, text) in &texts {
        let Some(before) = first.sources.find(name) else {
            continue;
        };
        let unwritten = |why: String| {
            let message = format!("{name} cannot be corrected: {why}");
            Failure::error(Diagnostic::error(codes::NOT_WRITTEN, message))
        };
        let bytes = env.fs.read(&folder.join(&**name), u64::MAX >> 1);
        let bytes = bytes.map_err(|error| unwritten(error.to_string()))?;
        if bytes != before.text().as_bytes() {
            return Err(unwritten("somebody has just changed it".to_owned()));
        }
        put_file(&folder, Path::new(&**name), text.as_bytes())
            .map_err(|error| unwritten(error.to_string()))?;
        if let Some(after) = now.sources.find(name) {
            ui.correction(before, after, is_result);
        }
    }
    Ok(corrected)
}

/// What the files say with these texts in place of theirs.
fn read(texts: &Texts, global: &Global, env: &Env, ui: &Ui) -> Loaded {
    let folder = project::folder(global, env);
    let instead = texts
        .iter()
        .map(|(name, text)| (folder.join(&**name), text.clone().into_bytes()))
        .collect();
    let under = env.fs.clone();
    let env = Env {
        fs: Arc::new(EditedFiles { under, instead }),
        ..env.clone()
    };
    project::read_as_it_is(global, &env, ui)
}

/// The corrections of what is a mistake; what is only doubtful may be meant so. None of them touches a secret.
fn sure(loaded: &Loaded, ui: &Ui) -> Vec<Fix> {
    let errors: Vec<Diagnostic> = loaded
        .diagnostics
        .iter()
        .filter(|one| one.is_error())
        .cloned()
        .collect();
    let mut fixes: Vec<Fix> = ui
        .fit_to_show(&errors)
        .into_iter()
        .filter_map(|one| one.fix)
        .collect();
    fixes.sort_by(|one, other| one.location.cmp(&other.location));
    fixes
}

/// What tells one correction from another.
fn key(fix: &Fix) -> (Arc<str>, usize, String) {
    (
        fix.location.file.clone(),
        fix.location.start,
        fix.replacement.clone(),
    )
}

/// Those of which none reaches into another.
fn apart(fixes: &[Fix]) -> Vec<&Fix> {
    let mut taken: Vec<&Fix> = Vec::new();
    for fix in fixes {
        let is_apart = taken.last().is_none_or(|last| {
            last.location.file != fix.location.file || last.location.end <= fix.location.start
        });
        if is_apart {
            taken.push(fix);
        }
    }
    taken
}

/// The texts with these corrections, of which none reaches into another.
fn with(texts: &Texts, now: &Loaded, fixes: &[&Fix]) -> Texts {
    let mut texts = texts.clone();
    // From behind, so that the places in front stay what they are.
    for fix in fixes.iter().rev() {
        let location = &fix.location;
        let Some(source) = now.sources.find(&location.file) else {
            continue;
        };
        let text = texts
            .entry(location.file.clone())
            .or_insert_with(|| source.text().to_owned());
        if text.get(location.start..location.end).is_some() {
            text.replace_range(location.start..location.end, &fix.replacement);
        }
    }
    texts
}

/// What keeps others from being seen: a file that cannot be read, a block whose keys nobody knows.
const HIDING: [Code; 2] = [codes::SYNTAX, codes::UNKNOWN_TYPE];

/// Whether each of these corrections took a mistake away. Where that one had hidden others, these may be seen now; but no
/// correction makes a file that cannot be read, nor a second block of one name.
fn is_better(before: &Loaded, after: &Loaded, fixes: &[&Fix]) -> bool {
    let errors = |loaded: &Loaded, is_it: &dyn Fn(&Diagnostic) -> bool| {
        let found = loaded.diagnostics.iter().filter(|one| one.is_error());
        found.filter(|one| is_it(one)).count()
    };
    let of_code = |code: Code| {
        let is_it = move |one: &Diagnostic| one.code == code;
        (errors(before, &is_it), errors(after, &is_it))
    };
    let is_no_worse = |code| {
        let (before, after) = of_code(code);
        after <= before
    };
    if !is_no_worse(codes::SYNTAX) || !is_no_worse(codes::TWICE) {
        return false;
    }
    let taken = |one: &Diagnostic| {
        let fix = one.fix.as_ref();
        fix.is_some_and(|fix| fixes.iter().any(|taken| key(taken) == key(fix)))
    };
    let hidden = HIDING.map(|code| (code, errors(before, &|one| one.code == code && taken(one))));
    if hidden.iter().all(|(_, count)| *count == 0) {
        return errors(after, &|_| true) + fixes.len() <= errors(before, &|_| true);
    }
    hidden.iter().all(|(code, count)| {
        let (before, after) = of_code(*code);
        *count == 0 || after + count <= before
    })
}
