"""What a directory may look like after power loss, given the calls that were made below it.

Strict model, weaker than any file system in use: a file keeps what was written before its last
successful fsync; a name (created, renamed, removed) survives when its directory was synced after it.
Everything else may be there, in part, or not.  Ordered model, like ext4 with data=ordered: names
survive as a prefix of the order in which they were changed, and any sync makes all earlier names
durable; file content as in the strict model.

A failed fsync throws the pages away: what was written before it never reaches the disk, and a later
successful fsync of the same file does not bring it back (as ext4 and xfs do).
"""
import os
import pathlib


class FileNode:
    def __init__(self, durable=b""):
        self.durable = durable
        self.pending = []  # (kind, offset or size, data) since the last fsync
        self.lost = False  # an fsync failed: live and durable have parted for ever
        self.live = bytearray(durable)

    def change(self, change):
        self.pending.append(change)
        apply_change(self.live, change)

    def sync(self):
        content = bytearray(self.durable)
        for change in self.pending:
            apply_change(content, change)
        self.durable, self.pending = bytes(content), []

    def sync_failed(self):
        self.pending, self.lost = [], True


class DirNode:
    def __init__(self):
        self.durable, self.live = {}, {}
        self.pending = []  # (serial number of the call, name, node or None)

    def change(self, serial, name, node):
        self.pending.append((serial, name, node))
        set_name(self.live, name, node)

    def sync(self):
        for _, name, node in self.pending:
            set_name(self.durable, name, node)
        self.pending = []


def set_name(names, name, node):
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def apply_change(content, change):
    kind, number, data = change
    if kind == "write":
        if len(content) < number:
            content.extend(bytes(number - len(content)))
        content[number:number + len(data)] = data
    elif kind == "truncate":
        del content[number:]
        content.extend(bytes(number - len(content)))
    elif len(content) < number:  # grow
        content.extend(bytes(number - len(content)))


class Disk:
    """Everything below `root`.  What is there at the beginning is durable."""

    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.tree = DirNode()
        self.serial = 0
        self.committed = 0  # names changed up to this call survive, in the ordered model
        self._load(pathlib.Path(self.root), self.tree)

    def _load(self, directory, node):
        for entry in sorted(directory.iterdir()):
            if entry.is_dir():
                child = DirNode()
                self._load(entry, child)
            else:
                child = FileNode(entry.read_bytes())
            node.durable[entry.name] = node.live[entry.name] = child

    def play(self, operation):
        """Follows one recorded call."""
        self.serial += 1
        op, path = operation.op, operation.path
        if op in ("fsync", "fdatasync"):
            node = self._find(path)
            if node is None:
                return  # a file that has no name any more
            if operation.result >= 0:
                node.sync()
                self.committed = self.serial
            elif isinstance(node, FileNode):
                node.sync_failed()
        elif operation.result < 0 or op in ("sync_file_range", "reserve", "mark"):
            return
        elif op == "syncfs":
            self._sync_all(self.tree)
            self.committed = self.serial
        elif op in ("write", "truncate", "grow"):
            node = self._find(path)
            if node is not None:
                node.change((op, operation.offset, operation.data))
        elif op in ("create", "mkdir"):
            self._set(path, FileNode() if op == "create" else DirNode())
        elif op == "unlink":
            self._set(path, None)
        elif op == "link":
            self._set(operation.second_path, self._find(path))
        elif op == "rename":
            node = self._find(path)
            self._set(path, None)
            self._set(operation.second_path, node)
        else:
            raise ValueError(f"unknown call {op}")

    def is_sync_of(self, operation, kind):
        """Whether the call syncs "directories" or "files" (a whole file system counts as both)."""
        if operation.op == "syncfs":
            return True
        wanted = DirNode if kind == "directories" else FileNode
        is_sync = operation.op in ("fsync", "fdatasync")
        return is_sync and isinstance(self._find(operation.path), wanted)

    def _parts(self, path):
        if not path.startswith(self.root + "/"):
            return None if path != self.root else []
        return path[len(self.root) + 1:].split("/")

    def _find(self, path):
        parts = self._parts(path)
        node = self.tree if parts is not None else None
        for part in parts or []:
            node = node.live.get(part) if isinstance(node, DirNode) else None
        return node

    def _set(self, path, node):
        parts = self._parts(path)
        if not parts:
            return
        parent = self._find(os.path.dirname(path))
        if not isinstance(parent, DirNode):
            raise ValueError(f"{path}: its directory is not known")
        parent.change(self.serial, parts[-1], node)

    def _sync_all(self, node):
        node.sync()
        if isinstance(node, DirNode):
            for child in node.live.values():
                self._sync_all(child)

    def rebuild(self, mode, rng=None):
        """Writes the tree below root as it may look now.  Modes: kept, worst, mixed, ordered."""
        cut = rng.randint(self.committed, self.serial) if mode == "ordered" else None
        kept_calls = {}

        def survives(serial):
            if mode == "ordered":
                return serial <= cut
            # The halves of one rename live or die together.
            return kept_calls.setdefault(serial, rng.random() < 0.5)

        def names(node):
            if mode in ("kept", "worst"):
                return node.live if mode == "kept" else node.durable
            result = dict(node.durable)
            for serial, name, child in node.pending:
                if survives(serial):
                    set_name(result, name, child)
            return result

        def bytes_of(node):
            if mode == "kept" and not node.lost:
                return bytes(node.live)
            content = bytearray(node.durable)
            for change in node.pending if mode != "worst" else ():
                fate = 0 if mode == "kept" else rng.random()
                if fate < 0.4:
                    apply_change(content, change)
                elif fate < 0.6 and change[0] == "write":  # torn at a sector
                    half = rng.randrange(0, len(change[2]) + 1, 512)
                    apply_change(content, ("write", change[1], change[2][:half]))
            return bytes(content)

        def write(node, path):
            os.mkdir(path)
            for name, child in names(node).items():
                if isinstance(child, DirNode):
                    write(child, f"{path}/{name}")
                else:
                    with open(f"{path}/{name}", "wb") as out:
                        out.write(bytes_of(child))

        empty(self.root)
        os.rmdir(self.root)
        write(self.tree, self.root)


def empty(directory):
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            empty(entry.path)
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)
