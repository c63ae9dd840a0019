"""Opening an input whatever its compression, which is told by its first bytes and not by its name."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from refmodel.oracle.readers.bytesource import ByteSource, Readable
from refmodel.oracle.readers.decompressors import CorruptError, CutShortError, Read, gzip_pieces, xz_pieces, zstd_pieces
from refmodel.oracle.readers.errors import UnusableInput

_FORMATS: tuple[tuple[bytes, str, Callable[[Read], Iterator[bytes]]], ...] = (
    (b"\x28\xb5\x2f\xfd", "zstd", zstd_pieces),
    (b"\xfd7zXZ\x00", "xz", xz_pieces),
    (b"\x1f\x8b", "gzip", gzip_pieces),
)
_SUFFIXES = ("", ".zst", ".xz", ".gz")
_LONGEST_MAGIC = max(len(magic) for magic, _, _ in _FORMATS)


def beside(folder: Path, *names: str) -> Path | None:
    """The file in the folder of one of these names, plain or compressed; the first there is, in this order."""
    paths = (folder / (name + suffix) for name in names for suffix in _SUFFIXES)
    return next((path for path in paths if path.exists()), None)


@contextmanager
def open_input(path: str) -> Iterator[ByteSource]:
    """Open the file `path`, or standard input for '-', as a source of its decompressed bytes.

    Offsets count decompressed bytes. Raises `UnusableInput`, here or while the source is read, when the file cannot be
    opened or read and when the compressed data is corrupt or cut short.
    """
    if path == "-":
        yield decompressed(sys.stdin.buffer, path)
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; only the opening belongs in this try
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnusableInput(path, 0, f"the file cannot be opened ({reason})", "a readable file") from error
    with file:
        yield decompressed(file, path)


def decompressed(file: BinaryIO | Readable, name: str) -> ByteSource:
    """Return a source of the decompressed bytes of `file`; `name` is for messages. Raises `UnusableInput`."""
    raw = ByteSource(file, name)
    start = raw.peek(_LONGEST_MAGIC)
    for magic, label, pieces in _FORMATS:
        if start.startswith(magic):
            return ByteSource(_Decompressed(raw, label, pieces), name)
    return raw


class _Decompressed:
    """The decompressed bytes of `raw` as a readable file."""

    def __init__(self, raw: ByteSource, label: str, pieces: Callable[[Read], Iterator[bytes]]) -> None:
        self._raw = raw
        self._label = label
        self._pieces = pieces(raw.read_some)
        self._piece = b""
        self._position = 0
        self._offset = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end. Raises `UnusableInput`."""
        while self._position >= len(self._piece):
            try:
                self._piece = next(self._pieces)
            except StopIteration:
                return b""
            except CutShortError as error:
                raise self._unusable("ends in the middle") from error
            except CorruptError as error:
                raise self._unusable(f"is corrupt ({error})") from error
            self._position = 0
        data = self._piece[self._position : self._position + size]
        self._position += len(data)
        self._offset += len(data)
        return data

    def _unusable(self, why: str) -> UnusableInput:
        what = f"the {self._label} data {why}, after compressed byte {self._raw.offset},"
        return UnusableInput(self._raw.name, self._offset, what, f"whole {self._label} data")
