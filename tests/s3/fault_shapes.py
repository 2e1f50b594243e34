"""What one schedule of faults runs, and what it checks after each run of the program."""
import contextlib
import http.server
import json
import os
import pathlib
import random
import shutil
import subprocess
import threading

import oss_signed
import servers
import signed
from fault_proxy import FaultProxy
from oss_double import identities
from program_test import JOB, MIB, Sandbox, check

# The harness gives up: far more than the retries and the slow answers of a run can take together.
HANG_S = 600
# Partly done, refused, permission, not there, damaged, transient, changed meanwhile.
REASONS = (3, 4, 5, 6, 7, 8, 11)
# Small ones of tests/data, with the map that makes them readable where they lie now.
SNAPSHOTS = {"p1-f120-rocksdb-incremental": f"{JOB}/chk-4",
             "p2-f120-savepoint-native": "sp/savepoint-498414-ddd35ab99bf3",
             "p5-f120-unaligned-inflight": "cp/d5bbe9729d16ff2da0a83937bccc3067/chk-2",
             "p6-f120-filemerging-across": "cp/99bf720ffc49071e0b2aeade0b32f7ba/chk-2"}
APIS = {"s3": signed, "oss": oss_signed}


class TokenService:
    """Gives the program its credentials, as a container or Alibaba's local service does: keys and
    the newest token."""

    def __init__(self, tokens, key_id, secret, token_name):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"AccessKeyId": key_id, "AccessKeySecret": secret,
                                   "SecretAccessKey": secret, token_name: tokens.current(),
                                   "Expiration": "2099-01-01T00:00:00Z"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


def make_source(directory, seed):
    """Small files, metadata, which goes last, and two that travel in parts."""
    source = random.Random(seed)
    os.makedirs(directory)
    pathlib.Path(directory, "_metadata").write_bytes(source.randbytes(3000))
    for number in range(12):
        size = source.choice((0, 1, 1000, 100_000))
        pathlib.Path(directory, f"small-{number}").write_bytes(source.randbytes(size))
    for number in range(2):
        pathlib.Path(directory, f"large-{number}").write_bytes(
            source.randbytes(9 * MIB + source.randrange(1000)))


def check_same(found, expected, where):
    """Names the files that differ, and where their first wrong byte is."""
    wrong = []
    for name in sorted(found.keys() | expected.keys()):
        one, other = found.get(name), expected.get(name)
        if one is None or other is None:
            wrong.append(f"{name} is {'missing' if one is None else 'too much'}")
        elif one != other:
            at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), "the end")
            wrong.append(f"{name}: {len(one)} bytes instead of {len(other)}, other from {at} on")
    check(not wrong, f"{where}: {wrong}")


def tree(directory):
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in pathlib.Path(directory).rglob("*") if path.is_file()}


