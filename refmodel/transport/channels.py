"""Several channels beside each other (QEMU's multifd), between which there is no order.

A page goes whole to the channel whose turn it is, and it goes by reference: the channel reads it when it gets to it
(with zero-copy the kernel, when it sends), under the running guest. So what leaves may be newer than what was there
when the page was handed over, or torn; then the page is dirty again. What must not be is two versions of a page on two
channels, for the older might arrive last (``62c4943266`` [P]). Therefore all channels are synchronised before every
harvest: what was handed to them has left, and has arrived. The same comes before the commit.

That the channels have nothing left is what the source waits for here. QEMU's sync packet makes the target wait, which
is the same to both: nothing of the next round is read before.
"""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Chan, Contract, Pfn, Sizes, Word, engine, implies, invariant, need, neg
from refmodel.state import Phase
from refmodel.transport.channels_state import C

__all__ = ["ParallelChannels"]


class ParallelChannels(HandOverSteps[C]):
    """Pages are handed over, leave and arrive, each channel in its own time; a barrier before every harvest."""

    def initial(self, anything: C) -> C:
        """The channels have nothing."""
        return self.emptied_channels(super().initial(anything))

    def start(self, sizes: Sizes) -> C:
        """The channels take turns."""
        m = super().start(sizes)
        after = m.channels.after.made(lambda chan: (chan + 1) % sizes["chan"])
        return m.but(channels=m.channels.but(after=after))

    def emptied_channels(self, m: C) -> C:
        """The channels without what they had."""
        channels = m.channels
        return m.but(
            channels=channels.but(
                pages=channels.pages.cleared(), queued=channels.queued.cleared(), flying=channels.flying.cleared()
            )
        )

    def sent(self, m: C, page: int, word: int) -> C:
        """The word is listed, and not looked at: the page is to go by reference."""
        return m

    def transfer_done(self, m: C) -> C:
        """The page is handed to the channel whose turn it is, which has nothing else."""
        after, channels, page = super().transfer_done(m), m.channels, m.transfer.page
        turn = channels.turn
        need(self.is_idle(m, turn), "the channel whose turn it is has nothing left")
        pages = channels.pages.where(lambda c, p: (c == turn) & (p != page), False).add((turn, page))
        queued = channels.queued.where(lambda c, w: c == turn, True)
        return after.but(channels=channels.but(pages=pages, queued=queued, turn=channels.after[turn]))

    def is_idle(self, m: C, chan: int) -> bool:
        """All that the channel was handed has arrived."""
        channels = m.channels
        return channels.queued.never(lambda c, w: c == chan) & channels.flying.never(lambda c, w: c == chan)

    @engine
    def channel_send(self, m: C, chan: Chan, page: Pfn, word: Word) -> C:
        """The channel gets to a word: now it is read, and leaves."""
        channels = m.channels
        need(channels.queued[chan, word] & channels.pages[chan, page], "the word has been handed to the channel")
        after = self.copied(m, page, word)
        return after.but(
            channels=channels.but(
                queued=channels.queued.discard((chan, word)),
                flying=channels.flying.add((chan, word)),
                value=channels.value.set((chan, word), m.source.memory[page, word]),
            )
        )

    @engine
    def channel_deliver(self, m: C, chan: Chan, page: Pfn, word: Word) -> C:
        """A word arrives, whatever other channels have sent before or since."""
        channels = m.channels
        need(channels.flying[chan, word] & channels.pages[chan, page], "the word has left by the channel")
        after = self.delivered(m, page, word, channels.value[chan, word])
        return after.but(channels=channels.but(flying=channels.flying.discard((chan, word))))

    # the barrier

    def is_synchronised(self, m: C) -> bool:
        """All that the channels were handed has left, and has arrived."""
        return m.channels.queued.is_empty & m.channels.flying.is_empty

    def is_round_over(self, m: C) -> bool:
        """The next round's versions of its pages must not meet this round's."""
        return super().is_round_over(m) & self.is_synchronised(m)

    def final_harvest(self, m: C) -> C:
        """Nor must those of the last pages."""
        need(self.is_synchronised(m), "the channels have been synchronised")
        return super().final_harvest(m)

    def is_settled(self, m: C) -> bool:
        """The end of the stream comes after a last barrier."""
        return super().is_settled(m) & self.is_synchronised(m)

    def taken_back(self, m: C) -> C:
        """What is on its way is lost, and then nothing counts as read."""
        after = self.emptied_channels(super().taken_back(m))
        return after.but(ghost=after.ghost.but(copied=after.target.memory))

    def in_flight(self, m: C, page: int) -> bool:
        """Some channel has the page, or words of it are listed already."""
        channels = m.channels
        listed = self.in_hand(m, page) & neg(m.transfer.read.is_empty)
        waits = neg(channels.queued.never(lambda c, w: channels.pages[c, page]))
        left = neg(channels.flying.never(lambda c, w: channels.pages[c, page]))
        return super().in_flight(m, page) | listed | waits | left

    def is_to_be_read(self, m: C, page: int, word: int) -> bool:
        """Until it leaves."""
        channels = m.channels
        waiting = neg(channels.queued.never(lambda c, w: (w == word) & channels.pages[c, page]))
        return self.in_hand(m, page) | waiting

    def has_word(self, m: C, chan: int, word: int) -> bool:
        """The word has been handed to the channel, and has not arrived."""
        return m.channels.queued[chan, word] | m.channels.flying[chan, word]

    @invariant(Contract.TRANSPORT, "I-ORDER", goal=True)
    def no_two_channels_have_the_same_page(
        self, m: C, chan: Chan, other: Chan, page: Pfn, word: Word, there: Word
    ) -> bool:
        """Else there would be two versions of it, and the older might arrive last."""
        both = self.has_word(m, chan, word) & self.has_word(m, other, there) & m.channels.pages[chan, page]
        return implies(both & m.channels.pages[other, page], chan == other)

    @invariant(Contract.TRANSPORT, "I-ORDER", goal=True)
    def what_a_channel_has_is_not_sent_again_before_the_barrier(self, m: C, chan: Chan, page: Pfn, word: Word) -> bool:
        """The round does not owe it any more, and the engine does not have it in hand."""
        has = self.has_word(m, chan, word) & m.channels.pages[chan, page]
        return implies(has, neg(m.rounds.to_send[page]) & neg(self.in_hand(m, page)))

    @invariant(Contract.TRANSPORT, "I-ORDER", goal=True)
    def what_has_left_by_a_channel_is_what_was_read_last(self, m: C, chan: Chan, page: Pfn, word: Word) -> bool:
        """No other channel reads the page."""
        left = m.channels.flying[chan, word] & m.channels.pages[chan, page]
        return implies(left, m.channels.value[chan, word] == m.ghost.copied[page, word])

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def a_word_that_has_not_left_or_has_arrived_is_at_the_target_as_it_was_read_last(
        self, m: C, page: Pfn, word: Word
    ) -> bool:
        """Only what has left, and is under way, is neither here nor there."""
        channels = m.channels
        on_its_way = neg(channels.flying.never(lambda c, w: (w == word) & channels.pages[c, page]))
        same = m.target.memory[page, word] == m.ghost.copied[page, word]
        return implies(m.phase != Phase.AFTER, same | on_its_way)

    @invariant(Contract.TRANSPORT, "I-INDEX")
    def a_channel_has_one_page(self, m: C, chan: Chan, page: Pfn, other: Pfn) -> bool:
        """It is handed another when it has nothing left of the last."""
        return implies(m.channels.pages[chan, page] & m.channels.pages[chan, other], page == other)

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def a_word_leaves_once(self, m: C, chan: Chan, word: Word) -> bool:
        """It waits, or has left."""
        return neg(m.channels.queued[chan, word] & m.channels.flying[chan, word])

    @invariant(Contract.TRANSPORT, "I-FINAL", "I-CLEAN")
    def the_channels_are_empty_but_for_rounds_and_stop_and_copy(self, m: C, chan: Chan, word: Word) -> bool:
        """Nothing of a migration is on its way before it, once it has committed, or once it was given up."""
        moving = (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED) | (m.phase == Phase.STOP_AND_COPY)
        return implies(self.has_word(m, chan, word), moving)
