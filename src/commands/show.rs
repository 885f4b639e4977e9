//! A saved plan or the state, for people.

use std::path::Path;
use std::time::Duration;

use super::failure::{Exit, Failure};
use super::{connect, elsewhere, head, plan_file, project, state};
use crate::address::Address;
use crate::cli::{Global, PlanFormat, ShowArgs};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::plan::Plan;
use crate::saved::ReadPlan;
use crate::ui::document::Document;
use crate::ui::{Header, SavedAs, Ui, plan_html, plan_json, plan_md};

/// Show a saved plan, the state, or one resource of it; page by page where it is longer than the screen
pub(crate) fn show(args: &ShowArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    match args.no_pager {
        true => show_at_once(args, global, env, ui),
        false => ui.paged(env, || show_at_once(args, global, env, ui)),
    }
}

fn show_at_once(args: &ShowArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(what) = &args.what {
        let path = env.cwd.join(what);
        let is_file = matches!(env.fs.kind(&path), Ok(Some(kind)) if kind.is_regular);
        return match what.parse::<Address>() {
            Ok(address) if !is_file => state::show(&address, global, env, ui),
            _ => show_plan(Path::new(what), &path, args, global, env, ui),
        };
    }
    let loaded = project::store(global, env, ui)?.load()?;
    let state = &loaded.state;
    connect::set_console_of(state, ui);
    if global.json {
        // Without the key that protects the hashes of secrets.
        ui.document(&serde_json::json!({
            "lineage": state.lineage,
            "serial": state.serial,
            "resources": state.resources,
            "outputs": state.outputs,
        }));
    } else if state.resources.is_empty() {
        ui.result("The state is empty.");
        elsewhere::tell(global, env, ui);
    } else {
        ui.state(state);
    }
    Ok(Exit::Success)
}

fn show_plan(
    name: &Path,
    path: &Path,
    args: &ShowArgs,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let read = plan_file::read(path, env)?;
    check_seal(name, &read, global, env, ui)?;
    let plan = plan_of(name, &read)?;
    let header = header(name, &read);
    if header.cloud == head::VENDOR {
        ui.set_console(&header.region);
    }
    let made_at = format!("{:.0}", read.file.basis.made_at);
    let document = Document {
        plan: &plan,
        header: &header,
        before: &read.file.sight.live.resources,
        made_at: &made_at,
        tasks: read.file.tasks(),
    };
    match args.format {
        PlanFormat::Text if global.json => ui.long_document(&plan_json::document(&document)),
        PlanFormat::Text => ui.plan(&plan, &header, head::detail(args.detail)),
        PlanFormat::Json => ui.long_document(&plan_json::document(&document)),
        PlanFormat::Md => ui.page(&plan_md::document(&document, args.budget)),
        PlanFormat::Html => ui.page(&plan_html::document(&document)),
    }
    Ok(Exit::Success)
}

/// The plan as the file tells it.
pub(super) fn plan_of(name: &Path, read: &ReadPlan) -> Result<Plan, Failure> {
    read.file
        .shown()
        .ok_or_else(|| plan_file::damaged(&format!("{} tells values that are none", name.display())))
}

/// Where the state is at hand, the plan is held against it: what somebody has changed is refused, and what is out of date
/// is said. Without it only the checksum counts.
pub(super) fn check_seal(
    name: &Path,
    read: &ReadPlan,
    global: &Global,
    env: &Env,
    ui: &Ui,
) -> Result<(), Failure> {
    // The files need not be there at all, and what is wrong with them is no matter of a plan that was made.
    let Ok(loaded) = project::store(global, env, ui).and_then(|store| Ok(store.load()?)) else {
        return Ok(());
    };
    let (basis, state) = (&read.file.basis, &loaded.state);
    if basis.lineage != state.lineage {
        return Ok(());
    }
    if !read.is_sealed_by(&|bytes: &[u8]| state.hash_key.fingerprint(bytes)) {
        return Err(plan_file::damaged(&format!(
            "{} is not as it was written",
            name.display()
        )));
    }
    if basis.serial != state.serial {
        let message = format!(
            "{} was made at serial {}, the state is at {}; it cannot be applied any more",
            name.display(),
            basis.serial,
            state.serial
        );
        ui.diagnostics(&[Diagnostic::warning(codes::STALE_PLAN, message)], false);
    }
    Ok(())
}

/// What stood above the plan when it was made.
pub(super) fn header(name: &Path, read: &ReadPlan) -> Header {
    let (basis, summary) = (&read.file.basis, &read.file.summary);
    let is_default = basis.environment == project::DEFAULT;
    Header {
        command: "plan",
        project: basis.project.clone(),
        environment: Some(basis.environment.clone()).filter(|_| !is_default),
        region: basis.region.clone(),
        cloud: summary.cloud.clone(),
        account: basis.account.clone().filter(|_| basis.endpoint != "simulator"),
        credentials: String::new(),
        files: summary.files.clone(),
        checked: summary.checked,
        elapsed: Duration::from_millis(summary.took_ms),
        next: None,
        saved: Some(SavedAs {
            path: name.display().to_string(),
            digest: read.digest.clone(),
        }),
    }
}
