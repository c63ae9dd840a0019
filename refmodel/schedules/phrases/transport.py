"""What is on its way, and how: queue, channels, zero pages, deltas."""

from typing import Any

from refmodel.schedules.phrases import core
from refmodel.schedules.phrases.phrases import Phrases
from refmodel.transport.channels import ParallelChannels
from refmodel.transport.delta_cache import DeltaCache
from refmodel.transport.fifo import FifoWire
from refmodel.transport.late_buffer import LateBuffer
from refmodel.transport.zero_pages import ZeroPages

__all__ = ["PHRASES"]


def _read(spec: Any, m: Any, word: int) -> str:
    page = m.transfer.page
    if isinstance(spec, ParallelChannels):
        return f"list pfn {page} word {word}, to go by reference"
    if isinstance(spec, LateBuffer) and spec.goes_by_reference(m, page):
        return f"queue pfn {page} word {word}, to be read when it leaves"
    if isinstance(spec, DeltaCache) and spec.is_unchanged(m, page, word):
        return f"read pfn {page} word {word}: {m.source.memory[page, word]}, as it was sent last; send nothing"
    return core.PHRASES["transfer_read"](spec, m, word)


def _done(spec: Any, m: Any) -> str:
    if isinstance(spec, ParallelChannels):
        return f"hand pfn {m.transfer.page} to channel {m.channels.turn}"
    return core.PHRASES["transfer_done"](spec, m)


def _deliver(spec: Any, m: Any, place: int, page: int, word: int) -> str:
    value = spec.brought(m, place, page, word)
    if isinstance(spec, LateBuffer) and m.references.places[place]:
        return f"pfn {page} word {word} is read, leaves and arrives: {value}"
    if m.fifo.whole[place]:
        passes = isinstance(spec, ZeroPages) and spec.is_known_zero(m, page)
        return f"pfn {page} arrives as a page of {value}{'; the target passes over it' if passes else ''}"
    return f"pfn {page} word {word} arrives: {value}"


def _leave(spec: Any, m: Any, chan: int, page: int, word: int) -> str:
    return f"channel {chan} reads pfn {page} word {word}: {m.source.memory[page, word]} leaves"


def _arrive(spec: Any, m: Any, chan: int, page: int, word: int) -> str:
    return f"pfn {page} word {word} arrives by channel {chan}: {m.channels.value[chan, word]}"


def _zero(spec: Any, m: Any) -> str:
    page = m.transfer.page
    passes = not isinstance(spec, FifoWire) and spec.is_known_zero(m, page)
    return f"send pfn {page} as a zero page{'; the target passes over it' if passes else ''}"


PHRASES: Phrases = {
    "transfer_read": _read,
    "transfer_done": _done,
    "wire_deliver": _deliver,
    "channel_send": _leave,
    "channel_deliver": _arrive,
    "zero_scan": lambda spec, m, word: f"pfn {m.transfer.page} word {word} is zero",
    "zero_send": _zero,
}
