"""Each rule for recordings of Xen rejects what it must, on a guest of 16 pages."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from refmodel.oracle.rules import RULES as PROMISE
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen import judge_xen
from refmodel.oracle.xen.not_observable import NOT_OBSERVABLE
from refmodel.oracle.xen.rules import RULES
from refmodel.oracle.xen.through_rules import THROUGH_XEN

from . import xen_guest as guest
from .xen_guest import COLD, HOT, L1, L2, OTHER_L1, RO, RW, SOURCE, TARGET, WARM, XEN_FRAME, entry, table, text
from .xen_writer import ABSENT, Harvest, Recording, Side, fixup, good, hypercall

Change = Callable[[Recording], object]
STORE_ONLY = {"a-stored-page-is-sent-again", "the-source-has-what-was-stored", "stores-only-where-the-guest-runs"}


def judged(change: Change, folder: Path) -> Verdict:
    """Return the verdict on the good recording after `change`."""
    recording = good()
    change(recording)
    return judge_xen(recording.write(folder))


def side(one: Side | None) -> Side:
    """Return the side, which is there."""
    assert one is not None
    return one


def calls(recording: Recording) -> list[Harvest]:
    """Return the harvests of the log."""
    return [call for call in recording.log or [] if isinstance(call, Harvest)]


def sent(recording: Recording, number: int, pfn: int, data: bytes | None, kind: int | None = None) -> None:
    """Replace what pass `number` says of a page."""
    for at, (found, old, _) in enumerate(recording.passes[number]):
        if found == pfn:
            recording.passes[number][at] = (pfn, old if kind is None else kind, data)


def mapped(recording: Recording, slot: int, value: int, level: int = 1) -> None:
    """Replace an entry of the shadow's table of `level`."""
    assert recording.tables is not None
    mfn = 0x3004 - level
    found = list(struct.unpack("<512Q", recording.tables[mfn]))
    found[slot] = value
    recording.tables[mfn] = struct.pack("<512Q", *found)


def without(recording: Recording, number: int, pfn: int) -> None:
    """Take a page out of a pass."""
    recording.passes[number] = [one for one in recording.passes[number] if one[0] != pfn]


def wrong_frame(recording: Recording) -> None:
    """Slot 2 of the L1 names another page of the guest."""
    entries = {0: entry(guest.CODE, RO), 1: entry(HOT, RW), 2: entry(COLD, RW), 3: entry(COLD, RW | 1 << 63), 9: 0x70}
    sent(recording, 1, L1, table(entries))


def swapped(recording: Recording) -> None:
    """The contents of two pages of the last pass change places."""
    sent(recording, 2, HOT, side(recording.source).pages[COLD])
    sent(recording, 2, COLD, side(recording.source).pages[HOT])


def changed_on(name: str, pfn: int, data: bytes) -> Change:
    """Return the change of a page on one side."""
    return lambda recording: getattr(recording, name).pages.update({pfn: data})


def peeked(at: int, dirty: set[int], faults: int = 2) -> Change:
    """Return the change of one harvest."""
    return lambda recording: calls(recording).__getitem__(at).__init__(dirty, faults, calls(recording)[at].kind)  # type: ignore[misc]


def switched(*switches: str, at: int) -> Change:
    """Return the change of where log-dirty mode is switched: the last of `switches` before call `at`, others first."""

    def change(recording: Recording) -> None:
        log = recording.log or []
        recording.log, recording.switched = [*switches[:-1], *log[:at], switches[-1], *log[at:]], False

    return change


