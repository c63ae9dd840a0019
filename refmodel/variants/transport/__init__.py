"""Wrong variants of the contract *transport*, a module for each part that they are of."""

from refmodel.variants.transport import (
    channels,
    delta_cache,
    demand,
    fifo,
    incremental,
    late_buffer,
    pv_tables,
    zero_pages,
)

__all__ = ["TRANSPORT_VARIANTS"]

TRANSPORT_VARIANTS = (
    *fifo.FIFO_VARIANTS,
    *late_buffer.LATE_VARIANTS,
    *channels.CHANNEL_VARIANTS,
    *zero_pages.ZERO_PAGE_VARIANTS,
    *delta_cache.DELTA_VARIANTS,
    *demand.DEMAND_VARIANTS,
    *incremental.IMAGE_VARIANTS,
    *pv_tables.PV_VARIANTS,
)
