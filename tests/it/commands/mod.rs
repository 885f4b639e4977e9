//! Commands as a user runs them: the binary, a simulator, and what both say.

mod ahead;
mod apply;
mod balancers;
mod checks;
mod codes;
mod copies;
mod data;
mod documents;
mod edges;
mod everyday;
mod existing;
mod graph;
mod imports;
mod inits;
mod mistakes;
mod money;
mod moves;
mod read_only;
mod readme;
mod refusals;
mod rehearse;
mod saved;
#[cfg(unix)]
mod screen;
mod servers;
#[cfg(unix)]
mod suggestions;
#[cfg(unix)]
mod transcripts;
mod validate;
#[cfg(unix)]
mod widths;
