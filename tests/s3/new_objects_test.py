#!/usr/bin/env python3
"""What is said of new objects, as it arrives in the requests: each header, and where it belongs.

Usage: new_objects_test.py BINARY
A proxy before moto and before the double of OSS, which verifies the signatures, writes the headers
down.
"""
import pathlib
import sys

import oss_signed
import servers
import signed
from program_test import MIB, Runner, Sandbox, check
from proxy import Proxy

UNTIL = "2099-01-02T03:04:05Z"
# Of the protocol and not of the objects.
OTHERS = ("date", "content-sha256", "security-token", "forbid-overwrite", "checksum-", "mp-object-",
          "sdk-")
OPTIONS = {
    "s3": "?acl=bucket-owner-full-control&lock=COMPLIANCE&lock-until=2099-01-02T04:04:05+01:00"
          "&legal-hold=on&sse-bucket-key=true&dialect=moto",
    "oss": "?acl=private&lock=GOVERNANCE&lock-until=2099-01-02T03:04:05Z&legal-hold=ON"}
FLAGS = {"s3": ("--sse", "aws:kms", "--sse-kms-key-id", "key-1", "--storage-class", "STANDARD_IA"),
         "oss": ("--sse", "KMS", "--sse-kms-key-id", "key-1", "--storage-class", "IA")}
TAGS = ("--tag", "team=state of", "--tag", "kind=a=b")
EXPECTED = {
    "s3": {"x-amz-acl": "bucket-owner-full-control",
           "x-amz-object-lock-legal-hold": "ON",
           "x-amz-object-lock-mode": "COMPLIANCE",
           "x-amz-object-lock-retain-until-date": UNTIL,
           "x-amz-server-side-encryption": "aws:kms",
           "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
           "x-amz-server-side-encryption-bucket-key-enabled": "true",
           "x-amz-storage-class": "STANDARD_IA",
           "x-amz-tagging": "kind=a%3Db&team=state%20of"},
    "oss": {"x-oss-object-acl": "private",
            "x-oss-object-worm-legal-hold": "ON",
            "x-oss-object-worm-mode": "GOVERNANCE",
            "x-oss-object-worm-retain-until-date": UNTIL,
            "x-oss-server-side-encryption": "KMS",
            "x-oss-server-side-encryption-key-id": "key-1",
            "x-oss-storage-class": "IA",
            "x-oss-tagging": "kind=a%3Db&team=state%20of"}}


class WritingProxy(Proxy):
    """Passes everything on, and keeps what was said of objects in the requests that made some."""

    def __init__(self, url):
        super().__init__(url)
        self.said = {}

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        first, *lines = head.decode().rstrip().split("\r\n")
        method, target, _ = first.split(" ")
        if method in ("PUT", "POST") and "/a/" in target:
            kind = ("part" if "partNumber" in target else "create" if target.endswith("?uploads")
                    or "uploads=" in target else "complete" if "uploadId" in target else "put")
            self.said[kind] = dict(self.of_objects(line) for line in lines if self.of_objects(line))
        # moto wants a bucket of its own for locks.
        kept = [line for line in (first, *lines) if not line.lower().startswith("x-amz-object-lock")]
        server.sendall("\r\n".join(kept).encode() + b"\r\n\r\n" + body)
        client.sendall(b"".join(answers.message(has_body=method != "HEAD")))

    @staticmethod
    def of_objects(line):
        name, value = line.split(":", 1)
        name = name.lower()
        own = name.startswith(("x-amz-", "x-oss-")) and not name[6:].startswith(OTHERS)
        return (name, value.strip()) if own else None


def arrives(binary, url, api):
    with Sandbox(binary, snapshot=None) as sandbox, WritingProxy(url) as proxy:
        runner = Runner(sandbox, url, "new-objects", api)
        runner.env.update(api.environment(proxy.url))
        source = pathlib.Path(sandbox.path("source"))
        source.mkdir()
        (source / "small").write_bytes(b"x")
        (source / "large").write_bytes(b"y" * (9 * MIB))
        runner.run("copy", "{DIR}/source",
                   f"{api.SCHEME}://new-objects/a{OPTIONS[api.SCHEME]}", *FLAGS[api.SCHEME], *TAGS,
                   "--part-size", "5MiB")
        expected = EXPECTED[api.SCHEME]
        at_complete = {"x-oss-object-acl"} & expected.keys()
        wanted = {"put": expected, "part": {},
                  "create": {k: v for k, v in expected.items() if k not in at_complete},
                  "complete": {k: expected[k] for k in at_complete}}
        for kind, headers in wanted.items():
            check(proxy.said.get(kind) == headers,
                  f"{kind}: {proxy.said.get(kind)} instead of {headers}")


def on(name):
    with servers.serving(name) as url:
        arrives(sys.argv[1], url, oss_signed if name == servers.OSS else signed)


def main():
    servers.test_each(["moto", servers.OSS], on)


if __name__ == "__main__":
    main()
