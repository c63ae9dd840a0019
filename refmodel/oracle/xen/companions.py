"""The files beside a stream, found by name and told apart from a stream that breaks: a companion that cannot be read,
or is cut short, is unusable, and is never held against the migration.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from attrs import frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import beside, open_input
from refmodel.oracle.readers.errors import BrokenStream, UnusableInput
from refmodel.oracle.xen.arrival import Arrivals, read_arrivals
from refmodel.oracle.xen.harvests import Harvests, read_harvests
from refmodel.oracle.xen.memory_image import MemoryImage, read_image
from refmodel.oracle.xen.perf_counters import FIXED_FAULTS, read_counters
from refmodel.oracle.xen.shadow_files import CpuState, Tables, read_registers, read_tables
from refmodel.oracle.xen.trace import Trace, read_trace
from refmodel.unusable import Unusable

__all__ = ["Companions", "read_companions"]

T = TypeVar("T")


@contextmanager
def _opened(path: Path) -> Iterator[ByteSource]:
    with _usable(path), open_input(str(path)) as source:
        yield source


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """A structure that breaks inside a companion makes it unusable."""
    try:
        yield
    except BrokenStream as error:
        raise UnusableInput(str(path), error.offset, f"{error.record}: {error.found}", error.expected) from error


@frozen
class Companions:
    """What lies beside the stream; None for what does not. Memory images are read on demand."""

    folder: Path
    harvests: Harvests | None
    trace: Trace | None
    counter: int | None
    """The counter of fixed faults."""
    tables: Tables | None
    cpus: tuple[CpuState, ...] | None
    arrivals: Arrivals | None
    misfits: list[str]

    def image(self, name: str, keep: frozenset[int], last: int) -> MemoryImage | None:
        """Read the memory image `name`, keeping the pages `keep`; `last` is the guest's last pfn.

        None, and a misfit, for a file that is no image or is of another guest.
        """
        path = beside(self.folder, name)
        if path is None:
            return None
        try:
            with _opened(path) as source:
                image = read_image(source, keep)
            if strange := [pfn for pfn in image.types if pfn > last]:
                raise UnusableInput(str(path), 0, f"pfn {strange[0]}, of another guest", f"pfns of at most {last}")
        except Unusable as error:
            self.misfits.append(str(error))
            return None
        return image

    def of_the_source(self, name: str, keep: frozenset[int], last: int) -> MemoryImage | None:
        """The same, of the domain that the log names; the memory of another is a misfit."""
        image = self.image(name, keep, last)
        if image is not None and self.harvests and self.harvests.domid not in (None, image.domid):
            where = f"domain {self.harvests.domid}, whose calls {self.harvests.name} has"
            self.misfits.append(f"{image.name}: the memory of domain {image.domid}; expected that of {where}")
            return None
        return image


def read_companions(folder: Path, misfits: list[str]) -> Companions:
    """Read what lies in the folder beside the stream; a file that cannot be used is left out, and said in `misfits`."""

    def read(name: str, reader: Callable[[ByteSource], T]) -> T | None:
        path = beside(folder, name)
        if path is None:
            return None
        try:
            with _opened(path) as source:
                return reader(source)
        except Unusable as error:
            misfits.append(str(error))
            return None

    def read_log(source: ByteSource) -> Harvests:
        log, bitmaps, peeks = Path(source.name), beside(folder, "bitmaps.bin"), beside(folder, "peek.bin")
        with _usable(bitmaps or log):
            return read_harvests(log, bitmaps, peeks)

    return Companions(
        folder,
        read("logdirty.log", read_log),
        read("trace.bin", read_trace),
        read("xenperf.txt", lambda source: read_counters(source)[FIXED_FAULTS]),
        read("tables.bin", read_tables),
        read("regs.txt", read_registers),
        read("times.txt", read_arrivals),
        misfits,
    )
