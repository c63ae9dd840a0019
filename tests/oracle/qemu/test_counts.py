"""What a sync can have counted anew: QEMU's counter is cumulative, and restarted about once a second."""

from refmodel.oracle.qemu.counts import new_counts
from refmodel.oracle.qemu.facts import Sync

SECOND = 1_000_000


def counted(*syncs: tuple[int, int]) -> list[set[int]]:
    """Of syncs at these microseconds, with these counts."""
    return new_counts([Sync(at, at, dirty) for at, dirty in syncs])


def test_within_a_second_counts_add_up() -> None:
    assert counted((0, 0), (200_000, 5), (400_000, 12)) == [{0}, {5}, {7}]


def test_after_a_second_the_counter_begins_anew() -> None:
    assert counted((0, 0), (SECOND + 200_000, 5), (SECOND + 400_000, 12)) == [{0}, {5}, {12}]


def test_a_smaller_count_shows_when_the_counter_was_restarted() -> None:
    """It was at the sync before, so that it is not at this one, although a second and more have passed in all."""
    assert counted((0, 0), (SECOND, 970), (SECOND + 103_000, 159), (SECOND + 103_200, 159)) == [{0}, {970}, {159}, {0}]


def test_where_the_clock_leaves_it_open_there_are_two_counts() -> None:
    assert counted((0, 0), (SECOND, 5), (SECOND + 10_000, 12)) == [{0}, {5}, {7, 12}]
