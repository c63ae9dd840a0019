"""What the checkers say of the variants that stand for a class: found by running them, never written down."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from enum import Enum
from importlib.metadata import entry_points
from itertools import repeat
from multiprocessing import get_context

from attrs import frozen

from refmodel.catalogue.classes import CLASSES
from refmodel.catalogue.mutants import mutants_of
from refmodel.oracle.catalogue import CLASSES as SHOWN
from refmodel.oracle.observed import finding_on
from refmodel.oracle.verdict import Verdict as Judged
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, MAX_STATES, Found, find_variant
from refmodel.search.report import watched
from refmodel.variants import VARIANTS, Variant

__all__ = ["Care", "Prover", "Refutation", "Verdict", "checkers", "judge", "judge_all", "prover", "variants_of"]


class Care(Enum):
    """How thoroughly a variant is looked at."""

    LISTED = (1, 0)
    """A second or less: to the first broken claim, and on from there to what the guest notices."""
    TOLD = (2, 5_000)
    """In seconds: also for what the guest notices only past the first broken claim."""
    CHECKED = (2, MAX_STATES)
    """As far as the search goes: minutes."""

    def __init__(self, whole: int, later: int) -> None:
        self.whole = whole
        """How many of the growing machines a sound variant is searched in, whole."""
        self.later = later
        """States of each machine that are looked at for what the guest notices late."""


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


Prover = Callable[..., Refutation | None]
"""From a machine, the contracts that are suspected, and the step that is, to the first obligation that fails, of these
contracts if there is one; None where all are proved."""


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
    if mutants_of(number):
        return tuple(sorted({mutant.checker for mutant in mutants_of(number)}))
    modelled = ("proof", "search") if variants_of(number) else ()
    return (*modelled, "oracle") if number in SHOWN or _is_wrong(number) else modelled


def _is_wrong(number: str) -> bool:
    """The oracle can be asked about the schedule of a wrong variant."""
    return any(not variant.sound for variant in variants_of(number))


@frozen
class Verdict:
    """What search, proof and oracle say of one variant."""

    variant: Variant
    found: Found
    refutation: Refutation | None
    proof_was_asked: bool
    """False where no prover is installed."""
    judged: Judged | None = None
    """The oracle's, of the events of the schedule; None without a schedule."""

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
        is_found = self.broken_after is not None or bool(self.variant.unreached)
        is_judged = self.noticed_after is None or (self.judged is not None and bool(self.judged.findings))
        return is_found and is_judged and (self.refutation is not None or not self.proof_was_asked)

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

    @property
    def said_by_oracle(self) -> str:
        """The oracle's verdict, in few words; empty where there is no schedule to judge."""
        if self.judged is None:
            return ""
        if self.judged.findings:
            return ", ".join(self.rules)
        return self.judged.verdict if self.judged.reason is None else f"{self.judged.verdict}: {self.judged.reason}"

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that the oracle finds broken, first ones first."""
        return tuple(dict.fromkeys(found.rule for found in self.judged.findings)) if self.judged else ()


def judge(variant: Variant, prove: Prover | None, care: Care = Care.TOLD) -> Verdict:
    """Search and prove the variant, and have its schedule's events judged, now."""
    machines = (variant.growing or GROWING)[: care.whole] if variant.sound else ()
    with watched(variant.name) as progress:
        found = find_variant(variant, machines, later=care.later, progress=progress)
    schedule = found.schedule
    refutation = None
    if prove:
        known = CLASSES.get(variant.catalogue)
        # What the search saw break is looked at first, in haste: the proof decides it by itself all the same.
        broken = schedule.broken if schedule and care is Care.LISTED else None
        first = schedule.actions[broken.after - 1].step if schedule and broken else ""
        refutation = prove(variant.spec(), known.contracts if known else (), first)
    judged = finding_on(schedule) if schedule else None
    return Verdict(variant, found, refutation, prove is not None, judged)


def judge_all(
    names: Sequence[str], prove: Prover | None, care: Care, jobs: int, watch: Callable[[int], None] = lambda done: None
) -> dict[str, Verdict]:
    """Variants by name, on so many processes; ``watch`` is told how many are done."""
    if jobs == 1 or len(names) < 2:
        verdicts = {}
        for name in names:
            verdicts[name] = judge(VARIANTS[name], prove, care)
            watch(len(verdicts))
        return verdicts
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        found = pool.map(_judged, names, repeat(prove is not None), repeat(care))
        return dict(_watched(zip(names, found, strict=True), watch))


def _watched(found: Iterable[tuple[str, Verdict]], watch: Callable[[int], None]) -> Iterator[tuple[str, Verdict]]:
    for number, each in enumerate(found, 1):
        watch(number)
        yield each


def _judged(name: str, proves: bool, care: Care) -> Verdict:
    """In another process, which finds the prover again."""
    return judge(VARIANTS[name], prover() if proves else None, care)
