//! One call of an action, and what all actions share: rows by id, new ids, tags, names, paging. Does not know HTTP,
//! signatures, error statuses or which actions there are.

use std::collections::BTreeSet;

use super::api::ActionFacts;
use super::catalogue::{self, Region};
use super::clock::Now;
use super::cloud::Settings;
use super::head::{Head, Tag};
use super::node::{Node, map};
use super::params::Params;
use super::places::Places;
use super::refusal::{Refusal, refuse};
use super::seed::Numbers;
use super::table::{Table, region_key, region_tag_key, tag_key, tag_name_key};
use super::world::{Kind, World};

/// An action over the world of one account.
pub(super) type Run = fn(&mut Call<'_>) -> Result<Node, Refusal>;

/// The declaration of an action: its product's version, its name and its function.
pub(super) type Entry = (&'static str, &'static str, Run);

/// One call of an action: the world it works on, and everything that it may know.
pub(super) struct Call<'a> {
    pub(super) world: &'a mut World,
    pub(super) params: &'a Params,
    pub(super) facts: &'static ActionFacts,
    /// The region of the request, named or assumed.
    pub(super) region: String,
    pub(super) now: Now,
    pub(super) settings: &'a Settings,
    pub(super) host: &'a str,
    /// Whether the answer is JSON.
    pub(super) json: bool,
}

/// The kind of thing that resource groups are.
pub(super) const GROUP: &str = "resource_group";

/// The id of the resource group of whatever is made without one.
pub(super) fn default_group(world: &World) -> String {
    format!("rg-acfm{}", world.numbers_of(GROUP).letters(11))
}

/// An answer without fields of its own.
pub(super) fn done() -> Result<Node, Refusal> {
    Ok(Node::Map(Vec::new()))
}

