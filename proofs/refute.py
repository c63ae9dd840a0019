"""The first obligation of a machine that fails, for ``refmodel bugs``, which finds it by entry point."""

from collections.abc import Iterator

from attrs import evolve

from proofs.chapters import chapters_of
from proofs.counterexample import Counterexample, explain
from proofs.solve import Options, Record, Verdict
from proofs.work import Order, Work, do
from refmodel.catalogue.verdicts import Refutation
from refmodel.migration import AnyMachine

__all__ = ["refute"]


def _failures(spec: AnyMachine) -> Iterator[tuple[Work, Record]]:
    """What is not proved of the machine itself; the promise's own chapters are the same for every machine."""
    for chapter in chapters_of(spec):
        if getattr(chapter, "spec", None) is spec:
            for part in chapter.parts():
                work = Work(chapter, part)
                for record in do(work, Order()).records:
                    if record.verdict is not Verdict.PROVED:
                        yield work, record


def refute(spec: AnyMachine) -> Refutation | None:
    """The first obligation that fails, explained by a small state; None where all are proved."""
    for work, record in _failures(spec):
        of_it = (o for o in work.chapter.obligations(work.part) if (o.path, o.claim) == (record.path, record.claim))
        found = explain(next(of_it), Options()) if record.verdict is Verdict.REFUTED else None
        refutation = Refutation(record.step, record.path, record.claim, record.verdict.value)
        return _explained(refutation, found) if found else refutation
    return None


def _explained(refutation: Refutation, found: Counterexample) -> Refutation:
    named = {**found.arguments, **found.place}
    return evolve(
        refutation,
        broken=found.broken,
        arguments=tuple(f"{name}={value}" for name, value in named.items()),
        cells=tuple((cell.where, cell.before, cell.after) for cell in found.cells),
    )
