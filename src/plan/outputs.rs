//! What happens to the outputs.
//!
//! Does not know why a value changes.

use std::collections::BTreeMap;

use super::OutputChange;
use super::context::Context;
use crate::value::Value;

/// The outputs that differ from what the state remembers.
pub(super) fn outputs(context: &Context<'_>) -> Vec<OutputChange> {
    let known = &context.inputs.state.outputs;
    let nothing = BTreeMap::new();
    let wanted = if context.inputs.destroy {
        &nothing
    } else {
        &context.inputs.config.outputs
    };
    let mut changes = Vec::new();
    for (name, output) in wanted {
        let after = context.resolve(&output.value);
        // The value of a sensitive output is stored nowhere, so it cannot be compared.
        let same = output.sensitive || (after.is_known() && known.get(name) == Some(&after.to_json()));
        if !same {
            changes.push(OutputChange {
                name: name.clone(),
                before: known.get(name).and_then(Value::from_json),
                after: Some(after),
                sensitive: output.sensitive,
            });
        }
    }
    let gone = known.iter().filter(|(name, _)| !wanted.contains_key(*name));
    changes.extend(gone.map(|(name, before)| OutputChange {
        name: name.clone(),
        before: Value::from_json(before),
        after: None,
        sensitive: false,
    }));
    changes
}
