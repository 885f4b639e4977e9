//! What most commands begin with: the folder, the configuration, and the state that belongs to it.
//!
//! Does not know the cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::data::Data;
use super::failure::Failure;
use crate::address::Address;
use crate::cli::Global;
use crate::cloud;
use crate::config::{self, Asked, Config, trust};
use crate::diagnostic::{Diagnostic, codes};
use crate::env::Env;
use crate::plan;
use crate::state::{LocalStore, LockNote, StateError};
use crate::types::Types;
use crate::ui::Ui;
use crate::value::Value;

/// The name of the state where there are no environments.
pub(super) const DEFAULT: &str = "default";

/// A folder with a configuration that has no mistakes.
pub(super) struct Project {
    /// The folder of `infra.toml`.
    pub(super) folder: PathBuf,
    pub(super) types: Types,
    pub(super) config: Config,
    /// What data blocks ask for; while there is anything, the configuration is not to be planned.
    pub(super) asked: Vec<Asked>,
    pub(super) data: Data,
    /// The values of sensitive variables that are texts, by name.
    pub(super) sensitive: BTreeMap<String, SecretString>,
    /// The folders beside it whose files the configuration may name.
    opened: Vec<PathBuf>,
}

/// The folders of `--allow-file`.
pub(super) fn opened_folders(global: &Global, env: &Env) -> Vec<PathBuf> {
    global
        .allow_file
        .iter()
        .map(|folder| env.cwd.join(folder))
        .collect()
}

/// The folder of `infra.toml`: the one that was given, or the nearest one upwards.
pub(super) fn folder(global: &Global, env: &Env) -> PathBuf {
    if let Some(directory) = &global.directory {
        return env.cwd.join(directory);
    }
    let has_config = |folder: &&Path| matches!(env.fs.kind(&folder.join("infra.toml")), Ok(Some(_)));
    env.cwd
        .ancestors()
        .find(has_config)
        .unwrap_or(&env.cwd)
        .to_owned()
}

/// Whether there is a project.
pub(super) fn has_file(global: &Global, env: &Env) -> bool {
    matches!(env.fs.kind(&folder(global, env).join("infra.toml")), Ok(Some(_)))
}

/// A project of a folder that has no files yet.
pub(super) fn without_files(global: &Global, env: &Env) -> Project {
    Project {
        folder: folder(global, env),
        types: Types::all(),
        config: Config::default(),
        asked: Vec::new(),
        data: Data::default(),
        sensitive: BTreeMap::new(),
        opened: Vec::new(),
    }
}

/// Reads the configuration: what is wrong or doubtful in it, and the configuration if nothing is wrong. From then on
/// diagnostics can point into its files.
pub(super) fn read(global: &Global, env: &Env, ui: &Ui) -> (Vec<Diagnostic>, Option<Config>) {
    let loaded = read_as_it_is(global, env, ui);
    let sound = !loaded.diagnostics.iter().any(Diagnostic::is_error);
    (loaded.diagnostics, sound.then_some(loaded.config))
}

/// Reads the configuration, incomplete when there are mistakes.
pub(super) fn read_as_it_is(global: &Global, env: &Env, ui: &Ui) -> config::Loaded {
    read_with(&BTreeMap::new(), global, env, ui)
}

/// The same with what data blocks show.
fn read_with(shown: &BTreeMap<Address, Value>, global: &Global, env: &Env, ui: &Ui) -> config::Loaded {
    let folder = folder(global, env);
    let opened = opened_folders(global, env);
    let request = config::LoadRequest {
        fs: &*env.fs,
        folder: &folder,
        vars: &env.vars,
        set: &global.variables,
        // A variable that is set to nothing chooses nothing.
        environment: global.environment.as_deref().filter(|name| !name.is_empty()),
        opened: trust::Opened {
            folders: &opened,
            variables: &global.allow_env,
        },
        data: shown,
        check_endpoint: &cloud::may_stand_in_a_file,
    };
    let loaded = config::load(&request, &Types::all());
    ui.set_sources(&loaded.sources, &folder);
    ui.may_show(loaded.plain_variables.clone());
    loaded
}

