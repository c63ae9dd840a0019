"""The theorem as obligations: the four contracts' exports imply R12, and no three of them do.

That the exports are enough is proved of any state. That each contract is needed is shown by a state that satisfies the
other three's exports, is at the commit, and differs at the target.
"""

from collections.abc import Iterator, Sequence

import z3
from attrs import frozen

from proofs.lifting.lift import closed
from proofs.lifting.terms import expression
from proofs.obligations import Chapter, Obligation, stated, theory_of
from refmodel.language import Contract
from refmodel.migration import AnyMachine
from refmodel.theorem import CONTRACTS, exports, goal

__all__ = ["ENOUGH", "NEEDED", "THEOREM", "Theorem", "Weakened"]

THEOREM = "theorem"
"""The part in which all exports are there; the others are called ``without CONTRACT``."""
ENOUGH = "the_exports_of_the_four_contracts_imply_r12"
NEEDED = "the_exports_of_three_contracts_do_not_imply_r12"


@frozen
class Theorem(Chapter):
    """R12 from the exports alone; and, for each contract, a state in which it fails without that contract's."""

    spec: AnyMachine

    def parts(self) -> Sequence[str]:
        """The theorem, then one part for each contract that is left out."""
        return (THEOREM, *(f"without {contract.value}" for contract in CONTRACTS))

    def claims(self) -> Sequence[str]:
        """Two."""
        return (ENOUGH, NEEDED)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """One a part."""
        spec, state = self.spec, theory_of(self.spec).before
        kept = [c for contract, found in exports(spec).items() if part != f"without {contract.value}" for c in found]
        hypotheses = tuple((known.name, closed(spec, known, state)) for known in kept)
        group = f"{type(spec).__name__}: the theorem"
        statement = stated(spec, goal(spec))
        if part == THEOREM:
            yield Obligation(group, part, 1, ENOUGH, hypotheses, (), statement, (state,), (state, state))
            return
        fails = z3.Not(expression(statement(state)))
        yield Obligation(
            group, part, 1, NEEDED, hypotheses, (fails,), lambda: False, shown=(state, state), satisfiable=True
        )


@frozen
class Weakened(Chapter):
    """The theorem as if one contract exported nothing: refuted, by a state that people can look at."""

    spec: AnyMachine
    contract: Contract

    def parts(self) -> Sequence[str]:
        """One."""
        return (f"without {self.contract.value}",)

    def claims(self) -> Sequence[str]:
        """One."""
        return (ENOUGH,)

    def obligations(self, part: str) -> Iterator[Obligation]:
        """The theorem from the exports of the other three."""
        state = theory_of(self.spec).before
        kept = [c for contract, found in exports(self.spec).items() if contract is not self.contract for c in found]
        hypotheses = tuple((known.name, closed(self.spec, known, state)) for known in kept)
        group = f"{type(self.spec).__name__}: the theorem"
        yield Obligation(
            group,
            part,
            1,
            ENOUGH,
            hypotheses,
            (),
            stated(self.spec, goal(self.spec)),
            (state,),
            (state, state),
            shows_hypotheses=True,
        )
