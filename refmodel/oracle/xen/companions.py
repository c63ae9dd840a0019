"""The files beside a stream, found by name and told apart from a stream that breaks: a companion that cannot be read,
or is cut short, is unusable, and is never held against the migration.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.errors import BrokenStream, UnusableInput
from refmodel.oracle.xen.arrival import Arrivals, read_arrivals
from refmodel.oracle.xen.harvests import Harvests, read_harvests
from refmodel.oracle.xen.memory_image import MemoryImage, read_image
from refmodel.oracle.xen.perf_counters import FIXED_FAULTS, read_counters
from refmodel.oracle.xen.shadow_files import CpuState, Tables, read_registers, read_tables
from refmodel.oracle.xen.trace import Trace, read_trace

__all__ = ["Companions", "beside", "read_companions"]

_SUFFIXES = ("", ".zst", ".xz", ".gz")


def beside(folder: Path, *names: str) -> Path | None:
    """Return the file of one of `names` in the folder, plain or compressed."""
    paths = (folder / (name + suffix) for name in names for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


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

    def image(self, name: str, keep: frozenset[int], last: int) -> MemoryImage | None:
        """Read the memory image `name`, keeping the pages `keep`; `last` is the guest's last pfn.

        Raises `UnusableInput` for a file that is no image, or is of another domain than the log or the stream.
        """
        path = beside(self.folder, name)
        if path is None:
            return None
        with _opened(path) as source:
            image = read_image(source, keep)
        if strange := [pfn for pfn in image.types if pfn > last]:
            raise UnusableInput(str(path), 0, f"pfn {strange[0]}, of another guest", f"pfns of at most {last}")
        return image

    def of_the_source(self, name: str, keep: frozenset[int], last: int) -> MemoryImage | None:
        """The same, of the domain that the log names."""
        image = self.image(name, keep, last)
        if image is not None and self.harvests and self.harvests.domid not in (None, image.domid):
            where = f"domain {self.harvests.domid}, whose calls {self.harvests.name} has"
            raise UnusableInput(image.name, 24, f"the memory of domain {image.domid}", where)
        return image


def read_companions(folder: Path) -> Companions:
    """Read what lies in the folder beside the stream. Raises `UnusableInput` for a file that cannot be used."""
    log, bitmaps, peeks = (beside(folder, name) for name in ("logdirty.log", "bitmaps.bin", "peek.bin"))
    harvests = None
    if log is not None:
        with _usable(bitmaps or log):
            harvests = read_harvests(log, bitmaps, peeks)
    trace: Trace | None = None
    counter: int | None = None
    tables: Tables | None = None
    cpus: tuple[CpuState, ...] | None = None
    if path := beside(folder, "trace.bin"):
        with _opened(path) as source:
            trace = read_trace(source)
    if path := beside(folder, "xenperf.txt"):
        with _opened(path) as source:
            counter = read_counters(source)[FIXED_FAULTS]
    if path := beside(folder, "tables.bin"):
        with _opened(path) as source:
            tables = read_tables(source)
    if path := beside(folder, "regs.txt"):
        with _opened(path) as source:
            cpus = read_registers(source)
    arrivals: Arrivals | None = None
    if path := beside(folder, "times.txt"):
        with _opened(path) as source:
            arrivals = read_arrivals(source)
    return Companions(folder, harvests, trace, counter, tables, cpus, arrivals)
