"""The memory of a PV guest that was suspended: an image with frames and types, or the bytes of its pages in order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import evolve, frozen

from refmodel.fast.columns import Columns, Space
from refmodel.fast.hashing import Hasher
from refmodel.fast.images import Image, Wanted
from refmodel.fast.rows import ROWS, columns_of
from refmodel.fast.xen_pages import word_of_text
from refmodel.oracle.events import Event, Memory
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.xen.memory_image import read_image
from refmodel.oracle.xen.results import BLOCK
from refmodel.unusable import Unusable

__all__ = ["XenMemory"]


@frozen
class XenMemory:
    """An image (``src.mem``, whose page tables are put in the form in which they travel), or raw pages."""

    side: str
    path: str
    is_raw: bool
    opens: Any = None
    """Of raw pages: opens a file of them; by default that of the path."""

    def columns(self, number: int, sent: Any, plain: bool, hasher: Hasher, wanted: Wanted | None) -> Iterator[Columns]:
        """What the source had; ``sent`` are the pages that travelled, ``plain``: as pages with data and no tables."""
        if self.is_raw:
            yield from self._raw(number, len(sent), plain, hasher, wanted)
            return
        space = Space([(BLOCK, len(sent))])
        with open_input(self.path) as source:
            image = read_image(source)
        pfns = sorted(image.types.keys() | set(map(int, np.flatnonzero(sent))))
        if pfns and pfns[-1] >= len(sent):
            raise Unusable(self.path, f"pfn {pfns[-1]}", f"a guest of {len(sent)} pages")
        known: list[Event] = [
            Memory("source", BLOCK, pfn, text) for pfn in pfns if (text := image.digest_of(pfn)) is not None
        ]
        for start in range(0, len(known), ROWS):
            yield columns_of(known[start : start + ROWS], number + start, space, word_of_text)

    def _raw(self, number: int, pages: int, plain: bool, hasher: Hasher, wanted: Wanted | None) -> Iterator[Columns]:
        if not plain:
            what = "raw pages, of a guest with page tables or with pages that have no data"
            raise Unusable(self.path, what, "src.mem, which says what each page is")
        opens = self.opens
        if opens is None:
            from refmodel.fast.inputs import opens as by_path

            opens = by_path(self.path)
        space = Space([(BLOCK, pages)])
        for columns in Image(BLOCK, self.path, opens).columns("source", number, space, hasher, wanted):
            yield evolve(columns, event=_typed(columns))


def _typed(columns: Columns) -> Any:
    """Rows as events, with the type that digests of Xen's pages have."""

    def event(row: int) -> Event:
        plain = columns.event(row)
        assert isinstance(plain, Memory)
        return evolve(plain, digest=f"page:{plain.digest}")

    return event
