"""`refmodel tap` as a process: what it prints, what it returns, and that nothing is left behind."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from tests.tap.ends import RAM, STREAM, Target

_TAP = [sys.executable, "-c", "from refmodel.cli import main; main()", "tap"]


def _can_be_interrupted() -> None:
    """Also where the tests run in the background, and what they start would pass over an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def _run(folder: Path, arguments: list[str], interrupts: bool) -> tuple[int | None, bytes, Target]:
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
    writer.write(STREAM[: len(STREAM) // 2] if interrupts else STREAM)
    await writer.drain()
    if interrupts:
        process.send_signal(signal.SIGINT)
    else:
        writer.write_eof()
        await reader.read()
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    writer.transport.abort()
    if not interrupts:
        await target.done.wait()
    server.close()
    return process.returncode, out, target


def run(folder: Path, *arguments: str, interrupts: bool = False) -> tuple[int | None, bytes, Target]:
    return asyncio.run(_run(folder, list(arguments), interrupts))


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


def test_interrupted_it_leaves_no_socket_behind(tmp_path: Path) -> None:
    status, _, _ = run(tmp_path, interrupts=True)
    assert status == 130
    assert not (tmp_path / "tap").exists()
