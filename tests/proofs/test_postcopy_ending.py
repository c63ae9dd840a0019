"""Post-copy ends: what is excepted from that is needed, and a machine that waits for ever is found waiting."""

from typing import Any

import pytest
from attrs import evolve

from proofs import rankings
from proofs.ending import Termination
from proofs.progress import Progress
from proofs.prove import prove_all
from proofs.rankings import ranking_of
from refmodel.compose import patched
from refmodel.handover.postcopy_state import X
from refmodel.language import need
from refmodel.machines import machine
from refmodel.migration import AnyMachine
from refmodel.transport.demand import DemandPaging


def unproved(spec: AnyMachine) -> set[str]:
    report = prove_all(spec, chapters=(Termination(spec), Progress(spec)))
    return {record.step for _, record in report.not_proved}


@pytest.mark.parametrize(
    ("excepted", "found"),
    [
        ({"delays": {}}, {"lose_wire", "lose_source"}),
        ({"settled_by": ("find_out", "resume_source")}, {"engine"}),
        (
            {"afterwards": {}},
            {"hear_acknowledgement", "drop_page", "fill_word", "place_page", "acknowledge", "activate"},
        ),
    ],
    ids=["losses", "recovery", "late steps"],
)
def test_what_is_not_excepted_is_found(
    excepted: dict[str, Any], found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ranking = evolve(ranking_of(machine("postcopy")), **excepted)
    monkeypatch.setattr(rankings, "ranking_of", lambda spec: ranking)
    assert found <= unproved(machine("postcopy"))


class NeverEnds(DemandPaging[X]):
    def end_postcopy(self, m: X) -> X:
        """The word that the source owes nothing more is waited for, and never comes."""
        need(m.failed.wire, "the wire is there")
        return super().end_postcopy(m)


class SendsItTwice(DemandPaging[X]):
    def reply(self, m: X, page: int) -> X:
        """What was asked for is sent whether or not it has been, and counts as asked for until it has come."""
        after = self.gone(m, page)
        need(m.postcopy.requested[page], "the target has asked for the page")
        return after.but(postcopy=after.postcopy.but(requested=m.postcopy.requested))


@pytest.mark.parametrize(("patch", "step"), [(NeverEnds, "engine"), (SendsItTwice, "reply")])
def test_a_machine_that_goes_on_for_ever_is_found(patch: type[Any], step: str) -> None:
    assert step in unproved(patched("postcopy", patch.__name__, patch)())
