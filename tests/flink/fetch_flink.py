#!/usr/bin/env python3
"""Gets real Flink: the jars inside the source package `apache-flink-libraries` that pip downloads.

Usage: fetch_flink.py VERSION...      prints the directory of jars of each version
The jars are kept in $STATEFERRY_FLINK_CACHE (default ~/.cache/stateferry/flink), the package is not.
"""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

# What a job in an in-process cluster needs: Flink itself and a logging back end.
NEEDED = ("flink-dist", "log4j-api", "log4j-core", "log4j-slf4j-impl")


class Unavailable(Exception):
    """The download is impossible here: no network, no package index, no space."""


def cache_dir():
    default = pathlib.Path.home() / ".cache" / "stateferry" / "flink"
    return pathlib.Path(os.environ.get("STATEFERRY_FLINK_CACHE") or default)


def jars_of(version):
    """Paths of the jars of this Flink version, downloading them when they are not there yet."""
    home = cache_dir() / version
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with open(cache_dir() / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs share the cache
            if not home.is_dir():
                download(version, home)
    except OSError as error:
        raise Unavailable(f"Flink {version}: {error}") from error
    return sorted(home.glob("*.jar"))


def plugin(name, version):
    """The directory of a plugin of Flink's, "flink-s3-fs-hadoop", as Maven knows it by name."""
    home = cache_dir() / f"plugin-{name}-{version}"
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        with open(cache_dir() / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not home.is_dir():
                download_plugin(name, version, home)
    except OSError as error:
        raise Unavailable(f"{name} {version}: {error}") from error
    return home


def download_plugin(name, version, home):
    if not shutil.which("mvn"):
        raise Unavailable("mvn is not installed (Debian: maven)")
    with tempfile.TemporaryDirectory(dir=cache_dir(), prefix="download-") as scratch:
        print(f"downloading {name} {version} with mvn", file=sys.stderr, flush=True)
        jars = pathlib.Path(scratch) / "jars"
        done = subprocess.run(["mvn", "-q", "-B", "dependency:copy",
                               f"-Dartifact=org.apache.flink:{name}:{version}",
                               f"-DoutputDirectory={jars}"], cwd=scratch,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0 or not list(jars.glob(f"{name}-*.jar")):
            raise Unavailable(f"mvn cannot download {name} {version}: {done.stdout[-800:]}")
        jars.rename(home)


def pip():
    """This Python's pip, or else one on the path."""
    for candidate in ([sys.executable, "-m", "pip"], ["pip3"], ["/usr/bin/python3", "-m", "pip"]):
        try:
            if subprocess.run([*candidate, "--version"], capture_output=True).returncode == 0:
                return candidate
        except OSError:
            pass
    raise Unavailable("pip is not installed (Debian: python3-pip)")


def download(version, home):
    with tempfile.TemporaryDirectory(dir=cache_dir(), prefix="download-") as scratch:
        print(f"downloading Flink {version} with pip", file=sys.stderr, flush=True)
        command = [*pip(), "download", "-q", "--disable-pip-version-check", "--no-deps",
                   "--no-binary", ":all:", "-d", scratch, f"apache-flink-libraries=={version}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        packages = list(pathlib.Path(scratch).glob("*.tar.gz"))
        if done.returncode != 0 or not packages:
            raise Unavailable(f"pip cannot download Flink {version}: {done.stdout[-800:]}")
        unpacked = pathlib.Path(scratch) / "jars"
        unpacked.mkdir()
        with tarfile.open(packages[0]) as package:
            for member in package:
                name = pathlib.PurePosixPath(member.name).name
                if member.isfile() and "/deps/lib/" in member.name and name.startswith(NEEDED):
                    with package.extractfile(member) as jar, open(unpacked / name, "wb") as out:
                        shutil.copyfileobj(jar, out)
        if not list(unpacked.glob("flink-dist*.jar")):
            raise Unavailable(f"the package of Flink {version} holds no flink-dist jar")
        unpacked.rename(home)  # last, so that a directory that is there is complete


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        print(jars_of(wanted)[0].parent)
