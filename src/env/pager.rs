//! A program that shows a long text page by page.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// Shows a text with a program and waits until it ends; variables that are set already stay as they are. An error means
/// that the text was not seen: there is no such program, or it failed.
pub(crate) fn show_with(words: &[String], vars: &[(&str, &str)], text: &str) -> io::Result<()> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(vars.iter().copied())
        .stdin(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take();
    // Whoever has seen enough closes it before the end.
    let _ = input.map(|mut input| input.write_all(text.as_bytes()));
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{program} failed"))),
    }
}
