import io
import json
from pathlib import Path

import pytest
from attrs import evolve
from junitparser import JUnitXml
from rich.console import Console

from fuzz.campaigns.folder import opened
from fuzz.campaigns.found import Reported
from fuzz.campaigns.junit import write_junit
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.progress import line, shown
from fuzz.campaigns.report import as_json, outcome, say
from refmodel.unusable import Unusable

NOTHING = Summary(
    "machine", "seed", None, 1, seconds=75.0, runs=12_000, runs_per_second=160.0, states=345, since_new=5.0
)


def with_findings(folder: Path) -> Summary:
    """A schedule and an input, as they are stored."""
    schedule = next((Path(__file__).parents[2] / "schedules" / "findings").glob("no-flush-a-tlb*.json"))
    with opened(Plan(folder, variant="no-flush")) as campaign:
        campaign.findings.add(Reported("finding", "stale", "key", "", b"", schedule.read_bytes()))
        campaign.findings.add(Reported("timeout", "timeout", "timeout at x", "timeout at x\x00\x1b[0m", b"\xff\0"))
        return evolve(NOTHING, variant="no-flush", findings=tuple(campaign.findings.paths.values()), new=1)


def test_the_outcome_is_a_line() -> None:
    assert outcome(NOTHING) == (
        "seed: nothing found; 12,000 runs, 160 a second, 345 abstract states, corpus 0, last new 5 s before the end"
    )
    assert outcome(evolve(NOTHING, target="events", machine="", states=0, features=7)).startswith("events: nothing")


def test_one_finding_of_each_rule_is_told_step_by_step_and_the_others_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = evolve(with_findings(tmp_path / "campaign"), warnings=("the disk is full",))
    [one, two] = summary.findings
    other = one.with_name("another.json")
    other.write_bytes(one.read_bytes())
    say(evolve(summary, findings=(one, other, two), new=2))
    out, err = capsys.readouterr()
    assert out.count("BROKEN") == 1
    assert f"steps: {one}" in out
    assert f"steps: {other}" in out
    assert f"machine.py {two.with_suffix('')}" in out
    assert "3 findings (1 of them earlier)" in out
    say(evolve(NOTHING, unwritten=("a rule: all of it",)))
    assert "NOT WRITTEN: a rule: all of it" in capsys.readouterr().out
    assert err == "warning: the disk is full\n"


def test_junit_has_a_case_that_passes_where_nothing_was_found(tmp_path: Path) -> None:
    write_junit(tmp_path / "junit.xml", NOTHING, "bare")
    xml = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert (xml.tests, xml.failures, xml.errors) == (1, 0, 0)
    assert xml.time == 75.0


def test_junit_has_a_failure_for_each_finding_and_says_what_happened(tmp_path: Path) -> None:
    summary = with_findings(tmp_path / "campaign")
    write_junit(tmp_path / "junit.xml", summary, summary.name)
    xml = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert (xml.tests, xml.failures, xml.errors) == (2, 2, 0)
    text = (tmp_path / "junit.xml").read_text()
    assert "BROKEN" in text
    assert "python fuzz/targets/machine.py" in text
    assert "timeout at x??[0m" in text
    write_junit(tmp_path / "junit.xml", evolve(NOTHING, unwritten=("all of it",)), "bare")
    assert 'failures="1"' in (tmp_path / "junit.xml").read_text()


def test_junit_has_an_error_where_the_campaign_could_not_go_on(tmp_path: Path) -> None:
    write_junit(tmp_path / "junit.xml", Unusable("log", "it ended at once", "a worker"), "bare")
    xml = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    assert (xml.tests, xml.failures, xml.errors) == (1, 0, 1)
    with pytest.raises(Unusable, match="can be written"):
        write_junit(tmp_path / "none" / "junit.xml", NOTHING, "bare")


def test_names_that_have_no_place_in_xml_or_utf_8_are_written_all_the_same(tmp_path: Path) -> None:
    summary = with_findings(tmp_path / "campaign")
    odd = summary.findings[0].with_name("a\x01\udcff<&.json")
    odd.write_bytes(summary.findings[0].read_bytes())
    write_junit(tmp_path / "junit.xml", evolve(summary, findings=(odd,)), "FILE\x02.py:Mine")
    [case] = next(iter(JUnitXml.fromfile(str(tmp_path / "junit.xml"))))
    assert case.name == "FILE?.py:Mine: a??<&"
    write_junit(tmp_path / "junit.xml", Unusable("machine", "no machine '\x01'", "another"), "\x01")
    assert JUnitXml.fromfile(str(tmp_path / "junit.xml")).errors == 1
    warning = "corpus/d\udcff: Is a directory; it is left out"
    assert json.loads(as_json(evolve(NOTHING, warnings=(warning,))))["warnings"] == [warning]


def test_progress_is_live_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with shown(console) as show:
        show(evolve(NOTHING, warnings=("the disk is full",)))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    for part in ("runs", "12,000", "abstract states", "345", "last new", "5 s ago", "warning: the disk is full"):
        assert part in said


def test_progress_is_a_line_now_and_then_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((0.0, 0.5, 30.0, 61.0, 61.0, 62.0, 130.0, 130.0))
    monkeypatch.setattr("fuzz.campaigns.progress.time.monotonic", lambda: next(times))
    console = Console(file=io.StringIO(), force_terminal=False)
    with shown(console) as show:
        for _ in range(5):
            show(NOTHING)
    said = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert said == [line(NOTHING)] * 2
    assert line(NOTHING) == ("1 min 15 s: 12,000 runs, 160/s, 345 abstract states, corpus 0, 0 found, last new 5 s ago")
    with shown(console, quiet=True) as show:
        show(NOTHING)
    assert console.file.getvalue().splitlines() == said  # type: ignore[attr-defined]
