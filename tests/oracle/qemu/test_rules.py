"""Each rule on a small run: nothing found in a right one, and in a wrong one what is wrong."""

import io
from pathlib import Path

import pytest
from attrs import evolve

from refmodel.oracle.qemu import RULES, companions
from refmodel.oracle.qemu.rules import Notes
from refmodel.oracle.qemu.wire import postcopy
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.errors import EarlyEnd, UnusableInput, WrongCompanion
from refmodel.oracle.readers.qemu_records import Page, PageKind, SectionKind
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.recording import judge_recording
from tests.oracle.qemu_writer import Sent
from tests.oracle.test_qemu_records import page, switch

from .run import Run, content, found, judge

SEND, RECORD, LOADED = "a-traced-send-is-on-the-wire", "a-record-was-sent", "every-record-is-loaded"
LATE, STOP = "the-last-record-is-not-older-than-the-last-store", "no-store-after-the-stop"
COUNT, CLEAR = "counted-dirty-pages-are-possible", "the-log-is-cleared-before-a-send"
RUN = Run()


def test_a_right_run_has_no_finding_and_checks_what_it_can(tmp_path: Path) -> None:
    report = judge(tmp_path, RUN.stream(), RUN.source(), RUN.target(), RUN.log())
    assert found(report) == []
    assert {checked.rule for checked in report.checked} == {
        SEND,
        RECORD,
        LOADED,
        LATE,
        STOP,
        COUNT,
        "sections-are-as-traced",
    }
    assert report.state == "completed"


def test_without_companions_everything_is_unchecked(tmp_path: Path) -> None:
    report = judge(tmp_path, RUN.stream())
    assert {unchecked.rule for unchecked in report.unchecked} == set(RULES)
    assert all(unchecked.why.startswith("needs ") for unchecked in report.unchecked)
    assert report.state is None


def test_a_lost_record_is_a_loss_on_the_wire(tmp_path: Path) -> None:
    passes = RUN.sent()
    del passes[1][1]
    report = judge(tmp_path, RUN.stream(passes), RUN.source(), RUN.target(), RUN.log())
    assert found(report) == [(LOADED, 2), (SEND, 2)]


def test_an_old_copy_that_nobody_sent_is_found(tmp_path: Path) -> None:
    passes = RUN.sent()
    passes[2].append(Sent("pc.ram", 1, content(2)))
    report = judge(tmp_path, RUN.stream(passes), RUN.source(), RUN.target(), RUN.log())
    assert found(report) == [(LOADED, 1), (RECORD, 1)]
    assert report.findings[1].last_record is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda passes: passes[2].append(Sent("pc.ram", 5, content(6))),
        lambda passes: passes[0].insert(3, passes[0][2]),
        lambda passes: passes[0].insert(0, passes[0].pop(1)),
    ],
    ids=["resent", "twice", "swapped"],
)
def test_harmless_differences_are_no_findings(tmp_path: Path, change: object) -> None:
    passes = RUN.sent()
    change(passes)  # type: ignore[operator]
    assert found(judge(tmp_path, RUN.stream(passes), RUN.source(), RUN.target(), RUN.log())) == []


def test_zeros_sent_as_a_page_are_no_finding(tmp_path: Path) -> None:
    run = Run(passes=[[(0, 0), (1, 1)], []], stores=[], dirty=[0, 0], pages=2)
    passes = run.sent()
    passes[0][0] = Sent("pc.ram", 0, bytes(4096))
    assert found(judge(tmp_path, run.stream(passes), run.source(), run.target())) == []


def test_a_store_after_the_last_record_is_found_without_any_truth(tmp_path: Path) -> None:
    run = Run(stores=[*RUN.stores, (1, 170_000)])
    report = judge(tmp_path, run.stream(), run.source(), None, run.log())
    assert found(report) == [(COUNT, None), (LATE, 1)]
    assert "1 were" not in report.findings[0].message
    assert report.findings[1].contracts == ("logging", "rounds", "transport")


