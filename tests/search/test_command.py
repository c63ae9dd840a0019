"""The commands search and replay: what they print, write and return."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from refmodel.cli.replay import replay
from refmodel.schedules.schedule import load
from refmodel.search import command, report
from refmodel.search.command import search
from refmodel.search.find import GROWING
from refmodel.variants import VARIANTS
from tests.variants.make_schedules import STORED

SMALL = ["--pages", "1", "--vpages", "1", "--cpus", "1"]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def ran(which: Any, *arguments: str | Path) -> Result:
    return CliRunner().invoke(which, [str(argument) for argument in arguments])


def test_a_search_that_finds_nothing_says_what_it_searched_and_returns_0() -> None:
    found = ran(search, *SMALL)
    assert found.exit_code == 0
    assert "seed: nothing found: every state checked" in found.stdout
    assert "1 pfn, 1 vpn, 1 cpu, 1 word, 2 value, 1 more round" in found.stdout
    assert found.stderr == ""


def test_a_bounded_search_says_that_it_does_not_know() -> None:
    found = ran(search, "--max-states", "50", "--rounds", "0", "--pages", "2")
    assert found.exit_code == 0
    assert "up to the bound on states" in found.stdout
    assert "2 pfn, 2 vpn, 2 cpu, 1 word, 2 value, 0 more rounds: 50 states" in found.stdout


def test_a_counterexample_is_shown_as_a_picture_first_and_returns_1() -> None:
    found = ran(search, "--variant", "no-flush")
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert lines[0].strip() == "bare / no-flush"
    assert ">> BROKEN: a tlb lets stores pass unseen" in found.stdout
    assert ">> NOTICED: a load at the target" in found.stdout
    assert "bare / no-flush: broken after 11 actions" in found.stdout
    assert "the guest takes 1 step more" in found.stdout
    assert "\x1b" not in found.stdout
    assert max(map(len, lines)) <= 80


def test_what_is_longer_than_the_shortest_says_so() -> None:
    found = ran(search, "--variant", "harvest-replaces")
    assert "the shortest schedule to a broken claim has 3 actions" in found.stdout


def test_as_json_the_result_holds_the_schedule_and_nothing_else_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    found = ran(search, "--variant", "no-flush", "--json", "--save", file)
    result = orjson.loads(found.stdout)
    assert found.exit_code == 1
    assert (result["outcome"], result["states"], result["variant"]) == ("broken", 1220, "no-flush")
    assert result["schedule"] == orjson.loads(file.read_bytes())
    assert load(file) == load(STORED / "no-flush.json")
    assert orjson.loads(ran(search, *SMALL, "--json").stdout)["schedule"] is None


def test_schedules_are_saved_into_a_directory_by_name(tmp_path: Path) -> None:
    ran(search, "--variant", "no-flush", "--save", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["no-flush.json"]
    ran(search, *SMALL, "--save", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_place_that_cannot_be_written_is_unusable(tmp_path: Path) -> None:
    found = ran(search, "--variant", "no-flush", "--save", tmp_path / "no" / "such.json")
    assert found.exit_code == 2
    assert "such.json" in found.stderr


def test_all_variants_are_searched_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["no-flush", "needless-flush", "activate-early"]
    monkeypatch.setattr(command, "VARIANTS", {name: VARIANTS[name] for name in names})
    monkeypatch.setattr(command, "GROWING", GROWING[:1])
    found = ran(search, "--all-variants", "--save", tmp_path / "here")
    assert found.exit_code == 1
    assert [line.split(":")[0] for line in found.stdout.splitlines() if line.startswith("bare /")] == [
        f"bare / {name}" for name in names
    ]
    assert sorted(path.stem for path in (tmp_path / "here").iterdir()) == ["activate-early", "no-flush"]
    listed = orjson.loads(ran(search, "--all-variants", "--json").stdout)
    assert [each["variant"] for each in listed] == names


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--variant", "no-flsh"], "'no-flush'"),
        (["--machine", "sed"], "'seed'"),
        (["--variant", "no-flush", "--all-variants"], "exclude each other"),
        (["--pages", "0"], "--pages"),
        (["--rounds", "61"], "--rounds"),
    ],
)
def test_arguments_that_cannot_be_used_return_2_and_say_what_would_do(arguments: list[str], says: str) -> None:
    found = ran(search, *arguments)
    assert found.exit_code == 2
    assert says in found.stderr
    assert found.stdout == ""


def test_progress_is_told_where_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    monkeypatch.setattr(report, "Console", lambda stderr: Console(stderr=stderr, force_terminal=True))
    found = ran(search, *SMALL)
    assert "searching seed" in found.stderr
    assert "searching" not in found.stdout


@pytest.mark.parametrize("file", sorted(STORED.glob("*.json")), ids=lambda file: file.stem)
def test_every_stored_schedule_replays_as_its_file_says(file: Path) -> None:
    found = ran(replay, file)
    assert found.exit_code == 0
    assert "as the file says" in found.stdout
    assert ">> BROKEN" in found.stdout


def test_a_replay_as_json_tells_what_broke_and_what_was_noticed(tmp_path: Path) -> None:
    told = orjson.loads(ran(replay, STORED / "no-flush.json", "--json").stdout)
    said = orjson.loads((STORED / "no-flush.json").read_bytes())
    assert told["broken"] == [said["broken"]]
    assert told["noticed"] == said["noticed"]
    assert (told["actions"], told["discrepancies"]) == (21, [])
    quiet = tmp_path / "quiet.json"
    quiet.write_bytes(orjson.dumps({**said, "actions": said["actions"][:2], "broken": None, "noticed": None}))
    told = orjson.loads(ran(replay, quiet, "--json").stdout)
    assert (told["broken"], told["noticed"], told["discrepancies"]) == ([], None, [])


def test_a_file_that_does_not_do_what_it_says_returns_1(tmp_path: Path) -> None:
    said = orjson.loads((STORED / "no-flush.json").read_bytes())
    file = tmp_path / "silent.json"
    file.write_bytes(orjson.dumps({**said, "broken": None}))
    found = ran(replay, file)
    assert found.exit_code == 1
    assert "not as the file says: a_tlb_lets_stores_pass" in found.stdout.replace("\n", " ")
    assert orjson.loads(ran(replay, file, "--json").stdout)["discrepancies"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "?"}, "no schedule"),
        ({"variant": "no-flsh"}, "'no-flush'"),
        ({"actions": [{"step": "commit"}]}, "commit() refused"),
    ],
)
def test_a_file_that_cannot_be_used_returns_2_and_is_named(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    said = orjson.loads((STORED / "no-flush.json").read_bytes())
    file = tmp_path / "bad.json"
    file.write_bytes(orjson.dumps({**said, **change}))
    found = ran(replay, file)
    assert found.exit_code == 2
    assert says in found.stderr
    assert "bad.json" in found.stderr
    assert ran(replay, tmp_path / "missing.json").exit_code == 2
