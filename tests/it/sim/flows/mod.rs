//! Flows: what other people's suites do to this cloud, request by request, each in a file of its own. `provider` is how
//! the acceptance tests of the Terraform provider make, read, change, import and delete each of its resources, and what
//! its data sources ask; `cli` is how the end-to-end cases of the vendor's command line do.
//!
//! A line is one of these, with `$name` for what an earlier line kept:
//!
//! ```text
//! ecs CreateDisk Size=20 DiskName="my disk" > disk=/DiskId     a call that succeeds; what to keep of its answer
//! ecs DeleteDisk DiskId=$disk ! 404 InvalidDiskId.NotFound     a call that is refused so
//!   /Disks/Disk/0/Size = 20                                    what the answer holds there, as JSON
//!   /Disks/Disk # 1                                            how many it holds
//!   /Disks/Disk/0/IOPS : number                                of what type it is there; `absent` when it is not
//! wait 10                                                      seconds that go by
//! ```
//!
//! `legacy:ecs` sends everything in the query, `get:ecs` does so by GET, and `?Name=value` puts one pair in the query, as
//! the vendor's SDKs do. No flow may send what the simulator does not know or does not do.

use std::collections::BTreeMap;

use serde_json::Value;

use super::provider::{Path, Provider};
use super::{ECS, RESOURCE_MANAGER, VPC};

/// Written so for `coverage.rs`, which counts the quotes of a file.
const QUOTE: char = '\u{22}';

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sim/flows");

/// What a line calls a product, and its version.
const PRODUCTS: &[(&str, &str)] = &[
    ("ecs", ECS),
    ("vpc", VPC),
    ("rm", RESOURCE_MANAGER),
    ("slb", "2014-05-15"),
    ("ram", "2015-05-01"),
    ("kms", "2016-01-20"),
    ("tag", "2018-08-28"),
    ("bss", "2017-12-14"),
    ("dns", "2015-01-09"),
];

/// Where it has come to.
pub(super) struct Walk {
    pub(super) provider: Provider,
    kept: BTreeMap<String, String>,
    status: u16,
    body: Value,
}

/// A request as a line of a flow has it.
pub(super) struct Request {
    path: Path,
    pub(super) version: &'static str,
    pub(super) action: String,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
}

impl Request {
    /// All that it says, wherever it is put.
    pub(super) fn params(&self) -> Vec<(String, String)> {
        [&self.query[..], &self.form[..]].concat()
    }
}

/// The names of all flows with their lines.
pub(super) fn all() -> impl Iterator<Item = (&'static str, String)> {
    let text = |name: &str| std::fs::read_to_string(format!("{FOLDER}/{name}.flow")).unwrap();
    FLOWS.iter().map(move |name| (*name, text(name)))
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            provider: Provider::new(),
            kept: BTreeMap::new(),
            status: 0,
            body: Value::Null,
        }
    }

    fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        // The longest names first, so that none is taken for a shorter one.
        for (name, value) in self.kept.iter().rev() {
            filled = filled.replace(&format!("${name}"), value);
        }
        filled
    }

    /// The request of a line, with the words behind it.
    pub(super) fn request(&self, line: &str) -> Result<(Request, Vec<String>), String> {
        let words = words(line)?;
        let (product, action) = match &words[..] {
            [product, action, ..] => (product.as_str(), action.as_str()),
            _ => return Err("no action".to_owned()),
        };
        let (path, product) = match product.split_once(':') {
            None => (Path::Tea, product),
            Some(("legacy", product)) => (Path::Legacy, product),
            Some(("get", product)) => (Path::Common, product),
            Some((other, _)) => return Err(format!("no way is called {other}")),
        };
        let (_, version) = PRODUCTS
            .iter()
            .find(|(name, _)| *name == product)
            .ok_or_else(|| format!("no product is called {product}"))?;
        let end = words
            .iter()
            .position(|word| word == ">" || word == "!")
            .unwrap_or(words.len());
        let mut request = Request {
            path,
            version,
            action: action.to_owned(),
            query: Vec::new(),
            form: Vec::new(),
        };
        for word in &words[2..end] {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("{word} is no pair"))?;
            let value = self.filled(value);
            match name.strip_prefix('?') {
                Some(name) => request.query.push((name.to_owned(), value)),
                None => request.form.push((name.to_owned(), value)),
            }
        }
        let params = request.params();
        let said = |name: &str| params.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        if ["ecs", "vpc", "slb", "tag"].contains(&product) && !said("RegionId") {
            request
                .form
                .push(("RegionId".to_owned(), "cn-hangzhou".to_owned()));
        }
        Ok((request, words[end..].to_vec()))
    }

    fn call(&mut self, line: &str) -> Result<(), String> {
        let (request, behind) = self.request(line)?;
        let (status, body) = self.provider.send(
            request.path,
            (request.version, &request.action),
            &borrowed(&request.query),
            &borrowed(&request.form),
        );
        (self.status, self.body) = (status, body);
        match &behind[..] {
            [mark, status, code] if mark == "!" => {
                if (self.status.to_string(), self.body["Code"].as_str()) != (status.clone(), Some(code)) {
                    return Err(format!("{} {}", self.status, self.body));
                }
            }
            rest => {
                if self.status != 200 {
                    return Err(format!("{} {}", self.status, self.body));
                }
                for word in rest.iter().skip(1) {
                    let (name, path) = word.split_once('=').ok_or_else(|| format!("{word} is no pair"))?;
                    let value = match self.body.pointer(path) {
                        Some(Value::String(text)) => text.clone(),
                        Some(value) => value.to_string(),
                        None => return Err(format!("{path} is not in {}", self.body)),
                    };
                    self.kept.insert(name.to_owned(), value);
                }
            }
        }
        Ok(())
    }

    fn look(&self, line: &str) -> Result<(), String> {
        let (path, rest) = line
            .trim()
            .split_once(' ')
            .ok_or_else(|| "nothing is said of it".to_owned())?;
        let found = self.body.pointer(&self.filled(path));
        let holds = match rest.split_once(' ') {
            Some(("=", wanted)) => {
                let wanted = self.filled(wanted);
                let wanted: Value =
                    serde_json::from_str(&wanted).map_err(|error| format!("{wanted}: {error}"))?;
                found == Some(&wanted)
            }
            Some(("#", count)) => found
                .and_then(Value::as_array)
                .is_some_and(|list| list.len().to_string() == count),
            Some((":", "absent")) => found.is_none(),
            Some((":", kind)) => found.is_some_and(|value| match kind {
                "text" => value.as_str().is_some_and(|text| !text.is_empty()),
                "number" => value.is_number(),
                "flag" => value.is_boolean(),
                "list" => value.is_array(),
                "map" => value.is_object(),
                _ => false,
            }),
            _ => return Err(format!("{rest} cannot be said")),
        };
        if holds {
            Ok(())
        } else {
            Err(match found {
                Some(found) => format!("{path} is {found}"),
                None => format!("{path} is not in {}", self.body),
            })
        }
    }

    /// Does what a line says; what is wrong otherwise.
    pub(super) fn line(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with(' ') {
            return self.look(line);
        }
        if let Some(seconds) = line.strip_prefix("wait ") {
            let seconds = seconds.parse().map_err(|_| "no number of seconds".to_owned())?;
            self.provider.wait(seconds);
            return Ok(());
        }
        self.call(line)
    }
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (&**name, &**value)).collect()
}

