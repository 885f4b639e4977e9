"""A terminal of so many columns with a shell in it, by tmux, and what a person could see there.

Nothing here waits for a time: it looks at the screen until that shows what is waited for.
"""

import os
import re
import subprocess
import time
import unicodedata

ROWS = 40
# Not how long anything takes, but after how long nobody waits any more.
PATIENCE = 60


class Terminal:
    """One shell. Its prompt tells the exit code of the last command."""

    def __init__(self, name, columns, folder, variables, shell="bash --norc --noprofile", prompt="PS1='[$?] $ '"):
        self.socket = f"infra-{name}-{os.getpid()}"
        clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "screen-256color",
                 "HISTFILE": ""}
        self.variables = clean | variables
        self._tmux("-f", "/dev/null", "start-server", ";", "set-option", "-g", "history-limit", "20000", ";",
                   "set-option", "-g", "status", "off", ";", "new-session", "-d", "-x", str(columns), "-y",
                   str(ROWS), "-c", str(folder), f"exec {shell}")
        # A second server would otherwise be resized to whoever looks at it.
        self._tmux("set-option", "-g", "window-size", "manual")
        self.resize(columns)
        self.type(f"{prompt}; clear")
        self.waits(lambda screen: screen.strip() == "[0] $")

    def _tmux(self, *arguments):
        command = ["tmux", "-L", self.socket, *arguments]
        return subprocess.run(command, env=self.variables, check=True, capture_output=True, text=True).stdout

    def type(self, line):
        """Types a line and Enter."""
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def keys(self, text):
        """Types a text, and no Enter."""
        self._tmux("send-keys", "-l", text)

    def key(self, name):
        self._tmux("send-keys", name)

    def resize(self, columns):
        self._tmux("resize-window", "-x", str(columns), "-y", str(ROWS))

    def screen(self):
        """What is to be seen now."""
        return self._tmux("capture-pane", "-p")

    def coloured(self):
        """The same with its escapes."""
        return self._tmux("capture-pane", "-p", "-e")

    def everything(self):
        """What has left the screen as well, each line as it was written, however the terminal breaks it."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p", "-J", "-S", "-").split("\n")]

    def rows(self):
        """The same as the terminal breaks it."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p", "-S", "-").split("\n")]

    def waits(self, shows):
        """Looks until the screen shows this; the screen."""
        until = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if shows(screen):
                return screen
            if time.monotonic() > until:
                raise TimeoutError(f"the screen never showed it:\n{screen}")

    def begins(self, line):
        """Types a command on an empty screen. Whoever looks afterwards does not see the prompt before it."""
        is_prompt = lambda screen: re.fullmatch(r"\[\d+\] \$", screen.strip())
        self.type("clear")
        self.waits(is_prompt)
        self._tmux("clear-history")
        self.type(line)
        self.waits(lambda screen: not is_prompt(screen))

    def erase(self):
        """Takes away what was typed and is not run."""
        self.key("C-u")
        self.waits(lambda screen: screen.rstrip().split("\n")[-1].strip() == "[0] $")

    def code(self):
        """Waits for the shell; the exit code of the command, and every line that it left."""
        screen = self.waits(lambda screen: re.search(r"^\[\d+\] \$$", screen.rstrip().split("\n")[-1]))
        return int(re.findall(r"^\[(\d+)\] \$", screen, re.MULTILINE)[-1]), self.everything()[1:]

    def close(self):
        self._tmux("kill-server")


def width(line):
    """How many columns a line takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)
