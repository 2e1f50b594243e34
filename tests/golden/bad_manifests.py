#!/usr/bin/env python3
"""Bad manifests give file, line and reason in each form, and nothing of them is imported; nor is it half
by an import that was killed."""
import json
import os
import signal
import subprocess
import sys
import time

from program import SOURCE, Sandbox

USAGE = 2
PROJECT = ["project", "create", "ws/p", "--region", "cn", "--architecture", "x86", "--storage",
           "{DIR}/state", "--owner", "alice"]

HEAD = "stateferry: 1\n---\nkind: variable\nname: good\nspec:\n  kind: Plain\n  value: x\n"
JOB = ("kind: deployment\nname: d\nspec:\n  engineVersion: flink-1.20\n"
       "  artifact: {kind: JAR, jarUri: %s}\n")
OPERATOR = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nmetadata: {%s}\n"
OPERATOR_SPEC = "spec:\n  flinkVersion: v1_20\n  job: {jarURI: %s}\n"
FLINK = OPERATOR % "name: good" + OPERATOR_SPEC % "'local:///j.jar'" + "---\n"
VVP = "apiVersion: v1\nkind: Deployment\nmetadata: {%s}\n"
VVP_SPEC = ("spec:\n  state: CANCELLED\n  template:\n    spec:\n"
            "      artifact: {kind: JAR, jarUri: %s, flinkVersion: '1.20'}\n")
VERVERICA = VVP % "name: good, id: '1'" + VVP_SPEC % "'https://h/j.jar'" + "---\n"
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
LEAVES = "leaves the directory of the files"

# (format, what is wrong) -> text, line of the problem, words of it.  Other resources than Flink's are part of
# every dump of a cluster: there an unknown kind is left out by name, see left_out().
CASES = {
    ("native", "unknown kind"): (HEAD + "---\nkind: gadget\nname: g\n", 9, "no kind 'gadget'"),
    ("native", "missing field"):
        (HEAD + "---\n" + JOB.replace("  engineVersion: flink-1.20\n", "") % "a.jar", 9,
         "'engineVersion' is missing"),
    ("native", "wrong type"): (HEAD + "---\n" + JOB % "a.jar" + "  flinkConf: 7\n", 14,
                               "'flinkConf' must be a map, but is a number"),
    ("native", "duplicate name"): (HEAD + HEAD[len("stateferry: 1\n"):], 9, "is there already"),
    ("native", "dangling reference"):
        (HEAD + "---\nkind: snapshot\nname: s\nspec:\n  deployment: nobody\n", 12,
         "refers to deployment 'nobody'"),
    ("native", "bomb"): ("stateferry: 1\n---\n" + BOMB, 3, "anchors"),
    ("native", "path outside"): (HEAD + "---\n" + JOB % "../../secret.jar", 13, LEAVES),
    ("flink-operator", "missing field"): (FLINK + OPERATOR % "labels: {}", 10, "'metadata.name'"),
    ("flink-operator", "wrong type"):
        (FLINK + OPERATOR % "name: d" + OPERATOR_SPEC % "[x]", 13,
         "'jarUri' must be text, but is a list"),
    ("flink-operator", "duplicate name"): (FLINK + FLINK, 8, "is there already"),
    ("flink-operator", "dangling reference"):
        (FLINK + OPERATOR.replace("FlinkDeployment", "FlinkSessionJob") % "name: s"
         + "spec:\n  deploymentName: nobody\n  job: {jarURI: 'local:///j.jar'}\n", 12, "'nobody'"),
    ("flink-operator", "bomb"): (BOMB, 1, "anchors"),
    ("flink-operator", "path outside"):
        (FLINK + OPERATOR % "name: d" + OPERATOR_SPEC % "../../secret.jar", 13, LEAVES),
    ("vvp", "missing field"): (VERVERICA + VVP % "name: d, id: '2'", 10, "no 'flinkVersion'"),
    ("vvp", "wrong type"): (VERVERICA + VVP % "name: d, id: '2'" + VVP_SPEC % "[x]", 17,
                            "must be text, but is a list"),
    ("vvp", "duplicate name"): (VERVERICA + VERVERICA, 10, "is there already"),
    ("vvp", "dangling reference"):
        (VERVERICA + "apiVersion: v1\nkind: Savepoint\nmetadata: {id: s, deploymentId: '9', "
         "createdAt: '2026-01-01T00:00:00Z'}\nspec: {savepointLocation: 's3://b/s'}\n"
         "status: {state: COMPLETED}\n", 10, "the deployment '9'"),
    ("vvp", "bomb"): (BOMB, 1, "anchors"),
    ("vvp", "path outside"):
        (VERVERICA + VVP % "name: d, id: '2'" + VVP_SPEC % "../../secret.jar", 17, LEAVES),
}
FORMATS = ("native", "flink-operator", "vvp")


