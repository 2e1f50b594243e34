"""What the crash tests run, and the oracle that judges what is left afterwards."""
import hashlib
import os
import pathlib
import shutil
import tempfile

import disk_model
import flink_checkpoint
from shimmed import Outcome, Shim, run

# Object names that a bucket keeps for itself; nobody takes them for data.
INTERNAL = (".stateferry",)


def manifest(directory):
    """Relative path -> digest of every file below `directory`, a bucket's own files left out."""
    directory = pathlib.Path(directory)
    found = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory)
        if path.is_file() and not any(part.startswith(INTERNAL) for part in name.parts):
            found[str(name)] = hashlib.blake2b(path.read_bytes()).hexdigest()
    return found


class Violation(Exception):
    """The product broke a promise."""


class Workload:
    """A base state (durable, made before any fault) and the commands that run under faults.

    `acknowledged_by` maps a directory, ("managed" or "bucket", name), to the number of commands after
    which it must hold what an undisturbed run leaves there (0: from the beginning).
    """
    name = ""
    steps = ()
    acknowledged_by = {}
    acknowledged = 0  # commands that had ended well, as far as judge() has come

    def __init__(self, binary, library, work=None, seed=1):
        parent = work or os.environ.get("SF_CRASH_DIR") or default_directory()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=f"stateferry-{self.name}-", dir=parent))
        self.work = pathlib.Path(os.path.realpath(self.work))
        self.binary, self.seed = pathlib.Path(binary).resolve(), seed
        self.live, self.base, self.source = (self.work / n for n in ("live", "base", "source"))
        self.store, self.bucket = self.live / "store", self.live / "bucket"
        self.live.mkdir()
        self.shim = Shim(library, self.live, self.work)
        self.checkpoints = flink_checkpoint.write_job(self.source / "job", checkpoints=3, files=20,
                                                      seed=seed)
        self.prepare()
        shutil.copytree(self.live, self.base)
        self.declare()
        for number in range(len(self.steps)):
            self.must(self.step(number))
        self.acknowledged = len(self.steps)
        self.final_bucket, self.final_managed = manifest(self.bucket), self.managed_manifest()
        self.must_be_clean()
        self.restore_base()

    def prepare(self):
        """Makes the base state below self.live."""

    def declare(self):
        """Sets steps and acknowledged_by."""
        raise NotImplementedError

    # Running.

    def command(self, *arguments, home=None):
        return [self.binary, "--home", home or self.live / "home", "--no-progress", *arguments]

    def step(self, number, environment=None):
        return run(self.command(*self.steps[number]), environment)

    def must(self, outcome):
        if outcome.code != 0:
            raise Violation(f"without any fault: {outcome}")
        return outcome

    def managed(self, key):
        return f"managed://{self.store}/project/{key}"

    def restore_base(self):
        disk_model.empty(self.live)
        shutil.copytree(self.base, self.live, dirs_exist_ok=True)
        self.shim.reset()

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    # Judging.

    def managed_manifest(self):
        """The project's files as a reader gets them, {} when there is no project."""
        if not self.has_store():
            return {}
        out = self.work / "exported"
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(self.work / "other-home", ignore_errors=True)
        done = run(self.command("copy", f"managed://{self.store}/project", out,
                                home=self.work / "other-home"))
        if done.code == 6:  # not found: nothing was ever put there
            return {}
        if done.code != 0:
            raise Violation(f"reading the store back: {done}")
        return manifest(out)

    def must_be_clean(self):
        if not self.has_store():
            return
        done = run(self.command("store", "check", self.store, "--level", "deep"))
        if done.code != 0:
            raise Violation(f"store check --level deep: {done}")

    def has_store(self):
        return (self.store / "STORE").exists()

    def rerun(self, number):
        return self.step(number)

    def judge(self, acknowledged, *, collect_garbage=False):
        """The oracle.  `acknowledged` commands had ended with exit code 0 when the fault struck."""
        self.acknowledged = acknowledged
        self.must_be_clean()
        self.compare("managed", self.managed_manifest(), self.final_managed)
        self.compare("bucket", manifest(self.bucket), self.final_bucket)
        for number in range(acknowledged, len(self.steps)):
            done = self.rerun(number)
            if done.code != 0:
                raise Violation(f"the rerun of `{' '.join(map(str, self.steps[number]))}`: {done}")
            self.acknowledged = number + 1
        if collect_garbage and self.has_store():
            done = run(self.command("store", "gc", self.store))
            if done.code != 0:
                raise Violation(f"store gc afterwards: {done}")
        self.must_be_clean()
        self.same("managed", self.managed_manifest(), self.final_managed)
        self.same("bucket", manifest(self.bucket), self.final_bucket)

    def compare(self, where, found, final):
        for (side, directory), by in self.acknowledged_by.items():
            if side != where:
                continue
            mine, wanted = below(found, directory), below(final, directory)
            if by <= self.acknowledged:
                if mine != wanted:
                    raise Violation(f"acknowledged {where} {directory}: {difference(mine, wanted)}")
            elif "_metadata" in mine and mine != wanted:
                raise Violation(f"{where} {directory} looks complete and is not: "
                                f"{difference(mine, wanted)}")

    def same(self, where, found, final):
        if found != final:
            raise Violation(f"{where} in the end: {difference(found, final)}")


