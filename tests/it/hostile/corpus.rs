//! Repositories of strangers, and how `validate` is to refuse each.

use super::LINE;

/// A repository.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// `HEAD` alone, or with a whole stack whose server gets these lines.
    pub(super) text: String,
    pub(super) files: &'static [(&'static str, &'static str)],
    /// Link and what it points to; `OUT/` and `HOME/` are places outside.
    pub(super) links: &'static [(&'static str, &'static str)],
    pub(super) fifo: Option<&'static str>,
    /// A file of a terabyte that takes no room.
    pub(super) vast: Option<&'static str>,
    /// The code with which `validate` refuses it; none if there is nothing wrong with it.
    pub(super) code: Option<&'static str>,
}

const HEAD: &str = "[infra]\nname = \"x\"\nregion = \"cn-hangzhou\"\n";

fn case(name: &'static str, text: String, code: &'static str) -> Case {
    Case {
        name,
        text,
        files: &[],
        links: &[],
        fifo: None,
        vast: None,
        code: (!code.is_empty()).then_some(code),
    }
}

/// A stack whose server has these lines.
pub(super) fn server(lines: &str) -> String {
    format!(
        "{HEAD}[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n\
         [vswitch.main]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"cn-hangzhou-h\"\ncidr_block = \"10.0.1.0/24\"\n\
         [security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\n\
         [instance.web]\ninstance_type = \"ecs.t6-c1m1.large\"\n\
         image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${{vswitch.main.id}}\"\n\
         security_group_ids = [\"${{security_group.web.id}}\"]\n{lines}\n"
    )
}

/// The same behind `[infra]` with more tables or keys in front.
fn with(before: &str, lines: &str) -> String {
    server(lines).replacen(HEAD, &format!("{HEAD}{before}\n"), 1)
}

fn linked(name: &'static str, text: String, links: &'static [(&str, &str)], code: &'static str) -> Case {
    Case {
        links,
        ..case(name, text, code)
    }
}

fn filed(name: &'static str, text: String, files: &'static [(&str, &str)], code: &'static str) -> Case {
    Case {
        files,
        ..case(name, text, code)
    }
}

