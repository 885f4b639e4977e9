//! Texts that have a form of their own: patterns, and what the API allows in names, addresses and times.
//!
//! Does not know which key has which form.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use regex_lite::Regex;

use crate::diagnostic::codes::{self, Code};

/// The form of a text.
pub(crate) struct Form {
    /// What such a text is: `an IPv4 address`.
    pub(crate) noun: &'static str,
    pub(crate) example: &'static str,
    /// The fewest and the most characters.
    pub(crate) length: (usize, usize),
    /// The code of an error.
    pub(crate) code: Code,
    /// What is wrong with a text of that length.
    pub(crate) check: fn(&str) -> Option<Wrong>,
}

/// Why a text does not have its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What is wrong with it, behind its key: `begins with http://`.
    pub(crate) what: String,
    /// The text that was meant.
    pub(crate) better: Option<String>,
}

impl Form {
    /// What is wrong with a text.
    pub(crate) fn wrong(&self, text: &str) -> Option<Wrong> {
        let length = text.chars().count();
        let (min, max) = self.length;
        if (min..=max).contains(&length) {
            return (self.check)(text);
        }
        Some(Wrong::new(match length {
            0 => "is empty".to_owned(),
            1 => format!("has 1 character, and {min} to {max} are allowed"),
            _ => format!("has {length} characters, and {min} to {max} are allowed"),
        }))
    }
}

impl Wrong {
    pub(crate) fn new(what: impl Into<String>) -> Wrong {
        Wrong {
            what: what.into(),
            better: None,
        }
    }
}

/// A regular expression.
pub(crate) static PATTERN: Form = Form {
    noun: "a pattern",
    example: "^ubuntu_22_04_x64",
    length: (1, 1024),
    code: codes::FORM,
    check: |text| {
        let error = Regex::new(text).err()?;
        Some(Wrong::new(format!("is no pattern: {error}")))
    },
};

/// A name or a note that does not begin like an address.
const fn words(noun: &'static str, min: usize, max: usize) -> Form {
    Form {
        noun,
        example: "web",
        length: (min, max),
        code: codes::FORM,
        check: |text| {
            let address = ["http://", "https://"]
                .into_iter()
                .find(|address| text.starts_with(address))?;
            Some(Wrong::new(format!(
                "begins with {address}, which the API refuses"
            )))
        },
    }
}

/// The name of what may have a short one: a network, an address.
pub(crate) static SHORT_NAME: Form = words("a name of 1 to 128 characters", 1, 128);

/// The name of a load balancer, and the note of one of its listeners.
pub(crate) static BALANCER_TEXT: Form = words("a text of 1 to 80 characters", 1, 80);

/// The name of a server, a disk, a group.
pub(crate) static NAME: Form = words("a name of 2 to 128 characters", 2, 128);

/// The description of a network.
pub(crate) static SHORT_NOTE: Form = words("a note of 1 to 256 characters", 1, 256);

/// The description of anything else.
pub(crate) static NOTE: Form = words("a note of 2 to 256 characters", 2, 256);

/// The description of a rule.
pub(crate) static RULE_NOTE: Form = words("a note of 1 to 512 characters", 1, 512);

/// The name of a server inside its own system.
pub(crate) static HOST_NAME: Form = Form {
    noun: "a host name",
    example: "web-1",
    length: (2, 64),
    code: codes::FORM,
    check: |text| {
        let allowed =
            |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '[' | ']' | ',');
        if let Some(letter) = text.chars().find(|letter| !allowed(letter)) {
            let better: String = text
                .chars()
                .map(|letter| if allowed(&letter) { letter } else { '-' })
                .collect();
            return Some(Wrong {
                what: format!("has {letter:?} in it, and only letters, digits, '-' and '.' are allowed"),
                better: Some(better).filter(|better| (HOST_NAME.check)(better).is_none()),
            });
        }
        let ends = ['-', '.'];
        if text.starts_with(ends) || text.ends_with(ends) {
            let better = text.trim_matches(ends).to_owned();
            return Some(Wrong {
                what: "begins or ends with '-' or '.'".to_owned(),
                better: Some(better).filter(|better| better.len() >= 2),
            });
        }
        text.contains("..").then(|| Wrong::new("has two dots in a row"))
    },
};

