"""A tap between two ends that behave: bytes pass, lost writes are seen, the wire is cut before the target can start."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest
from click.testing import CliRunner

from refmodel.cli.root import root
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind
from refmodel.oracle.recording import judge_recording
from refmodel.tap.address import Address
from refmodel.tap.plan import Sockets
from refmodel.tap.tap import run_tap
from refmodel.unusable import Unusable
from tests.oracle.qemu_writer import encode
from tests.tap.ends import PAGES, RAM, STREAM, TAIL_AT, Target, tapped

LOST = bytearray(RAM)
LOST[7 * 4096 + 100] ^= 1


def test_without_memory_the_bytes_pass_and_lost_writes_are_unchecked(tmp_path: Path) -> None:
    told, target = tapped(tmp_path)
    assert target.runs
    assert told.verdict is not None
    assert told.verdict.verdict == "unusable"
    assert "nothing was compared" in str(told.verdict.reason)
    assert told.as_json()["lost_writes"] == "unchecked"
    assert (told.source, told.target, told.failures) == ("closed", "closed", [])
    assert not (tmp_path / "tap").exists()


def test_with_memory_the_last_contents_are_compared_before_the_target_starts(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=RAM)
    assert target.runs
    assert told.verdict is not None
    assert told.verdict.verdict == "accepted", told.verdict.reason
    assert told.as_json()["lost_writes"] == "compared"
    assert told.held == len(STREAM) - TAIL_AT
    assert told.added_downtime is not None


def test_a_lost_write_is_named_and_the_migration_goes_on(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=bytes(LOST))
    assert target.runs
    assert told.status == 1
    assert told.verdict is not None
    assert [(found.rule, found.pfn) for found in told.verdict.findings] == [("the-last-store-arrives", 7)]


def test_with_abort_the_wire_is_cut_before_the_target_has_anything_of_the_tail(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=bytes(LOST), abort=True)
    assert not target.runs
    assert target.came == STREAM[: len(target.came)]
    assert len(target.came) <= TAIL_AT
    assert told.target == "cut"
    assert told.passed <= TAIL_AT
    assert told.status == 1


def test_that_a_source_without_a_return_path_does_not_go_on_is_said(tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, ram=bytes(LOST), abort=True)
    assert "return-path" in "".join(told.failures)
    at = STREAM.index(b"\1\0\0\0\2\3ram")
    stream = STREAM[:at] + encode(Command(0, 0, CommandKind.OPEN_RETURN_PATH)) + STREAM[at:]

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(stream)
        await reader.read()

    (tmp_path / "again").mkdir()
    told, target = tapped(tmp_path / "again", source, ram=bytes(LOST), abort=True)
    assert told.target == "cut"
    assert stream.startswith(target.came)
    assert told.failures == []


def test_with_abort_a_right_migration_is_not_cut(tmp_path: Path) -> None:
    told, target = tapped(tmp_path, ram=RAM, abort=True)
    assert target.runs
    assert told.status == 0


def test_a_source_that_waits_for_the_target_is_not_waited_for(tmp_path: Path) -> None:
    """With a return path the source keeps the wire open until the target has said that it runs."""

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(STREAM)
        await writer.drain()
        assert await reader.readexactly(4) == b"runs"
        writer.close()

    async def answers(target: Target, reader: StreamReader, writer: StreamWriter) -> None:
        target.came = await reader.readexactly(len(STREAM))
        writer.write(b"runs")
        await writer.drain()
        await reader.read()

    told, target = tapped(tmp_path, source, Target(behaves=answers), ram=RAM)
    assert target.came == STREAM
    assert told.status == 0


def test_bytes_pass_however_they_are_cut(tmp_path: Path) -> None:
    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        for at in range(0, len(STREAM), 997):
            writer.write(STREAM[at : at + 997])
            await writer.drain()
            await asyncio.sleep(0)
        writer.write_eof()
        await reader.read()

    told, target = tapped(tmp_path, source, ram=RAM, tcp=True)
    assert target.runs
    assert told.status == 0, told


def test_a_broken_stream_is_told_at_once_and_cut(tmp_path: Path) -> None:
    at = STREAM.index(b"\0\0\0\0\0\0\x50\x28")  # the head of page 5

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(STREAM[:at] + b"\xff" * 8)
        await writer.drain()
        await reader.read()  # nothing more comes, and the wire stays open

    told, target = tapped(tmp_path, source, ram=RAM, abort=True)
    assert told.target == "cut"
    assert told.verdict is not None
    assert [found.rule for found in told.verdict.findings] == ["the-stream-is-whole"]
    assert len(target.came) <= at


def test_a_recording_is_one_for_the_oracle(tmp_path: Path) -> None:
    told, _ = tapped(tmp_path, ram=bytes(LOST), record=tmp_path / "kept")
    folder = tmp_path / "kept"
    assert (folder / "stream").read_bytes() == STREAM
    verdict = judge_recording(str(folder))
    assert [found.pfn for found in verdict.findings] == [7]
    assert verdict.findings[0].story
    assert len(json.loads((folder / "truth.json").read_text())["source"]["pc.ram"]) == PAGES
    assert json.loads((folder / "result.json").read_text()) == json.loads(json.dumps(told.as_json()))


@pytest.mark.parametrize("there", ["stream", "stream.mfd0", "truth.json", "result.json"])
def test_a_recording_does_not_go_where_one_is(there: str, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / there).touch()
    plan = Sockets(Address(str(tmp_path / "tap")), Address(str(tmp_path / "dst")), record=tmp_path / "kept")
    with pytest.raises(Unusable, match=there):
        asyncio.run(run_tap(plan))


def test_deltas_need_their_option_and_the_migration_goes_on_without(tmp_path: Path) -> None:
    from tests.oracle.qemu_writer import Sent, build, encode_all

    data = bytes(range(256)) * 16
    changed = b"\xff" + data[1:]
    passes = [[Sent("pc.ram", 0, data)], [Sent("pc.ram", 0, changed, b"\x00\x01\xff")]]
    stream = encode_all(build([("pc.ram", 4096)], passes, []))

    async def source(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(stream)
        writer.write_eof()
        await reader.read()

    told, target = tapped(tmp_path, source, ram=changed)
    assert target.came == stream
    assert "--deltas" in str(told.verdict.reason if told.verdict else None)
    told, target = tapped(tmp_path, source, ram=changed, deltas=True)
    assert target.came == stream
    assert told.status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "pipe:x", "--forward", "unix:b"], "--listen: 'pipe:x'; expected unix:PATH"),
        (["--listen", "unix:a", "--forward", "tcp:h:99999"], "--forward: 'tcp:h:99999'"),
        (["--listen", "unix:a", "--forward", "unix:b", "--abort-on-violation"], "no memory to compare with"),
        (["--listen", "unix:a", "--forward", "unix:b", "--source-ram", "nowhere"], "no file nowhere"),
        (["--listen", "tcp:a..b:1", "--forward", "unix:b"], "--listen: 'tcp:a..b:1'"),
        (["--listen", "unix:a", "--forward", "tcp:h:" + "1" * 5000], "--forward: 'tcp:h:1"),
        (["--listen", "unix:a", "--forward", "unix:a"], "where the tap itself listens"),
        (["--listen", "unix:a"], "--forward: not given"),
        (["--forward", "unix:a"], "--listen: not given"),
        (["--listen", "unix:a", "--forward", "unix:b", "--", "ssh"], "a command without --xen"),
        (["--xen"], "no command"),
        (["--xen", "--listen", "unix:a", "--", "ssh"], "--listen: given with --xen"),
        (["--xen", "--qmp", "unix:a", "--", "ssh"], "--qmp: given with --xen"),
        (["--xen", "--deltas", "--", "ssh"], "--deltas: given with --xen"),
        (["--xen", "--abort-on-violation", "--", "ssh"], "no memory to compare with"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments: list[str], said: str) -> None:
    ran = CliRunner().invoke(root, ["tap", *arguments])
    assert said in str(ran.exception)
