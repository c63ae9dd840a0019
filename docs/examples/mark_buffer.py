"""A machine that no one has: faults leave their marks in a buffer of each CPU's, and the log learns of them later.

    refmodel prove --machine docs/examples/mark_buffer.py:Mine
    refmodel search --machine docs/examples/mark_buffer.py:Forgetful

docs/machines.md walks through it.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.compose import build
from refmodel.language import Contract, Cpu, Pfn, Set, engine, implies, invariant, need, neg
from refmodel.parts import PARTS, Part
from refmodel.rounds.rounds import MigrationRounds
from refmodel.state import Machine, Phase


@frozen(slots=False)
class WithBuffers(Machine):
    """The state of a machine whose CPUs have mark buffers."""

    buffered: Set[tuple[Cpu, Pfn]]
    """Pages whose mark waits in a CPU's buffer."""


B = TypeVar("B", bound=WithBuffers)


class MarkBuffers(MigrationRounds[B]):
    """A fault writes its mark into the CPU's own buffer, without a lock; the engine empties the buffers one by one."""

    def initial(self, anything: B) -> B:
        """Every buffer is empty."""
        m = super().initial(anything)
        return m.but(buffered=m.buffered.cleared())

    def logged(self, m: B, cpu: int, vpn: int) -> B:
        """The mark that the fault makes goes into this CPU's buffer, unless the page is in the log already."""
        after = super().logged(m, cpu, vpn)
        fresh = after.log.dirty - m.log.dirty
        return after.but(
            log=m.log,
            buffered=after.buffered.where(lambda c, p: (c == cpu) & fresh[p], True),
        )

    @engine
    def empty_buffer(self, m: B, cpu: Cpu, page: Pfn) -> B:
        """One mark of one buffer reaches the log."""
        need(m.buffered[cpu, page], "the page's mark waits in this CPU's buffer")
        return m.but(
            log=m.log.but(dirty=m.log.dirty.add(page)),
            buffered=m.buffered.discard((cpu, page)),
        )

    def is_marked(self, m: B, page: int) -> bool:
        """A mark in a buffer is a mark."""
        return super().is_marked(m, page) | neg(m.buffered.never(lambda c, p: p == page))

    def is_quiet(self, m: B) -> bool:
        """Before the last harvest every buffer has been emptied."""
        return super().is_quiet(m) & m.buffered.is_empty

    @invariant(Contract.LOGGING, "I-FINAL")
    def after_the_last_harvest_the_buffers_are_empty(self, m: B, cpu: Cpu, page: Pfn) -> bool:
        """No fault comes after it, so that none fills them again."""
        over = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(over, neg(m.buffered[cpu, page]))


PART = Part("mark-buffers", MarkBuffers, Contract.LOGGING, "marks wait in a buffer of each CPU's", WithBuffers)
Mine = build("mine", [PART, PARTS["shadowed-for-migration"], PARTS["protect-at-transfer"]])


class Forgetful(Mine):  # type: ignore[misc, valid-type]
    """A wrong one: marks that wait in a buffer are forgotten."""

    def is_quiet(self, m: B) -> bool:
        """The last harvest does not wait for the buffers."""
        return True