WRONG: list[tuple[str, str, Change]] = [
    ("the-last-store-arrives", "a stale last copy", lambda r: sent(r, 2, HOT, text("hot 2"))),
    ("the-last-store-arrives", "a flipped bit", lambda r: sent(r, 0, guest.CODE, text("code")[:-1] + b"\1")),
    ("the-last-store-arrives", "two pages swapped", swapped),
    ("the-last-store-arrives", "a page sent as absent", lambda r: sent(r, 0, guest.CODE, None, ABSENT)),
    ("the-last-store-arrives", "a page of another type", lambda r: sent(r, 2, COLD, text("cold 2"), 1)),
    ("the-target-holds-what-was-sent", "another target", changed_on("target", HOT, text("hot 2"))),
    ("the-target-holds-what-was-sent", "a type lost", lambda r: setattr(r.target, "types", guest.TYPES | {7: 4})),
    ("every-page-is-sent", "a page never sent", lambda r: without(r, 0, guest.CODE)),
    ("the-first-pass-is-every-page", "a page left out", lambda r: without(r, 0, HOT)),
    ("each-later-pass-is-its-clean-bitmap", "a page of its CLEAN left out", lambda r: without(r, 1, HOT)),
    ("each-later-pass-is-its-clean-bitmap", "a page too many", lambda r: r.passes[1].append((COLD, 0, text("c")))),
    ("each-later-pass-is-its-clean-bitmap", "a pass left out", lambda r: r.passes.pop(1)),
    ("each-later-pass-is-its-clean-bitmap", "a pass too many", lambda r: r.passes.append([(HOT, 0, text("hot 3"))])),
    ("the-last-pass-is-the-final-clean-or-deferred", "a page left out", lambda r: without(r, 2, COLD)),
    ("the-last-pass-is-the-final-clean-or-deferred", "the last pass left out", lambda r: r.passes.pop()),
    ("no-page-of-a-pass-is-read-before-its-clean", "too early", lambda r: setattr(r, "times", [9.0, 9.05])),
    ("the-pages-of-a-pass-ascend", "two entries exchanged", lambda r: r.passes[0].insert(3, r.passes[0].pop(9))),
    ("a-deferred-page-comes-in-the-last-pass", "forgotten", lambda r: without(r, 2, OTHER_L1)),
    ("a-deferred-page-comes-in-the-last-pass", "absent again", lambda r: sent(r, 2, OTHER_L1, None, ABSENT)),
    ("a-verified-page-is-what-was-sent", "another", lambda r: setattr(r, "verify", [(HOT, 0, text("hot 2"))])),
    (
        "a-present-entry-names-a-page-of-the-guest",
        "not normalised",
        lambda r: sent(r, 1, L1, side(r.source).raw(L1)),
    ),
    (
        "a-present-entry-names-a-page-of-the-guest",
        "Xen's slots sent",
        lambda r: sent(r, 0, 7, guest.in_memory(side(r.source).pages[7], 4, {pfn: pfn for pfn in SOURCE})),
    ),
    (
        "each-page-table-names-the-level-below",
        "an L2 that names a plain page",
        lambda r: sent(r, 0, L2, table({0: entry(L1, RW), 1: entry(HOT, RW)})),
    ),
    ("a-page-table-entry-names-the-sources-frame", "a wrong frame", wrong_frame),
    ("a-page-table-entry-names-the-sources-frame", "a lost bit", lambda r: sent(r, 0, L2, table({0: entry(L1, RW)}))),
    ("a-vcpus-root-is-an-l4", "an L3", lambda r: setattr(r, "context", r.context.replace(b"\0\x70\0", b"\0\x90\0"))),
    ("the-vcpu-travels-as-the-source-left-it", "registers", lambda r: setattr(r, "context", b"\1" + r.context[1:])),
    (
        "the-vcpu-travels-as-the-source-left-it",
        "the target's",
        lambda r: setattr(r.target, "context", side(r.target).context[:-1] + b"\1"),
    ),
    (
        "the-target-differs-only-where-it-must",
        "the source's p2m list",
        changed_on("target", guest.P2M, guest.p2m_list(SOURCE)),
    ),
    (
        "the-target-differs-only-where-it-must",
        "start_info names another frame",
        changed_on(
            "target", guest.START_INFO, guest.start_info(0xBFC64000, 0, TARGET[HOT], 1, TARGET[guest.CONSOLE], 2)
        ),
    ),
    (
        "the-target-differs-only-where-it-must",
        "start_info's shared_info is a page of the guest",
        changed_on(
            "target",
            guest.START_INFO,
            guest.start_info(TARGET[HOT] << 12, 0, TARGET[guest.RING], 1, TARGET[guest.CONSOLE], 2),
        ),
    ),
    (
        "the-target-differs-only-where-it-must",
        "start_info differs in its words",
        changed_on("target", guest.START_INFO, guest.built()[guest.START_INFO][:-1] + b"\1"),
    ),
    (
        "the-target-differs-only-where-it-must",
        "the ring goes on",
        changed_on("target", guest.RING, guest.ring((622, 622, 636, 636))),
    ),
    ("no-page-of-a-pass-is-read-before-its-clean", "ENABLE too late", lambda r: setattr(r, "times", [9.0, 9.4])),
    ("a-harvest-finds-the-log-on", "no ENABLE", switched("OFF", at=9)),
    ("a-harvest-finds-the-log-on", "ENABLE after a PEEK", switched("ENABLE", at=1)),
    ("a-harvest-finds-the-log-on", "OFF before the FINAL CLEAN", switched("ENABLE", "OFF", at=7)),
    ("a-harvest-finds-the-log-on", "ENABLE of a log left on", switched("ENABLE", "ENABLE", at=0)),
    ("xen-counts-the-bits-of-its-bitmap", "one fewer", lambda r: setattr(calls(r)[2], "count", 2)),
    ("a-peek-only-grows-inside-a-round", "a bit taken back", peeked(0, {WARM}, 0)),
    ("a-peek-only-grows-inside-a-round", "faults taken back", peeked(0, set(), 3)),
    ("a-peek-stays-within-the-closing-clean", "a bit lost", peeked(1, {HOT, COLD})),
    ("a-peek-stays-within-the-closing-clean", "faults lost", peeked(1, {HOT}, 9)),
    ("a-peek-stays-within-the-closing-clean", "dirty after the FINAL", peeked(6, {HOT}, 0)),
    ("fault-counts-agree", "a fault without a count", lambda r: (r.trace or []).append(fixup(HOT))),
    ("fault-counts-agree", "another counter", lambda r: setattr(r, "counter", 6)),
    (
        "a-dirty-page-has-a-write-fault-or-a-table-update",
        "a read fault alone",
        lambda r: (r.trace or []).__setitem__(5, fixup(COLD, RO)),
    ),
    (
        "a-dirty-page-has-a-write-fault-or-a-table-update",
        "no table update",
        lambda r: (r.trace or []).__setitem__(2, hypercall(29)),
    ),
    ("the-cpu-walks-the-shadow", "the guest's table", lambda r: setattr(r, "cr3", SOURCE[guest.KERNEL_L4])),
    ("a-shadow-mapping-has-the-guests-own-frame", "another", lambda r: mapped(r, 2, entry(SOURCE[HOT], RO))),
    ("a-shadow-mapping-has-the-guests-own-frame", "none", lambda r: mapped(r, 8, entry(SOURCE[HOT], RO))),
    (
        "a-shadow-mapping-grants-no-more-than-the-guests-table",
        "written where the guest may not",
        lambda r: mapped(r, 0, entry(SOURCE[guest.CODE], RW)),
    ),
    (
        "a-shadow-mapping-grants-no-more-than-the-guests-table",
        "executed where the guest may not",
        lambda r: mapped(r, 3, entry(SOURCE[COLD], RW)),
    ),
    (
        "a-page-writable-in-the-shadow-is-in-the-next-clean",
        "made writable",
        lambda r: mapped(r, 2, entry(SOURCE[WARM], RW)),
    ),
    (
        "no-page-table-page-is-writable-in-the-shadow",
        "a page table made writable",
        lambda r: mapped(r, 2, entry(SOURCE[L2], RW)),
    ),
    (
        "a-page-that-no-later-clean-names-stays-as-it-was",
        "changed without the log",
        changed_on("before", WARM, text("warm 1")),
    ),
]


