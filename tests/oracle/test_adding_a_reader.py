"""The worked example of docs/adding-a-reader.md: a toy format that plugs in by one entry."""

from pathlib import Path

import pytest

from refmodel.oracle import recording
from refmodel.oracle.recording import FORMATS, REGISTRY, judge_recording
from refmodel.oracle.verdict import Verdict
from tests.oracle.toy import TOY

DOC = (Path(__file__).parents[2] / "docs/adding-a-reader.md").read_text()
LINES = DOC.split("the others are\n\n")[1].split("\n\n")[0].splitlines()
RECORDING = "".join(f"{line.strip()}\n" for line in ["TOYMIG 1", *LINES])


@pytest.fixture(autouse=True)
def _plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "REGISTRY", (*REGISTRY, TOY))


def judged(folder: Path, text: str) -> Verdict:
    (folder / "stream").write_text(text)
    return judge_recording(str(folder))


def test_the_document_shows_the_toy_as_it_is() -> None:
    code = DOC.split("```python\n")[1].split("```")[0]
    assert code == Path(__file__).with_name("toy.py").read_text()
    assert len(code.splitlines()) < 70


def test_a_right_recording_of_the_toy_is_accepted(tmp_path: Path) -> None:
    verdict = judged(tmp_path, RECORDING)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())
    assert {checked.rule for checked in verdict.checked} >= {"the-last-store-arrives", "every-page-is-sent"}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("page ram 1 b2\n", "", "the-last-store-arrives"),
        ("page ram 0 a1\n", "", "every-page-is-sent"),
        ("stop\n", "", "one-side-runs"),
        ("devices\nrun\n", "", "the-stream-is-whole"),
    ],
)
def test_a_wrong_recording_of_the_toy_is_found(old: str, new: str, rule: str, tmp_path: Path) -> None:
    assert old in RECORDING
    verdict = judged(tmp_path, RECORDING.replace(old, new))
    assert rule in {finding.rule for finding in verdict.findings}


def test_each_prefix_of_a_recording_of_the_toy_is_refused(tmp_path: Path) -> None:
    for length in range(len(RECORDING) - 1):
        assert judged(tmp_path, RECORDING[:length]).verdict != "accepted"


def test_a_line_that_the_toy_does_not_have_is_named(tmp_path: Path) -> None:
    verdict = judged(tmp_path, RECORDING.replace("harvest", "harvests"))
    assert verdict.verdict == "unusable"
    assert "line 5: 'harvests'; expected one of memory, page" in str(verdict.reason)


def test_the_names_of_the_formats_are_the_registrys() -> None:
    assert tuple(known.name for known in REGISTRY) == FORMATS


def test_the_story_of_a_page_of_the_toy_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "stream").write_text(RECORDING)
    asked = judge_recording(str(tmp_path), page=("ram", 1)).asked
    assert asked is not None
    assert asked.source == "b2"
    assert [line.partition(": ")[2] for line in asked.story] == [
        "sent live as page: b1",
        "the log is harvested",
        "the source's vCPUs stand still",
        "sent while paused as page: b2",
        "the source has b2",
    ]
