"""What is judged with only some of the files, and files that do not belong together."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen import judge_xen

from . import xen_guest as guest
from .xen_guest import COLD, HOT, L1, RW, SOURCE, WARM, entry, table, text
from .xen_writer import HANDSHAKE, Harvest, Recording, fixup, good

Change = Callable[[Recording], object]


def judged(change: Change, folder: Path) -> Verdict:
    """Return the verdict on the good recording after `change`."""
    recording = good()
    change(recording)
    return judge_xen(recording.write(folder))


def only(*kept: str) -> Change:
    """Return the change that leaves only some of the parts."""

    def change(recording: Recording) -> None:
        parts = {"source", "target", "before", "log", "trace", "counter", "tables", "times"}
        for part in parts - set(kept):
            setattr(recording, part, None)

    return change


def saved(recording: Recording) -> None:
    """A domain that was saved: suspended first, one pass, no log, no handshake."""
    only("source")(recording)
    assert recording.source is not None
    recording.passes = [[(p, guest.TYPES.get(p, 0), data) for p, data in sorted(recording.source.pages.items())]]
    recording.handshake = b""


# Some of the files


@pytest.mark.parametrize("kept", ["", "target", "log", "log trace counter", "before tables", "before tables log"])
def test_without_the_sources_memory_nothing_is_accepted(kept: str, tmp_path: Path) -> None:
    verdict = judged(only(*kept.split()), tmp_path)
    assert (verdict.verdict, verdict.findings) == ("unusable", ())
    assert verdict.reason is not None
    assert "the source" in verdict.reason
    assert "the-last-store-arrives" in {one.rule for one in verdict.unchecked}


@pytest.mark.parametrize("kept", ["source", "source target", "source log", "source log trace", "source log counter"])
def test_the_sources_memory_is_enough(kept: str, tmp_path: Path) -> None:
    verdict = judged(only(*kept.split()), tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())


def test_a_frame_that_could_not_be_read_leaves_its_page_unknown(tmp_path: Path) -> None:
    verdict = judged(lambda r: r.source.unreadable.add(HOT), tmp_path)  # type: ignore[union-attr]
    assert verdict.verdict == "unusable"
    assert verdict.reason == "the source's memory is known for only 15 pages of block ram"


def test_an_image_of_the_halted_machine_stands_for_the_pages_that_no_later_clean_names(tmp_path: Path) -> None:
    verdict = judged(only("before", "tables", "log"), tmp_path)
    assert verdict.reason is not None
    assert "3 pages may have been written after it" in verdict.reason
    counts = {one.rule: one.count for one in verdict.checked}
    assert counts["a-page-that-no-later-clean-names-stays-as-it-was"] == 13


def test_a_saved_domain_with_its_memory_is_accepted_without_handshake(tmp_path: Path) -> None:
    verdict = judged(saved, tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())


def test_a_saved_domain_without_its_memory_is_not_accepted(tmp_path: Path) -> None:
    def change(recording: Recording) -> None:
        saved(recording)
        recording.source = None

    verdict = judged(change, tmp_path)
    assert (verdict.verdict, verdict.findings) == ("unusable", ())
    assert {"the-first-pass-is-every-page", "each-page-table-names-the-level-below"} <= {
        c.rule for c in verdict.checked
    }


def test_a_migration_without_its_handshake_is_not_whole(tmp_path: Path) -> None:
    for parts in (("source",), ("source", "log")):
        (tmp_path / "src.mem").unlink(missing_ok=True)
        recording = good()
        only(*parts)(recording)
        recording.handshake = b""
        verdict = judge_xen(recording.write(tmp_path))
        (found,) = verdict.findings
        assert found.rule == "the-stream-is-whole"
        assert repr(HANDSHAKE)[2:-5] in found.message


def test_a_log_without_bitmaps_leaves_the_passes_unchecked(tmp_path: Path) -> None:
    good().write(tmp_path)
    (tmp_path / "bitmaps.bin").unlink()
    (tmp_path / "peek.bin").unlink()
    verdict = judge_xen(tmp_path)
    assert (verdict.verdict, verdict.findings) == ("accepted", ())
    unchecked = {one.rule for one in verdict.unchecked}
    assert {"each-later-pass-is-its-clean-bitmap", "a-peek-only-grows-inside-a-round"} <= unchecked
    assert "fault-counts-agree" in {one.rule for one in verdict.checked}


def test_a_cancelled_migration_ends_early_and_is_no_violation(tmp_path: Path) -> None:
    recording = good()
    only("log")(recording)
    recording.log = [Harvest({L1, HOT, WARM}, 3)]
    recording.write(tmp_path)
    stream = recording.stream()
    (tmp_path / "stream.bin").write_bytes(stream[: len(stream) // 2])
    verdict = judge_xen(tmp_path)
    assert verdict.findings == ()
    assert any("given up" in note for note in verdict.notes)


@pytest.mark.parametrize("left_on", [["ENABLE"], ["ENABLE", "OFF", "ENABLE"]])
def test_a_migration_given_up_has_switched_its_log_off(left_on: list[str], tmp_path: Path) -> None:
    """The rule is the one on events: `logging` before the `abort`."""
    recording = good()
    only("log")(recording)
    stream = recording.stream()
    said = []
    for number, off in enumerate(([], ["OFF"])):
        recording.log, recording.switched = [*left_on, Harvest({L1, HOT, WARM}, 3), *off], False
        folder = tmp_path / str(number)
        folder.mkdir()
        recording.write(folder)
        (folder / "stream.bin").write_bytes(stream[: len(stream) // 2])
        said.append(judge_xen(folder))
    left, right = said
    assert {"given-up-nothing-is-left", "the-stream-is-whole"} == {found.rule for found in left.findings}
    assert (right.verdict, right.findings) == ("accepted", ())
    assert "given-up-nothing-is-left" in {checked.rule for checked in right.checked}


def test_the_log_of_another_domain_switches_nothing_off(tmp_path: Path) -> None:
    good().write(tmp_path)
    log = tmp_path / "logdirty.log"
    *calls, off = log.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(calls) if "CLEAN" in line)
    for domid, verdict in ((4, "accepted"), (3, "violation")):
        early = calls[at - 1].split(" ")[0] + off[off.index(" ") :].replace("dom=3", f"dom={domid}")
        log.write_text("".join([*calls[:at], early, *calls[at:], off]))
        assert judge_xen(tmp_path).verdict == verdict


def test_a_stream_alone_is_judged_without_what_lies_beside_it(tmp_path: Path) -> None:
    verdict = judge_xen(good().write(tmp_path) / "stream.bin")
    assert (verdict.verdict, verdict.findings) == ("unusable", ())
    assert "each-later-pass-is-its-clean-bitmap" in {one.rule for one in verdict.unchecked}


def test_a_context_of_another_size_leaves_the_roots_unchecked(tmp_path: Path) -> None:
    verdict = judged(lambda r: setattr(r, "context", bytes(2800)), tmp_path)
    why = {one.rule: one.why for one in verdict.unchecked}
    assert why["a-vcpus-root-is-an-l4"] == "the context of vCPU 0 has 2800 bytes, not 5168"


def test_a_folder_without_a_stream_is_unusable(tmp_path: Path) -> None:
    verdict = judge_xen(tmp_path)
    assert verdict.verdict == "unusable"
    assert "no stream in this folder" in (verdict.reason or "")


# Files of another run


def other_run() -> Recording:
    """The same guest in another run: other contents, other pages dirty, other registers, another domain."""
    recording = good()
    recording.domid = 5
    recording.passes[1] = [(HOT, 0, text("x"))]
    recording.passes[2] = [(guest.OTHER_L1, *recording.passes[2][0][1:]), (WARM, 0, text("y"))]
    recording.log = [Harvest({HOT}, 4), Harvest({WARM}, 1, "final")]
    recording.trace, recording.counter = [fixup(HOT)] * 5 + [fixup(WARM)], 9
    for side in (recording.source, recording.target, recording.before):
        assert side is not None
        side.domid += 2
        side.pages = side.pages | {HOT: text("x"), WARM: text("y"), COLD: text("z")}
        side.context = b"\7" + side.context[1:]
    recording.tables = {0x4000: table({0: entry(SOURCE[HOT], RW)}), SOURCE[L1]: bytes(4096)}
    recording.cr3, recording.context, recording.times = 0x4000, b"\7" + recording.context[1:], [9.02, 9.03]
    return recording


@pytest.mark.parametrize("name", sorted(good().files()))
def test_a_file_of_another_run_is_noticed_and_never_accepted(name: str, tmp_path: Path) -> None:
    good().write(tmp_path)
    (tmp_path / name).write_bytes(other_run().files()[name] if name != "peek.bin" else b"\0\0\xff\xff" * 2)
    verdict = judge_xen(tmp_path)
    assert verdict.verdict != "accepted"
    assert verdict.reason or all(finding.message for finding in verdict.findings)


def test_the_memory_of_another_domain_is_named(tmp_path: Path) -> None:
    good().write(tmp_path)
    (tmp_path / "src.mem").write_bytes(other_run().files()["src.mem"])
    reason = judge_xen(tmp_path).reason or ""
    assert "the memory of domain 5" in reason
    assert "domain 3" in reason


def test_the_images_of_both_sides_exchanged_are_noticed(tmp_path: Path) -> None:
    files = good().write(tmp_path)
    source, target = (files / "src.mem").read_bytes(), (files / "dst.mem").read_bytes()
    (files / "src.mem").write_bytes(target)
    (files / "dst.mem").write_bytes(source)
    verdict = judge_xen(files)
    assert verdict.verdict == "violation", "the source's image, taken for the target's, is not what a target has"
    assert any("the memory of domain 4" in note for note in verdict.notes)


def test_the_memory_of_another_moment_has_other_registers(tmp_path: Path) -> None:
    verdict = judged(lambda r: setattr(r.source, "context", b"\7" + r.source.context[1:]), tmp_path)  # type: ignore[union-attr]
    (found,) = (finding for finding in verdict.findings if finding.rule == "the-vcpu-travels-as-the-source-left-it")
    assert "the memory of another run or moment" in found.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.log.pop(-2), "the log ends before the FINAL CLEAN, though the stream is whole"),
        (lambda r: setattr(r, "log", ["stall begin"]), "a log of 0 pages"),
        (lambda r: r.tables.pop(0x3002), "the table in frame 0x3002, which another table names, is missing"),
        (lambda r: r.tables.update({SOURCE[L1]: bytes(4096)}), "tables and memory of one moment"),
        (lambda r: r.tables.update({0x3001: table({0: entry(0x3002, RW | 1 << 7)})}), "a large page in an L3"),
        (lambda r: setattr(r.before, "context", bytes(5168)), "the vCPU's root 0x0 is no frame of its own"),
        (lambda r: setattr(r.source, "pages", {99: text("far")}), "pfn 99, of another guest"),
        (lambda r: setattr(r.source, "frames", SOURCE | {1: SOURCE[2]}), "a second frame of pfn"),
    ],
)
def test_files_that_do_not_belong_together_are_unusable(change: Change, reason: str, tmp_path: Path) -> None:
    recording = good()
    if recording.source is not None and "far" in str(reason):
        recording.source.frames = SOURCE
    if "99" in reason and recording.source is not None:
        recording.source.frames = SOURCE | {99: 0x1900}
    change(recording)
    verdict = judge_xen(recording.write(tmp_path))
    assert verdict.verdict == "unusable"
    assert reason in (verdict.reason or "")


def test_tables_that_name_one_another_in_a_circle_end(tmp_path: Path) -> None:
    def change(recording: Recording) -> None:
        circle = struct.pack("<512Q", *[entry(0x3000, RW)] * 512)
        recording.tables = {0x3000: circle}

    verdict = judged(change, tmp_path)
    assert verdict.verdict == "violation"
    assert any("a shadow without cycles" in note for note in verdict.notes)


def test_a_kernel_without_user_tables_is_walked_from_its_own_root(tmp_path: Path) -> None:
    assert judged(lambda r: setattr(r, "level", 0), tmp_path).verdict == "accepted"
