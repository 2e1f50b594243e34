#!/usr/bin/env python3
"""The completion scripts are valid, and bash completes with them what it should."""
import shutil
import subprocess
import sys
import tempfile

# Words typed so far (the last one is being completed) -> a completion that must be offered, and
# one that must not.
TABLE = [
    (["stateferry", "rel"], "relocate", "copy"),
    (["stateferry", "store", "ch"], "check", "init"),
    (["stateferry", "store", ""], "gc", "relocate"),
    (["stateferry", "copy", "--par"], "--paranoid", "--layout"),
    (["stateferry", "relocate", "--lay"], "--layout", "--paranoid"),
    (["stateferry", "relocate", "--layout", ""], "anchored", "skip"),
    (["stateferry", "--home", "/x", "ver"], "verify", "/x"),
    (["stateferry", "--output", "j"], "json", "text"),
    (["stateferry", "completion", "b"], "bash", "zsh"),
    (["stateferry", "copy", "fi"], "file-here", "copy"),
]


def completions(script, words, directory):
    quoted = " ".join("'" + word + "'" for word in words)
    program = f"""source {script}
cd {directory}
COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
_stateferry
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return subprocess.run(["bash", "-c", program], check=True, capture_output=True,
                          text=True).stdout.split("\n")


def main():
    failures = []
    with tempfile.TemporaryDirectory() as directory:
        open(directory + "/file-here", "w", encoding="utf-8").close()
        for shell in ("bash", "zsh", "fish"):
            script = f"{directory}/{shell}"
            with open(script, "wb") as out:
                subprocess.run([sys.argv[1], "completion", shell], check=True, stdout=out)
            if shutil.which(shell) is None:
                failures.append(f"{shell} is not installed: run scripts/install-deps")
                continue
            checked = subprocess.run([shell, "-n", script], capture_output=True, text=True)
            if checked.returncode != 0:
                failures.append(f"{shell} -n: {checked.stderr}")
        for words, wanted, unwanted in TABLE:
            offered = completions(directory + "/bash", words, directory)
            if wanted not in offered or unwanted in offered:
                failures.append(f"{words}: offers {offered}")
    print("\n".join(failures) if failures else "completion: good")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
