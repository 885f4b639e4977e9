//! Data blocks in the language: what they ask for, what they show, and what is wrong before anything is read.

use serde_json::json;

use super::support::{Project, with};
use super::{WEB, attribute};

/// What is asked for, a line each.
fn asks(project: &Project) -> Vec<String> {
    let loaded = project.loads();
    let asked = loaded.asked.iter().map(|asked| {
        let keys: Vec<String> = asked
            .question
            .keys
            .iter()
            .map(|(name, value)| format!("{name}={}", super::show(value)))
            .collect();
        format!("{} {}", asked.question.header(), keys.join(" "))
    });
    asked.collect()
}

const UBUNTU: &str = "[data.image.ubuntu]\nname_regex = \"^ubuntu_${var.release}\"\nmost_recent = true\n[var.release]\ndefault = \"22\"\n";

fn server(image: &str) -> String {
    WEB.replace("image_id = \"ubuntu\"", &format!("image_id = \"{image}\""))
}

#[test]
fn what_a_block_says_is_asked_once_it_is_known() {
    let project = with(&format!("{UBUNTU}{}", server("${data.image.ubuntu.id}")));
    assert_eq!(
        asks(&project),
        ["[data.image.ubuntu] most_recent=true name_regex=^ubuntu_22"]
    );
    let project = project.data(
        "image.ubuntu",
        json!({"id": "m-1", "name": "ubuntu_22_1", "size": 20}),
    );
    assert_eq!(asks(&project), Vec::<String>::new());
    assert_eq!(attribute(&project, "instance.web", "image_id"), "m-1");
}

#[test]
fn a_block_may_wait_for_another_one() {
    let text = "[data.zone.all]\nmany = true\n[local]\nfirst = \"${data.zone.all[0].id}\"\n\
                [data.instance_type.small]\ncpu = 2\nzone = \"${local.first}\"\nsort_by = \"price\"\n\
                [output]\ntype = \"${data.instance_type.small.id} of ${data.instance_type.small.cpu}\"\n";
    let project = with(text);
    assert_eq!(asks(&project), ["[data.zone.all] many=true"]);
    let project = project.data(
        "zone.all",
        json!([{"id": "cn-hangzhou-b", "local_name": "B"}, {"id": "cn-hangzhou-h"}]),
    );
    assert_eq!(
        asks(&project),
        ["[data.instance_type.small] cpu=2 sort_by=price zone=cn-hangzhou-b"]
    );
    let project = project.data("instance_type.small", json!({"id": "ecs.a", "cpu": 2}));
    let loaded = project.loads();
    assert_eq!(super::show(&loaded.config.outputs["type"].value), "ecs.a of 2");
}

#[test]
fn many_feed_count_and_for_each() {
    let text = "[data.zone.all]\nmany = true\n\
                [vswitch.each]\nfor_each = \"${data.zone.all[*].id}\"\nvpc_id = \"${vpc.main.id}\"\nzone_id = \"${each.key}\"\ncidr_block = \"${local.nets[each.key]}\"\n\
                [local]\nnets = { cn-hangzhou-b = \"10.0.8.0/24\", cn-hangzhou-i = \"10.0.9.0/24\" }\n\
                [output]\nall = \"${vswitch.each[*].id}\"\none = \"${vswitch.each[cn-hangzhou-b].id}\"\n";
    let project = with(text);
    // Before it is read, nothing is wrong with it.
    assert_eq!(asks(&project), ["[data.zone.all] many=true"]);
    let project = project.data(
        "zone.all",
        json!([{"id": "cn-hangzhou-b"}, {"id": "cn-hangzhou-i"}]),
    );
    assert_eq!(
        attribute(&project, "vswitch.each[cn-hangzhou-i]", "cidr_block"),
        "10.0.9.0/24"
    );
    let loaded = project.loads();
    assert_eq!(
        super::show(&loaded.config.outputs["all"].value),
        "[<vswitch.each[cn-hangzhou-b].id>, <vswitch.each[cn-hangzhou-i].id>]"
    );
}

#[test]
fn what_is_wrong_is_said_before_anything_is_read() {
    with("[data.imgae.x]\n[data.vpcs.x]\n[data.image]\nname = \"x\"\n[output]\nx = \"${data.imgae.x.id}\"\n")
        .check(&[
            "infra.toml:23:7 E0202 there is no data of the kind \"imgae\" ^ did you mean [data.image...]?",
            "infra.toml:24:7 E0202 there is no data of the kind \"vpcs\" ^ did you mean [data.vpc...]?",
            "infra.toml:25:1 E0207 a data block has a kind and a name of your choice | [data.image.NAME]",
        ]);
    with("[data.image.x]\nname_rgex = \"x\"\nmost_recent = \"yes\"\nowner = \"me\"\n[data.vpc.x]\nid = \"vsw-1\"\n").check(&[
        "infra.toml:24:1 E0201 unknown key \"name_rgex\" in [data.image.x] ^ did you mean name_regex? | all keys: infra schema data.image",
        "infra.toml:25:15 E0203 most_recent is true or false, found the text \"yes\"",
        "infra.toml:26:9 E0401 owner cannot be \"me\" = one of system, self, others, marketplace",
        "infra.toml:28:6 E0303 id wants the id of a vpc, \"vsw-1\" is the id of a vswitch | \"${vpc.main.id}\"   (the only vpc here)",
    ]);
    with("[data.image.x]\nname_regex = \"a(b\"\n").check(&[
        "infra.toml:24:14 E0410 name_regex \"a(b\" is no pattern: found open group without closing ')' | for example: \"^ubuntu_22_04_x64\"",
    ]);
}

