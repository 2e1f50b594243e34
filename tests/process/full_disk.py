#!/usr/bin/env python3
"""A disk that really runs full: one clear sentence, nothing half done, and with space it goes on.

Usage: full_disk.py STATEFERRY
Needs root to mount a small tmpfs; without it the test is left out (exit code 77).
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import flink_checkpoint
from shimmed import run
from workloads import below, manifest

FILES, SIZES = 24, (300, 5_000, 40_000, 600_000)  # about 4 MB
SMALL, LARGE = "2m", "200m"


class Checks:
    failed = 0

    def check(self, what, ok, why=""):
        print(("ok      " if ok else "FAILED  ") + what + ("" if ok else f": {why}"), flush=True)
        self.failed += not ok


# Two jobs with their state.
JOBS = """kind: queue
name: default-queue
---
kind: deployment
name: NAME
spec:
  engineVersion: vvr-8.0.5-flink-1.17
  executionMode: STREAMING
  artifact: {kind: SQLSCRIPT, sqlScript: SELECT 1}
  deploymentTarget: {mode: PER_JOB, name: default-queue}
---
kind: snapshot
name: sp-NAME
spec:
  deployment: NAME
  savepointLocation: SOURCE
  savepointOrigin: USER_REQUEST
  createdAt: "2026-01-01T00:00:00Z"
  status: {state: COMPLETED}
"""


def clone_runs_full(ferry, checks, work, disk, source):
    """C-44: a full disk takes no state away; with space the clone goes on."""
    manifests = work / "project"
    manifests.mkdir()
    for job in ("orders", "payments"):
        text = JOBS.replace("NAME", job).replace("SOURCE", str(source))
        (manifests / f"{job}.yaml").write_text(text if job == "orders" else text[text.index("---"):])
    for name, storage in (("from/jobs", work / "from"), ("to/jobs", disk / "to")):
        made = ferry("project", "create", name, "--region", "cn", "--architecture", "x86",
                     "--storage", storage, "--owner", "alice")
        checks.check(f"clone: {name}", made.code == 0, made)
    done = ferry("project", "import", "from/jobs", "-f", manifests)
    checks.check("clone: imported", done.code == 0, done)
    done = ferry("clone", "start", "from/jobs", "to/jobs", "--account", "alice", "--on-error",
                 "stateless")
    checks.check("clone: is interrupted", done.code == 1 and "resume" in done.err, done)
    checks.check("clone: says that there is no space", "space" in done.err.lower(), done)
    clone = ferry("clone", "history", "-q").out.strip()
    show = ferry("clone", "show", clone, "--created")
    checks.check("clone: lists what has arrived",
                 "snapshots/sp-" in show.out and "has not ended" in show.out, show)
    mount(disk, f"remount,size={LARGE}")
    done = ferry("clone", "resume", clone, "--output", "json")
    checks.check("clone: with more space it goes on", done.code == 0, done)
    totals = json.loads(done.out.splitlines()[-1])["summary"]["totals"]
    checks.check("clone: with all its state",
                 totals["succeeded"] == 2 and totals["degradedStateless"] == 0, totals)
    done = ferry("clone", "verify", clone)
    checks.check("clone: it is whole", done.code == 0, done)


def mount(where, options):
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", where],
                          stderr=subprocess.PIPE, text=True)
    return done.stderr if done.returncode else ""


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    work = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix="stateferry-full-disk-")))
    disk = work / "disk"
    disk.mkdir()
    refused = mount(disk, f"size={SMALL}")
    if refused:
        shutil.rmtree(work)
        print(f"left out: a small file system cannot be mounted here: {refused.strip()}")
        return 77
    checks = Checks()
    try:
        source = flink_checkpoint.write_job(work / "job", checkpoints=1, files=FILES, seed=7,
                                            sizes=SIZES)[0]

        def ferry(*arguments):
            return run([binary, "--home", work / "home", "--no-progress", *arguments])

        def runs_full(what, destination, *arguments):
            done = ferry(*arguments)
            checks.check(f"{what}: fails", done.code > 0, done)
            said = done.err.lower()
            checks.check(f"{what}: says that there is no space, and where",
                         "space" in said and str(disk) in said, done)
            checks.check(f"{what}: nothing looks complete",
                         not list(pathlib.Path(destination).rglob("_metadata")), "it does")

        # To a bucket.
        bucket = disk / "bucket"
        runs_full("bucket", bucket, "relocate", source, bucket)
        mount(disk, f"remount,size={LARGE}")
        done = ferry("relocate", source, bucket)
        checks.check("bucket: with more space it goes on", done.code == 0, done)
        whole = ferry("relocate", source, work / "reference", "--restore-at", f"file://{bucket}")
        checks.check("bucket: the reference", whole.code == 0, whole)
        checks.check("bucket: the same content", manifest(bucket) == manifest(work / "reference"),
                     "it differs")

        shutil.rmtree(bucket)
        mount(disk, f"remount,size={SMALL}")
        clone_runs_full(ferry, checks, work, disk, source)
        shutil.rmtree(disk / "to")

        # Into a store whose disk is nearly full.
        store = disk / "store"
        done = ferry("store", "init", store)
        checks.check("store: made", done.code == 0, done)
        filler = disk / "filler"
        filler.write_bytes(bytes((200 << 20) - (1 << 20) - used(disk)))
        place = f"managed://{store}/project/snapshot"
        done = ferry("relocate", source, place)
        checks.check("store: fails", done.code > 0, done)
        checks.check("store: says that there is no space", "space" in done.err.lower(), done)
        filler.unlink()
        done = ferry("store", "check", store, "--level", "deep")
        checks.check("store: clean afterwards", done.code == 0, done)
        done = ferry("relocate", source, place)
        checks.check("store: with more space it goes on", done.code == 0, done)
        done = ferry("copy", f"managed://{store}/project", work / "out")
        checks.check("store: readable", done.code == 0, done)
        portable = ferry("relocate", source, work / "portable", "--layout", "portable")
        checks.check("store: the reference", portable.code == 0, portable)
        checks.check("store: the same content",
                     below(manifest(work / "out"), "snapshot") == manifest(work / "portable"),
                     "it differs")
        return 1 if checks.failed else 0
    finally:
        subprocess.run(["umount", disk], check=False)
        shutil.rmtree(work, ignore_errors=True)


def used(path):
    return shutil.disk_usage(path).used


if __name__ == "__main__":
    sys.exit(main())
