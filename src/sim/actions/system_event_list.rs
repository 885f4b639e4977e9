//! What lists show of system events: with the servers that they are about, and by themselves when they are over.

use super::super::call::{Call, Entry, Page, Search, has_tags, list_page};
use super::super::clock::{parse_utc, seconds};
use super::super::head::Status;
use super::super::node::{Node, map};
use super::super::products::ECS;
use super::super::refusal::{Refusal, refuse};
use super::instance_row::Instance;
use super::system_event::SystemEvent;

pub(super) const ACTIONS: &[Entry] = &[
    (ECS, "DescribeInstancesFullStatus", instances),
    (ECS, "DescribeInstanceHistoryEvents", history),
];

/// How long an event is kept in sight after its end, in milliseconds of real time.
const KEPT_MS: i64 = 30 * 86_400_000;

/// Names with the numbers beside them. Executed, Avoided, Scheduled, the restart and the end of a subscription have
/// theirs from the vendor's examples; the others are simulated.
const NUMBERS: &[(&str, i64)] = &[
    ("Ok", 0),
    ("Warning", 64),
    ("Maintaining", 96),
    ("Impaired", 128),
    ("Initializing", 192),
    ("InsufficientData", 256),
    ("NotApplicable", 320),
    ("Pending", 0),
    ("Running", 1),
    ("Starting", 2),
    ("Stopping", 3),
    ("Stopped", 4),
    ("Executed", 0),
    ("Avoided", 8),
    ("Canceled", 16),
    ("Scheduled", 24),
    ("Executing", 32),
    ("Inquiring", 40),
    ("Failed", 48),
    ("SystemMaintenance.Reboot", 1),
    ("SystemMaintenance.Redeploy", 2),
    ("SystemMaintenance.Stop", 3),
    ("SystemFailure.Reboot", 17),
    ("SystemFailure.Redeploy", 18),
    ("SystemFailure.Stop", 19),
    ("InstanceFailure.Reboot", 25),
    ("InstanceExpiration.Stop", 34),
    ("InstanceExpiration.Delete", 35),
];

fn numbered(name: &str) -> Node {
    let number = NUMBERS
        .iter()
        .find(|(own, _)| *own == name)
        .map_or(0, |(_, number)| *number);
    map! { "Code": number, "Name": name }
}

/// From when until when; open where nothing is said.
pub(super) struct Span(Option<i64>, Option<i64>);

impl Span {
    pub(super) fn told(call: &Call<'_>, name: &str) -> Result<Self, Refusal> {
        let moment = |end: &str| {
            let name = format!("{name}.{end}");
            match call.params.text(&name) {
                None => Ok(None),
                Some(text) => parse_utc(text, true)
                    .map(Some)
                    .ok_or_else(|| Refusal::invalid(&name)),
            }
        };
        let (start, end) = (moment("Start")?, moment("End")?);
        match (start, end) {
            (Some(start), Some(end)) if end < start => refuse("InvalidParameter.TimeEndBeforeStart"),
            _ => Ok(Self(start, end)),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.is_none() && self.1.is_none()
    }

    pub(super) fn holds(&self, at: i64) -> bool {
        self.0.is_none_or(|start| at >= start) && self.1.is_none_or(|end| at <= end)
    }
}

/// What a request says of events.
struct Wanted<'p> {
    ids: Vec<&'p str>,
    kinds: Vec<&'p str>,
    published: Span,
    planned: Span,
}

impl<'p> Wanted<'p> {
    fn told(call: &Call<'p>) -> Result<Self, Refusal> {
        let params = call.params;
        // The list counts, and the single one only without it.
        let mut kinds = params.list("InstanceEventType");
        let one = params.text("EventType");
        if kinds.is_empty() {
            kinds.extend(one);
        }
        Ok(Self {
            ids: params.list("EventId"),
            kinds,
            published: Span::told(call, "EventPublishTime")?,
            planned: Span::told(call, "NotBefore")?,
        })
    }

    fn is_open(&self) -> bool {
        self.ids.is_empty() && self.kinds.is_empty() && self.published.is_open() && self.planned.is_open()
    }

    fn fits(&self, event: &SystemEvent) -> bool {
        (self.ids.is_empty() || self.ids.contains(&event.id.as_str()))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind.as_str()))
            && self.published.holds(event.created)
            && self.planned.holds(event.not_before)
    }
}

/// What is planned for a server, or being done to it.
fn own<'t>(call: &'t Call<'_>, row: &'t Instance) -> impl Iterator<Item = &'t SystemEvent> {
    call.world.linked::<SystemEvent>("instance", &row.id)
}

