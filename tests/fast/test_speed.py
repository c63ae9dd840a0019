"""Length costs time in proportion, and no memory: streams and traces that are generated and never stored."""

import itertools
import tracemalloc

import numpy as np
import pytest

from refmodel.fast.columns import Code, Columns
from refmodel.fast.screen import Screen
from refmodel.fast.state import BYTES_A_PAGE, PageState
from refmodel.fast.verdict import judge_reading
from tests.fast import synthetic
from tests.fast.speed import nanoseconds, peak


def test_the_state_of_a_page_is_as_large_as_it_is_said_and_at_most_24_bytes() -> None:
    assert PageState("", 0, 1000).size == 1000 * BYTES_A_PAGE
    assert BYTES_A_PAGE <= 24


@pytest.mark.parametrize("kind", ["qemu", "xen"])
def test_a_generated_stream_is_right_and_its_last_contents_are_compared(kind: str) -> None:
    reading, length = getattr(synthetic, kind)(3000, 3)
    verdict = judge_reading(reading)
    assert verdict.verdict == "accepted", verdict.reason
    counted = {each.rule: each.count for each in verdict.checked}
    assert counted["nothing-is-sent-to-a-running-target"] == 9000
    assert counted["the-last-store-arrives"] == 3000
    assert length > 9000 * 4104


def test_one_wrong_byte_of_the_memory_is_seen() -> None:
    pieces = [bytearray(memoryview(piece).cast("B")) for piece in synthetic.qemu_memory(3000)]
    pieces[5][4096 * 3 + 9] ^= 1
    verdict = judge_reading(synthetic.qemu(3000, 2, iter(pieces))[0])
    assert [found.pfn for found in verdict.findings] == [1 + 4 * synthetic.RUN + 3]


def test_a_longer_stream_takes_no_more_memory() -> None:
    def peak(passes: int) -> int:
        reading, _ = synthetic.qemu(2000, passes)
        tracemalloc.start()
        judge_reading(reading)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    first = peak(9)
    assert peak(27) < first * 1.2


@pytest.mark.slow
def test_a_guest_of_a_tebibyte_fits_in_six_and_a_half_gigabytes() -> None:
    pages = 1 << 28
    size, compared, _ = peak(pages, pages + (1 << 22))
    assert compared == pages
    assert BYTES_A_PAGE * pages <= size <= 6.5e9


@pytest.mark.slow
def test_time_is_linear_in_events() -> None:
    """From 10^5 to 10^8: what an event takes grows by no factor of ten, which a square would, three times over."""
    took = nanoseconds()
    assert all(later < 3 * earlier for earlier, later in itertools.pairwise(took)), took


def test_a_hot_page_among_others_keeps_its_order() -> None:
    """Many events of one page in one batch come in their order: the last content is what counts."""
    pages = np.array([5, 1, 5, 2, 5, 5, 3, 5], np.int64)
    screen = Screen("")
    items = synthetic.columns(8, 0)
    screen.control(next(items))  # type: ignore[arg-type]
    no = np.zeros(8, np.bool_)
    digest = np.arange(8, dtype=np.uint64)
    code = np.full(8, Code.SEND, np.uint8)
    screen.columns(Columns(np.arange(2, 10), code, pages, digest, ~no, no, lambda row: None))  # type: ignore[arg-type, return-value]
    assert screen.judge.state.held[5] == 7