pub(super) fn variables() -> Vec<Case> {
    let password = |name: &str| server(&format!("password = {{ env = \"{name}\" }}"));
    vec![
        case(
            "the key's own secret",
            password("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
            "E0413",
        ),
        case(
            "the old name of the secret",
            password("ALICLOUD_SECRET_KEY"),
            "E0413",
        ),
        case("a token", password("GITHUB_TOKEN"), "E0413"),
        case(
            "another cloud's secret",
            password("AWS_SECRET_ACCESS_KEY"),
            "E0413",
        ),
        case("an api key", password("OPENAI_API_KEY"), "E0413"),
        case(
            "a token by way of a variable",
            with(
                "[var.name]\ndefault = \"GITHUB_TOKEN\"",
                "password = { env = \"${var.name}\" }",
            ),
            "E0413",
        ),
        case(
            "a token in two halves",
            with(
                "[local]\nhalf = \"GITHUB_\"",
                "password = { env = \"${local.half}TOKEN\" }",
            ),
            "E0413",
        ),
        case("something that is no password", password("PATH"), ""),
        case("a name with an equals sign", password("A=B"), ""),
    ]
}

pub(super) fn files() -> Vec<Case> {
    let password = |path: &str| server(&format!("password = {{ file = \"{path}\" }}"));
    let data = |path: &str| server(&format!("user_data_file = \"{path}\""));
    let mut cases = vec![
        case(
            "a password from an absolute path",
            password("OUT/secret.txt"),
            "E0409",
        ),
        case("a password from above", password("../out/secret.txt"), "E0409"),
        case(
            "a password from above by a detour",
            password("env/../../out/secret.txt"),
            "E0409",
        ),
        case(
            "a password from the process",
            password("/proc/self/environ"),
            "E0409",
        ),
        case("a password from a device", password("/dev/stdin"), "E0409"),
        case("a password from the home", password("~/.ssh/id"), ""),
        case(
            "a password from a backslash path",
            password("..\\\\out\\\\secret.txt"),
            "E0409",
        ),
        case(
            "a password from above by way of a variable",
            with(
                "[var.up]\ndefault = \"..\"",
                "password = { file = \"${var.up}/out/secret.txt\" }",
            ),
            "E0409",
        ),
        linked(
            "a password behind a link",
            password("link"),
            &[("link", "OUT/secret.txt")],
            "E0409",
        ),
        linked(
            "a password behind a linked folder",
            password("dir/secret.txt"),
            &[("dir", "OUT")],
            "E0409",
        ),
        linked(
            "a password behind two links",
            password("a"),
            &[("a", "b"), ("b", "HOME/.ssh/id")],
            "E0409",
        ),
        case("user data from an absolute path", data("HOME/.ssh/id"), "E0409"),
        case("user data from above", data("../home/.ssh/id"), "E0409"),
        case("user data from the process", data("/proc/self/environ"), "E0409"),
        linked(
            "user data behind a link",
            data("link"),
            &[("link", "HOME/.ssh/id")],
            "E0409",
        ),
        linked(
            "user data behind a linked folder",
            data("dir/id"),
            &[("dir", "HOME/.ssh")],
            "E0409",
        ),
        linked(
            "user data from a linked device",
            data("zero"),
            &[("zero", "/dev/zero")],
            "E0409",
        ),
        linked(
            "a configuration that is a link",
            HEAD.to_owned(),
            &[("more.infra.toml", "HOME/.aliyun/config.json")],
            "E0102",
        ),
        linked(
            "a configuration of the process",
            HEAD.to_owned(),
            &[("more.infra.toml", "/proc/self/environ")],
            "E0102",
        ),
        linked(
            "a configuration on a device",
            HEAD.to_owned(),
            &[("more.infra.toml", "/dev/zero")],
            "E0102",
        ),
        linked(
            "an environment that is a link",
            format!("{HEAD}default_env = \"prod\"\n"),
            &[("env/prod.toml", "OUT/secret.txt")],
            "E0102",
        ),
        linked(
            "environments that are a link",
            format!("{HEAD}default_env = \"secret\"\n"),
            &[("env", "OUT")],
            "E0102",
        ),
        linked(
            "a root that is a link",
            String::new(),
            &[("infra.toml", "HOME/.aliyun/config.json")],
            "E0102",
        ),
        linked("a state elsewhere", server(""), &[(".infra", "OUT")], ""),
        linked("states elsewhere", server(""), &[(".infra/state", "OUT")], ""),
    ];
    for (name, file, text, code) in [
        ("a password from a pipe", "pipe", password("pipe"), "E0409"),
        ("user data from a pipe", "pipe", data("pipe"), "E0409"),
        (
            "a configuration that is a pipe",
            "more.infra.toml",
            HEAD.to_owned(),
            "E0102",
        ),
    ] {
        cases.push(Case {
            fifo: Some(file),
            ..case(name, text, code)
        });
    }
    cases
}

pub(super) fn endpoints() -> Vec<Case> {
    [
        ("an endpoint on this machine", "http://127.0.0.1:PORT"),
        ("an endpoint called localhost", "http://localhost:PORT"),
        ("an endpoint with a user", "http://user@127.0.0.1:PORT"),
        (
            "an endpoint of a stranger",
            "https://ecs.cn-hangzhou.aliyuncs.com.evil.invalid",
        ),
        (
            "an endpoint of a customer",
            "https://mine.cn-hangzhou.fc.aliyuncs.com",
        ),
        (
            "an endpoint that only looks right",
            "https://ecs.cn-hangzhou.aliyuncs.com:PORT",
        ),
        ("an endpoint in a variable", "${var.where}"),
    ]
    .into_iter()
    .map(|(name, endpoint)| {
        case(
            name,
            with(
                &format!("endpoint = \"{endpoint}\"\n[var.where]\ndefault = \"http://127.0.0.1:PORT\""),
                "",
            ),
            "E0414",
        )
    })
    .collect()
}

/// Mistakes on lines with a secret, or next to one.
pub(super) fn lines() -> Vec<Case> {
    let line = |line: &str| server(&line.replace("LINE", LINE));
    let variable = |text: &str, lines: &str| with(&text.replace("LINE", LINE), lines);
    const SENSITIVE: &str = "[var.db]\nsensitive = true\ndefault = \"LINE\"";
    const ENV: &[(&str, &str)] = &[("env/prod.toml", "db = Canary-Line-6u\n")];
    vec![
        case("a password", line("password = \"LINE\""), "E0411"),
        case("a password without quotes", line("password = LINE"), "E0111"),
        case(
            "a password whose text is not closed",
            line("password = \"LINE"),
            "E0111",
        ),
        case(
            "a password in the wrong table",
            line("password = { text = \"LINE\" }"),
            "E0201",
        ),
        case(
            "a password twice",
            line("password = \"LINE\"\npassword = \"LINE\""),
            "E0206",
        ),
        case("a misspelt password", line("pasword = \"LINE\""), "E0201"),
        case(
            "a misspelt password without quotes",
            line("passwrod = LINE"),
            "E0111",
        ),
        case(
            "a misspelt password in words",
            line("pass word = \"LINE\""),
            "E0111",
        ),
        case("a password in capitals", line("PASSWORD = LINE"), "E0111"),
        case("a key that sounds secret", line("root_secret = LINE"), "E0111"),
        case("a token without a sign", line("token \"LINE\""), "E0111"),
        case("a password behind a colon", line("password: LINE"), "E0111"),
        case(
            "a password in a comment",
            line("zone_id = 3 # password: LINE"),
            "E0203",
        ),
        case(
            "a password as the type",
            line("status = \"x\", password = \"LINE\""),
            "E0111",
        ),
        case("a password as a tag", line("tags = { password = LINE }"), "E0111"),
        case(
            "a secret in [infra]",
            variable("access_key_secret = LINE", ""),
            "E0111",
        ),
        case(
            "a sensitive variable as a name",
            variable(SENSITIVE, "name = \"${var.db}\""),
            "E0313",
        ),
        case(
            "a sensitive variable as a word",
            variable(SENSITIVE, "instance_charge_type = \"${var.db}\""),
            "E0313",
        ),
        case(
            "a sensitive variable as a project",
            variable(SENSITIVE, "").replace("name = \"x\"", "name = \"${var.db}\""),
            "E0313",
        ),
        case(
            "a sensitive default without quotes",
            variable("[var.db]\nsensitive = true\ndefault = LINE", ""),
            "E0111",
        ),
        case(
            "a sensitive default that is known only later",
            variable("[var.db]\ndefault = LINE\nsensitive = true", ""),
            "E0111",
        ),
        case(
            "a sensitive default in one line",
            variable("[var]\ndb = { sensitive = true, default = LINE }", ""),
            "E0111",
        ),
        case(
            "a sensitive default of the wrong type",
            variable(
                "[var.db]\nsensitive = true\ntype = \"integer\"\ndefault = \"LINE\"",
                "",
            ),
            "E0504",
        ),
        case(
            "a sensitive value that is not allowed",
            variable(
                "[var.db]\nsensitive = true\ndefault = \"other\"\nallowed = [\"LINE\"]",
                "",
            ),
            "E0504",
        ),
        filed(
            "a sensitive value in an environment",
            variable(&format!("default_env = \"prod\"\n{SENSITIVE}"), ""),
            ENV,
            "E0111",
        ),
        filed(
            "a sensitive value of a name that does not exist",
            variable("default_env = \"prod\"", ""),
            &[("env/prod.toml", "db_token = \"Canary-Line-6u\"\n")],
            "E0502",
        ),
        case(
            "a sensitive output",
            variable(
                SENSITIVE,
                "[output]\ndb = { value = \"${var.db}\", sensitive = true }",
            ),
            "",
        ),
        case(
            "a sensitive output that nobody called so",
            variable(SENSITIVE, "[output]\ndb = \"${var.db}\""),
            "",
        ),
    ]
}

/// Links and pipes where the tool keeps files of its own.
pub(super) fn own_files() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        (
            "a state that is a link",
            &[(".infra/state/default.json", "OUT/secret.txt")] as &[(&str, &str)],
        ),
        (
            "a journal that is a link",
            &[(".infra/state/default.journal", "OUT/secret.txt")],
        ),
        (
            "a lock that is a link",
            &[(".infra/state/default.lock", "OUT/secret.txt")],
        ),
        (
            "a lock that is made elsewhere",
            &[(".infra/state/default.lock", "OUT/new")],
        ),
        (
            "a list for git that is a link",
            &[(".infra/.gitignore", "OUT/secret.txt")],
        ),
        ("a list for git elsewhere", &[(".infra/.gitignore", "OUT/new")]),
        ("backups elsewhere", &[(".infra/state/backup", "OUT")]),
        ("a plan that is a link", &[("p.plan", "OUT/secret.txt")]),
        ("a plan that is made elsewhere", &[("p.plan", "OUT/new")]),
        ("a plan on a device", &[("p.plan", "/dev/zero")]),
    ]
    .into_iter()
    .map(|(name, links)| linked(name, server(""), links, ""))
    .collect();
    for (name, file) in [
        ("a state that is a pipe", ".infra/state/default.json"),
        ("a journal that is a pipe", ".infra/state/default.journal"),
        ("a lock that is a pipe", ".infra/state/default.lock"),
    ] {
        cases.push(Case {
            fifo: Some(file),
            ..case(name, server(""), "")
        });
    }
    cases.push(filed(
        "a state of a stranger",
        server(""),
        &[(
            ".infra/state/default.json",
            "{\"format\": 2, \"lineage\": \"Canary\", \"serial\": 7, \"resources\": {}}",
        )],
        "",
    ));
    cases.push(filed(
        "a plan of a stranger",
        server(""),
        &[(
            "p.plan",
            "{\"format\": 1, \"calls\": [{\"action\": \"DeleteInstance\"}]}",
        )],
        "",
    ));
    cases
}

