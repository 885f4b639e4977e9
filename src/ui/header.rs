//! What stands above a plan: which project, where, for whom, and what was read and looked at.
//!
//! Does not know the plan.

use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::text::{self, BOLD, DIM, PLAIN, Sheet, count, short_time};

/// What stands above a plan.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    /// `plan`, `apply` or `destroy`.
    pub(crate) command: &'static str,
    pub(crate) project: String,
    pub(crate) environment: Option<String>,
    pub(crate) region: String,
    /// `Alibaba Cloud`, `simulator`, or the address of another endpoint.
    pub(crate) cloud: String,
    /// The account's number, if it is known; shown in part.
    pub(crate) account: Option<String>,
    /// Where the credentials come from, in words: `profile default`; empty if there is nothing to tell.
    pub(crate) credentials: String,
    /// The files that were read.
    pub(crate) files: Vec<String>,
    /// How many resources were looked at.
    pub(crate) checked: usize,
    pub(crate) elapsed: Duration,
    /// The command that comes next, with its flags; none where nobody can type it.
    pub(crate) next: Option<String>,
    /// The file in which the plan is kept, if it is.
    pub(crate) saved: Option<SavedAs>,
}

/// The file of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedAs {
    pub(crate) path: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub(crate) digest: String,
}

impl Header {
    /// `shop/prod`, or the project alone.
    pub(crate) fn target(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{}/{environment}", self.project),
            None => self.project.clone(),
        }
    }

    /// `account 1034...7781`, or the cloud alone.
    pub(crate) fn place(&self) -> String {
        match &self.account {
            Some(account) => format!("account {}", in_part(account)),
            None => self.cloud.clone(),
        }
    }
}

/// The beginning and the end of an account's number.
fn in_part(account: &str) -> String {
    match (
        account.get(..4),
        account.len().checked_sub(4).and_then(|at| account.get(at..)),
    ) {
        (Some(start), Some(end)) if account.len() > 11 => format!("{start}...{end}"),
        _ => account.to_owned(),
    }
}

/// The lines above a plan.
pub(super) fn write(header: &Header, sheet: &mut Sheet) {
    let title = format!("infra {}", header.command);
    let mut place = header.cloud.clone();
    if let Some(account) = &header.account {
        place.push_str(&format!(" account {}", in_part(account)));
    }
    sheet.put(BOLD, &title);
    for part in [&header.target(), &header.region, &place] {
        if part.is_empty() {
            continue;
        }
        let part = text::escape(part);
        if sheet.column() + 2 + part.width() > sheet.look().prose {
            sheet.end_line();
            sheet.to(title.len());
        }
        sheet.to(sheet.column() + 2);
        let column = sheet.column();
        sheet.flow(PLAIN, &part, column);
    }
    sheet.end_line();
    let keys = if header.credentials.is_empty() {
        String::new()
    } else {
        format!("; keys from {}", header.credentials)
    };
    let files = match header.files.len() {
        0..=6 => header.files.join(", "),
        many => format!("{many} files"),
    };
    let read = format!(
        "read {files}; checked {} in {}{keys}",
        count(header.checked, "resource"),
        short_time(header.elapsed),
    );
    sheet.sentence(DIM, &read, 2);
    if let Some(saved) = &header.saved {
        sheet.sentence(DIM, &format!("plan {}", saved.path), 2);
        sheet.sentence(DIM, &saved.digest, 2);
    }
}
