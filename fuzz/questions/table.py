"""The questions about the checkers, by name; each stands in its file in ``fuzz/targets``."""

from collections.abc import Callable

from fuzz.questions.question import Question

__all__ = ["QUESTIONS"]


def _agreement(machine: str, variant: str | None) -> Question:
    from fuzz.questions.agreement import Agreement

    return Agreement.of(machine, variant)


def _lifting(machine: str, variant: str | None) -> Question:
    from fuzz.questions.lifting import Lifting  # brings Z3, which the others do without

    return Lifting.of(machine, variant)


def _verdicts(machine: str, variant: str | None) -> Question:
    from fuzz.questions.verdicts import Verdicts

    return Verdicts.of(machine, variant)


QUESTIONS: dict[str, Callable[[str, str | None], Question]] = {
    "agreement": _agreement,
    "lifting": _lifting,
    "verdicts": _verdicts,
}
"""Each makes its question of a machine (``all`` for every named one), and of a variant of it where one is given."""
