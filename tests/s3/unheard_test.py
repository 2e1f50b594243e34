#!/usr/bin/env python3
"""The program is killed, or the answer is lost, while the service begins or ends an upload.

Usage: unheard_test.py BINARY
A proxy passes the request on and gives nobody the answer.  Afterwards no part is moved again, and no
upload is left behind.
"""
import contextlib
import os
import pathlib
import random
import re
import threading

import servers
import signed
from program_test import MIB, Runner, Sandbox, check
from proxy import Proxy

CONTENT = random.Random(11).randbytes(24 * MIB)
BEGIN = re.compile(rb"POST \S*\?uploads")
END = re.compile(rb"POST \S*\?uploadId=")


class DeafProxy(Proxy):
    """The server's answers to requests like `deaf_to` reach nobody, `times` times."""

    def __init__(self, url, deaf_to, times, on_deaf=lambda: None):
        super().__init__(url)
        self.deaf_to, self.times, self.on_deaf = deaf_to, times, on_deaf
        self.heard = threading.Event()
        self.parts = 0

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        method = head.split(b" ")[0]
        deaf = self.times > 0 and self.deaf_to.match(head)
        server.sendall(head + body)
        answer = answers.message(has_body=method != b"HEAD")
        # Not one with a wrong checksum, by which the program sees whether checksums are compared.
        self.parts += b"partNumber=" in head.split(b"\r\n")[0] and b" 400 " not in answer[0][:16]
        if deaf:
            self.times -= 1
            self.on_deaf()
            self.heard.set()
            raise ConnectionError
        client.sendall(b"".join(answer))


class Trial(contextlib.ExitStack):
    def __init__(self, binary, url, bucket, deaf_to, times=1):
        super().__init__()
        self.url, self.bucket = url, bucket
        self.sandbox = self.enter_context(Sandbox(binary, snapshot=None))
        self.runner = Runner(self.sandbox, url, bucket)
        self.proxy = self.enter_context(DeafProxy(url, deaf_to, times, self.kill))
        self.runner.env.update(signed.environment(self.proxy.url))
        self.process = None
        os.makedirs(self.sandbox.path("source"))
        pathlib.Path(self.sandbox.path("source/large")).write_bytes(CONTENT)
        self.words = ("copy", "{DIR}/source", f"s3://{bucket}/copy", "--part-size", "5MiB")

    def kill(self):
        if self.process:
            self.process.kill()

    def run_to_kill(self):
        self.process = self.runner.start(*self.words)
        self.process.communicate(timeout=120)
        self.process = None
        check(self.proxy.heard.is_set(), "ended before the request came")

    def check_end(self):
        check(signed.get(self.url, self.bucket, "copy/large") == CONTENT, "another object")
        self.check_none_left()

    def check_none_left(self):
        left = signed.unfinished_uploads(self.url, self.bucket)
        check(left == 0, f"{left} uploads are left behind")

    def transfer_id(self):
        listed = self.sandbox.run(["transfer", "list", "-q"], env=self.runner.env)
        return listed.stdout.decode().split()[0]


def killed_at_the_end(binary, url):
    with Trial(binary, url, "killed-at-the-end", END) as trial:
        trial.run_to_kill()
        trial.proxy.parts = 0
        trial.runner.run(*trial.words)
        check(trial.proxy.parts == 0, f"{trial.proxy.parts} parts were moved again")
        trial.check_end()


def end_is_lost(binary, url):
    with Trial(binary, url, "end-is-lost", END) as trial:
        trial.runner.run(*trial.words)
        check(trial.proxy.parts == 5, f"{trial.proxy.parts} parts were moved for 5")
        trial.check_end()


def killed_at_the_beginning(binary, url):
    with Trial(binary, url, "killed-at-the-beginning", BEGIN) as trial:
        trial.run_to_kill()
        check(signed.unfinished_uploads(url, trial.bucket) == 1, "nothing had begun")
        trial.runner.run(*trial.words)
        trial.check_end()


def beginning_is_lost(binary, url):
    with Trial(binary, url, "beginning-is-lost", BEGIN, times=2) as trial:
        trial.runner.run(*trial.words)
        trial.check_end()


def killed_and_cancelled(binary, url):
    with Trial(binary, url, "killed-and-cancelled", BEGIN) as trial:
        trial.run_to_kill()
        trial.runner.run("transfer", "cancel", trial.transfer_id(), "--yes")
        trial.check_none_left()


def killed_and_pruned(binary, url):
    with Trial(binary, url, "killed-and-pruned", BEGIN) as trial:
        trial.run_to_kill()
        trial.runner.run("transfer", "prune", "--older-than", "0s", "--yes")
        trial.check_none_left()


def main():
    # moto says of every upload that it was begun in 2010.
    servers.test_all(["versitygw"],
                     (killed_at_the_end, end_is_lost, killed_at_the_beginning, beginning_is_lost,
                      killed_and_cancelled, killed_and_pruned))


if __name__ == "__main__":
    main()
