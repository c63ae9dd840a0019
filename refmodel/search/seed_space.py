"""Where the seed machine is searched: what is dead in its states, what bounds it, and why.

Every bound is a choice about reach, not about truth: the proofs hold for any size and any number of rounds.
"""

from typing import Any

from refmodel.language import Action, Sizes
from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.space import Space
from refmodel.seed import Seed
from refmodel.state import Machine, Phase, Stage

__all__ = ["DEAD", "LEFT_OUT", "PRELUDE", "RENAMED", "ROUNDS", "SIZES", "seed_space"]

SIZES: Sizes = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}
"""Two of each, so that there is always another page, an alias, a CPU that was not asked. One word: a store may fall
before or after the read of the only word too. Two values: only equality matters, and one store changes it."""
ROUNDS = 1
"""How many rounds may follow the first: after one, a page has been sent, dirtied, harvested and sent again."""
RENAMED = ("pfn", "vpn", "cpu", "word")
"""The sorts up to whose names states are one. Values are not among them: a rule below does better."""
PRELUDE = (Action("begin"),)
"""``begin`` comes first. Until it, nothing but the guest moves, and no step of the guest tells BEFORE from SETUP, nor
touches what ``begin`` changes: whatever the guest does before, it can do after, and come to the same state."""
LEFT_OUT = frozenset({"target_store"})
"""What the guest stores at the target: no claim of this level looks at memory again once the target runs."""
_STANDING = frozenset({Phase.PAUSED, Phase.STOP_AND_COPY, Phase.COMMITTED, Phase.ACKNOWLEDGED, Phase.AFTER})
_OVER = _STANDING | {Phase.ABORTED}
Cells = tuple[Any, ...]


def _frames(present: int, writable: int, frame: Cells) -> tuple[Any, ...]:
    entries = present | writable
    return present, writable, tuple(f if entries >> i & 1 else NOTHING for i, f in enumerate(frame))


def _page(stage: Stage, page: int) -> tuple[Any, ...]:
    return stage, page if stage else NOTHING


def _memory(phase: Phase, source: Cells, target: Cells) -> tuple[Any, ...]:
    differs = (0 if phase == Phase.ABORTED else int(s != t) for s, t in zip(source, target, strict=True))
    return phase, (0,) * len(source), tuple(differs)


def _registers(phase: Phase, source: Cells, target: Cells) -> tuple[Any, ...]:
    differs = (0 if phase == Phase.ABORTED else int(s != t) for s, t in zip(source, target, strict=True))
    return phase, (0,) * len(source), tuple(differs)


def _tables(
    phase: Phase, ours: int, our_frames: Cells, our_rights: int, theirs: int, frames: Cells, rights: int
) -> tuple[Any, ...]:
    nowhere = (NOTHING,) * len(frames)
    if phase not in _OVER:
        return phase, ours, our_frames, our_rights, theirs, frames, rights
    differs = ours ^ theirs | our_rights ^ rights
    for i, (frame, other) in enumerate(zip(our_frames, frames, strict=True)):
        differs |= (frame != other and ours >> i & 1) << i
    return phase, 0, nowhere, 0, 0 if phase == Phase.ABORTED else differs, nowhere, 0


def _shadow(phase: Phase, present: int, frame: Cells, writable: int, unsynced: int) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, (NOTHING,) * len(frame), 0, 0
    return phase, present, frame, writable, unsynced


def _cpus(
    phase: Phase, on_shadow: int, present: int, frame: Cells, writable: int, unflushed: int, transferred: int
) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, 0, (NOTHING,) * len(frame), 0, 0, 0
    return phase, on_shadow, present, frame, writable, unflushed, transferred


def _given_up(phase: Phase, dirty: int, to_send: int, left: int) -> tuple[Any, ...]:
    if phase == Phase.ABORTED:
        return phase, 0, 0, 0
    return phase, dirty, to_send, 0 if phase in _STANDING else left


def _entries(table: str) -> Rule:
    return Rule(
        (f"{table}.present", f"{table}.writable", f"{table}.frame"),
        _frames,
        "an entry that is neither present nor writable names no frame",
    )


def _table(table: str) -> tuple[str, ...]:
    return f"{table}.present", f"{table}.frame", f"{table}.writable"


DEAD = (
    *(_entries(table) for table in ("source.table", "target.table", "shadow", "cpus")),
    Rule(("transfer.stage", "transfer.page"), _page, "between two pages the engine has none in hand"),
    Rule(
        ("phase", "source.memory", "target.memory"),
        _memory,
        "values go from a cell of the source to the same cell of the target alone, and any may be stored: "
        "only whether the two are equal is seen",
    ),
    Rule(
        ("phase", "source.registers", "target.registers"),
        _registers,
        "the same for registers",
    ),
    Rule(
        ("phase", *_table("source.table"), *_table("target.table")),
        _tables,
        "once the source stands still, no walk reads a table and only whether the two are equal is seen",
    ),
    Rule(
        ("phase", "shadow.present", "shadow.frame", "shadow.writable", "shadow.unsynced"),
        _shadow,
        "once the source stands still, nothing reads or changes the shadow, and what is claimed of it was checked",
    ),
    Rule(
        ("phase", "cpus.on_shadow", *_table("cpus"), "cpus.unflushed", "log.transferred"),
        _cpus,
        "once the source stands still, no CPU walks or stores, so that roots, TLBs and protection are idle",
    ),
    Rule(
        ("phase", "log.dirty", "rounds.to_send", "rounds.left"),
        _given_up,
        "no round follows once the source stands still, and nothing is sent after an abort",
    ),
)
"""Dead fields. The search does not go on from ABORTED: there is no second migration at this level, so that what the
guest does then reaches nothing that is claimed; hence everything the migration leaves behind is dead there too."""


def _is_end(m: Machine) -> bool:
    return m.phase == Phase.ABORTED


def seed_space(spec: Seed, sizes: Sizes = SIZES, rounds: int = ROUNDS, symmetry: bool = True) -> Space:
    """The machine, or a variant of it, from where the prelude leaves it; before, all that is free is 0."""
    start = spec.start(sizes)
    start = start.but(rounds=start.rounds.but(left=rounds))
    for action in PRELUDE:
        start = spec.take(start, action)
    return Space(spec, sizes, start, RENAMED if symmetry else (), DEAD, LEFT_OUT, _is_end)
