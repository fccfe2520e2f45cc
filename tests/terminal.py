"""A command whose stderr is a terminal."""

import os
import pty
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
        screen = b""
        while True:  # a closed terminal reads as an error on Linux
            try:
                read = os.read(self.ours, 65536)
            except OSError:
                break
            if not read:
                break
            screen += read
        os.close(self.ours)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), screen.decode()
