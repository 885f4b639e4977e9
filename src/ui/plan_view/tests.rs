//! Plans at all widths, and what of them is never hidden.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::super::testing::{self, address, at, attribute, change, header, set};
use super::*;
use crate::change::{AttributeChange, Drift, Fate};
use crate::value::{Reference, SecretSource, Value};

fn text(plan: &Plan, columns: usize) -> String {
    render(plan, &header(), Detail::Normal, Look::new(false, Some(columns)))
}

fn only(change: Change) -> Plan {
    Plan {
        changes: vec![change],
        ..Plan::default()
    }
}

#[test]
fn a_plan_at_eighty_columns() {
    let shown = text(&testing::plan(), 80);
    expect_test::expect_file!["../testing/plan_80.txt"].assert_eq(&shown);
}

#[test]
fn no_line_is_wider_than_the_screen_but_for_a_value_alone_on_it() {
    for columns in [60, 80, 100, 120, 140, 200] {
        let look = Look::new(false, Some(columns));
        for line in text(&testing::plan(), columns).lines() {
            let alone = line.trim_start().trim_start_matches("-> ");
            let is_value_alone = alone.starts_with('"') && alone.ends_with('"');
            assert!(
                line.width() <= look.values || is_value_alone,
                "{} of {columns} columns: {line}",
                line.width()
            );
            assert_eq!(line, line.trim_end(), "a line ends with spaces");
        }
    }
}

#[test]
fn colour_changes_no_character() {
    for columns in [60, 80, 120] {
        for detail in [Detail::Compact, Detail::Normal, Detail::Full] {
            let shown = |color| {
                render(
                    &testing::plan(),
                    &header(),
                    detail,
                    Look::new(color, Some(columns)),
                )
            };
            assert_ne!(shown(true), shown(false));
            assert_eq!(console::strip_ansi_codes(&shown(true)), shown(false));
        }
    }
}

#[test]
fn compact_is_a_line_for_each_change() {
    let look = Look::new(false, Some(80));
    let shown = render(&testing::plan(), &header(), Detail::Compact, look);
    assert!(shown.contains("\n-/+ replace  instance.db "), "{shown}");
    assert!(!shown.contains("steps") && !shown.contains("zone_id"), "{shown}");
    let lost = |detail| {
        render(&testing::plan(), &header(), detail, look)
            .matches("LOST")
            .count()
    };
    assert!(lost(Detail::Normal) > 0);
    assert_eq!(lost(Detail::Compact), lost(Detail::Normal));
}

#[test]
fn what_only_gets_a_tag_is_one_counted_line() {
    let of = |count: usize| Plan {
        changes: (0..count)
            .map(|index| change(Fate::Tag, &format!("vpc.net{index}")))
            .collect(),
        ..Plan::default()
    };
    let shown = text(&of(1), 80);
    assert!(
        shown.contains("\n1 resource gets the tag infra:project, "),
        "{shown}"
    );
    let shown = text(&of(30), 80);
    assert!(
        shown.contains("\n30 resources get the tag infra:project, "),
        "{shown}"
    );
    assert!(shown.contains(" 30 to tag, "), "{shown}");
    assert!(!shown.contains("vpc.net"), "{shown}");
    let full = render(&of(30), &header(), Detail::Full, Look::new(false, Some(80)));
    assert!(full.contains("vpc.net29"), "{full}");
}

#[test]
fn full_shows_what_stays() {
    let mut plan = testing::plan();
    let mut task = testing::task("instance.db", &[]);
    task.then.push(Effect::Settle {
        address: task.object.address.clone(),
        attributes: Attributes::from([
            ("zone_id".to_owned(), Value::from("cn-hangzhou-i")),
            ("instance_type".to_owned(), Value::from("ecs.g7.large")),
        ]),
        dependencies: BTreeSet::new(),
        lifecycle: crate::state::Lifecycle::default(),
        imported: None,
        unsettled: BTreeMap::new(),
    });
    plan.tasks.push(task);
    let shown = render(&plan, &header(), Detail::Full, Look::new(false, Some(80)));
    assert!(
        shown.contains("\n      instance_type  \"ecs.g7.large\"\n"),
        "{shown}"
    );
    assert!(!shown.contains("(14 unchanged"), "{shown}");
}

