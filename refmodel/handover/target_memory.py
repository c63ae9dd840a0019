"""The target's memory: which pages exist there. A page comes into being when something of it arrives.

So does Xen's (``populate_pfns`` in libxc [D]); of a page without contents its type alone arrives (XALLOC). What the
source has removed has to be given back before the commit, else the guest finds more memory than it had.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Contract, Pfn, Set, State, Word, engine, iff, implies, invariant, need, neg
from refmodel.rounds.skip import Skips
from refmodel.state import Machine, Stage

__all__ = ["TargetMemory", "TargetPages", "WithTargetMemory"]


@frozen(slots=False)
class TargetPages(State):
    """The target's memory, apart from what it holds."""

    there: Set[Pfn]
    """Pages that exist; at first any."""


@frozen(slots=False)
class WithTargetMemory(Machine):
    """The state of a machine whose target has memory page by page."""

    target_pages: TargetPages


T = TypeVar("T", bound=WithTargetMemory)


class TargetMemory(Skips[T], HandOverSteps[T]):
    """At the target the same memory must be there."""

    def delivered(self, m: T, page: int, word: int, value: int) -> T:
        """It is populated, if need be."""
        after = super().delivered(m, page, word, value)
        return after.but(target_pages=after.target_pages.but(there=after.target_pages.there.add(page)))

    def delivered_whole(self, m: T, page: int, value: int) -> T:
        """Whatever is sent of a page, it is populated."""
        after = super().delivered_whole(m, page, value)
        return after.but(target_pages=after.target_pages.but(there=after.target_pages.there.add(page)))

    def skipped(self, m: T) -> T:
        """That it exists is all that is sent of it, if it does."""
        page, there = m.transfer.page, m.target_pages.there
        after = super().skipped(m)
        return after.but(target_pages=m.target_pages.but(there=there.put(page, there[page] | self.is_ram(m, page))))

    def is_at_target(self, m: T, page: int) -> bool:
        """It exists there."""
        return super().is_at_target(m, page) & m.target_pages.there[page]

    @engine
    def give_back(self, m: T, page: Pfn) -> T:
        """The target gives back a page that is no RAM at the source."""
        need(self.is_migrating(m), "a migration runs")
        need(m.target_pages.there[page] & neg(self.is_ram(m, page)), "the target has it, and the source does not")
        return m.but(target_pages=m.target_pages.but(there=m.target_pages.there.discard(page)))

    def is_settled(self, m: T) -> bool:
        """The target has no page that is no RAM at the source."""
        return super().is_settled(m) & m.target_pages.there.never(lambda p: neg(self.is_ram(m, p)))

    @invariant(Contract.HAND_OVER, "I-COVER")
    def a_page_that_is_not_owed_is_there_at_the_target(self, m: T, page: Pfn) -> bool:
        """It has arrived, so it exists."""
        arrived = self.is_migrating(m) & self.is_ram(m, page) & neg(self.is_owed(m, page))
        return implies(arrived, m.target_pages.there[page])

    @invariant(Contract.HAND_OVER)
    def a_page_of_which_a_word_was_read_is_there_at_the_target(self, m: T, page: Pfn, word: Word) -> bool:
        """Or will be: on its way, or to be read again, having been removed and added since."""
        read = (m.transfer.stage == Stage.READING) & (m.transfer.page == page) & m.transfer.read[word]
        otherwise = neg(self.is_ram(m, page)) | self.is_marked(m, page) | self.in_flight(m, page)
        return implies(read, m.target_pages.there[page] | otherwise)

    @invariant(Contract.HAND_OVER, "I-COVER", "R12", goal=True)
    def at_cutover_the_target_has_the_same_memory(self, m: T, page: Pfn) -> bool:
        """The same pages exist on both sides from the commit until the guest runs at the target, or are awaited."""
        same = iff(self.is_ram(m, page), m.target_pages.there[page] | self.is_awaited(m, page))
        return implies(self.is_committed(m), same)
