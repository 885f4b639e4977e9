"""What bash, zsh and fish complete with the scripts that infra prints: commands, addresses, environments and codes.

    shells.py PATH_TO_INFRA

The Tab key is typed in tmux. Each line of the answer is `ok WHAT` or `FAILED WHAT`.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from terminal import Terminal

ROOT = pathlib.Path(__file__).resolve().parents[2]
# How each is started with nothing of anybody's own, and what it is told first.
SHELLS = {
    "bash": ("bash --norc --noprofile", "PS1='[$?] $ '; source ./infra.bash"),
    "zsh": ("zsh -f", "PS1='[%?] $ '; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D"),
    "fish": ("fish --no-config", "function fish_prompt; echo '[0] $ '; end; source ./infra.fish"),
}
FILES = {"bash": "infra.bash", "zsh": "_infra", "fish": "infra.fish"}
# What is typed before the Tab key, and what stands there behind it.
COMPLETED = [
    ("infra dest", "infra destroy"),
    ("infra plan --rehe", "infra plan --rehearse"),
    ("infra plan --target vp", "infra plan --target vpc.main"),
    ("infra apply --replace vs", "infra apply --replace vswitch.main"),
    ("infra graph sec", "infra graph security_group.web"),
    ("infra state mv vp", "infra state mv vpc.main"),
    ("infra -e pr", "infra -e prod"),
    ("infra explain lang", "infra explain language"),
    ("infra explain E030", "E0306"),
]

failed = 0


def check(what, holds, seen):
    global failed
    failed += not holds
    print(f"ok {what}" if holds else f"FAILED {what}: {seen}", flush=True)


def shell(name, infra, folder):
    command, prompt = SHELLS[name]
    script = subprocess.run([infra, "completions", name], check=True, capture_output=True, text=True).stdout
    (folder / FILES[name]).write_text(script)
    variables = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    terminal = Terminal(name, 100, folder, variables, command, prompt)
    try:
        for typed, expected in COMPLETED:
            terminal.keys(typed)
            terminal.waits(lambda screen: typed in screen)
            terminal.key("Tab")
            # A list of several is shown at the second one.
            terminal.key("Tab")
            try:
                terminal.waits(lambda screen: expected in screen)
                check(f"{name}: {typed}", True, "")
            except TimeoutError as late:
                check(f"{name}: {typed}", False, late)
            terminal.erase()
    finally:
        terminal.close()


def main():
    infra = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "bin").mkdir()
        (folder / "bin" / "infra").symlink_to(infra)
        shutil.copy(ROOT / "examples/quickstart/infra.toml", folder)
        (folder / "env").mkdir()
        for name in ["dev", "prod"]:
            (folder / "env" / f"{name}.toml").write_text("")
        for name in SHELLS:
            shell(name, infra, folder)
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


main()
