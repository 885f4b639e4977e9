//! The last requests, for the page. Secrets and long texts are cut out on the way in. Does not know actions.

use std::collections::VecDeque;

use serde::Serialize;

use super::clock::UnixMillis;
use super::recording;

/// How many are kept.
const KEPT: usize = 200;
/// How many parameters of one request are kept.
const PARAMS_KEPT: usize = 60;
/// How many characters of a name or a value are kept.
const TEXT_KEPT: usize = 200;

/// One request as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Seen {
    /// Counts from 1 since the start.
    number: u64,
    at: UnixMillis,
    product: String,
    action: String,
    /// The HTTP status.
    status: u16,
    /// The error code; empty when it was answered as asked.
    code: String,
    /// Whether the answer was kept back.
    dropped: bool,
    params: Vec<(String, String)>,
}

/// What is told of a request before it has a number.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) at: UnixMillis,
    pub(super) product: &'a str,
    pub(super) action: &'a str,
    pub(super) status: u16,
    pub(super) code: &'a str,
    pub(super) dropped: bool,
}

#[derive(Debug, Default)]
pub(super) struct Lately {
    count: u64,
    seen: VecDeque<Seen>,
}

impl Lately {
    pub(super) fn note<'p>(
        &mut self,
        outcome: &Outcome<'_>,
        params: impl Iterator<Item = &'p (String, String)>,
    ) {
        self.count += 1;
        if self.seen.len() == KEPT {
            self.seen.pop_front();
        }
        self.seen.push_back(Seen {
            number: self.count,
            at: outcome.at,
            product: outcome.product.to_owned(),
            action: shortened(outcome.action),
            status: outcome.status,
            code: outcome.code.to_owned(),
            dropped: outcome.dropped,
            params: params.take(PARAMS_KEPT).map(shown).collect(),
        });
    }

    /// Those behind the one with this number, oldest first, as JSON.
    pub(super) fn after(&self, number: u64) -> String {
        let later: Vec<&Seen> = self.seen.iter().filter(|seen| seen.number > number).collect();
        serde_json::json!({ "count": self.count, "requests": later }).to_string()
    }
}

fn shown((name, value): &(String, String)) -> (String, String) {
    let value = if recording::is_secret(name) {
        "(sensitive)".to_owned()
    } else {
        shortened(value)
    };
    (shortened(name), value)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_KEPT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(lately: &mut Lately, params: &[(&str, &str)]) {
        let params: Vec<_> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let outcome = Outcome {
            at: 1,
            product: "Ecs",
            action: "RunInstances",
            status: 200,
            code: "",
            dropped: false,
        };
        lately.note(&outcome, params.iter());
    }

    #[test]
    fn no_secret_and_no_long_text_is_kept() {
        let mut lately = Lately::default();
        let long = "长".repeat(TEXT_KEPT + 1);
        note(
            &mut lately,
            &[
                ("Password", "Geheim-1"),
                ("LaunchConfig.1.UserData", "Geheim-2"),
                ("Description", &long),
                ("Amount", "2"),
            ],
        );
        let told = lately.after(0);
        assert!(!told.contains("Geheim"), "{told}");
        assert!(told.contains(r#"["Password","(sensitive)"]"#), "{told}");
        assert!(told.contains(r#"["Amount","2"]"#), "{told}");
        assert!(told.contains(&format!("{}...", "长".repeat(TEXT_KEPT))), "{told}");
        assert!(!told.contains(&long), "{told}");
    }

    #[test]
    fn only_the_last_are_kept_and_only_later_ones_are_told() {
        let mut lately = Lately::default();
        (0..KEPT + 5).for_each(|_| note(&mut lately, &[]));
        let told: serde_json::Value = serde_json::from_str(&lately.after(0)).unwrap();
        assert_eq!(told["requests"].as_array().unwrap().len(), KEPT);
        assert_eq!(told["requests"][0]["number"], 6);
        let told: serde_json::Value = serde_json::from_str(&lately.after(KEPT as u64 + 4)).unwrap();
        assert_eq!(told["requests"].as_array().unwrap().len(), 1);
        assert_eq!(told["count"], KEPT + 5);
    }
}
