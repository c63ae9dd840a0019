"""Wrong variants of what every machine has of the contract *rounds*: M02, M04."""

from refmodel.language import need
from refmodel.rounds.rounds import MigrationRounds
from refmodel.rounds.transfer import PageTransfer
from refmodel.state import M, Phase, Stage
from refmodel.variants.variant import Variant

__all__ = ["ROUNDS_VARIANTS"]


class ClearsAfterReading(PageTransfer[M]):
    def transfer_done(self, m: M) -> M:
        """The page's marks are cleared when it has been read, and with them those of stores since."""
        return self.cleared(super().transfer_done(m), m.transfer.page)


class SkipsTheRound(MigrationRounds[M]):
    def next_round(self, m: M) -> M:
        """The log is harvested, its count reads 0, and nothing of it is owed."""
        after = super().next_round(m)
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send.cleared()))


class ForgetsTheRest(MigrationRounds[M]):
    def harvested(self, m: M) -> M:
        """The harvest replaces what was still owed instead of joining it."""
        after = super().harvested(m)
        return after.but(rounds=after.rounds.but(to_send=m.log.dirty))


class RevokesWithoutWaiting(PageTransfer[M]):
    def transfer_read(self, m: M, word: int) -> M:
        """A word may be read as soon as the page is marked, before it is protected everywhere."""
        if m.transfer.stage == Stage.MARKED:
            return super().transfer_read(m.but(transfer=m.transfer.but(stage=Stage.READING)), word)
        return super().transfer_read(m, word)


class StartsRoundWhileOwing(MigrationRounds[M]):
    def next_round(self, m: M) -> M:
        """A new round may begin although the last is not done, and owes only the new harvest."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.left > 0, "the policy allows another round")
        rounds = m.rounds.but(to_send=m.log.dirty, left=m.rounds.left - 1)
        return m.but(rounds=rounds, log=m.log.but(dirty=m.log.dirty.cleared()))


ROUNDS_VARIANTS = (
    Variant(
        "clear-after-read",
        "M02",
        ClearsAfterReading,
        "what marks the page is cleared after it has been read",
        ("c0bad49946", "86b124bc76", "migration_bitmap_clear_dirty"),
    ),
    Variant(
        "read-before-flush",
        "M07",
        RevokesWithoutWaiting,
        "the page is read while CPUs are still to be flushed",
        ("6ce64428d620",),
    ),
    Variant(
        "harvest-skipped",
        "M04",
        SkipsTheRound,
        "a harvest whose count reads 0 is thrown away",
        ("17e91570c5",),
    ),
    Variant(
        "harvest-replaces",
        "M04",
        ForgetsTheRest,
        "the last harvest replaces what is still owed",
        ("do_memory_migration",),
    ),
    Variant(
        "round-cut-short",
        "M04",
        StartsRoundWhileOwing,
        "a new round begins before the last has sent all that it owed",
        ("0d0cab9f37", "d9599f5727"),
    ),
)
