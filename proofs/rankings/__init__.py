"""Why a machine's migrations end: its ranking, from what each of its parts adds.

What is left to do is in ``order``, which steps need not bring the end closer in ``exceptions``, with the reason.
"""

from collections.abc import Iterable, Mapping
from functools import cache, reduce
from typing import Any

from proofs.rankings.exceptions import ENDS, STEPS
from proofs.rankings.order import left_to_do
from proofs.rankings.ranking import Ranking
from refmodel.language import Specification
from refmodel.migration import Migration
from refmodel.parts import PARTS

__all__ = ["Ranking", "is_ranked", "ranking_of"]


def is_ranked(spec: Specification[Any]) -> bool:
    """The specification is a machine, or a variant of one, of no parts but those of this project."""
    return isinstance(spec, Migration) and bool(spec.parts) and set(spec.parts) <= PARTS.keys()


def ranking_of(spec: Specification[Any]) -> Ranking:
    """The ranking of the machine that this is, or is a variant of."""
    return _ranking(next(cls for cls in type(spec).__mro__ if "parts" in vars(cls)))


@cache
def _ranking(cls: type[Any]) -> Ranking:
    spec = cls()
    parts = [name for name, part in PARTS.items() if isinstance(spec, part.cls)]
    steps = [STEPS[part] for part in parts if part in STEPS]
    ranking = Ranking(
        left_to_do(spec),
        answers=_all(one.answers for one in steps),
        to_answer=tuple(work for one in steps for work in one.to_answer),
        looks=_all(one.looks for one in steps),
        afterwards=_all(one.afterwards for one in steps),
        delays=_all(one.delays for one in steps),
        again=_all(one.again for one in steps),
    )
    return reduce(lambda found, part: ENDS[part](found, spec), (part for part in ENDS if part in parts), ranking)


def _all(named: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    return {step: reason for steps in named for step, reason in steps.items()}
