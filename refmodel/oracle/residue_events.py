"""The judge's way with what a migration takes for itself: reserved before it is filled, given back after an abort.

Level A knows nothing of it, as no load returns it: the judge keeps it itself, by I-CLEAN and I-ONE of hand-over.
"""

from refmodel.oracle.events import Abort, Configure, Logging, OfResidue, Reserve
from refmodel.oracle.rules import OF_RESIDUE
from refmodel.oracle.stepping import Stepping
from refmodel.promise import Ledger

__all__ = ["TakesResidue"]

_FIRST, _LEFT = OF_RESIDUE


class TakesResidue(Stepping):
    """What a judge has to do about it."""

    def __init__(self, where: str, ledger: Ledger | None = None) -> None:
        super().__init__(where, ledger)
        self._logged: dict[str, bool] = {}
        """Whose stores are being logged, of those of which it was told."""
        self._is_reserved: bool | None = None
        """Memory is set aside at the target; None where nothing was told of it."""
        self._is_configured = False

    def take_residue(self, event: OfResidue) -> None:
        """Judge one of these events."""
        match event:
            case Configure():
                self._is_configured = True
            case Logging(active, kind):
                self._logged[kind] = active
            case Reserve(active):
                if active:
                    self._check(_FIRST, not self._is_configured, "the stream began before the target had said yes")
                self._is_reserved = active

    def leaves_nothing(self, event: Abort) -> None:
        """The migration is given up by a source that is there; of a target only that hears of it more is asked."""
        if self.ledger.source_lost:
            return
        for kind, is_logged in self._logged.items():
            self._check(_LEFT, not is_logged, f"stores of {kind} are logged still")
        if event.told and self._is_reserved is not None:
            self._check(_LEFT, not self._is_reserved, "the target keeps memory for a guest that will not come")

    def _check(self, rule: str, holds: bool, message: str) -> None:
        self.counts[rule] = self.counts.get(rule, 0) + 1
        if not holds:
            self.find(rule, message)
