//! What reads can tell of a create that has no dry run, or not all of whose parameters are known: whether its image
//! exists, whether its type is to be had in its zone, whether its network is free.
//!
//! Does not know dry runs.

use std::collections::BTreeSet;

use super::Outset;
use super::draft::Draft;
use super::finding::{Ahead, Objection, Refusal};
use super::stock::{Answers, Stock, in_short, stocked};
use crate::api::action;
use crate::cloud::{Cloud, Request};
use crate::observe::read::list_by;
use crate::step::StepKind;
use crate::task::Phase;
use crate::types;
use crate::value::{Attributes, Value};
use futures_util::{StreamExt as _, stream};

/// Ids in one DescribeImages call, and items on a page of it (facts of the action: 100 each).
const IMAGES_MAX: usize = 100;

/// Checks these creates.
pub(super) async fn check(drafts: &[&Draft<'_>], question: &Outset<'_>, cloud: &Cloud) -> Ahead {
    let zones: Vec<Option<&str>> = drafts.iter().map(|draft| zone(draft, question)).collect();
    let images: BTreeSet<&str> = drafts.iter().filter_map(|draft| draft.text("ImageId")).collect();
    let sale = |(draft, zone): (&&Draft<'_>, &Option<&str>)| -> Option<(String, String, String)> {
        let charge = draft.text("InstanceChargeType").unwrap_or("PostPaid");
        Some((
            draft.text("InstanceType")?.to_owned(),
            (*zone)?.to_owned(),
            charge.to_owned(),
        ))
    };
    let sales: Vec<Option<(String, String, String)>> = drafts.iter().zip(&zones).map(sale).collect();
    let as_sale = |sale: &'_ (String, String, String)| (sale.0.clone(), sale.1.clone(), sale.2.clone());
    let distinct: BTreeSet<(String, String, String)> = sales.iter().flatten().map(as_sale).collect();
    let vpcs: BTreeSet<&str> = drafts
        .iter()
        .filter_map(|draft| network(draft))
        .map(|(vpc, _)| vpc)
        .collect();
    let (images, stock, networks) = tokio::join!(
        existing(&images, cloud),
        stocked(&distinct, cloud),
        networks(&vpcs, cloud)
    );
    let going: BTreeSet<&str> = question
        .tasks
        .iter()
        .filter(|task| task.phase == Phase::Remove)
        .filter_map(|task| task.id.as_deref())
        .collect();
    let mut ahead = Ahead::default();
    for (draft, sale) in drafts.iter().zip(&sales) {
        let address = &draft.task.object.address;
        let mut refuse = |attribute: &str, code: &str, words: String| {
            ahead.refusals.push(Refusal {
                address: address.clone(),
                attribute: Some(attribute.to_owned()),
                code: code.to_owned(),
                why: Objection::Create(words),
                notes: Vec::new(),
            });
        };
        let mut silent = None;
        let mut seen = Vec::new();
        if let Some(image) = draft.text("ImageId") {
            match &images {
                Ok(images) if images.contains(image) => seen.push("image"),
                Ok(_) => refuse(
                    "image_id",
                    "InvalidImageId.NotFound",
                    format!("DescribeImages shows no {image}"),
                ),
                Err(error) => silent = Some(error.clone()),
            }
        }
        if let Some(sale) = sale {
            match stock.get(sale) {
                Some(Ok(Stock::Some)) => seen.push("stock"),
                Some(Ok(Stock::SoldOut)) => refuse(
                    "instance_type",
                    "OperationDenied.NoStock",
                    format!("{} is sold out in {}", sale.0, sale.1),
                ),
                Some(Ok(Stock::NotOffered)) => refuse(
                    "instance_type",
                    "InvalidInstanceType.NotSupported",
                    format!("{} is not offered in {}", sale.0, sale.1),
                ),
                Some(Err(error)) => silent = Some(error.clone()),
                None => {}
            }
        }
        if let Some((vpc, cidr)) = network(draft) {
            let own = Attributes::from([("cidr_block".to_owned(), Value::from(cidr))]);
            match networks.get(vpc) {
                Some(Ok(there)) => {
                    seen.push("network");
                    let excludes = draft.resource_type.contention.excludes;
                    let stays = |id: &str| !going.contains(id);
                    if let Some((id, other)) = there
                        .iter()
                        .find(|(id, other)| stays(id) && excludes(&own, other))
                    {
                        let taken = other
                            .get("cidr_block")
                            .and_then(Value::as_str)
                            .unwrap_or_default();
                        refuse(
                            "cidr_block",
                            "InvalidCidrBlock.Overlapped",
                            format!("{cidr} overlaps {taken} of {id}"),
                        );
                    }
                }
                Some(Err(error)) => silent = Some(error.clone()),
                None => {}
            }
        }
        if let Some(why) = silent {
            ahead.unchecked(address, why);
        } else if draft.is_successor {
            ahead.unchecked(address, not_tried(draft, &seen));
        }
    }
    ahead
}

/// Objection there is no dry run, and what was looked at instead.
fn not_tried(draft: &Draft<'_>, seen: &[&str]) -> String {
    let name = draft.call.action.name;
    let why = match draft.open.first() {
        Some(param)
            if draft.call.action.dry_run && draft.call.params.get(*param).is_some_and(Value::is_known) =>
        {
            format!("what {param} names is only made while it runs")
        }
        Some(param) if draft.call.action.dry_run => format!("{param} is known only while it runs"),
        _ => format!("{name} has no dry run"),
    };
    match seen {
        [] => why,
        seen => format!("{why}; only {} was looked at", seen.join(" and ")),
    }
}

/// The zone in which something will be: its own, or that of its vSwitch, which this plan makes or which is there.
pub(super) fn zone<'a>(draft: &'a Draft<'_>, question: &'a Outset<'_>) -> Option<&'a str> {
    if let Some(zone) = draft.text("ZoneId") {
        return Some(zone);
    }
    if let Some(id) = draft.text("VSwitchId") {
        let there = question
            .live
            .resources
            .values()
            .find(|observed| observed.id == id)?;
        return there.attributes.get("zone_id").and_then(Value::as_str);
    }
    let vswitch = draft.reference("VSwitchId")?;
    let makes = question
        .tasks
        .iter()
        .find(|task| task.phase == Phase::Make && task.object.address == vswitch.address)?;
    makes.steps.iter().find_map(|step| match &step.kind {
        StepKind::Call(call) => call.params.get("ZoneId").and_then(Value::as_str),
        StepKind::Wait(_) => None,
    })
}

/// The VPC and the network of a vSwitch.
fn network<'a>(draft: &'a Draft<'_>) -> Option<(&'a str, &'a str)> {
    let is_vswitch = draft.call.action == &action::CREATE_VSWITCH;
    is_vswitch.then(|| Some((draft.text("VpcId")?, draft.text("CidrBlock")?)))?
}

