#!/usr/bin/env python3
"""Servers that do not keep to If-None-Match are noticed and refused, unless they are known to be so.

Usage: sloppy_test.py BINARY
The server is moto behind a proxy that takes the condition away, as `rclone serve s3` does not look
at it.
"""
import pathlib

import servers
import signed
from program_test import MIB, Runner, Sandbox, check
from proxy import Proxy


class ForgetfulProxy(Proxy):
    """Passes requests on without their If-None-Match, and counts those of each method."""

    def __init__(self, url, meanwhile=lambda: None):
        super().__init__(url)
        self.meanwhile = meanwhile
        self.put = []

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        first, *lines = head.split(b"\r\n")
        if first.startswith((b"PUT ", b"POST ")):
            self.put.append(first.split(b" ")[1].decode())
        kept = [line for line in lines if not line.lower().startswith(b"if-none-match:")]
        server.sendall(b"\r\n".join([first, *kept]) + body)
        answer = answers.message(has_body=not first.startswith(b"HEAD "))
        client.sendall(b"".join(answer))


def write(sandbox, name, content):
    path = pathlib.Path(sandbox.path("source", name))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def refused_at_the_first_object(binary, url):
    with Sandbox(binary, snapshot=None) as sandbox, ForgetfulProxy(url) as proxy:
        runner = Runner(sandbox, url, "refused")
        runner.env.update(signed.environment(proxy.url))
        for number in range(20):
            write(sandbox, f"{number}", b"x")
        words = ("copy", "{DIR}/source", "s3://refused/a")
        told = runner.run(*words, code=3)
        check("If-None-Match" in str(told), f"the reason is not told: {told}")
        check("dialect=basic" in str(told), f"what helps is not told: {told}")
        # With a wrong checksum, with the right one, and once more.
        check(len(proxy.put) == 3, f"more was put than the proofs take: {proxy.put}")
        runner.run("copy", "{DIR}/source", "s3://refused/a?dialect=basic")
        runner.run("verify", "s3://refused/a?dialect=basic", "--level", "list")
        runner.run("copy", "{DIR}/source", "s3://refused/b", "--if-exists", "overwrite")


def large_objects_too(binary, url):
    """Which are looked for before they are joined, whatever the server makes of the condition."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "large")
        write(sandbox, "large", b"y" * (9 * MIB))

        class Racer(ForgetfulProxy):
            """Somebody else makes the object while ours is on its way."""
            def exchange(self, client, server, requests, answers):
                super().exchange(client, server, requests, answers)
                if any("partNumber=1" in path for path in self.put):
                    signed.request(url, "PUT", "/large/a/large", body=b"of another writer")

        with Racer(url) as proxy:
            runner.env.update(signed.environment(proxy.url))
            told = runner.run("copy", "{DIR}/source", "s3://large/a", "--part-size", "5MiB",
                              code=3)
            check("exists already" in str(told), f"the conflict is not told: {told}")
        check(signed.get(url, "large", "a/large") == b"of another writer", "it was replaced")


def main():
    servers.test_all(["moto"], (refused_at_the_first_object, large_objects_too))


if __name__ == "__main__":
    main()
