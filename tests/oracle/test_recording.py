"""Recordings: the bundled real ones, wrong ones derived from them, and what cannot be used."""

import gzip
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import zstandard
from attrs import evolve
from click.testing import CliRunner

from refmodel.oracle.command import oracle
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.qemu_records import EndOfSection, Page, PageKind, Record, SectionKind
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.recording import judge_recording
from refmodel.recordings import RECORDINGS
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import loads
from refmodel.unusable import Unusable
from tests.oracle.qemu_writer import encode_all

TINY, LOST = (
    next(each.path for each in RECORDINGS if each.name == name) for name in ("tiny_zero", "qemu72_lost_dirty_bits")
)


def test_the_loss_of_debian_12s_qemu_is_shown_page_by_page_from_the_sources_memory_alone(tmp_path: Path) -> None:
    (tmp_path / "stream.xz").write_bytes((LOST / "stream.xz").read_bytes())
    source_alone(LOST, tmp_path)
    verdict = judge_recording(str(tmp_path))
    assert len({(f.block, f.pfn) for f in verdict.findings}) == 56
    for finding in verdict.findings:
        assert finding.rule == "the-last-store-arrives"
        assert finding.last_record is not None
        assert finding.last_record.offset is not None
        assert finding.source is not None
        assert finding.last_record.digest != finding.source
    assert "the-target-holds-what-was-sent" in {unchecked.rule for unchecked in verdict.unchecked}


def source_alone(recording: Path, folder: Path) -> None:
    truth = json.loads(lzma.decompress((recording / "truth.json.xz").read_bytes()))
    (folder / "truth.json").write_text(json.dumps({"source": truth["source"]}))


def tiny_records() -> list[Record]:
    with open_input(str(TINY / "stream.xz")) as source:
        return list(read_stream(source, keep_bytes=True))


def with_bytes(page: Page, data: bytes) -> Page:
    return evolve(page, kind=PageKind.PAGE, data=data, fill=None, digest=digest(data))


def rewritten(records: list[Record]) -> tuple[int, int]:
    """The index of the last record of a page that was sent just twice, with different contents, and of the first."""
    places: dict[tuple[str, int], list[int]] = {}
    for i, record in enumerate(records):
        if isinstance(record, Page):
            places.setdefault((record.block, record.pfn), []).append(i)
    *_, (before, at) = sorted(
        (pair for pair in places.values() if len(pair) == 2 and differ(*(records[i] for i in pair))),
        key=lambda pair: pair[1],
    )
    return at, before


def differ(one: Record, other: Record) -> bool:
    """Whether both are whole pages, with different contents."""
    pages = [each for each in (one, other) if isinstance(each, Page) and each.kind is PageKind.PAGE]
    return len({page.digest for page in pages}) == 2


def drop_the_resend(records: list[Record]) -> list[Record]:
    at, _ = rewritten(records)
    return records[:at] + records[at + 1 :]


def flip_a_byte(records: list[Record]) -> list[Record]:
    at, _ = rewritten(records)
    page = records[at]
    assert isinstance(page, Page)
    assert page.data is not None
    return [
        *records[:at],
        with_bytes(page, page.data[:7] + bytes([page.data[7] ^ 1]) + page.data[8:]),
        *records[at + 1 :],
    ]


def tear(records: list[Record]) -> list[Record]:
    at, before = rewritten(records)
    new, old = records[at], records[before]
    assert isinstance(new, Page)
    assert isinstance(old, Page)
    assert new.data is not None
    assert old.data is not None
    return [*records[:at], with_bytes(new, old.data[:2048] + new.data[2048:]), *records[at + 1 :]]


def replay_the_old_copy(records: list[Record]) -> list[Record]:
    _, before = rewritten(records)
    [end] = [i for i, r in enumerate(records) if isinstance(r, EndOfSection) and r.section is SectionKind.END]
    old = records[before]
    assert isinstance(old, Page)
    return [*records[:end], evolve(old, continued=False), *records[end:]]


def zero_a_page(records: list[Record]) -> list[Record]:
    at, _ = rewritten(records)
    page = records[at]
    assert isinstance(page, Page)
    zero = evolve(page, kind=PageKind.ZERO, fill=0, data=bytes(4096), digest=digest(bytes(4096)))
    return [*records[:at], zero, *records[at + 1 :]]


def swap_addresses(records: list[Record]) -> list[Record]:
    at, _ = rewritten(records)
    page = records[at]
    assert isinstance(page, Page)
    return [*records[:at], evolve(page, pfn=page.pfn + 1), *records[at + 1 :]]


def send_twice(records: list[Record]) -> list[Record]:
    at, _ = rewritten(records)
    return [*records[: at + 1], records[at], *records[at + 1 :]]


def judged(records: list[Record], folder: Path, recording: Path = TINY) -> str:
    (folder / "stream").write_bytes(encode_all(records))
    source_alone(recording, folder)
    return judge_recording(str(folder)).verdict


