//! Whole lists, page by page, that never miss a resource which is there all the while.
//!
//! Page numbers shift when something is made or deleted between two pages: such a list is believed when its total
//! and its ids agree, and read again when they do not. Never proof that something is gone; for that, ask by id.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Request;
use super::api_error::{ApiError, ErrorKind};
use super::client::Cloud;
use super::page::{self, Decode, Page};
use crate::api::Pages;

/// How often a list that keeps moving is read before everything that was seen is returned.
const PASSES_MAX: usize = 5;

/// More pages than any account has resources of one type.
const PAGES_MAX: usize = 10_000;

/// So many pages in a row may bring nothing new before a list counts as going in circles; lists that are filtered by
/// the server have empty pages.
const EMPTY_PAGES_MAX: usize = 3;

/// How a list is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    /// Where the items stand in the answer: `Instances.Instance`.
    pub(crate) list: &'static str,
    pub(crate) pages: Pages,
}

impl Cloud {
    /// All items of a list, each once, in the order of the answer.
    pub(crate) async fn pages<D: Decode>(
        &self,
        request: &Request,
        paging: Paging,
        decode: &D,
    ) -> Result<Vec<D::Item>, ApiError> {
        match paging.pages {
            Pages::ByToken { max } => {
                let size = ("MaxResults", max);
                self.pages_by_token(request, paging, size, decode).await
            }
            Pages::ByTokenOf { max } => {
                let size = ("MaxResult", max);
                self.pages_by_token(request, paging, size, decode).await
            }
            Pages::Whole => {
                let mut seen = Seen::default();
                seen.add(self.page(request, paging, decode).await?.items);
                Ok(seen.items)
            }
            Pages::ByNumber { max } => self.pages_by_number(request, paging, max, decode).await,
        }
    }

    /// All items of a list that comes in one answer.
    pub(crate) async fn whole<D: Decode>(
        &self,
        request: &Request,
        list: &'static str,
        decode: &D,
    ) -> Result<Vec<D::Item>, ApiError> {
        let paging = Paging {
            list,
            pages: Pages::ByNumber { max: 1 },
        };
        let page = self.page(request, paging, decode).await?;
        Ok(page.items.into_iter().map(|(_, item)| item).collect())
    }

    async fn pages_by_token<D: Decode>(
        &self,
        request: &Request,
        paging: Paging,
        (param, max): (&str, u32),
        decode: &D,
    ) -> Result<Vec<D::Item>, ApiError> {
        let mut seen = Seen::default();
        let mut token = String::new();
        let mut without_news = 0;
        for _ in 0..PAGES_MAX {
            let mut page_request = request.clone().param(param, max.to_string());
            if !token.is_empty() {
                page_request = page_request.param("NextToken", token.clone());
            }
            let page = self.page(&page_request, paging, decode).await?;
            let news = seen.add(page.items);
            if page.next.is_empty() {
                return Ok(seen.items);
            }
            without_news = if news > 0 { 0 } else { without_news + 1 };
            if page.next == token || without_news > EMPTY_PAGES_MAX {
                return Err(malformed(request, "the list goes in circles"));
            }
            token = page.next;
        }
        Err(malformed(request, "the list does not end"))
    }

    async fn pages_by_number<D: Decode>(
        &self,
        request: &Request,
        paging: Paging,
        max: u32,
        decode: &D,
    ) -> Result<Vec<D::Item>, ApiError> {
        let mut everything = Seen::default();
        let mut before: Option<Vec<String>> = None;
        for _ in 0..PASSES_MAX {
            let (pass, is_consistent) = self.one_pass(request, paging, max, decode).await?;
            let ids = pass.ids();
            if is_consistent || before.as_ref() == Some(&ids) {
                return Ok(pass.items);
            }
            everything.add_seen(pass);
            before = Some(ids);
        }
        // Rather one that has just gone than one that is missed: whoever needs certainty asks by id.
        Ok(everything.items)
    }

    /// Reads all pages once, and says whether they fit together: the totals agree with each other, with the number of
    /// items and with the number of ids.
    async fn one_pass<D: Decode>(
        &self,
        request: &Request,
        paging: Paging,
        max: u32,
        decode: &D,
    ) -> Result<(Seen<D::Item>, bool), ApiError> {
        let max_items = usize::try_from(max).unwrap_or(1).max(1);
        let read = async |number: usize| {
            let page_request = request
                .clone()
                .param("PageSize", max.to_string())
                .param("PageNumber", number.to_string());
            self.page(&page_request, paging, decode).await
        };
        let first = read(1).await?;
        let mut seen = Seen::default();
        let mut count = first.items.len();
        let total = first.total;
        seen.add(first.items);
        let Some(total) = total else {
            // Without a total, the first page that is not full is the last.
            let mut is_full = count >= max_items;
            for number in 2..=PAGES_MAX {
                if !is_full {
                    break;
                }
                let page = read(number).await?;
                is_full = page.items.len() >= max_items && seen.add(page.items) > 0;
            }
            return Ok((seen, false));
        };
        // The first page shows how large pages are, also where the server makes them smaller than was asked.
        let last = match count {
            0 => 1,
            size => total.div_ceil(size).min(PAGES_MAX),
        };
        let mut is_consistent = true;
        let mut pages = stream::iter(2..=last).map(read).buffered(self.parallelism());
        while let Some(page) = pages.try_next().await? {
            is_consistent &= page.total == Some(total);
            count += page.items.len();
            if seen.add(page.items) == 0 {
                // Nothing new: it has become shorter, or does not go on.
                break;
            }
        }
        is_consistent &= count == total && seen.items.len() == total;
        Ok((seen, is_consistent))
    }

    async fn page<D: Decode>(
        &self,
        request: &Request,
        paging: Paging,
        decode: &D,
    ) -> Result<Page<D::Item>, ApiError> {
        let read = |body: &[u8]| page::read(body, paging.list, decode);
        Ok(self.read_as(request, read).await?.body)
    }
}

/// Items in the order in which they were first seen; a later copy replaces an earlier one.
struct Seen<T> {
    items: Vec<T>,
    places: BTreeMap<String, usize>,
}

impl<T> Default for Seen<T> {
    fn default() -> Seen<T> {
        Seen {
            items: Vec::new(),
            places: BTreeMap::new(),
        }
    }
}

impl<T> Seen<T> {
    /// Returns how many were new.
    fn add(&mut self, items: Vec<(String, T)>) -> usize {
        let before = self.items.len();
        for (id, item) in items {
            match self.places.get(&id) {
                Some(place) => self.items[*place] = item,
                None => {
                    self.places.insert(id, self.items.len());
                    self.items.push(item);
                }
            }
        }
        self.items.len() - before
    }

    fn add_seen(&mut self, other: Seen<T>) {
        let mut ids: Vec<(usize, String)> = other.places.into_iter().map(|(id, at)| (at, id)).collect();
        ids.sort_unstable();
        let ids = ids.into_iter().map(|(_, id)| id);
        self.add(ids.zip(other.items).collect());
    }

    /// The ids, sorted.
    fn ids(&self) -> Vec<String> {
        self.places.keys().cloned().collect()
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