/// One IPv4 address.
pub(crate) static IPV4: Form = Form {
    noun: "an IPv4 address",
    example: "10.0.1.5",
    length: (1, 64),
    code: codes::FORM,
    check: |text| {
        if text.parse::<Ipv4Addr>().is_ok() {
            return None;
        }
        let address = text.split('/').next().unwrap_or_default();
        let better = (address != text && address.parse::<Ipv4Addr>().is_ok()).then(|| address.to_owned());
        let what = match better {
            Some(_) => "is a network and no address",
            None => "is none",
        };
        Some(Wrong {
            what: what.to_owned(),
            better,
        })
    },
};

/// An IPv4 network, or one address, which is a network of its own.
pub(crate) static IPV4_PEER: Form = Form {
    noun: "an IPv4 network or address",
    example: "203.0.113.0/24",
    length: (1, 64),
    code: codes::FORM,
    check: |text| {
        let is_family = |net: &IpNet| matches!(net, IpNet::V4(_));
        wrong_net(text, is_family, "is none: for IPv6 there is a key of its own")
    },
};

/// An IPv6 network, or one address.
pub(crate) static IPV6_PEER: Form = Form {
    noun: "an IPv6 network or address",
    example: "2001:db8::/32",
    length: (1, 64),
    code: codes::FORM,
    check: |text| wrong_net(text, |net| matches!(net, IpNet::V6(_)), "is none"),
};

/// One port, a range of ports, or all.
pub(crate) static PORTS: Form = Form {
    noun: "a port or a range of ports",
    example: "8000-8100",
    length: (1, 32),
    code: codes::FORM,
    check: |text| {
        if text == "all" || text == "-1/-1" {
            return None;
        }
        let wrong = |what: &str| Some(Wrong::new(what));
        let (first, last) = text.split_once(['-', '/', ':', ',']).unwrap_or((text, text));
        let (Ok(first), Ok(last)) = (first.trim().parse::<u32>(), last.trim().parse::<u32>()) else {
            return wrong("is none");
        };
        let whole = |better: String| {
            Some(Wrong {
                what: "is not written so".to_owned(),
                better: Some(better),
            })
        };
        if !(1..=65_535).contains(&first) || !(1..=65_535).contains(&last) {
            return wrong("is none: ports are numbers from 1 to 65535");
        }
        if first > last {
            return Some(Wrong {
                what: "begins behind its end".to_owned(),
                better: Some(format!("{last}-{first}")),
            });
        }
        match text.contains([':', ',', ' ']) {
            true if first == last => whole(first.to_string()),
            true => whole(format!("{first}-{last}")),
            false => None,
        }
    },
};

/// A type of server.
pub(crate) static INSTANCE_TYPE: Form = Form {
    noun: "an instance type",
    example: "ecs.g7.large",
    length: (1, 64),
    code: codes::INSTANCE_TYPE,
    check: |text| {
        let parts: Vec<&str> = text.split('.').collect();
        let plain = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if parts.len() >= 3 && parts[0] == "ecs" && parts.iter().all(plain) {
            return None;
        }
        // t3.micro, m5.xlarge: somebody else's sizes.
        const OTHERS: &[&str] = &["nano", "micro", "small", "medium", "metal"];
        let is_aws = parts.len() == 2
            && plain(&parts[0])
            && (OTHERS.contains(&parts[1])
                || parts[0].starts_with(['m', 't'])
                || parts[0].starts_with("c5")
                || parts[0].starts_with("r5"));
        if is_aws {
            return Some(Wrong {
                what: "is an AWS type".to_owned(),
                better: Some(close_to(parts[1]).to_owned()),
            });
        }
        let better = format!("ecs.{text}");
        Some(Wrong {
            what: "is none: they begin with \"ecs.\"".to_owned(),
            better: Some(better).filter(|_| parts.len() == 2 && parts.iter().all(plain)),
        })
    },
};

