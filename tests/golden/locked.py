#!/usr/bin/env python3
"""C-17: while a clone runs nothing else changes entities; it ends with its process.

Usage: locked.py STATEFERRY
The worker is stopped by the system (SIGSTOP), so that the clone runs for as long as is looked at it.
"""
import os
import signal
import sys

import background
from background import START, check, prepare, start_detached, status
from program import Sandbox

IMPORT = ["project", "import", "ws/orders", "-f", "{PROJECT}/good", "-q"]
CHANGES = [
    IMPORT,
    ["project", "create", "ws/other", "--region", "cn", "--architecture", "x86", "--storage",
     "{DIR}/other", "--owner", "alice"],
    START,
]
READS = [
    ["project", "list"],
    ["project", "show", "ws/orders"],
    ["project", "export", "ws/orders", "-o", "{DIR}/exported"],
    ["clone", "history"],
]


def hold_a_clone(sandbox, tries=50):
    """(id, pid) of a clone whose worker stands still in the middle."""
    for _ in range(tries):
        summary = start_detached(sandbox)
        try:
            os.kill(summary["pid"], signal.SIGSTOP)
        except ProcessLookupError:
            continue
        if status(sandbox, summary["id"]) in ("checking", "pending", "running"):
            return summary["id"], summary["pid"]
        os.kill(summary["pid"], signal.SIGCONT)
    sys.exit(f"no worker could be held in {tries} tries")


def is_locked(sandbox, clone):
    for words in CHANGES:
        refused = sandbox.run(words)
        text = refused.stderr.decode()
        check(refused.returncode == 11, f"{words} beside a clone: {refused}")
        check("C-17" in text or "C-10" in text or "C-11" in text, f"{words} tells no rule: {text}")
        check(clone in text, f"{words} does not tell which clone: {text}")
    for words in READS:
        read = sandbox.run(words)
        check(read.returncode == 0, f"{words} beside a clone: {read}")


def is_free(sandbox, when):
    changed = sandbox.run(IMPORT)
    check(changed.returncode == 0, f"{when} an import is refused: {changed}")


def main():
    with Sandbox(sys.argv[1]) as sandbox:
        prepare(sandbox)
        clone, pid = hold_a_clone(sandbox)
        is_locked(sandbox, clone)
        os.kill(pid, signal.SIGCONT)
        check(sandbox.run(["clone", "watch", clone]).returncode == 0, "it does not go on")
        is_free(sandbox, "after its end")
        clone, pid = hold_a_clone(sandbox)
        os.kill(pid, signal.SIGKILL)
        sandbox.run(["clone", "watch", clone])
        is_free(sandbox, "after its worker was killed")
    print(f"{background.failures} failures")
    return 1 if background.failures else 0


if __name__ == "__main__":
    sys.exit(main())
