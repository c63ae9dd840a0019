"""Mutating schedules as schedules: whole steps are inserted, dropped, changed, moved, repeated, spliced, renamed.

libFuzzer's own mutations of bytes shift every later pair by one, and repeat bytes, which makes poor schedules. What
each mutation is worth is measured: ``python -m fuzz.ladder --ablation``.
"""

from collections.abc import Callable, Mapping
from random import Random

from attrs import frozen

from fuzz.decode import HEAD, RECORD, Vocabulary
from fuzz.mix import MOST_STEPS, SHARES
from refmodel.language import Actor

__all__ = ["MUTATIONS", "crossed", "extended", "finished", "mutated", "seeds"]

_BYTES, _HEADS = 16, 16
"""One in so many mutations is libFuzzer's own, of bytes; one in so many draws the head anew."""
_FURTHER = 24
"""At most so many steps at random go on from a rare state."""
_FAILED = 8
"""One in so many of those ends with a step of the operator's: an abort, or the loss of a side or of the wire."""
_FINISHED = 4
"""One in so many of those is then brought to its end."""
_ACTORS = tuple(SHARES)
_FIRST = {actor: sum(SHARES[other] for other in _ACTORS[:i]) for i, actor in enumerate(_ACTORS)}
"""By actor: the first of the bytes that stand for its kinds."""


def seeds(seed: int, count: int = 64) -> list[bytes]:
    """Inputs to begin a campaign with, when there are none: random, and the same for the same seed."""
    chance = Random(seed)
    return [chance.randbytes(HEAD + RECORD * MOST_STEPS) for _ in range(count)]


@frozen
class _Draft:
    """An input on its way: its steps, which the mutations change, and what its bytes stand for, where that is known."""

    steps: list[bytes]
    chance: Random
    vocabulary: Vocabulary | None
    which: int
    """The byte that chooses the sizes."""

    def place(self) -> int:
        return self.chance.randrange(len(self.steps) + 1)

    def drawn(self, most: int) -> list[bytes]:
        return [self.chance.randbytes(RECORD) for _ in range(1 + self.chance.randrange(most))]

    def of(self, actor: Actor) -> bytes:
        """A step of the actor's."""
        return _step_of(actor, self.chance)


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
    front = data[:HEAD].ljust(HEAD, b"\0")
    draft = _Draft(_steps(data), chance, vocabulary, front[0])
    usable = [change for name, change in MUTATIONS.items() if name != without]
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
        longer = longer[:-RECORD] + bytes([_FIRST[Actor.OPERATOR], chance.randrange(256)])
    return longer if chance.randrange(_FINISHED) else finished(longer, most, chance)


def finished(begun: bytes, most: int, chance: Random) -> bytes:
    """An input that begins so, and whose engine goes on alone: what has been lost by now stays lost."""
    steps = (min(most, HEAD + RECORD * MOST_STEPS) - len(begun)) // RECORD
    return begun + b"".join(_step_of(Actor.ENGINE, chance) for _ in range(steps))


def _step_of(actor: Actor, chance: Random) -> bytes:
    return bytes([_FIRST[actor] + chance.randrange(SHARES[actor]), chance.randrange(256)])


def _steps(data: bytes) -> list[bytes]:
    return [data[i : i + RECORD] for i in range(HEAD, len(data) - RECORD + 1, RECORD)]


def _fill(draft: _Draft) -> None:
    """Up to the most steps of a run: what was lost shows only once the guest runs at the target."""
    left = MOST_STEPS - len(draft.steps)
    draft.steps.extend(draft.chance.randbytes(RECORD) for _ in range(left))


def _insert(draft: _Draft) -> None:
    at = draft.place()
    draft.steps[at:at] = draft.drawn(4)


def _delete(draft: _Draft) -> None:
    at = draft.place()
    del draft.steps[at : at + 1 + draft.chance.randrange(4)]


def _change(draft: _Draft) -> None:
    at = draft.place()
    draft.steps[at : at + 1] = draft.drawn(1)


def _arguments(draft: _Draft) -> None:
    at = draft.place()
    draft.steps[at : at + 1] = [step[:1] + draft.chance.randbytes(1) for step in draft.steps[at : at + 1]]


def _move(draft: _Draft) -> None:
    at, length = draft.place(), 1 + draft.chance.randrange(4)
    moved = draft.steps[at : at + length]
    del draft.steps[at : at + length]
    to = draft.place()
    draft.steps[to:to] = moved


def _repeat(draft: _Draft) -> None:
    """Some steps once more, right behind or later."""
    at, length = draft.place(), 1 + draft.chance.randrange(8)
    to = at + draft.chance.randrange(len(draft.steps) - at + 1)
    draft.steps[to:to] = draft.steps[at : at + length]


def _redraw(draft: _Draft) -> None:
    """Everything from here on anew: what has been reached is kept, what follows is not."""
    at = draft.place()
    del draft.steps[at:]


def _permute(draft: _Draft) -> None:
    """From here on two pages, or two vCPUs, change places; with them whatever else there are two of."""
    if draft.vocabulary is None:
        return
    at = draft.place()
    sort, one, two = draft.vocabulary.pair(draft.which, draft.chance.randrange(1 << 16))
    draft.steps[at:] = [draft.vocabulary.exchanged(draft.which, step, sort, one, two) for step in draft.steps[at:]]


def _stretch(draft: _Draft) -> None:
    """Steps of the guest's between two steps of the engine's: the window of a race held open."""
    engine = [i for i, step in enumerate(draft.steps) if _is_of(step, Actor.ENGINE)]
    at = draft.chance.choice(engine) + 1 if engine else draft.place()
    draft.steps[at:at] = [draft.of(Actor.GUEST) for _ in range(1 + draft.chance.randrange(4))]


def _finish(draft: _Draft) -> None:
    """From here on the engine alone: what has been lost by now stays lost, and shows where the guest runs next."""
    at = draft.place()
    rest = [step for step in draft.steps[at:] if _is_of(step, Actor.ENGINE)]
    draft.steps[at:] = rest + [draft.of(Actor.ENGINE) for _ in range(MOST_STEPS - at - len(rest))]


def _is_of(step: bytes, actor: Actor) -> bool:
    return _FIRST[actor] <= step[0] < _FIRST[actor] + SHARES[actor]


MUTATIONS: Mapping[str, Callable[[_Draft], None]] = {
    "insert": _insert,
    "delete": _delete,
    "change": _change,
    "arguments": _arguments,
    "move": _move,
    "repeat": _repeat,
    "redraw": _redraw,
    "permute": _permute,
    "stretch": _stretch,
    "finish": _finish,
}
"""By name; ``splice`` is ``crossed``."""
