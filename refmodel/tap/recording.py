"""What is kept of a migration, as recordings are: ``stream``, ``stream.mfdN``, ``truth.json``, ``result.json``."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from refmodel.fast.columns import Space
from refmodel.fast.hashing import sha, text_of
from refmodel.fast.images import Image
from refmodel.unusable import Unusable

__all__ = ["Kept"]


class Kept:
    """A folder that a migration is kept in; what cannot be written is reported once, and harms nobody."""

    def __init__(self, folder: Path | None, failed: Callable[[str], None]) -> None:
        self._folder = folder
        self._failed = failed
        self._files: dict[str, BinaryIO] = {}
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unusable(str(folder), error.strerror or str(error), "a folder") from None
            if any(folder.iterdir()):
                raise Unusable(str(folder), "a folder with something in it", "an empty one, or none")

    def write(self, name: str, data: bytes) -> None:
        """More bytes of a file."""
        if self._folder is None:
            return
        try:
            if name not in self._files:
                self._files[name] = (self._folder / name).open("wb")
            self._files[name].write(data)
        except OSError as error:
            self._failed(f"the recording ends: {self._folder / name}: {error.strerror or error}")
            self._folder = None

    def truth(self, images: Iterable[Image]) -> None:
        """The source's memory, as digests, where it lies in files."""
        if self._folder is None:
            return
        images = [image for image in images if Path(image.name).is_file()]
        space = Space((image.block, Path(image.name).stat().st_size >> 12) for image in images)
        found: dict[str, dict[str, str]] = {}
        try:
            for image in images:
                pages = found.setdefault(image.block, {})
                for columns in image.columns("source", 1, space, sha(), None):
                    first = int(columns.page[0]) - space.first[image.block]
                    pages.update({str(first + row): text_of(int(word)) for row, word in enumerate(columns.digest)})
        except Unusable as error:
            self._failed(f"no truth is kept: {error}")
            return
        if found:
            self.write("truth.json", orjson.dumps({"source": found}))

    def result(self, told: dict[str, Any]) -> None:
        """What came of it."""
        self.write("result.json", orjson.dumps(told, option=orjson.OPT_INDENT_2))

    def close(self) -> None:
        """Everything is written."""
        for file in self._files.values():
            file.close()
        self._files.clear()