@pytest.mark.parametrize(
    "fault", [drop_the_resend, flip_a_byte, tear, replay_the_old_copy, zero_a_page, swap_addresses]
)
def test_a_fault_made_on_the_wire_is_found_without_the_targets_memory(
    fault: Callable[[list[Record]], list[Record]], tmp_path: Path
) -> None:
    assert judged(fault(tiny_records()), tmp_path) == "violation"


def test_harmless_changes_are_accepted(tmp_path: Path) -> None:
    assert judged(tiny_records(), tmp_path) == "accepted"
    assert judged(send_twice(tiny_records()), tmp_path) == "accepted"


def test_a_stream_that_ends_before_its_end_marker_is_a_violation(tmp_path: Path) -> None:
    whole = encode_all(tiny_records())
    source_alone(TINY, tmp_path)
    for length in (9, 4000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "stream").write_bytes(whole[:length])
        verdict = judge_recording(str(tmp_path))
        assert verdict.verdict == "violation"
        assert "the-stream-is-whole" in {finding.rule for finding in verdict.findings}


GIVEN_UP = "given-up-the-guest-runs-on"
STOPS, GOES_ON = "vm_state_notify running 0 reason 7 (finish-migrate)", "vm_state_notify running 1 reason 9 (running)"
PAUSED = "vm_state_notify running 0 reason 4 (paused)"
ENDS = "migrate_set_state new state "


@pytest.mark.parametrize(
    ("traced", "rules"),
    [
        ([ENDS + "cancelled"], set()),
        ([ENDS + "failed"], set()),
        ([STOPS, GOES_ON, ENDS + "cancelled"], set()),
        ([STOPS, ENDS + "failed", GOES_ON], set()),
        ([PAUSED, ENDS + "cancelled"], set()),
        ([STOPS, ENDS + "failed"], {GIVEN_UP}),
        ([], {"the-stream-is-whole"}),
        ([STOPS], {"the-stream-is-whole"}),
    ],
)
def test_a_migration_that_is_given_up_is_accepted_by_its_trace_unless_the_guest_stays_stopped(
    tmp_path: Path, traced: list[str], rules: set[str]
) -> None:
    (tmp_path / "stream").write_bytes(encode_all(tiny_records())[:4000])
    lines = [ENDS + "setup", ENDS + "active", *traced]
    told = [f"1@{number}.000000:{line}\n" for number, line in enumerate(lines, 1)]
    (tmp_path / "src.trace").write_text("".join(told))
    verdict = judge_recording(str(tmp_path))
    assert {finding.rule for finding in verdict.findings} == rules
    assert verdict.verdict == ("violation" if rules else "accepted")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress, bytes])
def test_compression_is_recognised_by_content(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "stream").write_bytes(pack(encode_all(tiny_records())))
    source_alone(TINY, tmp_path)
    assert judge_recording(str(tmp_path)).verdict == "accepted"


def test_the_truth_of_another_run_is_never_accepted(tmp_path: Path) -> None:
    assert judged(tiny_records(), tmp_path, recording=LOST) != "accepted"


UNUSABLE = [
    (b"", "no known format"),
    (b"\x00\x01\x02", "no known format"),
    (b"QEVM\x00\x00\x00\x02", "version"),
    (b"\x28\xb5\x2f\xfdrubbish", "zstd"),
    (b'{"event": "pause"}', "pause before begin"),
]


