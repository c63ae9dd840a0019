"""Sets in chunks are the specification's own sets: every operation is held against those."""

import random
from collections.abc import Callable

import pytest

from refmodel.language import Action, Set
from refmodel.oracle.wide import WideSet, widened
from refmodel.seed import Bare

PAGES = (1, 5, 2047, 2048, 2049, 5000)
Either = Set[int]
OPERATIONS: dict[str, Callable[[Either, Either, int], object]] = {
    "get": lambda one, other, key: one[key],
    "add": lambda one, other, key: one.add(key),
    "discard": lambda one, other, key: one.discard(key),
    "put": lambda one, other, key: one.put(key, not one[key]),
    "or": lambda one, other, key: one | other,
    "and": lambda one, other, key: one & other,
    "minus": lambda one, other, key: one - other,
    "filled": lambda one, other, key: one.filled(),
    "cleared": lambda one, other, key: one.cleared(),
    "with": lambda one, other, key: one.where(lambda page: page % 3 == 0, True),
    "without": lambda one, other, key: one.where(lambda page: page > key, False),
    "only": lambda one, other, key: one.only(lambda page: page % 2 == 0),
    "never": lambda one, other, key: one.never(lambda page: page == key),
    "size": lambda one, other, key: one.size,
    "empty": lambda one, other, key: one.is_empty,
    "full": lambda one, other, key: one.is_full,
    "same": lambda one, other, key: one.same(other),
    "members": lambda one, other, key: one.members(),
}


def plain(found: object) -> object:
    """Return a set's mask, and anything else as it is."""
    return found.bits if isinstance(found, Set) else found


@pytest.mark.parametrize("pages", PAGES)
def test_every_operation_gives_the_same(pages: int) -> None:
    chance = random.Random(pages)
    masks = [0, (1 << pages) - 1, *(chance.getrandbits(pages) for _ in range(2))]
    for mine in masks:
        for theirs in masks:
            for name, operation in OPERATIONS.items():
                key = chance.randrange(pages)
                narrow = operation(Set((pages,), mine), Set((pages,), theirs), key)
                wide = operation(WideSet.of_bits(pages, mine), WideSet.of_bits(pages, theirs), key)
                assert plain(narrow) == plain(wide), (name, key)
                assert not isinstance(narrow, Set) or isinstance(wide, WideSet)


def test_equal_sets_are_equal_and_hash_alike() -> None:
    one = WideSet.of_bits(5000, 1 << 4999).add(3)
    assert one == WideSet.of_bits(5000, 1 << 4999 | 8)
    assert hash(one) == hash(WideSet.of_bits(5000, 1 << 4999 | 8))
    assert one != one.discard(3)


def test_a_state_is_widened_where_its_sets_are_of_pages() -> None:
    sizes = {"pfn": 3000, "vpn": 2, "cpu": 1, "word": 1, "value": 2}
    narrow = Bare().take(Bare().start(sizes), Action("begin"))
    wide = widened(narrow, 3000)
    assert isinstance(wide.rounds.to_send, WideSet)
    assert wide.rounds.to_send.is_full
    assert not isinstance(wide.cpus.on_shadow, WideSet)
    assert wide.source == narrow.source
