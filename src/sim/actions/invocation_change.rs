//! What is still changed of a command that is to run again: what it runs, when, and where.

use super::super::call::{Call, Entry};
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::command::{Change, Command, Invocation, is_frequency, parameter_names, plain};
use super::image;
use super::instance_row::Instance;

pub(super) const ACTIONS: &[Entry] = &[(ECS, "ModifyInvocationAttribute", modify)];

/// The vendor's limits: of the encoded content in bytes, of parameters, and of the letters of their names.
const CONTENT_MAX: usize = 24 * 1024;
const PARAMETERS_MAX: usize = 10;
const NAME_MAX: usize = 64;
/// How many servers one command may run on.
const INSTANCES_MAX: usize = 200;

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("InvokeId")?;
    let row = call.find::<Invocation>(id, "InvalidInvokeId.NotFound")?;
    if row.repeat_mode == "Once" {
        return refuse("InvalidOperation.RepeatModeUnsupported");
    }
    if row.head.status != Status::Scheduled {
        return refuse("InvalidOperation.InvokeAlreadyFinished");
    }
    let frequency = params.text("Frequency");
    if let Some(frequency) = frequency
        && (row.repeat_mode != "Period" || !is_frequency(frequency))
    {
        return refuse("InvalidParameter.Frequency");
    }
    let mut command = row.command.clone();
    let content = content(call)?;
    let rewritten = content.is_some();
    if let Some(content) = content {
        command.content = content;
    }
    if let Some(with) = params.bool("EnableParameter") {
        command.with_parameters = with;
    }
    let told = params.text("Parameters");
    let parameters = told.unwrap_or(&row.parameters).to_owned();
    let script = filled(&command, &parameters, told.is_some())?;
    // Servers are added; those that are there stay.
    let mut more: Vec<String> = Vec::new();
    for server in params.list("InstanceId") {
        let own = call.find::<Instance>(server, "InvalidInstanceId.NotFound")?;
        let image = image::find(call, &own.image_id);
        let on_windows = image.is_some_and(|image| image.os_type == "windows");
        if on_windows == (row.command.kind == "RunShellScript") {
            return refuse("InvalidInstanceId.OSTypeUnsupported");
        }
        if !row.runs_on(server) {
            more.push(server.to_owned());
        }
    }
    if row.servers() + more.len() > INSTANCES_MAX {
        return refuse("InvalidInstanceId.CountLimitExceeded");
    }
    let runs: Vec<(String, bool)> = more
        .into_iter()
        .map(|server| {
            let row = call.world.get::<Instance>(&server);
            let runs = row.is_some_and(|row| row.status == Status::Running);
            (server, runs)
        })
        .collect();
    let frequency = frequency.map(str::to_owned);
    call.validated()?;
    if rewritten {
        // What was written anew is a command of its own, kept when the old one was.
        let (mut head, _) = call.head("c-");
        head.name.clone_from(&command.head.name);
        head.description.clone_from(&command.head.description);
        command.head = head;
        call.world.insert(command.clone());
    }
    let command_id = command.head.id.clone();
    let told = Change {
        command,
        parameters,
        frequency,
        script,
        more: runs,
    };
    call.world.update::<Invocation, _>(id, |row| row.change(told));
    Ok(map! { "CommandId": command_id })
}

fn content(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let params = call.params;
    let encoding = params.text_or("ContentEncoding", "PlainText");
    let Some(text) = params.text("CommandContent") else {
        // It says how a content is written, and there is none.
        return match params.text("ContentEncoding") {
            Some(_) => Err(Refusal::missing("CommandContent")),
            None => Ok(None),
        };
    };
    let plain = plain(text, encoding).ok_or_else(|| Refusal::new("InvalidCommandContent.DecodeError"))?;
    if plain.len().div_ceil(3) * 4 > CONTENT_MAX {
        return refuse("InvalidCommandContent.LengthLimitExceeded");
    }
    Ok(Some(plain))
}

/// The script with the values of its parameters.
fn filled(command: &Command, parameters: &str, told: bool) -> Result<String, Refusal> {
    let Ok(given) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(parameters) else {
        return refuse("InvalidParameters.KeyMalformed");
    };
    if !command.with_parameters {
        return match told && !given.is_empty() {
            true => refuse("InvalidParameters.KeyNotMatch"),
            false => Ok(command.content.clone()),
        };
    }
    if given.len() > PARAMETERS_MAX {
        return refuse("InvalidParameters.CountLimitExceeded");
    }
    let names = parameter_names(&command.content);
    for (name, value) in &given {
        if name.is_empty() {
            return refuse("InvalidParameters.KeyEmpty");
        }
        if name.chars().count() > NAME_MAX {
            return refuse("InvalidParameters.KeyLengthLimitExceeded");
        }
        if value.is_array() || value.is_object() {
            return refuse("InvalidParameters.ValueTypeUnsupported");
        }
        if told && !names.contains(name) {
            return refuse("InvalidParameters.KeyNotMatch");
        }
    }
    let mut script = command.content.clone();
    for name in names {
        let value = match given.get(&name) {
            Some(serde_json::Value::String(value)) => value.clone(),
            Some(value) => value.to_string(),
            None if name.starts_with("ACS::") => name.clone(),
            None => return refuse("InvalidParameters.KeyNotMatch"),
        };
        script = script.replace(&format!("{{{{{name}}}}}"), &value);
    }
    Ok(script)
}
