#!/usr/bin/env python3
"""A bucket of very many objects is planned in little memory.

Usage: listing_test.py BINARY [--keys 20000] [--limit-mib 512]
A dry run counts them all; a run that is stopped after its first bytes has all of them in its
journal.  Prints the peak resident memory of both.
"""
import argparse
import json
import os
import subprocess
import time

from listing_server import ListingServer, key_of
from program_test import Sandbox, check


def measured(sandbox, url, words):
    """Exit code, last JSON line, peak memory in MiB, seconds."""
    variables = {"PATH": os.environ["PATH"], "HOME": sandbox.path("user"),
                 "STATEFERRY_HOME": sandbox.path("home"), "AWS_ENDPOINT_URL_S3": url}
    began = time.monotonic()
    with open(sandbox.path("out"), "w+") as out:
        process = subprocess.Popen([sandbox.binary, *words, "--output", "json", "--no-progress"],
                                   cwd=sandbox.dir, env=variables, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        last = json.loads(out.read().splitlines()[-1])
    return process.returncode, last, usage.ru_maxrss / 1024, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--limit-mib", type=int, default=512)
    options = parser.parse_args()
    copy = ["copy", f"s3://big/{key_of(0).split('/')[0]}?sign=no", "target"]
    with ListingServer(options.keys) as server, Sandbox(options.binary, snapshot=None) as sandbox:
        code, last, mib, seconds = measured(sandbox, server.url, [*copy, "--dry-run"])
        print(f"dry run of {options.keys} objects: {mib:.0f} MiB, {seconds:.1f} s", flush=True)
        check(code == 0 and last["summary"]["filesTotal"] == options.keys, f"dry run: {last}")
        check(mib <= options.limit_mib, f"{mib:.0f} MiB are more than {options.limit_mib}")

        code, last, mib, seconds = measured(sandbox, server.url,
                                            [*copy, "--max-transfer", "1", "--transfers", "1"])
        print(f"plan of {options.keys} objects in the journal: {mib:.0f} MiB, {seconds:.1f} s",
              flush=True)
        check(code == 10, f"the run was to be stopped: {last}")
        check(f"of {options.keys} files" in last["message"], f"not all are planned: {last}")
        check(mib <= options.limit_mib, f"{mib:.0f} MiB are more than {options.limit_mib}")


if __name__ == "__main__":
    main()
