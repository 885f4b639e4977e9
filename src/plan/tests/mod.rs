//! The planner by data in and text out: what is there, what is wanted, and the plan that follows, held against a model of
//! the cloud that refuses what a real one would.

mod circles;
mod generate;
mod handed;
mod kinds;
mod leftovers;
mod model;
mod moves;
mod pinned;
mod properties;
mod rebuilt;
mod said;
mod selection;
mod tags;
mod whole;

use super::Plan;
use crate::change::{Change, Fate};
use crate::task::{Phase, Task};

/// A network to put things in.
const NET: &str = r#"
[vpc.main]
cidr_block = "10.0.0.0/16"
[vswitch.a]
vpc_id = "${vpc.main.id}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"
[security_group.web]
vpc_id = "${vpc.main.id}"
"#;

/// A plan as text: what becomes of each resource that does not just stay, then the tasks in their order.
fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for error in &plan.errors {
        text.push_str(&format!("error {}: {}\n", error.code, error.message));
    }
    for change in plan.changes.iter().filter(|change| change.fate != Fate::Keep) {
        text.push_str(&told(change));
    }
    for finding in &plan.findings {
        text.push_str(&format!("{} {}\n", finding.code, finding.message));
        for help in &finding.help {
            text.push_str(&format!("    {help}\n"));
        }
    }
    for drift in &plan.drift {
        let what = if drift.path.is_empty() {
            "gone"
        } else {
            &drift.path
        };
        text.push_str(&format!("drift {}: {what}; {}\n", drift.address, drift.effect));
    }
    for output in &plan.outputs {
        let after = match &output.after {
            None => "(none)".to_owned(),
            Some(value) if value.is_known() => value.to_json().to_string(),
            Some(_) => "(later)".to_owned(),
        };
        text.push_str(&format!("output {}: {after}\n", output.name));
    }
    for vanished in &plan.vanished {
        text.push_str(&format!("vanished {} {}\n", vanished.address, vanished.id));
    }
    for forbidden in &plan.forbidden {
        text.push_str(&format!("forbidden {}\n", forbidden.address));
    }
    for (index, task) in plan.tasks.iter().enumerate() {
        text.push_str(&format!("{index}. {}\n", task_text(task)));
    }
    if text.is_empty() {
        text.push_str("nothing\n");
    }
    text
}

fn told(change: &Change) -> String {
    let mut text = format!("{} {}\n", change.fate.verb(), change.address);
    for reason in &change.reasons {
        text.push_str(&format!("    because {reason}\n"));
    }
    for lost in &change.lost {
        text.push_str(&format!("    LOST {lost}\n"));
    }
    for kept in &change.kept {
        text.push_str(&format!("    kept {kept}\n"));
    }
    for hint in &change.hints {
        text.push_str(&format!("    note {hint}\n"));
    }
    text
}

fn task_text(task: &Task) -> String {
    let word = match task.phase {
        Phase::Note => "note",
        Phase::LetGo => "let go",
        Phase::Make => "make",
        Phase::Change => "change",
        Phase::Join => "join",
        Phase::Remove => "remove",
    };
    let steps: Vec<&str> = task.steps.iter().map(|step| step.name.as_str()).collect();
    let steps = if steps.is_empty() {
        String::new()
    } else {
        format!(": {}", steps.join(" > "))
    };
    let after = if task.after.is_empty() {
        String::new()
    } else {
        format!(" (after {})", numbers(&task.after))
    };
    format!("{word} {}{steps}{after}", task.object)
}

fn numbers(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
