"""Alternate views of the p2m (Xen's altp2m, EPT alone): tables that CPUs switch to, and that log-dirty must cover.

A view's entry is copied from the host's p2m when it is needed (``p2m_altp2m_lazy_copy``). What the log takes from the
host's entries it has to take from each view's as well, or a CPU in a view never faults (I-COVER; ``0fb4b58c8b`` [C]).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Cpu, Set, State, Value, Vpn, engine, guest, implies, invariant, need, neg
from refmodel.logging.log_mode import LogDirtyMode, WithLogMode
from refmodel.logging.second_stage import SecondStage
from refmodel.state import Phase, Shadow, Table

__all__ = ["AlternateViews", "V", "Views", "WithViews"]


@frozen(slots=False)
class Views(State):
    """An alternate view, and who is in it."""

    alternate: Set[Cpu]
    """CPUs that walk the view; the others walk the host's p2m, which is the shadow here."""
    table: Table


@frozen(slots=False)
class WithViews(WithLogMode):
    """The state of a machine with an alternate view."""

    views: Views


V = TypeVar("V", bound=WithViews)


class AlternateViews(SecondStage[V], LogDirtyMode[V]):
    """One view stands for any number: it differs from the host's p2m by what has not been copied; all is small."""

    def initial(self, anything: V) -> V:
        """Every CPU is in the host's view, and the other is empty."""
        m = super().initial(anything)
        table = m.views.table
        empty = table.but(present=table.present.cleared(), writable=table.writable.cleared())
        return m.but(views=m.views.but(alternate=m.views.alternate.cleared(), table=empty))

    def walked(self, m: V, cpu: int) -> Table | Shadow:
        """The view that the CPU is in."""
        return m.views.table if m.views.alternate[cpu] else super().walked(m, cpu)

    def is_revoked_elsewhere(self, m: V) -> bool:
        """The view lets no page be written that the log does not permit."""
        table = m.views.table
        revoked = table.writable.never(lambda v: neg(self.permits(m, table.frame[v])))
        return super().is_revoked_elsewhere(m) & revoked

    def withdrawn(self, m: V, page: int) -> V:
        """Nor can it be written by way of the view."""
        after, table = super().withdrawn(m, page), m.views.table
        writable = table.writable.where(lambda v: table.frame[v] == page, False)
        return after.but(views=m.views.but(table=table.but(writable=writable)))

    def copied_to_view(self, m: V, vpn: int) -> V:
        """The view's entry is made the host's."""
        shadow, table = m.shadow, m.views.table
        copied = table.but(
            present=table.present.put(vpn, shadow.present[vpn]),
            frame=table.frame.set(vpn, shadow.frame[vpn]),
            writable=table.writable.put(vpn, shadow.writable[vpn]),
        )
        return m.but(views=m.views.but(table=copied))

    def write_fault(self, m: V, cpu: Cpu, vpn: Vpn, value: Value) -> V:
        """A fault in the host's view."""
        need(neg(m.views.alternate[cpu]), "the CPU is in the host's view")
        return super().write_fault(m, cpu, vpn, value)

    @guest
    def view_switch(self, m: V, cpu: Cpu) -> V:
        """VMFUNC: the CPU goes over to the other view, whose entries alone it uses from then on."""
        need(self.runs(m), "the source runs")
        alternate = m.views.alternate.put(cpu, neg(m.views.alternate[cpu]))
        return m.but(views=m.views.but(alternate=alternate), cpus=self.dropped(m, cpu))

    @guest
    def view_fill(self, m: V, vpn: Vpn) -> V:
        """An access finds nothing in the view: the host's entry is copied."""
        need(self.runs(m), "the source runs")
        need(neg(m.views.table.present[vpn]), "the view has no entry for the page")
        need(m.shadow.present[vpn], "the host's p2m has one")
        return self.copied_to_view(m, vpn)

    @guest
    def view_fault(self, m: V, cpu: Cpu, vpn: Vpn) -> V:
        """A write fault in the view: logged as any other, and what the host's entry permits now is copied."""
        need(self.runs(m), "the source runs")
        need(m.views.alternate[cpu], "the CPU is in the alternate view")
        need(neg(m.cpus.writable[cpu, vpn]), "the TLB has no writable entry for the page")
        need(m.cpus.present[cpu, vpn] | neg(m.views.table.writable[vpn]), "a walk would find no writable entry either")
        need(m.source.table.writable[vpn], "the p2m lets the page be written")
        return self.copied_to_view(self.logged(m, cpu, vpn), vpn)

    @engine
    def view_revoke(self, m: V, vpn: Vpn) -> V:
        """Write access goes from one entry of the view: the log does not permit it any more."""
        need(self.runs(m), "the source runs")
        table = m.views.table
        need(table.writable[vpn], "the view lets the page be written")
        need(neg(self.permits(m, table.frame[vpn])), "the log does not permit it")
        return m.but(views=m.views.but(table=table.but(writable=table.writable.discard(vpn))))

    @invariant(Contract.LOGGING, "I-COVER", "I-LOG", goal=True)
    def a_view_grants_writes_only_where_the_log_permits(self, m: V, cpu: Cpu, vpn: Vpn) -> bool:
        """Whatever table a CPU may walk: as for the shadow, it is revoked before any CPU is flushed."""
        table = m.views.table
        return implies(
            table.writable[vpn] & (m.phase != Phase.ABORTED), self.may_be_written_unseen(m, table.frame[vpn], cpu)
        )

    @invariant(Contract.LOGGING, "I-COVER", "I-LOG", goal=True)
    def what_the_switch_made_read_only_no_flushed_cpu_can_write_in_a_view(self, m: V, cpu: Cpu, vpn: Vpn) -> bool:
        """Enabling the log reaches every view."""
        table, mode = m.views.table, m.log_mode
        return implies(mode.on & mode.flushed[cpu], neg(table.writable[vpn] & mode.read_only[table.frame[vpn]]))

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def a_view_maps_what_the_p2m_maps(self, m: V, vpn: Vpn) -> bool:
        """To the same frame, and with no more rights."""
        view, table = m.views.table, m.source.table
        own = table.present[vpn] & (table.frame[vpn] == view.frame[vpn])
        rights = implies(view.writable[vpn], view.present[vpn] & table.writable[vpn])
        return implies(view.present[vpn], own) & rights
