"""Grant mappings, and the hypervisor's permanent maps of guest pages: writable from outside for many rounds.

What is written through one is seen by nobody. It is marked when the mapping ends (``grant_table.c`` [D]); while it
lasts the page may be sent live like any other, but has to be sent again at the end, so that it is marked for the last
time once backends stand still: ``hvm_mapped_guest_frames_mark_dirty`` under ``XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL``, since
``5c23c760a8`` [C].
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.who_runs import WhoRuns
from refmodel.language import (
    Contract,
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
from refmodel.state import Machine, Phase

__all__ = ["G", "Granted", "Grants", "WithGrants"]


@frozen(slots=False)
class Granted(State):
    """Guest pages that are mapped writable from outside."""

    mapped: Set[Pfn]
    marked_last: Set[Pfn]
    """Of these, the ones that have been marked for the last time."""
    backends_run: bool


@frozen(slots=False)
class WithGrants(Machine):
    """The state of a machine whose pages may be mapped from outside."""

    granted: Granted


G = TypeVar("G", bound=WithGrants)


class Grants(WhoRuns[G]):
    """Mapped, written unseen, marked at the unmap or, while the mapping lasts, before the last harvest."""

    def initial(self, anything: G) -> G:
        """Backends run; any page may be mapped already."""
        m = super().initial(anything)
        return m.but(granted=m.granted.but(marked_last=m.granted.marked_last.cleared(), backends_run=True))

    def start(self, sizes: Sizes) -> G:
        """Every page is mapped already."""
        m = super().start(sizes)
        return m.but(granted=m.granted.but(mapped=m.granted.mapped.filled()))

    def is_to_be_marked(self, m: G, page: int) -> bool:
        """A page that is mapped counts as dirty all the time, until it has been marked for the last time."""
        return super().is_to_be_marked(m, page) | (m.granted.mapped[page] & neg(m.granted.marked_last[page]))

    def is_quiet(self, m: G) -> bool:
        """Every page that is still mapped has been marked for the last time."""
        return super().is_quiet(m) & (m.granted.mapped - m.granted.marked_last).is_empty

    @guest
    def grant_map(self, m: G, page: Pfn) -> G:
        """A backend, or the hypervisor for itself, maps a page of the guest writable."""
        need(m.hand_over.source_runs, "the source runs")
        need(neg(m.granted.mapped[page]), "the page is not mapped yet")
        mapped = m.but(granted=m.granted.but(mapped=m.granted.mapped.add(page)))
        return self.mapping_marked(mapped, page, ends=False)

    @guest
    def grant_write(self, m: G, page: Pfn, word: Word, value: Value) -> G:
        """A backend writes through its mapping, and nobody is told."""
        need(m.granted.backends_run, "backends run")
        need(m.granted.mapped[page], "the page is mapped")
        need(self.is_data(m, page), "no shadow follows what the page holds")
        return self.stored(m, page, word, value)

    @guest
    def grant_unmap(self, m: G, page: Pfn) -> G:
        """The mapping ends."""
        need(m.hand_over.source_runs, "the source runs")
        need(m.granted.mapped[page], "the page is mapped")
        unmapped = m.but(granted=m.granted.but(mapped=m.granted.mapped.discard(page)))
        return self.mapping_marked(unmapped, page, ends=True)

    def mapping_marked(self, m: G, page: int, *, ends: bool) -> G:
        """What may have been written through a mapping is marked when it ends, while a migration runs."""
        if ends and self.is_migrating(m):
            return self.marked(m, page)
        return m

    def pause(self, m: G) -> G:
        """Backends are paused with the guest."""
        after = super().pause(m)
        return after.but(granted=after.granted.but(backends_run=False))

    @engine
    def mark_mapped(self, m: G, page: Pfn) -> G:
        """A page that is still mapped is marked for the last time."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        need(m.granted.mapped[page], "the page is mapped")
        need(neg(m.granted.marked_last[page]), "the page has not been marked for the last time")
        marked = self.marked(m, page)
        return marked.but(granted=m.granted.but(marked_last=m.granted.marked_last.add(page)))

    def taken_back(self, m: G) -> G:
        """Backends go on (I-CLEAN)."""
        after = super().taken_back(m)
        last = after.granted.marked_last.cleared()
        return after.but(granted=after.granted.but(marked_last=last, backends_run=True))

    @law(Contract.LOGGING, "I-LOG")
    def a_page_that_is_mapped_no_longer_is_marked(self, before: G, after: G, page: Pfn) -> bool:
        """Whatever was written through the mapping is sent again."""
        ended = before.granted.mapped[page] & neg(after.granted.mapped[page])
        return implies(self.is_migrating(before) & self.is_ram(after, page) & ended, self.is_marked(after, page))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def backends_run_while_the_source_does(self, m: G) -> bool:
        """Through a mapping that lasts a backend could write at any time, also after the last harvest."""
        run = m.granted.backends_run
        given_up = m.phase == Phase.ABORTED  # by a host that died, for instance
        return implies(m.hand_over.source_runs, run) & implies(run, m.hand_over.source_runs | given_up)

    @invariant(Contract.HAND_OVER, "I-FINAL")
    def a_page_is_marked_for_the_last_time_once_backends_stand_still(self, m: G, page: Pfn) -> bool:
        """Earlier would be too early: the page could be written again."""
        return implies(m.granted.marked_last[page], neg(m.granted.backends_run))

    @invariant(Contract.HAND_OVER, "I-FINAL", goal=True)
    def after_the_last_harvest_every_mapped_page_has_been_marked(self, m: G, page: Pfn) -> bool:
        """It was written unseen for as long as backends ran."""
        harvested = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(harvested & m.granted.mapped[page], m.granted.marked_last[page])
