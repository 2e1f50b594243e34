#!/usr/bin/env python3
"""What verify, orphans, lists and settings tell, and where they cannot look, with the real program."""
import json
import os
import shutil
import subprocess
import sys

from commands import STORE, check, flip, main, result, run, write
from program import JOB, P1


def verify_says_what_it_checked(sandbox):
    run(sandbox, "store", "init", "{DIR}/store")
    run(sandbox, "relocate", "{JOB}/chk-4", STORE + "chk-4", "{MAP}")
    told = result(sandbox, "verify", STORE + "chk-4")["summary"]
    check(told["checkedLevel"] == "hash" and told["filesHashed"] == told["files"], f"managed: {told}")
    run(sandbox, "relocate", STORE + "chk-4", "{DIR}/out")
    flip(max((os.path.join(sandbox.path("out"), name) for name in os.listdir(sandbox.path("out"))
              if name != "_metadata"), key=os.path.getsize))
    text = run(sandbox, "verify", "{DIR}/out")
    check("is good" not in text and "level size" in text and "no hash is known" in text,
          f"a bucket without hashes: {text}")
    check(result(sandbox, "verify", "{DIR}/out")["summary"]["checkedLevel"] == "size", "in JSON")
    shared = os.path.join(sandbox.bucket, JOB, "shared")
    for name in os.listdir(shared):
        os.unlink(os.path.join(shared, name))
    problems = [line for line in sandbox.run(["verify", "{JOB}"]).stdout.decode().splitlines()
                if line.startswith("problem: ")]
    check(problems and len(problems) == len(set(problems)), f"named twice: {problems}")


def verify_of_a_transfer_remembers(sandbox):
    """A damaged file is found by the hash of its transfer, also after a repeat has failed at it."""
    run(sandbox, "relocate", "{JOB}/chk-4", "{DIR}/out", "{MAP}")
    identity = run(sandbox, "transfer", "list", "-q").strip()
    told = result(sandbox, "verify", identity)["summary"]
    check(told["checkedLevel"] == "hash" and told["filesHashed"] == told["files"], f"whole: {told}")
    damaged = max((os.path.join(sandbox.path("out"), name)
                   for name in os.listdir(sandbox.path("out")) if name != "_metadata"),
                  key=os.path.getsize)
    flip(sandbox.path("out", "_metadata"))
    told = run(sandbox, "verify", identity, expect=7)
    check("_metadata" in told, f"metadata with another byte: {told}")
    flip(sandbox.path("out", "_metadata"))
    run(sandbox, "verify", identity)
    flip(damaged)
    run(sandbox, "verify", identity, expect=7)
    run(sandbox, "relocate", "{JOB}/chk-4", "{DIR}/out", "{MAP}", expect=11)
    told = run(sandbox, "verify", identity, expect=7)
    check(os.path.basename(damaged) in told, f"after a conflict: {told}")


def samples_add_up(sandbox):
    run(sandbox, "store", "init", "{DIR}/store")
    run(sandbox, "copy", "{JOB}/shared", STORE + "shared")
    read = [result(sandbox, "verify", STORE + "shared", "--sample", f"{part}/3")["summary"]
            for part in (1, 2, 3)]
    check(sum(each["filesRead"] for each in read) == read[0]["files"] and
          all(each["filesRead"] < each["files"] for each in read), f"{read}")
    run(sandbox, "verify", STORE + "shared", "--sample", "50%")
    for wrong in ("0/3", "4/3", "200%", "x"):
        run(sandbox, "verify", STORE + "shared", "--sample", wrong, expect=2)


def lists_and_names(sandbox):
    for name in ("b", "c", "a"):
        write(sandbox.path("from", name, "x\ny"), name)
        run(sandbox, "copy", "{DIR}/from/" + name, "{DIR}/to/" + name)
    items = [json.loads(line) for line in
             run(sandbox, "transfer", "list", "--output", "json").splitlines()[:-1]]
    check([item["from"][-1] for item in items] == ["b", "c", "a"], f"not by time: {items}")
    shown = run(sandbox, "transfer", "show", items[0]["id"], "--files")
    check("x\\x0ay" in shown, f"a newline in a name is printed as it is: {shown}")
    told = sandbox.run(["inspect", "{JOB}", "{MAP}"])
    check(told.returncode == 0 and b"chk-4" in told.stderr, f"the newest of a job: {told}")
    done = subprocess.run([sandbox.binary, "doctor"], env={}, capture_output=True)
    check(done.returncode == 1 and b"bad      home" in done.stdout, f"without $HOME: {done}")


