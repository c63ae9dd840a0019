"""Rounds: all pages first, then what was dirtied, until the policy stops; the last harvest. Rule R10."""

from refmodel.language import Contract, Pfn, engine, implies, invariant, law, need, neg, operator
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import Machine, Phase, Stage

__all__ = ["MigrationRounds"]


class MigrationRounds(PageTransfer):
    """When the policy stops is left open here: any number of rounds, or none (R11), so that every policy is covered."""

    @operator
    def begin(self, m: Machine) -> Machine:
        """A migration begins: logging is on, the shadow is empty, and every page is owed."""
        need(m.phase == Phase.BEFORE, "no migration has begun")
        return m.but(phase=Phase.SETUP, rounds=m.rounds.but(to_send=m.rounds.to_send.filled()))

    @engine
    def start_rounds(self, m: Machine) -> Machine:
        """The first round: every CPU walks the shadow, so that pages may be protected (R1)."""
        need(m.phase == Phase.SETUP, "a migration is being set up")
        need(m.cpus.on_shadow.is_full, "every CPU walks the shadow")
        return m.but(phase=Phase.LIVE)

    @engine
    def next_round(self, m: Machine) -> Machine:
        """The round has sent all that it owed: the next owes what was dirtied meanwhile. The log starts afresh."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.to_send.is_empty, "the round has sent all that it owed")
        need(m.rounds.left > 0, "the policy allows another round")
        harvested = self.harvested(m)
        return harvested.but(rounds=harvested.rounds.but(left=m.rounds.left - 1))

    def harvested(self, m: Machine) -> Machine:
        """What the log holds joins what is owed, and the log is empty; no page is lost in between."""
        return m.but(
            rounds=m.rounds.but(to_send=m.rounds.to_send | m.log.dirty),
            log=m.log.but(dirty=m.log.dirty.cleared()),
        )

    @engine
    def pause(self, m: Machine) -> Machine:
        """The policy stops: the source's vCPUs stand still. With no live round this is plain suspend (R11)."""
        need((m.phase == Phase.LIVE) | (m.phase == Phase.SETUP), "the migration has begun and the guest runs")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        return m.but(phase=Phase.PAUSED, hand_over=m.hand_over.but(source_runs=False))

    @engine
    def final_harvest(self, m: Machine) -> Machine:
        """Every writer stands still: what the log still holds is owed, and nothing can be added to it (I-FINAL)."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        return self.harvested(m).but(phase=Phase.STOP_AND_COPY)

    @invariant(Contract.ROUNDS, "I-FINAL")
    def after_the_last_harvest_the_log_is_empty(self, m: Machine, page: Pfn) -> bool:
        """What the last pages are is known once the machine stands still."""
        return implies(m.phase == Phase.STOP_AND_COPY, neg(m.log.dirty[page]))

    @invariant(Contract.ROUNDS, "R10", goal=True)
    def until_rounds_run_every_page_is_owed(self, m: Machine, page: Pfn) -> bool:
        """All pages first."""
        return implies(m.phase == Phase.SETUP, m.rounds.to_send[page])

    @law(Contract.ROUNDS, "R10", "R11")
    def what_is_sent_while_paused_was_owed_or_dirty_at_the_pause(
        self, before: Machine, after: Machine, page: Pfn
    ) -> bool:
        """The machine stands still only for the last pages: nothing joins them, at the pause or later."""
        stands = (after.phase == Phase.PAUSED) | (after.phase == Phase.STOP_AND_COPY)
        return implies(stands & self.is_owed(after, page), self.is_owed(before, page))
