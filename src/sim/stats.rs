//! Counts for the control plane. Does not know what the counted requests meant.

use std::collections::BTreeMap;

use super::node::write_json_text;

#[derive(Debug, Default)]
pub(super) struct Stats {
    requests: BTreeMap<(String, String), u64>,
    errors: BTreeMap<String, u64>,
    unknown_params: BTreeMap<String, u64>,
    not_simulated: BTreeMap<String, u64>,
    /// What was counted there for the first time and not told yet.
    untold: Vec<String>,
    unrouted: u64,
    bytes_in: u64,
    bytes_out: u64,
}

impl Stats {
    pub(super) fn request(&mut self, product: &str, action: &str) {
        *self
            .requests
            .entry((product.to_owned(), action.to_owned()))
            .or_default() += 1;
    }

    /// A request that was refused before it was known which action it calls.
    pub(super) fn unrouted(&mut self) {
        self.unrouted += 1;
    }

    pub(super) fn error(&mut self, code: &str) {
        *self.errors.entry(code.to_owned()).or_default() += 1;
    }

    pub(super) fn unknown_param(&mut self, action: &str, name: &str) {
        *self.unknown_params.entry(format!("{action}.{name}")).or_default() += 1;
    }

    /// A parameter that its action has and that had no effect.
    pub(super) fn not_simulated(&mut self, action: &str, name: &str) {
        let name = format!("{action}.{name}");
        let count = self.not_simulated.entry(name.clone()).or_default();
        if *count == 0 {
            self.untold.push(name);
        }
        *count += 1;
    }

    /// The parameters that were counted as not simulated for the first time since the last call.
    pub(super) fn take_untold(&mut self) -> Vec<String> {
        std::mem::take(&mut self.untold)
    }

    pub(super) fn bytes(&mut self, received: usize, sent: usize) {
        self.bytes_in += received as u64;
        self.bytes_out += sent as u64;
    }

    pub(super) fn to_json(&self) -> String {
        let mut products: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for ((product, action), count) in &self.requests {
            products
                .entry(product)
                .or_default()
                .insert(action.clone(), *count);
        }
        let total: u64 = self.requests.values().sum::<u64>() + self.unrouted;
        let by_product: Vec<String> = products
            .iter()
            .map(|(product, actions)| format!("{}:{}", quoted(product), counts(actions)))
            .collect();
        let unknown: u64 = self.unknown_params.values().sum();
        let without_effect: u64 = self.not_simulated.values().sum();
        format!(
            "{{\"requests\":{{\"total\":{total},\"unrouted\":{},\"by_product\":{{{}}}}},\"errors\":{},\
             \"unknown_parameters\":{{\"total\":{unknown},\"by_name\":{}}},\
             \"not_simulated\":{{\"total\":{without_effect},\"by_name\":{}}},\"bytes\":{{\"in\":{},\"out\":{}}}}}",
            self.unrouted,
            by_product.join(","),
            counts(&self.errors),
            counts(&self.unknown_params),
            counts(&self.not_simulated),
            self.bytes_in,
            self.bytes_out,
        )
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_json_text(&mut out, text);
    out
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{}:{count}", quoted(name)))
        .collect();
    format!("{{{}}}", parts.join(","))
}
