"""A recording of Xen through the machine `xen`: right ones are taken, and each wrong one is found by name."""

from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from refmodel.oracle.judge import Judge
from refmodel.oracle.lockstep import MOST_PAGES
from refmodel.oracle.verdict import Checked, Finding, Unchecked, Verdict
from refmodel.oracle.xen import judge_xen
from refmodel.oracle.xen.bitmaps import Bitmap
from refmodel.oracle.xen.call_log import Decision
from refmodel.oracle.xen.call_log import Harvest as Call
from refmodel.oracle.xen.harvests import Harvested, Harvests, Round
from refmodel.oracle.xen.records import P2mFrames
from refmodel.oracle.xen.results import Result
from refmodel.oracle.xen.story import Story
from refmodel.oracle.xen.through_rules import COMMITS, COUNTS, HARVESTS, OWES, POLICY, SENT, THROUGH_XEN
from refmodel.oracle.xen.through_xen import through_xen

from .xen_guest import COLD, HOT, L1, OTHER_L1, WARM, text
from .xen_writer import ABSENT, Entry, Harvest, Recording, good

ALL = {row[0] for row in THROUGH_XEN}
Change = Callable[[Recording], object]


def judged(change: Change, folder: Path) -> Verdict:
    """Return the verdict on the good recording of 16 pages after `change`."""
    recording = good()
    change(recording)
    return judge_xen(recording.write(folder))


def log(recording: Recording) -> list[Harvest | str]:
    """Return the log, which is there."""
    assert recording.log is not None
    return recording.log


def without(recording: Recording, number: int, pfn: int) -> None:
    """Take a page out of a pass."""
    recording.passes[number] = [one for one in recording.passes[number] if one[0] != pfn]


def hot(seq: int) -> list[Entry]:
    """Return a pass of one page."""
    return [(HOT, 0, text(f"hot {seq}"))]


def rounds_of_one_page(count: int) -> Change:
    """Return the change to so many live rounds of one page after the second."""

    def change(recording: Recording) -> None:
        calls = log(recording)
        calls[3:4] = [Harvest({HOT}, 0) for _ in range(count)]
        recording.passes[2:2] = [hot(seq) for seq in range(count)]

    return change


WRONG: list[tuple[str, str, int | None, Change]] = [
    (OWES, "a page too many in a round", COLD, lambda r: r.passes[1].append((COLD, 0, text("c")))),
    (OWES, "a page twice in a round", HOT, lambda r: r.passes[1].append((HOT, 0, text("hot 2")))),
    (OWES, "a page too many at the end", WARM, lambda r: r.passes[2].append((WARM, 0, text("warm 2")))),
    (OWES, "a pass that no CLEAN asked for", HOT, lambda r: r.passes.append(hot(3))),
    (SENT, "a page of the first round left out", WARM, lambda r: without(r, 0, WARM)),
    (SENT, "a page of a later round left out", WARM, lambda r: without(r, 1, WARM)),
    (SENT, "a bit that is never sent", COLD, lambda r: log(r).__setitem__(2, Harvest({L1, HOT, WARM, COLD}, 3))),
    (HARVESTS, "a PEEK's bit lost", COLD, lambda r: log(r).__setitem__(1, Harvest({HOT, COLD}, 2, "peek"))),
    (HARVESTS, "a bit taken back", WARM, lambda r: log(r).__setitem__(0, Harvest({HOT, WARM}, 0, "peek"))),
    (HARVESTS, "marked after the FINAL CLEAN", HOT, lambda r: log(r).__setitem__(8, Harvest({HOT}, 0, "peek"))),
    (POLICY, "a sixth round", None, rounds_of_one_page(4)),
    (POLICY, "a round after one that was small enough", None, lambda r: log(r).insert(4, Harvest({HOT}, 0))),
    (POLICY, "a suspension with rounds to go", None, lambda r: log(r).pop(3)),
    (POLICY, "a round after the caller's stop", None, lambda r: log(r).insert(3, policy(2, 19, -1, "stop"))),
    (POLICY, "a suspension after the caller's go-on", None, lambda r: told_to_go_on(r)),
    (COUNTS, "a count of none", None, lambda r: log(r).__setitem__(2, Harvest({L1, HOT, WARM}, 3, count=0))),
    (
        COUNTS,
        "a count cut short at the end",
        None,
        lambda r: log(r).__setitem__(7, Harvest({HOT, COLD}, 2, "final", 1)),
    ),
    (COUNTS, "a policy told another count", None, lambda r: log(r).insert(3, policy(1, 16, 4, "continue"))),
    (COUNTS, "a policy told another sum", None, lambda r: log(r).insert(3, policy(1, 15, 3, "continue"))),
    (COMMITS, "a page of the last round left out", COLD, lambda r: without(r, 2, COLD)),
    (COMMITS, "a deferred page forgotten", OTHER_L1, lambda r: without(r, 2, OTHER_L1)),
    (COMMITS, "the last round left out", OTHER_L1, lambda r: r.passes.pop()),
]


