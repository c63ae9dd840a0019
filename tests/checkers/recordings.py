"""A wrong recording for every rule over QEMU's and Xen's companions, and over a stream's bytes; and rules switched off.

A recording may break several rules. Switched off, a rule loses exactly its own findings of it: so no rule goes
unchecked because another one is there.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from sys import modules
from typing import Any
from unittest.mock import patch

from attrs import frozen

from refmodel.oracle.explaining import THE_RULE
from refmodel.oracle.judge import Judge
from refmodel.oracle.lockstep import Lockstep
from refmodel.oracle.qemu.facts import Facts
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.qemu.source_trace import SourceTrace
from refmodel.oracle.qemu.wire import postcopy
from refmodel.oracle.readers.qemu_records import Record
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.verdict import Finding
from refmodel.oracle.xen import results
from refmodel.oracle.xen.rules import RULES as XEN_RULES
from tests.oracle.qemu import test_rules as qemu
from tests.oracle.qemu import test_through_kvm_qemu as kvm_qemu
from tests.oracle.qemu.run import Run, content, judge
from tests.oracle.qemu_writer import Sent
from tests.oracle.test_qemu_records import switch
from tests.oracle.xen import test_through_xen as through_xen
from tests.oracle.xen import test_xen_rules as xen

__all__ = ["COMPANIONS", "Recorded", "switched_off"]

Found = Callable[[Path], tuple[Finding, ...]]


@frozen
class Recorded:
    """A wrong recording: what is wrong with it, and what is found in it, in an empty folder."""

    what: str
    found: Found


@contextmanager
def switched_off(rule: str) -> Iterator[None]:
    """Nothing is found by the rule, wherever it is looked at."""

    def without(owner: type[Any]) -> Any:
        find = owner.find

        def finds(self: Any, broken: str, *arguments: Any, **more: Any) -> None:
            if broken != rule:
                find(self, broken, *arguments, **more)

        return patch.object(owner, "find", finds)

    made = results.finding

    def finding(broken: str, message: str, pfn: int | None = None) -> results.Result:
        return made(broken, message, pfn) if broken != rule else f"{rule} is switched off"

    rooms = [m for n, m in modules.items() if n.startswith("refmodel.oracle.xen.") and hasattr(m, "finding")]
    patches = [*(patch.object(room, "finding", finding) for room in rooms), *map(without, (Judge, Notes, Lockstep))]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def _run(change: Callable[[Run], Any] = lambda run: None, log: bool = True) -> Found:
    """A small run with its trace and store log, some fields of it changed."""

    def found(folder: Path) -> tuple[Finding, ...]:
        run = Run()
        change(run)
        return tuple(judge(folder, run.stream(), run.source(), None, run.log() if log else None).findings)

    return found


def _wire(change: Callable[[list[list[Sent]]], Any]) -> Found:
    """A run whose wire does not carry what was sent, with what the target loaded."""

    def found(folder: Path) -> tuple[Finding, ...]:
        run, passes = Run(), Run().sent()
        change(passes)
        return tuple(judge(folder, run.stream(passes), run.source(), run.target(), run.log()).findings)

    return found


def _traced(change: Callable[[list[str]], list[str]]) -> Found:
    """A run whose source's trace is another."""

    def found(folder: Path) -> tuple[Finding, ...]:
        return tuple(judge(folder, Run().stream(), change(Run().source())).findings)

    return found


def _switched(records: list[Record]) -> Found:
    def found(folder: Path) -> tuple[Finding, ...]:
        notes = Notes()
        postcopy(records, notes)
        return tuple(notes.findings)

    return found


def _packets(folder: Path) -> tuple[Finding, ...]:
    """Three packets of one channel are traced with a page each, and in one there are two."""
    facts, notes = Facts("src.trace", packets=Counter({(0, packet): 1 for packet in range(3)})), Notes()
    trace = SourceTrace(facts, iter(()), notes)
    trace._packets = {(0, 0): 1, (0, 1): 1, (0, 2): 2}
    trace.finish(True, [])
    return tuple(notes.findings)


