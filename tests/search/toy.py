"""Small machines of which everything is known."""

from attrs import frozen

from refmodel.language import (
    Contract,
    Count,
    Map,
    Pfn,
    Set,
    Specification,
    State,
    Value,
    engine,
    guest,
    invariant,
    law,
    need,
)


@frozen(slots=False)
class Lamps(State):
    lit: Set[Pfn]
    colour: Map[Pfn, Value]


class Switches(Specification[Lamps]):
    """Lamps are switched on one by one, in any order; a lit one is painted."""

    state = Lamps

    def initial(self, anything: Lamps) -> Lamps:
        return anything.but(lit=anything.lit.cleared())

    @guest
    def switch_on(self, m: Lamps, lamp: Pfn) -> Lamps:
        need(not m.lit[lamp], "the lamp is off")
        return m.but(lit=m.lit.add(lamp))

    @engine
    def paint(self, m: Lamps, lamp: Pfn, colour: Value) -> Lamps:
        need(m.lit[lamp], "the lamp is on")
        return m.but(colour=m.colour.set(lamp, colour))


class NeverAllLit(Switches):
    """Claims too much: two lamps, then the third, break it."""

    @invariant(Contract.LOGGING, goal=True)
    def some_lamp_is_off(self, m: Lamps) -> bool:
        return not m.lit.is_full


class NeverRepainted(Switches):
    """Claims too much of a step."""

    @law(Contract.LOGGING)
    def a_painted_lamp_keeps_its_colour(self, before: Lamps, after: Lamps, lamp: Pfn) -> bool:
        return before.colour[lamp] == 0 or before.colour[lamp] == after.colour[lamp]


class DarkFromTheStart(Switches):
    """Broken before any step."""

    @invariant(Contract.LOGGING)
    def some_lamp_is_lit(self, m: Lamps) -> bool:
        return not m.lit.is_empty


class FavoursTheFirst(Switches):
    """Treats lamp 0 unlike the others."""

    @guest
    def switch_on(self, m: Lamps, lamp: Pfn) -> Lamps:
        need(lamp != 0, "it is not the first")
        return super().switch_on(m, lamp)


class PaintsTheFirst(Switches):
    """The same, in what a step does."""

    @engine
    def paint(self, m: Lamps, lamp: Pfn, colour: Value) -> Lamps:
        return super().paint(m, lamp, 0 if lamp == 0 else colour)


class ClaimsOfTheFirst(Switches):
    """The same, in a claim about states."""

    @invariant(Contract.LOGGING)
    def the_first_is_off(self, m: Lamps) -> bool:
        return not m.lit[0]


class ClaimsOfTheFirstStep(Switches):
    """The same, in a claim about steps."""

    @law(Contract.LOGGING)
    def the_first_stays_off(self, before: Lamps, after: Lamps) -> bool:
        return not after.lit[0] or before.lit[0]


@frozen(slots=False)
class Ticks(State):
    left: Count


class Clock(Specification[Ticks]):
    """One leaf only: counts down."""

    state = Ticks

    def initial(self, anything: Ticks) -> Ticks:
        return anything

    @engine
    def tick(self, m: Ticks) -> Ticks:
        need(m.left > 0, "time is left")
        return m.but(left=m.left - 1)
