mod data;
mod fuzz;
pub(crate) mod support;

use crate::config::BlockShape;
use crate::value::{SecretSource, Value};
use support::{Project, with};

const WEB: &str = r#"
[instance.web]
instance_type = "ecs.g7.large"
image_id = "ubuntu"
vswitch_id = "${vswitch.main.id}"
security_group_ids = ["${security_group.web.id}"]
"#;

fn show(value: &Value) -> String {
    match value {
        Value::Reference(reference) => format!("<{reference}>"),
        Value::Template(parts) => parts
            .iter()
            .map(|part| match part {
                crate::value::Part::Text(text) => text.clone(),
                crate::value::Part::Reference(reference) => format!("<{reference}>"),
            })
            .collect(),
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let members: Vec<String> = map
                .iter()
                .map(|(name, value)| format!("{name}: {}", show(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Secret(source) => format!("secret {source}"),
        Value::Bytes(bytes) => format!("{bytes:?}"),
        other => other.to_text().unwrap_or_else(|| format!("{other:?}")),
    }
}

/// An attribute of a loaded resource, as text.
#[track_caller]
fn attribute(project: &Project, address: &str, name: &str) -> String {
    let loaded = project.loads();
    let resource = &loaded.config.resources[&address.parse().unwrap()];
    resource.attributes.get(name).map_or("none".to_owned(), show)
}

#[test]
fn a_correct_project_loads() {
    let project = with(WEB);
    let loaded = project.loads();
    let addresses: Vec<String> = loaded.config.resources.keys().map(ToString::to_string).collect();
    assert_eq!(
        addresses,
        ["instance.web", "security_group.web", "vpc.main", "vswitch.main"]
    );
    assert_eq!(loaded.config.project.name, "shop");
    assert_eq!(loaded.config.files, ["infra.toml"]);
    assert_eq!(attribute(&project, "instance.web", "status"), "Running");
    assert_eq!(
        attribute(&project, "instance.web", "vswitch_id"),
        "<vswitch.main.id>"
    );
    assert_eq!(
        attribute(&project, "security_group.web", "ingress"),
        "[{description: ssh, ip_protocol: TCP, port_range: 22, priority: 1, source_cidr_ip: 203.0.113.7/32}, \
         {ip_protocol: TCP, port_range: 80, priority: 1, source_cidr_ip: 0.0.0.0/0}]"
    );
    let group = &loaded.config.resources[&"security_group.web".parse().unwrap()];
    let place = |path: &str| group.locations[path].line;
    assert_eq!((place("ingress[0].description"), place("ingress[1]")), (17, 18));
    assert_eq!(group.location.line, 14);
}

/// Mistakes in tables and keys.
mod keys {
    use super::*;

    #[test]
    fn slips_are_found_with_what_was_meant() {
        with("[instance.web]\ninstance_tpye = \"ecs.g7.large\"\nImageId = \"ubuntu\"\nsubnet_id = \"x\"\nmonitoring = true\n").check(&[r#"infra.toml:23:1 E0204 [instance.web] needs security_group_ids | security_group_ids = ["${security_group.web.id}"]   (the only security_group here)"#, r#"infra.toml:24:1 E0201 unknown key "instance_tpye" in [instance.web] ^ did you mean instance_type? | all keys: infra schema instance"#, r#"infra.toml:25:1 E0201 "ImageId" is the API's name | in infra.toml it is image_id"#, r#"infra.toml:26:1 E0201 unknown key "subnet_id" in [instance.web] ^ did you mean vswitch_id? | all keys: infra schema instance"#, r#"infra.toml:27:1 E0201 unknown key "monitoring" in [instance.web] | all keys: infra schema instance"#]);
    }

    #[test]
    fn an_unknown_type_is_one_mistake() {
        with("[instnace.web]\nx = 1\n[output]\nip = \"${instance.web.public_ip} ${instnace.web.id}\"\n")
            .check(&[
                r#"infra.toml:23:2 E0202 unknown resource type "instnace" ^ did you mean [instance.web]?"#,
            ]);
        with("[sg.web]\n[database.x]\n").check(&[r#"infra.toml:23:2 E0202 unknown resource type "sg" ^ did you mean [security_group.web]?"#, r#"infra.toml:24:2 E0202 unknown resource type "database" = there are eip, instance, security_group, vpc and vswitch"#]);
    }

    #[test]
    fn a_block_has_a_type_and_a_name() {
        with("[instance]\ninstance_type = \"x\"\n[[vpc.x]]\ncidr_block = \"10.0.0.0/8\"\n[vpc.\"a b\"]\n")
            .check(&["infra.toml:23:1 E0207 [instance] lacks a name of your choice, then instance_type stands inside it | [instance.main]", "infra.toml:25:7 E0207 a vpc is written in single brackets; for several of them there are count and for_each | [vpc.x]", r#"infra.toml:27:6 E0210 the name "a b" may hold only letters a to z, digits, '_' and '-'"#]);
        Project::new("name = \"shop\"\nvpc = 3\n[infra]\nname = \"shop\"\n").check(&[
            r#"infra.toml:1:1 E0201 unknown key "name" above all tables | name belongs into [infra]"#,
            "infra.toml:2:1 E0207 a vpc is a table with a name of your choice | [vpc.main]",
        ]);
        with(&format!(
            "[vpc.{}]\ncidr_block = \"10.0.0.0/8\"\n",
            "x".repeat(125)
        ))
        .check(&["infra.toml:23:1 E0210 an address has at most 128 characters, this one has 129"]);
    }

    #[test]
    fn what_comes_later_is_said_to_come_later() {
        with("[infra.state]\n").check(&["infra.toml:23:8 E0209 [infra.state] is part of the language, but this version of infra does not know it yet | without it the state is kept in .infra/state/"]);
        let keys = "region = \"x\"\n";
        with(&format!("{WEB}{keys}")).check(&["infra.toml:29:1 E0209 region in a resource is part of the language, but this version of infra does not know it yet | all resources are in the region of [infra]"]);
    }

    #[test]
    fn what_the_cloud_makes_is_not_set() {
        with(&format!("{WEB}public_ip = \"1.2.3.4\"\n")).check(&["infra.toml:29:1 E0211 public_ip is made by the cloud and cannot be set | to use it: ${instance.web.public_ip}"]);
    }

    #[test]
    fn a_name_is_defined_once() {
        with("[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n[local]\na = 1\na = 2\n").check(&["infra.toml:23:6 E0206 [vpc.main] is defined twice ^ again here & infra.toml:6 ^ first here | give one of them another name, or put them together", "infra.toml:27:1 E0206 a is defined twice ^ again here & infra.toml:26 ^ first here | give one of them another name, or put them together"]);
        with("")
            .file("net.infra.toml", "[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n")
            .check(&["net.infra.toml:1:1 E0206 vpc.main is defined twice ^ again here & infra.toml:6 ^ first here | give one of them another name, or put them together"]);
    }

    #[test]
    fn missing_keys_come_with_what_to_write() {
        with("[vswitch.b]\n").check(&[r#"infra.toml:23:1 E0204 [vswitch.b] needs cidr_block | cidr_block = "10.0.0.0/16""#, r#"infra.toml:23:1 E0204 [vswitch.b] needs vpc_id | vpc_id = "${vpc.main.id}"   (the only vpc here)"#, "infra.toml:23:1 E0204 [vswitch.b] needs zone_id"]);
        Project::new("[infra]\nname = \"a\"\n[vswitch.a]\nzone_id = \"z\"\ncidr_block = \"10.0.0.0/24\"\n")
            .check(&["infra.toml:3:1 E0204 [vswitch.a] needs vpc_id"]);
    }

    #[test]
    fn rules_of_a_type_are_said_once_for_all_copies() {
        let keys = "instance_charge_type = \"PrePaid\"\ncount = 4\n";
        with(&format!("{WEB}{keys}")).check(&["infra.toml:29:24 E0204 PrePaid needs period | period = 1"]);
        with(&format!("{WEB}{keys}period = 1\n")).loads();
    }
}

/// Values that do not fit.
mod values {
    use super::*;

    #[test]
    fn types_are_told_apart() {
        let keys = "system_disk = { size = \"40\", category = \"cloud_esd\" }\ndeletion_protection = \"true\"\nname = 3\nperiod = 99\ninternet_max_bandwidth_out = 5.5\ndescription = [\"a\"]\nstatus = \"running\"\n";
        with(&format!("{WEB}{keys}")).check(&[r#"infra.toml:29:24 E0203 system_disk.size is a whole number, found the text "40" | size = 40"#, r#"infra.toml:29:41 E0401 system_disk.category cannot be "cloud_esd" ^ did you mean "cloud_essd"? = one of cloud_efficiency, cloud_ssd, cloud_essd"#, r#"infra.toml:30:23 E0203 deletion_protection is true or false, found the text "true" | deletion_protection = true"#, r#"infra.toml:31:8 E0203 name is a text, found the number 3 | name = "3""#, "infra.toml:32:10 E0407 period is at least 1 and at most 60, this is 99", "infra.toml:33:30 E0203 internet_max_bandwidth_out is a whole number, found a fraction", "infra.toml:34:15 E0203 description is a text, found a list", r#"infra.toml:35:10 E0401 status cannot be "running" ^ did you mean "Running"? = one of Running, Stopped"#]);
    }

    #[test]
    fn a_list_is_a_list() {
        with("[instance.web]\ninstance_type = \"x\"\nsecurity_group_ids = \"${security_group.web.id}\"\n[security_group.b]\ningress = { port_range = \"1\" }\n[security_group.c.ingress]\nport_range = \"1\"\n").check(&[r#"infra.toml:25:22 E0203 security_group_ids is a list of security_group ids, found ${security_group.web.id} | security_group_ids = ["${security_group.web.id}"]"#, r#"infra.toml:27:11 E0203 ingress is a list of tables, found a table | ingress = [{ port_range = "1" }]"#, "infra.toml:28:1 E0203 ingress is a list of tables, found a table | write it with double brackets: [[...]]"]);
    }

    #[test]
    fn ids_are_of_the_right_type() {
        let keys = "vswitch_id = \"${security_group.web.id}\"\nsecurity_group_ids = [\"${vpc.main.id}\", \"sg-123\", \"vsw-123\", \"web\", \"security_group.web.id\", \"${vswitch.main.zone_id}\"]\n";
        with(&format!("[instance.web]\ninstance_type = \"x\"\n{keys}")).check(&[r#"infra.toml:25:14 E0303 vswitch_id wants the id of a vswitch, this is a security_group | "${vswitch.main.id}""#, r#"infra.toml:26:23 E0303 security_group_ids[0] wants the id of a security_group, this is a vpc | "${security_group.web.id}""#, r#"infra.toml:26:51 E0303 security_group_ids[2] wants the id of a security_group, "vsw-123" is the id of a vswitch | "${security_group.web.id}"   (the only security_group here)"#, r#"infra.toml:26:62 E0303 security_group_ids[3] wants the id of a security_group, "web" is the name of one | "${security_group.web.id}""#, r#"infra.toml:26:69 E0303 security_group_ids[4] wants the id of a security_group, "security_group.web.id" is a reference without ${} | "${security_group.web.id}""#, r#"infra.toml:26:94 E0303 security_group_ids[5] wants the id of a security_group, this is the zone_id of vswitch.main | "${security_group.web.id}""#]);
    }

    #[test]
    fn networks_are_networks() {
        with("[vpc.x]\ncidr_block = \"10.0.1.5/24\"\n[vpc.y]\ncidr_block = \"10.0.0.0\"\n[vpc.z]\ncidr_block = \"x\"\n[security_group.a]\ningress = [{ port_range = \"1\", source_cidr_ip = \"203.0.113.7\" }]\n").check(&[r#"infra.toml:24:14 E0405 cidr_block "10.0.1.5/24" is an address inside a network, not the network ^ did you mean 10.0.1.0/24?"#, r#"infra.toml:26:14 E0405 cidr_block is a network, "10.0.0.0" lacks its length | a network looks like this: 10.0.0.0/16"#, r#"infra.toml:28:14 E0405 cidr_block "x" is no IPv4 network | a network looks like this: 10.0.0.0/16"#, r#"infra.toml:30:49 E0405 ingress[0].source_cidr_ip is a network, "203.0.113.7" lacks its length ^ did you mean 203.0.113.7/32?"#]);
    }

    #[test]
    fn a_vswitch_lies_in_its_vpc_and_in_nobodys_way() {
        let vswitch = |name: &str, cidr: &str| {
            format!(
                "[vswitch.{name}]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-i\"\ncidr_block = \"{cidr}\"\n"
            )
        };
        let text =
            vswitch("a", "192.168.1.0/24") + &vswitch("b", "10.0.0.0/23") + &vswitch("c", "10.0.2.0/24");
        with(&text).check(&["infra.toml:26:14 E0405 192.168.1.0/24 lies outside vpc.main (10.0.0.0/16, infra.toml:7)", "infra.toml:30:14 E0405 10.0.0.0/23 of vswitch.b overlaps 10.0.1.0/24 of vswitch.main & infra.toml:11"]);
        with(&(vswitch("d", "10.0.9.0/24") + "count = 2\n")).check(&["infra.toml:26:14 E0405 10.0.9.0/24 of vswitch.d[1] overlaps 10.0.9.0/24 of vswitch.d[0] | every copy needs a network of its own, for example by for_each"]);
    }

    #[test]
    fn a_resource_and_its_partner_go_together() {
        let bound = |more: &str| {
            with(&format!(
                "{WEB}{more}[eip.web]\ninstance_id = \"${{instance.web.id}}\"\n"
            ))
        };
        bound("").check(&[]);
        bound("internet_max_bandwidth_out = 5\n")
            .check(&["infra.toml:31:15 E0205 the server has 5 Mbit/s of its own | take one of them out"]);
    }

    #[test]
    fn zones_and_regions_fit() {
        let vswitch = "[vswitch.b]\nvpc_id = \"${vpc.main.id}\"\ncidr_block = \"10.0.2.0/24\"\nzone_id = \"cn-beijing-h\"\n";
        with(vswitch).check(&["infra.toml:26:11 E0403 zone cn-beijing-h is not in region cn-hangzhou (infra.toml:4) | a zone there looks like this: cn-hangzhou-h"]);
        Project::new("[infra]\nname = \"a\"\nregion = \"hangzhou\"\n")
            .check(&[r#"infra.toml:3:10 E0402 "hangzhou" is not a region ^ did you mean cn-hangzhou?"#]);
        Project::new("[infra]\nname = \"a\"\nregion = \"cn-hangzhou-h\"\n")
            .check(&[r#"infra.toml:3:10 E0402 "cn-hangzhou-h" is not a region ^ did you mean cn-hangzhou?"#]);
        Project::new("[infra]\nname = \"a\"\nregion = \"cn-nowhere\"\n").check(&[r#"infra.toml:3:10 W041 infra does not know the region "cn-nowhere" = if it is new or a special one, this is no mistake"#]);
        Project::new("[infra]\nname = \"a\"\nregion = \"cn-hangzou\"\n").check(&[r#"infra.toml:3:10 W041 infra does not know the region "cn-hangzou" ^ did you mean cn-hangzhou? = if it is new or a special one, this is no mistake"#]);
    }

    #[test]
    fn tags_are_texts_and_not_ours() {
        with(&format!("{WEB}tags = {{ a = 1, \"infra:x\" = \"y\", \"ACS:x\" = \"y\", \"负责人\" = \"李雷 (运维)\", aliyun = \"\", long = \"{}\" }}\n", "x".repeat(129))).check(&[r#"infra.toml:29:14 E0203 tags.a is a text, found the number 1 | a = "1""#, r#"infra.toml:29:17 E0408 tags that begin with "infra:" are infra's own"#, r#"infra.toml:29:34 E0408 the cloud allows no tag that begins with "acs:""#, r#"infra.toml:29:68 E0408 the cloud allows no tag that begins with "aliyun""#, "infra.toml:29:88 E0408 the value of a tag has at most 128 characters"]);
    }

    #[test]
    fn secrets_come_from_elsewhere() {
        let web = |line: &str| with(&format!("{WEB}{line}\n"));
        let loaded = web("password = { env = \"WEB_PASSWORD\" }").loads();
        let instance = &loaded.config.resources[&"instance.web".parse().unwrap()];
        assert_eq!(
            instance.attributes["password"],
            Value::Secret(SecretSource::Env("WEB_PASSWORD".into()))
        );
        web("password = \"hunter2\"").check(&[r#"infra.toml:29:12 E0411 a password must not be written here | password = { env = "WEB_PASSWORD" } | password = { file = "path/to/file" }"#]);
        web("password = \"${infra.name}\"").check(&[r#"infra.toml:29:12 E0411 a password must not be written here | password = { env = "WEB_PASSWORD" } | password = { file = "path/to/file" }"#]);
        web("password = { env = \"A\", file = \"b\" }")
            .check(&["infra.toml:29:25 E0205 give env or file for password, not both"]);
        web("password = { value = \"hunter2\" }").check(&[r#"infra.toml:29:14 E0201 a password comes from env or file, not from "value" | password = { env = "NAME" }"#]);
        web("password = {}")
            .check(&[r#"infra.toml:29:12 E0204 password needs env or file | password = { env = "NAME" }"#]);
        web("password = hunter2").check(&[r#"infra.toml:29:12 E0111 text must stand in quotes | and a secret must not be written here: { env = "NAME" }"#]);
        web("passwrd = \"hunter2\"").check(&[r#"infra.toml:29:1 E0201 unknown key "passwrd" in [instance.web] ^ did you mean password? | all keys: infra schema instance"#]);
    }

    #[test]
    fn texts_come_from_files_byte_for_byte() {
        let web = |line: &str| {
            with(&format!("{WEB}{line}\n"))
                .file("init/web.sh", "#!/bin/sh\necho ${HOME}\n")
                .file("init/web.gz", [0x1f, 0x8b, 0xff])
        };
        assert_eq!(
            attribute(
                &web("user_data_file = \"init/web.sh\""),
                "instance.web",
                "user_data"
            ),
            "#!/bin/sh\necho ${HOME}\n"
        );
        assert_eq!(
            attribute(
                &web("user_data_file = \"./init/web.gz\""),
                "instance.web",
                "user_data"
            ),
            "[31, 139, 255]"
        );
        web("user_data_file = \"../x\"")
            .check(&[r#"infra.toml:29:18 E0409 "../x" is not below the folder of the configuration | --allow-file DIR lets it read the files below DIR"#]);
        web("user_data_file = \"/etc/passwd\"")
            .check(&[r#"infra.toml:29:18 E0409 "/etc/passwd" is not below the folder of the configuration | --allow-file DIR lets it read the files below DIR"#]);
        web("user_data_file = \"init\"").check(&[r#"infra.toml:29:18 E0409 "init" is a folder"#]);
        web("user_data_file = \"init/x.sh\"")
            .check(&[r#"infra.toml:29:18 E0409 there is no file "init/x.sh" in this folder"#]);
        web("user_data_file = \"init/web.sh\"\nuser_data = \"x\"")
            .check(&["infra.toml:29:1 E0205 give user_data or user_data_file, not both & infra.toml:30"]);
        web("user_data_file = \"${vpc.main.id}\"").check(&["infra.toml:29:18 E0203 user_data_file is the path of a file and known when the configuration is read"]);
        let mut linked = web("user_data_file = \"init/web.sh\"");
        linked.memory.link("init");
        linked.check(&[r#"infra.toml:29:18 E0409 "init/web.sh" is reached through a symbolic link, which is not followed | --allow-file DIR lets it read the files below DIR"#]);
        web("user_data_file = \"big\"")
            .file("big", vec![b'x'; 2 << 20])
            .check(&[r#"infra.toml:29:18 E0409 the file "big" has more than 1 MiB"#]);
    }
}

/// References.
mod references {
    use super::*;

    #[test]
    fn texts_hold_references_anywhere() {
        let keys = "name = \"${infra.name}-${local.role}\"\ndescription = \"in ${vpc.main.id}, $${x}, 5$\"\ninternet_max_bandwidth_out = \"${local.bandwidth}\"\ntags = { ip = \"${local.numbers[1]}\", \"负责人\" = \"${local.people[李雷]}\" }\n[local]\nrole = \"web\"\nbandwidth = 5\nnumbers = [1, 2]\npeople = { \"李雷\" = \"yes\" }\n";
        let project = with(&format!("{WEB}{keys}"));
        let show = |name| attribute(&project, "instance.web", name);
        assert_eq!(show("name"), "shop-web");
        assert_eq!(show("description"), "in <vpc.main.id>, ${x}, 5$");
        assert_eq!(show("internet_max_bandwidth_out"), "5");
        assert_eq!(show("tags"), "{ip: 2, 负责人: yes}");
    }

    #[test]
    fn what_does_not_exist_is_said_with_what_does() {
        let keys = "name = \"${vswitch.mian.id} ${vpc.main.nmae} ${var.bw} ${local.x} ${infra.x} ${vswich.main.id}\"\ndescription = \"${vpc.other.id}\"\n[var.bandwidth]\ndefault = 1\n";
        with(&format!("{WEB}{keys}")).check(&[r#"infra.toml:29:9 E0301 no vswitch named "mian" ^ did you mean ${vswitch.main.id}? = vswitch.main is at infra.toml:9"#, r#"infra.toml:29:28 E0311 a vpc has no attribute "nmae" ^ did you mean ${vpc.main.name}? | all attributes: infra schema vpc"#, r#"infra.toml:29:45 E0305 no variable "bw" | to add it: [var.bw]"#, r#"infra.toml:29:55 E0305 no local "x" | to add it: x = ... in [local]"#, "infra.toml:29:66 E0305 there is no ${infra.x} | there are ${infra.name}, ${infra.env} and ${infra.region}", r#"infra.toml:29:77 E0202 unknown resource type "vswich" in ${vswich.main.id} ^ did you mean ${vswitch.main.id}?"#, r#"infra.toml:30:16 E0301 no vpc named "other" | there is main"#]);
    }

    #[test]
    fn a_whole_resource_is_no_value() {
        with(&format!("{WEB}[output]\na = \"${{vswitch.main}}\"\nb = \"${{vswitch}}\"\nc = \"${{security_group.web.ingress[0].port_range}}\"\n")).check(&[r#"infra.toml:30:6 E0302 ${vswitch.main} is a whole vswitch; a reference names one of its attributes | "${vswitch.main.id}""#, "infra.toml:31:6 E0307 this reference does not say which vswitch | ${vswitch.NAME}", "infra.toml:32:6 E0307 security_group.web.ingress is a set of tables, which have no order: none of them can be named | a value that is needed twice can stand in [local] or [var]"]);
    }

    #[test]
    fn the_copy_must_be_named() {
        let outputs = "[output]\na = \"${instance.web.id}\"\nb = \"${instance.web[3].id}\"\nc = \"${instance.web[*].public_ip}\"\nd = \"x${instance.web[*].public_ip}\"\ne = \"${vswitch.main[0].id}\"\n";
        with(&format!("{WEB}count = 3\n{outputs}")).check(&["infra.toml:31:6 E0304 instance.web has 3 copies (count, infra.toml:24) | one: ${instance.web[0].id}   all: ${instance.web[*].id}", "infra.toml:32:6 E0304 instance.web[3] is past count = 3 (infra.toml:24) | the last one: ${instance.web[2].id}", "infra.toml:34:7 E0203 ${instance.web[*].public_ip} is a list and cannot stand inside a text", "infra.toml:35:6 E0304 vswitch.main has neither count nor for_each, so it has no copies (infra.toml:9) | ${vswitch.main.id}"]);
        let outputs = "[output]\na = \"${instance.web.id}\"\nb = \"${instance.web[bleu].id}\"\nc = \"${instance.web[blue].id}\"\n";
        with(&format!("{WEB}for_each = [\"blue\", \"green\"]\n{outputs}")).check(&["infra.toml:31:6 E0304 instance.web has 2 copies (for_each, infra.toml:24) | one: ${instance.web[blue].id}   all: ${instance.web[*].id}", "infra.toml:32:6 E0304 instance.web has no copy [bleu] (infra.toml:24) ^ did you mean ${instance.web[blue].id}? | its for_each has blue and green"]);
        with(&format!(
            "{WEB}count = 0\n[output]\na = \"${{instance.web[0].id}}\"\n"
        ))
        .check(&["infra.toml:31:6 E0304 instance.web has no copies at all: count = 0 (infra.toml:24) | ${instance.web[*].id}"]);
    }

    #[test]
    fn all_copies_are_a_list() {
        let loaded = with(&format!(
            "{WEB}count = 2\n[output]\nids = \"${{instance.web[*].id}}\"\n"
        ))
        .loads();
        assert_eq!(
            show(&loaded.config.outputs["ids"].value),
            "[<instance.web[0].id>, <instance.web[1].id>]"
        );
        let project = with(
            "[security_group.many]\ncount = 2\n[instance.a]\ninstance_type = \"x\"\nsecurity_group_ids = [\"${security_group.web.id}\", \"${security_group.many[*].id}\"]\n",
        );
        assert_eq!(
            attribute(&project, "instance.a", "security_group_ids"),
            "[<security_group.web.id>, <security_group.many[0].id>, <security_group.many[1].id>]"
        );
    }

    #[test]
    fn shell_variables_are_recognised() {
        with(&format!("{WEB}user_data = \"\"\"#!/bin/sh\necho ${{HOME}} $PATH ${{x:-1}} $${{ok}} ${{foo}}\n\"\"\"\nname = \"${{USER}}\"\n")).check(&["infra.toml:30:6 E0309 ${HOME} is no infra name ^ looks like a shell variable | for the shell write $${HOME} | or move the script to a file of its own, which is sent as it is: user_data_file", "infra.toml:30:20 E0309 ${x:-1} is no infra name ^ looks like a shell variable | for the shell write $${x:-1} | or move the script to a file of its own, which is sent as it is: user_data_file", "infra.toml:30:35 E0309 ${foo} is no infra name ^ looks like a shell variable | for the shell write $${foo} | or move the script to a file of its own, which is sent as it is: user_data_file", "infra.toml:32:9 E0309 ${USER} is no infra name ^ looks like a shell variable | for exactly this text write $${USER} | from the environment come variables: [var.x] is set by INFRA_VAR_x"]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        with(&format!(
            "{WEB}name = \"${{vpc.main\"\ndescription = \"${{a + b}} ${{}}\"\n"
        ))
        .check(&["infra.toml:29:9 E0307 this reference cannot be read: it is not closed with } = references have the form ${type.name.attribute}, ${var.name} or ${local.name} | for a plain ${ write $${", "infra.toml:30:16 E0307 this reference cannot be read: there is nothing in it = references have the form ${type.name.attribute}, ${var.name} or ${local.name} | for a plain ${ write $${", "infra.toml:30:16 E0307 this reference cannot be read: ' ' cannot stand there = references have the form ${type.name.attribute}, ${var.name} or ${local.name} | for a plain ${ write $${ | there are no functions and no operators: give the result by a variable"]);
    }

    #[test]
    fn locals_may_not_need_each_other() {
        with("[local]\na = \"${local.b}\"\nb = \"x-${local.c}\"\nc = \"${local.a}\"\nd = \"${local.d}\"\ne = \"${local.a}\"\n").check(&["infra.toml:26:1 E0306 these need each other, so none can be first = local.a  (infra.toml:24) = -> local.b  (infra.toml:25) =   -> local.c  (infra.toml:26) =     -> local.a | take one of these references out", "infra.toml:27:1 E0306 these need each other, so none can be first = local.d  (infra.toml:27) = -> local.d | take one of these references out"]);
        let chain: String = (1..100)
            .map(|step| format!("l{step} = \"${{local.l{}}}\"\n", step - 1))
            .collect();
        let says = with(&format!("[local]\nl0 = 1\n{chain}")).says();
        assert!(
            says.len() == 1 && says[0].contains("E0306 more than 64 locals"),
            "{says:?}"
        );
    }

    #[test]
    fn locals_may_hold_what_is_not_known_yet() {
        let project = with(&format!(
            "{WEB}name = \"${{local.label}}\"\n[local]\nlabel = \"in-${{local.id}}\"\nid = \"${{vpc.main.id}}\"\n"
        ));
        assert_eq!(attribute(&project, "instance.web", "name"), "in-<vpc.main.id>");
    }

    #[test]
    fn what_decides_how_much_there_is_must_be_known() {
        with(&format!("{WEB}count = \"${{local.x}}\"\n[security_group.b]\nfor_each = [\"${{vpc.main.id}}\"]\n[local]\nx = \"${{vpc.main.id}}\"\n")).check(&["infra.toml:29:9 E0308 count decides what there is, so it cannot wait for a resource to be made | use a variable, or write the number or the names", "infra.toml:31:12 E0308 for_each decides what there is, so it cannot wait for a resource to be made | use a variable, or write the number or the names"]);
    }

    #[test]
    fn each_and_count_mean_something_in_their_blocks_only() {
        with(&format!("{WEB}name = \"${{each.key}}${{count.index}}\"\n[security_group.a]\ncount = 1\nname = \"${{each.key}}${{count.x}}\"\n[security_group.b]\nfor_each = [\"x\"]\nname = \"${{count.index}}${{each.x}}${{each.value.x}}\"\n")).check(&["infra.toml:29:9 E0310 ${each.key} means something only in a block with for_each", "infra.toml:29:20 E0310 ${count.index} means something only in a block with count", "infra.toml:32:9 E0310 ${each.key} means something only in a block with for_each | this block has count: ${count.index}", "infra.toml:32:20 E0305 there is no ${count.x} | there is ${count.index}, from 0", "infra.toml:35:9 E0310 ${count.index} means something only in a block with count | this block has for_each: ${each.key}, ${each.value}", "infra.toml:35:23 E0305 there is no ${each.x} | there are ${each.key} and ${each.value}", "infra.toml:35:32 E0305 each.value of [x] is a text and has nothing inside"]);
    }

    #[test]
    fn depends_on_names_resources() {
        let loaded = with(&format!(
            "{WEB}depends_on = [\"vpc.main\", \"security_group.many\"]\n[security_group.many]\ncount = 2\n"
        ))
        .loads();
        let web = &loaded.config.resources[&"instance.web".parse().unwrap()];
        let names: Vec<String> = web.depends_on.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            ["security_group.many[0]", "security_group.many[1]", "vpc.main"]
        );
        with(&format!(
            "{WEB}depends_on = [\"vpc.mian\", \"${{vpc.main.id}}\", \"x\", \"vpc.main[0]\"]\n"
        ))
        .check(&[r#"infra.toml:29:15 E0314 there is no vpc.mian ^ did you mean "vpc.main"?"#, r#"infra.toml:29:27 E0314 depends_on holds addresses as plain texts | "vpc.main""#, r#"infra.toml:29:45 E0314 "x" is no address | an address looks like this: "vpc.main", "instance.web[0]""#, r#"infra.toml:29:50 E0314 there is no vpc.main[0] | it has no copies: "vpc.main""#]);
        with(&format!("{WEB}depends_on = \"vpc.main\"\n")).check(&[
            r#"infra.toml:29:14 E0203 depends_on is a list of addresses | depends_on = ["vpc.main"]"#,
        ]);
    }
}

/// `count` and `for_each`.
mod copies {
    use super::*;

    #[test]
    fn count_makes_copies() {
        let project = with(&format!(
            "{WEB}count = 3\nname = \"web-${{count.index}}\"\nlifecycle = {{ prevent_destroy = true }}\n"
        ));
        assert_eq!(attribute(&project, "instance.web[2]", "name"), "web-2");
        let loaded = project.loads();
        assert_eq!(
            loaded.config.blocks[&"instance.web".parse().unwrap()],
            BlockShape::Count(3)
        );
        assert!(
            loaded.config.resources[&"instance.web[0]".parse().unwrap()]
                .lifecycle
                .prevent_destroy
                == Some(true)
        );
    }

    #[test]
    fn for_each_makes_named_copies() {
        let project = with(&format!(
            "{WEB}for_each = {{ blue = {{ n = 1 }}, \"a b\" = {{ n = 2 }}, 7 = {{ n = 3 }} }}\nname = \"${{each.key}}\"\nperiod = \"${{each.value.n}}\"\n[output]\nx = \"${{instance.web[7].id}}\"\n"
        ));
        assert_eq!(attribute(&project, "instance.web[blue]", "period"), "1");
        assert_eq!(attribute(&project, "instance.web[\"a b\"]", "name"), "a b");
        assert_eq!(
            show(&project.loads().config.outputs["x"].value),
            "<instance.web[\"7\"].id>"
        );
        let project = with(&format!(
            "[var.zones]\ndefault = [\"h\", \"i\"]\n{WEB}for_each = \"${{var.zones}}\"\nname = \"${{each.value}}\"\n"
        ));
        assert_eq!(attribute(&project, "instance.web[i]", "name"), "i");
    }

    #[test]
    fn how_many_is_a_number_or_names() {
        let web = |line: &str| with(&format!("{WEB}{line}\n"));
        web("count = -1").check(&["infra.toml:29:9 E0208 count is at least 0 and at most 10000, this is -1"]);
        web("count = 10001")
            .check(&["infra.toml:29:9 E0208 count is at least 0 and at most 10000, this is 10001"]);
        web("count = \"3\"")
            .check(&["infra.toml:29:9 E0203 count is a whole number, found a text | count = 3"]);
        web("count = [\"a\"]").check(&[
            "infra.toml:29:9 E0203 count is a whole number, found a list | for names there is for_each",
        ]);
        web("count = 1\nfor_each = [\"a\"]")
            .check(&["infra.toml:30:1 E0205 give count or for_each, not both & infra.toml:29"]);
        web("for_each = 3").check(&["infra.toml:29:12 E0208 for_each is a table or a list of names, found a number | for a number of equal copies there is count"]);
        web("for_each = [\"a\", 1]").check(&[r#"infra.toml:29:18 E0208 for_each is a list of names or a table, found a number in the list | for_each = ["blue", "green"] | for_each = { blue = { size = 1 }, green = { size = 2 } }"#]);
        web("for_each = [\"a\", \"a\"]").check(&[
            r#"infra.toml:29:18 E0206 for_each names "a" twice ^ again here & infra.toml:29 ^ first here"#,
        ]);
        web("for_each = [\"\", \"a]\", \"\\u200b\"]").check(&[r#"infra.toml:29:13 E0210 "" cannot be the key of a copy | letters, digits, '_' and '-' need no quotes anywhere"#, r#"infra.toml:29:17 E0210 "a]" cannot be the key of a copy | letters, digits, '_' and '-' need no quotes anywhere"#, r#"infra.toml:29:23 E0210 "\u{200b}" cannot be the key of a copy | letters, digits, '_' and '-' need no quotes anywhere"#]);
        with(&format!("[var.n]\n{WEB}count = \"${{var.n}}\"\n"))
            .set("n", "3")
            .check(&[r#"infra.toml:30:9 E0203 count is a whole number, found a text | if it is a variable: type = "integer" in its table"#]);
    }

    #[test]
    fn lists_indexed_by_count_are_warned_of() {
        let project = with(&format!(
            "[local]\nz = [\"a\", \"b\"]\n{WEB}count = 2\nname = \"${{local.z[count.index]}}\"\n"
        ));
        project.check(&[r#"infra.toml:32:9 W012 local.z is indexed by count.index: taking an item out of the middle changes all behind it | for_each = "${local.z}" and ${each.key} keep the others as they are"#]);
    }

    #[test]
    fn copies_that_do_not_fit_into_memory_are_refused() {
        let loaded = with(&format!("{WEB}count = 10000\nuser_data_file = \"x\"\n"))
            .file("x", vec![b'x'; 32 * 1024])
            .load();
        assert_eq!(loaded.diagnostics.len(), 1);
        assert_eq!(loaded.diagnostics[0].code, "E0107");
        let laugh: String = (1..40)
            .map(|step| format!("a{step} = [\"${{local.a{0}}}\", \"${{local.a{0}}}\"]\n", step - 1))
            .collect();
        let loaded = with(&format!("[local]\na0 = [1, 2]\n{laugh}")).load();
        assert_eq!(loaded.diagnostics[0].code, "E0107");
    }
}

/// Files, `[infra]`, environments and variables.
mod project {
    use super::*;

    #[test]
    fn the_files_of_the_folder_are_read() {
        let project = with("")
            .file("b.infra.toml", "[vpc.b]\ncidr_block = \"10.1.0.0/16\"\n")
            .file("a.infra.toml", "")
            .file("Cargo.toml", "x")
            .file("sub/x.infra.toml", "x");
        assert_eq!(
            project.loads().config.files,
            ["a.infra.toml", "b.infra.toml", "infra.toml"]
        );
        Project::default().file("x.toml", "").check(&["E0101 there is no infra.toml in /project = a configuration is infra.toml and, next to it, *.infra.toml | -C DIR looks in another folder | infra init writes a first one"]);
        Project::default().check(&["E0101 there is no folder /project"]);
        Project::new("").check(&[r#"infra.toml:1:1 E0106 infra.toml has no [infra] table | [infra] | name = "shop" | region = "cn-hangzhou""#]);
        Project::default()
            .file("infra.toml", [b'a', b'\n', 0xff])
            .check(&[r#"E0102 infra.toml is not UTF-8 text: line 2 | save it as UTF-8 (in an editor: "save with encoding")"#]);
        Project::default()
            .file("infra.toml", vec![b' '; 5 << 20])
            .check(&["E0103 infra.toml has more than 4 MiB"]);
        with("")
            .file("net.infra.toml", "[infra]\nname = \"b\"\n")
            .check(&["net.infra.toml:1:1 E0105 [infra] may stand in infra.toml only"]);
    }

    #[test]
    fn the_project_is_described() {
        Project::new("[infra]\nnmae = \"x\"\nendpoint = \"http://evil.example.com\"\nrequires = \">=99\"\naccess_key_secret = \"hunter2\"\n").check(&[r#"infra.toml:2:1 E0201 unknown key "nmae" in [infra] ^ did you mean name? = all keys: name, region, profile, endpoint, requires, default_env, state"#, "infra.toml:3:12 E0414 a file may not name this endpoint = it is not one of infra's own | any other: INFRA_ENDPOINT=URL in the environment", "infra.toml:4:12 E0104 this configuration asks for infra >=99, this is 0.1.0", r#"infra.toml:5:1 E0201 unknown key "access_key_secret" in [infra] = all keys: name, region, profile, endpoint, requires, default_env, state | keys come from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or from a profile"#]);
        Project::new("[infra]\nname = \"李雷\"\nprofile = 3\nrequires = \"new\"\nendpoint = \"http://ecs.aliyuncs.com\"\n").check(&["infra.toml:2:8 E0210 the name of a project has 1 to 64 letters a to z, digits, '_' and '-' = it is written into a tag of everything that infra makes", "infra.toml:3:11 E0203 profile is a text, found a number", r#"infra.toml:4:12 E0104 requires is a version such as ">=0.3" | requires = ">=0.3" | requires = ">=0.3, <1.0""#, "infra.toml:5:12 E0414 a file may not name this endpoint = it is not one of infra's own | any other: INFRA_ENDPOINT=URL in the environment"]);
        let loaded = Project::new("[infra]\nname = \"a\"\nregion = \"${var.region}\"\nprofile = \"p\"\nendpoint = \"https://ecs.cn-beijing.aliyuncs.com\"\nrequires = \">=0.1\"\n[var.region]\ndefault = \"cn-beijing\"\n").loads();
        let project = loaded.config.project;
        assert_eq!(
            (project.region.as_deref(), project.profile.as_deref()),
            (Some("cn-beijing"), Some("p"))
        );
        assert_eq!(project.region_location.map(|location| location.line), Some(3));
        Project::new("[infra]\nname = \"${local.x}\"\n[local]\nx = 1\n").check(&[
            "infra.toml:2:9 E0310 [infra] can refer to variables only | ${var.NAME} or ${infra.env}",
        ]);
        for endpoint in [
            "http://127.0.0.1.evil.com",
            "https://x.aliyuncs.com.evil.com",
            "https://user@127.0.0.1",
            "ftp://localhost",
            "http://[::1]x@evil.com",
        ] {
            let says = Project::new(&format!("[infra]\nname = \"a\"\nendpoint = \"{endpoint}\"\n")).says();
            assert!(
                says.len() == 1 && says[0].contains("E0414"),
                "{endpoint}: {says:?}"
            );
        }
    }

    #[test]
    fn the_environment_is_chosen_and_exists() {
        let project = || {
            with("[var.replicas]\ndefault = 1\n[output]\nn = \"${var.replicas}\"\nenv = \"${infra.env}\"\n")
                .file("env/prod.toml", "replicas = 3\n")
                .file("env/dev.toml", "")
        };
        let show = |project: Project, name: &str| show(&project.loads().config.outputs[name].value);
        assert_eq!(show(project().environment("prod"), "n"), "3");
        assert_eq!(show(project().var("INFRA_ENV", "dev"), "n"), "1");
        assert_eq!(
            show(project().environment("prod").var("INFRA_ENV", "dev"), "env"),
            "prod"
        );
        project().check(&[r#"E0501 which environment? there are dev and prod | -e dev, or INFRA_ENV=dev | or once and for all: [infra] default_env = "dev""#]);
        project()
            .environment("prd")
            .check(&[r#"E0501 there is no environment "prd": no env/prd.toml | did you mean prod?"#]);
        project()
            .environment("../x")
            .check(&[r#"E0501 the environment "../x" may hold only letters a to z, digits, '_' and '-'"#]);
        with("")
            .environment("anything")
            .check(&[r#"E0501 there is no environment "anything": no env/anything.toml | an environment is a file with values of variables; it may be empty"#]);
        with("[output]\nx = \"${infra.env}\"\n").check(&["infra.toml:24:6 E0501 there is no environment that ${infra.env} could name | choose one: -e NAME, or INFRA_ENV=NAME"]);
        Project::new("[infra]\nname = \"a\"\ndefault_env = \"pro\"\n")
            .file("env/prod.toml", "")
            .check(&[r#"infra.toml:3:15 E0501 there is no environment "pro": no env/pro.toml | did you mean prod?"#]);
    }

    #[test]
    fn an_environment_sets_variables_only() {
        with("[var.replicas]\ndefault = 1\n")
            .file("env/prod.toml", "replcas = 3\n[instance.web]\nx = 1\n")
            .environment("prod")
            .check(&[r#"env/prod.toml:1:1 E0502 env/prod.toml sets "replcas", and no variable has this name ^ did you mean replicas? | to add it to infra.toml: [var.replcas]"#, "env/prod.toml:2:2 E0502 env/prod.toml sets variables only, found [instance.web]"]);
    }

    #[test]
    fn the_last_value_of_a_variable_wins() {
        let project = || {
            with("[var.node-count]\ndefault = 1\n[output]\nn = \"${var.node-count}\"\n")
                .file("env/prod.toml", "node-count = 2\n")
        };
        let show = |project: Project| show(&project.environment("prod").loads().config.outputs["n"].value);
        assert_eq!(show(project()), "2");
        assert_eq!(show(project().var("INFRA_VAR_node-count", "3")), "3");
        assert_eq!(show(project().var("INFRA_VAR_NODE_COUNT", "4")), "4");
        assert_eq!(
            show(
                project()
                    .var("INFRA_VAR_node-count", "3")
                    .set("node-count", "5")
                    .set("node-count", "6")
            ),
            "6"
        );
    }

    #[test]
    fn all_variables_without_a_value_are_named_at_once() {
        with("[var.office]\ndescription = \"Who may use SSH\"\n[var.b]\ntype = \"integer\"\n[vpc.x]\ncidr_block = \"${var.office}\"\n").check(&["infra.toml:23:1 E0503 2 variables have no value & infra.toml:25 | -v office=...   Who may use SSH | -v b=... | or as INFRA_VAR_NAME, in env/NAME.toml, or as default in its table"]);
    }

    #[test]
    fn variables_have_types_and_limits() {
        with("[var.c]\ntype = \"number\"\ndefault = 1\n[var.d]\ndefault = 1\nallowed = [2, 3]\n[var.e]\ntype = \"integer\"\ndefault = \"x\"\n[var.f]\ndefault = \"x\"\ndefalt = 2\n[var.g]\ndefault = \"${infra.name}\"\n").set("x", "1").check(&["E0312 -v x=...: no variable has this name | to add it to infra.toml: [var.x]", r#"infra.toml:24:8 E0401 the type of a variable is one of string, integer, boolean, list and map ^ did you mean "integer"?"#, "infra.toml:27:11 E0504 this is not one of the values that are allowed for variable d = allowed: 2, 3", "infra.toml:31:11 E0504 variable e is a whole number, found a text", r#"infra.toml:34:1 E0201 unknown key "defalt" in [var.f] ^ did you mean default? = all keys: type, default, description, allowed, sensitive"#, r#"infra.toml:36:11 E0310 the value of a variable cannot refer to anything | [local] can: NAME = "...${var.NAME}..." | for a plain ${ write $${"#]);
        with("[var.n]\ntype = \"integer\"\n[var.l]\ntype = \"list\"\n[var.m]\ndefault = {}\n[var.s]\nsensitive = true\nallowed = [\"a\"]\n").set("n", "three").set("s", "hunter2").var("INFRA_VAR_L", "[1, ").set("m", "{ a = 1, b = [true] }").check(&["-v n:1:1 E0504 -v n: variable n is a whole number | for example: -v 'n=3'", "-v s:1:1 E0504 this is not one of the values that are allowed for variable s", r#"INFRA_VAR_L:1:1 E0504 INFRA_VAR_L: variable l is a list | for example: -v 'l=["a", "b"]'"#]);
    }

    #[test]
    fn sensitive_variables_are_shown_nowhere() {
        let text = "[var.p]\nsensitive = true\n[local]\nq = [\"x-${var.p}\"]\n[output]\nx = \"${local.q[0]}\"\ny = { value = \"open\", sensitive = true, description = \"d\" }\n";
        let loaded = with(text).set("p", "hunter2").loads();
        let (x, y) = (&loaded.config.outputs["x"], &loaded.config.outputs["y"]);
        assert!(x.sensitive && y.sensitive);
        with(&format!(
            "{text}{WEB}name = \"${{local.q[0]}}\"\ncount = \"${{var.p}}\"\n"
        ))
        .set("p", "hunter2")
        .check(&[r#"infra.toml:36:8 E0313 name would show a sensitive variable in the plan and in the state | a sensitive variable may be a password, as a whole, and stand in outputs"#, "infra.toml:37:9 E0313 count shows in every address, so it cannot be sensitive"]);
    }

    #[test]
    fn outputs_have_two_forms() {
        with("[output]\na = { description = \"x\" }\nb = { value = 1, sensitve = true }\nc = 1.5\nd = { value = \"x\", description = 3, sensitive = \"yes\" }\n").check(&[r#"infra.toml:24:1 E0204 output a needs value | a = "${instance.web.public_ip}" | a = { value = "...", description = "..." }"#, r#"infra.toml:25:18 E0201 unknown key "sensitve" in output b ^ did you mean sensitive? = all keys: value, description, sensitive | for a table as the value: b = { value = { ... } }"#, "infra.toml:26:5 E0203 an output cannot be a fraction", "infra.toml:27:34 E0203 description is a text", "infra.toml:27:49 E0203 sensitive is true or false"]);
    }
}

/// Files that are no TOML.
mod syntax {
    use super::*;

    #[test]
    fn all_mistakes_of_a_file_are_found() {
        Project::new("[infra]\nname = shop\nregion = \"cn-hangzhou\n[vpc.main]\ncidr_block = ${var.x}\n负责人 = 1\n[vpc.a\nx = 1\n[vpc.b]\ny\nz = true false\nenabled = yes\nw = \"\\q\"\n").check(&[r#"infra.toml:2:8 E0111 text must stand in quotes | "shop""#, r#"infra.toml:3:22 E0111 this text is not closed ^ expected ""#, r#"infra.toml:5:14 E0111 text must stand in quotes | references are text: "${var.x}""#, r#"infra.toml:6:1 E0111 TOML wants quotes around this key ^ not a bare key | "负责人" = ..."#, "infra.toml:7:7 E0111 this header is not closed ^ expected ]", "infra.toml:10:2 E0111 this key has no value ^ expected = | key = value, or [type.name] to begin a table", r#"infra.toml:11:5 E0111 text must stand in quotes | "true false""#, "infra.toml:12:11 E0111 text must stand in quotes | true", r#"infra.toml:13:7 E0111 there is no such escape | a backslash is written \\, or use '...' quotes"#]);
    }

    #[test]
    fn the_rest_is_checked_without_guessing() {
        with(&format!(
            "{WEB}name = x\nsystem_disk = 3\ninstance_tpye = \"x\"\n[output]\na = \"${{vpc.nothing.id}}\"\n"
        ))
        .check(&[r#"infra.toml:29:8 E0111 text must stand in quotes | "x""#, "infra.toml:30:15 E0203 system_disk is a table, found the number 3", r#"infra.toml:31:1 E0201 unknown key "instance_tpye" in [instance.web] ^ did you mean instance_type? | all keys: infra schema instance"#]);
    }

    #[test]
    fn tables_of_toml_1_1_are_warned_of() {
        with("[local]\na = {\n x = 1 }\nb = { x = 1, }\nc = [\n  { y = \"{\\n\" },\n]\n").check(&["infra.toml:24:5 W001 a table in braces over several lines or with a comma at its end is TOML 1.1 | many editors show this as a mistake; put it on one line, or use a [table]", "infra.toml:26:5 W001 a table in braces over several lines or with a comma at its end is TOML 1.1 | many editors show this as a mistake; put it on one line, or use a [table]"]);
        with("[local]\na = { x = [\n  1,\n], y = \"\"\"\n{\n\"\"\" } # {\nb = '{'\n").loads();
    }
}

mod said {
    use super::*;

    #[test]
    fn blocks_about_what_exists_are_read() {
        let text = format!(
            "{WEB}[[moved]]\nfrom = \"instance.old\"\nto = \"instance.web\"\n[[import]]\nto = \"vpc.main\"\nid = \"vpc-1\"\n\
             [[removed]]\nfrom = \"instance.gone\"\ndestroy = false\n[policy]\nmax_monthly_cost = 1000\n\
             deny_public_ports = [22, \"8000-8100\"]\nno_replace = [\"instance.web\"]\n"
        );
        let loaded = with(&text).loads();
        let said = &loaded.config.transitions;
        assert_eq!(said.moved[0].to.to_string(), "instance.web");
        assert_eq!(said.imports[0].id, "vpc-1");
        assert!(!said.removed[0].destroy);
        let policy = &loaded.config.policy;
        assert_eq!(
            policy.max_monthly_cost.as_ref().map(|rule| rule.value),
            Some(1000)
        );
        let ports: Vec<_> = policy
            .deny_public_ports
            .iter()
            .map(|rule| rule.value.clone())
            .collect();
        assert_eq!(ports, [22..=22, 8000..=8100]);
        let keys = "lifecycle = { create_before_destroy = true, ignore_changes = [\"instance_type\"], replace_on = [\"image_id\", \"vpc.main\"] }\n";
        let loaded = with(&format!("{WEB}{keys}")).loads();
        let web = &loaded.config.resources[&"instance.web".parse().unwrap()];
        assert_eq!(web.lifecycle.create_before_destroy, Some(true));
        assert!(
            web.lifecycle.ignore_changes.contains("instance_type")
                && web.lifecycle.replace_on.contains("image_id")
        );
        assert!(web.depends_on.contains(&"vpc.main".parse().unwrap()));
    }

    /// The code and the words of the first mistake.
    #[track_caller]
    fn wrong(text: &str, code: &str, words: &str) {
        let said = with(text).says();
        let first = said.first().map_or("", String::as_str);
        assert!(
            said.len() == 1 && first.contains(code) && first.contains(words),
            "{text}: {said:#?}"
        );
    }

    #[test]
    fn mistakes_in_them_are_said_in_their_place() {
        wrong("[moved]\nfrom = \"a.b\"\n", "E0207", "double brackets");
        wrong("[[moved]]\nfrom = \"vpc.old\"\n", "E0204", "needs to");
        wrong(
            "[[moved]]\nfrom = \"vpc.main\"\nto = \"vpc.main\"\n",
            "E0205",
            "still in the configuration",
        );
        wrong(
            "[[moved]]\nfrom = \"vpc.old\"\nto = \"vswitch.main\"\n",
            "E0845",
            "keeps its type",
        );
        wrong(
            "[[moved]]\nfrom = \"vpc.old\"\nto = \"vpc.none\"\n",
            "E0301",
            "there is no vpc.none",
        );
        wrong(
            "[[moved]]\nfrom = \"old\"\nto = \"vpc.main\"\n",
            "E0314",
            "no address",
        );
        wrong("[[import]]\nto = \"vpc.main\"\n", "E0204", "needs id");
        wrong(
            "[[import]]\nto = \"vpc.none\"\nid = \"x\"\n",
            "E0301",
            "there is no",
        );
        wrong("[[import]]\nto = \"vpc.main\"\nid = 3\n", "E0203", "texts");
        wrong(
            "[[removed]]\nfrom = \"vpc.main\"\n",
            "E0205",
            "still in the configuration",
        );
        wrong(
            "[[removed]]\nfrom = \"vpc.a\"\n[[removed]]\nfrom = \"vpc.a\"\n",
            "E0206",
            "twice",
        );
        wrong(
            "[[removed]]\nfrom = \"vpc.a\"\ndestory = true\n",
            "E0201",
            "did you mean destroy?",
        );
        wrong("[policy]\nmax_cost = 3\n", "E0201", "unknown key");
        wrong("[policy]\nmax_destroy = -1\n", "E0203", "from 0 on");
        wrong("[policy]\ndeny_public_ports = [\"ssh\"]\n", "E0407", "no port");
        wrong("[policy]\nallowed_regions = \"x\"\n", "E0203", "is a list");
        wrong("[[policy]]\n", "E0207", "policy is a table");
        wrong(
            &format!("{WEB}lifecycle = {{ ignore_changes = [\"instance_typ\"] }}\n"),
            "E0311",
            "did you mean instance_type?",
        );
        wrong(
            &format!("{WEB}lifecycle = {{ ignore_changes = [\"id\"] }}\n"),
            "E0311",
            "no attribute id",
        );
        wrong(
            &format!("{WEB}lifecycle = {{ replace_on = [\"vpc.none\"] }}\n"),
            "E0314",
            "there is no vpc.none",
        );
        wrong(
            &format!("{WEB}lifecycle = {{ prevent_destory = true }}\n"),
            "E0201",
            "did you mean prevent_destroy?",
        );
        wrong(&format!("{WEB}lifecycle = 3\n"), "E0203", "lifecycle is a table");
    }
}
