"""A second reading of Z3 expressions, independent of Z3's: each becomes Python source, run at a concrete state.

The differential test holds the lifting against the concrete functions by it, so it must not share a mistake with
either. Of Z3 it uses the shape of an expression and nothing else: no simplifier, no substitution, no model. Of a state
it uses the fields by their paths, and ``[key]``: the function ``m.log.dirty`` at p is the Python ``m.log.dirty[p]``.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from proofs.lifting.translate import CannotEvaluate, Target, Translation, indented

__all__ = ["CannotEvaluate", "Target", "compiled", "source_of"]


def source_of(targets: Sequence[Target], states: Sequence[str], given: Sequence[Any] = ()) -> str:
    """The source of ``evaluate(sizes, STATES..., GIVEN...)``, which returns a value or a list for each target."""
    made = Translation(states, given)
    for target in targets:
        made.analyse(target.expression)
    values = [made.value(target) for target in targets]
    fetched = [f"{name} = {field}" for field, name in made.head.items()]
    lines = [*fetched, *made.body.lines, f"return [{', '.join(values)}]"]
    return "\n".join([f"def evaluate({made.signature}):", *indented(lines, 1), ""])


def compiled(
    targets: Sequence[Target],
    states: Sequence[str],
    given: Sequence[Any] = (),
    enumerations: Mapping[str, type[IntEnum]] | None = None,
) -> Callable[..., list[Any]]:
    """A function of sizes, one state for each name in ``states``, and a value for each constant in ``given``.

    ``enumerations`` are the classes that the expressions' enumeration constants are members of, by name:
    that of the Z3 sort, as a name of Python's.
    """
    scope: dict[str, Any] = dict(enumerations or {})
    exec(compile(source_of(targets, states, given), "<evaluate>", "exec"), scope)
    return scope["evaluate"]  # type: ignore[no-any-return]
