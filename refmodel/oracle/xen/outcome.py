"""From what the rules yield to a verdict, together with the judge's."""

from collections.abc import Iterable

from attrs import evolve

from refmodel.oracle.judge import Judge
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Checked, Finding, Unchecked, Verdict
from refmodel.oracle.xen.not_observable import NOT_OBSERVABLE
from refmodel.oracle.xen.results import Misfit, Result, checked, unchecked
from refmodel.oracle.xen.rules import RULES
from refmodel.unusable import Unusable

__all__ = ["Outcome"]


class Outcome:
    """Takes what rules yield; a rule of which nothing is heard, or which found nothing to check, is unchecked."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.counts: dict[str, int] = {}
        self.why: dict[str, Unchecked] = {}
        self.notes: list[str] = []
        self.misfits: list[str] = []

    def take(self, results: Iterable[Result]) -> None:
        """Take what one rule yields; what it cannot use is a misfit."""
        try:
            self._take(results)
        except Unusable as error:
            self.misfits.append(str(error))

    def _take(self, results: Iterable[Result]) -> None:
        for result in results:
            match result:
                case Finding():
                    self.findings.append(result)
                case Checked():
                    self.counts[result.rule] = self.counts.get(result.rule, 0) + result.count
                case Unchecked():
                    self.why.setdefault(result.rule, result)
                case Misfit():
                    self.misfits.append(result.why)
                case str():
                    self.notes.append(result)

    def verdict(self, judge: Judge, reason: str | None = None) -> Verdict:
        """The verdict: a violation if anything was found, unusable for a misfit, else the judge's.

        `reason` is why the judge cannot accept, where that is known better than the judge does.
        """
        base = summary(judge)
        findings = (*base.findings, *(self._complete(judge, found) for found in self.findings))
        counted = {found.rule for found in self.findings} | {rule for rule, count in self.counts.items() if count}
        mine = [checked(rule, self.counts.get(rule, 0)) for rule in RULES if rule in counted]
        left = [self.why.get(rule) or unchecked(rule, self._nothing(rule)) for rule in RULES if rule not in counted]
        kind = "violation" if findings else "unusable" if self.misfits else base.verdict
        if findings or kind == "accepted":
            reason = None
        elif self.misfits:
            reason = self.misfits[0]
        return Verdict(
            kind,
            findings,
            (*base.checked, *mine),
            (*base.unchecked, *left, *NOT_OBSERVABLE),
            reason or (base.reason if kind == "unusable" else None),
            (*base.notes, *self.notes, *self.misfits[0 if findings else 1 :]),
        )

    def _nothing(self, rule: str) -> str | None:
        return "there was nothing to check" if rule in self.counts else None

    def _complete(self, judge: Judge, found: Finding) -> Finding:
        """The finding with what is known of its page."""
        page = judge.pages.find(found.block, found.pfn) if found.block is not None and found.pfn is not None else None
        if page is None:
            return evolve(found, event=judge.number)
        known = evolve(found, event=judge.number, last_record=page.last_record, story=judge.story_of(page))
        return evolve(known, source=page.source, target=page.target)
