"""Proofs of nothing are found out, and an invariant that nothing needs is called dead weight."""

from typing import Any

import pytest

from proofs.necessity import Reason, breaks, reasons
from proofs.prove import prove_all
from proofs.solve import Options
from proofs.vacuity import BEGUN, CAN_BE_TAKEN, EXISTS, Witnesses, contradiction
from refmodel.language import Contract, Pfn, implies, invariant, need
from refmodel.promise import Promise
from refmodel.seed import Bare, Seed
from refmodel.variants import VARIANTS
from tests.proofs.peer import Contradictory, LendsInSecret, Library, NeverLends, Shelf


def test_an_invariant_that_is_false_makes_everything_vacuous() -> None:
    failures = {(r.step, r.claim) for _, r in prove_all(Contradictory()).not_proved}
    assert ("initial", EXISTS) in failures
    assert {(step, CAN_BE_TAKEN) for step in Library().steps} <= failures


def test_the_contradiction_is_named() -> None:
    [obligation] = Witnesses(Contradictory()).obligations("open")
    assert contradiction(obligation) == ["nothing_is_ever_true"]


def test_a_step_that_can_never_be_taken_is_vacuous() -> None:
    failures = {(r.step, r.claim) for _, r in prove_all(NeverLends()).not_proved}
    assert failures == {("lend", CAN_BE_TAKEN)}


class FlushesNothing(Bare):
    def guest_flush(self, m: Any, cpu: int, vpn: int) -> Any:
        """Nor is it noted that the guest has flushed: no claim is broken."""
        need(m.cpus.present[cpu, vpn], "there is something to flush")
        return m.but(cpus=m.cpus.but(present=m.cpus.present))


def test_a_step_that_changes_nothing_is_none() -> None:
    failures = {(r.step, r.claim, r.note) for _, r in prove_all(FlushesNothing()).not_proved}
    assert failures == {("guest_flush", CAN_BE_TAKEN, "no path changes anything")}


class BeginsNothing(Bare):
    def begin(self, m: Any) -> Any:
        return m


class NeverBegins(Bare):
    def may_begin(self, m: Any) -> Any:
        """The log is full, which it is not at first, and a machine without a migration does not fill it."""
        return super().may_begin(m) & m.log.dirty.is_full


@pytest.mark.parametrize("spec", [BeginsNothing(), NeverBegins()])
def test_a_migration_that_never_begins_is_no_right_one(spec: Bare) -> None:
    failures = {(r.step, r.claim) for _, r in prove_all(spec).not_proved}
    assert failures - {("begin", CAN_BE_TAKEN)} == {("initial", BEGUN)}
    assert contradiction(list(Witnesses(spec).obligations("initial"))[1])


class WithDeadWeight(Library):
    @invariant(Contract.ROUNDS)
    def a_page_is_lent_or_not(self, m: Shelf, page: Pfn) -> bool:
        return implies(m.lent[page], m.lent[page])


def test_an_invariant_that_nothing_needs_is_dead_weight() -> None:
    found = {reason.invariant: reason for reason in reasons(WithDeadWeight(), {})}
    assert found["a_page_is_lent_or_not"].is_dead_weight
    assert not found["what_is_lent_is_known"].is_dead_weight


def test_an_invariant_that_alone_sees_a_bug_is_not_dead_weight() -> None:
    assert breaks(LendsInSecret(), Options()) == {"what_is_lent_is_known", "a_closed_library_lends_nothing"}
    assert not Reason("seen", sees=("bug",)).is_dead_weight


def test_every_invariant_of_the_promise_has_a_reason() -> None:
    assert [r.invariant for r in reasons(Promise(), {}) if r.is_dead_weight] == []


@pytest.mark.slow
def test_every_invariant_of_the_machine_has_a_reason() -> None:
    wrong = {name: variant.spec() for name, variant in VARIANTS.items() if not variant.sound}
    assert [r.invariant for r in reasons(Seed(), wrong) if r.is_dead_weight] == []
