#!/usr/bin/env python3
"""The double of OSS under the vendor's own SDKs, which are known to be right about OSS."""
import os
import pathlib
import subprocess
import sys

import servers

CHECKS = pathlib.Path(__file__).resolve().parent / "oss_double" / "sdk_checks.py"


def main():
    try:
        with servers.serving(servers.OSS) as url:
            env = {**os.environ, "PYTHONPATH": str(CHECKS.parent.parent)}
            sys.exit(subprocess.run([servers.oss_python(), CHECKS, url], env=env).returncode)
    except servers.Unavailable as why:
        servers.missing(servers.OSS, why)
        sys.exit(servers.SKIPPED)


if __name__ == "__main__":
    main()
