#!/usr/bin/env python3
"""Real Flink restores what stateferry relocated, to exactly the same state.

Usage: restore_test.py STATEFERRY [--versions 1.20.5,2.3.0] [--keep]
Exit codes: 0 passed, 1 failed, 77 left out because Flink cannot be downloaded (never with CI=true).

For each Flink version a job of ours (job/restorecheck) makes snapshots of several kinds and records
every entry of its state.  They go bucket -> managed -> other bucket; the first bucket is deleted,
then the store; the job restores the result and tells every entry that it found.
docs/howto/test-with-real-flink.md
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import fetch_flink
from flink_jvm import Flink

ROCKSDB = {"state.backend.type": "rocksdb", "execution.checkpointing.incremental": "true",
           "state.backend.incremental": "true"}
HASHMAP = {"state.backend.type": "hashmap"}
MERGING = {"execution.checkpointing.file-merging.enabled": "true",
           "execution.checkpointing.file-merging.across-checkpoint-boundary": "true"}
CHANGELOG = {"state.changelog.enabled": "true",
             "state.changelog.periodic-materialize.interval": "700ms"}
# name: options to build with, options to restore with, checkpoints, savepoint format
KINDS = {
    "incremental": (ROCKSDB, ROCKSDB, 4, ""),
    "hashmap": (HASHMAP, HASHMAP, 1, ""),
    "native": (ROCKSDB, ROCKSDB, 1, "NATIVE"),
    "canonical": (ROCKSDB, ROCKSDB, 1, "CANONICAL"),
    "merging": ({**ROCKSDB, **MERGING}, ROCKSDB, 2, ""),
    "changelog": ({**ROCKSDB, **CHANGELOG}, {**ROCKSDB, **CHANGELOG}, 3, ""),
}
LAYOUTS = ("portable", "anchored", "tree")
STEP = 1200  # records per source split between two snapshots


class Checks:
    """Counts what was claimed, and says each failure at once."""

    def __init__(self):
        self.passed, self.failed = 0, []

    def check(self, what, ok, why=""):
        if ok:
            self.passed += 1
        else:
            self.failed.append(what)
            print(f"FAILED  {what}: {why}", flush=True)
        return ok


class Ferry:
    def __init__(self, binary, scratch, environment=None):
        self.binary = binary
        self.home = scratch / "home"
        self.environment = {**os.environ, **(environment or {})}

    def __call__(self, *arguments):
        command = [self.binary, "--home", self.home, "--no-progress", *arguments]
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120,
                              env=self.environment)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))} ended with {done.returncode}: "
                               f"{done.stderr[-1500:]}{done.stdout[-500:]}")
        return done.stdout

    def relocate(self, source, destination, layout):
        """Returns the restore pointer: the directory that holds the new `_metadata`."""
        lines = self("--output", "json", "relocate", source, destination, "--layout", layout)
        result = json.loads(lines.splitlines()[-1])
        return find_pointer(result)


def find_pointer(result):
    pointer = result["summary"]["restorePointer"]
    return pathlib.Path(pointer.removeprefix("file://").removeprefix("file:"))


class Snapshot:
    def __init__(self, kind, made, restore_options):
        self.kind = kind
        self.path = pathlib.Path(made["path"])
        self.name = f"{kind}-{made['checkpoint']}"
        self.states = made["states"]
        self.restore_options = restore_options


def last_cause(answer):
    return answer.get("error", "").split(" <- ")[-1][:600]


def restores_exactly(checks, flink, what, path, snapshot):
    """Restores `path` and compares with what the building job had recorded for `snapshot`."""
    answer = flink.verify(path, options=snapshot.restore_options)
    if not answer["ok"]:
        return checks.check(what, False, last_cause(answer))
    wrong = sorted(state for state in {*snapshot.states, *answer["states"]}
                   if snapshot.states.get(state) != answer["states"].get(state))
    return checks.check(what, not wrong and answer["states"], f"other state: {', '.join(wrong)}")


def does_not_restore(checks, flink, what, path, snapshot):
    answer = flink.verify(path, options=snapshot.restore_options)
    same = answer["ok"] and answer["states"] == snapshot.states
    checks.check(what, not same, "it restored, so this test would not notice a broken relocation")


def build_all(flink, bucket, kinds=tuple(KINDS)):
    snapshots = []
    for kind in kinds:
        options, restore_options, checkpoints, savepoint = KINDS[kind]
        answer = flink.build(step=STEP, checkpoints=checkpoints, directory=bucket / kind,
                             savepoint=savepoint, options=options)
        if not answer["ok"]:
            raise RuntimeError(f"building {kind}: {answer['error'][-2000:]}")
        made = answer["snapshots"][-1:] if savepoint else answer["snapshots"]
        snapshots += [Snapshot(kind, one, restore_options) for one in made]
    return snapshots


def continue_with(checks, flink, what, path, snapshot, claim, directory):
    """A job goes on from `path`; its checkpoints restore, and CLAIM cleans up after itself.

    The first one counts most: it refers to the most files of `path`.  The cluster retains three.
    """
    answer = flink.build(step=STEP, checkpoints=3, directory=directory, start=path, claim=claim,
                         options=KINDS[snapshot.kind][0])
    if not checks.check(f"{what}: the job goes on", answer["ok"], last_cause(answer)):
        return
    for made in answer["snapshots"]:
        after = Snapshot(snapshot.kind, made, snapshot.restore_options)
        restores_exactly(checks, flink, f"{what}: then {after.path.name}", after.path, after)
    there = (path / "_metadata").exists()
    if claim == "CLAIM":
        checks.check(f"{what}: subsumed, and deleted by its owner", not there, f"{path} is there")
    else:
        checks.check(f"{what}: left alone", there, f"Flink deleted {path}/_metadata")


def test_version(version, ferry, scratch, checks):
    first, second = scratch / "first-bucket", scratch / "second-bucket"
    store, copied, moved = scratch / "store", scratch / "copied", scratch / "moved"
    flink = Flink(version, scratch, first / "changelog")
    try:
        snapshots = build_all(flink, first)
        incremental = [s for s in snapshots if s.kind == "incremental"]
        checks.check(f"{version} snapshots differ from each other",
                     incremental[-1].states != incremental[-2].states,
                     "two checkpoints have the same digest; the comparison is worth nothing")
        checks.check(f"{version} every kind of state is there", len(incremental[-1].states) == 10,
                     f"only {sorted(incremental[-1].states)}")
        shutil.copytree(first, copied)

        ferry("store", "init", store)
        places = {}
        for snapshot in snapshots:
            managed = f"managed://{store}/flink/{snapshot.name}"
            ferry("relocate", snapshot.path, managed, "--layout", "portable")
            places[snapshot.name] = managed
        job_directory = incremental[-1].path.parent
        whole_job = ferry.relocate(job_directory, second / "whole-job", "tree")
        shutil.rmtree(first)  # the original is gone

        results = []
        for snapshot in snapshots:
            for layout in LAYOUTS:
                destination = second / layout / snapshot.name
                pointer = ferry.relocate(places[snapshot.name], destination, layout)
                results.append((layout, snapshot, pointer))
        shutil.rmtree(store)  # and so is the managed copy
        shutil.rmtree(ferry.home)

        for layout, snapshot, pointer in results:
            what = f"{version} {snapshot.name} {layout}"
            restores_exactly(checks, flink, what, pointer, snapshot)
        restores_exactly(checks, flink, f"{version} whole job as a tree", whole_job, incremental[-1])
        for snapshot in incremental[:-1]:
            older = whole_job.parent / snapshot.path.name
            restores_exactly(checks, flink, f"{version} {snapshot.name} in the tree", older, snapshot)

        # A portable snapshot moves again by plain copy, and is left alone by NO_CLAIM.
        shutil.move(second / "portable", moved)
        for snapshot in snapshots:
            what = f"{version} {snapshot.name} portable, moved by mv"
            restores_exactly(checks, flink, what, moved / snapshot.name, snapshot)
        continue_with(checks, flink, f"{version} NO_CLAIM of portable", moved / incremental[-1].name,
                      incremental[-1], "NO_CLAIM", scratch / "after-portable")

        # What proves that all this can fail.
        original = copied / incremental[-1].path.relative_to(first)
        does_not_restore(checks, flink, f"{version} cp -r without the original", original,
                         incremental[-1])
        hashmap = next(s for s in snapshots if s.kind == "hashmap")
        damage(moved / hashmap.name)
        does_not_restore(checks, flink, f"{version} damaged state file", moved / hashmap.name,
                         hashmap)

        # The owner of an anchored or tree snapshot may claim it.
        for layout in ("anchored", "tree"):
            for kind in ("incremental", "merging"):
                snapshot = [s for s in snapshots if s.kind == kind][-1]
                pointer = next(p for lay, s, p in results if lay == layout and s is snapshot)
                continue_with(checks, flink, f"{version} CLAIM of {kind} {layout}", pointer, snapshot,
                              "CLAIM", scratch / f"after-{layout}-{kind}")
    finally:
        flink.close()


def damage(directory):
    """One bit in every 97th byte of the largest file: a single one may hit what no state shows."""
    victim = max((f for f in directory.rglob("*") if f.is_file() and f.name != "_metadata"),
                 key=lambda f: f.stat().st_size)
    content = bytearray(victim.read_bytes())
    for at in range(len(content) // 4, len(content), 97):
        content[at] ^= 1
    victim.write_bytes(content)


def skip_loudly(why):
    in_ci = os.environ.get("CI", "").lower() in ("true", "1")
    frame = "*" * 78
    verdict = "in CI this is a failure" if in_ci else "THE RESTORE TEST IS LEFT OUT"
    print(f"{frame}\n* real Flink is not to be had, {verdict}\n* {why}\n{frame}", flush=True)
    return 1 if in_ci else 77


def each_version(versions, test, checks, prefix, keep):
    """Calls test(version, scratch) for each, with a directory of its own, and prints the sums."""
    for version in versions:
        started = time.monotonic()
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"{prefix}-{version}-"))
        try:
            test(version, scratch)
        except (RuntimeError, subprocess.SubprocessError, OSError) as error:
            checks.check(f"{version} ran to the end", False, error)
        finally:
            if keep:
                print(f"kept {scratch}")
            else:
                shutil.rmtree(scratch, ignore_errors=True)
        print(f"Flink {version}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"{checks.passed} checks passed, {len(checks.failed)} failed", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stateferry")
    parser.add_argument("--versions", default=os.environ.get("SF_FLINK_VERSIONS", "1.20.5,2.3.0"))
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory behind")
    options = parser.parse_args()
    versions = options.versions.split(",")
    if not shutil.which("javac"):
        return skip_loudly("javac is not installed (Debian: openjdk-17-jdk-headless)")
    try:
        for version in versions:
            fetch_flink.jars_of(version)
    except fetch_flink.Unavailable as error:
        return skip_loudly(str(error))

    checks = Checks()
    def test(version, scratch):
        test_version(version, Ferry(options.stateferry, scratch), scratch, checks)

    each_version(versions, test, checks, "stateferry-flink", options.keep)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
