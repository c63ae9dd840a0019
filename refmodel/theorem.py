"""The theorem over the four contracts: what they export is enough for R12.

    logging     what differs from its last copy was noted        (no store escapes)
    rounds      what was noted is still marked                   (no mark is dropped)
    transport   what has arrived is what was read                (nothing is altered on the way)
    hand-over   at the commit nothing is marked, and the context has travelled
    --------------------------------------------------------------------------------
    R12, I-EQ   at cutover the target equals the source

I-EQ belongs to none of them. The prover takes a state of which nothing is known but the exports; leave out those of any
one contract, and it prints a state at the commit in which the two sides differ.
"""

from collections.abc import Mapping

from refmodel.language import Claim, Contract
from refmodel.migration import AnyMachine

__all__ = ["CONTRACTS", "exports", "goal"]

CONTRACTS = (Contract.LOGGING, Contract.ROUNDS, Contract.TRANSPORT, Contract.HAND_OVER)


def exports(spec: AnyMachine) -> Mapping[Contract, tuple[Claim, ...]]:
    """The claims that each contract owes the others."""
    return {c: tuple(claim for claim in spec.invariants if claim.export and claim.contract is c) for c in CONTRACTS}


def goal(spec: AnyMachine) -> Claim:
    """R12."""
    return spec.claims["at_cutover_the_target_equals_the_source"]
