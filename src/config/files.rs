//! Which files make up a configuration, and reading them, within limits.
//!
//! Does not know what stands in them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};

use super::codes;
use super::report::{Report, Span};
use crate::diagnostic::Diagnostic;
use crate::env::FileSystem;

/// The root file.
pub(super) const ROOT: &str = "infra.toml";

/// The largest file, in bytes.
const FILE_MAX: u64 = 4 * 1024 * 1024;

/// The largest configuration, in bytes.
const PROJECT_MAX: u64 = 64 * 1024 * 1024;

/// The folder of a configuration.
pub(super) struct Folder<'a> {
    fs: &'a dyn FileSystem,
    path: &'a Path,
    read: u64,
    /// Files that keys name, each read once however many copies a block has.
    named: BTreeMap<String, Vec<u8>>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(fs: &'a dyn FileSystem, path: &'a Path) -> Folder<'a> {
        Folder {
            fs,
            path,
            read: 0,
            named: BTreeMap::new(),
        }
    }

    /// `infra.toml` and `*.infra.toml`, in name order; none if there is no configuration, which is said.
    pub(super) fn configuration(&self, report: &mut Report) -> Option<Vec<String>> {
        let shown = self.path.display();
        let names = match self.fs.list(self.path) {
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
                    .help("infra init    writes a first one")
                    .help("infra -C DIR  looks in another folder"),
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
        let mut names: Vec<String> = self
            .fs
            .list(&self.path.join("env"))
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
        let wrong = match self.fs.read(&self.path.join(name), FILE_MAX) {
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
        let wrong = match self.check_named(name) {
            Err(what) => what,
            Ok(()) => match self.fs.read(&self.path.join(name), super::raw::TEXT_MAX as u64) {
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
            },
        };
        report.say(span, "", Diagnostic::error(codes::FILE_PATH, wrong));
        None
    }

    /// A file that a key names lies below the folder and is reached through no link: a cloned configuration must
    /// not read other files of the user's.
    fn check_named(&self, name: &str) -> Result<(), String> {
        let relative = Path::new(name);
        let is_below = !name.is_empty()
            && !name.contains(['\0', '\\'])
            && relative
                .components()
                .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        if !is_below {
            return Err(format!("{name:?} is not below the folder of the configuration"));
        }
        let mut here = self.path.to_owned();
        for component in relative.components() {
            here.push(component);
            match self.fs.kind(&here) {
                Ok(Some(kind)) if kind.is_link => {
                    return Err(format!(
                        "{name:?} is reached through a symbolic link, which is not followed"
                    ));
                }
                Ok(Some(_)) => {}
                // Reading it will say what is wrong.
                Ok(None) | Err(_) => return Ok(()),
            }
        }
        match self.fs.kind(&here) {
            Ok(Some(kind)) if kind.is_folder => Err(format!("{name:?} is a folder")),
            _ => Ok(()),
        }
    }
}
