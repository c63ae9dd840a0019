"""KVM's dirty ring, drained and reset: userspace reads DIRTY entries and makes them RESET, the kernel protects again.

QEMU's reaper may read at any time (``kvm_dirty_ring_reap_one`` [D]); a sync takes what it has collected, once the reset
(KVM_RESET_DIRTY_RINGS) of all that was read has returned. Entries written meanwhile are for the next sync; at the last
one no vCPU runs, and every ring is drained first.
"""

from refmodel.language import Cpu, Entry, Pfn, Set, engine, need, neg
from refmodel.logging.ring_push import RingPush
from refmodel.logging.ring_state import R
from refmodel.state import Cpus, Phase, Shadow

__all__ = ["DirtyRing"]


class DirtyRing(RingPush[R]):
    """A page may be written unseen only while an entry that says so has not been reset."""

    def protecting(self, m: R, page: int, cpu: int) -> bool:
        """Its mappings are revoked, and this CPU has not been flushed for it."""
        return m.ring_protection.revoked[page] & neg(m.ring_protection.flushed[cpu])

    def need_set_up(self, m: R) -> None:
        """Logging has started, and every CPU has been flushed."""
        super().need_set_up(m)
        need(m.ring_protection.started, "logging has started")
        need(m.ring_protection.revoked.is_empty, "no CPU is to be flushed for what was protected")

    def logging_begun(self, m: R) -> R:
        """Nothing is left of an earlier migration."""
        return self.unlogged(super().logging_begun(m))

    def logging_ended(self, m: R) -> R:
        """The rings are reset, and write access is given back as pages fault."""
        return self.unlogged(super().logging_ended(m))

    def found(self, m: R) -> Set[Pfn]:
        """What has been read from the rings since the last sync."""
        return m.reaper.collected

    def emptied(self, m: R) -> R:
        """Reaping and reset hold the slots lock until the ioctl returns; so does the sync."""
        need(neg(m.reaper.reading) & m.ring.reset.is_empty, "all that was read has been reset")
        need(m.ring_protection.revoked.is_empty, "no CPU is to be flushed for a reset")
        return m.but(reaper=m.reaper.but(collected=m.reaper.collected.cleared()))

    def is_in_log(self, m: R, page: int) -> bool:
        """An entry that is still to be read names the page, or it has been read and not been synced."""
        entered = neg(m.ring.dirty.never(lambda c, e: m.ring.page[c, e] == page))
        return super().is_in_log(m, page) | m.reaper.collected[page] | entered

    def is_quiet(self, m: R) -> bool:
        """The rings have been drained."""
        return super().is_quiet(m) & m.ring.dirty.is_empty

    @engine
    def ring_start(self, m: R) -> R:
        """Logging is switched on: all pages are protected (``kvm_mmu_slot_remove_write_access``)."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(neg(m.ring_protection.started), "logging has not started")
        need(m.cpus.on_shadow.is_full, "every CPU walks the shadow")
        pages = m.ring_protection.protected.filled()
        protection = m.ring_protection.but(started=True, protected=pages, revoked=pages)
        return m.but(shadow=self.revoked(m, pages), ring_protection=protection)

    # userspace

    @engine
    def reap_flag(self, m: R, cpu: Cpu, entry: Entry) -> R:
        """The reaper comes to an entry and finds it DIRTY."""
        need(self.is_before_the_last_harvest(m), "no last harvest yet")
        need(neg(m.reaper.reading), "the reaper is between two entries")
        need(m.ring.dirty[cpu, entry], "the entry is DIRTY")
        return m.but(reaper=m.reaper.but(reading=True, cpu=cpu, entry=entry))

    @engine
    def reap_payload(self, m: R) -> R:
        """Then it reads the payload, marks the page in the slot's bitmap, and hands the entry back as RESET."""
        need(m.reaper.reading, "the reaper has found an entry DIRTY")
        entry = m.reaper.cpu, m.reaper.entry
        collected = m.reaper.collected.add(m.ring.page[entry])
        return m.but(
            ring=m.ring.but(dirty=m.ring.dirty.discard(entry), reset=m.ring.reset.add(entry)),
            reaper=m.reaper.but(reading=False, collected=collected),
        )

    # the kernel, in KVM_RESET_DIRTY_RINGS

    @engine
    def reset_entry(self, m: R, cpu: Cpu, entry: Entry) -> R:
        """The payload of a RESET entry is read, and its page protected; then the entry is free."""
        need(m.ring.reset[cpu, entry], "the entry is RESET")
        need(m.ring_protection.flushed.is_empty, "the flush of an earlier reset is not under way")
        page = m.ring.page[cpu, entry]
        pages = m.ring_protection.revoked.add(page)
        protection = m.ring_protection.but(protected=m.ring_protection.protected.add(page), revoked=pages)
        return m.but(
            ring=m.ring.but(reset=m.ring.reset.discard((cpu, entry))),
            shadow=self.revoked(m, pages),
            ring_protection=protection,
        )

    def revoked(self, m: R, pages: Set[Pfn]) -> Shadow:
        """The shadow without write access to the pages."""
        shadow = m.shadow
        return shadow.but(writable=shadow.writable.where(lambda v: pages[shadow.frame[v]], False))

    @engine
    def reset_flush(self, m: R, cpu: Cpu) -> R:
        """One CPU's TLB is flushed; after the last, the ioctl returns."""
        protection = m.ring_protection
        need(neg(protection.revoked.is_empty), "mappings have been revoked")
        need(neg(protection.flushed[cpu]), "this CPU has not been flushed since")
        flushed = protection.flushed.add(cpu)
        after = m.but(cpus=self.flushed(m, cpu))
        if flushed.is_full:
            done = protection.but(revoked=protection.revoked.cleared(), flushed=flushed.cleared())
            return after.but(ring_protection=done)
        return after.but(ring_protection=protection.but(flushed=flushed))

    def flushed(self, m: R, cpu: int) -> Cpus:
        """The CPUs with one CPU's TLB empty."""
        return self.dropped(m, cpu)

    def is_before_the_last_harvest(self, m: R) -> bool:
        """A migration runs, and rounds may follow."""
        return (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED)
