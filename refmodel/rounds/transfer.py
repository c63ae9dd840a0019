"""Transferring one page, in steps of its own: clear, mark, revoke, flush, read. Rule R4.

A store may fall between any two of them. The order is QEMU's own rule (``migration_bitmap_clear_dirty`` [D]) and
I-ORDER of the catalogue: whatever is written before the clear is in what is read, whatever comes after it is logged.
"""

from refmodel.language import Contract, Cpu, Pfn, Vpn, Word, engine, implies, invariant, law, need, neg
from refmodel.logging.faults import Faults
from refmodel.state import Cpus, Machine, Phase, Stage, Transfer

__all__ = ["PageTransfer"]


class PageTransfer(Faults):
    """The engine's work on one page."""

    @engine
    def transfer_clear(self, m: Machine, page: Pfn) -> Machine:
        """The engine takes up a page that the round owes: first it clears what marks it owed or dirty.

        While the guest stands still nothing can be written, and the page is read at once.
        """
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.hand_over.configured, "the configuration has travelled")
        need(m.rounds.to_send[page], "the round owes the page")
        if m.phase == Phase.STOP_AND_COPY:
            stage = Stage.READING
        else:
            need(m.phase == Phase.LIVE, "rounds are running")
            stage = Stage.CLEARED
        return self.cleared(m, page).but(transfer=m.transfer.but(stage=stage, page=page))

    def cleared(self, m: Machine, page: int) -> Machine:
        """Nothing marks the page owed or dirty any more."""
        return m.but(
            log=m.log.but(dirty=m.log.dirty.discard(page)),
            rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)),
        )

    @engine
    def transfer_mark(self, m: Machine) -> Machine:
        """The page is marked transferred: from now on it is entered read-only wherever the shadow is filled."""
        need(m.transfer.stage == Stage.CLEARED, "the page's marks have been cleared")
        return m.but(
            log=m.log.but(transferred=m.log.transferred.add(m.transfer.page)),
            transfer=m.transfer.but(stage=Stage.MARKED),
        )

    @engine
    def transfer_revoke(self, m: Machine, vpn: Vpn) -> Machine:
        """Write access goes from one shadow mapping of the page, by the frame that the mapping names (aliases too)."""
        need(m.transfer.stage == Stage.MARKED, "the page has been marked transferred")
        need(m.log.transferred[m.transfer.page], "no fault has permitted writes to the page again")
        need(m.shadow.writable[vpn] & (m.shadow.frame[vpn] == m.transfer.page), "the entry lets the page be written")
        return m.but(shadow=m.shadow.but(writable=m.shadow.writable.discard(vpn)))

    @engine
    def transfer_flush(self, m: Machine, cpu: Cpu) -> Machine:
        """One CPU's TLB entries for the page go; after the last CPU the page may be read."""
        need(m.transfer.stage == Stage.MARKED, "the page has been marked transferred")
        need(neg(m.transfer.flushed[cpu]), "this CPU has not been flushed for the page yet")
        need(self.is_revoked(m, m.transfer.page), "no shadow mapping of the page is left to revoke")
        flushed = m.transfer.flushed.add(cpu)
        stage = Stage.READING if flushed.is_full else Stage.MARKED
        return m.but(
            cpus=self.flushed(m, cpu, m.transfer.page),
            transfer=m.transfer.but(stage=stage, flushed=flushed),
        )

    def is_revoked(self, m: Machine, page: int) -> bool:
        """No shadow mapping lets the page be written, or a fault has marked it and permitted writes again."""
        return neg(m.log.transferred[page]) | m.shadow.writable.never(lambda v: m.shadow.frame[v] == page)

    def flushed(self, m: Machine, cpu: int, page: int) -> Cpus:
        """The CPUs with one CPU's entries for the page dropped, by the frame that the entry names."""
        cpus = m.cpus
        return cpus.but(
            present=cpus.present.where(lambda c, v: (c == cpu) & (cpus.frame[c, v] == page), False),
            writable=cpus.writable.where(lambda c, v: (c == cpu) & (cpus.frame[c, v] == page), False),
        )

    @engine
    def transfer_read(self, m: Machine, word: Word) -> Machine:
        """One word is read, and reaches the target. A page may be torn: then it is dirty, and will be resent."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(neg(m.transfer.read[word]), "the word has not been read yet")
        memory = m.target.memory.set((m.transfer.page, word), m.source.memory[m.transfer.page, word])
        return m.but(
            target=m.target.but(memory=memory),
            transfer=m.transfer.but(read=m.transfer.read.add(word)),
        )

    @engine
    def transfer_done(self, m: Machine) -> Machine:
        """Every word has been read: on to the next page."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.transfer.read.is_full, "every word of the page has been read")
        return m.but(transfer=self.idle(m))

    def idle(self, m: Machine) -> Transfer:
        """The engine between two pages."""
        return m.transfer.but(stage=Stage.IDLE, flushed=m.transfer.flushed.cleared(), read=m.transfer.read.cleared())

    def in_hand(self, m: Machine, page: int) -> bool:
        """The engine is transferring this page."""
        return (m.transfer.stage != Stage.IDLE) & (m.transfer.page == page)

    def is_owed(self, m: Machine, page: int) -> bool:
        """The target's copy of the page need not be the guest's: it is yet to be sent, dirty, or on its way."""
        return m.rounds.to_send[page] | m.log.dirty[page] | self.in_hand(m, page)

    @invariant(Contract.LOGGING, "R1", "R4")
    def no_page_is_protected_before_every_cpu_walks_the_shadow(self, m: Machine, page: Pfn, cpu: Cpu) -> bool:
        """R1's order: a CPU on the guest's own table would store to a protected page without a fault."""
        return implies(m.log.transferred[page] & (m.phase != Phase.ABORTED), m.cpus.on_shadow[cpu])

    @invariant(Contract.LOGGING, "I-LOG", "I-CONS", "R6", goal=True)
    def a_page_that_can_be_written_unseen_will_be_sent(self, m: Machine, page: Pfn) -> bool:
        """A page whose stores are not logged is owed, dirty, or cleared but not yet read."""
        logged = m.log.transferred[page]
        taken_up = (m.transfer.stage == Stage.CLEARED) & (m.transfer.page == page)
        live = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE)
        return implies(live, logged | m.rounds.to_send[page] | m.log.dirty[page] | taken_up)

    @invariant(Contract.ROUNDS, "I-ORDER", goal=True)
    def a_page_that_is_not_owed_is_equal_at_the_target(self, m: Machine, page: Pfn, word: Word) -> bool:
        """Nothing is forgotten: what is neither owed, nor dirty, nor in hand has arrived as it is now."""
        settled = self.is_migrating(m) & neg(self.is_owed(m, page))
        return implies(settled, m.target.memory[page, word] == m.source.memory[page, word])

    @invariant(Contract.ROUNDS, "I-ORDER")
    def a_word_that_was_read_is_equal_unless_its_page_is_dirty_again(self, m: Machine, word: Word) -> bool:
        """A store after the read of its word has marked the page dirty."""
        page = m.transfer.page
        read = (m.transfer.stage == Stage.READING) & m.transfer.read[word] & neg(m.log.dirty[page])
        return implies(self.is_migrating(m) & read, m.target.memory[page, word] == m.source.memory[page, word])

    @invariant(Contract.ROUNDS)
    def words_are_read_only_while_reading(self, m: Machine, word: Word) -> bool:
        """The list of words read starts empty for each page."""
        return implies(m.transfer.read[word], m.transfer.stage == Stage.READING)

    @invariant(Contract.ROUNDS)
    def cpus_are_flushed_only_for_a_marked_page(self, m: Machine, cpu: Cpu) -> bool:
        """The list of flushed CPUs starts empty for each page."""
        stage = m.transfer.stage
        return implies(m.transfer.flushed[cpu], (stage == Stage.MARKED) | (stage == Stage.READING))

    @invariant(Contract.ROUNDS, "I-LIVE")
    def a_marked_page_waits_for_some_cpu(self, m: Machine) -> bool:
        """The flush of the last CPU ends the wait, so that the engine is never stuck at a page."""
        return implies(m.transfer.stage == Stage.MARKED, neg(m.transfer.flushed.is_full))

    @invariant(Contract.ROUNDS)
    def a_page_in_hand_is_not_owed_twice(self, m: Machine) -> bool:
        """Its mark was cleared when it was taken up, and the next round begins between two pages."""
        return implies(m.transfer.stage != Stage.IDLE, neg(m.rounds.to_send[m.transfer.page]))

    @invariant(Contract.ROUNDS)
    def a_page_is_protected_only_while_rounds_run(self, m: Machine) -> bool:
        """Clear, mark, revoke and flush happen under the running guest; a standing guest's page is read at once."""
        protecting = (m.transfer.stage == Stage.CLEARED) | (m.transfer.stage == Stage.MARKED)
        return implies(protecting, m.phase == Phase.LIVE)

    @invariant(Contract.ROUNDS)
    def pages_are_in_hand_only_in_rounds_and_stop_and_copy(self, m: Machine) -> bool:
        """The engine is between two pages at every change of phase."""
        return (m.transfer.stage == Stage.IDLE) | (m.phase == Phase.LIVE) | (m.phase == Phase.STOP_AND_COPY)

    @law(Contract.ROUNDS, "I-CONS", "R6")
    def a_page_stops_being_owed_only_by_being_taken_up(self, before: Machine, after: Machine, page: Pfn) -> bool:
        """I-CONS: a mark leaves log and round only when the engine takes the page up, before it reads it."""
        owed = before.rounds.to_send[page] | before.log.dirty[page]
        still = after.rounds.to_send[page] | after.log.dirty[page]
        return implies(owed & self.is_migrating(after), still | self.in_hand(after, page))

    def is_migrating(self, m: Machine) -> bool:
        """From the beginning of the migration to its commit."""
        return (
            (m.phase == Phase.SETUP)
            | (m.phase == Phase.LIVE)
            | (m.phase == Phase.PAUSED)
            | (m.phase == Phase.STOP_AND_COPY)
        )