/// Reads a configuration without mistakes, as far as it is known before its data blocks are read; all its mistakes are
/// one failure. Warnings are told at once.
pub(super) fn load(global: &Global, env: &Env, ui: &Ui) -> Result<Project, Failure> {
    load_with(Data::default(), global, env, ui)
}

/// The same with what data blocks show. What is doubtful is told when nothing is asked any more.
pub(super) fn load_with(data: Data, global: &Global, env: &Env, ui: &Ui) -> Result<Project, Failure> {
    let loaded = read_with(&data.shown, global, env, ui);
    if loaded.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Failure::errors(loaded.diagnostics));
    }
    if loaded.asked.is_empty() {
        ui.diagnostics(&loaded.diagnostics, false);
    }
    let config = loaded.config;
    if let Err(cycle) = plan::order(&config) {
        return Err(Failure::error(*cycle));
    }
    Ok(Project {
        folder: folder(global, env),
        types: Types::all(),
        config,
        asked: loaded.asked,
        data,
        sensitive: loaded.sensitive,
        opened: opened_folders(global, env),
    })
}

/// The store of the state of the environment that is chosen, whatever other mistakes the configuration has; which
/// environment it is must be clear.
pub(super) fn store(global: &Global, env: &Env, ui: &Ui) -> Result<LocalStore, Failure> {
    let loaded = read_as_it_is(global, env, ui);
    let unclear: Vec<Diagnostic> = loaded
        .diagnostics
        .into_iter()
        .filter(|found| found.code == codes::NO_ENVIRONMENT)
        .collect();
    if !unclear.is_empty() {
        return Err(Failure::errors(unclear));
    }
    let chosen = loaded.config.project.environment;
    store_of(global, env, &folder(global, env), chosen.as_deref())
}

impl Project {
    /// The store of the state of this project's environment.
    pub(super) fn store(&self, global: &Global, env: &Env) -> Result<LocalStore, Failure> {
        store_of(global, env, &self.folder, self.environment())
    }

    /// The files that the configuration may name.
    pub(super) fn files<'a>(&'a self, env: &'a Env) -> trust::Files<'a> {
        trust::Files {
            fs: &*env.fs,
            folder: &self.folder,
            opened: trust::Opened {
                folders: &self.opened,
                variables: &[],
            },
        }
    }

    /// The environment that was chosen: by the flag, by `INFRA_ENV`, or by `[infra] default_env`.
    pub(super) fn environment(&self) -> Option<&str> {
        self.config.project.environment.as_deref()
    }
}

fn store_of(
    global: &Global,
    env: &Env,
    folder: &Path,
    environment: Option<&str>,
) -> Result<LocalStore, Failure> {
    let path = state_folder(folder, global.sim);
    // A link may come with a cloned repository, and would have another project's state read and written.
    for folder in path.ancestors().take_while(|ancestor| *ancestor != folder) {
        if matches!(env.fs.kind(folder), Ok(Some(kind)) if kind.is_link) {
            return Err(Failure::from(StateError::Unsafe {
                path: folder.to_owned(),
                problem: "is a symbolic link",
                remedy: "put the folder itself there".to_owned(),
            }));
        }
    }
    let name = environment.unwrap_or(DEFAULT);
    let store = LocalStore::new(env.fs.clone(), env.random.clone(), env.clock.clone(), path, name);
    Ok(store)
}

/// Where the states of a cloud are.
pub(super) fn state_folder(folder: &Path, sim: bool) -> PathBuf {
    let folder = folder.join(".infra");
    if sim {
        folder.join("sim").join("state")
    } else {
        folder.join("state")
    }
}

/// Who takes the lock, for the message to whoever finds it taken.
pub(super) fn lock_note(env: &Env, command: &str) -> LockNote {
    LockNote::new(env, command)
}
