"""Page tables of a paravirtual guest: sent with pages' numbers in place of frames', and pinned when all has arrived.

Xen's ``normalise_pagetable`` [D] looks every frame up in M2P, and takes no answer that P2M does not bear out
(``mfn_in_pseudophysmap``). It works under the running guest: a table may be given up and used for something else while
it is read, and then there is no sense in it. In a live round the page is put off to the last one (``a335a58e75`` [C]);
in the last round nothing moves, and it is an error, so that the migration has to be given up.

The target puts its own frames in (``localise_pagetable``). It pins the tables when everything is there; what was not
pinned is a page like any other to the hypervisor, and to the guest's tables' reader full of numbers that mean nothing.
"""

from refmodel.language import Contract, Pfn, Word, engine, iff, implies, invariant, law, need, neg, pick
from refmodel.state import Phase, Stage
from refmodel.transport.pv_state import P
from refmodel.transport.pv_types import PvTypes

__all__ = ["PvTables"]


class PvTables(PvTypes[P]):
    """What is read of a table is normalised, and what arrives localised."""

    # the sender

    def frame_holds(self, m: P, page: int, word: int) -> int:
        """What the engine finds where it reads."""
        value = m.source.memory[page, word]
        return m.names.p2m[value] if m.types.tables[page] else value

    def is_normal(self, m: P, page: int, word: int) -> bool:
        """M2P says which page the frame is behind, P2M says so too, and the page is the guest's."""
        names, frame = m.names, self.frame_holds(m, page, word)
        number = names.m2p[frame]
        return names.pages[number] & (names.p2m[number] == frame)

    def normalised(self, m: P, frame: int) -> int:
        """What is sent in the frame's place."""
        return m.names.m2p[frame]

    def sent(self, m: P, page: int, word: int) -> P:
        """A word of what was a table when that was asked for is normalised; the type travels with it."""
        need(neg(m.types.asked) | self.is_normal(m, page, word), "the entry can be normalised")
        after = super().sent(m, page, word)
        return after.but(types=after.types.but(sent=after.types.sent.put(page, m.types.asked)))

    def arriving(self, m: P, page: int, word: int) -> int:
        """What the target's guest will read there: what it holds is the frame's number, if it came as a table's."""
        frame = self.frame_holds(m, page, word)
        return self.delocalised(m, self.localised(m, self.normalised(m, frame))) if m.types.asked else frame

    def copied(self, m: P, page: int, word: int) -> P:
        """What counts as read is what was sent."""
        copied = m.ghost.copied.set((page, word), self.arriving(m, page, word))
        return m.but(ghost=m.ghost.but(copied=copied))

    def handed(self, m: P, page: int, word: int, value: int) -> P:
        """And that is what the wire is handed."""
        return super().handed(m, page, word, self.arriving(m, page, word))

    @engine
    def normalise_fails(self, m: P, word: Word) -> P:
        """The page in hand makes no sense as a table: it is put off, however much of it has been sent."""
        need(m.phase == Phase.LIVE, "the guest runs: in the last round this is an error")
        self.need_nonsense(m, word)
        return self.put_off(m, m.transfer.page)

    def need_nonsense(self, m: P, word: int) -> None:
        """The word in hand cannot be normalised."""
        need(m.transfer.stage == Stage.READING, "nothing can write the page unseen")
        need(m.types.asked & neg(m.transfer.read[word]), "a word of a table is to be read")
        need(neg(self.is_normal(m, m.transfer.page, word)), "the entry cannot be normalised")

    def put_off(self, m: P, page: int) -> P:
        """The last round owes the page."""
        noted = m.ghost.noted.add(page)
        return m.but(deferred=m.deferred.add(page), transfer=self.idle(m), ghost=m.ghost.but(noted=noted))

    # the receiver

    def localised(self, m: P, number: int) -> int:
        """The target's frame for a page's number."""
        return m.names.their_p2m[number]

    def delocalised(self, m: P, frame: int) -> int:
        """What a frame's number in a pinned table means to the target's guest."""
        return m.names.their_m2p[frame]

    @engine
    def pin_at_target(self, m: P, page: Pfn) -> P:
        """All has arrived: a page that came as a table is pinned."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need((m.transfer.stage == Stage.IDLE) & m.rounds.to_send.is_empty, "every page has been sent")
        need(m.types.sent[page] & neg(m.types.pinned[page]), "a table that is not pinned yet")
        return m.but(types=m.types.but(pinned=m.types.pinned.add(page)))

    def is_pinned(self, m: P) -> bool:
        """Every table is."""
        return m.types.sent.never(lambda p: neg(m.types.pinned[p]))

    def is_settled(self, m: P) -> bool:
        """The target says that it has everything when all tables are pinned."""
        return super().is_settled(m) & self.is_pinned(m)

    def commit(self, m: P) -> P:
        """From now on it counts what the target's guest can make of its memory: in no table that was not pinned does a
        frame's number mean a page."""
        after, types, held = super().commit(m), m.types, m.target.memory
        seen = held.made(
            lambda p, w: pick(types.sent[p] & neg(types.pinned[p]), m.names.their_p2m[held[p, w]], held[p, w])
        )
        return after.but(target=after.target.but(memory=seen))

    def begin(self, m: P) -> P:
        """Another migration finds another target."""
        after = super().begin(m)
        types = after.types
        return after.but(types=types.but(sent=types.sent.cleared(), pinned=types.pinned.cleared()))

    @invariant(Contract.TRANSPORT, "I-NORM")
    def the_type_travels_with_the_first_word(self, m: P, word: Word) -> bool:
        """It is the one by which the words are read."""
        return implies(m.transfer.read[word], iff(m.types.sent[m.transfer.page], m.types.asked))

    @law(Contract.TRANSPORT, "I-NORM")
    def what_is_read_by_the_type_that_a_page_has_is_what_the_guest_means(
        self, before: P, after: P, page: Pfn, word: Word
    ) -> bool:
        """A table's words go in canonical form, and arrive as they were meant; what was read by a type that the page
        has no more may be anything."""
        read = self.in_hand(before, page) & after.transfer.read[word] & neg(before.transfer.read[word])
        is_of_its_type = iff(before.types.asked, before.types.tables[page])
        return implies(read & is_of_its_type, after.ghost.copied[page, word] == before.source.memory[page, word])

    @invariant(Contract.HAND_OVER, "I-NORM")
    def tables_are_pinned_when_every_page_has_been_sent(self, m: P, page: Pfn, other: Pfn) -> bool:
        """So that none changes its type after that."""
        over = (m.phase == Phase.STOP_AND_COPY) & (m.transfer.stage == Stage.IDLE) & neg(m.rounds.to_send[other])
        ended = self.is_committed(m) | (m.phase == Phase.AFTER) | (m.phase == Phase.ABORTED)
        return implies(m.types.pinned[page], m.types.sent[page] & (over | ended))

    @invariant(Contract.HAND_OVER, "I-NORM", export=True)
    def at_the_commit_what_came_as_a_table_is_pinned(self, m: P, page: Pfn) -> bool:
        """The last page too."""
        return implies(self.is_committed(m) & m.types.sent[page], m.types.pinned[page])

    @invariant(Contract.PROMISE, "R12", "I-NORM", goal=True)
    def at_cutover_the_same_pages_are_tables(self, m: P, page: Pfn) -> bool:
        """Those that the guest has pinned are pinned at the target, and no others."""
        settled = self.is_committed(m) & self.matters(m, page)
        return implies(settled, iff(m.types.tables[page], m.types.pinned[page]))

    @invariant(Contract.PROMISE, "R12", "I-NORM", goal=True)
    def at_cutover_the_targets_tables_name_its_frames_of_the_same_pages(self, m: P, page: Pfn, word: Word) -> bool:
        """What an entry holds at the target is the frame, there, of the page that the source's frame is behind."""
        names = m.names
        theirs = names.their_p2m[m.target.memory[page, word]]
        same_page = names.behind[names.p2m[m.source.memory[page, word]]]
        settled = self.is_committed(m) & m.types.tables[page] & self.matters(m, page)
        return implies(settled, theirs == names.their_p2m[same_page])
