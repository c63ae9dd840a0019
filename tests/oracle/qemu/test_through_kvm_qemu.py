"""A recording of QEMU through the machine `kvm-qemu`: right ones are taken, and each wrong one is found by name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import define, field

from refmodel.oracle.qemu.taken_up import TakenUp
from refmodel.oracle.qemu.through_rules import CLEARS, COMMITS, COUNTS, OWES, POLICY, STANDS, THROUGH_KVM_QEMU
from refmodel.oracle.readers import qemu_trace as trace
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.verdict import Verdict
from tests.oracle.qemu_writer import Sent

from .run import Run, content

ALL = set(THROUGH_KVM_QEMU)
PAGES = 64
"""RAM of whole 256 KiB, so that the clearing of its log is put off to the sends."""


@define
class Recorded:
    """A run of 64 pages, and what is changed of its files after they were made."""

    run: Run
    sent: list[list[Sent]] = field(init=False)
    lines: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.sent = self.run.sent()
        self.lines = self.run.source()
        for at in range(len(self.run.passes)):
            self.clear(at)
        self.pending("section_start ram", 0, PAGES)
        self.pending("section_start ram", 1, self.run.dirty[1])
        self.sync("running 0", self.run.dirty[1])
        self.pending("running 0", 0, 0)

    def at(self, words: str, number: int = 0) -> int:
        """Return which line has the words, counted from 0."""
        return [at for at, line in enumerate(self.lines) if words in line][number]

    def insert(self, at: int, event: str) -> None:
        """Put an event before a line, at its time."""
        self.lines.insert(at, f"{self.lines[at].split(':')[0]}:{event}")

    def clear(self, number: int) -> None:
        """Put the clearing of the log before the sends of a pass."""
        event = "migration_bitmap_clear_dirty rb pc.ram start 0x0 size 0x40000000 page 0x0"
        self.insert(self.at("section_start ram", number) + 1, event)

    def pending(self, words: str, number: int, pages: int, most: int = 16) -> None:
        """Put what is pending, and what would be few enough, before a line."""
        event = f"migrate_pending pending size {pages * 4096} max {most * 4096} (pre = {pages * 4096} compat=0 post=0)"
        self.insert(self.at(words, number), event)

    def sync(self, words: str, dirty: int) -> None:
        """Put a sync before a line."""
        self.insert(self.at(words), "migration_bitmap_sync_start ")
        self.insert(self.at(words), f"migration_bitmap_sync_end dirty_pages {dirty}")

    def judged(self, folder: Path) -> Verdict:
        """Return the verdict on the folder."""
        (folder / "stream").write_bytes(self.run.stream(self.sent))
        (folder / "src.trace").write_text("\n".join(self.lines) + "\n")
        return judge_recording(str(folder))


def recorded(*passes: list[tuple[int, int]], dirty: list[int], state: str = "completed") -> Recorded:
    """Return a run whose first pass is every page; seed 0 is a page of zeros."""
    first = [(pfn, pfn + 1) for pfn in range(PAGES)]
    return Recorded(Run(passes=[first, *passes], stores=[], dirty=dirty, pages=PAGES, state=state))


def good(*, state: str = "completed") -> Recorded:
    """Return a right run: three pages sent again while the guest runs, one of them with zeros, and two at the stop."""
    return recorded([(1, 71), (2, 72), (3, 0)], [(2, 82), (5, 85)], dirty=[0, 3, 5], state=state)


def mine(verdict: Verdict) -> list[tuple[str, int | None]]:
    """Return what the machine finds."""
    return [(finding.rule, finding.pfn) for finding in verdict.findings if finding.rule in ALL]


def test_a_right_run_is_taken_by_every_step(tmp_path: Path) -> None:
    verdict = good().judged(tmp_path)
    assert mine(verdict) == []
    counts = {one.rule: one.count for one in verdict.checked if one.rule in ALL}
    assert counts == {OWES: 64 + 3 + 2, CLEARS: 64 + 3, COUNTS: 4 + 3, POLICY: 3, STANDS: 1, COMMITS: 1}


@pytest.mark.parametrize("make", [lambda: left_over(5), lambda: stopped_early(3)], ids=["a sync", "a stop"])
def test_a_page_fewer_than_the_threshold_is_few_enough(make: Callable[[], Recorded], tmp_path: Path) -> None:
    assert mine(make().judged(tmp_path)) == []


def test_a_cancelled_run_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    """What its last sync counted was never sent, and need not have been."""
    run = good(state="cancelled")
    run.sent[2].pop()
    run.lines.pop(run.at("offset: 0x5000 ", 1))
    verdict = run.judged(tmp_path)
    assert mine(verdict) == []
    why = {one.rule: one.why for one in verdict.unchecked}
    assert why[STANDS] == why[COMMITS] == "the migration is cancelled, or its stream not whole"


def unsent(run: Recorded) -> None:
    """A page of zeros, which leaves no event, is not on the wire."""
    run.sent[1].pop()


def late_clear(run: Recorded) -> None:
    """The clearing of the log comes after the first send of a pass."""
    line = run.lines.pop(run.at("clear_dirty", 1))
    run.lines.insert(run.at("ram_save_page", PAGES) + 1, line)


def late_stop(run: Recorded) -> None:
    """The vCPUs stop after the last sync."""
    line = run.lines.pop(run.at("running 0"))
    stopped = run.lines[run.at("sync_end", 3)].split(":")[0] + ":" + line.split(":", 1)[1]
    run.lines.insert(run.at("sync_end", 3) + 1, stopped)


def left_over(most: int) -> Recorded:
    """Four pages of the first pass come in the second, which a sync comes before."""
    run = Run(stores=[], dirty=[0, 3, 5], pages=PAGES)
    run.passes = [[(pfn, pfn + 1) for pfn in range(60)], [(1, 71), (2, 72), (3, 73)], [(2, 82), (5, 85)]]
    run.passes[1] += [(pfn, pfn + 1) for pfn in range(60, 64)]
    made = Recorded(run)
    at = made.at("migrate_pending", 1)
    made.lines[at] = made.lines[at].replace("size 12288 max 65536", f"size {7 * 4096} max {most * 4096}")
    return made


def stopped_early(most: int) -> Recorded:
    """The sync before the stop has found two pages."""
    made = good()
    for words in ("sync_end", "migrate_pending"):
        at = made.at(words, 2)
        made.lines[at] = made.lines[at].replace("size 0 max 65536", f"size 8192 max {most * 4096}")
        made.lines[at] = made.lines[at].replace("dirty_pages 3", "dirty_pages 5")
    return made


def unsynced(run: Recorded) -> None:
    """There is no sync before the stop, though little is pending."""
    del run.lines[run.at("sync_start", 2) : run.at("sync_end", 2) + 1]


def pass_of(number: int, *pages: tuple[int, int], dirty: list[int]) -> Callable[[], Recorded]:
    """Return a run in which a pass and the counts are others."""
    passes = [[(1, 71), (2, 72), (3, 0)], [(2, 82), (5, 85)]]
    passes[number] = list(pages)
    return lambda: recorded(*passes, dirty=dirty)


def changed(change: Callable[[Recorded], object]) -> Callable[[], Recorded]:
    """Return the right run, changed."""

    def make() -> Recorded:
        run = good()
        change(run)
        return run

    return make


WRONG: list[tuple[str, str, int | None, Callable[[], Recorded]]] = [
    (OWES, "a page too many for what was counted", 2, pass_of(1, (2, 82), (5, 85), dirty=[0, 3, 4])),
    (OWES, "a page twice between two syncs", 2, pass_of(0, (1, 71), (2, 72), (2, 73), dirty=[0, 3, 5])),
    (OWES, "a page of zeros too many for what was counted", 9, pass_of(1, (2, 82), (5, 85), (9, 0), dirty=[0, 3, 5])),
    (OWES, "an old copy that nobody sent", 1, changed(lambda r: r.sent[2].append(Sent("pc.ram", 1, content(2))))),
    (CLEARS, "cleared after a send", 1, changed(late_clear)),
    (CLEARS, "not cleared", 1, changed(lambda r: r.lines.pop(r.at("clear_dirty", 1)))),
    (COUNTS, "more pending than is owed", None, changed(lambda r: r.pending("running 0", 0, 1))),
    (POLICY, "a sync with much pending", None, lambda: left_over(3)),
    (POLICY, "a stop with much pending", None, lambda: stopped_early(2)),
    (POLICY, "a stop without a sync", None, changed(lambda r: unsynced(r))),
    (COUNTS, "less pending than is owed", None, changed(lambda r: r.pending("section_start ram", 1, 2))),
    (COUNTS, "more counted than there are pages", None, pass_of(1, (2, 82), (5, 85), dirty=[0, 3, 70])),
    (STANDS, "stopped after the last sync", None, changed(late_stop)),
    (COMMITS, "a page that was counted is never sent", None, pass_of(1, (2, 82), dirty=[0, 3, 5])),
    (COMMITS, "a record that is not on the wire", None, changed(unsent)),
]


@pytest.mark.parametrize(("rule", "pfn", "make"), [pytest.param(r, p, m, id=f"{r}: {w}") for r, w, p, m in WRONG])
def test_a_wrong_run_is_found_by_name(rule: str, pfn: int | None, make: Callable[[], Recorded], tmp_path: Path) -> None:
    verdict = make().judged(tmp_path)
    found = [finding for finding in verdict.findings if finding.rule == rule]
    assert verdict.verdict == "violation"
    assert pfn in {finding.pfn for finding in found}
    assert all("kvm-qemu" in finding.message and finding.contracts for finding in found)


def test_every_rule_has_a_wrong_run() -> None:
    assert {rule for rule, *_ in WRONG} == ALL


def test_what_a_finding_says_of_a_page(tmp_path: Path) -> None:
    verdict = changed(lambda r: r.lines.pop(r.at("clear_dirty", 1)))().judged(tmp_path)
    assert mine(verdict) == [(CLEARS, 1)]
    (found,) = [finding for finding in verdict.findings if finding.rule == CLEARS]
    assert (
        found.message == "sent, and kvm-qemu needs that the page's chunk has been cleared: a store before that is lost"
    )
    assert found.block == "pc.ram"


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.sent[2].append(Sent("pc.ram", 7, content(8))),
        lambda r: r.sent[2].append(Sent("pc.ram", 3, 0)),
        lambda r: r.sent[1].append(Sent("pc.ram", 3, 0)),
        lambda r: r.sent[0].insert(3, r.sent[0][2]),
        lambda r: r.sent[1].insert(0, r.sent[1].pop(1)),
        lambda r: r.sent[1].__setitem__(2, Sent("pc.ram", 3, bytes(4096))),
    ],
    ids=["resent", "zeros resent", "zeros twice", "twice", "swapped", "zeros as a page"],
)
def test_harmless_copies_are_no_findings(change: Callable[[Recorded], object], tmp_path: Path) -> None:
    run = good()
    change(run)
    verdict = run.judged(tmp_path)
    assert mine(verdict) == []
    assert OWES in {one.rule for one in verdict.checked}


def test_a_page_that_was_found_unchanged_counts_as_sent(tmp_path: Path) -> None:
    run = recorded([(1, 71)], [], dirty=[0, 2, 2])
    del run.lines[run.at("migrate_pending", 1)]
    at = run.at("offset: 0x1000 ", 1)
    run.insert(at, "save_xbzrle_page_skipping ")
    run.insert(at, "ram_save_page pc.ram: offset: 0x2000 host: 0x7f00")
    assert mine(run.judged(tmp_path)) == []


def test_a_block_whose_log_is_cleared_at_each_sync_has_no_clearing_to_check(tmp_path: Path) -> None:
    run = Run(stores=[], dirty=[0, 2, 3])
    (tmp_path / "stream").write_bytes(run.stream())
    (tmp_path / "src.trace").write_text("\n".join(run.source()) + "\n")
    verdict = judge_recording(str(tmp_path))
    assert mine(verdict) == []
    why = {one.rule: one.why for one in verdict.unchecked}
    assert why[CLEARS] == "no migration_bitmap_clear_dirty is traced"
    assert "migrate_pending" in why[POLICY]


def test_what_others_have_pending_is_told_from_device_state() -> None:
    ram, other = trace.SectionStart(1, 1, "ram", 2), trace.SectionStart(1, 1, "vfio", 9)
    for events, shared in (([ram, other, ram], True), ([ram, ram, other], False)):
        taken = TakenUp()
        taken.section([])
        taken.section([])
        list(taken.moments(events, None))
        assert taken.shared is shared


def test_without_a_trace_nothing_is_claimed(tmp_path: Path) -> None:
    (tmp_path / "stream").write_bytes(Run().stream())
    verdict = judge_recording(str(tmp_path))
    assert {one.rule for one in verdict.unchecked} >= ALL
    assert all(one.why.startswith("needs ") for one in verdict.unchecked if one.rule in ALL)


def test_a_trace_without_sends_is_judged_by_sections(tmp_path: Path) -> None:
    run = good()
    run.lines = [line for line in run.lines if "ram_save_page" not in line]
    verdict = run.judged(tmp_path)
    assert mine(verdict) == []
    run.sent[2].append(Sent("pc.ram", 9, content(99)))
    assert OWES in {rule for rule, _ in mine(run.judged(tmp_path))}


def test_a_machine_that_stood_still_from_the_start_is_taken(tmp_path: Path) -> None:
    run = good()
    line = run.lines.pop(run.at("running 0"))
    run.lines.insert(1, run.lines[1].split(":")[0] + ":" + line.split(":", 1)[1])
    assert mine(run.judged(tmp_path)) == []


def test_a_ram_that_is_claimed_to_be_huge_costs_nothing(tmp_path: Path) -> None:
    run = Run(stores=[], dirty=[0, 2, 3], pages=1 << 30)
    (tmp_path / "stream").write_bytes(run.stream())
    (tmp_path / "src.trace").write_text("\n".join(run.source()) + "\n")
    verdict = judge_recording(str(tmp_path))
    assert "the machine is made for" in next(one.why for one in verdict.unchecked if one.rule == OWES)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("offset: 0x5000 ", "offset: 0x40000 ", "pc.ram has 64 pages, and its page 64 is traced"),
        (
            "clear_dirty rb pc.ram start 0x0 ",
            "clear_dirty rb pc.ram start 0x40000 ",
            "pc.ram has 64 pages, and the log of its page 64 is cleared",
        ),
    ],
)
def test_a_trace_that_names_a_page_beyond_its_block_is_not_told_through_the_machine(
    old: str, new: str, why: str, tmp_path: Path
) -> None:
    run = good()
    at = run.at(old)
    run.lines[at] = run.lines[at].replace(old, new)
    verdict = run.judged(tmp_path)
    assert {one.why for one in verdict.unchecked if one.rule in ALL} == {why}


def test_a_recording_of_no_pages_is_not_told_through_the_machine(tmp_path: Path) -> None:
    run = good()
    run.run.pages = 0
    run.sent = [[] for _ in run.sent]
    verdict = run.judged(tmp_path)
    assert {one.why for one in verdict.unchecked if one.rule in ALL} == {"the recording has no pages"}