def test_a_late_store_of_the_same_bytes_is_no_finding(tmp_path: Path) -> None:
    log = RUN.log((RUN.row(1, 190_000, count=1, value="10b010b"),))
    same = judge(tmp_path, RUN.stream(), RUN.source(), None, log)
    assert (LATE, 1) not in found(same)
    log = RUN.log((RUN.row(1, 190_000, count=1, value="10b010c"),))
    assert (LATE, 1) in found(judge(tmp_path, RUN.stream(), RUN.source(), None, log))


def test_a_late_store_is_no_finding_where_the_source_is_known_to_have_what_was_sent(tmp_path: Path) -> None:
    unknown = judge(tmp_path, RUN.stream(), RUN.source(), None, RUN.log((RUN.row(1, 190_000),)))
    assert (LATE, 1) in found(unknown)
    source = ByteSource(io.BytesIO(RUN.stream()), "stream")
    report = companions(tmp_path, read_stream(source), {("pc.ram", 1): digest(content(11))})
    assert (LATE, 1) not in found(report)


def test_a_skipped_page_counts_as_sent_again(tmp_path: Path) -> None:
    lines = RUN.source()
    at = next(n for n, line in enumerate(lines) if "ram_save_page pc.ram: offset: 0x2000" in line and n > 20)
    skipped = lines[at].replace("0x2000", "0x1000")
    lines[at:at] = [skipped, skipped.split(":")[0] + ":save_xbzrle_page_skipping "]
    log = RUN.log((RUN.row(1, 170_000),))
    assert (LATE, 1) not in found(judge(tmp_path, RUN.stream(), lines, None, log))


def test_a_zero_page_is_bounded_by_its_neighbours(tmp_path: Path) -> None:
    run = Run(passes=[[(0, 1), (1, 0), (2, 2)], []], stores=[(1, 2_500)], dirty=[0, 1], pages=3)
    assert found(judge(tmp_path, run.stream(), run.source(), None, run.log())) == []
    run = Run(passes=run.passes, stores=[(1, 9_000)], dirty=[0, 1], pages=3)
    report = judge(tmp_path, run.stream(), run.source(), None, run.log())
    assert found(report) == [(LATE, 1)]
    assert "latest time" in report.findings[0].message


def test_a_store_after_the_stop_is_found(tmp_path: Path) -> None:
    log = RUN.log((RUN.row(3, 205_000),))
    assert (STOP, 3) in found(judge(tmp_path, RUN.stream(), RUN.source(), None, log))


def test_a_count_that_the_stores_do_not_explain_is_found(tmp_path: Path) -> None:
    run = Run(dirty=[0, 2, 7])
    report = judge(tmp_path, run.stream(), run.source(), None, run.log())
    assert found(report) == [(COUNT, None)]
    assert "counts 5 new dirty pages, and the store log has stores to 1 pages" in report.findings[0].message


def test_a_count_that_lost_stores_is_found(tmp_path: Path) -> None:
    run = Run(dirty=[0, 0, 1])
    report = judge(tmp_path, run.stream(), run.source(), None, run.log())
    assert [finding.rule for finding in report.findings] == [COUNT]
    assert "2 were stored after they were sent (1, 2" in report.findings[0].message


def test_a_send_before_the_clearing_of_its_chunk_is_found(tmp_path: Path) -> None:
    lines = RUN.source()
    clear = "migration_bitmap_clear_dirty rb pc.ram start 0x0 size 0x40000000 page 0x1"
    first = next(n for n, line in enumerate(lines) if "ram_save_page" in line)
    before = [*lines[:first], lines[first].split(":")[0] + ":" + clear, *lines[first:]]
    report = judge(tmp_path, RUN.stream(), before, None, None)
    assert found(report) == []
    assert CLEAR in {checked.rule for checked in report.checked}
    after = [*lines[: first + 1], lines[first].split(":")[0] + ":" + clear, *lines[first + 1 :]]
    assert found(judge(tmp_path, RUN.stream(), after)) == [(CLEAR, 0)]


def test_a_failed_section_is_found(tmp_path: Path) -> None:
    lines = [line.replace("section_id 3 -> 0", "section_id 3 -> -5") for line in RUN.source()]
    assert found(judge(tmp_path, RUN.stream(), lines)) == [("sections-are-as-traced", None)]


