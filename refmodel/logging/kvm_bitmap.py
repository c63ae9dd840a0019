"""KVM's dirty bitmap as QEMU reads it: KVM_GET_DIRTY_LOG copies it into the slot's own, and leaves it set.

KVM's rule: a page is dirty in the current bitmap, or write-protected (``edde99ce05290`` [P]); so a bit that is set is
itself the permission to write unseen. The bits are taken by ``manual_protect``.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Chunk, Cpu, Map, Pfn, Set, Sizes, State, guest, need, neg
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Machine, Phase, is_without_migration

__all__ = ["K", "KvmBitmap", "Slot", "WithSlot"]


@frozen(slots=False)
class Slot(State):
    """QEMU's side of the one memory slot, and a KVM_CLEAR_DIRTY_LOG under way. The kernel's bitmap is the log."""

    chunk_of: Map[Pfn, Chunk]
    """The chunk that a page lies in. Constant; at first, pages go round the chunks."""
    fetched: Set[Pfn]
    """``KVMSlot.dirty_bmap``: bits that a GET has seen and no CLEAR has taken. The round owes these pages already."""
    uncleared: Set[Chunk]
    """``RAMBlock.clear_bmap``: chunks whose CLEAR has been put off until a page of theirs is about to be sent."""
    clearing: bool
    """A CLEAR has taken its bits, and CPUs are still to be flushed before it returns."""
    chunk: Chunk
    """Its chunk; means nothing while none is under way."""
    revoked: Set[Pfn]
    """The pages whose bits it took."""
    flushed: Set[Cpu]


@frozen(slots=False)
class WithSlot(Machine):
    """The state of a machine with KVM's bitmap."""

    slot: Slot


K = TypeVar("K", bound=WithSlot)


class KvmBitmap(MigrationRounds[K]):
    """The kernel's bitmap is the log; what a GET has seen of it is in the slot's copy."""

    def initial(self, anything: K) -> K:
        """Nothing has been fetched; pages lie in chunks in any way."""
        return self.forgotten(super().initial(anything))

    def start(self, sizes: Sizes) -> K:
        """Pages go round the chunks."""
        m = super().start(sizes)
        return m.but(slot=m.slot.but(chunk_of=m.slot.chunk_of.made(lambda page: page % sizes["chunk"])))

    def forgotten(self, m: K) -> K:
        """Logging is off."""
        slot = m.slot
        return m.but(
            log=m.log.but(dirty=m.log.dirty.cleared()),
            slot=slot.but(
                fetched=slot.fetched.cleared(),
                uncleared=slot.uncleared.cleared(),
                clearing=False,
                revoked=slot.revoked.cleared(),
                flushed=slot.flushed.cleared(),
            ),
        )

    def permits(self, m: K, page: int) -> bool:
        """A page whose bit is set is not protected; nor is any while logging is off."""
        return m.log.dirty[page] | is_without_migration(m)

    def permitted(self, m: K, page: int) -> K:
        """R7: the bit is the permission. Other mappings of the page get their rights back when they fault."""
        return m

    def may_lag(self, m: K, page: int) -> bool:
        """Read-only entries stay so until they fault: any may."""
        return True

    def logging_begun(self, m: K) -> K:
        """KVM_DIRTY_LOG_INITIALLY_SET: every bit is set, and the first sync has seen them all."""
        begun = super().logging_begun(m)
        slot = self.forgotten(m).slot
        return begun.but(
            log=m.log.but(dirty=m.log.dirty.filled()),
            slot=slot.but(fetched=slot.fetched.filled(), uncleared=slot.uncleared.filled()),
        )

    def logging_ended(self, m: K) -> K:
        """The bitmap is freed."""
        return self.forgotten(super().logging_ended(m))

    def got(self, m: K) -> Set[Pfn]:
        """What GET leaves in the slot's copy: the kernel's bitmap."""
        return m.log.dirty

    def found(self, m: K) -> Set[Pfn]:
        """A sync ORs the slot's copy into what is owed."""
        return self.got(m)

    def emptied(self, m: K) -> K:
        """GET clears nothing: the kernel's bits stay, and every chunk is to be cleared before a page of it is sent."""
        need(neg(m.slot.clearing), "no CLEAR is under way")
        return m.but(slot=m.slot.but(fetched=self.got(m), uncleared=m.slot.uncleared.filled()))

    def is_in_log(self, m: K, page: int) -> bool:
        """Its bit is set and no GET has seen it; of a bit that one has seen, the round knows."""
        return m.log.dirty[page] & neg(m.slot.fetched[page])

    @guest
    def recreate_slot(self, m: K) -> K:
        """The guest has its memory laid out anew (PAM registers, a BAR): the slot is removed, and made again.

        It goes with its bitmap and its mappings. That of the new one has every bit set, and nobody has fetched any
        (``9b3a31c745`` [C]: the slot's copy is made anew with it, between a sync and the clear too).
        """
        need(m.phase == Phase.LIVE, "rounds are running")
        need(neg(m.slot.clearing), "no CLEAR is under way")
        shadow, cpus = m.shadow, m.cpus
        return m.but(
            log=m.log.but(dirty=m.log.dirty.filled()),
            slot=m.slot.but(fetched=m.slot.fetched.cleared()),
            shadow=shadow.but(
                present=shadow.present.cleared(), writable=shadow.writable.cleared(), unsynced=shadow.unsynced.cleared()
            ),
            cpus=cpus.but(present=cpus.present.cleared(), writable=cpus.writable.cleared()),
            ghost=m.ghost.but(noted=m.ghost.noted.filled()),
        )
