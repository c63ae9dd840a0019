"""The bodies of QEMU's RAM sections: runs of whole pages and of zero pages at once, all else by the oracle's reader."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np

from refmodel.fast.buffered import Buffered
from refmodel.fast.hashing import Hasher, text_of
from refmodel.fast.images import Wanted
from refmodel.fast.rows import RunOfSends
from refmodel.oracle.readers import qemu_wire as wire
from refmodel.oracle.readers.errors import NotReadYet
from refmodel.oracle.readers.qemu_blocks import Blocks
from refmodel.oracle.readers.qemu_contents import Contents
from refmodel.oracle.readers.qemu_multifd import Channels
from refmodel.oracle.readers.qemu_ram import RamReader
from refmodel.oracle.readers.qemu_records import Section

__all__ = ["DELTAS", "FastRam", "NoContents"]

_WHOLE = wire.RAM_PAGE | wire.RAM_CONTINUE
_ZERO = wire.RAM_ZERO | wire.RAM_CONTINUE
_STRIDES = {_WHOLE: 8 + wire.PAGE_SIZE, _ZERO: 9}
DELTAS = "record XBZRLE, of contents that are not kept,"
"""What a verdict says where deltas need ``deltas``."""
_FEWEST = 2
"""A run of fewer records is read one by one."""


class NoContents(Contents):
    """Keeps nothing."""

    def set(self, block: str, pfn: int, data: bytes) -> None:
        """Nothing."""

    def set_fill(self, block: str, pfn: int, fill: int) -> None:
        """Nothing."""

    def get(self, block: str, pfn: int) -> bytes | None:
        """Nobody may ask. Raises `NotReadYet`."""
        raise NotReadYet(self._name, 0, DELTAS, "whole pages, or --deltas")


class FastRam(RamReader):
    """Reads the bodies of RAM sections; yields runs too."""

    def __init__(
        self,
        source: Buffered,
        blocks: Blocks,
        channels: Channels | None,
        hasher: Hasher,
        contents: Contents,
        wanted: Wanted | None,
        joined: Callable[[Blocks], Channels | None] | None,
    ) -> None:
        super().__init__(source, False, blocks, channels, lambda data: text_of(hasher.of(data)), contents)
        self._joined = joined
        self._buffered = source
        self._of = hasher.of
        self._wanted = wanted
        self._keeps = not isinstance(contents, NoContents)
        self._of_fill = np.array([hasher.filled(byte) for byte in range(256)], np.uint64)

    def read_body(self, section: Section) -> Iterator[Any]:
        """Yield the records of the body, and runs of them."""
        while True:
            if not self._keeps:
                while (run := self._run()) is not None:
                    yield run
            if (yield from self._read_record(section)):
                return

    def _read_record(self, section: Section) -> Generator[Any, None, bool]:
        """The next record; the first EOS waits for all channels, so when it is here, they are."""
        if self._joined is not None and int.from_bytes(self._buffered.window(8)[:8], "big") == wire.RAM_EOS:
            self._channels, self._joined = self._joined(self._blocks), None
        return (yield from super()._read_record(section))

    def _run(self) -> RunOfSends | None:
        """The records that come next in the buffer, as far as they are alike and there is nothing to say of them."""
        if self._current is None:
            return None
        view = self._buffered.window(8)
        flags = int.from_bytes(view[6:8], "big") & 0xFFF
        stride = _STRIDES.get(flags)
        if stride is None:
            return None
        if len(view) < stride:  # not before a record of that length is due: a live source may wait after a short one
            view = self._buffered.window(stride)
        if len(view) < _FEWEST * stride:
            return None
        heads = np.ndarray((len(view) // stride,), ">u8", view, 0, (stride,)).astype(np.int64)
        size = self._blocks.sizes[self._current]
        fits = (heads & 0xFFF == flags) & (heads >= 0) & (heads < size)
        count = len(heads) if fits.all() else int(np.argmin(fits))
        if count < _FEWEST:
            return None
        pfn = heads[:count] >> 12
        offset = self._buffered.offset + np.arange(count, dtype=np.int64) * stride
        if flags == _ZERO:
            digest = self._of_fill[np.ndarray((count,), np.uint8, view, 8, (stride,))]
        else:
            digest = self._digests(view, pfn, count)
        self._buffered.skip(count * stride)
        kind = "zero" if flags == _ZERO else "page"
        return RunOfSends(self._current, pfn, digest, offset, lambda row: kind, lambda row: text_of(int(digest[row])))

    def _digests(self, view: memoryview, pfn: Any, count: int) -> Any:
        of, stride = self._of, _STRIDES[_WHOLE]
        if self._wanted is None:
            whole = (of(view[at : at + wire.PAGE_SIZE]) for at in range(8, count * stride, stride))
            return np.fromiter(whole, np.uint64, count)
        digest = np.zeros(count, np.uint64)
        assert self._current is not None
        for row in np.flatnonzero(self._wanted(self._current, pfn)):
            at = 8 + int(row) * stride
            digest[row] = of(view[at : at + wire.PAGE_SIZE])
        return digest
