"""A vCPU's side of its dirty ring: a fault writes an entry, payload first, flag last; only then may the store go on.

The fault holds the MMU lock, but userspace reads the ring without it: what is one step for other faults is two for the
reaper. A full ring makes the vCPU wait (KVM_EXIT_DIRTY_RING_FULL): KVM keeps entries in reserve, so that a fault that
has begun finds one; here the fault waits itself.

Memory is sequentially consistent; where the order of two accesses is what a barrier is for, they are two steps.
"""

from refmodel.language import Cpu, Entry, Vpn, guest, need, neg
from refmodel.logging.ring_state import R, Ring
from refmodel.rounds.read_at_once import ReadAtOnce

__all__ = ["RingPush"]


class RingPush(ReadAtOnce[R]):
    """``kvm_dirty_ring_push``, called by the fault handler for the page that it is about to make writable."""

    def initial(self, anything: R) -> R:
        """The rings are empty; free entries hold anything."""
        return self.unlogged(super().initial(anything))

    def unlogged(self, m: R) -> R:
        """Logging is off: rings empty, nothing collected, nothing protected."""
        ring, reaper, protection = m.ring, m.reaper, m.ring_protection
        return m.but(
            ring=ring.but(dirty=ring.dirty.cleared(), reset=ring.reset.cleared(), pushing=ring.pushing.cleared()),
            reaper=reaper.but(reading=False, collected=reaper.collected.cleared()),
            ring_protection=protection.but(
                started=False,
                protected=protection.protected.cleared(),
                revoked=protection.revoked.cleared(),
                flushed=protection.flushed.cleared(),
            ),
        )

    def permits(self, m: R, page: int) -> bool:
        """Until it is protected, and again once an entry says that it has been written."""
        return neg(m.ring_protection.protected[page])

    def permitted(self, m: R, page: int) -> R:
        """R7: the page may be written again. Other mappings get their rights back when they fault."""
        protection = m.ring_protection
        return m.but(ring_protection=protection.but(protected=protection.protected.discard(page)))

    def may_lag(self, m: R, page: int) -> bool:
        """Read-only entries stay so until they fault: any may."""
        return True

    def is_free(self, m: R, cpu: int, entry: int) -> bool:
        """Neither userspace nor the kernel has anything to do with the entry any more."""
        return neg(m.ring.dirty[cpu, entry]) & neg(m.ring.reset[cpu, entry])

    def is_half_written(self, m: R, cpu: int, page: int) -> bool:
        """The vCPU has written the first half of an entry for the page."""
        return m.ring.pushing[cpu] & (m.ring.about[cpu] == page)

    def half_written(self, ring: Ring, cpu: int, entry: int, page: int, last: bool) -> Ring:
        """One half of an entry: the payload first, the flag last (the kernel's ``smp_wmb``)."""
        if last:
            return ring.but(dirty=ring.dirty.add((cpu, entry)))
        return ring.but(page=ring.page.set((cpu, entry), page))

    @guest
    def ring_push(self, m: R, cpu: Cpu, vpn: Vpn, entry: Entry) -> R:
        """A store faults on a page that stores must be seen of: the first half of an entry is written."""
        need(self.runs(m), "the source runs")
        need(self.walks_the_shadow(m, cpu), "the CPU walks the shadow")
        need(neg(m.cpus.writable[cpu, vpn]), "the TLB has no writable entry for the page")
        need(m.source.table.writable[vpn], "the guest's table lets the page be written")
        page = m.source.table.frame[vpn]
        need(m.ring_protection.started & neg(self.permits(m, page)), "stores to the page must be seen")
        need(neg(self.is_half_written(m, cpu, page)), "no entry of its is half written for the page")
        need(self.is_free(m, cpu, entry), "the entry is free")
        ring = self.half_written(m.ring, cpu, entry, page, last=False)
        pushing, into, about = ring.pushing.add(cpu), ring.into.set(cpu, entry), ring.about.set(cpu, page)
        return m.but(ring=ring.but(pushing=pushing, into=into, about=about))

    def faulted(self, m: R, cpu: int, page: int) -> R:
        """The fault goes on: the other half is written, the page is marked. A fault that was overtaken begins anew."""
        need(self.is_half_written(m, cpu, page), "an entry of the vCPU's is half written for the page")
        ring = self.half_written(m.ring, cpu, m.ring.into[cpu], page, last=True)
        return m.but(ring=ring.but(pushing=ring.pushing.discard(cpu)), ghost=m.ghost.but(noted=m.ghost.noted.add(page)))
