"""A second solver's opinion: cvc5 reads the same SMT-LIB text, and decides it on its own.

With ``--mbqi`` it decides both what holds and what does not; without, it says "unknown" of what does not.
"""

from enum import Enum

from proofs.solve import Verdict
from refmodel.unusable import Unusable

__all__ = ["Opinion", "available", "opinion"]


class Opinion(Enum):
    """How the second solver's answer compares with the first's."""

    AGREES = "agrees"
    UNDECIDED = "undecided"
    DISAGREES = "disagrees"


def available() -> None:
    """Unusable when cvc5 is not installed."""
    try:
        import cvc5  # noqa: F401
    except ImportError:
        raise Unusable("--cross-check", "cvc5 is not installed", "pip install 'refmodel[cross-check]'") from None


def answer(script: str, seconds: float) -> str:
    """What cvc5 says of the script: sat, unsat or unknown."""
    import cvc5

    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    solver.setOption("mbqi", "true")
    solver.setOption("tlimit-per", str(int(seconds * 1000)))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "obligation")
    symbols = parser.getSymbolManager()
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, symbols)
    return said.strip()


def opinion(script: str, verdict: Verdict, satisfiable: bool, seconds: float = 3.0) -> Opinion:
    """Whether cvc5 agrees with the verdict on the obligation that the script states."""
    said = answer(script, seconds)
    if said not in ("sat", "unsat", "unknown"):
        raise ValueError(f"cvc5 cannot read the obligation: {said}")
    if said == "unknown" or verdict is Verdict.UNKNOWN:
        return Opinion.UNDECIDED
    proved = (said == "sat") == satisfiable
    return Opinion.AGREES if proved == (verdict is Verdict.PROVED) else Opinion.DISAGREES
