#!/usr/bin/env python3
"""kill -9 at the k-th changing call, then: nothing acknowledged is lost, the rerun finishes.

Usage: kill_points.py STATEFERRY SHIM WORKLOAD [--points N|all] [--seed S] [--only K]
Default number of points: $SF_CRASH_POINTS, else 150.
"""
import random
import sys

from crash_options import parse
from workloads import Violation, WORKLOADS


def run_until_killed(work, environment):
    """Runs the steps; returns (how many ended well, whether one was killed)."""
    for number in range(len(work.steps)):
        done = work.step(number, environment)
        if done.code == -9:
            return number, True
        if done.code != 0:
            raise Violation(f"step {number} failed without being killed: {done}")
    return len(work.steps), False


def kill_at(work, k, rng):
    work.restore_base()
    torn = rng.random() < 0.3
    done, killed = run_until_killed(work, work.shim.environment(kill_at=k, torn=torn))
    again = rng.randint(1, 60) if killed and rng.random() < 0.3 else 0
    if again:  # and killed once more while it recovers
        work.shim.reset()
        environment = work.shim.environment(kill_at=again)
        while done < len(work.steps):
            outcome = work.step(done, environment)
            if outcome.code == -9:
                break
            if outcome.code != 0:
                raise Violation(f"the rerun after the first kill: {outcome}")
            done += 1
    work.judge(done, collect_garbage=rng.random() < 0.2)
    return killed


def main():
    options = parse(__doc__, "kill", default_points=150)
    work = WORKLOADS[options.workload](options.stateferry, options.shim, seed=options.seed)
    try:
        run_until_killed(work, work.shim.environment())
        total = work.shim.count()
        points = options.choose(total)
        print(f"{work.name}: {total} changing calls, killing at {len(points)} of them, "
              f"seed {options.seed}", flush=True)
        bad = killed = 0
        for k in points:
            try:
                killed += kill_at(work, k, random.Random(f"{options.seed}/{k}"))
            except Violation as violation:
                bad += 1
                print(f"VIOLATION at call {k}: {violation}\n    again: --only {k} --seed "
                      f"{options.seed}", flush=True)
        print(f"{work.name}: {killed} of {len(points)} runs were killed, {bad} violations", flush=True)
        # Threads make the number of calls vary a little, so not every point is reached.
        enough = killed * 2 >= len(points) or options.only
        if not enough:
            print("too few runs were killed: the shim does not see the calls")
        return 1 if bad or not enough else 0
    finally:
        work.close()


if __name__ == "__main__":
    sys.exit(main())