/// What comes close in size to a type of another cloud.
fn close_to(size: &str) -> &'static str {
    match size {
        "nano" | "micro" | "small" => "ecs.t6-c1m1.large",
        "medium" | "large" => "ecs.g7.large",
        "xlarge" => "ecs.g7.xlarge",
        _ => "ecs.g7.2xlarge",
    }
}

/// A moment, UTC, to the minute or the second.
pub(crate) static TIME: Form = Form {
    noun: "a time",
    example: "2027-01-31T22:00:00Z",
    length: (1, 40),
    code: codes::FORM,
    check: |text| {
        let shape = |pattern: &str| {
            pattern.len() == text.len()
                && pattern
                    .bytes()
                    .zip(text.bytes())
                    .all(|(wanted, found)| match wanted {
                        b'0' => found.is_ascii_digit(),
                        wanted => wanted == found,
                    })
        };
        let number = |from: usize| text.get(from..from + 2).and_then(|part| part.parse::<u32>().ok());
        let in_bounds = || {
            number(5).is_some_and(|month| (1..=12).contains(&month))
                && number(8).is_some_and(|day| (1..=31).contains(&day))
                && number(11).is_some_and(|hour| hour < 24)
                && number(14).is_some_and(|minute| minute < 60)
        };
        if shape("0000-00-00T00:00:00Z") || shape("0000-00-00T00:00Z") {
            return (!in_bounds()).then(|| Wrong::new("is none"));
        }
        let better = text.replacen(' ', "T", 1);
        let better = if better.ends_with('Z') {
            better
        } else {
            format!("{better}Z")
        };
        let is_right = better != text && (TIME.check)(&better).is_none();
        Some(Wrong {
            what: "is not written as UTC with a Z".to_owned(),
            better: is_right.then_some(better),
        })
    },
};

/// Reads a network, or one address as a network of its own; with host bits the error is the network that it lies in.
pub(crate) fn net(text: &str) -> Result<IpNet, Option<IpNet>> {
    let net = match text.split_once('/') {
        None => IpNet::from(text.parse::<IpAddr>().map_err(|_| None)?),
        // One spelling of each length.
        Some((_, length)) if length != "0" && !length.starts_with(|first| matches!(first, '1'..='9')) => {
            return Err(None);
        }
        Some(_) => text.parse().map_err(|_| None)?,
    };
    if net == net.trunc() {
        Ok(net)
    } else {
        Err(Some(net.trunc()))
    }
}

