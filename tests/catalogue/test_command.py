"""The command ``bugs``: its table, one class told whole, JSON, and the page of documentation."""

from pathlib import Path

import orjson
import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from refmodel.catalogue import command, listing, verdicts
from refmodel.catalogue.classes import CLASSES, Group
from refmodel.catalogue.command import bugs
from refmodel.catalogue.verdicts import Care, Prover, Refutation, Verdict, judge
from refmodel.cli.root import root
from refmodel.oracle.observed import finding_on
from refmodel.search.find import find
from refmodel.variants import VARIANTS, Variant

UNMODELLED = evolve(CLASSES["M33"], number="M34", missing="a machine that has it")
PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(bugs, ["--jobs", "1", *arguments])


def some(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(command, "VARIANTS", {name: VARIANTS[name] for name in names})


def one_line(text: str) -> str:
    return " ".join(text.split())


def last_column(table: str) -> str:
    lines = table.splitlines()
    [start] = [line.index("variants") for line in lines if line.startswith(" class") and "variants" in line]
    return one_line(" ".join(line[start:] for line in lines))


def test_the_table_has_every_class_and_fits() -> None:
    found = ran("--names")
    assert (found.exit_code, found.stderr) == (0, "")
    lines = found.stdout.splitlines()
    assert [line.split()[0] for line in lines if line[1:4].strip() in CLASSES] == list(CLASSES)
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in found.stdout
    assert "33 classes of real bugs, 225 commits" in found.stdout
    told = last_column(found.stdout)
    assert all(name in told.replace(" ", "") for name in VARIANTS)
    assert "by proof, search, oracle" in told


def quickly(variant: Variant, prove: Prover | None, care: Care = Care.TOLD) -> Verdict:
    """The judge's verdict in haste, from one small machine."""
    small = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2}
    found = find(variant.machine, variant.name, [small], variant.rounds, later=0)
    judged = finding_on(found.schedule) if found.schedule else None
    return Verdict(variant, found, prove(variant.spec()) if prove else None, bool(prove), judged)


def test_the_table_says_how_each_variant_is_caught(monkeypatch: pytest.MonkeyPatch, prover: None) -> None:
    some(monkeypatch, "clear-after-read", "regions-left-split")
    found = ran()
    assert found.exit_code == 0
    told = last_column(found.stdout)
    assert "breaks at 11, seen at 20" in told
    assert "refuted: transfer_done" in told
    assert "the-last-store-arrives" in told
    assert "breaks at 4, not seen refuted: abort accepted" in told
    assert "breaks at: steps to a broken claim" in one_line(found.stdout)
    assert max(map(len, found.stdout.splitlines())) <= 80


def test_variants_are_shared_out_among_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    some(monkeypatch, "mark-dropped", "activate-early")
    monkeypatch.setattr(command, "prover", verdicts.prover)
    found = CliRunner().invoke(bugs, ["--jobs", "2"])
    assert found.exit_code == 0
    assert "refuted: write_fault" in last_column(found.stdout)
    assert "every-page-is-sent, one-side-runs" in last_column(found.stdout)


def test_a_sound_variant_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "prover", lambda: lambda spec, *_: None)
    some(monkeypatch, "root-change-keeps-tlb")
    found = ran()
    assert found.exit_code == 0
    assert "nothing in " in last_column(found.stdout)
    assert "all proved" in last_column(found.stdout)
    monkeypatch.setattr(verdicts, "judge", quickly)
    sound = one_line(ran("root-change-keeps-tlb").stdout)
    assert "Variant root-change-keeps-tlb of bare (sound)" in sound
    assert "search: nothing found in" in sound
    assert "oracle:" not in sound
    assert "The shortest schedule" not in sound


def test_a_verdict_that_is_not_as_it_must_be_returns_1(monkeypatch: pytest.MonkeyPatch) -> None:
    refuted = Refutation("pause", 1, "one_side_runs", "refuted")
    wrong, sound = VARIANTS["mark-dropped"], VARIANTS["spurious-dirty"]
    caught, missed = quickly(wrong, lambda spec: refuted), quickly(sound, lambda spec: None)
    unreached = evolve(wrong, unreached="its machine is too large")
    cases = {
        "caught": (caught, 0),
        "proof says nothing": (evolve(caught, refutation=None), 1),
        "search says nothing": (evolve(caught, found=missed.found), 1),
        "oracle says nothing": (evolve(caught, judged=None), 1),
        "not reached, as it says": (evolve(caught, variant=unreached, found=missed.found, judged=None), 0),
        "accepted": (missed, 0),
        "sound, but refuted": (evolve(missed, refutation=refuted), 1),
        "sound, but broken": (evolve(missed, found=caught.found), 1),
    }
    some(monkeypatch, "mark-dropped")
    for name, (verdict, status) in cases.items():
        monkeypatch.setattr(verdicts, "judge", lambda *_, verdict=verdict: verdict)
        assert ran("--check").exit_code == status, name


def test_one_class_is_told_whole(prover: None) -> None:
    found = ran("clear-after-read")
    assert (found.exit_code, found.stderr) == (0, "")
    told = one_line(found.stdout)
    for said in (
        "M02 cleared after the read",
        "breaks I-ORDER; contract: logging, rounds",
        CLASSES["M02"].mutant,
        "Variant clear-after-read of bare",
        "right, transfer_done: Every word has been read: on to the next page.",
        "here: The page's marks are cleared when it has been read, and with them those of stores since.",
        "stands for QEMU c0bad49946 (2017); QEMU 86b124bc76 (2018); QEMU migration_bitmap_clear_dirty",
        "search: broken after 11 steps, noticed after 20",
        ">> BROKEN",
        ">> NOTICED",
        "proof: transfer_done refuted against (rounds): what was noted is still marked",
        "oracle: the-last-store-arrives what was sent of the page last is not what the source has",
        "The obligation that fails transfer_done, path 1",
        "The state before satisfies every invariant",
        "the-log-is-cleared-before-a-send",
        "QEMU migration_bitmap_clear_dirty [D] (reference)",
    ):
        assert said in told, said
    assert max(len(line) for line in found.stdout.splitlines()) <= 80
    assert not any(line.endswith(" ") and not line.strip() for line in found.stdout.splitlines()[:10])


