"""Which steps of the promise the hypervisor's writes are."""

from refmodel.language import Action
from refmodel.logging.hypervisor_writes import WithHypervisor
from refmodel.migration import AnyMachine
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _write(spec: AnyMachine, m: WithHypervisor, pfn: int, word: int, value: int, over: bool) -> list[Action]:
    stores = [Action("store", (pfn, word, value))]
    return [*stores, Action("store", (m.hypervisor.following[pfn], word, value))] if over else stores


WITNESSES: Witnesses = {
    "hypervisor_write": _write,
    "physmap_add": lambda spec, m, pfn, word, value: [Action("store", (pfn, word, value))],
}
