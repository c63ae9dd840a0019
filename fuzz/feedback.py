"""What the fuzzer sees of a state: an abstraction that is the same for states that differ only in names and values.

``abstraction_of`` chooses it for a machine: one written for it where there is one (``of_seed``), else one that is read
from the machine itself, its hooks and what its parts add to the state.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from refmodel.language import Map, Set
from refmodel.language.state import Leaf, leaves
from refmodel.migration import AnyMachine
from refmodel.seed import Seed
from refmodel.state import Machine, Stage

__all__ = ["abstraction_of", "of_any", "of_seed"]

Abstraction = Callable[[Any], tuple[int, ...]]
_MOST = 3
"""Members of a set are counted up to so many: more of them are no other situation."""


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
    log, transfer = m.log, m.transfer
    pages, words = m.source.memory.shape
    source, target = m.source.memory.cells, m.target.memory.cells
    codes = _mapped(m)
    for page in range(pages):
        code = codes[page]
        code |= m.rounds.to_send.bits >> page & 1 | (log.dirty.bits >> page & 1) << 1
        code |= (m.protection.transferred.bits >> page & 1) << 2
        if source[page * words : (page + 1) * words] == target[page * words : (page + 1) * words]:
            code |= 32
        codes[page] = code
    if transfer.stage != Stage.IDLE:
        codes[transfer.page] |= transfer.stage << 3
    return (m.phase, *sorted(codes))


def _mapped(m: Any) -> list[int]:
    """Of each page, how it is mapped: the bits from 64 on that ``of_seed`` describes."""
    shadow, cpus, transfer = m.shadow, m.cpus, m.transfer
    vpns = shadow.frame.shape[0]
    codes = [0] * m.source.memory.shape[0]
    for vpn in range(vpns):
        entry = 1 << vpn
        if shadow.present.bits & entry:
            flags = 64 | (128 if shadow.writable.bits & entry else 0) | (256 if shadow.unsynced.bits & entry else 0)
            codes[shadow.frame.cells[vpn]] |= flags
    writable = cpus.writable.bits
    cpu = 0
    while writable >> cpu * vpns:
        entries = writable >> cpu * vpns & (1 << vpns) - 1
        pages_of_cpu = {cpus.frame.cells[cpu * vpns + vpn] for vpn in range(vpns) if entries >> vpn & 1}
        flushed = transfer.flushed.bits >> cpu & 1
        for page in pages_of_cpu:
            codes[page] += 512 + 2048 * (flushed and page == transfer.page)
        cpu += 1
    return codes


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
    sets = [leaf for leaf in own if leaf.kind is Set]
    of_pages = [(attrgetter(leaf.path), _rows(leaf)) for leaf in sets if _is_over_pages(leaf)]
    others = [attrgetter(leaf.path) for leaf in sets if not _is_over_pages(leaf)]
    counts = [attrgetter(leaf.path) for leaf in own if leaf.kind is int and leaf.sort and not leaf.sort.finite]
    frames = [attrgetter(leaf.path) for leaf in own if leaf.kind is Map and leaf.sort and leaf.sort.name == "pfn"]

    def abstract(m: Any) -> tuple[int, ...]:
        pages, words = m.source.memory.shape
        source, target = m.source.memory.cells, m.target.memory.cells
        codes = _mapped(m)
        for page in range(pages):
            holds = (
                m.rounds.to_send[page],
                m.log.dirty[page],
                spec.is_marked(m, page),
                spec.permits(m, page),
                source[page * words : (page + 1) * words] == target[page * words : (page + 1) * words],
            )
            code = codes[page]
            for bit in holds:
                code = code << 1 | bool(bit)
            code = code << 2 | (m.transfer.stage if spec.in_hand(m, page) else 0)
            for get, members in of_pages:
                code = code << 2 | members(get(m), page)
            for get in frames:
                code = code << 1 | (page in get(m).cells)
            codes[page] = code
        sizes = (min(get(m).size, _MOST) for get in others)
        return (*scalars(m), *sizes, *(min(get(m), _MOST) for get in counts), *sorted(codes))

    return abstract


def _is_over_pages(leaf: Leaf) -> bool:
    return any(key.name == "pfn" for key in leaf.keys)


def _rows(leaf: Leaf) -> Callable[[Any, int], int]:
    """How many members of a set have a page among their keys, up to three."""
    if len(leaf.keys) == 1:
        return lambda held, page: held.bits >> page & 1
    if leaf.keys[0].name == "pfn":
        return lambda held, page: min(sum(held[page, i] for i in range(held.shape[1])), _MOST)
    return lambda held, page: min(sum(held[i, page] for i in range(held.shape[0])), _MOST)
