//! Whether a name is one of a region, and what a zone of a region looks like.
//!
//! Does not know which zones there are today or what is sold in them: the API tells that.

use super::report::{Report, Span};
use super::suggest;
use super::words::shorten;
use crate::diagnostic::{Diagnostic, codes};
use crate::region::REGIONS;

/// Whether a text is a region; says so if not.
pub(super) fn check(region: &str, span: Span, report: &mut Report) {
    if REGIONS.contains(&region) {
        return;
    }
    let guess = REGIONS
        .iter()
        .find(|known| known.split_once('-').is_some_and(|(_, city)| city == region))
        .map(|known| (*known).to_owned())
        .or_else(|| {
            let region_of_zone = REGIONS.iter().find(|known| is_zone_of(region, known))?;
            Some((*region_of_zone).to_owned())
        })
        .map(|known| (known, true))
        .or_else(|| {
            let guess = suggest::guess(region, REGIONS.iter().copied())?;
            let is_sure = guess.is_sure();
            Some((guess.name, is_sure))
        });
    let label = match &guess {
        Some((guess, _)) => format!("did you mean {guess}?"),
        None => String::new(),
    };
    let shown = shorten(region);
    let diagnostic = if has_form(region) {
        Diagnostic::warning(
            codes::NEW_REGION,
            format!("infra does not know the region \"{shown}\""),
        )
        .note("if it is new or a special one, this is no mistake")
    } else {
        let diagnostic = Diagnostic::error(codes::REGION, format!("\"{shown}\" is not a region"));
        match &guess {
            Some((guess, true)) => diagnostic.fix(report.location(span), format!("\"{guess}\"")),
            Some((_, false)) => diagnostic,
            None => diagnostic.help("a region looks like this: cn-hangzhou, ap-southeast-1"),
        }
    };
    report.say(span, label, diagnostic);
}

/// Whether there is or may be such a region.
pub(super) fn may_exist(region: &str) -> bool {
    REGIONS.contains(&region) || has_form(region)
}

/// `cn-hangzhou`, `ap-southeast-1`, `cn-shanghai-finance-1`; a zone such as `cn-hangzhou-h` is none.
fn has_form(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let is_part = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_zone = REGIONS.iter().any(|known| is_zone_of(region, known));
    parts.len() >= 2 && parts[0].len() == 2 && parts.iter().all(is_part) && !is_zone
}

/// Whether a zone's name has the form that zones of the region have: `cn-hangzhou-h`, `ap-southeast-1a`.
pub(super) fn is_zone_of(zone: &str, region: &str) -> bool {
    let Some(rest) = zone.strip_prefix(region) else {
        return false;
    };
    let letter = if region.ends_with(|last: char| last.is_ascii_digit()) {
        rest
    } else {
        rest.strip_prefix('-').unwrap_or_default()
    };
    letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// What a zone of the region looks like, for help texts.
pub(super) fn example_of_zone(region: &str) -> String {
    if region.ends_with(|last: char| last.is_ascii_digit()) {
        format!("{region}a")
    } else {
        format!("{region}-h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_two_forms() {
        assert!(is_zone_of("cn-hangzhou-h", "cn-hangzhou"));
        assert!(is_zone_of("ap-southeast-1a", "ap-southeast-1"));
        assert!(!is_zone_of("cn-hangzhouh", "cn-hangzhou"));
        assert!(!is_zone_of("ap-southeast-1-a", "ap-southeast-1"));
        assert!(!is_zone_of("cn-beijing-h", "cn-hangzhou"));
        assert!(!is_zone_of("cn-hangzhou", "cn-hangzhou"));
    }

    #[test]
    fn unknown_regions_of_the_right_form_may_be_new() {
        assert!(has_form("cn-shanghai-finance-9"));
        assert!(!has_form("hangzhou"));
        assert!(!has_form("cn-hangzhou-h"));
        assert!(!has_form("ap-southeast-1a"));
        assert!(!has_form("cn-"));
    }
}
