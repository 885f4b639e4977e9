//! Files that the cloud assistant puts on servers.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, ecs_tags};
use super::super::clock::{Now, seconds};
use super::super::head::{Head, Status, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::instance_row::Instance;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SentFile {
    #[serde(flatten)]
    pub(super) head: Head,
    folder: String,
    content: String,
    content_type: String,
    owner: String,
    group: String,
    mode: String,
    overwrite: bool,
    /// Servers, each with why it did not work there.
    targets: Vec<(String, String)>,
    finished: Option<i64>,
}

row!(SentFile, links: |row, link| row.targets.iter().for_each(|(id, _)| link("instance of", id)));

impl Kind for SentFile {
    const NAME: &'static str = "sent_file";

    fn arrived(world: &mut World, id: &str, _status: Status, now: Now) {
        world.update::<SentFile, _>(id, |row| row.finished = Some(now.real));
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "SendFile", send),
    (ECS, "DescribeSendFileResults", describe),
];

/// Simulated: how long it takes, in milliseconds of life-cycle time.
const SENDING_MS: i64 = 2_000;
/// The vendor's limits.
const BYTES_MAX: usize = 32 * 1024;
const INSTANCES_MAX: usize = 50;

fn send(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let name = params.required("Name")?;
    if name.len() > 255 {
        return refuse("FileName.ExceedLimit");
    }
    let content = params.required("Content")?;
    let content_type = match params.text_or("ContentType", "PlainText") {
        "PlainText" => "PlainText",
        "Base64" => {
            use base64::Engine as _;
            if base64::engine::general_purpose::STANDARD.decode(content).is_err() {
                return refuse("FileContent.DecodeError");
            }
            "Base64"
        }
        _ => return refuse("FileContentType.Invalid"),
    };
    let bytes = if content_type == "Base64" {
        content.len()
    } else {
        content.len().div_ceil(3) * 4
    };
    if bytes > BYTES_MAX {
        return refuse("FileSize.ExceedLimit");
    }
    let folder = params.required("TargetDir")?;
    if folder.len() > 255 {
        return refuse("FileTargetDir.Invalid");
    }
    let mode = params.text_or("FileMode", "0644");
    if !(3..=4).contains(&mode.len()) || !mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        return refuse("FileMode.Invalid");
    }
    let account = |text: &str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let (owner, group) = (
        params.text_or("FileOwner", "root"),
        params.text_or("FileGroup", "root"),
    );
    if !account(owner) {
        return refuse("InvalidParameter.FileOwner");
    }
    if !account(group) {
        return refuse("InvalidParameter.FileGroup");
    }
    let ids = params.list("InstanceId");
    if ids.len() > INSTANCES_MAX {
        return refuse("InstanceIds.ExceedLimit");
    }
    let overwrite = params.flag("Overwrite");
    let mut targets = Vec::new();
    for id in ids {
        let row = call.find::<Instance>(id, "InvalidInstance.NotFound")?;
        let there = call.world.linked::<SentFile>("instance of", id).any(|file| {
            let arrived = file
                .targets
                .iter()
                .any(|(own, error)| own == id && error.is_empty());
            file.name == name && file.folder == folder && arrived
        });
        let error = match (row.status == Status::Running, there && !overwrite) {
            (false, _) => "InstanceNotRunning",
            (true, true) => "FileAlreadyExists",
            (true, false) => "",
        };
        targets.push((id.to_owned(), error.to_owned()));
    }
    let description = params.text_or("Description", "").to_owned();
    if description.chars().count() > 512 {
        return refuse("FileDesc.ExceedLimit");
    }
    let tags = call.tags()?;
    let (mut head, _) = call.head("f-");
    head.name = name.to_owned();
    head.description = description;
    head.tags = tags;
    head.pass(Status::Running, SENDING_MS, Status::Finished, call.now);
    let answer = map! { "InvokeId": &head.id };
    call.world.insert(SentFile {
        head,
        folder: folder.to_owned(),
        content: content.to_owned(),
        content_type: content_type.to_owned(),
        owner: owner.to_owned(),
        group: group.to_owned(),
        mode: mode.to_owned(),
        overwrite,
        targets,
        finished: None,
    });
    Ok(answer)
}

fn word(file: &SentFile, error: &str) -> &'static str {
    match (file.status, error.is_empty()) {
        (Status::Running, true) => "Running",
        (_, true) => "Success",
        (_, false) => "Failed",
    }
}

fn all_word(file: &SentFile) -> &'static str {
    let good = file.targets.iter().filter(|(_, error)| error.is_empty()).count();
    match file.status {
        Status::Running => "Running",
        _ if good == file.targets.len() => "Success",
        _ if good == 0 => "Failed",
        _ => "PartialFailed",
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = params.text("InvokeId").map(|id| vec![id]);
    let search = Search::ids(ids).or_link("instance of", params.text("InstanceId"));
    let page = call.page::<SentFile>(search, |file| {
        call.is("Name", &file.name)
            && call.is("InvocationStatus", all_word(file))
            && call.is("ResourceGroupId", &file.resource_group)
            && params
                .text("InstanceId")
                .is_none_or(|id| file.targets.iter().any(|(own, _)| own == id))
    })?;
    Ok(call.listed(&page, "Invocations", "Invocation", |file| {
        let instances = file.targets.iter().map(|(id, error)| {
            map! {
                "InstanceId": id,
                "InvocationStatus": word(file, error),
                "ErrorCode": error,
                "ErrorInfo": "",
                "CreationTime": seconds(file.created),
                "StartTime": seconds(file.created),
                "FinishTime": file.finished.map(seconds).unwrap_or_default(),
                "UpdateTime": seconds(file.finished.unwrap_or(file.created)),
            }
        });
        map! {
            "InvokeId": &file.id,
            "Name": &file.name,
            "Description": &file.description,
            "TargetDir": &file.folder,
            "Content": &file.content,
            "ContentType": &file.content_type,
            "FileOwner": &file.owner,
            "FileGroup": &file.group,
            "FileMode": &file.mode,
            "Overwrite": file.overwrite.to_string(),
            "InvocationStatus": all_word(file),
            "VmCount": file.targets.len(),
            "CreationTime": seconds(file.created),
            "InvokeInstances": map! { "InvokeInstance": instances.collect::<Vec<_>>() },
            "Tags": ecs_tags(&file.tags),
        }
    }))
}
