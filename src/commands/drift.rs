//! Only look for what somebody changed outside infra.

use super::failure::{Exit, Failure};
use super::survey::{Survey, survey};
use crate::change::Drift;
use crate::cli::{DriftArgs, Global};
use crate::diagnostic::Advice;
use crate::env::Env;
use crate::ui::Ui;
use crate::value::Value;

/// Only look for what somebody changed outside infra; changes nothing
pub(crate) async fn drift(args: &DriftArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let survey = survey(global, env, ui).await?;
    let found = found(&survey);
    if global.json {
        ui.document(&found.iter().map(json).collect());
    } else if found.is_empty() {
        let looked = survey.seen.live.resources.len();
        let words = if looked == 1 {
            "1 resource is".to_owned()
        } else {
            format!("{looked} resources are")
        };
        ui.say(&format!("No drift. {words} as the last apply left them."));
    } else {
        ui.drift(&found);
        ui.advise(
            &Advice::from("Next: ")
                .run("plan")
                .then("   (shows what apply would do about it)"),
        );
    }
    let changes = args.detailed_exitcode && !found.is_empty();
    Ok(if changes { Exit::Changes } else { Exit::Success })
}

/// What differs from what is remembered, with what the next apply would do about it; what is gone although the files do
/// not want it any more as well.
fn found(survey: &Survey) -> Vec<Drift> {
    let mut found: Vec<Drift> = survey
        .plan
        .drift
        .iter()
        .map(|one| Drift {
            effect: match (one.effect.strip_prefix("this plan "), one.path.is_empty()) {
                (_, true) => "the next apply makes it again".into(),
                (Some(does), _) => format!("the next apply {does}").into(),
                _ => one.effect.clone(),
            },
            ..one.clone()
        })
        .collect();
    for gone in &survey.plan.vanished {
        if !found
            .iter()
            .any(|one| one.address == gone.address && one.path.is_empty())
        {
            found.push(Drift {
                address: gone.address.clone(),
                path: String::new(),
                remembered: Some(Value::from(gone.id.as_str())),
                observed: None,
                effect: "the next apply forgets it".into(),
            });
        }
    }
    found
}

fn json(drift: &Drift) -> serde_json::Value {
    let value = |value: Option<&Value>| value.map_or(serde_json::Value::Null, Value::to_json);
    serde_json::json!({
        "address": drift.address,
        "path": drift.path,
        "before": value(drift.remembered.as_ref()),
        "after": value(drift.observed.as_ref()),
        "effect": drift.effect,
    })
}
