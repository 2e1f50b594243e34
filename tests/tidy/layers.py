#!/usr/bin/env python3
"""Rules of the source that a machine can hold.  Exit 1 with one line per break.

- Includes go one way: cli -> state -> transfer -> storage -> base; bench and tests see all.
- rocksdb headers stay where a table lives.
- No leftovers: FIXME, XXX, registry addresses.
"""
import os
import re
import subprocess
import sys

LAYERS = ["base", "storage", "transfer", "state", "cli"]
ROCKSDB = re.compile(
    r"^(storage/managed/|storage/rocksdb_(env|read_only|tables)|state/snapshot/rocksdb_dir|bench/|tests/|cli/commands/doctor)")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
BANNED = re.compile(r"\bFIXME\b|\bXXX\b|pypi\.org|repo1?\.maven|proxy\.golang|registry\.npmjs|deb\.debian")


def breaks(root):
    files = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    for name in files:
        path = os.path.join(root, name)
        if not os.path.isfile(path) or name == "tests/tidy/layers.py" or name.startswith("tests/data/"):
            continue
        try:
            with open(path, encoding="utf-8") as source:
                lines = source.read().split("\n")
        except UnicodeDecodeError:
            continue
        top = name.split("/")[0]
        for number, line in enumerate(lines, 1):
            if BANNED.search(line):
                yield f"{name}:{number}: banned word: {line.strip()[:80]}"
            match = INCLUDE.match(line)
            if not match or not name.endswith((".cc", ".h")):
                continue
            target = match.group(1)
            target_top = target.split("/")[0]
            if top in LAYERS and target_top in LAYERS and LAYERS.index(target_top) > LAYERS.index(top):
                yield f"{name}:{number}: {top} must not include {target_top} ({target})"
            if top in LAYERS and target_top == "tests":
                yield f"{name}:{number}: the product must not include tests ({target})"
            if target.startswith("rocksdb/") and not ROCKSDB.match(name):
                yield f"{name}:{number}: rocksdb headers belong where a table lives ({target})"


def main():
    found = list(breaks(sys.argv[1]))
    print("\n".join(found) if found else "layers: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