@pytest.mark.parametrize(("rule", "change"), [pytest.param(r, c, id=f"{r}: {w}") for r, w, c in WRONG])
def test_a_rule_rejects_what_it_must(rule: str, change: Change, tmp_path: Path) -> None:
    verdict = judged(change, tmp_path)
    found = {finding.rule for finding in verdict.findings}
    assert verdict.verdict == "violation"
    assert rule in found
    assert rule in {checked.rule for checked in verdict.checked}
    assert all(finding.message and finding.contracts for finding in verdict.findings)


def test_every_rule_has_a_recording_that_it_rejects() -> None:
    assert set(RULES) - {row[0] for row in THROUGH_XEN} <= {rule for rule, _, _ in WRONG}
    assert {rule for rule, _, _ in WRONG} <= set(RULES) | set(PROMISE)


def test_a_good_recording_with_everything_beside_it_is_accepted_by_every_rule(tmp_path: Path) -> None:
    verdict = judged(lambda r: setattr(r, "verify", [(HOT, 0, text("hot 3"))]), tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())
    unchecked = {one.rule for one in verdict.unchecked}
    assert unchecked == STORE_ONLY | {one.rule for one in NOT_OBSERVABLE}
    assert any("1 are read-only where the guest's table lets write" in note for note in verdict.notes)


