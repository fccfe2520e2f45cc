"""Commands as processes of their own, which tests watch, interrupt and kill."""

import os
import signal
import subprocess
import sys
import time


def fnn_process(folder, *words, before="", environment=()):
    """Start the command as a process of its own that hears Ctrl-C, after a line of Python."""
    # Started from a script in the background, this process ignores Ctrl-C, and passes that on.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{listening}\n{before}\nfrom fnn.cli.main import main; main()"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, **dict(environment)}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, words)], cwd=folder, env=environment, **pipes)


def wait_for(condition, seconds=30):
    """Wait until a condition holds; it has to within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def interrupted(folder, made, *words):
    """Run a command until the folder that it writes to is there and it trains, then press Ctrl-C.

    Return its exit code, stdout, stderr and what it left in that folder.
    """
    # The kernel is loaded before: LLVM's callbacks, which loading it calls, ignore what they are interrupted by.
    process = fnn_process(folder, *words, before="import fnn; fnn.train(fnn.Config(epochs=1), *fnn.data.xor())")
    try:
        wait_for((folder / made).exists)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    return process.returncode, out, err, [path.name for path in (folder / made).iterdir()]