impl Call<'_> {
    /// Everything was checked and nothing has changed yet: a dry run ends here.
    pub(super) fn validated(&self) -> Result<(), Refusal> {
        if self.facts.dry_run && self.params.flag("DryRun") {
            refuse("DryRunOperation")
        } else {
            Ok(())
        }
    }

    pub(super) fn region_facts(&self) -> &'static Region {
        // The gate refused unknown regions; the first one stands in for a default that is none.
        catalogue::find_region(&self.region).unwrap_or(&catalogue::regions()[0])
    }

    /// The next place in the order of creation and an id of this kind, in the vendor's form.
    pub(super) fn make(&mut self, prefix: &str) -> (u64, String, Numbers) {
        let infix = self.region_facts().infix;
        let (place, mut numbers) = self.world.make();
        let fresh = numbers.letters(17);
        let id = self
            .world
            .expected_id(prefix)
            .unwrap_or_else(|| format!("{prefix}{infix}{fresh}"));
        (place, id, numbers)
    }

    /// The head of a new thing in the request's region and resource group, with the numbers for more of its ids.
    pub(super) fn head(&mut self, prefix: &str) -> (Head, Numbers) {
        let (place, id, numbers) = self.make(prefix);
        let head = Head {
            id,
            place,
            region: self.region.clone(),
            resource_group: self.resource_group(),
            created: self.now.real,
            ..Head::default()
        };
        (head, numbers)
    }

    /// The resource group that a request names, or the account's default one.
    pub(super) fn resource_group(&self) -> String {
        match self.params.text("ResourceGroupId") {
            Some(group) => group.to_owned(),
            None => default_group(self.world),
        }
    }

    /// Refuses a resource group that does not exist.
    pub(super) fn check_group(&self, group: &str) -> Result<(), Refusal> {
        match self.world.head(GROUP, group) {
            Some(_) => Ok(()),
            None => Err(self.code(&[
                "InvalidResourceGroup.NotFound",
                "InvalidResourceGroupId",
                "InvalidResourceGroupId.NotFound",
                "ResourceGroupId.NotFound",
                "ResourceNotFound.ResourceGroup",
            ])),
        }
    }

    /// A row by id. A request that names a region sees only what is there.
    pub(super) fn find<K: Kind>(&self, id: &str, absent: &str) -> Result<&K, Refusal> {
        let elsewhere = |row: &K| {
            self.params
                .text("RegionId")
                .is_some_and(|region| !row.head().is_in(region))
        };
        self.world
            .get::<K>(id)
            .filter(|row| !elsewhere(row))
            .ok_or_else(|| Refusal::new(absent))
    }

    /// A row by id, when lists show it already.
    pub(super) fn find_visible<K: Kind>(&self, id: &str, absent: &str) -> Result<&K, Refusal> {
        self.find::<K>(id, absent)
            .ok()
            .filter(|row| self.is_visible(row.head().created))
            .ok_or_else(|| Refusal::new(absent))
    }

    /// Refuses when something belongs to a thing that is to be deleted.
    pub(super) fn unheld<K: Kind>(&self, id: &str) -> Result<(), Refusal> {
        match self.world.holder::<K>(id) {
            Some(codes) => Err(self.code(codes)),
            None => Ok(()),
        }
    }

    /// Refuses when no more of a kind may belong to a thing.
    pub(super) fn within_limit<K: Kind>(&self, kind: &'static str, id: &str) -> Result<(), Refusal> {
        let full = K::LIMITS
            .iter()
            .find(|(own, max, _)| *own == kind && self.world.all::<K>().count_linked(kind, id) >= *max);
        match full {
            Some((.., codes)) => Err(self.code(codes)),
            None => Ok(()),
        }
    }

    /// Takes a thing out of the world, with what follows.
    pub(super) fn remove<K: Kind>(&mut self, id: &str) {
        let now = self.now;
        self.world.remove::<K>(id, now);
    }

    /// Whether a filter of the request is not given or is this value.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.params.text(name).is_none_or(|wanted| wanted == value)
    }

    /// The code of this action's table for what several products spell differently; the first when it has none.
    pub(super) fn code(&self, codes: &[&'static str]) -> Refusal {
        Refusal::new(self.facts.code_among(codes))
    }

    /// Tags of the form `Tag.N.Key`, `Tag.N.Value`, also in lower case.
    pub(super) fn tags(&self) -> Result<Vec<Tag>, Refusal> {
        self.tags_of("Tag")
    }

    /// The same under another name than `Tag`.
    pub(super) fn tags_of(&self, list: &str) -> Result<Vec<Tag>, Refusal> {
        let groups = self.params.groups(list);
        if groups.len() > 20 {
            return Err(self.code(&[
                "NumberExceed.Tags",
                "SizeLimitExceeded.TagNum",
                "InvalidTagCount",
                "QuotaExceed.Tags",
            ]));
        }
        let mut tags: Vec<Tag> = Vec::with_capacity(groups.len());
        for group in &groups {
            let key = group.text("Key").or_else(|| group.text("key"));
            let value = group
                .given("Value")
                .or_else(|| group.given("value"))
                .unwrap_or("");
            let forbidden = |text: &str| {
                text.chars().count() > 128 || text.contains("http://") || text.contains("https://")
            };
            let reserved = |key: &str| key.starts_with("aliyun") || key.starts_with("acs:");
            let key = key
                .filter(|key| !forbidden(key) && !reserved(key))
                .ok_or_else(|| self.code(&["InvalidTagKey.Malformed", "InvalidTagKey"]))?;
            if forbidden(value) {
                return Err(self.code(&["InvalidTagValue.Malformed", "InvalidTagValue"]));
            }
            if tags.iter().any(|(other, _)| other == key) {
                return Err(self.code(&["Duplicate.TagKey", "Forbidden.TagKey.Duplicated"]));
            }
            tags.push((key.to_owned(), value.to_owned()));
        }
        Ok(tags)
    }

    /// A name of `min` to 128 characters that does not begin like an address; the codes are those of a bad one.
    pub(super) fn name(
        &self,
        param: &str,
        min: usize,
        codes: &[&'static str],
    ) -> Result<Option<String>, Refusal> {
        self.free_text(param, min, 128, codes)
    }

    /// A description of `min` to 256 characters that does not begin like an address.
    pub(super) fn description(&self, min: usize, codes: &[&'static str]) -> Result<Option<String>, Refusal> {
        self.free_text("Description", min, 256, codes)
    }

    /// A text of `min` to `max` characters that does not begin like an address.
    pub(super) fn free_text(
        &self,
        param: &str,
        min: usize,
        max: usize,
        codes: &[&'static str],
    ) -> Result<Option<String>, Refusal> {
        let Some(text) = self.params.text(param) else {
            return Ok(None);
        };
        let length = text.chars().count();
        let address = text.starts_with("http://") || text.starts_with("https://");
        if length < min || length > max || address {
            Err(self.code(codes))
        } else {
            Ok(Some(text.to_owned()))
        }
    }

    /// Whether a create is old enough for lists to show it.
    pub(super) fn is_visible(&self, created: i64) -> bool {
        self.now.real - created >= self.settings.read_lag_ms
    }
}

/// Which rows a list is about, before its filters.
#[derive(Default)]
pub(super) struct Search<'a> {
    pub(super) ids: Option<Vec<String>>,
    /// A kind of link and its value.
    pub(super) link: Option<(&'static str, &'a str)>,
    /// The list leaves nothing out by itself: without a filter in the request it is about all there is in a region.
    pub(super) whole: bool,
    /// The parameter that the ids come from, when that leaves out nothing else.
    ids_from: &'static str,
}

impl<'a> Search<'a> {
    pub(super) fn ids<S: AsRef<str>>(ids: Option<Vec<S>>) -> Self {
        let ids = ids.map(|ids| ids.iter().map(|id| id.as_ref().to_owned()).collect());
        Self {
            ids,
            ..Self::default()
        }
    }

    /// Says that the list leaves nothing out by itself, so that a page of it costs the page.
    pub(super) fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Says where the ids come from, so that rows that were asked for by id alone are not compared with anything.
    pub(super) fn from(mut self, name: &'static str) -> Self {
        self.ids_from = name;
        self
    }

    pub(super) fn or_link(mut self, kind: &'static str, value: Option<&'a str>) -> Self {
        if let Some(value) = value {
            self.link = Some((kind, value));
        }
        self
    }
}

/// The places of all rows that a list is about.
enum Found<'a> {
    /// Newest first.
    Listed(&'a [u64]),
    Indexed(&'a Places),
}

/// Where a page begins.
#[derive(Clone, Copy)]
enum Begin {
    /// Behind so many rows.
    Skip(usize),
    /// With the newest row older than this place.
    Below(u64),
}

impl Found<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Listed(places) => places.len(),
            Self::Indexed(places) => places.len(),
        }
    }

    /// At most so many places, newest first.
    fn places(&self, begin: Begin, count: usize) -> Vec<u64> {
        match (self, begin) {
            (Self::Listed(all), Begin::Skip(skip)) => all.iter().skip(skip).take(count).copied().collect(),
            (Self::Listed(all), Begin::Below(place)) => {
                let skip = all.partition_point(|other| *other >= place);
                all.iter().skip(skip).take(count).copied().collect()
            }
            (Self::Indexed(all), Begin::Skip(skip)) => all.newest(skip, count),
            (Self::Indexed(all), Begin::Below(place)) => all.newest_below(place, count),
        }
    }
}

