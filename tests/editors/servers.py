"""What an editor gets of the schema through a language server: keys, values and their meaning.

    servers.py TOMBI

The server is tombi's; taplo's is in none of its packages, and takes 18 minutes to build. Each line of the answer is
`ok WHAT` or `FAILED WHAT`.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAIT = 10

failed = 0


def check(what, holds, seen=""):
    global failed
    failed += not holds
    print(f"ok {what}" if holds else f"FAILED {what}: {seen}", flush=True)


class Server:
    """A language server on its standard streams. Whatever it asks for is answered with nothing special."""

    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.answers, self.diagnostics, self.number = {}, {}, 0
        self.news = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.ask("initialize", {
            "processId": None,
            "rootUri": folder.as_uri(),
            "workspaceFolders": [{"uri": folder.as_uri(), "name": "project"}],
            "capabilities": {
                "workspace": {"configuration": True, "workspaceFolders": True},
                "textDocument": {
                    "completion": {"completionItem": {"snippetSupport": True,
                                                      "documentationFormat": ["markdown", "plaintext"]}},
                    "hover": {"contentFormat": ["markdown", "plaintext"]},
                    "publishDiagnostics": {},
                },
            },
        })
        self.tell("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.number += 1
        number = self.number
        self.send({"id": number, "method": method, "params": params})
        with self.news:
            if not self.news.wait_for(lambda: number in self.answers, WAIT):
                raise TimeoutError(f"no answer to {method}")
            return self.answers.pop(number)

    def read(self):
        while True:
            length = None
            for line in iter(self.process.stdout.readline, b"\r\n"):
                if not line:
                    return
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            message = json.loads(self.process.stdout.read(length))
            if "method" in message and "id" in message:
                items = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
                settings = [{"schema": {"enabled": True, "links": True}} for _ in items]
                is_settings = message["method"] == "workspace/configuration"
                self.send({"id": message["id"], "result": settings if is_settings else None})
                continue
            with self.news:
                if "id" in message:
                    self.answers[message["id"]] = message.get("result")
                elif message.get("method") == "textDocument/publishDiagnostics":
                    self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
                self.news.notify_all()

    def opens(self, path, text):
        path.write_text(text)
        item = {"uri": path.as_uri(), "languageId": "toml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def at(self, path, text, mark):
        """The place behind the mark."""
        before = text[:text.index(mark) + len(mark)]
        line = before.count("\n")
        return {"textDocument": {"uri": path.as_uri()},
                "position": {"line": line, "character": len(before) - before.rfind("\n") - 1}}

    def close(self):
        self.process.kill()
        self.process.wait()


def offered(answer):
    items = answer.get("items", []) if isinstance(answer, dict) else answer or []
    return [item["label"].strip('"') for item in items]


def once(answer, fits):
    """An answer that fits, or the last one: the schema is read beside the first questions."""
    end = time.monotonic() + WAIT
    while not fits(last := answer()) and time.monotonic() < end:
        time.sleep(0.1)
    return last


def look(name, command, folder):
    server = Server(command, folder)
    try:
        begin = (ROOT / "examples/quickstart/infra.toml").read_text()
        # The example has a comment for the schema of its own already, or it gets one.
        directive = "#:schema ./.infra/infra.schema.json\n"
        right = begin if begin.startswith("#:schema") else directive + begin
        path = folder / "infra.toml"
        server.opens(path, right)

        place = server.at(path, right, "instance_ty")
        hover = once(lambda: json.dumps(server.ask("textDocument/hover", place)), lambda told: "ecs.g7.large" in told)
        check(f"{name}: a key tells what it means", "ecs.g7.large" in hover, hover)

        for what, text, mark, wanted in [
            ("the keys of a new server", right + "\n[instance.more]\n", "[instance.more]\n",
             ["instance_type", "vswitch_id", "count"]),
            ("a key that has been begun", right + "\n[instance.more]\ninst\n", "[instance.more]\ninst",
             ["instance_type"]),
            ("the values of a key", right + '\n[instance.more]\nstatus = ""\n', 'status = "', ["Running", "Stopped"]),
            ("the keys of a rule", right + "\n[[security_group.more.ingress]]\n", "[[security_group.more.ingress]]\n",
             ["port_range", "source_cidr_ip"]),
        ]:
            other = folder / f"{len(text)}.infra.toml"
            server.opens(other, text)
            place = server.at(other, text, mark)
            labels = once(lambda: offered(server.ask("textDocument/completion", place)),
                          lambda labels: all(one in labels for one in wanted))
            check(f"{name}: it offers {what}", all(one in labels for one in wanted), labels[:60])

        wrong = right.replace("cidr_block", "cidr_blok", 1)
        other = folder / "wrong.infra.toml"
        server.opens(other, wrong)
        with server.news:
            server.news.wait_for(lambda: server.diagnostics.get(other.as_uri()), WAIT)
        told = server.diagnostics.get(other.as_uri())
        check(f"{name}: a key that does not exist is marked", bool(told), told)
        check(f"{name}: nothing is marked where all is right", not server.diagnostics.get(path.as_uri()),
              server.diagnostics.get(path.as_uri()))
    finally:
        server.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        (folder / ".infra").mkdir()
        schema = (ROOT / "schema/infra.schema.json").read_bytes()
        (folder / ".infra/infra.schema.json").write_bytes(schema)
        look("tombi", [sys.argv[1], "lsp"], folder)
    sys.exit(failed > 0)


main()
