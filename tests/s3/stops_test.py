#!/usr/bin/env python3
"""However a run ends, the journal knows its uploads, and `transfer cancel` leaves none of them.

Usage: stops_test.py BINARY
"""
import os
import pathlib
import signal
import sys

import servers
import signed
from program_test import MIB, Runner, Sandbox, check

FILES = 8


def stopped_and_cancelled(binary, url, bucket, stop):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, bucket)
        os.makedirs(sandbox.path("source"))
        for number in range(FILES):
            pathlib.Path(sandbox.path(f"source/{number}")).write_bytes(os.urandom(12 * MIB))
        stop(runner, ["copy", "{DIR}/source", f"s3://{bucket}/copy", "--part-size", "5MiB",
                      "--transfers", "6"])
        begun = signed.unfinished_uploads(url, bucket)
        ids = sandbox.run(["transfer", "list", "-q"], env=runner.env).stdout.decode().split()
        runner.run("transfer", "cancel", ids[0], "--yes")
        left = signed.unfinished_uploads(url, bucket)
        check(begun > 0, "nothing had begun")
        check(left == 0, f"{left} of {begun} uploads are still there")


def by_a_signal(runner, words):
    """Once uploads have begun, and before the limited bandwidth lets all of them have parts."""
    process = runner.start(*words, "--bwlimit", "1MiB")
    while signed.unfinished_uploads(runner.url, runner.bucket) == 0:
        check(process.poll() is None, "ended before it was stopped")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    check(process.returncode == 10, f"exit {process.returncode} after SIGINT")


def by_a_limit(runner, words):
    runner.run(*words, "--max-transfer", "20MiB", code=10)


def main():
    try:
        with servers.serving("versitygw") as url:
            for stop in (by_a_signal, by_a_limit):
                print(stop.__name__, flush=True)
                stopped_and_cancelled(sys.argv[1], url, stop.__name__.replace("_", "-"), stop)
    except servers.Unavailable as why:
        servers.missing("versitygw", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
