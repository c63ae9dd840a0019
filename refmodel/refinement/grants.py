"""Which steps of the promise the backends' writes are."""

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {
    "grant_write": lambda spec, m, page, word, value: [Action("store", (page, word, value))],
}
