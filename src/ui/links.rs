//! Links in what a terminal shows (OSC 8): the place in a file leads to the file, an id to its page in the console.
//!
//! They are put into text that is laid out already: a link takes no room and changes no character.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::env::Env;

/// Where links lead.
#[derive(Debug, Clone, Default)]
pub(super) struct Targets {
    /// The folder of the files that are named; none before any was read.
    pub(super) folder: Option<PathBuf>,
    /// The region in which the ids are; none where they are no ids of Alibaba Cloud.
    pub(super) region: Option<String>,
    /// Whether the files are on another machine than the terminal: a link names no machine.
    is_remote: bool,
}

impl Targets {
    /// What is known before anything was read.
    pub(super) fn of(env: &Env) -> Targets {
        Targets {
            is_remote: ["SSH_CONNECTION", "SSH_TTY"]
                .into_iter()
                .any(|name| env.vars.contains_key(name)),
            ..Targets::default()
        }
    }
}

/// The console's page of an id, by how it begins; `REGION` and `ID` stand for both.
const PAGES: [(&str, &str); 10] = [
    (
        "i",
        "https://ecs.console.aliyun.com/server/ID/detail?regionId=REGION",
    ),
    (
        "d",
        "https://ecs.console.aliyun.com/diskdetail/ID/detail?regionId=REGION",
    ),
    (
        "sg",
        "https://ecs.console.aliyun.com/securityGroupDetail/region/REGION/groupId/ID/detail/intranetIngress",
    ),
    (
        "eni",
        "https://ecs.console.aliyun.com/networkInterfaces/region/REGION/detail/ID",
    ),
    ("vpc", "https://vpc.console.aliyun.com/vpc/REGION/vpcs/ID"),
    ("vsw", "https://vpc.console.aliyun.com/vpc/REGION/switches/ID"),
    ("vtb", "https://vpc.console.aliyun.com/vpc/REGION/route-tables/ID"),
    ("eip", "https://vpc.console.aliyun.com/eip/REGION/eips/ID"),
    ("ngw", "https://vpc.console.aliyun.com/nat/REGION/nats/ID"),
    ("lb", "https://slb.console.aliyun.com/slb/REGION/slbs/ID"),
];
/// The fewest letters and digits behind the first dash of an id; what has fewer is a name that somebody chose.
const ID_MIN: usize = 8;

/// The text with links: from `NAME:LINE` and `NAME:LINE:COLUMN` of the files of these names, and from ids.
pub(super) fn add<'a, 'n>(
    text: &'a str,
    targets: &Targets,
    names: impl IntoIterator<Item = &'n str>,
) -> Cow<'a, str> {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    if let (Some(folder), false) = (&targets.folder, targets.is_remote) {
        for name in names {
            found.extend(places(text, name, folder));
        }
    }
    if let Some(region) = &targets.region {
        found.extend(ids(text, region));
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|(bytes, _)| bytes.start);
    let mut linked = String::with_capacity(text.len() + found.len() * 100);
    let mut from = 0;
    for (bytes, url) in found {
        if bytes.start < from {
            continue;
        }
        linked.push_str(&text[from..bytes.start]);
        let _ = write!(
            linked,
            "\u{1b}]8;;{url}\u{1b}\\{}\u{1b}]8;;\u{1b}\\",
            &text[bytes.clone()]
        );
        from = bytes.end;
    }
    linked.push_str(&text[from..]);
    Cow::Owned(linked)
}

/// Whether a word can begin here: behind a colour as well, whose escape ends with a letter.
fn begins_word(text: &str, at: usize) -> bool {
    let before = &text[..at];
    let is_behind_colour = before.rfind("\u{1b}[").is_some_and(|escape| {
        let colour = &before[escape + 2..];
        colour
            .strip_suffix('m')
            .is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'))
    });
    is_behind_colour
        || !before.ends_with(|before: char| before.is_alphanumeric() || "-_./\\".contains(before))
}

/// The places in a file of this name.
fn places<'t>(
    text: &'t str,
    name: &str,
    folder: &Path,
) -> impl Iterator<Item = (Range<usize>, String)> + use<'t> {
    let url = file_url(&folder.join(name));
    let colon = format!("{name}:");
    let starts: Vec<usize> = text.match_indices(&colon).map(|(at, _)| at).collect();
    let length = colon.len();
    starts.into_iter().filter_map(move |start| {
        let digits = |from: usize| {
            let rest = &text[from..];
            rest.find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(rest.len())
        };
        let line = digits(start + length);
        if line == 0 || !begins_word(text, start) {
            return None;
        }
        let end = start + length + line;
        let column = match text[end..].starts_with(':') {
            true => digits(end + 1),
            false => 0,
        };
        let end_of_all = if column > 0 { end + 1 + column } else { end };
        Some((start..end_of_all, format!("{url}#{}", &text[start + length..end])))
    })
}

