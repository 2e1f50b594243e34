#!/usr/bin/env python3
"""A killed upload goes on from another machine: with a copy of the journal's home, elsewhere.

Usage: moved_home_test.py BINARY
"""
import json
import os
import pathlib
import random
import shutil
import sys
import urllib.parse

import oss_signed
import servers
import signed
from program_test import MIB, Runner, Sandbox, check
from proxy import Proxy

PART = 5 * MIB
CONTENT = random.Random(17).randbytes(60 * MIB)


class CountingProxy(Proxy):
    """Passes everything on, and keeps the numbers of the parts that were put."""

    def __init__(self, url):
        super().__init__(url)
        self.parts = []

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        method, target, _ = head.decode("latin-1").split(" ", 2)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
        server.sendall(head + body)
        answer = answers.message(has_body=method != "HEAD")
        # Not one with a wrong checksum, by which the program sees whether checksums are compared.
        if method == "PUT" and "partNumber" in query and b" 400 " not in answer[0][:16]:
            self.parts.append(int(query["partNumber"][0]))
        client.sendall(b"".join(answer))


def moved(binary, url, api):
    with Sandbox(binary, snapshot=None) as sandbox, CountingProxy(url) as proxy:
        runner = Runner(sandbox, url, "moved-home", api)
        runner.env.update(api.environment(proxy.url))  # an upload is of its endpoint
        os.makedirs(sandbox.path("source"))
        pathlib.Path(sandbox.path("source/large")).write_bytes(CONTENT)
        words = ("copy", "{DIR}/source", f"{api.SCHEME}://moved-home/copy", "--part-size", "5MiB")
        process = runner.start(*words, "--bwlimit", "10MiB")
        for line in process.stdout:
            item = json.loads(line)
            check(item["type"] == "progress", f"ended before it was killed: {item}")
            if item["bytesDone"] > 30 * MIB:
                break
        process.kill()
        process.wait()
        there = sandbox.path("elsewhere", "state")
        shutil.copytree(sandbox.path("home"), there)
        shutil.rmtree(sandbox.path("home"))
        proxy.parts.clear()
        summary = runner.run(*words, "--home", there)["summary"]
        resumed = summary["bytesResumed"] // PART
        check(resumed >= 4, f"what had arrived was put again: {summary}")
        check(len(proxy.parts) == len(set(proxy.parts)), f"parts were put twice: {proxy.parts}")
        check(len(proxy.parts) + resumed == len(CONTENT) // PART,
              f"{resumed} parts were there, and these were put: {sorted(proxy.parts)}")
        check(not os.path.exists(sandbox.path("home")), "the old home is used")
        check(api.get(url, "moved-home", "copy/large") == CONTENT, "the object is another one")
        check(api.unfinished_uploads(url, "moved-home") == 0, "an upload is left behind")
        again = runner.run(*words, "--home", there)
        check(again["status"] == "nothing_to_do", f"{again}")


def on(name):
    with servers.serving(name) as url:
        moved(sys.argv[1], url, oss_signed if name == servers.OSS else signed)


def main():
    servers.test_each(["versitygw", servers.OSS], on)


if __name__ == "__main__":
    main()
