"""KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: the bitmap is cleared chunk by chunk, when pages are about to be sent.

KVM_CLEAR_DIRTY_LOG takes a chunk's bits, those that the slot's copy knows of and no others (``9f4bf4baa8`` [P]), and
protects their pages. QEMU's rule (``migration_bitmap_clear_dirty`` [D]): that comes before any page of the chunk is
sent; earlier is harmless, later is not.
"""

from refmodel.language import Chunk, Contract, Cpu, Pfn, Set, Vpn, engine, implies, invariant, need, neg
from refmodel.logging.kvm_bitmap import K, KvmBitmap
from refmodel.rounds.read_at_once import ReadAtOnce
from refmodel.state import Cpus, Phase, Shadow, Stage

__all__ = ["ManualProtect"]


class ManualProtect(ReadAtOnce[K], KvmBitmap[K]):
    """GET and CLEAR both hold the slots lock; CLEAR takes the bits and revokes under the MMU lock, as faults do."""

    def protecting(self, m: K, page: int, cpu: int) -> bool:
        """CLEAR has taken its bit and not yet flushed this CPU."""
        return m.slot.revoked[page] & neg(m.slot.flushed[cpu])

    def asked(self, m: K, chunk: int) -> Set[Pfn]:
        """The pages that CLEAR is asked for."""
        return m.slot.fetched.only(lambda page: m.slot.chunk_of[page] == chunk)

    def known(self, m: K) -> Set[Pfn]:
        """The bits that CLEAR may take."""
        return m.slot.fetched

    @engine
    def clear_dirty_log(self, m: K, chunk: Chunk) -> K:
        """CLEAR, under the MMU lock: the chunk's known bits are taken, and write access to those pages is revoked."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(neg(m.slot.clearing), "no CLEAR is under way")
        need(m.slot.uncleared[chunk], "the chunk's clearing has been put off")
        taken = m.log.dirty & self.known(m) & self.asked(m, chunk)
        after = m.but(log=m.log.but(dirty=m.log.dirty - taken), shadow=self.revoked(m, taken))
        if self.needs_flush(m, taken):
            slot = m.slot.but(clearing=True, chunk=chunk, revoked=taken, flushed=m.slot.flushed.cleared())
            return after.but(slot=slot)
        return self.clear_returned(after, chunk)

    def revoked(self, m: K, pages: Set[Pfn]) -> Shadow:
        """The shadow without write access to the pages."""
        shadow = m.shadow
        return shadow.but(writable=shadow.writable.where(lambda v: pages[shadow.frame[v]], False))

    def needs_flush(self, m: K, taken: Set[Pfn]) -> bool:
        """Some bit was taken: a TLB may hold write access that no mapping grants any more."""
        return neg(taken.is_empty)

    @engine
    def clear_flush(self, m: K, cpu: Cpu) -> K:
        """One CPU's TLB is flushed; after the last, CLEAR returns."""
        need(m.slot.clearing, "a CLEAR is under way")
        need(neg(m.slot.flushed[cpu]), "this CPU has not been flushed for it yet")
        flushed = m.slot.flushed.add(cpu)
        after = m.but(cpus=self.flushed(m, cpu))
        if flushed.is_full:
            return self.clear_returned(after, m.slot.chunk)
        return after.but(slot=m.slot.but(flushed=flushed))

    def flushed(self, m: K, cpu: int) -> Cpus:
        """The CPUs with one CPU's TLB empty."""
        return self.dropped(m, cpu)

    def clear_returned(self, m: K, chunk: int) -> K:
        """CLEAR has returned: its bits go from the slot's copy, and pages of the chunk may be sent."""
        slot = m.slot
        return m.but(
            slot=slot.but(
                fetched=slot.fetched - self.asked(m, chunk),
                uncleared=slot.uncleared.discard(chunk),
                clearing=False,
                revoked=slot.revoked.cleared(),
                flushed=slot.flushed.cleared(),
            )
        )

    def pause(self, m: K) -> K:
        """The thread that stops the guest is the one that clears."""
        need(neg(m.slot.clearing), "no CLEAR is under way")
        return super().pause(m)

    @engine
    def transfer_clear(self, m: K, page: Pfn) -> K:
        """The page's chunk has been cleared first."""
        need(self.may_be_sent(m, page), "the page's chunk has been cleared")
        return super().transfer_clear(m, page)

    def may_be_sent(self, m: K, page: int) -> bool:
        """No CLEAR of its chunk is put off or under way. Once the source stands still, clearing protects nothing."""
        cleared = neg(m.slot.uncleared[m.slot.chunk_of[page]]) & neg(m.slot.clearing)
        return cleared | (m.phase == Phase.STOP_AND_COPY)

    @invariant(Contract.ROUNDS, "I-CONS", goal=True)
    def what_was_fetched_is_owed_until_its_chunk_is_cleared(self, m: K, page: Pfn) -> bool:
        """No page is sent while its bit is in the slot's copy: CLEAR will take the bit, and with it what came since."""
        owed = m.rounds.to_send[page] & m.slot.uncleared[m.slot.chunk_of[page]]
        return implies(self.is_before_the_last_harvest(m) & m.slot.fetched[page], owed)

    @invariant(Contract.LOGGING, "I-CONS", goal=True)
    def clear_takes_bits_that_were_fetched_and_no_others(self, m: K, page: Pfn) -> bool:
        """``9f4bf4baa8`` [P]: an unknown bit that is taken is lost. Nothing is revoked unless a CLEAR is under way."""
        return implies(m.slot.revoked[page], m.slot.clearing & m.slot.fetched[page])

    @invariant(Contract.LOGGING, "I-LIVE")
    def a_clear_waits_for_some_cpu(self, m: K, cpu: Cpu) -> bool:
        """The flush of the last CPU ends it; the list of those flushed starts empty for each."""
        return implies(m.slot.flushed[cpu], m.slot.clearing) & implies(m.slot.clearing, neg(m.slot.flushed.is_full))

    @invariant(Contract.LOGGING, "I-SHADOW", "R4")
    def no_mapping_grants_what_a_clear_has_revoked(self, m: K, vpn: Vpn) -> bool:
        """Unless a fault has set the bit again: what the CPUs are flushed of does not come back by a walk."""
        page = m.shadow.frame[vpn]
        return implies(m.shadow.writable[vpn] & m.slot.revoked[page], self.permits(m, page))

    @invariant(Contract.ROUNDS, "I-FINAL")
    def a_clear_returns_before_the_guest_is_stopped(self, m: K) -> bool:
        """And before the last harvest: no GET comes between a CLEAR's bits and its return."""
        return implies(m.slot.clearing, m.phase == Phase.LIVE)

    @invariant(Contract.LOGGING, "R1", "R4")
    def no_bit_is_taken_before_every_cpu_walks_the_shadow(self, m: K, page: Pfn, cpu: Cpu) -> bool:
        """R1's order: a CPU on the guest's own table would store to a protected page without a fault."""
        runs = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE)
        return implies(runs & neg(self.permits(m, page)), self.walks_the_shadow(m, cpu))

    def is_before_the_last_harvest(self, m: K) -> bool:
        """A migration runs, and rounds may follow."""
        return (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED)

    @invariant(Contract.LOGGING, "I-LIVE")
    def a_chunk_that_is_being_cleared_is_still_to_be_cleared(self, m: K) -> bool:
        """Until CLEAR returns: each CLEAR is one chunk fewer."""
        return implies(m.slot.clearing, m.slot.uncleared[m.slot.chunk])
