"""Which steps of the promise the changes of memory are: slots, populate on demand, free pages."""

from refmodel.language import Action
from refmodel.logging.memory_map import WithMemoryMap
from refmodel.logging.populate import WithPopulation
from refmodel.migration import AnyMachine
from refmodel.refinement.witnesses import Witnesses
from refmodel.rounds.free_hints import WithHints

__all__ = ["WITNESSES"]


def _memory_add(spec: AnyMachine, m: WithMemoryMap, page: int, word: int, value: int) -> list[Action]:
    return [Action("store", (page, word, value))]


def _populate(spec: AnyMachine, m: WithPopulation, page: int, word: int, value: int) -> list[Action]:
    return [Action("store", (page, word, value))]


def _target_populate(spec: AnyMachine, m: WithPopulation, page: int, value: int) -> list[Action]:
    return [Action("renew", (page, value))]


def _target_take(spec: AnyMachine, m: WithHints, vpn: int, value: int) -> list[Action]:
    return [Action("renew", (m.target.table.frame[vpn], value))]


WITNESSES: Witnesses = {
    "memory_add": _memory_add,
    "populate": _populate,
    "target_populate": _target_populate,
    "target_take": _target_take,
}