#[test]
fn the_end_of_a_long_plan_lists_all_changes_once_more() {
    let plan = |count: usize| Plan {
        changes: (0..count)
            .map(|index| change(Fate::Create, &format!("instance.web{index}")))
            .collect(),
        ..Plan::default()
    };
    assert!(!text(&plan(20), 80).contains("All changes"));
    let long = text(&plan(21), 80);
    let (_, index) = long.split_once("All changes\n").unwrap();
    assert_eq!(index.matches("  + create   instance.web").count(), 21);
    assert!(index.ends_with(
        "\n\nPlan: 21 to create, 0 to update, 0 to replace, 0 to delete. 0 unchanged.\nNext: infra apply\n"
    ));
}

/// Thirty servers of one block, each with a name of its own; one is of another type.
fn thirty(fate: Fate) -> Plan {
    let one = |index: usize| {
        let own = format!("web-{index}");
        let instance_type = if index == 17 {
            "ecs.g7.xlarge"
        } else {
            "ecs.g7.large"
        };
        Change {
            attributes: vec![
                set("name", own.as_str()),
                set("instance_type", instance_type),
                set("zone_id", "cn-hangzhou-h"),
            ],
            location: Some(at("infra.toml", 12)),
            id: (fate != Fate::Create).then(|| format!("i-{index}")),
            lost: match fate {
                Fate::Delete if index == 3 => vec!["data disk d-3, 40 GB".to_owned()],
                Fate::Delete => vec!["the system disk".to_owned()],
                _ => Vec::new(),
            },
            ..change(fate, &format!("instance.web[{index}]"))
        }
    };
    Plan {
        changes: (0..30).map(one).collect(),
        ..Plan::default()
    }
}

