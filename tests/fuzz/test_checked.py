"""The fuzzer's lines of ``refmodel check``."""

from pathlib import Path

import pytest

from fuzz.campaigns.plan import Plan, Summary
from fuzz.checked import checked
from refmodel.unusable import Unusable

pytestmark = pytest.mark.usefixtures("atheris", "temporary_here")


@pytest.mark.parametrize(
    ("runs", "finds", "said"),
    [(9, (False, True), [True, True]), (0, (False, False), [False, False]), (9, (True, True), [False, True])],
)
def test_the_right_machine_must_have_run_and_the_wrong_one_must_be_found(
    monkeypatch: pytest.MonkeyPatch, runs: int, finds: tuple[bool, bool], said: list[bool]
) -> None:
    def ended(plan: Plan) -> Summary:
        findings = (Path("a"),) if finds[plan.variant is not None] else ()
        return Summary("machine", "bare", plan.variant, 1, runs=runs, findings=findings)

    monkeypatch.setattr("fuzz.checked.run_campaign", ended)
    assert [row.ok for row in checked()] == said


def test_a_finding_of_the_right_machine_is_kept_and_the_line_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(plan: Plan) -> Summary:
        path = plan.folder / "findings" / "found.json"
        path.parent.mkdir()
        path.write_bytes(b"the schedule")
        unwritten = () if plan.variant else ("a rule: another",)
        return Summary("machine", "bare", plan.variant, 1, runs=9, findings=(path,), unwritten=unwritten)

    monkeypatch.setattr("fuzz.checked.run_campaign", ended)
    right, wrong = checked()
    [kept] = tmp_path.glob("*/findings/*")
    assert kept.read_bytes() == b"the schedule"
    assert right.result == f"a finding in 9 runs; {kept}; a rule: another"
    assert wrong.result == "a finding in 9 runs"


@pytest.mark.parametrize(
    ("error", "stay"), [(Unusable("worker-0.log", "it ended", "one that begins"), 1), (KeyError(), 0)]
)
def test_of_a_campaign_that_cannot_go_on_the_log_that_it_names_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, stay: int
) -> None:
    def ended(plan: Plan) -> Summary:
        raise error

    monkeypatch.setattr("fuzz.checked.run_campaign", ended)
    with pytest.raises(type(error)):
        list(checked())
    assert len(list(tmp_path.iterdir())) == stay
