"""Which steps of the promise the devices' writes are."""

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {
    "dma_write": lambda spec, m, dev, iova, page, word, value: [Action("store", (page, word, value))],
}
