"""Commands on a terminal: their stderr, or their stdout."""

import os
import pty
import re
import subprocess
import sys


class OnTerminal:
    """A command whose stderr is a terminal; `finish` gives its exit code, stdout and what the screen showed."""

    def __init__(self, folder, *options, command=("train", "--data", "xor", "--no-plots"), **environment):
        self.ours, theirs = pty.openpty()
        words = [sys.executable, "-m", "fnn", *command, *options]
        environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm", **environment}
        self.process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=theirs, env=environment)
        os.close(theirs)

    def finish(self):
        screen = _all(self.ours)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), screen.decode(errors="replace")


def printed(folder, columns, *command):
    """Return the exit code of a command and what it prints on a terminal of that width, in lines without colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    words = [sys.executable, "-m", "fnn", *command]
    with subprocess.Popen(words, cwd=folder, stdout=theirs, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(theirs)
        text = _all(ours)
    return process.returncode, re.sub(r"\x1b\[[\d;]*m", "", text.decode()).splitlines()


def _all(terminal):
    """Return what is written to a terminal until it is closed, which Linux reads as an error."""
    screen = b""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:
            break
        if not read:
            break
        screen += read
    os.close(terminal)
    return screen
