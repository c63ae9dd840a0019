"""Paging on demand: how pages that the target has dropped get there while the guest runs on them (QEMU's post-copy).

The source sends what it owes in any order (pushes), but what the guest waits for first (replies). An access to a page
that is not there faults and waits; a page is put together beside the guest's memory, word by word, and put in place at
once (``UFFDIO_COPY``), so that no access sees half of it. The source does not run any more: its pages are frozen, and
one that was sent is not sent again. Only after the wire was lost the target tells which pages it has, and all others
are sent anew. Some of those may have come off the old wire in time: then a page comes twice, the guest may have stored
to it in between, and the second copy is thrown away (``EEXIST``).
"""

from refmodel.handover.failures import Failures
from refmodel.handover.postcopy_state import PostCopied, X
from refmodel.language import Pfn, Value, Vpn, Word, engine, guest, need, neg, operator, pick

__all__ = ["DemandPaging"]


class DemandPaging(Failures[X]):
    """A page's way: owed by the source, on the wire, off it in the target's queue, in place."""

    def initial(self, anything: X) -> X:
        """No page is on its way, and none is waited for."""
        return self.without_demand(super().initial(anything))

    def without_demand(self, m: X) -> X:
        """No switch has been made, or all that was owed since is there."""
        post = m.postcopy
        return m.but(
            postcopy=post.but(
                switched=False,
                told=post.told.cleared(),
                awaited=post.awaited.cleared(),
                waiting=post.waiting.cleared(),
                requested=post.requested.cleared(),
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
        requested = post.requested.put(page, post.requested[page] | neg(m.failed.wire))
        return m.but(postcopy=post.but(waiting=post.waiting.add(page), requested=requested))

    # the source sends

    @engine
    def reply(self, m: X, page: Pfn) -> X:
        """A page that was asked for is sent, unless it has been: then it is on its way (``get_queued_page``)."""
        need(neg(m.failed.wire), "the wire is there")
        need(m.postcopy.requested[page], "the target has asked for the page")
        if m.rounds.to_send[page]:
            return self.gone(m, page)
        return m.but(postcopy=self.answered(m, page))

    @engine
    def push(self, m: X, page: Pfn) -> X:
        """While nothing is asked for, the source goes on with what it owes."""
        need(m.postcopy.switched & neg(m.failed.wire), "the wire is there, since a switch to post-copy")
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
    def drop_page(self, m: X, page: Pfn, value: Value) -> X:
        """The target drops a page that it was told to drop: what is there then is nothing that the guest has stored.

        It does so before the guest runs there; as nobody can tell, here it is any time before something comes.
        """
        need(m.hand_over.target_runs, "the target runs")
        need(m.postcopy.told[page], "the target has been told to drop the page")
        held = m.target.memory
        return m.but(
            target=m.target.but(memory=held.made(lambda p, w: pick(p == page, value, held[p, w]))),
            postcopy=m.postcopy.but(told=m.postcopy.told.discard(page)),
        )

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
        need(m.hand_over.target_runs, "the target runs")
        need(post.queue[page], "the page has come off the wire")
        need(neg(post.told[page]), "what the page held has been dropped")
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
        need(m.hand_over.target_runs, "the target runs")
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

    def arrives(self, m: X, page: int) -> bool:
        """What has come off the wire is put in place, whatever becomes of the wire."""
        return super().arrives(m, page) | m.postcopy.queue[page]

    @engine
    def end_postcopy(self, m: X) -> X:
        """The source has said that it owes nothing more, and all that came before that is in place."""
        post = m.postcopy
        need(post.switched & m.hand_over.target_runs, "the guest runs at the target, since a switch to post-copy")
        need(neg(m.failed.wire), "the wire is there")
        need(m.rounds.to_send.is_empty, "the source owes nothing")
        need(post.on_wire.is_empty & post.queue.is_empty, "all that was sent is in place")
        need(post.told.is_empty, "what was to be dropped has been")
        return self.without_demand(m)

    # the wire is lost, and found again

    def cut(self, m: X) -> X:
        """What is on the wire is lost, and requests with it. The guest runs on with what it has."""
        after = super().cut(m)
        post = after.postcopy
        return after.but(postcopy=post.but(on_wire=post.on_wire.cleared(), requested=post.requested.cleared()))

    @operator
    def recover(self, m: X) -> X:
        """Another connection: the target tells which pages it has, and asks anew for what is waited for.

        What it does not have the source owes again, sent or not (``ram_dirty_bitmap_reload``).
        """
        post = m.postcopy
        need(post.switched & m.hand_over.target_runs, "the guest runs at the target, since a switch to post-copy")
        need(m.failed.wire & neg(m.failed.source), "the wire was lost, and the source is there")
        need(m.hand_over.source_kept, "the source's image is still there")
        need(neg(post.awaited.is_empty), "the target lacks pages")
        return m.but(
            failed=m.failed.but(wire=False),
            rounds=m.rounds.but(to_send=post.awaited),
            postcopy=post.but(requested=post.waiting),
        )
