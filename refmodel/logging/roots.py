"""Roots that change for the migration: the guest's own table before and after it, the shadow during it. Rule R1.

A machine whose guests are always shadowed leaves this part out (``always_shadowed``).
"""

from refmodel.language import Contract, Cpu, Vpn, engine, guest, implies, invariant, need, neg
from refmodel.logging.faults import Faults
from refmodel.state import M, Phase, Shadow, Table

__all__ = ["ShadowedForMigration"]


class ShadowedForMigration(Faults[M]):
    """The shadow slides under the guest's table when a migration is set up, one CPU after the other."""

    def walked(self, m: M, cpu: int) -> Table | Shadow:
        """The shadow once the CPU has changed its root, the guest's own table otherwise."""
        return m.shadow if m.cpus.on_shadow[cpu] else m.source.table

    def walks_the_shadow(self, m: M, cpu: int) -> bool:
        """The CPU has changed its root."""
        return m.cpus.on_shadow[cpu]

    def is_shadowed(self, m: M) -> bool:
        """Some CPU has changed its root."""
        return neg(m.cpus.on_shadow.is_empty)

    def need_set_up(self, m: M) -> None:
        """Every CPU has changed its root, so that pages may be protected (R1)."""
        super().need_set_up(m)
        need(m.cpus.on_shadow.is_full, "every CPU walks the shadow")

    def initial(self, anything: M) -> M:
        """Every CPU walks the guest's own table."""
        m = super().initial(anything)
        return m.but(cpus=m.cpus.but(on_shadow=m.cpus.on_shadow.cleared()))

    # R1 -- before and after migration the guest's table is walked, during it the shadow's

    @engine
    def enter_shadow(self, m: M, cpu: Cpu) -> M:
        """One CPU's root becomes the shadow's (R1). Loading a root drops that CPU's TLB entries.

        Without the drop, entries from walks of the guest's own table would outlive it: Xen ``eed63189da`` [C], ASIDs
        not flushed on a root change.
        """
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.cpus.on_shadow[cpu]), "the CPU still walks the guest's table")
        return m.but(cpus=self.dropped(m, cpu).but(on_shadow=m.cpus.on_shadow.add(cpu)))

    @guest
    def leave_shadow(self, m: M, cpu: Cpu) -> M:
        """One CPU's root becomes the guest's own table again, after an abort (R1)."""
        need(m.phase == Phase.ABORTED, "the migration has been given up")
        need(m.cpus.on_shadow[cpu], "the CPU walks the shadow")
        return m.but(cpus=self.dropped(m, cpu).but(on_shadow=m.cpus.on_shadow.discard(cpu)))

    @invariant(Contract.LOGGING, "R1", goal=True)
    def while_rounds_run_every_cpu_walks_the_shadow(self, m: M, cpu: Cpu) -> bool:
        """R1: during the migration the MMU walks the shadow, never the guest's table."""
        return implies(m.phase == Phase.LIVE, m.cpus.on_shadow[cpu])

    @invariant(Contract.LOGGING, "R1", "R2", goal=True)
    def before_a_migration_the_shadow_is_empty_and_nobody_walks_it(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """R1 and R2: the guest's own table is walked until then, and the shadow starts empty."""
        empty = neg(m.shadow.present[vpn]) & neg(m.shadow.unsynced[vpn])
        return implies(m.phase == Phase.BEFORE, neg(m.cpus.on_shadow[cpu]) & empty)
