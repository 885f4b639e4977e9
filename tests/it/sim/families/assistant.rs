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
    ecs(
        "RunCommand",
        &[
            ("Type", "RunShellScript"),
            ("CommandContent", "echo you"),
            ("InstanceId.1", "$running"),
            ("RepeatMode", "Period"),
            ("Frequency", "rate(5m)"),
        ],
    )
    .keep("timed", "/InvokeId"),
    ecs(
        "ModifyInvocationAttribute",
        &[
            ("InvokeId", "$timed"),
            ("CommandContent", "echo {{a}}"),
            ("EnableParameter", "true"),
            ("Parameters", "{\"a\":\"c\"}"),
            ("Frequency", "rate(9m)"),
        ],
    ),
    ecs(
        "RunCommand",
        &[
            ("Type", "RunShellScript"),
            ("CommandContent", "acs-plugin-manager --exec --plugin checker"),
            ("InstanceId.1", "$running"),
        ],
    ),
    ecs("ListPluginStatus", &[]),
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

/// A server that runs, and one that does not.
fn servers(sim: &mut Sim) -> (String, String) {
    let net = sim.network();
    let stopped = sim.instance(&net, &[]);
    let made = sim.ecs("RunInstances", &instance_params(&net, &[])).ok();
    sim.wait(30);
    (text(&made["InstanceIdSets"]["InstanceIdSet"][0]), stopped)
}

#[test]
fn what_is_to_run_again_is_changed_until_it_is_stopped() {
    let mut sim = Sim::new();
    let (running, stopped) = servers(&mut sim);
    let order = [
        ("Type", "RunShellScript"),
        ("CommandContent", "echo {{who}}"),
        ("EnableParameter", "true"),
        ("Parameters", "{\"who\":\"you\"}"),
        ("InstanceId.1", running.as_str()),
    ];
    let timed = [
        ("RepeatMode", "Period"),
        ("Frequency", "rate(5m)"),
        ("KeepCommand", "true"),
    ];
    let made = sim.ecs("RunCommand", &[&order[..], &timed].concat()).ok();
    let (timed, old) = (text(&made["InvokeId"]), text(&made["CommandId"]));
    let own = ("InvokeId", timed.as_str());
    let changed = sim
        .ecs(
            "ModifyInvocationAttribute",
            &[
                own,
                ("CommandContent", "echo {{what}}"),
                ("Parameters", "{\"what\":\"else\"}"),
                ("Frequency", "0 0 12 * * ?"),
                ("InstanceId.1", &stopped),
            ],
        )
        .ok();
    assert_ne!(changed["CommandId"], old.as_str());
    let shown = sim
        .ecs("DescribeInvocations", &[own, ("ContentEncoding", "PlainText")])
        .ok();
    let shown = &shown["Invocations"]["Invocation"][0];
    assert_eq!(
        (&shown["CommandContent"], &shown["Frequency"], &shown["CommandId"]),
        (
            &json!("echo {{what}}"),
            &json!("0 0 12 * * ?"),
            &changed["CommandId"]
        )
    );
    let both = shown["InvokeInstances"]["InvokeInstance"].as_array().unwrap();
    assert_eq!(both.len(), 2);
    // The old one was kept, and is free.
    let kept = sim.ecs("DescribeCommands", &[]).ok();
    assert_eq!(kept["TotalCount"], 2);
    sim.ecs("DeleteCommand", &[("CommandId", &old)]).ok();
    let long = format!("{{\"{}\":\"\"}}", "k".repeat(65));
    let content = "x".repeat(20_000);
    for (name, value, status, code) in [
        ("Frequency", "daily", 400, "InvalidParameter.Frequency"),
        (
            "Parameters",
            "{\"who\":\"you\"}",
            400,
            "InvalidParameters.KeyNotMatch",
        ),
        ("Parameters", "[]", 400, "InvalidParameters.KeyMalformed"),
        ("Parameters", "{\"\":\"\"}", 400, "InvalidParameters.KeyEmpty"),
        (
            "Parameters",
            &long,
            403,
            "InvalidParameters.KeyLengthLimitExceeded",
        ),
        (
            "Parameters",
            "{\"what\":[]}",
            403,
            "InvalidParameters.ValueTypeUnsupported",
        ),
        (
            "CommandContent",
            &content,
            403,
            "InvalidCommandContent.LengthLimitExceeded",
        ),
        ("InstanceId.1", "i-no", 404, "InvalidInstanceId.NotFound"),
    ] {
        sim.ecs("ModifyInvocationAttribute", &[own, (name, value)])
            .refused(status, code);
    }
    let base = [own, ("CommandContent", "?"), ("ContentEncoding", "Base64")];
    sim.ecs("ModifyInvocationAttribute", &base)
        .refused(400, "InvalidCommandContent.DecodeError");
    sim.ecs("StopInvocation", &[own]).ok();
    sim.ecs("ModifyInvocationAttribute", &[own, ("Frequency", "rate(7m)")])
        .refused(403, "InvalidOperation.InvokeAlreadyFinished");
    let once = text(&sim.ecs("RunCommand", &order).ok()["InvokeId"]);
    sim.ecs("ModifyInvocationAttribute", &[("InvokeId", &once)])
        .refused(403, "InvalidOperation.RepeatModeUnsupported");
    sim.ecs("ModifyInvocationAttribute", &[("InvokeId", "t-no")])
        .refused(404, "InvalidInvokeId.NotFound");
}

#[test]
fn a_plugin_is_on_the_servers_that_were_told_to_run_it() {
    let mut sim = Sim::new();
    let (running, stopped) = servers(&mut sim);
    let order = [
        ("Type", "RunShellScript"),
        (
            "CommandContent",
            "acs-plugin-manager --exec --plugin checker --params all",
        ),
        ("InstanceId.1", running.as_str()),
        ("InstanceId.2", stopped.as_str()),
    ];
    sim.ecs("RunCommand", &order).ok();
    sim.wait(10);
    let all = sim.ecs("ListPluginStatus", &[]).ok();
    assert_eq!(all["TotalCount"], 2);
    let named = sim.ecs("ListPluginStatus", &[("Name", "checker")]).ok();
    assert_eq!(named["TotalCount"], 1);
    let one = &named["InstancePluginStatusSet"]["InstancePluginStatus"][0];
    assert_eq!(one["InstanceId"], running.as_str());
    let plugin = &one["PluginStatusSet"]["PluginStatus"][0];
    assert_eq!(
        (&plugin["PluginName"], &plugin["PluginStatus"]),
        (&json!("checker"), &json!("ONCE_INSTALLED"))
    );
    assert_eq!(
        sim.ecs("ListPluginStatus", &[("Name", "other")]).ok()["TotalCount"],
        0
    );
    sim.ecs("ListPluginStatus", &[("InstanceId.1", "i-no")])
        .refused(404, "InvalidInstance.NotFound");
    let many: Vec<String> = (1..=51).map(|number| format!("InstanceId.{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "i-no")).collect();
    sim.ecs("ListPluginStatus", &many)
        .refused(400, "InstanceIds.ExceedLimit");
}
