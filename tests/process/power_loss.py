#!/usr/bin/env python3
"""Power loss at the k-th changing call, then: nothing acknowledged is lost, the rerun finishes.

Usage: power_loss.py STATEFERRY SHIM WORKLOAD [--points N|all] [--seed S] [--only K]
                     [--ignore-syncs directories|files]
One run is recorded.  At each point the directory is rebuilt as it may look after power loss:
everything kept, nothing but what was synced, three random mixes (one of them ordered, like ext4);
see disk_model.py.  With --ignore-syncs the model plays as if the program had never synced such
things; that must be found out (exit code 0), and shows that the test can fail.  Default number of points: $SF_CRASH_POINTS, else 30, each with five states.
"""
import random
import sys

import shimmed
from crash_options import parse
from disk_model import Disk
from workloads import Violation, WORKLOADS

MODES = ("worst", "kept", "mixed", "mixed", "ordered")


def record(work):
    """Runs the steps once; returns the calls and after how many of them each step had ended."""
    work.restore_base()
    ends = []
    for number in range(len(work.steps)):
        done = work.step(number, work.shim.environment(log=True))
        if done.code != 0:
            raise Violation(f"step {number} while recording: {done}")
        ends.append(len(shimmed.read_log(work.shim.log)))
    return shimmed.read_log(work.shim.log), ends


def main():
    options = parse(__doc__, "cut the power", default_points=30,
                    extra=("--ignore-syncs", ("directories", "files")))
    work = WORKLOADS[options.workload](options.stateferry, options.shim, seed=options.seed)
    try:
        calls, ends = record(work)
        if not calls:
            print(f"{work.name}: no call was recorded: the shim sees nothing")
            return 1
        work.restore_base()
        disk = Disk(work.live)
        points = set(options.choose(len(calls)))
        print(f"{work.name}: {len(calls)} changing calls, power loss after {len(points)} of them, "
              f"seed {options.seed}", flush=True)
        bad = states = 0
        for k, call in enumerate(calls, 1):
            if not (options.ignore_syncs and disk.is_sync_of(call, options.ignore_syncs)):
                disk.play(call)
            if k not in points:
                continue
            acknowledged = sum(end <= k for end in ends)
            for number, mode in enumerate(MODES):
                rng = random.Random(f"{options.seed}/{k}/{number}")
                disk.rebuild(mode, rng)
                states += 1
                try:
                    work.judge(acknowledged, collect_garbage=rng.random() < 0.1)
                except Violation as violation:
                    bad += 1
                    print(f"VIOLATION after call {k} ({call.op} {call.path}), {mode}: {violation}\n"
                          f"    again: --only {k} --seed {options.seed}", flush=True)
        print(f"{work.name}: {states} states, {bad} violations", flush=True)
        if options.ignore_syncs:
            return 0 if bad else 1
        return 1 if bad else 0
    finally:
        work.close()


if __name__ == "__main__":
    sys.exit(main())
