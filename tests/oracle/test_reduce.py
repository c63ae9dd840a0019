"""Reducing: what is filled and what stays, what is refused, and that nothing half-made is left behind."""

import json
from pathlib import Path

import pytest
import zstandard
from attrs import evolve
from click.testing import CliRunner

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.readers.qemu_records import Page
from refmodel.oracle.readers.qemu_stores import HEADER
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.oracle.readers.qemu_wire import digest
from refmodel.oracle.recording import judge_recording
from refmodel.oracle.reduce import folder as folder_of
from refmodel.oracle.reduce import reduce_recording
from refmodel.oracle.reduce.command import reduce
from refmodel.oracle.reduce.filling import Fill, filled, page_of, word_of
from refmodel.oracle.verdict import Checked, Finding, Verdict
from refmodel.unusable import Unusable
from tests.oracle.qemu.run import T0
from tests.oracle.qemu_writer import Sent, build, encode_all
from tests.oracle.xen import xen_guest as guest
from tests.oracle.xen.xen_writer import good


def page(seed: int) -> bytes:
    """A page that is not one word repeated."""
    return bytes([seed]) * 4095 + b"\xff"


def pages_of(folder: Path) -> dict[tuple[str, int], list[bytes]]:
    """What travelled of each page, in order."""
    found: dict[tuple[str, int], list[bytes]] = {}
    with open_input(str(folder / "stream.xz")) as source:
        for record in read_stream(source, keep_bytes=True):
            if isinstance(record, Page) and record.data is not None:
                found.setdefault((record.block, record.pfn), []).append(record.data)
    return found


def qemu(folder: Path, log: bool = True, lost: bool = False) -> Path:
    """A migration of 4 pages of RAM and a ROM: page 1 is rewritten, page 2 sent once and stored to, page 3 still."""
    folder.mkdir()
    first = [Sent("pc.ram", pfn, page(pfn + 1)) for pfn in range(1, 4)]
    passes = [[Sent("pc.ram", 0, 0), *first, Sent("pc.bios", 0, page(9))], [Sent("pc.ram", 1, page(7))]]
    blocks = [("pc.ram", 4 * 4096), ("pc.bios", 4096)]
    (folder / "stream.zst").write_bytes(zstandard.compress(encode_all(build(blocks, passes, []))))
    memory = {"0": bytes(4096), "1": page(7), "2": page(8 if lost else 3), "3": page(4)}
    digests = {pfn: digest(data) for pfn, data in memory.items()}
    target = digests | {"2": digest(page(3))}
    (folder / "truth.json").write_text(json.dumps({"source": {"pc.ram": digests}, "target": {"pc.ram": target}}))
    if log:
        rows = [f"w,1,{T0 * 1000},{pfn},0,4,1,{T0 * 1000},7" for pfn in (1, 2)]
        before = f"b,0,{T0 * 1000 - 9},3,0,4,1,{T0 * 1000 - 9},1"
        (folder / "writes.csv").write_text("\n".join([HEADER, before, *rows, ""]))
    (folder / "notes.txt").write_text("not read")
    return folder


def test_a_word_is_the_pages_own_and_a_filled_page_stays() -> None:
    word = word_of(page(1))
    assert word is not None
    assert word != word_of(page(2))
    assert word_of(page_of(word)) is None
    assert word_of(bytes(4096)) is None


def test_filling_changes_nothing_but_the_pages(tmp_path: Path) -> None:
    whole = bytes(range(256)) * 1000
    (tmp_path / "x").write_bytes(whole)
    with (tmp_path / "x").open("rb") as file:
        fills = [Fill(200_001, b"12345678"), Fill(7, b"abcdefgh")]
        made = b"".join(filled(ByteSource(file, "x"), fills))
    expected = whole[:7] + b"abcdefgh" * 512 + whole[4103:200_001] + b"12345678" * 512 + whole[204_097:]
    assert made == expected


def test_of_qemus_pages_those_are_filled_that_the_guest_cannot_have_changed(tmp_path: Path) -> None:
    reduced = reduce_recording(qemu(tmp_path / "whole"), tmp_path / "made")
    assert (reduced.verdict.verdict, reduced.differences) == ("accepted", ())
    found = pages_of(tmp_path / "made")
    assert found["pc.ram", 0] == [bytes(4096)]
    assert found["pc.ram", 1] == [page(2), page(7)]
    assert found["pc.ram", 2] == [page(3)]
    assert found["pc.ram", 3] == [page_of(word_of(page(4)) or b"")]
    assert found["pc.bios", 0] == [page_of(word_of(page(9)) or b"")]
    names = {path.name for path in (tmp_path / "made").iterdir()}
    assert names == {"stream.xz", "truth.json.xz", "writes.csv.xz"}
    assert judge_recording(str(tmp_path / "made")).verdict == "accepted"


def test_without_a_store_log_only_roms_are_filled(tmp_path: Path) -> None:
    reduce_recording(qemu(tmp_path / "whole", log=False), tmp_path / "made")
    found = pages_of(tmp_path / "made")
    assert found["pc.ram", 3] == [page(4)]
    assert found["pc.bios", 0] != [page(9)]


def test_a_loss_stays_a_loss(tmp_path: Path) -> None:
    reduced = reduce_recording(qemu(tmp_path / "whole", lost=True), tmp_path / "made")
    assert reduced.verdict.verdict == "violation"
    [finding] = judge_recording(str(tmp_path / "made")).findings
    assert (finding.rule, finding.pfn) == ("the-last-store-arrives", 2)


