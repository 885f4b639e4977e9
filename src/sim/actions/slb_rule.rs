//! Forwarding rules of listeners: which server group answers for a domain and a path.

use serde::Deserialize;

use super::super::call::{Call, Entry, done, ecs_tags, has_tags};
use super::super::clock::seconds;
use super::super::node::{Node, map};
use super::super::params::Params;
use super::super::products::SLB;
use super::super::refusal::{Refusal, refuse};
use super::super::world::Kind as _;
use super::load_balancer::{self, LoadBalancer, changeable};
use super::slb_listener::{self, Listener, Rule, by_request, fields};
use super::slb_servers::ServerGroup;

pub(super) const ACTIONS: &[Entry] = &[
    (SLB, "CreateRules", create),
    (SLB, "DescribeRules", list),
    (SLB, "DescribeRuleAttribute", describe),
    (SLB, "SetRule", set),
    (SLB, "DeleteRules", delete),
    (SLB, "DescribeVServerGroups", describe_groups),
];

/// The vendor's limit of rules of a listener.
const RULES_MAX: usize = 40;

#[derive(Deserialize)]
struct Wanted {
    #[serde(rename = "RuleName", default)]
    name: String,
    #[serde(rename = "Domain", default)]
    domain: String,
    #[serde(rename = "Url", default)]
    url: String,
    #[serde(rename = "VServerGroupId", default)]
    group: String,
}

/// The listener that a request names, when it has rules.
fn listener<'t>(call: &'t Call<'_>) -> Result<&'t Listener, Refusal> {
    let listener = by_request(call)?;
    if matches!(listener.protocol.as_str(), "http" | "https") {
        Ok(listener)
    } else {
        refuse("OperationFailed.ActionNotSupport")
    }
}

fn check_group(call: &Call<'_>, listener: &Listener, id: &str) -> Result<(), Refusal> {
    let group = call.world.get::<ServerGroup>(id);
    if group.is_some_and(|group| group.balancer_id == listener.balancer_id) {
        Ok(())
    } else {
        Err(Refusal::invalid("VServerGroupId"))
    }
}

fn create(call: &mut Call<'_>) -> Result<Node, Refusal> {
    changeable(call)?;
    let text = call.params.required("RuleList")?;
    let wanted: Vec<Wanted> = serde_json::from_str(text).map_err(|_| Refusal::invalid("RuleList"))?;
    let listener = listener(call)?;
    let id = listener.head.id.clone();
    let mut seen: Vec<(String, String)> = listener
        .rules
        .iter()
        .map(|rule| (rule.domain.clone(), rule.url.clone()))
        .collect();
    if wanted.is_empty() || seen.len() + wanted.len() > RULES_MAX {
        return Err(Refusal::invalid("RuleList"));
    }
    for rule in &wanted {
        if rule.name.is_empty() {
            return refuse("MissingParameter.RuleName");
        }
        if rule.domain.is_empty() && rule.url.is_empty() {
            return Err(Refusal::invalid("RuleList"));
        }
        if !rule.url.is_empty() && !rule.url.starts_with('/') {
            return Err(Refusal::invalid("Url"));
        }
        check_group(call, listener, &rule.group)?;
        let place = (rule.domain.clone(), rule.url.clone());
        if seen.contains(&place) {
            return refuse("DomainExist");
        }
        seen.push(place);
    }
    call.validated()?;
    let infix = call.region_facts().infix;
    let (_, mut numbers) = call.world.make();
    let made: Vec<Rule> = wanted
        .into_iter()
        .map(|wanted| Rule {
            id: format!("rule-{infix}{}", numbers.letters(17)),
            name: wanted.name,
            domain: wanted.domain,
            url: wanted.url,
            group: wanted.group,
            values: Vec::new(),
        })
        .collect();
    let shown = made
        .iter()
        .map(|rule| map! { "RuleId": &rule.id, "RuleName": &rule.name })
        .collect::<Vec<_>>();
    call.world
        .update::<Listener, _>(&id, |listener| listener.rules.extend(made));
    Ok(map! { "Rules": map! { "Rule": shown } })
}

/// What a rule is before it is told anything else: it does as its listener.
const STANDARD: &[(&str, &str)] = &[
    ("ListenerSync", "on"),
    ("Scheduler", "wrr"),
    ("StickySession", "off"),
    ("HealthCheck", "off"),
];

/// All values of a rule by the names of its answers.
fn values(listener: &Listener, rule: &Rule) -> Params {
    let own = [
        ("RuleId", rule.id.clone()),
        ("RuleName", rule.name.clone()),
        ("Domain", rule.domain.clone()),
        ("Url", rule.url.clone()),
        ("VServerGroupId", rule.group.clone()),
        ("LoadBalancerId", listener.balancer_id.clone()),
        ("ListenerPort", listener.port.to_string()),
    ];
    let standard = STANDARD
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    standard.chain(rule.values.iter().cloned()).chain(own).collect()
}

