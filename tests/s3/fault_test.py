#!/usr/bin/env python3
"""The program behind a proxy that spoils requests: right bytes in the end, or a stop with a reason.

Usage: fault_test.py BINARY [--count N] [--jobs N] [SEED]...
Each seed is one schedule of faults (fault_plan.py): the commands of a shape (fault_shapes.py),
with S3 or OSS, over TLS or not, run through it.  Each run either ends with the right bytes, or
stops with a reason, and the same command without faults then completes.  No run may hang, and no
secret may be in anything that it printed or left behind.  At the end a table says what was injected
how often.
Default: SF_FAULT_SEEDS=N new seeds, 2.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import os
import random
import ssl
import sys
import tempfile

import servers
from fault_plan import KINDS, RARE, FaultPlan
from fault_shapes import Schedule
from program_test import check

SCHEDULES_PER_SERVER = 20
ENOUGH = 100  # schedules, of which every kind of fault has to be met by some
COLUMNS = ("all", "copy", "relocate", "managed copy", "managed relocate", "s3", "oss", "plain",
           "tls")


class Services:
    """The servers behind the proxies, and what a proxy needs to speak TLS."""

    def __init__(self, stack):
        # It looks at every signature and checksum.
        self.urls = {"s3": stack.enter_context(servers.serving("versitygw")),
                     "oss": stack.enter_context(servers.serving(servers.OSS))}
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="stateferry-tls-"))
        self.authority, certificate, key = servers.certificate(directory)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)


class Tally:
    """What was injected, by kind of fault and by kind of schedule."""

    def __init__(self):
        self.injected = collections.defaultdict(collections.Counter)
        self.schedules, self.runs, self.stopped = collections.Counter(), 0, 0

    def add(self, schedule):
        for column in schedule.plan.columns():
            self.schedules[column] += 1
            self.injected[column].update(schedule.plan.injected)
        self.runs += schedule.runs
        self.stopped += schedule.stopped

    def of(self, kind):
        return self.injected["all"][kind]

    def __str__(self):
        def row(name, cells):
            return f"{name:40}" + "".join(f"{cell:>18}" if " " in column else f"{cell:>9}"
                                          for column, cell in zip(COLUMNS, cells))
        lines = [row("", COLUMNS), row("schedules", [self.schedules[c] for c in COLUMNS])]
        lines += [row(said, [self.injected[column][kind] for column in COLUMNS])
                  for kind, said in {**KINDS, **RARE}.items()]
        lines.append(f"{self.runs} runs of the program, {self.stopped} of them stopped and were "
                     "completed by the next one")
        return "\n".join(lines)


def survive(binary, services, seed):
    plan = FaultPlan(seed)
    with contextlib.ExitStack() as stack:
        try:
            schedule = Schedule(binary, services, plan, seed, stack)
            schedule.play()
        except AssertionError as why:
            raise AssertionError(f"seed {seed} ({plan}): {why}") from why
    print(f"seed {seed}: {plan}: {plan.faults()} faults, {schedule.stopped} of {schedule.runs} "
          "runs stopped", flush=True)
    return schedule


def survive_all(binary, seeds, jobs):
    tally, failed = Tally(), []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for at in range(0, len(seeds), SCHEDULES_PER_SERVER):
            # New ones now and then: what the schedules stored goes away with them.
            with contextlib.ExitStack() as stack:
                services = Services(stack)
                runs = [pool.submit(survive, binary, services, seed)
                        for seed in seeds[at:at + SCHEDULES_PER_SERVER]]
                for run in runs:
                    try:
                        tally.add(run.result())
                    except AssertionError as why:
                        failed.append(str(why))
                        print(f"FAILED {why}", flush=True)
    print(tally, flush=True)
    check(not failed, f"{len(failed)} of {len(seeds)} schedules failed")
    missed = [KINDS[kind] for kind in KINDS if not tally.of(kind)]
    check(len(seeds) < ENOUGH or not missed, f"never met: {missed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument("--count", type=int, default=int(os.environ.get("SF_FAULT_SEEDS") or 2))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = options.seeds or [random.randrange(1 << 31) for _ in range(options.count)]
    print(f"seeds {seeds}", flush=True)
    try:
        survive_all(options.binary, seeds, options.jobs)
    except servers.Unavailable as why:
        servers.missing("versitygw and the double of OSS", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
