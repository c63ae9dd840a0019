"""The first obligation of a machine that fails, for ``refmodel bugs``, which finds it by entry point."""

from collections.abc import Collection, Iterator

from attrs import evolve

from proofs.chapters import chapters_of
from proofs.counterexample import Counterexample, explain
from proofs.solve import Options, Record, Verdict
from proofs.work import Order, Work, do
from refmodel.catalogue.verdicts import Refutation
from refmodel.migration import AnyMachine

__all__ = ["refute"]


def _failures(spec: AnyMachine, first: str) -> Iterator[tuple[Work, Record]]:
    """What is not proved of the machine itself; the promise's own chapters are the same for every machine."""
    own = [chapter for chapter in chapters_of(spec) if getattr(chapter, "spec", None) is spec]
    works = [Work(chapter, part) for chapter in own for part in chapter.parts()]
    for work in sorted(works, key=lambda work: work.part != first):
        for record in do(work, Order()).records:
            if record.verdict is not Verdict.PROVED:
                yield work, record


def refute(spec: AnyMachine, contracts: Collection[str] = (), first: str = "") -> Refutation | None:
    """The first obligation that fails, explained by a small state; None where all are proved.

    One of these contracts is taken before any other. ``first`` is the step to begin with, where one is suspected.
    """
    found = None
    for work, record in _failures(spec, first):
        claim = spec.claims.get(record.claim)
        is_theirs = not contracts or (claim is not None and claim.contract.value in contracts)
        if is_theirs or found is None:
            found = work, record
        if is_theirs:
            break
    return _refutation(spec, *found) if found else None


def _refutation(spec: AnyMachine, work: Work, record: Record) -> Refutation:
    claim = spec.claims.get(record.claim)
    contract = claim.contract.value if claim else ""
    refutation = Refutation(record.step, record.path, record.claim, record.verdict.value, contract)
    if record.verdict is not Verdict.REFUTED:
        return refutation
    of_it = (o for o in work.chapter.obligations(work.part) if (o.path, o.claim) == (record.path, record.claim))
    explained = explain(next(of_it), Options())
    return _explained(refutation, explained) if explained else refutation


def _explained(refutation: Refutation, found: Counterexample) -> Refutation:
    named = {**found.arguments, **found.place}
    return evolve(
        refutation,
        broken=found.broken,
        arguments=tuple(f"{name}={value}" for name, value in named.items()),
        cells=tuple((cell.where, cell.before, cell.after) for cell in found.cells),
    )
