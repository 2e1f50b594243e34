#!/usr/bin/env python3
"""Shows that the crash tests can fail: careless programs are caught, a careful one is not.

Usage: self_test.py SHIM
"""
import errno
import pathlib
import random
import shutil
import sys
import tempfile

import shimmed
from disk_model import Disk

CONTENT = b"all of it" * 1000
CAREFUL = """
import os, sys
d = sys.argv[1]
data = b"all of it" * 1000
os.mkdir(d + "/new")
fd = os.open(d, os.O_RDONLY); os.fsync(fd); os.close(fd)
fd = os.open(d + "/new/file.part", os.O_CREAT | os.O_WRONLY, 0o666)
os.write(fd, data[:5000]); os.pwrite(fd, data[5000:], 5000); os.fsync(fd); os.close(fd)
os.rename(d + "/new/file.part", d + "/new/file")
fd = os.open(d + "/new", os.O_RDONLY); os.fsync(fd); os.close(fd)
"""
PROGRAMS = {  # name -> program, whether power loss harms it
    "careful": (CAREFUL, False),
    "does not sync the file":
        (CAREFUL.replace("os.fsync(fd); os.close(fd)\nos.rename", "os.close(fd)\nos.rename"), True),
    "does not sync the directory":
        (CAREFUL.rsplit("\nfd =", 1)[0], True),
    "does not sync the parent directory":
        (CAREFUL.replace('fd = os.open(d, os.O_RDONLY); os.fsync(fd); os.close(fd)\n', ""), True),
    "tries a failed sync again": (CAREFUL.replace(
        "os.fsync(fd); os.close(fd)\nos.rename",
        "\ntry: os.fsync(fd)\nexcept OSError: os.fsync(fd)\nos.close(fd)\nos.rename"), False),
}


class Bench:
    def __init__(self, library):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="stateferry-self-test-"))
        self.live = self.work / "live"
        self.live.mkdir()
        self.shim = shimmed.Shim(library, self.live, self.work)
        self.failures = 0

    def start(self):
        shutil.rmtree(self.live)
        self.live.mkdir()
        self.shim.reset()
        return Disk(self.live)

    def run(self, program, **environment):
        command = [sys.executable, "-c", program, self.live]
        return shimmed.run(command, self.shim.environment(**environment))

    def expect(self, what, ok):
        print(("ok      " if ok else "FAILED  ") + what, flush=True)
        self.failures += not ok

    def states_after(self, disk):
        """Whether the finished program's file is whole in each of many states after power loss."""
        for call in shimmed.read_log(self.shim.log):
            disk.play(call)
        for number in range(60):
            disk.rebuild(("worst", "kept", "mixed", "ordered")[number % 4], random.Random(number))
            file = self.live / "new" / "file"
            yield file.exists() and file.read_bytes() == CONTENT


def main():
    bench = Bench(sys.argv[1])
    try:
        for name, (program, harmed) in PROGRAMS.items():
            disk = bench.start()
            done = bench.run(program, log=True)
            bench.expect(f"{name}: runs", done.code == 0)
            whole = list(bench.states_after(disk))
            bench.expect(f"{name}: {'loses' if harmed else 'keeps'} its file", all(whole) != harmed)

        # A sync that failed once and was tried again has not saved anything.
        program, _ = PROGRAMS["tries a failed sync again"]
        disk = bench.start()
        done = bench.run(program, log=True, fail_at=2, error=errno.EIO, only="sync")
        bench.expect("tries a failed sync again: believes it", done.code == 0)
        bench.expect("tries a failed sync again: loses its file", not all(bench.states_after(disk)))

        # mkdir, sync, create, two writes, sync, rename, sync: eight calls to die at.
        bench.start()
        bench.run(CAREFUL)
        bench.expect("eight calls are counted", bench.shim.count() == 8)
        for k in range(1, 9):
            bench.start()
            done = bench.run(CAREFUL, kill_at=k)
            renamed = (bench.live / "new" / "file").exists()
            bench.expect(f"killed at call {k}", done.code == -9 and renamed == (k > 7))
        bench.start()
        bench.run(CAREFUL, kill_at=5, torn=True)
        bench.expect("a torn write is half done",
                     (bench.live / "new" / "file.part").stat().st_size == 7000)
        bench.start()
        done = bench.run(CAREFUL, fail_at=3, error=errno.ENOSPC, only="write,create")
        bench.expect("no space is reported", b"No space left" in done.err.encode())
        return 1 if bench.failures else 0
    finally:
        shutil.rmtree(bench.work)


if __name__ == "__main__":
    sys.exit(main())
