"""Which steps of the promise a second migration adds."""

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]

WITNESSES: Witnesses = {
    "go_on_from_target": lambda spec, m: [Action("go_on")],
    "target_holds": lambda spec, m, page, word, value: [Action("deliver", (page, word, value))],
}
