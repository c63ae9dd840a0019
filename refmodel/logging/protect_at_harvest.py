"""Pages are protected when the log is harvested, all at once: the rules of Xen's shadow code under log-dirty mode.

``_sh_propagate`` [D]: "Only allow the guest write access to a page a) on a demand fault, or b) if the page is already
marked as dirty." So the bit in the log is itself the permission, and clearing the bits takes it from every page;
``sh_clean_dirty_bitmap`` [D] then blows the shadow tables, which come back on demand by that rule, and flushes the CPUs
that may have walked them. ``sh_enable_log_dirty`` [D] blows them as well. A page is read with its bit untouched: what
is stored while it is read is in the log, and the next harvest covers it.

Who may call this, and when, is ``rounds.log_dirty_op``'s matter.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Cpu, Set, State, Vpn, engine, implies, invariant, need, neg
from refmodel.logging.faults import Faults
from refmodel.state import Machine, Phase, is_without_migration

__all__ = ["C", "Clean", "ProtectAtHarvest", "WithClean"]


@frozen(slots=False)
class Clean(State):
    """A log-dirty operation, ENABLE or CLEAN, and how far it has come."""

    under_way: bool
    """It has begun and not ended; the domain is paused for it."""
    cleared: bool
    """The log has been copied and cleared: no page is permitted any more that was not marked since."""
    blown: bool
    """The shadow tables have been blown since the operation began."""
    flushed: Set[Cpu]
    """CPUs that have been flushed since it began."""


@frozen(slots=False)
class WithClean(Machine):
    """The state of a machine that protects when it harvests."""

    clean: Clean


C = TypeVar("C", bound=WithClean)


class ProtectAtHarvest(Faults[C]):
    """The bit in the log is the permission to write; what was entered by it goes when the bit goes."""

    pauses = True
    """The vCPUs stand still while an operation is under way (``domain_pause``). All other writers go on."""

    def initial(self, anything: C) -> C:
        """No operation is under way."""
        return self.ended(super().initial(anything))

    def ended(self, m: C) -> C:
        """The operation has ended, and the vCPUs go on."""
        clean = m.clean
        return m.but(clean=clean.but(under_way=False, cleared=False, blown=False, flushed=clean.flushed.cleared()))

    def runs(self, m: C) -> bool:
        """The vCPUs are held while an operation is under way."""
        running = super().runs(m)
        return running & neg(m.clean.under_way) if self.pauses else running

    # what may be written: _sh_propagate

    def permits(self, m: C, page: int) -> bool:
        """A page that is marked already. Outside a migration there is no log, and nothing is kept from the guest."""
        return m.log.dirty[page] | is_without_migration(m)

    def permitted(self, m: C, page: int) -> C:
        """R7: the mark is the permission. Other mappings of the page get their rights when they fault themselves."""
        return m

    def may_lag(self, m: C, page: int) -> bool:
        """Any read-only entry may, until the guest writes through it."""
        return m.phase != Phase.BEFORE

    def protecting(self, m: C, page: int, cpu: int) -> bool:
        """From the clearing of the log until the tables have been blown and this CPU flushed.

        Also a CPU that does not walk the shadow yet: no page has been sent then.
        """
        to_be_flushed = m.clean.cleared & neg(m.clean.flushed[cpu])
        return self.is_to_be_blown(m, page) | to_be_flushed | neg(self.walks_the_shadow(m, cpu))

    def is_to_be_blown(self, m: C, page: int) -> bool:
        """The page's bit has been taken from the log, and its entries are still what they were."""
        return (m.clean.cleared & neg(m.clean.blown)) | super().is_to_be_blown(m, page)

    # how it is taken away: sh_enable_log_dirty, sh_clean_dirty_bitmap

    def need_set_up(self, m: C) -> None:
        """ENABLE has ended."""
        super().need_set_up(m)
        need(neg(m.clean.under_way), "no log-dirty operation is under way")

    def logging_begun(self, m: C) -> C:
        """ENABLE: the mode bit is set, the log empty; the tables that the domain may have are still to be blown."""
        begun = super().logging_begun(m)
        return begun.but(
            log=begun.log.but(dirty=begun.log.dirty.cleared()),
            clean=m.clean.but(under_way=True, cleared=True, blown=False, flushed=m.clean.flushed.cleared()),
        )

    def logging_ended(self, m: C) -> C:
        """OFF: an operation that was under way ends with it, so that no vCPU stays held (I-CLEAN)."""
        return self.ended(super().logging_ended(m))

    @engine
    def harvest_blow(self, m: C) -> C:
        """``shadow_blow_tables``: every entry goes, and with it what was out of sync."""
        need(m.clean.cleared, "the log has been copied and cleared")
        need(neg(m.clean.blown), "the shadow tables have not been blown yet")
        return self.blown(m)

    def blown(self, m: C) -> C:
        """No shadow entry is left."""
        shadow = m.shadow
        return m.but(
            shadow=shadow.but(
                present=shadow.present.cleared(), writable=shadow.writable.cleared(), unsynced=shadow.unsynced.cleared()
            ),
            clean=m.clean.but(blown=True),
        )

    @engine
    def harvest_flush(self, m: C, cpu: Cpu) -> C:
        """``guest_flush_tlb_mask``: one CPU's TLB goes, as a whole."""
        need(m.clean.under_way, "a log-dirty operation is under way")
        need(m.clean.blown, "the shadow tables have been blown")
        need(neg(m.clean.flushed[cpu]), "this CPU has not been flushed yet")
        return m.but(cpus=self.dropped(m, cpu), clean=m.clean.but(flushed=m.clean.flushed.add(cpu)))

    @invariant(Contract.LOGGING, "I-LOG", "R4", goal=True)
    def the_shadow_grants_writes_only_to_marked_pages_but_for_a_blow_that_is_due(self, m: C, vpn: Vpn) -> bool:
        """What comes back after the blow comes back by the log as it is now, so that a flush of the CPUs is the end."""
        frame = m.shadow.frame[vpn]
        return implies(m.shadow.writable[vpn], self.permits(m, frame) | self.is_to_be_blown(m, frame))

    @invariant(Contract.LOGGING, "I-ORDER")
    def under_a_running_guest_the_log_is_cleared_then_the_shadow_blown_then_cpus_flushed(self, m: C, cpu: Cpu) -> bool:
        """Any other order leaves what came in between writable and unmarked (``edde99ce05290`` [P])."""
        in_order = implies(m.clean.blown, m.clean.cleared) & implies(m.clean.flushed[cpu], m.clean.blown)
        return implies(self.runs(m), in_order)

    @invariant(Contract.LOGGING, "I-LOG")
    def what_may_still_be_written_after_the_clearing_is_noted(self, m: C, cpu: Cpu, vpn: Vpn) -> bool:
        """The reference order (``kvm_get_dirty_log_protect`` [P]): stores between clearing and flush are harmless,
        for the harvest has reported their pages."""
        by_tlb = implies(m.cpus.writable[cpu, vpn], m.ghost.noted[m.cpus.frame[cpu, vpn]])
        by_walk = implies(m.shadow.writable[vpn], m.ghost.noted[m.shadow.frame[vpn]])
        return implies(m.clean.cleared, by_tlb & by_walk)

    @invariant(Contract.LOGGING, "I-SHADOW")
    def what_was_blown_stays_empty_while_the_vcpus_are_held(self, m: C, vpn: Vpn) -> bool:
        """Shadows are filled on demand, and a held vCPU demands nothing."""
        return implies(m.clean.blown & neg(self.runs(m)), neg(m.shadow.present[vpn]))

    @invariant(Contract.LOGGING, "I-SHADOW")
    def what_was_flushed_stays_empty_while_the_vcpus_are_held(self, m: C, cpu: Cpu, vpn: Vpn) -> bool:
        """And so are TLBs."""
        return implies(m.clean.flushed[cpu] & neg(self.runs(m)), neg(m.cpus.present[cpu, vpn]))

    @invariant(Contract.LOGGING)
    def only_an_operation_under_way_has_come_anywhere(self, m: C, cpu: Cpu) -> bool:
        """Each starts with nothing cleared, blown or flushed."""
        return m.clean.under_way | neg(m.clean.cleared | m.clean.blown | m.clean.flushed[cpu])

    @invariant(Contract.HAND_OVER, "I-CLEAN", "I-LIVE", goal=True)
    def no_vcpu_is_held_by_the_log_once_rounds_are_over(self, m: C) -> bool:
        """Neither a stop nor an abort leaves an operation behind."""
        return implies(m.clean.under_way, (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE))