/// One page of a list, newest first.
pub(super) struct Page<'t, T> {
    pub(super) rows: Vec<&'t T>,
    pub(super) total: usize,
    pub(super) number: i64,
    pub(super) size: i64,
    pub(super) next_token: String,
}

impl Call<'_> {
    /// The page that the request asks for, by PageNumber or by NextToken, of the rows that `keep` keeps. Region, tags
    /// and visibility are seen to here.
    pub(super) fn page<K: Kind>(
        &self,
        search: Search<'_>,
        keep: impl Fn(&K) -> bool,
    ) -> Result<Page<'_, K>, Refusal> {
        let table = self.world.all::<K>();
        let tags: Vec<(String, Option<String>)> = self
            .params
            .groups(if self.facts.params.contains_key("Tags.N") {
                "Tags"
            } else {
                "Tag"
            })
            .iter()
            .filter_map(|group| {
                let key = group.text("Key").or_else(|| group.text("key"))?;
                let value = group.text("Value").or_else(|| group.text("value"));
                Some((key.to_owned(), value.map(str::to_owned)))
            })
            .collect();
        let unfiltered = self.is_unfiltered(&search);
        let keep = |row: &K| {
            debug_assert!(!unfiltered || keep(row), "{}", self.facts.name);
            unfiltered || keep(row)
        };
        let fits = |row: &K| {
            let head = row.head();
            head.is_in(&self.region)
                && self.is_visible(head.created)
                && tags.iter().all(|(key, value)| {
                    head.tags.iter().any(|(own, own_value)| {
                        own == key && value.as_ref().is_none_or(|value| value == own_value)
                    })
                })
                && keep(row)
        };
        let walk = || -> Vec<u64> {
            self.candidates(table, &search, &tags)
                .into_iter()
                .filter(|sequence| table.at(*sequence).is_some_and(&fits))
                .collect()
        };
        if let Some(index) = self.whole_index(table, &search, &tags) {
            debug_assert_eq!(index.len(), walk().len(), "{}", self.facts.name);
            return self.cut(table, &Found::Indexed(index));
        }
        self.cut(table, &Found::Listed(&walk()))
    }

    /// Whether a request says of a list's rows nothing but their region, their tags and their ids.
    fn is_unfiltered(&self, search: &Search<'_>) -> bool {
        const PLAIN: &[&str] = &[
            "RegionId",
            "PageNumber",
            "PageSize",
            "MaxResults",
            "NextToken",
            "ClientToken",
            "DryRun",
        ];
        search.whole
            && search.link.is_none()
            && self.params.iter().all(|(name, value)| {
                value.is_empty()
                    || PLAIN.contains(&name)
                    || name == search.ids_from
                    || ["Tag.", "Tags.", "AdditionalAttributes."]
                        .iter()
                        .any(|begin| name.starts_with(begin))
            })
    }

    /// The index whose rows are just those that are asked for, when the request has no filter but one tag: then a page
    /// costs the page, and not the world.
    fn whole_index<'t, K: Kind>(
        &self,
        table: &'t Table<K>,
        search: &Search<'_>,
        tags: &[(String, Option<String>)],
    ) -> Option<&'t Places> {
        let plain = search.ids.is_none()
            && self.is_unfiltered(search)
            && self.settings.read_lag_ms == 0
            && table.indexed(region_key("")).is_none();
        if !plain {
            return None;
        }
        match tags {
            [] => table.indexed(region_key(&self.region)),
            [(name, Some(value))] => table.indexed(region_tag_key(&self.region, name, value)),
            _ => None,
        }
    }

    fn candidates<K: Kind>(
        &self,
        table: &Table<K>,
        search: &Search<'_>,
        tags: &[(String, Option<String>)],
    ) -> Vec<u64> {
        if let Some(ids) = &search.ids {
            let places: BTreeSet<u64> = ids.iter().filter_map(|id| table.sequence(id)).collect();
            return places.into_iter().rev().collect();
        }
        let by_tag = tags.iter().map(|(key, value)| match value {
            Some(value) => tag_key(key, value),
            None => tag_name_key(key),
        });
        let by_link = search.link.map(|(kind, value)| Table::<K>::link_key(kind, value));
        let keys: Vec<u64> = by_tag.chain(by_link).collect();
        if keys.is_empty() {
            return table.sequences().collect();
        }
        // The shortest of the indexes; the filters see to the rest.
        let sets: Option<Vec<&Places>> = keys.iter().map(|key| table.indexed(*key)).collect();
        sets.and_then(|sets| sets.into_iter().min_by_key(|set| set.len()))
            .map(|set| set.iter().rev().collect())
            .unwrap_or_default()
    }

    fn cut<'t, K: Kind>(&self, table: &'t Table<K>, found: &Found<'_>) -> Result<Page<'t, K>, Refusal> {
        let default = |name: &str, otherwise: i64| {
            let facts = self.facts.params.get(name)?;
            Some(
                facts
                    .default
                    .as_ref()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(otherwise),
            )
        };
        let has = |name: &str| self.facts.params.contains_key(name);
        let by_token = self.facts.next_token
            && (!has("PageNumber")
                || ["MaxResults", "NextToken"]
                    .iter()
                    .any(|name| self.params.text(name).is_some()));
        let page_size_param = match by_token {
            true if has("MaxResults") => "MaxResults",
            true if has("MaxResult") => "MaxResult",
            _ => "PageSize",
        };
        let max = self
            .facts
            .params
            .get(page_size_param)
            .and_then(|facts| facts.max())
            .unwrap_or(100);
        let size = match self.params.int(page_size_param)? {
            Some(size) if size < 1 || size > max => return Err(Refusal::invalid(page_size_param)),
            Some(size) => size,
            None => default(page_size_param, 10).unwrap_or(10),
        };
        let number = self.params.int("PageNumber")?.unwrap_or(1);
        if number < 1 {
            return Err(Refusal::invalid("PageNumber"));
        }
        let count = usize::try_from(size).unwrap_or(usize::MAX);
        let begin = if by_token {
            match self.params.text("NextToken") {
                None => Begin::Skip(0),
                Some(token) => Begin::Below(read_token(token).ok_or_else(|| {
                    Refusal {
                        code: self
                            .facts
                            .code_among(&["InvalidParameter", "Invalid.NextToken"])
                            .to_owned(),
                        ..Refusal::invalid("NextToken")
                    }
                })?),
            }
        } else {
            Begin::Skip(
                usize::try_from(number - 1)
                    .unwrap_or(usize::MAX)
                    .saturating_mul(count),
            )
        };
        let mut places = found.places(begin, count.saturating_add(1));
        let more = places.len() > count;
        places.truncate(count);
        let next_token = match places.last() {
            Some(last) if by_token && more => write_token(*last),
            _ => String::new(),
        };
        let rows = places.iter().filter_map(|sequence| table.at(*sequence)).collect();
        Ok(Page {
            rows,
            total: found.len(),
            number,
            size,
            next_token,
        })
    }

    /// PageNumber and PageSize of a request.
    pub(super) fn number_and_size(&self, max: i64) -> Result<(i64, usize), Refusal> {
        let number = self.params.int("PageNumber")?.unwrap_or(1);
        let size = self.params.int("PageSize")?.unwrap_or(10);
        if number < 1 {
            return Err(Refusal::invalid("PageNumber"));
        }
        if !(1..=max).contains(&size) {
            return Err(Refusal::invalid("PageSize"));
        }
        Ok((number, usize::try_from(size).unwrap_or(10)))
    }

    /// The answer of a list: the rows, wrapped twice, with the paging fields that this action's answer has.
    pub(super) fn listed<T>(
        &self,
        page: &Page<'_, T>,
        outer: &'static str,
        inner: &'static str,
        node: impl Fn(&T) -> Node,
    ) -> Node {
        let rows: Vec<Node> = page.rows.iter().map(|row| node(row)).collect();
        let mut answer = Node::Map(Vec::new());
        answer.push(outer, Node::Map(vec![(inner.into(), Node::List(rows))]));
        self.paging(&mut answer, page.total, page.number, page.size, &page.next_token);
        answer
    }

    /// The same, where a row's node follows from the world and the offer alone, and neither from the request nor the
    /// time: as long as nothing changes it is written once.
    pub(super) fn listed_once<K: Kind>(
        &self,
        page: &Page<'_, K>,
        outer: &'static str,
        inner: &'static str,
        node: impl Fn(&K) -> Node,
    ) -> Node {
        if !self.json {
            return self.listed(page, outer, inner, node);
        }
        let action = self.facts.name.as_str();
        let version = self.world.version(self.settings.offer_version);
        let mut written = self.world.written(action, version);
        let places: Vec<u64> = page.rows.iter().map(|row| row.head().place).collect();
        let pieces = written.of(&places, |index, text| node(page.rows[index]).write_json(text));
        drop(written);
        let rows: Vec<Node> = pieces.into_iter().map(Node::Written).collect();
        let mut answer = Node::Map(Vec::new());
        answer.push(outer, Node::Map(vec![(inner.into(), Node::List(rows))]));
        self.paging(&mut answer, page.total, page.number, page.size, &page.next_token);
        answer
    }

    /// The answer of a list that is a plain array.
    pub(super) fn listed_plain<T>(
        &self,
        page: &Page<'_, T>,
        name: &'static str,
        node: impl Fn(&T) -> Node,
    ) -> Node {
        let rows: Vec<Node> = page.rows.iter().map(|row| node(row)).collect();
        let mut answer = Node::Map(vec![(name.into(), Node::List(rows))]);
        self.paging(&mut answer, page.total, page.number, page.size, &page.next_token);
        answer
    }

    pub(super) fn paging(&self, answer: &mut Node, total: usize, number: i64, size: i64, next_token: &str) {
        let has = |field: &str| self.facts.response.get(field).is_some();
        let fields: [(&'static str, Node); 6] = [
            ("TotalCount", total.into()),
            ("PageNumber", number.into()),
            ("PageSize", size.into()),
            ("MaxResults", size.into()),
            ("NextToken", next_token.into()),
            ("RegionId", self.region.as_str().into()),
        ];
        for (field, value) in fields {
            if has(field) {
                answer.push(field, value);
            }
        }
    }
}

