"""Which steps of the promise those of post-copy are: pages come while the guest runs."""

from typing import Any

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _fill(spec: Any, m: Any, page: int, word: int) -> list[Action]:
    """What is thrown away is nothing to the guest."""
    return [Action("deliver", (page, word, spec.carried(m, page, word)))] if spec.takes(m, page) else []


def _place(spec: Any, m: Any, page: int) -> list[Action]:
    """The page is owed no longer, if it was."""
    came = spec.is_awaited(m, page) & spec.matters(spec.place_page(m, page), page)
    return [Action("settle", (page,))] if came else []


WITNESSES: Witnesses = {
    "drop_page": lambda spec, m, page, value: [Action("drop", (page, value))],
    "fill_word": _fill,
    "place_page": _place,
}
