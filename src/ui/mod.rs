//! The one door for output: results to standard output, talk to standard error.
//!
//! Does not know how anything comes about.

pub(crate) mod diagnostics;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::diagnostics::Style;
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Sources};
use crate::env::Env;
use crate::event::{Event, Listener};
use crate::live::Observed;
use crate::plan::Plan;
use crate::value::Value;

#[derive(Clone)]
pub(crate) struct Ui {
    sources: Arc<Mutex<Sources>>,
}
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) command: &'static str,
    pub(crate) project: String,
    pub(crate) environment: Option<String>,
    pub(crate) region: String,
    pub(crate) cloud: String,
    pub(crate) credentials: String,
    pub(crate) files: Vec<String>,
    pub(crate) checked: usize,
    pub(crate) elapsed: Duration,
}
impl Ui {
    pub(crate) fn new(_env: &Env) -> Ui {
        Ui {
            sources: Arc::default(),
        }
    }
    pub(crate) fn result(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    pub(crate) fn talk(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    pub(crate) fn set_sources(&self, sources: &Sources) {
        *self.sources.lock().unwrap_or_else(PoisonError::into_inner) = sources.clone();
    }
    pub(crate) fn diagnostics(&self, found: &[Diagnostic]) {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let text = diagnostics::render(
            found,
            &sources,
            Style {
                color: false,
                width: 100,
                all: false,
            },
        );
        if !text.is_empty() {
            self.talk(text.trim_end());
        }
    }
    pub(crate) fn listener(&self) -> Arc<dyn Listener> {
        Arc::new(Lines(self.clone()))
    }
    pub(crate) fn plan(&self, plan: &Plan, header: &Header) {
        self.result(&format!(
            "infra {}  {}  {}  {}",
            header.command, header.project, header.region, header.cloud
        ));
        for c in &plan.changes {
            self.result(&format!(
                "{:>3} {} {}",
                c.action.symbol(),
                c.action.verb(),
                c.address
            ));
            for r in &c.reasons {
                self.result(&format!("    because {r}"));
            }
            for a in &c.attributes {
                self.result(&format!("    {} {:?} -> {:?}", a.path, a.before, a.after));
            }
            for r in &c.lost {
                self.result(&format!("    LOST {r}"));
            }
            self.result(&format!("    steps {}", c.steps.join(" > ")));
        }
        if plan.is_empty() {
            self.result("No changes.");
        }
    }
    pub(crate) fn outputs(&self, outputs: &BTreeMap<String, (Value, bool)>) {
        for (n, (v, _)) in outputs {
            self.result(&format!("{n} = {}", v.to_json()));
        }
    }
    pub(crate) fn rows(&self, rows: &BTreeMap<Address, Observed>) {
        for (a, o) in rows {
            self.result(&format!("{a}  {}", o.id));
        }
    }
}

struct Lines(Ui);

impl Listener for Lines {
    fn event(&self, event: &Event) {
        match event {
            Event::StepStarted { address, step, .. } => self.0.talk(&format!("{address} {step}: start")),
            Event::StepDone { address, step, .. } => self.0.talk(&format!("{address} {step}: ok")),
            Event::StepFailed {
                address,
                step,
                code,
                message,
            } => self.0.talk(&format!("{address} {step}: {code} {message}")),
            _ => {}
        }
    }
}
