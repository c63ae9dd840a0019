"""What a proof came to: every record, by group, and the totals."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from attrs import frozen

from proofs.cross_check import Opinion
from proofs.solve import Record, Verdict
from proofs.work import Done, Work

__all__ = ["Report"]


@frozen
class Report:
    """All pieces of work, in their order."""

    done: tuple[Done, ...]

    @property
    def records(self) -> list[Record]:
        """Every obligation's outcome."""
        return [record for done in self.done for record in done.records]

    @property
    def groups(self) -> dict[str, list[Record]]:
        """The records by the name of their group, in order."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.group, []).append(record)
        return found

    @property
    def not_proved(self) -> list[tuple[Work, Record]]:
        """What was refuted or not decided, and where to find its obligation."""
        pairs = [(done.work, record) for done in self.done for record in done.records]
        return [(work, record) for work, record in pairs if record.verdict is not Verdict.PROVED]

    @property
    def disagreements(self) -> list[Record]:
        """Where a second solver says otherwise."""
        pairs = [pair for done in self.done for pair in zip(done.records, done.opinions, strict=False)]
        return [record for record, opinion in pairs if opinion is Opinion.DISAGREES]

    @property
    def is_proved(self) -> bool:
        """Everything was proved, and no second solver says otherwise."""
        return not self.not_proved and not self.disagreements

    @property
    def opinions(self) -> Counter[Opinion]:
        """How often the second solver agreed."""
        return Counter(opinion for done in self.done for opinion in done.opinions)

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many obligations came to what."""
        return Counter(record.verdict for record in self.records)

    @property
    def seconds(self) -> float:
        """Solving, summed over all processes."""
        return sum(record.seconds for record in self.records)

    @property
    def slowest(self) -> Record:
        """The obligation that took longest."""
        return max(self.records, key=lambda record: record.seconds)

    def as_json(self) -> dict[str, Any]:
        """Records and totals, as plain data."""
        totals: dict[str, Any] = {"obligations": len(self.records)}
        totals |= {verdict.value: self.verdicts[verdict] for verdict in Verdict}
        totals |= {"seconds": round(self.seconds, 6), "slowest": _plain(self.slowest)}
        if self.opinions:
            totals["cross_check"] = {opinion.value: self.opinions[opinion] for opinion in Opinion}
            totals["cross_check"]["disagreements"] = list(_names(self.disagreements))
        return {"records": [_plain(record) for record in self.records], "totals": totals}


def _names(records: Iterable[Record]) -> Iterable[str]:
    return (record.name for record in records)


def _plain(record: Record) -> dict[str, Any]:
    return {
        "group": record.group,
        "step": record.step,
        "path": record.path,
        "claim": record.claim,
        "verdict": record.verdict.value,
        "seconds": round(record.seconds, 6),
    }
