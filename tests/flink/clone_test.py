#!/usr/bin/env python3
"""The README's tour of cloning runs as it stands, and real Flink restores three cloned jobs' state.

Usage: clone_test.py STATEFERRY [--keep]
Exit codes: as restore_test.py.

The commands are those of the block below "## Clone a project", so README and test cannot drift.  They
delete the source; the snapshots that they got out of managed storage are restored by the job that
made the fixture (fixture_job/), and its digest of all state is held against EXPECTED.json.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import fetch_flink
from flink_jvm import compile_job, java_command
from restore_test import Checks, damage, each_version, skip_loudly

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
VERSION = "1.20.5"
RESTORED = ("orders-enriched", "payments-ledger", "coupons-old-and-new")


def tour():
    """The commands of the README."""
    readme = (SOURCE / "README.md").read_text(encoding="utf-8")
    section = readme.split("\n## Clone a project\n")[1].split("\n## ")[0]
    return re.search(r"```bash\n(.*?)```", section, re.DOTALL).group(1)


def run_tour(binary, scratch):
    """Runs it in what looks like a checkout with this program; returns the tour's directory."""
    checkout = scratch / "checkout"
    (checkout / "build").mkdir(parents=True)
    (checkout / "build" / "stateferry").symlink_to(pathlib.Path(binary).resolve())
    for name in ("scripts", "tests"):
        (checkout / name).symlink_to(SOURCE / name)
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("STATEFERRY_")}
    environment |= {"TMPDIR": str(scratch), "XDG_CONFIG_HOME": str(scratch / "config")}
    done = subprocess.run(["bash", "-euo", "pipefail"], input=tour() + "\necho tour-is-in $TOUR\n",
                          cwd=checkout, env=environment, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines[-1].startswith("tour-is-in "):
        raise RuntimeError(f"the tour ended with {done.returncode}: {done.stdout[-3000:]}")
    return pathlib.Path(lines[-1].split(" ", 1)[1]), done.stdout


def expected_of(made, job):
    """EXPECTED.json of the entry that a job's newest snapshot comes from, and that snapshot in it."""
    newest = json.loads((made / "COUNTS.json").read_text(encoding="utf-8"))["special"][job]["newest"]
    path = SOURCE / "tests/data/snapshots" / newest["entry"] / "EXPECTED.json"
    entry = json.loads(path.read_text(encoding="utf-8"))
    return entry, next(s for s in entry["snapshots"] if newest["uri"].endswith("/" + s["path"]))


def verify_arguments(entry, snapshot, path):
    how = entry["verify"]
    words = ["--mode", "verify", "--parallelism", snapshot["parallelism"], "--max-parallelism",
             how["max_parallelism"], "--from", path, "--timeout", 100, "--shape",
             how.get("shape", "rich"), "--keys", how.get("keys", 10000)]
    for name, value in how["conf"].items():
        words += ["--conf", f"{name}={value}"]
    return [str(word) for word in words]


def restore_all(scratch, items):
    """[(entry, snapshot, path)] restored one after the other by one JVM; their answers."""
    jars = fetch_flink.jars_of(VERSION)
    classes = compile_job(VERSION, jars, HERE / "fixture_job", "fixture-job")
    temporary, listed, results = (scratch / name for name in ("java", "list.tsv", "results.json"))
    temporary.mkdir(exist_ok=True)
    listed.write_text("".join("\t".join(verify_arguments(*item)) + "\n" for item in items))
    command = [*java_command(temporary, [classes, *jars]), "StateJob", "--mode", "batch", "--list",
               str(listed), "--result", str(results)]
    done = subprocess.run(command, text=True, timeout=60 + 120 * len(items),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    answers = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    if len(answers) != len(items):
        raise RuntimeError(f"{len(answers)} answers to {len(items)} requests: {done.stdout[-2000:]}")
    return answers


def why_not_same(answer, snapshot):
    """Empty when Flink found exactly the state that was there when the snapshot was made."""
    if not answer["ok"]:
        return answer["error"][:600]
    found = answer["restore"]
    if found["digest"] != snapshot["digest"]:
        states = snapshot["states"]
        wrong = sorted(name for name in {*states, *found["states"]}
                       if states.get(name) != found["states"].get(name))
        return f"other state: {', '.join(wrong)}"
    return "" if answer["exactly_once"] else "records were lost or doubled"


def test_clone(binary, scratch, checks):
    place, output = run_tour(binary, scratch)
    made = place / "made"
    checks.check("the source is gone", not (made / "bucket").exists() and
                 not (made / "source").exists(), "the tour left it")
    checks.check("the tour verified its clone", re.search(r"^verified +\d+ entities", output, re.M),
                 output[-2000:])
    items = [(*expected_of(made, job), place / "flink" / job) for job in RESTORED]
    answers = restore_all(scratch, items)
    for job, (_, snapshot, _), answer in zip(RESTORED, items, answers):
        why = why_not_same(answer, snapshot)
        if checks.check(f"{job} restores with its digest", not why, why):
            print(f"{job}: digest {snapshot['digest']}, {len(snapshot['states'])} states")
    damage(items[-1][2])  # in place: the metadata names its files by where they lie
    answer, = restore_all(scratch, items[-1:])
    checks.check("a damaged one is noticed", why_not_same(answer, items[-1][1]),
                 "it restored, so this test would not notice a broken clone")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stateferry")
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory behind")
    options = parser.parse_args()
    if not shutil.which("javac"):
        return skip_loudly("javac is not installed (Debian: openjdk-17-jdk-headless)")
    try:
        fetch_flink.jars_of(VERSION)
    except fetch_flink.Unavailable as error:
        return skip_loudly(str(error))
    checks = Checks()
    each_version([VERSION], lambda _, scratch: test_clone(options.stateferry, scratch, checks),
                 checks, "stateferry-clone", options.keep)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
