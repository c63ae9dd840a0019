"""Dead fields: what a state still holds and nothing can see any more. They are blanked before keys are compared.

Worth more than symmetry: without it a search visits every leftover of every entry that was ever removed.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from attrs import frozen

from refmodel.search.layout import Layout, Raw

__all__ = ["Blanking", "Rule"]


@frozen
class Rule:
    """A group of leaves of which some cells may be dead: ``blank`` gives the group with those blanked."""

    paths: tuple[str, ...]
    blank: Callable[..., tuple[Any, ...]]
    """From the leaves' cells, in the order of ``paths``, to the same with what is dead made ``NOTHING``, 0 or empty."""
    reason: str
    """Why nothing can see it, as a sentence."""


class Blanking:
    """Rules applied in order to a state's leaves. Groups are small, so that each rule is a look-up mostly."""

    def __init__(self, layout: Layout, rules: Sequence[Rule]) -> None:
        self._rules = []
        for rule in rules:
            places = tuple(layout.index[path] for path in rule.paths)
            known: dict[Raw, tuple[tuple[int, Any], ...]] = {}
            # of one leaf too the group is a tuple: a place named twice makes no difference
            self._rules.append((itemgetter(*places, *places[:1]), known, rule.blank, places))

    def __call__(self, raw: Raw) -> list[Any]:
        """The leaves with every dead cell blanked."""
        cells = list(raw)
        for pick, known, blank, places in self._rules:
            group = pick(cells)
            changes = known.get(group)
            if changes is None:
                blanked = zip(places, group[:-1], blank(*group[:-1]), strict=True)
                changes = known[group] = tuple((place, new) for place, old, new in blanked if new != old)
            for place, new in changes:
                cells[place] = new
        return cells
