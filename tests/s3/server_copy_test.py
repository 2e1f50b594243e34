#!/usr/bin/env python3
"""Copies between buckets that the service makes by itself: what is asked for, and what may go wrong.

Usage: server_copy_test.py BINARY
A proxy before the server counts the requests, and answers some of them otherwise.
"""
import contextlib
import os
import pathlib
import random
import sys
import threading
import time

import oss_signed
import servers
import signed
from program_test import MIB, Runner, Sandbox, check
from proxy import Proxy, error_answer

LARGE = random.Random(3).randbytes(24 * MIB)
OTHER = random.Random(4).randbytes(24 * MIB)
PARTS = 5  # of 5 MiB
IN_PARTS = ("--part-size", "5MiB")


class CopyProxy(Proxy):
    """Calls on_copy(n) for the n-th copy: bytes answer instead of the server, "deaf" after it."""

    def __init__(self, url):
        super().__init__(url)
        self.lock = threading.Lock()
        self.on_copy = self.on_end = lambda _: None
        self.reset()

    def reset(self):
        self.copies = self.ends = self.moved = 0

    def count(self, head, body):
        first = head.split(b"\r\n")[0]
        with self.lock:
            if b"\r\nx-amz-copy-source:" in head.lower():
                self.copies += 1
                return self.on_copy(self.copies)
            if first.startswith(b"POST ") and b"uploadId=" in first:
                self.ends += 1
                return self.on_end(self.ends)
            self.moved += len(body)
            return None

    def exchange(self, client, server, requests, answers):
        head, body = requests.message()
        instead = self.count(head, body)
        if isinstance(instead, bytes):
            client.sendall(instead)
            return
        server.sendall(head + body)
        answer_head, answer_body = answers.message(has_body=not head.startswith(b"HEAD"))
        if head.startswith(b"GET /source/") and b"list-type" not in head.split(b"\r\n")[0]:
            self.moved += len(answer_body)
        if instead == "deaf":
            raise ConnectionError
        client.sendall(answer_head + answer_body)


class Trial(contextlib.ExitStack):
    """A large and a small object in s3://source/x, to be copied to s3://target/x."""

    def __init__(self, binary, url):
        super().__init__()
        self.url = url
        self.sandbox = self.enter_context(Sandbox(binary, snapshot=None))
        self.runner = Runner(self.sandbox, url, "source")
        signed.make_bucket(url, "target")
        os.makedirs(self.sandbox.path("source"))
        pathlib.Path(self.sandbox.path("source/large")).write_bytes(LARGE)
        pathlib.Path(self.sandbox.path("source/small")).write_bytes(b"small")
        self.runner.run("copy", "{DIR}/source", "s3://source/x")
        self.proxy = self.enter_context(CopyProxy(url))
        self.runner.env.update(signed.environment(self.proxy.url))
        self.process = None

    def copy(self, *words, code=0):
        return self.runner.run("copy", "s3://source/x", "s3://target/x", *words, code=code)

    def copy_until_killed(self, *words):
        self.process = self.runner.start("copy", "s3://source/x", "s3://target/x", *words)
        self.process.communicate(timeout=120)
        check(self.process.returncode == -9, f"it ended by itself: {self.process.returncode}")
        self.proxy.on_copy = self.proxy.on_end = lambda _: None

    def kill_at(self, number, wait_s=0):
        def kill(n):
            if n == number:
                time.sleep(wait_s)
                self.process.kill()
            return "deaf" if n >= number else None
        return kill

    def check_end(self, large=LARGE):
        check(signed.get(self.url, "target", "x/large") == large, "large is another object")
        check(signed.get(self.url, "target", "x/small") == b"small", "small is another object")
        check(signed.unfinished_uploads(self.url, "target") == 0, "an upload is left behind")
        again = self.copy()
        check(again["status"] == "nothing_to_do", f"there is something left to do: {again}")


def by_service(told):
    return told["summary"]["filesByService"]


def no_byte_is_moved(binary, server):
    """moto keeps no checksum of what was put in parts: that is read on both sides."""
    read = 0 if server == "versitygw" else len(LARGE)
    for words, copies in (((), 2), (IN_PARTS, 1 + PARTS)):
        with fresh(binary, server) as trial:
            told = trial.copy("--server-side", "always", *words)
            check(by_service(told) == 2 and told["summary"]["bytesRead"] == read, f"{told}")
            check(trial.proxy.copies == copies, f"{trial.proxy.copies} copies for {copies}")
            check(trial.proxy.moved < read + 10_000, f"{trial.proxy.moved} bytes came here")
            trial.check_end()


def auto_copies_what_checksums_prove(binary, server):
    """The other files are streamed: whichever they are, all arrive."""
    with fresh(binary, server) as trial:
        told = trial.copy()["summary"]
        check(told["filesByService"] + told["filesMoved"] == 2, f"{told}")
        check(told["filesByService"] >= 1, f"{told}")
        trial.check_end()


def a_refusal_means_streaming(binary, server):
    with fresh(binary, server) as trial:
        trial.proxy.on_copy = lambda n: error_answer(b"PUT", 403, "AccessDenied")
        told = trial.copy("--server-side", "always", code=5)
        check("AccessDenied" in told["message"] and "by its service" in told["message"], f"{told}")
        told = trial.copy()
        check(by_service(told) == 0 and told["summary"]["filesMoved"] == 2, f"{told}")
        trial.proxy.on_copy = lambda _: None
        trial.check_end()


