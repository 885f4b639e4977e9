//! Whole lists, page by page, that never miss a resource which is there all the while.
//!
//! Page numbers shift when something is made or deleted between two pages: such a list is believed when its total
//! and its ids agree, and read again when they do not. Never proof that something is gone; for that, ask by id.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api_error::{ApiError, ErrorKind};
use super::client::Cloud;
use super::{Reply, Request};
use crate::api::Pages;

/// How often a list that keeps moving is read before everything that was seen is returned.
const PASSES_MAX: usize = 5;

/// More pages than any account has resources of one type.
const PAGES_MAX: usize = 10_000;

/// How a list is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    /// Where the items stand in the answer: `Instances.Instance`.
    pub(crate) list: &'static str,
    /// The field that tells items apart: `InstanceId`.
    pub(crate) id: &'static str,
    pub(crate) pages: Pages,
}

/// One page.
struct Page {
    items: Vec<Value>,
    total: Option<usize>,
}

impl Cloud {
    /// All items of a list, each once, in the order of the answer.
    pub(crate) async fn pages(&self, request: Request, paging: Paging) -> Result<Vec<Value>, ApiError> {
        match paging.pages {
            Pages::ByToken { max } => self.pages_by_token(request, paging, max).await,
            Pages::ByNumber { max } => self.pages_by_number(request, paging, max).await,
        }
    }

    async fn pages_by_token(
        &self,
        request: Request,
        paging: Paging,
        max: u32,
    ) -> Result<Vec<Value>, ApiError> {
        let mut seen = Seen::default();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut page_request = request.clone().param("MaxResults", max.to_string());
            if let Some(token) = &token {
                page_request = page_request.param("NextToken", token.clone());
            }
            let reply = self.read(&page_request).await?;
            let next = reply.body["NextToken"].as_str().unwrap_or_default().to_owned();
            let page = Page::read(&request, paging, reply)?;
            seen.add(paging, page.items);
            if next.is_empty() {
                return Ok(seen.into_items());
            }
            if token.as_deref() == Some(next.as_str()) {
                return Err(malformed(
                    &request,
                    "the list names the same next page again and again",
                ));
            }
            token = Some(next);
        }
        Err(malformed(&request, "the list does not end"))
    }

    async fn pages_by_number(
        &self,
        request: Request,
        paging: Paging,
        max: u32,
    ) -> Result<Vec<Value>, ApiError> {
        let mut everything = Seen::default();
        let mut before: Option<Vec<String>> = None;
        for _ in 0..PASSES_MAX {
            let (pass, is_consistent) = self.one_pass(&request, paging, max).await?;
            let ids = pass.ids();
            if is_consistent || before.as_ref() == Some(&ids) {
                return Ok(pass.into_items());
            }
            everything.add(paging, pass.into_items());
            before = Some(ids);
        }
        // Rather one that has just gone than one that is missed: whoever needs certainty asks by id.
        Ok(everything.into_items())
    }

    /// Reads all pages once, and says whether they fit together.
    async fn one_pass(&self, request: &Request, paging: Paging, max: u32) -> Result<(Seen, bool), ApiError> {
        let max_items = usize::try_from(max).unwrap_or(1).max(1);
        let first = self.numbered_page(request, paging, max, 1).await?;
        let mut seen = Seen::default();
        let total = first.total;
        let mut is_full = first.items.len() >= max_items;
        let mut count = first.items.len();
        seen.add(paging, first.items);
        let Some(total) = total else {
            // Without a total, the first page that is not full is the last.
            for number in 2..=PAGES_MAX {
                if !is_full {
                    break;
                }
                let page = self.numbered_page(request, paging, max, number).await?;
                is_full = page.items.len() >= max_items;
                seen.add(paging, page.items);
            }
            return Ok((seen, false));
        };
        let last = total.div_ceil(max_items).min(PAGES_MAX);
        let mut is_consistent = true;
        let mut reads = tokio::task::JoinSet::new();
        for number in 2..=last {
            let (cloud, request) = (self.clone(), request.clone());
            reads.spawn(async move { (number, cloud.numbered_page(&request, paging, max, number).await) });
        }
        let mut pages = BTreeMap::new();
        while let Some(read) = reads.join_next().await {
            // A read that panicked or was cancelled has already ended the run.
            let Ok((number, page)) = read else { continue };
            pages.insert(number, page?);
        }
        for page in pages.into_values() {
            is_consistent &= page.total == Some(total);
            count += page.items.len();
            seen.add(paging, page.items);
        }
        is_consistent &= count == total && seen.order.len() == total;
        Ok((seen, is_consistent))
    }

    async fn numbered_page(
        &self,
        request: &Request,
        paging: Paging,
        max: u32,
        number: usize,
    ) -> Result<Page, ApiError> {
        let page_request = request
            .clone()
            .param("PageSize", max.to_string())
            .param("PageNumber", number.to_string());
        let reply = self.read(&page_request).await?;
        Page::read(request, paging, reply)
    }
}

impl Page {
    /// An answer without its list is no empty list.
    fn read(request: &Request, paging: Paging, reply: Reply) -> Result<Page, ApiError> {
        let total = reply.body["TotalCount"]
            .as_u64()
            .and_then(|total| usize::try_from(total).ok());
        let mut place = reply.body;
        for name in paging.list.split('.') {
            place = place.get_mut(name).map(Value::take).unwrap_or_default();
        }
        match place {
            Value::Array(items) => Ok(Page { items, total }),
            _ => Err(malformed(
                request,
                &format!("the answer has no list {}", paging.list),
            )),
        }
    }
}

/// Items in the order in which they were first seen; a later copy replaces an earlier one.
#[derive(Default)]
struct Seen {
    order: Vec<String>,
    items: BTreeMap<String, Value>,
}

impl Seen {
    fn add(&mut self, paging: Paging, items: Vec<Value>) {
        for item in items {
            // An item without an id counts as itself.
            let id = match &item[paging.id] {
                Value::String(id) => id.clone(),
                _ => item.to_string(),
            };
            if self.items.insert(id.clone(), item).is_none() {
                self.order.push(id);
            }
        }
    }

    /// The ids, sorted.
    fn ids(&self) -> Vec<String> {
        self.items.keys().cloned().collect()
    }

    fn into_items(mut self) -> Vec<Value> {
        self.order.iter().filter_map(|id| self.items.remove(id)).collect()
    }
}

fn malformed(request: &Request, message: &str) -> ApiError {
    ApiError {
        kind: ErrorKind::Malformed,
        action: request.action,
        code: String::new(),
        message: message.to_owned(),
        request_id: None,
        http_status: None,
        recommend: None,
        tries: 1,
        elapsed: std::time::Duration::ZERO,
    }
}
