import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner

from fuzz.ladder.__main__ import ladder
from fuzz.ladder.engines import ENGINES
from fuzz.ladder.luck import between
from fuzz.ladder.measure import Measured, Rung, append, known, measured, read
from fuzz.ladder.page import write
from fuzz.ladder.right import RIGHT, right
from fuzz.ladder.rungs import ABLATED, DEFAULT
from fuzz.ladder.table import cells, markdown
from refmodel.machines import MACHINES
from refmodel.variants import VARIANTS

PAGE = Path(__file__).parents[2] / "docs" / "fuzz-ladder.md"


def result(steps: int, rule: str | None = "noticed", seed: int = 1, engine: str = "fuzzer") -> Measured:
    return Measured(Rung("no-flush", engine, seed, "guest", 20.0), rule, 3, steps, 0.5)


def test_twenty_wrong_variants_are_on_the_ladder() -> None:
    assert len(DEFAULT) == 20
    for name in (*DEFAULT, *ABLATED):
        assert not VARIANTS[name].sound
    takes = [what for what in DEFAULT.values() if any(k in what for k in ("two rounds", "vCPU", "full ring", "abort"))]
    assert len(takes) >= 5


@pytest.mark.usefixtures("atheris")
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_a_stale_tlb_entry_or_spends_its_budget(engine: str) -> None:
    found = measured(Rung("no-flush", engine, 1, "guest", 10.0))
    assert found.rule == "noticed"
    assert 0 < found.steps <= 96 * found.runs


@pytest.mark.usefixtures("atheris")
def test_a_miss_is_censored_at_the_budget() -> None:
    missed = measured(Rung("needless-resend", "walk", 1, "guest", 0.3))
    assert missed.rule is None
    assert missed.seconds >= 0.3


def test_measurements_are_kept_and_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results"
    append(path, result(5))
    with path.open("ab") as file:
        file.write(b'{"rung": {"variant": "no-fl')
    append(path, result(7, seed=2))
    assert list(read(path)) == [result(5), result(7, seed=2)]


def test_what_has_been_measured_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Rung] = []

    def fake(rung: Rung) -> Measured:
        asked.append(rung)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return Measured(rung, "noticed", 1, 10, 0.1)

    monkeypatch.setattr("fuzz.ladder.__main__.measured", fake)
    monkeypatch.setattr("fuzz.ladder.__main__.needs_atheris", lambda: None)
    arguments = ["--variant", "no-flush", "--seeds", "2", "--results", str(tmp_path / "results")]
    assert CliRunner().invoke(ladder, arguments).exit_code != 0
    assert CliRunner().invoke(ladder, arguments).exit_code == 0
    assert len(asked) == 1 + 2 * len(ENGINES)
    assert len({*asked}) == 2 * len(ENGINES)


def test_what_was_found_within_a_budget_counts_for_a_larger_one_and_a_miss_does_not() -> None:
    short, longer = result(5).rung, evolve(result(5).rung, budget=60.0)
    assert known({short: result(5)}, longer) == result(5)
    assert known({short: result(5, None)}, longer) is None
    assert known({longer: result(5)}, short) == result(5)
    assert known({longer: evolve(result(5), seconds=21.0)}, short) is None
    assert known({short: result(5, None)}, short) == result(5, None)
    assert known({short: result(5)}, evolve(longer, seed=2)) is None


def test_medians_are_over_seeds_and_a_miss_counts_with_what_it_spent() -> None:
    few = [result(10, seed=1), result(30, seed=2), result(5000, None, seed=3)]
    [cell] = cells(few).values()
    assert (cell.steps, cell.found, cell.seeds) == (30, 2, 3)
    rows = list(markdown([*few, result(300, engine="walk")], ["no-flush", "fill-writable"], ["fuzzer", "walk"]))
    assert "(2/3)" in rows[2]
    assert "**10.00**" in rows[4]
    assert rows[5].endswith("|  | – |")
    assert "**1**" in rows[6]
    assert "**2 of 3**" in rows[7]
    assert not any("fill-writable" in row for row in rows)


def test_a_ratio_says_how_far_it_may_be_luck() -> None:
    steps = {
        ("v", "same"): [5] * 3,
        ("v", "wide"): [1, 10, 100],
        ("v", "slow"): [900, 1000, 1100],
        ("v", "few"): [5, 5],
    }
    assert between(steps, "same", "same", ["v"]) == "1.00 to 1.00"
    low, high = map(float, between(steps, "wide", "same", ["v"]).split(" to "))
    assert low < 1 < high
    low, high = map(float, between(steps, "slow", "wide", ["v"]).split(" to "))
    assert 1 < low < high
    assert (
        between(steps, "few", "same", ["v"])
        == between(steps, "same", "few", ["v"])
        == between(steps, "a", "b", [])
        == "–"
    )


def test_a_section_of_the_page_is_made_anew_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n")
    write(page, "a", "command", date(2026, 1, 2), 1, 2, ["| row |"])
    text = page.read_text()
    assert text.startswith("before\n<!-- a -->\n`command`, 2026-01-02. So far 1 of 2 measurements.\n")
    assert text.endswith("| row |\n<!-- /a -->\nafter\n")
    with pytest.raises(ValueError, match="no section b"):
        write(page, "b", "command", date(2026, 1, 2), 1, 2, [])


def test_the_page_has_its_sections() -> None:
    text = PAGE.read_text()
    for section in ("ladder-guest", "ladder-claims", "ablation", "by-one"):
        assert f"<!-- {section} -->" in text
        assert f"<!-- /{section} -->" in text


@pytest.mark.usefixtures("atheris")
def test_runs_of_right_machines_are_counted_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.ladder.right._SHARE", 40)
    results = tmp_path / "results"
    for runs, shares in ((30, 1), (30, 1), (80, 2), (200, 5)):
        done = CliRunner().invoke(right, ["--runs", str(runs), "--jobs", "2", "--results", str(results)])
        assert done.exit_code == 0
        assert f"nothing found in {40 * shares} runs" in done.stdout
        assert len({result.rung for result in read(results)}) == shares
    append(results, result(5))
    assert CliRunner().invoke(right, ["--results", str(results)]).exit_code == 1


def test_no_wrong_variant_is_among_the_right_machines_and_no_machine_has_a_variants_name() -> None:
    assert not [name for name in RIGHT if name in VARIANTS and not VARIANTS[name].sound]
    assert len(RIGHT) > 40
    assert not [name for name in RIGHT if "+" not in name and name not in {"bare", *VARIANTS, *MACHINES}]
    assert not set(MACHINES) & set(VARIANTS)


def test_a_child_that_dies_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from refmodel.unusable import Unusable

    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    wrong: Any = json.loads('"no-such-engine"')
    with pytest.raises(Unusable, match="no-flush by no-such-engine"):
        measured(Rung("no-flush", wrong, 1, "guest", 1.0))
