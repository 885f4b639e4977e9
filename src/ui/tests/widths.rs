//! Everything that people are shown, at all widths: no line is wider than the screen, and colour changes no character.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::super::blast::{Lot, Reached};
use super::super::board::Board;
use super::super::checks::{self, Check, Grade};
use super::super::diagnostics::{self, Style};
use super::super::graph_view::{self, Node};
use super::super::header::Header;
use super::super::outcome::{self, Finished};
use super::super::plan_blocks::Detail;
use super::super::prompt::Question;
use super::super::story::Headings;
use super::super::table::{self, Row};
use super::super::testing::{address, at, change, header, resource_done, seconds, set, started, task, text};
use super::super::text::Look;
use super::super::{blast, live_rows, plan_drift, plan_view, story};
use super::Nothing;
use crate::change::{Change, Cost, Fate};
use crate::diagnostic::{Diagnostic, Sources, codes, zh};
use crate::plan::{Counts, Plan};
use crate::state::{Resource, State};
use crate::types;
use crate::value::{Attributes, Value};

const WIDTHS: [usize; 4] = [60, 80, 100, 140];

const LONG: &str =
    "a sentence that goes on for so long that no screen has room for it on one line, whatever somebody does";
const CHINESE: &str =
    "订单服务的前端机器，由运维组维护，请不要在控制台里修改这台机器，有问题请联系李雷或者韩梅梅（运维）";

/// A name of what is shown, and what it is on a screen.
type Shown = (String, String);

