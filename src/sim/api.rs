//! The vendor's facts in `schema/api`: which actions exist, their parameters, answer trees and error codes.
//! Does not know what an action does.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::node::Node;
use super::products::{PRODUCTS, Product};

/// Everything known about all actions.
pub(super) struct Api {
    actions: HashMap<(String, String), ActionFacts>,
}

#[derive(Debug)]
pub(super) struct ActionFacts {
    pub(super) product: String,
    pub(super) version: String,
    pub(super) name: String,
    pub(super) client_token: bool,
    pub(super) dry_run: bool,
    pub(super) next_token: bool,
    /// Parameter name with `N` for a number, for example `Tag.N.Key`.
    pub(super) params: HashMap<String, ParamFacts>,
    pub(super) response: serde_json::Value,
    /// Error code to HTTP status.
    errors: HashMap<String, u16>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ParamFacts {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) required: bool,
    min: Option<i64>,
    max: Option<i64>,
    min_len: Option<usize>,
    max_len: Option<usize>,
    max_items: Option<usize>,
    #[serde(rename = "enum")]
    values: Option<Vec<String>>,
    pub(super) default: Option<String>,
    #[serde(default)]
    hint_fields: Vec<String>,
}

impl ParamFacts {
    fn sure<T: Clone>(&self, field: &str, value: &Option<T>) -> Option<T> {
        // What was mined from prose may be wrong and is never enforced.
        if self.hint_fields.iter().any(|hint| hint == field) {
            None
        } else {
            value.clone()
        }
    }

    pub(super) fn min(&self) -> Option<i64> {
        self.sure("min", &self.min)
    }

    pub(super) fn max(&self) -> Option<i64> {
        self.sure("max", &self.max)
    }

    pub(super) fn min_len(&self) -> Option<usize> {
        self.sure("min_len", &self.min_len)
    }

    pub(super) fn max_len(&self) -> Option<usize> {
        self.sure("max_len", &self.max_len)
    }

    pub(super) fn values(&self) -> Option<&[String]> {
        if self.hint_fields.iter().any(|hint| hint == "enum") {
            None
        } else {
            self.values.as_deref()
        }
    }

    /// The documented limit: the specification often holds it plus one (21 tags for 20, 51 ids for 50).
    pub(super) fn max_items(&self) -> Option<usize> {
        let items = self.sure("max_items", &self.max_items)?;
        Some(if items > 1 && items % 10 == 1 {
            items - 1
        } else {
            items
        })
    }
}

#[derive(Deserialize)]
struct ProductFile {
    actions: HashMap<String, ActionFile>,
}

#[derive(Deserialize)]
struct ActionFile {
    facts: FactsFile,
    params: HashMap<String, ParamFacts>,
    response: serde_json::Value,
    #[serde(default)]
    errors: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct FactsFile {
    client_token: bool,
    dry_run: bool,
    next_token: bool,
}

static API: LazyLock<Api> = LazyLock::new(|| {
    let mut actions = HashMap::new();
    for product in PRODUCTS {
        let file: ProductFile =
            serde_json::from_str(product.facts).expect("schema/api is compiled in and tested");
        for (name, action) in file.actions {
            let facts = action_facts(product, name, action);
            actions.insert((facts.version.clone(), facts.name.clone()), facts);
        }
    }
    Api { actions }
});

fn action_facts(product: &Product, name: String, file: ActionFile) -> ActionFacts {
    let mut errors = HashMap::new();
    let mut by_status: Vec<_> = file.errors.into_iter().collect();
    by_status.sort();
    for (status, codes) in by_status {
        let status = status.parse().expect("schema/api names statuses by number");
        for code in codes {
            // Where the tables give a code two statuses, the lower one is the older and commoner; but what is not
            // there is a 404.
            let known = errors.entry(code.clone()).or_insert(status);
            if status == 404 && code.ends_with("NotFound") {
                *known = status;
            }
        }
    }
    if name.starts_with("Describe") {
        // The vendor's own provider takes only a 404 for absence, also where a table says 400.
        for (code, status) in &mut errors {
            if code.ends_with("NotFound") {
                *status = 404;
            }
        }
    }
    ActionFacts {
        product: product.name.to_owned(),
        version: product.version.to_owned(),
        name,
        client_token: file.facts.client_token,
        dry_run: file.facts.dry_run,
        next_token: file.facts.next_token,
        params: file.params,
        response: file.response,
        errors,
    }
}

/// The facts of all actions.
pub(super) fn api() -> &'static Api {
    &API
}

