"""What is searched: a machine, where it starts, which states count as one, and which steps it takes from each."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from attrs import field, frozen

from refmodel.language import Action, Claim, Sizes, Specification
from refmodel.language.sorts import Sort, domain
from refmodel.search.dead import Blanking, Rule
from refmodel.search.layout import Layout
from refmodel.search.symmetry import Classes, Symmetry

__all__ = ["Check", "Checks", "Space", "Taken", "actions_of"]

Taken = tuple[Callable[..., Any], tuple[int, ...], int]
"""A step's method, its arguments, and its place in ``Space.actions``."""
Place = tuple[int, ...]
Check = tuple[Claim, Callable[..., bool], list[Place]]
"""A claim, its method, and the places to check it at."""


def _never(state: Any) -> bool:
    return False


@frozen
class Space:
    """Where a machine is searched. Bounds are part of what a result says: give each with its reason."""

    spec: Specification[Any]
    sizes: Sizes
    start: Any
    renamed: tuple[str, ...] = ()
    """The sorts up to whose names states are one. Only for machines that ``is_equivariant`` holds of."""
    dead: tuple[Rule, ...] = ()
    left_out: frozenset[str] = frozenset()
    """Steps that are not taken."""
    is_end: Callable[[Any], bool] = _never
    """States that are checked, and not gone on from."""
    actions: list[Action] = field(init=False)
    layout: Layout = field(init=False)
    blanked: Blanking = field(init=False)
    symmetry: Symmetry = field(init=False)
    _taken: dict[Classes, list[Taken]] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        set_once = object.__setattr__
        set_once(self, "layout", Layout(self.spec.state, self.sizes, self.renamed))
        set_once(self, "blanked", Blanking(self.layout, self.dead))
        set_once(self, "symmetry", Symmetry(self.layout))
        set_once(self, "actions", [a for a in actions_of(self.spec, self.sizes) if a.step not in self.left_out])

    def flat(self, state: Any) -> bytes:
        """The state's key up to dead fields."""
        return self.layout.encode(self.blanked(self.layout.fetch(state)))

    def taken(self, classes: Classes) -> Sequence[Taken]:
        """The actions to try in a state whose elements are interchangeable like that: one of each orbit."""
        found = self._taken.get(classes)
        if found is None:
            like = dict(zip(self.symmetry.sorts, classes, strict=True))
            found = self._taken[classes] = [
                (getattr(self.spec, action.step), action.arguments, number)
                for number, action in enumerate(self.actions)
                if _is_first(self.spec.steps[action.step].parameters, action.arguments, like)
            ]
        return found


class Checks:
    """Claims, ready to be checked in many states."""

    def __init__(self, space: Space, claims: Sequence[Claim]) -> None:
        self._sorts = space.symmetry.sorts
        self.everywhere: list[Check] = []
        """Each claim with every place that it is quantified over."""
        for claim in claims:
            places = list(product(*(domain(sort, space.sizes) for _, sort in claim.parameters)))
            self.everywhere.append((claim, getattr(space.spec, claim.name), places))
        self._among: dict[Classes, list[Check]] = {}

    def first_failure(self, classes: Classes, state: Any) -> tuple[Claim, Place] | None:
        """The first claim that fails in a state whose elements are interchangeable like that, and where."""
        for claim, holds, places in self._among.get(classes) or self._find(classes):
            for where in places:
                if not holds(state, *where):
                    return claim, where
        return None

    def _find(self, classes: Classes) -> list[Check]:
        """Each claim with one place of each orbit."""
        like = dict(zip(self._sorts, classes, strict=True))
        self._among[classes] = found = [
            (claim, holds, [where for where in places if _is_first(claim.parameters, where, like)])
            for claim, holds, places in self.everywhere
        ]
        return found


def _is_first(
    parameters: tuple[tuple[str, Sort], ...], arguments: tuple[int, ...], like: dict[str, tuple[int, ...]]
) -> bool:
    """Of each class of interchangeable elements, the arguments use the first ones first."""
    used: set[tuple[str, int]] = set()
    for (_, sort), argument in zip(parameters, arguments, strict=True):
        classes = like.get(sort.name)
        if classes is None:
            continue
        before = (i for i in range(argument) if classes[i] == classes[argument])
        if any((sort.name, i) not in used for i in before):
            return False
        used.add((sort.name, argument))
    return True


def actions_of(spec: Specification[Any], sizes: Sizes) -> list[Action]:
    """Every action of a machine of these sizes, enabled or not."""
    return [
        Action(step.name, tuple(arguments))
        for step in spec.steps.values()
        for arguments in product(*(domain(sort, sizes) for _, sort in step.parameters))
    ]
