mod fuzz;
mod support;

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

#[test]
fn slips_are_found_with_what_was_meant() {
    with(
        r#"
[instance.web]
instance_tpye = "ecs.g7.large"
ImageId = "ubuntu"
subnet_id = "x"
"#,
    )
    .check(&[
        "infra.toml:24:1 E0204 [instance.web] needs security_group_ids | security_group_ids = [\"${security_group.web.id}\"]   (the only security_group here)",
        "infra.toml:25:1 E0201 unknown key \"instance_tpye\" in [instance.web] ^ did you mean instance_type? = all keys: infra schema instance",
        "infra.toml:26:1 E0201 \"ImageId\" is the API's name | in infra.toml it is image_id",
        "infra.toml:27:1 E0201 unknown key \"subnet_id\" in [instance.web] ^ did you mean vswitch_id? = all keys: infra schema instance",
    ]);
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
    web("password = \"hunter2\"").check(&[
        "infra.toml:29:12 E0411 a password must not be written here | password = { env = \"WEB_PASSWORD\" } | password = { file = \"path/to/file\" }",
    ]);
}

#[test]
fn count_makes_copies() {
    let project = with(&format!("{WEB}count = 3\nname = \"web-${{count.index}}\"\n"));
    assert_eq!(attribute(&project, "instance.web[2]", "name"), "web-2");
    let loaded = project.loads();
    assert_eq!(
        loaded.config.blocks[&"instance.web".parse().unwrap()],
        BlockShape::Count(3)
    );
}
