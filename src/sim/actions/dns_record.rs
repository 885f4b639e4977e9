//! Records of domains.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, Entry, Search, done};
use super::super::clock::Now;
use super::super::head::{Head, row};
use super::super::node::{Node, map};
use super::super::products::ALIDNS;
use super::super::refusal::{Refusal, refuse};
use super::super::world::{Kind, World};
use super::dns_domain::{self, Domain, is_line, is_name};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(flatten)]
    pub(super) head: Head,
    domain: String,
    rr: String,
    kind: String,
    value: String,
    /// Seconds.
    ttl: i64,
    priority: i64,
    line: String,
    enabled: bool,
    updated: Option<i64>,
}

row!(Record, links: |row, link| link(Domain::NAME, &row.domain));

impl Kind for Record {
    const NAME: &'static str = "dns_record";

    fn bereft(world: &mut World, kind: &'static str, id: &str, now: Now) {
        if kind == Domain::NAME {
            for own in world.ids_linked::<Record>(kind, id) {
                world.remove::<Record>(&own, now);
            }
        }
    }
}

pub(super) const ACTIONS: &[Entry] = &[
    (ALIDNS, "AddDomainRecord", add),
    (ALIDNS, "UpdateDomainRecord", update),
    (ALIDNS, "UpdateDomainRecordRemark", update_remark),
    (ALIDNS, "SetDomainRecordStatus", set_status),
    (ALIDNS, "DeleteDomainRecord", delete),
    (ALIDNS, "DeleteSubDomainRecords", delete_several),
    (ALIDNS, "DescribeDomainRecords", describe),
    (ALIDNS, "DescribeDomainRecordInfo", describe_info),
    (ALIDNS, "DescribeSubDomainRecords", describe_of_name),
];

const ABSENT: &str = "DomainRecordNotBelongToUser";
/// Seconds: the limits of the edition that costs nothing.
const TTLS: std::ops::RangeInclusive<i64> = 600..=86_400;
const TYPES: &[&str] = &[
    "A",
    "AAAA",
    "CNAME",
    "MX",
    "NS",
    "TXT",
    "SRV",
    "CAA",
    "REDIRECT_URL",
    "FORWARD_URL",
];

/// What a record says.
struct Told {
    rr: String,
    kind: String,
    value: String,
    ttl: i64,
    priority: i64,
    line: String,
}

/// Whether a value can stand in a record of a type.
fn is_value(kind: &str, value: &str) -> bool {
    let name = |text: &str| is_name(text.trim_end_matches('.'));
    match kind {
        "A" => value.parse::<std::net::Ipv4Addr>().is_ok(),
        "AAAA" => value.parse::<std::net::Ipv6Addr>().is_ok(),
        "CNAME" | "MX" | "NS" => name(value),
        "SRV" => {
            let parts: Vec<&str> = value.split(' ').collect();
            parts.len() == 4 && parts[..3].iter().all(|part| part.parse::<u16>().is_ok()) && name(parts[3])
        }
        "CAA" => value.split(' ').count() == 3,
        "REDIRECT_URL" | "FORWARD_URL" => value.starts_with("http://") || value.starts_with("https://"),
        _ => !value.is_empty() && value.len() <= 512,
    }
}

/// What a request says of a record, checked.
fn told(call: &Call<'_>) -> Result<Told, Refusal> {
    let params = call.params;
    let kind = params.required("Type")?.to_ascii_uppercase();
    if !TYPES.contains(&kind.as_str()) {
        return Err(Refusal::invalid("Type"));
    }
    let rr = params.required("RR")?.to_ascii_lowercase();
    let plain = rr.strip_prefix("*.").unwrap_or(&rr);
    if !matches!(plain, "@" | "*") && !is_name(plain) {
        return refuse("InvalidRR.Format");
    }
    let value = params.required("Value")?;
    if !is_value(&kind, value) {
        return refuse("SubDomainInvalid.Value");
    }
    let ttl = params.int("TTL")?.unwrap_or(600);
    if !TTLS.contains(&ttl) {
        return refuse("SubDomainInvalid.TTL");
    }
    let line = params.text_or("Line", "default");
    if !is_line(line) {
        return refuse("SubDomainInvalid.Line");
    }
    let priority = match (kind.as_str(), params.int("Priority")?) {
        ("MX", Some(priority)) if (1..=50).contains(&priority) => priority,
        ("MX", _) => return refuse("SubDomainInvalid.Priority"),
        // Elsewhere it says nothing.
        _ => 0,
    };
    Ok(Told {
        rr,
        kind,
        value: value.to_owned(),
        ttl,
        priority,
        line: line.to_owned(),
    })
}

