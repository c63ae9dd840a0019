"""Claims remembered by what they read: most steps change nothing that the claims about steps look at.

The first time, a claim is asked about a state that notes which leaves it reads. Another state with the same values
there takes the same way through the claim to the same answer, whatever its other leaves hold.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from refmodel.language import Claim, State
from refmodel.search.layout import Layout, Raw

__all__ = ["Remembered"]

Place = tuple[int, ...]
Failure = tuple[Claim, Place]
_MOST_KEPT = 200_000
"""Answers kept per list of claims before they are forgotten: they only save time."""


class _Noting:
    """A part of a state that notes the path of every leaf that is read from it."""

    def __init__(self, part: State, path: str, reads: set[str]) -> None:
        self.__dict__["_noted"] = (part, path, reads)

    def __getattr__(self, name: str) -> Any:
        part, path, reads = self._noted
        found = getattr(part, name)
        if isinstance(found, State):
            return _Noting(found, f"{path}{name}.", reads)
        reads.add(path if callable(found) else path + name)
        return found

    def __eq__(self, other: object) -> bool:
        part, path, reads = self._noted
        reads.add(path)
        return bool(part == (other._whole if isinstance(other, _Noting) else other))

    __hash__ = None  # type: ignore[assignment]

    @property
    def _whole(self) -> State:
        part, path, reads = self._noted
        reads.add(path)
        return part  # type: ignore[no-any-return]


class Remembered:
    """Claims of one state, or of two: the first that fails, and where."""

    def __init__(self, layout: Layout, methods: Sequence[tuple[Claim, Callable[..., bool], Sequence[Place]]]) -> None:
        self._layout = layout
        self._methods = methods
        self._read: list[int] = []
        self._pick: Callable[[Raw], Any] = lambda raw: ()
        self._answers: dict[Any, Failure | None] = {}

    def first_failure(self, raws: tuple[Raw, ...], states: tuple[Any, ...]) -> Failure | None:
        """The first claim that fails in these states, whose leaves are ``raws``; None if all hold."""
        pick = self._pick
        key = pick(raws[0]) if len(raws) == 1 else (pick(raws[0]), pick(raws[1]))
        try:
            return self._answers[key]
        except KeyError:
            return self._ask(raws, states)

    def _ask(self, raws: tuple[Raw, ...], states: tuple[Any, ...]) -> Failure | None:
        reads: set[str] = set()
        noting = [_Noting(state, "", reads) for state in states]
        answer = self._first(noting)
        places = {i for path in reads for name, i in self._layout.index.items() if name.startswith(path)}
        if not places <= set(self._read) or len(self._answers) > _MOST_KEPT:
            self._answers.clear()
            self._read = sorted(places | set(self._read))
            self._pick = itemgetter(*self._read)
        self._answers[tuple(map(self._pick, raws)) if len(raws) > 1 else self._pick(raws[0])] = answer
        return answer

    def _first(self, states: Sequence[Any]) -> Failure | None:
        for claim, holds, places in self._methods:
            for where in places:
                if not holds(*states, *where):
                    return claim, where
        return None
