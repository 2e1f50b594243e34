"""Runs programs under the shim and reads what it recorded."""
import dataclasses
import os
import pathlib
import struct
import subprocess

HANG_SECONDS = 300


@dataclasses.dataclass
class Outcome:
    code: int  # negative: the signal that ended it
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}: {self.err.strip()[-600:] or self.out.strip()[-300:]}"


def run(command, environment=None):
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, env={**os.environ, **(environment or {})}, timeout=HANG_SECONDS,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired:
        return Outcome(-99, "", f"hung for {HANG_SECONDS} s")
    return Outcome(done.returncode, done.stdout.decode(errors="replace"),
                   done.stderr.decode(errors="replace"))


class Shim:
    """The environment variables of shim.cc.  `directory` is what counts; files go to `scratch`."""

    def __init__(self, library, directory, scratch):
        self.library = pathlib.Path(library).resolve()
        if not self.library.exists():  # the loader would warn, and nothing would ever be counted
            raise SystemExit(f"{self.library} is not there: build the target sf_shim first")
        self.directory = os.path.realpath(directory)
        self.state = pathlib.Path(scratch) / "shim-count"
        self.log = pathlib.Path(scratch) / "shim-log"

    def environment(self, *, kill_at=0, torn=False, fail_at=0, error=0, sticky=False, only="",
                    log=False, read_directory=""):
        variables = {"LD_PRELOAD": str(self.library), "SF_SHIM_DIRS": self.directory,
                     "SF_SHIM_STATE": str(self.state)}
        if kill_at:
            variables |= {"SF_SHIM_KILL_AT": str(kill_at), "SF_SHIM_TORN": str(int(torn))}
        if fail_at:
            variables |= {"SF_SHIM_FAIL_AT": str(fail_at), "SF_SHIM_ERRNO": str(error),
                          "SF_SHIM_STICKY": str(int(sticky))}
        if only:
            variables["SF_SHIM_ONLY"] = only
        if read_directory:
            variables["SF_SHIM_READ_DIRS"] = os.path.realpath(read_directory)
        if log:
            variables["SF_SHIM_LOG"] = str(self.log)
        return variables

    def reset(self):
        self.state.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)

    def count(self):
        return self._counts()[0]

    def bytes_read(self):
        return self._counts()[1]

    def _counts(self):
        return struct.unpack("<QQ", self.state.read_bytes()) if self.state.exists() else (0, 0)


@dataclasses.dataclass
class Operation:
    op: str
    result: int
    path: str
    second_path: str
    offset: int
    data: bytes


def read_log(path):
    """The recorded calls in order; none when the shim saw nothing."""
    path = pathlib.Path(path)
    raw = path.read_bytes() if path.exists() else b""
    operations, at = [], 0
    while at < len(raw):
        text_size, data_size = struct.unpack_from("<II", raw, at)
        at += 8
        op, result, first, second, offset = raw[at:at + text_size].decode().split("\t")
        at += text_size
        operations.append(Operation(op, int(result), first, second, int(offset),
                                    raw[at:at + data_size]))
        at += data_size
    return operations
