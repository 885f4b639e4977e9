//! What somebody may have meant by a name that does not exist.
//!
//! Does not know where the name stood.

/// A guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) name: String,
    pub(super) why: Why,
    /// Whether no other name is near.
    is_only: bool,
}

impl Guess {
    /// What the API calls otherwise.
    pub(super) fn of_api(name: &str) -> Guess {
        Guess {
            name: name.to_owned(),
            why: Why::Api,
            is_only: true,
        }
    }

    /// Whether nothing else can have been meant, so that it may be written in place of the other.
    pub(super) fn is_sure(&self) -> bool {
        self.is_only && self.why != Why::Habit
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It is spelt nearly so.
    Similar,
    /// It is what other tools, or people, call it.
    Habit,
    /// It is the API's spelling.
    Api,
}

/// Words that no distance finds.
const HABITS: &[(&str, &[&str])] = &[
    ("sg", &["security_group", "security_group_ids"]),
    ("subnet", &["vswitch"]),
    ("switch", &["vswitch"]),
    ("network", &["vpc"]),
    ("subnet_id", &["vswitch_id"]),
    ("security_groups", &["security_group_ids"]),
    ("vpc_security_group_ids", &["security_group_ids"]),
    ("ami", &["image_id"]),
    ("image", &["image_id"]),
    ("ecs", &["instance"]),
    ("vm", &["instance"]),
    ("server", &["instance"]),
    ("machine", &["instance"]),
    ("keypair", &["key_pair"]),
    ("key_name", &["key_pair_name"]),
    ("key_pair", &["key_pair_name"]),
    ("ssh_key", &["key_pair_name"]),
    ("region_id", &["region"]),
    ("availability_zone", &["zone_id"]),
    ("zone", &["zone_id"]),
    ("az", &["zone_id"]),
    ("cidr", &["cidr_block"]),
    ("port", &["port_range"]),
    ("ports", &["port_range"]),
    ("protocol", &["ip_protocol"]),
    ("source", &["source_cidr_ip"]),
    ("root_block_device", &["system_disk"]),
    ("root_volume", &["system_disk"]),
    ("size", &["instance_type"]),
    ("type", &["instance_type", "security_group_type"]),
    ("flavor", &["instance_type"]),
    ("hostname", &["host_name"]),
    ("rules", &["ingress"]),
    ("inbound", &["ingress"]),
    ("outbound", &["egress"]),
    ("bandwidth", &["internet_max_bandwidth_out"]),
    ("state", &["status"]),
    ("labels", &["tags"]),
    ("tag", &["tags"]),
    ("project", &["name"]),
    ("number", &["integer"]),
    ("int", &["integer"]),
    ("bool", &["boolean"]),
    ("text", &["string"]),
    ("array", &["list"]),
    ("table", &["map"]),
    ("object", &["map"]),
];

/// The best guess among the names that exist.
pub(super) fn guess<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<Guess> {
    // A very long word is no slip of the finger, and comparing it would cost.
    if word.chars().count() > 64 {
        return None;
    }
    let names: Vec<&str> = names.into_iter().filter(|name| *name != word).collect();
    let folded = fold(word);
    let found = |name: &str, why, is_only| {
        Some(Guess {
            name: name.to_owned(),
            why,
            is_only,
        })
    };
    if let Some(name) = names.iter().find(|name| **name == folded) {
        let is_api = word.starts_with(|first: char| first.is_ascii_uppercase());
        return found(name, if is_api { Why::Api } else { Why::Similar }, true);
    }
    let habit = HABITS
        .iter()
        .filter(|(habit, _)| *habit == folded)
        .flat_map(|(_, wanted)| wanted.iter())
        .find(|wanted| names.contains(wanted));
    if let Some(name) = habit {
        return found(name, Why::Habit, false);
    }
    let near: Vec<(usize, f64, &&str)> = names
        .iter()
        .filter_map(|name| {
            let distance = strsim::damerau_levenshtein(&folded, name);
            let likeness = strsim::jaro_winkler(&folded, name);
            // Two slips in a word of three letters make another word.
            let near = distance <= 2 && distance * 2 < name.chars().count().max(2);
            (near || likeness >= 0.9).then_some((distance, likeness, name))
        })
        .collect();
    let (least, _, _) = near.iter().min_by_key(|(distance, _, _)| *distance)?;
    let is_only = *least <= 2
        && near
            .iter()
            .filter(|(distance, _, _)| *distance <= least + 1)
            .count()
            == 1;
    near.iter()
        .min_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)))
        .and_then(|(_, _, name)| found(name, Why::Similar, is_only))
}

/// `InstanceType`, `instance-type` and `INSTANCE_TYPE` become `instance_type`.
pub(super) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len() + 4);
    let mut before = '_';
    let is_all_upper = !word.chars().any(|character| character.is_ascii_lowercase());
    for character in word.chars() {
        if character == '-' || character == ' ' {
            folded.push('_');
        } else if character.is_ascii_uppercase() {
            if !is_all_upper && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
                folded.push('_');
            }
            folded.push(character.to_ascii_lowercase());
        } else {
            folded.push(character);
        }
        before = character;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &[
        "instance_type",
        "image_id",
        "zone_id",
        "vswitch_id",
        "security_group_ids",
        "name",
        "tags",
    ];

    fn check(word: &str, expected: Option<(&str, Why)>) {
        let found = guess(word, KEYS.iter().copied());
        let found = found.as_ref().map(|guess| (guess.name.as_str(), guess.why));
        assert_eq!(found, expected, "{word}");
    }

    #[test]
    fn slips_habits_and_the_apis_spelling_are_understood() {
        check("instance_tpye", Some(("instance_type", Why::Similar)));
        check("instance-type", Some(("instance_type", Why::Similar)));
        check("InstanceType", Some(("instance_type", Why::Api)));
        check("zoneid", Some(("zone_id", Why::Similar)));
        check("availability_zone", Some(("zone_id", Why::Habit)));
        check("ami", Some(("image_id", Why::Habit)));
        check("subnet_id", Some(("vswitch_id", Why::Habit)));
    }

    #[test]
    fn other_words_are_left_alone() {
        check("monitoring", None);
        check("xx", None);
        check(&"a".repeat(100_000), None);
    }

    #[test]
    fn only_what_has_one_candidate_is_sure() {
        let sure =
            |word: &str, names: &[&str]| guess(word, names.iter().copied()).is_some_and(|one| one.is_sure());
        assert!(sure("instance_tpye", KEYS) && sure("InstanceType", KEYS) && sure("vswitchid", KEYS));
        // Another tool's word, and one between two names.
        assert!(!sure("ami", KEYS));
        assert!(!sure("web-c", &["web-a", "web-b"]));
        assert!(!sure("ecs.g7.larg", &["ecs.g7.large", "ecs.g7.large2"]));
    }
}