def names_of_any_bytes(sandbox):
    orphan = os.path.join(sandbox.bucket, JOB, "shared").encode() + b"/left\xff"
    with open(orphan, "wb") as file:
        file.write(b"x")
    items = [json.loads(line) for line in
             run(sandbox, "orphans", "{JOB}", "--output", "json").splitlines()[:-1]]
    found = [bytes.fromhex(item["pathBytes"]) for item in items if "pathBytes" in item]
    check(found == [b"file:" + orphan], f"{items}")


def orphans_of_what_cannot_be_read(sandbox):
    """That somebody else may read the snapshot is no reason to remove it."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(sandbox.dir, 0o755)
    binary = shutil.copy(sandbox.binary, sandbox.path("stateferry"))
    os.chmod(os.path.join(sandbox.bucket, JOB, "chk-4", "_metadata"), 0)
    done = subprocess.run([binary, "orphans", sandbox.bucket], env={"HOME": sandbox.dir},
                          capture_output=True, **nobody)
    check(done.returncode == 5 and b"remove that snapshot" not in done.stderr, f"{done}")


def config_set_keeps_the_file_what_it_is(sandbox):
    write(sandbox.path("dotfiles", "sf.yaml"), "transfers: 1  # few\n")
    os.chmod(sandbox.path("dotfiles", "sf.yaml"), 0o600)
    os.symlink(sandbox.path("dotfiles", "sf.yaml"), sandbox.path("link.yaml"))
    run(sandbox, "config", "set", "transfers", "3", "--config", "link.yaml")
    with open(sandbox.path("dotfiles", "sf.yaml"), encoding="utf-8") as file:
        check(file.read() == "transfers: 3  # few\n", "not edited behind the link")
    check(os.path.islink(sandbox.path("link.yaml")), "the link became a file")
    mode = os.stat(sandbox.path("link.yaml")).st_mode & 0o777
    check(mode == 0o600, f"mode {mode:o}")


def no_permission_for_the_configuration(sandbox):
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(sandbox.dir, 0o755)
    binary = shutil.copy(sandbox.binary, sandbox.path("stateferry"))
    os.makedirs(sandbox.path("closed"))
    os.chmod(sandbox.path("closed"), 0o000)
    for words, code in ((["version"], 0), (["transfer", "list"], 5)):
        done = subprocess.run([binary, *words], env={"HOME": sandbox.path("closed")}, cwd="/",
                              capture_output=True, **nobody)
        check(done.returncode == code, f"{words}: {done}")
        check(code == 0 or b"--config" in done.stderr, f"no way out: {done}")


def without_a_working_directory(sandbox):
    """Relative paths lead nowhere; whole ones work."""
    write(sandbox.path("from", "file"), "x")
    script = 'mkdir "$1/gone" && cd "$1/gone" && rmdir "$1/gone" && shift && exec "$@"'
    relative = os.path.basename(sandbox.dir)
    for home, code in ((relative, 6), (sandbox.path("home"), 0)):
        done = subprocess.run(["bash", "-c", script, "bash", sandbox.dir, sandbox.binary, "copy",
                               sandbox.path("from"), sandbox.path("to"), "--home", home],
                              env={"PATH": os.environ["PATH"], "HOME": sandbox.path("user")},
                              capture_output=True)
        check(done.returncode == code, f"--home {home}: {done}")
        check(code == 0 or b"working directory is gone" in done.stderr, f"--home {home}: {done}")
    check(not os.path.exists("/" + relative), f"it became /{relative}")


def files_that_cannot_be_looked_at_are_not_missing(sandbox):
    done = sandbox.run(["relocate", "{JOB}/chk-4", "{DIR}/out", "--map",
                        "file:///tmp/flink-origin/" + P1 + "=oss://bucket"])
    check(done.returncode == 2 and b"is missing" not in done.stderr and b"region" in done.stderr,
          f"a bucket without a region: {done}")


TESTS = (verify_says_what_it_checked, verify_of_a_transfer_remembers, samples_add_up,
         lists_and_names, names_of_any_bytes, orphans_of_what_cannot_be_read,
         config_set_keeps_the_file_what_it_is, no_permission_for_the_configuration,
         without_a_working_directory, files_that_cannot_be_looked_at_are_not_missing)

if __name__ == "__main__":
    sys.exit(main(TESTS))
