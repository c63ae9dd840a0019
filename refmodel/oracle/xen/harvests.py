"""The log's calls and their bitmaps, as rounds: the PEEKs of a round, and the CLEAN that closes it."""

from contextlib import ExitStack
from pathlib import Path

from attrs import frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.xen.bitmaps import Bitmap
from refmodel.oracle.xen.call_log import CallLog, Control, Decision, Harvest, Stall, read_call_log

__all__ = ["Harvested", "Harvests", "Round", "read_harvests"]

_LARGEST_BITMAP = 1 << 24


@frozen
class Harvested:
    """A harvest and the bitmap that it returned; None where the bitmap was not recorded."""

    call: Harvest
    bitmap: Bitmap | None


@frozen
class Round:
    """PEEKs up to a CLEAN; the PEEKs after the FINAL one have no CLEAN."""

    peeks: tuple[Harvested, ...]
    clean: Harvested | None


@frozen
class Harvests:
    """The rounds of one migration. `halted`: how many CLEANs came before the machine was held still, if it was."""

    name: str
    domid: int | None
    pages: int
    rounds: tuple[Round, ...]
    halted: int | None
    switched: tuple[Control | Harvest, ...]
    """Each call that switched log-dirty mode, with the harvests before and after it, in order."""
    decisions: tuple[tuple[int, Decision], ...] = ()
    """What a policy of the caller's own decided, each with how many CLEANs came before it."""

    @property
    def cleans(self) -> tuple[Harvested, ...]:
        """The CLEANs in order, the FINAL one included."""
        return tuple(turn.clean for turn in self.rounds if turn.clean is not None)

    @property
    def ends(self) -> bool:
        """Whether the last CLEAN is the FINAL one."""
        return bool(self.cleans) and self.cleans[-1].call.final

    @property
    def controls(self) -> tuple[Control, ...]:
        """Where log-dirty mode of the guest was switched, in order."""
        return tuple(call for call in self.switched if isinstance(call, Control) and call.domid == self.domid)

    @property
    def enabled(self) -> Control | None:
        """The last ENABLE, which the rounds come after; None where none is in the log."""
        return next((call for call in reversed(self.controls) if call.enables), None)

    @property
    def bitmaps(self) -> tuple[Bitmap, ...] | None:
        """The bitmaps of the CLEANs, the FINAL one included; None where one was not recorded."""
        found = tuple(clean.bitmap for clean in self.cleans if clean.bitmap is not None)
        return found if len(found) == len(self.cleans) else None

    @property
    def after_halt(self) -> tuple[Bitmap, ...] | None:
        """The bitmaps of the CLEANs after the machine was held still; None where that is not known to the end."""
        if self.halted is None or not self.ends or self.bitmaps is None:
            return None
        return self.bitmaps[self.halted :] or None


def read_harvests(log: Path, bitmaps: Path | None, peeks: Path | None) -> Harvests:
    """Read the log and the bitmaps that it counts. Raises `UnusableInput` where they do not belong to one another."""
    with open_input(str(log)) as source:
        calls = read_call_log(source)
    with ExitStack() as stack:
        files = [stack.enter_context(open_input(str(path))) if path else None for path in (bitmaps, peeks)]
        harvests = _rounds(calls, files[0], files[1])
        for file in files:
            if file is not None and file.peek(1):
                raise UnusableInput(file.name, file.offset, "bytes that no call of the log accounts for", calls.name)
    return harvests


def _rounds(log: CallLog, bitmaps: ByteSource | None, peeks: ByteSource | None) -> Harvests:
    rounds: list[Round] = []
    open_peeks: list[Harvested] = []
    switched: list[Control | Harvest] = []
    domid, halted, pages, cleans = None, None, 0, 0
    decisions: list[tuple[int, Decision]] = []
    numbers = {False: 0, True: 0}
    for call in log.calls:
        match call:
            case Control():
                switched.append(call)
                domid = call.domid if call.enables or domid is None else domid
                if call.enables:
                    rounds, open_peeks, halted, decisions, cleans = [], [], None, [], 0
            case Decision():
                decisions.append((cleans, call))
            case Stall():
                if call.begins:
                    halted = cleans
            case Harvest():
                pages = pages or call.pages
                if call.pages != pages or call.number != numbers[call.extra]:
                    what = f"line {call.line}: bitmap {call.number} of {call.pages} pages"
                    raise UnusableInput(log.name, 0, what, f"bitmap {numbers[call.extra]} of {pages} pages")
                switched.append(call)
                numbers[call.extra] += 1
                harvested = Harvested(call, _bitmap(log, call, peeks if call.extra else bitmaps))
                if call.peek:
                    open_peeks.append(harvested)
                else:
                    rounds.append(Round(tuple(open_peeks), harvested))
                    open_peeks, cleans = [], cleans + 1
    if open_peeks:
        rounds.append(Round(tuple(open_peeks), None))
    return Harvests(log.name, domid, pages, tuple(rounds), halted, tuple(switched), tuple(decisions))


def _bitmap(log: CallLog, call: Harvest, source: ByteSource | None) -> Bitmap | None:
    if source is None:
        return None
    if call.length != -(-call.pages // 8):
        raise UnusableInput(log.name, 0, f"line {call.line}: len={call.length}", f"{-(-call.pages // 8)} bytes")
    return Bitmap(source.read_exact(call.length, f"bitmap {call.number}", _LARGEST_BITMAP))
