//! A small set of resource types and a configuration folder in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::api::action;
use crate::config::trust::Opened;
use crate::config::{LoadRequest, Loaded, load};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::{AppendFile, FileKind, FileLock, FileSystem};
use crate::types::{self, Attribute, Complaint, Kind, Literal, Partner, Relation, ResourceType, Types, attr};
use crate::value::{Attributes, Value};

const fn type_of(
    name: &'static str,
    attributes: &'static [Attribute],
    check: fn(&Attributes) -> Vec<Complaint>,
) -> ResourceType {
    ResourceType {
        name,
        doc: "For tests.",
        attributes,
        check,
        ..types::BASE
    }
}

fn no_rules(_: &Attributes) -> Vec<Complaint> {
    Vec::new()
}

static VPC: ResourceType = type_of(
    "vpc",
    &[
        attr("cidr_block", Kind::Cidr)
            .required()
            .doc("The network's addresses."),
        attr("name", Kind::String).param("VpcName"),
        attr("description", Kind::String),
        attr("tags", Kind::Tags),
        attr("id", Kind::Id("vpc")).computed(),
        attr("status", Kind::String).computed(),
    ],
    no_rules,
);

static VSWITCH: ResourceType = type_of(
    "vswitch",
    &[
        attr("vpc_id", Kind::Id("vpc")).required(),
        attr("zone_id", Kind::String).required(),
        attr("cidr_block", Kind::Cidr).required(),
        attr("name", Kind::String).param("VSwitchName"),
        attr("tags", Kind::Tags),
        attr("id", Kind::Id("vswitch")).computed().field("VSwitchId"),
    ],
    no_rules,
);

static RULE: &[Attribute] = &[
    attr("ip_protocol", Kind::Enum(&["TCP", "UDP", "ICMP", "ALL"])).default(Literal::String("TCP")),
    attr("port_range", Kind::String).required(),
    attr("source_cidr_ip", Kind::Cidr),
    attr("priority", Kind::Integer { min: 1, max: 100 }).default(Literal::Integer(1)),
    attr("description", Kind::String),
];

static SECURITY_GROUP: ResourceType = type_of(
    "security_group",
    &[
        attr("vpc_id", Kind::Id("vpc")),
        attr("name", Kind::String).param("SecurityGroupName"),
        attr("ingress", Kind::TableSet(RULE)),
        attr("tags", Kind::Tags),
        attr("id", Kind::Id("security_group")).computed(),
    ],
    no_rules,
);

static DISK: &[Attribute] = &[
    attr(
        "category",
        Kind::Enum(&["cloud_efficiency", "cloud_ssd", "cloud_essd"]),
    ),
    attr("size", Kind::Integer { min: 20, max: 500 }),
];

static INSTANCE: ResourceType = type_of(
    "instance",
    &[
        attr("instance_type", Kind::String).required(),
        attr("image_id", Kind::String),
        attr("zone_id", Kind::String),
        attr("vswitch_id", Kind::Id("vswitch")).param("VSwitchId"),
        attr("security_group_ids", Kind::IdSet("security_group")).required(),
        attr("name", Kind::String).param("InstanceName"),
        attr("description", Kind::String),
        attr("password", Kind::Secret),
        attr("user_data", Kind::Text),
        attr("system_disk", Kind::Table(DISK)),
        attr("deletion_protection", Kind::Bool),
        attr("internet_max_bandwidth_out", Kind::Integer { min: 0, max: 100 }),
        attr("instance_charge_type", Kind::Enum(&["PostPaid", "PrePaid"])),
        attr("period", Kind::Integer { min: 1, max: 60 }),
        attr("status", Kind::Enum(&["Running", "Stopped"])).default(Literal::String("Running")),
        attr("tags", Kind::Tags),
        attr("id", Kind::Id("instance")).computed(),
        attr("public_ip", Kind::String).computed(),
    ],
    |attributes| {
        let is_prepaid = attributes.get("instance_charge_type").and_then(Value::as_str) == Some("PrePaid");
        if is_prepaid && !attributes.contains_key("period") {
            return vec![Complaint {
                code: codes::MISSING_KEY,
                attribute: "instance_charge_type",
                message: "PrePaid needs period".to_owned(),
                help: "period = 1".to_owned(),
            }];
        }
        Vec::new()
    },
);

/// Joined to a server that has no address of its own.
static EIP: ResourceType = ResourceType {
    relations: &[Relation {
        attribute: "instance_id",
        partners: &[Partner {
            type_name: "instance",
            id_prefix: "i-",
            params: &[],
        }],
        join: &action::START_INSTANCE,
        leave: &action::STOP_INSTANCE,
        partner_param: "InstanceId",
        own_param: "AllocationId",
        own_list: false,
        with_create: false,
        told_in: ["", ""],
        pins: false,
        costly: false,
        follow_up: |_, _| Vec::new(),
        along: None,
        join_attributes: &[],
        status: None,
        timeout_s: 1,
        lends: &[],
        survives: true,
        join_name: "bind",
        leave_name: "unbind",
    }],
    partner_rule: |_, partner| {
        let bandwidth = partner.get("internet_max_bandwidth_out")?.as_integer()?;
        (bandwidth > 0).then(|| Complaint {
            code: codes::PAIR,
            attribute: "instance_id",
            message: format!("the server has {bandwidth} Mbit/s of its own"),
            help: "take one of them out".to_owned(),
        })
    },
    ..type_of(
        "eip",
        &[
            attr("instance_id", Kind::Id("instance")).param(""),
            attr("id", Kind::Id("eip")).computed(),
        ],
        no_rules,
    )
};

pub(crate) fn types() -> Types {
    Types::new([&VPC, &VSWITCH, &SECURITY_GROUP, &INSTANCE, &EIP])
}

