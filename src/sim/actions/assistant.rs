//! The cloud assistant itself: its agent on servers, and its settings in a region.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::api::api;
use super::super::call::{Call, Entry, Search, done};
use super::super::clock::seconds;
use super::super::head::{Head, Status, regional_id, row};
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind;
use super::instance_row::Instance;

/// The settings of one type in one region, as they were sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Setting {
    #[serde(flatten)]
    pub(super) head: Head,
    values: Vec<(String, Value)>,
}

row!(Setting);

impl Kind for Setting {
    const NAME: &'static str = "assistant_setting";
}

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeCloudAssistantStatus", describe_status),
    (ECS, "InstallCloudAssistant", install),
    (ECS, "DescribeCloudAssistantSettings", describe_settings),
    (ECS, "ModifyCloudAssistantSettings", modify_settings),
];

const TYPES: &[&str] = &[
    "SessionManagerDelivery",
    "InvocationDelivery",
    "AgentUpgradeConfig",
    "SessionManagerConfig",
    "ResourceUsageConfig",
];
const INSTANCES_MAX: usize = 50;

/// The servers that a request names, all of which exist.
pub(super) fn checked<'a>(call: &Call<'a>) -> Result<Vec<&'a str>, Refusal> {
    let params = call.params;
    let ids = params.list("InstanceId");
    if ids.len() > INSTANCES_MAX {
        return refuse("InstanceIds.ExceedLimit");
    }
    for id in &ids {
        call.find::<Instance>(id, "InvalidInstance.NotFound")?;
    }
    Ok(ids)
}

fn describe_status(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let ids = checked(call)?;
    let page = call.page::<Instance>(Search::ids((!ids.is_empty()).then_some(ids)), |row| {
        let image = call.settings.catalogue.find_image(&row.image_id);
        let os = image.map_or("linux", |image| image.os_type.as_str());
        params
            .text("OSType")
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(os))
    })?;
    Ok(call.listed(
        &page,
        "InstanceCloudAssistantStatusSet",
        "InstanceCloudAssistantStatus",
        |row| {
            let runs = row.status == Status::Running;
            let times = call.world.heads_linked("invocation", "instance of", &row.id);
            let moments: Vec<i64> = times.map(|head| head.created).collect();
            let image = call.settings.catalogue.find_image(&row.image_id);
            let os = image.map_or("linux", |image| image.os_type.as_str());
            map! {
                "InstanceId": &row.id,
                "CloudAssistantStatus": runs.to_string(),
                "CloudAssistantVersion": "2.2.3.857",
                "LastHeartbeatTime": if runs { seconds(call.now.real) } else { String::new() },
                "LastInvokedTime": moments.iter().max().map(|at| seconds(*at)).unwrap_or_default(),
                "InvocationCount": moments.len(),
                "ActiveTaskCount": 0,
                "OSType": if os == "windows" { "Windows" } else { "Linux" },
                "SupportSessionManager": true,
            }
        },
    ))
}

fn install(call: &mut Call<'_>) -> Result<Node, Refusal> {
    if checked(call)?.is_empty() {
        return refuse("MissingParam.InstanceId");
    }
    // All images come with it; installing it again changes nothing.
    done()
}

/// What a setting is before anybody changes it.
fn standard(kind: &str) -> Value {
    match kind {
        "AgentUpgradeConfig" => serde_json::json!({
            "Enabled": false, "BootstrapUpgrade": true, "DisableUpgrade": false, "TimeZone": "",
            "AllowedUpgradeWindows": {"AllowedUpgradeWindow": []},
        }),
        "SessionManagerConfig" => serde_json::json!({"SessionManagerEnabled": false}),
        _ => serde_json::json!({}),
    }
}

