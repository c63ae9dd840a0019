"""What the proof that a machine's migrations end needs to know of it: its ranking, and the exceptions to it.

An *answer* is an engine step that the guest has caused (an entry of a ring that it filled); a *look* changes nothing
but what is known (of the log). It is proved that neither puts the end off, and that an answer leaves less to be
answered. That neither keeps the engine busy for ever is assumed. A failure ends the migration, or leaves it where it
was.

Steps that do put it off are named too: each is assumed to come finitely often in one migration. A migration that has
ended is followed by another only by steps that are named, which nobody but the operator takes; that these come finitely
often is assumed as well.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from proofs.ranking import Work, is_over
from refmodel.language import neg
from refmodel.state import Phase

__all__ = ["Condition", "Ranking"]

Condition = Callable[[Any], bool]
"""Something that holds of a state or does not."""


def _never(m: Any) -> bool:
    return False


def _always(m: Any) -> bool:
    return True


@frozen
class Ranking:
    """What is left to do, weightiest first, and the exceptions."""

    left_to_do: tuple[Work, ...]
    answers: Mapping[str, str] = field(factory=dict)
    """Engine steps that answer the guest."""
    to_answer: tuple[Work, ...] = ()
    """What the guest has left the engine to answer, weightiest first: each answer lessens it."""
    looks: Mapping[str, str] = field(factory=dict)
    """Engine steps that change nothing but what is known. They can be taken at any time: to be able to is no way on."""
    afterwards: Mapping[str, str] = field(factory=dict)
    """Engine steps that may come once the migration has ended."""
    delays: Mapping[str, str] = field(factory=dict)
    """Steps that put the end off. One of the engine's is a failure that it meets, which nobody can rely on."""
    again: Mapping[str, str] = field(factory=dict)
    """Steps after which a migration that has ended may be followed by another."""
    waits: Condition = _never
    """The engine can do nothing more: the operator has to act, e.g. to find out what became of the target."""
    settled_by: tuple[str, ...] = ()
    """The operator's steps that do."""
    rescue: str = ""
    """An engine step that may end the migration at any time, and is only for need: without need others have to do."""
    is_in_need: Condition = _never
    is_over: Condition = is_over
    relies_on: Condition | None = None
    """What is needed beyond the invariants for the engine never to be stuck; shown of the initial state and every step.
    As an invariant it would burden all other proofs: of what is on a wire it says that there is such a page."""
    finitely: Condition = _always
    """What follows from that only because sorts are finite: an order of so many has a first."""
    completes: Callable[[Any, Any], bool] = lambda before, after: False
    """With this step something ends that is to end again and again; what is left to do is then that of the next."""

    def is_running(self, m: Any) -> bool:
        """A migration has begun and has not ended."""
        return neg((m.phase == Phase.BEFORE) | self.is_over(m))
