"""What the refinement and the check take for a verdict, and what not."""

from typing import Any, ClassVar

import pytest

from proofs import checked, refining
from proofs.checked import verdict_of
from proofs.prove import prove_all
from proofs.refining import ALLOWED, REACHED, Refinement
from proofs.solve import Verdict
from refmodel.language import Action, Cpu, Value, Vpn, Word, engine, guest, need
from refmodel.machines import machine
from refmodel.refinement import abstraction
from refmodel.schedules.replay import Watch
from refmodel.seed import Seed


@pytest.mark.parametrize("told", ["witness", "abstraction"])
def test_a_witness_or_an_abstraction_may_not_be_refused(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chapter, right = Refinement(machine("seed")), getattr(refining, told)
    assert len(list(chapter.obligations("commit"))) > 1

    def refused(spec: Any, m: Any, *action: Any) -> Any:
        need(m.hand_over.configured, "a guard of its own")
        return right(spec, m, *action)

    refused.__name__ = told
    monkeypatch.setattr(refining, told, refused)
    with pytest.raises(TypeError, match=f"{told} needs that a guard of its own: only steps may be refused"):
        list(chapter.obligations("activate"))


def test_what_is_left_open_is_neither_proved_nor_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict_of(Seed()) is Verdict.PROVED

    class Left:
        is_proved = False

    monkeypatch.setattr(checked, "prove_all", lambda *given, **more: Left())
    assert verdict_of(Seed()) is Verdict.UNKNOWN


class Twice(Seed):
    @guest
    def store_twice(self, m: Any, cpu: Cpu, vpn: Vpn, word: Word, other: Word, value: Value) -> Any:
        """Two of the promise's stores at once."""
        return self.guest_store(self.guest_store(m, cpu, vpn, word, value), cpu, vpn, other, value)


class ByTheEngine(Seed):
    witnesses: ClassVar = {"store_twice": lambda *given: _both(*given)}

    @engine
    def store_twice(self, m: Any, cpu: Cpu, vpn: Vpn, word: Word, other: Word, value: Value) -> Any:
        """The same, by somebody who must not."""
        return Twice.store_twice(self, m, cpu, vpn, word, other, value)  # type: ignore[arg-type]


def _both(spec: Any, m: Any, cpu: int, vpn: int, word: int, other: int, value: int) -> list[Action]:
    return [Action("store", (m.cpus.frame[cpu, vpn], each, value)) for each in (word, other)]


class ToldTwice(Twice):
    witnesses: ClassVar = {"store_twice": _both}


class ToldOnce(Twice):
    witnesses: ClassVar = {"store_twice": lambda *given: _both(*given)[:1]}


class Misspelt(Twice):
    witnesses: ClassVar = {"store_twice": lambda *given: [Action("stoer", ())]}


def _refuted(spec: Seed) -> set[tuple[str, str]]:
    report = prove_all(spec, chapters=(Refinement(spec),), only=["store_twice"])
    return {(record.claim, record.note) for _, record in report.not_proved}


def test_a_step_of_ones_own_says_which_steps_of_the_promise_it_is() -> None:
    assert _refuted(ToldTwice()) == set()
    assert _refuted(Twice()) == _refuted(ToldOnce()) == {(REACHED, "")}
    with pytest.raises(TypeError, match="store_twice is said to be 'stoer', which is no step of the promise"):
        _refuted(Misspelt())


def test_the_engine_cannot_do_what_the_guest_does() -> None:
    note = "store of the promise is the guest's, and this step the engine's"
    assert _refuted(ByTheEngine()) == {(ALLOWED, note)}


def test_the_guest_does_not_notice_what_it_did_itself() -> None:
    sizes = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 2, "value": 2}
    for spec, notices in ((ToldTwice(), False), (Twice(), True)):
        before = spec.start(sizes)
        for setup in (Action("guest_map", (0, 0, True, False)), Action("mmu_walk", (0, 0))):
            before = spec.take(before, setup)
        action = Action("store_twice", (0, 0, 0, 1, 1))
        watch = Watch(spec, before)
        assert watch.ledger == abstraction(spec, before)
        assert (watch.step(before, action, spec.take(before, action)) is not None) == notices
