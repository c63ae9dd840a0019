import importlib.util
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fuzz.campaigns.plan import Plan, Summary
from fuzz.command import fuzz
from fuzz.targets.machine import main
from refmodel.unusable import Unusable

pytestmark = pytest.mark.usefixtures("temporary_here")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(fuzz, list(arguments))


@pytest.mark.usefixtures("atheris")
def test_a_finding_is_named_told_and_exits_with_1(tmp_path: Path) -> None:
    result = run("--variant", "no-flush", "--time", "20s", "--corpus", str(tmp_path))
    assert result.exit_code == 1
    [path] = (tmp_path / "findings").glob("*.json")
    assert str(path) in result.stdout
    assert "BROKEN" in result.stdout
    assert "1 finding" in result.stdout


@pytest.mark.usefixtures("atheris")
def test_no_finding_exits_with_0_and_json_is_json(tmp_path: Path) -> None:
    result = run("--time", "60s", "--runs", "200", "--json", "--corpus", str(tmp_path))
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert summary["findings"] == []
    assert 200 <= summary["runs"] < 300  # libFuzzer may go over: see test_campaign
    assert summary["states"] > 100
    assert set(summary) == {
        "target", "machine", "variant", "seed", "workers", "sessions", "seconds", "runs", "runs_per_second", "states",
        "features", "corpus", "findings", "unwritten", "new", "rule", "again", "restarts", "since_new", "warnings"
    }  # fmt: skip


@pytest.mark.usefixtures("atheris")
def test_a_campaign_is_resumed_and_a_finding_stays_one(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    first = run("--variant", "no-flush", "--time", "20s", "--corpus", str(tmp_path / "c"), "--junit", str(junit))
    assert first.exit_code == 1
    assert 'failures="1"' in junit.read_text()
    again = run("--time", "20s", "--runs", "10", "--keep-going", "--corpus", str(tmp_path / "c"), "--resume", "--json")
    assert again.exit_code == 1
    summary = json.loads(again.stdout)
    assert (summary["variant"], summary["sessions"]) == ("no-flush", 2)
    assert summary["findings"][0] in first.stdout
    other = run("--variant", "mark-dropped", "--corpus", str(tmp_path / "c"), "--resume", "--junit", str(junit))
    assert isinstance(other.exception, Unusable)
    assert "'no-flush', and 'mark-dropped' is asked for" in str(other.exception)
    assert 'errors="1"' in junit.read_text()


@pytest.mark.usefixtures("atheris")
def test_a_finding_that_cannot_be_written_is_printed_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fuzz.campaigns.found.write_atomically", full)
    result = run("--variant", "no-flush", "--time", "20s", "--corpus", str(tmp_path))
    assert result.exit_code == 1
    assert "1 finding;" in result.stdout
    assert '"format": "refmodel-schedule"' in result.stdout
    assert "a finding is not written: No space left on device" in result.stderr


def test_a_junit_file_that_cannot_be_written_is_unusable_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.command.run_campaign", lambda *given: pytest.fail("it runs"))
    error = run("--junit", str(tmp_path / "nowhere" / "junit.xml")).exception
    assert isinstance(error, Unusable)
    assert "nowhere" in str(error)


def test_what_was_found_is_told_even_if_junit_cannot_be_written_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any) -> None:
        raise Unusable("junit.xml", "No space left on device", "a file that can be written")

    found = Summary("machine", "bare", None, 1, runs=9, runs_per_second=1.0, unwritten=("a rule: the schedule",), new=1)
    monkeypatch.setattr("fuzz.command.run_campaign", lambda *given: found)
    monkeypatch.setattr("fuzz.campaigns.junit.write_junit", full)
    result = run("--junit", str(tmp_path / "junit.xml"))
    assert isinstance(result.exception, Unusable)
    assert "1 finding;" in result.stdout
    assert "a rule: the schedule" in result.stdout


def test_a_campaign_that_comes_to_no_run_does_not_say_that_nothing_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = Summary("machine", "bare", None, 1, sessions=2, runs=900)
    monkeypatch.setattr("fuzz.command.run_campaign", lambda *given: none)
    result = run("--time", "1s", "--corpus", str(tmp_path / "c"), "--junit", str(tmp_path / "junit.xml"))
    assert isinstance(result.exception, Unusable)
    assert "no run came to its end in 1 s" in str(result.exception)
    assert "nothing found" not in result.stdout
    assert 'errors="1"' in (tmp_path / "junit.xml").read_text()


