"""Mutating schedules as schedules: whole steps are inserted, dropped, changed, moved, repeated, spliced, renamed.

libFuzzer's own mutations of bytes shift every later pair by one, and repeat bytes, which makes poor schedules. What
each mutation is worth is measured: ``python -m fuzz.ladder --by-one``, and beside all else ``--ablation``.
"""

from collections.abc import Callable, Sequence
from random import Random

from fuzz.decode import HEAD, RECORD
from fuzz.mix import MOST_STEPS
from fuzz.mutations import FIRST, MUTATIONS, Draft, step_of
from fuzz.vocabulary import Vocabulary
from refmodel.language import Actor

__all__ = ["changed", "crossed", "extended", "finished", "mutated", "seeds"]

_BYTES, _HEADS = 16, 16
"""One in so many mutations is libFuzzer's own, of bytes; one in so many draws the head anew."""
_FURTHER = 24
"""At most so many steps at random go on from a rare state."""
_FAILED = 8
"""One in so many of those ends with a step of the operator's: an abort, or the loss of a side or of the wire."""
_FINISHED = 4
"""One in so many of those is then brought to its end."""


def seeds(seed: int, count: int = 64) -> list[bytes]:
    """Inputs to begin a campaign with, when there are none: random, and the same for the same seed."""
    chance = Random(seed)
    return [chance.randbytes(HEAD + RECORD * MOST_STEPS) for _ in range(count)]


def mutated(
    data: bytes,
    most: int,
    seed: int,
    by_bytes: Callable[[bytes, int], bytes],
    vocabulary: Vocabulary | None = None,
    without: str = "",
) -> bytes:
    """Another input of at most ``most`` bytes; the same for the same arguments, but for what ``by_bytes`` does.

    ``without`` is a mutation to leave out.
    """
    chance = Random(seed)
    if chance.randrange(_BYTES) == 0 and without != "bytes":
        return by_bytes(data, most)
    usable = [change for name, change in MUTATIONS.items() if name != without]
    return changed(data, most, chance, vocabulary, usable)


def changed(
    data: bytes, most: int, chance: Random, vocabulary: Vocabulary | None, usable: Sequence[Callable[[Draft], None]]
) -> bytes:
    """The schedule after one to three of these mutations, as long again as a run can be; now and then another head."""
    front = data[:HEAD].ljust(HEAD, b"\0")
    draft = Draft(_steps(data), chance, vocabulary, front[0])
    for _ in range(1 + chance.randrange(3)):
        chance.choice(usable)(draft)
    _fill(draft)
    if chance.randrange(_HEADS) == 0:
        front = bytes([chance.randrange(256), chance.randrange(256)])
    return (front + b"".join(draft.steps[:MOST_STEPS]))[:most]


def crossed(one: bytes, other: bytes, most: int, seed: int) -> bytes:
    """The beginning of one input and the rest of another, or some steps of another put into one."""
    chance = Random(seed)
    front, ours, theirs = one[:HEAD].ljust(HEAD, b"\0"), _steps(one), _steps(other)
    at, begin = chance.randrange(len(ours) + 1), chance.randrange(len(theirs) + 1)
    if chance.randrange(2):
        steps = ours[:at] + theirs[min(at, len(theirs)) :]
    else:
        steps = ours[:at] + theirs[begin : begin + 1 + chance.randrange(12)] + ours[at:]
    return (front + b"".join(steps[:MOST_STEPS]))[:most]


def extended(begun: bytes, most: int, chance: Random, piece: bytes | None = None) -> bytes:
    """An input that begins so, and goes on for some steps, at random or with a piece of another input.

    Now and then the engine then brings it to its end.
    """
    steps = (min(most, HEAD + RECORD * MOST_STEPS) - len(begun)) // RECORD
    length = RECORD * min(steps, 1 + chance.randrange(_FURTHER))
    longer = begun + (chance.randbytes(length) if piece is None else piece[:length])
    if chance.randrange(_FAILED) == 0:
        longer = longer[:-RECORD] + bytes([FIRST[Actor.OPERATOR], chance.randrange(256)])
    return longer if chance.randrange(_FINISHED) else finished(longer, most, chance)


def finished(begun: bytes, most: int, chance: Random) -> bytes:
    """An input that begins so, and whose engine goes on alone: what has been lost by now stays lost."""
    steps = (min(most, HEAD + RECORD * MOST_STEPS) - len(begun)) // RECORD
    return begun + b"".join(step_of(Actor.ENGINE, chance) for _ in range(steps))


def _steps(data: bytes) -> list[bytes]:
    return [data[i : i + RECORD] for i in range(HEAD, len(data) - RECORD + 1, RECORD)]


def _fill(draft: Draft) -> None:
    """Up to the most steps of a run: what was lost shows only once the guest runs at the target."""
    left = MOST_STEPS - len(draft.steps)
    draft.steps.extend(draft.chance.randbytes(RECORD) for _ in range(left))
