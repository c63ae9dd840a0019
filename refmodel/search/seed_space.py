"""Where a machine is searched: what is dead in the states that every machine has, what bounds it, and why.

Every bound is a choice about reach, not about truth: the proofs hold for any size and any number of rounds.
"""

from collections.abc import Callable, Sequence
from typing import Any

from refmodel.handover.reservation import Reservation
from refmodel.language import Action, Sizes
from refmodel.migration import AnyMachine
from refmodel.parts import PARTS
from refmodel.search.dead import Rule
from refmodel.search.layout import NOTHING
from refmodel.search.parts import PartSpace, part_spaces
from refmodel.search.parts.preludes import CONFIGURED
from refmodel.search.space import Space
from refmodel.state import Phase, Stage

__all__ = [
    "DEAD",
    "LEFT_OUT",
    "PRELUDE",
    "RENAMED",
    "ROUNDS",
    "SIZES",
    "prelude_of",
    "seed_space",
    "sizes_for",
    "start_of",
]

SIZES: Sizes = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 2}
"""Two of each, so that there is always another page, an alias, a CPU that was not asked. One word: a store may fall
before or after the read of the only word too. Two values: only equality matters, and one store changes it."""
ROUNDS = 1
"""How many rounds may follow the first: after one, a page has been sent, dirtied, harvested and sent again."""
RENAMED = ("pfn", "vpn", "cpu", "word")
"""The sorts up to whose names states are one. Values are not among them: a rule below does better."""
PRELUDE = (Action("begin"),)
"""``begin`` comes first. Until it, nothing but the guest moves, and no step of the guest tells BEFORE from SETUP, nor
touches what ``begin`` changes: whatever the guest does before, it can do after, and come to the same state. So it is
with the bare machine; for one with further parts that begin comes first is a bound, where its part gives no prelude."""
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


def _memory(phase: Phase, source: Cells, target: Cells, copied: Cells) -> tuple[Any, ...]:
    nothing = (0,) * len(source)
    if phase == Phase.ABORTED:
        return phase, nothing, nothing, nothing
    differs = tuple(int(s != t) for s, t in zip(source, target, strict=True))
    read = (0 if c == s else 1 if c == t else 2 for s, t, c in zip(source, target, copied, strict=True))
    return phase, nothing, differs, tuple(read)


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


def _cpus(phase: Phase, on_shadow: int, present: int, frame: Cells, writable: int, unflushed: int) -> tuple[Any, ...]:
    if phase in _OVER:
        return phase, 0, 0, (NOTHING,) * len(frame), 0, 0
    return phase, on_shadow, present, frame, writable, unflushed


def _given_up(phase: Phase, dirty: int, to_send: int, noted: int, left: int) -> tuple[Any, ...]:
    if phase == Phase.ABORTED:
        return phase, 0, 0, 0, 0
    return phase, dirty, to_send, noted, 0 if phase in _STANDING else left


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
        ("phase", "source.memory", "target.memory", "ghost.copied"),
        _memory,
        "values go from a cell of the source to the same cell of the target alone, and any may be stored: "
        "only whether the two, and what was read, are equal is seen",
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
        ("phase", "cpus.on_shadow", *_table("cpus"), "cpus.unflushed"),
        _cpus,
        "once the source stands still, no CPU walks or stores, so that roots and TLBs are idle",
    ),
    Rule(
        ("phase", "log.dirty", "rounds.to_send", "ghost.noted", "rounds.left"),
        _given_up,
        "no round follows once the source stands still, and nothing is sent after an abort",
    ),
)
"""Dead fields. The search does not go on from ABORTED: there is no second migration at this level, so that what the
guest does then reaches nothing that is claimed; hence everything the migration leaves behind is dead there too."""


def _end(parts: Sequence[PartSpace]) -> Callable[[Any], bool]:
    return lambda m: m.phase == Phase.ABORTED and not any(part.goes_on_after_abort(m) for part in parts)


def prelude_of(spec: AnyMachine) -> tuple[Action, ...]:
    """The actions that come first; the configuration waits for the reservation, where the target is asked for one."""
    prelude = next((part.prelude for part in part_spaces(spec) if part.prelude is not None), PRELUDE)
    is_asked = isinstance(spec, Reservation) and prelude == CONFIGURED
    return (*PRELUDE, Action("reserve"), *prelude[len(PRELUDE) :]) if is_asked else prelude


def sizes_for(spec: AnyMachine, sizes: Sizes) -> Sizes:
    """The sizes with those of the sorts that the machine's parts add, and with as many of each as its parts need."""
    own = {name: size for part in PARTS.values() if isinstance(spec, part.cls) for name, size in part.sizes.items()}
    found = {**own, **sizes}
    for part in part_spaces(spec):
        found |= {name: max(least, found.get(name, 0)) for name, least in part.sizes.items()}
    return {name: size for name, size in found.items() if name in spec.sorts}


def start_of(spec: AnyMachine, sizes: Sizes, rounds: int) -> Any:
    """The start state, with so many rounds left."""
    start = spec.start(sizes)
    return start.but(rounds=start.rounds.but(left=rounds))


def _looked_at(rule: Rule, parts: Sequence[PartSpace]) -> bool:
    """Some part looks at what the rule takes for dead, so that it holds no more."""
    return any(part.alive & set(rule.paths) for part in parts)


def seed_space(spec: AnyMachine, sizes: Sizes = SIZES, rounds: int = ROUNDS, symmetry: bool = True) -> Space:
    """The machine, or a variant of it, from where the prelude leaves it."""
    parts = part_spaces(spec)
    start = start_of(spec, sizes, rounds)
    for action in prelude_of(spec):
        start = spec.take(start, action)
    dead = [rule for rule in DEAD if not _looked_at(rule, parts)]
    for part in parts:
        others = [other for other in parts if other is not part]
        dead += [rule for rule in part.dead if not _looked_at(rule, others)]
    renamed = (*RENAMED, *(sort for part in parts for sort in part.renamed))
    left_out = LEFT_OUT.difference(*(part.taken for part in parts)).union(*(part.left_out for part in parts))
    return Space(spec, sizes, start, renamed if symmetry else (), tuple(dead), left_out, _end(parts))
