#!/usr/bin/env python3
"""Clones in the background (C-42, C-45, C-47, C-48), as the real program does them.

Usage: background.py STATEFERRY [ROUNDS]
"""
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time

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


def start_detached(sandbox):
    """What a start says at its end: "id", "pid" of its worker."""
    started = sandbox.run(START + ["--output", "json"]).stdout.decode().splitlines()
    return json.loads(started[-1])["summary"]


def prepare(sandbox):
    for words in PREPARE:
        done = sandbox.run(words)
        check(done.returncode == 0, f"{words}: {done}")


def worker_is_killed(sandbox, tries=50):
    """C-47: a clone whose worker was killed is interrupted, is found as such, and goes on."""
    for _ in range(tries):
        summary = start_detached(sandbox)
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


def no_worker_can_be_started(sandbox):
    """C-45: an error after the record was written does not lose the id."""
    logs = sandbox.path("home", "logs")
    os.rename(logs, logs + "-away")
    with open(logs, "w", encoding="utf-8"):
        pass
    start = sandbox.run(START + ["-q"])
    clone = start.stdout.decode().strip()
    check(start.returncode != 0 and clone.startswith("clone-"), f"the id is lost: {start}")
    check(status(sandbox, clone) == "interrupted", f"{clone} is not known")
    error = json.loads(sandbox.run(START + ["--output", "json"]).stdout.decode().splitlines()[-1])
    check(error["message"].startswith("clone-"), f"the id is lost: {error}")
    os.remove(logs)
    os.rename(logs + "-away", logs)
    check(sandbox.run(["clone", "resume", clone]).returncode == 0, "the resume")
    check(sandbox.run(["clone", "resume", error["message"].split(":")[0]]).returncode == 0, "its id")


def has_no_results(sandbox, clone, why):
    """C-27, C-30: of what has not ended, or has made nothing, there is nothing to be said."""
    for command in ("verify", "renames"):
        asked = sandbox.run(["clone", command, clone])
        check(asked.returncode == 4 and why in asked.stderr.decode(), f"{command}: {asked}")


def refused_in_the_background(sandbox):
    words = [word.replace("ws/orders", "ws/nowhere") for word in START]
    clone = sandbox.run(words + ["-q"]).stdout.decode().strip()
    check(sandbox.run(["clone", "watch", clone]).returncode == 6, "a source that is not there")
    has_no_results(sandbox, clone, "has made nothing: failed")


def stop_fails(sandbox, clone, code):
    """C-48: a stop that fails leaves no request behind, which would end the clone when it goes on."""
    stop = sandbox.run(["clone", "stop", clone])
    check(stop.returncode == code, f"a stop that has to fail: {stop}")
    check(not os.path.exists(sandbox.path("home", "stop-requests", clone)), "its request stays")


