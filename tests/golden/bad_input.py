#!/usr/bin/env python3
"""Every kind of bad input gives one sentence, perhaps a hint, and the right exit code.

In JSON the same comes as one error object on the last line.
"""
import json
import os
import sys

from program import Sandbox

OK, FAILURE, USAGE, REFUSED, PERMISSION, NOT_FOUND, INTEGRITY, LOCKED = 0, 1, 2, 4, 5, 6, 7, 11


def cut_metadata(sandbox):
    path = sandbox.fill("{JOB}/chk-4/_metadata")
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) // 2)


def other_content(sandbox):
    os.makedirs(sandbox.path("taken"))
    for name in ("_metadata", "x"):
        with open(sandbox.path("taken", name), "w", encoding="utf-8") as file:
            file.write("something else")


def plain_file(sandbox):
    with open(sandbox.path("file"), "w", encoding="utf-8") as file:
        file.write("x")


def config(text):
    def write(sandbox):
        with open(sandbox.path("stateferry.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
    return write


def missing_shared(sandbox):
    shared = sandbox.fill("{JOB}/shared")
    # chk-4 names nearly all of them; taking all away surely hits it.
    for name in os.listdir(shared):
        os.unlink(os.path.join(shared, name))



# command line, exit code, words of the sentence, preparation, environment
TABLE = [
    ([], USAGE, "no command", None, None),
    (["frob"], USAGE, "not a command", None, None),
    (["store"], USAGE, "store", None, None),
    (["copy", "a"], USAGE, "DST", None, None),
    (["copy", "a", "b", "c"], USAGE, "'c'", None, None),
    (["copy", "", "b"], USAGE, "SRC", None, None),
    (["copy", "a", "b", "--transfer", "3"], USAGE, "--transfer", None, None),
    (["copy", "a", "b", "--part-size", "big"], USAGE, "--part-size", None, None),
    (["copy", "a", "b", "--compress", "zstd:99"], USAGE, "--compress", None, None),
    (["copy", "a", "b", "--if-exists", "maybe"], USAGE, "--if-exists", None, None),
    (["relocate", "a", "b", "--layout", "flat"], USAGE, "--layout", None, None),
    (["relocate", "a", "b", "--map", "x"], USAGE, "--map", None, None),
    (["inspect", "gopher://x/y"], USAGE, "gopher", None, None),
    (["copy", "{JOB}", "mem://x/y"], USAGE, "mem://x/y", None, None),
    (["relocate", "mem://x/y", "{DIR}/out"], USAGE, "mem://x/y", None, None),
    (["relocate", "{JOB}/chk-4", "{DIR}/out", "--map", "/a=mem://x/y"], USAGE, "mem://x/y", None,
     None),
    (["store", "init", "{DIR}/s", "--dry-run"], USAGE, "dry run", None, None),
    (["config", "set", "colour", "red"], USAGE, "colour", None, None),
    (["config", "set", "transfers", "red"], USAGE, "transfers", None, None),
    (["completion", "tcsh"], USAGE, "tcsh", None, None),
    (["copy", "a", "b"], USAGE, "STATEFERRY_TRANSFERS", None, {"STATEFERRY_TRANSFERS": "x"}),
    (["transfer", "list"], USAGE, "stateferry.yaml:2", config("transfers: 1\nbad: 2\n"), None),
    (["transfer", "list"], USAGE, "stateferry.yaml:2", config("a: [\n"), None),
    (["transfer", "list", "--config", "{DIR}/no.yaml"], NOT_FOUND, "no.yaml", None, None),
    (["transfer", "list", "--profile", "none"], NOT_FOUND, "none", None, None),
    (["inspect", "{DIR}/absent"], NOT_FOUND, "absent", None, None),
    (["inspect", "{JOB}/chk-4"], INTEGRITY, "_metadata", cut_metadata, None),
    (["relocate", "{JOB}/chk-4", "{DIR}/out", "{MAP}"], INTEGRITY, "_metadata", cut_metadata, None),
    (["relocate", "{JOB}/chk-4", "{DIR}/out", "{MAP}"], NOT_FOUND, "shared", missing_shared, None),
    (["relocate", "{JOB}/chk-4", "{DIR}/out"], NOT_FOUND, "flink-origin", None, None),
    (["relocate", "{JOB}/chk-4", "{JOB}/chk-4/in", "{MAP}"], LOCKED, "chk-4", None, None),
    (["relocate", "{JOB}/chk-4", "{DIR}/file", "{MAP}"], LOCKED, "file", plain_file, None),
    (["relocate", "{JOB}/chk-4", "{DIR}/taken", "{MAP}"], LOCKED, "taken", other_content, None),
    (["relocate", "{JOB}/chk-4", "managed://{DIR}/nostore/p/k", "{MAP}"], NOT_FOUND, "nostore",
     None, None),
    (["relocate", "{JOB}/chk-4", "managed://nowhere/p/k", "{MAP}"], NOT_FOUND, "nowhere", None,
     None),
    (["copy", "{DIR}/absent", "{DIR}/out"], NOT_FOUND, "absent", None, None),
    (["verify", "{DIR}/absent"], NOT_FOUND, "absent", None, None),
    (["snapshot", "latest", "{DIR}/absent"], NOT_FOUND, "absent", None, None),
    (["orphans", "{DIR}"], REFUSED, "_metadata", cut_metadata, None),
    (["store", "info", "{DIR}"], NOT_FOUND, "{DIR}", None, None),
    (["store", "init", "{BUCKET}"], LOCKED, "bucket", None, None),
    (["store", "info", "s3://bucket/x"], USAGE, "s3://bucket/x", None, None),
    (["store", "check", "s3://bucket/x?colour=red"], USAGE, "colour", None, None),
    (["store", "check", "s3://bucket/x", "--level", "deep"], USAGE, "--level", None, None),
    (["transfer", "show", "0123456789abcdef"], NOT_FOUND, "0123456789abcdef", None, None),
    (["transfer", "resume", "x"], NOT_FOUND, "'x'", None, None),
]


def complaints(words, expected, needle, sandbox, env):
    """What is wrong with the text and the JSON form of one case."""
    found = []
    done = sandbox.run(words, env)
    lines = done.stderr.decode().splitlines()
    if done.returncode != expected:
        found.append(f"exit {done.returncode}, not {expected}: {lines}")
    if not lines or not lines[0].startswith("stateferry: ") or len(lines) > 2:
        found.append(f"not one sentence: {lines}")
    elif sandbox.fill(needle) not in lines[0]:
        found.append(f"does not name {needle}: {lines[0]}")
    if len(lines) == 2 and not lines[1].startswith("hint: "):
        found.append(f"the second line is no hint: {lines[1]}")

    done = sandbox.run(words + ["--output", "json"], env)
    try:
        last = json.loads(done.stdout.decode().splitlines()[-1])
        if last["type"] != "error" or last["exitCode"] != expected or done.stderr:
            found.append(f"json: {last} and on stderr {done.stderr.decode()!r}")
    except (IndexError, ValueError, KeyError) as problem:
        found.append(f"json: {problem!r} in {done.stdout.decode()!r}")
    return found


def main():
    failed = 0
    for words, expected, needle, prepare, env in TABLE:
        with Sandbox(sys.argv[1]) as sandbox:
            if prepare:
                prepare(sandbox)
            found = complaints(words, expected, needle, sandbox, env)
            if os.path.exists(sandbox.path("out", "_metadata")):
                found.append("left a _metadata at the destination")
        if found:
            failed += 1
            print("stateferry", *words)
            print("\n".join("  " + line for line in found))
    print(f"{len(TABLE)} kinds of bad input, {failed} handled badly")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
