"""From what the judge found to a verdict: accepted only if every page's last content was compared."""

from attrs import evolve

from refmodel.oracle.events import Abort, Done
from refmodel.oracle.evidence import Evidence
from refmodel.oracle.judge import Judge
from refmodel.oracle.rules import RULES
from refmodel.oracle.verdict import Checked, Unchecked, Verdict

__all__ = ["summary", "verdict_of"]


def summary(judge: Judge) -> Verdict:
    """The verdict: violation if anything was found; unusable if something needed was not compared."""
    checked = tuple(Checked(rule, n, RULES[rule].sentence) for rule, n in judge.counts.items() if n)
    unchecked = tuple(Unchecked(rule, f"needs {RULES[rule].needs}") for rule, n in judge.counts.items() if not n)
    findings = tuple(judge.findings)
    if findings:
        return Verdict("violation", findings, checked, unchecked)
    reason, notes = _missing_evidence(judge)
    if reason is not None:
        return Verdict("unusable", (), checked, unchecked, reason, notes)
    return Verdict("accepted", (), checked, unchecked, None, notes)


def verdict_of(evidence: Evidence) -> Verdict:
    """The judge's verdict together with what the rules over a format's companions found."""
    base = summary(evidence.judge)
    findings = (*base.findings, *evidence.findings)
    return evolve(
        base,
        verdict="violation" if findings else base.verdict,
        findings=findings,
        checked=(*base.checked, *evidence.checked),
        unchecked=(*base.unchecked, *evidence.unchecked),
        reason=None if findings else base.reason,
        notes=(*base.notes, *evidence.notes),
    )


def _missing_evidence(judge: Judge) -> tuple[str | None, tuple[str, ...]]:
    if judge.begin is None:
        return "there are no events", ()
    if isinstance(judge.ended, Abort):
        what = "the source has died, and the guest with it" if judge.ledger.source_lost else "the source runs on"
        return None, (f"given up before the hand-over: {what}, the target never ran",)
    if judge.pages.has_discarded and not isinstance(judge.ended, Done):
        return "pages were dropped at the switch to post-copy, and the events end before it is done", ()
    if judge.ended is None:
        return "the events end before the target runs or the migration is given up", ()
    tally = judge.tally()
    unknown, compared = tally.unknown, tally.compared
    if not compared and tally.released < judge.pages.total:
        return "nothing was compared with the source: its memory at the stop, or every store, is needed", ()
    if both := sorted(set(unknown) & set(compared)):
        return f"the source's memory is known for only {compared[both[0]]} pages of block {both[0]}", ()
    if tally.changed is not None:
        block, pfn = tally.changed
        place = f"pfn {pfn} of block {block}"
        return f"{place} changed during the migration, and the source's memory of that block is not known", ()
    # The named substitute: a block of which no store is known, and of which every copy sent is the same (a ROM).
    same = "source memory not known; taken for unchanging, as every copy of each of its"
    notes = tuple(f"block {block}: {same} {n} pages is the same" for block, n in unknown.items())
    return None, notes