#[track_caller]
fn check(show: impl Fn(Look) -> Vec<Shown>) {
    let mut wrong = Vec::new();
    for columns in WIDTHS {
        let plain = show(Look::new(false, Some(columns)));
        let coloured = show(Look::new(true, Some(columns)));
        for ((name, plain), (_, coloured)) in plain.iter().zip(&coloured) {
            assert!(!plain.trim().is_empty(), "{name} shows nothing");
            assert_eq!(
                console::strip_ansi_codes(coloured),
                *plain,
                "colour changes {name}"
            );
            for line in plain.lines() {
                if line.width() > columns && !is_unbreakable(line) {
                    wrong.push(format!("{name} at {columns} ({}): {line}", line.width()));
                }
                assert_eq!(line, line.trim_end(), "{name}: a line ends with spaces");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One value, or one word, alone on its line: nothing can be done about it.
fn is_unbreakable(line: &str) -> bool {
    let alone = line
        .trim_start()
        .trim_start_matches("-> ")
        .trim_start_matches("--> ");
    let is_value = alone.starts_with('"') && alone.trim_end_matches(',').ends_with('"');
    is_value || !alone.contains(' ')
}

fn named(shown: impl IntoIterator<Item = (&'static str, String)>) -> Vec<Shown> {
    let own = |(name, text): (&str, String)| (name.to_owned(), text);
    shown.into_iter().map(own).collect()
}

/// Long names, long values, many copies, losses and warnings.
fn large_plan() -> Plan {
    let copy = |index: usize| Change {
        attributes: vec![
            set("name", format!("web-{index}")),
            set("description", CHINESE),
            set("host_name", format!("{index}-{}", "long-name-".repeat(9))),
        ],
        reasons: vec![LONG.to_owned()],
        lost: vec![format!("{LONG}, {index}"), CHINESE.to_owned()],
        kept: vec![LONG.to_owned()],
        hints: vec![LONG.to_owned()],
        steps: vec!["wait until it is reachable from everywhere".to_owned(); 6],
        down: Some("about 2 min while it is stopped".to_owned()),
        id: Some(format!("i-bp1h3v9k2m4n6p8q0r{index}")),
        location: Some(at("a/folder/that/is/deep/network-of-the-shop.infra.toml", 1234)),
        ..change(Fate::Update, &format!("instance.web_tier_of_the_shop[{index}]"))
    };
    let names = [
        "a-very-long-key-of-a-copy",
        "李雷",
        "b",
        "another-long-key-of-a-copy",
    ];
    let keyed = |name: &&str| Change {
        attributes: vec![set("size", name.len() as i64), set("name", *name)],
        ..change(
            Fate::Create,
            &format!("security_group.for_all_of_them[\"{name}\"]"),
        )
    };
    let order = address("instance.subscription_server_with_a_long_name");
    Plan {
        changes: (0..23)
            .map(copy)
            .chain(names.iter().map(keyed))
            .chain((0..30).map(|index| {
                let of = format!("instance.web[\"n{index:02}\"]");
                change(Fate::Create, &of)
            }))
            .chain((0..25).map(|index| change(Fate::Delete, &format!("vswitch.one_of_many_{index}"))))
            .chain((0..12).map(|index| Change {
                reasons: vec![LONG.to_owned()],
                ..change(Fate::LeftOut, &format!("vpc.left_out_with_a_long_name_{index}"))
            }))
            .chain([change(Fate::Tag, "vpc.tagged")])
            .collect(),
        findings: vec![
            Diagnostic::warning(codes::NEW_REGION, LONG)
                .at(at("a/folder/that/is/deep/network-of-the-shop.infra.toml", 19), "")
                .note(LONG)
                .note(CHINESE)
                .help(LONG)
                .help(LONG),
        ],
        cost: Some(Cost {
            currency: "CNY".to_owned(),
            before: 12_345_678,
            after: 1_234_567_890,
            at_once: 410_200,
            unknown: (0..9)
                .map(|index| address(&format!("eip.unknown_price_{index}")))
                .collect(),
            orders: BTreeMap::from([(order, Some(99_999_999))]),
        }),
        ..super::super::testing::plan()
    }
}

fn long_header() -> Header {
    Header {
        project: "a-project-with-a-long-name-of-its-own".to_owned(),
        cloud: "https://ecs.an-endpoint-with-a-long-name.example.com:8443".to_owned(),
        credentials: "environment variables that somebody has set".to_owned(),
        files: (0..6)
            .map(|index| format!("part-{index}-of-the-shop.infra.toml"))
            .collect(),
        next: Some("infra apply -C 'a folder' -e production --sim".to_owned()),
        ..header()
    }
}

#[test]
fn plans_fit() {
    check(|look| {
        let (small, large) = (super::super::testing::plan(), large_plan());
        let mut shown = Vec::new();
        for (name, plan) in [("small", &small), ("large", &large), ("empty", &Plan::default())] {
            for detail in [Detail::Compact, Detail::Normal, Detail::Full] {
                for header in [header(), long_header()] {
                    let name = format!("the {name} plan, {detail:?}");
                    shown.push((name, plan_view::render(plan, &header, detail, look)));
                }
            }
            let question = Question {
                plan,
                header: &long_header(),
                no_input: false,
            };
            shown.push((format!("the question about the {name} plan"), question.text(look)));
        }
        shown.push(("drift".to_owned(), plan_drift::render(&small.drift, look)));
        shown
    });
}

fn rows() -> Vec<Row> {
    let one = |name: &str, id: &str, status: &str| Row {
        address: name.to_owned(),
        id: id.to_owned(),
        status: status.to_owned(),
        private_ip: "10.120.141.110".to_owned(),
        public_ip: "147.198.131.141".to_owned(),
        zone: "cn-hangzhou-h".to_owned(),
        drifted: Some(true),
    };
    vec![
        one("instance.web", "i-bp1h3v9k2m4n6p8q0r1s", "Running"),
        one(
            "security_group.for_all_of_the_web_tier[李雷]",
            "sg-bp1h3v9k2m4n6p8q0r1s",
            "Available",
        ),
        one("instance.a", "", "no longer exists"),
    ]
}

fn finished(interrupted: bool, serial: Option<u64>) -> Finished {
    let many = |name: &str, count: usize| {
        (0..count)
            .map(|index| address(&format!("{name}_{index}")))
            .collect::<Vec<_>>()
    };
    Finished {
        command: "apply",
        again: "infra apply -C 'a folder' -e production --sim".to_owned(),
        counts: Counts {
            create: 12,
            update: 3,
            replace: 4,
            delete: 5,
            ..Counts::default()
        },
        failures: Vec::new(),
        done: many("vswitch.one_of_many_with_a_long_name", 30),
        failed: many("instance.failed_with_a_long_name", 3)
            .into_iter()
            .map(|of| (of, Some("i-bp1h3v9k2m4n6p8q0r1s".to_owned())))
            .collect(),
        half_made: many("instance.half_made_with_a_long_name", 25)
            .into_iter()
            .map(|of| {
                let step = "wait until it is running and reachable".to_owned();
                (of, step, Some("i-bp1h3v9k2m4n6p8q0r1s".to_owned()))
            })
            .collect(),
        not_begun: many("eip.front_with_a_long_name", 3)
            .into_iter()
            .map(|of| (of, Some(address("instance.failed_with_a_long_name_0"))))
            .collect(),
        interrupted,
        rows: rows(),
        outputs: BTreeMap::from([
            (
                "web_ips".to_owned(),
                (Value::List(vec!["147.198.131.141".into(); 12]), false),
            ),
            ("note".to_owned(), (CHINESE.into(), false)),
            ("login".to_owned(), ("hunter2".into(), true)),
        ]),
        serial,
        elapsed: Duration::from_secs(130),
    }
}

#[test]
fn applies_fit() {
    check(|look| {
        let names: Vec<String> = (0..40)
            .map(|index| format!("instance.web_tier_of_the_shop[{index}]"))
            .collect();
        let plan = Plan {
            changes: names.iter().map(|name| change(Fate::Create, name)).collect(),
            tasks: names.iter().map(|name| task(name, &[])).collect(),
            ..Plan::default()
        };
        let mut board = Board::new(&plan, &header(), seconds(0));
        let mut lasting = Vec::new();
        for (index, name) in names.iter().enumerate().take(30) {
            let step = format!("wait until it is running and reachable {}", index % 11);
            board.take(&started(name, &step, 1), seconds(1));
            if index % 5 == 0
                && let Some(fact) = board.take(&resource_done(name), seconds(400))
            {
                lasting.extend(live_rows::lasting(&fact, board.address_column, look));
            }
        }
        let live = live_rows::render(&board, seconds(4000), 14, look);
        named([
            ("live rows", live.join("\n")),
            ("rows that stay", lasting.join("\n")),
            ("the end", outcome::result(&finished(false, Some(12)), look)),
            ("a stop", outcome::report(&finished(true, Some(12)), look)),
            (
                "a state that is not saved",
                outcome::report(&finished(true, None), look),
            ),
        ])
    });
}

#[test]
fn tables_and_lists_fit() {
    let mut state = State::begin(&Nothing);
    for (name, id) in [
        ("instance.web", "i-1"),
        ("security_group.for_all_of_the_web_tier", "sg-1"),
    ] {
        let resource = Resource {
            type_name: address(name).type_name().to_owned(),
            id: id.to_owned(),
            attributes: Attributes::from([
                ("description".to_owned(), CHINESE.into()),
                (
                    "security_group_ids".to_owned(),
                    Value::List(vec!["sg-bp1h3v9k2m4n6p8q0r1s".into(); 9]),
                ),
                (
                    "ingress".to_owned(),
                    Value::List(vec![super::super::testing::rule("8000/8100", "10.0.0.0/8", 1)]),
                ),
            ]),
            unsettled: BTreeMap::from([("instance_type".to_owned(), LONG.to_owned())]),
            dependencies: (0..9)
                .map(|index| address(&format!("vswitch.one_of_many_{index}")))
                .collect(),
            ..Resource::default()
        };
        state.resources.insert(address(name), resource);
    }
    state.outputs.insert("note".to_owned(), LONG.into());
    let nodes = BTreeMap::from([
        (address("vpc.main"), Node::default()),
        (
            address("instance.web"),
            Node {
                parent: Some(address("vpc.main")),
                facts: vec!["ecs.g7.large".to_owned(), LONG.to_owned()],
                needs: (0..9)
                    .map(|index| address(&format!("security_group.one_of_many_{index}")))
                    .collect::<BTreeSet<_>>(),
            },
        ),
    ]);
    let checks = [
        Check::new("keys", Grade::Good, LONG),
        Check::new("clock", Grade::Doubtful, CHINESE),
        Check::new("rights", Grade::Bad, LONG),
    ];
    let reach = nodes
        .iter()
        .map(|(address, node)| {
            let reached = Reached {
                lot: Lot::Changes(Fate::Update),
                needs: node.needs.clone(),
            };
            (address.clone(), reached)
        })
        .chain((0..9).map(|index| {
            let reached = Reached {
                lot: Lot::Stays,
                needs: BTreeSet::new(),
            };
            (address(&format!("security_group.one_of_many_{index}")), reached)
        }))
        .collect();
    check(|look| {
        let (name, resource) = state.resources.first_key_value().unwrap();
        named([
            ("status", table::resources(&rows(), look)),
            ("the state", table::state(&state, look)),
            ("a resource", table::resource(name, resource, look)),
            ("outputs", table::outputs(&finished(false, None).outputs, look)),
            ("checks", checks::render(&checks, look)),
            ("the tree", graph_view::tree(&nodes, look)),
            ("the reach of a plan", blast::text(&reach, look)),
        ])
    });
}

#[test]
fn the_reference_fits() {
    check(|look| {
        let mut shown = vec![("the list of codes".to_owned(), story::list(codes::ALL, look))];
        for (stories, headings) in [(codes::ALL, Headings::ENGLISH), (zh::ALL, Headings::CHINESE)] {
            for story in stories {
                shown.push((
                    story.code.number().to_owned(),
                    story::render(story, headings, look),
                ));
            }
        }
        for resource_type in types::Types::all().iter() {
            let (made, set): (Vec<_>, Vec<_>) = resource_type
                .attributes
                .iter()
                .partition(|attribute| attribute.computed);
            let about = (resource_type.name, resource_type.doc);
            shown.push((
                resource_type.name.to_owned(),
                table::keys(about, &set, &made, look),
            ));
        }
        shown
    });
}

#[test]
fn errors_fit() {
    let lines = format!(
        "[instance.web]\ninstance_type = \"ecs.g7.large\" # {LONG} {LONG}\ndescription = \"{CHINESE}\"\nuser_data = \"{}\"\n",
        "x".repeat(300)
    );
    let mut sources = Sources::default();
    sources.add(
        "a/folder/that/is/deep/infra.toml".into(),
        Arc::from(lines.as_str()),
    );
    let place = |needle: &str| {
        let start = lines.find(needle).unwrap();
        sources.source(0).location(start..start + needle.len())
    };
    let found = [
        Diagnostic::error(codes::UNKNOWN_KEY, LONG)
            .at(place("ecs.g7.large"), "in this zone there is none of it")
            .at(place("[instance.web]"), "in this block")
            .note(LONG)
            .note(CHINESE)
            .help(LONG)
            .help(LONG),
        Diagnostic::error(codes::SYNTAX, CHINESE).at(place("订单服务"), "李雷不在这里"),
        Diagnostic::error(codes::SYNTAX, "far to the right").at(place("机器，有问题"), "here"),
        Diagnostic::error(codes::REFUSED, LONG).at(place("ecs.g7.large"), LONG),
        Diagnostic::error(codes::REFUSED, "a line of 300 letters").at(place("xxxxxxxxxx"), "here"),
        Diagnostic::warning(codes::NEW_REGION, LONG).note(text(LONG).unwrap().as_str().unwrap()),
    ];
    check(|look| {
        let style = Style {
            color: look.color,
            width: look.prose,
            all: false,
        };
        let one = |(number, one): (usize, &Diagnostic)| {
            let text = diagnostics::render(std::slice::from_ref(one), &sources, style);
            (format!("error {number}"), text)
        };
        found.iter().enumerate().map(one).collect()
    });
}
