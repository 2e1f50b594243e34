#!/usr/bin/env python3
"""`store check` of a bucket: what each principal may do, and that nothing stays behind.

Usage: check_test.py BINARY
"""
import json
import os
import sys

import oss_signed
import servers
import signed
from oss_double import identities
from program_test import Runner, Sandbox, check

S3_CHECKSUMS = ["checksum-crc64nvme", "checksum-crc32c", "checksum-crc32", "checksum-sha256",
                "checksum-md5"]
OSS_CHECKSUMS = ["checksum-crc64", "checksum-md5"]
READING = ["list", "get", "if-match"]
WRITING = ["delete", "put", "put-if-absent", "copy", "multipart", "list-parts", "abort",
           "list-uploads"]


def probed(runner, place, *words, code=0):
    """Status and code by the name of what was tried."""
    done = runner.sandbox.run(["store", "check", place, "--output", "json", *words], env=runner.env)
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    check(done.returncode == code, f"{words}: exit {done.returncode}, not {code}: {lines[-1]}")
    for secret in runner.secrets:
        check(secret not in done.stdout + done.stderr, "a secret was printed")
    return {line["name"]: line["code"] or line["status"] for line in lines if line["type"] == "check"}


def all_of(names, status="yes"):
    return dict.fromkeys(names, status)


def on_s3(binary, name, url):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "probed")
        place = f"s3://probed/cp?dialect={name}"
        compared = "yes" if name == "versitygw" else "NOT_COMPARED"  # moto looks at nothing
        expected = {**all_of(READING + WRITING), **all_of(S3_CHECKSUMS, compared)}
        found = probed(runner, place)
        check(found == expected, f"{name}: {found}")
        if name == "moto":
            keeps_versions(runner, url)
        status, body = signed.request(url, "GET", "/probed", "versions=")
        check(status == 200 and b"<Key>" not in body, f"left behind: {body}")
        check(signed.unfinished_uploads(url, "probed") == 0, "an upload is left behind")
        probed(runner, "s3://absent-bucket/cp", code=6)
        check(probed(runner, place, "--level", "deep", code=2) == {}, "--level is for stores")


def keeps_versions(runner, url):
    """In a bucket that keeps versions, deleting would only hide."""
    status, body = signed.request(url, "PUT", "/probed", "versioning=", body=(
        b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"))
    check(status == 200, f"versions: {status} {body}")
    found = probed(runner, "s3://probed/cp?dialect=moto")
    check(found["delete"] == found["put"] == found["copy"] == "yes", f"with versions: {found}")


def as_principals(binary):
    with Sandbox(binary, snapshot=None) as sandbox:
        log = sandbox.path("requests.jsonl")
        with servers.serving(servers.OSS, ["--log", log]) as url:
            runner = Runner(sandbox, url, "probed", oss_signed)
            os.makedirs(sandbox.path("source"))
            with open(sandbox.path("source", "_metadata"), "wb") as file:
                file.write(b"x")
            runner.run("copy", "{DIR}/source", "oss://probed/cp")
            reading, everything = all_of(READING), all_of(READING + WRITING + OSS_CHECKSUMS)
            denied = {"delete": "DENIED_DELETE", "put": "DENIED_PUT", "abort": "DENIED_ABORT",
                      "list-uploads": "DENIED_LIST_UPLOADS"}
            not_tried = all_of(["put-if-absent", "copy", "checksums"], "unknown")
            no_upload = all_of(["multipart", "list-parts"], "unknown")
            cases = [(identities.FULL, 0, everything, 0, reading),
                     (identities.STS, 0, everything, 0, reading),
                     (identities.READ_ONLY, 5, {**reading, **denied, **not_tried, **no_upload}, 0,
                      reading),
                     (identities.NO_DELETE, 0, {**reading, **all_of(WRITING), **not_tried,
                                                "delete": "DENIED_DELETE"}, 0, reading),
                     (identities.GET_ONLY, 5, {"list": "DENIED_LIST", "get": "yes", **denied,
                                               **not_tried, **no_upload}, 5,
                      {"list": "DENIED_LIST", "get": "yes"}),
                     (identities.STS_EXPIRED, 5, {}, 5, {})]
            for principal, code, expected, read_code, expected_reading in cases:
                runner.env = servers.oss_environment(url, principal)
                runner.secrets = [value.encode() for value in (principal.secret, principal.token)
                                  if value]
                found = probed(runner, "oss://probed/cp", code=code)
                check(found == expected, f"{principal.name}: {found}")
                for switch in ("--read-only", "--dry-run"):
                    writes_nothing(runner, log, switch, read_code, expected_reading)
                nothing_is_left(url)


def writes_nothing(runner, log, switch, code, expected):
    with open(log, encoding="utf-8") as file:
        before = len(file.readlines())
    found = probed(runner, "oss://probed/cp", switch, code=code)
    check(found == expected, f"{switch}: {found}")
    with open(log, encoding="utf-8") as file:
        asked = [json.loads(line)["operation"] for line in file.readlines()[before:]]
    check(asked and not set(asked) - {"GetObject", "ListObjectsV2", ""}, f"{switch}: {asked}")


def nothing_is_left(url):
    status, body = oss_signed.request(url, "GET", "/probed", "list-type=2")
    check(status == 200 and body.count(b"<Key>") == 1, f"left behind: {body}")
    check(oss_signed.unfinished_uploads(url, "probed") == 0, "an upload is left behind")


def on(name):
    if name == servers.OSS:
        as_principals(sys.argv[1])
        return
    with servers.serving(name) as url:
        on_s3(sys.argv[1], name, url)


def main():
    servers.test_each((*servers.COMMANDS, servers.OSS), on)


if __name__ == "__main__":
    main()
