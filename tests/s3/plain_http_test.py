#!/usr/bin/env python3
"""Bytes that are damaged on their way over plain HTTP, of objects that the service keeps no CRC of.

Usage: plain_http_test.py BINARY
The way leads over a proxy of the environment that flips bytes of some answers.  moto keeps no
CRC-64 of what others have put, and its ETags of objects in parts are no MD5s of their bytes.
"""
import contextlib
import hashlib
import pathlib
import random
import urllib.parse

import servers
import signed
from fault_proxy import flipped
from program_test import MIB, Runner, Sandbox, check
from proxy import Proxy


class DamagingProxy(Proxy):
    """A proxy as http_proxy means it: `damages` times a byte of an object is flipped."""

    def __init__(self, url, damages):
        super().__init__(url)
        self.damages, self.reads = damages, []

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        method, target, rest = head.split(b" ", 2)
        parts = urllib.parse.urlsplit(target.decode())
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        server.sendall(b" ".join([method, path.encode(), rest]) + body)
        answer_head, answer_body = answers.message(has_body=method != b"HEAD")
        if method == b"GET" and parts.path.count("/") > 2:
            self.reads.append(parts.path)
            if self.damages > 0 and len(answer_body) > 1:
                self.damages -= 1
                answer_body = flipped(answer_body, 0.3)
        client.sendall(answer_head + answer_body)


class Source(contextlib.ExitStack):
    """Objects as other programs put them."""

    def __init__(self, binary, url, bucket, contents):
        super().__init__()
        self.contents, self.url, self.bucket = contents, url, bucket
        self.sandbox = self.enter_context(Sandbox(binary, snapshot=None))
        self.runner = Runner(self.sandbox, url, bucket)
        for name, (content, part) in contents.items():
            self.put_in_parts(name, content, part)

    def put_in_parts(self, name, content, part):
        path = f"/{self.bucket}/a/{name}"
        _, answer = signed.request(self.url, "POST", path, "uploads=")
        upload = answer.split(b"<UploadId>")[1].split(b"<")[0].decode()
        listed = b""
        for number, at in enumerate(range(0, len(content), part), 1):
            status, answer = signed.request(self.url, "PUT", path,
                                            f"partNumber={number}&uploadId={upload}",
                                            content[at:at + part])
            check(status == 200, f"putting a part: {status} {answer}")
            etag = hashlib.md5(content[at:at + part]).hexdigest().encode()
            listed += b"<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>" % (number, etag)
        status, answer = signed.request(
            self.url, "POST", path, f"uploadId={upload}",
            b"<CompleteMultipartUpload>" + listed + b"</CompleteMultipartUpload>")
        check(status == 200 and b"<ETag>" in answer, f"joining: {status} {answer}")

    def copy(self, damages, code=0):
        """What was asked of the objects."""
        with DamagingProxy(self.url, damages) as proxy:
            self.runner.env["http_proxy"] = proxy.url
            self.runner.run("copy", f"s3://{self.bucket}/a?dialect=moto", "{DIR}/back",
                            "--part-size", "5MiB", code=code)
            return proxy.reads

    def check_back(self):
        for name, (content, _) in self.contents.items():
            got = pathlib.Path(self.sandbox.path("back", name)).read_bytes()
            check(got == content, f"{name} came with other bytes, and nothing was said")


def of_several_parts(binary, url):
    with Source(binary, url, "several", {"f": (random.Random(1).randbytes(12 * MIB), 6 * MIB)}) \
            as source:
        reads = source.copy(damages=1)
        source.check_back()
        check(len(reads) == 7, f"three parts, each read twice, and one once more: {reads}")


def of_one_part(binary, url):
    """The ETag tells nothing of its bytes, or all of them."""
    content = random.Random(2).randbytes(6 * MIB)
    with Source(binary, url, "one-of-two", {"f": (content, 5 * MIB)}) as source:
        # Two different answers are none: the next two are asked for.
        reads = source.copy(damages=1)
        source.check_back()
        check(len(reads) > 2, f"it was read {len(reads)} times")
    with Source(binary, url, "one-of-one", {"f": (b"x" * 1000, 5 * MIB)}) as source:
        check(len(source.copy(damages=0)) == 1, "its ETag follows from its bytes")
    with Source(binary, url, "one-damaged", {"f": (b"x" * 1000, 5 * MIB)}) as source:
        check(len(source.copy(damages=1)) == 2, "its ETag does not fit the damaged bytes")
        source.check_back()


def main():
    servers.test_all(["moto"], (of_several_parts, of_one_part))


if __name__ == "__main__":
    main()
