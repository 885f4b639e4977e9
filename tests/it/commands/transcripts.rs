//! What a person sees, command by command, at a terminal of 80 columns.
//!
//! The files beside this one are the sessions: `UPDATE_EXPECT=1` writes them anew, and a reader of the difference is the
//! test. What is another one in each run (ids, times, ports) is written as `x` and `0`, in as many columns.

use expect_test::ExpectFile;
use unicode_width::UnicodeWidthStr as _;

use crate::harness::World;

const COLUMNS: usize = 80;

/// One person at one terminal.
struct Session {
    world: World,
    text: String,
    /// Whether things are made side by side, so that who comes first is another one in each run.
    side_by_side: bool,
}

impl Session {
    fn new(world: World) -> Session {
        Session {
            world,
            text: String::new(),
            side_by_side: false,
        }
    }

    /// For projects that make things side by side: the lines of a run, resource by resource.
    fn side_by_side(world: World) -> Session {
        Session {
            side_by_side: true,
            ..Session::new(world)
        }
    }

    /// Types a command.
    fn types(&mut self, arguments: &str) -> &mut Session {
        self.answers(arguments, &[])
    }

    /// Types a command, and an answer to each question.
    fn answers(&mut self, arguments: &str, turns: &[(&str, &str)]) -> &mut Session {
        let turns: Vec<(&str, &[u8])> = turns
            .iter()
            .map(|(question, answer)| (*question, answer.as_bytes()))
            .collect();
        let (code, shown) = self.world.on_screen(COLUMNS, arguments, &turns);
        assert!(!shown.contains('\u{1b}'), "escapes at a dumb terminal: {shown:?}");
        let folder = self.world.path().display().to_string();
        let name = folder.rsplit('.').next().unwrap_or_default();
        let shown = steady(&shown.replace("\r\n", "\n")).replace(name, &"x".repeat(name.len()));
        let shown = if self.side_by_side {
            by_resource(&shown)
        } else {
            shown
        };
        let command = format!("$ infra {arguments}");
        self.text.push_str(&format!("{}\n{shown}", command.trim_end()));
        match code {
            Some(0) => self.text.push('\n'),
            Some(code) => self.text.push_str(&format!("(exit code {code})\n\n")),
            None => panic!("{arguments} was killed: {shown}"),
        }
        self
    }

    /// Writes a file; its text stands in the session where it is new.
    fn writes(&mut self, name: &str, text: &str) -> &mut Session {
        self.world.write(name, text);
        self.text.push_str(&format!("$ cat {name}\n{text}\n"));
        self
    }

    fn ends(&self, expected: &ExpectFile) {
        expected.assert_eq(&self.text);
        for line in self.text.lines().filter(|line| !line.starts_with("$ ")) {
            let alone = line.trim_start().trim_start_matches("-> ");
            assert!(
                line.width() <= COLUMNS || !alone.contains(' '),
                "{}: {line}",
                line.width()
            );
        }
    }
}

/// The same text with the lines of its runs in the order of their addresses.
fn by_resource(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    // `[0:00] vpc.main create: ok`
    let address = |line: &&str| {
        let word = line.strip_prefix("[0:00] ")?.split(' ').next()?;
        word.contains('.').then(|| word.to_owned())
    };
    let mut sorted = Vec::with_capacity(lines.len());
    for run in lines.chunk_by(|one, other| address(one).is_some() && address(other).is_some()) {
        let mut run = run.to_vec();
        run.sort_by_key(address);
        sorted.extend(run);
    }
    sorted.join("\n")
}

