"""The log of the sender's log-dirty calls (``logdirty.log``): one call a line, in the order in which they were made.

A line is `SECONDS WORD ...`, SECONDS of a clock that does not go back. Read are: ``logdirty_control`` and ``peek`` (a
harvest: what Xen counted, and which bitmap it returned), ``shadow_control`` (ENABLE, OFF), ``policy`` (a policy other
than the toolstack's own was asked, and decided) and ``stall`` (the machine was held still for a look at its tables).
Other words are the toolstack's progress.
"""

import re

from attrs import frozen

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import UnusableInput

__all__ = ["CallLog", "Control", "Decision", "Harvest", "Stall", "read_call_log"]

_LARGEST = 1 << 24
_LINE = re.compile(r"(\d{1,12}\.\d{1,9}) (\w+)(?: (.*))?", re.ASCII)
_FIELD = re.compile(r"(?<![\w#])([\w#]+)=(-?\d{1,18})(?=\s|$)", re.ASCII)
_DECISION = re.compile(r"iteration=(\d{1,9}) total_written=(\d{1,18}) dirty=(-?\d{1,18}) -> (continue|stop|abort)")
_OPERATION = re.compile(r"\bop=(\w+)\(", re.ASCII)


@frozen
class Harvest:
    """Xen returned its dirty bitmap; CLEAN also cleared it, PEEK did not. `final`: after the guest's suspension.

    `faults` and `dirty` are Xen's counts since the last CLEAN; `marked` is how many bits were counted in the bitmap,
    which is number `number` of its file and `length` bytes long.
    """

    seconds: float
    line: int
    peek: bool
    final: bool
    domid: int | None
    pages: int
    faults: int
    dirty: int
    marked: int
    extra: bool
    """A PEEK that the recorder added: its bitmap lies in a file of its own."""
    number: int
    length: int


@frozen
class Control:
    """Log-dirty mode was switched: ENABLE_LOGDIRTY, OFF."""

    seconds: float
    line: int
    operation: str
    domid: int

    @property
    def enables(self) -> bool:
        """Whether stores are logged from here on."""
        return self.operation.startswith("ENABLE")


@frozen
class Stall:
    """The machine was held still from here on, or until here."""

    seconds: float
    begins: bool


@frozen
class Decision:
    """A policy was asked whether rounds go on: what it was told, and its answer. Once a round is over `dirty` is -1."""

    line: int
    iteration: int
    total: int
    dirty: int
    goes_on: bool


@frozen
class CallLog:
    """The calls, in order."""

    name: str
    calls: tuple[Harvest | Control | Decision | Stall, ...]


def read_call_log(source: ByteSource) -> CallLog:
    """Read the log. Raises `UnusableInput` for a line that is none, a failed call, and a clock that goes back."""
    data = source.read_rest(_LARGEST, "the call log")
    lines = data.split(b"\n")
    if lines.pop():
        raise UnusableInput(source.name, len(data), "the call log ends in mid-line", "a whole line")
    calls: list[Harvest | Control | Decision | Stall] = []
    before, offset = 0.0, 0
    for number, raw in enumerate(lines, 1):
        line = raw.decode("ascii", "replace")
        match = _LINE.fullmatch(line)
        if match is None:
            raise UnusableInput(source.name, offset, f"line {number}, {line[:60]!r}", "SECONDS WORD ...")
        seconds, word, rest = float(match[1]), match[2], match[3] or ""
        if seconds < before:
            what = f"the clock of line {number} jumps back from {before} to {seconds}"
            raise UnusableInput(source.name, offset, what, "times in order")
        before = seconds
        call = _call(source, offset, number, seconds, word, rest)
        if call is not None:
            calls.append(call)
        offset += len(raw) + 1
    return CallLog(source.name, tuple(calls))


def _call(
    source: ByteSource, offset: int, line: int, seconds: float, word: str, rest: str
) -> Harvest | Control | Decision | Stall | None:
    if word == "stall":
        return Stall(seconds, rest.startswith("begin"))
    if word == "policy" and (asked := _DECISION.fullmatch(rest)):
        return Decision(line, int(asked[1]), int(asked[2]), int(asked[3]), asked[4] == "continue")
    if word not in ("shadow_control", "logdirty_control", "peek"):
        return None
    fields = {name: int(value) for name, value in _FIELD.findall(rest)}
    match = _OPERATION.search(rest)
    operation = match[1] if match else "PEEK" if word == "peek" else ""
    needed = ["rc", "dom"] if word == "shadow_control" else ["rc", "faults", "dirty", "popcount", "len"]
    number = next((fields[name] for name in ("bitmap#", "peek#") if name in fields), None)
    if missing := [name for name in needed if name not in fields]:
        raise UnusableInput(source.name, offset, f"{word} on line {line} without {missing[0]}=", "all fields of a call")
    if fields["rc"] < 0:
        raise UnusableInput(
            source.name, offset, f"{word} on line {line} failed (rc={fields['rc']})", "a call that worked"
        )
    if word == "shadow_control":
        return Control(seconds, line, operation, fields["dom"])
    if operation not in ("CLEAN", "PEEK") or number is None or min(fields["len"], number, fields["popcount"]) < 0:
        raise UnusableInput(
            source.name, offset, f"{word} on line {line}: {rest[:60]!r}", "CLEAN or PEEK and its bitmap"
        )
    return Harvest(
        seconds,
        line,
        operation == "PEEK",
        bool(fields.get("mode", 0) & 1),
        fields.get("dom"),
        fields["rc"],
        fields["faults"],
        fields["dirty"],
        fields["popcount"],
        "peek#" in fields,
        number,
        fields["len"],
    )
