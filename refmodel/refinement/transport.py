"""Which steps of the promise the steps of the contract *transport* are, where it takes more than one to deliver."""

from typing import Any

from refmodel.handover.checkpoints import CheckpointSteps
from refmodel.language import Action, neg
from refmodel.refinement import core
from refmodel.refinement.witnesses import Witnesses
from refmodel.transport.channels import ParallelChannels
from refmodel.transport.fifo import FifoWire
from refmodel.transport.incremental import IncrementalImages
from refmodel.transport.pv_tables import PvTables

__all__ = ["WITNESSES"]

_LATER = (FifoWire, ParallelChannels, IncrementalImages)
"""Wires that do not deliver in the step in which a page is read."""


def _settled(spec: Any, after: Any, page: int) -> list[Action]:
    """The page is owed no longer, if that was the last of it."""
    still_owed = spec.is_owed(after, page) | neg(spec.matters(after, page))
    return [] if still_owed else [Action("settle", (page,))]


def _read(spec: Any, m: Any, word: int) -> list[Action]:
    is_buffered = isinstance(spec, CheckpointSteps) and spec.is_buffering(m)
    if is_buffered or isinstance(spec, _LATER):
        return []
    if isinstance(spec, PvTables):
        page = m.transfer.page
        return [Action("deliver", (page, word, spec.arriving(m, page, word)))]
    return core.WITNESSES["transfer_read"](spec, m, word)


def _done(spec: Any, m: Any) -> list[Action]:
    if isinstance(spec, (*_LATER, CheckpointSteps)):
        return _settled(spec, spec.transfer_done(m), m.transfer.page)
    return core.WITNESSES["transfer_done"](spec, m)


def _deliver(spec: Any, m: Any, place: int, page: int, word: int) -> list[Action]:
    if m.fifo.whole[place]:
        arrives = Action("deliver_whole", (page, m.fifo.value[place, word]))
    else:
        arrives = Action("deliver", (page, word, spec.brought(m, place, page, word)))
    return [arrives, *_settled(spec, spec.wire_deliver(m, place, page, word), page)]


def _arrive(spec: Any, m: Any, chan: int, page: int, word: int) -> list[Action]:
    arrives = Action("deliver", (page, word, m.channels.value[chan, word]))
    return [arrives, *_settled(spec, spec.channel_deliver(m, chan, page, word), page)]


def _zero(spec: Any, m: Any) -> list[Action]:
    page = m.transfer.page
    arrives = [] if isinstance(spec, FifoWire) else [Action("deliver_whole", (page, m.zeros.zero))]
    return [*arrives, *_settled(spec, spec.zero_send(m), page)]


WITNESSES: Witnesses = {
    "transfer_read": _read,
    "transfer_done": _done,
    "zero_send": _zero,
    "wire_deliver": _deliver,
    "channel_deliver": _arrive,
}
