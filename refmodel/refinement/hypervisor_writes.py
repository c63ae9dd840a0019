"""Which steps of the promise the hypervisor's writes are."""

from refmodel.language import Action
from refmodel.logging.hypervisor_writes import WithHypervisor
from refmodel.migration import AnyMachine
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _range(spec: AnyMachine, m: WithHypervisor, pfn: int, word: int, value: int, beyond: int) -> list[Action]:
    following = m.hypervisor.following[pfn]
    return [Action("store", (pfn, word, value)), Action("store", (following, word, beyond))]


WITNESSES: Witnesses = {
    "hypervisor_write": lambda spec, m, pfn, word, value: [Action("store", (pfn, word, value))],
    "hypervisor_write_range": _range,
    "physmap_add": lambda spec, m, pfn, word, value: [Action("store", (pfn, word, value))],
}
