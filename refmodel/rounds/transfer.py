"""Transferring one page: it is taken up, which clears what marks it, and read word by word.

What comes between, its protection, is the logging contract's (``protect_at_transfer``); a machine that protects when it
harvests has nothing to do there.
"""

from refmodel.language import Contract, Pfn, Word, engine, implies, invariant, law, need, neg
from refmodel.state import M, Phase, Stage, Transfer
from refmodel.transport.wire import Wire

__all__ = ["PageTransfer"]


class PageTransfer(Wire[M]):
    """The engine's work on one page."""

    def initial(self, anything: M) -> M:
        """The engine has no page in hand."""
        m = super().initial(anything)
        return m.but(transfer=self.idle(m))

    @engine
    def transfer_clear(self, m: M, page: Pfn) -> M:
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
            stage = self.taken_up(m)
        after = self.cleared(m, page)
        return after.but(
            transfer=m.transfer.but(stage=stage, page=page),
            ghost=m.ghost.but(noted=m.ghost.noted.put(page, self.is_marked(after, page))),
        )

    def cleared(self, m: M, page: int) -> M:
        """The round no longer owes the page, and the log is cleared as far as its protection wants it to be."""
        return m.but(log=self.log_cleared(m, page), rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)))

    @engine
    def transfer_read(self, m: M, word: Word) -> M:
        """One word is read, and reaches the target. A page may be torn: then it is dirty, and will be resent."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(neg(m.transfer.read[word]), "the word has not been read yet")
        return self.sent(m, m.transfer.page, word).but(transfer=m.transfer.but(read=m.transfer.read.add(word)))

    @engine
    def transfer_done(self, m: M) -> M:
        """Every word has been read: on to the next page."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.transfer.read.is_full, "every word of the page has been read")
        return m.but(transfer=self.idle(m))

    def idle(self, m: M) -> Transfer:
        """The engine between two pages."""
        return m.transfer.but(stage=Stage.IDLE, flushed=m.transfer.flushed.cleared(), read=m.transfer.read.cleared())

    def in_hand(self, m: M, page: int) -> bool:
        """The engine is transferring this page."""
        return (m.transfer.stage != Stage.IDLE) & (m.transfer.page == page)

    def is_to_be_read(self, m: M, page: int, word: int) -> bool:
        """The page has been taken up, and the word is yet to be read: what it holds by then is what is sent."""
        return self.in_hand(m, page) & neg(m.transfer.read[word])

    def is_marked(self, m: M, page: int) -> bool:
        """The page is in the log, or the round owes it."""
        return m.rounds.to_send[page] | super().is_marked(m, page)

    def is_owed(self, m: M, page: int) -> bool:
        """The target's copy of the page need not be the guest's: it is yet to be sent, dirty, or on its way."""
        under_way = self.in_hand(m, page) | self.in_flight(m, page)
        return self.is_marked(m, page) | self.is_to_be_marked(m, page) | under_way

    @invariant(Contract.LOGGING, "I-LOG", "R6", goal=True)
    def a_page_that_can_be_written_unseen_is_noted(self, m: M, page: Pfn) -> bool:
        """A page whose stores are not logged has been marked, or has been taken up and will be protected, then read."""
        live = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE)
        noted = m.ghost.noted[page] | self.is_written_without_trace(m, page)
        return implies(live & self.is_ram(m, page) & self.permits(m, page), noted)

    @invariant(Contract.LOGGING, "I-LOG", "R6", export=True)
    def what_differs_from_its_last_copy_was_noted(self, m: M, page: Pfn, word: Word) -> bool:
        """No store escapes: a word that is not what was read of it last is on a page that was marked since, or will
        be: by its writer, or read yet."""
        to_be_read = self.is_to_be_read(m, page, word)
        same = m.source.memory[page, word] == m.ghost.copied[page, word]
        matters = self.is_under_way(m) & self.matters(m, page)
        return implies(matters, same | m.ghost.noted[page] | to_be_read | self.is_to_be_marked(m, page))

    @invariant(Contract.ROUNDS, "I-CONS", export=True)
    def what_was_noted_is_still_marked(self, m: M, page: Pfn) -> bool:
        """No mark is dropped: a page that was marked is marked somewhere until the engine takes it up."""
        return implies(self.is_under_way(m) & self.is_ram(m, page) & m.ghost.noted[page], self.is_marked(m, page))

    @invariant(Contract.LOGGING, "I-CONS")
    def every_mark_is_noted(self, m: M, page: Pfn) -> bool:
        """Nothing is marked without a reason that the claims know of."""
        return implies(self.is_under_way(m) & self.is_marked(m, page), m.ghost.noted[page])

    @invariant(Contract.PROMISE, "I-EQ", goal=True)
    def a_page_that_is_not_owed_is_equal_at_the_target(self, m: M, page: Pfn, word: Word) -> bool:
        """What logging, rounds and transport come to: a page neither marked nor on its way has arrived as it is now."""
        settled = self.is_migrating(m) & self.matters(m, page) & neg(self.is_owed(m, page))
        return implies(settled, m.target.memory[page, word] == m.source.memory[page, word])

    @invariant(Contract.ROUNDS)
    def words_are_read_only_while_reading(self, m: M, word: Word) -> bool:
        """The list of words read starts empty for each page."""
        return implies(m.transfer.read[word], m.transfer.stage == Stage.READING)

    @invariant(Contract.ROUNDS)
    def a_page_in_hand_is_not_owed_twice(self, m: M) -> bool:
        """Its mark was cleared when it was taken up, and the next round begins between two pages."""
        return implies(m.transfer.stage != Stage.IDLE, neg(m.rounds.to_send[m.transfer.page]))

    @invariant(Contract.ROUNDS)
    def pages_are_in_hand_only_in_rounds_and_stop_and_copy(self, m: M) -> bool:
        """The engine is between two pages at every change of phase."""
        return (m.transfer.stage == Stage.IDLE) | (m.phase == Phase.LIVE) | (m.phase == Phase.STOP_AND_COPY)

    @law(Contract.ROUNDS, "I-CONS", "R6")
    def a_page_stops_being_owed_only_by_being_taken_up(self, before: M, after: M, page: Pfn) -> bool:
        """I-CONS: a page is marked nowhere any more only once the engine has taken it up, before it reads it."""
        still = self.is_marked(after, page) | self.in_hand(after, page)
        owed = self.is_marked(before, page) & self.is_ram(after, page)
        return implies(owed & self.is_migrating(after), still)

    def is_migrating(self, m: M) -> bool:
        """From the beginning of the migration to its commit."""
        return (
            (m.phase == Phase.SETUP)
            | (m.phase == Phase.LIVE)
            | (m.phase == Phase.PAUSED)
            | (m.phase == Phase.STOP_AND_COPY)
        )

    def is_committed(self, m: M) -> bool:
        """From the commit until the guest runs at the target."""
        return (m.phase == Phase.COMMITTED) | (m.phase == Phase.ACKNOWLEDGED)

    def is_under_way(self, m: M) -> bool:
        """From the beginning of the migration until the guest runs at the target."""
        return self.is_migrating(m) | self.is_committed(m)