fn list(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let listener = listener(call)?;
    let tree = &call.facts.response["Rules"]["Rule"][0];
    let nodes = listener
        .rules
        .iter()
        .map(|rule| fields(tree, &values(listener, rule)));
    Ok(map! { "Rules": map! { "Rule": nodes.collect::<Vec<_>>() } })
}

/// The rule of this id with its listener.
fn find<'t>(call: &'t Call<'_>, id: &str) -> Result<(&'t Listener, &'t Rule), Refusal> {
    let listeners = call.world.all::<Listener>().iter();
    let found = listeners
        .filter(|listener| listener.head.is_in(&call.region))
        .find_map(|listener| Some((listener, listener.rules.iter().find(|rule| rule.id == id)?)));
    found.ok_or_else(|| Refusal::new("InvalidRuleId.NotFound").with_status(404))
}

fn describe(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let (listener, rule) = find(call, call.params.required("RuleId")?)?;
    Ok(fields(&call.facts.response, &values(listener, rule)))
}

fn set(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let (listener, rule) = find(call, params.required("RuleId")?)?;
    let (listener_id, rule_id) = (listener.head.id.clone(), rule.id.clone());
    for flag in ["HealthCheck", "StickySession", "ListenerSync"] {
        if !matches!(params.text(flag), None | Some("on" | "off")) {
            return Err(Refusal::invalid(flag));
        }
    }
    if !matches!(params.text("Scheduler"), None | Some("wrr" | "rr")) {
        return Err(Refusal::invalid("Scheduler"));
    }
    if params.text("StickySession") == Some("on") {
        match params.text("StickySessionType") {
            Some("insert") if params.text("CookieTimeout").is_some() => {}
            Some("server") if params.text("Cookie").is_some() => {}
            _ => return Err(Refusal::missing("StickySessionType")),
        }
    }
    let group = params.text("VServerGroupId").map(str::to_owned);
    if let Some(group) = &group {
        check_group(call, listener, group)?;
    }
    call.validated()?;
    let name = params.text("RuleName").map(str::to_owned);
    let about = ["RuleId", "RuleName", "VServerGroupId", "RegionId", "DryRun"];
    let told: Vec<(String, String)> = params
        .iter()
        .filter(|(name, value)| !about.contains(name) && !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // They have been taken in.
    told.iter().for_each(|(name, _)| {
        params.given(name);
    });
    call.world.update::<Listener, _>(&listener_id, |listener| {
        let rule = listener.rules.iter_mut().find(|rule| rule.id == rule_id);
        if let Some(rule) = rule {
            rule.name = name.unwrap_or_else(|| rule.name.clone());
            rule.group = group.unwrap_or_else(|| rule.group.clone());
            for (name, value) in told {
                rule.values.retain(|(own, _)| *own != name);
                rule.values.push((name, value));
            }
        }
    });
    done()
}

fn delete(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let ids = call.params.json_list("RuleIds", RULES_MAX)?.unwrap_or_default();
    if ids.is_empty() {
        return Err(Refusal::invalid("RuleIds"));
    }
    let mut owners = Vec::new();
    for id in &ids {
        owners.push(find(call, id)?.0.head.id.clone());
    }
    for owner in owners {
        call.world.update::<Listener, _>(&owner, |listener| {
            listener.rules.retain(|rule| !ids.contains(&rule.id));
        });
    }
    done()
}

fn describe_groups(call: &mut Call<'_>) -> Result<Node, Refusal> {
    let params = call.params;
    let balancer = load_balancer::find(call, params.required("LoadBalancerId")?)?;
    let groups = call
        .world
        .linked::<ServerGroup>(LoadBalancer::NAME, &balancer.id)
        .filter(|group| call.is("Description", &group.head.name) && has_tags(call, &group.head.tags))
        .map(|group| {
            let mut node = map! {
                "VServerGroupId": &group.head.id,
                "VServerGroupName": &group.head.name,
                "ServerCount": group.servers.len(),
                "CreateTime": seconds(group.head.created),
                "Tags": ecs_tags(&group.head.tags),
            };
            let listeners = slb_listener::listed_for(call, ServerGroup::NAME, &group.head.id);
            let rules = call
                .world
                .linked::<Listener>(ServerGroup::NAME, &group.head.id)
                .filter(|_| params.flag("IncludeRule"))
                .flat_map(|listener| &listener.rules)
                .filter(|rule| rule.group == group.head.id)
                .map(|rule| {
                    map! {
                        "RuleId": &rule.id,
                        "RuleName": &rule.name,
                        "Domain": &rule.domain,
                        "Url": &rule.url,
                    }
                });
            let rules = rules.collect::<Vec<_>>();
            node.push(
                "AssociatedObjects",
                map! { "Listeners": listeners, "Rules": map! { "Rule": rules } },
            );
            node
        });
    Ok(map! { "VServerGroups": map! { "VServerGroup": groups.collect::<Vec<_>>() } })
}
