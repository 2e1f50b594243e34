#!/usr/bin/env python3
"""The program speaks HTTP/2 where a service offers it, and gives each request a stream of its own.

Usage: http2_test.py BINARY
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

import servers
import signed
from program_test import MIB, Runner, Sandbox, check, contents

H2 = "4.4.1"
STREAMS = 7  # of a connection
HERE = pathlib.Path(__file__).resolve().parent


@contextlib.contextmanager
def front(url, cert, key):
    """The URL of HTTP/2, and what it was asked for."""
    python = servers.python_home(f"h2-{H2}", [f"h2=={H2}"]) / "bin" / "python"
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [python, HERE / "http2_front.py", str(urllib.parse.urlsplit(url).port), cert, key,
             str(STREAMS)], stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            port = process.stdout.readline().strip()
            check(port, "the front did not start")
            yield f"https://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait()
            said.seek(0)
            errors = said.read()
            if errors:
                print(errors[-3000:], file=sys.stderr, flush=True)


def there_and_back(binary, url, authority, cert, key):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "streams")
        with front(url, cert, key) as (secure, process):
            runner.env.update(signed.environment(secure))
            runner.env["SSL_CERT_FILE"] = authority
            os.makedirs(sandbox.path("source"))
            for number in range(20):
                pathlib.Path(sandbox.path(f"source/{number}")).write_bytes(os.urandom(1000))
            pathlib.Path(sandbox.path("source/large")).write_bytes(os.urandom(12 * MIB))
            words = ("--part-size", "5MiB", "--transfers", "2")
            runner.run("copy", "{DIR}/source", "s3://streams/x", *words)
            runner.run("copy", "s3://streams/x", "{DIR}/back", *words)
            check(contents(sandbox.path("back")) == contents(sandbox.path("source")), "other bytes")
            check(signed.unfinished_uploads(url, "streams") == 0, "an upload is left behind")
            process.terminate()
            asked = [json.loads(line) for line in process.stdout.read().splitlines()]
        check(not [one for one in asked if one["method"] == "not HTTP/2"], "HTTP/1.1 was spoken")
        check(len(asked) >= 2 * 23, f"only {len(asked)} requests were seen")
        of_each = {}
        for one in asked:
            of_each[one["connection"]] = of_each.get(one["connection"], 0) + 1
        check(max(of_each.values()) == STREAMS, f"no connection was used to its end: {of_each}")


def main():
    with tempfile.TemporaryDirectory(prefix="stateferry-http2-") as directory:
        try:
            authority, cert, key = servers.certificate(directory)
            with servers.serving("versitygw") as url:
                there_and_back(sys.argv[1], url, authority, cert, key)
        except servers.Unavailable as why:
            servers.missing("versitygw over HTTP/2", why)
            sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