def test_what_the_seed_says_of_one_pages_protection_is_said_to_be_not_observable(tmp_path: Path) -> None:
    verdict = judged(lambda r: None, tmp_path)
    said = {one.rule[:2]: one.why for one in verdict.unchecked if one.why.startswith("not observable here")}
    assert set(said) == {"R4", "R7"}


def test_only_what_the_wrong_page_breaks_is_found(tmp_path: Path) -> None:
    verdict = judged(lambda r: sent(r, 2, HOT, text("hot 2")), tmp_path)
    (stale, target) = sorted(verdict.findings, key=lambda finding: finding.rule == "the-target-holds-what-was-sent")
    assert (stale.rule, stale.pfn) == ("the-last-store-arrives", HOT)
    assert stale.last_record is not None
    assert (stale.last_record.kind, stale.last_record.after_pause) == ("page", True)
    assert "logging" not in stale.contracts, "the page was read after the suspension: the log did not lose it"
    assert target.target == stale.source


def test_a_pass_that_lacks_a_page_in_mid_record_is_blamed_for_that_page_alone(tmp_path: Path) -> None:
    verdict = judged(lambda r: without(r, 1, HOT), tmp_path)
    (found,) = (finding for finding in verdict.findings if finding.rule == "each-later-pass-is-its-clean-bitmap")
    assert found.pfn == HOT
    assert found.message == "pass 1 lacks a page that CLEAN 0 names"


def test_a_wrong_frame_is_told_with_its_slot(tmp_path: Path) -> None:
    messages = [finding.message for finding in judged(wrong_frame, tmp_path).findings]
    assert "slot 2 of an L1: sent naming pfn 0xf, the source's names 0xe" in messages


def test_a_page_that_neither_side_has_may_travel_as_absent(tmp_path: Path) -> None:
    def change(recording: Recording) -> None:
        sent(recording, 0, 0, None, ABSENT)
        recording.passes[2].insert(0, (0, ABSENT, None))
        for one in (recording.source, recording.target, recording.before):
            del side(one).pages[0]
        for number in (0, 2):
            sent(recording, number, OTHER_L1, table({7: entry(L1, RO)}), 1)
        without(recording, 2, OTHER_L1)
        for one in (recording.source, recording.target, recording.before):
            side(one).pages[OTHER_L1] = table({7: entry(L1, RO)})

    verdict = judged(change, tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())


def test_a_guest_that_wrote_nothing_after_the_last_pass_has_no_pass_after_its_suspension(tmp_path: Path) -> None:
    def change(recording: Recording) -> None:
        last = side(recording.source).pages
        recording.passes = [[(pfn, guest.TYPES.get(pfn, 0), last[pfn]) for pfn in range(guest.PAGES)]]
        recording.log = [Harvest(set(), 0), Harvest(set(), 0, "final")]
        recording.trace, recording.counter, recording.before, recording.tables = [], 0, None, None

    verdict = judged(change, tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())


def test_a_deferred_page_need_not_be_dirty(tmp_path: Path) -> None:
    assert OTHER_L1 not in calls(good())[5].dirty
    assert judged(lambda r: None, tmp_path).verdict == "accepted"


def test_a_page_table_may_hold_a_frame_outside_the_guest_only_while_it_is_deferred(tmp_path: Path) -> None:
    def change(recording: Recording) -> None:
        page = table({0: entry(XEN_FRAME, RO), 7: entry(L1, RO)})
        side(recording.source).pages[OTHER_L1] = page
        sent(recording, 2, OTHER_L1, page)

    verdict = judged(change, tmp_path)
    assert "a-present-entry-names-a-page-of-the-guest" in {finding.rule for finding in verdict.findings}
