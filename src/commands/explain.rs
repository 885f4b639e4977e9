//! The story of a code, and the page of the configuration language.

use super::failure::{Exit, Failure};
use crate::cli::{ExplainArgs, Global, Language};
use crate::config::language::{Tongue, language_page};
use crate::diagnostic::codes::{self, Code, Story};
use crate::diagnostic::{Advice, Diagnostic, zh};
use crate::types::Types;
use crate::ui::{Headings, Ui};

/// What stands in the place of a code for the page of the language.
const LANGUAGE: &str = "language";

/// Say what a code of an error or a warning means, what usually causes it, and the way out; or how the files are written
pub(crate) fn explain(args: &ExplainArgs, global: &Global, ui: &Ui) -> Result<Exit, Failure> {
    let stories = match args.lang {
        Language::En => codes::ALL,
        Language::Zh => zh::ALL,
    };
    let Some(number) = &args.code else {
        if global.json {
            ui.document(&stories.iter().map(document).collect());
        } else {
            ui.stories(stories);
        }
        return Ok(Exit::Success);
    };
    if number.eq_ignore_ascii_case(LANGUAGE) {
        let tongue = match args.lang {
            Language::En => Tongue::English,
            Language::Zh => Tongue::Chinese,
        };
        let page = language_page(&Types::all(), tongue);
        if global.json {
            ui.document(&serde_json::json!({ "page": page }));
        } else {
            ui.page(&page);
        }
        return Ok(Exit::Success);
    }
    let Some(story) = Code::find(number) else {
        let unknown = Diagnostic::error(codes::NO_SUCH_CODE, format!("there is no code {number}"));
        let help = Advice::from("all of them: ").run("explain");
        return Err(Failure::error(unknown.help(help)));
    };
    let (story, headings) = told(story, args.lang);
    if global.json {
        ui.document(&document(story));
    } else {
        ui.story(story, headings);
    }
    Ok(Exit::Success)
}

/// The story in a language, and the words above its parts.
fn told(story: &'static Story, language: Language) -> (&'static Story, Headings) {
    match language {
        Language::En => (story, Headings::ENGLISH),
        Language::Zh => (zh::story(story.code).unwrap_or(story), Headings::CHINESE),
    }
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