/// What git and this tool keep in the folder is not the repository's: a token in the clone's address, a state.
pub(super) fn kept_files() -> Vec<Case> {
    const GIT: &[(&str, &str)] = &[
        (".git/config", "Canary-Line-6u\n"),
        (".infra/kept", "Canary-Line-6u\n"),
        ("below/.git/config", "Canary-Line-6u\n"),
    ];
    let password = |path: &str| server(&format!("password = {{ file = \"{path}\" }}"));
    let data = |path: &str| server(&format!("user_data_file = \"{path}\""));
    vec![
        filed(
            "a password from git's configuration",
            password(".git/config"),
            GIT,
            "E0409",
        ),
        filed(
            "user data from git's configuration",
            data(".git/config"),
            GIT,
            "E0409",
        ),
        filed(
            "user data from git's configuration by a detour",
            data("./env/./../.git/config"),
            GIT,
            "E0409",
        ),
        filed(
            "user data from git's configuration in capitals",
            data(".GIT/config"),
            GIT,
            "E0409",
        ),
        filed(
            "user data from git's configuration further below",
            data("below/.git/config"),
            GIT,
            "E0409",
        ),
        filed(
            "a password from this tool's folder",
            password(".infra/kept"),
            GIT,
            "E0409",
        ),
        Case {
            vast: Some("vast"),
            ..case("user data of a terabyte", data("vast"), "E0409")
        },
        Case {
            vast: Some("vast"),
            ..case("a password of a terabyte", password("vast"), "")
        },
        Case {
            vast: Some("more.infra.toml"),
            ..case("a configuration of a terabyte", HEAD.to_owned(), "E0103")
        },
        Case {
            vast: Some("env/prod.toml"),
            ..case(
                "an environment of a terabyte",
                format!("{HEAD}default_env = \"prod\"\n"),
                "E0103",
            )
        },
        Case {
            fifo: Some("env/prod.toml"),
            ..case(
                "an environment that is a pipe",
                format!("{HEAD}default_env = \"prod\"\n"),
                "E0102",
            )
        },
        case(
            "an environment from above",
            format!("{HEAD}default_env = \"../../out/secret\"\n"),
            "E0501",
        ),
        case(
            "an environment from elsewhere",
            format!("{HEAD}default_env = \"OUT/secret\"\n"),
            "E0501",
        ),
    ]
}