def a_refusal_of_parts_means_streaming(binary, server):
    with fresh(binary, server) as trial:
        trial.proxy.on_copy = lambda n: error_answer(b"PUT", 403, "AccessDenied") if n > 3 else None
        told = trial.copy(*IN_PARTS)
        check(told["summary"]["filesMoved"] >= 1, f"{told}")
        trial.proxy.on_copy = lambda _: None
        trial.check_end()


def an_error_under_200_is_an_error(binary, server):
    body = b"<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    for words in ((), IN_PARTS):
        with fresh(binary, server) as trial:
            trial.proxy.on_copy = lambda n: answer if n <= 2 else None
            told = trial.copy("--server-side", "always", *words)
            check(by_service(told) == 2 and told["summary"]["retries"] >= 2, f"{told}")
            trial.check_end()


def a_replaced_source_is_never_mixed(binary, server):
    for words, at in (((), 1), (IN_PARTS, 3)):
        for how in ("auto", "always"):
            with fresh(binary, server) as trial:
                def replace(n):
                    if n == at:
                        for key, body in (("large", OTHER), ("small", b"small")):
                            status, _ = signed.request(trial.url, "PUT", f"/source/x/{key}", body=body)
                            check(status == 200, "replacing the source")
                trial.proxy.on_copy = replace
                trial.copy("--server-side", how, "--transfers", "1", *words)
                check(signed.get(trial.url, "target", "x/large") in (LARGE, OTHER), "large is mixed")
                if words and trial.proxy.copies >= at:
                    check(signed.get(trial.url, "target", "x/large") == OTHER, "large is the old one")
                trial.proxy.on_copy = lambda _: None
                check(signed.unfinished_uploads(trial.url, "target") == 0, "an upload is left behind")


def a_lost_answer_is_no_conflict(binary, server):
    with fresh(binary, server) as trial:
        trial.proxy.on_copy = lambda n: "deaf" if n <= 2 else None
        told = trial.copy("--server-side", "always")
        check(by_service(told) == 2, f"{told}")
        trial.check_end()


def killed_in_the_middle(binary, server):
    """What was copied is not copied again, but for what was in flight."""
    with fresh(binary, server) as trial:
        # What was accepted is in the journal 50 ms later.
        trial.proxy.on_copy = trial.kill_at(4, wait_s=2)
        words = ("--server-side", "always", "--transfers", "1", *IN_PARTS)
        trial.copy_until_killed(*words)
        before = trial.proxy.copies
        told = trial.copy(*words)
        check(told["summary"]["bytesResumed"] >= MIB, f"nothing was resumed: {told}")
        twice = trial.proxy.copies - (1 + PARTS)
        check(twice <= 2, f"{twice} copies were made twice, {before} before the kill")
        trial.check_end()


def killed_at_the_end(binary, server):
    with fresh(binary, server) as trial:
        words = ("--server-side", "always", *IN_PARTS)
        trial.proxy.on_end = trial.kill_at(1)
        trial.copy_until_killed(*words)
        trial.proxy.reset()
        trial.copy(*words)
        check(trial.proxy.copies <= 1, f"{trial.proxy.copies} copies were made again")
        trial.check_end()


@contextlib.contextmanager
def fresh(binary, server):
    """Buckets that nobody has written to."""
    with servers.serving(server) as url, Trial(binary, url) as trial:
        yield trial


def on_oss(binary):
    """The double verifies every signature with the vendor's SDK."""
    with servers.serving(servers.OSS) as url, Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "from-here", oss_signed)
        oss_signed.make_bucket(url, "to-there")
        os.makedirs(sandbox.path("source"))
        content = os.urandom(700_000)
        pathlib.Path(sandbox.path("source/large +&")).write_bytes(content)
        runner.run("copy", "{DIR}/source", "oss://from-here/x", "--part-size", "128KiB")
        for name, words in (("whole", ()), ("parts", ("--part-size", "128KiB"))):
            for how in ("auto", "always"):
                to = f"oss://to-there/{name}-{how}"
                told = runner.run("copy", "oss://from-here/x", to, "--server-side", how, *words)
                check(by_service(told) == 1 and told["summary"]["bytesRead"] == 0, f"{told}")
                runner.run("copy", to, "{DIR}/" + f"{name}-{how}")
                got = pathlib.Path(sandbox.path(f"{name}-{how}/large +&")).read_bytes()
                check(got == content, f"{name}: another object")
        check(oss_signed.unfinished_uploads(url, "to-there") == 0, "an upload is left behind")

        # A link would be copied as a link, which dangles once its target is gone.
        oss_signed.put_symlink(url, "from-here", "y/link", "x/large +&")
        told = runner.run("copy", "oss://from-here/y", "oss://to-there/y")
        check(by_service(told) == 0, f"a link is read: {told}")
        check(oss_signed.get(url, "to-there", "y/link") == content, "the link's target is there")
        refused = runner.run("copy", "oss://from-here/y", "oss://to-there/z", "--server-side",
                             "always", code=4)
        check("is a link" in refused["message"], f"the reason: {refused}")


TESTS = (no_byte_is_moved, auto_copies_what_checksums_prove, a_refusal_means_streaming,
         a_refusal_of_parts_means_streaming, an_error_under_200_is_an_error,
         a_replaced_source_is_never_mixed, a_lost_answer_is_no_conflict, killed_in_the_middle,
         killed_at_the_end)


def on(name):
    binary = sys.argv[1]
    if name == servers.OSS:
        on_oss(binary)
        return
    for test in TESTS:
        print(test.__name__, flush=True)
        test(binary, name)


def main():
    servers.test_each(["versitygw", "moto", servers.OSS], on)


if __name__ == "__main__":
    main()