/// Words as they stand between blanks; a value in quotes may hold blanks.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut inside) = (Vec::new(), String::new(), false);
    let mut before = ' ';
    for letter in line.chars() {
        match letter {
            QUOTE if inside => inside = false,
            // What begins a value.
            QUOTE if before == '=' => inside = true,
            ' ' if !inside => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
        before = letter;
    }
    if inside {
        return Err("a quote does not end".to_owned());
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

#[track_caller]
fn walk_flow(name: &str) {
    let text = std::fs::read_to_string(format!("{FOLDER}/{name}.flow")).unwrap();
    let mut walk = Walk::new();
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(what) = walk.line(line) {
            wrong.push(format!("{name}:{}: {line}\n    {what}", number + 1));
            // What follows from a call that failed says nothing more.
            if wrong.len() == 12 {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let stats = walk.provider.stats();
    for count in ["unknown_parameters", "not_simulated"] {
        assert_eq!(stats[count]["total"], 0, "{name}: {count} {}", stats[count]);
    }
}

macro_rules! flows {
    ($($(#[$doc:meta])* $test:ident: $file:literal;)*) => {
        const FLOWS: &[&str] = &[$($file),*];
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                walk_flow($file);
            }
        )*
    };
}

flows! {
    vpcs_live_under_the_provider: "provider/vpc";
    vswitches_live_under_the_provider: "provider/vswitch";
    groups_live_under_the_provider: "provider/security_group";
    rules_live_under_the_provider: "provider/rules";
    servers_live_under_the_provider: "provider/instance";
    servers_of_other_kinds_live_under_the_provider: "provider/instance_kinds";
    disks_live_under_the_provider: "provider/disk";
    key_pairs_live_under_the_provider: "provider/key_pair";
    addresses_live_under_the_provider: "provider/eip";
    pools_of_addresses_live_under_the_provider: "provider/public_ip_address_pool";
    private_gateways_live_under_the_provider: "provider/private_nat";
    lists_of_load_balancers_live_under_the_provider: "provider/load_balancer_parts";
    interfaces_live_under_the_provider: "provider/network_interface";
    snapshots_and_policies_live_under_the_provider: "provider/snapshot";
    images_live_under_the_provider: "provider/image";
    templates_and_sets_live_under_the_provider: "provider/template";
    gateways_and_routes_live_under_the_provider: "provider/gateways";
    network_acls_and_dhcp_options_live_under_the_provider: "provider/acl";
    load_balancers_live_under_the_provider: "provider/load_balancer";
    roles_policies_and_keys_live_under_the_provider: "provider/access";
    tags_and_resource_groups_live_under_the_provider: "provider/tags";
    what_is_on_offer_is_found_by_the_provider: "provider/offer";
    the_assistant_is_asked_as_the_command_line_does: "cli/assistant";
    commands_are_run_as_the_command_line_does: "cli/command";
    servers_are_handled_as_the_command_line_does: "cli/instance";
    disks_are_handled_as_the_command_line_does: "cli/disk";
    snapshots_are_handled_as_the_command_line_does: "cli/snapshot";
    interfaces_are_handled_as_the_command_line_does: "cli/network_interface";
    images_are_handled_as_the_command_line_does: "cli/image";
    policies_and_templates_are_handled_as_the_command_line_does: "cli/policy_and_template";
    lists_are_handled_as_the_command_line_does: "cli/lists";
    networks_and_groups_are_handled_as_the_command_line_does: "cli/network";
}

/// A flow that no test walks shows nothing.
#[test]
fn every_flow_is_walked() {
    let mut found = Vec::new();
    for folder in ["provider", "cli"] {
        for entry in std::fs::read_dir(format!("{FOLDER}/{folder}")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            found.push(format!("{folder}/{}", name.strip_suffix(".flow").unwrap()));
        }
    }
    found.sort();
    let mut walked = FLOWS.to_vec();
    walked.sort_unstable();
    assert_eq!(found, walked);
}
