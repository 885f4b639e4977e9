//! Commands as a user runs them: the binary, a simulator, and what both say.

mod ahead;
mod apply;
mod codes;
mod edges;
mod everyday;
mod existing;
mod moves;
mod readme;
mod refusals;
mod validate;