/// A text without what is another one in each run.
fn steady(text: &str) -> String {
    let mut steady = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let begins = !steady.ends_with(|before: char| before.is_ascii_alphanumeric());
        let run = |is_part: fn(char) -> bool| rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let word = run(|letter| letter.is_ascii_alphanumeric());
        let number = run(|letter| letter.is_ascii_digit() || letter == '.');
        let date = run(|letter| letter.is_ascii_digit() || "-:TZ".contains(letter));
        let uuid = run(|letter| letter.is_ascii_hexdigit() || letter == '-');
        let is_id = rest.starts_with("bp1") && (word > 10 || rest[word..].starts_with("..."));
        // `bp1` begins an id, which may lack its middle; whatever is long and hexadecimal is a request id, a lineage or a digest.
        let (taken, written) = if begins && is_id {
            (word, format!("bp1{}", "x".repeat(word - 3)))
        } else if begins && steady.ends_with("x...") {
            (word, "x".repeat(word))
        } else if begins && date >= 16 && rest[..date].ends_with('Z') {
            let zeros = |letter: char| if letter.is_ascii_digit() { '0' } else { letter };
            (date, rest[..date].chars().map(zeros).collect())
        } else if begins && uuid >= 32 {
            let masked = |letter: char| if letter == '-' { '-' } else { 'x' };
            (uuid, rest[..uuid].chars().map(masked).collect())
        } else if begins && number > 0 && is_duration(&steady, &rest[number..]) {
            (number, "0.0".to_owned())
        } else if begins && is_varying(&steady, &rest[number..]) {
            (number, "0".repeat(number))
        } else {
            let length = letter.len_utf8();
            (length, rest[..length].to_owned())
        };
        steady.push_str(&written);
        rest = &rest[taken..];
    }
    steady
}

/// Whether a number is a time that a run took: `in 0.1 s`, `after 12 s`.
fn is_duration(before: &str, behind: &str) -> bool {
    let took = ["in ", "after ", "over "]
        .iter()
        .any(|word| before.ends_with(word));
    took && behind.starts_with(" s") || behind.starts_with(" s from the cloud's")
}

/// Whether a number is of a time since the beginning, `[0:09]`, or a port.
fn is_varying(before: &str, behind: &str) -> bool {
    before.ends_with('[') && behind.starts_with(':')
        || before.ends_with("[0:")
        || before.ends_with("127.0.0.1:")
}

/// One server; what could be made side by side is made one after the other, so that every run tells the same.
const SHOP: &str = "[infra]
name = \"shop\"
region = \"cn-hangzhou\"

[vpc.main]
name = \"shop\"
cidr_block = \"10.0.0.0/16\"

[vswitch.main]
vpc_id = \"${vpc.main.id}\"
zone_id = \"cn-hangzhou-h\"
cidr_block = \"10.0.1.0/24\"

