"""A state as the fuzzer sees it: the same for states that differ only in names and values.

``abstraction_of`` chooses it for a machine: one written for it where there is one (``of_bare``), else one that is read
from the machine itself, its hooks and what its parts add to the state.

A state is first read as one integer, its *look*: what is common to all pages in a byte each, then the code of each page
in its order. Most of a look is that of the state before it (``kept``). States whose looks differ by the order of the
pages are the same in the abstract.
"""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from fuzz.kept import Piece, kept, remembered
from fuzz.pages import Places, equal, is_member, mapped, members, spread, writable
from refmodel.language import Map, Set
from refmodel.language.state import Leaf, leaves
from refmodel.migration import AnyMachine
from refmodel.seed import Bare
from refmodel.state import Machine

__all__ = ["MOST", "Abstraction", "abstraction_of", "of_any", "of_bare", "shifts_of"]

MOST = 3
"""Members of a set are counted up to so many: more of them are no other situation."""
_MEMORIES = ("source.memory", "target.memory")
_SHADOW = ("shadow.present", "shadow.writable", "shadow.unsynced", "shadow.frame")
_TLBS = ("cpus.writable", "cpus.frame", "transfer.page", "transfer.flushed")
_CODE = 32
"""Bits of a page's code, beside those of the machine's parts: ``writable`` counts CPUs in the highest."""


