"""`refmodel tap` as a process: what it prints, what it returns, and that nothing is left behind."""

import asyncio
import json
import os
import signal
import subprocess
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.started import REFMODEL
from tests.tap.ends import RAM, STREAM, TAIL_AT, Target

_TAP = [*REFMODEL, "tap"]
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _can_be_interrupted() -> None:
    """Also where the tests run in the background, and what they start would pass over an interrupt."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


async def _run(folder: Path, arguments: list[str]) -> tuple[int | None, bytes, Target]:
    target = Target()
    server = await asyncio.start_unix_server(target.accept, str(folder / "dst"))
    ends = ["--listen", f"unix:{folder / 'tap'}", "--forward", f"unix:{folder / 'dst'}"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(*_TAP, *ends, *arguments), stdout=pipe, stderr=pipe, preexec_fn=_can_be_interrupted
    )
    assert process.stderr is not None
    if "--json" in arguments:
        while not (folder / "tap").exists():
            await asyncio.sleep(0.01)
    else:
        assert b"waiting at" in await process.stderr.readline()
    reader, writer = await asyncio.open_unix_connection(str(folder / "tap"))
    writer.write(STREAM)
    await writer.drain()
    writer.write_eof()
    await reader.read()
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    writer.transport.abort()
    await target.done.wait()
    server.close()
    return process.returncode, out, target


def run(folder: Path, *arguments: str) -> tuple[int | None, bytes, Target]:
    return asyncio.run(_run(folder, list(arguments)))


def test_it_prints_the_verdict_and_the_downtime_that_it_added(tmp_path: Path) -> None:
    (tmp_path / "ram").write_bytes(RAM)
    status, out, target = run(tmp_path, "--source-ram", str(tmp_path / "ram"))
    assert status == 0, out
    assert target.runs
    assert out.startswith(b"accepted")
    assert b"added downtime" in out
    assert not (tmp_path / "tap").exists()


def test_as_json_a_lost_write_is_named_and_the_wire_is_cut(tmp_path: Path) -> None:
    (tmp_path / "ram").write_bytes(RAM[:-1] + b"\xff")
    arguments = ["--source-ram", f"pc.ram={tmp_path / 'ram'}", "--abort-on-violation", "--json"]
    status, out, target = run(tmp_path, *arguments)
    told: dict[str, Any] = json.loads(out)
    assert status == 1
    assert told["verdict"]["findings"][0]["pfn"] == 63
    assert told["ends"]["target"] == "cut"
    assert told["lost_writes"] == "compared"
    assert not target.runs


MOMENTS = {"nobody has come": 0, "in mid-stream": len(STREAM) // 2, "the tail is held": TAIL_AT + 9000}


async def _interrupted(folder: Path, sent: signal.Signals, moment: int) -> int | None:
    """Interrupt a tap that asks a monitor which never answers, after so many bytes of the stream."""

    async def asked(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}}, "capabilities": []}}\r\n')
        with suppress(asyncio.CancelledError):
            await reader.read(-1)
        writer.transport.abort()

    target = Target()
    servers = [
        await asyncio.start_unix_server(target.accept, str(folder / "dst")),
        await asyncio.start_unix_server(asked, str(folder / "qmp")),
    ]
    ends = ["--listen", f"unix:{folder / 'tap'}", "--forward", f"unix:{folder / 'dst'}", "--qmp", f"unix:{folder}/qmp"]
    process = await asyncio.create_subprocess_exec(
        *(*_TAP, *ends),
        stderr=subprocess.PIPE,
        preexec_fn=_can_be_interrupted,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert process.stderr is not None
    assert b"waiting at" in await process.stderr.readline()
    if moment:
        _, writer = await asyncio.open_unix_connection(str(folder / "tap"))
        writer.write(STREAM if moment > TAIL_AT else STREAM[:moment])
        await writer.drain()
        while len(target.came) < min(moment, TAIL_AT) - 5000 or not (moment < TAIL_AT or _has_a_folder(folder)):
            await asyncio.sleep(0.02)
    process.send_signal(sent)
    await asyncio.wait_for(process.communicate(), 30)
    if moment:
        writer.transport.abort()
        await target.done.wait()
    for server in servers:
        server.close()
    await asyncio.sleep(0.05)
    return process.returncode


def _has_a_folder(folder: Path) -> bool:
    return any(path.name.startswith("refmodel-ram-") for path in folder.iterdir())


@pytest.mark.parametrize("sent", ENDING)
@pytest.mark.parametrize("moment", MOMENTS)
def test_interrupted_at_any_moment_it_leaves_no_socket_and_no_folder(
    sent: signal.Signals, moment: str, tmp_path: Path
) -> None:
    assert asyncio.run(asyncio.wait_for(_interrupted(tmp_path, sent, MOMENTS[moment]), 20)) == 130
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"dst", "qmp"}


@pytest.mark.parametrize("option", ["--patience", "--silence"])
def test_what_is_no_number_of_seconds_is_refused(option: str) -> None:
    arguments = ["--listen", "unix:a", "--forward", "unix:b", option, "nan"]
    result = subprocess.run([*_TAP, *arguments], capture_output=True, timeout=30, check=False)
    assert result.returncode == 2
    assert b"no number of seconds" in result.stderr
