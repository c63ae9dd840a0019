"""How images are written, and restored: the steps. ``refmodel.transport.incremental`` tells what they are."""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Pfn, Sizes, Value, Word, engine, need, neg, pick
from refmodel.state import Phase, Stage
from refmodel.transport.image_state import I

__all__ = ["ImageSteps"]


class ImageSteps(HandOverSteps[I]):
    """What is read goes into the image at hand; the target sees it once the image is complete."""

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
