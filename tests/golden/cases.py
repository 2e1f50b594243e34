#!/usr/bin/env python3
"""Golden output of commands that end well, and of a few that do not."""
import difflib
import os
import sys

from program import Sandbox

HERE = os.path.dirname(os.path.abspath(__file__))

ALIBABA_ROLE = "arn:sts::1060219998962774:assumed-role/aliyunstreamasidefaultrole/refresh_token"

# Name of the file in expected/ -> command lines, run one after the other in one sandbox.
CASES = {
    "help": [["help"], ["store", "--help"]],
    "help-relocate": [["relocate", "--help"]],
    "version": [["version"], ["version", "-q"], ["version", "--output", "json"]],
    "inspect": [["inspect", "{JOB}/chk-4", "{MAP}"]],
    "inspect-operators": [["inspect", "{JOB}/chk-4", "{MAP}", "--operators"]],
    "inspect-json": [["inspect", "{JOB}/chk-4", "{MAP}", "--files", "--output", "json"]],
    "inspect-missing": [["inspect", "{JOB}/chk-4"], ["inspect", "{JOB}/chk-4", "--check-exists"]],
    "snapshot-list": [["snapshot", "list", "-q", "{BUCKET}"], ["snapshot", "latest", "{BUCKET}"]],
    "relocate-there-and-back": [
        ["store", "init", "{DIR}/store"],
        ["relocate", "{JOB}/chk-4", "managed://{DIR}/store/orders/chk-4", "{MAP}", "--dry-run"],
        ["relocate", "{JOB}/chk-4", "managed://{DIR}/store/orders/chk-4", "{MAP}"],
        ["relocate", "{JOB}/chk-4", "managed://{DIR}/store/orders/chk-4", "{MAP}"],
        ["relocate", "{JOB}/chk-4", "managed://{DIR}/store/orders/chk-4", "{MAP}",
         "--fail-if-nothing", "-q"],
        ["verify", "managed://{DIR}/store/orders/chk-4", "--level", "deep"],
        ["store", "check", "{DIR}/store", "--level", "deep"],
        ["relocate", "managed://{DIR}/store/orders/chk-4", "{DIR}/new/chk-4"],
        ["verify", "{DIR}/new/chk-4"],
        ["store", "forget", "{DIR}/store", "orders/chk-4"],
        ["store", "forget", "{DIR}/store", "orders/chk-4", "--yes"],
        ["transfer", "prune", "--older-than", "0"],
        ["transfer", "list"],
    ],
    "copy": [
        ["copy", "{JOB}/shared", "{DIR}/copied"],
        ["copy", "{JOB}/shared", "{DIR}/copied"],
        ["copy", "{JOB}/shared", "{DIR}/copied", "--if-exists", "fail"],
        ["verify", "{DIR}/copied", "--level", "list"],
    ],
    "config": [
        ["config", "get", "transfers"],
        ["config", "set", "transfers", "7"],
        ["config", "get", "transfers"],
        ["config", "set", "bwlimit", "1MiB/s", "--profile", "none"],
        ["config", "get"],
        ["config", "path"],
        ["config", "list-profiles"],
    ],
    # The variable is not set: nothing is asked.
    "places": [
        ["config", "list-places"],
        ["config", "list-places", "--config", "{CONFIG}/places.yaml"],
        ["config", "list-places", "--config", "{CONFIG}/places.yaml", "--output", "json"],
        ["config", "list-places", "--config", "{CONFIG}/unknown-key.yaml"],
        ["inspect", "oss://state/chk-1", "--config", "{CONFIG}/places.yaml"],
    ],
    "policy-print": [
        ["policy", "print", "--principal", ALIBABA_ROLE, "oss://state"],
        ["policy", "print", "--principal", ALIBABA_ROLE, "oss://state/cp/job", "--owner", "42"],
        ["policy", "print", "--principal", ALIBABA_ROLE, "state/cp"],
        ["policy", "print", "--principal", "arn:aws:iam::123456789012:role/reader", "s3a://state/"],
        ["policy", "print", "--principal", "arn:aws-cn:iam::123456789012:role/r", "s3://state/cp/"],
        ["policy", "print", "--principal", "READER", "--for", "s3", "state/cp"],
        ["policy", "print", "--principal", "arn:aws:iam::1:root", "state/cp", "--output", "json"],
        ["policy", "print", "oss://state"],
        ["policy", "print", "--principal", "*", "oss://state"],
        ["policy", "print", "--principal", "READER", "state"],
        ["policy", "print", "--principal", "READER", "oss://state/a*b"],
        ["policy", "print", "--principal", "READER", "oss://KEY:SECRET@state"],
        ["policy", "print", "--principal", "READER", "oss://state", "--for", "s3"],
        ["policy", "print", "--principal", "READER", "oss://state", "--owner", "me"],
    ],
    "orphans": [["orphans", "{BUCKET}", "--older-than", "0"]],
    "project": [
        ["project", "create", "ws/orders", "--region", "cn", "--architecture", "x86",
         "--storage", "{DIR}/state", "--owner", "alice"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/good", "--dry-run"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/good"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/good"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/bad.yaml"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/bad.yaml", "--output", "json"],
        ["project", "show", "ws/orders"],
        ["project", "show", "ws/orders", "--kind", "deployment", "--name", "ord*"],
        ["project", "list"],
        ["project", "show", "ws/order"],
        ["project", "export", "ws/orders", "--job", "payments"],
        ["project", "export", "ws/orders", "--format", "flink-operator"],
        ["project", "export", "ws/orders", "-o", "{DIR}/out/"],
        ["project", "create", "ws/copy"],
        ["project", "import", "ws/copy", "-f", "{DIR}/out"],
        ["project", "diff", "ws/orders", "ws/copy"],
        ["project", "diff", "ws/orders", "ws/copy", "--kind", "variable"],
        ["project", "remove", "ws/copy"],
        ["project", "remove", "ws/copy", "--kind", "variable"],
        ["project", "remove", "ws/copy", "--kind", "variable", "--yes"],
        ["project", "remove", "ws/copy", "--name", "*", "--dry-run", "--output", "json"],
        ["project", "remove", "ws/copy", "--name", "*", "--yes"],
        ["project", "remove", "ws/copy", "--made-by", "clone-1"],
    ],
    "clone": [
        ["store", "init", "{DIR}/store"],
        ["project", "create", "ws/orders", "--region", "cn", "--architecture", "x86",
         "--storage", "{DIR}/state", "--owner", "alice"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/good", "-q"],
        ["project", "create", "vault/standby", "--region", "cn", "--architecture", "x86",
         "--storage", "managed://{DIR}/store", "--owner", "alice"],
        ["project", "create", "far/away", "--region", "us", "--architecture", "arm",
         "--storage", "{DIR}/far", "--owner", "alice"],
        ["clone", "check", "ws/orders", "far/away", "--account", "bob"],
        ["clone", "check", "ws/orders", "far/away", "--account", "bob", "--output", "json"],
        ["clone", "check", "ws/orders", "vault/standby", "--account", "alice"],
        ["clone", "start", "ws/orders", "vault/standby", "--account", "alice"],
        ["clone", "verify", "{CLONE}"],
        ["clone", "start", "ws/orders", "vault/standby", "--account", "alice", "-q"],
        ["clone", "renames", "{CLONE}"],
        ["clone", "show", "{CLONE}"],
        ["clone", "show", "{CLONE}", "--created"],
        ["clone", "stop", "{CLONE}"],
        ["clone", "resume", "{CLONE}"],
        ["clone", "status"],
        ["clone", "history", "--target", "vault/standby"],
        ["clone", "history", "--target", "far/away"],
        ["project", "create", "vault/other"],
        ["clone", "start", "ws/orders", "vault/other", "--account", "alice", "--detach"],
        ["clone", "watch", "{CLONE}"],
    ],
    # A job whose engine is too old to be cloned with state: each strategy, and its exit code.
    "clone-on-error": [
        ["project", "create", "ws/orders", "--region", "cn", "--architecture", "x86",
         "--storage", "{DIR}/state", "--owner", "alice"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/good", "-q"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/old-engine.yaml", "-q"],
        ["project", "create", "ws/continue"],
        ["project", "create", "ws/stop"],
        ["project", "create", "ws/stateless"],
        ["clone", "start", "ws/orders", "ws/continue", "--account", "alice"],
        ["clone", "start", "ws/orders", "ws/continue", "--account", "alice", "--kind",
         "deployment", "--output", "json"],
        ["clone", "start", "ws/orders", "ws/continue", "--account", "alice", "-q", "--detach"],
        ["clone", "watch", "{CLONE}"],
        ["clone", "start", "ws/orders", "ws/stop", "--account", "alice", "--on-error", "stop"],
        ["clone", "watch", "{CLONE}", "-q"],
        ["clone", "show", "{CLONE}", "--created"],
        ["clone", "start", "ws/orders", "ws/stateless", "--account", "alice", "--on-error",
         "stateless"],
    ],
    "clone-refused": [
        ["project", "create", "ws/orders", "--region", "cn", "--architecture", "x86",
         "--storage", "{DIR}/state", "--owner", "alice"],
        ["project", "import", "ws/orders", "-f", "{PROJECT}/good", "-q"],
        ["project", "create", "far/away", "--region", "us", "--architecture", "arm",
         "--storage", "{DIR}/far", "--owner", "alice"],
        ["clone", "start", "ws/orders", "far/away", "--account", "bob"],
        ["clone", "history"],
        ["clone", "start", "ws/orders", "far/away", "--account", "bob", "--detach"],
        ["clone", "watch", "{CLONE}"],
        ["clone", "watch", "{CLONE}", "--output", "json"],
        ["clone", "show", "{CLONE}"],
        ["clone", "resume", "{CLONE}"],
    ],
}


def last_clone(sandbox):
    ids = sandbox.run(["clone", "history", "-q"]).stdout.decode().split()
    return ids[-1] if ids else "none"


def transcript(sandbox, lines):
    text = ""
    for words in lines:
        done = sandbox.run([last_clone(sandbox) if word == "{CLONE}" else word for word in words])
        text += "$ stateferry " + " ".join(words) + "\n"
        text += done.stdout.decode()
        for line in done.stderr.decode().splitlines():
            text += "! " + line + "\n"
        text += f"exit {done.returncode}\n"
    return sandbox.comparable(text)


def main():
    accept = os.environ.get("SF_ACCEPT") == "1"
    failed = 0
    wanted = sys.argv[2:]
    for name, lines in CASES.items():
        if wanted and name not in wanted:
            continue
        path = os.path.join(HERE, "expected", name + ".txt")
        with Sandbox(sys.argv[1]) as sandbox:
            text = transcript(sandbox, lines)
        if accept:
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            continue
        with open(path, encoding="utf-8") as expected:
            diff = list(difflib.unified_diff(expected.read().splitlines(), text.splitlines(),
                                             name + " expected", name + " now", lineterm=""))
        if diff:
            failed += 1
            print("\n".join(diff))
    print(f"{len(wanted or CASES)} cases, {failed} differ" if not accept else "accepted")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
