//! The one question: may this plan be carried out?
//!
//! Does not know what the answer is used for.

use dialoguer::Input;
use dialoguer::theme::SimpleTheme;

use super::{Header, Ui};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::plan::Plan;

/// What is asked about.
pub(crate) struct Question<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) header: &'a Header,
    /// Nobody may be asked.
    pub(crate) no_input: bool,
}

impl Question<'_> {
    /// The word that means yes: a loss wants the name of what it happens to.
    fn word(&self) -> &str {
        match self.plan.losses().next() {
            None => "yes",
            Some(_) => self.header.environment.as_deref().unwrap_or(&self.header.project),
        }
    }

    /// The question in words, on one or more lines.
    fn text(&self) -> String {
        let changes = self.plan.changes.len();
        let noun = if changes == 1 {
            "this change"
        } else {
            "these changes"
        };
        let number = if changes == 1 {
            String::new()
        } else {
            format!(" {changes}")
        };
        let noun = noun.replacen(' ', &format!("{number} "), 1);
        let mut text = format!(
            "Apply {noun} to {} ({})?",
            self.header.target(),
            self.header.place()
        );
        let losses = self.plan.losses().count();
        let word = self.word();
        if losses == 0 {
            text.push_str("\nTo go ahead type yes");
        } else {
            let one = if losses == 1 {
                "1 of them deletes or replaces"
            } else {
                ""
            };
            let many = format!("{losses} of them delete or replace");
            let which = if losses == 1 { one } else { &many };
            text.push_str(&format!("\n{which} something. To go ahead type its name, {word}"));
        }
        text
    }
}

/// Refuses when there is nobody to ask; the refusal names the flags.
pub(crate) fn can_ask(question: &Question<'_>, env: &Env) -> Result<(), Box<Diagnostic>> {
    let in_ci = env
        .vars
        .get("CI")
        .is_some_and(|value| !value.is_empty() && value != "0" && value != "false");
    if env.terminal.stdin && env.terminal.stderr && !question.no_input && !in_ci {
        return Ok(());
    }
    let command = question.header.command;
    let why = if question.no_input || in_ci {
        "and may not ask"
    } else {
        "and there is no terminal to ask on"
    };
    let mut refusal = Diagnostic::error("E0511", format!("infra {command} needs an answer {why}"))
        .note("nothing was changed")
        .help(format!(
            "accept without asking:    infra {command} --auto-approve"
        ));
    let lost: Vec<String> = question
        .plan
        .losses()
        .map(|change| change.address.to_string())
        .collect();
    if !lost.is_empty() {
        refusal = refusal.help(format!(
            "this plan deletes or replaces, so add:  --allow-destroy={}",
            lost.join(",")
        ));
    }
    Err(Box::new(refusal))
}

/// Asks; only the full word is a yes.
pub(crate) fn confirm(question: &Question<'_>, ui: &Ui) -> bool {
    ui.talk("");
    let mut lines = question.text();
    let last = lines
        .rfind('\n')
        .map_or(String::new(), |at| lines.split_off(at + 1));
    ui.talk(lines.trim_end());
    // An end of input or Ctrl-C is a no.
    let answer: Result<String, _> = Input::with_theme(&SimpleTheme)
        .with_prompt(last)
        .allow_empty(true)
        .interact_text();
    answer.is_ok_and(|answer| answer.trim() == question.word())
}