def policy(iteration: int, total: int, dirty: int, answer: str) -> str:
    """Return the log's line for a policy that was asked."""
    return f"policy iteration={iteration} total_written={total} dirty={dirty} -> {answer}"


def told_to_go_on(recording: Recording) -> None:
    """The caller's policy answers to go on after the second round, and the guest is suspended."""
    log(recording).pop(3)
    log(recording).insert(3, policy(2, 19, -1, "continue"))


@pytest.mark.parametrize(("rule", "pfn", "change"), [pytest.param(r, p, c, id=f"{r}: {w}") for r, w, p, c in WRONG])
def test_a_wrong_recording_is_found_by_name(rule: str, pfn: int | None, change: Change, tmp_path: Path) -> None:
    verdict = judged(change, tmp_path)
    mine = [finding for finding in verdict.findings if finding.rule == rule]
    assert verdict.verdict == "violation"
    assert pfn in {finding.pfn for finding in mine}
    assert all("xen" in finding.message and finding.contracts for finding in mine)


def test_every_rule_has_a_wrong_recording() -> None:
    assert {rule for rule, *_ in WRONG} == ALL


def test_a_right_recording_is_taken_by_every_step(tmp_path: Path) -> None:
    verdict = judged(lambda r: None, tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())
    counts = {one.rule: one.count for one in verdict.checked if one.rule in ALL}
    assert counts == {OWES: 16 + 3 + 3, SENT: 3, HARVESTS: 7, POLICY: 3, COUNTS: 7, COMMITS: 1}


RIGHT: list[tuple[str, Change]] = [
    ("five rounds", rounds_of_one_page(3)),
    ("a page that is deferred twice", lambda r: deferred_again(r)),
    ("a stop of the caller's own", lambda r: log(r).__setitem__(3, policy(2, 19, -1, "stop"))),
    ("a caller's policy that is told the right counts", lambda r: log(r).insert(3, policy(1, 16, 3, "continue"))),
]


def deferred_again(recording: Recording) -> None:
    """A page without data in the first round is dirty in the second, and has none there either."""
    recording.passes[1].insert(1, (OTHER_L1, ABSENT, None))
    log(recording)[2] = Harvest({L1, OTHER_L1, HOT, WARM}, 3)


@pytest.mark.parametrize("change", [pytest.param(c, id=w) for w, c in RIGHT])
def test_other_right_recordings_are_taken(change: Change, tmp_path: Path) -> None:
    verdict = judged(change, tmp_path)
    assert [finding for finding in verdict.findings if finding.rule in ALL] == []
    assert {one.rule for one in verdict.checked} >= ALL


def test_a_policy_that_goes_on_for_longer_is_the_callers_own(tmp_path: Path) -> None:
    def change(recording: Recording) -> None:
        rounds_of_one_page(4)(recording)
        log(recording).insert(6, policy(5, 22, -1, "continue"))

    verdict = judged(change, tmp_path)
    assert [finding.rule for finding in verdict.findings if finding.rule == POLICY] == []
    assert "goes on where Xen's stops" in next(one.why for one in verdict.unchecked if one.rule == POLICY)


def test_what_a_finding_says_of_a_page(tmp_path: Path) -> None:
    verdict = judged(lambda r: r.passes[1].append((COLD, 0, text("c"))), tmp_path)
    (mine,) = [finding for finding in verdict.findings if finding.rule == OWES]
    assert (
        mine.message
        == "pass 1 has the page, and xen needs that the round owes the page: it would have taken up no page"
    )
    assert mine.contracts == ("rounds",)
    assert any("sent live" in line for line in mine.story)


def test_without_bitmaps_nothing_is_claimed(tmp_path: Path) -> None:
    verdict = judged(lambda r: setattr(r, "log", None), tmp_path)
    assert {one.rule for one in verdict.unchecked} >= ALL
    good().write(tmp_path)
    (tmp_path / "bitmaps.bin").unlink()
    assert {one.rule for one in judge_xen(tmp_path).unchecked} >= ALL


