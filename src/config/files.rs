//! Which files make up a configuration, and reading them, within limits.
//!
//! Does not know what stands in them.

use std::collections::BTreeMap;
use std::io;

use super::report::{Report, Span};
use super::trust::{Files, Refusal};
use crate::diagnostic::codes::Code;
use crate::diagnostic::{Diagnostic, codes, run};

/// The root file.
pub(super) const ROOT: &str = "infra.toml";

/// The largest file, in bytes.
const FILE_MAX: u64 = 4 * 1024 * 1024;

/// The largest configuration, in bytes.
const PROJECT_MAX: u64 = 64 * 1024 * 1024;

/// The folder of a configuration.
pub(super) struct Folder<'a> {
    files: Files<'a>,
    read: u64,
    /// Files that keys name, each read once however many copies a block has.
    named: BTreeMap<String, Vec<u8>>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(files: Files<'a>) -> Folder<'a> {
        Folder {
            files,
            read: 0,
            named: BTreeMap::new(),
        }
    }

    /// The files that keys have named so far, with their bytes.
    pub(super) fn named(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.named
    }

    /// `infra.toml` and `*.infra.toml`, in name order; none if there is no configuration, which is said.
    pub(super) fn configuration(&self, report: &mut Report) -> Option<Vec<String>> {
        let Files { fs, folder, .. } = self.files;
        let shown = folder.display();
        let names = match fs.list(folder) {
            Ok(names) => names,
            Err(error) => {
                let what = match error.kind() {
                    io::ErrorKind::NotFound => format!("there is no folder {shown}"),
                    io::ErrorKind::NotADirectory => format!("{shown} is not a folder"),
                    _ => format!("the folder {shown} cannot be read: {error}"),
                };
                report.push(Diagnostic::error(codes::NO_PROJECT, what));
                return None;
            }
        };
        if !names.iter().any(|name| name == ROOT) {
            let diagnostic = Diagnostic::error(codes::NO_PROJECT, format!("there is no {ROOT} in {shown}"));
            let diagnostic = match names.iter().filter(|name| name.ends_with(".toml")).count() {
                0 => diagnostic,
                _ => diagnostic.note(format!("a configuration is {ROOT} and, next to it, *.{ROOT}")),
            };
            report.push(
                diagnostic
                    .help("-C DIR looks in another folder")
                    .help(run("init").then(" writes a first one")),
            );
            return None;
        }
        let suffix = format!(".{ROOT}");
        let mut files: Vec<String> = names
            .into_iter()
            .filter(|name| name == ROOT || (name.ends_with(&suffix) && !name.starts_with('.')))
            .collect();
        files.sort();
        Some(files)
    }

    /// The names of the environments: `env/*.toml`; none if there is no such folder.
    pub(super) fn environments(&self) -> Option<Vec<String>> {
        let Files { fs, folder, .. } = self.files;
        let mut names: Vec<String> = fs
            .list(&folder.join("env"))
            .ok()?
            .into_iter()
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| crate::address::is_plain_name(name))
            .collect();
        names.sort();
        Some(names)
    }

    /// The text of a file of the configuration; none if it cannot be used, which is said.
    pub(super) fn read_text(&mut self, name: &str, report: &mut Report) -> Option<String> {
        let path = match self.files.own(name) {
            Ok(path) => path,
            Err(refusal) => {
                report.push(refused(codes::UNREADABLE, refusal));
                return None;
            }
        };
        let wrong = match self.files.fs.read(&path, FILE_MAX) {
            Ok(bytes) => {
                self.read = self.read.saturating_add(bytes.len() as u64);
                if self.read > PROJECT_MAX {
                    let what = format!(
                        "the files of this configuration have more than {} MiB",
                        PROJECT_MAX >> 20
                    );
                    Diagnostic::error(codes::TOO_LARGE, what)
                } else {
                    match String::from_utf8(bytes) {
                        Ok(text) => return Some(text),
                        Err(error) => {
                            let valid = error.utf8_error().valid_up_to();
                            let line = error.as_bytes()[..valid]
                                .iter()
                                .filter(|byte| **byte == b'\n')
                                .count()
                                + 1;
                            Diagnostic::error(
                                codes::UNREADABLE,
                                format!("{name} is not UTF-8 text: line {line}"),
                            )
                            .help("save it as UTF-8 (in an editor: \"save with encoding\")")
                        }
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Diagnostic::error(
                codes::TOO_LARGE,
                format!("{name} has more than {} MiB", FILE_MAX >> 20),
            ),
            Err(error) => Diagnostic::error(codes::UNREADABLE, format!("{name} cannot be read: {error}")),
        };
        report.push(wrong);
        None
    }

    /// The bytes of a file that a key names; none if it cannot be used, which is said.
    pub(super) fn read_named(&mut self, name: &str, span: Span, report: &mut Report) -> Option<Vec<u8>> {
        if let Some(bytes) = self.named.get(name) {
            return Some(bytes.clone());
        }
        let path = match self.files.named(name) {
            Ok(path) => path,
            Err(refusal) => {
                report.say(span, "", refused(codes::FILE_PATH, refusal));
                return None;
            }
        };
        let wrong = match self.files.fs.read(&path, super::raw::TEXT_MAX as u64) {
            Ok(bytes) => {
                self.read = self.read.saturating_add(bytes.len() as u64);
                if self.read <= PROJECT_MAX {
                    self.named.insert(name.to_owned(), bytes.clone());
                    return Some(bytes);
                }
                format!(
                    "the files of this configuration have more than {} MiB",
                    PROJECT_MAX >> 20
                )
            }
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => format!("there is no file {name:?} in this folder"),
                io::ErrorKind::FileTooLarge => format!("the file {name:?} has more than 1 MiB"),
                _ => format!("the file {name:?} cannot be read: {error}"),
            },
        };
        report.say(span, "", Diagnostic::error(codes::FILE_PATH, wrong));
        None
    }
}

/// A file that is not read, and the flag that opens it.
pub(super) fn refused(code: Code, refusal: Refusal) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, refusal.what);
    if refusal.can_be_opened {
        diagnostic.help("--allow-file DIR lets it read the files below DIR")
    } else {
        diagnostic
    }
}
