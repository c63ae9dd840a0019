"""Incremental images: each round is written to an image of its own, and an image says what it is an increment of.

The first image is full: it has every page, and with each page that it takes the log is reset. Every later one has what
was dirtied since its *parent*, the last that was restored; so it means something over its parent alone. The target
restores images in their order, and refuses one whose parent it does not hold: somebody may have put another guest's
images in their place, under the same name (CRIU ``6fb00f5530`` [C]). Then the source starts over with a full one. An
image that cannot be written is dropped, and all that it had belongs to the next.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import (
    Contract,
    Count,
    Map,
    Pfn,
    Set,
    Sizes,
    State,
    Value,
    Word,
    engine,
    implies,
    invariant,
    law,
    need,
    neg,
    pick,
)
from refmodel.state import Machine, Phase, Stage

__all__ = ["I", "Images", "IncrementalImages", "WithImages"]


@frozen(slots=False)
class Images(State):
    """The image at hand, and what the target has restored."""

    full: bool
    """It has every page, and needs no parent."""
    closed: bool
    """All of it has been written: it is being restored."""
    written: Set[tuple[Pfn, Word]]
    """Words that it has, and that have not been restored."""
    content: Map[tuple[Pfn, Word], Value]
    parent: Count
    """The number of the last image that was restored, as the source knows it. Counts up; 0 for none."""
    restored: Count
    """The number of the image that the target holds; 0 for one that is not of this chain."""
    foreign: Set[tuple[Pfn, Word]]
    """Words at the target that are another image's."""


@frozen(slots=False)
class WithImages(Machine):
    """The state of a machine that writes images."""

    images: Images


I = TypeVar("I", bound=WithImages)  # noqa: E741


