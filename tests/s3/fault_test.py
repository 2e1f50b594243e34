#!/usr/bin/env python3
"""The program behind a proxy that spoils requests: right bytes in the end, or a stop with a reason.

Usage: fault_test.py BINARY [SEED]...    (default: SF_FAULT_SEEDS=N new ones, 2)
"""
import os
import pathlib
import random
import sys

import servers
import signed
from fault_proxy import FaultProxy
from program_test import MIB, Runner, Sandbox, check

# Done; corruption noticed; transient, retries used up.  Never partly done: no fault is about one
# file, and a repeated request that meets what it has put itself is no conflict.
ALLOWED = (0, 7, 8)


def make_source(directory, seed):
    """Small files and two that travel in parts."""
    source = random.Random(seed)
    os.makedirs(directory)
    for number in range(25):
        size = source.choice((0, 1, 1000, 100_000))
        pathlib.Path(directory, f"small-{number}").write_bytes(source.randbytes(size))
    for number in range(2):
        pathlib.Path(directory, f"large-{number}").write_bytes(
            source.randbytes(12 * MIB + source.randrange(1000)))


def tree(directory):
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in pathlib.Path(directory).rglob("*") if path.is_file()}


def until_done(runner, *words):
    for _ in range(8):
        done = runner.sandbox.run([*words, "--output", "json"], env=runner.env, timeout=300)
        check(done.returncode in ALLOWED, f"{words}: exit {done.returncode}\n{done.stdout[-1500:]}")
        check(servers.SECRET_KEY.encode() not in done.stdout + done.stderr, "a secret was printed")
        if done.returncode == 0:
            return
    raise AssertionError(f"{words}: not done after 8 runs\n{done.stdout[-1500:]}")


def survives(binary, url, seed):
    with Sandbox(binary, snapshot=None) as sandbox, FaultProxy(url, seed, one_in=10) as proxy:
        bucket = f"faults-{seed}"
        signed.make_bucket(url, bucket)
        runner = Runner(sandbox, url, f"unused-{seed}")
        runner.env["AWS_ENDPOINT_URL_S3"] = proxy.url
        make_source(sandbox.path("source"), seed)
        until_done(runner, "copy", "{DIR}/source", f"s3://{bucket}/copy", "--part-size", "5MiB")
        until_done(runner, "copy", f"s3://{bucket}/copy", f"s3://{bucket}/again", "--part-size",
                   "5MiB")
        until_done(runner, "copy", f"s3://{bucket}/again", "{DIR}/back", "--part-size", "5MiB")
        check(tree(sandbox.path("back")) == tree(sandbox.path("source")), "the bytes are others")
        hits = {fault: count for fault, count in proxy.injected.items() if count}
        print(f"seed {seed}: {hits}", flush=True)
        check(sum(hits.values()) > 0, "nothing was injected")


def main():
    binary = sys.argv[1]
    seeds = [int(seed) for seed in sys.argv[2:]]
    if not seeds:
        seeds = [random.randrange(1 << 31) for _ in range(int(os.environ.get("SF_FAULT_SEEDS") or 2))]
    print(f"seeds {seeds}", flush=True)
    try:
        # It looks at every signature and checksum.
        with servers.serving("versitygw") as url:
            for seed in seeds:
                survives(binary, url, seed)
    except servers.Unavailable as why:
        servers.missing("versitygw", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
