"""The catalogue's data: all there, each well formed, and the only place that cites a commit."""

import re
from collections import Counter
from pathlib import Path

import pytest

from proofs.assumptions import ASSUMPTIONS
from refmodel.catalogue.classes import CLASSES, CONTROLS, GROUPS, BugClass, cited, read
from refmodel.catalogue.mutants import MUTANTS
from refmodel.oracle.catalogue import CLASSES as SHOWN
from refmodel.oracle.catalogue import fixes_of
from refmodel.variants import VARIANTS, Variant

DATA = Path(__file__).parents[2] / "refmodel" / "catalogue" / "data"
SOURCES = [(known.number, source) for known in CLASSES.values() for source in known.sources]


def test_there_are_33_classes_in_six_groups_in_order() -> None:
    assert list(CLASSES) == [f"M{number:02}" for number in range(1, 34)]
    assert [len(group.classes) for group in GROUPS] == [6, 5, 7, 5, 1, 9, 0]


def test_there_are_225_commits() -> None:
    commits = {i for known in CLASSES.values() for i in known.commits} | {i for each in CONTROLS for i in each.ids}
    assert len(commits) == 225
    assert all(re.fullmatch("[0-9a-f]{8,14}", commit) for commit in commits)
    assert sum(len(known.commits) for known in CLASSES.values()) == 237


def test_a_commit_stands_once_in_a_class_and_with_the_same_tag_everywhere() -> None:
    places = Counter((number, i) for number, source in SOURCES for i in source.ids)
    assert max(places.values()) == 1
    tags: dict[str, set[str]] = {}
    for _, source in SOURCES:
        if source.is_commit:
            for i in source.ids:
                tags.setdefault(i, set()).add(source.tag)
    assert {i: found for i, found in tags.items() if len(found) > 1} == {}


@pytest.mark.parametrize("known", CLASSES.values(), ids=lambda known: known.number)
def test_a_class_says_what_breaks_and_where_it_was_seen(known: BugClass) -> None:
    assert known.sources
    assert known.mutant.endswith(".")
    assert known.number == "M33" or (known.invariants and known.contracts)
    assert all(source.what and not source.what.endswith(".") for source in known.sources)
    stood_for = {variant.catalogue for variant in VARIANTS.values()} | {mutant.catalogue for mutant in MUTANTS.values()}
    has_variant = known.number in stood_for
    assert has_variant is not bool(known.missing), "a class is stood for, or says what is missing"


def test_the_synthetic_class_and_that_of_broken_checkers_say_so() -> None:
    assert not CLASSES["M31"].commits
    assert "Synthetic" in CLASSES["M31"].note
    assert (CLASSES["M33"].contracts, CLASSES["M33"].invariants) == ((), ())
    assert "No contract" in CLASSES["M33"].note


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda variant: variant.name)
def test_what_a_variant_names_is_in_the_catalogue(variant: Variant) -> None:
    assert variant.catalogue in CLASSES or (variant.sound and variant.catalogue == "-")
    sources = cited(variant.sources, variant.catalogue)
    assert len(sources) == len(variant.sources)
    own = {i for source in CLASSES[variant.catalogue].sources for i in source.ids} if not variant.sound else set()
    assert variant.sound or set(variant.sources) <= own


def test_no_commit_is_named_but_in_the_catalogue() -> None:
    """Ids are allowed elsewhere, to point here; what went wrong is told here alone."""
    told = [source.what for _, source in SOURCES]
    for path in (*DATA.parents[1].rglob("*.py"), *DATA.parents[2].joinpath("proofs").rglob("*.py")):
        text = path.read_text()
        assert not any(what in text for what in told), path
    assert all(source in {each for _, each in SOURCES} for a in ASSUMPTIONS for source in a.relied_on)


def test_a_source_is_looked_for_in_its_class_first() -> None:
    assert cited(["3fd3c4b37c"], "M20")[0].what != cited(["3fd3c4b37c"], "M12")[0].what
    assert cited(["eed63189da"], "M10") == cited(["eed63189da"])
    assert cited(["509552e65ae8"]) == CONTROLS
    with pytest.raises(KeyError, match="no source 'deadbeef'"):
        cited(["deadbeef"])


def test_sources_say_where() -> None:
    assert cited(["a9949efb28"])[0].where == "Xen a9949efb28 (2022)"
    assert cited(["1f80f21b47"])[0].where == "Xen 6d72e644df, 1f80f21b47 (2008)"
    assert cited(["#616"])[0].where == "Propolis #387, #616, #682 (2023-24)"
    assert cited(["vhost-scsi series"])[0].where == "Linux vhost-scsi series (2025)"


@pytest.mark.parametrize(
    ("changed", "to", "says"),
    [
        ('"I-LOG"', '"I-LUG"', "[0]"),
        ('contracts = ["logging", "rounds"]', 'contracts = ["luck"]', "[0]"),
        ('tag = "P"', 'tag = "X"', "[0].sources[0]"),
        ('"M01"', '"N01"', "[0]"),
        ('"reference"', '"rumour"', "[0].sources[1]"),
        ("title =", "titel =", "title"),
        ("name =", "= name", "Invalid"),
    ],
)
def test_data_that_is_wrong_is_refused_by_name(changed: str, to: str, says: str) -> None:
    text = (DATA / "a.toml").read_text()
    assert read("a.toml", text) == GROUPS[0]
    assert changed in text
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        read("a.toml", text.replace(changed, to, 1))
    assert str(refused.value).startswith("a.toml: ")


def test_the_oracle_shows_the_catalogues_titles_and_fixes() -> None:
    assert {number: shown.title for number, shown in SHOWN.items()} == {n: CLASSES[n].title for n in SHOWN}
    assert [(n, source.id) for n, source in fixes_of(["M19", "M07", "M19", "M31"])] == [
        ("M19", "9ef051e553"),
        ("M07", "6dbf79e7164e"),
    ]
