"""Pages that are filled with a word of their own: what of a page, and where in a file."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from attrs import frozen

from refmodel.oracle.readers.bytesource import ByteSource

__all__ = ["PAGE_SIZE", "Fill", "filled", "page_of", "word_of"]

PAGE_SIZE = 4096
_WORD = 8
_PIECE = 1 << 16


@frozen
class Fill:
    """The 4096 bytes at `offset` of a file are to be `word`, repeated."""

    offset: int
    word: bytes


def page_of(word: bytes) -> bytes:
    """Return the page that a word fills."""
    return word * (PAGE_SIZE // _WORD)


def word_of(page: bytes) -> bytes | None:
    """Return the word to fill a page with; None for a page that is one word repeated, which stays as it is.

    A page of zeros is one, and a page that was filled: reducing twice is reducing once.
    """
    return None if page == page_of(page[:_WORD]) else sha256(page).digest()[:_WORD]


def filled(source: ByteSource, fills: Iterable[Fill]) -> Iterator[bytes]:
    """Yield the bytes of `source` with each of `fills` done. They lie apart from each other, in any order.

    Raises like `ByteSource.read_exact`.
    """
    for fill in sorted(fills, key=lambda fill: fill.offset):
        while left := fill.offset - source.offset:
            yield source.read_exact(min(left, _PIECE), "bytes before a page")
        source.read_exact(PAGE_SIZE, "page")
        yield page_of(fill.word)
    while piece := source.read_some(_PIECE):
        yield piece
