"""Log-dirty mode: a bit that is switched on over mappings that are writable already, and off again.

While it is off nothing is logged and every store passes. To switch it on is not enough: what was writable before would
go on being written unseen. So every mapping is made read-only (Xen's ``sh_enable_log_dirty`` blows all shadows [D]),
then each CPU is flushed, and rounds wait for both. A fault asks for the mode under the lock under which it acts.

A page that has not been written since then needs no protection when it is transferred: it is read at once.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Cpu,
    Pfn,
    Set,
    State,
    Vpn,
    engine,
    implies,
    invariant,
    need,
    neg,
    pick,
)
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import Machine, Phase, Stage, is_without_migration

__all__ = ["L", "LogDirtyMode", "LogMode", "WithLogMode"]


@frozen(slots=False)
class LogMode(State):
    """The mode, and how far the switch has come."""

    on: bool
    """The mode bit."""
    read_only: Set[Pfn]
    """Pages made read-only by the switch, of which no store has been logged since."""
    flushed: Set[Cpu]
    """CPUs that have been flushed since the switch."""


@frozen(slots=False)
class WithLogMode(Machine):
    """The state of a machine whose log has a mode."""

    log_mode: LogMode


L = TypeVar("L", bound=WithLogMode)


class LogDirtyMode(PageTransfer[L]):
    """ENABLE: the bit first, then the mappings, then the CPUs, then rounds. OFF: the bit, and all rights come back."""

    def initial(self, anything: L) -> L:
        """The mode is off."""
        m = super().initial(anything)
        mode = m.log_mode
        return m.but(log_mode=mode.but(on=False, read_only=mode.read_only.cleared(), flushed=mode.flushed.cleared()))

    def permits(self, m: L, page: int) -> bool:
        """Everything while the mode is off; then what the protection permits and the switch did not make read-only."""
        permitted = super().permits(m, page)  # type: ignore[safe-super]
        return neg(m.log_mode.on) | (neg(m.log_mode.read_only[page]) & permitted)

    def protecting(self, m: L, page: int, cpu: int) -> bool:
        """What this CPU was allowed before the switch it may hold until it is flushed."""
        return neg(m.log_mode.flushed[cpu]) | super().protecting(m, page, cpu)

    def is_to_be_blown(self, m: L, page: int) -> bool:
        """The mode has been switched on, and no CPU flushed since."""
        return (m.log_mode.on & m.log_mode.flushed.is_empty) | super().is_to_be_blown(m, page)

    def permitted(self, m: L, page: int) -> L:
        """A store to the page has been logged."""
        after = super().permitted(m, page)  # type: ignore[safe-super]
        return after.but(log_mode=m.log_mode.but(read_only=m.log_mode.read_only.discard(page)))

    def transfer_clear(self, m: L, page: int) -> L:
        """A page that is read-only since the switch can be read at once."""
        after = super().transfer_clear(m, page)
        stage = pick(m.log_mode.read_only[page], Stage.READING, after.transfer.stage)
        return after.but(transfer=after.transfer.but(stage=stage))

    def logging_ended(self, m: L) -> L:
        """OFF comes with the abort: Xen's ``cleanup`` issues it whatever happened [D]."""
        return self.disabled(super().logging_ended(m))

    def need_set_up(self, m: L) -> None:
        """The log is on for the migration."""
        super().need_set_up(m)
        need(self.is_in_force(m), "the log has been enabled for the migration, and every CPU flushed")

    def is_in_force(self, m: L) -> bool:
        """The log has been enabled, and no CPU has a right from before."""
        return self.is_enabled(m) & m.log_mode.flushed.is_full

    def is_enabled(self, m: L) -> bool:
        """The log has been enabled for the migration."""
        return m.log_mode.on

    def is_switched(self, m: L) -> bool:
        """The mode is on, so that what is made read-only stays so until a store has been logged."""
        return m.log_mode.on

    def enabled(self, m: L) -> L:
        """ENABLE: with one client of the log, the mode is switched on."""
        return self.switched_on(m)

    def disabled(self, m: L) -> L:
        """OFF: with one client of the log, the mode is switched off."""
        return self.switched_off(m)

    def switched_on(self, m: L) -> L:
        """The mode is on: from now on every page is entered read-only until a store to it has been logged."""
        return m.but(log_mode=m.log_mode.but(on=True, read_only=m.log_mode.read_only.filled()))

    def switched_off(self, m: L) -> L:
        """The mode is off, and every mapping that is in sync has the guest's rights again (I-CLEAN)."""
        mode, shadow = m.log_mode, m.shadow
        off = m.but(log_mode=mode.but(on=False, read_only=mode.read_only.cleared(), flushed=mode.flushed.cleared()))
        granted = shadow.writable.where(
            lambda v: shadow.present[v] & neg(shadow.unsynced[v]) & self.propagate(off, v).writable, True
        )
        return off.but(shadow=shadow.but(writable=granted))

    def withdrawn(self, m: L, page: int) -> L:
        """The page is made read-only again, in the shadow and for every CPU; the vCPUs are held for the moment."""
        shadow, cpus = m.shadow, m.cpus
        return m.but(
            log_mode=m.log_mode.but(read_only=m.log_mode.read_only.add(page)),
            shadow=shadow.but(writable=shadow.writable.where(lambda v: shadow.frame[v] == page, False)),
            cpus=cpus.but(
                present=cpus.present.where(lambda c, v: cpus.frame[c, v] == page, False),
                writable=cpus.writable.where(lambda c, v: cpus.frame[c, v] == page, False),
            ),
        )

    def nothing_to_revoke(self, m: L) -> bool:
        """No mapping lets a page be written that the log does not permit."""
        return m.shadow.writable.never(lambda v: neg(self.permits(m, m.shadow.frame[v])))

    @engine
    def log_enable(self, m: L) -> L:
        """ENABLE for the migration. Mappings and TLB entries from before are still what they were."""
        need((m.phase == Phase.SETUP) | (m.phase == Phase.LIVE), "the migration has begun and the guest runs")
        need(neg(self.is_enabled(m)), "the log has not been enabled for the migration")
        return self.enabled(m)

    @engine
    def enable_revoke(self, m: L, vpn: Vpn) -> L:
        """Write access goes from one mapping that was there before the switch."""
        need(self.runs(m), "the source runs")
        need(self.is_switched(m), "the mode is on")
        need(m.shadow.writable[vpn], "the entry lets the page be written")
        need(neg(self.permits(m, m.shadow.frame[vpn])), "no store to the page has been logged since the switch")
        return m.but(shadow=m.shadow.but(writable=m.shadow.writable.discard(vpn)))

    @engine
    def enable_flush(self, m: L, cpu: Cpu) -> L:
        """One CPU's TLB is flushed, once no mapping is left that could bring back what goes."""
        need(self.runs(m), "the source runs")
        need(self.is_switched(m), "the mode is on")
        need(neg(m.log_mode.flushed[cpu]), "this CPU has not been flushed since the switch")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(self.nothing_to_revoke(m), "no mapping is left to revoke")
        need(self.is_revoked_elsewhere(m), "no other table is left to revoke")
        flushed = m.but(cpus=self.dropped(m, cpu))
        return flushed.but(log_mode=m.log_mode.but(flushed=m.log_mode.flushed.add(cpu)))

    @invariant(Contract.LOGGING, "I-LOG", goal=True)
    def while_rounds_run_the_mode_is_on_and_every_cpu_has_been_flushed(self, m: L, cpu: Cpu) -> bool:
        """What was writable before the switch is gone, from the tables and from every TLB."""
        return implies(m.phase == Phase.LIVE, self.is_enabled(m) & m.log_mode.on & m.log_mode.flushed[cpu])

    @invariant(Contract.LOGGING, "I-LOG", goal=True)
    def what_the_switch_made_read_only_no_flushed_cpu_can_write(self, m: L, cpu: Cpu, vpn: Vpn) -> bool:
        """Neither through its TLB nor by way of the shadow: so such a page can be read without more ado."""
        read_only, cpus = m.log_mode.read_only, m.cpus
        writable = (cpus.writable[cpu, vpn] & read_only[cpus.frame[cpu, vpn]]) | (
            m.shadow.writable[vpn] & read_only[m.shadow.frame[vpn]]
        )
        return implies(m.log_mode.on & m.log_mode.flushed[cpu], neg(writable))

    @invariant(Contract.LOGGING, "R1")
    def a_flushed_cpu_walks_the_shadow(self, m: L, cpu: Cpu) -> bool:
        """The flush of a CPU that walks the guest's own table would not last."""
        return implies(m.log_mode.flushed[cpu] & (m.phase != Phase.ABORTED), self.walks_the_shadow(m, cpu))

    @invariant(Contract.LOGGING, "I-LOG")
    def no_cpu_counts_as_flushed_while_the_mode_is_off(self, m: L, cpu: Cpu) -> bool:
        """A flush before the switch would not last: walks bring back what they find in the tables."""
        return implies(neg(m.log_mode.on), neg(m.log_mode.flushed[cpu]))

    @invariant(Contract.HAND_OVER, "I-CLEAN", goal=True)
    def outside_a_migration_the_mode_is_off(self, m: L) -> bool:
        """The guest pays for the log, and a host whose guest has gone, only while somebody reads it."""
        return implies(is_without_migration(m), neg(m.log_mode.on))
