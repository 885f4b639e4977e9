//! The story of a code.

use super::failure::{Exit, Failure};
use crate::cli::{ExplainArgs, Global};
use crate::diagnostic::codes::{self, Code, Story};
use crate::diagnostic::{Advice, Diagnostic};
use crate::ui::Ui;

/// Say what a code of an error or a warning means, what usually causes it, and the way out
pub(crate) fn explain(args: &ExplainArgs, global: &Global, ui: &Ui) -> Result<Exit, Failure> {
    let Some(number) = &args.code else {
        if global.json {
            ui.document(&codes::ALL.iter().map(document).collect());
        } else {
            ui.stories(codes::ALL);
        }
        return Ok(Exit::Success);
    };
    let Some(story) = Code::find(number) else {
        let unknown = Diagnostic::error(codes::NO_SUCH_CODE, format!("there is no code {number}"));
        let help = Advice::from("all of them: ").run("explain");
        return Err(Failure::error(unknown.help(help)));
    };
    if global.json {
        ui.document(&document(story));
    } else {
        ui.story(story);
    }
    Ok(Exit::Success)
}

fn document(story: &Story) -> serde_json::Value {
    serde_json::json!({
        "code": story.code,
        "title": story.title,
        "meaning": story.meaning,
        "causes": story.causes,
        "way_out": story.way_out,
    })
}
