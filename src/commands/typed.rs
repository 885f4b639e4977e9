//! The part of the command line that suggested commands repeat.

use crate::cli::{Cli, Global, PARALLELISM};
use crate::diagnostic::Typed;

/// The flags that say on what this command acts.
pub(crate) fn typed(cli: &Cli) -> Typed {
    let Global {
        directory,
        environment,
        variables,
        sim,
        parallelism,
        ..
    } = &cli.global;
    let mut place = Vec::new();
    if let Some(directory) = directory {
        place.extend(["-C".to_owned(), directory.display().to_string()]);
    }
    if let Some(environment) = environment {
        place.extend(["-e".to_owned(), environment.clone()]);
    }
    if *sim {
        place.push("--sim".to_owned());
    }
    let mut cloud = Vec::new();
    if *parallelism != PARALLELISM {
        cloud.extend(["--parallelism".to_owned(), parallelism.to_string()]);
    }
    Typed {
        place,
        variables: variables.clone(),
        cloud,
        ..Typed::default()
    }
}