def entities(sandbox):
    lines = sandbox.run(["project", "show", "ws/p", "--output", "json"]).stdout.decode().splitlines()
    return sum(json.loads(line)["type"] == "entity" for line in lines)


def import_text(sandbox, form):
    return sandbox.run(["project", "import", "ws/p", "--format", form, "-f", "{DIR}/in.yaml"])


def refused(sandbox, form, what, at, words):
    """What is wrong with the answer to in.yaml."""
    done = import_text(sandbox, form)
    told = done.stderr.decode().splitlines()
    place = sandbox.path("in.yaml") + (f":{at}: " if at else ": ")
    found = []
    if done.returncode != USAGE or not told[-1].endswith("nothing was imported"):
        found.append(f"{form}, {what}: exit {done.returncode}, {told}")
    if not any(line.startswith(place) and words in line for line in told):
        found.append(f"{form}, {what}: not '{place}... {words}' in {told}")
    if entities(sandbox) != 0:
        found.append(f"{form}, {what}: something was imported")
    return found


def write(sandbox, text):
    with open(sandbox.path("in.yaml"), "w", encoding="utf-8") as file:
        file.write(text)


def bad_texts(sandbox):
    for (form, what), (text, at, words) in CASES.items():
        write(sandbox, text)
        yield from refused(sandbox, form, what, at, words)


def hundred_megabytes(sandbox):
    write(sandbox, "")
    os.truncate(sandbox.path("in.yaml"), 100 << 20)
    for form in FORMATS:
        yield from refused(sandbox, form, "100 MB", 0, "the file has 100 MiB")


def pipe(sandbox):
    """Nobody ever writes to it: opening it would wait for ever."""
    os.mkfifo(sandbox.path("in.yaml"))
    done = import_text(sandbox, "native")
    told = done.stderr.decode()
    if done.returncode != USAGE or "in.yaml is neither a file nor a directory" not in told:
        yield f"a pipe: exit {done.returncode}, {told}"


def two_namespaces(sandbox):
    for form, text in (("flink-operator", FLINK), ("vvp", VERVERICA)):
        one, other = (text.replace("name: good", f"name: {name}, namespace: {name}") for name in "ab")
        write(sandbox, one + other)
        at = text.count("\n") + 3
        yield from refused(sandbox, form, "two namespaces", at, "is in the namespace 'b', others are in 'a'")


def left_out(sandbox):
    for form, text in (("flink-operator", FLINK), ("vvp", VERVERICA)):
        write(sandbox, text + "apiVersion: v1\nkind: Gadget\nmetadata: {name: g}\n")
        done = import_text(sandbox, form)
        told = done.stderr.decode()
        if done.returncode != 0 or "Gadget 'g' is no part of a project" not in told:
            yield f"{form}, a resource of another kind: exit {done.returncode}, {told}"


def killed_imports(sandbox):
    """kill -9 later and later, until an import ends: none of it is there, or all."""
    made = sandbox.path("made")
    subprocess.run([os.path.join(SOURCE, "scripts/make-project"), "--seed", "1", "--out", made],
                   check=True)
    with open(os.path.join(made, "COUNTS.json"), encoding="utf-8") as file:
        everything = sum(json.load(file)["source"].values())
    command = ["--home", sandbox.path("home"), "project", "import", "ws/p", "-f", made + "/source"]
    without_effect, delay_seconds, code = 0, 0.01, -signal.SIGKILL
    while code == -signal.SIGKILL:
        process = subprocess.Popen([sandbox.binary, *command], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(delay_seconds)
        process.kill()
        code = process.wait()
        there = entities(sandbox)
        without_effect += there == 0
        if there not in (0, everything):
            yield f"killed after {delay_seconds:.2f} s: {there} of {everything} entities"
        delay_seconds += 0.02
    if code != 0 or entities(sandbox) != everything:
        yield f"the import after the killed ones: {code}, {entities(sandbox)} of {everything}"
    if without_effect == 0:
        yield "no import was killed under way, so this shows nothing"


def main():
    found = []
    for part in (bad_texts, hundred_megabytes, pipe, two_namespaces, left_out, killed_imports):
        with Sandbox(sys.argv[1], snapshot=None) as sandbox:
            if sandbox.run(PROJECT).returncode != 0:
                sys.exit("no project could be made")
            found += part(sandbox)
    for complaint in found:
        print(complaint)
    print(f"{len(CASES)} bad texts, a file of 100 MiB, killed imports: {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
