"""Memory slots that go, come and move while a migration runs. I-COVER.

A slot is what the memory map has of guest RAM at one place (a KVM memslot, a run of Xen's physmap). Its mappings go
with it, and so does its dirty log: before that no CPU may write through it any more, and what the log holds must be in
other hands (QEMU ``3fbffb628c`` [C], ``4cc856faba`` [C]). A slot that is moved is one that goes and comes back: its
pages stay RAM all the while, and what was dirty stays dirty.
"""

from refmodel.language import Contract, Cpu, Pfn, Set, Sizes, Slot, Vpn, guest, implies, invariant, need, neg
from refmodel.logging.memory_map import ChangingMemory, S
from refmodel.state import Cpus, Phase

__all__ = ["MemorySlots"]


class MemorySlots(ChangingMemory[S]):
    """A slot goes step by step: it is unmapped, its shadow entries go, then each CPU's TLB entries, then its log."""

    def initial(self, anything: S) -> S:
        """Slots are in the memory map in any way; none is about to go."""
        m = super().initial(anything)
        slots = m.memory_map
        nobody, nothing = slots.flushed.cleared(), slots.synced.cleared()
        return m.but(memory_map=slots.but(registered=slots.mapped, flushed=nobody, synced=nothing))

    def start(self, sizes: Sizes) -> S:
        """All slots are in the memory map, but for the last of several: its pages are RAM that is not mapped yet."""
        m = super().start(sizes)
        slots = m.memory_map
        mapped = slots.mapped.only(lambda slot: slot < max(1, sizes["slot"] - 1))
        return m.but(memory_map=slots.but(mapped=mapped, registered=mapped))

    def is_there(self, m: S, page: int) -> bool:
        """Its slot is in the memory map."""
        return super().is_there(m, page) & self.is_mapped(m, page)

    def is_mapped(self, m: S, page: int) -> bool:
        """Its slot is in the memory map."""
        return m.memory_map.mapped[m.memory_map.slot_of[page]]

    def found(self, m: S) -> Set[Pfn]:
        """What slots that have gone left behind is found too."""
        return super().found(m) | m.memory_map.synced

    def emptied(self, m: S) -> S:
        """It is in the hands of the rounds."""
        after = super().emptied(m)
        return after.but(memory_map=after.memory_map.but(synced=m.memory_map.synced.cleared()))

    def is_in_log(self, m: S, page: int) -> bool:
        """Its mark is in the log, or was in that of a slot that has gone."""
        return super().is_in_log(m, page) | m.memory_map.synced[page]

    @guest
    def slot_unmap(self, m: S, slot: Slot) -> S:
        """A slot is to go (a BAR moves, the guest reboots): from now on no access finds its pages."""
        need(self.runs(m), "the source runs")
        slots = m.memory_map
        need(slots.mapped[slot], "the slot is in the memory map")
        return m.but(memory_map=slots.but(mapped=slots.mapped.discard(slot), flushed=slots.flushed.cleared()))

    @guest
    def slot_zap(self, m: S, vpn: Vpn) -> S:
        """A shadow entry of a page in an unmapped slot goes."""
        need(self.runs(m), "the source runs")
        need(m.shadow.present[vpn], "the shadow has an entry for the page")
        need(neg(self.is_mapped(m, m.shadow.frame[vpn])), "the slot of the frame that it names is unmapped")
        shadow = m.shadow
        return m.but(
            shadow=shadow.but(
                present=shadow.present.discard(vpn),
                writable=shadow.writable.discard(vpn),
                unsynced=shadow.unsynced.discard(vpn),
            )
        )

    @guest
    def slot_flush(self, m: S, cpu: Cpu) -> S:
        """One CPU's TLB entries of pages in unmapped slots go, once no shadow entry can bring them back."""
        need(self.runs(m), "the source runs")
        slots = m.memory_map
        need(neg((slots.registered - slots.mapped).is_empty), "some slot is to go")
        need(neg(slots.flushed[cpu]), "this CPU has not been flushed since a slot was unmapped")
        need(self.is_zapped(m), "no shadow entry of such a slot is left")
        return m.but(cpus=self.without_unmapped(m, cpu), memory_map=slots.but(flushed=slots.flushed.add(cpu)))

    def is_zapped(self, m: S) -> bool:
        """No shadow entry names a page in an unmapped slot."""
        return m.shadow.present.never(lambda v: neg(self.is_mapped(m, m.shadow.frame[v])))

    def without_unmapped(self, m: S, cpu: int) -> Cpus:
        """The CPUs with one CPU's entries of unmapped slots dropped, by the frame that the entry names."""
        cpus = m.cpus
        return cpus.but(
            present=cpus.present.where(lambda c, v: (c == cpu) & neg(self.is_mapped(m, cpus.frame[c, v])), False),
            writable=cpus.writable.where(lambda c, v: (c == cpu) & neg(self.is_mapped(m, cpus.frame[c, v])), False),
        )

    @guest
    def slot_unregister(self, m: S, slot: Slot) -> S:
        """Nobody writes through the slot any more: it goes with its log, after a last sync of that."""
        need(self.runs(m), "the source runs")
        slots = m.memory_map
        need(slots.registered[slot] & neg(slots.mapped[slot]), "the slot has been unmapped")
        need(slots.flushed.is_full, "every CPU has been flushed since")
        need(m.phase != Phase.SETUP, "logging is not just being switched on, which takes the lock of the slots too")
        after = self.synced(m, slot)
        return after.but(
            log=m.log.but(dirty=m.log.dirty.where(lambda p: slots.slot_of[p] == slot, False)),
            memory_map=after.memory_map.but(registered=slots.registered.discard(slot)),
        )

    def synced(self, m: S, slot: int) -> S:
        """What the slot's log holds is kept for the next harvest."""
        slots = m.memory_map
        kept = slots.synced | m.log.dirty.where(lambda p: slots.slot_of[p] != slot, False)
        return m.but(memory_map=slots.but(synced=kept))

    @guest
    def slot_register(self, m: S, slot: Slot) -> S:
        """A slot comes into the memory map: one that has moved, or one for memory that has been added."""
        need(self.runs(m), "the source runs")
        slots = m.memory_map
        need(neg(slots.registered[slot]), "the slot is not there")
        return m.but(memory_map=slots.but(mapped=slots.mapped.add(slot), registered=slots.registered.add(slot)))

    @invariant(Contract.LOGGING, "I-COVER", "I-SHADOW", goal=True)
    def an_entry_names_ram_whose_slot_is_there(self, m: S, cpu: Cpu, vpn: Vpn) -> bool:
        """In the shadow and in every TLB: through no entry can a page be written of which no log is kept."""
        shadow = implies(m.shadow.present[vpn], self.has_log(m, m.shadow.frame[vpn]))
        return shadow & implies(m.cpus.present[cpu, vpn], self.has_log(m, m.cpus.frame[cpu, vpn]))

    def has_log(self, m: S, page: int) -> bool:
        """It is RAM, and its slot has not gone."""
        return m.memory_map.ram[page] & m.memory_map.registered[m.memory_map.slot_of[page]]

    @invariant(Contract.LOGGING, "I-SHADOW")
    def after_a_flush_nothing_leads_to_an_unmapped_slot(self, m: S, cpu: Cpu, vpn: Vpn) -> bool:
        """From then on a CPU holds no page of a slot that is to go, and no walk brings one back."""
        shadow = implies(m.shadow.present[vpn], self.is_mapped(m, m.shadow.frame[vpn]))
        tlb = implies(m.cpus.present[cpu, vpn], self.is_mapped(m, m.cpus.frame[cpu, vpn]))
        return implies(m.memory_map.flushed[cpu], shadow & tlb)

    @invariant(Contract.LOGGING, "I-COVER")
    def a_slot_in_the_memory_map_has_a_log(self, m: S, slot: Slot) -> bool:
        """It is unmapped before its log goes."""
        return implies(m.memory_map.mapped[slot], m.memory_map.registered[slot])
