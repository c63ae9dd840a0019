"""A state as the fuzzer sees it: the same for states that differ only in names and values.

``abstraction_of`` chooses it for a machine: one written for it where there is one (``of_seed``), else one that is read
from the machine itself, its hooks and what its parts add to the state.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from fuzz.kept import kept, parts_read
from refmodel.language import Map, Set
from refmodel.language.state import Leaf, leaves
from refmodel.migration import AnyMachine
from refmodel.seed import Seed
from refmodel.state import Machine, Stage

__all__ = ["MOST", "Abstraction", "abstraction_of", "of_any", "of_seed", "shifts_of"]

Abstraction = Callable[[Any], tuple[int, ...]]
MOST = 3
"""Members of a set are counted up to so many: more of them are no other situation."""


def shifts_of(spec: AnyMachine) -> int:
    """How many of the lowest bits of a page's code in ``of_any`` are its parts'."""
    sets, frames = _of_parts(spec)
    return 2 * len(sets) + len(frames)


def abstraction_of(spec: AnyMachine) -> Abstraction:
    """The abstraction of a machine's states, or of a variant's."""
    return of_seed if isinstance(spec, Seed) else of_any(spec)


def of_seed(m: Any) -> tuple[int, ...]:
    """The phase, and for each page what is known and permitted about it; pages sorted, as their numbers mean nothing.

    Of each page: owed, dirty, transferred; the stage it is in hand at (0: not in hand); whether each word is equal at
    the target; whether shadow entries that name it are present, writable, out of sync; how many CPUs can write it
    through their TLBs (CPUs count only by number), and how many of those have been flushed for it. Bits, from the
    lowest: 1 1 1, 2, 1, 1 1 1, 2 2.
    """
    transfer = m.transfer
    pages, words = m.source.memory.shape
    source, target = m.source.memory.cells, m.target.memory.cells
    owed, dirty, transferred = m.rounds.to_send.bits, m.log.dirty.bits, m.protection.transferred.bits
    codes = _mapped(m)
    first = 0
    for page in range(pages):
        bits = (owed >> page & 1) | (dirty >> page & 1) << 1 | (transferred >> page & 1) << 2
        if source[first : first + words] == target[first : first + words]:
            bits |= 32
        codes[page] |= bits
        first += words
    if transfer.stage != Stage.IDLE:
        codes[transfer.page] |= transfer.stage << 3
    codes.sort()
    return (int(m.phase), *codes)  # an int is hashed faster than what it is a member of


def _mapped(m: Any) -> list[int]:
    """Of each page, how it is mapped: the bits from 64 on that ``of_seed`` describes."""
    shadow, cpus = m.shadow, m.cpus
    frames = shadow.frame.cells
    codes = [0] * m.source.memory.shape[0]
    present, writable, unsynced = shadow.present.bits, shadow.writable.bits, shadow.unsynced.bits
    while present:
        entry = present & -present
        present ^= entry
        flags = 64 | (128 if writable & entry else 0) | (256 if unsynced & entry else 0)
        codes[frames[entry.bit_length() - 1]] |= flags
    held = cpus.writable.bits
    if held:
        _held(m, held, codes)
    return codes


def _held(m: Any, held: int, codes: list[int]) -> None:
    """Add how many CPUs can write each page, and how many of those have been flushed for it."""
    transfer, frames = m.transfer, m.cpus.frame.cells
    vpns = len(m.shadow.frame.cells)
    page_in_hand, flushed = transfer.page, transfer.flushed.bits
    first, cpu = 0, 0
    while held:
        entries = held & (1 << vpns) - 1
        pages = {frames[first + vpn] for vpn in range(vpns) if entries >> vpn & 1}
        for page in pages:
            codes[page] += 512 + (2048 if page == page_in_hand and flushed >> cpu & 1 else 0)
        held >>= vpns
        first += vpns
        cpu += 1


def of_any(spec: AnyMachine) -> Abstraction:
    """The abstraction of a machine of whatever parts.

    All flags and enumerations; how many members each set of a part has, up to three; and of each page, sorted: owed,
    in the log, marked anywhere, permitted, in hand at which stage, equal at the target, how it is mapped, and, for each
    set of a part that is over pages, whether it is in it (of pairs with a page: with how many, up to three).
    """
    found = list(leaves(spec.state))
    common = {leaf.path for leaf in leaves(Machine)}
    scalars = attrgetter("phase", *(leaf.path for leaf in found if not leaf.keys and leaf.kind is not int))
    own = [leaf for leaf in found if leaf.path not in common]
    others = [attrgetter(leaf.path) for leaf in own if leaf.kind is Set and not _is_over_pages(leaf)]
    counts = [attrgetter(leaf.path) for leaf in own if leaf.kind is int and leaf.sort and not leaf.sort.finite]
    pieces = _pieces(spec)
    shift = shifts_of(spec)

    def abstract(m: Any) -> tuple[int, ...]:
        words = m.source.memory.shape[1]
        source, target = m.source.memory.cells, m.target.memory.cells
        owed, dirty = m.rounds.to_send.bits, m.log.dirty.bits
        codes, first = [], 0
        for page, (mapped, held, *bits) in enumerate(zip(*(piece(m) for piece in pieces), strict=True)):
            code = mapped << 7 | (owed >> page & 1) << 6 | (dirty >> page & 1) << 5 | sum(bits)
            if source[first : first + words] == target[first : first + words]:
                code |= 4
            first += words
            codes.append(code << shift | held)
        codes.sort()
        sizes = (min(get(m).size, MOST) for get in others)
        return (*scalars(m), *sizes, *(min(get(m), MOST) for get in counts), *codes)

    return abstract


def _pieces(spec: AnyMachine) -> list[Callable[[Any], list[int]]]:
    """Of each page: how it is mapped, what the parts hold of it, and whether it is marked, permitted and in hand."""
    sets, frames = _of_parts(spec)
    members = [(attrgetter(leaf.path), _rows(leaf)) for leaf in sets]
    cells = [attrgetter(leaf.path) for leaf in frames]

    def held(m: Any) -> list[int]:
        codes = [0] * m.source.memory.shape[0]
        for get, count in members:
            those = get(m)
            codes = [code << 2 | count(those, page) for page, code in enumerate(codes)]
        for get in cells:
            those = get(m).cells
            codes = [code << 1 | (page in those) for page, code in enumerate(codes)]
        return codes

    def hook(name: str, bit: int) -> Callable[[Any], list[int]]:
        ask = getattr(spec, name)
        return kept(
            parts_read(spec, name), lambda m: [bit * bool(ask(m, page)) for page in range(m.source.memory.shape[0])]
        )

    def in_hand(m: Any) -> list[int]:
        return [m.transfer.stage if spec.in_hand(m, page) else 0 for page in range(m.source.memory.shape[0])]

    # How many pages there are, which they take from the source, is the same all along a run.
    return [
        kept(("cpus", "shadow", "transfer"), _mapped),
        kept({leaf.path.split(".")[0] for leaf in (*sets, *frames)} or {"source"}, held),
        hook("is_marked", 16),
        hook("permits", 8),
        kept({"transfer"} | parts_read(spec, "in_hand"), in_hand),
    ]


def _of_parts(spec: AnyMachine) -> tuple[list[Leaf], list[Leaf]]:
    """What the machine's parts add to the state: sets over pages, and maps to pages."""
    common = {leaf.path for leaf in leaves(Machine)}
    own = [leaf for leaf in leaves(spec.state) if leaf.path not in common]
    sets = [leaf for leaf in own if leaf.kind is Set and _is_over_pages(leaf)]
    return sets, [leaf for leaf in own if leaf.kind is Map and leaf.sort and leaf.sort.name == "pfn"]


def _is_over_pages(leaf: Leaf) -> bool:
    return any(key.name == "pfn" for key in leaf.keys)


def _rows(leaf: Leaf) -> Callable[[Any, int], int]:
    """How many members of a set have a page among their keys, up to three."""
    if len(leaf.keys) == 1:
        return lambda held, page: held.bits >> page & 1
    if leaf.keys[0].name == "pfn":
        return lambda held, page: min(sum(held[page, i] for i in range(held.shape[1])), MOST)
    return lambda held, page: min(sum(held[i, page] for i in range(held.shape[0])), MOST)
