"""What can be done to the steps of a schedule: whole steps are inserted, dropped, changed, moved, repeated, renamed."""

from collections.abc import Callable, Mapping
from random import Random

from attrs import frozen

from fuzz.decode import RECORD
from fuzz.mix import SHARES
from fuzz.vocabulary import Vocabulary
from refmodel.language import Actor

__all__ = ["FIRST", "MUTATIONS", "Draft", "step_of"]

_ACTORS = tuple(SHARES)
FIRST = {actor: sum(SHARES[other] for other in _ACTORS[:i]) for i, actor in enumerate(_ACTORS)}
"""By actor: the first of the bytes that stand for its kinds."""


@frozen
class Draft:
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
        return step_of(actor, self.chance)


def _insert(draft: Draft) -> None:
    at = draft.place()
    draft.steps[at:at] = draft.drawn(4)


def _delete(draft: Draft) -> None:
    at = draft.place()
    del draft.steps[at : at + 1 + draft.chance.randrange(4)]


def _change(draft: Draft) -> None:
    at = draft.place()
    draft.steps[at : at + 1] = draft.drawn(1)


def _arguments(draft: Draft) -> None:
    at = draft.place()
    draft.steps[at : at + 1] = [step[:1] + draft.chance.randbytes(1) for step in draft.steps[at : at + 1]]


def _move(draft: Draft) -> None:
    at, length = draft.place(), 1 + draft.chance.randrange(4)
    moved = draft.steps[at : at + length]
    del draft.steps[at : at + length]
    to = draft.place()
    draft.steps[to:to] = moved


def _repeat(draft: Draft) -> None:
    """Some steps once more, right behind or later."""
    at, length = draft.place(), 1 + draft.chance.randrange(8)
    to = at + draft.chance.randrange(len(draft.steps) - at + 1)
    draft.steps[to:to] = draft.steps[at : at + length]


def _redraw(draft: Draft) -> None:
    """Everything from here on anew: what has been reached is kept, what follows is not."""
    at = draft.place()
    del draft.steps[at:]


def _permute(draft: Draft) -> None:
    """From here on two pages, or two vCPUs, change places; with them whatever else there are two of."""
    if draft.vocabulary is None:
        return
    at = draft.place()
    sort, one, two = draft.vocabulary.pair(draft.which, draft.chance.randrange(1 << 16))
    draft.steps[at:] = [draft.vocabulary.exchanged(draft.which, step, sort, one, two) for step in draft.steps[at:]]


def _stretch(draft: Draft) -> None:
    """Steps of the guest's between two steps of the engine's: the window of a race held open."""
    engine = [i for i, step in enumerate(draft.steps) if _is_of(step, Actor.ENGINE)]
    at = draft.chance.choice(engine) + 1 if engine else draft.place()
    draft.steps[at:at] = [draft.of(Actor.GUEST) for _ in range(1 + draft.chance.randrange(4))]


def _is_of(step: bytes, actor: Actor) -> bool:
    return FIRST[actor] <= step[0] < FIRST[actor] + SHARES[actor]


MUTATIONS: Mapping[str, Callable[[Draft], None]] = {
    "insert": _insert,
    "delete": _delete,
    "change": _change,
    "arguments": _arguments,
    "move": _move,
    "repeat": _repeat,
    "redraw": _redraw,
    "permute": _permute,
    "stretch": _stretch,
}
"""By name; ``splice`` is ``crossed``."""


def step_of(actor: Actor, chance: Random) -> bytes:
    return bytes([FIRST[actor] + chance.randrange(SHARES[actor]), chance.randrange(256)])
