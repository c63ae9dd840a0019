"""An enumeration of somebody's own may have the name of one of ours, of a sort, or of another of theirs."""

from enum import IntEnum
from typing import Any

import pytest
import z3
from attrs import frozen

from proofs.counterexample import Cell, explain
from proofs.cross_check import answer
from proofs.lifting.differential import Lifted
from proofs.lifting.terms import enum_sort
from proofs.obligations import Induction, Obligation
from proofs.smtlib import text
from proofs.solve import Options, Verdict, decide
from refmodel import state
from refmodel.language import Action, Contract, Set, Specification, State, guest, implies, invariant, sorts


class Phase(IntEnum):
    COLD = 0
    LIVE = 2


class Pfn(IntEnum):
    FIRST = 0


def _another(module: str) -> Any:
    class Phase(IntEnum):
        NOT_LIVE = 5

    Phase.__module__ = module
    return Phase


Again = _another(__name__)  # as when a file is loaded again
Dashed = _another("my-file")


@frozen(slots=False)
class Kettle(State):
    phase: state.Phase
    heat: Phase
    first: Pfn
    again: Again  # type: ignore[valid-type]
    dashed: Dashed  # type: ignore[valid-type]
    pages: Set[sorts.Pfn]


class Kettles(Specification[Kettle]):
    state = Kettle

    def initial(self, anything: Kettle) -> Kettle:
        return anything.but(phase=state.Phase.BEFORE, heat=Phase.COLD)

    @guest
    def warm(self, m: Kettle, page: sorts.Pfn) -> Kettle:
        return m.but(heat=Phase.LIVE, phase=state.Phase.LIVE, pages=m.pages.add(page))

    @invariant(Contract.PROMISE)
    def warm_is_live(self, m: Kettle, page: sorts.Pfn) -> bool:
        same = (m.first == Pfn.FIRST) & (m.again == Again.NOT_LIVE) & (m.dashed == Dashed.NOT_LIVE)
        return implies(m.heat == Phase.LIVE, (m.phase == state.Phase.LIVE) & same)

    @invariant(Contract.PROMISE)
    def it_stays_cold(self, m: Kettle, page: sorts.Pfn) -> bool:
        return implies(m.pages[page], m.heat == Phase.COLD)


def _obligations() -> dict[str, tuple[Obligation, Any]]:
    return {o.claim: (o, record.verdict) for o, record in decide(Induction(Kettles()).obligations("warm"), Options())}


def test_they_are_told_apart() -> None:
    decided = _obligations()
    assert decided["warm_is_live"][1] is Verdict.PROVED
    assert decided["it_stays_cold"][1] is Verdict.REFUTED


def test_a_counterexample_names_their_members() -> None:
    found = explain(_obligations()["it_stays_cold"][0], Options())
    assert found is not None
    assert Cell("heat", "COLD", "LIVE") in found.cells


def test_their_names_can_be_read_by_another_solver() -> None:
    pytest.importorskip("cvc5")
    for obligation, verdict in _obligations().values():
        script = text(obligation)
        assert "((tests.proofs.test_own_enumerations.Phase.COLD)" in script
        solver = z3.Solver(ctx=z3.Context())
        solver.from_string(script)
        assert str(solver.check()) == answer(script, 10) == ("unsat" if verdict is Verdict.PROVED else "sat")


def test_what_is_lifted_is_the_same_as_what_runs() -> None:
    spec, sizes = Kettles(), {"pfn": 2}
    m = spec.start(sizes).but(again=Again.NOT_LIVE, dashed=Dashed.NOT_LIVE)
    assert not list(Lifted(spec).of_state(sizes, m))
    assert Lifted(spec).of_action(sizes, m, Action("warm", (1,))) == ([], "warm/1")


def test_ours_have_names_that_need_no_module() -> None:
    assert [enum_sort(kind)[0].name() for kind in (state.Phase, state.Stage)] == ["Phase", "Stage"]
