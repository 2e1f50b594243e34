#!/usr/bin/env python3
"""The k-th changing call fails: the command says so, or does the work all the same.

Usage: fail_points.py STATEFERRY SHIM WORKLOAD [--points N|all] [--seed S] [--only K]
Faults: no space from then on, an I/O error of one write, of one sync, of one rename or unlink.
After a failed sync the pages are lost (disk_model.py), so a command that ends with 0 must have
written them again elsewhere.  Default number of points for each fault: $SF_CRASH_POINTS, else 12.
"""
import errno
import random
import sys

import shimmed
from crash_options import parse
from disk_model import Disk
from workloads import Violation, WORKLOADS

# name, kinds of calls, error, whether all later calls fail too
FAULTS = (
    ("no space from then on", "create,write,mkdir,truncate", errno.ENOSPC, True),
    ("one failed write", "write", errno.EIO, False),
    ("one failed sync", "sync", errno.EIO, False),
    ("one failed rename or removal", "rename,unlink", errno.EIO, False),
)


def count(work, kinds):
    work.restore_base()
    for number in range(len(work.steps)):
        work.must(work.step(number, work.shim.environment(only=kinds)))
    return work.shim.count()


def fail_at(work, fault, k, rng):
    _, kinds, error, sticky = fault
    work.restore_base()
    syncs = kinds == "sync"
    disk = Disk(work.live) if syncs else None
    environment = work.shim.environment(fail_at=k, error=error, sticky=sticky, only=kinds, log=syncs)
    done, reported = 0, False
    for number in range(len(work.steps)):
        outcome = work.step(number, environment)
        if outcome.code < 0:
            raise Violation(f"step {number} was ended by a signal: {outcome}")
        if outcome.code != 0:
            if not outcome.err.strip():
                raise Violation(f"step {number} failed without a word")
            reported = True
            break
        done += 1
    fired = work.shim.count() >= k
    if syncs:  # cut the power as well: what the command said must be on the disk
        for call in shimmed.read_log(work.shim.log):
            disk.play(call)
        disk.rebuild("worst", rng)
    work.judge(done)
    return fired, reported


def main():
    options = parse(__doc__, "fail", default_points=12)
    work = WORKLOADS[options.workload](options.stateferry, options.shim, seed=options.seed)
    bad = 0
    try:
        for fault in FAULTS:
            total = count(work, fault[1])
            points = options.choose(total) if total else []
            fired = reported = 0
            for k in points:
                try:
                    did_fire, said_so = fail_at(work, fault, k, random.Random(f"{options.seed}/{k}"))
                    fired += did_fire
                    reported += said_so
                except Violation as violation:
                    bad += 1
                    print(f"VIOLATION {fault[0]}, call {k}: {violation}\n    again: --only {k} "
                          f"--seed {options.seed}", flush=True)
            print(f"{work.name}: {fault[0]}: {len(points)} runs, {fired} met the fault, {reported} "
                  f"said so, seed {options.seed}", flush=True)
            # Threads make the number of calls vary a little, so not every point is reached.
            if fired * 2 < max(len(points), 1):
                bad += 1
                print(f"VIOLATION {fault[0]}: {total} calls seen, too few faults met", flush=True)
        return 1 if bad else 0
    finally:
        work.close()


if __name__ == "__main__":
    sys.exit(main())
