"""Rounds as Xen's toolstack has them: ``send_memory_live`` and ``simple_precopy_policy`` [D], at ``c447b7308b``.

    every page owed; dirty_count := all
    loop: A  stop iff dirty_count < 50 or iteration >= 5
             send what is owed, unless dirty_count is 0; iteration + 1
             if A said stop: out
          B  the same question with dirty_count unknown: out iff iteration >= 5
             CLEAN, over the bitmap of the last round; dirty_count := what it counted

So a round small enough to stop for is still sent live. And a round whose count reads 0 is not sent at all: that its
bits are gone then, with the next CLEAN, is right only where the count never reads 0 over a bitmap that is not empty
(I-COUNT, observation O-3).
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Count, Pfn, Set, Sizes, State, engine, implies, invariant, need, neg
from refmodel.rounds.configured_first import ConfiguredFirst
from refmodel.state import Machine, Phase, Stage

__all__ = ["Policy", "WithPolicy", "X", "XenRounds"]


@frozen(slots=False)
class Policy(State):
    """``precopy_stats``, and the policy's thresholds."""

    iteration: Count
    """Rounds that have been sent. Counts up."""
    counted: bool
    """``dirty_count`` is that of the round at hand; else it is unknown (-1), and the round is over."""
    dirty_count: Count
    """How many pages the last CLEAN counted; at first, all."""
    converged: bool
    """Of a round that is over: it was small enough to stop after it."""
    target: Count
    """``SPP_TARGET_DIRTY_COUNT``: with fewer dirty pages than that the next stop is short enough. Constant."""
    most: Count
    """``SPP_MAX_ITERATIONS``. Constant."""


@frozen(slots=False)
class WithPolicy(Machine):
    """The state of a machine with Xen's policy."""

    policy: Policy


X = TypeVar("X", bound=WithPolicy)


class XenRounds(ConfiguredFirst[X]):
    """``rounds.left`` stays as a bound of the caller's own, for any other policy callback that stops earlier."""

    target_dirty_count = 50
    max_iterations = 5

    def initial(self, anything: X) -> X:
        """Any thresholds."""
        m = super().initial(anything)
        return m.but(policy=m.policy.but(iteration=0, counted=False, dirty_count=0, converged=False))

    def start(self, sizes: Sizes) -> X:
        """Xen's thresholds; a guest of no more pages than the first stops at 1, else no round of it would follow."""
        m = super().start(sizes)
        target = self.target_dirty_count if sizes["pfn"] > self.target_dirty_count else 1
        return m.but(policy=m.policy.but(target=target, most=self.max_iterations))

    def begin(self, m: X) -> X:
        """Every page counts as dirty."""
        after = super().begin(m)
        first = self.count(after.rounds.to_send)
        return after.but(policy=m.policy.but(iteration=0, counted=True, dirty_count=first, converged=False))

    def count(self, pages: Set[Pfn]) -> int:
        """``stats.dirty_count`` for what is harvested."""
        return pages.size

    @engine
    def round_over(self, m: X) -> X:
        """``send_dirty_pages`` has sent the bitmap, or was not called since nothing was counted. It will be written
        over by the next CLEAN: whatever is left in it now goes."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.policy.counted, "the round is not over yet")
        need(self.is_sent(m), "the round has sent all that it owed, or there was nothing to send")
        policy = m.policy
        return m.but(
            rounds=m.rounds.but(to_send=m.rounds.to_send.cleared()),
            policy=policy.but(
                iteration=policy.iteration + 1, counted=False, converged=policy.dirty_count < policy.target
            ),
        )

    def is_sent(self, m: X) -> bool:
        """Nothing is left of the round, by its bitmap or by its count."""
        return m.rounds.to_send.is_empty | (m.policy.dirty_count == 0)

    def stops(self, m: X) -> bool:
        """Calls A and B, once the round is over."""
        return m.policy.converged | (m.policy.iteration >= m.policy.most) | neg(m.rounds.left > 0)

    def may_go_on(self, m: X) -> bool:
        """The round is over, and the policy says continue."""
        return super().may_go_on(m) & self.has_chosen_to_go_on(m)

    def has_chosen_to_go_on(self, m: X) -> bool:
        """Its counts are of rounds, and were made by the harvest."""
        return super().has_chosen_to_go_on(m) & neg(m.policy.counted) & neg(self.stops(m))

    def may_stop(self, m: X) -> bool:
        """The round is over, and the policy says stop; or nothing is sent live at all (R11)."""
        return super().may_stop(m) & ((m.phase == Phase.SETUP) | (neg(m.policy.counted) & self.stops(m)))

    def next_round(self, m: X) -> X:
        """CLEAN, with the number of pages that it found."""
        counted = self.count(self.found(m))
        after = super().next_round(m)
        return after.but(policy=m.policy.but(counted=True, dirty_count=counted, converged=False))

    @invariant(Contract.ROUNDS, "I-COUNT", goal=True)
    def a_count_of_none_is_of_a_round_that_owes_nothing(self, m: X, page: Pfn) -> bool:
        """I-COUNT: what decides to skip a round agrees with its bitmap."""
        live = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE)
        skipped = m.policy.counted & (m.policy.dirty_count == 0)
        return implies(live & skipped, neg(m.rounds.to_send[page]))
