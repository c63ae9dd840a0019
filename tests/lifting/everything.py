"""A machine that makes no sense and uses everything the language has, also what no real machine uses today."""

from enum import IntEnum

from attrs import frozen

from refmodel.language import (
    Contract,
    Count,
    Cpu,
    Flag,
    Map,
    Pfn,
    Set,
    Specification,
    State,
    Value,
    Vpn,
    Word,
    engine,
    guest,
    iff,
    implies,
    invariant,
    law,
    need,
    neg,
    operator,
    pick,
)


class Colour(IntEnum):
    """Values with a gap, so that a constant's place cannot pass for its value."""

    RED = 0
    BLUE = 3


@frozen(slots=False)
class Inner(State):
    chosen: Map[tuple[Cpu, Vpn], Pfn]
    seen: Set[tuple[Pfn, Word]]
    square: Map[tuple[Pfn, Pfn], Value]
    """Two keys of one sort, which Z3 cannot tell apart by their sorts when they are swapped."""


@frozen(slots=False)
class Thing(State):
    colour: Colour
    lit: bool
    page: Pfn
    left: Count
    ours: Set[Pfn]
    theirs: Set[Pfn]
    held: Map[Pfn, Value]
    kept: Map[Pfn, Value]
    inner: Inner


class Everything(Specification[Thing]):
    state = Thing

    def initial(self, anything: Thing) -> Thing:
        m = anything
        return m.but(
            colour=pick(m.lit, Colour.BLUE, Colour.RED),
            lit=neg(m.lit),
            ours=m.ours | m.theirs,
            theirs=m.theirs.where(lambda p: p == m.page, True),
        )

    @guest
    def choose(self, m: Thing, cpu: Cpu, vpn: Vpn, page: Pfn) -> Thing:
        need(m.left > 0, "some are left")
        chosen = m.inner.chosen.set((cpu, vpn), pick(m.ours[page], page, m.page))
        return m.but(left=m.left - 1, inner=m.inner.but(chosen=chosen))

    @guest
    def see(self, m: Thing, page: Pfn, word: Word, flag: Flag) -> Thing:
        need(iff(m.lit, flag), "the flag is the light")
        seen = m.inner.seen.where(lambda p, w: (p == page) & (w != word) & m.ours[p], flag)
        square = m.inner.square.set((page, m.page), m.held[page])
        return m.but(inner=m.inner.but(seen=seen.put((page, word), neg(m.ours[page])), square=square))

    @engine
    def join(self, m: Thing) -> Thing:
        need(neg(m.ours.is_full), "something is missing")
        return m.but(ours=m.ours | m.theirs, theirs=m.theirs.cleared())

    @engine
    def compare(self, m: Thing, page: Pfn) -> Thing:
        need(m.held.same(m.kept, lambda p: m.ours[p] | (p == page)), "what counts is the same")
        return m.but(kept=m.held, theirs=m.theirs.filled().discard(page), lit=m.held.same(m.kept))

    @engine
    def paint(self, m: Thing) -> Thing:
        need(m.ours.same(m.theirs) | (m.left > 1), "the sets are the same, or there is time")
        colour = pick(m.colour == Colour.RED, Colour.BLUE, Colour.RED)
        return m.but(colour=colour, lit=m.ours.is_empty, left=pick(m.lit, m.left, m.left - 1))

    @operator
    def nest(self, m: Thing, page: Pfn) -> Thing:
        """A predicate in a predicate."""
        above = m.ours.where(lambda p: m.theirs.never(lambda q: (m.held[q] == m.kept[p]) & (q != page)), False)
        if m.ours.never(lambda p: neg(m.theirs[p])):
            return m.but(ours=above)
        return m.but(theirs=above.add(page))

    @operator
    def sweep(self, m: Thing, page: Pfn, other: Pfn) -> Thing:
        """A predicate is about what its names stand for when it is given, not later."""
        at = page
        ours = m.ours.where(lambda p: p == at, False)
        at = other
        return m.but(ours=ours, page=at)

    @operator
    def take_turns(self, m: Thing, page: Pfn, value: Value) -> Thing:
        """Where the order of two updates counts."""
        held = m.held.set(page, value).set(m.page, m.held[page])
        return m.but(held=held, kept=held.set(page, held[m.page]), ours=m.ours.add(page).discard(m.page))

    @operator
    def make(self, m: Thing, page: Pfn) -> Thing:
        """Whole maps and sets made at once."""
        kept = m.kept.made(lambda p: pick(m.ours[p], m.held[p], m.kept[page]))
        seen = m.inner.seen.only(lambda p, w: m.ours[p] & (p != page))
        square = m.inner.square.made(lambda p, q: m.held[p])
        return m.but(kept=kept, ours=m.ours & m.theirs, inner=m.inner.but(seen=seen, square=square))

    @operator
    def part(self, m: Thing) -> Thing:
        """What is in one set and not in the other; and a number reckoned from the left."""
        return m.but(ours=m.ours - m.theirs, theirs=m.theirs - m.ours, left=2 - (1 + m.left))

    @operator
    def count(self, m: Thing, page: Pfn) -> Thing:
        """Members are counted, before and after; what is decided by their number is decided so in both readings."""
        fewer = m.ours.discard(page)
        need(fewer.size < m.left + 2, "there are not too many")
        if m.theirs.size >= 2:
            return m.but(left=m.left + fewer.size)
        return m.but(ours=fewer, left=m.ours.size - fewer.size)

    @operator
    def count_pairs(self, m: Thing, word: Word) -> Thing:
        """The members of a set of pairs."""
        return m.but(left=m.inner.seen.where(lambda p, w: w == word, True).size)

    @operator
    def reset(self, m: Thing) -> Thing:
        """Anywhere."""
        return m.but(left=3, ours=m.ours.cleared(), held=m.kept)

    @invariant(Contract.PROMISE)
    def ours_or_lit(self, m: Thing, page: Pfn, flag: Flag) -> bool:
        return implies(m.ours[page], iff(flag, m.lit) | (m.left > 1))

    @invariant(Contract.PROMISE)
    def a_row_of_the_square_is_what_is_held(self, m: Thing, page: Pfn, other: Pfn) -> bool:
        return pick(m.lit, m.inner.square[page, other] == m.held[page], m.colour != Colour.BLUE)

    @invariant(Contract.PROMISE)
    def what_is_seen_is_held(self, m: Thing) -> bool:
        return m.inner.seen.never(lambda p, w: m.theirs.never(lambda q: m.held[p] == m.kept[q]))

    @law(Contract.PROMISE)
    def colours_change_only_with_the_light(self, before: Thing, after: Thing, page: Pfn) -> bool:
        return iff(before.colour == after.colour, before.lit != after.lit) | neg(before.held.same(after.held))
