"""Incremental images: each round is written to an image of its own, and an image says what it is an increment of.

The first image is full: it has every page, and with each page that it takes the log is reset. Every later one has what
was dirtied since its *parent*, the last that was restored; so it means something over its parent alone. The target
restores images in their order, and refuses one whose parent it does not hold: somebody may have put another guest's
images in their place, under the same name (CRIU ``6fb00f5530`` [C]). Then the source starts over with a full one. An
image that cannot be written is dropped, and all that it had belongs to the next.
"""

from refmodel.language import Contract, Pfn, Word, implies, invariant, law, neg
from refmodel.state import Phase, Stage
from refmodel.transport.image_state import I
from refmodel.transport.images import ImageSteps

__all__ = ["IncrementalImages"]


class IncrementalImages(ImageSteps[I]):
    """What is read goes into the image at hand; the target sees it once the image is complete."""

    leaves_out = frozenset({"what_is_sent_while_paused_was_owed_or_dirty_at_the_pause"})

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
