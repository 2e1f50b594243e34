#!/usr/bin/env python3
"""Runs a program once for each real S3 server, with the server's place in its environment.

Usage: with_servers.py PROGRAM [ARGUMENT]...
The program finds SF_S3_SERVER (the name) and what servers.environment() gives.  Exit code: 77 when
no server could be had, else that of the first run that failed.
"""
import os
import subprocess
import sys

import servers


def main():
    tested = 0
    code = 0
    for name in servers.COMMANDS:
        try:
            with servers.serving(name) as url:
                print(f"=== {name}", flush=True)
                env = {**os.environ, **servers.environment(url), "SF_S3_SERVER": name}
                tested += 1
                code = code or subprocess.run(sys.argv[1:], env=env).returncode
        except servers.Unavailable as why:
            servers.missing(name, why)
    sys.exit(code if tested else servers.SKIPPED)


if __name__ == "__main__":
    main()
