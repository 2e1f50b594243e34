"""Bytes on disk: what was received once is never changed, and shared by copies."""
import hashlib
import os
import tempfile

from alibabacloud_oss_v2.crc import Crc64

from .errors import OssError

_BLOCK = 1 << 20


class Piece:
    """A file with a size; it goes with the last object that needs it."""

    def __init__(self, path, size, crc, md5):
        self.path, self.size, self.crc, self.md5 = path, size, crc, md5

    def __del__(self):
        try:
            os.unlink(self.path)
        except OSError:
            pass  # the directory went first


class Content:
    """Ranges of pieces, one after the other."""

    def __init__(self, ranges=()):
        self.ranges = list(ranges)  # (piece, offset in it, size)

    @property
    def size(self):
        return sum(size for _, _, size in self.ranges)

    def slice(self, offset, size):
        """The ranges that hold [offset, offset + size)."""
        for piece, begin, length in self.ranges:
            take = min(length - offset, size)
            if offset < length and take > 0:
                yield piece, begin + offset, take
                size -= take
            offset = max(0, offset - length)

    def part(self, offset, size):
        return Content(self.slice(offset, size))

    def blocks(self):
        for piece, begin, length in self.ranges:
            with open(piece.path, "rb") as file:
                file.seek(begin)
                while length > 0:
                    block = file.read(min(_BLOCK, length))
                    length -= len(block)
                    yield block

    def sums(self):
        """CRC-64 and MD5, upper-case hex, from the bytes themselves."""
        crc, md5 = Crc64(0), hashlib.md5()
        for block in self.blocks():
            crc.update(block)
            md5.update(block)
        return crc.sum64(), md5.hexdigest().upper()


def receive(request, directory):
    """The body of a request as a piece."""
    crc, md5 = Crc64(0), hashlib.md5()
    handle, path = tempfile.mkstemp(dir=directory)
    left = request.length
    with os.fdopen(handle, "wb") as file:
        while left > 0:
            block = request.body.read(min(_BLOCK, left))
            if not block:
                os.unlink(path)
                raise OssError("IncompleteBody")
            left -= len(block)
            file.write(block)
            crc.update(block)
            md5.update(block)
    return Piece(path, request.length, crc.sum64(), md5.digest())
