//! The page at `/`: what exists, what was asked, and what is to go wrong. One text without outside resources. Does not
//! know the cloud: its script asks the control plane.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page's text.
pub(super) fn html() -> String {
    HTML.replace("/*STYLE*/", STYLE).replace("/*SCRIPT*/", SCRIPT)
}

/// What a browser may load and run for it: its own style and script, and nothing from elsewhere. No other page may show
/// it in a frame, so that nobody is led to press its buttons.
pub(super) fn policy() -> String {
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_text_that_names_nothing_outside() {
        let html = html();
        assert!(!html.contains("/*STYLE*/") && !html.contains("/*SCRIPT*/"));
        for outside in ["http://", "https://", "//cdn", "@import", "url(", " src="] {
            assert!(!html.contains(outside), "{outside}");
        }
        // What the cloud holds comes from strangers, so it never becomes markup.
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!html.contains(way), "{way}");
        }
    }

    #[test]
    fn its_policy_lets_its_own_script_run_and_no_other() {
        let html = html();
        let (_, rest) = html.split_once("<script>").unwrap();
        let (script, _) = rest.split_once("</script>").unwrap();
        let hash = STANDARD.encode(Sha256::digest(script));
        let policy = policy();
        assert!(
            policy.contains(&format!("script-src 'sha256-{hash}'")),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none'"));
    }

    /// The relative luminance of WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn every_text_can_be_read_in_light_and_in_dark() {
        // The variables of both themes, in the order in which the sheet names them.
        let variable = |name: &str| -> Vec<String> {
            let begin = format!("--{name}: ");
            STYLE
                .split(&begin)
                .skip(1)
                .map(|rest| rest[..7].to_owned())
                .collect()
        };
        for text in ["text", "quiet", "good", "wait", "bad", "link"] {
            for behind in ["page", "box", "inner"] {
                let (fronts, backs) = (variable(text), variable(behind));
                assert_eq!((fronts.len(), backs.len()), (2, 2), "{text} {behind}");
                for (front, back) in fronts.iter().zip(&backs) {
                    let (one, other) = (luminance(front), luminance(back));
                    let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                    assert!(
                        contrast >= 4.5,
                        "{text} {front} on {behind} {back}: {contrast:.2}"
                    );
                }
            }
        }
    }
}
