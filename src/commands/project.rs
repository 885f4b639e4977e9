//! What most commands begin with: the folder, the configuration, and the state that belongs to it.
//!
//! Does not know the cloud.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::cli::Global;
use crate::config::{self, Config, Sources};
use crate::diagnostic::Diagnostic;
use crate::env::Env;
use crate::plan;
use crate::state::{LocalStore, LockNote};
use crate::types::Types;
use crate::ui::Ui;

/// A folder with a configuration that has no mistakes.
pub(super) struct Project {
    /// The folder of `infra.toml`.
    pub(super) folder: PathBuf,
    pub(super) types: Types,
    pub(super) config: Config,
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

/// Reads the configuration: its sources, what is wrong or doubtful in it, and the configuration if nothing is wrong.
pub(super) fn read(global: &Global, env: &Env) -> (Sources, Vec<Diagnostic>, Option<Config>) {
    let loaded = read_as_it_is(global, env);
    let sound = !loaded.diagnostics.iter().any(Diagnostic::is_error);
    (loaded.sources, loaded.diagnostics, sound.then_some(loaded.config))
}

fn read_as_it_is(global: &Global, env: &Env) -> config::Loaded {
    let folder = folder(global, env);
    let request = config::LoadRequest {
        fs: &*env.fs,
        folder: &folder,
        vars: &env.vars,
        set: &global.variables,
        environment: global.environment.as_deref(),
    };
    config::load(&request, &Types::all())
}

/// Reads a configuration without mistakes; all its mistakes are one failure. Warnings are told at once.
pub(super) fn load(global: &Global, env: &Env, ui: &Ui) -> Result<Project, Failure> {
    let (sources, diagnostics, config) = read(global, env);
    ui.set_sources(&sources);
    let Some(config) = config else {
        return Err(Failure::errors(diagnostics));
    };
    ui.diagnostics(&diagnostics, false);
    if let Err(cycle) = plan::order(&config) {
        return Err(Failure::error(*cycle));
    }
    Ok(Project {
        folder: folder(global, env),
        types: Types::all(),
        config,
    })
}

/// The store of the state of the environment that is chosen, whether or not the configuration has mistakes.
pub(super) fn store(global: &Global, env: &Env) -> LocalStore {
    let chosen = global
        .environment
        .clone()
        .or_else(|| read_as_it_is(global, env).config.project.environment);
    store_of(global, env, &folder(global, env), chosen.as_deref())
}

impl Project {
    /// The store of the state of this project's environment.
    pub(super) fn store(&self, global: &Global, env: &Env) -> LocalStore {
        store_of(global, env, &self.folder, self.environment())
    }

    /// The environment that was chosen: by the flag, by `INFRA_ENV`, or by `[infra] default_env`.
    pub(super) fn environment(&self) -> Option<&str> {
        self.config.project.environment.as_deref()
    }
}

fn store_of(global: &Global, env: &Env, folder: &Path, environment: Option<&str>) -> LocalStore {
    let mut path = folder.join(".infra");
    if global.sim {
        path.push("sim");
    }
    path.push("state");
    let name = environment.unwrap_or("default");
    LocalStore::new(env.fs.clone(), env.random.clone(), env.clock.clone(), path, name)
}

/// Who takes the lock, for the message to whoever finds it taken.
pub(super) fn lock_note(env: &Env, command: &str) -> LockNote {
    LockNote::new(env, command)
}
