"""Writes small Flink checkpoints, so that the crash tests need neither Flink nor stored data.

Version 3 metadata with one keyed operator whose two subtasks name shared files by absolute path, as
RocksDB's incremental checkpoints do.  docs/formats has the byte tables.
"""
import functools
import pathlib
import random
import struct
import uuid


def utf(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def absolute_file(path, size):
    return b"\x02" + struct.pack(">q", size) + utf(f"file:{path}")


def relative_file(name, size):
    return b"\x06" + utf(name) + struct.pack(">q", size)


def inline(name, data):
    return b"\x01" + utf(name) + struct.pack(">i", len(data)) + data


def named_list(entries):
    return struct.pack(">i", len(entries)) + b"".join(utf(n) + handle for n, handle in entries)


def subtask(index, checkpoint, meta, shared):
    private = [("CURRENT", inline(f"current-{index}", b"MANIFEST-000004\n"))]
    keyed = (b"\x0b" + struct.pack(">q", checkpoint) + utf(f"backend-{index}")
             + struct.pack(">iiq", index * 64, 64, 1000) + meta + named_list(shared)
             + named_list(private) + utf(f"handle-{checkpoint}-{index}"))
    return struct.pack(">iii", index, 0, 0) + keyed + b"\x00" + struct.pack(">ii", 0, 0)


def metadata(checkpoint, subtasks):
    operator = (b"\x11" * 16 + struct.pack(">ii", len(subtasks), 128) + b"\x00"
                + struct.pack(">i", len(subtasks)) + b"".join(subtasks))
    return struct.pack(">IIqii", 0x4960672D, 3, checkpoint, 0, 1) + operator


@functools.cache
def text_pool():
    rng = random.Random(0)
    words = [bytes(rng.choices(range(97, 123), k=rng.randint(3, 9))) for _ in range(500)]
    return b" ".join(rng.choices(words, k=40_000))


def content(rng, size):
    """Half text, half random bytes: about as compressible as SST files are."""
    pool, slices = text_pool(), []
    for left in range(size // 2, 0, -2048):
        start = rng.randrange(len(pool) - 2048)
        slices.append(pool[start:start + min(left, 2048)])
    text = b"".join(slices)
    return text + rng.randbytes(size - len(text))


SMALL_SIZES = (300, 5_000, 40_000, 120_000)


def write_job(directory, *, checkpoints, files, seed, sizes=SMALL_SIZES):
    """Makes chk-1 .. chk-N under `directory`; each shares about two thirds of its files with the last.

    Returns the checkpoint directories.
    """
    rng = random.Random(seed)
    directory = pathlib.Path(directory)
    (directory / "shared").mkdir(parents=True)
    shared, made = [], []
    for checkpoint in range(1, checkpoints + 1):
        keep = [] if not shared else rng.sample(shared, len(shared) * 2 // 3)
        while len(keep) < files:
            path = directory / "shared" / str(uuid.UUID(int=rng.getrandbits(128)))
            path.write_bytes(content(rng, rng.choice(sizes)))
            keep.append(path)
        shared = keep
        place = directory / f"chk-{checkpoint}"
        place.mkdir()
        subtasks = []
        for index in range(2):
            meta = place / str(uuid.UUID(int=rng.getrandbits(128)))
            meta.write_bytes(content(rng, 3_000))
            mine = [(f"{n:06}.sst", absolute_file(p, p.stat().st_size))
                    for n, p in enumerate(shared) if n % 2 == index]
            subtasks.append(subtask(index, checkpoint, relative_file(meta.name, 3_000), mine))
        (place / "_metadata").write_bytes(metadata(checkpoint, subtasks))
        made.append(place)
    return made
