"""What the steps of ``manual-protect`` do."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _clear(spec: AnyMachine, m: Any, chunk: int) -> str:
    pages = [page for page in m.slot.fetched.every_key() if m.slot.chunk_of[page] == chunk and m.slot.fetched[page]]
    fetched = f"pfn {', '.join(map(str, pages))}" if pages else "nothing"
    return f"KVM_CLEAR_DIRTY_LOG chunk {chunk}: {fetched} of it has been fetched"


PHRASES: Phrases = {
    "clear_dirty_log": _clear,
    "clear_flush": lambda spec, m, cpu: f"flush vCPU {cpu}'s TLB for the CLEAR of chunk {m.slot.chunk}",
    "recreate_slot": lambda spec, m: "the memory slot is removed and made again: every bit set, none fetched",
}
