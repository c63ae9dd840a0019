"""Rounds: all pages first, then what was dirtied, until the policy stops; the last harvest. Rule R10."""

from refmodel.language import Contract, Pfn, engine, implies, invariant, law, need, neg, operator
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import M, Phase, Stage

__all__ = ["MigrationRounds"]


class MigrationRounds(PageTransfer[M]):
    """When the policy stops is left open here: any number of rounds, or none (R11), so that every policy is covered."""

    def initial(self, anything: M) -> M:
        """There is no migration yet."""
        m = super().initial(anything)
        return m.but(phase=Phase.BEFORE, rounds=m.rounds.but(to_send=m.rounds.to_send.cleared()))

    @operator
    def begin(self, m: M) -> M:
        """A migration begins: logging is on, the shadow is empty, and every page is owed."""
        need(self.may_begin(m), "no migration has begun")
        return self.logging_begun(m).but(
            phase=Phase.SETUP,
            rounds=m.rounds.but(to_send=m.rounds.to_send.filled()),
            ghost=m.ghost.but(noted=m.ghost.noted.filled()),
        )

    def may_begin(self, m: M) -> bool:
        """There is no migration yet."""
        return m.phase == Phase.BEFORE

    @engine
    def start_rounds(self, m: M) -> M:
        """The first round, once all that rounds rely on is there: what that is, the parts of the machine say."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        self.need_set_up(m)
        return m.but(phase=Phase.LIVE)

    @engine
    def next_round(self, m: M) -> M:
        """The round has sent all that it owed: the next owes what was dirtied meanwhile. The log starts afresh."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(self.is_round_over(m), "the round has sent all that it owed")
        need(self.may_go_on(m), "the policy allows another round")
        harvested = self.harvested(m)
        return harvested.but(rounds=harvested.rounds.but(left=m.rounds.left - 1))

    def may_go_on(self, m: M) -> bool:
        """The policy allows another round."""
        return m.rounds.left > 0

    def has_chosen_to_go_on(self, m: M) -> bool:
        """The same as far as a claim may ask: a policy may count pages, a claim may not."""
        return m.rounds.left > 0

    def may_stop(self, m: M) -> bool:
        """The policy allows the stop. It may come at any time here; a policy of its own says when."""
        return True

    def is_round_over(self, m: M) -> bool:
        """All that the round owed has been sent."""
        return m.rounds.to_send.is_empty

    def harvested(self, m: M) -> M:
        """What the log holds joins what is owed, and the log is empty; no page is lost in between."""
        return self.emptied(m).but(rounds=m.rounds.but(to_send=m.rounds.to_send | self.found(m)))

    @engine
    def pause(self, m: M) -> M:
        """The policy stops: the source's vCPUs stand still. With no live round this is plain suspend (R11)."""
        need((m.phase == Phase.LIVE) | (m.phase == Phase.SETUP), "the migration has begun and the guest runs")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(self.may_stop(m), "the policy stops")
        return m.but(phase=Phase.PAUSED, hand_over=m.hand_over.but(source_runs=False))

    @engine
    def final_harvest(self, m: M) -> M:
        """Every writer stands still: what the log still holds is owed, and nothing can be added to it (I-FINAL)."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        need(self.is_quiet(m), "no other writer is at work")
        return self.harvested(m).but(phase=Phase.STOP_AND_COPY)

    @invariant(Contract.HAND_OVER, "I-FINAL")
    def after_the_last_harvest_the_log_is_empty(self, m: M, page: Pfn) -> bool:
        """What the last pages are is known once the machine stands still."""
        return implies(m.phase == Phase.STOP_AND_COPY, neg(self.is_in_log(m, page)))

    @invariant(Contract.ROUNDS, "R10", goal=True)
    def until_rounds_run_every_page_is_owed(self, m: M, page: Pfn) -> bool:
        """All pages first."""
        return implies(m.phase == Phase.SETUP, m.rounds.to_send[page])

    @law(Contract.ROUNDS, "R10", "R11")
    def what_is_sent_while_paused_was_owed_or_dirty_at_the_pause(self, before: M, after: M, page: Pfn) -> bool:
        """The machine stands still only for the last pages: nothing joins them, at the pause or later."""
        stands = (after.phase == Phase.PAUSED) | (after.phase == Phase.STOP_AND_COPY)
        return implies(stands & self.is_owed(after, page), self.is_owed(before, page))
