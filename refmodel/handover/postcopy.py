"""Post-copy: the guest runs at the target while pages are owed to it.

At the switch the source stands still and has been harvested for the last time. The target drops every page that is
dirty by then (the discard set is the dirty set), gets the context, and runs: what it has dropped it awaits, and an
awaited page can neither be read nor written. So R12 is claimed of all other pages; for these the promise stands, by
which a page that is owed cannot be read. What it costs is told in ``postcopy_images``.
"""

from refmodel.handover.postcopy_state import X
from refmodel.language import Contract, Pfn, Set, Sizes, Word, engine, iff, implies, invariant, law, need, neg
from refmodel.state import Phase, Stage
from refmodel.transport.demand_claims import DemandClaims

__all__ = ["PostCopy"]


class PostCopy(DemandClaims[X]):
    """The switch, the commit that may come after it, and what each side is worth then."""

    def start(self, sizes: Sizes) -> X:
        """The guest's memory is not what a dropped page holds: one that does not come is seen."""
        m = super().start(sizes)
        ours = m.source.memory.made(lambda page, word: min(1, sizes["value"] - 1))
        theirs = m.target.memory.made(lambda page, word: 0)
        return m.but(
            source=m.source.but(memory=ours), target=m.target.but(memory=theirs), ghost=m.ghost.but(copied=theirs)
        )

    def is_awaited(self, m: X, page: int) -> bool:
        """It was dropped at the switch, and has not been put in place since."""
        return super().is_awaited(m, page) | m.postcopy.awaited[page]

    def matters(self, m: X, page: int) -> bool:
        """What the target has of an awaited page is nothing that the guest could read: the access waits."""
        return super().matters(m, page) & neg(self.is_awaited(m, page))

    def is_whole(self, m: X) -> bool:
        """No page is awaited: until then there is nothing to migrate or to save."""
        return super().is_whole(m) & m.postcopy.awaited.is_empty

    def discard_source(self, m: X) -> X:
        """Until then the source's image must stay."""
        need(self.is_whole(m), "all of the guest's memory is at the target")
        return super().discard_source(m)

    @engine
    def switch(self, m: X) -> X:
        """The target is told to drop what is owed: none of it is sent any more before the guest runs there."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(neg(m.postcopy.switched), "no switch has been made")
        need(self.is_settled(m), "all that was sent has arrived")
        need(self.is_heard(m), "what the target is told it hears")
        owed = m.rounds.to_send.where(lambda p: neg(self.is_ram(m, p)), False)
        need(neg(owed.is_empty), "pages are owed")
        dropped = self.discarded(m, owed)
        return m.but(
            rounds=m.rounds.but(to_send=owed),
            postcopy=m.postcopy.but(switched=True, told=dropped, awaited=dropped),
        )

    def discarded(self, m: X, owed: Set[Pfn]) -> Set[Pfn]:
        """The pages that the target is told to drop: those that are owed, whether it has had them or not."""
        return owed

    def transfer_clear(self, m: X, page: int) -> X:
        """After the switch pages go on demand, and in no other way."""
        need(neg(m.postcopy.switched), "no switch has been made")
        return super().transfer_clear(m, page)

    def commit(self, m: X) -> X:
        """After a switch the source gives up its right to run with pages owed. It cannot be taken back."""
        if m.postcopy.switched:
            owed = m.rounds.to_send
            after = super().commit(m.but(rounds=m.rounds.but(to_send=owed.cleared())))
            return after.but(rounds=after.rounds.but(to_send=owed))
        return super().commit(m)

    def taken_back(self, m: X) -> X:
        """Given up before that, no switch has been made: the target is forgotten, with what it has dropped."""
        return self.without_demand(super().taken_back(m))

    def at_the_commit_nothing_is_marked_and_nothing_on_its_way(self, m: X, page: int) -> bool:
        """But for what the target awaits."""
        return super().at_the_commit_nothing_is_marked_and_nothing_on_its_way(m, page) | self.is_awaited(m, page)

    @invariant(Contract.HAND_OVER)
    def nothing_is_awaited_before_a_switch_or_sent_on_demand_before_the_commit(self, m: X, page: Pfn) -> bool:
        """Nor without one; and only what is guest RAM."""
        post = m.postcopy
        awaited = implies(post.awaited[page], post.switched & self.is_ram(m, page))
        awaited &= implies(post.told[page], post.awaited[page])
        return awaited & implies(post.requested[page] | post.on_wire[page], post.switched & neg(self.is_migrating(m)))

    @invariant(Contract.HAND_OVER, "I-FINAL")
    def what_is_owed_after_a_switch_is_awaited_until_the_guest_runs_at_the_target(self, m: X, page: Pfn) -> bool:
        """Later the source may owe more than that, for it cannot know what has come off a wire that was lost."""
        owed = m.postcopy.switched & m.rounds.to_send[page]
        return implies(owed & (m.phase != Phase.AFTER), m.postcopy.awaited[page])

    @invariant(Contract.HAND_OVER, "I-ONE", "R12", goal=True)
    def a_switch_is_made_after_the_last_harvest_and_not_taken_back_after_the_commit(self, m: X) -> bool:
        """Once pages are owed to a guest that runs elsewhere, no abort brings it back."""
        stands = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m) | (m.phase == Phase.AFTER)
        return implies(m.postcopy.switched, stands)

    @law(Contract.HAND_OVER, "I-FINAL", "I-LIVE")
    def what_is_dropped_at_the_switch_is_what_is_owed(self, before: X, after: X, page: Pfn) -> bool:
        """The discard set is the dirty set: were it less, the guest would read old contents; more would never come."""
        switches = after.postcopy.switched & neg(before.postcopy.switched)
        dirty = self.is_owed(before, page) & self.is_ram(before, page)
        dropped = after.postcopy.awaited[page]
        return implies(switches, iff(dropped, after.rounds.to_send[page]) & implies(dirty, dropped))

    @law(Contract.HAND_OVER, "I-ORDER")
    def after_the_switch_the_sources_pages_are_frozen(self, before: X, after: X, page: Pfn, word: Word) -> bool:
        """So that it makes no difference when a page is sent."""
        switched = before.postcopy.switched & after.postcopy.switched
        return implies(switched, before.source.memory[page, word] == after.source.memory[page, word])

    @law(Contract.HAND_OVER, "I-FINAL")
    def a_guest_moves_on_only_once_all_of_it_is_there(self, before: X, after: X) -> bool:
        """While pages are still being fetched there is nothing to migrate."""
        moves_on = before.hand_over.target_runs & after.hand_over.source_runs
        return implies(moves_on, before.postcopy.awaited.is_empty)