/// What is wrong with a text that is to be a network of one family.
fn wrong_net(text: &str, is_family: fn(&IpNet) -> bool, other: &str) -> Option<Wrong> {
    let (what, better) = match net(text) {
        Ok(net) if is_family(&net) => return None,
        Err(Some(net)) if is_family(&net) => (
            "is an address inside a network, not the network",
            Some(net.to_string()),
        ),
        Err(None) if !text.contains(':') => ("is none", None),
        _ => (other, None),
    };
    Some(Wrong {
        what: what.to_owned(),
        better,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a text, and what was meant; nothing if it fits.
    fn check(form: &Form, rows: &[(&str, &str)]) {
        for (text, expected) in rows {
            let found = form
                .wrong(text)
                .map_or(String::new(), |wrong| match wrong.better {
                    Some(better) => format!("{} -> {better}", wrong.what),
                    None => wrong.what,
                });
            assert_eq!(found, *expected, "{text:?}");
        }
        assert_eq!(form.wrong(form.example), None, "{}", form.noun);
    }

    #[test]
    fn names_have_a_length_and_are_no_addresses() {
        check(
            &NAME,
            &[
                ("ab", ""),
                ("\u{8d1f}\u{8d23}", ""),
                ("", "is empty"),
                ("a", "has 1 character, and 2 to 128 are allowed"),
                ("http://x", "begins with http://, which the API refuses"),
                ("x http://x", ""),
            ],
        );
        assert!(SHORT_NAME.wrong("a").is_none());
        assert!(SHORT_NAME.wrong(&"a".repeat(129)).is_some());
    }

    #[test]
    fn a_host_name_is_one() {
        check(
            &HOST_NAME,
            &[
                ("web-1.example", ""),
                (
                    "web_1",
                    "has '_' in it, and only letters, digits, '-' and '.' are allowed -> web-1",
                ),
                ("-web", "begins or ends with '-' or '.' -> web"),
                ("web.", "begins or ends with '-' or '.' -> web"),
                ("a..b", "has two dots in a row"),
                ("w", "has 1 character, and 2 to 64 are allowed"),
            ],
        );
    }

    #[test]
    fn addresses_and_networks_are_told_apart() {
        check(
            &IPV4,
            &[
                ("10.0.1.5", ""),
                ("10.0.1.5/24", "is a network and no address -> 10.0.1.5"),
                ("10.0.1", "is none"),
                ("10.0.1.256", "is none"),
            ],
        );
        check(
            &IPV4_PEER,
            &[
                ("10.0.1.5", ""),
                ("0.0.0.0/0", ""),
                (
                    "10.0.1.5/24",
                    "is an address inside a network, not the network -> 10.0.1.0/24",
                ),
                ("10.0.0.0/33", "is none"),
                ("2001:db8::/32", "is none: for IPv6 there is a key of its own"),
                ("anywhere", "is none"),
            ],
        );
        check(
            &IPV6_PEER,
            &[
                ("::/0", ""),
                ("2001:DB8::1", ""),
                (
                    "2001:db8::1/32",
                    "is an address inside a network, not the network -> 2001:db8::/32",
                ),
                ("10.0.0.0/8", "is none"),
                ("::/129", "is none"),
            ],
        );
        assert_eq!(net("2001:0DB8:0::/48").unwrap().to_string(), "2001:db8::/48");
        assert_eq!(net("203.0.113.7").unwrap().to_string(), "203.0.113.7/32");
    }

    #[test]
    fn ports_are_written_in_two_ways() {
        check(
            &PORTS,
            &[
                ("443", ""),
                ("8000-8100", ""),
                ("8000/8100", ""),
                ("all", ""),
                ("-1/-1", ""),
                ("0", "is none: ports are numbers from 1 to 65535"),
                ("1-65536", "is none: ports are numbers from 1 to 65535"),
                ("8100-8000", "begins behind its end -> 8000-8100"),
                ("8000:8100", "is not written so -> 8000-8100"),
                ("8000 - 8100", "is not written so -> 8000-8100"),
                ("ssh", "is none"),
                ("", "is empty"),
            ],
        );
    }

    #[test]
    fn types_of_other_clouds_are_known() {
        check(
            &INSTANCE_TYPE,
            &[
                ("ecs.t6-c1m1.large", ""),
                ("t3.micro", "is an AWS type -> ecs.t6-c1m1.large"),
                ("m5.xlarge", "is an AWS type -> ecs.g7.xlarge"),
                ("g7.large", "is none: they begin with \"ecs.\" -> ecs.g7.large"),
                ("large", "is none: they begin with \"ecs.\""),
                ("ecs..large", "is none: they begin with \"ecs.\""),
            ],
        );
    }

    #[test]
    fn times_are_utc() {
        check(
            &TIME,
            &[
                ("2027-01-31T22:00Z", ""),
                (
                    "2027-01-31 22:00:00",
                    "is not written as UTC with a Z -> 2027-01-31T22:00:00Z",
                ),
                ("2027-13-31T22:00:00Z", "is none"),
                ("tomorrow", "is not written as UTC with a Z"),
            ],
        );
    }
}
