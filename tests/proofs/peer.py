"""A second, small specification: pages are lent to a reader and come back; proved by the same functions."""

from attrs import frozen

from refmodel.language import (
    Contract,
    Pfn,
    Set,
    Specification,
    State,
    engine,
    guest,
    implies,
    invariant,
    law,
    need,
    neg,
)


@frozen(slots=False)
class Shelf(State):
    lent: Set[Pfn]
    known: Set[Pfn]
    opened: bool


class Library(Specification[Shelf]):
    state = Shelf

    def initial(self, anything: Shelf) -> Shelf:
        return anything.but(lent=anything.lent.cleared(), known=anything.known.cleared(), opened=False)

    @engine
    def open(self, m: Shelf) -> Shelf:
        need(neg(m.opened), "the library is closed")
        return m.but(opened=True)

    @guest
    def lend(self, m: Shelf, page: Pfn) -> Shelf:
        need(m.opened, "the library is open")
        need(neg(m.lent[page]), "the page is on the shelf")
        return m.but(lent=m.lent.add(page), known=m.known.add(page))

    @guest
    def give_back(self, m: Shelf, page: Pfn) -> Shelf:
        need(m.lent[page], "the page has been lent")
        return m.but(lent=m.lent.discard(page))

    @invariant(Contract.ROUNDS, goal=True)
    def what_is_lent_is_known(self, m: Shelf, page: Pfn) -> bool:
        return implies(m.lent[page], m.known[page])

    @invariant(Contract.ROUNDS)
    def what_is_known_is_known_to_an_open_library(self, m: Shelf, page: Pfn) -> bool:
        return implies(m.known[page], m.opened)

    @law(Contract.ROUNDS)
    def a_closed_library_lends_nothing(self, before: Shelf, after: Shelf, page: Pfn) -> bool:
        return implies(neg(before.opened) & after.lent[page], before.lent[page])


class LendsInSecret(Library):
    def lend(self, m: Shelf, page: int) -> Shelf:
        return m.but(lent=m.lent.add(page))


class Contradictory(Library):
    @invariant(Contract.ROUNDS, goal=True)
    def nothing_is_ever_true(self, m: Shelf) -> bool:
        return m.opened & neg(m.opened)


class NeverLends(Library):
    def lend(self, m: Shelf, page: int) -> Shelf:
        need(m.opened & neg(m.opened), "the library is open and closed")
        return m
