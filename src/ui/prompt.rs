//! The question before anything is changed, and the refusal where there is nobody to ask.
//!
//! Does not know which flags were typed; it only names them.

use super::text::{BOLD, Look, PLAIN, RED, Sheet, count};
use super::{Header, Ui, ask};
use crate::change::{Fate, amount};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::Env;
use crate::plan::Plan;

/// How many addresses are named one by one.
const NAMED_MAX: usize = 3;
/// The answer that goes ahead where nothing is lost.
const YES: &str = "yes";
const ONLY_YES: &str = "Only yes goes ahead";

/// What is asked about.
pub(crate) struct Question<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) header: &'a Header,
    /// Nobody may be asked, even at a terminal.
    pub(crate) no_input: bool,
}

/// Refuses when there is nobody to ask; the refusal names the flags.
pub(crate) fn can_ask(question: &Question<'_>, env: &Env) -> Result<(), Box<Diagnostic>> {
    match ask::nobody(question.no_input, env) {
        None => Ok(()),
        Some(why) => Err(Box::new(question.refusal(why))),
    }
}

/// Asks on standard error; only the full word is a yes. An end of the input and a signal (Ctrl-C) mean no.
pub(crate) async fn confirm(question: &Question<'_>, env: &Env, ui: &Ui) -> bool {
    let text = question.text(ui.err_look());
    let answer = ask::line(&text, &question.prompt(), None, env, ui).await;
    question.is_yes(answer.as_deref())
}

/// Asks about something that is no plan; only yes is a yes.
pub(crate) async fn confirm_sentence(sentence: &str, env: &Env, ui: &Ui) -> bool {
    let mut sheet = Sheet::new(ui.err_look());
    sheet.sentence(BOLD, sentence, 2);
    let answer = ask::line(&sheet.finish(), ONLY_YES, None, env, ui).await;
    answer.is_some_and(|answer| answer.trim() == YES)
}

