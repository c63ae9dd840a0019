"""The screen for people: what is on it, that it fits its width, and what --page tells instead."""

import json
from io import StringIO
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner
from rich.console import Console

from refmodel.oracle.command import oracle
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.screen import show
from refmodel.oracle.verdict import Finding, LastRecord, Verdict
from refmodel.recordings import RECORDINGS
from refmodel.unusable import Unusable
from tests.oracle.recorded import event_file

LOST = str(next(recording.path for recording in RECORDINGS if recording.lost))
VERDICT = judge_recording(LOST)


def screen(verdict: Verdict, width: int, terminal: bool = False) -> str:
    out = StringIO()
    show(verdict, "a recording", Console(file=out, width=width, force_terminal=terminal))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_screen_and_none_has_colour(width: int) -> None:
    printed = screen(VERDICT, width)
    assert max(map(len, printed.splitlines())) <= width
    assert "\x1b" not in printed
    assert not any(line != line.rstrip() for line in printed.splitlines())


def test_colour_is_for_terminals_and_changes_no_text() -> None:
    import re

    coloured = screen(VERDICT, 80, terminal=True)
    assert "\x1b[1;31mviolation" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == screen(VERDICT, 80)


def test_a_rule_has_its_pages_the_story_of_the_first_and_what_it_looks_like() -> None:
    printed = screen(VERDICT, 120)
    assert "the-last-store-arrives (56 times): what was sent of the page last" in printed
    assert "contracts still possible: logging" in printed
    assert "  and 48 more: pc.ram 325 to 359, 361 to 368" in printed
    assert printed.count("the story of pc.ram 258, in ms since the migration began:") == 1
    assert "came later, and it was not sent again" in printed
    assert "looks like, likeliest first: M07 " in printed
    assert "of the same 56 pages" in printed
    fixes = [line.split()[0] for line in printed.splitlines() if " fixed in " in line]
    assert len(fixes) > 2
    assert len(set(fixes)) == len(fixes)


def test_what_is_found_fits_one_screen_with_its_rules() -> None:
    assert len(screen(VERDICT, 120).splitlines()) < 80


def test_what_a_reader_says_is_not_taken_for_markup() -> None:
    text = "a [bold]name[/] and [/] a bracket"
    finding = Finding("a-rule", ("logging",), text, 1, "[red]", 1, LastRecord(None, "[x]", "[/]", True), story=(text,))
    printed = screen(Verdict("violation", (finding,), notes=(text,)), 120)
    assert printed.count(text) == 3
    assert "[red] 1" in printed


def test_a_page_that_was_never_sent_says_so() -> None:
    finding = Finding("every-page-is-sent", ("rounds",), "the page was never sent", 1, "ram", 3)
    assert "ram 3  never sent" in screen(Verdict("violation", (finding,)), 80)


def test_a_target_that_holds_something_else_has_its_column() -> None:
    finding = Finding("a-rule", ("transport",), "m", 1, "ram", 3, LastRecord(7, "page", "a", False), "a", "b")
    assert "target has" in screen(Verdict("violation", (finding,)), 80)
    assert "target has" not in screen(Verdict("violation", (evolve(finding, target="a"),)), 80)


def told(*arguments: str, given: bytes | None = None) -> str:
    result = CliRunner().invoke(oracle, arguments, input=given, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.mark.parametrize("page", ["pc.ram:409", "pc.ram:0x199"])
def test_the_page_that_is_asked_for_is_told_instead(page: str) -> None:
    printed = told(LOST, "--page", page)
    assert "the story of pc.ram 409, in ms since the migration began:" in printed
    assert "pc.ram 258" not in printed
    assert "source has: " in printed


def test_a_page_of_which_nothing_was_found_has_a_story_too() -> None:
    printed = told(LOST, "--page", "pc.ram:0")
    assert "nothing was found of pc.ram 0" in printed
    assert "sent as" in printed


def test_a_page_of_an_event_file_is_told_by_its_events() -> None:
    printed = told("-", "--page", "ram:0", given=event_file("b"))
    assert "the story of ram 0:" in printed
    assert "  event 2: sent live as page at offset 0x7: b" in printed
    asked = json.loads(told("-", "--page", "ram:0", "--json", given=event_file("a")))["asked"]
    assert (asked["block"], asked["pfn"], asked["source"]) == ("ram", 0, "a")


@pytest.mark.parametrize("page", ["7", ":7", "pc.ram:", "pc.ram:x", "pc.ram:-1"])
def test_a_page_that_is_named_wrongly_is_refused(page: str) -> None:
    with pytest.raises(Unusable, match=r"BLOCK:PFN, e\.g\. pc\.ram:258"):
        told(LOST, "--page", page)


def test_a_page_that_is_not_there_is_refused_with_the_blocks_that_are(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(event_file("a"))
    assert "no page 7 of block ram; expected a page of ram (0 to 0)" in told(str(tmp_path / "e"), "--page", "ram:7")
    assert "no known format" in told("-", "--page", "ram:0", given=b"rubbish")


def test_a_page_of_a_stream_of_xen_is_told_too() -> None:
    idle = next(recording.path for recording in RECORDINGS if recording.name == "xen_idle")
    printed = told(str(idle), "--page", "ram:5")
    assert "the story of ram 5:" in printed
    assert "the source's vCPUs stand still" in printed
