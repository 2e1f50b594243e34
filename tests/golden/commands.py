#!/usr/bin/env python3
"""What commands change and what they leave alone, with the real program."""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from program import JOB, P1, SOURCE, Sandbox

STORE = "managed://{DIR}/store/p/"


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def run(sandbox, *words, expect=0, **more):
    done = sandbox.run(words, **more)
    check(done.returncode == expect, f"{' '.join(words)}: exit {done.returncode}, not {expect}: "
          f"{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def result(sandbox, *words, expect=0, **more):
    """The last JSON line."""
    return json.loads(run(sandbox, *words, "--output", "json", expect=expect, **more)
                      .splitlines()[-1])


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def everything(directory):
    """Names and contents of all that lies there."""
    found = {}
    for path, dirs, files in os.walk(directory):
        for name in dirs:
            found[os.path.join(path, name)] = None
        for name in files:
            with open(os.path.join(path, name), "rb") as file:
                found[os.path.join(path, name)] = file.read()
    return found


def flip(path, at=None):
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        at = size // 2 if at is None else at
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def packs(sandbox):
    return [os.path.join(path, name) for path, _, files in os.walk(sandbox.path("store", "packs"))
            for name in files]


def store_with(sandbox, **contents):
    """A store with one plain tree per name."""
    run(sandbox, "store", "init", "{DIR}/store")
    for name, content in contents.items():
        write(sandbox.path("from", name, "file"), content)
        run(sandbox, "copy", "{DIR}/from/" + name, STORE + name)


def dry_runs_change_nothing(sandbox):
    noise = random.Random(1)
    store_with(sandbox, kept=noise.randbytes(9000), dropped=noise.randbytes(70_000))
    run(sandbox, "store", "forget", STORE + "dropped", "--yes")
    os.makedirs(sandbox.path("empty-home"))
    write(sandbox.path("stateferry.yaml"), "")
    lines = [["copy", "{JOB}", "{DIR}/copied"], ["copy", "{JOB}", STORE + "x"],
             ["copy", STORE + "kept", "{DIR}/back"],
             ["relocate", "{JOB}/chk-4", "{DIR}/out", "{MAP}"],
             ["relocate", "{JOB}/chk-4", STORE + "out", "{MAP}"],
             ["store", "gc", "{DIR}/store"], ["store", "forget", STORE + "kept"],
             ["orphans", "{BUCKET}", "--older-than", "0", "--delete", "--yes"],
             ["doctor"], ["config", "set", "transfers", "3"], ["config", "set", "transfers", "3",
                                                               "--config", "stateferry.yaml"]]
    for home in ("home", "no-home", "empty-home"):
        for words in lines:
            before = everything(sandbox.dir)
            words = words + ["--dry-run", "--home", "{DIR}/" + home]
            done = run(sandbox, *words)
            after = everything(sandbox.dir)
            # RocksDB's readers may touch nothing either.
            changed = sorted(name for name in before.keys() | after.keys()
                             if before.get(name, 0) != after.get(name, 0))
            check(not changed, f"{' '.join(words)} changed {changed[:5]}")
            check("\ntransfer  " not in done, f"{' '.join(words)} names a transfer: {done}")
            check(not run(sandbox, *words, "-q") if words[0] in ("copy", "relocate") else True,
                  f"{' '.join(words)} -q names a transfer")
    gone = result(sandbox, "store", "gc", "{DIR}/store", "--dry-run")["summary"]
    check(gone["bytesFreed"] > 50_000 and gone["chunksFreed"] > 0, f"nothing would be freed: {gone}")
    freed = result(sandbox, "store", "gc", "{DIR}/store")["summary"]
    check(freed["chunksFreed"] == gone["chunksFreed"], f"dry run {gone}, then {freed}")


def slow_copy(sandbox, *more):
    """A copy of 48 MiB that takes some seconds, running."""
    for number in range(3):
        write(sandbox.path("source", f"file-{number}"), random.Random(number).randbytes(16 << 20))
    process = subprocess.Popen(
        [sandbox.binary, "copy", sandbox.path("source"), sandbox.path("target"), "--bwlimit",
         "4MiB", "--output", "json", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": sandbox.dir,
             "STATEFERRY_HOME": sandbox.path("home")})
    check(b'"bytesDone":' in process.stdout.readline(), "no progress was shown")
    return process


def dry_runs_and_looks_beside_a_writer(sandbox):
    """Two processes on one home: the second writer is told of the first, nobody else is hindered."""
    run(sandbox, "store", "init", "{DIR}/store")
    process = slow_copy(sandbox)
    try:
        done = sandbox.run(["copy", "{JOB}", "{DIR}/second"])
        check(done.returncode == 11 and str(process.pid) in done.stderr.decode(),
              f"a second writer: {done}")
        run(sandbox, "copy", "{JOB}", "{DIR}/second", "--dry-run")
        run(sandbox, "relocate", "{JOB}/chk-4", STORE + "x", "{MAP}", "--dry-run")
        run(sandbox, "transfer", "list")
        check(str(process.pid) in run(sandbox, "doctor"), "doctor does not name the writer")
        check(process.poll() is None, "the copy ended before all was tried")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def destructive_switches_are_given_each_time(sandbox):
    write(os.path.join(sandbox.bucket, JOB, "shared", "left-behind"), "nobody names this")
    before = everything(sandbox.bucket)
    for text in ("delete: true\n", "yes: true\n", "if-exists: overwrite\n"):
        write(sandbox.path("stateferry.yaml"), text)
        run(sandbox, "orphans", "{BUCKET}", "--older-than", "0", expect=2)
    os.unlink(sandbox.path("stateferry.yaml"))
    done = sandbox.run(["orphans", "{BUCKET}", "--older-than", "0"],
                       {"STATEFERRY_DELETE": "1", "STATEFERRY_YES": "1"})
    check(done.returncode == 0 and b"would delete" in done.stdout and
          b"STATEFERRY_DELETE is ignored" in done.stderr, f"from the environment: {done}")
    check(everything(sandbox.bucket) == before, "something was deleted")


def orphans_are_deleted(sandbox):
    orphan = os.path.join(sandbox.bucket, JOB, "shared", "left-behind")
    write(orphan, "nobody names this")
    named = everything(os.path.join(sandbox.bucket, JOB, "chk-4"))
    refused = sandbox.run(["orphans", "{JOB}", "--older-than", "0", "--delete"])
    check(refused.returncode == 4 and os.path.exists(orphan), f"without --yes: {refused}")
    run(sandbox, "orphans", "{JOB}", "--older-than", "1h", "--delete", "--yes")
    check(os.path.exists(orphan), "a young file was deleted")
    told = result(sandbox, "orphans", "{JOB}", "--older-than", "0", "--delete", "--yes")["summary"]
    check(told["deleted"] >= 1 and not os.path.exists(orphan), f"not deleted: {told}")
    check(everything(os.path.join(sandbox.bucket, JOB, "chk-4")) == named, "chk-4 was hit")
    run(sandbox, "inspect", "{JOB}/chk-4", "{MAP}", "--check-exists")


def damage_in_a_store(sandbox):
    """Exit codes of copies from a damaged store, and what check says of plain files."""
    noise = random.Random(2)
    for name in ("a", "b"):
        write(sandbox.path("from", name), noise.randbytes(200_000))
    run(sandbox, "store", "init", "{DIR}/store")
    run(sandbox, "copy", "{DIR}/from", STORE + "plain")
    flip(packs(sandbox)[0], 100_000)
    done = sandbox.run(["copy", STORE + "plain", "{DIR}/back"])
    check(done.returncode == 7, f"all failures are damage: {done}")
    check(b"again" not in done.stderr.replace(b"running it again does not", b""),
          f"the hint is to try again: {done.stderr}")
    check(os.path.exists(sandbox.path("back", "b")) or os.path.exists(sandbox.path("back", "a")),
          "the whole file did not arrive")
    done = run(sandbox, "store", "check", "{DIR}/store", "--level", "deep", expect=7)
    check("hits the file p/plain/" in done and "snapshot" not in done, f"plain files: {done}")


def some_files_fail(sandbox):
    """Exit code 3: a directory is in the way of one file, the other arrives."""
    for name in ("good", "bad"):
        write(sandbox.path("from", name), name)
    write(sandbox.path("to", "bad", "in-the-way"), "x")
    done = sandbox.run(["copy", "{DIR}/from", "{DIR}/to"])
    check(done.returncode == 3 and b"run the command again" in done.stderr, f"{done}")
    check(os.path.exists(sandbox.path("to", "good")), "the good file did not arrive")


def no_permission(sandbox):
    """Exit code 5.  Root may do anything, so it becomes somebody else."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(sandbox.dir, 0o755)
    binary = shutil.copy(sandbox.binary, sandbox.path("stateferry"))
    write(sandbox.path("from", "file"), "x")
    for path in (sandbox.path("closed"), sandbox.path("home")):
        os.makedirs(path)
    os.chmod(sandbox.path("closed"), 0o500)
    os.chmod(sandbox.path("home"), 0o777)
    done = subprocess.run([binary, "copy", sandbox.path("from"), sandbox.path("closed", "x")],
                          env={"HOME": sandbox.dir, "STATEFERRY_HOME": sandbox.path("home")},
                          capture_output=True, **nobody)
    check(done.returncode == 5 and b"closed" in done.stderr, f"{done}")


def resume_from_another_directory(sandbox):
    """The recorded command means the same in any directory and without the options of the first."""
    write(sandbox.path("special.yaml"), f"stores:\n  named: {sandbox.path('store')}\n")
    run(sandbox, "store", "init", "{DIR}/store")
    run(sandbox, "relocate", os.path.join("bucket", JOB, "chk-4"), "managed://named/p/k", "--map",
        f"file:///tmp/flink-origin/{P1}=bucket", "--config", "special.yaml")
    identity = run(sandbox, "transfer", "list", "-q").strip()
    done = subprocess.run([sandbox.binary, "transfer", "resume", identity], cwd="/",
                          env={"PATH": os.environ["PATH"], "HOME": sandbox.path("user"),
                               "STATEFERRY_HOME": sandbox.path("home")}, capture_output=True)
    check(done.returncode == 0 and b"was there" in done.stdout, f"from another directory: {done}")
    check(run(sandbox, "transfer", "list", "-q").strip() == identity, "it became another transfer")


def gc_and_rebuild(sandbox):
    noise = random.Random(3)
    store_with(sandbox, kept=noise.randbytes(5000), dropped=noise.randbytes(90_000))
    run(sandbox, "store", "gc", "{DIR}/store")  # merges the two packs
    run(sandbox, "store", "gc", "{DIR}/store", "--fail-if-nothing", expect=9)
    run(sandbox, "store", "forget", STORE + "dropped", "--yes")
    told = result(sandbox, "store", "gc", "{DIR}/store", "--fail-if-nothing")["summary"]
    check(told["bytesFreed"] > 80_000, f"gc: {told}")
    store_with_two = sandbox.path("from", "again")
    write(os.path.join(store_with_two, "file"), noise.randbytes(3000))
    run(sandbox, "copy", "{DIR}/from/again", STORE + "again")
    told = result(sandbox, "store", "gc", "{DIR}/store", "--fail-if-nothing")  # no chunk is freed
    check(told["status"] == "ok" and told["summary"]["packsRewritten"] > 0, f"merging: {told}")
    run(sandbox, "copy", STORE + "kept", "{DIR}/back")
    before = result(sandbox, "store", "info", "{DIR}/store")["summary"]
    shutil.rmtree(sandbox.path("store", "index"))
    run(sandbox, "store", "rebuild-index", "{DIR}/store")
    after = result(sandbox, "store", "info", "{DIR}/store")["summary"]
    check(after["files"] == before["files"] and after["chunks"] == before["chunks"],
          f"rebuilt: {before} became {after}")
    run(sandbox, "store", "check", "{DIR}/store", "--level", "deep")


def limits_and_cancel(sandbox):
    started = time.monotonic()
    process = slow_copy(sandbox, "--max-duration", "2s")
    last = json.loads(process.communicate()[0].splitlines()[-1])
    seconds = time.monotonic() - started
    check(process.returncode == 10 and "time limit" in last["message"], f"--max-duration: {last}")
    check(seconds < 7, f"--max-duration 2s took {seconds:.1f} s")
    last = result(sandbox, "copy", "{DIR}/source", "{DIR}/target", "--max-transfer", "9MiB",
                  expect=10)
    check("limit" in last["message"], f"--max-transfer: {last}")
    identity = run(sandbox, "transfer", "list", "-q").strip()
    run(sandbox, "transfer", "cancel", identity)
    check(result(sandbox, "transfer", "show", identity)["summary"]["status"] == "cancelled",
          "not cancelled")
    run(sandbox, "copy", "{DIR}/source", "{DIR}/target")
    check(everything(sandbox.path("source")).keys().__len__() ==
          sum(name.startswith("file-") for name in os.listdir(sandbox.path("target"))), "not whole")


def prune_removes_what_killed_runs_left(sandbox):
    run(sandbox, "copy", "{JOB}", "{DIR}/copied")
    uploads = sandbox.path("copied", ".stateferry", "uploads")
    for name, age in (("killed-long-ago", 2 * 86400), ("somebody-is-at-it", 60)):
        write(os.path.join(uploads, name), "half")
        os.utime(os.path.join(uploads, name), (time.time() - age,) * 2)
    pruned = result(sandbox, "transfer", "prune", "--older-than", "0")["summary"]
    check(pruned["removed"] == 1 and pruned["uploadsAborted"] == 1, pruned)
    check(os.listdir(uploads) == ["somebody-is-at-it"], os.listdir(uploads))


def paranoid_reads_again(sandbox):
    store_with(sandbox, one=random.Random(4).randbytes(100_000))
    told = result(sandbox, "copy", "{DIR}/from/one", STORE + "two")["summary"]
    check(told["bytesRead"] == 0 and told["filesReused"] == 1, f"known by identity: {told}")
    told = result(sandbox, "copy", "{DIR}/from/one", STORE + "three", "--paranoid")["summary"]
    check(told["bytesRead"] == 100_000 and told["duplicateBytes"] == 100_000, f"paranoid: {told}")


def incremental_checkpoints_store_little(sandbox):
    """Acceptance: the 2nd to 4th of four incremental checkpoints store at most 3 % more than their
    new files are long."""
    run(sandbox, "bench", "generate", "size=64MiB,sst=4MiB,checkpoints=4,churn=0.2", "{DIR}/job")
    made = [json.loads(line) for line in
            run(sandbox, "bench", "generate", "size=64MiB,sst=4MiB,checkpoints=4,churn=0.2",
                "{DIR}/job2", "--output", "json").splitlines()]
    made = [item for item in made if item["type"] == "checkpoint"]
    check(len(made) == 4, f"four checkpoints: {made}")
    run(sandbox, "store", "init", "{DIR}/store")
    stored = 0
    for number, checkpoint in enumerate(made):
        run(sandbox, "relocate", checkpoint["path"], STORE + str(number), "--compress", "none")
        now = result(sandbox, "store", "info", "{DIR}/store")["summary"]["packBytes"]
        grown, stored = now - stored, now
        check(number == 0 or grown <= 1.03 * checkpoint["newBytes"] + 65536,
              f"checkpoint {number} has {checkpoint['newBytes']} new bytes, the store grew {grown}")


def only_listed_files_are_copied(sandbox):
    for name in ("a", "sub/b", "c"):
        write(sandbox.path("from", name), name)
    write(sandbox.path("list"), b"a\0./sub/b\0")
    run(sandbox, "copy", "{DIR}/from", "{DIR}/to", "--from-file0", "list")
    found = sorted(name for name, content in everything(sandbox.path("to")).items()
                   if content is not None and ".stateferry" not in name)
    check(found == [sandbox.path("to", "a"), sandbox.path("to", "sub", "b")], f"{found}")
    run(sandbox, "copy", "{DIR}/from", "{DIR}/to")  # another request: the rest comes too
    check(os.path.exists(sandbox.path("to", "c")), "the whole copy took itself for done")
    write(sandbox.path("list"), b"a\0not-there\0")
    done = sandbox.run(["copy", "{DIR}/from", "{DIR}/other", "--from-file0", "list"])
    check(done.returncode == 6 and b"not-there" in done.stderr, f"a name that is not there: {done}")
    write(sandbox.path("list"), b"../list\0")
    run(sandbox, "copy", "{DIR}/from", "{DIR}/other", "--from-file0", "list", expect=2)


def logs_say_what_happens(sandbox):
    done = sandbox.run(["copy", "{JOB}/shared", "{DIR}/to", "-v"])
    check(b"starts" in done.stderr and b"is done" not in done.stderr, f"-v: {done.stderr}")
    done = sandbox.run(["copy", "{JOB}/shared", "{DIR}/to3", "--log-level", "debug",
                        "--log-format", "json"])
    lines = [json.loads(line) for line in done.stderr.decode().splitlines()]
    check(any("is done" in line["msg"] and line["level"] == "debug" for line in lines), f"{lines}")


def help_in_every_form(sandbox):
    told = result(sandbox, "copy", "--help")
    check(told["summary"]["text"].startswith("Usage: stateferry copy"), f"JSON: {told}")
    run(sandbox, "help", "store", "nope", expect=2)
    run(sandbox, "help", "nope", expect=2)
    check(run(sandbox, "help", "copy", "--format", "markdown").startswith("### copy"), "markdown")
    check("gc" in run(sandbox, "help", "store"), "a group")


def hints(sandbox):
    done = sandbox.run(["relocate", "{JOB}", "{DIR}/out", "{MAP}"])
    check(done.returncode == 6 and b"--layout tree" in done.stderr, f"a job's directory: {done}")
    done = sandbox.run(["relocate", "{JOB}/chk-4", "{DIR}/out"])
    check(done.returncode == 6 and b"--map OLD=NEW" in done.stderr, f"files that were moved: {done}")
    done = sandbox.run(["relocate", "{JOB}/chk-4", "managed:///nowhere/a/b", "{MAP}"])
    check(done.returncode == 6 and b"--layout tree" not in done.stderr, f"no such store: {done}")
    write(sandbox.path("file"), "x")
    done = sandbox.run(["copy", "{JOB}/shared", "{DIR}/file"])
    check(done.returncode == 11 and b"hint: name a directory" in done.stderr, f"a file: {done}")
    run(sandbox, "config", "set", "level", "hash", expect=2)
    run(sandbox, "config", "set", "transfers", "3", "--profile", "new")
    check(run(sandbox, "config", "get", "transfers", "--profile", "new") == "3\n", "new profile")


TESTS = (dry_runs_change_nothing, dry_runs_and_looks_beside_a_writer,
         destructive_switches_are_given_each_time, orphans_are_deleted, damage_in_a_store,
         some_files_fail, no_permission, resume_from_another_directory, gc_and_rebuild,
         limits_and_cancel, prune_removes_what_killed_runs_left, paranoid_reads_again,
         incremental_checkpoints_store_little, only_listed_files_are_copied,
         logs_say_what_happens, help_in_every_form, hints)


def main(tests=TESTS):
    failed = 0
    wanted = sys.argv[2:]
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        try:
            with Sandbox(sys.argv[1]) as sandbox:
                test(sandbox)
            print(f"{test.__name__}: good", flush=True)
        except Exception as problem:  # the other tests still count
            failed += 1
            print(f"{test.__name__}: {problem!r}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