/// Names and texts that would speak to the terminal, and texts that would take all memory or all time.
pub(super) fn texts() -> Vec<Case> {
    let nested = |open: &str, close: &str| {
        format!(
            "{HEAD}[local]\na = {}{}\n",
            open.repeat(50_000),
            close.repeat(50_000)
        )
    };
    let vpc = |key: &str, text: &str| {
        format!("{HEAD}[vpc.main]\ncidr_block = \"10.0.0.0/16\"\n{key} = \"{text}\"\n")
    };
    vec![
        case(
            "a name that clears the screen",
            vpc("name", "\\u001b[2J\\u001b]0;mine\\u0007"),
            "",
        ),
        case(
            "a description that turns the writing",
            vpc("description", "safe \\u202e dlrow"),
            "",
        ),
        case(
            "a tag that speaks to the terminal",
            vpc("tags", "").replace("tags = \"\"", "tags = { \"a\\u001b[31m\" = \"b\\u009b31m\" }"),
            "",
        ),
        case(
            "a project that speaks to the terminal",
            HEAD.replace("\"x\"", "\"x\\u001b[2J\""),
            "E0210",
        ),
        case(
            "an output that speaks to the terminal",
            format!("{HEAD}[output]\n\"a\\u001b[2J\" = \"x\"\n"),
            "E0210",
        ),
        case(
            "an output with a text that speaks to the terminal",
            format!("{HEAD}[output]\na = \"x\\u001b]52;c;bWluZQ==\\u0007\"\n"),
            "",
        ),
        case(
            "a block that speaks to the terminal",
            format!("{HEAD}[vpc.\"a\\u001b[2J\"]\ncidr_block = \"10.0.0.0/16\"\n"),
            "E0210",
        ),
        case(
            "a line that speaks to the terminal",
            format!("{HEAD}\u{1b}[2J = 1\n"),
            "E0111",
        ),
        case(
            "a comment that speaks to the terminal",
            format!("{HEAD}# \u{202e}\nzone = \n"),
            "E0111",
        ),
        filed(
            "a file whose name speaks to the terminal",
            HEAD.to_owned(),
            &[("a\u{1b}[2Jb.infra.toml", "[vpc.main\n")],
            "E0111",
        ),
        case("lists in lists", nested("[", "]"), "E0111"),
        case("tables in tables", nested("{a=", "}"), "E0111"),
        case(
            "a key of many parts",
            format!("{HEAD}[local]\n{} = 1\n", "a.".repeat(50_000) + "a"),
            "E0111",
        ),
        case(
            "a header of many parts",
            format!("{HEAD}[{}]\n", "a.".repeat(50_000) + "a"),
            "E0111",
        ),
        case(
            "references in references",
            format!("{HEAD}[output]\na = \"{}\"\n", "${".repeat(50_000)),
            "E0307",
        ),
        case(
            "more copies than there can be",
            vpc("name", "x").replace("name", "count = 2000000000\nname"),
            "E0208",
        ),
        case(
            "a pattern that would take for ever",
            format!(
                "{HEAD}[data.image.x]\nname_regex = \"((((a{{1,999}}){{1,999}}){{1,999}}){{1,999}})+$\"\n"
            ),
            "E0410",
        ),
        case(
            "moves in a circle",
            format!(
                "{HEAD}[[moved]]\nfrom = \"vpc.a\"\nto = \"vpc.b\"\n[[moved]]\nfrom = \"vpc.b\"\nto = \"vpc.a\"\n"
            ),
            "E0301",
        ),
        case(
            "a move next to a secret",
            format!("{HEAD}[[moved]]\nfrom = vpc.a # password = {LINE}\n"),
            "E0111",
        ),
        case(
            "an import by a secret",
            format!("{HEAD}[[import]]\nto = \"vpc.none\"\npassword = \"{LINE}\"\n"),
            "E0201",
        ),
        case(
            "a policy with a secret",
            format!("{HEAD}[policy]\nsecret = \"{LINE}\"\n"),
            "E0201",
        ),
        case(
            "data chosen by a secret",
            format!("{HEAD}[data.image.x]\naccess_token = \"{LINE}\"\n"),
            "E0201",
        ),
        case("a file of no text", format!("{HEAD}\u{0}\u{0}"), "E0111"),
    ]
}
