"""The fuzzer's lines of ``refmodel check``."""

from pathlib import Path

import pytest

from fuzz.campaigns.plan import Plan, Summary
from fuzz.checked import checked

pytestmark = pytest.mark.usefixtures("atheris")


@pytest.mark.parametrize(
    ("runs", "finds", "said"),
    [(9, (False, True), [True, True]), (0, (False, False), [False, False]), (9, (True, True), [False, True])],
)
def test_the_right_machine_must_have_run_and_the_wrong_one_must_be_found(
    monkeypatch: pytest.MonkeyPatch, runs: int, finds: tuple[bool, bool], said: list[bool]
) -> None:
    def ended(plan: Plan) -> Summary:
        findings = (Path("a"),) if finds[plan.variant is not None] else ()
        return Summary("machine", "seed", plan.variant, 1, runs=runs, findings=findings)

    monkeypatch.setattr("fuzz.checked.run_campaign", ended)
    assert [row.ok for row in checked()] == said