class Abstraction:
    """What a state is in the abstract: what is common to all of its pages, then their codes, sorted."""

    def __init__(self, common: int, places: Places, pieces: list[Piece]) -> None:
        self._common, self._places = common, places
        # How many pages there are, which tells where the last code ends, is the same all along a run.
        end: Piece = ((), lambda m: 1 << places.of(m.source.memory.shape[0]))
        self._functions = [function for _, function in (*pieces, end)]
        self.look = kept([*pieces, end])
        """The state that a run has come to, as one integer."""

    def __call__(self, m: Any) -> tuple[int, ...]:
        common, codes = self.read(self.of(m))
        return (*common, *codes)

    def of(self, m: Any) -> int:
        """How a state looks, whatever run has come to it."""
        return sum(function(m) for function in self._functions)

    def read(self, look: int) -> tuple[tuple[int, ...], list[int]]:
        """What is common, and the codes, of the states that look so."""
        cells = look.to_bytes(look.bit_length() // 8 + 1, "little")
        width = self._places.width // 8
        starts = range(self._common, len(cells) - 1, width)
        return tuple(cells[: self._common]), sorted(int.from_bytes(cells[i : i + width], "little") for i in starts)


def shifts_of(spec: AnyMachine) -> int:
    """How many of the lowest bits of a page's code in ``of_any`` are its parts'."""
    sets, frames = _of_parts(spec)
    return 2 * len(sets) + len(frames)


def abstraction_of(spec: AnyMachine) -> Abstraction:
    """The abstraction of a machine's states, or of a variant's."""
    return of_bare() if isinstance(spec, Bare) else of_any(spec)


def of_bare() -> Abstraction:
    """The phase, and for each page what is known and permitted about it; pages sorted, as their numbers mean nothing.

    Of each page: owed, dirty, transferred; the stage it is in hand at (0: not in hand); whether each word is equal at
    the target; whether shadow entries that name it are present, writable, out of sync; how many CPUs can write it
    through their TLBs (CPUs count only by number), and how many of those have been flushed for it. Bits, from the
    lowest: 1 1 1, 2, 1, 1 1 1, 2 2.
    """
    places = Places(8, _CODE)
    return Abstraction(
        1,
        places,
        [
            (("phase",), lambda m: int(m.phase)),
            (("rounds.to_send",), spread(places, 0, "rounds.to_send")),
            (("log.dirty",), spread(places, 1, "log.dirty")),
            (("protection.transferred",), spread(places, 2, "protection.transferred")),
            (("transfer.stage", "transfer.page"), lambda m: m.transfer.stage << places.of(m.transfer.page) + 3),
            (_MEMORIES, equal(places, 5)),
            (_SHADOW, mapped(places, 6)),
            (_TLBS, writable(places, 9)),
        ],
    )


def of_any(spec: AnyMachine) -> Abstraction:
    """The abstraction of a machine of whatever parts.

    All flags and enumerations; how many members each set of a part has, up to three; and of each page, sorted: owed,
    in the log, marked anywhere, permitted, in hand at which stage, equal at the target, how it is mapped, and, for each
    set of a part that is over pages, whether it is in it (of pairs with a page: with how many, up to three).
    """
    common = list(_common(spec))
    shift = shifts_of(spec)
    places = Places(8 * len(common), 8 * ((shift + _CODE + 7) // 8))
    return Abstraction(
        len(common),
        places,
        [
            *_together(common),
            *_held(spec, places),
            *_known(spec, places, shift),
            (_MEMORIES, equal(places, shift + 2)),
            (("log.dirty",), spread(places, shift + 5, "log.dirty")),
            (("rounds.to_send",), spread(places, shift + 6, "rounds.to_send")),
            (_SHADOW, mapped(places, shift + 13)),
            (_TLBS, writable(places, shift + 16)),
        ],
    )


def _common(spec: AnyMachine) -> Iterator[tuple[str, Callable[[Any], int]]]:
    """What is common to all pages: of each value, the leaf of the state that has it, and how to get it."""
    found = list(leaves(spec.state))
    own = _own(spec)
    for path in ("phase", *(leaf.path for leaf in found if not leaf.keys and leaf.kind is not int)):
        yield path, attrgetter(path)
    for leaf in own:
        if leaf.kind is Set and not _is_over_pages(leaf):
            yield leaf.path, _up_to_most(attrgetter(f"{leaf.path}.size"))
    for leaf in own:
        if leaf.kind is int and leaf.sort and not leaf.sort.finite:
            yield leaf.path, _up_to_most(attrgetter(leaf.path))


def _up_to_most(get: Callable[[Any], int]) -> Callable[[Any], int]:
    return lambda m: min(get(m), MOST)


def _together(common: list[tuple[str, Callable[[Any], int]]]) -> Iterator[Piece]:
    """What is common, a byte each, those of one field of the state together."""
    for name in dict.fromkeys(_field(path) for path, _ in common):
        those = [(path, get, 8 * i) for i, (path, get) in enumerate(common) if _field(path) == name]
        yield [path for path, _, _ in those], _side_by_side([(get, at) for _, get, at in those])


def _field(path: str) -> str:
    return path.split(".")[0]


def _side_by_side(values: list[tuple[Callable[[Any], int], int]]) -> Callable[[Any], int]:
    return lambda m: sum(get(m) << at for get, at in values)


def _held(spec: AnyMachine, places: Places) -> Iterator[Piece]:
    """What the parts hold of each page: the sets first, then the maps, from the highest bits down."""
    sets, frames = _of_parts(spec)
    at = shifts_of(spec)
    for leaf in sets:
        at -= 2
        one = len(leaf.keys) == 1
        yield (
            (leaf.path,),
            spread(places, at, leaf.path) if one else members(places, at, leaf.path, leaf.keys[0].name == "pfn", MOST),
        )
    for leaf in frames:
        at -= 1
        yield (leaf.path,), is_member(places, at, leaf.path)


def _known(spec: AnyMachine, places: Places, shift: int) -> Iterator[Piece]:
    """What the machine's hooks say of each page: in hand at which stage, permitted, marked anywhere."""

    def each(name: str, bit: int) -> Piece:
        return remembered(spec, name, lambda page: 1 << places.of(page) + shift + bit)

    paths, in_hand = each("in_hand", 0)
    yield {*paths, "transfer.stage"}, lambda m: m.transfer.stage * in_hand(m)
    yield each("permits", 3)
    yield each("is_marked", 4)


def _own(spec: AnyMachine) -> list[Leaf]:
    """What the machine's parts add to the state."""
    common = {leaf.path for leaf in leaves(Machine)}
    return [leaf for leaf in leaves(spec.state) if leaf.path not in common]


def _of_parts(spec: AnyMachine) -> tuple[list[Leaf], list[Leaf]]:
    """Of that, sets over pages, and maps to pages."""
    own = _own(spec)
    sets = [leaf for leaf in own if leaf.kind is Set and _is_over_pages(leaf)]
    return sets, [leaf for leaf in own if leaf.kind is Map and leaf.sort and leaf.sort.name == "pfn"]


def _is_over_pages(leaf: Leaf) -> bool:
    return any(key.name == "pfn" for key in leaf.keys)
