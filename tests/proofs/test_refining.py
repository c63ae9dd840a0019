"""What the refinement and the check take for a verdict, and what not."""

from typing import Any

import pytest

from proofs import checked, refining
from proofs.checked import verdict_of
from proofs.refining import Refinement
from proofs.solve import Verdict
from refmodel.language import need
from refmodel.machines import machine
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
