"""The schemas for editors as taplo and tombi understand them: on the examples, and on files with one mistake each.

    check.py TAPLO TOMBI

The mistakes are those of tests/it/commands/mistakes.txt with these titles. Each line of the answer is `ok WHAT` or
`FAILED WHAT`.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What a schema cannot know: other tables, the world, and what a shell means.
BEYOND_SCHEMAS = [
    "no such block", "unknown variable", "cycle of resources", "count forgotten", "zone of another region",
    "network outside of its network", "shell variable in user data",
]
# What only finished files can be asked for.
FINISHED_ONLY = ["missing key", "both of a pair", "server without a network"]
WHILE_TYPING = [
    "unknown key", "key of the API", "unknown type", "text for a number", "text for a list", "whole block",
    "id of another kind", "reference without quotes", "same name twice", "region of a city", "zone in the wrong form",
    "type of another cloud", "network without its length", "password in the file", "Chinese bare key",
    "word that is none of them", "number out of range", "key of a nested table",
]
LEAST = {"infra.strict.schema.json": 21, "infra.schema.json": 18}

failed = 0


def check(what, holds, seen=""):
    global failed
    failed += not holds
    print(f"ok {what}" if holds else f"FAILED {what}: {seen}")


def constant(name):
    source = (ROOT / "tests/it/commands/mistakes.rs").read_text()
    return re.search(rf'const {name}: &str = r#"(.*?)"#;', source, re.DOTALL).group(1)


def mistakes():
    text = (ROOT / "tests/it/commands/mistakes.txt").read_text()
    base, web = constant("BASE"), constant("WEB")
    found = {}
    for part in text.split("\n== ")[1:]:
        title, rest = part.split("\n", 1)
        lines = rest.split("\n--\n")[0].rstrip().split("\n")
        body = "\n".join(web.rstrip() if line == "@web" else line for line in lines)
        whole = body.startswith("@whole\n")
        found[title] = body.removeprefix("@whole\n") + "\n" if whole else f"{base}\n{body}\n"
    return found


def tombi(program, folder, schema):
    (folder / "tombi.toml").write_text(
        'toml-version = "v1.0.0"\n[[schemas]]\npath = "schema.json"\ninclude = ["**/*.toml"]\n'
    )
    names = sorted(path.name for path in folder.glob("*.toml") if path.name != "tombi.toml")
    done = subprocess.run([program, "lint", "--offline", *names], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def taplo(program, folder, schema):
    names = sorted(path.name for path in folder.glob("*.toml") if path.name != "tombi.toml")
    done = subprocess.run(
        [program, "check", "--colors", "never", "--schema", f"file://{folder}/schema.json", *names],
        cwd=folder, capture_output=True, text=True,
    )
    return done.stdout + done.stderr


def blamed(answer):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", answer)
    # Tombi warns of style as well, which is nobody's mistake.
    plain = re.sub(r"Warning: .*\n.*", "", plain)
    return set(re.findall(r"([\w-]+)\.toml:\d+:\d+", plain))


def main():
    programs = [("taplo", taplo, sys.argv[1]), ("tombi", tombi, sys.argv[2])]
    wrong = mistakes()
    titles = WHILE_TYPING + FINISHED_ONLY + BEYOND_SCHEMAS
    check("there are 28 mistakes", len(set(titles)) == 28 and all(title in wrong for title in titles),
          [title for title in titles if title not in wrong])
    for schema, least in LEAST.items():
        for name, lint, program in programs:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                (folder / "schema.json").write_bytes((ROOT / "schema" / schema).read_bytes())
                (folder / "right-base.toml").write_text(constant("BASE"))
                for example in sorted((ROOT / "examples").glob("*/infra.toml")):
                    (folder / f"right-{example.parent.name}.toml").write_text(example.read_text())
                files = {title.replace(" ", "-"): title for title in titles}
                for file, title in files.items():
                    (folder / f"{file}.toml").write_text(wrong[title])
                answer = lint(program, folder, schema)
                named = blamed(answer)
                falsely = sorted(one for one in named if one.startswith("right-"))
                check(f"{name} accepts what is right with {schema}", not falsely, falsely)
                caught = [title for file, title in files.items() if file in named]
                missed = [title for title in WHILE_TYPING + FINISHED_ONLY if title not in caught]
                check(f"{name} catches {len(caught)} of 28 with {schema}", len(caught) >= least, f"missed {missed}")
    sys.exit(failed > 0)


main()
