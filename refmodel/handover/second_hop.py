"""A second migration: after one that was given up, or on from the target of one that succeeded. I-CLEAN.

Either starts from nothing: every page is owed, whatever an earlier migration sent, and what it left in log, tables and
protection counts no more. A host that has received a guest knows nothing of the host that comes next: to offer only
what was dirtied since the guest came is to lose the rest (Propolis ``#232`` [P]).
"""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import (
    Contract,
    Cpu,
    Pfn,
    Value,
    Vpn,
    Word,
    implies,
    invariant,
    law,
    need,
    neg,
    operator,
    pick,
)
from refmodel.state import M, Phase

__all__ = ["SecondHop"]


class SecondHop(HandOverSteps[M]):
    """A guest is migrated again."""

    leaves_out = frozenset({"the_source_never_runs_again_once_the_target_does"})

    def may_begin(self, m: M) -> bool:
        """Or the last one has been given up, whether or not all CPUs have left the shadow since."""
        return super().may_begin(m) | (m.phase == Phase.ABORTED)

    def begin(self, m: M) -> M:
        """Nothing of an earlier attempt counts as sent."""
        return self.sent_anew(super().begin(m))

    def sent_anew(self, m: M) -> M:
        """Configuration, table and registers have to travel (again)."""
        hand_over = m.hand_over
        nobody = hand_over.registers_sent.cleared()
        return m.but(hand_over=hand_over.but(configured=False, table_sent=False, registers_sent=nobody))

    def logging_begun(self, m: M) -> M:
        """All shadow entries go, so that none is read-only for an old reason (Xen's ``sh_enable_log_dirty`` [D])."""
        begun = super().logging_begun(m)
        shadow = begun.shadow
        return begun.but(
            shadow=shadow.but(
                present=shadow.present.cleared(), writable=shadow.writable.cleared(), unsynced=shadow.unsynced.cleared()
            )
        )

    @operator
    def go_on_from_target(self, m: M) -> M:
        """The host that received the guest is the source from now on; nothing of the old source's is there."""
        need(m.hand_over.target_runs, "the target runs")
        need(self.is_whole(m), "all of its memory is there")
        ours, theirs = m.source.memory, m.target.memory
        memory = theirs.made(lambda p, w: pick(self.matters(m, p), theirs[p, w], ours[p, w]))
        return self.initial(m.but(source=m.target.but(memory=memory)))

    @operator
    def target_holds(self, m: M, page: Pfn, word: Word, value: Value) -> M:
        """A host is made ready to receive the guest: what its memory held before is anything."""
        need((m.phase == Phase.BEFORE) | (m.phase == Phase.SETUP), "no page has been sent")
        need(neg(m.hand_over.configured), "the configuration has not travelled yet")
        after = self.held_before(m, page, word, value)
        return after.but(ghost=after.ghost.but(copied=after.target.memory))

    @invariant(Contract.HAND_OVER, "R12")
    def at_the_target_a_writable_entry_is_present(self, m: M, vpn: Vpn) -> bool:
        """As at the source: it came from there."""
        return implies((m.phase == Phase.AFTER) & m.target.table.writable[vpn], m.target.table.present[vpn])

    @law(Contract.HAND_OVER, "I-CLEAN", "R10")
    def a_new_migration_starts_from_all_dirty(self, before: M, after: M, page: Pfn, cpu: Cpu) -> bool:
        """Whatever an earlier one has sent, or its log holds: every page is owed, and all of the context."""
        begins = neg(self.is_migrating(before)) & self.is_migrating(after)
        context = after.hand_over.configured | after.hand_over.table_sent | after.hand_over.registers_sent[cpu]
        return implies(begins, after.rounds.to_send[page] & neg(context))

    @law(Contract.HAND_OVER, "I-ONE", "R12")
    def the_source_runs_again_only_as_what_the_target_was(self, before: M, after: M, page: Pfn, word: Word) -> bool:
        """R12's second half, for a guest that moves on: it never runs where it ran before."""
        moved_on = before.hand_over.target_runs & after.hand_over.source_runs
        same = after.source.memory[page, word] == before.target.memory[page, word]
        return implies(moved_on, neg(after.hand_over.target_runs) & implies(self.matters(before, page), same))
