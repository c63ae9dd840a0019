"""A step's name is one step's: of two parts that meant different ones by it, a machine with both would lose one."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from refmodel.language import engine
from refmodel.parts import PARTS
from refmodel.rounds.put_back import PutBack

PART_CLASSES = [part.cls for part in PARTS.values()]


def introduced(classes: Iterable[type[Any]]) -> dict[str, set[type[Any]]]:
    """By step, the classes that have it, and not from any class that they refine."""
    found: dict[str, set[type[Any]]] = defaultdict(set)
    for cls in {base for each in classes for base in each.__mro__}:
        for name, member in vars(cls).items():
            if hasattr(member, "actor") and not any(hasattr(base, name) for base in cls.__bases__):
                found[name].add(cls)
    return found


def test_no_two_parts_mean_different_steps_by_one_name() -> None:
    found = introduced(PART_CLASSES)
    assert {"begin", "round_fails", "harvest_fails", "harvest_refused"} <= set(found)
    assert {name: classes for name, classes in found.items() if len(classes) > 1} == {}


class AnotherLog(PutBack[Any]):
    @engine
    def harvest_fails(self, m: Any) -> Any:
        """Named like a step of ``leaf-by-leaf``."""
        return m


def test_a_name_that_two_steps_share_is_found() -> None:
    assert len(introduced([*PART_CLASSES, AnotherLog])["harvest_fails"]) == 2
