"""Mutating schedules as schedules: whole steps are inserted, dropped, changed, moved, or the rest drawn anew.

libFuzzer's own mutations of bytes shift every later pair by one, and repeat bytes, which makes poor schedules. They
are used for a quarter of the mutations, because they recombine what has been seen.
"""

from collections.abc import Callable
from random import Random

from fuzz.decode import HEAD, RECORD
from fuzz.mix import MOST_STEPS

__all__ = ["mutated", "seeds"]

_STEPS = 48
"""Steps in an input that is drawn at random: enough for most runs to reach activation."""


def seeds(seed: int, count: int = 64) -> list[bytes]:
    """Inputs to begin a campaign with, when there are none: random, and the same for the same seed."""
    chance = Random(seed)
    return [bytes([0, chance.randrange(256)]) + chance.randbytes(RECORD * _STEPS) for _ in range(count)]


def mutated(data: bytes, most: int, seed: int, by_bytes: Callable[[bytes, int], bytes]) -> bytes:
    """Another input of at most ``most`` bytes; the same for the same arguments, but for what ``by_bytes`` does."""
    chance = Random(seed)
    if chance.randrange(4) == 0:
        return by_bytes(data, most)
    front = data[:HEAD].ljust(HEAD, b"\0")
    body = data[HEAD:]
    steps = [body[i : i + RECORD] for i in range(0, len(body) - RECORD + 1, RECORD)]
    for _ in range(1 + chance.randrange(3)):
        chance.choice((_insert, _drop, _change, _change_arguments, _move, _redraw))(steps, chance)
    if chance.randrange(16) == 0:
        front = bytes([chance.randrange(256), chance.randrange(256)])
    return (front + b"".join(steps[:MOST_STEPS]))[:most]


def _place(steps: list[bytes], chance: Random) -> int:
    return chance.randrange(len(steps) + 1)


def _insert(steps: list[bytes], chance: Random) -> None:
    at = _place(steps, chance)
    steps[at:at] = [chance.randbytes(RECORD) for _ in range(1 + chance.randrange(4))]


def _drop(steps: list[bytes], chance: Random) -> None:
    at = _place(steps, chance)
    del steps[at : at + 1 + chance.randrange(4)]


def _change(steps: list[bytes], chance: Random) -> None:
    at = _place(steps, chance)
    steps[at : at + 1] = [chance.randbytes(RECORD)]


def _change_arguments(steps: list[bytes], chance: Random) -> None:
    at = _place(steps, chance)
    steps[at : at + 1] = [step[:1] + chance.randbytes(1) for step in steps[at : at + 1]]


def _move(steps: list[bytes], chance: Random) -> None:
    at = _place(steps, chance)
    moved = steps[at : at + 1]
    del steps[at : at + 1]
    to = _place(steps, chance)
    steps[to:to] = moved


def _redraw(steps: list[bytes], chance: Random) -> None:
    """Everything from here on anew: what has been reached is kept, what follows is not."""
    at = _place(steps, chance)
    steps[at:] = [chance.randbytes(RECORD) for _ in range(max(0, _STEPS - at) + chance.randrange(8))]
