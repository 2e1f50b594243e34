#!/usr/bin/env python3
"""From S3 to OSS and back: whole snapshots, objects in parts, and after a kill at the part.

Usage: s3_and_oss_test.py BINARY
"""
import pathlib
import random
import sys

import oss_signed
import servers
import signed
from program_test import MIB, Runner, Sandbox, check, contents

BUCKET = "state"


def both(sandbox, s3, oss):
    """A runner whose environment names both services."""
    runner = Runner(sandbox, s3, BUCKET)
    other = Runner(sandbox, oss, BUCKET, oss_signed)
    runner.env.update(other.env)
    runner.secrets += other.secrets
    return runner


def snapshots(binary, s3, oss):
    with Sandbox(binary) as sandbox:
        runner = both(sandbox, s3, oss)
        places = [f"s3://{BUCKET}/one", f"oss://{BUCKET}/two", f"s3://{BUCKET}/three",
                  "{DIR}/back"]
        runner.run("relocate", "{JOB}/chk-4", places[0], "{MAP}")
        for place, next_place in zip(places, places[1:]):
            moved = runner.run("relocate", place, next_place)["summary"]
            check(moved["filesByService"] == 0, f"no service copies into another: {moved}")
            runner.run("verify", next_place, "--level", "hash")
        runner.run("verify", places[-1], "--level", "deep")
        runner.run("copy", places[0], "{DIR}/first")
        runner.run("copy", places[1], "{DIR}/second")
        check(contents(sandbox.path("first")) == contents(sandbox.path("second"))
              == contents(sandbox.path("back")), "other bytes came back")


def in_parts_and_stopped(binary, s3, oss):
    """Each way stops in the middle and goes on."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = both(sandbox, s3, oss)
        content = random.Random(5).randbytes(32 * MIB + 7)
        pathlib.Path(sandbox.path("source")).mkdir()
        pathlib.Path(sandbox.path("source/large")).write_bytes(content)
        runner.run("copy", "{DIR}/source", f"s3://{BUCKET}/in/x")
        for source, destination in ((f"s3://{BUCKET}/in/x", f"oss://{BUCKET}/in/y"),
                                    (f"oss://{BUCKET}/in/y", f"s3://{BUCKET}/in/z")):
            words = ("copy", source, destination, "--part-size", "5MiB")
            runner.run(*words, "--max-transfer", "15MiB", code=10)
            resumed = runner.run(*words)["summary"]["bytesResumed"]
            check(resumed == 15 * MIB, f"{resumed} bytes were not moved again")
        check(oss_signed.get(oss, BUCKET, "in/y/large") == content, "OSS has other bytes")
        check(signed.get(s3, BUCKET, "in/z/large") == content, "S3 has other bytes")
        check(signed.unfinished_uploads(s3, BUCKET) == 0, "an upload is left in S3")
        check(oss_signed.unfinished_uploads(oss, BUCKET) == 0, "an upload is left in OSS")


def main():
    try:
        for test in (snapshots, in_parts_and_stopped):
            print(test.__name__, flush=True)
            with servers.serving("versitygw") as s3, servers.serving(servers.OSS) as oss:
                test(sys.argv[1], s3, oss)
    except servers.Unavailable as why:
        servers.missing("versitygw and the double of OSS", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