/// Those of these images that can be used.
pub(super) async fn existing(images: &BTreeSet<&str>, cloud: &Cloud) -> Result<BTreeSet<String>, String> {
    let ids: Vec<&str> = images.iter().copied().collect();
    let mut found = BTreeSet::new();
    for chunk in ids.chunks(IMAGES_MAX) {
        let request = Request::new(&action::DESCRIBE_IMAGES)
            .param("RegionId", cloud.region())
            .param("ImageId", chunk.join(","))
            .param("PageSize", IMAGES_MAX.to_string());
        match cloud.read(&request).await {
            Ok(reply) => match reply.body["Images"]["Image"].as_array() {
                Some(list) => {
                    let ids = list.iter().filter_map(|image| image["ImageId"].as_str());
                    found.extend(ids.map(str::to_owned));
                }
                None => return Err("the answer of DescribeImages has no list".to_owned()),
            },
            // Some answer an unknown id with an error.
            Err(error) if error.code == "InvalidImageId.NotFound" => {}
            Err(error) => return Err(in_short(&error)),
        }
    }
    Ok(found)
}

/// The vSwitches of these VPCs: id and attributes.
async fn networks<'a>(
    vpcs: &BTreeSet<&'a str>,
    cloud: &Cloud,
) -> Answers<&'a str, Vec<(String, Attributes)>> {
    let Some(vswitch) = types::find("vswitch") else {
        return Answers::new();
    };
    stream::iter(vpcs.iter().copied())
        .map(async |vpc| {
            let listed = list_by(vswitch, cloud, &[("VpcId", vpc)]).await;
            let there = listed.map(|all| all.into_iter().map(|one| (one.id, one.attributes)).collect());
            (vpc, there.map_err(|error| in_short(&error)))
        })
        .buffered(cloud.parallelism())
        .collect()
        .await
}
