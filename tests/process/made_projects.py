"""Projects of scripts/make-project in a home and a store that can be taken back to their beginning."""
import json
import pathlib
import shutil
import subprocess
import tempfile

from shimmed import run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ACCOUNT = "owner@acme.example"


class MadeProjects:
    """A home, a managed store and the made directory, all below `work`."""

    def __init__(self, binary, prefix, directory=None):
        self.binary = binary.resolve()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=directory))
        self.home, self.fixture = self.work / "home", self.work / "fixture"
        self.store = self.fixture / "store"
        self.failures = 0

    def fail(self, what):
        self.failures += 1
        print(f"FAILED  {what}", flush=True)

    def command(self, *arguments):
        return [str(a) for a in (self.binary, "--home", self.home, "--no-progress", "--output",
                                 "json", *arguments)]

    def run(self, *arguments, codes=(0,)):
        """Ends the program when it ends with another code."""
        done = run(self.command(*arguments))
        if done.code not in codes:
            raise SystemExit(f"{' '.join(map(str, arguments))}: {done}")
        return done

    def lines(self, kind, *arguments):
        """The lines of that type that a command prints."""
        lines = map(json.loads, self.run(*arguments).out.splitlines())
        return [line for line in lines if line["type"] == kind]

    def clones(self):
        return self.lines("clone", "clone", "history")

    def make(self, deployments=60):
        """The made directory, an empty store, and all workspaces and projects without content."""
        subprocess.run([ROOT / "scripts" / "make-project", "--seed", "1", "--deployments",
                        str(deployments), "--out", self.fixture, "--snapshots",
                        ROOT / "tests" / "data" / "snapshots"], check=True)
        self.run("store", "init", self.store)
        self.run("project", "import", "--file", self.fixture / "scopes.yaml")

    def remember(self):
        """What reset() goes back to."""
        for directory in (self.home, self.store):
            shutil.copytree(directory, directory.with_name(directory.name + ".fresh"))

    def reset(self):
        for directory in (self.home, self.store):
            shutil.rmtree(directory)
            shutil.copytree(directory.with_name(directory.name + ".fresh"), directory)

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)
