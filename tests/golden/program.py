"""Runs the real program in a directory of its own and makes its output comparable."""
import os
import re
import shutil
import subprocess
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
P1 = "p1-f120-rocksdb-incremental"
JOB = "cp/0e5049abf57216494f7b88306f14bd1f"


class Sandbox:
    """A temporary directory with a bucket that holds a real job's checkpoints.

    The checkpoints were made under another path, so commands need --map, as for users who moved a
    tree by hand.
    """

    def __init__(self, binary, snapshot=P1):
        self.binary = os.path.abspath(binary)
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="stateferry-golden-"))
        self.bucket = os.path.join(self.dir, "bucket")
        if snapshot:
            shutil.copytree(os.path.join(SOURCE, "tests/data/snapshots", snapshot, "tree"),
                            self.bucket)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        # Tests take permissions away; give them back so that everything can be removed.
        for path, dirs, _ in os.walk(self.dir):
            for name in dirs:
                os.chmod(os.path.join(path, name), 0o755)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def fill(self, word):
        """BUCKET, JOB, MAP and DIR in a word of a command line stand for this sandbox's places, and
        PROJECT for YAML of a small project, CONFIG for configurations."""
        return (word.replace("{PROJECT}", os.path.join(SOURCE, "tests/data/projects/small"))
                .replace("{CONFIG}", os.path.join(SOURCE, "tests/data/config"))
                .replace("{MAP}", f"--map=file:///tmp/flink-origin/{P1}={self.bucket}")
                .replace("{JOB}", os.path.join(self.bucket, JOB))
                .replace("{BUCKET}", self.bucket).replace("{DIR}", self.dir))

    def run(self, words, env=None, stdin=subprocess.DEVNULL, timeout=120):
        variables = {"PATH": os.environ["PATH"], "HOME": self.path("user"), "TZ": "UTC",
                     "STATEFERRY_HOME": self.path("home")}
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        variables.update({k: self.fill(v) for k, v in (env or {}).items()})
        return subprocess.run([self.binary] + [self.fill(word) for word in words], cwd=self.dir,
                              env=variables, stdin=stdin, capture_output=True, timeout=timeout)

    def comparable(self, text):
        """Paths, times, rates and sizes of things that differ from run to run, made equal."""
        text = text.replace(self.dir, "<DIR>").replace(SOURCE, "<SOURCE>")
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<TIME>", text)
        text = re.sub(r"(?m)^time {8}.*$", "time        <DURATION>", text)
        # How managed storage cuts and compresses is tested elsewhere, and may get better.
        text = re.sub(r"(?m)^stored {6}.*$", "stored      <SIZE>", text)
        text = re.sub(r"\d+ packs?, \d+ chunks?, (\d+ files?), [\d.]+ \w+ read",
                      r"<N> packs, <N> chunks, \1, <SIZE> read", text)
        text = re.sub(r'"(seconds|rateBps|mtimeNs|mtime_ns)":[-0-9.e+]+', r'"\1":<N>', text)
        text = re.sub(r"clone-\d{8}-\d{6}-[0-9a-f]{8}", "<CLONE>", text)
        text = re.sub(r"as process \d+", "as process <PID>", text)
        text = re.sub(r"\b[0-9a-f]{16}\b", "<ID>", text)
        text = re.sub(r'"(etag|id)":"[^"]*"', r'"\1":"<\1>"', text)
        return text
