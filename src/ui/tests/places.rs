//! What the place understands: colours, links, and a program that shows long texts.

use std::path::Path;

use super::*;

#[test]
fn colour_is_decided_in_one_order() {
    let scene = Scene::default();
    type Case<'a> = (When, &'a [(&'a str, &'a str)], bool, bool);
    let cases: [Case<'_>; 12] = [
        (When::Auto, &[], true, true),
        (When::Auto, &[], false, false),
        (When::Always, &[("NO_COLOR", "1")], false, true),
        (When::Never, &[("FORCE_COLOR", "1")], true, false),
        (
            When::Auto,
            &[("INFRA_COLOR", "always"), ("NO_COLOR", "1")],
            false,
            true,
        ),
        (
            When::Auto,
            &[("INFRA_COLOR", "never"), ("FORCE_COLOR", "1")],
            true,
            false,
        ),
        (
            When::Auto,
            &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")],
            true,
            false,
        ),
        (When::Auto, &[("NO_COLOR", "")], true, true),
        (When::Auto, &[("CLICOLOR_FORCE", "1")], false, true),
        (When::Auto, &[("CLICOLOR_FORCE", "0")], false, false),
        (When::Auto, &[("TERM", "dumb")], true, false),
        (When::Auto, &[("TERM", "dumb"), ("FORCE_COLOR", "1")], true, true),
    ];
    for (flag, vars, terminal, expected) in cases {
        let env = scene.env(vars, terminal);
        assert_eq!(
            uses_color(&env, flag, terminal),
            expected,
            "{flag:?} {vars:?} {terminal}"
        );
    }
}

#[test]
fn links_are_decided_in_one_order() {
    let scene = Scene::default();
    type Case<'a> = (When, &'a [(&'a str, &'a str)], bool, bool);
    let cases: [Case<'_>; 14] = [
        // A terminal says that it has them.
        (When::Auto, &[], true, false),
        (When::Auto, &[("TERM_PROGRAM", "WezTerm")], true, true),
        (When::Auto, &[("VTE_VERSION", "7006")], true, true),
        (When::Auto, &[("VTE_VERSION", "4601")], true, false),
        (When::Auto, &[("TERM", "xterm-kitty")], true, true),
        (When::Auto, &[("WT_SESSION", "x")], true, true),
        (When::Auto, &[("FORCE_HYPERLINK", "1")], true, true),
        (
            When::Auto,
            &[("FORCE_HYPERLINK", "0"), ("TERM_PROGRAM", "WezTerm")],
            true,
            false,
        ),
        (
            When::Auto,
            &[("TERM", "dumb"), ("TERM_PROGRAM", "WezTerm")],
            true,
            false,
        ),
        (
            When::Auto,
            &[("CI", "true"), ("TERM_PROGRAM", "WezTerm")],
            true,
            false,
        ),
        // A pipe has none, whatever terminal it leads to in the end.
        (
            When::Auto,
            &[("TERM_PROGRAM", "WezTerm"), ("FORCE_HYPERLINK", "1")],
            false,
            false,
        ),
        (
            When::Never,
            &[("TERM_PROGRAM", "WezTerm"), ("FORCE_HYPERLINK", "1")],
            true,
            false,
        ),
        (When::Always, &[("TERM", "dumb")], true, true),
        (When::Always, &[], false, true),
    ];
    for (flag, vars, terminal, expected) in cases {
        let env = scene.env(vars, terminal);
        assert_eq!(
            uses_links(&env, flag, terminal),
            expected,
            "{flag:?} {vars:?} {terminal}"
        );
    }
}

/// What arrives on both streams of an error with a place, and of a table with an id.
fn told(links: When, is_terminal: bool) -> (String, String) {
    let scene = Scene::default();
    let options = Options {
        links,
        ..Options::default()
    };
    let ui = scene.ui(is_terminal, options);
    let mut sources = Sources::default();
    sources.add("infra.toml".into(), "name = 1\n".into());
    ui.set_sources(&sources, Path::new("/shop"));
    ui.set_console("cn-hangzhou");
    let place = sources.source(0).location(7..8);
    ui.diagnostics(
        &[Diagnostic::error(codes::WRONG_TYPE, "no text").at(place, "")],
        false,
    );
    ui.resources(&[Row {
        address: "instance.web".to_owned(),
        id: "i-bp1h3v9k2m4n".to_owned(),
        ..Row::default()
    }]);
    (scene.out.take(), scene.err.take())
}

#[test]
fn places_and_ids_are_links_and_nothing_else_changes() {
    let (out, err) = told(When::Always, true);
    let (plain_out, plain_err) = told(When::Never, true);
    assert!(
        err.contains("\u{1b}]8;;file:///shop/infra.toml#1\u{1b}\\infra.toml:1:8\u{1b}]8;;"),
        "{err:?}"
    );
    let page = "https://ecs.console.aliyun.com/server/i-bp1h3v9k2m4n/detail?regionId=cn-hangzhou";
    assert!(
        out.contains(&format!("\u{1b}]8;;{page}\u{1b}\\i-bp1h3v9k2m4n\u{1b}]8;;")),
        "{out:?}"
    );
    for (linked, plain) in [(&out, &plain_out), (&err, &plain_err)] {
        assert!(!plain.contains("]8;;"), "{plain:?}");
        let without = |text: &str| {
            let mut parts = text.split("\u{1b}]8;;");
            let first = parts.next().unwrap().to_owned();
            parts.fold(first, |text, part| text + part.split_once("\u{1b}\\").unwrap().1)
        };
        assert_eq!(without(linked), *plain);
    }
    // A pipe gets none unless it is asked for.
    let (out, err) = told(When::Auto, false);
    assert!(
        !out.contains('\u{1b}') && !err.contains("]8;;"),
        "{out:?} {err:?}"
    );
}

#[test]
fn what_is_held_back_comes_in_order_where_it_fits() {
    let scene = Scene::default();
    let env = scene.env(&[("PAGER", "no-such-program-on-earth")], true);
    let (out, err) = (Box::new(scene.out.clone()), Box::new(scene.err.clone()));
    let ui = Ui::writing(&env, Options::default(), out, err);
    ui.result("before");
    let given = ui.paged(&env, || {
        ui.result("one");
        assert_eq!(scene.out.text(), "before\n");
        ui.result("two");
        7
    });
    ui.result("behind");
    assert_eq!(
        (given, scene.out.take().as_str()),
        (7, "before\none\ntwo\nbehind\n")
    );
}