/// The part of a list that MaxResults and NextToken ask for, and the token of what follows.
pub(super) fn list_page<'t, T>(call: &Call<'_>, all: &'t [T]) -> Result<(&'t [T], String), Refusal> {
    let size = call.params.int("MaxResults")?.unwrap_or(10).clamp(1, 500);
    let from = match call.params.text("NextToken") {
        None => 0,
        Some(token) => read_token(token).ok_or_else(|| Refusal::invalid("NextToken"))?,
    };
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(all.len());
    let until = from
        .saturating_add(usize::try_from(size).unwrap_or(10))
        .min(all.len());
    let next = if until < all.len() {
        write_token(until as u64)
    } else {
        String::new()
    };
    Ok((&all[from..until], next))
}

pub(super) fn write_token(last: u64) -> String {
    // Opaque on purpose: clients must hand it back as it is.
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("after/{last}"))
}

pub(super) fn read_token(token: &str) -> Option<u64> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token)
        .ok()?;
    std::str::from_utf8(&bytes)
        .ok()?
        .strip_prefix("after/")?
        .parse()
        .ok()
}

/// Whether something has all the tags that a request filters by, where `page` does not see to it.
pub(super) fn has_tags(call: &Call<'_>, own: &[Tag]) -> bool {
    call.params.groups("Tag").iter().all(|filter| {
        own.iter().any(|(key, value)| {
            filter.text("Key").is_none_or(|wanted| wanted == key)
                && filter.text("Value").is_none_or(|wanted| wanted == value)
        })
    })
}

