//! What the place understands where text goes: colours, links, workflow commands. From flags and variables alone.

use super::When;
use crate::env::Env;

/// Whether a variable that stands for yes or no says yes.
pub(super) fn is_on(env: &Env, name: &str) -> bool {
    env.vars
        .get(name)
        .is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// What the place understands beside text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Workflow commands of GitHub: `::group::`, `::error::`.
    pub(super) has_workflow_commands: bool,
    /// How far a run is, in the tab or the task bar (OSC 9;4). Others would show it as a message.
    pub(super) has_share: bool,
}

impl Place {
    pub(super) fn of(env: &Env, links: When) -> Place {
        let is = |name: &str, values: &[&str]| {
            let value = env.vars.get(name);
            value.is_some_and(|value| values.contains(&value.as_str()))
        };
        Place {
            has_workflow_commands: is("GITHUB_ACTIONS", &["true"]),
            has_share: links != When::Never
                && (env.vars.contains_key("WT_SESSION")
                    || is("ConEmuANSI", &["ON"])
                    || is("TERM_PROGRAM", &["WezTerm", "ghostty"])),
        }
    }
}

pub(super) fn is_dumb(env: &Env) -> bool {
    env.vars.get("TERM").is_some_and(|term| term == "dumb")
}

/// In this order: flag, `INFRA_COLOR`, `NO_COLOR`, `CLICOLOR_FORCE` and `FORCE_COLOR`, a dumb terminal, a terminal.
pub(super) fn uses_color(env: &Env, flag: When, is_terminal: bool) -> bool {
    let set = |name: &str| env.vars.get(name).filter(|value| !value.is_empty());
    match flag {
        When::Always => return true,
        When::Never => return false,
        When::Auto => {}
    }
    match set("INFRA_COLOR").map(String::as_str) {
        Some("always") => return true,
        Some("never") => return false,
        _ => {}
    }
    if set("NO_COLOR").is_some() {
        return false;
    }
    let forces = |name: &str| set(name).is_some_and(|value| value != "0");
    if forces("CLICOLOR_FORCE") || forces("FORCE_COLOR") {
        return true;
    }
    is_terminal && !is_dumb(env)
}

/// In this order: flag, `FORCE_HYPERLINK`, a dumb terminal or one that only notes down, a terminal that is known to have
/// links. Others may show their escapes as text.
pub(super) fn uses_links(env: &Env, flag: When, is_terminal: bool) -> bool {
    let set = |name: &str| env.vars.get(name).filter(|value| !value.is_empty());
    match flag {
        When::Always => return true,
        When::Never => return false,
        When::Auto => {}
    }
    if !is_terminal || is_dumb(env) || is_on(env, "CI") {
        return false;
    }
    if let Some(forced) = set("FORCE_HYPERLINK") {
        return forced != "0";
    }
    let is_one_of = |name: &str, values: &[&str]| {
        set(name).is_some_and(|value| values.iter().any(|known| value.eq_ignore_ascii_case(known)))
    };
    let is_there = ["WT_SESSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "DOMTERM"];
    // Since 0.50; 0.50.0 itself crashed on them.
    let has_new_vte = set("VTE_VERSION")
        .and_then(|version| version.parse::<u32>().ok())
        .is_some_and(|version| version > 5000);
    let programs = [
        "iTerm.app",
        "WezTerm",
        "ghostty",
        "vscode",
        "Hyper",
        "rio",
        "mintty",
        "Tabby",
        "zed",
    ];
    let kinds = [
        "xterm-kitty",
        "xterm-ghostty",
        "alacritty",
        "foot",
        "foot-extra",
        "contour",
        "wezterm",
        "rio",
    ];
    is_there.into_iter().any(|name| set(name).is_some())
        || has_new_vte
        || is_one_of("TERM_PROGRAM", &programs)
        || is_one_of("TERM", &kinds)
}