/// How a server is, with what is planned for it.
fn health(call: &Call<'_>, row: &Instance) -> &'static str {
    let events: Vec<&SystemEvent> = own(call, row).collect();
    let executing = |begin: &str| {
        let mut own = events.iter();
        own.any(|event| event.status == Status::Executing && event.kind.starts_with(begin))
    };
    if executing("SystemFailure.") || executing("InstanceFailure.") {
        "Impaired"
    } else if executing("") {
        "Maintaining"
    } else if !events.is_empty() {
        "Warning"
    } else {
        match row.status {
            Status::Running => "Ok",
            Status::Pending | Status::Starting => "Initializing",
            _ => "NotApplicable",
        }
    }
}

fn one_of(call: &Call<'_>, name: &str, words: &[&str]) -> Result<(), Refusal> {
    match call.params.text(name) {
        Some(word) if !words.contains(&word) => Err(Refusal::invalid(name)),
        _ => Ok(()),
    }
}

fn instances(call: &mut Call<'_>) -> Result<Node, Refusal> {
    one_of(call, "Status", &["Starting", "Running", "Stopped"])?;
    let words = [
        "Ok",
        "Impaired",
        "Warning",
        "Maintaining",
        "Initializing",
        "InsufficientData",
        "NotApplicable",
    ];
    one_of(call, "HealthStatus", &words)?;
    let wanted = Wanted::told(call)?;
    let ids = call.params.list("InstanceId");
    let ids = (!ids.is_empty()).then_some(ids);
    let page = call.page::<Instance>(Search::ids(ids), |row| {
        call.is("Status", row.status.text())
            && call.is("HealthStatus", health(call, row))
            && (wanted.is_open() || own(call, row).any(|event| wanted.fits(event)))
    })?;
    Ok(
        call.listed(&page, "InstanceFullStatusSet", "InstanceFullStatusType", |row| {
            let events = own(call, row)
                .filter(|event| wanted.fits(event))
                .map(planned_node);
            map! {
                "InstanceId": &row.id,
                "Status": numbered(row.status.text()),
                "HealthStatus": numbered(health(call, row)),
                "ScheduledSystemEventSet": map! { "ScheduledSystemEventType": events.collect::<Vec<_>>() },
            }
        }),
    )
}

fn planned_node(event: &SystemEvent) -> Node {
    map! {
        "EventId": &event.id,
        "EventType": numbered(&event.kind),
        "EventCycleStatus": numbered(event.status.text()),
        "EventPublishTime": seconds(event.created),
        "NotBefore": seconds(event.not_before),
        "Reason": "",
        "ImpactLevel": "",
    }
}

fn history(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    // It is for those who are on a list, and so are the levels in answers.
    if params.text("ImpactLevel").is_some() {
        return refuse("OperationDenied.NotInWhiteList");
    }
    one_of(call, "ResourceType", &["instance", "ddh", "managedhost"])?;
    let of_servers = params.text_or("ResourceType", "instance") == "instance";
    let mut states = params.list("InstanceEventCycleStatus");
    let one = params.text("EventCycleStatus");
    if states.is_empty() {
        states.extend(one);
    }
    let known = [
        Status::Scheduled,
        Status::Avoided,
        Status::Executing,
        Status::Executed,
        Status::Canceled,
        Status::Failed,
        Status::Inquiring,
    ];
    if !states
        .iter()
        .all(|state| known.iter().any(|own| own.text() == *state))
    {
        return Err(Refusal::invalid("InstanceEventCycleStatus"));
    }
    let mut servers = params.list("ResourceId");
    let server = params.text("InstanceId");
    if servers.is_empty() {
        servers.extend(server);
    }
    let wanted = Wanted::told(call)?;
    let tagged = !params.groups("Tag").is_empty();
    let fits = |event: &SystemEvent| {
        let of_state = match states.is_empty() {
            true => event.is_over(),
            false => states.contains(&event.status.text()),
        };
        // What has gone has no tags.
        let tags = || match call.world.get::<Instance>(&event.instance_id) {
            Some(row) => has_tags(call, &row.tags),
            None => false,
        };
        let group = match call.world.get::<Instance>(&event.instance_id) {
            Some(row) => &row.resource_group,
            None => &event.resource_group,
        };
        of_servers
            && of_state
            && event.is_in(&call.region)
            && call.is_visible(event.created)
            && event.finished.is_none_or(|at| call.now.real - at <= KEPT_MS)
            && (servers.is_empty() || servers.contains(&event.instance_id.as_str()))
            && call.is("ResourceGroupId", group)
            && wanted.fits(event)
            && (!tagged || tags())
    };
    let all = call.world.all::<SystemEvent>().iter().rev();
    let all: Vec<&SystemEvent> = all.filter(|event| fits(event)).collect();
    let page = cut(call, &all)?;
    Ok(call.listed(
        &page,
        "InstanceSystemEventSet",
        "InstanceSystemEventType",
        |event| {
            let mut node = planned_node(event);
            node.push("InstanceId", &event.instance_id);
            node.push("ResourceType", "instance");
            node.push("ReasonCode", "");
            node.push("EventFinishTime", event.finished.map(seconds).unwrap_or_default());
            node.push(
                "ExtendedAttribute",
                map! { "CanAccept": (event.status == Status::Inquiring).to_string() },
            );
            node
        },
    ))
}

/// A page by its number, or by token where the request speaks of one.
fn cut<'t>(call: &Call<'_>, all: &[&'t SystemEvent]) -> Result<Page<'t, SystemEvent>, Refusal> {
    let params = call.params;
    if params.text("MaxResults").is_some() || params.text("NextToken").is_some() {
        let (rows, next_token) = list_page(call, all)?;
        return Ok(Page {
            rows: rows.to_vec(),
            total: all.len(),
            number: 1,
            size: params.int("MaxResults")?.unwrap_or(10),
            next_token,
        });
    }
    let (number, size) = call.number_and_size(100)?;
    let skip = usize::try_from(number - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(size);
    Ok(Page {
        rows: all.iter().skip(skip).take(size).copied().collect(),
        total: all.len(),
        number,
        size: i64::try_from(size).unwrap_or(10),
        next_token: String::new(),
    })
}
