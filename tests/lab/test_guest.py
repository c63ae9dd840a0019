"""The guest's rule, in Python, on memory made by hand: what it takes and what it refuses."""

import struct
from collections.abc import Callable

import pytest

from refmodel.lab.guest import BASE, MAGIC, STATE, Pattern, content, page_of, progress, wrong_pages

PAGES = 12


def memory(done: int, pattern: Pattern, begun: int | None = None, stored: int = 0) -> bytearray:
    """RAM after so many writes; the last may have stored only its first words."""
    ram = bytearray(BASE + PAGES * 4096)
    for w in range(1, done + 1):
        page = page_of(w, PAGES, pattern)
        struct.pack_into("<1024I", ram, BASE + page * 4096, *content(w, page, pattern))
    if begun is not None:
        page = page_of(begun, PAGES, pattern)
        words = content(begun, page, pattern)[:stored]
        struct.pack_into(f"<{stored}I", ram, BASE + page * 4096, *words)
    struct.pack_into("<6I", ram, STATE, MAGIC, done if begun is None else begun, done, PAGES, 0, pattern)
    return ram


@pytest.mark.parametrize("pattern", Pattern)
@pytest.mark.parametrize("done", [0, 1, PAGES, 40])
def test_what_the_guest_writes_is_right(pattern: Pattern, done: int) -> None:
    assert wrong_pages(bytes(memory(done, pattern))) == []


@pytest.mark.parametrize("stored", [0, 1, 500, 1024])
def test_a_page_that_is_being_written_is_new_up_to_some_word(stored: int) -> None:
    assert wrong_pages(bytes(memory(20, Pattern.SEQUENTIAL, 21, stored))) == []


def old_copy(ram: bytearray) -> None:
    page = page_of(25, PAGES, Pattern.SEQUENTIAL)
    struct.pack_into("<1024I", ram, BASE + page * 4096, *content(25 - PAGES, page, Pattern.SEQUENTIAL))


def one_bit(ram: bytearray) -> None:
    ram[BASE + 5 * 4096 + 77] ^= 1


def torn(ram: bytearray) -> None:
    ram[BASE + 4096 : BASE + 4096 + 2048] = ram[BASE + 8192 : BASE + 8192 + 2048]


@pytest.mark.parametrize("change", [old_copy, one_bit, torn])
def test_a_page_that_is_not_what_was_written_last_is_wrong(change: Callable[[bytearray], None]) -> None:
    ram = memory(25, Pattern.SEQUENTIAL)
    change(ram)
    assert len(wrong_pages(bytes(ram))) == 1


def test_memory_without_the_guest_is_wrong_as_a_whole() -> None:
    ram = memory(25, Pattern.SEQUENTIAL)
    ram[STATE : STATE + 4] = b"none"
    assert progress(bytes(ram)) == 0
    assert [wrong.pfn for wrong in wrong_pages(bytes(ram))] == [STATE // 4096]
    assert wrong_pages(b"") != []
