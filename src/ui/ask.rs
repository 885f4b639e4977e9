//! A question to somebody at a terminal, and the line that is the answer.
//!
//! Does not know what is asked, nor what an answer means.

use std::io;

use dialoguer::theme::{SimpleTheme, Theme as _};
use tokio::sync::oneshot;

use super::{Ui, is_on};
use crate::env::Env;

/// Why nobody can be asked, in words behind `needs an answer`; none if somebody can. `no_input` is the flag.
pub(crate) fn nobody(no_input: bool, env: &Env) -> Option<&'static str> {
    let may_ask = !no_input && !is_on(env, "CI") && !is_on(env, "INFRA_NO_INPUT");
    match (may_ask, env.terminal.stdin && env.terminal.stderr) {
        (true, true) => None,
        (true, false) => Some("and there is no terminal to ask on"),
        (false, _) => Some("and may not ask"),
    }
}

/// Asks on standard error, `text` standing above the line that ends with the prompt. None at the end of the input and
/// after a signal (Ctrl-C).
pub(crate) async fn line(
    text: &str,
    prompt: &str,
    preset: Option<&str>,
    env: &Env,
    ui: &Ui,
) -> Option<String> {
    // Before anybody can answer: from here on a signal is an answer as well.
    let signals = env.signals.listen();
    ui.print_talk(text);
    ui.print_talk(&prompt_line(prompt, preset));
    // A thread of its own: nothing can take a read back that waits for a terminal, so it is left behind.
    let (answered, answer) = oneshot::channel();
    std::thread::spawn(move || answered.send(read_line()));
    let answer = match signals {
        Ok(mut signals) => tokio::select! {
            answer = answer => answer.ok().flatten(),
            () = signals.next() => None,
        },
        // Then a signal ends the process, which is safe: nothing was changed.
        Err(_) => answer.await.ok().flatten(),
    };
    if answer.is_none() {
        ui.print_talk("\n");
    }
    answer
}

/// The line behind which the answer is typed; what an empty answer means stands in it.
fn prompt_line(prompt: &str, preset: Option<&str>) -> String {
    let mut line = String::new();
    // Writing into a text does not fail.
    let _ = SimpleTheme.format_input_prompt(&mut line, prompt, preset);
    line
}

/// A line from the terminal, with the terminal's own editing: it alone makes an end of Ctrl-D and a signal of Ctrl-C,
/// and leaves nothing to restore whatever ends the process. None at the end of the input.
fn read_line() -> Option<String> {
    let mut line = String::new();
    let length = io::stdin().read_line(&mut line).ok()?;
    (length > 0).then_some(line)
}
