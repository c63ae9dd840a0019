"""Rounds as Xen had them from 2005 to 2015 (NSDI'05; ``xc_domain_save.c``, removed in ``b15bc4345e`` [D]).

A page that is dirty again already need not be sent now: it will have to be sent anyway. Before each batch the log is
looked at and left as it is (PEEK) to learn which those are. The rule, of a page:

    (to_send and not to_skip) or (to_send and dont_skip) or (to_fix and last_iter)

``to_fix`` has the pages that were not mapped when their turn came. Rounds end after the 29th, after one that has sent
and skipped fewer than 50 pages, or when three times the memory has been sent. Pages were taken in a permuted order, so
that neighbours did not meet the same batch: any order is one of the schedules here.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Contract, Count, Pfn, Set, Sizes, State, engine, implies, invariant, need, neg
from refmodel.rounds.configured_first import ConfiguredFirst
from refmodel.state import Machine, Phase, Stage

__all__ = ["S", "Skipping", "WithSkipping", "Xen2005Rounds"]


@frozen(slots=False)
class Skipping(State):
    """The bitmaps beside ``to_send``, and the counters that end the rounds."""

    to_skip: Set[Pfn]
    """What the last PEEK found in the log."""
    to_fix: Set[Pfn]
    """Pages that had no frame when their turn came, and have not been sent since."""
    iteration: Count
    """The round at hand, from 1. Counts up."""
    handled: Count
    """Pages that it has sent or skipped. Counts up."""
    total: Count
    """Pages sent in all rounds. Counts up."""
    target: Count
    """A round that handles fewer pages is the last. Constant."""
    most: Count
    """The last iteration. Constant."""
    enough: Count
    """The round in which more pages have been sent, in all, is the last. Constant."""


@frozen(slots=False)
class WithSkipping(Machine):
    """The state of a machine that skips pages."""

    skipping: Skipping


S = TypeVar("S", bound=WithSkipping)


class Xen2005Rounds(ConfiguredFirst[S]):
    """What is skipped is in the log, and what has no frame in ``to_fix``: neither leaves the round for nowhere."""

    target_handled = 50
    max_iterations = 29
    times_memory = 3

    def initial(self, anything: S) -> S:
        """Any thresholds."""
        return self.afresh(super().initial(anything))

    def afresh(self, m: S) -> S:
        """The first iteration is to come."""
        to_skip, to_fix = m.skipping.to_skip.cleared(), m.skipping.to_fix.cleared()
        return m.but(skipping=m.skipping.but(to_skip=to_skip, to_fix=to_fix, iteration=1, handled=0, total=0))

    def start(self, sizes: Sizes) -> S:
        """Xen's thresholds; a guest of no more pages than the first stops at 1, else no round of it would follow."""
        m = super().start(sizes)
        target = self.target_handled if sizes["pfn"] > self.target_handled else 1
        enough = self.times_memory * sizes["pfn"]
        return m.but(skipping=m.skipping.but(target=target, most=self.max_iterations, enough=enough))

    def begin(self, m: S) -> S:
        """With the first iteration."""
        return self.afresh(super().begin(m))

    @engine
    def peek(self, m: S) -> S:
        """PEEK: the log is copied, and stays as it is. Before each batch, so between any two pages."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        return m.but(skipping=m.skipping.but(to_skip=m.log.dirty))

    def transfer_clear(self, m: S, page: int) -> S:
        """A page that is dirty again is not sent now, unless this is the last round (``dont_skip``)."""
        last = m.phase == Phase.STOP_AND_COPY
        need(neg(m.skipping.to_skip[page]) | last, "the page was not dirty again at the last PEEK")
        return super().transfer_clear(m, page)

    def cleared(self, m: S, page: int) -> S:
        """It is sent: it need not be fixed any more."""
        skipping = m.skipping
        to_fix, handled, total = skipping.to_fix.discard(page), skipping.handled + 1, skipping.total + 1
        return super().cleared(m, page).but(skipping=skipping.but(to_fix=to_fix, handled=handled, total=total))

    @engine
    def page_skipped(self, m: S, page: Pfn) -> S:
        """A page that is dirty again is left to the round that the log's next harvest begins."""
        self.need_its_turn(m, page)
        need(m.skipping.to_skip[page], "the page was dirty again at the last PEEK")
        return m.but(
            rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)),
            skipping=m.skipping.but(handled=m.skipping.handled + 1),
        )

    @engine
    def page_not_mapped(self, m: S, page: Pfn) -> S:
        """A page without a frame cannot be sent now: the last round has to, unless it is sent before."""
        self.need_its_turn(m, page)
        need(neg(m.skipping.to_skip[page]), "the page was not dirty again at the last PEEK")
        return m.but(
            rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)),
            skipping=m.skipping.but(to_fix=m.skipping.to_fix.add(page)),
        )

    def need_its_turn(self, m: S, page: int) -> None:
        """The batch comes to the page, in a round under the running guest."""
        need(m.phase == Phase.LIVE, "rounds are running")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.to_send[page], "the round owes the page")

    def stops(self, m: S) -> bool:
        """After a round that handled few pages, after the last iteration, or when enough has been sent."""
        skipping = m.skipping
        enough = skipping.total > skipping.enough
        few = skipping.handled < skipping.target
        return few | (skipping.iteration >= skipping.most) | enough | neg(m.rounds.left > 0)

    def may_go_on(self, m: S) -> bool:
        """Not stopping."""
        return super().may_go_on(m) & self.has_chosen_to_go_on(m)

    def has_chosen_to_go_on(self, m: S) -> bool:
        """The same: the thresholds are numbers of the state, and nothing is counted."""
        return super().has_chosen_to_go_on(m) & neg(self.stops(m))

    def may_stop(self, m: S) -> bool:
        """After a round; or nothing is sent live at all (R11)."""
        over = m.rounds.to_send.is_empty & self.stops(m)
        return super().may_stop(m) & ((m.phase == Phase.SETUP) | over)

    def next_round(self, m: S) -> S:
        """CLEAN; what was to be skipped is out of the log, and the first batch of the new round looks again."""
        after = super().next_round(m)
        to_skip, iteration = m.skipping.to_skip.cleared(), m.skipping.iteration + 1
        return after.but(skipping=m.skipping.but(to_skip=to_skip, iteration=iteration, handled=0))

    def final_harvest(self, m: S) -> S:
        """The last round owes also what had to be fixed."""
        after = super().final_harvest(m)
        rounds = after.rounds.but(to_send=after.rounds.to_send | m.skipping.to_fix)
        return after.but(rounds=rounds, skipping=m.skipping.but(to_fix=m.skipping.to_fix.cleared()))

    def is_marked(self, m: S, page: int) -> bool:
        """The last round will have to send it."""
        return m.skipping.to_fix[page] | super().is_marked(m, page)

    @invariant(Contract.ROUNDS, "I-CONS", goal=True)
    def what_is_to_be_skipped_is_in_the_log(self, m: S, page: Pfn) -> bool:
        """PEEK takes nothing from the log, and no harvest passes without a new look."""
        live = (m.phase == Phase.SETUP) | (m.phase == Phase.LIVE)
        return implies(live & m.skipping.to_skip[page], m.log.dirty[page])

    @invariant(Contract.ROUNDS, "I-CONS", "I-FINAL", goal=True)
    def nothing_is_left_to_fix_past_the_last_harvest(self, m: S, page: Pfn) -> bool:
        """There is no later round."""
        last = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m)
        return implies(last, neg(m.skipping.to_fix[page]))
