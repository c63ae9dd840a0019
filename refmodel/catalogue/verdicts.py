"""What the checkers say of the variants that stand for a class: found by running them, never written down."""

from collections.abc import Callable
from importlib.metadata import entry_points

from attrs import frozen

from refmodel.migration import AnyMachine
from refmodel.oracle.catalogue import CLASSES as SHOWN
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, MAX_STATES, Found, find
from refmodel.search.report import watched
from refmodel.variants import VARIANTS, Variant

__all__ = ["Prover", "Refutation", "Verdict", "checkers", "judge", "prover", "variants_of"]

_WHOLE = GROWING[:2]
"""The machines that a sound variant is searched in: whole, and in seconds."""
_FEW_STATES = 5_000
"""States of each machine that are looked at in haste: enough for nearly every variant, in a second or three."""


@frozen
class Refutation:
    """The first obligation of a machine that fails, and a small state in which it does."""

    step: str
    path: int
    claim: str
    verdict: str
    """refuted, or unknown."""
    contract: str = ""
    """The claim's; empty where it is no claim of the machine, but e.g. that it refines the promise."""
    broken: str = ""
    """What of the claim is false."""
    arguments: tuple[str, ...] = ()
    """Those of the step, e.g. ``cpu=cpu0``."""
    cells: tuple[tuple[str, str, str], ...] = ()
    """What to look at: where, and its value before and after the step."""


Prover = Callable[[AnyMachine], Refutation | None]
"""The first obligation that fails; None where all are proved."""


def prover() -> Prover | None:
    """The prover, found by entry point (group ``refmodel.refute``): refmodel does not import the proofs."""
    for point in entry_points(group="refmodel.refute"):
        loaded: Prover = point.load()
        return loaded
    return None


def variants_of(number: str) -> tuple[Variant, ...]:
    """The variants that stand for a class, wrong ones first; those of ``-`` belong to none."""
    mine = [variant for variant in VARIANTS.values() if variant.catalogue == number]
    return tuple(sorted(mine, key=lambda variant: variant.sound))


def checkers(number: str) -> tuple[str, ...]:
    """The checkers that have something to say of the class."""
    modelled = ("proof", "search") if variants_of(number) else ()
    return (*modelled, "oracle") if number in SHOWN else modelled


@frozen
class Verdict:
    """What search and proof say of one variant."""

    variant: Variant
    found: Found
    refutation: Refutation | None
    proof_was_asked: bool
    """False where no prover is installed."""

    @property
    def broken_after(self) -> int | None:
        """How many steps the shortest schedule to a broken claim takes."""
        schedule = self.found.schedule
        if schedule is None or schedule.broken is None:
            return None
        return self.found.shortest or schedule.broken.after

    @property
    def noticed_after(self) -> int | None:
        """How many steps it takes until the guest notices; None where it was not seen to."""
        schedule = self.found.schedule
        return schedule.noticed.after if schedule and schedule.noticed else None

    @property
    def is_right(self) -> bool:
        """A wrong variant is caught by each checker that was asked, a sound one accepted."""
        if self.variant.sound:
            return self.found.explored.outcome is Outcome.EXHAUSTED and self.refutation is None
        return self.broken_after is not None and (self.refutation is not None or not self.proof_was_asked)

    @property
    def said_by_search(self) -> str:
        """The search's verdict, in few words."""
        if self.broken_after is None:
            return f"nothing found in {self.found.explored.states:,} states"
        noticed = f"noticed after {self.noticed_after}" if self.noticed_after else "not noticed"
        return f"broken after {self.broken_after} steps, {noticed}"

    @property
    def said_by_proof(self) -> str:
        """The proof's verdict, in few words."""
        if not self.proof_was_asked:
            return "no prover is installed"
        if self.refutation is None:
            return "all proved"
        return f"{self.refutation.step} {self.refutation.verdict}"


def judge(variant: Variant, prove: Prover | None, thorough: bool = False) -> Verdict:
    """Search and prove the variant, now; in haste the search for what a guest notices late may end without it."""
    machines = variant.growing or (_WHOLE if variant.sound else GROWING)
    with watched(variant.name) as progress:
        most = MAX_STATES if thorough else _FEW_STATES
        found = find(variant.machine, variant.name, machines, variant.rounds, max_states=most, progress=progress)
        if found.explored.outcome is Outcome.BOUNDED and not thorough:
            found = find(variant.machine, variant.name, machines, variant.rounds, progress=progress)
    refutation = prove(variant.spec()) if prove else None
    return Verdict(variant, found, refutation, prove is not None)
