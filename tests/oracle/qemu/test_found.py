"""Which pages a sync can have found: held against all ways there are, on small runs."""

import random
from collections.abc import Iterator
from itertools import combinations, product

import pytest

from refmodel.oracle.qemu.found import Doubt, Take, choose, given, spans_of

SURE, NONE = Doubt.TRACED, Doubt.UNCHANGED
Taken = list[Take]


def ways(taken: Taken, counts: list[int], finished: bool) -> Iterator[set[int]]:
    """Yield, for every way in which syncs can have found pages, which of `taken` were taken up for nothing."""
    pages = [page for page, _, _ in taken]
    doubtful = [index for index, (page, _, doubt) in enumerate(taken) if doubt is NONE and page in pages[:index]]
    for size in range(len(doubtful) + 1):
        for nothing in combinations(doubtful, size):
            left = [one for index, one in enumerate(taken) if index not in nothing]
            if matches(left, counts, finished):
                yield set(nothing)


def matches(taken: Taken, counts: list[int], finished: bool) -> bool:
    """Return whether each time but a page's first can be given a sync, each sync as many as it counted."""
    last: dict[int, int] = {}
    spans = []
    for page, syncs, _ in taken:
        if page in last:
            spans.append(range(last[page], syncs))
        last[page] = syncs
    for found in product(*spans):
        given = [found.count(number) for number in range(len(counts))]
        if given == counts or (not finished and all(one <= most for one, most in zip(given, counts, strict=True))):
            return True
    return False


@pytest.mark.parametrize("doubts", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_a_way_is_found_where_there_is_one(seed: int, doubts: bool) -> None:
    chance = random.Random(seed)
    syncs = chance.randint(1, 3)
    taken = sorted(
        (
            (chance.randrange(3), chance.randint(0, syncs), NONE if doubts and chance.random() < 0.3 else SURE)
            for _ in range(6)
        ),
        key=lambda one: one[1],
    )
    for total in product(range(3), repeat=syncs):
        counts = list(total)
        for finished in (False, True):
            found = choose(taken, [{count} for count in counts], finished=finished)
            explained = next(ways(taken, counts, finished), None) is not None
            fits = found is not None and not found.late and not (finished and any(found.short))
            if fits:
                assert explained or doubts
            else:
                assert not explained or found is None
            assert doubts or found is not None
            assert doubts or fits == explained


def test_what_ends_first_is_given_first() -> None:
    spans, for_nothing = spans_of([(1, 0, SURE), (2, 0, SURE), (1, 1, SURE), (2, 2, SURE)])
    assert given(spans, [1, 1]).pages == [[1], [2]]
    assert for_nothing == set()


def test_a_page_twice_between_two_syncs_is_late() -> None:
    found = choose([(1, 0, SURE), (1, 0, SURE)], [{0}], finished=True)
    assert found is not None
    assert [span.page for span in found.late] == [1]


def test_a_copy_too_many_is_for_nothing() -> None:
    found = choose([(1, 0, NONE), (1, 0, NONE), (1, 1, NONE), (1, 1, SURE)], [{1}], finished=True)
    assert found is not None
    assert (found.pages, found.late, found.for_nothing) == ([[1]], [], {1, 2})


def test_one_of_two_counts_may_be_the_syncs_own() -> None:
    taken = [(1, 0, SURE), (2, 0, SURE), (1, 1, SURE)]
    found = choose(taken, [{1, 2}], finished=True)
    assert found is not None
    assert found.pages == [[1]]
    assert choose(taken, [{2, 3}], finished=True) is None
