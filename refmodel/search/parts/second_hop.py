"""The part ``second-hop``: an end is no end here, so that all rules that rest on the phase are made anew."""

from typing import Any

from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.state import Phase

__all__ = ["SPACE"]

Cells = tuple[Any, ...]


def _memory(source: Cells, target: Cells, copied: Cells) -> tuple[Any, ...]:
    differs = tuple(int(s != t) for s, t in zip(source, target, strict=True))
    read = (0 if c == s else 1 if c == t else 2 for s, t, c in zip(source, target, copied, strict=True))
    return (0,) * len(source), differs, tuple(read)


def _registers(source: Cells, target: Cells, sent: int) -> tuple[Any, ...]:
    differs = (int(s != t) & sent >> cpu for cpu, (s, t) in enumerate(zip(source, target, strict=True)))
    return (0,) * len(source), tuple(differs), sent


def _target_table(sent: bool, present: int, frame: Cells, writable: int) -> tuple[Any, ...]:
    return (sent, present, frame, writable) if sent else (sent, 0, (NOTHING,) * len(frame), 0)


def _given_up(phase: Phase, noted: int, configured: bool, table_sent: bool, sent: int) -> tuple[Any, ...]:
    return (phase, 0, False, False, 0) if phase == Phase.ABORTED else (phase, noted, configured, table_sent, sent)


def _idle(phase: Phase, present: int, frame: Cells, writable: int, more: int) -> tuple[Any, ...]:
    return (
        (phase, 0, (NOTHING,) * len(frame), 0, 0) if phase == Phase.AFTER else (phase, present, frame, writable, more)
    )


def _logged(phase: Phase, *sets: int) -> tuple[Any, ...]:
    return phase, *((0,) * len(sets) if phase == Phase.AFTER else sets)


SPACE = PartSpace(
    dead=(
        Rule(
            ("phase", "ghost.noted", "hand_over.configured", "hand_over.table_sent", "hand_over.registers_sent"),
            _given_up,
            "after an abort nothing is sent, and when another migration begins all of it is made anew",
        ),
        Rule(
            ("source.memory", "target.memory", "ghost.copied"),
            _memory,
            "values go from a cell of the source to the same cell of the target alone, and any may be stored",
        ),
        Rule(
            ("source.registers", "target.registers", "hand_over.registers_sent"),
            _registers,
            "the same for registers, and until they are sent the target's are looked at by nobody",
        ),
        Rule(
            ("hand_over.table_sent", "target.table.present", "target.table.frame", "target.table.writable"),
            _target_table,
            "until the table is sent the target's is looked at by nobody",
        ),
        Rule(
            ("phase", "shadow.present", "shadow.frame", "shadow.writable", "shadow.unsynced"),
            _idle,
            "once the target runs nothing reads the source's shadow; the next host starts with none",
        ),
        Rule(
            ("phase", "cpus.present", "cpus.frame", "cpus.writable", "cpus.unflushed"),
            _idle,
            "once the target runs no CPU walks or stores at the source; the next host's start with empty TLBs",
        ),
        Rule(
            ("phase", "cpus.on_shadow", "log.dirty", "rounds.to_send", "ghost.noted", "protection.transferred"),
            _logged,
            "once the target runs roots, marks and protection of the source are idle; the next host has its own",
        ),
    ),
    alive=frozenset({"phase"}),
    prelude=CONFIGURED,
    goes_on_after_abort=lambda m: True,
)