@pytest.mark.parametrize("name", ["m2", "2", "M02"])
def test_a_class_has_more_than_one_name(name: str) -> None:
    told = ran(name, "--names").stdout
    assert told.startswith("M02  ")
    assert "Variant clear-after-read" in told
    assert "search:" not in told


def test_a_variants_name_tells_its_class_by_that_variant_alone(prover: None) -> None:
    told = one_line(ran("flush-elided").stdout)
    assert "Variant flush-elided" in told
    assert "Variant no-flush" not in told
    assert "The obligation that fails transfer_mark, path 1" in told
    assert "another variant's" not in told


def test_without_a_prover_the_narration_says_so() -> None:
    assert "proof: no prover is installed" in one_line(ran("flush-elided").stdout)


def test_of_several_variants_the_soonest_that_the_guest_notices_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "variants_of", lambda number: [VARIANTS["mark-dropped"], VARIANTS["harvest-replaces"]])
    told = one_line(ran("M04").stdout)
    assert "The shortest schedule bare / harvest-replaces" in told
    assert "another variant's" in told


def test_a_class_that_is_not_modelled_says_what_is_missing_and_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CLASSES, "M34", UNMODELLED)
    monkeypatch.setattr(listing, "GROUPS", (Group("one more", (UNMODELLED,)),))
    assert f"not modelled yet: {UNMODELLED.missing}" in last_column(ran("--names").stdout)
    told = one_line(ran("M34", "--names").stdout)
    assert f"Not modelled yet missing: {UNMODELLED.missing}" in told
    assert "A recording can show it by" in one_line(ran("M23", "--names").stdout)
    synthetic = one_line(ran("M31").stdout)
    assert "Synthetic" in synthetic
    broken = one_line(ran("M33").stdout)
    assert "no invariant of migration; contract: none" in broken
    assert "A recording does not show it" in broken


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["M77"], "no class 'M77'; expected M"),
        (["clear-after-raed"], "clear-after-read"),
        (["needless-flush"], "no class 'needless-flush'"),
        (["?"], "M01 to M33"),
        (["--markdown", "M07"], "stands alone"),
        (["--markdown", "--json"], "stands alone"),
        (["--names", "--check"], "exclude each other"),
    ],
)
def test_arguments_that_cannot_be_used_return_2(arguments: list[str], says: str) -> None:
    found = ran(*arguments)
    assert found.exit_code == 2
    assert says in found.stderr
    assert found.stdout == ""


def test_as_json_a_variant_has_its_schedule_and_each_checkers_verdict(prover: None) -> None:
    found = ran("clear-after-read", "--json")
    told = orjson.loads(found.stdout)
    assert (found.exit_code, found.stderr) == (0, "")
    assert (told["class"], told["group"], told["checkers"]) == ("M02", "log ordering", ["proof", "search", "oracle"])
    [variant] = [variant for variant in told["variants"] if "search" in variant]
    assert (variant["name"], variant["machine"], variant["ok"]) == ("clear-after-read", "bare", True)
    assert (variant["search"]["broken_after"], variant["search"]["noticed_after"]) == (11, 20)
    assert variant["search"]["schedule"]["variant"] == "clear-after-read"
    assert variant["proof"]["refutation"]["step"] == "transfer_done"
    assert variant["proof"]["refutation"]["contract"] == "rounds"
    assert variant["oracle"] == {"verdict": "violation", "rules": ["the-last-store-arrives"], "reason": None}
    assert variant["sources"][0]["ids"] == ["c0bad49946"]
    assert variant["sources"][2]["year"] is None


def test_as_json_the_catalogue_has_all_and_runs_nothing_where_only_names_are_wanted() -> None:
    told = orjson.loads(ran("--json", "--names").stdout)
    assert [known["class"] for known in told["classes"]] == list(CLASSES)
    assert sum(len(known["variants"]) for known in told["classes"]) + len(told["controls"]["variants"]) == len(VARIANTS)
    assert not any("search" in variant for known in told["classes"] for variant in known["variants"])
    assert told["controls"]["sources"][0]["ids"] == ["509552e65ae8"]


def test_the_page_is_what_the_command_prints() -> None:
    found = ran("--markdown")
    assert found.exit_code == 0
    assert found.stdout == PAGE.read_text(), "make it anew: refmodel bugs --markdown >docs/catalogue.md"


def test_the_command_is_one_of_refmodels() -> None:
    assert root.commands["bugs"] is bugs


def test_what_is_not_noticed_says_who_looks_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "judge", quickly)
    told = one_line(ran("discard-at-commit").stdout)
    assert "broken after 10 steps, not noticed" in told
    assert "it was not looked for further" in told
    assert "oracle: the-source-is-kept-until-the-target-has-the-guest" in told
    assert "`--check` looks further" in told


def test_in_haste_the_proof_begins_where_the_search_saw_it_break() -> None:
    asked: list[tuple[object, ...]] = []
    for care in (Care.LISTED, Care.TOLD):
        judge(VARIANTS["mark-dropped"], lambda spec, *more: asked.append(more), care)
    assert asked == [(("logging", "hand-over"), "write_fault"), (("logging", "hand-over"), "")]
