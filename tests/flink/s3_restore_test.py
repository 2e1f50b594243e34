#!/usr/bin/env python3
"""Real Flink restores, straight from an S3 server, what stateferry relocated into a bucket there.

Usage: s3_restore_test.py STATEFERRY [--versions 1.20.5,2.3.0] [--keep]
Exit codes: as restore_test.py.

Snapshots of several kinds go into a bucket of versitygw, anchored, through managed storage and
directly; the original is deleted; Flink reads them by its own S3 plugin, Presto's for 1.20 and
Hadoop's for 2.3, and tells every entry of its state.  Flink only reads there: versitygw refuses the
way in which Hadoop's plugin deletes directories.
"""
import argparse
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "s3"))

import fetch_flink  # noqa: E402
import servers  # noqa: E402
import signed  # noqa: E402
from flink_jvm import Flink  # noqa: E402
from restore_test import (Checks, Ferry, build_all, does_not_restore,  # noqa: E402
                          each_version, restores_exactly, skip_loudly)

# Of Flink 1.20, Maven has the plugins of the first release only; they serve the later ones.
PLUGINS = {"1.20.5": ("flink-s3-fs-presto", "1.20.0"), "2.3.0": ("flink-s3-fs-hadoop", "2.3.0")}
KINDS = ("incremental", "hashmap", "native", "merging")
BUCKET = "flink-snapshots"


def relocate(ferry, source, destination):
    lines = ferry("--output", "json", "relocate", source, destination, "--layout", "anchored")
    return json.loads(lines.splitlines()[-1])["summary"]["restorePointer"]


def test_version(version, ferry, url, scratch, checks):
    first, store = scratch / "first-bucket", scratch / "store"
    plugins = scratch / "plugins"
    name, plugin_version = PLUGINS[version]
    shutil.copytree(fetch_flink.plugin(name, plugin_version), plugins / name)
    flink = Flink(version, scratch, first / "changelog", plugins=plugins,
                  environment=servers.environment(url),
                  options=[f"s3.endpoint={url}", "s3.path.style.access=true",
                           f"s3.access-key={servers.ACCESS_KEY}",
                           f"s3.secret-key={servers.SECRET_KEY}"])
    try:
        snapshots = build_all(flink, first, KINDS)
        ferry("store", "init", store)
        places = []
        for snapshot in snapshots:
            managed = f"managed://{store}/flink/{snapshot.name}"
            ferry("relocate", snapshot.path, managed)
            for way, source in (("direct", snapshot.path), ("managed", managed)):
                place = f"s3://{BUCKET}/{version}/{way}/{snapshot.name}"
                places.append((way, snapshot, relocate(ferry, source, place)))
        newest = [s for s in snapshots if s.kind == "incremental"][-1]
        plain = f"s3://{BUCKET}/{version}/plain/{newest.name}"
        ferry("copy", newest.path, plain)
        shutil.rmtree(first)
        shutil.rmtree(store)
        for way, snapshot, place in places:
            restores_exactly(checks, flink, f"{version} {snapshot.name} {way} {name}", place,
                             snapshot)
        does_not_restore(checks, flink, f"{version} a plain copy in the bucket", plain, newest)
    finally:
        flink.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stateferry")
    parser.add_argument("--versions", default=",".join(PLUGINS))
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory behind")
    options = parser.parse_args()
    versions = options.versions.split(",")
    if not shutil.which("javac"):
        return skip_loudly("javac is not installed (Debian: openjdk-17-jdk-headless)")
    checks = Checks()
    try:
        for version in versions:
            fetch_flink.jars_of(version)
            fetch_flink.plugin(*PLUGINS[version])
        with servers.serving("versitygw") as url:
            signed.make_bucket(url, BUCKET)

            def test(version, scratch):
                ferry = Ferry(options.stateferry, scratch, servers.environment(url))
                test_version(version, ferry, url, scratch, checks)

            each_version(versions, test, checks, "stateferry-flink-s3", options.keep)
    except (fetch_flink.Unavailable, servers.Unavailable) as error:
        return skip_loudly(str(error))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
