"""Which steps of the promise requests to devices are: stores, at the side that does them."""

from typing import Any

from refmodel.language import Action
from refmodel.refinement.witnesses import Witnesses

__all__ = ["WITNESSES"]


def _replay(spec: Any, m: Any, dev: int, vpn: int, word: int, value: int) -> list[Action]:
    """Of a request that the guest has been told is complete no store is due any more: who does it again is seen."""
    return [Action("store", (m.target.table.frame[vpn], word, value))] if m.requests.submitted[dev] else []


WITNESSES: Witnesses = {
    "request_write": lambda spec, m, dev, page, word, value: [Action("store", (page, word, value))],
    "request_replay": _replay,
}