class IncrementalImages(HandOverSteps[I]):
    """What is read goes into the image at hand; the target sees it once the image is complete."""

    leaves_out = frozenset({"what_is_sent_while_paused_was_owed_or_dirty_at_the_pause"})

    def initial(self, anything: I) -> I:
        """No image has been written."""
        m = super().initial(anything)
        foreign = m.images.foreign.cleared()
        return self.opened(m.but(images=m.images.but(parent=0, restored=0, foreign=foreign)), full=True)

    def start(self, sizes: Sizes) -> I:
        """The target's memory holds what somebody left there, and so does the place of an image's words."""
        m = super().start(sizes)
        memory = m.target.memory.made(lambda page, word: min(1, sizes["value"] - 1))
        return m.but(
            target=m.target.but(memory=memory),
            ghost=m.ghost.but(copied=memory),
            images=m.images.but(content=memory),
        )

    def opened(self, m: I, full: bool) -> I:
        """A new image, with nothing in it."""
        return m.but(images=m.images.but(full=full, closed=False, written=m.images.written.cleared()))

    def begin(self, m: I) -> I:
        """With a full image."""
        return self.opened(super().begin(m), full=True)

    def taken_back(self, m: I) -> I:
        """The image at hand is dropped; nothing counts as read that was not restored."""
        after = self.opened(super().taken_back(m), full=True)
        return after.but(ghost=after.ghost.but(copied=after.target.memory))

    # writing

    def delivered(self, m: I, page: int, word: int, value: int) -> I:
        """The word goes into the image at hand."""
        return self.put(m, page, word, value)

    def delivered_whole(self, m: I, page: int, value: int) -> I:
        """So does a page of one value."""
        images = m.images
        content = images.content.made(lambda p, w: pick(p == page, value, images.content[p, w]))
        return m.but(images=images.but(content=content, written=images.written.where(lambda p, w: p == page, True)))

    def put(self, m: I, page: int, word: int, value: int) -> I:
        """A later version takes the place of an earlier one."""
        images = m.images
        content, written = images.content.set((page, word), value), images.written.add((page, word))
        return m.but(images=images.but(content=content, written=written))

    def in_flight(self, m: I, page: int) -> bool:
        """Some word of it has not been restored, or is not of this guest."""
        images = m.images
        waits = neg(images.written.never(lambda p, w: p == page))
        return super().in_flight(m, page) | waits | neg(images.foreign.never(lambda p, w: p == page))

    def transfer_clear(self, m: I, page: int) -> I:
        """An image that is complete takes no more pages."""
        need(neg(m.images.closed), "the image at hand is open")
        return super().transfer_clear(m, page)

    def pause(self, m: I) -> I:
        """Nor does it get what the last harvest finds."""
        need(neg(m.images.closed), "the image at hand is open")
        return super().pause(m)

    def is_round_over(self, m: I) -> bool:
        """Its image has been restored: the next round's has another parent."""
        return super().is_round_over(m) & neg(m.images.closed) & m.images.written.is_empty

    def is_settled(self, m: I) -> bool:
        """The target holds the last image."""
        images = m.images
        restored = neg(images.closed) & images.written.is_empty & (images.restored == images.parent)
        return super().is_settled(m) & restored

    @engine
    def image_close(self, m: I) -> I:
        """The image has all that its round owes."""
        need((m.phase == Phase.LIVE) | (m.phase == Phase.STOP_AND_COPY), "rounds are running, or the last one is")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(neg(m.images.closed), "the image at hand is open")
        lacks_one = m.images.full | (m.images.restored != m.images.parent)
        is_last = (m.phase == Phase.STOP_AND_COPY) & lacks_one
        need(neg(m.images.written.is_empty) | is_last, "there is something in it, or the target lacks the last one")
        return self.closed(m)

    def closed(self, m: I) -> I:
        """Nothing that it should have is missing."""
        need(m.rounds.to_send.is_empty, "the image has all that the round owes")
        return m.but(images=m.images.but(closed=True))

    @engine
    def image_fails(self, m: I) -> I:
        """The image cannot be written: it is dropped, and its parent is the next one's."""
        need((m.phase == Phase.LIVE) | (m.phase == Phase.STOP_AND_COPY), "rounds are running, or the last one is")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(neg(m.images.closed) & neg(m.images.written.is_empty), "there is something in an image that is open")
        return self.dropped_image(self.put_back(m), m.images.full)

    def dropped_image(self, m: I, full: bool) -> I:
        """What it had was as good as never read; a new one takes its place."""
        copied, held, written = m.ghost.copied, m.target.memory, m.images.written
        forgotten = copied.made(lambda p, w: pick(written[p, w], held[p, w], copied[p, w]))
        return self.opened(m.but(ghost=m.ghost.but(copied=forgotten)), full)

    def put_back(self, m: I) -> I:
        """What the image had the next one owes."""
        written = m.images.written
        owed = m.rounds.to_send.where(lambda p: neg(written.never(lambda q, w: q == p)), True)
        noted = m.ghost.noted.where(lambda p: neg(written.never(lambda q, w: q == p)), True)
        return m.but(rounds=m.rounds.but(to_send=owed), ghost=m.ghost.but(noted=noted))

    # restoring

    @engine
    def image_restore(self, m: I, page: Pfn, word: Word) -> I:
        """A word of a complete image is written to the target's memory, over what the image is an increment of."""
        images = m.images
        need(self.may_restore(m), "the image is complete")
        need(self.is_on_its_parent(m), "the image is full, or the target holds its parent")
        need(images.written[page, word], "the image has the word")
        memory = m.target.memory.set((page, word), images.content[page, word])
        written, foreign = images.written.discard((page, word)), images.foreign.discard((page, word))
        return m.but(target=m.target.but(memory=memory), images=images.but(written=written, foreign=foreign))

    def may_restore(self, m: I) -> bool:
        """A part of an image is restored by nobody."""
        return m.images.closed

    def is_on_its_parent(self, m: I) -> bool:
        """What the image does not have the target has."""
        return m.images.full | (m.images.restored == m.images.parent)

    @engine
    def image_restored(self, m: I) -> I:
        """The target holds the image: it is the parent of the next."""
        need(m.images.closed & m.images.written.is_empty, "all of the image has been restored")
        need(self.is_on_its_parent(m), "the image is full, or the target holds its parent")
        number = m.images.parent + 1
        return self.opened(m.but(images=m.images.but(parent=number, restored=number)), full=False)

    @engine
    def image_refused(self, m: I) -> I:
        """The target does not hold the parent: the source starts over with a full image."""
        need(m.images.closed, "the image is complete")
        need(neg(self.is_on_its_parent(m)), "the target does not hold its parent")
        every = m.rounds.to_send.filled()
        after = m.but(rounds=m.rounds.but(to_send=every), ghost=m.ghost.but(noted=m.ghost.noted.filled()))
        return self.dropped_image(after, full=True)

    @engine
    def image_of_another(self, m: I, page: Pfn, word: Word, value: Value) -> I:
        """What the target holds is another guest's, or an earlier run's of this one, under the same name."""
        need(self.is_migrating(m), "a migration runs")
        need(neg(m.images.closed) & (m.images.parent > 0), "it is between two images of a chain")
        need(m.target.memory[page, word] != value, "the other image has something else there")
        memory = m.target.memory.set((page, word), value)
        return m.but(
            target=m.target.but(memory=memory), images=m.images.but(restored=0, foreign=m.images.foreign.filled())
        )

    @law(Contract.ROUNDS, "R10", "R11")
    def what_is_sent_while_paused_was_owed_at_the_pause_or_is_anothers(self, before: I, after: I, page: Pfn) -> bool:
        """A full image may have to be written at the stop, if somebody has taken the target's away."""
        stands = (after.phase == Phase.PAUSED) | (after.phase == Phase.STOP_AND_COPY)
        anothers = neg(after.images.foreign.never(lambda p, w: p == page))
        return implies(stands & self.is_owed(after, page), self.is_owed(before, page) | anothers)

    @law(Contract.ROUNDS, "I-CONS", "I-BASE")
    def what_an_image_that_fails_had_is_owed_again(self, before: I, after: I, page: Pfn, word: Word) -> bool:
        """To take a page up was to clear its mark: what is dropped has to be marked once more."""
        dropped = before.images.written[page, word] & neg(after.images.written[page, word] | before.images.closed)
        return implies(self.is_migrating(after) & dropped, self.is_marked(after, page))

    @invariant(Contract.TRANSPORT, "I-BASE", goal=True)
    def a_target_that_holds_the_parent_has_nothing_of_another_image(self, m: I, page: Pfn, word: Word) -> bool:
        """A chain restored to its end is this guest's memory, and nobody else's."""
        return implies(m.images.restored == m.images.parent, neg(m.images.foreign[page, word]))

    @invariant(Contract.TRANSPORT, "I-BASE", goal=True)
    def a_full_image_leaves_nothing_out(self, m: I, page: Pfn, word: Word) -> bool:
        """It has every word or will have it, above all those that the target has of another image."""
        has = m.images.written[page, word] | m.rounds.to_send[page] | self.is_to_be_read(m, page, word)
        full = self.is_migrating(m) & m.images.full & self.matters(m, page)
        return implies(full & (neg(m.images.closed) | m.images.foreign[page, word]), has)

    @invariant(Contract.TRANSPORT, "I-BASE")
    def what_another_image_left_there_only_a_full_one_overwrites(self, m: I, page: Pfn, word: Word) -> bool:
        """Until one has been begun, all that the target has is foreign."""
        other = neg(m.images.full) & (m.images.restored != m.images.parent)
        return implies(other, m.images.foreign[page, word])

    @invariant(Contract.TRANSPORT, "I-BASE", goal=True)
    def what_an_image_has_is_what_was_read_last(self, m: I, page: Pfn, word: Word) -> bool:
        """Whatever earlier images have of the word."""
        same = m.images.content[page, word] == m.ghost.copied[page, word]
        return implies((m.phase != Phase.AFTER) & m.images.written[page, word], same)

    @invariant(Contract.TRANSPORT, "I-BASE", goal=True)
    def what_no_image_has_yet_the_target_has(self, m: I, page: Pfn, word: Word) -> bool:
        """From the chain that it has restored."""
        waits = m.images.written[page, word] | m.images.foreign[page, word]
        same = m.target.memory[page, word] == m.ghost.copied[page, word]
        return implies((m.phase != Phase.AFTER) & neg(waits), same)

    @invariant(Contract.TRANSPORT)
    def a_complete_image_has_all_that_its_round_owed(self, m: I) -> bool:
        """And no page is in hand any more."""
        sending = (m.phase == Phase.LIVE) | (m.phase == Phase.STOP_AND_COPY)
        done = (m.transfer.stage == Stage.IDLE) & m.rounds.to_send.is_empty
        return implies(m.images.closed, sending & done)

    @invariant(Contract.TRANSPORT, "I-CLEAN")
    def words_are_in_an_image_only_while_rounds_run(self, m: I, page: Pfn, word: Word) -> bool:
        """None is left over from an earlier migration, or at the commit."""
        moving = (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED) | (m.phase == Phase.STOP_AND_COPY)
        return implies(m.images.written[page, word], moving)

    @invariant(Contract.TRANSPORT)
    def the_target_holds_the_parent_or_nothing_of_the_chain(self, m: I) -> bool:
        """Images are restored in their order."""
        known = (m.images.restored == m.images.parent) | (m.images.restored == 0)
        return known & (m.images.parent >= 0)
