"""Which steps of the promise the writes of one with no vCPU are."""

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {
    "write_without_vcpu": lambda spec, m, pfn, word, value: [Action("store", (pfn, word, value))],
}