/// Refuses what another record of the domain says already or rules out.
fn fits(call: &Call<'_>, domain: &str, told: &Told, own: &str) -> Result<(), Refusal> {
    let others = call.world.linked::<Record>(Domain::NAME, domain);
    for other in others.filter(|other| other.id != own && other.rr == told.rr && other.line == told.line) {
        if other.kind == told.kind && other.value == told.value {
            return refuse("DomainRecordDuplicate");
        }
        let alone = |kind: &str| kind == "CNAME";
        let both_names = alone(&other.kind) && alone(&told.kind);
        if !both_names && (alone(&other.kind) || alone(&told.kind)) {
            return refuse("DomainRecordConflict");
        }
    }
    Ok(())
}

fn add(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let domain = dns_domain::find(call)?.id.clone();
    let told = told(call)?;
    fits(call, &domain, &told, "")?;
    let (place, mut numbers) = call.world.make();
    let id = format!(
        "{}",
        100_000_000_000_000_000 + numbers.next() % 900_000_000_000_000_000
    );
    let head = Head {
        id: id.clone(),
        place,
        created: call.now.real,
        ..Head::default()
    };
    call.world.insert(Record {
        head,
        domain,
        rr: told.rr,
        kind: told.kind,
        value: told.value,
        ttl: told.ttl,
        priority: told.priority,
        line: told.line,
        enabled: true,
        updated: None,
    });
    Ok(map! { "RecordId": id })
}

fn own<'t>(call: &'t Call<'_>) -> Result<&'t Record, Refusal> {
    let id = call.params.required("RecordId")?;
    call.find::<Record>(id, ABSENT)
}

fn update(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let told = told(call)?;
    let record = own(call)?;
    let same = record.rr == told.rr
        && record.kind == told.kind
        && record.value == told.value
        && record.ttl == told.ttl
        && record.priority == told.priority
        && record.line == told.line;
    if same {
        return refuse("DomainRecordDuplicate");
    }
    let (id, domain) = (record.id.clone(), record.domain.clone());
    fits(call, &domain, &told, &id)?;
    let now = call.now.real;
    call.world.update::<Record, _>(&id, |record| {
        record.rr = told.rr;
        record.kind = told.kind;
        record.value = told.value;
        record.ttl = told.ttl;
        record.priority = told.priority;
        record.line = told.line;
        record.updated = Some(now);
    });
    Ok(map! { "RecordId": id })
}

fn update_remark(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = own(call)?.id.clone();
    let remark = call.params.text_or("Remark", "");
    if remark.chars().count() > 50 {
        return Err(Refusal::invalid("Remark"));
    }
    call.world
        .update::<Record, _>(&id, |record| remark.clone_into(&mut record.description));
    done()
}

fn set_status(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = own(call)?.id.clone();
    let status = call.params.required("Status")?;
    let enabled = match status.to_ascii_lowercase().as_str() {
        "enable" => true,
        "disable" => false,
        _ => return Err(Refusal::invalid("Status")),
    };
    call.world
        .update::<Record, _>(&id, |record| record.enabled = enabled);
    Ok(map! { "RecordId": id, "Status": if enabled { "Enable" } else { "Disable" } })
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let id = own(call)?.id.clone();
    call.remove::<Record>(&id);
    Ok(map! { "RecordId": id })
}

fn delete_several(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let domain = dns_domain::find(call)?.id.clone();
    let rr = call.params.required("RR")?.to_ascii_lowercase();
    let gone: Vec<String> = call
        .world
        .linked::<Record>(Domain::NAME, &domain)
        .filter(|record| record.rr == rr && call.is("Type", &record.kind))
        .map(|record| record.id.clone())
        .collect();
    for id in &gone {
        call.remove::<Record>(id);
    }
    Ok(map! { "RR": rr, "TotalCount": gone.len().to_string() })
}