impl Question<'_> {
    /// The word that must be typed in full.
    fn wanted(&self) -> &str {
        if !self.plan.is_risky() {
            return YES;
        }
        self.header.environment.as_deref().unwrap_or(&self.header.project)
    }

    /// The last line of the question, without its colon.
    fn prompt(&self) -> String {
        if !self.plan.is_risky() {
            return ONLY_YES.to_owned();
        }
        let name = match self.header.environment {
            Some(_) => "environment",
            None => "project",
        };
        format!(
            "To go ahead type the {name} name, {}",
            super::text::escape(self.wanted())
        )
    }

    /// The lines above it.
    pub(super) fn text(&self, look: Look) -> String {
        let mut sheet = Sheet::new(look);
        let what = match self
            .plan
            .shown()
            .filter(|change| change.fate.needs_approval())
            .count()
        {
            0 => "the changed outputs".to_owned(),
            1 => "this change".to_owned(),
            many => format!("these {many} changes"),
        };
        let (target, place) = (self.header.target(), self.header.place());
        let title = if self.header.command == "destroy" {
            let resources = count(
                self.plan
                    .shown()
                    .filter(|change| change.fate.needs_approval())
                    .count(),
                "resource",
            );
            format!("Destroy {resources} of {target} ({place})?")
        } else {
            format!("Apply {what} to {target} ({place})?")
        };
        sheet.end_line();
        sheet.sentence(BOLD, &title, 2);
        self.write_downtime(&mut sheet);
        if let Some(cost) = self.plan.cost.as_ref().filter(|cost| cost.charged() > 0) {
            let sentence = format!("It charges {} {} at once.", amount(cost.charged()), cost.currency);
            sheet.sentence(BOLD, &sentence, 2);
        }
        let losses = self.plan.losses().count();
        if losses > 0 {
            let all = losses
                == self
                    .plan
                    .shown()
                    .filter(|change| change.fate.needs_approval())
                    .count();
            let sentence = match (losses, all) {
                (1, true) => "It deletes or replaces something.".to_owned(),
                (1, false) => "1 of them deletes or replaces something.".to_owned(),
                (_, true) => "All of them delete or replace something.".to_owned(),
                (many, false) => format!("{many} of them delete or replace something."),
            };
            sheet.sentence(RED, &sentence, 2);
        }
        sheet.finish()
    }

    /// Updates that stop something for a while; those of replacements are losses and asked about as such.
    fn write_downtime(&self, sheet: &mut Sheet) {
        let down: Vec<(String, &String)> = self
            .plan
            .changes
            .iter()
            .filter(|change| change.fate == Fate::Update)
            .filter_map(|change| Some((change.address.to_string(), change.down.as_ref()?)))
            .collect();
        for (address, words) in down.iter().take(NAMED_MAX) {
            sheet.sentence(PLAIN, &format!("{address} is down {words}."), 2);
        }
        if let Some(more @ 1..) = down.len().checked_sub(NAMED_MAX) {
            sheet.sentence(PLAIN, &format!("{more} more are down for a while."), 2);
        }
    }

    /// Why nobody is asked, and what to type instead.
    fn refusal(&self, why: &str) -> Diagnostic {
        let command = self.header.command;
        let look = if command == "destroy" {
            "plan --destroy"
        } else {
            "plan"
        };
        let mut refusal = Diagnostic::error(codes::NOBODY_TO_ASK, format!("{command} needs an answer {why}"))
            .note("nothing was changed")
            .help(Advice::from("look first:             ").run(look))
            .help(
                Advice::from("accept without looking: ")
                    .run(command)
                    .arg("--auto-approve"),
            );
        let losses: Vec<String> = self
            .plan
            .losses()
            .map(|change| change.address.to_string())
            .collect();
        if let Some(first) = losses.first() {
            let named = match losses.len() {
                1..=NAMED_MAX => losses.join(", "),
                many => format!("{first} and {} more", many - 1),
            };
            let flag = match losses.len() {
                1..=NAMED_MAX => format!("--allow-destroy={}", losses.join(",")),
                _ => "--allow-destroy".to_owned(),
            };
            let verb = self.loss_verb();
            refusal = refusal.help(
                Advice::from(format!("and, as it {verb} {named}: "))
                    .run(command)
                    .arg("--auto-approve")
                    .arg(flag),
            );
        }
        refusal
    }

    fn loss_verb(&self) -> &'static str {
        let deletes = self.plan.losses().any(|change| change.fate == Fate::Delete);
        let replaces = self.plan.losses().any(|change| change.fate != Fate::Delete);
        match (deletes, replaces) {
            (true, true) => "deletes or replaces",
            (false, true) => "replaces",
            _ => "deletes",
        }
    }

    /// Whatever is not the word itself means no; so does no answer.
    fn is_yes(&self, answer: Option<&str>) -> bool {
        answer.is_some_and(|answer| answer.trim() == self.wanted())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{change, header};
    use super::*;

    fn plan(actions: &[(Fate, &str)]) -> Plan {
        Plan {
            changes: actions
                .iter()
                .map(|(action, address)| change(*action, address))
                .collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn only_the_full_word_counts() {
        let (plan, header) = (plan(&[(Fate::Create, "vpc.main")]), header());
        let question = Question {
            plan: &plan,
            header: &header,
            no_input: false,
        };
        for no in ["", "y", "Yes", "YES", "yes please", "no", "prod"] {
            assert!(!question.is_yes(Some(no)), "{no} went ahead");
        }
        assert!(question.is_yes(Some("yes")));
        assert!(!question.is_yes(None));
    }

    #[test]
    fn a_loss_wants_the_name_of_the_environment_or_of_the_project() {
        let plan = plan(&[(Fate::Create, "vpc.main"), (Fate::Delete, "instance.old")]);
        let mut header = header();
        let question = Question {
            plan: &plan,
            header: &header,
            no_input: false,
        };
        assert!(!question.is_yes(Some("yes")));
        assert!(question.is_yes(Some("prod")));
        assert_eq!(
            question.text(Look::new(false, Some(80))),
            "\nApply these 2 changes to shop/prod (account 1034...7781)?\n1 of them deletes or replaces something.\n"
        );
        assert_eq!(question.prompt(), "To go ahead type the environment name, prod");
        header.environment = None;
        let question = Question {
            plan: &plan,
            header: &header,
            no_input: false,
        };
        assert!(question.is_yes(Some("shop")) && !question.is_yes(Some("prod")));
        assert_eq!(question.prompt(), "To go ahead type the project name, shop");
    }

    #[test]
    fn an_update_that_stops_something_says_so() {
        let mut plan = plan(&[(Fate::Update, "instance.web")]);
        plan.changes[0].down = Some("about 2 min while it is stopped".to_owned());
        let header = header();
        let text = Question {
            plan: &plan,
            header: &header,
            no_input: false,
        }
        .text(Look::new(false, Some(80)));
        assert!(
            text.contains("instance.web is down about 2 min while it is stopped.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_refusal_names_the_flags() {
        let plan = plan(&[
            (Fate::Delete, "eip.old"),
            (Fate::Replace { create_first: false }, "instance.db"),
        ]);
        let header = Header {
            command: "apply",
            ..header()
        };
        let refusal = Question {
            plan: &plan,
            header: &header,
            no_input: false,
        }
        .refusal("and there is no terminal to ask on");
        assert_eq!(refusal.code, "E0511");
        assert_eq!(
            refusal.message,
            "apply needs an answer and there is no terminal to ask on"
        );
        assert_eq!(
            refusal.help,
            [
                "look first:             infra plan",
                "accept without looking: infra apply --auto-approve",
                "and, as it deletes or replaces eip.old, instance.db: infra apply --auto-approve --allow-destroy=eip.old,instance.db",
            ]
        );
    }
}