def test_a_temporary_folder_goes_where_nothing_has_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(run("--machine", "sed").exception, Unusable)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_campaign_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fuzz.command.run_campaign", interrupted)
    result = run("--corpus", str(tmp_path), "--junit", str(tmp_path / "junit.xml"))
    assert result.exit_code == 130
    assert f"refmodel fuzz --corpus {tmp_path} --resume" in result.stderr
    assert "interrupted" in (tmp_path / "junit.xml").read_text()


@pytest.mark.parametrize("finds", [True, False])
def test_of_a_temporary_campaign_that_is_interrupted_only_a_finding_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finds: bool
) -> None:
    def interrupted(plan: Plan, show: object) -> None:
        (plan.folder / "findings").mkdir()
        (plan.folder / "corpus").mkdir()
        if finds:
            (plan.folder / "findings" / "found.json").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr("fuzz.command.run_campaign", interrupted)
    result = run()
    left = list(tmp_path.iterdir())
    assert result.exit_code == 130
    assert len(left) == finds
    assert [f"--corpus {folder} --resume" in result.stderr for folder in left] == [True] * finds
    assert result.stderr.startswith("interrupted")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_campaign_that_is_ended_from_without_ends_in_order(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.command.run_campaign", lambda *given: signal.raise_signal(number))
    before = signal.signal(number, signal.SIG_DFL)  # tests that are run by nohup ignore one
    try:
        assert run("--corpus", str(tmp_path)).exit_code == 130
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


@pytest.mark.usefixtures("atheris")
def test_a_corpus_is_minimized_and_goes_on_to_be_fuzzed(tmp_path: Path) -> None:
    assert run("--time", "60s", "--runs", "100", "--corpus", str(tmp_path)).exit_code == 0
    had = len(list((tmp_path / "corpus").iterdir()))
    result = run("--minimize", str(tmp_path))
    assert result.exit_code == 0
    has = len(list((tmp_path / "corpus").iterdir()))
    assert has < had
    assert result.stdout == f"{tmp_path}: of {had} inputs {has} stay, and every feature\n"
    assert run("--time", "60s", "--runs", "10", "--corpus", str(tmp_path), "--resume").exit_code == 0
    nowhere = run("--minimize", str(tmp_path / "nowhere")).exception
    assert isinstance(nowhere, Unusable)
    assert not (tmp_path / "nowhere").exists()


def test_to_resume_without_a_folder_exits_with_2() -> None:
    result = run("--resume")
    assert result.exit_code == 2
    assert "--corpus" in result.stderr


@pytest.mark.usefixtures("atheris")
def test_a_temporary_folder_goes_when_nothing_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--time", "20s", "--runs", "100").exit_code == 0
    assert list(tmp_path.iterdir()) == []
    assert run("--time", "20s", "--variant", "cpu-keeps-root").exit_code == 1
    assert list(tmp_path.glob("*/findings/*.json"))


@pytest.mark.parametrize("time", ["", "x", "0s", "-5s", "1e99h", "nan", "10y"])
def test_a_time_that_is_none_exits_with_2(time: str) -> None:
    result = run("--time", time)
    assert result.exit_code == 2
    assert "10m" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"), [(["--machine", "sed"], "'seed'"), (["--variant", "no-flsh"], "'no-flush'")]
)
def test_an_unknown_name_is_unusable_and_the_nearest_is_named(arguments: list[str], expected: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, Unusable)
    assert expected in str(error)


@pytest.mark.parametrize("option", ["--corpus", "--minimize", "--junit"])
def test_no_name_is_not_the_working_directory(option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--time", "1s", option, "")
    assert result.exit_code == 2
    assert f"Invalid value for '{option}': it is empty" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("atheris")
def test_a_folder_that_cannot_be_written_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = run("--corpus", str(tmp_path / "file" / "below")).exception
    assert isinstance(error, Unusable)
    assert "can be written" in str(error)


@pytest.mark.usefixtures("atheris")
def test_a_folder_whose_name_is_not_utf_8_is_unusable_and_stays_away(tmp_path: Path) -> None:
    error = run("--runs", "1", "--corpus", str(tmp_path / "c\udcff")).exception
    assert isinstance(error, Unusable)
    assert "the name is not UTF-8" in str(error)
    assert not list(tmp_path.iterdir())


def test_a_missing_atheris_is_unusable_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec

    def find(name: str, *more: Any) -> Any:
        return None if name == "atheris" else real(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    error = run("--runs", "1").exception
    assert isinstance(error, Unusable)
    assert "pip install 'refmodel[fuzz]'" in str(error)
    with pytest.raises(SystemExit, match="2"):
        main(["machine.py", "-runs=1"])
    assert str(error) in capsys.readouterr().err
