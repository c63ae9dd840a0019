"""Inputs kept by content: each is named by the SHA-1 of its bytes in hexadecimal, as libFuzzer names them.

So the same input is the same name everywhere, merging is a union of names, and a half-written file gives itself away.
"""

import contextlib
import errno
import os
import re
import stat
from hashlib import sha1
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from refmodel.unusable import Unusable

__all__ = ["FolderStore", "Merged", "Store", "at_once", "merge", "name_of", "read_input", "write_atomically"]

_NAME = re.compile(r"[0-9a-f]{40}")
_READABLE = "a file whose bytes can be read, and have the SHA-1 that is its name"
_LONGEST = 1 << 26
"""Bytes of an input, many times what any target reads."""


def name_of(data: bytes) -> str:
    """The name of an input."""
    return sha1(data, usedforsecurity=False).hexdigest()


def is_name(name: str) -> bool:
    """Whether a file's name can be that of an input."""
    return _NAME.fullmatch(name) is not None


def read_input(path: Path) -> bytes:
    """The bytes of a file. OSError also for what is none, as a pipe or a device, which may have no end, and for one too
    long to be an input.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "Not a file")
    if status.st_size > _LONGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return path.read_bytes()


def at_once(path: str, flags: int) -> int:
    """An opener of a file to be written: a pipe in its place is not waited for."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)


class Store(Protocol):
    """Where inputs are kept: a folder here, or whatever several machines can reach.

    Nothing is ever changed or taken out through it, so any number of processes may use one store at once.
    """

    def names(self) -> set[str]:
        """What is there now, without drafts and files that are no inputs. OSError when it cannot be reached."""
        ...

    def get(self, name: str) -> bytes:
        """The input; Unusable when it is gone, cannot be read, or is not what its name says."""
        ...

    def put(self, data: bytes) -> str:
        """Keep an input, whole or not at all, and say its name; of one that is there already, only the name.

        OSError when it cannot be kept.
        """
        ...


@frozen
class FolderStore:
    """The inputs in a folder of this machine; the folder is there already."""

    folder: Path

    def names(self) -> set[str]:
        with os.scandir(self.folder) as entries:
            return {entry.name for entry in entries if is_name(entry.name)}

    def get(self, name: str) -> bytes:
        path = self.folder / name
        try:
            data = read_input(path)
        except OSError as error:
            raise Unusable(str(path), error.strerror or str(error), _READABLE) from None
        if name_of(data) != name:
            raise Unusable(str(path), "damaged: its content is not what its name says", _READABLE)
        return data

    def put(self, data: bytes) -> str:
        name = name_of(data)
        if not (self.folder / name).exists():
            write_atomically(self.folder / name, data)
        return name


@frozen
class Merged:
    """What a merge brought: the inputs that are new here, and what was wrong with those that could not be had."""

    new: frozenset[str] = frozenset()
    errors: tuple[Unusable, ...] = field(default=(), repr=False)


def merge(into: Store, other: Store) -> Merged:
    """Keep all inputs of another store here as well. One that cannot be read is left out, and told.

    OSError when this store cannot keep an input; what was kept before stays.
    """
    new, errors = set[str](), list[Unusable]()
    for name in sorted(other.names() - into.names()):
        try:
            data = other.get(name)
        except Unusable as error:
            errors.append(error)
        else:
            new.add(into.put(data))
    return Merged(frozenset(new), tuple(errors))


def write_atomically(path: Path, data: bytes, force: bool = True) -> None:
    """Write a file whole or not at all: also when the power fails, unless it is not forced to the disk.

    OSError when it cannot be written; no draft stays then.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            file.write(data)
            if force:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
