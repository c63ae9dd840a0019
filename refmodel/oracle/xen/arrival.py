"""When the receiver read what (``times.txt``), against the log's clock: no pass before the call that asked for it.

A line is `SECONDS OFFSET LENGTH`, one read of the stream; lines that begin with # are the receiver's replies. The
sender is on the same host, so that the clock is the log's.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from attrs import field, frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.xen.harvests import Harvests
from refmodel.oracle.xen.passes import Passes
from refmodel.oracle.xen.results import Misfit, Result, checked, finding, unchecked

__all__ = ["Arrivals", "passes_follow_their_cleans", "read_arrivals"]

_RULE = "no-page-of-a-pass-is-read-before-its-clean"
_LARGEST = 1 << 26
_LINE = re.compile(rb"(\d{1,12}\.\d{1,9}) (\d{1,18}) (\d{1,18})")


@frozen
class Arrivals:
    """The reads in order: the offset of the first byte of each, in bytes, and its time in seconds."""

    name: str
    offsets: tuple[int, ...] = field(repr=False)
    seconds: tuple[float, ...] = field(repr=False)
    length: int

    def at(self, offset: int) -> float:
        """Return when the byte at `offset` was read."""
        return self.seconds[bisect_right(self.offsets, offset) - 1]


def read_arrivals(source: ByteSource) -> Arrivals:
    """Read the file. Raises `UnusableInput` for a line that is none, for a gap, and for a clock that jumps back."""
    data = source.read_rest(_LARGEST, "the times")
    offsets: list[int] = []
    seconds: list[float] = []
    end = place = 0
    for number, line in enumerate(data.splitlines(), 1):
        start, place = place, place + len(line) + 1
        if line.startswith(b"#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None or int(match[2]) != end:
            found = f"line {number}, {line[:60].decode('ascii', 'replace')!r}"
            raise UnusableInput(source.name, start, found, f"SECONDS {end} LENGTH")
        if seconds and float(match[1]) < seconds[-1]:
            what = f"the clock of line {number} jumps back from {seconds[-1]} to {float(match[1])}"
            raise UnusableInput(source.name, start, what, "times in order")
        offsets.append(end)
        seconds.append(float(match[1]))
        end += int(match[3])
    if not offsets:
        raise UnusableInput(source.name, 0, "no read", "SECONDS OFFSET LENGTH")
    return Arrivals(source.name, tuple(offsets), tuple(seconds), end)


def passes_follow_their_cleans(
    arrivals: Arrivals | None, harvests: Harvests | None, passes: Passes | None, length: int
) -> Iterator[Result]:
    """I-ORDER: a pass arrives after the CLEAN that asked for it, the first after ENABLE, the last after the FINAL.

    `passes` knows where each begins, `length` is that of the stream, in bytes.
    The times of a stream of another length are a misfit.
    """
    if arrivals is None or harvests is None or passes is None:
        yield unchecked(_RULE)
        return
    if arrivals.length != length:
        why = f"{arrivals.name}: the times of {arrivals.length} bytes; expected those of a stream of {length}"
        yield Misfit(why)
        yield unchecked(_RULE, why)
        return
    asked = [(offset, f"CLEAN {number}", harvests.cleans[number].call.seconds) for offset, number in passes.starts]
    if harvests.enabled is not None and passes.first is not None:
        asked.append((passes.first, "ENABLE", harvests.enabled.seconds))
    for offset, by, seconds in asked:
        if arrivals.at(offset) < seconds:
            message = f"the pass at {offset:#x} is read at {arrivals.at(offset):.6f}, its {by} is at {seconds:.6f}: "
            yield finding(_RULE, message + "sent before it was asked for, or times of another run")
    yield checked(_RULE, len(asked))