class Schedule:
    """One seed, from its first command to its last check."""

    def __init__(self, binary, services, plan, seed, stack):
        self.seed, self.plan, self.bucket = seed, plan, f"faults-{seed}"
        self.api, self.server = APIS[plan.service], services.urls[plan.service]
        self.place = f"{self.api.SCHEME}://{self.bucket}"
        chosen = random.Random(seed)
        self.retries = chosen.choice((1, 3, 10))
        self.snapshot = chosen.choice(sorted(SNAPSHOTS))
        self.sandbox = stack.enter_context(
            Sandbox(binary, self.snapshot if "relocate" in plan.shape else None))
        self.proxy = stack.enter_context(
            FaultProxy(self.server, plan, services.tls if plan.tls else None))
        self.api.make_bucket(self.server, self.bucket)
        self.env, self.secrets = self.surroundings(services, stack)
        self.runs = self.stopped = 0

    def surroundings(self, services, stack):
        """The environment of the program, and what must be found nowhere."""
        env = self.api.environment(self.proxy.url)
        if self.plan.tls:
            env = {name: value.replace("http:", "https:") for name, value in env.items()}
            env["SSL_CERT_FILE"] = services.authority
        if self.plan.service == "s3":
            env["AWS_REGION"] = self.plan.region
            key, secret, uri, token = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                       "AWS_CONTAINER_CREDENTIALS_FULL_URI", "Token")
        else:
            key, secret, uri, token = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET",
                                       "ALIBABA_CLOUD_CREDENTIALS_URI", "SecurityToken")
        secrets = [env[secret].encode(), b"Signature="]
        tokens = self.plan.tokens
        if tokens:
            env[uri] = stack.enter_context(
                TokenService(tokens, env.pop(key), env.pop(secret), token)).url
            secrets.append(tokens.prefix.encode())
        return env, secrets

    def run(self, words):
        """Exit code and JSON lines; everything that was printed is searched for secrets."""
        options = ["--part-size", "5MiB", "--retries", str(self.retries), "--retry-max-backoff",
                   "2s", "--log-level", "debug"]
        try:
            done = self.sandbox.run([*words, *(options if words[0] in ("copy", "relocate") else []),
                                     "--output", "json"], env=self.env, timeout=HANG_S)
        except subprocess.TimeoutExpired as hung:
            said = (hung.stderr or b"")[-3000:].decode()
            raise AssertionError(f"{words} hangs:\n{said}") from hung
        self.search(done.stdout + done.stderr, f"what {words} printed")
        lines = done.stdout.decode().splitlines()
        check(lines, f"{words}: exit {done.returncode}, nothing said: {done.stderr[-2000:]}")
        return done.returncode, [json.loads(line) for line in lines]

    def search(self, data, where):
        for secret in self.secrets:
            check(secret not in data, f"a secret ({secret[:9]}...) is in {where}")

    def search_files(self):
        for path in pathlib.Path(self.sandbox.dir).rglob("*"):
            if path.is_file() and not {"source", "bucket"} & set(path.parts):
                self.search(path.read_bytes(), path)

    def through_faults(self, *words):
        """One run with faults; where it stops, one without, which has to complete."""
        self.plan.start()
        self.runs += 1
        code, lines = self.run(words)
        self.plan.stop()
        self.search_files()
        check(not self.proxy.followed, f"{words}: a signed request went where a 301 pointed")
        if code == 0:
            return
        said = [line for line in lines if line["type"] in ("error", "item")]
        check(code in REASONS, f"{words}: exit {code}: {said}")
        check(said and all(line["message"] for line in said), f"{words}: no reason: {lines[-3:]}")
        self.stopped += 1
        print(f"seed {self.seed}: {words[0]} to {words[2]} stopped: {said[0]['message'][:300]}")
        self.without_faults(*words, after=said[:3])
        self.search_files()

    def without_faults(self, *words, after=()):
        self.plan.stop()
        code, lines = self.run(words)
        check(code == 0, f"{words}: the run without faults: exit {code}: {lines[-3:]}\n"
                         f"after: {list(after)}")

    def check_bucket(self, prefix, expected):
        found = {name: self.api.get(self.server, self.bucket, f"{prefix}/{name}")
                 for name in expected}
        check_same(found, expected, prefix)

    def play(self):
        {"copy": self.copy, "relocate": self.relocate, "managed copy": self.managed_copy,
         "managed relocate": self.managed_relocate}[self.plan.shape]()
        self.search_files()
        # A store gives a pack that it begins again another name.
        if not self.plan.shape.startswith("managed"):
            left = self.api.unfinished_uploads(self.server, self.bucket)
            check(left == 0, f"{left} uploads are left behind")

    def make_source(self):
        make_source(self.sandbox.path("source"), self.seed)
        return tree(self.sandbox.path("source"))

    def copy(self):
        """Up, through this machine, by the service, and down."""
        source, at = self.make_source(), self.place
        self.through_faults("copy", "{DIR}/source", f"{at}/one")
        self.check_bucket("one", source)
        self.through_faults("copy", f"{at}/one", f"{at}/two", "--server-side", "never")
        self.check_bucket("two", source)
        self.through_faults("copy", f"{at}/two", f"{at}/three")
        self.check_bucket("three", source)
        self.through_faults("copy", f"{at}/three", "{DIR}/back")
        check_same(tree(self.sandbox.path("back")), source, "back")

    def relocated(self, *by_way_of):
        """The words for the snapshot, and what it is in {DIR}/back when nothing disturbs it."""
        snapshot = os.path.join("{BUCKET}", SNAPSHOTS[self.snapshot])
        words = (snapshot, f"--map=file:///tmp/flink-origin/{self.snapshot}={{BUCKET}}")
        places = [snapshot, *by_way_of, "{DIR}/back"]
        for at, (place, next_place) in enumerate(zip(places, places[1:])):
            self.without_faults("relocate", place, next_place, *words[1 if at == 0 else 2:])
        expected = tree(self.sandbox.path("back"))
        shutil.rmtree(self.sandbox.path("back"))
        return words, expected

    def check_relocated(self, expected):
        check_same(tree(self.sandbox.path("back")), expected, "back")
        self.without_faults("verify", "{DIR}/back", "--level", "deep")

    def relocate(self):
        """A snapshot of Flink: up, from place to place, and down."""
        (snapshot, mapped), expected = self.relocated()
        at = self.place
        self.through_faults("relocate", snapshot, f"{at}/one", mapped)
        self.without_faults("verify", f"{at}/one", "--level", "hash")
        self.through_faults("relocate", f"{at}/one", f"{at}/two", "--server-side",
                            random.Random(self.seed).choice(("never", "auto")))
        self.through_faults("relocate", f"{at}/two", "{DIR}/back")
        self.check_relocated(expected)

    @contextlib.contextmanager
    def store(self):
        store = f"managed+{self.place}/store"
        self.without_faults("store", "init", store)
        yield store
        self.without_faults("store", "check", store, "--level", "deep")

    def managed_copy(self):
        """Into a store in the bucket, out of it by a machine that knows nothing of it, and again."""
        source = self.make_source()
        with self.store() as store:
            self.through_faults("copy", "{DIR}/source", f"{store}/p/one")
            self.through_faults("copy", f"{store}/p/one", f"{self.place}/out", "--home",
                                "{DIR}/home-of-another")
            self.check_bucket("out", source)
            self.through_faults("copy", f"{self.place}/out", f"{store}/p/two")
            self.through_faults("copy", f"{store}/p/two", "{DIR}/back", "--home",
                                "{DIR}/home-of-another")
            check_same(tree(self.sandbox.path("back")), source, "back")

    def managed_relocate(self):
        self.without_faults("store", "init", "{DIR}/store")
        # A store has every snapshot in a layout of its own.
        (snapshot, mapped), expected = self.relocated("managed://{DIR}/store/p/one")
        with self.store() as store:
            self.through_faults("relocate", snapshot, f"{store}/p/one", mapped)
            self.through_faults("relocate", f"{store}/p/one", f"{self.place}/two", "--home",
                                "{DIR}/home-of-another")
            self.without_faults("verify", f"{self.place}/two", "--level", "hash")
            self.through_faults("relocate", f"{store}/p/one", "{DIR}/back")
            self.check_relocated(expected)
