#!/usr/bin/env python3
"""Signals, pipes, full disks and terminals, with the real program."""
import fcntl
import json
import os
import pty
import random
import re
import signal
import struct
import subprocess
import sys
import termios
import time

from program import Sandbox

FILES, FILE_BYTES = 12, 4 << 20


def make_source(sandbox):
    """Enough bytes that --bwlimit keeps the copy running until a signal has hit it."""
    os.makedirs(sandbox.path("source"))
    rng = random.Random(7)
    for number in range(FILES):
        with open(sandbox.path("source", f"file-{number}"), "wb") as file:
            file.write(rng.randbytes(FILE_BYTES))


def environment(sandbox, **more):
    # A sanitizer is told about the libraries that it does not know.
    told = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return {"PATH": os.environ["PATH"], "HOME": sandbox.dir,
            "STATEFERRY_HOME": sandbox.path("home"), **told, **more}


def copy_words(sandbox, *more):
    return [sandbox.binary, "copy", sandbox.path("source"), sandbox.path("target"), *more]


def check(condition, sentence):
    if not condition:
        raise AssertionError(sentence)


def ended(process, seconds):
    """The exit code; a sentence, and the end of the process, when it is still there by then."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return f"still there after {seconds} s"


def wait_for_bytes(process):
    """Reads progress lines until some bytes were moved."""
    for line in process.stdout:
        item = json.loads(line)
        if item["type"] == "progress" and item["bytesDone"] > 0:
            return
        check(item["type"] == "progress", f"ended before a signal could hit it: {item}")
    raise AssertionError("no progress was shown")


def interrupted(sandbox, signals, expected):
    """Runs the copy slowly, sends the signals one after the other, and gives the last JSON line."""
    process = subprocess.Popen(copy_words(sandbox, "--bwlimit", "6MiB", "--output", "json"),
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env=environment(sandbox))
    wait_for_bytes(process)
    for sent in signals:
        process.send_signal(sent)
    last = None
    for line in process.stdout:
        last = json.loads(line)
    code = process.wait(60)
    check(code in expected, f"{signals}: exit {code}, not one of {expected}")
    check(last is not None and last["type"] == "error" and last["exitCode"] == code,
          f"{signals}: the last line is {last}")


def stops_and_resumes(binary):
    with Sandbox(binary, snapshot=None) as sandbox:
        make_source(sandbox)
        interrupted(sandbox, [signal.SIGINT], [10])
        interrupted(sandbox, [signal.SIGTERM], [143])
        interrupted(sandbox, [signal.SIGINT], [10])
        ids = sandbox.run(["transfer", "list", "-q"]).stdout.decode().split()
        check(len(ids) == 1, f"one request, one transfer: {ids}")
        done = sandbox.run(["transfer", "resume", ids[0], "--bwlimit", "off", "--output", "json"])
        summary = json.loads(done.stdout.decode().splitlines()[-1])["summary"]
        check(done.returncode == 0 and summary["filesDone"] == FILES, f"resume: {summary}")
        check(summary["bytesResumed"] > 0 and
              summary["bytesRead"] == FILES * FILE_BYTES - summary["bytesResumed"],
              f"the stopped runs left nothing to go on from: {summary}")
        for number in range(FILES):
            paths = [sandbox.path(place, f"file-{number}") for place in ("source", "target")]
            contents = [open(path, "rb").read() for path in paths]
            check(contents[0] == contents[1], f"file-{number} differs")


def stopped_terminal(binary):
    """Ctrl-S keeps everybody from writing, but no signal from ending the copy."""
    if "TSAN_OPTIONS" in os.environ:
        print("stopped_terminal: left out, TSan keeps signals from a thread that is in write()")
        return
    with Sandbox(binary, snapshot=None) as sandbox:
        make_source(sandbox)
        for sent in (signal.SIGTERM, signal.SIGINT):
            controller, side = pty.openpty()
            process = subprocess.Popen(copy_words(sandbox, "--bwlimit", "2MiB"), stdin=side,
                                       stdout=subprocess.DEVNULL, stderr=side,
                                       env=environment(sandbox, TERM="xterm"))
            os.close(side)
            check(b"copying" in read_until(controller, b"copying"), "no progress was shown")
            os.write(controller, b"\x13")
            time.sleep(1)  # the display is drawn four times a second: now it is stuck
            process.send_signal(sent)
            time.sleep(0.5)
            check(process.poll() is None, "the first signal left without finishing what is in flight")
            process.send_signal(sent)
            code = ended(process, 5)
            os.close(controller)
            check(code == 128 + sent, f"{sent} twice on a stopped terminal: {code}")


def read_until(fd, wanted):
    seen = b""
    while wanted not in seen:
        piece = os.read(fd, 65536)
        if not piece:
            break
        seen += piece
    return seen


def looking_commands_end_at_once(binary):
    """A command without a clean stop is ended by the first signal; here, while it asks."""
    with Sandbox(binary, snapshot=None) as sandbox:
        sandbox.run(["store", "init", "{DIR}/store"])
        make_source(sandbox)
        sandbox.run(["copy", "{DIR}/source", "managed://{DIR}/store/p/k"])
        controller, terminal = pty.openpty()
        process = subprocess.Popen([binary, "store", "forget", sandbox.path("store"), "p/k"],
                                   stdin=terminal, stdout=subprocess.DEVNULL, stderr=terminal,
                                   env=environment(sandbox))
        os.close(terminal)
        check(b"forget 12 files" in os.read(controller, 4096), "no question was asked")
        process.send_signal(signal.SIGINT)
        check(process.wait(60) == 130, "SIGINT while it asks: not 130")
        os.close(controller)


def questions_end_at_once(binary):
    """A command that stops cleanly does so while it asks, too."""
    with Sandbox(binary) as sandbox:
        shared = os.path.join(sandbox.bucket, "cp", "0e5049abf57216494f7b88306f14bd1f", "shared")
        orphan = os.path.join(shared, "left-behind")
        with open(orphan, "wb") as file:
            file.write(b"x")
        controller, terminal = pty.openpty()
        process = subprocess.Popen([binary, "orphans", sandbox.bucket, "--older-than", "0",
                                    "--delete"], stdin=terminal, stdout=subprocess.DEVNULL,
                                   stderr=terminal, env=environment(sandbox))
        os.close(terminal)
        check(b"[y/N]" in read_until(controller, b"[y/N]"), "no question was asked")
        process.send_signal(signal.SIGINT)
        code = ended(process, 20)
        os.close(controller)
        check(code == 10 and os.path.exists(orphan), f"SIGINT while it asks: {code}")


def streams(binary):
    with Sandbox(binary, snapshot=None) as sandbox:
        done = subprocess.run(["bash", "-c", '"$0" help --format markdown | head -1; '
                               'exit ${PIPESTATUS[0]}', binary], capture_output=True,
                              env=environment(sandbox))
        check(done.returncode == 0 and done.stderr == b"", f"closed pipe: {done}")
        if os.path.exists("/dev/full"):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([binary, "help"], stdout=full, stderr=subprocess.PIPE,
                                      env=environment(sandbox))
            check(done.returncode == 1 and done.stderr.startswith(b"stateferry: writing"),
                  f"full disk: {done}")


def slow_reader(binary):
    """Standard output may be a full pipe that does not block."""
    with Sandbox(binary, snapshot=None) as sandbox:
        whole = subprocess.run([binary, "help", "--format", "markdown"], capture_output=True,
                               env=environment(sandbox)).stdout
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(writing, False)
        process = subprocess.Popen([binary, "help", "--format", "markdown"], stdout=writing,
                                   stderr=subprocess.DEVNULL, env=environment(sandbox))
        os.close(writing)
        time.sleep(0.5)  # the pipe is full now
        with os.fdopen(reading, "rb") as pipe:
            got = pipe.read()
        code = process.wait(60)
        check(code == 0 and got == whole and len(whole) > 4096,
              f"exit {code}, {len(got)} of {len(whole)} bytes")


def closed_streams(binary):
    """What the caller has closed is not taken for a file that is opened later."""
    for closed in ("<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"):
        with Sandbox(binary, snapshot=None) as sandbox:
            make_source(sandbox)
            for output in ("text", "json"):
                done = subprocess.run(
                    ["bash", "-c", f'"$@" {closed}', "bash", *copy_words(sandbox, "--output", output)],
                    env=environment(sandbox), timeout=60)
                check(done.returncode == 0, f"{closed}, {output}: exit {done.returncode}")
            done = subprocess.run(["bash", "-c", f'"$@" {closed}', "bash", sandbox.binary, "copy",
                                   sandbox.path("absent"), sandbox.path("target")],
                                  env=environment(sandbox), timeout=60)
            check(done.returncode == 6, f"{closed}, a failure: exit {done.returncode}")
            with open(sandbox.path("home", "LOCK"), "rb") as lock:
                check(b"stateferry: " not in lock.read(), f"{closed}: a sentence is in LOCK")


def screen(text, columns):
    """What a terminal shows after `text`."""
    rows, row, column = [""], 0, 0
    for piece in re.findall(r"\x1b\[[0-9?]*[A-Za-z]|.", text, re.DOTALL):
        if piece == "\r":
            column = 0
        elif piece == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif piece == "\x1b[2K":
            rows[row] = ""
        elif piece in ("\x1b[?7l", "\x1b[?7h"):  # wrap lines or not: none is too long anyway
            continue
        elif piece.startswith("\x1b["):
            check(piece.endswith("A"), f"unexpected {piece!r}")
            row -= int(piece[2:-1])
        else:
            check(column < columns - 1, f"a line is too long for the window: {rows[row]!r}")
            rows[row] = rows[row][:column].ljust(column) + piece + rows[row][column + 1:]
            column += 1
    return rows


def terminal(binary):
    """The display fits the window, is redrawn in place, and is gone in the end."""
    with Sandbox(binary, snapshot=None) as sandbox:
        make_source(sandbox)
        columns = 50
        controller, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(copy_words(sandbox, "--bwlimit", "24MiB"), stdin=side,
                                   stdout=subprocess.PIPE, stderr=side,
                                   env=environment(sandbox, TERM="xterm"))
        os.close(side)
        shown = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not piece:
                break
            shown += piece
        result = process.stdout.read().decode()
        check(process.wait(60) == 0, "the copy failed")
        check(result.startswith("copied"), f"the result is not on standard output: {result}")
        text = shown.decode()
        check("copying" in text and " of 48.0 MiB" in text, f"no progress: {text!r}")
        check(text.count("\x1b[2A") + text.count("\x1b[1A") >= 2, f"not redrawn in place: {text!r}")
        rows = screen(text, columns)
        check(not "".join(rows).strip(), f"left on the screen: {rows}")


def without_terminal(binary):
    with Sandbox(binary, snapshot=None) as sandbox:
        make_source(sandbox)
        done = sandbox.run(["copy", "{DIR}/source", "{DIR}/target"])
        check(done.returncode == 0 and done.stderr == b"", f"a short copy logs: {done.stderr}")


def main():
    failed = 0
    for test in (stops_and_resumes, stopped_terminal, looking_commands_end_at_once, streams,
                 questions_end_at_once, slow_reader, closed_streams, terminal, without_terminal):
        try:
            test(os.path.abspath(sys.argv[1]))
            print(f"{test.__name__}: good")
        except AssertionError as problem:
            failed += 1
            print(f"{test.__name__}: {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
