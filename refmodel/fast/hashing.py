"""Digests of page contents, as numbers of 64 bits.

For the screen XXH3 with a seed drawn for each run: two different contents pass for the same with a chance of one in
2^64, and nobody can choose them so. What is found is judged again with sha256, as the stepwise oracle does.
"""

import re
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from attrs import frozen
from xxhash import xxh3_64_intdigest

__all__ = ["Hasher", "quick", "sha", "text_of", "word_of"]

_PAGE_SIZE = 4096
_HEX = re.compile(r"[0-9a-f]{16}")
_SEED = secrets.randbits(64)


@frozen
class Hasher:
    """How pages are digested: ``of`` bytes, and of a page that is one byte throughout."""

    of: Callable[[Any], int]
    name: str

    def filled(self, byte: int) -> int:
        """The digest of a page of one byte."""
        return self.of(bytes([byte]) * _PAGE_SIZE)


def quick(seed: int | None = None) -> Hasher:
    """XXH3 of 64 bits."""
    chosen = secrets.randbits(64) if seed is None else seed
    return Hasher(lambda data: xxh3_64_intdigest(data, chosen), "xxh3")


def sha() -> Hasher:
    """The first 64 bits of sha256, as digests in recordings are."""
    return Hasher(lambda data: int.from_bytes(sha256(data).digest()[:8], "big"), "sha256")


def text_of(word: int) -> str:
    """A digest as text."""
    return f"{word:016x}"


def word_of(text: str) -> int:
    """A number for a digest that is given as text: the same for the same text, in this process."""
    return int(text, 16) if _HEX.fullmatch(text) else xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"), _SEED)
