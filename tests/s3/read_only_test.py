#!/usr/bin/env python3
"""To relocate from a bucket takes the rights to list it and to get its objects, and no other request.

A principal gets exactly what `policy print` says, on the double of OSS and on versitygw; then the
server's own log tells what was asked for.

Usage: read_only_test.py BINARY
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import oss_signed
import servers
import signed
from oss_double import identities
from program_test import JOB, P1, Runner, Sandbox, check, contents

READER, READER_SECRET = "READERofstateferry", "secret-of-the-reader"


class VersityGateway:
    """Users of its own, which its admin command makes, and an access log like that of S3."""
    api, principal, secret = signed, READER, READER_SECRET

    def __init__(self, directory):
        self.log = os.path.join(directory, "access.log")
        iam = os.path.join(directory, "iam")
        os.makedirs(iam)
        # Its options stand before those of its backend, where serving() has none.
        os.environ.update(VGW_IAM_DIR=iam, VGW_ACCESS_LOG=self.log)
        self.serving = servers.serving("versitygw")

    def make_reader(self, url):
        subprocess.run([servers.versitygw_binary(), "admin", "--access", servers.ACCESS_KEY,
                        "--secret", servers.SECRET_KEY, "--endpoint-url", url, "create-user",
                        "--access", READER, "--secret", READER_SECRET, "--role", "user"],
                       check=True, stdout=subprocess.DEVNULL)

    def reader(self, url):
        return {**servers.environment(url), "AWS_ACCESS_KEY_ID": READER,
                "AWS_SECRET_ACCESS_KEY": READER_SECRET}

    def owner_profile(self, home):
        home.joinpath(".aws").mkdir(parents=True)
        home.joinpath(".aws", "credentials").write_text(
            f"[owner]\naws_access_key_id = {servers.ACCESS_KEY}\n"
            f"aws_secret_access_key = {servers.SECRET_KEY}\n")

    def requests_of_the_reader(self):
        line = re.compile(r"\S+ (\S+) \[[^]]*\] \S+ (\S+) \S+ (\S+) (\S*) (\S+) (\d+) ")
        for match in filter(None, map(line.match, open(self.log, encoding="utf-8"))):
            bucket, requester, operation, _, _, status = match.groups()
            if requester == READER:
                yield bucket, operation, int(status)

    # "s3_HeadObject" and so on; a request that is refused early has no name in the log.
    reading = {"s3_GetObject", "s3_HeadObject", "s3_ListObjectsV2"}


class OssDouble:
    api, principal, secret = oss_signed, identities.GUEST.arn, identities.GUEST.secret

    def __init__(self, directory):
        self.log = os.path.join(directory, "requests.jsonl")
        self.serving = servers.serving(servers.OSS, ["--log", self.log])

    def make_reader(self, url):
        pass  # the guest may nothing by itself

    def reader(self, url):
        return servers.oss_environment(url, identities.GUEST)

    def owner_profile(self, home):
        home.mkdir(parents=True, exist_ok=True)
        home.joinpath(".ossutilconfig").write_text(
            f"[profile owner]\naccessKeyID={identities.FULL.key_id}\n"
            f"accessKeySecret={identities.FULL.secret}\n")

    def requests_of_the_reader(self):
        for entry in map(json.loads, open(self.log, encoding="utf-8")):
            if entry["principal"] == identities.GUEST.name:
                yield entry["bucket"], entry["operation"], entry["status"]

    reading = {"GetObject", "HeadObject", "ListObjectsV2"}


def grant(service, runner, place):
    printed = runner.sandbox.run(["policy", "print", "--principal", service.principal, "--for",
                                  service.api.SCHEME, place])
    check(printed.returncode == 0, f"policy print: {printed}")
    status, body = service.api.request(runner.url, "PUT", "/source", "policy=",
                                       body=printed.stdout)
    check(status in (200, 204), f"the policy is not taken: {status} {body}")


def read_only(binary, service, url):
    with Sandbox(binary) as sandbox:
        scheme = service.api.SCHEME
        runner = Runner(sandbox, url, "source", service.api)
        service.api.make_bucket(url, "target")
        runner.run("copy", "{BUCKET}", f"{scheme}://source/tree")
        service.make_reader(url)
        service.owner_profile(pathlib.Path(sandbox.path("user")))
        runner.env, runner.secrets = service.reader(url), [service.secret.encode()]
        snapshot = f"{scheme}://source/tree/{JOB}/chk-4"
        here = f"--map=file:///tmp/flink-origin/{P1}={scheme}://source/tree"
        runner.run("relocate", snapshot, "{DIR}/denied", here, code=5)
        grant(service, runner, f"{scheme}://source/tree/{JOB}")

        before = len(list(service.requests_of_the_reader()))
        runner.run("inspect", snapshot, here, "--check-exists")
        runner.run("relocate", snapshot, "{DIR}/out", here)
        runner.run("relocate", snapshot, f"{scheme}://target/chk-4?profile=owner", here)
        runner.run("copy", f"{scheme}://source/tree/{JOB}/shared", "{DIR}/shared")
        asked = list(service.requests_of_the_reader())[before:]
        check({bucket for bucket, _, _ in asked} == {"source"}, f"asked elsewhere: {asked}")
        check({operation for _, operation, _ in asked} == service.reading,
              f"more than reading: {sorted(set(asked))}")
        check(not [entry for entry in asked if entry[2] == 403 and "List" in entry[1]],
              f"a listing was denied: {asked}")

        runner.run("verify", "{DIR}/out", "--level", "deep")
        runner.run("copy", f"{scheme}://target/chk-4?profile=owner", "{DIR}/other")
        check(contents(sandbox.path("out")) == contents(sandbox.path("other")), "other bytes")
        runner.run("copy", f"{scheme}://source/elsewhere", "{DIR}/elsewhere", code=5)
        runner.run("copy", "{DIR}/out", f"{scheme}://source/tree/{JOB}/new", code=5)
        print(f"{len(asked)} requests", flush=True)


def main():
    tested = 0
    for kind in (VersityGateway, OssDouble):
        with Sandbox(sys.argv[1], snapshot=None) as place:
            service = kind(place.dir)
            try:
                with service.serving as url:
                    print(kind.__name__, flush=True)
                    read_only(sys.argv[1], service, url)
                    tested += 1
            except servers.Unavailable as why:
                servers.missing(kind.__name__, why)
    sys.exit(0 if tested else servers.SKIPPED)


if __name__ == "__main__":
    main()
