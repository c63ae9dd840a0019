"""What libFuzzer is fed of a state, and what rare states are known by: features of its pages, and who sees them."""

from collections.abc import Callable
from functools import lru_cache

from fuzz.abstraction import MOST, abstraction_of, shifts_of
from fuzz.kept import Along
from refmodel.migration import AnyMachine
from refmodel.seed import Bare

__all__ = ["DIFFERS", "features_of", "view_of"]

_MOST_KNOWN = 50_000
"""Looks of states of which the features are kept; then all are forgotten."""
_VIEW_BITS = 3
"""Of a feature the lowest bits say whose view it is: 0 for all that is known of a page, then those of ``views_of``."""
DIFFERS = 7
"""The view of pages alone that differ at the target: who will send them? Where nobody will, a write is lost."""


def features_of(spec: AnyMachine) -> Callable[[Along], tuple[int, ...]]:
    """What libFuzzer is fed of the state that a run of the machine has come to, as hashes.

    Of each page by itself, with what is common to all: how it is, and how many are so; what each contract sees of it;
    and of a page that differs at the target, who will send it. Whole states are too many: nearly every run would meet a
    new one, and none would stand out.
    """
    abstract = abstraction_of(spec)
    of_pages = _of_pages(views_of(spec), _owing(spec))
    of_looks = dict[int, tuple[int, ...]]()
    of_states = dict[tuple[int, ...], tuple[int, ...]]()

    def features(run: Along) -> tuple[int, ...]:
        look = abstract.look(run)
        found = of_looks.get(look)
        if found is None:
            if len(of_looks) >= _MOST_KNOWN:
                of_looks.clear()
                of_states.clear()
            common, codes = abstract.read(look)
            state = (*common, *codes)
            found = of_states.get(state)
            if found is None:
                found = of_states[state] = (*_of_all(hash(common), codes), *of_pages(common[0], codes))
            of_looks[look] = found
        return found

    return features


def _of_all(common: int, codes: list[int]) -> list[int]:
    """How each page is, and how many are so, with all that is common."""
    return [hash((common, code, min(codes.count(code), MOST))) << _VIEW_BITS for code in set(codes)]


def _of_pages(views: tuple[int, ...], owing: tuple[int, int]) -> Callable[[int, list[int]], list[int]]:
    """What each contract sees of each page, and who will send one that differs, with the phase alone."""
    equal, sent_by = owing

    @lru_cache(_MOST_KNOWN)
    def seen(phase: int, view: int, codes: tuple[int, ...]) -> list[int]:
        return [hash((phase, code)) << _VIEW_BITS | view for code in set(codes)]

    def of_pages(phase: int, codes: list[int]) -> list[int]:
        found = []
        for number, view in enumerate(views, 1):
            found += seen(phase, number, tuple([code & view for code in codes]))
        return found + seen(phase, DIFFERS, tuple([code & sent_by for code in codes if not code & equal]))

    return of_pages


def view_of(feature: int) -> int:
    """Whose view of a state a feature is: 0 is all that is known of a page; ``views_of`` has the others, from 1."""
    return feature & (1 << _VIEW_BITS) - 1


def views_of(spec: AnyMachine) -> tuple[int, ...]:
    """Which bits of a page's code each contract sees.

    Logging: how it is mapped, marked and permitted; rounds: what is owed of it, and whether it has arrived; transport:
    whether it is on its way, or has arrived; and of a machine with further parts, what those know of it.
    """
    if isinstance(spec, Bare):
        return 0b1111111011110, 0b111011, 0b111000
    shifts = shifts_of(spec)
    parts = (1 << shifts) - 1
    holds = 0b1111111 << shifts  # owed, logged, marked, permitted, equal, and two bits of the stage
    return ~parts & ~(0b1000100 << shifts), holds & ~(0b0001000 << shifts), 0b111 << shifts, parts | 0b100 << shifts


def _owing(spec: AnyMachine) -> tuple[int, int]:
    """Which bit of a page's code says that it is equal at the target, and which ones who will send it if not."""
    if isinstance(spec, Bare):
        return 0b100000, 0b11011  # owed, dirty, in hand
    shifts = shifts_of(spec)
    return 0b100 << shifts, 0b1010011 << shifts  # owed, marked, in hand
