//! Commands of the cloud assistant, and what came of them. The script is not run: its `echo` lines are its output and
//! its `exit` its exit code, so that a world can remember what was asked of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done, ecs_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map, texts};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::instance_row::Instance;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Command {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) kind: String,
    /// Plain text.
    pub(super) content: String,
    working_dir: String,
    timeout: i64,
    pub(super) with_parameters: bool,
    launcher: String,
    /// Not listed: it was told with its invocation and not to be kept.
    passing: bool,
}

row!(Command);

impl Kind for Command {
    const NAME: &'static str = "command";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "command")];
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Invocation {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) command: Command,
    results: Vec<Outcome>,
    pub(super) parameters: String,
    pub(super) repeat_mode: String,
    frequency: String,
    username: String,
    termination: String,
    working_dir: String,
    timeout: i64,
    finished: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Outcome {
    instance_id: String,
    /// Why it could not begin.
    invalid: bool,
    stopped: Option<i64>,
    exit_code: i64,
    output: String,
}

row!(Invocation, links: |row, link| {
    link("command of", &row.command.head.id);
    row.results.iter().for_each(|result| link("instance of", &result.instance_id));
    if matches!(row.head.status, Status::Running | Status::Scheduled) {
        link("command", &row.command.head.id);
    }
});

impl Kind for Invocation {
    const NAME: &'static str = "invocation";
    const RESOURCE: &'static [(&'static str, &'static str)] = &[(ECS, "invocation")];
    const HOLDS: &'static [(&'static str, &'static [&'static str])] =
        &[("command", &["InvalidStatus.CmdIdInUse"])];

    fn arrived(world: &mut World, id: &str, _status: Status, now: Now) {
        world.update::<Invocation, _>(id, |row| row.finished = Some(now.real));
    }
}

impl Invocation {
    /// How many servers it is for.
    pub(super) fn servers(&self) -> usize {
        self.results.len()
    }

    pub(super) fn runs_on(&self, server: &str) -> bool {
        self.results.iter().any(|result| result.instance_id == server)
    }

    /// Whether nothing kept it from running there to its end.
    pub(super) fn has_run_on(&self, server: &str) -> bool {
        self.results
            .iter()
            .any(|result| result.instance_id == server && !result.invalid && result.stopped.is_none())
    }

    /// What it is to be from now on.
    pub(super) fn change(&mut self, told: Change) {
        let (output, exit_code) = play(&told.script);
        let more = told.more.into_iter().map(|(instance_id, runs)| Outcome {
            instance_id,
            invalid: !runs,
            stopped: None,
            exit_code,
            output: String::new(),
        });
        self.results.extend(more);
        for result in &mut self.results {
            result.output.clone_from(&output);
            result.exit_code = exit_code;
        }
        self.command = told.command;
        self.parameters = told.parameters;
        if let Some(frequency) = told.frequency {
            self.frequency = frequency;
        }
    }
}

/// What becomes of an invocation that has not run yet.
pub(super) struct Change {
    pub(super) command: Command,
    pub(super) parameters: String,
    pub(super) frequency: Option<String>,
    /// With the values of its parameters.
    pub(super) script: String,
    /// Servers more, each with whether it runs.
    pub(super) more: Vec<(String, bool)>,
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "CreateCommand", create),
    (ECS, "ModifyCommand", modify),
    (ECS, "DeleteCommand", delete),
    (ECS, "DescribeCommands", describe),
    (ECS, "InvokeCommand", invoke),
    (ECS, "RunCommand", run),
    (ECS, "StopInvocation", stop),
    (ECS, "DescribeInvocations", describe_invocations),
    (ECS, "DescribeInvocationResults", describe_results),
];

/// Simulated: how long a command runs, in milliseconds of life-cycle time.
const RUNNING_MS: i64 = 3_000;

const ABSENT: &str = "InvalidCmdId.NotFound";
/// The vendor's limits, in bytes of the encoded content.
const KEPT_CONTENT_MAX: usize = 18 * 1024;
const CONTENT_MAX: usize = 24 * 1024;
const INSTANCES_MAX: usize = 100;

