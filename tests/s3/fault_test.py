#!/usr/bin/env python3
"""The program behind a proxy that spoils requests: right bytes in the end, or a stop with a reason.

Usage: fault_test.py BINARY [--count N] [--jobs N] [SEED]...
Each seed is one schedule of faults (fault_plan.py): an upload, a copy from bucket to bucket and a
download of a few small files run through it.  Each run either ends with the right bytes, or stops
with a reason, and the same command without faults then completes.  No run may hang, and no secret
may be in anything that it printed or left behind.
Default: SF_FAULT_SEEDS=N new seeds, 2.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import http.server
import json
import os
import pathlib
import random
import subprocess
import sys
import threading

import servers
import signed
from fault_proxy import FaultProxy
from program_test import MIB, Sandbox, check

HANG_S = 400
# Partly done, refused, permission, not there, damaged, transient, changed meanwhile.
REASONS = (3, 4, 5, 6, 7, 8, 11)
SCHEDULES_PER_SERVER = 20


class TokenService:
    """Gives the program its credentials, as a container does: keys and the newest token."""

    def __init__(self, tokens):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"AccessKeyId": servers.ACCESS_KEY, "Token": tokens.current(),
                                   "SecretAccessKey": servers.SECRET_KEY,
                                   "Expiration": "2099-01-01T00:00:00Z"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


def make_source(directory, seed):
    """Small files, metadata, which goes last, and two that travel in parts."""
    source = random.Random(seed)
    os.makedirs(directory)
    pathlib.Path(directory, "_metadata").write_bytes(source.randbytes(3000))
    for number in range(12):
        size = source.choice((0, 1, 1000, 100_000))
        pathlib.Path(directory, f"small-{number}").write_bytes(source.randbytes(size))
    for number in range(2):
        pathlib.Path(directory, f"large-{number}").write_bytes(
            source.randbytes(9 * MIB + source.randrange(1000)))


def check_same(found, expected, where):
    """Names the files that differ, and where their first wrong byte is."""
    wrong = []
    for name in sorted(found.keys() | expected.keys()):
        one, other = found.get(name), expected.get(name)
        if one is None or other is None:
            wrong.append(f"{name} is {'missing' if one is None else 'too much'}")
        elif one != other:
            at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), "the end")
            wrong.append(f"{name}: {len(one)} bytes instead of {len(other)}, other from {at} on")
    check(not wrong, f"{where}: {wrong}")


def tree(directory):
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in pathlib.Path(directory).rglob("*") if path.is_file()}


class Schedule:
    """One seed, from its first command to its last check."""

    def __init__(self, binary, url, seed, stack):
        self.seed, self.server, self.bucket = seed, url, f"faults-{seed}"
        self.sandbox = stack.enter_context(Sandbox(binary, snapshot=None))
        self.proxy = stack.enter_context(FaultProxy(url, seed))
        self.plan = self.proxy.plan
        signed.make_bucket(url, self.bucket)
        self.env = servers.environment(self.proxy.url)
        self.env["AWS_REGION"] = self.plan.region
        self.secrets = [servers.SECRET_KEY.encode(), b"Signature="]
        if self.plan.tokens:
            service = stack.enter_context(TokenService(self.plan.tokens))
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                del self.env[name]
            self.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = service.url
            self.secrets.append(self.plan.tokens.prefix.encode())
        self.retries = random.Random(seed).choice((1, 3, 10))
        self.stopped = 0
        make_source(self.sandbox.path("source"), seed)
        self.source = tree(self.sandbox.path("source"))

    def run(self, words):
        """Exit code and last JSON line; everything that was printed is searched for secrets."""
        options = ["--part-size", "5MiB", "--retries", str(self.retries), "--retry-max-backoff",
                   "2s", "--output", "json", "--log-level", "debug"]
        try:
            done = self.sandbox.run([*words, *options], env=self.env, timeout=HANG_S)
        except subprocess.TimeoutExpired as hung:
            raise AssertionError(f"{words} hangs:\n{(hung.stderr or b'')[-3000:].decode()}") from hung
        self.search(done.stdout + done.stderr, f"what {words} printed")
        lines = done.stdout.decode().splitlines()
        check(lines, f"{words}: exit {done.returncode}, nothing said: {done.stderr[-2000:]}")
        return done.returncode, [json.loads(line) for line in lines]

    def search(self, data, where):
        for secret in self.secrets:
            check(secret not in data, f"a secret ({secret[:9]}...) is in {where}")

    def search_files(self):
        for path in pathlib.Path(self.sandbox.dir).rglob("*"):
            if path.is_file() and "source" not in path.parts:
                self.search(path.read_bytes(), path)

    def through_faults(self, *words):
        """One run with faults; where it stops, one without, which has to complete."""
        self.plan.start()
        code, lines = self.run(words)
        self.plan.stop()
        self.search_files()
        if code == 0:
            return
        said = [line for line in lines if line["type"] in ("error", "item")]
        check(code in REASONS, f"{words}: exit {code}: {said}")
        check(said and all(line["message"] for line in said), f"{words}: no reason: {lines[-3:]}")
        self.stopped += 1
        print(f"seed {self.seed}: {words[0]} to {words[2]} stopped: {said[0]['message'][:300]}")
        code, lines = self.run(words)
        check(code == 0, f"{words}: the run without faults: exit {code}: {lines[-3:]}\n"
                         f"after: {said[:3]}")
        self.search_files()

    def check_bucket(self, prefix):
        found = {name: signed.get(self.server, self.bucket, f"{prefix}/{name}")
                 for name in self.source}
        check_same(found, self.source, prefix)

    def play(self):
        self.through_faults("copy", "{DIR}/source", f"s3://{self.bucket}/one")
        self.check_bucket("one")
        self.through_faults("copy", f"s3://{self.bucket}/one", f"s3://{self.bucket}/two",
                            "--server-side", "never")
        self.check_bucket("two")
        self.through_faults("copy", f"s3://{self.bucket}/two", f"s3://{self.bucket}/three")
        self.check_bucket("three")
        self.through_faults("copy", f"s3://{self.bucket}/three", "{DIR}/back")
        check_same(tree(self.sandbox.path("back")), self.source, "back")
        self.search_files()
        return self.plan.injected, self.stopped


def survives(binary, url, seed):
    """Faults that were done, and how many runs stopped."""
    with contextlib.ExitStack() as stack:
        schedule = Schedule(binary, url, seed, stack)
        try:
            injected, stopped = schedule.play()
        except AssertionError as why:
            raise AssertionError(f"seed {seed} ({schedule.plan}): {why}") from why
        print(f"seed {seed}: {schedule.plan}: {sum(injected.values())} faults, "
              f"{stopped} of 4 runs stopped", flush=True)
        return injected, stopped


def survive_all(binary, seeds, jobs):
    total, stopped, failed = collections.Counter(), 0, []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for at in range(0, len(seeds), SCHEDULES_PER_SERVER):
            # A new one now and then: what the schedules stored goes away with it.
            with servers.serving("versitygw") as url:  # it looks at every signature and checksum
                runs = [pool.submit(survives, binary, url, seed)
                        for seed in seeds[at:at + SCHEDULES_PER_SERVER]]
                for run in runs:
                    try:
                        injected, stops = run.result()
                        total.update(injected)
                        stopped += stops
                    except AssertionError as why:
                        failed.append(str(why))
                        print(f"FAILED {why}", flush=True)
    print(f"{len(seeds)} schedules, {3 * len(seeds)} runs with {sum(total.values())} faults "
          f"{dict(total)}, {stopped} of them stopped and were completed by the next run", flush=True)
    check(not failed, f"{len(failed)} of {len(seeds)} schedules failed")
    check(total, "nothing was injected")


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
        servers.missing("versitygw", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
