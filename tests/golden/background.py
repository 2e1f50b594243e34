#!/usr/bin/env python3
"""Clones in the background (C-45, C-47), as the real program does them.

Usage: background.py STATEFERRY [ROUNDS]
"""
import json
import os
import signal
import subprocess
import sys

from program import Sandbox

START = ["clone", "start", "ws/orders", "vault/standby", "--account", "alice", "--detach"]
PREPARE = [
    ["store", "init", "{DIR}/store"],
    ["project", "create", "ws/orders", "--region", "cn", "--architecture", "x86", "--storage",
     "{DIR}/state", "--owner", "alice"],
    ["project", "import", "ws/orders", "-f", "{PROJECT}/good", "-q"],
    ["project", "create", "vault/standby", "--region", "cn", "--architecture", "x86", "--storage",
     "managed://{DIR}/store", "--owner", "alice"],
]
failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print(f"FAILED  {what}", flush=True)


def status(sandbox, clone):
    return sandbox.run(["clone", "status", clone, "-q"]).stdout.decode().strip()


def watched_at_once(sandbox, rounds):
    """C-45: the id of a start is known to every other command; what goes on is not interrupted."""
    for number in range(rounds):
        clone = sandbox.run(START + ["-q"]).stdout.decode().strip()
        seen = status(sandbox, clone)
        check(seen in ("checking", "pending", "running", "completed"), f"{number}: {seen!r}")
        watch = sandbox.run(["clone", "watch", clone])
        check(watch.returncode == 0, f"{number}: the watch ended with {watch.returncode}: {watch}")
        check(status(sandbox, clone) == "completed", f"{number}: {status(sandbox, clone)!r}")


def client_is_killed(sandbox):
    """C-47: with its client, and everything else of its session, gone a clone goes on."""
    variables = {"PATH": os.environ["PATH"], "HOME": sandbox.path("user"),
                 "STATEFERRY_HOME": sandbox.path("home")}
    client = subprocess.Popen([sandbox.binary] + START + ["-q"], env=variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              start_new_session=True)
    clone = client.stdout.readline().strip()
    try:
        os.killpg(client.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    client.wait()
    check(sandbox.run(["clone", "watch", clone]).returncode == 0, "its client was killed")


def worker_is_killed(sandbox, tries=50):
    """C-47: a clone whose worker was killed is interrupted, is found as such, and goes on."""
    for _ in range(tries):
        started = sandbox.run(START + ["--output", "json"]).stdout.decode().splitlines()
        summary = json.loads(started[-1])["summary"]
        try:
            os.kill(summary["pid"], signal.SIGKILL)
        except ProcessLookupError:
            continue
        watch = sandbox.run(["clone", "watch", summary["id"]])
        if watch.returncode == 0:
            continue  # it was faster
        check(watch.returncode == 10, f"a killed worker: {watch}")
        check(status(sandbox, summary["id"]) == "interrupted", "a killed worker has no such status")
        found = sandbox.run(["clone", "history", "--status", "interrupted", "-q"])
        check(found.stdout.decode().split() == [summary["id"]], f"history: {found.stdout}")
        for other in ("checking", "pending", "running"):
            found = sandbox.run(["clone", "history", "--status", other, "-q"])
            check(found.stdout == b"", f"history --status {other}: {found.stdout}")
        resumed = sandbox.run(["clone", "resume", summary["id"]])
        check(resumed.returncode == 0, f"the resume: {resumed}")
        return
    check(False, f"no worker could be killed in {tries} tries")


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with Sandbox(sys.argv[1]) as sandbox:
        for words in PREPARE:
            done = sandbox.run(words)
            check(done.returncode == 0, f"{words}: {done}")
        watched_at_once(sandbox, rounds)
        client_is_killed(sandbox)
        worker_is_killed(sandbox)
    print(f"{rounds} rounds, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
