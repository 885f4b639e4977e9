//! A plan in a few sentences: how many changes of which kind, and what they cost.
//!
//! Does not know the changes one by one.

use super::copies;
use super::header::Header;
use super::text::{BOLD, PLAIN, Sheet, count};
use crate::change::{Cost, amount};
use crate::plan::Plan;

/// `2 to create, 1 to update, 1 to replace, 1 to delete`.
pub(super) fn counts_in_words(plan: &Plan) -> String {
    let counts = plan.counts();
    let mut parts = Vec::new();
    if counts.import > 0 {
        parts.push(format!("{} to import", counts.import));
    }
    if counts.moved > 0 {
        parts.push(format!("{} to move", counts.moved));
    }
    parts.push(format!("{} to create", counts.create));
    parts.push(format!("{} to update", counts.update));
    if counts.tagged > 0 {
        parts.push(format!("{} to tag", counts.tagged));
    }
    parts.push(format!("{} to replace", counts.replace));
    parts.push(format!("{} to delete", counts.delete));
    if counts.forget > 0 {
        parts.push(format!("{} to forget", counts.forget));
    }
    if counts.read > 0 {
        parts.push(format!("{} to record", counts.read));
    }
    if counts.left_out > 0 {
        parts.push(format!("{} left out", counts.left_out));
    }
    parts.join(", ")
}

/// The last line of a plan, as a sentence.
pub(super) fn summary_of(plan: &Plan, header: &Header) -> String {
    if !plan.is_empty() && plan.shown().next().is_none() {
        let outputs = match plan.outputs.len() {
            1 => "1 output changes".to_owned(),
            many => format!("{many} outputs change"),
        };
        return format!(
            "Plan: {outputs}, no resource does. {} unchanged.",
            plan.unchanged()
        );
    }
    if !plan.is_empty() {
        return format!("Plan: {}. {} unchanged.", counts_in_words(plan), plan.unchanged());
    }
    let files = match header.files.as_slice() {
        [file] => file.as_str(),
        _ => "the configuration",
    };
    match plan.counts().withheld {
        0 => {}
        1 => return "Nothing to do but what is left out: 1 change is withheld.".to_owned(),
        many => return format!("Nothing to do but what is left out: {many} changes are withheld."),
    }
    match (plan.drift.len(), plan.unchanged()) {
        (0, _) if header.command == "destroy" => "No changes. There is nothing to delete.".to_owned(),
        (0, 0) => format!("No changes. There are no resources in {files}."),
        (0, 1) => format!("No changes. 1 resource matches {files}."),
        (0, many) => format!("No changes. {many} resources match {files}."),
        (1, _) => "No changes to make. 1 attribute was changed outside infra.".to_owned(),
        (many, _) => format!("No changes to make. {many} attributes were changed outside infra."),
    }
}

/// That all copies of a block are down at once, a sentence for each block: nobody should find that out by a page that is
/// gone.
pub(super) fn down_at_once_in_words(plan: &Plan) -> Vec<String> {
    let down = copies::down_at_once(&plan.changes).into_iter();
    down.map(|(block, all)| format!("all {all} of {block} are down at once"))
        .collect()
}

/// How many get the tag that an older version did not set.
pub(super) fn tagged_in_words(plan: &Plan) -> Option<String> {
    let tagged = plan.counts().tagged;
    let verb = if tagged == 1 { "gets" } else { "get" };
    (tagged > 0).then(|| {
        format!(
            "{} {verb} the tag infra:project, which an older version of infra did not set",
            count(tagged, "resource")
        )
    })
}

/// What a plan costs, a sentence each with its label. What is not known is said, and never counted as nothing.
pub(super) fn cost_in_words(cost: &Cost, is_simulated: bool) -> Vec<(&'static str, String)> {
    const NAMED_MAX: usize = 5;
    let mut words = Vec::new();
    let unknown: Vec<String> = cost
        .unknown
        .iter()
        .take(NAMED_MAX)
        .map(ToString::to_string)
        .collect();
    let more = match cost.unknown.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let without = format!("{}{more} (price not known)", unknown.join(", "));
    let unpriced: Vec<String> = cost
        .orders
        .iter()
        .filter(|(_, amount)| amount.is_none())
        .map(|(address, _)| address.to_string())
        .collect();
    if cost.currency.is_empty() {
        if !unknown.is_empty() {
            words.push(("Cost", without));
        }
        if !unpriced.is_empty() {
            let sentence = format!("{} (amount not known)", unpriced.join(", "));
            words.push(("Charged at once", sentence));
        }
        return words;
    }
    let prices = if is_simulated {
        "simulated prices"
    } else {
        "list price"
    };
    let difference = cost.after - cost.before;
    let sign = if difference < 0 { "" } else { "+" };
    let mut sentence = format!(
        "{} -> {} {} a month for these ({sign}{}); {prices}, traffic not included",
        amount(cost.before),
        amount(cost.after),
        cost.currency,
        amount(difference)
    );
    if !unknown.is_empty() {
        sentence.push_str(&format!("; without {without}"));
    }
    words.push(("Cost", sentence));
    if cost.charged() > 0 || !unpriced.is_empty() {
        let mut sentence = format!("{} {} for subscriptions", amount(cost.charged()), cost.currency);
        if !unpriced.is_empty() {
            sentence.push_str(&format!("; without {} (amount not known)", unpriced.join(", ")));
        }
        words.push(("Charged at once", sentence));
    }
    words
}

/// The last lines of a plan.
pub(super) fn write(plan: &Plan, header: &Header, sheet: &mut Sheet) {
    let summary = summary_of(plan, header);
    match summary.split_once(' ') {
        Some((word, rest)) if !plan.is_empty() => {
            sheet.put(BOLD, word);
            sheet.plain(" ");
            sheet.sentence(PLAIN, rest, 2);
        }
        _ => sheet.sentence(BOLD, &summary, 2),
    }
    if let Some(cost) = &plan.cost
        && !plan.is_empty()
    {
        let is_simulated = header.cloud == "simulator";
        for (label, sentence) in cost_in_words(cost, is_simulated) {
            sheet.plain(&format!("{label}: "));
            sheet.sentence(PLAIN, &sentence, 2);
        }
    }
    if let (Some(next), false) = (&header.next, plan.is_empty()) {
        sheet.plain("Next: ");
        sheet.sentence(PLAIN, next, 2);
    }
}