/// A folder in memory.
#[derive(Default)]
pub(super) struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
    links: Vec<PathBuf>,
}

pub(super) const FOLDER: &str = "/project";

impl Memory {
    pub(super) fn add(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.files.insert(Path::new(FOLDER).join(path), content.into());
    }

    pub(super) fn link(&mut self, path: &str) {
        self.links.push(Path::new(FOLDER).join(path));
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files
            .keys()
            .any(|file| file.starts_with(path) && file != path)
    }
}

fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

impl FileSystem for Memory {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.clone())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if !self.is_folder(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut names: Vec<String> = self
            .files
            .keys()
            .filter_map(|file| {
                let name = file.strip_prefix(folder).ok()?.components().next()?;
                Some(name.as_os_str().to_string_lossy().into_owned())
            })
            .collect();
        names.dedup();
        Ok(names)
    }

    fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        let is_folder = self.is_folder(path);
        let file = self.files.get(path);
        Ok((is_folder || file.is_some()).then(|| FileKind {
            is_link: self.links.iter().any(|link| link == path),
            is_folder,
            is_regular: !is_folder,
            length: file.map_or(0, |bytes| bytes.len() as u64),
            mode: 0o600,
        }))
    }

    fn real_path(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn create_folder(&self, _: &Path) -> io::Result<()> {
        unsupported()
    }
    fn write_new(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        unsupported()
    }
    fn open_append(&self, _: &Path) -> io::Result<Box<dyn AppendFile>> {
        unsupported()
    }
    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        unsupported()
    }
    fn hard_link(&self, _: &Path, _: &Path) -> io::Result<()> {
        unsupported()
    }
    fn remove(&self, _: &Path) -> io::Result<()> {
        unsupported()
    }
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        unsupported()
    }
    fn try_lock(&self, _: &Path) -> io::Result<Option<Box<dyn FileLock>>> {
        unsupported()
    }
}

/// A configuration to be loaded.
#[derive(Default)]
pub(super) struct Project {
    pub(super) memory: Memory,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) set: Vec<(String, String)>,
    pub(super) environment: Option<String>,
    pub(super) data: BTreeMap<Address, Value>,
}

impl Project {
    pub(super) fn new(text: &str) -> Project {
        Project::default().file("infra.toml", text)
    }

    pub(super) fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Project {
        self.memory.add(path, content);
        self
    }

    pub(super) fn var(mut self, name: &str, value: &str) -> Project {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn set(mut self, name: &str, value: &str) -> Project {
        self.set.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What a data block shows, as JSON.
    pub(super) fn data(mut self, address: &str, json: serde_json::Value) -> Project {
        let value = Value::from_json(&json).unwrap();
        self.data.insert(address.parse().unwrap(), value);
        self
    }

    pub(super) fn environment(mut self, name: &str) -> Project {
        self.environment = Some(name.to_owned());
        self
    }

    pub(super) fn load(&self) -> Loaded {
        let request = LoadRequest {
            fs: &self.memory,
            folder: Path::new(FOLDER),
            vars: &self.vars,
            set: &self.set,
            environment: self.environment.as_deref(),
            opened: Opened::default(),
            data: &self.data,
            check_endpoint: &endpoint_of_tests,
        };
        load(&request, &types())
    }

    /// Loads what has no mistakes.
    #[track_caller]
    pub(super) fn loads(&self) -> Loaded {
        let loaded = self.load();
        let found: Vec<String> = loaded.diagnostics.iter().map(line_of).collect();
        assert!(found.is_empty(), "{found:#?}");
        loaded
    }

    /// What is said, a line each: place, code, message, the words at the caret, notes and help.
    pub(super) fn says(&self) -> Vec<String> {
        self.load().diagnostics.iter().map(line_of).collect()
    }

    /// Asserts what is said.
    #[track_caller]
    pub(super) fn check(&self, expected: &[&str]) {
        assert_eq!(self.says(), expected);
    }
}

fn line_of(diagnostic: &Diagnostic) -> String {
    let mut line = String::new();
    if let Some(label) = diagnostic.labels.first() {
        let location = &label.location;
        line += &format!("{}:{}:{} ", location.file, location.line, location.column);
    }
    line += &format!("{} {}", diagnostic.code, diagnostic.message);
    for (position, label) in diagnostic.labels.iter().enumerate() {
        if position > 0 {
            line += &format!(" & {}:{}", label.location.file, label.location.line);
        }
        if !label.text.is_empty() {
            line += &format!(" ^ {}", label.text);
        }
    }
    for note in &diagnostic.notes {
        line += &format!(" = {note}");
    }
    for help in &diagnostic.help {
        line += &format!(" | {help}");
    }
    line
}

/// A correct project, to which the text is added.
pub(super) fn with(text: &str) -> Project {
    Project::new(&format!("{BASE}{text}"))
}

/// A correct project of 22 lines.
pub(super) const BASE: &str = r#"#:resource_type ./.infra/infra.resource_type.json
[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${vpc.main.id}"
cidr_block = "10.0.1.0/24"
zone_id = "cn-hangzhou-h"

[security_group.web]
vpc_id = "${vpc.main.id}"
ingress = [
  { port_range = "22", source_cidr_ip = "203.0.113.7/32", description = "ssh" },
  { port_range = "80", source_cidr_ip = "0.0.0.0/0" },
]

# The text under test begins at line 22.

"#;

/// As the client would: one host is its own.
fn endpoint_of_tests(endpoint: &str) -> Result<(), String> {
    if endpoint == "https://ecs.cn-beijing.aliyuncs.com" {
        Ok(())
    } else {
        Err("it is not one of infra's own".to_owned())
    }
}
