"""Steps and claims are found by their marks; guards say what they need; a broken claim says where."""

import pytest
from attrs import frozen

from refmodel.language import (
    Action,
    Actor,
    Contract,
    Cpu,
    Flag,
    Pfn,
    Refused,
    Set,
    Sort,
    Specification,
    State,
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

SIZES = {"pfn": 3, "cpu": 2}


@frozen(slots=False)
class Bits(State):
    dirty: Set[Pfn]
    seen: Set[tuple[Cpu, Pfn]]


class Base(Specification[Bits]):
    state = Bits

    def initial(self, anything: Bits) -> Bits:
        return anything.but(dirty=anything.dirty.cleared())

    @guest
    def store(self, m: Bits, page: Pfn, cpu: Cpu) -> Bits:
        need(neg(m.dirty[page]), "the page is clean")
        return m.but(dirty=m.dirty.add(page), seen=m.seen.add((cpu, page)))

    @engine
    def harvest(self, m: Bits) -> Bits:
        return m.but(dirty=m.dirty.cleared())

    @invariant(Contract.LOGGING, "I-LOG", "R6", goal=True)
    def a_dirty_page_was_seen(self, m: Bits, page: Pfn, cpu: Cpu) -> bool:
        return implies(m.dirty[page], m.seen[cpu, page])

    @law(Contract.ROUNDS, "I-CONS")
    def what_was_seen_stays_seen(self, before: Bits, after: Bits, page: Pfn, cpu: Cpu) -> bool:
        return implies(before.seen[cpu, page], after.seen[cpu, page])


class Machine(Base):
    @operator
    def toggle(self, m: Bits, on: Flag) -> Bits:
        return m

    def harvest(self, m: Bits) -> Bits:
        return m.but(dirty=m.dirty.cleared(), seen=m.seen.cleared())

    @invariant(Contract.ROUNDS)
    def something_is_clean(self, m: Bits) -> bool:
        return neg(m.dirty.is_full)


SPEC = Machine()


def test_steps_are_found_in_order_of_declaration_with_actor_and_sorts() -> None:
    assert list(SPEC.steps) == ["store", "harvest", "toggle"]
    assert [step.actor for step in SPEC.steps.values()] == [Actor.GUEST, Actor.ENGINE, Actor.OPERATOR]
    assert SPEC.steps["store"].parameters == (("page", Sort("pfn")), ("cpu", Sort("cpu")))
    assert SPEC.steps["toggle"].parameters == (("on", Sort("flag")),)


def test_a_replaced_method_is_still_the_step_that_it_replaces() -> None:
    seen = SPEC.take(SPEC.start(SIZES), Action("store", (1, 0)))
    assert SPEC.take(seen, Action("harvest")).seen.is_empty
    assert not Base().take(seen, Action("harvest")).seen.is_empty


def test_claims_are_found_with_contract_tags_and_sentence() -> None:
    claim = SPEC.claims["a_dirty_page_was_seen"]
    assert (claim.contract, claim.tags, claim.goal, claim.of_steps) == (
        Contract.LOGGING,
        ("I-LOG", "R6"),
        True,
        False,
    )
    assert claim.sentence == "a dirty page was seen"
    assert [claim.name for claim in SPEC.invariants] == ["a_dirty_page_was_seen", "something_is_clean"]
    assert [claim.name for claim in SPEC.laws] == ["what_was_seen_stays_seen"]
    assert list(Base().claims) == ["a_dirty_page_was_seen", "what_was_seen_stays_seen"]


def test_the_start_is_the_initial_state_with_all_that_is_free_at_0() -> None:
    assert Machine().start(SIZES) == Bits(Set((3,), 0), Set((2, 3), 0))


def test_a_guard_that_does_not_hold_says_so_with_the_action() -> None:
    action = Action("store", (1, 0))
    dirty = SPEC.take(SPEC.start(SIZES), action)
    with pytest.raises(Refused) as refusal:
        SPEC.take(dirty, action)
    assert str(refusal.value) == "store(1, 0) refused: it needs that the page is clean"
    assert (refusal.value.guard, refusal.value.action) == ("the page is clean", action)


def test_a_guard_outside_an_action_says_what_it_needs() -> None:
    with pytest.raises(Refused, match="needs that it rains"):
        need(False, "it rains")
    need(True, "it rains")


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Action("harvest"), "harvest()"),
        (Action("store", (2, 1)), "store(2, 1)"),
        (Action("toggle", (True,)), "toggle(1)"),
    ],
)
def test_an_action_is_written_like_a_call_with_plain_numbers(action: Action, text: str) -> None:
    assert str(action) == text


def test_a_broken_invariant_says_the_first_place_where_it_fails() -> None:
    claim = SPEC.claims["a_dirty_page_was_seen"]
    state = SPEC.take(SPEC.start(SIZES), Action("store", (2, 0)))
    assert SPEC.broken(claim, SPEC.start(SIZES), SIZES) is None
    assert SPEC.broken(claim, state, SIZES) == (2, 1)


def test_a_broken_claim_without_parameters_fails_at_the_empty_place() -> None:
    claim = SPEC.claims["something_is_clean"]
    start = SPEC.start(SIZES)
    assert SPEC.broken(claim, start, SIZES) is None
    assert SPEC.broken(claim, start.but(dirty=start.dirty.filled()), SIZES) == ()


def test_a_broken_law_is_about_the_state_before_and_the_state_after() -> None:
    claim = SPEC.claims["what_was_seen_stays_seen"]
    seen = SPEC.take(SPEC.start(SIZES), Action("store", (1, 0)))
    assert SPEC.broken(claim, seen, SIZES, before=SPEC.start(SIZES)) is None
    assert SPEC.broken(claim, SPEC.start(SIZES), SIZES, before=seen) == (1, 0)


def test_connectives_on_bools_are_the_usual_ones() -> None:
    both = [(x, y) for x in (False, True) for y in (False, True)]
    assert [neg(x) for x in (False, True)] == [True, False]
    assert [implies(x, y) for x, y in both] == [True, True, False, True]
    assert [iff(x, y) for x, y in both] == [True, False, False, True]
    assert [pick(x, "yes", "no") for x in (False, True)] == ["no", "yes"]
