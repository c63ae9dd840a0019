"""Wrong checkers, class M33: each loses what the right one finds, and one that loses nothing is told."""

import orjson
import pytest
from attrs import evolve
from click.testing import CliRunner

from refmodel.catalogue import command
from refmodel.catalogue.classes import CLASSES, cited
from refmodel.catalogue.command import bugs
from refmodel.catalogue.mutants import MUTANTS, Mutant, mutants_of, shown
from refmodel.catalogue.mutants.judges import ComparesTheWrongWayRound, FallsOver, events_of, said_by
from refmodel.oracle.judge import Judge
from refmodel.oracle.observed import observed
from refmodel.schedules.schedule import Schedule
from refmodel.search.complete import to_the_end
from refmodel.search.seed_space import PRELUDE
from refmodel.variants import VARIANTS

SMALL = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=lambda mutant: mutant.name)
def test_a_wrong_checker_loses_what_the_right_one_finds(mutant: Mutant) -> None:
    said = shown(mutant)
    assert said.is_right
    assert said.lost == said.right


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=lambda mutant: mutant.name)
def test_it_is_told_apart_from_its_sources_and_its_variant(mutant: Mutant) -> None:
    assert mutant.catalogue == "M33"
    assert {i for source in cited(mutant.sources, "M33") for i in source.ids} >= set(mutant.sources)
    assert not VARIANTS[mutant.shown_on].sound


def test_every_fault_of_a_checker_in_the_catalogue_is_stood_for() -> None:
    assert {i for mutant in mutants_of("M33") for i in mutant.sources} == set(CLASSES["M33"].commits)


def test_an_inverted_comparison_finds_fault_with_a_right_machine() -> None:
    recordings = observed(to_the_end(Schedule("bare", None, SMALL, 0, PRELUDE)))
    assert said_by(Judge, recordings) == said_by(FallsOver, recordings) == ()
    assert said_by(ComparesTheWrongWayRound, recordings) == ("the-last-store-arrives",)


def test_a_checker_that_loses_nothing_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS["comparison-inverted"]
    right = evolve(mutant, ask=lambda variant, is_wrong: said_by(Judge, events_of(variant.name)))
    monkeypatch.setattr(command, "mutants_of", lambda number: (right,))
    assert not shown(right).is_right
    assert CliRunner().invoke(bugs, ["M33"]).exit_code == 1
    blind = evolve(mutant, ask=lambda variant, is_wrong: ())
    assert not shown(blind).is_right, "nothing can be lost that is not found"


def test_the_command_tells_what_each_finds() -> None:
    found = CliRunner().invoke(bugs, ["M33"])
    assert found.exit_code == 0
    told = " ".join(found.stdout.split())
    assert "Wrong checker comparison-inverted of the oracle" in told
    assert "stands for Xen 383b41974d (2021); Xen 7449fb36c6 (2015)" in told
    assert "the right one finds: the-last-store-arrives this one finds: nothing" in told
    plain = orjson.loads(CliRunner().invoke(bugs, ["M33", "--json"]).stdout)
    assert [mutant["ok"] for mutant in plain["mutants"]] == [True] * len(MUTANTS)
    assert plain["checkers"] == ["oracle", "search"]
