"""A paravirtual guest's tables: typed, given up, normalised, pinned."""

from typing import Any

from refmodel.schedules.phrases import transport
from refmodel.schedules.phrases.phrases import Phrases
from refmodel.transport.pv_tables import PvTables

__all__ = ["PHRASES"]


def _read(spec: Any, m: Any, word: int) -> str:
    if not isinstance(spec, PvTables) or not m.types.asked:
        return transport.PHRASES["transfer_read"](spec, m, word)
    page = m.transfer.page
    found, arrives = spec.frame_holds(m, page, word), spec.arriving(m, page, word)
    return f"read pfn {page} word {word} as a table's: {found}; at the target it means {arrives}"


PHRASES: Phrases = {
    "transfer_read": _read,
    "pin_table": lambda spec, m, page: f"pin pfn {page} as a table",
    "unpin_table": lambda spec, m, page: f"unpin pfn {page}: it is no table any more",
    "normalise_fails": lambda spec, m, word: f"pfn {m.transfer.page} word {word} cannot be normalised: put off",
    "pin_at_target": lambda spec, m, page: f"the target pins pfn {page}",
}
