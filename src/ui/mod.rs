//! The one door for output: results to standard output, talk to standard error.
//!
//! Does not know how anything comes about.

pub(crate) mod diagnostics;

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Sources};
use crate::env::Env;
use crate::event::{Listener, Silent};
use crate::plan::Plan;
use crate::value::Value;

#[derive(Clone)]
pub(crate) struct Ui { sources: Arc<Mutex<Sources>> }
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) command: &'static str, pub(crate) project: String, pub(crate) environment: Option<String>, pub(crate) region: String,
    pub(crate) cloud: String, pub(crate) credentials: String, pub(crate) files: Vec<String>, pub(crate) checked: usize, pub(crate) elapsed: Duration,
}
impl Ui {
    pub(crate) fn new(_env: &Env) -> Ui { Ui { sources: Arc::default() } }
    pub(crate) fn result(&self, text: &str) { let _ = writeln!(std::io::stdout(), "{text}"); }
    pub(crate) fn talk(&self, text: &str) { let _ = writeln!(std::io::stderr(), "{text}"); }
    pub(crate) fn set_sources(&self, sources: &Sources) { *self.sources.lock().unwrap_or_else(PoisonError::into_inner) = sources.clone(); }
    pub(crate) fn diagnostics(&self, found: &[Diagnostic]) {
        for one in found { self.talk(&format!("{}[{}]: {}", if one.is_error() {"error"} else {"warning"}, one.code, one.message));
          for l in &one.labels { self.talk(&format!("  --> {}:{}:{} {}", l.location.file, l.location.line, l.location.column, l.text)); }
          for n in &one.notes { self.talk(&format!("  = {n}")); } for h in &one.help { self.talk(&format!("  help: {h}")); } }
    }
    pub(crate) fn listener(&self) -> Arc<dyn Listener> { Arc::new(Silent) }
    pub(crate) fn plan(&self, plan: &Plan, header: &Header) {
        self.result(&format!("infra {}  {}  {}  {}", header.command, header.project, header.region, header.cloud));
        for c in &plan.changes { self.result(&format!("{:>3} {} {}", c.action.symbol(), c.action.verb(), c.address));
          for r in &c.reasons { self.result(&format!("    because {r}")); }
          for a in &c.attributes { self.result(&format!("    {} {:?} -> {:?}", a.path, a.before, a.after)); }
          for r in &c.lost { self.result(&format!("    LOST {r}")); }
          self.result(&format!("    steps {}", c.steps.join(" > "))); }
        if plan.is_empty() { self.result("No changes."); }
    }
    pub(crate) fn outputs(&self, outputs: &BTreeMap<String, (Value, bool)>) { for (n, (v, _)) in outputs { self.result(&format!("{n} = {}", v.to_json())); } }
}
