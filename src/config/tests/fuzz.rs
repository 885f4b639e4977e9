//! Nothing that stands in a file makes it panic, and no secret comes out again.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::support::{BASE, Project};
use crate::diagnostic::Diagnostic;
use crate::env::chance::fuzz_cases;
use crate::ui::diagnostic_forms::{to_github, to_json};
use crate::ui::diagnostics::{Style, render};

/// Pieces of configurations, right ones and wrong ones.
const PIECES: &[&str] = &[
    "[infra]\nname = \"x\"\n",
    "[instance.web]\n",
    "[instance.web]\ninstance_type = \"a\"\nsecurity_group_ids = []\n",
    "[[security_group.web.ingress]]\n",
    "[security_group.b]\nvpc_id = \"${vpc.main.id}\"\n",
    "[vpc.b]\ncidr_block = \"10.1.0.0/16\"\n",
    "[vswitch.b]\nvpc_id = \"${vpc.b.id}\"\ncidr_block = \"10.1.0.0/24\"\nzone_id = \"cn-hangzhou-i\"\n",
    "[local]\n",
    "[var.x]\ndefault = [1, 2]\n",
    "[output]\n",
    "[\"李雷\".\"\"]\n",
    "[[",
    "]]\n",
    "count = 3\n",
    "count = \"${var.x[0]}\"\n",
    "for_each = [\"a\", \"b c\", \"\"]\n",
    "for_each = { a = 1, \"7\" = { b = 2 } }\n",
    "name = \"${each.key}-${count.index}\"\n",
    "a = \"${local.b}\"\n",
    "b = \"${local.a}${local.c}\"\n",
    "c = \"${instance.web[*].id}\"\n",
    "d = \"${instance.web[a].id}${instance.web[count.index].name}\"\n",
    "depends_on = [\"vpc.main\", \"instance.web[0]\", \"x\"]\n",
    "lifecycle = { prevent_destroy = \"${var.x}\" }\n",
    "user_data_file = \"${local.a}/../x\"\n",
    "user_data = \"${HOME} $${x}\"\n",
    "password = \"hunter2\"\n",
    "password = 'hunter2' # in May\n",
    "{ password = \"hunter2\", x = 1 }\n",
    "password = { env = \"A\" }\n",
    "system_disk = { size = 40, category = \"cloud_essd\" }\n",
    "tags = { a = \"b\", \"acs:x\" = 1 }\n",
    "ingress = [{ port_range = \"22\" }, 3]\n",
    "cidr_block = \"10.0.0.1/8\"\n",
    "负责人 = 1\n",
    "x = 1979-05-27\n",
    "x = 99999999999999999999\n",
    "x = 1.5\n",
    "\"\\u0000\" = \"\\u202e\\u001b[2J\"\n",
    "x = \"a\n",
    "x = ${vpc.main.id}\n",
    "${",
    "}",
    "[*]",
    "\"",
    "'",
    "{",
    "[",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\r\n",
    "\t",
    "\u{feff}",
    "李",
    "\u{0}",
];

fn cases() -> u32 {
    u32::try_from(fuzz_cases(200)).unwrap()
}

/// Loads it and shows what is wrong, in every form.
fn run(project: &Project, width: usize) -> String {
    let loaded = project.load();
    let style = |color| Style {
        color,
        width,
        all: true,
    };
    let plain = render(&loaded.diagnostics, &loaded.sources, style(false));
    let colored = render(&loaded.diagnostics, &loaded.sources, style(true));
    assert_eq!(
        console::strip_ansi_codes(&colored),
        plain,
        "colour changes the text"
    );
    let json: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|diagnostic| to_json(diagnostic, &loaded.sources).to_string())
        .collect();
    let order: Vec<_> = loaded.diagnostics.iter().map(first_place).collect();
    assert!(order.is_sorted(), "not in order: {order:?}");
    let github = to_github(&loaded.diagnostics, &loaded.sources, "");
    assert_eq!(github.lines().count(), loaded.diagnostics.len());
    format!("{plain}{}{github}{:?}", json.join("\n"), loaded.config.resources)
}

fn first_place(diagnostic: &Diagnostic) -> Option<(&str, usize)> {
    let location = &diagnostic.labels.first()?.location;
    Some((&location.file, location.start))
}

#[test]
fn a_slip_does_not_show_what_was_meant_as_a_secret() {
    for line in [
        "password 'hunter2'",
        "password \"hunter2\"",
        "password hunter2",
        "password: hunter2",
        "password:'hunter2'",
        "\"password\" -> hunter2",
        "  password\"hunter2\"",
        "x = { password 'hunter2' }",
        "password = { value = 'hunter2'",
        "password = = 'hunter2'",
        "password =",
    ] {
        let shown = run(&Project::new(&format!("{BASE}[instance.web]\n{line}\n")), 80);
        assert!(shown.contains("error"), "{line}");
        assert!(!shown.contains("hunter2"), "{line}:\n{shown}");
    }
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn pieces_in_any_order_are_read_and_keep_their_secrets(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40),
        other in prop::collection::vec(prop::sample::select(PIECES), 0..10),
        base in any::<bool>(),
        width in 0_usize..130,
    ) {
        let text = format!("{}{}", if base { BASE } else { "" }, pieces.concat());
        let project = Project::new(&text)
            .file("b.infra.toml", other.concat())
            .file("env/prod.toml", other.concat())
            .environment("prod")
            .set("x", &other.concat());
        let shown = run(&project, width);
        prop_assert!(!shown.contains("hunter2"), "{}", shown);
    }

    #[test]
    fn a_correct_file_with_a_few_changed_bytes_is_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = format!("{BASE}{}password = {{ env = \"A\" }}\nuser_data = \"\"\"\nx\n\"\"\"\n", super::WEB).into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        run(&Project::default().file("infra.toml", bytes.clone()), 80);
        bytes.truncate(cut.index(bytes.len()));
        run(&Project::default().file("infra.toml", bytes), 80);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        run(&Project::default().file("infra.toml", bytes), 60);
    }
}
