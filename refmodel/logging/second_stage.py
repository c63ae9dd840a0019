"""Second-stage tables (EPT, NPT, KVM's TDP): the table that is shadowed is the p2m, not one of the guest's.

Read ``vpn`` as gfn, ``source.table`` as the p2m or the memory slots, a shadow entry as a second-stage entry, and a TLB
entry as what a CPU holds of both stages. The p2m does not change: no balloon, no slot that moves. So there is nothing
to emulate, resync or flush for the guest, whose own tables are ordinary memory here. A store that the p2m forbids (ROM,
MMIO) is not logged but emulated, which may change registers.
"""

from refmodel.language import Contract, Cpu, Sizes, Vpn, invariant, neg
from refmodel.logging.always_shadowed import AlwaysShadowed
from refmodel.state import M

__all__ = ["SecondStage"]


class SecondStage(AlwaysShadowed[M]):
    """Entries are filled from the p2m on demand, and nothing but the log makes them lag behind it."""

    leaves_out = frozenset(
        {
            "guest_map",
            "guest_unmap",
            "guest_flush",
            "shadow_resync",
            "an_entry_is_out_of_sync_only_until_a_cpu_flushes_it",
        }
    )

    def start(self, sizes: Sizes) -> M:
        """All of the p2m is RAM; where there are fewer frames than gfns, some have two names."""
        m = super().start(sizes)
        table = m.source.table
        frame = table.frame.made(lambda v: v % sizes["pfn"])
        p2m = table.but(present=table.present.filled(), frame=frame, writable=table.writable.filled())
        return m.but(source=m.source.but(table=p2m))

    @invariant(Contract.LOGGING, "I-SHADOW", goal=True)
    def nothing_is_ever_out_of_step_with_the_p2m(self, m: M, cpu: Cpu, vpn: Vpn) -> bool:
        """Since it does not change, every entry and every TLB names the frame that it names."""
        return neg(m.shadow.unsynced[vpn]) & neg(m.cpus.unflushed[cpu, vpn])