def test_a_stream_that_breaks_is_reduced_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = qemu(tmp_path / "whole")
    with open_input(str(whole / "stream.zst")) as source:
        data = source.read_rest(1 << 20, "stream")
    (whole / "stream.zst").write_bytes(data[:-300])
    reduced = reduce_recording(whole, tmp_path / "made")
    assert reduced.verdict.verdict == "violation"
    assert "the-stream-is-whole" in {f.rule for f in judge_recording(str(tmp_path / "made")).findings}


def xen(folder: Path) -> Path:
    folder.mkdir()
    return good().write(folder)


def test_of_xens_pages_all_plain_ones_are_filled_and_those_that_rules_read_stay(tmp_path: Path) -> None:
    whole = xen(tmp_path / "whole")
    reduced = reduce_recording(whole, tmp_path / "made")
    assert (reduced.verdict.verdict, reduced.differences) == ("accepted", ())
    files = {}
    for path in (tmp_path / "made").iterdir():
        with open_input(str(path)) as source:
            files[path.name] = source.read_rest(1 << 24, path.name)
    for name, data in files.items():
        before = (whole / name.removesuffix(".xz")).read_bytes()
        assert len(data) == len(before)
        plain = ("stream.bin.xz", "src.mem.xz", "dst.mem.xz", "before.mem.xz")
        assert (data != before) == (name in plain), name
    last = guest.suspended()
    for name in ("stream.bin.xz", "src.mem.xz"):
        for pfn in (guest.START_INFO, guest.RING, guest.P2M):
            assert last[pfn] in files[name]
        for pfn in (guest.CODE, guest.CONSOLE, guest.HOT, guest.COLD):
            assert last[pfn] not in files[name]
            assert page_of(word_of(last[pfn]) or b"") in files[name]
    for pfn in (guest.KERNEL_L4, guest.L3, guest.L2, guest.L1):
        assert last[pfn] in files["stream.bin.xz"]


def test_reducing_twice_is_reducing_once(tmp_path: Path) -> None:
    for name, whole in (("qemu", qemu(tmp_path / "q")), ("xen", xen(tmp_path / "x"))):
        once, twice = tmp_path / f"{name}1", tmp_path / f"{name}2"
        reduce_recording(whole, once)
        reduce_recording(once, twice)
        files = sorted(path.name for path in once.iterdir())
        assert files == sorted(path.name for path in twice.iterdir())
        assert all((once / file).read_bytes() == (twice / file).read_bytes() for file in files)


def test_without_the_sources_memory_it_is_reduced_all_the_same(tmp_path: Path) -> None:
    whole = xen(tmp_path / "whole")
    (whole / "src.mem").unlink()
    assert reduce_recording(whole, tmp_path / "made").verdict.verdict == "unusable"
    assert (tmp_path / "made" / "dst.mem.xz").exists()


def refused(source: Path, target: Path, says: str) -> None:
    there = sorted(target.parent.iterdir())
    with pytest.raises(Unusable, match=says):
        reduce_recording(source, target)
    assert sorted(target.parent.iterdir()) == there


def test_what_cannot_be_used_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    whole, made = qemu(tmp_path / "whole"), tmp_path / "made"
    refused(tmp_path / "none", made, "no folder")
    refused(whole / "stream.zst", made, "no folder")
    refused(whole, tmp_path / "whole", "it exists")
    with pytest.raises(Unusable, match="its parent does not"):
        reduce_recording(whole, tmp_path / "none" / "made")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", made, "no stream in this folder")
    (tmp_path / "empty" / "stream").write_bytes(b"rubbish")
    refused(tmp_path / "empty", made, "no known format")
    (tmp_path / "empty" / "stream").write_bytes(b"QEVM\0\0\0\2")
    refused(tmp_path / "empty", made, "it cannot be judged")
    (whole / "truth.json").write_text("{")
    refused(whole, made, "no JSON")


def test_a_memory_image_that_is_none_is_refused(tmp_path: Path) -> None:
    whole = xen(tmp_path / "whole")
    (whole / "src.mem").unlink()
    data = (whole / "before.mem").read_bytes()
    for broken in (b"XMEMDMP2" + data[8:], data[:-1]):
        (whole / "before.mem").write_bytes(broken)
        refused(whole, tmp_path / "made", "before.mem")


def test_one_that_is_judged_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, made = qemu(tmp_path / "whole"), tmp_path / "made"
    judged = judge_recording

    def other(path: str) -> Verdict:
        verdict = judged(path)
        return verdict if path == str(whole) else evolve(verdict, verdict="violation")

    monkeypatch.setattr(folder_of, "judge_recording", other)
    result = CliRunner().invoke(reduce, [str(whole), str(made)], standalone_mode=False)
    assert result.return_value == 1
    assert "accepted, reduced violation" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_every_difference_of_two_verdicts_is_named() -> None:
    finding = Finding("r", (), "m", 1, "ram", 3)
    whole = Verdict("violation", (finding,), (Checked("a", 2, ""), Checked("b", 1, "")))
    other = Verdict("accepted", (), (Checked("a", 3, ""), Checked("c", 1, "")), reason=None)
    assert folder_of.differences(whole, whole) == ()
    assert len(folder_of.differences(whole, other)) == 5
    assert "finding lost: r, ram 3" in folder_of.differences(whole, other)
    assert "finding new: r, ram 3" in folder_of.differences(other, whole)


def test_the_command_tells_the_sizes_and_the_verdict(tmp_path: Path) -> None:
    whole = qemu(tmp_path / "whole")
    result = CliRunner().invoke(reduce, [str(whole), str(tmp_path / "made")], standalone_mode=False)
    assert result.return_value == 0
    assert "stream.xz" in result.output
    assert "judged as the whole one: accepted, 0 findings" in result.output
