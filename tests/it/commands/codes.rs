//! Every code is provoked: by a command here, or by a test of the module where it comes from. `explain` tells of each.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use super::suggestions;
use crate::harness::{Output, World};

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";
const VPC: &str = "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n";

/// How a code comes about.
enum Way {
    /// This stands behind `[infra]`, and the files are checked.
    File(&'static str),
    /// A command in a world with one network in the file.
    Run(fn(&mut World) -> Output),
    /// Something else has to happen in the middle of a run: another test provokes it, in this file, with this name, and
    /// insists on the code, which it names like this.
    Unit(&'static str, &'static str, &'static str),
}

use Way::{File, Run, Unit};

const AHEAD: &str = "tests/it/commands/ahead.rs";
const ENDS: &str = "src/proof/ends.rs";
const FILES: &str = "src/state/tests/files.rs";

/// A world in which the network of the file exists.
fn applied(world: &mut World) {
    world.apply().exits(0);
}

/// Changes the bytes of the state file.
fn edit(world: &World, change: impl FnOnce(String) -> String) -> Output {
    let path = world.path().join(".infra/state/default.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, change(text)).unwrap();
    world.run(&["plan"])
}

fn file(world: &World, text: &str) {
    world.write("infra.toml", &format!("{HEAD}{text}"));
}

fn server(lines: &str) -> String {
    format!(
        "{VPC}[vswitch.main]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.1.0/24\"\n\
         [security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\n\
         [instance.web]\ninstance_type = \"ecs.t6-c1m1.large\"\nvswitch_id = \"${{vswitch.main.id}}\"\n\
         security_group_ids = [\"${{security_group.web.id}}\"]\n{lines}\n"
    )
}

const IMAGE: &str = "image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\n";

/// Runs something else than the binary alone, with its environment.
fn through(world: &World, mut command: Command) -> Output {
    let inner = world.command(&[]);
    command
        .current_dir(world.path())
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn set(world: &mut World, name: &str, value: &str) {
    world.vars.insert(name.to_owned(), value.to_owned());
}

#[rustfmt::skip]
const WAYS: &[(&str, Way)] = &[
    ("E0101", Run(|world| world.run(&["plan", "-C", "nowhere"]))),
    ("E0102", Run(|world| {
        std::fs::write(world.path().join("more.infra.toml"), [0xff, 0xfe]).unwrap();
        world.run(&["validate"])
    })),
    ("E0103", Run(|world| {
        world.write("more.infra.toml", &"#".repeat(5 << 20));
        world.run(&["validate"])
    })),
    ("E0104", Run(|world| {
        file(world, "requires = \">=99\"\n");
        world.run(&["validate"])
    })),
    ("E0105", Run(|world| {
        world.write("more.infra.toml", HEAD);
        world.run(&["validate"])
    })),
    ("E0106", Run(|world| {
        world.write("infra.toml", VPC);
        world.run(&["validate"])
    })),
    ("E0107", Run(|world| {
        let laugh: String = (1..40)
            .map(|step| format!("a{step} = [\"${{local.a{0}}}\", \"${{local.a{0}}}\"]\n", step - 1))
            .collect();
        file(world, &format!("[local]\na0 = [1, 2]\n{laugh}"));
        world.run(&["validate"])
    })),
    ("E0111", File("[vpc.main\n")),
    ("E0201", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\nnmae = \"x\"\n")),
    ("E0202", File("[instnace.web]\n")),
    ("E0203", File("[vpc.main]\ncidr_block = 3\n")),
    ("E0204", File("[vpc.main]\n")),
    ("E0205", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[instance.web]\nuser_data = \"x\"\nuser_data_file = \"infra.toml\"\n")),
    ("E0206", File("[vpc.main]\n[vpc.main]\n")),
    ("E0207", File("[[vpc.main]]\ncidr_block = \"10.0.0.0/16\"\n")),
    ("E0208", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\ncount = -1\n")),
    ("E0209", File("[infra.state]\nbackend = \"oss\"\n")),
    ("E0210", File("[vpc.\"a b\"]\ncidr_block = \"10.0.0.0/16\"\n")),
    ("E0211", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\nstatus = \"x\"\n")),
    ("E0301", File("[output]\nx = \"${vpc.none.id}\"\n")),
    ("E0302", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[output]\nx = \"${vpc.main}\"\n")),
    ("E0303", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[instance.web]\nvswitch_id = \"${vpc.main.id}\"\n")),
    ("E0304", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\ncount = 2\n[output]\nx = \"${vpc.main.id}\"\n")),
    ("E0305", File("[output]\nx = \"${var.none}\"\n")),
    ("E0306", File("[local]\na = \"${local.b}\"\nb = \"${local.a}\"\n")),
    ("E0307", File("[output]\nx = \"${}\"\n")),
    ("E0308", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[security_group.a]\nfor_each = [\"${vpc.main.id}\"]\n")),
    ("E0309", File("[instance.web]\nuser_data = \"echo ${HOME}\"\n")),
    ("E0310", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\nname = \"${count.index}\"\n")),
    ("E0311", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[output]\nx = \"${vpc.main.nmae}\"\n")),
    ("E0312", Run(|world| world.run(&["validate", "-v", "none=1"]))),
    ("E0313", File("[var.x]\nsensitive = true\ndefault = \"secret\"\n[vpc.main]\ncidr_block = \"10.0.0.0/16\"\nname = \"${var.x}\"\n")),
    ("E0314", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\ndepends_on = [\"vpc.none\"]\n")),
    ("E0315", Run(|world| {
        let lines = format!("{IMAGE}[instance.other]\ndescription = \"${{instance.web.public_ip}}\"\n{IMAGE}");
        let lines = format!("{lines}instance_type = \"ecs.t6-c1m1.large\"\nvswitch_id = \"${{vswitch.main.id}}\"\n");
        file(world, &server(&format!("{lines}security_group_ids = [\"${{security_group.web.id}}\"]\n")));
        world.run(&["plan"])
    })),
    ("E0316", Run(|world| {
        file(world, "[data.vpc.x]\nname = \"none\"\n");
        world.run(&["plan"])
    })),
    ("E0317", Run(|world| {
        file(world, "[data.image.x]\nos_type = \"linux\"\n");
        world.run(&["plan"])
    })),
    ("E0401", File("[instance.web]\nstatus = \"running\"\n")),
    ("E0402", Run(|world| {
        world.write("infra.toml", "[infra]\nname = \"x\"\nregion = \"hangzhou\"\n");
        world.run(&["validate"])
    })),
    ("E0403", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[vswitch.a]\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"cn-beijing-h\"\ncidr_block = \"10.0.0.0/24\"\n")),
    ("E0404", File("[instance.web]\ninstance_type = \"t3.micro\"\n")),
    ("E0405", File("[vpc.main]\ncidr_block = \"10.0.0.1/16\"\n")),
    ("E0406", Run(|world| {
        file(world, &server(&format!("{IMAGE}zone_id = \"cn-hangzhou-g\"\n")));
        world.run(&["validate"])
    })),
    ("E0407", File("[instance.web]\ninternet_max_bandwidth_out = 100000\n")),
    ("E0408", File("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\ntags = { \"infra:x\" = \"y\" }\n")),
    ("E0409", File("[instance.web]\nuser_data_file = \"../x\"\n")),
    ("E0410", File("[data.image.x]\nname_regex = \"(\"\n")),
    ("E0411", File("[instance.web]\npassword = \"x\"\n")),
    ("E0412", Run(|world| {
        file(world, &server(IMAGE).replace("vswitch_id = \"${vswitch.main.id}\"\n", ""));
        world.run(&["validate"])
    })),
    ("E0413", File("[instance.web]\npassword = { env = \"GITHUB_TOKEN\" }\n")),
    ("E0414", Run(|world| {
        file(world, "endpoint = \"http://127.0.0.1:7070\"\n");
        world.run(&["validate"])
    })),
    ("E0416", File("[vpc.a]\ncidr_block = \"10.0.0.0/16\"\n[vpc.b]\ncidr_block = \"10.1.0.0/16\"\n[vswitch.b]\nvpc_id = \"${vpc.b.id}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.1.0.0/24\"\n[nat_gateway.a]\nvpc_id = \"${vpc.a.id}\"\nvswitch_id = \"${vswitch.b.id}\"\n")),
    ("E0415", Run(|world| {
        file(world, &server(&format!("{IMAGE}count = 2\nprivate_ip = \"10.0.1.5\"\n")));
        world.run(&["validate"])
    })),
    ("E0501", Run(|world| world.run(&["plan", "-e", "none"]))),
    ("E0502", Run(|world| {
        world.write("env/prod.toml", "none = 1\n");
        world.run(&["validate", "-e", "prod"])
    })),
    ("E0503", File("[var.x]\n")),
    ("E0504", File("[var.x]\ntype = \"integer\"\ndefault = \"x\"\n")),
    ("E0511", Run(|world| world.run(&["apply"]))),
    ("E0512", Run(|world| {
        file(world, &server(&format!("{IMAGE}password = {{ env = \"NONE\" }}")));
        world.run(&["plan"])
    })),
    ("E0520", Run(|world| {
        applied(world);
        world.run(&["destroy", "--auto-approve"])
    })),
    ("E0521", Run(|world| {
        file(world, &format!("{VPC}lifecycle = {{ prevent_destroy = true }}\n"));
        applied(world);
        world.run(&["destroy", "--auto-approve", "--allow-destroy"])
    })),
    ("E0522", Unit("src/proof/vanished.rs", "what_vanished_is_made_again_only_with_leave", "E0522")),
    ("E0523", Run(|world| world.run(&["apply", "--auto-approve", "--read-only"]))),
    ("E0524", Run(|world| {
        file(world, &format!("{VPC}[policy]\nrequire_tags = [\"owner\"]\n"));
        world.run(&["plan"])
    })),
    ("E0525", Unit("tests/it/commands/money.rs", "an_amount_that_nobody_tells_needs_leave", "E0525")),
    ("E0530", Unit(AHEAD, "is_refused_and_destroys_nothing", "E0530")),
    ("E0531", Unit(AHEAD, "a_foreign_server_in_the_network_is_named_and_nothing_is_deleted", "E0531")),
    ("E0532", Unit("src/proof/ahead.rs", "what_moves_before_the_first_change_is_told_and_left_alone", "E0532")),
    ("E0533", Run(|world| {
        world.run(&["plan", "-o", "p.plan"]).exits(0);
        applied(world);
        world.run(&["apply", "p.plan"])
    })),
    ("E0534", Run(|world| world.run(&["apply", "infra.toml"]))),
    ("E0535", Run(|world| world.run(&["plan", "-o", "infra.toml"]))),
    ("E0536", Unit("tests/it/commands/rehearse.rs", "what_would_be_refused_part_way_is_told_before", "E0536")),
    ("E0601", Run(|world| {
        let text = |size: u8| server(&format!("{IMAGE}system_disk = {{ size = {size} }}"));
        file(world, &text(60));
        applied(world);
        file(world, &text(40));
        world.run(&["plan"])
    })),
    ("E0603", Unit("src/proof/damaged.rs", "nothing_is_changed_because_of_an_answer_that_lacks_a_field", "E0603")),
    ("E0604", Run(|world| {
        file(world, &server("image_id = \"none.vhd\"\n"));
        world.run(&["apply", "--auto-approve", "--no-preflight"])
    })),
    ("E0602", Unit("src/plan/arrange.rs", "a_cycle_of_changes_has_a_code_of_its_own", "codes::ORDER")),
    ("E0605", Unit(ENDS, "what_never_gets_there_is_told_with_what_was_waited_for", "E0605")),
    ("E0606", Unit(ENDS, "what_an_older_file_has_made_is_adopted_and_told", "E0606")),
    ("E0607", Unit(ENDS, "what_is_deleted_under_a_run_is_told_as_such", "E0607")),
    ("E0608", Unit(ENDS, "what_is_needed_and_not_there_is_told_by_name", "E0608")),
    ("E0610", Unit(AHEAD, "a_foreign_server_that_nobody_looked_for_is_named_at_the_first_refusal", "E0610")),
    ("E0611", Unit("src/plan/tests/said.rs", "two_that_cannot_be_side_by_side_are_left_out_and_it_is_said_why", "codes::NOT_SIDE_BY_SIDE")),
    ("E0699", Unit("src/plan/check.rs", "told", "codes::BUG")),
    ("E0701", Run(|world| {
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_ID", "");
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "");
        world.run(&["plan"])
    })),
    ("E0702", Run(|world| {
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_ID", "");
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "");
        world.write(".aliyun/config.json", "{");
        world.run(&["plan"])
    })),
    ("E0703", Run(|world| {
        file(world, "profile = \"none\"\n");
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_ID", "");
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "");
        world.write(".aliyun/config.json", "{\"current\": \"default\", \"profiles\": []}");
        world.run(&["plan"])
    })),
    ("E0704", Run(|world| {
        world.write("infra.toml", "[infra]\nname = \"x\"\n");
        world.run(&["plan"])
    })),
    ("E0705", Run(|world| {
        world.write("infra.toml", "[infra]\nname = \"x\"\n");
        set(world, "ALIBABA_CLOUD_REGION_ID", "a/b");
        world.run(&["plan"])
    })),
    ("E0706", Run(|world| {
        set(world, "INFRA_ENDPOINT", "ftp://127.0.0.1");
        world.run(&["plan"])
    })),
    ("E0711", Run(|world| {
        set(world, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong");
        world.run(&["plan"])
    })),
    ("E0712", Run(|world| {
        // A port at which nobody listens any more.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        set(world, "INFRA_ENDPOINT", &format!("http://127.0.0.1:{port}"));
        world.run(&["plan"])
    })),
    ("E0714", Unit(ENDS, "a_cloud_that_cannot_be_asked_is_told_with_the_reason", "E0714")),
    ("E0715", Unit(ENDS, "a_cloud_that_cannot_be_asked_is_told_with_the_reason", "E0715")),
    ("E0716", Unit("src/proof/account.rs", "with_the_keys_of_another_account_nothing_is_made", "E0716")),
    ("E0801", Run(|world| {
        applied(world);
        edit(world, |text| text.replace("10.0.0.0", "10.0.0.9"))
    })),
    ("E0802", Run(|world| {
        applied(world);
        edit(world, |_| String::new())
    })),
    ("E0803", Run(|world| {
        applied(world);
        std::fs::remove_file(world.path().join(".infra/state/default.json")).unwrap();
        world.run(&["plan"])
    })),
    ("E0804", Run(|world| {
        applied(world);
        edit(world, |_| "{\"version\": 4}".to_owned())
    })),
    ("E0805", Run(|world| {
        applied(world);
        edit(world, |text| text.replacen("\"format\": ", "\"format\": 9", 1))
    })),
    ("E0806", Run(|world| {
        std::fs::create_dir_all(world.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", world.path().join(".infra")).unwrap();
        world.run(&["plan"])
    })),
    ("E0807", Unit(FILES, "a_damaged_journal_is_refused_and_what_can_be_read_is_restored", "E0807")),
    ("E0808", Unit(FILES, "a_journal_of_another_state_is_refused", "E0808")),
    ("E0809", Run(|world| {
        applied(world);
        let path = world.path().join(".infra/state/default.lock");
        let lock = std::fs::File::options().write(true).open(path).unwrap();
        lock.lock().unwrap();
        world.apply()
    })),
    ("E0810", Unit(ENDS, "a_folder_without_locks_is_refused_before_anything_is_asked", "E0810")),
    ("E0811", Run(|world| {
        world.write(".infra", "a file where the folder should be");
        world.run(&["apply", "--auto-approve"])
    })),
    ("E0812", Unit("src/state/tests/session.rs", "nothing_is_begun_after_a_failed_write", "E0812")),
    ("E0814", Unit(ENDS, "an_id_that_another_address_has_is_not_believed", "E0814")),
    ("E0815", Run(|world| {
        file(world, &format!("{VPC}[vpc.other]\ncidr_block = \"10.1.0.0/16\"\n"));
        applied(world);
        world.run(&["state", "mv", "vpc.main", "vpc.other"])
    })),
    ("E0816", Run(|world| world.run(&["state", "restore"]))),
    ("E0817", Run(|world| {
        world.write("bad.json", "{}");
        world.run(&["state", "push", "bad.json"])
    })),
    ("E0818", Unit(FILES, "a_name_cannot_lead_out_of_the_folder", "E0818")),
    ("E0843", Run(|world| world.run(&["state", "show", "vpc.none"]))),
    ("E0844", Run(|world| {
        applied(world);
        let text = world.read("infra.toml");
        world.write("infra.toml", &text.replace("cn-hangzhou", "cn-beijing"));
        world.run(&["plan"])
    })),
    ("E0845", Run(|world| {
        applied(world);
        world.run(&["state", "mv", "vpc.main", "vswitch.main"])
    })),
    ("E0846", Run(|world| {
        applied(world);
        let pulled = world.run(&["state", "pull"]).exits(0);
        let mut state: serde_json::Value = serde_json::from_str(&pulled.stdout).unwrap();
        let mut unknown = state["resources"]["vpc.main"].clone();
        unknown["type"] = "teleporter".into();
        state["resources"]["teleporter.a"] = unknown;
        world.write("newer.json", &state.to_string());
        world.run(&["state", "push", "newer.json"]).exits(0);
        world.run(&["plan"])
    })),
    ("E0819", Unit("src/state/tests/folder.rs", "when_the_folder_disappears_results_are_saved_and_nothing_is_begun", "E0819")),
    ("E0820", Unit("src/proof/repair.rs", "everywhere", "E0820")),
    ("E0821", Run(|world| {
        applied(world);
        world.run(&["state", "rebuild"])
    })),
    ("E0822", Run(|world| {
        applied(world);
        std::fs::remove_dir_all(world.path().join(".infra")).unwrap();
        world.apply()
    })),
    ("E0823", Run(|world| {
        applied(world);
        let text = world.read("infra.toml");
        world.write("infra.toml", &text.replace("name = \"x\"", "name = \"y\""));
        world.run(&["plan"])
    })),
    ("E0824", Run(|world| world.run(&["state", "rebuild"]))),
    ("E0825", Run(|world| {
        applied(world);
        std::fs::remove_dir_all(world.path().join(".infra")).unwrap();
        let id = world.inventory()["accounts"][0]["vpc"][0]["id"].as_str().unwrap().to_owned();
        world.run(&["import", "vpc.main", &id])
    })),
    ("E0831", Run(|world| world.run(&["output", "none"]))),
    ("E0832", Run(|world| {
        file(world, &format!("{VPC}[output]\nx = [\"a\"]\n"));
        applied(world);
        world.run(&["output", "-r", "x"])
    })),
    ("E0841", Run(|world| world.run(&["import", "vpc.none[0]", "vpc-1"]))),
    ("E0842", Run(|world| world.run(&["import", "vpc.main", "vpc-none"]))),
    ("E0901", Run(|world| world.run(&["sim", "serve", "--speed", "slow"]))),
    ("E0902", Run(|world| {
        let taken = world.server().addr().to_string();
        world.run(&["sim", "serve", "--listen", &taken])
    })),
    ("E0903", Run(|world| world.run(&["plan", "--log-file", "no/such/folder/log"]))),
    ("E0904", Run(|world| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec \"$0\" plan > /dev/full", env!("CARGO_BIN_EXE_infra")]);
        through(world, command)
    })),
    ("E0905", Run(|world| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "ulimit -n 6; exec \"$0\" plan", env!("CARGO_BIN_EXE_infra")]);
        through(world, command)
    })),
    ("E0906", Run(|world| world.run(&["explain", "E9999"]))),
    ("E0907", Run(|world| world.run(&["sim", "replay", "none.jsonl"]))),
    ("E0908", Run(|world| {
        world.write("file", "");
        world.run(&["man", "file/pages"])
    })),
    ("E0909", Run(|world| world.run(&["init"]))),
    ("E0910", Run(|world| world.run(&["up"]))),
    ("W001", File("[local]\na = {\n x = 1 }\n")),
    ("W012", File("[local]\nz = [\"10.0.0.0/16\", \"10.1.0.0/16\"]\n[vpc.main]\ncount = 2\ncidr_block = \"${local.z[count.index]}\"\n")),
    ("W031", File("[security_group.a]\ningress = [{ port_range = \"22\", source_cidr_ip = \"0.0.0.0/0\" }]\n")),
    ("W032", File("# LTAI5tExampleOfAKey00\n")),
    ("W033", Run(|world| {
        file(world, &server(&format!("{IMAGE}[eip.a]\ncount = 2\ninstance_id = \"${{instance.web.id}}\"\n")));
        world.run(&["validate"])
    })),
    ("W034", Run(|world| {
        world.write("x.sh", "#!/bin/sh\r\ntrue\r\n");
        file(world, &server(&format!("{IMAGE}user_data_file = \"x.sh\"\n")));
        world.run(&["validate"])
    })),
    ("W041", Run(|world| {
        world.write("infra.toml", "[infra]\nname = \"x\"\nregion = \"cn-nowhere\"\n");
        world.run(&["validate"])
    })),
    ("W042", File("[instance.a]\ninstance_type = \"ecs.g7.larg\"\n")),
    ("W043", File("[instance.a]\ninstance_type = \"ecs.g7.large\"\nsystem_disk = { category = \"cloud\" }\n")),
    ("W050", Unit(AHEAD, "what_may_not_be_tried_is_not_refused", "not checked beforehand")),
    ("W051", Run(|world| {
        file(world, "[eip.front]\n[policy]\nmax_monthly_cost = 1000\n");
        world.run(&["plan"])
    })),
    ("W052", Unit("tests/it/commands/rehearse.rs", "what_a_twin_cannot_hold_is_not_refused", "W052")),
    ("W091", Run(|world| world.run(&["plan", "--log-file", "/dev/full"]))),
    ("W801", Run(|world| {
        applied(world);
        world.run(&["state", "rm", "vpc.main"]).exits(0);
        file(world, "");
        world.run(&["plan"])
    })),
    ("W802", Run(|world| {
        applied(world);
        file(world, &VPC.replace("main", "other"));
        world.run(&["plan"])
    })),
];