@pytest.mark.parametrize(("data", "says"), UNUSABLE)
def test_bytes_that_are_no_known_stream_are_unusable(data: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(data)
    verdict = judge_recording(str(tmp_path / "x"))
    assert (verdict.verdict, verdict.status) == ("unusable", 2)
    assert says in str(verdict.reason)


@pytest.mark.parametrize(
    ("truth", "says"),
    [
        ("{", "no JSON"),
        ("[]", "no source memory"),
        ('{"source": {"pc.ram": []}}', "an object of pages"),
        ('{"source": {"pc.ram": {"x": "0123456789abcdef"}}}', "a decimal number"),
        ('{"source": {"pc.ram": {"1": "zz"}}}', "16 hex digits"),
        ('{"source": {"pc.ram": {"100000": "0123456789abcdef"}}}', "a pfn below"),
        ('{"source": {"vga": {"1": "0123456789abcdef"}}}', "a block of"),
        ('{"source": {}, "target": 1}', "an object of blocks"),
    ],
)
def test_an_unusable_truth_is_named(truth: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(truth)
    verdict = judge_recording(str(TINY), truth=str(tmp_path / "t.json"))
    assert verdict.verdict == "unusable"
    assert says in str(verdict.reason)


def test_folders_and_files_that_are_not_there_are_unusable(tmp_path: Path) -> None:
    assert "no recording in this folder" in str(judge_recording(str(tmp_path)).reason)
    assert "cannot be opened" in str(judge_recording(str(tmp_path / "none")).reason)


EVENTS = b"""{"event": "begin", "version": 1, "blocks": [{"name": "ram", "pages": 1}]}
{"event": "send", "block": "ram", "pfn": 0, "digest": "%s"}
{"event": "pause"}
{"event": "memory", "side": "source", "block": "ram", "pfn": 0, "digest": "a"}
{"event": "commit"}
{"event": "activate"}
"""


@pytest.mark.parametrize(("digest_sent", "status"), [(b"a", 0), (b"b", 1)])
def test_the_command_reads_standard_input_and_exits_with_the_verdict(digest_sent: bytes, status: int) -> None:
    result = CliRunner().invoke(oracle, ["-", "--json"], input=EVENTS % digest_sent, standalone_mode=False)
    assert result.return_value == status
    verdict = json.loads(result.output)
    assert verdict["verdict"] == ("violation" if status else "accepted")
    assert {"verdict", "findings", "checked", "unchecked"} <= set(verdict)


def test_the_screen_for_people_names_rule_page_and_contracts() -> None:
    result = CliRunner().invoke(oracle, [str(LOST)], standalone_mode=False)
    assert result.return_value == 1
    assert "the-last-store-arrives (56 times)" in result.output
    assert "contracts still possible: logging, rounds" in result.output
    assert "pc.ram 258" in result.output
    assert "unchecked" in result.output


def test_a_format_that_is_named_is_believed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"rubbish")
    assert "QEVM" in str(judge_recording(str(tmp_path / "x"), "qemu").reason)
    truth = str(TINY / "truth.json.xz")
    (tmp_path / "e").write_bytes(EVENTS % b"a")
    assert "a truth beside an event file" in str(judge_recording(str(tmp_path / "e"), truth=truth).reason)


def test_a_rule_that_is_required_and_could_not_be_checked_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(EVENTS % b"a")
    assert judge_recording(str(tmp_path / "e"), require=["the-last-store-arrives"]).verdict == "accepted"
    verdict = judge_recording(str(tmp_path / "e"), require=["the-target-holds-what-was-sent"])
    assert verdict.status == 1
    assert "required, and could not be checked" in verdict.findings[0].message


def test_rules_are_listed_and_a_misspelt_one_is_named() -> None:
    listed = CliRunner().invoke(oracle, ["--rules", "--json"], standalone_mode=False)
    names = {rule["name"]: rule for rule in json.loads(listed.output)}
    assert names["the-last-store-arrives"]["needs"]
    assert {rule["about"] for rule in names.values()} == {"any", "QEMU", "Xen"}
    assert "the-last-store-arrives" in CliRunner().invoke(oracle, ["--rules"], standalone_mode=False).output.replace(
        "\n", ""
    )
    with pytest.raises(Unusable, match="expected the-last-store-arrives"):
        CliRunner().invoke(oracle, ["x", "--require", "the-last-stor-arrives"], catch_exceptions=False)
    with pytest.raises(click.UsageError):
        CliRunner().invoke(oracle, ["--json"], standalone_mode=False, catch_exceptions=False)


def test_what_no_right_machine_explains_is_explained_by_variants(tmp_path: Path) -> None:
    records = drop_the_resend(tiny_records())
    (tmp_path / "stream").write_bytes(encode_all(records))
    source_alone(TINY, tmp_path)
    verdict = judge_recording(str(tmp_path), explain=True)
    checked = {each.rule: each.count for each in verdict.checked}
    assert checked["a-right-machine-explains-what-was-seen"] > 500
    [lost] = [each for each in verdict.explanations if each["outcome"] == "no explanation"]
    names = {each["variant"] for each in lost["explained_by"]}
    assert {"no-flush", "clear-after-read", "no-final-harvest"} <= names
    for each in lost["explained_by"]:
        schedule = loads(json.dumps(each["witness"]).encode(), "the witness")
        *_, last = replay(schedule)
        assert last.noticed or any(moment.noticed for moment in replay(schedule))
    right = [each for each in verdict.explanations if each["outcome"] == "explained"]
    assert right
    assert right[0]["explained_by"][0]["variant"] == "needless-resend"


CAPTURES = os.environ.get("REFMODEL_CAPTURES")


@pytest.mark.skipif(CAPTURES is None, reason="REFMODEL_CAPTURES names no folder of captures")
def test_all_bare_metal_captures_are_judged_as_their_folder_says() -> None:
    assert CAPTURES is not None
    seen = 0
    for folder in sorted(Path(CAPTURES, "qemu").glob("*/*")):
        verdict = judge_recording(str(folder))
        seen += 1
        assert verdict.verdict == ("violation" if folder.parent.name == "bad" else "accepted"), folder.name
    assert seen >= 17
