#!/usr/bin/env python3
"""The reference in docs/howto/command-line.md is what `stateferry help --format markdown` prints,
and every page of the manual is made.  SF_ACCEPT=1 rewrites the reference."""
import os
import subprocess
import sys

from program import SOURCE

PATH = os.path.join(SOURCE, "docs/howto/command-line.md")
MARK = "<!-- From here on: stateferry help --format markdown -->\n"


def main():
    made = subprocess.run([sys.argv[1], "help", "--format", "markdown"], check=True,
                          capture_output=True, text=True).stdout
    manual = subprocess.run([sys.argv[1], "help", "--format", "man"], check=True,
                            capture_output=True, text=True).stdout
    commands = made.count("\n### ")  # the first line, "Options of every command", is not one
    for page in (".TH stateferry 1\n", ".TH stateferry\\-config 5\n"):
        if page not in manual:
            print(f"the manual has no page {page}")
            return 1
    if manual.count(".TH ") != commands + 2 or manual.count(".SH SYNOPSIS") != commands + 1:
        print("the manual does not have one page per command")
        return 1
    with open(PATH, encoding="utf-8") as file:
        written, mark, reference = file.read().partition(MARK)
    if os.environ.get("SF_ACCEPT") == "1":
        with open(PATH, "w", encoding="utf-8") as file:
            file.write(written + MARK + "\n" + made)
        return 0
    if not mark or reference != "\n" + made:
        print(f"{PATH} is out of date: run with SF_ACCEPT=1")
        return 1
    print("reference: current")
    return 0


if __name__ == "__main__":
    sys.exit(main())
