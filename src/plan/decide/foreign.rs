//! Objects that the state knows and that carry another stack's tags by now: somebody else has taken them over.
//!
//! Does not know what would have become of them.

use super::super::context::Context;
use crate::address::Address;
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::live::{Observed, TAG_PROJECT};

/// What keeps us from changing or deleting an object of another stack; none if it is ours, or may be taken back.
pub(super) fn taken_over(
    context: &Context<'_>,
    address: &Address,
    observed: &Observed,
) -> Option<Diagnostic> {
    let inputs = context.inputs;
    let stack = observed.stack()?;
    if stack == inputs.state.lineage || inputs.take_over {
        return None;
    }
    let project = observed
        .tags
        .get(TAG_PROJECT)
        .map_or("another stack", String::as_str);
    let message = format!("{address} ({}) was taken over by {project}", observed.id);
    Some(
        Diagnostic::error(codes::FOREIGN, message)
            .note(format!(
                "it carries infra:stack = {stack}; the stack of this state is {}",
                inputs.state.lineage
            ))
            .help(
                Advice::from("if it is to stay there, forget it here: ")
                    .run("state rm")
                    .arg(address),
            )
            .help(Advice::from("to take it back: ").run("apply --take-over"))
            .about(address),
    )
}
