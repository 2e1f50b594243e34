#!/usr/bin/env python3
"""What is said of new objects arrives; names that no file can have are named; limits hold.

Usage: options_test.py BINARY
Against moto, which takes every key, keeps every option, and looks at no signature.
"""
import os
import pathlib
import re
import time
import urllib.request

import servers
from program_test import MIB, Runner, Sandbox, check


# Without one moto takes a request for a stranger's; what it says does not matter to moto.
SIGNATURE = (f"AWS4-HMAC-SHA256 Credential={servers.ACCESS_KEY}/20260101/us-east-1/s3/aws4_request, "
             "SignedHeaders=host, Signature=0")


def request(url, method, path, body=None):
    sent = urllib.request.Request(url + path, data=body, method=method,
                                  headers={"Authorization": SIGNATURE})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent) as answer:
        return answer.headers, answer.read()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pathlib.Path(path).write_bytes(content)


def options_arrive(binary, url):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "options")
        write(sandbox.path("source/small"), b"x")
        write(sandbox.path("source/large"), b"y" * (9 * MIB))  # in parts
        words = ("copy", "{DIR}/source", "s3://options/one?acl=bucket-owner-full-control",
                 "--storage-class", "STANDARD_IA", "--sse", "aws:kms", "--sse-kms-key-id", "key-1",
                 "--tag", "team=state & co", "--tag", "kind=a=b", "--part-size", "5MiB")
        refused = runner.run(*words, code=2)
        check("may hold neither" in refused["message"], f"{refused}")
        words = [word.replace(" & ", " ") for word in words]
        runner.run(*words)
        for name in ("small", "large"):
            headers, _ = request(url, "HEAD", f"/options/one/{name}")
            for header, value in (("storage-class", "STANDARD_IA"),
                                  ("server-side-encryption", "aws:kms"),
                                  ("server-side-encryption-aws-kms-key-id", "key-1"),
                                  ("tagging-count", "2")):
                check(headers[f"x-amz-{header}"] == value, f"{name} {header}: {headers}")
            _, tags = request(url, "GET", f"/options/one/{name}?tagging")
            check(b"<Value>state co</Value>" in tags and b"<Value>a=b</Value>" in tags, f"{tags}")
        again = runner.run(*words)
        check(again["status"] == "nothing_to_do", f"the options are part of the request: {again}")
        runner.run("copy", "s3://options/one", "{DIR}/back")
        refused = runner.run("copy", "{DIR}/source", "{DIR}/other", "--sse", "AES256", code=2)
        check("not in one" in refused["message"], f"{refused}")
        refused = runner.run("copy", "{DIR}/source", "s3://options/two?sse=SM4", code=2)
        check("sse is \"SM4\"" in refused["message"], f"{refused}")


def encrypted(url, bucket):
    """Whether each key of a bucket has what the configuration says of new objects."""
    _, listed = request(url, "GET", f"/{bucket}?list-type=2&max-keys=1000")
    found = {}
    for key in re.findall(rb"<Key>([^<]*)</Key>", listed):
        headers, _ = request(url, "HEAD", f"/{bucket}/{key.decode()}")
        found[key.decode()] = (headers["x-amz-server-side-encryption"] == "aws:kms" and
                               headers["x-amz-tagging-count"] == "1")
    return found


def a_configuration_holds_for_all_that_write(binary, url):
    """A store, a project's files and what a clone brings: every object in the bucket has it."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "configured")
        write(sandbox.path("stateferry.yaml"), b"sse: aws:kms\ntag: [team=state]\n")
        for number in range(3):
            write(sandbox.path(f"source/{number}"), os.urandom(200_000))
        runner.run("store", "init", "managed+s3://configured/store")
        runner.run("copy", "{DIR}/source", "managed+s3://configured/store/p/one")
        runner.run("store", "forget", "managed+s3://configured/store/p/one", "--yes")
        runner.run("store", "gc", "managed+s3://configured/store", "--stale-uploads", "0s")
        for workspace, storage in (("from", "{DIR}/state"), ("to", "s3://configured/ws"),
                                   ("vault", "managed+s3://configured/store")):
            runner.run("project", "create", f"{workspace}/orders", "--region", "cn", "--architecture",
                       "x86", "--owner", "alice", "--storage", storage)
        runner.run("project", "import", "from/orders", "-f", "{PROJECT}/good")
        runner.run("project", "import", "to/orders", "-f", "{PROJECT}/good")
        runner.run("project", "create", "to/copy")
        for target in ("to/copy", "vault/orders"):
            runner.run("clone", "start", "from/orders", target, "--account", "alice")
        found = encrypted(url, "configured")
        for part in ("store/STORE", "ws/orders/", "ws/copy/"):
            check(any(key.startswith(part) for key in found), f"nothing is in {part}: {found}")
        check(len([key for key in found if key.startswith("store/")]) > 3, f"no packs: {found}")
        check(all(found.values()), f"not said of all: {found}")
        failed = runner.run("clone", "start", "from/orders", "to/copy", "--account", "alice", "--sse",
                            "nonsense", code=3)["summary"]["totals"]
        check(failed["failed"] > 0, f"what is on the line is not asked for: {failed}")


def odd_names_are_named(binary, url):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "odd")
        for key in ("d/plain", "d/a//b", "d/up/../down", "d/directory/"):
            request(url, "PUT", f"/odd/{key}", b"" if key.endswith("/") else b"x")
        for words in (("--dry-run",), ()):
            done = runner.run("copy", "s3://odd/d", "{DIR}/back", *words, code=3)
            check(done["summary"]["failuresTotal"] == 2, f"{done}")
        shown = sandbox.run(["copy", "s3://odd/d", "{DIR}/back"], env=runner.env).stderr.decode()
        for key in ("a//b", "up/../down"):
            check(f"s3://odd/d/{key} is not copied" in shown, f"{key}: {shown}")
        check(os.listdir(sandbox.path("back")).count("plain") == 1, "the others are not there")
        write(sandbox.path("more/new"), b"1")
        runner.run("copy", "{DIR}/more", "s3://odd/d")  # odd names are in nobody's way
        runner.run("verify", "s3://odd/d", "--level", "list")


def requests_are_limited(binary, url):
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "limits")
        for number in range(15):
            write(sandbox.path(f"source/{number}"), b"x")
        began = time.monotonic()
        runner.run("copy", "{DIR}/source", "s3://limits/one", "--tpslimit", "20")
        # One listing, and for each file a PUT and a read.
        check(time.monotonic() - began > 1, "31 requests took less than a second at 20 a second")


def main():
    servers.test_all(["moto"],
                     (options_arrive, a_configuration_holds_for_all_that_write, odd_names_are_named,
                      requests_are_limited))


if __name__ == "__main__":
    main()
