"""One Java process with an in-process Flink cluster that answers build and verify requests."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import threading

import fetch_flink

HERE = pathlib.Path(__file__).resolve().parent
# Flink and Kryo reach into these packages by reflection.
OPENED = ("java.lang", "java.lang.reflect", "java.lang.invoke", "java.util", "java.util.concurrent",
          "java.util.concurrent.atomic", "java.util.concurrent.locks", "java.text", "java.time",
          "java.net", "java.io", "java.nio", "sun.nio.ch")
JOB_OPTIONS = {
    "restart-strategy.type": "none",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    # With managed memory RocksDB would flush and compact all the time and share no files.
    "state.backend.rocksdb.memory.managed": "false",
    # Below this size Flink keeps state inside `_metadata`; small, so that there are many files.
    "execution.checkpointing.data-inline-threshold": "2kb",
    "state.storage.fs.memory-threshold": "2kb",
}


class Flink:
    """`plugins`: a directory with a directory for each plugin; `options`: of the cluster."""

    def __init__(self, version, scratch, changelog_dir, answer_seconds=150, plugins=None,
                 options=(), environment=None):
        self.version = version
        self._answer_seconds = answer_seconds
        jars = fetch_flink.jars_of(version)
        classes = compile_job(version, jars)
        temporary = pathlib.Path(scratch) / f"java-{version}"
        temporary.mkdir(parents=True)
        self._log = open(temporary / "log", "wb")
        command = [*java_command(temporary, [classes, *jars]), "restorecheck.Main",
                   # These two belong to the cluster, not to a job.
                   "state.changelog.storage=filesystem", f"dstl.dfs.base-path=file://{changelog_dir}",
                   "state.checkpoints.num-retained=3", "execution.checkpointing.num-retained=3",
                   f"io.tmp.dirs={temporary}", *options]
        variables = {**os.environ, "FLINK_PLUGINS_DIR": str(plugins or temporary),
                     **(environment or {})}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._log, text=True, env=variables)

    def build(self, *, step, checkpoints, directory, savepoint="", options=None, start=None,
              claim=None):
        """Runs the job, which leaves checkpoints in `directory`/cp and a savepoint in /sp.

        Returns [{path, checkpoint, states}] of the snapshots that exist when it has been stopped.
        """
        conf = {"execution.checkpointing.interval": "1h",  # only when we say so
                "execution.checkpointing.dir": f"file://{directory}/cp",
                "state.checkpoints.dir": f"file://{directory}/cp"}
        words = {"step": step, "checkpoints": checkpoints, "savepoint": savepoint,
                 "savepoints": f"file://{directory}/sp"}
        return self._ask("build", words, {**conf, **(options or {})}, start, claim)

    def verify(self, start, *, options=None):
        """Restores `start`, touches nothing, and returns {ok, states | error}."""
        return self._ask("verify", {}, options or {}, start, "NO_CLAIM")

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _ask(self, what, words, conf, start, claim):
        conf = {**JOB_OPTIONS, **conf}
        if start:
            conf["execution.savepoint.path"] = conf["execution.state-recovery.path"] = str(start)
            conf["execution.savepoint-restore-mode"] = claim
            conf["execution.state-recovery.claim-mode"] = claim
        fields = [f"{k}={v}" for k, v in words.items()] + [f"conf.{k}={v}" for k, v in conf.items()]
        watchdog = threading.Timer(self._answer_seconds, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write("\t".join([what, *fields]) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        if not line:
            tail = pathlib.Path(self._log.name).read_text(errors="replace")[-3000:]
            raise RuntimeError(f"the Java process of Flink {self.version} ended or hung: {tail}")
        return json.loads(line)


def java_command(temporary, class_path):
    """The JVM and its options; the main class and its arguments follow."""
    return ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
            f"-Djava.io.tmpdir={temporary}",
            f"-Dlog4j.configurationFile={HERE / 'job' / 'log4j2.properties'}",
            *[f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED],
            "-cp", os.pathsep.join(map(str, class_path))]


def compile_job(version, jars, directory=HERE / "job" / "restorecheck", name="job"):
    """The job's classes for this Flink, compiled once for each version and source text."""
    sources = sorted(directory.glob("*.java"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    classes = fetch_flink.cache_dir() / f"{name}-{version}-{digest}"
    if not classes.is_dir():
        for old in fetch_flink.cache_dir().glob(f"{name}-{version}-*"):
            shutil.rmtree(old)
        making = classes.with_name(classes.name + f".{os.getpid()}.part")
        subprocess.run(["javac", "-proc:none", "-encoding", "UTF-8", "--release", "17",
                        "-cp", os.pathsep.join(map(str, jars)), "-d", making, *sources], check=True)
        making.rename(classes)
    return classes
