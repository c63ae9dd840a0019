"""Level A, the promise: a guest never notices. A load on the running side returns the last store; one side runs.

Nothing here knows of shadows, logs or rounds. Pages may be *owed*: what the target holds of such a page need not be
the guest's, and the target cannot read it. Pre-copy owes nothing when it activates; then the target equals the source
(R12). Post-copy activates while pages are owed.
"""

from functools import reduce
from operator import and_

from refmodel.language import (
    Contract,
    Cpu,
    Flag,
    Pfn,
    Value,
    Vpn,
    Word,
    engine,
    guest,
    iff,
    implies,
    invariant,
    need,
    neg,
    pick,
)
from refmodel.ledger import FLAGS, Ledger, Visible
from refmodel.right_to_images import RightToImages
from refmodel.state import same_entry

__all__ = ["Ledger", "Promise", "Visible"]


class Promise(RightToImages):
    """What the guest does, and what reaches the target; the classes above say who runs, and who has the disks."""

    def initial(self, anything: Ledger) -> Ledger:
        """The target holds anything, and is owed everything."""
        return super().initial(anything).but(owed=anything.owed.filled(), context_owed=True)

    # the guest

    @guest
    def store(self, a: Ledger, page: Pfn, word: Word, value: Value) -> Ledger:
        """A store on the running side. At the source the page is then owed; at the target it must not be."""
        need(a.source_runs | a.target_runs, "the guest runs")
        last = a.last.but(memory=a.last.memory.set((page, word), value))
        if a.target_runs:
            need(neg(a.owed[page]), "the page is not owed")
            return a.but(last=last, held=a.held.but(memory=a.held.memory.set((page, word), value)))
        return a.but(last=last, owed=a.owed.add(page))

    @guest
    def renew(self, a: Ledger, page: Pfn, value: Value) -> Ledger:
        """All of a page is stored over, at the target: one that the guest had released, or that is new there.

        So it may have been owed until now: nobody reads what a page held before that.
        """
        need(a.target_runs, "the guest runs at the target")
        last, held = a.last.memory, a.held.memory
        return a.but(
            last=a.last.but(memory=last.made(lambda p, w: pick(p == page, value, last[p, w]))),
            held=a.held.but(memory=held.made(lambda p, w: pick(p == page, value, held[p, w]))),
            owed=a.owed.discard(page),
        )

    @guest
    def change_entry(self, a: Ledger, vpn: Vpn, present: Flag, page: Pfn, writable: Flag) -> Ledger:
        """The guest changes its page table at the source."""
        need(a.source_runs, "the source runs")
        table = a.last.table
        changed = table.but(
            present=table.present.put(vpn, present),
            frame=table.frame.set(vpn, page),
            writable=table.writable.put(vpn, writable),
        )
        return a.but(last=a.last.but(table=changed), context_owed=True)

    @guest
    def change_register(self, a: Ledger, cpu: Cpu, value: Value) -> Ledger:
        """A CPU's registers change at the source."""
        need(a.source_runs, "the source runs")
        return a.but(last=a.last.but(registers=a.last.registers.set(cpu, value)), context_owed=True)

    def load(self, a: Ledger, page: int, word: int) -> int:
        """What a load returns on the side that runs; an owed page cannot be read at the target."""
        need(a.source_runs | a.target_runs, "the guest runs")
        if a.target_runs:
            need(neg(a.owed[page]), "the page is not owed")
            return a.held.memory[page, word]
        return a.last.memory[page, word]

    # what reaches the target

    @engine
    def owe(self, a: Ledger, page: Pfn) -> Ledger:
        """A page is to be sent (again), needed or not: a store was logged, a migration begins or is given up."""
        need(neg(a.target_runs), "the target does not run yet")
        return a.but(owed=a.owed.add(page))

    @engine
    def deliver(self, a: Ledger, page: Pfn, word: Word, value: Value) -> Ledger:
        """Something arrives for a page that is owed; it need not be what the guest stored last."""
        need(a.owed[page], "the page is owed")
        return a.but(held=a.held.but(memory=a.held.memory.set((page, word), value)))

    @engine
    def deliver_whole(self, a: Ledger, page: Pfn, value: Value) -> Ledger:
        """A page that holds one value throughout arrives, of zeros for instance."""
        need(a.owed[page], "the page is owed")
        held = a.held.memory
        return a.but(held=a.held.but(memory=held.made(lambda p, w: pick(p == page, value, held[p, w]))))

    @engine
    def drop(self, a: Ledger, page: Pfn, value: Value) -> Ledger:
        """The target drops a page that is owed: what is there then is nothing that the guest has stored."""
        need(a.owed[page], "the page is owed")
        held = a.held.memory
        return a.but(held=a.held.but(memory=held.made(lambda p, w: pick(p == page, value, held[p, w]))))

    @engine
    def settle(self, a: Ledger, page: Pfn) -> Ledger:
        """The page is owed no longer: the target holds what the guest stored last."""
        need(a.owed[page], "the page is owed")
        arrived = a.last.memory.same_row(a.held.memory, page)
        need(arrived, "what the target holds of the page is what was stored last")
        return a.but(owed=a.owed.discard(page))

    @engine
    def deliver_table(self, a: Ledger) -> Ledger:
        """The guest's table arrives, while nobody runs."""
        need(neg(a.source_runs) & neg(a.target_runs), "nobody runs")
        return a.but(held=a.held.but(table=a.last.table))

    @engine
    def deliver_registers(self, a: Ledger, cpu: Cpu) -> Ledger:
        """A CPU's registers arrive, while nobody runs."""
        need(neg(a.source_runs) & neg(a.target_runs), "nobody runs")
        return a.but(held=a.held.but(registers=a.held.registers.set(cpu, a.last.registers[cpu])))

    @engine
    def settle_context(self, a: Ledger) -> Ledger:
        """Table and registers are owed no longer."""
        need(neg(a.source_runs) & neg(a.target_runs), "nobody runs")
        ours, theirs = a.last.table, a.held.table
        need(ours.present.same(theirs.present), "the target's table maps what the guest's maps")
        need(ours.writable.same(theirs.writable), "the target's table grants what the guest's grants")
        need(ours.frame.same(theirs.frame, lambda v: ours.present[v]), "the target's table names the guest's frames")
        need(a.last.registers.same(a.held.registers), "the target's registers are the guest's")
        return a.but(context_owed=False)

    @invariant(Contract.PROMISE, "I-EQ", goal=True)
    def a_load_on_the_running_side_returns_the_last_store(self, a: Ledger, page: Pfn, word: Word) -> bool:
        """At the source by definition; at the target for every page that can be read: one that is not owed."""
        return implies(neg(a.owed[page]), a.held.memory[page, word] == a.last.memory[page, word])

    @invariant(Contract.PROMISE, "I-EQ", goal=True)
    def the_running_side_has_the_guests_table_and_registers(self, a: Ledger, vpn: Vpn, cpu: Cpu) -> bool:
        """Once they are no longer owed."""
        return a.context_owed | (
            same_entry(a.last.table, a.held.table, vpn) & (a.last.registers[cpu] == a.held.registers[cpu])
        )

    def leads_to(self, a: Ledger, b: Ledger, page: Pfn, word: Word, vpn: Vpn, cpu: Cpu) -> bool:
        """There, ``a`` is ``b``, or becomes it by ``owe`` alone; a frame counts only where its entry is present."""
        return (
            (a.last.memory[page, word] == b.last.memory[page, word])
            & (a.held.memory[page, word] == b.held.memory[page, word])
            & same_entry(a.last.table, b.last.table, vpn)
            & same_entry(a.held.table, b.held.table, vpn)
            & (a.last.registers[cpu] == b.last.registers[cpu])
            & (a.held.registers[cpu] == b.held.registers[cpu])
            & implies(a.owed[page], b.owed[page])
            & implies(b.owed[page], a.owed[page] | neg(a.target_runs))
            & reduce(and_, (iff(getattr(a, flag), getattr(b, flag)) for flag in FLAGS))
        )
