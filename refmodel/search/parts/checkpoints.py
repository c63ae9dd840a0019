"""The part ``checkpoints``: a stop is no end here, so that all rules that rest on the phase are made anew."""

from typing import Any

from refmodel.handover.checkpoint_state import Epoch
from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts.part_space import PartSpace
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.search.parts.values import Cells, members, renamed
from refmodel.state import Phase

__all__ = ["SPACE"]

_GONE = frozenset(phase for phase in Phase if phase > Phase.STOP_AND_COPY)
_MARKS = ("phase", "checkpoints.exists", "checkpoints.epoch")
_TABLE = ("present", "frame", "writable")


def _memory(
    phase: Phase, exists: bool, epoch: Epoch, buffered: int, buffer: Cells, taken: Cells, whole: Cells, *memory: Cells
) -> tuple[Any, ...]:
    nothing = (0,) * len(taken)
    if phase == Phase.ABORTED and not exists:
        return phase, exists, epoch, 0, nothing, nothing, nothing, *(nothing for _ in memory)
    of = {cell: cell for cell, _ in members(buffered, 1)}
    source = memory[0]
    taken, whole = taken if epoch else source, whole if exists else source
    *now, then, last, held = renamed((*memory, taken, whole), [(buffer, of)])
    return phase, exists, epoch, buffered, held, then if epoch else nothing, last if exists else nothing, *now


def _registers(
    phase: Phase,
    exists: bool,
    epoch: Epoch,
    sent: int,
    source: Cells,
    target: Cells,
    kept: Cells,
    taken: Cells,
    whole: Cells,
) -> tuple[Any, ...]:
    nothing = (0,) * len(source)
    if phase == Phase.ABORTED and not exists:
        return phase, exists, epoch, sent, nothing, nothing, nothing, nothing, nothing
    there = range(len(source)) if epoch == Epoch.SENT else [cpu for cpu, _ in members(sent, 1)]
    sides = (source, kept if exists else source, taken if epoch else source, whole if exists else source)
    ours, started, then, last, received = renamed(sides, [(target, {cpu: cpu for cpu in there})])
    then, last = then if epoch else nothing, last if exists else nothing
    return phase, exists, epoch, sent, ours, received, started if exists else nothing, then, last


def _table(phase: Phase, exists: bool, epoch: Epoch, sent: bool, *tables: Any) -> tuple[Any, ...]:
    """Target's, kept, taken, whole: three fields each."""
    target, kept, taken, whole = (tables[i : i + 3] for i in range(0, 12, 3))
    seen = (sent or epoch == Epoch.SENT, exists, bool(epoch), exists)
    found: list[Any] = []
    for is_seen, (present, frame, writable) in zip(seen, (target, kept, taken, whole), strict=True):
        if (phase == Phase.ABORTED and not exists) or not is_seen:
            found += (0, (NOTHING,) * len(frame), 0)
        else:
            found += (present, tuple(f if present >> i & 1 else NOTHING for i, f in enumerate(frame)), writable)
    return phase, exists, epoch, sent, *found


def _shadow(phase: Phase, present: int, frame: Cells, writable: int, unsynced: int) -> tuple[Any, ...]:
    if phase in _GONE or phase == Phase.PAUSED:
        return phase, 0, (NOTHING,) * len(frame), 0, 0
    return phase, present, frame, writable, unsynced


def _cpus(phase: Phase, present: int, frame: Cells, writable: int, unflushed: int) -> tuple[Any, ...]:
    if phase in _GONE or phase == Phase.PAUSED:
        return phase, 0, (NOTHING,) * len(frame), 0, 0 if phase in _GONE else unflushed
    return phase, present, frame, writable, unflushed


def _sets(phase: Phase, exists: bool, *sets: int) -> tuple[Any, ...]:
    return phase, exists, *((0,) * len(sets) if phase == Phase.ABORTED and not exists else sets)


SPACE = PartSpace(
    dead=(
        Rule(
            (
                *_MARKS,
                "checkpoints.buffered",
                "checkpoints.buffer",
                "snapshots.taken.memory",
                "snapshots.whole.memory",
                "source.memory",
                "target.memory",
                "ghost.copied",
            ),
            _memory,
            "values go from a cell of the source to the same cell elsewhere, so that only which are equal is seen; "
            "what is not buffered, taken or whole is looked at by nobody, and after an abort nothing if there is none",
        ),
        Rule(
            (
                *_MARKS,
                "hand_over.registers_sent",
                "source.registers",
                "target.registers",
                "checkpoints.kept.registers",
                "snapshots.taken.registers",
                "snapshots.whole.registers",
            ),
            _registers,
            "the same for registers; what was not sent to the target is looked at by nobody",
        ),
        Rule(
            (
                *_MARKS,
                "hand_over.table_sent",
                *(f"target.table.{field}" for field in _TABLE),
                *(f"checkpoints.kept.table.{field}" for field in _TABLE),
                *(f"snapshots.taken.table.{field}" for field in _TABLE),
                *(f"snapshots.whole.table.{field}" for field in _TABLE),
            ),
            _table,
            "the same for tables",
        ),
        Rule(
            ("phase", "shadow.present", "shadow.frame", "shadow.writable", "shadow.unsynced"),
            _shadow,
            "the last harvest blows the shadow, and from the commit on nothing reads it",
        ),
        Rule(
            ("phase", "cpus.present", "cpus.frame", "cpus.writable", "cpus.unflushed"),
            _cpus,
            "the same for TLBs; what the guest has not flushed it still has not when it goes on",
        ),
        Rule(
            (
                "phase",
                "checkpoints.exists",
                "log.dirty",
                "rounds.to_send",
                "ghost.noted",
                "output.fresh",
                "output.taken",
                "output.free",
                "output.released",
                "output.covered",
            ),
            _sets,
            "nothing is sent or let out after an abort, unless the target can take over",
        ),
    ),
    alive=frozenset({"phase", "source.memory", "hand_over.registers_sent", "hand_over.table_sent"}),
    prelude=CONFIGURED,
    goes_on_after_abort=lambda m: m.checkpoints.exists,
)
