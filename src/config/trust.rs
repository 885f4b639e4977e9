//! Which files and variables a configuration may make this program read. A cloned repository is not trusted: its files
//! are its own, and what is elsewhere on the machine is opened only by whoever runs the program.
//!
//! Does not know what is read from them.

use std::path::{Component, Path, PathBuf};

use crate::env::FileSystem;

/// What the person who runs the program has opened for the configuration.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opened<'a> {
    /// `--allow-file DIR`: files below these folders, which are absolute.
    pub(crate) folders: &'a [PathBuf],
    /// `--allow-env NAME`.
    pub(crate) variables: &'a [String],
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) what: String,
    /// A flag can open it.
    pub(crate) can_be_opened: bool,
}

/// The files of a configuration's folder, and those that were opened for it.
#[derive(Clone, Copy)]
pub(crate) struct Files<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    /// The folder with `infra.toml`.
    pub(crate) folder: &'a Path,
    pub(crate) opened: Opened<'a>,
}

/// Whether a part of a path is a folder in which git and infra keep what is not the repository's: its clone's address may
/// hold a token. Some file systems take capitals for the same.
fn is_kept(part: Component<'_>) -> bool {
    let is = |name: &str| part.as_os_str().eq_ignore_ascii_case(name);
    is(".git") || is(".infra")
}

impl Files<'_> {
    /// The path of a file that a key names: a regular file below the folder, outside of what git and infra keep there,
    /// that is reached through no link; or one that was opened.
    pub(crate) fn named(&self, name: &str) -> Result<PathBuf, Refusal> {
        if name.is_empty() || name.contains(['\0', '\\']) {
            return Err(closed(format!("{name:?} is no path of a file")));
        }
        let is_below = Path::new(name)
            .components()
            .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        let path = self.folder.join(name);
        let outside = if !is_below {
            format!("{name:?} is not below the folder of the configuration")
        } else if Path::new(name).components().any(|part| is_kept(part)) {
            format!("{name:?} is in a folder of git or of infra, which may hold secrets of yours")
        } else if self.has_link(Path::new(name)) {
            format!("{name:?} is reached through a symbolic link, which is not followed")
        } else {
            self.is_regular(name, &path)?;
            return Ok(path);
        };
        match self.real(&path, self.opened.folders) {
            Some(real) => {
                self.is_regular(name, &real)?;
                Ok(real)
            }
            None => Err(Refusal {
                what: outside,
                can_be_opened: true,
            }),
        }
    }

    /// The path of a file of the configuration itself: a regular one, or a link to one that stays in the folder.
    pub(super) fn own(&self, name: &str) -> Result<PathBuf, Refusal> {
        let path = self.folder.join(name);
        if !self.has_link(Path::new(name)) {
            self.is_regular(name, &path)?;
            return Ok(path);
        }
        let mut homes = vec![self.folder.to_owned()];
        homes.extend_from_slice(self.opened.folders);
        match self.real(&path, &homes) {
            Some(real) => {
                self.is_regular(name, &real)?;
                Ok(real)
            }
            None => Err(Refusal {
                what: format!("{name} is a symbolic link that leaves the folder of the configuration"),
                can_be_opened: true,
            }),
        }
    }

    /// Whether a path of the folder goes through a link.
    fn has_link(&self, relative: &Path) -> bool {
        let mut here = self.folder.to_owned();
        relative.components().any(|component| {
            here.push(component);
            matches!(self.fs.kind(&here), Ok(Some(kind)) if kind.is_link)
        })
    }

    /// Where a path really leads, if that is below one of these folders.
    fn real(&self, path: &Path, folders: &[PathBuf]) -> Option<PathBuf> {
        let real = self.fs.real_path(path).ok()?;
        folders
            .iter()
            .filter_map(|folder| self.fs.real_path(folder).ok())
            .any(|folder| real.starts_with(folder))
            .then_some(real)
    }

    /// A FIFO or a device would block for ever or be somebody else's; what is not there is told by reading it.
    fn is_regular(&self, name: &str, path: &Path) -> Result<(), Refusal> {
        match self.fs.kind(path) {
            Ok(Some(kind)) if kind.is_folder => Err(closed(format!("{name:?} is a folder"))),
            Ok(Some(kind)) if !kind.is_regular => Err(closed(format!("{name:?} is no regular file"))),
            _ => Ok(()),
        }
    }
}

fn closed(what: String) -> Refusal {
    Refusal {
        what,
        can_be_opened: false,
    }
}

/// Variables with this in front belong to the credentials of the cloud; nothing opens them.
const OWN_PREFIXES: &[&str] = &["ALIBABA_CLOUD_", "ALIBABACLOUD_", "ALICLOUD_", "ALIYUN_"];

/// Variables with such a part hold credentials of something else, more likely than not.
const SECRET_PARTS: &[&str] = &[
    "SECRET",
    "ACCESS_KEY",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
];

/// Why an environment variable cannot be the source of a secret that is sent; none if it can.
pub(crate) fn variable(name: &str, opened: Opened<'_>) -> Option<Refusal> {
    let upper = name.to_ascii_uppercase();
    let what = format!("{name} holds credentials, which are no password");
    if OWN_PREFIXES.iter().any(|prefix| upper.starts_with(prefix)) {
        return Some(closed(what));
    }
    let is_secret = upper.split('_').any(|word| word == "TOKEN" || word == "TOKENS")
        || upper.ends_with("TOKEN")
        || SECRET_PARTS.iter().any(|part| upper.contains(part));
    let is_opened = opened.variables.iter().any(|opened| opened == name);
    (is_secret && !is_opened).then_some(Refusal {
        what,
        can_be_opened: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_no_passwords() {
        let opened = ["DB_SECRET".to_owned(), "ALIBABA_CLOUD_X".to_owned()];
        let opened = Opened {
            variables: &opened,
            ..Opened::default()
        };
        for name in [
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "ALIBABA_CLOUD_X",
            "alicloud_secret_key",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "MY_SECRET_2",
            "NPM_TOKEN_RO",
            "OPENAI_API_KEY",
        ] {
            assert!(variable(name, opened).is_some(), "{name}");
        }
        for name in ["DB_SECRET", "DB_PASSWORD", "WEB_PASS", "TOKENIZER_HOME"] {
            assert!(variable(name, opened).is_none(), "{name}");
        }
    }
}
