"""A guest that is migrated again: each migration ends, and another is begun by the operator alone, where none runs."""

from typing import Any, cast

import pytest
from attrs import evolve

from proofs import rankings
from proofs.ending import ANOTHER, BEGINS, NOT_PUT_OFF, STAYS_ENDED
from proofs.rankings import ranking_of
from refmodel.compose import patched
from refmodel.handover.second_hop import SecondHop
from refmodel.language import engine, need
from refmodel.machines import machine
from refmodel.state import Phase
from tests.proofs.endings import unproved


@pytest.mark.parametrize("name", ["bare", "xen-2005", "remus"])
def test_each_migration_of_a_guest_that_is_migrated_again_ends(name: str) -> None:
    assert unproved(machine(f"{name}+second-hop")) == set()


class BeginsUnderWay(SecondHop[Any]):
    def may_begin(self, m: Any) -> bool:
        """An operator who has lost patience begins anew while rounds run."""
        return cast(bool, super().may_begin(m) | (m.phase == Phase.LIVE))


class Retries(SecondHop[Any]):
    @engine
    def retry(self, m: Any) -> Any:
        """What was given up is begun again, and nobody has asked for it."""
        need(m.phase == Phase.ABORTED, "the last migration has been given up")
        return self.begin(m)


@pytest.mark.parametrize(
    ("patch", "found"),
    [(BeginsUnderWay, {("begin", ANOTHER)}), (Retries, {("retry", BEGINS), ("retry", STAYS_ENDED)})],
)
def test_a_migration_that_is_begun_when_it_must_not_be_is_found(patch: type[Any], found: set[tuple[str, str]]) -> None:
    assert found <= unproved(patched("bare+second-hop", patch.__name__, patch)())


@pytest.mark.parametrize("name", ["bare", pytest.param("kvm-qemu", marks=pytest.mark.slow)])
def test_what_is_excepted_of_another_migration_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = machine(f"{name}+second-hop")
    bare = evolve(ranking_of(spec), again={}, delays={})
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    given_back = {("target_holds", NOT_PUT_OFF)} if "memory-slots" in spec.parts else set()
    again = {("begin", STAYS_ENDED), ("go_on_from_target", STAYS_ENDED), ("go_on_from_target", NOT_PUT_OFF)}
    assert unproved(spec) - given_back <= again
    assert {("begin", STAYS_ENDED), ("go_on_from_target", STAYS_ENDED), *given_back} <= unproved(spec)
