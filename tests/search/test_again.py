"""Stored findings are read by the search, which says whether anything shorter breaks the same claim."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from refmodel.language import Action
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Schedule, load
from refmodel.search import again as module
from refmodel.search import seed_space
from refmodel.search.again import again
from refmodel.search.command import search
from refmodel.search.replayed import discrepancies
from tests.fuzz.make_findings import FOLDER

FINDINGS = sorted(FOLDER.glob("*.json"))


def stored(beginning: str) -> Path:
    [path] = FOLDER.glob(f"{beginning}*.json")
    return path


def ran(*arguments: str | Path) -> Result:
    return CliRunner().invoke(search, [str(argument) for argument in arguments])


def words(said: str) -> str:
    """Without the folds of a narrow screen."""
    return " ".join(said.split())


def changed(path: Path, to: Path, **fields: Any) -> Path:
    to.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), **fields}))
    return to


def as_the_file_says(schedule: Schedule | None) -> bool:
    return schedule is not None and not discrepancies(schedule, list(replay(schedule)))


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: path.stem)
def test_no_schedule_is_shorter_than_a_finding_of_a_broken_claim(path: Path) -> None:
    known = load(path)
    found = again(known, max_states=60_000)
    assert known.broken is not None
    assert found.how is not None
    assert found.how.startswith(known.broken.claim.replace("_", " "))
    by_the_guest = "-noticed-" in path.name  # those go on where a claim is broken, and need not come to it soonest
    assert found.how.endswith("none is shorter") or (by_the_guest and found.how.endswith("will do"))
    assert as_the_file_says(found.schedule)


def test_a_shorter_one_is_found_told_and_written(tmp_path: Path) -> None:
    result = ran(stored("mark-dropped-noticed"), "--save", tmp_path / "shorter.json")
    assert result.exit_code == 1
    assert "after 10 actions by the file's schedule; 8 will do" in words(result.stdout)
    schedule = load(tmp_path / "shorter.json")
    assert schedule.broken is not None
    assert (schedule.variant, schedule.broken.after) == ("mark-dropped", 8)
    assert as_the_file_says(schedule)
    result = ran(tmp_path / "shorter.json", "--json")
    assert result.exit_code == 1
    assert orjson.loads(result.stdout)["how"].endswith("after 8 actions by the file's schedule; none is shorter")


def test_what_breaks_no_claim_is_searched_for_what_the_guest_notices(tmp_path: Path) -> None:
    known = changed(stored("no-flush-noticed"), tmp_path / "noticed.json", broken=None)
    result = ran(known, "--json", "--save", tmp_path / "found.json")
    assert result.exit_code == 1
    told = orjson.loads(result.stdout)
    assert told["outcome"] == "reached"
    assert told["how"] == "noticed by the guest: after 21 actions by the file's schedule; none is shorter"
    assert as_the_file_says(load(tmp_path / "found.json"))


def test_a_finding_of_a_machine_that_has_been_mended_is_reached_no_more(tmp_path: Path) -> None:
    known = changed(stored("no-flush-a-tlb"), tmp_path / "mended.json", variant=None)
    result = ran(known)
    assert result.exit_code == 0
    said = words(result.stdout)
    assert "nothing found: every state checked" in said
    assert "not by the file's schedule; the search does not come to it" in said


def test_where_the_machine_breaks_the_claim_in_another_way_that_is_told(tmp_path: Path) -> None:
    path = stored("no-flush-a-tlb")
    begin, *_ = orjson.loads(path.read_bytes())["actions"]
    result = ran(changed(path, tmp_path / "other.json", actions=[begin]))
    assert result.exit_code == 1
    assert "not by the file's schedule; 11 will do" in words(result.stdout)


def test_bounds_are_told_from_what_cannot_be_reached() -> None:
    result = ran(stored("no-flush-a-tlb"), "--max-states", "100")
    assert result.exit_code == 0
    assert "what lies beyond was not searched" in words(result.stdout)
    assert "after 11 actions by the file's schedule; the search does not come to it" in words(result.stdout)


def test_a_schedule_that_begins_otherwise_may_be_shorter_than_all_that_are_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longer = (Action("begin"), Action("guest_map", (0, 0, False, False)))
    for each in (module, seed_space):
        monkeypatch.setattr(each, "prelude_of", lambda spec: longer)
    found = again(load(stored("no-flush-a-tlb")))
    assert found.how is not None
    assert found.how.endswith("after 11 actions by the file's schedule; 12 where it begins as the search does")


@pytest.mark.parametrize(
    "more", [["--machine", "bare"], ["--variant", "no-flush"], ["--all-variants"], ["--pages", "1"], ["--rounds", "0"]]
)
def test_what_the_file_names_cannot_be_given_too(more: list[str]) -> None:
    result = ran(stored("no-flush-a-tlb"), *more)
    assert result.exit_code == 2
    assert "FILE names the machine" in result.stderr


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"broken": None, "noticed": None}, "a finding"),
        ({"format": "?"}, "no schedule"),
        ({"broken": {}}, "broken: claim: None"),
        ({"noticed": {}}, "noticed: what: None"),
        ({"sizes": {"pfn": 8, "vpn": 8, "cpu": 8, "word": 1, "value": 2}}, "--no-symmetry"),
    ],
)
def test_a_file_that_is_no_finding_is_unusable_and_named(tmp_path: Path, fields: dict[str, Any], says: str) -> None:
    result = ran(changed(stored("no-flush-a-tlb"), tmp_path / "bad.json", **fields))
    assert result.exit_code == 2
    said = words(result.stderr)
    assert says in said
    assert "bad.json" in said
    assert ran(tmp_path / "missing.json").exit_code == 2


@pytest.mark.parametrize("field", ["machine", "variant", "step", "claim"])
def test_a_name_without_end_is_not_said_in_full(tmp_path: Path, field: str) -> None:
    path, name = stored("no-flush-a-tlb"), "x" * 100_000
    inner: dict[str, dict[str, Any]] = {
        "step": {"actions": [{"step": name}]},
        "claim": {"broken": {"claim": name, "at": {}, "after": 1}},
    }
    result = ran(changed(path, tmp_path / "bad.json", **inner.get(field, {field: name})))
    assert result.exit_code == 2
    assert "xxx...xxx" in result.stderr
    assert "x" * 100 not in result.stderr