def test_a_cancelled_run_is_told_and_its_stores_are_not_judged(tmp_path: Path) -> None:
    run = Run(state="cancelled", stores=[*RUN.stores, (1, 190_000)])
    stream = run.stream()
    with pytest.raises(EarlyEnd):
        judge(tmp_path, stream[:-200], run.source(), None, run.log())
    report = judge(tmp_path, stream, run.source(), None, run.log())
    assert report.state == "cancelled"
    why = {unchecked.rule: unchecked.why for unchecked in report.unchecked}
    assert why[LATE] == why[STOP] == "the migration ended cancelled: the guest runs on at the source"


def test_a_trace_that_ends_early_is_no_evidence(tmp_path: Path) -> None:
    report = judge(tmp_path, RUN.stream(), RUN.source()[:-2], None, RUN.log())
    assert found(report) == []
    assert {u.why for u in report.unchecked if u.rule in (SEND, LATE)} == {"the trace ends before the migration does"}


# Wrong companions


def other(**fields: object) -> Run:
    return Run(passes=[[(n, n + 1) for n in range(40)], [(n, 50) for n in range(20)], []], pages=40, **fields)  # type: ignore[arg-type]


OTHER = [
    [(n, n + 1) for n in range(40)],
    [(n, 50) for n in range(20, 40)],
    [],
]


def test_the_traces_of_another_run_are_wrong_companions(tmp_path: Path) -> None:
    mine, theirs = other(), Run(passes=OTHER, pages=40)
    with pytest.raises(WrongCompanion, match="20 have no record here, and 20 records no trace"):
        judge(tmp_path, mine.stream(), theirs.source())
    (tmp_path / "src.trace").unlink()
    with pytest.raises(WrongCompanion, match=r"dst.trace: of 60 traced pages 20 have no record"):
        judge(tmp_path, mine.stream(), None, theirs.target())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda lines: [*lines[:2], *lines[2:12], *lines[2:]], "RAM sections are traced, and the stream has"),
        (lambda lines: [line for line in lines if "section_id 2" not in line], "0 RAM sections are traced"),
        (lambda lines: [line.replace(" d,", " e,") for line in lines], "1 device sections are traced"),
        (lambda lines: [line for line in lines if "setup" not in line], "no migration is set up"),
        (lambda lines: [*lines[5:], *lines[:5]], "the clock jumps back by"),
    ],
)
def test_a_trace_of_another_shape_is_a_wrong_companion(tmp_path: Path, change: object, match: str) -> None:
    with pytest.raises(WrongCompanion, match=match):
        judge(tmp_path, RUN.stream(), change(RUN.source()))  # type: ignore[operator]


def test_a_clock_that_jumps_between_counted_times_is_noticed(tmp_path: Path) -> None:
    counted = "migrate_transferred transferred 5 time_spent 100 bandwidth 1 max_size 1"
    lines = RUN.source()
    lines[4:4] = [lines[3].split(":")[0] + ":" + counted]
    lines[-1:] = [f"7@{1_000_009_000}.000000:{counted}"]
    with pytest.raises(WrongCompanion, match="where QEMU counts 100 ms"):
        judge(tmp_path, RUN.stream(), lines)


def test_other_bytes_than_the_source_counted_are_another_run(tmp_path: Path) -> None:
    lines = RUN.source()
    at = next(n for n, line in enumerate(lines) if "section_end ram" in line)
    head = lines[at].split(":")[0]
    lines[at + 1 : at + 1] = [head + ":migrate_transferred transferred 999999 time_spent 1 bandwidth 1 max_size 1"]
    with pytest.raises(WrongCompanion, match="the source had sent 999999 bytes after 1 RAM sections"):
        judge(tmp_path, RUN.stream(), lines)


@pytest.mark.parametrize(
    ("row", "match"),
    [
        (RUN.row(1, 900_000), "0.900 s after it began"),
        (RUN.row(8, 190_000), "page 8, in pc.ram of 8 pages"),
        (RUN.row(1, -200_000), "the clock jumps back by"),
        (RUN.row(1, 250_000, kind="b"), "a store before the migration, 0.250 s after it began"),
    ],
)
def test_the_stores_of_another_run_are_a_wrong_companion(tmp_path: Path, row: str, match: str) -> None:
    with pytest.raises(WrongCompanion, match=match):
        judge(tmp_path, RUN.stream(), RUN.source(), None, RUN.log((row,)))