/// `file:///a/b%20c.toml`.
fn file_url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    let path = path.to_string_lossy().replace('\\', "/");
    if !path.starts_with('/') {
        url.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~:".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

/// The ids that have a page.
fn ids<'a>(text: &'a str, region: &'a str) -> impl Iterator<Item = (Range<usize>, String)> + 'a {
    text.match_indices('-').filter_map(move |(dash, _)| {
        let rest = &text[dash + 1..];
        let length = rest
            .find(|letter: char| !letter.is_ascii_lowercase() && !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let behind = &rest[length..];
        // A word that goes on, or an id whose middle or end is left out.
        if length < ID_MIN || behind.starts_with(['-', '_', '/']) || behind.starts_with("..") {
            return None;
        }
        let (start, page) = PAGES.iter().find_map(|(prefix, page)| {
            let start = dash.checked_sub(prefix.len())?;
            let is_it = text.get(start..dash)? == *prefix && begins_word(text, start);
            is_it.then_some((start, page))
        })?;
        let end = dash + 1 + length;
        let url = page.replace("REGION", region).replace("ID", &text[start..end]);
        Some((start..end, url))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets() -> Targets {
        Targets {
            folder: Some(PathBuf::from("/home/li lei")),
            region: Some("cn-hangzhou".to_owned()),
            is_remote: false,
        }
    }

    /// The links as `[words](where they lead)`.
    fn shown(text: &str, targets: &Targets) -> String {
        let linked = add(text, targets, ["infra.toml", "网络.infra.toml"]);
        assert_eq!(without(&linked), text, "a link changes a character");
        linked
            .replace("\u{1b}]8;;\u{1b}\\", "]")
            .replace("\u{1b}]8;;", "[")
            .replace("\u{1b}\\", " ")
    }

    /// The text without the escapes of links, of which a terminal shows nothing.
    fn without(linked: &str) -> String {
        let mut parts = linked.split("\u{1b}]8;;");
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            text.push_str(part.split_once("\u{1b}\\").unwrap().1);
        }
        text
    }

    #[test]
    fn places_lead_to_files() {
        for (text, expected) in [
            (
                " --> infra.toml:2:1\n",
                " --> [file:///home/li%20lei/infra.toml#2 infra.toml:2:1]\n",
            ),
            (
                "create  infra.toml:24",
                "create  [file:///home/li%20lei/infra.toml#24 infra.toml:24]",
            ),
            (
                "\u{1b}[2m网络.infra.toml:3\u{1b}[0m.",
                "\u{1b}[2m[file:///home/li%20lei/%E7%BD%91%E7%BB%9C.infra.toml#3 网络.infra.toml:3]\u{1b}[0m.",
            ),
            // No place, another file, and a file in another folder.
            ("read infra.toml, x", "read infra.toml, x"),
            (
                "other.infra.toml:3 a/infra.toml:3",
                "other.infra.toml:3 a/infra.toml:3",
            ),
            ("infra.toml:", "infra.toml:"),
        ] {
            assert_eq!(shown(text, &targets()), expected);
        }
    }

    #[test]
    fn ids_lead_to_their_pages() {
        let page = "https://ecs.console.aliyun.com/server/i-bp1h3v9k2m4n/detail?regionId=cn-hangzhou";
        for (text, expected) in [
            (
                "i-bp1h3v9k2m4n  Running",
                format!("[{page} i-bp1h3v9k2m4n]  Running"),
            ),
            ("\"i-bp1h3v9k2m4n\".", format!("\"[{page} i-bp1h3v9k2m4n]\".")),
            (
                "\u{1b}[1mi-bp1h3v9k2m4n\u{1b}[0m",
                format!("\u{1b}[1m[{page} i-bp1h3v9k2m4n]\u{1b}[0m"),
            ),
            (
                "vsw-bp1h3v9k2m4n",
                "[https://vpc.console.aliyun.com/vpc/cn-hangzhou/switches/vsw-bp1h3v9k2m4n vsw-bp1h3v9k2m4n]"
                    .to_owned(),
            ),
            // Shortened, a name that somebody chose, a word that goes on, and what has no page.
            ("i-bp1h3v9k...2m4n", "i-bp1h3v9k...2m4n".to_owned()),
            ("i-web", "i-web".to_owned()),
            (
                "multi-processor i-processor-x",
                "multi-processor i-processor-x".to_owned(),
            ),
            ("key-bp1h3v9k2m4n", "key-bp1h3v9k2m4n".to_owned()),
        ] {
            assert_eq!(shown(text, &targets()), expected);
        }
        // On a simulator they have none, and over SSH the files are elsewhere.
        let simulated = Targets {
            region: None,
            ..targets()
        };
        assert_eq!(shown("i-bp1h3v9k2m4n", &simulated), "i-bp1h3v9k2m4n");
        let remote = Targets {
            is_remote: true,
            ..targets()
        };
        assert_eq!(shown("infra.toml:2", &remote), "infra.toml:2");
    }

    #[test]
    fn every_page_is_of_the_console_and_names_both() {
        for (prefix, page) in PAGES {
            assert!(
                page.starts_with("https://") && page.contains(".console.aliyun.com/"),
                "{prefix}"
            );
            assert!(page.contains("REGION") && page.contains("ID"), "{prefix}");
        }
    }
}
