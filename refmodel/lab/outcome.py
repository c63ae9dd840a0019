"""How a run of the lab came out, and whether that is as it must be."""

from pathlib import Path

from attrs import frozen

from refmodel.lab.guest import Wrong
from refmodel.lab.scenarios import Scenario
from refmodel.oracle.verdict import Verdict
from refmodel.tap.plan import Told

__all__ = ["Outcome"]


@frozen
class Outcome:
    """How a run came out."""

    scenario: str
    status: str
    """What the migration ended in, says QEMU."""
    seconds: float
    verdict: Verdict
    """The oracle's, on the recording."""
    differing: tuple[int, ...]
    """Pages of RAM that are not the same on both sides at the cutover; none where the target ran on at once."""
    wrong: tuple[Wrong, ...]
    """Pages of the target that are not what the guest's own counter says."""
    struck: int | None
    """The page that a fault on the wire struck."""
    told: Told
    """What the tap said, while it ran."""
    folder: Path
    cancelled: Told | None = None
    """The same of a migration before it, which was cancelled under way."""

    @property
    def is_lost(self) -> bool:
        """The target's memory is not the source's."""
        return bool(self.differing or self.wrong)

    def mistake(self, scenario: Scenario) -> str | None:
        """What the oracle, or QEMU, did not do as it should; None where all is as it must be.

        A loss has to be a violation, live and on the recording. Without one, and without a fault on the wire, both have
        to accept it; a fault that changes no memory may be called one. Where the tap was to cut the wire, it has to,
        and the guest has to go on at the source. One that is cancelled hands nothing over, and has to be accepted.
        """
        if self.status != scenario.status:
            return f"the migration {self.status}, and was to be {scenario.status}"
        if scenario.cuts and (self.told.target, self.live) != ("cut", "violation"):
            return f"the tap was to cut the wire: {self.live}"
        if self.cancelled is not None and self.cancelled.status != 0:
            return f"a false alarm of the tap, of what was cancelled: {_against(self.cancelled)}"
        for whose, verdict in (("oracle", self.verdict.verdict), ("tap", self.live)):
            if self.is_lost and verdict != "violation":
                return f"a loss that is {verdict}, says the {whose}"
            if not (self.is_lost or scenario.fault or scenario.cuts) and verdict != "accepted":
                return f"a false alarm of the {whose}: {self.why}"
        return None

    @property
    def live(self) -> str:
        """The tap's verdict."""
        return self.told.verdict.verdict if self.told.verdict else "none"

    @property
    def why(self) -> str:
        """What is said against it."""
        said = self.verdict.reason or (self.verdict.findings[0].rule if self.verdict.findings else None)
        return "; ".join(filter(None, (said, _against(self.told))))


def _against(told: Told) -> str:
    """What the tap said against a migration, or against itself."""
    verdict = told.verdict
    if verdict is None or verdict.verdict == "accepted":
        return "; ".join(told.failures)
    return verdict.reason or verdict.findings[0].rule