@pytest.mark.parametrize(
    ("name", "line", "match"),
    [
        ("source", "no trace", "line 3: 'no trace'; expected TID@SEC.USEC"),
        ("source", "7@1000000000.000001:ram_save_page what", "line 3: .* expected ram_save_page"),
        ("source", "x" * 5000, "line 3: over 4096 bytes"),
        ("log", "w,1,2,3", "line 3: 'w,1,2,3'; expected a row"),
        ("log", RUN.row(1, 1, count=0), "line 3: .*at least one store"),
    ],
)
def test_a_line_of_another_form_is_unusable_with_its_number(tmp_path: Path, name: str, line: str, match: str) -> None:
    source, log = RUN.source(), RUN.log()
    (source if name == "source" else log).insert(2, line)
    with pytest.raises(UnusableInput, match=match):
        judge(tmp_path, RUN.stream(), source, None, log)


@pytest.mark.parametrize("log", [["a,b"], []])
def test_a_store_log_without_its_header_is_unusable(tmp_path: Path, log: list[str]) -> None:
    with pytest.raises(UnusableInput, match=r"line 1: .*the header"):
        judge(tmp_path, RUN.stream(), RUN.source(), None, log)


def test_a_store_log_that_was_cut_short_accuses_nobody(tmp_path: Path) -> None:
    judge(tmp_path, RUN.stream(), RUN.source(), None, RUN.log())
    log = (tmp_path / "writes.csv").read_text()
    for cut in (log[:-1], log[: log.rindex(",") + 2]):
        (tmp_path / "writes.csv").write_text(cut)
        with pytest.raises(UnusableInput, match=r"writes.csv: line \d+: cut short"):
            judge(tmp_path, RUN.stream())


@pytest.mark.parametrize("length", [20, 60])
def test_a_stream_cut_in_its_first_section_is_broken_also_beside_traces(length: int, tmp_path: Path) -> None:
    judge(tmp_path, RUN.stream(), RUN.source(), RUN.target())
    (tmp_path / "stream").write_bytes(RUN.stream()[:length])
    verdict = judge_recording(str(tmp_path))
    assert verdict.verdict == "violation", verdict.reason
    assert [each.rule for each in verdict.findings] == ["the-stream-is-whole"]


# Post-copy, copies in flight

SENT, KEPT = "discarded-pages-are-sent-once", "only-discarded-pages-are-sent-after-the-switch"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((1, 2), []),
        ((2, 1), []),
        ((1,), [(SENT, 2)]),
        ((1, 2, 3), [(KEPT, 3)]),
        ((1, 2, 1), [(SENT, 1)]),
    ],
)
def test_after_the_switch_discarded_pages_are_sent_once_and_no_others(
    after: tuple[int, ...], expected: list[tuple[str, int]]
) -> None:
    notes = Notes()
    postcopy(switch(*after), notes)
    assert [(finding.rule, finding.pfn) for finding in notes.findings] == expected
    assert {checked.rule for checked in notes.checked()} == {SENT, KEPT}


def test_overlapping_discards_are_one() -> None:
    notes = Notes()
    postcopy(switch(1, 2, discards=((1, 2), (2, 1), (1, 1))), notes)
    assert notes.findings == []
    assert next(checked.count for checked in notes.checked() if checked.rule == SENT) == 2


def test_the_traces_of_postcopy_are_not_read(tmp_path: Path) -> None:
    report = companions(tmp_path, switch(1, 2))
    assert {u.why for u in report.unchecked if u.rule == SEND} == {"post-copy, whose traces are not read"}


def multifd(channel: int | None, seed: int) -> Page:
    return evolve(page(1, content(seed), 1, SectionKind.PART), kind=PageKind.MULTIFD, channel=channel, packet=1)


def test_two_contents_in_flight_on_two_channels_are_found() -> None:
    for pages, expected in (
        ([multifd(0, 1), multifd(1, 2)], 1),
        ([multifd(0, 1), multifd(1, 1)], 0),
        ([multifd(0, 1), multifd(0, 2)], 0),
    ):
        notes = Notes()
        postcopy(pages, notes)
        assert len(notes.findings) == expected