/// All codes that `explain` knows.
fn known() -> BTreeSet<String> {
    let listed = World::offline().run(&["explain", "--json"]).exits(0);
    let stories: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap();
    let number = |story: &serde_json::Value| story["code"].as_str().unwrap().to_owned();
    stories.iter().map(number).collect()
}

#[test]
fn every_code_is_provoked_and_its_suggestions_can_be_typed() {
    let tried: BTreeSet<String> = WAYS.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(tried, known());
    let mut wrong = Vec::new();
    let mut followed = BTreeSet::new();
    for (code, way) in WAYS {
        let mut world = World::new();
        let events = suggestions::place(&mut world);
        file(&world, VPC);
        let output = match way {
            File(text) => {
                file(&world, text);
                world.run(&["validate"])
            }
            Run(run) => run(&mut world),
            Unit(path, name, evidence) => {
                let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
                // From its name to the end of the function.
                let body = text.split(&format!("fn {name}(")).nth(1);
                let body = body.and_then(|rest| rest.split("\n}\n").next());
                if !body.is_some_and(|body| body.contains(evidence)) {
                    wrong.push(format!("{code}: {name} in {path} does not insist on {evidence}"));
                }
                continue;
            }
        };
        let suggested = suggestions::suggested(&events, &output);
        let all = output.stdout + &output.stderr;
        if !all.contains(&format!("[{code}]")) {
            wrong.push(format!("{code}, exit {:?}:\n{all}", output.code));
        }
        if all.contains("panicked") {
            wrong.push(format!("{code}: {all}"));
        }
        for command in suggested {
            if let Some(problem) = suggestions::follow(&world, &command, None) {
                wrong.push(format!("{code}: {command}\n{problem}"));
            }
            followed.insert(command);
        }
    }
    for hint in suggestions::HINTS {
        let mut world = World::new();
        let events = suggestions::place_in_environment(&mut world);
        let output = (hint.run)(&mut world);
        let commands = suggestions::suggested(&events, &output);
        if commands.is_empty() {
            wrong.push(format!("{}: nothing is suggested: {output:?}", hint.name));
        }
        for command in commands {
            if let Some(problem) = suggestions::follow(&world, &command, hint.place) {
                wrong.push(format!("{}: {command}\n{problem}", hint.name));
            }
            followed.insert(command);
        }
    }
    let all = suggestions::in_the_code();
    let provoked: BTreeSet<&str> = (followed.iter())
        .filter_map(|command| suggestions::written_as(command, &all))
        .collect();
    println!(
        "figure: suggestions that were followed: {}, as {} of {} in the code",
        followed.len(),
        provoked.len(),
        all.len()
    );
    let unprovoked: Vec<&String> = all
        .iter()
        .filter(|one| !provoked.contains(one.as_str()))
        .collect();
    if !unprovoked.is_empty() {
        wrong.push(format!("nobody has followed {unprovoked:?}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_is_explained() {
    let world = World::offline();
    for code in known() {
        let told = world.run(&["explain", &code.to_lowercase()]).exits(0).says(&code);
        for part in ["Usual causes", "The way out"] {
            assert!(told.stdout.contains(part), "{}", told.stdout);
        }
    }
    // The story says more than its title does again: other words, a cause and a way out.
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let listed = world.run(&["explain", "--json"]).exits(0);
    let stories: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap();
    for story in stories {
        let title = words(story["title"].as_str().unwrap());
        let meaning = words(story["meaning"].as_str().unwrap());
        let texts = |part: &str| {
            let texts = story[part].as_array().unwrap();
            texts
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let (causes, ways) = (words(&texts("causes")), words(&texts("way_out")));
        let new = |part: &BTreeSet<String>| part.difference(&title).count();
        assert!(
            new(&meaning) >= 3 && new(&causes) >= 2 && new(&ways) >= 2,
            "{story}"
        );
    }
    let list = world.run(&["explain"]).exits(0);
    assert_eq!(list.stdout.lines().count(), known().len());
    world.run(&["explain", "E9999"]).exits(1).tells("E0906");
}
