#!/usr/bin/env python3
"""Runs a program once for each real S3 server and for the double of OSS, whose place it finds in
its environment.

Usage: with_servers.py PROGRAM [ARGUMENT]...
The program finds SF_S3_SERVER (the name) and what servers.environment() or oss_environment() gives.
Exit code: 77 when no server could be had, else that of the first run that failed.
"""
import os
import subprocess
import sys

import servers


def main():
    tested = 0
    code = 0
    for name in (*servers.COMMANDS, servers.OSS):
        try:
            with servers.serving(name) as url:
                print(f"=== {name}", flush=True)
                place = (servers.oss_environment if name == servers.OSS else servers.environment)(url)
                env = {**os.environ, **place, "SF_S3_SERVER": name}
                tested += 1
                code = code or subprocess.run(sys.argv[1:], env=env).returncode
        except servers.Unavailable as why:
            servers.missing(name, why)
    sys.exit(code if tested else servers.SKIPPED)


if __name__ == "__main__":
    main()
