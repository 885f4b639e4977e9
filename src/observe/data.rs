//! What data blocks ask for: each list is read once, however many blocks want something of it.
//!
//! Does not know which of several is meant, nor what the answers are used for.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserializer;
use serde::de::Error as _;

use super::fields::Fields;
use super::offer;
use super::read::{Table, list, own_tags, read_by_id, tags_of};
use crate::address::Address;
use crate::api::action;
use crate::cloud::{ApiError, Cloud, Decode, Paging, Request};
use crate::data::{DataKind, Listing, Miss, Pick, Question, Source, choose, keep, sent};
use crate::types::{ResourceType, TagShape};
use crate::value::{Attributes, Value};

/// Ids of one type that are asked for one by one; with more of them the whole list is read.
const IDS_MAX: usize = 100;

/// What a question got.
pub(crate) type Answers = BTreeMap<Address, Result<Value, Miss>>;

/// What is read once: a kind with parameters, or some of a type by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Batch {
    kind: &'static str,
    params: Vec<(String, String)>,
    by_id: bool,
}

/// Answers these questions.
pub(crate) async fn answer(questions: &[&Question], cloud: &Cloud) -> Result<Answers, ApiError> {
    // 1. What is read, and how often: once for all that want the same.
    let mut batches: BTreeMap<Batch, (&'static DataKind, BTreeSet<&str>)> = BTreeMap::new();
    for question in questions {
        let (_, ids) = batches
            .entry(batch_of(question))
            .or_insert((question.kind, BTreeSet::new()));
        ids.extend(question.keys.get("id").and_then(Value::as_str));
    }
    let mut lists: BTreeMap<Batch, Vec<Attributes>> = BTreeMap::new();
    let mut reads = stream::iter(batches)
        .map(async |(batch, (kind, ids))| {
            let found = read(kind, &batch, &ids, cloud).await?;
            Ok::<_, ApiError>((batch, found))
        })
        .buffered(cloud.parallelism());
    while let Some((batch, found)) = reads.try_next().await? {
        lists.insert(batch, found);
    }

    // 2. What each of them means.
    let mut meant: Vec<(&Question, Vec<Attributes>)> = Vec::new();
    for question in questions {
        let keys = with_region(question, cloud);
        let listed = lists.get(&batch_of(question)).map_or(&[][..], Vec::as_slice);
        let matching = listed
            .iter()
            .filter(|one| keep(question.kind, &keys, one))
            .cloned()
            .collect();
        meant.push((question, matching));
    }
    offer::narrow(&mut meant, cloud).await?;

    // 3. Which of them.
    let answers = meant.into_iter().map(|(question, matching)| {
        let listed = lists.get(&batch_of(question)).map_or(&[][..], Vec::as_slice);
        (question.address.clone(), choose(question, matching, listed))
    });
    Ok(answers.collect())
}

fn batch_of(question: &Question) -> Batch {
    let mut params = sent(question.kind, &question.keys);
    params.sort();
    Batch {
        kind: question.kind.name,
        params,
        by_id: matches!(question.kind.source, Source::Type(_)) && question.keys.contains_key("id"),
    }
}

/// Where nothing says which region, it is this one.
fn with_region(question: &Question, cloud: &Cloud) -> Attributes {
    let mut keys = question.keys.clone();
    if question.kind.pick == Pick::Here && !question.is_many() {
        keys.get_or_insert_with("id", || Value::from(cloud.region()));
    }
    keys
}

async fn read(
    kind: &'static DataKind,
    batch: &Batch,
    ids: &BTreeSet<&str>,
    cloud: &Cloud,
) -> Result<Vec<Attributes>, ApiError> {
    match &kind.source {
        Source::Type(_) => match kind.resource_type() {
            Some(resource_type) => of_type(resource_type, batch, ids, cloud).await,
            None => Ok(Vec::new()),
        },
        Source::Listing(listing) => of_list(listing, &batch.params, cloud).await,
    }
}

/// Resources as they are, whoever owns them.
async fn of_type(
    resource_type: &'static ResourceType,
    batch: &Batch,
    ids: &BTreeSet<&str>,
    cloud: &Cloud,
) -> Result<Vec<Attributes>, ApiError> {
    let found = if batch.by_id && ids.len() <= IDS_MAX {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        read_by_id(resource_type, cloud, &ids).await?
    } else {
        list(resource_type, cloud, batch.params.iter().cloned().collect(), ids).await?
    };
    let shown = found.into_iter().map(|observed| {
        let mut attributes = observed.attributes;
        attributes.insert("id".to_owned(), Value::from(observed.id));
        attributes
    });
    Ok(shown.collect())
}

/// The items of a list of its own.
async fn of_list(
    listing: &'static Listing,
    params: &[(String, String)],
    cloud: &Cloud,
) -> Result<Vec<Attributes>, ApiError> {
    let mut request = Request::new(listing.action);
    if listing.action.region {
        request = request.param("RegionId", cloud.region());
    }
    for (name, value) in listing.params {
        request = request.param(*name, *value);
    }
    for (name, value) in params {
        request = request.param(name.clone(), value.clone());
    }
    if *listing.action == action::GET_CALLER_IDENTITY {
        let who = cloud.caller_identity().await?;
        let shown = [
            ("id", who.account_id),
            ("arn", who.arn),
            ("type", who.identity_type),
        ];
        return Ok(vec![
            shown
                .into_iter()
                .map(|(name, text)| (name.to_owned(), Value::from(text)))
                .collect(),
        ]);
    }
    let showing = Showing::new(listing);
    match listing.pages {
        None => cloud.whole(&request, listing.list, &showing).await,
        Some(pages) => {
            let paging = Paging {
                list: listing.list,
                pages,
            };
            cloud.pages(&request, paging, &showing).await
        }
    }
}

/// How an item of a list becomes attributes.
struct Showing {
    listing: &'static Listing,
    shown: Table,
    compared: Table,
    fields: Fields,
    id: usize,
    tags: usize,
}

impl Showing {
    fn new(listing: &'static Listing) -> Showing {
        let mut fields = Fields::default();
        Showing {
            shown: Table::new(listing.attributes, &mut fields),
            compared: Table::new(listing.compared, &mut fields),
            id: fields.add(listing.id_field),
            tags: fields.add("Tags.Tag"),
            listing,
            fields,
        }
    }
}

impl Decode for Showing {
    type Item = Attributes;

    fn item<'de, D: Deserializer<'de>>(&self, item: D) -> Result<(String, Attributes), D::Error> {
        let mut found = self.fields.read(item)?;
        let Some(Value::String(id)) = found[self.id].clone() else {
            let field = self.listing.id_field;
            return Err(D::Error::custom(format!("an item of the answer has no {field}")));
        };
        let tags = tags_of(
            found[self.tags].take(),
            self.listing.tags.unwrap_or(TagShape::Ecs),
        );
        let mut attributes = self.shown.attributes(&mut found);
        attributes.extend(self.compared.attributes(&mut found));
        attributes.insert("tags".to_owned(), Value::Map(own_tags(&tags)));
        (self.listing.normalise)(&mut attributes);
        Ok((id.into_string(), attributes))
    }
}