impl Api {
    pub(super) fn action(&self, version: &str, name: &str) -> Option<&ActionFacts> {
        self.actions.get(&(version.to_owned(), name.to_owned()))
    }

    pub(super) fn actions(&self) -> impl Iterator<Item = &ActionFacts> {
        self.actions.values()
    }
}

impl ActionFacts {
    /// The HTTP status that this action's table gives a code.
    pub(super) fn status_of(&self, code: &str) -> Option<u16> {
        // Some tables list a client's mistake under 500; answered so, it would be sent again and again.
        let mistake = code.starts_with("Invalid") || code.starts_with("Missing");
        self.errors
            .get(code)
            .copied()
            .filter(|status| *status < 500 || !mistake)
    }

    /// Whether this action's table has a code.
    pub(super) fn lists(&self, code: &str) -> bool {
        self.errors.contains_key(code)
    }

    /// The first of `codes` that this action's table holds; the first one when it holds none.
    pub(super) fn code_among(&self, codes: &[&'static str]) -> &'static str {
        codes
            .iter()
            .find(|code| self.errors.contains_key(**code))
            .unwrap_or(&codes[0])
    }

    /// The first of the codes in this action's table, if any.
    pub(super) fn known_code(&self, codes: &[String]) -> Option<String> {
        codes.iter().find(|code| self.errors.contains_key(*code)).cloned()
    }

    /// What in `answer` is not in the response tree, as a path; `None` when everything fits.
    pub(super) fn misfit(&self, answer: &Node) -> Option<String> {
        misfit(&self.response, answer, &self.name)
    }

    /// The same for what is to stand at a path of the answer; lists on the way are entered.
    pub(super) fn misfit_at(&self, path: &[&str], node: &Node) -> Option<String> {
        let tree = path.iter().fold(&self.response, |tree, name| {
            let inner = &tree[*name];
            inner.get(0).unwrap_or(inner)
        });
        misfit(tree, node, &path.join("."))
    }
}

fn misfit(tree: &serde_json::Value, node: &Node, path: &str) -> Option<String> {
    use serde_json::Value;
    match (tree, node) {
        (tree, Node::Written(part)) => {
            match serde_json::from_str::<Vec<Value>>(&format!("[{}]", part.as_str())) {
                Ok(values) => values
                    .into_iter()
                    .find_map(|value| misfit(tree, &Node::from(value), path)),
                Err(_) => Some(format!("{path} is not JSON")),
            }
        }
        (Value::Object(fields), Node::Map(given)) => given.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match fields.get(key.as_ref()) {
                Some(tree) => misfit(tree, value, &path),
                None => Some(format!("{path} is not in the response tree")),
            }
        }),
        (Value::Array(items), Node::List(given)) => {
            let tree = items.first().unwrap_or(&Value::Null);
            given
                .iter()
                .find_map(|value| misfit(tree, value, &format!("{path}[]")))
        }
        (Value::String(kind), node) => {
            let fits = match kind.as_str() {
                "string" => matches!(node, Node::Text(_)),
                "integer" => matches!(node, Node::Int(_)),
                "number" => matches!(node, Node::Float(_) | Node::Int(_)),
                "boolean" => matches!(node, Node::Bool(_)),
                _ => false,
            };
            (!fits).then(|| format!("{path} is not of type {kind}"))
        }
        _ => Some(format!("{path} has another shape than the response tree")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_actions_of_the_vendor_files_are_read() {
        let count = |product: &str| api().actions().filter(|action| action.product == product).count();
        assert!(count("Ecs") >= 83, "{}", count("Ecs"));
        assert!(count("Vpc") >= 68, "{}", count("Vpc"));
        assert!(api().action("2016-04-28", "CreateVpc").unwrap().client_token);
        assert!(api().action("2014-05-26", "CreateNatGateway").is_none());
    }
}
