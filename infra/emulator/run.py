"""Runs the emulator and leaves nothing behind.

    python -I run.py SCRATCH

SCRATCH is the emulator's home and temp directory. The emulator gets this process's environment, and ends when

- stdin reaches its end: whoever holds the other end has gone, killed by SIGKILL perhaps;
- this process gets SIGTERM, SIGINT or SIGHUP;
- the emulator itself dies: then its exit code (128 + signal) is passed on.

In each case every process of the emulator's session is killed, the Lambda functions that it started among them,
and SCRATCH is removed. Nothing in SCRATCH is meant to last, so there is nothing to shut down in order.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def wait_for_an_end(emulator: subprocess.Popen, signals: int) -> None:
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), signals], [], [])
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            return
        if signals in ready and any(number in STOP for number in os.read(signals, 4096)):
            return
        # What is left is SIGCHLD.
        if emulator.poll() is not None:
            return


def main(scratch: str) -> int:
    # Signals become bytes in a pipe, so that one select() waits for all that can happen. The handlers are set before
    # the emulator starts: none of its ends can be missed.
    signals, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    for number in (*STOP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)

    # A session of its own: one group to kill, and a Ctrl-C in the terminal does not reach the functions.
    emulator = subprocess.Popen(
        [sys.executable, "-I", "-u", "-m", "ministack"], stdin=subprocess.DEVNULL, cwd=scratch, start_new_session=True
    )
    try:
        wait_for_an_end(emulator, signals)
        died = emulator.poll()
    finally:
        # An emulator that died leaves its functions in the group. macOS says "not permitted" of a group of the dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(emulator.pid, signal.SIGKILL)
        emulator.wait()
        shutil.rmtree(scratch, ignore_errors=True)
    if died is None:
        return 0
    return died if died >= 0 else 128 - died


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