/// Tags in the form of ECS.
pub(super) fn ecs_tags(tags: &[Tag]) -> Node {
    let tags = tags
        .iter()
        .map(|(key, value)| map! { "TagKey": key, "TagValue": value })
        .collect::<Vec<_>>();
    map! { "Tag": tags }
}

/// Tags in the form of VPC.
pub(super) fn vpc_tags(tags: &[Tag]) -> Node {
    map! { "Tag": plain_vpc_tags(tags) }
}

/// Tags in the form of VPC's newer lists.
pub(super) fn plain_vpc_tags(tags: &[Tag]) -> Vec<Node> {
    tags.iter()
        .map(|(key, value)| map! { "Key": key, "Value": value })
        .collect()
}

impl Call<'_> {
    /// A node without the fields that this action's answer does not have: one kind of thing is shown by several.
    pub(super) fn trimmed(&self, node: Node) -> Node {
        trim(&self.facts.response, node)
    }

    /// The same for what stands at a path of the answer; lists on the way are entered.
    pub(super) fn trimmed_to(&self, path: &[&str], node: Node) -> Node {
        let tree = path.iter().fold(&self.facts.response, |tree, name| {
            let inner = &tree[*name];
            inner.get(0).unwrap_or(inner)
        });
        trim(tree, node)
    }
}

fn trim(tree: &serde_json::Value, node: Node) -> Node {
    match node {
        Node::Map(fields) => Node::Map(
            fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.clone(), trim(tree.get(name.as_ref())?, value))))
                .collect(),
        ),
        Node::List(items) => {
            let inner = tree.get(0).unwrap_or(tree);
            Node::List(items.into_iter().map(|item| trim(inner, item)).collect())
        }
        plain => plain,
    }
}
