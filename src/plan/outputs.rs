//! What happens to the outputs.
//!
//! Does not know why a value changes.

use std::collections::BTreeMap;

use super::context::{Context, Outlook};
use super::dependencies::references;
use crate::address::Address;
use crate::change::OutputChange;
use crate::value::Value;

/// The outputs that differ from what the state remembers, without those that name what is left out. One that will have no value is none.
pub(super) fn outputs(
    context: &Context<'_>,
    left_out: &BTreeMap<Address, Option<Address>>,
) -> Vec<OutputChange> {
    let known = &context.inputs.state.outputs;
    let nothing = BTreeMap::new();
    let wanted = if context.inputs.destroy {
        &nothing
    } else {
        &context.inputs.config.outputs
    };
    let mut changes = Vec::new();
    for (name, output) in wanted {
        // What is left out has not the value that it would have.
        let named = references(&output.value);
        if named
            .iter()
            .any(|reference| left_out.contains_key(&reference.address))
        {
            continue;
        }
        let after = will_be(context, &output.value);
        // The value of a sensitive output is stored nowhere, so it cannot be compared.
        let same = output.sensitive
            || match &after {
                Some(after) => after.is_known() && known.get(name) == Some(&after.to_json()),
                None => !known.contains_key(name),
            };
        if !same {
            changes.push(OutputChange {
                name: name.clone(),
                before: known.get(name).and_then(Value::from_json),
                after,
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

/// The value after the run; none if something that it is made of will not be there.
fn will_be(context: &Context<'_>, value: &Value) -> Option<Value> {
    let missing = references(value)
        .into_iter()
        .any(|reference| context.outlook(reference) == Outlook::Never);
    (!missing).then(|| context.resolve(value))
}
