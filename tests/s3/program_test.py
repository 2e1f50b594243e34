#!/usr/bin/env python3
"""The real program with real S3 servers: real snapshots go there and back, uploads survive kill -9.

Usage: program_test.py BINARY
"""
import collections
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))

import oss_signed  # noqa: E402
import servers  # noqa: E402
import signed  # noqa: E402
from program import JOB, P1, Sandbox  # noqa: E402, F401

MIB = 1 << 20


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


class Runner:
    """The program in a sandbox, with a server's place and credentials in its environment."""

    def __init__(self, sandbox, url, bucket, api=signed):
        self.sandbox, self.url, self.bucket = sandbox, url, bucket
        self.env = api.environment(url)
        self.secrets = [self.env[name].encode() for name in self.env if "SECRET" in name]
        api.make_bucket(url, bucket)

    def run(self, *words, code=0):
        """The last JSON line of a run that must exit so."""
        done = self.sandbox.run([*words, "--output", "json"], env=self.env, timeout=300)
        check(done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout[-2000:]}\n"
                                       f"{done.stderr[-2000:]}")
        for secret in self.secrets:
            check(secret not in done.stdout + done.stderr, f"{words}: the secret was printed")
        return json.loads(done.stdout.decode().splitlines()[-1])

    def start(self, *words):
        return subprocess.Popen(
            [self.sandbox.binary, *map(self.sandbox.fill, words), "--output", "json"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.sandbox.dir,
            env={"PATH": os.environ["PATH"], "HOME": self.sandbox.path("user"),
                 "STATEFERRY_HOME": self.sandbox.path("home"), **self.env})


def contents(directory):
    """How often each content occurs below a directory, without metadata, which names places."""
    return collections.Counter(
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in pathlib.Path(directory).rglob("*")
        if path.is_file() and path.name != "_metadata")


def there_and_back(binary, url, api=signed):
    """dir -> bucket -> managed -> bucket -> dir, verified on each stage; options on one of them."""
    with Sandbox(binary) as sandbox:
        runner = Runner(sandbox, url, "snapshots", api)
        runner.run("store", "init", "{DIR}/store")
        bucket = f"{api.SCHEME}://snapshots"
        places = [f"{bucket}/one/chk-4", "managed://{DIR}/store/orders/chk-4",
                  f"{bucket}/two/chk-4?endpoint={url}&region={api.REGION}&style=path",
                  "{DIR}/back/chk-4"]
        moved = runner.run("relocate", "{JOB}/chk-4", places[0], "{MAP}")["summary"]
        check(moved["filesMoved"] == 6, f"6 files go to the bucket: {moved}")
        again = runner.run("relocate", "{JOB}/chk-4", places[0], "{MAP}")
        check(again["status"] == "nothing_to_do", f"the second run has nothing to do: {again}")
        for place, next_place in zip(places, places[1:]):
            runner.run("verify", place, "--level", "hash")
            runner.run("inspect", place)
            runner.run("relocate", place, next_place)
        runner.run("verify", places[-1], "--level", "deep")
        runner.run("copy", places[0], "{DIR}/copied")
        check(contents(sandbox.path("copied")) == contents(sandbox.path("back/chk-4")),
              "the bytes that came back are not those that were sent")
        check(sum(contents(sandbox.path("back")).values()) >= 5, "files are missing")
        lost = runner.run("inspect", f"{bucket}/nothing/chk-4", code=6)
        check(lost["category"] == "not_found", f"no snapshot is not found: {lost}")
        check(api.unfinished_uploads(url, "snapshots") == 0, "an upload is left behind")


def killed_and_resumed(binary, url, api=signed, kills=3):
    """kill -9 in the middle of one large upload, again and again; parts that arrived stay."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "large", api)
        os.makedirs(sandbox.path("source"))
        content = random.Random(7).randbytes(96 * MIB)
        pathlib.Path(sandbox.path("source/large")).write_bytes(content)
        words = ("copy", "{DIR}/source", f"{api.SCHEME}://large/copy", "--part-size", "5MiB")
        for _ in range(kills):
            process = runner.start(*words, "--bwlimit", "10MiB")
            for line in process.stdout:
                item = json.loads(line)
                check(item["type"] == "progress", f"ended before it was killed: {item}")
                if item["bytesMoved" if "bytesMoved" in item else "bytesDone"] > 30 * MIB:
                    break
            process.kill()
            process.wait()
        status, _ = api.request(url, "HEAD", "/large/copy/large")
        check(status == 404, "an unfinished upload is visible")
        summary = runner.run(*words)["summary"]
        check(summary["bytesResumed"] >= 20 * MIB, f"what had arrived was put again: {summary}")
        check(api.get(url, "large", "copy/large") == content, "the object is not the file")
        check(api.unfinished_uploads(url, "large") == 0, "an upload is left behind")


def cancelled(binary, url, api=signed):
    """`transfer cancel` leaves nothing of an unfinished upload in the bucket."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "cancelled", api)
        os.makedirs(sandbox.path("source"))
        pathlib.Path(sandbox.path("source/large")).write_bytes(random.Random(8).randbytes(40 * MIB))
        words = ("copy", "{DIR}/source", f"{api.SCHEME}://cancelled/copy?endpoint={url}",
                 "--part-size", "5MiB", "--transfers", "2", "--max-transfer", "20MiB")
        runner.run(*words, code=10)
        check(api.unfinished_uploads(url, "cancelled") == 1, "the stopped upload is not there")
        ids = sandbox.run(["transfer", "list", "-q"], env=runner.env).stdout.decode().split()
        check(len(ids) == 1, f"one request, one transfer: {ids}")
        runner.run("transfer", "cancel", ids[0], "--yes")
        check(api.unfinished_uploads(url, "cancelled") == 0, "the upload is still there")


def refused(binary, url, looks_at_signatures):
    """Wrong credentials and buckets are told apart from missing snapshots."""
    with Sandbox(binary) as sandbox:
        runner = Runner(sandbox, url, "present")
        lost = runner.run("copy", "{JOB}/chk-4", "s3://absent-bucket/x", code=6)
        check("NoSuchBucket" in lost["message"], f"the missing bucket is named: {lost}")
        if looks_at_signatures:
            runner.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
            denied = runner.run("copy", "{JOB}/chk-4", "s3://present/x", code=5)
            check("SignatureDoesNotMatch" in denied["message"], f"the reason is named: {denied}")


def on(name):
    with servers.serving(name) as url:
        for test in (there_and_back, killed_and_resumed, cancelled):
            print(test.__name__, flush=True)
            test(sys.argv[1], url, oss_signed if name == servers.OSS else signed)
        if name != servers.OSS:
            refused(sys.argv[1], url, looks_at_signatures=name != "moto")


def main():
    servers.test_each((*servers.COMMANDS, servers.OSS), on)


if __name__ == "__main__":
    main()
