"""A wire that is never stuck: what is relied on for that is needed, is shown, and holds in runs."""

from random import Random
from typing import Any

import pytest
from attrs import evolve

from proofs import rankings
from proofs.ending import RELIED_ON, Termination
from proofs.progress import NEVER_STUCK, Progress
from proofs.prove import prove_all
from proofs.rankings import ranking_of
from refmodel.compose import patched
from refmodel.machines import machine
from refmodel.migration import AnyMachine
from refmodel.search.find import GROWING
from refmodel.search.seed_space import seed_space, sizes_for
from refmodel.transport.channels import ParallelChannels
from refmodel.transport.fifo import FifoWire
from tests.search.walks import reached

WIRES = ["kvm-qemu-multifd", "kvm-qemu-xbzrle"]


def unproved(spec: AnyMachine) -> set[tuple[str, str]]:
    report = prove_all(spec, chapters=(Termination(spec), Progress(spec)))
    return {(record.step, record.claim) for _, record in report.not_proved}


@pytest.mark.parametrize("name", [WIRES[0], pytest.param(WIRES[1], marks=pytest.mark.slow)])
def test_without_what_it_relies_on_the_engine_may_be_stuck(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = evolve(ranking_of(machine(name)), relies_on=None)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    assert unproved(machine(name)) == {("engine", NEVER_STUCK)}


@pytest.mark.slow
def test_that_a_queue_has_a_first_record_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = evolve(ranking_of(machine("kvm-qemu-xbzrle")), finitely=lambda m: True)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: bare)
    assert unproved(machine("kvm-qemu-xbzrle")) == {("engine", NEVER_STUCK)}


class ForgetsTheHeader(FifoWire[Any]):
    def queued(self, m: Any, page: int, words: Any, value: int, is_whole: bool) -> Any:
        """A record does not say of which page it is."""
        after = super().queued(m, page, words, value, is_whole)
        return after.but(fifo=after.fifo.but(pages=after.fifo.pages.where(lambda k, p: k == m.fifo.tail, False)))


class WaitsForItself(FifoWire[Any]):
    def queued(self, m: Any, page: int, words: Any, value: int, is_whole: bool) -> Any:
        """A record counts as sent before itself, so that it is never the first."""
        after, tail = super().queued(m, page, words, value, is_whole), m.fifo.tail
        return after.but(fifo=after.fifo.but(earlier=after.fifo.earlier.add((tail, tail))))


class HandsOverNoPage(ParallelChannels[Any]):
    def transfer_done(self, m: Any) -> Any:
        """The channel is told of words, and not of their page."""
        after = super().transfer_done(m)
        return after.but(channels=after.channels.but(pages=after.channels.pages.cleared()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patch", "name", "step"),
    [
        (ForgetsTheHeader, "kvm-qemu-xbzrle", "transfer_read"),
        (WaitsForItself, "kvm-qemu-xbzrle", "transfer_read"),
        (HandsOverNoPage, "kvm-qemu-multifd", "transfer_done"),
    ],
)
def test_a_wire_that_keeps_a_record_for_ever_is_found(patch: type[Any], name: str, step: str) -> None:
    assert (step, RELIED_ON) in unproved(patched(name, patch.__name__, patch)())


@pytest.mark.parametrize(("part", "name"), [("channels", "kvm-qemu-multifd"), ("fifo-wire", "kvm-qemu-xbzrle")])
def test_what_is_relied_on_holds_in_runs(part: str, name: str) -> None:
    spec, random, ranking = machine(f"bare+{part}"), Random(name), ranking_of(machine(name))
    space = seed_space(spec, sizes_for(spec, {**GROWING[2], "word": 2, "place": 3, "chan": 2}))
    states = [state for _ in range(10) for state in reached(space, random, 60)]
    assert len(states) > 100
    assert ranking.relies_on is not None
    assert all(ranking.relies_on(state) and ranking.finitely(state) for state in states)
