"""A log of the guest's stores, as CSV: ``kind,n,t_ns,pfn,off,size,count,t_last_ns,value``.

A row is a run of stores to one page: the number of the first, its time, place and size in bytes, how many there are,
the time of the last (CLOCK_REALTIME in nanoseconds), and in hex the eight bytes at ``off`` after the run (little
endian).
Kind ``b`` is the last run before the migration, ``w`` a run during it, in the order of the stores.
"""

import re
from collections.abc import Iterator

from attrs import frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import BadLine, WrongCompanion
from refmodel.oracle.readers.qemu_lines import text_lines
from refmodel.oracle.readers.qemu_wire import PAGE_SIZE

HEADER = "kind,n,t_ns,pfn,off,size,count,t_last_ns,value"
BACK = 100_000_000
"""How far in nanoseconds a run may begin before an earlier row's beginning."""

_ROW = re.compile(r"([bw])," + ",".join([r"(\d{1,19})"] * 7) + r",([0-9a-f]{1,16})", re.ASCII)


@frozen
class Stores:
    """A run of stores to the page `pfn`; times in nanoseconds, `at` and `size` of the first in bytes."""

    line: int
    during: bool
    first: int
    pfn: int
    at: int
    size: int
    count: int
    last: int
    value: int

    def bytes_there(self) -> bytes | None:
        """What the run left at `at`, where that is all that it stored; None where it is not known."""
        if self.count != 1 or self.size > 8 or self.at + self.size > PAGE_SIZE:
            return None
        return self.value.to_bytes(8, "little")[: self.size]


def read_stores(source: ByteSource) -> Iterator[Stores]:
    """Yield the rows. Raises `BadLine`, and `WrongCompanion` where the clock jumps back by more than `BACK`."""
    latest = 0
    empty = True
    for number, text in text_lines(source, ended=True):
        if number == 1:
            empty = False
            if text != HEADER:
                raise BadLine(source.name, 1, f"{text[:60]!r}", f"the header {HEADER}")
            continue
        row = _ROW.fullmatch(text)
        if row is None:
            raise BadLine(source.name, number, f"{text[:90]!r}", f"a row of {HEADER}")
        _, first, pfn, at, size, count, last = (int(value) for value in row.groups()[1:8])
        if not count or not size or at >= PAGE_SIZE or last < first:
            expected = (
                f"at least one store, of a byte or more, at an offset below {PAGE_SIZE}, that ends after it begins"
            )
            raise BadLine(source.name, number, f"{text[:90]!r}", expected)
        if first < latest - BACK:
            what = f"line {number}: the clock jumps back by {(latest - first) / 1e9:.3f} s"
            raise WrongCompanion(source.name, what, "one run of one clock")
        latest = max(latest, first)
        yield Stores(number, row[1] == "w", first, pfn, at, size, count, last, int(row[9], 16))
    if empty:
        raise BadLine(source.name, 1, "an empty file", f"the header {HEADER}")
