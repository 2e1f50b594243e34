#!/usr/bin/env python3
"""The real program over TLS: bodies are not signed there, and only trusted certificates are taken.

Usage: tls_test.py BINARY
"""
import os
import pathlib
import sys
import tempfile

import servers
import signed
from program_test import MIB, Runner, Sandbox, check, contents


def there_and_back(binary, url, authority):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "secured")
        os.makedirs(sandbox.path("source"))
        pathlib.Path(sandbox.path("source/small")).write_bytes(b"small")
        pathlib.Path(sandbox.path("source/large")).write_bytes(os.urandom(12 * MIB))
        words = ("copy", "{DIR}/source", "s3://secured/x", "--part-size", "5MiB")
        denied = runner.run(*words, code=5)
        check("certificate" in denied["message"], f"an unknown certificate was taken: {denied}")
        runner.env["SSL_CERT_FILE"] = authority
        runner.run(*words)
        runner.run("copy", "s3://secured/x", "{DIR}/back", "--part-size", "5MiB")
        check(contents(sandbox.path("back")) == contents(sandbox.path("source")), "other bytes")
        check(signed.unfinished_uploads(url, "secured") == 0, "an upload is left behind")


def main():
    with tempfile.TemporaryDirectory(prefix="stateferry-tls-") as directory:
        try:
            authority, cert, key = servers.certificate(directory)
            os.environ["SSL_CERT_FILE"] = authority  # for the test's own requests
            plain = servers.COMMANDS["versitygw"]
            servers.COMMANDS["versitygw"] = lambda port, directory: [
                word for part in plain(port, directory)
                for word in (["--cert", cert, "--key", key, part] if part == "posix" else [part])]
            with servers.serving("versitygw") as url:
                there_and_back(sys.argv[1], url.replace("http:", "https:"), authority)
        except servers.Unavailable as why:
            servers.missing("versitygw", why)
            sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
