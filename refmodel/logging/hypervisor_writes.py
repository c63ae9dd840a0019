"""The hypervisor and the VMM write guest memory on the guest's behalf: no fault tells of it, each site has to mark.

Xen has some thirty such sites, the callers of ``paging_mark_dirty`` at ``c447b7308b`` [D]: emulated instructions,
``hvm_copy``, ioreq pages, descriptor tables, the P2M itself. Each has a machine frame in its hand, writes it, and then
marks it; a harvest may fall between. The log is indexed by pfn, so that a mark goes by way of the M2P table (I-INDEX);
a range may go over into the next page, which has to be marked too (I-GRAN).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Flag,
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
    """What the hypervisor has under way in guest memory."""

    m2p: Map[Mfn, Pfn]
    """Which of the guest's pages a machine frame is. Constant."""
    following: Map[Pfn, Pfn]
    """The page that comes after each in the guest's memory. Constant."""
    written: Set[Mfn]
    """Frames that have been written and not been marked."""
    over: Set[Mfn]
    """Of these, the ones from which the write went over into the following page."""


@frozen(slots=False)
class WithHypervisor(Machine):
    """The state of a machine whose hypervisor writes guest memory."""

    hypervisor: Hypervisor


H = TypeVar("H", bound=WithHypervisor)


class HypervisorWrites(MigrationRounds[H]):
    """Write, then mark: what was written and is not marked yet is known to nobody else."""

    def initial(self, anything: H) -> H:
        """Nothing is under way; frames and pages go together in any way."""
        m = super().initial(anything)
        nothing = m.hypervisor.written.cleared()
        return m.but(hypervisor=m.hypervisor.but(written=nothing, over=nothing))

    def start(self, sizes: Sizes) -> H:
        """Frames are not numbered as the guest's pages are."""
        m = super().start(sizes)
        turned = m.hypervisor.m2p.made(lambda frame: (frame + 1) % sizes["pfn"])
        return m.but(hypervisor=m.hypervisor.but(m2p=turned, following=turned))

    def page_of_frame(self, m: H, mfn: int) -> int:
        """The name that the log knows the frame by."""
        return m.hypervisor.m2p[mfn]

    def is_to_be_marked(self, m: H, page: int) -> bool:
        """The hypervisor has written the page and not marked it yet."""
        h = m.hypervisor
        unmarked = neg(
            h.written.never(lambda f: (h.m2p[f] == page) | (h.over[f] & (h.following[h.m2p[f]] == page)))
        )
        return super().is_to_be_marked(m, page) | unmarked

    def is_quiet(self, m: H) -> bool:
        """What the hypervisor had under way at the pause has been brought to its end."""
        return super().is_quiet(m) & m.hypervisor.written.is_empty

    @guest
    def hypervisor_write(self, m: H, mfn: Mfn, word: Word, value: Value, over: Flag) -> H:
        """The hypervisor writes a word through a frame that it holds; the range may go over into the next page."""
        need(self.runs(m), "the source runs")
        page = m.hypervisor.m2p[mfn]
        after = self.stored(m, page, word, value)
        if over:
            after = self.stored(after, m.hypervisor.following[page], word, value)
        h = m.hypervisor
        return after.but(hypervisor=h.but(written=h.written.add(mfn), over=h.over.put(mfn, h.over[mfn] | over)))

    @guest
    def hypervisor_mark(self, m: H, mfn: Mfn) -> H:
        """The write is over: what it touched is marked, while a migration runs."""
        need(self.runs(m), "the source runs")
        need(m.hypervisor.written[mfn], "the frame has been written and not marked")
        if self.is_migrating(m):
            return self.let_go(self.range_marked(m, mfn), mfn)
        return self.let_go(m, mfn)

    @engine
    def hypervisor_finish(self, m: H, mfn: Mfn) -> H:
        """What was under way at the pause comes to its end: an access to a port or to MMIO is not left half done."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        need(m.hypervisor.written[mfn], "the frame has been written and not marked")
        return self.let_go(self.range_marked(m, mfn), mfn)

    @guest
    def physmap_add(self, m: H, pfn: Pfn, word: Word, value: Value) -> H:
        """Another frame is put behind a page (an ioreq server's goes back, PoD populates one): its contents change.

        The entry of the P2M and the mark are one step, under the P2M's lock.
        """
        need(self.runs(m), "the source runs")
        after = self.stored(m, pfn, word, value)
        if self.is_migrating(m):
            return self.added_marked(after, pfn)
        return after

    def range_marked(self, m: H, mfn: int) -> H:
        """Every page that the write touched is marked (I-GRAN)."""
        page = self.page_of_frame(m, mfn)
        marked = self.marked(m, page)
        if m.hypervisor.over[mfn]:
            return self.marked(marked, m.hypervisor.following[page])
        return marked

    def added_marked(self, m: H, page: int) -> H:
        """What has come into the P2M is marked: the target has never seen its contents."""
        return self.marked(m, page)

    def let_go(self, m: H, mfn: int) -> H:
        """The frame is out of the hypervisor's hand."""
        h = m.hypervisor
        return m.but(hypervisor=h.but(written=h.written.discard(mfn), over=h.over.discard(mfn)))

    @law(Contract.LOGGING, "I-LOG", "I-INDEX", "I-GRAN")
    def what_the_hypervisor_lets_go_of_is_marked(self, before: H, after: H, mfn: Mfn) -> bool:
        """Under the guest's name of the frame, and with the page that the write went over into."""
        h = before.hypervisor
        page = h.m2p[mfn]
        let_go = self.is_migrating(before) & h.written[mfn] & neg(after.hypervisor.written[mfn])
        over = implies(h.over[mfn], self.is_marked(after, h.following[page]))
        return implies(let_go, self.is_marked(after, page) & over)

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def after_the_last_harvest_the_hypervisor_has_nothing_to_mark(self, m: H, mfn: Mfn) -> bool:
        """A mark that comes after it would be read by nobody."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(harvested, neg(m.hypervisor.written[mfn]))
