"""The lab's guest: built from ``guest.c``, and the rule by which every page that it writes can be recomputed.

The rule needs neither log nor stream: the counter in the guest's own memory says what each page has to hold.
"""

import shutil
import struct
import subprocess
from enum import IntEnum
from importlib.resources import as_file, files
from pathlib import Path

from attrs import frozen

from refmodel.unusable import Unusable

__all__ = ["BASE", "MAGIC", "STATE", "Guest", "Pattern", "Wrong", "build", "progress", "wrong_pages"]

STATE, BASE, PAGE, WORDS = 0x110000, 0x140000, 4096, 1024
MAGIC = 0x7AB61E57
_MASK = 0xFFFFFFFF
_LAYOUT = """ENTRY(_start)
SECTIONS { . = 0x100000; .text : { *(.multiboot) *(.text*) *(.rodata*) } .data : { *(.data*) *(.bss*) } }
"""


class Pattern(IntEnum):
    """Which page is written next, and with what; as in ``guest.c``."""

    SEQUENTIAL = 0
    UNIFORM = 1
    HOT = 2
    """Three in four writes are of eight pages."""
    ZEROING = 3
    """Every other write is of zeros."""
    SAME = 4
    """A page is written with what it has already."""


@frozen
class Guest:
    """What the guest is told: how many pages it writes, how often (``gap``: 1024 ticks of the TSC), and which."""

    pages: int = 160
    gap: int = 3000
    pattern: Pattern = Pattern.SEQUENTIAL

    @property
    def line(self) -> str:
        """The kernel's command line."""
        return f"pages={self.pages} gap={self.gap} pattern={int(self.pattern)}"


@frozen
class Wrong:
    """A page of the guest that is not what the rule says."""

    pfn: int
    message: str


def build(folder: Path) -> Path:
    """Compile the guest into the folder. Unusable without gcc, or where it cannot make a 32-bit kernel."""
    gcc = shutil.which("gcc")
    if gcc is None:
        raise Unusable("gcc", "it is not installed, and the guest is built here", "gcc: apt-get install gcc")
    kernel = folder / "guest.elf"
    flags = ["-m32", "-Os", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-mno-sse", "-nostdlib", "-static"]
    (folder / "guest.ld").write_text(_LAYOUT)
    with as_file(files("refmodel.lab") / "guest.c") as source:
        command = [gcc, *flags, f"-Wl,-T,{folder / 'guest.ld'},--build-id=none", "-o", str(kernel), str(source)]
        made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if made.returncode != 0:
        raise Unusable("gcc", (made.stderr.strip().splitlines() or ["no reason given"])[-1], "a gcc that takes -m32")
    return kernel


def _mixed(x: int) -> int:
    x = x * 0x9E3779B1 & _MASK
    x ^= x >> 15
    x = x * 0x85EBCA77 & _MASK
    return x ^ x >> 13


def page_of(w: int, pages: int, pattern: Pattern) -> int:
    """The page of write ``w``."""
    x = _mixed(w)
    if pattern is Pattern.UNIFORM:
        return x % pages
    if pattern is Pattern.HOT:
        return (x >> 8) % (min(pages, 8) if x & 3 else pages)
    return w % pages


def content(w: int, page: int, pattern: Pattern) -> tuple[int, ...]:
    """The words of a page after write ``w`` of it; 0 is no write."""
    if w == 0 or (pattern is Pattern.ZEROING and _mixed(w) & 1):
        return (0,) * WORDS
    if pattern is Pattern.SAME:
        w = 1
    first = w * 2654435761 + page * 40503
    middle = tuple(first + i * 2246822519 & _MASK for i in range(2, WORDS - 2))
    return (w, page, *middle, page, w)


def _state(memory: bytes) -> tuple[int, ...]:
    return struct.unpack_from("<6I", memory, STATE) if len(memory) >= STATE + 24 else (0,) * 6


def progress(memory: bytes) -> int:
    """How many writes are done; 0 where no guest runs."""
    magic, _, done, *_ = _state(memory)
    return done if magic == MAGIC else 0


def wrong_pages(memory: bytes) -> list[Wrong]:
    """The pages that are not what the guest's own counter says. `memory`: all of RAM, of a guest that stands still.

    A page that is being written may have its first words new and the others old. Writes before the last of each page
    do not matter.
    """
    magic, begun, done, pages, _, number = _state(memory)
    if magic != MAGIC or not 0 <= begun - done <= 1 or number not in set(Pattern) or not pages:
        return [Wrong(STATE // PAGE, "the guest's state page has none of its states")]
    pattern = Pattern(number)
    last = dict.fromkeys(range(pages), 0)
    left = set(last)
    for w in range(done, 0, -1):
        page = page_of(w, pages, pattern)
        if page in left:
            left.remove(page)
            last[page] = w
            if not left:
                break
    wrong = []
    for page, w in last.items():
        at = BASE + page * PAGE
        held = struct.unpack_from(f"<{WORDS}I", memory, at)
        old = content(w, page, pattern)
        if begun != done and page_of(begun, pages, pattern) == page:
            new = content(begun, page, pattern)
            stored = next((i for i in range(WORDS) if held[i] != new[i]), WORDS)
            right = held[stored:] == old[stored:]
        else:
            right = held == old
        if not right:
            wrong.append(Wrong(at // PAGE, f"write {w} of page {page} was its last, and it holds write {held[0]}"))
    return wrong
