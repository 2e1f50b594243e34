#!/usr/bin/env python3
"""kill -9 at random moments of an upload, a download and a copy between buckets of one object.

Usage: kill_test.py BINARY [--size-mib 64] [--rounds 2] [--seed S] [--dir DIRECTORY]
After each kill the same command runs again, to its end, and then
  - the server's log shows no more parts moved twice than were in flight,
  - the object is byte-identical, and the next run has nothing to do,
  - no multipart upload is left behind.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "process")]

import servers  # noqa: E402
import signed  # noqa: E402
from random_kills import Moments, kill_after  # noqa: E402
from shimmed import run  # noqa: E402

MIB = 1 << 20
PART = 16 * MIB  # what the program chooses
# Parts that the program lets be in flight: read but not journaled (transfer/executor.cc).
IN_FLIGHT = 224 * MIB // PART
BUCKETS = ("from-here", "to-there")


class RequestLog:
    """What the server says that it was asked for."""
    LINE = re.compile(r" s3_(\w+) \S+ (/[^ ?]+)\S* (\d+) ")

    def __init__(self, path):
        self.path = path
        path.touch()

    def counts(self):
        """Successful requests by (operation, path)."""
        found = self.LINE.findall(self.path.read_text(errors="replace"))
        return collections.Counter((op, path) for op, path, status in found if status[0] == "2")


class Route:
    """One direction: from where to where, how, and the requests that moving a part takes."""

    def __init__(self, name, source, destination, requests, options=()):
        self.name, self.source, self.destination = name, source, destination
        self.requests, self.options = requests, options


class Trial:
    def __init__(self, options, work, url, log):
        self.options, self.work, self.url, self.log = options, work, url, log
        self.binary = options.binary.resolve()
        self.rng = random.Random(options.seed)
        self.size = options.size_mib * MIB
        self.environment = {**os.environ, **servers.environment(url),
                            "STATEFERRY_HOME": str(work / "home")}
        self.failures = 0
        self.digest = self.make_source()

    def make_source(self):
        (self.work / "source").mkdir()
        digest = hashlib.sha256()
        with open(self.work / "source" / "large", "wb") as file:
            for _ in range(self.options.size_mib):
                block = self.rng.randbytes(MIB)
                digest.update(block)
                file.write(block)
        return digest.hexdigest()

    def fail(self, what):
        self.failures += 1
        print(f"FAILED  {what}", flush=True)

    def command(self, route):
        return [self.binary, "--no-progress", "--output", "json", "copy", route.source,
                route.destination, *route.options]

    def rerun(self, what, route):
        """The summary of a run that must reach its end."""
        done = run(self.command(route), self.environment)
        if done.code != 0:
            self.fail(f"{what}: exit code {done.code}\n{done.out[-1000:]}\n{done.err[-1000:]}")
            return None
        return json.loads(done.out.splitlines()[-1])

    def reset(self, route):
        shutil.rmtree(self.work / "home", ignore_errors=True)
        shutil.rmtree(self.work / "back", ignore_errors=True)
        if route.destination.startswith("s3://"):
            signed.request(self.url, "DELETE", self.path_of(route.destination))

    @staticmethod
    def path_of(place):
        return "/" + place.removeprefix("s3://") + "/large"

    def digest_of(self, place):
        if not place.startswith("s3://"):
            with open(pathlib.Path(place, "large"), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        digest = hashlib.sha256()
        signed.get_into(self.url, self.path_of(place), digest.update)
        return digest.hexdigest()

    def moved(self, route):
        """Parts so far: of the kind of request that most were made of."""
        counts = self.log.counts()
        return [counts[request] for request in route.requests]

    def moved_since(self, route, before):
        return max(now - then for now, then in zip(self.moved(route), before))

    def check_end(self, what, route):
        if self.digest_of(route.destination) != self.digest:
            self.fail(f"{what}: the object is another one")
        for bucket in BUCKETS:
            if signed.unfinished_uploads(self.url, bucket) != 0:
                self.fail(f"{what}: an upload is left behind in {bucket}")
        again = self.rerun(f"{what}: once more", route)
        if again and again["status"] != "nothing_to_do":
            self.fail(f"{what}: there was still something to do: {again['status']}")

    def round(self, what, route, delay):
        """Parts moved twice; None when the run had ended before the kill."""
        self.reset(route)
        before = self.moved(route)
        if not kill_after(self.command(route), self.environment, delay):
            return None
        at_kill = self.moved_since(route, before)
        end = self.rerun(what, route)
        if end is None:
            return 0
        parts = -(-self.size // PART)
        again = self.moved_since(route, before) - parts
        resumed = end["summary"]["bytesResumed"] // PART
        print(f"{what}: killed after {delay:.2f} s and {at_kill} of {parts} parts, {resumed} "
              f"resumed, {again} moved twice", flush=True)
        if again > IN_FLIGHT:
            self.fail(f"{what}: {again} parts were moved twice, {IN_FLIGHT} may be in flight")
        self.check_end(what, route)
        return max(again, 0)

    def rounds(self, route):
        self.reset(route)
        before = self.moved(route)
        started = time.monotonic()
        if self.rerun(f"{route.name} without a kill", route) is None:
            return
        moments = Moments(self.rng, time.monotonic() - started)
        parts = self.moved_since(route, before)
        if parts != -(-self.size // PART):
            self.fail(f"{route.name}: the log shows {parts} parts of an undisturbed run")
        self.check_end(route.name, route)
        print(f"{route.name}: {self.options.size_mib} MiB in {moments.seconds:.1f} s without a kill",
              flush=True)
        twice = []
        while len(twice) < self.options.rounds:
            again = self.round(f"{route.name} round {len(twice) + 1}", route, moments.next())
            if again is None:
                moments.too_late()
            else:
                twice.append(again)
        print(f"{route.name}: {len(twice)} kills, at most {max(twice)} parts "
              f"({max(twice) * PART // MIB} MiB of {self.options.size_mib}) moved twice",
              flush=True)


def routes(work):
    local, first, second = str(work / "source"), "s3://from-here/x", "s3://to-there/y"
    put, get = ("UploadPart", "/from-here/x/large"), ("GetObject", "/from-here/x/large")
    return [Route("upload", local, first, [put]),
            Route("download", first, str(work / "back"), [get]),
            Route("between buckets", first, second, [get, ("UploadPart", "/to-there/y/large")],
                  ("--server-side", "never")),
            Route("by the service", first, "s3://to-there/z",
                  [("UploadPartCopy", "/to-there/z/large")],
                  ("--server-side", "always", "--part-size", "16MiB"))]


def test(options):
    with tempfile.TemporaryDirectory(prefix="stateferry-kill-", dir=options.dir) as directory:
        work = pathlib.Path(directory)
        log = RequestLog(work / "requests.log")
        with servers.serving("versitygw", variables={"VGW_ACCESS_LOG": str(log.path)}) as url:
            for bucket in BUCKETS:
                signed.make_bucket(url, bucket)
            trial = Trial(options, work, url, log)
            for route in routes(work):
                trial.rounds(route)
            return 1 if trial.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--size-mib", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--dir", default=None, help="for scratch files: four times the size")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    tempfile.tempdir = options.dir
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that scratch files go
    try:
        sys.exit(test(options))
    except servers.Unavailable as why:
        servers.missing("versitygw", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
