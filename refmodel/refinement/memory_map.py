"""Which steps of the promise the changes of memory are."""

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {
    "memory_add": lambda spec, m, page, word, value: [Action("store", (page, word, value))],
}
