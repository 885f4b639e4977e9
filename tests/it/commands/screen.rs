//! What a terminal gets beside text: links, and a pager for what is longer than it.

use crate::harness::World;

const NETWORK: &str = "[infra]
name = \"shop\"
region = \"cn-hangzhou\"

[vpc.main]
cidr_block = \"10.0.0.0/16\"

[vswitch.main]
vpc_id = \"${vpc.main.id}\"
zone_id = \"cn-hangzhou-h\"
cidr_block = \"10.0.1.0/24\"
";

/// The words of links and where they lead.
fn links(shown: &str) -> Vec<(String, String)> {
    let parts = shown.split("\u{1b}]8;;").skip(1);
    let ends = parts.map(|part| part.split_once("\u{1b}\\").unwrap());
    let led = ends.filter(|(url, _)| !url.is_empty());
    led.map(|(url, words)| (words.to_owned(), url.to_owned()))
        .collect()
}

/// What infra shows at a terminal of 80 columns and 24 rows that is known to have links.
fn shown(world: &World, vars: &str, arguments: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_infra");
    let line = format!(
        "stty columns 80 rows 24; exec env TERM=xterm TERM_PROGRAM=WezTerm {vars} {binary} {arguments}"
    );
    world.at_shell(&line, &[]).1.replace("\r\n", "\n")
}

#[test]
fn a_place_in_a_file_is_a_link_at_a_terminal_and_never_in_a_pipe() {
    let world = World::offline();
    world.write("infra.toml", &NETWORK.replace("zone_id", "zone"));
    let folder = std::fs::canonicalize(world.path()).unwrap();
    let expected = (
        "infra.toml:10:1".to_owned(),
        format!("file://{}/infra.toml#10", folder.display()),
    );
    let linked = shown(&world, "", "validate --color never");
    assert_eq!(links(&linked), std::slice::from_ref(&expected), "{linked:?}");
    for (vars, arguments) in [
        ("", "validate --hyperlinks never"),
        ("INFRA_HYPERLINKS=never", "validate"),
        ("TERM=dumb", "validate"),
        ("CI=true", "validate"),
    ] {
        assert_eq!(links(&shown(&world, vars, arguments)), [], "{vars} {arguments}");
    }
    assert_eq!(
        links(&shown(&world, "TERM=dumb", "validate --hyperlinks always")),
        [expected]
    );
    // A pipe, and a file.
    let piped = shown(&world, "", "validate 2>&1 | cat");
    assert!(
        piped.contains("infra.toml:10:1") && links(&piped).is_empty(),
        "{piped:?}"
    );
    let filed = world.run(&["validate"]).exits(1);
    assert!(!filed.stderr.contains('\u{1b}'), "{filed:?}");
}

#[test]
fn ids_of_a_simulator_lead_nowhere_and_those_of_the_cloud_to_its_console() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    let simulated = shown(&world, "", "show --no-pager");
    assert!(
        simulated.contains("vsw-") && links(&simulated).is_empty(),
        "{simulated:?}"
    );
    // The same state, as it would be of the cloud itself.
    let state = world.read(".infra/state/default.json");
    let value: serde_json::Value = serde_json::from_str(&state).unwrap();
    let id = value["resources"]["vswitch.main"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(value["cloud"]["endpoint_kind"], "other");
    let mut document: serde_json::Value =
        serde_json::from_str(&world.run(&["state", "pull"]).exits(0).stdout).unwrap();
    document["cloud"]["endpoint_kind"] = "alibaba_cloud".into();
    world.write("next.json", &document.to_string());
    world.run(&["state", "push", "next.json"]).exits(0);
    let linked = shown(&world, "", "state show vswitch.main");
    let page = format!("https://vpc.console.aliyun.com/vpc/cn-hangzhou/switches/{id}");
    assert!(links(&linked).contains(&(id, page)), "{linked:?}");
    assert!(
        !world
            .run(&["state", "show", "vswitch.main"])
            .exits(0)
            .stdout
            .contains("console")
    );
}

#[test]
fn show_pages_what_is_longer_than_the_screen_and_never_fails_for_it() {
    let world = World::new();
    world.write("infra.toml", NETWORK);
    world.apply().exits(0);
    world.write("page.sh", "echo PAGED \"$LESS\"\ncat\n");
    let whole = world.run(&["show"]).exits(0).stdout;
    let is_whole = |text: &str| whole.lines().all(|line| text.contains(line));
    // It fits: nobody is asked.
    let fits = shown(&world, "PAGER='sh page.sh'", "show --color never");
    assert!(is_whole(&fits) && !fits.contains("PAGED"), "{fits}");
    let many = NETWORK.to_owned()
        + &(0..8)
            .map(|index| format!("[vpc.more{index}]\ncidr_block = \"10.{}.0.0/16\"\n", index + 1))
            .collect::<String>();
    world.write("infra.toml", &many);
    world.apply().exits(0);
    let whole = world.run(&["show"]).exits(0).stdout;
    assert!(whole.lines().count() > 24, "{whole}");
    let is_whole = |text: &str| whole.lines().all(|line| text.contains(line));
    for (vars, arguments, is_paged) in [
        ("PAGER='sh page.sh'", "show", true),
        ("PAGER=no-such INFRA_PAGER='sh page.sh'", "show", true),
        ("PAGER='sh page.sh' INFRA_PAGER=", "show", false),
        ("PAGER='sh page.sh'", "show --no-pager", false),
        ("PAGER='sh page.sh'", "show | cat", false),
        ("PAGER='sh page.sh' TERM=dumb", "show", false),
        ("PAGER='sh page.sh' CI=1", "show", false),
        ("PAGER='sh page.sh' INFRA_ACCESSIBLE=1", "show", false),
        // One that is not there, one that fails, and none at all.
        ("PAGER=no-such-program", "show", false),
        ("PAGER=false", "show", false),
        ("PATH=/nowhere", "show", false),
        // Plans are never paged.
        ("PAGER='sh page.sh'", "plan", false),
    ] {
        let shown = shown(
            &world,
            vars,
            &format!("--color never --hyperlinks never {arguments}"),
        );
        assert_eq!(
            shown.contains("PAGED FIRX"),
            is_paged,
            "{vars} {arguments}: {shown}"
        );
        assert!(
            arguments == "plan" || is_whole(&shown),
            "{vars} {arguments}: {shown}"
        );
    }
}
