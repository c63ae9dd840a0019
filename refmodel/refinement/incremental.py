"""Which steps of the promise the restoring of images is."""

from typing import Any

from refmodel.language import Action, neg
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _restore(spec: Any, m: Any, page: int, word: int) -> list[Action]:
    arrives = Action("deliver", (page, word, m.images.content[page, word]))
    still_owed = spec.is_owed(spec.image_restore(m, page, word), page) | neg(spec.matters(m, page))
    return [arrives] if still_owed else [arrives, Action("settle", (page,))]


WITNESSES: Witnesses = {
    "image_restore": _restore,
    "image_of_another": lambda spec, m, page, word, value: [
        Action("owe", (page,)),
        Action("deliver", (page, word, value)),
    ],
}