/// A script as plain text; `None` when it is not of its encoding.
pub(super) fn plain(text: &str, encoding: &str) -> Option<String> {
    match encoding {
        "PlainText" => Some(text.to_owned()),
        "Base64" => String::from_utf8(STANDARD.decode(text).ok()?).ok(),
        _ => None,
    }
}

/// The script of a request as plain text.
fn content(call: &Call<'_>, default_encoding: &str, max: usize) -> Result<String, Refusal> {
    let text = call.params.required("CommandContent")?;
    let plain = plain(text, call.params.text_or("ContentEncoding", default_encoding));
    let plain = plain.ok_or_else(|| Refusal::new("CmdContent.DecodeError"))?;
    if plain.len().div_ceil(3) * 4 > max {
        return refuse("CmdContent.ExceedLimit");
    }
    Ok(plain)
}

/// The names between double braces.
pub(super) fn parameter_names(content: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in content.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            let name = name.trim().to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn command(call: &mut Call<'_>, content: String, passing: bool) -> Result<Command, Refusal> {
    let params = call.params;
    let kind = match params.required("Type")? {
        kind @ ("RunShellScript" | "RunBatScript" | "RunPowerShellScript") => kind.to_owned(),
        _ => return Err(Refusal::new("InvalidCmdType.NotFound").with_status(404)),
    };
    let with_parameters = params.flag("EnableParameter");
    if with_parameters {
        let names = parameter_names(&content);
        if names.iter().any(String::is_empty) {
            return refuse("CmdParam.EmptyKey");
        }
        if names.len() > 20 {
            return refuse("CmdParamCount.ExceedLimit");
        }
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_\\.:/".contains(&byte);
        if !names.iter().all(|name| name.bytes().all(good)) {
            return refuse("CmdParam.InvalidParamName");
        }
    }
    let name = params.text_or("Name", "");
    if name.chars().count() > 128 {
        return refuse("CmdName.ExceedLimit");
    }
    let description = params.text_or("Description", "");
    if description.chars().count() > 512 {
        return refuse("CmdDesc.ExceedLimit");
    }
    let timeout = params.int("Timeout")?.unwrap_or(60);
    if timeout < 10 {
        return Err(Refusal::invalid("Timeout"));
    }
    let tags = call.tags()?;
    let (mut head, _) = call.head("c-");
    head.name = name.to_owned();
    head.description = description.to_owned();
    head.tags = tags;
    Ok(Command {
        head,
        kind,
        content,
        working_dir: params.text_or("WorkingDir", "").to_owned(),
        timeout,
        with_parameters,
        launcher: params.text_or("Launcher", "").to_owned(),
        passing,
    })
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let content = content(call, "Base64", KEPT_CONTENT_MAX)?;
    let command = command(call, content, false)?;
    let answer = map! { "CommandId": &command.head.id };
    call.world.insert(command);
    Ok(answer)
}

fn modify(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let id = params.required("CommandId")?;
    call.find::<Command>(id, ABSENT)?;
    let content = match params.text("CommandContent") {
        None => None,
        Some(_) => Some(content(call, "Base64", KEPT_CONTENT_MAX)?),
    };
    let name = params.text("Name").map(str::to_owned);
    if name.as_ref().is_some_and(|name| name.chars().count() > 128) {
        return refuse("CmdName.ExceedLimit");
    }
    let description = params.given("Description").map(str::to_owned);
    let timeout = params.int("Timeout")?;
    call.world.update::<Command, _>(id, |command| {
        command.rename(name, description);
        if let Some(content) = content {
            command.content = content;
        }
        if let Some(folder) = params.given("WorkingDir") {
            command.working_dir = folder.to_owned();
        }
        if let Some(launcher) = params.given("Launcher") {
            command.launcher = launcher.to_owned();
        }
        command.timeout = timeout.unwrap_or(command.timeout);
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("CommandId")?;
    call.find::<Command>(id, ABSENT)?;
    call.unheld::<Command>(id)?;
    call.remove::<Command>(id);
    done()
}

/// A text as the request wants contents and outputs.
fn encoded(call: &Call<'_>, text: &str) -> String {
    if call.params.text_or("ContentEncoding", "Base64") == "PlainText" {
        text.to_owned()
    } else {
        STANDARD.encode(text)
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("CommandId").map(|id| vec![id]);
    let page = call.page::<Command>(Search::ids(ids), |command| {
        !command.passing
            && params.text("Name").is_none_or(|name| command.name.contains(name))
            && params
                .text("Description")
                .is_none_or(|text| command.description.contains(text))
            && call.is("Type", &command.kind)
            && params.text("Provider").is_none_or(|provider| provider == "User")
            && params.bool("Latest") != Some(false)
            && call.is("ResourceGroupId", &command.resource_group)
    })?;
    Ok(call.listed(&page, "Commands", "Command", |command| {
        let names = if command.with_parameters {
            parameter_names(&command.content)
        } else {
            Vec::new()
        };
        let times = call
            .world
            .heads_linked(Invocation::NAME, "command of", &command.id)
            .count();
        map! {
            "CommandId": &command.id,
            "Name": &command.name,
            "Description": &command.description,
            "Type": &command.kind,
            "CommandContent": encoded(call, &command.content),
            "WorkingDir": &command.working_dir,
            "Timeout": command.timeout,
            "EnableParameter": command.with_parameters,
            "ParameterNames": map! { "ParameterName": texts(names) },
            "ParameterDefinitions": map! { "ParameterDefinition": Vec::new() },
            "Launcher": &command.launcher,
            "Category": "",
            "Provider": "User",
            "Version": 1,
            "Latest": true,
            "InvokeTimes": times,
            "CreationTime": seconds(command.created),
            "ResourceGroupId": &command.resource_group,
            "Tags": ecs_tags(&command.tags),
        }
    }))
}

/// The servers that a request names by id or by tag.
fn servers(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let ids: Vec<String> = call
        .params
        .list("InstanceId")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let tags = call.params.groups("ResourceTag");
    if tags.is_empty() {
        if ids.is_empty() {
            return refuse("MissingParam.InstanceId");
        }
        if ids.len() > INSTANCES_MAX {
            return refuse("InstanceIds.ExceedLimit");
        }
        for id in &ids {
            call.find::<Instance>(id, "InvalidInstance.NotFound")?;
        }
        return Ok(ids);
    }
    if !ids.is_empty() {
        return refuse("InvalidResourceTag.ConflictWithInstanceIds");
    }
    let fits = |row: &&Instance| {
        row.region == call.region
            && tags.iter().all(|tag| {
                row.tags.iter().any(|(key, value)| {
                    tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|wanted| wanted == value)
                })
            })
    };
    let found: Vec<String> = call
        .world
        .all::<Instance>()
        .iter()
        .filter(fits)
        .map(|row| row.id.clone())
        .collect();
    if found.is_empty() {
        return refuse("InvalidResourceTag.InstanceNotFound");
    }
    Ok(found)
}

/// The values of a command's parameters as a request gives them.
fn filled(call: &Call<'_>, command: &Command) -> Result<String, Refusal> {
    let given = match call.params.text("Parameters") {
        None => serde_json::Map::new(),
        Some(text) => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(serde_json::Value::Object(given)) => given,
            _ => return Err(call.code(&["InvalidParameter.Parameters", "Parameter.NotMatched"])),
        },
    };
    if !command.with_parameters {
        return if given.is_empty() {
            Ok(command.content.clone())
        } else {
            refuse("Parameter.Disabled")
        };
    }
    let mut content = command.content.clone();
    let names = parameter_names(&content);
    if given.keys().any(|name| !names.contains(name)) {
        return refuse("Parameter.NotMatched");
    }
    for name in names {
        // What the service fills in by itself.
        let value = match given.get(&name) {
            Some(serde_json::Value::String(value)) => value.clone(),
            Some(value) => value.to_string(),
            None if name.starts_with("ACS::") => name.clone(),
            None => return Err(call.code(&["Parameter.MissingValue", "Parameter.NotMatched"])),
        };
        content = content.replace(&format!("{{{{{name}}}}}"), &value);
    }
    Ok(content)
}

/// What a script would have said, and its exit code.
fn play(script: &str) -> (String, i64) {
    let mut output = String::new();
    for line in script.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("echo") {
            output.push_str(text.trim().trim_matches(['"', '\'']));
            output.push('\n');
        }
        if let Some(code) = line.strip_prefix("exit ") {
            return (output, code.trim().parse().unwrap_or(0));
        }
    }
    (output, 0)
}

/// Whether a text says when something is to run: `rate(...)`, `at(...)` or six to eight fields.
pub(super) fn is_frequency(text: &str) -> bool {
    let fields = text.split_whitespace().count();
    text.starts_with("rate(") || text.starts_with("at(") || (6..=8).contains(&fields)
}

fn begin(call: &mut Call<'_>, command: Command) -> Result<String, Refusal> {
    let params = call.params;
    let servers = servers(call)?;
    let script = filled(call, &command)?;
    let repeat_mode = match params.text("RepeatMode") {
        None if params.flag("Timed") => "Period",
        None => "Once",
        Some(mode @ ("Once" | "Period" | "NextRebootOnly" | "EveryReboot" | "DryRun")) => mode,
        Some(_) => return Err(Refusal::new("InvalidRepeatMode.NotFound").with_status(404)),
    };
    let frequency = params.text_or("Frequency", "");
    match repeat_mode {
        "Period" if frequency.is_empty() => return refuse("MissingParam.Frequency"),
        "Period" if !is_frequency(frequency) => return refuse("InvalidParam.Frequency"),
        "DryRun" => return refuse("DryRunOperation"),
        _ => {}
    }
    let termination = match params.text_or("TerminationMode", "Process") {
        mode @ ("Process" | "ProcessTree") => mode.to_owned(),
        _ => return Err(Refusal::new("InvalidTerminationMode.NotFound").with_status(404)),
    };
    for name in ["ContainerId", "ContainerName"] {
        if params.text(name).is_some() {
            // No server here runs containers.
            return Err(call.code(&["InvalidContainerId.Malformed"]));
        }
    }
    if params.text("WindowsPasswordName").is_some() && params.text("Username").is_none() {
        return Err(call.code(&["WindowsPasswordName.Missed"]));
    }
    let (output, exit_code) = play(&script);
    let results = servers.into_iter().map(|instance_id| {
        let row = call.world.get::<Instance>(&instance_id);
        let runs = row.is_some_and(|row| row.status == Status::Running);
        Outcome {
            instance_id,
            invalid: !runs,
            stopped: None,
            exit_code,
            output: output.clone(),
        }
    });
    let results: Vec<Outcome> = results.collect();
    let tags = call.tags()?;
    let timeout = params.int("Timeout")?.unwrap_or(command.timeout);
    let (mut head, _) = call.head("t-");
    head.tags = tags;
    if repeat_mode == "Once" {
        head.pass(Status::Running, RUNNING_MS, Status::Finished, call.now);
    } else {
        head.status = Status::Scheduled;
    }
    let id = head.id.clone();
    let working_dir = params.text_or("WorkingDir", &command.working_dir).to_owned();
    call.world.insert(Invocation {
        head,
        results,
        parameters: params.text_or("Parameters", "{}").to_owned(),
        repeat_mode: repeat_mode.to_owned(),
        frequency: frequency.to_owned(),
        username: params.text_or("Username", "").to_owned(),
        termination,
        working_dir,
        timeout,
        finished: None,
        command,
    });
    Ok(id)
}

fn invoke(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let command = call
        .find::<Command>(call.params.required("CommandId")?, ABSENT)?
        .clone();
    let id = begin(call, command)?;
    Ok(map! { "InvokeId": id })
}

fn run(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let content = content(call, "PlainText", CONTENT_MAX)?;
    servers(call)?;
    let passing = !call.params.flag("KeepCommand");
    let command = command(call, content, passing)?;
    let command_id = command.head.id.clone();
    let id = begin(call, command.clone())?;
    call.world.insert(command);
    Ok(map! { "CommandId": command_id, "InvokeId": id })
}

fn stop(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = call.params.required("InvokeId")?;
    call.find::<Invocation>(id, "InvalidInvokeId.NotFound")?;
    let only = call.params.list("InstanceId");
    if only.len() > INSTANCES_MAX {
        return refuse("InstanceIds.ExceedLimit");
    }
    let now = call.now.real;
    call.world.update::<Invocation, _>(id, |row| {
        if !matches!(row.head.status, Status::Running | Status::Scheduled) {
            return;
        }
        for result in &mut row.results {
            if !result.invalid && (only.is_empty() || only.contains(&result.instance_id.as_str())) {
                result.stopped.get_or_insert(now);
            }
        }
        if row
            .results
            .iter()
            .all(|result| result.invalid || result.stopped.is_some())
        {
            row.head.settle_as(Status::Stopped);
            row.finished = Some(now);
        }
    });
    done()
}

/// The two words for how far a server has come: the older one and the newer one.
fn words(row: &Invocation, result: &Outcome) -> (&'static str, &'static str) {
    if result.invalid {
        return ("Failed", "Invalid");
    }
    if result.stopped.is_some() {
        return (
            "Stopped",
            if row.repeat_mode == "Once" {
                "Terminated"
            } else {
                "Cancelled"
            },
        );
    }
    match row.head.status {
        Status::Scheduled => ("Running", "Scheduled"),
        Status::Running => ("Running", "Running"),
        _ if result.exit_code != 0 => ("Failed", "Failed"),
        _ => ("Finished", "Success"),
    }
}

/// The same for all servers together.
fn all_words(row: &Invocation) -> (&'static str, &'static str) {
    let each: Vec<_> = row.results.iter().map(|result| words(row, result)).collect();
    let count = |word: &str| each.iter().filter(|(old, _)| *old == word).count();
    match row.head.status {
        Status::Scheduled => ("Running", "Scheduled"),
        Status::Running => ("Running", "Running"),
        Status::Stopped => ("Stopped", "Stopped"),
        _ if count("Finished") == each.len() => ("Finished", "Success"),
        _ if count("Finished") == 0 => ("Failed", "Failed"),
        _ => ("PartialFailed", "PartialFailed"),
    }
}

/// Moments and texts of one server's part.
fn part(call: &Call<'_>, row: &Invocation, result: &Outcome) -> Vec<(&'static str, Node)> {
    let ran = !result.invalid && row.head.status != Status::Scheduled;
    let ended = row.finished.or(result.stopped).filter(|_| ran);
    let output = if ended.is_some() {
        encoded(call, &result.output)
    } else {
        String::new()
    };
    let at = |moment: Option<i64>| Node::from(moment.map(seconds).unwrap_or_default());
    vec![
        ("InstanceId", result.instance_id.as_str().into()),
        ("InvocationStatus", words(row, result).1.into()),
        (
            "ErrorCode",
            if result.invalid { "InstanceNotRunning" } else { "" }.into(),
        ),
        (
            "ErrorInfo",
            if result.invalid {
                "the instance is not running"
            } else {
                ""
            }
            .into(),
        ),
        ("Output", output.into()),
        (
            "ExitCode",
            if ended.is_some() { result.exit_code } else { 0 }.into(),
        ),
        ("Dropped", 0.into()),
        ("Repeats", usize::from(ran).into()),
        ("StartTime", at(ran.then_some(row.head.created))),
        ("StopTime", at(result.stopped)),
    ]
}

fn describe_invocations(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("InvokeId").map(|id| vec![id]);
    let search = Search::ids(ids).or_link("instance of", params.text("InstanceId"));
    let page = call.page::<Invocation>(search, |row| {
        call.is("CommandId", &row.command.head.id)
            && call.is("CommandName", &row.command.head.name)
            && call.is("CommandType", &row.command.kind)
            && call.is("RepeatMode", &row.repeat_mode)
            && call.is("ResourceGroupId", &row.head.resource_group)
            && params
                .bool("Timed")
                .is_none_or(|timed| timed == (row.repeat_mode != "Once"))
            && params
                .text("InvokeStatus")
                .is_none_or(|wanted| wanted == all_words(row).0 || wanted == all_words(row).1)
            && params
                .text("InstanceId")
                .is_none_or(|id| row.results.iter().any(|result| result.instance_id == id))
    })?;
    Ok(call.listed(&page, "Invocations", "Invocation", |row| {
        let instances = row.results.iter().map(|result| {
            let mut node = map! {
                "InstanceInvokeStatus": words(row, result).0,
                "CreationTime": seconds(row.head.created),
                "UpdateTime": seconds(row.finished.unwrap_or(row.head.created)),
                "FinishTime": row.finished.map(seconds).unwrap_or_default(),
                "Timed": row.repeat_mode != "Once",
            };
            for (name, value) in part(call, row, result) {
                if name != "Output" || params.flag("IncludeOutput") {
                    node.push(name, value);
                }
            }
            node
        });
        map! {
            "InvokeId": &row.head.id,
            "InvokeStatus": all_words(row).0,
            "InvocationStatus": all_words(row).1,
            "CommandId": &row.command.head.id,
            "CommandName": &row.command.head.name,
            "CommandDescription": &row.command.head.description,
            "CommandType": &row.command.kind,
            "CommandContent": encoded(call, &row.command.content),
            "Parameters": &row.parameters,
            "RepeatMode": &row.repeat_mode,
            "Timed": row.repeat_mode != "Once",
            "Frequency": &row.frequency,
            "Timeout": row.timeout,
            "Username": &row.username,
            "WorkingDir": &row.working_dir,
            "TerminationMode": &row.termination,
            "Launcher": &row.command.launcher,
            "CreationTime": seconds(row.head.created),
            "InvokeInstances": map! { "InvokeInstance": instances.collect::<Vec<_>>() },
            "Tags": ecs_tags(&row.head.tags),
        }
    }))
}

fn describe_results(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("InvokeId").map(|id| vec![id]);
    let rows = call.world.all::<Invocation>();
    let instance_id = params.text("InstanceId");
    let found: Vec<(&Invocation, &Outcome)> = rows
        .iter()
        .rev()
        .filter(|row| {
            row.head.region == call.region
                && ids.as_ref().is_none_or(|ids| ids.contains(&row.head.id.as_str()))
                && call.is("CommandId", &row.command.head.id)
                && call.is("ResourceGroupId", &row.head.resource_group)
        })
        .flat_map(|row| row.results.iter().map(move |result| (row, result)))
        .filter(|(row, result)| {
            instance_id.is_none_or(|id| id == result.instance_id)
                && params
                    .text("InvokeRecordStatus")
                    .is_none_or(|wanted| wanted == words(row, result).0)
        })
        .collect();
    let (number, size) = call.number_and_size(50)?;
    let from = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    let nodes: Vec<Node> = found
        .iter()
        .skip(from)
        .take(size)
        .map(|(row, result)| {
            let mut node = map! {
                "InvokeId": &row.head.id,
                "CommandId": &row.command.head.id,
                "InvokeRecordStatus": words(row, result).0,
                "FinishedTime": row.finished.map(seconds).unwrap_or_default(),
                "Username": &row.username,
                "TerminationMode": &row.termination,
                "Launcher": &row.command.launcher,
                "Tags": ecs_tags(&row.head.tags),
            };
            part(call, row, result)
                .into_iter()
                .for_each(|(name, value)| node.push(name, value));
            node
        })
        .collect();
    Ok(map! {
        "Invocation": map! {
            "InvocationResults": map! { "InvocationResult": nodes },
            "PageNumber": number,
            "PageSize": i64::try_from(size).unwrap_or(50),
            "TotalCount": found.len(),
            "NextToken": "",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_it_echoes_and_ends_as_it_says() {
        assert_eq!(
            play("#!/bin/sh\necho 'hi'\n echo you\n"),
            ("hi\nyou\n".to_owned(), 0)
        );
        assert_eq!(play("echo a\nexit 3\necho b"), ("a\n".to_owned(), 3));
        assert_eq!(parameter_names("{{a}} {{ b }} {{a}}"), ["a", "b"]);
    }
}
