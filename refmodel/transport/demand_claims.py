"""What is claimed of paging on demand: every page comes, once, as the source has it, and none comes too early."""

from refmodel.handover.postcopy_state import X
from refmodel.language import Contract, Pfn, Word, implies, invariant, law, neg
from refmodel.state import Phase
from refmodel.transport.demand import DemandPaging

__all__ = ["DemandClaims"]


class DemandClaims(DemandPaging[X]):
    """Where an awaited page is, who has asked for it, and what becomes of it when it comes."""

    @invariant(Contract.TRANSPORT, "I-LIVE", goal=True)
    def a_page_that_is_awaited_is_owed_or_on_its_way(self, m: X, page: Pfn) -> bool:
        """So that no access waits for ever, as long as there is a wire."""
        post = m.postcopy
        comes = m.rounds.to_send[page] | post.on_wire[page] | post.queue[page]
        return implies(post.awaited[page] & neg(m.failed.wire), comes)

    @invariant(Contract.TRANSPORT, "I-LIVE", goal=True)
    def a_page_that_is_waited_for_has_been_asked_for_or_is_on_its_way(self, m: X, page: Pfn) -> bool:
        """It need not wait for the pages that are only pushed."""
        post = m.postcopy
        comes = post.requested[page] | post.on_wire[page] | post.queue[page]
        return implies(post.waiting[page] & neg(m.failed.wire), comes)

    @invariant(Contract.TRANSPORT, "I-LIVE")
    def only_pages_that_are_awaited_are_waited_for(self, m: X, page: Pfn) -> bool:
        """What is there is read and stored to without a fault."""
        return implies(m.postcopy.waiting[page], m.postcopy.awaited[page])

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def what_is_put_together_is_what_the_source_has(self, m: X, page: Pfn, word: Word) -> bool:
        """Of a page that is still awaited; of any other what has come is thrown away."""
        put = m.postcopy.awaited[page] & m.postcopy.filled[page, word]
        return implies(put, m.target.memory[page, word] == m.source.memory[page, word])

    @invariant(Contract.TRANSPORT)
    def until_the_guest_runs_at_the_target_no_page_is_asked_for_or_comes_off_the_wire(
        self, m: X, page: Pfn, word: Word
    ) -> bool:
        """What was pushed before waits on the wire."""
        post = m.postcopy
        asked = post.waiting[page] | post.requested[page]
        return implies(asked | post.queue[page] | post.filled[page, word], m.phase == Phase.AFTER)

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def nothing_is_put_into_a_page_that_is_to_be_dropped_yet(self, m: X, page: Pfn, word: Word) -> bool:
        """It would be dropped with what the page held before."""
        return implies(m.postcopy.told[page], neg(m.postcopy.filled[page, word]))

    @invariant(Contract.TRANSPORT)
    def nothing_is_on_a_wire_that_was_lost(self, m: X, page: Pfn) -> bool:
        """Neither a page, nor a request that the source would answer."""
        return implies(m.postcopy.on_wire[page] | m.postcopy.requested[page], neg(m.failed.wire))

    @law(Contract.TRANSPORT, "I-ORDER")
    def what_comes_is_not_written_over_a_page_that_is_there(self, before: X, after: X, page: Pfn, word: Word) -> bool:
        """The guest may have stored to it since it came first."""
        comes = after.postcopy.filled[page, word] & neg(before.postcopy.filled[page, word])
        is_there = neg(before.postcopy.awaited[page])
        return implies(comes & is_there, before.target.memory[page, word] == after.target.memory[page, word])

    @law(Contract.TRANSPORT, "I-ORDER")
    def an_awaited_page_is_there_once_all_of_it_has_come(self, before: X, after: X, page: Pfn, word: Word) -> bool:
        """Until then no access gets at it. What was dropped for a guest that never ran there concerns nobody."""
        is_there = before.postcopy.awaited[page] & neg(after.postcopy.awaited[page]) & (after.phase == Phase.AFTER)
        return implies(is_there, after.target.memory[page, word] == after.source.memory[page, word])

    @law(Contract.TRANSPORT, "I-ORDER")
    def a_page_that_is_there_is_not_fetched_again(self, before: X, after: X, page: Pfn) -> bool:
        """Once the guest runs at the target, what it has is its own."""
        again = neg(before.postcopy.awaited[page]) & after.postcopy.awaited[page]
        return implies(again, neg(before.hand_over.target_runs))
