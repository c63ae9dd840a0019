"""What is kept of a migration, as recordings are: ``stream``, ``stream.mfdN``, ``truth.json``, ``result.json``."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from refmodel.fast.columns import Space
from refmodel.fast.hashing import sha, text_of
from refmodel.fast.images import Image
from refmodel.fast.xen_memory import XenMemory
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
            if there := [path.name for path in folder.iterdir() if path.name.startswith(("stream", "truth", "result"))]:
                raise Unusable(str(folder), f"a folder with {there[0]} in it", "one without a recording, or none")

    def write(self, name: str, data: bytes) -> None:
        """More bytes of a file."""
        if self._folder is None:
            return
        try:
            if name not in self._files:
                self._files[name] = (self._folder / name).open("wb")
            self._files[name].write(data)
        except OSError as error:
            self._ends(name, error)

    def truth(self, memory: Sequence[Image] | Sequence[XenMemory]) -> None:
        """The source's memory, where it lies in files: as digests; of Xen as it is."""
        if self._folder is None:
            return
        images = [each for each in memory if isinstance(each, Image) and Path(each.name).is_file()]
        paths = [Path(each.path) for each in memory if isinstance(each, XenMemory)]
        for path in (path for path in paths if path.is_file()):
            with suppress(OSError):  # a judge that could not read it has said so
                shutil.copyfile(path, self._folder / "src.mem")
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
        for name, file in self._files.items():
            try:
                file.close()
            except OSError as error:  # of what was still to be written
                self._ends(name, error)
        self._files.clear()

    def _ends(self, name: str, error: OSError) -> None:
        if self._folder is not None:
            self._failed(f"the recording ends: {self._folder / name}: {error.strerror or error}")
        self._folder = None
