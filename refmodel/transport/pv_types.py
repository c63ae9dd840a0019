"""A paravirtual guest has pages typed as tables and gives them up again, while a migration runs.

Either changes what the frame holds, or how it has to be read, and so it is a store like any other: Xen marks a page
dirty when it is pinned, when it is unpinned, and when its type goes (``do_mmuext_op``, ``free_page_type`` [D]).
"""

from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Contract, Pfn, Sizes, Value, Word, guest, iff, implies, invariant, need, neg
from refmodel.rounds.deferred import DeferredPages
from refmodel.state import Stage
from refmodel.transport.pv_state import P

__all__ = ["PvTypes"]


class PvTypes(DeferredPages[P], HandOverSteps[P]):
    """Which pages are tables, and what the hypervisor lets them hold."""

    def initial(self, anything: P) -> P:
        """No page is a table yet; pages have frames of their own, on either side, and all else is no page."""
        m = super().initial(anything)
        names = m.names
        pages = names.pages.only(lambda v: names.pages[v] & self.is_page(m, v))
        types = m.types.but(
            tables=m.types.tables.cleared(), sent=m.types.sent.cleared(), pinned=m.types.pinned.cleared()
        )
        return m.but(names=names.but(pages=pages), types=types)

    def is_page(self, m: P, number: int) -> bool:
        """P2M says no frame of two pages. The target's tables are its own: it has just filled them in, and they
        agree."""
        names = m.names
        return (names.behind[names.p2m[number]] == number) & (names.their_m2p[names.their_p2m[number]] == number)

    def start(self, sizes: Sizes) -> P:
        """The first two frames are each behind the other's page. Of the third M2P says something else than P2M."""
        m = super().start(sizes)
        values = sizes["value"]
        several, third = min(2, values), min(3, values)
        exchanged = m.names.p2m.made(lambda v: (v + 1) % several if v < several else v)
        m2p = exchanged.set(2, 0) if values > 2 else exchanged
        names = m.names.but(
            p2m=exchanged,
            m2p=m2p,
            behind=exchanged,
            their_p2m=m.names.p2m.made(lambda v: (v + 1) % third if v < third else v),
            their_m2p=m.names.p2m.made(lambda v: (v - 1) % third if v < third else v),
            pages=m.names.pages.filled(),
        )
        return m.but(names=names)

    def stored(self, m: P, page: int, word: int, value: int) -> P:
        """What is stored to a table is looked at first."""
        need(neg(m.types.tables[page]) | m.names.pages[value], "a table names frames of the guest's own alone")
        return super().stored(m, page, word, value)

    @guest
    def pin_table(self, m: P, page: Pfn) -> P:
        """The guest turns a page into a table: frames' numbers take the place of pages', and the page is typed.

        One step, as nothing of the guest runs in between where it could be suspended.
        """
        need(self.runs(m), "the source runs")
        need(neg(m.types.tables[page]), "the page is not a table")
        words, memory = m.transfer.read.filled(), m.source.memory
        need(words.never(lambda w: neg(m.names.pages[memory[page, w]])), "it names frames of the guest's own alone")
        return self.retyped(m, page, True)

    @guest
    def unpin_table(self, m: P, page: Pfn) -> P:
        """The guest gives a table up, and has its page for something else."""
        need(self.runs(m), "the source runs")
        need(m.types.tables[page], "the page is a table")
        return self.retyped(m, page, False)

    def retyped(self, m: P, page: int, is_table: bool) -> P:
        """The page has another type, and is marked."""
        types = m.types.but(tables=m.types.tables.put(page, is_table))
        return self.marked(m.but(types=types), page)

    def cleared(self, m: P, page: int) -> P:
        """The page's type is asked for when nothing marks the page any more: what changes after that marks it again."""
        return self.type_asked(super().cleared(m, page), page)

    def type_asked(self, m: P, page: int) -> P:
        """What the engine takes the page for from now on."""
        return m.but(types=m.types.but(asked=m.types.tables[page]))

    @invariant(Contract.LOGGING, "I-LOG", "I-NORM", export=True)
    def a_type_that_is_not_what_was_sent_is_noted(self, m: P, page: Pfn) -> bool:
        """No change of a type escapes."""
        same = iff(m.types.tables[page], m.types.sent[page])
        return implies(self.is_under_way(m) & self.matters(m, page), same | m.ghost.noted[page] | self.in_hand(m, page))

    @invariant(Contract.LOGGING, "I-LOG", "I-NORM", goal=True)
    def a_type_that_has_changed_since_it_was_asked_for_is_noted(self, m: P) -> bool:
        """So what was read by the type that it had will be sent again."""
        page = m.transfer.page
        in_hand = self.is_under_way(m) & (m.transfer.stage != Stage.IDLE)
        return implies(in_hand, iff(m.types.tables[page], m.types.asked) | m.ghost.noted[page])

    @invariant(Contract.LOGGING, "I-NORM")
    def a_table_names_pages_of_the_guests_alone(self, m: P, page: Pfn, word: Word) -> bool:
        """The hypervisor sees to it, when it types a page and at each store."""
        return implies(m.types.tables[page], m.names.pages[m.source.memory[page, word]])

    @invariant(Contract.LOGGING, "I-NORM")
    def a_page_of_the_guests_has_a_frame_of_its_own(self, m: P, number: Value) -> bool:
        """On either side."""
        return implies(m.names.pages[number], self.is_page(m, number))
