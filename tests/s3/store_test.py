#!/usr/bin/env python3
"""The real program with managed stores in buckets of real S3 servers.

Usage: store_test.py BINARY
"""
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))

import oss_signed  # noqa: E402
import servers  # noqa: E402
import signed  # noqa: E402
from program import Sandbox  # noqa: E402
from program_test import MIB, Runner, check, contents  # noqa: E402

INVALID = 2  # docs/howto/exit-codes.md


def in_and_out(binary, url, api=signed):
    """dir -> store in a bucket; the machine is lost; its index is rebuilt; store -> dir."""
    with Sandbox(binary) as sandbox:
        runner = Runner(sandbox, url, "ferry", api)
        store = f"managed+{api.SCHEME}://ferry/at/store"
        snapshot = f"{store}/orders/chk-4"
        runner.run("store", "info", store, code=6)
        runner.run("store", "init", store)
        again = runner.run("store", "init", store, code=11)
        check("is a store already" in again["message"], f"it is a store already: {again}")
        moved = runner.run("relocate", "{JOB}/chk-4", snapshot, "{MAP}")["summary"]
        check(moved["layout"] == "portable", f"as into every managed store: {moved}")
        runner.run("verify", snapshot, "--level", "hash")
        before = runner.run("store", "info", store)["summary"]

        shutil.rmtree(sandbox.path("home"))
        rebuilt = runner.run("store", "rebuild-index", store)["summary"]
        check(rebuilt == before, f"the index is as it was: {rebuilt}, was {before}")
        # Nothing of the first machine is left but the bucket.
        runner.run("relocate", snapshot, "{DIR}/back/chk-4")
        runner.run("relocate", "{JOB}/chk-4", "{DIR}/direct/chk-4", "{MAP}")
        check(contents(sandbox.path("back")) == contents(sandbox.path("direct")),
              "the bytes that came back are not those that were sent")
        inspected = runner.run("inspect", "{DIR}/back/chk-4")
        check(inspected["status"] == "ok", f"the snapshot is whole: {inspected}")
        runner.run("verify", "{DIR}/back/chk-4", "--level", "deep")
        runner.run("store", "check", store, "--level", "deep")
        check(api.unfinished_uploads(url, "ferry") == 0, "an upload is left behind")


def two_machines(binary, url, api=signed):
    """Each copies into one store with a home of its own, and reads what the other has copied."""
    with Sandbox(binary) as sandbox:
        runner = Runner(sandbox, url, "shared", api)
        store = f"managed+{api.SCHEME}://shared/store"
        runner.run("store", "init", store)
        trees = {}
        for name in ("one", "two"):
            tree = pathlib.Path(sandbox.path(name))
            os.makedirs(tree)
            (tree / "same").write_bytes(b"both have this" * 100_000)
            (tree / "own").write_bytes(name.encode() * MIB)
            trees[name] = contents(tree)
            runner.run("copy", f"{{DIR}}/{name}", f"{store}/p/{name}",
                       "--home", f"{{DIR}}/home-{name}")
        for name, other in (("one", "two"), ("two", "one")):
            runner.run("copy", f"{store}/p/{other}", f"{{DIR}}/{name}-of-{other}",
                       "--home", f"{{DIR}}/home-{name}")
            check(contents(sandbox.path(f"{name}-of-{other}")) == trees[other],
                  f"machine {name} reads what machine {other} has written")
        gone = runner.run("store", "forget", f"{store}/p/one", "--yes", "--home", "{DIR}/home-two")
        check(gone["summary"]["files"] == 2, f"a machine forgets what another has put: {gone}")
        runner.run("copy", f"{store}/p/one", "{DIR}/nothing", "--home", "{DIR}/home-one", code=6)


