"""A name is one function's: of two parts that meant different ones by it, a machine with both would lose one."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from refmodel.language import engine
from refmodel.parts import PARTS
from refmodel.rounds.put_back import PutBack

PART_CLASSES = [part.cls for part in PARTS.values()]


def introduced(classes: Iterable[type[Any]]) -> dict[str, set[type[Any]]]:
    """By function, the classes that have it, and not from any class that they refine."""
    found: dict[str, set[type[Any]]] = defaultdict(set)
    for cls in {base for each in classes for base in each.__mro__}:
        for name, member in vars(cls).items():
            is_own = callable(member) and not name.startswith("_")
            if is_own and not any(hasattr(base, name) for base in cls.__bases__):
                found[name].add(cls)
    return found


def exclude_each_other(classes: set[type[Any]]) -> bool:
    """Each is of a part that takes the place of the others."""
    roles = {part.role for part in PARTS.values() if part.cls in classes}
    return len(roles) == 1 and "" not in roles


def test_no_two_parts_mean_different_functions_by_one_name() -> None:
    found = introduced(PART_CLASSES)
    assert {"begin", "round_fails", "harvest_fails", "harvest_refused", "stops"} <= set(found)
    assert not {n: c for n, c in found.items() if len(c) > 1 and not exclude_each_other(c)}


class AnotherLog(PutBack[Any]):
    @engine
    def harvest_fails(self, m: Any) -> Any:
        """Named like a step of ``leaf-by-leaf``."""
        return m


def test_a_name_that_two_functions_share_is_found() -> None:
    classes = introduced([*PART_CLASSES, AnotherLog])["harvest_fails"]
    assert len(classes) == 2
    assert not exclude_each_other(classes)
    assert exclude_each_other(introduced(PART_CLASSES)["stops"])