def _late_clear(lines: list[str]) -> list[str]:
    first = next(n for n, line in enumerate(lines) if "ram_save_page" in line)
    clear = "migration_bitmap_clear_dirty rb pc.ram start 0x0 size 0x40000000 page 0x1"
    return [*lines[: first + 1], lines[first].split(":")[0] + ":" + clear, *lines[first + 1 :]]


def _late_store(folder: Path) -> tuple[Finding, ...]:
    run = Run()
    log = run.log((run.row(3, 205_000),))
    return tuple(judge(folder, run.stream(), run.source(), None, log).findings)


def _cut_short(folder: Path) -> tuple[Finding, ...]:
    (folder / "stream").write_bytes(Run().stream()[:-1])
    return judge_recording(str(folder / "stream")).findings


def _sent_twice_while_paused(folder: Path) -> tuple[Finding, ...]:
    (folder / "events").write_bytes(
        b'{"event": "begin", "version": 1, "blocks": [{"name": "ram", "pages": 1}]}\n{"event": "pause"}\n'
        b'{"event": "send", "block": "ram", "pfn": 0, "digest": "a"}\n'
        b'{"event": "send", "block": "ram", "pfn": 0, "digest": "b"}\n'
        b'{"event": "memory", "side": "source", "block": "ram", "pfn": 0, "digest": "b"}\n'
        b'{"event": "commit"}\n{"event": "activate"}\n'
    )
    return judge_recording(str(folder / "events"), explain=True).findings


_QEMU = {
    qemu.SEND: Recorded("a record is lost on the wire", _wire(lambda passes: passes[1].pop(1))),
    qemu.RECORD: Recorded(
        "an old copy that nobody sent", _wire(lambda passes: passes[2].append(Sent("pc.ram", 1, content(2))))
    ),
    qemu.LOADED: Recorded("a record is lost on the wire", _wire(lambda passes: passes[1].pop(1))),
    qemu.LATE: Recorded("a store after the last record", _run(lambda run: run.stores.append((1, 170_000)))),
    qemu.STOP: Recorded("a store after the stop", _late_store),
    qemu.COUNT: Recorded("more is counted than was stored to", _run(lambda run: run.dirty.__setitem__(2, 7))),
    qemu.CLEAR: Recorded("a chunk is cleared after a page of it was sent", _traced(_late_clear)),
    "sections-are-as-traced": Recorded(
        "a section that failed",
        _traced(lambda lines: [line.replace("section_id 3 -> 0", "section_id 3 -> -5") for line in lines]),
    ),
    "packets-are-as-traced": Recorded("a packet with a page too many", _packets),
    qemu.SENT: Recorded("a page that was dropped at the switch never comes", _switched(switch(1))),
    qemu.KEPT: Recorded("a page that was not dropped is sent after the switch", _switched(switch(1, 2, 3))),
    "copies-in-flight-are-equal": Recorded(
        "two contents of a page on two channels", _switched([qemu.multifd(0, 1), qemu.multifd(1, 2)])
    ),
}


def _first(rows: Any, judged: Callable[[Any, Path], Any]) -> dict[str, Recorded]:
    """The first wrong recording of each rule."""

    def of(change: Any) -> Found:
        return lambda folder: tuple(judged(change, folder).findings)

    found: dict[str, Recorded] = {}
    for rule, what, *_, change in rows:
        found.setdefault(rule, Recorded(what, of(change)))
    return found


COMPANIONS: Mapping[str, Recorded] = {
    "the-stream-is-whole": Recorded("its last byte is missing", _cut_short),
    THE_RULE.name: Recorded("a page changes between two sends while the guest stands still", _sent_twice_while_paused),
    **_QEMU,
    **_first(kvm_qemu.WRONG, lambda make, folder: make().judged(folder)),
    **{rule: each for rule, each in _first(xen.WRONG, xen.judged).items() if rule in XEN_RULES},
    **_first(through_xen.WRONG, through_xen.judged),
}
"""By rule."""
