"""The hypervisor and the VMM write guest memory on the guest's behalf: no fault tells of it, each site has to mark.

Xen has some thirty such sites, the callers of ``paging_mark_dirty`` at ``c447b7308b`` [D]: emulated instructions,
``hvm_copy``, descriptor tables, the P2M itself. A site writes, and then marks; a harvest may fall between. It has a
machine frame in its hand, and the log is indexed by pfn (I-INDEX); a range may go over into the next page, which has to
be marked too (I-GRAN).

Writes that land after the pause need no step of their own: nothing reads memory between the pause and the last harvest,
so that they may as well have landed before it. What is still to be done then is to mark.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Map,
    Mfn,
    Pfn,
    Set,
    Sizes,
    State,
    Value,
    Word,
    engine,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
)
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Machine, Phase

__all__ = ["H", "Hypervisor", "HypervisorWrites", "WithHypervisor"]


@frozen(slots=False)
class Hypervisor(State):
    """What the hypervisor knows of guest memory, and has under way there."""

    frame: Map[Pfn, Mfn]
    """The machine frame behind each page, as the P2M has it: what a site has in its hand. Constant. Nothing that is
    right depends on it."""
    following: Map[Pfn, Pfn]
    """The page that comes after each in the guest's memory. Constant."""
    written: Set[Pfn]
    """Pages that have been written and not been marked."""


@frozen(slots=False)
class WithHypervisor(Machine):
    """The state of a machine whose hypervisor writes guest memory."""

    hypervisor: Hypervisor


H = TypeVar("H", bound=WithHypervisor)


class HypervisorWrites(MigrationRounds[H]):
    """Write, then mark: of what was written and is not marked yet nobody else knows."""

    def initial(self, anything: H) -> H:
        """Nothing is under way; any frame is behind any page."""
        m = super().initial(anything)
        return m.but(hypervisor=m.hypervisor.but(written=m.hypervisor.written.cleared()))

    def start(self, sizes: Sizes) -> H:
        """Frames are not numbered as the pages before them are."""
        m = super().start(sizes)
        turned = m.hypervisor.frame.made(lambda page: (page + 1) % sizes["pfn"])
        return m.but(hypervisor=m.hypervisor.but(frame=turned, following=turned))

    def is_to_be_marked(self, m: H, page: int) -> bool:
        """The hypervisor has written the page and not marked it yet."""
        return super().is_to_be_marked(m, page) | m.hypervisor.written[page]

    def is_quiet(self, m: H) -> bool:
        """What the hypervisor had under way at the pause has been brought to its end."""
        return super().is_quiet(m) & m.hypervisor.written.is_empty

    @guest
    def hypervisor_write(self, m: H, pfn: Pfn, word: Word, value: Value) -> H:
        """The hypervisor writes a word of a page."""
        need(m.hand_over.source_runs, "the source runs")
        need(self.is_data(m, pfn), "no shadow follows what the page holds")
        after = self.stored(m, pfn, word, value)
        return after.but(hypervisor=m.hypervisor.but(written=m.hypervisor.written.add(pfn)))

    @guest
    def hypervisor_write_range(self, m: H, pfn: Pfn, word: Word, value: Value, beyond: Value) -> H:
        """It writes a range that goes over into the page that follows, ``value`` on this side and ``beyond`` there."""
        need(m.hand_over.source_runs, "the source runs")
        following = m.hypervisor.following[pfn]
        need(self.is_data(m, pfn) & self.is_data(m, following), "no shadow follows what the pages hold")
        after = self.stored(self.stored(m, pfn, word, value), following, word, beyond)
        return after.but(hypervisor=m.hypervisor.but(written=self.range_written(m, pfn)))

    def range_written(self, m: H, page: int) -> Set[Pfn]:
        """What is to be marked after a write that goes over: each page that it touched (I-GRAN)."""
        return m.hypervisor.written.add(page).add(m.hypervisor.following[page])

    @guest
    def hypervisor_mark(self, m: H, pfn: Pfn) -> H:
        """The site is done with a page that it wrote: it marks it, while a migration runs."""
        need(m.hand_over.source_runs, "the source runs")
        need(m.hypervisor.written[pfn], "the page has been written and not marked")
        if self.is_migrating(m):
            return self.out_of_hand(self.write_marked(m, pfn), pfn)
        return self.out_of_hand(m, pfn)

    @engine
    def hypervisor_finish(self, m: H, pfn: Pfn) -> H:
        """What was under way at the pause comes to its end: no access to a port or to MMIO is left half done."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        need(m.hypervisor.written[pfn], "the page has been written and not marked")
        return self.out_of_hand(self.write_marked(m, pfn), pfn)

    @guest
    def physmap_add(self, m: H, pfn: Pfn, word: Word, value: Value) -> H:
        """Another frame is put behind a page (an ioreq server's goes back, PoD populates one): its contents change.

        The P2M's entry and the mark are one step, under the P2M's lock.
        """
        need(m.hand_over.source_runs, "the source runs")
        need(self.is_data(m, pfn), "no shadow follows what the page holds")
        after = self.stored(m, pfn, word, value)
        if self.is_migrating(m):
            return self.added_marked(after, pfn)
        return after

    def write_marked(self, m: H, page: int) -> H:
        """The mark of what a site wrote, under the name that the log knows the page by."""
        return self.marked(m, page)

    def added_marked(self, m: H, page: int) -> H:
        """The mark of what has come into the P2M: the target has never seen its contents."""
        return self.marked(m, page)

    def out_of_hand(self, m: H, page: int) -> H:
        """The page is out of the site's hand."""
        return m.but(hypervisor=m.hypervisor.but(written=m.hypervisor.written.discard(page)))

    @law(Contract.LOGGING, "I-LOG", "I-INDEX")
    def what_the_hypervisor_lets_go_of_is_marked(self, before: H, after: H, page: Pfn) -> bool:
        """Under the guest's name of the page, whatever frame is behind it."""
        let_go = before.hypervisor.written[page] & neg(after.hypervisor.written[page])
        return implies(self.is_migrating(before) & self.is_ram(after, page) & let_go, self.is_marked(after, page))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def after_the_last_harvest_the_hypervisor_has_nothing_to_mark(self, m: H, page: Pfn) -> bool:
        """A mark that came after it would be read by nobody."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(harvested, neg(m.hypervisor.written[page]))
