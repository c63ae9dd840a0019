"""Every invariant is there for a reason: claimed for its own sake, needed by another claim, or alone to see a bug.

An invariant for which none of these holds is dead weight, and should go.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from proofs.chapters import chapters_of
from proofs.obligations import Induction
from proofs.solve import Options, Verdict, decide, without
from refmodel.language import Claim, Specification

__all__ = ["Reason", "breaks", "needed_by", "reasons"]


@frozen
class Reason:
    """Why an invariant is there."""

    invariant: str
    goal: bool = False
    needed_by: str = ""
    """The first obligation that has a counterexample without it."""
    sees: tuple[str, ...] = ()
    """The wrong variants of which it alone is broken."""

    @property
    def is_dead_weight(self) -> bool:
        """There is none."""
        return not (self.goal or self.needed_by or self.sees)


def needed_by(spec: Specification[Any], claim: Claim, options: Options) -> str:
    """The first obligation, of any chapter, that is refuted (not merely undecided) without the claim; or nothing."""
    for chapter in chapters_of(spec):
        for part in chapter.parts():
            for obligation, record in decide(without(chapter.obligations(part), claim.name), options):
                if record.verdict is Verdict.REFUTED and not obligation.satisfiable:
                    return f"{obligation.group}: {record.name}"
    return ""


def breaks(spec: Specification[Any], options: Options) -> set[str]:
    """The invariants and laws that the specification's own steps break."""
    chapter = Induction(spec)
    return {
        record.claim
        for part in chapter.parts()
        for _, record in decide(chapter.obligations(part), options)
        if record.verdict is not Verdict.PROVED
    }


def reasons(
    spec: Specification[Any], wrong: Mapping[str, Specification[Any]], options: Options | None = None
) -> Iterable[Reason]:
    """A reason for each invariant; the variants, by name, are asked only about those without another."""
    options = options or Options()
    broken: dict[str, set[str]] = {}
    for claim in spec.invariants:
        if claim.goal:
            yield Reason(claim.name, goal=True)
        elif obligation := needed_by(spec, claim, options):
            yield Reason(claim.name, needed_by=obligation)
        else:
            broken = broken or {name: breaks(variant, options) for name, variant in wrong.items()}
            yield Reason(claim.name, sees=tuple(name for name, found in broken.items() if found == {claim.name}))