#[test]
fn equal_copies_are_told_as_one_and_the_one_that_differs_is_seen() {
    let shown = text(&thirty(Fate::Create), 80);
    expect_test::expect![[r#"
        infra plan  shop/prod  cn-hangzhou  Alibaba Cloud account 1034...7781
        read infra.toml, network.infra.toml; checked 9 resources in 1.4 s; keys from
          profile default

          + create   instance.web[0..16,18..29] x29                        infra.toml:12
            + instance_type  "ecs.g7.large"
            + zone_id        "cn-hangzhou-h"
            + name           "web-0" .. "web-29"

          + create   instance.web[17]                                      infra.toml:12
            + name           "web-17"
            + instance_type  "ecs.g7.xlarge"
            + zone_id        "cn-hangzhou-h"

        Plan: 30 to create, 0 to update, 0 to replace, 0 to delete. 0 unchanged.
        Next: infra apply
    "#]]
    .assert_eq(&shown);
    assert!(shown.lines().count() <= 25);
    let compact = render(
        &thirty(Fate::Create),
        &header(),
        Detail::Compact,
        Look::new(false, Some(80)),
    );
    assert_eq!(compact.matches("  + create").count(), 2, "{compact}");
    let full = render(
        &thirty(Fate::Create),
        &header(),
        Detail::Full,
        Look::new(false, Some(80)),
    );
    assert_eq!(
        full.matches("  + create   instance.web[").count(),
        30 * 2,
        "{full}"
    );
}

#[test]
fn no_loss_is_hidden_where_copies_are_told_as_one() {
    for detail in [Detail::Compact, Detail::Normal] {
        let shown = render(
            &thirty(Fate::Delete),
            &header(),
            detail,
            Look::new(false, Some(80)),
        );
        assert!(shown.contains("LOST  the system disk (x28)\n"), "{shown}");
        assert!(shown.contains("LOST  data disk d-3, 40 GB\n"), "{shown}");
        assert_eq!(shown.matches("LOST").count(), 3, "{shown}");
    }
}

/// Copies by name, each with an attribute of its own.
fn named(fate: Fate, names: &[&str], attribute_of: impl Fn(&str) -> AttributeChange) -> Plan {
    let copy = |name: &&str| Change {
        attributes: vec![attribute_of(name)],
        ..change(fate, &format!("instance.web[{name}]"))
    };
    Plan {
        changes: names.iter().map(copy).collect(),
        ..Plan::default()
    }
}

#[test]
fn values_that_do_not_follow_the_key_are_all_shown() {
    let names = ["a", "b", "c", "d", "e"];
    let shown = text(
        &named(Fate::Create, &names, |name| {
            set("host_name", format!("node-{name}.shop"))
        }),
        80,
    );
    assert!(
        shown.contains("\n  + create   instance.web[a,b,c,d,e] x5\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\n    + host_name  \"node-a.shop\" .. \"node-e.shop\"\n"),
        "{shown}"
    );
    let sizes = |name: &str| {
        let size = match name {
            "a" => 40,
            "b" => 50,
            "c" => 9000,
            "d" => 60,
            _ => 70,
        };
        attribute("size", Some(Value::from(20)), Some(Value::from(size)))
    };
    let shown = text(&named(Fate::Update, &names, sizes), 80);
    assert!(
        shown.contains("\n    ~ size  20 -> 40, 50, 9000, 60, 70\n"),
        "{shown}"
    );
}

#[test]
fn what_only_a_step_will_tell_is_said_once() {
    let names = ["a", "b", "c", "d"];
    let owner = |name: &str| {
        let reference = Reference {
            address: address(&format!("vpc.of[{name}]")),
            attribute: "id".to_owned(),
        };
        attribute("vpc_id", None, Some(Value::from(reference)))
    };
    let shown = text(&named(Fate::Create, &names, owner), 80);
    assert!(shown.contains("\n    + vpc_id  (known after apply)\n"), "{shown}");
}

#[test]
fn texts_that_differ_by_more_than_the_key_keep_copies_apart() {
    let names = ["a", "b", "c"];
    let script = |text: &str| AttributeChange {
        is_text: true,
        ..set("user_data", format!("#!/bin/sh\n{text}\n"))
    };
    let shown = text(
        &named(Fate::Create, &names, |name| {
            script(&format!("hostname node-{name}"))
        }),
        80,
    );
    assert!(shown.contains("instance.web[a,b,c] x3\n"), "{shown}");
    let odd = |name: &str| {
        script(&format!(
            "hostname node-{name}{}",
            if name == "b" { "; reboot" } else { "" }
        ))
    };
    let shown = text(&named(Fate::Create, &names, odd), 80);
    assert!(shown.contains("  + create   instance.web[b]\n"), "{shown}");
}

#[test]
fn the_same_drift_of_many_copies_is_told_once() {
    let one = |index: usize| Drift {
        address: address(&format!("instance.web[{index}]")),
        path: "instance_type".to_owned(),
        remembered: testing::text("ecs.g7.large"),
        observed: testing::text(if index == 4 {
            "ecs.g7.2xlarge"
        } else {
            "ecs.g7.xlarge"
        }),
        effect: "this plan changes it back".into(),
    };
    let plan = Plan {
        drift: (0..9).map(one).collect(),
        ..Plan::default()
    };
    let shown = text(&plan, 80);
    assert!(shown.contains("\n  ! instance.web[0..3,5..8] x8\n"), "{shown}");
    assert!(shown.contains("\n  ! instance.web[4]\n"), "{shown}");
    let full = render(&plan, &header(), Detail::Full, Look::new(false, Some(80)));
    assert_eq!(full.matches("  ! instance.web[").count(), 9, "{full}");
}

#[test]
fn that_all_copies_are_down_at_once_is_said() {
    let plan = |running: Fate| Plan {
        changes: (0..3)
            .map(|index| Change {
                id: Some(format!("i-{index}")),
                down: (index < 2 || running == Fate::Update).then(|| "about 40 s".to_owned()),
                ..change(
                    if index < 2 { Fate::Update } else { running },
                    &format!("instance.web[{index}]"),
                )
            })
            .collect(),
        ..Plan::default()
    };
    let all = text(&plan(Fate::Update), 80);
    assert!(
        all.contains("\nall 3 of instance.web are down at once\n"),
        "{all}"
    );
    assert!(!text(&plan(Fate::Keep), 80).contains("at once"));
}

#[test]
fn nothing_to_do_is_said_in_one_sentence() {
    let end = |plan: &Plan, header: &Header| {
        let shown = render(plan, header, Detail::Normal, Look::new(false, Some(80)));
        shown.lines().last().unwrap().to_owned()
    };
    let one_file = Header {
        files: vec!["infra.toml".to_owned()],
        ..header()
    };
    let mut plan = Plan {
        changes: testing::kept(7).collect(),
        ..Plan::default()
    };
    assert_eq!(end(&plan, &one_file), "No changes. 7 resources match infra.toml.");
    assert_eq!(
        end(&plan, &header()),
        "No changes. 7 resources match the configuration."
    );
    plan.drift = testing::plan().drift;
    assert_eq!(
        end(&plan, &one_file),
        "No changes to make. 2 attributes were changed outside infra."
    );
    let destroy = Header {
        command: "destroy",
        ..header()
    };
    assert_eq!(
        end(&Plan::default(), &destroy),
        "No changes. There is nothing to delete."
    );
}

#[test]
fn that_only_outputs_change_is_said_in_words() {
    let plan = Plan {
        outputs: testing::plan().outputs,
        changes: testing::kept(3).collect(),
        ..Plan::default()
    };
    let shown = text(&plan, 80);
    assert!(
        shown.contains("\nPlan: 2 outputs change, no resource does. 3 unchanged.\n"),
        "{shown}"
    );
}

#[test]
fn a_resource_that_is_gone_takes_one_line() {
    let plan = Plan {
        drift: vec![Drift {
            address: address("instance.web"),
            path: String::new(),
            remembered: testing::text("i-1"),
            observed: None,
            effect: "this plan makes it again".into(),
        }],
        ..Plan::default()
    };
    let shown = text(&plan, 80);
    assert!(
        shown.contains("\n  ! instance.web  no longer exists; this plan makes it again\n"),
        "{shown}"
    );
}

#[test]
fn a_secret_shows_its_source_and_whether_it_changed() {
    let mut password = attribute(
        "password",
        testing::text("hmac-sha256:00"),
        Some(Value::Secret(SecretSource::Env("WEB_PASSWORD".to_owned()))),
    );
    password.sensitive = true;
    let shown = text(
        &only(Change {
            attributes: vec![password],
            ..change(Fate::Update, "instance.web")
        }),
        80,
    );
    assert!(
        shown.contains("~ password  (sensitive, changed)  (env WEB_PASSWORD)\n"),
        "{shown}"
    );
}

#[test]
fn a_text_of_which_only_the_hash_is_kept_is_not_compared() {
    let mut user_data = attribute(
        "user_data",
        testing::text("hmac-sha256:00"),
        testing::text("a\nb\n"),
    );
    user_data.is_text = true;
    let plan = only(Change {
        attributes: vec![user_data],
        ..change(Fate::Update, "instance.web")
    });
    let shown = text(&plan, 100);
    assert!(
        shown.contains(
            "~ user_data  changed to text, 2 lines (--full shows them); the old text is not kept\n"
        ),
        "{shown}"
    );
    let full = render(&plan, &header(), Detail::Full, Look::new(false, Some(80)));
    assert!(full.contains("\n          + a\n          + b\n"), "{full}");
}

#[test]
fn a_long_place_goes_on_a_line_of_its_own() {
    let shown = text(
        &only(Change {
            location: Some(at("network/of/the/shop/in/hangzhou.infra.toml", 24)),
            ..change(Fate::Create, "security_group.for_all_of_the_web_tier")
        }),
        60,
    );
    assert!(shown.lines().all(|line| line.width() <= 60), "{shown}");
}

proptest! {
    /// Whatever comes from files or the API: no character of it can move the cursor, and no line ends but ours.
    #[test]
    fn nothing_from_outside_controls_the_screen(strings in prop::collection::vec(any::<String>(), 12), columns in 60..160_usize) {
        let mut strings = strings.into_iter().map(|text| text + "\u{1b}[2J\u{9b}\u{202e}\u{7f}\r\n");
        let mut next = || strings.next().unwrap_or_default();
        let mut user_data = attribute("user_data", Some(Value::from(next())), Some(Value::from(next() + "\u{7}")));
        user_data.is_text = true;
        let mut plan = only(Change {
            reasons: vec![next()],
            lost: vec![next()],
            steps: vec![next()],
            id: Some(next()),
            attributes: vec![set("name", Value::from(next())), set(&format!("tags.{}", next()), 1), user_data],
            location: Some(at(&next(), 1)),
            ..change(Fate::Update, "instance.web")
        });
        plan.findings = vec![Diagnostic::warning(crate::diagnostic::codes::NEW_REGION, next()).help(next())];
        let shown = text(&plan, columns);
        let dangerous = |character: &char| character.is_control() && *character != '\n' || *character == '\u{202e}';
        prop_assert_eq!(shown.chars().find(dangerous), None);
    }
}
