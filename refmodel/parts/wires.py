"""What lies between the read of a word and its arrival."""

from refmodel.language import Contract
from refmodel.parts.part import Part
from refmodel.transport.channels import ParallelChannels
from refmodel.transport.channels_state import WithChannels
from refmodel.transport.delta_cache import DeltaCache, WithCache
from refmodel.transport.fifo import FifoWire, WithFifo
from refmodel.transport.late_buffer import LateBuffer, WithReferences
from refmodel.transport.pv_state import WithPvTables
from refmodel.transport.pv_tables import PvTables
from refmodel.transport.zero_pages import WithZeros, ZeroPages

__all__ = ["WIRES"]

WIRES = (
    Part(
        "pv-tables",
        PvTables,
        Contract.TRANSPORT,
        "a paravirtual guest's page tables go with pages' numbers in place of frames', and are pinned at the end",
        WithPvTables,
        needs=("deferred-pages",),
    ),
    Part(
        "delta-cache",
        DeltaCache,
        Contract.TRANSPORT,
        "what was sent of a page is kept, and only what has changed since is sent (XBZRLE)",
        WithCache,
        needs=("fifo-wire",),
        sizes={"line": 1},
    ),
    Part(
        "zero-pages",
        ZeroPages,
        Contract.TRANSPORT,
        "a page of zeros is sent as that, and the target makes it zero",
        WithZeros,
    ),
    Part(
        "channels",
        ParallelChannels,
        Contract.TRANSPORT,
        "pages go by reference to channels without order between them, with a barrier before every harvest (multifd)",
        WithChannels,
        role="wire",
        sizes={"chan": 2},
    ),
    Part(
        "late-buffer",
        LateBuffer,
        Contract.TRANSPORT,
        "the queue holds references to pages, and reads them when they leave (MSG_ZEROCOPY)",
        WithReferences,
        needs=("fifo-wire",),
    ),
    Part(
        "fifo-wire",
        FifoWire,
        Contract.TRANSPORT,
        "what is sent is on its way for a while, and arrives in the order of sending",
        WithFifo,
        role="wire",
        sizes={"place": 2},
    ),
)
