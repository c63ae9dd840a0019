"""Writing of the files of a reduced recording: xz, with settings that give the same bytes for the same content."""

import lzma
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["base_of", "write_packed"]

_SUFFIXES = (".zst", ".xz", ".gz")
_FILTERS: list[dict[str, Any]] = [
    {"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 8 << 20},
]
"""`xz -9` with the window of `xz -6`: a hundred megabytes of memory to write, nine to read."""


def base_of(path: Path) -> str:
    """Return the file's name without that of its compression."""
    return path.name.removesuffix(path.suffix) if path.suffix in _SUFFIXES else path.name


def write_packed(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file."""
    packer = lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC32, filters=_FILTERS)
    with path.open("wb") as file:
        for piece in pieces:
            file.write(packer.compress(piece))
        file.write(packer.flush())
