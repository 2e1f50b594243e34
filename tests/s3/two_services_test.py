#!/usr/bin/env python3
"""The real program between two services that each have a bucket of the same name.

Usage: two_services_test.py BINARY
"""
import pathlib
import sys

import servers
import signed
from program_test import MIB, Runner, Sandbox, check, contents

BUCKET = "state"


def keys(url):
    status, body = signed.request(url, "GET", f"/{BUCKET}", "list-type=2")
    check(status == 200, f"listing: {status} {body[:500]}")
    return [part.split(b"</Key>")[0].decode() for part in body.split(b"<Key>")[1:]]


def write(path, text):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(text)


def in_sandbox(test):
    """Runs it with fresh buckets; the environment names the first service."""
    def run(binary):
        with servers.serving("versitygw") as here, servers.serving("versitygw") as there:
            with Sandbox(binary) as sandbox:
                signed.make_bucket(there, BUCKET)
                test(Runner(sandbox, here, BUCKET), here, there)
    run.__name__ = test.__name__
    return run


@in_sandbox
def options_stay_on_their_side(runner, here, there):
    """Whichever side has them, and whatever lies at the other service under the same name."""
    write(runner.sandbox.path("good/f"), "good")
    write(runner.sandbox.path("bad/f"), "bad")
    runner.run("copy", "{DIR}/good", f"s3://{BUCKET}/x")
    runner.run("copy", "{DIR}/bad", f"s3://{BUCKET}/x?endpoint={there}")
    runner.run("copy", f"s3://{BUCKET}/x", f"s3://{BUCKET}/y?endpoint={there}")
    check(signed.get(there, BUCKET, "y/f") == b"good", "the file of the other service was copied")
    check(keys(here) == ["x/f"], f"something was written to the source's service: {keys(here)}")
    runner.run("copy", f"s3://{BUCKET}/y?endpoint={there}", f"s3://{BUCKET}/z")
    check(signed.get(here, BUCKET, "z/f") == b"good", "the way back")
    check(keys(there) == ["x/f", "y/f"], f"the way back wrote to its source: {keys(there)}")


@in_sandbox
def snapshots_move_between_services(runner, here, there):
    """Every file that metadata without options names is read where the metadata is."""
    runner.run("relocate", "{JOB}/chk-4", f"s3://{BUCKET}/chk", "{MAP}")
    place = f"s3://{BUCKET}/moved?endpoint={there}"
    runner.run("relocate", f"s3://{BUCKET}/chk", place)
    runner.run("verify", place, "--level", "hash")
    check(not [key for key in keys(here) if not key.startswith("chk/")], f"strays: {keys(here)}")
    runner.run("relocate", place, f"s3://{BUCKET}/back")
    runner.run("verify", f"s3://{BUCKET}/back", "--level", "hash")
    for name, source in (("one", "chk"), ("two", "back")):
        runner.run("copy", f"s3://{BUCKET}/{source}", "{DIR}/" + name)
    check(contents(runner.sandbox.path("one")) == contents(runner.sandbox.path("two")),
          "the snapshot that came back has other bytes")


@in_sandbox
def the_same_name_at_two_services_is_two_places(runner, here, there):
    write(runner.sandbox.path("good/f"), "good")
    runner.run("copy", "{DIR}/good", f"s3://{BUCKET}/x")
    runner.run("copy", f"s3://{BUCKET}/x", f"s3://{BUCKET}/x?endpoint={there}")
    check(signed.get(there, BUCKET, "x/f") == b"good", "the copy under the same name")
    itself = runner.run("copy", f"s3://{BUCKET}/x", f"s3://{BUCKET}/x?endpoint={here}", code=11)
    check("is the source itself" in itself["message"], f"its own place: {itself}")


@in_sandbox
def uploads_are_cancelled_where_they_are(runner, here, there):
    """Not at the service that the environment names by now, which knows nothing of them."""
    write(runner.sandbox.path("big/f"), "x" * (40 * MIB))
    runner.run("copy", "{DIR}/big", f"s3://{BUCKET}/big", "--part-size", "5MiB", "--max-transfer",
               "20MiB", code=10)
    check(signed.unfinished_uploads(here, BUCKET) == 1, "the stopped upload is not there")
    ids = runner.sandbox.run(["transfer", "list", "-q"], env=runner.env).stdout.decode().split()
    runner.env["AWS_ENDPOINT_URL_S3"] = there
    refused = runner.run("transfer", "cancel", ids[0], "--yes", code=4)
    check(here in refused["message"], f"where it is, is told: {refused}")
    runner.env["AWS_ENDPOINT_URL_S3"] = here
    runner.run("transfer", "cancel", ids[0], "--yes")
    check(signed.unfinished_uploads(here, BUCKET) == 0, "the upload is still there")


TESTS = (options_stay_on_their_side, snapshots_move_between_services,
         the_same_name_at_two_services_is_two_places, uploads_are_cancelled_where_they_are)


def main():
    try:
        for test in TESTS:
            print(test.__name__, flush=True)
            test(sys.argv[1])
    except servers.Unavailable as why:
        servers.missing("versitygw", why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
