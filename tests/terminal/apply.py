"""An apply of 30 servers as a person at a terminal sees it: resized while it runs, interrupted, and repeated.

    apply.py PATH_TO_INFRA

The binary runs in tmux against a simulator. Each line of the answer is `ok WHAT` or `FAILED WHAT`.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

from terminal import Terminal, width

SERVERS = 30
PROJECT = f"""[infra]
name = "shop"
region = "cn-hangzhou"

[vpc.main]
cidr_block = "10.0.0.0/16"

[vswitch.main]
vpc_id = "${{vpc.main.id}}"
zone_id = "cn-hangzhou-h"
cidr_block = "10.0.1.0/24"

[security_group.web]
vpc_id = "${{vpc.main.id}}"
ingress = [{{ port_range = "443", source_cidr_ip = "0.0.0.0/0" }}]

[instance.web]
count = {SERVERS}
name = "shop-web-${{count.index}}"
instance_type = "ecs.g7.large"
image_id = "ubuntu_22_04_x64_20G_alibase_20240819.vhd"
vswitch_id = "${{vswitch.main.id}}"
security_group_ids = ["${{security_group.web.id}}"]
internet_max_bandwidth_out = 5
"""
LIVE = re.compile(r"^  (?:run|wait) .*$", re.MULTILINE)
SUMS = re.compile(r"^  \d+ of \d+ done.*$", re.MULTILINE)
SERVER = re.compile(r"^(instance\.web\[\d+\]) +(i-\S+)(.*)$", re.MULTILINE)

failed = 0


def check(what, holds, seen=""):
    global failed
    failed += not holds
    print(f"ok {what}" if holds else f"FAILED {what}: {seen}", flush=True)


class Cloud:
    """A simulator that takes its time, so that there is something to see."""

    def __init__(self, infra):
        keys = ["--access-key-id", "testid", "--access-key-secret", "testsecret"]
        command = [infra, "sim", "serve", "--listen", "127.0.0.1:0", "--speed", "1", *keys]
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.server.stdout.readline().split()[-1]
        self.variables = {"INFRA_ENDPOINT": self.url, "ALIBABA_CLOUD_ACCESS_KEY_ID": "testid",
                          "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret"}

    def things(self, kind):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/_sim/world") as answer:
            return json.load(answer)["accounts"][0][kind]

    def close(self):
        self.server.terminate()
        self.server.wait()


def live_rows(screen):
    return LIVE.findall(screen) + SUMS.findall(screen)


def told_as_done(text):
    return re.findall(r"^  done +(\S+)", text, re.MULTILINE)


def one_frame(what, screen, columns):
    """One set of live rows that fits and tells of all that runs: whatever is left of an older one is a ghost."""
    sums = SUMS.findall(screen)
    running = re.search(r"(\d+) running", sums[0]) if sums else None
    rows = re.findall(r"^  run +\S+(?: x(\d+))? ", screen, re.MULTILINE)
    more = re.findall(r"^  and (\d+) more running", screen, re.MULTILINE)
    shown = sum(int(count or 1) for count in rows) + sum(map(int, more))
    is_one = len(sums) == 1 and shown == (int(running.group(1)) if running else 0)
    check(f"{what}: one set of live rows", is_one, screen)
    check(f"{what}: they fit", all(width(row) <= columns for row in live_rows(screen)), screen)


def begins(terminal, infra, approved):
    """An apply, up to live rows that show servers under way."""
    terminal.begins(f"{infra} apply")
    terminal.waits(lambda screen: "Only yes goes ahead" in screen)
    terminal.type("yes")
    return terminal.waits(approved)


def resized(what, terminal, columns):
    """Another width in the middle of it, and the frame after that."""
    terminal.resize(columns)
    before = live_rows(terminal.screen())
    screen = terminal.waits(lambda screen: SUMS.search(screen) and live_rows(screen) != before)
    one_frame(f"{what}, resized to {columns}", screen, columns)


def ended(what, terminal, columns, expected):
    """The end of a run: what is left on the screen, as one text."""
    code, lines = terminal.code()
    text = "\n".join(lines)
    check(f"{what}: exits with {expected}", code == expected, f"{code}: {text}")
    check(f"{what}: no row of what ran is left", not live_rows(text), live_rows(text))
    check(f"{what}: no row is wider than the terminal", all(width(row) <= columns for row in terminal.rows()), text)
    done = told_as_done(text)
    check(f"{what}: nothing is told twice", len(done) == len(set(done)), done)
    return text


def servers(what, text, cloud):
    """The table of servers: each once, in order, and as the cloud knows them. Address and the rest of its row."""
    rows = SERVER.findall(text)
    expected = [f"instance.web[{index}]" for index in range(SERVERS)]
    check(f"{what}: the table has each server once", [row[0] for row in rows] == expected, text)
    known = {server["id"]: server for server in cloud.things("instance")}
    check(f"{what}: the table has the ids of the cloud", {row[1] for row in rows} == set(known), text)
    return [(identity, known.get(identity), rest) for _, identity, rest in rows]


def session(infra, columns):
    what = f"{columns} columns"
    cloud = Cloud(infra)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "infra.toml").write_text(PROJECT)
        terminal = Terminal(f"{columns}", columns, folder, cloud.variables)
        try:
            under_way = re.compile(r"^  run +instance\.web", re.MULTILINE)
            screen = begins(terminal, infra, under_way.search)
            one_frame(f"{what}, under way", screen, columns)
            for other in [60, 120, 140, columns]:
                resized(f"{what}, under way", terminal, other)
            terminal.key("C-c")
            text = ended(f"{what}, interrupted", terminal, columns, 130)
            check(f"{what}, interrupted: it says that it stops", text.count("Stopping. Waiting for") == 1, text)
            check(f"{what}, interrupted: it says how to go on",
                  "Stopped after" in text and "To go on: infra apply" in text.replace("\n", " "), text)
            half_made = servers(f"{what}, interrupted", text, cloud)
            check(f"{what}, interrupted: no server is told to run that does not",
                  not [rest for _, known, rest in half_made if "Running" in rest and known["status"] != "Running"], text)

            screen = begins(terminal, infra, under_way.search)
            one_frame(f"{what}, repeated", screen, columns)
            resized(f"{what}, repeated", terminal, 200 - columns)
            resized(f"{what}, repeated", terminal, columns)
            text = ended(f"{what}, repeated", terminal, columns, 0)
            whole = servers(f"{what}, repeated", text, cloud)
            check(f"{what}, repeated: they are those of the first time",
                  [one[0] for one in whole] == [one[0] for one in half_made], text)
            check(f"{what}, repeated: each is told as it is",
                  all(known["status"] == "Running" and "Running" in rest and known["public_ip"] in rest
                      for _, known, rest in whole), text)
            for kind, count in [("vpc", 1), ("vswitch", 1), ("security_group", 1), ("instance", SERVERS)]:
                made = len(cloud.things(kind))
                check(f"{what}, repeated: {count} {kind}", made == count, made)

            terminal.begins(f"{infra} plan")
            text = ended(f"{what}, planned again", terminal, columns, 0)
            check(f"{what}, planned again: nothing is left to do", "No changes" in text, text)
        finally:
            terminal.close()
            cloud.close()


def main():
    for columns in [80, 120]:
        session(sys.argv[1], columns)
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


main()