def test_peeks_whose_bitmaps_are_not_there_are_left_out(tmp_path: Path) -> None:
    good().write(tmp_path)
    (tmp_path / "peek.bin").unlink()
    verdict = judge_xen(tmp_path)
    assert [finding for finding in verdict.findings if finding.rule in ALL] == []
    assert {one.rule: one.count for one in verdict.checked if one.rule in ALL}[HARVESTS] == 3


def test_a_saved_domain_is_suspended_before_its_one_pass(tmp_path: Path) -> None:
    def saved(recording: Recording) -> None:
        recording.log = recording.times = None
        recording.handshake = b""
        del recording.passes[1:]
        without(recording, 0, lacking)

    lacking = -1
    verdict = judged(saved, tmp_path)
    assert {one.rule for one in verdict.checked} & ALL == {OWES, COMMITS}
    lacking = HOT
    verdict = judged(saved, tmp_path)
    assert (COMMITS, HOT) in {(finding.rule, finding.pfn) for finding in verdict.findings}


@pytest.mark.parametrize("keep", [40_000, 70_000, 75_000])
def test_of_a_stream_that_breaks_what_came_is_judged(keep: int, tmp_path: Path) -> None:
    recording = good()
    recording.write(tmp_path)
    (tmp_path / "stream.bin").write_bytes(recording.stream()[:keep])
    verdict = judge_xen(tmp_path)
    assert {finding.rule for finding in verdict.findings} & ALL == set()
    assert OWES in {one.rule for one in verdict.checked}


# Guests of more pages than Xen's threshold


def clean(pages: int, dirty: set[int], final: bool = False) -> Round:
    """Return a round that a CLEAN closes."""
    data = sum(1 << pfn for pfn in dirty).to_bytes(-(-pages // 8), "little")
    call = Call(1.0, 1, False, final, 3, pages, 0, len(dirty), len(dirty), False, 0, len(data))
    return Round((), Harvested(call, Bitmap(data)))


def told(pages: int, *dirty: int, decisions: tuple[tuple[int, Decision], ...] = ()) -> list[Result]:
    """Take a migration with CLEANs of so many pages through the machine; the last is the FINAL one."""
    found = [set(range(count)) for count in dirty]
    rounds = [clean(pages, one, final=at == len(found) - 1) for at, one in enumerate(found)]
    story = Story(Judge("a test"), Harvests("log", 3, pages, tuple(rounds), None, (), decisions))
    story.p2m = P2mFrames(0, 0, pages - 1, ())
    story.sent = [array("Q", (pfn << 1 for pfn in one)) for one in (range(pages), *found) if one]
    story.handshake = True
    return list(through_xen(story, whole=True))


@pytest.mark.parametrize(
    ("dirty", "rule"),
    [
        ((60, 60, 60, 60, 70), None),
        ((50, 49, 70), None),
        ((0, 0), None),
        ((60, 60, 60, 60, 60, 70), POLICY),
        ((60, 49, 60, 70), POLICY),
        ((60, 50, 70), POLICY),
        ((70,), POLICY),
    ],
)
def test_rounds_go_on_until_fewer_than_50_are_dirty_or_5_were_sent(dirty: tuple[int, ...], rule: str | None) -> None:
    results = told(100, *dirty)
    findings = [one for one in results if isinstance(one, Finding)]
    assert [finding.rule for finding in findings] == ([] if rule is None else [rule])
    assert {one.rule for one in results if isinstance(one, Checked)} == ALL


def test_what_xen_would_have_done_is_said() -> None:
    (finding,) = [one for one in told(100, 60, 49, 60, 70) if isinstance(one, Finding)]
    assert finding.message == (
        "CLEAN 2 begins another round, and xen needs that the policy allows another round: "
        "3 rounds were sent, the last of fewer than 50 pages, and it would have suspended the guest"
    )


def test_a_guest_of_several_leaves_is_taken() -> None:
    results = told(32_800, 5)
    assert [one.rule for one in results if isinstance(one, Finding)] == [POLICY]


def test_a_guest_that_is_claimed_to_be_huge_costs_nothing() -> None:
    story = Story(Judge("a test"))
    story.p2m = P2mFrames(0, 0, MOST_PAGES, ())
    results = list(through_xen(story, whole=True))
    assert {one.rule for one in results if isinstance(one, Unchecked)} == ALL
