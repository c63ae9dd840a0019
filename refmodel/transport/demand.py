"""Paging on demand: how pages that the target has dropped get there while the guest runs on them (QEMU's post-copy).

The source sends what it owes in any order (pushes), but what the guest waits for first (replies). An access to a page
that is not there faults and waits; a page is put together beside the guest's memory, word by word, and put in place at
once (``UFFDIO_COPY``), so that no access sees half of it. The source does not run any more: its pages are frozen, and
one that was sent is not sent again. Only after the wire was lost the target tells which pages it has, and all others
are sent anew. Some of those may have come off the old wire in time: then a page comes twice, the guest may have stored
to it in between, and the second copy is thrown away (``EEXIST``).
"""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.handover.postcopy_state import PostCopied, X
from refmodel.language import Contract, Pfn, Vpn, Word, engine, guest, implies, invariant, law, need, neg
from refmodel.state import Phase

__all__ = ["DemandPaging"]


class DemandPaging(HandOverSteps[X]):
    """A page's way: owed by the source, on the wire, off it in the target's queue, in place."""

    def initial(self, anything: X) -> X:
        """No page is on its way, and none is waited for."""
        return self.without_demand(super().initial(anything))

    def without_demand(self, m: X) -> X:
        """No switch has been made, and there is a wire."""
        post = m.postcopy
        return m.but(
            postcopy=post.but(
                switched=False,
                awaited=post.awaited.cleared(),
                waiting=post.waiting.cleared(),
                requested=post.requested.cleared(),
                connected=True,
                on_wire=post.on_wire.cleared(),
                queue=post.queue.cleared(),
                filled=post.filled.cleared(),
            )
        )

    # the target asks

    @guest
    def target_fault(self, m: X, vpn: Vpn) -> X:
        """An access at the target finds that the page is not there: it waits, and the page is asked for."""
        need(m.hand_over.target_runs, "the target runs")
        page, post = m.target.table.frame[vpn], m.postcopy
        need(m.target.table.present[vpn], "the guest's table at the target maps the page")
        need(post.awaited[page] & neg(post.waiting[page]), "the page is not there, and nobody waits for it yet")
        requested = post.requested.put(page, post.requested[page] | post.connected)
        return m.but(postcopy=post.but(waiting=post.waiting.add(page), requested=requested))

    # the source sends

    @engine
    def reply(self, m: X, page: Pfn) -> X:
        """A page that was asked for is sent, unless it has been: then it is on its way (``get_queued_page``)."""
        need(m.postcopy.connected, "the wire is there")
        need(m.postcopy.requested[page], "the target has asked for the page")
        if m.rounds.to_send[page]:
            return self.gone(m, page)
        return m.but(postcopy=self.answered(m, page))

    @engine
    def push(self, m: X, page: Pfn) -> X:
        """While nothing is asked for, the source goes on with what it owes."""
        need(m.postcopy.switched & m.postcopy.connected, "the wire is there, since a switch to post-copy")
        need(neg(self.is_migrating(m)), "the source has committed")
        need(m.postcopy.requested.is_empty, "nothing is asked for")
        need(m.rounds.to_send[page], "the source owes the page")
        return self.gone(m, page)

    def answered(self, m: X, page: int) -> PostCopied:
        """The request is done with."""
        return m.postcopy.but(requested=m.postcopy.requested.discard(page))

    def gone(self, m: X, page: int) -> X:
        """The page is on the wire, and owed no longer: it is not sent again."""
        post = self.answered(m, page)
        after = m.but(
            rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)),
            postcopy=post.but(on_wire=post.on_wire.add(page)),
        )
        return after.but(ghost=m.ghost.but(noted=m.ghost.noted.put(page, self.is_marked(after, page))))

    # the target receives

    @engine
    def receive(self, m: X, page: Pfn) -> X:
        """A page comes off the wire, once the guest runs at the target."""
        need(m.hand_over.target_runs, "the target runs")
        need(m.postcopy.on_wire[page], "the page is on the wire")
        post = m.postcopy
        return m.but(postcopy=post.but(on_wire=post.on_wire.discard(page), queue=post.queue.add(page)))

    @engine
    def fill_word(self, m: X, page: Pfn, word: Word) -> X:
        """A word of a page that came is copied to where the page is put together; or thrown away."""
        post = m.postcopy
        need(post.queue[page], "the page has come off the wire")
        need(neg(post.filled[page, word]), "the word has not been copied yet")
        filled = m.but(postcopy=post.but(filled=post.filled.add((page, word))))
        if self.takes(m, page):
            return self.delivered(filled, page, word, self.carried(m, page, word))
        return filled

    def takes(self, m: X, page: int) -> bool:
        """The target lacks the page; one that it has is the guest's, and nothing that comes is written over it."""
        return m.postcopy.awaited[page]

    def carried(self, m: X, page: int, word: int) -> int:
        """What a page that was sent since the switch brings: what the source has, for it has not changed since."""
        return m.source.memory[page, word]

    @engine
    def place_page(self, m: X, page: Pfn) -> X:
        """The page is put in place as a whole, and whoever waits for it goes on."""
        post, words = m.postcopy, m.transfer.read.filled()
        need(post.queue[page], "the page has come off the wire")
        need(words.never(lambda w: neg(post.filled[page, w])), "every word has been copied")
        return m.but(
            postcopy=post.but(
                awaited=post.awaited.discard(page),
                waiting=post.waiting.discard(page),
                queue=post.queue.discard(page),
                filled=post.filled.where(lambda p, w: p == page, False),
            )
        )

    # the wire is lost, and found again

    @engine
    def lose_connection(self, m: X) -> X:
        """The connection breaks: what is on it is lost, and requests with it. The guest runs on with what it has."""
        need(m.postcopy.switched & m.hand_over.target_runs, "the guest runs at the target, since a switch to post-copy")
        need(m.postcopy.connected, "the wire is there")
        post = m.postcopy
        return m.but(
            postcopy=post.but(connected=False, on_wire=post.on_wire.cleared(), requested=post.requested.cleared())
        )

    @engine
    def recover(self, m: X) -> X:
        """Another connection: the target tells which pages it has, and asks anew for what is waited for.

        What it does not have the source owes again, sent or not (``ram_dirty_bitmap_reload``).
        """
        need(neg(m.postcopy.connected), "the wire was lost")
        post = m.postcopy
        return m.but(
            rounds=m.rounds.but(to_send=post.awaited),
            postcopy=post.but(connected=True, requested=post.waiting),
        )

    @invariant(Contract.TRANSPORT, "I-LIVE", goal=True)
    def a_page_that_is_awaited_is_owed_or_on_its_way(self, m: X, page: Pfn) -> bool:
        """So that no access waits for ever, as long as there is a wire."""
        post = m.postcopy
        comes = m.rounds.to_send[page] | post.on_wire[page] | post.queue[page]
        return implies(post.awaited[page] & post.connected, comes)

    @invariant(Contract.TRANSPORT, "I-LIVE", goal=True)
    def a_page_that_is_waited_for_has_been_asked_for_or_is_on_its_way(self, m: X, page: Pfn) -> bool:
        """It need not wait for the pages that are only pushed."""
        post = m.postcopy
        comes = post.requested[page] | post.on_wire[page] | post.queue[page]
        return implies(post.waiting[page] & post.connected, comes)

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
        """Nor is the wire lost: what can go wrong before is a matter of the hand-over."""
        post = m.postcopy
        asked = post.waiting[page] | post.requested[page]
        return implies(asked | post.queue[page] | post.filled[page, word] | neg(post.connected), m.phase == Phase.AFTER)

    @law(Contract.TRANSPORT, "I-ORDER")
    def what_comes_is_not_written_over_a_page_that_is_there(self, before: X, after: X, page: Pfn, word: Word) -> bool:
        """The guest may have stored to it since it came first."""
        comes = after.postcopy.filled[page, word] & neg(before.postcopy.filled[page, word])
        is_there = neg(before.postcopy.awaited[page])
        return implies(comes & is_there, before.target.memory[page, word] == after.target.memory[page, word])

    @law(Contract.TRANSPORT, "I-ORDER")
    def an_awaited_page_is_there_once_all_of_it_has_come(self, before: X, after: X, page: Pfn, word: Word) -> bool:
        """Until then no access gets at it."""
        is_there = before.postcopy.awaited[page] & neg(after.postcopy.awaited[page]) & after.postcopy.switched
        return implies(is_there, after.target.memory[page, word] == after.source.memory[page, word])