def default_directory():
    """Memory is much faster to sync than a disk; what survives is decided by our model anyway."""
    memory = "/dev/shm"
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30:
        return memory
    return tempfile.gettempdir()


def below(files, directory):
    prefix = directory + "/" if directory else ""
    return {name[len(prefix):]: digest for name, digest in files.items() if name.startswith(prefix)}


def difference(found, wanted):
    missing = sorted(wanted.keys() - found.keys())
    extra = sorted(found.keys() - wanted.keys())
    other = sorted(name for name in wanted.keys() & found.keys() if wanted[name] != found[name])
    return (f"{len(missing)} missing {missing[:3]}, {len(extra)} too many {extra[:3]}, "
            f"{len(other)} with other content {other[:3]}")


class RelocateIntoManaged(Workload):
    """Two checkpoints that share files go into a store that holds a third."""
    name = "relocate"

    def prepare(self):
        self.must(run(self.command("store", "init", self.store)))
        self.must(run(self.command("relocate", self.checkpoints[0], self.managed("chk-1"))))

    def declare(self):
        self.steps = (("relocate", self.checkpoints[1], self.managed("chk-2")),
                      ("relocate", self.checkpoints[2], self.managed("chk-3")))
        self.acknowledged_by = {("managed", "chk-1"): 0, ("managed", "chk-2"): 1,
                                ("managed", "chk-3"): 2}


class StoreInit(Workload):
    """A new store, and its first snapshot."""
    name = "init"

    def prepare(self):
        self.store = self.live / "deep" / "er" / "store"

    def declare(self):
        self.steps = (("store", "init", self.store),
                      ("relocate", self.checkpoints[0], self.managed("chk-1")))
        self.acknowledged_by = {("managed", "chk-1"): 2}

    def has_store(self):
        # Before `store init` has said that it is done there may be half a store, which the rerun
        # must complete or replace.
        return self.acknowledged > 0 and super().has_store()

    def rerun(self, number):
        done = super().rerun(number)
        # It was done already, only not acknowledged: "something is there" is a fair answer.
        if number == 0 and done.code == 11 and (self.store / "STORE").exists():
            return Outcome(0, done.out, done.err)
        return done


class Export(Workload):
    """From managed storage to a bucket, anchored (the metadata is rewritten)."""
    name = "export"

    def prepare(self):
        self.must(run(self.command("store", "init", self.store)))
        for n in (1, 2):
            place = self.managed(f"chk-{n}")
            self.must(run(self.command("relocate", self.checkpoints[n - 1], place)))

    def declare(self):
        self.steps = (("relocate", self.managed("chk-1"), self.bucket / "one"),
                      ("relocate", self.managed("chk-2"), self.bucket / "two", "--layout", "tree"))
        self.acknowledged_by = {("managed", "chk-1"): 0, ("managed", "chk-2"): 0,
                                ("bucket", "one"): 1}


class ForgetAndGc(Workload):
    """One of three snapshots is forgotten and its space freed; the two others stay."""
    name = "gc"

    def prepare(self):
        self.must(run(self.command("store", "init", self.store)))
        for n in (1, 2, 3):
            place = self.managed(f"chk-{n}")
            self.must(run(self.command("relocate", self.checkpoints[n - 1], place)))

    def declare(self):
        self.steps = (("--yes", "store", "forget", self.managed("chk-1")),
                      ("store", "gc", self.store))
        self.acknowledged_by = {("managed", "chk-2"): 0, ("managed", "chk-3"): 0}

    def rerun(self, number):
        done = super().rerun(number)
        # Forgotten already, only not acknowledged: "not found" is a fair answer.
        return Outcome(0, done.out, done.err) if number == 0 and done.code == 6 else done


class CopyBucket(Workload):
    """A whole job directory, objects as they are, from bucket to bucket."""
    name = "copy"

    def declare(self):
        self.steps = (("copy", self.source / "job", self.bucket / "job"),)
        self.acknowledged_by = {("bucket", "job"): 1}


WORKLOADS = {w.name: w for w in (RelocateIntoManaged, StoreInit, Export, ForgetAndGc, CopyBucket)}