def killed_and_resumed(binary, url, api=signed, kills=3):
    """kill -9 in the middle, again and again: what was committed stays, the rest is done again."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "killed", api)
        store = f"managed+{api.SCHEME}://killed/store"
        runner.run("store", "init", store)
        tree = pathlib.Path(sandbox.path("source"))
        os.makedirs(tree)
        for i in range(24):
            (tree / f"file-{i}").write_bytes(random.Random(i).randbytes(4 * MIB))
        words = ("copy", "{DIR}/source", f"{store}/p/copy")
        done = 0
        for _ in range(kills):
            process = runner.start(*words, "--bwlimit", "16MiB")
            for line in process.stdout:
                item = json.loads(line)
                check(item["type"] == "progress", f"ended before it was killed: {item}")
                if item["bytesMoved" if "bytesMoved" in item else "bytesDone"] > done + 20 * MIB:
                    break
            process.kill()
            process.wait()
            done += 20 * MIB
            runner.run("store", "check", store, "--level", "deep")
        runner.run(*words)
        runner.run("copy", f"{store}/p/copy", "{DIR}/back", "--home", "{DIR}/home-of-another")
        check(contents(sandbox.path("back")) == contents(tree), "the bytes are others")
        info = runner.run("store", "info", store)["summary"]
        check(info["packBytes"] < 2 * info["fileBytes"], f"all was put again each time: {info}")


def collected(binary, url, api=signed, directory=None):
    """Forgotten bytes go with the second gc; another machine reads what is kept."""
    with Sandbox(binary, snapshot=None) as sandbox:
        runner = Runner(sandbox, url, "collected", api)
        store = f"managed+{api.SCHEME}://collected/store"
        runner.run("store", "init", store)
        for name in ("keep", "drop"):
            tree = pathlib.Path(sandbox.path(name))
            os.makedirs(tree)
            (tree / "file").write_bytes(random.Random(name).randbytes(2 * MIB))
            runner.run("copy", f"{{DIR}}/{name}", f"{store}/p/{name}")
        runner.run("store", "forget", f"{store}/p/drop", "--yes")
        refused = runner.run("store", "gc", store, "--grace", "10m", code=INVALID)
        check("an hour" in refused["message"], f"the reason is said: {refused}")
        young = runner.run("store", "gc", store)["summary"]
        check(young["packsMarked"] == young["packsDeleted"] == 0, f"all is young: {young}")
        if directory:  # the server takes times from the files there
            age(directory)
            words = ("store", "gc", store, "--grace", "1h")
            marked = runner.run(*words, "--home", "{DIR}/home-of-another")["summary"]
            check(marked["packsMarked"] > 0 and marked["packsDeleted"] == 0, f"marked: {marked}")
            young = runner.run(*words)["summary"]
            check(young["packsDeleted"] == 0, f"the marks are young: {young}")
            age(directory)
            freed = runner.run(*words)["summary"]
            check(freed["packsDeleted"] >= marked["packsMarked"], f"removed: {freed}")
            info = runner.run("store", "info", store)["summary"]
            check(info["packBytes"] < 2.5 * MIB, f"half of it is freed: {info}")
        runner.run("store", "check", store, "--level", "deep")
        for home in ("home-of-another", "home-without-index"):
            runner.run("copy", f"{store}/p/keep", f"{{DIR}}/back-{home}",
                       "--home", f"{{DIR}}/{home}")
            check(contents(sandbox.path(f"back-{home}")) == contents(sandbox.path("keep")),
                  "the bytes are others")


def age(directory, hours=2):
    """All that a server of files has is that much older."""
    for path in pathlib.Path(directory).rglob("*"):
        then = path.stat().st_mtime - hours * 3600
        os.utime(path, (then, then))


def options_of_the_place(binary, url, api=signed):
    """Endpoint and region in the place, nothing of them in the environment."""
    with Sandbox(binary) as sandbox:
        runner = Runner(sandbox, url, "options", api)
        for name in [name for name in runner.env if "ENDPOINT" in name or "REGION" in name]:
            del runner.env[name]
        options = f"?endpoint={url}&region={api.REGION}&style=path"
        store = f"managed+{api.SCHEME}://options/store"
        runner.run("store", "init", store + options)
        runner.run("relocate", "{JOB}/chk-4", f"{store}/orders/chk-4{options}", "{MAP}")
        runner.run("inspect", f"{store}/orders/chk-4{options}")
        runner.run("store", "check", store + options)


def on(name):
    api = oss_signed if name == servers.OSS else signed
    with (tempfile.TemporaryDirectory(prefix="stateferry-objects-") as directory,
          servers.serving(name, directory=directory) as url):
        for test in (in_and_out, two_machines, killed_and_resumed, options_of_the_place):
            print(test.__name__, flush=True)
            test(sys.argv[1], url, api)
        print(collected.__name__, flush=True)
        collected(sys.argv[1], url, api, directory if name == "versitygw" else None)


def main():
    servers.test_each((*servers.COMMANDS, servers.OSS), on)


if __name__ == "__main__":
    main()
