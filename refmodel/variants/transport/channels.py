"""Wrong variants of ``channels``, M21, and a sound one.

Without a barrier between rounds the proof refutes ``what_a_channel_has_is_not_sent_again_before_the_barrier`` of
transport; where the end does not wait, ``the_channels_are_empty_but_for_rounds_and_stop_and_copy``, and the export of
hand-over with it.
"""

from refmodel.state import Phase
from refmodel.transport.channels import ParallelChannels
from refmodel.transport.channels_state import C
from refmodel.variants.variant import Variant

__all__ = ["CHANNEL_VARIANTS"]

_MACHINE = "bare+channels"


class NoBarrierBetweenRounds(ParallelChannels[C]):
    def is_round_over(self, m: C) -> bool:
        """A round is over when the last page has been handed over."""
        return super().is_round_over(self.emptied_channels(m))


class NoBarrierBeforeTheLastPages(ParallelChannels[C]):
    def final_harvest(self, m: C) -> C:
        """The last pages are sent on top of what the last round has sent."""
        return super().final_harvest(self.emptied_channels(m)).but(channels=m.channels)


class FlushesBeforeItDrains(ParallelChannels[C]):
    def is_synchronised(self, m: C) -> bool:
        """What has left is waited for, and not what has yet to leave."""
        return m.channels.flying.is_empty


class EndsWithoutABarrier(ParallelChannels[C]):
    def is_settled(self, m: C) -> bool:
        """The end of the stream does not wait for the channels."""
        return super().is_settled(self.emptied_channels(m))


class SendsTwice(ParallelChannels[C]):
    def transfer_done(self, m: C) -> C:
        """While rounds run, every page that is handed over is marked again, and goes once more."""
        after = super().transfer_done(m)
        return self.marked(after, m.transfer.page) if m.phase == Phase.LIVE else after


CHANNEL_VARIANTS = (
    Variant(
        "no-barrier-between-rounds",
        "M21",
        NoBarrierBetweenRounds,
        "a round begins while pages of the last are on their way by other channels",
        ("62c4943266",),
        machine=_MACHINE,
    ),
    Variant(
        "no-barrier-before-the-last-pages",
        "M21",
        NoBarrierBeforeTheLastPages,
        "the last pages are sent while older versions of them are on their way",
        ("62c4943266",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "flush-before-drain",
        "M21",
        FlushesBeforeItDrains,
        "the flush covers what has left, and not what has been handed over and waits",
        ("ebfc578715",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "end-without-barrier",
        "M21",
        EndsWithoutABarrier,
        "the stream ends without a sync packet",
        ("b6526c4b21",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "page-sent-twice",
        "M21",
        SendsTwice,
        "a page that has been handed to a channel is sent once more",
        ("ddbe628c97",),
        machine=_MACHINE,
        sound=True,
    ),
)
