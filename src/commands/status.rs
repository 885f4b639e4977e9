//! What there is, in one table.

use super::elsewhere;
use super::failure::{Exit, Failure};
use super::survey::{Survey, survey};
use crate::address::Object;
use crate::cli::Global;
use crate::diagnostic::Advice;
use crate::env::Env;
use crate::live::Observed;
use crate::ui::{Row, Ui};
use crate::value::Value;

/// What there is: addresses, ids, status, and what somebody changed
pub(crate) async fn status(global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let survey = survey(global, env, ui).await?;
    let rows = rows(&survey);
    if global.json {
        ui.document(&rows.iter().map(json).collect());
        return Ok(Exit::Success);
    }
    if !survey.exists {
        ui.talk("There is no state yet; the first apply makes one.");
    }
    if rows.is_empty() {
        if survey.exists {
            ui.say("The state is empty: there is nothing of this environment.");
        }
        elsewhere::tell(global, env, ui);
        return Ok(Exit::Success);
    }
    ui.resources(&rows);
    let drifted = rows.iter().filter(|row| row.drifted == Some(true)).count();
    if drifted > 0 {
        let some = if drifted == 1 {
            "1 was".to_owned()
        } else {
            format!("{drifted} were")
        };
        ui.advise(&Advice::from(format!("{some} changed outside infra. To see how: ")).run("drift"));
    }
    Ok(Exit::Success)
}

/// A row for everything that the state knows, what is still to be deleted included.
fn rows(survey: &Survey) -> Vec<Row> {
    let drifted = survey.drifted();
    let mut rows = Vec::new();
    for (address, known) in &survey.state.resources {
        if !known.id.is_empty() {
            // A block that has gained or lost copies is told at the address that it has by now.
            let now = survey
                .plan
                .changes
                .iter()
                .find(|change| change.moved_from.as_ref() == Some(address));
            let now = now.map_or(address, |change| &change.address);
            let seen = survey.seen.live.resources.get(address);
            rows.push(Row {
                drifted: Some(drifted.contains(now)),
                ..row(address.to_string(), &known.id, seen)
            });
        }
        for old in &known.deposed {
            let there = survey.seen.live.deposed.get(address).into_iter().flatten();
            let seen = there.into_iter().find(|one| one.id == old.id);
            let object = Object::old(address.clone(), old.id.as_str());
            rows.push(Row {
                drifted: None,
                ..row(object.to_string(), &old.id, seen)
            });
        }
    }
    rows
}

fn row(address: String, id: &str, seen: Option<&Observed>) -> Row {
    let text = |name: &str| {
        let value = seen
            .and_then(|seen| seen.attributes.get(name))
            .and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    Row {
        address,
        id: id.to_owned(),
        status: if seen.is_some() {
            text("status")
        } else {
            "gone".to_owned()
        },
        private_ip: text("private_ip"),
        public_ip: [text("public_ip"), text("ip_address")]
            .into_iter()
            .find(|ip| !ip.is_empty())
            .unwrap_or_default(),
        zone: text("zone_id"),
        drifted: None,
    }
}

fn json(row: &Row) -> serde_json::Value {
    serde_json::json!({
        "address": row.address,
        "id": row.id,
        "status": row.status,
        "private_ip": row.private_ip,
        "public_ip": row.public_ip,
        "zone": row.zone,
        "drift": row.drifted,
    })
}