fn describe_settings(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let mut answer = Node::Map(Vec::new());
    for kind in call.params.list("SettingType") {
        if !TYPES.contains(&kind) {
            return refuse("InvalidParameter.SettingType");
        }
        let set = call.world.get::<Setting>(&regional_id(&call.region, kind));
        let value = |name: &str| {
            let values = set.map_or(&[][..], |set| &set.values);
            values
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value.clone())
        };
        match kind {
            "AgentUpgradeConfig" => answer.push("AgentUpgradeConfig", merged(kind, value(kind))),
            "SessionManagerConfig" => answer.push("SessionManagerConfig", merged(kind, value(kind))),
            "ResourceUsageConfig" => answer.push("ResourceUsageConfig", merged(kind, value(kind))),
            _ => {
                let list = |name: &str| {
                    let own = value(name).map(|mut value| {
                        if let Value::Object(fields) = &mut value {
                            fields.insert("DeliveryType".to_owned(), kind.into());
                        }
                        Node::from(value)
                    });
                    own.into_iter().collect::<Vec<_>>()
                };
                answer.push(
                    "OssDeliveryConfigs",
                    map! { "OssDeliveryConfig": list("OssDeliveryConfig") },
                );
                answer.push(
                    "SlsDeliveryConfigs",
                    map! { "SlsDeliveryConfig": list("SlsDeliveryConfig") },
                );
            }
        }
    }
    Ok(call.trimmed(answer))
}

fn merged(kind: &str, own: Option<Value>) -> Node {
    let mut all = standard(kind);
    if let (Value::Object(all), Some(Value::Object(own))) = (&mut all, own) {
        for (name, value) in own {
            // The list is sent plain and shown wrapped.
            if name == "AllowedUpgradeWindow" {
                all.insert(
                    "AllowedUpgradeWindows".to_owned(),
                    serde_json::json!({"AllowedUpgradeWindow": value}),
                );
            } else {
                all.insert(name, value);
            }
        }
    }
    Node::from(all)
}

fn modify_settings(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let kind = params.required("SettingType")?;
    if !TYPES.contains(&kind) {
        return refuse("InvalidParameter.SettingType");
    }
    let names: &[&str] = match kind {
        "SessionManagerDelivery" | "InvocationDelivery" => &["OssDeliveryConfig", "SlsDeliveryConfig"],
        "AgentUpgradeConfig" => &["AgentUpgradeConfig"],
        "SessionManagerConfig" => &["SessionManagerConfig"],
        _ => &["ResourceUsageConfig"],
    };
    let mut values = Vec::new();
    for name in names {
        if let Some(text) = params.text(name) {
            match serde_json::from_str::<Value>(text) {
                Ok(value @ Value::Object(_)) => values.push(((*name).to_owned(), value)),
                _ => return Err(Refusal::invalid(name)),
            }
        }
    }
    if values.is_empty() {
        return Err(Refusal::missing(names[0]));
    }
    // What is told must be what can be shown.
    let shown = api().action(ECS, "DescribeCloudAssistantSettings");
    for (name, value) in &values {
        let (path, node) = match name.as_str() {
            "OssDeliveryConfig" => (
                &["OssDeliveryConfigs", "OssDeliveryConfig"][..],
                value.clone().into(),
            ),
            "SlsDeliveryConfig" => (
                &["SlsDeliveryConfigs", "SlsDeliveryConfig"][..],
                value.clone().into(),
            ),
            name => (&[names[0]][..], merged(name, Some(value.clone()))),
        };
        if shown.is_none_or(|shown| shown.misfit_at(path, &node).is_some()) {
            let windows = value.get("AllowedUpgradeWindow").is_some();
            return if windows {
                refuse("InvalidParameter.AllowedUpgradeWindow")
            } else {
                Err(Refusal::invalid(name))
            };
        }
    }
    if let Some((_, config)) = values.iter().find(|(name, _)| name == "AgentUpgradeConfig")
        && config["Enabled"] == true
        && config["AllowedUpgradeWindow"]
            .as_array()
            .is_none_or(Vec::is_empty)
    {
        return refuse("InvalidAllowedUpgradeWindow.Required");
    }
    let id = regional_id(&call.region, kind);
    let changed = call.world.update::<Setting, _>(&id, |set| {
        for (name, value) in values.clone() {
            set.values.retain(|(own, _)| *own != name);
            set.values.push((name, value));
        }
    });
    if changed.is_none() {
        let (head, _) = call.head("cas-");
        call.world.insert(Setting {
            head: Head { id, ..head },
            values,
        });
    }
    done()
}
