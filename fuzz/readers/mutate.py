"""Mutating files as what they are: records duplicated, dropped, swapped and spliced, numbers and flags made strange.

Half of the numbers that are put in are plausible (a count one too high, a page's size), half are at the edges of their
width. Text gets other numbers, runs of one character, and deep nesting, which is what parsers of text fail on.
"""

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Literal, Protocol

from attrs import frozen

from fuzz.readers.parts import pack, unpack

__all__ = ["JSON", "LINES", "Form", "mutated", "mutated_files"]

_MOST_PIECES = 4096
_NUMBER = re.compile(rb"\d+")
_TOKEN = re.compile(rb'"[^"]*"?|[-+.\w]+|\s+|.', re.DOTALL)
_SIZES = (1, 2, 4, 8)
_PLAIN = (0, 1, 2, 3, 7, 8, 15, 16, 64, 127, 128, 255, 256, 1023, 1024, 1025, 4095, 4096, 4097, 8192, 65535, 65536)
_LENGTHS = (1, 2, 8, 255, 256, 300, 1000, 1100, 4096, 4100, 60_000)


class _Placed(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


@frozen
class Form:
    """How a kind of file comes apart, and what its numbers are: ``big`` or ``little`` endian, or decimal ``text``."""

    split: Callable[[bytes], list[bytes]]
    numbers: Literal["big", "little", "text"]
    words: tuple[bytes, ...] = ()
    join: Callable[[list[bytes]], bytes] = b"".join
    coherent: "Form | None" = None
    """The same file taken apart so that its counts follow; used half of the time."""

    @classmethod
    def of(
        cls, pieces: Callable[[bytes], Iterator[_Placed]], numbers: Literal["big", "little"], *words: bytes
    ) -> "Form":
        """The form whose records ``pieces`` finds."""
        return cls(lambda data: [data[p.start : p.end] for p in pieces(data)], numbers, words)


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


LINES = Form(_lines, "text", (b"\n", b"\r\n", b"=", b":", b",", b" ", b"-1", b"\xff", b"#", b"\0"))
_DEEP = (b"[" * 1010, b'{"a":' * 1010, b"[" * 1000 + b"]" * 1000, b'{"a":' * 990 + b"0" + b"}" * 990)
_VALUES = b'{} [] null true "" -1 1e400 0.5 \xff "\\ud800" "\xc3\xa9" , : { }'
JSON = Form(_TOKEN.findall, "text", (*_DEEP, *_VALUES.split(), b"9" * 25))


def mutated(data: bytes, other: bytes, form: Form, most: int, chance: Random) -> bytes:
    """Another file of at most ``most`` bytes; ``other`` lends pieces of its own."""
    if form.coherent is not None and chance.getrandbits(1):
        form = form.coherent
    pieces = form.split(data)
    for _ in range(1 + min(chance.getrandbits(2) & chance.getrandbits(2), 3)):
        if not pieces:
            pieces = form.split(other)
        if not pieces:
            return chance.randbytes(chance.randrange(1, 16))
        if chance.getrandbits(3) == 0:
            _rare(pieces, other, form, most, chance)
        else:
            chance.choice(_OFTEN)(pieces, form, chance)
    return form.join(pieces)[:most]


def mutated_files(data: bytes, other: bytes, forms: tuple[Form, ...], most: int, chance: Random) -> bytes:
    """The same of an input of several files: one of them is changed, taken from ``other``, left out, or exchanged."""
    if len(forms) == 1:
        return mutated(data, other, forms[0], most, chance)
    files, others = unpack(data, len(forms)), unpack(other, len(forms))
    at = chance.randrange(len(files))
    if not files[at] and chance.getrandbits(1):
        at = 0
    how = chance.getrandbits(5)
    if how == 0:
        files[at] = others[at]
    elif how == 1:
        files[at] = b""
    elif how == 2:
        to = chance.randrange(len(files))
        files[at], files[to] = files[to], files[at]
    else:
        files[at] = mutated(files[at], others[at], forms[at], most, chance)
    return pack(files)


def _duplicate(pieces: list[bytes], form: Form, chance: Random) -> None:
    at = chance.randrange(len(pieces))
    pieces.insert(chance.randrange(len(pieces) + 1) if chance.getrandbits(1) else at, pieces[at])


def _drop(pieces: list[bytes], form: Form, chance: Random) -> None:
    at = chance.randrange(len(pieces))
    del pieces[at : at + 1 + (chance.getrandbits(2) == 0) * chance.randrange(8)]


def _swap(pieces: list[bytes], form: Form, chance: Random) -> None:
    one, two = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    pieces[one], pieces[two] = pieces[two], pieces[one]


def _flip(pieces: list[bytes], form: Form, chance: Random) -> None:
    at = chance.randrange(len(pieces))
    changed = bytearray(pieces[at])
    if changed:  # half of the flips near the front, where flags, types and lengths are
        where = chance.randrange(min(len(changed), 16)) if chance.getrandbits(1) else chance.randrange(len(changed))
        changed[where] ^= 1 << chance.randrange(8) if chance.getrandbits(1) else chance.randrange(1, 256)
        pieces[at] = bytes(changed)


def _number(pieces: list[bytes], form: Form, chance: Random) -> None:
    at = chance.randrange(len(pieces))
    piece = pieces[at]
    if form.numbers == "text":
        spans = [match.span() for match in _NUMBER.finditer(piece[:4096])]
        if spans:
            start, end = chance.choice(spans)
            value = _strange(int(piece[start:end][:20]), 8, chance)
            pieces[at] = piece[:start] + str(value).encode() + piece[end:]
        return
    size = chance.choice(_SIZES)
    last = min(len(piece), 400 if chance.getrandbits(3) == 0 else 40) - size
    if last >= 0:
        where = chance.randrange(last + 1)
        before = int.from_bytes(piece[where : where + size], form.numbers)
        value = _strange(before, size, chance) & (1 << 8 * size) - 1
        pieces[at] = piece[:where] + value.to_bytes(size, form.numbers) + piece[where + size :]


def _strange(before: int, size: int, chance: Random) -> int:
    """Another number: a neighbour, a usual length or count, or at an edge of its width."""
    how = chance.getrandbits(2)
    if how == 0:
        return max(0, before + chance.choice((-1, 1, -8, 8, -4096, 4096)))
    if how == 1:
        return chance.choice(_PLAIN)
    if how == 2:
        return chance.choice((before * 2, before >> 1, before ^ 1 << chance.randrange(8 * size)))
    return (1 << chance.randrange(1, 8 * size + 1)) - chance.getrandbits(1)


def _word(pieces: list[bytes], form: Form, chance: Random) -> None:
    at = chance.randrange(len(pieces))
    word = chance.choice(form.words) if form.words else chance.choice(pieces)
    if chance.getrandbits(1):
        pieces[at] = word
    else:
        where = chance.randrange(len(pieces[at]) + 1)
        pieces[at] = pieces[at][:where] + word + pieces[at][where:]


_OFTEN = (_duplicate, _drop, _swap, _flip, _number, _number, _word)


def _rare(pieces: list[bytes], other: bytes, form: Form, most: int, chance: Random) -> None:
    """What costs more: a splice, a truncation, a run of one byte, a piece many times over."""
    at, how = chance.randrange(len(pieces)), chance.randrange(16)
    if how < 6:
        lent = form.split(other)
        start = chance.randrange(len(lent)) if lent else 0
        pieces[at:at] = lent[start : start + 1 + chance.randrange(8)]
    elif how < 11:
        pieces[at:] = [pieces[at][: chance.randrange(len(pieces[at]) + 1)]]
    elif how < 15:
        where = chance.randrange(len(pieces[at]) + 1)
        text = b"[ a1\t=,:{" if form.numbers == "text" else b"\0\xff\x01"
        byte = chance.choice(text)
        pieces[at] = pieces[at][:where] + bytes([byte]) * chance.choice(_LENGTHS) + pieces[at][where:]
    else:
        few = pieces[at : at + chance.randrange(1, 4)]
        room = max(1, most // max(1, sum(map(len, few))))
        pieces[at:at] = few * min(room, 1 << chance.randrange(1, 13), _MOST_PIECES)
