//! The cloud assistant: commands, what came of them, and files.

use serde_json::json;

use super::super::catalogue::{Step, ecs};
use super::super::{Sim, instance_params, text};

pub(super) const ASSISTANT_WALK: &[Step] = &[
    ecs("InstallCloudAssistant", &[("InstanceId.1", "$running")]),
    ecs("DescribeCloudAssistantStatus", &[("InstanceId.1", "$running")]),
    ecs(
        "ModifyCloudAssistantSettings",
        &[
            ("SettingType", "AgentUpgradeConfig"),
            (
                "AgentUpgradeConfig",
                "{\"Enabled\":true,\"AllowedUpgradeWindow\":[\"02:00-05:00\"],\"TimeZone\":\"Asia/Shanghai\"}",
            ),
        ],
    ),
    ecs(
        "DescribeCloudAssistantSettings",
        &[
            ("SettingType.1", "AgentUpgradeConfig"),
            ("SettingType.2", "SessionManagerConfig"),
            ("SettingType.3", "InvocationDelivery"),
        ],
    ),
    ecs(
        "CreateCommand",
        &[
            ("Name", "hello"),
            ("Type", "RunShellScript"),
            // echo {{who}}
            ("CommandContent", "ZWNobyB7e3dob319"),
            ("EnableParameter", "true"),
        ],
    )
    .keep("command", "/CommandId"),
    ecs("DescribeCommands", &[("CommandId", "$command")]),
    ecs(
        "ModifyCommand",
        &[("CommandId", "$command"), ("Description", "greets")],
    ),
    ecs(
        "InvokeCommand",
        &[
            ("CommandId", "$command"),
            ("InstanceId.1", "$running"),
            ("Parameters", "{\"who\":\"you\"}"),
        ],
    )
    .keep("invocation", "/InvokeId"),
    ecs(
        "DescribeInvocations",
        &[("InvokeId", "$invocation"), ("IncludeOutput", "true")],
    ),
    ecs("DescribeInvocationResults", &[("InvokeId", "$invocation")]),
    ecs(
        "RunCommand",
        &[
            ("Type", "RunShellScript"),
            ("CommandContent", "echo hi"),
            ("InstanceId.1", "$running"),
            ("RepeatMode", "EveryReboot"),
        ],
    )
    .keep("standing", "/InvokeId"),
    ecs("StopInvocation", &[("InvokeId", "$standing")]),
    ecs("DeleteCommand", &[("CommandId", "$command")]),
    ecs(
        "SendFile",
        &[
            ("Name", "motd"),
            ("TargetDir", "/etc"),
            ("Content", "welcome"),
            ("InstanceId.1", "$running"),
        ],
    )
    .keep("file", "/InvokeId"),
    ecs("DescribeSendFileResults", &[("InvokeId", "$file")]),
];

#[test]
fn a_command_is_run_and_remembered() {
    let mut sim = Sim::new();
    let net = sim.network();
    let stopped = sim.instance(&net, &[]);
    let made = sim.ecs("RunInstances", &instance_params(&net, &[])).ok();
    let running = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    sim.wait(30);
    let order = [
        ("Name", "greet"),
        ("Type", "RunShellScript"),
        ("CommandContent", "ZWNobyB7e3dob319"),
        ("EnableParameter", "true"),
    ];
    let command = text(&sim.ecs("CreateCommand", &order).ok()["CommandId"]);
    let call = [
        ("CommandId", command.as_str()),
        ("InstanceId.1", running.as_str()),
        ("InstanceId.2", stopped.as_str()),
    ];
    sim.ecs("InvokeCommand", &call)
        .refused(400, "Parameter.MissingValue");
    let call = [&call[..], &[("Parameters", "{\"who\":\"you\"}")]].concat();
    let invocation = text(&sim.ecs("InvokeCommand", &call).ok()["InvokeId"]);
    sim.ecs("DeleteCommand", &call[..1])
        .refused(403, "InvalidStatus.CmdIdInUse");
    let results = |sim: &mut Sim| {
        let params = [
            ("InvokeId", invocation.as_str()),
            ("ContentEncoding", "PlainText"),
        ];
        sim.ecs("DescribeInvocationResults", &params).ok()["Invocation"]["InvocationResults"]
            ["InvocationResult"]
            .clone()
    };
    let shown = results(&mut sim);
    assert_eq!(
        (&shown[0]["InvokeRecordStatus"], &shown[1]["ErrorCode"]),
        (&json!("Running"), &json!("InstanceNotRunning"))
    );
    sim.wait(10);
    let shown = results(&mut sim);
    assert_eq!(
        (
            &shown[0]["InvocationStatus"],
            &shown[0]["Output"],
            &shown[0]["ExitCode"]
        ),
        (&json!("Success"), &json!("you\n"), &json!(0))
    );
    let whole = sim.ecs("DescribeInvocations", &[("InvokeId", &invocation)]).ok();
    assert_eq!(
        whole["Invocations"]["Invocation"][0]["InvokeStatus"],
        "PartialFailed"
    );
    sim.ecs("DeleteCommand", &call[..1]).ok();
}

#[test]
fn a_file_is_sent_once_unless_it_may_be_overwritten() {
    let mut sim = Sim::new();
    let net = sim.network();
    let made = sim.ecs("RunInstances", &instance_params(&net, &[])).ok();
    let running = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    sim.wait(30);
    let file = [
        ("Name", "motd"),
        ("TargetDir", "/etc"),
        ("Content", "welcome"),
        ("InstanceId.1", running.as_str()),
    ];
    let mut send = |more: &[(&str, &str)]| {
        let id = text(&sim.ecs("SendFile", &[&file[..], more].concat()).ok()["InvokeId"]);
        sim.wait(5);
        let shown = sim.ecs("DescribeSendFileResults", &[("InvokeId", &id)]).ok();
        shown["Invocations"]["Invocation"][0]["InvocationStatus"].clone()
    };
    assert_eq!(send(&[]), "Success");
    assert_eq!(send(&[]), "Failed");
    assert_eq!(send(&[("Overwrite", "true")]), "Success");
}