def catalog_does_not_open(sandbox):
    """C-47: the error that ended a worker is told by whoever looks, and the clone goes on."""
    current = sandbox.path("home", "catalog", "CURRENT")
    with open(current, encoding="utf-8") as file:
        good = file.read()
    with open(current, "w", encoding="utf-8") as file:
        file.write("nothing\n")
    clone = sandbox.run(START + ["-q"]).stdout.decode().strip()
    watch = sandbox.run(["clone", "watch", clone])
    check(watch.returncode == 7, f"a catalog that does not open: {watch}")
    log = sandbox.path("home", "logs", clone + ".log")
    for words in (["clone", "watch", clone], ["clone", "status", clone], ["clone", "show", clone]):
        told = sandbox.run(words)
        text = (told.stdout + told.stderr).decode()
        for part in ("opening the catalog", "error[integrity]", "exit code 7", log):
            check(part in text, f"{words} does not tell {part!r}: {text}")
    found = json.loads(sandbox.run(["clone", "status", clone, "--output", "json"])
                       .stdout.decode().splitlines()[0])
    check([finding["category"] for finding in found["findings"]] == ["integrity"], f"{found}")
    check(found["exitCode"] == 7, f"{found}")
    check(found["log"] == log, f"{found}")
    stop_fails(sandbox, clone, 7)
    has_no_results(sandbox, clone, "has not ended: interrupted")
    with open(current, "w", encoding="utf-8") as file:
        file.write(good)
    with open(sandbox.path("home", "LOCK"), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(b'{"pid":1,"host":"here","started":"now","command":"copy"}\n')
        lock.flush()
        stop_fails(sandbox, clone, 11)
    check(sandbox.run(["clone", "resume", clone]).returncode == 0, "the resume")
    found = sandbox.run(["clone", "status", clone]).stdout.decode()
    check("error" not in found, f"an error of the past: {found}")


def created(sandbox, clone):
    """What `clone show --created` lists, each as JSON."""
    show = sandbox.run(["clone", "show", clone, "--created", "--output", "json"])
    check(show.returncode == 0, f"show --created: {show}")
    lines = [json.loads(line) for line in show.stdout.decode().splitlines()]
    return [line for line in lines if line["type"] == "created"]


def at_the_target(sandbox, target):
    show = sandbox.run(["project", "show", target, "--output", "json"]).stdout.decode()
    lines = [json.loads(line) for line in show.splitlines()]
    return {(line["kind"], line["name"]) for line in lines if line["type"] == "entity"}


def prepare_slow(sandbox):
    """A project whose jar takes two minutes at the speed that these tests allow."""
    shutil.copytree(sandbox.fill("{PROJECT}/good"), sandbox.path("slow"))
    with open(sandbox.path("slow", "files", "jars", "orders.jar"), "wb") as jar:
        jar.write(os.urandom(8 << 20))
    for words in (["project", "create", "ws/slow"],
                  ["project", "import", "ws/slow", "-f", "{DIR}/slow", "-q"]):
        done = sandbox.run(words)
        check(done.returncode == 0, f"{words}: {done}")


def slow_clone(sandbox, target):
    """The id of a clone whose worker is moving a jar and has made something before."""
    done = sandbox.run(["project", "create", target])
    check(done.returncode == 0, f"{target}: {done}")
    start = sandbox.run(["clone", "start", "ws/slow", target, "--account", "alice", "--detach",
                         "-q", "--bwlimit", "64KiB/s", "--part-size", "64KiB", "--transfers", "2"])
    clone = start.stdout.decode().strip()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = created(sandbox, clone)
        if any(entity.get("halfMade") for entity in found):
            return clone
        time.sleep(0.05)
    check(False, f"{clone} has not begun to move its jar: {start}, {status(sandbox, clone)}")
    return clone


def is_stopped(sandbox, clone, target):
    """C-48, C-19: stopped is an end; what was made is there and in the list, and nothing else is."""
    check(status(sandbox, clone) == "stopped", f"a stopped clone is {status(sandbox, clone)!r}")
    watch = sandbox.run(["clone", "watch", clone])
    check(watch.returncode == 10, f"the watch of a stopped clone: {watch}")
    found = created(sandbox, clone)
    listed = {(entity.get("kind"), entity.get("name")) for entity in found}
    check(("variable", "topic") in listed, f"what was made before the stop: {found}")
    check(not any(entity.get("halfMade") for entity in found), f"something half made: {found}")
    there = at_the_target(sandbox, target)
    check(listed <= there and there - listed <= {("member", "alice")}, f"{listed}, {there}")
    for command in ("stop", "resume"):
        again = sandbox.run(["clone", command, clone])
        check(again.returncode == 4, f"{command} of a stopped clone: {again}")
    check(not os.path.exists(sandbox.path("home", "stop-requests", clone)), "its request stays")


def stopped_at_work(sandbox):
    """C-48: a stop ends a worker that is in the middle of a file, and waits for that."""
    clone = slow_clone(sandbox, "vault/stopped")
    stop = sandbox.run(["clone", "stop", clone], timeout=60)
    check(stop.returncode == 0, f"the stop: {stop}")
    check("--created" in stop.stderr.decode(), f"a stop does not tell of the list: {stop}")
    is_stopped(sandbox, clone, "vault/stopped")


def stopped_without_waiting(sandbox):
    clone = slow_clone(sandbox, "vault/not-waited")
    stop = sandbox.run(["clone", "stop", clone, "--no-wait"], timeout=60)
    check(stop.returncode == 0, f"the stop: {stop}")
    sandbox.run(["clone", "watch", clone], timeout=60)
    is_stopped(sandbox, clone, "vault/not-waited")


def store_is_locked(sandbox):
    """C-42: what every item would meet interrupts a clone, which goes on later."""
    lock_path = sandbox.path("store", "LOCK")
    check(os.path.exists(lock_path), "the store has no lock")
    with open(lock_path, "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        start = sandbox.run([word for word in START if word != "--detach"])
        check(start.returncode == 11, f"a store that is locked: {start}")
        clone = start.stdout.decode().split()[1]
        check(status(sandbox, clone) == "interrupted", f"{status(sandbox, clone)!r}")
        items = json.loads(sandbox.run(["clone", "status", clone, "--output", "json"])
                           .stdout.decode().splitlines()[0])
        check(items["totals"]["failed"] == 0 and items["totals"]["open"] > 0, f"{items}")
        watch = sandbox.run(["clone", "watch", clone])
        check(watch.returncode == 11, f"its watch: {watch}")
    resumed = sandbox.run(["clone", "resume", clone])
    check(resumed.returncode == 0, f"the resume: {resumed}")


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with Sandbox(sys.argv[1]) as sandbox:
        prepare(sandbox)
        watched_at_once(sandbox, rounds)
        client_is_killed(sandbox)
        worker_is_killed(sandbox)
        catalog_does_not_open(sandbox)
        refused_in_the_background(sandbox)
        no_worker_can_be_started(sandbox)
        store_is_locked(sandbox)
        prepare_slow(sandbox)
        stopped_at_work(sandbox)
        stopped_without_waiting(sandbox)
    print(f"{rounds} rounds, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
