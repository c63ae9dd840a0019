"""Memory that comes and goes while a migration runs, and the log's cover of it. I-COVER.

Memory that is added is covered by the log from the start, and dirty, for the target has never seen it (Xen
``98fccdf0ac`` [C]). Of a page that is no guest RAM nothing is claimed, and nothing of it need be sent.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.handover.target_memory import TargetMemory, WithTargetMemory
from refmodel.language import (
    Contract,
    Cpu,
    Map,
    Pfn,
    Set,
    Sizes,
    Slot,
    State,
    Value,
    Word,
    implies,
    invariant,
    need,
    neg,
    operator,
)
from refmodel.state import Phase

__all__ = ["ChangingMemory", "MemoryMap", "S", "WithMemoryMap"]


@frozen(slots=False)
class MemoryMap(State):
    """Which pages are guest RAM, where the guest can reach them, and what of them the log covers."""

    slot_of: Map[Pfn, Slot]
    """The slot that a page belongs to. Constant."""
    ram: Set[Pfn]
    """Pages that exist as guest RAM, whether the guest can reach them or not (QEMU: RAM blocks)."""
    mapped: Set[Slot]
    """Slots in which the guest can reach its pages."""
    registered: Set[Slot]
    """Slots that have a log and may have mappings: one that is to go is unmapped first."""
    flushed: Set[Cpu]
    """CPUs flushed since a slot was unmapped last."""
    tracked: Set[Pfn]
    """Pages that the dirty log has a bit for."""
    synced: Set[Pfn]
    """What was in the logs of slots that have gone, and no harvest has taken."""


@frozen(slots=False)
class WithMemoryMap(WithTargetMemory):
    """The state of a machine whose memory map changes."""

    memory_map: MemoryMap


S = TypeVar("S", bound=WithMemoryMap)


class ChangingMemory(TargetMemory[S]):
    """Pages become RAM, and are RAM no longer."""

    def initial(self, anything: S) -> S:
        """Pages are RAM in any way, in any slots; nothing is logged."""
        m = super().initial(anything)
        return m.but(memory_map=m.memory_map.but(tracked=m.memory_map.tracked.cleared()))

    def start(self, sizes: Sizes) -> S:
        """All pages are RAM; they go round the slots."""
        m = super().start(sizes)
        slot_of = m.memory_map.slot_of.made(lambda page: page % sizes["slot"])
        return m.but(memory_map=m.memory_map.but(slot_of=slot_of, ram=m.memory_map.ram.filled()))

    def is_ram(self, m: S, page: int) -> bool:
        """It exists."""
        return super().is_ram(m, page) & m.memory_map.ram[page]

    def may_be_skipped(self, m: S, page: int) -> bool:
        """A page that is no RAM has no contents."""
        return super().may_be_skipped(m, page) | neg(m.memory_map.ram[page])

    def logging_begun(self, m: S) -> S:
        """The log covers the memory that there is."""
        return self.covered(super().logging_begun(m))

    def covered(self, m: S) -> S:
        """The log has a bit for every page of RAM."""
        return m.but(memory_map=m.memory_map.but(tracked=m.memory_map.ram))

    def logs(self, m: S, page: int) -> S:
        """A mark for which there is no bit is lost."""
        after = super().logs(m, page)
        return after.but(log=after.log.but(dirty=after.log.dirty & (m.memory_map.tracked | m.log.dirty)))

    @operator
    def memory_add(self, m: S, page: Pfn, word: Word, value: Value) -> S:
        """A page becomes RAM. As far as it held anything before, it now holds something else."""
        need(self.runs(m), "the source runs")
        need(neg(m.memory_map.ram[page]), "the page is no RAM")
        return self.noted_as_new(self.added(self.stored(m, page, word, value), page), page)

    def added(self, m: S, page: int) -> S:
        """It is RAM, and the log has a bit for it."""
        pages = m.memory_map
        return m.but(memory_map=pages.but(ram=pages.ram.add(page), tracked=pages.tracked.add(page)))

    def noted_as_new(self, m: S, page: int) -> S:
        """It is dirty from the start."""
        return self.marked(m, page)

    @operator
    def memory_remove(self, m: S, page: Pfn) -> S:
        """A page whose slot has gone is RAM no longer. Marks of it may stay behind: they cost a look, and no more."""
        need(self.runs(m), "the source runs")
        pages = m.memory_map
        need(pages.ram[page], "the page is RAM")
        need(neg(pages.registered[pages.slot_of[page]]), "its slot has gone")
        return m.but(memory_map=pages.but(ram=pages.ram.discard(page), tracked=pages.tracked.discard(page)))

    @invariant(Contract.LOGGING, "I-COVER", goal=True)
    def the_log_covers_all_memory(self, m: S, page: Pfn) -> bool:
        """I-COVER: from the beginning of a migration on the log has a bit for every page of RAM, old or new."""
        return implies((m.phase != Phase.BEFORE) & m.memory_map.ram[page], m.memory_map.tracked[page])