fn node(record: &Record) -> Node {
    map! {
        "RecordId": &record.id,
        "DomainName": &record.domain,
        "RR": &record.rr,
        "Type": &record.kind,
        "Value": &record.value,
        "TTL": record.ttl,
        "Priority": record.priority,
        "Line": &record.line,
        "Status": if record.enabled { "ENABLE" } else { "DISABLE" },
        "Locked": false,
        "Weight": 1,
        "LbaStatus": false,
        "Remark": &record.description,
        "CreateTimestamp": record.created,
        "UpdateTimestamp": record.updated.unwrap_or(record.created),
    }
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let domain = dns_domain::find(call)?.id.clone();
    let exact = match params.text_or("SearchMode", "LIKE") {
        "LIKE" | "ADVANCED" | "COMBINATION" => false,
        "EXACT" => true,
        _ => return Err(Refusal::invalid("SearchMode")),
    };
    let like = |name: &str, values: &[&str]| {
        params.text(name).is_none_or(|word| {
            let word = word.to_ascii_lowercase();
            values.iter().any(|value| {
                let value = value.to_ascii_lowercase();
                if exact {
                    value == word
                } else {
                    value.contains(&word)
                }
            })
        })
    };
    let status = match params.text("Status").map(str::to_ascii_lowercase).as_deref() {
        None => None,
        Some("enable") => Some(true),
        Some("disable") => Some(false),
        Some(_) => return Err(Refusal::invalid("Status")),
    };
    // Records are in no group but the first.
    let none = params.int("GroupId")?.is_some_and(|group| group != 0);
    let search = Search::default().or_link(Domain::NAME, Some(&domain));
    let mut page = call.page::<Record>(search, |record| {
        !none
            && record.domain == domain
            && like("KeyWord", &[&record.rr, &record.value])
            && like("RRKeyWord", &[&record.rr])
            && like("TypeKeyWord", &[&record.kind])
            && like("ValueKeyWord", &[&record.value])
            && call.is("Type", &record.kind)
            && call.is("Line", &record.line)
            && status.is_none_or(|wanted| wanted == record.enabled)
    })?;
    match params.text_or("OrderBy", "default") {
        "default" => {}
        "rr" => page.rows.sort_by(|one, other| other.rr.cmp(&one.rr)),
        "type" => page.rows.sort_by(|one, other| other.kind.cmp(&one.kind)),
        "value" => page.rows.sort_by(|one, other| other.value.cmp(&one.value)),
        _ => return Err(Refusal::invalid("OrderBy")),
    }
    match params.text_or("Direction", "DESC") {
        "DESC" => {}
        "ASC" => page.rows.reverse(),
        _ => return Err(Refusal::invalid("Direction")),
    }
    Ok(call.listed(&page, "DomainRecords", "Record", node))
}

fn describe_info(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let record = own(call)?;
    let mut node = node(record);
    node.push("PunyCode", &record.domain);
    node.push("GroupId", "");
    node.push("GroupName", "");
    node.push("DomainId", "");
    Ok(call.trimmed(node))
}

fn describe_of_name(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let name = params.required("SubDomain")?.to_ascii_lowercase();
    if params.text("DomainName").is_some() {
        dns_domain::find(call)?;
    }
    let is = |record: &Record| {
        let whole = match record.rr.as_str() {
            "@" => record.domain.clone(),
            rr => format!("{rr}.{}", record.domain),
        };
        whole == name || (record.rr == "@" && name == format!("@.{}", record.domain))
    };
    let page = call.page::<Record>(Search::default(), |record| {
        is(record)
            && call.is("DomainName", &record.domain)
            && call.is("Type", &record.kind)
            && call.is("Line", &record.line)
    })?;
    Ok(call.listed(&page, "DomainRecords", "Record", |record| {
        call.trimmed_to(&["DomainRecords", "Record"], node(record))
    }))
}