#[test]
fn references_to_data_are_checked_before_it_is_read() {
    let text = "[data.image.ubuntu]\n[data.zone.all]\nmany = true\n[output]\na = \"${data.image.ubnutu.id}\"\nb = \"${data.image.ubuntu.ide}\"\nc = \"${data.image.ubuntu}\"\n\
                d = \"${data.zone.all.id}\"\ne = \"${data.image.ubuntu[0].id}\"\nf = \"${data.image}\"\ng = \"${data.disk.x.id}\"\n";
    with(text).check(&[
        "infra.toml:27:6 E0301 no data block named [data.image.ubnutu] ^ did you mean ${data.image.ubuntu.id}? = data.image.ubuntu is at infra.toml:23",
        "infra.toml:28:6 E0311 data of the kind image has no attribute \"ide\" ^ did you mean ${data.image.ubuntu.id}? | all attributes: infra schema data.image",
        "infra.toml:29:6 E0302 ${data.image.ubuntu} is a whole image; a reference names one of its attributes | \"${data.image.ubuntu.id}\"",
        "infra.toml:30:6 E0304 data.zone.all has many = true, so it is a list | one: ${data.zone.all[0].id}   all: ${data.zone.all[*].id}",
        "infra.toml:31:6 E0304 data.image.ubuntu is one image and no list | \"${data.image.ubuntu.id}\" | many = true in its block makes it a list",
        "infra.toml:32:6 E0307 this reference does not say which image | ${data.image.NAME.id}",
        "infra.toml:33:6 E0301 no data block named [data.disk.x] | to begin one: [data.disk.x]",
    ]);
    let text = "[data.vpc.x]\nid = \"vpc-1\"\n[data.image.u]\n[instance.b]\nvswitch_id = \"${data.vpc.x.id}\"\ninstance_type = \"${data.image.u.size}\"\ndeletion_protection = \"${data.image.u.name}\"\nsecurity_group_ids = \"${data.image.u.name}\"\n";
    with(text).check(&[
        "infra.toml:27:14 E0303 vswitch_id wants the id of a vswitch, this is the id of a vpc",
        "infra.toml:29:23 E0203 deletion_protection is true or false, found a text",
        "infra.toml:30:22 E0203 security_group_ids is a list of security_group ids, found a text",
    ]);
}

#[test]
fn a_block_cannot_wait_for_what_is_made() {
    let text = "[data.vswitch.x]\nvpc_id = \"${vpc.main.id}\"\n[local]\nname = \"${vpc.main.name}-x\"\n[data.vpc.y]\nname = \"${local.name}\"\n";
    with(text).check(&[
        "infra.toml:24:10 E0308 [data.vswitch.x] is read before anything is made, so it cannot wait for vpc.main | what this configuration makes needs no data block: refer to vpc.main itself",
        "infra.toml:28:8 E0308 [data.vpc.y] is read before anything is made, so it cannot wait for vpc.main | what this configuration makes needs no data block: refer to vpc.main itself",
    ]);
}

#[test]
fn blocks_that_need_each_other_are_a_cycle() {
    let text = "[data.vpc.a]\nname = \"${data.vpc.b.name}\"\n[data.vpc.b]\nname = \"${local.a}\"\n[data.vpc.c]\nname = \"${data.vpc.c.name}\"\n[local]\na = \"${data.vpc.a.name}\"\n";
    with(text).check(&[
        "infra.toml:23:1 E0306 these data blocks need each other, so none can be read first = data.vpc.a =   -> data.vpc.b =     -> data.vpc.a | take one of these references out",
        "infra.toml:27:1 E0306 these data blocks need each other, so none can be read first = data.vpc.c =   -> data.vpc.c | take one of these references out",
    ]);
}

#[test]
fn what_was_read_can_be_wrong_in_its_place() {
    let text = format!("{UBUNTU}{}", server("${data.image.ubuntu.id}"));
    let read = json!({"id": "m-1", "name": "x"});
    with(&format!("{text}private_ip = \"x\"\n"))
        .data("image.ubuntu", read)
        .check(&["infra.toml:34:1 E0201 unknown key \"private_ip\" in [instance.web] | all keys: infra schema instance"]);
    let text = "[data.zone.all]\nmany = true\n[output]\na = \"${data.zone.all[2].id}\"\n";
    with(text)
        .data("zone.all", json!([{"id": "a"}]))
        .check(&["infra.toml:26:6 E0305 data.zone.all has no item [2]: it has 1 item"]);
}