[security_group.web]
vpc_id = \"${vpc.main.id}\"
depends_on = [\"vswitch.main\"]
ingress = [{ port_range = \"443\", source_cidr_ip = \"0.0.0.0/0\" }]

[instance.web]
name = \"shop-web\"
instance_type = \"ecs.g7.large\"
image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"
vswitch_id = \"${vswitch.main.id}\"
security_group_ids = [\"${security_group.web.id}\"]
internet_max_bandwidth_out = 5

[output]
web_ip = \"${instance.web.public_ip}\"
";

#[test]
fn the_first_hour() {
    let mut session = Session::new(World::new());
    session
        .types("")
        .answers(
            "init",
            &[
                ("Name of the project", "shop\n"),
                ("Region", "\n"),
                ("Begin with", "empty\n"),
            ],
        )
        .types("validate")
        .types("plan")
        .writes("infra.toml", SHOP)
        .types("doctor")
        .types("plan")
        .answers("apply", &[("Only yes goes ahead", "no\n")])
        .answers("apply", &[("Only yes goes ahead", "yes\n")])
        .types("plan")
        .types("status")
        .types("output")
        .types("output -r web_ip")
        .types("state list")
        .types("show vswitch.main")
        .types("graph")
        .ends(&expect_test::expect_file!["transcripts/the_first_hour.txt"]);
}

#[test]
fn mistakes_in_the_file() {
    let mut session = Session::new(World::new());
    let wrong = SHOP
        .replace("instance_type", "instance_tpye")
        .replace("${vpc.main.id}\"\nzone", "${vpc.mian.id}\"\nzone")
        .replace("\"443\"", "\"99443\"");
    session
        .types("plan")
        .types("deploy")
        .types("plan --fast")
        .writes("infra.toml", &wrong)
        .types("validate")
        .types("explain E0201")
        .ends(&expect_test::expect_file!["transcripts/mistakes_in_the_file.txt"]);
}

#[test]
fn every_day_after() {
    let mut session = Session::new(World::new());
    session.world.write("infra.toml", SHOP);
    session.world.apply().exits(0);
    let changed = SHOP
        .replace("ecs.g7.large", "ecs.g7.xlarge")
        .replace("\"443\"", "\"8443\"");
    let vpc = id_of(&session.world, "vpc.main");
    session.world.write("infra.toml", &changed);
    session
        .types("plan -o shop.plan")
        .types("show shop.plan --compact");
    let rename = |session: &Session, name: &str| {
        let params = [("RegionId", "cn-hangzhou"), ("VpcId", &vpc), ("VpcName", name)];
        session.world.call("Vpc", "ModifyVpcAttribute", &params)
    };
    rename(&session, "by-hand");
    session.types("drift").types("status");
    // Otherwise it would be changed back beside the others.
    rename(&session, "shop");
    session.types("apply shop.plan");
    let moved = changed.replace("10.0.1.0/24", "10.0.2.0/24");
    session.world.write("infra.toml", &moved);
    session
        .answers("apply", &[("type the project name", "shop\n")])
        .answers("destroy", &[("type the project name", "shop\n")])
        .types("status")
        .ends(&expect_test::expect_file!["transcripts/every_day_after.txt"]);
}

fn id_of(world: &World, address: &str) -> String {
    let state: serde_json::Value = serde_json::from_str(&world.read(".infra/state/default.json")).unwrap();
    state["resources"][address]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_failure_and_the_way_on() {
    let mut session = Session::new(World::new());
    session.world.write("infra.toml", SHOP);
    session
        .world
        .faults(&["CreateInstance:refuse=OperationDenied.NoStock@1"]);
    session
        .types("apply --auto-approve")
        .types("apply --auto-approve --no-input")
        .types("apply --no-input")
        .ends(&expect_test::expect_file![
            "transcripts/a_failure_and_the_way_on.txt"
        ]);
}

#[test]
fn what_exists_already() {
    let mut session = Session::new(World::new());
    let made = session.world.call(
        "Vpc",
        "CreateVpc",
        &[
            ("RegionId", "cn-hangzhou"),
            ("CidrBlock", "10.9.0.0/16"),
            ("VpcName", "old"),
        ],
    );
    let id = made["VpcId"].as_str().unwrap().to_owned();
    session
        .writes(
            "infra.toml",
            "[infra]\nname = \"shop\"\nregion = \"cn-hangzhou\"\n\n[vpc.old]\ncidr_block = \"10.9.0.0/16\"\nname = \"old\"\n",
        )
        .types(&format!("import vpc.old {id}"))
        .types("plan")
        .types("import vpc.old vpc-nowhere");
    // Without a block one is written.
    let params = [
        ("RegionId", "cn-hangzhou"),
        ("VpcId", id.as_str()),
        ("ZoneId", "cn-hangzhou-h"),
        ("CidrBlock", "10.9.1.0/24"),
        ("VSwitchName", "old-a"),
    ];
    let made = session.world.call("Vpc", "CreateVSwitch", &params);
    let inner = made["VSwitchId"].as_str().unwrap().to_owned();
    session
        .types(&format!("import --print vswitch.old {inner}"))
        .types(&format!("import vswitch.old {inner}"));
    let text = session.world.read("infra.toml");
    session.writes("infra.toml", &text).types("plan");
    for id in [&id, &inner] {
        session.text = session.text.replace(id.as_str(), &steady(id));
    }
    session.ends(&expect_test::expect_file!["transcripts/what_exists_already.txt"]);
}

/// From an empty folder, by what the README, the help and the screens themselves say.
#[test]
fn a_newcomer_without_an_account() {
    let mut session = Session::side_by_side(World::offline());
    session
        .types("")
        .types("demo --help")
        .answers("demo", &[("Enter goes ahead", "\n")])
        .types("status -C infra-demo --sim");
    let demo = session.world.read("infra-demo/infra.toml");
    assert!(demo.contains("ecs.t6-c1m1.large"), "{demo}");
    session
        .writes(
            "infra-demo/infra.toml",
            &demo.replace("ecs.t6-c1m1.large", "ecs.g7.large"),
        )
        .types("plan -C infra-demo --sim")
        .answers("apply -C infra-demo --sim", &[("Only yes goes ahead", "yes\n")])
        .answers(
            "destroy -C infra-demo --sim",
            &[("type the project name", "quickstart\n")],
        )
        .types("status -C infra-demo --sim")
        .ends(&expect_test::expect_file![
            "transcripts/a_newcomer_without_an_account.txt"
        ]);
}

/// The same with a project of one's own.
#[test]
fn a_project_of_ones_own() {
    let mut session = Session::side_by_side(World::offline());
    session
        .types("init --help")
        .answers(
            "init",
            &[
                ("Name of the project", "shop\n"),
                ("Region", "\n"),
                ("Begin with", "server\n"),
                ("From where may ssh", "203.0.113.7/32\n"),
            ],
        )
        .types("graph")
        .answers("apply --sim", &[("Only yes goes ahead", "yes\n")]);
    let text = session.world.read("infra.toml");
    let changed = text.replace("203.0.113.7/32", "192.0.2.0/24");
    assert_ne!(text, changed);
    session
        .writes("infra.toml", &changed)
        .types("plan --sim")
        .answers("apply --sim", &[("Only yes goes ahead", "yes\n")])
        .answers("destroy --sim", &[("type the project name", "shop\n")])
        .ends(&expect_test::expect_file![
            "transcripts/a_project_of_ones_own.txt"
        ]);
}

#[test]
fn what_is_remembered_and_its_repair() {
    let mut session = Session::new(World::new());
    session.world.write("infra.toml", SHOP);
    session.world.apply().exits(0);
    let renamed = SHOP.replace("vpc.main", "vpc.shop");
    session
        .types("state list")
        .types("state show vpc.main")
        .types("state mv vpc.main vpc.shop")
        .types("plan --compact");
    session.world.write("infra.toml", &renamed);
    session
        .types("plan --compact")
        .types("state rm instance.web")
        .types("state restore --list")
        .types("state restore")
        .types("state list")
        .types("state show vpc.nowhere")
        .types("apply --auto-approve --compact")
        .types("state forget-stray i-nowhere")
        .types("unlock");
    std::fs::remove_dir_all(session.world.path().join(".infra")).unwrap();
    session
        .types("plan")
        .types("state rebuild")
        .types("plan --compact")
        .ends(&expect_test::expect_file![
            "transcripts/what_is_remembered_and_its_repair.txt"
        ]);
}

#[test]
fn around_the_files() {
    let mut session = Session::new(World::offline());
    session
        .world
        .write("infra.toml", &SHOP.replace("name = ", "name="));
    session
        .types("fmt --check")
        .types("fmt")
        .types("fmt --check")
        .types("validate --format github")
        .types("schema vswitch")
        .types("schema disc")
        .types("graph instance.web")
        .types("graph --format mermaid")
        .types("graph --format dot")
        .types("explain E0306 --lang zh")
        .types("explain E9999")
        .types("version")
        .types("completions --values addresses")
        .types("man pages")
        .ends(&expect_test::expect_file!["transcripts/around_the_files.txt"]);
}

#[test]
fn a_plan_that_is_reviewed() {
    let mut session = Session::new(World::new());
    session.world.write("infra.toml", SHOP);
    session
        .types("plan -o shop.plan --compact")
        .types("graph shop.plan")
        .types("apply shop.plan")
        .types("drift")
        .types("output web_ip")
        .types("output nothing")
        .types("plan --rehearse --replace vswitch.main --compact")
        .types("destroy --auto-approve")
        .ends(&expect_test::expect_file![
            "transcripts/a_plan_that_is_reviewed.txt"
        ]);
}
